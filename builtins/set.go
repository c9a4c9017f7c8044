package builtins

import (
	"slices"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// setRows are the methods of set.
var setRows = []row{
	{name: "add", sig: "(x, /)", fn: setAdd, slow: "_set_add", doc: "Add x, if it is not there."},
	{name: "clear", sig: "()", fn: setClear, doc: "Remove all elements."},
	{name: "copy", sig: "()", fn: setCopy, doc: "Return a set of the same elements."},
	{name: "difference", sig: "(*others)", raw: setDifference, slow: "slow_set_difference", doc: "Return the elements that no other has."},
	{name: "difference_update", sig: "(*others)", raw: setDifferenceUpdate, slow: "slow_set_difference_update", doc: "Remove the elements that others have."},
	{name: "discard", sig: "(x, /)", fn: setDiscard, slow: "slow_set_discard", doc: "Remove x, if it is there."},
	{name: "intersection", sig: "(*others)", raw: setIntersection, slow: "slow_set_intersection", doc: "Return the elements that all others have too."},
	{name: "intersection_update", sig: "(*others)", raw: setIntersectionUpdate, slow: "slow_set_intersection_update", doc: "Keep only the elements that all others have too."},
	{name: "isdisjoint", sig: "(other, /)", fn: setIsdisjoint, slow: "slow_set_isdisjoint", doc: "Tell whether the other has no element of this."},
	{name: "issubset", sig: "(other, /)", fn: setIssubset, slow: "slow_set_issubset", doc: "Tell whether the other has all elements of this."},
	{name: "issuperset", sig: "(other, /)", fn: setIssuperset, slow: "slow_set_issuperset", doc: "Tell whether this has all elements of the other."},
	{name: "pop", sig: "()", fn: setPop, slow: "slow_set_pop", doc: "Remove the first element and return it."},
	{name: "remove", sig: "(x, /)", fn: setRemove, slow: "slow_set_remove", doc: "Remove x; KeyError if it is not there."},
	{name: "symmetric_difference", sig: "(other, /)", fn: setSymmetric, slow: "slow_set_symmetric_difference", doc: "Return the elements that are in one of both only."},
	{name: "symmetric_difference_update", sig: "(other, /)", fn: setSymmetricUpdate, slow: "slow_set_symmetric_difference_update", doc: "Remove the elements that the other has and add those that are only there."},
	{name: "union", sig: "(*others)", raw: setUnion, slow: "slow_set_union", doc: "Return the elements of this and all others."},
	{name: "update", sig: "(*others)", raw: setUpdate, slow: "slow_set_update", doc: "Add the elements of others."},
}

// newSet makes a set. It is new, so NeedScript comes before a change.
func newSet(elems []vm.Value) (*starlark.Set, error) {
	s := starlark.NewSet(len(elems))
	for _, v := range elems {
		if err := s.Insert(v); err != nil {
			return nil, vm.HashError(err, v)
		}
	}
	return s, nil
}

func setFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	elems, err := elements(p, a)
	if err != nil {
		return nil, err
	}
	s, err := newSet(elems)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func setElems(s *starlark.Set) []vm.Value {
	elems := make([]vm.Value, 0, s.Len())
	for v := range s.Elements() {
		elems = append(elems, v)
	}
	return elems
}

func setAdd(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.None, vm.HashError(vm.Insert(a[0], a[1], nil), a[1])
}

func setClear(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s := a[0].(*starlark.Set)
	if s.Len() == 0 {
		return starlark.None, nil // even if it is frozen
	}
	return starlark.None, s.Clear()
}

func setCopy(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s := a[0].(*starlark.Set)
	c := starlark.NewSet(s.Len())
	return c, vm.InsertDistinct(c, setElems(s), nil)
}

func setDiscard(p *vm.Process, a []vm.Value) (vm.Value, error) {
	_, err := a[0].(*starlark.Set).Delete(a[1])
	return starlark.None, vm.HashError(err, a[1])
}

func setRemove(p *vm.Process, a []vm.Value) (vm.Value, error) {
	found, err := a[0].(*starlark.Set).Delete(a[1])
	if err == nil && !found {
		err = vm.NewException(vm.KeyError, a[1])
	}
	return starlark.None, vm.HashError(err, a[1])
}

func setPop(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s := a[0].(*starlark.Set)
	var first vm.Value
	for first = range s.Elements() {
		break
	}
	if first != nil {
		_, err := s.Delete(first)
		return first, err
	}
	return nil, vm.NewException(vm.KeyError, starlark.String("pop from an empty set"))
}

// others returns the elements of the arguments as sets.
func others(p *vm.Process, args []vm.Value) ([]*starlark.Set, error) {
	sets := make([]*starlark.Set, len(args))
	for i, v := range args {
		var ok bool
		if sets[i], ok = v.(*starlark.Set); ok {
			continue
		}
		elems, err := items(p, v)
		if err != nil {
			return nil, err
		}
		if sets[i], err = newSet(elems); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

// filtered returns the elements of s for which keep holds, in a new set.
func filtered(s *starlark.Set, keep func(v vm.Value) (bool, error)) (*starlark.Set, error) {
	result := new(starlark.Set)
	for v := range s.Elements() {
		ok, err := keep(v)
		if err == nil && ok {
			err = result.Insert(v)
		}
		if err != nil {
			return nil, err
		}
	}
	return result, nil
}

func difference(p *vm.Process, args []vm.Value) (*starlark.Set, error) {
	sets, err := others(p, args[1:])
	if err != nil {
		return nil, err
	}
	return filtered(args[0].(*starlark.Set), func(v vm.Value) (bool, error) {
		for _, s := range sets {
			if found, err := s.Has(v); found || err != nil {
				return false, err
			}
		}
		return true, nil
	})
}

// intersection has the elements in the order of the last of the others, as Starlark has it.
func intersection(p *vm.Process, args []vm.Value) (*starlark.Set, error) {
	sets, err := others(p, args[1:])
	if err != nil {
		return nil, err
	}
	common := args[0].(*starlark.Set)
	if len(sets) == 0 {
		return newSet(setElems(common))
	}
	for _, s := range sets {
		if common, err = filtered(s, common.Has); err != nil {
			return nil, err
		}
	}
	return common, nil
}

func union(p *vm.Process, args []vm.Value) (*starlark.Set, error) {
	all := setElems(args[0].(*starlark.Set))
	for _, v := range args[1:] {
		elems, err := items(p, v)
		if err != nil {
			return nil, err
		}
		all = append(all, elems...)
	}
	return newSet(all)
}

func symmetric(p *vm.Process, args []vm.Value) (*starlark.Set, error) {
	sets, err := others(p, args[1:])
	if err != nil {
		return nil, err
	}
	s := args[0].(*starlark.Set)
	result, err := difference(p, args)
	if err != nil {
		return nil, err
	}
	added, err := filtered(sets[0], func(v vm.Value) (bool, error) {
		found, err := s.Has(v)
		return !found, err
	})
	if err != nil {
		return nil, err
	}
	return union(p, []vm.Value{result, added})
}

type setOperation func(p *vm.Process, args []vm.Value) (*starlark.Set, error)

// returning makes a method of what computes a set; updating one that puts the
// elements of that set in the place of the receiver's.
func returning(op setOperation) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		s, err := op(p, args)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

func updating(op setOperation) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		result, err := op(p, args)
		if err != nil {
			return nil, err
		}
		s := args[0].(*starlark.Set)
		if err := s.Clear(); err != nil {
			return nil, err
		}
		for v := range result.Elements() {
			if err := s.Insert(v); err != nil {
				return nil, err
			}
		}
		return starlark.None, nil
	}
}

var (
	setDifference         = returning(difference)
	setDifferenceUpdate   = updating(difference)
	setIntersection       = returning(intersection)
	setIntersectionUpdate = updating(intersection)
	setUnion              = returning(union)
)

// setUpdate makes sure first that no element needs the script.
func setUpdate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var all []vm.Value
	for _, v := range args[1:] {
		elems, err := items(p, v)
		if err != nil {
			return nil, err
		}
		all = append(all, elems...)
	}
	if slices.ContainsFunc(all, holdsInstance) {
		return nil, vm.NeedScript
	}
	s := args[0].(*starlark.Set)
	for _, v := range all {
		if err := vm.Insert(s, v, nil); err != nil {
			return nil, vm.HashError(err, v)
		}
	}
	return starlark.None, nil
}

func setSymmetric(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return returning(symmetric)(p, a, nil)
}

func setSymmetricUpdate(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return updating(symmetric)(p, a, nil)
}

func setIsdisjoint(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, err := intersection(p, a)
	if err != nil {
		return nil, err
	}
	return starlark.Bool(s.Len() == 0), nil
}

func setIssubset(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, err := difference(p, a)
	if err != nil {
		return nil, err
	}
	return starlark.Bool(s.Len() == 0), nil
}

func setIssuperset(p *vm.Process, a []vm.Value) (vm.Value, error) {
	sets, err := others(p, a[1:])
	if err != nil {
		return nil, err
	}
	return setIssubset(p, []vm.Value{sets[0], a[0]})
}
