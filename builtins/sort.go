package builtins

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// Sorting. A key function is called by the prelude, which then hands keys and
// values to sortByFn; so the order itself is found in Go
// unless the keys compare by methods of the script.
//
// The order is found by ranks: numbers in the same order as keys of one kind, or their first elements or bytes. Ranks
// are sorted by their bytes; keys of the same rank are ranked by what comes next in them. Only what has no ranks is compared.
// [by comparisons alone: 50,000 ints 8, strings 20, pairs 15 times as slow]

func sortedFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if key := arg(a, 1); key != nil && key != starlark.None {
		return nil, vm.NeedScript
	}
	elems, err := items(p, a[0])
	if err != nil {
		return nil, err
	}
	return sortedList(p, elems, elems, arg(a, 2))
}

// sortByFn is the prelude's _sort_by(keys, values, reverse) of two lists.
func sortByFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return sortedList(p, vm.Elems(a[0].(*starlark.List)), vm.Elems(a[1].(*starlark.List)), a[2])
}

// sortedList returns a list of the values in the order of their keys. With reverse
// the greatest come first; equal ones stay in their order either way.
func sortedList(p *vm.Process, keys, values []vm.Value, reverse vm.Value) (vm.Value, error) {
	descending := false
	if reverse != nil {
		var err error
		if descending, err = p.Truth(reverse); err != nil {
			return nil, err
		}
	}
	s := sorter{p: p, keys: keys, sequences: sequences(keys)}
	order := make([]place, len(keys))
	for i := range order {
		order[i].at = i
	}
	if descending { // what is sorted backwards and read backwards
		slices.Reverse(order)
	}
	s.sort(order, make([]place, len(order)), 0, 0)
	if s.failed != nil {
		return nil, s.failed
	}
	if descending {
		slices.Reverse(order)
	}
	sorted := make([]vm.Value, len(order))
	for i := range order {
		sorted[i] = values[order[i].at]
	}
	return starlark.NewList(sorted), nil
}

// A sorter sorts the places of keys.
type sorter struct {
	p         *vm.Process
	keys      []vm.Value
	sequences [][]vm.Value // their elements, if all are tuples, or lists
	failed    error        // of the first comparison that did; all later ones are false
}

// A place says where a key stands, and what its rank is among those that it is sorted with.
type place struct {
	rank uint64
	at   int
}

// sequences returns the elements of tuples, or of lists. If there are other values, or both, it returns nil.
func sequences(keys []vm.Value) [][]vm.Value {
	var all [][]vm.Value
	tuples := 0
	for i, key := range keys {
		var elems []vm.Value
		switch key := key.(type) {
		case starlark.Tuple:
			elems = key
			tuples++
		case *starlark.List:
			elems = vm.Elems(key)
		default:
			return nil
		}
		if i == 0 {
			all = make([][]vm.Value, len(keys))
		}
		all[i] = elems
	}
	if tuples > 0 && tuples < len(keys) {
		return nil
	}
	return all
}

const (
	fewKeys    = 4   // are compared at once
	manyKeys   = 200 // are sorted by the bytes of their ranks
	longPrefix = 64  // bytes: strings that have it in common are compared
	stringStep = 7   // bytes of a string make a rank,
	stringGoes = 8   // and how many there were; this stands for more
)

// sort sorts a run of keys that are equal in the elements before elem and, if that is a string, in the bytes
// before offset. It is stable, and asks for x < y only, as Python's sort does. buf is as long as run.
func (s *sorter) sort(run, buf []place, elem, offset int) {
	byRank := func(x, y place) bool { return x.rank < y.rank }
	switch {
	case len(run) <= fewKeys || offset > longPrefix || !s.rank(run, elem, offset):
		mergeSort(run, buf, s.less)
		return
	case len(run) < manyKeys:
		mergeSort(run, buf, byRank)
	case !slices.IsSortedFunc(run, func(x, y place) int { return cmp.Compare(x.rank, y.rank) }):
		radixSort(run, buf)
	}
	_, strings := s.part(run[0].at, elem).(starlark.String)
	for i, j := 0, 0; i < len(run); i = j {
		for j = i + 1; j < len(run) && run[j].rank == run[i].rank; {
			j++
		}
		switch {
		case j == i+1:
		case strings && byte(run[i].rank) == stringGoes:
			s.sort(run[i:j], buf[i:j], elem, offset+stringStep)
		case s.sequences != nil:
			s.sort(run[i:j], buf[i:j], elem+1, 0)
		}
	}
}

// part returns an element of a key that is a sequence, nil if there is none, or another key itself.
func (s *sorter) part(at, elem int) vm.Value {
	if s.sequences == nil {
		return s.keys[at]
	}
	if elem >= len(s.sequences[at]) {
		return nil
	}
	return s.sequences[at][elem]
}

func (s *sorter) less(x, y place) (less bool) {
	if s.failed == nil {
		less, s.failed = s.p.Compare(compile.LT, s.keys[x.at], s.keys[y.at])
	}
	return less
}

// rankers make ranks, each of values of its kind.
var rankers = []func(v vm.Value, offset int) (rank uint64, ok bool){rankInt, rankFloat, rankString, rankBool}

// rank ranks the keys of a run, and reports whether they have ranks.
func (s *sorter) rank(run []place, elem, offset int) bool {
rankers:
	for _, rank := range rankers {
		for i := range run {
			r, ok := rank(s.part(run[i].at, elem), offset)
			if !ok {
				continue rankers
			}
			run[i].rank = r
		}
		return true
	}
	return false
}

func rankInt(v vm.Value, _ int) (uint64, bool) {
	i, ok := vm.WideInt(v)
	return uint64(i) ^ 1<<63, ok
}

// rankFloat ranks floats and such ints as are floats.
func rankFloat(v vm.Value, _ int) (uint64, bool) {
	f, ok := v.(starlark.Float)
	if i, isInt := vm.WideInt(v); isInt {
		f, ok = starlark.Float(i), max(i, -i) < 1<<53
	}
	bits := math.Float64bits(float64(f) + 0) // 0 for -0
	if int64(bits) < 0 {
		return ^bits, ok && f == f
	}
	return bits | 1<<63, ok && f == f
}

func rankString(v vm.Value, offset int) (uint64, bool) {
	text, ok := v.(starlark.String)
	if !ok {
		return 0, false
	}
	rest := text[min(offset, len(text)):]
	if len(rest) >= stringGoes {
		return binary.BigEndian.Uint64([]byte(rest[:8]))&^0xff | stringGoes, true
	}
	var bytes [8]byte
	copy(bytes[:], rest)
	bytes[stringStep] = byte(len(rest))
	return binary.BigEndian.Uint64(bytes[:]), true
}

func rankBool(v vm.Value, _ int) (uint64, bool) {
	b, ok := v.(starlark.Bool)
	if b {
		return 1, ok
	}
	return 0, ok
}

// radixSort sorts by rank, byte by byte from the lowest on, but for bytes that are the same in all.
func radixSort(s, buf []place) {
	var counts [8][256]int
	for i := range s {
		for b := range counts {
			counts[b][byte(s[i].rank>>(8*b))]++
		}
	}
	from, to := s, buf
	for b := range counts {
		next, shift := &counts[b], 8*b
		if next[byte(from[0].rank>>shift)] == len(from) {
			continue
		}
		sum := 0
		for i, n := range next {
			next[i], sum = sum, sum+n
		}
		for _, x := range from {
			i := &next[byte(x.rank>>shift)]
			to[*i] = x
			*i++
		}
		from, to = to, from
	}
	copy(s, from)
}

// mergeSort uses buf, which is as long as s. Sorted input takes one pass.
func mergeSort(s, buf []place, less func(x, y place) bool) {
	if len(s) <= 8 {
		insertionSort(s, less)
		return
	}
	mid := len(s) / 2
	mergeSort(s[:mid], buf[:mid], less)
	mergeSort(s[mid:], buf[mid:], less)
	if !less(s[mid], s[mid-1]) {
		return
	}
	left, right := buf[:copy(buf, s[:mid])], s[mid:]
	for i := range s {
		if len(left) == 0 {
			return
		}
		if len(right) > 0 && less(right[0], left[0]) {
			s[i], right = right[0], right[1:]
		} else {
			s[i], left = left[0], left[1:]
		}
	}
}

func insertionSort(s []place, less func(x, y place) bool) {
	for i := 1; i < len(s); i++ {
		for j := i; j > 0 && less(s[j], s[j-1]); j-- {
			s[j], s[j-1] = s[j-1], s[j]
		}
	}
}
