package compile

import (
	"mpstar/host/syntax"
)

// This file compiles comprehensions. Those of lists, sets and dicts run in the
// frame around them: the value under construction, the iterators and the
// variables are temporaries, one on top of the other, as the clauses nest.
// Names are looked up in a scope of their own, so targets do not leak.

func (b *builder) compr(e *syntax.Comp, dst Reg) {
	if e.Kind == syntax.GenExpr {
		b.genExpr(e, dst)
		return
	}
	r := b.top
	b.need(e.Range, 1)
	b.emit(e.Range, newValue(e.Kind, r))
	b.alloc(e.Range, 1)
	it := b.iterate(e.Range, e.Clauses[0].X)
	if len(e.Clauses) == 1 && len(e.Clauses[0].Ifs) == 0 {
		b.emit(e.Range, Instr{Op: RESERVE, A: r, B: it})
	}

	outer := b.scope
	b.scope = b.scopes[e]
	b.comprVars(e)
	b.clauses(e, 0, it, func() { b.collectElement(e, r) })
	for _, y := range b.scope.order {
		if y.early {
			b.unset(e.Range, y.reg)
		}
	}
	b.scope = outer
	b.top = r + 1
	b.move(e.Range, dst, r)
}

// newValue makes an empty list, set or dict.
func newValue(kind syntax.CompKind, r Reg) Instr {
	switch kind {
	case syntax.SetComp:
		return Instr{Op: NEWSET, A: r}
	case syntax.DictComp:
		return Instr{Op: NEWDICT, A: r}
	}
	return Instr{Op: NEWLIST, A: r, B: r}
}

// collectElement adds an element to the value in R[r].
func (b *builder) collectElement(e *syntax.Comp, r Reg) {
	base := b.top
	if e.Kind == syntax.DictComp {
		b.dictEntry(e.Range, r, &syntax.Entry{Key: e.Elt, Value: e.Value})
		b.top = base
		return
	}
	op := APPEND
	if e.Kind == syntax.SetComp {
		op = SETADD
	}
	x := b.operand(e.Elt)
	b.emit(e.Range, Instr{Op: op, A: r, B: x, C: 1})
	b.top = base
}

// iterate pushes an iterator over x.
func (b *builder) iterate(at syntax.Range, x syntax.Expr) Reg {
	it := b.top
	b.need(at, 1)
	r := b.operand(x)
	if r == it {
		b.iterateCall(it)
	}
	b.emit(at, Instr{Op: ITER, A: it, B: r})
	b.top = it
	return b.alloc(at, 1)
}

// iterateCall tells the call that is emitted last, if it puts its value into R[r], that it is only iterated over.
func (b *builder) iterateCall(r Reg) {
	if n := len(b.code.Instrs); n > 0 {
		if last := &b.code.Instrs[n-1]; last.A == r && (last.Op == CALL || last.Op == CALLM) {
			last.X = 1
		}
	}
}

// comprVars prepares the variables of an inlined comprehension. One that a
// clause's target sets at once gets its register there; a cell or one that is
// part of an intricate target has it from the beginning.
func (b *builder) comprVars(e *syntax.Comp) {
	atOnce := b.atOnce(e)
	for _, y := range b.scope.order {
		if !y.bindsHere() {
			continue
		}
		if !y.early {
			y.reg = NoReg
			if atOnce[y] {
				continue
			}
			b.need(e.Range, 1)
			y.reg = b.top
		}
		if y.captured {
			b.emit(e.Range, Instr{Op: NEWCELL, A: y.reg})
		} else {
			b.unset(e.Range, y.reg)
		}
		if !y.early {
			b.alloc(e.Range, 1)
		}
	}
}

// atOnce returns the variables that a clause will give their registers.
func (b *builder) atOnce(e *syntax.Comp) map[*symbol]bool {
	set := make(map[*symbol]bool)
	bound := make(map[string]bool)
	for i := range e.Clauses {
		target := e.Clauses[i].Target
		if !bindsAny(target, bound) {
			for _, y := range b.freshVars(target) {
				set[y] = true
			}
		}
		addNames(target, bound)
	}
	return set
}

// bindsAny reports whether a target binds one of the names.
func bindsAny(target syntax.Expr, names map[string]bool) bool {
	of := make(map[string]bool)
	addNames(target, of)
	for name := range of {
		if names[name] {
			return true
		}
	}
	return false
}

// addNames adds the names that a target binds.
func addNames(target syntax.Expr, names map[string]bool) {
	switch t := target.(type) {
	case *syntax.Name:
		names[t.Name] = true
	case *syntax.Starred:
		addNames(t.X, names)
	case *syntax.Tuple:
		for _, e := range t.Elts {
			addNames(e, names)
		}
	case *syntax.List:
		for _, e := range t.Elts {
			addNames(e, names)
		}
	}
}

// freshVars returns the variables of a target that FORITER or UNPACK can put
// into new registers: those of a name or of a tuple of different names, if
// they are plain variables of the comprehension.
func (b *builder) freshVars(target syntax.Expr) []*symbol {
	elts := []syntax.Expr{target}
	switch t := target.(type) {
	case *syntax.Tuple:
		elts = t.Elts
	case *syntax.List:
		elts = t.Elts
	}
	vars := make([]*symbol, 0, len(elts))
	seen := make(map[*symbol]bool, len(elts))
	for _, e := range elts {
		n, ok := e.(*syntax.Name)
		if !ok {
			return nil
		}
		kind, y := b.lookup(n.Name)
		if kind != localVar || y.scope != b.scope || y.early || seen[y] {
			return nil
		}
		seen[y] = true
		vars = append(vars, y)
	}
	return vars
}

// clauses compiles the clauses of a comprehension from number i on, whose
// iterator is in R[it]; element compiles what is done for each element.
func (b *builder) clauses(e *syntax.Comp, i int, it Reg, element func()) {
	c := &e.Clauses[i]
	base := b.top
	head, exit := b.loopHead(), newLabel()
	if b.scope.kind != compScope || !b.bindFresh(e.Range, c.Target, it, exit) {
		b.forTarget(e.Range, c.Target, it, exit)
	}
	for _, test := range c.Ifs {
		b.cond(test, false, head)
	}
	if i+1 < len(e.Clauses) {
		b.clauses(e, i+1, b.iterate(e.Range, e.Clauses[i+1].X), element)
	} else {
		element()
	}
	b.jump(e.Range, head)
	b.bind(exit)
	b.top = base
}

// bindFresh emits a FORITER whose target is variables without a register yet,
// and leaves them on top. It reports false if the target is not of that kind.
func (b *builder) bindFresh(at syntax.Range, target syntax.Expr, it Reg, exit *label) bool {
	vars := b.freshVars(target)
	if len(vars) == 0 {
		return false
	}
	for _, y := range vars {
		if y.reg != NoReg {
			return false // an earlier clause has it
		}
	}
	b.need(at, len(vars))
	first := b.top
	b.branch(at, Instr{Op: FORITER, A: it, B: first}, exit)
	if _, ok := target.(*syntax.Name); !ok {
		b.alloc(at, 1)
		b.emit(target.Span(), Instr{Op: UNPACK, A: first, B: first, C: uint16(len(vars))})
		b.top = first
	}
	b.alloc(at, len(vars))
	for i, y := range vars {
		y.reg = first + Reg(i)
	}
	return true
}

// genExpr compiles a generator expression: a generator that is called with an
// iterator over the first iterable.
func (b *builder) genExpr(e *syntax.Comp, dst Reg) {
	base := b.top
	c := b.child(e, Generator)
	c.code.NumPos, c.code.NumPosOnly = 1, 1
	c.layout(e.Range)
	c.clauses(e, 0, 0, func() {
		top := c.top
		value := c.rk(e.Elt)
		c.need(e.Range, 1)
		c.emit(e.Range, Instr{Op: YIELD, A: top, C: value})
		c.top = top
	})
	c.returnNone(e.Range)

	b.need(e.Range, 1)
	b.closure(e.Range, base, c.finish())
	b.iterate(e.Range, e.Clauses[0].X)
	b.emit(e.Range, Instr{Op: CALL, A: base, B: 1})
	b.top = base + 1
	b.move(e.Range, dst, base)
}
