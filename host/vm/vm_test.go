package vm

import (
	"math"
	"math/big"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// TestSmallInt holds the look at an Int's bits to what the library says.
func TestSmallInt(t *testing.T) {
	if smallSpan == 0 {
		t.Skip("go.starlark.net keeps no small ints in interfaces on this system")
	}
	for _, i := range []int64{0, 1, -1, 255, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, math.MinInt32 - 1, math.MaxInt64, math.MinInt64} {
		v := starlark.MakeInt64(i)
		got, ok := SmallInt(v)
		if small := i >= math.MinInt32 && i <= math.MaxInt32; ok != small || ok && got != i {
			t.Errorf("SmallInt(%d) = %d, %t", i, got, ok)
		}
		if made := MakeInt(i); made != Value(v) && made.String() != v.String() {
			t.Errorf("MakeInt(%d) = %v", i, made)
		}
	}
	for _, v := range []Value{starlark.Float(1), starlark.String("1"), starlark.True, starlark.None, starlark.MakeBigInt(new(big.Int).Lsh(big.NewInt(1), 80))} {
		if i, ok := SmallInt(v); ok {
			t.Errorf("SmallInt(%v) = %d", v, i)
		}
	}
}

func TestDistance(t *testing.T) {
	names := []string{"append", "extend", "pop", "remove"}
	for name, want := range map[string]string{
		"apend": ". Did you mean: 'append'?",
		"POP":   ". Did you mean: 'pop'?",
		"xyz":   "",
	} {
		if got := DidYouMean(name, names); got != want {
			t.Errorf("DidYouMean(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestWideArithmetic compares with the library's own arithmetic around all edges.
func TestWideArithmetic(t *testing.T) {
	edges := []int64{0, 1, -1, 2, -2, 7, -7, math.MaxInt32, math.MinInt32, math.MaxInt32 + 1, 1 << 40, -1 << 40, 3037000500, -3037000500,
		math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	p := new(Process)
	for op := compile.ADD; op <= compile.SHR; op++ {
		if op == compile.TRUEDIV || op == compile.POW {
			continue
		}
		for _, a := range edges {
			for _, b := range edges {
				x, y := MakeInt(a), MakeInt(b)
				got, ok := p.intArithmetic(&compile.Instr{Op: op}, &x, &y)
				if !ok {
					continue
				}
				want, err := p.Binary(op, starlark.MakeInt64(a), starlark.MakeInt64(b)) // which leaves numbers to the library
				if err != nil || got.String() != want.String() {
					t.Errorf("%d %s %d = %v, want %v (%v)", a, operators[op].sign, b, got, want, err)
				}
				if eq, _ := starlark.Equal(got, want); !eq {
					t.Errorf("%d %s %d: %v is not equal to the library's", a, operators[op].sign, b, got)
				}
			}
		}
	}
}

// TestLoopIsInlined: the loop is not so big that the compiler calls what it should inline there.
func TestLoopIsInlined(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	said, err := exec.Command("go", "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if !regexp.MustCompile(`loop\.go:\d+:\d+: inlining call to bothSmallAt`).Match(said) {
		t.Error("bothSmallAt is not inlined in the loop: move instructions that are rare from run to rare")
	}
}

// TestBigLayout: big.Int lies as bigLayout says.
func TestBigLayout(t *testing.T) {
	for _, text := range []string{"4294967296", "-4294967297", "340282366920938463463374607431768211455", "-18446744073709551616"} {
		want, _ := new(big.Int).SetString(text, 10)
		got := (*bigLayout)(unsafe.Pointer(want))
		if got.neg != (want.Sign() < 0) || !slices.Equal(got.abs, want.Bits()) || unsafe.Sizeof(*want) != unsafe.Sizeof(*got) {
			t.Errorf("%s lies as %v", text, *got)
		}
	}
}

// TestMagnitudes compares numbers of two words, and results that have them, with the library's.
func TestMagnitudes(t *testing.T) {
	p := new(Process)
	var edges []Value
	for _, k := range []uint{0, 5, 31, 32, 47, 62, 63, 64, 65, 96, 126, 127, 128} {
		for d := int64(-1); d <= 1; d++ {
			i := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), k), big.NewInt(d))
			edges = append(edges, starlark.MakeBigInt(i), starlark.MakeBigInt(new(big.Int).Neg(i)))
		}
	}
	for op := compile.ADD; op <= compile.SHR; op++ {
		for i := range edges {
			for k := range edges {
				x, y := edges[i], edges[k]
				for _, mark := range []uint8{0, compile.FirstTemporary} {
					got, ok := p.intArithmetic(&compile.Instr{Op: op, X: mark}, &x, &y)
					if !ok {
						continue
					}
					want, err := p.Binary(op, x, y)
					if eq, _ := starlark.Equal(got, want); err != nil || !eq || got.String() != want.String() {
						t.Errorf("%v %s %v = %v, want %v (%v)", x, operators[op].sign, y, got, want, err)
					}
				}
			}
		}
	}
}

func TestListLayout(t *testing.T) {
	list := starlark.NewList([]Value{starlark.MakeInt(1), starlark.MakeInt(2)})
	if got := Elems(list); len(got) != 2 || got[1] != list.Index(1) {
		t.Fatalf("Elems = %v", got)
	}
	if err := SetElems(list, Elems(list)[1:]); err != nil || list.String() != "[2]" {
		t.Errorf("SetElems left %v (%v)", list, err)
	}
	if err := list.Append(starlark.None); err != nil || list.String() != "[2, None]" {
		t.Errorf("Append after SetElems left %v (%v)", list, err)
	}
	list.Freeze()
	if SetElems(list, nil) == nil {
		t.Error("SetElems changed a frozen list")
	}
}
