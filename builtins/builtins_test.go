package builtins_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"mpstar/builtins"
	"mpstar/host/scripttest"
	"mpstar/host/vm"
)

func scripts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return files
}

// TestScripts runs the tests that are written in the script language.
func TestScripts(t *testing.T) {
	for _, file := range scripts(t) {
		t.Run(filepath.Base(file), func(t *testing.T) { scripttest.Run(t, file) })
	}
}

// inPython are the scripts that CPython can run: all of their chunks but
// those that begin with a comment "# Starlark" (what is Starlark's and not
// Python's) or "# mpstar" (what is neither's).
var inPython = []string{
	"bases", "bytes", "convert", "dict", "inspect", "iterate", "list", "number", "print", "set", "sort", "str",
}

// TestScriptsInPython holds the expectations of the scripts to CPython 3.11.
func TestScriptsInPython(t *testing.T) {
	version, err := exec.Command("python3", "-c", "import sys; print(*sys.version_info[:2])").Output()
	if err != nil || strings.TrimSpace(string(version)) != "3 11" {
		t.Skipf("needs python3.11 to compare with: %v %s", err, version)
	}
	var chunks []scripttest.Chunk
	for _, name := range inPython {
		all, err := scripttest.Chunks("testdata/" + name + ".star")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if !strings.HasPrefix(c.Text, "# Starlark") && !strings.HasPrefix(c.Text, "# mpstar") {
				chunks = append(chunks, c)
			}
		}
	}
	input, err := json.Marshal(chunks)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("python3", "-W", "ignore", "testdata/chunks.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var failures []string
	if err := json.Unmarshal(output, &failures); err != nil {
		t.Fatalf("%v in %q", err, output)
	}
	for _, f := range failures {
		t.Error(f)
	}
	t.Logf("%d chunks", len(chunks))
}

// untested are the rows that no script can exercise on scripttest's kernel:
// they need files or a terminal.
var untested = map[string]bool{"open": true}

// TestRowsAreTested checks that every function of the universe and every
// method of a value occurs in a script.
func TestRowsAreTested(t *testing.T) {
	var text strings.Builder
	for _, file := range scripts(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	called := map[string]bool{}
	for _, m := range regexp.MustCompile(`\.?\b[a-z_]+\(`).FindAllString(text.String(), -1) {
		called[strings.TrimSuffix(m, "(")] = true
	}
	reg := builtins.Registry()
	for name, v := range reg.Builtins {
		if _, ok := v.(*vm.Native); ok && !called[name] && !untested[name] && !strings.Contains(text.String(), "@"+name) {
			t.Errorf("no script calls %s", name)
		}
	}
	for _, typ := range []string{"string", "bytes", "bytearray", "int", "float", "list", "tuple", "dict", "set", "property", "slice"} {
		for name := range reg.MethodsOf(typ) {
			if !called["."+name] && !strings.Contains(text.String(), "@x."+name) {
				t.Errorf("no script calls %s.%s", typ, name)
			}
		}
	}
}

// TestSlow checks that the prelude has each function that a native falls back
// on, and that it takes the arguments that the native does.
func TestSlow(t *testing.T) {
	own, err := os.ReadFile("../host/vm/prelude.star")
	if err != nil {
		t.Fatal(err)
	}
	reg := builtins.Registry()
	prelude := "\n" + string(own) + "\n" + reg.Prelude
	defined := map[string]bool{}
	for _, m := range regexp.MustCompile(`\ndef (\w+)`).FindAllStringSubmatch(prelude, -1) {
		if defined[m[1]] {
			t.Errorf("the prelude defines %s twice", m[1])
		}
		defined[m[1]] = true
	}
	needed := map[string]bool{}
	for _, n := range natives(reg) {
		if needed[n.Slow] = true; n.Slow != "" && !defined[n.Slow] {
			t.Errorf("%s: the prelude has no %s", n.Name, n.Slow)
		}
	}
	var unused []string
	for name := range defined {
		if strings.HasPrefix(name, "slow_") && !needed[name] {
			unused = append(unused, name)
		}
	}
	sort.Strings(unused)
	if len(unused) > 0 {
		t.Errorf("nothing falls back on %s", strings.Join(unused, ", "))
	}
}

// natives returns all the natives of a registry.
func natives(reg *vm.Registry) []*vm.Native {
	var all []*vm.Native
	add := func(v vm.Value) {
		switch v := v.(type) {
		case *vm.Native:
			all = append(all, v)
		case *vm.Class:
			for _, attr := range v.Attrs {
				if n, ok := attr.(*vm.Native); ok {
					all = append(all, n)
				}
			}
		}
	}
	for _, v := range reg.Builtins {
		add(v)
	}
	for _, methods := range reg.Methods {
		for _, n := range methods() {
			add(n)
		}
	}
	for _, n := range reg.Intrinsics {
		add(n)
	}
	for name := range reg.Modules {
		for _, v := range reg.Module(name).Slots {
			add(v)
		}
	}
	return all
}
