package vm

import (
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Boxes hold the numbers that arithmetic makes and that no data word can, floats and ints wider
// than 32 bits, and short strings. They are allocated by the chunk: the allocator's price for one is several
// times that of the arithmetic. A chunk lives as long as anything in it, which is why chunks are short.
type boxes struct {
	floats      *[floatChunk]starlark.Float
	wides       *[wideChunk]wide
	strings     *stringChunk
	usedFloats  int
	usedWides   int
	usedStrings int
	usedBytes   int // of the chunk of strings

	temporaries [compile.NumTemporaries]temporary
}

// A temporary is the place of a number that is used up at once.
type temporary struct {
	float starlark.Float
	int   wider
}

const (
	floatChunk = 32 // 256 bytes
	wideChunk  = 8  // 320 bytes
)

// temporary returns the place that an instruction with that X writes to.
func (b *boxes) temporary(x uint8) *temporary {
	return &b.temporaries[(x-compile.FirstTemporary)%compile.NumTemporaries]
}

// float returns a place for a float that an instruction with that X makes.
func (b *boxes) float(x uint8) *starlark.Float {
	if x >= compile.FirstTemporary {
		return &b.temporary(x).float
	}
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

// setFloat makes *v a Float; x is that of the instruction which asks for it.
func (p *Process) setFloat(v *Value, f starlark.Float, x uint8) {
	box := p.boxes.float(x)
	*box = f
	*wordsOf(v) = words{floatTab, unsafe.Pointer(box)}
}

// MakeFloat returns a Float.
func (p *Process) MakeFloat(f float64) Value {
	var v Value
	p.setFloat(&v, starlark.Float(f), 0)
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
func (p *Process) floatArithmetic(in *compile.Instr, x, y Value) (v Value, ok bool) {
	a, ok1 := smallFloat(x)
	b, ok2 := smallFloat(y)
	if !ok1 || !ok2 {
		return nil, false
	}
	switch in.Op {
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
	p.setFloat(&v, a, in.X)
	return v, true
}

// settle gives the numbers that the top frame has among the temporaries boxes of their own. It comes before
// anything that may run script code or keep an operand.
func (p *Process) settle(fr *Frame) {
	code := fr.Fn.Proto.Code
	first := len(code.Locals)
	live := min(int(code.Depth[fr.PC-1]), first+compile.NumTemporaries)
	for i := first; i < live; i++ {
		v := &p.Stack[fr.Base+i]
		at := uintptr(wordsOf(v).data) - uintptr(unsafe.Pointer(&p.boxes.temporaries))
		switch {
		case at >= unsafe.Sizeof(p.boxes.temporaries):
		case wordsOf(v).tab == floatTab:
			p.setFloat(v, (*v).(starlark.Float), 0)
		default:
			m, _ := magnitudeAt(v)
			*v = p.boxes.integer(m, 0)
		}
	}
}

// smallFloat returns a float, or a small int as one.
func smallFloat(v Value) (starlark.Float, bool) {
	if f, ok := v.(starlark.Float); ok {
		return f, true
	}
	i, ok := SmallInt(v)
	return starlark.Float(i), ok
}
