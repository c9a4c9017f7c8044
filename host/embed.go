package host

import (
	"context"
	"errors"
	"io"
	"os"

	"mpstar/builtins"
	"mpstar/host/kernel"
	"mpstar/host/kernel/unix"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A Library is what a Go program adds to what its scripts see. It goes to Init,
// so that each forked child has it too: an image has only the names of what is in it.
type Library struct {
	// Builtins are functions, modules and other values that scripts see without
	// importing them. A builtin may call back with starlark.Call; a script function
	// that it calls cannot fork.
	Builtins starlark.StringDict

	// Kinds make empty values, by ImageKind, of the types of a Go program
	// that can be copied into a child: those that implement vm.Portable. A
	// value that does not makes a fork that would copy it a TypeError, and the script goes on.
	Kinds map[string]func() vm.Portable
}

// libraries are what Init was given.
var libraries []Library

// registry returns the builtins, those of the libraries among them.
func registry() *vm.Registry {
	reg := builtins.Registry()
	for _, lib := range libraries {
		for name, v := range lib.Builtins {
			reg.Builtins[name] = v
		}
		for kind, make := range lib.Kinds {
			reg.Kinds[kind] = make
		}
	}
	return reg
}

// A Script is a source text and how it is to be run within a Go program.
type Script struct {
	Name    string              // of the file, for tracebacks and to find modules beside it; it need not exist
	Text    string              // the source
	Globals starlark.StringDict // global variables that are set when it begins

	Argv     []string // sys.argv; only Name, if there is none
	MaxProcs int      // live processes in the tree; 0 is DefaultMaxProcs
	MaxSteps int      // instructions that Exec and each Call may execute; 0 is no limit

	// What the script reads and writes in this process in the place of the descriptors 0,
	// 1 and 2, if not nil. Forked children have the descriptors. The context cannot
	// end a Read or Write of these that blocks.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// ErrSteps is why a run ends that needs more instructions than MaxSteps.
var ErrSteps = errors.New("too many steps")

// An Error is an exception that the script did not handle.
type Error struct {
	Exception *vm.Exception
	Traceback string // as CPython prints it
}

// Error returns the last line of the traceback.
func (e *Error) Error() string { return e.Exception.Error() }

// A Program is a script that has run to its end, whose functions can be called.
// It belongs to one goroutine at a time.
type Program struct {
	Globals starlark.StringDict // the global variables that the script has set

	script Script
	kernel *unix.Kernel
	p      *vm.Process
	steps  int

	stopped bool // whether a run has been ended from outside
}

// Exec runs a script to its end within a Go program, which goes on after it
// (that is, in the process that called Exec: in a forked child the script goes on and the
// child ends with it). Until Close there can be no other program in the process,
// since signals and children belong to one.
//
// The error is an *Error, or what ended the run from outside: ErrSteps, or the
// cause of the context. Neither can be caught by the script. The program is closed then.
func Exec(ctx context.Context, s Script) (*Program, error) {
	if s.MaxProcs == 0 {
		s.MaxProcs = DefaultMaxProcs
	}
	if s.Argv == nil {
		s.Argv = []string{s.Name}
	}
	k, err := unix.Start(unix.Options{MaxProcs: s.MaxProcs})
	if err != nil {
		return nil, err
	}
	pr := &Program{script: s, kernel: k, p: NewProcess(redirected{k, &s}, registry())}
	executable, _ := os.Executable()
	builtins.Start(pr.p, s.Argv, executable)
	if s.MaxSteps > 0 {
		pr.p.Options.Steps = true
		pr.p.Hook = pr.step
	}
	main := pr.p.OpenMain(s.Name)
	for _, name := range s.Globals.Keys() { // in order: an image is to be the same each time
		main.Set(name, s.Globals[name])
	}
	_, err = pr.run(ctx, func() (starlark.Value, error) {
		return pr.p.RunSource(&syntax.Source{Name: s.Name, Text: s.Text})
	})
	if err != nil {
		pr.close(ctx)
		return nil, err
	}
	pr.Globals = main.Variables()
	return pr, nil
}

// Call calls a function of the program's. Its arguments may be any values.
func (pr *Program) Call(ctx context.Context, fn starlark.Value, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return pr.run(ctx, func() (starlark.Value, error) { return pr.p.Call(fn, args, kwargs) })
}

// Close runs what the program has registered with atexit, which joins its child processes,
// and gives the process's signals back. The program cannot be called after that. If a
// run has been ended from outside its children are killed instead.
func (pr *Program) Close() { pr.close(context.Background()) }

// close is Close as long as the context lets the handlers run.
func (pr *Program) close(ctx context.Context) {
	if pr.kernel == nil {
		return
	}
	if !pr.stopped {
		_, _ = pr.run(ctx, func() (starlark.Value, error) { return starlark.None, builtins.RunExitHandlers(pr.p) })
	}
	if pr.stopped {
		pr.kernel.KillChildren()
	}
	pr.kernel.Release()
	pr.kernel = nil
}

// run does f as long as the context lets it.
func (pr *Program) run(ctx context.Context, f func() (starlark.Value, error)) (starlark.Value, error) {
	pr.steps = 0
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		pr.p.Stop(context.Cause(ctx))
		pr.kernel.Interrupt() // if it blocks
		close(stopped)
	})
	v, err := pr.p.Guard(f)
	if !stop() {
		<-stopped
	}
	pr.p.Unstop()
	var halt *vm.Halt
	switch {
	case err == nil:
		return v, nil
	case errors.As(err, &halt):
		pr.stopped = true
		return nil, halt.Err
	}
	e := vm.AsException(err, vm.SystemError)
	return nil, &Error{e, pr.p.Traceback(e)}
}

// step is called before each instruction.
func (pr *Program) step(*vm.Process) error {
	if pr.steps++; pr.steps > pr.script.MaxSteps {
		return &vm.Halt{Err: ErrSteps}
	}
	return nil
}

// redirected is a kernel whose standard streams are a Go program's.
type redirected struct {
	kernel.Kernel
	script *Script
}

func (k redirected) Read(fd kernel.Fd, b []byte) (int, error) {
	if fd != 0 || k.script.Stdin == nil {
		return k.Kernel.Read(fd, b)
	}
	n, err := k.script.Stdin.Read(b)
	if n > 0 || err == io.EOF {
		err = nil
	}
	return n, err
}

func (k redirected) Write(fd kernel.Fd, b []byte) (int, error) {
	switch {
	case fd == 1 && k.script.Stdout != nil:
		return k.script.Stdout.Write(b)
	case fd == 2 && k.script.Stderr != nil:
		return k.script.Stderr.Write(b)
	}
	return k.Kernel.Write(fd, b)
}
