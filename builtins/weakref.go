package builtins

import (
	"errors"
	"runtime"
	"weak"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What modules weakref and gc have in Go: references that do not keep alive, and the collector.

const _weakrefDoc = "What module weakref has in Go."

var _weakrefRows = []row{
	{name: "ref", sig: "(x)", fn: weakrefNew, doc: "Return a weak reference to an instance, exception, class or function."},
	{name: "get", sig: "(ref)", fn: weakrefGet, doc: "Return what a weak reference is of, or None if it is gone."},
	{name: "collect", sig: "()", fn: weakrefCollect, doc: "Find what nothing refers to any more."},
}

func _weakrefModule() *vm.Module {
	return newModule("_weakref", _weakrefDoc, functions("_weakref", _weakrefRows), nil)
}

// A weakRef does not keep its target alive. In an image and in a message it does: in another process the target is there as
// long as something else refers to it there.
type weakRef struct {
	target func() vm.Value // nil once it is gone
}

const weakRefKind = "weakref"

var _ vm.Portable = (*weakRef)(nil)

func (r *weakRef) String() string        { return "<weak reference>" }
func (r *weakRef) Type() string          { return weakRefKind }
func (r *weakRef) Freeze()               {}
func (r *weakRef) Truth() starlark.Bool  { return true }
func (r *weakRef) Hash() (uint32, error) { return 0, errors.New("unhashable type: 'weakref'") }

// ImageKind, Image and Restore make it travel.
func (r *weakRef) ImageKind() string { return weakRefKind }

// Image writes the target, or None.
func (r *weakRef) Image() ([]byte, []vm.Value, error) {
	target := r.target()
	if target == nil {
		target = starlark.None
	}
	return nil, []vm.Value{target}, nil
}

// Restore reads it.
func (r *weakRef) Restore(data []byte, refs []vm.Value) error {
	if len(refs) != 1 {
		return errors.New("image: a weak reference without its target")
	}
	r.target = weakly(refs[0])
	if r.target == nil {
		r.target = func() vm.Value { return nil }
	}
	return nil
}

// weakly returns what finds a value as long as something else keeps it, or nil for one of a kind that is not referred to weakly.
func weakly(v vm.Value) func() vm.Value {
	switch v := v.(type) {
	case *vm.Instance:
		return pointerTo(v)
	case *vm.Exception:
		return pointerTo(v)
	case *vm.Class:
		return pointerTo(v)
	case *vm.Function:
		return pointerTo(v)
	}
	return nil
}

func pointerTo[T any, P interface {
	*T
	vm.Value
}](v P) func() vm.Value {
	pointer := weak.Make((*T)(v))
	return func() vm.Value {
		if x := pointer.Value(); x != nil {
			return P(x)
		}
		return nil
	}
}

func weakrefNew(p *vm.Process, a []vm.Value) (vm.Value, error) {
	target := weakly(a[0])
	if target == nil {
		return nil, vm.Raise(vm.TypeError, "cannot create weak reference to '%s' object", vm.TypeName(a[0]))
	}
	return &weakRef{target}, nil
}

func weakrefGet(p *vm.Process, a []vm.Value) (vm.Value, error) {
	r, ok := a[0].(*weakRef)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "expected a weak reference, not %s", vm.TypeName(a[0]))
	}
	if target := r.target(); target != nil {
		return target, nil
	}
	return starlark.None, nil
}

// weakrefCollect first forgets what lies in registers that are not live.
func weakrefCollect(p *vm.Process, a []vm.Value) (vm.Value, error) {
	end := len(p.Stack)
	for i := len(p.Frames) - 1; i >= 0; i-- {
		fr := &p.Frames[i]
		code := fr.Fn.Proto.Code
		live := fr.Base + int(code.Depth[max(fr.PC-1, 0)])
		if live < end {
			clear(p.Stack[live:end])
		}
		end = fr.Base
	}
	runtime.GC()
	return starlark.None, nil
}
