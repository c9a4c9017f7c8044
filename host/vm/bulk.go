package vm

import (
	"encoding/binary"
	"math"
	"unsafe"

	"go.starlark.net/starlark"
)

// Flat data in bulk: many numbers or strings become values without an
// allocation for each. A value whose type is no pointer is an interface that
// points to a box; here neighbours have their boxes in one block.

// blockSize bounds the boxes of a block, for one of them keeps all alive.
const blockSize = 256

// SetFloats makes elems the floats whose bits are in b, 8 bytes each.
func SetFloats(elems []Value, b []byte) {
	setBoxed(elems, func(i int) starlark.Float {
		return starlark.Float(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
	})
}

// SetStrings makes elems the strings that next returns.
func SetStrings(elems []Value, next func() string) {
	setBoxed(elems, func(int) starlark.String { return starlark.String(next()) })
}

// Strings returns values that are the strings of parts, which belongs to them from then on.
func Strings(parts []string) []Value {
	elems := make([]Value, len(parts))
	if len(parts) > blockSize {
		next := 0
		SetStrings(elems, func() string { next++; return parts[next-1] })
		return elems
	}
	for i := range parts {
		elems[i] = stringAt(&parts[i])
	}
	return elems
}

func setBoxed[T starlark.Value](elems []Value, at func(i int) T) {
	var zero Value = *new(T)
	tab := wordsOf(&zero).tab
	for start := 0; start < len(elems); start += blockSize {
		block := make([]T, min(blockSize, len(elems)-start))
		for i := range block {
			block[i] = at(start + i)
			*wordsOf(&elems[start+i]) = words{tab, unsafe.Pointer(&block[i])}
		}
	}
}

// SetInts32 makes elems the Ints whose bits are in b, 4 bytes each.
func SetInts32(elems []Value, b []byte) {
	for i := range elems {
		x := int64(int32(binary.LittleEndian.Uint32(b[4*i:])))
		if !setSmall(&elems[i], x) {
			elems[i] = MakeInt(x)
		}
	}
}
