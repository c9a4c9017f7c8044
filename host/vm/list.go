package vm

import (
	"unsafe"

	"go.starlark.net/starlark"
)

// tupleTab is what marks a starlark.Tuple in an interface.
var tupleTab = func() uintptr {
	v := Value(starlark.Tuple{})
	return wordsOf(&v).tab
}()

// bothTuple returns two Tuples.
func bothTuple(x, y Value) (a, b starlark.Tuple, ok bool) {
	wx, wy := wordsOf(&x), wordsOf(&y)
	if wx.tab != tupleTab || wy.tab != tupleTab {
		return nil, nil, false
	}
	return *(*starlark.Tuple)(wx.data), *(*starlark.Tuple)(wy.data), true
}

// NewTuple returns a tuple of a copy of elems. The short ones are one object; an
// interface to a slice and the slice's elements would be two. They do not come in chunks, as numbers do: a chunk
// would keep alive what the dead tuples in it refer to.
func NewTuple(elems ...Value) Value {
	switch len(elems) {
	case 2:
		t := &struct {
			starlark.Tuple
			elems [2]Value
		}{elems: [2]Value(elems)}
		t.Tuple = t.elems[:]
		return tupleValue(&t.Tuple)
	case 3:
		t := &struct {
			starlark.Tuple
			elems [3]Value
		}{elems: [3]Value(elems)}
		t.Tuple = t.elems[:]
		return tupleValue(&t.Tuple)
	}
	return starlark.Tuple(append([]Value(nil), elems...))
}

func tupleValue(t *starlark.Tuple) Value {
	var v Value
	*wordsOf(&v) = words{tupleTab, unsafe.Pointer(t)}
	return v
}

// go.starlark.net's List can grow and be cleared, but neither shrink nor be
// rearranged without copying all of it. So this file looks inside: a list begins
// with the slice of its elements, then comes a flag. TestListLayout holds it
// to the library.

// listLayout is the layout of starlark.List.
type listLayout struct {
	elems  []Value
	frozen bool
	_      uint32 // Starlark's count of iterators, which Python does not care about
}

// Elems returns the elements of a list themselves, not a copy. Whoever changes
// them hands them to SetElems.
func Elems(list *starlark.List) []Value { return (*listLayout)(unsafe.Pointer(list)).elems }

// SetElems makes elems the elements of a list.
func SetElems(list *starlark.List, elems []Value) error {
	l := (*listLayout)(unsafe.Pointer(list))
	if l.frozen {
		return Raise(TypeError, "cannot change a frozen list")
	}
	l.elems = elems
	return nil
}
