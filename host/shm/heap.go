package shm

import (
	"errors"

	"mpstar/host/kernel"
)

// The heap is what the memory has besides objects: chunks of chunkSize bytes,
// which queues keep their messages in. A table has a word for each chunk: the
// object that owns it, or that it is free. Cell 1 is the heap's:
//
//	word 0, 1  its lock, under which the table is changed
//	word 2     no chunk before this one is free
//	word 3     how many chunks were ever used; those behind have no memory
//	word 4     how many free chunks have memory
//
// A chunk belongs to its new owner by the store of the table's word, the last;
// so it does no longer by the store of a free one. The words of cell 1 are
// counted anew by whoever takes the lock over from a dead process. A chunk that a killed
// process has got and not yet made use of still names its owner, who finds it by that (sweep).
type heap struct{ sys System }

const (
	heapCell  = 1
	chunkSize = 32 << 10
	linkSize  = 8 // at the end of each chunk: where the next one of its chain begins

	freeEmpty = 0 // in the table: free, and has no memory
	freeReady = 1 // in the table: free, and still has its memory

	// maxReady is how many free chunks keep their memory. To get memory from
	// the system and map it takes twenty times as long as to write to it.
	maxReady = (32 << 20) / chunkSize
)

// ErrHeap is returned when messages fill all of the shared memory.
var ErrHeap = errors.New("shm: no room for a message")

// objectsEnd is how much of the memory is for objects; the table follows, then the chunks.
func (h heap) objectsEnd() int { return len(h.sys.Shared()) / 4 &^ (reserveSize - 1) }

func (h heap) chunks() int { return (len(h.sys.Shared())*3/4 - reserveSize) / (chunkSize + 4) }

func (h heap) start() int {
	return (h.objectsEnd() + 4*h.chunks() + reserveSize - 1) &^ (reserveSize - 1)
}

func (h heap) owner(c int) *word { return wordAt(h.sys.Shared(), h.objectsEnd()+4*c) }
func (h heap) word(i int) *word  { return wordAt(h.sys.Shared(), heapCell*cellSize+4*i) }

// at returns where a chunk begins, chunkOf which chunk an offset lies in.
func (h heap) at(c int) int           { return h.start() + c*chunkSize }
func (h heap) chunkOf(offset int) int { return (offset - h.start()) / chunkSize }

func (h heap) lock() error {
	_, overtaken, err := LockOf(h.sys, heapCell).acquire(Forever)
	if overtaken {
		h.recount()
	}
	return err
}

func (h heap) unlock() { LockOf(h.sys, heapCell).Release() }

func (h heap) recount() {
	ready := uint32(0)
	for c := range int(h.word(3).load()) {
		if h.owner(c).load() == freeReady {
			ready++
		}
	}
	h.word(2).store(0)
	h.word(4).store(ready)
}

// take gives an object a chain of n chunks that begins at link. If it cannot it gives none.
func (h heap) take(owner ID, link *long, n int) error {
	if err := h.lock(); err != nil {
		return err
	}
	defer h.unlock()
	var taken []int
	for range n {
		c, err := h.takeOne(owner, link)
		if err != nil {
			for _, c := range taken {
				h.giveOne(c)
			}
			return err
		}
		taken = append(taken, c)
		link = longAt(h.sys.Shared(), h.at(c)+chunkSize-linkSize)
	}
	return nil
}

// takeOne is called with the lock held.
func (h heap) takeOne(owner ID, link *long) (int, error) {
	c, used := int(h.word(2).load()), int(h.word(3).load())
	for c < used && h.owner(c).load() > freeReady {
		c++
	}
	if c >= h.chunks() {
		return 0, ErrHeap
	}
	if c >= used {
		if err := h.sys.ReserveShared(h.objectsEnd()+4*c, 4); err != nil {
			return 0, err
		}
		h.word(3).store(uint32(c + 1))
	}
	switch h.owner(c).load() {
	case freeEmpty:
		if err := h.sys.ReserveShared(h.at(c), chunkSize); err != nil {
			return 0, err
		}
	case freeReady:
		h.word(4).add(^uint32(0))
	}
	link.store(uint64(h.at(c)))
	h.owner(c).store(uint32(owner))
	h.word(2).store(uint32(c + 1))
	return c, nil
}

// give frees chunks. What they were taken for has happened, so a signal must not keep it from doing so.
func (h heap) give(chunks []int) error {
	err := h.lock()
	for errors.Is(err, kernel.ErrInterrupted) {
		err = h.lock()
	}
	if err != nil {
		return err
	}
	for _, c := range chunks {
		h.giveOne(c)
	}
	h.unlock()
	return nil
}

// giveOne is called with the lock held.
func (h heap) giveOne(c int) {
	if h.word(4).load() < maxReady {
		h.word(4).add(1)
		h.owner(c).store(freeReady)
	} else {
		_ = h.sys.FreeShared(h.at(c), chunkSize) // what is not given back is used again
		h.owner(c).store(freeEmpty)
	}
	if uint32(c) < h.word(2).load() {
		h.word(2).store(uint32(c))
	}
}

// sweep frees the chunks of an object that are not in use.
func (h heap) sweep(owner ID, inUse map[int]bool) error {
	if err := h.lock(); err != nil {
		return err
	}
	defer h.unlock()
	for c := range int(h.word(3).load()) {
		if h.owner(c).load() == uint32(owner) && !inUse[c] {
			h.giveOne(c)
		}
	}
	return nil
}
