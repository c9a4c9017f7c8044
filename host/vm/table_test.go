package vm

import (
	"fmt"
	"math/rand"
	"testing"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// TestTableLayout does the same to two dicts, and to two sets, by the library and by
// what looks inside of it.
func TestTableLayout(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	keys := []func() Value{
		func() Value { return MakeInt(r.Int63n(300) - 100) },
		func() Value { return MakeInt(1<<40 + r.Int63n(20)) },
		func() Value { return starlark.Float(r.Int63n(100)) },
		func() Value { return starlark.String(fmt.Sprint(r.Int63n(200))) },
		func() Value { return starlark.String(fmt.Sprintf("a long string, number %d", r.Int63n(100))) },
		func() Value { return starlark.Tuple{MakeInt(r.Int63n(9)), starlark.String(fmt.Sprint(r.Int63n(9)))} },
		func() Value { return starlark.Tuple{MakeInt(r.Int63n(9)), starlark.Float(r.Int63n(9))} },
		func() Value { return starlark.Tuple{} },
		func() Value { return starlark.None },
	}
	want, got := new(starlark.Dict), new(starlark.Dict)
	wantSet, gotSet := new(starlark.Set), new(starlark.Set)
	plain := 0
	for i := range 20000 {
		key, v := keys[r.Intn(len(keys))](), MakeInt(int64(i))
		if r.Intn(3) == 0 {
			want.Delete(key)
			got.Delete(key)
			wantSet.Delete(key)
			gotSet.Delete(key)
			continue
		}
		want.SetKey(key, v)
		if dictTable(got).set(key, v) {
			plain++
		} else {
			got.SetKey(key, v)
		}
		wantSet.Insert(key)
		if !setTable(gotSet).set(key, starlark.None) {
			gotSet.Insert(key)
		}
		other := keys[r.Intn(len(keys))]()
		x, found1, _ := want.Get(other)
		y, found2, err := DictGet(got, other)
		if found1 != found2 || found1 && x != y || err != nil {
			t.Fatalf("step %d: DictGet(%v) = %v, %v (%v), want %v, %v", i, other, y, found2, err, x, found1)
		}
		has, err := SetHas(gotSet, other)
		if want, _ := wantSet.Has(other); has != want || err != nil {
			t.Fatalf("step %d: SetHas(%v) = %v (%v), want %v", i, other, has, err, want)
		}
		if i%100 == 0 && (want.String() != got.String() || wantSet.String() != gotSet.String()) {
			t.Fatalf("step %d: %v, %v\nwant %v, %v", i, got, gotSet, want, wantSet)
		}
	}
	other := new(starlark.Set)
	for range 50 {
		other.Insert(keys[r.Intn(len(keys))]())
	}
	for _, op := range []compile.Opcode{compile.OR, compile.AND, compile.SUB, compile.XOR} {
		want, err := starlark.Binary(operators[op].token, wantSet, other)
		got, err2 := new(Process).Binary(op, gotSet, other)
		if err != nil || err2 != nil || got.String() != want.String() {
			t.Errorf("%s: %v (%v), want %v (%v)", operators[op].sign, got, err2, want, err)
		}
	}
	if plain < 5000 {
		t.Errorf("only %d keys were set without the library", plain)
	}
	got.Freeze()
	if dictTable(got).set(MakeInt(1), starlark.None) {
		t.Error("set changed a frozen dict")
	}
	evens, threes := new(starlark.Set), new(starlark.Set)
	for i := range 500 {
		setTable(evens).set(MakeInt(int64(2*i)), starlark.None)
		threes.Insert(MakeInt(int64(3 * i)))
	}
	for _, op := range []compile.Opcode{compile.OR, compile.AND, compile.SUB} {
		want, _ := starlark.Binary(operators[op].token, evens, threes)
		if got := setOperation(op, evens, threes); got == nil || got.String() != want.String() {
			t.Errorf("%s of sets of ints: %v, want %v", operators[op].sign, got, want)
		}
	}
	it := want.Iterate()
	defer it.Done()
	if dictTable(want).set(MakeInt(1), starlark.None) {
		t.Error("set changed a dict that is iterated over")
	}
}
