package builtins

import (
	"strings"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The % operator of str and bytes. It follows PyUnicode_Format in
// Objects/unicodeobject.c and _PyBytes_FormatEx in bytesobject.c. What
// go.starlark.net accepts means the same here, so %x of 3.0 is 3, and %f and %g of a
// str without flag, width and precision write floats its way.

// A directive is one conversion, such as %-5.2f.
type directive struct {
	key       string // of %(key)s
	hasKey    bool
	left      bool // the flag -
	zero      bool // the flag 0
	sign      byte // the flag + or space, or 0
	alt       bool // the flag #
	width     int  // 0 if there is none
	precision int  // -1 if there is none
	starWidth bool // the width is an argument
	starPrec  bool // the precision is an argument
	verb      rune
	text      string // what was parsed, without the key and the verb
	bare      bool   // nothing but the verb, and a key perhaps
	index     int    // where the verb is in the format
}

// parseDirective takes what follows a % from the format s, at pos.
func parseDirective(s string, pos int) (d directive, next int, err error) {
	d.precision = -1
	if pos < len(s) && s[pos] == '(' {
		if d.key, pos, err = directiveKey(s, pos+1); err != nil {
			return d, pos, err
		}
		d.hasKey = true
	}
	start := pos
	for ; pos < len(s) && d.flag(s[pos]); pos++ {
	}
	if d.width, d.starWidth, pos, err = directiveNumber(s, pos, "width too big"); err != nil {
		return d, pos, err
	}
	if pos < len(s) && s[pos] == '.' {
		if d.precision, d.starPrec, pos, err = directiveNumber(s, pos+1, "precision too big"); err != nil {
			return d, pos, err
		}
	}
	d.text = s[start:pos]
	if pos < len(s) && strings.IndexByte("hlL", s[pos]) >= 0 {
		pos++
	}
	d.bare = pos == start
	if pos >= len(s) {
		return d, pos, vm.Raise(vm.ValueError, "incomplete format")
	}
	verb, n := utf8.DecodeRuneInString(s[pos:])
	d.verb, d.index = verb, pos
	return d, pos + n, nil
}

// flag notes a flag; it reports false for other characters.
func (d *directive) flag(c byte) bool {
	switch c {
	case '-':
		d.left = true
	case '0':
		d.zero = true
	case '#':
		d.alt = true
	case '+':
		d.sign = '+'
	case ' ':
		if d.sign == 0 {
			d.sign = ' '
		}
	default:
		return false
	}
	return true
}

// directiveKey takes a key, in which parentheses come in pairs. Where they do
// not, it ends at the first one, as in Starlark.
func directiveKey(s string, pos int) (key string, next int, err error) {
	depth := 1
	for i := pos; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[pos:i], i + 1, nil
			}
		}
	}
	if i := strings.IndexByte(s[pos:], ')'); i >= 0 {
		return s[pos : pos+i], pos + i + 1, nil
	}
	return "", pos, vm.Raise(vm.ValueError, "incomplete format key")
}

// directiveNumber takes a number, 0 if there is none, or a *.
func directiveNumber(s string, pos int, tooBig string) (n int, star bool, next int, err error) {
	if pos < len(s) && s[pos] == '*' {
		return 0, true, pos + 1, nil
	}
	for ; pos < len(s) && '0' <= s[pos] && s[pos] <= '9'; pos++ {
		if n = 10*n + int(s[pos]-'0'); n > 1<<31 {
			return 0, false, pos, vm.Raise(vm.ValueError, "%s", tooBig)
		}
	}
	return n, false, pos, nil
}

// percentArgs are the operands of a %.
type percentArgs struct {
	values  []vm.Value // those that are left
	mapping vm.Value   // for %(key)s; nil if the operand is none
}

func newPercentArgs(p *vm.Process, v vm.Value) percentArgs {
	switch v := v.(type) {
	case starlark.Tuple:
		return percentArgs{values: v}
	case interface{ Tuple() starlark.Tuple }:
		return percentArgs{values: v.Tuple()}
	}
	args := percentArgs{values: []vm.Value{v}}
	switch v := v.(type) {
	case starlark.String:
	case starlark.Mapping, starlark.Indexable:
		args.mapping = v
	case *vm.Instance, *vm.Exception:
		if p.Special(v, "__getitem__") != nil {
			args.mapping = v
		}
	}
	return args
}

func (args *percentArgs) take() (vm.Value, error) {
	if len(args.values) == 0 {
		return nil, vm.Raise(vm.TypeError, "not enough arguments for format string")
	}
	v := args.values[0]
	args.values = args.values[1:]
	return v, nil
}

// find makes the value of a key the only argument that is left.
func (args *percentArgs) find(p *vm.Process, key vm.Value) error {
	if args.mapping == nil {
		return vm.Raise(vm.TypeError, "format requires a mapping")
	}
	v, err := p.Index(args.mapping, key)
	if err != nil {
		return err
	}
	args.values = []vm.Value{v}
	return nil
}

// percentFn is the prelude's _percent(format, operand).
func percentFn(p *vm.Process, a []vm.Value) (vm.Value, error) { return percent(p, a[0], a[1]) }

// percent is x % operand for a str or bytes.
func percent(p *vm.Process, x, operand vm.Value) (vm.Value, error) {
	if instance(operand) != nil {
		if held, ok := vm.Plain(operand).(starlark.Tuple); ok {
			return p.Tail(p.Reg.Intrinsics["_percent"], []vm.Value{x, held}, nil)
		}
	}
	format, args := textOf(x), newPercentArgs(p, operand)
	var buf [96]byte
	b, s := buf[:0], format.s
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		b = append(b, s[:i]...)
		if strings.HasPrefix(s[i:], "%%") {
			b = append(b, '%')
			s = s[i+2:]
			continue
		}
		if !format.bytes && i+1 < len(s) && args.bare(s[i+1]) {
			var err error
			if b, err = args.expandBare(p, b, s[i+1]); err != nil {
				return nil, err
			}
			s = s[i+2:]
			continue
		}
		d, next, err := parseDirective(s, i+1)
		if err != nil {
			return nil, err
		}
		d.index += len(format.s) - len(s)
		s = s[next:]
		if b, err = d.expand(p, b, format, &args); err != nil {
			return nil, err
		}
		if err := p.Room(len(b), 2); err != nil {
			return nil, err
		}
	}
	if len(args.values) > 0 && args.mapping == nil {
		return nil, vm.Raise(vm.TypeError, "not all arguments converted during %s formatting", format.kind())
	}
	b = append(b, s...)
	if format.bytes {
		return starlark.Bytes(b), nil
	}
	return p.StringOf(b), nil
}

// bare reports whether the next argument is for a verb that says all: %s or %r of anything, or %d of an int.
func (args *percentArgs) bare(verb byte) bool {
	if len(args.values) == 0 {
		return false
	}
	_, isInt := vm.WideInt(args.values[0])
	return verb == 's' || verb == 'r' || verb == 'd' && isInt
}

// expandBare takes the argument of such a verb and appends it.
func (args *percentArgs) expandBare(p *vm.Process, b []byte, verb byte) (_ []byte, err error) {
	v := args.values[0]
	args.values = args.values[1:]
	if verb == 'r' {
		b, err = p.AppendRepr(b, v)
	} else {
		b, err = p.AppendStr(b, v)
	}
	if err == nil {
		err = p.Room(len(b), 2)
	}
	return b, err
}

// kind is how messages about formatting call the type.
func (t text) kind() string {
	if t.bytes {
		return "bytes"
	}
	return "string"
}

// expand takes the arguments of a directive and appends them, formatted.
func (d *directive) expand(p *vm.Process, b []byte, format text, args *percentArgs) ([]byte, error) {
	if d.hasKey {
		if err := args.find(p, format.value(p, d.key)); err != nil {
			return b, err
		}
	}
	if err := d.stars(args); err != nil {
		return b, err
	}
	v, err := args.take()
	if err != nil {
		return b, err
	}
	switch d.verb {
	case 's', 'r', 'a', 'b':
		return d.convert(p, b, v, format)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return d.integer(b, v, format)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		return d.float(b, v, format)
	case 'c':
		return d.char(b, v, format)
	case '%':
		if d.hasKey && d.bare {
			return append(b, '%'), nil // in Starlark
		}
	}
	return b, d.unsupported(format)
}

// unsupported says that there is no such verb, and at which character.
func (d *directive) unsupported(format text) error {
	verb := d.verb
	if verb < ' ' || verb >= 0x7f {
		verb = '?'
	}
	index := d.index
	if !format.bytes {
		index = utf8.RuneCountInString(format.s[:index])
	}
	return vm.Raise(vm.ValueError, "unsupported format character '%c' (0x%x) at index %d", verb, d.verb, index)
}

// stars takes the width and precision that are arguments.
func (d *directive) stars(args *percentArgs) error {
	if d.starWidth {
		n, err := args.star()
		if err != nil {
			return err
		}
		if n < 0 {
			d.left = true
			n = -n
		}
		d.width = n
	}
	if d.starPrec {
		n, err := args.star()
		if err != nil {
			return err
		}
		d.precision = max(n, 0)
	}
	return nil
}

func (args *percentArgs) star() (int, error) {
	v, err := args.take()
	if err != nil {
		return 0, err
	}
	i, err := asInteger(v)
	if err != nil {
		return 0, vm.Raise(vm.TypeError, "* wants int")
	}
	n, ok := i.Int64()
	if !ok || n > 1<<31 || n < -1<<31 {
		return 0, vm.Raise(vm.OverflowError, "Python int too large to convert to C int")
	}
	return int(n), nil
}

// spec is the directive as a formatSpec.
func (d *directive) spec(numeric bool) formatSpec {
	s := formatSpec{fill: " ", align: '>', width: d.width, precision: d.precision, verb: d.verb, alt: d.alt}
	if d.left {
		s.align = '<'
	} else if d.zero && numeric {
		s.fill, s.align = "0", '='
	}
	if numeric {
		s.sign = d.sign
	}
	return s
}

// convert is %s, %r and %a; of bytes also %b, which is the same as its %s.
func (d *directive) convert(p *vm.Process, b []byte, v vm.Value, format text) ([]byte, error) {
	var s string
	var err error
	switch {
	case d.verb == 'b' && !format.bytes:
		return b, d.unsupported(format)
	case format.bytes && (d.verb == 's' || d.verb == 'b'):
		data, ok := v.(starlark.Bytes)
		if instance(v) != nil {
			return b, vm.NeedScript
		}
		if !ok {
			return b, vm.Raise(vm.TypeError, "%%b requires a bytes-like object, or an object that implements __bytes__, not '%s'", vm.TypeName(v))
		}
		s = string(data)
	case d.verb == 's':
		s, err = p.Str(v)
	default:
		s, err = p.Repr(v)
	}
	if err != nil {
		return b, err
	}
	if d.verb == 'a' || d.verb == 'r' && format.bytes {
		s = escapeASCII(s)
	}
	return d.fill(b, s, format)
}

// fill appends a text, cut and padded.
func (d *directive) fill(b []byte, s string, format text) ([]byte, error) {
	spec := d.spec(false)
	if !format.bytes {
		s = spec.truncate(s)
		return appendPadded(&spec, b, "", s, utf8.RuneCountInString(s))
	}
	if d.precision >= 0 && d.precision < len(s) {
		s = s[:d.precision]
	}
	return appendPadded(&spec, b, "", s, len(s))
}

// integer is %d and its kind.
func (d *directive) integer(b []byte, v vm.Value, format text) ([]byte, error) {
	var i starlark.Int
	switch v := v.(type) {
	case starlark.Int:
		i = v
	case starlark.Float:
		if f := float64(v); baseOf(d.verb).base == 10 || d.bare && !format.bytes && f == f && f-f == 0 {
			n, err := floatToInt(f)
			if err != nil {
				return b, err
			}
			i = n
			break
		}
		return b, d.wrongType(v, format)
	case starlark.Bool:
		i, _ = asInteger(v) // never fails
	case *vm.Instance, *vm.Exception:
		return b, vm.NeedScript
	default:
		return b, d.wrongType(v, format)
	}
	spec := d.spec(true)
	return spec.appendInt(b, i)
}

func (d *directive) wrongType(v vm.Value, format text) error {
	verb, what := d.verb, "a real number"
	if baseOf(verb).base != 10 {
		what = "an integer"
	} else if format.bytes && verb == 'i' {
		verb = 'd'
	}
	return vm.Raise(vm.TypeError, "%%%c format: %s is required, not %s", verb, what, vm.TypeName(v))
}

// float is %f and its kind.
func (d *directive) float(b []byte, v vm.Value, format text) ([]byte, error) {
	if instance(v) != nil {
		return b, vm.NeedScript
	}
	f, err := asFloat(v)
	if err != nil && format.bytes {
		return b, vm.Raise(vm.TypeError, "float argument required, not %s", vm.TypeName(v))
	}
	if err != nil {
		return b, err
	}
	if d.bare && !format.bytes && d.verb != 'F' {
		s, err := starlarkFloat(f, d.verb)
		return append(b, s...), err
	}
	spec := d.spec(true)
	if spec.precision < 0 {
		spec.precision = 6
	}
	return spec.appendFloat(b, f)
}

// starlarkFloat is go.starlark.net's "%f" % f.
func starlarkFloat(f float64, verb rune) (string, error) {
	v, err := starlark.Binary(syntax.PERCENT, starlark.String("%"+string(verb)), starlark.Float(f))
	s, _ := starlark.AsString(v)
	return s, err
}

// char is %c.
func (d *directive) char(b []byte, v vm.Value, format text) ([]byte, error) {
	var s string
	switch v := v.(type) {
	case starlark.String:
		if format.bytes || utf8.RuneCountInString(string(v)) != 1 {
			return b, d.notChar(format)
		}
		s = string(v)
	case starlark.Bytes:
		if !format.bytes || len(v) != 1 {
			return b, d.notChar(format)
		}
		s = string(v)
	case starlark.Int, starlark.Bool:
		i, _ := asInteger(v) // never fails
		n, small := i.Int64()
		switch {
		case format.bytes && (!small || n < 0 || n > 255):
			return b, vm.Raise(vm.OverflowError, "%%c arg not in range(256)")
		case !small || n < 0 || n > utf8.MaxRune:
			return b, vm.Raise(vm.OverflowError, "%%c arg not in range(0x110000)")
		case format.bytes:
			s = string([]byte{byte(n)})
		default:
			s = string(rune(n))
		}
	case *vm.Instance, *vm.Exception:
		return b, vm.NeedScript
	default:
		return b, d.notChar(format)
	}
	d.precision = -1
	return d.fill(b, s, format)
}

func (d *directive) notChar(format text) error {
	if format.bytes {
		return vm.Raise(vm.TypeError, "%%c requires an integer in range(256) or a single byte")
	}
	return vm.Raise(vm.TypeError, "%%c requires int or char")
}

// percentFields is the prelude's _percent_fields(format): a list of tuples
// (literal, key or None, number of * arguments, format of this one alone,
// verb). In the format alone, %r and %a are %s: the prelude makes their text. The last tuple has the verb "".
func percentFields(p *vm.Process, a []vm.Value) (vm.Value, error) {
	format := textOf(a[0])
	s := format.s
	var fields []vm.Value
	var literal string
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		literal += s[:i]
		if strings.HasPrefix(s[i:], "%%") {
			literal += "%"
			s = s[i+2:]
			continue
		}
		d, next, err := parseDirective(s, i+1)
		if err != nil {
			return nil, err
		}
		s = s[next:]
		var key vm.Value = starlark.None
		if d.hasKey {
			key = format.value(p, d.key)
		}
		alone := d.verb
		if alone == 'r' || alone == 'a' {
			alone = 's'
		}
		stars := strings.Count(d.text, "*")
		fields = append(fields, starlark.Tuple{format.value(p, literal), key, starlark.MakeInt(stars), format.value(p, "%"+d.text+string(alone)), starlark.String(string(d.verb))})
		literal = ""
	}
	last := starlark.Tuple{format.value(p, literal+s), starlark.None, starlark.MakeInt(0), format.value(p, ""), starlark.String("")}
	return starlark.NewList(append(fields, last)), nil
}
