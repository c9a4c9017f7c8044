package vm

import (
	"fmt"
	"slices"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// A FunctionCode is f.__code__: what a function's text says of it.
type FunctionCode struct {
	Fn *Function
}

var _ Portable = (*FunctionCode)(nil)

// functionCodeKind is FunctionCode's ImageKind.
const functionCodeKind = "function code"

func (c *FunctionCode) String() string {
	return fmt.Sprintf("<code object %s, file \"%s\">", c.Fn.Proto.Code.Name, c.Fn.Proto.Code.Source.Name)
}
func (c *FunctionCode) Type() string         { return "code" }
func (c *FunctionCode) Freeze()              {}
func (c *FunctionCode) Truth() starlark.Bool { return true }
func (c *FunctionCode) Hash() (uint32, error) {
	return starlark.String(c.Fn.Proto.Code.QualName).Hash()
}

var codeAttrs = []string{"co_argcount", "co_filename", "co_freevars", "co_kwonlyargcount", "co_name", "co_nlocals", "co_posonlyargcount", "co_qualname", "co_varnames"}

// AttrNames returns the names that Attr knows.
func (c *FunctionCode) AttrNames() []string { return slices.Clone(codeAttrs) }

// Attr returns an attribute of CPython's code objects.
func (c *FunctionCode) Attr(name string) (starlark.Value, error) {
	code := c.Fn.Proto.Code
	switch name {
	case "co_argcount":
		return MakeInt(int64(code.NumPos)), nil
	case "co_filename":
		return starlark.String(code.Source.Name), nil
	case "co_freevars":
		var names []string
		for _, f := range code.Free {
			names = append(names, f.Name)
		}
		return textTuple(sorted(names)), nil
	case "co_kwonlyargcount":
		return MakeInt(int64(code.NumKwOnly)), nil
	case "co_name":
		return starlark.String(code.Name), nil
	case "co_nlocals":
		return MakeInt(int64(len(codeVariables(code)))), nil
	case "co_posonlyargcount":
		return MakeInt(int64(code.NumPosOnly)), nil
	case "co_qualname":
		return starlark.String(code.QualName), nil
	case "co_varnames":
		return textTuple(codeVariables(code)), nil
	}
	return nil, nil
}

// codeVariables returns the parameters, and the other variables that no inner function uses.
func codeVariables(code *compile.Code) []string {
	var names []string
	for i, name := range code.Locals {
		if i < code.NumParams() || name != "" && !slices.Contains(code.CellReg, compile.Reg(i)) {
			names = append(names, name)
		}
	}
	return names
}

func textTuple(texts []string) starlark.Tuple {
	t := make(starlark.Tuple, len(texts))
	for i, s := range texts {
		t[i] = starlark.String(s)
	}
	return t
}

// ImageKind, Image and Restore make it travel with its function.
func (c *FunctionCode) ImageKind() string { return functionCodeKind }

// Image writes the function.
func (c *FunctionCode) Image() ([]byte, []Value, error) { return nil, []Value{c.Fn}, nil }

// Restore takes what Image has written.
func (c *FunctionCode) Restore(data []byte, refs []Value) error {
	if len(refs) == 1 {
		c.Fn, _ = refs[0].(*Function)
	}
	if c.Fn == nil {
		return fmt.Errorf("image: a code without its function")
	}
	return nil
}
