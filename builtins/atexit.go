package builtins

import (
	"errors"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// exitKey is where the functions are that run when the process ends: a list of
// (function, args, kwargs).
const exitKey = "atexit.handlers"

const atexitDoc = "Functions to be called when a process ends, unless by os._exit or a signal."

var atexitRows = []row{
	{name: "register", sig: "(function, *args, **kwargs)", raw: atexitRegister, doc: "Have function(*args, **kwargs) called at the end, those registered last first. Returns the function."},
	{name: "unregister", sig: "(function)", fn: atexitUnregister, doc: "Take back all registrations of a function."},
}

func atexitModule() *vm.Module {
	return newModule("atexit", atexitDoc, functions("atexit", atexitRows), nil)
}

func exitHandlers(p *vm.Process) *starlark.List {
	list, ok := p.State[exitKey].(*starlark.List)
	if !ok {
		list = starlark.NewList(nil)
		p.State[exitKey] = list
	}
	return list
}

func atexitRegister(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(args) == 0 {
		return nil, vm.Raise(vm.TypeError, "register() takes at least 1 argument (0 given)")
	}
	if !vm.Callable(args[0]) {
		return nil, vm.Raise(vm.TypeError, "the first argument must be callable")
	}
	named := starlark.NewDict(len(kwargs))
	if err := setItems(named, kwargs); err != nil {
		return nil, err
	}
	handler := starlark.Tuple{args[0], append(starlark.Tuple(nil), args[1:]...), named}
	return args[0], exitHandlers(p).Append(handler)
}

func atexitUnregister(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := exitHandlers(p)
	var kept []vm.Value
	for _, h := range vm.Elems(list) {
		if eq, err := p.Equal(h.(starlark.Tuple)[0], a[0]); err != nil || !eq {
			kept = append(kept, h)
		}
	}
	return starlark.None, vm.SetElems(list, kept)
}

// RunExitHandlers calls what was registered. It is for a process about to end. The error is the
// *vm.Halt of a run that is ended from outside; others are printed.
func RunExitHandlers(p *vm.Process) error {
	list, ok := p.State[exitKey].(*starlark.List)
	if !ok || list.Len() == 0 {
		return nil
	}
	err := p.CallPrelude("_run_exit_handlers", list)
	if halt := (*vm.Halt)(nil); errors.As(err, &halt) {
		return err
	}
	if err != nil {
		PrintException(p, vm.AsException(err, vm.SystemError))
	}
	return nil
}
