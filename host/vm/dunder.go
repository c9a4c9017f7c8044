package vm

import (
	"go.starlark.net/starlark"
)

// A dunder is a method by which scripts ask what a builtin value can do, or do it: hasattr(x, "__iter__").
type dunder struct {
	has  func(Value) bool
	does string // the builtin, or function of the prelude, that is called with the value
}

var dunders = map[string]dunder{
	"__len__":      {hasLen, "len"},
	"__iter__":     {func(v Value) bool { return Iterable(v) || IsIterator(v) }, "iter"},
	"__next__":     {IsIterator, "next"},
	"__reversed__": {func(v Value) bool { return isList(v) || isDict(v) }, "reversed"},
	"__contains__": {isContainer, "_contains"},
	"__getitem__":  {func(v Value) bool { return isDict(v) || isIndexable(v) }, "_item"},
	"__setitem__":  {func(v Value) bool { return isList(v) || isDict(v) }, "_set_item"},
	"__delitem__":  {func(v Value) bool { return isList(v) || isDict(v) }, "_del_item"},
	"__str__":      {func(Value) bool { return true }, "str"},
	"__repr__":     {func(Value) bool { return true }, "repr"},
	"__format__":   {func(Value) bool { return true }, "format"},
	"__dir__":      {func(Value) bool { return true }, "dir"},
	"__bool__":     {func(v Value) bool { return isNumber(unbool(v)) || v == starlark.None }, "bool"},
	"__int__":      {func(v Value) bool { return isNumber(unbool(v)) }, "int"},
	"__float__":    {func(v Value) bool { return isNumber(unbool(v)) }, "float"},
	"__abs__":      {func(v Value) bool { return isNumber(unbool(v)) }, "abs"},
	"__round__":    {func(v Value) bool { return isNumber(unbool(v)) }, "round"},
	"__index__":    {func(v Value) bool { return isInt(unbool(v)) }, "int"},
}

func hasLen(v Value) bool { return starlark.Len(v) >= 0 }

func isList(v Value) bool {
	_, ok := v.(*starlark.List)
	return ok
}

func isDict(v Value) bool {
	_, ok := v.(*starlark.Dict)
	return ok
}

func isIndexable(v Value) bool {
	_, ok := v.(starlark.Indexable)
	return ok
}

func isContainer(v Value) bool {
	_, set := Thaw(v).(*starlark.Set)
	return set || isDict(v) || isIndexable(v)
}

// dunder returns a method of that kind, bound to a builtin value, or nil.
func (p *Process) dunder(x Value, name string) (Value, error) {
	switch {
	case name == "__call__" && Callable(x):
		return x, nil
	case name == "__hash__":
		if _, err := x.Hash(); err != nil {
			return starlark.None, nil
		}
		return &BoundMethod{Self: x, Fn: p.Reg.Builtins["hash"]}, nil
	}
	d, ok := dunders[name]
	if !ok || !d.has(x) {
		return nil, nil
	}
	if fn := p.Reg.Builtins[d.does]; fn != nil {
		return &BoundMethod{Self: x, Fn: fn}, nil
	}
	fn, err := p.prelude(d.does)
	if err != nil {
		return nil, err
	}
	return &BoundMethod{Self: x, Fn: fn}, nil
}

// numberAttr returns what numbers have for the sake of other numeric types, or nil.
func numberAttr(x Value, name string) Value {
	x = unbool(x)
	if !isNumber(x) {
		return nil
	}
	switch name {
	case "real":
		return x
	case "imag":
		if isInt(x) {
			return MakeInt(0)
		}
		return starlark.Float(0)
	case "numerator":
		if isInt(x) {
			return x
		}
	case "denominator":
		if isInt(x) {
			return MakeInt(1)
		}
	}
	return nil
}
