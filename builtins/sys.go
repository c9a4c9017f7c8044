package builtins

import (
	"math"
	"path/filepath"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

const sysDoc = "The interpreter: its arguments, its standard files, its limits."

// sysVersion is the version of the language that scripts may rely on.
const sysVersion = "3.11.0 (mpstar)"

// sysNatives is module sys. What is of each process, such as argv and stdout,
// comes from StartSys.
var sysNatives = []*vm.Native{
	{Name: "sys.exit", Sig: "(status=None)", Fn: sysExit,
		Doc: "End the process by raising SystemExit. The status is 0 for None, a number, or something to be printed on standard error, with status 1."},
	{Name: "sys.exc_info", Sig: "()", Fn: sysExcInfo, Doc: "Return (type, exception, traceback) of the exception that is being handled, or three None."},
	{Name: "sys.exception", Sig: "()", Fn: sysException, Doc: "Return the exception that is being handled, or None."},
	{Name: "sys.getsizeof", Sig: "(object, default=None)", Fn: sysGetsizeof, Doc: "Return how many bytes CPython would take for a value, more or less, those of what it holds not counted."},
	{Name: "sys.getrecursionlimit", Sig: "()", Fn: sysGetrecursionlimit, Doc: "Return how deep calls may nest."},
	{Name: "sys.setrecursionlimit", Sig: "(limit)", Fn: sysSetrecursionlimit, Doc: "Set how deep calls may nest."},
	{Name: "sys.intern", Sig: "(string)", Fn: sysIntern, Doc: "Return the string. It makes no difference here."},
	{Name: "sys.__getattr__", Sig: "(name)", Fn: sysGetattr, Doc: "Return sys.modules: a dict of the modules that are imported, made anew each time."},
	defaultExceptHook,
	{Name: "sys.getdefaultencoding", Sig: "()", Fn: sysEncoding("getdefaultencoding"), Doc: "Return 'utf-8'."},
	{Name: "sys.getfilesystemencoding", Sig: "()", Fn: sysEncoding("getfilesystemencoding"), Doc: "Return 'utf-8'."},
}

// defaultExceptHook is sys.excepthook unless the script sets another.
var defaultExceptHook = &vm.Native{Name: "sys.excepthook", Sig: "(exctype, value, traceback)", Fn: sysExcepthook,
	Doc: "Print the traceback of an exception. What is set in its place is called when the script ends by one."}

// sysConstants are the names of module sys that are values.
var sysConstants = []constant{
	{"version", starlark.String(sysVersion)},
	{"version_info", newStruct(versionInfo, starlark.MakeInt(3), starlark.MakeInt(11), starlark.MakeInt(0), starlark.String("final"), starlark.MakeInt(0))},
	{"hexversion", starlark.MakeInt(0x030b00f0)},
	{"implementation", newStruct(implementation, starlark.String("mpstar"))},
	{"platform", starlark.String("linux")},
	{"byteorder", starlark.String("little")},
	{"maxsize", starlark.MakeInt64(1<<63 - 1)},
	{"maxunicode", starlark.MakeInt(0x10ffff)},
	{"float_info", newStruct(floatInfo,
		starlark.Float(math.MaxFloat64), starlark.MakeInt(1024), starlark.MakeInt(308),
		starlark.Float(0x1p-1022), starlark.MakeInt(-1021), starlark.MakeInt(-307),
		starlark.MakeInt(15), starlark.MakeInt(53), starlark.Float(0x1p-52), starlark.MakeInt(2), starlark.MakeInt(1))},
}

var (
	versionInfo = &structType{name: "sys.version_info", fields: []string{"major", "minor", "micro", "releaselevel", "serial"}}
	floatInfo   = &structType{name: "sys.float_info",
		fields: []string{"max", "max_exp", "max_10_exp", "min", "min_exp", "min_10_exp", "dig", "mant_dig", "epsilon", "radix", "rounds"}}
	implementation = &structType{name: "sys.implementation", fields: []string{"name"}}
)

// sysModule makes module sys.
func sysModule() *vm.Module { return newModule("sys", sysDoc, sysNatives, sysConstants) }

// StartSys gives a process that is not a fork what is its own in module sys.
// m is the process's own module; argv[0] is the script's name.
func StartSys(p *vm.Process, m *vm.Module, argv []string, executable string) {
	args := make([]vm.Value, len(argv))
	for i, arg := range argv {
		args[i] = starlark.String(arg)
	}
	m.Set("argv", starlark.NewList(args))
	m.Set("executable", starlark.String(executable))
	m.Set("__excepthook__", defaultExceptHook)
	dir := ""
	if len(argv) > 0 {
		dir, _ = filepath.Abs(filepath.Dir(argv[0]))
	}
	m.Set("path", starlark.NewList([]vm.Value{starlark.String(dir)}))
	for _, f := range []struct {
		name string
		file *File
	}{
		{"stdin", newTextFile(0, starlark.String("<stdin>"), "r")},
		{"stdout", newTextFile(1, starlark.String("<stdout>"), "w")},
		{"stderr", newTextFile(2, starlark.String("<stderr>"), "w")},
	} {
		m.Set(f.name, f.file)
		m.Set("__"+f.name+"__", f.file)
	}
}

// sysExit follows sys_exit and SystemExit_init: a tuple is the exception's arguments.
func sysExit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var status vm.Value = starlark.None
	if len(args) > 1 {
		return nil, vm.Raise(vm.TypeError, "exit expected at most 1 argument, got %d", len(args))
	}
	if err := unpack("exit", args, kwargs, "status?", &status); err != nil {
		return nil, err
	}
	var e *vm.Exception
	switch v := status.(type) {
	case starlark.NoneType:
		e = vm.NewException(vm.SystemExit)
	case starlark.Tuple:
		e = vm.NewException(vm.SystemExit, v...)
	default:
		e = vm.NewException(vm.SystemExit, v)
	}
	e.Set("code", status)
	return nil, e
}

func sysExcInfo(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("exc_info", args, kwargs); err != nil {
		return nil, err
	}
	e := p.Handling()
	if e == nil {
		return starlark.Tuple{starlark.None, starlark.None, starlark.None}, nil
	}
	return starlark.Tuple{e.Shape.Class, e, e.Traceback()}, nil
}

func sysGetattr(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var name string
	if err := unpack("__getattr__", args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	if name != "modules" {
		return nil, vm.Raise(vm.AttributeError, "module 'sys' has no attribute '%s'", name)
	}
	modules := starlark.NewDict(len(p.Order))
	for _, name := range p.Order {
		modules.SetKey(starlark.String(name), p.Modules[name]) // strings always hash
	}
	return modules, nil
}

func sysExcepthook(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var class, value, traceback vm.Value
	if err := unpack("excepthook", args, kwargs, "exctype", &class, "value", &value, "traceback", &traceback); err != nil {
		return nil, err
	}
	e, ok := value.(*vm.Exception)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "print_exception(): Exception expected for value, %s found", vm.TypeName(value))
	}
	WriteStderr(p, p.Traceback(e))
	return starlark.None, nil
}

func sysException(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("exception", args, kwargs); err != nil {
		return nil, err
	}
	if e := p.Handling(); e != nil {
		return e, nil
	}
	return starlark.None, nil
}

func sysGetrecursionlimit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getrecursionlimit", args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt(p.Limits.Recursion), nil
}

func sysSetrecursionlimit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var limit int
	if err := unpack("setrecursionlimit", args, kwargs, "limit", &limit); err != nil {
		return nil, err
	}
	if limit < 1 {
		return nil, vm.Raise(vm.ValueError, "recursion limit must be greater or equal than 1")
	}
	if depth := len(p.Frames); depth >= limit {
		return nil, vm.Raise(vm.RecursionError, "cannot set the recursion limit to %d at the recursion depth %d: the limit is too low", limit, depth)
	}
	p.Limits.Recursion = limit
	return starlark.None, nil
}

func sysIntern(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var s vm.Value
	if err := unpack("intern", args, kwargs, "string", &s); err != nil {
		return nil, err
	}
	if _, ok := s.(starlark.String); !ok {
		return nil, vm.Raise(vm.TypeError, "intern() argument must be str, not %s", vm.TypeName(s))
	}
	return s, nil
}

func sysEncoding(name string) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if err := unpack(name, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.String("utf-8"), nil
	}
}

// sysGetsizeof follows the sizes of CPython 3.11's objects on a machine of 64 bits.
func sysGetsizeof(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var x, otherwise vm.Value
	if err := unpack("getsizeof", args, kwargs, "object", &x, "default?", &otherwise); err != nil {
		return nil, err
	}
	const header, word, digit = 16, 8, 30
	size := header + 4*word
	switch x := x.(type) {
	case starlark.NoneType:
		size = header
	case starlark.Bool:
		size = header + word + 4
	case starlark.Int:
		size = header + word + 4*max((x.BigInt().BitLen()+digit-1)/digit, 1)
	case starlark.Float:
		size = header + word
	case starlark.String:
		size = 49 + len(x)
	case starlark.Bytes:
		size = 33 + len(x)
	case starlark.Tuple:
		size = header + 3*word + word*len(x)
	case *starlark.List:
		size = header + 5*word + word*x.Len()
	case *starlark.Dict:
		size = header + 6*word + 3*word*x.Len()
	case *starlark.Set:
		size = header + 25*word + 2*word*x.Len()
	}
	return starlark.MakeInt(size), nil
}
