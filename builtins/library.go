package builtins

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What the modules os, sys, time, random, signal and errno share: how a table
// of natives becomes a module, and how arguments are unpacked.

// A nativeFn is what a row's Fn is, for those that are made by other functions.
type nativeFn = func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error)

// A constant is a row for a module's name that is not a function.
type constant struct {
	name  string
	value vm.Value
}

// newModule makes a builtin module from its tables. The rows of natives are
// named "module.function".
func newModule(name, doc string, natives []*vm.Native, constants []constant) *vm.Module {
	size := 2 + len(natives) + len(constants)
	names, values := append(make([]string, 0, size), "__name__", "__doc__"), append(make([]vm.Value, 0, size), starlark.String(name), starlark.String(doc))
	for _, n := range natives {
		names, values = append(names, n.Name[len(name)+1:]), append(values, n)
	}
	for _, c := range constants {
		names, values = append(names, c.name), append(values, c.value)
	}
	return &vm.Module{Name: name, Builtin: true, Globals: compile.NewGlobals(names), Slots: values}
}

// libraryMethods holds the methods of the Go types in these modules, as
// Registry.Methods wants them. Types may share rows; a row is found again
// under the type in its name.
func libraryMethods() map[string]func() map[string]*vm.Native {
	all := map[string]func() map[string]*vm.Native{}
	add := func(natives []*vm.Native, types ...string) {
		methods := sync.OnceValue(func() map[string]*vm.Native { return vm.ByShortName(natives) })
		for _, typ := range types {
			all[typ] = methods
		}
	}
	add(randomMethods, "Random", "SystemRandom")
	add(fileMethods, fileTypes...)
	return all
}

// libraryKinds holds the constructors of the Portables in these modules, as
// Registry.Kinds wants them.
func libraryKinds() map[string]func() vm.Portable {
	return map[string]func() vm.Portable{
		fileKind:      func() vm.Portable { return new(File) },
		unwrittenKind: func() vm.Portable { return new(unwritten) },
		randomKind:    func() vm.Portable { return new(Random) },
		regexKind:     func() vm.Portable { return new(Regex) },
		segmentKind:   func() vm.Portable { return new(segment) },
		channelKind:   func() vm.Portable { return new(channel) },
		codeKind:      func() vm.Portable { return new(codeObject) },
		structSeqKind: func() vm.Portable { return new(StructSeq) },
		weakRefKind:   func() vm.Portable { return new(weakRef) },
	}
}

// unpack assigns the arguments of a call to variables. pairs alternates names
// and pointers; a name that ends in ? is optional, one that starts with *
// is keyword-only. The messages, and the class of the error for an argument of the wrong
// kind, are CPython's, which starlark.UnpackArgs would lose.
func unpack(fn string, args []vm.Value, kwargs []starlark.Tuple, pairs ...any) error {
	n := len(pairs) / 2
	positional := 0
	for positional < n && pairs[2*positional].(string)[0] != '*' {
		positional++
	}
	if len(args) > positional {
		return arityError(fn, positional, len(args))
	}
	set := make([]bool, n)
	for i, v := range args {
		set[i] = true
		if err := assign(pairs[2*i+1], v); err != nil {
			return err
		}
	}
	for _, kw := range kwargs {
		if err := assignKeyword(fn, kw, set, pairs); err != nil {
			return err
		}
	}
	for i := range n {
		name := pairs[2*i].(string)
		if !set[i] && !strings.HasSuffix(name, "?") {
			return vm.Raise(vm.TypeError, "%s() missing required argument '%s' (pos %d)", fn, strings.Trim(name, "*?"), i+1)
		}
	}
	return nil
}

// arityError says that there are too many positional arguments.
func arityError(fn string, most, given int) error {
	if most == 0 {
		return vm.Raise(vm.TypeError, "%s() takes no arguments (%d given)", fn, given)
	}
	plural := "s"
	if most == 1 {
		plural = ""
	}
	return vm.Raise(vm.TypeError, "%s() takes at most %d argument%s (%d given)", fn, most, plural, given)
}

func assignKeyword(fn string, kw starlark.Tuple, set []bool, pairs []any) error {
	key := string(kw[0].(starlark.String))
	for i := range set {
		if strings.Trim(pairs[2*i].(string), "*?") != key {
			continue
		}
		if set[i] {
			return vm.Raise(vm.TypeError, "%s() got multiple values for argument '%s'", fn, key)
		}
		set[i] = true
		return assign(pairs[2*i+1], kw[1])
	}
	names := make([]string, len(set))
	for i := range names {
		names[i] = strings.Trim(pairs[2*i].(string), "*?")
	}
	e := vm.NewException(vm.TypeError, starlark.String(fmt.Sprintf("%s() got an unexpected keyword argument '%s'", fn, key)))
	e.Hint = vm.DidYouMean(key, names)
	return e
}

// assign converts an argument to what the variable holds.
func assign(variable any, v vm.Value) (err error) {
	switch ptr := variable.(type) {
	case *vm.Value:
		*ptr = v
	case *int:
		*ptr, err = asInt(v)
	case *float64:
		*ptr, err = asFloat(v)
	case *bool:
		*ptr = bool(v.Truth())
	case *string:
		*ptr, err = asText(v)
	case *[]byte:
		*ptr, err = asBytes(v)
	case *fileName:
		*ptr, err = asFileName(v)
	case *starlark.Int:
		*ptr, err = asInteger(v)
	default:
		err = fmt.Errorf("builtins: unpack into %T", variable)
	}
	return err
}

// asInteger converts an int or bool.
func asInteger(v vm.Value) (starlark.Int, error) {
	switch v := v.(type) {
	case starlark.Int:
		return v, nil
	case starlark.Bool:
		if v {
			return starlark.MakeInt(1), nil
		}
		return starlark.MakeInt(0), nil
	}
	return starlark.Int{}, vm.Raise(vm.TypeError, "'%s' object cannot be interpreted as an integer", vm.TypeName(v))
}

// asInt converts an int or bool that fits into a C int.
func asInt(v vm.Value) (int, error) {
	i, err := asInteger(v)
	if err != nil {
		return 0, err
	}
	n, ok := i.Int64()
	switch {
	case !ok || n > math.MaxInt32 && i.Sign() > 0:
		if i.Sign() > 0 {
			return 0, vm.Raise(vm.OverflowError, "signed integer is greater than maximum")
		}
		return 0, vm.Raise(vm.OverflowError, "signed integer is less than minimum")
	case n < math.MinInt32:
		return 0, vm.Raise(vm.OverflowError, "signed integer is less than minimum")
	}
	return int(n), nil
}

// asFloat converts a number.
func asFloat(v vm.Value) (float64, error) {
	switch v := v.(type) {
	case starlark.Float:
		return float64(v), nil
	case starlark.Int:
		f := float64(v.Float())
		if math.IsInf(f, 0) {
			return 0, vm.Raise(vm.OverflowError, "int too large to convert to float")
		}
		return f, nil
	case starlark.Bool:
		return map[starlark.Bool]float64{true: 1}[v], nil
	}
	return 0, vm.Raise(vm.TypeError, "must be real number, not %s", vm.TypeName(v))
}

func asText(v vm.Value) (string, error) {
	if s, ok := v.(starlark.String); ok {
		return string(s), nil
	}
	return "", vm.Raise(vm.TypeError, "str expected, not %s", vm.TypeName(v))
}

func asBytes(v vm.Value) ([]byte, error) {
	if b, ok := vm.BytesOf(v); ok {
		return []byte(b), nil
	}
	return nil, vm.Raise(vm.TypeError, "a bytes-like object is required, not '%s'", vm.TypeName(v))
}

// A fileName is a path that may have come as str or as bytes; what is made from it is
// of the same type.
type fileName struct {
	path  string
	bytes bool
}

func asFileName(v vm.Value) (fileName, error) {
	var name fileName
	switch v := v.(type) {
	case starlark.String:
		name = fileName{path: string(v)}
	case starlark.Bytes:
		name = fileName{path: string(v), bytes: true}
	default:
		if obj := instance(v); obj != nil && obj.Shape.Class.Find("__fspath__") != nil {
			return name, vm.NeedScript
		}
		return name, vm.Raise(vm.TypeError, "expected str, bytes or os.PathLike object, not %s", vm.TypeName(v))
	}
	if strings.IndexByte(name.path, 0) >= 0 {
		return name, vm.Raise(vm.ValueError, "embedded null byte")
	}
	return name, nil
}

// Functions that take paths take objects with a __fspath__ too.
func init() {
	for _, n := range slices.Concat(osNatives, programNatives, fileNatives, pathNatives) {
		if n.Slow == "" {
			convertInstances(n, "_with_paths")
		}
	}
}

// with returns another path as the type of this one.
func (n fileName) with(path string) vm.Value {
	if n.bytes {
		return starlark.Bytes(path)
	}
	return starlark.String(path)
}

// value returns the path as it came.
func (n fileName) value() vm.Value { return n.with(n.path) }
