package compile

// Temporaries. Of a*b + c*d the products are used up by the addition: nobody sees them. The compiler
// marks an instruction that makes such a number by an X of FirstTemporary or more, and package vm then puts it in place
// X-FirstTemporary of a few that it uses again and again, instead of making a new one.
//
// The mark promises that the first to read the register is an arithmetic instruction or a comparison, that nothing
// reads it after that, and that in between stand only instructions that run no script code as long as
// what they work on is plain. Where it is not, package vm first moves what lies in the places into numbers of their own.

// FirstTemporary is the X of an arithmetic instruction whose value goes to place 0 of the temporaries.
const FirstTemporary = 2

// NumTemporaries is the number of places: for the first of a code's registers behind the locals.
const NumTemporaries = 8

// markTemporaries marks all that can be.
func markTemporaries(c *Code) {
	for pc := range c.Instrs {
		if in := &c.Instrs[pc]; in.X == 0 && isTemporary(c, pc) {
			in.X = temporaryMark(c, in.A)
		}
	}
}

// temporaryMark returns the mark for a value in R[r]: each register has a place.
func temporaryMark(c *Code, r Reg) uint8 { return uint8(FirstTemporary + int(r) - len(c.Locals)) }

// isTemporary reports whether the value of the instruction at pc can be marked.
func isTemporary(c *Code, pc int) bool {
	in := &c.Instrs[pc]
	if place := int(in.A) - len(c.Locals); !isArithmetic(in.Op) || place < 0 || place >= NumTemporaries {
		return false
	}
	r := in.A
	for pc++; pc < len(c.Instrs); pc++ {
		user := &c.Instrs[pc]
		if reads(c, user, r) {
			return usesUp(c, pc, r)
		}
		if !isQuiet(user.Op) {
			return false
		}
	}
	return false
}

// usesUp reports whether the instruction at pc, which reads r, is one that may, and the last to do so.
func usesUp(c *Code, pc int, r Reg) bool {
	in := &c.Instrs[pc]
	switch {
	case isArithmetic(in.Op), EQ <= in.Op && in.Op <= GE:
		return in.A == r || c.Depth[pc+1] <= r
	case IFEQ <= in.Op && in.Op <= IFGE:
		return c.Depth[pc+2] <= r && c.Depth[c.Instrs[pc+1].Bx()] <= r
	}
	return false
}

func isArithmetic(op Opcode) bool { return ADD <= op && op <= SHR }

// isQuiet reports whether an instruction may stand between a number and its use.
func isQuiet(op Opcode) bool {
	switch op {
	case STEP, MOVE, LOADK, CHECK, GETGLOBAL, GETCELL, GETFREE, INDEX, GETATTR:
		return true
	}
	return isArithmetic(op)
}

// reads reports whether an instruction reads a register.
func reads(c *Code, in *Instr, r Reg) bool {
	e := effects(c, *in)
	for _, group := range [][]regs{e.reads, e.maybe} {
		for _, g := range group {
			if g.first <= int(r) && int(r) < g.first+g.n {
				return true
			}
		}
	}
	return false
}
