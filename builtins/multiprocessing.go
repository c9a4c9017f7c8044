package builtins

import (
	"bytes"
	"embed"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"mpstar/host/image"
	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Module multiprocessing is written in the script language, after CPython's
// Lib/multiprocessing. This file has what it cannot do there.

//go:embed multiprocessing
var multiprocessingFiles embed.FS

// multiprocessingSource puts files together that are one module, in the order in which they need each other.
func multiprocessingSource(files ...string) func() string {
	return func() string {
		var source strings.Builder
		for _, name := range files {
			source.WriteString(multiprocessingFile(name) + "\n")
		}
		return source.String()
	}
}

// multiprocessingProcessSource is the part of the package that CPython has in a module of its own.
const multiprocessingProcessSource = "from multiprocessing import BaseProcess, current_process, active_children, parent_process\n"

func multiprocessingFile(name string) string {
	text, err := multiprocessingFiles.ReadFile("multiprocessing/" + name + ".star")
	if err != nil {
		panic(err) // it is part of the program
	}
	return string(text)
}

const _multiprocessingDoc = "What module multiprocessing has in Go."

var _multiprocessingRows = []row{
	{name: "spawn", sig: "(function, argument)", fn: mpSpawn, doc: "Start a process that does function(argument) and ends. Returns its pid."},
	{name: "spawn_many", sig: "(function, argument, n, pids)", fn: mpSpawnMany, doc: "Start n processes that do function(argument) and end, with one image, and add their pids to a list. Returns the exception that says why it could not start all, or None: a signal may have come."},
	{name: "compile", sig: "(*functions)", raw: mpCompile, doc: "Compile functions that every child calls, so that not each of them has to."},
	{name: "set_name", sig: "(name)", fn: mpSetName, doc: "Give this process a name for others to see."},
	{name: "wait", sig: "(pid, timeout)", fn: mpWait, doc: "Wait for a child to end, for timeout seconds at most if that is not None. Returns its exit code, negative for a signal, or None."},
}

func mpCompile(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	for _, f := range args {
		if err := p.Complete(f.(*vm.Function)); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

func mpSetName(p *vm.Process, a []vm.Value) (vm.Value, error) {
	p.Kernel.SetName(vm.Str(a[0]))
	return starlark.None, nil
}

func _multiprocessingModule() *vm.Module {
	rows := slices.Concat(_multiprocessingRows, sharedRows, conditionRows, queueRows, poolRows, connectionRows, segmentRows)
	return newModule("_multiprocessing", _multiprocessingDoc, functions("_multiprocessing", rows), nil)
}

// mpSpawn is os.fork for a child that needs nothing of what its parent was doing.
func mpSpawn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return fork(p, func(w io.Writer) error { return encodeCall(w, p, a) })
}

// mpSpawnMany is mpSpawn for several children that are to do the same. What it
// could not do it returns, and does not raise, for there are children all the same.
func mpSpawnMany(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := asInt(a[2])
	if err != nil {
		return nil, err
	}
	var image bytes.Buffer
	if err := encodeCall(&image, p, a); err != nil {
		return nil, cannotSend(err)
	}
	pids, err := p.Kernel.ForkMany(n, func(w io.Writer) error {
		_, err := w.Write(image.Bytes())
		return err
	})
	for _, pid := range pids {
		if err := a[3].(*starlark.List).Append(starlark.MakeInt(int(pid))); err != nil {
			return nil, err
		}
	}
	switch {
	case errors.Is(err, kernel.ErrInterrupted) && len(pids) == 0:
		return nil, err
	case err != nil && !errors.Is(err, kernel.ErrInterrupted):
		return vm.AsException(osError(err, ""), vm.OSError), nil
	}
	return starlark.None, nil
}

func encodeCall(w io.Writer, p *vm.Process, call []vm.Value) error {
	fn, ok := call[0].(*vm.Function)
	if !ok {
		return vm.Raise(vm.TypeError, "spawn() needs a function")
	}
	return image.EncodeCall(w, p, fn, call[1:2], exitKey, ownKey)
}

// What is left of the timeout is kept in its argument, for the call is made again after a signal.
func mpWait(p *vm.Process, a []vm.Value) (vm.Value, error) {
	pid, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	deadline := time.Duration(math.MaxInt64)
	if a[1] != starlark.None {
		d, err := sleepLength(a[1])
		if err != nil {
			return nil, err
		}
		deadline = p.Kernel.Monotonic() + d
	}
	got, status, err := p.Kernel.WaitUntil(kernel.Pid(pid), deadline)
	switch {
	case errors.Is(err, kernel.ErrInterrupted):
		if a[1] != starlark.None {
			a[1] = starlark.Float(max(deadline-p.Kernel.Monotonic(), 0).Seconds())
		}
		return nil, err
	case err != nil:
		return nil, osError(err, "")
	case got == 0:
		return starlark.None, nil
	}
	if sig, ok := status.Signaled(); ok {
		return starlark.MakeInt(-int(sig)), nil
	}
	code, _ := status.Exited()
	return starlark.MakeInt(code), nil
}
