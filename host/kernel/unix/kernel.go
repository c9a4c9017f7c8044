//go:build linux && (amd64 || arm64)

package unix

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// A Kernel is the real kernel of this process. Its fields belong to the
// interpreter's goroutine, except the atomic ones.
type Kernel struct {
	pid      kernel.Pid
	children []kernel.Pid // made by Fork and not reaped, oldest first
	fds      fdTable      // the script's descriptors
	sig      signals
	mask     sigset   // signals that the tree's starter left blocked
	guard    sigset   // signals that are caught only during a prompt; see prompt.go
	group    int      // a child's process group when it began; not kept up to date
	spares   []*blank // processes started ahead of need, oldest first
	refill   bool     // start spares before this process sleeps
	slowPoll bool     // the last Poll had to sleep for long; see rw.go
	forks    int      // how many Forks have succeeded
	comm     string   // the name in /proc/self/comm, which children get too

	table  *table
	lot    int    // descriptors on their way; see lot.go
	rounds int    // how often this process has looked through the lot
	slotFd int    // the description that holds our slot's lock
	slot   int    // its number
	seen   uint64 // the last limit epoch this process has seen; inherited

	where func() (file string, line int) // where in the script it is, or nil
	file  string                         // what where said last

	interrupt atomic.Uint32
	watcher   *watcher // of Watch, or nil

	unchecked int // bytes reserved since checkMemory looked
	spins     int // how long it has helped to spin lately, in looks
	waitsSpun int // how many waits began with spinning

	mapped []byte // the memory of the image this process was made from, or nil
}

var _ kernel.Kernel = (*Kernel)(nil)

// Options configure Start.
type Options struct {
	MaxProcs int // limit of live processes in the tree; 0 means DefaultMaxProcs
}

// DefaultMaxProcs is the limit of live processes unless told.
const DefaultMaxProcs = 512

// claimed is set while this process has a Kernel: signal dispositions, and the
// descriptors a script was started with, exist once in a process.
var claimed atomic.Bool

// adoptable is set once Adopt was called. In a program that does not call it every child would
// be one more root, which runs the whole program again: a fork bomb.
var adoptable atomic.Bool

var (
	errClaimed   = errors.New("unix: this process has a kernel already")
	errAdoptable = errors.New("unix: Start without Adopt first thing in main")
)

// Start makes the kernel of a process that a user started, the root of a tree.
// It takes over the process's signal dispositions until Release.
func Start(o Options) (*Kernel, error) {
	if o.MaxProcs == 0 {
		o.MaxProcs = DefaultMaxProcs
	}
	if o.MaxProcs < 1 || o.MaxProcs > maxSlots {
		return nil, fmt.Errorf("unix: limit of %d processes", o.MaxProcs)
	}
	if !adoptable.Load() {
		return nil, errAdoptable
	}
	if !claimed.CompareAndSwap(false, true) {
		return nil, errClaimed
	}
	k := &Kernel{pid: kernel.Pid(os.Getpid()), slotFd: -1, lot: -1}
	if err := k.start(o.MaxProcs); err != nil {
		k.release()
		return nil, fmt.Errorf("unix: start: %w", err)
	}
	return k, nil
}

func (k *Kernel) start(maxProcs int) (err error) {
	if err := k.fds.adoptInherited(); err != nil {
		return err
	}
	free := reserveLow()
	defer free()
	if err := openWake(); err != nil {
		return err
	}
	if k.table, err = newTable(maxProcs); err != nil {
		return err
	}
	if k.slotFd, k.slot, _, err = k.table.take(); err != nil {
		return err
	}
	if k.lot, err = openLot(); err != nil {
		return err
	}
	if k.comm, err = readComm(); err != nil {
		return err
	}
	k.SetName("MainProcess")
	k.table.enter(k.slot, k.pid, k.Getppid())
	rtSigprocmask(sigBlock, nil, &k.mask)
	k.install(0, inheritedIgnored()|setOf(syscall.SIGPIPE)) // CPython ignores SIGPIPE
	return nil
}

// openWake makes the Go runtime's poller and our eventfd, in the high numbers
// while reserveLow holds the low ones. Starting a timer initialises the poller
// (runtime/time.go, maybeAdd).
func openWake() error {
	time.AfterFunc(time.Hour, func() {}).Stop()
	fd, err := internalFd(unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK))
	if err != nil {
		return err
	}
	atomic.StoreInt32(&wakeFd, int32(fd))
	return nil
}

// Release gives signals and descriptors of this package back to an embedding
// program that goes on without a kernel. Children live on. A script's end is
// Exit or Die, which need no Release.
func (k *Kernel) Release() {
	k.DropSpares()
	k.Watch(nil)
	k.Notify(nil, 0)
	k.uninstall()
	k.release()
}

func (k *Kernel) release() {
	if fd := atomic.SwapInt32(&wakeFd, -1); fd >= 0 {
		unix.Close(int(fd))
	}
	if k.slotFd >= 0 {
		unix.Close(k.slotFd)
	}
	if k.lot >= 0 {
		unix.Close(k.lot)
	}
	if k.table != nil {
		k.table.close()
	}
	k.ReleaseImage()
	claimed.Store(false)
}

// Getpid is kernel.Kernel's.
func (k *Kernel) Getpid() kernel.Pid { return k.pid }

// Getppid is kernel.Kernel's.
func (k *Kernel) Getppid() kernel.Pid { return kernel.Pid(os.Getppid()) }

// Exit is kernel.Kernel's: exit_group(2), with no Go code run.
func (k *Kernel) Exit(code int) {
	k.DropSpares() // else it would be init's zombie for a moment
	exitGroup(code)
}

func exitGroup(code int) {
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(code&0xff), 0, 0)
	}
}

// CPUs is kernel.Kernel's: the processors of sched_getaffinity(2).
func (k *Kernel) CPUs() int { return runtime.NumCPU() }

func readComm() (string, error) {
	if unix.Gettid() == os.Getpid() {
		var name [16]byte
		err := unix.Prctl(unix.PR_GET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
		return unix.ByteSliceToString(name[:]), err
	}
	b, err := os.ReadFile("/proc/self/comm")
	return strings.TrimSuffix(string(b), "\n"), err
}
