package image

import (
	"encoding/binary"
	"math"
	"slices"
	"unsafe"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A sequence of values is written as its length, a mode and the elements. Flat
// ones have modes that need no tag for each element.
const (
	seqRefs = iota
	seqFloats
	seqStrings // shorter than sharedString
	seqInts32
	seqInts64
)

// seq writes a sequence. Whether all elements are alike shows on the way; if not, it is begun anew.
func (e *encoder) seq(elems []vm.Value) {
	e.uint(len(elems))
	if len(elems) == 0 {
		return
	}
	start, done := len(e.buf), false
	switch elems[0].(type) {
	case starlark.Int:
		done = e.ints32(elems)
		if !done {
			e.buf = e.buf[:start]
			done = e.ints64(elems)
		}
	case starlark.Float:
		done = e.floats(elems)
	case starlark.String:
		done = e.strings(elems)
	}
	if done {
		return
	}
	e.buf = append(e.buf[:start], seqRefs)
	for _, v := range elems {
		e.ref(v)
	}
}

func (e *encoder) ints32(elems []vm.Value) bool {
	e.byte(seqInts32)
	to := e.grow(4 * len(elems))
	for n, v := range elems {
		i, ok := vm.SmallInt(v)
		if !ok {
			return false
		}
		binary.LittleEndian.PutUint32(to[4*n:], uint32(i))
	}
	return true
}

func (e *encoder) ints64(elems []vm.Value) bool {
	e.byte(seqInts64)
	to := e.grow(8 * len(elems))
	for n, v := range elems {
		x, isInt := v.(starlark.Int)
		if !isInt {
			return false
		}
		i, fits := x.Int64()
		if !fits {
			return false
		}
		binary.LittleEndian.PutUint64(to[8*n:], uint64(i))
	}
	return true
}

func (e *encoder) floats(elems []vm.Value) bool {
	e.byte(seqFloats)
	to := e.grow(8 * len(elems))
	for n, v := range elems {
		f, ok := v.(starlark.Float)
		if !ok {
			return false
		}
		binary.LittleEndian.PutUint64(to[8*n:], math.Float64bits(float64(f)))
	}
	return true
}

func (e *encoder) strings(elems []vm.Value) bool {
	e.byte(seqStrings)
	for _, v := range elems {
		s, ok := v.(starlark.String)
		if !ok || len(s) >= sharedString {
			return false
		}
		e.str(string(s))
	}
	return true
}

// grow makes the buffer n bytes longer and returns those.
func (e *encoder) grow(n int) []byte {
	start := len(e.buf)
	e.buf = slices.Grow(e.buf, n)[:start+n]
	return e.buf[start:]
}

func (d *decoder) seq() []vm.Value {
	elems := make([]vm.Value, d.count())
	d.fill(elems)
	return elems
}

// tuple fills a tuple, whose length is known.
func (d *decoder) tuple(t starlark.Tuple) {
	if n := d.count(); n != len(t) {
		d.fail("a tuple of %d elements has %d", len(t), n)
		return
	}
	d.fill(t)
}

// fill reads the elements of a sequence.
func (d *decoder) fill(elems []vm.Value) {
	if len(elems) == 0 {
		return
	}
	switch mode := d.byte(); mode {
	case seqRefs:
		for i := range elems {
			elems[i] = d.ref()
		}
	case seqFloats:
		b := d.take(8 * len(elems))
		for i := 0; i < len(b)/8; i++ {
			elems[i] = starlark.Float(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
		}
	case seqStrings:
		for i := range elems {
			elems[i] = starlark.String(d.str())
		}
	case seqInts32:
		b := d.take(4 * len(elems))
		for i := 0; i < len(b)/4; i++ {
			elems[i] = vm.MakeInt(int64(int32(binary.LittleEndian.Uint32(b[4*i:]))))
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

// stringOf makes a string of bytes that never change.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
