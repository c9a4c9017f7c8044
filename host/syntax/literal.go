package syntax

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDigits bounds decimal integers, whose conversion takes more than linear
// time. It is CPython's sys.int_info.default_max_str_digits.
const maxDigits = 4300

// number returns the value of the number that is the next token.
func (p *parser) number() any {
	word := strings.ReplaceAll(p.scan.word(&p.tok), "_", "")
	if len(word) > 1 && word[0] == '0' {
		switch word[1] | 0x20 {
		case 'x':
			return radixInt(word[2:], 16, 4)
		case 'o':
			return radixInt(word[2:], 8, 3)
		case 'b':
			return radixInt(word[2:], 2, 1)
		}
	}
	if strings.ContainsAny(word, ".eE") {
		// The only error there can be is overflow, which gives infinity.
		f, _ := strconv.ParseFloat(word, 64)
		return f
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n
	}
	if len(word) > maxDigits {
		p.fail(p.tok.Range, "Exceeds the limit (%d digits) for integer string conversion: value has %d digits; "+
			"use hexadecimal for huge integer literals", maxDigits, len(word))
	}
	n, _ := new(big.Int).SetString(word, 10)
	return n
}

// radixInt returns the integer with the given digits, each of which holds
// some bits, in linear time.
func radixInt(digits string, base, bits int) any {
	if n, err := strconv.ParseInt(digits, base, 64); err == nil {
		return n
	}
	const wordSize = strconv.IntSize
	words := make([]big.Word, (len(digits)*bits+wordSize-1)/wordSize)
	for i := range len(digits) {
		digit := big.Word(digitValue(digits[len(digits)-1-i]))
		at := i * bits
		words[at/wordSize] |= digit << (at % wordSize)
		if over := at%wordSize + bits - wordSize; over > 0 && digit>>(bits-over) != 0 {
			words[at/wordSize+1] |= digit >> (bits - over)
		}
	}
	return new(big.Int).SetBits(words)
}

// A literal is one string token, taken apart.
type literal struct {
	token
	raw, bytes, format bool
	body               string
	bodyOff            int // offset of body in the text
}

// literal takes the next token apart.
func (p *parser) literal() literal {
	l := literal{token: p.tok}
	word := p.scan.word(&p.tok)
	i := 0
	for ; word[i] != '"' && word[i] != '\''; i++ {
		switch word[i] | 0x20 {
		case 'r':
			l.raw = true
		case 'b':
			l.bytes = true
		case 'f':
			l.format = true
		}
	}
	quotes := 1
	if len(word) >= i+6 && word[i+1] == word[i] && word[i+2] == word[i] {
		quotes = 3
	}
	l.bodyOff = l.off + i + quotes
	l.body = word[i+quotes : len(word)-quotes]
	return l
}

// strings reads one or more adjacent string literals.
func (p *parser) strings() Expr {
	start := p.tok.Start
	run := stringRun{start: start}
	var first literal
	format := false
	for p.tok.kind == tString {
		l := p.literal()
		if p.tok.Start == start {
			first = l
		} else if l.bytes != first.bytes {
			p.fail(first.Range, "cannot mix bytes and nonbytes literals")
		}
		if l.format {
			format = true
			p.fstring(&l, &run)
		} else {
			run.add(p.decode(&l, l.body), p.tok.Range)
		}
		p.advance()
	}
	r := p.since(start)
	switch {
	case format:
		run.flush()
		return &FString{r, run.parts}
	case first.bytes:
		return &Constant{r, Bytes(run.text())}
	}
	return &Constant{r, run.text()}
}

// A stringRun collects what adjacent string literals hold.
type stringRun struct {
	parts  []Expr
	pieces []string // the text after the last part
	start  Pos      // of that text
	end    Pos
}

// add appends text that stands in r.
func (run *stringRun) add(text string, r Range) {
	if text == "" {
		return
	}
	if run.pieces == nil {
		run.start = r.Start
	}
	run.pieces = append(run.pieces, text)
	run.end = r.End
}

// text returns the text since the last part.
func (run *stringRun) text() string { return strings.Join(run.pieces, "") }

// flush makes the text since the last part a part.
func (run *stringRun) flush() {
	if run.pieces == nil {
		return
	}
	run.parts = append(run.parts, &Constant{Range{run.start, run.end}, run.text()})
	run.pieces = nil
}

// decode returns the value of text, which is part of the body of l.
func (p *parser) decode(l *literal, text string) string {
	if strings.IndexByte(text, '\r') >= 0 {
		text = lineEnds.Replace(text)
	}
	if l.raw || strings.IndexByte(text, '\\') < 0 {
		return text
	}
	d := decoder{p: p, literal: l, text: text, out: make([]byte, 0, len(text))}
	return d.decode()
}

// lineEnds makes every line end a newline, as Python does in source files.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// A decoder resolves the escapes in a literal.
type decoder struct {
	p       *parser
	literal *literal
	text    string
	pos     int
	out     []byte
}

func (d *decoder) decode() string {
	for d.pos < len(d.text) {
		n := strings.IndexByte(d.text[d.pos:], '\\')
		if n < 0 || d.pos+n+1 == len(d.text) {
			d.out = append(d.out, d.text[d.pos:]...)
			break
		}
		d.out = append(d.out, d.text[d.pos:d.pos+n]...)
		d.pos += n
		d.escape()
	}
	return string(d.out)
}

// simpleEscapes maps the character after a backslash to what both mean.
var simpleEscapes = [utf8.RuneSelf]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f',
	'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// escape resolves the escape at pos. One that Python does not know stays as
// it is written.
func (d *decoder) escape() {
	c := d.text[d.pos+1]
	switch {
	case c < utf8.RuneSelf && simpleEscapes[c] != 0:
		d.out = append(d.out, simpleEscapes[c])
		d.pos += 2
	case c == '\n':
		d.pos += 2
	case '0' <= c && c <= '7':
		d.octal()
	case c == 'x':
		d.hex(2)
	case c == 'u':
		d.hex(4)
	case c == 'U':
		d.hex(8)
	case c == 'N' && !d.literal.bytes:
		d.p.fail(d.literal.Range, "\\N{...} escapes are not supported")
	default:
		d.out = append(d.out, '\\')
		d.pos++
	}
}

func (d *decoder) octal() {
	d.pos++
	v := 0
	for i := 0; i < 3 && d.pos < len(d.text) && '0' <= d.text[d.pos] && d.text[d.pos] <= '7'; i++ {
		v = v*8 + int(d.text[d.pos]-'0')
		d.pos++
	}
	if d.literal.bytes {
		d.out = append(d.out, byte(v))
		return
	}
	d.out = utf8.AppendRune(d.out, rune(v))
}

// hex resolves an escape of n hexadecimal digits. In bytes, \u and \U stand
// for the UTF-8 of a character, which is Starlark's meaning: Python has none.
func (d *decoder) hex(n int) {
	from := d.pos
	d.pos += 2
	v := 0
	for range n {
		digit := 16
		if d.pos < len(d.text) {
			digit = digitValue(d.text[d.pos])
		}
		if digit == 16 {
			d.truncated(from, n)
		}
		v = v*16 + digit
		d.pos++
	}
	switch {
	case n == 2 && d.literal.bytes:
		d.out = append(d.out, byte(v))
	case v > utf8.MaxRune:
		d.unicodeError(from, "illegal Unicode character")
	case !utf8.ValidRune(rune(v)):
		d.unicodeError(from, "surrogates not allowed")
	default:
		d.out = utf8.AppendRune(d.out, rune(v))
	}
}

// truncated fails at an escape that began at from and lacks digits.
func (d *decoder) truncated(from, digits int) {
	if d.literal.bytes {
		d.p.fail(d.literal.Range, "(value error) invalid \\%c escape at position %d", d.text[from+1], from)
	}
	form := map[int]string{2: "xXX", 4: "uXXXX", 8: "UXXXXXXXX"}[digits]
	d.unicodeError(from, "truncated \\"+form+" escape")
}

// unicodeError fails at the escape text[from:pos].
func (d *decoder) unicodeError(from int, why string) {
	d.p.fail(d.literal.Range, "(unicode error) 'unicodeescape' codec can't decode bytes in position %d-%d: %s", from, d.pos-1, why)
}
