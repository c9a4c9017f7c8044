package vm

import (
	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// The instructions of patterns (Python/ceval.c, MATCH_SEQUENCE ff.). The prelude does what
// takes script code: it returns the values, or None if the pattern does not match.

// match does MATCHSEQ, MATCHMAP and MATCHCLASS. It returns a bool; a nil value
// means that a frame was pushed.
func (p *Process) match(in compile.Instr, regs []Value) (Value, error) {
	switch in.Op {
	case compile.MATCHSEQ:
		return p.matchSequence(in, regs)
	case compile.MATCHMAP:
		return p.matchMapping(in, regs)
	}
	return p.matchClass(in, regs)
}

// matched goes on with an instruction of patterns for which script code has returned v.
func (p *Process) matched(fr *Frame, in compile.Instr, regs []Value, v Value) {
	switch v := v.(type) {
	case *starlark.List:
		if takeSequence(in, regs, listTuple(v)) {
			fr.PC++
		}
	case starlark.Tuple:
		copy(regs[in.B:], v)
		fr.PC++
	}
}

// The values of __abc_tpflags__, by which collections.abc marks classes as CPython's does.
const (
	sequenceFlag = 1 << 5
	mappingFlag  = 1 << 6
)

// flagged reports whether the class of an instance is marked, or stands for one of two types.
func flagged(v Value, flag int64, types ...string) bool {
	o := object(v)
	if o == nil {
		return false
	}
	c := o.Shape.Class
	for _, t := range types {
		if c.StandsFor() == t {
			return true
		}
	}
	flags := c.Find("__abc_tpflags__")
	if flags == nil {
		return false
	}
	i, ok := SmallInt(flags)
	return ok && i&flag != 0
}

func (p *Process) matchSequence(in compile.Instr, regs []Value) (Value, error) {
	x := regs[in.A]
	switch s := x.(type) {
	case starlark.Tuple:
		return starlark.Bool(takeSequence(in, regs, s)), nil
	case *starlark.List:
		return starlark.Bool(takeSequence(in, regs, listTuple(s))), nil
	case namedTuple:
		return starlark.Bool(takeSequence(in, regs, s.Tuple())), nil
	case starlark.String, starlark.Bytes, *ByteArray:
		return starlark.False, nil
	case starlark.Indexable:
		elems, err := p.Iterate(x)
		return starlark.Bool(err == nil && takeSequence(in, regs, elems)), err
	}
	if !flagged(x, sequenceFlag, "list", "tuple") {
		return starlark.False, nil
	}
	n := int64(in.C)
	return nil, p.slow(NeedScript, "_match_sequence", RetFinish, x, MakeInt(n), starlark.Bool(in.X != compile.NoStar))
}

// takeSequence puts the elements of a sequence into registers, if they are as many as wanted.
func takeSequence(in compile.Instr, regs, elems []Value) bool {
	dst := regs[in.B : in.B+in.C]
	if in.X == compile.NoStar {
		return len(elems) == len(dst) && unpack(dst, elems, nil) == nil
	}
	return len(elems) >= len(dst)-1 && unpackStar(dst, int(in.X), elems) == nil
}

func (p *Process) matchMapping(in compile.Instr, regs []Value) (Value, error) {
	x, keys := regs[in.A], regs[in.B:in.B+in.C]
	d, ok := x.(*starlark.Dict)
	if !ok && !flagged(x, mappingFlag, "dict") {
		return starlark.False, nil
	}
	if ok && d.Len() < len(keys) {
		return starlark.False, nil
	}
	if !ok || len(keys) > 1 && !distinctStrings(keys) {
		return nil, p.matchMappingSlowly(in, x, keys, NeedScript)
	}
	values := make([]Value, len(keys), len(keys)+1)
	for i, k := range keys {
		v, found, err := d.Get(k)
		if err != nil {
			return nil, p.matchMappingSlowly(in, x, keys, HashError(err, k))
		}
		if !found {
			return starlark.False, nil
		}
		values[i] = v
	}
	if in.X == 1 {
		rest, err := without(d, keys)
		if err != nil {
			return nil, p.matchMappingSlowly(in, x, keys, err)
		}
		values = append(values, rest)
	}
	copy(regs[in.B:], values)
	return starlark.True, nil
}

func (p *Process) matchMappingSlowly(in compile.Instr, x Value, keys []Value, err error) error {
	return p.slow(err, "_match_mapping", RetFinish, x, starlark.Tuple(append([]Value(nil), keys...)), starlark.Bool(in.X == 1))
}

// distinctStrings reports whether keys are certainly not twice the same.
func distinctStrings(keys []Value) bool {
	for i, k := range keys {
		if _, ok := k.(starlark.String); !ok {
			return false
		}
		for _, other := range keys[:i] {
			if k == other {
				return false
			}
		}
	}
	return true
}

// without returns a copy of a dict that has not the keys.
func without(d *starlark.Dict, keys []Value) (*starlark.Dict, error) {
	rest := starlark.NewDict(d.Len())
	for _, item := range d.Items() {
		if err := rest.SetKey(item[0], item[1]); err != nil {
			return nil, HashError(err, item[0])
		}
	}
	for _, k := range keys {
		if _, _, err := rest.Delete(k); err != nil {
			return nil, HashError(err, k)
		}
	}
	return rest, nil
}

// selfMatching has the types whose one positional pattern is compared with the
// instance itself (Py_TPFLAGS _Py_TPFLAGS_MATCH_SELF).
var selfMatching = map[string]bool{
	"bool": true, "bytearray": true, "bytes": true, "dict": true, "float": true, "frozenset": true,
	"int": true, "list": true, "set": true, "string": true, "tuple": true,
}

func (p *Process) matchClass(in compile.Instr, regs []Value) (Value, error) {
	x, class, names := regs[in.A], regs[in.B], regs[in.B+1].(starlark.Tuple)
	var typ string
	switch c := class.(type) {
	case *Class:
		typ = c.StandsFor()
		if c.Attrs["__instancecheck__"] != nil {
			return nil, p.matchClassSlowly(in, x, class, names, typ)
		}
	case *Native:
		typ = c.Makes
	}
	if is, err := IsInstance(x, class); err != nil {
		return nil, Raise(TypeError, "called match pattern must be a type")
	} else if !is {
		return starlark.False, nil
	}
	if len(names) == 0 && in.X <= 1 && isNative(class) && selfMatching[typ] {
		copy(regs[in.B:in.B+in.C], []Value{x})
		return starlark.True, nil
	}
	if in.C == 0 {
		return starlark.True, nil
	}
	if c, ok := class.(*Class); ok {
		if matched, ok := p.takeAttributes(regs[in.B:in.B+in.C], x, c, int(in.X), names); ok {
			return starlark.Bool(matched), nil
		}
	}
	return nil, p.matchClassSlowly(in, x, class, names, typ)
}

func isNative(v Value) bool {
	_, ok := v.(*Native)
	return ok
}

func (p *Process) matchClassSlowly(in compile.Instr, x, class Value, names starlark.Tuple, typ string) error {
	return p.slow(NeedScript, "_match_class", RetFinish, x, class, MakeInt(int64(in.X)), names, starlark.Bool(selfMatching[typ]))
}

// takeAttributes puts the attributes that a class pattern asks for into registers, if x has them all. It
// reports false for ok where that takes script code, or something is wrong. [against the prelude: class patterns of two attributes 16 times as fast]
func (p *Process) takeAttributes(dst []Value, x Value, c *Class, positional int, names starlark.Tuple) (matched, ok bool) {
	o := object(x)
	if o == nil || o.Shape.Class.interceptsAttrs() || o.Shape.Class.Find("__getattr__") != nil {
		return false, false
	}
	if positional > 0 {
		args, _ := c.Find("__match_args__").(starlark.Tuple)
		if len(args) < positional {
			return false, false
		}
		names = append(args[:positional:positional], names...)
	}
	if !distinctStrings(names) {
		return false, false
	}
	values := make([]Value, len(names))
	for i, name := range names {
		a, found, err := p.usualAttr(x, o, string(name.(starlark.String)))
		switch {
		case err != nil || a.fn != nil:
			return false, false
		case !found:
			return false, true
		}
		values[i] = a.value
	}
	copy(dst, values)
	return true, true
}
