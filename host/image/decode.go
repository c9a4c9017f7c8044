package image

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A decoder reads a payload. Its first error ends it: from then on every read
// returns zero values.
type decoder struct {
	reg      *vm.Registry
	data     []byte // not yet read
	size     int    // of the payload
	objects  []any
	queue    []pending
	late     []table // to be filled at the end
	promised int     // elements that objects were allocated for
	err      error

	protos     map[codeIn]*vm.Proto
	generators []*vm.Generator
	fromHost   []*vm.Module // which are known to the process if anything reaches them

	receiver   *vm.Process // of a message, or nil
	reductions []Reduction // of a pickle

	trace func(number int, k kind, offset int) // for Dump
}

// A pending object is one whose body is still to be read, or a slot of a module.
type pending struct {
	object any
	number int
	kind   kind
	slot   int // of a module, or -1
}

// A table is a dict or set whose keys were not all complete when its body was read.
type table struct {
	of           vm.Value
	keys, values []vm.Value
}

func newDecoder(payload []byte, reg *vm.Registry) *decoder {
	return &decoder{reg: reg, data: payload, size: len(payload)}
}

// fail ends decoding.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errDamaged, fmt.Sprintf(format, args...))
	}
	d.data = nil
}

// take reads n bytes, which the caller must not change. It returns none if there are fewer.
func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.data) {
		d.fail("it ends in the middle")
		return nil
	}
	b := d.data[:n:n]
	d.data = d.data[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) bool() bool { return d.byte() != 0 }

// uint reads a number that fits an int.
func (d *decoder) uint() int {
	x, n := binary.Uvarint(d.data)
	if n <= 0 || x > math.MaxInt {
		d.fail("a number is cut off or too large")
		return 0
	}
	d.data = d.data[n:]
	return int(x)
}

func (d *decoder) uint32() uint32 { return uint32(d.uint()) }

func (d *decoder) int() int64 {
	x, n := binary.Varint(d.data)
	if n <= 0 {
		d.fail("a number is cut off or too large")
		return 0
	}
	d.data = d.data[n:]
	return x
}

func (d *decoder) small() int { return int(d.int()) }

// count reads how many elements follow, each of a byte at least.
func (d *decoder) count() int {
	n := d.uint()
	if n > len(d.data) {
		d.fail("it ends before %d elements", n)
		return 0
	}
	return n
}

// promise reads how many elements a body further on will have.
func (d *decoder) promise() int {
	n := d.count()
	d.promised += n
	if d.promised > d.size {
		d.fail("it is too short for its elements")
		return 0
	}
	return n
}

func (d *decoder) str() string { return stringOf(d.take(d.uint())) }

func (d *decoder) strs() []string {
	s := make([]string, d.count())
	for i := range s {
		s[i] = d.str()
	}
	return s
}

// ref reads a reference to a value, which is nil for an unset variable.
func (d *decoder) ref() vm.Value {
	switch tag := d.byte(); tag {
	case tagUnset:
		return nil
	case tagNone:
		return starlark.None
	case tagFalse:
		return starlark.False
	case tagTrue:
		return starlark.True
	case tagInt:
		return starlark.MakeInt64(d.int())
	case tagBigInt:
		negative := d.bool()
		b := new(big.Int).SetBytes(d.take(d.uint()))
		if negative {
			b.Neg(b)
		}
		return starlark.MakeBigInt(b)
	case tagFloat:
		if b := d.take(8); b != nil {
			return starlark.Float(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		return nil
	case tagString:
		return starlark.String(d.str())
	case tagBytes:
		return starlark.Bytes(d.str())
	case tagRange:
		return d.rangeValue()
	case tagView:
		return d.view()
	case tagEllipsis:
		return vm.Ellipsis
	case tagNotImplemented:
		return vm.NotImplemented
	default:
		return d.value(tag)
	}
}

// value reads the rest of a reference to an object that is a value.
func (d *decoder) value(tag byte) vm.Value {
	v, ok := d.object(tag).(vm.Value)
	if !ok {
		d.fail("a reference to what is no value")
		return nil
	}
	if m, ok := v.(*vm.Module); ok {
		d.mark(m)
	}
	return v
}

// object reads the rest of a reference to an object.
func (d *decoder) object(tag byte) any {
	if tag == tagSeen {
		n := d.uint()
		if n >= len(d.objects) {
			d.fail("a reference to object %d of %d", n, len(d.objects))
			return nil
		}
		return d.objects[n]
	}
	if tag < newObject || kind(tag-newObject) >= numKinds {
		d.fail("a reference of tag %d", tag)
		return nil
	}
	k := kind(tag - newObject)
	number := len(d.objects)
	d.objects = append(d.objects, nil)
	if d.trace != nil {
		d.trace(number, k, d.size-len(d.data))
	}
	v := kinds[k].alloc(d)
	d.objects[number] = v
	if kinds[k].decode != nil {
		d.queue = append(d.queue, pending{v, number, k, -1})
	}
	return v
}

// need reads a reference to a *T. After an error it returns an empty one.
func need[T any](d *decoder) *T {
	if v, ok := d.object(d.byte()).(*T); ok && v != nil {
		return v
	}
	d.fail("a reference to something else than %T", new(T))
	return new(T)
}

func (d *decoder) refs(to ...*vm.Value) {
	for _, v := range to {
		*v = d.ref()
	}
}

func (d *decoder) tupleRef() starlark.Tuple {
	t, ok := d.ref().(starlark.Tuple)
	if !ok {
		d.fail("a reference to something else than a tuple")
	}
	return t
}

func (d *decoder) textRef() string {
	s, ok := d.ref().(starlark.String)
	if !ok {
		d.fail("a reference to something else than a str")
	}
	return string(s)
}

// named finds what the host provides under a name.
func (d *decoder) named() any {
	name := d.str()
	v := d.reg.Lookup(name)
	if v == nil {
		d.fail("there is no builtin %q", name)
	}
	return v
}

func (d *decoder) rangeValue() vm.Value {
	args := make(starlark.Tuple, 3)
	for i := range args {
		args[i] = starlark.MakeInt64(d.int())
	}
	v, err := starlark.Call(new(starlark.Thread), starlark.Universe["range"], args, nil)
	if err != nil {
		d.fail("%v", err)
	}
	return v
}

func (d *decoder) view() vm.Value {
	method, isBytes, text := d.str(), d.bool(), d.str()
	var of starlark.HasAttrs = starlark.String(text)
	if isBytes {
		of = starlark.Bytes(text)
	}
	fn, err := of.Attr(method)
	if fn == nil || err != nil {
		d.fail("a string has no %s", method)
		return nil
	}
	v, err := starlark.Call(new(starlark.Thread), fn, nil, nil)
	if err != nil {
		d.fail("%v", err)
	}
	return v
}

func (d *decoder) shape() any {
	s := need[vm.Class](d).RootShape()
	for _, key := range d.strs() {
		s = s.With(key)
	}
	return s
}

// proto returns the one Proto of a code in a module.
func (d *decoder) proto(code *compile.Code, in *vm.Module) *vm.Proto {
	key := codeIn{code, in}
	if d.protos == nil {
		d.protos = map[codeIn]*vm.Proto{}
	}
	if d.protos[key] == nil {
		d.protos[key] = vm.NewProto(code, in)
	}
	return d.protos[key]
}

func (d *decoder) newPortable() any {
	kind := d.str()
	make, ok := d.reg.Kinds[kind]
	if !ok {
		d.fail("there is no kind %q of values", kind)
		return nil
	}
	return make()
}

// newModule reads what encoder.moduleNames wrote.
func (d *decoder) newModule() any {
	name, file, builtin := d.str(), d.str(), d.bool()
	m := vm.NewModule(name, file)
	if builtin {
		host := d.reg.Module(name)
		if host == nil {
			d.fail("there is no builtin module %q", name)
			return m
		}
		m = host.Copy()
		for _, global := range d.strs() {
			m.Globals.Slot(global)
		}
		return m
	}
	m.Globals = compile.NewGlobals(d.strs())
	if m.FromHost() {
		d.fromHost = append(d.fromHost, m)
	}
	return m
}

// mark reads which slots of a module follow.
func (d *decoder) mark(m *vm.Module) {
	for range d.count() {
		slot := d.uint()
		if slot >= len(m.Globals.Names) {
			d.fail("slot %d of a module that has %d", slot, len(m.Globals.Names))
			return
		}
		d.queue = append(d.queue, pending{m, 0, kindModule, slot})
	}
}

// table fills a dict, or a set if values is nil, at once if its keys are
// scalars. Others may not be complete yet, so that their hashes are not known.
func (d *decoder) table(of vm.Value, keys, values []vm.Value) {
	_, isDict := of.(*starlark.Dict)
	if isDict && len(values) != len(keys) {
		d.fail("a dict of %d keys and %d values", len(keys), len(values))
		return
	}
	t := table{of, keys, values}
	for _, k := range keys {
		switch k.(type) {
		case starlark.String, starlark.Int, starlark.Float, starlark.Bool, starlark.NoneType, starlark.Bytes:
		default:
			d.late = append(d.late, t)
			return
		}
	}
	d.insert(t)
}

func (d *decoder) insert(t table) {
	if slices.Contains(t.keys, nil) || slices.Contains(t.values, nil) {
		d.fail("an unset key or value")
		return
	}
	largePages(vm.Reserve(t.of, len(t.keys)))
	if err := vm.InsertDistinct(t.of, t.keys, t.values); err != nil {
		d.fail("%v", err)
	}
}

// drain reads the bodies of all objects.
func (d *decoder) drain() {
	for i := 0; i < len(d.queue) && d.err == nil; i++ {
		it := d.queue[i]
		d.queue[i].object = nil
		if it.slot >= 0 {
			it.object.(*vm.Module).SetAt(uint32(it.slot), d.ref())
			continue
		}
		kinds[it.kind].decode(d, it.object)
	}
}

// finish does what needs complete objects, and reports the first error.
func (d *decoder) finish() error {
	for _, t := range d.late {
		if d.err == nil {
			d.insert(t)
		}
	}
	for _, g := range d.generators {
		if d.err == nil {
			d.room(g)
		}
	}
	if d.err == nil && len(d.data) > 0 {
		d.fail("%d bytes follow its end", len(d.data))
	}
	return d.err
}

// room gives a generator that is not over a place for each register of its code.
func (d *decoder) room(g *vm.Generator) {
	if g.State == vm.GenDone {
		return
	}
	code := codeOf(g.Fn)
	if code == nil || len(g.Regs) > code.NumRegs || g.PC > len(code.Instrs) {
		d.fail("a generator without its code")
		return
	}
	g.Regs = append(make([]vm.Value, 0, code.NumRegs), g.Regs...)[:code.NumRegs]
}

// codeOf returns the code of a function, or nil if it did not get one.
func codeOf(f *vm.Function) *compile.Code {
	if f.Proto == nil {
		return nil
	}
	return f.Proto.Code
}

// process reads what encoder.process wrote.
func (d *decoder) process(p *vm.Process) {
	p.Limits.Recursion = d.small()
	p.Frames = make([]vm.Frame, d.count())
	regs := make([][]vm.Value, len(p.Frames))
	for i := range p.Frames {
		regs[i] = d.frame(&p.Frames[i])
	}
	for range d.count() {
		name := d.str()
		m := need[vm.Module](d)
		d.mark(m)
		if p.Modules[name] == nil {
			p.Order = append(p.Order, name)
		}
		p.Modules[name] = m
	}
	for range d.count() {
		name := d.str()
		p.State[name] = d.ref()
	}
	d.drain()
	if d.err == nil {
		d.stack(p, regs)
	}
	for _, m := range d.fromHost {
		if m.Name == vm.PreludeName {
			p.Prelude = m
			continue
		}
		p.Modules[m.Name] = m
		p.Order = append(p.Order, m.Name)
	}
}

func (d *decoder) frame(fr *vm.Frame) []vm.Value {
	fr.Fn = need[vm.Function](d)
	fr.PC, fr.Base = d.uint(), d.uint()
	fr.Ret = vm.Action(d.byte())
	fr.Gen, _ = d.ref().(*vm.Generator)
	fr.Self = d.ref()
	regs := make([]vm.Value, d.count())
	for i := range regs {
		regs[i] = d.ref()
	}
	return regs
}

// maxStack bounds the registers that frames may ask for.
const maxStack = 1 << 26

// stack puts the registers of all frames where they belong.
func (d *decoder) stack(p *vm.Process, regs [][]vm.Value) {
	size := 0
	for i := range p.Frames {
		fr := &p.Frames[i]
		code := codeOf(fr.Fn)
		end := 0 // how far behind its last instruction the frame may be; see encoder.frame
		if i < len(p.Frames)-1 {
			end = 1
		}
		if code == nil || fr.PC >= len(code.Instrs)+end || len(regs[i]) > code.NumRegs || fr.Base > size || size > maxStack {
			d.fail("frame %d without its code or place", i)
			return
		}
		size = max(size, fr.Base+code.NumRegs)
	}
	p.Stack = make([]vm.Value, size)
	for i := range p.Frames {
		copy(p.Stack[p.Frames[i].Base:], regs[i])
	}
}
