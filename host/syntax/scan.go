package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A kind tells what a token is.
type kind uint8

// The kinds of token. The operators stand in the order of the Ops, so that
// one is computed from the other.
const (
	tEOF kind = iota
	tNewline
	tIndent
	tDedent
	tName
	tNumber
	tString
	tUnknown // a character that begins no token

	tPlus
	tMinus
	tStar
	tSlash
	tSlashSlash
	tPercent
	tStarStar
	tAmpersand
	tPipe
	tCaret
	tLtLt
	tGtGt
	tAt

	tPlusEq
	tMinusEq
	tStarEq
	tSlashEq
	tSlashSlashEq
	tPercentEq
	tStarStarEq
	tAmpersandEq
	tPipeEq
	tCaretEq
	tLtLtEq
	tGtGtEq
	tAtEq

	tEqEq
	tNe
	tLt
	tLe
	tGt
	tGe

	tTilde
	tEq
	tColonEq
	tArrow
	tColon
	tComma
	tDot
	tDots
	tSemi
	tLparen
	tRparen
	tLbrack
	tRbrack
	tLbrace
	tRbrace

	tFalse
	tNone
	tTrue
	tAnd
	tAs
	tAssert
	tAsync
	tAwait
	tBreak
	tClass
	tContinue
	tDef
	tDel
	tElif
	tElse
	tExcept
	tFinally
	tFor
	tFrom
	tGlobal
	tIf
	tImport
	tIn
	tIs
	tLambda
	tNonlocal
	tNot
	tOr
	tPass
	tRaise
	tReturn
	tTry
	tWhile
	tWith
	tYield
)

// kindText is how each kind of token is written; a description where that varies.
var kindText = [...]string{
	tEOF: "the end of the file", tNewline: "the end of the line",
	tIndent: "an indent", tDedent: "an unindent",
	tName: "a name", tNumber: "a number", tString: "a string",
	tUnknown: "an unknown character",

	tPlus: "+", tMinus: "-", tStar: "*", tSlash: "/", tSlashSlash: "//",
	tPercent: "%", tStarStar: "**", tAmpersand: "&", tPipe: "|", tCaret: "^",
	tLtLt: "<<", tGtGt: ">>", tAt: "@",

	tPlusEq: "+=", tMinusEq: "-=", tStarEq: "*=", tSlashEq: "/=",
	tSlashSlashEq: "//=", tPercentEq: "%=", tStarStarEq: "**=",
	tAmpersandEq: "&=", tPipeEq: "|=", tCaretEq: "^=", tLtLtEq: "<<=",
	tGtGtEq: ">>=", tAtEq: "@=",

	tEqEq: "==", tNe: "!=", tLt: "<", tLe: "<=", tGt: ">", tGe: ">=",

	tTilde: "~", tEq: "=", tColonEq: ":=", tArrow: "->", tColon: ":",
	tComma: ",", tDot: ".", tDots: "...", tSemi: ";",
	tLparen: "(", tRparen: ")", tLbrack: "[", tRbrack: "]",
	tLbrace: "{", tRbrace: "}",

	tFalse: "False", tNone: "None", tTrue: "True", tAnd: "and", tAs: "as",
	tAssert: "assert", tAsync: "async", tAwait: "await", tBreak: "break",
	tClass: "class", tContinue: "continue", tDef: "def", tDel: "del",
	tElif: "elif", tElse: "else", tExcept: "except", tFinally: "finally",
	tFor: "for", tFrom: "from", tGlobal: "global", tIf: "if",
	tImport: "import", tIn: "in", tIs: "is", tLambda: "lambda",
	tNonlocal: "nonlocal", tNot: "not", tOr: "or", tPass: "pass",
	tRaise: "raise", tReturn: "return", tTry: "try", tWhile: "while",
	tWith: "with", tYield: "yield",
}

// keywords maps each keyword to its kind.
var keywords = func() map[string]kind {
	m := make(map[string]kind, tYield-tFalse+1)
	for k := tFalse; k <= tYield; k++ {
		m[kindText[k]] = k
	}
	return m
}()

// longestKeyword spares most names the look into keywords.
const longestKeyword = len("continue")

// String returns the kind as a message names it.
func (k kind) String() string {
	if k <= tUnknown {
		return kindText[k]
	}
	return "'" + kindText[k] + "'"
}

// A token is a word of the text: text[off:end].
type token struct {
	Range
	kind     kind
	off, end int
}

// Limits on nesting, as in CPython's tokenizer (Parser/tokenizer.h).
const (
	maxBrackets = 200
	maxIndents  = 100
)

// A bracket is one that waits for its closing one.
type bracket struct {
	kind kind
	pos  Pos
}

// An indent is the width of an indentation, measured twice: with tab stops
// every eight columns, and with tabs as wide as a space. Two lines whose
// order hangs on which measure is taken mix tabs and spaces inconsistently.
type indent struct {
	col, alt int
}

// A scanner cuts a text into tokens. Failures leave it as a panic of *Error,
// which Parse recovers.
type scanner struct {
	src        *Source
	text       string // src.Text up to where this scanner may read
	pos        int    // offset of the next byte
	line       int32  // of pos
	lineStart  int    // offset of the line of pos
	lineBefore Pos    // where the line before ended
	brackets   []bracket
	indents    []indent // of the enclosing blocks; the first is zero
	dents      int      // indents (> 0) or dedents (< 0) not yet handed out
	fresh      bool     // a logical line begins at pos
	midLine    bool     // the logical line of pos has a token already
	inField    bool     // the text is that of an f-string's field
	failed     bool     // the scanner itself has failed
	layout     bool     // it failed at how lines are indented or joined
	cut        Missing  // it failed because the text ends here; see ParseInput
}

// newScanner returns a scanner at the beginning of src.
func newScanner(src *Source) *scanner {
	s := &scanner{src: src, text: src.Text, line: 1, indents: make([]indent, 1, 8), fresh: true}
	s.checkBytes()
	if strings.HasPrefix(s.text, byteOrderMark) {
		s.pos = len(byteOrderMark)
	}
	return s
}

// fieldScanner returns a scanner of the part [from, to) of an f-string, that
// stands on the given line. As in CPython, the field reads as if it had
// parentheses around it, so that line ends are blanks.
func fieldScanner(src *Source, from, to int, line int32, lineStart int) *scanner {
	s := &scanner{src: src, text: src.Text[:to], pos: from, line: line, lineStart: lineStart, inField: true}
	s.brackets = []bracket{{tLparen, s.here()}}
	return s
}

// checkBytes fails unless the text is UTF-8 without null bytes.
func (s *scanner) checkBytes() {
	if i := strings.IndexByte(s.text, 0); i >= 0 {
		s.failAt(i, "source code cannot contain null bytes")
	}
	if utf8.ValidString(s.text) {
		return
	}
	for i := 0; ; {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		if r == utf8.RuneError && n == 1 {
			why := "invalid start byte"
			if utf8.RuneStart(s.text[i]) && s.text[i] >= 0xC2 && s.text[i] <= 0xF4 {
				why = "invalid continuation byte"
			}
			s.failAt(i, "(unicode error) 'utf-8' codec can't decode byte 0x%02x in position %d: %s", s.text[i], i, why)
		}
		i += n
	}
}

// failAt fails at the byte with offset i, which the scanner has not reached.
func (s *scanner) failAt(i int, format string, args ...any) {
	for s.pos < i {
		if n := lineEnd(s.text, s.pos); n > 0 {
			s.newline(n)
			continue
		}
		s.pos++
	}
	s.fail(s.here(), format, args...)
}

// here returns the position of the next byte.
func (s *scanner) here() Pos { return s.at(s.pos) }

// at returns the position of offset i, which lies on the current line.
func (s *scanner) at(i int) Pos { return Pos{s.line, int32(i - s.lineStart + 1)} }

// fail stops the parse because of the character at pos.
func (s *scanner) fail(pos Pos, format string, args ...any) {
	s.failIn(point(pos), format, args...)
}

// point returns the range of the one character at pos.
func point(pos Pos) Range { return Range{pos, Pos{pos.Line, pos.Col + 1}} }

// failIn is fail with a range.
func (s *scanner) failIn(r Range, format string, args ...any) {
	s.failed = true
	s.raise(syntaxError, r, format, args...)
}

// failLayout stops the parse because of how lines are indented or joined.
func (s *scanner) failLayout(class string, r Range, format string, args ...any) {
	s.failed, s.layout = true, true
	s.raise(class, r, format, args...)
}

// raise panics with an error, be it the scanner's or the parser's.
func (s *scanner) raise(class string, r Range, format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	if s.inField && !strings.HasPrefix(msg, "f-string") {
		msg = "f-string: " + msg
	}
	panic(&Error{Source: s.src, Class: class, Msg: msg, Range: r})
}

// catch turns the panic of a failure into its error.
func catch(err **Error) {
	switch e := recover().(type) {
	case nil:
	case *Error:
		*err = e
	default:
		panic(e)
	}
}

// newline passes over a line end of n bytes.
func (s *scanner) newline(n int) {
	s.lineBefore = s.here()
	s.pos += n
	s.line++
	s.lineStart = s.pos
}

// next puts the next token into t. After the end of the text it gives tEOF
// for ever.
func (s *scanner) next(t *token) {
	if s.fresh {
		s.indentation()
	}
	if s.dents != 0 {
		s.dent(t)
		return
	}
	s.skipBlanks()
	t.off, t.Start = s.pos, s.here()
	if s.pos >= len(s.text) {
		s.endOfText(t)
		return
	}
	if n := lineEnd(s.text, s.pos); n > 0 {
		s.endOfLine(t, n)
		return
	}
	s.midLine = true
	t.kind = s.scan()
	t.end, t.End = s.pos, s.here()
}

// endOfLine hands out the end of a logical line, n bytes long. Its range is
// the one column after the line.
func (s *scanner) endOfLine(t *token, n int) {
	t.kind = tNewline
	t.End = Pos{t.Start.Line, t.Start.Col + 1}
	t.end = s.pos + n
	s.newline(n)
	s.fresh, s.midLine = true, false
}

// endOfText ends the last line, which may have no line end, and then the text.
func (s *scanner) endOfText(t *token) {
	if n := len(s.brackets); n > 0 && !s.inField {
		s.failed, s.cut = true, Bracket
		panic(s.unclosed(s.brackets[n-1]))
	}
	if s.midLine && !s.inField {
		s.endOfLine(t, 0)
		return
	}
	t.kind, t.end, t.Range = tEOF, s.pos, s.endRange()
}

// dent hands out one indent, whose range is the indentation, or dedent.
func (s *scanner) dent(t *token) {
	t.off, t.end = s.pos, s.pos
	if s.dents > 0 {
		s.dents--
		t.kind, t.Range = tIndent, s.soFar()
		return
	}
	s.dents++
	t.kind, t.Range = tDedent, Range{s.here(), s.here()}
	if s.pos >= len(s.text) {
		t.Range = s.endRange()
	}
}

// soFar returns the part of the line that has been read.
func (s *scanner) soFar() Range { return Range{s.at(s.lineStart), s.here()} }

// endRange returns where the text ends: after the last line, whether that has
// a line end or not.
func (s *scanner) endRange() Range {
	end := s.here()
	if s.pos == s.lineStart && s.line > 1 {
		end = s.lineBefore
	}
	return Range{end, end}
}

// indentation passes over empty lines to the first one with a token, and
// compares its indentation with that of the block it is in.
func (s *scanner) indentation() {
	s.fresh = false
	in := s.measure()
	for s.pos < len(s.text) {
		n := lineEnd(s.text, s.pos)
		if n == 0 {
			break
		}
		s.newline(n)
		in = s.measure()
	}
	if s.pos >= len(s.text) {
		in = indent{}
	}
	top := s.indents[len(s.indents)-1]
	switch {
	case in.col == top.col:
		s.checkTabs(in.alt == top.alt)
	case in.col > top.col:
		s.checkTabs(in.alt > top.alt)
		if len(s.indents) >= maxIndents {
			s.failLayout(indentationError, s.soFar(), "too many levels of indentation")
		}
		s.indents = append(s.indents, in)
		s.dents = 1
	default:
		s.unindent(in)
	}
}

// unindent closes the blocks that a line with indentation in has left.
func (s *scanner) unindent(in indent) {
	n := len(s.indents)
	for s.indents[n-1].col > in.col {
		n--
		s.dents--
	}
	if s.indents[n-1].col != in.col {
		s.failLayout(indentationError, point(s.at(s.restOfLine())), "unindent does not match any outer indentation level")
	}
	s.checkTabs(s.indents[n-1].alt == in.alt)
	s.indents = s.indents[:n]
}

func (s *scanner) checkTabs(consistent bool) {
	if !consistent {
		s.failLayout(tabError, s.soFar(), "inconsistent use of tabs and spaces in indentation")
	}
}

// restOfLine returns the offset at which the line of pos ends.
func (s *scanner) restOfLine() int {
	if i := strings.IndexAny(s.text[s.pos:], "\r\n"); i >= 0 {
		return s.pos + i
	}
	return len(s.text)
}

// measure passes over the blanks and the comment at the beginning of a line.
// If a backslash joins lines there, the indentation before it counts.
func (s *scanner) measure() indent {
	var in, first indent
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ':
			in.col++
			in.alt++
		case '\t':
			in.col = (in.col/8 + 1) * 8
			in.alt++
		case '\f':
			in = indent{}
		case '#':
			s.pos = s.restOfLine()
			return in
		case '\\':
			if first.col == 0 {
				first = in
			}
			s.continuation()
			continue
		default:
			if first.col != 0 {
				return first
			}
			return in
		}
		s.pos++
	}
	return in
}

// continuation passes over a backslash and the line end after it.
func (s *scanner) continuation() {
	s.pos++
	n := lineEnd(s.text, s.pos)
	if n == 0 {
		if s.pos >= len(s.text) {
			s.failLayout(syntaxError, s.endRange(), "unexpected EOF while parsing")
		}
		s.failLayout(syntaxError, point(s.here()), "unexpected character after line continuation character")
	}
	s.newline(n)
	if s.pos >= len(s.text) {
		s.cut = Bracket
		s.failLayout(syntaxError, s.endRange(), "unexpected EOF while parsing")
	}
}

// skipBlanks passes over what may stand between two tokens: blanks, comments,
// joined lines and, within brackets, line ends.
func (s *scanner) skipBlanks() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\f':
			s.pos++
		case '#':
			s.pos = s.restOfLine()
		case '\\':
			s.continuation()
		case '\r', '\n':
			if len(s.brackets) == 0 {
				return
			}
			s.newline(lineEnd(s.text, s.pos))
		default:
			return
		}
	}
}

// scan passes over one token that is neither blank nor a line end.
func (s *scanner) scan() kind {
	c := s.text[s.pos]
	switch {
	case isDigit(c):
		return s.number()
	case isNameByte[c]:
		return s.nameOrString()
	case c == '"' || c == '\'':
		return s.quoted(c)
	case c == '.' && isDigit(s.peek(1)):
		return s.number()
	}
	return s.operator(c)
}

// peek returns the byte n places on; 0, which no text holds, after its end.
func (s *scanner) peek(n int) byte {
	if s.pos+n < len(s.text) {
		return s.text[s.pos+n]
	}
	return 0
}

// isNameByte holds the bytes of names; those of non-ASCII characters are
// looked at more closely by checkName.
var isNameByte = func() (set [256]bool) {
	for c := range set {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		set[c] = letter || isDigit(byte(c)) || c == '_' || c >= utf8.RuneSelf
	}
	return set
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// nameOrString passes over a name, a keyword, or a string with a prefix.
func (s *scanner) nameOrString() kind {
	start, ascii := s.pos, true
	for s.pos < len(s.text) && isNameByte[s.text[s.pos]] {
		ascii = ascii && s.text[s.pos] < utf8.RuneSelf
		s.pos++
	}
	name := s.text[start:s.pos]
	if c := s.peek(0); (c == '"' || c == '\'') && isPrefix(name) {
		return s.quoted(c)
	}
	if !ascii {
		s.checkName(start, name)
	}
	if len(name) <= longestKeyword {
		if k, ok := keywords[name]; ok {
			return k
		}
	}
	return tName
}

// isPrefix tells whether name may stand before a string's quote.
func isPrefix(name string) bool {
	if len(name) > 2 {
		return false
	}
	switch strings.ToLower(name) {
	case "r", "u", "b", "f", "br", "rb", "fr", "rf":
		return true
	}
	return false
}

// checkName fails unless name is a name, as Unicode Annex 31 says.
func (s *scanner) checkName(start int, name string) {
	for i, r := range name {
		if r == '_' || unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start) {
			continue
		}
		if i > 0 && unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue) {
			continue
		}
		s.badRune(start+i, r)
	}
}

// badRune fails at a character that no program has outside strings.
func (s *scanner) badRune(off int, r rune) {
	if !unicode.IsPrint(r) {
		s.fail(s.at(off), "invalid non-printable character U+%04X", r)
	}
	s.fail(s.at(off), "invalid character '%c' (U+%04X)", r, r)
}

// quoted passes over a string from its quote q on. What it means is for the
// parser to find.
func (s *scanner) quoted(q byte) kind {
	start := s.here()
	if s.peek(1) != q {
		s.pos++
		s.singleQuoted(q, start)
		return tString
	}
	if s.peek(2) != q {
		s.pos += 2 // empty
		return tString
	}
	s.pos += 3
	s.tripleQuoted(q, start)
	return tString
}

func (s *scanner) singleQuoted(q byte, start Pos) {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case q:
			s.pos++
			return
		case '\\':
			s.escaped()
		case '\r', '\n':
			s.fail(start, "unterminated string literal (detected at line %d)", s.line)
		default:
			s.pos++
		}
	}
	s.fail(start, "unterminated string literal (detected at line %d)", s.endRange().End.Line)
}

func (s *scanner) tripleQuoted(q byte, start Pos) {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == q && s.peek(1) == q && s.peek(2) == q:
			s.pos += 3
			return
		case c == '\\':
			s.escaped()
		case c == '\r' || c == '\n':
			s.newline(lineEnd(s.text, s.pos))
		default:
			s.pos++
		}
	}
	s.cut = Quote
	s.fail(start, "unterminated triple-quoted string literal (detected at line %d)", s.endRange().End.Line)
}

// escaped passes over a backslash in a string and what it escapes.
func (s *scanner) escaped() {
	s.pos++
	if n := lineEnd(s.text, s.pos); n > 0 {
		s.newline(n)
	} else if s.pos < len(s.text) {
		s.pos++
	}
}

// number passes over a numeric literal.
func (s *scanner) number() kind {
	if s.text[s.pos] == '0' {
		switch s.peek(1) | 0x20 {
		case 'x':
			return s.radix("hexadecimal", 16)
		case 'o':
			return s.radix("octal", 8)
		case 'b':
			return s.radix("binary", 2)
		}
	}
	start := s.pos
	whole := s.text[start] != '.'
	if whole {
		s.digits("decimal", 10)
	}
	if s.peek(0) == '.' {
		whole = false
		s.pos++
		if isDigit(s.peek(0)) {
			s.digits("decimal", 10)
		}
	}
	if s.exponent() {
		whole = false
	}
	if s.peek(0)|0x20 == 'j' {
		s.fail(s.at(start), "complex numbers are not supported")
	}
	if whole {
		s.checkZeros(start)
	}
	s.endOfNumber("decimal")
	return tNumber
}

// exponent passes over the exponent of a float, if there is one.
func (s *scanner) exponent() bool {
	if s.peek(0)|0x20 != 'e' {
		return false
	}
	n := 1
	if c := s.peek(1); c == '+' || c == '-' {
		n = 2
	}
	if !isDigit(s.peek(n)) {
		return false
	}
	s.pos += n
	s.digits("decimal", 10)
	return true
}

// checkZeros refuses 012, which was octal once.
func (s *scanner) checkZeros(start int) {
	digits := strings.TrimLeft(s.text[start:s.pos], "0_")
	if digits == "" || s.text[start] != '0' {
		return
	}
	r := Range{s.at(start), s.at(s.pos - len(digits))}
	s.failIn(r, "leading zeros in decimal integer literals are not permitted; "+
		"use an 0o prefix for octal integers")
}

// radix passes over an integer that begins with 0x, 0o or 0b.
func (s *scanner) radix(name string, base int) kind {
	s.pos += 2
	if s.peek(0) == '_' {
		s.pos++
	}
	s.digits(name, base)
	if c := s.peek(0); isDigit(c) {
		s.fail(s.here(), "invalid digit '%c' in %s literal", c, name)
	}
	s.endOfNumber(name)
	return tNumber
}

// digits passes over one or more digits, with single underscores between.
func (s *scanner) digits(name string, base int) {
	for {
		from := s.pos
		for digitValue(s.peek(0)) < base {
			s.pos++
		}
		if s.pos == from {
			if c := s.peek(0); isDigit(c) {
				s.fail(s.here(), "invalid digit '%c' in %s literal", c, name)
			}
			s.fail(s.at(s.pos-1), "invalid %s literal", name)
		}
		if s.peek(0) != '_' {
			return
		}
		s.pos++
	}
}

// digitValue returns the value of a digit of any base up to 16, or 16.
func digitValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 16
}

// endOfNumber refuses a name right after a number; keywords that may follow
// an expression are let through, as in CPython.
func (s *scanner) endOfNumber(name string) {
	if !isNameByte[s.peek(0)] {
		return
	}
	for _, word := range [...]string{"and", "else", "for", "if", "in", "is", "or", "not"} {
		if strings.HasPrefix(s.text[s.pos:], word) {
			return
		}
	}
	if r, _ := utf8.DecodeRuneInString(s.text[s.pos:]); r >= utf8.RuneSelf && !unicode.IsLetter(r) {
		s.badRune(s.pos, r)
	}
	s.fail(s.at(s.pos-1), "invalid %s literal", name)
}

// operators maps the first byte of each operator to the kind it has alone.
var operators = [utf8.RuneSelf]kind{
	'+': tPlus, '-': tMinus, '*': tStar, '/': tSlash, '%': tPercent,
	'&': tAmpersand, '|': tPipe, '^': tCaret, '@': tAt, '~': tTilde,
	'<': tLt, '>': tGt, '=': tEq, ':': tColon, ',': tComma, ';': tSemi,
	'.': tDot, '(': tLparen, '[': tLbrack, '{': tLbrace,
	')': tRparen, ']': tRbrack, '}': tRbrace,
}

// operator passes over an operator or delimiter that begins with c.
func (s *scanner) operator(c byte) kind {
	next := s.peek(1)
	switch {
	case c == '-' && next == '>':
		return s.take(2, tArrow)
	case c == '!' && next == '=':
		return s.take(2, tNe)
	case c == '.' && next == '.' && s.peek(2) == '.':
		return s.take(3, tDots)
	}
	k := operators[c]
	switch k {
	case tEOF:
		return s.unknown(c)
	case tLparen, tLbrack, tLbrace:
		return s.open(k)
	case tRparen, tRbrack, tRbrace:
		return s.closing(k)
	}
	if c == next {
		switch k {
		case tStar:
			return s.assigning(2, tStarStar)
		case tSlash:
			return s.assigning(2, tSlashSlash)
		case tLt:
			return s.assigning(2, tLtLt)
		case tGt:
			return s.assigning(2, tGtGt)
		}
	}
	return s.assigning(1, k)
}

// take passes over n bytes, which are of kind k.
func (s *scanner) take(n int, k kind) kind {
	s.pos += n
	return k
}

// assigning takes an operator of n bytes and the equals sign that may belong to it.
func (s *scanner) assigning(n int, k kind) kind {
	if s.peek(n) != '=' {
		return s.take(n, k)
	}
	switch {
	case tPlus <= k && k <= tAt:
		return s.take(n+1, k-tPlus+tPlusEq)
	case k == tLt:
		return s.take(n+1, tLe)
	case k == tGt:
		return s.take(n+1, tGe)
	case k == tEq:
		return s.take(n+1, tEqEq)
	case k == tColon:
		return s.take(n+1, tColonEq)
	}
	return s.take(n, k)
}

// unknown takes a byte that begins no token, unless it is not even visible.
func (s *scanner) unknown(c byte) kind {
	if c < ' ' || c == 0x7F {
		s.badRune(s.pos, rune(c))
	}
	return s.take(1, tUnknown)
}

// open takes an opening bracket.
func (s *scanner) open(k kind) kind {
	if len(s.brackets) >= maxBrackets {
		s.fail(s.here(), "too many nested parentheses")
	}
	s.brackets = append(s.brackets, bracket{k, s.here()})
	return s.take(1, k)
}

// closing takes a closing bracket. It fails if the innermost open bracket is
// not its partner.
func (s *scanner) closing(k kind) kind {
	n := len(s.brackets) - 1
	if n < 0 || n == 0 && s.inField {
		s.fail(s.here(), "unmatched %v", k)
	}
	open := s.brackets[n]
	if k != open.kind+1 {
		where := ""
		if open.pos.Line != s.line {
			where = fmt.Sprintf(" on line %d", open.pos.Line)
		}
		s.fail(s.here(), "closing parenthesis %v does not match opening parenthesis %v%s", k, open.kind, where)
	}
	s.brackets = s.brackets[:n]
	return s.take(1, k)
}

// unclosed returns the error that a bracket is open at the end of the text.
func (s *scanner) unclosed(open bracket) *Error {
	return &Error{s.src, syntaxError, fmt.Sprintf("%v was never closed", open.kind), point(open.pos)}
}

// worse returns a failure in the rest of the text that is to be reported
// instead of one that the parser found on the given line. An open bracket
// counts if that line is within it; the layout of lines does not count.
func (s *scanner) worse(line int32) *Error {
	if err := s.drain(); err != nil && !s.layout {
		return err
	}
	n := len(s.brackets)
	if n == 0 || s.brackets[n-1].pos.Line >= line {
		return nil
	}
	return s.unclosed(s.brackets[n-1])
}

// drain scans the rest of the text and returns the failure it meets.
func (s *scanner) drain() (err *Error) {
	defer catch(&err)
	var t token
	for !s.atEnd() {
		s.next(&t)
	}
	return nil
}

// atEnd tells whether only the tokens that end the text are left.
func (s *scanner) atEnd() bool {
	if s.fresh {
		s.indentation()
	}
	if s.dents == 0 {
		s.skipBlanks()
	}
	return s.pos >= len(s.text)
}

// word returns the text of a token.
func (s *scanner) word(t *token) string { return s.text[t.off:t.end] }

// marksName tells whether the word before pos must be a name, even if it is
// a keyword that begins statements: a dot or an equals sign follows.
func (s *scanner) marksName() bool {
	rest := strings.TrimLeft(s.text[s.pos:], blanks)
	if len(rest) < 2 {
		return false
	}
	switch rest[0] {
	case '.':
		return rest[1] != '.' && !isDigit(rest[1])
	case '=':
		return rest[1] != '='
	}
	return false
}
