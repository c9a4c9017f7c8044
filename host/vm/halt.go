package vm

// What may stop a script from outside, and what it may hold.

// A Halt is an error that no handler of the script sees: the run ends with it,
// its frames left as they were.
type Halt struct{ Err error }

func (h *Halt) Error() string { return h.Err.Error() }

// Unwrap returns why the run was ended.
func (h *Halt) Unwrap() error { return h.Err }

// Stop makes the run, and all later ones, end with a Halt at the next safe
// point. It may be called from any goroutine. A call of the kernel's that blocks is
// not a safe point: Kernel.Interrupt ends it.
func (p *Process) Stop(err error) {
	p.halted.CompareAndSwap(nil, &Halt{err})
	p.Interrupt()
}

// Room is nil, or a MemoryError if n parts of so many bytes each are more than
// a single value may have: half of Limits.Memory.
func (p *Process) Room(n, size int) error {
	if limit := p.Limits.Memory / 2; limit > 0 && n > 0 && size > 0 && int64(n) > limit/int64(size) {
		return NewException(MemoryError)
	}
	return nil
}

// HeapIs tells the process how many bytes are alive in the memory that it
// lives in. Above Limits.Memory its next safe point raises MemoryError. It may be
// called from any goroutine.
func (p *Process) HeapIs(live int64) {
	p.heap.Store(live)
	p.Interrupt()
}
