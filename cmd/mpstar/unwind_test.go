package main_test

import (
	_ "embed"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var unwindPrograms = flag.Int("unwind", 12, "how many random programs TestUnwinding runs")
var unwindFrom = flag.Uint64("unwindfrom", 0, "the seed of the first of them")

// TestUnwinding runs random programs of nested try, with, loops and generators, with every way of
// leaving them, under mpstar and python3. What they print tells the way they went.
func TestUnwinding(t *testing.T) {
	reference := python3(t)
	for seed := range uint64(*unwindPrograms) {
		seed += *unwindFrom
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "p.py", unwindProgram(seed))
			want := run(t, dir, "", reference, "p.py")
			got := run(t, dir, "", mpstar, "p.py")
			equal(t, "the end", got.end, want.end)
			equal(t, "standard output", got.stdout, want.stdout)
			if t.Failed() {
				kept := filepath.Join(os.TempDir(), fmt.Sprintf("unwind-%d.py", seed))
				t.Logf("the program is kept in %s", kept)
				write(t, filepath.Dir(kept), filepath.Base(kept), unwindProgram(seed))
			}
		})
	}
}

// unwindHead has what the programs call: tick() decides by a random number of the program's
// own, so that both interpreters go the same way.
//
//go:embed testdata/unwind.py
var unwindHead string

func unwindProgram(seed uint64) string {
	g := &unwinder{r: rand.New(rand.NewPCG(seed, 0))}
	fmt.Fprintf(&g.b, "SEED = %d\n%s\n", seed%(1<<31), unwindHead)
	for i := range 3 {
		g.line(0, "def f%d(x):", i)
		g.block(place{depth: 1})
		g.line(1, "return x")
	}
	g.line(0, "def g0(x):")
	g.block(place{depth: 1, generator: true})
	g.line(1, "yield x")
	g.line(1, "return 'done'")
	g.line(0, "def g1(x):")
	g.line(1, "try:")
	g.line(2, "p('delegate', (yield from keep(g0(x))))")
	g.line(1, "finally:")
	g.line(2, "p('finally of g1')")
	g.block(place{depth: 1, generator: true})
	g.line(1, "yield 'end'")
	g.line(0, "main([f0, f1, f2], [g0, g1])")
	return g.b.String()
}

// A place is where a statement stands. Depth is its indentation.
type place struct {
	depth                   int
	loop, generator, except bool
}

func (p place) in() place { p.depth++; return p }

// An unwinder writes a program. Every value in it has a number of its own.
type unwinder struct {
	r *rand.Rand
	b strings.Builder
	n int
}

func (g *unwinder) line(indent int, format string, args ...any) {
	g.b.WriteString(strings.Repeat("    ", indent))
	fmt.Fprintf(&g.b, format+"\n", args...)
}

func (g *unwinder) number() int { g.n++; return g.n }

func (g *unwinder) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func (g *unwinder) class() string {
	return g.pick("ValueError", "KeyError", "TypeError", "ArithmeticError", "ZeroDivisionError", "Exception")
}

func (g *unwinder) value(generator bool) string {
	n := g.number()
	if generator && g.r.IntN(5) == 0 {
		return fmt.Sprintf(g.pick("(yield %d)", "(yield from sub(%d))"), n)
	}
	switch g.r.IntN(9) {
	case 0:
		return fmt.Sprintf("boom(%d, %s)", n, g.class())
	case 1:
		return fmt.Sprintf("(p(%d) if tick() else x)", n)
	case 2:
		return fmt.Sprintf("(tick() and p(%d))", n)
	case 3:
		return fmt.Sprintf("call(f%d, %d)", g.r.IntN(3), n)
	case 4:
		return fmt.Sprintf("[boom(%d, %s) for i in range(2)]", n, g.class())
	case 5:
		return fmt.Sprintf("list(sub(%d))", n)
	case 6:
		return fmt.Sprintf("max(1, %d, key=lambda q: tick() + boom(q, %s))", n, g.class())
	}
	return fmt.Sprintf("p(%d)", n)
}

func (g *unwinder) block(at place) {
	for range 1 + g.r.IntN(3) {
		g.statement(at)
	}
}

func (g *unwinder) statement(at place) {
	kind := g.r.IntN(14)
	if at.depth > 4 {
		kind = g.r.IntN(7) // nothing that nests
	}
	switch {
	case kind == 0:
		g.line(at.depth, "p('x', x, handled())")
	case kind == 1:
		g.line(at.depth, "if tick(): raise %s(%d)%s", g.class(), g.number(), g.pick("", " from KeyError(0)", " from None"))
	case kind == 2 && at.loop:
		g.line(at.depth, "if tick(): %s", g.pick("break", "continue"))
	case kind == 3:
		g.line(at.depth, "if tick(): return %s", g.value(at.generator))
	case kind == 4 && at.except:
		g.line(at.depth, "if tick(): raise")
	case kind < 7:
		g.line(at.depth, "x = %s", g.value(at.generator))
	case kind < 10:
		g.try(at)
	case kind == 10:
		g.line(at.depth, "for i in %s:", g.pick("range(3)", fmt.Sprintf("sub(%d)", g.number())))
		g.loop(at)
	case kind == 11:
		g.line(at.depth, "while limit() and tick():")
		g.loop(at)
	case kind == 12:
		g.line(at.depth, "with CM(%d, %s), CM(%d, tick()):", g.number(), g.pick("True", "False", "None"), g.number())
		g.block(at.in())
	default:
		g.line(at.depth, "def inner(a=x):")
		g.line(at.depth+1, "nonlocal x")
		g.block(place{depth: at.depth + 1})
		g.line(at.depth, "p('inner', inner())")
	}
}

func (g *unwinder) loop(at place) {
	body := at.in()
	body.loop = true
	g.block(body)
	if g.r.IntN(3) == 0 {
		g.line(at.depth, "else:")
		g.block(at.in())
	}
}

func (g *unwinder) try(at place) {
	g.line(at.depth, "try:")
	g.block(at.in())
	handlers := g.r.IntN(3)
	handler := at.in()
	handler.except = true
	for range handlers {
		g.line(at.depth, g.pick("except %s as e:", "except (%s, LookupError):"), g.class())
		g.block(handler)
	}
	if handlers > 0 && g.r.IntN(3) == 0 {
		g.line(at.depth, "else:")
		g.block(at.in())
	}
	if handlers == 0 || g.r.IntN(2) == 0 {
		g.line(at.depth, "finally:")
		g.block(at.in())
	}
}
