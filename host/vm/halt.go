package vm

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

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

// Unstop makes the process fit to run again after a Halt.
func (p *Process) Unstop() {
	p.halted.Store(nil)
	p.Frames = p.Frames[:0]
	p.nested = nil
}

// Guard calls f, which runs the process, and makes a panic, which is a fault of
// ours and not of the script's, a SystemError that says where both were.
func (p *Process) Guard(f func() (Value, error)) (v Value, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			v, err = nil, p.internalError(fault)
		}
	}()
	return f()
}

func (p *Process) internalError(fault any) error {
	e := AsException(Raise(SystemError, "internal error of mpstar, please report it: %v (%s)", fault, faultPlace()), nil)
	for _, fr := range slices.Backward(p.Frames) {
		if code := fr.Fn.Proto.Code; !FromHost(code.Source) {
			e.Trace = append(e.Trace, TraceEntry{code, max(fr.PC-1, 0)})
		}
	}
	p.Unstop()
	return e
}

// faultPlace returns the file and line of the innermost function that panicked, the runtime's aside.
func faultPlace() string {
	calls := make([]uintptr, 64)
	frames := runtime.CallersFrames(calls[:runtime.Callers(1, calls)])
	panicked := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Sprintf("%s:%d", frame.File[strings.LastIndexByte(frame.File, '/')+1:], frame.Line)
		}
		panicked = panicked || inRuntime
		if !more {
			return "somewhere"
		}
	}
}

// Room is nil, or a MemoryError if n parts of so many bytes each are more than
// a single value may have: half of Limits.Memory.
func (p *Process) Room(n, size int) error {
	if limit := p.Limits.Memory / 2; limit > 0 && n > 0 && size > 0 && int64(n) > limit/int64(size) {
		return NewException(MemoryError)
	}
	return nil
}

// HeapIs tells the process how many bytes a collection found alive in the memory that it
// lives in. Too many make its next safe point raise MemoryError. It may be called from any goroutine.
func (p *Process) HeapIs(live int64) {
	p.heap.Store(live)
	p.Interrupt()
}

// outOfMemory reports whether so many living bytes are more than Limits.Memory, and still are after
// another collection, without what frames that have returned left on the stack. What handles a MemoryError
// may have a quarter of the limit more before the next one comes: half of it in all, or more if
// the collector noticed late.
func (p *Process) outOfMemory(live int64) bool {
	limit := p.Limits.Memory
	if live == 0 || limit <= 0 {
		return false
	}
	if live <= limit {
		p.grace = 0
		return false
	}
	if live <= limit+p.grace {
		return false
	}
	clear(p.Stack[p.window():])
	if live = p.Collect(); live <= limit+p.grace {
		return false
	}
	more := live - limit + limit/4
	if p.grace > 0 {
		more = max(p.grace, min(more, limit/2))
	}
	p.grace = more
	return true
}
