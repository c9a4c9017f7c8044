// Package kernel is the interface between mpstar's builtins and whatever runs
// its processes, with the plain types that cross it.
//
// A Kernel belongs to one process and is that process's view of the system:
// who it is, its children, its descriptors, its signals, its clock. There are
// two behind the one interface: package unix runs operating-system processes;
// a simulated one runs many inside one. No builtin knows which it has.
//
// Invariants, which every implementation keeps:
//
//   - A call that may block returns ErrInterrupted as soon as a signal with
//     Caught disposition is pending, also if it came just before the call.
//     Nothing has happened then (no byte moved, no child reaped), so that the
//     interpreter runs the handlers and makes the call again: EINTR never
//     reaches a script (PEP 475).
//   - Errors are ErrInterrupted, ErrTooManyProcesses or a syscall.Errno, bare
//     or wrapped so that errors.As finds it.
//   - Descriptors that a process owns (0, 1, 2, those it was started with, those
//     its kernel made) arrive open in its children under the same numbers, and
//     no other descriptor of this program ever does.
//
// File names are not here: both kernels see the same file system, and builtins
// use package os for it.
package kernel

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// A Pid is a process id. In Wait and Kill the values below 1 have waitpid(2)'s
// and kill(2)'s meanings.
type Pid int

// An Fd is a descriptor number.
type Fd int

// A Signal is a signal number.
type Signal int

// A Status is what became of a child: the wait status of wait(2), encoded as
// Linux encodes it, so that the os.W* functions can take it apart.
type Status int

// Exited returns the exit status (0–255) of a child that exited.
func (s Status) Exited() (code int, ok bool) {
	ws := syscall.WaitStatus(s)
	return ws.ExitStatus(), ws.Exited()
}

// Signaled returns the signal that killed the child.
func (s Status) Signaled() (sig Signal, ok bool) {
	ws := syscall.WaitStatus(s)
	return Signal(ws.Signal()), ws.Signaled()
}

// A Holder names a process in shared memory: who holds a lock.
type Holder uint32

// A Wait says what a process waits for.
type Wait struct {
	For    WaitFor
	Object uint32 // its pid, descriptor or number in shared memory
}

// A WaitFor is a kind of things to wait for.
type WaitFor uint32

// What a process may wait for; or it runs.
const (
	ForNothing WaitFor = iota
	ForTime
	ForSignal
	ForChild
	ForInput
	ForOutput
	ForLock
	ForSemaphore
	ForEvent
	ForCondition
	ForBarrier
	ForMessage
	ForRoom
	ForTasks
	ForPool
)

var waitTexts = [...]string{
	ForNothing:   "running",
	ForTime:      "sleeping",
	ForSignal:    "waiting for a signal",
	ForChild:     "waiting for child %d",
	ForInput:     "waiting for input on descriptor %d",
	ForOutput:    "waiting to write to descriptor %d",
	ForLock:      "waiting for lock %d",
	ForSemaphore: "waiting for semaphore %d",
	ForEvent:     "waiting for event %d",
	ForCondition: "waiting for condition %d",
	ForBarrier:   "waiting at barrier %d",
	ForMessage:   "waiting for queue %d: get",
	ForRoom:      "waiting for queue %d: put",
	ForTasks:     "waiting for queue %d: join",
	ForPool:      "waiting for pool %d",
}

func (w Wait) String() string {
	if int(w.For) >= len(waitTexts) {
		return "waiting"
	}
	text := waitTexts[w.For]
	if w.For == ForChild && int32(w.Object) <= 0 {
		return "waiting for any child"
	}
	if !strings.Contains(text, "%") {
		return text
	}
	return fmt.Sprintf(text, w.Object)
}

// A WaitFlag changes what Wait does.
type WaitFlag int

// NoHang makes Wait return pid 0 at once when no child has ended; Untraced
// and Continued make it report stopped and continued children too.
const (
	NoHang    WaitFlag = syscall.WNOHANG
	Untraced  WaitFlag = syscall.WUNTRACED
	Continued WaitFlag = 0x8 // WCONTINUED, which package syscall lacks on some systems
)

// A Disposition is what a process does about a signal.
type Disposition uint8

// The dispositions: the system's default action; ignore it; note it, so that
// TakeSignals returns it.
const (
	Default Disposition = iota
	Ignored
	Caught
)

// PollEvents says what a descriptor is waited for, or ready for.
type PollEvents uint8

// PollIn: there is something to read, or the end. PollOut: there is room to write.
// A descriptor whose other end has gone is ready for whatever it is waited for.
const (
	PollIn PollEvents = 1 << iota
	PollOut
)

// A PollFd is a descriptor that Poll waits for.
type PollFd struct {
	Fd    Fd
	Want  PollEvents
	Ready PollEvents // written by Poll
}

// An Address is where a socket listens: a path, which if it begins with a zero byte is
// a name that no file system holds (unix(7), abstract); or, if Path is empty,
// a host's number and a port of TCP.
type Address struct {
	Path string
	Host [4]byte
	Port uint16
}

// ErrInterrupted is returned by a blocking call when a caught signal is pending.
var ErrInterrupted = errors.New("interrupted by a signal")

// ErrTooManyProcesses is returned by Fork at the limit on live processes in
// the tree (--max-procs). It stands for EAGAIN.
var ErrTooManyProcesses = errors.New("too many processes")

// A Kernel is one process's view of the system. Its methods may be called from
// one goroutine only, the interpreter's, except Interrupt.
type Kernel interface {
	// Getpid returns this process's id, Getppid its parent's as of now.
	Getpid() Pid
	Getppid() Pid

	// Fork starts a child process whose image is what write writes, and
	// returns its id. If write fails no process is made and its error is returned.
	Fork(write func(io.Writer) error) (Pid, error)

	// ForkMany starts n children, each with an image that a call of write has
	// written. It returns the ids of those that it could start, and why it could not start all.
	ForkMany(n int, write func(io.Writer) error) ([]Pid, error)

	// Wait waits as waitpid(2): for the child pid, for any child (-1), or for
	// a process group. With NoHang and no child ended it returns pid 0.
	Wait(pid Pid, flags WaitFlag) (Pid, Status, error)

	// WaitUntil waits for the child pid until the monotonic clock has reached
	// deadline, and then returns pid 0.
	WaitUntil(pid Pid, deadline time.Duration) (Pid, Status, error)

	// Kill sends a signal as kill(2).
	Kill(pid Pid, sig Signal) error

	// Exec makes this process run another program, as execve(2), which has the
	// descriptors that are inheritable. It returns only if it fails.
	Exec(path string, argv, env []string) error

	// Sessions and process groups are those of POSIX. Nice adds to the nice value of
	// the process and returns it.
	Setsid() (Pid, error)
	Getsid(pid Pid) (Pid, error)
	Setpgid(pid, group Pid) error
	Getpgid(pid Pid) (Pid, error)
	Nice(increment int) (int, error)

	// Exit ends this process, running nothing more of it. It does not return.
	Exit(code int)

	// Die ends this process by the default action of a signal, so that its
	// parent sees a death by that signal. It does not return.
	Die(sig Signal)

	// Time returns the wall clock, Monotonic a clock that only goes forward,
	// from an unspecified start that is the same for all processes of the tree.
	Time() time.Time
	Monotonic() time.Duration

	// Sleep blocks until the monotonic clock has reached deadline.
	Sleep(deadline time.Duration) error

	// Pause blocks until a caught signal is pending, and returns ErrInterrupted.
	Pause() error

	// SetSignal sets a signal's disposition and returns the one before.
	// It fails with EINVAL for a signal that does not exist or cannot be caught.
	SetSignal(sig Signal, d Disposition) (Disposition, error)

	// SignalDisposition returns a signal's disposition.
	SignalDisposition(sig Signal) (Disposition, error)

	// TakeSignals returns the caught signals that came since the last call, in
	// ascending order, each once, as CPython delivers them.
	TakeSignals() []Signal

	// Notify gives the word in which bits are set, at any moment and from any
	// thread, when a caught signal has come or Interrupt was called; at once if
	// that has happened already. There is one; nil removes it.
	Notify(word *atomic.Uint32, bits uint32)

	// Interrupt makes the blocking call under way, or the next one, return
	// ErrInterrupted. It may be called from any goroutine.
	Interrupt()

	// Alarm arranges for SIGALRM after d, as setitimer(2); 0 cancels. It
	// returns what was left of the alarm before.
	Alarm(d time.Duration) (time.Duration, error)

	// The descriptor calls are those of POSIX. Read and Write move at most
	// len(p) bytes; Read returns 0 and no error at the end. Write is one
	// write(2) and raises no SIGPIPE.
	Open(path string, flags int, mode uint32) (Fd, error)
	Read(fd Fd, p []byte) (int, error)
	Write(fd Fd, p []byte) (int, error)
	Close(fd Fd) error
	Pipe() (r, w Fd, err error)

	// Socketpair makes two descriptors of which each reads what is written to
	// the other, as bytes without boundaries (unix(7), SOCK_STREAM).
	Socketpair() (a, b Fd, err error)

	// SetRoom asks for so many bytes of room between the ends of a pipe. The system may
	// give less.
	SetRoom(fd Fd, n int)

	// Park leaves a copy of a descriptor in the keeping of the tree under a name that is not
	// in use (else EEXIST). Fetch returns another copy, and may remove it. What is not
	// removed is kept until the tree has ended.
	Park(name string, fd Fd) error
	Fetch(name string, remove bool) (Fd, error)

	// NewMemory returns a descriptor of memory of that size, zero at first. MapMemory
	// returns the memory itself, the same for all that have a descriptor of it.
	NewMemory(size int64) (Fd, error)
	MapMemory(fd Fd) ([]byte, error)
	UnmapMemory(mem []byte) error

	// Listen makes a socket to which as many may connect as backlog says before they are
	// accepted, Accept returns one who did, Connect connects.
	// LocalAddress is where a socket listens: the port that the system chose for port 0.
	Listen(at Address, backlog int) (Fd, error)
	Accept(listener Fd) (fd Fd, from Address, err error)
	Connect(to Address) (Fd, error)
	LocalAddress(fd Fd) (Address, error)

	// Poll waits until a descriptor is ready or the monotonic clock has reached
	// deadline, and returns how many are ready.
	Poll(fds []PollFd, deadline time.Duration) (int, error)

	// OpenProcess returns a descriptor that is ready to read once the process
	// pid, a child that nobody has waited for or the parent, has ended.
	OpenProcess(pid Pid) (Fd, error)

	// What Dup2 makes is inheritable, as are the descriptors that the tree was started with; what the
	// other calls make is not (PEP 446).
	Dup(fd Fd) (Fd, error)
	Dup2(from, to Fd) error
	SetInheritable(fd Fd, inheritable bool) error

	// System returns the operating system's descriptor behind one of this process, for
	// the calls on files that are not here, such as fstat(2).
	System(fd Fd) (int, error)

	Seek(fd Fd, offset int64, whence int) (int64, error)
	Isatty(fd Fd) bool

	// Shared returns memory that all processes of the tree have in common. It
	// was zero when the tree began. It is as long as the process lives, and far longer than
	// what memory there is: whoever wants to write to a range first has it reserved.
	Shared() []byte

	// ReserveShared sees to it that a range of Shared has memory, or returns an error
	// if there is not enough. FreeShared gives the memory of a
	// range back, as far as it is whole pages, which are zero from then on.
	ReserveShared(offset, n int) error
	FreeShared(offset, n int) error

	// SpinWord waits a moment for *word, which lies in Shared, to be something else than old, if
	// another processor may change it meanwhile. It is for waits that are likely to be
	// shorter than it takes to sleep and be woken.
	SpinWord(word *atomic.Uint32, old uint32)

	// WaitWord blocks while *word, which lies in Shared, is old: until somebody
	// calls WakeWord or the monotonic clock has reached deadline. It may
	// return early, so the caller looks again, and does so several times a
	// second, so that the caller may find out who has died.
	// What it waits for is shown to those who ask; of a lock, old is its holder.
	WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what Wait) error

	// WakeWord wakes n of those that wait for a word. It returns how many there were.
	WakeWord(word *atomic.Uint32, n int) int

	// Watch makes the process attend to a word, which lies in Shared, and to its
	// children, whatever it is doing: when somebody has changed the word and called
	// WakeWord, or a child has ended, Notify's bits are set and a blocking call
	// returns ErrInterrupted, as for a signal. There is one such word; nil ends the watch.
	Watch(word *atomic.Uint32)

	// TakeRing says whether the word was woken, or a child ended, since the last call.
	TakeRing() (woken, ended bool)

	// Self names this process in shared memory, as no other of the tree is
	// named while anybody could remember; it is not 0. Alive says whether a
	// process so named has not ended.
	Self() Holder
	Alive(h Holder) bool

	// SetName gives this process a name for others to see. Children begin with their parent's.
	SetName(name string)

	// Locate gives what tells where in the script this process is. It is asked when the
	// process is about to wait, for others to see.
	Locate(where func() (file string, line int))

	// CPUs returns how many processors this process may run on.
	CPUs() int
}
