package scripttest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"mpstar/builtins"
)

// runPython runs programs under CPython, given as a JSON list on standard input, and prints what each printed.
const runPython = `
import contextlib, io, json, sys
outputs = []
for text in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            exec(compile(text, "random.py", "exec"), {"__name__": "__main__"})
        except BaseException as e:
            print("ended by", type(e).__name__)
    outputs.append(out.getvalue())
json.dump(outputs, sys.stdout)
`

// TestSameAsPython runs random programs about control flow (handlers, finally,
// with, generators, loops with else, classes, closures) under CPython and under our VM.
// Both must print the same: the path that they took, and the exceptions with their contexts.
func TestSameAsPython(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import sys; print(*sys.version_info[:2])").Output(); strings.TrimSpace(string(out)) != "3 11" {
		t.Skipf("needs python3.11 to compare with: %v %s", err, out)
	}
	reg := builtins.Registry()
	const batch = 500
	for done := 0; done < *programs; done += batch {
		var texts []string
		for i := range min(batch, *programs-done) {
			texts = append(texts, newFlow(*firstSeed+uint64(done+i)).program())
		}
		for i, theirs := range python(t, texts) {
			if ours := runOurs(reg, texts[i]).output(); ours != theirs {
				t.Logf("seed %d differs", *firstSeed+uint64(done+i))
				text := shrink(texts[i], func(text string) bool {
					theirs := python(t, []string{text})[0]
					return !strings.Contains(theirs, "SyntaxError") && runOurs(reg, text).output() != theirs
				})
				t.Fatalf("seed %d:\n%s\n-- python3\n%s\n-- mpstar\n%s", *firstSeed+uint64(done+i), text, python(t, []string{text})[0], runOurs(reg, text).output())
			}
		}
	}
	t.Logf("%d programs agree", *programs)
}

func python(t *testing.T, texts []string) (outputs []string) {
	t.Helper()
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-W", "ignore", "-c", runPython)
	cmd.Stdin = strings.NewReader(string(input))
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &outputs)
	}
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	return outputs
}

// output is what runPython has of a program.
func (e ending) output() string {
	if e.failedAt == 0 {
		return e.printed
	}
	name, _, _ := strings.Cut(e.message, ":")
	return e.printed + "ended by " + name + "\n"
}

// A flow writes random programs of control flow. All values are ints. Generators are closed or
// run to their end, since one that is dropped runs its finally in CPython only; so no yield
// follows a GeneratorExit.
type flow struct {
	*rand.Rand
	b         strings.Builder
	indent    int
	fuel      int
	functions int // f0 … that exist, and
	makers    int // g0 …, which are generator functions
	names     int

	generator bool // within one
	loops     int  // around here, within the function and the try-finally
	handler   bool // within an except clause
	final     int  // depth of finally clauses and handlers, in which generators do not yield
}

func newFlow(seed uint64) *flow {
	return &flow{Rand: rand.New(rand.NewPCG(seed, 0x9e3779b9))}
}

// flowPrelude has tick, which ends a program that takes too long in the same place everywhere.
const flowPrelude = `
class Enough(BaseException): pass
left = 300
def tick(n):
    global left
    left -= 1
    if left < 0: raise Enough
    print(n)
class M:
    def __init__(self, n, caught):
        self.n = n
        self.caught = caught
    def __enter__(self):
        print("enter", self.n)
        if self.n == 7:
            raise KeyError(self.n)
        return self.n
    def __exit__(self, kind, e, tb):
        print("exit", self.n, kind and kind.__name__)
        if self.n == 5:
            return 1 // (self.n - 5)
        return kind is not None and issubclass(kind, self.caught)
class A:
    def __init__(self, n): self.n = n
    def get(self, k): return self.n + k
    def __add__(self, k): return self.get(k)
    def __getitem__(self, k):
        if k > 2: raise IndexError(k)
        return k * self.n
    @property
    def p(self): return 10 // (self.n % 4)
    @p.setter
    def p(self, v): self.n = v
class B(A):
    def get(self, k): return super().get(k) * 2
    def __getattr__(self, name): raise AttributeError(name)
    def __call__(self, k=3): return k - self.n
    def __bool__(self): return self.n % 2 == 0
def chain(e):
    while e is not None:
        print(type(e).__name__, *e.args, e.__suppress_context__, type(e.__cause__).__name__)
        e = e.__context__
`

func (g *flow) program() string {
	g.b.WriteString(flowPrelude)
	for range 2 + g.IntN(3) {
		g.function()
	}
	for i := range g.functions {
		for range 2 {
			g.line("try:")
			g.line("    print(%d, f%d(%d))", i, i, g.IntN(9))
			g.line("except Exception as e:")
			g.line("    chain(e)")
		}
	}
	return g.b.String()
}

func (g *flow) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("    ", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

func (g *flow) fresh(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func (g *flow) function() {
	outer := *g
	g.generator, g.loops, g.handler, g.final, g.fuel = g.IntN(3) == 0, 0, false, 0, 12
	if g.generator {
		g.line("def g%d(x):", g.makers)
	} else {
		g.line("def f%d(x):", g.functions)
	}
	g.indent++
	g.line("tick(x)")
	g.line("y = x + 1")
	g.line("def up(k):")
	g.line("    nonlocal y")
	g.line("    y += k")
	g.line("    return y")
	for g.fuel > 0 {
		g.statement()
	}
	if g.generator {
		g.line("yield y")
		g.makers++
	} else {
		g.line("return y")
		g.functions++
	}
	g.indent--
	g.generator, g.loops, g.handler, g.final, g.fuel = outer.generator, outer.loops, outer.handler, outer.final, outer.fuel
}

func (g *flow) expr() string {
	row := []string{"x", "y", "x + y", "x - 1", "y * 3", "10 // (x % 3)", "{0: 5, 1: 6}[y % 3]", "[3, 4][x % 3]", "up(x % 5)", "len([y, x])", "(x if y % 2 else y)",
		"A(x).get(y)", "B(y) + x", "B(x).p", "A(y)[x % 4]", "B(x)(y)", "(B(x) and 4 or 1)", "B(1).nope", "sum([i for i in range(x % 5)])", "sum(A(2))", "(lambda a, b=x: a - b)(y)", "max(x, y, 2)", "int('7x'[:y % 3])"}
	if g.functions > 0 {
		row = append(row, fmt.Sprintf("f%d(%d)", g.IntN(g.functions), g.IntN(6)))
	}
	if g.makers > 0 {
		row = append(row, fmt.Sprintf("sum(g%d(%d))", g.IntN(g.makers), g.IntN(6)), fmt.Sprintf("len([v for v in g%d(x %% 4) if v])", g.IntN(g.makers)))
	}
	return row[g.IntN(len(row))]
}

func (g *flow) block() {
	g.indent++
	g.line("tick(%d)", g.IntN(1000))
	for range 1 + g.IntN(2) {
		g.statement()
	}
	g.indent--
}

var errorClasses = []string{"ValueError", "KeyError", "ZeroDivisionError", "LookupError", "ArithmeticError", "Exception", "(ValueError, KeyError)", "RuntimeError", "AttributeError"}

func (g *flow) class() string { return errorClasses[g.IntN(len(errorClasses))] }

func (g *flow) statement() {
	g.fuel--
	n := g.IntN(24)
	if (g.fuel < 0 || g.indent > 7) && n >= 12 {
		n = g.IntN(12)
	}
	switch n {
	case 0, 1, 2:
		g.line("x = (%s) %% 50", g.expr())
	case 3, 4:
		g.line("y = (%s) %% 50", g.expr())
	case 5:
		g.line("print('v', x, y)")
	case 6:
		g.line("raise %s(x)", []string{"ValueError", "KeyError", "RuntimeError", "IndexError"}[g.IntN(4)])
	case 7:
		if g.handler && g.IntN(2) == 0 {
			g.line("%s", []string{"raise", "raise TypeError(x) from e", "raise TypeError(y) from None"}[g.IntN(3)])
		}
	case 8:
		if g.loops > 0 && (!g.generator || g.final == 0) {
			g.line("if x %% 2: %s", []string{"break", "continue"}[g.IntN(2)])
		}
	case 9:
		switch {
		case !g.generator:
			g.line("if y %% 2: return %s", g.expr())
		case g.final == 0:
			g.line("if y %% 2: return")
		}
	case 10, 11:
		switch {
		case g.generator && g.final == 0:
			g.line("%s", []string{"yield y", "x = (yield x) or 3", "yield from [x, y]", "print((yield 1))"}[g.IntN(4)])
		default:
			g.line("assert x %% 3, y")
		}
	case 12, 13:
		g.line("if %s:", g.expr())
		g.block()
		g.line("else:")
		g.block()
	case 14, 15:
		g.loop()
	case 16, 17, 18, 19:
		g.try()
	case 20, 21:
		g.line("with M(x %% 9, %s) as x, M(%d, LookupError):", g.class(), g.IntN(9))
		g.block()
	case 22, 23:
		if g.makers > 0 {
			g.consume()
		}
	}
}

func (g *flow) loop() {
	i := g.fresh("i")
	if g.IntN(2) == 0 {
		g.line("for %s in range(%d):", i, g.IntN(4))
	} else {
		g.line("%s = %d", i, g.IntN(4))
		g.line("while %s > 0:", i)
		g.line("    %s -= 1", i)
	}
	g.loops++
	g.block()
	g.loops--
	if g.IntN(2) == 0 {
		g.line("else:")
		g.block()
	}
}

func (g *flow) try() {
	g.line("try:")
	g.block()
	handlers := g.IntN(3)
	g.final++
	for range handlers {
		before := g.handler
		g.handler = true
		g.line("except %s as e:", g.class())
		g.line("    print('caught', type(e).__name__, *e.args, type(e.__context__).__name__)")
		g.block()
		g.handler = before
	}
	if handlers > 0 && g.IntN(3) == 0 {
		g.line("else:")
		g.block()
	}
	if handlers == 0 || g.IntN(2) == 0 {
		before := g.handler
		g.handler = false
		g.line("finally:")
		g.block()
		g.handler = before
	}
	g.final--
}

// consume takes some of what a generator yields, and closes it.
func (g *flow) consume() {
	it := g.fresh("it")
	g.line("%s = g%d(x %% 5)", it, g.IntN(g.makers))
	g.line("try:")
	g.indent++
	for range 1 + g.IntN(4) {
		g.line([]string{"print('n', next(%s, None))", "print('s', %s.send(None))", "x = next(%s) or 1", "print('t', %s.throw(ValueError(x)))", "print('s', %s.send(y))", "for v in %s: print('f', v)"}[g.IntN(6)], it)
	}
	g.indent--
	g.line("finally:")
	g.line("    %s.close()", it)
}
