package shm

import (
	"time"

	"mpstar/host/kernel"
)

// A Condition is a row of places for those who wait. Each has
//
//	word 0  who waits there, or 0
//	word 1  since when: the number of the wait
//	word 2  free, waiting or notified; and
//	word 3  waiters for that to change
//
// and before them stand the number of the next wait, the ID of a longer row
// that goes on where this one is full, or 0, and the length of this one.
// Rows are changed under the lock that the condition is used with, which is
// not of this package's concern; but a place goes from waiting to notified, and from notified to free,
// by one compare-and-swap.
//
// Who is dead is not notified, and its place is anybody's. If a process
// is killed when it has been notified and has not yet come back from waiting, another one
// that waits takes the notification over; it finds that out when it looks again by itself.
type Condition struct {
	sys System
	id  ID
}

const (
	free = iota
	waiting
	notified
)

const (
	placeSize     = 16
	shortRow      = 15
	conditionSize = (1 + shortRow) * placeSize
)

// NewCondition makes a condition.
func NewCondition(sys System) (ID, error) {
	id, err := New(sys, conditionSize)
	if err == nil {
		Condition{sys, id}.length(id).store(shortRow)
	}
	return id, err
}

// ConditionOf returns the condition that an object is.
func ConditionOf(sys System, id ID) Condition { return Condition{sys, id} }

func (c Condition) number() *word          { return wordAt(Bytes(c.sys, c.id, cellSize), 0) }
func (c Condition) longer(row ID) *word    { return wordAt(Bytes(c.sys, row, cellSize), 4) }
func (c Condition) length(row ID) *word    { return wordAt(Bytes(c.sys, row, cellSize), 8) }
func (p place) holder() kernel.Holder      { return kernel.Holder(p.word(0).load()) }
func (p place) state() (state, wait *word) { return p.word(2), p.word(3) }

// A place is the offset of a place in the memory.
type place struct {
	sys System
	at  int
}

func (p place) word(i int) *word { return wordAt(p.sys.Shared(), p.at+4*i) }

func (p place) is(state uint32) bool { return p.word(2).load() == state }

// all yields the places of all rows.
func (c Condition) all(yield func(p place) bool) {
	for row := c.id; row != 0; row = ID(c.longer(row).load()) {
		for i := range int(c.length(row).load()) {
			if !yield(place{c.sys, int(row)*cellSize + (1+i)*placeSize}) {
				return
			}
		}
	}
}

// waiters reports whether anybody waits.
func (c Condition) waiters() bool {
	for p := range c.all {
		if p.is(waiting) && c.sys.Alive(p.holder()) {
			return true
		}
	}
	return false
}

// Enter makes this process one that waits, from now on, with the lock still
// held. It returns its place.
func (c Condition) Enter() (int, error) {
	p, err := c.vacant()
	if err != nil {
		return 0, err
	}
	p.word(2).store(free)
	p.word(0).store(uint32(c.sys.Self()))
	p.word(1).store(c.number().add(1))
	p.word(3).store(0)
	p.word(2).store(waiting)
	return p.at, nil
}

// vacant returns a place where nobody waits: this process's own, which an
// exception kept it from leaving, one that is nobody's, a dead one's unless
// somebody is to inherit its notification, or one of a new row.
func (c Condition) vacant() (place, error) {
	for p := range c.all {
		if h := p.holder(); h == 0 || h == c.sys.Self() {
			return p, nil
		}
	}
	heirs := c.waiters()
	for p := range c.all {
		if !c.sys.Alive(p.holder()) && !(p.is(notified) && heirs) {
			return p, nil
		}
	}
	last := c.id
	for row := c.id; row != 0; row = ID(c.longer(row).load()) {
		last = row
	}
	n := 2 * c.length(last).load()
	row, err := New(c.sys, int(1+n)*placeSize)
	if err != nil {
		return place{}, err
	}
	c.length(row).store(n)
	c.longer(last).store(uint32(row))
	return place{c.sys, int(row)*cellSize + placeSize}, nil
}

// Sleep waits at a place until notified or the deadline. It is called without the lock.
func (c Condition) Sleep(at int, deadline time.Duration) error {
	p := place{c.sys, at}
	state, waiters := p.state()
	for state.load() == waiting {
		if over(c.sys, deadline) || c.inherit(p) {
			return nil
		}
		if err := wait(c.sys, state, waiters, waiting, deadline, kernel.ForCondition, c.id); err != nil {
			return err
		}
	}
	return nil
}

// inherit looks for a notification of a process that was killed, and takes it.
func (c Condition) inherit(p place) bool {
	for q := range c.all {
		if !q.is(notified) {
			continue
		}
		if h := q.holder(); h == 0 || c.sys.Alive(h) {
			continue
		}
		if state := q.word(2); state.cas(notified, free) {
			if !p.word(2).cas(waiting, notified) {
				state.store(notified) // it has been notified itself: for the next one
			}
			return true
		}
	}
	return false
}

// Leave gives the place up, with the lock held again. It reports whether
// the process was notified.
func (c Condition) Leave(at int) bool {
	p := place{c.sys, at}
	was := p.word(2).swap(free)
	p.word(0).store(0)
	return was == notified
}

// Notify wakes the first n who wait. It is called with the lock held.
func (c Condition) Notify(n int) {
	for ; n > 0; n-- {
		p, ok := c.first()
		for ok && !c.sys.Alive(p.holder()) {
			p.word(2).cas(waiting, free)
			p, ok = c.first()
		}
		if !ok {
			return
		}
		if state, waiters := p.state(); state.cas(waiting, notified) {
			wake(c.sys, state, waiters, 1)
		}
	}
}

// first returns the place of the one that has waited longest.
func (c Condition) first() (first place, ok bool) {
	for p := range c.all {
		if p.is(waiting) && (!ok || int32(p.word(1).load()-first.word(1).load()) < 0) {
			first, ok = p, true
		}
	}
	return first, ok
}

// Waiting returns how many wait.
func (c Condition) Waiting() int {
	n := 0
	for p := range c.all {
		if p.is(waiting) && c.sys.Alive(p.holder()) {
			n++
		}
	}
	return n
}
