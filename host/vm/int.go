package vm

import (
	"math"
	"math/big"
	"math/bits"
	"unsafe"

	"mpstar/host/compile"

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
func SmallInt(v Value) (int64, bool) {
	w := wordsOf(&v)
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

// MakeInt returns an Int.
func MakeInt(i int64) Value {
	if off := uintptr(i - math.MinInt32); off < smallSpan {
		var v Value
		*wordsOf(&v) = words{intTab, unsafe.Add(smallBase, off)}
		return v
	}
	return makeWide(i)
}

// MakeInt is the function of that name, with the process's boxes.
func (p *Process) MakeInt(i int64) Value {
	var v Value
	if setSmall(&v, i) {
		return v
	}
	return p.makeWide(i)
}

// A wide is an Int that does not fit 32 bits, in one object: the library would make a
// big.Int, a slice for its one word, and a copy of both.
type wide struct {
	big.Int
	word [1]big.Word
}

// makeWide returns an Int that does not fit 32 bits.
func (p *Process) makeWide(i int64) Value {
	if smallSpan == 0 {
		return starlark.MakeInt64(i)
	}
	return wideValue(p.boxes.wide(), i)
}

// makeWide is Process.makeWide where no process is at hand.
func makeWide(i int64) Value {
	if smallSpan == 0 {
		return starlark.MakeInt64(i)
	}
	return wideValue(new(wide), i)
}

func wideValue(z *wide, i int64) Value {
	z.word[0] = big.Word(i)
	if i < 0 {
		z.word[0] = -z.word[0]
	}
	z.SetBits(z.word[:])
	if i < 0 {
		z.Neg(&z.Int)
	}
	var v Value
	*wordsOf(&v) = words{intTab, unsafe.Pointer(&z.Int)}
	return v
}

// WideInt returns the value of an Int that fits 64 bits.
func WideInt(v Value) (int64, bool) {
	x, ok := v.(starlark.Int)
	if !ok {
		return 0, false
	}
	if smallSpan == 0 {
		return x.Int64()
	}
	data := wordsOf(&v).data
	if isSmall(data) {
		return int64(uintptr(data)-uintptr(smallBase)) + math.MinInt32, true
	}
	z := (*big.Int)(data)
	bits := z.Bits()
	if len(bits) != 1 || int64(bits[0]) < 0 {
		return x.Int64()
	}
	if z.Sign() < 0 {
		return -int64(bits[0]), true
	}
	return int64(bits[0]), true
}

// bothWide returns the values of two Ints that fit 64 bits.
func bothWide(x, y Value) (a, b int64, ok bool) {
	if a, ok = WideInt(x); !ok {
		return 0, 0, false
	}
	b, ok = WideInt(y)
	return a, b, ok
}

// wideArithmetic does what overflows no int64.
func (p *Process) wideArithmetic(op compile.Opcode, x, y Value) (Value, bool) {
	a, b, ok := bothWide(x, y)
	if !ok {
		return nil, false
	}
	switch op {
	case compile.ADD:
		z := a + b
		return p.wideIf(z, (a^z)&(b^z) >= 0)
	case compile.SUB:
		z := a - b
		return p.wideIf(z, (a^b)&(a^z) >= 0)
	case compile.MUL:
		hi, lo := bits.Mul64(uint64(a), uint64(b))
		signed := int64(hi) - (a>>63)&b - (b>>63)&a
		return p.wideIf(int64(lo), signed == int64(lo)>>63)
	case compile.FLOORDIV, compile.MOD:
		if b == 0 || b == -1 {
			return nil, false
		}
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) {
			q, r = q-1, r+b
		}
		if op == compile.MOD {
			return p.MakeInt(r), true
		}
		return p.MakeInt(q), true
	case compile.AND:
		return p.MakeInt(a & b), true
	case compile.OR:
		return p.MakeInt(a | b), true
	case compile.XOR:
		return p.MakeInt(a ^ b), true
	case compile.SHR:
		return p.MakeInt(a >> min(uint64(b), 63)), b >= 0
	case compile.POW:
		return p.smallPower(a, b)
	case compile.SHL:
		if uint64(b) < 63 && a<<b>>b == a {
			return p.MakeInt(a << b), true
		}
	}
	return nil, false
}

// smallPower is a ** b by b-1 multiplications, for small b.
func (p *Process) smallPower(a, b int64) (Value, bool) {
	if b < 1 || b > 8 {
		return nil, false
	}
	z := a
	for range b - 1 {
		hi, lo := bits.Mul64(uint64(z), uint64(a))
		if int64(hi)-(z>>63)&a-(a>>63)&z != int64(lo)>>63 {
			return nil, false
		}
		z = int64(lo)
	}
	return p.MakeInt(z), true
}

func (p *Process) wideIf(z int64, ok bool) (Value, bool) {
	if !ok {
		return nil, false
	}
	return p.MakeInt(z), true
}
