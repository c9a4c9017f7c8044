package builtins

import (
	"bytes"
	"slices"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// bytearrayRows are the methods by which a bytearray differs from bytes: they change it.
var bytearrayRows = []row{
	{name: "append", sig: "(item, /)", fn: bytearrayAppend, doc: "Add a byte, given as an int, at the end."},
	{name: "clear", sig: "()", fn: bytearrayClear, doc: "Remove all bytes."},
	{name: "copy", sig: "()", fn: bytearrayCopy, doc: "Return a copy."},
	{name: "extend", sig: "(iterable, /)", fn: bytearrayExtend, slow: "slow_bytearray_extend", doc: "Add bytes, or the ints that an iterable yields, at the end."},
	{name: "insert", sig: "(index, item, /)", fn: bytearrayInsert, doc: "Put a byte before the one at an index."},
	{name: "pop", sig: "(index=-1, /)", fn: bytearrayPop, doc: "Remove the byte at an index and return it as an int."},
	{name: "remove", sig: "(value, /)", fn: bytearrayRemove, doc: "Remove the first byte of that value; ValueError if there is none."},
	{name: "reverse", sig: "()", fn: bytearrayReverse, doc: "Put the bytes in the reverse order."},
}

// bytearrayMethods are those of bytes, whose results are bytearrays here, and those that change it.
func bytearrayMethods() map[string]*vm.Native {
	all := methods("bytearray", isType[*vm.ByteArray], bytearrayRows)
	for name, m := range bytesMethods() {
		if name == "elems" {
			continue
		}
		n := *m
		n.Name = "bytearray." + name
		n.Fn = func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
			if len(args) > 0 && m.Method {
				args = slices.Clone(args)
				args[0] = plainBytes(args[0])
			}
			v, err := m.Fn(p, args, kwargs)
			return arrays(v), err
		}
		all[name] = &n
	}
	return all
}

// plainBytes returns a bytearray as bytes, and any other value as it is.
func plainBytes(v vm.Value) vm.Value {
	if b, ok := vm.BytesOf(v); ok {
		return b
	}
	return v
}

// arrays puts bytearrays in the place of bytes, in lists and tuples too.
func arrays(v vm.Value) vm.Value {
	switch v := v.(type) {
	case starlark.Bytes:
		return &vm.ByteArray{Data: []byte(v)}
	case starlark.Tuple:
		parts := make(starlark.Tuple, len(v))
		for i, e := range v {
			parts[i] = arrays(e)
		}
		return parts
	case *starlark.List:
		parts := make([]vm.Value, v.Len())
		for i := range parts {
			parts[i] = arrays(v.Index(i))
		}
		return starlark.NewList(parts)
	}
	return v
}

// bytearrayFn takes what bytes takes in Python: of a str it wants to know the encoding.
func bytearrayFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if isType[starlark.String](arg(a, 0)) && arg(a, 1) == nil {
		return nil, vm.Raise(vm.TypeError, "string argument without an encoding")
	}
	v, err := bytesFn(p, a)
	return arrays(v), err
}

func bytearrayAppend(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b := a[0].(*vm.ByteArray)
	c, err := vm.ByteOf(a[1])
	if err != nil {
		return nil, err
	}
	b.Data = append(b.Data, c)
	return starlark.None, nil
}

func bytearrayClear(p *vm.Process, a []vm.Value) (vm.Value, error) {
	a[0].(*vm.ByteArray).Data = nil
	return starlark.None, nil
}

func bytearrayCopy(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return &vm.ByteArray{Data: bytes.Clone(a[0].(*vm.ByteArray).Data)}, nil
}

func bytearrayExtend(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b := a[0].(*vm.ByteArray)
	more, ok := vm.BytesOf(a[1])
	if !ok {
		v, err := bytesOf(p, a[1])
		if err != nil {
			return nil, err
		}
		more = v.(starlark.Bytes)
	}
	b.Data = append(b.Data, more...)
	return starlark.None, nil
}

func bytearrayInsert(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b := a[0].(*vm.ByteArray)
	i, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	c, err := vm.ByteOf(a[2])
	if err != nil {
		return nil, err
	}
	if i < 0 {
		i += len(b.Data)
	}
	b.Data = slices.Insert(b.Data, min(max(i, 0), len(b.Data)), c)
	return starlark.None, nil
}

func bytearrayPop(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b := a[0].(*vm.ByteArray)
	i := -1
	if v := arg(a, 1); v != nil {
		var err error
		if i, err = asInt(v); err != nil {
			return nil, err
		}
	}
	switch {
	case len(b.Data) == 0:
		return nil, vm.Raise(vm.IndexError, "pop from empty bytearray")
	case i < 0:
		i += len(b.Data)
	}
	if i < 0 || i >= len(b.Data) {
		return nil, vm.Raise(vm.IndexError, "pop index out of range")
	}
	c := b.Data[i]
	b.Data = slices.Delete(b.Data, i, i+1)
	return starlark.MakeInt(int(c)), nil
}

func bytearrayRemove(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b := a[0].(*vm.ByteArray)
	c, err := vm.ByteOf(a[1])
	if err != nil {
		return nil, err
	}
	i := bytes.IndexByte(b.Data, c)
	if i < 0 {
		return nil, vm.Raise(vm.ValueError, "value not found in bytearray")
	}
	b.Data = slices.Delete(b.Data, i, i+1)
	return starlark.None, nil
}

func bytearrayReverse(p *vm.Process, a []vm.Value) (vm.Value, error) {
	slices.Reverse(a[0].(*vm.ByteArray).Data)
	return starlark.None, nil
}

// fileReadinto fills a bytearray as far as the file goes.
func fileReadinto(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var buffer vm.Value
	f, err := receiver("readinto", args, kwargs, "buffer", &buffer)
	if err != nil {
		return nil, err
	}
	b, ok := buffer.(*vm.ByteArray)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "readinto() argument must be read-write bytes-like object, not %s", vm.TypeName(buffer))
	}
	v, err := f.read(p, len(b.Data))
	if err != nil {
		return nil, err
	}
	data, ok := v.(starlark.Bytes)
	if !ok {
		return nil, vm.Raise(vm.AttributeError, "'%s' object has no attribute 'readinto'", f.Type())
	}
	return starlark.MakeInt(copy(b.Data, data)), nil
}
