package compile

import (
	"math"
	"math/big"

	"mpstar/host/syntax"

	"go.starlark.net/starlark"
	starsyntax "go.starlark.net/syntax"
)

// Folding of constants: what an expression of literals will certainly be, if
// that is no bigger than what was written. Values are those of
// syntax.Constant.

const (
	foldDepth  = 8   // bounds the search, which each level of an expression repeats
	foldBits   = 128 // size of a folded int
	foldLength = 256 // size of a folded string
	foldElems  = 64  // of a folded tuple
)

// A folded is a tuple of constants.
type folded []any

// fold returns the value of a constant expression.
func fold(e syntax.Expr, depth int) (any, bool) {
	switch e := e.(type) {
	case *syntax.Constant:
		return e.Value, true
	case *syntax.Unary:
		if depth > 0 {
			if x, ok := fold(e.X, depth-1); ok {
				return foldUnary(e.Op, x)
			}
		}
	case *syntax.Binary:
		if depth > 0 {
			if x, ok := fold(e.X, depth-1); ok {
				return foldRight(x, e, depth-1)
			}
		}
	case *syntax.Tuple:
		if depth > 0 && len(e.Elts) <= foldElems {
			return foldTuple(e, depth-1)
		}
	}
	return nil, false
}

func foldTuple(e *syntax.Tuple, depth int) (any, bool) {
	elems := make(folded, len(e.Elts))
	for i, x := range e.Elts {
		v, ok := fold(x, depth)
		if !ok {
			return nil, false
		}
		elems[i] = v
	}
	return elems, true
}

func foldRight(x any, e *syntax.Binary, depth int) (any, bool) {
	y, ok := fold(e.Y, depth)
	if !ok {
		return nil, false
	}
	return foldBinary(e.Op, x, y)
}

// foldLinks folds as many links of a chain on the constant k as it can.
func foldLinks(k any, links []syntax.Expr) (any, []syntax.Expr) {
	for len(links) > 0 {
		e, ok := links[0].(*syntax.Binary)
		if !ok {
			break
		}
		v, ok := foldRight(k, e, foldDepth)
		if !ok {
			break
		}
		k, links = v, links[1:]
	}
	return k, links
}

func foldUnary(op syntax.Op, x any) (any, bool) {
	switch x := x.(type) {
	case int64:
		switch op {
		case syntax.Minus:
			if x != math.MinInt64 {
				return -x, true
			}
		case syntax.Tilde:
			return ^x, true
		case syntax.Plus:
			return x, true
		}
	case *big.Int:
		if op == syntax.Minus {
			return smallest(new(big.Int).Neg(x)), true
		}
	case float64:
		switch op {
		case syntax.Minus:
			return -x, true
		case syntax.Plus:
			return x, true
		}
	}
	return nil, false
}

// foldOps holds the operators that Starlark defines as Python does.
var foldOps = map[syntax.Op]starsyntax.Token{
	syntax.Plus:       starsyntax.PLUS,
	syntax.Minus:      starsyntax.MINUS,
	syntax.Star:       starsyntax.STAR,
	syntax.Slash:      starsyntax.SLASH,
	syntax.SlashSlash: starsyntax.SLASHSLASH,
	syntax.Percent:    starsyntax.PERCENT,
	syntax.Ampersand:  starsyntax.AMP,
	syntax.Pipe:       starsyntax.PIPE,
	syntax.Caret:      starsyntax.CIRCUMFLEX,
	syntax.LtLt:       starsyntax.LTLT,
	syntax.GtGt:       starsyntax.GTGT,
}

func foldBinary(op syntax.Op, x, y any) (any, bool) {
	if op == syntax.StarStar {
		return foldPower(x, y)
	}
	token, ok := foldOps[op]
	if !ok || !foldable(op, x, y) {
		return nil, false
	}
	v, err := starlark.Binary(token, constValue(x), constValue(y))
	if err != nil {
		return nil, false // to fail when it is run
	}
	switch v := v.(type) {
	case starlark.Int:
		i := v.BigInt()
		return smallest(i), i.BitLen() <= foldBits
	case starlark.Float:
		f := float64(v)
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	case starlark.String:
		return string(v), len(v) <= foldLength
	}
	return nil, false
}

// foldable reports whether the types of x and y give op its plain meaning, and
// the result cannot be huge.
func foldable(op syntax.Op, x, y any) bool {
	switch x := x.(type) {
	case string:
		_, ok := y.(string)
		return ok && op == syntax.Plus && len(x) <= foldLength
	case int64:
		switch y := y.(type) {
		case int64:
			return op != syntax.LtLt || y < foldBits
		case float64:
			return true
		}
	case float64:
		switch y.(type) {
		case int64, float64:
			return true
		}
	}
	return false
}

// foldPower folds powers of ints that are ints.
func foldPower(x, y any) (any, bool) {
	base, ok := x.(int64)
	exp, ok2 := y.(int64)
	if !ok || !ok2 || exp < 0 || exp > foldBits {
		return nil, false
	}
	v := new(big.Int).Exp(big.NewInt(base), big.NewInt(exp), nil)
	return smallest(v), v.BitLen() <= foldBits
}

// smallest returns i as the parser gives it: int64 if it fits.
func smallest(i *big.Int) any {
	if i.IsInt64() {
		return i.Int64()
	}
	return i
}

// truth returns the truth value of a constant.
func truth(v any) bool { return bool(constValue(v).Truth()) }
