package builtins_test

import (
	"strings"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/scripttest"

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
