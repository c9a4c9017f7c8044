package repl

import (
	"strings"

	"mpstar/host/syntax"
)

// step is one level of indentation.
const step = "    "

// indent returns what the line after text begins with.
func indent(text string, missing syntax.Missing) string {
	if missing != syntax.Block && missing != syntax.Bracket {
		return ""
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	last := lines[len(lines)-1]
	margin := leadingBlanks(last)
	code := strings.TrimSpace(stripComment(last))
	switch {
	case missing == syntax.Block && strings.HasSuffix(code, ":"),
		missing == syntax.Bracket && strings.ContainsAny(lastByte(code), "([{"):
		return margin + step
	case missing == syntax.Block && leavesBlock(code):
		return strings.TrimSuffix(margin, step)
	}
	return margin
}

// leavesBlock tells whether nothing can follow a statement in its block.
func leavesBlock(code string) bool {
	word, _, _ := strings.Cut(code, " ")
	switch word {
	case "return", "raise", "break", "continue", "pass":
		return true
	}
	return false
}

func lastByte(s string) string { return s[max(len(s)-1, 0):] }

func leadingBlanks(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

// stripComment cuts off a comment, as far as one line tells that it is one.
func stripComment(line string) string {
	quote := rune(0)
	for i, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '#':
			return line[:i]
		}
	}
	return line
}

// goesOn tells whether a line that follows a block belongs to the same
// statement: it is indented or begins another clause.
func goesOn(line string) bool {
	if isBlank(line) {
		return false
	}
	if leadingBlanks(line) != "" || strings.HasPrefix(line, "#") {
		return true
	}
	word := line[:len(line)-len(strings.TrimLeft(line, "abcdefghijklmnopqrstuvwxyz"))]
	switch word {
	case "elif", "else", "except", "finally":
		return true
	}
	return false
}
