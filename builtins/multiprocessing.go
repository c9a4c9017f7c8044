package builtins

import (
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

// multiprocessingSource puts the files together, in the order in which they need each other.
func multiprocessingSource() string {
	var source strings.Builder
	for _, name := range []string{"process", "synchronize", "sharedctypes", "queues", "pool", "context"} {
		source.WriteString(multiprocessingFile(name) + "\n")
	}
	return source.String()
}

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
	{name: "wait", sig: "(pid, timeout)", fn: mpWait, doc: "Wait for a child to end, for timeout seconds at most if that is not None. Returns its exit code, negative for a signal, or None."},
}

func _multiprocessingModule() *vm.Module {
	rows := slices.Concat(_multiprocessingRows, sharedRows, queueRows, connectionRows)
	return newModule("_multiprocessing", _multiprocessingDoc, functions("_multiprocessing", rows), nil)
}

// mpSpawn is os.fork for a child that needs nothing of what its parent was doing.
func mpSpawn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	fn, ok := a[0].(*vm.Function)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "spawn() needs a function")
	}
	return fork(p, func(w io.Writer) error { return image.EncodeCall(w, p, fn, a[1:2], exitKey) })
}

// mpWait returns None too if the child is not ours, as popen_fork.Popen.poll does.
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
	case err != nil || got == 0:
		return starlark.None, nil
	}
	if sig, ok := status.Signaled(); ok {
		return starlark.MakeInt(-int(sig)), nil
	}
	code, _ := status.Exited()
	return starlark.MakeInt(code), nil
}
