package vm

import (
	"math"
	"math/big"
	"mpstar/host/compile"
	"testing"

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
				got, ok := p.wideArithmetic(op, MakeInt(a), MakeInt(b))
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
