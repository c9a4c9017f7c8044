//go:build linux && (amd64 || arm64)

package unix

import (
	"sync/atomic"
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Shared is kernel.Kernel's: the end of the process table's memory.
func (k *Kernel) Shared() []byte { return k.table.mem[sharedOffset(len(k.table.slots)):] }

// storeOffset is where the store begins in the table's file, which is sparse:
// behind what is mapped.
func (k *Kernel) storeOffset() int64 { return int64(tableSize(len(k.table.slots))) }

// ReadShared is kernel.Kernel's. What was never written reads as zeros.
func (k *Kernel) ReadShared(p []byte, offset int64) error {
	for len(p) > 0 {
		n, err := unix.Pread(k.table.fd, p, k.storeOffset()+offset)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		if n == 0 {
			clear(p)
			return nil
		}
		p, offset = p[n:], offset+int64(n)
	}
	return nil
}

// WriteShared is kernel.Kernel's.
func (k *Kernel) WriteShared(p []byte, offset int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(k.table.fd, p, k.storeOffset()+offset)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		p, offset = p[n:], offset+int64(n)
	}
	return nil
}

// FreeShared is kernel.Kernel's: fallocate(2), FALLOC_FL_PUNCH_HOLE.
func (k *Kernel) FreeShared(offset, n int64) error {
	return unix.Fallocate(k.table.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, k.storeOffset()+offset, n)
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
func (k *Kernel) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration) error {
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
	_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(old), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch e {
	case 0, unix.EAGAIN, unix.EINTR, unix.ETIMEDOUT:
		return nil
	}
	return e
}

// WakeWord is kernel.Kernel's.
func (k *Kernel) WakeWord(word *atomic.Uint32, n int) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, uintptr(n), 0, 0, 0)
}

// A Holder is the slot's number plus one, and above holderBits how often the slot was
// taken, so that it is told apart from those that had the slot before.
const holderBits = 14

// maxSlots is how many slots a Holder can tell apart.
const maxSlots = 1<<holderBits - 1

func (k *Kernel) holder(slot int) kernel.Holder {
	return kernel.Holder(k.table.slots[slot].gen.Load()<<holderBits | uint32(slot+1))
}

// Self is kernel.Kernel's.
func (k *Kernel) Self() kernel.Holder { return k.holder(k.slot) }

// Alive is kernel.Kernel's. A process lives as long as its slot's lock.
func (k *Kernel) Alive(h kernel.Holder) bool {
	slot := int(h&maxSlots) - 1
	if slot < 0 || slot >= len(k.table.slots) || k.holder(slot) != h {
		return false
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: int64(slot), Len: 1}
	if err := unix.FcntlFlock(uintptr(k.table.fd), unix.F_OFD_GETLK, &lock); err != nil {
		return true // nothing says that it has died
	}
	return lock.Type != unix.F_UNLCK
}
