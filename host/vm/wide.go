package vm

import (
	"math"
	"math/big"
	"math/bits"
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Ints of up to 128 bits. The library has a big.Int for all that do not fit 32 bits, and would make
// that, a slice for its words, and a copy of both, at each operation. Here arithmetic looks at the words, and makes
// one object for a result, or none if it is used up at once (compile.FirstTemporary).
// [xorshift, FNV-1a: 2.5 times as fast]

// bigLayout is the layout of big.Int. TestBigLayout holds it to the library.
type bigLayout struct {
	neg bool
	abs []big.Word
}

// A wide is an Int of one word in one object; a wider has two words.
type (
	wide struct {
		int  bigLayout
		word [1]big.Word
	}
	wider struct {
		int   bigLayout
		words [2]big.Word
	}
)

// A magnitude is an integer below 1<<128, and its sign.
type magnitude struct {
	neg    bool
	hi, lo uint64
}

func magnitudeOf(i int64) magnitude {
	if i < 0 {
		return magnitude{neg: true, lo: -uint64(i)}
	}
	return magnitude{lo: uint64(i)}
}

// magnitudeAt returns the Int *v, if it has at most two words.
func magnitudeAt(v *Value) (m magnitude, ok bool) {
	w := wordsOf(v)
	if off := uintptr(w.data) - uintptr(smallBase); off < smallSpan {
		return magnitudeOf(int64(off) + math.MinInt32), true
	}
	z := (*bigLayout)(w.data)
	switch len(z.abs) {
	case 1:
		return magnitude{z.neg, 0, uint64(z.abs[0])}, true
	case 2:
		return magnitude{z.neg, uint64(z.abs[1]), uint64(z.abs[0])}, true
	}
	return magnitude{}, false
}

// set makes z a magnitude, which does not fit 32 bits.
func (z *wide) set(m magnitude) Value {
	z.word[0] = big.Word(m.lo)
	z.int.neg, z.int.abs = m.neg, z.word[:]
	return bigValue(&z.int)
}

func (z *wider) set(m magnitude) Value {
	z.words = [2]big.Word{big.Word(m.lo), big.Word(m.hi)}
	z.int.neg, z.int.abs = m.neg, z.words[:]
	if m.hi == 0 {
		z.int.abs = z.words[:1]
	}
	return bigValue(&z.int)
}

func bigValue(z *bigLayout) Value {
	var v Value
	*wordsOf(&v) = words{intTab, unsafe.Pointer(z)}
	return v
}

// makeInt returns an Int; x is that of the instruction which asks for it.
func (p *Process) makeInt(i int64, x uint8) Value {
	var v Value
	if setSmall(&v, i) {
		return v
	}
	if smallSpan == 0 {
		return starlark.MakeInt64(i)
	}
	return p.makeWide(i, x)
}

// makeWide returns an Int that does not fit 32 bits.
//
//go:noinline
func (p *Process) makeWide(i int64, x uint8) Value {
	m := magnitudeOf(i)
	if x >= compile.FirstTemporary {
		return p.boxes.temporary(x).int.set(m)
	}
	return p.boxes.wide().set(m)
}

// integer returns an Int in a box, or a small one.
func (b *boxes) integer(m magnitude, x uint8) Value {
	switch {
	case m.hi == 0 && (m.lo <= math.MaxInt32 || m.neg && m.lo <= -math.MinInt32):
		i := int64(m.lo)
		if m.neg {
			i = -i
		}
		return MakeInt(i)
	case x >= compile.FirstTemporary:
		return b.temporary(x).int.set(m)
	case m.hi == 0:
		return b.wide().set(m)
	}
	return new(wider).set(m)
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
	return wideAt(&v)
}

// wideAt is WideInt of an Int.
func wideAt(v *Value) (int64, bool) {
	data := wordsOf(v).data
	if isSmall(data) {
		return int64(uintptr(data)-uintptr(smallBase)) + math.MinInt32, true
	}
	z := (*bigLayout)(data)
	if len(z.abs) != 1 {
		return 0, false
	}
	i := int64(z.abs[0])
	if z.neg {
		return -i, uint64(i) <= 1<<63
	}
	return i, i >= 0
}

// bothWide returns the values of two Ints that fit 64 bits.
func bothWide(x, y Value) (a, b int64, ok bool) {
	if a, ok = WideInt(x); !ok {
		return 0, 0, false
	}
	b, ok = WideInt(y)
	return a, b, ok
}

// intArithmetic does an instruction on two Ints, if they and the result are not too wide.
func (p *Process) intArithmetic(in *compile.Instr, x, y *Value) (Value, bool) {
	if smallSpan == 0 {
		return nil, false
	}
	a, ok1 := wideAt(x)
	b, ok2 := wideAt(y)
	if ok1 && ok2 {
		if z, ok := wideArithmetic(in.Op, a, b); ok {
			return p.makeInt(z, in.X), true
		}
	}
	m, ok1 := magnitudeAt(x)
	n, ok2 := magnitudeAt(y)
	if !ok1 || !ok2 {
		return nil, false
	}
	z, ok := m.arithmetic(in.Op, n)
	if !ok {
		return nil, false
	}
	return p.boxes.integer(z, in.X), true
}

// wideArithmetic does what overflows no int64.
func wideArithmetic(op compile.Opcode, a, b int64) (z int64, ok bool) {
	switch op {
	case compile.ADD:
		z = a + b
		return z, (a^z)&(b^z) >= 0
	case compile.SUB:
		z = a - b
		return z, (a^b)&(a^z) >= 0
	case compile.MUL:
		hi, lo := bits.Mul64(uint64(a), uint64(b))
		signed := int64(hi) - (a>>63)&b - (b>>63)&a
		return int64(lo), signed == int64(lo)>>63
	case compile.FLOORDIV, compile.MOD:
		if b == 0 || b == -1 {
			return 0, false
		}
		q, r := a/b, a%b
		if r != 0 && (r < 0) != (b < 0) {
			q, r = q-1, r+b
		}
		if op == compile.MOD {
			return r, true
		}
		return q, true
	case compile.AND:
		return a & b, true
	case compile.OR:
		return a | b, true
	case compile.XOR:
		return a ^ b, true
	case compile.SHR:
		return a >> min(uint64(b), 63), b >= 0
	case compile.SHL:
		return a << (b & 63), uint64(b) < 63 && a<<b>>b == a
	case compile.POW:
		return smallPower(a, b)
	}
	return 0, false
}

// smallPower is a ** b by b-1 multiplications, for small b.
func smallPower(a, b int64) (z int64, ok bool) {
	if b < 1 || b > 8 {
		return 0, false
	}
	z, ok = a, true
	for ; b > 1 && ok; b-- {
		z, ok = wideArithmetic(compile.MUL, z, a)
	}
	return z, ok
}

// arithmetic does what overflows no magnitude. Bits and quotients only of what is not negative.
func (m magnitude) arithmetic(op compile.Opcode, n magnitude) (z magnitude, ok bool) {
	switch op {
	case compile.ADD:
		return m.add(n)
	case compile.SUB:
		n.neg = !n.neg
		return m.add(n)
	case compile.MUL:
		z.neg = m.neg != n.neg
		z.hi, z.lo = bits.Mul64(m.lo, n.lo)
		return z, m.hi|n.hi == 0
	}
	if m.neg || n.neg {
		return z, false
	}
	switch op {
	case compile.AND:
		return magnitude{hi: m.hi & n.hi, lo: m.lo & n.lo}, true
	case compile.OR:
		return magnitude{hi: m.hi | n.hi, lo: m.lo | n.lo}, true
	case compile.XOR:
		return magnitude{hi: m.hi ^ n.hi, lo: m.lo ^ n.lo}, true
	case compile.SHL:
		if k := n.lo; n.hi == 0 && k < 64 && m.hi>>(64-k) == 0 {
			return magnitude{hi: m.hi<<k | m.lo>>(64-k), lo: m.lo << k}, true
		}
	case compile.SHR:
		if k := n.lo; n.hi == 0 && k < 64 {
			return magnitude{hi: m.hi >> k, lo: m.lo>>k | m.hi<<(64-k)}, true
		}
	case compile.FLOORDIV, compile.MOD:
		if n.hi != 0 || n.lo == 0 {
			return z, false
		}
		z.hi = m.hi / n.lo
		lo, r := bits.Div64(m.hi%n.lo, m.lo, n.lo)
		if z.lo = lo; op == compile.MOD {
			z = magnitude{lo: r}
		}
		return z, true
	}
	return z, false
}

func (m magnitude) add(n magnitude) (z magnitude, ok bool) {
	if m.neg == n.neg {
		lo, carry := bits.Add64(m.lo, n.lo, 0)
		hi, carry := bits.Add64(m.hi, n.hi, carry)
		return magnitude{m.neg, hi, lo}, carry == 0
	}
	if m.hi < n.hi || m.hi == n.hi && m.lo < n.lo {
		m, n = n, m
	}
	lo, borrow := bits.Sub64(m.lo, n.lo, 0)
	hi, _ := bits.Sub64(m.hi, n.hi, borrow)
	return magnitude{m.neg, hi, lo}, true
}
