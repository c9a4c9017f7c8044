package scripttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A generator writes random programs that go.starlark.net's evaluator and our
// VM must run alike: well-formed, nearly always of fitting types, ending soon. A
// program is a function of its seed.
//
// What differs by design is never generated: arithmetic on and order of bools, iteration over
// strings, equal keys in a dict display, change of a container while it is iterated over,
// bytes printed as they are (which Starlark decodes, and we and Python do not), chained
// comparisons, shifts by 512 and more, positions beyond 32 bits, floats too large, containers
// that hold themselves, star arguments with side effects before keyword arguments, istitle,
// isupper and islower (which differ beyond ASCII), the white space from \x1c to \x1f, a \r
// that ends a line alone, and what only one of the two accepts (see deviations).
type generator struct {
	*rand.Rand
	b      strings.Builder
	indent int
	scopes []*scope
	funcs  []*signature // that can be called from here
	names  int
	fuel   int // statements that may still be made
	depth  int // of the expression under way
}

// A scope is what a function or the file has bound so far.
type scope struct {
	vars   map[kind][]string
	result kind // of the function
	loop   bool
}

// A kind is a type as the generator knows it.
type kind int

const (
	kInt kind = iota
	kFloat
	kString
	kBool
	kBytes
	kNone
	kInts    // list of ints
	kStrings // list of strings
	kPairs   // list of (string, int)
	kTable   // dict of strings to ints
	kIndex   // dict of ints to lists of ints
	kTuple   // (int, string)
	kIntSet
	kStringSet
	numKinds
)

// elementKind is what iterating over a kind gives.
var elementKind = map[kind]kind{kInts: kInt, kStrings: kString, kPairs: kTuple, kTable: kString, kIndex: kInt, kIntSet: kInt, kStringSet: kString}

type signature struct {
	name             string
	params, defaults []kind // required and optional
	names            []string
	varargs, kwargs  bool
	result           kind
}

func newGenerator(seed uint64) *generator {
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0x5f3759df)), fuel: 40}
}

// program returns a whole program.
func (g *generator) program() string {
	g.push(kNone)
	for range g.IntN(4) {
		g.function()
	}
	for g.fuel > 0 {
		g.statement()
	}
	for k := range numKinds {
		for _, v := range g.scopes[0].vars[k] {
			g.line("print(%q, %s)", v, shown(v, k))
		}
	}
	return g.b.String()
}

func (g *generator) push(result kind) {
	g.scopes = append(g.scopes, &scope{vars: map[kind][]string{}, result: result})
}
func (g *generator) pop()        { g.scopes = g.scopes[:len(g.scopes)-1] }
func (g *generator) top() *scope { return g.scopes[len(g.scopes)-1] }

func (g *generator) line(format string, args ...any) {
	g.b.WriteString(strings.Repeat("    ", g.indent))
	fmt.Fprintf(&g.b, format, args...)
	g.b.WriteByte('\n')
}

// chance is true n times of a hundred.
func (g *generator) chance(n int) bool { return g.IntN(100) < n }

func (g *generator) fresh(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

func (g *generator) kind() kind { return kind(g.IntN(int(numKinds))) }

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// variable returns a variable of a kind that is in scope, or "".
func (g *generator) variable(k kind) string {
	var all []string
	for _, s := range g.scopes {
		all = append(all, s.vars[k]...)
	}
	if len(all) == 0 {
		return ""
	}
	return all[g.IntN(len(all))]
}

// local returns a variable that may be assigned to here, or "".
func (g *generator) local(k kind) string {
	vars := g.top().vars[k]
	if len(vars) == 0 {
		return ""
	}
	return vars[g.IntN(len(vars))]
}

func (g *generator) bind(name string, k kind) {
	s := g.top()
	s.vars[k] = append(s.vars[k], name)
}

// inBlock makes statements whose new variables may stay unset.
func (g *generator) inBlock(body func()) {
	s := g.top()
	saved := map[kind][]string{}
	for k, v := range s.vars {
		saved[k] = v[:len(v):len(v)]
	}
	g.indent++
	body()
	g.indent--
	if !g.chance(3) { // else an unset variable may be read: an error
		s.vars = saved
	}
}

func (g *generator) block() {
	g.inBlock(func() {
		g.line("pass")
		for range 1 + g.IntN(3) {
			g.statement()
		}
	})
}

// function defines a function, which may call those before it, and itself on a smaller argument.
func (g *generator) function() {
	sig := &signature{name: g.fresh("f"), result: g.kind()}
	var params []string
	g.push(sig.result)
	add := func(k kind) string {
		name := g.fresh("p")
		sig.names = append(sig.names, name)
		g.bind(name, k)
		return name
	}
	recursive := g.chance(30)
	if recursive {
		sig.params = append(sig.params, kInt)
		params = append(params, add(kInt))
	}
	for range g.IntN(3) {
		k := g.kind()
		sig.params = append(sig.params, k)
		params = append(params, add(k))
	}
	for range g.IntN(2) {
		k := g.kind()
		value := g.literal(k)
		sig.defaults = append(sig.defaults, k)
		params = append(params, add(k)+"="+value)
	}
	if sig.varargs = g.chance(20); sig.varargs {
		params = append(params, "*args")
		g.bind("args", kNone)
	}
	if sig.kwargs = g.chance(20); sig.kwargs {
		params = append(params, "**kwargs")
		g.bind("kwargs", kNone)
	}
	g.line("def %s(%s):", sig.name, strings.Join(params, ", "))
	g.indent++
	if recursive {
		g.line("if %s <= 0 or %s > 12:", sig.names[0], sig.names[0])
		g.line("    return %s", g.expr(sig.result))
		args := []string{sig.names[0] + " - 1"}
		for _, k := range sig.params[1:] {
			args = append(args, g.expr(k))
		}
		name := g.fresh("v")
		g.line("%s = %s(%s)", name, sig.name, strings.Join(args, ", "))
		g.bind(name, sig.result)
	}
	for range 1 + g.IntN(4) {
		g.statement()
	}
	g.line("return %s", g.expr(sig.result))
	g.indent--
	g.pop()
	g.funcs = append(g.funcs, sig)
	g.line("print(%q, %s)", sig.name, sig.name)
}

// statement makes a statement, simple ones only when it is deep or there is little fuel left.
func (g *generator) statement() {
	g.fuel--
	n := g.IntN(20)
	if (g.indent > 3 || g.fuel < 3) && n >= 13 {
		n = g.IntN(13)
	}
	switch n {
	case 0, 1, 2:
		g.line("print(%s)", g.exprs(1+g.IntN(3)))
	case 3, 4, 5, 6:
		k := g.kind()
		value := bounded(g.expr(k), k)
		name := g.fresh("v")
		g.line("%s = %s", name, value)
		g.bind(name, k)
	case 7:
		k := g.kind()
		if v := g.local(k); v != "" {
			g.line("%s = %s", v, bounded(g.expr(k), k))
		}
	case 8:
		g.augmented()
	case 9, 10:
		g.mutation()
	case 11:
		a, b := g.fresh("v"), g.fresh("v")
		g.line("%s, %s = %s", a, b, g.expr(kTuple))
		g.bind(a, kInt)
		g.bind(b, kString)
	case 12:
		g.leave()
	case 13, 14:
		g.line("if %s:", g.truth())
		g.block()
		if g.chance(40) {
			g.line("elif %s:", g.truth())
			g.block()
		}
		if g.chance(50) {
			g.line("else:")
			g.block()
		}
	case 15, 16:
		g.forLoop()
	case 17:
		n := g.fresh("n")
		g.line("%s = %d", n, g.IntN(6))
		g.line("while %s > 0:", n)
		g.inLoop(func() { g.line("%s -= 1", n) })
	case 18:
		if len(g.scopes) < 3 {
			g.function()
			g.funcs = g.funcs[:len(g.funcs)-1] // it is called here only
			g.line("print(%q)", "defined")
		}
	case 19:
		if g.chance(15) {
			g.line("print(%s)", g.mistake())
		}
	}
}

// leave makes a return, break or continue that may happen.
func (g *generator) leave() {
	switch {
	case g.top().loop:
		g.line("if %s:", g.truth())
		g.line("    %s", pick(g, "break", "continue"))
	case len(g.scopes) > 1:
		g.line("if %s:", g.truth())
		g.line("    return %s", g.expr(g.top().result))
	}
}

func (g *generator) inLoop(first func()) {
	s := g.top()
	outer := s.loop
	g.inBlock(func() {
		s.loop = true
		first()
		for range 1 + g.IntN(3) {
			g.statement()
		}
		s.loop = outer
	})
}

// forLoop goes over something that its body does not change: a new value.
func (g *generator) forLoop() {
	k := pick(g, kInts, kStrings, kPairs, kTable, kIndex, kIntSet, kStringSet)
	over := g.fresh("s")
	if k == kInts && g.chance(50) {
		g.line("%s = range(%d, %d, %d)", over, g.IntN(5)-2, g.IntN(12)-3, pick(g, 1, 1, 2, 3, -1))
	} else {
		g.line("%s = %s(%s)", over, pick(g, "list", "tuple"), g.expr(k))
	}
	v := g.fresh("v")
	if elementKind[k] == kTuple && g.chance(60) {
		a, b := g.fresh("v"), g.fresh("v")
		g.line("for %s, %s in %s:", a, b, over)
		g.inLoop(func() { g.bind(a, kString); g.bind(b, kInt) })
		return
	}
	g.line("for %s in %s:", v, over)
	g.inLoop(func() {
		if elementKind[k] != kTuple {
			g.bind(v, elementKind[k])
		}
	})
}

// augmented makes an augmented assignment to a variable of this very scope.
func (g *generator) augmented() {
	k := pick(g, kInt, kInt, kFloat, kString, kBytes, kInts, kStrings, kTable, kIntSet)
	v := g.local(k)
	if v == "" {
		return
	}
	op := "+"
	switch k {
	case kInt:
		op = pick(g, "+", "-", "*", "//", "%", "&", "|", "^")
	case kFloat:
		op = pick(g, "+", "-", "*", "/", "//", "%")
	case kTable, kIntSet:
		op = "|"
		if k == kIntSet {
			op = pick(g, "|", "&", "-", "^")
		}
	}
	value := g.expr(k)
	if op == "*" && k == kInt {
		value += " % 1000"
	}
	if strings.ContainsAny(op, "/%") && g.chance(90) {
		value = fmt.Sprintf("(%s or %s)", value, pick(g, "3", "-2"))
	}
	g.line("%s %s= %s", v, op, value)
	if op == "+" && k != kInt && k != kFloat {
		g.line("%s = %s[:90]", v, v) // repeated, it would grow without end
	}
}

// mutation changes a container in place.
func (g *generator) mutation() {
	k := pick(g, kInts, kStrings, kTable, kIndex, kIntSet, kStringSet)
	v := g.variable(k)
	if v == "" {
		return
	}
	e := elementKind[k]
	switch k {
	case kInts, kStrings:
		g.line("print(len(%s) > 90 and %s.clear())", v, v)
		g.line("%s", pick(g,
			fmt.Sprintf("%s.append(%s)", v, g.expr(e)),
			fmt.Sprintf("%s.extend(list(%s))", v, g.expr(k)),
			fmt.Sprintf("%s.insert(%s %% 9 - 4, %s)", v, g.expr(kInt), g.expr(e)),
			fmt.Sprintf("%s[%s:] == [] or %s.append(%s)", v, g.position(v), v, g.expr(e)),
			fmt.Sprintf("if %s: %s[%s] = %s", v, v, g.position(v), g.expr(e)),
			fmt.Sprintf("print(%s.pop() if %s else None)", v, v),
			fmt.Sprintf("print(%s.pop(%s) if %s else None)", v, g.position(v), v),
			fmt.Sprintf("print(%s.remove(%s) if %s else None)", v, pick(g, fmt.Sprintf("list(%s)[0]", v), g.expr(e)), v),
			fmt.Sprintf("%s.clear()", v),
		))
	case kTable, kIndex:
		value := kInt
		if k == kIndex {
			value = kInts
		}
		g.line("%s", pick(g,
			fmt.Sprintf("%s[%s] = %s", v, g.expr(e), g.expr(value)),
			fmt.Sprintf("print(%s.pop(%s, None))", v, g.expr(e)),
			fmt.Sprintf("print(%s.setdefault(%s, %s))", v, g.expr(e), g.expr(value)),
			fmt.Sprintf("%s.update(dict(%s))", v, g.expr(k)),
			fmt.Sprintf("print(%s.popitem() if %s else None)", v, v),
		))
	default:
		g.line("%s", pick(g,
			fmt.Sprintf("%s.add(%s)", v, g.expr(e)),
			fmt.Sprintf("%s.discard(%s)", v, g.expr(e)),
			fmt.Sprintf("print(%s.remove(%s) if %s else None)", v, pick(g, fmt.Sprintf("list(%s)[0]", v), g.expr(e)), v),
			fmt.Sprintf("%s.update(list(%s))", v, g.expr(k)),
			fmt.Sprintf("print(%s.pop() if %s else None)", v, v),
		))
	}
}

// position returns an index of a sequence: mostly one that it has, if it is not empty.
func (g *generator) position(of string) string {
	if g.chance(10) {
		return fmt.Sprint(g.IntN(9) - 4)
	}
	return fmt.Sprintf("%s %% (len(%s) or 1)", g.atom(kInt), of)
}

func (g *generator) exprs(n int) string {
	list := make([]string, n)
	for i := range list {
		k := g.kind()
		list[i] = shown(g.expr(k), k)
	}
	return strings.Join(list, ", ")
}

// shown returns what print shows of an expression.
func shown(expr string, k kind) string {
	if k == kBytes {
		return "repr(" + expr + ")"
	}
	return expr
}

// bounded returns an expression whose value has few characters: repr doubles the
// backslashes of a string, so that repeated it would grow without end.
func bounded(expr string, k kind) string {
	if k == kString {
		return "(" + expr + ")[:90]"
	}
	return expr
}

// truth returns a condition.
func (g *generator) truth() string {
	if g.chance(30) {
		return g.expr(g.kind())
	}
	return g.expr(kBool)
}

// mistake returns an expression that is an error in both.
func (g *generator) mistake() string {
	return pick(g,
		fmt.Sprintf("%s + %s", g.atom(kInt), g.atom(kString)),
		fmt.Sprintf("%s + %s", g.atom(kNone), g.atom(kInt)),
		fmt.Sprintf("%s[100]", g.atom(kInts)),
		fmt.Sprintf("%s[%q]", g.atom(kTable), "no such key"),
		fmt.Sprintf("%s.nothing", g.atom(g.kind())),
		fmt.Sprintf("%s // 0", g.atom(kInt)),
		fmt.Sprintf("%s %% 0", g.atom(kFloat)),
		fmt.Sprintf("{%s: 1}", g.atom(kInts)),
		fmt.Sprintf("%s(1)", g.atom(kString)),
		fmt.Sprintf("int(%q)", "12x"),
		fmt.Sprintf("len(%s)", g.atom(kInt)),
		fmt.Sprintf("[a + b for a, b in %s]", g.atom(kPairs)),
		fmt.Sprintf("sorted([1, %s])", g.atom(kString)),
		fmt.Sprintf("%s < %s", g.atom(kString), g.atom(kInt)),
		fmt.Sprintf("[x for x in %s]", g.atom(kInt)),
		fmt.Sprintf("fail(%s)", g.atom(kString)),
		"(lambda a, b=2: a)()",
		"(lambda a: a)(1, 2)",
		"(lambda a: a)(b=1)",
	)
}

// expr returns an expression of a kind.
func (g *generator) expr(k kind) string {
	g.depth++
	defer func() { g.depth-- }()
	if g.depth > 4 || g.chance(25) {
		return g.atom(k)
	}
	if g.chance(8) {
		return fmt.Sprintf("(%s if %s else %s)", g.expr(k), g.truth(), g.expr(k))
	}
	if g.chance(12) {
		if call := g.call(k); call != "" {
			return call
		}
	}
	if g.chance(4) {
		p := g.fresh("p")
		return fmt.Sprintf("(lambda %s, y=%s: %s)(%s)", p, g.atom(kInt), g.with(p, kInt, k), g.expr(kInt))
	}
	if g.chance(4) && k != kBool && k != kNone {
		return fmt.Sprintf("(%s %s %s)", g.expr(k), pick(g, "and", "or"), g.expr(k))
	}
	return g.operation(k)
}

// with returns an expression in which one more variable can be used.
func (g *generator) with(name string, of, k kind) string {
	g.push(kNone)
	g.bind(name, of)
	defer g.pop()
	return g.expr(k)
}

// call returns a call of one of the functions that return a kind, or "".
func (g *generator) call(k kind) string {
	var fit []*signature
	for _, f := range g.funcs {
		if f.result == k {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	f := fit[g.IntN(len(fit))]
	var args []string
	named := false
	for i, k := range append(f.params[:len(f.params):len(f.params)], f.defaults...) {
		if i >= len(f.params) && g.chance(50) {
			break
		}
		if named = named || g.chance(20); named {
			args = append(args, f.names[i]+"="+g.expr(k))
		} else {
			args = append(args, g.expr(k))
		}
	}
	all := len(args) == len(f.params)+len(f.defaults)
	switch {
	case g.chance(2):
		args = append(args, "unknown=1")
	case f.varargs && !named && all && g.chance(50):
		args = append(args, g.atom(kInt), "*"+g.atom(kInts))
	case f.kwargs && g.chance(50):
		args = append(args, "z=1", "**"+g.atom(kTable))
	}
	return fmt.Sprintf("%s(%s)", f.name, strings.Join(args, ", "))
}

// atom returns a variable or a literal.
func (g *generator) atom(k kind) string {
	if v := g.variable(k); v != "" && g.chance(65) {
		return v
	}
	return g.literal(k)
}

func (g *generator) literal(k kind) string {
	switch k {
	case kInt:
		switch g.IntN(8) {
		case 0:
			return fmt.Sprint(pick(g, "2147483647", "-2147483648", "4294967296", "9223372036854775807", "(-9223372036854775808)", "123456789012345678901234567890"))
		case 1:
			return fmt.Sprintf("%#x", g.IntN(1<<20))
		}
		return fmt.Sprint(g.IntN(25) - 8)
	case kFloat:
		return pick(g, "0.0", "1.5", "-2.25", "1e10", "1e-7", "3.14159", "1e300", "-0.0", "100.0", "123456789.0", `float("inf")`, `float("-inf")`, `float("nan")`)
	case kString:
		return pick(g, `""`, `"a"`, `"abc"`, `"Hello, World"`, `"b a c"`, `"  x y "`, `"12"`, `"é😿"`, `"a\n\tb\\"`, `'"'`, `"AbC"`, `"x,y,,z"`, `"\x7f\u2028"`, `"abcabc"`)
	case kBool:
		return pick(g, "True", "False")
	case kBytes:
		return pick(g, `b""`, `b"abc"`, `b"\x00\xff"`, `b"hello world"`, `b"\xc3\xa9"`)
	case kNone:
		return "None"
	case kInts:
		return g.display("[", "]", kInt)
	case kStrings:
		return g.display("[", "]", kString)
	case kPairs:
		return pick(g, `[]`, `[("a", 1)]`, `[("b", 2), ("a", 1), ("b", -1)]`, `[("x", 10), ("y", 3)]`)
	case kTable:
		return pick(g, `{}`, `{"a": 1}`, `{"b": 2, "a": 1, "c": 3}`, `dict(x=1, y=2)`, `dict([("k", 7), ("l", 8)])`)
	case kIndex:
		return pick(g, `{}`, `{1: [1]}`, `{3: [], 1: [2, 3]}`, `{-1: [0], 0: [1], 1: []}`)
	case kTuple:
		return pick(g, `(1, "a")`, `(0, "")`, `(-3, "zz")`)
	case kIntSet:
		return pick(g, `set()`, `set([1, 2, 3])`, `set([3, 5, 1])`, `set([10])`)
	}
	return pick(g, `set()`, `set(["a", "b"])`, `set(["b", "c", "abc"])`)
}

func (g *generator) display(open, end string, k kind) string {
	list := make([]string, g.IntN(5))
	for i := range list {
		list[i] = g.literal(k)
	}
	return open + strings.Join(list, ", ") + end
}

// operation returns an operator, method or builtin applied to expressions.
func (g *generator) operation(k kind) string {
	row := operations[k]
	return g.fill(row[g.IntN(len(row))])
}

// fill puts expressions in the place of the marks in a pattern: $ and the letter of a kind;
// of a comprehension's variable, which has a name of its own, @.
func (g *generator) fill(pattern string) string {
	if strings.Contains(pattern, "@") {
		pattern = strings.ReplaceAll(pattern, "@", g.fresh("c"))
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '$' {
			b.WriteByte(pattern[i])
			continue
		}
		i++
		b.WriteString(g.expr(kindLetters[pattern[i]]))
	}
	return b.String()
}

var kindLetters = map[byte]kind{
	'i': kInt, 'f': kFloat, 's': kString, 'b': kBool, 'y': kBytes, 'n': kNone,
	'I': kInts, 'S': kStrings, 'P': kPairs, 'D': kTable, 'X': kIndex, 't': kTuple, 'E': kIntSet, 'W': kStringSet,
}

// operations are patterns of expressions by the kind that they give.
var operations = [numKinds][]string{
	kInt: {
		"($i + $i)", "($i - $i)", "($i * ($i % 1000))", "($i // ($i or 7))", "($i % ($i or 7))", "($i // $i)", "($i & $i)", "($i | $i)", "($i ^ $i)", "(-$i)", "(+$i)", "(~$i)",
		"($i << ($i % 40))", "($i >> ($i % 40))", "($i % 7)", "len($s)", "len($I)", "len($D)", "len($E)", "len($y)",
		"abs($i)", "min($i, $i)", "max($I + [1])", "min($I + [2], key=lambda @: -@)", "int($f % 1000.0)", "int($b)", `int("42")`, `int("-7f", 16)`,
		"$s.find($s)", "$s.count($s)", "$s.rfind($s, 1)", "($I + [5])[0]", "($I + [5])[-1]", "$D.get($s, $i)", "$t[0]", "ord($s[:1] or \"q\")",
		"hash($s)", "len($S)", "max([len(@) for @ in $S] + [0])", "($X.get($i) or [3])[0]", "$s.index(\"\")", "len($P)", "max(*[1, $i])", "len(list($s.elems()))",
		"len(range($i % 100, $i % 100, ($i % 5) + 1))", "ord($y[:1] or b\"z\")", "($I or [1])[len($I) // 2 - 1]",
	},
	kFloat: {
		"($f + $f)", "($f - $f)", "($f * $f)", "($f / ($f or 0.5))", "($f // ($f or 0.5))", "($f % ($f or 0.5))", "($f / $f)", "(-$f)", "($i / ($i or 4))", "($f + $i)", "($i * $f)", "($f - $i)",
		"float($i)", `float("2.5")`, `float("1e3")`, "abs($f)", "min($f, 1.0)", "max($f, $f)", "($i % ($f or 2.0))", "($f // ($i or 2))", "float($b)", "float(\"-0\")",
	},
	kString: {
		"($s + $s)[:90]", "($s * ($i % 3))[:90]", "($i % 3 * $s)[:90]", "$s[$i % 9 - 4:$i % 9 - 2]", "$s[::-1]", "$s[$i % 3:]", "$s[:$i % 9:2]", "str($i)", "str($f)", "str($I)[:90]", "str($D)[:90]", "repr($s)[:90]", "repr($t)[:90]", "str($b)", "str($n)",
		"str($E)[:90]", "str($y)[:90]", "repr($y)[:90]", "str($X)[:90]", "$s.upper()", "$s.lower()", "$s.title()", "$s.capitalize()", "$s.strip()", "$s.lstrip()", "$s.rstrip(\"cx \")", "$s.strip($s)", "$s.replace($s, $s)[:90]", "$s.replace(\"a\", $s, $i % 4)[:90]",
		"$s.join($S)[:90]", "\",\".join($S)[-90:]", "$s.removeprefix($s)", "$s.removesuffix($s)", "type($i)", "type($s)", "type($I)", "type($D)", "type($f)", "type($y)", "type($E)",
		`("%d-%s" % ($i, $s))`, `("%s" % $i)`, `("%r %s" % ($s, $I))`, `("%x %o %X" % ($i, $i, $i))`, `("%c" % ($i % 64 + 1040))`, `("%%%d" % $i)`, `("%g %e %f" % ($f, $f, $f))`, `("%s %r" % ($f, $y))`, `("%(a)s" % {"a": $i})`,
		`"{} {}".format($i, $s)`, `"{1}{0}".format($s, $I)`, `"{a!r} {b}".format(a=$s, b=$f)`, `"{{{}}}".format($t)`, `"{0!s}{0!r}".format($s)`,
		"chr($i % 90 + 33)", "($S + [\"k\"])[-1]", "$t[1]", "$s.partition(\"b\")[0]", "$s.rpartition($s or \",\")[2]", "\"\".join([@.upper() for @ in $S])", "\"\".join(reversed($S))", "\"\".join(list($s.elems())[::-1])",
		"min($S + [\"m\"])", "max($S + [\"m\"], key=len)", "\"\".join($s.codepoints())", "str($W)[:90]", "str($P)[:90]", "str(range($i % 9))", "str(range($i % 9, $i % 30, 2))", "$s.elems().elems if False else $s", "type(range(1))", "type($n)", "type($b)",
		"str($y.elems())", "str(sorted($W))", "str(bool)[:1]", "str(lambda: $i)",
	},
	kBool: {
		"($i < $i)", "($i <= $i)", "($i == $i)", "($i != $i)", "($f < $f)", "($f >= $i)", "($i == $f)", "($f == $f)", "($s < $s)", "($s == $s)", "($s >= $s)", "($i > $f)", "($y < $y)", "($y == $y)",
		"($I == $I)", "($I < $I)", "($S <= $S)", "($D == $D)", "($t < $t)", "($E == $E)", "($E <= $E)", "($E < $E)", "($P == $P)", "($X != $X)", "($s == $i)", "($n == $i)", "($I == $t)",
		"($s in $s)", "($s not in $s)", "($i in $I)", "($s in $D)", "($i not in $X)", "($i in $E)", "($s in $W)", "($s in $S)", "($t in $P)", "($i % 256 in $y)", "($y in $y)", "($i in range($i % 50))", "($i in (1, 2, $i))",
		"(not $b)", "(not $s)", "(not $I)", "($b and $b)", "($b or $b)", "bool($i)", "bool($s)", "bool($D)", "bool($f)", "bool($E)", "all($I)", "any($I)", "any([@ > 2 for @ in $I])", "all([])", "(type($i) == type($f))",
		"$s.startswith($s)", "$s.endswith((\"a\", $s))", "$s.isalpha()", "$s.isdigit()", "$s.isalnum()", "$s.isspace()", "$E.issubset($E)", "$E.issuperset($I)", "(range($i % 4) == range($i % 4))", "hasattr($s, \"upper\")", "hasattr($I, \"nope\")", "(None == $n)",
	},
	kBytes: {
		"($y + $y)[:90]", "($y * ($i % 3))[:90]", "$y[$i % 9 - 4:$i % 9 - 2]", "bytes($s)", "bytes([@ % 256 for @ in $I])", "$y[::-1]", "($y or b\"0\")",
	},
	kNone: {"None", "print($s)", "($n or None)", "print($i, $s, sep=\"-\")", "$I.clear()", "{}.get($s)"},
	kInts: {
		"($I + $I)[:30]", "($I * ($i % 3))[:30]", "$I[$i % 9 - 4:$i % 9 - 2]", "$I[::-1]", "$I[$i % 4::2]", "[@ for @ in $I]", "[@ + 1 for @ in $I if @ > 0]", "[@ * len($s) for @ in range($i % 6)]", "list(range($i % 10))", "list(range($i % 10, 0, -1))", "sorted($I)", "sorted($I, reverse=True)", "sorted($I, key=lambda @: (@ % 3, -@))",
		"reversed($I)", "list($E)", "list($X)", "[len(@) for @ in $S]", "$D.values()", "[$i, $i]", "[$i]", "list(($i, $i, 3))", "$X.get($i % 3, [])", "[x + @ for @ in $I for x in $I if x != @][:20]", "sorted($X.keys())", "[b for a, b in $P]", "list(b\"az\".elems())",
		"[@ for @ in [$i, 2] + $I]", "[(lambda: @)() for @ in $I]", "[f(3) for f in [lambda @: @ + 1, lambda @: @ * 2]]", "list($s.codepoint_ords())", "[@ // 2 for @ in $E]", "list($s.elem_ords())", "[@ for @, _ in enumerate($S)]",
	},
	kStrings: {
		"($S + $S)[:30]", "$S[$i % 7 - 3:]", "$s.split(\",\")", "$s.split()", "$s.rsplit(\" \", 1)", "$s.split(\"b\", 1)", "$s.splitlines()", "$s.splitlines(True)", "list($s.elems())", "list($s.codepoints())", "sorted($S)", "sorted($S, key=len)", "sorted($S, key=lambda @: @[::-1], reverse=True)", "[@.upper() for @ in $S]", "[str(@) for @ in $I]", "list($D)", "$D.keys()", "sorted($W)", "[$s, $s]", "[@ + x for @ in $S for x in [\"0\", $s]][:9]", "[a for a, b in $P if b > 0]", "list($s.partition(\"a\"))", "[\"%d\" % @ for @ in $I]", "[c for c in $s.elems() if c != \"a\"]", "reversed($S)", "[@[1] for @ in [$t, $t]]",
	},
	kPairs: {
		"$D.items()", "sorted($P)", "sorted($D.items())", "[(@, len(@)) for @ in $S]", "zip($S, $I)", "[(b, a) for a, b in enumerate($S)]", "($P + [(\"q\", $i)])[:30]", "list(zip($S, $I))", "sorted($P, key=lambda @: @[1])", "[(k, v + 1) for k, v in $D.items()]", "[(s, i) for i, s in [$t]]",
	},
	kTable: {
		"dict($P)", "dict($P, z=$i)", "dict(a=$i, **$D)", "($D | $D)", "{@: len(@) for @ in $S}", "{a: b for a, b in $P}", "{k: v * 2 for k, v in $D.items()}", "{$s: $i}", "dict(zip($S, $I))", "dict($D)", "{str(@): @ for @ in $I}", "{@: $i for @ in $W}",
	},
	kIndex: {
		"{$i: $I}", "{@: [@] for @ in $I}", "dict([($i, $I)])", "{@: [x for x in $I if x < @] for @ in range($i % 4)}", "($X | $X)", "{len(@): [1] for @ in $S}", "{k: v[:1] for k, v in $X.items()}",
	},
	kTuple: {"($i, $s)", "tuple([$i, $s])", "($t if $b else $t)", "[$t, $t][$i % 2]", "($t + ())", "($i, $s)[0:2]", "enumerate($S + [\"e\"])[0]", "enumerate([\"w\"], $i % 9)[0]"},
	kIntSet: {
		"set($I)", "($E | $E)", "($E & $E)", "($E - $E)", "($E ^ $E)", "$E.union($I)", "$E.intersection($I)", "$E.difference($I)", "$E.symmetric_difference($E)", "set([@ % 5 for @ in $I])", "set(range($i % 6))", "set(b\"hello\".elems())",
	},
	kStringSet: {"set($S)", "($W | $W)", "($W & $W)", "($W - $W)", "set($D)", "$W.union($S)", "set($s.elems())", "set([@[:1] for @ in $S])"},
}
