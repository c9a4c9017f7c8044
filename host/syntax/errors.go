package syntax

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An Error is why a text is not a program.
type Error struct {
	Source *Source
	Class  string // SyntaxError, IndentationError or TabError
	Msg    string
	Range  Range
}

// The classes of Error.
const (
	syntaxError      = "SyntaxError"
	indentationError = "IndentationError"
	tabError         = "TabError"
)

// maxExcerpt bounds the bytes of a source line shown on each side of the
// place an error points at, for the sake of minified files.
const maxExcerpt = 100

// Error returns the message in CPython's form: the place, the line with
// carets under the fault, the class and the text.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  File \"%s\", line %d\n", e.Source.Name, e.Range.Start.Line)
	if line := e.Source.Line(e.Range.Start.Line); strings.Trim(line, blanks) != "" {
		writeExcerpt(&b, line, e.Range)
	}
	fmt.Fprintf(&b, "%s: %s", e.Class, e.Msg)
	return b.String()
}

// blanks are the bytes that may indent a line.
const blanks = " \t\f"

const byteOrderMark = "\uFEFF"

// writeExcerpt writes line without its indentation, and carets under what r
// covers of it. There are no carets if r starts within the indentation.
func writeExcerpt(b *strings.Builder, line string, r Range) {
	from, to := int(r.Start.Col)-1, int(r.End.Col)-1
	if r.End.Line != r.Start.Line || to > len(line) {
		to = len(line)
	}
	from = min(from, len(line))
	to = max(to, from)

	text := strings.TrimLeft(strings.TrimPrefix(line, byteOrderMark), blanks)
	cut := len(line) - len(text)
	if from < cut {
		b.WriteString("    " + clip(text, 0, maxExcerpt) + "\n")
		return
	}
	before, marked, after := line[cut:from], line[from:to], line[to:]
	before = clip(before, len(before)-maxExcerpt, len(before))
	if len(marked) > maxExcerpt {
		marked, after = clip(marked, 0, maxExcerpt), ""
	}
	after = clip(after, 0, maxExcerpt)

	shown := strings.TrimRight(before+marked+after, blanks)
	fmt.Fprintf(b, "    %s\n", strings.ToValidUTF8(shown, "?"))
	fmt.Fprintf(b, "    %s%s\n", padding(before), strings.Repeat("^", max(1, Width(marked))))
}

// clip returns s[from:to] widened inwards to whole characters, with dots for
// what was left out.
func clip(s string, from, to int) string {
	left, right := "", ""
	if from > 0 {
		left = "..."
		for from < len(s) && !utf8.RuneStart(s[from]) {
			from++
		}
	}
	if to < len(s) {
		right = "..."
		for to > 0 && !utf8.RuneStart(s[to]) {
			to--
		}
	}
	return left + s[max(from, 0):min(to, len(s))] + right
}

// padding returns blanks as wide as s. Tabs stay, for only the terminal knows
// how wide they are.
func padding(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case unicode.Is(wide, r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// Width returns how many cells of a terminal s takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if unicode.Is(wide, r) {
			n++
		}
	}
	return n
}

// wide holds the characters of East_Asian_Width W and F (Unicode Annex 11),
// rounded to blocks.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1},
		{0x2E80, 0x303E, 1},
		{0x3041, 0x4DBF, 1},
		{0x4E00, 0xA4CF, 1},
		{0xA960, 0xA97F, 1},
		{0xAC00, 0xD7A3, 1},
		{0xF900, 0xFAFF, 1},
		{0xFE30, 0xFE6F, 1},
		{0xFF01, 0xFF60, 1},
		{0xFFE0, 0xFFE6, 1},
	},
	R32: []unicode.Range32{
		{0x16FE0, 0x18AFF, 1},
		{0x1B000, 0x1B2FF, 1},
		{0x1F300, 0x1F64F, 1},
		{0x1F680, 0x1F6FF, 1},
		{0x1F900, 0x1F9FF, 1},
		{0x20000, 0x3FFFD, 1},
	},
}

// Line returns the text of line n, counted from 1, without its line end; it
// is empty where there is no such line. It reads the text from its beginning.
func (s *Source) Line(n int32) string {
	text := s.Text
	for ; n > 1; n-- {
		i := strings.IndexAny(text, "\r\n")
		if i < 0 {
			return ""
		}
		text = text[i+lineEnd(text, i):]
	}
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return text[:i]
	}
	return text
}

// Part returns the text of a node.
func (s *Source) Part(r Range) string {
	if r.Start.Line == r.End.Line {
		return s.Line(r.Start.Line)[r.Start.Col-1 : r.End.Col-1]
	}
	text := s.Line(r.Start.Line)[r.Start.Col-1:]
	for n := r.Start.Line + 1; n < r.End.Line; n++ {
		text += "\n" + s.Line(n)
	}
	return text + "\n" + s.Line(r.End.Line)[:r.End.Col-1]
}

// lineEnd returns the length of the line end at text[i:]: 0 if there is none.
func lineEnd(text string, i int) int {
	switch {
	case i >= len(text):
		return 0
	case text[i] == '\n':
		return 1
	case text[i] != '\r':
		return 0
	case i+1 < len(text) && text[i+1] == '\n':
		return 2
	}
	return 1
}
