package vm

import (
	"fmt"
	"sort"
	"strings"

	"mpstar/host/compile"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// Traceback returns an exception as CPython prints an uncaught one
// (Lib/traceback.py, TracebackException.format), with those it came from
// first. It may run a __str__ of the script.
func (p *Process) Traceback(e *Exception) string {
	var chain []*Exception
	var joints []string
	seen := map[*Exception]bool{}
	for e != nil {
		seen[e] = true
		chain = append(chain, e)
		next, joint := origin(e)
		if seen[next] {
			break
		}
		joints = append(joints, joint)
		e = next
	}
	var b strings.Builder
	for i := len(chain) - 1; i >= 0; i-- {
		p.writeOne(&b, chain[i])
		if i > 0 {
			b.WriteString("\n" + joints[i-1] + "\n\n")
		}
	}
	return b.String()
}

// origin returns the exception that is printed before e, and what joins them.
func origin(e *Exception) (*Exception, string) {
	if cause, ok := e.Cause.(*Exception); ok {
		return cause, "The above exception was the direct cause of the following exception:"
	}
	if context, ok := e.Context.(*Exception); ok && !e.Suppress {
		return context, "During handling of the above exception, another exception occurred:"
	}
	return nil, ""
}

// lastLine is what a traceback ends with: class and message.
func (p *Process) lastLine(e *Exception) string {
	if !overrides(e, "__str__") {
		if _, err := p.Str(e); err != NeedScript {
			return e.Error()
		}
	}
	msg := "<exception str() failed>"
	if v, err := p.Call(p.Reg.Builtins["str"], []Value{e}, nil); err == nil {
		msg = Str(v)
	}
	return e.describe(msg)
}

func (p *Process) writeOne(b *strings.Builder, e *Exception) {
	if len(e.Trace) > 0 {
		b.WriteString("Traceback (most recent call last):\n")
		writeEntries(b, e.Trace)
	}
	if e.Detail != "" {
		b.WriteString(e.Detail)
	} else {
		b.WriteString(p.lastLine(e))
	}
	b.WriteString("\n")
	if notes, ok := e.Get("__notes__").(*starlark.List); ok {
		for i := range notes.Len() {
			b.WriteString(Str(notes.Index(i)) + "\n")
		}
	}
}

// maxRepeat is how many equal entries in a row are printed (traceback._RECURSIVE_CUTOFF).
const maxRepeat = 3

func writeEntries(b *strings.Builder, trace []TraceEntry) {
	last, count := "", 0
	flush := func() {
		if more := count - maxRepeat; more > 0 {
			fmt.Fprintf(b, "  [Previous line repeated %d more time%s]\n", more, plural(more))
		}
	}
	for i := len(trace) - 1; i >= 0; i-- {
		t := trace[i]
		r := lineAt(t.Code, t.PC)
		head := fmt.Sprintf("  File \"%s\", line %d, in %s\n", t.Code.Source.Name, r.Start.Line, t.Code.Name)
		if head != last {
			flush()
			last, count = head, 0
		}
		if count++; count <= maxRepeat {
			b.WriteString(head)
			writeSourceLine(b, t, r)
		}
	}
	flush()
}

// lineAt returns the source range of the instruction at pc.
func lineAt(code *compile.Code, pc int) syntax.Range {
	i := sort.Search(len(code.Lines), func(i int) bool { return int(code.Lines[i].PC) > pc })
	if i == 0 {
		return syntax.Range{Start: syntax.Pos{Line: 1, Col: 1}, End: syntax.Pos{Line: 1, Col: 1}}
	}
	return code.Lines[i-1].Range
}

// Line returns the source line of the instruction at pc, from 1.
func Line(code *compile.Code, pc int) int { return int(lineAt(code, pc).Start.Line) }

// writeSourceLine prints the line and, unless they would mark all of it,
// carets under the part that was running (PEP 657).
func writeSourceLine(b *strings.Builder, t TraceEntry, r syntax.Range) {
	line := sourceLine(t.Code.Source.Text, int(r.Start.Line))
	text := strings.TrimRight(line, " \t\r\f")
	shown := strings.TrimLeft(text, " \t\f")
	if shown == "" {
		return
	}
	fmt.Fprintf(b, "    %s\n", shown)
	indent := len(text) - len(shown)
	start, end := int(r.Start.Col)-1-indent, len(shown)
	if r.End.Line == r.Start.Line {
		end = min(int(r.End.Col)-1-indent, len(shown))
	}
	if start < 0 || end <= start || start >= len(shown) {
		return
	}
	marks := anchors(t, r, shown[start:end])
	if marks == "" {
		if start == 0 && end == len(shown) {
			return
		}
		marks = strings.Repeat("^", syntax.Width(shown[start:end]))
	}
	fmt.Fprintf(b, "    %s%s\n", strings.Repeat(" ", syntax.Width(shown[:start])), marks)
}

// anchors marks the operator of a binary expression, or the brackets of a
// subscript, with carets and the operands with tildes
// (traceback._extract_caret_anchors_from_line_segment). It returns "" for
// other expressions, and for those on several lines.
func anchors(t TraceEntry, r syntax.Range, segment string) string {
	if r.End.Line != r.Start.Line {
		return ""
	}
	lo, hi := anchorSpan(segment)
	if lo < 0 {
		return ""
	}
	lo, hi = syntax.Width(segment[:lo]), syntax.Width(segment[:hi])
	n := syntax.Width(segment)
	return strings.Repeat("~", lo) + strings.Repeat("^", hi-lo) + strings.Repeat("~", n-hi)
}

// anchorSpan parses an expression and returns where its operator or its
// brackets are, or -1.
func anchorSpan(segment string) (lo, hi int) {
	file, err := syntax.Parse(&syntax.Source{Text: segment})
	if err != nil || len(file.Body) != 1 {
		return -1, -1
	}
	stmt, ok := file.Body[0].(*syntax.ExprStmt)
	if !ok {
		return -1, -1
	}
	switch x := stmt.X.(type) {
	case *syntax.Binary:
		lo = int(x.X.Span().End.Col) - 1
		for lo < len(segment) && (segment[lo] == ' ' || segment[lo] == ')') {
			lo++
		}
		return lo, min(lo+len(x.Op.String()), len(segment))
	case *syntax.Index:
		lo = int(x.X.Span().End.Col) - 1
		for lo < len(segment) && segment[lo] != '[' {
			lo++
		}
		return lo, len(segment)
	}
	return -1, -1
}

// sourceLine returns the n-th line of a text, from 1, without its end.
func sourceLine(text string, n int) string {
	for ; n > 1; n-- {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		text = text[:i]
	}
	return text
}
