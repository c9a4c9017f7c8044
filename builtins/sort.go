package builtins

import (
	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Sorting. A key function is called by the prelude, which then hands keys and
// values to sortByFn; so the order itself is found in Go
// unless the keys compare by methods of the script.

// A keyed is a value to sort and what it is sorted by.
type keyed struct{ key, value vm.Value }

func sortedFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if key := arg(a, 1); key != nil && key != starlark.None {
		return nil, vm.NeedScript
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	return sortedList(p, elems, elems, arg(a, 2))
}

// sortByFn is the prelude's _sort_by(keys, values, reverse).
func sortByFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	keys, err := p.Iterate(a[0])
	if err != nil {
		return nil, err
	}
	values, err := p.Iterate(a[1])
	if err != nil {
		return nil, err
	}
	return sortedList(p, keys, values, a[2])
}

// sortedList returns a list of the values in the order of their keys. With reverse
// the greatest come first; equal ones stay in their order either way.
func sortedList(p *vm.Process, keys, values []vm.Value, reverse vm.Value) (vm.Value, error) {
	descending := false
	if reverse != nil {
		var err error
		if descending, err = p.Truth(reverse); err != nil {
			return nil, err
		}
	}
	s := make([]keyed, len(keys))
	for i := range s {
		s[i] = keyed{keys[i], values[i]}
	}
	var failed error
	less := order(p, keys, &failed)
	if descending {
		ascending := less
		less = func(x, y vm.Value) bool { return ascending(y, x) }
	}
	mergeSort(s, make([]keyed, len(s)), less)
	if failed != nil {
		return nil, failed
	}
	sorted := make([]vm.Value, len(s))
	for i := range s {
		sorted[i] = s[i].value
	}
	return starlark.NewList(sorted), nil
}

// order returns x < y for keys such as these. Once a comparison failed, all others are false.
func order(p *vm.Process, keys []vm.Value, failed *error) func(x, y vm.Value) bool {
	switch {
	case allOf[starlark.String](keys):
		return func(x, y vm.Value) bool { return x.(starlark.String) < y.(starlark.String) }
	case allOf[starlark.Int](keys):
		return func(x, y vm.Value) bool {
			c, _ := x.(starlark.Int).Cmp(y, 1) // of two ints it cannot fail
			return c < 0
		}
	}
	return func(x, y vm.Value) (less bool) {
		if *failed == nil {
			less, *failed = p.Compare(compile.LT, x, y)
		}
		return less
	}
}

func allOf[T vm.Value](values []vm.Value) bool {
	for _, v := range values {
		if _, ok := v.(T); !ok {
			return false
		}
	}
	return true
}

// mergeSort is stable and asks for x < y only, as Python's sort does. It uses
// buf, which is as long as s. Sorted input takes one pass.
func mergeSort(s, buf []keyed, less func(x, y vm.Value) bool) {
	if len(s) <= 8 {
		insertionSort(s, less)
		return
	}
	mid := len(s) / 2
	mergeSort(s[:mid], buf[:mid], less)
	mergeSort(s[mid:], buf[mid:], less)
	if !less(s[mid].key, s[mid-1].key) {
		return
	}
	left, right := buf[:copy(buf, s[:mid])], s[mid:]
	for i := range s {
		if len(left) == 0 {
			return
		}
		if len(right) > 0 && less(right[0].key, left[0].key) {
			s[i], right = right[0], right[1:]
		} else {
			s[i], left = left[0], left[1:]
		}
	}
}

func insertionSort(s []keyed, less func(x, y vm.Value) bool) {
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && less(s[j].key, s[j-1].key); j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}
