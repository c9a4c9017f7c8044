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
	seqInts1   // of so many bytes each
	seqInts2
	seqInts4
	seqInts8
)

func (e *encoder) seq(elems []vm.Value) {
	e.uint(len(elems))
	if len(elems) == 0 {
		return
	}
	mode := modeOf(elems)
	e.byte(mode)
	switch mode {
	case seqRefs:
		for _, v := range elems {
			e.ref(v)
		}
	case seqFloats:
		for _, v := range elems {
			e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(float64(v.(starlark.Float))))
		}
	case seqStrings:
		for _, v := range elems {
			e.str(string(v.(starlark.String)))
		}
	default:
		e.ints(elems, mode)
	}
}

func (e *encoder) ints(elems []vm.Value, mode byte) {
	width := 1 << (mode - seqInts1)
	start := len(e.buf)
	e.buf = slices.Grow(e.buf, width*len(elems))[:start+width*len(elems)]
	to := e.buf[start:]
	for n, v := range elems {
		i, _ := v.(starlark.Int).Int64()
		switch mode {
		case seqInts1:
			to[n] = byte(i)
		case seqInts2:
			binary.LittleEndian.PutUint16(to[2*n:], uint16(i))
		case seqInts4:
			binary.LittleEndian.PutUint32(to[4*n:], uint32(i))
		case seqInts8:
			binary.LittleEndian.PutUint64(to[8*n:], uint64(i))
		}
	}
}

// modeOf returns the most compact mode that elems can be written in.
func modeOf(elems []vm.Value) byte {
	switch elems[0].(type) {
	case starlark.Int:
		return intMode(elems)
	case starlark.Float:
		for _, v := range elems {
			if _, ok := v.(starlark.Float); !ok {
				return seqRefs
			}
		}
		return seqFloats
	case starlark.String:
		for _, v := range elems {
			if s, ok := v.(starlark.String); !ok || len(s) >= sharedString {
				return seqRefs
			}
		}
		return seqStrings
	}
	return seqRefs
}

func intMode(elems []vm.Value) byte {
	var lowest, highest int64
	for _, v := range elems {
		x, ok := v.(starlark.Int)
		if !ok {
			return seqRefs
		}
		i, ok := x.Int64()
		if !ok {
			return seqRefs
		}
		lowest, highest = min(lowest, i), max(highest, i)
	}
	switch {
	case lowest >= math.MinInt8 && highest <= math.MaxInt8:
		return seqInts1
	case lowest >= math.MinInt16 && highest <= math.MaxInt16:
		return seqInts2
	case lowest >= math.MinInt32 && highest <= math.MaxInt32:
		return seqInts4
	}
	return seqInts8
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
	case seqInts1:
		for i, b := range d.take(len(elems)) {
			elems[i] = starlark.MakeInt(int(int8(b)))
		}
	case seqInts2:
		b := d.take(2 * len(elems))
		for i := 0; i < len(b)/2; i++ {
			elems[i] = starlark.MakeInt(int(int16(binary.LittleEndian.Uint16(b[2*i:]))))
		}
	case seqInts4:
		b := d.take(4 * len(elems))
		for i := 0; i < len(b)/4; i++ {
			elems[i] = starlark.MakeInt(int(int32(binary.LittleEndian.Uint32(b[4*i:]))))
		}
	case seqInts8:
		b := d.take(8 * len(elems))
		for i := 0; i < len(b)/8; i++ {
			elems[i] = starlark.MakeInt64(int64(binary.LittleEndian.Uint64(b[8*i:])))
		}
	default:
		d.fail("a sequence of mode %d", mode)
	}
}

// stringOf makes a string of bytes that never change.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
