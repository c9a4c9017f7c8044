package image

import (
	"fmt"
	"strconv"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// An UncopyableError says that a value cannot be written down.
type UncopyableError struct {
	Value vm.Value
	Path  string // how the script reaches it: globals["cfg"].client[3]
	Why   string // "" if nothing is known but its type
}

func (e *UncopyableError) Error() string {
	s := fmt.Sprintf("cannot copy %s, a '%s', into another process", e.Path, vm.TypeName(e.Value))
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}

// fail ends encoding because of a value.
func (e *encoder) fail(v vm.Value, why string) {
	if e.err == nil {
		e.err = &UncopyableError{v, e.path(v), why}
	}
}

// path tells how a value that was just met is reached. Nothing was kept for
// that but from which object each object was first met, so the steps are looked for.
func (e *encoder) path(v any) string {
	s := ""
	for i := e.cur; i >= 0; i = e.queue[i].from {
		it := e.queue[i]
		if it.slot >= 0 {
			return globalName(it.object.(*vm.Module), it.slot) + s
		}
		s = step(it.object, v) + s
		v = it.object
		if it.from < 0 {
			return e.rootName(it.root) + s
		}
	}
	return e.rootName(e.root) + s
}

func globalName(m *vm.Module, slot int) string {
	name := m.Globals.Names[slot]
	if m.Name == "__main__" {
		return fmt.Sprintf("globals[%q]", name)
	}
	return m.Name + "." + name
}

func (e *encoder) rootName(r root) string {
	switch {
	case e.p == nil:
		return "value"
	case r.frame < 0:
		return r.what
	}
	code := e.p.Frames[r.frame].Fn.Proto.Code
	if r.reg >= 0 && r.reg < len(code.Locals) && code.Locals[r.reg] != "" {
		return fmt.Sprintf("%s.locals[%q]", code.QualName, code.Locals[r.reg])
	}
	return "a value under way in " + code.QualName
}

// step tells how x is reached from a: ".name", "[3]", or "" if no script could
// tell the two apart.
func step(a, x any) string {
	switch a := a.(type) {
	case starlark.Tuple:
		return element(a, x)
	case *starlark.List:
		return element(vm.Elems(a), x)
	case *starlark.Dict:
		for k, v := range a.Entries() {
			if same(v, x) {
				return "[" + vm.Repr(k) + "]"
			}
		}
		return ".keys()"
	case *vm.Instance:
		return attribute(a, x)
	case *vm.Exception:
		return exceptionStep(a, x)
	case *vm.Class:
		for _, key := range a.Keys {
			if same(a.Attrs[key], x) {
				return "." + key
			}
		}
	case *vm.Function:
		return functionStep(a, x)
	case *vm.Generator:
		for i, v := range a.Regs {
			if locals := a.Fn.Proto.Code.Locals; same(v, x) && i < len(locals) && locals[i] != "" {
				return fmt.Sprintf(".locals[%q]", locals[i])
			}
		}
	case *vm.BoundMethod:
		if same(a.Self, x) {
			return ".__self__"
		}
		return ".__func__"
	}
	return ""
}

func element(elems []vm.Value, x any) string {
	for i, v := range elems {
		if same(v, x) {
			return "[" + strconv.Itoa(i) + "]"
		}
	}
	return ""
}

func attribute(a *vm.Instance, x any) string {
	for i, key := range a.Shape.Keys {
		if same(a.Slots[i], x) {
			return "." + key
		}
	}
	return ""
}

func exceptionStep(a *vm.Exception, x any) string {
	switch {
	case same(a.Args, x):
		return ".args"
	case same(a.Cause, x):
		return ".__cause__"
	case same(a.Context, x):
		return ".__context__"
	}
	return attribute(&a.Instance, x)
}

func functionStep(a *vm.Function, x any) string {
	code := a.Proto.Code
	for i, c := range a.Free {
		if any(c) == x {
			return fmt.Sprintf(".free[%q]", code.Free[i].Name)
		}
	}
	for i, v := range a.Defaults {
		if same(v, x) {
			return fmt.Sprintf(".defaults[%q]", code.Locals[code.NumPos-len(a.Defaults)+i])
		}
	}
	for i, v := range a.KwDefaults {
		if same(v, x) {
			return fmt.Sprintf(".defaults[%q]", code.Locals[code.NumPos+i])
		}
	}
	return ""
}

// same reports whether v and x are one object.
func same(v vm.Value, x any) bool {
	y, ok := x.(vm.Value)
	return ok && v != nil && vm.Is(v, y)
}
