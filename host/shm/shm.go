// Package shm has the objects by which the processes of a tree synchronise:
// locks, semaphores, events, and plain memory. They live in memory that the
// whole tree shares, and are written once over what every kernel gives: that memory
// and wait/wake on a word of it.
//
// # Layout
//
// The memory is cells of 64 bytes. The first one counts those in use; an object
// is named by the number of its first cell, which any process of the tree may use. Cells are never given back:
// an ID may lie in any image, queue or variable, and nobody counts them.
//
// # A process may be killed at any instruction
//
// So an object's state is one word, changed by one compare-and-swap, and there is no moment at which it is
// half changed. Counts of waiters are hints: a waiter that was killed leaves
// its count, which costs a needless wake-up. A waiter that was woken and killed before it
// took what it was woken for leaves others asleep; they look again by
// themselves (kernel.Kernel.WaitWord returns several times a second).
//
// A lock's word is its holder. Who waits and finds the holder dead takes the
// lock over by swapping the dead one's name for its own: of several that try, one succeeds.
//
// A semaphore has no holder, so what a killed process has taken stays taken, as
// in CPython.
package shm

import (
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"mpstar/host/kernel"
)

// System is what the package needs of a kernel.
type System interface {
	Shared() []byte
	WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration) error
	WakeWord(word *atomic.Uint32, n int)
	Self() kernel.Holder
	Alive(h kernel.Holder) bool
	Monotonic() time.Duration
}

var _ System = kernel.Kernel(nil)

// An ID names an object in every process of a tree. It is never 0.
type ID uint32

// Forever is a deadline that never comes.
const Forever = time.Duration(1<<63 - 1)

const cellSize = 64

// ErrFull is returned when there is no room for another object.
var ErrFull = errors.New("shm: no room for another shared object")

// New makes an object of so many bytes, all zero.
func New(sys System, size int) (ID, error) {
	mem := sys.Shared()
	cells := uint32((size + cellSize - 1) / cellSize)
	used := word(mem, 0)
	for {
		n := used.Load()
		first := max(n, 1)
		if size < 0 || uint64(first)+uint64(cells) > uint64(len(mem)/cellSize) {
			return 0, ErrFull
		}
		if used.CompareAndSwap(n, first+cells) {
			return ID(first), nil
		}
	}
}

// Bytes returns the memory of an object of so many bytes, or nil if there is no such.
func Bytes(sys System, id ID, size int) []byte {
	mem := sys.Shared()
	start := int(id) * cellSize
	if id == 0 || size < 0 || size > len(mem) || start > len(mem)-size {
		return nil
	}
	return mem[start : start+size : start+size]
}

// word returns the word at a byte offset, a multiple of 4.
func word(mem []byte, offset int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&mem[offset]))
}

// words returns two words of an object: its state and its count of waiters.
func words(sys System, id ID) (state, waiters *atomic.Uint32) {
	mem := Bytes(sys, id, cellSize)
	return word(mem, 0), word(mem, 4)
}

// wait blocks while *state is old, counted as a waiter. It may return early.
func wait(sys System, state, waiters *atomic.Uint32, old uint32, deadline time.Duration) error {
	waiters.Add(1)
	err := sys.WaitWord(state, old, deadline)
	waiters.Add(^uint32(0))
	return err
}

// wake wakes n of those that wait for state, if there are any.
func wake(sys System, state, waiters *atomic.Uint32, n int) {
	if waiters.Load() != 0 {
		sys.WakeWord(state, n)
	}
}

// all is how many to wake so that nobody is left.
const all = 1<<31 - 1

// over reports whether a deadline is past. One that never comes asks no clock.
func over(sys System, deadline time.Duration) bool {
	return deadline != Forever && sys.Monotonic() >= deadline
}
