// # Grammar
//
// In what follows [x] is optional, {x} repeats, and a list "x, …" may
// end in a comma.
//
//	File       = {Statement} .
//	Statement  = Simple {';' Simple} [';'] NEWLINE
//	           | If | While | For | Try | With | Match | FuncDef | ClassDef .
//	Block      = Simple {';' Simple} [';'] NEWLINE
//	           | NEWLINE INDENT Statement {Statement} DEDENT .
//
//	Simple     = Exprs | Assign | AnnAssign | AugAssign | Load
//	           | 'pass' | 'break' | 'continue' | 'return' [Exprs]
//	           | 'del' Targets | 'global' name {',' name} | 'nonlocal' name {',' name}
//	           | 'assert' Expr [',' Expr] | 'raise' [Expr ['from' Expr]]
//	           | 'import' Dotted ['as' name] {',' Dotted ['as' name]}
//	           | 'from' ({'.'} Dotted | '.' {'.'}) 'import' ('*' | Names | '(' Names [','] ')') .
//	Names      = name ['as' name] {',' name ['as' name]} .
//	Dotted     = name {'.' name} .
//	Targets    = ['*'] Target, … .
//	Target     = name | Primary '.' name | Primary '[' Subscript, … ']'
//	           | '(' Targets ')' | '[' Targets ']' .
//	Assign     = Targets '=' {Targets '='} Value .
//	AnnAssign  = Target ':' Expr ['=' Value] .
//	AugAssign  = Target AugOp Value .
//	Value      = Exprs | Yield .
//	Load       = 'load' '(' string, ([name '='] string), … ')' .
//
//	If         = 'if' Named ':' Block {'elif' Named ':' Block} [Else] .
//	While      = 'while' Named ':' Block [Else] .
//	For        = 'for' Targets 'in' Exprs ':' Block [Else] .
//	Else       = 'else' ':' Block .
//	Try        = 'try' ':' Block {'except' [Expr ['as' name]] ':' Block} [Else] ['finally' ':' Block] .
//	With       = 'with' (Items | '(' Item, … ')') ':' Block .
//	Items      = Item {',' Item} .
//	Item       = Expr ['as' Target] .
//	Match      = 'match' (Named | Elements) ':' NEWLINE INDENT Case {Case} DEDENT .
//	Case       = 'case' (Pattern | Pattern ',' [Sequence]) ['if' Named] ':' Block .
//	Pattern    = Closed {'|' Closed} ['as' name] .
//	Closed     = ['-'] number | string {string} | 'None' | 'True' | 'False' | name {'.' name}
//	           | '(' Pattern ')' | '(' [Sequence] ')' | '[' [Sequence] ']'
//	           | '{' (Key ':' Pattern, …) ['**' name] '}'
//	           | name {'.' name} '(' (Pattern | name '=' Pattern), … ')' .
//	Sequence   = (Pattern | '*' name), … .
//	Key        = literal | name '.' name {'.' name} .
//	FuncDef    = {Decorator} 'def' name '(' [Params] ')' ['->' Expr] ':' Block .
//	ClassDef   = {Decorator} 'class' name ['(' [Args] ')'] ':' Block .
//	Decorator  = '@' Named NEWLINE .
//	Params     = Param, ['/'], Param, ['*' [Param]], Param, ['**' Param], … .
//	Param      = name [':' Expr] ['=' Expr] .
//
//	Exprs      = (Expr | '*' BitOr), … .
//	Named      = [name ':='] Expr .
//	Expr       = Or ['if' Or 'else' Expr] | Lambda .
//	Lambda     = 'lambda' [Params] ':' Expr .
//	Or         = And {'or' And} .
//	And        = Not {'and' Not} .
//	Not        = 'not' Not | Compare .
//	Compare    = BitOr {CompareOp BitOr} .
//	BitOr      = Unary {BinaryOp Unary} .           by precedence: | ^ & <<>> +- */ // % @
//	Unary      = ('+' | '-' | '~') Unary | Primary ['**' Unary] .
//	Primary    = Atom {'.' name | '(' [Args] ')' | '[' Subscript, … ']'} .
//	Subscript  = Named | '*' BitOr | [Expr] ':' [Expr] [':' [Expr]] .
//	Args       = (Named | name '=' Expr | '*' Expr | '**' Expr), … | Named Clauses .
//	Atom       = name | number | string {string} | 'None' | 'True' | 'False' | '...'
//	           | '(' [Yield | Elements | Named Clauses] ')'
//	           | '[' [Elements | Named Clauses] ']'
//	           | '{' [Elements | Named Clauses] '}'
//	           | '{' (Expr ':' Expr | '**' BitOr), … '}' | '{' Expr ':' Expr Clauses '}' .
//	Elements   = (Named | '*' BitOr), … .
//	Clauses    = 'for' Targets 'in' Or {'if' (Or | Lambda)} {Clauses} .
//	Yield      = 'yield' [Exprs | 'from' Expr] .
package syntax

import "strings"

// This file holds the parser's core and the statements; pattern.go the match
// statement, expr.go the expressions, target.go what may be assigned to,
// literal.go and fstring.go what literals mean.
//
// The parser is one of recursive descent that looks one token ahead and never
// goes back: where Python's grammar needs more, it reads an expression first
// and then looks at what it has read (a target, a keyword argument, the items
// of a with). Only the word match, which may as well be a name, has it look at
// the whole line (beginsMatch). Chains of any length (a+b+…, a.b.c…, elif) are read in loops;
// what does recurse is bounded by maxDepth.

// maxDepth bounds the recursion of the parser, and with it the depth of the
// tree, but for left-leaning chains and elifs.
const maxDepth = 1000

// A parser reads one file. Failures leave it as a panic of *Error, which
// Parse recovers.
type parser struct {
	src     *Source
	main    *scanner // of the file
	scan    *scanner // main, or that of the field of an f-string
	tok     token    // the next one
	prevEnd Pos      // where the last word before tok ended
	depth   int      // of recursion

	outline bool   // see ParseOutline
	defs    int    // def statements around tok
	class   string // the class at top level around tok, or ""

	first    token      // of the statement being read
	group    Expr       // what the last closing parenthesis ended, if it was a parenthesised expression
	with     *withParen // set while the next atom may be the items of a with
	noComma  bool       // a comma is missing before what is being read
	orderErr *Error     // why the call just read is wrong unless it is a load
}

// Parse returns the tree of a script. The error, if any, is an *Error.
func Parse(src *Source) (*File, error) {
	p := &parser{src: src}
	file, err := p.parse()
	if err == nil {
		return file, nil
	}
	return nil, p.worst(err)
}

// ParseValue parses a text that is one expression; the tree has it as its only statement.
// Blanks before it are no indentation.
func ParseValue(src *Source) (*File, error) {
	p := &parser{src: src}
	file, err := p.parseValue()
	if err == nil {
		return file, nil
	}
	return nil, p.worst(err)
}

func (p *parser) parseValue() (file *File, err *Error) {
	defer catch(&err)
	p.main = newScanner(p.src)
	p.main.pos += len(p.src.Text) - len(strings.TrimLeft(p.src.Text, " \t"))
	p.scan = p.main
	p.scan.next(&p.tok)
	start := p.tok.Start
	x := p.exprs()
	for p.tok.kind == tNewline {
		p.advance()
	}
	if p.tok.kind != tEOF {
		p.unexpected("the end of the text")
	}
	return &File{Range: p.since(start), Source: p.src, Body: []Stmt{&ExprStmt{x.Span(), x}}}, nil
}

// worst returns the failure to be reported for err, which ended the parse. As in
// CPython (_PyPegen_tokenize_full_source_to_check_for_errors), a text that
// cannot even be cut into tokens is told so first: a bracket or quote left open
// makes nonsense of all that follows it.
func (p *parser) worst(err *Error) *Error {
	if err.Class == syntaxError && p.main != nil && !p.main.failed {
		if worse := p.main.worse(p.tok.Start.Line); worse != nil {
			return worse
		}
	}
	return err
}

func (p *parser) parse() (file *File, err *Error) {
	defer catch(&err)
	p.main = newScanner(p.src)
	p.scan = p.main
	p.scan.next(&p.tok)
	return p.file(), nil
}

// advance moves on to the next token.
func (p *parser) advance() {
	if p.tok.kind != tNewline {
		p.prevEnd = p.tok.End
	}
	p.scan.next(&p.tok)
}

// accept moves past a token of kind k, if there is one.
func (p *parser) accept(k kind) bool {
	if p.tok.kind != k {
		return false
	}
	p.advance()
	return true
}

// expect moves past a token that must be of kind k.
func (p *parser) expect(k kind) {
	if p.tok.kind != k {
		p.unexpected(k.String())
	}
	p.advance()
}

// colon moves past the colon before a block.
func (p *parser) colon() {
	if p.tok.kind != tColon {
		p.fail(p.tok.Range, "expected ':'")
	}
	p.advance()
}

// name moves past a name and returns it.
func (p *parser) name() Ident {
	if p.tok.kind != tName {
		p.unexpected("a name")
	}
	id := Ident{p.tok.Range, p.scan.word(&p.tok)}
	p.advance()
	return id
}

// since returns the range from start to the last word read.
func (p *parser) since(start Pos) Range { return Range{start, p.prevEnd} }

// enter counts one level of recursion, which p.depth-- ends.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.tok.Range, "too many nested expressions")
	}
}

// fail stops the parse with a SyntaxError.
func (p *parser) fail(r Range, format string, args ...any) {
	p.scan.raise(syntaxError, r, format, args...)
}

// unexpected stops the parse at a token that cannot stand where it does.
func (p *parser) unexpected(wanted string) {
	switch p.tok.kind {
	case tIndent:
		p.scan.raise(indentationError, p.tok.Range, "unexpected indent")
	case tDedent:
		p.scan.raise(indentationError, p.tok.Range, "unexpected unindent")
	case tUnknown:
		p.fail(p.tok.Range, "invalid syntax; unexpected character '%s'", p.scan.word(&p.tok))
	case tAsync, tAwait:
		p.fail(p.tok.Range, "invalid syntax; %v is not supported", p.tok.kind)
	}
	p.fail(p.tok.Range, "invalid syntax; expected %s", wanted)
}

// file reads everything.
func (p *parser) file() *File {
	start := p.tok.Start
	f := &File{Source: p.src}
	for p.tok.kind != tEOF {
		f.Body = p.statement(f.Body)
	}
	f.Range = Range{start, p.tok.End}
	return f
}

// statement appends one compound statement, or one line of simple ones.
func (p *parser) statement(body []Stmt) []Stmt {
	switch p.tok.kind {
	case tIf:
		return append(body, p.ifStmt())
	case tWhile:
		return append(body, p.whileStmt())
	case tFor:
		return append(body, p.forStmt())
	case tTry:
		return append(body, p.tryStmt())
	case tWith:
		return append(body, p.withStmt())
	case tDef, tClass, tAt:
		return append(body, p.decorated())
	case tName:
		if p.beginsMatch() {
			return append(body, p.matchStmt())
		}
	}
	return p.simpleLine(body)
}

// block reads the colon and the statements that belong to what, a statement
// that began on the given line.
func (p *parser) block(what string, line int32) []Stmt {
	p.colon()
	if p.tok.kind != tNewline {
		return p.simpleLine(nil)
	}
	p.advance()
	if p.tok.kind != tIndent {
		p.scan.raise(indentationError, p.tok.Range, "expected an indented block after %s on line %d", what, line)
	}
	p.advance()
	var body []Stmt
	for p.tok.kind != tDedent {
		body = p.statement(body)
	}
	p.scan.next(&p.tok) // not advance: the block ended with its last word
	return body
}

// simpleLine appends the simple statements of one line.
func (p *parser) simpleLine(body []Stmt) []Stmt {
	for {
		body = append(body, p.simple())
		if !p.accept(tSemi) || p.tok.kind == tNewline {
			break
		}
	}
	if p.tok.kind != tNewline {
		p.unexpected("a newline or ';'")
	}
	p.advance()
	return body
}

// simple reads one simple statement.
func (p *parser) simple() Stmt {
	p.first = p.tok
	start := p.tok.Start
	switch p.tok.kind {
	case tPass:
		p.advance()
		return &Pass{p.since(start)}
	case tBreak:
		p.advance()
		return &Break{p.since(start)}
	case tContinue:
		p.advance()
		return &Continue{p.since(start)}
	case tReturn:
		return p.returnStmt()
	case tDel:
		return p.delStmt()
	case tGlobal:
		names := p.nameList()
		return &Global{p.since(start), names}
	case tNonlocal:
		names := p.nameList()
		return &Nonlocal{p.since(start), names}
	case tAssert:
		return p.assertStmt()
	case tRaise:
		return p.raiseStmt()
	case tImport:
		return p.importStmt()
	case tFrom:
		return p.fromStmt()
	}
	return p.exprStmt()
}

// endsSimple tells whether the next token ends a simple statement.
func (p *parser) endsSimple() bool {
	return p.tok.kind == tNewline || p.tok.kind == tSemi
}

func (p *parser) returnStmt() Stmt {
	start := p.tok.Start
	p.advance()
	var x Expr
	if !p.endsSimple() {
		x = p.exprs()
	}
	return &Return{p.since(start), x}
}

// nameList reads the names of a global or nonlocal statement.
func (p *parser) nameList() []Ident {
	p.advance()
	names := []Ident{p.name()}
	for p.accept(tComma) {
		names = append(names, p.name())
	}
	return names
}

// assertStmt reads an assert. Starlark has no such statement, and its
// programs use the word as a name: so it is one where Python has no use for
// it, within an expression or before a dot or an equals sign.
func (p *parser) assertStmt() Stmt {
	if p.scan.marksName() {
		return p.exprStmt()
	}
	start := p.tok.Start
	p.advance()
	s := &Assert{Cond: p.expr()}
	if p.accept(tComma) {
		s.Msg = p.expr()
	}
	s.Range = p.since(start)
	return s
}

func (p *parser) raiseStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &Raise{}
	if !p.endsSimple() {
		s.Exc = p.expr()
		if p.accept(tFrom) {
			s.Cause = p.expr()
		}
	}
	s.Range = p.since(start)
	return s
}

// dotted reads a name with dots.
func (p *parser) dotted() string {
	name := p.name().Name
	for p.accept(tDot) {
		name += "." + p.name().Name
	}
	return name
}

// asName reads "as name", if it is there.
func (p *parser) asName() string {
	if !p.accept(tAs) {
		return ""
	}
	return p.name().Name
}

func (p *parser) importStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &Import{}
	for {
		from := p.tok.Start
		name := p.dotted()
		as := p.asName()
		s.Names = append(s.Names, Alias{p.since(from), name, as})
		if !p.accept(tComma) {
			break
		}
	}
	s.Range = p.since(start)
	return s
}

func (p *parser) fromStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &ImportFrom{}
	for {
		if p.accept(tDot) {
			s.Level++
		} else if p.accept(tDots) {
			s.Level += 3
		} else {
			break
		}
	}
	if s.Level == 0 || p.tok.kind != tImport {
		s.Module = p.dotted()
	}
	p.expect(tImport)
	switch {
	case p.accept(tStar):
		s.Star = true
	case p.accept(tLparen):
		s.Names = p.importedNames(true)
		p.expect(tRparen)
	default:
		s.Names = p.importedNames(false)
	}
	s.Range = p.since(start)
	return s
}

// importedNames reads the names after import, which may end in a comma if
// they are parenthesised.
func (p *parser) importedNames(parenthesised bool) []Alias {
	var names []Alias
	for {
		start := p.tok.Start
		name := p.name().Name
		as := p.asName()
		names = append(names, Alias{p.since(start), name, as})
		if !p.accept(tComma) || parenthesised && p.tok.kind == tRparen {
			return names
		}
		if p.tok.kind == tNewline {
			p.fail(p.tok.Range, "trailing comma not allowed without surrounding parentheses")
		}
	}
}

// exprStmt reads a statement that begins with an expression.
func (p *parser) exprStmt() Stmt {
	start := p.tok.Start
	p.orderErr = nil
	if p.tok.kind != tYield && p.tok.kind != tAssert && !p.beginsElement() {
		p.unexpected("a statement")
	}
	x := p.value()
	switch k := p.tok.kind; {
	case k == tEq:
		return p.assign(start, x)
	case k == tColon:
		return p.annAssign(start, x)
	case tPlusEq <= k && k <= tAtEq:
		return p.augAssign(start, x)
	}
	p.noStar(x)
	if p.endsSimple() {
		if load := asLoad(x); load != nil {
			load.Range = p.since(start)
			return load
		}
	}
	if p.orderErr != nil {
		panic(p.orderErr)
	}
	return &ExprStmt{p.since(start), x}
}

// value reads what may stand alone or on the right of an equals sign.
func (p *parser) value() Expr {
	if p.tok.kind == tYield {
		return p.yield()
	}
	return p.starExprs()
}

// rvalue is a value that is not the target of a further equals sign.
func (p *parser) rvalue() Expr {
	x := p.value()
	p.noStar(x)
	return x
}

// assign reads on from the first equals sign; x is what stands before it.
func (p *parser) assign(start Pos, x Expr) Stmt {
	s := &Assign{}
	for p.tok.kind == tEq {
		p.checkAssign(x, s.Targets == nil)
		s.Targets = append(s.Targets, x)
		p.advance()
		x = p.value()
	}
	p.noStar(x)
	s.Value, s.Range = x, p.since(start)
	return s
}

// augAssign reads on from an operator like +=.
func (p *parser) augAssign(start Pos, x Expr) Stmt {
	if !isSingleTarget(x) {
		p.fail(x.Span(), "'%s' is an illegal expression for augmented assignment", describe(x))
	}
	op := Op(p.tok.kind - tPlusEq)
	p.advance()
	y := p.rvalue()
	return &AugAssign{p.since(start), x, op, y}
}

// annAssign reads on from the colon of an annotation.
func (p *parser) annAssign(start Pos, x Expr) Stmt {
	colon := p.tok
	p.advance()
	if p.tok.kind == tNewline {
		p.tok = colon
		p.unexpected("a newline or ';'")
	}
	ann := p.expr()
	switch x.(type) {
	case *Name, *Attr, *Index:
	case *Tuple, *List:
		p.fail(x.Span(), "only single target (not %s) can be annotated", describe(x))
	default:
		p.fail(x.Span(), "illegal target for annotation")
	}
	var y Expr
	if p.accept(tEq) {
		y = p.rvalue()
	}
	return &AnnAssign{p.since(start), x, ann, y}
}

// asLoad returns x as the Load statement it is, or nil.
func asLoad(x Expr) *Load {
	call, ok := x.(*Call)
	if !ok || !isLoad(call.Fn, call.Args) {
		return nil
	}
	load := &Load{Module: stringValue(call.Args[0].X)}
	for _, arg := range call.Args[1:] {
		load.Names = append(load.Names, Alias{arg.Range, stringValue(arg.X), arg.Name.Name})
	}
	return load
}

// isLoad tells whether fn(args) is a Load, if it is a statement.
func isLoad(fn Expr, args []Arg) bool {
	if name, ok := fn.(*Name); !ok || name.Name != "load" {
		return false
	}
	if len(args) < 2 || args[0].Kind != PositionalArg {
		return false
	}
	for _, arg := range args {
		c, ok := arg.X.(*Constant)
		if !ok || arg.Kind > KeywordArg {
			return false
		}
		if _, ok := c.Value.(string); !ok {
			return false
		}
	}
	return true
}

// stringValue returns the value of a string literal.
func stringValue(x Expr) string { return x.(*Constant).Value.(string) }

// ifStmt reads an if and its elifs. A chain of those may be long: each hangs
// in the Else of the one before, and all end where the last one does.
func (p *parser) ifStmt() Stmt {
	var chain []*If
	for what := "'if' statement"; ; what = "'elif' statement" {
		s := &If{Range: p.tok.Range}
		p.advance()
		s.Cond = p.named()
		s.Then = p.block(what, s.Start.Line)
		chain = append(chain, s)
		if p.tok.kind != tElif {
			break
		}
	}
	last := len(chain) - 1
	chain[last].Else = p.orElse()
	for i, s := range chain {
		s.End = p.prevEnd
		if i > 0 {
			chain[i-1].Else = []Stmt{s}
		}
	}
	return chain[0]
}

// orElse reads the else block of a statement, if it has one.
func (p *parser) orElse() []Stmt {
	line := p.tok.Start.Line
	if !p.accept(tElse) {
		return nil
	}
	return p.block("'else' statement", line)
}

func (p *parser) whileStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &While{Cond: p.named()}
	s.Body = p.block("'while' statement", start.Line)
	s.Else = p.orElse()
	s.Range = p.since(start)
	return s
}

func (p *parser) forStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &For{Target: p.forTarget()}
	p.expect(tIn)
	s.X = p.exprs()
	s.Body = p.block("'for' statement", start.Line)
	s.Else = p.orElse()
	s.Range = p.since(start)
	return s
}

func (p *parser) tryStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &Try{Body: p.block("'try' statement", start.Line)}
	for p.tok.kind == tExcept {
		s.Handlers = append(s.Handlers, p.handler())
	}
	for i, h := range s.Handlers {
		if h.Type == nil && i < len(s.Handlers)-1 {
			p.fail(h.Range, "default 'except:' must be last")
		}
	}
	if s.Handlers != nil {
		s.Else = p.orElse()
	}
	line := p.tok.Start.Line
	if p.accept(tFinally) {
		s.Finally = p.block("'finally' statement", line)
	}
	if s.Handlers == nil && s.Finally == nil {
		p.fail(p.tok.Range, "expected 'except' or 'finally' block")
	}
	s.Range = p.since(start)
	return s
}

func (p *parser) handler() Handler {
	start := p.tok.Start
	p.advance()
	var h Handler
	switch p.tok.kind {
	case tStar:
		p.fail(p.tok.Range, "invalid syntax; except* is not supported")
	case tColon, tNewline:
	default:
		h.Type = p.expr()
		if p.tok.kind == tComma {
			p.exceptTuple(h.Type)
		}
		if p.accept(tAs) {
			name := p.name()
			h.Name = &name
		}
	}
	h.Body = p.block("'except' statement", start.Line)
	h.Range = p.since(start)
	return h
}

// exceptTuple fails at the comma in Python 2's "except A, e:".
func (p *parser) exceptTuple(first Expr) {
	p.advance()
	p.exprs()
	p.fail(p.since(first.Span().Start), "multiple exception types must be parenthesized")
}

// A withParen is what stands in the parenthesis that begins a with statement:
// an expression or the statement's items, which only its end shows.
type withParen struct {
	expr  Expr       // what it is as an expression
	items []WithItem // what it is as items
	named bool       // an item has a target, so that it is no expression
	plain bool       // each element may be an item
}

func (p *parser) withStmt() Stmt {
	start := p.tok.Start
	p.advance()
	s := &With{Items: p.withItems()}
	s.Body = p.block("'with' statement", start.Line)
	s.Range = p.since(start)
	return s
}

func (p *parser) withItems() []WithItem {
	var paren withParen
	if p.tok.kind == tLparen {
		p.with = &paren
	}
	from := p.tok.Start
	x := p.expr()
	if paren.named || p.tok.kind == tColon && paren.plain && x == paren.expr {
		return paren.items
	}
	items := []WithItem{p.withItem(from, x)}
	for p.accept(tComma) {
		from := p.tok.Start
		items = append(items, p.withItem(from, p.expr()))
	}
	return items
}

// withItem reads the target after x, if it has one.
func (p *parser) withItem(start Pos, x Expr) WithItem {
	var target Expr
	if p.accept(tAs) {
		target = p.target()
	}
	return WithItem{p.since(start), x, target}
}

// decorated reads a def or class and the decorators before it.
func (p *parser) decorated() Stmt {
	var decorators []Expr
	for p.accept(tAt) {
		decorators = append(decorators, p.named())
		p.expect(tNewline)
	}
	switch p.tok.kind {
	case tDef:
		return p.def(decorators)
	case tClass:
		return p.classDef(decorators)
	}
	p.unexpected("'def' or 'class'")
	return nil
}

func (p *parser) def(decorators []Expr) Stmt {
	def, start := p.tok, p.tok.Start
	p.advance()
	s := &FuncDef{Decorators: decorators, Name: p.name()}
	if p.tok.kind != tLparen {
		p.fail(p.tok.Range, "expected '('")
	}
	p.advance()
	s.Params = p.params(tRparen)
	p.expect(tRparen)
	if p.accept(tArrow) {
		s.Returns = p.expr()
	}
	if s.Unread = p.unread(def); s.Unread != nil {
		s.Body = p.passOver(s.Unread)
	} else {
		p.defs++
		s.Body = p.block("function definition", start.Line)
		p.defs--
	}
	s.Range = p.since(start)
	return s
}

func (p *parser) classDef(decorators []Expr) Stmt {
	start := p.tok.Start
	p.advance()
	s := &ClassDef{Decorators: decorators, Name: p.name()}
	if p.tok.kind == tLparen {
		s.Args = p.args(nil)
	}
	outer := p.class
	if p.class = ""; start.Col == 1 {
		p.class = s.Name.Name
	}
	s.Body = p.block("class definition", start.Line)
	p.class = outer
	s.Range = p.since(start)
	return s
}
