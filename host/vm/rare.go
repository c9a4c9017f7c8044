package vm

import (
	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// rare does an instruction of those that the loop does not do itself: what is done once in a while need not be fast.
// The loop would be slower with them in it: in a function beyond a certain size the compiler
// inlines next to nothing (inlineBigFunctionNodes in cmd/compile/internal/inline). TestLoopIsInlined holds it to that.
// The frame knows its PC; what comes next is for the top frame to say, be it this or another.
func (p *Process) rare(fr *Frame, in *compile.Instr, regs []Value) error {
	code := fr.Fn.Proto.Code
	switch in.Op {
	case compile.DELGLOBAL:
		m, slot := fr.Fn.Proto.Module, in.Bx()
		if slot >= len(m.Slots) || m.Slots[slot] == nil {
			return undefined(m.Globals.Names[slot], "")
		}
		m.Slots[slot] = nil

	case compile.DELCELL:
		c := regs[in.A].(*Cell)
		if c.V == nil && in.B != 1 {
			return unboundLocal(code, in.A)
		}
		c.V = nil

	case compile.DELFREE:
		c := fr.Fn.Free[in.A]
		if c.V == nil && in.B != 1 {
			return unboundFree(code, in.A)
		}
		c.V = nil

	case compile.DELINDEX:
		x, key := regs[in.A], operand(regs, code.Consts, in.C)
		if err := p.DelIndex(x, key); err != nil {
			return p.slow(err, "_delitem", RetFinish, x, key)
		}

	case compile.DELATTR:
		name := code.Names[in.B]
		if err := p.DelAttr(regs[in.A], name); err != nil {
			return p.slow(err, "_delattr", RetFinish, regs[in.A], starlark.String(name))
		}

	case compile.RAISE:
		_, err := p.raise(*in, regs)
		return err

	case compile.RERAISE:
		return &reraise{regs[in.A].(*Exception)}

	case compile.ASSERTFAIL:
		if in.X == 1 {
			return NewException(AssertionError, regs[in.A])
		}
		return NewException(AssertionError)

	case compile.WITH:
		return p.with(fr, *in, regs)

	case compile.EXCINFO:
		e := regs[in.B].(*Exception)
		regs[in.A], regs[in.A+1], regs[in.A+2] = e.Shape.Class, e, e.Traceback()

	case compile.BUILDCLASS:
		return p.buildClass(fr, *in, regs)

	case compile.ENDCLASS:
		return p.leave(collectNamespace(code, in.A, regs))

	case compile.GETNAME:
		v, err := p.getName(fr, *in, regs)
		if err == nil {
			regs[in.A] = v
		}
		return err

	case compile.SETNAME:
		return p.setName(fr, *in, regs)

	case compile.DELNAME:
		return p.delName(fr, *in, regs)

	case compile.IMPORTSTAR:
		return p.importStar(fr, *in, regs)

	case compile.PRINTEXPR:
		if regs[in.A] == starlark.None {
			return nil
		}
		_, err := p.callNamed("_displayhook", RetFinish, regs[in.A])
		return err

	default:
		panic("vm: unknown opcode " + compile.Ops[in.Op].Name)
	}
	return nil
}
