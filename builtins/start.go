package builtins

import (
	"errors"
	"path/filepath"
	"strings"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// This file is what package host needs of the builtins to begin and end a
// process.

// Start gives a process that a user started what is its own in the builtin
// modules. A forked one finds it in its image.
func Start(p *vm.Process, argv []string, executable string) {
	StartSys(p, p.Import("sys"), argv, executable)
}

// ModulePaths returns the files in which a script's module of that name may
// be: in the directories of sys.path, as a module or as a package.
func ModulePaths(p *vm.Process, name string) []string {
	path, ok := p.Import("sys").Get("path").(*starlark.List)
	if !ok {
		return nil
	}
	var files []string
	name = strings.ReplaceAll(name, ".", "/")
	for i := range path.Len() {
		dir, _ := starlark.AsString(path.Index(i))
		for _, f := range []string{name + ".star", name + ".py", name + "/__init__.star", name + "/__init__.py"} {
			files = append(files, filepath.Join(dir, f))
		}
	}
	return files
}

// PrintException writes the traceback of an exception that nobody handled.
func PrintException(p *vm.Process, e *vm.Exception) { WriteStderr(p, p.Traceback(e)) }

// WriteStderr writes to standard error, as far as that can be written to. The
// script is at its end: signals that come now have no handler any more.
func WriteStderr(p *vm.Process, s string) {
	for b := []byte(s); len(b) > 0; {
		n, err := p.Kernel.Write(2, b)
		switch {
		case errors.Is(err, kernel.ErrInterrupted):
			p.Kernel.TakeSignals() // or Write would be interrupted for ever
		case err != nil:
			return
		}
		b = b[n:]
	}
}

// StdoutBroken reports whether e is the BrokenPipeError of a write to standard
// output whose reader has gone, which ends a script quietly.
func StdoutBroken(e *vm.Exception) bool {
	return e.Shape.Class.IsSubclass(vm.BrokenPipeError) && e.Get("filename") == vm.Value(starlark.String("<stdout>"))
}
