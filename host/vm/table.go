package vm

import (
	"unsafe"

	"go.starlark.net/starlark"
)

// Dicts and sets without a call. go.starlark.net's hash table calls Hash and Equal of its keys,
// through several interfaces each, and a script that does d[k] += 1 looks the key up twice.
// For keys that are strings, ints of 32 bits and tuples of those, this file looks inside: it finds
// the entry, whose value is read or overwritten in place. Any other key, and any entry that only the
// library can compare with the key, is left to the library. TestTableLayout holds it to the library.
// [measured: the game of life on a dict of tuples 1.17 times as fast]

// tableLayout is the layout of starlark.Dict and starlark.Set (starlark/hashtable.go).
type tableLayout struct {
	table     []bucketLayout // its length is zero or a power of two
	bucket0   [1]bucketLayout
	len       uint32
	itercount uint32
	head      *entryLayout
	tailLink  **entryLayout
	frozen    bool
}

type bucketLayout struct {
	entries [8]entryLayout
	next    *bucketLayout
}

type entryLayout struct {
	hash       uint32 // 0 in one that is free
	key, value Value
	next       *entryLayout // in the order of insertion
	prevLink   **entryLayout
}

func dictTable(d *starlark.Dict) *tableLayout { return (*tableLayout)(unsafe.Pointer(d)) }
func setTable(s *starlark.Set) *tableLayout   { return (*tableLayout)(unsafe.Pointer(s)) }

// stringTab is what marks a starlark.String in an interface.
var stringTab = func() uintptr {
	v := Value(starlark.String("s"))
	return wordsOf(&v).tab
}()

// bothString returns the values of two Strings.
func bothString(x, y Value) (a, b string, ok bool) {
	wx, wy := wordsOf(&x), wordsOf(&y)
	if wx.tab != stringTab || wy.tab != stringTab {
		return "", "", false
	}
	return *(*string)(wx.data), *(*string)(wy.data), true
}

// equalPlain is x == y for small ints and for strings; known is false for others.
func equalPlain(x, y Value) (equal, known bool) {
	if a, b, ok := bothSmall(x, y); ok {
		return a == b, true
	}
	a, b, ok := bothString(x, y)
	return ok && a == b, ok
}

// plainHash returns the library's hash of a key that is a string, a small int
// or a tuple of those.
func plainHash(key Value) (uint32, bool) {
	if i, ok := SmallInt(key); ok {
		return max(12582917*uint32(i+3), 1), true // as Int.Hash; 0 is not used
	}
	var h uint32
	switch k := key.(type) {
	case starlark.String:
		h, _ = k.Hash()
	case starlark.Tuple:
		for i := range k {
			if tab := wordsOf(&k[i]).tab; tab != stringTab && (tab != intTab || !isSmall(wordsOf(&k[i]).data)) {
				return 0, false
			}
		}
		h, _ = k.Hash()
	default:
		return 0, false
	}
	return max(h, 1), true
}

// samePlain compares a key that has a plainHash with that of an entry; known
// is false if that takes the library.
func samePlain(key, other Value) (same, known bool) {
	k, o := wordsOf(&key), wordsOf(&other)
	switch {
	case k.tab != o.tab:
		return false, false // 1 and 1.0 are the same key
	case k.data == o.data:
		return true, true
	case k.tab == stringTab:
		return *(*string)(k.data) == *(*string)(o.data), true
	case k.tab == intTab:
		return false, isSmall(o.data)
	}
	x, y := key.(starlark.Tuple), other.(starlark.Tuple)
	if len(x) != len(y) {
		return false, true
	}
	for i := range x {
		if same, known := samePlain(x[i], y[i]); !same || !known {
			return false, known
		}
	}
	return true, true
}

// find returns the entry of a key, or nil; known is false if the library has to
// be asked. free is a place in the key's chain of buckets for an entry, if there is one.
func (t *tableLayout) find(key Value) (e, free *entryLayout, hash uint32, known bool) {
	if hash, known = plainHash(key); !known || len(t.table) == 0 {
		return nil, nil, hash, known
	}
	for b := &t.table[hash&uint32(len(t.table)-1)]; b != nil; b = b.next {
		for i := range b.entries {
			e := &b.entries[i]
			if e.hash != hash {
				if e.hash == 0 {
					free = e
				}
				continue
			}
			same, known := samePlain(key, e.key)
			if !known {
				return nil, nil, 0, false
			}
			if same {
				return e, nil, hash, true
			}
		}
	}
	return nil, free, hash, true
}

// get looks a key up.
func (t *tableLayout) get(key Value) (v Value, found, known bool) {
	e, _, _, known := t.find(key)
	if e == nil {
		return nil, false, known
	}
	return e.value, true, true
}

// set sets the value of a key, and reports whether it did: the library can do more, such as grow.
func (t *tableLayout) set(key, v Value) bool {
	if t.frozen || t.itercount > 0 {
		return false
	}
	e, free, hash, known := t.find(key)
	if e != nil {
		e.value = v
		return true
	}
	if !known || free == nil || t.len >= 8 && 2*int(t.len) >= 13*len(t.table) { // overloaded
		return false
	}
	free.hash, free.key, free.value = hash, key, v
	free.prevLink = t.tailLink
	*t.tailLink = free
	t.tailLink = &free.next
	t.len++
	return true
}

// DictGet is d.Get(key).
func DictGet(d *starlark.Dict, key Value) (v Value, found bool, err error) {
	if v, found, known := dictTable(d).get(key); known {
		return v, found, nil
	}
	return d.Get(key)
}

// SetHas is s.Has(key).
func SetHas(s *starlark.Set, key Value) (bool, error) {
	if _, found, known := setTable(s).get(key); known {
		return found, nil
	}
	return s.Has(key)
}
