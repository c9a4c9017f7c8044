//go:build linux && (amd64 || arm64)

package unix

import (
	"syscall"
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Reading and writing take one system call where the descriptor is ready and a
// poll(2) more where it is not:
//
//   - a regular file is read and written directly;
//   - a pipe is tried with RWF_NOWAIT and a socket with MSG_DONTWAIT, which make the one call non-blocking
//     and leave the open file description, shared with other processes, alone
//     (preadv2(2), recv(2)). Polling first would not do: another process may take
//     the bytes between poll and read, and then Ctrl-C could not end the read;
//   - anything else (terminal, device) is polled first.
//
// A process that sleeps is awake again only 10 to 50 µs after what it waits for
// has come, which is longer than the other side of a conversation takes to answer. So
// a reader tries again for spinTime before it sleeps, and gives the processor
// away between tries. One that slept for longer than that does not spin the next time.

// Read is kernel.Kernel's.
func (k *Kernel) Read(fd kernel.Fd, p []byte) (int, error) {
	if !k.fds.owns(int(fd)) {
		return 0, syscall.EBADF
	}
	for {
		if k.interrupted() {
			return 0, kernel.ErrInterrupted
		}
		n, err := k.transfer(int(fd), p, unix.POLLIN)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Write is kernel.Kernel's. A write to a pipe that is larger than the room in
// it goes on until all is written, as write(2) does; when a signal comes in
// between it returns the count so far.
func (k *Kernel) Write(fd kernel.Fd, p []byte) (int, error) {
	if !k.fds.owns(int(fd)) {
		return 0, syscall.EBADF
	}
	done := 0
	for {
		if k.interrupted() {
			return k.partial(done, kernel.ErrInterrupted)
		}
		n, err := k.put(int(fd), p[done:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return k.partial(done, err)
		}
		done += n
		if done == len(p) || n == 0 || k.kind(int(fd)) != pipe || nonblocking(int(fd)) {
			return done, nil
		}
	}
}

// put writes once, with regard to who may be reading a line at a terminal.
func (k *Kernel) put(fd int, p []byte) (int, error) {
	if len(p) > 0 && k.kind(fd) == other {
		if pid := k.reader(fd); pid != 0 {
			return k.writeAbove(fd, pid, p)
		}
	}
	return k.transfer(fd, p, unix.POLLOUT)
}

// partial is the result of a write that err ended after done bytes. An
// interruption then belongs to the next call: a signal is pending still, an Interrupt is
// made so again.
func (k *Kernel) partial(done int, err error) (int, error) {
	if done == 0 {
		return 0, err
	}
	if err == kernel.ErrInterrupted && noted() == 0 {
		k.interrupt.Store(1)
	}
	return done, nil
}

// transfer moves bytes once: out if events is POLLOUT, else in.
func (k *Kernel) transfer(fd int, p []byte, events int16) (int, error) {
	switch k.kind(fd) {
	case plain:
		return direct(fd, p, events)
	case pipe, socket:
		return k.transferNow(fd, p, events)
	}
	for {
		ready, err := pollOnce(fd, events)
		if err != nil {
			return 0, err
		}
		if ready || nonblocking(fd) {
			return direct(fd, p, events)
		}
		if ready, err = k.blockOn(fd, events); err != nil {
			return 0, err
		}
		if ready {
			return direct(fd, p, events)
		}
	}
}

// transferNow moves bytes of a pipe or socket.
func (k *Kernel) transferNow(fd int, p []byte, events int16) (int, error) {
	n, err := k.nowait(fd, p, events)
	if err != unix.EAGAIN {
		return n, err
	}
	w := startWait(&k.fds[fd].slow)
	for err == unix.EAGAIN {
		if events == unix.POLLIN && w.spin() {
			if k.interrupted() {
				return 0, kernel.ErrInterrupted
			}
		} else if nonblocking(fd) {
			return 0, unix.EAGAIN
		} else if _, err := k.blockOn(fd, events); err != nil {
			return 0, err
		}
		n, err = k.nowait(fd, p, events)
	}
	w.done()
	return n, err
}

// spinTime is for how long a reader tries again before it sleeps.
const spinTime = 50 * time.Microsecond

// slowWait is from when on a wait is one for which it is no use to spin.
const slowWait = 4 * spinTime

// A spinWait decides whether who waits spins or sleeps.
type spinWait struct {
	start time.Duration
	slow  *bool // of the last wait, where this one is noted too
}

func startWait(slow *bool) spinWait { return spinWait{monotonic(), slow} }

// spin lets other processes run, and says whether to look again; else sleep.
func (w spinWait) spin() bool {
	if *w.slow || monotonic()-w.start >= spinTime {
		return false
	}
	unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
	return true
}

func (w spinWait) done() { *w.slow = monotonic()-w.start > slowWait }

func direct(fd int, p []byte, events int16) (int, error) {
	n, err := 0, error(nil)
	if events == unix.POLLOUT {
		n, err = unix.Write(fd, p)
	} else {
		n, err = unix.Read(fd, p)
	}
	return max(n, 0), err
}

// nowait moves bytes of a pipe or socket if it can do so at once.
func (k *Kernel) nowait(fd int, p []byte, events int16) (int, error) {
	if k.fds[fd].kind == socket {
		return sendRecv(fd, p, events)
	}
	n, err := 0, error(nil)
	if events == unix.POLLOUT {
		n, err = unix.Pwritev2(fd, [][]byte{p}, -1, unix.RWF_NOWAIT)
	} else {
		n, err = unix.Preadv2(fd, [][]byte{p}, -1, unix.RWF_NOWAIT)
	}
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS {
		k.fds[fd].kind = other // an old Linux: its pipes lack FMODE_NOWAIT
		err = unix.EINTR
	}
	return max(n, 0), err
}

func sendRecv(fd int, p []byte, events int16) (int, error) {
	trap, flags := uintptr(unix.SYS_RECVFROM), uintptr(unix.MSG_DONTWAIT)
	if events == unix.POLLOUT {
		trap, flags = unix.SYS_SENDTO, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL
	}
	n, _, e := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func pollOnce(fd int, events int16) (ready bool, err error) {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: events}}
	var zero unix.Timespec
	n, err := poll(fds[:], &zero)
	return n > 0, err
}

func nonblocking(fd int) bool {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK != 0
}
