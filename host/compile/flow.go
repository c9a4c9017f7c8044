package compile

import (
	"slices"

	"mpstar/host/syntax"
)

// This file compiles statements that branch, and what happens on leaving
// them: a jump out of a with statement calls __exit__, one out of a try with a
// finally goes through it.

// A block is a loop, try or with statement around the code being compiled.
type block struct {
	loop   *loop
	final  *finally
	guards []*guard // that do not hold for what is run on leaving
	leave  func()   // emits what is run on leaving, or nil
}

// A loop is where break and continue go.
type loop struct{ brk, cont *label }

// A finally is the body of a finally clause to be. Its state is in R[state],
// the exception or return value in the next register.
type finally struct {
	state Reg
	entry *label
	exits []exit // those of state 2, 3, …
}

// An exit is a way to leave blocks: return, if loop is nil, or break or
// continue of a loop.
type exit struct {
	loop *loop
	way  way
}

type way uint8

const (
	toReturn way = iota
	toBreak
	toContinue
)

// The states of a finally body.
const (
	finallyNormal int64 = iota
	finallyRaised
	finallyExit // and on, one for each exit
)

// A guard is a set of pcs that a handler or except applies to.
type guard struct {
	start  uint32
	open   bool
	ranges []span
}

type span struct{ start, end uint32 }

func (b *builder) guard() *guard { return &guard{start: b.pc(), open: true} }

// close ends the guarded range here; resume begins another.
func (g *guard) close(pc uint32) {
	if g.open && pc > g.start {
		g.ranges = append(g.ranges, span{g.start, pc})
	}
	g.open = false
}

func (g *guard) resume(pc uint32) { g.start, g.open = pc, true }

// within compiles body as the inside of a block and closes its guards.
func (b *builder) within(at syntax.Range, k *block, body func()) {
	if len(b.block) >= maxBlocks {
		b.fail(at, "too many statically nested blocks")
	}
	b.block = append(b.block, k)
	body()
	b.block = b.block[:len(b.block)-1]
	for _, g := range k.guards {
		g.close(b.pc())
	}
}

// handle adds the handler of what g guards: it begins here, with the
// exception in a new temporary, and nothing else known than what was before
// the guarded code.
func (b *builder) handle(at syntax.Range, g *guard, before regset) Reg {
	b.known, b.dead = slices.Clone(before), len(g.ranges) == 0
	target := b.pc()
	b.bound = int(target)
	r := b.alloc(at, 1)
	for _, s := range g.ranges {
		b.code.Handlers = append(b.code.Handlers, Handler{Start: s.start, End: s.end, Target: target, Reg: r})
	}
	return r
}

// handling adds what g guards as code in which the exception in R[r] is being
// handled.
func (b *builder) handling(g *guard, r Reg, final bool) {
	for _, s := range g.ranges {
		b.code.Excepts = append(b.code.Excepts, Except{Start: s.start, End: s.end, Reg: r, Finally: final})
	}
}

// atHandlers returns what will be known wherever an exception from here on is
// handled.
func (b *builder) atHandlers() regset {
	s := slices.Clone(b.known)
	s.remove(b.kill)
	return s
}

// leaveTo leaves blocks from the innermost one out and goes where x says; a
// return's value is the RK operand value. Code after it cannot be reached.
func (b *builder) leaveTo(at syntax.Range, x exit, value uint16) {
	blocks := b.block
	var suspended []*guard
	defer func() {
		b.block = blocks
		for _, g := range suspended {
			g.resume(b.pc())
		}
	}()
	for len(b.block) > 0 {
		k := b.block[len(b.block)-1]
		switch {
		case k.loop != nil && k.loop == x.loop:
			if x.way == toBreak {
				b.jump(at, k.loop.brk)
			} else {
				b.jump(at, k.loop.cont)
			}
			return
		case k.final != nil:
			b.enterFinally(at, k.final, x, value)
			return
		}
		b.block = b.block[:len(b.block)-1]
		for _, g := range k.guards {
			g.close(b.pc())
			suspended = append(suspended, g)
		}
		if k.leave != nil {
			k.leave()
		}
	}
	b.emit(at, Instr{Op: RETURN, C: value})
}

// enterFinally jumps to a finally body with an exit to be taken at its end.
func (b *builder) enterFinally(at syntax.Range, f *finally, x exit, value uint16) {
	i := slices.Index(f.exits, x)
	if i < 0 {
		i = len(f.exits)
		f.exits = append(f.exits, x)
	}
	top := b.top
	b.top = max(top, f.state)
	if b.top < f.state+2 {
		b.need(at, 2)
	}
	state := finallyExit + int64(i)
	if !isConst(value) && value >= f.state { // it may lie where the state goes
		b.move(at, f.state+1, value)
		b.top = max(b.top, f.state+2)
		b.load(at, f.state, state)
	} else {
		b.load(at, f.state, state)
		b.top = max(b.top, f.state+1)
		b.moveRK(at, f.state+1, value)
	}
	b.top = f.state + 2
	b.jump(at, f.entry)
	b.top = top
}

func (b *builder) leaveLoop(at syntax.Range, w way) {
	for i := len(b.block) - 1; i >= 0; i-- {
		if l := b.block[i].loop; l != nil {
			b.leaveTo(at, exit{l, w}, b.none())
			return
		}
	}
	if w == toBreak {
		b.fail(at, "'break' outside loop")
	}
	b.fail(at, "'continue' not properly in loop")
}

func (b *builder) returnStmt(s *syntax.Return) {
	if b.scope.kind != funcScope {
		b.fail(s.Range, "'return' outside function")
	}
	value := b.none()
	if s.Value != nil {
		value = b.returnValue(s.Value)
	}
	b.leaveTo(s.Range, exit{}, value)
}

// returnValue evaluates the value of a return. A variable has to be copied if
// something is run before the function is left, for that may change it.
func (b *builder) returnValue(e syntax.Expr) uint16 {
	for _, k := range b.block {
		if (k.leave != nil || k.final != nil) && b.isVariable(e) {
			return b.push(e)
		}
	}
	return b.rk(e)
}

// Branches and loops.

// ifChain compiles an if with all its elifs.
func (b *builder) ifChain(s *syntax.If) {
	end := newLabel()
	for {
		other := newLabel()
		b.cond(s.Cond, false, other)
		b.stmts(s.Then)
		if len(s.Else) == 0 {
			b.bind(other)
			break
		}
		b.jump(s.Range, end)
		b.bind(other)
		next := elif(s)
		if next == nil {
			b.stmts(s.Else)
			break
		}
		s = next
	}
	b.bind(end)
}

func (b *builder) while(s *syntax.While) {
	switch {
	case isTrue(s.Cond):
		b.forever(s)
	case b.scope.frame.assignsInExpr:
		b.whileTop(s)
	default:
		b.whileBottom(s)
	}
}

func isTrue(e syntax.Expr) bool {
	v, ok := fold(e, foldDepth)
	return ok && truth(v)
}

// forever compiles a loop that only break ends.
func (b *builder) forever(s *syntax.While) {
	head := b.loopHead()
	l := &loop{brk: newLabel(), cont: head}
	b.within(s.Range, &block{loop: l}, func() { b.stmts(s.Body) })
	b.jump(s.Range, head)
	b.stmts(s.Else) // in vain
	b.bind(l.brk)
}

// whileTop compiles a while loop with the test before the body, so that what
// the test assigns to is known to be set in the body.
func (b *builder) whileTop(s *syntax.While) {
	head, end := b.loopHead(), newLabel()
	l := &loop{brk: newLabel(), cont: head}
	b.cond(s.Cond, false, end)
	b.within(s.Range, &block{loop: l}, func() { b.stmts(s.Body) })
	b.jump(s.Range, head)
	b.bind(end)
	b.stmts(s.Else)
	b.bind(l.brk)
}

// whileBottom compiles a while loop with the test after the body, which saves
// an instruction in each turn.
func (b *builder) whileBottom(s *syntax.While) {
	l := &loop{brk: newLabel(), cont: newLabel()}
	known, dead := slices.Clone(b.known), b.dead
	b.jump(s.Range, l.cont)
	b.known, b.dead = known, dead
	head := b.loopHead()
	b.within(s.Range, &block{loop: l}, func() { b.stmts(s.Body) })
	b.bind(l.cont)
	b.cond(s.Cond, true, head)
	b.stmts(s.Else)
	b.bind(l.brk)
}

func (b *builder) forStmt(s *syntax.For) {
	it := b.iterate(s.Range, s.X)
	head, end := b.loopHead(), newLabel()
	l := &loop{brk: newLabel(), cont: head}
	b.forTarget(s.Range, s.Target, it, end)
	b.within(s.Range, &block{loop: l}, func() { b.stmts(s.Body) })
	b.jump(s.Range, head)
	b.top = it
	b.bind(end)
	b.stmts(s.Else)
	b.bind(l.brk)
}

// forTarget emits a FORITER on R[it] that goes to end when it is exhausted,
// and assigns to the target.
func (b *builder) forTarget(at syntax.Range, target syntax.Expr, it Reg, end *label) {
	if r, ok := b.home(target); ok {
		b.branch(at, Instr{Op: FORITER, A: it, B: r}, end)
		b.assigned(r)
		return
	}
	b.need(at, 1)
	b.branch(at, Instr{Op: FORITER, A: it, B: b.top}, end)
	r := b.alloc(at, 1)
	b.store(target, r, at)
	b.top = r
}

// try, except, finally.

func (b *builder) try(s *syntax.Try) {
	if len(s.Finally) == 0 {
		b.tryExcept(s)
		return
	}
	f := &finally{state: b.top, entry: newLabel()}
	before := b.atHandlers()
	g := b.guard()
	b.within(s.Range, &block{final: f, guards: []*guard{g}}, func() { b.tryExcept(s) })

	// By an exception: it arrives in the state register and moves up.
	at := s.Range
	end := newLabel()
	b.need(at, 2)
	if !b.dead {
		b.load(at, f.state, finallyNormal)
		b.top = f.state + 1
		b.load(at, f.state+1, nil)
		b.top = f.state + 2
		b.jump(at, f.entry)
		b.top = f.state
	}
	raised := b.handle(at, g, before)
	b.move(at, raised+1, raised)
	b.alloc(at, 1)
	b.load(at, raised, finallyRaised)
	b.bind(f.entry)

	body := b.guard()
	b.within(at, &block{guards: []*guard{body}}, func() { b.stmts(s.Finally) })
	b.handling(body, f.state+1, true)
	b.leaveFinally(at, f, end)
	b.bind(end)
}

// leaveFinally goes on as the state says.
func (b *builder) leaveFinally(at syntax.Range, f *finally, end *label) {
	if b.dead {
		return
	}
	b.ifState(at, f, finallyNormal, 1, end)
	for i, x := range f.exits {
		next := newLabel()
		b.ifState(at, f, finallyExit+int64(i), 0, next)
		b.leaveTo(at, x, f.state+1)
		b.bind(next)
	}
	b.emit(at, Instr{Op: RERAISE, A: f.state + 1})
}

// ifState jumps to l if the state is k, or, for x = 0, is not k.
func (b *builder) ifState(at syntax.Range, f *finally, k int64, x uint8, l *label) {
	top := b.top
	c := b.rk(&syntax.Constant{Range: at, Value: k})
	b.branch(at, Instr{Op: IFEQ, X: x, A: f.state, C: c}, l)
	b.top = top
}

// tryExcept compiles a try statement but for its finally clause.
func (b *builder) tryExcept(s *syntax.Try) {
	if len(s.Handlers) == 0 {
		b.stmts(s.Body)
		b.stmts(s.Else)
		return
	}
	base, end := b.top, newLabel()
	before := b.atHandlers()
	g := b.guard()
	b.within(s.Range, &block{guards: []*guard{g}}, func() { b.stmts(s.Body) })
	b.stmts(s.Else)
	b.jump(s.Range, end)

	exc := b.handle(s.Range, g, before)
	handling := b.guard()
	b.within(s.Range, &block{guards: []*guard{handling}}, func() {
		for i := range s.Handlers {
			b.handler(&s.Handlers[i], exc, end)
		}
		b.reraise(s.Range, exc)
	})
	b.handling(handling, exc, false)
	b.top = base
	b.bind(end)
}

// reraise passes on what no handler has caught; after a bare except there is
// nothing.
func (b *builder) reraise(at syntax.Range, exc Reg) {
	if !b.dead {
		b.emit(at, Instr{Op: RERAISE, A: exc})
	}
}

// handler compiles one except clause for the exception in R[exc].
func (b *builder) handler(h *syntax.Handler, exc Reg, end *label) {
	next := newLabel()
	if h.Type != nil {
		class := b.rk(h.Type)
		b.branch(h.Range, Instr{Op: IFMATCH, A: exc, C: class}, next)
		b.top = exc + 1
	}
	if h.Name == nil {
		b.stmts(h.Body)
	} else {
		b.namedHandler(h, exc)
	}
	b.jump(h.Range, end)
	b.bind(next)
}

// namedHandler compiles the body of except … as name, and unbinds the name
// however the body is left.
func (b *builder) namedHandler(h *syntax.Handler, exc Reg) {
	at, name := h.Range, h.Name.Name
	b.writeName(at, name, exc)
	before := b.atHandlers()
	g := b.guard()
	drop := func() { b.dropName(at, name) }
	b.within(at, &block{guards: []*guard{g}, leave: drop}, func() { b.stmts(h.Body) })
	end := newLabel()
	if !b.dead {
		drop()
	}
	b.jump(at, end)

	raised := b.handle(at, g, before)
	drop()
	b.emit(at, Instr{Op: RERAISE, A: raised})
	b.top = exc + 1
	b.bind(end)
}

// with.

// with compiles a with statement: the first item around the others.
func (b *builder) with(at syntax.Range, items []syntax.WithItem, body []syntax.Stmt) {
	if len(items) == 0 {
		b.stmts(body)
		return
	}
	item := &items[0]
	exitFn := b.enter(at, item.X)
	before := b.atHandlers()
	g := b.guard()
	leave := func() { b.exitNormally(at, exitFn) }
	b.within(at, &block{guards: []*guard{g}, leave: leave}, func() {
		if item.Target != nil {
			b.store(item.Target, exitFn+1, at)
		}
		b.top = exitFn + 1
		b.with(at, items[1:], body)
	})
	end := newLabel()
	if !b.dead {
		leave()
	}
	b.jump(at, end)

	b.top = exitFn + 1
	exc := b.handle(at, g, before)
	handling := b.guard()
	b.exitRaised(at, exitFn, exc, end)
	handling.close(b.pc())
	b.handling(handling, exc, false)
	b.top = exitFn
	b.bind(end)
}

// enter calls __enter__ of a context manager. It returns the register of the
// bound __exit__; the value of __enter__ is in the next.
func (b *builder) enter(at syntax.Range, x syntax.Expr) Reg {
	exitFn := b.top
	b.need(at, 3)
	manager := b.operand(x)
	b.emit(at, Instr{Op: WITH, A: exitFn, B: manager})
	b.top = exitFn
	b.alloc(at, 3)
	b.emit(at, Instr{Op: CALLM, A: exitFn + 1})
	b.top = exitFn + 2
	return exitFn
}

// exitNormally calls __exit__(None, None, None).
func (b *builder) exitNormally(at syntax.Range, exitFn Reg) {
	base := b.top
	b.need(at, 4)
	b.move(at, base, exitFn)
	b.alloc(at, 1)
	for range 3 {
		b.pushConst(at, nil)
	}
	b.emit(at, Instr{Op: CALL, A: base, B: 3})
	b.top = base
}

// exitRaised calls __exit__ with the exception in R[exc], which its result
// may swallow.
func (b *builder) exitRaised(at syntax.Range, exitFn, exc Reg, end *label) {
	base := b.top
	b.need(at, 4)
	b.move(at, base, exitFn)
	b.alloc(at, 1)
	b.emit(at, Instr{Op: EXCINFO, A: base + 1, B: exc})
	b.alloc(at, 3)
	b.emit(at, Instr{Op: CALL, A: base, B: 3})
	b.top = base + 1
	b.jumpTruth(at, base, true, end)
	b.top = base
	b.emit(at, Instr{Op: RERAISE, A: exc})
}
