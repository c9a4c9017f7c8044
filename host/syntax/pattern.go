package syntax

// This file reads the match statement. Its words are names elsewhere, and its
// errors are worded as CPython's (Grammar/python.gram, invalid_match_stmt ff.).

// beginsMatch tells whether a statement that begins with a name is a match
// statement: what follows the word begins an expression and cannot go on with
// one, or the line ends in a colon, as no other with that word does.
func (p *parser) beginsMatch() bool {
	if p.scan.word(&p.tok) != "match" {
		return false
	}
	ahead := *p.scan // which no bracket of this line is open in yet
	var first, last token
	if !ahead.read(&first) {
		return false
	}
	if startsExpr[first.kind] {
		return true
	}
	for t := first; t.kind != tNewline && t.kind != tEOF; {
		last = t
		if !ahead.read(&t) {
			return false
		}
	}
	return last.kind == tColon && last.off != first.off
}

// read is next for a look ahead. It reports whether there is a token.
func (s *scanner) read(t *token) bool {
	var bad *Error
	func() {
		defer catch(&bad)
		s.next(t)
	}()
	return bad == nil
}

func (p *parser) matchStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &Match{Subject: p.subject()}
	p.colon()
	p.expect(tNewline)
	if p.tok.kind != tIndent {
		p.scan.raise(indentationError, p.tok.Range, "expected an indented block after 'match' statement on line %d", start.Line)
	}
	p.advance()
	for p.tok.kind != tDedent {
		s.Cases = append(s.Cases, p.caseBlock())
	}
	p.scan.next(&p.tok) // not advance: as after a block
	s.Range = p.since(start)
	return s
}

// subject reads what is matched: an expression, or several that make a tuple.
func (p *parser) subject() Expr {
	start := p.tok.Start
	x := p.starNamed()
	if p.tok.kind == tComma {
		x = &Tuple{Elts: p.elements(x, tColon)}
		x.(*Tuple).Range = p.since(start)
	}
	p.noStar(x)
	return x
}

func (p *parser) caseBlock() Case {
	start := p.tok.Start
	if p.tok.kind != tName || p.scan.word(&p.tok) != "case" {
		p.unexpected("'case'")
	}
	p.advance()
	c := Case{Pattern: p.patterns()}
	if p.accept(tIf) {
		c.Guard = p.named()
	}
	c.Body = p.block("'case' statement", start.Line)
	return c
}

// patterns reads a pattern, or several that make a sequence.
func (p *parser) patterns() Pattern {
	start := p.tok.Start
	star := p.tok.kind == tStar
	x := p.starPattern()
	if p.tok.kind != tComma {
		if star {
			p.unexpected("','")
		}
		return x
	}
	elts := []Pattern{x}
	for p.accept(tComma) && p.tok.kind != tColon && p.tok.kind != tIf {
		elts = append(elts, p.starPattern())
	}
	return &MatchSequence{p.since(start), elts}
}

// starPattern reads an element of a sequence.
func (p *parser) starPattern() Pattern {
	if p.tok.kind != tStar {
		return p.pattern()
	}
	start := p.tok.Start
	p.advance()
	name := p.name().Name
	return &MatchStar{p.since(start), name}
}

// pattern reads one pattern, with the name it is bound to.
func (p *parser) pattern() Pattern {
	start := p.tok.Start
	p.enter()
	x := p.orPattern()
	p.depth--
	if !p.accept(tAs) {
		return x
	}
	name := p.asTarget()
	return &MatchAs{p.since(start), x, name}
}

// asTarget reads the name after the as of a pattern.
func (p *parser) asTarget() string {
	if p.tok.kind != tName {
		x := p.expr()
		p.fail(x.Span(), "invalid pattern target")
	}
	name := p.name()
	if name.Name == "_" {
		p.fail(name.Range, "cannot use '_' as a target")
	}
	return name.Name
}

func (p *parser) orPattern() Pattern {
	start := p.tok.Start
	x := p.closedPattern()
	if p.tok.kind != tPipe {
		return x
	}
	list := []Pattern{x}
	for p.accept(tPipe) {
		list = append(list, p.closedPattern())
	}
	return &MatchOr{p.since(start), list}
}

// closedPattern reads a pattern that needs no parentheses in any other.
func (p *parser) closedPattern() Pattern {
	switch p.tok.kind {
	case tName:
		return p.namePattern()
	case tLparen:
		return p.groupPattern()
	case tLbrack:
		start := p.tok.Start
		p.advance()
		elts, _ := p.sequence(tRbrack)
		return &MatchSequence{p.since(start), elts}
	case tLbrace:
		return p.mappingPattern()
	}
	x := p.literalPattern("patterns may only match literals and attribute lookups")
	return &MatchValue{x.Span(), x}
}

// literalPattern reads a literal. An f-string is none; the message says so.
func (p *parser) literalPattern(fstring string) Expr {
	switch p.tok.kind {
	case tNumber, tMinus:
		return p.signedNumber()
	case tString, tNone, tTrue, tFalse:
		x := p.atom()
		if _, ok := x.(*FString); ok {
			p.fail(x.Span(), "%s", fstring)
		}
		return x
	}
	p.unexpected("a pattern")
	return nil
}

func (p *parser) signedNumber() Expr {
	start := p.tok.Start
	negative := p.accept(tMinus)
	if p.tok.kind != tNumber {
		p.unexpected("a number")
	}
	x := p.atom()
	if negative {
		x = &Unary{p.since(start), Minus, x}
	}
	if p.tok.kind == tPlus || p.tok.kind == tMinus {
		p.advance()
		p.fail(p.tok.Range, "imaginary number required in complex literal")
	}
	return x
}

// namePattern reads a name to be bound, a dotted name to compare with, or a class.
func (p *parser) namePattern() Pattern {
	x := p.dottedName()
	if p.tok.kind == tLparen {
		return p.classPattern(x)
	}
	if name, ok := x.(*Name); ok {
		return &MatchAs{Range: name.Range, Name: name.Name}
	}
	return &MatchValue{x.Span(), x}
}

// dottedName reads a name and the attributes after it.
func (p *parser) dottedName() Expr {
	start := p.tok.Start
	id := p.name()
	var x Expr = &Name{id.Range, id.Name}
	for p.accept(tDot) {
		name := p.name()
		x = &Attr{p.since(start), x, name}
	}
	return x
}

// groupPattern reads a pattern in parentheses, or a sequence.
func (p *parser) groupPattern() Pattern {
	start := p.tok.Start
	p.advance()
	elts, comma := p.sequence(tRparen)
	if len(elts) == 1 && !comma {
		if _, star := elts[0].(*MatchStar); star {
			p.unexpected("','")
		}
		return elts[0]
	}
	return &MatchSequence{p.since(start), elts}
}

// sequence reads patterns up to a closing bracket, and reports whether there was a comma.
func (p *parser) sequence(end kind) (elts []Pattern, comma bool) {
	for p.tok.kind != end {
		elts = append(elts, p.starPattern())
		if !p.accept(tComma) {
			break
		}
		comma = true
	}
	p.expectClosing(end)
	return elts, comma
}

func (p *parser) mappingPattern() Pattern {
	start := p.tok.Start
	p.advance()
	m := &MatchMapping{}
	for p.tok.kind != tRbrace {
		if p.accept(tStarStar) {
			m.Rest = p.name().Name
			p.accept(tComma)
			break
		}
		m.Keys = append(m.Keys, p.patternKey())
		p.expect(tColon)
		m.Values = append(m.Values, p.pattern())
		if !p.accept(tComma) {
			break
		}
	}
	p.expectClosing(tRbrace)
	m.Range = p.since(start)
	if m.Rest == "_" {
		p.fail(m.Range, "invalid syntax; '_' binds nothing")
	}
	return m
}

// patternKey reads a key of a mapping.
func (p *parser) patternKey() Expr {
	if p.tok.kind != tName {
		return p.literalPattern("mapping pattern keys may only match literals and attribute lookups")
	}
	x := p.dottedName()
	if _, ok := x.(*Name); ok {
		p.unexpected("'.'")
	}
	return x
}

// classPattern reads what stands in the parentheses after a class.
func (p *parser) classPattern(class Expr) Pattern {
	p.advance()
	c := &MatchClass{Class: class}
	for p.tok.kind != tRparen {
		p.classArgument(c)
		if !p.accept(tComma) {
			break
		}
	}
	p.expectClosing(tRparen)
	c.Range = p.since(class.Span().Start)
	return c
}

// classArgument reads one pattern of a class, which may have a name before it.
func (p *parser) classArgument(c *MatchClass) {
	x := p.pattern()
	if name, ok := x.(*MatchAs); ok && name.Pattern == nil && p.accept(tEq) {
		c.Names = append(c.Names, Ident{name.Range, name.Name})
		c.Named = append(c.Named, p.pattern())
		return
	}
	if len(c.Names) > 0 {
		p.fail(x.Span(), "positional patterns follow keyword patterns")
	}
	c.Positional = append(c.Positional, x)
}
