package compile

import (
	"fmt"
	"io"
	"sort"
	"strings"

	"go.starlark.net/starlark"
)

// Disassemble writes a listing of a code, and of those within it, for a person
// to read: parameters and sizes, then each instruction below the source line
// it comes from, with what its operands stand for, then the tables. The code's
// globals are numbered by g.
func Disassemble(w io.Writer, c *Code, g *Globals) {
	l := &lister{w: w, c: c, globals: g, lines: make(map[int32]string)}
	l.header()
	l.instructions()
	l.tables()
	for _, inner := range c.Codes {
		fmt.Fprintln(w)
		Disassemble(w, inner, g)
	}
}

// A lister writes the listing of one Code.
type lister struct {
	w       io.Writer
	c       *Code
	globals *Globals
	labels  map[int]string
	lines   map[int32]string // text of the source lines, as needed
}

var kindNames = [...]string{Function: "function", Generator: "generator", ClassBody: "class", ModuleBody: "module"}

func (l *lister) header() {
	c := l.c
	fmt.Fprintf(l.w, "%s %s", kindNames[c.Kind], c.QualName)
	if c.Kind == Function || c.Kind == Generator {
		fmt.Fprintf(l.w, "(%s)", strings.Join(parameters(c), ", "))
	}
	fmt.Fprintf(l.w, ": %d registers, %d instructions, %d constants\n", c.NumRegs, len(c.Instrs), len(c.Consts))
	l.list("locals", c.Locals)
	if len(c.CellReg) > 0 {
		names := make([]string, len(c.CellReg))
		for i, r := range c.CellReg {
			names[i] = l.reg(r)
		}
		l.list("cells", names)
	}
	free := make([]string, len(c.Free))
	for i, f := range c.Free {
		from := "register"
		if f.Outer {
			from = "free"
		}
		free[i] = fmt.Sprintf("%s=%s %d", f.Name, from, f.Index)
	}
	l.list("free", free)
}

func (l *lister) list(what string, items []string) {
	if len(items) > 0 {
		fmt.Fprintf(l.w, "  %s: %s\n", what, strings.Join(items, ", "))
	}
}

// parameters returns the parameters as a def would show them.
func parameters(c *Code) []string {
	var list []string
	add := func(prefix string, i int, hasDefault bool) {
		s := prefix + c.Locals[i]
		if hasDefault {
			s += "=…"
		}
		list = append(list, s)
	}
	for i := range c.NumPos {
		add("", i, i >= c.NumPos-c.NumDefaults)
		if i == c.NumPosOnly-1 {
			list = append(list, "/")
		}
	}
	n := c.NumPos + c.NumKwOnly
	if c.HasVarargs {
		add("*", n, false)
		n++
	} else if c.NumKwOnly > 0 {
		list = append(list, "*")
	}
	for i := range c.NumKwOnly {
		add("", c.NumPos+i, c.KwDefault[i])
	}
	if c.HasKwargs {
		add("**", n, false)
	}
	return list
}

func (l *lister) instructions() {
	l.label()
	var line int32
	next := 0
	for pc, in := range l.c.Instrs {
		if next < len(l.c.Lines) && int(l.c.Lines[next].PC) == pc {
			if n := l.c.Lines[next].Range.Start.Line; n != line {
				line = n
				fmt.Fprintf(l.w, "%5d  %s\n", line, l.source(line))
			}
			next++
		}
		if name, ok := l.labels[pc]; ok {
			fmt.Fprintf(l.w, "%s:\n", name)
		}
		text := fmt.Sprintf("  %6d  %-10s %s", pc, Ops[in.Op].Name, l.operands(in))
		fmt.Fprintln(l.w, strings.TrimRight(text, " "))
	}
}

// label names the places that jumps and exceptions go to, in their order.
func (l *lister) label() {
	var targets []int
	for _, in := range l.c.Instrs {
		if to, ok := jumpTarget(in); ok {
			targets = append(targets, to)
		}
	}
	for _, h := range l.c.Handlers {
		targets = append(targets, int(h.Target))
	}
	sort.Ints(targets)
	l.labels = make(map[int]string)
	for _, pc := range targets {
		if _, ok := l.labels[pc]; !ok {
			l.labels[pc] = fmt.Sprintf("L%d", len(l.labels)+1)
		}
	}
}

// source returns the text of a line of the source.
func (l *lister) source(n int32) string {
	if len(l.lines) == 0 && l.c.Source != nil {
		for i, text := range strings.Split(l.c.Source.Text, "\n") {
			l.lines[int32(i+1)] = strings.TrimRight(text, "\r")
		}
	}
	return strings.TrimRight(l.lines[n], " \t")
}

func (l *lister) tables() {
	for _, h := range l.c.Handlers {
		fmt.Fprintf(l.w, "  handler %d…%d: to %s with %s\n", h.Start, h.End-1, l.labels[int(h.Target)], l.reg(h.Reg))
	}
	for _, x := range l.c.Excepts {
		note := ""
		if x.Finally {
			note = fmt.Sprintf(" if %s is 1", l.reg(x.Reg-1))
		}
		fmt.Fprintf(l.w, "  handling %d…%d: %s%s\n", x.Start, x.End-1, l.reg(x.Reg), note)
	}
}

// Operands.

// operands returns the operands of an instruction, by its form.
func (l *lister) operands(in Instr) string {
	a, b, c := l.reg(in.A), l.reg(in.B), l.reg(in.C)
	switch Ops[in.Op].Form {
	case FormA:
		if in.A == NoReg {
			return "-"
		}
		return a
	case FormAB:
		return a + " " + b
	case FormABC:
		if in.Op == SLICE {
			return a + " " + b + " " + l.regs(in.C, 3)
		}
		return a + " " + b + " " + c
	case FormABrk:
		return a + " " + b + " " + l.rk(in.C) + mode(in)
	case FormARK:
		if in.Op == YIELD {
			return a + " " + l.rk(in.C)
		}
		return a + " " + l.rk(in.C) + sense(in)
	case FormCRK:
		return l.rk(in.C)
	case FormAU:
		return fmt.Sprintf("%s %d", a, in.B)
	case FormABU:
		if in.Op == UNPACK {
			return a + " to " + l.regs(in.B, in.C)
		}
		return a + " " + l.regs(in.B, in.C)
	case FormABUX:
		if in.Op >= MATCHMAP && in.Op <= MATCHCLASS || in.X == NoStar {
			return fmt.Sprintf("%s to %s %d", a, l.regs(in.B, in.C), in.X)
		}
		return fmt.Sprintf("%s to %s *%s", a, l.regs(in.B, in.C), l.reg(in.B+uint16(in.X)))
	case FormAUK:
		return fmt.Sprintf("%s %d %s", a, in.B, l.constant(int(in.C)))
	case FormABN:
		return l.named(in)
	case FormANrk:
		return a + " ." + l.name(in.B) + " " + l.rk(in.C)
	case FormAN:
		return a + " ." + l.name(in.B)
	case FormArkB:
		return a + " " + l.rk(in.B) + " " + l.rk(in.C)
	case FormAK:
		return a + " " + l.constant(in.Bx())
	case FormAG:
		return a + " " + l.global(in.Bx())
	case FormG:
		return l.global(in.Bx())
	case FormAF:
		return a + " " + l.free(in.B)
	case FormFB:
		return l.free(in.A) + " " + b
	case FormF:
		return l.free(in.A)
	case FormJump:
		return l.labels[in.Bx()]
	case FormAJump:
		return a + " " + l.labels[in.Bx()]
	case FormACode:
		return a + " " + l.c.Codes[in.Bx()].QualName
	case FormABX:
		return l.counted(in)
	}
	return ""
}

// named shows attributes and imports.
func (l *lister) named(in Instr) string {
	if in.Op == IMPORT {
		return fmt.Sprintf("%s %s%s X=%d", l.reg(in.A), strings.Repeat(".", int(in.B)), l.name(in.C), in.X)
	}
	return l.reg(in.A) + " " + l.reg(in.B) + "." + l.name(in.C)
}

// counted shows the instructions whose X says which registers count.
func (l *lister) counted(in Instr) string {
	switch {
	case in.Op == DICTMERGE:
		return fmt.Sprintf("%s %s X=%d", l.reg(in.A), l.reg(in.B), in.X)
	case in.X == 0:
		return ""
	case in.X == 1:
		return l.reg(in.A)
	}
	return l.reg(in.A) + " " + l.reg(in.B)
}

// mode shows the X of arithmetic and of FORMAT.
func mode(in Instr) string {
	switch {
	case in.X == 0:
		return ""
	case in.Op == FORMAT:
		return fmt.Sprintf(" !%c", in.X)
	case in.Op == CALL || in.Op == CALLM:
		return " to iterate over"
	case in.X >= FirstTemporary:
		return " temporary"
	}
	return " in place"
}

// sense shows on which outcome of a test the jump is taken.
func sense(in Instr) string {
	switch {
	case !isConditional(in.Op):
		return ""
	case in.X == 0:
		return " else"
	}
	return " then"
}

func (l *lister) reg(r Reg) string {
	if int(r) < len(l.c.Locals) && l.c.Locals[r] != "" {
		return fmt.Sprintf("r%d(%s)", r, l.c.Locals[r])
	}
	return fmt.Sprintf("r%d", r)
}

func (l *lister) regs(first Reg, n uint16) string {
	switch n {
	case 0:
		return "none"
	case 1:
		return l.reg(first)
	}
	return l.reg(first) + "…" + l.reg(first+n-1)
}

func (l *lister) rk(rk uint16) string {
	switch {
	case rk == NoReg:
		return "-"
	case isConst(rk):
		return l.constant(int(rk &^ ConstBit))
	}
	return l.reg(rk)
}

// maxShown bounds what is shown of a constant.
const maxShown = 40

func (l *lister) constant(i int) string {
	v := l.c.Consts[i]
	s := v.String()
	if f, ok := v.(starlark.Float); ok {
		s = fmt.Sprint(float64(f))
		if !strings.ContainsAny(s, ".eIN") {
			s += ".0"
		}
	}
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return s
}

func (l *lister) name(i uint16) string { return l.c.Names[i] }

func (l *lister) free(i uint16) string { return fmt.Sprintf("free%d(%s)", i, l.c.Free[i].Name) }

func (l *lister) global(slot int) string {
	if slot >= len(l.globals.Names) {
		return fmt.Sprintf("g%d", slot)
	}
	return fmt.Sprintf("g%d(%s)", slot, l.globals.Names[slot])
}
