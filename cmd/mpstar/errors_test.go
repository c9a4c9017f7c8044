package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestErrors runs the programs that end by an uncaught exception or are no
// programs, and compares what they leave on standard error, to the caret.
func TestErrors(t *testing.T) {
	for _, ex := range examples(t, "errors", ".err") {
		t.Run(ex.name, func(t *testing.T) {
			t.Run("mpstar", func(t *testing.T) {
				matchGolden(t, "standard error", failure(t, mpstar, ex), ex.golden)
			})
			t.Run("python3", func(t *testing.T) {
				if ex.says("message differs") || ex.says("mpstar only") {
					t.Skip(ex.head)
				}
				got := failure(t, python3(t), ex)
				if want, err := os.ReadFile(ex.golden); err == nil {
					equal(t, "standard error", got, string(want))
				}
			})
		})
	}
}

// failure returns what a script leaves on standard error, with paths relative to its folder.
func failure(t *testing.T, program string, ex example) string {
	t.Helper()
	r := run(t, ex.dir, "", program, ex.script)
	want := ended1
	if strings.HasSuffix(ex.name, "keyboard_interrupt") {
		want = "signal: interrupt"
	}
	equal(t, "the end", r.end, want)
	if strings.HasPrefix(ex.name, "errors/syntax_") {
		equal(t, "standard output", r.stdout, "")
	}
	return strings.ReplaceAll(r.stderr, ex.dir+"/", "")
}
