package builtins

import (
	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Functions over iterables.

// items returns the elements of a container, which may be kept but not
// changed. What is used up by iterating is left to script code: Go could not put back
// what it took when it finds that it needs the script.
func items(p *vm.Process, v vm.Value) ([]vm.Value, error) {
	if isIterator(v) {
		return nil, vm.NeedScript
	}
	return p.Iterate(v)
}

// isIterator reports whether v is used up by iterating, or an instance, which may be.
func isIterator(v vm.Value) bool {
	return vm.IsIterator(v) || instance(v) != nil
}

func lenFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if n := starlark.Len(a[0]); n >= 0 {
		return starlark.MakeInt(n), nil
	}
	if instance(a[0]) != nil || p.Special(a[0], "__len__") != nil {
		return nil, vm.NeedScript
	}
	return nil, vm.Raise(vm.TypeError, "object of type '%s' has no len()", vm.TypeName(a[0]))
}

// elements is items of an argument that may be left out, as a slice of its own.
func elements(p *vm.Process, a []vm.Value) ([]vm.Value, error) {
	if arg(a, 0) == nil {
		return nil, nil
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	return append([]vm.Value(nil), elems...), nil
}

func listFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	elems, err := elements(p, a)
	if err != nil {
		return nil, err
	}
	return starlark.NewList(elems), nil
}

func tupleFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if t, ok := arg(a, 0).(starlark.Tuple); ok {
		return t, nil
	}
	elems, err := elements(p, a)
	if err != nil {
		return nil, err
	}
	return starlark.Tuple(elems), nil
}

// rangeNative makes go.starlark.net's range, whose type it keeps to itself.
func rangeNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "range() takes no keyword arguments")
	}
	if len(args) == 0 || len(args) > 3 {
		return nil, (&signature{arity: &arity{name: "range", required: 1, positional: 3}}).countError(len(args))
	}
	bounds := make(starlark.Tuple, len(args))
	for i, v := range args {
		n, err := asIndex(v)
		if err != nil {
			return nil, err
		}
		bounds[i] = n
	}
	if len(bounds) == 3 && !bool(bounds[2].Truth()) {
		return nil, vm.Raise(vm.ValueError, "range() arg 3 must not be zero")
	}
	v, err := newRange(bounds)
	if err != nil {
		return nil, vm.Raise(vm.OverflowError, "range() arguments must fit into 64 bits")
	}
	return v, nil
}

// rangeIterator does without the range.
func rangeIterator(p *vm.Process, args []vm.Value) vm.Value {
	bounds := [3]int64{0, 0, 1}
	if len(args) == 0 || len(args) > 3 {
		return nil
	}
	for i, v := range args {
		n, small := vm.SmallInt(v)
		if !small {
			return nil
		}
		bounds[i] = n
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	if len(args) == 1 {
		start, stop = 0, start
	}
	it := &vm.RangeIter{Next: start, Step: step}
	switch {
	case step == 0:
		return nil
	case step > 0 && start < stop:
		it.N = int((stop-start-1)/step + 1)
	case step < 0 && start > stop:
		it.N = int((start-stop-1)/-step + 1)
	}
	return it
}

func newRange(bounds starlark.Tuple) (vm.Value, error) {
	return starlark.Universe["range"].(*starlark.Builtin).CallInternal(nil, bounds, nil)
}

func allFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return search(p, a[0], false)
}

func anyFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return search(p, a[0], true)
}

// search returns truth if an element has that truth, and its opposite if none has.
func search(p *vm.Process, iterable vm.Value, truth bool) (vm.Value, error) {
	elems, err := items(p, iterable)
	if err != nil {
		return nil, err
	}
	for _, v := range elems {
		t, err := p.Truth(v)
		if err != nil {
			return nil, err
		}
		if t == truth {
			return starlark.Bool(truth), nil
		}
	}
	return starlark.Bool(!truth), nil
}

func enumerateFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n := starlark.MakeInt(0)
	if start := arg(a, 1); start != nil {
		var err error
		if n, err = asIndex(start); err != nil {
			return nil, err
		}
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	pairs := make([]vm.Value, len(elems))
	buf := make(starlark.Tuple, 2*len(elems))
	for i, v := range elems {
		pair := buf[2*i : 2*i+2 : 2*i+2]
		pair[0], pair[1] = n, v
		pairs[i] = pair
		n = n.Add(starlark.MakeInt(1))
	}
	return starlark.NewList(pairs), nil
}

func enumerateRows(p *vm.Process, args []vm.Value) vm.Value {
	start := int64(0)
	if len(args) == 2 {
		var small bool
		if start, small = vm.SmallInt(args[1]); !small {
			return nil
		}
	}
	if len(args) == 0 || len(args) > 2 {
		return nil
	}
	elems, err := items(p, args[0])
	if err != nil {
		return nil
	}
	return &vm.RowIter{Columns: [][]vm.Value{elems}, Counts: true, Count: start}
}

func zipNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	strict := false
	if err := unpack("zip", nil, kwargs, "*strict?", &strict); err != nil {
		return nil, err
	}
	columns, rows, err := zipColumns(p, args)
	if err != nil {
		return nil, err
	}
	if err := zipStrict(columns, rows); strict && err != nil {
		return nil, err
	}
	tuples := make([]vm.Value, rows)
	for r := range tuples {
		tuple := make(starlark.Tuple, len(columns))
		for c, column := range columns {
			tuple[c] = column[r]
		}
		tuples[r] = tuple
	}
	return starlark.NewList(tuples), nil
}

// zipColumns returns the elements of each argument, and how many of them make rows.
func zipColumns(p *vm.Process, args []vm.Value) (columns [][]vm.Value, rows int, err error) {
	columns = make([][]vm.Value, len(args))
	for i, v := range args {
		if columns[i], err = items(p, v); err != nil {
			return nil, 0, err
		}
		if n := len(columns[i]); i == 0 || n < rows {
			rows = n
		}
	}
	return columns, rows, nil
}

func zipRows(p *vm.Process, args []vm.Value) vm.Value {
	columns, rows, err := zipColumns(p, args)
	if err != nil || len(args) == 0 {
		return nil
	}
	for i := range columns {
		columns[i] = columns[i][:rows]
	}
	return &vm.RowIter{Columns: columns}
}

// zipStrict words the error for columns of different lengths as zip_next in Python/bltinmodule.c does.
func zipStrict(columns [][]vm.Value, rows int) error {
	for i, column := range columns {
		before := "argument 1"
		if i > 1 {
			before = "arguments 1-" + starlark.MakeInt(i).String()
		}
		switch {
		case i > 0 && len(column) == rows && len(columns[0]) > rows:
			return vm.Raise(vm.ValueError, "zip() argument %d is shorter than %s", i+1, before)
		case len(column) > rows && len(columns[0]) == rows:
			return vm.Raise(vm.ValueError, "zip() argument %d is longer than %s", i+1, before)
		}
	}
	return nil
}

// mapNative and filterFn leave it to the prelude to call the function.
func mapNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	switch {
	case len(kwargs) > 0:
		return nil, vm.Raise(vm.TypeError, "map() takes no keyword arguments")
	case len(args) < 2:
		return nil, vm.Raise(vm.TypeError, "map() must have at least two arguments.")
	}
	return nil, vm.NeedScript
}

func filterFn(p *vm.Process, a []vm.Value) (vm.Value, error) { return nil, vm.NeedScript }

func reversedFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if isIterator(a[0]) {
		return nil, vm.NeedScript
	}
	if !vm.Iterable(a[0]) {
		return nil, vm.Raise(vm.TypeError, "'%s' object is not reversible", vm.TypeName(a[0]))
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	back := make([]vm.Value, len(elems))
	for i, v := range elems {
		back[len(elems)-1-i] = v
	}
	return starlark.NewList(back), nil
}

// extremeNative is min and max.
func extremeNative(name string) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		key, def, err := extremeOptions(name, kwargs)
		if err != nil {
			return nil, err
		}
		if len(args) == 0 {
			return nil, vm.Raise(vm.TypeError, "%s expected at least 1 argument, got 0", name)
		}
		if key != nil && key != starlark.None {
			return nil, vm.NeedScript
		}
		elems := args
		if len(args) == 1 {
			if elems, err = items(p, args[0]); err != nil {
				return nil, err
			}
		} else if def != nil {
			return nil, vm.Raise(vm.TypeError, "Cannot specify a default for %s() with multiple positional arguments", name)
		}
		if len(elems) == 0 {
			if def == nil {
				return nil, vm.Raise(vm.ValueError, "%s() arg is an empty sequence", name)
			}
			return def, nil
		}
		return extreme(p, elems, name == "max")
	}
}

func extremeOptions(name string, kwargs []starlark.Tuple) (key, def vm.Value, err error) {
	if len(kwargs) == 0 { // for speed: the variables that unpack sets are allocated
		return nil, nil, nil
	}
	var options struct{ key, def vm.Value }
	err = unpack(name, nil, kwargs, "*key?", &options.key, "*default?", &options.def)
	return options.key, options.def, err
}

func extreme(p *vm.Process, elems []vm.Value, greatest bool) (vm.Value, error) {
	best := elems[0]
	for _, v := range elems[1:] {
		op := compile.LT
		if greatest {
			op = compile.GT
		}
		better, err := p.Compare(op, v, best)
		if err != nil {
			return nil, err
		}
		if better {
			best = v
		}
	}
	return best, nil
}

func iterNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	switch {
	case len(kwargs) > 0:
		return nil, vm.Raise(vm.TypeError, "iter() takes no keyword arguments")
	case len(args) == 1:
		return p.Iter(args[0])
	case len(args) == 2 && vm.Callable(args[0]):
		return nil, vm.NeedScript
	case len(args) == 2:
		return nil, vm.Raise(vm.TypeError, "iter(v, w): v must be callable")
	}
	return nil, (&signature{arity: &arity{name: "iter", required: 1, positional: 2}}).countError(len(args))
}

// nextNative goes on with a generator in the place of its own call. With a
// default, script code has to catch StopIteration.
func nextNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "next() takes no keyword arguments")
	}
	if len(args) == 0 || len(args) > 2 {
		return nil, (&signature{arity: &arity{name: "next", required: 1, positional: 2}}).countError(len(args))
	}
	switch it := args[0].(type) {
	case *vm.Generator:
		if len(args) == 2 {
			return nil, vm.NeedScript
		}
		return p.Resume(it, starlark.None, nil)
	case *vm.Instance, *vm.Exception:
		method := p.Special(it, "__next__")
		switch {
		case method == nil:
			return nil, vm.Raise(vm.TypeError, "'%s' object is not an iterator", it.Type())
		case len(args) == 2:
			return nil, vm.NeedScript
		}
		return p.Tail(method, nil, nil)
	}
	v, err := p.Next(args[0])
	if v != nil || err != nil {
		return v, err
	}
	if len(args) == 2 {
		return args[1], nil
	}
	return nil, vm.NewException(vm.StopIteration)
}
