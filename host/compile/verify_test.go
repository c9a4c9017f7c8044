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
