package vm

import (
	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// The globals of code that eval and exec run may be in a dict of the script's. Such code belongs to a
// module of its own, which is in no table of modules: its one slot holds the dict.

// NewNamespace returns a module whose globals are in a dict.
func NewNamespace(d *starlark.Dict) *Module {
	name := "builtins"
	if v, found, _ := d.Get(starlark.String("__name__")); found {
		name, _ = starlark.AsString(v)
	}
	m := NewModule(name, "<string>")
	m.Set(compile.GlobalsName, d)
	return m
}

// Namespace returns the dict that the globals are in, or nil if they are in slots.
func (m *Module) Namespace() *starlark.Dict {
	if names := m.Globals.Names; len(names) != 1 || names[0] != compile.GlobalsName {
		return nil
	}
	d, _ := m.At(compile.GlobalsSlot).(*starlark.Dict)
	return d
}

// Dict returns the globals: the dict that they are in, or a new one. The last one made is remembered,
// though not by a child.
func (m *Module) Dict() *starlark.Dict {
	if d := m.Namespace(); d != nil {
		return d
	}
	d := new(starlark.Dict)
	for slot, v := range m.Slots {
		if v != nil {
			_ = d.SetKey(starlark.String(m.Globals.Names[slot]), v) // a string always hashes
		}
	}
	m.dict = d
	return d
}

// MadeDict reports whether d is what Dict has returned last.
func (m *Module) MadeDict(d *starlark.Dict) bool { return d != nil && m.dict == d }

// getName does GETNAME.
func (p *Process) getName(fr *Frame, in compile.Instr, regs []Value) (Value, error) {
	name, m := fr.Fn.Proto.Code.Names[in.C], fr.Fn.Proto.Module
	key := starlark.String(name)
	if in.B != compile.NoReg {
		if v, found, err := DictGet(regs[in.B].(*starlark.Dict), key); found || err != nil {
			return v, err
		}
	}
	var builtins *starlark.Dict // those of the dict, if it has any
	if in.X == 0 {
		if v := m.Get(name); v != nil {
			return v, nil
		}
	} else if d := m.Namespace(); d != nil {
		if v, found, err := DictGet(d, key); found || err != nil {
			return v, err
		}
		if b, found, _ := DictGet(d, starlark.String("__builtins__")); found {
			builtins, _ = b.(*starlark.Dict)
		}
	}
	if builtins != nil {
		if v, found, err := builtins.Get(key); found || err != nil {
			return v, err
		}
	} else if v := p.Reg.Builtins[name]; v != nil {
		return v, nil
	}
	return nil, p.nameError(m, name)
}

// variables returns the dict in which SETNAME and DELNAME find a variable, or nil if it is in a slot.
func variables(fr *Frame, in compile.Instr, regs []Value) *starlark.Dict {
	if in.B != compile.NoReg {
		return regs[in.B].(*starlark.Dict)
	}
	return fr.Fn.Proto.Module.Namespace()
}

// setName does SETNAME.
func (p *Process) setName(fr *Frame, in compile.Instr, regs []Value) error {
	name := fr.Fn.Proto.Code.Names[in.C]
	if d := variables(fr, in, regs); d != nil {
		return Insert(d, starlark.String(name), regs[in.A])
	}
	fr.Fn.Proto.Module.Set(name, regs[in.A])
	return nil
}

// delName does DELNAME.
func (p *Process) delName(fr *Frame, in compile.Instr, regs []Value) error {
	name, m := fr.Fn.Proto.Code.Names[in.C], fr.Fn.Proto.Module
	if d := variables(fr, in, regs); d != nil {
		if _, found, err := d.Delete(starlark.String(name)); found || err != nil {
			return err
		}
	} else if m.Get(name) != nil {
		m.Set(name, nil)
		return nil
	}
	return undefined(name, "")
}
