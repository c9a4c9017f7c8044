package vm

import (
	"mpstar/host/compile"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A FrozenSet is a set that never changes, so that it can be a key. Where a set is asked for, its Set does.
type FrozenSet struct {
	elems starlark.Tuple // nil if there is a set
	set   *starlark.Set  // nil until it is asked for, if there are elements
}

var (
	_ Portable            = (*FrozenSet)(nil)
	_ starlark.Sequence   = (*FrozenSet)(nil)
	_ starlark.HasBinary  = (*FrozenSet)(nil)
	_ starlark.Comparable = (*FrozenSet)(nil)
)

// frozenSetKind is FrozenSet's ImageKind.
const frozenSetKind = "frozenset"

// NewFrozenSet makes one of a set that nobody else has.
func NewFrozenSet(s *starlark.Set) *FrozenSet { return &FrozenSet{set: s} }

// Set returns a set of the same elements, which must not be changed.
func (f *FrozenSet) Set() *starlark.Set {
	if f.set == nil {
		f.set = starlark.NewSet(len(f.elems))
		_ = InsertDistinct(f.set, f.elems, nil) // they were in a set before
		f.elems = nil
	}
	return f.set
}

// Thaw returns a frozenset as a set, and any other value as it is.
func Thaw(v Value) Value {
	if f, ok := v.(*FrozenSet); ok {
		return f.Set()
	}
	return v
}

func isFrozen(v Value) bool {
	_, ok := v.(*FrozenSet)
	return ok
}

func (f *FrozenSet) String() string       { return Repr(f) }
func (f *FrozenSet) Type() string         { return "frozenset" }
func (f *FrozenSet) Freeze()              {}
func (f *FrozenSet) Truth() starlark.Bool { return f.Len() > 0 }

// Len and Iterate are the set's.
func (f *FrozenSet) Len() int                   { return f.Set().Len() }
func (f *FrozenSet) Iterate() starlark.Iterator { return f.Set().Iterate() }

// Hash does not look at the order of the elements. Those with an __eq__ of their own, which
// take script code to compare, make a frozenset no key.
func (f *FrozenSet) Hash() (uint32, error) {
	sum := uint32(f.Len())
	for v := range f.Set().Elements() {
		if scriptedKey(v) {
			return unhashable(f)
		}
		h, err := v.Hash()
		if err != nil {
			return 0, err
		}
		sum ^= h * 0x9e3779b1 // so that those of two sets are not those of their sum
	}
	return sum, nil
}

// Binary does the operators of sets. The result has the type of the left operand.
func (f *FrozenSet) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	other, ok := Thaw(y).(*starlark.Set)
	if !ok {
		return nil, nil
	}
	a, b := f.Set(), other
	if side == starlark.Right {
		a, b = other, f.Set()
	}
	if scripted(a) || scripted(b) {
		return nil, NeedScript
	}
	z := Value(nil)
	switch op {
	case syntax.PIPE:
		z = setOperation(compile.OR, a, b)
	case syntax.AMP:
		z = setOperation(compile.AND, a, b)
	case syntax.MINUS:
		z = setOperation(compile.SUB, a, b)
	case syntax.CIRCUMFLEX:
	default:
		return nil, nil
	}
	if z == nil {
		var err error
		if z, err = starlark.Binary(op, a, b); err != nil {
			return nil, err
		}
	}
	if s, ok := z.(*starlark.Set); ok && (side == starlark.Left || isFrozen(y)) {
		return NewFrozenSet(s), nil
	}
	return z, nil
}

// CompareSameType compares as sets are compared.
func (f *FrozenSet) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return starlark.CompareDepth(op, f.Set(), y.(*FrozenSet).Set(), depth)
}

// ImageKind, Image and Restore make it travel.
func (f *FrozenSet) ImageKind() string { return frozenSetKind }

// Image writes the elements.
func (f *FrozenSet) Image() ([]byte, []Value, error) { return nil, elements(f.Set()), nil }

// Restore takes the elements, which may not be complete yet.
func (f *FrozenSet) Restore(data []byte, refs []Value) error {
	f.elems = refs
	return nil
}
