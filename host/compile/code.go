// Package compile resolves names and turns a syntax tree into bytecode.
//
// # The machine
//
// Bytecode runs on a register machine (package vm). A call has a window of
// registers on one stack, R[0] … R[NumRegs-1]: first the parameters, then the
// other locals, then temporaries, which the compiler allocates as a stack. A
// register may be unset; reading an unset local is UnboundLocalError, and the
// compiler emits CHECK wherever it cannot prove that a local is set, so no
// other instruction ever meets an unset operand.
//
// A local that an inner function captures lives in a cell; its register holds
// the cell. Globals are slots of the module, numbered by Globals; a slot that
// is unset stands for the builtin of that name. Module-level code keeps no
// variables in registers; class bodies keep theirs in registers, and ENDCLASS
// collects them.
//
// Calls place callee and arguments in consecutive registers at the top of the
// temporaries, so the callee's window can begin at its arguments.
//
// Conditional instructions (IF…, MATCH… and FORITER) are followed by a JMP or LOOP
// that is taken if the condition holds and skipped otherwise; the pair is one
// instruction to everyone but the encoder.
//
// # Exceptions
//
// Nothing is pushed to enter a try: Code.Handlers tells, for a pc, where an
// exception goes and in which register it arrives. Code.Excepts tells which
// exception is being handled at a pc (what a bare raise means, and the
// __context__ of a new one), so handling has no run-time state either.
//
// A finally body exists once. Its state register tells how it was entered: 0
// by running off the end of the try, 1 by an exception, k ≥ 2 by a return or
// jump that has to go through it; the register after that holds the exception
// or return value. At its end the body branches on the state.
//
// # What the image needs
//
// Code.Depth gives, for each pc, how many registers may be live just before
// that instruction runs; above are only leftovers. Code.GlobalRefs lists the
// global slots that the code names. So package image can write what the
// continuation can reach, and no more.
package compile

import (
	"sync"

	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// A Reg is the number of a register in a window.
type Reg = uint16

// ConstBit marks an RK operand that is a constant, not a register.
const ConstBit = 1 << 15

// NoReg stands for "no register" where an operand is optional.
const NoReg Reg = 0xffff

// NoStar is the operand X of a MATCHSEQ all of whose elements are named.
const NoStar = 255

// An Instr is one instruction. B and C together are the 32-bit operand Bx.
type Instr struct {
	Op      Opcode
	X       uint8
	A, B, C uint16
}

// Bx returns the 32-bit operand.
func (i *Instr) Bx() int { return int(i.B)<<16 | int(i.C) }

// ABx makes an instruction with a 32-bit operand.
func ABx(op Opcode, a Reg, bx int) Instr {
	return Instr{Op: op, A: a, B: uint16(bx >> 16), C: uint16(bx)}
}

// An Opcode is what an instruction does.
type Opcode uint8

// The opcodes, in the order of the table ops, which documents them.
const (
	NOP Opcode = iota
	STEP
	COMPILE

	MOVE
	LOADK
	UNSET
	CHECK
	IFSET

	GETGLOBAL
	SETGLOBAL
	DELGLOBAL
	GETNAME
	SETNAME
	DELNAME
	NEWCELL
	BOX
	GETCELL
	SETCELL
	DELCELL
	GETFREE
	SETFREE
	DELFREE
	CLOSURE

	// Arithmetic, in the order of syntax.Op.
	ADD
	SUB
	MUL
	TRUEDIV
	FLOORDIV
	MOD
	POW
	AND
	OR
	XOR
	SHL
	SHR
	MATMUL
	NEG
	POS
	INVERT
	NOT

	// Comparisons, in the order of syntax.Op.
	EQ
	NE
	LT
	LE
	GT
	GE
	IN
	NOTIN
	IS
	ISNOT
	IFEQ
	IFNE
	IFLT
	IFLE
	IFGT
	IFGE
	IFIN
	IFNOTIN
	IFIS
	IFISNOT
	IFMATCH
	MATCHSEQ
	MATCHMAP
	MATCHCLASS

	JMP
	LOOP
	JTRUE
	JFALSE

	NEWTUPLE
	NEWLIST
	NEWSET
	NEWDICT
	NEWSLICE
	RESERVE
	APPEND
	EXTEND
	SETADD
	SETUPDATE
	DICTSET
	DICTMERGE
	TUPLEOF
	UNPACK
	UNPACKEX

	INDEX
	SLICE
	SETINDEX
	DELINDEX
	GETATTR
	SETATTR
	DELATTR
	METHOD

	CALL
	CALLKW
	CALLM
	CALLMKW
	CALLEX
	RETURN
	YIELD
	YIELDFROM

	ITER
	FORITER

	RAISE
	RERAISE
	ASSERTFAIL
	WITH
	EXCINFO

	BUILDCLASS
	ENDCLASS

	IMPORT
	IMPORTFROM
	IMPORTSTAR

	FORMAT
	CONCAT
	PRINTEXPR

	NumOpcodes
)

// A Form tells which operands an opcode has and how they read in a listing.
type Form uint8

// The forms of operands. R is a register, RK a register or constant, K a
// constant, N a name, G a global slot, F a free variable, U a number.
const (
	FormNone  Form = iota
	FormA          // R
	FormAB         // R R
	FormABC        // R R R
	FormABrk       // R R RK
	FormARK        // R RK, the RK being C
	FormCRK        // RK, being C
	FormAU         // R U(B)
	FormABU        // R R U(C)
	FormABUX       // R R U(C) X
	FormAUK        // R U(B) K(C)
	FormABN        // R R N(C)
	FormANrk       // R N(B) RK(C)
	FormAN         // R N(B)
	FormArkB       // R RK(B) RK(C)
	FormAK         // R K(Bx)
	FormAG         // R G(Bx)
	FormG          // G(Bx)
	FormAF         // R F(B)
	FormFB         // F(A) R(B)
	FormF          // F(A)
	FormJump       // pc(Bx)
	FormAJump      // R pc(Bx)
	FormACode      // R code(Bx)
	FormABX        // R R X
)

// An OpInfo documents an opcode. In Doc, := assigns a register, "then" means
// that the JMP or LOOP which follows is taken if the condition equals X (X is
// 1 or 0), and fails says which exception may be raised besides those of
// user-defined methods.
type OpInfo struct {
	Name string
	Form Form
	Doc  string
}

// Ops documents every opcode.
var Ops = [NumOpcodes]OpInfo{
	NOP:     {"NOP", FormNone, "nothing"},
	COMPILE: {"COMPILE", FormNone, "compile the function, see Code.Unread, and begin it again"},
	STEP:    {"STEP", FormNone, "a place where a test hook may run; emitted before every instruction with Options.Steps"},

	MOVE:  {"MOVE", FormAB, "R[A] := R[B]"},
	LOADK: {"LOADK", FormAK, "R[A] := K[Bx]"},
	UNSET: {"UNSET", FormA, "R[A] := unset"},
	CHECK: {"CHECK", FormA, "fails with UnboundLocalError (in a class body NameError) if R[A] is unset; the name is Locals[A]"},
	IFSET: {"IFSET", FormAJump, "if R[A] is set, jump to Bx"},

	GETGLOBAL: {"GETGLOBAL", FormAG, "R[A] := global Bx, or the builtin of that name; fails with NameError"},
	SETGLOBAL: {"SETGLOBAL", FormAG, "global Bx := R[A]"},
	DELGLOBAL: {"DELGLOBAL", FormG, "global Bx := unset; fails with NameError if it was"},
	GETNAME: {"GETNAME", FormABN, "R[A] := variable N[C] in dict R[B], unless B is NoReg, or else the global of that name, or else the builtin; fails with NameError. " +
		"X=1: the globals are in the dict that global GlobalsSlot holds, so below"},
	SETNAME: {"SETNAME", FormABN, "variable N[C] in dict R[B] or, if B is NoReg, among the globals := R[A]"},
	DELNAME: {"DELNAME", FormABN, "variable N[C] in dict R[B] or, if B is NoReg, among the globals := unset; fails with NameError if it was"},
	NEWCELL: {"NEWCELL", FormA, "R[A] := a new cell, unset"},
	BOX:     {"BOX", FormA, "R[A] := a new cell holding R[A], which may be unset"},
	GETCELL: {"GETCELL", FormAB, "R[A] := value of cell R[B]; fails with UnboundLocalError, the name being Locals[B]"},
	SETCELL: {"SETCELL", FormAB, "value of cell R[A] := R[B]"},
	DELCELL: {"DELCELL", FormAU, "value of cell R[A] := unset; fails with UnboundLocalError if it was, unless B is 1"},
	GETFREE: {"GETFREE", FormAF, "R[A] := value of free cell B; fails with NameError, the name being Free[B].Name"},
	SETFREE: {"SETFREE", FormFB, "value of free cell A := R[B]"},
	DELFREE: {"DELFREE", FormF, "value of free cell A := unset; fails with NameError if it was, unless B is 1"},
	CLOSURE: {"CLOSURE", FormACode, "R[A] := function of Codes[Bx], its defaults in R[A+1…]: those of the last NumDefaults positional parameters, " +
		"then those of the keyword-only parameters that have one, in order; captures as Codes[Bx].Free says"},

	ADD:      {"ADD", FormABrk, "R[A] := R[B] + RK[C]; X=1: as += does, in place where the type has it; X≥FirstTemporary: the value is used up at once, see there"},
	SUB:      {"SUB", FormABrk, "R[A] := R[B] - RK[C]; X as in ADD, so below"},
	MUL:      {"MUL", FormABrk, "R[A] := R[B] * RK[C]"},
	TRUEDIV:  {"TRUEDIV", FormABrk, "R[A] := R[B] / RK[C]"},
	FLOORDIV: {"FLOORDIV", FormABrk, "R[A] := R[B] // RK[C]"},
	MOD:      {"MOD", FormABrk, "R[A] := R[B] % RK[C]"},
	POW:      {"POW", FormABrk, "R[A] := R[B] ** RK[C]"},
	AND:      {"AND", FormABrk, "R[A] := R[B] & RK[C]"},
	OR:       {"OR", FormABrk, "R[A] := R[B] | RK[C]"},
	XOR:      {"XOR", FormABrk, "R[A] := R[B] ^ RK[C]"},
	SHL:      {"SHL", FormABrk, "R[A] := R[B] << RK[C]"},
	SHR:      {"SHR", FormABrk, "R[A] := R[B] >> RK[C]"},
	MATMUL:   {"MATMUL", FormABrk, "R[A] := R[B] @ RK[C]"},
	NEG:      {"NEG", FormAB, "R[A] := -R[B]"},
	POS:      {"POS", FormAB, "R[A] := +R[B]"},
	INVERT:   {"INVERT", FormAB, "R[A] := ~R[B]"},
	NOT:      {"NOT", FormAB, "R[A] := not R[B]"},

	EQ:      {"EQ", FormABrk, "R[A] := R[B] == RK[C]"},
	NE:      {"NE", FormABrk, "R[A] := R[B] != RK[C]"},
	LT:      {"LT", FormABrk, "R[A] := R[B] < RK[C]"},
	LE:      {"LE", FormABrk, "R[A] := R[B] <= RK[C]"},
	GT:      {"GT", FormABrk, "R[A] := R[B] > RK[C]"},
	GE:      {"GE", FormABrk, "R[A] := R[B] >= RK[C]"},
	IN:      {"IN", FormABrk, "R[A] := R[B] in RK[C]"},
	NOTIN:   {"NOTIN", FormABrk, "R[A] := R[B] not in RK[C]"},
	IS:      {"IS", FormABrk, "R[A] := R[B] is RK[C]"},
	ISNOT:   {"ISNOT", FormABrk, "R[A] := R[B] is not RK[C]"},
	IFEQ:    {"IFEQ", FormARK, "if R[A] == RK[C] then"},
	IFNE:    {"IFNE", FormARK, "if R[A] != RK[C] then"},
	IFLT:    {"IFLT", FormARK, "if R[A] < RK[C] then"},
	IFLE:    {"IFLE", FormARK, "if R[A] <= RK[C] then"},
	IFGT:    {"IFGT", FormARK, "if R[A] > RK[C] then"},
	IFGE:    {"IFGE", FormARK, "if R[A] >= RK[C] then"},
	IFIN:    {"IFIN", FormARK, "if R[A] in RK[C] then"},
	IFNOTIN: {"IFNOTIN", FormARK, "if R[A] not in RK[C] then"},
	IFIS:    {"IFIS", FormARK, "if R[A] is RK[C] then"},
	IFISNOT: {"IFISNOT", FormARK, "if R[A] is not RK[C] then"},
	IFMATCH: {"IFMATCH", FormARK, "if exception R[A] is an instance of class, or one of the tuple of classes, RK[C] then; fails with TypeError if they are not exception classes"},
	MATCHSEQ: {"MATCHSEQ", FormABUX, "if R[A] is no sequence of C elements then (X is not looked at as a condition, so below); " +
		"otherwise R[B] … R[B+C-1] := its elements, R[B+X] taking a list of those that are left over, unless X is NoStar"},
	MATCHMAP: {"MATCHMAP", FormABUX, "if R[A] is no mapping that has the keys R[B] … R[B+C-1] then; otherwise these registers := their values " +
		"and, if X=1, R[B+C] := a dict of what else it has; fails with ValueError if a key is there twice"},
	MATCHCLASS: {"MATCHCLASS", FormABUX, "if R[A] is no instance of class R[B], or an attribute is missing, then; otherwise R[B] … R[B+C-1] := the attributes " +
		"which the class's __match_args__ gives for the first X, and tuple R[B+1] names for the others; fails with TypeError"},

	JMP:    {"JMP", FormJump, "jump to Bx"},
	LOOP:   {"LOOP", FormJump, "jump back to Bx, looking at attention"},
	JTRUE:  {"JTRUE", FormAJump, "if R[A] is true, jump to Bx"},
	JFALSE: {"JFALSE", FormAJump, "if R[A] is false, jump to Bx"},

	NEWTUPLE:  {"NEWTUPLE", FormABU, "R[A] := tuple of R[B] … R[B+C-1]"},
	NEWLIST:   {"NEWLIST", FormABU, "R[A] := list of R[B] … R[B+C-1]"},
	NEWSET:    {"NEWSET", FormA, "R[A] := a new empty set"},
	NEWDICT:   {"NEWDICT", FormA, "R[A] := a new empty dict"},
	NEWSLICE:  {"NEWSLICE", FormAB, "R[A] := slice(R[B], R[B+1], R[B+2])"},
	RESERVE:   {"RESERVE", FormAB, "make room in R[A], an empty list, set or dict, for what iterator R[B] has left, if that is known"},
	APPEND:    {"APPEND", FormABU, "append R[B] … R[B+C-1] to list R[A]"},
	EXTEND:    {"EXTEND", FormAB, "append the elements of iterable R[B] to list R[A]"},
	SETADD:    {"SETADD", FormABU, "add R[B] … R[B+C-1] to set R[A]"},
	SETUPDATE: {"SETUPDATE", FormAB, "add the elements of iterable R[B] to set R[A]"},
	DICTSET:   {"DICTSET", FormABC, "dict R[A][R[B]] := R[C], A being a dict display or comprehension under way"},
	DICTMERGE: {"DICTMERGE", FormABX, "add mapping R[B] to dict R[A]; X=1: it holds the keyword arguments of a call whose callee is R[A-2]; fails with TypeError at a key that is there or no string"},
	TUPLEOF:   {"TUPLEOF", FormAB, "R[A] := tuple of the elements of list R[B]"},
	UNPACK:    {"UNPACK", FormABU, "R[B] … R[B+C-1] := the C elements of iterable R[A]; fails with ValueError if it has more or fewer"},
	UNPACKEX:  {"UNPACKEX", FormABUX, "R[B] … R[B+C-1] := the elements of iterable R[A], R[B+X] taking a list of those that are left over"},

	INDEX:    {"INDEX", FormABrk, "R[A] := R[B][RK[C]]"},
	SLICE:    {"SLICE", FormABC, "R[A] := R[B][slice(R[C], R[C+1], R[C+2])]"},
	SETINDEX: {"SETINDEX", FormArkB, "R[A][RK[B]] := RK[C]"},
	DELINDEX: {"DELINDEX", FormARK, "del R[A][RK[C]]"},
	GETATTR:  {"GETATTR", FormABN, "R[A] := R[B].N[C]"},
	SETATTR:  {"SETATTR", FormANrk, "R[A].N[B] := RK[C]"},
	DELATTR:  {"DELATTR", FormAN, "del R[A].N[B]"},
	METHOD:   {"METHOD", FormABN, "look up R[B].N[C] in order to call it: R[A] := the function and R[A+1] := R[B] as its first argument, or R[A] := the value and R[A+1] := unset"},

	CALL:    {"CALL", FormAU, "R[A] := R[A](R[A+1] … R[A+B]); if X is 1, an ITER follows and R[A] may be an iterator at once"},
	CALLKW:  {"CALLKW", FormAUK, "R[A] := R[A](R[A+1] … R[A+B]), the last arguments being keyword arguments with the names in tuple K[C]"},
	CALLM:   {"CALLM", FormAU, "R[A] := call of what METHOD left in R[A] and R[A+1], with R[A+2] … R[A+1+B]; X as in CALL"},
	CALLMKW: {"CALLMKW", FormAUK, "as CALLM, the last arguments being keyword arguments with the names in tuple K[C]"},
	CALLEX:  {"CALLEX", FormA, "R[A] := R[A](*R[A+1], **R[A+2]), list R[A+1], dict R[A+2] or unset"},
	RETURN:  {"RETURN", FormCRK, "return RK[C]"},
	YIELD:   {"YIELD", FormARK, "yield RK[C]; when resumed, R[A] := the value sent"},
	YIELDFROM: {"YIELDFROM", FormAB, "send R[A] to iterator R[B] and yield what it yields, again and again; at its end R[A] := its return value. " +
		"R[A] is None at first"},

	ITER:    {"ITER", FormAB, "R[A] := iter(R[B])"},
	FORITER: {"FORITER", FormAB, "if iterator R[A] is exhausted then (X is not looked at); otherwise R[B] := its next element"},

	RAISE:      {"RAISE", FormABX, "X=0: raise again what is being handled; X=1: raise R[A]; X=2: raise R[A] from R[B]"},
	RERAISE:    {"RERAISE", FormA, "raise R[A] again, its traceback kept as it is"},
	ASSERTFAIL: {"ASSERTFAIL", FormABX, "raise AssertionError, with message R[A] if X=1"},
	WITH:       {"WITH", FormAB, "R[A] := the bound __exit__ of R[B]; R[A+1] and R[A+2] := its __enter__, as METHOD leaves it; fails with TypeError"},
	EXCINFO:    {"EXCINFO", FormAB, "R[A], R[A+1], R[A+2] := type, value and traceback of exception R[B]"},

	BUILDCLASS: {"BUILDCLASS", FormAUK, "R[A] := class with body function R[A] and arguments R[A+1] … R[A+B], the last being keyword arguments with the names in tuple K[C]"},
	ENDCLASS:   {"ENDCLASS", FormA, "end of a class body: collect its locals; R[A] is the cell of __class__ unless A is NoReg"},

	IMPORT:     {"IMPORT", FormABN, "R[A] := module N[C], its top-level package unless X is 1; B is the number of leading dots; X=2: as load() finds it"},
	IMPORTFROM: {"IMPORTFROM", FormABN, "R[A] := N[C] of module R[B]; fails with ImportError"},
	IMPORTSTAR: {"IMPORTSTAR", FormABU, "set globals, or what is in dict R[B] unless B is NoReg, to all public names of module R[A]"},

	FORMAT:    {"FORMAT", FormABrk, "R[A] := format(R[B], RK[C]), after the conversion X ('r', 's', 'a' or 0); C is NoReg for no format spec"},
	CONCAT:    {"CONCAT", FormABU, "R[A] := the strings R[B] … R[B+C-1] put together"},
	PRINTEXPR: {"PRINTEXPR", FormA, "show R[A] as the interactive prompt does"},
}

// A Code is a compiled function body, class body or module. It never changes
// once made, and it travels in the image.
type Code struct {
	Name     string // as tracebacks show it: "f", "<lambda>", "<module>"
	QualName string // "C.f", "f.<locals>.g"
	Doc      string // docstring; see HasDoc
	Source   *syntax.Source
	Kind     Kind
	HasDoc   bool

	// Annotations are those of a class body or function: a name and the text of its annotation, and so on.
	Annotations []string

	// Parameters occupy the first registers: positional, keyword-only, *args,
	// **kwargs. A parameter that is captured is boxed by the first instructions.
	NumPos      int      // positional parameters, positional-only ones included
	NumPosOnly  int      // of these, positional-only
	NumKwOnly   int      // keyword-only parameters
	NumDefaults int      // of the last positional parameters
	KwDefault   []bool   // for each keyword-only parameter: has it a default?
	HasVarargs  bool     // *args
	HasKwargs   bool     // **kwargs
	Locals      []string // names of the first registers: parameters, then locals; "" if it has none

	// Unread says where the text is of a function of the host that is still to be compiled, nil if that is done: see
	// Complete. Until then the code has what is known of its def statement, and one instruction: COMPILE.
	Unread *syntax.Unread

	NumRegs int
	Instrs  []Instr
	Consts  []starlark.Value // None, Bool, Int, Float, String, Bytes, Ellipsis, Tuple of such
	Codes   []*Code          // functions and class bodies within
	Names   []string         // attribute and module names
	Free    []Capture        // where a closure finds its free cells when it is made
	CellReg []Reg            // registers of this code that hold cells

	Handlers   []Handler // inner ones before outer ones
	Excepts    []Except  // inner ones before outer ones
	Depth      []uint16  // for each pc: registers that may be live just before it
	GlobalRefs []uint32  // slots named in Instrs, ascending, without repetition
	Lines      []Line    // by ascending PC; each holds up to the next
}

// NumParams returns the number of registers that parameters occupy.
func (c *Code) NumParams() int {
	n := c.NumPos + c.NumKwOnly
	if c.HasVarargs {
		n++
	}
	if c.HasKwargs {
		n++
	}
	return n
}

// Kind tells what a code is the body of.
type Kind uint8

// The kinds of code.
const (
	Function Kind = iota
	Generator
	ClassBody
	ModuleBody
)

// A Capture says where a closure's free cell comes from when CLOSURE makes it.
type Capture struct {
	Name  string
	Outer bool // it is free variable Index of the maker; else register Index holds the cell
	Index uint16
}

// A Handler says that an exception raised at a pc in [Start, End) goes to
// Target, arriving in register Reg.
type Handler struct {
	Start, End, Target uint32
	Reg                Reg
}

// An Except says that at a pc in [Start, End) the exception in register Reg is
// being handled. If Finally is set that is so only if R[Reg-1], the state of
// the finally body, is 1.
type Except struct {
	Start, End uint32
	Reg        Reg
	Finally    bool
}

// A Line gives the source range of the instructions from PC on.
type Line struct {
	PC    uint32
	Range syntax.Range
}

// Globals numbers the global variables of a module. It grows as code of that
// module is compiled, and is never reordered.
type Globals struct {
	Names []string
	first func() map[string]uint32 // makes, once, the numbers of the names that NewGlobals was given; or nil
	index map[string]uint32        // of the names that have come since
	base  *Globals                 // has the first of Names, or nil
}

// NewGlobals returns globals of names that are all different.
func NewGlobals(names []string) *Globals {
	return &Globals{Names: names, first: sync.OnceValue(func() map[string]uint32 {
		index := make(map[string]uint32, len(names))
		for slot, name := range names {
			index[name] = uint32(slot)
		}
		return index
	})}
}

// Extend returns globals that have those of g, which gets no more, and room for others.
func (g *Globals) Extend() *Globals {
	return &Globals{Names: g.Names[:len(g.Names):len(g.Names)], base: g}
}

// Slot returns the number of a global, giving it one if need be.
func (g *Globals) Slot(name string) uint32 {
	if slot, ok := g.Lookup(name); ok {
		return slot
	}
	if g.index == nil {
		g.index = make(map[string]uint32)
	}
	slot := uint32(len(g.Names))
	g.Names = append(g.Names, name)
	g.index[name] = slot
	return slot
}

// Lookup returns the number of a global that has one.
func (g *Globals) Lookup(name string) (uint32, bool) {
	if g.base != nil {
		if slot, ok := g.base.Lookup(name); ok {
			return slot, true
		}
	}
	if g.first != nil {
		if slot, ok := g.first()[name]; ok {
			return slot, true
		}
	}
	slot, ok := g.index[name]
	return slot, ok
}

// Options change what File compiles.
type Options struct {
	Steps       bool // emit STEP before every instruction
	Interactive bool // show the value of expression statements at top level (PRINTEXPR)

	// For what eval and exec run; see GETNAME.
	Value  bool // the file is an expression statement, whose value its code returns
	Locals bool // variables of top-level code are in the dict that its only parameter is
	Dict   bool // globals are in a dict
}

// GlobalsSlot is the slot of the dict with the globals of a module that is compiled with Options.Dict,
// and GlobalsName its name. The module has no other.
const (
	GlobalsSlot = 0
	GlobalsName = ".globals"
)

// EllipsisType is the type of the constant Ellipsis.
type EllipsisType struct{}

func (EllipsisType) String() string        { return "Ellipsis" }
func (EllipsisType) Type() string          { return "ellipsis" }
func (EllipsisType) Freeze()               {}
func (EllipsisType) Truth() starlark.Bool  { return true }
func (EllipsisType) Hash() (uint32, error) { return 0x456c6c69, nil }
