package builtins

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// A fakeKernel has one process, a clock that only sleeping moves, and real
// descriptors. Signals are what a test puts into pending.
type fakeKernel struct {
	kernel.Kernel // nil: what is not here is not called

	now          time.Duration
	pending      []kernel.Signal
	dispositions map[kernel.Signal]kernel.Disposition
	sent         []string
	alarm        time.Duration
	// interruptAt is when a sleep ends with a signal; 0 for never.
	interruptAt time.Duration
	// writes are what the next writes take: a number of bytes, or -1 for an
	// interruption. When they are used up, writes take all.
	writes []int
	// reads likewise: the most that the next reads return.
	reads []int
}

var errnoInval = unix.EINVAL

func (k *fakeKernel) Getpid() kernel.Pid  { return 1000 }
func (k *fakeKernel) Getppid() kernel.Pid { return 1 }
func (k *fakeKernel) Fork(write func(io.Writer) error) (kernel.Pid, error) {
	return 0, kernel.ErrTooManyProcesses
}
func (k *fakeKernel) Wait(pid kernel.Pid, flags kernel.WaitFlag) (kernel.Pid, kernel.Status, error) {
	if flags&kernel.NoHang != 0 {
		return 0, 0, nil
	}
	return 0, 0, unix.ECHILD
}
func (k *fakeKernel) ReserveShared(offset, n int) error        { return nil }
func (k *fakeKernel) FreeShared(offset, n int) error           { return nil }
func (k *fakeKernel) SpinWord(word *atomic.Uint32, old uint32) {}
func (k *fakeKernel) Shared() []byte                           { return nil }
func (k *fakeKernel) SetName(name string)                      {}
func (k *fakeKernel) Locate(where func() (string, int))        {}
func (k *fakeKernel) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error {
	return nil
}
func (k *fakeKernel) WakeWord(word *atomic.Uint32, n int) int { return 0 }
func (k *fakeKernel) Self() kernel.Holder                     { return 1 }
func (k *fakeKernel) Alive(h kernel.Holder) bool              { return h == 1 }
func (k *fakeKernel) WaitUntil(pid kernel.Pid, deadline time.Duration) (kernel.Pid, kernel.Status, error) {
	return 0, 0, unix.ECHILD
}
func (k *fakeKernel) Kill(pid kernel.Pid, sig kernel.Signal) error {
	k.sent = append(k.sent, fmt.Sprintf("%d to %d", sig, pid))
	if pid == 4242 {
		return unix.ESRCH
	}
	return nil
}
func (k *fakeKernel) Exit(code int)            { k.sent = append(k.sent, fmt.Sprintf("exit %d", code)) }
func (k *fakeKernel) Die(sig kernel.Signal)    { k.sent = append(k.sent, fmt.Sprintf("die %d", sig)) }
func (k *fakeKernel) Time() time.Time          { return time.Unix(1700000000, 500000000).Add(k.now) }
func (k *fakeKernel) Monotonic() time.Duration { return k.now }
func (k *fakeKernel) Sleep(deadline time.Duration) error {
	if k.interruptAt > 0 && k.interruptAt < deadline {
		k.now, k.interruptAt = k.interruptAt, 0
		return kernel.ErrInterrupted
	}
	k.now = max(k.now, deadline)
	return nil
}
func (k *fakeKernel) Pause() error { return kernel.ErrInterrupted }
func (k *fakeKernel) SetSignal(sig kernel.Signal, d kernel.Disposition) (kernel.Disposition, error) {
	before, err := k.SignalDisposition(sig)
	if err != nil || sig == 9 || sig == 19 {
		return 0, errnoInval
	}
	k.dispositions[sig] = d
	return before, nil
}
func (k *fakeKernel) SignalDisposition(sig kernel.Signal) (kernel.Disposition, error) {
	if sig < 1 || sig > 64 || sig == 32 || sig == 33 {
		return 0, errnoInval
	}
	return k.dispositions[sig], nil
}
func (k *fakeKernel) TakeSignals() []kernel.Signal {
	taken := k.pending
	k.pending = nil
	return taken
}
func (k *fakeKernel) Notify(*atomic.Uint32, uint32) {}
func (k *fakeKernel) Interrupt()                    {}
func (k *fakeKernel) Alarm(d time.Duration) (time.Duration, error) {
	left := k.alarm
	k.alarm = d
	return left, nil
}
func (k *fakeKernel) Open(path string, flags int, mode uint32) (kernel.Fd, error) {
	fd, err := unix.Open(path, flags, mode)
	return kernel.Fd(fd), err
}
func (k *fakeKernel) Read(fd kernel.Fd, p []byte) (int, error) {
	if len(k.reads) > 0 {
		n := k.reads[0]
		k.reads = k.reads[1:]
		if n < 0 {
			return 0, kernel.ErrInterrupted
		}
		p = p[:min(n, len(p))]
	}
	return unix.Read(int(fd), p)
}
func (k *fakeKernel) Write(fd kernel.Fd, p []byte) (int, error) {
	if len(k.writes) > 0 {
		n := k.writes[0]
		k.writes = k.writes[1:]
		if n < 0 {
			return 0, kernel.ErrInterrupted
		}
		p = p[:min(n, len(p))]
	}
	return unix.Write(int(fd), p)
}
func (k *fakeKernel) Close(fd kernel.Fd) error { return unix.Close(int(fd)) }
func (k *fakeKernel) Pipe() (r, w kernel.Fd, err error) {
	var fds [2]int
	err = unix.Pipe2(fds[:], unix.O_CLOEXEC)
	return kernel.Fd(fds[0]), kernel.Fd(fds[1]), err
}
func (k *fakeKernel) Dup(fd kernel.Fd) (kernel.Fd, error) {
	n, err := unix.Dup(int(fd))
	return kernel.Fd(n), err
}
func (k *fakeKernel) Dup2(from, to kernel.Fd) error { return unix.Dup3(int(from), int(to), 0) }
func (k *fakeKernel) Seek(fd kernel.Fd, offset int64, whence int) (int64, error) {
	return unix.Seek(int(fd), offset, whence)
}
func (k *fakeKernel) Isatty(fd kernel.Fd) bool {
	_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
	return err == nil
}
func (k *fakeKernel) CPUs() int { return 2 }

func newTestProcess() (*vm.Process, *fakeKernel) {
	k := &fakeKernel{dispositions: map[kernel.Signal]kernel.Disposition{2: kernel.Caught, 13: kernel.Ignored}}
	p := vm.NewProcess(Registry())
	p.Kernel = k
	return p, k
}

var testModules = map[string]func() *vm.Module{
	"os": osModule, "sys": sysModule, "time": timeModule, "random": randomModule, "signal": signalModule, "errno": errnoModule,
}

// eval runs statements in a module that has imported everything, and returns the
// canonical text of each expression's value or error.
func eval(t *testing.T, p *vm.Process, exprs []string) []string {
	t.Helper()
	m := vm.NewModule("test", "")
	run := func(text string) error {
		code, err := p.Compile(&syntax.Source{Name: "test", Text: text}, m.Globals)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		_, err = p.Call(&vm.Function{Proto: vm.NewProto(code, m)}, nil, nil)
		return err
	}
	for name := range testModules {
		if err := run("import " + name); err != nil {
			t.Fatal(err)
		}
	}
	results := make([]string, len(exprs))
	for i, expr := range exprs {
		name, value, isAssignment := strings.Cut(expr, " := ")
		if !isAssignment {
			name, value = "result", expr
		}
		switch err := run(name + " = " + value); {
		case err != nil:
			results[i] = vm.AsException(err, vm.SystemError).Error()
		case isAssignment:
			results[i] = "ok"
		default:
			results[i] = canonical(m.Get(name))
		}
	}
	return results
}

// canonical writes a value so that CPython's can be compared with it.
func canonical(v vm.Value) string {
	switch v := v.(type) {
	case *StructSeq:
		return canonical(v.Tuple())
	case starlark.NoneType:
		return "None"
	case starlark.Float:
		return strconv.FormatFloat(float64(v), 'g', 17, 64)
	case starlark.String:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.Encode(string(v))
		return strings.TrimSpace(b.String())
	case starlark.Bytes:
		return "b" + hex.EncodeToString([]byte(v))
	case starlark.Indexable:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = canonical(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return v.String()
}

const pythonPrologue = `
import json, sys, os, os.path, time, random, signal, errno, math, warnings
warnings.simplefilter("ignore")
def canonical(v):
    if isinstance(v, float):
        return repr(v) if v != v or v in (math.inf, -math.inf) else "%.17g" % v
    if isinstance(v, str): return json.dumps(v, ensure_ascii=False)
    if isinstance(v, bytes): return "b" + v.hex()
    if isinstance(v, (list, tuple)): return "[" + ", ".join(map(canonical, v)) + "]"
    if isinstance(v, int) and not isinstance(v, bool): return str(int(v))
    return str(v)
out = []
for expr in json.load(sys.stdin):
    name, is_assignment, value = expr.partition(" := ")
    try:
        v = eval(value if is_assignment else expr)
        if is_assignment:
            globals()[name] = v
            v = "ok"
        else:
            v = canonical(v)
    except BaseException as e:
        v = type(e).__name__ + (": " + str(e) if str(e) else "")
    out.append(v)
json.dump(out, sys.stdout)
`

// python runs the same expressions by CPython 3.11, or skips the test.
func python(t *testing.T, exprs []string, env ...string) []string {
	t.Helper()
	version, err := exec.Command("python3", "-c", "import sys; print(*sys.version_info[:2])").Output()
	if err != nil || strings.TrimSpace(string(version)) != "3 11" {
		t.Skipf("needs python3.11 to compare with: %v %s", err, version)
	}
	input, _ := json.Marshal(exprs)
	cmd := exec.Command("python3", "-c", pythonPrologue)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	cmd.Env = append(os.Environ(), env...)
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	var results []string
	if err := json.Unmarshal(output, &results); err != nil {
		t.Fatalf("python3: %v in %q", err, output)
	}
	return results
}

// compare runs expressions by both and reports differences.
func compare(t *testing.T, exprs []string, env ...string) {
	t.Helper()
	want := python(t, exprs, env...)
	p, _ := newTestProcess()
	differences(t, exprs, eval(t, p, exprs), want)
}

func differences(t *testing.T, exprs, got, want []string) {
	t.Helper()
	failures := 0
	for i := range exprs {
		if got[i] == want[i] {
			continue
		}
		t.Errorf("%s\n got %s\nwant %s", exprs[i], got[i], want[i])
		if failures++; failures > 20 {
			t.Fatal("and so on")
		}
	}
}

// check runs expressions whose results are given.
func check(t *testing.T, p *vm.Process, pairs ...string) {
	t.Helper()
	var exprs, want []string
	for i := 0; i < len(pairs); i += 2 {
		exprs, want = append(exprs, pairs[i]), append(want, pairs[i+1])
	}
	differences(t, exprs, eval(t, p, exprs), want)
}

// roundTrip sends a value through its image.
func roundTrip[T vm.Portable](t *testing.T, v T) T {
	t.Helper()
	data, refs, err := v.Image()
	if err != nil {
		t.Fatal(err)
	}
	fresh := libraryKinds()[v.ImageKind()]()
	if err := fresh.Restore(data, refs); err != nil {
		t.Fatal(err)
	}
	return fresh.(T)
}

// TestRows checks that help() finds something to print, and that the image
// finds each native by its name.
func TestRows(t *testing.T) {
	p, _ := newTestProcess()
	var natives []*vm.Native
	for name := range testModules {
		m := p.Reg.Module(name)
		for slot, v := range m.Slots {
			n, ok := v.(*vm.Native)
			if !ok {
				continue
			}
			if want := name + "." + m.Globals.Names[slot]; n.Name != want {
				t.Errorf("%s is called %s", want, n.Name)
			}
			natives = append(natives, n)
		}
	}
	for typ, methods := range libraryMethods() {
		for name, n := range methods() {
			if !n.Method {
				t.Errorf("%s.%s is no method", typ, name)
			}
			natives = append(natives, n)
		}
	}
	for _, n := range natives {
		if n.Doc == "" || n.Sig == "" || n.Fn == nil {
			t.Errorf("%s: incomplete row", n.Name)
		}
		if p.Reg.Lookup(n.Name) != vm.Value(n) {
			t.Errorf("%s is not found by its name", n.Name)
		}
	}
	if len(natives) < 150 {
		t.Errorf("only %d natives", len(natives))
	}
}

func TestUnpack(t *testing.T) {
	call := func(args []vm.Value, kwargs ...starlark.Tuple) string {
		var a, b int
		c := 7
		if err := unpack("f", args, kwargs, "a", &a, "b?", &b, "*c?", &c); err != nil {
			return err.Error()
		}
		return fmt.Sprint(a, b, c)
	}
	one, two := starlark.MakeInt(1), starlark.MakeInt(2)
	kw := func(name string, v vm.Value) starlark.Tuple { return starlark.Tuple{starlark.String(name), v} }
	for _, test := range []struct{ got, want string }{
		{call([]vm.Value{one, two}), "1 2 7"},
		{call([]vm.Value{starlark.True}, kw("c", two)), "1 0 2"},
		{call([]vm.Value{one, two, one}), "TypeError: f() takes at most 2 arguments (3 given)"},
		{call(nil), "TypeError: f() missing required argument 'a' (pos 1)"},
		{call([]vm.Value{one}, kw("a", one)), "TypeError: f() got multiple values for argument 'a'"},
		{call([]vm.Value{one}, kw("d", one)), "TypeError: f() got an unexpected keyword argument 'd'"},
		{call([]vm.Value{starlark.Float(1)}), "TypeError: 'float' object cannot be interpreted as an integer"},
		{call([]vm.Value{starlark.MakeInt64(1 << 40)}), "OverflowError: signed integer is greater than maximum"},
		{call([]vm.Value{starlark.MakeInt64(-1 << 40)}), "OverflowError: signed integer is less than minimum"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
