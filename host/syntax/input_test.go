package syntax

import (
	"strings"
	"testing"
)

// TestParseInput: what the prompt does after each line. The last line of a text decides.
func TestParseInput(t *testing.T) {
	for _, test := range []struct {
		lines   string // joined by |
		missing Missing
		err     string
	}{
		{"1", Nothing, ""},
		{"", Nothing, ""},
		{"# nothing", Nothing, ""},
		{"x = 1; y = 2", Nothing, ""},
		{"if x:", Block, ""},
		{"if x:|  # a comment", Block, ""},
		{"if x:|    y", Block, ""},
		{"if x: y", Block, ""},
		{"if x: y|", Nothing, ""},
		{"if x:|    y|", Nothing, ""},
		{"if x:|    y|  ", Nothing, ""},
		{"if x:|    y|else:", Block, ""},
		{"if x:|", Nothing, "expected an indented block"},
		{"class A:|    def f(self):", Block, ""},
		{"class A:|    def f(self):|        pass|    x = (", Bracket, ""},
		{"try:|    f()", Block, ""},
		{"try:|    f()|", Nothing, "expected 'except' or 'finally' block"},
		{"if x:|    try:|        f()", Block, ""},
		{"@d", Block, ""},
		{"@d|", Nothing, "expected 'def' or 'class'"},
		{"@d|def f(): pass", Block, ""},
		{"f(1,", Bracket, ""},
		{"f(1,|", Bracket, ""},
		{"f(1,|2)", Nothing, ""},
		{"f(a b", Bracket, ""}, // as in CPython: the next line may say more
		{"f(]", Nothing, "does not match"},
		{"x = 1 + \\", Bracket, ""},
		{"x = 1 + \\|2", Nothing, ""},
		{"'''a", Quote, ""},
		{"'''a|", Quote, ""},
		{"'''a||b'''", Nothing, ""},
		{"f('''a", Quote, ""},
		{"'a", Nothing, "unterminated string literal"},
		{"x =", Nothing, "invalid syntax"},
		{"if x", Nothing, "expected ':'"},
		{"f'{x'", Nothing, "f-string"},
		{"if x:|    y = = 1", Nothing, "invalid syntax"},
		{"if x:|    y|  z", Nothing, "unindent does not match"},
		{"  x", Nothing, "unexpected indent"},
		{"x\x00", Nothing, "null bytes"},
	} {
		text := strings.ReplaceAll(test.lines, "|", "\n") + "\n"
		file, missing, err := ParseInput(&Source{"<stdin>", text})
		switch {
		case missing != test.missing:
			t.Errorf("%q: missing %d, want %d", test.lines, missing, test.missing)
		case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%q: error %v, want %q", test.lines, err, test.err)
		case (file != nil) != (missing == Nothing && err == nil):
			t.Errorf("%q: file %v", test.lines, file)
		}
	}
}
