package image

import (
	"unsafe"

	"mpstar/host/compile"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A kind is a kind of object, as the tag of its first reference says.
type kind byte

const (
	kindString kind = iota
	kindNamed
	kindTuple
	kindList
	kindDict
	kindSet
	kindCell
	kindFunction
	kindCode
	kindSource
	kindModule
	kindBound
	kindClass
	kindShape
	kindInstance
	kindException
	kindTraceback
	kindProperty
	kindStaticMethod
	kindClassMethod
	kindSuper
	kindSlice
	kindGenerator
	kindListIter
	kindSeqIter
	kindRangeIter
	kindKeyIter
	kindStringIter
	kindRowIter
	kindPortable
	kindGlobal
	kindReceiver
	kindReduced
	numKinds
)

// A kindInfo says how objects of a kind are written and read.
type kindInfo struct {
	name     string
	preamble func(e *encoder, v any) // what alloc needs; nil if nothing, or written where the object is met
	alloc    func(d *decoder) any
	encode   func(e *encoder, v any) // the body; nil if there is none
	decode   func(d *decoder, v any)
}

// kinds describes all kinds. It is filled in by init because its functions refer to it.
var kinds [numKinds]kindInfo

func init() {
	kinds = [numKinds]kindInfo{
		kindString: {name: "str", alloc: func(d *decoder) any { return starlark.String(d.str()) }},
		kindNamed:  {name: "host", alloc: (*decoder).named},
		kindTuple: {name: "tuple", alloc: func(d *decoder) any { return make(starlark.Tuple, d.promise()) },
			encode: func(e *encoder, v any) { e.seq(v.(starlark.Tuple)) },
			decode: func(d *decoder, v any) { d.tuple(v.(starlark.Tuple)) }},
		kindList: of("list",
			func(e *encoder, l *starlark.List) { e.seq(vm.Elems(l)) },
			func(d *decoder, l *starlark.List) { *l = *starlark.NewList(d.seq()) }),
		kindDict: of("dict", encodeDict,
			func(d *decoder, v *starlark.Dict) { d.table(v, d.seq(), d.seq()) }),
		kindSet: of("set", encodeSet,
			func(d *decoder, v *starlark.Set) { d.table(v, d.seq(), nil) }),
		kindCell: of("cell",
			func(e *encoder, c *vm.Cell) { e.ref(c.V) },
			func(d *decoder, c *vm.Cell) { c.V = d.ref() }),
		kindFunction: of("function", encodeFunction, decodeFunction),
		kindCode:     of("code", encodeCode, decodeCode),
		kindSource: of("source",
			encodeSource,
			func(d *decoder, s *syntax.Source) { s.Name, s.Text = d.str(), d.str() }),
		kindModule: {name: "module", alloc: (*decoder).newModule},
		kindBound: of("method",
			func(e *encoder, b *vm.BoundMethod) { e.refs(b.Self, b.Fn) },
			func(d *decoder, b *vm.BoundMethod) { d.refs(&b.Self, &b.Fn) }),
		kindClass:     of("class", encodeClass, decodeClass),
		kindShape:     {name: "shape", alloc: (*decoder).shape},
		kindInstance:  of("instance", encodeInstance, decodeInstance),
		kindException: of("exception", encodeException, decodeException),
		kindTraceback: of("traceback",
			func(e *encoder, t *vm.Traceback) { e.ref(t.Of) },
			func(d *decoder, t *vm.Traceback) { t.Of = need[vm.Exception](d) }),
		kindProperty: of("property",
			func(e *encoder, p *vm.Property) { e.refs(p.Get, p.Set, p.Del, p.Doc) },
			func(d *decoder, p *vm.Property) { d.refs(&p.Get, &p.Set, &p.Del, &p.Doc) }),
		kindStaticMethod: of("staticmethod",
			func(e *encoder, s *vm.StaticMethod) { e.ref(s.Fn) },
			func(d *decoder, s *vm.StaticMethod) { s.Fn = d.ref() }),
		kindClassMethod: of("classmethod",
			func(e *encoder, c *vm.ClassMethod) { e.ref(c.Fn) },
			func(d *decoder, c *vm.ClassMethod) { c.Fn = d.ref() }),
		kindSuper: of("super",
			func(e *encoder, s *vm.Super) { e.refs(s.Class, s.Self) },
			func(d *decoder, s *vm.Super) { s.Class, s.Self = need[vm.Class](d), d.ref() }),
		kindSlice: of("slice",
			func(e *encoder, s *vm.Slice) { e.refs(s.Lo, s.Hi, s.Step) },
			func(d *decoder, s *vm.Slice) { d.refs(&s.Lo, &s.Hi, &s.Step) }),
		kindGenerator: of("generator", encodeGenerator, decodeGenerator),
		kindListIter: of("list iterator",
			func(e *encoder, it *vm.ListIter) { e.ref(it.List); e.int(int64(it.I)) },
			func(d *decoder, it *vm.ListIter) { it.List, it.I = need[starlark.List](d), d.small() }),
		kindSeqIter: of("tuple iterator",
			func(e *encoder, it *vm.SeqIter) { e.ref(it.Seq); e.int(int64(it.I)) },
			func(d *decoder, it *vm.SeqIter) { it.Seq, it.I = d.tupleRef(), d.small() }),
		kindRangeIter: of("range iterator",
			func(e *encoder, it *vm.RangeIter) { e.int(it.Next); e.int(it.Step); e.int(int64(it.N)) },
			func(d *decoder, it *vm.RangeIter) { it.Next, it.Step, it.N = d.int(), d.int(), d.small() }),
		kindKeyIter: of("key iterator",
			func(e *encoder, it *vm.KeyIter) { e.ref(it.Of); e.seq(it.Keys); e.int(int64(it.I)) },
			func(d *decoder, it *vm.KeyIter) { it.Of, it.Keys, it.I = d.ref(), d.seq(), d.small() }),
		kindStringIter: of("str iterator",
			func(e *encoder, it *vm.StringIter) { e.ref(starlark.String(it.S)); e.int(int64(it.I)) },
			func(d *decoder, it *vm.StringIter) { it.S, it.I = d.textRef(), d.small() }),
		kindRowIter: of("row iterator", encodeRows, decodeRows),
		kindGlobal:  {name: "global", alloc: (*decoder).newGlobal},
		kindReduced: {name: "reduction", alloc: newReduced,
			encode: func(e *encoder, v any) { e.ref(v.(*Reduction).As) }, decode: decodeReduced},
		kindReceiver: {name: "receiver's module", alloc: (*decoder).receiverModule},
		kindPortable: {name: "portable", alloc: (*decoder).newPortable, encode: encodePortable, decode: decodePortable},
	}
}

// of describes a kind whose objects are *T and need no preamble.
func of[T any](name string, encode func(*encoder, *T), decode func(*decoder, *T)) kindInfo {
	return kindInfo{
		name:   name,
		alloc:  func(*decoder) any { return new(T) },
		encode: func(e *encoder, v any) { encode(e, v.(*T)) },
		decode: func(d *decoder, v any) { decode(d, v.(*T)) },
	}
}

// kindOf returns the kind of an object that is a pointer and always travels
// in the same way.
func kindOf(v any) (kind, bool) {
	switch v := v.(type) {
	case *starlark.List:
		return kindList, true
	case *starlark.Dict:
		return kindDict, true
	case *starlark.Set:
		return kindSet, true
	case *vm.Cell:
		return kindCell, true
	case *vm.Function:
		return kindFunction, true
	case *compile.Code:
		return kindCode, true
	case *syntax.Source:
		return kindSource, true
	case *vm.BoundMethod:
		return kindBound, true
	case *vm.Class:
		return kindClass, !v.Builtin
	case *vm.Instance:
		return kindInstance, true
	case *vm.Exception:
		return kindException, true
	case *Reduction:
		return kindReduced, true
	case *vm.Traceback:
		return kindTraceback, true
	case *vm.Property:
		return kindProperty, true
	case *vm.StaticMethod:
		return kindStaticMethod, true
	case *vm.ClassMethod:
		return kindClassMethod, true
	case *vm.Super:
		return kindSuper, true
	case *vm.Slice:
		return kindSlice, true
	case *vm.Generator:
		return kindGenerator, true
	case *vm.ListIter:
		return kindListIter, true
	case *vm.SeqIter:
		return kindSeqIter, true
	case *vm.RangeIter:
		return kindRangeIter, true
	case *vm.KeyIter:
		return kindKeyIter, true
	case *vm.StringIter:
		return kindStringIter, true
	case *vm.RowIter:
		return kindRowIter, true
	}
	return 0, false
}

func encodeRows(e *encoder, it *vm.RowIter) {
	e.bool(it.Counts)
	e.int(it.Count)
	e.uint(len(it.Columns))
	for _, column := range it.Columns {
		e.seq(column[it.I:])
	}
}

func decodeRows(d *decoder, it *vm.RowIter) {
	it.Counts, it.Count = d.bool(), d.int()
	it.Columns = make([][]vm.Value, d.count())
	for i := range it.Columns {
		it.Columns[i] = d.seq()
		if len(it.Columns[i]) != len(it.Columns[0]) {
			d.fail("columns of different lengths")
		}
	}
	if len(it.Columns) == 0 {
		d.fail("rows without columns")
	}
}

func encodeDict(e *encoder, d *starlark.Dict) {
	e.keys, e.values = vm.AppendEntries(d, e.keys[:0], e.values[:0])
	e.seq(e.keys)
	e.seq(e.values)
}

func encodeSet(e *encoder, s *starlark.Set) {
	e.keys, e.values = vm.AppendEntries(s, e.keys[:0], e.values[:0])
	e.seq(e.keys)
}

// encodeSource leaves out the text of the host's own sources, which no
// traceback shows.
func encodeSource(e *encoder, s *syntax.Source) {
	e.str(s.Name)
	if vm.FromHost(s) {
		e.str("")
	} else {
		e.str(s.Text)
	}
}

// A function brings the globals that its code can read. What its Proto has
// besides code and module is made anew.
func encodeFunction(e *encoder, f *vm.Function) {
	e.pointer(f.Proto.Code, kindCode)
	e.module(f.Proto.Module)
	e.markOf(f.Proto)
	e.seq(f.Defaults)
	e.seq(f.KwDefaults)
	e.uint(len(f.Free))
	for _, c := range f.Free {
		e.ref(c)
	}
	if f.Attrs == nil {
		e.ref(nil)
	} else {
		e.ref(f.Attrs)
	}
}

func decodeFunction(d *decoder, f *vm.Function) {
	f.Proto = d.proto(need[compile.Code](d), need[vm.Module](d))
	d.mark(f.Proto.Module)
	f.Defaults, f.KwDefaults = d.seq(), d.seq()
	f.Free = make([]*vm.Cell, d.count())
	for i := range f.Free {
		f.Free[i] = need[vm.Cell](d)
	}
	f.Attrs, _ = d.ref().(*starlark.Dict)
}

func encodeClass(e *encoder, c *vm.Class) {
	e.str(c.Name)
	e.str(c.QualName)
	e.str(c.Module)
	e.classes(c.Bases)
	e.classes(c.MRO)
	e.strs(c.Keys)
	for _, key := range c.Keys {
		e.ref(c.Attrs[key])
	}
}

func decodeClass(d *decoder, c *vm.Class) {
	c.Name, c.QualName, c.Module = d.str(), d.str(), d.str()
	c.Bases, c.MRO = d.classes(), d.classes()
	c.Keys = d.strs()
	c.Attrs = make(map[string]vm.Value, len(c.Keys))
	for _, key := range c.Keys {
		c.Attrs[key] = d.ref()
	}
}

func (e *encoder) classes(classes []*vm.Class) {
	e.uint(len(classes))
	for _, c := range classes {
		e.ref(c)
	}
}

func (d *decoder) classes() []*vm.Class {
	classes := make([]*vm.Class, d.count())
	for i := range classes {
		classes[i] = need[vm.Class](d)
	}
	return classes
}

func encodeInstance(e *encoder, x *vm.Instance) {
	e.shape(x.Shape)
	for _, v := range x.Slots[:len(x.Shape.Keys)] {
		e.ref(v)
	}
}

func decodeInstance(d *decoder, x *vm.Instance) {
	x.Shape = need[vm.Shape](d)
	x.Slots = make([]vm.Value, len(x.Shape.Keys))
	for i := range x.Slots {
		x.Slots[i] = d.ref()
	}
}

func encodeException(e *encoder, x *vm.Exception) {
	if e.pickle != nil {
		x = withoutHistory(x)
	}
	encodeInstance(e, &x.Instance)
	e.refs(x.Args, x.Cause, x.Context)
	e.bool(x.Suppress)
	e.uint(len(x.Trace))
	for _, t := range x.Trace {
		e.pointer(t.Code, kindCode)
		e.uint(t.PC)
	}
	e.str(x.Detail)
	e.str(x.Hint)
	if x.TB == nil {
		e.ref(nil)
	} else {
		e.ref(x.TB)
	}
}

func decodeException(d *decoder, x *vm.Exception) {
	decodeInstance(d, &x.Instance)
	x.Args = d.tupleRef()
	d.refs(&x.Cause, &x.Context)
	x.Suppress = d.bool()
	x.Trace = make([]vm.TraceEntry, d.count())
	for i := range x.Trace {
		x.Trace[i] = vm.TraceEntry{Code: need[compile.Code](d), PC: d.uint()}
	}
	x.Detail, x.Hint = d.str(), d.str()
	x.TB, _ = d.ref().(*vm.Traceback)
}

// A suspended generator keeps the registers that are live where it goes on,
// and in a YIELDFROM those that it needs to run again.
func encodeGenerator(e *encoder, g *vm.Generator) {
	e.ref(g.Fn)
	e.uint(g.PC)
	e.byte(byte(g.State))
	e.bool(g.Delegates)
	live := g.Regs
	if g.State == vm.GenRunning {
		live = nil
	}
	for len(live) > 0 && live[len(live)-1] == nil {
		live = live[:len(live)-1]
	}
	e.seq(live)
}

func decodeGenerator(d *decoder, g *vm.Generator) {
	g.Fn = need[vm.Function](d)
	g.PC = d.uint()
	g.State = vm.GenState(d.byte())
	g.Delegates = d.bool()
	g.Regs = d.seq()
	if g.State > vm.GenDone {
		d.fail("a generator in state %d", g.State)
	}
	d.generators = append(d.generators, g)
}

func encodePortable(e *encoder, v any) {
	image := v.(vm.Portable).Image
	if s, ok := v.(vm.Sendable); ok && e.sender != nil {
		image = func() ([]byte, []vm.Value, error) { return s.Send(e.sender) }
	}
	data, refs, err := image()
	if err != nil {
		e.fail(v.(vm.Value), err.Error())
		return
	}
	e.str(string(data))
	e.seq(refs)
}

func decodePortable(d *decoder, v any) {
	data, refs := d.str(), d.seq()
	if d.err != nil {
		return
	}
	if err := v.(vm.Portable).Restore(unsafe.Slice(unsafe.StringData(data), len(data)), refs); err != nil {
		d.fail("%v", err)
		return
	}
	if s, ok := v.(vm.Sendable); ok && d.receiver != nil {
		if err := s.Receive(d.receiver); err != nil {
			d.err = err
		}
	}
}

func encodeCode(e *encoder, c *compile.Code) {
	e.str(c.Name)
	e.str(c.QualName)
	e.str(c.Doc)
	e.pointer(c.Source, kindSource)
	e.byte(byte(c.Kind))
	e.bool(c.HasDoc)
	e.strs(c.Annotations)
	for _, n := range []int{c.NumPos, c.NumPosOnly, c.NumKwOnly, c.NumDefaults, c.NumRegs} {
		e.uint(n)
	}
	e.uint(len(c.KwDefault))
	for _, b := range c.KwDefault {
		e.bool(b)
	}
	e.bool(c.HasVarargs)
	e.bool(c.HasKwargs)
	e.strs(c.Locals)
	e.unread(c.Unread)
	e.uint(len(c.Instrs))
	e.buf = append(e.buf, bytesOf(c.Instrs)...)
	e.seq(c.Consts)
	e.uint(len(c.Codes))
	for _, inner := range c.Codes {
		e.pointer(inner, kindCode)
	}
	e.strs(c.Names)
	e.uint(len(c.Free))
	for _, f := range c.Free {
		e.str(f.Name)
		e.bool(f.Outer)
		e.uint(int(f.Index))
	}
	writeRaw(e, c.CellReg)
	e.uint(len(c.Handlers))
	for _, h := range c.Handlers {
		e.uints(h.Start, h.End, h.Target, uint32(h.Reg))
	}
	e.uint(len(c.Excepts))
	for _, x := range c.Excepts {
		e.uints(x.Start, x.End, uint32(x.Reg))
		e.bool(x.Finally)
	}
	e.buf = append(e.buf, bytesOf(c.Depth)...)
	writeRaw(e, c.GlobalRefs)
	if vm.FromHost(c.Source) {
		e.lines(nil) // its frames are in no traceback
	} else {
		e.lines(c.Lines)
	}
}

func decodeCode(d *decoder, c *compile.Code) {
	c.Name, c.QualName, c.Doc = d.str(), d.str(), d.str()
	c.Source = need[syntax.Source](d)
	c.Kind = compile.Kind(d.byte())
	c.HasDoc = d.bool()
	c.Annotations = d.strs()
	for _, n := range []*int{&c.NumPos, &c.NumPosOnly, &c.NumKwOnly, &c.NumDefaults, &c.NumRegs} {
		*n = d.uint()
	}
	c.KwDefault = make([]bool, d.count())
	for i := range c.KwDefault {
		c.KwDefault[i] = d.bool()
	}
	c.HasVarargs, c.HasKwargs = d.bool(), d.bool()
	c.Locals = d.strs()
	c.Unread = d.unread()
	c.Instrs = readRaw[compile.Instr](d, d.count())
	c.Consts = d.seq()
	c.Codes = make([]*compile.Code, d.count())
	for i := range c.Codes {
		c.Codes[i] = need[compile.Code](d)
	}
	c.Names = d.strs()
	c.Free = make([]compile.Capture, d.count())
	for i := range c.Free {
		c.Free[i] = compile.Capture{Name: d.str(), Outer: d.bool(), Index: uint16(d.uint())}
	}
	c.CellReg = readRaw[compile.Reg](d, d.count())
	c.Handlers = make([]compile.Handler, d.count())
	for i := range c.Handlers {
		c.Handlers[i] = compile.Handler{Start: d.uint32(), End: d.uint32(), Target: d.uint32(), Reg: compile.Reg(d.uint32())}
	}
	c.Excepts = make([]compile.Except, d.count())
	for i := range c.Excepts {
		c.Excepts[i] = compile.Except{Start: d.uint32(), End: d.uint32(), Reg: compile.Reg(d.uint32()), Finally: d.bool()}
	}
	c.Depth = readRaw[uint16](d, len(c.Instrs))
	c.GlobalRefs = readRaw[uint32](d, d.count())
	c.Lines = d.lines()
}

// unread writes where a function lies that is not compiled yet: the receiver has the host's sources, too.
func (e *encoder) unread(u *syntax.Unread) {
	e.bool(u != nil)
	if u != nil {
		e.str(u.Class)
		e.uints(uint32(u.Line), uint32(u.Off), uint32(u.End))
	}
}

func (d *decoder) unread() *syntax.Unread {
	if !d.bool() {
		return nil
	}
	return &syntax.Unread{Class: d.str(), Line: int32(d.uint32()), Off: int(d.uint32()), End: int(d.uint32())}
}

// lines writes a line table as differences, which are small.
func (e *encoder) lines(lines []compile.Line) {
	e.uint(len(lines))
	var last compile.Line
	for _, l := range lines {
		r := &l.Range
		e.uint(int(l.PC - last.PC))
		e.int(int64(r.Start.Line - last.Range.Start.Line))
		e.int(int64(r.Start.Col - last.Range.Start.Col))
		e.int(int64(r.End.Line - r.Start.Line))
		e.int(int64(r.End.Col - r.Start.Col))
		last = l
	}
}

func (d *decoder) lines() []compile.Line {
	lines := make([]compile.Line, d.count())
	var last compile.Line
	for i := range lines {
		l := last
		r := &l.Range
		l.PC += uint32(d.uint())
		r.Start.Line += int32(d.int())
		r.Start.Col += int32(d.int())
		r.End.Line = r.Start.Line + int32(d.int())
		r.End.Col = r.Start.Col + int32(d.int())
		lines[i], last = l, l
	}
	return lines
}

// bytesOf returns the memory of a slice of plain numbers.
func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// writeRaw writes a slice of plain numbers as it lies in memory; only this
// very program reads it.
func writeRaw[T any](e *encoder, s []T) {
	e.uint(len(s))
	e.buf = append(e.buf, bytesOf(s)...)
}

// readRaw reads n elements of what bytesOf showed.
func readRaw[T any](d *decoder, n int) []T {
	var zero T
	b := d.take(n * int(unsafe.Sizeof(zero)))
	if len(b) == 0 {
		return nil
	}
	s := make([]T, n)
	copy(bytesOf(s), b)
	return s
}
