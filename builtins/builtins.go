// Package builtins is what a script can see: the builtin functions and types,
// the methods of Go values, and the builtin modules. Each is a table of rows;
// Registry puts them together for the VM. A new function is one line in its table.
//
// Values and builtins are go.starlark.net's: what it accepts means the same
// here and prints the same. What it rejects takes Python's meaning (CPython
// 3.11 is the reference, for messages and exception classes too). Where the two
// cannot be had at once, Starlark has it: a string is a sequence of bytes
// to len and to indices, enumerate and zip of containers are lists (of iterators they are lazy),
// dict.popitem takes the first item, str(1e6) is "1e+06".
//
// A builtin never calls back into the script: the VM could not fork there.
// Where it meets something that the script has to do (a generator, an
// instance with __eq__, a key function) it returns vm.NeedScript before it has
// changed anything, and the VM calls the function that the row names
// as slow, in prelude.star, with the same arguments. The iterators that are used up by iterating
// (files, generators, what iter() returns) are always left to the prelude by builtins
// that may have to stop in the middle.
//
// The package talks to the operating system only through kernel.Kernel, where
// that has what it needs; it never imports a concrete kernel. The VM (package
// vm) has the operators, attribute lookup and iteration, which this package calls.
package builtins

import (
	_ "embed"
	"maps"
	"sync"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

//go:embed prelude.star
var preludeSource string

// Registry returns all builtins, for a VM.
func Registry() *vm.Registry {
	r := &vm.Registry{
		Builtins:   universe(),
		Modules:    moduleTable(),
		Sources:    sourceTable(),
		Methods:    valueMethods(),
		Kinds:      libraryKinds(),
		Prelude:    preludeSource,
		Intrinsics: map[string]*vm.Native{},
		Percent:    percent,
		Format:     formatField,
	}
	maps.Copy(r.Methods, libraryMethods())
	for _, n := range functions("", intrinsicRows) {
		r.Intrinsics[n.Name] = n
	}
	r.Complete()
	return r
}

// sourceTable holds the builtin modules that are written in the script language.
func sourceTable() map[string]func() string {
	table := map[string]func() string{
		"multiprocessing":               multiprocessingSource("process", "context"),
		"multiprocessing.connection":    multiprocessingSource("connection"),
		"multiprocessing.managers":      multiprocessingSource("managers"),
		"multiprocessing.pool":          multiprocessingSource("pool"),
		"multiprocessing.process":       func() string { return multiprocessingProcessSource },
		"multiprocessing.queues":        multiprocessingSource("queues"),
		"multiprocessing.shared_memory": multiprocessingSource("shared_memory"),
		"multiprocessing.sharedctypes":  multiprocessingSource("sharedctypes"),
		"multiprocessing.synchronize":   multiprocessingSource("synchronize", "conditions"),
	}
	for _, name := range libraryNames() {
		table[name] = func() string { return librarySource(name) }
	}
	for name, source := range table {
		table[name] = sync.OnceValue(source) // which is asked for at the first call of each function
	}
	return table
}

// moduleTable holds the builtin modules.
func moduleTable() map[string]func() *vm.Module {
	return map[string]func() *vm.Module{
		"_binary":          _binaryModule,
		"_inspect":         _inspectModule,
		"_library":         _libraryModule,
		"_multiprocessing": _multiprocessingModule,
		"_pickle":          _pickleModule,
		"_re":              _reModule,
		"_socket":          _socketModule,
		"_weakref":         _weakrefModule,
		"_zlib":            _zlibModule,
		"atexit":           atexitModule,
		"errno":            errnoModule,
		"json":             jsonModule,
		"json.decoder":     jsonDecoderModule,
		"json.encoder":     jsonEncoderModule,
		"math":             mathModule,
		"os":               osModule,
		"os.path":          pathModule,
		"random":           randomModule,
		"signal":           signalModule,
		"sys":              sysModule,
		"time":             timeModule,
	}
}

// valueMethods holds the methods of the values that package vm and
// go.starlark.net have, by Type(). A short script needs few of them.
func valueMethods() map[string]func() map[string]*vm.Native {
	return map[string]func() map[string]*vm.Native{
		"string":    sync.OnceValue(stringMethods),
		"bytes":     sync.OnceValue(bytesMethods),
		"bytearray": sync.OnceValue(bytearrayMethods),
		"int":       lazily("int", isType[starlark.Int], intRows),
		"float":     lazily("float", isType[starlark.Float], floatRows),
		"list":      lazily("list", isType[*starlark.List], listRows),
		"tuple":     lazily("tuple", isType[starlark.Tuple], tupleRows),
		"dict":      lazily("dict", isType[*starlark.Dict], dictRows),
		"set":       lazily("set", isType[*starlark.Set], setRows),
		"frozenset": sync.OnceValue(frozensetMethods),
		"property":  lazily("property", isType[*vm.Property], propertyRows),
		"slice":     lazily("slice", isType[*vm.Slice], sliceRows),
	}
}

// lazily makes the methods of a type at first use.
func lazily(typ string, is func(vm.Value) bool, rows []row) func() map[string]*vm.Native {
	return sync.OnceValue(func() map[string]*vm.Native { return methods(typ, is, rows) })
}
