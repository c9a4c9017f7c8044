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

// ScriptModules returns the names of the modules that are files in the directories of sys.path.
func ScriptModules(p *vm.Process) []string {
	path, ok := p.Import("sys").Get("path").(*starlark.List)
	if !ok {
		return nil
	}
	var names []string
	for i := range path.Len() {
		dir, _ := starlark.AsString(path.Index(i))
		for _, ending := range []string{".star", ".py", "/__init__.star", "/__init__.py"} {
			files, _ := filepath.Glob(filepath.Join(dir, "*"+ending)) // the pattern is well-formed, or there is no such directory
			for _, f := range files {
				names = append(names, filepath.Base(strings.TrimSuffix(f, ending)))
			}
		}
	}
	return names
}

// LeavePrompt has the end of the process tell, for somebody watches, which children it waits for.
func LeavePrompt(p *vm.Process) {
	if m := p.Modules["multiprocessing"]; m != nil {
		m.Set("_watched_end", starlark.True)
	}
}

// ChildNames returns the names that module multiprocessing has for children of
// this process that it has not seen end.
func ChildNames(p *vm.Process) map[kernel.Pid]string {
	names := map[kernel.Pid]string{}
	m := p.Modules["multiprocessing"]
	if m == nil {
		return names
	}
	v, _ := p.Call(m.Get("_child_names"), nil, nil)
	if d, ok := v.(*starlark.Dict); ok {
		for _, item := range d.Items() {
			pid, _ := starlark.AsInt32(item[0])
			names[kernel.Pid(pid)] = vm.Str(item[1])
		}
	}
	return names
}

// PrintException writes the traceback of an exception that nobody handled, or
// calls what the script has set in the place of sys.excepthook.
func PrintException(p *vm.Process, e *vm.Exception) {
	hook := exceptHook(p)
	if hook == nil {
		WriteStderr(p, p.Traceback(e))
		return
	}
	_, err := p.Call(hook, []vm.Value{e.Shape.Class, e, e.Traceback()}, nil)
	if err != nil {
		failed := vm.AsException(err, vm.SystemError)
		WriteStderr(p, "Error in sys.excepthook:\n"+p.Traceback(failed)+"\nOriginal exception was:\n"+p.Traceback(e))
	}
}

// exceptHook returns the script's sys.excepthook, or nil.
func exceptHook(p *vm.Process) vm.Value {
	sys := p.Modules["sys"]
	if sys == nil {
		return nil
	}
	if hook := sys.Get("excepthook"); hook != vm.Value(defaultExceptHook) {
		return hook
	}
	return nil
}

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
