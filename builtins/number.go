package builtins

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"unsafe"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Arithmetic functions, and the methods of numbers.

// intRows are the methods of int, floatRows those of float.
var (
	intRows = []row{
		{name: "bit_length", sig: "()", fn: intBitLength, doc: "Return how many bits the absolute value takes."},
		{name: "bit_count", sig: "()", fn: intBitCount, doc: "Return how many bits of the absolute value are 1."},
		{name: "to_bytes", sig: "(length=1, byteorder='big', *, signed=False)", fn: intToBytes, doc: "Return the number as that many bytes."},
		{name: "from_bytes", sig: "(bytes, byteorder='big', *, signed=False)", static: true, fn: intFromBytes, slow: "slow_int_from_bytes", doc: "Return the int that bytes are."},
		{name: "is_integer", sig: "()", fn: intIsInteger, doc: "Return True."},
	}
	floatRows = []row{
		{name: "is_integer", sig: "()", fn: floatIsInteger, doc: "Tell whether there are no decimals."},
		{name: "as_integer_ratio", sig: "()", fn: floatRatio, doc: "Return two ints whose quotient the number is."},
	}
)

func intBitLength(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.MakeInt(a[0].(starlark.Int).BigInt().BitLen()), nil
}

func intBitCount(p *vm.Process, a []vm.Value) (vm.Value, error) {
	count := 0
	for _, c := range a[0].(starlark.Int).BigInt().Text(2) {
		if c == '1' {
			count++
		}
	}
	return starlark.MakeInt(count), nil
}

func intIsInteger(p *vm.Process, a []vm.Value) (vm.Value, error) { return starlark.True, nil }

func intToBytes(p *vm.Process, a []vm.Value) (vm.Value, error) {
	length, signed := 1, arg(a, 3) != nil && bool(a[3].Truth())
	if v := arg(a, 1); v != nil {
		var err error
		if length, err = asSmall(v); err != nil {
			return nil, err
		}
	}
	order, err := byteOrder(arg(a, 2))
	if err != nil {
		return nil, err
	}
	if length < 0 {
		return nil, vm.Raise(vm.ValueError, "length argument must be non-negative")
	}
	if err := p.Room(length, 2); err != nil {
		return nil, err
	}
	b, err := bigBytes(a[0].(starlark.Int).BigInt(), length, signed)
	if err != nil {
		return nil, err
	}
	if order == "little" {
		slices.Reverse(b)
	}
	return starlark.Bytes(b), nil
}

func intFromBytes(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if isType[starlark.String](a[0]) {
		return nil, vm.Raise(vm.TypeError, "cannot convert 'str' object to bytes")
	}
	x := a[0]
	x = plainBytes(x)
	if !isType[starlark.Bytes](x) {
		var err error
		if x, err = bytesOf(p, x); err != nil {
			return nil, err
		}
	}
	data := []byte(x.(starlark.Bytes))
	order, err := byteOrder(arg(a, 1))
	if err != nil {
		return nil, err
	}
	if order == "little" {
		slices.Reverse(data)
	}
	i := new(big.Int).SetBytes(data)
	if signed := arg(a, 2); signed != nil && bool(signed.Truth()) && len(data) > 0 && data[0] >= 0x80 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(data))))
	}
	return starlark.MakeBigInt(i), nil
}

func byteOrder(v vm.Value) (string, error) {
	if v == nil {
		return "big", nil
	}
	order, err := asText(v)
	if err == nil && order != "big" && order != "little" {
		err = vm.Raise(vm.ValueError, "byteorder must be either 'little' or 'big'")
	}
	return order, err
}

// bigBytes is i in two's complement, the highest byte first.
func bigBytes(i *big.Int, length int, signed bool) ([]byte, error) {
	bits := uint(8 * length)
	if i.Sign() < 0 {
		if !signed {
			return nil, vm.Raise(vm.OverflowError, "can't convert negative int to unsigned")
		}
		i = new(big.Int).Add(i, new(big.Int).Lsh(big.NewInt(1), bits))
		if i.Sign() < 0 || length > 0 && i.Bit(int(bits)-1) == 0 {
			return nil, vm.Raise(vm.OverflowError, "int too big to convert")
		}
	} else if i.BitLen() > int(bits) || signed && i.BitLen() == int(bits) && bits > 0 {
		return nil, vm.Raise(vm.OverflowError, "int too big to convert")
	}
	return i.FillBytes(make([]byte, length)), nil
}

func floatIsInteger(p *vm.Process, a []vm.Value) (vm.Value, error) {
	f := float64(a[0].(starlark.Float))
	return starlark.Bool(!math.IsInf(f, 0) && f == math.Trunc(f)), nil
}

func floatRatio(p *vm.Process, a []vm.Value) (vm.Value, error) {
	f := float64(a[0].(starlark.Float))
	switch {
	case math.IsNaN(f):
		return nil, vm.Raise(vm.ValueError, "cannot convert NaN to integer ratio")
	case math.IsInf(f, 0):
		return nil, vm.Raise(vm.OverflowError, "cannot convert Infinity to integer ratio")
	}
	r := new(big.Rat).SetFloat64(f)
	return starlark.Tuple{starlark.MakeBigInt(r.Num()), starlark.MakeBigInt(r.Denom())}, nil
}

func absFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if i, ok := vm.SmallInt(a[0]); ok {
		return p.MakeInt(max(i, -i)), nil
	}
	switch x := a[0].(type) {
	case starlark.Int:
		if x.Sign() >= 0 {
			return x, nil
		}
		return starlark.MakeInt(0).Sub(x), nil
	case starlark.Float:
		return p.MakeFloat(math.Abs(float64(x))), nil
	case starlark.Bool:
		return asInteger(x)
	case *vm.Instance, *vm.Exception:
		return nil, vm.NeedScript
	}
	return nil, vm.Raise(vm.TypeError, "bad operand type for abs(): '%s'", vm.TypeName(a[0]))
}

// roundFn rounds halves to even: to an int if there is no ndigits, else to the type of x.
func roundFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	digits := arg(a, 1)
	if digits == starlark.None {
		digits = nil
	}
	n := 0
	if digits != nil && isNumeric(a[0]) {
		var err error
		if n, err = asSmall(digits); err != nil {
			return nil, err
		}
	}
	switch x := a[0].(type) {
	case starlark.Float:
		if digits == nil {
			return floatToInt(math.RoundToEven(float64(x)))
		}
		return roundFloat(float64(x), n)
	case starlark.Int, starlark.Bool:
		i, err := asInteger(x)
		if err != nil || n >= 0 {
			return i, err
		}
		return roundInt(i, n), nil
	case *vm.Instance, *vm.Exception:
		return nil, vm.NeedScript
	}
	return nil, vm.Raise(vm.TypeError, "type %s doesn't define __round__ method", vm.TypeName(a[0]))
}

// roundFloat rounds the exact value of x, as CPython does: halves that only
// look like halves in decimal are none.
func roundFloat(x float64, n int) (vm.Value, error) {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0) || x == 0 || n > 323:
		return starlark.Float(x), nil
	case n < -308:
		return starlark.Float(math.Copysign(0, x)), nil
	case n >= 0:
		f, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', n, 64), 64)
		if err != nil {
			return nil, vm.Raise(vm.OverflowError, "rounded value too large to represent")
		}
		return starlark.Float(f), nil
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n)), nil)
	r := new(big.Rat).SetFloat64(x)
	r.Quo(r, new(big.Rat).SetInt(scale))
	q := divHalfEven(r.Num(), r.Denom())
	f, _ := new(big.Float).SetInt(q.Mul(q, scale)).Float64()
	if math.IsInf(f, 0) {
		return nil, vm.Raise(vm.OverflowError, "rounded value too large to represent")
	}
	return starlark.Float(math.Copysign(f, x)), nil
}

func roundInt(i starlark.Int, n int) starlark.Int {
	b := i.BigInt()
	if -n > len(b.Text(10)) {
		return starlark.MakeInt(0)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-n)), nil)
	q := divHalfEven(b, scale)
	return starlark.MakeBigInt(q.Mul(q, scale))
}

// divHalfEven is the integer nearest to a/b, b > 0, the even one of two.
func divHalfEven(a, b *big.Int) *big.Int {
	q, r := new(big.Int).DivMod(a, b, new(big.Int)) // r >= 0
	switch c := new(big.Int).Lsh(r, 1).Cmp(b); {
	case c > 0 || c == 0 && q.Bit(0) == 1:
		q.Add(q, big.NewInt(1))
	}
	return q
}

func divmodFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if !isNumeric(a[0]) || !isNumeric(a[1]) {
		if instance(a[0]) != nil || instance(a[1]) != nil {
			return nil, vm.NeedScript
		}
		return nil, vm.Raise(vm.TypeError, "unsupported operand type(s) for divmod(): '%s' and '%s'", vm.TypeName(a[0]), vm.TypeName(a[1]))
	}
	q, err := p.Binary(compile.FLOORDIV, a[0], a[1])
	if err != nil {
		return nil, err
	}
	r, err := p.Binary(compile.MOD, a[0], a[1])
	return starlark.Tuple{q, r}, err
}

func isNumeric(v vm.Value) bool {
	switch v.(type) {
	case starlark.Int, starlark.Float, starlark.Bool:
		return true
	}
	return false
}

func powFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if m := arg(a, 2); m != nil && m != starlark.None {
		return powMod(a[0], a[1], m)
	}
	return p.Binary(compile.POW, a[0], a[1])
}

// maxPowMod bounds the time that pow takes for a modulus: the exponent's length times the square of the modulus's.
const maxPowMod = 1 << 41

func powMod(x, y, m vm.Value) (vm.Value, error) {
	var b [3]*big.Int
	for i, v := range []vm.Value{x, y, m} {
		n, err := asInteger(v)
		switch {
		case instance(v) != nil:
			return nil, vm.NeedScript
		case err != nil && isNumeric(v):
			return nil, vm.Raise(vm.TypeError, "pow() 3rd argument not allowed unless all arguments are integers")
		case err != nil:
			return nil, vm.Raise(vm.TypeError, "unsupported operand type(s) for ** or pow(): '%s', '%s', '%s'", vm.TypeName(x), vm.TypeName(y), vm.TypeName(m))
		}
		b[i] = n.BigInt()
	}
	if b[2].Sign() == 0 {
		return nil, vm.Raise(vm.ValueError, "pow() 3rd argument cannot be 0")
	}
	mod := new(big.Int).Abs(b[2])
	if length := mod.BitLen(); b[1].BitLen() > maxPowMod/length/length {
		return nil, vm.TooLong()
	}
	z := new(big.Int).Exp(b[0], b[1], mod)
	if z == nil {
		return nil, vm.Raise(vm.ValueError, "base is not invertible for the given modulus")
	}
	z.Mod(z, mod)
	if b[2].Sign() < 0 && z.Sign() != 0 {
		z.Add(z, b[2])
	}
	return starlark.MakeBigInt(z), nil
}

func sumFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	total := arg(a, 1)
	if r := rangeIter(p, a[0]); r != nil && (total == nil || isType[starlark.Int](total)) {
		sum := sumRange(r)
		if total != nil {
			sum = sum.Add(total.(starlark.Int))
		}
		return sum, nil
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	switch total.(type) {
	case nil:
		total = starlark.MakeInt(0)
	case starlark.String:
		return nil, vm.Raise(vm.TypeError, "sum() can't sum strings [use ''.join(seq) instead]")
	case starlark.Bytes:
		return nil, vm.Raise(vm.TypeError, "sum() can't sum bytes [use b''.join(seq) instead]")
	}
	total, elems = sumInts(total, elems)
	for _, v := range elems {
		if f, ok := total.(starlark.Float); ok {
			if g, ok := v.(starlark.Float); ok {
				total = f + g
				continue
			}
		}
		if total, err = p.Binary(compile.ADD, total, v); err != nil {
			return nil, err
		}
	}
	return total, nil
}

// rangeIter returns an iterator over a range, or nil.
func rangeIter(p *vm.Process, v vm.Value) *vm.RangeIter {
	if v.Type() != "range" {
		return nil
	}
	it, _ := p.Iter(v)
	r, _ := it.(*vm.RangeIter)
	return r
}

// sumRange adds up an arithmetic series.
func sumRange(r *vm.RangeIter) starlark.Int {
	n := starlark.MakeInt(r.N)
	steps := n.Mul(n.Sub(starlark.MakeInt(1))).Rsh(1) // 0 + 1 + … + (n-1)
	return n.Mul(starlark.MakeInt64(r.Next)).Add(steps.Mul(starlark.MakeInt64(r.Step)))
}

// sumInts adds up the ints in front, as far as an int64 holds their sum. It
// returns the sum and what is left.
func sumInts(start vm.Value, elems []vm.Value) (vm.Value, []vm.Value) {
	first, ok := start.(starlark.Int)
	if !ok {
		return start, elems
	}
	total, small := first.Int64()
	if !small {
		return start, elems
	}
	for i, v := range elems {
		n, ok := v.(starlark.Int)
		if !ok {
			return starlark.MakeInt64(total), elems[i:]
		}
		x, small := n.Int64()
		sum := total + x
		if !small || (sum > total) != (x > 0) && x != 0 {
			return starlark.MakeInt64(total), elems[i:]
		}
		total = sum
	}
	return starlark.MakeInt64(total), nil
}

// hashFn is Starlark's for strings and bytes, which is the same in every process,
// and the value for ints as in Python.
func hashFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	switch x := a[0].(type) {
	case starlark.String, starlark.Bytes:
		return starlark.Universe["hash"].(*starlark.Builtin).CallInternal(p.Thread, starlark.Tuple{x}, nil)
	case starlark.Int, starlark.Bool:
		i, err := asInteger(x)
		return hashInt(i), err
	case starlark.Float:
		if f := float64(x); f == math.Trunc(f) && !math.IsInf(f, 0) {
			i, err := floatToInt(f)
			return hashInt(i), err
		}
	}
	if b, ok := p.Special(a[0], "__hash__").(*vm.BoundMethod); ok && isType[*vm.Function](b.Fn) {
		return nil, vm.NeedScript // also if a table knows the hash, which it has cut to its size
	}
	h, err := p.Hash(a[0])
	if err != nil {
		return nil, vm.HashError(err, a[0])
	}
	return starlark.MakeUint(uint(h)), nil
}

// hashInt reduces modulo the prime of Include/pyhash.h; -1 is taken.
func hashInt(i starlark.Int) vm.Value {
	b := i.BigInt()
	h := new(big.Int).Rem(b, big.NewInt(1<<61-1))
	if h.IsInt64() && h.Int64() == -1 {
		return starlark.MakeInt(-2)
	}
	return starlark.MakeBigInt(h)
}

// idFn returns the address of what has one, and a hash for values without identity.
func idFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	switch x := a[0].(type) {
	case starlark.NoneType, starlark.Bool, starlark.Int, starlark.Float, starlark.String, starlark.Bytes, starlark.Tuple:
		h, err := x.Hash()
		if err != nil {
			h = uint32(len(x.(starlark.Tuple)))
		}
		return starlark.MakeUint(uint(h)), nil
	}
	type words struct{ typ, data uintptr }
	return starlark.MakeUint64(uint64((*words)(unsafe.Pointer(&a[0])).data)), nil
}
