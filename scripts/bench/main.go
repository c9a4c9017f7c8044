// Command bench runs the scripts of this folder under mpstar, python3 and,
// for those that it can run, go.starlark.net, in turn, and prints the medians and
// the ratios of whole-process times. Ratios above 1 say that mpstar is faster.
//
// The first line of a script says what it measures and, in brackets, whether
// go.starlark.net can run it too ([starlark]) and whether it is about processes
// rather than the language ([processes]), which has a mean of its own.
//
//	go run ./scripts/bench [-n RUNS] [-cpu] [NAME...]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

func main() {
	runs := flag.Int("n", 5, "runs of each script under each interpreter")
	cpu := flag.Bool("cpu", false, "compare processor time, which other work on the machine disturbs less, instead of elapsed time")
	evaluate := flag.String("starlark", "", "run FILE with go.starlark.net in this process (what the command starts itself with)")
	flag.Parse()
	if *evaluate != "" {
		evaluateFile(*evaluate)
		return
	}
	if err := bench(*runs, *cpu, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// evaluateFile runs a script with go.starlark.net's own evaluator.
func evaluateFile(file string) {
	opts := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	thread := &starlark.Thread{Print: func(_ *starlark.Thread, line string) { fmt.Println(line) }}
	if _, err := starlark.ExecFileOptions(opts, thread, file, nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// The columns of the table. A script has no time in a column that cannot run it.
const (
	mpstar = iota
	python
	evaluator // go.starlark.net
	columns
)

type script struct {
	name, file string
	processes  bool
	starlark   bool
}

func bench(runs int, cpu bool, names []string) error {
	_, self, _, _ := runtime.Caller(0)
	scripts, err := find(filepath.Dir(self), names)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "mpstar-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	binary := filepath.Join(tmp, "mpstar")
	build := exec.Command("go", "build", "-o", binary, "mpstar/cmd/mpstar")
	build.Dir, build.Stderr, build.Env = filepath.Dir(self), os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("cannot build mpstar: %w", err)
	}
	bench, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Printf("%-12s %10s %10s %10s %12s %12s\n", "script", "mpstar", "python3", "starlark", "py/mpstar", "star/mpstar")
	var language, processes mean
	for _, s := range scripts {
		commands := [columns][]string{mpstar: {binary, s.file}, python: {"python3", s.file}}
		if s.starlark {
			commands[evaluator] = []string{bench, "-starlark", s.file}
		}
		medians, err := compare(runs, cpu, commands)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		report(s.name, medians)
		if s.processes {
			processes.add(medians)
		} else {
			language.add(medians)
		}
	}
	language.report("language")
	processes.report("processes")
	return nil
}

// find returns the scripts of those names, or all.
func find(dir string, names []string) ([]script, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.star"))
	if err != nil {
		return nil, err
	}
	var scripts []script
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".star")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		title, _, _ := bytes.Cut(src, []byte("\n"))
		scripts = append(scripts, script{
			name: name, file: file,
			processes: bytes.Contains(title, []byte("[processes]")),
			starlark:  bytes.Contains(title, []byte("[starlark]")),
		})
	}
	return scripts, nil
}

// compare runs the commands in turn, so that a change of the machine's speed
// meets all of them, and returns the median time of each: 0 for one that is not there.
// All must print the same.
func compare(runs int, cpu bool, commands [columns][]string) (medians [columns]time.Duration, err error) {
	var times [columns][]time.Duration
	want := ""
	for range runs {
		for i, command := range commands {
			if len(command) == 0 {
				continue
			}
			if _, err := exec.LookPath(command[0]); err != nil {
				continue
			}
			cmd := exec.Command(command[0], command[1:]...)
			start := time.Now()
			out, err := cmd.Output()
			if err != nil {
				return medians, fmt.Errorf("%s: %w", command[0], err)
			}
			elapsed := time.Since(start)
			if cpu {
				elapsed = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			}
			times[i] = append(times[i], elapsed)
			if i == mpstar {
				want = string(out)
			} else if string(out) != want {
				return medians, fmt.Errorf("%s prints %q, mpstar %q", command[0], out, want)
			}
		}
	}
	for i, t := range times {
		if len(t) > 0 {
			slices.Sort(t)
			medians[i] = t[len(t)/2]
		}
	}
	return medians, nil
}

// ratio says how many times faster mpstar is than another column, or 0.
func ratio(medians [columns]time.Duration, i int) float64 {
	return float64(medians[i]) / float64(medians[mpstar])
}

func report(name string, medians [columns]time.Duration) {
	fmt.Printf("%-12s", name)
	for _, t := range medians {
		fmt.Printf(" %10s", cell(float64(t.Microseconds())/1000, "%.1f ms"))
	}
	for i := python; i < columns; i++ {
		fmt.Printf(" %12s", cell(ratio(medians, i), "%.2f"))
	}
	fmt.Println()
}

func cell(x float64, format string) string {
	if x == 0 {
		return "-"
	}
	return fmt.Sprintf(format, x)
}

// A mean is the geometric mean of ratios, and the least of them.
type mean struct {
	logs  [columns]float64
	count [columns]int
	least [columns]float64
}

func (m *mean) add(medians [columns]time.Duration) {
	for i := python; i < columns; i++ {
		r := ratio(medians, i)
		if r == 0 {
			continue
		}
		m.logs[i] += math.Log(r)
		if m.count[i]++; m.count[i] == 1 || r < m.least[i] {
			m.least[i] = r
		}
	}
}

func (m *mean) report(what string) {
	for i, name := range [columns]string{python: "python3", evaluator: "go.starlark.net"} {
		if m.count[i] > 0 {
			fmt.Printf("%s against %s: geometric mean %.2f, least %.2f, of %d scripts\n",
				what, name, math.Exp(m.logs[i]/float64(m.count[i])), m.least[i], m.count[i])
		}
	}
}
