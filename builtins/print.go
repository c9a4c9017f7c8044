package builtins

import (
	"errors"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What writes to standard output and reads from standard input: print and input.

// stream returns sys.stdin or sys.stdout as the script has set it, and a file
// for the descriptor where no process has been started properly.
func stream(p *vm.Process, name string, fallback *File) vm.Value {
	if m := p.Modules["sys"]; m != nil {
		if v := m.Get(name); v != nil {
			return v
		}
	}
	return fallback
}

func stdout(p *vm.Process) vm.Value {
	return stream(p, "stdout", newTextFile(1, starlark.String("<stdout>"), "w"))
}

func stdin(p *vm.Process) vm.Value {
	return stream(p, "stdin", newTextFile(0, starlark.String("<stdin>"), "r"))
}

// A printing is the keyword arguments of print.
type printing struct {
	sep, end string
	file     vm.Value
	flush    vm.Value
}

func parsePrinting(p *vm.Process, kwargs []starlark.Tuple) (printing, error) {
	pr := printing{sep: " ", end: "\n", flush: starlark.False}
	var sep, end vm.Value
	if len(kwargs) > 0 {
		if err := unpack("print", nil, kwargs, "*sep?", &sep, "*end?", &end, "*file?", &pr.file, "*flush?", &pr.flush); err != nil {
			return pr, err
		}
	}
	if pr.file == nil || pr.file == starlark.None {
		pr.file = stdout(p)
	}
	if err := separator("sep", sep, &pr.sep); err != nil {
		return pr, err
	}
	return pr, separator("end", end, &pr.end)
}

// separator sets a string option that None leaves alone.
func separator(name string, v vm.Value, to *string) error {
	switch v := v.(type) {
	case nil, starlark.NoneType:
	case starlark.String:
		*to = string(v)
	default:
		return vm.Raise(vm.TypeError, "%s must be None or a string, not %s", name, vm.TypeName(v))
	}
	return nil
}

// printNative writes with one write. If a signal interrupts in the middle the
// VM makes the call again, with the rest in the place of the first argument.
func printNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	pr, err := parsePrinting(p, kwargs)
	if err != nil {
		return nil, err
	}
	file, ok := pr.file.(*File)
	if !ok && pr.file != starlark.None {
		return nil, vm.NeedScript
	}
	text, err := pr.text(p, args)
	if err != nil || file == nil {
		return starlark.None, err
	}
	if file.binary() {
		return nil, vm.Raise(vm.TypeError, "a bytes-like object is required, not 'str'")
	}
	err = file.WriteString(p, text)
	var partial *partialWrite
	for len(args) == 0 && errors.As(err, &partial) {
		err = file.WriteString(p, partial.rest)
	}
	if err != nil {
		if len(args) > 0 {
			Resume(err, &args[0], 0)
		}
		return nil, err
	}
	return starlark.None, nil
}

// text is what print writes, or what is left of it.
func (pr *printing) text(p *vm.Process, args []vm.Value) (string, error) {
	if len(args) > 0 {
		if rest, _, ok := Resumed(args[0]); ok {
			return rest, nil
		}
	}
	var b strings.Builder
	for i, v := range args {
		if i > 0 {
			b.WriteString(pr.sep)
		}
		s, err := p.Str(v)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
	}
	b.WriteString(pr.end)
	return b.String(), nil
}

// printedFn is the prelude's _printed(values, options): what print would write.
func printedFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	values, err := p.Iterate(a[0])
	if err != nil {
		return nil, err
	}
	pr, err := parsePrinting(p, a[1].(*starlark.Dict).Items())
	if err != nil {
		return nil, err
	}
	s, err := pr.text(p, values)
	return starlark.String(s), err
}

func failNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	pr := printing{sep: " "}
	if err := unpack("fail", nil, kwargs, "*sep?", &pr.sep); err != nil {
		return nil, err
	}
	s, err := pr.text(p, args)
	if err != nil {
		return nil, err
	}
	return nil, vm.Raise(vm.RuntimeError, "fail: %s", s)
}

// inputFn writes the prompt and reads a line. A signal can interrupt either;
// an argument that stands for a prompt already written takes its place then.
func inputFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	in, ok1 := stdin(p).(*File)
	out, ok2 := stdout(p).(*File)
	if !ok1 || !ok2 {
		return nil, vm.NeedScript
	}
	if prompt := arg(a, 0); prompt != nil {
		text, _, resumed := Resumed(prompt)
		if !resumed {
			var err error
			if text, err = p.Str(prompt); err != nil {
				return nil, err
			}
		}
		if err := out.WriteString(p, text); err != nil {
			Resume(err, &a[0], 0)
			return nil, err
		}
		a[0] = &unwritten{}
	}
	line, err := in.ReadLine(p)
	if err != nil {
		return nil, err
	}
	if line == "" {
		return nil, vm.Raise(vm.EOFError, "EOF when reading a line")
	}
	return starlark.String(strings.TrimSuffix(line, "\n")), nil
}
