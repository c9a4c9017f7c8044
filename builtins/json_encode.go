package builtins

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A jsonWriter writes a value as Lib/json/encoder.py does.
type jsonWriter struct {
	p        *vm.Process
	skipKeys bool
	ascii    bool
	allowNaN bool
	sortKeys bool
	pretty   bool // there is an indent
	indent   string
	comma    string
	colon    string
	fallback bool // there is a default function, so what JSON does not have is left to the prelude

	b    strings.Builder
	path []vm.Value // containers being written
}

// jsonDumps is json.dumps. A class to encode with is left to the prelude.
func jsonDumps(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if cls := arg(a, 5); cls != nil && cls != starlark.None {
		return nil, vm.NeedScript
	}
	w := jsonWriter{p: p, ascii: true, allowNaN: true, comma: ", ", colon: ": "}
	for i, option := range map[int]*bool{1: &w.skipKeys, 2: &w.ascii, 4: &w.allowNaN, 9: &w.sortKeys} {
		if v := arg(a, i); v != nil {
			*option = bool(v.Truth())
		}
	}
	if v := arg(a, 8); v != nil && v != starlark.None {
		w.fallback = true
	}
	if err := w.setIndent(arg(a, 6)); err != nil {
		return nil, err
	}
	if err := w.setSeparators(arg(a, 7)); err != nil {
		return nil, err
	}
	if err := w.write(a[0]); err != nil {
		return nil, err
	}
	return starlark.String(w.b.String()), nil
}

// setIndent takes a str, or a number of spaces.
func (w *jsonWriter) setIndent(v vm.Value) error {
	switch v := v.(type) {
	case nil, starlark.NoneType:
		return nil
	case starlark.String:
		w.indent = string(v)
	default:
		n, err := asInt(v)
		if err != nil {
			return err
		}
		if n > maxFormat {
			return vm.NewException(vm.MemoryError)
		}
		w.indent = strings.Repeat(" ", max(n, 0))
	}
	w.pretty, w.comma = true, ","
	return nil
}

func (w *jsonWriter) setSeparators(v vm.Value) error {
	if v == nil || v == starlark.None {
		return nil
	}
	if !vm.Iterable(v) {
		return vm.Raise(vm.TypeError, "cannot unpack non-iterable %s object", vm.TypeName(v))
	}
	pair, err := w.p.Iterate(v)
	switch {
	case err != nil:
		return err
	case len(pair) < 2:
		return vm.Raise(vm.ValueError, "not enough values to unpack (expected 2, got %d)", len(pair))
	case len(pair) > 2:
		return vm.Raise(vm.ValueError, "too many values to unpack (expected 2)")
	}
	if w.comma, err = asText(pair[0]); err != nil {
		return err
	}
	w.colon, err = asText(pair[1])
	return err
}

func (w *jsonWriter) write(v vm.Value) error {
	switch v := vm.Plain(v).(type) {
	case starlark.NoneType:
		w.b.WriteString("null")
	case starlark.Bool:
		w.b.WriteString(jsonBool(v))
	case starlark.Int:
		if i, ok := v.Int64(); ok {
			var buf [20]byte
			w.b.Write(strconv.AppendInt(buf[:0], i, 10))
			return nil
		}
		if err := vm.CheckDigits(v); err != nil {
			return err
		}
		w.b.WriteString(v.String())
	case starlark.Float:
		s, err := w.float(float64(v))
		w.b.WriteString(s)
		return err
	case starlark.String:
		w.quote(string(v))
	case *starlark.List:
		return w.nested(v, func() error { return w.array(v.Len(), v.Index) })
	case starlark.Tuple:
		return w.nested(nil, func() error { return w.array(len(v), v.Index) })
	case *StructSeq:
		return w.nested(nil, func() error { return w.array(v.Len(), v.Index) })
	case *starlark.Dict:
		return w.nested(v, func() error { return w.object(v) })
	default:
		if w.fallback {
			return vm.NeedScript
		}
		return vm.Raise(vm.TypeError, "Object of type %s is not JSON serializable", vm.TypeName(v))
	}
	return nil
}

func jsonBool(b starlark.Bool) string {
	if b {
		return "true"
	}
	return "false"
}

// float is float.__repr__, which starlark.Float.String is not.
func (w *jsonWriter) float(f float64) (string, error) {
	name := ""
	switch {
	case math.IsNaN(f):
		name = "NaN"
	case math.IsInf(f, 1):
		name = "Infinity"
	case math.IsInf(f, -1):
		name = "-Infinity"
	default:
		var buf [32]byte
		b := buf[:0]
		if math.Signbit(f) {
			b = append(b, '-')
		}
		return string(floatForm{verb: 'r', point: true}.append(b, math.Abs(f))), nil
	}
	if !w.allowNaN {
		return "", vm.Raise(vm.ValueError, "Out of range float values are not JSON compliant")
	}
	return name, nil
}

// jsonEscapes are the characters that have an escape of their own.
var jsonEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\f': `\f`, '\b': `\b`}

// quote writes a string. A byte that is not UTF-8 is escaped as the surrogate that
// Python has for it.
func (w *jsonWriter) quote(s string) {
	w.b.WriteByte('"')
	plain := 0 // from here on nothing had to be escaped
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		escape := w.escape(r, s[i], n)
		if escape != "" {
			w.b.WriteString(s[plain:i])
			w.b.WriteString(escape)
			plain = i + n
		}
		i += n
	}
	w.b.WriteString(s[plain:])
	w.b.WriteByte('"')
}

// escape returns the escape of a character of n bytes, which is no plain ASCII, or "" if it needs none.
func (w *jsonWriter) escape(r rune, first byte, n int) string {
	switch {
	case jsonEscapes[r] != "":
		return jsonEscapes[r]
	case r < ' ':
	case !w.ascii:
		return ""
	case r == utf8.RuneError && n == 1:
		r = 0xdc00 + rune(first)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// nested writes a container with body, unless it is within itself. v is nil for a tuple.
func (w *jsonWriter) nested(v vm.Value, body func() error) error {
	for _, outer := range w.path {
		if v != nil && outer == v {
			return vm.Raise(vm.ValueError, "Circular reference detected")
		}
	}
	if len(w.path) >= w.p.Limits.Recursion {
		return vm.Raise(vm.RecursionError, "maximum recursion depth exceeded while encoding a JSON object")
	}
	if err := w.p.Room(w.b.Len(), 1); err != nil {
		return err
	}
	w.path = append(w.path, v)
	err := body()
	w.path = w.path[:len(w.path)-1]
	return err
}

// line starts a line, at the current depth, where there is an indent.
func (w *jsonWriter) line(depth int) {
	if w.pretty {
		w.b.WriteByte('\n')
		for range depth {
			w.b.WriteString(w.indent)
		}
	}
}

func (w *jsonWriter) array(n int, at func(int) vm.Value) error {
	if n == 0 {
		w.b.WriteString("[]")
		return nil
	}
	w.b.WriteByte('[')
	for i := range n {
		if i > 0 {
			w.b.WriteString(w.comma)
		}
		w.line(len(w.path))
		if err := w.write(at(i)); err != nil {
			return err
		}
	}
	w.line(len(w.path) - 1)
	w.b.WriteByte(']')
	return nil
}

func (w *jsonWriter) object(d *starlark.Dict) error {
	if d.Len() == 0 {
		w.b.WriteString("{}")
		return nil
	}
	entries := d.Entries()
	if w.sortKeys {
		items := d.Items()
		if err := w.sort(items); err != nil {
			return err
		}
		entries = func(yield func(key, v vm.Value) bool) {
			for _, item := range items {
				if !yield(item[0], item[1]) {
					return
				}
			}
		}
	}
	w.b.WriteByte('{')
	w.line(len(w.path))
	first := true
	for k, v := range entries {
		key, ok, err := w.key(vm.Plain(k))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if !first {
			w.b.WriteString(w.comma)
			w.line(len(w.path))
		}
		first = false
		w.quote(key)
		w.b.WriteString(w.colon)
		if err := w.write(v); err != nil {
			return err
		}
	}
	w.line(len(w.path) - 1)
	w.b.WriteByte('}')
	return nil
}

// sort orders the entries of a dict by their keys.
func (w *jsonWriter) sort(entries []starlark.Tuple) (err error) {
	sort.SliceStable(entries, func(i, j int) bool {
		less, e := w.p.Less(entries[i][0], entries[j][0])
		if e != nil {
			err = e
		}
		return less
	})
	return err
}

// key returns a dict's key as a string; ok is false if it is to be left out.
func (w *jsonWriter) key(v vm.Value) (key string, ok bool, err error) {
	switch v := v.(type) {
	case starlark.String:
		return string(v), true, nil
	case starlark.Float:
		key, err = w.float(float64(v))
		return key, true, err
	case starlark.Bool:
		return jsonBool(v), true, nil
	case starlark.NoneType:
		return "null", true, nil
	case starlark.Int:
		return v.String(), true, nil
	}
	if w.skipKeys {
		return "", false, nil
	}
	return "", false, vm.Raise(vm.TypeError, "keys must be str, int, float, bool or None, not %s", vm.TypeName(v))
}
