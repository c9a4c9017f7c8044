package builtins

import "math"

// The elementary functions that module random needs, rounded correctly but
// for a case in many millions. Go's own are off in the last bit in one case
// of ten or so, and differ between processors; glibc's, which CPython uses,
// round correctly in all but one or two cases of a thousand. So with these the
// numbers of gauss and its kind are CPython's, save for a rare last bit, and are the same everywhere.
//
// They compute in pairs of floats (T. J. Dekker, "A floating-point technique
// for extending the available precision", 1971).

// A twofold is the sum hi + lo, where lo is at most half a last bit of hi.
type twofold struct{ hi, lo float64 }

// addExact is a + b without error.
func addExact(a, b float64) twofold {
	s := a + b
	t := s - a
	return twofold{s, (a - (s - t)) + (b - t)}
}

// mulExact is a * b without error.
func mulExact(a, b float64) twofold {
	p := a * b
	return twofold{p, math.FMA(a, b, -p)}
}

func (x twofold) add(y twofold) twofold {
	s, t := addExact(x.hi, y.hi), addExact(x.lo, y.lo)
	s = addExact(s.hi, s.lo+t.hi)
	return addExact(s.hi, s.lo+t.lo)
}

func (x twofold) mul(y twofold) twofold {
	p := mulExact(x.hi, y.hi)
	return addExact(p.hi, p.lo+(float64(x.hi*y.lo)+float64(x.lo*y.hi)))
}

func (x twofold) scale(f float64) twofold { return x.mul(twofold{hi: f}) }

// over is x / n.
func (x twofold) over(n float64) twofold {
	q := x.hi / n
	rest := x.add(mulExact(-q, n))
	return addExact(q, rest.hi/n)
}

func (x twofold) value() float64 { return x.hi + x.lo }

// minus returns x - k*c, for a constant of three parts, so that the
// difference is good although x and k*c are close.
func (x twofold) minus(k float64, c [3]float64) twofold {
	for _, part := range c {
		x = x.add(mulExact(-k, part))
	}
	return x
}

var (
	ln2Parts    = [3]float64{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56, 0x1.7b57a079a1934p-111}
	halfPiParts = [3]float64{0x1.921fb54442d18p0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110}
)

// expPair is e**x. Its argument is halved eight times before the series, and
// the result squared as often; what is squared is e**r - 1, to keep its precision.
func expPair(x twofold) twofold {
	const halvings = 8
	k := math.Round(x.hi / math.Ln2)
	r := x.minus(k, ln2Parts).scale(1.0 / (1 << halvings))
	sum, term := r, r
	for n := 2.0; n <= 11; n++ {
		term = term.mul(r).over(n)
		sum = sum.add(term)
	}
	for range halvings {
		sum = sum.add(sum).add(sum.mul(sum))
	}
	sum = twofold{hi: 1}.add(sum)
	// In two steps, for where 2**k is not a float but the result is.
	half := int(k) / 2
	for _, e := range []int{half, int(k) - half} {
		sum = twofold{math.Ldexp(sum.hi, e), math.Ldexp(sum.lo, e)}
	}
	return sum
}

// logPair is the natural logarithm of x > 0.
func logPair(x float64) twofold {
	if t := x - 1; math.Abs(t) < 1e-3 {
		return log1pSeries(t)
	}
	y := math.Log(x)
	// One step of Newton's method: y + log(x / e**y), and that logarithm's argument is close to 1.
	e := expPair(twofold{hi: -y}).scale(x).add(twofold{hi: -1})
	correction := e.add(e.mul(e).scale(-0.5))
	return twofold{hi: y}.add(correction)
}

// log1pSeries is log(1 + t) for a small t.
func log1pSeries(t float64) twofold {
	power := twofold{hi: t}
	sum := power
	for n := 2.0; n <= 12; n++ {
		power = power.scale(-t)
		sum = sum.add(power.over(n))
	}
	return sum
}

// sincosPair returns the sine and cosine of x, which is not large.
func sincosPair(x float64) (sin, cos twofold) {
	k := math.Round(x / (math.Pi / 2))
	r := twofold{hi: x}.minus(k, halfPiParts)
	square := r.mul(r).scale(-1)
	sin, cos = r, twofold{hi: 1}
	term := cos
	for n := 1.0; n <= 28; n += 2 {
		term = term.mul(square).over(n * (n + 1))
		cos = cos.add(term)
		sin = sin.add(term.mul(r).over(n + 2))
	}
	switch floorMod(int(k), 4) {
	case 1:
		return cos, sin.scale(-1)
	case 2:
		return sin.scale(-1), cos.scale(-1)
	case 3:
		return cos.scale(-1), sin
	}
	return sin, cos
}

func exactExp(x float64) float64 {
	if math.Abs(x) > 700 || x == 0 || math.IsNaN(x) {
		return math.Exp(x)
	}
	return expPair(twofold{hi: x}).value()
}

func exactLog(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) || x == 1 {
		return math.Log(x)
	}
	return logPair(x).value()
}

func exactSin(x float64) float64 {
	sin, _ := sincosPair(x)
	return sin.value()
}

func exactCos(x float64) float64 {
	_, cos := sincosPair(x)
	return cos.value()
}

// exactAcos is a step of Newton's method from Go's.
func exactAcos(x float64) float64 {
	y := math.Acos(x)
	sin, cos := sincosPair(y)
	if math.IsNaN(y) || sin.hi == 0 {
		return y
	}
	return twofold{hi: y}.add(cos.add(twofold{hi: -x}).over(sin.hi)).value()
}

func exactPow(x, y float64) float64 {
	f := math.Pow(x, y)
	if !(x > 0) || f == 1 || f == 0 || f < 1e-300 || f > 1e300 || math.IsNaN(f) {
		return f
	}
	return expPair(logPair(x).scale(y)).value()
}
