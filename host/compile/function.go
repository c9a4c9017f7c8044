package compile

import (
	"mpstar/host/syntax"
)

// This file compiles what has a Code of its own: the module, functions and
// class bodies.

// File compiles a module, or a piece of one: its globals get slots in g. An
// error is a *syntax.Error.
func File(f *syntax.File, g *Globals, opts Options) (code *Code, err error) {
	scopes, err := collect(f)
	if err != nil {
		return nil, err
	}
	defer catch(&err)
	u := &unit{src: f.Source, slots: g, opts: opts, scopes: scopes}
	b := newBuilder(u, nil, scopes[f])
	b.code.Kind = ModuleBody
	if opts.Locals {
		b.code.NumPos = 1
	}
	b.layout(f.Range)
	if opts.Value {
		b.emit(f.Range, Instr{Op: RETURN, C: b.rk(f.Body[0].(*syntax.ExprStmt).X)})
		return b.finish(), nil
	}
	body := f.Body
	if !opts.Interactive { // there a string is a value to be shown
		body = b.code.docstring(body)
	}
	b.stmts(body)
	b.returnNone(f.Range)
	return b.finish(), nil
}

// outline makes the code of a function of which only the def statement is known.
func (b *builder) outline(s *syntax.FuncDef) *Code {
	c := &Code{Name: s.Name.Name, QualName: b.scope.frame.qualify(s.Name.Name), Source: b.src, Unread: s.Unread}
	c.setParams(&s.Params)
	for x := range s.Params.All() {
		c.Locals = append(c.Locals, b.scope.mangle(x.Name))
	}
	c.docstring(s.Body)
	c.NumRegs = len(c.Locals)
	c.Lines = []Line{{Range: s.Range}}
	if b.opts.Steps {
		c.Instrs = append(c.Instrs, Instr{Op: STEP})
	}
	c.Instrs = append(c.Instrs, Instr{Op: COMPILE})
	for range c.Instrs {
		c.Depth = append(c.Depth, uint16(c.NumRegs))
	}
	return c
}

// Complete compiles a function of which only the def statement was, in place. text is that of its source, g are the globals of its module.
func Complete(c *Code, text string, g *Globals, opts Options) error {
	file, err := syntax.Parse(c.Unread.Definition(c.Source.Name, text))
	if err != nil {
		return err
	}
	body, err := File(file, g, opts)
	if err != nil {
		return err
	}
	if c.Unread.Class != "" {
		body = body.Codes[0]
	}
	src := c.Source
	*c = *body.Codes[len(body.Codes)-1] // those before it are lambdas among the defaults
	c.setSource(src)
	return nil
}

// setSource makes a code, and those within it, parts of one source.
func (c *Code) setSource(src *syntax.Source) {
	c.Source = src
	for _, inner := range c.Codes {
		inner.setSource(src)
	}
}

// layout gives the variables of a frame their registers and makes the cells.
func (b *builder) layout(at syntax.Range) {
	s, c := b.scope, b.code
	var vars []*symbol
	if c.Kind == ModuleBody && c.NumPos == 1 {
		vars = append(vars, &symbol{scope: s})
	}
	if s.kind != moduleScope {
		for _, y := range s.order {
			if y.bindsHere() {
				vars = append(vars, y)
			}
		}
	}
	vars = append(vars, s.early...)
	if len(vars) >= maxRegs {
		b.fail(at, "too many variables in one function")
	}
	for i, y := range vars {
		y.reg = Reg(i)
		c.Locals = append(c.Locals, y.name)
	}
	if y := s.classCell; y != nil {
		y.reg = Reg(len(c.Locals))
		c.Locals = append(c.Locals, "")
		vars = append(vars, y)
	}
	b.top = Reg(len(vars))
	c.NumRegs = len(vars)
	b.initLocals(at, vars)
}

// initLocals makes the cells of a frame and notes what is set in it.
func (b *builder) initLocals(at syntax.Range, vars []*symbol) {
	b.known, b.kill = newRegset(len(vars)), newRegset(len(vars))
	for i, y := range vars {
		if i < b.code.NumParams() {
			b.known.add(y.reg)
		}
		if y.deleted || y.early {
			b.kill.add(y.reg)
		}
		if !y.captured {
			continue
		}
		op := NEWCELL
		if i < b.code.NumParams() {
			op = BOX
		}
		b.emit(at, Instr{Op: op, A: y.reg})
		b.code.CellReg = append(b.code.CellReg, y.reg)
	}
}

// docstring notes the docstring of a body and returns the rest of it.
func (c *Code) docstring(body []syntax.Stmt) []syntax.Stmt {
	if len(body) == 0 {
		return body
	}
	s, ok := body[0].(*syntax.ExprStmt)
	if !ok {
		return body
	}
	k, ok := s.X.(*syntax.Constant)
	if !ok {
		return body
	}
	doc, ok := k.Value.(string)
	if !ok {
		return body
	}
	c.Doc, c.HasDoc = doc, true
	return body[1:]
}

// returnNone ends a body, unless its end cannot be reached. In tracebacks it
// belongs to the last statement.
func (b *builder) returnNone(at syntax.Range) {
	if n := len(b.code.Instrs); n > 0 && endsFlow[b.code.Instrs[n-1].Op] && b.dead && b.bound != n {
		return
	}
	if lines := b.code.Lines; len(lines) > 0 {
		at = lines[len(lines)-1].Range
	}
	b.emit(at, Instr{Op: RETURN, C: b.none()})
}

// child begins the code of a node within this one.
func (b *builder) child(n syntax.Node, kind Kind) *builder {
	c := newBuilder(b.unit, b, b.scopes[n])
	c.code.Kind = kind
	if c.scope.generator {
		c.code.Kind = Generator
	}
	return c
}

// closure emits R[base] := function of code, its defaults being above base,
// which is then the top but one.
func (b *builder) closure(at syntax.Range, base Reg, code *Code) {
	b.emit(at, ABx(CLOSURE, base, len(b.code.Codes)))
	b.code.Codes = append(b.code.Codes, code)
	b.top = base
	b.alloc(at, 1)
}

// function pushes the function of a def or lambda, whose body compiles its body.
func (b *builder) function(n syntax.Node, p *syntax.Params, body func(*builder)) {
	b.pushFunction(n.Span(), p, func() *Code {
		c := b.child(n, Function)
		c.code.setParams(p)
		c.layout(n.Span())
		body(c)
		return c.finish()
	})
}

// pushFunction pushes the function of a code, which is made after the defaults of its parameters.
func (b *builder) pushFunction(at syntax.Range, p *syntax.Params, code func() *Code) {
	base := b.top
	b.need(at, 1)
	if hasDefaults(p) {
		b.emit(at, Instr{Op: UNSET, A: base})
		b.alloc(at, 1)
		b.pushDefaults(p)
	}
	b.closure(at, base, code())
}

func hasDefaults(p *syntax.Params) bool {
	for i := range p.KwOnly {
		if p.KwOnly[i].Default != nil {
			return true
		}
	}
	n := len(p.Positional)
	return n > 0 && p.Positional[n-1].Default != nil
}

func (b *builder) pushDefaults(p *syntax.Params) {
	for i := range p.Positional {
		if d := p.Positional[i].Default; d != nil {
			b.push(d)
		}
	}
	for i := range p.KwOnly {
		if d := p.KwOnly[i].Default; d != nil {
			b.push(d)
		}
	}
}

// setParams describes the parameters in the code.
func (c *Code) setParams(p *syntax.Params) {
	c.NumPos = len(p.Positional)
	c.NumPosOnly = p.NumPosOnly
	for i := range p.Positional {
		if p.Positional[i].Default != nil {
			c.NumDefaults++
		}
	}
	c.NumKwOnly = len(p.KwOnly)
	for i := range p.KwOnly {
		c.KwDefault = append(c.KwDefault, p.KwOnly[i].Default != nil)
	}
	c.HasVarargs = p.Varargs != nil
	c.HasKwargs = p.Kwargs != nil
}

func (b *builder) lambda(e *syntax.Lambda, dst Reg) {
	base := b.top
	b.function(e, &e.Params, func(c *builder) {
		value := c.rk(e.Body)
		c.emit(e.Body.Span(), Instr{Op: RETURN, C: value})
	})
	b.move(e.Range, dst, base)
}

func (b *builder) funcDef(s *syntax.FuncDef) {
	base := b.pushDecorators(s.Decorators)
	if s.Unread != nil {
		b.pushFunction(s.Range, &s.Params, func() *Code { return b.outline(s) })
		b.decorate(s.Range, s.Decorators, base, s.Name.Name)
		return
	}
	b.function(s, &s.Params, func(c *builder) {
		c.signature(s)
		c.stmts(c.code.docstring(s.Body))
		c.returnNone(lastRange(s))
	})
	b.decorate(s.Range, s.Decorators, base, s.Name.Name)
}

// lastRange returns the range of the last statement of a function, which
// CPython too names for the return at its end.
func lastRange(s *syntax.FuncDef) syntax.Range {
	if n := len(s.Body); n > 0 {
		return s.Body[n-1].Span()
	}
	return s.Range
}

// pushDecorators pushes decorators and returns the register of the first.
func (b *builder) pushDecorators(list []syntax.Expr) Reg {
	base := b.top
	for _, d := range list {
		b.push(d)
	}
	return base
}

// decorate calls the decorators, which are below the function or class on top,
// and binds the name to the result.
func (b *builder) decorate(at syntax.Range, list []syntax.Expr, base Reg, name string) {
	for i := len(list) - 1; i >= 0; i-- {
		r := base + Reg(i)
		b.emit(list[i].Span(), Instr{Op: CALL, A: r, B: 1})
		b.top = r + 1
	}
	b.writeName(at, name, base)
	b.top = base
}

func (b *builder) classDef(s *syntax.ClassDef) {
	for i := range s.Args {
		if k := s.Args[i].Kind; k == syntax.StarArg || k == syntax.StarStarArg {
			b.fail(s.Args[i].Range, "star arguments of a class are not supported")
		}
	}
	base := b.pushDecorators(s.Decorators)
	class := b.top
	b.need(s.Range, 1)
	b.closure(s.Range, class, b.classBody(s))
	names := b.pushArgs(s.Args)
	b.emit(s.Range, Instr{Op: BUILDCLASS, A: class, B: uint16(len(s.Args)), C: b.keywords(s.Range, names)})
	b.top = class + 1
	b.decorate(s.Range, s.Decorators, base, s.Name.Name)
}

func (b *builder) classBody(s *syntax.ClassDef) *Code {
	c := b.child(s, ClassBody)
	c.layout(s.Range)
	c.annotations(s.Body)
	c.stmts(c.code.docstring(s.Body))
	cell := NoReg
	if y := c.scope.classCell; y != nil {
		cell = y.reg
	}
	c.emit(s.Range, Instr{Op: ENDCLASS, A: cell})
	return c.finish()
}

// signature keeps the annotations of a function's parameters and of its result, in the order in which CPython has them.
func (b *builder) signature(s *syntax.FuncDef) {
	p := &s.Params
	b.paramAnnotations(p.Positional...)
	if p.Varargs != nil {
		b.paramAnnotations(*p.Varargs)
	}
	b.paramAnnotations(p.KwOnly...)
	if p.Kwargs != nil {
		b.paramAnnotations(*p.Kwargs)
	}
	if s.Returns != nil {
		b.annotation("return", s.Returns)
	}
}

func (b *builder) paramAnnotations(list ...syntax.Param) {
	for i := range list {
		if list[i].Annotation != nil {
			b.annotation(b.scope.mangle(list[i].Name), list[i].Annotation)
		}
	}
}

func (b *builder) annotation(name string, e syntax.Expr) {
	b.code.Annotations = append(b.code.Annotations, name, b.code.Source.Part(e.Span()))
}

// annotations keeps the annotations of a class's variables. They are texts, as with
// CPython's "from __future__ import annotations": nothing is evaluated.
func (b *builder) annotations(body []syntax.Stmt) {
	for _, s := range body {
		a, ok := s.(*syntax.AnnAssign)
		if !ok {
			continue
		}
		if n, ok := a.Target.(*syntax.Name); ok {
			b.annotation(b.scope.mangle(n.Name), a.Annotation)
		}
	}
}
