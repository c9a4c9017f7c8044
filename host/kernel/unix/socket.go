//go:build linux && (amd64 || arm64)

package unix

import (
	"syscall"
	"time"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Socketpair is kernel.Kernel's.
func (k *Kernel) Socketpair() (a, b kernel.Fd, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	for _, fd := range p {
		k.fds.set(fd, fdEntry{kind: socket, cloexec: true})
	}
	return kernel.Fd(p[0]), kernel.Fd(p[1]), nil
}

// SetRoom is kernel.Kernel's: F_SETPIPE_SZ of fcntl(2).
func (k *Kernel) SetRoom(fd kernel.Fd, n int) {
	if k.fds.owns(int(fd)) {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, n)
	}
}

// newSocket makes a socket for an address. Until it is the script's it does not block.
func newSocket(at kernel.Address) (int, unix.Sockaddr, error) {
	family, addr := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(at.Port), Addr: at.Host})
	if name := at.Path; name != "" {
		if name[0] == 0 {
			name = "@" + name[1:]
		}
		family, addr = unix.AF_UNIX, &unix.SockaddrUnix{Name: name}
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	return fd, addr, err
}

// Listen is kernel.Kernel's. The listener stays non-blocking: of several processes that
// find it ready one gets the connection, and the others must not be stuck.
func (k *Kernel) Listen(at kernel.Address, backlog int) (kernel.Fd, error) {
	fd, addr, err := newSocket(at)
	if err != nil {
		return -1, err
	}
	if at.Path == "" {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err = unix.Bind(fd, addr); err == nil {
		err = unix.Listen(fd, backlog)
	}
	return k.ownSocket(fd, err)
}

func (k *Kernel) ownSocket(fd int, err error) (kernel.Fd, error) {
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	k.fds.set(fd, fdEntry{kind: socket, cloexec: true})
	return kernel.Fd(fd), nil
}

// Accept is kernel.Kernel's.
func (k *Kernel) Accept(listener kernel.Fd) (kernel.Fd, kernel.Address, error) {
	if !k.fds.owns(int(listener)) {
		return -1, kernel.Address{}, syscall.EBADF
	}
	for {
		fd, from, err := unix.Accept4(int(listener), unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			owned, err := k.ownSocket(fd, nil)
			return owned, addressOf(from), err
		case unix.EAGAIN, unix.EINTR, unix.ECONNABORTED:
		default:
			return -1, kernel.Address{}, err
		}
		if _, err := k.blockOn(int(listener), unix.POLLIN); err != nil {
			return -1, kernel.Address{}, err
		}
	}
}

// Connect is kernel.Kernel's. A local listener whose queue is full says EAGAIN and has
// nothing to poll for; it is asked again.
func (k *Kernel) Connect(to kernel.Address) (kernel.Fd, error) {
	fd, addr, err := newSocket(to)
	if err != nil {
		return -1, err
	}
	for err = unix.Connect(fd, addr); err == unix.EAGAIN; err = unix.Connect(fd, addr) {
		if err := k.Sleep(monotonic() + time.Millisecond); err != nil {
			unix.Close(fd)
			return -1, err
		}
	}
	if err == unix.EINPROGRESS {
		err = k.connected(fd)
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	return k.ownSocket(fd, err)
}

// connected waits until a connection that is under way is made or has failed.
func (k *Kernel) connected(fd int) error {
	for {
		ready, err := k.blockOn(fd, unix.POLLOUT)
		if err != nil {
			return err
		}
		if !ready {
			continue
		}
		e, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil || e == 0 {
			return err
		}
		return syscall.Errno(e)
	}
}

// LocalAddress is kernel.Kernel's.
func (k *Kernel) LocalAddress(fd kernel.Fd) (kernel.Address, error) {
	if !k.fds.owns(int(fd)) {
		return kernel.Address{}, syscall.EBADF
	}
	at, err := unix.Getsockname(int(fd))
	return addressOf(at), err
}

func addressOf(a unix.Sockaddr) kernel.Address {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return kernel.Address{Host: a.Addr, Port: uint16(a.Port)}
	case *unix.SockaddrUnix:
		if a.Name != "" && a.Name[0] == '@' {
			return kernel.Address{Path: "\x00" + a.Name[1:]}
		}
		return kernel.Address{Path: a.Name}
	}
	return kernel.Address{}
}

// OpenProcess is kernel.Kernel's: pidfd_open(2).
func (k *Kernel) OpenProcess(pid kernel.Pid) (kernel.Fd, error) {
	fd, err := unix.PidfdOpen(int(pid), 0)
	if err != nil {
		return -1, err
	}
	k.fds.set(fd, fdEntry{kind: other, cloexec: true})
	return kernel.Fd(fd), nil
}

// Poll is kernel.Kernel's: poll(2) with the eventfd that signals write (block.go), at
// first for no time, as reading does (rw.go).
func (k *Kernel) Poll(fds []kernel.PollFd, deadline time.Duration) (int, error) {
	if k.interrupted() {
		return 0, kernel.ErrInterrupted
	}
	set := make([]unix.PollFd, len(fds)+1)
	for i, f := range fds {
		if !k.fds.owns(int(f.Fd)) {
			return 0, syscall.EBADF
		}
		set[i] = unix.PollFd{Fd: int32(f.Fd), Events: pollEvents(f.Want)}
	}
	set[len(fds)] = unix.PollFd{Fd: wakeFd, Events: unix.POLLIN}
	n, err := k.pollAll(set, deadline)
	if err != nil {
		return 0, err
	}
	for i := range fds {
		fds[i].Ready = readyFor(fds[i].Want, set[i].Revents)
	}
	return n, nil
}

// pollAll returns how many of set, without the last which is for signals, are ready.
func (k *Kernel) pollAll(set []unix.PollFd, deadline time.Duration) (int, error) {
	wake := &set[len(set)-1]
	var zero unix.Timespec
	w := startWait(&k.slowPoll)
	defer k.runs()
	for now := monotonic(); ; now = monotonic() {
		ts := &zero
		if now < deadline && !w.spin() {
			if k.refill {
				k.Prepare()
			}
			k.waits(kernel.Wait{For: kernel.ForInput, Object: uint32(set[0].Fd)}, 0)
			ts = nil
			if deadline != forever {
				left := unix.NsecToTimespec(int64(deadline - now))
				ts = &left
			}
		}
		n, err := poll(set, ts)
		if err != nil {
			return 0, err
		}
		if n > 0 && wake.Revents != 0 {
			drain(int(wakeFd))
			n--
		}
		if n > 0 || now >= deadline {
			w.done()
			return n, nil
		}
		if k.interrupted() {
			return 0, kernel.ErrInterrupted
		}
	}
}

func pollEvents(want kernel.PollEvents) (events int16) {
	if want&kernel.PollIn != 0 {
		events |= unix.POLLIN
	}
	if want&kernel.PollOut != 0 {
		events |= unix.POLLOUT
	}
	return events
}

func readyFor(want kernel.PollEvents, revents int16) (ready kernel.PollEvents) {
	if revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		return want
	}
	if revents&unix.POLLIN != 0 {
		ready |= kernel.PollIn
	}
	if revents&unix.POLLOUT != 0 {
		ready |= kernel.PollOut
	}
	return ready
}
