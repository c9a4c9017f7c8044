package builtins

import (
	"fmt"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A structType describes a tuple with named elements, as CPython's
// structseq: time.struct_time, os.stat_result and so on.
type structType struct {
	name   string // as repr prints it
	fields []string
	extra  []string // attributes that are not elements; they come after those
}

// structTypes are all there are. A StructSeq in an image names its type.
var structTypes = []*structType{structTime, statResult, timesResult, unameResult, terminalSize, versionInfo, implementation, signalName}

// A StructSeq is a value of such a type. It cannot be changed.
//
// Tuple is for the VM: where it compares, adds or formats with a tuple, a
// StructSeq counts as one.
type StructSeq struct {
	of     *structType
	values starlark.Tuple // the elements, then the extra attributes
}

var (
	_ vm.Portable         = (*StructSeq)(nil)
	_ starlark.Indexable  = (*StructSeq)(nil)
	_ starlark.Sliceable  = (*StructSeq)(nil)
	_ starlark.Sequence   = (*StructSeq)(nil)
	_ starlark.HasAttrs   = (*StructSeq)(nil)
	_ starlark.Comparable = (*StructSeq)(nil)
)

// structSeqKind is StructSeq's ImageKind.
const structSeqKind = "structseq"

func newStruct(of *structType, values ...vm.Value) *StructSeq {
	return &StructSeq{of: of, values: values}
}

// Tuple returns the elements.
func (s *StructSeq) Tuple() starlark.Tuple { return s.values[:len(s.of.fields)] }

func (s *StructSeq) String() string {
	var b strings.Builder
	b.WriteString(s.of.name + "(")
	for i, field := range s.of.fields {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s=%s", field, vm.Repr(s.values[i]))
	}
	return b.String() + ")"
}

// Type returns the name without its module.
func (s *StructSeq) Type() string          { return s.of.name[strings.LastIndexByte(s.of.name, '.')+1:] }
func (s *StructSeq) Freeze()               {}
func (s *StructSeq) Truth() starlark.Bool  { return true }
func (s *StructSeq) Hash() (uint32, error) { return s.Tuple().Hash() }

// Len, Index, Slice and Iterate are those of the tuple.
func (s *StructSeq) Len() int                      { return len(s.of.fields) }
func (s *StructSeq) Index(i int) starlark.Value    { return s.values[i] }
func (s *StructSeq) Iterate() starlark.Iterator    { return s.Tuple().Iterate() }
func (s *StructSeq) Slice(i, j, step int) vm.Value { return s.Tuple().Slice(i, j, step) }
func (s *StructSeq) AttrNames() []string {
	return append(s.of.fields[:len(s.of.fields):len(s.of.fields)], s.of.extra...)
}

// Attr finds a field by name. An extra attribute hides an element of its name:
// st_mtime is an int as an element and a float as an attribute.
func (s *StructSeq) Attr(name string) (starlark.Value, error) {
	for i, field := range s.of.extra {
		if field == name {
			return s.values[len(s.of.fields)+i], nil
		}
	}
	for i, field := range s.of.fields {
		if field == name {
			return s.values[i], nil
		}
	}
	return nil, nil
}

// CompareSameType compares the elements.
func (s *StructSeq) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return s.Tuple().CompareSameType(op, y.(*StructSeq).Tuple(), depth)
}

// ImageKind, Image and Restore make it travel.
func (s *StructSeq) ImageKind() string { return structSeqKind }

// Image writes the type's name as data.
func (s *StructSeq) Image() ([]byte, []vm.Value, error) {
	return []byte(s.of.name), s.values, nil
}

// Restore finds the type by its name.
func (s *StructSeq) Restore(data []byte, refs []vm.Value) error {
	for _, t := range structTypes {
		if t.name == string(data) && len(refs) == len(t.fields)+len(t.extra) {
			s.of, s.values = t, refs
			return nil
		}
	}
	return fmt.Errorf("image: no structure %q with %d fields", data, len(refs))
}
