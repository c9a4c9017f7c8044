package vm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// Value is short for starlark.Value. An unset register, slot or cell is nil.
type Value = starlark.Value

// A Module is a namespace: a script's, or one that the host provides.
type Module struct {
	Name    string
	File    string           // "" for a builtin module
	Builtin bool             // the host makes it anew in a child; only changed slots travel
	Globals *compile.Globals // names of the slots
	Slots   []Value          // may be shorter than Globals.Names

	builtins []Value        // by slot: what unset ones stand for; found at first use
	dict     *starlark.Dict // see Dict; it does not travel
}

// NewModule returns an empty module.
func NewModule(name, file string) *Module {
	return &Module{Name: name, File: file, Globals: new(compile.Globals)}
}

// Get returns a global, or nil.
func (m *Module) Get(name string) Value {
	if slot, ok := m.Globals.Lookup(name); ok && int(slot) < len(m.Slots) {
		return m.Slots[slot]
	}
	return nil
}

// Variables returns the globals that are set, but for those that begin and end with two underscores.
func (m *Module) Variables() starlark.StringDict {
	vars := starlark.StringDict{}
	for slot, v := range m.Slots {
		if name := m.Globals.Names[slot]; v != nil && !(strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__")) {
			vars[name] = v
		}
	}
	return vars
}

// All returns the names in the module's __all__, if it has one that is a list.
func (m *Module) All() (names []string) {
	all, ok := m.Get("__all__").(*starlark.List)
	if !ok {
		return nil
	}
	for _, v := range Elems(all) {
		if name, ok := v.(starlark.String); ok {
			names = append(names, string(name))
		}
	}
	return names
}

// At returns the global in a slot, or nil.
func (m *Module) At(slot uint32) Value {
	if int(slot) < len(m.Slots) {
		return m.Slots[slot]
	}
	return nil
}

// SetAt sets the global in a slot; nil unsets it.
func (m *Module) SetAt(slot uint32, v Value) {
	m.grow(int(slot) + 1)
	m.Slots[slot] = v
}

// Set sets a global.
func (m *Module) Set(name string, v Value) {
	slot := int(m.Globals.Slot(name))
	m.grow(slot + 1)
	m.Slots[slot] = v
}

// grow makes room for n slots at least.
func (m *Module) grow(n int) {
	if n <= len(m.Slots) {
		return
	}
	n = max(n, len(m.Globals.Names))
	m.Slots = append(m.Slots, make([]Value, n-len(m.Slots))...)
}

// A Proto is a code in a module: what functions made from one def share. The
// inline caches are the VM's and do not travel.
type Proto struct {
	Code   *compile.Code
	Module *Module

	plain  int      // plainArity + 1, or 0 if that is not known yet
	protos []*Proto // of Code.Codes, made at need
	sites  []*site  // by pc, made at need
}

// A Function is a def or lambda, closed over its cells.
type Function struct {
	Proto      *Proto
	Defaults   []Value // of the last positional parameters
	KwDefaults []Value // by keyword-only parameter; nil where it has none
	Free       []*Cell
	Attrs      *starlark.Dict // attributes that a script set, or nil

	frozen bool // Freeze has been here
}

// A Cell is a variable that closures share.
type Cell struct {
	V Value
}

// A Native is a builtin function of ours: a row of a table in package builtins.
//
// Fn does the work in Go. It may neither keep args nor call back into script
// code: where it would have to (an element is an instance with __eq__, an
// iterable is a generator, there is a key function) it returns NeedScript before it
// has changed anything, and the VM calls the prelude function named Slow with
// the same arguments instead.
type Native struct {
	Name   string // as it is found: "len", "os.fork", "list.append"
	Sig    string // for help: "(pid, options)"
	Doc    string // one paragraph for help
	Fn     func(p *Process, args []Value, kwargs []starlark.Tuple) (Value, error)
	Slow   string                               // "" if Fn never returns NeedScript
	Iter   func(p *Process, args []Value) Value // an iterator over what Fn returns, for a call whose value is only iterated over; nil if that takes Fn
	Error  *Class                               // what a plain Go error is raised as; nil stands for TypeError
	Method bool                                 // args[0] is the receiver: as a class attribute it binds
	Leaf   bool                                 // Fn runs no script code and makes no tail call: properties may call it where they are
	Makes  string                               // for a constructor such as int: the Type() of what it makes, for isinstance
}

// NeedScript is returned by Go code that cannot go on without running script code.
var NeedScript = errors.New("needs script code")

// A BoundMethod is a function with its first argument.
type BoundMethod struct {
	Self Value
	Fn   Value // *Function or *Native
}

// A Class is a class. Those of the host (exceptions, object) are found by name
// in a child, so they must not be changed.
type Class struct {
	Name     string
	QualName string
	Module   string
	Builtin  bool
	Bases    []*Class
	MRO      []*Class // itself first, object last
	Keys     []string // of Attrs, in the order of definition
	Attrs    map[string]Value

	root       *Shape
	width      int   // the most attributes that an instance got at instructions: what the next is given room for
	maker      maker // see plainInit
	byIdentity bool  // its instances compare by identity for the moment; see byIdentity
}

// A Shape is the layout of instances: which attributes they have, in which
// order, and of which class they are. Instances that got the same attributes in the same order share it.
type Shape struct {
	Class *Class
	Keys  []string

	index map[string]int
	next  map[string]*Shape
}

// An Instance is an object of a script's class.
type Instance struct {
	Shape *Shape
	Slots []Value // by Shape.Keys
}

// An Exception is an instance of a subclass of BaseException.
type Exception struct {
	Instance
	Args     starlark.Tuple
	Cause    Value // *Exception or nil
	Context  Value // *Exception or nil
	Suppress bool  // __suppress_context__
	Trace    []TraceEntry
	TB       *Traceback // what scripts see of Trace, made when first asked for
	Detail   string     // a SyntaxError's place, as it is printed
	Hint     string     // at what may have been meant, which a traceback shows behind the message
}

// A Traceback is what scripts see of the calls that an exception passed
// through: something that is there, and its line.
type Traceback struct {
	Of *Exception
}

// Line returns the line of the outermost call.
func (t *Traceback) Line() int {
	if len(t.Of.Trace) == 0 {
		return 0
	}
	outermost := t.Of.Trace[len(t.Of.Trace)-1]
	return Line(outermost.Code, outermost.PC)
}

// A TraceEntry is a call that an exception passed through, the innermost last
// in what is printed and first in Exception.Trace.
type TraceEntry struct {
	Code *compile.Code
	PC   int
}

// A Property is property(get, set, del).
type Property struct {
	Get, Set, Del Value // nil if there is none
	Doc           Value
}

// A StaticMethod is staticmethod(fn); a ClassMethod is classmethod(fn).
type (
	StaticMethod struct{ Fn Value }
	ClassMethod  struct{ Fn Value }
)

// A Super is super(class, obj).
type Super struct {
	Class *Class
	Self  Value // an instance, or a class in a classmethod
}

// A Slice is slice(lo, hi, step); parts left out are None.
type Slice struct {
	Lo, Hi, Step Value
}

// A Generator is the suspended call of a generator function.
type Generator struct {
	Fn    *Function
	PC    int // where it goes on
	Regs  []Value
	State GenState

	// Delegates says that it waits in a YIELDFROM, at PC-1, which runs again.
	Delegates bool
}

// GenState says where a generator is in its life.
type GenState uint8

// The states of a generator.
const (
	GenCreated GenState = iota
	GenSuspended
	GenRunning // its registers are on the stack
	GenDone
)

// Iterators are plain data, so that a loop can be written down in the middle.
type (
	// ListIter iterates over a list, which may change meanwhile.
	ListIter struct {
		List *starlark.List
		I    int // next index; -1 once exhausted
	}

	// SeqIter iterates over what does not change: a tuple, a snapshot.
	SeqIter struct {
		Seq starlark.Tuple
		I   int
	}

	// RangeIter iterates over a range.
	RangeIter struct {
		Next, Step int64
		N          int // how many are left
	}

	// KeyIter iterates over the keys of a dict or set.
	KeyIter struct {
		Of   Value // *starlark.Dict or *starlark.Set, nil once exhausted
		Keys []Value
		I    int
	}

	// StringIter iterates over the code points of a string.
	StringIter struct {
		S string
		I int // byte offset
	}
)

// A Portable is a Go value that can travel in an image. Its kind names a
// constructor of an empty one in the host's registry.
type Portable interface {
	Value
	ImageKind() string
	// Image returns what makes up the value.
	Image() (data []byte, refs []Value, err error)
	// Restore fills an empty value. The refs may not be looked into: they may
	// themselves not be complete yet.
	Restore(data []byte, refs []Value) error
}

// A Local is a Portable that means nothing in a process that is not a child of
// the one that has it, such as an open file.
type Local interface {
	Portable
	Local()
}

// A Sendable is a Local that can be sent all the same: it leaves its process by Send,
// and in the one that it comes to, a Restore with the same data and refs is followed by Receive.
type Sendable interface {
	Local
	Send(p *Process) (data []byte, refs []Value, err error)
	Receive(p *Process) error
}

// An Iterator is a Go value that loops can advance without help from script
// code. To be alive across a fork it must be a Portable too.
type Iterator interface {
	Value
	// Next returns the next element, or nil at the end.
	Next(p *Process) (Value, error)
}

// NotImplementedType is the type of NotImplemented, EllipsisType that of Ellipsis.
type (
	NotImplementedType struct{}
	EllipsisType       = compile.EllipsisType
)

// NotImplemented and Ellipsis are the singletons of those names.
var (
	NotImplemented = NotImplementedType{}
	Ellipsis       = EllipsisType{}
)

func identityHash(p unsafe.Pointer) (uint32, error) {
	h := uint64(uintptr(p)) * 0x9e3779b97f4a7c15
	return uint32(h >> 32), nil
}

func unhashable(v Value) (uint32, error) {
	return 0, fmt.Errorf("unhashable type: '%s'", v.Type())
}

func (m *Module) String() string {
	if m.Builtin {
		return fmt.Sprintf("<module '%s' (built-in)>", m.Name)
	}
	return fmt.Sprintf("<module '%s' from '%s'>", m.Name, m.File)
}
func (m *Module) Type() string          { return "module" }
func (m *Module) Freeze()               {}
func (m *Module) Truth() starlark.Bool  { return true }
func (m *Module) Hash() (uint32, error) { return identityHash(unsafe.Pointer(m)) }

// String names the function as Starlark does, without the functions it is in.
func (f *Function) String() string {
	name := f.Proto.Code.QualName
	if i := strings.LastIndex(name, "<locals>."); i >= 0 {
		name = name[i+len("<locals>."):]
	}
	return fmt.Sprintf("<function %s>", strings.Trim(name, "<>")) // <lambda> is lambda to Starlark
}
func (f *Function) Type() string          { return "function" }
func (f *Function) Truth() starlark.Bool  { return true }
func (f *Function) Hash() (uint32, error) { return identityHash(unsafe.Pointer(f)) }

// Freeze makes what the function keeps between calls, its defaults and the
// values of its cells, unchangeable.
func (f *Function) Freeze() {
	if f.frozen {
		return
	}
	f.frozen = true
	for _, v := range slices.Concat(f.Defaults, f.KwDefaults) {
		if v != nil {
			v.Freeze()
		}
	}
	for _, c := range f.Free {
		if c.V != nil {
			c.V.Freeze()
		}
	}
}

// Name returns the function's name, for go.starlark.net's starlark.Callable.
func (f *Function) Name() string { return f.Proto.Code.Name }

func (c *Cell) String() string        { return "<cell>" }
func (c *Cell) Type() string          { return "cell" }
func (c *Cell) Freeze()               {}
func (c *Cell) Truth() starlark.Bool  { return true }
func (c *Cell) Hash() (uint32, error) { return identityHash(unsafe.Pointer(c)) }

func (n *Native) String() string {
	if n.Makes != "" {
		return fmt.Sprintf("<class '%s'>", n.Name)
	}
	return fmt.Sprintf("<built-in function %s>", n.ShortName())
}
func (n *Native) Freeze()              {}
func (n *Native) Truth() starlark.Bool { return true }

// Hash of a type is that of the string that it equals; see namesType.
func (n *Native) Hash() (uint32, error) {
	if n.Makes != "" {
		return starlark.String(n.Makes).Hash()
	}
	return identityHash(unsafe.Pointer(n))
}

func (b *BoundMethod) String() string {
	if n, ok := b.Fn.(*Native); ok {
		return fmt.Sprintf("<built-in method %s of %s value>", n.ShortName(), b.Self.Type())
	}
	return fmt.Sprintf("<bound method %s of %s>", calleeName(b.Fn), reprOr(b.Self))
}
func (b *BoundMethod) Freeze()              {}
func (b *BoundMethod) Truth() starlark.Bool { return true }
func (b *BoundMethod) Hash() (uint32, error) {
	h, err := b.Fn.Hash()
	if err != nil {
		return 0, err
	}
	s, _ := b.Self.Hash() // an unhashable receiver does not make its methods so
	return h ^ s, nil
}

func (c *Class) String() string {
	if kind, ok := c.Find("__kind__").(starlark.String); ok && c.Find("__meta__") != nil {
		return fmt.Sprintf("<%s '%s'>", string(kind), c.Name)
	}
	if c.Module == "" || c.Module == "builtins" {
		return fmt.Sprintf("<class '%s'>", c.QualName)
	}
	return fmt.Sprintf("<class '%s.%s'>", c.Module, c.QualName)
}
func (c *Class) Type() string          { return "type" }
func (c *Class) Freeze()               {}
func (c *Class) Truth() starlark.Bool  { return true }
func (c *Class) Hash() (uint32, error) { return identityHash(unsafe.Pointer(c)) }

func (i *Instance) String() string       { return defaultRepr(i) }
func (i *Instance) Type() string         { return i.Shape.Class.Name }
func (i *Instance) Freeze()              {}
func (i *Instance) Truth() starlark.Bool { return true }

func (e *Exception) String() string        { return exceptionRepr(e) }
func (e *Exception) Hash() (uint32, error) { return identityHash(unsafe.Pointer(e)) }

func (t *Traceback) String() string        { return "<traceback object>" }
func (t *Traceback) Type() string          { return "traceback" }
func (t *Traceback) Freeze()               {}
func (t *Traceback) Truth() starlark.Bool  { return true }
func (t *Traceback) Hash() (uint32, error) { return identityHash(unsafe.Pointer(t)) }

func (p *Property) String() string        { return "<property object>" }
func (p *Property) Type() string          { return "property" }
func (p *Property) Freeze()               {}
func (p *Property) Truth() starlark.Bool  { return true }
func (p *Property) Hash() (uint32, error) { return identityHash(unsafe.Pointer(p)) }

func (s *StaticMethod) String() string        { return "<staticmethod object>" }
func (s *StaticMethod) Type() string          { return "staticmethod" }
func (s *StaticMethod) Freeze()               {}
func (s *StaticMethod) Truth() starlark.Bool  { return true }
func (s *StaticMethod) Hash() (uint32, error) { return identityHash(unsafe.Pointer(s)) }

func (c *ClassMethod) String() string        { return "<classmethod object>" }
func (c *ClassMethod) Type() string          { return "classmethod" }
func (c *ClassMethod) Freeze()               {}
func (c *ClassMethod) Truth() starlark.Bool  { return true }
func (c *ClassMethod) Hash() (uint32, error) { return identityHash(unsafe.Pointer(c)) }

func (s *Super) String() string {
	return fmt.Sprintf("<super: %s, %s>", s.Class, reprOr(s.Self))
}
func (s *Super) Type() string          { return "super" }
func (s *Super) Freeze()               {}
func (s *Super) Truth() starlark.Bool  { return true }
func (s *Super) Hash() (uint32, error) { return identityHash(unsafe.Pointer(s)) }

func (s *Slice) String() string {
	return fmt.Sprintf("slice(%s, %s, %s)", reprOr(s.Lo), reprOr(s.Hi), reprOr(s.Step))
}
func (s *Slice) Type() string          { return "slice" }
func (s *Slice) Freeze()               {}
func (s *Slice) Truth() starlark.Bool  { return true }
func (s *Slice) Hash() (uint32, error) { return unhashable(s) }

func (g *Generator) String() string {
	return fmt.Sprintf("<generator object %s>", g.Fn.Proto.Code.QualName)
}
func (g *Generator) Type() string          { return "generator" }
func (g *Generator) Freeze()               {}
func (g *Generator) Truth() starlark.Bool  { return true }
func (g *Generator) Hash() (uint32, error) { return identityHash(unsafe.Pointer(g)) }

func (it *ListIter) String() string        { return "<list_iterator object>" }
func (it *ListIter) Type() string          { return "list_iterator" }
func (it *ListIter) Freeze()               {}
func (it *ListIter) Truth() starlark.Bool  { return true }
func (it *ListIter) Hash() (uint32, error) { return identityHash(unsafe.Pointer(it)) }

func (it *SeqIter) String() string        { return "<tuple_iterator object>" }
func (it *SeqIter) Type() string          { return "tuple_iterator" }
func (it *SeqIter) Freeze()               {}
func (it *SeqIter) Truth() starlark.Bool  { return true }
func (it *SeqIter) Hash() (uint32, error) { return identityHash(unsafe.Pointer(it)) }

func (it *RangeIter) String() string        { return "<range_iterator object>" }
func (it *RangeIter) Type() string          { return "range_iterator" }
func (it *RangeIter) Freeze()               {}
func (it *RangeIter) Truth() starlark.Bool  { return true }
func (it *RangeIter) Hash() (uint32, error) { return identityHash(unsafe.Pointer(it)) }

func (it *KeyIter) String() string        { return "<dict_keyiterator object>" }
func (it *KeyIter) Type() string          { return "dict_keyiterator" }
func (it *KeyIter) Freeze()               {}
func (it *KeyIter) Truth() starlark.Bool  { return true }
func (it *KeyIter) Hash() (uint32, error) { return identityHash(unsafe.Pointer(it)) }

func (it *StringIter) String() string        { return "<str_iterator object>" }
func (it *StringIter) Type() string          { return "str_iterator" }
func (it *StringIter) Freeze()               {}
func (it *StringIter) Truth() starlark.Bool  { return true }
func (it *StringIter) Hash() (uint32, error) { return identityHash(unsafe.Pointer(it)) }

func (NotImplementedType) String() string        { return "NotImplemented" }
func (NotImplementedType) Type() string          { return "NotImplementedType" }
func (NotImplementedType) Freeze()               {}
func (NotImplementedType) Truth() starlark.Bool  { return true }
func (NotImplementedType) Hash() (uint32, error) { return 0x4e696d70, nil }

var _ starlark.Comparable = (*Instance)(nil)

// CompareSameType lets an instance take part in go.starlark.net's comparisons:
// by identity, unless its class says otherwise, which takes script code.
func (i *Instance) CompareSameType(op syntax.Token, y Value, depth int) (bool, error) {
	return compareInstances(i, op, y)
}
