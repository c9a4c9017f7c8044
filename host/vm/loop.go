package vm

import (
	"unsafe"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
)

// The loop looks at registers, constants and instructions through pointers to
// arrays that are as long as any operand can say. So a register costs no bounds
// check; that operands stay within the window is the compiler's promise, which
// compile.Verify holds it to in tests. [with slices
// instead: calls and sieves +10 %]
type (
	window  [1 << 16]Value
	pool    [1 << 32]Value
	listing [1 << 32]compile.Instr
	caches  [1 << 32]*site
)

// rk returns where the operand C lies: in a register or among the constants.
func rk(regs *window, consts *pool, c uint16) *Value {
	if c < compile.ConstBit {
		return &regs[c]
	}
	return &consts[c-compile.ConstBit]
}

// after returns the n-th instruction after in.
func after(in *compile.Instr, n int) *compile.Instr {
	return (*compile.Instr)(unsafe.Add(unsafe.Pointer(in), n*int(unsafe.Sizeof(*in))))
}

// next returns the pc of the instruction after in.
func next(instrs *listing, in *compile.Instr) int {
	return int((uintptr(unsafe.Pointer(in))-uintptr(unsafe.Pointer(instrs)))/unsafe.Sizeof(*in)) + 1
}

// at returns the element that a small int means, or nil.
func at(elems []Value, key Value) Value {
	i, ok := SmallInt(key)
	if i < 0 {
		i += int64(len(elems))
	}
	if ok && uint64(i) < uint64(len(elems)) {
		return elems[i]
	}
	return nil
}

// registers returns those of the top frame.
func (p *Process) registers() []Value {
	fr := &p.Frames[len(p.Frames)-1]
	return p.Stack[fr.Base : fr.Base+fr.Fn.Proto.Code.NumRegs]
}

// run executes instructions until the frame that is on top when it is called,
// or one below it with RetExit, returns. An exception that no frame handles is
// its error.
//
// The dispatch loop holds only what must be fast; everything else is in methods that return
// whether a frame was pushed, a value was made or an error came. The local
// variables mirror the top frame; after anything that pushes or pops a frame
// the loop reloads them. fr.PC is stored before anything that may look at it.
//
//go:nocheckptr
func (p *Process) run() (Value, error) {
	var (
		fr     *Frame
		stack  *Value // where the stack lies: regs is a part of it
		regs   *window
		consts *pool
		instrs *listing
		sites  *caches        // nil before the first
		in     *compile.Instr // the one under way, looked at where it lies: a copy would go through memory, field by field
		v      Value
		err    error
		taken  bool
		first  int
		given  int
	)

reload:
	fr = &p.Frames[len(p.Frames)-1]
	{
		code := fr.Fn.Proto.Code
		instrs = (*listing)(unsafe.Pointer(unsafe.SliceData(code.Instrs)))
		consts = (*pool)(unsafe.Pointer(unsafe.SliceData(code.Consts)))
		sites = fr.Fn.Proto.table()
		stack = unsafe.SliceData(p.Stack)
		regs = (*window)(unsafe.Pointer(&p.Stack[fr.Base]))
		in = &instrs[fr.PC]
	}
	// There is no pc: where an instruction lies says as much, in one variable.
	for ; ; in = after(in, 1) {
	dispatch:
		switch in.Op {
		case compile.NOP:

		case compile.STEP:
			if p.Hook != nil {
				fr.PC = next(instrs, in)
				if err = p.Hook(p); err != nil {
					goto raise
				}
			}

		case compile.COMPILE:
			if err = p.completeFunction(fr); err != nil {
				goto raise
			}
			goto reload

		case compile.MOVE:
			regs[in.A] = regs[in.B]

		case compile.LOADK:
			regs[in.A] = consts[in.Bx()]

		case compile.UNSET:
			regs[in.A] = nil

		case compile.CHECK:
			if regs[in.A] == nil {
				fr.PC = next(instrs, in)
				err = unboundLocal(fr.Fn.Proto.Code, in.A)
				goto raise
			}

		case compile.IFSET:
			if regs[in.A] != nil {
				in = &instrs[in.Bx()]
				goto dispatch
			}

		case compile.GETGLOBAL:
			m := fr.Fn.Proto.Module
			slot := in.Bx()
			if slot < len(m.Slots) {
				if v = m.Slots[slot]; v != nil {
					regs[in.A] = v
					continue
				}
			}
			if v, err = p.builtin(m, slot); err != nil {
				fr.PC = next(instrs, in)
				goto raise
			}
			regs[in.A] = v

		case compile.SETGLOBAL:
			m := fr.Fn.Proto.Module
			slot := in.Bx()
			if slot >= len(m.Slots) {
				m.grow(slot + 1)
			}
			m.Slots[slot] = regs[in.A]

		case compile.NEWCELL:
			regs[in.A] = new(Cell)

		case compile.BOX:
			regs[in.A] = &Cell{V: regs[in.A]}

		case compile.GETCELL:
			if v = regs[in.B].(*Cell).V; v == nil {
				fr.PC = next(instrs, in)
				err = unboundLocal(fr.Fn.Proto.Code, in.B)
				goto raise
			}
			regs[in.A] = v

		case compile.SETCELL:
			regs[in.A].(*Cell).V = regs[in.B]

		case compile.GETFREE:
			if v = fr.Fn.Free[in.B].V; v == nil {
				fr.PC = next(instrs, in)
				err = unboundFree(fr.Fn.Proto.Code, in.B)
				goto raise
			}
			regs[in.A] = v

		case compile.SETFREE:
			fr.Fn.Free[in.A].V = regs[in.B]

		case compile.CLOSURE:
			regs[in.A] = closure(fr.Fn, in.Bx(), p.registers(), int(in.A)+1)

		case compile.ADD:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				if !setSmall(&regs[in.A], a+b) {
					regs[in.A] = p.makeWide(a+b, in.X)
				}
				continue
			}
			if a, b, ok := bothFloat(*x, *y); ok {
				p.setFloat(&regs[in.A], a+b, in.X)
				continue
			}
			goto binary

		case compile.SUB:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				if !setSmall(&regs[in.A], a-b) {
					regs[in.A] = p.makeWide(a-b, in.X)
				}
				continue
			}
			if a, b, ok := bothFloat(*x, *y); ok {
				p.setFloat(&regs[in.A], a-b, in.X)
				continue
			}
			goto binary

		case compile.MUL:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				if !setSmall(&regs[in.A], a*b) {
					regs[in.A] = p.makeWide(a*b, in.X)
				}
				continue
			}
			if a, b, ok := bothFloat(*x, *y); ok {
				p.setFloat(&regs[in.A], a*b, in.X)
				continue
			}
			goto binary

		case compile.TRUEDIV:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothFloat(*x, *y); ok && b != 0 {
				p.setFloat(&regs[in.A], a/b, in.X)
				continue
			}
			goto binary

		case compile.FLOORDIV:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok && b != 0 {
				q := a / b
				if a%b != 0 && (a < 0) != (b < 0) {
					q--
				}
				regs[in.A] = p.makeInt(q, in.X)
				continue
			}
			goto binary

		case compile.MOD:
			x, y := &regs[in.B], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok && b != 0 {
				r := a % b
				if r != 0 && (r < 0) != (b < 0) {
					r += b
				}
				setSmall(&regs[in.A], r)
				continue
			}
			goto binary

		case compile.AND:
			if a, b, ok := bothSmallAt(&regs[in.B], rk(regs, consts, in.C)); ok {
				setSmall(&regs[in.A], a&b)
				continue
			}
			goto binary

		case compile.OR:
			if a, b, ok := bothSmallAt(&regs[in.B], rk(regs, consts, in.C)); ok {
				setSmall(&regs[in.A], a|b)
				continue
			}
			goto binary

		case compile.XOR:
			if a, b, ok := bothSmallAt(&regs[in.B], rk(regs, consts, in.C)); ok {
				setSmall(&regs[in.A], a^b)
				continue
			}
			goto binary

		case compile.SHR:
			if a, b, ok := bothSmallAt(&regs[in.B], rk(regs, consts, in.C)); ok && b >= 0 {
				setSmall(&regs[in.A], a>>min(b, 63))
				continue
			}
			goto binary

		case compile.SHL:
			if a, b, ok := bothSmallAt(&regs[in.B], rk(regs, consts, in.C)); ok && b >= 0 && b < 31 {
				regs[in.A] = p.makeInt(a<<b, in.X)
				continue
			}
			goto binary

		case compile.POW, compile.MATMUL:
			goto binary

		case compile.NEG:
			x := &regs[in.B]
			if i, ok := smallAt(x); ok {
				regs[in.A] = p.makeInt(-i, 0)
				continue
			}
			if f, ok := (*x).(starlark.Float); ok {
				p.setFloat(&regs[in.A], -f, 0)
				continue
			}
			goto unary

		case compile.INVERT:
			if i, ok := smallAt(&regs[in.B]); ok {
				setSmall(&regs[in.A], ^i)
				continue
			}
			goto unary

		case compile.POS:
			goto unary

		case compile.NOT:
			if b, ok := regs[in.B].(starlark.Bool); ok {
				regs[in.A] = !b
				continue
			}
			fr.PC = next(instrs, in)
			if taken, err = p.Truth(regs[in.B]); err != nil {
				if err = p.slow(err, "_truth", RetFinish, regs[in.B]); err != nil {
					goto raise
				}
				goto reload
			}
			regs[in.A] = starlark.Bool(!taken)

		case compile.EQ, compile.NE, compile.LT, compile.LE, compile.GT, compile.GE, compile.IN, compile.NOTIN:
			fr.PC = next(instrs, in)
			p.settle(fr)
			x, y := regs[in.B], *rk(regs, consts, in.C)
			if taken, err = p.compare(in.Op, x, y); err != nil {
				if err = p.slowCompare(err, in.Op, x, y); err != nil {
					goto raise
				}
				goto reload
			}
			regs[in.A] = starlark.Bool(taken)

		case compile.IS:
			regs[in.A] = starlark.Bool(Is(regs[in.B], *rk(regs, consts, in.C)))

		case compile.ISNOT:
			regs[in.A] = starlark.Bool(!Is(regs[in.B], *rk(regs, consts, in.C)))

		case compile.IFEQ:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a == b
				goto branch
			}
			if a, b, ok := bothString(*x, *y); ok {
				taken = a == b
				goto branch
			}
			goto ifcompare

		case compile.IFNE:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a != b
				goto branch
			}
			if a, b, ok := bothString(*x, *y); ok {
				taken = a != b
				goto branch
			}
			goto ifcompare

		case compile.IFLT:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a < b
				goto branch
			}
			if a, b, ok := bothFloat(*x, *y); ok && a == a && b == b {
				taken = a < b
				goto branch
			}
			goto ifcompare

		case compile.IFLE:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a <= b
				goto branch
			}
			if a, b, ok := bothFloat(*x, *y); ok && a == a && b == b {
				taken = a <= b
				goto branch
			}
			goto ifcompare

		case compile.IFGT:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a > b
				goto branch
			}
			if a, b, ok := bothFloat(*x, *y); ok && a == a && b == b {
				taken = a > b
				goto branch
			}
			goto ifcompare

		case compile.IFGE:
			x, y := &regs[in.A], rk(regs, consts, in.C)
			if a, b, ok := bothSmallAt(x, y); ok {
				taken = a >= b
				goto branch
			}
			if a, b, ok := bothFloat(*x, *y); ok && a == a && b == b {
				taken = a >= b
				goto branch
			}
			goto ifcompare

		case compile.IFIN, compile.IFNOTIN:
			goto ifcompare

		case compile.IFIS:
			taken = Is(regs[in.A], *rk(regs, consts, in.C))
			goto branch

		case compile.IFISNOT:
			taken = !Is(regs[in.A], *rk(regs, consts, in.C))
			goto branch

		case compile.IFMATCH:
			fr.PC = next(instrs, in)
			if taken, err = matches(regs[in.A], *rk(regs, consts, in.C)); err != nil {
				goto raise
			}
			goto branch

		case compile.MATCHSEQ, compile.MATCHMAP, compile.MATCHCLASS:
			fr.PC = next(instrs, in)
			if v, err = p.match(*in, p.registers()); err != nil {
				goto raise
			}
			if v == nil {
				goto reload
			}
			if v.Truth() {
				in = after(in, 1)
			}

		case compile.JMP:
			in = &instrs[in.Bx()]
			goto dispatch

		case compile.LOOP:
			if p.attention.Load() != 0 {
				goto attend
			}
			in = &instrs[in.Bx()]
			goto dispatch

		case compile.JTRUE, compile.JFALSE:
			if b, ok := regs[in.A].(starlark.Bool); ok {
				taken = bool(b)
			} else {
				fr.PC = next(instrs, in)
				if taken, err = p.Truth(regs[in.A]); err != nil {
					if err = p.slow(err, "_truth", RetFinish, regs[in.A]); err != nil {
						goto raise
					}
					goto reload
				}
			}
			if taken == (in.Op == compile.JTRUE) {
				in = &instrs[in.Bx()]
				goto dispatch
			}

		case compile.NEWTUPLE:
			regs[in.A] = NewTuple(regs[in.B : in.B+in.C]...)

		case compile.NEWLIST:
			regs[in.A] = starlark.NewList(append([]Value(nil), regs[in.B:in.B+in.C]...))

		case compile.NEWSET:
			regs[in.A] = new(starlark.Set)

		case compile.NEWDICT:
			regs[in.A] = new(starlark.Dict)

		case compile.NEWSLICE:
			regs[in.A] = &Slice{regs[in.B], regs[in.B+1], regs[in.B+2]}

		case compile.RESERVE:
			makeRoom(regs[in.A], regs[in.B])

		case compile.APPEND:
			list := regs[in.A].(*starlark.List)
			for _, v := range regs[in.B : in.B+in.C] {
				_ = list.Append(v) // a display under way is not frozen
			}

		case compile.TUPLEOF:
			regs[in.A] = listTuple(regs[in.B].(*starlark.List))

		case compile.UNPACK:
			var elems []Value
			switch x := regs[in.A].(type) {
			case starlark.Tuple:
				elems = x
			case *starlark.List:
				elems = Elems(x)
			}
			if len(elems) == int(in.C) && elems != nil {
				copy(regs[in.B:], elems)
				continue
			}
			fallthrough

		case compile.EXTEND, compile.SETADD, compile.SETUPDATE, compile.DICTSET, compile.DICTMERGE, compile.UNPACKEX:
			fr.PC = next(instrs, in)
			if taken, err = p.collect(*in, p.registers()); err != nil {
				goto raise
			}
			if taken {
				goto reload
			}

		case compile.INDEX:
			x, key := regs[in.B], *rk(regs, consts, in.C)
			switch x := x.(type) {
			case *starlark.List:
				if v = at(Elems(x), key); v != nil {
					regs[in.A] = v
					continue
				}
			case starlark.Tuple:
				if v = at(x, key); v != nil {
					regs[in.A] = v
					continue
				}
			case *starlark.Dict:
				if v, taken, _ = dictTable(x).get(key); taken {
					regs[in.A] = v
					continue
				}
			case starlark.String:
				if i, ok := SmallInt(key); ok && uint64(i) < uint64(len(x)) {
					regs[in.A] = oneByte[x[i]]
					continue
				}
			}
			fr.PC = next(instrs, in)
			p.settle(fr)
			if v, err = p.Index(x, key); err != nil {
				if err = p.slow(err, "_getitem", RetStore, x, key); err != nil {
					goto raise
				}
				goto reload
			}
			regs[in.A] = v

		case compile.SLICE:
			fr.PC = next(instrs, in)
			if v = p.part(regs[in.B], regs[in.C], regs[in.C+1], regs[in.C+2]); v == nil {
				x, key := regs[in.B], &Slice{regs[in.C], regs[in.C+1], regs[in.C+2]}
				if v, err = p.Index(x, key); err != nil {
					if err = p.slow(err, "_getitem", RetStore, x, key); err != nil {
						goto raise
					}
					goto reload
				}
			}
			regs[in.A] = v

		case compile.SETINDEX:
			x, key := regs[in.A], *rk(regs, consts, in.B)
			v = *rk(regs, consts, in.C)
			switch x := x.(type) {
			case *starlark.List:
				if i, ok := SmallInt(key); ok && uint64(i) < uint64(x.Len()) && x.SetIndex(int(i), v) == nil {
					continue
				}
			case *starlark.Dict:
				if dictTable(x).set(key, v) {
					continue
				}
			}
			fr.PC = next(instrs, in)
			if err = p.SetIndex(x, key, v); err != nil {
				if err = p.slow(err, "_setitem", RetFinish, x, key, v); err != nil {
					goto raise
				}
				goto reload
			}

		case compile.GETATTR:
			if o, ok := regs[in.B].(*Instance); ok && sites != nil {
				if slot := sites[next(instrs, in)-1].slot(o.Shape, p.epoch); uint(slot) < uint(len(o.Slots)) {
					regs[in.A] = o.Slots[slot]
					continue
				}
			}
			fr.PC = next(instrs, in)
			v = p.cachedAttr(fr, regs[in.B], fr.PC-1)
			sites = fr.Fn.Proto.table()
			if v != nil {
				regs[in.A] = v
				continue
			}
			p.settle(fr)
			v, err = p.getAttr(fr, *in, regs[in.B])
			goto called

		case compile.SETATTR:
			v = *rk(regs, consts, in.C)
			fr.PC = next(instrs, in)
			if o, ok := regs[in.A].(*Instance); ok {
				if sites != nil {
					if slot := sites[fr.PC-1].slot(o.Shape, p.epoch); uint(slot) < uint(len(o.Slots)) {
						o.Slots[slot] = v
						continue
					}
				}
				taken = p.setCached(fr, o, fr.PC-1, v)
				if sites = fr.Fn.Proto.table(); taken {
					continue
				}
			}
			name := fr.Fn.Proto.Code.Names[in.B]
			if err = p.SetAttr(regs[in.A], name, v); err != nil {
				if err = p.slow(err, "_setattr", RetFinish, regs[in.A], starlark.String(name), v); err != nil {
					goto raise
				}
				goto reload
			}

		case compile.METHOD:
			fr.PC = next(instrs, in)
			{
				var self Value
				if v, self = p.cachedMethod(fr, regs[in.B], fr.PC-1); v != nil {
					regs[in.A], regs[in.A+1] = v, self
					continue
				}
				name := fr.Fn.Proto.Code.Names[in.C]
				x := regs[in.B]
				if v, self, err = p.method(x, name); err != nil {
					if err = p.slow(err, "_getattr", RetFinish, x, starlark.String(name)); err != nil {
						goto raise
					}
					goto reload
				}
				regs[in.A], regs[in.A+1] = v, self
			}

		case compile.CALL:
			if p.attention.Load() != 0 {
				goto attend
			}
			fr.PC = next(instrs, in)
			first, given = int(in.A)+1, int(in.B)
			goto call

		case compile.CALLM:
			if p.attention.Load() != 0 {
				goto attend
			}
			fr.PC = next(instrs, in)
			if first, given = int(in.A)+1, int(in.B)+1; regs[in.A+1] == nil {
				first, given = first+1, given-1
			}
			goto call

		case compile.CALLKW, compile.CALLMKW, compile.CALLEX:
			if p.attention.Load() != 0 {
				goto attend
			}
			fr.PC = next(instrs, in)
			v, err = p.callSpread(fr, *in, p.registers())
			goto called

		case compile.RETURN:
			v = *rk(regs, consts, in.C)
			if fr.Gen != nil {
				fr.PC = next(instrs, in)
				if err = p.generatorReturn(v); err != nil {
					goto raise
				}
				goto reload
			}
			switch fr.Ret {
			case RetStore:
				p.Frames = p.Frames[:len(p.Frames)-1]
				p.store(v)
				goto reload
			case RetExit:
				if p.attention.Load() != 0 {
					goto attend
				}
				p.Frames = p.Frames[:len(p.Frames)-1]
				return v, nil
			}
			fr.PC = next(instrs, in)
			if err = p.leave(v); err != nil {
				goto raise
			}
			goto reload

		case compile.YIELD:
			fr.PC = next(instrs, in)
			v = *rk(regs, consts, in.C)
			{
				ret := fr.Ret
				p.suspend(false)
				if ret == RetExit {
					return v, nil
				}
				if err = p.deliver(ret, v); err != nil {
					goto raise
				}
			}
			goto reload

		case compile.YIELDFROM:
			fr.PC = next(instrs, in)
			if err = p.yieldFrom(*in, p.registers()); err != nil {
				goto raise
			}
			goto reload

		case compile.ITER:
			fr.PC = next(instrs, in)
			if v, err = p.Iter(regs[in.B]); err != nil {
				if err = p.slow(err, "_iter", RetFinish, regs[in.B]); err != nil {
					goto raise
				}
				goto reload
			}
			regs[in.A] = v

		case compile.FORITER:
			switch it := regs[in.A].(type) {
			case *RangeIter:
				if it.N == 0 {
					continue // to the JMP
				}
				if !setSmall(&regs[in.B], it.Next) {
					regs[in.B] = p.makeWide(it.Next, 0)
				}
				it.N--
				it.Next += it.Step
				in = after(in, 1)
				continue
			case *ListIter:
				if uint(it.I) < uint(it.List.Len()) {
					regs[in.B] = it.List.Index(it.I)
					it.I++
					in = after(in, 1)
				} else {
					it.I = -1
				}
				continue
			case *SeqIter:
				if uint(it.I) < uint(len(it.Seq)) {
					regs[in.B] = it.Seq[it.I]
					it.I++
					in = after(in, 1)
				}
				continue
			case *RowIter:
				if p.unpackRow(it, in, after(in, 2), regs) {
					in = after(in, 2)
					continue
				}
			case *Generator:
				if it.State == GenDone {
					continue
				}
				fr.PC = next(instrs, in)
				if err = p.resume(it, nil, nil, RetFinish); err != nil {
					goto raise
				}
				goto reload
			}
			fr.PC = next(instrs, in)
			if v, err = p.Next(regs[in.A]); err != nil {
				if err = p.slow(err, "_next", RetFinish, regs[in.A]); err != nil {
					goto raise
				}
				goto reload
			}
			if v != nil {
				regs[in.B] = v
				in = after(in, 1)
			}

		case compile.IMPORT:
			fr.PC = next(instrs, in)
			v, err = p.importInstr(fr, *in)
			goto called

		case compile.IMPORTFROM:
			fr.PC = next(instrs, in)
			v, err = p.importFrom(regs[in.B], fr.Fn.Proto.Code.Names[in.C])
			goto called

		case compile.FORMAT:
			fr.PC = next(instrs, in)
			v, err = p.format(*in, p.registers(), fr.Fn.Proto.Code.Consts)
			goto called

		case compile.CONCAT:
			regs[in.A] = p.concat(regs[in.B : in.B+in.C])

		default:
			fr.PC = next(instrs, in)
			if err = p.rare(fr, in, p.registers()); err != nil {
				goto raise
			}
			goto reload
		}
		continue

	call: // of R[A], with the given number of arguments from the first on
		switch f := regs[in.A].(type) {
		case *Function:
			if given == f.Proto.plainArity() || p.addDefaults(f, fr.Base+first, given) {
				if err = p.push(f, fr.Base+first, RetStore); err != nil {
					goto raise
				}
				goto reload
			}
		case *Native:
			args := regs[first : first+given : first+given]
			if in.X == 1 && f.Iter != nil {
				if v = f.Iter(p, args); v != nil {
					regs[in.A] = v
					continue
				}
			}
			if v, err = f.Fn(p, args, nil); err != nil {
				v, err = p.nativeFailed(f, err, args, nil, fr.Base+first, RetStore)
			}
			goto called
		case *BoundMethod:
			// Its first argument goes where the callee was.
			self := fr.Base + first - 1
			if fn, ok := f.Fn.(*Function); ok && (given+1 == fn.Proto.plainArity() || p.addDefaults(fn, self, given+1)) {
				p.Stack[self] = f.Self
				if err = p.push(fn, self, RetStore); err != nil {
					goto raise
				}
				goto reload
			}
		case *Class:
			// The instance goes where the callee was, before the arguments, as self.
			self := fr.Base + first - 1
			if init := p.plainInit(f); init != nil && (given+1 == init.Proto.plainArity() || p.addDefaults(init, self, given+1)) {
				v = &Instance{Shape: f.RootShape()}
				p.Stack[self] = v
				if err = p.push(init, self, RetInit); err != nil {
					goto raise
				}
				p.Frames[len(p.Frames)-1].Self = v
				goto reload
			}
			if f.maker.exception {
				v, err = newException(f, regs[first:first+given], nil)
				goto called
			}
		}
		v, err = p.call(regs[in.A], regs[first:first+given:first+given], nil, fr.Base+first, RetStore)
		goto called

	unary:
		fr.PC = next(instrs, in)
		p.settle(fr)
		if v, err = p.unary(*in, regs[in.B]); err != nil {
			goto raise
		}
		if v == nil {
			goto reload
		}
		regs[in.A] = v
		continue

	binary:
		if v, taken = p.arithmetic(in, &regs[in.B], rk(regs, consts, in.C)); taken {
			regs[in.A] = v
			continue
		}
		fr.PC = next(instrs, in)
		p.settle(fr)
		if v, err = p.binary(*in, regs[in.B], *rk(regs, consts, in.C)); err != nil {
			goto raise
		}
		if v == nil {
			goto reload
		}
		regs[in.A] = v
		continue

	ifcompare:
		fr.PC = next(instrs, in)
		p.settle(fr)
		if taken, err = p.compare(in.Op-compile.IFEQ+compile.EQ, regs[in.A], *rk(regs, consts, in.C)); err != nil {
			if err = p.slowCondition(err, in.Op-compile.IFEQ+compile.EQ, regs[in.A], *rk(regs, consts, in.C)); err != nil {
				goto raise
			}
			goto reload
		}

	branch:
		if taken == (in.X == 1) {
			if in = after(in, 1); in.Op == compile.JMP {
				in = &instrs[in.Bx()]
			}
			goto dispatch
		}
		in = after(in, 1) // the jump is skipped
		continue

	called:
		if err != nil {
			goto raise
		}
		if v == nil {
			goto reload
		}

		if fr == &p.Frames[len(p.Frames)-1] && stack == unsafe.SliceData(p.Stack) && p.attention.Load() == 0 {
			regs[in.A] = v
			continue
		}

		// What made v has run script code, which may have moved the frames and the stack, or
		p.store(v)
		if p.attention.Load() == 0 {
			goto reload
		}

		// it has sent this very process a signal: its handler runs now,
		// as in CPython, not somewhere further on.
		fr.PC = next(instrs, in)
		if _, err = p.attend(RetDrop); err != nil {
			goto raise
		}
		goto reload

	attend:
		// The instruction under way has done nothing yet, and is run again.
		fr.PC = next(instrs, in)
		if taken, err = p.attend(RetRetry); err != nil {
			goto raise
		}
		if !taken {
			p.Frames[len(p.Frames)-1].PC--
		}
		goto reload

	raise:
		if isInterrupt(err) {
			goto attend
		}
		if err = p.unwind(err, true); err != nil {
			return nil, err
		}
		goto reload
	}
}
