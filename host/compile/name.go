package compile

import "mpstar/host/syntax"

// This file reads, writes and deletes variables.

// A varKind tells where a variable is found.
type varKind uint8

const (
	globalVar varKind = iota
	localVar          // in a register
	classVar          // in a register of a class body; a global of that name stands in for it while it is unset
	cellVar           // in a cell, in a register
	freeVar           // in a free cell
)

// lookup finds what a name means in the current scope.
func (b *builder) lookup(name string) (varKind, *symbol) {
	y := b.scope.syms[b.scope.mangle(name)].to
	switch {
	case y == nil:
		return globalVar, nil
	case y.scope.frame != b.scope.frame:
		return freeVar, y
	case y.captured:
		return cellVar, y
	case y.scope.kind == classScope:
		return classVar, y
	}
	return localVar, y
}

// freeIndex returns the number of a variable of an outer frame among the free
// cells of this one, so that CLOSURE will capture it.
func (b *builder) freeIndex(at syntax.Range, y *symbol) uint16 {
	if i, ok := b.free[y]; ok {
		return i
	}
	capture := Capture{Name: y.name, Index: y.reg}
	if p := b.parent; y.scope.frame != p.scope.frame {
		capture.Outer, capture.Index = true, p.freeIndex(at, y)
	}
	i := len(b.code.Free)
	if i >= maxIndex {
		b.fail(at, "too many free variables in one function")
	}
	b.code.Free = append(b.code.Free, capture)
	b.free[y] = uint16(i)
	return uint16(i)
}

// readName emits R[dst] := the variable.
func (b *builder) readName(at syntax.Range, name string, dst Reg) {
	kind, y := b.lookup(name)
	switch kind {
	case localVar:
		b.check(at, y)
		b.move(at, dst, y.reg)
	case classVar:
		b.readClassVar(at, y, dst)
	case cellVar:
		b.emit(at, Instr{Op: GETCELL, A: dst, B: y.reg})
	case freeVar:
		b.emit(at, Instr{Op: GETFREE, A: dst, B: b.freeIndex(at, y)})
	case globalVar:
		b.readGlobal(at, b.scope.mangle(name), dst)
	}
}

// readGlobal, writeGlobal and deleteGlobal emit R[r] := the global, the reverse, and its del.
func (b *builder) readGlobal(at syntax.Range, name string, r Reg) {
	if in, ok := b.byName(at, GETNAME, name, r); ok {
		b.emit(at, in)
		return
	}
	b.emit(at, ABx(GETGLOBAL, r, b.slot(name)))
}

func (b *builder) writeGlobal(at syntax.Range, name string, r Reg) {
	if in, ok := b.byName(at, SETNAME, name, r); ok {
		b.emit(at, in)
		return
	}
	b.emit(at, ABx(SETGLOBAL, r, b.slot(name)))
}

func (b *builder) deleteGlobal(at syntax.Range, name string) {
	if in, ok := b.byName(at, DELNAME, name, 0); ok {
		b.emit(at, in)
		return
	}
	b.emit(at, ABx(DELGLOBAL, 0, b.slot(name)))
}

// byName returns the instruction for a global that is found by its name when the code runs, if this one is.
func (b *builder) byName(at syntax.Range, op Opcode, name string, r Reg) (in Instr, ok bool) {
	in = Instr{Op: op, A: r, B: b.localsReg()}
	if y := b.scope.syms[name]; y != nil && y.use.has(globalDecl) {
		in.B = NoReg
	}
	if !b.opts.Dict && in.B == NoReg {
		return in, false
	}
	slot := name // the image has to know which global it is
	if b.opts.Dict {
		in.X, slot = 1, GlobalsName
	}
	b.slot(slot)
	in.C = b.name(at, name)
	return in, true
}

// localsReg returns the register of the dict with the variables of top-level code, or NoReg.
func (b *builder) localsReg() Reg {
	if b.opts.Locals && b.parent == nil {
		return 0
	}
	return NoReg
}

// readClassVar reads a variable of a class body or, while it is unset, the
// global of that name.
func (b *builder) readClassVar(at syntax.Range, y *symbol, dst Reg) {
	if b.known.has(y.reg) {
		b.move(at, dst, y.reg)
		return
	}
	set, end := newLabel(), newLabel()
	b.reach(set)
	b.emit(at, Instr{Op: IFSET, A: y.reg})
	b.refer(set)
	b.readGlobal(at, y.name, dst)
	b.jumpKeeping(at, end, dst)
	b.bind(set)
	b.move(at, dst, y.reg)
	b.bind(end)
}

// check makes sure that a local is set.
func (b *builder) check(at syntax.Range, y *symbol) {
	if b.isTemp(y.reg) || b.known.has(y.reg) {
		return
	}
	b.emit(at, Instr{Op: CHECK, A: y.reg})
	b.known.add(y.reg)
}

// register returns the register in which a variable can be read where it is.
func (b *builder) register(at syntax.Range, name string) (Reg, bool) {
	kind, y := b.lookup(name)
	switch {
	case kind == localVar:
		b.check(at, y)
		return y.reg, true
	case kind == classVar && b.known.has(y.reg):
		return y.reg, true
	}
	return 0, false
}

// home returns the register that holds a variable itself, for values that can
// be computed right into it.
func (b *builder) home(e syntax.Expr) (Reg, bool) {
	n, ok := e.(*syntax.Name)
	if !ok {
		return 0, false
	}
	kind, y := b.lookup(n.Name)
	if kind != localVar && kind != classVar {
		return 0, false
	}
	return y.reg, true
}

// assigned notes that a local has been set.
func (b *builder) assigned(r Reg) {
	if !b.isTemp(r) {
		b.known.add(r)
	}
}

// writeName emits the assignment of R[src] to a variable.
func (b *builder) writeName(at syntax.Range, name string, src Reg) {
	kind, y := b.lookup(name)
	switch kind {
	case localVar, classVar:
		b.move(at, y.reg, src)
		b.assigned(y.reg)
	case cellVar:
		b.emit(at, Instr{Op: SETCELL, A: y.reg, B: src})
	case freeVar:
		b.emit(at, Instr{Op: SETFREE, A: b.freeIndex(at, y), B: src})
	case globalVar:
		b.writeGlobal(at, b.scope.mangle(name), src)
	}
}

// deleteName emits the del of a variable.
func (b *builder) deleteName(at syntax.Range, name string) {
	kind, y := b.lookup(name)
	switch kind {
	case localVar, classVar:
		b.check(at, y)
		b.unset(at, y.reg)
	case cellVar:
		b.emit(at, Instr{Op: DELCELL, A: y.reg})
	case freeVar:
		b.emit(at, Instr{Op: DELFREE, A: b.freeIndex(at, y)})
	case globalVar:
		b.deleteGlobal(at, b.scope.mangle(name))
	}
}

// dropName unbinds a variable that may be unbound already.
func (b *builder) dropName(at syntax.Range, name string) {
	kind, y := b.lookup(name)
	switch kind {
	case localVar, classVar:
		b.unset(at, y.reg)
	case cellVar:
		b.emit(at, Instr{Op: DELCELL, A: y.reg, B: 1})
	case freeVar:
		b.emit(at, Instr{Op: DELFREE, A: b.freeIndex(at, y), B: 1})
	case globalVar:
		name = b.scope.mangle(name)
		none := b.pushConst(at, nil)
		b.writeGlobal(at, name, none)
		b.top = none
		b.deleteGlobal(at, name)
	}
}

func (b *builder) unset(at syntax.Range, r Reg) {
	b.emit(at, Instr{Op: UNSET, A: r})
	if !b.isTemp(r) {
		b.known.delete(r)
	}
}
