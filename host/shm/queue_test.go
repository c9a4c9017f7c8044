package shm

import (
	"bytes"
	"errors"
	"fmt"
	"syscall"
	"testing"
)

func put(t *testing.T, s System, id ID, text string) {
	t.Helper()
	if ok, err := QueueOf(s, id).Put(Forever, []byte(text)); !ok || err != nil {
		t.Fatalf("put %s: %t, %v", text, ok, err)
	}
}

func get(t *testing.T, s System, id ID) string {
	t.Helper()
	m, err := QueueOf(s, id).Get(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

func TestQueue(t *testing.T) {
	s := newWorld().process(1)
	id, err := NewQueue(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	q := QueueOf(s, id)
	for round := range 3 {
		put(t, s, id, fmt.Sprint("a", round))
		put(t, s, id, "")
		if ok, _ := q.Put(0, []byte("c")); ok || !q.Full() || q.Len() != 2 {
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

// owned counts the chunks of the heap that an object has.
func owned(sys System, id ID) int {
	h, n := heap{sys}, 0
	for c := range int(h.word(3).load()) {
		if h.owner(c).load() == uint32(id) {
			n++
		}
	}
	return n
}

// TestQueueChunks: messages of any length come through, and what was taken
// leaves the queue no more than one chunk.
func TestQueueChunks(t *testing.T) {
	s := newWorld().process(1)
	id, err := NewQueue(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	q := QueueOf(s, id)
	var lengths []int
	for n := range 500 {
		lengths = append(lengths, n)
	}
	lengths = append(lengths, chunkSize-2*linkSize-1, chunkSize-2*linkSize, chunkSize, 10*chunkSize+3)
	message := func(n int) []byte { return bytes.Repeat([]byte{byte(n), byte(n >> 8), 1}, n/3+1)[:n] }
	for range 2 {
		for _, n := range lengths {
			m := message(n)
			if ok, err := q.Put(Forever, m[:n/2], m[n/2:]); !ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if q.Len() != len(lengths) {
			t.Errorf("%d messages", q.Len())
		}
		for _, n := range lengths {
			if m, err := q.Get(0, nil); !bytes.Equal(m, message(n)) || err != nil {
				t.Fatalf("got %d bytes of %d, %v", len(m), n, err)
			}
		}
		if n := owned(s, id); n > 1 {
			t.Errorf("an empty queue has %d chunks", n)
		}
	}
}

// TestQueueMemory: where there is no memory a put fails and leaves all as it was; what
// is taken gives its memory back.
func TestQueueMemory(t *testing.T) {
	w := newWorld()
	s := w.process(1)
	id, err := NewQueue(s, 0)
	if err != nil {
		t.Fatal(err)
	}
	q := QueueOf(s, id)
	put(t, s, id, "first")
	w.most = len(w.pages) + 20*chunkSize/pageSize
	big := make([]byte, 8*chunkSize)
	for range 2 {
		if ok, err := q.Put(Forever, big); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	had := owned(s, id)
	if had < 2*8 {
		t.Errorf("%d chunks for messages of 16", had)
	}
	for range 2 {
		if _, err := q.Put(Forever, big); !errors.Is(err, syscall.ENOMEM) {
			t.Errorf("there is no memory for a third one: %v", err)
		}
	}
	if owned(s, id) != had || q.Len() != 3 {
		t.Errorf("%d messages, %d chunks instead of %d", q.Len(), owned(s, id), had)
	}
	put(t, s, id, "last")
	w.most = 0
	var longs int
	for longs = 0; longs < 2*maxReady/8; longs++ {
		if _, err := q.Put(Forever, big); err != nil {
			break
		}
	}
	reserved := len(w.pages)
	if got := get(t, s, id); got != "first" {
		t.Errorf("got %.9q", got)
	}
	for range longs + 2 {
		get(t, s, id)
	}
	if left, most := len(w.pages), (maxReady+3)*chunkSize/pageSize+100; reserved < most || left > most {
		t.Errorf("of %d pages %d are left", reserved, left)
	}
}

// TestQueueFull: messages may fill the memory.
func TestQueueFull(t *testing.T) {
	s := newWorld().process(1)
	id, _ := NewQueue(s, 0)
	big := make([]byte, worldSize/10)
	n := 0
	var err error
	for ; err == nil; n++ {
		_, err = QueueOf(s, id).Put(Forever, big)
	}
	if !errors.Is(err, ErrHeap) || n < 6 {
		t.Errorf("message %d: %v", n, err)
	}
	for range n - 1 {
		if m := get(t, s, id); len(m) != len(big) {
			t.Fatalf("got %d bytes", len(m))
		}
	}
}
