package compile

import (
	"strings"

	"mpstar/host/syntax"
)

// A collector walks a tree once, makes the scopes and notes the uses of names.
// It reports an error by panicking with it; collect recovers.
//
// Left-leaning chains (a+b+c…, a.b.c…, elif) are walked by iteration, for
// the parser builds them of any length.
type collector struct {
	src    *syntax.Source
	cur    *scope
	all    []*scope               // outer ones first
	scopes map[syntax.Node]*scope // by File, ClassDef, FuncDef, Lambda, Comp
}

// collect returns the scopes of a file, resolved.
func collect(f *syntax.File) (map[syntax.Node]*scope, error) {
	c := &collector{src: f.Source, scopes: make(map[syntax.Node]*scope)}
	if err := c.file(f); err != nil {
		return nil, err
	}
	if err := resolve(f.Source, c.all); err != nil {
		return nil, err
	}
	return c.scopes, nil
}

func (c *collector) file(f *syntax.File) (err error) {
	defer catch(&err)
	c.enter(f, moduleScope, "<module>")
	c.stmts(f.Body)
	return nil
}

// catch turns a panic with a *syntax.Error into an error.
func catch(err *error) {
	switch x := recover().(type) {
	case nil:
	case *syntax.Error:
		*err = x
	default:
		panic(x)
	}
}

func (c *collector) fail(at syntax.Range, format string, args ...any) {
	panic(syntaxError(c.src, at, format, args...))
}

// enter makes the scope of a node and goes into it.
func (c *collector) enter(n syntax.Node, kind scopeKind, name string) *scope {
	s := &scope{kind: kind, parent: c.cur, name: name, qualname: name, syms: make(map[string]*symbol)}
	s.frame = s
	if p := c.cur; p != nil {
		s.class = p.class
		s.qualname = p.frame.qualify(name)
		if kind == compScope {
			s.frame = p.frame
		}
	}
	c.cur = s
	c.all = append(c.all, s)
	c.scopes[n] = s
	return s
}

func (c *collector) leave() { c.cur = c.cur.parent }

// qualify returns the qualified name of a function or class defined in frame s.
func (s *scope) qualify(name string) string {
	y := s.syms[name]
	switch {
	case s.kind == moduleScope || y != nil && y.use.has(globalDecl):
		return name
	case s.kind == classScope:
		return s.qualname + "." + name
	}
	return s.qualname + ".<locals>." + name
}

// read notes that a name is read in the current scope.
func (c *collector) read(name string) {
	name = c.cur.mangle(name)
	for s := c.cur; ; s = s.parent {
		y := s.sym(name)
		y.use |= used
		// A use in an inlined comprehension may come before one further out
		// binds the name, so those note it too.
		if s.kind != compScope || s.parent.kind != compScope || y.use.has(bound) {
			return
		}
	}
}

// bind notes that a name is bound in the current scope.
func (c *collector) bind(name string, how usage) *symbol {
	s := c.cur
	y := s.sym(s.mangle(name))
	if s.kind == compScope && y.use.has(used) && !y.use.has(bound) {
		y.early = true
		s.frame.early = append(s.frame.early, y)
	}
	y.use |= how
	return y
}

// unbind notes that a name is deleted, which makes it a variable of the scope.
func (c *collector) unbind(name string) { c.bind(name, assigned).deleted = true }

// Statements.

func (c *collector) stmts(list []syntax.Stmt) {
	for _, s := range list {
		c.stmt(s)
	}
}

func (c *collector) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.ExprStmt:
		c.expr(s.X)
	case *syntax.Assign:
		c.expr(s.Value)
		c.targets(s.Targets, assigned)
	case *syntax.AugAssign:
		if n, ok := s.Target.(*syntax.Name); ok {
			c.read(n.Name)
		}
		c.target(s.Target, assigned)
		c.expr(s.Value)
	case *syntax.AnnAssign:
		c.annAssign(s)
	case *syntax.Return:
		c.optional(s.Value)
	case *syntax.Pass, *syntax.Break, *syntax.Continue:
	case *syntax.Del:
		c.deletions(s.Targets)
	case *syntax.Global:
		for _, n := range s.Names {
			c.declare(n, s.Range, globalDecl)
		}
	case *syntax.Nonlocal:
		if c.cur.kind == moduleScope {
			c.fail(s.Range, "nonlocal declaration not allowed at module level")
		}
		for _, n := range s.Names {
			c.declare(n, s.Range, nonlocalDecl)
		}
	case *syntax.Assert:
		c.expr(s.Cond)
		c.optional(s.Msg)
	case *syntax.Raise:
		c.optional(s.Exc)
		c.optional(s.Cause)
	case *syntax.Import:
		for _, a := range s.Names {
			c.bind(importedName(a), assigned)
		}
	case *syntax.ImportFrom:
		if s.Star && c.cur.kind != moduleScope {
			c.fail(s.Range, "import * only allowed at module level")
		}
		c.aliases(s.Names)
	case *syntax.Load:
		c.aliases(s.Names)
	case *syntax.If:
		c.ifChain(s)
	case *syntax.While:
		c.expr(s.Cond)
		c.stmts(s.Body)
		c.stmts(s.Else)
	case *syntax.For:
		c.target(s.Target, assigned)
		c.expr(s.X)
		c.stmts(s.Body)
		c.stmts(s.Else)
	case *syntax.Try:
		c.try(s)
	case *syntax.With:
		for _, item := range s.Items {
			c.expr(item.X)
			if item.Target != nil {
				c.target(item.Target, assigned)
			}
		}
		c.stmts(s.Body)
	case *syntax.Match:
		c.match(s)
	case *syntax.FuncDef:
		c.funcDef(s)
	case *syntax.ClassDef:
		c.classDef(s)
	default:
		panic("compile: unknown statement")
	}
}

// importedName returns the variable that an alias of an import statement binds.
func importedName(a syntax.Alias) string {
	if a.As != "" {
		return a.As
	}
	top, _, _ := strings.Cut(a.Name, ".")
	return top
}

func (c *collector) aliases(list []syntax.Alias) {
	for _, a := range list {
		c.bind(importedName(a), assigned)
	}
}

func (c *collector) annAssign(s *syntax.AnnAssign) {
	n, ok := s.Target.(*syntax.Name)
	if !ok {
		c.target(s.Target, assigned)
		c.optional(s.Value)
		return
	}
	y := c.cur.sym(c.cur.mangle(n.Name))
	if c.cur.kind != moduleScope && y.use.has(globalDecl|nonlocalDecl) {
		c.fail(s.Range, "annotated name '%s' can't be %s", n.Name, declarationName(y.use))
	}
	how := annotated
	if s.Value != nil {
		how |= assigned
	}
	c.bind(n.Name, how)
	c.optional(s.Value)
}

func declarationName(u usage) string {
	if u.has(globalDecl) {
		return "global"
	}
	return "nonlocal"
}

// declare notes a global or nonlocal declaration of a name.
func (c *collector) declare(n syntax.Ident, at syntax.Range, how usage) {
	y := c.cur.sym(c.cur.mangle(n.Name))
	word := declarationName(how)
	switch {
	case y.use.has(parameter):
		c.fail(at, "name '%s' is parameter and %s", n.Name, word)
	case y.use.has(annotated):
		c.fail(at, "annotated name '%s' can't be %s", n.Name, word)
	case y.use.has(assigned):
		c.fail(at, "name '%s' is assigned to before %s declaration", n.Name, word)
	case y.use.has(used):
		c.fail(at, "name '%s' is used prior to %s declaration", n.Name, word)
	}
	y.use |= how
	y.at = at
}

func (c *collector) deletions(list []syntax.Expr) {
	for _, e := range list {
		switch e := e.(type) {
		case *syntax.Name:
			c.unbind(e.Name)
		case *syntax.Tuple:
			c.deletions(e.Elts)
		case *syntax.List:
			c.deletions(e.Elts)
		default:
			c.expr(e)
		}
	}
}

func (c *collector) ifChain(s *syntax.If) {
	for {
		c.expr(s.Cond)
		c.stmts(s.Then)
		next := elif(s)
		if next == nil {
			c.stmts(s.Else)
			return
		}
		s = next
	}
}

// elif returns the If that is alone in the else branch of s, or nil.
func elif(s *syntax.If) *syntax.If {
	if len(s.Else) != 1 {
		return nil
	}
	next, _ := s.Else[0].(*syntax.If)
	return next
}

func (c *collector) try(s *syntax.Try) {
	c.stmts(s.Body)
	for i := range s.Handlers {
		h := &s.Handlers[i]
		c.optional(h.Type)
		if h.Name != nil {
			c.unbind(h.Name.Name)
		}
		c.stmts(h.Body)
	}
	c.stmts(s.Else)
	c.stmts(s.Finally)
}

func (c *collector) funcDef(s *syntax.FuncDef) {
	c.exprs(s.Decorators)
	c.bind(s.Name.Name, assigned)
	c.defaults(&s.Params)
	if s.Unread != nil {
		return
	}
	c.enter(s, funcScope, s.Name.Name)
	c.params(&s.Params)
	c.stmts(s.Body)
	c.leave()
}

func (c *collector) classDef(s *syntax.ClassDef) {
	c.exprs(s.Decorators)
	c.bind(s.Name.Name, assigned)
	c.args(s.Args)
	c.enter(s, classScope, s.Name.Name).class = s.Name.Name
	c.stmts(s.Body)
	c.leave()
}

// defaults collects the default values of parameters, which belong to the
// scope around the function.
func (c *collector) defaults(p *syntax.Params) {
	for i := range p.Positional {
		c.optional(p.Positional[i].Default)
	}
	for i := range p.KwOnly {
		c.optional(p.KwOnly[i].Default)
	}
}

// params collects the names of parameters, in the order of their registers.
func (c *collector) params(p *syntax.Params) {
	for x := range p.All() {
		c.param(x)
	}
}

func (c *collector) param(p *syntax.Param) {
	if y := c.cur.syms[c.cur.mangle(p.Name)]; y != nil {
		c.fail(p.Range, "duplicate argument '%s' in function definition", p.Name)
	}
	c.bind(p.Name, parameter)
}

// Targets.

func (c *collector) targets(list []syntax.Expr, how usage) {
	for _, e := range list {
		c.target(e, how)
	}
}

func (c *collector) target(e syntax.Expr, how usage) {
	switch e := e.(type) {
	case *syntax.Name:
		if how == target && c.cur.rebound[c.cur.mangle(e.Name)] {
			c.fail(e.Range, "comprehension inner loop cannot rebind assignment expression target '%s'", e.Name)
		}
		c.bind(e.Name, how)
	case *syntax.Tuple:
		c.targets(e.Elts, how)
	case *syntax.List:
		c.targets(e.Elts, how)
	case *syntax.Starred:
		c.target(e.X, how)
	default:
		c.expr(e)
	}
}

// Expressions.

func (c *collector) optional(e syntax.Expr) {
	if e != nil {
		c.expr(e)
	}
}

func (c *collector) exprs(list []syntax.Expr) {
	for _, e := range list {
		c.expr(e)
	}
}

func (c *collector) args(list []syntax.Arg) {
	for i := range list {
		c.expr(list[i].X)
	}
}

// expr collects e; along the left spine of a chain it iterates.
func (c *collector) expr(e syntax.Expr) {
	for e != nil {
		e = c.node(e)
	}
}

// node collects e but for its leftmost operand, which it returns.
func (c *collector) node(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.Name:
		c.read(e.Name)
	case *syntax.Constant:
	case *syntax.FString:
		c.exprs(e.Parts)
	case *syntax.Format:
		if e.Spec != nil {
			c.exprs(e.Spec.Parts)
		}
		return e.X
	case *syntax.Tuple:
		c.exprs(e.Elts)
	case *syntax.List:
		c.exprs(e.Elts)
	case *syntax.Set:
		c.exprs(e.Elts)
	case *syntax.Dict:
		for i := range e.Entries {
			c.optional(e.Entries[i].Key)
			c.expr(e.Entries[i].Value)
		}
	case *syntax.Comp:
		c.compr(e)
	case *syntax.Starred:
		return e.X
	case *syntax.Unary:
		return e.X
	case *syntax.Binary:
		c.expr(e.Y)
		return e.X
	case *syntax.Logical:
		c.expr(e.Y)
		return e.X
	case *syntax.Compare:
		c.exprs(e.Ys)
		return e.X
	case *syntax.Cond:
		c.expr(e.Cond)
		c.expr(e.Then)
		return e.Else
	case *syntax.Lambda:
		c.lambda(e)
	case *syntax.Call:
		if isSuper(e) {
			c.read("__class__")
		}
		c.args(e.Args)
		return e.Fn
	case *syntax.Attr:
		return e.X
	case *syntax.Index:
		c.expr(e.Key)
		return e.X
	case *syntax.Slice:
		c.optional(e.Lo)
		c.optional(e.Hi)
		return e.Step
	case *syntax.Walrus:
		c.walrus(e)
		return e.Value
	case *syntax.Yield:
		c.yield(e.Range)
		return e.X
	case *syntax.YieldFrom:
		c.yield(e.Range)
		return e.X
	default:
		panic("compile: unknown expression")
	}
	return nil
}

// isSuper reports whether e is super(), which is short for
// super(__class__, self).
func isSuper(e *syntax.Call) bool {
	n, ok := e.Fn.(*syntax.Name)
	return ok && n.Name == "super" && len(e.Args) == 0
}

func (c *collector) lambda(e *syntax.Lambda) {
	c.defaults(&e.Params)
	c.enter(e, funcScope, "<lambda>")
	c.params(&e.Params)
	c.expr(e.Body)
	c.leave()
}

var compNames = [...]string{
	syntax.ListComp: "list comprehension",
	syntax.SetComp:  "set comprehension",
	syntax.DictComp: "dict comprehension",
	syntax.GenExpr:  "generator expression",
}

func (c *collector) yield(at syntax.Range) {
	s := c.cur
	switch {
	case s.comp != nil:
		c.fail(at, "'yield' inside %s", compNames[s.comp.Kind])
	case s.kind != funcScope:
		c.fail(at, "'yield' outside function")
	}
	s.generator = true
}

func (c *collector) compr(e *syntax.Comp) {
	c.iterable(e.Clauses[0].X) // evaluated in the scope around
	s := c.enterComp(e)
	for i := range e.Clauses {
		cl := &e.Clauses[i]
		if i > 0 {
			c.iterable(cl.X)
		}
		c.target(cl.Target, target)
		c.exprs(cl.Ifs)
	}
	c.expr(e.Elt)
	c.optional(e.Value)
	s.rebound = nil
	c.leave()
}

func (c *collector) enterComp(e *syntax.Comp) *scope {
	if e.Kind != syntax.GenExpr {
		s := c.enter(e, compScope, "")
		s.comp = e
		return s
	}
	s := c.enter(e, funcScope, "<genexpr>")
	s.comp = e
	s.generator = true
	c.bind(".0", parameter)
	return s
}

func (c *collector) iterable(e syntax.Expr) {
	s := c.cur
	s.iterables++
	c.expr(e)
	s.iterables--
}

// walrus notes the binding of e.Name: in a comprehension, in the scope
// around all comprehensions.
func (c *collector) walrus(e *syntax.Walrus) {
	name := e.Name.Name
	if c.cur.iterables > 0 {
		c.fail(e.Range, "assignment expression cannot be used in a comprehension iterable expression")
	}
	inner := c.cur
	for s := inner; s.comp != nil; s = s.parent {
		mangled := s.mangle(name)
		if y := s.syms[mangled]; y != nil && y.use.has(target) {
			c.fail(e.Range, "assignment expression cannot rebind comprehension iteration variable '%s'", name)
		}
		c.read(name)
		if s.rebound == nil {
			s.rebound = make(map[string]bool)
		}
		s.rebound[mangled] = true
		c.cur = s.parent
	}
	if c.cur != inner && c.cur.kind == classScope {
		c.fail(e.Range, "assignment expression within a comprehension cannot be used in a class body")
	}
	c.bind(name, assigned).walrus = true
	c.cur.assignsInExpr = true
	c.cur = inner
}
