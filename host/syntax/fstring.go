package syntax

import "strings"

// An fstring reads the body of one f-string literal. As in CPython 3.11
// (Parser/string_parser.c) the scanner has found the literal's end without a
// look at its fields; a field's end is found by brackets and quotes, and then
// the field is scanned and parsed where it stands in the text, so that
// positions in it are those of the file.
type fstring struct {
	p         *parser
	literal   *literal
	text      string // of the file, up to the end of the body
	pos       int
	line      int32 // of pos
	lineStart int   // offset of the line of pos
}

// maxSpecDepth is how deep fields may stand in the format specs of fields.
const maxSpecDepth = 2

// fstring adds what the f-string l, the next token, holds to run.
func (p *parser) fstring(l *literal, run *stringRun) {
	f := fstring{
		p:         p,
		literal:   l,
		text:      p.src.Text[:l.bodyOff+len(l.body)],
		pos:       l.bodyOff,
		line:      l.Start.Line,
		lineStart: l.off - int(l.Start.Col-1),
	}
	f.parts(run, 0)
}

// here returns the position of pos.
func (f *fstring) here() Pos { return Pos{f.line, int32(f.pos - f.lineStart + 1)} }

// done tells whether the body is at its end.
func (f *fstring) done() bool { return f.pos >= len(f.text) }

// at tells whether the byte c is next.
func (f *fstring) at(c byte) bool { return !f.done() && f.text[f.pos] == c }

// step passes over one byte or line end.
func (f *fstring) step() {
	n := lineEnd(f.text, f.pos)
	if n == 0 {
		f.pos++
		return
	}
	f.pos += n
	f.line++
	f.lineStart = f.pos
}

// fail stops the parse at pos.
func (f *fstring) fail(format string, args ...any) {
	at := f.here()
	f.p.fail(point(at), "f-string: "+format, args...)
}

// parts reads text and fields: to the end of the body or, in a format spec
// (depth > 0), to the brace that ends it.
func (f *fstring) parts(run *stringRun, depth int) {
	for !f.done() {
		f.literalText(run, depth)
		if f.done() || f.at('}') {
			return
		}
		f.field(run, depth)
	}
}

// literalText reads up to a brace that is not doubled.
func (f *fstring) literalText(run *stringRun, depth int) {
	start, from := f.here(), f.pos
	add := func() {
		run.add(f.p.decode(f.literal, f.text[from:f.pos]), Range{start, f.here()})
	}
	for !f.done() {
		c := f.text[f.pos]
		switch {
		case c == '\\' && !f.literal.raw:
			f.pos++
			if !f.done() && !f.at('{') && !f.at('}') {
				f.step()
			}
		case c != '{' && c != '}':
			f.step()
		case depth > 0 || f.pos+1 == len(f.text) || f.text[f.pos+1] != c:
			if c == '}' && depth == 0 {
				f.fail("single '}' is not allowed")
			}
			add()
			return
		default:
			f.pos++
			add()
			f.pos++
			start, from = f.here(), f.pos
		}
	}
	add()
}

// field reads one replacement field from its opening brace on.
func (f *fstring) field(run *stringRun, depth int) {
	if depth >= maxSpecDepth {
		f.fail("expressions nested too deeply")
	}
	start := f.here()
	f.pos++
	x, text := f.expr()
	format := &Format{X: x}
	if text != "" {
		run.add(lineEnds.Replace(text), Range{start, f.here()})
	}
	if f.at('!') {
		f.pos++
		format.Conv = f.conversion()
	}
	if f.at(':') {
		f.pos++
		format.Spec = f.spec(depth)
	}
	if !f.at('}') {
		f.fail("expecting '}'")
	}
	f.pos++
	if text != "" && format.Conv == 0 && format.Spec == nil {
		format.Conv = 'r'
	}
	format.Range = Range{start, f.here()}
	run.flush()
	run.parts = append(run.parts, format)
}

// conversion reads the letter after an exclamation mark.
func (f *fstring) conversion() byte {
	if f.done() {
		f.fail("expecting '}'")
	}
	c := f.text[f.pos]
	if c != 's' && c != 'r' && c != 'a' {
		f.fail("invalid conversion character: expected 's', 'r', or 'a'")
	}
	f.pos++
	return c
}

// spec reads a format spec from after its colon.
func (f *fstring) spec(depth int) *FString {
	start := f.here()
	var run stringRun
	f.parts(&run, depth+1)
	run.flush()
	return &FString{Range{start, f.here()}, run.parts}
}

// expr reads the expression of a field and, if an equals sign follows, also
// returns their text.
func (f *fstring) expr() (x Expr, text string) {
	from, line, lineStart := f.pos, f.line, f.lineStart
	f.skipExpr()
	if f.done() {
		f.fail("expecting '}'")
	}
	if strings.Trim(f.text[from:f.pos], blanks+"\r\n") == "" {
		f.empty()
	}
	x = f.p.field(fieldScanner(f.p.src, from, f.pos, line, lineStart))
	if !f.at('=') {
		return x, ""
	}
	f.pos++
	for !f.done() && strings.IndexByte(blanks+"\r\n", f.text[f.pos]) >= 0 {
		f.step()
	}
	return x, f.text[from:f.pos]
}

// empty fails at the end of a field without an expression.
func (f *fstring) empty() {
	if f.at('}') {
		f.fail("empty expression not allowed")
	}
	f.fail("expression required before '%c'", f.text[f.pos])
}

// field reads the expression that is all that s has.
func (p *parser) field(s *scanner) Expr {
	outer, tok := p.scan, p.tok
	p.scan = s
	start := s.here()
	s.next(&p.tok)
	x := p.parenBody(start, tEOF)
	p.scan, p.tok = outer, tok
	return x
}

// skipExpr passes over an expression, to what ends it: an exclamation mark,
// colon, equals sign or brace outside of brackets and strings, or the end of
// the body.
func (f *fstring) skipExpr() {
	var open []byte
	for !f.done() {
		c := f.text[f.pos]
		switch c {
		case '\\':
			f.p.fail(point(f.here()), "f-string expression part cannot include a backslash")
		case '#':
			f.p.fail(point(f.here()), "f-string expression part cannot include '#'")
		case '\'', '"':
			f.skipString(c)
			continue
		case '(', '[', '{':
			if len(open) >= maxBrackets {
				f.fail("too many nested parenthesis")
			}
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 {
				if c == '}' {
					return
				}
				f.fail("unmatched '%c'", c)
			}
			open = f.close(open, c)
		case '!', ':', '=', '<', '>':
			if len(open) == 0 && f.endsExpr(c) {
				return
			}
		}
		f.step()
	}
	if n := len(open); n > 0 {
		f.fail("unmatched '%c'", open[n-1])
	}
}

// close returns the open brackets without the last, which c must match.
func (f *fstring) close(open []byte, c byte) []byte {
	last := open[len(open)-1]
	if strings.IndexByte("([{", last) != strings.IndexByte(")]}", c) {
		f.fail("closing parenthesis '%c' does not match opening parenthesis '%c'", c, last)
	}
	return open[:len(open)-1]
}

// endsExpr tells whether c, the next byte, ends an expression. If it is the
// first byte of a comparison operator, that byte is passed over.
func (f *fstring) endsExpr(c byte) bool {
	if c != ':' && f.pos+1 < len(f.text) && f.text[f.pos+1] == '=' {
		f.pos++
		return false
	}
	return c != '<' && c != '>'
}

// skipString passes over a string from its quote q on.
func (f *fstring) skipString(q byte) {
	end := string(q)
	if strings.HasPrefix(f.text[f.pos:], strings.Repeat(end, 3)) {
		end = strings.Repeat(end, 3)
	}
	f.pos += len(end)
	for !strings.HasPrefix(f.text[f.pos:], end) {
		if f.done() {
			f.fail("unterminated string")
		}
		if f.at('\\') {
			f.p.fail(point(f.here()), "f-string expression part cannot include a backslash")
		}
		f.step()
	}
	f.pos += len(end)
}
