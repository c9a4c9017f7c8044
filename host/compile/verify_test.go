package compile

import (
	"os"
	"path/filepath"
	"testing"

	"mpstar/host/syntax"
)

// scripts are all that the repository has in the script language.
func scripts(t testing.TB) []string {
	var files []string
	for _, pattern := range []string{"../../scripts/*/*.star", "../../scripts/*/*/*.star", "../vm/*.star", "../../builtins/*.star", "../../builtins/multiprocessing/*.star"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 100 {
		t.Fatalf("only %d scripts found", len(files))
	}
	return files
}

// compileBoth compiles a source with and without steps, and verifies the codes.
func compileBoth(t *testing.T, src *syntax.Source) {
	for _, steps := range []bool{false, true} {
		file, err := syntax.Parse(src)
		if err != nil {
			return
		}
		code, err := File(file, new(Globals), Options{Steps: steps})
		if err != nil {
			return
		}
		if err := Verify(code); err != nil {
			t.Errorf("%s (steps: %t): %v", src.Name, steps, err)
		}
	}
}

func TestVerifyScripts(t *testing.T) {
	for _, file := range scripts(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		compileBoth(t, &syntax.Source{Name: file, Text: string(text)})
	}
}

// TestVerifyDepth: a jump that does not keep the value it jumps with is found.
func TestVerifyDepth(t *testing.T) {
	file, err := syntax.Parse(&syntax.Source{Name: "x", Text: "def f(c): return g() if c else 1\n"})
	if err != nil {
		t.Fatal(err)
	}
	code, err := File(file, new(Globals), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := code.Codes[0]
	for pc, in := range f.Instrs {
		if in.Op == JMP && f.Depth[pc] == 2 {
			f.Depth[pc] = 1
			if Verify(code) == nil {
				t.Error("a lost register is not noticed")
			}
			return
		}
	}
	t.Fatal("no such jump")
}

// TestVerifyTemporaries: which numbers are used up at once, and that a wrong mark is found.
func TestVerifyTemporaries(t *testing.T) {
	for text, want := range map[string]int{
		"a*b + c": 1, "a*b + c*d": 2, "a*b < c": 1, "a*b == c*d": 2, "(a*b - c)*d": 2, "a*b + c[d]": 1, "a*b + c.d": 1,
		"a*b": 0, "f(a*b)": 0, "a*b + f(c)": 0, "(a*b, c + d)": 0, "a < b*c < d": 0, "c[a*b]": 0, "a*b is c": 0, "+(a*b)": 0, "a*b in c": 0,
		"(a*b if c else d*a) + b": 1, "a*b and c + d": 0,
	} {
		file, err := syntax.Parse(&syntax.Source{Name: "x", Text: "def g(a, b, c, d, f): return " + text + "\n"})
		if err != nil {
			t.Fatal(err)
		}
		code, err := File(file, new(Globals), Options{})
		if err != nil {
			t.Fatal(err)
		}
		g, marked := code.Codes[0], 0
		for pc := range g.Instrs {
			in := &g.Instrs[pc]
			switch {
			case !isArithmetic(in.Op):
			case in.X >= FirstTemporary:
				marked++
			case int(in.A) >= len(g.Locals):
				in.X = temporaryMark(g, in.A)
				if Verify(code) == nil {
					t.Errorf("%s: a mark of what is not used up at once is not noticed", text)
				}
				in.X = 0
			}
		}
		if marked != want {
			t.Errorf("%s: %d temporaries, want %d", text, marked, want)
		}
	}
}

// FuzzCompile: whatever the parser takes compiles to code that Verify accepts, or fails.
func FuzzCompile(f *testing.F) {
	for _, file := range scripts(f) {
		if text, err := os.ReadFile(file); err == nil && len(text) < 4000 {
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		compileBoth(t, &syntax.Source{Name: "fuzz", Text: text})
	})
}
