package compile

import (
	"mpstar/host/syntax"
)

// This file compiles statements that do not branch; flow.go has the others.

func (b *builder) stmts(list []syntax.Stmt) {
	for _, s := range list {
		b.stmt(s)
	}
}

// stmt compiles a statement. It leaves no temporaries.
func (b *builder) stmt(s syntax.Stmt) {
	base := b.top
	switch s := s.(type) {
	case *syntax.ExprStmt:
		b.exprStmt(s)
	case *syntax.Assign:
		b.assign(s)
	case *syntax.AugAssign:
		b.augAssign(s)
	case *syntax.AnnAssign:
		b.annAssign(s)
	case *syntax.Return:
		b.returnStmt(s)
	case *syntax.Pass, *syntax.Global, *syntax.Nonlocal:
	case *syntax.Break:
		b.leaveLoop(s.Range, toBreak)
	case *syntax.Continue:
		b.leaveLoop(s.Range, toContinue)
	case *syntax.Del:
		b.deletes(s.Targets)
	case *syntax.Assert:
		b.assert(s)
	case *syntax.Raise:
		b.raise(s)
	case *syntax.Import:
		b.importStmt(s)
	case *syntax.ImportFrom:
		b.importFrom(s)
	case *syntax.Load:
		b.importNames(s.Range, Instr{Op: IMPORT, X: 2, C: b.name(s.Range, s.Module)}, s.Names)
	case *syntax.If:
		b.ifChain(s)
	case *syntax.While:
		b.while(s)
	case *syntax.For:
		b.forStmt(s)
	case *syntax.Try:
		b.try(s)
	case *syntax.With:
		b.with(s.Range, s.Items, s.Body)
	case *syntax.Match:
		b.match(s)
	case *syntax.FuncDef:
		b.funcDef(s)
	case *syntax.ClassDef:
		b.classDef(s)
	default:
		panic("compile: unknown statement")
	}
	b.top = base
}

func (b *builder) exprStmt(s *syntax.ExprStmt) {
	if b.opts.Interactive && b.scope.kind == moduleScope {
		r := b.operand(s.X)
		b.emit(s.Range, Instr{Op: PRINTEXPR, A: r})
		return
	}
	if _, ok := fold(s.X, 0); !ok {
		b.operand(s.X)
	}
}

// Assignment.

func (b *builder) assign(s *syntax.Assign) {
	if len(s.Targets) == 1 && (b.assignHome(s.Targets[0], s.Value) || b.assignParallel(s)) {
		return
	}
	var value uint16
	switch {
	case len(s.Targets) == 1:
		value = b.keptRK(s.Value, s.Targets...)
	case b.isVariable(s.Value): // which the first targets may assign to
		value = b.push(s.Value)
	default:
		value = b.rk(s.Value)
	}
	for _, t := range s.Targets {
		b.store(t, value, s.Value.Span())
	}
}

func (b *builder) isVariable(e syntax.Expr) bool {
	_, ok := b.home(e)
	return ok
}

// assignHome computes a value right into the register of a local.
func (b *builder) assignHome(target, value syntax.Expr) bool {
	r, ok := b.home(target)
	if !ok {
		return false
	}
	b.gen(value, r)
	b.assigned(r)
	return true
}

// assignParallel does a, b = x, y without making a tuple. It reports false if
// the statement is not of that form.
func (b *builder) assignParallel(s *syntax.Assign) bool {
	targets, values := elements(s.Targets[0]), elements(s.Value)
	n := len(targets)
	if n == 0 || n > chunk || n != len(values) || hasStar(targets) || hasStar(values) {
		return false
	}
	base := b.top
	from := make([]uint16, n)
	for i, v := range values {
		if b.isVariable(v) && mayAssign(targets[:i], v.(*syntax.Name).Name) || b.mayChange(v, values[i+1:]) || b.mayChange(v, targets) {
			from[i] = b.push(v)
		} else {
			from[i] = b.rk(v)
		}
	}
	for i, t := range targets {
		b.store(t, from[i], values[i].Span())
	}
	b.top = base
	return true
}

// elements returns the elements of a tuple display.
func elements(e syntax.Expr) []syntax.Expr {
	if t, ok := e.(*syntax.Tuple); ok {
		return t.Elts
	}
	return nil
}

// mayAssign reports whether targets may assign to a name.
func mayAssign(targets []syntax.Expr, name string) bool {
	for _, t := range targets {
		switch t := t.(type) {
		case *syntax.Name:
			if t.Name == name {
				return true
			}
		case *syntax.Attr, *syntax.Index:
		default:
			return true
		}
	}
	return false
}

// store assigns an RK operand to a target. at is the range of the value.
func (b *builder) store(t syntax.Expr, value uint16, at syntax.Range) {
	base := b.top
	switch t := t.(type) {
	case *syntax.Name:
		if r, ok := b.home(t); ok && isConst(value) {
			b.emit(at, ABx(LOADK, r, int(value&^ConstBit)))
			b.assigned(r)
			break
		}
		b.writeName(t.Range, t.Name, b.inRegister(at, value))
	case *syntax.Attr:
		x := b.operand(t.X)
		b.emit(nameRange(t), Instr{Op: SETATTR, A: x, B: b.name(t.Range, b.scope.mangle(t.Name.Name)), C: value})
	case *syntax.Index:
		x := b.kept(t.X, t.Key)
		key := b.rk(t.Key)
		b.emit(t.Range, Instr{Op: SETINDEX, A: x, B: key, C: value})
	case *syntax.Tuple:
		b.unpack(t.Range, t.Elts, b.inRegister(at, value))
	case *syntax.List:
		b.unpack(t.Range, t.Elts, b.inRegister(at, value))
	default:
		b.fail(t.Span(), "starred assignment target must be in a list or tuple")
	}
	b.top = base
}

func isConst(rk uint16) bool { return rk >= ConstBit }

// inRegister returns an RK operand as a register.
func (b *builder) inRegister(at syntax.Range, rk uint16) Reg {
	if !isConst(rk) {
		return rk
	}
	b.need(at, 1)
	b.emit(at, ABx(LOADK, b.top, int(rk&^ConstBit)))
	return b.alloc(at, 1)
}

// unpack assigns the elements of R[src] to targets.
func (b *builder) unpack(at syntax.Range, targets []syntax.Expr, src Reg) {
	star := b.starIndex(targets)
	n := len(targets)
	if n > maxRegs {
		b.fail(at, "too many targets in one assignment")
	}
	if first, ok := b.adjacent(targets); ok && star < 0 {
		b.emit(at, Instr{Op: UNPACK, A: src, B: first, C: uint16(n)})
		for i := range targets {
			b.assigned(first + Reg(i))
		}
		return
	}
	b.need(at, n)
	first := b.top
	in := Instr{Op: UNPACK, A: src, B: first, C: uint16(n)}
	if star >= 0 {
		if star > 255 {
			b.fail(at, "too many expressions in star-unpacking assignment")
		}
		in.Op, in.X = UNPACKEX, uint8(star)
	}
	b.emit(at, in)
	b.alloc(at, n)
	for i, t := range targets {
		if s, ok := t.(*syntax.Starred); ok {
			t = s.X
		}
		b.store(t, first+Reg(i), at)
	}
}

// starIndex returns the index of the starred target, or -1.
func (b *builder) starIndex(targets []syntax.Expr) int {
	star := -1
	for i, t := range targets {
		if _, ok := t.(*syntax.Starred); !ok {
			continue
		}
		if star >= 0 {
			b.fail(t.Span(), "multiple starred expressions in assignment")
		}
		star = i
	}
	return star
}

// adjacent reports whether targets are variables in registers that follow one
// another, and returns the first of these: UNPACK can set them itself, for it
// sets all or, if it fails, none.
func (b *builder) adjacent(targets []syntax.Expr) (first Reg, ok bool) {
	for i, t := range targets {
		r, ok := b.home(t)
		if !ok || i > 0 && r != first+Reg(i) {
			return 0, false
		}
		if i == 0 {
			first = r
		}
	}
	return first, len(targets) > 0
}

func (b *builder) annAssign(s *syntax.AnnAssign) {
	if s.Value != nil {
		b.assign(&syntax.Assign{Range: s.Range, Targets: []syntax.Expr{s.Target}, Value: s.Value})
		return
	}
	switch t := s.Target.(type) { // as CPython, evaluate what is within the target
	case *syntax.Attr:
		b.operand(t.X)
	case *syntax.Index:
		b.operand(t.X)
		b.operand(t.Key)
	}
}

func (b *builder) augAssign(s *syntax.AugAssign) {
	in := Instr{Op: operators[s.Op].value, X: 1}
	switch t := s.Target.(type) {
	case *syntax.Name:
		in.B = b.kept(t, s.Value)
		in.C = b.rk(s.Value)
		if r, ok := b.home(t); ok {
			in.A = r
			b.emit(s.Range, in)
			b.assigned(r)
			return
		}
		in.A = in.B // a temporary
		b.emit(s.Range, in)
		b.writeName(t.Range, t.Name, in.A)
	case *syntax.Attr:
		x := b.kept(t.X, s.Value)
		name := b.name(t.Range, b.scope.mangle(t.Name.Name))
		v := b.pushResult(t.Range, Instr{Op: GETATTR, B: x, C: name})
		in.A, in.B, in.C = v, v, b.rk(s.Value)
		b.emit(s.Range, in)
		b.emit(nameRange(t), Instr{Op: SETATTR, A: x, B: name, C: v})
	case *syntax.Index:
		x := b.kept(t.X, t.Key, s.Value)
		key := b.keptRK(t.Key, s.Value)
		v := b.pushResult(t.Range, Instr{Op: INDEX, B: x, C: key})
		in.A, in.B, in.C = v, v, b.rk(s.Value)
		b.emit(s.Range, in)
		b.emit(t.Range, Instr{Op: SETINDEX, A: x, B: key, C: v})
	}
}

// pushResult emits an instruction whose result goes to a new temporary.
func (b *builder) pushResult(at syntax.Range, in Instr) Reg {
	b.need(at, 1)
	in.A = b.top
	b.emit(at, in)
	return b.alloc(at, 1)
}

func (b *builder) deletes(list []syntax.Expr) {
	for _, e := range list {
		base := b.top
		switch e := e.(type) {
		case *syntax.Name:
			b.deleteName(e.Range, e.Name)
		case *syntax.Attr:
			x := b.operand(e.X)
			b.emit(nameRange(e), Instr{Op: DELATTR, A: x, B: b.name(e.Range, b.scope.mangle(e.Name.Name))})
		case *syntax.Index:
			x := b.kept(e.X, e.Key)
			key := b.rk(e.Key)
			b.emit(e.Range, Instr{Op: DELINDEX, A: x, C: key})
		case *syntax.Tuple:
			b.deletes(e.Elts)
		case *syntax.List:
			b.deletes(e.Elts)
		}
		b.top = base
	}
}

// Others.

func (b *builder) assert(s *syntax.Assert) {
	ok := newLabel()
	b.cond(s.Cond, true, ok)
	in := Instr{Op: ASSERTFAIL}
	if s.Msg != nil {
		in.X, in.A = 1, b.operand(s.Msg)
	}
	b.emit(s.Cond.Span(), in) // where CPython points
	b.bind(ok)
}

func (b *builder) raise(s *syntax.Raise) {
	in := Instr{Op: RAISE}
	if s.Exc != nil {
		in.X = 1
		in.A = b.kept(s.Exc, s.Cause)
	}
	if s.Cause != nil {
		in.X = 2
		in.B = b.operand(s.Cause)
	}
	b.emit(s.Range, in)
}

func (b *builder) importStmt(s *syntax.Import) {
	for _, a := range s.Names {
		in := Instr{Op: IMPORT, C: b.name(s.Range, a.Name)}
		if a.As != "" {
			in.X = 1
		}
		m := b.pushResult(s.Range, in)
		b.writeName(s.Range, importedName(a), m)
		b.top = m
	}
}

func (b *builder) importFrom(s *syntax.ImportFrom) {
	if s.Level > maxIndex {
		b.fail(s.Range, "too many leading dots")
	}
	in := Instr{Op: IMPORT, X: 1, B: uint16(s.Level), C: b.name(s.Range, s.Module)}
	if !s.Star {
		b.importNames(s.Range, in, s.Names)
		return
	}
	m := b.pushResult(s.Range, in)
	b.emit(s.Range, Instr{Op: IMPORTSTAR, A: m, B: b.localsReg()})
}

// importNames imports a module and binds names out of it.
func (b *builder) importNames(at syntax.Range, in Instr, names []syntax.Alias) {
	m := b.pushResult(at, in)
	for _, a := range names {
		v := b.pushResult(at, Instr{Op: IMPORTFROM, B: m, C: b.name(at, a.Name)})
		b.writeName(at, importedName(a), v)
		b.top = v
	}
}
