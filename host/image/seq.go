package image

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// A sequence of values is written as its length and its chunks, each as a mode and elements. Flat
// ones have modes that need no tag for each element.
const (
	seqRefs = iota
	seqFloats
	seqStrings // shorter than sharedString
	seqInts32
	seqInts64
)

// seq writes a sequence.
func (e *encoder) seq(elems []vm.Value) {
	e.uint(len(elems))
	for chunk := range slices.Chunk(elems, seqChunk) {
		mode := modeOf(chunk)
		e.byte(mode)
		e.chunk(mode, chunk)
		if e.out != nil && len(e.buf) >= bufferSize {
			e.flush()
		}
	}
}

// seqChunk is how many elements a chunk has: so many that it is in the processor's cache still when it is
// written, after its mode has been found, and that the buffer stays there.
const seqChunk = 4 << 10

// modeOf returns the mode that all elements allow.
func modeOf(elems []vm.Value) byte {
	switch elems[0].(type) {
	case starlark.Int:
		if all(elems, isInt32) {
			return seqInts32
		}
		if all(elems, isInt64) {
			return seqInts64
		}
	case starlark.Float:
		if all(elems, isFloat) {
			return seqFloats
		}
	case starlark.String:
		if all(elems, isShort) {
			return seqStrings
		}
	}
	return seqRefs
}

func all(elems []vm.Value, is func(vm.Value) bool) bool {
	for _, v := range elems {
		if !is(v) {
			return false
		}
	}
	return true
}

func isInt32(v vm.Value) bool {
	_, ok := vm.SmallInt(v)
	return ok
}

func isInt64(v vm.Value) bool {
	i, ok := v.(starlark.Int)
	if !ok {
		return false
	}
	_, fits := i.Int64()
	return fits
}

func isFloat(v vm.Value) bool {
	_, ok := v.(starlark.Float)
	return ok
}

func isShort(v vm.Value) bool {
	s, ok := v.(starlark.String)
	return ok && len(s) < sharedString
}

// chunk writes elements in their sequence's mode.
func (e *encoder) chunk(mode byte, elems []vm.Value) {
	switch mode {
	case seqRefs:
		for _, v := range elems {
			e.ref(v)
		}
	case seqFloats:
		to := e.grow(8 * len(elems))
		for n, v := range elems {
			binary.LittleEndian.PutUint64(to[8*n:], math.Float64bits(float64(v.(starlark.Float))))
		}
	case seqStrings:
		for _, v := range elems {
			e.str(string(v.(starlark.String)))
		}
	case seqInts32:
		to := e.grow(4 * len(elems))
		for n, v := range elems {
			i, _ := vm.SmallInt(v)
			binary.LittleEndian.PutUint32(to[4*n:], uint32(i))
		}
	case seqInts64:
		to := e.grow(8 * len(elems))
		for n, v := range elems {
			i, _ := v.(starlark.Int).Int64()
			binary.LittleEndian.PutUint64(to[8*n:], uint64(i))
		}
	}
}

// grow makes the buffer n bytes longer and returns those.
func (e *encoder) grow(n int) []byte {
	start := len(e.buf)
	e.buf = slices.Grow(e.buf, n)[:start+n]
	return e.buf[start:]
}

func (d *decoder) seq() []vm.Value {
	elems := makeElems(d.count())
	d.fill(elems)
	return elems
}

// fill reads the elements of a sequence.
func (d *decoder) fill(elems []vm.Value) {
	for chunk := range slices.Chunk(elems, seqChunk) {
		d.chunk(chunk)
	}
}

// tuple fills a tuple, whose length is known.
func (d *decoder) tuple(t starlark.Tuple) {
	if n := d.count(); n != len(t) {
		d.fail("a tuple of %d elements has %d", len(t), n)
		return
	}
	d.fill(t)
}

// chunk reads the elements of a chunk.
func (d *decoder) chunk(elems []vm.Value) {
	switch mode := d.byte(); mode {
	case seqRefs:
		for i := range elems {
			elems[i] = d.ref()
		}
	case seqFloats:
		if b := d.take(8 * len(elems)); b != nil {
			vm.SetFloats(elems, b)
		}
	case seqStrings:
		vm.SetStrings(elems, d.str)
	case seqInts32:
		if b := d.take(4 * len(elems)); b != nil {
			vm.SetInts32(elems, b)
		}
	case seqInts64:
		b := d.take(8 * len(elems))
		for i := 0; i < len(b)/8; i++ {
			elems[i] = vm.MakeInt(int64(binary.LittleEndian.Uint64(b[8*i:])))
		}
	default:
		d.fail("a sequence of mode %d", mode)
	}
}

// hugePage is the size of the large pages of the machines we run on.
const hugePage = 2 << 20

// makeElems makes room for the elements of a sequence.
func makeElems(n int) []vm.Value {
	elems := make([]vm.Value, n)
	largePages(bytesOf(elems))
	return elems
}

// largePages asks for large pages where memory begins that nobody has touched yet, if it is much. The faults of
// small pages take longer than to decode what goes there: with large ones a list of
// a million ints takes 7 ms in the system instead of 11 (madvise(2)).
func largePages(memory []byte) {
	if len(memory) < 2*hugePage {
		return
	}
	skip := int(-uintptr(unsafe.Pointer(&memory[0])) % hugePage)
	_ = unix.Madvise(memory[skip:][:(len(memory)-skip)&^(hugePage-1)], unix.MADV_HUGEPAGE) // it is but advice
}

// stringOf makes a string of bytes that never change.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
