// Package main_test runs the built binary: scripts with their goldens and under
// python3, the command line, and real process trees. Nothing here looks inside.
package main_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the goldens beside the scripts")

// mpstar is the path of the binary under test.
var mpstar string

// pythonPath holds a sitecustomize.py that makes python3 write line by line
// into a pipe too, so that a fork does not copy printed text that waits in a buffer.
var pythonPath string

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "mpstar-test-")
	if err == nil {
		err = prepare(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

func prepare(dir string) error {
	mpstar = filepath.Join(dir, "mpstar")
	build := exec.Command("go", "build", "-ldflags=-X mpstar/builtins.SleepVariable="+sleepVariable, "-o", mpstar, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %v\n%s", err, text)
	}
	pythonPath = filepath.Join(dir, "python")
	if err := os.Mkdir(pythonPath, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(pythonPath, "sitecustomize.py"), []byte(sitecustomize), 0o666)
}

// sleepVariable is set by tests of scripts that sleep for long: both
// interpreters then sleep that many times shorter.
const sleepVariable = "MPSTAR_TEST_SPEED"

const sitecustomize = `import os, sys, time
if sys.stdout is not None:
    sys.stdout.reconfigure(line_buffering=True)
if "` + sleepVariable + `" in os.environ:
    def sleep(seconds, sleep=time.sleep, speed=float(os.environ["` + sleepVariable + `"])):
        sleep(seconds / speed)
    time.sleep = sleep
`

// wantPython is the version whose texts mpstar follows.
const wantPython = "3.11"

// python3 returns the interpreter to compare with, or skips the test.
func python3(t *testing.T) string {
	t.Helper()
	version, path := findPython()
	if version != wantPython {
		t.Skipf("not compared with CPython: python3 is %q, not %s", version, wantPython)
	}
	return path
}

// findPython asks python3, which may be a script that looks for one, what it is and where.
var findPython = sync.OnceValues(func() (version, path string) {
	out, err := exec.Command("python3", "-c",
		"import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)").Output()
	if err != nil {
		return err.Error(), ""
	}
	version, path, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	return version, path
})

// eachInterpreter runs f with mpstar and, where there is one, with python3:
// what f asserts holds of both.
func eachInterpreter(t *testing.T, f func(t *testing.T, program string)) {
	t.Helper()
	t.Run("mpstar", func(t *testing.T) { f(t, mpstar) })
	t.Run("python3", func(t *testing.T) { f(t, python3(t)) })
}

// write writes a file of a test and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// equal fails unless got is what is wanted.
func equal(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is\n%s\nwant\n%s\n%s", what, excerpt(got), excerpt(want), firstDifference(got, want))
	}
}

// contains fails unless text has all the parts in it.
func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, excerpt(text))
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %q, want %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// excerpt bounds what a failure prints.
func excerpt(s string) string {
	const limit = 4000
	if len(s) <= limit {
		return s
	}
	return s[:limit] + fmt.Sprintf("... (%d bytes)", len(s))
}
