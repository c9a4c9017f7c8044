// Package host runs scripts: it puts a process together from the language
// (vm), the builtins and a kernel, and ends it as CPython ends.
//
// A program that embeds mpstar calls Init first thing in main, with the Library of
// what it adds to the builtins. In a process that os.fork made, Init takes up
// the image where the parent left it and never returns; otherwise it does nothing
// more. Everything that main does before Init is done again in every forked child.
//
// After that Run gives the whole program over to a script, while Exec runs a
// script within the program: with global variables and streams of the program's, under a
// context and a limit of steps, and returns what the script has made.
package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"mpstar/builtins"
	"mpstar/host/image"
	"mpstar/host/kernel"
	"mpstar/host/kernel/unix"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// DefaultMaxProcs is the limit on live processes in a tree, unless Options says otherwise.
const DefaultMaxProcs = 512

// Options say how to run a script.
type Options struct {
	Argv     []string // sys.argv; Argv[0] is the script's name, beside which imports are looked for
	MaxProcs int      // live processes in the tree; 0 is DefaultMaxProcs
}

// Init takes over in a forked child. See the package comment.
func Init(libs ...Library) {
	libraries = libs
	var reg *vm.Registry
	k, data, ok, err := unix.Adopt(func() {
		reg = registry()
		reg.Module("os") // which every child has
		machineMemory()
	})
	if !ok && err == nil {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "mpstar: cannot start the forked process: %v\n", err)
		os.Exit(1)
	}
	if reg == nil {
		reg = registry()
	}
	holdGC()
	p := NewProcess(k, reg)
	if err := image.Decode(data, p); err != nil {
		fmt.Fprintf(os.Stderr, "mpstar: cannot take up the forked process: %v\n", err)
		k.Exit(1)
	}
	startGC(len(data))
	builtins.AfterFork(p)
	_, err = p.Guard(p.Run)
	end(p, err)
}

// Run runs a script as a process of its own and never returns: the program
// ends as the script does.
func Run(src *syntax.Source, opts Options) {
	p, _ := start(opts)
	_, err := p.Guard(func() (vm.Value, error) { return p.RunMain(src) })
	end(p, err)
}

// start makes this program the root of a process tree.
func start(opts Options) (*vm.Process, *unix.Kernel) {
	if opts.MaxProcs == 0 {
		opts.MaxProcs = DefaultMaxProcs
	}
	k, err := unix.Start(unix.Options{MaxProcs: opts.MaxProcs})
	if err != nil {
		fmt.Fprintf(os.Stderr, "mpstar: cannot start: %v\n", err)
		os.Exit(1)
	}
	startGC(0)
	p := NewProcess(k, registry())
	executable, _ := os.Executable()
	builtins.Start(p, opts.Argv, executable)
	builtins.CatchInterrupt(p)
	return p, k
}

// NewProcess returns a process on a kernel that has nothing to run yet.
func NewProcess(k kernel.Kernel, reg *vm.Registry) *vm.Process {
	p := vm.NewProcess(reg)
	p.FindModule = findModule
	p.Limits.Memory = machineMemory() / 2 // a list that grows is there twice
	p.Attend = builtins.Attend
	p.Use(k)
	watchHeap(p)
	return p
}

// findModule looks for name.star and name.py, or a package of that name,
// beside the script, which is sys.path[0]; load() looks beside the loading file.
func findModule(p *vm.Process, name string, from *vm.Module, load bool) (*syntax.Source, error) {
	if load {
		return readModule(filepath.Join(filepath.Dir(from.File), name))
	}
	for _, path := range builtins.ModulePaths(p, name) {
		src, err := readModule(path)
		if src != nil || err != nil {
			return src, err
		}
	}
	return nil, nil
}

// readModule reads a source file, or returns nil if there is none.
func readModule(path string) (*syntax.Source, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, vm.Raise(vm.ImportError, "cannot read %s: %v", path, err)
	}
	return &syntax.Source{Name: path, Text: string(text)}, nil
}

// end ends the process as CPython does after the script's last instruction or
// an exception that nobody handled (Python/pythonrun.c, handle_system_exit and
// Modules/main.c, exit_sigint).
func end(p *vm.Process, err error) {
	if err == nil {
		_ = builtins.RunExitHandlers(p) // nobody ends it from outside
		p.Kernel.Exit(0)
	}
	e := vm.AsException(err, vm.SystemError)
	class := e.Shape.Class
	switch {
	case class.IsSubclass(vm.SystemExit):
		status := exitStatus(p, e)
		_ = builtins.RunExitHandlers(p) // nobody ends it from outside
		p.Kernel.Exit(status)
	case builtins.StdoutBroken(e):
		p.Kernel.Die(kernel.Signal(syscall.SIGPIPE))
	}
	builtins.PrintException(p, e)
	_ = builtins.RunExitHandlers(p)
	if class.IsSubclass(vm.KeyboardInterrupt) {
		p.Kernel.Die(kernel.Signal(syscall.SIGINT))
	}
	p.Kernel.Exit(1)
}

// exitStatus is the status that a SystemExit asks for: its number, 0 for None,
// and 1 for anything else, which is printed.
func exitStatus(p *vm.Process, e *vm.Exception) int {
	code, _ := p.GetAttr(e, "code")
	switch code := code.(type) {
	case starlark.NoneType:
		return 0
	case starlark.Bool:
		if code {
			return 1
		}
		return 0
	case starlark.Int:
		n, ok := code.Int64()
		if !ok {
			return 255 // as CPython's -1
		}
		return int(n & 0xff)
	}
	builtins.WriteStderr(p, vm.Str(code)+"\n")
	return 1
}
