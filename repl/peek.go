package repl

import (
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// value returns the value of an expression, or nil if finding it would run script code.
func (c *completer) value(expr string) vm.Value {
	file, err := syntax.Parse(&syntax.Source{Text: expr})
	if err != nil || len(file.Body) != 1 {
		return nil
	}
	if s, ok := file.Body[0].(*syntax.ExprStmt); ok {
		return c.peek(s.X)
	}
	return nil
}

func (c *completer) peek(x syntax.Expr) vm.Value {
	switch x := x.(type) {
	case *syntax.Name:
		if v := c.process.Modules["__main__"].Get(x.Name); v != nil {
			return v
		}
		return c.process.Reg.Builtins[x.Name]
	case *syntax.Attr:
		if v := c.peek(x.X); v != nil {
			attr, err := c.process.GetAttr(v, x.Name.Name)
			if err == nil {
				return attr
			}
		}
	case *syntax.Index:
		return element(c.peek(x.X), c.peek(x.Key))
	case *syntax.Constant:
		return literal(x.Value)
	case *syntax.List:
		return starlark.NewList(nil)
	case *syntax.Tuple:
		return starlark.Tuple{}
	case *syntax.Dict:
		return new(starlark.Dict)
	case *syntax.Set:
		return new(starlark.Set)
	case *syntax.FString:
		return starlark.String("")
	}
	return nil
}

// literal returns the value of a constant, or one of its type.
func literal(x any) vm.Value {
	switch x := x.(type) {
	case string:
		return starlark.String(x)
	case syntax.Bytes:
		return starlark.Bytes(x)
	case int64:
		return starlark.MakeInt64(x)
	case float64:
		return starlark.Float(x)
	case bool:
		return starlark.Bool(x)
	}
	return nil
}

// element returns container[key] of a builtin container, if that cannot run script code.
func element(container, key vm.Value) vm.Value {
	switch key.(type) {
	case starlark.String, starlark.Int, starlark.Bytes:
	default:
		return nil
	}
	switch container := container.(type) {
	case *starlark.Dict:
		v, _, _ := container.Get(key)
		return v
	case starlark.Indexable: // list, tuple, string
		i, err := starlark.AsInt32(key)
		if i < 0 {
			i += container.Len()
		}
		if err == nil && 0 <= i && i < container.Len() {
			return container.Index(i)
		}
	}
	return nil
}
