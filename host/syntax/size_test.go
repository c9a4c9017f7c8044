package syntax

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// megabyte is the unit of the sizes here. Nothing measures time: were any of
// these inputs read in more than linear time, the test would not end.
const megabyte = 1 << 20

// repeat returns s repeated to fill n bytes.
func repeat(s string, n int) string { return strings.Repeat(s, n/len(s)) }

// TestLarge parses large programs of many shapes.
func TestLarge(t *testing.T) {
	const n = megabyte
	for name, text := range map[string]string{
		"statements":      repeat("x = f(y, 1)\n", 10*megabyte),
		"one line":        repeat("x = f(y, 1);", 10*megabyte),
		"sum":             repeat("a + ", n) + "a",
		"mixed operators": repeat("a + b * c << d < e and ", n) + "a",
		"and":             repeat("a and ", n) + "a",
		"or":              repeat("a or ", n) + "a",
		"comparisons":     repeat("a < ", n) + "a",
		"attributes":      "a" + repeat(".b", n),
		"calls":           "a" + repeat("()", n),
		"subscripts":      "a" + repeat("[0]", n),
		"targets":         repeat("a = ", n) + "a",
		"list":            "x = [" + repeat("1, ", n) + "]",
		"nested lists":    "x = [" + repeat("[1, [2]], ", n) + "]",
		"dict":            "x = {" + repeat("a: 1, ", n) + "}",
		"arguments":       "f(" + repeat("a, ", n) + ")",
		"keywords":        "f(" + repeat("a=1, ", n) + ")",
		"parameters":      "def f(" + repeat("a, ", n) + "): pass",
		"with items":      "with (" + repeat("a as b, ", n) + "): pass",
		"for targets":     "for " + repeat("a, ", n) + "in b: pass",
		"clauses":         "[a " + repeat("for a in b if c ", n) + "]",
		"strings":         "x = (" + repeat("'a' ", n) + ")",
		"f-strings":       "x = (" + repeat("f'{a}' ", n) + ")",
		"fields":          "f'" + repeat("{a!r:>{b}}", n) + "'",
		"multi-line f":    "f'''" + repeat("{\na\n}\n", n) + "'''",
		"escapes":         "'" + repeat(`\x41\n\u00e9`, n) + "'",
		"decorators":      repeat("@a\n", n) + "def f(): pass",
		"imports":         "from a import " + repeat("b, ", n) + "b",
		"handlers":        "try: pass\n" + repeat("except A: pass\n", n),
		"functions":       repeat("def f():\n  if x:\n    y\n", n),
		"comments":        repeat("# comment\n", n),
		"empty lines":     repeat(" \n", n),
		"no line":         repeat("\t ", n),
		"continuations":   "x = 1" + repeat(" \\\n", n) + "+ 1",
		"joined indent":   repeat("\\\n", n) + "x",
		"line comments":   "x = (1" + repeat("# c\n", n) + ")",
		"CR":              repeat("x\r", n),
		"identifier":      repeat("x", n),
		"wide identifier": repeat("é", n),
		"string":          "'" + repeat("x", n) + "'",
		"hexadecimal":     "0x" + repeat("f", n),
		"float":           "0." + repeat("1", n),
		"cases":           "match x:\n" + repeat("  case [a, *_] | {1: a}: pass\n", n),
		"subjects":        repeat("match(x):\n  case 1: pass\n", n),
		"asserts":         repeat("assert"+repeat(" ", 1000)+"x\n", n),
		"ifs":             repeat("a if b else c, ", n),
	} {
		if _, err := Parse(&Source{name, text}); err != nil {
			t.Errorf("%s: %.300s", name, err)
		}
	}
}

// TestLargeErrors parses large texts that are wrong in ways that could make a
// parser look far, or often.
func TestLargeErrors(t *testing.T) {
	const n = 2 * megabyte
	lines := repeat("f(a)\n", n)
	for _, test := range []struct{ name, text, want string }{
		{"open bracket", "x = (\n" + lines, "'(' was never closed"},
		{"open bracket last", lines + "x = (", "'(' was never closed"},
		{"open quote", "'''" + lines, "unterminated triple-quoted string literal (detected at line 419430)"},
		{"open field", "f'{" + repeat("a", n) + "'", "f-string: expecting '}'"},
		{"brackets", repeat("(", n), "too many nested parentheses"},
		{"braces", repeat("{", n), "too many nested parentheses"},
		{"field brackets", "f'{" + repeat("(", n) + "}'", "f-string: too many nested parenthesis"},
		{"nots", repeat("not ", n), "too many nested expressions"},
		{"minuses", repeat("-", n), "too many nested expressions"},
		{"powers", repeat("a ** ", n), "too many nested expressions"},
		{"lambdas", repeat("lambda:", n), "too many nested expressions"},
		{"conditions", repeat("a if b else ", n), "too many nested expressions"},
		{"missing commas", "f(" + repeat("a ", n) + ")", "invalid syntax. Perhaps you forgot a comma?"},
		{"equals", "f(" + repeat("a = ", n) + ")", "invalid syntax; expected ',' or ')'"},
		{"colons", repeat(":", n), "invalid syntax; expected a statement"},
		{"question marks", repeat("?", n), "invalid syntax; unexpected character '?'"},
		{"backslash", "x = " + repeat("\\\n", n), "unexpected EOF while parsing"},
		{"decimal", repeat("1", 4301), "Exceeds the limit (4300 digits) for integer string conversion: " +
			"value has 4301 digits; use hexadecimal for huge integer literals"},
		{"long line", "x = [" + repeat("1, ", n) + "?", "invalid syntax; unexpected character '?'"},
	} {
		_, err := Parse(&Source{test.name, test.text})
		if err == nil {
			t.Errorf("%s: parsed", test.name)
			continue
		}
		if got := err.(*Error).Msg; got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
		if size := len(err.Error()); size > 1000 {
			t.Errorf("%s: a message of %d bytes", test.name, size)
		}
	}
}

// TestDepth finds the limits of nesting where they should be.
func TestDepth(t *testing.T) {
	for _, test := range []struct {
		name  string
		limit int
		text  func(depth int) string
	}{
		{"brackets", maxBrackets, func(n int) string {
			return strings.Repeat("(", n) + strings.Repeat(")", n)
		}},
		{"blocks", maxIndents - 1, func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, "%sif x:\n", strings.Repeat(" ", i))
			}
			return b.String() + strings.Repeat(" ", n) + "pass"
		}},
		{"nots", maxDepth - 1, func(n int) string { return strings.Repeat("not ", n) + "x" }},
		{"lambdas", maxDepth - 1, func(n int) string { return strings.Repeat("lambda: ", n) + "x" }},
		{"specs", 1, func(n int) string {
			return "f'" + strings.Repeat("{x:", n) + "{x}" + strings.Repeat("}", n) + "'"
		}},
	} {
		if _, err := Parse(&Source{"x.star", test.text(test.limit)}); err != nil {
			t.Errorf("%s %d deep: %.200s", test.name, test.limit, err)
		}
		if _, err := Parse(&Source{"x.star", test.text(test.limit + 1)}); err == nil {
			t.Errorf("%s %d deep: parsed", test.name, test.limit+1)
		}
	}
}

// TestElifs parses a long chain of elifs, which nest in the tree.
func TestElifs(t *testing.T) {
	const n = 100_000
	file, err := Parse(&Source{"x.star", "if x: pass\n" + strings.Repeat("elif x: pass\n", n) + "else: pass"})
	if err != nil {
		t.Fatal(err)
	}
	depth := 0
	s := file.Body[0].(*If)
	for ; len(s.Else) == 1; depth++ {
		next, ok := s.Else[0].(*If)
		if !ok {
			break
		}
		s = next
	}
	if depth != n || s.End != file.Body[0].Span().End {
		t.Errorf("%d elifs, the last up to %v; want %d, up to %v", depth, s.End, n, file.Body[0].Span().End)
	}
}

// TestRadixInt compares the integers of large literals with math/big's.
func TestRadixInt(t *testing.T) {
	for base, prefix := range map[int]string{2: "0b", 8: "0o", 16: "0x"} {
		for size := range 300 {
			digits := "1"
			for i := range size {
				digits += string("0123456789abcdef"[(i*7+3)%base])
			}
			file, err := Parse(&Source{"x.star", prefix + digits})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := new(big.Int).SetString(digits, base)
			value := file.Body[0].(*ExprStmt).X.(*Constant).Value
			if want.IsInt64() != isInt64(value) || constantText(value) != want.Text(16) {
				t.Errorf("%s%s is %T %v, want %v", prefix, digits, value, value, want)
			}
		}
	}
}

func isInt64(v any) bool {
	_, ok := v.(int64)
	return ok
}

// BenchmarkParse tells how many bytes of testdata/tree.py are parsed a second.
func BenchmarkParse(b *testing.B) {
	text := readFile(b, "testdata/tree.py")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(&Source{"tree.py", text}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkScan tells how many of them are scanned.
func BenchmarkScan(b *testing.B) {
	text := readFile(b, "testdata/tree.py")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		var t token
		for s := newScanner(&Source{"tree.py", text}); !s.atEnd(); {
			s.next(&t)
		}
	}
}
