//go:build linux && (amd64 || arm64)

package unix

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Shared is kernel.Kernel's: what follows the process table in its file.
func (k *Kernel) Shared() []byte { return k.table.mem[sharedOffset(len(k.table.slots)):] }

// ReserveShared is kernel.Kernel's: fallocate(2). A store to a page for which there is no
// memory would be a SIGBUS.
func (k *Kernel) ReserveShared(offset, n int) error {
	if err := k.checkMemory(n); err != nil {
		return err
	}
	return k.fallocate(unix.FALLOC_FL_KEEP_SIZE, offset, n)
}

// FreeShared is kernel.Kernel's.
func (k *Kernel) FreeShared(offset, n int) error {
	return k.fallocate(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, n)
}

func (k *Kernel) fallocate(mode uint32, offset, n int) error {
	for {
		err := unix.Fallocate(k.table.fd, mode, int64(sharedOffset(len(k.table.slots))+offset), int64(n))
		if err != unix.EINTR {
			return err
		}
	}
}

const (
	checkEvery  = 16 << 20 // bytes that may be reserved between two looks at what there is
	leaveMemory = 64 << 20 // to the rest of the machine
)

// checkMemory says ENOMEM when reserving n bytes would take the machine to the
// point where the system kills processes to get memory: it hands memory out that it does not have.
func (k *Kernel) checkMemory(n int) error {
	k.unchecked += n
	if k.unchecked < checkEvery {
		return nil
	}
	if k.unchecked > availableMemory()-leaveMemory {
		k.unchecked = checkEvery // look again the next time
		return unix.ENOMEM
	}
	k.unchecked = 0
	return nil
}

// availableMemory is MemAvailable of proc_meminfo(5), or very much if that cannot be read.
func availableMemory() int {
	text, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		_, rest, _ := strings.Cut(string(text), "MemAvailable:")
		var kilobytes int
		if _, err = fmt.Sscan(rest, &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return math.MaxInt
}

// Spinning. Two processes that answer each other on two processors need a
// microsecond to see what the other has done, but a sleep and a wake-up take thirty to fifty.
// A process spins for up to twice as long as lately has helped (as in glibc's
// adaptive mutexes, nptl/pthread_mutex_lock.c), and every spinTry-th time for as long as it may,
// to see whether it would help; on one processor not at all.
const (
	spinMost = 1000 // looks; some ten microseconds
	spinTry  = 8
)

// pause tells the processor that this is a loop that waits.
func pause()

// SpinWord is kernel.Kernel's.
func (k *Kernel) SpinWord(word *atomic.Uint32, old uint32) {
	if runtime.NumCPU() == 1 {
		return
	}
	most, n := min(2*k.spins, spinMost), 0
	if k.waitsSpun++; k.waitsSpun%spinTry == 0 {
		most = spinMost
	}
	for n < most && word.Load() == old {
		pause()
		n++
	}
	switch {
	case n == most:
		k.spins -= k.spins / 8
	case n > k.spins:
		k.spins = n
	default:
		k.spins -= (k.spins - n) / 8
	}
}

// wordSlice is how long a wait for a word lasts at most. A signal's handler
// does not end futex(2), which goes on after it (SA_RESTART), and nobody
// tells of a process that was killed.
const wordSlice = 20 * time.Millisecond

// futex operations of linux/futex.h.
const (
	futexWait = 0
	futexWake = 1
)

// WaitWord is kernel.Kernel's: futex(2).
func (k *Kernel) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error {
	if k.interrupted() {
		return kernel.ErrInterrupted
	}
	if k.refill {
		k.Prepare()
	}
	left := min(deadline-monotonic(), wordSlice)
	if left <= 0 {
		return nil
	}
	ts := unix.NsecToTimespec(int64(left))
	holder := kernel.Holder(0)
	if what.For == kernel.ForLock {
		holder = kernel.Holder(old)
	}
	k.waits(what, holder)
	defer k.runs()
	_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(old), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch e {
	case 0, unix.EAGAIN, unix.EINTR, unix.ETIMEDOUT:
		return nil
	}
	return e
}

// WakeWord is kernel.Kernel's.
func (k *Kernel) WakeWord(word *atomic.Uint32, n int) int {
	woken, _, _ := unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, uintptr(n), 0, 0, 0)
	return int(woken)
}

// A Holder is the slot's number plus one, and above holderBits how often the slot was
// taken, so that it is told apart from those that had the slot before.
const holderBits = 14

// maxSlots is how many slots a Holder can tell apart.
const maxSlots = 1<<holderBits - 1

func (t *table) holder(slot int) kernel.Holder {
	return kernel.Holder(t.slots[slot].gen.Load()<<holderBits | uint32(slot+1))
}

// Self is kernel.Kernel's.
func (k *Kernel) Self() kernel.Holder { return k.table.holder(k.slot) }

// Alive is kernel.Kernel's. A process lives as long as its slot's lock.
func (k *Kernel) Alive(h kernel.Holder) bool { return k.table.alive(h) }

func (t *table) alive(h kernel.Holder) bool {
	slot := int(h&maxSlots) - 1
	return slot >= 0 && slot < len(t.slots) && t.holder(slot) == h && t.taken(slot)
}

// taken reports whether somebody holds the lock of a slot.
func (t *table) taken(slot int) bool {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(slot), Len: 1}
	if err := unix.FcntlFlock(uintptr(t.fd), unix.F_OFD_GETLK, &lock); err != nil {
		return true // nothing says that it has died
	}
	return lock.Type != unix.F_UNLCK
}
