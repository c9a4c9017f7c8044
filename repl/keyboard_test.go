package repl

import (
	"strings"
	"testing"

	"mpstar/host/syntax"
)

// TestKeyboard: what liner gets at a time of what the terminal sends. Chunks of
// either are divided by bars; a chunk that ends a line is followed by a dot.
func TestKeyboard(t *testing.T) {
	for _, test := range []struct {
		name   string
		margin int
		in     string
		want   string
	}{
		{"typed", 0, "a|b|\r", "a|b|\r."},
		{"typed ahead", 0, "a\rb\r", "a\r.|b\r."},
		{"both line ends", 0, "a\r\nb\n", "a\n.|b\n."},
		{"Ctrl-C ends the line", 0, "a\x03b", "a\x03.|b"},
		{"Ctrl-D may end it", 0, "a\x04b", "a\x04|b"},
		{"Ctrl-Z stands alone", 0, "a\x1ab", "a|\x1a|b"},
		{"Tab is a key", 0, "a\t", "a\t"},
		{"Tab in a line that is there at once", 0, "\ta\t\r", "␉a␉\r."},
		{"marked paste", 0, "\x1b[200~a\tb\rc\x1b[201~", "a␉b\r.|c"},
		{"control characters in a paste", 0, "\x1b[200~a\x1b\x04\x1ab\x1b[201~", "ab"},
		{"Ctrl-C in a paste whose end is lost", 0, "\x1b[200~a\x03b\x04", "a\x03.|b\x04"},
		{"cut mark", 0, "\x1b[20|0~a\tb\x1b[201|~\t", "|a␉b||\t"},
		{"other keys", 0, "\x1b|\x1b[A\x1b[3~", "\x1b|\x1b[A\x1b[3~"},
		{"Backspace takes a level", 8, "\x7f\x7f\x7f", "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f"},
		{"Backspace to a level", 6, "\x7f", "\x7f\x7f"},
		{"Backspace after text", 4, "a\x7f", "a\x7f"},
		{"typed after a margin", 4, " |x|\r", " |x|\r."},
		{"line with its own blanks", 4, "  x\r", "\x15  x\r."},
		{"line without", 4, "x\r", "x\r."},
		{"several lines", 4, "x\ry\r", "\x15x\r.|y\r."},
		{"paste of a word", 4, "\x1b[200~ x\x1b[201~", " x"},
		{"paste of a block", 4, "\x1b[200~    x\ry\x1b[201~", "\x15    x\r.|y"},
	} {
		var k keyboard
		k.begin(test.margin)
		var got []string
		for in := range strings.SplitSeq(test.in, "|") {
			k.add([]byte(in))
			for first := true; first || len(k.in) > 0; first = false {
				keys, ends := k.next()
				if ends {
					k.begin(0)
					keys = append(keys, '.')
				}
				got = append(got, string(keys))
				if len(keys) == 0 {
					break
				}
			}
		}
		if got := strings.Join(got, "|"); got != test.want {
			t.Errorf("%s: %q becomes %q, want %q", test.name, test.in, got, test.want)
		}
	}
}

// TestIndent: how the line after a text begins.
func TestIndent(t *testing.T) {
	for text, want := range map[string]string{
		"if x:":                          "    ",
		"if x:  # why: so":               "    ",
		"if x == '#':":                   "    ",
		"if x: # a":                      "    ",
		"if x:\n    y":                   "    ",
		"if x:\n    y:":                  "        ",
		"if x:\n    for y in z:":         "        ",
		"if x:\n    return":              "",
		"if x:\n    if y:\n        pass": "    ",
		"if x:\n  return 1":              "  ",
		"if x:\n\ty":                     "\t",
		"@f":                             "",
	} {
		if got := indent(text+"\n", syntax.Block); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"f(": "    ", "  f(": "      ", "f(1,": "", "    f(1,": "    "} {
		if got := indent(text+"\n", syntax.Bracket); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := indent("  '''a:\n", syntax.Quote); got != "" {
		t.Errorf("in a string: %q", got)
	}
}

// TestGoesOn: which pasted lines belong to the block before them.
func TestGoesOn(t *testing.T) {
	for line, want := range map[string]bool{
		"  x": true, "\tx": true, "else:": true, "elif x:": true, "except A:": true, "finally:": true, "# x": true,
		"x": false, "": false, "  ": false, "elsewhere": false, ":": false, "def f():": false,
	} {
		if got := goesOn(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
