package image

import (
	"encoding/binary"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"mpstar/host/compile"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The tags of references; a new object's tag is newObject plus its kind.
const (
	tagUnset = iota
	tagNone
	tagFalse
	tagTrue
	tagInt
	tagBigInt
	tagFloat
	tagString
	tagBytes
	tagRange
	tagView
	tagEllipsis
	tagNotImplemented
	tagSeen
	newObject
)

// An identity tells objects apart: by address, and for a tuple, which is a
// slice, by length too.
type identity struct {
	at unsafe.Pointer
	n  int
}

// An item is an object whose body is still to be written, or a global of a
// module (slot ≥ 0).
type item struct {
	object any
	slot   int
	from   int // index of the item in whose body it was first met, or -1: a root
	root   root
}

// A root says which register or table of the process a root item came from.
type root struct {
	frame, reg int // frame -1: not a register
	what       string
}

type encoder struct {
	reg    *vm.Registry
	out    *sealer // nil for a message, which is all in buf
	buf    []byte  // not yet in out
	ids    map[identity]int
	queue  []item
	next   int // index of the first item in queue whose body is not written
	cur    int // index of the item being written, or -1
	root   root
	codes  map[codeIn]bool                // whose globals travel
	slots  map[*vm.Module]map[uint32]bool // slots that travel
	sender *vm.Process                    // of a message, or nil
	pickle *pickling                      // nil: this is none
	p      *vm.Process                    // for messages; nil in EncodeValue
	err    error

	keys, values []vm.Value // of the table that is being written
}

func newEncoder(w io.Writer, reg *vm.Registry) *encoder {
	return &encoder{
		reg:   reg,
		out:   newSealer(w),
		buf:   make([]byte, 0, 16<<10),
		ids:   make(map[identity]int, 1<<10),
		cur:   -1,
		slots: map[*vm.Module]map[uint32]bool{},
	}
}

// bufferSize is how many bytes are kept before they are written.
const bufferSize = 256 << 10

// flush writes what is in the buffer.
func (e *encoder) flush() {
	if err := e.out.write(e.buf); err != nil && e.err == nil {
		e.err = err
	}
	e.buf = e.buf[:0]
}

func (e *encoder) finish() error {
	e.flush()
	if e.err != nil {
		return e.err
	}
	return e.out.seal()
}

func (e *encoder) byte(b byte) { e.buf = append(e.buf, b) }
func (e *encoder) uint(n int)  { e.buf = binary.AppendUvarint(e.buf, uint64(n)) }
func (e *encoder) int(n int64) { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) bool(b bool) {
	if b {
		e.byte(1)
	} else {
		e.byte(0)
	}
}

func (e *encoder) str(s string) { e.uint(len(s)); e.buf = append(e.buf, s...) }
func (e *encoder) strs(s []string) {
	e.uint(len(s))
	for _, x := range s {
		e.str(x)
	}
}

func (e *encoder) uints(numbers ...uint32) {
	for _, n := range numbers {
		e.uint(int(n))
	}
}

func (e *encoder) refs(values ...vm.Value) {
	for _, v := range values {
		e.ref(v)
	}
}

// ref writes a reference to a value.
func (e *encoder) ref(v vm.Value) {
	if s, ok := v.(starlark.String); ok && len(s) >= sharedString {
		e.longText(string(s))
	} else if !e.scalar(v) {
		e.object(v)
	}
}

// scalar writes a value that has no identity. It reports whether v is one.
func (e *encoder) scalar(v vm.Value) bool {
	switch v := v.(type) {
	case nil:
		e.byte(tagUnset)
	case starlark.NoneType:
		e.byte(tagNone)
	case starlark.Bool:
		if v {
			e.byte(tagTrue)
		} else {
			e.byte(tagFalse)
		}
	case starlark.Int:
		e.integer(v)
	case starlark.Float:
		e.byte(tagFloat)
		e.buf = binary.LittleEndian.AppendUint64(e.buf, math.Float64bits(float64(v)))
	case starlark.String:
		e.byte(tagString)
		e.str(string(v))
	case starlark.Bytes:
		e.byte(tagBytes)
		e.str(string(v))
	case compile.EllipsisType:
		e.byte(tagEllipsis)
	case vm.NotImplementedType:
		e.byte(tagNotImplemented)
	default:
		return false
	}
	return true
}

func (e *encoder) integer(v starlark.Int) {
	if i, ok := v.Int64(); ok {
		e.byte(tagInt)
		e.int(i)
		return
	}
	b := v.BigInt()
	e.byte(tagBigInt)
	e.bool(b.Sign() < 0)
	e.str(string(b.Bytes()))
}

// sharedString is from what length on a string is written once, however many
// refer to the same bytes.
const sharedString = 64

func (e *encoder) longText(s string) {
	if e.seen(identity{unsafe.Pointer(unsafe.StringData(s)), len(s)}, kindString) {
		return
	}
	e.str(s)
}

// seen writes the number of an object that was met before, or gives a new one
// its number and writes its kind.
func (e *encoder) seen(id identity, k kind) bool {
	if n, ok := e.ids[id]; ok {
		e.byte(tagSeen)
		e.uint(n)
		return true
	}
	e.ids[id] = len(e.ids)
	e.byte(newObject + byte(k))
	return false
}

// object writes a reference to a value that has an identity.
func (e *encoder) object(v vm.Value) {
	if e.pickle != nil && e.pickled(v) {
		return
	}
	switch v := v.(type) {
	case starlark.Tuple:
		e.tuple(v)
		return
	case *vm.Module:
		e.module(v)
		e.mark(v, e.wholeModule(v))
		return
	case *vm.Class, *vm.Function, *vm.Instance:
		if e.global(v) {
			return
		}
	case *starlark.Builtin:
		if v.Receiver() != nil {
			e.boundBuiltin(v)
			return
		}
	case vm.Portable:
		if _, ok := e.reg.Kinds[v.ImageKind()]; !ok {
			e.fail(v, "its kind is not registered")
			return
		}
		_, local := v.(vm.Local)
		_, sendable := v.(vm.Sendable)
		if local && !sendable && e.sender != nil {
			e.fail(v, "it belongs to its process")
			return
		}
		if !e.seen(identity{address(v), -1}, kindPortable) {
			e.str(v.ImageKind())
			e.enqueue(v)
		}
		return
	}
	if k, ok := kindOf(v); ok {
		e.pointer(v, k)
		return
	}
	if name, ok := e.reg.NameOf(v); ok && e.reg.Lookup(name) == v {
		if !e.seen(identity{address(v), -1}, kindNamed) {
			e.str(name)
		}
		return
	}
	switch v.Type() {
	case "range":
		e.rangeValue(v)
	case "string.elems", "string.codepoints", "bytes.elems":
		e.view(v)
	default:
		e.fail(v, "")
	}
}

// pointer writes a reference to an object that is a Go pointer.
func (e *encoder) pointer(v any, k kind) {
	if e.seen(identity{address(v), -1}, k) {
		return
	}
	if preamble := kinds[k].preamble; preamble != nil {
		preamble(e, v)
	}
	e.enqueue(v)
}

// address returns the pointer in an interface that holds one.
func address(v any) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
}

// enqueue puts off the body of an object.
func (e *encoder) enqueue(v any) {
	e.queue = append(e.queue, item{object: v, slot: -1, from: e.cur, root: e.root})
}

func (e *encoder) tuple(t starlark.Tuple) {
	id := identity{nil, 0} // all empty tuples are one
	if len(t) > 0 {
		id = identity{unsafe.Pointer(&t[0]), len(t)}
	}
	if !e.seen(id, kindTuple) {
		e.uint(len(t))
		e.enqueue(t)
	}
}

// rangeValue writes what range() made. Only its repr tells where it stops.
func (e *encoder) rangeValue(v vm.Value) {
	start, stop, step := 0, 0, 1
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(v.String(), "range("), ")"), ", ")
	numbers := []*int{&start, &stop, &step}
	if len(parts) == 1 {
		numbers = numbers[1:]
	}
	for i, part := range parts {
		*numbers[i], _ = strconv.Atoi(part) // it is the library's own number
	}
	e.byte(tagRange)
	for _, n := range []int{start, stop, step} {
		e.int(int64(n))
	}
}

// view writes what a string's elems() and the like return: the method, and
// the string, which is its elements put together.
func (e *encoder) view(v vm.Value) {
	repr := v.String()
	var text []byte
	codepoints := v.Type() == "string.codepoints"
	for x := range starlark.Elements(v.(starlark.Iterable)) {
		switch x := x.(type) {
		case starlark.String:
			text = append(text, x...)
		case starlark.Int:
			n, _ := x.Int64()
			if codepoints {
				text = utf8.AppendRune(text, rune(n))
			} else {
				text = append(text, byte(n))
			}
		}
	}
	e.byte(tagView)
	e.str(repr[strings.LastIndexByte(repr, '.')+1 : len(repr)-len("()")])
	e.bool(v.Type() == "bytes.elems")
	e.str(string(text))
}

// boundBuiltin writes a method of a Go value that go.starlark.net bound as
// the VM's own bound method of the same name.
func (e *encoder) boundBuiltin(b *starlark.Builtin) {
	m := e.reg.MethodsOf(b.Receiver().Type())[b.Name()]
	if m == nil {
		e.fail(b, "")
		return
	}
	if !e.seen(identity{address(b), -1}, kindBound) {
		e.enqueue(&vm.BoundMethod{Self: b.Receiver(), Fn: m})
	}
}

// shape writes a reference to a shape, which is all preamble: the decoder
// looks it up in the class at once.
func (e *encoder) shape(s *vm.Shape) {
	if e.seen(identity{unsafe.Pointer(s), -1}, kindShape) {
		return
	}
	e.ref(s.Class)
	e.strs(s.Keys)
}

// module writes a reference to a module, without any of its globals. The names
// of its slots are all preamble, for the code refers to slots by number.
func (e *encoder) module(m *vm.Module) {
	if e.sender != nil {
		if !e.seen(identity{unsafe.Pointer(m), -1}, kindReceiver) {
			e.str(m.Name)
			e.strs(e.newNames(m))
		}
		return
	}
	if e.seen(identity{unsafe.Pointer(m), -1}, kindModule) {
		return
	}
	e.str(m.Name)
	e.str(m.File)
	e.bool(m.Builtin)
	names := m.Globals.Names
	if m.Builtin {
		names = names[len(e.reg.Module(m.Name).Globals.Names):]
	}
	e.strs(names)
}

// mark makes slots of a module travel that did not yet, and writes which.
func (e *encoder) mark(m *vm.Module, slots []uint32) {
	if e.sender != nil { // the receiver has them
		e.uint(0)
		return
	}
	marked := e.slots[m]
	if marked == nil {
		marked = map[uint32]bool{}
		e.slots[m] = marked
	}
	start := len(e.queue)
	for _, slot := range slots {
		if marked[slot] || !e.travels(m, slot) {
			continue
		}
		marked[slot] = true
		e.queue = append(e.queue, item{object: m, slot: int(slot), from: e.cur, root: e.root})
	}
	e.uint(len(e.queue) - start)
	for _, it := range e.queue[start:] {
		e.uint(it.slot)
	}
}

// travels reports whether a slot of a module has to be written: it is set, or
// is unset in a builtin module that the host makes with it set.
func (e *encoder) travels(m *vm.Module, slot uint32) bool {
	var mine, host vm.Value
	if int(slot) < len(m.Slots) {
		mine = m.Slots[slot]
	}
	if m.Builtin {
		host = e.reg.Module(m.Name).At(slot)
	}
	if mine == nil || host == nil {
		return mine != host
	}
	return !vm.Is(mine, host)
}

func (e *encoder) wholeModule(m *vm.Module) []uint32 {
	slots := make([]uint32, len(m.Globals.Names))
	for i := range slots {
		slots[i] = uint32(i)
	}
	return slots
}

// dynamic names the builtins that may read any global of the module in which
// they are named.
var dynamic = map[string]bool{"globals": true, "vars": true, "locals": true, "dir": true, "eval": true, "exec": true}

// A codeIn is a code that runs in a module.
type codeIn struct {
	code *compile.Code
	in   *vm.Module
}

// markOf makes the globals travel that a function's code may read.
func (e *encoder) markOf(pr *vm.Proto) {
	key := codeIn{pr.Code, pr.Module}
	if e.codes[key] {
		e.uint(0)
		return
	}
	if e.codes == nil {
		e.codes = map[codeIn]bool{}
	}
	e.codes[key] = true
	if pr.Module.FromHost() { // it has been marked with its first code
		key = codeIn{nil, pr.Module}
		if e.codes[key] {
			e.uint(0)
			return
		}
		e.codes[key] = true
	}
	e.mark(pr.Module, e.globalsOf(pr.Code, pr.Module))
}

// globalsOf returns the slots of m that a code of m may read: those that it or
// a code within it names.
func (e *encoder) globalsOf(c *compile.Code, m *vm.Module) []uint32 {
	if m.FromHost() {
		return e.wholeModule(m) // so that the child needs no other
	}
	set := map[uint32]bool{}
	todo := []*compile.Code{c}
	for len(todo) > 0 {
		code := todo[len(todo)-1]
		todo = append(todo[:len(todo)-1], code.Codes...)
		for _, slot := range code.GlobalRefs {
			if int(slot) < len(m.Globals.Names) && dynamic[m.Globals.Names[slot]] {
				return e.wholeModule(m)
			}
			set[slot] = true
		}
		if slices.Contains(code.Names, "__annotations__") { // which names types that the code does not
			return e.wholeModule(m)
		}
	}
	slots := make([]uint32, 0, len(set))
	for slot := range set {
		slots = append(slots, slot)
	}
	sort.Slice(slots, func(i, j int) bool { return slots[i] < slots[j] })
	return slots
}

// drain writes the bodies of all objects met so far, and of those met meanwhile.
func (e *encoder) drain() {
	for ; e.next < len(e.queue) && e.err == nil; e.next++ {
		if len(e.buf) >= bufferSize && e.out != nil {
			e.flush()
		}
		it := e.queue[e.next]
		e.cur = e.next
		if it.slot >= 0 {
			e.ref(it.object.(*vm.Module).At(uint32(it.slot)))
			continue
		}
		if t, ok := it.object.(starlark.Tuple); ok {
			e.seq(t)
			continue
		}
		k, ok := kindOf(it.object)
		if !ok {
			k = kindPortable
		}
		kinds[k].encode(e, it.object)
	}
	e.cur = -1
}

// process writes the state of a process.
func (e *encoder) process(p *vm.Process, result vm.Value) {
	e.p = p
	e.int(int64(p.Limits.Recursion))
	e.uint(len(p.Frames))
	for i := range p.Frames {
		e.frame(p, i, result)
	}
	e.modules(p, false)
	e.state(p, nil)
	e.drain()
}

// call writes the state of a process that has nothing to do but a call.
func (e *encoder) call(p *vm.Process, fn *vm.Function, args []vm.Value, without []string) {
	e.p = p
	e.int(int64(p.Limits.Recursion))
	e.uint(1)
	e.root = root{frame: -1, what: "call of " + fn.Proto.Code.QualName}
	e.frameHead(&vm.Frame{Fn: fn, Ret: vm.RetExit})
	e.uint(len(args))
	for _, v := range args {
		e.ref(v)
	}
	e.modules(p, true)
	e.state(p, without)
	e.drain()
}

// modules writes the modules that are imported, of __main__ only what is reached, and what messages
// may name if named is set. What the host has in the script language travels only if it is reached.
func (e *encoder) modules(p *vm.Process, named bool) {
	var names []string
	for _, name := range p.Order {
		if !p.Modules[name].FromHost() {
			names = append(names, name)
		}
	}
	e.uint(len(names))
	for _, name := range names {
		m := p.Modules[name]
		e.root = root{frame: -1, what: name}
		e.str(name)
		e.module(m)
		switch {
		case name != "__main__":
			e.mark(m, e.wholeModule(m))
		case named:
			e.mark(m, e.namable(p, m))
		default:
			e.mark(m, nil)
		}
	}
}

// namable returns the slots of __main__ that a message may need: what is referred to by its name (see
// global), what any code of the script names but for its own top level, which is not run again, and
// what the module says of itself.
func (e *encoder) namable(p *vm.Process, m *vm.Module) []uint32 {
	body := bodyOf(p, m)
	if body == nil {
		return e.wholeModule(m)
	}
	named := map[uint32]bool{}
	for _, code := range body.Codes {
		for _, slot := range e.globalsOf(code, m) {
			named[slot] = true
		}
	}
	var slots []uint32
	for i, name := range m.Globals.Names {
		slot := uint32(i)
		_, isFunction := m.At(slot).(*vm.Function)
		_, isClass := m.At(slot).(*vm.Class)
		if isFunction || isClass || named[slot] || strings.HasPrefix(name, "__") {
			slots = append(slots, slot)
		}
	}
	return slots
}

// bodyOf returns the code that all codes of __main__ are in, or nil if there is no such: in a child
// that an image like this was for, and at the prompt, whose inputs are many.
func bodyOf(p *vm.Process, m *vm.Module) *compile.Code {
	if len(p.Frames) == 0 || m.File == "<stdin>" {
		return nil
	}
	bottom := p.Frames[0].Fn.Proto
	if bottom.Module != m || bottom.Code.Kind != compile.ModuleBody {
		return nil
	}
	return bottom.Code
}

// state writes what builtins keep for the process.
func (e *encoder) state(p *vm.Process, without []string) {
	names := make([]string, 0, len(p.State))
	for name := range p.State {
		if !slices.Contains(without, name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	e.uint(len(names))
	for _, name := range names {
		e.root = root{frame: -1, what: name}
		e.str(name)
		e.ref(p.State[name])
	}
}

// frame writes a frame and its live registers. The instruction under way in a
// lower frame may still need its operands, which Depth of that instruction
// takes in; what the next frame's window covers is that frame's. A lower frame may be at
// the end of its code: its last instruction is a RAISE that waits for the exception to be made.
func (e *encoder) frame(p *vm.Process, i int, result vm.Value) {
	fr := &p.Frames[i]
	code := fr.Fn.Proto.Code
	live := 0
	if fr.PC < len(code.Depth) {
		live = int(code.Depth[fr.PC])
	}
	top := i == len(p.Frames)-1
	if !top {
		live = max(live, int(code.Depth[fr.PC-1]))
		live = min(live, p.Frames[i+1].Base-fr.Base)
	}
	target := -1
	if top && result != nil {
		target = int(code.Instrs[fr.PC-1].A)
		live = max(live, target+1)
	}
	e.root = root{frame: i, reg: -1}
	e.frameHead(fr)
	e.uint(live)
	for r := range live {
		e.root.reg = r
		if r == target {
			e.ref(result)
		} else {
			e.ref(p.Stack[fr.Base+r])
		}
	}
}

// frameHead writes a frame but for its registers.
func (e *encoder) frameHead(fr *vm.Frame) {
	e.ref(fr.Fn)
	e.uint(fr.PC)
	e.uint(fr.Base)
	e.byte(byte(fr.Ret))
	if fr.Gen == nil {
		e.ref(nil)
	} else {
		e.ref(fr.Gen)
	}
	e.ref(fr.Self)
}
