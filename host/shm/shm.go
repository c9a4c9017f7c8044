// Package shm has the objects by which the processes of a tree synchronise:
// queues, locks, semaphores, events, conditions, barriers, and plain memory. They live in memory that the
// whole tree shares, and are written once over what every kernel gives: that memory
// and wait/wake on a word of it. The path on which nobody has to wait makes no system call.
//
// # Layout
//
// The first quarter of the memory is cells of 64 bytes. An object is named by the
// number of its first cell, which any process of the tree may use. Objects are never given back:
// an ID may lie in any image, message or variable of any process, and nobody
// can count those. So they are small (a lock is 64 bytes, a queue 512), and the memory is
// a terabyte of addresses. The rest is the heap (heap.go), whose chunks
// queues take for what waits in them and give back.
//
// # A process may be killed at any instruction
//
// So what is there for others to see is changed by one store or compare-and-swap, the last of its
// operation, and what was written before it is nothing to anybody until then:
//
//	object     visible by                who repairs what a killed process left
//	lock       its word: the holder      whoever waits and finds the holder dead swaps the dead one's
//	                                     name for its own; of several that try, one succeeds
//	semaphore  its word: the count       nobody: what was taken stays taken, as in CPython
//	rlock      its word                  as of a lock; the depth is the holder's, and begins anew
//	event      its word                  nothing can be left
//	condition  the word of a place       the notification of a killed process is taken over by another that
//	                                     waits; its place is anybody's (condition.go)
//	barrier    its state; a party's word those that wait or arrive find the dead: the barrier breaks, or, on
//	                                     the way out, goes on without them (barrier.go)
//	queue      the position of its tail  the next producer or consumer that takes a lock over from a dead
//	           (put) or head (get)       one frees chunks that are in no chain, and wakes all (queue.go)
//	heap       a chunk's word: its owner whoever takes over its lock counts its words anew; chunks that
//	                                     were taken and not used are found by their owner's repair
//
// Counts of waiters are hints: a waiter that was killed leaves its count, which costs needless wake-ups. A
// process that was killed before it woke those that wait, or after it was woken for what it did not take, leaves others
// asleep; they look again by themselves (kernel.Kernel.WaitWord returns several times a second).
// Without a kill, or a signal whose handler keeps the woken one from what it was woken for, nobody depends on that.
//
// All this is checked by running this code in every order of its steps that takes
// no more than a few preemptions, with a kill at each step (check_test.go).
package shm

import (
	"errors"
	"sync/atomic"
	"time"

	"mpstar/host/kernel"
)

// System is what the package needs of a kernel.
type System interface {
	Shared() []byte
	ReserveShared(offset, n int) error
	FreeShared(offset, n int) error
	SpinWord(word *atomic.Uint32, old uint32)
	WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error
	WakeWord(word *atomic.Uint32, n int) int
	Self() kernel.Holder
	Alive(h kernel.Holder) bool
	Monotonic() time.Duration
}

var _ System = kernel.Kernel(nil)

// An ID names an object in every process of a tree. It is never 0.
type ID uint32

// Forever is a deadline that never comes.
const Forever = time.Duration(1<<63 - 1)

const (
	cellSize    = 64
	firstObject = 2        // cell 0 counts the cells, cell 1 is the heap's
	reserveSize = 64 << 10 // in which pieces memory is reserved for objects
)

// ErrFull is returned when there is no room for another object.
var ErrFull = errors.New("shm: no room for another shared object")

// New makes an object of so many bytes, all zero.
//
//	cell 0, word 0   cells in use
//	cell 0, long 1   how many bytes from the start have memory
func New(sys System, size int) (ID, error) {
	mem := sys.Shared()
	limit := min(uint64(heap{sys}.objectsEnd()/cellSize), 1<<31-1) // an ID is a small int of the script
	if size < 0 || uint64(size) > limit*cellSize {
		return 0, ErrFull
	}
	cells := uint64((size + cellSize - 1) / cellSize)
	used := wordAt(mem, 0)
	for {
		n := used.load()
		first := max(n, firstObject)
		if uint64(first)+cells > limit {
			return 0, ErrFull
		}
		if err := reserve(sys, (int(first)+int(cells))*cellSize); err != nil {
			return 0, err
		}
		if used.cas(n, first+uint32(cells)) {
			return ID(first), nil
		}
	}
}

// reserve sees to it that there is memory up to an end. Two that do it at once do it twice.
func reserve(sys System, end int) error {
	reserved := longAt(sys.Shared(), 8)
	have := int(reserved.load())
	if end <= have {
		return nil
	}
	end = (end + reserveSize - 1) &^ (reserveSize - 1)
	if err := sys.ReserveShared(have, end-have); err != nil {
		return err
	}
	reserved.store(uint64(end))
	return nil
}

// Bytes returns the memory of an object of so many bytes, or nil if there is no such.
func Bytes(sys System, id ID, size int) []byte {
	mem := sys.Shared()
	start := int(id) * cellSize
	if id < firstObject && id != heapCell || size < 0 || size > len(mem) || start > len(mem)-size {
		return nil
	}
	return mem[start : start+size : start+size]
}

// words returns two words of an object: its state and its count of waiters.
func words(sys System, id ID) (state, waiters *word) {
	mem := Bytes(sys, id, cellSize)
	return wordAt(mem, 0), wordAt(mem, 4)
}

// wait blocks while *state is old, first without being counted as a waiter,
// which costs whoever changes it a system call. It may return early.
func wait(sys System, state, waiters *word, old uint32, deadline time.Duration, what kernel.WaitFor, id ID) error {
	step()
	sys.SpinWord(&state.v, old)
	if state.load() != old {
		return nil
	}
	waiters.add(1)
	step()
	err := sys.WaitWord(&state.v, old, deadline, kernel.Wait{For: what, Object: uint32(id)})
	waiters.add(^uint32(0))
	return err
}

// wake wakes n of those that wait for state, if there are any.
func wake(sys System, state, waiters *word, n int) {
	if waiters.load() != 0 {
		step()
		sys.WakeWord(&state.v, n)
	}
}

// all is how many to wake so that nobody is left.
const all = 1<<31 - 1

// over reports whether a deadline is past. One that never comes asks no clock.
func over(sys System, deadline time.Duration) bool {
	return deadline != Forever && sys.Monotonic() >= deadline
}
