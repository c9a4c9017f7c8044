package builtins

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// randomExprs draw with every function, so that one that consumed the
// generator otherwise than CPython would spoil all after it.
var randomExprs = []string{
	"random.seed(7)",
	"[random.random() for _ in range(5)]",
	"[random.randint(1, 5) for _ in range(20)]",
	"[random.randint(-10, 10**30) for _ in range(5)]",
	"[random.randint(0, 2**32) for _ in range(5)]",
	"[random.randrange(10) for _ in range(10)]",
	"[random.randrange(1, 100, 7) for _ in range(10)]",
	"[random.randrange(100, 1, -7) for _ in range(10)]",
	"[random.randrange(2**k) for k in range(70)]",
	"[random.getrandbits(k) for k in range(140)]",
	"[random.randbytes(n) for n in range(20)]",
	"[random.choice([1, 2, 3, 5, 8]) for _ in range(10)]",
	"[random.choice('äöüß') for _ in range(10)]",
	"[random.choice(range(0, 1000, 3)) for _ in range(10)]",
	"random.choices([1, 2, 3], k=10)",
	"random.choices([1, 2, 3], [5, 1, 0.5], k=10)",
	"random.choices('abc', cum_weights=[1, 1, 4], k=10)",
	"x := list(range(50))",
	"random.shuffle(x)",
	"x",
	"random.sample(range(10), 10)",
	"random.sample(range(10000), 4)",
	"random.sample(range(10000), 50)",
	"random.sample(list(range(22)), 6)",
	"random.sample('abcdef', 3)",
	"random.sample(('a', 'b'), counts=[4, 2], k=5)",
	"[random.uniform(-3, 8.5) for _ in range(10)]",
	"[random.triangular(1, 7, 2.5) for _ in range(10)]",
	"[random.triangular() for _ in range(10)]",
	"[random.gauss(0, 1) for _ in range(9)]",
	"random.getstate()",
	"[random.normalvariate(10, 2.5) for _ in range(20)]",
	"[random.lognormvariate(0, 0.25) for _ in range(20)]",
	"[random.expovariate(1.5) for _ in range(20)]",
	"[random.gammavariate(2.5, 1.5) for _ in range(20)]",
	"[random.gammavariate(1, 3) for _ in range(5)]",
	"[random.gammavariate(0.3, 3) for _ in range(20)]",
	"[random.betavariate(2, 3) for _ in range(20)]",
	"[random.paretovariate(3) for _ in range(20)]",
	"[random.weibullvariate(1, 1.5) for _ in range(20)]",
	"[random.vonmisesvariate(1, 4) for _ in range(20)]",
	"[random.vonmisesvariate(0, 0) for _ in range(2)]",
	"random.random()",
	"s := random.getstate()",
	"a := [random.random(), random.gauss()]",
	"random.setstate(s)",
	"a == [random.random(), random.gauss()]",
	"r := random.Random(1)",
	"[r.random(), r.randint(1, 6), r.gauss()]",
	"random.random()",
}

func TestRandomSameAsPython(t *testing.T) { compare(t, replacePowers(randomExprs)) }

func TestRandomSeeds(t *testing.T) {
	var exprs []string
	for _, seed := range []string{"0", "1", "-1", "2**31", "2**32", "2**64 + 5", "-(1 << 511)", "True", "1.5", "-1.5", "0.0", "1e300", "5e-324", "-4.336808689942018e-19",
		"'abc'", "''", "'ünïcode'", "b'abc'", "b''", "float('inf')", "float('-inf')", "'abc', 1", "b'abc', version=1", "'ö', version=1", "(1, 2)", "[]"} {
		exprs = append(exprs, "random.seed("+seed+")", "random.getrandbits(64)")
	}
	compare(t, replacePowers(exprs))
}

// replacePowers writes out what Starlark has no operator for.
func replacePowers(exprs []string) []string {
	powers := strings.NewReplacer("2**31", "(1 << 31)", "2**32", "(1 << 32)", "2**64", "(1 << 64)", "2**k", "(1 << k)",
		"10**30", "1000000000000000000000000000000")
	out := make([]string, len(exprs))
	for i, expr := range exprs {
		out[i] = powers.Replace(expr)
	}
	return out
}

func TestRandomErrors(t *testing.T) {
	compare(t, []string{
		"random.randint(1, 0)", "random.randint(1.5, 2)", "random.randrange(0)", "random.randrange(5, 5)", "random.randrange(5, 1, 0)",
		"random.randrange(1, 5, -1)", "random.randrange(5, None, 2)", "random.randrange(1, 2.5)", "random.randrange(1, 5, 1.5)",
		"random.choice([])", "random.choice(5)", "random.choice(set([1]))", "random.choice({0: 'x'})",
		"random.sample([1], 2)", "random.sample([1], -1)", "random.sample({1: 2}, 1)", "random.sample(5, 1)",
		"random.sample(['a'], counts=[1, 2], k=1)", "random.sample(['a'], counts=[0], k=0)", "random.sample(['a'], counts=[1.5], k=1)",
		"random.choices([1], [1, 2])", "random.choices([], k=0)", "random.choices([], k=1)", "random.choices([1, 2], 5)", "random.choices([1], weights=[0])",
		"random.choices([1, 2], weights=[1, float('inf')])", "random.choices([1, 2], [1, 2], cum_weights=[1, 2])", "random.choices([1, 2], k=-1)",
		"random.seed([1])", "random.getrandbits(-1)", "random.randbytes(-1)", "random.shuffle((1, 2))", "random.shuffle('ab')", "random.shuffle(5)",
		"random.shuffle('a')", "random.expovariate(0)", "random.paretovariate(0)", "random.weibullvariate(1, 0)", "random.gammavariate(-1, 1)", "random.betavariate(0, 1)",
		"random.setstate((1, 2, 3))", "random.setstate((3, (1, 2), None))", "random.SystemRandom().getstate()",
	})
}

// TestRandomGolden has CPython's numbers for where there is no python3.
func TestRandomGolden(t *testing.T) {
	p, _ := newTestProcess()
	check(t, p,
		"random.seed(7)", "None",
		"[random.random(), random.random()]", "[0.32383276483316237, 0.15084917392450192]",
		"[random.randint(1, 5) for _ in range(10)]", "[1, 1, 5, 1, 3, 5, 1, 5, 2, 1]",
		"random.choice('abcdef')", `"a"`,
		"random.sample(range(100), 5)", "[55, 53, 8, 30, 11]",
		"random.gauss(0, 1)", "-0.33128096904417637",
		"random.seed('mpstar')", "None",
		"random.getrandbits(100)", "1139919288539724763886651526995",
		"random.randbytes(5)", "b790826016e",
		"random.expovariate(2)", "0.26613982531638447",
	)
}

// TestExactMath bounds how often the last bit is not CPython's.
func TestExactMath(t *testing.T) {
	const n = 4000
	for _, f := range []struct {
		name   string
		do     func(float64) float64
		lo, hi float64
	}{{"log", exactLog, 0, 1}, {"log", exactLog, 1, 1e6}, {"exp", exactExp, -20, 20}, {"sin", exactSin, 0, 2 * math.Pi}, {"cos", exactCos, 0, 2 * math.Pi}, {"acos", exactAcos, -1, 1}} {
		p, _ := newTestProcess()
		want := python(t, []string{"random.seed(3)", fmt.Sprintf("[math.%s(random.uniform(%v, %v)) for _ in range(%d)]", f.name, f.lo, f.hi, n)})
		eval(t, p, []string{"random.seed(3)"})
		g := generator(p)
		results := make([]vm.Value, n)
		for i := range results {
			results[i] = starlark.Float(f.do(f.lo + (f.hi-f.lo)*g.float(p)))
		}
		wrong := 0
		wants := splitList(want[1])
		for i, v := range results {
			if canonical(v) != wants[i] {
				wrong++
				w, _ := strconv.ParseFloat(wants[i], 64)
				if got := float64(v.(starlark.Float)); math.Abs(got-w) > 2.3e-16*math.Abs(w) {
					t.Errorf("%s: got %v, want %v", f.name, got, w)
				}
			}
		}
		t.Logf("%s in [%v, %v]: %d of %d differ", f.name, f.lo, f.hi, wrong, n)
		if wrong > n/200 {
			t.Errorf("%s: %d of %d differ from CPython", f.name, wrong, n)
		}
	}
}

func TestRandomTravels(t *testing.T) {
	p, _ := newTestProcess()
	check(t, p, "random.seed(1)", "None", "random.gauss()", "1.2881847531554629")
	g := roundTrip(t, generator(p))
	for range 1000 {
		if want, got := generator(p).float(p), g.float(p); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	if !g.hasGauss || g.gaussNext != generator(p).gaussNext {
		t.Error("gauss's second number is lost")
	}
	if system := roundTrip(t, new(Random)); system.Type() != "SystemRandom" {
		t.Errorf("a SystemRandom became a %s", system.Type())
	}
}

// TestChildReseeds: since Python 3.7 the module's generator starts anew in a
// forked child; generators that the script made do not.
func TestChildReseeds(t *testing.T) {
	p, _ := newTestProcess()
	check(t, p, "random.seed(7)", "None")
	AfterFork(p)
	if got := eval(t, p, []string{"random.random()"})[0]; got == "0.32383276483316237" {
		t.Error("the child draws its parent's numbers")
	}
}

// splitList takes the canonical text of a flat list apart.
func splitList(s string) []string { return strings.Split(strings.Trim(s, "[]"), ", ") }
