package vm

import (
	"errors"
	"fmt"
	"strings"

	"mpstar/host/compile"
	"mpstar/host/kernel"

	"go.starlark.net/starlark"
)

// The instructions that the loop leaves to methods, and finish, which
// completes the ones that had to wait for script code.

func isInterrupt(err error) bool {
	if _, exception := err.(*Exception); exception { // by far the most
		return false
	}
	return errors.Is(err, kernel.ErrInterrupted)
}

// exit is the error of a run that ends because its RetExit frame is gone.
type exit struct{ err error }

func (e *exit) Error() string { return e.err.Error() }

// slow calls the prelude function that does in script code what Go gave up
// with NeedScript. Any other error it returns as the exception it stands for.
func (p *Process) slow(err error, name string, ret Action, args ...Value) error {
	if err != NeedScript {
		return p.nativeError(err, nil)
	}
	if method := directSpecial[name]; method != "" {
		if m := p.Special(args[0], method); m != nil && !isObjects(m) {
			return p.start(m, args[1:], ret)
		}
	}
	f, err := p.prelude(name)
	if err != nil {
		return err
	}
	return p.start(f, args, ret)
}

// isObjects reports whether a bound method is object's own.
func isObjects(m Value) bool {
	b, ok := m.(*BoundMethod)
	if !ok {
		return false
	}
	n, ok := b.Fn.(*Native)
	return ok && strings.HasPrefix(n.Name, "object.")
}

// directSpecial names the prelude functions that would do no more than call a
// method of their first argument, if it has it.
var directSpecial = map[string]string{
	"_getitem": "__getitem__",
	"_setitem": "__setitem__",
	"_delitem": "__delitem__",
	"_next":    "__next__",
	"_iter":    "__iter__",
	"_delattr": "__delattr__",
}

// start calls fn for the instruction under way.
func (p *Process) start(fn Value, args []Value, ret Action) error {
	v, err := p.call(fn, args, nil, p.window(), ret)
	if err != nil || v == nil {
		return err
	}
	return p.deliver(ret, v)
}

// slowCondition is slow for a comparison whose truth decides a branch.
func (p *Process) slowCondition(err error, op compile.Opcode, x, y Value) error {
	if err != NeedScript {
		return p.nativeError(err, nil)
	}
	if swapped[op] != "" {
		if started, err := p.direct(op, x, y); started {
			return err
		}
	}
	compare, err := p.prelude(operators[op].slow)
	if err != nil {
		return err
	}
	return p.slow(NeedScript, "_condition", RetFinish, compare, x, y)
}

// callNamed calls a builtin or intrinsic by name.
func (p *Process) callNamed(name string, ret Action, args ...Value) (Value, error) {
	return p.call(p.Reg.Lookup(name), args, nil, p.window(), ret)
}

// deliver hands the value of a call to the instruction under way.
func (p *Process) deliver(ret Action, v Value) error {
	fr := &p.Frames[len(p.Frames)-1]
	switch ret {
	case RetStore:
		p.store(v)
	case RetFinish:
		if in := fr.Fn.Proto.Code.Instrs[fr.PC-1]; in.Op == compile.FORITER {
			p.Stack[fr.Base+int(in.B)] = v
			fr.PC++
			return nil
		}
		return p.finish(fr, v)
	case RetDrop:
	case RetRetry:
		fr.PC--
	}
	return nil
}

// store puts v into register A of the instruction under way.
func (p *Process) store(v Value) {
	fr := &p.Frames[len(p.Frames)-1]
	p.Stack[fr.Base+int(fr.Fn.Proto.Code.Instrs[fr.PC-1].A)] = v
}

// leave pops the top frame, which returns v.
func (p *Process) leave(v Value) error {
	fr := &p.Frames[len(p.Frames)-1]
	p.Frames = p.Frames[:len(p.Frames)-1]
	if fr.Ret == RetInit {
		if v != starlark.None {
			return initReturned(v)
		}
		return p.deliver(RetStore, fr.Self)
	}
	return p.deliver(fr.Ret, v)
}

// finish completes the instruction under way in fr, which had to wait for
// script code, with what that returned.
func (p *Process) finish(fr *Frame, v Value) error {
	code := fr.Fn.Proto.Code
	in := code.Instrs[fr.PC-1]
	regs := p.Stack[fr.Base : fr.Base+code.NumRegs]
	switch in.Op {
	case compile.NOT:
		regs[in.A] = !v.Truth()
	case compile.JTRUE, compile.JFALSE:
		if bool(v.Truth()) == (in.Op == compile.JTRUE) {
			fr.PC = in.Bx()
		}
	case compile.ADD, compile.SUB, compile.MUL, compile.TRUEDIV, compile.FLOORDIV, compile.MOD, compile.POW,
		compile.AND, compile.OR, compile.XOR, compile.SHL, compile.SHR, compile.MATMUL:
		return p.finishBinary(in, regs, code.Consts, v)
	case compile.EQ, compile.LT, compile.LE, compile.GT, compile.GE:
		if v == NotImplemented {
			return p.notCompared(in.Op, regs[in.B], operand(regs, code.Consts, in.C))
		}
		regs[in.A] = v
	case compile.IFEQ, compile.IFNE, compile.IFLT, compile.IFLE, compile.IFGT, compile.IFGE, compile.IFIN, compile.IFNOTIN:
		if v == NotImplemented {
			return p.notCompared(in.Op-compile.IFEQ+compile.EQ, regs[in.A], operand(regs, code.Consts, in.C))
		}
		if object(v) != nil {
			return p.slow(NeedScript, "_truth", RetFinish, v)
		}
		if bool(v.Truth()) != (in.X == 1) {
			fr.PC++
		}
	case compile.ITER:
		if !IsIterator(v) {
			return Raise(TypeError, "iter() returned non-iterator of type '%s'", TypeName(v))
		}
		regs[in.A] = v
	case compile.METHOD:
		regs[in.A], regs[in.A+1] = v, nil
	case compile.YIELDFROM:
		return p.yieldOut(v)
	case compile.EXTEND, compile.SETUPDATE, compile.DICTMERGE, compile.UNPACK, compile.UNPACKEX:
		_, err := p.gather(in, regs, v)
		return err
	case compile.MATCHSEQ, compile.MATCHMAP, compile.MATCHCLASS:
		p.matched(fr, in, regs, v)
	case compile.BUILDCLASS:
		return p.finishClass(in, regs, code, v)
	case compile.FORMAT:
		return p.formatted(in, regs, v)
	}
	return nil // SETINDEX and such have nothing left to do
}

// exhausted completes a FORITER or YIELDFROM in the top frame whose iterator
// ended with the given value. It reports false for other instructions.
func (p *Process) exhausted(v Value) bool {
	fr := &p.Frames[len(p.Frames)-1]
	in := fr.Fn.Proto.Code.Instrs[fr.PC-1]
	switch in.Op {
	case compile.FORITER:
		return true // PC is at the JMP
	case compile.YIELDFROM:
		p.Stack[fr.Base+int(in.A)] = v
		return true
	}
	return false
}

// generatorReturn ends the generator whose frame is on top.
func (p *Process) generatorReturn(v Value) error {
	fr := p.Frames[len(p.Frames)-1]
	fr.Gen.finish()
	p.Frames = p.Frames[:len(p.Frames)-1]
	if fr.Ret == RetExit {
		return &exit{p.endOfGenerator(v)}
	}
	if fr.Ret == RetFinish && p.exhausted(v) {
		return nil
	}
	return p.endOfGenerator(v)
}

// builtin returns the builtin that an unset global slot stands for.
func (p *Process) builtin(m *Module, slot int) (Value, error) {
	if slot < len(m.builtins) && m.builtins[slot] != nil {
		return m.builtins[slot], nil
	}
	name := m.Globals.Names[slot]
	v := p.Reg.Builtins[name]
	if v == nil && m.FromHost() {
		if n := p.Reg.Intrinsics[name]; n != nil {
			v = n
		}
	}
	if v == nil {
		return nil, p.nameError(m, name)
	}
	if slot >= len(m.builtins) {
		m.builtins = append(m.builtins, make([]Value, len(m.Globals.Names)-len(m.builtins))...)
	}
	m.builtins[slot] = v
	return v, nil
}

func (p *Process) nameError(m *Module, name string) error {
	var names []string
	fr := &p.Frames[len(p.Frames)-1]
	names = append(names, fr.Fn.Proto.Code.Locals...)
	for slot, v := range m.Slots {
		if v != nil {
			names = append(names, m.Globals.Names[slot])
		}
	}
	for n := range p.Reg.Builtins {
		names = append(names, n)
	}
	hint := DidYouMean(name, sorted(names))
	if hint == "" && p.Reg.Modules[name] != nil {
		hint = ". Did you forget to import '" + name + "'?"
	}
	return undefined(name, hint)
}

// undefined is the NameError for a name, with a hint at another.
func undefined(name, hint string) error {
	e := NewException(NameError, starlark.String(fmt.Sprintf("name '%s' is not defined", name)))
	e.Hint = hint
	e.Set("name", starlark.String(name))
	return e
}

func unboundLocal(code *compile.Code, r compile.Reg) error {
	name := "?"
	if int(r) < len(code.Locals) {
		name = code.Locals[r]
	}
	if code.Kind == compile.ClassBody || code.Kind == compile.ModuleBody {
		return undefined(name, "")
	}
	return Raise(UnboundLocalError, "cannot access local variable '%s' where it is not associated with a value", name)
}

func unboundFree(code *compile.Code, i uint16) error {
	return Raise(NameError, "cannot access free variable '%s' where it is not associated with a value in enclosing scope", code.Free[i].Name)
}

// closure makes the function of a code within f's, its defaults being in
// registers from first on.
func closure(f *Function, i int, regs []Value, first int) *Function {
	proto := f.Proto.proto(i)
	code := proto.Code
	fn := &Function{Proto: proto}
	if n := code.NumDefaults; n > 0 {
		fn.Defaults = append([]Value(nil), regs[first:first+n]...)
		first += n
	}
	if code.NumKwOnly > 0 {
		fn.KwDefaults = make([]Value, code.NumKwOnly)
		for k, has := range code.KwDefault {
			if has {
				fn.KwDefaults[k] = regs[first]
				first++
			}
		}
	}
	if len(code.Free) > 0 {
		fn.Free = make([]*Cell, len(code.Free))
		for k, c := range code.Free {
			if c.Outer {
				fn.Free[k] = f.Free[c.Index]
			} else {
				fn.Free[k] = regs[c.Index].(*Cell)
			}
		}
	}
	return fn
}

// unary does NEG, POS, INVERT; a nil value means that a frame was pushed.
func (p *Process) unary(in compile.Instr, x Value) (Value, error) {
	v, err := p.Unary(in.Op, x)
	if err != nil {
		return nil, p.slow(err, operators[in.Op].slow, RetStore, x)
	}
	return v, nil
}

// arithmetic does an instruction whose operands are numbers or strings, if there is no more to it.
func (p *Process) arithmetic(in *compile.Instr, x, y *Value) (v Value, ok bool) {
	if wordsOf(x).tab == intTab && wordsOf(y).tab == intTab {
		if v, ok = p.intArithmetic(in, x, y); ok {
			return v, true
		}
	}
	if a, b, ok := bothString(*x, *y); ok && in.Op == compile.ADD {
		return p.join(*x, *y, a, b), true
	}
	return p.floatArithmetic(in, *x, *y)
}

// binary does an arithmetic instruction that is left; a nil value means that a frame was pushed.
func (p *Process) binary(in compile.Instr, x, y Value) (v Value, err error) {
	if in.X == 1 {
		v, err = p.inPlace(in.Op, x, y)
	} else {
		v, err = p.Binary(in.Op, x, y)
	}
	if err != nil {
		return nil, p.slowBinary(err, in, x, y)
	}
	return v, nil
}

// inPlace applies an augmented assignment's operator: lists, dicts and sets
// change themselves.
func (p *Process) inPlace(op compile.Opcode, x, y Value) (Value, error) {
	switch x := x.(type) {
	case *starlark.List:
		if op == compile.ADD {
			if _, ok := y.(starlark.HasBinary); ok && !Iterable(y) {
				break // list + y may be defined all the same
			}
			return x, p.extend(x, y)
		}
		if n, ok := y.(starlark.Int); ok && op == compile.MUL {
			v, err := p.Binary(op, x, n)
			if err != nil {
				return nil, err
			}
			elems, err := p.Iterate(v)
			if err == nil {
				err = rewriteAll(x, elems)
			}
			return x, err
		}
	case *ByteArray:
		if done, err := inPlaceBytes(op, x, y); done || err != nil {
			return x, err
		}
	case *starlark.Dict:
		if other, ok := y.(*starlark.Dict); ok && op == compile.OR {
			if scripted(x) || scripted(other) {
				return nil, NeedScript
			}
			for _, item := range other.Items() {
				if err := Insert(x, item[0], item[1]); err != nil {
					return nil, HashError(err, item[0])
				}
			}
			return x, nil
		}
	}
	return p.Binary(op, x, y)
}

func rewriteAll(list *starlark.List, elems []Value) error {
	if err := list.Clear(); err != nil {
		return err
	}
	return rewrite(list, 0, elems)
}

func (p *Process) extend(list *starlark.List, y Value) error {
	elems, err := p.Iterate(y)
	if err != nil {
		return err
	}
	for _, v := range elems {
		if err := list.Append(v); err != nil {
			return err
		}
	}
	return nil
}

// compare does EQ to NOTIN.
func (p *Process) compare(op compile.Opcode, x, y Value) (bool, error) {
	switch op {
	case compile.EQ:
		return p.Equal(x, y)
	case compile.NE:
		if overrides(x, "__ne__") {
			return false, NeedScript
		}
		eq, err := p.Equal(x, y)
		return !eq, err
	case compile.IN:
		return p.Contains(x, y)
	case compile.NOTIN:
		in, err := p.Contains(x, y)
		return !in, err
	}
	if a, b, ok := bothSmall(x, y); ok {
		return ordered(op, a, b), nil
	}
	if a, b, ok := bothString(x, y); ok {
		return ordered(op, a, b), nil
	}
	if a, b, ok := bothWide(x, y); ok {
		return ordered(op, a, b), nil
	}
	if a, ok := x.(starlark.Float); ok {
		if b, ok := y.(starlark.Float); ok && a == a && b == b {
			return ordered(op, a, b), nil
		}
	}
	if a, b, ok := bothTuple(x, y); ok {
		if result, known := orderTuples(op, a, b); known {
			return result, nil
		}
	}
	return p.Compare(op, x, y)
}

// orderTuples does LT to GE on tuples whose first different elements are small ints or strings.
func orderTuples(op compile.Opcode, x, y starlark.Tuple) (result, known bool) {
	for i := range min(len(x), len(y)) {
		if equal, known := equalPlain(x[i], y[i]); equal {
			continue
		} else if !known {
			return false, false
		}
		if a, b, ok := bothSmall(x[i], y[i]); ok {
			return ordered(op, a, b), true
		}
		a, b, _ := bothString(x[i], y[i])
		return ordered(op, a, b), true
	}
	return ordered(op, int64(len(x)), int64(len(y))), true
}

// ordered does LT to GE on numbers and strings.
func ordered[T int64 | starlark.Float | string](op compile.Opcode, a, b T) bool {
	switch op {
	case compile.LT:
		return a < b
	case compile.LE:
		return a <= b
	case compile.GT:
		return a > b
	}
	return a >= b
}

func listTuple(list *starlark.List) starlark.Tuple {
	t := make(starlark.Tuple, list.Len())
	for i := range t {
		t[i] = list.Index(i)
	}
	return t
}

// collect does the instructions that take elements from or put them into
// containers. It reports whether a frame was pushed.
func (p *Process) collect(in compile.Instr, regs []Value) (pushed bool, err error) {
	switch in.Op {
	case compile.DICTSET:
		if err = Insert(regs[in.A], regs[in.B], regs[in.C]); err != nil {
			return true, p.slow(HashError(err, regs[in.B]), "_dict_set", RetFinish, regs[in.A], regs[in.B], regs[in.C])
		}
		return false, nil
	case compile.SETADD:
		set := regs[in.A].(*starlark.Set)
		for _, v := range regs[in.B : in.B+in.C] {
			if err = Insert(set, v, nil); err != nil {
				elems := starlark.Tuple(append([]Value(nil), regs[in.B:in.B+in.C]...))
				return true, p.slow(HashError(err, v), "_set_update", RetFinish, set, elems)
			}
		}
		return false, nil
	case compile.UNPACK, compile.UNPACKEX:
		return p.gather(in, regs, regs[in.A])
	}
	return p.gather(in, regs, regs[in.B])
}

// gather does the instructions that take all the elements of a value x. Where
// x takes script code to iterate over, it is made a list or dict first, and
// finish comes back here with that.
func (p *Process) gather(in compile.Instr, regs []Value, x Value) (pushed bool, err error) {
	if in.Op == compile.DICTMERGE {
		return p.merge(in, regs, x)
	}
	if !Iterable(x) && object(x) == nil {
		return false, p.notIterable(in, x)
	}
	elems, err := p.Iterate(x)
	if err == NeedScript {
		limit := -1
		if in.Op == compile.UNPACK {
			limit = int(in.C) + 1
		}
		return true, p.slow(err, "_take", RetFinish, x, MakeInt(int64(limit)))
	}
	if err != nil {
		return false, err
	}
	switch in.Op {
	case compile.UNPACK:
		return false, unpack(regs[in.B:in.B+in.C], elems, x)
	case compile.UNPACKEX:
		return false, unpackStar(regs[in.B:in.B+in.C], int(in.X), elems)
	case compile.EXTEND:
		list := regs[in.A].(*starlark.List)
		for _, v := range elems {
			_ = list.Append(v) // a display under way is not frozen
		}
	case compile.SETUPDATE:
		set := regs[in.A].(*starlark.Set)
		for _, v := range elems {
			if err := Insert(set, v, nil); err != nil {
				return true, p.slow(HashError(err, v), "_set_update", RetStore, set, starlark.Tuple(elems))
			}
		}
	}
	return false, nil
}

func (p *Process) notIterable(in compile.Instr, x Value) error {
	switch in.Op {
	case compile.UNPACK, compile.UNPACKEX:
		return Raise(TypeError, "cannot unpack non-iterable %s object", TypeName(x))
	case compile.EXTEND:
		return Raise(TypeError, "Value after * must be an iterable, not %s", TypeName(x))
	}
	return Raise(TypeError, "'%s' object is not iterable", TypeName(x))
}

func unpack(dst, elems []Value, x Value) error {
	switch {
	case len(elems) > len(dst):
		return Raise(ValueError, "too many values to unpack (expected %d)", len(dst))
	case len(elems) < len(dst):
		return Raise(ValueError, "not enough values to unpack (expected %d, got %d)", len(dst), len(elems))
	}
	copy(dst, elems)
	return nil
}

func unpackStar(dst []Value, star int, elems []Value) error {
	extra := len(elems) - (len(dst) - 1)
	if extra < 0 {
		return Raise(ValueError, "not enough values to unpack (expected at least %d, got %d)", len(dst)-1, len(elems))
	}
	copy(dst[:star], elems)
	dst[star] = starlark.NewList(append([]Value(nil), elems[star:star+extra]...))
	copy(dst[star+1:], elems[star+extra:])
	return nil
}

// merge does DICTMERGE with a mapping x.
func (p *Process) merge(in compile.Instr, regs []Value, x Value) (pushed bool, err error) {
	dst := regs[in.A].(*starlark.Dict)
	src, ok := x.(starlark.IterableMapping)
	if !ok {
		if in.X == 1 {
			err = Raise(TypeError, "%s() argument after ** must be a mapping, not %s", fullName(regs[in.A-2]), TypeName(x))
		} else {
			err = Raise(TypeError, "'%s' object is not a mapping", TypeName(x))
		}
		if object(x) == nil || p.Special(x, "keys") == nil {
			return false, err
		}
		return true, p.slow(NeedScript, "_mapping", RetFinish, x)
	}
	for _, item := range src.Items() {
		if in.X == 1 {
			if err := keywordOK(regs[in.A-2], dst, item[0]); err != nil {
				return false, err
			}
		}
		if err := Insert(dst, item[0], item[1]); err != nil {
			return true, p.slow(HashError(err, item[0]), "_dict_update", RetStore, dst, x)
		}
	}
	return false, nil
}

func keywordOK(callee Value, dst *starlark.Dict, key Value) error {
	name, ok := key.(starlark.String)
	if !ok {
		return Raise(TypeError, "keywords must be strings")
	}
	if _, found, _ := dst.Get(name); found {
		return Raise(TypeError, "%s() got multiple values for keyword argument '%s'", fullName(callee), string(name))
	}
	return nil
}

// getAttr does GETATTR without the cache; a nil value means that a frame was pushed.
func (p *Process) getAttr(fr *Frame, in compile.Instr, x Value) (Value, error) {
	a, err := p.attr(x, fr.Fn.Proto.Code.Names[in.C])
	if err != nil || a.fn == nil {
		return a.value, err
	}
	return p.call(a.fn, a.args, nil, p.window(), RetStore)
}

// callSpread does the calls with keywords or stars.
func (p *Process) callSpread(fr *Frame, in compile.Instr, regs []Value) (Value, error) {
	consts := fr.Fn.Proto.Code.Consts
	a := int(in.A)
	switch in.Op {
	case compile.CALLEX:
		args := listTuple(regs[a+1].(*starlark.List))
		var kwargs []starlark.Tuple
		if d, ok := regs[a+2].(*starlark.Dict); ok {
			kwargs = d.Items()
		}
		v, err := p.call(regs[a], args, kwargs, fr.Base+a+3, RetStore)
		if isInterrupt(err) { // the call is made again, with what the builtin made of args
			regs[a+1] = starlark.NewList(args)
		}
		return v, err
	case compile.CALLMKW:
		first := a + 1
		if regs[first] == nil {
			first++
		}
		return p.callKeywords(regs[a], regs[first:a+2+int(in.B)], constNames(consts, in.C), fr.Base+first)
	}
	return p.callKeywords(regs[a], regs[a+1:a+1+int(in.B)], constNames(consts, in.C), fr.Base+a+1)
}

func constNames(consts []Value, c uint16) starlark.Tuple {
	return consts[c&^compile.ConstBit].(starlark.Tuple)
}

func (p *Process) callKeywords(fn Value, args []Value, names starlark.Tuple, base int) (Value, error) {
	n := len(args) - len(names)
	if f, ok := fn.(*Function); ok && p.bindNames(f, base, n, names) {
		return nil, p.push(f, base, RetStore)
	}
	kwargs := make([]starlark.Tuple, len(names))
	pairs := make([]Value, 2*len(names))
	for i, name := range names {
		pair := pairs[2*i : 2*i+2 : 2*i+2]
		pair[0], pair[1] = name, args[n+i]
		kwargs[i] = pair
	}
	return p.call(fn, args[:n:n], kwargs, base, RetStore)
}

// yieldFrom does YIELDFROM: one step of the inner iterator.
func (p *Process) yieldFrom(in compile.Instr, regs []Value) error {
	inner, sent := regs[in.B], regs[in.A]
	if g, ok := inner.(*Generator); ok {
		if g.State == GenDone {
			p.exhausted(starlark.None)
			return nil
		}
		return p.resume(g, sent, nil, RetFinish)
	}
	if sent != starlark.None {
		return p.slow(NeedScript, "_send", RetFinish, inner, sent)
	}
	v, err := p.Next(inner)
	switch {
	case err != nil && !isInterrupt(err):
		return p.slow(err, "_next", RetFinish, inner)
	case err != nil:
		return err
	case v == nil:
		p.exhausted(starlark.None)
		return nil
	}
	return p.yieldOut(v)
}

// yieldOut suspends the generator on top, which delegates, with v. It will go on
// with the same YIELDFROM.
func (p *Process) yieldOut(v Value) error {
	fr := &p.Frames[len(p.Frames)-1]
	ret := fr.Ret
	p.suspend(true)
	if ret == RetExit {
		return &exit{errors.New("vm: a nested run ended in a yield")}
	}
	return p.deliver(ret, v)
}

// raise does RAISE.
func (p *Process) raise(in compile.Instr, regs []Value) (bool, error) {
	if in.X == 0 {
		e := p.Handling()
		if e == nil {
			return false, Raise(RuntimeError, "No active exception to reraise")
		}
		return false, &reraise{e}
	}
	v := regs[in.A]
	class, isClass := v.(*Class)
	e, isException := v.(*Exception)
	switch {
	case isClass && class.IsSubclass(BaseException):
		if in.X == 2 {
			return true, p.slow(NeedScript, "_raise_from", RetFinish, v, regs[in.B])
		}
		if _, script := class.Find("__init__").(*Function); script || isScript(class.Find("__new__")) {
			return true, p.slow(NeedScript, "_raise", RetFinish, v)
		}
		return false, NewException(class)
	case !isException:
		return false, Raise(TypeError, "exceptions must derive from BaseException")
	}
	if in.X == 2 {
		return true, p.raiseFrom(e, regs[in.B])
	}
	return false, e
}

func (p *Process) raiseFrom(e *Exception, cause Value) error {
	switch c := cause.(type) {
	case starlark.NoneType:
		e.Cause = nil
	case *Exception:
		e.Cause = c
	case *Class:
		if c.IsSubclass(BaseException) {
			return p.slow(NeedScript, "_raise_from", RetFinish, e, c)
		}
		return Raise(TypeError, "exception causes must derive from BaseException")
	default:
		return Raise(TypeError, "exception causes must derive from BaseException")
	}
	e.Suppress = true
	return e
}

// thrown is the error of a generator that is resumed with an exception, whose
// __context__ is what the generator itself is handling, or stays (Objects/genobject.c, gen_send_ex2).
type thrown struct{ e *Exception }

func (t *thrown) Error() string { return t.e.Error() }

// reraise is the error of a bare raise: its traceback does not grow here.
type reraise struct{ e *Exception }

func (r *reraise) Error() string { return r.e.Error() }

// matches does IFMATCH.
func matches(exc, class Value) (bool, error) {
	classes, several := class.(starlark.Tuple)
	if !several {
		classes = starlark.Tuple{class}
	}
	matched := false
	for _, v := range classes {
		c, ok := v.(*Class)
		if !ok || !c.IsSubclass(BaseException) {
			return false, Raise(TypeError, "catching classes that do not inherit from BaseException is not allowed")
		}
		matched = matched || exc.(*Exception).Shape.Class.IsSubclass(c)
	}
	return matched, nil
}

// with does WITH.
func (p *Process) with(fr *Frame, in compile.Instr, regs []Value) error {
	x := regs[in.B]
	if o, ok := x.(*Instance); ok {
		if enter, exit := p.cachedManager(fr, o); enter != nil {
			regs[in.A], regs[in.A+1], regs[in.A+2] = &BoundMethod{Self: x, Fn: exit}, enter, x
			return nil
		}
	}
	enter, exit := p.Special(x, "__enter__"), p.Special(x, "__exit__")
	if object(x) == nil {
		enter, _ = p.plainAttr(x, "__enter__")
		exit, _ = p.plainAttr(x, "__exit__")
	}
	missing := ""
	if enter == nil {
		missing = ""
	} else if exit == nil {
		missing = " (missed __exit__ method)"
	}
	if enter == nil || exit == nil {
		return Raise(TypeError, "'%s' object does not support the context manager protocol%s", TypeName(x), missing)
	}
	regs[in.A], regs[in.A+1], regs[in.A+2] = exit, enter, nil
	if b, ok := enter.(*BoundMethod); ok {
		regs[in.A+1], regs[in.A+2] = b.Fn, b.Self
	}
	return nil
}

// format does FORMAT; a nil value means that a frame was pushed.
func (p *Process) format(in compile.Instr, regs, consts []Value) (Value, error) {
	x, spec := regs[in.B], emptyString
	if in.C != compile.NoReg {
		spec = operand(regs, consts, in.C)
	}
	text := string(spec.(starlark.String))
	if i, ok := WideInt(x); ok && text == "" {
		return p.Decimal(i), nil
	}
	v, err := p.Reg.Format(p, x, in.X, text)
	switch err {
	case nil:
		return v, nil
	case NeedScript:
	default:
		return nil, p.nativeError(err, nil)
	}
	if name := conversions[in.X]; name != "" {
		v, err := p.callNamed(name, RetFinish, x)
		if err != nil || v == nil {
			return nil, err
		}
		x = v
	}
	return p.callNamed("format", RetStore, x, spec)
}

// operand is rk outside of the loop.
func operand(regs, consts []Value, c uint16) Value {
	if c < compile.ConstBit {
		return regs[c]
	}
	return consts[c-compile.ConstBit]
}

var conversions = [256]string{'r': "repr", 's': "str", 'a': "ascii"}

// formatted goes on with a FORMAT whose conversion took script code.
func (p *Process) formatted(in compile.Instr, regs []Value, v Value) error {
	if in.C == compile.NoReg {
		regs[in.A] = v
		return nil
	}
	fr := &p.Frames[len(p.Frames)-1]
	spec := operand(regs, fr.Fn.Proto.Code.Consts, in.C)
	s, err := p.callNamed("format", RetStore, v, spec)
	if err == nil && s != nil {
		regs[in.A] = s
	}
	return err
}

// Interrupt makes the loop call Attend at its next safe point. It may be
// called from any goroutine.
func (p *Process) Interrupt() { p.attention.Store(1) }

// Use makes p a process of a kernel, whose signals it attends to.
func (p *Process) Use(k kernel.Kernel) {
	p.Kernel = k
	k.Notify(&p.attention, 1)
	k.Locate(p.where)
}

// where returns the file and line of the script that the process is at: of the
// innermost frame that does not run a module of the host.
func (p *Process) where() (file string, line int) {
	for i := len(p.Frames) - 1; i >= 0; i-- {
		fr := &p.Frames[i]
		if proto := fr.Fn.Proto; !proto.Module.FromHost() {
			return proto.Code.Source.Name, Line(proto.Code, max(fr.PC-1, 0))
		}
	}
	return "", 0
}

// attend does what the attention word asks for. It reports whether it pushed
// a frame; ret says what is to happen when that returns.
func (p *Process) attend(ret Action) (pushed bool, err error) {
	if h := p.halted.Load(); h != nil {
		return false, h
	}
	p.attention.Store(0)
	if p.outOfMemory(p.heap.Swap(0)) {
		p.attention.Store(1) // for what else there is
		return false, NewException(MemoryError)
	}
	if p.Attend == nil {
		return false, nil
	}
	fn, args, err := p.Attend(p)
	if err == nil && fn == nil {
		return false, nil
	}
	p.attention.Store(1) // there may be more
	if err != nil {
		return false, err
	}
	v, err := p.call(fn, args, nil, p.window(), ret)
	return v == nil, err
}
