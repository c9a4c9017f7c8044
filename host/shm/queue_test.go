package shm

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"mpstar/host/kernel"
)

// A store gives a process a place for messages, and may kill it at any call of the system.
type store struct {
	process
	*pages
	calls   *int
	crashAt int // the call at which the process is killed; 0: never
}

// pages are the memory of a store, by page number.
type pages struct {
	mu    sync.Mutex
	pages map[int64]*[pageSize]byte
}

const pageSize = 4096

func newPages() *pages { return &pages{pages: map[int64]*[pageSize]byte{}} }

// at returns the memory at an offset, up to the end of its page.
func (m *pages) at(offset int64) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	page := m.pages[offset/pageSize]
	if page == nil {
		page = new([pageSize]byte)
		m.pages[offset/pageSize] = page
	}
	return page[offset%pageSize:]
}

// killed is what a process panics with when it is killed.
type killed struct{}

func (s store) call() {
	if *s.calls++; *s.calls == s.crashAt {
		s.kill(s.self)
		panic(killed{})
	}
}

func (s store) ReadShared(p []byte, offset int64) error {
	s.call()
	for len(p) > 0 {
		n := copy(p, s.at(offset))
		p, offset = p[n:], offset+int64(n)
	}
	return nil
}

// WriteShared may be killed after half of it.
func (s store) WriteShared(p []byte, offset int64) error {
	half := len(p) / 2
	s.write(p[:half], offset)
	s.call()
	s.write(p[half:], offset+int64(half))
	s.call()
	return nil
}

func (s store) write(p []byte, offset int64) {
	for len(p) > 0 {
		n := copy(s.at(offset), p)
		p, offset = p[n:], offset+int64(n)
	}
}

func (s store) FreeShared(offset, n int64) error {
	s.call()
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	for page := offset / pageSize; page < (offset+n)/pageSize; page++ {
		delete(s.pages.pages, page)
	}
	return nil
}

func (s store) WakeWord(word *atomic.Uint32, n int) {
	s.call()
	s.process.WakeWord(word, n)
}

func newStore(w *world, data *pages, self kernel.Holder, crashAt int) store {
	return store{w.process(self), data, new(int), crashAt}
}

func put(t *testing.T, s store, id ID, text string) {
	t.Helper()
	if ok, err := QueueOf(s, id).Put([]byte(text), Forever); !ok || err != nil {
		t.Fatalf("put %s: %t, %v", text, ok, err)
	}
}

func get(t *testing.T, s store, id ID) string {
	t.Helper()
	m, err := QueueOf(s, id).Get(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func TestQueue(t *testing.T) {
	w, data := newWorld(), newPages()
	s := newStore(w, data, 1, 0)
	id, err := NewQueue(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	q := QueueOf(s, id)
	for round := range 3 {
		put(t, s, id, fmt.Sprint("a", round))
		put(t, s, id, "")
		if ok, _ := q.Put([]byte("c"), 0); ok || !q.Full() || q.Len() != 2 {
			t.Errorf("a third message in a queue for two: %d", q.Len())
		}
		if m := get(t, s, id); m != fmt.Sprint("a", round) {
			t.Errorf("got %q", m)
		}
		if m, err := q.Get(0, nil); m == nil || len(m) != 0 || err != nil {
			t.Errorf("got %v, %v for an empty message", m, err)
		}
		if m, err := q.Get(0, nil); m != nil || err != nil {
			t.Errorf("got %v, %v from an empty queue", m, err)
		}
	}
	put(t, s, id, "claimed")
	if held, err := q.Holds([]byte("clai")); !held || err != nil {
		t.Errorf("a message is not found: %v", err)
	}
	claim := ""
	if _, err := q.Get(0, func(m []byte) { claim = string(m) + fmt.Sprint(q.Len()) }); err != nil || claim != "claimed1" {
		t.Errorf("claimed %q, %v", claim, err)
	}
	if held, err := q.Holds([]byte("clai")); held || err != nil {
		t.Errorf("a message that was taken is found: %v", err)
	}
	for range 7 {
		if !q.Done() {
			t.Error("seven messages were put")
		}
	}
	if q.Done() {
		t.Error("done with an eighth")
	}
	if err := q.Join(); err != nil {
		t.Error(err)
	}
}

// TestQueueFrees: what was taken takes no memory any more.
func TestQueueFrees(t *testing.T) {
	w, data := newWorld(), newPages()
	s := newStore(w, data, 1, 0)
	id, err := NewQueue(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	big := string(make([]byte, freeGrain/2))
	for range 5 {
		put(t, s, id, big)
	}
	for range 5 {
		get(t, s, id)
	}
	if left := len(data.pages); left > 1 {
		t.Errorf("%d pages are left", left)
	}
}

// TestQueueCrash kills a process at each call of the system in turn, while it
// puts and takes. Then another one finds each message that was put exactly
// once, but for those that the killed one had taken.
func TestQueueCrash(t *testing.T) {
	for crashAt := 1; ; crashAt++ {
		w, data := newWorld(), newPages()
		alive := newStore(w, data, 1, 0)
		id, err := NewQueue(alive, 0)
		if err != nil {
			t.Fatal(err)
		}
		var sure, taken []string // messages that were put, and taken, before the crash
		doomed := newStore(w, data, 2, crashAt)
		crashed := func() (crashed bool) {
			defer func() {
				if r := recover(); r != nil {
					if _, ok := r.(killed); !ok {
						panic(r)
					}
					crashed = true
				}
			}()
			for i := range 6 {
				text := fmt.Sprint("message ", i)
				put(t, doomed, id, text)
				sure = append(sure, text)
				if i%2 == 1 {
					taken = append(taken, get(t, doomed, id))
				}
			}
			return false
		}()
		checkAfterCrash(t, alive, id, crashAt, sure, taken)
		if !crashed {
			t.Logf("killed at %d calls", crashAt-1)
			return
		}
	}
}

// checkAfterCrash: what is left are the messages in their order, beginning with the first
// that was not taken or with the one after it, which may have been taken when the crash came; at the
// end there may be one more than those whose Put returned.
func checkAfterCrash(t *testing.T, s store, id ID, crashAt int, sure, taken []string) {
	t.Helper()
	put(t, s, id, "the last")
	n := QueueOf(s, id).Len()
	var left []string
	for m := get(t, s, id); m != ""; m = get(t, s, id) {
		left = append(left, m)
	}
	if n != len(left) {
		t.Errorf("killed at call %d: %d messages, said to be %d", crashAt, len(left), n)
	}
	if left[len(left)-1] != "the last" {
		t.Errorf("killed at call %d: %q", crashAt, left)
	}
	left = left[:len(left)-1]
	next := len(taken)
	if len(left) > 0 && left[0] == fmt.Sprint("message ", next+1) {
		next++ // taken by the killed one
	}
	for _, m := range left {
		if m != fmt.Sprint("message ", next) {
			t.Fatalf("killed at call %d: %q after %q were taken", crashAt, left, taken)
		}
		next++
	}
	if next < len(sure) && !(len(left) == 0 && next+1 == len(sure)) || next > len(sure)+1 {
		t.Errorf("killed at call %d: %d put, %d found or taken", crashAt, len(sure), next)
	}
}
