package vm

import (
	"sync"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Making classes, and the shapes of their instances.

// A namespace is what a class body leaves: the value that ENDCLASS hands to
// BUILDCLASS. No script sees one.
type namespace struct {
	starlark.NoneType
	keys   []string
	values []Value
	cell   *Cell // of __class__, or nil
	code   *compile.Code
}

// collectNamespace gathers the variables of a class body.
func collectNamespace(code *compile.Code, classCell compile.Reg, regs []Value) *namespace {
	ns := &namespace{code: code}
	for i, name := range code.Locals {
		v := regs[i]
		if c, ok := v.(*Cell); ok {
			v = c.V
		}
		if v == nil || name == "" || name == "__class__" {
			continue
		}
		ns.keys = append(ns.keys, name)
		ns.values = append(ns.values, v)
	}
	if classCell != compile.NoReg {
		ns.cell, _ = regs[classCell].(*Cell)
	}
	return ns
}

// buildClass starts BUILDCLASS: it runs the body; finishClass makes the class.
// Builtin types among the bases are replaced by the classes that stand for them.
func (p *Process) buildClass(fr *Frame, in compile.Instr, regs []Value) error {
	bases, _ := classArgs(fr.Fn.Proto.Code, in, regs)
	for i, base := range bases {
		if c, ok := base.(*Class); ok && c == ClassType(p) {
			return Raise(TypeError, "metaclasses are not supported")
		}
		switch c, err := p.baseClass(base); err {
		case NeedScript:
			_, err := p.importOne(basesModule, fr.Fn.Proto.Module, false)
			return err // after that the instruction runs again
		case nil:
			bases[i] = c
		}
	}
	return p.start(regs[in.A], nil, RetFinish)
}

// classArgs returns the arguments of a class statement: the bases and the names of the
// keyword arguments, whose values follow the bases.
func classArgs(code *compile.Code, in compile.Instr, regs []Value) (bases []Value, names starlark.Tuple) {
	bases = regs[in.A+1 : in.A+1+in.B]
	if in.C != compile.NoReg {
		names = constNames(code.Consts, in.C)
	}
	return bases[:len(bases)-len(names)], names
}

// baseInstead returns the base that does for a class what a metaclass does elsewhere, or nil: abc.ABC for abc.ABCMeta.
func baseInstead(meta Value) Value {
	c, ok := meta.(*Class)
	if !ok {
		return nil
	}
	return c.Attrs["__base_instead__"]
}

// ClassType returns the builtin class type, if the host has one as a class.
func ClassType(p *Process) *Class {
	c, _ := p.Reg.Builtins["type"].(*Class)
	return c
}

// finishClass makes the class whose body has left v.
func (p *Process) finishClass(in compile.Instr, regs []Value, code *compile.Code, v Value) error {
	ns := v.(*namespace)
	bases, names := classArgs(code, in, regs)
	kwargs := new(starlark.Dict)
	for i, name := range names {
		_ = kwargs.SetKey(name, regs[int(in.A)+1+len(bases)+i])
	}
	if meta, found, _ := kwargs.Delete(starlark.String("metaclass")); found {
		base := baseInstead(meta)
		if base == nil {
			return Raise(TypeError, "metaclasses are not supported")
		}
		bases = append(bases[:len(bases):len(bases)], base)
	}
	c, err := p.newClass(ns, bases)
	if err != nil {
		return err
	}
	if ns.cell != nil {
		ns.cell.V = c
	}
	regs[in.A] = c
	if p.hasClassHooks(c) || kwargs.Len() > 0 {
		return p.slow(NeedScript, "_class_hooks", RetStore, c, kwargs)
	}
	return nil
}

func (p *Process) newClass(ns *namespace, bases []Value) (*Class, error) {
	c := &Class{
		Name:     ns.code.Name,
		QualName: ns.code.QualName,
		Module:   p.Frames[len(p.Frames)-1].Fn.Proto.Module.Name,
	}
	if ns.code.HasDoc {
		c.SetAttr("__doc__", starlark.String(ns.code.Doc))
	}
	if texts := ns.code.Annotations; len(texts) > 0 {
		annotations := new(starlark.Dict)
		for i := 0; i < len(texts); i += 2 {
			_ = annotations.SetKey(starlark.String(texts[i]), starlark.String(texts[i+1])) // a string always hashes
		}
		c.SetAttr("__annotations__", annotations)
	}
	for i, key := range ns.keys {
		if text, ok := ns.values[i].(starlark.String); ok && key == "__module__" {
			c.Module = string(text)
			continue
		}
		c.SetAttr(key, classValue(key, ns.values[i]))
	}
	return c, p.complete(c, bases)
}

// MakeClass makes a class as type(name, bases, attrs) does, or returns NeedScript if
// module _bases has to be imported first.
func (p *Process) MakeClass(name string, bases starlark.Tuple, attrs *starlark.Dict) (*Class, error) {
	c := &Class{Name: name, QualName: name, Module: p.Frames[len(p.Frames)-1].Fn.Proto.Module.Name}
	for _, item := range attrs.Items() {
		key, ok := starlark.AsString(item[0])
		switch {
		case !ok:
			return nil, Raise(TypeError, "attribute name must be string, not '%s'", TypeName(item[0]))
		case key == "__module__" || key == "__qualname__":
			text, _ := starlark.AsString(item[1])
			*map[string]*string{"__module__": &c.Module, "__qualname__": &c.QualName}[key] = text
		default:
			c.SetAttr(key, classValue(key, item[1]))
		}
	}
	return c, p.complete(c, bases)
}

// complete makes a class with attributes inherit from its bases.
func (p *Process) complete(c *Class, bases []Value) error {
	for _, arg := range bases {
		base, err := p.baseClass(arg)
		if err != nil {
			return err
		}
		c.Bases = append(c.Bases, base)
	}
	if len(c.Bases) == 0 {
		c.Bases = []*Class{Object}
	}
	if isScript(c.Attrs["__eq__"]) && c.Attrs["__hash__"] == nil {
		c.SetAttr("__hash__", starlark.None)
	}
	return c.linearize()
}

// basesModule has, under the names of builtin types, the classes that stand for them
// where a class inherits from one. Their instances hold a value of the type; see Plain.
const basesModule = "_bases"

// baseClass returns the class that a base is or stands for, or NeedScript if
// basesModule has to be imported first.
func (p *Process) baseClass(v Value) (*Class, error) {
	switch v := v.(type) {
	case *Class:
		return v, nil
	case *Native:
		if v.Makes == "" || p.Reg.Sources[basesModule] == nil {
			break
		}
		m := p.Modules[basesModule]
		if m == nil {
			return nil, NeedScript
		}
		if c, ok := m.Get(v.Name).(*Class); ok {
			return c, nil
		}
	}
	return nil, Raise(TypeError, "cannot inherit from %s: only from classes, exceptions and the types of values that scripts write", Repr(v))
}

// The attributes by which a class of basesModule says which type it stands
// for, and an instance which value.
const (
	standsFor  = "__stands_for__"
	heldByName = "__held__"
)

// StandsFor returns the Type() of the builtin type that a class inherits from, or "".
func (c *Class) StandsFor() string {
	typ, _ := c.Find(standsFor).(starlark.String)
	return string(typ)
}

// Plain returns the value that an instance of a class which inherits from a builtin
// type holds, and any other value as it is.
func Plain(v Value) Value {
	if o, ok := v.(*Instance); ok {
		if held := o.Get(heldByName); held != nil {
			return held
		}
	}
	return v
}

// classValue makes a value in a class body what the class has under that name.
func classValue(key string, v Value) Value {
	if f, ok := v.(*Function); ok {
		switch key {
		case "__new__":
			return &StaticMethod{f}
		case "__init_subclass__", "__class_getitem__":
			return &ClassMethod{f}
		}
	}
	return v
}

// hasClassHooks reports whether script code wants to know of a new class.
func (p *Process) hasClassHooks(c *Class) bool {
	for _, k := range c.MRO[1:] {
		if isScript(k.Attrs["__init_subclass__"]) {
			return true
		}
	}
	for _, v := range c.Attrs {
		if o := object(v); o != nil && o.Shape.Class.Find("__set_name__") != nil {
			return true
		}
	}
	return false
}

// linearize computes the method resolution order (C3; Objects/typeobject.c, mro_implementation).
func (c *Class) linearize() error {
	var todo [][]*Class
	for i, base := range c.Bases {
		for _, other := range c.Bases[:i] {
			if base == other {
				return Raise(TypeError, "duplicate base class %s", base.Name)
			}
		}
		todo = append(todo, base.MRO)
	}
	todo = append(todo, c.Bases)
	c.MRO = []*Class{c}
	for {
		next := candidate(todo)
		if next == nil {
			break
		}
		c.MRO = append(c.MRO, next)
		for i, list := range todo {
			if len(list) > 0 && list[0] == next {
				todo[i] = list[1:]
			}
		}
	}
	for _, list := range todo {
		if len(list) > 0 {
			return Raise(TypeError, "Cannot create a consistent method resolution\norder (MRO) for bases %s", baseNames(c.Bases))
		}
	}
	return nil
}

// candidate returns the first head that is in no list's tail.
func candidate(todo [][]*Class) *Class {
	for _, list := range todo {
		if len(list) > 0 && !inTail(list[0], todo) {
			return list[0]
		}
	}
	return nil
}

func inTail(c *Class, todo [][]*Class) bool {
	for _, list := range todo {
		for i := 1; i < len(list); i++ {
			if list[i] == c {
				return true
			}
		}
	}
	return false
}

func baseNames(bases []*Class) string {
	s := ""
	for i, b := range bases {
		if i > 0 {
			s += ", "
		}
		s += b.Name
	}
	return s
}

// shapes guards the transitions between shapes: builtin classes are shared by
// all processes of a host.
var shapes sync.Mutex

// RootShape returns the shape of an instance of c that has no attributes.
func (c *Class) RootShape() *Shape {
	if c.Builtin {
		shapes.Lock()
		defer shapes.Unlock()
	}
	if c.root == nil {
		c.root = &Shape{Class: c}
	}
	return c.root
}

// Index returns the slot of an attribute, or -1.
func (s *Shape) Index(key string) int {
	if s.index == nil {
		for i, k := range s.Keys {
			if k == key {
				return i
			}
		}
		return -1
	}
	if i, ok := s.index[key]; ok {
		return i
	}
	return -1
}

// smallShape is up to how many keys a linear search beats a map.
const smallShape = 8

// With returns the shape that has key after those of s. There is one for each
// s and key, so instances that are made alike share their shapes.
func (s *Shape) With(key string) *Shape {
	if s.Class.Builtin {
		shapes.Lock()
		defer shapes.Unlock()
	}
	if t, ok := s.next[key]; ok {
		return t
	}
	t := &Shape{Class: s.Class, Keys: append(s.Keys[:len(s.Keys):len(s.Keys)], key)}
	if len(t.Keys) > smallShape {
		t.index = make(map[string]int, len(t.Keys))
		for i, k := range t.Keys {
			t.index[k] = i
		}
	}
	if s.next == nil {
		s.next = map[string]*Shape{}
	}
	s.next[key] = t
	return t
}
