package shm

import "time"

// An RLock is a lock that its holder may take again: a Lock, and in word 2
// how often its holder has it, which the holder alone reads and writes. Whoever takes the lock over
// from a dead process begins with one, as with a free one.
type RLock struct{ lock Lock }

// RLockOf returns the recursive lock that an object is.
func RLockOf(sys System, id ID) RLock { return RLock{LockOf(sys, id)} }

func (r RLock) depth() *word { return wordAt(Bytes(r.lock.sys, r.lock.id, cellSize), 8) }

// Mine reports whether this process holds the lock.
func (r RLock) Mine() bool {
	state, _ := words(r.lock.sys, r.lock.id)
	return state.load() == uint32(r.lock.sys.Self())
}

// Depth returns how often this process holds the lock.
func (r RLock) Depth() int {
	if !r.Mine() {
		return 0
	}
	return int(r.depth().load())
}

// Acquire takes the lock once more, waiting until the deadline. It reports whether it has it.
func (r RLock) Acquire(deadline time.Duration) (bool, error) {
	if r.Mine() {
		r.depth().add(1)
		return true, nil
	}
	ok, err := r.lock.Acquire(deadline)
	if ok {
		r.depth().store(1)
	}
	return ok, err
}

// Release gives back the last time that this process took the lock. It
// reports whether it held it.
func (r RLock) Release() bool {
	if !r.Mine() {
		return false
	}
	if r.depth().add(^uint32(0)) == 0 {
		r.lock.Release()
	}
	return true
}
