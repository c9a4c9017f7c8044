package builtins

import (
	"slices"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Lists and tuples.

// listRows are the methods of list.
var listRows = []row{
	{name: "append", sig: "(x, /)", fn: listAppend, doc: "Add x at the end."},
	{name: "clear", sig: "()", fn: listClear, doc: "Remove all elements."},
	{name: "copy", sig: "()", fn: listCopy, doc: "Return a list of the same elements."},
	{name: "count", sig: "(x, /)", fn: listCount, slow: "slow_list_count", doc: "Return how many elements equal x."},
	{name: "extend", sig: "(iterable, /)", fn: listExtend, slow: "slow_list_extend", doc: "Add the elements of an iterable at the end."},
	{name: "index", sig: "(x, start=0, stop=None, /)", fn: listIndex, slow: "slow_list_index", doc: "Return where the first element that equals x is; ValueError if there is none."},
	{name: "insert", sig: "(index, x, /)", fn: listInsert, slow: "slow_list_insert", doc: "Put x before the element at index."},
	{name: "pop", sig: "(index=-1, /)", fn: listPop, slow: "slow_list_pop", doc: "Remove the element at index, the last one unless told, and return it."},
	{name: "remove", sig: "(x, /)", fn: listRemove, slow: "slow_list_remove", doc: "Remove the first element that equals x; ValueError if there is none."},
	{name: "reverse", sig: "()", fn: listReverse, doc: "Turn the order of the elements round."},
	{name: "sort", sig: "(*, key=None, reverse=False)", fn: listSort, slow: "slow_list_sort", doc: "Sort the elements in place. Equal ones stay in their order. key(x) is compared if there is a key."},
}

// tupleRows are the methods of tuple.
var tupleRows = []row{
	{name: "count", sig: "(x, /)", fn: tupleCount, slow: "slow_list_count", doc: "Return how many elements equal x."},
	{name: "index", sig: "(x, start=0, stop=None, /)", fn: tupleIndex, slow: "slow_list_index", doc: "Return where the first element that equals x is; ValueError if there is none."},
}

// grownSize is what an element of a list that grows takes in the new array, a quarter
// longer, in the measure of Room, of which a list that was made step by step may have double.
const grownSize = 16 * 5 / 4 / 2

func listAppend(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	if e := vm.Elems(list); len(e) == cap(e) {
		if err := p.Room(len(e), grownSize); err != nil {
			return nil, err
		}
	}
	return starlark.None, list.Append(a[1])
}

func listClear(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.None, vm.SetElems(a[0].(*starlark.List), nil)
}

func listCopy(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.NewList(slices.Clone(vm.Elems(a[0].(*starlark.List)))), nil
}

func listCount(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return count(p, vm.Elems(a[0].(*starlark.List)), a[1])
}

func tupleCount(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return count(p, a[0].(starlark.Tuple), a[1])
}

func count(p *vm.Process, elems []vm.Value, x vm.Value) (vm.Value, error) {
	n := 0
	for _, v := range elems {
		eq, err := p.Equal(v, x)
		if err != nil {
			return nil, err
		}
		if eq {
			n++
		}
	}
	return starlark.MakeInt(n), nil
}

func listExtend(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	more, err := items(p, a[1])
	if err != nil {
		return nil, err
	}
	if err := p.Room(list.Len()+len(more), grownSize); err != nil {
		return nil, err
	}
	return starlark.None, vm.SetElems(list, append(vm.Elems(list), more...))
}

// find returns the index of the first element that equals x, or -1.
func find(p *vm.Process, elems []vm.Value, x vm.Value) (int, error) {
	for i, v := range elems {
		if eq, err := p.Equal(v, x); eq || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func listIndex(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return index(p, vm.Elems(a[0].(*starlark.List)), a, notInList)
}

func tupleIndex(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return index(p, a[0].(starlark.Tuple), a, notInTuple)
}

func index(p *vm.Process, elems []vm.Value, a []vm.Value, absent func(p *vm.Process, x vm.Value) error) (vm.Value, error) {
	start, end, err := bounds(arg(a, 2), arg(a, 3), len(elems))
	if err != nil {
		return nil, err
	}
	i, err := find(p, elems[min(start, end):end], a[1])
	if err != nil {
		return nil, err
	}
	if i < 0 || start > end {
		return nil, absent(p, a[1])
	}
	return starlark.MakeInt(start + i), nil
}

// notInList names the value, as CPython does of lists.
func notInList(p *vm.Process, x vm.Value) error {
	if _, err := p.Repr(x); err != nil {
		return err
	}
	return vm.Raise(vm.ValueError, "%s is not in list", vm.PyRepr(x))
}

func notInTuple(*vm.Process, vm.Value) error {
	return vm.Raise(vm.ValueError, "tuple.index(x): x not in tuple")
}

// bounds are the start and end arguments of a search in n elements, cut to them.
func bounds(start, end vm.Value, n int) (int, int, error) {
	cut := func(v vm.Value, def int) (int, error) {
		if v == nil || v == starlark.None {
			return def, nil
		}
		i, err := sliceIndex(v)
		if i < 0 {
			i += n
		}
		return min(max(i, 0), n+1), err
	}
	lo, err := cut(start, 0)
	if err != nil {
		return 0, 0, err
	}
	hi, err := cut(end, n)
	return lo, min(hi, n), err
}

// sliceIndex converts what may bound a slice. One too large for an int is cut
// to one that is outside of every sequence.
func sliceIndex(v vm.Value) (int, error) {
	i, err := asIndex(v)
	switch {
	case err == vm.NeedScript:
		return 0, err
	case err != nil:
		return 0, vm.Raise(vm.TypeError, "slice indices must be integers or None or have an __index__ method")
	}
	const far = 1 << 40
	n, ok := i.Int64()
	if !ok {
		n = int64(i.Sign()) * far
	}
	return int(min(max(n, -far), far)), nil
}

func listInsert(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	i, err := asSmall(a[1])
	if err != nil {
		return nil, err
	}
	if i < 0 {
		i = max(i+list.Len(), 0)
	}
	return starlark.None, vm.SetElems(list, slices.Insert(vm.Elems(list), min(i, list.Len()), a[2]))
}

func listPop(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	n := list.Len()
	i := -1
	if v := arg(a, 1); v != nil {
		var err error
		if i, err = asSmall(v); err != nil {
			return nil, err
		}
	}
	if n == 0 {
		return nil, vm.Raise(vm.IndexError, "pop from empty list")
	}
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil, vm.Raise(vm.IndexError, "pop index out of range")
	}
	v := list.Index(i)
	return v, vm.SetElems(list, slices.Delete(vm.Elems(list), i, i+1))
}

func listRemove(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	i, err := find(p, vm.Elems(list), a[1])
	if err != nil {
		return nil, err
	}
	if i < 0 {
		return nil, vm.Raise(vm.ValueError, "list.remove(x): x not in list")
	}
	return starlark.None, vm.SetElems(list, slices.Delete(vm.Elems(list), i, i+1))
}

func listReverse(p *vm.Process, a []vm.Value) (vm.Value, error) {
	list := a[0].(*starlark.List)
	slices.Reverse(vm.Elems(list))
	return starlark.None, nil
}

func listSort(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if key := arg(a, 1); key != nil && key != starlark.None {
		return nil, vm.NeedScript
	}
	list := a[0].(*starlark.List)
	sorted, err := sortedList(p, vm.Elems(list), vm.Elems(list), arg(a, 2))
	if err != nil {
		return nil, err
	}
	return starlark.None, vm.SetElems(list, vm.Elems(sorted.(*starlark.List)))
}
