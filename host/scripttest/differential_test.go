package scripttest

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	starlarksyntax "go.starlark.net/syntax"
)

var (
	programs  = flag.Int("programs", 200, "how many random programs TestSameAsStarlark and TestSameAsPython run")
	firstSeed = flag.Uint64("seed", 1, "the seed of the first of them")
)

// TestSameAsStarlark runs random programs under go.starlark.net's evaluator and
// under our VM. What they print and whether they fail, and on which line, must be the same.
func TestSameAsStarlark(t *testing.T) {
	reg := builtins.Registry()
	failed := 0
	for seed := *firstSeed; seed < *firstSeed+uint64(*programs); seed++ {
		text := newGenerator(seed).program()
		theirs, ours := runStarlark(text), runOurs(reg, text)
		if theirs.failedAt != 0 {
			failed++
		}
		if theirs.same(ours) || theirs.failedAt == unfit {
			continue
		}
		text = shrink(text, func(text string) bool {
			theirs := runStarlark(text)
			return theirs.failedAt != unfit && !theirs.same(runOurs(reg, text))
		})
		t.Fatalf("seed %d:\n%s\n-- go.starlark.net\n%s\n-- mpstar\n%s", seed, text, runStarlark(text), runOurs(reg, text))
	}
	t.Logf("%d programs agree, of which %d fail", *programs, failed)
}

// ending is what can be seen of a program that has run.
type ending struct {
	printed  string
	failedAt int // line, 0 if it did not fail
	message  string
}

func (e ending) same(f ending) bool { return e.printed == f.printed && e.failedAt == f.failedAt }

func (e ending) String() string {
	if e.failedAt == 0 {
		return e.printed
	}
	return fmt.Sprintf("%s\nfails on line %d: %s", e.printed, e.failedAt, e.message)
}

// unfit is the line of programs that are not even run, or not to their end.
const unfit = -1

// maxSteps stops loops within loops, and what the shrinking of a program has made endless.
const maxSteps = 1 << 20

func runStarlark(text string) ending {
	var out strings.Builder
	thread := &starlark.Thread{Print: func(_ *starlark.Thread, msg string) { out.WriteString(msg + "\n") }}
	thread.SetMaxExecutionSteps(maxSteps)
	options := &starlarksyntax.FileOptions{Set: true, While: true, TopLevelControl: true, GlobalReassign: true, Recursion: true}
	_, err := starlark.ExecFileOptions(options, thread, "random.star", text, nil)
	end := ending{printed: out.String()}
	if err == nil {
		return end
	}
	end.message = err.Error()
	end.failedAt = unfit
	if strings.Contains(end.message, "too many steps") {
		return end
	}
	var failure *starlark.EvalError
	if errors.As(err, &failure) {
		calls := failure.CallStack
		if strings.HasPrefix(end.message, "function ") { // the arguments do not fit: it says where the function is
			calls = calls[:len(calls)-1]
		}
		for _, frame := range calls {
			if frame.Pos.Filename() == "random.star" {
				end.failedAt = int(frame.Pos.Line)
			}
		}
	}
	return end
}

func runOurs(reg *vm.Registry, text string) (end ending) {
	k := new(Recorder)
	p := host.NewProcess(k, reg)
	steps := 0
	p.Options.Steps = true
	p.Hook = func(*vm.Process) error {
		if steps++; steps > 2*maxSteps {
			return &vm.Halt{Err: errors.New("too many steps")}
		}
		return nil
	}
	builtins.Start(p, []string{"random.star"}, "mpstar")
	_, err := p.RunMain(&syntax.Source{Name: "random.star", Text: text})
	end.printed = string(bytes.Clone(k.Out.Bytes()))
	if err == nil {
		return end
	}
	end.message, end.failedAt = err.Error(), unfit
	if e := vm.AsException(err, vm.SystemError); len(e.Trace) > 0 {
		end.failedAt = vm.Line(e.Trace[0].Code, e.Trace[0].PC)
	}
	return end
}

// maxTries bounds how often shrink runs a program.
const maxTries = 1000

// shrink drops lines, each with what is indented below it, as long as the program still differs.
func shrink(text string, differs func(string) bool) string {
	lines := strings.SplitAfter(text, "\n")
	tries := 0
	for changed := true; changed; {
		changed = false
		for i := 0; i < len(lines) && tries < maxTries; i++ {
			tries++
			less := append(append([]string(nil), lines[:i]...), lines[blockEnd(lines, i):]...)
			if differs(strings.Join(less, "")) {
				lines, changed = less, true
				i--
			}
		}
	}
	return strings.Join(lines, "")
}

func blockEnd(lines []string, i int) int {
	indent := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	end := i + 1
	for end < len(lines) && indent(lines[end]) > indent(lines[i]) {
		end++
	}
	return end
}
