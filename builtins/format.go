package builtins

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Python's format mini-language: what format(), {:spec} and, with a spec of
// their own making, the % operators write. It follows Python/formatter_unicode.c,
// and for the digits of floats format_float_short in Python/pystrtod.c. Without a spec a
// value is written as str writes it, which for floats is Starlark's way; with
// any spec it is Python's. A width counts characters. What writes appends to a
// buffer, so that a text made of many values is made once.

// A formatSpec is a spec taken apart.
type formatSpec struct {
	fill      string // one character; " " if none was given
	align     byte   // one of < > = ^
	sign      byte   // + or space for numbers that are not negative; - or 0 for none
	coerce    bool   // z: what is rounded to zero has no minus
	alt       bool   // #
	width     int    // 0 if none was given
	separator byte   // of groups of digits: , or _ or 0
	precision int    // -1 if none was given
	verb      rune   // 0 if none was given
}

// maxFormat bounds the widths and precisions of formats.
const maxFormat = 1 << 28

// A formatKind is what a spec means for the values of a type.
type formatKind struct {
	name  string // of the type, for messages
	align byte
	verb  rune // where a spec has none
}

var (
	strFormatKind   = formatKind{"str", '<', 's'}
	intFormatKind   = formatKind{"int", '>', 'd'}
	boolFormatKind  = formatKind{"bool", '>', 'd'}
	floatFormatKind = formatKind{"float", '>', 0}
)

func formatFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	spec := ""
	switch s := arg(a, 1).(type) {
	case nil:
	case starlark.String:
		spec = string(s)
	default:
		return nil, vm.Raise(vm.TypeError, "format() argument 2 must be str, not %s", vm.TypeName(s))
	}
	return formatted(p, a[0], spec)
}

// formatField is a field of an f-string, {v!conversion:spec}.
func formatField(p *vm.Process, v vm.Value, conversion byte, spec string) (_ vm.Value, err error) {
	switch conversion {
	case 's':
		v, err = strFn(p, []vm.Value{v})
	case 'r':
		v, err = reprFn(p, []vm.Value{v})
	case 'a':
		v, err = asciiFn(p, []vm.Value{v})
	}
	if err != nil {
		return nil, err
	}
	return formatted(p, v, spec)
}

// formatted is format(v, spec).
func formatted(p *vm.Process, v vm.Value, spec string) (vm.Value, error) {
	if _, ok := v.(starlark.String); ok && spec == "" {
		return v, nil
	}
	var buf [64]byte
	b, err := appendFormatted(p, buf[:0], v, spec)
	if err != nil {
		return nil, err
	}
	return p.StringOf(b), nil
}

// appendFormatted appends format(v, spec).
func appendFormatted(p *vm.Process, b []byte, v vm.Value, spec string) ([]byte, error) {
	if instance(v) != nil {
		return b, vm.NeedScript
	}
	if spec == "" {
		return p.AppendStr(b, v)
	}
	switch x := v.(type) {
	case starlark.String:
		s, err := parseSpec(spec, strFormatKind)
		if err != nil {
			return b, err
		}
		return s.appendText(b, string(x))
	case starlark.Int:
		return appendNumber(b, v, spec, intFormatKind)
	case starlark.Bool:
		return appendNumber(b, v, spec, boolFormatKind)
	case starlark.Float:
		return appendNumber(b, v, spec, floatFormatKind)
	}
	return b, vm.Raise(vm.TypeError, "unsupported format string passed to %s.__format__", vm.TypeName(v))
}

// appendNumber appends a number by the verb of the spec.
func appendNumber(b []byte, v vm.Value, spec string, kind formatKind) ([]byte, error) {
	s, err := parseSpec(spec, kind)
	if err != nil {
		return b, err
	}
	switch s.verb {
	case 'b', 'c', 'd', 'n', 'o', 'x', 'X':
		if kind.name != floatFormatKind.name {
			return s.appendInteger(b, v)
		}
		if s.verb != 'n' {
			break
		}
		fallthrough
	case 0, 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := asFloat(v)
		if err != nil {
			return b, err
		}
		return s.appendFloat(b, f)
	}
	return b, s.unknownVerb(kind)
}

// parseSpec is parse_internal_render_format_spec.
func parseSpec(spec string, kind formatKind) (formatSpec, error) {
	s := formatSpec{fill: " ", align: kind.align, precision: -1, verb: kind.verb}
	rest, aligned := s.parseAlign(spec)
	take := func(c byte) bool {
		if rest == "" || rest[0] != c {
			return false
		}
		rest = rest[1:]
		return true
	}
	filled := len(spec)-len(rest) > 1
	switch {
	case take('+'):
		s.sign = '+'
	case take(' '):
		s.sign = ' '
	case take('-'):
		s.sign = '-'
	}
	s.coerce = take('z')
	s.alt = take('#')
	if !filled && take('0') {
		s.fill = "0"
		if !aligned && kind.align == '>' {
			s.align = '='
		}
	}
	var err error
	if s.width, rest, err = specNumber(rest); err != nil {
		return s, err
	}
	s.width = max(s.width, 0)
	if take(',') {
		s.separator = ','
	}
	if take('_') {
		if s.separator != 0 || strings.HasPrefix(rest, ",") {
			return s, vm.Raise(vm.ValueError, "Cannot specify both ',' and '_'.")
		}
		s.separator = '_'
	}
	if take('.') {
		if s.precision, rest, err = specNumber(rest); err != nil {
			return s, err
		}
		if s.precision < 0 {
			return s, vm.Raise(vm.ValueError, "Format specifier missing precision")
		}
	}
	if rest != "" {
		r, n := utf8.DecodeRuneInString(rest)
		if n < len(rest) {
			return s, vm.Raise(vm.ValueError, "Invalid format specifier '%s' for object of type '%s'", spec, kind.name)
		}
		s.verb = r
	}
	return s, s.checkSeparator()
}

// parseAlign takes the fill character and the alignment from a spec.
func (s *formatSpec) parseAlign(spec string) (rest string, aligned bool) {
	_, n := utf8.DecodeRuneInString(spec)
	switch {
	case 0 < n && n < len(spec) && isAlign(spec[n]):
		s.fill, s.align = spec[:n], spec[n]
		return spec[n+1:], true
	case n > 0 && isAlign(spec[0]):
		s.align = spec[0]
		return spec[1:], true
	}
	return spec, false
}

func isAlign(c byte) bool { return c == '<' || c == '>' || c == '=' || c == '^' }

// specNumber takes an int from the start of a spec; it is -1 if there is none.
func specNumber(s string) (n int, rest string, err error) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return -1, s, nil
	}
	if n, err = strconv.Atoi(s[:i]); err != nil {
		return 0, "", vm.Raise(vm.ValueError, "Too many decimal digits in format string")
	}
	return n, s[i:], nil
}

func (s *formatSpec) checkSeparator() error {
	switch s.verb {
	case 0, 'd', 'e', 'f', 'g', 'E', 'G', '%', 'F':
		return nil
	case 'b', 'o', 'x', 'X':
		if s.separator != ',' {
			return nil
		}
	}
	if s.separator == 0 {
		return nil
	}
	return vm.Raise(vm.ValueError, "Cannot specify '%c' with %s.", s.separator, quoteVerb(s.verb))
}

func (s *formatSpec) unknownVerb(kind formatKind) error {
	return vm.Raise(vm.ValueError, "Unknown format code %s for object of type '%s'", quoteVerb(s.verb), kind.name)
}

func quoteVerb(r rune) string {
	if r > ' ' && r < 0x80 {
		return "'" + string(r) + "'"
	}
	return `'\x` + strconv.FormatInt(int64(r), 16) + "'"
}

// appendPadded appends what takes n characters, filled up: head, behind which = fills, and body.
func appendPadded[T string | []byte](s *formatSpec, b []byte, head string, body T, n int) ([]byte, error) {
	missing := max(s.width-n, 0)
	if missing > 0 && s.width > maxFormat {
		return b, vm.NewException(vm.MemoryError)
	}
	before, between := missing, 0
	switch s.align {
	case '<':
		before = 0
	case '=':
		before, between = 0, missing
	case '^':
		before = missing / 2
	}
	b = append(s.appendFill(b, before), head...)
	b = append(s.appendFill(b, between), body...)
	return s.appendFill(b, missing-before-between), nil
}

func (s *formatSpec) appendFill(b []byte, n int) []byte {
	b = slices.Grow(b, n*len(s.fill))
	for range n {
		b = append(b, s.fill...)
	}
	return b
}

// appendText appends a str.
func (s *formatSpec) appendText(b []byte, text string) ([]byte, error) {
	const in = " not allowed in string format specifier"
	switch {
	case s.verb != 's':
		return b, s.unknownVerb(strFormatKind)
	case s.sign == ' ':
		return b, vm.Raise(vm.ValueError, "Space"+in)
	case s.sign != 0:
		return b, vm.Raise(vm.ValueError, "Sign"+in)
	case s.coerce:
		return b, vm.Raise(vm.ValueError, "Negative zero coercion (z)"+in)
	case s.alt:
		return b, vm.Raise(vm.ValueError, "Alternate form (#)"+in)
	case s.align == '=':
		return b, vm.Raise(vm.ValueError, "'=' alignment"+in)
	}
	text = s.truncate(text)
	return appendPadded(s, b, "", text, utf8.RuneCountInString(text))
}

// truncate returns the first characters of text, as many as the precision says.
func (s *formatSpec) truncate(text string) string {
	if s.precision < 0 || s.precision >= len(text) {
		return text
	}
	count := 0
	for i := range text {
		if count == s.precision {
			return text[:i]
		}
		count++
	}
	return text
}

// An intBase is how a verb writes ints.
type intBase struct {
	base   int
	prefix string // with #
	group  int    // digits between separators
}

var intBases = [...]intBase{
	'b': {2, "0b", 4},
	'o': {8, "0o", 4},
	'x': {16, "0x", 4},
	'X': {16, "0X", 4},
	'd': {10, "", 3}, 'i': {10, "", 3}, 'n': {10, "", 3}, 'u': {10, "", 3},
}

// baseOf returns how a verb writes ints; the base is 0 if it does not.
func baseOf(verb rune) intBase {
	if 0 <= verb && int(verb) < len(intBases) {
		return intBases[verb]
	}
	return intBase{}
}

// appendInteger appends an int or bool by a verb for ints.
func (s *formatSpec) appendInteger(b []byte, v vm.Value) ([]byte, error) {
	i, err := asInteger(v)
	switch {
	case err != nil:
		return b, err
	case s.precision >= 0:
		return b, vm.Raise(vm.ValueError, "Precision not allowed in integer format specifier")
	case s.coerce:
		return b, vm.Raise(vm.ValueError, "Negative zero coercion (z) not allowed in integer format specifier")
	case s.verb != 'c':
		return s.appendInt(b, i)
	case s.sign != 0:
		return b, vm.Raise(vm.ValueError, "Sign not allowed with integer format specifier 'c'")
	case s.alt:
		return b, vm.Raise(vm.ValueError, "Alternate form (#) not allowed with integer format specifier 'c'")
	}
	n, ok := i.Int64()
	if !ok {
		return b, vm.Raise(vm.OverflowError, "Python int too large to convert to C long")
	}
	if n < 0 || n > utf8.MaxRune {
		return b, vm.Raise(vm.OverflowError, "%%c arg not in range(0x110000)")
	}
	return appendPadded(s, b, "", string(rune(n)), 1)
}

// appendInt appends an int. A precision, which only % allows, is the least number of digits.
func (s *formatSpec) appendInt(b []byte, i starlark.Int) ([]byte, error) {
	form := baseOf(s.verb)
	var buf [72]byte // 64 binary digits and more
	digits := buf[:0]
	if n, ok := i.Int64(); ok {
		digits = strconv.AppendInt(digits, n, form.base)
	} else {
		if form.base == 10 {
			if err := vm.CheckDigits(i); err != nil {
				return b, err
			}
		}
		digits = i.BigInt().Append(nil, form.base)
	}
	digits, negative := bytes.CutPrefix(digits, []byte("-"))
	if s.verb == 'X' {
		digits = bytes.ToUpper(digits)
	}
	if missing := s.precision - len(digits); missing > 0 {
		if s.precision > maxFormat {
			return b, vm.NewException(vm.MemoryError)
		}
		digits = append(bytes.Repeat([]byte("0"), missing), digits...)
	}
	head := s.signOf(negative)
	if s.alt {
		head += form.prefix
	}
	return s.lay(b, head, digits, len(digits), form.group)
}

// signOf returns what is written for a sign.
func (s *formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == '+':
		return "+"
	case s.sign == ' ':
		return " "
	}
	return ""
}

// lay appends sign and prefix, and a number that begins with so many digits of the integer part. Zeros that fill up stand in
// groups as the digits do.
func (s *formatSpec) lay(b []byte, head string, number []byte, digits, group int) ([]byte, error) {
	least := 0
	if s.fill == "0" && s.align == '=' {
		if s.width > maxFormat {
			return b, vm.NewException(vm.MemoryError)
		}
		least = s.width - len(head) - (len(number) - digits)
	}
	if s.separator != 0 && digits > 0 {
		var buf [40]byte
		number = append(appendGroups(buf[:0], number[:digits], s.separator, group, least), number[digits:]...)
	}
	return appendPadded(s, b, head, number, len(head)+len(number))
}

// appendGroups appends digits with separators between groups of them, counted from the right, and zeros
// before them until there are at least so many characters. A separator never
// comes first, so there may be one more (_PyUnicode_InsertThousandsGrouping).
func appendGroups(b, digits []byte, separator byte, group, least int) []byte {
	start := len(b)
	for n := 0; n < len(digits) || len(b)-start < least || n == 0; n++ {
		if n > 0 && n%group == 0 {
			b = append(b, separator)
		}
		c := byte('0')
		if n < len(digits) {
			c = digits[len(digits)-1-n]
		}
		b = append(b, c)
	}
	slices.Reverse(b[start:])
	return b
}

// appendFloat appends a float by a verb for floats.
func (s *formatSpec) appendFloat(b []byte, f float64) ([]byte, error) {
	if s.precision > math.MaxInt32 {
		return b, vm.Raise(vm.ValueError, "precision too big")
	}
	if s.precision > maxFormat {
		return b, vm.NewException(vm.MemoryError)
	}
	form := floatForm{verb: byte(s.verb | 0x20), precision: s.precision, alt: s.alt}
	percent := false
	switch s.verb {
	case 0:
		form.verb, form.point = 'r', true
		if s.precision >= 0 {
			form.verb = 'g'
		}
	case 'n':
		form.verb = 'g'
	case '%':
		form.verb, percent = 'f', true
		f *= 100
	}
	if form.precision < 0 {
		form.precision = 6
	}
	var buf [40]byte
	text := form.append(buf[:0], math.Abs(f))
	negative := math.Signbit(f) && !math.IsNaN(f)
	if negative && s.coerce && !bytes.ContainsAny(text[:mantissa(text)], "123456789i") {
		negative = false
	}
	if s.verb == 'E' || s.verb == 'F' || s.verb == 'G' {
		text = bytes.ToUpper(text)
	}
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if percent {
		text = append(text, '%')
	}
	return s.lay(b, s.signOf(negative), text, n, 3)
}

// mantissa returns where the exponent of a float's text begins.
func mantissa(text []byte) int {
	if i := bytes.IndexByte(text, 'e'); i >= 0 {
		return i
	}
	return len(text)
}

// A floatForm says how the digits of a float are written.
type floatForm struct {
	verb      byte // e, f, g, or r for the shortest that reads back as the same
	precision int
	alt       bool // keep the point and, with g, the zeros behind it
	point     bool // write 1.0 rather than 1
}

// moreDigits is more than a float has behind its point; all beyond are zeros.
const moreDigits = 1100

// append appends a float that is not negative.
func (form floatForm) append(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 0):
		return append(b, "inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	}
	computed := min(form.precision, moreDigits)
	switch form.verb {
	case 'f':
		return form.appendTail(strconv.AppendFloat(b, f, 'f', computed, 64), computed)
	case 'e':
		var buf [40]byte
		s := strconv.AppendFloat(buf[:0], f, 'e', computed, 64)
		e := mantissa(s)
		return append(form.appendTail(append(b, s[:e]...), computed), s[e:]...)
	case 'g':
		form.precision = max(form.precision, 1)
		var buf [40]byte
		return form.appendGeneral(b, strconv.AppendFloat(buf[:0], f, 'e', max(computed, 1)-1, 64), form.precision)
	}
	var buf [32]byte
	return form.appendGeneral(b, strconv.AppendFloat(buf[:0], f, 'e', -1, 64), 17)
}

// appendTail appends what follows the digits that were computed: the point, if there are
// none behind it, and the zeros that are left.
func (form floatForm) appendTail(b []byte, computed int) []byte {
	if form.precision == 0 && form.alt {
		return append(b, '.')
	}
	return appendZeros(b, form.precision-computed)
}

func appendZeros(b []byte, n int) []byte {
	for range n {
		b = append(b, '0')
	}
	return b
}

// appendGeneral appends digits, which come as d.ddde±dd, with an exponent if it is
// small or, but for the shortest, not below most.
func (form floatForm) appendGeneral(b, s []byte, most int) []byte {
	e := mantissa(s)
	exp := exponent(s[e+1:])
	if e > 1 {
		s[1] = s[0] // where the point was
		s, e = s[1:], e-1
	}
	digits, exponent := bytes.TrimRight(s[:e], "0"), s[e:]
	if len(digits) == 0 {
		digits = s[:1]
	}
	more := 0 // zeros that follow the digits
	if form.alt && form.verb == 'g' {
		more = form.precision - len(digits)
	}
	before := exp + 1 // how many digits stand before the point
	if form.point {
		most--
	}
	switch {
	case before <= -4 || before > most:
		b = append(b, digits[0])
		if len(digits)+more > 1 || form.alt {
			b = append(b, '.')
		}
		return append(appendZeros(append(b, digits[1:]...), more), exponent...)
	case before <= 0:
		b = appendZeros(append(b, "0."...), -before)
		return appendZeros(append(b, digits...), more)
	case before < len(digits):
		b = append(append(b, digits[:before]...), '.')
		return appendZeros(append(b, digits[before:]...), more)
	}
	b = appendZeros(append(b, digits...), before-len(digits))
	more -= before - len(digits)
	switch {
	case more > 0:
		return appendZeros(append(b, '.'), more)
	case form.point:
		return append(b, ".0"...)
	case form.alt:
		return append(b, '.')
	}
	return b
}

// exponent reads the exponent of a float's text, as it follows the e.
func exponent(s []byte) int {
	n := 0
	for _, c := range s[1:] {
		n = 10*n + int(c-'0')
	}
	if s[0] == '-' {
		return -n
	}
	return n
}
