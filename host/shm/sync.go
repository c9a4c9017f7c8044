package shm

import (
	"time"

	"mpstar/host/kernel"
)

// A Lock is held by one process. Its state is the holder, or 0.
//
// Whoever frees a lock and takes it again at once would wake those that wait for it each
// time, in vain. So one that has been woken is on its way, until it
// looks, and nobody else is woken meanwhile: the waiters' highest bit says so.
type Lock struct {
	sys System
	id  ID
}

// LockOf returns the lock that an object is.
func LockOf(sys System, id ID) Lock { return Lock{sys, id} }

// Acquire takes the lock, waiting until the deadline. It reports whether it has it.
func (l Lock) Acquire(deadline time.Duration) (bool, error) {
	ok, _, err := l.acquire(deadline)
	return ok, err
}

// acquire also reports whether the lock was a dead process's.
func (l Lock) acquire(deadline time.Duration) (ok, overtaken bool, err error) {
	state, waiters := words(l.sys, l.id)
	self := uint32(l.sys.Self())
	for {
		if state.cas(0, self) {
			return true, false, nil
		}
		holder := state.load()
		if holder == 0 {
			continue
		}
		if holder != self && !l.sys.Alive(kernel.Holder(holder)) {
			if state.cas(holder, self) {
				waiters.store(0) // the dead may be counted; the living look again by themselves
				return true, true, nil
			}
			continue
		}
		if over(l.sys, deadline) {
			return false, false, nil
		}
		if err := l.wait(holder, deadline); err != nil {
			return false, false, err
		}
	}
}

// Release frees the lock, whoever holds it. It reports whether anybody did.
func (l Lock) Release() bool {
	state, waiters := words(l.sys, l.id)
	if state.swap(0) == 0 {
		return false
	}
	l.wake(state, waiters)
	return true
}

// onItsWay is set while a process that was woken has not yet looked.
const onItsWay = 1 << 31

// wait is the package's wait, and says at its end that nobody is on its way.
func (l Lock) wait(holder uint32, deadline time.Duration) error {
	state, waiters := words(l.sys, l.id)
	l.sys.SpinWord(&state.v, holder)
	if state.load() != holder {
		return nil
	}
	waiters.add(1)
	step()
	err := l.sys.WaitWord(&state.v, holder, deadline, kernel.Wait{For: kernel.ForLock, Object: uint32(l.id)})
	for {
		n := waiters.load()
		left := n &^ onItsWay
		if waiters.cas(n, max(left, 1)-1) { // it is 0 if the lock was overtaken
			return err
		}
	}
}

// wake wakes one that waits unless one is on its way.
func (l Lock) wake(state, waiters *word) {
	for {
		n := waiters.load()
		if n == 0 || n&onItsWay != 0 {
			return
		}
		if waiters.cas(n, n|onItsWay) {
			break
		}
	}
	step()
	if l.sys.WakeWord(&state.v, 1) > 0 {
		return
	}
	// Nobody slept: those who are about to look at the state once more.
	for n := waiters.load(); !waiters.cas(n, n&^onItsWay); n = waiters.load() {
	}
}

// Holder returns who holds the lock, or 0: nobody, or one who has died.
func (l Lock) Holder() kernel.Holder {
	state, _ := words(l.sys, l.id)
	h := kernel.Holder(state.load())
	if h != 0 && !l.sys.Alive(h) {
		return 0
	}
	return h
}

// A Semaphore counts what may still be taken.
type Semaphore struct {
	sys System
	id  ID
}

// SemaphoreOf returns the semaphore that an object is.
func SemaphoreOf(sys System, id ID) Semaphore { return Semaphore{sys, id} }

// Set sets the count of a new semaphore.
func (s Semaphore) Set(n uint32) {
	state, _ := words(s.sys, s.id)
	state.store(n)
}

// Acquire takes one, waiting until the deadline for there to be one.
func (s Semaphore) Acquire(deadline time.Duration) (bool, error) {
	state, waiters := words(s.sys, s.id)
	for {
		n := state.load()
		if n > 0 {
			if state.cas(n, n-1) {
				return true, nil
			}
			continue
		}
		if over(s.sys, deadline) {
			return false, nil
		}
		if err := wait(s.sys, state, waiters, 0, deadline, kernel.ForSemaphore, s.id); err != nil {
			return false, err
		}
	}
}

// Release gives one back, unless there are most already. It reports whether it did.
func (s Semaphore) Release(most uint32) bool {
	state, waiters := words(s.sys, s.id)
	for {
		n := state.load()
		if n >= most {
			return false
		}
		if state.cas(n, n+1) {
			wake(s.sys, state, waiters, 1)
			return true
		}
	}
}

// Value returns how many there are to be taken.
func (s Semaphore) Value() uint32 {
	state, _ := words(s.sys, s.id)
	return state.load()
}

// An Event is set or not.
type Event struct {
	sys System
	id  ID
}

// EventOf returns the event that an object is.
func EventOf(sys System, id ID) Event { return Event{sys, id} }

// Set sets the event and wakes all who wait for it.
func (e Event) Set() {
	state, waiters := words(e.sys, e.id)
	state.store(1)
	wake(e.sys, state, waiters, all)
}

// Clear unsets the event.
func (e Event) Clear() {
	state, _ := words(e.sys, e.id)
	state.store(0)
}

// IsSet reports whether the event is set.
func (e Event) IsSet() bool {
	state, _ := words(e.sys, e.id)
	return state.load() != 0
}

// Wait waits for the event until the deadline. It reports whether it was set.
func (e Event) Wait(deadline time.Duration) (bool, error) {
	state, waiters := words(e.sys, e.id)
	for state.load() == 0 {
		if over(e.sys, deadline) {
			return false, nil
		}
		if err := wait(e.sys, state, waiters, 0, deadline, kernel.ForEvent, e.id); err != nil {
			return false, err
		}
	}
	return true, nil
}
