package builtins

import (
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// intrinsicRows are the functions that only the prelude sees, besides the VM's
// own, and those by which the VM calls builtins.
var intrinsicRows = []row{
	{name: "_printed", sig: "(values, options)", fn: printedFn, doc: "Return what print would write."},
	{name: "_stdout", sig: "()", fn: func(p *vm.Process, a []vm.Value) (vm.Value, error) { return stdout(p), nil }, doc: "Return sys.stdout."},
	{name: "_stdin", sig: "()", fn: func(p *vm.Process, a []vm.Value) (vm.Value, error) { return stdin(p), nil }, doc: "Return sys.stdin."},
	{name: "_sort_by", sig: "(keys, values, reverse)", fn: sortByFn, slow: "_merge_sort", doc: "Return the values sorted by their keys."},
	{name: "_escape_ascii", sig: "(text)", fn: escapeFn, doc: "Return text with all but ASCII escaped."},
	{name: "_frozen", sig: "(set)", fn: frozenFn, doc: "Return the frozenset of a set that nobody else has."},
	{name: "_is_iterator", sig: "(x)", fn: isIteratorFn, doc: "Tell whether x has a __next__."},
	{name: "_is_file", sig: "(x)", fn: isFileFn, doc: "Tell whether x is a file of Go's."},
	{name: "_help_text", sig: "(x=None)", fn: helpTextFn, doc: "Return what help would write."},
	{name: "_is_iterable", sig: "(x)", fn: isIterableFn, doc: "Tell whether x can be iterated over."},
	{name: "_keep", sig: "(x)", fn: keepFn, doc: "Keep the value of an expression at the prompt in _."},
	{name: "_percent", sig: "(format, operand)", fn: percentFn, slow: "slow_percent", doc: "Return format % operand."},
	{name: "_percent_fields", sig: "(format)", fn: percentFields, doc: "Take a format of % apart."},
	{name: "_format_pieces", sig: "(format)", fn: formatPieces, doc: "Take a format of str.format apart."},
	{name: "_with_floats", sig: "(function, *args)", raw: needScriptNative, slow: "slow_with_floats", doc: "Call a function of module math with floats in the place of instances."},
	{name: "_with_ints", sig: "(function, *args)", raw: needScriptNative, slow: "slow_with_ints", doc: "Call a function of module math with ints in the place of instances."},
	{name: "_with_paths", sig: "(function, *args, **kwargs)", raw: needScriptNative, slow: "slow_with_paths", doc: "Call a function with paths in the place of instances."},
	{name: "_with_indexes", sig: "(method, self, *args, **kwargs)", raw: needScriptNative, slow: "slow_with_indexes", doc: "Call a method with ints in the place of instances."},
	{name: "_fsum", sig: "(seq)", fn: mathFsum, doc: "Return the exact sum of floats."},
	{name: "_dist", sig: "(p, q)", fn: mathDist, doc: "Return the distance of two points."},
	{name: "_traceback", sig: "(exception)", fn: tracebackFn, doc: "Return an exception as it is printed."},
	{name: "_print_exception", sig: "(text, exception)", fn: printExceptionFn, doc: "Write text and a traceback to standard error."},
	{name: "_class_hooks", sig: "(class, kwargs)", raw: needScriptNative, slow: "_class_hooks", doc: "Tell the attributes and bases of a new class about it."},
	{name: "_displayhook", sig: "(x)", fn: displayFn, slow: "_display", doc: "Show what an expression at the prompt gave, and keep it in _."},
}

func escapeFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.String(escapeASCII(string(a[0].(starlark.String)))), nil
}

func isIteratorFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.Bool(vm.IsIterator(a[0])), nil
}

func isFileFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.Bool(isType[*File](a[0])), nil
}

func helpTextFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.String(helpText(p, a)), nil
}

func isIterableFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.Bool(vm.Iterable(a[0])), nil
}

// displayFn follows sys.displayhook.
func displayFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if a[0] == starlark.None {
		return starlark.None, nil
	}
	text, err := p.Repr(a[0])
	if err != nil {
		return nil, err
	}
	if _, err := printNative(p, []vm.Value{starlark.String(text)}, nil); err != nil {
		return nil, err
	}
	return keepFn(p, a)
}

func keepFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if m := p.Modules["__main__"]; m != nil {
		m.Set("_", a[0])
	}
	return starlark.None, nil
}

// printExceptionFn writes a line and the traceback of an exception with one write.
func printExceptionFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	text, err := p.Str(a[0])
	if err != nil {
		return nil, err
	}
	WriteStderr(p, text+p.Traceback(a[1].(*vm.Exception)))
	return starlark.None, nil
}

func tracebackFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.String(p.Traceback(a[0].(*vm.Exception))), nil
}
