package vm

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"mpstar/host/compile"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// This file holds the operators, as far as Go alone can do them. Each returns
// NeedScript where a method of the script has to have its say; the prelude
// function of the operator then does it all again.

// An operator's row: how it is written, go.starlark.net's token for it, the
// prelude function that does it in script code, and the same in place.
type operator struct {
	sign    string
	token   syntax.Token
	slow    string
	inPlace string
}

var operators = [compile.NumOpcodes]operator{
	compile.ADD:      {"+", syntax.PLUS, "_add", "_iadd"},
	compile.SUB:      {"-", syntax.MINUS, "_sub", "_isub"},
	compile.MUL:      {"*", syntax.STAR, "_mul", "_imul"},
	compile.TRUEDIV:  {"/", syntax.SLASH, "_truediv", "_itruediv"},
	compile.FLOORDIV: {"//", syntax.SLASHSLASH, "_floordiv", "_ifloordiv"},
	compile.MOD:      {"%", syntax.PERCENT, "_mod", "_imod"},
	compile.POW:      {"** or pow()", syntax.ILLEGAL, "_pow", "_ipow"},
	compile.AND:      {"&", syntax.AMP, "_and", "_iand"},
	compile.OR:       {"|", syntax.PIPE, "_or", "_ior"},
	compile.XOR:      {"^", syntax.CIRCUMFLEX, "_xor", "_ixor"},
	compile.SHL:      {"<<", syntax.LTLT, "_lshift", "_ilshift"},
	compile.SHR:      {">>", syntax.GTGT, "_rshift", "_irshift"},
	compile.MATMUL:   {"@", syntax.ILLEGAL, "_matmul", "_imatmul"},
	compile.NEG:      {"-", syntax.MINUS, "_neg", ""},
	compile.POS:      {"+", syntax.PLUS, "_pos", ""},
	compile.INVERT:   {"~", syntax.TILDE, "_invert", ""},
	compile.EQ:       {"==", syntax.EQL, "_eq", ""},
	compile.NE:       {"!=", syntax.NEQ, "_ne", ""},
	compile.LT:       {"<", syntax.LT, "_lt", ""},
	compile.LE:       {"<=", syntax.LE, "_le", ""},
	compile.GT:       {">", syntax.GT, "_gt", ""},
	compile.GE:       {">=", syntax.GE, "_ge", ""},
	compile.IN:       {"in", syntax.IN, "_in", ""},
	compile.NOTIN:    {"not in", syntax.NOT_IN, "_not_in", ""},
}

// object returns the Instance in v, be it an exception, or nil.
func object(v Value) *Instance {
	switch v := v.(type) {
	case *Instance:
		return v
	case *Exception:
		return &v.Instance
	}
	return nil
}

// overrides reports whether v is an object whose class defines a method in the script.
func overrides(v Value, name string) bool {
	o := object(v)
	if o == nil {
		return false
	}
	return isScript(o.Shape.Class.Find(name))
}

// isScript reports whether a class attribute is other than a host's own.
func isScript(v Value) bool {
	if v == nil {
		return false
	}
	_, native := v.(*Native)
	return !native
}

// Binary applies an arithmetic or bitwise operator, ADD to MATMUL.
func (p *Process) Binary(op compile.Opcode, x, y Value) (Value, error) {
	if object(x) != nil || object(y) != nil {
		return nil, NeedScript
	}
	switch op {
	case compile.POW:
		return power(x, y)
	case compile.MATMUL:
		return nil, badOperands(op, x, y)
	case compile.MOD:
		switch x.(type) {
		case starlark.String, starlark.Bytes:
			return p.Reg.Percent(p, x, y)
		}
	}
	if bothTables(x, y) && (scripted(x) || scripted(y)) {
		return nil, NeedScript
	}
	if a, ok := x.(*starlark.Set); ok {
		if b, ok := y.(*starlark.Set); ok {
			if z := setOperation(op, a, b); z != nil {
				return z, nil
			}
		}
	}
	if err := p.sizeCheck(op, x, y); err != nil {
		return nil, err
	}
	if z := shift(op, x, y); z != nil {
		return z, nil
	}
	z, err := starlark.Binary(operators[op].token, x, y)
	if err == nil {
		return z, nil
	}
	if err == NeedScript {
		return nil, err
	}
	if op == compile.OR && (x != starlark.None || y != starlark.None) {
		if u := UnionOf([]Value{x, y}, false); u != nil {
			return u, nil
		}
	}
	if err := foreignError(operators[op].token, x, y); err != nil {
		return nil, err
	}
	switch op {
	case compile.TRUEDIV, compile.FLOORDIV, compile.MOD:
		if isNumber(x) && isNumber(y) && isZero(y) {
			return nil, zeroDivision(op, x, y)
		}
	}
	if tx, ty, ok := bothTuples(x, y); ok {
		return p.Binary(op, tx, ty)
	}
	if isBool(x) || isBool(y) {
		return p.boolBinary(op, x, y, unbool(x), unbool(y))
	}
	return nil, operandError(op, x, y, err)
}

// foreignError returns the error of an operator that an operand, a value of an
// embedder's, defines and refuses.
func foreignError(op syntax.Token, x, y Value) (err error) {
	if x, ok := x.(starlark.HasBinary); ok {
		_, err = x.Binary(op, y, starlark.Left)
	}
	if y, ok := y.(starlark.HasBinary); ok && err == nil {
		_, err = y.Binary(op, x, starlark.Right)
	}
	if err == nil {
		return nil
	}
	return AsException(err, ValueError)
}

// bothTables reports whether x and y are sets, or dicts.
func bothTables(x, y Value) bool {
	switch x.(type) {
	case *starlark.Set:
		_, ok := y.(*starlark.Set)
		return ok
	case *starlark.Dict:
		_, ok := y.(*starlark.Dict)
		return ok
	}
	return false
}

// scripted reports whether a dict or set has keys that methods of the script
// compare: the library's operators on tables believe that they cannot fail.
func scripted(table Value) bool {
	if s, ok := table.(*starlark.Set); ok {
		for k := range s.Elements() {
			if scriptedKey(k) {
				return true
			}
		}
		return false
	}
	for k := range table.(*starlark.Dict).Entries() {
		if scriptedKey(k) {
			return true
		}
	}
	return false
}

func scriptedKey(k Value) bool {
	if t, ok := k.(starlark.Tuple); ok {
		for _, e := range t {
			if scriptedKey(e) {
				return true
			}
		}
	}
	return overrides(k, "__eq__")
}

// boolBinary does arithmetic on bools, which Starlark has not and Python has:
// they are 0 and 1, and &, | and ^ of two of them make a bool.
func (p *Process) boolBinary(op compile.Opcode, x, y, bx, by Value) (Value, error) {
	z, err := p.Binary(op, bx, by)
	if err != nil {
		if err == NeedScript || isNumber(bx) && isNumber(by) {
			return nil, err
		}
		return nil, badOperands(op, x, y)
	}
	if isBool(x) && isBool(y) && (op == compile.AND || op == compile.OR || op == compile.XOR) {
		return z.Truth(), nil
	}
	return z, nil
}

// wordSize is what an element of a list takes, in bytes.
const wordSize = 16

// maxBits bounds the integers that one operator may make. MaxProduct bounds those that come of a product
// of long ones, or a division by one: nothing can interrupt it, and one of twice the length takes thrice the time.
const (
	maxBits    = 1 << 27
	MaxProduct = 1 << 25
)

// sizeCheck refuses what would eat the machine's memory before the library tries it.
func (p *Process) sizeCheck(op compile.Opcode, x, y Value) error {
	switch op {
	case compile.ADD:
		if isSequence(x) && isSequence(y) {
			return p.Room(starlark.Len(x)+starlark.Len(y), partSize(x))
		}
	case compile.MUL:
		a, ok1 := x.(starlark.Int)
		b, ok2 := y.(starlark.Int)
		switch {
		case ok1 && ok2:
			return checkProduct(bitLen(a), bitLen(b))
		case ok2:
			return p.repeatCheck(x, b)
		case ok1:
			return p.repeatCheck(y, a)
		}
	case compile.FLOORDIV, compile.MOD:
		a, ok1 := x.(starlark.Int)
		b, ok2 := y.(starlark.Int)
		if ok1 && ok2 && bitLen(b) > 64 && bitLen(a) > MaxProduct {
			return TooLong()
		}
	case compile.SHL:
		a, ok1 := x.(starlark.Int)
		n, ok2 := y.(starlark.Int)
		if !ok1 || !ok2 {
			return nil
		}
		if n.Sign() < 0 {
			return Raise(ValueError, "negative shift count")
		}
		if i, ok := n.Int64(); a.Sign() != 0 {
			if !ok || i > maxBits {
				i = maxBits
			}
			return checkBits(bitLen(a) + int(i))
		}
	case compile.SHR:
		_, ok := x.(starlark.Int)
		if n, isInt := y.(starlark.Int); ok && isInt && n.Sign() < 0 {
			return Raise(ValueError, "negative shift count")
		}
	}
	return nil
}

// bitLen returns the length of an int in bits, as far as it matters here.
func bitLen(i starlark.Int) int {
	if _, small := i.Int64(); small {
		return 64
	}
	return i.BigInt().BitLen()
}

func checkBits(n int) error {
	if n > maxBits {
		return TooLong()
	}
	return nil
}

func checkProduct(a, b int) error {
	if min(a, b) > 64 && a+b > MaxProduct {
		return TooLong()
	}
	return checkBits(a + b)
}

// TooLong is the error of an operation on ints that would take seconds, or the machine's memory.
func TooLong() error {
	return NewException(MemoryError, starlark.String("the integers are too long for this operation"))
}

// shift does SHL and SHR on ints, by counts that the library refuses too. It returns nil for other operations.
func shift(op compile.Opcode, x, y Value) Value {
	a, ok1 := x.(starlark.Int)
	n, ok2 := y.(starlark.Int)
	if !ok1 || !ok2 || op != compile.SHL && op != compile.SHR {
		return nil
	}
	count, fits := n.Int64()
	switch {
	case a.Sign() == 0:
		return a
	case op == compile.SHL:
		return a.Lsh(uint(count)) // sizeCheck has seen that it fits
	case !fits || count > maxBits && a.Sign() > 0:
		return MakeInt(int64(min(a.Sign(), 0)))
	}
	return a.Rsh(uint(count))
}

func (p *Process) repeatCheck(x Value, n starlark.Int) error {
	if !isSequence(x) {
		return nil
	}
	i, ok := n.Int64()
	if !ok {
		return Raise(OverflowError, "cannot fit 'int' into an index-sized integer")
	}
	size := starlark.Len(x) * partSize(x)
	if i > 0 && i > libraryRepeat/int64(max(starlark.Len(x), 1)) {
		return NewException(MemoryError)
	}
	return p.Room(int(i), size)
}

// libraryRepeat is how many elements go.starlark.net lets a sequence have by * (maxAlloc in eval.go).
const libraryRepeat = 1<<30 - 1

// partSize returns what an element of a sequence takes, in bytes.
func partSize(sequence Value) int {
	switch sequence.(type) {
	case *starlark.List, starlark.Tuple:
		return wordSize
	}
	return 1
}

func isNumber(v Value) bool {
	switch v.(type) {
	case starlark.Int, starlark.Float:
		return true
	}
	return false
}

func isInt(v Value) bool {
	_, ok := v.(starlark.Int)
	return ok
}

func isZero(v Value) bool { return isNumber(v) && !bool(v.Truth()) }

func isBool(v Value) bool {
	_, ok := v.(starlark.Bool)
	return ok
}

// unbool returns a bool as the Int that it stands for in arithmetic.
func unbool(v Value) Value {
	if b, ok := v.(starlark.Bool); ok {
		if b {
			return MakeInt(1)
		}
		return MakeInt(0)
	}
	return v
}

// zeroDivision follows the messages of Objects/longobject.c and floatobject.c.
func zeroDivision(op compile.Opcode, x, y Value) error {
	_, fx := x.(starlark.Float)
	_, fy := y.(starlark.Float)
	float := fx || fy
	switch {
	case op == compile.TRUEDIV && float:
		return Raise(ZeroDivisionError, "float division by zero")
	case op == compile.TRUEDIV:
		return Raise(ZeroDivisionError, "division by zero")
	case op == compile.FLOORDIV && float:
		return Raise(ZeroDivisionError, "float floor division by zero")
	case op == compile.MOD && float:
		return Raise(ZeroDivisionError, "float modulo")
	case op == compile.MOD:
		return Raise(ZeroDivisionError, "integer modulo by zero")
	}
	return Raise(ZeroDivisionError, "integer division or modulo by zero")
}

// operandError says why the library refused an operator: it does not know these
// types, or it knows them and says what is wrong with these values.
func operandError(op compile.Opcode, x, y Value, err error) error {
	switch op {
	case compile.AND, compile.OR, compile.XOR, compile.SHL, compile.SHR: // which take no floats
	default:
		if isNumber(x) && isNumber(y) {
			return Raise(OverflowError, "%s", err)
		}
	}
	return badOperands(op, x, y)
}

// badOperands is CPython's binop_type_error (Objects/abstract.c).
func badOperands(op compile.Opcode, x, y Value) error {
	if op == compile.MUL {
		if isSequence(x) {
			return Raise(TypeError, "can't multiply sequence by non-int of type '%s'", TypeName(y))
		}
		if isSequence(y) {
			return Raise(TypeError, "can't multiply sequence by non-int of type '%s'", TypeName(x))
		}
	}
	if op == compile.ADD {
		switch x.(type) {
		case starlark.String:
			return Raise(TypeError, `can only concatenate str (not "%s") to str`, TypeName(y))
		case *starlark.List:
			return Raise(TypeError, `can only concatenate list (not "%s") to list`, TypeName(y))
		case starlark.Tuple:
			return Raise(TypeError, `can only concatenate tuple (not "%s") to tuple`, TypeName(y))
		}
	}
	return unsupported(operators[op].sign, x, y)
}

func unsupported(sign string, x, y Value) error {
	return Raise(TypeError, "unsupported operand type(s) for %s: '%s' and '%s'", sign, TypeName(x), TypeName(y))
}

func isSequence(v Value) bool {
	switch v.(type) {
	case starlark.String, starlark.Bytes, starlark.Tuple, *starlark.List:
		return true
	}
	return false
}

// TypeName is how CPython calls the type of v in its messages.
func TypeName(v Value) string {
	switch v := v.(type) {
	case nil:
		return "unset"
	case starlark.String:
		return "str"
	case starlark.NoneType:
		return "NoneType"
	case *Class:
		return "type"
	default:
		return v.Type()
	}
}

// power is x ** y: int to int, or float.
func power(x, y Value) (Value, error) {
	x, y = unbool(x), unbool(y)
	if !isNumber(x) || !isNumber(y) {
		return nil, badOperands(compile.POW, x, y)
	}
	xi, xint := x.(starlark.Int)
	yi, yint := y.(starlark.Int)
	if xint && yint && yi.Sign() >= 0 {
		return intPower(xi, yi)
	}
	a, _ := starlark.AsFloat(x)
	b, _ := starlark.AsFloat(y)
	if a == 0 && b < 0 {
		return nil, Raise(ZeroDivisionError, "0.0 cannot be raised to a negative power")
	}
	z := math.Pow(a, b)
	if math.IsNaN(z) && !math.IsNaN(a) && !math.IsNaN(b) {
		return nil, Raise(ValueError, "negative number cannot be raised to a fractional power")
	}
	if math.IsInf(z, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, NewException(OverflowError, MakeInt(34), starlark.String("Numerical result out of range"))
	}
	return starlark.Float(z), nil
}

func intPower(x, y starlark.Int) (Value, error) {
	b := x.BigInt()
	n, ok := y.Int64()
	exponent := b.BitLen() - 1 // if b is a power of two
	shift := b.Sign() > 0 && exponent == int(b.TrailingZeroBits())
	limit := int64(MaxProduct)
	if shift {
		limit = maxBits
	}
	if exponent > 0 && (!ok || n > limit/int64(exponent)) {
		return nil, TooLong()
	}
	if shift && ok {
		return starlark.MakeBigInt(b.Lsh(big.NewInt(1), uint(exponent)*uint(n))), nil
	}
	if b.BitLen() <= 1 && !ok { // 0, 1 or -1
		n = 2 + int64(y.BigInt().Bit(0))
	}
	return starlark.MakeBigInt(new(big.Int).Exp(b, big.NewInt(n), nil)), nil
}

// Unary applies NEG, POS or INVERT.
func (p *Process) Unary(op compile.Opcode, x Value) (Value, error) {
	if object(x) != nil {
		return nil, NeedScript
	}
	z, err := starlark.Unary(operators[op].token, unbool(x))
	if err != nil || z == nil {
		return nil, Raise(TypeError, "bad operand type for unary %s: '%s'", operators[op].sign, TypeName(x))
	}
	return z, nil
}

// Truth returns the truth value of v.
func (p *Process) Truth(v Value) (bool, error) {
	switch v := v.(type) {
	case starlark.Bool:
		return bool(v), nil
	case *Instance, *Exception:
		if overrides(v, "__bool__") || overrides(v, "__len__") {
			return false, NeedScript
		}
		return true, nil
	}
	return bool(v.Truth()), nil
}

// Is reports identity. Values without one, such as ints and strings, are
// identical if they are equal and of one type.
func Is(x, y Value) bool {
	switch x := x.(type) {
	case starlark.NoneType, starlark.Bool, starlark.Bytes:
		return x == y
	case starlark.String:
		return x == y || namesType(x, y)
	case *Native:
		if s, ok := y.(starlark.String); ok {
			return namesType(s, x)
		}
	case starlark.Float:
		y, ok := y.(starlark.Float)
		return ok && math.Float64bits(float64(x)) == math.Float64bits(float64(y))
	case starlark.Int:
		y, ok := y.(starlark.Int)
		if !ok {
			return false
		}
		order, _ := x.Cmp(y, 1)
		return order == 0
	case starlark.Tuple:
		y, ok := y.(starlark.Tuple)
		return ok && len(x) == len(y) && (len(x) == 0 || &x[0] == &y[0])
	}
	return *wordsOf(&x) == *wordsOf(&y)
}

// namesType reports whether y is the builtin type that type() of its values calls s, as in
// Starlark: so type(1) is int, though it is a string.
func namesType(s starlark.String, y Value) bool {
	n, ok := y.(*Native)
	return ok && n.Makes != "" && n.Makes == string(s)
}

// TypeNamed returns the builtin type that type() of its values calls name, or nil.
func (p *Process) TypeNamed(name string) Value {
	builtin := name
	if name == "string" {
		builtin = "str"
	}
	t := p.Reg.Builtins[builtin]
	if !namesType(starlark.String(name), t) {
		return nil
	}
	return t
}

// maxDepth bounds comparison and printing of nested values, as CPython's
// recursion check does.
const maxDepth = 500

var errDepth = fmt.Errorf("maximum recursion depth exceeded in comparison")

// Equal reports x == y.
func (p *Process) Equal(x, y Value) (bool, error) { return equal(x, y, maxDepth) }

func equal(x, y Value, depth int) (bool, error) {
	if same, known := equalPlain(x, y); known {
		return same, nil
	}
	if depth == 0 {
		return false, Raise(RecursionError, "%s", errDepth)
	}
	if a, b, ok := bothTuple(x, y); ok {
		return equalTuples(a, b, depth)
	}
	if object(x) != nil || object(y) != nil {
		if overrides(x, "__eq__") || overrides(y, "__eq__") {
			return false, NeedScript
		}
		return x == y, nil
	}
	switch x := x.(type) {
	case *starlark.List:
		y, ok := y.(*starlark.List)
		if !ok || x.Len() != y.Len() {
			return false, nil
		}
		if x == y {
			return true, nil
		}
		for i := range x.Len() {
			if i >= y.Len() {
				return false, nil
			}
			if eq, err := same(x.Index(i), y.Index(i), depth); !eq || err != nil {
				return false, err
			}
		}
		return true, nil
	case namedTuple:
		return equal(x.Tuple(), y, depth)
	case starlark.Tuple:
		if y, ok := asTuple(y); ok {
			return equalTuples(x, y, depth)
		}
		return false, nil
	case *starlark.Dict:
		y, ok := y.(*starlark.Dict)
		return equalDicts(x, y, ok, depth)
	case *FrozenSet:
		return equal(x.Set(), Thaw(y), depth-1)
	case *starlark.Set:
		y := Thaw(y)
		if bothTables(x, y) && (scripted(x) || scripted(y)) {
			return false, NeedScript
		}
		return starlark.EqualDepth(x, y, depth)
	case starlark.String:
		return namesType(x, y), nil // of two strings equalPlain knows
	case *Native:
		s, ok := y.(starlark.String)
		return Value(x) == y || ok && namesType(s, x), nil
	case *ByteArray, starlark.Bytes:
		a, b, ok := mixedBytes(x, y)
		return ok && a == b || x == y, nil
	case *Union:
		y, ok := y.(*Union)
		return ok && x.equals(y), nil
	case starlark.NoneType, starlark.Bool, *Class, *Function, *Module, *Generator:
		return Value(x) == y, nil
	case *BoundMethod:
		y, ok := y.(*BoundMethod)
		return ok && x.Fn == y.Fn && Is(x.Self, y.Self), nil
	case *Slice:
		y, ok := y.(*Slice)
		if !ok {
			return false, nil
		}
		return equal(starlark.Tuple{x.Lo, x.Hi, x.Step}, starlark.Tuple{y.Lo, y.Hi, y.Step}, depth-1)
	}
	return starlark.EqualDepth(x, y, depth)
}

func equalTuples(x, y starlark.Tuple, depth int) (bool, error) {
	if len(x) != len(y) {
		return false, nil
	}
	for i := range x {
		if eq, err := same(x[i], y[i], depth); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

// A namedTuple is a tuple whose elements have names, of a type of the
// builtins: it compares and adds as a tuple does.
type namedTuple interface{ Tuple() starlark.Tuple }

func asTuple(v Value) (starlark.Tuple, bool) {
	if n, ok := v.(namedTuple); ok {
		return n.Tuple(), true
	}
	t, ok := v.(starlark.Tuple)
	return t, ok
}

// bothTuples returns two tuples of which at least one is a namedTuple.
func bothTuples(x, y Value) (a, b starlark.Tuple, ok bool) {
	_, ok1 := x.(namedTuple)
	_, ok2 := y.(namedTuple)
	if !ok1 && !ok2 {
		return nil, nil, false
	}
	a, ok1 = asTuple(x)
	b, ok2 = asTuple(y)
	return a, b, ok1 && ok2
}

// same is how containers compare their elements: identical ones are equal
// whatever __eq__ says (PyObject_RichCompareBool), except that Starlark's NaN
// equals itself anyway.
func same(x, y Value, depth int) (bool, error) {
	if same, known := equalPlain(x, y); known {
		return same, nil
	}
	if o := object(x); o != nil && x == y {
		return true, nil
	}
	return equal(x, y, depth-1)
}

func equalDicts(x, y *starlark.Dict, ok bool, depth int) (bool, error) {
	if !ok || x.Len() != y.Len() {
		return false, nil
	}
	if x == y {
		return true, nil
	}
	for _, item := range x.Items() {
		other, found, err := y.Get(item[0])
		if err != nil || !found {
			return false, err
		}
		if eq, err := same(item[1], other, depth); !eq || err != nil {
			return false, err
		}
	}
	return true, nil
}

// Compare applies an ordering, LT to GE.
func (p *Process) Compare(op compile.Opcode, x, y Value) (bool, error) {
	if a, b, ok := bothSmallAt(&x, &y); ok {
		return ordered(op, a, b), nil
	}
	if sx, sy := Thaw(x), Thaw(y); (isFrozen(x) || isFrozen(y)) && bothTables(sx, sy) {
		return p.Compare(op, sx, sy)
	}
	if object(x) != nil || object(y) != nil || bothTables(x, y) && (scripted(x) || scripted(y)) {
		return false, NeedScript
	}
	if a, b, ok := mixedBytes(x, y); ok {
		x, y = a, b
	}
	ok, err := starlark.CompareDepth(operators[op].token, x, y, maxDepth)
	if err == nil || err == NeedScript {
		return ok, err
	}
	if bx, by := unbool(x), unbool(y); isNumber(bx) && isNumber(by) && (isBool(x) || isBool(y)) {
		return starlark.Compare(operators[op].token, bx, by)
	}
	if tx, ty, ok := bothTuples(x, y); ok {
		return p.Compare(op, tx, ty)
	}
	switch a, b, sequences, err := firstDifference(x, y); {
	case err != nil:
		return false, err
	case a != nil:
		return p.Compare(op, a, b)
	case sequences:
		return starlark.Compare(operators[op].token, MakeInt(int64(starlark.Len(x))), MakeInt(int64(starlark.Len(y))))
	}
	return false, Raise(TypeError, "'%s' not supported between instances of '%s' and '%s'", operators[op].sign, TypeName(x), TypeName(y))
}

// firstDifference finds the elements that decide the order of two sequences;
// without any, their lengths do.
func firstDifference(x, y Value) (a, b Value, sequences bool, err error) {
	xs, ys, ok := bothIndexable(x, y)
	if !ok {
		return nil, nil, false, nil
	}
	for i := range min(xs.Len(), ys.Len()) {
		if eq, err := equal(xs.Index(i), ys.Index(i), maxDepth); err != nil || !eq {
			return xs.Index(i), ys.Index(i), true, err
		}
	}
	return nil, nil, true, nil
}

// bothIndexable returns two lists, or two tuples.
func bothIndexable(x, y Value) (xs, ys starlark.Indexable, ok bool) {
	switch x := x.(type) {
	case *starlark.List:
		y, ok := y.(*starlark.List)
		return x, y, ok
	case starlark.Tuple:
		y, ok := y.(starlark.Tuple)
		return x, y, ok
	}
	return nil, nil, false
}

// Less reports x < y.
func (p *Process) Less(x, y Value) (bool, error) { return p.Compare(compile.LT, x, y) }

// compareInstances is how go.starlark.net's own comparisons reach instances
// inside containers.
func compareInstances(i *Instance, op syntax.Token, y Value) (bool, error) {
	switch op {
	case syntax.EQL, syntax.NEQ:
		if object(y) == i || i.Shape.Class.byIdentity {
			return (object(y) == i) == (op == syntax.EQL), nil
		}
		if overrides(i, "__eq__") || overrides(y, "__eq__") {
			return false, NeedScript
		}
		return op == syntax.NEQ, nil
	}
	return false, NeedScript
}

// hashSlot is the hidden attribute in which the prelude keeps what a script's __hash__
// returned, so that the instance can be found in go.starlark.net's hash tables.
const hashSlot = "\x00hash"

// Hash is by identity unless the class says otherwise. A class with __eq__ and
// without __hash__ has unhashable instances, as in Python.
func (i *Instance) Hash() (uint32, error) {
	class := i.Shape.Class
	hash := class.Find("__hash__")
	if hash == starlark.None || !isScript(hash) && isScript(class.Find("__eq__")) && !isScriptBelow(class, "__hash__", "__eq__") {
		return unhashable(i)
	}
	if !isScript(hash) {
		return identityHash(unsafePointer(i))
	}
	if h, ok := i.Get(hashSlot).(starlark.Int); ok {
		n, _ := h.Int64()
		return uint32(n), nil
	}
	return 0, NeedScript
}

// isScriptBelow reports whether a class of the MRO defines name, not later than other.
func isScriptBelow(c *Class, name, other string) bool {
	for _, k := range c.MRO {
		if isScript(k.Attrs[name]) {
			return true
		}
		if isScript(k.Attrs[other]) {
			return false
		}
	}
	return false
}

// Contains reports x in y.
func (p *Process) Contains(x, y Value) (bool, error) {
	switch c := y.(type) {
	case *Instance, *Exception, *Generator:
		return false, NeedScript
	case *Class:
		if c.special("__contains__") != nil {
			return false, NeedScript
		}
	case *starlark.List:
		for i := 0; i < c.Len(); i++ {
			if eq, err := same(c.Index(i), x, maxDepth); eq || err != nil {
				return eq, err
			}
		}
		return false, nil
	case starlark.Tuple:
		for _, e := range c {
			if eq, err := same(e, x, maxDepth); eq || err != nil {
				return eq, err
			}
		}
		return false, nil
	case *starlark.Dict:
		_, found, err := DictGet(c, x)
		if err != NeedScript {
			err = nil // what cannot be hashed is in no dict: so says Starlark, in which this is no error
		}
		return found, err
	case *FrozenSet:
		return p.Contains(x, c.Set())
	case *starlark.Set:
		found, err := SetHas(c, x)
		return found, HashError(err, x)
	case starlark.String:
		if _, ok := x.(starlark.String); !ok {
			return false, Raise(TypeError, "'in <string>' requires string as left operand, not %s", TypeName(x))
		}
	case *ByteArray:
		return containsBytes(x, c)
	case starlark.Bytes:
		if b, ok := x.(*ByteArray); ok {
			x = starlark.Bytes(b.Data)
		}
		if _, ok := x.(starlark.Bytes); !ok && object(x) == nil && !isInt(unbool(x)) {
			return false, Raise(TypeError, "a bytes-like object is required, not '%s'", TypeName(x))
		}
		if i, ok := unbool(x).(starlark.Int); ok {
			if n, small := i.Uint64(); !small || n > math.MaxUint8 {
				return false, Raise(ValueError, "byte must be in range(0, 256)")
			}
		}
	}
	z, err := starlark.Binary(syntax.IN, x, y)
	if err == nil {
		return bool(z.Truth()), nil
	}
	if !Iterable(y) {
		return false, Raise(TypeError, "argument of type '%s' is not iterable", TypeName(y))
	}
	elems, err := p.Iterate(y)
	if err != nil {
		return false, err
	}
	return p.Contains(x, starlark.Tuple(elems))
}

// HashError words the library's refusal to hash a key as CPython does.
func HashError(err error, key Value) error {
	if err == nil || err == NeedScript {
		return err
	}
	if _, hash := key.Hash(); hash != nil && hash != NeedScript {
		return Raise(TypeError, "unhashable type: '%s'", unhashableType(key))
	}
	return AsException(err, TypeError)
}

// unhashableType names the type that makes a key unhashable, looking into tuples.
func unhashableType(key Value) string {
	if t, ok := key.(starlark.Tuple); ok {
		for _, v := range t {
			if _, err := v.Hash(); err != nil {
				return unhashableType(v)
			}
		}
	}
	return TypeName(key)
}

// Index returns x[key].
func (p *Process) Index(x, key Value) (Value, error) {
	if s, ok := key.(*Slice); ok {
		return p.getSlice(x, s)
	}
	switch x := x.(type) {
	case *starlark.List:
		i, err := index(key, x.Len(), "list")
		if err != nil {
			return nil, err
		}
		return x.Index(i), nil
	case starlark.Tuple:
		i, err := index(key, len(x), "tuple")
		if err != nil {
			return nil, err
		}
		return x[i], nil
	case starlark.String:
		i, err := index(key, len(x), "string")
		if err != nil {
			return nil, err
		}
		return oneByte[x[i]], nil
	case *starlark.Dict:
		v, found, err := DictGet(x, key)
		if err != nil {
			return nil, HashError(err, key)
		}
		if !found {
			return nil, NewException(KeyError, key)
		}
		return v, nil
	case *Instance, *Exception:
		if overrides(x, "__getitem__") {
			return nil, NeedScript
		}
	case starlark.Mapping:
		v, found, err := x.Get(key)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, NewException(KeyError, key)
		}
		return v, nil
	case starlark.Indexable:
		i, err := index(key, x.Len(), x.Type())
		if err != nil {
			return nil, err
		}
		return x.Index(i), nil
	case *Class:
		if isScript(x.Find("__class_getitem__")) {
			return nil, NeedScript
		}
		return nil, Raise(TypeError, "type '%s' is not subscriptable", x.Name)
	case *Native:
		switch x.Makes {
		case "list", "dict", "set", "frozenset", "tuple": // an alias for annotations: nothing looks at what is in the brackets
			return x, nil
		}
	}
	return nil, Raise(TypeError, "'%s' object is not subscriptable", TypeName(x))
}

// index returns the position that key means in a sequence of n elements.
func index(key Value, n int, what string) (int, error) {
	i, ok := SmallInt(key)
	if !ok {
		k, isInt := unbool(key).(starlark.Int)
		if !isInt && overrides(key, "__index__") {
			return 0, NeedScript
		}
		if !isInt && what == "string" {
			return 0, Raise(TypeError, "string indices must be integers, not '%s'", TypeName(key))
		}
		if !isInt {
			return 0, Raise(TypeError, "%s indices must be integers or slices, not %s", what, TypeName(key))
		}
		if i, ok = k.Int64(); !ok {
			return 0, Raise(IndexError, "cannot fit 'int' into an index-sized integer")
		}
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return 0, Raise(IndexError, "%s index out of range", what)
	}
	return int(i), nil
}

// SetIndex does x[key] = v.
func (p *Process) SetIndex(x, key, v Value) error {
	if s, ok := key.(*Slice); ok {
		return p.setSlice(x, s, v)
	}
	switch x := x.(type) {
	case *starlark.List:
		i, err := index(key, x.Len(), "list assignment")
		if err != nil {
			return err
		}
		return x.SetIndex(i, v)
	case *starlark.Dict:
		return HashError(Insert(x, key, v), key)
	case *Instance, *Exception:
		if overrides(x, "__setitem__") {
			return NeedScript
		}
	case starlark.HasSetKey:
		return x.SetKey(key, v)
	case starlark.HasSetIndex:
		i, err := index(key, x.Len(), x.Type())
		if err != nil {
			return err
		}
		return x.SetIndex(i, v)
	}
	return Raise(TypeError, "'%s' object does not support item assignment", TypeName(x))
}

// DelIndex does del x[key].
func (p *Process) DelIndex(x, key Value) error {
	if s, ok := key.(*Slice); ok {
		return p.delSlice(x, s)
	}
	switch x := x.(type) {
	case *starlark.List:
		i, err := index(key, x.Len(), "list assignment")
		if err != nil {
			return err
		}
		return splice(x, i, i+1, nil)
	case *ByteArray:
		i, err := index(key, len(x.Data), "bytearray")
		if err != nil {
			return err
		}
		x.Data = slices.Delete(x.Data, i, i+1)
		return nil
	case *starlark.Dict:
		_, found, err := x.Delete(key)
		if err == nil && !found {
			err = NewException(KeyError, key)
		}
		return HashError(err, key)
	case *Instance, *Exception:
		if overrides(x, "__delitem__") {
			return NeedScript
		}
	}
	return noDeletion(x)
}

// noDeletion is the error of del x[...], in the two wordings of CPython: for sequences, and for all else.
func noDeletion(x Value) error {
	if _, ok := x.(starlark.Sliceable); ok {
		return Raise(TypeError, "'%s' object doesn't support item deletion", TypeName(x))
	}
	return Raise(TypeError, "'%s' object does not support item deletion", TypeName(x))
}

// Iterable reports whether ITER accepts v.
func Iterable(v Value) bool {
	switch v := v.(type) {
	case *Generator, Iterator, *ListIter, *SeqIter, *RangeIter, *KeyIter, *StringIter, starlark.Iterable, starlark.String, starlark.Bytes:
		return true
	case *Instance, *Exception:
		class := object(v).Shape.Class
		if iter := class.Find("__iter__"); iter != nil {
			return iter != starlark.None
		}
		return overrides(v, "__getitem__")
	case *Class:
		return v.special("__iter__") != nil
	}
	return false
}

// Iter returns iter(v).
func (p *Process) Iter(v Value) (Value, error) {
	switch v := v.(type) {
	case *starlark.List:
		return &ListIter{List: v}, nil
	case starlark.Tuple:
		return &SeqIter{Seq: v}, nil
	case *starlark.Dict:
		return &KeyIter{Of: v, Keys: v.Keys()}, nil
	case *starlark.Set:
		return &KeyIter{Of: v, Keys: elements(v)}, nil
	case starlark.String:
		return &StringIter{S: string(v)}, nil
	case starlark.Bytes:
		return &SeqIter{Seq: byteInts(v)}, nil
	case *Generator, Iterator, *ListIter, *SeqIter, *RangeIter, *KeyIter, *StringIter:
		return v, nil
	case *Instance, *Exception, *Class:
		if !Iterable(v) {
			break
		}
		return nil, NeedScript
	case starlark.Iterable:
		if it := rangeIter(v); it != nil {
			return it, nil
		}
		if _, ok := v.(starlark.Sequence); !ok {
			return &ForeignIter{Of: v}, nil // it need not have an end
		}
		return &SeqIter{Seq: elements(v)}, nil
	}
	return nil, Raise(TypeError, "'%s' object is not iterable", TypeName(v))
}

// IsIterator reports whether v has a __next__.
func IsIterator(v Value) bool {
	switch v := v.(type) {
	case *Generator, Iterator, *ListIter, *SeqIter, *RangeIter, *KeyIter, *StringIter:
		return true
	case *Instance, *Exception:
		return object(v).Shape.Class.Find("__next__") != nil
	}
	return false
}

// rangeIter returns the iterator of what range() made, or nil.
func rangeIter(v starlark.Iterable) *RangeIter {
	seq, ok := v.(starlark.Sequence)
	if !ok || v.Type() != "range" {
		return nil
	}
	items := seq.(starlark.Indexable)
	it := &RangeIter{N: seq.Len(), Step: 1}
	if it.N > 0 {
		it.Next, _ = items.Index(0).(starlark.Int).Int64()
	}
	if it.N > 1 {
		second, _ := items.Index(1).(starlark.Int).Int64()
		it.Step = second - it.Next
	}
	return it
}

func elements(v starlark.Iterable) starlark.Tuple {
	var elems starlark.Tuple
	if n := starlark.Len(v); n > 0 {
		elems = make(starlark.Tuple, 0, n)
	}
	it := v.Iterate()
	defer it.Done()
	for x := Value(nil); it.Next(&x); {
		elems = append(elems, x)
	}
	return elems
}

func byteInts(b starlark.Bytes) starlark.Tuple {
	ints := make(starlark.Tuple, len(b))
	for i := range len(b) {
		ints[i] = MakeInt(int64(b[i]))
	}
	return ints
}

// Next returns the next element of what Iter returned, or nil at its end.
func (p *Process) Next(it Value) (Value, error) {
	switch it := it.(type) {
	case *ListIter:
		if uint(it.I) < uint(it.List.Len()) {
			it.I++
			return it.List.Index(it.I - 1), nil
		}
		it.I = -1
		return nil, nil
	case *RangeIter:
		if it.N == 0 {
			return nil, nil
		}
		v := MakeInt(it.Next)
		it.N--
		it.Next += it.Step
		return v, nil
	case *SeqIter:
		if it.I < len(it.Seq) {
			it.I++
			return it.Seq[it.I-1], nil
		}
		return nil, nil
	case *KeyIter:
		return it.next()
	case *StringIter:
		if it.I >= len(it.S) {
			return nil, nil
		}
		if c := it.S[it.I]; c < utf8.RuneSelf {
			it.I++
			return oneByte[c], nil
		}
		_, n := utf8.DecodeRuneInString(it.S[it.I:])
		it.I += n
		return starlark.String(it.S[it.I-n : it.I]), nil
	case *Generator:
		return nil, NeedScript
	case *Instance, *Exception:
		if overrides(it, "__next__") {
			return nil, NeedScript
		}
	case Iterator:
		return it.Next(p)
	}
	return nil, Raise(TypeError, "'%s' object is not an iterator", TypeName(it))
}

func (it *KeyIter) next() (Value, error) {
	if it.Of == nil {
		return nil, nil
	}
	if starlark.Len(it.Of) != len(it.Keys) {
		what := "dictionary"
		if _, ok := it.Of.(*starlark.Set); ok {
			what = "Set"
		}
		return nil, Raise(RuntimeError, "%s changed size during iteration", what)
	}
	if it.I == len(it.Keys) {
		it.Of, it.Keys, it.I = nil, nil, 0
		return nil, nil
	}
	it.I++
	return it.Keys[it.I-1], nil
}

// Iterate returns the elements of an iterable. The caller may keep the slice
// but not change it.
func (p *Process) Iterate(v Value) ([]Value, error) {
	switch v := v.(type) {
	case starlark.Tuple:
		return v, nil
	case *starlark.List:
		elems := make([]Value, v.Len())
		for i := range elems {
			elems[i] = v.Index(i)
		}
		return elems, nil
	case *starlark.Dict:
		return v.Keys(), nil
	}
	it, err := p.Iter(v)
	if err != nil {
		return nil, err
	}
	switch it := it.(type) {
	case *Generator, *Instance, *Exception:
		return nil, NeedScript
	case *SeqIter:
		if it.I == 0 {
			it.I = len(it.Seq)
			return it.Seq, nil
		}
	case *RangeIter:
		if err := p.Room(it.N, wordSize); err != nil {
			return nil, err
		}
	}
	var elems []Value
	for {
		x, err := p.Next(it)
		if err != nil || x == nil {
			return elems, err
		}
		elems = append(elems, x)
	}
}
