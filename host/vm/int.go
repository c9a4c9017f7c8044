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

// words is the layout of a non-empty interface.
type words struct{ tab, data unsafe.Pointer }

func wordsOf(v *Value) *words { return (*words)(unsafe.Pointer(v)) }

var (
	intTab    unsafe.Pointer // what marks a starlark.Int
	smallBase unsafe.Pointer // the address that stands for MinInt32
	smallSpan uintptr        // 1<<32, or 0 if the library has no such region
)

func init() {
	zero, lowest, highest := Value(starlark.MakeInt(0)), Value(starlark.MakeInt(math.MinInt32)), Value(starlark.MakeInt(math.MaxInt32))
	intTab = wordsOf(&zero).tab
	smallBase = wordsOf(&lowest).data
	if uintptr(wordsOf(&highest).data)-uintptr(smallBase) == 1<<32-1 {
		smallSpan = 1 << 32
	}
}

// smallInt returns the value of an Int that fits 32 bits.
func smallInt(v Value) (int64, bool) {
	w := wordsOf(&v)
	off := uintptr(w.data) - uintptr(smallBase)
	return int64(off) + math.MinInt32, w.tab == intTab && off < smallSpan
}

// bothSmall is smallInt of two values.
func bothSmall(x, y Value) (a, b int64, ok bool) {
	wx, wy := wordsOf(&x), wordsOf(&y)
	offx, offy := uintptr(wx.data)-uintptr(smallBase), uintptr(wy.data)-uintptr(smallBase)
	ok = wx.tab == intTab && wy.tab == intTab && offx < smallSpan && offy < smallSpan
	return int64(offx) + math.MinInt32, int64(offy) + math.MinInt32, ok
}

// makeInt returns an Int.
func makeInt(i int64) Value {
	if off := uintptr(i - math.MinInt32); off < smallSpan {
		var v Value
		*wordsOf(&v) = words{intTab, unsafe.Add(smallBase, off)}
		return v
	}
	return starlark.MakeInt64(i)
}
