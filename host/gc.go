package host

import (
	"os"
	"runtime"
	"runtime/debug"
)

// Scripts come and go with a heap that grows from nothing, and a forked one
// with the heap of its parent. Go's collector would begin at 4 MB and run at every
// doubling, which costs such a process more than it gives back.
const (
	youngHeap = 32 << 20 // bytes that a process may allocate before it collects for the first time
	minimumGC = 4 << 20  // Go's heap goal at GOGC=100 before the first collection (runtime/mgcpacer.go, defaultHeapMinimum)
	usualGC   = 200      // GOGC from then on
	unpacked  = 8        // bytes that a byte of an image becomes in memory, or less
)

// holdGC keeps the collector from running until startGC.
func holdGC() { debug.SetGCPercent(-1) }

// startGC makes the first collection wait until a process that began with an
// image of so many bytes, or none, has allocated as much again and youngHeap
// more. GOGC in the environment overrides all this.
func startGC(image int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	goal := 2*unpacked*image + youngHeap
	debug.SetGCPercent(goal / minimumGC * 100)
	runtime.SetFinalizer(&struct{ self *int }{}, func(any) { debug.SetGCPercent(usualGC) })
}
