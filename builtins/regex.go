package builtins

import (
	"encoding/binary"
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
	"unsafe"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What module re, which is written in the script language, has in Go: a
// compiled pattern, and searching with it. Positions are in bytes.

// A Regex is a compiled pattern. Its source and flags travel; what Go made of
// them is made again.
type Regex struct {
	source string
	bytes  bool // of a bytes pattern
	flags  int
	read   *regexReader
	whole  string // the pattern in Go's syntax, as one unit
	width  int    // the length of the shortest match, or 0

	compiled [numModes][2]*regexp.Regexp // by where a match may lie and whether something comes before; made at need
}

const regexKind = "regex" // Regex's ImageKind

var _ vm.Portable = (*Regex)(nil)

func (x *Regex) String() string        { return "<regex>" }
func (x *Regex) Type() string          { return "regex" }
func (x *Regex) Freeze()               {}
func (x *Regex) Truth() starlark.Bool  { return true }
func (x *Regex) Hash() (uint32, error) { return uint32(uintptr(unsafe.Pointer(x)) >> 4), nil }

// ImageKind, Image and Restore make it travel.
func (x *Regex) ImageKind() string { return regexKind }

// Image writes whether it is of bytes, the flags and the source.
func (x *Regex) Image() ([]byte, []vm.Value, error) {
	data := []byte{0}
	if x.bytes {
		data[0] = 1
	}
	data = binary.LittleEndian.AppendUint32(data, uint32(x.flags))
	return append(data, x.source...), nil, nil
}

// Restore compiles the pattern again.
func (x *Regex) Restore(data []byte, refs []vm.Value) error {
	if len(data) < 5 || data[0] > 1 {
		return errors.New("image: damaged regular expression")
	}
	made, err := newRegex(string(data[5:]), int(binary.LittleEndian.Uint32(data[1:])), data[0] == 1)
	if err == nil {
		*x = *made
	}
	return err
}

func newRegex(source string, flags int, isBytes bool) (*Regex, error) {
	if isBytes {
		flags |= regexASCII
	}
	read, err := readRegex(source, &flags)
	if err != nil {
		return nil, err
	}
	prefix := "(?"
	for _, f := range []struct {
		flag int
		name string
	}{{regexIgnoreCase, "i"}, {regexMultiline, "m"}, {regexDotAll, "s"}} {
		if flags&f.flag != 0 {
			prefix += f.name
		}
	}
	x := &Regex{source: source, bytes: isBytes, flags: flags, read: read, whole: prefix + ":" + read.out.String() + ")"}
	tree, err := syntax.Parse(x.whole, syntax.Perl)
	if err != nil {
		return nil, &regexError{"not supported by Go's regexp: " + err.Error(), 0}
	}
	x.width = shortest(tree)
	return x, nil
}

// shortest returns a length that no match of a pattern is below: 0 if it may match nothing.
func shortest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * shortest(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += shortest(sub)
		}
		return n
	case syntax.OpAlternate:
		n := shortest(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, shortest(sub))
		}
		return n
	}
	return 0
}

// A regexMode says where a match may lie.
type regexMode uint8

const (
	regexSearch  regexMode = iota
	regexMatch             // at the start
	regexFull              // from the start to the end
	regexLongest           // at the start, the longest there is
	numModes
)

var regexModes = map[string]regexMode{"search": regexSearch, "match": regexMatch, "fullmatch": regexFull}

// program returns the Go pattern for a mode. Go's regexp cannot begin in the
// middle of a text and still see what comes before, which ^ and \b look at.
// So after is for a text that begins one character too early, and passes it.
// There the match is the first group.
func (x *Regex) program(mode regexMode, after bool) *regexp.Regexp {
	i := 0
	if after {
		i = 1
	}
	if x.compiled[mode][i] == nil {
		s := x.whole
		if mode == regexFull {
			s = "(?:" + s + `)\z`
		}
		switch {
		case after && mode == regexSearch:
			s = `\A(?s:.)(?s:.*?)(` + s + ")"
		case after:
			s = `\A(?s:.)(` + s + ")"
		case mode != regexSearch:
			s = `\A` + s
		}
		x.compiled[mode][i] = regexp.MustCompile(s) // newRegex has parsed it
		if mode == regexLongest {
			x.compiled[mode][i].Longest()
		}
	}
	return x.compiled[mode][i]
}

// find returns the first match in s that begins at pos or later, as the
// spans of its groups, or nil.
func (x *Regex) find(mode regexMode, s string, pos int) []int {
	spans := x.findTo(mode, s, pos)
	if !x.read.dollar || !strings.HasSuffix(s, "\n") || pos == len(s) {
		return spans
	}
	// Python's $ also matches before a newline that ends the text, which Go's does not.
	if mode == regexFull {
		return spans
	}
	before := x.findTo(mode, s[:len(s)-1], pos)
	if spans == nil || before != nil && before[0] < spans[0] {
		return before
	}
	return spans
}

func (x *Regex) findTo(mode regexMode, s string, pos int) []int {
	if pos == 0 {
		return x.program(mode, false).FindStringSubmatchIndex(s)
	}
	_, size := utf8.DecodeLastRuneInString(s[:pos])
	spans := x.program(mode, true).FindStringSubmatchIndex(s[pos-size:])
	if spans == nil {
		return nil
	}
	spans = spans[2:]
	for i := range spans {
		if spans[i] >= 0 {
			spans[i] += pos - size
		}
	}
	return spans
}

// findAll returns the matches from pos on that do not overlap. Where one is empty
// the next may begin too, but not be empty again: Python then takes the next best, and we the longest.
func (x *Regex) findAll(s string, pos int) [][]int {
	if x.width > 0 && pos == 0 && !x.read.dollar {
		return x.program(regexSearch, false).FindAllStringSubmatchIndex(s, -1)
	}
	var all [][]int
	for pos <= len(s) {
		spans := x.find(regexSearch, s, pos)
		if spans == nil {
			break
		}
		all = append(all, spans)
		pos = spans[1]
		if spans[0] < spans[1] {
			continue
		}
		if spans = x.find(regexLongest, s, pos); spans != nil && spans[0] < spans[1] {
			all = append(all, spans)
			pos = spans[1]
			continue
		}
		_, size := utf8.DecodeRuneInString(s[pos:])
		pos += max(size, 1)
	}
	return all
}

const _reDoc = "What module re has in Go."

var _reRows = []row{
	{name: "compile", sig: "(pattern, flags)", fn: regexCompile, doc: "Return a compiled pattern; for a wrong one what is wrong and where."},
	{name: "describe", sig: "(regex)", fn: regexDescribe, doc: "Return the flags, the number of groups and their names."},
	{name: "find", sig: "(regex, mode, string, pos, endpos)", fn: regexFind, doc: "Return the spans of the groups of the first match as a tuple, or None."},
	{name: "find_all", sig: "(regex, string, pos, endpos)", fn: regexFindAll, doc: "Return a list of what find returns, for all matches."},
	{name: "findall", sig: "(regex, string, pos, endpos)", fn: regexTexts, doc: "Return a list of the texts of all matches, of their groups if there are."},
	{name: "last", sig: "(regex, spans)", fn: regexLast, doc: "Return the number of the group that ended last, or None."},
}

func _reModule() *vm.Module {
	return newModule("_re", _reDoc, functions("_re", _reRows), nil)
}

func regexCompile(p *vm.Process, a []vm.Value) (vm.Value, error) {
	flags, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	t := textOf(a[0])
	x, err := newRegex(t.s, flags, t.bytes)
	if e, ok := err.(*regexError); ok {
		return starlark.Tuple{starlark.String(e.msg), starlark.MakeInt(e.pos)}, nil
	}
	return x, err
}

func regexDescribe(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x := a[0].(*Regex)
	flags := x.flags
	if !x.bytes && flags&regexASCII == 0 {
		flags |= regexUnicode
	}
	names := make([]string, x.read.groups+1)
	for name, g := range x.read.names {
		names[g] = name
	}
	index := new(starlark.Dict)
	for g, name := range names {
		if name != "" {
			_ = index.SetKey(starlark.String(name), starlark.MakeInt(g)) // a string always hashes
		}
	}
	return starlark.Tuple{starlark.MakeInt(flags), starlark.MakeInt(x.read.groups), index}, nil
}

// regexText takes the arguments string, pos and endpos, which module re has checked.
func regexText(a []vm.Value) (t text, pos int, err error) {
	t = textOf(a[0])
	pos, err = asSmall(a[1])
	if err != nil {
		return t, 0, err
	}
	end, err := asSmall(a[2])
	if err != nil {
		return t, 0, err
	}
	t.s = t.s[:min(max(end, 0), len(t.s))]
	return t, min(max(pos, 0), len(t.s)), nil
}

func spanTuple(spans []int) vm.Value {
	t := make(starlark.Tuple, len(spans))
	for i, n := range spans {
		t[i] = starlark.MakeInt(n)
	}
	return t
}

func regexFind(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, pos, err := regexText(a[2:])
	if err != nil {
		return nil, err
	}
	spans := a[0].(*Regex).find(regexModes[string(a[1].(starlark.String))], t.s, pos)
	if spans == nil {
		return starlark.None, nil
	}
	return spanTuple(spans), nil
}

func regexFindAll(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, pos, err := regexText(a[1:])
	if err != nil {
		return nil, err
	}
	all := a[0].(*Regex).findAll(t.s, pos)
	elems := make([]vm.Value, len(all))
	for i, spans := range all {
		elems[i] = spanTuple(spans)
	}
	return starlark.NewList(elems), nil
}

func regexTexts(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, pos, err := regexText(a[1:])
	if err != nil {
		return nil, err
	}
	x := a[0].(*Regex)
	all := x.findAll(t.s, pos)
	elems := make([]vm.Value, len(all))
	for i, spans := range all {
		group := func(g int) vm.Value {
			if spans[2*g] < 0 {
				return t.value(p, "")
			}
			return t.value(p, t.s[spans[2*g]:spans[2*g+1]])
		}
		switch n := x.read.groups; n {
		case 0, 1:
			elems[i] = group(n)
		default:
			tuple := make(starlark.Tuple, n)
			for g := range tuple {
				tuple[g] = group(g + 1)
			}
			elems[i] = tuple
		}
	}
	return starlark.NewList(elems), nil
}

func regexLast(p *vm.Process, a []vm.Value) (vm.Value, error) {
	spans := a[1].(starlark.Tuple)
	ints := make([]int, len(spans))
	for i, v := range spans {
		ints[i], _ = starlark.AsInt32(v)
	}
	if g := a[0].(*Regex).read.lastClosed(ints); g > 0 {
		return starlark.MakeInt(g), nil
	}
	return starlark.None, nil
}
