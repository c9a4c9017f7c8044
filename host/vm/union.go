package vm

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A Union is the type of what is an instance of one of several types: int | str
// (Objects/unionobject.c), or typing.Union[int, str].
type Union struct {
	Args   starlark.Tuple // different ones, two at least; None is there as what type(None) is
	Typing bool           // it was made by module typing, as repr shows
}

var (
	_ Portable            = (*Union)(nil)
	_ starlark.Comparable = (*Union)(nil)
)

// unionKind is Union's ImageKind.
const unionKind = "union"

// noneType is what type(None) is.
const noneType = starlark.String("NoneType")

// UnionOf returns the union of types, or the type alone if they are all the same, or nil if
// one of them is no type. None stands for its type.
func UnionOf(types []Value, typing bool) Value {
	u := &Union{Typing: typing}
	for _, t := range types {
		if !u.add(t) {
			return nil
		}
	}
	if len(u.Args) == 1 {
		return u.Args[0]
	}
	return u
}

// add adds a type to those of u, if it is one.
func (u *Union) add(t Value) bool {
	switch c := t.(type) {
	case *Union:
		for _, arg := range c.Args {
			u.add(arg)
		}
		return true
	case starlark.NoneType:
		t = noneType
	case starlark.String:
		if c != noneType {
			return false
		}
	case *Native:
		if c.Makes == "" {
			return false
		}
	case *Class:
	default:
		return false
	}
	if !slices.Contains(u.Args, t) {
		u.Args = append(u.Args, t)
	}
	return true
}

func (u *Union) Type() string         { return "types.UnionType" }
func (u *Union) Freeze()              {}
func (u *Union) Truth() starlark.Bool { return true }

// String writes a union as it is written in a script.
func (u *Union) String() string {
	names := make([]string, len(u.Args))
	for i, t := range u.Args {
		names[i] = typeText(t)
	}
	switch {
	case !u.Typing:
		return strings.Join(names, " | ")
	case len(names) == 2 && u.Args[1] == Value(noneType):
		return "typing.Optional[" + names[0] + "]"
	}
	for i, t := range u.Args {
		if t == Value(noneType) {
			names[i] = "NoneType"
		}
	}
	return "typing.Union[" + strings.Join(names, ", ") + "]"
}

func typeText(t Value) string {
	switch t := t.(type) {
	case *Native:
		return t.Name
	case *Class:
		if t.Module != "builtins" {
			return t.Module + "." + t.QualName
		}
		return t.QualName
	}
	return "None"
}

// Hash does not look at the order of the types.
func (u *Union) Hash() (uint32, error) {
	sum := uint32(0)
	for _, t := range u.Args {
		h, err := t.Hash()
		if err != nil {
			return 0, err
		}
		sum ^= h
	}
	return sum, nil
}

// equals reports whether two unions are of the same types, in any order.
func (u *Union) equals(other *Union) bool {
	return len(u.Args) == len(other.Args) && !slices.ContainsFunc(u.Args, func(t Value) bool { return !slices.Contains(other.Args, t) })
}

// CompareSameType lets unions be keys of dicts.
func (u *Union) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	switch op {
	case syntax.EQL:
		return u.equals(y.(*Union)), nil
	case syntax.NEQ:
		return !u.equals(y.(*Union)), nil
	}
	return false, fmt.Errorf("%s %s %s not implemented", u.Type(), op, y.Type())
}

// Attr returns __args__ and what else CPython's unions have.
func (u *Union) Attr(name string) (starlark.Value, error) {
	switch name {
	case "__args__":
		return u.Args, nil
	case "__parameters__":
		return starlark.Tuple{}, nil
	}
	return nil, nil
}

// AttrNames returns the names that Attr knows.
func (u *Union) AttrNames() []string { return []string{"__args__", "__parameters__"} }

// ImageKind, Image and Restore make it travel.
func (u *Union) ImageKind() string { return unionKind }

// Image writes which of the two forms it is, and the types.
func (u *Union) Image() ([]byte, []Value, error) {
	if u.Typing {
		return []byte{1}, u.Args, nil
	}
	return []byte{0}, u.Args, nil
}

// Restore takes what Image has written.
func (u *Union) Restore(data []byte, refs []Value) error {
	if len(data) != 1 {
		return fmt.Errorf("image: a union of %d bytes", len(data))
	}
	u.Typing, u.Args = data[0] == 1, refs
	return nil
}
