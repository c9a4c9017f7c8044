package vm

import (
	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Operators of instances. The prelude knows all the rules; in the usual case, where the left operand's
// class has the method and the right operand is no instance, or one of the same class, there is one thing to do first,
// whatever comes after: call that method. The instruction stays unfinished meanwhile, its operands in their registers.
// [by the prelude alone: x + y of two instances 6 times as slow]

// methodNames holds the methods that operators call on their left operand: __add__.
var methodNames = func() (names [compile.NumOpcodes]string) {
	for op, row := range operators {
		if row.slow != "" {
			names[op] = "__" + row.slow[1:] + "__"
		}
	}
	return names
}()

// swapped holds the methods by which the right operand of a comparison answers.
var swapped = map[compile.Opcode]string{
	compile.EQ: "__eq__", compile.LT: "__gt__", compile.LE: "__ge__", compile.GT: "__lt__", compile.GE: "__le__",
}

// direct starts the method of the left operand in the usual case, and reports whether it did.
func (p *Process) direct(op compile.Opcode, x, y Value) (started bool, err error) {
	o, ok := x.(*Instance)
	if !ok {
		return false, nil
	}
	class := o.Shape.Class
	f, ok := class.Find(methodNames[op]).(*Function)
	if !ok {
		return false, nil
	}
	if other := object(y); other != nil && other.Shape.Class != class {
		return false, nil
	}
	if f.Proto.plainArity() != 2 {
		return true, p.start(f, []Value{x, y}, RetFinish)
	}
	base := p.window()
	p.reserve(base + 2)
	p.Stack[base], p.Stack[base+1] = x, y
	return true, p.push(f, base, RetFinish)
}

// slowBinary goes on with an arithmetic instruction after NeedScript.
func (p *Process) slowBinary(err error, in compile.Instr, x, y Value) error {
	name := operators[in.Op].slow
	if in.X == 1 {
		name = operators[in.Op].inPlace
	}
	if err == NeedScript && (in.X == 0 || !overrides(x, "__"+name[1:]+"__")) {
		if started, err := p.direct(in.Op, x, y); started {
			return err
		}
	}
	return p.slow(err, name, RetStore, x, y)
}

// slowCompare goes on with a comparison after NeedScript.
func (p *Process) slowCompare(err error, op compile.Opcode, x, y Value) error {
	if err == NeedScript && swapped[op] != "" {
		if started, err := p.direct(op, x, y); started {
			return err
		}
	}
	return p.slow(err, operators[op].slow, RetStore, x, y)
}

// finishBinary completes an arithmetic instruction whose left operand's method returned v.
// The right operand has no other method to ask.
func (p *Process) finishBinary(in compile.Instr, regs []Value, consts []Value, v Value) error {
	if v == NotImplemented {
		return unsupported(operators[in.Op].sign, regs[in.B], operand(regs, consts, in.C))
	}
	regs[in.A] = v
	return nil
}

// notCompared goes on with a comparison op whose left operand's method returned NotImplemented.
func (p *Process) notCompared(op compile.Opcode, x, y Value) error {
	return p.slow(NeedScript, "_reflected", RetFinish, x, y, starlark.String(swapped[op]), starlark.String(operators[op].sign))
}
