package vm

import (
	"mpstar/host/compile"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// Annotations are kept as texts. What they mean is found out when somebody asks: names,
// attributes of modules, None, strings and unions of those. Any other stays a text.

// annotations returns what annotations, a name and a text and so on, mean in a module.
func (p *Process) annotations(m *Module, texts []string) *starlark.Dict {
	d := starlark.NewDict(len(texts) / 2)
	for i := 0; i+1 < len(texts); i += 2 {
		_ = d.SetKey(starlark.String(texts[i]), p.annotation(m, texts[i+1])) // a string always hashes
	}
	return d
}

// classAnnotations returns those of a class's own variables.
func (p *Process) classAnnotations(c *Class) Value {
	own, ok := c.Attrs["__annotations__"].(*starlark.Dict)
	if !ok {
		return new(starlark.Dict)
	}
	d := starlark.NewDict(own.Len())
	for _, item := range own.Items() {
		v := item[1]
		if text, ok := v.(starlark.String); ok {
			v = p.annotation(p.Modules[c.Module], string(text))
		}
		_ = d.SetKey(item[0], v)
	}
	return d
}

func (p *Process) annotation(m *Module, text string) Value {
	file, err := syntax.ParseValue(&syntax.Source{Text: text})
	if err == nil && m != nil {
		if v := p.annotated(m, file.Body[0].(*syntax.ExprStmt).X); v != nil {
			return v
		}
	}
	return starlark.String(text)
}

// annotated returns what an expression means, or nil.
func (p *Process) annotated(m *Module, e syntax.Expr) Value {
	switch e := e.(type) {
	case *syntax.Name:
		if d := m.Namespace(); d != nil {
			if v, found, _ := d.Get(starlark.String(e.Name)); found {
				return v
			}
		}
		if v := m.Get(e.Name); v != nil {
			return v
		}
		return p.Reg.Builtins[e.Name]
	case *syntax.Constant:
		switch v := e.Value.(type) {
		case nil:
			return starlark.None
		case string:
			return starlark.String(v)
		}
	case *syntax.Attr:
		if of, ok := p.annotated(m, e.X).(*Module); ok {
			return of.Get(e.Name.Name)
		}
	case *syntax.Binary:
		x, y := p.annotated(m, e.X), p.annotated(m, e.Y)
		if e.Op != syntax.Pipe || x == nil || y == nil {
			return nil
		}
		if v, err := p.Binary(compile.OR, x, y); err == nil {
			return v
		}
	}
	return nil
}
