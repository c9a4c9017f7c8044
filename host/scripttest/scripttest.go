// Package scripttest runs tests that are written in the script language.
//
// A test file is a row of chunks, split by lines that hold only "---". Each
// chunk is a program of its own. It may use the object assert, with the methods
// eq, ne, true, lt, contains and fails, and it says which exception must end it
// by a mark at the end of the line on which it is to be raised:
//
//	[][0]  ### "list index out of range"
//
// The pattern is a regular expression for the last line of the traceback. The
// form is go.starlark.net's, so that its conformance files run here too.
//
// Chunks run on a kernel that has no processes and no files and records what is printed.
package scripttest

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mpstar/builtins"
	"mpstar/host"
	"mpstar/host/kernel"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A Recorder is a kernel for programs that do no more than print.
type Recorder struct {
	kernel.Kernel // nil: whatever else they try panics
	Out           bytes.Buffer
}

// Write records what is written to any descriptor.
func (r *Recorder) Write(fd kernel.Fd, p []byte) (int, error) { return r.Out.Write(p) }

// Getpid returns a pid that no other process has, there being none.
func (r *Recorder) Getpid() kernel.Pid { return 1000 }

// Getppid returns the pid of the process that is always there.
func (r *Recorder) Getppid() kernel.Pid { return 1 }

// TakeSignals returns none.
func (r *Recorder) TakeSignals() []kernel.Signal { return nil }

// Notify does nothing: there are no signals.
func (r *Recorder) Notify(*atomic.Uint32, uint32) {}

// Locate does nothing: nobody looks.
func (r *Recorder) Locate(func() (string, int)) {}

// SignalDisposition returns Default for every signal.
func (r *Recorder) SignalDisposition(kernel.Signal) (kernel.Disposition, error) {
	return kernel.Default, nil
}

// Isatty returns false.
func (r *Recorder) Isatty(kernel.Fd) bool { return false }

// CPUs returns 1.
func (r *Recorder) CPUs() int { return 1 }

// Time and Monotonic stand still.
func (r *Recorder) Time() time.Time { return time.Unix(0, 0) }

// Monotonic stands still.
func (r *Recorder) Monotonic() time.Duration { return 0 }

//go:embed assert.star
var assertSource string

// A Chunk is one program of a test file.
type Chunk struct {
	File string
	Line int // of its first line in the file, from 1
	Text string
}

// Chunks splits a test file.
func Chunks(file string) ([]Chunk, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var chunks []Chunk
	line := 1
	for _, part := range strings.Split("\n"+string(text), "\n---\n") {
		chunks = append(chunks, Chunk{File: file, Line: line, Text: strings.TrimPrefix(part, "\n")})
		line += strings.Count(strings.TrimPrefix(part, "\n"), "\n") + 2
	}
	return chunks, nil
}

// Run runs every chunk of a file as a subtest.
func Run(t *testing.T, file string) {
	chunks, err := Chunks(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range chunks {
		t.Run(strconv.Itoa(c.Line), func(t *testing.T) {
			if err := c.Run(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Run runs a chunk and says what went otherwise than it says.
func (c Chunk) Run() error {
	wants, err := c.wants()
	if err != nil {
		return err
	}
	p, err := c.exec(registry())
	return c.judge(p, err, wants)
}

// memory is what a chunk may hold: little, so that a test of that limit is quick.
const memory = 64 << 20

// exec runs a chunk with the given builtins and returns the exception that ended it, if any.
func (c Chunk) exec(reg *vm.Registry) (*vm.Process, error) {
	p := host.NewProcess(new(Recorder), reg)
	p.Limits.Memory = memory
	builtins.Start(p, []string{c.File}, "mpstar")
	_, err := p.RunMain(c.source())
	return p, err
}

// source is the text with as many blank lines before it as keep the numbers of the file.
func (c Chunk) source() *syntax.Source {
	return &syntax.Source{Name: c.File, Text: strings.Repeat("\n", c.Line-1) + c.Text}
}

// registry is the builtins with assert among them, and as what load("assert.star", "assert") loads.
func registry() *vm.Registry {
	reg := builtins.Registry()
	reg.Prelude += "\n" + assertSource
	reg.Intrinsics["_matches"] = &vm.Native{Name: "_matches", Fn: matches}
	assert := vm.NewModule("assert", "")
	assert.Builtin = true
	for _, name := range []string{"eq", "ne", "true", "lt", "contains", "fails", "fail"} {
		assert.Set(name, &vm.Native{Name: "assert." + name, Fn: needScript, Slow: "_assert_" + name})
	}
	reg.Modules["assert"] = func() *vm.Module { return assert }
	reg.Modules["assert.star"] = func() *vm.Module {
		m := vm.NewModule("assert.star", "")
		m.Set("assert", assert)
		return m
	}
	reg.Builtins["assert"] = assert
	return reg
}

func needScript(*vm.Process, []vm.Value, []starlark.Tuple) (vm.Value, error) {
	return nil, vm.NeedScript
}

// matches is _matches(pattern, text), a search with Go's regular expressions.
func matches(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	pattern, text := args[0].(starlark.String), args[1].(starlark.String)
	re, err := regexp.Compile(string(pattern))
	if err != nil {
		return nil, vm.Raise(vm.ValueError, "%v", err)
	}
	return starlark.Bool(re.MatchString(string(text))), nil
}

var wantPattern = regexp.MustCompile(`### *((?:"(?:[^"\\]|\\.)*")|` + "(?:`[^`]*`)" + `)`)

// wants returns the expected error of each line that is marked with one.
func (c Chunk) wants() (map[int]*regexp.Regexp, error) {
	wants := map[int]*regexp.Regexp{}
	for i, line := range strings.Split(c.Text, "\n") {
		m := wantPattern.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pattern, err := strconv.Unquote(m[1])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %v", c.File, c.Line+i, err)
		}
		if wants[c.Line+i], err = regexp.Compile(pattern); err != nil {
			return nil, fmt.Errorf("%s:%d: %v", c.File, c.Line+i, err)
		}
	}
	return wants, nil
}

func (c Chunk) judge(p *vm.Process, err error, wants map[int]*regexp.Regexp) error {
	if err == nil {
		if len(wants) == 0 {
			return nil
		}
		for line, want := range wants {
			return fmt.Errorf("%s:%d: no error; want one that matches %q", c.File, line, want)
		}
	}
	var e *vm.Exception
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: an error that is no exception: %v", c.File, err)
	}
	trace := p.Traceback(e)
	lines := strings.Split(strings.TrimSpace(trace), "\n")
	last := lines[len(lines)-1]
	for _, line := range errorLines(c, trace) {
		if want := wants[line]; want != nil && want.MatchString(last) {
			return nil
		}
	}
	return fmt.Errorf("%s:%d: unexpected\n%s", c.File, c.Line, trace)
}

var lineInTrace = regexp.MustCompile(`File "(.*)", line (\d+)`)

// errorLines returns the lines of the chunk that a traceback goes through.
func errorLines(c Chunk, trace string) []int {
	var lines []int
	for _, m := range lineInTrace.FindAllStringSubmatch(trace, -1) {
		if n, err := strconv.Atoi(m[2]); err == nil && m[1] == c.File {
			lines = append(lines, n)
		}
	}
	return lines
}
