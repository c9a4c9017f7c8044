package host

import (
	"mpstar/builtins"
	"mpstar/host/kernel/unix"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A Session is a process whose script comes piece by piece, as it is typed at
// the interactive prompt. All pieces run in one module __main__, which keeps what they
// define, and each runs as a script of its own does: a process forked within it goes
// through that piece to its end and never sees the prompt, which no image holds.
type Session struct {
	Process *vm.Process
	Kernel  *unix.Kernel
}

// NewSession makes this program the root of a process tree, with nothing to run yet.
func NewSession(opts Options) *Session {
	p, k := start(opts)
	main := p.OpenMain("<stdin>")
	main.Set("__file__", nil)
	main.Set("__doc__", starlark.None)
	p.State[vm.PiecesKey] = starlark.True
	return &Session{p, k}
}

// RunFile runs a whole source, as a script. As in CPython it finds its name in
// __file__, which is not there afterwards.
func (s *Session) RunFile(src *syntax.Source) error {
	main := s.Process.Modules["__main__"]
	main.Set("__file__", starlark.String(src.Name))
	defer main.Set("__file__", nil)
	_, err := s.Process.Guard(func() (vm.Value, error) { return s.Process.RunSource(src) })
	return err
}

// RunInput runs an input of the prompt: the values of its expression statements are shown.
func (s *Session) RunInput(file *syntax.File) error {
	_, err := s.Process.Guard(func() (vm.Value, error) { return s.Process.RunInput(file) })
	return err
}

// Deliver runs the handlers of the signals that have come.
func (s *Session) Deliver() error { return s.Process.CallPrelude("_safe_point") }

// IsExit reports whether an error of a run asks to leave.
func IsExit(err error) bool { return isOf(err, vm.SystemExit) }

// IsInterrupt reports whether an error of a run is a Ctrl-C that nobody caught.
func IsInterrupt(err error) bool { return isOf(err, vm.KeyboardInterrupt) }

func isOf(err error, class *vm.Class) bool {
	return err != nil && vm.AsException(err, vm.SystemError).Shape.Class.IsSubclass(class)
}

// Report prints the traceback of an error of a run.
func (s *Session) Report(err error) {
	builtins.PrintException(s.Process, vm.AsException(err, vm.SystemError))
}

// End ends the process as a script ends that err has left, or that has come
// to its end. It says which children run on and does not return.
func (s *Session) End(err error) {
	builtins.LeavePrompt(s.Process)
	end(s.Process, err)
}
