package builtins

import (
	"math"
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
// any spec it is Python's. A width counts characters.

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
	s, err := formatValue(p, a[0], spec)
	if err != nil {
		return nil, err
	}
	return starlark.String(s), nil
}

// formatValue is format(v, spec).
func formatValue(p *vm.Process, v vm.Value, spec string) (string, error) {
	if instance(v) != nil {
		return "", vm.NeedScript
	}
	if spec == "" {
		return p.Str(v)
	}
	switch v := v.(type) {
	case starlark.String:
		s, err := parseSpec(spec, strFormatKind)
		if err != nil {
			return "", err
		}
		return s.formatText(string(v))
	case starlark.Int:
		return formatNumber(v, spec, intFormatKind)
	case starlark.Bool:
		return formatNumber(v, spec, boolFormatKind)
	case starlark.Float:
		return formatNumber(v, spec, floatFormatKind)
	}
	return "", vm.Raise(vm.TypeError, "unsupported format string passed to %s.__format__", vm.TypeName(v))
}

// formatNumber formats a number by the verb of the spec.
func formatNumber(v vm.Value, spec string, kind formatKind) (string, error) {
	s, err := parseSpec(spec, kind)
	if err != nil {
		return "", err
	}
	switch s.verb {
	case 'b', 'c', 'd', 'n', 'o', 'x', 'X':
		if kind != floatFormatKind {
			return s.formatInteger(v)
		}
		if s.verb != 'n' {
			break
		}
		fallthrough
	case 0, 'e', 'E', 'f', 'F', 'g', 'G', '%':
		f, err := asFloat(v)
		if err != nil {
			return "", err
		}
		return s.formatFloat(f)
	}
	return "", s.unknownVerb(kind)
}

// parseSpec is parse_internal_render_format_spec.
func parseSpec(spec string, kind formatKind) (formatSpec, error) {
	s := formatSpec{fill: " ", align: kind.align, precision: -1, verb: kind.verb}
	rest, aligned := s.parseAlign(spec)
	take := func(chars string) byte {
		if rest == "" || strings.IndexByte(chars, rest[0]) < 0 {
			return 0
		}
		c := rest[0]
		rest = rest[1:]
		return c
	}
	filled := len(spec)-len(rest) > 1
	s.sign = take("+- ")
	s.coerce = take("z") != 0
	s.alt = take("#") != 0
	if !filled && take("0") != 0 {
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
	s.separator = take(",")
	if c := take("_"); c != 0 && s.separator != 0 || c != 0 && strings.HasPrefix(rest, ",") {
		return s, vm.Raise(vm.ValueError, "Cannot specify both ',' and '_'.")
	} else if c != 0 {
		s.separator = c
	}
	if take(".") != 0 {
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
	isAlign := func(i int) bool { return i < len(spec) && strings.IndexByte("<>=^", spec[i]) >= 0 }
	_, n := utf8.DecodeRuneInString(spec)
	switch {
	case n > 0 && isAlign(n):
		s.fill, s.align = spec[:n], spec[n]
		return spec[n+1:], true
	case isAlign(0):
		s.align = spec[0]
		return spec[1:], true
	}
	return spec, false
}

// specNumber takes an int from the start of a spec; it is -1 if there is none.
func specNumber(s string) (n int, rest string, err error) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	if i == 0 {
		return -1, s, nil
	}
	n, err = strconv.Atoi(s[:i])
	if err != nil {
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

// pad fills up what takes n characters: head, behind which = fills, and tail.
func (s *formatSpec) pad(head, tail string, n int) (string, error) {
	missing := s.width - n
	if missing <= 0 {
		return head + tail, nil
	}
	if s.width > maxFormat {
		return "", vm.NewException(vm.MemoryError)
	}
	switch s.align {
	case '<':
		return head + tail + strings.Repeat(s.fill, missing), nil
	case '=':
		return head + strings.Repeat(s.fill, missing) + tail, nil
	case '^':
		left := strings.Repeat(s.fill, missing/2)
		return left + head + tail + strings.Repeat(s.fill, missing-missing/2), nil
	}
	return strings.Repeat(s.fill, missing) + head + tail, nil
}

// formatText formats a str.
func (s *formatSpec) formatText(text string) (string, error) {
	const in = " not allowed in string format specifier"
	switch {
	case s.verb != 's':
		return "", s.unknownVerb(strFormatKind)
	case s.sign == ' ':
		return "", vm.Raise(vm.ValueError, "Space"+in)
	case s.sign != 0:
		return "", vm.Raise(vm.ValueError, "Sign"+in)
	case s.coerce:
		return "", vm.Raise(vm.ValueError, "Negative zero coercion (z)"+in)
	case s.alt:
		return "", vm.Raise(vm.ValueError, "Alternate form (#)"+in)
	case s.align == '=':
		return "", vm.Raise(vm.ValueError, "'=' alignment"+in)
	}
	text = s.truncate(text)
	return s.pad("", text, utf8.RuneCountInString(text))
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

var intBases = map[rune]intBase{
	'b': {2, "0b", 4},
	'o': {8, "0o", 4},
	'x': {16, "0x", 4},
	'X': {16, "0X", 4},
	'd': {10, "", 3}, 'i': {10, "", 3}, 'n': {10, "", 3}, 'u': {10, "", 3},
}

// formatInteger formats an int or bool by a verb for ints.
func (s *formatSpec) formatInteger(v vm.Value) (string, error) {
	i, err := asInteger(v)
	switch {
	case err != nil:
		return "", err
	case s.precision >= 0:
		return "", vm.Raise(vm.ValueError, "Precision not allowed in integer format specifier")
	case s.coerce:
		return "", vm.Raise(vm.ValueError, "Negative zero coercion (z) not allowed in integer format specifier")
	case s.verb != 'c':
		return s.layInt(i)
	case s.sign != 0:
		return "", vm.Raise(vm.ValueError, "Sign not allowed with integer format specifier 'c'")
	case s.alt:
		return "", vm.Raise(vm.ValueError, "Alternate form (#) not allowed with integer format specifier 'c'")
	}
	n, ok := i.Int64()
	if !ok {
		return "", vm.Raise(vm.OverflowError, "Python int too large to convert to C long")
	}
	if n < 0 || n > utf8.MaxRune {
		return "", vm.Raise(vm.OverflowError, "%%c arg not in range(0x110000)")
	}
	return s.pad("", string(rune(n)), 1)
}

// layInt lays out an int. A precision, which only % allows, is the least number of digits.
func (s *formatSpec) layInt(i starlark.Int) (string, error) {
	form := intBases[s.verb]
	var digits string
	if n, ok := i.Int64(); ok {
		digits = strconv.FormatInt(n, form.base)
	} else {
		if form.base == 10 {
			if err := vm.CheckDigits(i); err != nil {
				return "", err
			}
		}
		digits = i.BigInt().Text(form.base)
	}
	digits, negative := strings.CutPrefix(digits, "-")
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if missing := s.precision - len(digits); missing > 0 {
		if s.precision > maxFormat {
			return "", vm.NewException(vm.MemoryError)
		}
		digits = strings.Repeat("0", missing) + digits
	}
	head := s.signOf(negative)
	if s.alt {
		head += form.prefix
	}
	return s.lay(head, digits, "", form.group)
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

// lay puts together sign and prefix, the digits of the integer part, and what follows these. Zeros that fill up stand in groups as the digits do.
func (s *formatSpec) lay(head, digits, tail string, group int) (string, error) {
	least := 0
	if s.fill == "0" && s.align == '=' {
		if s.width > maxFormat {
			return "", vm.NewException(vm.MemoryError)
		}
		least = s.width - len(head) - len(tail)
	}
	if s.separator != 0 && digits != "" {
		digits = groupDigits(digits, s.separator, group, least)
	}
	return s.pad(head, digits+tail, len(head)+len(digits)+len(tail))
}

// groupDigits puts separators between groups of digits, counted from the right, and zeros
// before them until there are at least so many characters. A separator never
// comes first, so there may be one more (_PyUnicode_InsertThousandsGrouping).
func groupDigits(digits string, separator byte, group, least int) string {
	var reversed []byte
	for n := 0; n < len(digits) || len(reversed) < least || n == 0; n++ {
		if n > 0 && n%group == 0 {
			reversed = append(reversed, separator)
		}
		c := byte('0')
		if n < len(digits) {
			c = digits[len(digits)-1-n]
		}
		reversed = append(reversed, c)
	}
	for i, j := 0, len(reversed)-1; i < j; i, j = i+1, j-1 {
		reversed[i], reversed[j] = reversed[j], reversed[i]
	}
	return string(reversed)
}

// formatFloat formats a float by a verb for floats.
func (s *formatSpec) formatFloat(f float64) (string, error) {
	if s.precision > math.MaxInt32 {
		return "", vm.Raise(vm.ValueError, "precision too big")
	}
	if s.precision > maxFormat {
		return "", vm.NewException(vm.MemoryError)
	}
	form := floatForm{verb: byte(s.verb | 0x20), precision: s.precision, alt: s.alt}
	percent := ""
	switch s.verb {
	case 0:
		form.verb, form.point = 'r', true
		if s.precision >= 0 {
			form.verb = 'g'
		}
	case 'n':
		form.verb = 'g'
	case '%':
		form.verb, percent = 'f', "%"
		f *= 100
	}
	if form.precision < 0 {
		form.precision = 6
	}
	text := form.text(math.Abs(f))
	negative := math.Signbit(f) && !math.IsNaN(f)
	if negative && s.coerce && !strings.ContainsAny(text[:mantissa(text)], "123456789i") {
		negative = false
	}
	if s.verb == 'E' || s.verb == 'F' || s.verb == 'G' {
		text = strings.ToUpper(text)
	}
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return s.lay(s.signOf(negative), text[:n], text[n:]+percent, 3)
}

// mantissa returns where the exponent of a float's text begins.
func mantissa(text string) int {
	if i := strings.IndexByte(text, 'e'); i >= 0 {
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

// text writes a float that is not negative.
func (form floatForm) text(f float64) string {
	switch {
	case math.IsInf(f, 0):
		return "inf"
	case math.IsNaN(f):
		return "nan"
	}
	computed := min(form.precision, moreDigits)
	switch form.verb {
	case 'f':
		s := strconv.FormatFloat(f, 'f', computed, 64)
		return s + form.tail(computed)
	case 'e':
		s := strconv.FormatFloat(f, 'e', computed, 64)
		e := mantissa(s)
		return s[:e] + form.tail(computed) + s[e:]
	case 'g':
		form.precision = max(form.precision, 1)
		return form.general(strconv.FormatFloat(f, 'e', max(computed, 1)-1, 64), form.precision)
	}
	return form.general(strconv.FormatFloat(f, 'e', -1, 64), 17)
}

// tail is what follows the digits that were computed: the point, if there are
// none behind it, and the zeros that are left.
func (form floatForm) tail(computed int) string {
	if form.precision == 0 && form.alt {
		return "."
	}
	return strings.Repeat("0", form.precision-computed)
}

// general writes digits, which come as d.ddde±dd, with an exponent if it is
// small or, but for the shortest, not below most.
func (form floatForm) general(s string, most int) string {
	e := mantissa(s)
	exp, _ := strconv.Atoi(s[e+1:])
	digits := strings.TrimRight(s[:1]+strings.TrimPrefix(s[1:e], "."), "0")
	if digits == "" {
		digits = "0"
	}
	if form.alt && form.verb == 'g' {
		digits += strings.Repeat("0", form.precision-len(digits))
	}
	before := exp + 1 // how many digits stand before the point
	if form.point {
		most--
	}
	switch {
	case before <= -4 || before > most:
		point := ""
		if len(digits) > 1 || form.alt {
			point = "."
		}
		return digits[:1] + point + digits[1:] + s[e:]
	case before <= 0:
		return "0." + strings.Repeat("0", -before) + digits
	case before < len(digits):
		return digits[:before] + "." + digits[before:]
	}
	digits += strings.Repeat("0", before-len(digits))
	switch {
	case form.point:
		return digits + ".0"
	case form.alt:
		return digits + "."
	}
	return digits
}
