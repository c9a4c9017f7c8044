package vm

import (
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"go.starlark.net/starlark"
)

// TestStrings makes strings of all lengths in all ways, many alive at a time and with collections between,
// and compares them with those of the library.
func TestStrings(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	p := new(Process)
	random := func() string {
		b := make([]byte, r.Intn(3*shortString/2))
		r.Read(b)
		return string(b)
	}
	var got, want []Value
	makers := []func(s string) Value{
		p.MakeString,
		func(s string) Value { return p.StringOf([]byte(s)) },
		func(s string) Value {
			v, bytes := p.NewString(len(s))
			copy(bytes, s)
			return v
		},
		func(s string) Value {
			i := r.Intn(len(s) + 1)
			return p.join(starlark.String(s[:i]), starlark.String(s[i:]), s[:i], s[i:])
		},
		func(s string) Value {
			i := r.Intn(len(s) + 1)
			return p.concat([]Value{starlark.String(s[:i]), emptyString, starlark.String(s[i:])})
		},
		func(s string) Value { return Strings([]string{"", s})[1] },
	}
	for i := range 10000 {
		s := random()
		got, want = append(got, makers[r.Intn(len(makers))](s)), append(want, starlark.String(s))
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("string %d is %q, want %q", i, got[i], want[i])
		}
	}
}

// TestAppendedStrings appends to one string and to what it was before, as x += y and z = x + y do in turn.
func TestAppendedStrings(t *testing.T) {
	p := new(Process)
	add := func(x Value, s string) Value {
		return p.join(x, starlark.String(s), string(x.(starlark.String)), s)
	}
	x, want := emptyString, ""
	var all []Value
	for range 1000 {
		if other := add(x, "other"); other != Value(starlark.String(want+"other")) {
			t.Fatalf("x + 'other' is %v", other)
		}
		for range 7 {
			x, want = add(x, "y"), want+"y"
			all = append(all, x)
		}
	}
	for i, v := range all {
		if v != Value(starlark.String(want[:i+1])) {
			t.Fatalf("the string of %d appended is %v", i+1, v)
		}
	}
}

// TestShortStringIsCopied holds what lets a short string live on without the long one that it was cut from.
func TestShortStringIsCopied(t *testing.T) {
	long := strings.Repeat("long ", 1000)
	part := string(new(Process).MakeString(long[5:9]).(starlark.String))
	first, last := uintptr(unsafe.Pointer(unsafe.StringData(long))), uintptr(len(long))
	if at := uintptr(unsafe.Pointer(unsafe.StringData(part))); at-first < last {
		t.Error("the short string lies in the long one")
	}
}
