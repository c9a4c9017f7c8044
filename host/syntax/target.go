package syntax

// A target is read as an expression, and then it is checked that one can
// assign to it. The wording of the errors is CPython's.

// A targetKind is what is done to a target.
type targetKind uint8

const (
	assignTarget targetKind = iota
	delTarget
)

// isSingleTarget tells whether x is something with one value to replace.
func isSingleTarget(x Expr) bool {
	switch x.(type) {
	case *Name, *Attr, *Index:
		return true
	}
	return false
}

// invalidTarget returns the first part of x that is no target, or nil.
func invalidTarget(x Expr, kind targetKind) Expr {
	switch x := x.(type) {
	case *Name, *Attr, *Index:
		return nil
	case *Starred:
		if kind == delTarget {
			return x
		}
		return invalidTarget(x.X, kind)
	case *Tuple:
		return invalidElement(x.Elts, kind)
	case *List:
		return invalidElement(x.Elts, kind)
	}
	return x
}

func invalidElement(elts []Expr, kind targetKind) Expr {
	for _, x := range elts {
		if bad := invalidTarget(x, kind); bad != nil {
			return bad
		}
	}
	return nil
}

// checkAssign fails unless x, which stands before an equals sign that is the
// next token, can be assigned to. It is the first on its line if it is not on
// the right of another one.
func (p *parser) checkAssign(x Expr, first bool) {
	bad := invalidTarget(x, assignTarget)
	if bad == nil {
		p.checkStars(x, false)
		return
	}
	switch x.(type) {
	case *Yield, *YieldFrom:
		if p.group != x {
			p.fail(x.Span(), "assignment to yield expression not possible")
		}
	}
	if first {
		p.checkMeantEqual(x)
	}
	p.fail(bad.Span(), "cannot assign to %s", describe(bad))
}

// checkMeantEqual fails if x = y, with the equals sign the next token, looks
// as if x == y was meant. It moves past y.
func (p *parser) checkMeantEqual(x Expr) {
	if !p.mayMeanEqual(x) {
		return
	}
	p.advance()
	p.bitOr()
	if p.tok.kind != tEq && p.tok.kind != tColonEq {
		p.fail(x.Span(), "cannot assign to %s here. Maybe you meant '==' instead of '='?", describe(x))
	}
}

// mayMeanEqual tells whether CPython asks, of x = y, whether == was meant:
// if x binds tighter than == and is not often unpacked to.
func (p *parser) mayMeanEqual(x Expr) bool {
	switch x := x.(type) {
	case *List, *Tuple:
		return false
	case *Comp:
		return x.Kind != GenExpr
	case *Constant:
		switch x.Value.(type) {
		case nil, bool:
			return false
		}
	case *Compare, *Logical, *Cond, *Lambda, *Yield, *YieldFrom, *Walrus, *Starred:
		return p.group == Expr(x)
	case *Unary:
		return x.Op != Not || p.group == Expr(x)
	}
	return true
}

// checkStars fails if x is a starred target outside of a sequence, or holds a
// sequence with more than one.
func (p *parser) checkStars(x Expr, inSequence bool) {
	var elts []Expr
	switch x := x.(type) {
	case *Starred:
		if !inSequence {
			p.fail(x.Range, "starred assignment target must be in a list or tuple")
		}
		p.checkStars(x.X, false)
		return
	case *Tuple:
		elts = x.Elts
	case *List:
		elts = x.Elts
	}
	seen := false
	for _, e := range elts {
		if _, ok := e.(*Starred); ok {
			if seen {
				p.fail(e.Span(), "multiple starred expressions in assignment")
			}
			seen = true
		}
		p.checkStars(e, true)
	}
}

// noStar fails if x is a starred expression that nothing takes in.
func (p *parser) noStar(x Expr) {
	if _, ok := x.(*Starred); ok {
		p.fail(x.Span(), "can't use starred expression here")
	}
}

// target reads what may stand after as in a with.
func (p *parser) target() Expr {
	x := p.starTarget()
	p.checkTarget(x)
	return x
}

// forTarget reads what may stand between for and in.
func (p *parser) forTarget() Expr {
	start := p.tok.Start
	x := p.starTarget()
	if p.tok.kind == tComma {
		elts := []Expr{x}
		for p.accept(tComma) && p.tok.kind != tIn {
			elts = append(elts, p.starTarget())
		}
		x = &Tuple{p.since(start), elts}
	}
	p.checkTarget(x)
	return x
}

// starTarget reads one target, which may be starred. It stops before an in.
func (p *parser) starTarget() Expr {
	if p.tok.kind == tStar {
		return p.starred()
	}
	return p.bitOr()
}

// checkTarget fails unless x can be assigned to.
func (p *parser) checkTarget(x Expr) {
	if bad := invalidTarget(x, assignTarget); bad != nil {
		p.fail(bad.Span(), "cannot assign to %s", describe(bad))
	}
	p.checkStars(x, false)
}

func (p *parser) delStmt() Stmt {
	start := p.tok.Start
	p.advance()
	from := p.tok.Start
	x := p.starExprs()
	if bad := invalidTarget(x, delTarget); bad != nil {
		p.fail(bad.Span(), "cannot delete %s", describe(bad))
	}
	targets := []Expr{x}
	if t, ok := x.(*Tuple); ok && (p.group != x || t.Start != from) {
		targets = t.Elts
	}
	return &Del{p.since(start), targets}
}

// describe names a kind of expression in a message.
func describe(x Expr) string {
	switch x := x.(type) {
	case *Name:
		return "name"
	case *Constant:
		return describeConstant(x)
	case *FString, *Format:
		return "f-string expression"
	case *Tuple:
		return "tuple"
	case *List:
		return "list"
	case *Set:
		return "set display"
	case *Dict:
		return "dict literal"
	case *Comp:
		return describeComp[x.Kind]
	case *Starred:
		return "starred"
	case *Compare:
		return "comparison"
	case *Cond:
		return "conditional expression"
	case *Lambda:
		return "lambda"
	case *Call:
		return "function call"
	case *Attr:
		return "attribute"
	case *Index:
		return "subscript"
	case *Walrus:
		return "named expression"
	case *Yield, *YieldFrom:
		return "yield expression"
	}
	return "expression"
}

var describeComp = [...]string{
	ListComp: "list comprehension",
	SetComp:  "set comprehension",
	DictComp: "dict comprehension",
	GenExpr:  "generator expression",
}

func describeConstant(c *Constant) string {
	switch v := c.Value.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case Dots:
		return "ellipsis"
	}
	return "literal"
}
