package builtins_test

import (
	"fmt"
	"strings"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/compile"
	"mpstar/host/scripttest"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// TestLibraryImports imports every module that is written in the script language, each into
// a process of its own, and checks that it says what it is for.
func TestLibraryImports(t *testing.T) {
	for name := range builtins.Registry().Sources {
		t.Run(name, func(t *testing.T) {
			p := host.NewProcess(new(scripttest.Recorder), builtins.Registry())
			builtins.Start(p, []string{"test"}, "mpstar")
			m, err := p.ImportHost(name)
			if err != nil {
				t.Fatal(err)
			}
			part := strings.HasPrefix(name, "multiprocessing.") // that package is documented as a whole
			if doc, _ := starlark.AsString(m.Get("__doc__")); doc == "" && !part {
				t.Error("the module has no doc string")
			}
		})
	}
}

// TestOutlines compiles every source of the library by outline and then all its functions, which must give
// what compiling it at once gives.
func TestOutlines(t *testing.T) {
	later := 0
	for name, text := range builtins.Registry().Sources {
		src := &syntax.Source{Name: name, Text: text()}
		want := compiled(t, src, syntax.Parse)
		got := compiled(t, src, syntax.ParseOutline)
		later += complete(t, got, text())
		same(t, name, got, want)
	}
	if later < 1000 {
		t.Errorf("only %d functions were left for later", later)
	}
}

func compiled(t *testing.T, src *syntax.Source, parse func(*syntax.Source) (*syntax.File, error)) *compile.Code {
	t.Helper()
	file, err := parse(src)
	if err != nil {
		t.Fatal(err)
	}
	code, err := compile.File(file, new(compile.Globals), compile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// complete returns how many functions it has compiled.
func complete(t *testing.T, c *compile.Code, text string) int {
	n := 0
	if c.Unread != nil {
		n++
		if err := compile.Complete(c, text, new(compile.Globals), compile.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, inner := range c.Codes {
		n += complete(t, inner, text)
	}
	return n
}

func same(t *testing.T, name string, got, want *compile.Code) {
	describe := func(c *compile.Code) string {
		ops := make([]compile.Opcode, len(c.Instrs))
		for i, in := range c.Instrs {
			ops[i] = in.Op
		}
		return fmt.Sprint(c.QualName, c.Doc, c.Kind, c.Locals, c.NumRegs, c.Names, c.Free, ops, c.Depth, len(c.Codes), c.Unread)
	}
	if got, want := describe(got), describe(want); got != want {
		t.Fatalf("%s:\n got %s\nwant %s", name, got, want)
	}
	for i := range want.Codes {
		same(t, name, got.Codes[i], want.Codes[i])
	}
}
