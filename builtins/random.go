package builtins

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"sort"
	"unsafe"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// After the same seed this module gives the numbers that CPython 3.11 gives:
// each function draws from the generator as its namesake in Lib/random.py does.
// Products that are added to are wrapped in float64(), so that Go does not
// fuse the two roundings into one on processors that could.

const randomDoc = "Pseudo-random numbers by CPython's Mersenne Twister: the same seed gives the same numbers as there."

// A Random is a generator: the module's own, or one that a script made.
type Random struct {
	mt        *mt19937 // nil for a SystemRandom, which has no state
	gaussNext float64  // the second number of gauss's pair, if hasGauss
	hasGauss  bool
}

var _ vm.Portable = (*Random)(nil)

const (
	randomKind   = "random" // Random's ImageKind
	generatorKey = "random.generator"
)

func (g *Random) String() string { return fmt.Sprintf("<random.%s object>", g.Type()) }

// Type returns the name of the class.
func (g *Random) Type() string {
	if g.mt == nil {
		return "SystemRandom"
	}
	return "Random"
}
func (g *Random) Freeze()              {}
func (g *Random) Truth() starlark.Bool { return true }

// Hash is by identity.
func (g *Random) Hash() (uint32, error) {
	return uint32(uint64(uintptr(unsafe.Pointer(g))) * 0x9e3779b97f4a7c15 >> 32), nil
}

// ImageKind, Image and Restore make it travel.
func (g *Random) ImageKind() string { return randomKind }

// Image writes gauss's second number, if there is one, and the twister.
func (g *Random) Image() ([]byte, []vm.Value, error) {
	if g.mt == nil {
		return nil, nil, nil
	}
	data := []byte{0}
	if g.hasGauss {
		data[0] = 1
	}
	data = binary.LittleEndian.AppendUint64(data, math.Float64bits(g.gaussNext))
	return g.mt.appendTo(data), nil, nil
}

// Restore reads what Image wrote.
func (g *Random) Restore(data []byte, refs []vm.Value) error {
	if len(data) == 0 {
		*g = Random{}
		return nil
	}
	if len(data) < 9 || data[0] > 1 {
		return errors.New("image: damaged random generator")
	}
	*g = Random{mt: new(mt19937), hasGauss: data[0] == 1, gaussNext: math.Float64frombits(binary.LittleEndian.Uint64(data[1:]))}
	return g.mt.restore(data[9:])
}

// randomTable holds what is both a function of the module, on its own
// generator, and a method of a Random.
var randomTable = []struct {
	name, sig, doc string
	do             func(g *Random, p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error)
}{
	{"seed", "(a=None, version=2)", "Start the generator anew from an int, str, bytes or float; from the system's randomness if a is None.", (*Random).seed},
	{"getstate", "()", "Return the generator's state, for setstate.", (*Random).getstate},
	{"setstate", "(state)", "Go back to a state that getstate returned.", (*Random).setstate},
	{"random", "()", "Return a float from 0.0 up to but not including 1.0.", (*Random).random},
	{"getrandbits", "(k)", "Return an int of k random bits.", (*Random).getrandbits},
	{"randbytes", "(n)", "Return n random bytes.", (*Random).randbytes},
	{"randrange", "(start, stop=None, step=1)", "Return a number of range(start, stop, step), or of range(start).", (*Random).randrange},
	{"randint", "(a, b)", "Return an int from a to b, both included.", (*Random).randint},
	{"choice", "(seq)", "Return an element of a sequence that is not empty.", (*Random).choice},
	{"choices", "(population, weights=None, *, cum_weights=None, k=1)", "Return a list of k elements of a sequence, which may repeat, drawn with the given weights.", (*Random).choices},
	{"shuffle", "(x)", "Put the elements of a list into random order, in place.", (*Random).shuffle},
	{"sample", "(population, k, *, counts=None)", "Return a list of k elements of a sequence, from different positions. With counts, each element stands there that many times.", (*Random).sample},
	{"uniform", "(a, b)", "Return a float between a and b.", (*Random).uniform},
	{"triangular", "(low=0.0, high=1.0, mode=None)", "Return a float between low and high that is most often near mode, by default the middle.", (*Random).triangular},
	{"gauss", "(mu=0.0, sigma=1.0)", "Return a float of the normal distribution with mean mu and standard deviation sigma.", (*Random).gauss},
	{"normalvariate", "(mu=0.0, sigma=1.0)", "As gauss, by another method.", (*Random).normalvariate},
	{"lognormvariate", "(mu, sigma)", "Return a float whose logarithm is normally distributed.", (*Random).lognormvariate},
	{"expovariate", "(lambd)", "Return a float of the exponential distribution with mean 1/lambd.", (*Random).expovariate},
	{"gammavariate", "(alpha, beta)", "Return a float of the gamma distribution.", (*Random).gammavariate},
	{"betavariate", "(alpha, beta)", "Return a float of the beta distribution, between 0 and 1.", (*Random).betavariate},
	{"paretovariate", "(alpha)", "Return a float of the Pareto distribution.", (*Random).paretovariate},
	{"weibullvariate", "(alpha, beta)", "Return a float of the Weibull distribution.", (*Random).weibullvariate},
	{"vonmisesvariate", "(mu, kappa)", "Return an angle of the von Mises distribution, in radians.", (*Random).vonmisesvariate},
}

// randomClasses make generators.
var randomClasses = []*vm.Native{
	{Name: "random.Random", Sig: "(x=None)", Fn: newRandom, Makes: "Random", Doc: "Make a generator of one's own, seeded as by seed(x). It has all functions of the module as methods."},
	{Name: "random.SystemRandom", Sig: "()", Fn: newSystemRandom, Makes: "SystemRandom", Doc: "Make a generator that draws from the system's randomness and cannot be seeded."},
}

// randomMethods are the rows of randomTable as methods.
var randomMethods = methodsOfRandom()

// randomModule makes module random.
func randomModule() *vm.Module {
	natives := append([]*vm.Native(nil), randomClasses...)
	for _, row := range randomTable {
		natives = append(natives, &vm.Native{Name: "random." + row.name, Sig: row.sig, Doc: row.doc,
			Fn: func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
				return row.do(generator(p), p, args, kwargs)
			}})
	}
	return newModule("random", randomDoc, natives, nil)
}

func methodsOfRandom() []*vm.Native {
	var natives []*vm.Native
	for _, row := range randomTable {
		natives = append(natives, &vm.Native{Name: "Random." + row.name, Sig: row.sig, Doc: row.doc, Method: true,
			Fn: func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
				if len(args) == 0 {
					return nil, vm.Raise(vm.TypeError, "unbound method Random.%s() needs an argument", row.name)
				}
				g, ok := args[0].(*Random)
				if !ok {
					return nil, vm.Raise(vm.TypeError, "descriptor '%s' requires a 'Random' object but received '%s'", row.name, vm.TypeName(args[0]))
				}
				return row.do(g, p, args[1:], kwargs)
			}})
	}
	return natives
}

// generator returns the module's own generator, which a process seeds at its
// first use.
func generator(p *vm.Process) *Random {
	if g, ok := p.State[generatorKey].(*Random); ok {
		return g
	}
	g := &Random{mt: new(mt19937)}
	g.seedFromSystem(p)
	p.State[generatorKey] = g
	return g
}

func newRandom(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var x vm.Value = starlark.None
	if err := unpack("Random", args, kwargs, "x?", &x); err != nil {
		return nil, err
	}
	g := &Random{mt: new(mt19937)}
	return g, g.seedWith(p, x, 2)
}

func newSystemRandom(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var x vm.Value // is ignored
	if err := unpack("SystemRandom", args, kwargs, "x?", &x); err != nil {
		return nil, err
	}
	return new(Random), nil
}

// A simulated kernel has randomness that repeats.
type entropySource interface {
	Entropy(data []byte)
}

// entropy returns n bytes of the system's randomness.
func entropy(p *vm.Process, n int) []byte {
	data := make([]byte, n)
	if source, ok := p.Kernel.(entropySource); ok {
		source.Entropy(data)
	} else {
		rand.Read(data) // never fails
	}
	return data
}

// Seeding and state.

func (g *Random) seed(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var a vm.Value = starlark.None
	version := 2
	if err := unpack("seed", args, kwargs, "a?", &a, "version?", &version); err != nil {
		return nil, err
	}
	return none(g.seedWith(p, a, version))
}

func (g *Random) seedWith(p *vm.Process, a vm.Value, version int) error {
	if g.mt == nil {
		return nil
	}
	g.hasGauss = false
	switch a := a.(type) {
	case starlark.NoneType:
		g.seedFromSystem(p)
	case starlark.Int, starlark.Bool:
		n, err := asInteger(a)
		if err != nil {
			return err
		}
		g.mt.seedInt(n.BigInt())
	case starlark.Float:
		g.mt.seedInt(new(big.Int).SetUint64(uint64(floatHash(float64(a)))))
	case starlark.String:
		var chars []rune
		for _, c := range string(a) {
			chars = append(chars, c)
		}
		g.seedText(string(a), chars, version)
	case starlark.Bytes:
		chars := make([]rune, len(a))
		for i := range len(a) {
			chars[i] = rune(a[i])
		}
		g.seedText(string(a), chars, version)
	default:
		return vm.Raise(vm.TypeError, "The only supported seed types are: None,\nint, float, str, bytes, and bytearray.")
	}
	return nil
}

func (g *Random) seedFromSystem(p *vm.Process) {
	key := make([]uint32, mtSize)
	data := entropy(p, 4*mtSize)
	for i := range key {
		key[i] = binary.LittleEndian.Uint32(data[4*i:])
	}
	g.mt.seed(key)
}

// seedText seeds with the text and its hash; version 1 is the method of older Pythons.
func (g *Random) seedText(text string, chars []rune, version int) {
	if version != 1 {
		sum := sha512.Sum512([]byte(text))
		g.mt.seedInt(new(big.Int).SetBytes(append([]byte(text), sum[:]...)))
		return
	}
	var x uint64
	if len(chars) > 0 {
		x = uint64(chars[0]) << 7
	}
	for _, c := range chars {
		x = 1000003*x ^ uint64(c)
	}
	g.mt.seedInt(new(big.Int).SetUint64(x ^ uint64(len(chars))))
}

// floatHash is CPython's hash of a float: its value modulo the prime 2**61-1
// (_Py_HashDouble in Python/pyhash.c).
func floatHash(f float64) int64 {
	const width, modulus = 61, 1<<61 - 1
	switch {
	case math.IsInf(f, 1):
		return 314159
	case math.IsInf(f, -1):
		return -314159
	case math.IsNaN(f):
		return 0
	}
	m, e := math.Frexp(math.Abs(f))
	var x uint64
	for m != 0 {
		x = x<<28&modulus | x>>(width-28)
		m *= 1 << 28
		e -= 28
		y := uint64(m)
		m -= float64(y)
		if x += y; x >= modulus {
			x -= modulus
		}
	}
	shift := floorMod(e, width)
	x = x<<shift&modulus | x>>(width-shift)
	switch {
	case f > 0:
		return int64(x)
	case x == 1:
		return -2
	}
	return -int64(x)
}

// stateVersion is the version of what getstate returns.
const stateVersion = 3

func (g *Random) getstate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getstate", args, kwargs); err != nil {
		return nil, err
	}
	if g.mt == nil {
		return nil, noState()
	}
	words := make(starlark.Tuple, mtSize+1)
	for i, word := range g.mt.state {
		words[i] = starlark.MakeUint64(uint64(word))
	}
	words[mtSize] = starlark.MakeInt(g.mt.index)
	var next vm.Value = starlark.None
	if g.hasGauss {
		next = starlark.Float(g.gaussNext)
	}
	return starlark.Tuple{starlark.MakeInt(stateVersion), words, next}, nil
}

func noState() error {
	return vm.Raise(vm.NotImplementedError, "System entropy source does not have state.")
}

func (g *Random) setstate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var v vm.Value
	if err := unpack("setstate", args, kwargs, "state", &v); err != nil {
		return nil, err
	}
	if g.mt == nil {
		return nil, noState()
	}
	state, err := p.Iterate(v)
	if err != nil {
		return nil, err
	}
	if len(state) != 3 {
		return nil, vm.Raise(vm.ValueError, "state must be what getstate() returned")
	}
	if version, err := asInt(state[0]); err != nil || version != stateVersion {
		return nil, vm.Raise(vm.ValueError, "state with version %s passed to Random.setstate() of version %d", vm.Str(state[0]), stateVersion)
	}
	mt, err := twisterOf(state[1])
	if err != nil {
		return nil, err
	}
	next, err := 0.0, error(nil)
	if state[2] != starlark.None {
		if next, err = asFloat(state[2]); err != nil {
			return nil, err
		}
	}
	*g = Random{mt: mt, gaussNext: next, hasGauss: state[2] != starlark.None}
	return starlark.None, nil
}

// twisterOf makes a twister of the tuple that getstate made.
func twisterOf(v vm.Value) (*mt19937, error) {
	words, ok := v.(starlark.Tuple)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "state vector must be a tuple")
	}
	if len(words) != mtSize+1 {
		return nil, vm.Raise(vm.ValueError, "state vector is the wrong size")
	}
	mt := new(mt19937)
	for i, word := range words {
		n, err := asInteger(word)
		if err != nil {
			return nil, err
		}
		u, ok := n.Uint64()
		if !ok || u > math.MaxUint32 || i == mtSize && u > mtSize {
			return nil, vm.Raise(vm.ValueError, "invalid state")
		}
		if i == mtSize {
			mt.index = int(u)
		} else {
			mt.state[i] = uint32(u)
		}
	}
	return mt, nil
}

// Drawing.

// float draws from [0, 1), with 53 bits.
func (g *Random) float(p *vm.Process) float64 {
	if g.mt == nil {
		data := entropy(p, 8)
		data[7] = 0 // CPython takes 7 bytes
		return float64(binary.LittleEndian.Uint64(data)>>3) / (1 << 53)
	}
	a, b := g.mt.uint32()>>5, g.mt.uint32()>>6
	return (float64(float64(a)*(1<<26)) + float64(b)) / (1 << 53)
}

// bits draws k bits, in 32-bit words, least significant first; the last word
// gives its upper bits.
func (g *Random) bits(p *vm.Process, k int) *big.Int {
	n := (k + 7) / 8
	if g.mt == nil {
		x := new(big.Int).SetBytes(entropy(p, n))
		return x.Rsh(x, uint(8*n-k))
	}
	data := make([]byte, 4*((k+31)/32))
	for at, left := 0, k; left > 0; at, left = at+4, left-32 {
		word := g.mt.uint32()
		if left < 32 {
			word >>= 32 - left
		}
		// big.Int takes the most significant byte first.
		binary.BigEndian.PutUint32(data[len(data)-4-at:], word)
	}
	return new(big.Int).SetBytes(data)
}

// below draws from 0 … n-1, n > 0: Lib/random.py's _randbelow_with_getrandbits.
func (g *Random) below(p *vm.Process, n int) int {
	k := bits.Len(uint(n))
	if g.mt == nil || k > 32 {
		return int(g.belowBig(p, big.NewInt(int64(n))).Int64())
	}
	for {
		if r := int(g.mt.uint32() >> (32 - k)); r < n {
			return r
		}
	}
}

// belowBig is below for any n.
func (g *Random) belowBig(p *vm.Process, n *big.Int) *big.Int {
	for {
		if r := g.bits(p, n.BitLen()); r.Cmp(n) < 0 {
			return r
		}
	}
}

func (g *Random) random(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("random", args, kwargs); err != nil {
		return nil, err
	}
	return starlark.Float(g.float(p)), nil
}

func (g *Random) getrandbits(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var k int
	if err := unpack("getrandbits", args, kwargs, "k", &k); err != nil {
		return nil, err
	}
	if k < 0 {
		return nil, vm.Raise(vm.ValueError, "number of bits must be non-negative")
	}
	return starlark.MakeBigInt(g.bits(p, k)), nil
}

func (g *Random) randbytes(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var n int
	if err := unpack("randbytes", args, kwargs, "n", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, vm.Raise(vm.ValueError, "number of bits must be non-negative")
	}
	if n > math.MaxInt32/8 {
		return nil, vm.Raise(vm.OverflowError, "Python int too large to convert to C int")
	}
	data := g.bits(p, 8*n).FillBytes(make([]byte, n))
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		data[i], data[j] = data[j], data[i]
	}
	return starlark.Bytes(data), nil
}

// Integers.

// asWhole converts an int, or a float that is one; what names it in the error.
func asWhole(v vm.Value, what string) (starlark.Int, error) {
	f, ok := v.(starlark.Float)
	if !ok {
		return asInteger(v)
	}
	n, err := starlark.NumberToInt(f)
	if err != nil || n.Float() != f {
		return n, vm.Raise(vm.ValueError, "non-integer %s for randrange()", what)
	}
	return n, nil
}

func (g *Random) randrange(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var first vm.Value
	var last, by vm.Value = starlark.None, nil
	if err := unpack("randrange", args, kwargs, "start", &first, "stop?", &last, "step?", &by); err != nil {
		return nil, err
	}
	start, err := asWhole(first, "arg 1")
	if err != nil {
		return nil, err
	}
	if last == starlark.None {
		if by != nil {
			return nil, vm.Raise(vm.TypeError, "Missing a non-None stop argument")
		}
		if start.Sign() <= 0 {
			return nil, vm.Raise(vm.ValueError, "empty range for randrange()")
		}
		return g.draw(p, starlark.MakeInt(0), starlark.MakeInt(1), start), nil
	}
	stop, err := asWhole(last, "stop")
	if err != nil {
		return nil, err
	}
	step := starlark.MakeInt(1)
	if by != nil {
		if step, err = asWhole(by, "step"); err != nil {
			return nil, err
		}
	}
	return g.within(p, start, stop, step)
}

// within draws from range(start, stop, step).
func (g *Random) within(p *vm.Process, start, stop, step starlark.Int) (vm.Value, error) {
	one := starlark.MakeInt(1)
	n := stop.Sub(start)
	if eq, _ := starlark.Equal(step, one); eq {
		if n.Sign() <= 0 {
			return nil, vm.Raise(vm.ValueError, "empty range for randrange() (%s, %s, %s)", start, stop, n)
		}
		return g.draw(p, start, one, n), nil
	}
	switch step.Sign() {
	case 0:
		return nil, vm.Raise(vm.ValueError, "zero step for randrange()")
	case 1:
		n = n.Add(step).Sub(one)
	case -1:
		n = n.Add(step).Add(one)
	}
	n = n.Div(step)
	if n.Sign() <= 0 {
		return nil, vm.Raise(vm.ValueError, "empty range for randrange()")
	}
	return g.draw(p, start, step, n), nil
}

// draw returns start + step*r, with r below n.
func (g *Random) draw(p *vm.Process, start, step, n starlark.Int) vm.Value {
	var r starlark.Int
	if small, ok := n.Int64(); ok {
		r = starlark.MakeInt(g.below(p, int(small)))
	} else {
		r = starlark.MakeBigInt(g.belowBig(p, n.BigInt()))
	}
	return start.Add(step.Mul(r))
}

func (g *Random) randint(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var first, last vm.Value
	if err := unpack("randint", args, kwargs, "a", &first, "b", &last); err != nil {
		return nil, err
	}
	a, err := asWhole(first, "arg 1")
	if err != nil {
		return nil, err
	}
	b, err := asWhole(last, "stop")
	if err != nil {
		return nil, err
	}
	one := starlark.MakeInt(1)
	return g.within(p, a, b.Add(one), one)
}

// Sequences.

// A population is a sequence to draw from.
type population struct {
	p     *vm.Process
	n     int
	chars []string // of a str, which counts in characters
	of    vm.Value // otherwise
}

func newPopulation(p *vm.Process, v vm.Value) (population, error) {
	v = vm.Plain(v)
	switch v := v.(type) {
	case starlark.String:
		var chars []string
		for _, c := range string(v) {
			chars = append(chars, string(c))
		}
		return population{p: p, n: len(chars), chars: chars}, nil
	case *vm.Instance:
		return population{}, vm.Raise(vm.TypeError, "random: a '%s' object cannot be drawn from: make it a list first", vm.TypeName(v))
	}
	n := starlark.Len(v)
	if n < 0 {
		return population{}, vm.Raise(vm.TypeError, "object of type '%s' has no len()", vm.TypeName(v))
	}
	return population{p: p, n: n, of: v}, nil
}

func (pop population) at(i int) (vm.Value, error) {
	if pop.chars != nil {
		return starlark.String(pop.chars[i]), nil
	}
	return pop.p.Index(pop.of, starlark.MakeInt(i))
}

func (g *Random) choice(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var seq vm.Value
	if err := unpack("choice", args, kwargs, "seq", &seq); err != nil {
		return nil, err
	}
	pop, err := newPopulation(p, seq)
	if err != nil {
		return nil, err
	}
	if pop.n == 0 {
		return nil, vm.Raise(vm.IndexError, "Cannot choose from an empty sequence")
	}
	return pop.at(g.below(p, pop.n))
}

func (g *Random) choices(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var seq vm.Value
	var weights, cumulative vm.Value = starlark.None, starlark.None
	k := 1
	if err := unpack("choices", args, kwargs, "population", &seq, "weights?", &weights, "*cum_weights?", &cumulative, "*k?", &k); err != nil {
		return nil, err
	}
	pop, err := newPopulation(p, seq)
	if err != nil {
		return nil, err
	}
	sums, err := cumulativeWeights(p, pop.n, weights, cumulative)
	if err != nil {
		return nil, err
	}
	var chosen []vm.Value
	for range k {
		i := 0
		if sums == nil {
			i = int(g.float(p) * float64(pop.n))
		} else {
			x := g.float(p) * sums[len(sums)-1]
			i = sort.Search(pop.n-1, func(i int) bool { return sums[i] > x })
		}
		if i >= pop.n {
			return nil, vm.Raise(vm.IndexError, "list index out of range")
		}
		v, err := pop.at(i)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, v)
	}
	return starlark.NewList(chosen), nil
}

// cumulativeWeights returns the sums of the weights, nil if there are none.
func cumulativeWeights(p *vm.Process, n int, weights, cumulative vm.Value) ([]float64, error) {
	given := cumulative
	switch {
	case weights == starlark.None && cumulative == starlark.None:
		return nil, nil
	case weights != starlark.None && cumulative != starlark.None:
		return nil, vm.Raise(vm.TypeError, "Cannot specify both weights and cumulative weights")
	case weights != starlark.None:
		given = weights
		if k, ok := weights.(starlark.Int); ok {
			return nil, vm.Raise(vm.TypeError, "The number of choices must be a keyword argument: k=%s", k)
		}
	}
	values, err := p.Iterate(given)
	if err != nil {
		return nil, err
	}
	if len(values) != n {
		return nil, vm.Raise(vm.ValueError, "The number of weights does not match the population")
	}
	if n == 0 {
		return nil, vm.Raise(vm.IndexError, "list index out of range")
	}
	sums := make([]float64, n)
	total := 0.0
	for i, v := range values {
		f, err := asFloat(v)
		if err != nil {
			return nil, err
		}
		total += f
		if sums[i] = total; weights == starlark.None {
			sums[i] = f
		}
	}
	return sums, checkTotal(sums[n-1])
}

func checkTotal(total float64) error {
	switch {
	case total <= 0:
		return vm.Raise(vm.ValueError, "Total of weights must be greater than zero")
	case math.IsInf(total, 0) || math.IsNaN(total):
		return vm.Raise(vm.ValueError, "Total of weights must be finite")
	}
	return nil
}

func (g *Random) shuffle(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var x vm.Value
	if err := unpack("shuffle", args, kwargs, "x", &x); err != nil {
		return nil, err
	}
	list, ok := x.(*starlark.List)
	if !ok {
		if pop, err := newPopulation(p, x); err != nil || pop.n < 2 {
			return none(err)
		}
		return nil, vm.Raise(vm.TypeError, "'%s' object does not support item assignment", vm.TypeName(x))
	}
	elems, err := p.Iterate(list)
	if err != nil {
		return nil, err
	}
	elems = append([]vm.Value(nil), elems...)
	for i := len(elems) - 1; i > 0; i-- {
		j := g.below(p, i+1)
		elems[i], elems[j] = elems[j], elems[i]
	}
	for i, v := range elems {
		if err := p.SetIndex(list, starlark.MakeInt(i), v); err != nil {
			return nil, err
		}
	}
	return starlark.None, nil
}

func (g *Random) sample(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var seq vm.Value
	var counts vm.Value = starlark.None
	var k int
	if err := unpack("sample", args, kwargs, "population", &seq, "k", &k, "*counts?", &counts); err != nil {
		return nil, err
	}
	seq = vm.Plain(seq)
	_, indexable := seq.(starlark.Indexable)
	if _, isBytes := seq.(starlark.Bytes); !indexable && !isBytes {
		return nil, vm.Raise(vm.TypeError, "Population must be a sequence.  For dicts or sets, use sorted(d).")
	}
	pop, err := newPopulation(p, seq)
	if err != nil {
		return nil, err
	}
	n := pop.n
	var sums []int
	if counts != starlark.None {
		if sums, err = cumulativeCounts(p, n, counts); err != nil {
			return nil, err
		}
		n = sums[len(sums)-1]
	}
	if k < 0 || k > n {
		return nil, vm.Raise(vm.ValueError, "Sample larger than population or is negative")
	}
	chosen := make([]vm.Value, k)
	for i, at := range g.positions(p, n, k) {
		if sums != nil {
			at = sort.Search(len(sums)-1, func(i int) bool { return sums[i] > at })
		}
		if chosen[i], err = pop.at(at); err != nil {
			return nil, err
		}
	}
	return starlark.NewList(chosen), nil
}

// cumulativeCounts returns the sums of sample's counts.
func cumulativeCounts(p *vm.Process, n int, counts vm.Value) ([]int, error) {
	values, err := p.Iterate(counts)
	if err != nil {
		return nil, err
	}
	if len(values) != n {
		return nil, vm.Raise(vm.ValueError, "The number of counts does not match the population")
	}
	total := 0
	sums := make([]int, n)
	for i, v := range values {
		if _, ok := v.(starlark.Int); !ok {
			return nil, vm.Raise(vm.TypeError, "Counts must be integers")
		}
		count, err := asInt(v)
		if err != nil {
			return nil, err
		}
		total += count
		sums[i] = total
	}
	if total <= 0 {
		return nil, vm.Raise(vm.ValueError, "Total of counts must be greater than zero")
	}
	return sums, nil
}

// positions draws k different numbers below n, by one of two methods as
// Lib/random.py chooses.
func (g *Random) positions(p *vm.Process, n, k int) []int {
	result := make([]int, k)
	setSize := 21
	if k > 5 {
		setSize += 1 << (2 * int(math.Ceil(math.Log(float64(k*3))/math.Log(4))))
	}
	if n <= setSize {
		pool := make([]int, n)
		for i := range pool {
			pool[i] = i
		}
		for i := range result {
			j := g.below(p, n-i)
			result[i] = pool[j]
			pool[j] = pool[n-i-1]
		}
		return result
	}
	selected := make(map[int]bool, k)
	for i := range result {
		j := g.below(p, n)
		for selected[j] {
			j = g.below(p, n)
		}
		selected[j] = true
		result[i] = j
	}
	return result
}

// Real numbers.

func (g *Random) uniform(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var a, b float64
	if err := unpack("uniform", args, kwargs, "a", &a, "b", &b); err != nil {
		return nil, err
	}
	return starlark.Float(a + float64((b-a)*g.float(p))), nil
}

func (g *Random) triangular(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	low, high := 0.0, 1.0
	var peak vm.Value = starlark.None
	if err := unpack("triangular", args, kwargs, "low?", &low, "high?", &high, "mode?", &peak); err != nil {
		return nil, err
	}
	u, c := g.float(p), 0.5
	if peak != starlark.None {
		mode, err := asFloat(peak)
		if err != nil {
			return nil, err
		}
		if high == low {
			return starlark.Float(low), nil
		}
		c = (mode - low) / (high - low)
	}
	if u > c {
		u, c = 1-u, 1-c
		low, high = high, low
	}
	return starlark.Float(low + float64((high-low)*math.Sqrt(u*c))), nil
}

func (g *Random) gauss(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	mu, sigma := 0.0, 1.0
	if err := unpack("gauss", args, kwargs, "mu?", &mu, "sigma?", &sigma); err != nil {
		return nil, err
	}
	z := g.gaussNext
	if !g.hasGauss {
		angle := g.float(p) * (2 * math.Pi)
		radius := math.Sqrt(-2 * exactLog(1-g.float(p)))
		z = exactCos(angle) * radius
		g.gaussNext = exactSin(angle) * radius
	}
	g.hasGauss = !g.hasGauss
	return starlark.Float(mu + float64(z*sigma)), nil
}

func (g *Random) normalvariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	mu, sigma := 0.0, 1.0
	if err := unpack("normalvariate", args, kwargs, "mu?", &mu, "sigma?", &sigma); err != nil {
		return nil, err
	}
	return starlark.Float(g.normal(p, mu, sigma)), nil
}

// normal is Kinderman and Monahan's method (ACM Trans Math Software, 3, 1977).
func (g *Random) normal(p *vm.Process, mu, sigma float64) float64 {
	magic := float64(4*exactExp(-0.5)) / math.Sqrt(2)
	for {
		u1 := g.float(p)
		u2 := 1 - g.float(p)
		z := magic * (u1 - 0.5) / u2
		if z*z/4 <= -exactLog(u2) {
			return mu + float64(z*sigma)
		}
	}
}

func (g *Random) lognormvariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var mu, sigma float64
	if err := unpack("lognormvariate", args, kwargs, "mu", &mu, "sigma", &sigma); err != nil {
		return nil, err
	}
	x := g.normal(p, mu, sigma)
	f := exactExp(x)
	if math.IsInf(f, 1) && !math.IsInf(x, 1) {
		return nil, vm.Raise(vm.OverflowError, "math range error")
	}
	return starlark.Float(f), nil
}

func zeroDivision() error { return vm.Raise(vm.ZeroDivisionError, "float division by zero") }

func (g *Random) expovariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var rate float64
	if err := unpack("expovariate", args, kwargs, "lambd", &rate); err != nil {
		return nil, err
	}
	x := -exactLog(1 - g.float(p))
	if rate == 0 {
		return nil, zeroDivision()
	}
	return starlark.Float(x / rate), nil
}

func (g *Random) gammavariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var alpha, beta float64
	if err := unpack("gammavariate", args, kwargs, "alpha", &alpha, "beta", &beta); err != nil {
		return nil, err
	}
	f, err := g.gamma(p, alpha, beta)
	return starlark.Float(f), err
}

func (g *Random) gamma(p *vm.Process, alpha, beta float64) (float64, error) {
	switch {
	case alpha <= 0 || beta <= 0:
		return 0, vm.Raise(vm.ValueError, "gammavariate: alpha and beta must be > 0.0")
	case alpha > 1:
		return g.gammaAbove(p, alpha) * beta, nil
	case alpha == 1:
		return -exactLog(1-g.float(p)) * beta, nil
	}
	return g.gammaBelow(p, alpha) * beta, nil
}

// gammaAbove is for alpha > 1: R. C. H. Cheng (Applied Statistics, 26, 1977).
func (g *Random) gammaAbove(p *vm.Process, alpha float64) float64 {
	log4, magic := exactLog(4), 1+exactLog(4.5)
	inv := math.Sqrt(float64(2*alpha) - 1)
	b, c := alpha-log4, alpha+inv
	for {
		u1 := g.float(p)
		if !(1e-7 < u1 && u1 < 0.9999999) {
			continue
		}
		u2 := 1 - g.float(p)
		v := exactLog(u1/(1-u1)) / inv
		x := alpha * exactExp(v)
		z := u1 * u1 * u2
		r := b + float64(c*v) - x
		if r+magic-float64(4.5*z) >= 0 || r >= exactLog(z) {
			return x
		}
	}
}

// gammaBelow is for alpha < 1: algorithm GS of Kennedy and Gentle, Statistical Computing.
func (g *Random) gammaBelow(p *vm.Process, alpha float64) float64 {
	for {
		b := (math.E + alpha) / math.E
		q := b * g.float(p)
		var x float64
		if q <= 1 {
			x = exactPow(q, 1/alpha)
		} else {
			x = -exactLog((b - q) / alpha)
		}
		u := g.float(p)
		if q > 1 && u <= exactPow(x, alpha-1) || q <= 1 && u <= exactExp(-x) {
			return x
		}
	}
}

func (g *Random) betavariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var alpha, beta float64
	if err := unpack("betavariate", args, kwargs, "alpha", &alpha, "beta", &beta); err != nil {
		return nil, err
	}
	y, err := g.gamma(p, alpha, 1)
	if err != nil || y == 0 {
		return starlark.Float(0), err
	}
	x, err := g.gamma(p, beta, 1)
	return starlark.Float(y / (y + x)), err
}

func (g *Random) paretovariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var alpha float64
	if err := unpack("paretovariate", args, kwargs, "alpha", &alpha); err != nil {
		return nil, err
	}
	u := 1 - g.float(p)
	if alpha == 0 {
		return nil, zeroDivision()
	}
	return powResult(exactPow(u, -1/alpha))
}

func (g *Random) weibullvariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var alpha, beta float64
	if err := unpack("weibullvariate", args, kwargs, "alpha", &alpha, "beta", &beta); err != nil {
		return nil, err
	}
	u := 1 - g.float(p)
	if beta == 0 {
		return nil, zeroDivision()
	}
	return powResult(alpha * exactPow(-exactLog(u), 1/beta))
}

func powResult(f float64) (vm.Value, error) {
	if math.IsInf(f, 0) {
		return nil, vm.NewException(vm.OverflowError, starlark.MakeInt(34), starlark.String("Numerical result out of range"))
	}
	return starlark.Float(f), nil
}

// vonmisesvariate follows N. I. Fisher, Statistical Analysis of Circular Data, 1993.
func (g *Random) vonmisesvariate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var mu, kappa float64
	if err := unpack("vonmisesvariate", args, kwargs, "mu", &mu, "kappa", &kappa); err != nil {
		return nil, err
	}
	const turn = 2 * math.Pi
	if kappa <= 1e-6 {
		return starlark.Float(turn * g.float(p)), nil
	}
	s := 0.5 / kappa
	r := s + math.Sqrt(1+float64(s*s))
	var z float64
	for {
		z = exactCos(math.Pi * g.float(p))
		d := z / (r + z)
		u := g.float(p)
		if u < 1-float64(d*d) || u <= (1-d)*exactExp(d) {
			break
		}
	}
	q := 1 / r
	angle := exactAcos((q + z) / (1 + float64(q*z)))
	if g.float(p) <= 0.5 {
		angle = -angle
	}
	theta := math.Mod(mu+angle, turn)
	if theta < 0 {
		theta += turn
	}
	return starlark.Float(theta), nil
}
