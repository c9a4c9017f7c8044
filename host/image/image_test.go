package image_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"mpstar/host/image"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A box is a Portable that holds one value.
type box struct {
	v    vm.Value
	fail error
}

func (b *box) String() string        { return "box" }
func (b *box) Type() string          { return "box" }
func (b *box) Freeze()               {}
func (b *box) Truth() starlark.Bool  { return true }
func (b *box) Hash() (uint32, error) { return 0, errors.New("unhashable") }
func (b *box) ImageKind() string     { return "box" }
func (b *box) Image() ([]byte, []vm.Value, error) {
	return []byte("box"), []vm.Value{b.v}, b.fail
}
func (b *box) Restore(data []byte, refs []vm.Value) error {
	if string(data) != "box" || len(refs) != 1 {
		return errors.New("not a box")
	}
	b.v = refs[0]
	return nil
}

// An alien is a value that the image knows nothing of.
type alien struct{ box }

func (*alien) ImageKind() string { return "alien" }

// newRegistry returns a host whose builtins are fork(), which calls onFork and
// returns 1 in the parent, box(v) and alien().
func newRegistry(onFork func(p *vm.Process) error) *vm.Registry {
	fork := func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		return starlark.MakeInt(1), onFork(p)
	}
	newBox := func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		return &box{v: args[0]}, nil
	}
	newAlien := func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		return new(alien), nil
	}
	add := func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		return starlark.None, args[0].(*starlark.List).Append(args[1])
	}
	r := &vm.Registry{
		Builtins: map[string]vm.Value{
			"fork":           &vm.Native{Name: "fork", Fn: fork},
			"box":            &vm.Native{Name: "box", Fn: newBox},
			"alien":          &vm.Native{Name: "alien", Fn: newAlien},
			"object":         vm.Object,
			"NotImplemented": vm.NotImplemented,
			"len":            starlark.Universe["len"],
			"set":            starlark.Universe["set"],
			"range":          starlark.Universe["range"],
		},
		Modules: map[string]func() *vm.Module{"host": func() *vm.Module {
			m := vm.NewModule("host", "")
			m.Set("version", starlark.MakeInt(3))
			m.Set("limit", starlark.MakeInt(10))
			return m
		}},
		Methods: map[string]func() map[string]*vm.Native{
			"list": sync.OnceValue(func() map[string]*vm.Native {
				return map[string]*vm.Native{"append": {Name: "list.append", Method: true, Fn: add}}
			}),
		},
		Kinds: map[string]func() vm.Portable{"box": func() vm.Portable { return new(box) }},
	}
	for name, c := range vm.ExceptionClasses {
		r.Builtins[name] = c
	}
	r.Complete()
	return r
}

// run runs a script and returns its module.
func run(t testing.TB, r *vm.Registry, script string) *vm.Module {
	t.Helper()
	p := vm.NewProcess(r)
	_, err := p.RunMain(&syntax.Source{Name: "test.star", Text: script})
	if err != nil {
		t.Fatal(p.Traceback(vm.AsException(err, vm.SystemError)))
	}
	return p.Modules["__main__"]
}

func encodeValue(t testing.TB, r *vm.Registry, v vm.Value) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := image.EncodeValue(&b, r, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// roundTrip writes and reads a value, and checks that what was read gives the
// same bytes: since they say what refers to what, the two are alike.
func roundTrip(t testing.TB, r *vm.Registry, v vm.Value) vm.Value {
	t.Helper()
	data := encodeValue(t, r, v)
	got, err := image.DecodeValue(data, r)
	if err != nil {
		t.Fatal(err)
	}
	if again := encodeValue(t, r, got); !bytes.Equal(again, data) {
		t.Fatalf("%s is written as\n%q\nand what is read from that as\n%q", vm.Repr(v), data, again)
	}
	return got
}

func TestScalars(t *testing.T) {
	r := newRegistry(nil)
	huge := new(big.Int).Lsh(big.NewInt(-3), 200)
	for _, v := range []vm.Value{
		starlark.None, starlark.True, starlark.False, vm.Ellipsis, vm.NotImplemented,
		starlark.MakeInt(0), starlark.MakeInt(-1), starlark.MakeInt64(math.MaxInt64), starlark.MakeInt64(math.MinInt64),
		starlark.MakeUint64(math.MaxUint64), starlark.MakeBigInt(huge),
		starlark.Float(0.1), starlark.Float(math.Inf(-1)),
		starlark.String(""), starlark.String("a\x00\xff"), starlark.String(strings.Repeat("long", 100)), starlark.Bytes("\x00b"),
		starlark.Tuple{},
	} {
		got := roundTrip(t, r, v)
		if eq, err := starlark.Equal(v, got); err != nil || !eq || v.Type() != got.Type() {
			t.Errorf("%s became %s", v, got)
		}
	}
	if nan := roundTrip(t, r, starlark.Float(math.NaN())); !math.IsNaN(float64(nan.(starlark.Float))) {
		t.Errorf("nan became %s", nan)
	}
}

// values are expressions of each kind of value, with their repr where == does not tell.
var values = []string{
	`[]`, `[1, 2, 3]`, `[1, 300, -5]`, `[1, 1 << 20]`, `[1, 1 << 40]`, `[1, 1 << 70]`, `[1, "a"]`, `[1.5, 2.5]`, `[1.5, 2]`, `["a", "b"]`,
	`["a" * 100, "b"]`, `[None, True]`, `(1, (2, [3]))`, `((), ())`, `{}`, `{1: 2}`, `{"a": [1], "b": {"c": ()}}`, `{(1, "a"): 2, None: 3, 2.5: 1}`,
	`set([])`, `set([1, "a", (1, 2)])`, `range(0)`, `range(10)`, `range(0, 10, 3)`, `range(9, -1, -4)`,
	`"aé".elems()`, `"aé".elem_ords()`, `"aé".codepoints()`, `"aé".codepoint_ords()`, `b"a\xff".elems()`,
}

func TestValues(t *testing.T) {
	r := newRegistry(nil)
	for _, expr := range values {
		v := run(t, r, "x = "+expr).Get("x")
		got := roundTrip(t, r, v)
		if vm.Repr(got) != vm.Repr(v) {
			t.Errorf("%s became %s", vm.Repr(v), vm.Repr(got))
		}
	}
}

// checks are scripts that make x and, of its copy, say whether it is right by setting ok.
var checks = []struct{ name, make, check string }{
	{"shared list", `l = []; x = [l, l]`, `x[0].append(1); ok = x[1] == [1]`},
	{"equal lists", `x = [[], []]`, `x[0].append(1); ok = x[1] == []`},
	{"list in itself", `x = []; x.append(x)`, `ok = x[0] is x`},
	{"dict in itself", `x = {}; x[1] = x`, `ok = x[1] is x`},
	{"tuple in its list", `l = []; x = (l,); l.append(x)`, `ok = x[0][0] is x`},
	{"shared tuple", `t = (1, 2); x = [t, t]`, `ok = x[0] is x[1]`},
	{"closure", "def f():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n        return n\n    def get(): return n\n    return inc, get\nx = f()\nx[0]()",
		`x[0](); ok = x[1]() == 2`},
	{"recursive closure", "def f():\n    def g(n): return 1 if n == 0 else n * g(n - 1)\n    return g\nx = f()", `ok = x(5) == 120`},
	{"defaults", "x = lambda a, b=[1], *, c={2: 3}, d: (a, b, c, d)", `ok = x(0, d=4) == (0, [1], {2: 3}, 4)`},
	{"globals of functions", "n = 5\ndef g(): return n\ndef x(): return g()", `ok = x() == 5`},
	{"function attributes", "def x(): pass\nx.y = [x]", `ok = x.y[0] is x`},
	{"instance", "class C:\n    z = 3\n    def __init__(self, y): self.y = y\n    def m(self): return self.y + self.z\nx = C(4)", `ok = x.m() == 7`},
	{"instance in itself", "class C: pass\nx = C()\nx.me = x", `ok = x.me is x`},
	{"shapes are shared", "class C: pass\na = C(); a.p = 1; a.q = 2\nb = C(); b.p = 3\nx = [a, b]", `x[1].q = 4; ok = (x[0].q, x[1].q) == (2, 4)`},
	{"inheritance", "class A:\n    def f(self): return 1\nclass B(A):\n    def f(self): return A.f(self) + 1\nx = B()", `ok = x.f() == 2`},
	{"class of instances", "class C: pass\nx = [C(), C(), C]", `x[2].y = 1; ok = x[0].y == x[1].y`},
	{"exception class", "class E(ValueError): pass\nx = E('a', 2)\nx.code = 5", `ok = (x.args, x.code) == (("a", 2), 5)`},
	{"exception chain", "x = None\ntry:\n    try:\n        1 // 0\n    except ZeroDivisionError as e:\n        raise ValueError('v') from e\nexcept ValueError as e:\n    x = e",
		`ok = x.__cause__ is x.__context__ and x.__suppress_context__`},
	{"bound method", "class C:\n    def __init__(self): self.n = 1\n    def m(self): return self.n\nx = C().m", `ok = x() == 1`},
	{"builtin", "x = [fork, ValueError, set]", `ok = x[0] is fork and x[1] is ValueError`},
	{"method of a value", "x = [1].append", `x(2); ok = True`},
	{"generator", "def g(n):\n    for i in range(n):\n        r = yield i\n        if r: yield r\nx = g(5)\ng2 = [x.send(None), x.send(None)]", `ok = x.send(7) == 7 and x.send(None) == 2`},
	{"fresh generator", "def g(n, *a, k=1): yield n + k\nx = g(1)", `ok = x.send(None) == 2`},
	{"finished generator", "def g(): yield 1\nx = g()\nfor i in x: pass", `ok = [i for i in x] == []`},
	{"generator in finally", "l = []\ndef g():\n    try:\n        yield 1\n    finally:\n        l.append(2)\nx = (g(), l)\nx[0].send(None)", `y = [i for i in x[0]]; ok = x[1] == [2]`},
	{"yield from", "def g(): r = yield 1; return r\ndef h(): s = yield from g(); yield s\nx = h()\nx.send(None)", `ok = x.send(9) == 9`},
	{"instance keys", "class C: pass\na = C()\nx = ({a: 1, (a, 2): 3}, a)", `ok = x[0][x[1]] == 1 and x[0][(x[1], 2)] == 3`},
	{"keys with a hash of their own", "class C:\n    def __init__(self, n): self.n = n\n    def __eq__(self, o): return self.n == o.n\n    def __hash__(self): return 7\nx = ({C(1): 'a', C(2): 'b', (C(3), C(3)): 'c'}, C)",
		`ok = x[0][x[1](1)] + x[0][x[1](2)] + x[0][(x[1](3), x[1](3))] == "abc"`},
	{"portable", "l = []; x = [box(l), l]", `ok = True`},
	{"module", "import host\nhost.limit = 11\nhost.extra = 12\nx = host", `ok = (x.version, x.limit, x.extra) == (3, 11, 12)`},
	{"module without a global", "import host\ndel host.limit\nx = host", "try:\n    x.limit\n    ok = False\nexcept AttributeError:\n    ok = True"},
	{"slice", "x = None\nclass C:\n    def __getitem__(self, k): return k\nx = C()[1:2]", `ok = (x.start, x.stop, x.step) == (1, 2, None)`},
}

func TestStructures(t *testing.T) {
	r := newRegistry(nil)
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			got := roundTrip(t, r, run(t, r, c.make).Get("x"))
			p := vm.NewProcess(r)
			r.Builtins["x"] = got
			defer delete(r.Builtins, "x")
			_, err := p.RunMain(&syntax.Source{Name: "check.star", Text: c.check})
			if err != nil {
				t.Fatal(p.Traceback(vm.AsException(err, vm.SystemError)))
			}
			if p.Modules["__main__"].Get("ok") != starlark.True {
				t.Errorf("%s does not hold of %s", c.check, vm.Repr(got))
			}
		})
	}
}

// TestIterators holds iterators in the middle, which scripts see only as what a loop keeps.
func TestIterators(t *testing.T) {
	r := newRegistry(nil)
	list := starlark.NewList([]vm.Value{starlark.MakeInt(1), starlark.MakeInt(2)})
	dict := starlark.NewDict(1)
	if err := dict.SetKey(list.Index(0), list); err != nil {
		t.Fatal(err)
	}
	for _, it := range []vm.Value{
		&vm.ListIter{List: list, I: 1}, &vm.ListIter{List: list, I: -1}, &vm.SeqIter{Seq: starlark.Tuple{list}, I: 1},
		&vm.RangeIter{Next: 5, Step: -2, N: 3}, &vm.KeyIter{Of: dict, Keys: dict.Keys(), I: 0},
		&vm.RowIter{Columns: [][]vm.Value{{list, list}, {list, dict}}, Counts: true, Count: 7, I: 1}, &vm.StringIter{S: "aé", I: 1},
		&vm.Cell{}, &vm.Property{Get: list}, &vm.StaticMethod{Fn: list}, &vm.ClassMethod{Fn: list}, &vm.Super{Class: vm.ValueError, Self: list},
	} {
		if got := roundTrip(t, r, it); got.Type() != it.Type() {
			t.Errorf("%s became %s", it.Type(), got.Type())
		}
	}
}

// TestDeep holds that neither writing nor reading recurses with the depth of the data.
func TestDeep(t *testing.T) {
	const depth = 1_000_000
	r := newRegistry(nil)
	var v vm.Value = starlark.None
	for range depth {
		v = starlark.NewList([]vm.Value{v})
	}
	v, err := image.DecodeValue(encodeValue(t, r, v), r)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for v != starlark.None {
		v = v.(*starlark.List).Index(0)
		n++
	}
	if n != depth {
		t.Errorf("%d lists within one another became %d", depth, n)
	}
}

// forked runs a script in which fork() makes a child by way of an image, and
// returns the module of the child, or of the parent where the script does not fork.
func forked(t testing.TB, script string) (parent, child *vm.Module) {
	t.Helper()
	var r *vm.Registry
	var data bytes.Buffer
	r = newRegistry(func(p *vm.Process) error {
		data.Reset()
		return image.Encode(&data, p, starlark.MakeInt(0))
	})
	parent = run(t, r, script)
	p := vm.NewProcess(r)
	if err := image.Decode(data.Bytes(), p); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := image.Encode(&again, p, nil); err != nil {
		t.Fatal(err)
	}
	q := vm.NewProcess(r)
	if err := image.Decode(again.Bytes(), q); err != nil {
		t.Fatal(err)
	}
	var third bytes.Buffer
	if err := image.Encode(&third, q, nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Bytes(), third.Bytes()) {
		t.Errorf("a process and its copy are written differently:\n%q\n%q", again.Bytes(), third.Bytes())
	}
	if _, err := q.Run(); err != nil {
		t.Fatal(q.Traceback(vm.AsException(err, vm.SystemError)))
	}
	return parent, q.Modules["__main__"]
}

// forks are scripts that set x, differently in parent and child, and what x is in the child.
var forks = []struct{ script, want string }{
	{`x = fork()`, `0`},
	{`x = [1, fork(), [fork() for i in range(1)]]`, `[1, 1, [0]]`},
	{`x = 1 + 2 * (fork() + 3)`, `7`},
	{`x = {"a": fork()}["a"]`, `0`},
	{`x = fork() or "child"`, `"child"`},
	{"def f(a, *b, **c): return (a, b, c)\nx = f(1, 2, fork(), k=3)", `(1, (2, 0), {"k": 3})`},
	{"x = []\nfor i in [1, 2, 3]:\n    x.append(i)\n    if i == 2: pid = fork()\nx.append(pid)", `[1, 2, 3, 0]`},
	{"x = []\nfor k in {1: 2, 3: 4}:\n    x.append(k)\n    if k == 1: x.append(fork())", `[1, 0, 3]`},
	{"def r(n): return fork() if n == 0 else r(n - 1)\nx = r(500)", `0`},
	{"x = []\ntry:\n    try:\n        x.append(fork())\n        1 // 0\n    finally:\n        x.append(2)\nexcept ZeroDivisionError as e:\n    x.append(str(e))\n", `[0, 2, "integer division or modulo by zero"]`},
	{"def g():\n    yield fork()\n    yield 2\nx = [i for i in g()]", `[0, 2]`},
	{"class C:\n    def __enter__(self): return fork()\n    def __exit__(self, *a): x.append(3)\nx = []\nwith C() as c:\n    x.append(c)", `[0, 3]`},
	{"class C:\n    def __init__(self): self.pid = fork()\nx = C().pid", `0`},
	{"class C:\n    x = fork()\nx = C.x", `0`},
	{"class C:\n    def __add__(self, o): return fork()\nx = [C() + 1]", `[0]`},
	{"class C:\n    def __eq__(self, o): return fork() == 0\nx = C() == 1", `True`},
	{"class C:\n    def __bool__(self): return fork() == 0\nx = 1 if C() else 2", `1`},
	{"class C:\n    def __iter__(self):\n        for i in range(3): yield (i, fork() if i == 2 else None)\nx = [i for i in C()]", `[(0, None), (1, None), (2, 0)]`},
	{"import host\nhost.limit = 1\ny = host.limit\nfork()\nx = (host.limit, host.version)", `(1, 3)`},
	{"x = 0\ndef f():\n    global x\n    n = 1\n    def g():\n        nonlocal n\n        n += fork()\n    g()\n    x = n\nf()", `1`},
}

func TestFork(t *testing.T) {
	for _, c := range forks {
		c.script = strings.ReplaceAll(c.script, "str(e)", "e.args[0]")
		_, child := forked(t, c.script)
		if got := vm.Repr(child.Get("x")); got != c.want {
			t.Errorf("x is %s in the child, want %s, after\n%s", got, c.want, c.script)
		}
	}
}

// TestReach holds that globals which the continuation does not name do not travel.
func TestReach(t *testing.T) {
	size := 0
	r := newRegistry(func(p *vm.Process) error {
		var data bytes.Buffer
		defer func() { size = data.Len() }()
		return image.Encode(&data, p, starlark.MakeInt(0))
	})
	const big = "big = [i * 1000003 for i in range(100000)]\n"
	measure := func(script string) int {
		run(t, r, script)
		return size
	}
	if n := measure(big + "def f():\n    fork()\nf()"); n < 100000 {
		t.Errorf("the image of a module that has named big takes %d bytes; is big lost?", n)
	}
	var data bytes.Buffer
	m := run(t, r, big+"def f(): return 1\ndef g(): return big")
	for name, want := range map[string]bool{"f": false, "g": true} {
		data.Reset()
		if err := image.EncodeValue(&data, r, m.Get(name)); err != nil {
			t.Fatal(err)
		}
		if got := data.Len() > 100000; got != want {
			t.Errorf("%s takes %d bytes", name, data.Len())
		}
	}
}

// TestCall: the copy does nothing but the call, and has nothing of what the process was doing.
func TestCall(t *testing.T) {
	var data bytes.Buffer
	var r *vm.Registry
	r = newRegistry(func(p *vm.Process) error {
		data.Reset()
		p.State["left out"] = new(alien)
		m := p.Modules["__main__"]
		return image.EncodeCall(&data, p, m.Get("f").(*vm.Function), []vm.Value{m.Get("l")}, "left out")
	})
	run(t, r, "l = [1]\nnamed = [5]\nunrelated = alien()\ndef f(x):\n    x.append(2)\n    l.append(3)\n"+
		"def g(a):\n    return [a, named, fork()]\nunset = g(alien())")
	p := vm.NewProcess(r)
	if err := image.Decode(data.Bytes(), p); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(); err != nil {
		t.Fatal(err)
	}
	m := p.Modules["__main__"]
	if got := vm.Repr(m.Get("l")); got != "[1, 2, 3]" || m.Get("unset") != nil {
		t.Errorf("l is %s, unset %v", got, m.Get("unset"))
	}
	if m.Get("g") == nil || m.Get("named") == nil || m.Get("unrelated") != nil {
		t.Errorf("a message may name g, %v, which names %v; nothing names %v", m.Get("g"), m.Get("named"), m.Get("unrelated"))
	}
}

// uncopyables are scripts that fork with an alien alive, and the path to it.
var uncopyables = []struct{ script, path string }{
	{"a = alien()\nfork()\na", `globals["a"]`},
	{"class C: pass\ncfg = C()\ncfg.client = [1, 2, {'k': (0, alien())}]\nfork()\ncfg", `globals["cfg"].client[2]["k"][1]`},
	{"def f():\n    l = [alien()]\n    fork()\n    return l\nf()", `f.locals["l"][0]`},
	{"def f(x):\n    return x\nf([alien(), fork()])", `a value under way in <module>`},
	{"def f():\n    n = alien()\n    return lambda: n\ng = f()\nfork()\ng", `globals["g"].free["n"]`},
	{"def f(a, b=alien()): pass\nfork()\nf", `globals["f"].defaults["b"]`},
	{"class C:\n    x = alien()\nfork()\nC", `globals["C"].x`},
	{"e = ValueError(alien())\nfork()\ne", `globals["e"].args[0]`},
	{"def g():\n    z = alien()\n    yield z\nh = g()\nh.send(None)\nfork()\nh", `globals["h"].locals["z"]`},
	{"b = [alien()].append\nfork()\nb", `globals["b"].__self__[0]`},
}

func TestUncopyable(t *testing.T) {
	var failed error
	r := newRegistry(func(p *vm.Process) error {
		failed = image.Encode(io.Discard, p, starlark.MakeInt(0))
		return nil
	})
	for _, c := range uncopyables {
		run(t, r, c.script)
		var u *image.UncopyableError
		if !errors.As(failed, &u) {
			t.Errorf("%v after\n%s", failed, c.script)
			continue
		}
		if u.Path != c.path || u.Value.Type() != "box" {
			t.Errorf("%s of type %s, want %s, after\n%s", u.Path, u.Value.Type(), c.path, c.script)
		}
	}
	var u *image.UncopyableError
	err := image.EncodeValue(io.Discard, r, &box{fail: errors.New("it is open")})
	if !errors.As(err, &u) || !strings.Contains(err.Error(), "it is open") {
		t.Errorf("a Portable that fails: %v", err)
	}
}

// reseal makes the trailer of an image fit its payload.
func reseal(data []byte) []byte {
	const magic, trailer = 8, 12
	if len(data) < magic+trailer {
		return data
	}
	payload, end := data[magic:len(data)-trailer], data[len(data)-trailer:]
	binary.LittleEndian.PutUint64(end, uint64(len(payload)))
	binary.LittleEndian.PutUint32(end[8:], crc32.ChecksumIEEE(payload))
	return data
}

// sample is the image of a process with something of everything.
func sample(t testing.TB) ([]byte, *vm.Registry) {
	var data bytes.Buffer
	r := newRegistry(func(p *vm.Process) error { return image.Encode(&data, p, starlark.MakeInt(0)) })
	run(t, r, `
import host
class C(ValueError):
    def __init__(self, n): self.n = n
    def f(self): return super().__init__
def g(n, *, k=2):
    for i in range(n):
        yield i + k
values = [C(1), g(3), [1.5, 2.5], ["a", "b"], (1, 2), {"a": 1, (1, 2): 3}, set([1]), range(3), "x" * 100, C(2).f, box(1), 1 << 80, [1, 300], [1, 1 << 40]]
values[1].send(None)
for v in values:
    pid = fork()
    break
values
`)
	return data.Bytes(), r
}

func TestDamage(t *testing.T) {
	data, r := sample(t)
	decode := func(data []byte) error { return image.Decode(data, vm.NewProcess(r)) }
	if err := decode(data); err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if decode(data[:n]) == nil {
			t.Fatalf("the first %d of %d bytes are taken for an image", n, len(data))
		}
		if n > 20 && decode(reseal(bytes.Clone(data[:n]))) == nil {
			t.Fatalf("the first %d of %d bytes are taken for an image once the header fits", n, len(data))
		}
	}
	for i := range data {
		for _, flip := range []byte{1, 0x80, 0xff} {
			bad := bytes.Clone(data)
			bad[i] ^= flip
			if decode(bad) == nil {
				t.Fatalf("byte %d changed is not noticed", i)
			}
			_ = decode(reseal(bad)) // any answer but a panic
		}
	}
}

func TestDump(t *testing.T) {
	data, r := sample(t)
	var out strings.Builder
	if err := image.Dump(&out, data, r); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"generator", "exception", "class", "code", "host", "portable"} {
		if !strings.Contains(out.String(), " "+kind+" ") {
			t.Errorf("no %s in\n%s", kind, &out)
		}
	}
}

func FuzzDecode(f *testing.F) {
	data, r := sample(f)
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = image.Decode(reseal(bytes.Clone(data)), vm.NewProcess(r))
		_, _ = image.DecodeValue(reseal(bytes.Clone(data)), r)
	})
}

// FuzzRoundTrip makes a graph of values as the bytes say and checks its round trip.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
	f.Add([]byte("shared [] and cyclic {} values, (tuples) of them"))
	r := newRegistry(nil)
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, r, graph(data))
	})
}

// graph makes values; each byte makes one, of those made before.
func graph(data []byte) vm.Value {
	made := []vm.Value{starlark.None}
	all := starlark.NewList(nil)
	for i, b := range data {
		x, y := made[int(b)*7%len(made)], made[int(b)*13%len(made)]
		var v vm.Value
		switch b % 11 {
		case 0:
			v = starlark.MakeInt(int(b) << (i % 50))
		case 1:
			v = starlark.String(data[:i])
		case 2:
			v = starlark.Float(b) / 3
		case 3:
			v = starlark.Tuple{x, y}
		case 4:
			v = starlark.NewList([]vm.Value{x, y})
		case 5:
			v = starlark.NewDict(0)
		case 6:
			v = starlark.NewSet(0)
		case 7:
			v = &vm.Cell{V: x}
		case 8:
			v = &box{v: x}
		case 9:
			v = starlark.NewList([]vm.Value{starlark.MakeInt(i), starlark.MakeInt(int(b))})
		case 10:
			v = all
		}
		for _, target := range []vm.Value{x, y} {
			link(target, v, i)
		}
		made = append(made, v)
		_ = all.Append(v)
	}
	return all
}

// link puts v into a container, if it is one.
func link(container, v vm.Value, i int) {
	switch c := container.(type) {
	case *starlark.List:
		_ = c.Append(v)
	case *starlark.Dict:
		_ = c.SetKey(starlark.MakeInt(i), v)
	case *starlark.Set:
		_ = c.Insert(starlark.MakeInt(i))
	}
}

// bigValues are what a fork is measured with.
func bigValues() map[string]vm.Value {
	ints, strs := make([]vm.Value, 1_000_000), make([]vm.Value, 100_000)
	dict := starlark.NewDict(len(strs))
	for i := range ints {
		ints[i] = starlark.MakeInt(i)
	}
	for i := range strs {
		strs[i] = starlark.String(fmt.Sprintf("string %d", i))
		_ = dict.SetKey(starlark.String(fmt.Sprintf("key %d", i)), starlark.MakeInt(i))
	}
	return map[string]vm.Value{"ints": starlark.NewList(ints), "strings": starlark.NewList(strs), "dict": dict}
}

func BenchmarkEncode(b *testing.B) {
	r := newRegistry(nil)
	for name, v := range bigValues() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := image.EncodeValue(io.Discard, r, v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	r := newRegistry(nil)
	for name, v := range bigValues() {
		data := encodeValue(b, r, v)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := image.DecodeValue(data, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
