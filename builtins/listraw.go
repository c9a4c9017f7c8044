package builtins

import (
	"fmt"
	"unsafe"

	"go.starlark.net/starlark"
)

// go.starlark.net's List can grow and be cleared, but neither shrink nor be
// rearranged without copying all of it. So this file looks inside: a list begins
// with the slice of its elements, then comes a flag. TestListLayout holds it
// to the library.

// listLayout is the layout of starlark.List.
type listLayout struct {
	elems  []starlark.Value
	frozen bool
	_      uint32 // Starlark's count of iterators, which Python does not care about
}

func layout(list *starlark.List) *listLayout { return (*listLayout)(unsafe.Pointer(list)) }

// elems returns the elements of a list themselves, not a copy. Whoever
// changes them hands them to replaceAll.
func elems(list *starlark.List) []starlark.Value { return layout(list).elems }

// replaceAll makes elems the elements of a list.
func replaceAll(list *starlark.List, elems []starlark.Value) error {
	l := layout(list)
	if l.frozen {
		return fmt.Errorf("cannot change a frozen list")
	}
	l.elems = elems
	return nil
}
