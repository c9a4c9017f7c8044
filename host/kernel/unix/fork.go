//go:build linux && (amd64 || arm64)

package unix

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Fork is kernel.Kernel's. When it returns, the child has its dispositions and
// is in our process group: a signal sent to it, or typed at the terminal, is
// treated as if the child had always been there.
func (k *Kernel) Fork(write func(io.Writer) error) (kernel.Pid, error) {
	pids, err := k.ForkMany(1, write)
	if err != nil {
		return 0, err
	}
	return pids[0], nil
}

// ForkMany is kernel.Kernel's. The children come up side by side.
func (k *Kernel) ForkMany(n int, write func(io.Writer) error) (pids []kernel.Pid, err error) {
	begun := make([]forking, 0, n)
	for len(begun) < n && err == nil {
		var b forking
		if b, err = k.beginFork(write); err == nil {
			begun = append(begun, b)
		}
	}
	for _, b := range begun {
		pid, failure := k.finishFork(b)
		if failure != nil {
			err = failure
			continue
		}
		pids = append(pids, pid)
		k.children = append(k.children, pid)
	}
	if len(pids) > 0 {
		k.forked()
	}
	return pids, err
}

// A forking is a child that has been started and has not acknowledged.
type forking struct {
	*blank
	spare bool // it was one
	image int
	lock  int
}

func (b forking) close() {
	unix.Close(b.image)
	unix.Close(b.lock) // the child has its own by now
}

// beginFork starts a child.
func (k *Kernel) beginFork(write func(io.Writer) error) (b forking, err error) {
	lock, slot, err := k.takeSlot()
	if err != nil {
		return b, err
	}
	k.table.slots[slot].pid.Store(0)
	k.table.slots[slot].name = k.table.slots[k.slot].name
	image, err := k.writeImage(slot, write)
	if err != nil {
		unix.Close(lock)
		return b, err
	}
	b = forking{image: image, lock: lock}
	if b.blank = k.useSpare(image, lock); b.blank != nil {
		b.spare = true
		return b, nil
	}
	if b.blank, err = k.startChild(image, lock); err != nil {
		b.close()
	}
	return b, err
}

// finishFork waits until a child has come up. In the place of a spare that has not it starts one.
//
// A signal to our process group, such as a Ctrl-C, kills a blank that has not
// left the group yet. It was not the child's, which did not exist: if it interrupts us that goes
// first, and else there is another try.
func (k *Kernel) finishFork(b forking) (pid kernel.Pid, err error) {
	defer b.close()
	for tries := startTries; !b.acknowledged(); {
		k.end(b.blank)
		if !b.spare {
			tries--
		}
		switch {
		case noted() != 0:
			return 0, kernel.ErrInterrupted
		case tries == 0:
			return 0, fmt.Errorf("fork: the child ended before it began: %w", unix.EAGAIN)
		}
		b.spare = false
		if b.blank, err = k.startChild(b.image, b.lock); err != nil {
			return 0, err
		}
	}
	return kernel.Pid(b.pid), nil
}

const startTries = 3

// writeImage makes the child's memfd: header, image, sealed.
func (k *Kernel) writeImage(slot int, write func(io.Writer) error) (int, error) {
	fd, err := memfd("mpstar-image")
	if err != nil {
		return -1, err
	}
	if err := k.fillImage(fd, slot, write); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (k *Kernel) fillImage(fd, slot int, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(fdWriter(fd), 64<<10)
	if _, err := w.Write(k.header(slot).encode()); err != nil {
		return err
	}
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, imageSeals)
	return err
}

// imageSeals mark an image as complete: nobody can change it under its reader.
const imageSeals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

func (k *Kernel) header(slot int) *header {
	var files syscall.Rlimit
	_ = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) // of ourselves it cannot fail
	return &header{
		tableFd: k.table.fd, slots: len(k.table.slots), lot: k.lot, slotFd: k.slotFd, slot: slot,
		group: unix.Getpgrp(), umask: umask(), seen: k.seen, files: files.Cur,
		caught: k.sig.caught, ignored: k.sig.ignored, blocked: k.mask,
		comm: k.comm, env: os.Environ(), fds: k.fds,
	}
}

// umask returns the file mode creation mask, which can only be read by setting
// it (umask(2)). What another goroutine creates in between is private.
func umask() int {
	mask := unix.Umask(0o077)
	unix.Umask(mask)
	return mask
}

// fdWriter writes all it is given.
type fdWriter int

func (w fdWriter) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(int(w), p[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// startChild executes this program with everything in place.
// The descriptors of this package have the same numbers in
// the child, where they are free because they are not the script's here.
func (k *Kernel) startChild(image, lock int) (*blank, error) {
	var owned, cloexec []int
	for fd, e := range k.fds {
		if e.kind != closed {
			owned = append(owned, fd)
		}
		if e.cloexec {
			cloexec = append(cloexec, fd)
		}
	}
	return k.spawnBlank(&spawn{devNull: -1}, lock, image, append(owned, image), append(cloexec, image))
}

// A blank is a process of this program that has not become a child yet. It ends when
// it finds our end of its socket closed.
type blank struct {
	pid  int
	sock int // our end of a SOCK_SEQPACKET pair
}

// spawnBlank starts a blank with the descriptors in keep, among which those
// in inherit have to lose FD_CLOEXEC.
func (k *Kernel) spawnBlank(s *spawn, lock, image int, keep, inherit []int) (b *blank, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, err := internalFd(pair[0], nil)
	if err != nil {
		unix.Close(pair[1])
		return nil, err
	}
	theirs, err := internalFd(pair[1], nil)
	if err != nil {
		unix.Close(ours)
		return nil, err
	}
	defer unix.Close(theirs)
	s.mask = k.mask
	s.apart = unix.Getpgrp() != 0 // 0: a group outside our pid namespace, which none can join
	s.lock, s.lockTo = int32(lock), int32(k.slotFd)
	s.fill = int32(k.table.fd)
	for _, fd := range append(inherit, k.table.fd, k.lot, theirs) {
		s.inherit = append(s.inherit, int32(fd))
	}
	s.gaps = gapsBetween(append(keep, k.table.fd, k.lot, theirs, k.slotFd))
	if err = s.setProgram(theirs, image); err != nil {
		unix.Close(ours)
		return nil, err
	}
	b = &blank{sock: ours}
	if b.pid, err = s.run(); err != nil {
		unix.Close(ours)
		return nil, err
	}
	k.forget(kernel.Pid(b.pid)) // a child of that number the system reaped: SIGCHLD was ignored
	return b, nil
}

// acknowledged waits until the blank is a child, or has ended, and closes its socket.
func (b *blank) acknowledged() bool {
	defer unix.Close(b.sock)
	var ack [1]byte
	for {
		n, err := unix.Read(b.sock, ack[:])
		if err != unix.EINTR {
			return err == nil && n == 1
		}
	}
}

// end ends a blank whose socket is closed. It would find that itself, but only
// when it has come up. If SIGCHLD is ignored the system may have reaped it, and its pid be
// somebody else's: then it has to find it itself.
func (k *Kernel) end(blanks ...*blank) {
	for _, b := range blanks {
		if k.sig.ignored&bit(kernel.Signal(unix.SIGCHLD)) == 0 {
			_ = unix.Kill(b.pid, unix.SIGKILL)
		}
	}
	for _, b := range blanks {
		reapOwn(b.pid)
	}
}

// reapOwn reaps a child that never was the script's.
func reapOwn(pid int) {
	var ws unix.WaitStatus
	_, _ = wait4(pid, &ws, 0)
}

// gapsBetween returns the ranges of descriptors that are not in keep.
func gapsBetween(keep []int) (gaps [][2]uint32) {
	slices.Sort(keep)
	next := 0
	for _, fd := range keep {
		if fd > next {
			gaps = append(gaps, [2]uint32{uint32(next), uint32(fd - 1)})
		}
		next = max(next, fd+1)
	}
	return append(gaps, [2]uint32{uint32(next), ^uint32(0)})
}
