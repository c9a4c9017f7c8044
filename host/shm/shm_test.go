package shm

import (
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"mpstar/host/kernel"
)

// A world is the memory of a tree whose processes are goroutines.
type world struct {
	mem  []byte
	mu   sync.Mutex
	cond *sync.Cond
	dead map[kernel.Holder]bool
	now  atomic.Int64

	pages map[int]bool // those that are reserved
	most  int          // how many may be; 0: any number
}

// worldSize leaves room for some thousand objects and some two thousand chunks.
const worldSize = 96 << 20

const pageSize = 4096

func newWorld() *world {
	w := &world{mem: make([]byte, worldSize), dead: map[kernel.Holder]bool{}, pages: map[int]bool{}}
	w.cond = sync.NewCond(&w.mu)
	return w
}

// A process is one process's view of a world.
type process struct {
	*world
	self kernel.Holder
}

func (w *world) process(self kernel.Holder) process { return process{w, self} }

func (p process) Shared() []byte           { return p.mem }
func (p process) Self() kernel.Holder      { return p.self }
func (p process) Monotonic() time.Duration { return time.Duration(p.now.Add(1)) }

func (p process) Alive(h kernel.Holder) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.dead[h]
}

func (p process) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if word.Load() == old && deadline == Forever {
		p.cond.Wait()
	}
	return nil
}

func (p process) ReserveShared(offset, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var fresh []int
	for page := offset / pageSize; page*pageSize < offset+n; page++ {
		if !p.pages[page] {
			fresh = append(fresh, page)
		}
	}
	if p.most != 0 && len(p.pages)+len(fresh) > p.most {
		return syscall.ENOMEM
	}
	for _, page := range fresh {
		p.pages[page] = true
	}
	return nil
}

func (p process) FreeShared(offset, n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for page := offset / pageSize; page < (offset+n)/pageSize; page++ {
		delete(p.pages, page)
	}
	clear(p.mem[offset : offset+n])
	return nil
}

func (p process) SpinWord(word *atomic.Uint32, old uint32) {}

func (p process) WakeWord(word *atomic.Uint32, n int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cond.Broadcast()
	return 0 // nobody knows
}

// kill makes a process dead, and has all who wait look again, as the kernel
// has them several times a second.
func (w *world) kill(h kernel.Holder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead[h] = true
	w.cond.Broadcast()
}

func newObject(t *testing.T, sys System) ID {
	t.Helper()
	id, err := New(sys, 4)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestNew(t *testing.T) {
	p := newWorld().process(1)
	a, b := newObject(t, p), newObject(t, p)
	if a == 0 || b != a+1 {
		t.Errorf("IDs %d, %d", a, b)
	}
	big, err := New(p, 3*cellSize+1)
	if err != nil || newObject(t, p) != big+4 {
		t.Errorf("an object of 3 cells and a byte: %v", err)
	}
	if _, err := New(p, len(p.mem)); err != ErrFull {
		t.Errorf("an object as large as all memory: %v", err)
	}
	if Bytes(p, 0, 1) != nil || Bytes(p, heapCell, 1) == nil || Bytes(p, ID(len(p.mem)/cellSize), 1) != nil || Bytes(p, a, len(p.mem)) != nil {
		t.Error("memory that is no object's")
	}
	if m := Bytes(p, big, 3*cellSize+1); len(m) != 3*cellSize+1 {
		t.Errorf("%d bytes", len(m))
	}
}

// counted runs a function in several processes and checks that a counter that
// acquire and release guard loses nothing.
func counted(t *testing.T, w *world, acquire func(process) bool, release func(process)) {
	t.Helper()
	const processes, rounds = 4, 2000
	var wg sync.WaitGroup
	counter := 0
	for i := range processes {
		wg.Go(func() {
			p := w.process(kernel.Holder(i + 1))
			for range rounds {
				if !acquire(p) {
					t.Error("not acquired")
				}
				counter++
				release(p)
			}
		})
	}
	wg.Wait()
	if counter != processes*rounds {
		t.Errorf("the counter is %d", counter)
	}
}

func TestLock(t *testing.T) {
	w := newWorld()
	id := newObject(t, w.process(1))
	counted(t, w, func(p process) bool {
		ok, err := LockOf(p, id).Acquire(Forever)
		return ok && err == nil
	}, func(p process) { LockOf(p, id).Release() })

	a, b := LockOf(w.process(1), id), LockOf(w.process(2), id)
	if ok, _ := a.Acquire(0); !ok || a.Holder() != 1 {
		t.Error("a free lock is not taken")
	}
	if ok, _ := b.Acquire(100); ok {
		t.Error("a lock that is held is taken")
	}
	if !b.Release() || a.Release() || a.Holder() != 0 {
		t.Error("anybody may release a lock, once")
	}
}

// TestLockOfTheDead: of those that wait for the lock of a process that is
// killed, exactly one has it.
func TestLockOfTheDead(t *testing.T) {
	w := newWorld()
	id := newObject(t, w.process(1))
	if ok, _ := LockOf(w.process(1), id).Acquire(0); !ok {
		t.Fatal("not acquired")
	}
	var have atomic.Int32
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			l := LockOf(w.process(kernel.Holder(i+2)), id)
			if ok, err := l.Acquire(Forever); !ok || err != nil {
				t.Error(ok, err)
			}
			if have.Add(1) != 1 {
				t.Error("two hold the lock")
			}
			have.Add(-1)
			l.Release()
		})
	}
	w.kill(1)
	wg.Wait()
}

func TestSemaphore(t *testing.T) {
	w := newWorld()
	id := newObject(t, w.process(1))
	s := SemaphoreOf(w.process(1), id)
	s.Set(1)
	counted(t, w, func(p process) bool {
		ok, err := SemaphoreOf(p, id).Acquire(Forever)
		return ok && err == nil
	}, func(p process) { SemaphoreOf(p, id).Release(1) })
	if s.Value() != 1 || s.Release(1) {
		t.Errorf("the value is %d, and can be more than 1", s.Value())
	}
	if ok, _ := s.Acquire(0); !ok {
		t.Error("not acquired")
	}
	if ok, _ := s.Acquire(100); ok {
		t.Error("acquired twice")
	}
}

func TestEvent(t *testing.T) {
	w := newWorld()
	id := newObject(t, w.process(1))
	e := EventOf(w.process(1), id)
	if ok, _ := e.Wait(100); ok || e.IsSet() {
		t.Error("set at first")
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			if ok, err := EventOf(w.process(kernel.Holder(i+2)), id).Wait(Forever); !ok || err != nil {
				t.Error(ok, err)
			}
		})
	}
	e.Set()
	wg.Wait()
	e.Clear()
	if e.IsSet() {
		t.Error("still set")
	}
}

// A counting process counts what it asks the system for.
type counting struct {
	process
	calls *int
}

func (c counting) ReserveShared(offset, n int) error {
	*c.calls++
	return c.process.ReserveShared(offset, n)
}

func (c counting) FreeShared(offset, n int) error {
	*c.calls++
	return c.process.FreeShared(offset, n)
}

func (c counting) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error {
	*c.calls++
	return c.process.WaitWord(word, old, deadline, what)
}

func (c counting) WakeWord(word *atomic.Uint32, n int) int {
	*c.calls++
	return c.process.WakeWord(word, n)
}

func (c counting) Alive(h kernel.Holder) bool {
	*c.calls++
	return c.process.Alive(h)
}

func (c counting) Monotonic() time.Duration {
	*c.calls++
	return c.process.Monotonic()
}

// TestNoSystemCall: where nobody has to wait nothing calls the system, once
// the memory that is used again and again has been reserved.
func TestNoSystemCall(t *testing.T) {
	c := counting{newWorld().process(1), new(int)}
	lock, event := newObject(t, c), newObject(t, c)
	semaphore, queue := newObject(t, c), must(NewQueue(c, 10))
	message := make([]byte, chunkSize/2)
	round := func() {
		LockOf(c, lock).Acquire(Forever)
		LockOf(c, lock).Release()
		SemaphoreOf(c, semaphore).Release(1)
		SemaphoreOf(c, semaphore).Acquire(Forever)
		EventOf(c, event).Set()
		EventOf(c, event).Wait(Forever)
		for n := range 8 {
			QueueOf(c, queue).Put(Forever, message[:n*len(message)/7])
		}
		for range 8 {
			QueueOf(c, queue).Get(Forever, nil)
			QueueOf(c, queue).Done()
		}
	}
	for range 10 {
		round()
	}
	*c.calls = 0
	for range 100 {
		round()
	}
	if *c.calls != 0 {
		t.Errorf("%d calls of the system", *c.calls)
	}
}
