package syntax

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// marker is the comment that tells which error its line must give.
var marker = regexp.MustCompile(`### "((?:[^"\\]|\\.)*)"`)

// TestErrors parses the chunks of testdata/errors.txt, each of which has one
// error, marked on its line.
func TestErrors(t *testing.T) {
	text := readFile(t, "testdata/errors.txt")
	for line := 1; text != ""; {
		var chunk string
		chunk, text, _ = strings.Cut(text, "---\n")
		name := "errors.txt:" + strconv.Itoa(line)
		line += strings.Count(chunk, "\n") + 1
		checkError(t, &Source{name, chunk})
	}
}

// checkError parses src, which must fail as its marker says.
func checkError(t *testing.T, src *Source) {
	t.Helper()
	m := marker.FindStringSubmatchIndex(src.Text)
	if m == nil {
		t.Errorf("%s: no ### marker", src.Name)
		return
	}
	pattern := src.Text[m[2]:m[3]] // not a Go string: its backslashes are the regexp's
	wantLine := int32(1 + strings.Count(src.Text[:m[0]], "\n"))
	_, err := Parse(src)
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: parsed without the error %s", src.Name, pattern)
		return
	}
	if e.Range.Start.Line != wantLine {
		t.Errorf("%s: error on line %d of the chunk, want %d: %v", src.Name, e.Range.Start.Line, wantLine, err)
	}
	if got := e.Class + ": " + e.Msg; !regexp.MustCompile("^" + pattern + "$").MatchString(got) {
		t.Errorf("%s:\n got %s\nwant %s", src.Name, got, pattern)
	}
}

// TestErrorText checks the whole text of errors, against what CPython prints.
func TestErrorText(t *testing.T) {
	long := strings.Repeat("x + ", 50_000)
	for _, test := range []struct{ src, want string }{
		{"if x:\n    foo bar\n", `
  File "x.star", line 2
    foo bar
        ^^^
SyntaxError: invalid syntax; expected a newline or ';'`},
		{"f(a,\n  b c\n)\n", `
  File "x.star", line 2
    b c
    ^^^
SyntaxError: invalid syntax. Perhaps you forgot a comma?`},
		{"x = (a,\n b) + 1 = 2\n", `
  File "x.star", line 1
    x = (a,
        ^^^
SyntaxError: cannot assign to expression`},
		{"x = 1\n  y = 2\n", `
  File "x.star", line 2
    y = 2
IndentationError: unexpected indent`},
		{"if x:\n  y\n z\n", `
  File "x.star", line 3
    z
     ^
IndentationError: unindent does not match any outer indentation level`},
		{"if x:\n\ty\n        z\n", `
  File "x.star", line 3
    z
TabError: inconsistent use of tabs and spaces in indentation`},
		{"if x:\n", `
  File "x.star", line 1
    if x:
         ^
IndentationError: expected an indented block after 'if' statement on line 1`},
		{"f('漢字', é) 漢\n", `
  File "x.star", line 1
    f('漢字', é) 漢
                 ^^
SyntaxError: invalid syntax; expected a newline or ';'`},
		{"x\t=\ty\tz\n", "\n  File \"x.star\", line 1\n    x\t=\ty\tz\n     \t \t \t^\nSyntaxError: invalid syntax; expected a newline or ';'"},
		{"\uFEFFx y\r\nz\r\n", `
  File "x.star", line 1
    x y
      ^
SyntaxError: invalid syntax; expected a newline or ';'`},
		{"x = 1\r\"abc\r", `
  File "x.star", line 2
    "abc
    ^
SyntaxError: unterminated string literal (detected at line 2)`},
		{"# é\nx = '\xff'", `
  File "x.star", line 2
    x = '?'
         ^
SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xff in position 10: invalid start byte`},
		{"'\xe4\xb8'", `
  File "x.star", line 1
    '?'
     ^
SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xe4 in position 1: invalid continuation byte`},
		{"x = 1\ny\x00", "\n  File \"x.star\", line 2\n    y\x00\n     ^\nSyntaxError: source code cannot contain null bytes"},
		{long + "1 y" + long, `
  File "x.star", line 1
    ...+ x` + strings.Repeat(" + x", 23) + ` + 1 yx` + strings.Repeat(" + x", 25) + `...
` + strings.Repeat(" ", 4+3+100) + `^^
SyntaxError: invalid syntax; expected a newline or ';'`},
	} {
		_, err := Parse(&Source{"x.star", test.src})
		if err == nil {
			t.Errorf("%.50q: parsed", test.src)
			continue
		}
		if got := "\n" + err.Error(); got != test.want {
			t.Errorf("%.50q:\ngot%s\nwant%s", test.src, got, test.want)
		}
	}
}

// TestTree compares the tree of testdata/tree.py, which has every form of
// statement and expression, with a golden dump. TestAST checks that dump.
func TestTree(t *testing.T) { checkGolden(t, "testdata/tree.py", "testdata/tree.golden") }

// TestStarlarkTree does the same for what is Starlark and not Python.
func TestStarlarkTree(t *testing.T) {
	checkGolden(t, "testdata/starlark.star", "testdata/starlark.golden")
}

func checkGolden(t *testing.T, name, golden string) {
	file, err := Parse(&Source{name, readFile(t, name)})
	if err != nil {
		t.Fatal(err)
	}
	var d dumper
	d.stmts(file.Body, 0)
	got := d.out.String()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := readFile(t, golden)
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d is not what we have now; rerun with -update and look at the difference", golden, i+1)
		}
	}
}

// TestLineEnds parses one program with each kind of line end, a byte order
// mark, form feeds and no final newline: the trees are the same.
func TestLineEnds(t *testing.T) {
	const text = "if x:\n  y = '''a\nb'''\n  f(\n1, \\\n2)\n\n# c\nelse:\n  z"
	want := dump(t, text)
	for name, variant := range map[string]string{
		"CRLF":      strings.ReplaceAll(text, "\n", "\r\n"),
		"CR":        strings.ReplaceAll(text, "\n", "\r"),
		"final":     text + "\n",
		"blank":     text + "\n\n  \n\t# c",
		"form feed": strings.Replace(text, "\n  f", "\n \f  f", 1),
	} {
		got := dump(t, variant)
		if name == "form feed" {
			got = strings.ReplaceAll(got, "@4:5-6:", "@4:3-6:")
			got = strings.ReplaceAll(got, "@4:5-4:6", "@4:3-4:4")
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	if got, want := dump(t, "\uFEFFx"), "Expr@1:4-1:5 (Name@1:4-1:5 x)\n"; got != want {
		t.Errorf("with a byte order mark:\n got %s\nwant %s", got, want)
	}
}

// dump returns the tree of text.
func dump(t *testing.T, text string) string {
	t.Helper()
	file, err := Parse(&Source{"x.star", text})
	if err != nil {
		t.Fatal(err)
	}
	var d dumper
	d.stmts(file.Body, 0)
	return d.out.String()
}

// TestStarlark parses the conformance files of go.starlark.net. The chunks
// in which it expects a syntax error itself are few, and ours to accept.
func TestStarlark(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.starlark.net").Output()
	if err != nil {
		t.Skip("go list does not tell where go.starlark.net is")
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "starlark", "testdata", "*.star"))
	if len(files) == 0 {
		t.Fatal("go.starlark.net has no testdata")
	}
	for _, name := range files {
		for i, chunk := range strings.Split(readFile(t, name), "\n---\n") {
			_, err := Parse(&Source{filepath.Base(name) + " chunk " + strconv.Itoa(i), chunk})
			if err != nil {
				t.Error(err)
			}
		}
	}
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
