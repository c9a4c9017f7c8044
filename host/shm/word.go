package shm

import (
	"sync/atomic"
	"unsafe"
)

// Everything that changes in shared memory is changed through this file, one
// step at a time. A test that sets hook decides before each step which process
// goes on and which is killed there, and so explores the very code that runs
// in production, where hook is nil and costs a predicted branch.
var hook func()

func step() {
	if hook != nil {
		hook()
	}
}

// A word is what processes wait for and what they change by one instruction.
type word struct{ v atomic.Uint32 }

func (w *word) load() uint32                 { step(); return w.v.Load() }
func (w *word) store(n uint32)               { step(); w.v.Store(n) }
func (w *word) add(n uint32) uint32          { step(); return w.v.Add(n) }
func (w *word) swap(n uint32) uint32         { step(); return w.v.Swap(n) }
func (w *word) cas(old, changed uint32) bool { step(); return w.v.CompareAndSwap(old, changed) }

// A long is a word of 64 bits, which nobody waits for.
type long struct{ v atomic.Uint64 }

func (w *long) load() uint64   { step(); return w.v.Load() }
func (w *long) store(n uint64) { step(); w.v.Store(n) }

// move copies bytes that no other process looks at meanwhile.
func move(to, from []byte) int { step(); return copy(to, from) }

// wordAt returns the word at a byte offset, a multiple of 4; longAt the long at a multiple of 8.
func wordAt(mem []byte, offset int) *word { return (*word)(unsafe.Pointer(&mem[offset])) }
func longAt(mem []byte, offset int) *long { return (*long)(unsafe.Pointer(&mem[offset])) }
