package shm

import (
	"errors"
	"time"

	"mpstar/host/kernel"
)

// A Barrier is passed by so many processes together. Its cell is a lock, and
//
//	word 2, 3  filling, draining, resetting or broken; waiters for that to change
//	word 4     how many pass together
//
// and behind the cell a word for each of those: the process that has arrived and not left, or 0.
// The number of those who wait is counted from there, so a process that was killed is not only
// missed but found: if it dies before the last one arrives the barrier breaks, if it
// dies on its way out it has left.
type Barrier struct {
	sys System
	id  ID
}

// The states of a barrier, as in Lib/threading.py.
const (
	filling = iota
	draining
	resetting
	broken
)

// ErrBroken is returned to those who wait at a barrier that breaks.
var ErrBroken = errors.New("shm: broken barrier")

// NewBarrier makes a barrier for so many parties.
func NewBarrier(sys System, parties int) (ID, error) {
	if parties < 1 || parties > maxParties {
		return 0, ErrFull
	}
	id, err := New(sys, cellSize+4*parties)
	if err == nil {
		BarrierOf(sys, id).parties().store(uint32(parties))
	}
	return id, err
}

const maxParties = 1 << 24

// BarrierOf returns the barrier that an object is.
func BarrierOf(sys System, id ID) Barrier { return Barrier{sys, id} }

func (b Barrier) state() (state, waiters *word) {
	mem := Bytes(b.sys, b.id, cellSize)
	return wordAt(mem, 8), wordAt(mem, 12)
}
func (b Barrier) parties() *word { return wordAt(Bytes(b.sys, b.id, cellSize), 16) }

func (b Barrier) party(i int) *word {
	return wordAt(b.sys.Shared(), int(b.id)*cellSize+cellSize+4*i)
}

// lock takes the lock. What a dead holder leaves is never half done.
func (b Barrier) lock() error {
	_, err := LockOf(b.sys, b.id).Acquire(Forever)
	return err
}

// insist takes the lock for what must be done although a signal has come.
func (b Barrier) insist() {
	for errors.Is(b.lock(), kernel.ErrInterrupted) {
	}
}

func (b Barrier) unlock() { LockOf(b.sys, b.id).Release() }

// set changes the state, with the lock held.
func (b Barrier) set(to uint32) {
	state, waiters := b.state()
	state.store(to)
	wake(b.sys, state, waiters, all)
}

// A party is one that has arrived and not left. present counts them.
func (b Barrier) present() int {
	n := 0
	for i := range int(b.parties().load()) {
		if b.party(i).load() != 0 {
			n++
		}
	}
	return n
}

// dead reports whether one of n parties, from a number on, has died.
func (b Barrier) dead(from, n int) bool {
	parties := int(b.parties().load())
	for i := range min(n, parties) {
		if h := kernel.Holder(b.party((from + i) % parties).load()); h != 0 && !b.sys.Alive(h) {
			return true
		}
	}
	return false
}

// clear removes the dead. It reports whether nobody is left.
func (b Barrier) clear() bool {
	living := 0
	for i := range int(b.parties().load()) {
		switch h := kernel.Holder(b.party(i).load()); {
		case h == 0:
		case b.sys.Alive(h):
			living++
		default:
			b.party(i).store(0)
		}
	}
	return living == 0
}

// settle brings the state, with the lock held, to what deaths and departures have made of it, and returns it.
func (b Barrier) settle() uint32 {
	state, _ := b.state()
	switch s := state.load(); {
	case s == filling && b.dead(0, maxParties):
		b.set(broken)
	case (s == draining || s == resetting) && b.clear():
		b.set(filling)
	}
	return state.load()
}

// Arrive makes this process one of those who wait, once those before have all left.
// It returns how many were there; the last one to arrive, whose number is one less than the
// parties, is to call Release, the others Await, and all Leave.
func (b Barrier) Arrive() (int, error) {
	for {
		if err := b.lock(); err != nil {
			return 0, err
		}
		s := b.settle()
		if s == filling {
			index := b.present()
			b.enter()
			b.unlock()
			return index, nil
		}
		b.unlock()
		if s == broken {
			return 0, ErrBroken
		}
		state, waiters := b.state()
		if err := wait(b.sys, state, waiters, s, Forever, kernel.ForBarrier, b.id); err != nil {
			return 0, err
		}
	}
}

func (b Barrier) enter() {
	for i := range int(b.parties().load()) {
		if b.party(i).cas(0, uint32(b.sys.Self())) {
			return
		}
	}
}

// Release lets all who wait pass.
func (b Barrier) Release() error {
	b.insist()
	defer b.unlock()
	if b.settle() != filling {
		return ErrBroken
	}
	b.set(draining)
	return nil
}

// lookAt is how many parties a process looks at each time that its wait ends by itself.
const lookAt = 16

// Await waits until the last one has come. At the deadline, or when one of those that wait
// has died, the barrier breaks.
func (b Barrier) Await(deadline time.Duration) error {
	state, waiters := b.state()
	for from := 0; state.load() == filling; from += lookAt {
		if over(b.sys, deadline) || b.dead(from, lookAt) {
			b.giveUp()
			break
		}
		if err := wait(b.sys, state, waiters, filling, deadline, kernel.ForBarrier, b.id); err != nil {
			return err
		}
	}
	if s := state.load(); s == broken || s == resetting {
		return ErrBroken
	}
	return nil
}

// giveUp breaks the barrier unless the last one has come meanwhile.
func (b Barrier) giveUp() {
	b.insist()
	defer b.unlock()
	if state, _ := b.state(); state.load() == filling {
		b.set(broken)
	}
}

// Leave says that this process does not wait any more.
func (b Barrier) Leave() {
	b.insist()
	defer b.unlock()
	for i := range int(b.parties().load()) {
		if b.party(i).cas(uint32(b.sys.Self()), 0) {
			break
		}
	}
	b.settle()
}

// Break makes all who wait, and all who come until a Reset, fail.
func (b Barrier) Break() {
	b.insist()
	defer b.unlock()
	b.set(broken)
}

// Reset makes those who wait fail, and the barrier as good as new.
func (b Barrier) Reset() {
	b.insist()
	defer b.unlock()
	state, _ := b.state()
	switch {
	case b.clear():
		b.set(filling)
	case state.load() == filling || state.load() == broken:
		b.set(resetting)
	}
}

// Waiting returns how many wait for the last one.
func (b Barrier) Waiting() int {
	b.insist()
	defer b.unlock()
	if b.settle() != filling {
		return 0
	}
	return b.present()
}

// Broken reports whether the barrier is broken.
func (b Barrier) Broken() bool {
	b.insist()
	defer b.unlock()
	return b.settle() == broken
}
