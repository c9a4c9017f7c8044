package builtins

import (
	"slices"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Functions about types, attributes and variables.

// propertyRows are the methods of property objects, which decorate.
var propertyRows = []row{
	{name: "getter", sig: "(function, /)", fn: propertyWith(func(prop *vm.Property, f vm.Value) { prop.Get = f }), doc: "Return the property with another getter."},
	{name: "setter", sig: "(function, /)", fn: propertyWith(func(prop *vm.Property, f vm.Value) { prop.Set = f }), doc: "Return the property with another setter."},
	{name: "deleter", sig: "(function, /)", fn: propertyWith(func(prop *vm.Property, f vm.Value) { prop.Del = f }), doc: "Return the property with another deleter."},
}

// sliceRows are the methods of slice objects.
var sliceRows = []row{
	{name: "indices", sig: "(length, /)", fn: sliceIndices, slow: "slow_slice_indices", doc: "Return (start, stop, step) as they are for a sequence of that length."},
}

// isTypeObject reports whether v is a class or a constructor such as int.
func isTypeObject(v vm.Value) bool {
	n, ok := v.(*vm.Native)
	return isType[*vm.Class](v) || ok && n.Makes != ""
}

func typeNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(args) == 3 {
		return makeClass(p, args, kwargs)
	}
	if len(args) != 1 || len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "type() takes 1 or 3 arguments")
	}
	if obj := instance(args[0]); obj != nil {
		return obj.Shape.Class, nil
	}
	if isTypeObject(args[0]) {
		return p.Reg.Builtins["type"], nil
	}
	return starlark.String(args[0].Type()), nil
}

// makeClass is type(name, bases, dict). Keyword arguments are for __init_subclass__.
func makeClass(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	name, ok := args[0].(starlark.String)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "type.__new__() argument 1 must be str, not %s", vm.TypeName(args[0]))
	}
	bases, ok := args[1].(starlark.Tuple)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "type.__new__() argument 2 must be tuple, not %s", vm.TypeName(args[1]))
	}
	attrs, ok := args[2].(*starlark.Dict)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "type.__new__() argument 3 must be dict, not %s", vm.TypeName(args[2]))
	}
	c, err := p.MakeClass(string(name), bases, attrs)
	if err != nil {
		return nil, err
	}
	options := starlark.NewDict(len(kwargs))
	for _, kw := range kwargs {
		_ = options.SetKey(kw[0], kw[1]) // a string always hashes
	}
	return p.Tail(p.Reg.Intrinsics["_class_hooks"], []vm.Value{c, options}, nil)
}

// isinstanceFn leaves classes that look at the instance themselves to the prelude.
func isinstanceFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if checks(a[1]) {
		return nil, vm.NeedScript
	}
	ok, err := vm.IsInstance(a[0], a[1])
	return starlark.Bool(ok), err
}

// checks reports whether a class, or one of a tuple of them, has an
// __instancecheck__: those of collections.abc. There are no metaclasses, so it is the class's own.
func checks(types vm.Value) bool {
	switch t := types.(type) {
	case *vm.Class:
		return t.Attrs["__instancecheck__"] != nil
	case starlark.Tuple:
		return slices.ContainsFunc(t, checks)
	case *vm.Union:
		return slices.ContainsFunc(t.Args, checks)
	}
	return false
}

func issubclassFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	c := typeNamed(p, a[0])
	if !isTypeObject(c) {
		return nil, vm.Raise(vm.TypeError, "issubclass() arg 1 must be a class")
	}
	ok, err := isSubclass(p, c, a[1])
	return starlark.Bool(ok), err
}

// typeNamed returns the builtin type that type() calls v, or v.
func typeNamed(p *vm.Process, v vm.Value) vm.Value {
	if s, ok := v.(starlark.String); ok {
		if t := p.TypeNamed(string(s)); t != nil {
			return t
		}
	}
	return v
}

func isSubclass(p *vm.Process, c, of vm.Value) (bool, error) {
	if u, ok := of.(*vm.Union); ok {
		of = u.Args
	}
	if classes, ok := of.(starlark.Tuple); ok {
		for _, one := range classes {
			if ok, err := isSubclass(p, c, one); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}
	if of = typeNamed(p, of); of == vm.Value(starlark.String("NoneType")) {
		return false, nil
	}
	if !isTypeObject(of) {
		return false, vm.Raise(vm.TypeError, "issubclass() arg 2 must be a class, a tuple of classes, or a union")
	}
	if of == vm.Value(vm.Object) || c == of {
		return true, nil
	}
	switch c := c.(type) {
	case *vm.Class:
		if base, ok := of.(*vm.Native); ok {
			return c.StandsFor() == base.Makes, nil
		}
		return c.IsSubclass(of.(*vm.Class)), nil
	case *vm.Native:
		base, ok := of.(*vm.Native)
		return ok && (c.Makes == base.Makes || c.Makes == "bool" && base.Makes == "int"), nil
	}
	return false, nil
}

func callableFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.Bool(vm.Callable(a[0])), nil
}

func attrName(fn string, v vm.Value) (string, error) {
	s, ok := v.(starlark.String)
	if !ok {
		return "", vm.Raise(vm.TypeError, "attribute name must be string, not '%s'", vm.TypeName(v))
	}
	return string(s), nil
}

// getattrNative lets a property or __getattr__ be called in the place of its own
// call. With a default, script code has to catch what they raise.
func getattrNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "getattr() takes no keyword arguments")
	}
	if len(args) < 2 || len(args) > 3 {
		return nil, (&signature{arity: &arity{name: "getattr", required: 2, positional: 3}}).countError(len(args))
	}
	name, err := attrName("getattr", args[1])
	if err != nil {
		return nil, err
	}
	v, err := p.GetAttr(args[0], name)
	switch {
	case err == vm.NeedScript && len(args) == 2:
		return p.TailAttr(args[0], name)
	case err == vm.NeedScript, err == nil:
		return v, err
	case len(args) == 3 && isAttributeError(err):
		return args[2], nil
	}
	return nil, err
}

func isAttributeError(err error) bool {
	return vm.AsException(err, vm.AttributeError).Shape.Class.IsSubclass(vm.AttributeError)
}

func hasattrFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := attrName("hasattr", a[1])
	if err != nil {
		return nil, err
	}
	switch _, err := p.GetAttr(a[0], name); {
	case err == nil:
		return starlark.True, nil
	case err == vm.NeedScript || !isAttributeError(err):
		return nil, err
	}
	return starlark.False, nil
}

func setattrFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := attrName("setattr", a[1])
	if err != nil {
		return nil, err
	}
	return starlark.None, p.SetAttr(a[0], name, a[2])
}

func delattrFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := attrName("delattr", a[1])
	if err != nil {
		return nil, err
	}
	return starlark.None, p.DelAttr(a[0], name)
}

// caller returns the frame that calls the builtin.
func caller(p *vm.Process) *vm.Frame { return &p.Frames[len(p.Frames)-1] }

func dirNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 || len(args) > 1 {
		return nil, vm.Raise(vm.TypeError, "dir expected at most 1 argument, got %d", len(args)+len(kwargs))
	}
	if len(args) == 0 {
		names, err := localsFn(p, nil)
		if err != nil {
			return nil, err
		}
		return sortedFn(p, []vm.Value{names})
	}
	if p.Special(args[0], "__dir__") != nil {
		return nil, vm.NeedScript
	}
	names := p.Dir(args[0])
	list := make([]vm.Value, len(names))
	for i, name := range names {
		list[i] = starlark.String(name)
	}
	return starlark.NewList(list), nil
}

func varsNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	switch {
	case len(kwargs) > 0 || len(args) > 1:
		return nil, vm.Raise(vm.TypeError, "vars expected at most 1 argument, got %d", len(args)+len(kwargs))
	case len(args) == 0:
		return localsFn(p, nil)
	}
	switch args[0].(type) {
	case *vm.Instance, *vm.Exception, *vm.Class, *vm.Module, *vm.Function:
		return p.GetAttr(args[0], "__dict__")
	}
	return nil, vm.Raise(vm.TypeError, "vars() argument must have __dict__ attribute")
}

func globalsFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return caller(p).Fn.Proto.Module.Dict(), nil
}

func localsFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	fr := caller(p)
	code := fr.Fn.Proto.Code
	if code.Kind == compile.ModuleBody {
		if d := topLocals(p, fr); d != nil {
			return d, nil
		}
		return globalsFn(p, nil)
	}
	d := new(starlark.Dict)
	set := func(name string, v vm.Value) {
		if cell, ok := v.(*vm.Cell); ok {
			v = cell.V
		}
		if v != nil && name != "" {
			_ = d.SetKey(starlark.String(name), v) // a string always hashes
		}
	}
	for i, name := range code.Locals {
		set(name, p.Stack[fr.Base+i])
	}
	for i, capture := range code.Free {
		set(capture.Name, fr.Fn.Free[i])
	}
	return d, nil
}

func superNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(args) == 0 && len(kwargs) == 0 {
		return nil, vm.Raise(vm.RuntimeError, "super(): no arguments")
	}
	if len(args) != 2 || len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "super expected 2 arguments, got %d", len(args))
	}
	class, ok := args[0].(*vm.Class)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "super() argument 1 must be a type, not %s", vm.TypeName(args[0]))
	}
	of, ok := args[1].(*vm.Class)
	if obj := instance(args[1]); obj != nil {
		of, ok = obj.Shape.Class, true
	}
	if !ok || !of.IsSubclass(class) {
		return nil, vm.Raise(vm.TypeError, "super(type, obj): obj must be an instance or subtype of type")
	}
	return &vm.Super{Class: class, Self: args[1]}, nil
}

func propertyFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	given := func(i int) vm.Value {
		if v := arg(a, i); v != starlark.None {
			return v
		}
		return nil
	}
	prop := &vm.Property{Get: given(0), Set: given(1), Del: given(2), Doc: given(3)}
	if prop.Doc == nil && prop.Get != nil {
		prop.Doc, _ = p.GetAttr(prop.Get, "__doc__")
	}
	return prop, nil
}

func propertyWith(set func(*vm.Property, vm.Value)) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		changed := *a[0].(*vm.Property)
		set(&changed, a[1])
		return &changed, nil
	}
}

func staticmethodFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return &vm.StaticMethod{Fn: a[0]}, nil
}

func classmethodFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return &vm.ClassMethod{Fn: a[0]}, nil
}

func sliceNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	s := &vm.Slice{Lo: starlark.None, Hi: starlark.None, Step: starlark.None}
	switch len(args) {
	case 1:
		s.Hi = args[0]
	case 3:
		s.Step = args[2]
		fallthrough
	case 2:
		s.Lo, s.Hi = args[0], args[1]
	default:
		return nil, (&signature{arity: &arity{name: "slice", required: 1, positional: 3}}).countError(len(args))
	}
	return s, nil
}

// sliceIndices follows PySlice_AdjustIndices, by way of slicing a range.
func sliceIndices(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s := a[0].(*vm.Slice)
	length, err := asSmall(a[1])
	if err != nil {
		return nil, err
	}
	if length < 0 {
		return nil, vm.Raise(vm.ValueError, "length should not be negative")
	}
	step := 1
	if s.Step != starlark.None {
		if step, err = sliceIndex(s.Step); err != nil {
			return nil, err
		}
	}
	if step == 0 {
		return nil, vm.Raise(vm.ValueError, "slice step cannot be zero")
	}
	first, last, lo, hi := 0, length, 0, length
	if step < 0 {
		first, last, lo, hi = -1, length-1, length-1, -1
	}
	if lo, err = clamp(s.Lo, lo, length, first, last); err != nil {
		return nil, err
	}
	if hi, err = clamp(s.Hi, hi, length, first, last); err != nil {
		return nil, err
	}
	return starlark.Tuple{starlark.MakeInt(lo), starlark.MakeInt(hi), starlark.MakeInt(step)}, nil
}

// clamp returns a bound of a slice, def if it is None, as an index in [first, last].
func clamp(v vm.Value, def, length, first, last int) (int, error) {
	if v == starlark.None {
		return def, nil
	}
	i, err := sliceIndex(v)
	if i < 0 {
		i += length
	}
	return min(max(i, first), last), err
}
