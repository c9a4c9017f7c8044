//go:build linux && (amd64 || arm64)

package unix

import (
	"math/bits"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Signals of a script do not pass through os/signal. That package delivers
// through two goroutines and a thread of its own, later than the instruction
// that sent the signal, and cannot be had "from the first instruction" of a
// child without that thread. The handler here is a dozen instructions of
// assembly that call nothing (so it is safe wherever it strikes):
//
//	sigPending |= bit; if the bit is in sigNoted: *sigWord |= sigWordBit;
//	write 1 to wakeFd
//
// wakeFd is an eventfd that every blocking call polls beside its own
// descriptor. It is drained before sigPending is looked at, and the handler
// sets the bit before it writes, so a signal between the look and the poll
// makes the poll return: no wake-up is lost (the self-pipe trick). SIGCHLD
// always has this handler, whatever its disposition, because it wakes Wait.
//
// Dispositions belong to the process, so these variables are the package's,
// not the Kernel's: there is one Kernel in a process (see claim).
var (
	sigPending uint64         // bit s-1: signal s came. Set by the handler, cleared by TakeSignals
	sigNoted   uint64         // signals that interrupt the interpreter: caught ones, and SIGCHLD during a watch
	sigWord    *atomic.Uint32 // the interpreter's attention word or nil
	sigWordBit uint32
	wakeFd     int32  = -1
	one        uint64 = 1
)

func sigHandler()
func sigReturn()
func handlerPCs() (handler, restorer uintptr)

// sigset is the kernel's sigset_t: bit s-1 is signal s.
type sigset uint64

const (
	maxSignal = 64
	sigChld   = kernel.Signal(syscall.SIGCHLD)
)

func bit(sig kernel.Signal) sigset { return 1 << (sig - 1) }

func setOf(sigs ...syscall.Signal) (s sigset) {
	for _, sig := range sigs {
		s |= bit(kernel.Signal(sig))
	}
	return s
}

// runtimeSignals belong to the Go runtime (faults, profiling, preemption) or to
// the C library (32 and 33, which glibc refuses too); a script cannot set them.
var runtimeSignals = setOf(syscall.SIGURG, syscall.SIGSEGV, syscall.SIGBUS,
	syscall.SIGFPE, syscall.SIGILL, syscall.SIGPROF, 32, 33)

var unchangeable = setOf(syscall.SIGKILL, syscall.SIGSTOP)

// managed are the signals whose disposition is this package's.
var managed = ^(runtimeSignals | unchangeable)

// sigaction is struct sigaction of rt_sigaction(2); both architectures agree.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     sigset
}

const (
	saNoCldWait = 0x2
	saSigInfo   = 0x4
	saRestorer  = 0x04000000
	saOnStack   = 0x08000000
	saRestart   = 0x10000000

	sigDfl = 0
	sigIgn = 1
)

func rtSigaction(sig kernel.Signal, new, old *sigaction) error {
	_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(new)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

const (
	sigBlock   = 0
	sigSetMask = 2
)

//go:nosplit
//go:norace
func rtSigprocmask(how uintptr, new, old *sigset) {
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, how,
		uintptr(unsafe.Pointer(new)), uintptr(unsafe.Pointer(old)), 8, 0, 0)
}

// action is what the system is told for a disposition. SA_ONSTACK because
// goroutine stacks are small; SA_RESTART because other goroutines of the
// program must not see EINTR (os/signal documents both).
func action(sig kernel.Signal, d kernel.Disposition) sigaction {
	chld := sig == sigChld
	if d == kernel.Default && !chld {
		return sigaction{handler: sigDfl}
	}
	if d == kernel.Ignored && !chld {
		return sigaction{handler: sigIgn}
	}
	h, r := handlerPCs()
	a := sigaction{handler: h, restorer: r, flags: saSigInfo | saOnStack | saRestart | saRestorer, mask: ^sigset(0)}
	if d == kernel.Ignored {
		// Ignoring SIGCHLD means: no zombies. SA_NOCLDWAIT says that and
		// still sends the signal (sigaction(2), NOTES), which Wait needs.
		a.flags |= saNoCldWait
	}
	return a
}

// signals is the kernel's record of dispositions.
type signals struct {
	caught  sigset
	ignored sigset
	saved   [maxSignal + 1]sigaction // the Go runtime's, put back by Release
}

// setCaught changes which signals have Caught disposition, and what the handler notes.
func (k *Kernel) setCaught(s sigset) {
	k.sig.caught = s
	if k.watcher != nil {
		s |= bit(sigChld)
	}
	atomic.StoreUint64(&sigNoted, uint64(s))
}

// noted returns the signals that have come and interrupt the interpreter.
func noted() uint64 { return atomic.LoadUint64(&sigPending) & atomic.LoadUint64(&sigNoted) }

// install puts every managed signal to the dispositions given, having saved
// what the Go runtime had.
func (k *Kernel) install(caughtSet, ignored sigset) {
	k.sig.ignored = ignored
	k.setCaught(caughtSet)
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		if managed&bit(sig) == 0 {
			continue
		}
		a := action(sig, k.disposition(sig))
		_ = rtSigaction(sig, &a, &k.sig.saved[sig])
	}
}

func (k *Kernel) uninstall() {
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		if managed&bit(sig) != 0 {
			_ = rtSigaction(sig, &k.sig.saved[sig], nil)
		}
	}
	atomic.StoreUint64(&sigNoted, 0)
	atomic.StoreUint64(&sigPending, 0)
}

// inheritedIgnored returns the signals that the program's starter ignored, as
// far as they can still be known: the Go runtime installs its handler over
// all but SIGHUP and SIGINT (runtime.sigInstallGoHandler) and the few it does
// not handle unasked (SIGTSTP, SIGTTIN, SIGTTOU).
func inheritedIgnored() (s sigset) {
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		var a sigaction
		if managed&bit(sig) != 0 && rtSigaction(sig, nil, &a) == nil && a.handler == sigIgn {
			s |= bit(sig)
		}
	}
	return s
}

func (k *Kernel) disposition(sig kernel.Signal) kernel.Disposition {
	if k.sig.caught&bit(sig) != 0 {
		return kernel.Caught
	}
	if k.sig.ignored&bit(sig) != 0 {
		return kernel.Ignored
	}
	return kernel.Default
}

// SignalDisposition is kernel.Kernel's.
func (k *Kernel) SignalDisposition(sig kernel.Signal) (kernel.Disposition, error) {
	if sig < 1 || sig > maxSignal {
		return 0, syscall.EINVAL
	}
	return k.disposition(sig), nil
}

// SetSignal is kernel.Kernel's. The runtime's own signals are refused like
// SIGKILL.
func (k *Kernel) SetSignal(sig kernel.Signal, d kernel.Disposition) (kernel.Disposition, error) {
	if sig < 1 || sig > maxSignal || d > kernel.Caught {
		return 0, syscall.EINVAL
	}
	was := k.disposition(sig)
	if managed&bit(sig) == 0 {
		return was, syscall.EINVAL
	}
	if d == was {
		return was, nil
	}
	if d == kernel.Caught && sig == sigChld {
		k.DropSpares() // see spare.go
	}
	// A signal that comes between the two steps is noted if either
	// disposition is Caught and sigNoted says so: set it first, clear it last.
	a := action(sig, d)
	if d == kernel.Caught {
		if sig != sigChld || k.watcher == nil { // else the watch has not been told of it
			atomic.AndUint64(&sigPending, ^uint64(bit(sig)))
		}
		k.setCaught(k.sig.caught | bit(sig))
	}
	if err := rtSigaction(sig, &a, nil); err != nil {
		return was, err
	}
	k.sig.ignored &^= bit(sig)
	if d != kernel.Caught {
		k.setCaught(k.sig.caught &^ bit(sig))
	}
	if d == kernel.Ignored {
		k.sig.ignored |= bit(sig)
	}
	return was, nil
}

// TakeSignals is kernel.Kernel's.
func (k *Kernel) TakeSignals() []kernel.Signal {
	if noted() == 0 {
		return nil
	}
	c := atomic.LoadUint64(&sigNoted)
	got := atomic.AndUint64(&sigPending, ^c) & c
	if chld := uint64(bit(sigChld)); k.watcher != nil && got&chld != 0 {
		k.watcher.ended = true
		got &= uint64(k.sig.caught)
	}
	sigs := make([]kernel.Signal, 0, bits.OnesCount64(got))
	for ; got != 0; got &= got - 1 {
		sigs = append(sigs, kernel.Signal(bits.TrailingZeros64(got)+1))
	}
	return sigs
}

// interrupted consumes an Interrupt, or says that a caught signal is pending.
func (k *Kernel) interrupted() bool {
	if k.interrupt.Load() != 0 && k.interrupt.Swap(0) != 0 {
		return true
	}
	return noted() != 0
}

// Kill is kernel.Kernel's.
func (k *Kernel) Kill(pid kernel.Pid, sig kernel.Signal) error {
	if sig < 0 || sig > maxSignal {
		return syscall.EINVAL
	}
	if pid == k.pid && sig > 0 && runtimeSignals&bit(sig) != 0 && sig != kernel.Signal(syscall.SIGURG) {
		k.Die(sig) // the runtime would print all goroutines and exit with 2
	}
	if pid == k.pid && sig > 0 && k.mask&bit(sig) == 0 {
		return raise(sig)
	}
	return syscall.Kill(int(pid), syscall.Signal(sig))
}

// raise sends a signal to this thread, so that it is delivered before the call
// returns, as POSIX has it for a process with one thread. Sent to the process,
// another thread of the Go runtime could take it, and this one run on meanwhile.
func raise(sig kernel.Signal) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return unix.Tgkill(unix.Getpid(), unix.Gettid(), syscall.Signal(sig))
}

// Die is kernel.Kernel's. A default action that does not kill (SIGCHLD, or any
// in the init process of a container) leaves an exit with the shell's code.
func (k *Kernel) Die(sig kernel.Signal) {
	k.DropSpares()
	runtime.LockOSThread()
	dfl := sigaction{handler: sigDfl}
	_ = rtSigaction(sig, &dfl, nil)
	none := sigset(0)
	rtSigprocmask(sigSetMask, &none, nil)
	_ = raise(sig)
	k.Exit(128 + int(sig))
}

// Notify is kernel.Kernel's. The signal handler itself sets the bit.
func (k *Kernel) Notify(word *atomic.Uint32, bit uint32) {
	sigWordBit = bit
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&sigWord)), unsafe.Pointer(word))
	if word != nil && (k.interrupt.Load() != 0 || noted() != 0) {
		word.Or(bit)
	}
}

// Interrupt is kernel.Kernel's.
func (k *Kernel) Interrupt() {
	k.interrupt.Store(1)
	if w := (*atomic.Uint32)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&sigWord)))); w != nil {
		w.Or(sigWordBit)
	}
	writeOne(int(wakeFd))
}

func writeOne(fd int) {
	if fd >= 0 {
		unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&one)), 8)
	}
}

// Alarm is kernel.Kernel's.
func (k *Kernel) Alarm(d time.Duration) (time.Duration, error) {
	if d < 0 {
		return 0, syscall.EINVAL
	}
	if d > 0 && d < time.Microsecond {
		d = time.Microsecond // below its grain setitimer would cancel
	}
	old, err := unix.Setitimer(unix.ITIMER_REAL, unix.Itimerval{Value: unix.NsecToTimeval(int64(d))})
	return time.Duration(old.Value.Nano()), err
}
