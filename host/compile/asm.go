package compile

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// The limits that keep operands within their fields.
const (
	maxRegs   = ConstBit - 1   // an RK operand that is a register
	maxRK     = ConstBit - 2   // an RK operand that is a constant, NoReg excepted
	maxIndex  = math.MaxUint16 // names, free variables
	maxInstrs = math.MaxInt32  // jump targets
	maxBlocks = 100            // loops, try and with statements in one another
	maxDirect = 250            // arguments of a call that go in registers
	chunk     = 64             // elements of a display that are gathered in registers
)

// A builder is one Code under construction. This file holds what it does
// below the level of the language: instructions, labels, registers, constants
// and line tables.
type builder struct {
	*unit
	parent *builder
	scope  *scope // where names are looked up now: the frame's, or a comprehension inlined in it
	code   *Code

	top   Reg      // the first free temporary
	known regset   // locals that are set here for certain
	dead  bool     // this place cannot be reached; known says nothing
	kill  regset   // locals that are deleted somewhere
	bound int      // the last pc that a label was bound to
	block []*block // the loops, try and with statements around, outer ones first

	consts  map[any]int
	names   map[string]uint16
	free    map[*symbol]uint16
	globals map[uint32]bool
}

// A unit is what the codes of one file share.
type unit struct {
	src    *syntax.Source
	slots  *Globals
	opts   Options
	scopes map[syntax.Node]*scope
}

func newBuilder(u *unit, parent *builder, s *scope) *builder {
	b := &builder{
		unit:    u,
		parent:  parent,
		scope:   s,
		code:    &Code{Name: s.name, QualName: s.qualname, Source: u.src},
		bound:   -1,
		consts:  make(map[any]int),
		names:   make(map[string]uint16),
		free:    make(map[*symbol]uint16),
		globals: make(map[uint32]bool),
	}
	b.constant(nil) // see none
	return b
}

func (b *builder) fail(at syntax.Range, format string, args ...any) {
	panic(syntaxError(b.src, at, format, args...))
}

// finish completes the code.
func (b *builder) finish() *Code {
	refs := make([]uint32, 0, len(b.globals))
	for slot := range b.globals {
		refs = append(refs, slot)
	}
	slices.Sort(refs)
	b.code.GlobalRefs = refs
	markTemporaries(b.code)
	return b.code
}

// Instructions.

// emit appends an instruction. Temporaries that it reads must not have been
// freed yet, for they are live just before it.
func (b *builder) emit(at syntax.Range, in Instr) {
	if b.opts.Steps {
		b.append(at, Instr{Op: STEP})
	}
	b.append(at, in)
	b.dead = b.dead || endsFlow[in.Op]
}

// endsFlow holds the instructions that the next one never follows.
var endsFlow = [NumOpcodes]bool{
	JMP: true, LOOP: true, RETURN: true, RAISE: true, RERAISE: true, ASSERTFAIL: true, ENDCLASS: true, COMPILE: true,
}

func (b *builder) append(at syntax.Range, in Instr) {
	c := b.code
	if n := len(c.Lines); n == 0 || c.Lines[n-1].Range != at {
		c.Lines = append(c.Lines, Line{PC: b.pc(), Range: at})
	}
	if len(c.Instrs) >= maxInstrs {
		b.fail(at, "too much code in one function")
	}
	c.Instrs = append(c.Instrs, in)
	c.Depth = append(c.Depth, b.top)
}

func (b *builder) pc() uint32 { return uint32(len(b.code.Instrs)) }

func (b *builder) move(at syntax.Range, dst, src Reg) {
	if dst != src {
		b.emit(at, Instr{Op: MOVE, A: dst, B: src})
	}
}

// moveRK emits R[dst] := RK[src].
func (b *builder) moveRK(at syntax.Range, dst Reg, src uint16) {
	if isConst(src) {
		b.emit(at, ABx(LOADK, dst, int(src&^ConstBit)))
		return
	}
	b.move(at, dst, src)
}

// load emits R[dst] := k.
func (b *builder) load(at syntax.Range, dst Reg, k any) {
	b.emit(at, ABx(LOADK, dst, b.constant(k)))
}

// Labels.

// A label is a place to jump to, perhaps before it is known.
type label struct {
	pc    int   // -1: not bound yet
	refs  []int // jumps to be patched
	known regset
	live  bool // it can be reached by one of the jumps
}

func newLabel() *label { return &label{pc: -1} }

// reach notes that a jump goes to l from here.
func (b *builder) reach(l *label) {
	switch {
	case b.dead || l.pc >= 0:
	case l.live:
		l.known.intersect(b.known)
	default:
		l.known = slices.Clone(b.known)
		l.live = true
	}
}

// jump emits a jump to l.
func (b *builder) jump(at syntax.Range, l *label) {
	if b.dead {
		return
	}
	b.reach(l)
	b.emit(at, b.jumpInstr(l))
	b.refer(l)
}

// jumpKeeping emits a jump to l, where R[r] is used, be it above the top or not.
func (b *builder) jumpKeeping(at syntax.Range, l *label, r Reg) {
	top := b.top
	b.top = max(top, r+1)
	b.jump(at, l)
	b.top = top
}

// branch emits a conditional instruction and the jump to l that goes with it.
func (b *builder) branch(at syntax.Range, in Instr, l *label) {
	b.reach(l)
	b.emit(at, in)
	b.append(at, b.jumpInstr(l))
	b.refer(l)
}

func (b *builder) jumpInstr(l *label) Instr {
	if l.pc >= 0 {
		return ABx(LOOP, 0, l.pc)
	}
	return Instr{Op: JMP}
}

// jumpTruth jumps to l if R[r] is true, or false.
func (b *builder) jumpTruth(at syntax.Range, r Reg, sense bool, l *label) {
	if l.pc >= 0 { // only LOOP may go back
		over := newLabel()
		b.jumpTruth(at, r, !sense, over)
		b.emit(at, b.jumpInstr(l))
		b.bind(over)
		return
	}
	op := JFALSE
	if sense {
		op = JTRUE
	}
	b.reach(l)
	b.emit(at, Instr{Op: op, A: r})
	b.refer(l)
}

// refer notes that the last instruction is a jump to l.
func (b *builder) refer(l *label) {
	if l.pc < 0 {
		l.refs = append(l.refs, len(b.code.Instrs)-1)
	}
}

// bind puts l here.
func (b *builder) bind(l *label) {
	l.pc = len(b.code.Instrs)
	b.bound = l.pc
	for _, pc := range l.refs {
		in := &b.code.Instrs[pc]
		*in = ABx(in.Op, in.A, l.pc)
	}
	l.refs = nil
	b.arrive(l)
}

// arrive joins the paths that lead to l with the one that leads here.
func (b *builder) arrive(l *label) {
	switch {
	case !l.live:
	case b.dead:
		b.known, b.dead = l.known, false
	default:
		b.known.intersect(l.known)
	}
	l.known = nil
}

// loopHead returns a label here, to be jumped back to. What the loop may
// delete is not known to be set in it.
func (b *builder) loopHead() *label {
	l := newLabel()
	b.bind(l)
	b.known.remove(b.kill)
	return l
}

// A regset is a set of registers of locals.
type regset []uint64

func newRegset(n int) regset { return make(regset, (n+63)/64) }

func (s regset) has(r Reg) bool {
	i := int(r) / 64
	return i < len(s) && s[i]&(1<<(r%64)) != 0
}

func (s regset) add(r Reg)    { s[r/64] |= 1 << (r % 64) }
func (s regset) delete(r Reg) { s[r/64] &^= 1 << (r % 64) }
func (s regset) intersect(t regset) {
	for i := range s {
		s[i] &= t[i]
	}
}

func (s regset) remove(t regset) {
	for i := range s {
		s[i] &^= t[i]
	}
}

// Registers.

// alloc takes the next n temporaries. They must be written before the next
// instruction that is not about writing them: below top all is set.
func (b *builder) alloc(at syntax.Range, n int) Reg {
	r := b.top
	if int(r)+n > maxRegs {
		b.fail(at, "too many variables or too deep an expression in one function")
	}
	b.top += Reg(n)
	b.code.NumRegs = max(b.code.NumRegs, int(b.top))
	return r
}

// need makes sure that there are n registers above top, for instructions that
// write them.
func (b *builder) need(at syntax.Range, n int) {
	b.alloc(at, n)
	b.top -= Reg(n)
}

// isTemp reports whether r is a temporary rather than a local.
func (b *builder) isTemp(r Reg) bool { return int(r) >= len(b.code.Locals) }

// Constants and names.

// The keys of constants: values that are equal but differ in type must not
// fall together, and floats are told apart by their bits.
type (
	floatKey  uint64
	bigKey    string
	tupleKey  string
	foldedKey string
)

func constKey(v any) any {
	switch v := v.(type) {
	case float64:
		return floatKey(math.Float64bits(v))
	case *big.Int:
		return bigKey(v.Text(16)) // in linear time, unlike decimal digits
	case []string:
		return tupleKey(strings.Join(v, ","))
	case folded:
		var key strings.Builder
		for _, x := range v {
			fmt.Fprintf(&key, "%T %#[1]v,", constKey(x))
		}
		return foldedKey(key.String())
	}
	return v
}

// constant returns the index of a constant, given as in syntax.Constant or as
// a list of names.
func (b *builder) constant(v any) int {
	key := constKey(v)
	if i, ok := b.consts[key]; ok {
		return i
	}
	i := len(b.code.Consts)
	b.code.Consts = append(b.code.Consts, constValue(v))
	b.consts[key] = i
	return i
}

func constValue(v any) starlark.Value {
	switch v := v.(type) {
	case nil:
		return starlark.None
	case bool:
		return starlark.Bool(v)
	case int64:
		return starlark.MakeInt64(v)
	case *big.Int:
		return starlark.MakeBigInt(v)
	case float64:
		return starlark.Float(v)
	case string:
		return starlark.String(v)
	case syntax.Bytes:
		return starlark.Bytes(v)
	case syntax.Dots:
		return EllipsisType{}
	case []string:
		t := make(starlark.Tuple, len(v))
		for i, s := range v {
			t[i] = starlark.String(s)
		}
		return t
	case folded:
		t := make(starlark.Tuple, len(v))
		for i, x := range v {
			t[i] = constValue(x)
		}
		return t
	}
	panic("compile: unknown constant")
}

// constRK returns a constant as an RK operand, if its index fits.
func (b *builder) constRK(v any) (rk uint16, ok bool) {
	i := b.constant(v)
	return uint16(i) | ConstBit, i <= maxRK
}

// name returns the index of an attribute or module name.
func (b *builder) name(at syntax.Range, name string) uint16 {
	if i, ok := b.names[name]; ok {
		return i
	}
	i := len(b.code.Names)
	if i >= maxIndex {
		b.fail(at, "too many names in one function")
	}
	b.code.Names = append(b.code.Names, name)
	b.names[name] = uint16(i)
	return uint16(i)
}

// slot returns the slot of a global.
func (b *builder) slot(name string) int {
	slot := b.slots.Slot(name)
	b.globals[slot] = true
	return int(slot)
}
