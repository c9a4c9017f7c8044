package builtins

import (
	"cmp"
	"errors"
	"math"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// The protocol of signals. The kernel notes a caught signal and interrupts the
// VM, which calls Attend at the next safe point, again and again until it has nothing
// more. Attend takes all that came from the kernel at once, but hands out one handler
// at a time; the others wait in the process's state, so that none is lost
// when a handler raises. They do not travel to a child (CPython's
// _clear_pending_signals): see AfterFork.

// The keys of a process's state that belong to signals.
const (
	handlersKey = "signal.handlers" // dict: signal → what signal.signal set, if it is a function
	pendingKey  = "signal.pending"  // tuple of signals taken from the kernel and not delivered
	intervalKey = "signal.interval" // float: seconds after which SIGALRM comes again
)

const signalDoc = "Signal handlers, and signals to oneself. The SIG names are plain ints here; Signals(n).name gives a signal's name."

// signalNatives is module signal.
var signalNatives = []*vm.Native{
	{Name: "signal.signal", Sig: "(signalnum, handler)", Fn: sigSignal,
		Doc: "Set what happens at a signal: SIG_DFL, SIG_IGN, or a function that is called with the signal's number and None. Returns what was set before."},
	{Name: "signal.getsignal", Sig: "(signalnum)", Fn: sigGetsignal, Doc: "Return what is set for a signal: SIG_DFL, SIG_IGN, a function, or None if it was not set from here."},
	{Name: "signal.raise_signal", Sig: "(signalnum)", Fn: sigRaise, Doc: "Send a signal to this process."},
	{Name: "signal.pause", Sig: "()", Fn: sigPause, Slow: "_safe_point", Doc: "Sleep until a signal handler has run."},
	{Name: "signal.alarm", Sig: "(seconds)", Fn: sigAlarm, Doc: "Send SIGALRM to this process after that many seconds; 0 cancels. Returns how many seconds were left before."},
	{Name: "signal.setitimer", Sig: "(which, seconds, interval=0.0)", Fn: sigSetitimer,
		Doc: "Send SIGALRM after that many seconds, and then again after each interval. which is ITIMER_REAL. Returns the values before."},
	{Name: "signal.getitimer", Sig: "(which)", Fn: sigGetitimer, Doc: "Return (seconds left, interval) of the timer."},
	{Name: "signal.strsignal", Sig: "(signalnum)", Fn: sigStrsignal, Doc: "Return the system's text for a signal, such as 'Terminated', or None."},
	{Name: "signal.valid_signals", Sig: "()", Fn: sigValid, Doc: "Return the set of signals that exist."},
	{Name: "signal.Signals", Sig: "(signalnum)", Fn: sigSignals, Doc: "Return a signal as a value with the attributes name and value."},
	defaultIntHandler,
}

// defaultIntHandler stands for what a SIGINT does in a process that has set nothing.
var defaultIntHandler = &vm.Native{Name: "signal.default_int_handler", Sig: "(signalnum, frame)", Fn: sigDefaultInt,
	Doc: "Raise KeyboardInterrupt: the handler of SIGINT unless another is set."}

// signalTable holds the signals of Linux, with the text of strsignal(3).
var signalTable = []struct {
	sig  kernel.Signal
	name string
	text string
}{
	{1, "SIGHUP", "Hangup"},
	{2, "SIGINT", "Interrupt"},
	{3, "SIGQUIT", "Quit"},
	{4, "SIGILL", "Illegal instruction"},
	{5, "SIGTRAP", "Trace/breakpoint trap"},
	{6, "SIGABRT", "Aborted"},
	{7, "SIGBUS", "Bus error"},
	{8, "SIGFPE", "Floating point exception"},
	{9, "SIGKILL", "Killed"},
	{10, "SIGUSR1", "User defined signal 1"},
	{11, "SIGSEGV", "Segmentation fault"},
	{12, "SIGUSR2", "User defined signal 2"},
	{13, "SIGPIPE", "Broken pipe"},
	{14, "SIGALRM", "Alarm clock"},
	{15, "SIGTERM", "Terminated"},
	{16, "SIGSTKFLT", "Stack fault"},
	{17, "SIGCHLD", "Child exited"},
	{18, "SIGCONT", "Continued"},
	{19, "SIGSTOP", "Stopped (signal)"},
	{20, "SIGTSTP", "Stopped"},
	{21, "SIGTTIN", "Stopped (tty input)"},
	{22, "SIGTTOU", "Stopped (tty output)"},
	{23, "SIGURG", "Urgent I/O condition"},
	{24, "SIGXCPU", "CPU time limit exceeded"},
	{25, "SIGXFSZ", "File size limit exceeded"},
	{26, "SIGVTALRM", "Virtual timer expired"},
	{27, "SIGPROF", "Profiling timer expired"},
	{28, "SIGWINCH", "Window changed"},
	{29, "SIGIO", "I/O possible"},
	{30, "SIGPWR", "Power failure"},
	{31, "SIGSYS", "Bad system call"},
	{sigRTMin, "SIGRTMIN", "Real-time signal 0"},
	{sigRTMax, "SIGRTMAX", "Real-time signal 30"},
}

// signalConstants are the names of module signal that are values.
var signalConstants = []constant{
	{"SIG_DFL", sigDefault},
	{"SIG_IGN", sigIgnore},
	{"SIGCLD", starlark.MakeInt(17)},
	{"SIGIOT", starlark.MakeInt(6)},
	{"SIGPOLL", starlark.MakeInt(29)},
	{"NSIG", starlark.MakeInt(numSignals)},
	{"ITIMER_REAL", starlark.MakeInt(itimerReal)},
	{"ItimerError", vm.OSError},
}

const (
	numSignals = 65 // NSIG
	sigRTMin   = 34 // the C library keeps the two below to itself
	sigRTMax   = 64
	itimerReal = 0
)

// The handlers that are not functions.
var (
	sigDefault = starlark.MakeInt(0)
	sigIgnore  = starlark.MakeInt(1)
)

var signalName = &structType{name: "signal.Signals", fields: []string{"name", "value"}}

// signalModule makes module signal.
func signalModule() *vm.Module {
	m := newModule("signal", signalDoc, signalNatives, signalConstants)
	for _, row := range signalTable {
		m.Set(row.name, starlark.MakeInt(int(row.sig)))
	}
	return m
}

// handlers returns the handlers that are functions, by signal.
func handlers(p *vm.Process) *starlark.Dict {
	if d, ok := p.State[handlersKey].(*starlark.Dict); ok {
		return d
	}
	d := new(starlark.Dict)
	p.State[handlersKey] = d
	return d
}

// handlerOf returns what getsignal does for a signal with a disposition.
func handlerOf(p *vm.Process, sig kernel.Signal, d kernel.Disposition) vm.Value {
	switch d {
	case kernel.Default:
		return sigDefault
	case kernel.Ignored:
		return sigIgnore
	}
	if h, found, _ := handlers(p).Get(starlark.MakeInt(int(sig))); found {
		return h
	}
	if sig == kernel.Signal(unix.SIGINT) {
		return defaultIntHandler
	}
	return starlark.None
}

// dispositionFor returns what the kernel is to do so that handler is called.
func dispositionFor(handler vm.Value) (kernel.Disposition, error) {
	if n, ok := handler.(starlark.Int); ok {
		switch i, _ := n.Int64(); {
		case i == 0 && n.Sign() == 0:
			return kernel.Default, nil
		case i == 1:
			return kernel.Ignored, nil
		}
	}
	if !vm.Callable(handler) {
		return 0, vm.Raise(vm.TypeError, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
	}
	return kernel.Caught, nil
}

func sigSignal(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var sig int
	var handler vm.Value
	if err := unpack("signal", args, kwargs, "signalnum", &sig, "handler", &handler); err != nil {
		return nil, err
	}
	if err := checkSignal(sig); err != nil {
		return nil, err
	}
	d, err := dispositionFor(handler)
	if err != nil {
		return nil, err
	}
	before, err := p.Kernel.SetSignal(kernel.Signal(sig), d)
	if err != nil {
		return nil, osError(err, "")
	}
	previous := handlerOf(p, kernel.Signal(sig), before)
	key := starlark.MakeInt(sig)
	if d == kernel.Caught {
		return previous, handlers(p).SetKey(key, handler)
	}
	_, _, err = handlers(p).Delete(key)
	return previous, err
}

func checkSignal(sig int) error {
	if sig < 1 || sig >= numSignals {
		return vm.Raise(vm.ValueError, "signal number out of range")
	}
	return nil
}

func sigGetsignal(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	sig, err := oneSignal("getsignal", args, kwargs)
	if err != nil {
		return nil, err
	}
	d, err := p.Kernel.SignalDisposition(sig)
	if err != nil {
		return starlark.None, nil // CPython does not ask the system, so it has no error here
	}
	return handlerOf(p, sig, d), nil
}

// oneSignal unpacks the only argument, a signal's number.
func oneSignal(name string, args []vm.Value, kwargs []starlark.Tuple) (kernel.Signal, error) {
	var sig int
	if err := unpack(name, args, kwargs, "signalnum", &sig); err != nil {
		return 0, err
	}
	return kernel.Signal(sig), checkSignal(sig)
}

func sigRaise(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var sig int
	if err := unpack("raise_signal", args, kwargs, "signalnum", &sig); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.Kill(p.Kernel.Getpid(), kernel.Signal(sig)), ""))
}

func sigDefaultInt(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return nil, vm.NewException(vm.KeyboardInterrupt)
}

// sigPause waits in the kernel, which only ever says that it was interrupted.
// The prelude function that goes on in its place makes a call, at which the handler runs.
func sigPause(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("pause", args, kwargs); err != nil {
		return nil, err
	}
	err := p.Kernel.Pause()
	if !errors.Is(err, kernel.ErrInterrupted) {
		return none(osError(err, ""))
	}
	if pending, err := takeSignals(p); err != nil || len(pending) > 0 {
		return nil, cmp.Or(err, vm.NeedScript)
	}
	return nil, err // it was no signal: the call is made again
}

// Timers.

func sigAlarm(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var seconds int
	if err := unpack("alarm", args, kwargs, "seconds", &seconds); err != nil {
		return nil, err
	}
	delete(p.State, intervalKey)
	left, err := p.Kernel.Alarm(time.Duration(uint32(seconds)) * time.Second)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt64(alarmSeconds(left)), nil
}

// alarmSeconds rounds as Linux does (alarm_setitimer): to the nearest second,
// but never a pending alarm to 0.
func alarmSeconds(left time.Duration) int64 {
	if left > 0 && left < time.Second {
		return 1
	}
	return int64((left + time.Second/2) / time.Second)
}

func sigSetitimer(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var which int
	var seconds, interval float64
	if err := unpack("setitimer", args, kwargs, "which", &which, "seconds", &seconds, "interval?", &interval); err != nil {
		return nil, err
	}
	if which != itimerReal || !(seconds >= 0 && interval >= 0) {
		return nil, osError(unix.EINVAL, "")
	}
	before := timerInterval(p)
	left, err := p.Kernel.Alarm(duration(seconds))
	if err != nil {
		return nil, osError(err, "")
	}
	delete(p.State, intervalKey)
	if interval > 0 && seconds > 0 {
		p.State[intervalKey] = starlark.Float(interval)
	}
	return starlark.Tuple{starlark.Float(left.Seconds()), before}, nil
}

func sigGetitimer(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var which int
	if err := unpack("getitimer", args, kwargs, "which", &which); err != nil {
		return nil, err
	}
	if which != itimerReal {
		return nil, osError(unix.EINVAL, "")
	}
	left, err := p.Kernel.Alarm(0)
	if err == nil && left > 0 {
		_, err = p.Kernel.Alarm(left)
	}
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.Tuple{starlark.Float(left.Seconds()), timerInterval(p)}, nil
}

func timerInterval(p *vm.Process) starlark.Float {
	f, _ := p.State[intervalKey].(starlark.Float)
	return f
}

// duration converts seconds that are not negative; what is too long is made
// as long as can be.
func duration(seconds float64) time.Duration {
	ns := math.Ceil(seconds * 1e9)
	if ns >= math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// Names.

func sigStrsignal(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	sig, err := oneSignal("strsignal", args, kwargs)
	if err != nil {
		return nil, err
	}
	for _, row := range signalTable {
		if row.sig == sig {
			return starlark.String(row.text), nil
		}
	}
	if sig < sigRTMin {
		return starlark.None, nil
	}
	return starlark.String("Real-time signal " + starlark.MakeInt(int(sig-sigRTMin)).String()), nil
}

func sigValid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("valid_signals", args, kwargs); err != nil {
		return nil, err
	}
	set := starlark.NewSet(numSignals)
	for sig := 1; sig < numSignals; sig++ {
		if sig < 32 || sig >= sigRTMin {
			set.Insert(starlark.MakeInt(sig)) // ints always hash
		}
	}
	return set, nil
}

func sigSignals(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var sig int
	if err := unpack("Signals", args, kwargs, "signalnum", &sig); err != nil {
		return nil, err
	}
	for _, row := range signalTable {
		if int(row.sig) == sig {
			return newStruct(signalName, starlark.String(row.name), starlark.MakeInt(sig)), nil
		}
	}
	return nil, vm.Raise(vm.ValueError, "%d is not a valid Signals", sig)
}

// Delivery.

// Attend is what a process's Attend field is set to. It returns the next handler to call, with
// its arguments, or KeyboardInterrupt, or nothing when all is delivered. What rings
// beside signals comes after them.
func Attend(p *vm.Process) (fn vm.Value, args []vm.Value, err error) {
	pending, err := takeSignals(p)
	if err != nil {
		return nil, nil, err
	}
	for len(pending) > 0 && fn == nil && err == nil {
		sig := pending[0]
		pending = pending[1:]
		fn, err = delivery(p, sig)
		args = []vm.Value{sig, starlark.None}
	}
	p.State[pendingKey] = pending
	if len(pending) == 0 {
		delete(p.State, pendingKey)
	}
	if err != nil {
		return nil, nil, err
	}
	if fn == nil {
		fn, args = ring(p)
	}
	return fn, args, nil
}

// takeSignals returns the signals that have come and are not delivered.
func takeSignals(p *vm.Process) (starlark.Tuple, error) {
	pending, _ := p.State[pendingKey].(starlark.Tuple)
	for _, sig := range p.Kernel.TakeSignals() {
		pending = append(pending[:len(pending):len(pending)], starlark.MakeInt(int(sig)))
		p.State[pendingKey] = pending
		if err := repeatAlarm(p, sig); err != nil {
			return nil, err
		}
	}
	return pending, nil
}

// delivery returns the handler of a pending signal, or nil if it has none any
// more.
func delivery(p *vm.Process, sig vm.Value) (vm.Value, error) {
	n, err := asInt(sig)
	if err != nil {
		return nil, err
	}
	d, err := p.Kernel.SignalDisposition(kernel.Signal(n))
	if err != nil || d != kernel.Caught {
		return nil, err
	}
	switch fn := handlerOf(p, kernel.Signal(n), d); fn {
	case starlark.None:
		return nil, nil
	case defaultIntHandler:
		return nil, vm.NewException(vm.KeyboardInterrupt)
	default:
		return fn, nil
	}
}

// repeatAlarm sets the timer again if setitimer gave an interval.
func repeatAlarm(p *vm.Process, sig kernel.Signal) error {
	interval := timerInterval(p)
	if sig != kernel.Signal(unix.SIGALRM) || interval == 0 {
		return nil
	}
	_, err := p.Kernel.Alarm(duration(float64(interval)))
	return osError(err, "")
}

// CatchInterrupt makes SIGINT raise KeyboardInterrupt in a process that a user
// started, unless that user ignores it (Modules/signalmodule.c, signal_install_handlers).
func CatchInterrupt(p *vm.Process) {
	sig := kernel.Signal(unix.SIGINT)
	if d, err := p.Kernel.SignalDisposition(sig); err == nil && d == kernel.Default {
		_, _ = p.Kernel.SetSignal(sig, kernel.Caught) // the kernel catches what it has a disposition for
	}
}

// AfterFork is what a child does before it goes on: signals that its parent
// had not delivered, and the parent's timer, children and pools, are not its own, and its default
// random generator starts anew (Lib/random.py registers that with os.register_at_fork).
func AfterFork(p *vm.Process) {
	for _, key := range []string{pendingKey, intervalKey, generatorKey, ownKey} {
		delete(p.State, key)
	}
}
