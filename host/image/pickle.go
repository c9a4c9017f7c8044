package image

import (
	"hash/crc32"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A pickle is a message for whoever may read it, on another day perhaps and in another program. So it
// has data only: no code (functions and classes go by their names or not at all), nothing that belongs to
// a process, no traceback of an exception. And instances whose class says what is to be written of them
// are written so: the caller asks them, for that is the script's code, and makes the pickle again.

// A Reduction is what a pickle has in the place of an instance.
type Reduction struct {
	Of *vm.Instance
	As vm.Value
}

// hookNames are the methods by which a class says what is to be written of its instances.
var hookNames = []string{"__reduce_ex__", "__reduce__", "__getstate__", "__setstate__"}

// A pickling is what an encoder knows of a pickle.
type pickling struct {
	as     map[*vm.Instance]vm.Value
	hooked map[*vm.Class]bool
	found  []*vm.Instance
}

// AppendPickle appends a value as a pickle to buf. If it returns instances, the
// pickle is worth nothing: those lack a reduction.
func AppendPickle(buf []byte, p *vm.Process, v vm.Value, reductions []Reduction) ([]byte, []*vm.Instance, error) {
	e := &encoder{reg: p.Reg, buf: buf, cur: -1, sender: p, ids: map[identity]int{}}
	e.pickle = &pickling{as: map[*vm.Instance]vm.Value{}, hooked: map[*vm.Class]bool{}}
	for _, r := range reductions {
		e.pickle.as[r.Of] = r.As
	}
	e.ref(v)
	e.drain()
	return e.buf, e.pickle.found, e.err
}

// DecodePickle reads what AppendPickle wrote. The instances of the reductions, which are in the order in which they
// were met, are empty. The value keeps pointers into data.
func DecodePickle(data []byte, p *vm.Process) (vm.Value, []Reduction, error) {
	d := &decoder{reg: p.Reg, data: data, size: len(data), receiver: p}
	v := d.ref()
	d.drain()
	return v, d.reductions, d.finish()
}

// pickled writes what is different in a pickle. It reports whether v was.
func (e *encoder) pickled(v vm.Value) bool {
	switch v := v.(type) {
	case *vm.Class:
		return !v.Builtin && e.nameOnly(v)
	case *vm.Function:
		return e.nameOnly(v)
	case *vm.Module, *vm.Generator, *vm.Traceback, vm.Local:
		e.fail(v, "")
		return true
	case *vm.Instance:
		return e.reduced(v)
	}
	return false
}

func (e *encoder) nameOnly(v vm.Value) bool {
	if !e.global(v) {
		e.fail(v, "")
	}
	return true
}

func (e *encoder) reduced(x *vm.Instance) bool {
	if !e.pickle.hooks(x.Shape.Class) || e.global(x) {
		return false
	}
	as, known := e.pickle.as[x]
	if !known {
		as = starlark.None
		e.pickle.as[x] = as
		e.pickle.found = append(e.pickle.found, x)
	}
	if !e.seen(identity{address(x), -1}, kindReduced) {
		e.ref(x.Shape.Class)
		e.enqueue(&Reduction{x, as})
	}
	return true
}

func (s *pickling) hooks(c *vm.Class) bool {
	has, known := s.hooked[c]
	for i := 0; i < len(hookNames) && !known && !has; i++ {
		has = c.Find(hookNames[i]) != nil
	}
	s.hooked[c] = has
	return has
}

// withoutHistory returns what a pickle has of an exception: as in CPython, not where it has been and not what led to it.
func withoutHistory(x *vm.Exception) *vm.Exception {
	return &vm.Exception{Instance: x.Instance, Args: x.Args}
}

// newReduced makes the instance in whose place there is a reduction.
func newReduced(d *decoder) any {
	return &vm.Instance{Shape: need[vm.Class](d).RootShape()}
}

func decodeReduced(d *decoder, v any) {
	d.reductions = append(d.reductions, Reduction{v.(*vm.Instance), d.ref()})
}

// PickleFormat returns a number that differs between programs which number the kinds of objects differently.
func PickleFormat() uint32 {
	names := []string{magic}
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return crc32.ChecksumIEEE([]byte(strings.Join(names, "\n")))
}
