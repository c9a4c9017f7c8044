package builtins

import (
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// dictRows are the methods of dict. keys, values and items are lists, as Starlark has it.
var dictRows = []row{
	{name: "clear", sig: "()", fn: dictClear, doc: "Remove all items."},
	{name: "copy", sig: "()", fn: dictCopy, doc: "Return a dict of the same items."},
	{name: "fromkeys", sig: "(iterable, value=None, /)", static: true, fn: dictFromkeys, slow: "slow_dict_fromkeys", doc: "Return a dict with these keys, all for the same value."},
	{name: "get", sig: "(key, default=None, /)", fn: dictGet, slow: "_dict_get", doc: "Return the value for a key, or the default."},
	{name: "items", sig: "()", fn: dictItems, iter: itemRows, doc: "Return a list of the (key, value) pairs."},
	{name: "keys", sig: "()", fn: dictKeys, doc: "Return a list of the keys."},
	{name: "pop", sig: "(key, default, /)", raw: dictPop, slow: "slow_dict_pop", doc: "Remove a key and return its value; if it is not there, the default, or KeyError is raised if there is none."},
	{name: "popitem", sig: "()", fn: dictPopitem, slow: "slow_dict_popitem", doc: "Remove the first item and return it as (key, value)."},
	{name: "setdefault", sig: "(key, default=None, /)", fn: dictSetdefault, slow: "slow_dict_setdefault", doc: "Return the value for a key, after setting it to the default if it is not there."},
	{name: "update", sig: "(x=(), /, **items)", raw: dictUpdate, slow: "slow_dict_update", doc: "Set the items of a mapping or of pairs, and keyword arguments."},
	{name: "values", sig: "()", fn: dictValues, doc: "Return a list of the values."},
}

func dictClear(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.None, a[0].(*starlark.Dict).Clear()
}

func dictCopy(p *vm.Process, a []vm.Value) (vm.Value, error) {
	d := a[0].(*starlark.Dict)
	c := starlark.NewDict(d.Len())
	keys, values := d.Keys(), make([]vm.Value, 0, d.Len())
	for _, v := range d.Entries() {
		values = append(values, v)
	}
	return c, vm.InsertDistinct(c, keys, values)
}

func setItems(d *starlark.Dict, items []starlark.Tuple) error {
	for _, item := range items {
		if err := vm.Insert(d, item[0], item[1]); err != nil {
			return err
		}
	}
	return nil
}

func dictFromkeys(p *vm.Process, a []vm.Value) (vm.Value, error) {
	keys, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	value := arg(a, 1)
	if value == nil {
		value = starlark.None
	}
	d := starlark.NewDict(len(keys))
	for _, key := range keys {
		if err := d.SetKey(key, value); err != nil {
			return nil, vm.HashError(err, key)
		}
	}
	return d, nil
}

func dictGet(p *vm.Process, a []vm.Value) (vm.Value, error) {
	v, found, err := vm.DictGet(a[0].(*starlark.Dict), a[1])
	switch {
	case err != nil:
		return nil, vm.HashError(err, a[1])
	case found:
		return v, nil
	case arg(a, 2) != nil:
		return a[2], nil
	}
	return starlark.None, nil
}

func dictItems(p *vm.Process, a []vm.Value) (vm.Value, error) {
	pairs := a[0].(*starlark.Dict).Items()
	list := make([]vm.Value, len(pairs))
	for i, pair := range pairs {
		list[i] = pair
	}
	return starlark.NewList(list), nil
}

func itemRows(p *vm.Process, args []vm.Value) vm.Value {
	d, ok := args[0].(*starlark.Dict)
	if !ok || len(args) > 1 {
		return nil
	}
	keys, values := vm.DictColumns(d)
	return &vm.RowIter{Columns: [][]vm.Value{keys, values}}
}

func dictKeys(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.NewList(a[0].(*starlark.Dict).Keys()), nil
}

func dictValues(p *vm.Process, a []vm.Value) (vm.Value, error) {
	d := a[0].(*starlark.Dict)
	list := make([]vm.Value, 0, d.Len())
	for _, v := range d.Entries() {
		list = append(list, v)
	}
	return starlark.NewList(list), nil
}

// dictPop has a default that may be None, so that it matters whether it is given.
func dictPop(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "dict.pop() takes no keyword arguments")
	}
	if len(args) < 2 || len(args) > 3 {
		return nil, (&signature{arity: &arity{name: "pop", required: 1, positional: 2}}).countError(len(args) - 1)
	}
	v, found, err := args[0].(*starlark.Dict).Delete(args[1])
	switch {
	case err != nil:
		return nil, vm.HashError(err, args[1])
	case found:
		return v, nil
	case len(args) == 3:
		return args[2], nil
	}
	return nil, vm.NewException(vm.KeyError, args[1])
}

func dictPopitem(p *vm.Process, a []vm.Value) (vm.Value, error) {
	d := a[0].(*starlark.Dict)
	var first vm.Value
	for k := range d.Entries() {
		first = k
		break
	}
	if first != nil {
		v, _, err := d.Delete(first)
		return starlark.Tuple{first, v}, err
	}
	return nil, vm.NewException(vm.KeyError, starlark.String("popitem(): dictionary is empty"))
}

func dictSetdefault(p *vm.Process, a []vm.Value) (vm.Value, error) {
	d := a[0].(*starlark.Dict)
	v, found, err := vm.DictGet(d, a[1])
	if err != nil {
		return nil, vm.HashError(err, a[1])
	}
	if found {
		return v, nil
	}
	if v = arg(a, 2); v == nil {
		v = starlark.None
	}
	return v, vm.Insert(d, a[1], v)
}

// dictNative is dict().
func dictNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	pairs, err := dictPairs(p, "dict", args)
	if err != nil {
		return nil, err
	}
	d := starlark.NewDict(len(pairs) + len(kwargs))
	return d, setPairs(d, pairs, kwargs)
}

func dictUpdate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	pairs, err := dictPairs(p, "update", args[1:])
	if err != nil {
		return nil, err
	}
	return starlark.None, setPairs(args[0].(*starlark.Dict), pairs, kwargs)
}

// setPairs sets items, none of which can need the script after dictPairs.
func setPairs(d *starlark.Dict, pairs, kwargs []starlark.Tuple) error {
	for _, pair := range pairs {
		if err := vm.Insert(d, pair[0], pair[1]); err != nil {
			return vm.HashError(err, pair[0])
		}
	}
	return setItems(d, kwargs)
}

// dictPairs returns the items of a mapping or of an iterable of pairs. Keys
// with methods of the script are left to it, before anything is changed.
func dictPairs(p *vm.Process, name string, args []vm.Value) ([]starlark.Tuple, error) {
	if len(args) > 1 {
		return nil, (&signature{arity: &arity{name: name, positional: 1}}).countError(len(args))
	}
	if len(args) == 0 {
		return nil, nil
	}
	var pairs []starlark.Tuple
	if m, ok := args[0].(starlark.IterableMapping); ok {
		pairs = m.Items()
	} else {
		elems, err := items(p, args[0])
		if err != nil {
			return nil, err
		}
		pairs = make([]starlark.Tuple, len(elems))
		for i, v := range elems {
			if pairs[i], err = pair(p, v, i); err != nil {
				return nil, err
			}
		}
	}
	for _, pair := range pairs {
		if holdsInstance(pair[0]) {
			return nil, vm.NeedScript
		}
	}
	return pairs, nil
}

// holdsInstance reports whether a key is an instance or a tuple that has one.
func holdsInstance(key vm.Value) bool {
	if t, ok := key.(starlark.Tuple); ok {
		for _, v := range t {
			if holdsInstance(v) {
				return true
			}
		}
	}
	return instance(key) != nil
}

func pair(p *vm.Process, v vm.Value, i int) (starlark.Tuple, error) {
	if !vm.Iterable(v) && instance(v) == nil {
		return nil, vm.Raise(vm.TypeError, "cannot convert dictionary update sequence element #%d to a sequence", i)
	}
	elems, err := items(p, v)
	if err != nil {
		return nil, err
	}
	if len(elems) != 2 {
		return nil, vm.Raise(vm.ValueError, "dictionary update sequence element #%d has length %d; 2 is required", i, len(elems))
	}
	return elems, nil
}
