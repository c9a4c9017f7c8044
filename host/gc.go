package host

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"weak"

	"mpstar/host/vm"
)

// Scripts come and go with a heap that grows from nothing, and a forked one
// with the heap of its parent. Go's collector would begin at 4 MB and run at every
// doubling, which costs such a process more than it gives back: a script with
// little alive that makes floats or strings all the time would be collected a hundred times a second.
//
// So there is a ballast that the collector believes to be alive, which is never touched and so
// never resident: at GOGC=200 a process allocates twice its size, and twice what is
// alive, between two collections. [without it, and 8 MB from one collection to the next: Mandelbrot +42 %, comprehensions +36 %,
// string building and sets +18 % of processor time] It is made at the first collection, which a short life never
// comes to: up to there the goal alone does. [30 µs]
const (
	ballastSize = 16 << 20
	youngHeap   = 2 * ballastSize // bytes that a process may allocate before it collects for the first time
	minimumGC   = 4 << 20         // Go's heap goal at GOGC=100 before the first collection (runtime/mgcpacer.go, defaultHeapMinimum)
	usualGC     = 200             // GOGC from then on
	unpacked    = 8               // bytes that a byte of an image becomes in memory, or less
)

// ballast keeps the collector's pace down; nobody reads it.
var ballast atomic.Pointer[[ballastSize]byte]

// holdGC keeps the collector from running until startGC.
func holdGC() { debug.SetGCPercent(-1) }

// startGC makes the first collection wait until a process that began with an
// image of so many bytes, or none, has allocated as much again and youngHeap
// more, and makes it work hard when the machine's memory comes to its end. GOGC in the environment overrides all this.
func startGC(image int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(machineMemory() / 4 * 3)
	}
	goal := 2*unpacked*image + youngHeap
	debug.SetGCPercent(goal / minimumGC * 100)
	runtime.SetFinalizer(&struct{ self *int }{}, func(any) {
		ballast.Store(new([ballastSize]byte))
		debug.SetGCPercent(usualGC)
	})
}

// watchHeap tells a process after each collection what is alive, so that a
// script that grows without end gets a MemoryError while there is memory to handle it with.
// It ends with the process.
func watchHeap(p *vm.Process) {
	p.Collect = func() int64 {
		runtime.GC()
		return liveHeap()
	}
	watch(weak.Make(p))
}

func watch(to weak.Pointer[vm.Process]) {
	runtime.SetFinalizer(&struct{ self *int }{}, func(any) {
		if p := to.Value(); p != nil {
			p.HeapIs(liveHeap())
			watch(to)
		}
	})
}

// liveHeap returns how many bytes the last collection found alive, but for the ballast.
func liveHeap() int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	n := int64(live[0].Value.Uint64())
	if ballast.Load() != nil {
		n = max(n-ballastSize, 0) // the collection that brought it has not counted it
	}
	return n
}

// machineMemory returns how many bytes this process could have at most: those of
// the machine, of the control group's limit or of the process's, whichever are least.
var machineMemory = sync.OnceValue(func() int64 {
	least := int64(math.MaxInt64)
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) == nil {
		least = int64(info.Totalram) * int64(info.Unit)
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil { // or "max"
			least = min(least, n)
		}
	}
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_AS, &r) == nil && r.Cur < 1<<62 {
		least = min(least, max(int64(r.Cur)-addressSpace(), 0)/2) // what is freed counts still
	}
	return least
})

// addressSpace returns how many bytes of it the process has taken: of them, the
// library keeps 4 GB for small ints (go.starlark.net/starlark/int_posix64.go).
func addressSpace() int64 {
	var pages int64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		_, _ = fmt.Sscan(string(text), &pages)
	}
	return pages * int64(os.Getpagesize())
}
