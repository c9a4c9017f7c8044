package builtins

import (
	"embed"
	"strings"

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
	return string(text)
}

const _libraryDoc = "What modules in the script language need of Go, beyond what scripts see."

var _libraryRows = []row{
	{name: "caller_module", sig: "()", fn: libraryCaller, doc: "Return the name of the module that called into the library."},
	{name: "class_of", sig: "(x)", fn: libraryClassOf, doc: "Return the class of an instance or exception, None of other values."},
	{name: "index", sig: "(a, /)", fn: libraryIndex, slow: "_index", doc: "Return a as an int, if it is one or has an __index__."},
	{name: "plain", sig: "(x)", fn: libraryPlain, doc: "Return the value that an instance of a class which inherits from a builtin type holds; any other value as it is."},
	{name: "strptime", sig: "(string, format, /)", fn: libraryStrptime, doc: "Return time.strptime(string, format), the microseconds, the offset from UTC and the name of the zone, None if there is none."},
	{name: "type_name", sig: "(x)", fn: libraryTypeName, doc: "Return the name of the type of x as CPython has it."},
}

func _libraryModule() *vm.Module {
	return newModule("_library", _libraryDoc, functions("_library", _libraryRows), nil)
}

func libraryPlain(p *vm.Process, a []vm.Value) (vm.Value, error) { return vm.Plain(a[0]), nil }

func libraryTypeName(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.String(vm.TypeName(a[0])), nil
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
