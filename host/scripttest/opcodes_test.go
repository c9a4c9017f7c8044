package scripttest

import (
	"os"
	"path/filepath"
	"testing"

	"mpstar/builtins"
	"mpstar/host/compile"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

// TestCorpusCoversOpcodes: every opcode is executed by some program of the
// corpus, so that TestForkEverywhere forks before each of them.
func TestCorpusCoversOpcodes(t *testing.T) {
	files, err := filepath.Glob("../../scripts/examples/corpus/*.star")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d programs, want 40 at least: %v", len(files), err)
	}
	var ran [compile.NumOpcodes]bool
	// What no script executes: fillers, and the interactive prompt's.
	ran[compile.NOP], ran[compile.STEP], ran[compile.PRINTEXPR] = true, true, true
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, _ := newStepped(builtins.Registry(), nil)
		p.Hook = func(p *vm.Process) error {
			fr := p.Frames[len(p.Frames)-1]
			ran[fr.Fn.Proto.Code.Instrs[fr.PC].Op] = true
			return nil
		}
		builtins.Start(p, []string{file}, "mpstar")
		if _, err := p.RunMain(&syntax.Source{Name: file, Text: string(text)}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for op, ok := range ran {
		if !ok {
			t.Errorf("no program executes %s: %s", compile.Ops[op].Name, compile.Ops[op].Doc)
		}
	}
}
