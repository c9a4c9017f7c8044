package builtins

import (
	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What module inspect has in Go: what functions and classes are made of.

const _inspectDoc = "What module inspect has in Go."

var _inspectRows = []row{
	{name: "parameters", sig: "(function)", fn: inspectParameters, doc: "Return a list of (name, kind, default) for each parameter, where default is () or a tuple of it."},
	{name: "source", sig: "(x)", fn: inspectSource, doc: "Return the file, the text and a line of the body of a function, or of a method of a class; None if there is none."},
	{name: "is_generator_function", sig: "(x)", fn: inspectIsGenerator, doc: "Tell whether calling x makes a generator."},
}

func _inspectModule() *vm.Module {
	return newModule("_inspect", _inspectDoc, functions("_inspect", _inspectRows), nil)
}

// The kinds of parameters, by CPython's numbers.
const (
	positionalOnly = iota
	positionalOrKeyword
	varPositional
	keywordOnly
	varKeyword
)

func inspectParameters(p *vm.Process, a []vm.Value) (vm.Value, error) {
	f, ok := a[0].(*vm.Function)
	if !ok {
		return starlark.None, nil
	}
	code := f.Proto.Code
	var params []vm.Value
	add := func(name string, kind int, def vm.Value) {
		defaults := starlark.Tuple{}
		if def != nil {
			defaults = starlark.Tuple{def}
		}
		params = append(params, starlark.Tuple{starlark.String(name), starlark.MakeInt(kind), defaults})
	}
	for i, name := range code.Locals[:code.NumPos] {
		kind := positionalOrKeyword
		if i < code.NumPosOnly {
			kind = positionalOnly
		}
		var def vm.Value
		if d := i - (code.NumPos - len(f.Defaults)); d >= 0 {
			def = f.Defaults[d]
		}
		add(name, kind, def)
	}
	rest := code.Locals[code.NumPos:code.NumParams()]
	named, rest := rest[:code.NumKwOnly], rest[code.NumKwOnly:]
	if code.HasVarargs {
		add(rest[0], varPositional, nil)
		rest = rest[1:]
	}
	for i, name := range named {
		add(name, keywordOnly, f.KwDefaults[i])
	}
	if code.HasKwargs {
		add(rest[0], varKeyword, nil)
	}
	return starlark.NewList(params), nil
}

func inspectSource(p *vm.Process, a []vm.Value) (vm.Value, error) {
	f, ok := a[0].(*vm.Function)
	if class, isClass := a[0].(*vm.Class); isClass {
		f, ok = methodOf(class)
	}
	if !ok || f.Proto.Module.FromHost() {
		return starlark.None, nil
	}
	code := f.Proto.Code
	return starlark.Tuple{starlark.String(code.Source.Name), starlark.String(code.Source.Text), starlark.MakeInt(vm.Line(code, 0))}, nil
}

// methodOf returns a function that stands in the text of a class.
func methodOf(c *vm.Class) (*vm.Function, bool) {
	for _, key := range c.Keys {
		f, ok := c.Attrs[key].(*vm.Function)
		if ok && f.Proto.Module.Name == c.Module && f.Proto.Code.QualName == c.QualName+"."+key {
			return f, true
		}
	}
	return nil, false
}

func inspectIsGenerator(p *vm.Process, a []vm.Value) (vm.Value, error) {
	f, ok := a[0].(*vm.Function)
	return starlark.Bool(ok && f.Proto.Code.Kind == compile.Generator), nil
}
