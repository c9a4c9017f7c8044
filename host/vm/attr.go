package vm

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Find returns an attribute of a class or of those it inherits from, or nil.
func (c *Class) Find(name string) Value {
	for _, k := range c.MRO {
		if v, ok := k.Attrs[name]; ok {
			return v
		}
	}
	return nil
}

// TailAttr makes the native that returns its result be replaced by the
// call that makes x.name, of a property or __getattr__. Where no script code
// is needed it returns the attribute itself.
func (p *Process) TailAttr(x Value, name string) (Value, error) {
	a, err := p.attr(x, name)
	if err != nil || a.fn == nil {
		return a.value, err
	}
	return p.Tail(a.fn, a.args, nil)
}

// SetAttr sets an attribute of the class itself.
func (c *Class) SetAttr(name string, v Value) {
	if c.Attrs == nil {
		c.Attrs = map[string]Value{}
	}
	if _, ok := c.Attrs[name]; !ok {
		c.Keys = append(c.Keys, name)
	}
	c.Attrs[name] = v
}

// An attribute is what a lookup finds: a value, or a call that makes it.
type attribute struct {
	value Value
	fn    Value // a property's getter or a __getattr__, to be called with args
	args  []Value
}

// GetAttr returns x.name, or NeedScript if a property or __getattr__ of the script makes it.
func (p *Process) GetAttr(x Value, name string) (Value, error) {
	a, err := p.attr(x, name)
	if err != nil || a.fn == nil {
		return a.value, err
	}
	if n, ok := a.fn.(*Native); ok {
		return n.Fn(p, a.args, nil)
	}
	return nil, NeedScript
}

// attr looks up x.name. It fails with AttributeError.
func (p *Process) attr(x Value, name string) (attribute, error) {
	switch x := x.(type) {
	case *Instance:
		return p.objectAttr(x, x, name)
	case *Exception:
		return p.objectAttr(x, &x.Instance, name)
	case *Class:
		return p.classAttr(x, name)
	case *Module:
		if v := x.Get(name); v != nil {
			return attribute{value: v}, nil
		}
		if v := moduleAttr(x, name); v != nil {
			return attribute{value: v}, nil
		}
		return p.moduleHook(x, name)
	case *Super:
		return p.superAttr(x, name)
	}
	if v, err := p.plainAttr(x, name); v != nil || err != nil {
		return attribute{value: v}, err
	}
	return attribute{}, p.noAttr(x, name)
}

// moduleHook is for a name that a module lacks. A builtin module's __getattr__ is
// asked at once, so that whoever imports from it or looks for a near name sees
// what is missing. That of a module that the host has in the script language makes
// what is in its __all__ and not there yet.
func (p *Process) moduleHook(m *Module, name string) (attribute, error) {
	hook, args := m.Get("__getattr__"), []Value{starlark.String(name)}
	if hook == nil || m.FromHost() && !slices.Contains(m.All(), name) {
		return attribute{}, p.noAttr(m, name)
	}
	native, ok := hook.(*Native)
	if !ok || !m.Builtin {
		return attribute{fn: hook, args: args}, nil
	}
	v, err := native.Fn(p, args, nil)
	if err != nil && AsException(err, nil).Shape.Class.IsSubclass(AttributeError) {
		err = p.noAttr(m, name)
	}
	return attribute{value: v}, err
}

// objectAttr follows slot_tp_getattr_hook in Objects/typeobject.c: the class's
// __getattribute__ or else the usual lookup, and then its __getattr__.
func (p *Process) objectAttr(x Value, o *Instance, name string) (attribute, error) {
	class := o.Shape.Class
	hook := class.Find("__getattr__")
	if class.interceptsAttrs() {
		args := []Value{x, starlark.String(name)}
		if hook == nil {
			return attribute{fn: class.Find("__getattribute__"), args: args}, nil
		}
		both, err := p.prelude("_getattribute")
		return attribute{fn: both, args: args}, err
	}
	a, found, err := p.usualAttr(x, o, name)
	switch {
	case found || err != nil:
		return a, err
	case hook != nil:
		return attribute{fn: hook, args: []Value{x, starlark.String(name)}}, nil
	}
	return attribute{}, p.noAttr(x, name)
}

// interceptsAttrs reports whether the class has a __getattribute__ of the script.
func (c *Class) interceptsAttrs() bool { return isScript(c.Find("__getattribute__")) }

// usualAttr is object.__getattribute__. It follows _PyObject_GenericGetAttrWithDict: data
// descriptors of the class, the instance, then the rest of the class.
func (p *Process) usualAttr(x Value, o *Instance, name string) (a attribute, ok bool, err error) {
	class := o.Shape.Class
	found := class.Find(name)
	if name == "__annotations__" && found != nil {
		return attribute{value: p.classAnnotations(class)}, true, nil
	}
	if prop, ok := found.(*Property); ok {
		a, err = prop.get(p, x, name)
		return a, true, err
	}
	get := getter(found)
	if get != nil && isDataDescriptor(found) {
		return attribute{fn: get, args: []Value{x, class}}, true, nil
	}
	if v := o.Get(name); v != nil {
		return attribute{value: v}, true, nil
	}
	if get != nil {
		return attribute{fn: get, args: []Value{x, class}}, true, nil
	}
	if found != nil {
		return attribute{value: bind(found, x, class)}, true, nil
	}
	v := objectSpecial(x, o, name)
	return attribute{value: v}, v != nil, nil
}

func (prop *Property) get(p *Process, x Value, name string) (attribute, error) {
	if prop.Get == nil || prop.Get == starlark.None {
		return attribute{}, Raise(AttributeError, "property '%s' of '%s' object has no getter", name, x.Type())
	}
	if n, ok := prop.Get.(*Native); ok && n.Leaf {
		v, err := n.Fn(p, []Value{x}, nil)
		return attribute{value: v}, err
	}
	return attribute{fn: prop.Get, args: []Value{x}}, nil
}

// getter returns the __get__ of a class attribute that is a descriptor of the script, bound, or nil.
func getter(v Value) Value {
	o, ok := v.(*Instance)
	if !ok {
		return nil
	}
	get := o.Shape.Class.Find("__get__")
	if get == nil {
		return nil
	}
	return bind(get, v, o.Shape.Class)
}

// isDataDescriptor reports whether a class attribute comes before an instance's own.
func isDataDescriptor(v Value) bool {
	if _, ok := v.(*Property); ok {
		return true
	}
	o, ok := v.(*Instance)
	return ok && (o.Shape.Class.Find("__set__") != nil || o.Shape.Class.Find("__delete__") != nil)
}

// bind makes a class attribute what it is when read through x: a method of it,
// if it is a function.
func bind(v, x Value, class *Class) Value {
	switch v := v.(type) {
	case *Function:
		return &BoundMethod{Self: x, Fn: v}
	case *Native:
		if v.Method {
			return &BoundMethod{Self: x, Fn: v}
		}
	case *StaticMethod:
		return v.Fn
	case *ClassMethod:
		return &BoundMethod{Self: class, Fn: v.Fn}
	}
	return v
}

// objectSpecial returns what every object has without its class saying so.
func objectSpecial(x Value, o *Instance, name string) Value {
	switch name {
	case "__class__":
		return o.Shape.Class
	case "__dict__":
		return objectDict(o)
	case "__doc__":
		return orNone(o.Shape.Class.Find("__doc__"))
	case "__module__":
		return starlark.String(o.Shape.Class.Module)
	}
	if e, ok := x.(*Exception); ok {
		return e.special(name)
	}
	return nil
}

// objectDict returns the attributes as a new dict.
func objectDict(o *Instance) *starlark.Dict {
	d := starlark.NewDict(len(o.Slots))
	for i, key := range o.Shape.Keys {
		if key[0] != 0 {
			_ = d.SetKey(starlark.String(key), o.Slots[i]) // a string always hashes
		}
	}
	return d
}

// special returns the attributes of BaseException and its builtin subclasses.
func (e *Exception) special(name string) Value {
	class := e.Shape.Class
	switch name {
	case "args":
		return e.Args
	case "__cause__":
		return orNone(e.Cause)
	case "__context__":
		return orNone(e.Context)
	case "__suppress_context__":
		return starlark.Bool(e.Suppress)
	case "__traceback__":
		return e.Traceback()
	case "errno", "strerror", "filename", "filename2":
		if class.IsSubclass(OSError) {
			return starlark.None
		}
	case "code":
		if class.IsSubclass(SystemExit) {
			return e.exitCode()
		}
	case "value":
		if class.IsSubclass(StopIteration) {
			return e.arg(0)
		}
	case "name", "path", "obj":
		if slices.Contains(exceptionKeywords(class), name) {
			return starlark.None
		}
	case "msg":
		if class.IsSubclass(ImportError) || class.IsSubclass(SyntaxError) {
			return e.arg(0)
		}
	}
	return nil
}

// Traceback returns the exception's traceback object, or None if it was never raised.
func (e *Exception) Traceback() Value {
	if len(e.Trace) == 0 {
		return starlark.None
	}
	if e.TB == nil {
		e.TB = &Traceback{e}
	}
	return e.TB
}

// exitCode is SystemExit.code: the argument, or the tuple of several.
func (e *Exception) exitCode() Value {
	if len(e.Args) > 1 {
		return e.Args
	}
	return e.arg(0)
}

func (e *Exception) arg(i int) Value {
	if i < len(e.Args) {
		return e.Args[i]
	}
	return starlark.None
}

func orNone(v Value) Value {
	if v == nil {
		return starlark.None
	}
	return v
}

func (p *Process) classAttr(c *Class, name string) (attribute, error) {
	if name == "__annotations__" {
		return attribute{value: p.classAnnotations(c)}, nil
	}
	switch v := c.Find(name).(type) {
	case nil:
	case *StaticMethod:
		return attribute{value: v.Fn}, nil
	case *ClassMethod:
		return attribute{value: &BoundMethod{Self: c, Fn: v.Fn}}, nil
	default:
		if get := getter(v); get != nil {
			return attribute{fn: get, args: []Value{starlark.None, c}}, nil
		}
		return attribute{value: v}, nil
	}
	switch name {
	case "__name__":
		return attribute{value: starlark.String(c.Name)}, nil
	case "__qualname__":
		return attribute{value: starlark.String(c.QualName)}, nil
	case "__module__":
		return attribute{value: starlark.String(c.Module)}, nil
	case "__doc__":
		return attribute{value: starlark.None}, nil
	case "__bases__":
		return attribute{value: classTuple(c.Bases)}, nil
	case "__mro__":
		return attribute{value: classTuple(c.MRO)}, nil
	case "__dict__":
		d := starlark.NewDict(len(c.Keys))
		for _, key := range c.Keys {
			_ = d.SetKey(starlark.String(key), c.Attrs[key])
		}
		return attribute{value: d}, nil
	case "__class__":
		return attribute{value: orNone(p.Reg.Builtins["type"])}, nil
	case "mro":
		return attribute{value: &BoundMethod{Self: c, Fn: p.Reg.Intrinsics["_mro"]}}, nil
	}
	return attribute{}, p.noAttr(c, name)
}

func classTuple(classes []*Class) starlark.Tuple {
	t := make(starlark.Tuple, len(classes))
	for i, c := range classes {
		t[i] = c
	}
	return t
}

// after returns the classes that come after k in the method resolution order of c, all if k is not in it.
func (c *Class) after(k *Class) []*Class {
	return c.MRO[slices.Index(c.MRO, k)+1:]
}

// method returns the function that name means for the instance of s, or nil if it is something else.
func (s *Super) method(name string) *Function {
	o := object(s.Self)
	if o == nil {
		return nil
	}
	for _, k := range o.Shape.Class.after(s.Class) {
		if v, ok := k.Attrs[name]; ok {
			f, _ := v.(*Function)
			return f
		}
	}
	return nil
}

// superAttr looks name up in the classes after s.Class in the MRO of its object.
func (p *Process) superAttr(s *Super, name string) (attribute, error) {
	class, isClass := s.Self.(*Class)
	if !isClass {
		class = object(s.Self).Shape.Class
	}
	for _, k := range class.after(s.Class) {
		v, ok := k.Attrs[name]
		if !ok {
			continue
		}
		if prop, ok := v.(*Property); ok && !isClass {
			return prop.get(p, s.Self, name)
		}
		if _, ok := v.(*ClassMethod); !ok && isClass {
			if static, ok := v.(*StaticMethod); ok {
				v = static.Fn
			}
			return attribute{value: v}, nil
		}
		return attribute{value: bind(v, s.Self, class)}, nil
	}
	if name == "__class__" {
		return attribute{value: class}, nil
	}
	return attribute{}, Raise(AttributeError, "'super' object has no attribute '%s'", name)
}

func moduleAttr(m *Module, name string) Value {
	switch name {
	case "__dict__":
		return m.Dict()
	case "__name__":
		return starlark.String(m.Name)
	case "__file__":
		if m.File != "" {
			return starlark.String(m.File)
		}
	case "__doc__":
		return starlark.None
	}
	return nil
}

// plainAttr looks up an attribute of a Go value. It returns nil if there is none.
func (p *Process) plainAttr(x Value, name string) (Value, error) {
	if m := p.Reg.MethodsOf(x.Type())[name]; m != nil {
		if !m.Method { // {}.fromkeys
			return m, nil
		}
		return &BoundMethod{Self: x, Fn: m}, nil
	}
	switch x := x.(type) {
	case *Function:
		if v := x.attr(name); v != nil {
			return v, nil
		}
		if name == "__annotations__" {
			return p.annotations(x.Proto.Module, x.Proto.Code.Annotations), nil
		}
	case *Native:
		if v := x.attr(p, name); v != nil {
			return v, nil
		}
	case *BoundMethod:
		switch name {
		case "__self__":
			return x.Self, nil
		case "__func__":
			return x.Fn, nil
		}
		return p.plainAttr(x.Fn, name)
	case *Property:
		switch name {
		case "fget":
			return orNone(x.Get), nil
		case "fset":
			return orNone(x.Set), nil
		case "fdel":
			return orNone(x.Del), nil
		case "__doc__":
			return orNone(x.Doc), nil
		}
	case *Slice:
		switch name {
		case "start":
			return x.Lo, nil
		case "stop":
			return x.Hi, nil
		case "step":
			return x.Step, nil
		}
	case *Traceback:
		if name == "tb_lineno" {
			return starlark.MakeInt(x.Line()), nil
		}
	case *StaticMethod:
		if name == "__func__" {
			return x.Fn, nil
		}
	case *ClassMethod:
		if name == "__func__" {
			return x.Fn, nil
		}
	case starlark.String:
		if name == "__name__" { // type(x) of a builtin value is its name
			if n, ok := p.TypeNamed(string(x)).(*Native); ok {
				return starlark.String(n.Name), nil
			}
			return x, nil
		}
	case starlark.HasAttrs:
		v, err := x.Attr(name)
		if _, missing := err.(starlark.NoSuchAttrError); missing {
			err = nil
		}
		if v != nil || err != nil {
			return v, err
		}
	}
	if x, ok := x.(starlark.HasAttrs); ok {
		if v, err := x.Attr(name); v != nil && err == nil {
			return v, nil
		}
	}
	if name == "__class__" {
		if c, ok := p.Reg.Builtins[TypeName(x)]; ok {
			return c, nil
		}
	}
	if v := numberAttr(x, name); v != nil {
		return v, nil
	}
	return p.dunder(x, name)
}

func (f *Function) attr(name string) Value {
	if f.Attrs != nil {
		if v, found, _ := f.Attrs.Get(starlark.String(name)); found {
			return v
		}
	}
	code := f.Proto.Code
	switch name {
	case "__name__":
		return starlark.String(code.Name)
	case "__qualname__":
		return starlark.String(code.QualName)
	case "__doc__":
		if code.HasDoc {
			return starlark.String(code.Doc)
		}
		return starlark.None
	case "__module__":
		return starlark.String(f.Proto.Module.Name)
	case "__globals__":
		return f.Proto.Module.Dict()
	case "__code__":
		return &FunctionCode{f}
	case "__kwdefaults__":
		return f.keywordDefaults()
	case "__dict__":
		if f.Attrs == nil {
			f.Attrs = new(starlark.Dict)
		}
		return f.Attrs
	case "__defaults__":
		if len(f.Defaults) == 0 {
			return starlark.None
		}
		return starlark.Tuple(f.Defaults)
	}
	return nil
}

// keywordDefaults returns __kwdefaults__: a new dict, or None.
func (f *Function) keywordDefaults() Value {
	code := f.Proto.Code
	d := new(starlark.Dict)
	for i, v := range f.KwDefaults {
		if v != nil {
			_ = d.SetKey(starlark.String(code.Locals[code.NumPos+i]), v) // a string always hashes
		}
	}
	if d.Len() == 0 {
		return starlark.None
	}
	return d
}

func (n *Native) attr(p *Process, name string) Value {
	switch name {
	case "__name__", "__qualname__":
		return starlark.String(n.ShortName())
	case "__doc__":
		return starlark.String(n.Doc)
	case "__module__":
		return starlark.String("builtins")
	}
	if n.Makes == "" {
		return nil
	}
	if m := p.Reg.MethodsOf(n.Makes)[name]; m != nil { // str.upper, dict.fromkeys
		return m
	}
	return nil
}

// noAttr is the AttributeError for a name that is not there.
func (p *Process) noAttr(x Value, name string) error {
	what := "'" + TypeName(x) + "' object"
	switch x := x.(type) {
	case *Module:
		what = "module '" + x.Name + "'"
	case *Class:
		what = "type object '" + x.Name + "'"
	}
	e := NewException(AttributeError, starlark.String(fmt.Sprintf("%s has no attribute '%s'", what, name)))
	e.Hint = DidYouMean(name, p.Dir(x))
	e.Set("name", starlark.String(name))
	return e
}

// Dir returns the names of x's attributes, sorted.
func (p *Process) Dir(x Value) []string {
	set := map[string]bool{}
	add := func(names []string) {
		for _, n := range names {
			if n != "" && n[0] != 0 {
				set[n] = true
			}
		}
	}
	addClass := func(c *Class) {
		for _, k := range c.MRO {
			add(k.Keys)
		}
	}
	switch x := x.(type) {
	case *Instance:
		add(x.Shape.Keys)
		addClass(x.Shape.Class)
	case *Exception:
		add(x.Shape.Keys)
		addClass(x.Shape.Class)
		add([]string{"args"})
	case *Class:
		addClass(x)
	case *Module:
		for slot, v := range x.Slots {
			if v != nil {
				set[x.Globals.Names[slot]] = true
			}
		}
		if x.FromHost() {
			add(x.All())
		}
	case starlark.HasAttrs:
		add(x.AttrNames())
	}
	for name := range p.Reg.MethodsOf(x.Type()) {
		set[name] = true
	}
	names := make([]string, 0, len(set))
	for n := range set {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// SetAttr does x.name = v, or returns NeedScript.
func (p *Process) SetAttr(x Value, name string, v Value) error {
	switch x := x.(type) {
	case *Instance, *Exception:
		if overrides(x, "__setattr__") {
			return NeedScript
		}
		if prop, ok := object(x).Shape.Class.Find(name).(*Property); ok {
			if prop.Set == nil || prop.Set == starlark.None {
				return Raise(AttributeError, "property '%s' of '%s' object has no setter", name, x.Type())
			}
			if n, ok := prop.Set.(*Native); ok && n.Leaf {
				_, err := n.Fn(p, []Value{x, v}, nil)
				return err
			}
			return NeedScript
		} else if isDataDescriptor(object(x).Shape.Class.Find(name)) {
			return NeedScript
		}
		return setOwn(x, name, v)
	case *Class:
		if x.Builtin {
			return Raise(TypeError, "cannot set '%s' attribute of immutable type '%s'", name, x.Name)
		}
		if x.special("__setattr__") != nil {
			return NeedScript
		}
		p.SetClassAttr(x, name, v)
		return nil
	case *Module:
		x.Set(name, v)
		return nil
	case *Function:
		if x.Attrs == nil {
			x.Attrs = new(starlark.Dict)
		}
		return x.Attrs.SetKey(starlark.String(name), v)
	case starlark.HasSetField:
		err := x.SetField(name, v)
		if _, none := err.(starlark.NoSuchAttrError); none {
			break
		}
		return err
	}
	if x, ok := x.(starlark.HasAttrs); ok {
		if v, _ := x.Attr(name); v != nil {
			return Raise(AttributeError, "'%s' object attribute '%s' is read-only", TypeName(x), name)
		}
	}
	return p.noAttr(x, name)
}

// setOwn is object.__setattr__.
func setOwn(x Value, name string, v Value) error {
	o := object(x)
	if name == "__class__" {
		c, ok := v.(*Class)
		if !ok {
			return Raise(TypeError, "__class__ must be set to a class, not '%s' object", TypeName(v))
		}
		shape := c.RootShape()
		for _, key := range o.Shape.Keys {
			shape = shape.With(key)
		}
		o.Shape = shape
		return nil
	}
	if e, ok := x.(*Exception); ok && e.setSpecial(name, v) {
		return nil
	}
	if name == "__dict__" {
		return setDict(o, v)
	}
	if o.Shape.Index(name) < 0 && !o.Shape.Class.hasRoomFor(name) {
		return Raise(AttributeError, "'%s' object has no attribute '%s'", TypeName(x), name)
	}
	o.Set(name, v)
	return nil
}

// hasRoomFor reports whether instances may have an attribute of that name: any, unless the class and all
// that it inherits from name theirs in __slots__.
func (c *Class) hasRoomFor(name string) bool {
	for _, k := range c.MRO {
		if k == Object {
			return false
		}
		slots, ok := k.Attrs["__slots__"]
		if !ok || namesSlot(slots, name) || namesSlot(slots, "__dict__") {
			return true
		}
	}
	return true
}

func namesSlot(slots Value, name string) bool {
	switch slots := slots.(type) {
	case starlark.String:
		return string(slots) == name
	case starlark.Tuple:
		return slices.Contains(slots, Value(starlark.String(name)))
	case *starlark.List:
		return slices.Contains(Elems(slots), Value(starlark.String(name)))
	}
	return true
}

func setDict(o *Instance, v Value) error {
	d, ok := v.(*starlark.Dict)
	if !ok {
		return Raise(TypeError, "__dict__ must be set to a dictionary, not a '%s'", TypeName(v))
	}
	o.Shape, o.Slots = o.Shape.Class.RootShape(), nil
	for _, item := range d.Items() {
		if key, ok := starlark.AsString(item[0]); ok {
			o.Set(key, item[1])
		}
	}
	return nil
}

func (e *Exception) setSpecial(name string, v Value) bool {
	other, _ := v.(*Exception)
	var chained Value
	if other != nil {
		chained = other
	}
	switch name {
	case "args":
		if t, ok := v.(starlark.Tuple); ok {
			e.Args = t
			return true
		}
	case "__cause__":
		e.Cause, e.Suppress = chained, true
		return true
	case "__context__":
		e.Context = chained
		return true
	case "__suppress_context__":
		e.Suppress = bool(v.Truth())
		return true
	case "__traceback__":
		e.setTraceback(v)
		return true
	}
	return false
}

// setTraceback gives an exception the traceback of another, or none.
func (e *Exception) setTraceback(v Value) {
	switch t, ok := v.(*Traceback); {
	case !ok:
		e.Trace, e.TB = nil, nil
	case t.Of != e:
		e.Trace, e.TB = slices.Clone(t.Of.Trace), nil
	}
}

// SetClassAttr sets an attribute of a script's class, and makes the inline caches
// stale that it concerns: one plain value in the place of another leaves those of functions valid.
func (p *Process) SetClassAttr(c *Class, name string, v Value) {
	old, had := c.Attrs[name]
	if !had || binds(old) || binds(v) {
		p.epoch++
	}
	p.values++
	c.SetAttr(name, v)
}

// DelClassAttr deletes an attribute of a script's class.
func (p *Process) DelClassAttr(c *Class, name string) error {
	if _, ok := c.Attrs[name]; !ok || c.Builtin {
		return Raise(AttributeError, "type object '%s' has no attribute '%s'", c.Name, name)
	}
	delete(c.Attrs, name)
	for i, key := range c.Keys {
		if key == name {
			c.Keys = append(c.Keys[:i:i], c.Keys[i+1:]...)
		}
	}
	p.epoch++
	return nil
}

// binds reports whether a class attribute is another value, or a call, where it is read
// through an instance.
func binds(v Value) bool {
	switch v.(type) {
	case *Function, *Native, *Property, *StaticMethod, *ClassMethod:
		return true
	}
	return getter(v) != nil
}

// DelAttr does del x.name, or returns NeedScript.
func (p *Process) DelAttr(x Value, name string) error {
	switch x := x.(type) {
	case *Instance, *Exception:
		if overrides(x, "__delattr__") {
			return NeedScript
		}
		o := object(x)
		if prop, ok := o.Shape.Class.Find(name).(*Property); ok {
			if prop.Del == nil || prop.Del == starlark.None {
				return Raise(AttributeError, "property '%s' of '%s' object has no deleter", name, x.Type())
			}
			return NeedScript
		} else if isDataDescriptor(o.Shape.Class.Find(name)) {
			return NeedScript
		}
		return p.delOwn(x, name)
	case *Class:
		if x.special("__delattr__") != nil {
			return NeedScript
		}
		return p.DelClassAttr(x, name)
	case *Module:
		if x.Get(name) == nil {
			return p.noAttr(x, name)
		}
		x.Set(name, nil)
		return nil
	case *Function:
		if x.Attrs != nil {
			if _, found, _ := x.Attrs.Delete(starlark.String(name)); found {
				return nil
			}
		}
	}
	return p.noAttr(x, name)
}

// delOwn is object.__delattr__: the instance gets the shape that it would have
// had without the attribute.
func (p *Process) delOwn(x Value, name string) error {
	o := object(x)
	gone := o.Shape.Index(name)
	if gone < 0 {
		return p.noAttr(x, name)
	}
	shape := o.Shape.Class.RootShape()
	for i, key := range o.Shape.Keys {
		if i != gone {
			shape = shape.With(key)
		}
	}
	o.Shape = shape
	o.Slots = append(o.Slots[:gone:gone], o.Slots[gone+1:]...)
	return nil
}

// Special returns the method of that name on the class of x, bound, or nil:
// how the language looks up __len__ and the like.
func (p *Process) Special(x Value, name string) Value {
	if c, ok := x.(*Class); ok {
		return c.special(name)
	}
	o := object(x)
	if o == nil {
		return nil
	}
	found := o.Shape.Class.Find(name)
	if found == nil || found == starlark.None {
		return nil
	}
	return bind(found, x, o.Shape.Class)
}

// special returns what the class that c names in __meta__ has under a name, bound to c, or nil: the
// language's own way to iterate over a class such as an Enum, which elsewhere a metaclass gives it.
func (c *Class) special(name string) Value {
	meta, ok := c.Find("__meta__").(*Class)
	if !ok {
		return nil
	}
	found := meta.Find(name)
	if found == nil {
		return nil
	}
	return bind(found, c, meta)
}

// method looks up x.name for a call: the function and x, or a value and nil.
func (p *Process) method(x Value, name string) (fn, self Value, err error) {
	o := object(x)
	if o == nil {
		if m := p.Reg.MethodsOf(x.Type())[name]; m != nil && m.Method {
			return m, x, nil
		}
	} else if f := o.Shape.Class.Find(name); isMethod(f) && o.Get(name) == nil && !o.Shape.Class.interceptsAttrs() {
		return f, x, nil
	}
	if s, ok := x.(*Super); ok {
		if f := s.method(name); f != nil {
			return f, s.Self, nil
		}
	}
	a, err := p.attr(x, name)
	if err == nil && a.fn != nil {
		return nil, nil, NeedScript
	}
	if b, ok := a.value.(*BoundMethod); ok {
		return b.Fn, b.Self, err
	}
	return a.value, nil, err
}

// proto returns the Proto of the i-th code within.
func (pr *Proto) proto(i int) *Proto {
	if pr.protos == nil {
		pr.protos = make([]*Proto, len(pr.Code.Codes))
	}
	if pr.protos[i] == nil {
		pr.protos[i] = &Proto{Code: pr.Code.Codes[i], Module: pr.Module}
	}
	return pr.protos[i]
}

// NewProto returns the Proto of a module's body.
func NewProto(code *compile.Code, m *Module) *Proto { return &Proto{Code: code, Module: m} }

// DidYouMean returns ". Did you mean: 'x'?" for the nearest of the names, or "".
func DidYouMean(name string, names []string) string {
	best, bestCost := "", (len(name)+3)*2/6*2+1 // CPython's MAX_CANDIDATE: a third of both lengths, moves costing 2
	for _, n := range names {
		if n == name || n == "" || n[0] == '_' && !strings.HasPrefix(name, "_") {
			continue
		}
		limit := min(bestCost-1, (len(name)+len(n)+3)*2/6)
		if cost := distance(name, n); cost <= limit {
			best, bestCost = n, cost
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(". Did you mean: '%s'?", best)
}

// distance is the edit distance that CPython uses for suggestions
// (Python/suggestions.c): an edit costs 2, a change of case 1.
func distance(a, b string) int {
	const edit = 2
	if len(a) > 40 || len(b) > 40 {
		return 1 << 20
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j * edit
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] += edit
		for j := range len(b) {
			cost := diagonal + substitution(a[i], b[j])
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+edit, row[j+1]+edit)
		}
	}
	return row[len(b)]
}

func substitution(x, y byte) int {
	switch {
	case x == y:
		return 0
	case x|0x20 == y|0x20 && x|0x20 >= 'a' && x|0x20 <= 'z':
		return 1
	}
	return 2
}
