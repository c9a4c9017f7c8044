package vm

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.starlark.net/starlark"
)

// Printing values, in go.starlark.net's notation.

// Repr returns repr(v) as far as Go knows: objects with a __repr__ of the
// script print as if they had none.
func Repr(v Value) string {
	s, _ := new(printer).repr(v)
	return s
}

// Str returns str(v) as far as Go knows.
func Str(v Value) string {
	switch v := v.(type) {
	case starlark.String:
		return string(v)
	case *Exception:
		return exceptionMessage(v)
	}
	return Repr(v)
}

// Repr returns repr(v), or NeedScript if an object within has a __repr__.
func (p *Process) Repr(v Value) (string, error) {
	return (&printer{strict: true}).repr(v)
}

// Str returns str(v), or NeedScript.
func (p *Process) Str(v Value) (string, error) {
	switch v := v.(type) {
	case starlark.String:
		return string(v), nil
	case starlark.Bool, starlark.NoneType, starlark.Float:
		return v.String(), nil
	case starlark.Int:
		if err := CheckDigits(v); err != nil {
			return "", err
		}
		return v.String(), nil
	case *Instance, *Exception:
		if overrides(v, "__str__") || overrides(v, "__repr__") {
			return "", NeedScript
		}
		if e, ok := v.(*Exception); ok {
			s, err := exceptionStr(p, []Value{e}, nil)
			if err != nil {
				return "", err
			}
			return string(s.(starlark.String)), nil
		}
	}
	return p.Repr(v)
}

// AppendStr appends str(v), or returns NeedScript.
func (p *Process) AppendStr(b []byte, v Value) ([]byte, error) {
	if s, ok := v.(starlark.String); ok {
		return append(b, s...), nil
	}
	if i, ok := WideInt(v); ok {
		return strconv.AppendInt(b, i, 10), nil
	}
	s, err := p.Str(v)
	return append(b, s...), err
}

// AppendRepr appends repr(v), or returns NeedScript.
func (p *Process) AppendRepr(b []byte, v Value) ([]byte, error) {
	if s, ok := v.(starlark.String); ok && isPlain(string(s)) {
		return append(append(append(b, '"'), s...), '"'), nil
	}
	if i, ok := WideInt(v); ok {
		return strconv.AppendInt(b, i, 10), nil
	}
	s, err := p.Repr(v)
	return append(b, s...), err
}

// isPlain reports whether a string in quotes needs no escapes.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// A printer writes a value. Containers that hold themselves print as "[...]".
type printer struct {
	strict bool // fail with NeedScript at an object with __repr__
	b      strings.Builder
	path   []Value // containers being printed that may hold themselves
	depth  int     // of all that are
}

// maxText bounds what printing makes of values that hold one another many times.
const maxText = 1 << 30

func (pr *printer) repr(v Value) (string, error) {
	err := pr.print(v)
	return pr.b.String(), err
}

func (pr *printer) print(v Value) error {
	switch {
	case pr.depth > maxDepth:
		return Raise(RecursionError, "maximum recursion depth exceeded while getting the repr of an object")
	case pr.b.Len() > maxText:
		return NewException(MemoryError)
	}
	pr.depth++
	defer func() { pr.depth-- }()
	switch v := v.(type) {
	case nil:
		pr.b.WriteString("<unset>")
	case *starlark.List:
		return pr.nested(v, "[...]", func() error {
			return pr.sequence("[", "]", v.Len(), v.Index)
		})
	case starlark.Tuple:
		end := ")"
		if len(v) == 1 {
			end = ",)"
		}
		return pr.sequence("(", end, len(v), v.Index)
	case *starlark.Dict:
		return pr.nested(v, "{...}", func() error { return pr.dict(v) })
	case *starlark.Set:
		if v.Len() == 0 {
			pr.b.WriteString("set([])")
			return nil
		}
		elems := elements(v)
		return pr.sequence("set([", "])", len(elems), elems.Index)
	case *FrozenSet:
		elems := elements(v.Set())
		return pr.sequence("frozenset([", "])", len(elems), elems.Index)
	case *Instance:
		if pr.strict && overrides(v, "__repr__") {
			return NeedScript
		}
		pr.b.WriteString(defaultRepr(v))
	case *Exception:
		if pr.strict && overrides(v, "__repr__") {
			return NeedScript
		}
		args, err := (&printer{strict: pr.strict, path: pr.path, depth: pr.depth}).repr(v.Args)
		if err != nil {
			return err
		}
		pr.b.WriteString(exceptionReprWith(v, args))
	case starlark.Int:
		if err := CheckDigits(v); err != nil {
			return err
		}
		pr.b.WriteString(v.String())
	default:
		pr.b.WriteString(v.String())
	}
	return nil
}

// MaxIntDigits is how many decimal digits an int may have that is read or written: nothing
// can interrupt that (CPython's limit is 4300).
const (
	MaxIntDigits = 1_000_000
	maxIntBits   = MaxIntDigits * 3322 / 1000 // as many bits, nearly
)

// CheckDigits returns CPython's ValueError for an int that has too many digits to be written.
func CheckDigits(i starlark.Int) error {
	if _, small := i.Int64(); small || i.BigInt().BitLen() <= maxIntBits {
		return nil
	}
	return TooManyDigits("")
}

// TooManyDigits is that ValueError.
func TooManyDigits(detail string) error {
	return Raise(ValueError, "Exceeds the limit (%d digits) for integer string conversion%s", MaxIntDigits, detail)
}

func (pr *printer) nested(v Value, cycle string, body func() error) error {
	for _, outer := range pr.path {
		if outer == v {
			pr.b.WriteString(cycle)
			return nil
		}
	}
	pr.path = append(pr.path, v)
	err := body()
	pr.path = pr.path[:len(pr.path)-1]
	return err
}

func (pr *printer) sequence(open, end string, n int, at func(int) Value) error {
	pr.b.WriteString(open)
	for i := range n {
		if i > 0 {
			pr.b.WriteString(", ")
		}
		if err := pr.print(at(i)); err != nil {
			return err
		}
	}
	pr.b.WriteString(end)
	return nil
}

func (pr *printer) dict(d *starlark.Dict) error {
	pr.b.WriteString("{")
	for i, item := range d.Items() {
		if i > 0 {
			pr.b.WriteString(", ")
		}
		if err := pr.print(item[0]); err != nil {
			return err
		}
		pr.b.WriteString(": ")
		if err := pr.print(item[1]); err != nil {
			return err
		}
	}
	pr.b.WriteString("}")
	return nil
}

// defaultRepr is object.__repr__, with a hash in the place of an address.
func defaultRepr(v Value) string {
	if e, ok := v.(*Exception); ok {
		return exceptionRepr(e)
	}
	o := object(v)
	c := o.Shape.Class
	h, _ := identityHash(unsafePointer(o))
	name := c.QualName
	if c.Module != "" && c.Module != "builtins" {
		name = c.Module + "." + name
	}
	return fmt.Sprintf("<%s object at 0x%012x>", name, h)
}

func exceptionRepr(e *Exception) string { return exceptionReprWith(e, Repr(e.Args)) }

// exceptionReprWith is BaseException.__repr__, given the repr of args.
func exceptionReprWith(e *Exception, args string) string {
	if len(e.Args) == 1 {
		args = strings.TrimSuffix(args, ",)") + ")"
	}
	return e.Shape.Class.Name + args
}

// PyRepr quotes a string as CPython's repr does, which CPython's messages are
// made of (unicode_repr in Objects/unicodeobject.c). Other values are as Repr has them.
func PyRepr(v Value) string {
	s, ok := v.(starlark.String)
	if !ok {
		return Repr(v)
	}
	quote := '\''
	if strings.Contains(string(s), "'") && !strings.Contains(string(s), `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.WriteRune(quote)
	for i, r := range string(s) {
		switch {
		case r == quote || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && s[i] != "\ufffd"[0]:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteRune(quote)
	return b.String()
}

func reprOr(v Value) string { return Repr(v) }

// IsInstance reports isinstance(v, class): of a class, of a builtin type, or of one of a tuple of them.
func IsInstance(v, class Value) (bool, error) {
	switch c := class.(type) {
	case *Class:
		if o := object(v); o != nil {
			return o.Shape.Class.IsSubclass(c), nil
		}
		return c == Object, nil
	case *Native:
		if c.Makes == "" {
			break
		}
		if _, isBool := v.(starlark.Bool); isBool && c.Makes == "int" {
			return true, nil
		}
		if _, named := v.(namedTuple); named && c.Makes == "tuple" {
			return true, nil
		}
		if o, ok := v.(*Instance); ok {
			return o.Shape.Class.StandsFor() == c.Makes, nil
		}
		return v.Type() == c.Makes, nil
	case starlark.String: // what type() returns: isinstance(x, type(None))
		return v.Type() == string(c), nil
	case *Union:
		return IsInstance(v, c.Args)
	case starlark.Tuple:
		for _, k := range c {
			if ok, err := IsInstance(v, k); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	return false, Raise(TypeError, "isinstance() arg 2 must be a type, a tuple of types, or a union")
}

// Hash returns hash(v), or NeedScript.
func (p *Process) Hash(v Value) (uint32, error) {
	h, err := v.Hash()
	return h, HashError(err, v)
}
