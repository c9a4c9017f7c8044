package syntax

import (
	"reflect"
	"strings"
	"testing"
)

// FuzzParse checks that no text makes Parse panic, that every failure is an
// *Error that points into the text, and that every node of a tree does.
func FuzzParse(f *testing.F) {
	addStatements(f, "testdata/tree.py")
	addStatements(f, "testdata/starlark.star")
	for chunk := range strings.SplitSeq(readFile(f, "testdata/errors.txt"), "---\n") {
		code, _, _ := strings.Cut(chunk, " ### ")
		f.Add(code)
		f.Add(strings.ReplaceAll(chunk, "### ", "# "))
	}
	f.Fuzz(func(t *testing.T, text string) {
		src := &Source{"fuzz.star", text}
		c := rangeChecker{t: t, lines: lineLengths(text)}
		file, err := Parse(src)
		if err == nil {
			c.check(reflect.ValueOf(file), file.Range)
			return
		}
		e, ok := err.(*Error)
		if !ok || file != nil || e.Source != src || e.Class == "" || e.Msg == "" {
			t.Fatalf("%#v, %#v", file, err)
		}
		c.inText(e.Range)
		if first, _, _ := strings.Cut(e.Error(), "\n"); !strings.HasPrefix(first, `  File "fuzz.star", line `) {
			t.Fatalf("%q", first)
		}
	})
}

// addStatements adds the statements of a file to the corpus.
func addStatements(f *testing.F, name string) {
	src := &Source{name, readFile(f, name)}
	file, err := Parse(src)
	if err != nil {
		f.Fatal(err)
	}
	for _, stmt := range file.Body {
		var text strings.Builder
		for n := stmt.Span().Start.Line; n <= stmt.Span().End.Line; n++ {
			text.WriteString(src.Line(n) + "\n")
		}
		f.Add(text.String())
	}
}

// lineLengths returns the length of each line of text.
func lineLengths(text string) []int32 {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var lengths []int32
	for line := range strings.SplitSeq(text, "\n") {
		lengths = append(lengths, int32(len(line)))
	}
	return lengths
}

// A rangeChecker looks at the ranges of a tree.
type rangeChecker struct {
	t     *testing.T
	lines []int32 // their lengths
}

// inText checks that r is a range of the text; an error's may end one column
// after a line.
func (c *rangeChecker) inText(r Range) {
	c.t.Helper()
	for _, pos := range []Pos{r.Start, r.End} {
		if pos.Line < 1 || int(pos.Line) > len(c.lines) || pos.Col < 1 || pos.Col > c.lines[pos.Line-1]+2 {
			c.t.Fatalf("%v is not in the text", r)
		}
	}
	if before(r.End, r.Start) {
		c.t.Fatalf("%v is reversed", r)
	}
}

func before(a, b Pos) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
}

// check looks for ranges in v, which all must lie within outer.
func (c *rangeChecker) check(v reflect.Value, outer Range) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			c.check(v.Elem(), outer)
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.check(v.Index(i), outer)
		}
	case reflect.Struct:
		c.checkStruct(v, outer)
	}
}

func (c *rangeChecker) checkStruct(v reflect.Value, outer Range) {
	if v.IsZero() || v.Type() == reflect.TypeFor[Source]() {
		return // an argument without a keyword has no name, for one
	}
	// A parameter's range is that of its name.
	if n, ok := v.Interface().(Node); ok && v.Type() != reflect.TypeFor[Param]() {
		r := n.Span()
		c.inText(r)
		if before(r.Start, outer.Start) || before(outer.End, r.End) {
			c.t.Fatalf("%v of %s is not within %v", r, v.Type(), outer)
		}
		outer = r
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if name == "Decorators" {
			continue // they stand before the range
		}
		c.check(v.Field(i), outer)
	}
}
