package builtins

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// str.format and str.format_map. They follow Objects/stringlib/unicode_format.h.
// What go.starlark.net accepts means the same here: a keyword argument may have any name that
// a field could have, also "a.b".

// A piece of a format string: a literal, and a field behind it unless it is the end.
type piece struct {
	literal string
	field   bool
	name    string // all of it
	index   int    // the number of the argument; -1 if it has a name
	first   string // the name up to the first . or [
	conv    rune   // !r, !s or !a; 0 if there is none
	spec    string
	nested  []piece // the spec's, if there are fields in it
}

// A formatParser takes a format string apart.
type formatParser struct {
	s       string
	auto    int  // the number of the next field without one
	numbers byte // how fields are numbered: 'a' or 'm' for automatically or manually; 0 before the first
}

// maxFormatDepth is how many formats may be in one another: one, and the specs in it.
const maxFormatDepth = 2

func formatError(format string, args ...any) error {
	return vm.Raise(vm.ValueError, format, args...)
}

// next parses a piece; ok is false at the end. depth is how many formats may be in one another.
func (fp *formatParser) next(depth int) (pc piece, ok bool, err error) {
	if fp.s == "" {
		return pc, false, nil
	}
	if pc.literal, err = fp.literal(); err != nil || fp.s == "" {
		return pc, true, err
	}
	pc.field = true
	fp.s = fp.s[1:]
	return pc, true, fp.parseField(&pc, depth)
}

// pieces parses to the end.
func (fp *formatParser) pieces(depth int) ([]piece, error) {
	if depth == 0 {
		return nil, formatError("Max string recursion exceeded")
	}
	var pieces []piece
	for {
		pc, ok, err := fp.next(depth)
		if err != nil || !ok {
			return pieces, err
		}
		pieces = append(pieces, pc)
	}
}

// literal takes all up to the { of a field.
func (fp *formatParser) literal() (string, error) {
	literal := ""
	for {
		i := strings.IndexAny(fp.s, "{}")
		if i < 0 {
			literal, fp.s = literal+fp.s, ""
			return literal, nil
		}
		c := fp.s[i]
		switch doubled := i+1 < len(fp.s) && fp.s[i+1] == c; {
		case doubled:
			literal, fp.s = literal+fp.s[:i+1], fp.s[i+2:]
		case c == '}' || i+1 == len(fp.s):
			return "", formatError("Single '%c' encountered in format string", c)
		default:
			literal, fp.s = literal+fp.s[:i], fp.s[i:]
			return literal, nil
		}
	}
}

// parseField takes a field up to its }.
func (fp *formatParser) parseField(pc *piece, depth int) error {
	end, err := fieldNameEnd(fp.s)
	if err != nil {
		return err
	}
	pc.name = fp.s[:end]
	if err := fp.number(pc); err != nil {
		return err
	}
	c := fp.s[end]
	fp.s = fp.s[end+1:]
	if c == '!' {
		if fp.s == "" {
			return formatError("end of string while looking for conversion specifier")
		}
		r, n := utf8.DecodeRuneInString(fp.s)
		pc.conv, fp.s = r, fp.s[n:]
		if fp.s != "" {
			c, fp.s = fp.s[0], fp.s[1:]
			if c != '}' && c != ':' {
				return formatError("expected ':' after conversion specifier")
			}
		}
	}
	if c == '}' {
		return nil
	}
	return fp.parseSpec(pc, depth)
}

// fieldNameEnd returns where a field's name ends: at a }, : or ! outside of brackets.
func fieldNameEnd(s string) (int, error) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			return 0, formatError("unexpected '{' in field name")
		case '[':
			j := strings.IndexByte(s[i:], ']')
			if j < 0 {
				return 0, formatError("expected '}' before end of string")
			}
			i += j
		case '}', ':', '!':
			return i, nil
		}
	}
	return 0, formatError("expected '}' before end of string")
}

// parseSpec takes a spec, in which braces come in pairs, and the } behind it.
func (fp *formatParser) parseSpec(pc *piece, depth int) error {
	open := 1
	for i := 0; i < len(fp.s); i++ {
		switch fp.s[i] {
		case '{':
			open++
		case '}':
			open--
		}
		if open == 0 {
			rest := fp.s[i+1:]
			pc.spec, fp.s = fp.s[:i], fp.s[:i]
			if strings.IndexByte(pc.spec, '{') >= 0 {
				var err error
				if pc.nested, err = fp.pieces(depth - 1); err != nil {
					return err
				}
			}
			fp.s = rest
			return nil
		}
	}
	return formatError("unmatched '{' in format spec")
}

// number finds which argument a field means.
func (fp *formatParser) number(pc *piece) error {
	pc.first = pc.name
	if i := strings.IndexAny(pc.name, ".["); i >= 0 {
		pc.first = pc.name[:i]
	}
	n, rest, err := specNumber(pc.first)
	if err != nil {
		return err
	}
	if pc.index = n; rest != "" {
		pc.index = -1
		return nil
	}
	numbers := byte('m')
	if pc.first == "" {
		numbers = 'a'
		pc.index = fp.auto
		fp.auto++
	}
	if fp.numbers != 0 && fp.numbers != numbers {
		if numbers == 'a' {
			return formatError("cannot switch from manual field specification to automatic field numbering")
		}
		return formatError("cannot switch from automatic field numbering to manual field specification")
	}
	fp.numbers = numbers
	return nil
}

// A fieldStep is one of the steps from an argument to a field's value: .name or [key].
type fieldStep struct {
	attr bool
	key  vm.Value
}

// fieldSteps takes apart what follows the first part of a name.
func fieldSteps(path string) ([]fieldStep, error) {
	var steps []fieldStep
	for path != "" {
		step := fieldStep{attr: path[0] == '.'}
		var text string
		if path = path[1:]; step.attr {
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			text, path = path[:end], path[end:]
		} else {
			end := strings.IndexByte(path, ']') // there is one
			text, path = path[:end], path[end+1:]
			if path != "" && path[0] != '.' && path[0] != '[' {
				return nil, formatError("Only '.' or '[' may follow ']' in format field specifier")
			}
		}
		if text == "" {
			return nil, formatError("Empty attribute in format string")
		}
		step.key = starlark.String(text)
		if n, rest, err := specNumber(text); err != nil {
			return nil, err
		} else if !step.attr && rest == "" {
			step.key = starlark.MakeInt(n)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// formatArgs are the arguments of str.format or, if there is a mapping, of format_map.
type formatArgs struct {
	args    []vm.Value
	kwargs  []starlark.Tuple
	mapping vm.Value
}

func strFormat(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return expandFormat(p, string(args[0].(starlark.String)), formatArgs{args: args[1:], kwargs: kwargs})
}

func strFormatMap(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return expandFormat(p, string(a[0].(starlark.String)), formatArgs{mapping: a[1]})
}

func expandFormat(p *vm.Process, s string, args formatArgs) (vm.Value, error) {
	fp := formatParser{s: s}
	var buf [96]byte
	b := buf[:0]
	for {
		pc, ok, err := fp.next(maxFormatDepth)
		if err != nil {
			return nil, err
		}
		if !ok {
			return p.StringOf(b), nil
		}
		if b, err = args.expand(p, b, &pc); err != nil {
			return nil, err
		}
	}
}

// expand appends a piece.
func (args *formatArgs) expand(p *vm.Process, b []byte, pc *piece) ([]byte, error) {
	b = append(b, pc.literal...)
	if !pc.field {
		return b, nil
	}
	b, err := args.expandField(p, b, pc)
	if err == nil {
		err = p.Room(len(b), 2)
	}
	return b, err
}

func (args *formatArgs) expandField(p *vm.Process, b []byte, pc *piece) ([]byte, error) {
	v, err := args.value(p, pc)
	if err != nil {
		return b, err
	}
	if pc.conv != 0 {
		s, err := converted(p, v, pc.conv)
		if err != nil {
			return b, err
		}
		v = starlark.String(s)
	}
	spec := pc.spec
	if pc.nested != nil {
		var nested []byte
		for i := range pc.nested {
			if nested, err = args.expand(p, nested, &pc.nested[i]); err != nil {
				return b, err
			}
		}
		spec = string(nested)
	}
	return appendFormatted(p, b, v, spec)
}

// converted is what !r, !s and !a make of a value.
func converted(p *vm.Process, v vm.Value, conv rune) (string, error) {
	switch conv {
	case 's':
		return p.Str(v)
	case 'r':
		return p.Repr(v)
	case 'a':
		s, err := p.Repr(v)
		return escapeASCII(s), err
	}
	if conv > ' ' && conv < 0x7f {
		return "", formatError("Unknown conversion specifier %c", conv)
	}
	return "", formatError("Unknown conversion specifier \\x%s", strconv.FormatInt(int64(conv), 16))
}

// value finds what a field stands for.
func (args *formatArgs) value(p *vm.Process, pc *piece) (vm.Value, error) {
	if pc.index < 0 || pc.first != pc.name {
		if v := args.keyword(pc.name); v != nil {
			return v, nil
		}
	}
	v, err := args.argument(p, pc)
	if err != nil || pc.first == pc.name {
		return v, err
	}
	steps, err := fieldSteps(pc.name[len(pc.first):])
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		if step.attr {
			v, err = p.GetAttr(v, string(step.key.(starlark.String)))
		} else {
			v, err = p.Index(v, step.key)
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

// keyword returns a keyword argument, or nil.
func (args *formatArgs) keyword(name string) vm.Value {
	for _, kw := range args.kwargs {
		if string(kw[0].(starlark.String)) == name {
			return kw[1]
		}
	}
	return nil
}

// argument returns the argument that the first part of a field's name means.
func (args *formatArgs) argument(p *vm.Process, pc *piece) (vm.Value, error) {
	switch {
	case pc.index < 0 && args.mapping != nil:
		return p.Index(args.mapping, starlark.String(pc.first))
	case pc.index < 0:
		if v := args.keyword(pc.first); v != nil {
			return v, nil
		}
		return nil, vm.NewException(vm.KeyError, starlark.String(pc.first))
	case args.mapping != nil:
		return nil, formatError("Format string contains positional fields")
	case pc.index >= len(args.args):
		return nil, vm.Raise(vm.IndexError, "Replacement index %d out of range for positional args tuple", pc.index)
	}
	return args.args[pc.index], nil
}

// formatPieces is the prelude's _format_pieces(s): a list of tuples (literal,
// name, index, first, steps, conversion, spec), where a literal without a field has None for a
// name, a step is (is it an attribute, key), no conversion is "", and a spec with fields is such a list.
func formatPieces(p *vm.Process, a []vm.Value) (vm.Value, error) {
	fp := formatParser{s: string(a[0].(starlark.String))}
	pieces, err := fp.pieces(maxFormatDepth)
	if err != nil {
		return nil, err
	}
	return pieceList(pieces)
}

func pieceList(pieces []piece) (vm.Value, error) {
	var list []vm.Value
	for _, pc := range pieces {
		var name, spec vm.Value = starlark.None, starlark.String(pc.spec)
		var steps []vm.Value
		conv := ""
		if pc.field {
			name = starlark.String(pc.name)
			path, err := fieldSteps(pc.name[len(pc.first):])
			if err != nil {
				return nil, err
			}
			for _, step := range path {
				steps = append(steps, starlark.Tuple{starlark.Bool(step.attr), step.key})
			}
		}
		if pc.conv != 0 {
			conv = string(pc.conv)
		}
		if pc.nested != nil {
			var err error
			if spec, err = pieceList(pc.nested); err != nil {
				return nil, err
			}
		}
		list = append(list, starlark.Tuple{starlark.String(pc.literal), name, starlark.MakeInt(pc.index), starlark.String(pc.first),
			starlark.NewList(steps), starlark.String(conv), spec})
	}
	return starlark.NewList(list), nil
}
