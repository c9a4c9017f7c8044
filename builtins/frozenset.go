package builtins

import (
	"slices"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// frozensetFn is frozenset. Where elements have methods of their own, the prelude makes a set first.
func frozensetFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if f, ok := arg(a, 0).(*vm.FrozenSet); ok {
		return f, nil
	}
	s, err := setFn(p, a)
	return frozen(s), err
}

// frozen puts a frozenset in the place of a set that nobody else has.
func frozen(v vm.Value) vm.Value {
	if s, ok := v.(*starlark.Set); ok {
		return vm.NewFrozenSet(s)
	}
	return v
}

func frozenFn(p *vm.Process, a []vm.Value) (vm.Value, error) { return frozen(a[0]), nil }

// frozensetNames are the methods of set that do not change it.
var frozensetNames = []string{"copy", "difference", "intersection", "isdisjoint", "issubset", "issuperset", "symmetric_difference", "union"}

func frozensetMethods() map[string]*vm.Native {
	all := map[string]*vm.Native{}
	for name, m := range methods("set", isType[*starlark.Set], setRows) {
		if !slices.Contains(frozensetNames, name) {
			continue
		}
		n := *m
		n.Name = "frozenset." + name
		n.Fn = func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
			if name == "copy" {
				return args[0], nil
			}
			thawed := make([]vm.Value, len(args))
			for i, v := range args {
				thawed[i] = vm.Thaw(v)
			}
			v, err := m.Fn(p, thawed, kwargs)
			return frozen(v), err
		}
		if m.Slow != "" {
			n.Slow = "slow_frozenset_" + name
		}
		all[name] = &n
	}
	return all
}
