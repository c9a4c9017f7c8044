package scripttest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

// FuzzRun runs any text for a limited number of steps. It must end, without a panic,
// in success or in an exception that can be printed.
func FuzzRun(f *testing.F) {
	files, err := filepath.Glob("../../scripts/examples/corpus/*.star")
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for seed := range uint64(50) {
		f.Add(newGenerator(seed).program())
	}
	reg := harmless()
	f.Fuzz(func(t *testing.T, text string) {
		p := host.NewProcess(new(Recorder), reg)
		p.Limits.Memory = 16 << 20
		p.Limits.Recursion = 200
		steps := 0
		p.Options.Steps = true
		p.Hook = func(*vm.Process) error {
			if steps++; steps > 100_000 {
				return &vm.Halt{Err: errors.New("too many steps")}
			}
			return nil
		}
		builtins.Start(p, []string{"fuzz.star"}, "mpstar")
		_, err := p.RunMain(&syntax.Source{Name: "fuzz.star", Text: text})
		var e *vm.Exception
		if errors.As(err, &e) && p.Traceback(e) == "" {
			t.Errorf("%v has no traceback", err)
		}
	})
}

// harmless is the registry without what talks to the kernel, which a Recorder is not.
func harmless() *vm.Registry {
	reg := registry()
	for _, name := range []string{"open", "input", "help", "exit", "quit"} {
		delete(reg.Builtins, name)
	}
	for name := range reg.Modules {
		switch name {
		case "math", "json", "errno", "sys", "atexit":
		default:
			delete(reg.Modules, name)
		}
	}
	for name := range reg.Sources {
		if name == "multiprocessing" || name == "queue" {
			delete(reg.Sources, name)
		}
	}
	return reg
}
