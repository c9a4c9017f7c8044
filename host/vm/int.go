package vm

import (
	"math"
	"unsafe"

	"go.starlark.net/starlark"
)

// Small ints without a call. On 64-bit POSIX systems starlark.Int keeps an
// int32 x as the address base + (x - MinInt32) in a reserved region, so that it
// fits the data word of an interface (starlark/int_posix64.go). Integer
// instructions look at that word. Where the library does otherwise
// (another system, or no address space to reserve), smallSpan is 0, no value is small here, and
// everything takes the library's own way. TestSmallInt holds this to the library.

// words is the layout of a non-empty interface. The collector need not see
// tab: what it points to is never freed.
type words struct {
	tab  uintptr
	data unsafe.Pointer
}

func wordsOf(v *Value) *words { return (*words)(unsafe.Pointer(v)) }

var (
	intTab    uintptr        // what marks a starlark.Int
	smallBase unsafe.Pointer // the address that stands for MinInt32; nil if the library has no such region
	smallSpan uintptr        // 1<<32, or 0 if there is no region
	beyond    = ^uintptr(0)  // the bits that no offset of a small int has: all, if there is no region
)

func init() {
	zero, lowest, highest := Value(starlark.MakeInt(0)), Value(starlark.MakeInt(math.MinInt32)), Value(starlark.MakeInt(math.MaxInt32))
	intTab = wordsOf(&zero).tab
	base := wordsOf(&lowest).data
	if uintptr(wordsOf(&highest).data)-uintptr(base) == 1<<32-1 {
		smallBase, smallSpan, beyond = base, 1<<32, ^uintptr(1<<32-1)
	}
}

// SmallInt returns the value of an Int that fits 32 bits.
func SmallInt(v Value) (int64, bool) { return smallAt(&v) }

// smallAt is SmallInt of a value where it lies; see bothSmallAt.
func smallAt(v *Value) (int64, bool) {
	w := wordsOf(v)
	off := uintptr(w.data) - uintptr(smallBase)
	return int64(off) + math.MinInt32, w.tab == intTab && off < smallSpan
}

// bothSmall is SmallInt of two values.
func bothSmall(x, y Value) (a, b int64, ok bool) { return bothSmallAt(&x, &y) }

// bothSmallAt is SmallInt of two values, with one branch. It takes them where they lie: to look into a
// variable, the compiler would have to write it to memory first.
func bothSmallAt(x, y *Value) (a, b int64, ok bool) {
	wx, wy := wordsOf(x), wordsOf(y)
	offx, offy := uintptr(wx.data)-uintptr(smallBase), uintptr(wy.data)-uintptr(smallBase)
	ok = (wx.tab^intTab)|(wy.tab^intTab)|(offx|offy)&beyond == 0
	return int64(offx) + math.MinInt32, int64(offy) + math.MinInt32, ok
}

// isSmall reports whether an Int's data word is an address that stands for a
// number.
func isSmall(data unsafe.Pointer) bool { return uintptr(data)-uintptr(smallBase) < smallSpan }

// setSmall makes *v an Int if i fits 32 bits, and reports whether it does. Unlike
// MakeInt it is short enough to be inlined.
func setSmall(v *Value, i int64) bool {
	off := uintptr(i - math.MinInt32)
	if off >= smallSpan {
		return false
	}
	*wordsOf(v) = words{intTab, unsafe.Add(smallBase, off)}
	return true
}

// fitsSmall reports whether i fits 32 bits.
func fitsSmall(i int64) bool { return i == int64(int32(i)) }

// MakeInt returns an Int.
func MakeInt(i int64) Value {
	var v Value
	if setSmall(&v, i) {
		return v
	}
	if smallSpan == 0 {
		return starlark.MakeInt64(i)
	}
	return new(wide).set(magnitudeOf(i))
}

// MakeInt is the function of that name, with the process's boxes.
func (p *Process) MakeInt(i int64) Value { return p.makeInt(i, 0) }
