//go:build linux && (amd64 || arm64)

package unix

import (
	"slices"
	"syscall"
	"time"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Wait is kernel.Kernel's. It asks without blocking and, when nothing has
// ended, sleeps until the next SIGCHLD (see signal.go); no descriptor for each
// child is needed, and stopped children are seen too.
//
// Only children made by Fork are ever reaped: spares, and processes that an
// embedding program started, are not the script's.
func (k *Kernel) Wait(pid kernel.Pid, flags kernel.WaitFlag) (kernel.Pid, kernel.Status, error) {
	return k.wait(pid, flags, forever)
}

// WaitUntil is kernel.Kernel's.
func (k *Kernel) WaitUntil(pid kernel.Pid, deadline time.Duration) (kernel.Pid, kernel.Status, error) {
	return k.wait(pid, 0, deadline)
}

func (k *Kernel) wait(pid kernel.Pid, flags kernel.WaitFlag, deadline time.Duration) (kernel.Pid, kernel.Status, error) {
	if flags&^(kernel.NoHang|kernel.Untraced|kernel.Continued) != 0 {
		return 0, 0, syscall.EINVAL
	}
	for {
		if flags&kernel.NoHang == 0 && k.interrupted() {
			return 0, 0, kernel.ErrInterrupted
		}
		got, st, err := k.reap(pid, flags)
		if got != 0 || err != nil || flags&kernel.NoHang != 0 || deadline != forever && monotonic() >= deadline {
			return got, st, err
		}
		if _, err := k.block(-1, 0, deadline, kernel.Wait{For: kernel.ForChild, Object: uint32(pid)}); err != nil {
			return 0, 0, err
		}
	}
}

// reap asks about the children that pid selects, oldest first.
func (k *Kernel) reap(pid kernel.Pid, flags kernel.WaitFlag) (kernel.Pid, kernel.Status, error) {
	chosen := k.chosen(pid)
	none := len(chosen) > 1 && nothingEnded(flags)
	alive := false
	for _, c := range chosen {
		got, st, err := k.reapOne(c, flags)
		if err == nil && (got != 0 || none) {
			return got, st, nil
		}
		alive = alive || err == nil
	}
	if !alive {
		return 0, 0, syscall.ECHILD
	}
	return 0, 0, nil
}

// chosen returns the children that a pid argument of waitpid(2) selects.
func (k *Kernel) chosen(pid kernel.Pid) []kernel.Pid {
	if pid == -1 {
		return slices.Clone(k.children)
	}
	if pid > 0 {
		if slices.Contains(k.children, pid) {
			return []kernel.Pid{pid}
		}
		return nil
	}
	group := int(-pid)
	if pid == 0 {
		group = unix.Getpgrp()
	}
	var s []kernel.Pid
	for _, c := range k.children {
		if g, err := unix.Getpgid(int(c)); err == nil && g == group {
			s = append(s, c)
		}
	}
	return s
}

func (k *Kernel) reapOne(pid kernel.Pid, flags kernel.WaitFlag) (kernel.Pid, kernel.Status, error) {
	var ws unix.WaitStatus
	got, err := wait4(int(pid), &ws, int(flags)|unix.WNOHANG)
	if err != nil { // ECHILD: SIGCHLD is ignored and the system reaped it
		k.forget(pid)
		return 0, 0, err
	}
	if got != 0 && (ws.Exited() || ws.Signaled()) {
		k.forget(pid)
	}
	return kernel.Pid(got), kernel.Status(ws), nil
}

func wait4(pid int, ws *unix.WaitStatus, flags int) (int, error) {
	for {
		got, err := unix.Wait4(pid, ws, flags, nil)
		if err != unix.EINTR {
			return got, err
		}
	}
}

func (k *Kernel) forget(pid kernel.Pid) {
	if i := slices.Index(k.children, pid); i >= 0 {
		k.children = slices.Delete(k.children, i, i+1)
	}
}

// KillChildren kills and reaps the children made by Fork.
func (k *Kernel) KillChildren() {
	k.forgetReaped()
	for _, pid := range k.children {
		_ = unix.Kill(int(pid), unix.SIGKILL)
	}
	for _, pid := range k.children {
		_, _ = wait4(int(pid), nil, 0) // ECHILD if SIGCHLD is ignored
	}
	k.children = nil
}

// forgetReaped forgets children that the system reaped because SIGCHLD was
// ignored, and says whether there were any.
func (k *Kernel) forgetReaped() bool {
	before := len(k.children)
	k.children = slices.DeleteFunc(k.children, func(c kernel.Pid) bool {
		return unix.Waitid(unix.P_PID, int(c), nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == unix.ECHILD
	})
	return len(k.children) < before
}

// nothingEnded is a shortcut for many children: if it says true, one that is
// alive is enough to know that there is something to wait for. A foreign child
// that has ended makes it say false, which is right but slower.
func nothingEnded(flags kernel.WaitFlag) bool {
	options := unix.WEXITED | unix.WNOHANG | unix.WNOWAIT
	if flags&kernel.Untraced != 0 {
		options |= unix.WSTOPPED
	}
	if flags&kernel.Continued != 0 {
		options |= unix.WCONTINUED
	}
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, options, nil)
	return err == nil && info.Signo == 0
}
