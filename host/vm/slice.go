package vm

import (
	"go.starlark.net/starlark"
)

// bounds returns the indices that a slice means in a sequence of n elements:
// from start, step by step, count of them. It follows PySlice_AdjustIndices.
func (s *Slice) bounds(n int) (start, step, count int, err error) {
	step = 1
	if s.Step != starlark.None {
		if step, err = sliceIndex(s.Step, 1); err != nil {
			return
		}
		if step == 0 {
			return 0, 0, 0, Raise(ValueError, "slice step cannot be zero")
		}
	}
	lo, hi := 0, n
	first, last := 0, n
	if step < 0 {
		lo, hi = n-1, -1
		first, last = -1, n-1
	}
	clamp := func(v Value, def int) (int, error) {
		if v == starlark.None {
			return def, nil
		}
		i, err := sliceIndex(v, n)
		if i < 0 {
			i += n
		}
		return min(max(i, first), last), err
	}
	if lo, err = clamp(s.Lo, lo); err != nil {
		return
	}
	if hi, err = clamp(s.Hi, hi); err != nil {
		return
	}
	switch {
	case step > 0 && lo < hi:
		count = (hi-lo-1)/step + 1
	case step < 0 && hi < lo:
		count = (lo-hi-1)/(-step) + 1
	}
	return lo, step, count, nil
}

// sliceIndex returns a bound as an int; one too large to be one is cut, which
// is far outside of every sequence.
func sliceIndex(v Value, n int) (int, error) {
	i, ok := unbool(v).(starlark.Int)
	if !ok && overrides(v, "__index__") {
		return 0, NeedScript
	}
	if !ok {
		return 0, Raise(TypeError, "slice indices must be integers or None or have an __index__ method")
	}
	const far = 1 << 40
	x, ok := i.Int64()
	if !ok {
		x = int64(i.Sign()) * far
	}
	return int(min(max(x, -far), far)), nil
}

// part returns x[lo:hi:step] of a string, list or tuple by small ints without a step, or nil: no slice has to be made
// for those. [a slice of a string: twice as fast]
func (p *Process) part(x, lo, hi, step Value) Value {
	n := 0
	switch x := x.(type) {
	case starlark.String:
		n = len(x)
	case *starlark.List:
		n = x.Len()
	case starlark.Tuple:
		n = len(x)
	default:
		return nil
	}
	i, ok := cut(lo, 0, n)
	j, too := cut(hi, n, n)
	if !ok || !too || step != starlark.None {
		return nil
	}
	j = max(i, j)
	switch elems := x.(type) {
	case *starlark.List:
		return starlark.NewList(append([]Value(nil), Elems(elems)[i:j]...))
	case starlark.String:
		if j-i < n {
			return p.MakeString(string(elems[i:j]))
		}
	case starlark.Tuple:
		if j-i < n {
			return NewTuple(elems[i:j]...)
		}
	}
	return x
}

// cut returns where in n elements a bound is that is None or a small int.
func cut(bound Value, none, n int) (int, bool) {
	if bound == starlark.None {
		return none, true
	}
	i, ok := SmallInt(bound)
	if i < 0 {
		i += int64(n)
	}
	return int(min(max(i, 0), int64(n))), ok
}

func (p *Process) getSlice(x Value, s *Slice) (Value, error) {
	switch x := x.(type) {
	case *Instance, *Exception:
		if overrides(x, "__getitem__") {
			return nil, NeedScript
		}
	case *starlark.Dict:
		return nil, Raise(TypeError, "unhashable type: 'slice'")
	case starlark.String:
		start, step, count, err := s.bounds(len(x))
		if err != nil {
			return nil, err
		}
		if step == 1 {
			return p.MakeString(string(x[start : start+count])), nil
		}
		return p.StringOf(pickBytes(string(x), start, step, count)), nil
	case starlark.Bytes, *starlark.List, starlark.Tuple:
		n := starlark.Len(x)
		start, step, count, err := s.bounds(n)
		if err != nil {
			return nil, err
		}
		return pick(x, start, step, count), nil
	case starlark.Sliceable:
		start, step, count, err := s.bounds(x.Len())
		if err != nil {
			return nil, err
		}
		return x.Slice(start, start+count*step, step), nil
	}
	return nil, Raise(TypeError, "'%s' object is not subscriptable", TypeName(x))
}

// pick returns the elements start, start+step … of a sequence.
func pick(x Value, start, step, count int) Value {
	switch x := x.(type) {
	case starlark.Bytes:
		if step == 1 {
			return x[start : start+count]
		}
		return starlark.Bytes(pickBytes(string(x), start, step, count))
	case starlark.Tuple:
		if step == 1 && count == len(x) {
			return x
		}
		elems := make(starlark.Tuple, count)
		for i := range elems {
			elems[i] = x[start+i*step]
		}
		return elems
	case *starlark.List:
		elems := make([]Value, count)
		for i := range elems {
			elems[i] = x.Index(start + i*step)
		}
		return starlark.NewList(elems)
	}
	panic("pick: not a sequence")
}

func pickBytes(s string, start, step, count int) []byte {
	b := make([]byte, count)
	for i := range b {
		b[i] = s[start+i*step]
	}
	return b
}

func (p *Process) setSlice(x Value, s *Slice, v Value) error {
	if b, ok := x.(*ByteArray); ok {
		return p.setBytes(b, s, v)
	}
	list, ok := x.(*starlark.List)
	if !ok {
		if overrides(x, "__setitem__") {
			return NeedScript
		}
		return Raise(TypeError, "'%s' object does not support item assignment", TypeName(x))
	}
	if !Iterable(v) {
		return Raise(TypeError, "can only assign an iterable")
	}
	elems, err := p.Iterate(v)
	if err != nil {
		return err
	}
	start, step, count, err := s.bounds(list.Len())
	if err != nil {
		return err
	}
	if step == 1 {
		return splice(list, start, start+count, elems)
	}
	if len(elems) != count {
		return Raise(ValueError, "attempt to assign sequence of size %d to extended slice of size %d", len(elems), count)
	}
	for i, e := range elems {
		if err := list.SetIndex(start+i*step, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *Process) delSlice(x Value, s *Slice) error {
	if b, ok := x.(*ByteArray); ok {
		return b.deleteBytes(s)
	}
	list, ok := x.(*starlark.List)
	if !ok {
		if overrides(x, "__delitem__") {
			return NeedScript
		}
		return noDeletion(x)
	}
	start, step, count, err := s.bounds(list.Len())
	if err != nil || count == 0 {
		return err
	}
	if step < 0 {
		start, step = start+(count-1)*step, -step
	}
	if step == 1 {
		return splice(list, start, start+count, nil)
	}
	var kept []Value
	for i := range list.Len() {
		if d := i - start; d < 0 || d%step != 0 || d/step >= count {
			kept = append(kept, list.Index(i))
		}
	}
	return splice(list, 0, list.Len(), kept)
}

// splice replaces elements [i, j) of a list.
func splice(list *starlark.List, i, j int, elems []Value) error {
	tail := make([]Value, 0, len(elems)+list.Len()-j)
	tail = append(tail, elems...)
	for k := j; k < list.Len(); k++ {
		tail = append(tail, list.Index(k))
	}
	return rewrite(list, i, tail)
}

// rewrite replaces all elements from i on. go.starlark.net's List grows only
// by Append and shrinks only by Clear.
func rewrite(list *starlark.List, i int, tail []Value) error {
	if i+len(tail) < list.Len() {
		head := make([]Value, i)
		for k := range head {
			head[k] = list.Index(k)
		}
		if err := list.Clear(); err != nil {
			return err
		}
		tail = append(head, tail...)
		i = 0
	}
	for k, v := range tail {
		var err error
		if i+k < list.Len() {
			err = list.SetIndex(i+k, v)
		} else {
			err = list.Append(v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
