package syntax

// startsExpr holds the tokens that begin an expression and cannot go on with one.
var startsExpr = [tYield + 1]bool{
	tName: true, tNumber: true, tString: true, tDots: true, tTilde: true,
	tLbrace: true, tFalse: true, tNone: true, tTrue: true, tLambda: true,
}

// exprs reads expressions between commas; several are a Tuple.
func (p *parser) exprs() Expr {
	x := p.starExprs()
	p.noStar(x)
	return x
}

// starExprs is exprs that may turn out to be a single Starred.
func (p *parser) starExprs() Expr {
	start := p.tok.Start
	x := p.starExpr()
	if p.tok.kind != tComma {
		return x
	}
	elts := []Expr{x}
	for p.accept(tComma) && p.beginsElement() {
		elts = append(elts, p.starExpr())
	}
	return &Tuple{p.since(start), elts}
}

// beginsElement tells whether a further element follows a comma.
func (p *parser) beginsElement() bool {
	switch p.tok.kind {
	case tLparen, tLbrack, tPlus, tMinus, tStar, tNot, tAwait:
		return true
	}
	return startsExpr[p.tok.kind]
}

func (p *parser) starExpr() Expr {
	if p.tok.kind == tStar {
		return p.starred()
	}
	return p.expr()
}

// starred reads *X.
func (p *parser) starred() Expr {
	start := p.tok.Start
	p.advance()
	x := p.bitOr()
	return &Starred{p.since(start), x}
}

// starNamed reads an element of a display.
func (p *parser) starNamed() Expr {
	if p.tok.kind == tStar {
		return p.starred()
	}
	return p.named()
}

// named reads an expression that may be a walrus.
func (p *parser) named() Expr {
	start := p.tok.Start
	x := p.walrus()
	if p.tok.kind == tEq {
		p.equals(start, x)
	}
	return x
}

// walrus is named without a look at what follows.
func (p *parser) walrus() Expr {
	start := p.tok.Start
	x := p.expr()
	if p.tok.kind != tColonEq {
		return x
	}
	name, ok := x.(*Name)
	if !ok || p.group == x {
		p.fail(x.Span(), "cannot use assignment expressions with %s", describe(x))
	}
	p.advance()
	y := p.expr()
	return &Walrus{p.since(start), name, y}
}

// equals fails at an equals sign within an expression.
func (p *parser) equals(start Pos, x Expr) {
	if _, ok := x.(*Name); ok && p.group != x {
		p.advance()
		p.bitOr()
		if p.tok.kind != tEq && p.tok.kind != tColonEq {
			p.fail(p.since(start), "invalid syntax. Maybe you meant '==' or ':=' instead of '='?")
		}
		p.unexpected("an expression")
	}
	p.checkMeantEqual(x)
	p.unexpected("an expression")
}

// expr reads one expression.
func (p *parser) expr() Expr {
	if p.tok.kind == tLambda {
		return p.lambda()
	}
	p.enter()
	start := p.tok.Start
	x := p.or()
	if p.tok.kind == tIf {
		x = p.cond(start, x)
	}
	if startsExpr[p.tok.kind] {
		p.adjacent(start, x)
	}
	p.depth--
	return x
}

// adjacent fails at an expression right after x if it can say why.
func (p *parser) adjacent(start Pos, x Expr) {
	name, isName := x.(*Name)
	isName = isName && p.group != x
	if isName && (name.Name == "print" || name.Name == "exec") {
		p.starExprs()
		p.fail(p.since(start), "Missing parentheses in call to '%s'. Did you mean %[1]s(...)?", name.Name)
	}
	open := len(p.scan.brackets)
	if p.tok.kind == tLbrace {
		open--
	}
	if open == 0 || p.noComma || isName && p.tok.kind == tString {
		return
	}
	p.noComma = true
	p.expr()
	p.fail(p.since(start), "invalid syntax. Perhaps you forgot a comma?")
}

// cond reads on from the if after then.
func (p *parser) cond(start Pos, then Expr) Expr {
	p.advance()
	cond := p.or()
	if p.tok.kind != tElse {
		if p.tok.kind != tColon {
			p.fail(p.since(start), "expected 'else' after 'if' expression")
		}
		p.unexpected("'else'")
	}
	p.advance()
	els := p.expr()
	return &Cond{p.since(start), cond, then, els}
}

func (p *parser) lambda() Expr {
	start := p.tok.Start
	p.enter()
	p.advance()
	x := &Lambda{Params: p.params(tColon)}
	p.colon()
	x.Body = p.expr()
	x.Range = p.since(start)
	p.depth--
	return x
}

func (p *parser) or() Expr {
	start := p.tok.Start
	x := p.and()
	for p.accept(tOr) {
		y := p.and()
		x = &Logical{p.since(start), Or, x, y}
	}
	return x
}

func (p *parser) and() Expr {
	start := p.tok.Start
	x := p.not()
	for p.accept(tAnd) {
		y := p.not()
		x = &Logical{p.since(start), And, x, y}
	}
	return x
}

func (p *parser) not() Expr {
	if p.tok.kind != tNot {
		return p.compare()
	}
	start := p.tok.Start
	p.enter()
	p.advance()
	x := p.not()
	p.depth--
	return &Unary{p.since(start), Not, x}
}

func (p *parser) compare() Expr {
	start := p.tok.Start
	x := p.bitOr()
	op, ok := p.compareOp()
	if !ok {
		return x
	}
	c := &Compare{X: x}
	for ok {
		c.Ops = append(c.Ops, op)
		c.Ys = append(c.Ys, p.bitOr())
		op, ok = p.compareOp()
	}
	c.Range = p.since(start)
	return c
}

// compareOp moves past a comparison operator, if there is one.
func (p *parser) compareOp() (Op, bool) {
	k := p.tok.kind
	switch {
	case tEqEq <= k && k <= tGe:
		p.advance()
		return Op(k-tEqEq) + Eq, true
	case k == tIn:
		p.advance()
		return In, true
	case k == tNot:
		p.advance()
		p.expect(tIn)
		return NotIn, true
	case k == tIs:
		p.advance()
		if p.accept(tNot) {
			return IsNot, true
		}
		return Is, true
	}
	return 0, false
}

// precedence tells how tight each binary operator binds; 0 for the power,
// which is not among them.
var precedence = [...]int{
	Pipe: 1, Caret: 2, Ampersand: 3, LtLt: 4, GtGt: 4, Plus: 5, Minus: 5,
	Star: 6, Slash: 6, SlashSlash: 6, Percent: 6, MatMul: 6,
}

// bitOr reads an expression of binary operators that bind tighter than a comparison.
func (p *parser) bitOr() Expr { return p.binary(1) }

// binary reads operators of at least the given precedence.
func (p *parser) binary(tightness int) Expr {
	start := p.tok.Start
	x := p.unary()
	for tPlus <= p.tok.kind && p.tok.kind <= tAt {
		op := Op(p.tok.kind - tPlus)
		if precedence[op] < tightness {
			break
		}
		p.advance()
		y := p.binary(precedence[op] + 1)
		x = &Binary{p.since(start), op, x, y}
	}
	return x
}

func (p *parser) unary() Expr {
	var op Op
	switch p.tok.kind {
	case tPlus:
		op = Plus
	case tMinus:
		op = Minus
	case tTilde:
		op = Tilde
	default:
		return p.power()
	}
	start := p.tok.Start
	p.enter()
	p.advance()
	x := p.unary()
	p.depth--
	return &Unary{p.since(start), op, x}
}

func (p *parser) power() Expr {
	start := p.tok.Start
	x := p.primary()
	if p.tok.kind != tStarStar {
		return x
	}
	p.enter()
	p.advance()
	y := p.unary()
	p.depth--
	return &Binary{p.since(start), StarStar, x, y}
}

// primary reads an atom and the attributes, calls and subscripts after it.
func (p *parser) primary() Expr {
	start := p.tok.Start
	x := p.atom()
	for {
		switch p.tok.kind {
		case tDot:
			p.advance()
			name := p.name()
			x = &Attr{p.since(start), x, name}
		case tLparen:
			args := p.args(x)
			x = &Call{p.since(start), x, args}
		case tLbrack:
			p.advance()
			key := p.subscripts()
			p.expect(tRbrack)
			x = &Index{p.since(start), x, key}
		default:
			return x
		}
	}
}

// atom reads what no operator takes apart.
func (p *parser) atom() Expr {
	switch p.tok.kind {
	case tName, tAssert: // assertStmt says why
		x := &Name{p.tok.Range, p.scan.word(&p.tok)}
		p.advance()
		return x
	case tNumber:
		return p.constant(p.number())
	case tString:
		return p.strings()
	case tNone:
		return p.constant(nil)
	case tTrue:
		return p.constant(true)
	case tFalse:
		return p.constant(false)
	case tDots:
		return p.constant(Dots{})
	case tLparen:
		return p.paren()
	case tLbrack:
		return p.list()
	case tLbrace:
		return p.brace()
	}
	p.unexpected("an expression")
	return nil
}

// constant moves past a token that has the given value.
func (p *parser) constant(value any) Expr {
	x := &Constant{p.tok.Range, value}
	p.advance()
	return x
}

// paren reads a parenthesised expression, tuple or generator expression.
func (p *parser) paren() Expr {
	with := p.with
	p.with = nil
	start := p.tok.Start
	p.advance()
	if with != nil {
		return p.withParen(start, with)
	}
	return p.parenBody(start, tRparen)
}

// parenBody reads on from the token after the parenthesis at start, up to a
// token of kind end. A field of an f-string reads like that too.
func (p *parser) parenBody(start Pos, end kind) Expr {
	switch p.tok.kind {
	case end:
		p.advance()
		return p.grouped(&Tuple{Range: p.since(start)})
	case tYield:
		x := p.yield()
		p.expect(end)
		return p.grouped(x)
	case tStarStar:
		stars := p.tok.Range
		p.advance()
		p.expr()
		p.fail(stars, "cannot use double starred expression here")
	}
	x := p.starNamed()
	switch p.tok.kind {
	case tFor, tAsync:
		return p.comp(start, GenExpr, x, nil, end)
	case tComma:
		elts := p.elements(x, end)
		p.expectClosing(end)
		return p.grouped(&Tuple{p.since(start), elts})
	}
	p.expectClosing(end)
	if _, ok := x.(*Starred); ok {
		p.fail(x.Span(), "cannot use starred expression here")
	}
	return p.grouped(x)
}

// grouped notes that x stood in parentheses.
func (p *parser) grouped(x Expr) Expr {
	p.group = x
	return x
}

// expectClosing moves past the token that ends a display.
func (p *parser) expectClosing(end kind) {
	if p.tok.kind != end {
		p.unexpected("',' or " + end.String())
	}
	p.advance()
}

// elements reads on from the comma after the first element of a display.
func (p *parser) elements(first Expr, end kind) []Expr {
	elts := []Expr{first}
	for p.accept(tComma) && p.tok.kind != end {
		elts = append(elts, p.starNamed())
	}
	return elts
}

// withParen reads on from the token after the parenthesis at start, which is
// the first one of a with statement.
func (p *parser) withParen(start Pos, with *withParen) Expr {
	if p.tok.kind == tRparen || p.tok.kind == tYield {
		return p.parenBody(start, tRparen)
	}
	var elts []Expr
	with.plain = true
	comma := true
	for comma && p.tok.kind != tRparen {
		from := p.tok.Start
		x := p.starNamed()
		if p.tok.kind == tFor && elts == nil {
			return p.comp(start, GenExpr, x, nil, tRparen)
		}
		with.plain = with.plain && p.isItem(x)
		with.named = with.named || p.tok.kind == tAs
		if with.named && !with.plain {
			p.unexpected("',' or ')'")
		}
		elts = append(elts, x)
		with.items = append(with.items, p.withItem(from, x))
		comma = p.accept(tComma)
	}
	p.expectClosing(tRparen)
	if with.named && p.tok.kind != tColon {
		p.fail(p.tok.Range, "expected ':'")
	}
	with.expr = elts[0]
	if comma || len(elts) > 1 {
		with.expr = &Tuple{p.since(start), elts}
	} else if _, ok := elts[0].(*Starred); ok {
		p.fail(elts[0].Span(), "cannot use starred expression here")
	}
	return p.grouped(with.expr)
}

// isItem tells whether x, just read, may be an item of a with.
func (p *parser) isItem(x Expr) bool {
	switch x.(type) {
	case *Starred:
		return false
	case *Walrus:
		return p.group == x
	}
	return true
}

func (p *parser) list() Expr {
	start := p.tok.Start
	p.advance()
	if p.accept(tRbrack) {
		return &List{Range: p.since(start)}
	}
	x := p.starNamed()
	if p.tok.kind == tFor || p.tok.kind == tAsync {
		return p.comp(start, ListComp, x, nil, tRbrack)
	}
	elts := p.displayed(x, tRbrack)
	return &List{p.since(start), elts}
}

// displayed reads the rest of a list or set after its first element.
func (p *parser) displayed(first Expr, end kind) []Expr {
	elts := []Expr{first}
	for p.accept(tComma) && p.tok.kind != end && p.tok.kind != tFor {
		elts = append(elts, p.starNamed())
	}
	if p.tok.kind == tFor {
		p.fail(p.since(first.Span().Start), "did you forget parentheses around the comprehension target?")
	}
	p.expectClosing(end)
	return elts
}

// brace reads a dict, a set or a comprehension of one.
func (p *parser) brace() Expr {
	start := p.tok.Start
	p.advance()
	if p.accept(tRbrace) {
		return &Dict{Range: p.since(start)}
	}
	if p.tok.kind == tStarStar {
		return p.dict(start, p.unpacked())
	}
	x := p.starNamed()
	switch p.tok.kind {
	case tFor, tAsync:
		return p.comp(start, SetComp, x, nil, tRbrace)
	case tColon:
		if !p.isItem(x) {
			p.unexpected("',' or '}'")
		}
		entry := Entry{x, p.dictValue()}
		if p.tok.kind == tFor || p.tok.kind == tAsync {
			return p.comp(start, DictComp, entry.Key, entry.Value, tRbrace)
		}
		return p.dict(start, entry)
	}
	elts := p.displayed(x, tRbrace)
	return &Set{p.since(start), elts}
}

// dict reads on after the first entry.
func (p *parser) dict(start Pos, first Entry) Expr {
	d := &Dict{Entries: []Entry{first}}
	if first.Key == nil && p.tok.kind == tFor {
		p.fail(p.since(start), "dict unpacking cannot be used in dict comprehension")
	}
	for p.accept(tComma) && p.tok.kind != tRbrace {
		if p.tok.kind == tStarStar {
			d.Entries = append(d.Entries, p.unpacked())
			continue
		}
		key := p.expr()
		if p.tok.kind != tColon {
			p.fail(key.Span(), "':' expected after dictionary key")
		}
		d.Entries = append(d.Entries, Entry{key, p.dictValue()})
	}
	p.expectClosing(tRbrace)
	d.Range = p.since(start)
	return d
}

// unpacked reads **X in a dict.
func (p *parser) unpacked() Entry {
	p.advance()
	return Entry{nil, p.bitOr()}
}

// dictValue reads the colon and the value after a key.
func (p *parser) dictValue() Expr {
	colon := p.tok.Range
	p.advance()
	switch p.tok.kind {
	case tStar:
		p.fail(p.tok.Range, "cannot use a starred expression in a dictionary value")
	case tRbrace, tComma:
		p.fail(colon, "expression expected after dictionary key and ':'")
	}
	return p.expr()
}

// comp reads the clauses of a comprehension and the bracket that ends it.
func (p *parser) comp(start Pos, form CompKind, elt, value Expr, end kind) Expr {
	if _, ok := elt.(*Starred); ok {
		p.fail(elt.Span(), "iterable unpacking cannot be used in comprehension")
	}
	clauses := p.clauses()
	p.expect(end)
	return p.grouped(&Comp{p.since(start), form, elt, value, clauses})
}

// clauses reads one or more for clauses with their ifs.
func (p *parser) clauses() []Clause {
	var clauses []Clause
	for p.tok.kind == tFor || p.tok.kind == tAsync {
		start := p.tok.Start
		p.expect(tFor)
		c := Clause{Target: p.forTarget()}
		p.expect(tIn)
		c.X = p.or()
		for p.accept(tIf) {
			c.Ifs = append(c.Ifs, p.filter())
		}
		c.Range = p.since(start)
		clauses = append(clauses, c)
	}
	return clauses
}

// filter reads the condition of a comprehension. Starlark allows a lambda there.
func (p *parser) filter() Expr {
	if p.tok.kind == tLambda {
		return p.lambda()
	}
	return p.or()
}

// subscripts reads what stands between the brackets of an Index.
func (p *parser) subscripts() Expr {
	start := p.tok.Start
	x := p.subscript()
	_, star := x.(*Starred)
	if !star && p.tok.kind != tComma {
		return x
	}
	elts := []Expr{x}
	for p.accept(tComma) && p.tok.kind != tRbrack {
		elts = append(elts, p.subscript())
	}
	return &Tuple{p.since(start), elts}
}

// subscript reads an index, a starred one or a slice.
func (p *parser) subscript() Expr {
	start := p.tok.Start
	var lo Expr
	if p.tok.kind != tColon {
		lo = p.starNamed()
		if p.tok.kind != tColon || !p.isItem(lo) {
			return lo
		}
	}
	s := &Slice{Lo: lo}
	p.advance()
	s.Hi = p.bound()
	if p.accept(tColon) {
		s.Step = p.bound()
	}
	s.Range = p.since(start)
	return s
}

// bound reads a limit of a slice, if it is there.
func (p *parser) bound() Expr {
	switch p.tok.kind {
	case tColon, tComma, tRbrack:
		return nil
	}
	return p.expr()
}

func (p *parser) yield() Expr {
	start := p.tok.Start
	p.advance()
	if p.accept(tFrom) {
		x := p.expr()
		return &YieldFrom{p.since(start), x}
	}
	var x Expr
	if p.beginsElement() {
		x = p.exprs()
	}
	return &Yield{p.since(start), x}
}

// args reads the parenthesised arguments of fn, or of a class if fn is nil.
func (p *parser) args(fn Expr) []Arg {
	open := p.tok.Start
	p.advance()
	var args []Arg
	for p.tok.kind != tRparen {
		arg := p.arg()
		if p.tok.kind == tFor || p.tok.kind == tAsync {
			return append(args, p.soleArg(open, fn, len(args), arg))
		}
		args = append(args, arg)
		if !p.accept(tComma) {
			break
		}
	}
	p.expectClosing(tRparen)
	p.checkOrder(fn, args)
	return args
}

// soleArg reads on from the for of a generator expression that must be the
// only argument; its parentheses are the call's.
func (p *parser) soleArg(open Pos, fn Expr, before int, arg Arg) Arg {
	switch {
	case arg.Kind == KeywordArg:
		r := Range{arg.Start, Pos{arg.Name.End.Line, arg.Name.End.Col + 1}}
		p.fail(r, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?")
	case arg.Kind == StarArg:
		p.fail(arg.Range, "iterable unpacking cannot be used in comprehension")
	case arg.Kind == StarStarArg || fn == nil:
		p.unexpected("',' or ')'")
	}
	clauses := p.clauses()
	if before > 0 || p.tok.kind == tComma {
		p.fail(p.since(arg.Start), "Generator expression must be parenthesized")
	}
	p.expectClosing(tRparen)
	r := p.since(open)
	return Arg{Range: r, X: &Comp{r, GenExpr, arg.X, nil, clauses}}
}

// arg reads one argument.
func (p *parser) arg() Arg {
	start := p.tok.Start
	switch p.tok.kind {
	case tStar:
		p.advance()
		x := p.expr()
		return Arg{Range: p.since(start), Kind: StarArg, X: x}
	case tStarStar:
		p.advance()
		x := p.expr()
		return Arg{Range: p.since(start), Kind: StarStarArg, X: x}
	}
	x := p.walrus()
	if p.tok.kind == tEq {
		return p.keywordArg(start, x)
	}
	return Arg{Range: p.since(start), X: x}
}

// keywordArg reads on from the equals sign after what should be a name.
func (p *parser) keywordArg(start Pos, x Expr) Arg {
	equals := p.tok.Range
	name, ok := x.(*Name)
	if !ok || p.group == x {
		r := Range{start, equals.End}
		if c, ok := x.(*Constant); ok {
			switch c.Value.(type) {
			case nil, bool:
				p.fail(r, "cannot assign to %s", describe(x))
			}
		}
		p.fail(r, "expression cannot contain assignment, perhaps you meant \"==\"?")
	}
	p.advance()
	value := p.expr()
	return Arg{p.since(start), KeywordArg, Ident{name.Range, name.Name}, value}
}

// checkOrder fails if an argument stands after one it must precede. Only a
// load statement may mix them, and whether this is one is not known yet.
func (p *parser) checkOrder(fn Expr, args []Arg) {
	err := p.orderError(args)
	if err == nil {
		return
	}
	if fn != nil && fn.Span() == p.first.Range && isLoad(fn, args) {
		p.orderErr = err
		return
	}
	panic(err)
}

func (p *parser) orderError(args []Arg) *Error {
	var keyword, unpacking bool
	for _, arg := range args {
		msg := ""
		switch {
		case arg.Kind == StarArg && unpacking:
			msg = "iterable argument unpacking follows keyword argument unpacking"
		case arg.Kind == PositionalArg && unpacking:
			msg = "positional argument follows keyword argument unpacking"
		case arg.Kind == PositionalArg && keyword:
			msg = "positional argument follows keyword argument"
		}
		if msg != "" {
			return &Error{p.src, syntaxError, msg, arg.Range}
		}
		keyword = keyword || arg.Kind == KeywordArg
		unpacking = unpacking || arg.Kind == StarStarArg
	}
	return nil
}

// A paramReader reads the parameters of a def or, if end is a colon, a lambda.
type paramReader struct {
	*parser
	Params
	end      kind
	slash    bool   // seen
	star     bool   // seen
	bare     *Range // of a star without a name
	defaults bool   // a positional parameter had one
}

// params reads parameters up to a token of kind end.
func (p *parser) params(end kind) Params {
	r := paramReader{parser: p, end: end}
	for p.tok.kind != end {
		r.param()
		if !p.accept(tComma) {
			break
		}
	}
	r.checkBare()
	return r.Params
}

// param reads one parameter, or a slash or star on its own.
func (r *paramReader) param() {
	if r.Kwargs != nil {
		r.fail(r.tok.Range, "arguments cannot follow var-keyword argument")
	}
	switch r.tok.kind {
	case tSlash:
		r.readSlash()
	case tStar:
		r.readStar()
	case tStarStar:
		r.checkBare()
		r.advance()
		kwargs := r.noDefault("var-keyword")
		r.Kwargs = &kwargs
	case tLparen:
		what := "Function"
		if r.end == tColon {
			what = "Lambda expression"
		}
		r.fail(r.tok.Range, "%s parameters cannot be parenthesized", what)
	default:
		r.readPlain()
	}
}

func (r *paramReader) readSlash() {
	switch {
	case r.slash:
		r.fail(r.tok.Range, "/ may appear only once")
	case r.star:
		r.fail(r.tok.Range, "/ must be ahead of *")
	case r.Positional == nil:
		r.fail(r.tok.Range, "at least one argument must precede /")
	}
	r.slash = true
	r.NumPosOnly = len(r.Positional)
	r.advance()
	if r.tok.kind == tStar {
		r.fail(r.tok.Range, "expected comma between / and *")
	}
}

func (r *paramReader) readStar() {
	if r.star {
		r.fail(r.tok.Range, "* argument may appear only once")
	}
	r.star = true
	star := r.tok.Range
	r.advance()
	if r.tok.kind == tName {
		varargs := r.noDefault("var-positional")
		r.Varargs = &varargs
		return
	}
	if r.tok.kind != tComma && r.tok.kind != r.end {
		r.unexpected("a name or ','")
	}
	r.bare = &star
}

// checkBare fails if a bare star is the last but for **kwargs.
func (r *paramReader) checkBare() {
	if r.bare != nil && r.KwOnly == nil {
		r.fail(*r.bare, "named arguments must follow bare *")
	}
}

// readPlain reads a parameter that is a name.
func (r *paramReader) readPlain() {
	param := r.annotated()
	equals := r.tok.Range
	if r.accept(tEq) {
		if r.tok.kind == tComma || r.tok.kind == r.end {
			r.fail(equals, "expected default value expression")
		}
		param.Default = r.expr()
	}
	if r.star {
		r.KwOnly = append(r.KwOnly, param)
		return
	}
	if r.defaults && param.Default == nil {
		r.fail(param.Range, "non-default argument follows default argument")
	}
	r.defaults = r.defaults || param.Default != nil
	r.Positional = append(r.Positional, param)
}

// noDefault reads the parameter after stars.
func (r *paramReader) noDefault(what string) Param {
	param := r.annotated()
	if r.tok.kind == tEq {
		r.fail(r.tok.Range, "%s argument cannot have default value", what)
	}
	return param
}

// annotated reads a name and its annotation, which a lambda has no place for.
// That of *args may be starred.
func (r *paramReader) annotated() Param {
	param := Param{Ident: r.name()}
	if r.end == tRparen && r.accept(tColon) {
		param.Annotation = r.starExpr()
	}
	return param
}
