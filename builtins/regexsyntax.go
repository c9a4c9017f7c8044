package builtins

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A regexReader rewrites a pattern of Python's re as one of Go's regexp. It
// finds the errors that Lib/re/_parser.py finds, in its words, and refuses what Go's
// engine, which never backtracks, cannot do.
type regexReader struct {
	src     string
	i       int
	out     strings.Builder
	verbose bool
	ascii   bool // \w, \d and \s are those of ASCII

	names  map[string]int // groups by name
	groups int
	closed []int // groups in the order in which they end
	dollar bool  // there is a $ that is no line's
	multi  bool  // $ is a line's
}

// A regexError is what re.error tells.
type regexError struct {
	msg string
	pos int
}

func (e *regexError) Error() string { return e.msg }

// The flags of module re, by their values there.
const (
	regexIgnoreCase = 2
	regexLocale     = 4
	regexMultiline  = 8
	regexDotAll     = 16
	regexUnicode    = 32
	regexVerbose    = 64
	regexDebug      = 128
	regexASCII      = 256
)

var regexFlags = map[byte]int{
	'i': regexIgnoreCase, 'L': regexLocale, 'm': regexMultiline, 's': regexDotAll, 'u': regexUnicode, 'x': regexVerbose, 'a': regexASCII,
}

// Python's categories as members of a class of Go's. Outside ASCII, \S and \b are Go's.
var unicodeCategories = map[byte]string{
	'd': `\p{Nd}`, 'D': `\P{Nd}`,
	'w': `\p{L}\p{N}_`,
	'W': `\p{C}\p{M}\p{S}\p{Z}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\x{203f}\x{2040}\x{2054}\x{fe33}\x{fe34}\x{fe4d}-\x{fe4f}\x{ff3f}`,
	's': `\s\v\x1c-\x1f\x85\p{Z}`, 'S': `\S`,
}

var asciiCategories = map[byte]string{'d': `\d`, 'D': `\D`, 'w': `\w`, 'W': `\W`, 's': `\s\v`, 'S': `\S`}

// An atom says what stands before a quantifier.
type atom uint8

const (
	noAtom atom = iota // nothing, or what matches a place
	oneAtom
	repeated
)

// readRegex rewrites a whole pattern. flags grows by those that it begins with.
func readRegex(pattern string, flags *int) (*regexReader, error) {
	r := &regexReader{src: pattern, names: map[string]int{}}
	if err := r.globalFlags(flags); err != nil {
		return nil, err
	}
	r.verbose, r.ascii, r.multi = *flags&regexVerbose != 0, *flags&regexASCII != 0, *flags&regexMultiline != 0
	if err := r.sequence(); err != nil {
		return nil, err
	}
	if r.i < len(r.src) {
		return nil, r.fail(r.i, "unbalanced parenthesis")
	}
	return r, nil
}

func (r *regexReader) fail(pos int, format string, args ...any) error {
	return &regexError{fmt.Sprintf(format, args...), pos}
}

func (r *regexReader) unsupported(pos int, what string) error {
	return r.fail(pos, "%s not supported: mpstar matches with Go's regexp, which never backtracks", what)
}

// next returns the byte at i, or 0 at the end; ahead reports whether a text comes next, and passes it.
func (r *regexReader) next() byte {
	if r.i < len(r.src) {
		return r.src[r.i]
	}
	return 0
}

func (r *regexReader) ahead(s string) bool {
	if !strings.HasPrefix(r.src[r.i:], s) {
		return false
	}
	r.i += len(s)
	return true
}

// globalFlags takes the (?ims) that a pattern begins with.
func (r *regexReader) globalFlags(flags *int) error {
	m := regexp.MustCompile(`^\(\?([aiLmsux]+)\)`).FindStringSubmatch(r.src)
	if m == nil {
		return nil
	}
	for _, c := range []byte(m[1]) {
		*flags |= regexFlags[c]
	}
	r.i = len(m[0])
	return nil
}

// sequence reads alternatives up to a parenthesis or the end.
func (r *regexReader) sequence() error {
	last := noAtom
	for r.i < len(r.src) {
		if r.verbose && r.blank() {
			continue
		}
		start := r.i
		c, size := utf8.DecodeRuneInString(r.src[r.i:])
		switch c {
		case ')':
			return nil
		case '|':
			r.i++
			r.out.WriteByte('|')
			last = noAtom
			continue
		case '*', '+', '?', '{':
			isQuantifier, err := r.quantifier(last)
			if err != nil {
				return err
			}
			if isQuantifier {
				last = repeated
				continue
			}
		}
		last = oneAtom
		var err error
		switch c {
		case '(':
			last, err = r.group()
		case '[':
			err = r.class()
		case '\\':
			last, err = r.escape()
		case '.':
			r.i++
			r.out.WriteByte('.')
		case '^', '$':
			r.i++
			last = noAtom
			r.out.WriteRune(c)
			r.dollar = r.dollar || c == '$' && !r.multi
		default:
			r.i += size
			r.literal(r.src[start:r.i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blank passes white space or a comment of a verbose pattern.
func (r *regexReader) blank() bool {
	switch c := r.next(); {
	case strings.IndexByte(" \t\n\r\v\f", c) >= 0:
		r.i++
		return true
	case c == '#':
		end := strings.IndexByte(r.src[r.i:], '\n')
		if end < 0 {
			end = len(r.src) - r.i - 1
		}
		r.i += end + 1
		return true
	}
	return false
}

func (r *regexReader) literal(s string) { r.out.WriteString(regexp.QuoteMeta(s)) }

var repeatCounts = atNeed(`^\{(\d*)(,?)(\d*)\}`)

// atNeed returns a function that compiles an expression when it is first called: every process
// runs what initialises a package, and few use the module.
func atNeed(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// quantifier reads *, +, ? or {m,n}. It reports whether there was one: a brace may be only itself.
func (r *regexReader) quantifier(last atom) (bool, error) {
	start := r.i
	text := r.src[r.i : r.i+1]
	if text == "{" {
		m := repeatCounts().FindStringSubmatch(r.src[r.i:])
		if m == nil || m[0] == "{}" {
			return false, nil
		}
		low, _ := strconv.Atoi(m[1])
		high, err := strconv.Atoi(m[3])
		switch {
		case low > 1000 || high > 1000:
			return false, r.unsupported(start, "a repeat count over 1000 is")
		case err == nil && high < low:
			return false, r.fail(start+1, "min repeat greater than max repeat")
		}
		text = m[0]
		if m[1] == "" {
			text = "{0" + text[1:]
		}
		r.i += len(m[0])
	} else {
		r.i++
	}
	switch last {
	case noAtom:
		return false, r.fail(start, "nothing to repeat")
	case repeated:
		return false, r.fail(start, "multiple repeat")
	}
	switch {
	case r.ahead("?"):
		text += "?"
	case r.ahead("+"):
		return false, r.unsupported(start, "a possessive quantifier is")
	}
	r.out.WriteString(text)
	return true, nil
}

// unsupportedGroups are the extensions that need to backtrack.
var unsupportedGroups = []struct{ open, what string }{
	{"(?=", "a lookahead assertion is"}, {"(?!", "a lookahead assertion is"},
	{"(?<=", "a lookbehind assertion is"}, {"(?<!", "a lookbehind assertion is"},
	{"(?P=", "a backreference is"}, {"(?(", "a conditional group is"}, {"(?>", "an atomic group is"},
}

func (r *regexReader) group() (atom, error) {
	start := r.i
	for _, g := range unsupportedGroups {
		if strings.HasPrefix(r.src[r.i:], g.open) {
			return noAtom, r.unsupported(start, g.what)
		}
	}
	switch {
	case r.ahead("(?#"):
		end := strings.IndexByte(r.src[r.i:], ')')
		if end < 0 {
			return noAtom, r.fail(start, "missing ), unterminated comment")
		}
		r.i += end + 1
		return noAtom, nil
	case r.ahead("(?:"):
		r.out.WriteString("(?:")
		return oneAtom, r.groupRest(start)
	case r.ahead("(?P<"):
		return oneAtom, r.namedGroup(start)
	case r.ahead("(?P"):
		return noAtom, r.fail(start+1, "unknown extension ?P%s", firstRune(r.src[r.i:]))
	case r.ahead("(?"):
		return oneAtom, r.flagGroup(start)
	}
	r.i++
	r.groups++
	return oneAtom, r.capture(start)
}

func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return s[:size]
}

func (r *regexReader) namedGroup(start int) error {
	at := r.i
	end := strings.IndexByte(r.src[r.i:], '>')
	if end < 0 {
		return r.fail(at, "missing >, unterminated name")
	}
	name := r.src[r.i : r.i+end]
	r.i += end + 1
	if name == "" {
		return r.fail(at, "missing group name")
	}
	if !isIdentifier(name) {
		return r.fail(at, "bad character in group name '%s'", name)
	}
	r.groups++
	if first, ok := r.names[name]; ok {
		return r.fail(at, "redefinition of group name '%s' as group %d; was group %d", name, r.groups, first)
	}
	r.names[name] = r.groups
	return r.capture(start)
}

// capture reads the inside of a group that captures, which has just been counted.
func (r *regexReader) capture(start int) error {
	number := r.groups
	r.out.WriteByte('(')
	err := r.groupRest(start)
	r.closed = append(r.closed, number)
	return err
}

func (r *regexReader) groupRest(start int) error {
	if err := r.sequence(); err != nil {
		return err
	}
	if !r.ahead(")") {
		return r.fail(start, "missing ), unterminated subpattern")
	}
	r.out.WriteByte(')')
	return nil
}

var scopedFlags = atNeed(`^([aiLmsux]*)(-[imsx]+)?:`)

// flagGroup reads (?i-s:...).
func (r *regexReader) flagGroup(start int) error {
	m := scopedFlags().FindStringSubmatch(r.src[r.i:])
	if m == nil {
		if regexp.MustCompile(`^[aiLmsux]+\)`).MatchString(r.src[r.i:]) {
			return r.fail(start, "global flags not at the start of the expression")
		}
		if r.next() == 0 {
			return r.fail(r.i, "unexpected end of pattern")
		}
		what := firstRune(r.src[r.i:])
		if what == "<" {
			what += firstRune(r.src[r.i+1:])
		}
		return r.fail(start+1, "unknown extension ?%s", what)
	}
	r.i += len(m[0])
	verbose, ascii, multi := r.verbose, r.ascii, r.multi
	defer func() { r.verbose, r.ascii, r.multi = verbose, ascii, multi }()
	goFlags := ""
	for i, part := range []string{m[1], strings.TrimPrefix(m[2], "-")} {
		on := i == 0
		if !on && part != "" {
			goFlags += "-"
		}
		for _, c := range part {
			switch c {
			case 'x':
				r.verbose = on
			case 'a':
				r.ascii = true
			case 'u':
				r.ascii = false
			case 'i', 'm', 's':
				r.multi = c == 'm' && on || c != 'm' && r.multi
				goFlags += string(c)
			}
		}
	}
	r.out.WriteString("(?" + strings.TrimSuffix(goFlags, "-") + ":")
	return r.groupRest(start)
}

func (r *regexReader) category(c byte) (string, bool) {
	table := unicodeCategories
	if r.ascii {
		table = asciiCategories
	}
	s, ok := table[c]
	return s, ok
}

// escape reads a backslash and what follows, outside a class.
func (r *regexReader) escape() (atom, error) {
	start := r.i
	if r.i+1 == len(r.src) {
		return noAtom, r.fail(start, "bad escape (end of pattern)")
	}
	c := r.src[r.i+1]
	if members, ok := r.category(c); ok {
		r.i += 2
		r.out.WriteString("[" + members + "]")
		return oneAtom, nil
	}
	switch c {
	case 'A', 'b', 'B':
		r.i += 2
		r.out.WriteString(`\` + string(c))
		return noAtom, nil
	case 'Z':
		r.i += 2
		r.out.WriteString(`\z`)
		return noAtom, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if !octalEscape().MatchString(r.src[r.i:]) {
			return noAtom, r.unsupported(start, "a backreference is")
		}
	}
	s, err := r.character()
	r.literal(s)
	return oneAtom, err
}

var (
	octalEscape = atNeed(`^\\(0[0-7]{0,2}|[0-3][0-7]{2})`)
	hexEscapes  = map[byte]func() *regexp.Regexp{
		'x': atNeed(`^\\x[0-9a-fA-F]{2}`), 'u': atNeed(`^\\u[0-9a-fA-F]{4}`), 'U': atNeed(`^\\U[0-9a-fA-F]{8}`),
	}
	incompleteHex = atNeed(`^\\[xuU][0-9a-fA-F]{0,8}`)
	plainEscapes  = map[byte]string{'a': "\a", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}
)

// character reads an escape that stands for one character.
func (r *regexReader) character() (string, error) {
	start, rest := r.i, r.src[r.i:]
	c := rest[1]
	if s, ok := plainEscapes[c]; ok {
		r.i += 2
		return s, nil
	}
	if re := hexEscapes[c]; re != nil {
		digits := re().FindString(rest)
		if digits == "" {
			return "", r.fail(start, "incomplete escape %s", incompleteHex().FindString(rest))
		}
		n, err := strconv.ParseUint(digits[2:], 16, 32)
		if err != nil || n > unicode.MaxRune {
			return "", r.fail(start, "bad escape %s", digits)
		}
		r.i += len(digits)
		return string(rune(n)), nil
	}
	if digits := octalEscape().FindString(rest); digits != "" {
		n, _ := strconv.ParseUint(digits[1:], 8, 32)
		r.i += len(digits)
		return string(rune(n)), nil
	}
	if c < utf8.RuneSelf && (unicode.IsLetter(rune(c)) || unicode.IsDigit(rune(c))) {
		return "", r.fail(start, "bad escape \\%c", c)
	}
	s := firstRune(rest[1:])
	r.i += 1 + len(s)
	return s, nil
}

// class reads [...]. Its members are written one by one, since Go gives some of them another meaning.
func (r *regexReader) class() error {
	start := r.i
	r.i++
	r.out.WriteByte('[')
	if r.ahead("^") {
		r.out.WriteByte('^')
	}
	for first := r.i; ; {
		if r.i >= len(r.src) {
			return r.fail(start, "unterminated character set")
		}
		if r.next() == ']' && r.i > first {
			r.i++
			r.out.WriteByte(']')
			return nil
		}
		if err := r.member(start); err != nil {
			return err
		}
	}
}

// member reads a member of the class that began at start: a category, a character or a range.
func (r *regexReader) member(start int) error {
	at := r.i
	low, category, err := r.classItem(start)
	if err != nil {
		return err
	}
	isRange := r.next() == '-' && r.i+1 < len(r.src) && r.src[r.i+1] != ']'
	if !isRange {
		if !category {
			low = quoteMember(low)
		}
		r.out.WriteString(low)
		return nil
	}
	r.i++
	high, category2, err := r.classItem(start)
	if err != nil {
		return err
	}
	a, _ := utf8.DecodeRuneInString(low)
	b, _ := utf8.DecodeRuneInString(high)
	if category || category2 || b < a {
		return r.fail(at, "bad character range %s", r.src[at:r.i])
	}
	r.out.WriteString(quoteMember(low) + "-" + quoteMember(high))
	return nil
}

func (r *regexReader) classItem(start int) (s string, category bool, err error) {
	if r.i >= len(r.src) {
		return "", false, r.fail(start, "unterminated character set")
	}
	if r.next() != '\\' {
		s = firstRune(r.src[r.i:])
		r.i += len(s)
		return s, false, nil
	}
	if r.i+1 == len(r.src) {
		return "", false, r.fail(r.i, "bad escape (end of pattern)")
	}
	c := r.src[r.i+1]
	if members, ok := r.category(c); ok {
		r.i += 2
		return members, true, nil
	}
	if c == 'b' {
		r.i += 2
		return "\b", false, nil
	}
	s, err = r.character()
	return s, false, err
}

func quoteMember(s string) string {
	c, _ := utf8.DecodeRuneInString(s)
	return fmt.Sprintf(`\x{%x}`, c)
}

// isIdentifier reports whether a name can be a group's.
func isIdentifier(name string) bool {
	for i, c := range name {
		if c != '_' && !unicode.IsLetter(c) && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return name != ""
}

// lastClosed returns the group that ended last among those that matched, or 0.
func (r *regexReader) lastClosed(spans []int) int {
	for _, g := range slices.Backward(r.closed) {
		if spans[2*g] >= 0 {
			return g
		}
	}
	return 0
}
