//go:build linux && (amd64 || arm64)

package unix

import (
	"os"
	"strconv"
	"syscall"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Exec is kernel.Kernel's. The process leaves the table: the new program does
// not count among the live processes of the tree.
func (k *Kernel) Exec(path string, argv, env []string) error {
	k.DropSpares()
	return syscall.Exec(path, argv, env)
}

// Setsid is kernel.Kernel's.
func (k *Kernel) Setsid() (kernel.Pid, error) {
	k.DropSpares() // they would stay in the old session
	sid, err := unix.Setsid()
	return kernel.Pid(sid), err
}

// Getsid is kernel.Kernel's.
func (k *Kernel) Getsid(pid kernel.Pid) (kernel.Pid, error) {
	sid, err := unix.Getsid(int(pid))
	return kernel.Pid(sid), err
}

// Setpgid is kernel.Kernel's.
func (k *Kernel) Setpgid(pid, group kernel.Pid) error { return unix.Setpgid(int(pid), int(group)) }

// Getpgid is kernel.Kernel's.
func (k *Kernel) Getpgid(pid kernel.Pid) (kernel.Pid, error) {
	group, err := unix.Getpgid(int(pid))
	return kernel.Pid(group), err
}

// Nice is kernel.Kernel's. Linux keeps a nice value for each thread (setpriority(2), C library/kernel
// differences); threads yet to come have their maker's.
func (k *Kernel) Nice(increment int) (int, error) {
	k.DropSpares()
	const highest = 20 // getpriority(2) returns 20 minus the value
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		return 0, err
	}
	value := min(max(highest-raw+increment, -20), 19)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return 0, err
	}
	for _, t := range threads {
		tid, _ := strconv.Atoi(t.Name()) // procfs has numbers only
		if err := unix.Setpriority(unix.PRIO_PROCESS, tid, value); err != nil && err != unix.ESRCH {
			return 0, err
		}
	}
	return value, nil
}

// SetInheritable is kernel.Kernel's.
func (k *Kernel) SetInheritable(fd kernel.Fd, inheritable bool) error {
	if !k.fds.owns(int(fd)) {
		return syscall.EBADF
	}
	flag := unix.FD_CLOEXEC
	if inheritable {
		flag = 0
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag); err != nil {
		return err
	}
	k.fds[fd].cloexec = !inheritable
	return nil
}

// System is kernel.Kernel's.
func (k *Kernel) System(fd kernel.Fd) (int, error) {
	if !k.fds.owns(int(fd)) {
		return -1, syscall.EBADF
	}
	return int(fd), nil
}
