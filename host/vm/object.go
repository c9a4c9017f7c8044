package vm

import (
	"slices"
	"sort"
	"sync"
	"unsafe"

	"go.starlark.net/starlark"
)

// The methods of object and BaseException, the intrinsics of the prelude, and
// small helpers.

// objectInit is object.__init__.
var objectInit = &Native{Name: "object.__init__", Sig: "()", Doc: "Initialise the object.", Method: true, Fn: objectInitFn}

// classMethods are the attributes of builtin classes.
var classMethods = map[string][]*Native{
	"object": {
		objectInit,
		{Name: "object.__new__", Sig: "(class)", Doc: "Make an instance of a class, without running its __init__.", Fn: objectNew},
		{Name: "object.__str__", Sig: "()", Doc: "Return str(self).", Method: true, Fn: objectStr, Slow: "_object_str"},
		{Name: "object.__repr__", Sig: "()", Doc: "Return repr(self).", Method: true, Fn: objectRepr},
		{Name: "object.__eq__", Sig: "(other)", Doc: "Return self == other.", Method: true, Fn: objectEq},
		{Name: "object.__ne__", Sig: "(other)", Doc: "Return self != other.", Method: true, Fn: objectNe},
		{Name: "object.__hash__", Sig: "()", Doc: "Return hash(self).", Method: true, Fn: objectHash},
		{Name: "object.__format__", Sig: "(spec)", Doc: "Return format(self, spec).", Method: true, Slow: "_object_format", Fn: needScript},
		{Name: "object.__getattribute__", Sig: "(name)", Doc: "Return getattr(self, name).", Method: true, Slow: "_getattr", Fn: objectGetattr},
		{Name: "object.__getattribute__", Sig: "(name)", Doc: "Return an attribute.", Method: true, Fn: objectGetattribute},
		{Name: "object.__setattr__", Sig: "(name, value)", Doc: "Set an attribute.", Method: true, Fn: objectSetattr},
		{Name: "object.__delattr__", Sig: "(name)", Doc: "Delete an attribute.", Method: true, Fn: objectDelattr},
		{Name: "object.__init_subclass__", Sig: "()", Doc: "Called when a class is inherited from.", Fn: objectInitSubclass},
	},
	"BaseException": {
		{Name: "BaseException.__init__", Sig: "(*args)", Doc: "Set args.", Method: true, Fn: exceptionInit},
		{Name: "BaseException.__str__", Sig: "()", Doc: "Return the message.", Method: true, Fn: exceptionStr, Slow: "_exception_str"},
		{Name: "BaseException.__repr__", Sig: "()", Doc: "Return repr(self).", Method: true, Fn: objectRepr, Slow: "_exception_repr"},
		{Name: "BaseException.with_traceback", Sig: "(tb)", Doc: "Give the exception another traceback, or none, and return it.", Method: true, Fn: exceptionWithTraceback},
		{Name: "BaseException.add_note", Sig: "(note)", Doc: "Add a line to what the traceback prints after the message.", Method: true, Slow: "_add_note", Fn: needScript},
	},
}

// intrinsics are the natives that only the prelude sees.
var intrinsics = []*Native{
	{Name: "_special", Fn: intrinsicSpecial},
	{Name: "_throw", Fn: generatorThrow},
	{Name: "_delegate", Fn: generatorDelegate},
	{Name: "_undelegate", Fn: generatorUndelegate},
	{Name: "_fresh", Fn: generatorFresh},
	{Name: "_mro", Fn: intrinsicMRO},
	{Name: "_class", Fn: intrinsicClass},
	{Name: "_allocate", Fn: intrinsicAllocate},
	{Name: "_slot", Fn: intrinsicSlot},
	{Name: "_set_slot", Fn: intrinsicSetSlot},
	{Name: "_property", Fn: intrinsicProperty},
	{Name: "_binary", Fn: intrinsicBinary},
	{Name: "_unary", Fn: intrinsicUnary},
	{Name: "_remember_hash", Fn: intrinsicRememberHash},
	{Name: "_candidates", Fn: intrinsicCandidates},
	{Name: "_table", Fn: intrinsicTable},
	{Name: "_unordered", Fn: intrinsicUnordered},
	{Name: "_type_name", Fn: intrinsicTypeName},
	{Name: "_set_cause", Fn: intrinsicSetCause},
	{Name: "_base_init", Fn: exceptionInit},
	{Name: "_plain", Fn: intrinsicPlain},
}

func init() {
	for class, methods := range classMethods {
		c := Object
		if class != "object" {
			c = ExceptionClasses[class]
		}
		for _, m := range methods {
			c.SetAttr(m.ShortName(), m)
		}
	}
	ExceptionClasses["StopIteration"].SetAttr("__doc__", starlark.String("Signal the end from iterator.__next__()."))
}

// Complete adds to a registry what the VM itself provides: the methods of
// generators, the iterators over foreign values and the intrinsics.
func (r *Registry) Complete() {
	if r.Methods == nil {
		r.Methods = map[string]func() map[string]*Native{}
	}
	r.Methods["generator"] = sync.OnceValue(func() map[string]*Native { return ByShortName(generatorMethods) })
	if r.Kinds == nil {
		r.Kinds = map[string]func() Portable{}
	}
	r.Kinds[foreignIterKind] = func() Portable { return new(ForeignIter) }
	r.Kinds[byteArrayKind] = func() Portable { return new(ByteArray) }
	r.Kinds[frozenSetKind] = func() Portable { return new(FrozenSet) }
	r.Kinds[functionCodeKind] = func() Portable { return new(FunctionCode) }
	r.Kinds[unionKind] = func() Portable { return new(Union) }
	if r.Intrinsics == nil {
		r.Intrinsics = map[string]*Native{}
	}
	for _, n := range intrinsics {
		r.Intrinsics[n.Name] = n
	}
}

func objectInitFn(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if o := object(args[0]); len(args) > 1 || len(kwargs) > 0 {
		if o == nil || !isScript(o.Shape.Class.Find("__new__")) {
			return nil, Raise(TypeError, "object.__init__() takes exactly one argument (the instance to initialize)")
		}
	}
	return starlark.None, nil
}

func objectNew(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) == 0 {
		return nil, Raise(TypeError, "object.__new__(): not enough arguments")
	}
	c, ok := args[0].(*Class)
	if !ok {
		return nil, Raise(TypeError, "object.__new__(X): X is not a type object (%s)", TypeName(args[0]))
	}
	return p.allocate(c, args[1:], kwargs)
}

func objectStr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if overrides(args[0], "__repr__") {
		return nil, NeedScript
	}
	return starlark.String(defaultRepr(args[0])), nil
}

func objectRepr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if e, ok := args[0].(*Exception); ok {
		s, err := p.Repr(e.Args)
		if err != nil {
			return nil, err
		}
		return starlark.String(exceptionReprWith(e, s)), nil
	}
	return starlark.String(defaultRepr(args[0])), nil
}

func objectEq(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 2 {
		return nil, Raise(TypeError, "expected 1 argument, got %d", len(args)-1)
	}
	if args[0] == args[1] {
		return starlark.True, nil
	}
	return NotImplemented, nil
}

func objectNe(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	v, err := objectEq(p, args, kwargs)
	if v == starlark.True {
		return starlark.False, err
	}
	return v, err
}

func objectHash(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	o := object(args[0])
	if o == nil {
		return nil, Raise(TypeError, "descriptor '__hash__' requires an object")
	}
	h, err := identityHash(unsafePointer(o))
	return starlark.MakeUint(uint(h)), err
}

func objectGetattr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	name, ok := starlark.AsString(args[len(args)-1])
	if len(args) != 2 || !ok {
		return nil, Raise(TypeError, "__getattribute__() takes an attribute name")
	}
	return p.GetAttr(args[0], name)
}

func objectSetattr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 3 || object(args[0]) == nil {
		return nil, Raise(TypeError, "expected 2 arguments, got %d", len(args)-1)
	}
	name, ok := starlark.AsString(args[1])
	if !ok {
		return nil, Raise(TypeError, "attribute name must be string, not '%s'", TypeName(args[1]))
	}
	switch found := object(args[0]).Shape.Class.Find(name).(type) {
	case *Property:
		if found.Set != nil && found.Set != starlark.None {
			return p.Tail(found.Set, []Value{args[0], args[2]}, nil)
		}
	case *Instance:
		if set := p.Special(found, "__set__"); set != nil {
			return p.Tail(set, []Value{args[0], args[2]}, nil)
		}
	}
	return starlark.None, setOwn(args[0], name, args[2])
}

func objectGetattribute(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 2 {
		return nil, Raise(TypeError, "expected 1 argument, got %d", len(args)-1)
	}
	o, name := object(args[0]), ""
	if err := starlark.UnpackArgs("__getattribute__", starlark.Tuple{args[1]}, kwargs, "name", &name); err != nil {
		return nil, Raise(TypeError, "attribute name must be string, not '%s'", TypeName(args[1]))
	}
	if o == nil {
		return p.TailAttr(args[0], name)
	}
	a, found, err := p.usualAttr(args[0], o, name)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, p.noAttr(args[0], name)
	case a.fn != nil:
		return p.Tail(a.fn, a.args, nil)
	}
	return a.value, nil
}

func objectDelattr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 2 || object(args[0]) == nil {
		return nil, Raise(TypeError, "expected 1 argument, got %d", len(args)-1)
	}
	name, _ := starlark.AsString(args[1])
	return starlark.None, p.delOwn(args[0], name)
}

func objectInitSubclass(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(kwargs) > 0 {
		return nil, Raise(TypeError, "__init_subclass__() takes no keyword arguments")
	}
	return starlark.None, nil
}

func exceptionWithTraceback(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if len(args) != 2 || len(kwargs) > 0 {
		return nil, Raise(TypeError, "BaseException.with_traceback() takes exactly one argument (%d given)", max(len(args)-1, 0))
	}
	e, ok := args[0].(*Exception)
	if !ok {
		return nil, Raise(TypeError, "descriptor 'with_traceback' requires a 'BaseException' object but received '%s'", TypeName(args[0]))
	}
	if _, ok := args[1].(*Traceback); !ok && args[1] != starlark.None {
		return nil, Raise(TypeError, "__traceback__ must be a traceback or None")
	}
	e.setTraceback(args[1])
	return e, nil
}

func exceptionInit(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	e, ok := args[0].(*Exception)
	if !ok {
		return nil, Raise(TypeError, "descriptor '__init__' requires a 'BaseException' object but received '%s'", TypeName(args[0]))
	}
	if len(kwargs) > 0 && exceptionKeywords(e.Shape.Class) == nil {
		return nil, Raise(TypeError, "%s() takes no keyword arguments", e.Shape.Class.Name)
	}
	e.setArgs(args[1:])
	return starlark.None, nil
}

// setArgs is BaseException.__init__, and OSError's attributes with it.
func (e *Exception) setArgs(args []Value) {
	e.Args = append(starlark.Tuple(nil), args...)
	if e.Shape.Class.IsSubclass(OSError) && len(args) >= 2 {
		for i, name := range []string{"errno", "strerror", "filename"} {
			if i < len(args) {
				e.Set(name, args[i])
			}
		}
		if len(args) == 5 {
			e.Set("filename2", args[4])
		}
		if len(args) > 2 {
			e.Args = e.Args[:2]
		}
	}
}

// newException is BaseException.__new__: it keeps the arguments, whatever
// __init__ does with them. OSError(errno, …) becomes the subclass for the errno.
func newException(c *Class, args []Value, kwargs []starlark.Tuple) (Value, error) {
	var known []string
	if len(kwargs) > 0 {
		known = exceptionKeywords(c)
	}
	for _, kw := range kwargs {
		if isScript(c.Find("__init__")) {
			break
		}
		if name, _ := starlark.AsString(kw[0]); known == nil {
			return nil, Raise(TypeError, "%s() takes no keyword arguments", c.Name)
		} else if !slices.Contains(known, name) {
			return nil, Raise(TypeError, "'%s' is an invalid keyword argument for %s()", name, c.Name)
		}
	}
	if c == OSError && len(args) >= 2 {
		if errno, err := starlark.AsInt32(args[0]); err == nil {
			if sub := errnoClass[errno]; sub != "" {
				c = ExceptionClasses[sub]
			}
		}
	}
	e := NewException(c)
	e.setArgs(args)
	for _, kw := range kwargs {
		if name, _ := starlark.AsString(kw[0]); slices.Contains(known, name) {
			e.Set(name, kw[1])
		}
	}
	return e, nil
}

// exceptionKeywords returns the keyword arguments that an exception class takes, which are
// attributes of its instances.
func exceptionKeywords(c *Class) []string {
	switch {
	case c.IsSubclass(ImportError):
		return []string{"name", "path"}
	case c.IsSubclass(AttributeError):
		return []string{"name", "obj"}
	case c.IsSubclass(NameError):
		return []string{"name"}
	}
	return nil
}

// errnoClass gives the subclass of OSError for an errno (Objects/exceptions.c,
// ADD_ERRNO), in Linux's numbering.
var errnoClass = map[int]string{
	1: "PermissionError", 2: "FileNotFoundError", 3: "ProcessLookupError", 4: "InterruptedError",
	10: "ChildProcessError", 11: "BlockingIOError", 13: "PermissionError", 17: "FileExistsError",
	20: "NotADirectoryError", 21: "IsADirectoryError", 32: "BrokenPipeError", 103: "ConnectionAbortedError",
	104: "ConnectionResetError", 108: "BrokenPipeError", 110: "TimeoutError", 111: "ConnectionRefusedError",
	114: "BlockingIOError", 115: "BlockingIOError",
}

func exceptionStr(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	e, ok := args[0].(*Exception)
	if !ok {
		return nil, Raise(TypeError, "descriptor '__str__' requires a 'BaseException' object")
	}
	for _, arg := range e.Args {
		if _, err := p.Repr(arg); err != nil {
			return nil, err
		}
		if _, err := p.Str(arg); err != nil {
			return nil, err
		}
	}
	return starlark.String(exceptionMessage(e)), nil
}

func intrinsicSpecial(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	name := string(args[1].(starlark.String))
	if m := p.Special(args[0], name); m != nil && !isDefault(m) {
		return m, nil
	}
	return starlark.None, nil
}

// isDefault reports whether a special method is one that object has itself.
func isDefault(m Value) bool {
	b, ok := m.(*BoundMethod)
	if !ok {
		return false
	}
	n, ok := b.Fn.(*Native)
	return ok && Object.Attrs[n.ShortName()] == Value(n)
}

func intrinsicMRO(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	mro := args[0].(*Class).MRO
	elems := make([]Value, len(mro))
	for i, c := range mro {
		elems[i] = c
	}
	return starlark.NewList(elems), nil
}

func intrinsicClass(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if o := object(args[0]); o != nil {
		return o.Shape.Class, nil
	}
	return starlark.None, nil
}

func intrinsicAllocate(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return p.allocate(args[0].(*Class), args[1:], kwargs)
}

func intrinsicSlot(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return orNone(object(args[0]).Get(string(args[1].(starlark.String)))), nil
}

func intrinsicSetSlot(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return starlark.None, setOwn(args[0], string(args[1].(starlark.String)), args[2])
}

// intrinsicProperty returns the property or other descriptor of that name on the class of an
// object, or None.
func intrinsicProperty(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if o := object(args[0]); o != nil {
		if found := o.Shape.Class.Find(string(args[1].(starlark.String))); isDataDescriptor(found) {
			return found, nil
		}
	}
	return starlark.None, nil
}

// intrinsicBinary returns the TypeError of an operator for its operands.
func intrinsicBinary(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return nil, unsupported(string(args[0].(starlark.String)), args[1], args[2])
}

func intrinsicUnary(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return nil, Raise(TypeError, "bad operand type for unary %s: '%s'", string(args[0].(starlark.String)), TypeName(args[1]))
}

func intrinsicUnordered(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	sign := string(args[0].(starlark.String))
	return nil, Raise(TypeError, "'%s' not supported between instances of '%s' and '%s'", sign, TypeName(args[1]), TypeName(args[2]))
}

func intrinsicTypeName(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return starlark.String(TypeName(args[0])), nil
}

func intrinsicSetCause(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	e, ok1 := args[0].(*Exception)
	cause, ok2 := args[1].(*Exception)
	switch {
	case !ok1:
		return nil, Raise(TypeError, "exceptions must derive from BaseException")
	case ok2:
		e.Cause = cause
	case args[1] == starlark.None:
		e.Cause = nil
	default:
		return nil, Raise(TypeError, "exception causes must derive from BaseException")
	}
	e.Suppress = true
	return e, nil
}

func intrinsicPlain(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	return Plain(args[0]), nil
}

// intrinsicRememberHash keeps what a script's __hash__ returned, cut to what
// go.starlark.net's tables use.
func intrinsicRememberHash(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	h, ok := unbool(args[1]).(starlark.Int)
	if !ok {
		return nil, Raise(TypeError, "__hash__ method should return an integer")
	}
	cut, err := h.Hash()
	if err != nil {
		return nil, err
	}
	if held, ok := Plain(args[0]).(starlark.Tuple); ok {
		// What hashes as the tuple that it holds is found where that is.
		own, err := held.Hash()
		if n, ok := h.Uint64(); err == nil && ok && n == uint64(own) {
			cut = own
		}
	}
	object(args[0]).Set(hashSlot, starlark.MakeUint(uint(cut)))
	return starlark.None, nil
}

// intrinsicCandidates returns the keys of a dict or set that may equal key:
// those whose hash is the same.
func intrinsicCandidates(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error) {
	table, key := args[0], args[1]
	hash, err := key.Hash()
	if err != nil {
		return nil, err
	}
	return starlark.NewList(hashed(table, hash)), nil
}

// byIdentity makes the instances in keys equal only to themselves while f runs.
// So go.starlark.net's tables need no script code to place a key, nor to place
// all the others again when they grow.
func byIdentity(keys []Value, f func()) {
	var classes []*Class
	for _, k := range keys {
		classes = markKeyed(k, classes)
	}
	defer func() {
		for _, c := range classes {
			c.byIdentity = false
		}
	}()
	f()
}

// markKeyed sets byIdentity of the classes of the instances in a key, and adds them to classes.
func markKeyed(key Value, classes []*Class) []*Class {
	if t, ok := key.(starlark.Tuple); ok {
		for _, e := range t {
			classes = markKeyed(e, classes)
		}
	}
	if o := object(key); o != nil && !o.Shape.Class.Builtin && !o.Shape.Class.byIdentity {
		o.Shape.Class.byIdentity = true
		classes = append(classes, o.Shape.Class)
	}
	return classes
}

// InsertDistinct puts keys that are not equal to each other into an empty dict,
// with their values, or into an empty set. See Reserve.
func InsertDistinct(table Value, keys, values []Value) (err error) {
	if n := tableOf(table).fill(keys, values); n > 0 {
		keys = keys[n:]
		if values != nil {
			values = values[n:]
		}
	}
	byIdentity(keys, func() {
		for i, k := range keys {
			var v Value
			if values != nil {
				v = values[i]
			}
			if err = put(table, k, v); err != nil {
				return
			}
		}
	})
	return err
}

func put(table, key, v Value) error {
	if d, ok := table.(*starlark.Dict); ok {
		return d.SetKey(key, v)
	}
	return table.(*starlark.Set).Insert(key)
}

// putPlain puts a key into a dict or set if that takes neither the library nor
// the script, and reports whether it did.
func putPlain(table, key, v Value) bool {
	if d, ok := table.(*starlark.Dict); ok {
		return dictTable(d).set(key, v)
	}
	return setTable(table.(*starlark.Set)).set(key, starlark.None)
}

// Insert puts a key into a dict or set. When go.starlark.net's table grows it
// compares the keys that it has and believes that this cannot fail; so then it
// must not need the script.
func Insert(table, key, v Value) (err error) {
	if putPlain(table, key, v) {
		return nil
	}
	if !mayGrow(starlark.Len(table)) || !scripted(table) {
		return put(table, key, v)
	}
	if holdsObject(key) {
		return NeedScript
	}
	byIdentity(tableKeys(table), func() { err = put(table, key, v) })
	return err
}

func holdsObject(key Value) bool {
	if t, ok := key.(starlark.Tuple); ok {
		return slices.ContainsFunc(t, holdsObject)
	}
	return object(key) != nil
}

// mayGrow reports whether a table of n keys may be one that grows before it
// takes another: it has 8, or 6.5 times a power of two (overloaded in hashtable.go).
func mayGrow(n int) bool {
	return n == 8 || n > 0 && n%13 == 0 && (n/13)&(n/13-1) == 0
}

func tableKeys(table Value) []Value {
	if d, ok := table.(*starlark.Dict); ok {
		return d.Keys()
	}
	return elements(table.(*starlark.Set))
}

// intrinsicTable is the prelude's _table(op, table, key, [value]): a dict or
// set operation with a key that is in it by identity or not at all.
func intrinsicTable(p *Process, args []Value, kwargs []starlark.Tuple) (v Value, err error) {
	keys := tableKeys
	if hash, err := args[2].Hash(); err == nil && !mayGrow(starlark.Len(args[1])) {
		keys = func(table Value) []Value { return hashed(table, hash) }
	}
	byIdentity(append(keys(args[1]), args[2]), func() { v, err = tableOperation(args) })
	return v, err
}

func tableOperation(args []Value) (Value, error) {
	switch t := args[1].(type) {
	case *starlark.Dict:
		switch args[0].(starlark.String) {
		case "get":
			v, found, err := t.Get(args[2])
			if !found {
				v = args[3]
			}
			return v, err
		case "set":
			return starlark.None, t.SetKey(args[2], args[3])
		case "del":
			_, found, err := t.Delete(args[2])
			return starlark.Bool(found), err
		}
	case *starlark.Set:
		switch args[0].(starlark.String) {
		case "set":
			return starlark.None, t.Insert(args[2])
		case "del":
			found, err := t.Delete(args[2])
			return starlark.Bool(found), err
		}
	}
	return nil, Raise(SystemError, "_table: %s of %s", args[0], args[1].Type())
}

func sorted(names []string) []string {
	sort.Strings(names)
	return names
}

func unsafePointer(o *Instance) unsafe.Pointer { return unsafe.Pointer(o) }

func addressOf(v *Value) uintptr { return uintptr(unsafe.Pointer(v)) }
