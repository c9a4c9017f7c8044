//go:build linux && (amd64 || arm64)

package unix

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A watcher attends to a word of shared memory on behalf of the interpreter,
// which may be computing or blocked: a goroutine that sleeps in futex(2), on a
// thread of its own, and interrupts. That children end it need not watch, for SIGCHLD
// tells: during a watch its handler interrupts too.
//
// The goroutine belongs to the Kernel, and has ended when Watch(nil) returns. A
// child has none until it calls Watch itself.
type watcher struct {
	word  *atomic.Uint32
	stop  atomic.Bool
	done  chan struct{} // closed when the goroutine has ended
	woken atomic.Bool   // set by the goroutine, taken by TakeRing
	ended bool          // the same for children; set by TakeSignals
}

// Watch is kernel.Kernel's.
func (k *Kernel) Watch(word *atomic.Uint32) {
	if w := k.watcher; w != nil {
		w.stop.Store(true)
		w.word.Add(1) // or the goroutine could look at stop just before, and sleep
		k.WakeWord(w.word, all)
		<-w.done
	}
	k.watcher = nil
	if word != nil {
		k.watcher = &watcher{word: word, done: make(chan struct{})}
		go k.watch(k.watcher, word.Load())
	}
	k.setCaught(k.sig.caught)
}

// all is how many to wake so that nobody is left.
const all = 1<<31 - 1

func (k *Kernel) watch(w *watcher, seen uint32) {
	defer close(w.done)
	for !w.stop.Load() {
		_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w.word)), futexWait, uintptr(seen), 0, 0, 0)
		if now := w.word.Load(); now != seen && !w.stop.Load() {
			seen = now
			w.woken.Store(true)
			k.Interrupt()
		}
	}
}

// TakeRing is kernel.Kernel's.
func (k *Kernel) TakeRing() (woken, ended bool) {
	w := k.watcher
	if w == nil {
		return false, false
	}
	ended, w.ended = w.ended, false
	return w.woken.Swap(false), ended
}
