package builtins

import (
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The scalar types as functions: bool, int, float, str, bytes, and what turns numbers and
// characters into each other.

func boolFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if arg(a, 0) == nil {
		return starlark.False, nil
	}
	truth, err := p.Truth(a[0])
	return starlark.Bool(truth), err
}

// instance returns the part that holds the attributes of an instance or
// exception, nil for other values.
func instance(v vm.Value) *vm.Instance {
	switch v := v.(type) {
	case *vm.Instance:
		return v
	case *vm.Exception:
		return &v.Instance
	}
	return nil
}

// asIndex converts an int or bool. An instance, which may have __index__, needs script code.
func asIndex(v vm.Value) (starlark.Int, error) {
	if instance(v) != nil {
		return starlark.Int{}, vm.NeedScript
	}
	return asInteger(v)
}

// asSmall is asIndex for what has to fit into an int; larger ones are an IndexError, as PyExc_IndexError in abstract.c.
func asSmall(v vm.Value) (int, error) {
	i, err := asIndex(v)
	if err != nil {
		return 0, err
	}
	n, ok := i.Int64()
	if !ok {
		return 0, vm.Raise(vm.OverflowError, "cannot fit 'int' into an index-sized integer")
	}
	return int(n), nil
}

func intFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x, base := plainBytes(arg(a, 0)), arg(a, 1)
	if base == nil {
		return toInt(x)
	}
	i, err := asIndex(base)
	if err != nil {
		return nil, err
	}
	n, small := i.Int64()
	if !small || n != 0 && (n < 2 || n > 36) {
		return nil, vm.Raise(vm.ValueError, "int() base must be >= 2 and <= 36, or 0")
	}
	b := int(n)
	switch x := x.(type) {
	case starlark.String:
		return parseInt(string(x), b, x)
	case starlark.Bytes:
		return parseInt(string(x), b, x)
	case nil:
		return nil, vm.Raise(vm.TypeError, "int() missing string argument")
	}
	return nil, vm.Raise(vm.TypeError, "int() can't convert non-string with explicit base")
}

func toInt(x vm.Value) (vm.Value, error) {
	switch x := x.(type) {
	case nil:
		return starlark.MakeInt(0), nil
	case starlark.Int:
		return x, nil
	case starlark.Bool:
		return asInteger(x)
	case starlark.Float:
		return floatToInt(float64(x))
	case starlark.String:
		return parseInt(string(x), 10, x)
	case starlark.Bytes:
		return parseInt(string(x), 10, x)
	case *vm.Instance, *vm.Exception:
		return nil, vm.NeedScript
	}
	return nil, vm.Raise(vm.TypeError, "int() argument must be a string, a bytes-like object or a real number, not '%s'", vm.TypeName(x))
}

// floatToInt cuts off the decimals.
func floatToInt(f float64) (starlark.Int, error) {
	switch {
	case math.IsNaN(f):
		return starlark.Int{}, vm.Raise(vm.ValueError, "cannot convert float NaN to integer")
	case math.IsInf(f, 0):
		return starlark.Int{}, vm.Raise(vm.OverflowError, "cannot convert float infinity to integer")
	case math.Abs(f) < 1<<63:
		return starlark.MakeInt64(int64(f)), nil
	}
	i, _ := big.NewFloat(f).Int(nil)
	return starlark.MakeBigInt(i), nil
}

// parseInt reads an int as Python does: spaces around it, a sign, a prefix,
// underscores between digits. whole is for the message.
func parseInt(s string, base int, whole vm.Value) (vm.Value, error) {
	digits, base, ok := intDigits(strings.TrimSpace(s), base)
	if ok && len(digits) < 18 {
		if i, err := strconv.ParseInt(digits, base, 64); err == nil {
			return starlark.MakeInt64(i), nil
		}
	}
	if len(digits) > vm.MaxIntDigits && base&(base-1) != 0 {
		return nil, vm.TooManyDigits(fmt.Sprintf(": value has %d digits", len(digits)))
	}
	if i, valid := digitsInt(digits, base); ok && valid {
		return starlark.MakeBigInt(i), nil
	}
	return nil, vm.Raise(vm.ValueError, "invalid literal for int() with base %d: %s", base, vm.PyRepr(whole))
}

// digitsInt is big.Int.SetString, whose time grows with the square of the length, by halves.
func digitsInt(s string, base int) (i *big.Int, ok bool) {
	if len(s) < 1000 {
		return new(big.Int).SetString(s, base)
	}
	half := len(s) / 2
	low, ok := digitsInt(s[len(s)-half:], base)
	if !ok || strings.IndexByte("+-", s[len(s)-half]) >= 0 {
		return nil, false
	}
	high, ok := digitsInt(s[:len(s)-half], base)
	if !ok {
		return nil, false
	}
	if s[0] == '-' {
		low.Neg(low)
	}
	if base&(base-1) == 0 {
		high.Lsh(high, uint(half*bits.TrailingZeros(uint(base))))
	} else {
		high.Mul(high, new(big.Int).Exp(big.NewInt(int64(base)), big.NewInt(int64(half)), nil))
	}
	return high.Add(high, low), true
}

// intDigits takes away what is not sign or digit, and finds the base that the
// prefix says if it is 0.
func intDigits(s string, base int) (digits string, actual int, ok bool) {
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	if prefix := prefixBase(s); prefix != 0 && (base == 0 || base == prefix) {
		base, s = prefix, strings.TrimPrefix(s[2:], "_")
	} else if base == 0 {
		base = 10
		if len(s) > 1 && s[0] == '0' && strings.Trim(s, "0_") != "" {
			return "", 0, false // 010: is it octal?
		}
	}
	ok = s != "" && s[0] != '_' && s[len(s)-1] != '_' && !strings.Contains(s, "__") && s[0] != '+' && s[0] != '-'
	return sign + strings.ReplaceAll(s, "_", ""), base, ok
}

func prefixBase(s string) int {
	if len(s) < 3 || s[0] != '0' {
		return 0
	}
	switch s[1] {
	case 'x', 'X':
		return 16
	case 'o', 'O':
		return 8
	case 'b', 'B':
		return 2
	}
	return 0
}

func floatFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	switch x := plainBytes(arg(a, 0)).(type) {
	case nil:
		return starlark.Float(0), nil
	case starlark.String:
		return parseFloat(string(x), x)
	case starlark.Bytes:
		return parseFloat(string(x), x)
	case *vm.Instance, *vm.Exception:
		return nil, vm.NeedScript
	case starlark.Int, starlark.Bool, starlark.Float:
		f, err := asFloat(x)
		return starlark.Float(f), err
	default:
		return nil, vm.Raise(vm.TypeError, "float() argument must be a string or a real number, not '%s'", vm.TypeName(x))
	}
}

// parseFloat reads a float as Python does; Go's hexadecimal floats are none.
func parseFloat(s string, whole vm.Value) (vm.Value, error) {
	text := strings.TrimSpace(s)
	if i := strings.IndexByte(text, '_'); i >= 0 {
		text = underscores(text)
	}
	if !strings.ContainsAny(text, "xXpP_") {
		unsigned := strings.TrimLeft(text, "+-")
		if len(text)-len(unsigned) == 1 && strings.EqualFold(unsigned, "nan") {
			text = unsigned // Go's has no sign
		}
		f, err := strconv.ParseFloat(text, 64)
		if err == nil || math.IsInf(f, 0) {
			return starlark.Float(f), nil
		}
	}
	return nil, vm.Raise(vm.ValueError, "could not convert string to float: %s", vm.PyRepr(whole))
}

// underscores drops those that stand between digits.
func underscores(s string) string {
	digit := func(i int) bool { return i >= 0 && i < len(s) && '0' <= s[i] && s[i] <= '9' }
	var b strings.Builder
	for i := range len(s) {
		if s[i] != '_' || !digit(i-1) || !digit(i+1) {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// strFn is str. Without an encoding, bytes are decoded as Starlark does.
func strFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if arg(a, 1) != nil || arg(a, 2) != nil {
		b, ok := vm.BytesOf(arg(a, 0))
		if !ok {
			return nil, vm.Raise(vm.TypeError, "decoding to str: need a bytes-like object, %s found", vm.TypeName(arg(a, 0)))
		}
		return decode("str", b, a[1], arg(a, 2))
	}
	switch x := arg(a, 0).(type) {
	case nil:
		return starlark.String(""), nil
	case starlark.String:
		return a[0], nil
	case starlark.Bytes:
		return starlark.String(replaceInvalid(string(x))), nil
	case starlark.Int:
		if i, ok := vm.WideInt(a[0]); ok {
			return p.Decimal(i), nil
		}
	}
	s, err := p.Str(a[0])
	if err != nil {
		return nil, err
	}
	return p.MakeString(s), nil
}

// replaceInvalid puts U+FFFD in the place of each byte that is not UTF-8.
func replaceInvalid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

func reprFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	var buf [64]byte
	b, err := p.AppendRepr(buf[:0], a[0])
	if err != nil {
		return nil, err
	}
	return p.StringOf(b), nil
}

func asciiFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, err := p.Repr(a[0])
	return starlark.String(escapeASCII(s)), err
}

// escapeASCII escapes all that is not ASCII as Python's ascii does.
func escapeASCII(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r <= 0xff:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

func bytesFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	x := plainBytes(arg(a, 0))
	if _, ok := x.(starlark.String); !ok {
		switch {
		case arg(a, 1) != nil:
			return nil, vm.Raise(vm.TypeError, "encoding without a string argument")
		case arg(a, 2) != nil:
			return nil, vm.Raise(vm.TypeError, "errors without a string argument")
		}
	}
	switch x := x.(type) {
	case nil:
		return starlark.Bytes(""), nil
	case starlark.Bytes:
		return x, nil
	case starlark.String:
		if arg(a, 1) != nil {
			return encode("bytes", string(x), a[1], arg(a, 2))
		}
		return starlark.Bytes(replaceInvalid(string(x))), nil
	case starlark.Int, starlark.Bool:
		return zeroBytes(p, x)
	default:
		return bytesOf(p, x)
	}
}

// bytesOf makes bytes of the ints that an iterable yields.
func bytesOf(p *vm.Process, x vm.Value) (vm.Value, error) {
	if !vm.Iterable(x) && instance(x) == nil {
		return nil, vm.Raise(vm.TypeError, "cannot convert '%s' object to bytes", vm.TypeName(x))
	}
	elems, err := items(p, x)
	if err != nil {
		return nil, err
	}
	return joinBytes(elems)
}

func zeroBytes(p *vm.Process, x vm.Value) (vm.Value, error) {
	n, err := asSmall(x)
	if err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, vm.Raise(vm.ValueError, "negative count")
	}
	if err := p.Room(n, 1); err != nil {
		return nil, err
	}
	return starlark.Bytes(make([]byte, n)), nil
}

func joinBytes(elems []vm.Value) (vm.Value, error) {
	b := make([]byte, len(elems))
	for i, v := range elems {
		n, err := asSmall(v)
		if err != nil {
			return nil, err
		}
		if n < 0 || n > 255 {
			return nil, vm.Raise(vm.ValueError, "bytes must be in range(0, 256)")
		}
		b[i] = byte(n)
	}
	return starlark.Bytes(b), nil
}

func chrFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := asSmall(a[0])
	if err != nil {
		return nil, err
	}
	if n < 0 || n > unicode.MaxRune {
		return nil, vm.Raise(vm.ValueError, "chr() arg not in range(0x110000)")
	}
	return starlark.String(string(rune(n))), nil
}

func ordFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n := 0
	switch x := a[0].(type) {
	case starlark.String:
		if n = utf8.RuneCountInString(string(x)); n == 1 {
			r, _ := utf8.DecodeRuneInString(string(x))
			return starlark.MakeInt(int(r)), nil
		}
	case starlark.Bytes:
		if n = len(x); n == 1 {
			return starlark.MakeInt(int(x[0])), nil
		}
	default:
		return nil, vm.Raise(vm.TypeError, "ord() expected string of length 1, but %s found", vm.TypeName(x))
	}
	return nil, vm.Raise(vm.TypeError, "ord() expected a character, but string of length %d found", n)
}

func baseFn(prefix string, base int) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		i, err := asIndex(a[0])
		if err != nil {
			return nil, err
		}
		b := i.BigInt()
		sign := ""
		if b.Sign() < 0 {
			sign = "-"
			b = new(big.Int).Neg(b)
		}
		return starlark.String(sign + prefix + b.Text(base)), nil
	}
}
