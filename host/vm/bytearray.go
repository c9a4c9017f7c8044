package vm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A ByteArray is bytes that can be changed. Its elements are ints, as in Python.
type ByteArray struct {
	Data []byte
}

var (
	_ Portable             = (*ByteArray)(nil)
	_ starlark.Sliceable   = (*ByteArray)(nil)
	_ starlark.Sequence    = (*ByteArray)(nil)
	_ starlark.HasSetIndex = (*ByteArray)(nil)
	_ starlark.HasBinary   = (*ByteArray)(nil)
	_ starlark.Comparable  = (*ByteArray)(nil)
)

// byteArrayKind is ByteArray's ImageKind.
const byteArrayKind = "bytearray"

// BytesOf returns what bytes or a bytearray holds.
func BytesOf(v Value) (starlark.Bytes, bool) {
	switch v := v.(type) {
	case starlark.Bytes:
		return v, true
	case *ByteArray:
		return starlark.Bytes(v.Data), true
	}
	return "", false
}

func (b *ByteArray) String() string        { return "bytearray(" + starlark.Bytes(b.Data).String() + ")" }
func (b *ByteArray) Type() string          { return "bytearray" }
func (b *ByteArray) Freeze()               {}
func (b *ByteArray) Truth() starlark.Bool  { return len(b.Data) > 0 }
func (b *ByteArray) Hash() (uint32, error) { return unhashable(b) }

// Len, Index, Iterate and Slice are those of a sequence of ints.
func (b *ByteArray) Len() int                   { return len(b.Data) }
func (b *ByteArray) Index(i int) starlark.Value { return MakeInt(int64(b.Data[i])) }
func (b *ByteArray) Iterate() starlark.Iterator { return byteInts(starlark.Bytes(b.Data)).Iterate() }
func (b *ByteArray) Slice(start, end, step int) starlark.Value {
	var out []byte
	for i := start; step > 0 && i < end || step < 0 && i > end; i += step {
		out = append(out, b.Data[i])
	}
	return &ByteArray{out}
}

// SetIndex sets an element to an int from 0 to 255.
func (b *ByteArray) SetIndex(i int, v starlark.Value) error {
	c, err := ByteOf(v)
	if err != nil {
		return err
	}
	b.Data[i] = c
	return nil
}

// ByteOf returns an int as a byte, or NeedScript.
func ByteOf(v Value) (byte, error) {
	i, ok := unbool(v).(starlark.Int)
	switch {
	case !ok && overrides(v, "__index__"):
		return 0, NeedScript
	case !ok:
		return 0, Raise(TypeError, "'%s' object cannot be interpreted as an integer", TypeName(v))
	}
	n, small := i.Int64()
	if !small || n < 0 || n > 255 {
		return 0, Raise(ValueError, "byte must be in range(0, 256)")
	}
	return byte(n), nil
}

// Binary does + and *. The result has the type of the left operand of +.
func (b *ByteArray) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	switch other, isBytes := BytesOf(y); {
	case op == syntax.PLUS && isBytes && side == starlark.Left:
		return &ByteArray{slices.Concat(b.Data, []byte(other))}, nil
	case op == syntax.PLUS && isBytes:
		return other + starlark.Bytes(b.Data), nil
	case op == syntax.PLUS && side == starlark.Left:
		return nil, Raise(TypeError, "can't concat %s to bytearray", TypeName(y))
	case op == syntax.STAR:
		n, err := repeatCount(y, len(b.Data))
		if err != nil {
			return nil, err
		}
		return &ByteArray{bytes.Repeat(b.Data, n)}, nil
	}
	return nil, nil
}

// repeatCount returns how many times a sequence of so many elements is repeated by * y.
func repeatCount(y Value, size int) (int, error) {
	i, ok := unbool(y).(starlark.Int)
	if !ok {
		return 0, Raise(TypeError, "can't multiply sequence by non-int of type '%s'", TypeName(y))
	}
	if i.Sign() <= 0 || size == 0 {
		return 0, nil
	}
	n, ok := i.Int64()
	if !ok || n > libraryRepeat/int64(size) {
		return 0, NewException(MemoryError)
	}
	return int(n), nil
}

// inPlaceBytes does += and *= on a bytearray. It reports false for other operators.
func inPlaceBytes(op compile.Opcode, b *ByteArray, y Value) (done bool, err error) {
	switch op {
	case compile.ADD:
		other, ok := BytesOf(y)
		if !ok {
			return false, Raise(TypeError, "can't concat %s to bytearray", TypeName(y))
		}
		b.Data = append(b.Data, other...)
	case compile.MUL:
		n, err := repeatCount(y, len(b.Data))
		if err != nil {
			return false, err
		}
		b.Data = bytes.Repeat(b.Data, n)
	default:
		return false, nil
	}
	return true, nil
}

// CompareSameType compares as bytes are compared.
func (b *ByteArray) CompareSameType(op syntax.Token, y starlark.Value, depth int) (bool, error) {
	return starlark.CompareDepth(op, starlark.Bytes(b.Data), starlark.Bytes(y.(*ByteArray).Data), depth)
}

// mixedBytes returns the bytes of two values of which at least one is a bytearray.
func mixedBytes(x, y Value) (a, b starlark.Bytes, ok bool) {
	_, ok1 := x.(*ByteArray)
	_, ok2 := y.(*ByteArray)
	if !ok1 && !ok2 {
		return "", "", false
	}
	a, ok1 = BytesOf(x)
	b, ok2 = BytesOf(y)
	return a, b, ok1 && ok2
}

// setBytes does b[s] = v.
func (p *Process) setBytes(b *ByteArray, s *Slice, v Value) error {
	data, err := p.byteElements(v)
	if err != nil {
		return err
	}
	start, step, count, err := s.bounds(len(b.Data))
	if err != nil {
		return err
	}
	if step == 1 {
		b.Data = slices.Replace(b.Data, start, start+count, data...)
		return nil
	}
	if len(data) != count {
		return Raise(ValueError, "attempt to assign bytes of size %d to extended slice of size %d", len(data), count)
	}
	for i, c := range data {
		b.Data[start+i*step] = c
	}
	return nil
}

// byteElements returns the bytes that bytes or an iterable of ints has.
func (p *Process) byteElements(v Value) ([]byte, error) {
	if data, ok := BytesOf(v); ok {
		return []byte(data), nil
	}
	if !Iterable(v) {
		return nil, Raise(TypeError, "can assign only bytes, buffers, or iterables of ints in range(0, 256)")
	}
	elems, err := p.Iterate(v)
	if err != nil {
		return nil, err
	}
	data := make([]byte, len(elems))
	for i, e := range elems {
		if data[i], err = ByteOf(e); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// deleteBytes does del b[s].
func (b *ByteArray) deleteBytes(s *Slice) error {
	start, step, count, err := s.bounds(len(b.Data))
	if err != nil {
		return err
	}
	var kept []byte
	for i, c := range b.Data {
		if d := i - start; count == 0 || d%step != 0 || d/step < 0 || d/step >= count {
			kept = append(kept, c)
		}
	}
	b.Data = kept
	return nil
}

// containsBytes does x in b.
func containsBytes(x Value, b *ByteArray) (bool, error) {
	if part, ok := BytesOf(x); ok {
		return strings.Contains(string(b.Data), string(part)), nil
	}
	c, err := ByteOf(x)
	if !isInt(unbool(x)) && err != NeedScript {
		err = Raise(TypeError, "a bytes-like object is required, not '%s'", TypeName(x))
	}
	return err == nil && bytes.IndexByte(b.Data, c) >= 0, err
}

// ImageKind, Image and Restore make it travel.
func (b *ByteArray) ImageKind() string { return byteArrayKind }

// Image writes the bytes.
func (b *ByteArray) Image() ([]byte, []Value, error) { return b.Data, nil, nil }

// Restore takes what Image has written.
func (b *ByteArray) Restore(data []byte, refs []Value) error {
	if len(refs) != 0 {
		return fmt.Errorf("image: a bytearray that refers to %d values", len(refs))
	}
	b.Data = bytes.Clone(data)
	return nil
}
