package compile

import (
	"mpstar/host/syntax"
)

// This file compiles expressions. gen puts a value into a given register;
// operand and rk leave it where it is already, if it is in a register or a
// constant.

// operators tells, for each operator, which opcode yields its value and, for
// a comparison, which one branches on it.
var operators = [...]struct{ value, branch Opcode }{
	syntax.Plus:       {value: ADD},
	syntax.Minus:      {value: SUB},
	syntax.Star:       {value: MUL},
	syntax.Slash:      {value: TRUEDIV},
	syntax.SlashSlash: {value: FLOORDIV},
	syntax.Percent:    {value: MOD},
	syntax.StarStar:   {value: POW},
	syntax.Ampersand:  {value: AND},
	syntax.Pipe:       {value: OR},
	syntax.Caret:      {value: XOR},
	syntax.LtLt:       {value: SHL},
	syntax.GtGt:       {value: SHR},
	syntax.MatMul:     {value: MATMUL},
	syntax.Eq:         {EQ, IFEQ},
	syntax.Ne:         {NE, IFNE},
	syntax.Lt:         {LT, IFLT},
	syntax.Le:         {LE, IFLE},
	syntax.Gt:         {GT, IFGT},
	syntax.Ge:         {GE, IFGE},
	syntax.In:         {IN, IFIN},
	syntax.NotIn:      {NOTIN, IFNOTIN},
	syntax.Is:         {IS, IFIS},
	syntax.IsNot:      {ISNOT, IFISNOT},
}

var unaryOperators = [...]Opcode{syntax.Plus: POS, syntax.Minus: NEG, syntax.Not: NOT, syntax.Tilde: INVERT}

// gen emits R[dst] := e. dst is b.top, or a local: then it is written by the
// last instruction only, for e may read it and may fail. top is on return as
// before.
func (b *builder) gen(e syntax.Expr, dst Reg) {
	if v, ok := fold(e, foldDepth); ok {
		b.load(e.Span(), dst, v)
		return
	}
	base := b.top
	switch e := e.(type) {
	case *syntax.Name:
		b.readName(e.Range, e.Name, dst)
	case *syntax.FString:
		b.fstring(e, dst)
	case *syntax.Tuple:
		b.tuple(e, dst)
	case *syntax.List:
		b.move(e.Range, dst, b.gather(e.Range, NEWLIST, e.Elts))
	case *syntax.Set:
		b.move(e.Range, dst, b.gather(e.Range, NEWSET, e.Elts))
	case *syntax.Dict:
		b.dict(e, dst)
	case *syntax.Comp:
		b.compr(e, dst)
	case *syntax.Unary:
		x := b.operand(e.X)
		b.emit(e.Range, Instr{Op: unaryOperators[e.Op], A: dst, B: x})
	case *syntax.Binary, *syntax.Attr, *syntax.Call, *syntax.Index:
		b.chain(e, dst)
	case *syntax.Logical:
		b.logical(e, dst)
	case *syntax.Compare:
		b.compare(e, dst)
	case *syntax.Cond:
		b.condExpr(e, dst)
	case *syntax.Lambda:
		b.lambda(e, dst)
	case *syntax.Slice:
		b.slice(e, dst)
	case *syntax.Walrus:
		b.walrus(e, dst)
	case *syntax.Yield:
		b.yield(e, dst)
	case *syntax.YieldFrom:
		b.yieldFrom(e, dst)
	case *syntax.Starred:
		b.fail(e.Range, "can't use starred expression here")
	default:
		panic("compile: unknown expression")
	}
	b.top = base
}

// push puts the value of e into a new temporary.
func (b *builder) push(e syntax.Expr) Reg {
	b.need(e.Span(), 1)
	b.gen(e, b.top)
	return b.alloc(e.Span(), 1)
}

// pushConst puts a constant into a new temporary.
func (b *builder) pushConst(at syntax.Range, v any) Reg {
	b.need(at, 1)
	b.load(at, b.top, v)
	return b.alloc(at, 1)
}

// operand returns a register that holds the value of e: that of the variable
// which e names, or a new temporary.
func (b *builder) operand(e syntax.Expr) Reg {
	if n, ok := e.(*syntax.Name); ok {
		if r, ok := b.register(n.Range, n.Name); ok {
			return r
		}
	}
	return b.push(e)
}

// rk returns e as an RK operand.
func (b *builder) rk(e syntax.Expr) uint16 {
	if v, ok := fold(e, foldDepth); ok {
		if k, ok := b.constRK(v); ok {
			return k
		}
	}
	return b.operand(e)
}

// kept is operand for a value that is used after later has been evaluated,
// which may assign to the variable that e names: x + (x := 1).
func (b *builder) kept(e syntax.Expr, later ...syntax.Expr) Reg {
	if b.mayChange(e, later) {
		return b.push(e)
	}
	return b.operand(e)
}

// keptRK is to rk as kept is to operand.
func (b *builder) keptRK(e syntax.Expr, later ...syntax.Expr) uint16 {
	if b.mayChange(e, later) {
		return b.push(e)
	}
	return b.rk(e)
}

// mayChange reports whether e is a local that evaluating later may assign to.
// It does not search later, which would take quadratic time in nested
// expressions: a variable that is the target of any walrus is suspect.
func (b *builder) mayChange(e syntax.Expr, later []syntax.Expr) bool {
	n, ok := e.(*syntax.Name)
	if !ok {
		return false
	}
	if kind, y := b.lookup(n.Name); kind != localVar && kind != classVar || !y.walrus {
		return false
	}
	for _, e := range later {
		switch e.(type) {
		case nil, *syntax.Name, *syntax.Constant:
		default:
			return true
		}
	}
	return false
}

// Chains.

// chain compiles Binary, Attr, Call and Index. Their left operands lean to the
// left without bound, so it goes along that spine by iteration and keeps the
// value so far in one register.
func (b *builder) chain(e syntax.Expr, dst Reg) {
	root, links := spine(e)
	base := b.top
	if k, ok := fold(root, foldDepth); ok {
		if k, links = foldLinks(k, links); len(links) == 0 {
			b.load(e.Span(), dst, k)
			return
		}
		root = &syntax.Constant{Range: root.Span(), Value: k}
	}
	cur := b.chainRoot(root, links[0])
	for len(links) > 0 {
		n := 1
		if len(links) > 1 && isMethodCall(links[0], links[1]) {
			n = 2
		}
		out := base
		if n == len(links) {
			out = dst
		}
		b.link(links[:n], cur, base, out)
		links = links[n:]
		cur, b.top = base, base+1
	}
	b.top = base
}

// spine returns what is leftmost in e and the nodes above it, inner ones first.
func spine(e syntax.Expr) (root syntax.Expr, links []syntax.Expr) {
	for {
		var next syntax.Expr
		switch e := e.(type) {
		case *syntax.Binary:
			next = e.X
		case *syntax.Attr:
			next = e.X
		case *syntax.Call:
			next = e.Fn
		case *syntax.Index:
			next = e.X
		default:
			for i, j := 0, len(links)-1; i < j; i, j = i+1, j-1 {
				links[i], links[j] = links[j], links[i]
			}
			return e, links
		}
		links = append(links, e)
		e = next
	}
}

// chainRoot evaluates the root of a chain for its first link.
func (b *builder) chainRoot(root, link syntax.Expr) Reg {
	b.need(root.Span(), 2)
	switch link := link.(type) {
	case *syntax.Binary:
		return b.kept(root, link.Y)
	case *syntax.Index:
		return b.kept(root, link.Key)
	case *syntax.Call:
		return b.push(root)
	}
	return b.operand(root)
}

// isMethodCall reports whether a and c are an attribute and its call, such as
// METHOD can begin.
func isMethodCall(a, c syntax.Expr) bool {
	_, ok := a.(*syntax.Attr)
	call, isCall := c.(*syntax.Call)
	return ok && isCall && isDirect(call.Args)
}

// link emits one link of a chain, or an attribute and its call, on R[cur]: its
// value goes to R[out]. Calls need it at base, which is free or is cur.
func (b *builder) link(links []syntax.Expr, cur, base, out Reg) {
	switch e := links[0].(type) {
	case *syntax.Binary:
		y := b.rk(e.Y)
		b.emit(e.Range, Instr{Op: operators[e.Op].value, A: out, B: cur, C: y})
	case *syntax.Index:
		if s, ok := e.Key.(*syntax.Slice); ok {
			b.emit(e.Range, Instr{Op: SLICE, A: out, B: cur, C: b.sliceParts(s)})
			return
		}
		key := b.rk(e.Key)
		b.emit(e.Range, Instr{Op: INDEX, A: out, B: cur, C: key})
	case *syntax.Attr:
		name := b.name(e.Range, b.scope.mangle(e.Name.Name))
		if len(links) == 1 {
			b.emit(nameRange(e), Instr{Op: GETATTR, A: out, B: cur, C: name})
			return
		}
		call := atName(links[1].(*syntax.Call), e)
		b.emit(syntax.Range{Start: call.Start, End: e.End}, Instr{Op: METHOD, A: base, B: cur, C: name})
		b.top = base
		b.alloc(e.Range, 2)
		b.callDirect(call, base, CALLM, CALLMKW)
		b.result(call.Range, out, base)
	case *syntax.Call:
		b.call(e, base)
		b.result(e.Range, out, base)
	}
}

// nameRange returns where an attribute is, for messages: at its name, if that is on a
// line of its own (update_start_location_to_match_attr in Python/compile.c).
func nameRange(a *syntax.Attr) syntax.Range {
	if a.Start.Line == a.End.Line {
		return a.Range
	}
	return syntax.Range{Start: a.Name.Start, End: a.End}
}

// atName returns a method call that begins where its attribute is for messages.
func atName(call *syntax.Call, method *syntax.Attr) *syntax.Call {
	moved := *call
	moved.Start = nameRange(method).Start
	return &moved
}

// result moves the value of a call to where it is wanted.
func (b *builder) result(at syntax.Range, out, base Reg) {
	b.top = base + 1
	b.move(at, out, base)
}

// Calls.

// isDirect reports whether a call can have its arguments in registers.
func isDirect(args []syntax.Arg) bool {
	if len(args) > maxDirect {
		return false
	}
	for i := range args {
		if k := args[i].Kind; k == syntax.StarArg || k == syntax.StarStarArg {
			return false
		}
	}
	return true
}

// call emits a call of what is in R[base]; the value replaces it.
func (b *builder) call(e *syntax.Call, base Reg) {
	switch {
	case isSuper(e) && b.pushSuperArgs(e.Range):
		b.emit(e.Range, Instr{Op: CALL, A: base, B: 2})
	case isDirect(e.Args):
		b.callDirect(e, base, CALL, CALLKW)
	default:
		b.callSpread(e, base)
	}
}

// callDirect pushes the arguments and emits op, or opKW if there are keywords.
func (b *builder) callDirect(e *syntax.Call, base Reg, op, opKW Opcode) {
	names := b.pushArgs(e.Args)
	in := Instr{Op: op, A: base, B: uint16(len(e.Args))}
	if len(names) > 0 {
		in.Op, in.C = opKW, b.keywords(e.Range, names)
	}
	b.emit(e.Range, in)
}

// pushArgs pushes arguments without stars and returns the names of the
// keyword arguments among them, which come last.
func (b *builder) pushArgs(args []syntax.Arg) (names []string) {
	b.checkKeywords(args)
	for i := range args {
		if args[i].Kind == syntax.KeywordArg {
			names = append(names, args[i].Name.Name)
		}
		b.push(args[i].X)
	}
	return names
}

func (b *builder) checkKeywords(args []syntax.Arg) {
	var seen map[string]bool
	for i := range args {
		if args[i].Kind != syntax.KeywordArg {
			continue
		}
		if seen == nil {
			seen = make(map[string]bool)
		}
		name := args[i].Name.Name
		if seen[name] {
			b.fail(args[i].Range, "keyword argument repeated: %s", name)
		}
		seen[name] = true
	}
}

// keywords returns the index of a tuple of names.
func (b *builder) keywords(at syntax.Range, names []string) uint16 {
	i := b.constant(names)
	if i > maxIndex {
		b.fail(at, "too many constants in one function")
	}
	return uint16(i)
}

// pushSuperArgs pushes the arguments that super() stands for. It reports false
// where there are none: super means something else, this is no method, or it
// has no parameter.
func (b *builder) pushSuperArgs(at syntax.Range) bool {
	frame := b.scope.frame
	kind, class := b.lookup("__class__")
	if super, _ := b.lookup("super"); super != globalVar || kind != freeVar || class.scope.kind != classScope || b.code.NumPos == 0 {
		return false
	}
	b.need(at, 2)
	b.emit(at, Instr{Op: GETFREE, A: b.top, B: b.freeIndex(at, class)})
	self := b.alloc(at, 1) + 1
	if first := frame.order[0]; first.captured {
		b.emit(at, Instr{Op: GETCELL, A: self, B: first.reg})
	} else {
		b.check(at, first)
		b.move(at, self, first.reg)
	}
	b.alloc(at, 1)
	return true
}

// callSpread emits a call with its arguments in a list and a dict.
func (b *builder) callSpread(e *syntax.Call, base Reg) {
	b.checkKeywords(e.Args)
	var positional []syntax.Expr
	var named []syntax.Arg
	for _, a := range e.Args {
		switch a.Kind {
		case syntax.PositionalArg:
			positional = append(positional, a.X)
		case syntax.StarArg:
			positional = append(positional, &syntax.Starred{Range: a.Range, X: a.X})
		default:
			named = append(named, a)
		}
	}
	b.gather(e.Range, NEWLIST, positional)
	b.pushNamed(e.Range, named)
	b.emit(e.Range, Instr{Op: CALLEX, A: base})
}

// pushNamed pushes the dict of named arguments. Those that follow a ** go
// through a dict of their own, for DICTMERGE to find repetitions.
func (b *builder) pushNamed(at syntax.Range, args []syntax.Arg) {
	b.need(at, 1)
	dict := b.top
	if len(args) == 0 {
		b.emit(at, Instr{Op: UNSET, A: dict})
		b.alloc(at, 1)
		return
	}
	b.emit(at, Instr{Op: NEWDICT, A: dict})
	b.alloc(at, 1)
	merging := false
	for len(args) > 0 {
		if args[0].Kind == syntax.StarStarArg {
			m := b.operand(args[0].X)
			b.emit(at, Instr{Op: DICTMERGE, X: 1, A: dict, B: m})
			b.top = dict + 1
			merging = true
			args = args[1:]
			continue
		}
		to := dict
		if merging {
			b.need(at, 1)
			to = b.top
			b.emit(at, Instr{Op: NEWDICT, A: to})
			b.alloc(at, 1)
		}
		for len(args) > 0 && args[0].Kind == syntax.KeywordArg {
			key := b.pushConst(at, args[0].Name.Name)
			value := b.operand(args[0].X)
			b.emit(at, Instr{Op: DICTSET, A: to, B: key, C: value})
			b.top = key
			args = args[1:]
		}
		if merging {
			b.emit(at, Instr{Op: DICTMERGE, X: 1, A: dict, B: to})
			b.top = dict + 1
		}
	}
}

// Displays.

// gather builds a list or set of any size in a new temporary.
func (b *builder) gather(at syntax.Range, op Opcode, elts []syntax.Expr) Reg {
	add, extend := APPEND, EXTEND
	if op == NEWSET {
		add, extend = SETADD, SETUPDATE
	}
	r := b.top
	b.need(at, 1)
	if op == NEWSET {
		b.emit(at, Instr{Op: NEWSET, A: r})
	} else {
		n := b.pushChunk(elts)
		b.emit(at, Instr{Op: NEWLIST, A: r, B: r, C: uint16(n)})
		elts = elts[n:]
	}
	b.top = r + 1
	for len(elts) > 0 {
		if s, ok := elts[0].(*syntax.Starred); ok {
			x := b.operand(s.X)
			b.emit(at, Instr{Op: extend, A: r, B: x})
			elts = elts[1:]
		} else {
			n := b.pushChunk(elts)
			b.emit(at, Instr{Op: add, A: r, B: r + 1, C: uint16(n)})
			elts = elts[n:]
		}
		b.top = r + 1
	}
	return r
}

// pushChunk pushes the first elements of a display, up to a star or chunk,
// and returns how many.
func (b *builder) pushChunk(elts []syntax.Expr) int {
	for i, e := range elts {
		if _, ok := e.(*syntax.Starred); ok || i == chunk {
			return i
		}
		b.push(e)
	}
	return len(elts)
}

func hasStar(elts []syntax.Expr) bool {
	for _, e := range elts {
		if _, ok := e.(*syntax.Starred); ok {
			return true
		}
	}
	return false
}

func (b *builder) tuple(e *syntax.Tuple, dst Reg) {
	if len(e.Elts) > chunk || hasStar(e.Elts) {
		list := b.gather(e.Range, NEWLIST, e.Elts)
		b.emit(e.Range, Instr{Op: TUPLEOF, A: dst, B: list})
		return
	}
	first := b.top
	b.need(e.Range, 1)
	b.pushChunk(e.Elts)
	b.emit(e.Range, Instr{Op: NEWTUPLE, A: dst, B: first, C: uint16(len(e.Elts))})
}

func (b *builder) dict(e *syntax.Dict, dst Reg) {
	r := b.top
	b.need(e.Range, 1)
	b.emit(e.Range, Instr{Op: NEWDICT, A: r})
	b.alloc(e.Range, 1)
	for i := range e.Entries {
		b.dictEntry(e.Range, r, &e.Entries[i])
		b.top = r + 1
	}
	b.move(e.Range, dst, r)
}

func (b *builder) dictEntry(at syntax.Range, dict Reg, e *syntax.Entry) {
	if e.Key == nil {
		m := b.operand(e.Value)
		b.emit(at, Instr{Op: DICTMERGE, A: dict, B: m})
		return
	}
	key := b.kept(e.Key, e.Value)
	value := b.operand(e.Value)
	b.emit(at, Instr{Op: DICTSET, A: dict, B: key, C: value})
}

// slice emits a slice.
func (b *builder) slice(e *syntax.Slice, dst Reg) {
	b.emit(e.Range, Instr{Op: NEWSLICE, A: dst, B: b.sliceParts(e)})
}

// sliceParts pushes the three parts of a slice, and returns where the first is.
func (b *builder) sliceParts(e *syntax.Slice) Reg {
	first := b.top
	for _, part := range []syntax.Expr{e.Lo, e.Hi, e.Step} {
		if part == nil {
			b.pushConst(e.Range, nil)
		} else {
			b.push(part)
		}
	}
	return first
}

// Strings.

// fstring compiles an f-string; FORMAT makes each field a string.
func (b *builder) fstring(e *syntax.FString, dst Reg) {
	if v, ok := plainString(e); ok {
		b.load(e.Range, dst, v)
		return
	}
	first := b.top
	for _, part := range e.Parts {
		if n := b.top - first; n == chunk {
			b.emit(e.Range, Instr{Op: CONCAT, A: first, B: first, C: n})
			b.top = first + 1
		}
		b.pushPart(e.Range, part)
	}
	if len(e.Parts) == 1 {
		b.move(e.Range, dst, first)
		return
	}
	b.emit(e.Range, Instr{Op: CONCAT, A: dst, B: first, C: b.top - first})
}

// pushPart pushes the string that a part of an f-string makes. As in CPython,
// the whole f-string is to blame for a failing conversion.
func (b *builder) pushPart(at syntax.Range, part syntax.Expr) {
	field, ok := part.(*syntax.Format)
	if !ok {
		b.push(part)
		return
	}
	r := b.top
	b.need(at, 1)
	in := Instr{Op: FORMAT, X: field.Conv, A: r, C: NoReg}
	if field.Spec == nil {
		in.B = b.operand(field.X)
	} else {
		in.B = b.kept(field.X, field.Spec)
		in.C = b.spec(field.Spec)
	}
	b.emit(at, in)
	b.top = r + 1
}

// plainString returns the value of an f-string without fields.
func plainString(e *syntax.FString) (string, bool) {
	s := ""
	for _, part := range e.Parts {
		k, ok := part.(*syntax.Constant)
		if !ok {
			return "", false
		}
		s += k.Value.(string)
	}
	return s, true
}

// spec returns a format specification as an RK operand.
func (b *builder) spec(e *syntax.FString) uint16 {
	if v, ok := plainString(e); ok {
		return b.rk(&syntax.Constant{Range: e.Range, Value: v})
	}
	return b.push(e)
}

// Conditions as values.

// logicalChain returns the operands of a chain of one operator, and or or.
func logicalChain(e *syntax.Logical) []syntax.Expr {
	var list []syntax.Expr
	op := e.Op
	for {
		list = append(list, e.Y)
		x, ok := e.X.(*syntax.Logical)
		if !ok || x.Op != op {
			list = append(list, e.X)
			break
		}
		e = x
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func (b *builder) logical(e *syntax.Logical, dst Reg) {
	end := newLabel()
	r := b.top
	list := logicalChain(e)
	for i, x := range list {
		b.push(x)
		if i < len(list)-1 {
			b.jumpTruth(x.Span(), r, e.Op == syntax.Or, end)
			b.top = r
		}
	}
	b.bind(end)
	b.move(e.Range, dst, r)
}

// compare compiles a comparison. In a chain the value is that of the first
// comparison that is false, or of the last one; what is compared twice is
// evaluated once.
func (b *builder) compare(e *syntax.Compare, dst Reg) {
	if len(e.Ops) == 1 {
		x := b.kept(e.X, e.Ys[0])
		y := b.rk(e.Ys[0])
		b.emit(e.Range, Instr{Op: operators[e.Ops[0]].value, A: dst, B: x, C: y})
		return
	}
	end := newLabel()
	r := b.pushConst(e.Range, nil)
	b.comparisons(e, func(i int, x Reg, y uint16) {
		b.emit(e.Range, Instr{Op: operators[e.Ops[i]].value, A: r, B: x, C: y})
		if i < len(e.Ops)-1 {
			b.jumpTruth(e.Range, r, false, end)
		}
	})
	b.top = r + 1
	b.bind(end)
	b.move(e.Range, dst, r)
}

// comparisons evaluates the operands of a comparison from left to right and
// has test emit each comparison.
func (b *builder) comparisons(e *syntax.Compare, test func(i int, x Reg, y uint16)) {
	left := b.top
	x := b.kept(e.X, e.Ys[0])
	for i, operand := range e.Ys {
		if i == len(e.Ys)-1 {
			test(i, x, b.rk(operand))
			break
		}
		y := b.kept(operand, e.Ys[i+1])
		test(i, x, y)
		if y < left { // a variable
			x, b.top = y, left
			continue
		}
		b.need(e.Range, 1)
		b.move(e.Range, left, y)
		x, b.top = left, left+1
	}
	b.top = left
}

// condExpr compiles a conditional expression; the parser nests them to the
// right without bound.
func (b *builder) condExpr(e *syntax.Cond, dst Reg) {
	end := newLabel()
	for {
		other := newLabel()
		b.cond(e.Cond, false, other)
		b.gen(e.Then, dst)
		b.jumpKeeping(e.Then.Span(), end, dst)
		b.bind(other)
		next, ok := e.Else.(*syntax.Cond)
		if !ok {
			b.gen(e.Else, dst)
			break
		}
		e = next
	}
	b.bind(end)
}

// Others.

func (b *builder) walrus(e *syntax.Walrus, dst Reg) {
	b.need(e.Range, 1)
	b.gen(e.Value, b.top)
	r := b.alloc(e.Range, 1)
	b.writeName(e.Name.Range, e.Name.Name, r)
	b.move(e.Range, dst, r)
}

func (b *builder) yield(e *syntax.Yield, dst Reg) {
	value := b.none()
	if e.X != nil {
		value = b.rk(e.X)
	}
	b.emit(e.Range, Instr{Op: YIELD, A: dst, C: value})
}

// none returns None as an RK operand.
func (b *builder) none() uint16 {
	k, _ := b.constRK(nil) // finds a place at once, for newBuilder makes it
	return k
}

func (b *builder) yieldFrom(e *syntax.YieldFrom, dst Reg) {
	value := b.pushConst(e.Range, nil)
	b.need(e.Range, 1)
	x := b.operand(e.X)
	b.emit(e.Range, Instr{Op: ITER, A: value + 1, B: x})
	b.top = value + 2
	b.emit(e.Range, Instr{Op: YIELDFROM, A: value, B: value + 1})
	b.top = value + 1
	b.move(e.Range, dst, value)
}

// Branching.

// cond jumps to l if the truth of e is sense, and goes on here otherwise.
func (b *builder) cond(e syntax.Expr, sense bool, l *label) {
	for {
		not, ok := e.(*syntax.Unary)
		if !ok || not.Op != syntax.Not {
			break
		}
		e, sense = not.X, !sense
	}
	if v, ok := fold(e, foldDepth); ok {
		if truth(v) == sense {
			b.jump(e.Span(), l)
		}
		return
	}
	base := b.top
	switch e := e.(type) {
	case *syntax.Logical:
		b.condLogical(e, sense, l)
	case *syntax.Compare:
		b.condCompare(e, sense, l)
	default:
		b.jumpTruth(e.Span(), b.operand(e), sense, l)
	}
	b.top = base
}

// condLogical branches on a chain of one operator. An operand that decides
// the whole, false for and, true for or, goes to l or past the end.
func (b *builder) condLogical(e *syntax.Logical, sense bool, l *label) {
	decides := e.Op == syntax.Or
	over := l
	if decides != sense {
		over = newLabel()
	}
	list := logicalChain(e)
	last := len(list) - 1
	for _, x := range list[:last] {
		b.cond(x, decides, over)
	}
	b.cond(list[last], sense, l)
	if over != l {
		b.bind(over)
	}
}

func (b *builder) condCompare(e *syntax.Compare, sense bool, l *label) {
	fail := l
	if sense && len(e.Ops) > 1 {
		fail = newLabel()
	}
	b.comparisons(e, func(i int, x Reg, y uint16) {
		in := Instr{Op: operators[e.Ops[i]].branch, A: x, C: y}
		if sense && i == len(e.Ops)-1 {
			in.X = 1
			b.branch(e.Range, in, l)
		} else {
			b.branch(e.Range, in, fail)
		}
	})
	if fail != l {
		b.bind(fail)
	}
}
