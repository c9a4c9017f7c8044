//go:build linux && (amd64 || arm64)

package unix

import (
	"fmt"
	"strings"
	"syscall"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// The lot is where descriptors are that have left one process and not come to
// another yet. It is a datagram socket connected to itself, which every process
// of the tree inherits. A parked descriptor is a message in the socket's own queue: the
// name, and the descriptor as ancillary data (unix(7), SCM_RIGHTS). So no process need live to keep
// it, and it is closed with the last process of the tree.
//
// A queue can only be read at its front. Who looks for a name puts a mark into the queue and then moves each
// message to the end, until the mark comes round. A message is looked at (MSG_PEEK), sent
// again, and only then taken off, so that a process which is killed meanwhile leaves it twice and never not at
// all; whoever takes a name out takes all of it. A mark that a killed process left is dropped. This
// happens under a lock of the table's file, on the byte behind the permits for spares, that
// the system drops at its holder's death.
//
// The address that the socket needs to be connected is an abstract one that the system
// chooses. Others cannot send to it, because it is connected (unix(7), EPERM).

// openLot makes the lot of a tree.
func openLot() (int, error) {
	fd, err := internalFd(unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0))
	if err != nil {
		return -1, err
	}
	if err = unix.Bind(fd, &unix.SockaddrUnix{}); err == nil {
		var own unix.Sockaddr
		if own, err = unix.Getsockname(fd); err == nil {
			err = unix.Connect(fd, own)
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// maxParkedName is how long a name may be.
const maxParkedName = 255

// Park is kernel.Kernel's.
func (k *Kernel) Park(name string, fd kernel.Fd) error {
	if !k.fds.owns(int(fd)) {
		return syscall.EBADF
	}
	if name == "" || len(name) > maxParkedName || strings.HasPrefix(name, markPrefix) {
		return syscall.EINVAL
	}
	return k.inLot(func() error {
		found, err := k.goRound(name, false)
		if err != nil {
			return err
		}
		if found >= 0 {
			unix.Close(found)
			return syscall.EEXIST
		}
		return k.putIn(name, int(fd))
	})
}

// Fetch is kernel.Kernel's.
func (k *Kernel) Fetch(name string, remove bool) (kernel.Fd, error) {
	found := -1
	err := k.inLot(func() (err error) {
		found, err = k.goRound(name, remove)
		return err
	})
	if err != nil {
		return -1, err
	}
	if found < 0 {
		return -1, syscall.ENOENT
	}
	return k.own(found, true, nil)
}

// inLot does something under the lot's lock.
func (k *Kernel) inLot(do func() error) error {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(len(k.table.slots) + maxSpares), Len: 1}
	if err := k.lockSlotFd(&lock); err != nil {
		return err
	}
	err := do()
	lock.Type = unix.F_UNLCK
	_ = k.lockSlotFd(&lock)
	return err
}

func (k *Kernel) lockSlotFd(lock *unix.Flock_t) error {
	for {
		if err := unix.FcntlFlock(uintptr(k.slotFd), unix.F_OFD_SETLKW, lock); err != unix.EINTR {
			return err
		}
	}
}

// markPrefix begins the marks, each of which is of one round.
const markPrefix = "\x00"

// goRound looks at everything in the lot, and returns what is parked under a name, or -1.
func (k *Kernel) goRound(name string, remove bool) (found int, err error) {
	found = -1
	k.rounds++
	mark := fmt.Sprintf("%s%d.%d", markPrefix, k.Self(), k.rounds)
	if err := k.putIn(mark, -1); err != nil {
		return -1, err
	}
	for {
		parked, fd, err := k.front()
		if err != nil {
			return found, err
		}
		again := !strings.HasPrefix(parked, markPrefix) && !(remove && parked == name)
		if again {
			err = k.putIn(parked, fd)
		}
		if parked == name && found < 0 {
			found, fd = fd, -1
		}
		if fd >= 0 {
			unix.Close(fd)
		}
		if err != nil {
			return found, err
		}
		if _, _, err := unix.Recvfrom(k.lot, make([]byte, 1), unix.MSG_DONTWAIT); err != nil {
			return found, err
		}
		if parked == mark {
			return found, nil
		}
	}
}

// putIn appends a message.
func (k *Kernel) putIn(name string, fd int) error {
	var rights []byte
	if fd >= 0 {
		rights = unix.UnixRights(fd)
	}
	for {
		err := unix.Sendmsg(k.lot, append([]byte{byte(len(name))}, name...), rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN, unix.ETOOMANYREFS:
			return syscall.EMFILE
		}
		return err
	}
}

// front returns what the first message holds.
func (k *Kernel) front() (name string, fd int, err error) {
	buf := make([]byte, 1+maxParkedName)
	oob := make([]byte, unix.CmsgSpace(4))
	n, oobn, _, _, err := unix.Recvmsg(k.lot, buf, oob, unix.MSG_PEEK|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
	if err != nil || n < 1 {
		return "", -1, err
	}
	name, fd = string(buf[1:n]), -1
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil || len(messages) == 0 {
		return name, fd, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err == nil && len(fds) == 1 {
		fd = fds[0]
	}
	return name, fd, err
}

// NewMemory is kernel.Kernel's: memfd_create(2).
func (k *Kernel) NewMemory(size int64) (kernel.Fd, error) {
	fd, err := memfd("mpstar-memory")
	if err != nil {
		return -1, err
	}
	if err := unix.Ftruncate(fd, size); err != nil {
		unix.Close(fd)
		return -1, err
	}
	k.fds.set(fd, fdEntry{kind: plain, cloexec: true})
	return kernel.Fd(fd), nil
}

// MapMemory is kernel.Kernel's: mmap(2).
func (k *Kernel) MapMemory(fd kernel.Fd) ([]byte, error) {
	if !k.fds.owns(int(fd)) {
		return nil, syscall.EBADF
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(fd), &st); err != nil {
		return nil, err
	}
	return unix.Mmap(int(fd), 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// UnmapMemory is kernel.Kernel's.
func (k *Kernel) UnmapMemory(mem []byte) error { return unix.Munmap(mem) }
