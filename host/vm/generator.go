package vm

import (
	"go.starlark.net/starlark"
)

// resume goes on with a generator: its registers are put back on the stack and
// its frame pushed. sent becomes the value of the yield; throw is raised there
// instead. What it yields or returns goes the way of ret.
func (p *Process) resume(g *Generator, sent Value, throw *Exception, ret Action) error {
	switch g.State {
	case GenRunning:
		return Raise(ValueError, "generator already executing")
	case GenDone:
		if throw != nil {
			return &thrown{throw}
		}
		return p.endOfGenerator(starlark.None)
	case GenCreated:
		if sent != nil && sent != starlark.None {
			return Raise(TypeError, "can't send non-None value to a just-started generator")
		}
	}
	if len(p.Frames) >= p.Limits.Recursion {
		return Raise(RecursionError, "maximum recursion depth exceeded")
	}
	base := p.window()
	code := g.Fn.Proto.Code
	if base+code.NumRegs >= len(p.Stack) {
		p.reserve(base + code.NumRegs + 1)
	}
	regs := p.Stack[base : base+g.live()]
	saved := g.Regs[:len(regs)]
	for i := range regs { // in a loop of its own, for they are few: copy and clear are calls
		regs[i], saved[i] = saved[i], nil
	}
	fr := p.enter(g.Fn, base, ret)
	fr.PC, fr.Gen = g.PC, g
	if g.State == GenSuspended && throw == nil { // else a variable that the yield is assigned to keeps its value
		p.Stack[base+int(code.Instrs[g.PC-1].A)] = orNone(sent)
	}
	if g.Delegates && throw == nil {
		fr.PC--
	}
	g.State, g.Delegates = GenRunning, false
	if throw != nil {
		return &thrown{throw}
	}
	return nil
}

// suspend takes the top frame, a generator's that has just yielded, off the
// stack. Only registers that are live where it will go on are kept. delegates
// says that it waits in a YIELDFROM.
func (p *Process) suspend(delegates bool) {
	fr := &p.Frames[len(p.Frames)-1]
	g := fr.Gen
	g.PC, g.State, g.Delegates = fr.PC, GenSuspended, delegates
	regs := p.Stack[fr.Base : fr.Base+g.live()]
	saved := g.Regs[:len(regs)]
	for i, v := range regs {
		saved[i] = v
	}
	code := g.Fn.Proto.Code
	if a := int(code.Instrs[g.PC-1].A); !delegates && a >= len(code.Locals) {
		g.Regs[a] = nil // what is sent goes there
	}
	p.Frames = p.Frames[:len(p.Frames)-1]
}

// live returns how many registers a generator needs where it goes on. Those
// from there on are unset in Regs.
func (g *Generator) live() int {
	code := g.Fn.Proto.Code
	n := int(code.Depth[g.PC])
	if g.Delegates {
		n = max(n, int(code.Depth[g.PC-1]))
	}
	return n
}

// finish marks a generator whose frame is gone as exhausted.
func (g *Generator) finish() {
	g.State = GenDone
	g.Regs = nil
}

// endOfGenerator is the StopIteration of a generator that returned v.
func (p *Process) endOfGenerator(v Value) error {
	if v == starlark.None {
		return NewException(StopIteration)
	}
	return NewException(StopIteration, v)
}

// generatorMethods are the methods of generators.
var generatorMethods = []*Native{
	{Name: "generator.send", Sig: "(value)", Doc: "Resume the generator; value is the result of the yield it waits at.", Method: true, Fn: generatorSend},
	{Name: "generator.__next__", Sig: "()", Doc: "Resume the generator and return what it yields next.", Method: true, Fn: generatorNext},
	{Name: "generator.__iter__", Sig: "()", Doc: "Return the generator itself.", Method: true, Fn: generatorIter},
	{Name: "generator.throw", Sig: "(type, value=None, traceback=None)", Doc: "Raise an exception at the yield that the generator waits at.", Method: true, Slow: "_generator_throw", Fn: needScript},
	{Name: "generator.close", Sig: "()", Doc: "Raise GeneratorExit at the yield that the generator waits at, so that it ends.", Method: true, Slow: "_generator_close", Fn: needScript},
}

// needScript is the Fn of natives that are wholly written in the prelude.
func needScript(*Process, []Value, []starlark.Tuple) (Value, error) { return nil, NeedScript }

func generatorSend(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 2 || len(kwargs) > 0 {
		return nil, Raise(TypeError, "generator.send() takes exactly one argument (%d given)", len(args)-1+len(kwargs))
	}
	return p.Resume(args[0].(*Generator), args[1], nil)
}

func generatorNext(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return p.Resume(args[0].(*Generator), starlark.None, nil)
}

func generatorIter(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return args[0], nil
}

// generatorThrow is the prelude's _throw(generator, exception).
func generatorThrow(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	g, e := args[0].(*Generator), args[1].(*Exception)
	if g.State == GenCreated {
		g.finish()
		return nil, &thrown{e}
	}
	return p.Resume(g, nil, e)
}

// generatorDelegate is the prelude's _delegate(generator): the iterator that
// it waits for in a yield from, or None.
func generatorDelegate(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	g := args[0].(*Generator)
	if !g.Delegates {
		return starlark.None, nil
	}
	return g.Regs[g.Fn.Proto.Code.Instrs[g.PC-1].B], nil
}

// generatorUndelegate is the prelude's _undelegate(generator, value): resume
// behind the yield from, whose value is given.
func generatorUndelegate(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	g := args[0].(*Generator)
	g.Delegates = false
	return p.Resume(g, args[1], nil)
}

// generatorFresh is the prelude's _fresh(generator): close a generator that
// has nothing to clean up, for it has not begun or is over. It reports whether that was so.
func generatorFresh(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	g := args[0].(*Generator)
	if g.State == GenCreated {
		g.finish()
	}
	return starlark.Bool(g.State == GenDone), nil
}
