package shm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"mpstar/host/kernel"
)

// A Queue is a row of messages. Its cell is a lock, and under that lock:
//
//	word 2, 3   how many messages have been put, ever; waiters for the next
//	word 4, 5   how many have been taken, ever; waiters for the next
//	word 6      how many messages there are
//	word 7      how many there may be; 0: any number
//	word 8, 9   messages put and not yet said to be done with; waiters for none
//	word 10     unused
//	word 12, 14 head and tail, 64 bits each: where the first message begins and the last ends
//
// The messages lie in the kernel's store, in a region that is the queue's own,
// each behind its length. A message is there once tail is moved behind it, and taken
// once head is: each is one store, the last but for the counts. So whoever
// takes over the lock of a process that was killed at any instruction
// finds whole messages between head and tail, and counts them anew. When the
// last one is taken, both go back to the start, tail first: a tail before the head means none.
type Queue struct {
	sys Store
	id  ID
}

// A Store is a System with room for messages.
type Store interface {
	System
	ReadShared(p []byte, offset int64) error
	WriteShared(p []byte, offset int64) error
	FreeShared(offset, n int64) error
}

var _ Store = kernel.Kernel(nil)

// NewQueue makes a queue for so many messages, or any number if most is 0.
func NewQueue(sys Store, most uint32) (ID, error) {
	id, err := New(sys, cellSize)
	if err == nil {
		QueueOf(sys, id).word(7).Store(most)
	}
	return id, err
}

// QueueOf returns the queue that an object is.
func QueueOf(sys Store, id ID) Queue { return Queue{sys, id} }

// regionSize is how far the messages of one queue may reach.
const regionSize = 1 << 38

// lengthSize is what stands before a message.
const lengthSize = 8

// ErrRegion is returned when messages that are waiting fill the region.
var ErrRegion = errors.New("shm: the queue is full to its end")

func (q Queue) cell() []byte { return Bytes(q.sys, q.id, cellSize) }

func (q Queue) word(i int) *atomic.Uint32 { return word(q.cell(), 4*i) }

func (q Queue) head() *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&q.cell()[48])) }
func (q Queue) tail() *atomic.Int64 { return (*atomic.Int64)(unsafe.Pointer(&q.cell()[56])) }

// base is where the region begins in the store.
func (q Queue) base() int64 { return int64(q.id) * regionSize }

// lock takes the queue's lock and repairs what a dead holder has left.
func (q Queue) lock() error {
	l := LockOf(q.sys, q.id)
	_, overtaken, err := l.acquire(Forever)
	if err == nil && overtaken {
		if err = q.repair(); err != nil {
			l.Release()
		}
	}
	return err
}

func (q Queue) unlock() { LockOf(q.sys, q.id).Release() }

// repair counts the messages, and wakes whoever the dead holder may not have.
func (q Queue) repair() error {
	at, tail := q.head().Load(), q.tail().Load()
	if at > tail {
		at, tail = 0, 0
		q.head().Store(0)
		q.tail().Store(0)
	}
	n := uint32(0)
	for at < tail {
		length, err := q.length(at)
		if err != nil {
			return err
		}
		at += lengthSize + length
		n++
	}
	q.word(6).Store(n)
	for _, events := range []int{2, 4} {
		q.word(events).Add(1)
		wake(q.sys, q.word(events), q.word(events+1), all)
	}
	return nil
}

func (q Queue) length(at int64) (int64, error) {
	var b [lengthSize]byte
	err := q.sys.ReadShared(b[:], q.base()+at)
	return int64(binary.LittleEndian.Uint64(b[:])), err
}

// Put adds a message, waiting until the deadline for room. It reports whether it did.
func (q Queue) Put(message []byte, deadline time.Duration) (bool, error) {
	record := binary.LittleEndian.AppendUint64(make([]byte, 0, lengthSize+len(message)), uint64(len(message)))
	record = append(record, message...)
	most := q.word(7).Load()
	ok, err := q.await(4, deadline, func() bool { return most == 0 || q.word(6).Load() < most })
	if !ok || err != nil {
		return false, err
	}
	defer q.unlock()
	tail := q.tail().Load()
	if tail+int64(len(record)) > regionSize {
		return false, ErrRegion
	}
	if err := q.sys.WriteShared(record, q.base()+tail); err != nil {
		return false, err
	}
	q.tail().Store(tail + int64(len(record))) // the message is there
	q.word(8).Add(1)
	q.word(6).Add(1)
	q.word(2).Add(1)
	wake(q.sys, q.word(2), q.word(3), 1)
	return true, nil
}

// Get takes the first message, waiting until the deadline for one. It returns
// nil if there was none. If claim is not nil it is called before the message
// is taken, to write down who is about to take it.
func (q Queue) Get(deadline time.Duration, claim func(message []byte)) ([]byte, error) {
	ok, err := q.await(2, deadline, func() bool { return q.head().Load() < q.tail().Load() })
	if !ok || err != nil {
		return nil, err
	}
	defer q.unlock()
	head := q.head().Load()
	length, err := q.length(head)
	if err != nil {
		return nil, err
	}
	message := make([]byte, length)
	if err := q.sys.ReadShared(message, q.base()+head+lengthSize); err != nil {
		return nil, err
	}
	if claim != nil {
		claim(message)
	}
	next := head + lengthSize + length
	q.head().Store(next) // the message is taken
	q.word(6).Add(^uint32(0))
	q.free(head, next)
	q.word(4).Add(1)
	wake(q.sys, q.word(4), q.word(5), 1)
	return message, nil
}

// freeGrain is in which pieces memory is given back.
const freeGrain = 1 << 20

// free gives back the memory of messages that are taken, and begins at the
// start again when there are none.
func (q Queue) free(head, next int64) {
	end := next / freeGrain * freeGrain
	if next == q.tail().Load() {
		end = (next + freeGrain - 1) / freeGrain * freeGrain
		if next < freeGrain {
			end = 0 // so little is not worth a call
		}
		q.tail().Store(0)
		q.head().Store(0)
	}
	if start := head / freeGrain * freeGrain; start < end {
		_ = q.sys.FreeShared(q.base()+start, end-start) // memory that is not given back is used again
	}
}

// await returns with the lock held once ready, which is looked at under the lock,
// holds; or without it once the deadline is past. Word events changes whenever ready may have.
func (q Queue) await(events int, deadline time.Duration, ready func() bool) (bool, error) {
	for {
		if err := q.lock(); err != nil {
			return false, err
		}
		if ready() {
			return true, nil
		}
		seen := q.word(events).Load()
		q.unlock()
		if over(q.sys, deadline) {
			return false, nil
		}
		if err := wait(q.sys, q.word(events), q.word(events+1), seen, deadline); err != nil {
			return false, err
		}
	}
}

// Holds reports whether a message that begins like this is in the queue.
func (q Queue) Holds(prefix []byte) (bool, error) {
	if err := q.lock(); err != nil {
		return false, err
	}
	defer q.unlock()
	for at := q.head().Load(); at < q.tail().Load(); {
		length, err := q.length(at)
		if err != nil {
			return false, err
		}
		start := make([]byte, min(length, int64(len(prefix))))
		if err := q.sys.ReadShared(start, q.base()+at+lengthSize); err != nil {
			return false, err
		}
		if bytes.Equal(start, prefix) {
			return true, nil
		}
		at += lengthSize + length
	}
	return false, nil
}

// Len returns how many messages there are.
func (q Queue) Len() int { return int(q.word(6).Load()) }

// Full reports whether there is no room for another.
func (q Queue) Full() bool {
	most := q.word(7).Load()
	return most != 0 && q.word(6).Load() >= most
}

// Done says that a message that was taken has been dealt with. It reports
// whether there was one.
func (q Queue) Done() bool {
	left := q.word(8)
	for {
		n := left.Load()
		if n == 0 {
			return false
		}
		if left.CompareAndSwap(n, n-1) {
			if n == 1 {
				wake(q.sys, left, q.word(9), all)
			}
			return true
		}
	}
}

// Join waits until all messages ever put have been dealt with.
func (q Queue) Join() error {
	left := q.word(8)
	for n := left.Load(); n != 0; n = left.Load() {
		if err := wait(q.sys, left, q.word(9), n, Forever); err != nil {
			return err
		}
	}
	return nil
}
