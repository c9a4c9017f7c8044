package vm

import (
	"errors"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// unwind finds the handler for an exception raised by the instruction under way in the top frame,
// popping frames that have none, and makes the frame that has one go on there.
// It returns the exception as an error if the run has none. here says whether
// the traceback starts with the top frame's instruction; a re-raised exception
// has its entry already.
func (p *Process) unwind(err error, here bool) error {
	e, ok := err.(*Exception)
	chained := ok
	if !ok {
		var (
			halt        *Halt
			left        *exit
			again       *reraise
			inGenerator *thrown
		)
		switch {
		case errors.As(err, &halt):
			return halt
		case errors.As(err, &left):
			return left.err
		case errors.As(err, &again):
			e, here = again.e, false
		case errors.As(err, &inGenerator):
			e = inGenerator.e
			chain(e, p.handledIn(&p.Frames[len(p.Frames)-1]))
		default:
			e, chained = AsException(err, SystemError), true
		}
	}
	if here && chained {
		chain(e, p.Handling())
	}
	for {
		fr := &p.Frames[len(p.Frames)-1]
		code := fr.Fn.Proto.Code
		if here && !FromHost(code.Source) {
			if e.Trace == nil {
				e.Trace = make([]TraceEntry, 0, 4) // few calls go through one only
			}
			e.Trace = append(e.Trace, TraceEntry{code, fr.PC - 1})
		}
		here = true
		if h := handlerAt(code, fr.PC-1); h != nil {
			p.Stack[fr.Base+int(h.Reg)] = e
			fr.PC = int(h.Target)
			return nil
		}
		popped := *fr
		p.Frames = p.Frames[:len(p.Frames)-1]
		if popped.Gen != nil {
			popped.Gen.finish()
			if e.Shape.Class.IsSubclass(StopIteration) {
				e = stopInGenerator(e)
			}
		}
		if code.Kind == compile.ModuleBody {
			p.forget(popped.Fn.Proto.Module)
		}
		if popped.Ret == RetExit || len(p.Frames) == 0 {
			return e
		}
		if popped.Gen == nil && popped.Ret == RetFinish && e.Shape.Class.IsSubclass(StopIteration) && p.exhausted(e.arg(0)) {
			return nil
		}
	}
}

// stopInGenerator is the RuntimeError that a StopIteration becomes when it
// leaves a generator (PEP 479).
func stopInGenerator(e *Exception) *Exception {
	r := NewException(RuntimeError, starlark.String("generator raised StopIteration"))
	r.Cause, r.Context, r.Suppress = e, e, true
	return r
}

func handlerAt(code *compile.Code, pc int) *compile.Handler {
	for i := range code.Handlers {
		if h := &code.Handlers[i]; int(h.Start) <= pc && pc < int(h.End) {
			return h
		}
	}
	return nil
}

// Handling returns the exception being handled, or nil: sys.exc_info()[1].
func (p *Process) Handling() *Exception {
	for i := len(p.Frames) - 1; i >= 0; i-- {
		if e := p.handledIn(&p.Frames[i]); e != nil {
			return e
		}
	}
	return nil
}

// handledIn returns the exception that a frame is handling, or nil.
func (p *Process) handledIn(fr *Frame) *Exception {
	for _, x := range fr.Fn.Proto.Code.Excepts {
		if pc := fr.PC - 1; pc < int(x.Start) || pc >= int(x.End) {
			continue
		}
		if x.Finally && !Is(p.Stack[fr.Base+int(x.Reg)-1], starlark.MakeInt(1)) {
			continue
		}
		if e, ok := p.Stack[fr.Base+int(x.Reg)].(*Exception); ok {
			return e
		}
	}
	return nil
}

// chain sets the __context__ of a new exception to the one being handled, if there is one,
// without making a cycle (_PyErr_SetObject in Python/errors.c).
func chain(e, handled *Exception) {
	if handled == nil || handled == e {
		return
	}
	for link := handled; ; {
		next, ok := link.Context.(*Exception)
		if !ok {
			break
		}
		if next == e {
			link.Context = nil
			break
		}
		if link = next; link == handled {
			break
		}
	}
	e.Context = handled
}
