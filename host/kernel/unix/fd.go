//go:build linux && (amd64 || arm64)

package unix

import (
	"strconv"
	"syscall"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// fdKind says how a descriptor is read and written without blocking for good.
type fdKind uint8

const (
	closed  fdKind = iota // not the script's
	unknown               // not looked at yet
	plain                 // regular file, directory: never blocks for long
	pipe                  // pipe, FIFO: RWF_NOWAIT works
	socket                // MSG_DONTWAIT works
	other                 // terminal, device: poll first
)

// An fdEntry is what the kernel knows of a descriptor that the script owns. It
// travels in the fork header.
type fdEntry struct {
	kind    fdKind
	cloexec bool
	slow    bool // reading had to sleep for long the last time; does not travel
}

// fdTable is indexed by descriptor number.
type fdTable []fdEntry

func (t fdTable) owns(fd int) bool { return fd >= 0 && fd < len(t) && t[fd].kind != closed }

func (t *fdTable) set(fd int, e fdEntry) {
	for len(*t) <= fd {
		*t = append(*t, fdEntry{})
	}
	(*t)[fd] = e
}

// openDescriptors returns the numbers that are open now, in no order. It uses
// nothing of package os, which would start the runtime's poller.
func openDescriptors() ([]int, error) {
	dir, err := unix.Open("/proc/self/fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(dir)
	var fds []int
	buf := make([]byte, 4096)
	for {
		n, err := unix.ReadDirent(dir, buf)
		if n <= 0 || err != nil {
			return fds, err
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, nil)
		for _, name := range names {
			if fd, err := strconv.Atoi(name); err == nil && fd != dir {
				fds = append(fds, fd)
			}
		}
	}
}

// adoptInherited makes the descriptors that the program was started with the
// script's: those without FD_CLOEXEC. Go opens all of its own with it.
func (t *fdTable) adoptInherited() error {
	fds, err := openDescriptors()
	if err != nil {
		return err
	}
	for _, fd := range fds {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 && fd > 2 {
			continue
		}
		t.set(fd, fdEntry{kind: unknown, cloexec: flags&unix.FD_CLOEXEC != 0})
	}
	return nil
}

// The descriptors of this package and the Go runtime's poller are kept out of
// the low numbers, which are the script's, but below 64: a table of more than
// 64 entries is reallocated, and in a program with several threads that waits
// for an RCU grace period (fs/file.c, expand_fdtable), which takes milliseconds.
const (
	internalFrom = 48
	internalTo   = 64
)

// reserveLow occupies the free numbers below internalFrom, so that what is
// opened next lands above, and returns the function that frees them.
func reserveLow() (free func()) {
	var filled []int
	for {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
		if err != nil {
			break
		}
		if fd >= internalFrom {
			unix.Close(fd)
			break
		}
		filled = append(filled, fd)
	}
	return func() {
		for len(filled) > 0 {
			n := 1
			for n < len(filled) && filled[n] == filled[0]+n {
				n++
			}
			closeRange(filled[0], filled[n-1])
			filled = filled[n:]
		}
	}
}

func closeRange(first, last int) {
	if unix.CloseRange(uint(first), uint(last), 0) == nil {
		return
	}
	for fd := first; fd <= last; fd++ { // before Linux 5.9
		unix.Close(fd)
	}
}

// internalFd moves a descriptor just made out of the low numbers.
func internalFd(fd int, err error) (int, error) {
	if err != nil || fd >= internalFrom {
		return fd, err
	}
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, internalFrom)
	unix.Close(fd)
	return high, err
}

func (k *Kernel) kind(fd int) fdKind {
	e := &k.fds[fd]
	if e.kind != unknown {
		return e.kind
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return other
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFBLK:
		e.kind = plain
	case unix.S_IFIFO:
		e.kind = pipe
	case unix.S_IFSOCK:
		e.kind = socket
	default:
		e.kind = other
	}
	return e.kind
}

// Open is kernel.Kernel's. The descriptor is not inheritable through exec, as
// in CPython (PEP 446). Opening a FIFO waits for its other end uninterruptibly.
func (k *Kernel) Open(path string, flags int, mode uint32) (kernel.Fd, error) {
	for {
		if k.interrupted() {
			return -1, kernel.ErrInterrupted
		}
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, mode)
		if err == unix.EINTR {
			continue
		}
		return k.own(fd, true, err)
	}
}

func (k *Kernel) own(fd int, cloexec bool, err error) (kernel.Fd, error) {
	if err != nil {
		return -1, err
	}
	k.fds.set(fd, fdEntry{kind: unknown, cloexec: cloexec})
	return kernel.Fd(fd), nil
}

// Pipe is kernel.Kernel's.
func (k *Kernel) Pipe() (r, w kernel.Fd, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	k.fds.set(p[0], fdEntry{kind: pipe, cloexec: true})
	k.fds.set(p[1], fdEntry{kind: pipe, cloexec: true})
	return kernel.Fd(p[0]), kernel.Fd(p[1]), nil
}

// Dup is kernel.Kernel's.
func (k *Kernel) Dup(fd kernel.Fd) (kernel.Fd, error) {
	if !k.fds.owns(int(fd)) {
		return -1, syscall.EBADF
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return k.own(n, true, err)
}

// Dup2 is kernel.Kernel's. A number that this program itself uses is EBUSY.
func (k *Kernel) Dup2(from, to kernel.Fd) error {
	if !k.fds.owns(int(from)) || to < 0 {
		return syscall.EBADF
	}
	if from == to {
		return nil
	}
	if !k.fds.owns(int(to)) {
		if _, err := unix.FcntlInt(uintptr(to), unix.F_GETFD, 0); err == nil {
			return syscall.EBUSY
		}
	}
	if err := unix.Dup3(int(from), int(to), 0); err != nil {
		return err
	}
	k.fds.set(int(to), fdEntry{kind: k.fds[from].kind})
	return nil
}

// Close is kernel.Kernel's. As on Linux the number is free even if close(2)
// reports an error; EINTR is not one.
func (k *Kernel) Close(fd kernel.Fd) error {
	if !k.fds.owns(int(fd)) {
		return syscall.EBADF
	}
	k.fds[fd] = fdEntry{}
	if err := unix.Close(int(fd)); err != nil && err != unix.EINTR {
		return err
	}
	return nil
}

// Seek is kernel.Kernel's.
func (k *Kernel) Seek(fd kernel.Fd, offset int64, whence int) (int64, error) {
	if !k.fds.owns(int(fd)) {
		return 0, syscall.EBADF
	}
	return unix.Seek(int(fd), offset, whence)
}

// Isatty is kernel.Kernel's.
func (k *Kernel) Isatty(fd kernel.Fd) bool {
	if !k.fds.owns(int(fd)) {
		return false
	}
	_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
	return err == nil
}
