package builtins

import (
	"embed"
	"slices"
	"strings"
	"unsafe"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The everyday library is written in the script language, a file of library for each module. So its
// state is that of any script, which travels, and what it calls back forks as it would anywhere.

//go:embed library/*.star
var libraryFiles embed.FS

func libraryNames() []string {
	files, err := libraryFiles.ReadDir("library")
	if err != nil {
		panic(err) // it is part of the program
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".star")
	}
	return names
}

func librarySource(module string) string {
	text, err := libraryFiles.ReadFile("library/" + module + ".star")
	if err != nil {
		panic(err)
	}
	return unsafe.String(unsafe.SliceData(text), len(text)) // nobody else has these bytes
}

const _libraryDoc = "What modules in the script language need of Go, beyond what scripts see."

var _libraryRows = []row{
	{name: "caller", sig: "(level)", fn: libraryCallerPlace, doc: "Return the (file, line number, function) of the script's call of the library, or one level - 1 further out."},
	{name: "caller_module", sig: "()", fn: libraryCaller, doc: "Return the name of the module that called into the library."},
	{name: "entries", sig: "(traceback)", fn: libraryEntries, doc: "Return the (file, line number, function, line) of the calls that an exception passed through."},
	{name: "imported", sig: "(name)", fn: libraryImported, doc: "Return a module if it has been imported, or None."},
	{name: "set_class", sig: "(cls, name, value=None)", fn: librarySetClass, doc: "Set an attribute of a class, or delete it if there is no value, whatever the class's __meta__ says."},
	{name: "stack", sig: "()", fn: libraryStack, doc: "Return the (file, line number, function, line) of the script's calls that are under way, the innermost last."},
	{name: "traceback", sig: "(exception, chain)", fn: libraryTraceback, doc: "Return an exception as it is printed, with those it came from if chain is true."},
	{name: "class_of", sig: "(x)", fn: libraryClassOf, doc: "Return the class of an instance or exception, None of other values."},
	{name: "index", sig: "(a, /)", fn: libraryIndex, slow: "_index", doc: "Return a as an int, if it is one or has an __index__."},
	{name: "plain", sig: "(x)", fn: libraryPlain, doc: "Return the value that an instance of a class which inherits from a builtin type holds; any other value as it is."},
	{name: "strptime", sig: "(string, format, /)", fn: libraryStrptime, doc: "Return time.strptime(string, format), the microseconds, the offset from UTC and the name of the zone, None if there is none."},
	{name: "union", sig: "(types)", fn: libraryUnion, doc: "Return typing.Union of a tuple of types, or None if one of them is no type."},
	{name: "type_name", sig: "(x)", fn: libraryTypeName, doc: "Return the name of the type of x as CPython has it."},
}

func _libraryModule() *vm.Module {
	return newModule("_library", _libraryDoc, functions("_library", _libraryRows), nil)
}

func libraryPlain(p *vm.Process, a []vm.Value) (vm.Value, error) { return vm.Plain(a[0]), nil }

func libraryTypeName(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.String(vm.TypeName(a[0])), nil
}

func libraryUnion(p *vm.Process, a []vm.Value) (vm.Value, error) {
	types, ok := a[0].(starlark.Tuple)
	if !ok || len(types) == 0 {
		return starlark.None, nil
	}
	if u := vm.UnionOf(types, true); u != nil {
		return u, nil
	}
	return starlark.None, nil
}

func librarySetClass(p *vm.Process, a []vm.Value) (vm.Value, error) {
	class, name := a[0].(*vm.Class), string(a[1].(starlark.String))
	v := arg(a, 2)
	if v == nil {
		return none(p.DelClassAttr(class, name))
	}
	p.SetClassAttr(class, name, v)
	return starlark.None, nil
}

func libraryClassOf(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if obj := instance(a[0]); obj != nil {
		return obj.Shape.Class, nil
	}
	return starlark.None, nil
}

func libraryIndex(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if instance(a[0]) != nil {
		return nil, vm.NeedScript
	}
	return asInteger(a[0])
}

func libraryStrptime(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for i, v := range a {
		if !isType[starlark.String](v) {
			return nil, vm.Raise(vm.TypeError, "strptime() argument %d must be str, not %s", i+1, vm.TypeName(v))
		}
	}
	b, err := parseTime(string(a[0].(starlark.String)), string(a[1].(starlark.String)))
	if err != nil {
		return nil, err
	}
	var offset, zone vm.Value = starlark.None, starlark.None
	if b.hasOffset {
		offset = starlark.MakeInt(b.offset)
		if b.zone != "" {
			zone = starlark.String(b.zone)
		}
	}
	return starlark.Tuple{b.value(), starlark.MakeInt(b.micro), offset, zone}, nil
}

func libraryCaller(p *vm.Process, a []vm.Value) (vm.Value, error) {
	for i := len(p.Frames) - 1; i >= 0; i-- {
		if m := p.Frames[i].Fn.Proto.Module; !m.FromHost() {
			return starlark.String(m.Name), nil
		}
	}
	return starlark.String("__main__"), nil
}

func libraryCallerPlace(p *vm.Process, a []vm.Value) (vm.Value, error) {
	level, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	for i := len(p.Frames) - 1; i >= 0; i-- {
		fr := p.Frames[i]
		if fr.Fn.Proto.Module.FromHost() {
			continue
		}
		if level--; level <= 0 {
			code := fr.Fn.Proto.Code
			return starlark.Tuple{starlark.String(code.Source.Name), starlark.MakeInt(vm.Line(code, fr.PC-1)), starlark.String(code.Name)}, nil
		}
	}
	return starlark.Tuple{starlark.String("(unknown file)"), starlark.MakeInt(0), starlark.String("(unknown function)")}, nil
}

func libraryImported(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if m := p.Modules[string(a[0].(starlark.String))]; m != nil {
		return m, nil
	}
	return starlark.None, nil
}

// libraryTraceback leaves out the exceptions that this one came from by printing a copy that came from none.
func libraryTraceback(p *vm.Process, a []vm.Value) (vm.Value, error) {
	e, ok := a[0].(*vm.Exception)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "expected an exception, not %s", vm.TypeName(a[0]))
	}
	if !bool(a[1].Truth()) {
		alone := *e
		alone.Cause, alone.Context = nil, nil
		e = &alone
	}
	return starlark.String(p.Traceback(e)), nil
}

func libraryEntries(p *vm.Process, a []vm.Value) (vm.Value, error) {
	tb, ok := a[0].(*vm.Traceback)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "expected a traceback object, not %s", vm.TypeName(a[0]))
	}
	var entries []vm.Value
	for _, t := range slices.Backward(tb.Of.Trace) {
		entries = append(entries, placeOf(t.Code, t.PC))
	}
	return starlark.NewList(entries), nil
}

func libraryStack(p *vm.Process, a []vm.Value) (vm.Value, error) {
	var entries []vm.Value
	for i, fr := range p.Frames {
		if m := fr.Fn.Proto.Module; !m.FromHost() {
			pc := fr.PC
			if i < len(p.Frames)-1 {
				pc-- // it has gone past the call
			}
			entries = append(entries, placeOf(fr.Fn.Proto.Code, pc))
		}
	}
	return starlark.NewList(entries), nil
}

// placeOf returns (file, line number, function, line).
func placeOf(code *compile.Code, pc int) vm.Value {
	line := vm.Line(code, pc)
	return starlark.Tuple{
		starlark.String(code.Source.Name), starlark.MakeInt(line), starlark.String(code.Name),
		starlark.String(strings.TrimSpace(code.Source.Line(int32(line)))),
	}
}
