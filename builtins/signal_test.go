package builtins

import (
	"slices"
	"testing"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

func TestSignalSameAsPython(t *testing.T) {
	exprs := []string{
		"signal.signal(0, 0)", "signal.signal(65, 0)", "signal.signal(9, signal.SIG_IGN)", "signal.signal(32, 0)", "signal.signal(10, 5)", "signal.signal(10, None)",
		"signal.signal('x', 0)", "signal.getsignal(65)", "signal.getsignal(9)", "signal.getsignal(13)", "signal.getsignal(10)",
		"signal.getsignal(2) == signal.default_int_handler", "signal.signal(10, len)", "signal.getsignal(10) == len", "signal.signal(10, 1) == len",
		"signal.signal(10, 0)", "signal.getsignal(10)", "signal.strsignal(0)", "signal.strsignal(32)", "signal.strsignal(65)",
		"signal.setitimer(0, -1)", "sorted(signal.valid_signals())", "signal.NSIG", "signal.SIGCLD", "signal.SIGIOT", "signal.SIGPOLL",
		"signal.Signals(15).name", "signal.Signals(15).value", "signal.Signals(77)", "signal.SIG_DFL", "signal.SIG_IGN",
	}
	for _, row := range signalTable {
		exprs = append(exprs, "signal."+row.name, "signal.strsignal(signal."+row.name+")")
	}
	want := python(t, exprs)
	for i, expr := range exprs {
		if expr == "signal.setitimer(0, -1)" {
			want[i] = "OSError: [Errno 22] Invalid argument" // signal.itimer_error there
		}
	}
	p, _ := newTestProcess()
	differences(t, exprs, eval(t, p, exprs), want)
}

// deliver makes the calls that the VM makes at a safe point, and returns what they are.
func deliver(t *testing.T, p *vm.Process) (calls []string) {
	t.Helper()
	for {
		fn, args, err := Attend(p)
		if err != nil {
			return append(calls, err.Error())
		}
		if fn == nil {
			return calls
		}
		calls = append(calls, fn.(*starlark.Builtin).Name()+starlark.Tuple(args).String())
	}
}

func setHandler(t *testing.T, p *vm.Process, sig int, name string) {
	t.Helper()
	handler := starlark.NewBuiltin(name, nil)
	if _, err := sigSignal(p, []vm.Value{starlark.MakeInt(sig), handler}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAttend(t *testing.T) {
	p, k := newTestProcess()
	setHandler(t, p, 10, "usr1")
	setHandler(t, p, 12, "usr2")
	if d := k.dispositions[10]; d != kernel.Caught {
		t.Errorf("disposition %d", d)
	}
	k.pending = []kernel.Signal{10, 12}
	if got, want := deliver(t, p), []string{"usr1(10, None)", "usr2(12, None)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := deliver(t, p); got != nil {
		t.Errorf("delivered twice: %q", got)
	}
}

// TestAttendKeepsOthers: SIGINT raises, and the signals after it are
// delivered at the next safe point.
func TestAttendKeepsOthers(t *testing.T) {
	p, k := newTestProcess()
	setHandler(t, p, 1, "hup")
	setHandler(t, p, 10, "usr1")
	k.pending = []kernel.Signal{1, 2, 10}
	if got, want := deliver(t, p), []string{"hup(1, None)", "KeyboardInterrupt"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	k.pending = []kernel.Signal{1}
	if got, want := deliver(t, p), []string{"usr1(10, None)", "hup(1, None)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPendingIsNotInherited, nor is a timer that repeats.
func TestPendingIsNotInherited(t *testing.T) {
	p, k := newTestProcess()
	setHandler(t, p, 10, "usr1")
	setHandler(t, p, 14, "alrm")
	check(t, p, "signal.setitimer(0, 1.5, 0.5)", "[0, 0]")
	k.pending = []kernel.Signal{14, 10}
	if fn, _, _ := Attend(p); fn == nil {
		t.Fatal("nothing delivered")
	}
	AfterFork(p)
	if got := deliver(t, p); got != nil {
		t.Errorf("the child got %q", got)
	}
	k.alarm = 0
	check(t, p, "signal.getitimer(0)", "[0, 0]", "signal.getsignal(10) != None", "True")
}

func TestTimers(t *testing.T) {
	p, k := newTestProcess()
	setHandler(t, p, 14, "alrm")
	check(t, p,
		"signal.alarm(5)", "0",
		"signal.alarm(0)", "5",
		"signal.setitimer(signal.ITIMER_REAL, 1.5, 0.25)", "[0, 0]",
		"signal.getitimer(0)", "[1.5, 0.25]",
		"signal.setitimer(1, 1)", "OSError: [Errno 22] Invalid argument",
	)
	k.alarm, k.pending = 0, []kernel.Signal{14}
	if got, want := deliver(t, p), []string{"alrm(14, None)"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if k.alarm != 250*time.Millisecond {
		t.Errorf("the timer is set to %v", k.alarm)
	}
	check(t, p, "signal.setitimer(0, 0)", "[0.25, 0.25]", "signal.getitimer(0)", "[0, 0]")
	for left, want := range map[time.Duration]int64{0: 0, 1: 1, time.Second / 3: 1, 1400 * time.Millisecond: 1, 1500 * time.Millisecond: 2} {
		if got := alarmSeconds(left); got != want {
			t.Errorf("%v is %d seconds", left, got)
		}
	}
}
