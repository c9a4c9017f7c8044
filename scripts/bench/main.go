// Command bench runs the scripts of this folder under mpstar, python3 and,
// for those that it can run, go.starlark.net, in turn, and prints the medians and
// the ratios of whole-process times. Ratios above 1 say that mpstar is faster.
//
//	go run ./scripts/bench [-n RUNS] [NAME...]
package main

import (
	"flag"
	"fmt"
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

// forks names the scripts that go.starlark.net cannot run.
const forks = "fork"

func main() {
	runs := flag.Int("n", 5, "runs of each script under each interpreter")
	evaluate := flag.String("starlark", "", "run FILE with go.starlark.net in this process (what the command starts itself with)")
	flag.Parse()
	if *evaluate != "" {
		evaluateFile(*evaluate)
		return
	}
	if err := bench(*runs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// evaluateFile runs a script with go.starlark.net's own evaluator.
func evaluateFile(file string) {
	opts := &syntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	if _, err := starlark.ExecFileOptions(opts, &starlark.Thread{}, file, nil, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench(runs int, names []string) error {
	_, self, _, _ := runtime.Caller(0)
	dir := filepath.Dir(self)
	tmp, err := os.MkdirTemp("", "mpstar-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	mpstar := filepath.Join(tmp, "mpstar")
	build := exec.Command("go", "build", "-o", mpstar, "mpstar/cmd/mpstar")
	build.Dir, build.Stderr, build.Env = dir, os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if err := build.Run(); err != nil {
		return fmt.Errorf("cannot build mpstar: %w", err)
	}
	bench, err := os.Executable()
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.star"))
	if err != nil {
		return err
	}
	fmt.Printf("%-12s %10s %10s %10s %12s %12s\n", "script", "mpstar", "python3", "starlark", "py/mpstar", "star/mpstar")
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".star")
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		commands := [][]string{{mpstar, file}, {"python3", file}, {bench, "-starlark", file}}
		if strings.HasPrefix(name, forks) {
			commands = commands[:2]
		}
		medians, err := compare(runs, commands)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		report(name, medians)
	}
	return nil
}

// compare runs the commands in turn, so that a change of the machine's speed
// meets all of them, and returns the median time of each: 0 for one that is not there.
// All must print the same.
func compare(runs int, commands [][]string) ([]time.Duration, error) {
	times := make([][]time.Duration, len(commands))
	want := ""
	for run := range runs {
		for i, command := range commands {
			if _, err := exec.LookPath(command[0]); err != nil {
				times[i] = append(times[i], 0)
				continue
			}
			start := time.Now()
			out, err := exec.Command(command[0], command[1:]...).Output()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", command[0], err)
			}
			times[i] = append(times[i], time.Since(start))
			if run == 0 && i == 0 {
				want = string(out)
			} else if string(out) != want && len(out) > 0 {
				return nil, fmt.Errorf("%s prints %q, mpstar %q", command[0], out, want)
			}
		}
	}
	medians := make([]time.Duration, len(commands))
	for i := range times {
		slices.Sort(times[i])
		medians[i] = times[i][len(times[i])/2]
	}
	return medians, nil
}

func report(name string, medians []time.Duration) {
	cell := func(i int) string {
		if i >= len(medians) || medians[i] == 0 {
			return "-"
		}
		return fmt.Sprintf("%.1f ms", float64(medians[i].Microseconds())/1000)
	}
	ratio := func(i int) string {
		if i >= len(medians) || medians[i] == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f", float64(medians[i])/float64(medians[0]))
	}
	fmt.Printf("%-12s %10s %10s %10s %12s %12s\n", name, cell(0), cell(1), cell(2), ratio(1), ratio(2))
}
