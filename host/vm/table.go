package vm

import (
	"math/bits"
	"slices"
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// Dicts and sets without a call. go.starlark.net's hash table calls Hash and Equal of its keys,
// through several interfaces each, and a script that does d[k] += 1 looks the key up twice.
// For keys that are strings, ints of 32 bits and tuples of those, this file looks inside: it finds
// the entry, whose value is read or overwritten in place. Any other key, and any entry that only the
// library can compare with the key, is left to the library. TestTableLayout holds it to the library.
// [a table that grows to 100,000 ints, and lookups in it: 1.3 times as fast; unions and differences of sets: 1.6 times]

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

const bucketSize = 8

type bucketLayout struct {
	entries [bucketSize]entryLayout
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

// tableOf returns the table of a dict or set.
func tableOf(v Value) *tableLayout {
	if d, ok := v.(*starlark.Dict); ok {
		return dictTable(d)
	}
	return setTable(v.(*starlark.Set))
}

// hashed returns the keys of a dict or set that have a hash.
func hashed(table Value, hash uint32) []Value {
	t := tableOf(table)
	if len(t.table) == 0 {
		return nil
	}
	hash = max(hash, 1) // 0 is not used
	var keys []Value
	for b := &t.table[hash&uint32(len(t.table)-1)]; b != nil; b = b.next {
		for i := range b.entries {
			if e := &b.entries[i]; e.hash == hash {
				keys = append(keys, e.key)
			}
		}
	}
	return keys
}

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
	if w := wordsOf(&key); w.tab == tupleTab {
		h, plain := tupleHash(*(*starlark.Tuple)(w.data))
		return max(h, 1), plain
	}
	if n, ok := key.(*Native); ok && n.Makes != "" {
		h, _ := n.Hash()
		return max(h, 1), true
	}
	h, plain := scalarHash(&key)
	return max(h, 1), plain // 0 is not used
}

// scalarHash is plainHash of what is no tuple, with 0.
func scalarHash(key *Value) (uint32, bool) {
	w := wordsOf(key)
	switch {
	case w.tab == stringTab:
		h, _ := (*(*starlark.String)(w.data)).Hash()
		return h, true
	case w.tab == intTab && isSmall(w.data):
		i, _ := SmallInt(*key)
		return 12582917 * uint32(i+3), true // as Int.Hash
	}
	return 0, false
}

// tupleHash is Tuple.Hash of scalars.
func tupleHash(t starlark.Tuple) (uint32, bool) {
	var h, factor uint32 = 0x345678, 1000003
	for i := range t {
		x, plain := scalarHash(&t[i])
		if !plain {
			return 0, false
		}
		h ^= x * factor
		factor += 82520 + uint32(2*len(t))
	}
	return h, true
}

// samePlain compares a key that has a plainHash with that of an entry; known
// is false if that takes the library.
func samePlain(key, other Value) (same, known bool) {
	k, o := wordsOf(&key), wordsOf(&other)
	switch {
	case k.tab != o.tab:
		if s, ok := key.(starlark.String); ok && namesType(s, other) {
			return true, true
		}
		s, ok := other.(starlark.String)
		return ok && namesType(s, key), ok // otherwise 1 and 1.0 are the same key
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
		if *wordsOf(&x[i]) == *wordsOf(&y[i]) {
			continue
		}
		if same, known := samePlain(x[i], y[i]); !same || !known {
			return false, known
		}
	}
	return true, true
}

// find returns the entry of a key, or nil; known is false if the library has to
// be asked.
func (t *tableLayout) find(key Value) (e *entryLayout, hash uint32, known bool) {
	if hash, known = plainHash(key); !known {
		return nil, 0, false
	}
	e, known = t.findHashed(key, hash)
	return e, hash, known
}

func (t *tableLayout) findHashed(key Value, hash uint32) (e *entryLayout, known bool) {
	if len(t.table) == 0 {
		return nil, true
	}
	b := &t.table[hash&uint32(len(t.table)-1)]
	if e = &b.entries[t.favourite(hash)]; e.hash == hash {
		if same, known := samePlain(key, e.key); same || !known {
			return e, known
		}
	}
	for ; b != nil; b = b.next {
		for i := range b.entries {
			e := &b.entries[i]
			if e.hash != hash {
				continue
			}
			if same, known := samePlain(key, e.key); same || !known {
				return e, known
			}
		}
	}
	return nil, true
}

// favourite returns where in its bucket an entry is put if nobody is there yet, and looked for first: a bucket is
// eight cache lines long. The library takes any place, and looks everywhere.
func (t *tableLayout) favourite(hash uint32) uint32 {
	return hash >> (uint(bits.TrailingZeros32(uint32(len(t.table)))) & 31) & 7
}

// get looks a key up.
func (t *tableLayout) get(key Value) (v Value, found, known bool) {
	e, _, known := t.find(key)
	if e == nil || !known {
		return nil, false, known
	}
	return e.value, true, true
}

// set sets the value of a key, and reports whether it did.
func (t *tableLayout) set(key, v Value) bool {
	if t.frozen || t.itercount > 0 {
		return false
	}
	e, hash, known := t.find(key)
	if !known {
		return false
	}
	if e != nil {
		e.value = v
	} else {
		t.add(hash, key, v)
	}
	return true
}

// add adds an entry for a key that is not there.
func (t *tableLayout) add(hash uint32, key, v Value) {
	if len(t.table) == 0 {
		t.table = t.bucket0[:]
		t.tailLink = &t.head
	}
	if t.len >= 8 && 2*int(t.len) >= 13*len(t.table) {
		t.grow()
	}
	t.append(hash, key, v)
	t.len++
}

// reserve makes an empty table as large as the library makes one for n elements.
func (t *tableLayout) reserve(n int) {
	buckets := 1
	for n >= 8 && 2*n >= 13*buckets {
		buckets *= 2
	}
	if buckets > 1 && len(t.table) == 0 {
		t.table = make([]bucketLayout, buckets)
		t.tailLink = &t.head
	}
}

// append puts a key in its bucket and at the end of the order.
func (t *tableLayout) append(hash uint32, key, v Value) {
	t.put(t.room(hash), hash, key, v)
}

// put fills a free entry and puts it at the end of the order.
func (t *tableLayout) put(e *entryLayout, hash uint32, key, v Value) {
	e.hash, e.key, e.value = hash, key, v
	e.prevLink = t.tailLink
	*t.tailLink = e
	t.tailLink = &e.next
}

// room returns a free entry in the bucket of a hash.
func (t *tableLayout) room(hash uint32) *entryLayout {
	b := &t.table[hash&uint32(len(t.table)-1)]
	if e := &b.entries[t.favourite(hash)]; e.hash == 0 {
		return e
	}
	for ; ; b = b.next {
		for i := range b.entries {
			if b.entries[i].hash == 0 {
				return &b.entries[i]
			}
		}
		if b.next == nil {
			b.next = new(bucketLayout)
		}
	}
}

// grow doubles the number of buckets. The library would hash all keys again, and compare them. It goes through the
// buckets as they lie, twice: along the order of insertion, each entry would be waited for. [the same, by that order: 1.6 times as slow]
func (t *tableLayout) grow() {
	old, first := t.table, t.head
	t.table = make([]bucketLayout, 2*len(old))
	for i := range old {
		for b := &old[i]; b != nil; b = b.next {
			for j := range b.entries {
				if e := &b.entries[j]; e.hash != 0 {
					moved := t.room(e.hash)
					moved.hash, moved.key, moved.value = e.hash, e.key, e.value
					e.prevLink = &moved.next // from here on it leads to what e has become
				}
			}
		}
	}
	t.head = movedTo(first)
	t.head.prevLink = &t.head
	for i := range old {
		for b := &old[i]; b != nil; b = b.next {
			for j := range b.entries {
				e := &b.entries[j]
				switch {
				case e.hash == 0:
				case e.next == nil:
					t.tailLink = e.prevLink
				default:
					next := movedTo(e.next)
					next.prevLink, *e.prevLink = e.prevLink, next
				}
			}
		}
	}
	t.bucket0[0] = bucketLayout{}
}

// movedTo returns what an entry of the old table has become.
func movedTo(e *entryLayout) *entryLayout {
	return (*entryLayout)(unsafe.Add(unsafe.Pointer(e.prevLink), -int(unsafe.Offsetof(e.next))))
}

// AppendEntries appends the keys of a dict or set to keys, in their order, and the values to values.
//
// In a large table that order goes to and fro, and the place of the next entry, which stands in the entry, would be
// waited for 100,000 times. So it is first written down for all entries as they lie: that is little memory and stays
// near, and the processor can fetch many entries at once. [100,000 entries: a third of the time]
func AppendEntries(table Value, keys, values []Value) (k, v []Value) {
	t := tableOf(table)
	keys, values = slices.Grow(keys, int(t.len)), slices.Grow(values, int(t.len))
	next := t.nextPlaces()
	e, at := t.head, far
	for e != nil {
		keys, values = append(keys, e.key), append(values, e.value)
		if at != far {
			at = next[at]
		}
		if at != far {
			e = &t.table[at/bucketSize].entries[at%bucketSize]
		} else if e = e.next; next != nil {
			at = t.place(e)
		}
	}
	return keys, values
}

// far is the place of an entry that is not in the table itself but in a bucket that has been
// added to one of its, and of none.
const far = ^uint32(0)

// place returns the place of an entry in the table.
func (t *tableLayout) place(e *entryLayout) uint32 {
	const size = unsafe.Sizeof(bucketLayout{})
	at := uintptr(unsafe.Pointer(e)) - uintptr(unsafe.Pointer(&t.table[0]))
	if at >= size*uintptr(len(t.table)) {
		return far
	}
	return uint32(at/size*bucketSize + at%size/unsafe.Sizeof(entryLayout{}))
}

// nextPlaces returns, by the place of an entry, that of the next; nil of a table
// that is near as it is.
func (t *tableLayout) nextPlaces() []uint32 {
	if len(t.table) < 1<<10 {
		return nil
	}
	next := make([]uint32, bucketSize*len(t.table))
	for i := range t.table {
		for j := range t.table[i].entries {
			if e := &t.table[i].entries[j]; e.hash != 0 {
				next[bucketSize*i+j] = t.place(e.next)
			}
		}
	}
	return next
}

// Reserve makes room for n keys in an empty dict or set, and returns the memory of its buckets.
func Reserve(table Value, n int) []byte {
	t := tableOf(table)
	t.reserve(n)
	if len(t.table) == 0 {
		t.table, t.tailLink = t.bucket0[:], &t.head
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&t.table[0])), len(t.table)*int(unsafe.Sizeof(bucketLayout{})))
}

// fill puts distinct keys with their values, or None without, into an empty dict or set that has room for them. It
// returns how many it put: those before the first whose hash only the library knows. It does not look at
// the buckets before it writes, which for a large table would cost more than all the rest.
func (t *tableLayout) fill(keys, values []Value) int {
	var few [64]uint8
	used := few[:] // by bucket, a bit for each of its entries
	if len(t.table) > len(few) {
		used = make([]uint8, len(t.table))
	}
	for i, k := range keys {
		hash, plain := plainHash(k)
		if !plain || len(t.table) == 0 {
			return i
		}
		v := Value(starlark.None)
		if values != nil {
			v = values[i]
		}
		at := hash & uint32(len(t.table)-1)
		e := t.favourite(hash)
		if used[at]>>e&1 != 0 {
			e = uint32(bits.TrailingZeros8(^used[at]))
		}
		if e < bucketSize {
			used[at] |= 1 << e
			t.put(&t.table[at].entries[e], hash, k, v)
		} else {
			t.put(t.room(hash), hash, k, v)
		}
		t.len++
	}
	return len(keys)
}

// setOperation does |, & and - of two sets, in the order that the library gives the result. It returns nil if
// the library has to compare the elements.
func setOperation(op compile.Opcode, x, y *starlark.Set) Value {
	from, other, wanted := setTable(x), setTable(y), false
	size := x.Len()
	switch op {
	case compile.OR:
		from, other, size = other, from, x.Len()+y.Len() // what is new in y, after all of x
	case compile.AND:
		from, other, wanted = other, from, true
		size = 0
	case compile.SUB:
	default:
		return nil
	}
	z := starlark.NewSet(size)
	result := setTable(z)
	if op == compile.OR {
		for e := other.head; e != nil; e = e.next {
			result.add(e.hash, e.key, e.value)
		}
	}
	for e := from.head; e != nil; e = e.next {
		if _, plain := plainHash(e.key); !plain {
			return nil
		}
		same, known := other.findHashed(e.key, e.hash)
		if !known {
			return nil
		}
		if (same != nil) == wanted {
			result.add(e.hash, e.key, e.value)
		}
	}
	return z
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
