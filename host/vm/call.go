package vm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// A call is what a native asks the VM to do in its place; see Tail and Resume.
type call struct {
	fn     Value
	args   []Value
	kwargs []starlark.Tuple

	gen   *Generator // Resume: the generator, and
	sent  Value      // the value to send, or
	throw *Exception // the exception to throw into it
}

// errTail is returned by a native that has set Process.pending.
var errTail = errors.New("call pending")

// Tail makes the native that returns its result be replaced by a call: the
// native's caller gets what fn returns.
func (p *Process) Tail(fn Value, args []Value, kwargs []starlark.Tuple) (Value, error) {
	p.pending = call{fn: fn, args: args, kwargs: kwargs}
	return nil, errTail
}

// Resume makes the native that returns its result be replaced by the next step
// of a generator: its caller gets what the generator yields, or StopIteration.
// The generator gets the value sent, or has the exception thrown into it.
func (p *Process) Resume(g *Generator, sent Value, throw *Exception) (Value, error) {
	p.pending = call{gen: g, sent: sent, throw: throw}
	return nil, errTail
}

// window returns where registers above all those of the top frame begin.
func (p *Process) window() int {
	if len(p.Frames) == 0 {
		return 0
	}
	fr := &p.Frames[len(p.Frames)-1]
	return fr.Base + fr.Fn.Proto.Code.NumRegs
}

// reserve makes the stack hold n registers at least.
func (p *Process) reserve(n int) {
	if n <= len(p.Stack) {
		return
	}
	stack := make([]Value, max(n, 2*len(p.Stack), 256))
	copy(stack, p.Stack)
	p.Stack = stack
}

// plainArity returns how many arguments are the parameters as they stand, or -2
// if they have to be bound, whatever their number.
func (pr *Proto) plainArity() int {
	if pr.plain == 0 {
		pr.plain = -1
		if c := pr.Code; c.Kind == compile.Function && c.NumKwOnly == 0 && !c.HasVarargs && !c.HasKwargs {
			pr.plain = c.NumPos + 1
		}
	}
	return pr.plain - 1
}

// addDefaults completes a number of given arguments, which lie in the stack from base on, by
// defaults to those of a plain call. It reports false where there is more to it.
func (p *Process) addDefaults(f *Function, base, given int) bool {
	missing := f.Proto.plainArity() - given
	if missing <= 0 || missing > len(f.Defaults) {
		return false
	}
	p.reserve(base + given + missing)
	copy(p.Stack[base+given:], f.Defaults[len(f.Defaults)-missing:])
	return true
}

// maxNames bounds the keyword arguments that are bound in place.
const maxNames = 8

// bindNames puts keyword arguments, whose values follow a number of given ones in the stack, in the
// places of their parameters, and defaults in those left over. It reports false, having changed nothing,
// where there is more to it, or something wrong.
func (p *Process) bindNames(f *Function, base, given int, names starlark.Tuple) bool {
	code := f.Proto.Code
	n := f.Proto.plainArity()
	if n < 0 || len(names) > maxNames || given+len(names) > n {
		return false
	}
	p.reserve(base + n)
	var values [maxNames]Value
	rest := p.Stack[base+given : base+n] // the parameters that are not given by position
	copy(values[:len(names)], rest)
	clear(rest)
	ok := true
	for i, name := range names {
		k := slices.Index(code.Locals[:n], string(name.(starlark.String))) - given
		if k < 0 || k+given < code.NumPosOnly || rest[k] != nil {
			ok = false
			break
		}
		rest[k] = values[i]
	}
	for i := range rest {
		if k := given + i - (n - len(f.Defaults)); rest[i] == nil && k >= 0 {
			rest[i] = f.Defaults[k]
		}
		ok = ok && rest[i] != nil
	}
	if !ok {
		copy(rest, values[:len(names)])
	}
	return ok
}

// push starts a call of f whose bound parameters are at the start of the
// window at base; the other locals are made unset.
func (p *Process) push(f *Function, base int, ret Action) error {
	if len(p.Frames) >= p.Limits.Recursion {
		return Raise(RecursionError, "maximum recursion depth exceeded")
	}
	code := f.Proto.Code
	if base+code.NumRegs >= len(p.Stack) {
		p.reserve(base + code.NumRegs + 1) // the loop points at the first, be there one or not
	}
	for i := base + code.NumParams(); i < base+len(code.Locals); i++ {
		p.Stack[i] = nil
	}
	p.enter(f, base, ret)
	return nil
}

// enter puts a frame on top. It is filled in where it lies: one that is made
// elsewhere and copied stalls the processor, which cannot forward eight-byte stores to
// wider loads. [with append: naive Fibonacci +33 %, other calls +10 %]
func (p *Process) enter(f *Function, base int, ret Action) *Frame {
	n := len(p.Frames)
	if n == cap(p.Frames) {
		p.Frames = slices.Grow(p.Frames, 1)
	}
	p.Frames = p.Frames[:n+1]
	fr := &p.Frames[n]
	fr.Fn, fr.Base, fr.PC, fr.Ret = f, base, 0, ret
	fr.Gen, fr.Self = nil, nil
	return fr
}

// call starts a call of fn. Either it is done at once and its value returned,
// or a frame has been pushed with its window at base and the value is nil. The
// args may lie in the stack from base on.
func (p *Process) call(fn Value, args []Value, kwargs []starlark.Tuple, base int, ret Action) (Value, error) {
	for range p.Limits.Recursion { // a callable may lead to another, and at last to itself
		switch f := fn.(type) {
		case *Function:
			return p.callFunction(f, args, kwargs, base, ret)
		case *Native:
			return p.callNative(f, args, kwargs, base, ret)
		case *BoundMethod:
			args = prepend(f.Self, args)
			fn = f.Fn
		case *Class:
			return p.construct(f, args, kwargs, base, ret)
		case *StaticMethod:
			fn = f.Fn
		case *Instance, *Exception:
			method := p.Special(f, "__call__")
			if method == nil {
				return nil, notCallable(fn)
			}
			fn = method
		case starlark.String: // type(x)(…)
			if fn = p.TypeNamed(string(f)); fn == nil {
				return nil, notCallable(f)
			}
		case starlark.Callable:
			return p.callForeign(f, args, kwargs)
		default:
			return nil, notCallable(fn)
		}
	}
	return nil, Raise(RecursionError, "maximum recursion depth exceeded")
}

func notCallable(fn Value) error {
	return Raise(TypeError, "'%s' object is not callable", TypeName(fn))
}

// Callable reports whether v can be called.
func Callable(v Value) bool {
	switch v := v.(type) {
	case *Instance, *Exception:
		return object(v).Shape.Class.Find("__call__") != nil
	case *Class, *StaticMethod, starlark.Callable:
		return true
	case *Native, *BoundMethod:
		return true
	}
	return false
}

func prepend(v Value, args []Value) []Value {
	out := make([]Value, len(args)+1)
	out[0] = v
	copy(out[1:], args)
	return out
}

func (p *Process) callFunction(f *Function, args []Value, kwargs []starlark.Tuple, base int, ret Action) (Value, error) {
	code := f.Proto.Code
	if len(p.Frames) >= p.Limits.Recursion {
		return nil, Raise(RecursionError, "maximum recursion depth exceeded")
	}
	if p.overlaps(args, base) {
		args = append([]Value(nil), args...)
	}
	p.reserve(base + code.NumRegs)
	if err := bindArgs(f, args, kwargs, p.Stack[base:base+code.NumParams()]); err != nil {
		return nil, err
	}
	if code.Kind == compile.Generator {
		regs := make([]Value, code.NumRegs)
		copy(regs, p.Stack[base:base+code.NumParams()])
		return &Generator{Fn: f, Regs: regs}, nil
	}
	return nil, p.push(f, base, ret)
}

// overlaps reports whether args lie in the stack at base or above, where a new window would overwrite them.
func (p *Process) overlaps(args []Value, base int) bool {
	if len(args) == 0 || base >= len(p.Stack) {
		return false
	}
	first, last := addressOf(&p.Stack[base]), addressOf(&p.Stack[len(p.Stack)-1])
	a := addressOf(&args[0])
	return a >= first && a <= last || addressOf(&args[len(args)-1]) >= first && a <= last
}

// bindArgs puts arguments into parameters, as CPython's
// initialize_locals (Python/ceval.c) does, with its messages.
func bindArgs(f *Function, args []Value, kwargs []starlark.Tuple, params []Value) error {
	code := f.Proto.Code
	clear(params)
	n := copy(params[:code.NumPos], args)
	named := code.NumPos + code.NumKwOnly
	if code.HasVarargs {
		params[named] = NewTuple(args[n:]...)
	}
	var extra *starlark.Dict
	if code.HasKwargs {
		extra = new(starlark.Dict)
		params[len(params)-1] = extra
	}
	for _, kw := range kwargs {
		if err := bindKeyword(f, kw, kwargs, params, extra); err != nil {
			return err
		}
	}
	if n < len(args) && !code.HasVarargs {
		return tooMany(f, len(args), params)
	}
	return bindDefaults(f, n, params)
}

// bindKeyword puts kw, which is one of kwargs, where it belongs.
func bindKeyword(f *Function, kw starlark.Tuple, kwargs []starlark.Tuple, params []Value, extra *starlark.Dict) error {
	code := f.Proto.Code
	name := string(kw[0].(starlark.String))
	for i := code.NumPosOnly; i < code.NumPos+code.NumKwOnly; i++ {
		if code.Locals[i] != name {
			continue
		}
		if params[i] != nil {
			return Raise(TypeError, "%s() got multiple values for argument '%s'", code.QualName, name)
		}
		params[i] = kw[1]
		return nil
	}
	if extra != nil {
		return extra.SetKey(kw[0], kw[1])
	}
	var wrong []string
	for _, param := range code.Locals[:code.NumPosOnly] {
		if slices.ContainsFunc(kwargs, func(kw starlark.Tuple) bool { return kw[0] == starlark.String(param) }) {
			wrong = append(wrong, param)
		}
	}
	if wrong != nil {
		return Raise(TypeError, "%s() got some positional-only arguments passed as keyword arguments: '%s'", code.QualName, strings.Join(wrong, ", "))
	}
	e := NewException(TypeError, starlark.String(fmt.Sprintf("%s() got an unexpected keyword argument '%s'", code.QualName, name)))
	e.Hint = DidYouMean(name, code.Locals[code.NumPosOnly:code.NumPos+code.NumKwOnly])
	return e
}

func bindDefaults(f *Function, given int, params []Value) error {
	code := f.Proto.Code
	var missing []string
	first := code.NumPos - code.NumDefaults
	for i := min(given, code.NumPos); i < code.NumPos; i++ {
		switch {
		case params[i] != nil:
		case i >= first:
			params[i] = f.Defaults[i-first]
		default:
			missing = append(missing, code.Locals[i])
		}
	}
	if missing != nil {
		return missingArgs(f, "positional", missing)
	}
	for i := range code.NumKwOnly {
		k := code.NumPos + i
		switch {
		case params[k] != nil:
		case f.KwDefaults[i] != nil:
			params[k] = f.KwDefaults[i]
		default:
			missing = append(missing, code.Locals[k])
		}
	}
	if missing != nil {
		return missingArgs(f, "keyword-only", missing)
	}
	return nil
}

func missingArgs(f *Function, kind string, names []string) error {
	for i, n := range names {
		names[i] = "'" + n + "'"
	}
	list := names[0]
	switch n := len(names); {
	case n == 2:
		list = names[0] + " and " + names[1]
	case n > 2:
		list = strings.Join(names[:n-1], ", ") + ", and " + names[n-1]
	}
	return Raise(TypeError, "%s() missing %d required %s argument%s: %s", f.Proto.Code.QualName, len(names), kind, plural(len(names)), list)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// tooMany follows too_many_positional in Python/ceval.c. The keyword arguments are in params.
func tooMany(f *Function, given int, params []Value) error {
	code := f.Proto.Code
	takes, s := fmt.Sprint(code.NumPos), plural(code.NumPos)
	if code.NumDefaults > 0 {
		takes, s = fmt.Sprintf("from %d to %d", code.NumPos-code.NumDefaults, code.NumPos), "s"
	}
	named := 0
	for _, v := range params[code.NumPos : code.NumPos+code.NumKwOnly] {
		if v != nil {
			named++
		}
	}
	were := "were"
	if given == 1 && named == 0 {
		were = "was"
	}
	if named > 0 {
		were = fmt.Sprintf("positional argument%s (and %d keyword-only argument%s) were", plural(given), named, plural(named))
	}
	return Raise(TypeError, "%s() takes %s positional argument%s but %d %s given", code.QualName, takes, s, given, were)
}

// callNative runs a builtin. Where it needs script code, the prelude function
// of its row is called instead.
func (p *Process) callNative(n *Native, args []Value, kwargs []starlark.Tuple, base int, ret Action) (Value, error) {
	v, err := n.Fn(p, args, kwargs)
	if err == nil {
		return v, nil
	}
	return p.nativeFailed(n, err, args, kwargs, base, ret)
}

// nativeFailed goes on with a builtin that returned an error.
func (p *Process) nativeFailed(n *Native, err error, args []Value, kwargs []starlark.Tuple, base int, ret Action) (Value, error) {
	switch err {
	case NeedScript:
		if n.Slow == "" {
			return nil, Raise(TypeError, "%s() cannot take an instance or generator here", n.ShortName())
		}
		slow, err := p.prelude(n.Slow)
		if err != nil {
			return nil, err
		}
		return p.callFunction(slow, args, kwargs, base, ret)
	case errTail:
		c := p.pending
		p.pending = call{}
		if c.gen != nil {
			return nil, p.resume(c.gen, c.sent, c.throw, ret)
		}
		return p.call(c.fn, c.args, c.kwargs, base, ret)
	}
	return nil, p.nativeError(err, n.Error)
}

// nativeError makes a Go error the exception that it is raised as. What the
// VM itself understands passes.
func (p *Process) nativeError(err error, class *Class) error {
	if e, ok := err.(*Exception); ok { // by far the most
		return e
	}
	var (
		halt        *Halt
		inGenerator *thrown
	)
	if isInterrupt(err) || errors.As(err, &halt) || errors.As(err, &inGenerator) {
		return err
	}
	return AsException(err, class)
}

// callForeign runs a go.starlark.net builtin or an embedder's callable. It may keep its arguments.
func (p *Process) callForeign(f starlark.Callable, args []Value, kwargs []starlark.Tuple) (Value, error) {
	for _, arg := range args {
		if g, ok := arg.(*Generator); ok {
			return nil, Raise(TypeError, "%s() cannot take a %s: make it a list first", f.Name(), g.Type())
		}
	}
	p.nested = append(p.nested, f.Name())
	taken := make(starlark.Tuple, len(args))
	for i, arg := range args {
		taken[i] = asCallable(arg)
	}
	named := make([]starlark.Tuple, len(kwargs))
	for i, kw := range kwargs {
		named[i] = starlark.Tuple{kw[0], asCallable(kw[1])}
	}
	v, err := f.CallInternal(p.Thread, taken, named)
	p.nested = p.nested[:len(p.nested)-1]
	if err != nil {
		return nil, p.nativeError(err, ValueError)
	}
	if c, ok := v.(callable); ok {
		return c.Value, nil
	}
	return v, nil
}

// A callable is, to a foreign builtin, what can be called here and is no
// starlark.Callable: a builtin, a class, an instance with __call__.
type callable struct{ Value }

func asCallable(v Value) Value {
	if _, ok := v.(starlark.Callable); !ok && Callable(v) {
		return callable{v}
	}
	return v
}

// Name returns the name of what is called.
func (c callable) Name() string { return calleeName(c.Value) }

// CallInternal runs it, within Go.
func (c callable) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (Value, error) {
	p := FromThread(thread)
	if p == nil {
		return nil, fmt.Errorf("%s: called on a thread that is not mpstar's", c.Name())
	}
	return p.Call(c.Value, args, kwargs)
}

// CanFork says why the process cannot be forked now, if it cannot.
func (p *Process) CanFork() error {
	if len(p.nested) == 0 {
		return nil
	}
	return Raise(RuntimeError, "os.fork() cannot be called from within the builtin %s(), which called back into the script",
		p.nested[len(p.nested)-1])
}

// CallInternal lets Go builtins call script functions. It runs a loop of its own, within Go.
func (f *Function) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (Value, error) {
	p := FromThread(thread)
	if p == nil {
		return nil, fmt.Errorf("%s: called on a thread that is not mpstar's", f.Name())
	}
	return p.Call(f, args, kwargs)
}

const threadLocal = "mpstar"

// FromThread returns the process whose Thread it is, or nil.
func FromThread(thread *starlark.Thread) *Process {
	p, _ := thread.Local(threadLocal).(*Process)
	return p
}

// Call calls fn and runs until it returns: for Go code that must have the
// value, at the price that nothing can fork meanwhile unless it is the outermost.
func (p *Process) Call(fn Value, args []Value, kwargs []starlark.Tuple) (Value, error) {
	depth := len(p.Frames)
	v, err := p.call(fn, args, kwargs, p.window(), RetExit)
	if err != nil || v != nil {
		return v, err
	}
	if len(p.Frames) == depth {
		return starlark.None, nil
	}
	return p.run()
}

// construct makes an instance of a class: __new__ if the script has one, then __init__.
func (p *Process) construct(c *Class, args []Value, kwargs []starlark.Tuple, base int, ret Action) (Value, error) {
	if isScript(c.Find("__new__")) {
		f, err := p.prelude("_construct")
		if err != nil {
			return nil, err
		}
		return p.callFunction(f, prepend(c, args), kwargs, base, ret)
	}
	obj, err := p.allocate(c, args, kwargs)
	if err != nil {
		return nil, err
	}
	init := c.Find("__init__")
	f, ok := init.(*Function)
	n, native := init.(*Native)
	inScript := native && n.Slow != ""
	if !ok && !inScript {
		return p.initNative(init, c, obj, args, kwargs)
	}
	if ret != RetStore || inScript {
		// Only a plain call has room for the instance meanwhile.
		slow, err := p.prelude("_construct_init")
		if err != nil {
			return nil, err
		}
		return p.callFunction(slow, append([]Value{obj, init}, args...), kwargs, base, ret)
	}
	if v, err := p.callFunction(f, prepend(obj, args), kwargs, base, RetInit); err != nil || v != nil {
		if err == nil {
			err = initReturned(v)
		}
		return nil, err
	}
	p.Frames[len(p.Frames)-1].Self = obj
	return nil, nil
}

// A maker says what calling a class does, as long as no class changes.
type maker struct {
	epoch     uint32    // Process.epoch + 1
	init      *Function // or nil if there is more to it than an instance and its __init__
	exception bool      // or an exception that keeps its arguments is all
}

// plainInit returns the __init__ of a class whose call does no more than make an instance and
// call that, or nil.
func (p *Process) plainInit(c *Class) *Function {
	if c.maker.epoch != p.epoch+1 && !c.Builtin {
		c.maker = maker{epoch: p.epoch + 1}
		switch init := c.Find("__init__"); {
		case isScript(c.Find("__new__")):
		case !c.IsSubclass(BaseException):
			c.maker.init, _ = init.(*Function)
		default:
			c.maker.exception = init == BaseException.Attrs["__init__"]
		}
	}
	return c.maker.init
}

func initReturned(v Value) error {
	return Raise(TypeError, "__init__() should return None, not '%s'", TypeName(v))
}

// allocate is object.__new__ and BaseException.__new__.
func (p *Process) allocate(c *Class, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if c.IsSubclass(BaseException) {
		return newException(c, args, kwargs)
	}
	return &Instance{Shape: c.RootShape()}, nil
}

// initNative finishes an instance whose class has no __init__ of the script.
func (p *Process) initNative(init Value, c *Class, obj Value, args []Value, kwargs []starlark.Tuple) (Value, error) {
	if init == BaseException.Attrs["__init__"] {
		return obj, nil // allocate has done it
	}
	if n, ok := init.(*Native); ok && n != objectInit {
		_, err := n.Fn(p, prepend(obj, args), kwargs)
		return obj, err
	}
	if len(args) > 0 || len(kwargs) > 0 {
		return nil, Raise(TypeError, "%s() takes no arguments", c.Name)
	}
	return obj, nil
}

// calleeName names a callable in a message.
func calleeName(v Value) string {
	switch v := v.(type) {
	case *Function:
		return v.Proto.Code.QualName
	case *Native:
		return v.ShortName()
	case *Class:
		return v.Name
	case starlark.Callable:
		return v.Name()
	}
	return v.Type()
}

// fullName is calleeName with the module of what the script defines (_PyObject_FunctionStr in Objects/object.c).
func fullName(v Value) string {
	switch v := v.(type) {
	case *Function:
		return v.Proto.Module.Name + "." + calleeName(v)
	case *BoundMethod:
		return fullName(v.Fn)
	case *Class:
		if !v.Builtin {
			return v.Module + "." + v.QualName
		}
	}
	return calleeName(v)
}

// ByShortName returns natives by their short names.
func ByShortName(natives []*Native) map[string]*Native {
	m := make(map[string]*Native, len(natives))
	for _, n := range natives {
		m[n.ShortName()] = n
	}
	return m
}

// ShortName returns the name without its module or type: "fork", "append".
func (n *Native) ShortName() string {
	return n.Name[strings.LastIndexByte(n.Name, '.')+1:]
}

// Type returns "type" for a constructor and CPython's name for a builtin function otherwise.
func (n *Native) Type() string {
	if n.Makes != "" {
		return "type"
	}
	return "builtin_function_or_method"
}

// Type returns CPython's names: a bound builtin is a builtin, a bound function a method.
func (b *BoundMethod) Type() string {
	if _, ok := b.Fn.(*Native); ok {
		return "builtin_function_or_method"
	}
	return "method"
}

// CallPrelude calls a function of the prelude.
func (p *Process) CallPrelude(name string, args ...Value) error {
	f, err := p.prelude(name)
	if err == nil {
		_, err = p.Call(f, args, nil)
	}
	return err
}
