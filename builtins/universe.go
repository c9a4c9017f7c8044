package builtins

import (
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// universeRows are the functions and types that every script sees.
var universeRows = []row{
	{name: "print", sig: "(*values, sep=' ', end='\\n', file=None, flush=False)", raw: printNative, slow: "slow_print",
		doc: "Write the values to standard output, or to file, with one write a call: sep between them and end after the last."},
	{name: "input", sig: "(prompt='', /)", fn: inputFn, slow: "slow_input",
		doc: "Write the prompt and read a line from standard input. Returns it without its newline."},
	{name: "open", sig: "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True)", raw: openNative, slow: "slow_open",
		doc: "Open a file and return it. mode is r, w, a or x, with b for bytes and + for reading and writing."},
	{name: "help", sig: "(x=None, /)", fn: helpFn, slow: "slow_help", doc: "Print what there is to know about a function, class, module or value, or about what has the name x."},
	{name: "exit", sig: "(status=None)", raw: sysExit, doc: "End this process by raising SystemExit."},
	{name: "quit", sig: "(status=None)", raw: sysExit, doc: "End this process by raising SystemExit."},
	{name: "fail", sig: "(*values, sep=' ')", raw: failNative, slow: "slow_fail", doc: "Raise a RuntimeError whose message is the values as print would show them."},

	{name: "bool", sig: "(x=False, /)", fn: boolFn, slow: "slow_bool", makes: "bool", doc: "Return the truth of x."},
	{name: "int", sig: "(x=0, /, base=10)", fn: intFn, slow: "slow_int", makes: "int",
		doc: "Convert a number, rounding towards zero, or a string, in a base from 2 to 36; base 0 looks at the prefix."},
	{name: "float", sig: "(x=0.0, /)", fn: floatFn, slow: "slow_float", makes: "float", doc: "Convert a number or a string."},
	{name: "str", sig: "(x='', encoding='utf-8', errors='strict')", fn: strFn, slow: "slow_str", makes: "string",
		doc: "Return x as print shows it. Bytes are decoded: invalid ones become U+FFFD, unless an encoding is given."},
	{name: "bytearray", sig: "(x=b'', encoding='utf-8', errors='strict')", fn: bytearrayFn, slow: "slow_bytearray", makes: "bytearray",
		doc: "Make bytes that can be changed, of what bytes takes. Its elements are ints."},
	{name: "bytes", sig: "(x=b'', encoding='utf-8', errors='strict')", fn: bytesFn, slow: "slow_bytes", makes: "bytes",
		doc: "Encode a string, or make bytes of the ints that x yields, or as many zeros as the int x says."},
	{name: "list", sig: "(iterable=(), /)", fn: listFn, slow: "slow_list", makes: "list", doc: "Make a list of the elements of an iterable."},
	{name: "tuple", sig: "(iterable=(), /)", fn: tupleFn, slow: "slow_tuple", makes: "tuple", doc: "Make a tuple of the elements of an iterable."},
	{name: "dict", sig: "(x=(), /, **items)", raw: dictNative, slow: "slow_dict", makes: "dict", doc: "Make a dict of a mapping or of pairs, and of keyword arguments."},
	{name: "set", sig: "(iterable=(), /)", fn: setFn, slow: "slow_set", makes: "set", doc: "Make a set of the elements of an iterable."},
	{name: "frozenset", sig: "(iterable=(), /)", fn: frozensetFn, slow: "slow_frozenset", makes: "frozenset", doc: "Make a set that never changes, and so can be a key."},
	{name: "range", sig: "(start, stop, step=1, /)", raw: rangeNative, iter: rangeIterator, slow: "slow_range", makes: "range", doc: "Make the sequence of ints from start up to stop, which is not in it, by step. With one argument, from 0 up to it."},
	{name: "slice", sig: "(start, stop, step=None, /)", raw: sliceNative, makes: "slice", doc: "Make what x[start:stop:step] indexes x with. With one argument, it is stop."},

	{name: "len", sig: "(x, /)", fn: lenFn, slow: "slow_len", doc: "Return how many elements x has; of a string, how many bytes."},
	{name: "repr", sig: "(x, /)", fn: reprFn, slow: "slow_repr", doc: "Return x as it would be written in a program, if that can be."},
	{name: "ascii", sig: "(x, /)", fn: asciiFn, slow: "slow_ascii", doc: "Return repr(x) with all but ASCII escaped."},
	{name: "format", sig: "(value, spec='', /)", fn: formatFn, slow: "slow_format", doc: "Return value as {:spec} in a format string shows it."},
	{name: "chr", sig: "(i, /)", fn: chrFn, slow: "slow_chr", doc: "Return the character with that code point."},
	{name: "ord", sig: "(c, /)", fn: ordFn, doc: "Return the code point of a character, or the value of a byte."},
	{name: "bin", sig: "(x, /)", fn: baseFn("0b", 2), slow: "slow_bin", doc: "Return an int in binary: '0b101'."},
	{name: "oct", sig: "(x, /)", fn: baseFn("0o", 8), slow: "slow_oct", doc: "Return an int in octal: '0o17'."},
	{name: "hex", sig: "(x, /)", fn: baseFn("0x", 16), slow: "slow_hex", doc: "Return an int in hexadecimal: '0xff'."},

	{name: "abs", sig: "(x, /)", fn: absFn, slow: "slow_abs", doc: "Return the absolute value of a number."},
	{name: "round", sig: "(x, ndigits=None)", fn: roundFn, slow: "slow_round", doc: "Round to ndigits decimals, to an int without them. Halves go to the even neighbour."},
	{name: "divmod", sig: "(x, y, /)", fn: divmodFn, slow: "slow_divmod", doc: "Return (x // y, x % y)."},
	{name: "pow", sig: "(base, exp, mod=None)", fn: powFn, slow: "slow_pow", doc: "Return base ** exp, or base ** exp % mod computed the fast way."},
	{name: "sum", sig: "(iterable, /, start=0)", fn: sumFn, slow: "slow_sum", doc: "Add up the elements, beginning with start."},
	{name: "min", sig: "(*values, key=None, default)", raw: extremeNative("min"), slow: "slow_min",
		doc: "Return the smallest of several values or of the elements of one iterable: the first, if there are equals. key(x) is compared if there is a key."},
	{name: "max", sig: "(*values, key=None, default)", raw: extremeNative("max"), slow: "slow_max",
		doc: "Return the greatest of several values or of the elements of one iterable: the first, if there are equals. key(x) is compared if there is a key."},
	{name: "hash", sig: "(x, /)", fn: hashFn, slow: "slow_hash", doc: "Return the hash of x: that of a string is Java's, that of bytes is FNV-1a."},
	{name: "id", sig: "(x, /)", fn: idFn, doc: "Return a number that no other object has while x lives."},

	{name: "all", sig: "(iterable, /)", fn: allFn, slow: "slow_all", doc: "Tell whether all elements are true."},
	{name: "any", sig: "(iterable, /)", fn: anyFn, slow: "slow_any", doc: "Tell whether any element is true."},
	{name: "enumerate", sig: "(iterable, start=0)", fn: enumerateFn, iter: enumerateRows, slow: "slow_enumerate",
		doc: "Pair the elements with their numbers, from start on: a list of pairs, or a generator if iterable is an iterator."},
	{name: "zip", sig: "(*iterables, strict=False)", raw: zipNative, iter: zipRows, slow: "slow_zip",
		doc: "Make tuples of the first elements, the second and so on, up to the end of the shortest: a list, or a generator if there are iterators among the iterables."},
	{name: "map", sig: "(function, iterable, *iterables)", raw: mapNative, slow: "slow_map", doc: "Call the function on the elements one by one. Returns a generator of what it returns."},
	{name: "filter", sig: "(function, iterable, /)", fn: filterFn, slow: "slow_filter", doc: "Return a generator of the elements for which the function is true; of the true elements, if it is None."},
	{name: "sorted", sig: "(iterable, /, key=None, reverse=False)", fn: sortedFn, slow: "slow_sorted", doc: "Return a sorted list of the elements. Equal ones stay in their order. key(x) is compared if there is a key."},
	{name: "reversed", sig: "(sequence, /)", fn: reversedFn, slow: "slow_reversed", doc: "Return a list of the elements, last first."},
	{name: "iter", sig: "(x, sentinel, /)", raw: iterNative, slow: "slow_iter", doc: "Return an iterator over x. With a sentinel, x is called again and again until it returns that."},
	{name: "next", sig: "(iterator, default, /)", raw: nextNative, slow: "slow_next", doc: "Return the next element; at the end the default, or StopIteration is raised if there is none."},

	{name: "type", sig: "(x, bases, dict, /, **kwargs)", raw: typeNative, slow: "slow_type", makes: "type",
		doc: "Return the class of an instance or exception; of other values the name of their type, as Starlark does. With three arguments make a class of that name, which inherits from bases and has the attributes in dict."},
	{name: "isinstance", sig: "(x, types, /)", fn: isinstanceFn, slow: "slow_isinstance", doc: "Tell whether x is an instance of a class or type, or of one of a tuple of them."},
	{name: "issubclass", sig: "(class, classes, /)", fn: issubclassFn, doc: "Tell whether a class inherits from another, or from one of a tuple of them, or is it."},
	{name: "callable", sig: "(x, /)", fn: callableFn, doc: "Tell whether x can be called."},
	{name: "getattr", sig: "(x, name, default, /)", raw: getattrNative, slow: "slow_getattr", doc: "Return x.name; the default, if it is given and there is no such attribute."},
	{name: "setattr", sig: "(x, name, value, /)", fn: setattrFn, slow: "_setattr", doc: "Do x.name = value."},
	{name: "delattr", sig: "(x, name, /)", fn: delattrFn, slow: "slow_delattr", doc: "Do del x.name."},
	{name: "hasattr", sig: "(x, name, /)", fn: hasattrFn, slow: "slow_hasattr", doc: "Tell whether x has an attribute of that name."},
	{name: "dir", sig: "(x, /)", raw: dirNative, slow: "slow_dir", doc: "Return the names of the attributes of x, of the variables here without it, sorted."},
	{name: "vars", sig: "(x, /)", raw: varsNative, doc: "Return a dict of the attributes of an instance, class or module, of the variables here without it. Changing it changes nothing else."},
	{name: "globals", sig: "()", fn: globalsFn, doc: "Return a dict of the global variables. Changing it changes nothing else."},
	{name: "locals", sig: "()", fn: localsFn, doc: "Return a dict of the local variables. Changing it changes nothing else."},
	{name: "eval", sig: "(source, globals=None, locals=None, /)", raw: evalNative, doc: "Return the value of an expression, given as a text or code object. Its variables are those here, or those in the dicts."},
	{name: "exec", sig: "(source, globals=None, locals=None, /)", raw: execNative, doc: "Run statements, given as a text or code object. Their variables are those here, or those in the dicts. In a function, what they assign to is lost."},
	{name: "compile", sig: "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1)", raw: compileNative, doc: "Return a code object for eval or exec. mode is 'eval', 'exec' or 'single'."},
	{name: "__import__", sig: "(name, globals=None, locals=None, fromlist=(), level=0)", raw: importNative, doc: "Import a module and return it; of a dotted name the first one, unless there is a fromlist."},
	{name: "super", sig: "(class, x, /)", raw: superNative, makes: "super", doc: "Return a view of x that finds attributes in the classes after class. Within a method both arguments can be left out."},
	{name: "property", sig: "(fget=None, fset=None, fdel=None, doc=None)", fn: propertyFn, makes: "property", doc: "Make a class attribute that is got, set and deleted by functions."},
	{name: "staticmethod", sig: "(function, /)", fn: staticmethodFn, makes: "staticmethod", doc: "Make a method that does not get the instance."},
	{name: "classmethod", sig: "(function, /)", fn: classmethodFn, makes: "classmethod", doc: "Make a method that gets the class in the place of the instance."},
}

// What CPython has and scripts here have not is told by name.
func init() {
	for _, r := range []row{
		{name: "complex", sig: "(real=0, imag=0)", makes: "complex", doc: "Not here: there are no complex numbers. It serves for isinstance."},
		{name: "memoryview", sig: "(object)", makes: "memoryview", doc: "Not here: slices of bytes are views already. It serves for isinstance."},
	} {
		r.raw = notHere(r)
		universeRows = append(universeRows, r)
	}
}

func notHere(r row) nativeFn {
	return func(*vm.Process, []vm.Value, []starlark.Tuple) (vm.Value, error) {
		return nil, vm.Raise(vm.NotImplementedError, "%s(): %s", r.name, strings.TrimPrefix(r.doc, "Not here: "))
	}
}

// constants of the universe.
var universeConstants = []constant{
	{"None", starlark.None},
	{"True", starlark.True},
	{"False", starlark.False},
	{"Ellipsis", vm.Ellipsis},
	{"NotImplemented", vm.NotImplemented},
	{"object", vm.Object},
	{"__debug__", starlark.True},
}

// universe returns what scripts see without importing it.
func universe() map[string]vm.Value {
	all := map[string]vm.Value{}
	for _, c := range universeConstants {
		all[c.name] = c.value
	}
	for name, class := range vm.ExceptionClasses {
		all[name] = class
	}
	all["IOError"] = vm.OSError
	all["EnvironmentError"] = vm.OSError
	for _, n := range functions("", universeRows) {
		all[n.Name] = n
	}
	return all
}

// needScriptNative is the body of a builtin that is all in the prelude.
func needScriptNative(*vm.Process, []vm.Value, []starlark.Tuple) (vm.Value, error) {
	return nil, vm.NeedScript
}
