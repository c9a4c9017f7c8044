package builtins

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The methods of str and bytes. What both have is written once, over text. Positions are in
// bytes and text is split into characters by Unicode, as Starlark has it; of
// bytes only the ASCII letters are letters.

// A text is a receiver: a str or bytes.
type text struct {
	s     string
	bytes bool
	v     vm.Value // the receiver itself
}

func textOf(v vm.Value) text {
	if s, ok := v.(starlark.String); ok {
		return text{s: string(s), v: v}
	}
	return text{string(v.(starlark.Bytes)), true, v}
}

// value returns a string as the type of t: t itself if it is the same.
func (t text) value(p *vm.Process, s string) vm.Value {
	switch {
	case len(s) == len(t.s) && s == t.s:
		return t.v
	case t.bytes:
		return starlark.Bytes(s)
	}
	return p.MakeString(s)
}

// room returns n bytes to be filled in, and a value of the type of t that will have them; see vm.Process.NewString.
func (t text) room(p *vm.Process, n int) (vm.Value, []byte) {
	if t.bytes {
		return vm.NewBytes(n)
	}
	return p.NewString(n)
}

// list returns strings, which are the list's from then on, as a list of values of the type of t.
func (t text) list(parts []string) vm.Value {
	if !t.bytes {
		return starlark.NewList(vm.Strings(parts))
	}
	elems := make([]vm.Value, len(parts))
	for i, s := range parts {
		elems[i] = starlark.Bytes(s)
	}
	return starlark.NewList(elems)
}

// same converts an argument that has to be of the type of t.
func (t *text) same(method string, v vm.Value) (string, error) {
	if s, ok := v.(starlark.String); ok && !t.bytes {
		return string(s), nil
	}
	return t.sameBytes(method, v)
}

// sameBytes is same for all but strings where t is one.
func (t *text) sameBytes(method string, v vm.Value) (string, error) {
	if b, ok := vm.BytesOf(v); ok && t.bytes {
		return string(b), nil
	}
	if t.bytes {
		return "", vm.Raise(vm.TypeError, "a bytes-like object is required, not '%s'", vm.TypeName(v))
	}
	return "", vm.Raise(vm.TypeError, "%s() argument must be str, not %s", method, vm.TypeName(v))
}

// textRows are the methods that str and bytes share.
var textRows = []row{
	{name: "capitalize", sig: "()", fn: mapText(capitalize, asciiUpper, asciiLower), doc: "Return it with the first letter in upper case and the others in lower case."},
	{name: "center", sig: "(width, fillchar=' ', /)", fn: pad("center", -1), doc: "Return it in the middle of width characters."},
	{name: "count", sig: "(sub, start=None, end=None, /)", fn: textCount, doc: "Return how many times sub occurs, without overlap, in [start:end]."},
	{name: "endswith", sig: "(suffix, start=None, end=None, /)", fn: hasAffix("endswith", strings.HasSuffix), doc: "Tell whether it, or [start:end] of it, ends with the suffix or one of a tuple of them."},
	{name: "expandtabs", sig: "(tabsize=8)", fn: textExpandtabs, doc: "Return it with tabs replaced by spaces up to the next multiple of tabsize."},
	{name: "find", sig: "(sub, start=None, end=None, /)", fn: textFind("find", strings.Index, false), doc: "Return where sub is first in [start:end], or -1."},
	{name: "index", sig: "(sub, start=None, end=None, /)", fn: textFind("index", strings.Index, true), doc: "Return where sub is first in [start:end]; ValueError if it is not there."},
	{name: "isalnum", sig: "()", fn: every(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }), doc: "Tell whether it has letters and digits only, and is not empty."},
	{name: "isalpha", sig: "()", fn: every(unicode.IsLetter), doc: "Tell whether it has letters only, and is not empty."},
	{name: "isascii", sig: "()", fn: textIsascii, doc: "Tell whether it has ASCII characters only."},
	{name: "isdigit", sig: "()", fn: every(unicode.IsDigit), doc: "Tell whether it has digits only, and is not empty."},
	{name: "islower", sig: "()", fn: cased(unicode.IsUpper, unicode.IsTitle), doc: "Tell whether it has letters and all are in lower case."},
	{name: "isspace", sig: "()", fn: every(unicode.IsSpace), doc: "Tell whether it has white space only, and is not empty."},
	{name: "istitle", sig: "()", fn: textIstitle, doc: "Tell whether words, and only they, begin with upper case."},
	{name: "isupper", sig: "()", fn: cased(unicode.IsLower, unicode.IsTitle), doc: "Tell whether it has letters and all are in upper case."},
	{name: "join", sig: "(iterable, /)", fn: textJoin, slow: "slow_str_join", doc: "Return the strings that iterable has, put together with this between them."},
	{name: "ljust", sig: "(width, fillchar=' ', /)", fn: pad("ljust", 0), doc: "Return it on the left of width characters."},
	{name: "lower", sig: "()", fn: mapText(strings.ToLower, asciiLower, asciiLower), doc: "Return it in lower case."},
	{name: "lstrip", sig: "(chars=None, /)", fn: strip("lstrip", strings.TrimLeft, strings.TrimLeftFunc), doc: "Return it without white space, or those characters, at the start."},
	{name: "partition", sig: "(sep, /)", fn: partition("partition", strings.Index), doc: "Return (before, sep, after) for the first sep; (it, '', '') if there is none."},
	{name: "removeprefix", sig: "(prefix, /)", fn: removeAffix("removeprefix", strings.TrimPrefix), doc: "Return it without a prefix, if it has it."},
	{name: "removesuffix", sig: "(suffix, /)", fn: removeAffix("removesuffix", strings.TrimSuffix), doc: "Return it without a suffix, if it has it."},
	{name: "replace", sig: "(old, new, count=-1, /)", fn: textReplace, doc: "Return it with new in the place of old, the first count times if that is not negative."},
	{name: "rfind", sig: "(sub, start=None, end=None, /)", fn: textFind("rfind", strings.LastIndex, false), doc: "Return where sub is last in [start:end], or -1."},
	{name: "rindex", sig: "(sub, start=None, end=None, /)", fn: textFind("rindex", strings.LastIndex, true), doc: "Return where sub is last in [start:end]; ValueError if it is not there."},
	{name: "rjust", sig: "(width, fillchar=' ', /)", fn: pad("rjust", 1), doc: "Return it on the right of width characters."},
	{name: "rpartition", sig: "(sep, /)", fn: partition("rpartition", strings.LastIndex), doc: "Return (before, sep, after) for the last sep; ('', '', it) if there is none."},
	{name: "rsplit", sig: "(sep=None, maxsplit=-1)", fn: split("rsplit", rsplitSpace, rsplitN), doc: "As split, but the last maxsplit ones."},
	{name: "rstrip", sig: "(chars=None, /)", fn: strip("rstrip", strings.TrimRight, strings.TrimRightFunc), doc: "Return it without white space, or those characters, at the end."},
	{name: "split", sig: "(sep=None, maxsplit=-1)", fn: split("split", splitSpace, splitN), doc: "Return a list of the parts between the separators, or between white space. The first maxsplit separators count, if that is not negative."},
	{name: "splitlines", sig: "(keepends=False)", fn: textSplitlines, doc: "Return a list of the lines, with their newlines if keepends is set."},
	{name: "startswith", sig: "(prefix, start=None, end=None, /)", fn: hasAffix("startswith", strings.HasPrefix), doc: "Tell whether it, or [start:end] of it, starts with the prefix or one of a tuple of them."},
	{name: "strip", sig: "(chars=None, /)", fn: strip("strip", strings.Trim, strings.TrimFunc), doc: "Return it without white space, or those characters, at both ends."},
	{name: "swapcase", sig: "()", fn: mapText(swapcase, nil, nil), doc: "Return it with upper and lower case exchanged."},
	{name: "title", sig: "()", fn: mapText(title, nil, nil), doc: "Return it with each word in title case."},
	{name: "upper", sig: "()", fn: mapText(strings.ToUpper, asciiUpper, asciiUpper), doc: "Return it in upper case."},
	{name: "zfill", sig: "(width, /)", fn: textZfill, doc: "Return it with zeros in front, but behind a sign, up to width."},
}

// strRows are the methods that only str has.
var strRows = []row{
	{name: "casefold", sig: "()", fn: mapText(strings.ToLower, asciiLower, asciiLower), doc: "Return it in a form that compares without regard to case."},
	{name: "codepoint_ords", sig: "()", raw: library("codepoint_ords"), doc: "Return an iterable of the code points, as ints."},
	{name: "codepoints", sig: "()", raw: library("codepoints"), doc: "Return an iterable of the characters."},
	{name: "elem_ords", sig: "()", raw: library("elem_ords"), doc: "Return an iterable of the bytes, as ints."},
	{name: "elems", sig: "()", raw: library("elems"), doc: "Return an iterable of the bytes, as strings of length 1."},
	{name: "encode", sig: "(encoding='utf-8', errors='strict')", fn: strEncode, doc: "Return it as bytes."},
	{name: "format", sig: "(*args, **kwargs)", raw: strFormat, slow: "slow_str_format", doc: "Return it with the fields in braces replaced by the arguments."},
	{name: "format_map", sig: "(mapping, /)", fn: strFormatMap, slow: "slow_str_format_map", doc: "As format, with the keyword arguments in a mapping."},
	{name: "isdecimal", sig: "()", fn: every(unicode.IsDigit), doc: "Tell whether it has decimal digits only, and is not empty."},
	{name: "isidentifier", sig: "()", fn: strIsidentifier, doc: "Tell whether it could be a name."},
	{name: "isnumeric", sig: "()", fn: every(unicode.IsNumber), doc: "Tell whether it has numeric characters only, and is not empty."},
	{name: "isprintable", sig: "()", fn: strIsprintable, doc: "Tell whether repr would show it as it is."},
	{name: "maketrans", sig: "(x, y=None, z=None, /)", static: true, fn: strMaketrans, doc: "Make a table for translate: of a dict, or of two strings of the same length and one of what is to go."},
	{name: "translate", sig: "(table, /)", fn: strTranslate, slow: "slow_str_translate", doc: "Return it with each character replaced as the table says, by code point."},
}

// bytesRows are the methods that only bytes has.
var bytesRows = []row{
	{name: "decode", sig: "(encoding='utf-8', errors='strict')", fn: bytesDecode, doc: "Return it as a string."},
	{name: "elems", sig: "()", raw: library("elems"), doc: "Return an iterable of the bytes, as ints."},
	{name: "fromhex", sig: "(string, /)", static: true, fn: bytesFromhex, doc: "Return the bytes that hexadecimal digits give."},
	{name: "hex", sig: "(sep='', bytes_per_sep=1)", fn: bytesHex, doc: "Return it in hexadecimal digits, with sep between groups of bytes. Groups are counted from the end, from the start if the number is negative."},
}

func stringMethods() map[string]*vm.Native {
	return methods("string", isType[starlark.String], append(textRows[:len(textRows):len(textRows)], strRows...))
}

func bytesMethods() map[string]*vm.Native {
	return methods("bytes", isType[starlark.Bytes], append(textRows[:len(textRows):len(textRows)], bytesRows...))
}

// library makes a body of a method that go.starlark.net has.
func library(name string) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		method, err := args[0].(starlark.HasAttrs).Attr(name)
		if err != nil {
			return nil, err
		}
		return method.(*starlark.Builtin).CallInternal(p.Thread, args[1:], kwargs)
	}
}

// mapText makes a body of a function on strings; of bytes it gets the ASCII part only. What becomes of ASCII characters, the
// first one and the others, the tables say; nil if it is not that simple.
func mapText(f func(string) string, first, others *asciiTable) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		if t.bytes {
			return starlark.Bytes(mapASCII(t.s, f)), nil
		}
		var buf [32]byte
		if n := len(t.s); 0 < n && n <= len(buf) && first != nil {
			buf[0] = first[t.s[0]%utf8.RuneSelf]
			all, change := t.s[0], t.s[0]^buf[0]
			for i := 1; i < n; i++ {
				c := t.s[i]
				buf[i] = others[c%utf8.RuneSelf]
				all |= c
				change |= c ^ buf[i]
			}
			switch {
			case all >= utf8.RuneSelf:
			case change == 0:
				return t.v, nil
			default:
				return p.StringOf(buf[:n]), nil
			}
		}
		return t.value(p, f(t.s)), nil
	}
}

// An asciiTable says what becomes of ASCII characters.
type asciiTable [utf8.RuneSelf]byte

func newASCIITable(f func(r rune) rune) *asciiTable {
	table := new(asciiTable)
	for c := range table {
		table[c] = byte(f(rune(c)))
	}
	return table
}

var (
	asciiLower = newASCIITable(unicode.ToLower)
	asciiUpper = newASCIITable(unicode.ToUpper)
)

// mapASCII applies f to s with other bytes than ASCII hidden from it.
func mapASCII(s string, f func(string) string) string {
	hidden := []byte(s)
	for i, c := range hidden {
		if c >= utf8.RuneSelf {
			hidden[i] = 0
		}
	}
	mapped := []byte(f(string(hidden)))
	for i := range mapped {
		if s[i] >= utf8.RuneSelf {
			mapped[i] = s[i]
		}
	}
	return string(mapped)
}

func capitalize(s string) string {
	first := true
	return strings.Map(func(r rune) rune {
		if first {
			first = false
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func swapcase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// title starts a word after each character without case.
func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		if inWord {
			r = unicode.ToLower(r)
		} else {
			r = unicode.ToTitle(r)
		}
		inWord = isCased(r)
		return r
	}, s)
}

// isCased reports whether a character has upper and lower case.
func isCased(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || unicode.SimpleFold(r) != r
}

func textIstitle(p *vm.Process, a []vm.Value) (vm.Value, error) {
	inWord, any := false, false
	for _, r := range textOf(a[0]).s {
		begins := unicode.IsTitle(r) || unicode.IsUpper(r) && unicode.ToTitle(r) == r // of ǅ and Ǆ, the first
		switch {
		case begins && inWord, !begins && !inWord && unicode.IsLower(r):
			return starlark.False, nil
		case begins, unicode.IsLower(r):
			inWord, any = true, true
		default:
			inWord = false
		}
	}
	return starlark.Bool(any), nil
}

// every makes a predicate of one for characters. Nothing is true of no characters.
func every(is func(r rune) bool) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		for _, r := range t.s {
			if !is(r) || t.bytes && r >= utf8.RuneSelf {
				return starlark.False, nil
			}
		}
		return starlark.Bool(t.s != ""), nil
	}
}

// cased makes islower and isupper: there is a letter with case, and none of the wrong ones.
func cased(wrong, alsoWrong func(r rune) bool) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		any := false
		for _, r := range textOf(a[0]).s {
			if wrong(r) || alsoWrong(r) {
				return starlark.False, nil
			}
			any = any || isCased(r)
		}
		return starlark.Bool(any), nil
	}
}

func textIsascii(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for _, c := range []byte(textOf(a[0]).s) {
		if c >= utf8.RuneSelf {
			return starlark.False, nil
		}
	}
	return starlark.True, nil
}

func strIsidentifier(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for i, r := range textOf(a[0]).s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return starlark.False, nil
		}
	}
	return starlark.Bool(a[0] != starlark.String("")), nil
}

func strIsprintable(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for _, r := range textOf(a[0]).s {
		if !unicode.IsPrint(r) {
			return starlark.False, nil
		}
	}
	return starlark.True, nil
}

// Searching.

// window returns the part of t that start and end, a[2] and a[3], leave, and
// where it begins. A start behind the end is cut to it, as Starlark does: "" is found there.
func (t text) window(a []vm.Value) (part string, start int, err error) {
	if len(a) <= 2 {
		return t.s, 0, nil
	}
	start, end, err := bounds(arg(a, 2), arg(a, 3), len(t.s))
	if err != nil {
		return "", 0, err
	}
	start = min(start, end)
	return t.s[start:end], start, nil
}

// needle converts what to search for; in bytes it may be an int.
func (t text) needle(method string, v vm.Value) (string, error) {
	v = plainBytes(v)
	if t.bytes && !isType[starlark.Bytes](v) {
		i, err := asIndex(v)
		switch {
		case err == vm.NeedScript:
			return "", err
		case err != nil:
			return "", vm.Raise(vm.TypeError, "argument should be integer or bytes-like object, not '%s'", vm.TypeName(v))
		}
		n, small := i.Int64()
		if !small || n < 0 || n > 255 {
			return "", vm.Raise(vm.ValueError, "byte must be in range(0, 256)")
		}
		return string([]byte{byte(n)}), nil
	}
	if !t.bytes && !isType[starlark.String](v) {
		return "", vm.Raise(vm.TypeError, "must be str, not %s", vm.TypeName(v))
	}
	return t.same(method, v)
}

func textCount(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	sub, err := t.needle("count", a[1])
	if err != nil {
		return nil, err
	}
	part, _, err := t.window(a)
	if err != nil {
		return nil, err
	}
	return starlark.MakeInt(strings.Count(part, sub)), nil
}

func textFind(name string, search func(s, sub string) int, must bool) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		sub, err := t.needle(name, a[1])
		if err != nil {
			return nil, err
		}
		part, start, err := t.window(a)
		if err != nil {
			return nil, err
		}
		i := search(part, sub)
		switch {
		case i >= 0:
			return starlark.MakeInt(start + i), nil
		case must && t.bytes:
			return nil, vm.Raise(vm.ValueError, "subsection not found")
		case must:
			return nil, vm.Raise(vm.ValueError, "substring not found")
		}
		return starlark.MakeInt(-1), nil
	}
}

func hasAffix(name string, has func(s, affix string) bool) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		part, _, err := t.window(a)
		if err != nil {
			return nil, err
		}
		if affix, ok := a[1].(starlark.String); ok && !t.bytes {
			return starlark.Bool(has(part, string(affix))), nil
		}
		affixes, ok := a[1].(starlark.Tuple)
		if !ok {
			affixes = starlark.Tuple{a[1]}
		}
		for _, v := range affixes {
			affix, err := t.same(name, v)
			if err != nil {
				return nil, t.affixError(name, v, ok)
			}
			if has(part, affix) {
				return starlark.True, nil
			}
		}
		return starlark.False, nil
	}
}

func (t text) affixError(name string, v vm.Value, inTuple bool) error {
	kind := "str"
	if t.bytes {
		kind = "bytes"
	}
	if inTuple {
		return vm.Raise(vm.TypeError, "tuple for %s must only contain %s, not %s", name, kind, vm.TypeName(v))
	}
	return vm.Raise(vm.TypeError, "%s first arg must be %s or a tuple of %s, not %s", name, kind, kind, vm.TypeName(v))
}

func removeAffix(name string, trim func(s, affix string) string) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		affix, err := t.same(name, a[1])
		if err != nil {
			return nil, err
		}
		return t.value(p, trim(t.s, affix)), nil
	}
}

func strip(name string, set func(s, chars string) string, space func(string, func(rune) bool) string) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		if v := arg(a, 1); v != nil && v != starlark.None {
			chars, err := t.same(name, v)
			switch {
			case err != nil && t.bytes:
				return nil, err
			case err != nil:
				return nil, vm.Raise(vm.TypeError, "%s arg must be None or str", name)
			}
			if chars != "" || t.bytes {
				return t.value(p, set(t.s, chars)), nil
			}
		}
		return t.value(p, space(t.s, t.space())), nil
	}
}

// space returns what is white space in t.
func (t text) space() func(r rune) bool {
	if t.bytes {
		return isByteSpace
	}
	return isSpace
}

func isByteSpace(r rune) bool { return r < utf8.RuneSelf && unicode.IsSpace(r) }

func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func textReplace(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	old, err := t.same("replace", a[1])
	if err != nil {
		return nil, err
	}
	with, err := t.same("replace", a[2])
	if err != nil {
		return nil, err
	}
	n := -1
	if v := arg(a, 3); v != nil {
		if n, err = asSmall(v); err != nil {
			return nil, err
		}
	}
	found := strings.Count(t.s, old)
	if n >= 0 {
		found = min(found, n)
	}
	if found == 0 {
		return t.v, nil
	}
	if err := p.Room(found, len(with)); err != nil {
		return nil, err
	}
	if old == "" {
		return t.value(p, strings.Replace(t.s, old, with, n)), nil
	}
	v, room := t.room(p, len(t.s)+found*(len(with)-len(old)))
	rest := t.s
	for range found {
		i := strings.Index(rest, old)
		room = room[copy(room, rest[:i]):]
		room = room[copy(room, with):]
		rest = rest[i+len(old):]
	}
	copy(room, rest)
	return v, nil
}

// Splitting and joining.

func textJoin(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	if !vm.Iterable(a[1]) && instance(a[1]) == nil {
		return nil, vm.Raise(vm.TypeError, "can only join an iterable")
	}
	var elems []vm.Value
	if list, ok := a[1].(*starlark.List); ok {
		elems = vm.Elems(list) // which nothing changes meanwhile
	} else {
		var err error
		if elems, err = items(p, a[1]); err != nil {
			return nil, err
		}
	}
	size := 0
	for i, v := range elems {
		part, err := t.same("join", v)
		if err != nil {
			return nil, t.itemError(i, v)
		}
		size += len(part) + len(t.s)
	}
	if err := p.Room(size, 1); err != nil {
		return nil, err
	}
	switch len(elems) {
	case 0:
		return t.value(p, ""), nil
	case 1:
		return elems[0], nil
	}
	joined, room := t.room(p, size-len(t.s))
	for i, v := range elems {
		part, _ := t.same("join", v)
		if i > 0 {
			room = room[copy(room, t.s):]
		}
		room = room[copy(room, part):]
	}
	return joined, nil
}

func (t text) itemError(i int, v vm.Value) error {
	if t.bytes {
		return vm.Raise(vm.TypeError, "sequence item %d: expected a bytes-like object, %s found", i, vm.TypeName(v))
	}
	return vm.Raise(vm.TypeError, "sequence item %d: expected str instance, %s found", i, vm.TypeName(v))
}

func partition(name string, search func(s, sub string) int) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		sep, err := t.separator(a[1], "str")
		if err != nil {
			return nil, err
		}
		i := search(t.s, sep)
		switch {
		case i >= 0:
			return starlark.Tuple{t.value(p, t.s[:i]), a[1], t.value(p, t.s[i+len(sep):])}, nil
		case name == "partition":
			return starlark.Tuple{a[0], t.value(p, ""), t.value(p, "")}, nil
		}
		return starlark.Tuple{t.value(p, ""), t.value(p, ""), a[0]}, nil
	}
}

// separator converts what splits t.
func (t text) separator(v vm.Value, wanted string) (string, error) {
	if !t.bytes && !isType[starlark.String](v) {
		return "", vm.Raise(vm.TypeError, "must be %s, not %s", wanted, vm.TypeName(v))
	}
	sep, err := t.same("split", v)
	if err == nil && sep == "" {
		err = vm.Raise(vm.ValueError, "empty separator")
	}
	return sep, err
}

// split makes split and rsplit of a function for white space and one for a separator.
func split(name string, atSpace func(t text, n int) []string, at func(s, sep string, n int) []string) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		n := -1
		if v := arg(a, 2); v != nil {
			var err error
			if n, err = asSmall(v); err != nil {
				return nil, err
			}
		}
		if v := arg(a, 1); v != nil && v != starlark.None {
			sep, err := t.separator(v, "str or None")
			if err != nil {
				return nil, err
			}
			return t.list(at(t.s, sep, n)), nil
		}
		return t.list(atSpace(t, n)), nil
	}
}

func splitN(s, sep string, n int) []string {
	if n < 0 {
		return strings.Split(s, sep)
	}
	return strings.SplitN(s, sep, n+1)
}

func rsplitN(s, sep string, n int) []string {
	parts := strings.Split(s, sep)
	if joined := len(parts) - n; n >= 0 && joined > 1 {
		parts = append([]string{strings.Join(parts[:joined], sep)}, parts[joined:]...)
	}
	return parts
}

// fields splits at white space.
func (t text) fields() []string {
	if t.bytes {
		return strings.FieldsFunc(t.s, isByteSpace)
	}
	var few [16]string
	fields, start := few[:0], -1
	for i := range len(t.s) {
		c := t.s[i]
		if c >= utf8.RuneSelf {
			return strings.FieldsFunc(t.s, isSpace)
		}
		switch space := asciiSpace[c]; {
		case space && start >= 0:
			fields, start = append(fields, t.s[start:i]), -1
		case !space && start < 0:
			start = i
		}
	}
	if start >= 0 {
		fields = append(fields, t.s[start:])
	}
	all := make([]string, len(fields))
	copy(all, fields)
	return all
}

// asciiSpace is isSpace of the ASCII characters.
var asciiSpace = func() (table [256]bool) {
	for c := range rune(utf8.RuneSelf) {
		table[c] = isSpace(c)
	}
	return table
}()

// splitSpace splits at white space, n times at most; the last part runs to the end.
func splitSpace(t text, n int) []string {
	isSpace := t.space()
	if n < 0 {
		return t.fields()
	}
	var parts []string
	rest := strings.TrimLeftFunc(t.s, isSpace)
	for rest != "" {
		i := strings.IndexFunc(rest, isSpace)
		if i < 0 || len(parts) == n {
			return append(parts, rest)
		}
		parts = append(parts, rest[:i])
		rest = strings.TrimLeftFunc(rest[i:], isSpace)
	}
	return parts
}

func rsplitSpace(t text, n int) []string {
	isSpace := t.space()
	if n < 0 {
		return t.fields()
	}
	var parts []string
	rest := strings.TrimRightFunc(t.s, isSpace)
	for rest != "" {
		i := strings.LastIndexFunc(rest, isSpace)
		if i < 0 || len(parts) == n {
			parts = append(parts, rest)
			break
		}
		_, size := utf8.DecodeRuneInString(rest[i:])
		parts = append(parts, rest[i+size:])
		rest = strings.TrimRightFunc(rest[:i], isSpace)
	}
	slices.Reverse(parts)
	return parts
}

// textSplitlines ends lines at "\n", as Starlark does, and at "\r\n" and "\r".
func textSplitlines(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	keep := false
	if v := arg(a, 1); v != nil {
		i, err := asIndex(v)
		if err != nil {
			return nil, err
		}
		keep = i.Sign() != 0
	}
	var lines []string
	for rest := t.s; rest != ""; {
		end := strings.IndexAny(rest, "\r\n")
		next := end + 1
		switch {
		case end < 0:
			end, next = len(rest), len(rest)
		case strings.HasPrefix(rest[end:], "\r\n"):
			next++
		}
		if keep {
			end = next
		}
		lines = append(lines, rest[:end])
		rest = rest[next:]
	}
	return t.list(lines), nil
}

// Filling up. A width counts characters.

// width returns how many characters t has.
func (t text) width() int {
	if t.bytes {
		return len(t.s)
	}
	return utf8.RuneCountInString(t.s)
}

// pad makes ljust (left 0: no filling there), rjust (1: all of it) and center (-1).
func pad(name string, left int) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		t := textOf(a[0])
		width, err := asSmall(a[1])
		if err != nil {
			return nil, err
		}
		fill := " "
		if v := arg(a, 2); v != nil {
			if !t.bytes && !isType[starlark.String](v) {
				return nil, vm.Raise(vm.TypeError, "The fill character must be a unicode character, not %s", vm.TypeName(v))
			}
			if fill, err = t.same(name, v); err != nil || t.bytes && len(fill) != 1 || !t.bytes && utf8.RuneCountInString(fill) != 1 {
				return nil, vm.Raise(vm.TypeError, "The fill character must be exactly one character long")
			}
		}
		n := width - t.width()
		if n <= 0 {
			return a[0], nil
		}
		before := n * left
		if left < 0 {
			before = n/2 + n&width&1 // as pad in Objects/unicodeobject.c
		}
		if width > maxWidth {
			return nil, vm.NewException(vm.MemoryError)
		}
		return t.value(p, strings.Repeat(fill, before)+t.s+strings.Repeat(fill, n-before)), nil
	}
}

// maxWidth bounds what padding may make.
const maxWidth = 1 << 31

func textZfill(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	width, err := asSmall(a[1])
	if err != nil {
		return nil, err
	}
	n := width - t.width()
	if n <= 0 {
		return a[0], nil
	}
	if width > maxWidth {
		return nil, vm.NewException(vm.MemoryError)
	}
	sign := ""
	if t.s != "" && (t.s[0] == '+' || t.s[0] == '-') {
		sign = t.s[:1]
	}
	return t.value(p, sign+strings.Repeat("0", n)+t.s[len(sign):]), nil
}

func textExpandtabs(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t := textOf(a[0])
	size := 8
	if v := arg(a, 1); v != nil {
		var err error
		if size, err = asSmall(v); err != nil {
			return nil, err
		}
	}
	var b strings.Builder
	column := 0
	for i, n := 0, 0; i < len(t.s); i += n {
		n = 1
		if !t.bytes {
			_, n = utf8.DecodeRuneInString(t.s[i:])
		}
		switch t.s[i] {
		case '\t':
			if size > 0 {
				spaces := size - column%size
				if err := p.Room(b.Len()+spaces, 2); err != nil {
					return nil, err
				}
				b.WriteString(strings.Repeat(" ", spaces))
				column += spaces
			}
			continue
		case '\n', '\r':
			column = -1
		}
		b.WriteString(t.s[i : i+n])
		column++
	}
	return t.value(p, b.String()), nil
}

// Translation, by a dict of code points.

func strMaketrans(p *vm.Process, a []vm.Value) (vm.Value, error) {
	table := new(starlark.Dict)
	if arg(a, 1) == nil {
		from, ok := a[0].(*starlark.Dict)
		if !ok {
			return nil, vm.Raise(vm.TypeError, "if you give only one argument to maketrans it must be a dict")
		}
		for key, v := range from.Entries() {
			if s, ok := key.(starlark.String); ok {
				if utf8.RuneCountInString(string(s)) != 1 {
					return nil, vm.Raise(vm.ValueError, "string keys in translate table must be of length 1")
				}
				key = ordOf([]rune(s)[0])
			}
			if err := table.SetKey(key, v); err != nil {
				return nil, err
			}
		}
		return table, nil
	}
	var parts [3][]rune
	for i := range a {
		s, ok := arg(a, i).(starlark.String)
		if !ok && a[i] != nil {
			return nil, vm.Raise(vm.TypeError, "maketrans() argument %d must be str, not %s", i+1, vm.TypeName(a[i]))
		}
		parts[i] = []rune(s)
	}
	if len(parts[0]) != len(parts[1]) {
		return nil, vm.Raise(vm.ValueError, "the first two maketrans arguments must have equal length")
	}
	for i, r := range parts[0] {
		_ = table.SetKey(ordOf(r), ordOf(parts[1][i])) // ints always hash
	}
	for _, r := range parts[2] {
		_ = table.SetKey(ordOf(r), starlark.None)
	}
	return table, nil
}

func ordOf(r rune) vm.Value { return starlark.MakeInt(int(r)) }

func strTranslate(p *vm.Process, a []vm.Value) (vm.Value, error) {
	table, ok := a[1].(starlark.Mapping)
	if !ok {
		return nil, vm.NeedScript // of a list, too, the items are the characters
	}
	var b strings.Builder
	for _, r := range textOf(a[0]).s {
		v, found, err := table.Get(ordOf(r))
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case nil:
			b.WriteRune(r)
		case starlark.NoneType:
			if !found {
				b.WriteRune(r)
			}
		case starlark.String:
			if err := p.Room(b.Len()+len(v), 2); err != nil {
				return nil, err
			}
			b.WriteString(string(v))
		case starlark.Int:
			n, err := asInt(v)
			if err != nil || n < 0 || n > unicode.MaxRune {
				return nil, vm.Raise(vm.ValueError, "character mapping must be in range(0x110000)")
			}
			b.WriteRune(rune(n))
		default:
			return nil, vm.Raise(vm.TypeError, "character mapping must return integer, None or str")
		}
	}
	return starlark.String(b.String()), nil
}
