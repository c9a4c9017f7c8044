package shm

import (
	"bytes"
	"time"

	"mpstar/host/kernel"
)

// A Queue is a stream of records, each the length of a message and the
// message, padded to 8 bytes. The stream runs through a chain of chunks: two small ones
// that are part of the queue, which take turns as long as little waits in
// it, and chunks of the heap. Producers and consumers have a lock each and meet only in
// the positions where the stream ends and begins.
//
//	cell 0, the consumers':
//	  word 0, 1  their lock
//	  word 2, 3  how many messages have been taken, ever; waiters for the next
//	  long 2     head: where the first message begins
//	cell 1, the producers', likewise:
//	  word 0, 1; 2, 3; long 2    lock; messages put; tail: where the last one ends
//	cell 2:
//	  word 0, 1  how many messages have been dealt with; waiters for all
//	  word 2     how many messages there may be; 0: any number
//	  word 4, 5  whether the small chunks are in use
//	then the small chunks
//
// A position is an offset in the memory, a multiple of 8, and in its lowest
// bits how many messages have gone by, modulo 8. So one store, of the tail,
// makes a message visible and counts it, and one store of the head takes it: the
// count in word 2 follows, and whoever reads it between the two
// stores, or after a kill between them, can tell (count).
//
// Nobody reads behind the tail, so a producer that is killed before its store leaves nothing but
// chunks that are not in the chain from head to tail, and a consumer that is killed after its own
// chunks that are no longer. Whoever takes over the lock of a dead
// process frees what is not in the chain.
type Queue struct {
	sys System
	id  ID
	mem []byte // all of the shared memory
	at  int    // where the queue begins in it
}

const (
	countBits  = 7 // of a position
	lengthSize = 8

	smallSize  = 160
	smallFrom  = 3 * cellSize
	smallCount = 2
	queueSize  = smallFrom + smallCount*smallSize
)

// NewQueue makes a queue for so many messages, or any number if most is 0.
func NewQueue(sys System, most uint32) (ID, error) {
	id, err := New(sys, queueSize)
	if err != nil {
		return 0, err
	}
	q := QueueOf(sys, id)
	q.most().store(most)
	q.small(0).store(1)
	start := uint64(q.at + smallFrom)
	q.head().store(start)
	q.tail().store(start)
	return id, nil
}

// QueueOf returns the queue that an object is.
func QueueOf(sys System, id ID) Queue {
	return Queue{sys, id, sys.Shared(), int(id) * cellSize}
}

func (q Queue) taken() *word          { return wordAt(q.mem, q.at+8) }
func (q Queue) takenWaiters() *word   { return wordAt(q.mem, q.at+12) }
func (q Queue) head() *long           { return longAt(q.mem, q.at+16) }
func (q Queue) put() *word            { return wordAt(q.mem, q.at+cellSize+8) }
func (q Queue) putWaiters() *word     { return wordAt(q.mem, q.at+cellSize+12) }
func (q Queue) tail() *long           { return longAt(q.mem, q.at+cellSize+16) }
func (q Queue) done() *word           { return wordAt(q.mem, q.at+2*cellSize) }
func (q Queue) doneWaiters() *word    { return wordAt(q.mem, q.at+2*cellSize+4) }
func (q Queue) most() *word           { return wordAt(q.mem, q.at+2*cellSize+8) }
func (q Queue) small(chunk int) *word { return wordAt(q.mem, q.at+2*cellSize+16+4*chunk) }

func (q Queue) consumers() Lock { return LockOf(q.sys, q.id) }
func (q Queue) producers() Lock { return LockOf(q.sys, q.id+1) }

// count returns how many messages have passed a position, which the word
// says but for one that has just passed.
func count(position *long, counted *word) uint32 {
	for {
		p, n := position.load(), counted.load()
		if behind := (uint32(p) - n) & countBits; behind <= 1 && position.load() == p {
			return n + behind
		}
	}
}

// offset is the place of a position.
func offset(position uint64) int { return int(position &^ countBits) }

// pass returns the position at a place, one message after the nth.
func pass(at int, n uint32) uint64 { return uint64(at) | uint64((n+1)&countBits) }

func (q Queue) isEmpty() bool { return offset(q.head().load()) == offset(q.tail().load()) }

// lock takes one of the two locks and repairs the queue if its holder has died.
func (q Queue) lock(l Lock) error {
	for {
		_, overtaken, err := l.acquire(Forever)
		if err != nil || !overtaken {
			return err
		}
		l.Release() // repair takes both, in one order
		if err := q.repair(); err != nil {
			return err
		}
	}
}

// repair frees what a dead process had taken and not used, or not yet freed,
// and wakes all, whom it may not have woken.
func (q Queue) repair() error {
	if _, _, err := q.producers().acquire(Forever); err != nil {
		return err
	}
	defer q.producers().Release()
	if _, _, err := q.consumers().acquire(Forever); err != nil {
		return err
	}
	defer q.consumers().Release()
	inUse := map[int]bool{} // chunks of the heap
	small := [smallCount]uint32{}
	end := q.end(offset(q.tail().load()))
	for at := q.end(offset(q.head().load())); ; at = q.end(q.next(at)) {
		if i, ok := q.isSmall(at); ok {
			small[i] = 1
		} else {
			inUse[heap{q.sys}.chunkOf(at)] = true
		}
		if at == end {
			break
		}
	}
	for i, used := range small {
		q.small(i).store(used)
	}
	if err := (heap{q.sys}).sweep(q.id, inUse); err != nil {
		return err
	}
	q.put().store(count(q.tail(), q.put()))
	q.taken().store(count(q.head(), q.taken()))
	wake(q.sys, q.put(), q.putWaiters(), all)
	wake(q.sys, q.taken(), q.takenWaiters(), all)
	q.putWaiters().store(0) // the dead may be counted; the living look again by themselves
	q.takenWaiters().store(0)
	return nil
}

// isSmall reports whether a place lies in one of the queue's own chunks, and in which.
func (q Queue) isSmall(at int) (chunk int, ok bool) {
	i := at - q.at - smallFrom
	return i / smallSize, i >= 0 && i < smallCount*smallSize
}

// end returns where the data of the chunk that a place lies in ends and its
// link stands. A place may be the end.
func (q Queue) end(at int) int {
	if i, ok := q.isSmall(at); ok {
		return q.at + smallFrom + (i+1)*smallSize - linkSize
	}
	h := heap{q.sys}
	return h.at(h.chunkOf(at)+1) - linkSize
}

// next returns where the chunk after the one that ends at a place begins.
func (q Queue) next(end int) int { return int(longAt(q.mem, end).load()) }

// Put adds a message, which consists of parts, waiting until the deadline for room. It reports whether it did.
func (q Queue) Put(deadline time.Duration, parts ...[]byte) (bool, error) {
	if ok, err := q.room(deadline); !ok || err != nil {
		return false, err
	}
	tail, n := offset(q.tail().load()), count(q.tail(), q.put())
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	if err := q.extend(tail, lengthSize+length); err != nil {
		q.producers().Release()
		return false, err
	}
	tail = q.write(tail, length, parts)
	q.tail().store(pass(tail, n)) // the message is there
	q.put().store(n + 1)
	q.producers().Release()
	wake(q.sys, q.put(), q.putWaiters(), 1)
	return true, nil
}

// room returns with the producers' lock held when there is room for a message;
// or without it once the deadline is past.
func (q Queue) room(deadline time.Duration) (bool, error) {
	most := q.most().load()
	for {
		if err := q.lock(q.producers()); err != nil {
			return false, err
		}
		if most == 0 {
			return true, nil
		}
		seen := q.taken().load()
		if q.Len() < int(most) {
			return true, nil
		}
		q.producers().Release()
		if over(q.sys, deadline) {
			return false, nil
		}
		if err := wait(q.sys, q.taken(), q.takenWaiters(), seen, deadline, kernel.ForRoom, q.id); err != nil {
			return false, err
		}
	}
}

// extend makes the chain long enough for n bytes more.
func (q Queue) extend(at, n int) error {
	end := q.end(at)
	n -= end - at
	if n <= 0 {
		return nil
	}
	link := longAt(q.mem, end)
	if n <= smallSize-linkSize {
		for i := range smallCount {
			if q.small(i).load() == 0 {
				link.store(uint64(q.at + smallFrom + i*smallSize))
				q.small(i).store(1)
				return nil
			}
		}
	}
	const room = chunkSize - linkSize
	return heap{q.sys}.take(q.id, link, (n+room-1)/room)
}

// write writes a record at a place and returns where it ends.
func (q Queue) write(at, length int, parts [][]byte) int {
	at, end := q.enter(at)
	longAt(q.mem, at).store(uint64(length))
	at += lengthSize
	for _, part := range parts {
		for len(part) > 0 {
			if at == end {
				at, end = q.enter(at)
			}
			n := move(q.mem[at:end], part)
			part, at = part[n:], at+n
		}
	}
	return (at + countBits) &^ countBits
}

// enter returns a place, or if it is the end of its chunk the beginning of the next, and where that ends.
func (q Queue) enter(at int) (from, end int) {
	end = q.end(at)
	if at == end {
		at = q.next(end)
		end = q.end(at)
	}
	return at, end
}

// Get takes the first message, waiting until the deadline for one. It returns
// nil if there was none. If claim is not nil it is called before the message
// is taken, to write down who is about to take it.
func (q Queue) Get(deadline time.Duration, claim func(message []byte)) ([]byte, error) {
	if ok, err := q.arrival(deadline); !ok || err != nil {
		return nil, err
	}
	head, n := offset(q.head().load()), count(q.head(), q.taken())
	message, next := q.read(head, -1)
	if claim != nil {
		claim(message)
	}
	q.head().store(pass(next, n)) // the message is taken
	q.taken().store(n + 1)
	err := q.free(head, next)
	q.consumers().Release()
	wake(q.sys, q.taken(), q.takenWaiters(), 1)
	return message, err
}

// arrival returns with the consumers' lock held when there is a message; or
// without it once the deadline is past.
func (q Queue) arrival(deadline time.Duration) (bool, error) {
	for {
		seen := q.put().load()
		if !q.isEmpty() {
			if err := q.lock(q.consumers()); err != nil {
				return false, err
			}
			if !q.isEmpty() {
				return true, nil
			}
			q.consumers().Release() // another one took it
			continue
		}
		if over(q.sys, deadline) {
			return false, nil
		}
		if err := wait(q.sys, q.put(), q.putWaiters(), seen, deadline, kernel.ForMessage, q.id); err != nil {
			return false, err
		}
	}
}

// read returns the message whose record is at a place, or its first so many bytes, and where the record ends.
func (q Queue) read(at, most int) (message []byte, next int) {
	at, end := q.enter(at)
	length := int(longAt(q.mem, at).load())
	at += lengthSize
	if most < 0 {
		most = length
	}
	message = make([]byte, 0, min(length, most))
	for left := length; left > 0; {
		if at == end {
			at, end = q.enter(at)
		}
		n := min(left, end-at)
		step()
		message = append(message, q.mem[at:at+min(n, most-len(message))]...)
		left, at = left-n, at+n
	}
	return message, (at + countBits) &^ countBits
}

// free gives back the chunks between two places of the chain, but for the last.
func (q Queue) free(from, to int) error {
	at, end := q.end(from), q.end(to)
	if at == end {
		return nil
	}
	var chunks []int
	for ; at != end; at = q.end(q.next(at)) {
		if i, ok := q.isSmall(at); ok {
			defer q.small(i).store(0)
		} else {
			chunks = append(chunks, heap{q.sys}.chunkOf(at))
		}
	}
	if chunks == nil {
		return nil
	}
	return heap{q.sys}.give(chunks)
}

// Holds reports whether a message that begins like this is in the queue.
func (q Queue) Holds(prefix []byte) (bool, error) {
	if err := q.lock(q.consumers()); err != nil {
		return false, err
	}
	defer q.consumers().Release()
	tail := offset(q.tail().load())
	for at := offset(q.head().load()); at != tail; {
		start, next := q.read(at, len(prefix))
		if bytes.Equal(start, prefix) {
			return true, nil
		}
		at = next
	}
	return false, nil
}

// Len returns how many messages there are.
func (q Queue) Len() int {
	taken := count(q.head(), q.taken())
	return int(count(q.tail(), q.put()) - taken)
}

// Full reports whether there is no room for another.
func (q Queue) Full() bool {
	most := q.most().load()
	return most != 0 && q.Len() >= int(most)
}

// Done says that a message that was taken has been dealt with. It reports
// whether there was one.
func (q Queue) Done() bool {
	for {
		n := q.done().load()
		put := count(q.tail(), q.put())
		if n == put {
			return false
		}
		if q.done().cas(n, n+1) {
			if n+1 == put {
				wake(q.sys, q.done(), q.doneWaiters(), all)
			}
			return true
		}
	}
}

// Join waits until all messages ever put have been dealt with.
func (q Queue) Join() error {
	for {
		n := q.done().load()
		if n == count(q.tail(), q.put()) {
			return nil
		}
		if err := wait(q.sys, q.done(), q.doneWaiters(), n, Forever, kernel.ForTasks, q.id); err != nil {
			return err
		}
	}
}
