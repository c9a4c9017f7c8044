package scripttest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"mpstar/builtins"
	"mpstar/host/syntax"
)

// BenchmarkScripts runs the benchmarks of the language in this process: for profiles, and for the one by which
// the command line is compiled (see there). Against other interpreters they are
// measured by scripts/bench.
func BenchmarkScripts(b *testing.B) {
	files, err := filepath.Glob("../../scripts/bench/*.star")
	if err != nil {
		b.Fatal(err)
	}
	reg := builtins.Registry()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		if title, _, _ := bytes.Cut(text, []byte("\n")); bytes.Contains(title, []byte("[processes]")) {
			continue
		}
		b.Run(filepath.Base(file), func(b *testing.B) {
			for b.Loop() {
				p, _ := newStepped(reg, nil)
				p.Options.Steps = false
				builtins.Start(p, []string{file}, "mpstar")
				if _, err := p.RunMain(&syntax.Source{Name: file, Text: string(text)}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
