package builtins

import (
	"math"
	"math/big"
	"math/bits"
	"slices"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Module math is CPython's, and go.starlark.net's lib/math, which it contains:
// the functions that are in both take and return what the latter's do, so
// that sqrt(-1) is nan and exp(1000) is inf; those that only Python has
// raise ValueError or OverflowError in such cases (Modules/mathmodule.c, math_1).

const mathDoc = "Mathematical functions. Those that Starlark has too return nan and inf where the others raise an exception."

// mathRealRows are the functions of floats, mathIntRows those of ints.
var (
	mathRealRows = []row{
		{name: "acos", sig: "(x, /)", fn: unaryReal(math.Acos), doc: "Return the arc cosine of x, in radians."},
		{name: "acosh", sig: "(x, /)", fn: unaryReal(math.Acosh), doc: "Return the inverse hyperbolic cosine of x."},
		{name: "asin", sig: "(x, /)", fn: unaryReal(math.Asin), doc: "Return the arc sine of x, in radians."},
		{name: "asinh", sig: "(x, /)", fn: unaryReal(math.Asinh), doc: "Return the inverse hyperbolic sine of x."},
		{name: "atan", sig: "(x, /)", fn: unaryReal(math.Atan), doc: "Return the arc tangent of x, in radians."},
		{name: "atan2", sig: "(y, x, /)", fn: binaryReal(math.Atan2), doc: "Return the angle of the vector from the origin to (x, y), in radians."},
		{name: "atanh", sig: "(x, /)", fn: unaryReal(math.Atanh), doc: "Return the inverse hyperbolic tangent of x."},
		{name: "cbrt", sig: "(x, /)", fn: checked(math.Cbrt), doc: "Return the cube root of x."},
		{name: "ceil", sig: "(x, /)", fn: toIntBy(math.Ceil), doc: "Return the smallest int that is not less than x."},
		{name: "copysign", sig: "(x, y, /)", fn: binaryReal(math.Copysign), doc: "Return x with the sign of y."},
		{name: "cos", sig: "(x, /)", fn: unaryReal(math.Cos), doc: "Return the cosine of x radians."},
		{name: "cosh", sig: "(x, /)", fn: unaryReal(math.Cosh), doc: "Return the hyperbolic cosine of x."},
		{name: "degrees", sig: "(x, /)", fn: unaryReal(func(x float64) float64 { return 360 * x / (2 * math.Pi) }), doc: "Convert x from radians to degrees."},
		{name: "dist", sig: "(p, q, /)", fn: mathDist, slow: "slow_math_dist", doc: "Return the distance of two points, which are sequences of coordinates."},
		{name: "erf", sig: "(x, /)", fn: checked(math.Erf), doc: "Return the error function of x."},
		{name: "erfc", sig: "(x, /)", fn: checked(math.Erfc), doc: "Return 1 - erf(x), precisely."},
		{name: "exp", sig: "(x, /)", fn: unaryReal(math.Exp), doc: "Return e**x."},
		{name: "exp2", sig: "(x, /)", fn: checked(math.Exp2), doc: "Return 2**x."},
		{name: "expm1", sig: "(x, /)", fn: checked(math.Expm1), doc: "Return e**x - 1, precisely for a small x."},
		{name: "fabs", sig: "(x, /)", fn: unaryReal(math.Abs), doc: "Return the absolute value of x as a float."},
		{name: "floor", sig: "(x, /)", fn: toIntBy(math.Floor), doc: "Return the greatest int that is not more than x."},
		{name: "fmod", sig: "(x, y, /)", fn: mathFmod, doc: "Return the remainder of x / y with the sign of x."},
		{name: "frexp", sig: "(x, /)", fn: mathFrexp, doc: "Return (m, e) such that x is m * 2**e and m, if x is not 0, from 0.5 up to 1."},
		{name: "fsum", sig: "(seq, /)", fn: mathFsum, slow: "slow_math_fsum", doc: "Return the sum of the elements without loss of precision."},
		{name: "gamma", sig: "(x, /)", fn: unaryReal(math.Gamma), doc: "Return the Gamma function of x."},
		{name: "hypot", sig: "(*coordinates)", raw: mathHypot, doc: "Return the distance of a point from the origin."},
		{name: "isclose", sig: "(a, b, *, rel_tol=1e-09, abs_tol=0.0)", fn: mathIsclose, doc: "Tell whether two numbers differ by less than a fraction of the greater one, or an amount."},
		{name: "isfinite", sig: "(x, /)", fn: predicate(func(x float64) bool { return x-x == 0 }), doc: "Tell whether x is neither infinite nor nan."},
		{name: "isinf", sig: "(x, /)", fn: predicate(func(x float64) bool { return math.IsInf(x, 0) }), doc: "Tell whether x is infinite."},
		{name: "isnan", sig: "(x, /)", fn: predicate(math.IsNaN), doc: "Tell whether x is nan."},
		{name: "ldexp", sig: "(x, i, /)", fn: mathLdexp, doc: "Return x * 2**i."},
		{name: "lgamma", sig: "(x, /)", fn: mathLgamma, doc: "Return the logarithm of the absolute value of the Gamma function of x."},
		{name: "log", sig: "(x, base=e, /)", fn: mathLog, doc: "Return the logarithm of x, to the base e if no other is given."},
		{name: "log10", sig: "(x, /)", fn: logarithm(log10, 0x1.34413509f79ffp-2), doc: "Return the logarithm of x to the base 10."},
		{name: "log1p", sig: "(x, /)", fn: mathLog1p, doc: "Return the logarithm of 1 + x to the base e, precisely for a small x."},
		{name: "log2", sig: "(x, /)", fn: logarithm(log2, 1), doc: "Return the logarithm of x to the base 2."},
		{name: "mod", sig: "(x, y, /)", fn: binaryReal(math.Mod), doc: "Return the remainder of x / y with the sign of x."},
		{name: "modf", sig: "(x, /)", fn: mathModf, doc: "Return the fraction and the integer part of x, both with its sign."},
		{name: "nextafter", sig: "(x, y, /)", fn: mathNextafter, doc: "Return the next float after x in the direction of y."},
		{name: "pow", sig: "(x, y, /)", fn: binaryReal(math.Pow), doc: "Return x**y as a float."},
		{name: "prod", sig: "(iterable, /, *, start=1)", fn: mathProd, slow: "slow_math_prod", doc: "Multiply the elements, beginning with start."},
		{name: "radians", sig: "(x, /)", fn: unaryReal(func(x float64) float64 { return 2 * math.Pi * x / 360 }), doc: "Convert x from degrees to radians."},
		{name: "remainder", sig: "(x, y, /)", fn: binaryReal(math.Remainder), doc: "Return the difference of x to the nearest multiple of y."},
		{name: "round", sig: "(x, /)", fn: unaryReal(math.Round), doc: "Return the nearest integer as a float. Halves go away from zero."},
		{name: "sin", sig: "(x, /)", fn: unaryReal(math.Sin), doc: "Return the sine of x radians."},
		{name: "sinh", sig: "(x, /)", fn: unaryReal(math.Sinh), doc: "Return the hyperbolic sine of x."},
		{name: "sqrt", sig: "(x, /)", fn: unaryReal(math.Sqrt), doc: "Return the square root of x."},
		{name: "tan", sig: "(x, /)", fn: unaryReal(math.Tan), doc: "Return the tangent of x radians."},
		{name: "tanh", sig: "(x, /)", fn: unaryReal(math.Tanh), doc: "Return the hyperbolic tangent of x."},
		{name: "trunc", sig: "(x, /)", fn: toIntBy(math.Trunc), doc: "Return x without its decimals."},
		{name: "ulp", sig: "(x, /)", fn: mathUlp, doc: "Return the value of the last bit of x."},
	}
	mathIntRows = []row{
		{name: "comb", sig: "(n, k, /)", fn: mathComb, doc: "Return in how many ways k things can be chosen from n, in no order."},
		{name: "factorial", sig: "(n, /)", fn: mathFactorial, doc: "Return n!."},
		{name: "gcd", sig: "(*integers)", raw: mathGcd, doc: "Return the greatest common divisor."},
		{name: "isqrt", sig: "(n, /)", fn: mathIsqrt, doc: "Return the greatest int whose square is not more than n."},
		{name: "lcm", sig: "(*integers)", raw: mathLcm, doc: "Return the least common multiple."},
		{name: "perm", sig: "(n, k=None, /)", fn: mathPerm, doc: "Return in how many ways k things can be chosen from n, in order."},
	}
)

var mathConstants = []constant{
	{"e", starlark.Float(math.E)},
	{"inf", starlark.Float(math.Inf(1))},
	{"nan", starlark.Float(math.NaN())},
	{"pi", starlark.Float(math.Pi)},
	{"tau", starlark.Float(2 * math.Pi)},
}

func mathModule() *vm.Module {
	natives := append(converting("_with_floats", mathRealRows), converting("_with_ints", mathIntRows)...)
	return newModule("math", mathDoc, natives, mathConstants)
}

// converting makes natives of rows. Where one meets an instance, the intrinsic
// calls it again with numbers in the place of instances.
func converting(intrinsic string, rows []row) []*vm.Native {
	natives := functions("math", rows)
	for _, n := range natives {
		if n.Slow == "" {
			convertInstances(n, intrinsic)
		}
	}
	return natives
}

// Arguments and results.

// anyReal converts a number as Starlark does: an int that is too large is infinite.
func anyReal(v vm.Value) (float64, error) {
	if i, ok := v.(starlark.Int); ok {
		return float64(i.Float()), nil
	}
	return asReal(v)
}

// asReal converts a number as Python does.
func asReal(v vm.Value) (float64, error) {
	if instance(v) != nil {
		return 0, vm.NeedScript
	}
	return asFloat(v)
}

// asReals converts two numbers.
func asReals(a []vm.Value) (x, y float64, err error) {
	if x, err = asReal(a[0]); err == nil {
		y, err = asReal(a[1])
	}
	return x, y, err
}

func domainError() error { return vm.Raise(vm.ValueError, "math domain error") }
func rangeError() error  { return vm.Raise(vm.OverflowError, "math range error") }

// unaryReal makes a body of a function that Starlark has.
func unaryReal(f func(float64) float64) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		x, err := anyReal(a[0])
		return starlark.Float(f(x)), err
	}
}

// binaryReal makes a body of a function of two that Starlark has.
func binaryReal(f func(x, y float64) float64) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		x, err := anyReal(a[0])
		if err != nil {
			return nil, err
		}
		y, err := anyReal(a[1])
		return starlark.Float(f(x, y)), err
	}
}

// checked makes a body of a function that is infinite only by overflow.
func checked(f func(float64) float64) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		x, err := asReal(a[0])
		if err != nil {
			return nil, err
		}
		r := f(x)
		switch {
		case math.IsNaN(r) && !math.IsNaN(x):
			return nil, domainError()
		case math.IsInf(r, 0) && !math.IsInf(x, 0):
			return nil, rangeError()
		}
		return starlark.Float(r), nil
	}
}

func predicate(f func(float64) bool) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		x, err := asReal(a[0])
		return starlark.Bool(f(x)), err
	}
}

// toIntBy makes ceil, floor and trunc.
func toIntBy(round func(float64) float64) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		if isType[starlark.Int](a[0]) {
			return a[0], nil
		}
		x, err := asReal(a[0])
		if err != nil {
			return nil, err
		}
		return floatToInt(round(x))
	}
}

// Logarithms.

// mathLog divides, as Starlark and Python do, so that log(8, 2) need not be 3.
func mathLog(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := anyReal(a[0])
	if err != nil || arg(a, 1) == nil {
		return starlark.Float(math.Log(x)), err
	}
	base, err := anyReal(a[1])
	if err != nil {
		return nil, err
	}
	if base == 1 {
		return nil, vm.Raise(vm.ZeroDivisionError, "float division by zero")
	}
	return starlark.Float(math.Log(x) / math.Log(base)), nil
}

func mathLog1p(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	if err != nil {
		return nil, err
	}
	if x <= -1 {
		return nil, domainError()
	}
	return starlark.Float(math.Log1p(x)), nil
}

// logarithm makes log2 and log10 of a function for finite floats above 0; ofTwo
// is what that is of 2. Ints may be larger than floats.
func logarithm(log func(float64) float64, ofTwo float64) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		if i, ok := a[0].(starlark.Int); ok && i.Sign() > 0 && math.IsInf(float64(i.Float()), 0) {
			mantissa := new(big.Float)
			exp := new(big.Float).SetInt(i.BigInt()).MantExp(mantissa)
			m, _ := mantissa.Float64()
			return starlark.Float(log(m) + ofTwo*float64(exp)), nil
		}
		x, err := anyReal(a[0])
		switch {
		case err != nil:
			return nil, err
		case x <= 0:
			return nil, domainError()
		case x-x != 0:
			return starlark.Float(x), nil
		}
		return starlark.Float(log(x)), nil
	}
}

// log10 and log2 are computed in twofold precision, so that those of powers are integers.
func log10(x float64) float64 {
	return logPair(x).mul(twofold{0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57}).value()
}

func log2(x float64) float64 {
	m, exp := math.Frexp(x)
	if m == 0.5 {
		return float64(exp - 1)
	}
	return logPair(m).mul(twofold{0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56}).add(twofold{hi: float64(exp)}).value()
}

// mathLgamma is infinite where Gamma is, which is an error there.
func mathLgamma(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	if err != nil {
		return nil, err
	}
	if math.IsInf(x, 0) {
		return starlark.Float(math.Inf(1)), nil
	}
	if x <= 0 && x == math.Floor(x) {
		return nil, domainError()
	}
	r, _ := math.Lgamma(x)
	if math.IsInf(r, 0) {
		return nil, rangeError()
	}
	return starlark.Float(r), nil
}

// The parts of floats.

func mathFmod(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, y, err := asReals(a)
	if err != nil {
		return nil, err
	}
	r := math.Mod(x, y)
	if math.IsNaN(r) && !math.IsNaN(x) && !math.IsNaN(y) {
		return nil, domainError()
	}
	return starlark.Float(r), nil
}

func mathFrexp(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	m, exp := math.Frexp(x)
	return starlark.Tuple{starlark.Float(m), starlark.MakeInt(exp)}, err
}

func mathLdexp(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	if err != nil {
		return nil, err
	}
	i, err := asInteger(a[1])
	if err != nil {
		return nil, vm.Raise(vm.TypeError, "Expected an int as second argument to ldexp.")
	}
	const most = 1 << 20 // more than any float's
	exp, ok := i.Int64()
	if !ok || exp > most || exp < -most {
		exp = most * int64(i.Sign())
	}
	r := math.Ldexp(x, int(exp))
	if math.IsInf(r, 0) && !math.IsInf(x, 0) {
		return nil, rangeError()
	}
	return starlark.Float(r), nil
}

func mathModf(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	whole, fraction := math.Modf(x)
	if math.IsInf(x, 0) {
		fraction = 0
	}
	return starlark.Tuple{starlark.Float(math.Copysign(fraction, x)), starlark.Float(whole)}, err
}

func mathNextafter(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, y, err := asReals(a)
	if x == y {
		return starlark.Float(y), err // which may have another sign
	}
	return starlark.Float(math.Nextafter(x, y)), err
}

func mathUlp(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, err := asReal(a[0])
	x = math.Abs(x)
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return starlark.Float(x), err
	}
	if x == math.MaxFloat64 {
		return starlark.Float(x - math.Nextafter(x, 0)), err
	}
	return starlark.Float(math.Nextafter(x, math.Inf(1)) - x), err
}

func mathIsclose(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, y, err := asReals(a)
	if err != nil {
		return nil, err
	}
	tolerances := [2]float64{1e-9, 0}
	for i := range tolerances {
		if v := arg(a, 2+i); v != nil {
			if tolerances[i], err = asReal(v); err != nil {
				return nil, err
			}
		}
	}
	relative, absolute := tolerances[0], tolerances[1]
	if relative < 0 || absolute < 0 {
		return nil, vm.Raise(vm.ValueError, "tolerances must be non-negative")
	}
	if x == y || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return starlark.Bool(x == y), nil
	}
	diff := math.Abs(x - y)
	return starlark.Bool(diff <= relative*math.Abs(x) || diff <= relative*math.Abs(y) || diff <= absolute), nil
}

// Sums and products.

func mathProd(p *vm.Process, a []vm.Value) (vm.Value, error) {
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	var product vm.Value = starlark.MakeInt(1)
	if start := arg(a, 1); start != nil {
		product = start
	}
	if !slices.ContainsFunc(elems, func(v vm.Value) bool { return !isType[starlark.Int](v) }) {
		return productOf(p, product, elems)
	}
	for _, v := range elems {
		if product, err = p.Binary(compile.MUL, product, v); err != nil {
			return nil, err
		}
	}
	return product, nil
}

// productOf multiplies ints by halves, as fallingProduct does.
func productOf(p *vm.Process, start vm.Value, ints []vm.Value) (vm.Value, error) {
	if len(ints) == 0 {
		return start, nil
	}
	if len(ints) == 1 {
		return p.Binary(compile.MUL, start, ints[0])
	}
	below, err := productOf(p, start, ints[:len(ints)/2])
	if err != nil {
		return nil, err
	}
	above, err := productOf(p, starlark.MakeInt(1), ints[len(ints)/2:])
	if err != nil {
		return nil, err
	}
	return p.Binary(compile.MUL, below, above)
}

// realItems converts the elements of an iterable.
func realItems(p *vm.Process, v vm.Value) ([]float64, error) {
	elems, err := items(p, v)
	if err != nil {
		return nil, err
	}
	xs := make([]float64, len(elems))
	for i, v := range elems {
		if xs[i], err = asReal(v); err != nil {
			return nil, err
		}
	}
	return xs, nil
}

func mathFsum(p *vm.Process, a []vm.Value) (vm.Value, error) {
	xs, err := realItems(p, a[0])
	if err != nil {
		return nil, err
	}
	sum, err := exactSum(xs)
	return starlark.Float(sum), err
}

// exactSum is math_fsum: J. R. Shewchuk's algorithm, which keeps the sum as floats
// that do not overlap, in order of size.
func exactSum(xs []float64) (float64, error) {
	var partials []float64
	var special, infinities float64
	for _, x := range xs {
		if x-x != 0 {
			if math.IsInf(x, 0) {
				infinities += x
			}
			special += x
			continue
		}
		n := 0
		for _, y := range partials {
			if math.Abs(x) < math.Abs(y) {
				x, y = y, x
			}
			s := addExact(x, y)
			if math.IsInf(s.hi, 0) {
				return 0, vm.Raise(vm.OverflowError, "intermediate overflow in fsum")
			}
			if s.lo != 0 {
				partials[n] = s.lo
				n++
			}
			x = s.hi
		}
		if partials = partials[:n]; x != 0 {
			partials = append(partials, x)
		}
	}
	switch {
	case special != 0 && math.IsNaN(infinities):
		return 0, vm.Raise(vm.ValueError, "-inf + inf in fsum")
	case special != 0:
		return special, nil
	}
	return roundPartials(partials), nil
}

// roundPartials adds up partials from the greatest on, and rounds halves to even
// where what is left decides.
func roundPartials(partials []float64) float64 {
	n := len(partials)
	if n == 0 {
		return 0
	}
	n--
	sum, lo := partials[n], 0.0
	for n > 0 && lo == 0 {
		n--
		s := addExact(sum, partials[n])
		sum, lo = s.hi, s.lo
	}
	if n > 0 && (lo < 0 && partials[n-1] < 0 || lo > 0 && partials[n-1] > 0) {
		y := lo * 2
		if x := sum + y; y == x-sum {
			sum = x
		}
	}
	return sum
}

// mathHypot is Starlark's of two numbers, and takes any number of them.
func mathHypot(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "math.hypot() takes no keyword arguments")
	}
	if len(args) == 2 {
		return binaryReal(math.Hypot)(p, args)
	}
	xs := make([]float64, len(args))
	for i, v := range args {
		var err error
		if xs[i], err = asReal(v); err != nil {
			return nil, err
		}
	}
	return starlark.Float(norm(xs)), nil
}

func mathDist(p *vm.Process, a []vm.Value) (vm.Value, error) {
	xs, err := realItems(p, a[0])
	if err != nil {
		return nil, err
	}
	ys, err := realItems(p, a[1])
	if err != nil {
		return nil, err
	}
	if len(xs) != len(ys) {
		return nil, vm.Raise(vm.ValueError, "both points must have the same number of dimensions")
	}
	diffs := make([]float64, len(xs))
	for i, x := range xs {
		diffs[i] = x - ys[i]
	}
	return starlark.Float(norm(diffs)), nil
}

// norm is the square root of the sum of squares, computed in twofold precision
// of numbers that are scaled so that nothing overflows.
func norm(xs []float64) float64 {
	greatest, nan := 0.0, false
	for _, x := range xs {
		greatest = max(greatest, math.Abs(x))
		nan = nan || math.IsNaN(x)
		if math.IsInf(x, 0) {
			return math.Inf(1)
		}
	}
	if nan || greatest == 0 {
		return math.Abs(greatest)
	}
	_, exp := math.Frexp(greatest)
	var sum twofold
	for _, x := range xs {
		x = math.Ldexp(x, -exp)
		sum = sum.add(mulExact(x, x))
	}
	root := math.Sqrt(sum.hi)
	root += sum.add(mulExact(-root, root)).value() / (2 * root)
	return math.Ldexp(root, exp)
}

// Functions of ints.

// natural converts an int that is not negative.
func natural(v vm.Value, message string) (*big.Int, error) {
	i, err := asIndex(v)
	if err != nil {
		return nil, err
	}
	if i.Sign() < 0 {
		return nil, vm.Raise(vm.ValueError, "%s", message)
	}
	return i.BigInt(), nil
}

func mathFactorial(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := natural(a[0], "factorial() not defined for negative values")
	if err != nil {
		return nil, err
	}
	if !n.IsInt64() {
		return nil, vm.Raise(vm.OverflowError, "factorial() argument should not exceed 9223372036854775807")
	}
	return falling(n, n.Int64())
}

// falling is n * (n-1) * …, k factors.
func falling(n *big.Int, k int64) (vm.Value, error) {
	if k > int64(vm.MaxProduct/max(n.BitLen(), 1)) {
		return nil, vm.TooLong()
	}
	return starlark.MakeBigInt(fallingProduct(n, k)), nil
}

// fallingProduct multiplies halves, for a product of numbers of one length takes least time.
func fallingProduct(n *big.Int, k int64) *big.Int {
	if n.IsInt64() {
		return new(big.Int).MulRange(n.Int64()-k+1, n.Int64())
	}
	if k < 2 {
		return new(big.Int).Exp(n, big.NewInt(k), nil)
	}
	above := fallingProduct(n, k/2)
	return above.Mul(above, fallingProduct(new(big.Int).Sub(n, big.NewInt(k/2)), k-k/2))
}

func mathPerm(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if k := arg(a, 1); k == nil || k == starlark.None {
		return mathFactorial(p, a)
	}
	n, err := natural(a[0], "n must be a non-negative integer")
	if err != nil {
		return nil, err
	}
	k, err := natural(a[1], "k must be a non-negative integer")
	switch {
	case err != nil:
		return nil, err
	case k.Cmp(n) > 0:
		return starlark.MakeInt(0), nil
	case !k.IsInt64():
		return nil, vm.Raise(vm.OverflowError, "k must not exceed 9223372036854775807")
	}
	return falling(n, k.Int64())
}

func mathComb(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := natural(a[0], "n must be a non-negative integer")
	if err != nil {
		return nil, err
	}
	k, err := natural(a[1], "k must be a non-negative integer")
	if err != nil {
		return nil, err
	}
	rest := new(big.Int).Sub(n, k)
	if rest.Sign() < 0 {
		return starlark.MakeInt(0), nil
	}
	if rest.Cmp(k) < 0 {
		k = rest
	}
	if !k.IsInt64() {
		return nil, vm.Raise(vm.OverflowError, "min(n - k, k) must not exceed 9223372036854775807")
	}
	above, err := falling(n, k.Int64())
	if err != nil {
		return nil, err
	}
	below := new(big.Int).MulRange(1, k.Int64())
	return starlark.MakeBigInt(below.Quo(above.(starlark.Int).BigInt(), below)), nil
}

func mathIsqrt(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := natural(a[0], "isqrt() argument must be nonnegative")
	if err != nil {
		return nil, err
	}
	if n.BitLen() > vm.MaxProduct {
		return nil, vm.TooLong()
	}
	if n.Sign() == 0 {
		return starlark.MakeInt(0), nil
	}
	return starlark.MakeBigInt(isqrt(n)), nil
}

// isqrt takes the time of one division, where big.Int.Sqrt takes that of many: each round of Newton's
// iteration is as precise as its result can be (_approximate_isqrt in Modules/mathmodule.c, for n > 0).
func isqrt(n *big.Int) *big.Int {
	c := uint(n.BitLen()-1) / 2
	root, d := big.NewInt(1), uint(0)
	for s := bits.Len(c) - 1; s >= 0; s-- {
		e := d
		d = c >> s
		q := new(big.Int).Rsh(n, 2*c-e-d+1)
		q.Quo(q, root)
		root.Add(root.Lsh(root, d-e-1), q)
	}
	if new(big.Int).Mul(root, root).Cmp(n) > 0 {
		root.Sub(root, big.NewInt(1))
	}
	return root
}

// maxGcd bounds the product of the lengths of two ints whose common divisor is looked for: the time grows with it.
const maxGcd = 1 << 40

func gcd(x, y *big.Int) (*big.Int, error) {
	if x.BitLen()*y.BitLen() > maxGcd {
		return nil, vm.TooLong()
	}
	return new(big.Int).GCD(nil, nil, x, y), nil
}

func mathGcd(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return foldInts("gcd", 0, args, kwargs, gcd)
}

func mathLcm(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return foldInts("lcm", 1, args, kwargs, func(x, y *big.Int) (*big.Int, error) {
		if x.Sign() == 0 || y.Sign() == 0 {
			return new(big.Int), nil
		}
		divisor, err := gcd(x, y)
		if err != nil {
			return nil, err
		}
		return divisor.Mul(divisor.Quo(x, divisor), y), nil
	})
}

// foldInts applies f to what there is so far and the absolute value of the next int.
func foldInts(name string, start int64, args []vm.Value, kwargs []starlark.Tuple, f func(x, y *big.Int) (*big.Int, error)) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "math.%s() takes no keyword arguments", name)
	}
	result := big.NewInt(start)
	for _, v := range args {
		i, err := asIndex(v)
		if err != nil {
			return nil, err
		}
		if result, err = f(result, new(big.Int).Abs(i.BigInt())); err != nil {
			return nil, err
		}
	}
	return starlark.MakeBigInt(result), nil
}
