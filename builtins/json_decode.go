package builtins

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A jsonReader reads a value as Modules/_json.c does, and says the same of what is
// wrong. Positions are in bytes.
type jsonReader struct {
	p      *vm.Process
	s      string
	i      int
	depth  int // of arrays and objects around
	most   int // depth that is allowed
	strict bool
	// hooked leaves objects and numbers to the prelude: an object is a tuple of a list of
	// pairs, a number a tuple of its kind and its text.
	hooked bool
}

// jsonLoads is json.loads. Hooks and a class to decode with are left to the prelude.
func jsonLoads(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for i := 1; i <= 6; i++ {
		if v := arg(a, i); v != nil && v != starlark.None {
			return nil, vm.NeedScript
		}
	}
	r := jsonReader{p: p, most: p.Limits.Recursion, strict: arg(a, 7) == nil || bool(a[7].Truth())}
	var err error
	if r.s, err = jsonText(a[0]); err != nil {
		return nil, err
	}
	return r.whole()
}

// jsonText returns the text that loads takes.
func jsonText(v vm.Value) (string, error) {
	switch v := v.(type) {
	case starlark.String:
		if strings.HasPrefix(string(v), "\ufeff") {
			return "", newJSONError("Unexpected UTF-8 BOM (decode using utf-8-sig)", string(v), 0)
		}
		return string(v), nil
	case starlark.Bytes:
		s := strings.TrimPrefix(string(v), "\ufeff")
		if !utf8.ValidString(s) {
			return "", decodeError([]byte(s))
		}
		return s, nil
	}
	return "", vm.Raise(vm.TypeError, "the JSON object must be str, bytes or bytearray, not %s", vm.TypeName(v))
}

// jsonTree is the prelude's _json_tree(s, start, whole, hooked, strict). Unless s
// is to be one value as a whole it returns the value at start and where it ends.
func jsonTree(p *vm.Process, a []vm.Value) (vm.Value, error) {
	start, err := asSmall(a[1])
	if err != nil {
		return nil, err
	}
	r := jsonReader{p: p, i: start, most: p.Limits.Recursion, hooked: bool(a[3].Truth()), strict: bool(a[4].Truth())}
	if r.s, err = jsonText(a[0]); err != nil {
		return nil, err
	}
	if a[2].Truth() {
		return r.whole()
	}
	if start < 0 || start > len(r.s) {
		return nil, r.fail("Expecting value", len(r.s))
	}
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	return starlark.Tuple{v, starlark.MakeInt(r.i)}, nil
}

func newJSONError(msg, doc string, pos int) error {
	e := vm.NewException(jsonDecodeError)
	setJSONError(e, msg, doc, pos)
	return e
}

// setJSONError gives a JSONDecodeError its message and attributes.
func setJSONError(e *vm.Exception, msg, doc string, pos int) {
	before := doc[:max(min(pos, len(doc)), 0)]
	line := strings.Count(before, "\n") + 1
	column := pos - strings.LastIndexByte(before, '\n')
	e.Args = starlark.Tuple{starlark.String(fmt.Sprintf("%s: line %d column %d (char %d)", msg, line, column, pos))}
	e.Set("msg", starlark.String(msg))
	e.Set("doc", starlark.String(doc))
	e.Set("pos", starlark.MakeInt(pos))
	e.Set("lineno", starlark.MakeInt(line))
	e.Set("colno", starlark.MakeInt(column))
}

func (r *jsonReader) fail(msg string, pos int) error { return newJSONError(msg, r.s, pos) }

// whole reads a value that is all there is.
func (r *jsonReader) whole() (vm.Value, error) {
	r.space()
	v, err := r.value()
	if err != nil {
		return nil, err
	}
	if r.space(); r.i < len(r.s) {
		return nil, r.fail("Extra data", r.i)
	}
	return v, nil
}

func (r *jsonReader) space() {
	for r.i < len(r.s) && (r.s[r.i] == ' ' || r.s[r.i] == '\n' || r.s[r.i] == '\t' || r.s[r.i] == '\r') {
		r.i++
	}
}

// take reads a character if it is the next one.
func (r *jsonReader) take(c byte) bool {
	if r.i < len(r.s) && r.s[r.i] == c {
		r.i++
		return true
	}
	return false
}

// jsonWords are the values that are words. The constants are numbers to hooks.
var jsonWords = []struct {
	text     string
	value    vm.Value
	constant bool
}{
	{"null", starlark.None, false},
	{"true", starlark.True, false},
	{"false", starlark.False, false},
	{"NaN", mathConstants[2].value, true},
	{"Infinity", mathConstants[1].value, true},
	{"-Infinity", -mathConstants[1].value.(starlark.Float), true},
}

func (r *jsonReader) value() (vm.Value, error) {
	switch {
	case r.take('"'):
		s, err := r.text()
		return r.p.MakeString(s), err
	case r.take('{'):
		return r.nested("object", r.object)
	case r.take('['):
		return r.nested("array", r.array)
	}
	if end := jsonNumberEnd(r.s[r.i:]); end > 0 {
		text := r.s[r.i : r.i+end]
		r.i += end
		return r.parse(text), nil
	}
	for _, word := range jsonWords {
		if strings.HasPrefix(r.s[r.i:], word.text) {
			r.i += len(word.text)
			if word.constant && r.hooked {
				return r.number("constant", word.text), nil
			}
			return word.value, nil
		}
	}
	return nil, r.fail("Expecting value", r.i)
}

func (r *jsonReader) nested(what string, read func() (vm.Value, error)) (vm.Value, error) {
	if r.depth++; r.depth > r.most {
		return nil, vm.Raise(vm.RecursionError, "maximum recursion depth exceeded while decoding a JSON %s from a unicode string", what)
	}
	v, err := read()
	r.depth--
	return v, err
}

// jsonNumberEnd returns how long the number at the start of s is.
func jsonNumberEnd(s string) int {
	i := 0
	digits := func(from int) int {
		for from < len(s) && '0' <= s[from] && s[from] <= '9' {
			from++
		}
		return from
	}
	if strings.HasPrefix(s, "-") {
		i++
	}
	end := digits(i)
	switch {
	case end == i:
		return 0
	case s[i] == '0':
		end = i + 1
	}
	if end < len(s) && s[end] == '.' {
		if fraction := digits(end + 1); fraction > end+1 {
			end = fraction
		}
	}
	if end < len(s) && (s[end] == 'e' || s[end] == 'E') {
		exp := end + 1
		if exp < len(s) && (s[exp] == '+' || s[exp] == '-') {
			exp++
		}
		if e := digits(exp); e > exp {
			end = e
		}
	}
	return end
}

// number is a number for the prelude.
func (r *jsonReader) number(kind, text string) vm.Value {
	return starlark.Tuple{starlark.String(kind), starlark.String(text)}
}

// parse converts a number.
func (r *jsonReader) parse(text string) vm.Value {
	if strings.ContainsAny(text, ".eE") {
		if r.hooked {
			return r.number("float", text)
		}
		f, _ := strconv.ParseFloat(text, 64) // too large ones are infinite
		return starlark.Float(f)
	}
	if r.hooked {
		return r.number("int", text)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return starlark.MakeInt64(n)
	}
	i, _ := new(big.Int).SetString(text, 10)
	return starlark.MakeBigInt(i)
}

func (r *jsonReader) array() (vm.Value, error) {
	var elems []vm.Value
	r.space()
	if r.take(']') {
		return starlark.NewList(nil), nil
	}
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		elems = append(elems, v)
		r.space()
		if r.take(']') {
			return starlark.NewList(elems), nil
		}
		if !r.take(',') {
			return nil, r.fail("Expecting ',' delimiter", r.i)
		}
		r.space()
	}
}

func (r *jsonReader) object() (vm.Value, error) {
	var pairs []vm.Value
	d := new(starlark.Dict)
	r.space()
	for !r.take('}') {
		key, v, err := r.pair()
		if err != nil {
			return nil, err
		}
		if r.hooked {
			pairs = append(pairs, starlark.Tuple{key, v})
		} else if err := vm.Insert(d, key, v); err != nil {
			return nil, err
		}
		r.space()
		if r.take('}') {
			break
		}
		if !r.take(',') {
			return nil, r.fail("Expecting ',' delimiter", r.i)
		}
		r.space()
		if r.i >= len(r.s) || r.s[r.i] != '"' {
			return nil, r.fail("Expecting property name enclosed in double quotes", r.i)
		}
	}
	if r.hooked {
		return starlark.Tuple{starlark.NewList(pairs)}, nil
	}
	return d, nil
}

// pair reads a key and its value.
func (r *jsonReader) pair() (key, v vm.Value, err error) {
	if !r.take('"') {
		return nil, nil, r.fail("Expecting property name enclosed in double quotes", r.i)
	}
	name, err := r.text()
	if err != nil {
		return nil, nil, err
	}
	if r.space(); !r.take(':') {
		return nil, nil, r.fail("Expecting ':' delimiter", r.i)
	}
	r.space()
	v, err = r.value()
	return r.p.MakeString(name), v, err
}

// text reads a string up to its closing quote.
func (r *jsonReader) text() (string, error) {
	open := r.i - 1
	var b strings.Builder
	for plain := r.i; r.i < len(r.s); {
		switch c := r.s[r.i]; {
		case c == '"':
			r.i++
			if b.Len() == 0 {
				return r.s[plain : r.i-1], nil
			}
			b.WriteString(r.s[plain : r.i-1])
			return b.String(), nil
		case c == '\\':
			b.WriteString(r.s[plain:r.i])
			if r.i+1 == len(r.s) {
				return "", r.fail("Unterminated string starting at", open)
			}
			if err := r.unescape(&b); err != nil {
				return "", err
			}
			plain = r.i
		case c < ' ' && r.strict:
			return "", r.fail("Invalid control character at", r.i)
		default:
			r.i++
		}
	}
	return "", r.fail("Unterminated string starting at", open)
}

// unescape reads an escape.
func (r *jsonReader) unescape(b *strings.Builder) error {
	c := r.s[r.i+1]
	if c == 'u' {
		return r.unicode(b)
	}
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		r.i += 2
		return nil
	}
	return r.fail(`Invalid \escape`, r.i)
}

// unicode reads \uXXXX, or two for one character. A surrogate without its
// other half stands for a byte that was not UTF-8, or for nothing there is.
func (r *jsonReader) unicode(b *strings.Builder) error {
	c, ok := r.hex(r.i)
	if !ok {
		return r.fail(`Invalid \uXXXX escape`, r.i+1)
	}
	r.i += 6
	if low, ok := r.hex(r.i); ok {
		if pair := utf16.DecodeRune(c, low); pair != utf8.RuneError {
			c = pair
			r.i += 6
		}
	}
	if 0xdc80 <= c && c <= 0xdcff {
		b.WriteByte(byte(c))
		return nil
	}
	b.WriteRune(c)
	return nil
}

// hex reads the number of a \uXXXX at i.
func (r *jsonReader) hex(i int) (rune, bool) {
	if i+6 > len(r.s) || r.s[i] != '\\' || r.s[i+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(r.s[i+2:i+6], 16, 16)
	return rune(n), err == nil
}
