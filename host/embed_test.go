package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"mpstar/host"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A counter is a value of the embedding program's that can be copied into a child.
type counter struct{ n int }

func (c *counter) String() string        { return fmt.Sprintf("counter(%d)", c.n) }
func (c *counter) Type() string          { return "counter" }
func (c *counter) Freeze()               {}
func (c *counter) Truth() starlark.Bool  { return true }
func (c *counter) Hash() (uint32, error) { return 0, errors.New("unhashable type: counter") }

func (c *counter) AttrNames() []string { return []string{"n"} }
func (c *counter) Attr(name string) (starlark.Value, error) {
	if name == "n" {
		return starlark.MakeInt(c.n), nil
	}
	return nil, nil
}

func (c *counter) ImageKind() string                        { return "counter" }
func (c *counter) Image() ([]byte, []starlark.Value, error) { return []byte{byte(c.n)}, nil, nil }
func (c *counter) Restore(data []byte, _ []starlark.Value) error {
	c.n = int(data[0])
	return nil
}

// A connection is one that cannot.
type connection struct{ counter }

func (*connection) ImageKind() string { return "no such kind" }

var library = host.Library{
	Builtins: starlark.StringDict{
		"twice": starlark.NewBuiltin("twice", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			var f starlark.Callable
			if err := starlark.UnpackArgs(b.Name(), args, kwargs, "f", &f); err != nil {
				return nil, err
			}
			first, err := starlark.Call(thread, f, nil, nil)
			if err != nil {
				return nil, err
			}
			second, err := starlark.Call(thread, f, nil, nil)
			return starlark.Tuple{first, second}, err
		}),
		"faulty": starlark.NewBuiltin("faulty", func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
			return starlark.Tuple{}.Index(5), nil // panics
		}),
	},
	Kinds: map[string]func() vm.Portable{"counter": func() vm.Portable { return new(counter) }},
}

func TestMain(m *testing.M) {
	host.Init(library)
	if text, ok := os.LookupEnv(runEnv); ok {
		host.Run(&syntax.Source{Name: "test.star", Text: text}, host.Options{Argv: []string{"test.star"}})
	}
	os.Exit(m.Run())
}

// runEnv has the text of a script that this program is given over to.
const runEnv = "HOST_TEST_RUN"

// TestFault: a panic of ours is an error that names the script's line and ends the process with 1, in a child too.
func TestFault(t *testing.T) {
	const script = "import os\ndef f():\n    faulty()\npid = os.fork()\nif pid: print('child', os.waitpid(pid, 0)[1])\nf()"
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), runEnv+"="+script)
	out, err := cmd.CombinedOutput()
	const fault = `Traceback \(most recent call last\):
  File "test.star", line 6, in <module>
    f\(\)
  File "test.star", line 3, in f
    faulty\(\)
SystemError: internal error of mpstar, please report it: runtime error: index out of range \[5\] with length 0 \(value.go:\d+\)
`
	if want := regexp.MustCompile("^" + fault + "child 256\n" + fault + "$"); !want.Match(out) || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v\n%s", err, out)
	}
	if _, _, err := execute(t, context.Background(), host.Script{Text: "faulty()"}); err == nil || !strings.HasPrefix(err.Error(), "SystemError: internal error") {
		t.Errorf("error %v", err)
	}
}

// execute runs a script and returns what it prints.
func execute(t *testing.T, ctx context.Context, s host.Script) (string, *host.Program, error) {
	t.Helper()
	var out strings.Builder
	s.Name, s.Stdout, s.Stderr = "test.star", &out, &out
	pr, err := host.Exec(ctx, s)
	if pr != nil {
		t.Cleanup(pr.Close)
	}
	return out.String(), pr, err
}

func Example() {
	// host.Init(library) stands first in main.
	pr, err := host.Exec(context.Background(), host.Script{
		Name:    "config.star",
		Text:    "sizes = [n * scale for n in range(4)]\ndef largest(more): return max(sizes + more)\nprint(twice(lambda: len(sizes)))",
		Globals: starlark.StringDict{"scale": starlark.MakeInt(10)},
		Stdout:  os.Stdout,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pr.Close()
	fmt.Println(pr.Globals["sizes"])
	v, err := pr.Call(context.Background(), pr.Globals["largest"], starlark.Tuple{starlark.NewList(nil)}, nil)
	fmt.Println(v, err)
	// Output:
	// (4, 4)
	// [0, 10, 20, 30]
	// 30 <nil>
}

func TestExecErrors(t *testing.T) {
	_, _, err := execute(t, context.Background(), host.Script{Text: "def f():\n    return {}[1]\nf()"})
	var e *host.Error
	if !errors.As(err, &e) || err.Error() != "KeyError: 1" {
		t.Fatalf("error %v", err)
	}
	want := "Traceback (most recent call last):\n  File \"test.star\", line 3, in <module>\n    f()\n" +
		"  File \"test.star\", line 2, in f\n    return {}[1]\n           ~~^^^\nKeyError: 1\n"
	if e.Traceback != want {
		t.Errorf("traceback %s, want %s", e.Traceback, want)
	}
	if _, _, err := execute(t, context.Background(), host.Script{Text: "x = = 1"}); err == nil || !strings.HasPrefix(err.Error(), "SyntaxError: ") {
		t.Errorf("error %v", err)
	}
	_, pr, err := execute(t, context.Background(), host.Script{Text: "def f(x): return 1 // x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pr.Call(context.Background(), pr.Globals["f"], starlark.Tuple{starlark.MakeInt(0)}, nil); err == nil {
		t.Error("a call that fails has no error")
	}
	if v, err := pr.Call(context.Background(), pr.Globals["f"], starlark.Tuple{starlark.MakeInt(1)}, nil); err != nil || v != starlark.Value(starlark.MakeInt(1)) {
		t.Errorf("after a failure: %v, %v", v, err)
	}
	if _, err := host.Exec(context.Background(), host.Script{}); err == nil {
		t.Error("there are two programs at a time")
	}
}

const stubborn = `
while True:
    try:
        while True:
            pass
    except BaseException:
        print("caught")
`

// TestStopped: what ends a run from outside cannot be caught.
func TestStopped(t *testing.T) {
	out, _, err := execute(t, context.Background(), host.Script{Text: stubborn, MaxSteps: 10000})
	if err != host.ErrSteps || out != "" {
		t.Errorf("%q, error %v", out, err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	s := host.Script{Text: "print('begun')\n" + stubborn}
	done := make(chan error)
	reader, writer, _ := os.Pipe()
	s.Name, s.Stdout = "test.star", writer
	go func() {
		_, err := host.Exec(ctx, s)
		done <- err
	}()
	_, _ = reader.Read(make([]byte, 10)) // it has begun
	cancel(cause)
	if err := <-done; err != cause {
		t.Errorf("error %v", err)
	}
}

// TestStoppedAsleep: a call that blocks is ended, and the program can be used again.
func TestStoppedAsleep(t *testing.T) {
	_, pr, err := execute(t, context.Background(), host.Script{Text: "import time\ndef sleep(n): time.sleep(n)"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pr.Call(ctx, pr.Globals["sleep"], starlark.Tuple{starlark.MakeInt(1000)}, nil); err != context.Canceled {
		t.Errorf("error %v", err)
	}
	if _, err := pr.Call(context.Background(), pr.Globals["sleep"], starlark.Tuple{starlark.MakeInt(0)}, nil); err != nil {
		t.Errorf("error %v", err)
	}
}

// TestStoppedChildren: a program that is ended from outside neither waits for its children nor
// runs what it has registered to run at its end, and leaves none behind.
func TestStoppedChildren(t *testing.T) {
	for name, end := range map[string]string{"stopped": "time.sleep(1000)", "failed": "[][1]"} {
		t.Run(name, func(t *testing.T) {
			reader, writer, _ := os.Pipe()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error)
			go func() {
				_, err := host.Exec(ctx, host.Script{Name: "test.star", Stdout: writer, Text: `
import atexit, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Process
p = Process(target=time.sleep, args=(1000,))
p.start()
executor = ProcessPoolExecutor(1)
executor.submit(time.sleep, 1000)
print(p.pid)
atexit.register(print, "at exit")
` + end})
				done <- err
			}()
			var pid int
			fmt.Fscanln(reader, &pid)
			if name == "failed" {
				fmt.Fscanln(reader, new(string), new(string))
			}
			cancel()
			if err := <-done; err == nil {
				t.Error("no error")
			}
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("process %d goes on: %v", pid, err)
			}
			writer.Close()
			if text, _ := io.ReadAll(reader); len(text) > 0 {
				t.Errorf("the handlers have run: %q", text)
			}
		})
	}
}

// TestForkEmbedded: a child has what Init was given and the values that can be copied.
func TestForkEmbedded(t *testing.T) {
	out, pr, err := execute(t, context.Background(), host.Script{
		Globals: starlark.StringDict{"counter": &counter{n: 5}},
		Text: `
import os
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(w, ("%d %s" % (counter.n, twice(lambda: 2))).encode())
    os._exit(0)
os.waitpid(pid, 0)
print(os.read(r, 100).decode())
try:
    twice(os.fork)
except RuntimeError as e:
    print(e)
`})
	want := "5 (2, 2)\nos.fork() cannot be called from within the builtin twice(), which called back into the script\n"
	if out != want || err != nil {
		t.Errorf("%s\nerror %v; want\n%s", out, err, want)
	}
	pr.Close()
	_, _, err = execute(t, context.Background(), host.Script{
		Globals: starlark.StringDict{"conn": &connection{}},
		Text:    "import os\nif os.fork() == 0: print(conn)",
	})
	const refused = `TypeError: cannot copy globals["conn"], a 'counter', into another process: its kind is not registered`
	if err == nil || err.Error() != refused {
		t.Errorf("error %v", err)
	}
}
