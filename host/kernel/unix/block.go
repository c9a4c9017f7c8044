//go:build linux && (amd64 || arm64)

package unix

import (
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

const forever = time.Duration(1<<63 - 1)

// block sleeps until fd has one of events (fd < 0: no descriptor), a SIGCHLD
// or some other wake-up has come, or the monotonic clock has reached deadline.
// It says whether fd is ready; false means that the caller should look again.
//
// Every blocking call of this package is: look, block, look again.
func (k *Kernel) block(fd int, events int16, deadline time.Duration, what kernel.Wait) (ready bool, err error) {
	if k.interrupted() {
		return false, kernel.ErrInterrupted
	}
	if k.refill {
		k.Prepare()
	}
	k.waits(what, 0)
	defer k.runs()
	fds := [2]unix.PollFd{{Fd: wakeFd, Events: unix.POLLIN}, {Fd: int32(fd), Events: events}}
	var ts *unix.Timespec
	if deadline != forever {
		left := max(deadline-monotonic(), 0)
		t := unix.NsecToTimespec(int64(left))
		ts = &t
	}
	n, err := poll(fds[:], ts)
	if err != nil || n <= 0 {
		return false, err
	}
	if fds[0].Revents != 0 {
		drain(int(wakeFd))
	}
	if k.interrupted() {
		return false, kernel.ErrInterrupted
	}
	return fds[1].Revents != 0, nil
}

// blockOn blocks until a descriptor has one of events.
func (k *Kernel) blockOn(fd int, events int16) (ready bool, err error) {
	what := kernel.ForInput
	if events&unix.POLLOUT != 0 {
		what = kernel.ForOutput
	}
	return k.block(fd, events, forever, kernel.Wait{For: what, Object: uint32(fd)})
}

// poll is ppoll(2). An interruption is no error: the caller looks again.
//
// The Go runtime takes the processor away from a goroutine that is in a system call for 20 µs,
// and to get it back costs a futex(2) or two, so it is told only of sleeps longer than brief. What else runs in the program
// may have to wait that long to stop the world.
func poll(fds []unix.PollFd, timeout *unix.Timespec) (int, error) {
	short := unix.NsecToTimespec(int64(brief))
	if timeout != nil && timeout.Nano() <= int64(brief) {
		short = *timeout
	}
	n, _, e := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)),
		uintptr(unsafe.Pointer(&short)), 0, 0, 0)
	if e == unix.EINTR {
		return 0, nil
	}
	if e != 0 {
		return 0, e
	}
	if n > 0 || timeout != nil && timeout.Nano() <= int64(brief) {
		return int(n), nil
	}
	if timeout != nil {
		rest := unix.NsecToTimespec(timeout.Nano() - int64(brief))
		timeout = &rest
	}
	m, err := unix.Ppoll(fds, timeout, nil)
	if err == unix.EINTR {
		return 0, nil
	}
	return m, err
}

const brief = time.Millisecond

func drain(fd int) {
	var buf [8]byte
	_, _ = unix.Read(fd, buf[:])
}

// Sleep is kernel.Kernel's. Like CPython's time.sleep it gives the processor
// away even when the deadline is past.
func (k *Kernel) Sleep(deadline time.Duration) error {
	for {
		if _, err := k.block(-1, 0, deadline, kernel.Wait{For: kernel.ForTime}); err != nil {
			return err
		}
		if monotonic() >= deadline {
			return nil
		}
	}
}

// Pause is kernel.Kernel's.
func (k *Kernel) Pause() error {
	for {
		if _, err := k.block(-1, 0, forever, kernel.Wait{For: kernel.ForSignal}); err != nil {
			return err
		}
	}
}

// Monotonic is kernel.Kernel's: CLOCK_MONOTONIC, which the whole machine shares.
func (k *Kernel) Monotonic() time.Duration { return monotonic() }

func monotonic() time.Duration { return time.Duration(nanotime()) }

// nanotime reads CLOCK_MONOTONIC without a system call (runtime/time_nofake.go), which
// golang.org/x/sys/unix cannot.
//
//go:linkname nanotime runtime.nanotime
func nanotime() int64

// Time is kernel.Kernel's.
func (k *Kernel) Time() time.Time { return time.Now() }
