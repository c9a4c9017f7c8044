package compile

import (
	"fmt"
	"slices"
)

// Verify checks what package vm and image rely on without looking: that
// operands are in range, that control stays within the code, that every
// register is set on all paths to where it is read, and that Depth covers what
// is read and nothing that may be left over. It follows all paths through the
// instructions, knowing nothing of how they came to be. The compiler's output
// always passes; it is for tests.
func Verify(c *Code) error {
	v := &verifier{c: c}
	if err := v.run(); err != nil {
		return fmt.Errorf("%s: %w", c.QualName, err)
	}
	for _, inner := range c.Codes {
		if err := Verify(inner); err != nil {
			return err
		}
	}
	return nil
}

// A verifier keeps, for each pc that paths join at, what holds there on all
// paths seen so far.
type verifier struct {
	c      *Code
	target []bool  // for each pc: jumps or exceptions may lead here
	state  []state // for each target reached
	work   []int   // targets whose state has changed
}

// A state says of each register what is known of it. Registers from Depth on
// are stale.
type state []regState

type regState uint8

const (
	stale   regState = iota // whatever was there before
	written                 // written, but perhaps unset
	isSet
)

func (v *verifier) run() error {
	if err := v.tables(); err != nil {
		return err
	}
	for pc, in := range v.c.Instrs {
		if err := v.operands(pc, in); err != nil {
			return fmt.Errorf("pc %d: %s: %w", pc, Ops[in.Op].Name, err)
		}
	}
	for pc, in := range v.c.Instrs {
		if isArithmetic(in.Op) && in.X >= FirstTemporary && !(isTemporary(v.c, pc) && in.X == temporaryMark(v.c, in.A)) {
			return fmt.Errorf("pc %d: %s: its value is not used up at once", pc, Ops[in.Op].Name)
		}
	}
	return v.flow()
}

// tables checks everything that is beside the instructions.
func (v *verifier) tables() error {
	c := v.c
	n := uint32(len(c.Instrs))
	switch {
	case n == 0:
		return fmt.Errorf("no instructions")
	case len(c.Depth) != len(c.Instrs):
		return fmt.Errorf("%d depths for %d instructions", len(c.Depth), n)
	case c.NumParams() > len(c.Locals) || len(c.Locals) > c.NumRegs || c.NumRegs > maxRegs:
		return fmt.Errorf("%d parameters, %d locals, %d registers", c.NumParams(), len(c.Locals), c.NumRegs)
	case !endsFlow[c.Instrs[n-1].Op] || n > 1 && isConditional(c.Instrs[n-2].Op):
		return fmt.Errorf("control falls off the end")
	case len(c.Lines) == 0 || c.Lines[0].PC != 0:
		return fmt.Errorf("first instruction has no line")
	}
	for i := 1; i < len(c.Lines); i++ {
		if c.Lines[i].PC <= c.Lines[i-1].PC || c.Lines[i].PC >= n {
			return fmt.Errorf("line table: pc %d", c.Lines[i].PC)
		}
	}
	v.target = make([]bool, n)
	for _, h := range c.Handlers {
		if h.Start >= h.End || h.End > n || h.Target >= n || h.Start <= h.Target && h.Target < h.End || int(h.Reg) >= c.NumRegs {
			return fmt.Errorf("handler %+v", h)
		}
		v.target[h.Target] = true
	}
	for _, x := range c.Excepts {
		if x.Start >= x.End || x.End > n || int(x.Reg) >= c.NumRegs {
			return fmt.Errorf("except %+v", x)
		}
	}
	return nil
}

// operands checks one instruction by itself.
func (v *verifier) operands(pc int, in Instr) error {
	c := v.c
	if in.Op >= NumOpcodes {
		return fmt.Errorf("unknown opcode")
	}
	if d := int(c.Depth[pc]); d < len(c.Locals) || d > c.NumRegs {
		return fmt.Errorf("depth %d", d)
	}
	if isConditional(in.Op) && (pc+1 == len(c.Instrs) || !isJump(c.Instrs[pc+1].Op)) {
		return fmt.Errorf("no jump follows")
	}
	e := effects(c, in)
	for _, r := range slices.Concat(e.reads, e.maybe, e.writes, []regs{e.unlessTaken}) {
		if r.first+r.n > c.NumRegs {
			return fmt.Errorf("register %d", r.first+r.n-1)
		}
	}
	if e.index >= e.indexEnd {
		return fmt.Errorf("index %d of %d", e.index, e.indexEnd)
	}
	for _, k := range e.consts {
		if k >= len(c.Consts) {
			return fmt.Errorf("constant %d", k)
		}
	}
	if to, ok := jumpTarget(in); ok {
		if to >= len(c.Instrs) || to > 0 && isConditional(c.Instrs[to-1].Op) {
			return fmt.Errorf("jump to %d", to)
		}
		if in.Op == LOOP && to > pc || in.Op != LOOP && to <= pc {
			return fmt.Errorf("jump from %d to %d", pc, to)
		}
		v.target[to] = true
	}
	if in.Op == GETGLOBAL || in.Op == SETGLOBAL || in.Op == DELGLOBAL {
		if _, ok := slices.BinarySearch(c.GlobalRefs, uint32(in.Bx())); !ok {
			return fmt.Errorf("global %d is not in GlobalRefs", in.Bx())
		}
	}
	return nil
}

// isConditional reports whether a JMP or LOOP belongs to the instruction.
func isConditional(op Opcode) bool { return op >= IFEQ && op <= MATCHCLASS || op == FORITER }

func isJump(op Opcode) bool { return op == JMP || op == LOOP }

func jumpTarget(in Instr) (int, bool) {
	switch in.Op {
	case JMP, LOOP, JTRUE, JFALSE, IFSET:
		return in.Bx(), true
	}
	return 0, false
}

// Flow.

// flow follows all paths until nothing changes.
func (v *verifier) flow() error {
	v.state = make([]state, len(v.c.Instrs))
	start := make(state, v.c.NumRegs)
	for i := range v.c.Locals {
		start[i] = written
		if i < v.c.NumParams() {
			start[i] = isSet
		}
	}
	if v.target[0] {
		v.join(0, start)
	} else if err := v.path(0, start); err != nil {
		return err
	}
	for len(v.work) > 0 {
		pc := v.work[len(v.work)-1]
		v.work = v.work[:len(v.work)-1]
		if err := v.path(pc, slices.Clone(v.state[pc])); err != nil {
			return err
		}
	}
	return nil
}

// join notes that a path leads to target pc with s.
func (v *verifier) join(pc int, s state) {
	depth := int(v.c.Depth[pc])
	old := v.state[pc]
	if old == nil {
		old = slices.Clone(s)
		clear(old[depth:])
		v.state[pc] = old
		v.work = append(v.work, pc)
		return
	}
	changed := false
	for i := range depth {
		if s[i] < old[i] {
			old[i], changed = s[i], true
		}
	}
	if changed {
		v.work = append(v.work, pc)
	}
}

// path follows the code from pc to where it joins another path or ends.
func (v *verifier) path(pc int, s state) error {
	for first := true; ; first = false {
		if v.target[pc] && !first {
			v.join(pc, s)
			return nil
		}
		in := v.c.Instrs[pc]
		if err := v.step(pc, in, s); err != nil {
			return fmt.Errorf("pc %d: %s: %w", pc, Ops[in.Op].Name, err)
		}
		if isConditional(in.Op) {
			if err := v.taken(pc+1, s); err != nil {
				return err
			}
			set(s, effects(v.c, in).unlessTaken)
			pc += 2
			continue
		}
		if to, ok := jumpTarget(in); ok {
			v.jump(to, in, s)
		}
		if endsFlow[in.Op] {
			return nil
		}
		pc++
	}
}

// taken follows the jump at pc of a conditional instruction.
func (v *verifier) taken(pc int, s state) error {
	in := v.c.Instrs[pc]
	if err := v.step(pc, in, s); err != nil {
		return fmt.Errorf("pc %d: %s: %w", pc, Ops[in.Op].Name, err)
	}
	v.jump(in.Bx(), in, s)
	return nil
}

func (v *verifier) jump(to int, in Instr, s state) {
	if in.Op == IFSET {
		s = slices.Clone(s)
		s[in.A] = isSet
	}
	v.join(to, s)
}

func set(s state, r regs) {
	for i := range r.n {
		s[r.first+i] = isSet
	}
}

// step checks that the instruction at pc finds what it needs in s, and makes s
// what it leaves.
func (v *verifier) step(pc int, in Instr, s state) error {
	depth := int(v.c.Depth[pc])
	clear(s[depth:]) // the image leaves them out
	for i := len(v.c.Locals); i < depth; i++ {
		if s[i] == stale {
			return fmt.Errorf("register %d is below the depth and not written", i)
		}
	}
	v.raises(pc, s)
	if err := v.handled(pc, s); err != nil {
		return err
	}
	e := effects(v.c, in)
	for _, r := range e.reads {
		if err := readable(r, depth, isSet, s); err != nil {
			return err
		}
	}
	for _, r := range e.maybe {
		if err := readable(r, depth, written, s); err != nil {
			return err
		}
	}
	for _, r := range e.writes {
		set(s, r)
	}
	switch in.Op {
	case UNSET:
		s[in.A] = written
	case METHOD:
		s[in.A+1] = written
	case WITH:
		s[in.A+2] = written
	}
	return nil
}

func readable(r regs, depth int, want regState, s state) error {
	for i := r.first; i < r.first+r.n; i++ {
		switch {
		case i >= depth:
			return fmt.Errorf("register %d is not below the depth %d", i, depth)
		case s[i] < want:
			return fmt.Errorf("register %d may be unset", i)
		}
	}
	return nil
}

// raises follows the path that an exception at pc takes.
func (v *verifier) raises(pc int, s state) {
	for _, h := range v.c.Handlers {
		if int(h.Start) <= pc && pc < int(h.End) {
			before := s[h.Reg]
			s[h.Reg] = isSet
			v.join(int(h.Target), s)
			s[h.Reg] = before
			return
		}
	}
}

// handled checks that the exceptions being handled at pc are there.
func (v *verifier) handled(pc int, s state) error {
	for _, x := range v.c.Excepts {
		if pc < int(x.Start) || int(x.End) <= pc {
			continue
		}
		if r := int(x.Reg); r >= int(v.c.Depth[pc]) || s[r] != isSet || x.Finally && s[r-1] != isSet {
			return fmt.Errorf("no exception in register %d", r)
		}
	}
	return nil
}

// Effects.

// regs are n registers from first on.
type regs struct{ first, n int }

// An effect is what an instruction does with registers and tables.
type effect struct {
	reads       []regs
	maybe       []regs // read, but may be unset
	writes      []regs
	unlessTaken regs // written if the jump that follows is not taken
	consts      []int

	index, indexEnd int // an index into another table and its length
}

func (e *effect) read(first Reg, n int)  { e.reads = append(e.reads, regs{int(first), n}) }
func (e *effect) write(first Reg, n int) { e.writes = append(e.writes, regs{int(first), n}) }

func (e *effect) readRK(rk uint16) {
	if isConst(rk) {
		e.consts = append(e.consts, int(rk&^ConstBit))
	} else {
		e.read(rk, 1)
	}
}

func (e *effect) at(index, end int) { e.index, e.indexEnd = index, end }

// effects returns what an instruction does: what its form says, but for those
// whose operands stand for more registers.
func effects(c *Code, in Instr) effect {
	e := effect{indexEnd: 1}
	if special(c, in, &e) {
		return e
	}
	switch Ops[in.Op].Form {
	case FormA:
		e.write(in.A, 1)
	case FormAB:
		e.read(in.B, 1)
		e.write(in.A, 1)
	case FormABrk:
		e.read(in.B, 1)
		e.readRK(in.C)
		e.write(in.A, 1)
	case FormARK:
		e.read(in.A, 1)
		e.readRK(in.C)
	case FormABU:
		e.read(in.B, int(in.C))
		e.write(in.A, 1)
	case FormABN:
		e.read(in.B, 1)
		e.write(in.A, 1)
		e.at(int(in.C), len(c.Names))
	case FormAK:
		e.consts = append(e.consts, in.Bx())
		e.write(in.A, 1)
	case FormAJump:
		e.read(in.A, 1)
	}
	return e
}

// special does the instructions that do not do what their form says.
func special(c *Code, in Instr, e *effect) bool {
	switch in.Op {
	case CHECK:
		e.maybe = append(e.maybe, regs{int(in.A), 1})
		e.at(int(in.A), len(c.Locals))
		e.write(in.A, 1) // or it fails
	case IFSET:
		e.maybe = append(e.maybe, regs{int(in.A), 1})
	case BOX:
		e.maybe = append(e.maybe, regs{int(in.A), 1})
		e.write(in.A, 1)
	case GETGLOBAL:
		e.write(in.A, 1)
	case SETGLOBAL, RERAISE, PRINTEXPR:
		e.read(in.A, 1)
	case GETNAME, SETNAME, DELNAME:
		if in.B != NoReg {
			e.read(in.B, 1)
		}
		switch in.Op {
		case GETNAME:
			e.write(in.A, 1)
		case SETNAME:
			e.read(in.A, 1)
		}
		e.at(int(in.C), len(c.Names))
	case IMPORTSTAR:
		e.read(in.A, 1)
		if in.B != NoReg {
			e.read(in.B, 1)
		}
	case DELCELL:
		e.read(in.A, 1)
	case SETCELL:
		e.read(in.A, 1)
		e.read(in.B, 1)
	case GETFREE:
		e.write(in.A, 1)
		e.at(int(in.B), len(c.Free))
	case SETFREE:
		e.read(in.B, 1)
		e.at(int(in.A), len(c.Free))
	case DELFREE:
		e.at(int(in.A), len(c.Free))
	case CLOSURE:
		closureEffect(c, in, e)
	case SLICE:
		e.read(in.B, 1)
		e.read(in.C, 3)
		e.write(in.A, 1)
	case NEWSLICE:
		e.read(in.B, 3)
		e.write(in.A, 1)
	case RESERVE:
		e.read(in.A, 1)
		e.read(in.B, 1)
	case APPEND, SETADD:
		e.read(in.A, 1)
		e.read(in.B, int(in.C))
	case EXTEND, SETUPDATE, DICTMERGE:
		e.read(in.A, 1)
		e.read(in.B, 1)
	case DICTSET:
		e.read(in.A, 1)
		e.read(in.B, 1)
		e.read(in.C, 1)
	case UNPACK, UNPACKEX:
		e.read(in.A, 1)
		e.write(in.B, int(in.C))
		if in.Op == UNPACKEX {
			e.at(int(in.X), int(in.C))
		}
	case SETINDEX:
		e.read(in.A, 1)
		e.readRK(in.B)
		e.readRK(in.C)
	case SETATTR:
		e.read(in.A, 1)
		e.readRK(in.C)
		e.at(int(in.B), len(c.Names))
	case DELATTR:
		e.read(in.A, 1)
		e.at(int(in.B), len(c.Names))
	case METHOD:
		e.read(in.B, 1)
		e.write(in.A, 2)
		e.at(int(in.C), len(c.Names))
	case CALL, CALLKW, BUILDCLASS:
		e.read(in.A, int(in.B)+1)
		e.write(in.A, 1)
	case CALLM, CALLMKW:
		e.read(in.A, 1)
		e.maybe = append(e.maybe, regs{int(in.A) + 1, 1})
		e.read(in.A+2, int(in.B))
		e.write(in.A, 1)
	case CALLEX:
		e.read(in.A, 2)
		e.maybe = append(e.maybe, regs{int(in.A) + 2, 1})
		e.write(in.A, 1)
	case RETURN:
		e.readRK(in.C)
	case YIELD:
		e.readRK(in.C)
		e.write(in.A, 1)
	case YIELDFROM:
		e.read(in.A, 1)
		e.read(in.B, 1)
	case FORITER:
		e.read(in.A, 1)
		e.unlessTaken = regs{int(in.B), 1}
	case MATCHSEQ:
		e.read(in.A, 1)
		e.unlessTaken = regs{int(in.B), int(in.C)}
		if in.X != NoStar {
			e.at(int(in.X), int(in.C))
		}
	case MATCHMAP:
		e.read(in.A, 1)
		e.read(in.B, int(in.C))
		e.unlessTaken = regs{int(in.B), int(in.C) + int(in.X)}
	case MATCHCLASS:
		e.read(in.A, 1)
		e.read(in.B, 2)
		e.unlessTaken = regs{int(in.B), int(in.C)}
	case RAISE, ASSERTFAIL:
		if in.X > 0 {
			e.read(in.A, 1)
		}
		if in.X == 2 {
			e.read(in.B, 1)
		}
	case WITH:
		e.read(in.B, 1)
		e.write(in.A, 3)
	case EXCINFO:
		e.read(in.B, 1)
		e.write(in.A, 3)
	case ENDCLASS:
		if in.A != NoReg {
			e.read(in.A, 1)
		}
	case IMPORT:
		e.write(in.A, 1)
		e.at(int(in.C), len(c.Names))
	case FORMAT:
		e.read(in.B, 1)
		if in.C != NoReg {
			e.readRK(in.C)
		}
		e.write(in.A, 1)
	default:
		return false
	}
	if in.Op == CALLKW || in.Op == CALLMKW || in.Op == BUILDCLASS {
		e.consts = append(e.consts, int(in.C))
	}
	return true
}

// closureEffect reads the defaults of a function and the cells it captures.
func closureEffect(c *Code, in Instr, e *effect) {
	e.write(in.A, 1)
	e.at(in.Bx(), len(c.Codes))
	if in.Bx() >= len(c.Codes) {
		return
	}
	inner := c.Codes[in.Bx()]
	n := inner.NumDefaults
	for _, has := range inner.KwDefault {
		if has {
			n++
		}
	}
	e.read(in.A+1, n)
	for _, f := range inner.Free {
		if !f.Outer {
			e.read(f.Index, 1)
		}
	}
}
