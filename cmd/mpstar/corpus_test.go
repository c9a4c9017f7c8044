package main_test

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

const examplesDir = "../../scripts/examples"

// An example is a script with a golden beside it. The first line of the script may say
//
//	# mpstar only: REASON        it is not run by python3
//	# message differs: REASON    its standard error is not compared with python3's
//	# ordered                    the order of its lines is not the scheduler's (fork/ only)
type example struct {
	name   string // corpus/slices
	dir    string // absolute
	script string // absolute
	golden string
	head   string // its first line
}

// examples returns the scripts of a folder. Those of packages are modules that scripts import.
func examples(t *testing.T, folder, goldenExt string) []example {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join(examplesDir, folder))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.star"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	var list []example
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(string(text), "\n")
		base := strings.TrimSuffix(filepath.Base(file), ".star")
		list = append(list, example{
			name: folder + "/" + base, dir: dir, script: file, head: head,
			golden: filepath.Join(dir, base+goldenExt),
		})
	}
	return list
}

func (ex example) says(mark string) bool { return strings.HasPrefix(ex.head, "# "+mark) }

// canonical returns output whose lines come in any order in a form that can be compared.
func (ex example) canonical(out string) string {
	if !strings.HasPrefix(ex.name, "fork/") || ex.says("ordered") {
		return out
	}
	return sortLines(out)
}

func sortLines(s string) string {
	lines := strings.SplitAfter(s, "\n")
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// matchGolden compares a text with a golden, or rewrites that.
func matchGolden(t *testing.T, what, got, golden string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (-update writes goldens)", err)
	}
	equal(t, what, got, string(want))
}

// TestExamples runs the programs that print and end well.
func TestExamples(t *testing.T) {
	var all []example
	for _, folder := range []string{"corpus", "library", "fork", "process"} {
		all = append(all, examples(t, folder, ".out")...)
	}
	for _, ex := range all {
		t.Run(ex.name, func(t *testing.T) {
			t.Run("mpstar", func(t *testing.T) {
				r := run(t, ex.dir, "", mpstar, ex.script)
				equal(t, "standard error", r.stderr, "")
				equal(t, "the end", r.end, ended0)
				matchGolden(t, "standard output", ex.canonical(r.stdout), ex.golden)
			})
			t.Run("python3", func(t *testing.T) {
				if ex.says("mpstar only") {
					t.Skip(ex.head)
				}
				r := run(t, ex.dir, "", python3(t), ex.script)
				equal(t, "the end", r.end, ended0)
				if want, err := os.ReadFile(ex.golden); err == nil {
					equal(t, "standard output", ex.canonical(r.stdout), string(want))
				}
			})
		})
	}
}

// TestGoldensHaveScripts finds goldens whose script has gone.
func TestGoldensHaveScripts(t *testing.T) {
	for _, pattern := range []string{"*/*.out", "*/*.err"} {
		goldens, err := filepath.Glob(filepath.Join(examplesDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, golden := range goldens {
			script := strings.TrimSuffix(golden, filepath.Ext(golden)) + ".star"
			if _, err := os.Stat(script); err != nil {
				t.Errorf("%s: %v", golden, err)
			}
		}
	}
}

// TestNoAddressSpace runs programs where go.starlark.net cannot reserve the addresses
// that it gives to small ints, so that each of them is an object.
func TestNoAddressSpace(t *testing.T) {
	for _, name := range []string{"arith", "big_ints", "compare_values", "finally_return", "hash_keys", "any_all_sum", "loops"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(examplesDir, "corpus")
			r := run(t, dir, "", "sh", "-c", `ulimit -v 3000000; exec "$0" "$1"`, mpstar, name+".star")
			equal(t, "the end", r.end, ended0)
			matchGolden(t, "standard output", r.stdout, filepath.Join(dir, name+".out"))
		})
	}
}
