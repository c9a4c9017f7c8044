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
		b.emit(at, ABx(GETGLOBAL, dst, b.slot(b.scope.mangle(name))))
	}
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
	b.emit(at, ABx(GETGLOBAL, dst, b.slot(y.name)))
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
		b.emit(at, ABx(SETGLOBAL, src, b.slot(b.scope.mangle(name))))
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
		b.emit(at, ABx(DELGLOBAL, 0, b.slot(b.scope.mangle(name))))
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
		slot := b.slot(b.scope.mangle(name))
		none := b.pushConst(at, nil)
		b.emit(at, ABx(SETGLOBAL, none, slot))
		b.top = none
		b.emit(at, ABx(DELGLOBAL, 0, slot))
	}
}

func (b *builder) unset(at syntax.Range, r Reg) {
	b.emit(at, Instr{Op: UNSET, A: r})
	if !b.isTemp(r) {
		b.known.delete(r)
	}
}
