package vm

import (
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Boxes hold the numbers that arithmetic makes and that no data word can: floats, and ints wider
// than 32 bits. They are allocated by the chunk: the allocator's price for one is several
// times that of the arithmetic. A chunk lives as long as any number in it, which is why chunks are short.
type boxes struct {
	floats     *[floatChunk]starlark.Float
	wides      *[wideChunk]wide
	usedFloats int
	usedWides  int
}

const (
	floatChunk = 32 // 256 bytes
	wideChunk  = 8  // 320 bytes
)

// float returns a new place for a float.
func (b *boxes) float() *starlark.Float {
	if b.usedFloats == floatChunk || b.floats == nil {
		b.floats, b.usedFloats = new([floatChunk]starlark.Float), 0
	}
	b.usedFloats++
	return &b.floats[b.usedFloats-1]
}

// wide returns a new place for a wide int.
func (b *boxes) wide() *wide {
	if b.usedWides == wideChunk || b.wides == nil {
		b.wides, b.usedWides = new([wideChunk]wide), 0
	}
	b.usedWides++
	return &b.wides[b.usedWides-1]
}

// floatTab is what marks a starlark.Float in an interface.
var floatTab = func() uintptr {
	v := Value(starlark.Float(1))
	return wordsOf(&v).tab
}()

// setFloat makes *v a Float.
func (p *Process) setFloat(v *Value, f starlark.Float) {
	box := p.boxes.float()
	*box = f
	*wordsOf(v) = words{floatTab, unsafe.Pointer(box)}
}

// MakeFloat returns a Float.
func (p *Process) MakeFloat(f float64) Value {
	var v Value
	p.setFloat(&v, starlark.Float(f))
	return v
}

// bothFloat returns the values of two Floats.
func bothFloat(x, y Value) (a, b starlark.Float, ok bool) {
	if a, ok = x.(starlark.Float); !ok {
		return 0, 0, false
	}
	b, ok = y.(starlark.Float)
	return a, b, ok
}

// floatArithmetic does + - * / on floats and small ints mixed.
func (p *Process) floatArithmetic(op compile.Opcode, x, y Value) (Value, bool) {
	a, ok1 := smallFloat(x)
	b, ok2 := smallFloat(y)
	if !ok1 || !ok2 {
		return nil, false
	}
	switch op {
	case compile.ADD:
		a += b
	case compile.SUB:
		a -= b
	case compile.MUL:
		a *= b
	case compile.TRUEDIV:
		if b == 0 {
			return nil, false
		}
		a /= b
	default:
		return nil, false
	}
	return p.MakeFloat(float64(a)), true
}

// smallFloat returns a float, or a small int as one.
func smallFloat(v Value) (starlark.Float, bool) {
	if f, ok := v.(starlark.Float); ok {
		return f, true
	}
	i, ok := SmallInt(v)
	return starlark.Float(i), ok
}
