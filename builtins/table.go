package builtins

import (
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Builtins of values (the universe and the methods of str, list and so on)
// are rows of this form. The signature is not only what help() shows: calls are bound by it.

// A fn is a builtin's body. Its arguments stand in the order of the
// signature, the receiver of a method first; one that was left out is nil, or past
// the end of a. So arguments are taken with arg.
type fn = func(p *vm.Process, a []vm.Value) (vm.Value, error)

// An iterFn is what Native.Iter is.
type iterFn = func(p *vm.Process, args []vm.Value) vm.Value

// A row describes a builtin.
type row struct {
	name   string   // without the type, for a method
	sig    string   // "(x, start=0, *, key=None)"; names before "/" cannot be keywords
	fn     fn       // the body, or
	raw    nativeFn // the body of one that takes its arguments as they come
	slow   string   // Native.Slow
	iter   iterFn   // Native.Iter
	makes  string   // Native.Makes
	static bool     // of a method: it is called on the type, int.from_bytes(b"x")
	leaf   bool     // Native.Leaf
	binds  bool     // of a function: as an attribute of a script's class it is a method
	doc    string
}

// arg returns an argument that may have been left out, or nil.
func arg(a []vm.Value, i int) vm.Value {
	if i < len(a) {
		return a[i]
	}
	return nil
}

// functions makes natives of rows that are functions. Every process begins with hundreds of
// them, so they are made in one piece.
func functions(module string, rows []row) []*vm.Native {
	made, arities := make([]vm.Native, len(rows)), make([]arity, len(rows))
	natives := make([]*vm.Native, len(rows))
	for i := range rows {
		r, n := &rows[i], &made[i]
		*n = vm.Native{Name: r.name, Sig: r.sig, Doc: r.doc, Fn: r.raw, Slow: r.slow, Iter: r.iter, Makes: r.makes, Method: r.binds, Leaf: r.leaf}
		if module != "" {
			n.Name = module + "." + r.name
		}
		if r.fn != nil {
			arities[i] = arityOf(r.name, r.sig)
			n.Fn = arities[i].function(r.fn)
		}
		natives[i] = n
	}
	return natives
}

// function makes the body of a native of that of its row.
func (a *arity) function(body fn) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if len(kwargs) > 0 || len(args) < a.required || len(args) > a.positional {
			var err error
			if args, err = a.signature().bind(args, kwargs); err != nil {
				return nil, err
			}
		}
		return body(p, args)
	}
}

// methods makes natives of rows that are methods of a type, whose values is
// tells apart.
func methods(typ string, is func(vm.Value) bool, rows []row) map[string]*vm.Native {
	made, arities := make([]vm.Native, len(rows)), make([]arity, len(rows))
	natives := make(map[string]*vm.Native, len(rows))
	for i := range rows {
		r, n := &rows[i], &made[i]
		if r.static {
			natives[r.name] = functions(typ, rows[i:i+1])[0]
			continue
		}
		*n = vm.Native{Name: typ + "." + r.name, Sig: r.sig, Doc: r.doc, Slow: r.slow, Iter: r.iter, Method: true}
		arities[i] = arityOf(r.name, r.sig)
		arities[i].typ = strings.Replace(typ, "string", "str", 1) + "."
		n.Fn = arities[i].method(n, typ, is, r.fn)
		if r.raw != nil {
			n.Fn = arities[i].rawMethod(typ, is, r.raw)
			if n.Slow == "" {
				convertInstances(n, "_with_indexes")
			}
		}
		natives[r.name] = n
	}
	return natives
}

// method makes the body of a native, which is a method, of that of its row.
func (a *arity) method(n *vm.Native, typ string, is func(vm.Value) bool, body fn) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if len(args) == 0 || !is(args[0]) {
			return nil, badReceiver(typ, a.name, args)
		}
		bound := args
		if len(kwargs) > 0 || len(args)-1 < a.required || len(args)-1 > a.positional {
			rest, err := a.signature().bind(args[1:], kwargs)
			if err != nil {
				return nil, err
			}
			bound = append([]vm.Value{args[0]}, rest...)
		}
		v, err := body(p, bound)
		if err == vm.NeedScript && n.Slow == "" {
			return convertAndCall(p, "_with_indexes", n, args, kwargs)
		}
		return v, err
	}
}

// rawMethod is method for a body that takes its arguments as they come.
func (a *arity) rawMethod(typ string, is func(vm.Value) bool, raw nativeFn) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if len(args) == 0 || !is(args[0]) {
			return nil, badReceiver(typ, a.name, args)
		}
		if len(kwargs) > 0 {
			if s := a.signature(); !s.keywords && s.posOnly == len(s.params) {
				return nil, vm.Raise(vm.TypeError, "%s%s() takes no keyword arguments", s.typ, a.name)
			}
		}
		return raw(p, args, kwargs)
	}
}

// convertInstances makes a native that meets an instance leave it to an
// intrinsic to call it again with a number in the place of the instance.
func convertInstances(n *vm.Native, intrinsic string) {
	body := n.Fn
	n.Fn = func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		v, err := body(p, args, kwargs)
		if err == vm.NeedScript {
			return convertAndCall(p, intrinsic, n, args, kwargs)
		}
		return v, err
	}
}

// convertAndCall leaves a call to an intrinsic, which makes it with numbers in the place of instances.
func convertAndCall(p *vm.Process, intrinsic string, n *vm.Native, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return p.Tail(p.Reg.Intrinsics[intrinsic], append([]vm.Value{n}, args...), kwargs)
}

// isType reports whether v is of a Go type.
func isType[T vm.Value](v vm.Value) bool {
	_, ok := v.(T)
	return ok
}

func badReceiver(typ, name string, args []vm.Value) error {
	if typ == "string" {
		typ = "str"
	}
	if len(args) == 0 {
		return vm.Raise(vm.TypeError, "unbound method %s.%s() needs an argument", typ, name)
	}
	return vm.Raise(vm.TypeError, "descriptor '%s' for '%s' objects doesn't apply to a '%s' object", name, typ, vm.TypeName(args[0]))
}

// An arity is what every call of a builtin looks at: how many arguments its row's sig allows.
// The rest of the signature is found in the few calls that need it.
type arity struct {
	name       string
	typ        string // "list." of a method
	sig        string
	required   int // the first params, without which there is no call
	positional int // how many may be positional
}

func arityOf(name, sig string) arity {
	a := arity{name: name, sig: sig}
	params, keywordOnly := 0, false
	for rest, more := sig[1:len(sig)-1], true; more; {
		var param string
		param, rest, more = strings.Cut(rest, ", ")
		if param == "" || param[0] == '/' || param[0] == '*' {
			keywordOnly = keywordOnly || param == "*"
			continue
		}
		if a.required == params && strings.IndexByte(param, '=') < 0 {
			a.required++
		}
		params++
		if !keywordOnly {
			a.positional++
		}
	}
	return a
}

// A signature is a row's sig taken apart.
type signature struct {
	*arity
	params   []string
	posOnly  int  // how many must be positional
	keywords bool // there is a ** parameter
}

func (a *arity) signature() *signature {
	s := &signature{arity: a}
	for _, param := range strings.Split(a.sig[1:len(a.sig)-1], ", ") {
		switch {
		case param == "" || param == "*":
		case param == "/":
			s.posOnly = len(s.params)
		case strings.HasPrefix(param, "**"):
			s.keywords = true
		case param[0] == '*':
		default:
			param, _, _ = strings.Cut(param, "=")
			s.params = append(s.params, param)
		}
	}
	return s
}

// bind puts arguments in the order of the parameters.
func (s *signature) bind(args []vm.Value, kwargs []starlark.Tuple) ([]vm.Value, error) {
	if len(args) > s.positional || len(kwargs) == 0 && len(args) < s.required {
		return nil, s.countError(len(args))
	}
	bound := make([]vm.Value, len(s.params))
	copy(bound, args)
	for _, kw := range kwargs {
		i, err := s.keyword(string(kw[0].(starlark.String)))
		if err != nil {
			return nil, err
		}
		if bound[i] != nil {
			return nil, vm.Raise(vm.TypeError, "argument for %s() given by name ('%s') and position (%d)", s.name, s.params[i], i+1)
		}
		bound[i] = kw[1]
	}
	for i, v := range bound[:s.required] {
		if v == nil {
			return nil, vm.Raise(vm.TypeError, "%s() missing required argument '%s' (pos %d)", s.name, s.params[i], i+1)
		}
	}
	return bound, nil
}

func (s *signature) keyword(name string) (int, error) {
	for i := s.posOnly; i < len(s.params); i++ {
		if s.params[i] == name {
			return i, nil
		}
	}
	if s.posOnly == len(s.params) {
		return 0, vm.Raise(vm.TypeError, "%s%s() takes no keyword arguments", s.typ, s.name)
	}
	return 0, vm.Raise(vm.TypeError, "'%s' is an invalid keyword argument for %s()", name, s.name)
}

// countError words a wrong number of arguments as Python/getargs.c does, which
// has other words for functions that take keywords.
func (s *signature) countError(given int) error {
	switch {
	case s.posOnly < len(s.params):
		return s.keywordCountError(given)
	case s.required == s.positional && s.positional == 0:
		return vm.Raise(vm.TypeError, "%s%s() takes no arguments (%d given)", s.typ, s.name, given)
	case s.required == s.positional && s.positional == 1:
		return vm.Raise(vm.TypeError, "%s%s() takes exactly one argument (%d given)", s.typ, s.name, given)
	case s.required == s.positional:
		return vm.Raise(vm.TypeError, "%s expected %d arguments, got %d", s.name, s.required, given)
	case given < s.required:
		return vm.Raise(vm.TypeError, "%s expected at least %s, got %d", s.name, arguments(s.required), given)
	}
	return vm.Raise(vm.TypeError, "%s expected at most %s, got %d", s.name, arguments(s.positional), given)
}

func (s *signature) keywordCountError(given int) error {
	switch {
	case given > len(s.params):
		return vm.Raise(vm.TypeError, "%s() takes at most %s (%d given)", s.name, arguments(len(s.params)), given)
	case given > s.positional && s.positional == 0:
		return vm.Raise(vm.TypeError, "%s() takes no positional arguments", s.name)
	case given > s.positional:
		return vm.Raise(vm.TypeError, "%s() takes at most %d positional arguments (%d given)", s.name, s.positional, given)
	case given < s.posOnly:
		return vm.Raise(vm.TypeError, "%s() takes at least %d positional argument (%d given)", s.name, s.posOnly, given)
	}
	return vm.Raise(vm.TypeError, "%s() missing required argument '%s' (pos %d)", s.name, s.params[given], given+1)
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return starlark.MakeInt(n).String() + " arguments"
}

// Keywords returns the names of the arguments that a builtin takes by name.
func Keywords(n *vm.Native) []string {
	s := (&arity{sig: n.Sig}).signature()
	return s.params[s.posOnly:]
}
