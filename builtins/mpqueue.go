package builtins

import (
	"errors"
	"math"
	"sync/atomic"
	"syscall"
	"time"

	"mpstar/host/image"
	"mpstar/host/shm"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The queues of module multiprocessing, as functions on their IDs: see shared.go.

var queueRows = []row{
	{name: "queue", sig: "(maxsize)", fn: newQueue, doc: "Make a queue for maxsize items, or any number if that is 0."},
	{name: "put", sig: "(self, obj, block=True, timeout=None)", raw: quick("_put", 1, quickPut), binds: true, doc: "Queue.put: add an item without a time limit, or leave it to self._put."},
	{name: "get", sig: "(self, block=True, timeout=None)", raw: quick("_get", 0, quickGet), binds: true, doc: "Queue.get: take an item without a time limit, or leave it to self._get."},
	{name: "queue_put", sig: "(id, item, deadline)", fn: queuePut, doc: "Add an item. Returns whether there was room for it."},
	{name: "queue_get", sig: "(id, deadline)", fn: queueGet, doc: "Take the first item. Returns a tuple of it, or None if there was none."},
	{name: "queue_len", sig: "(id)", fn: onQueue(func(q shm.Queue) vm.Value { return starlark.MakeInt(q.Len()) }), doc: "Return how many items there are."},
	{name: "queue_full", sig: "(id)", fn: onQueue(func(q shm.Queue) vm.Value { return starlark.Bool(q.Full()) }), doc: "Tell whether there is no room."},
	{name: "queue_done", sig: "(id)", fn: onQueue(func(q shm.Queue) vm.Value { return starlark.Bool(q.Done()) }), doc: "Say that an item has been dealt with. Returns whether there was one."},
	{name: "queue_join", sig: "(id)", fn: queueJoin, doc: "Wait until all items have been dealt with."},
}

func newQueue(p *vm.Process, a []vm.Value) (vm.Value, error) {
	most, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	if most < 0 || most > math.MaxInt32 {
		return nil, vm.Raise(vm.ValueError, "maxsize must be from 0 to %d", math.MaxInt32)
	}
	return objectID(shm.NewQueue(p.Kernel, uint32(most)))
}

// quick makes a method of a class of the script that does its most frequent
// call itself, which has so many arguments besides self and an object that is not closed, and leaves the
// others, and all errors, to a method of the script.
func quick(general string, arguments int, do quickFn) nativeFn {
	var slots quickSlots
	return func(p *vm.Process, a []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if len(a) == 0 {
			return nil, vm.Raise(vm.TypeError, "unbound method needs an argument")
		}
		if o, ok := a[0].(*vm.Instance); ok && len(a) == arguments+1 && len(kwargs) == 0 {
			if id, open := slots.find(p, o); open {
				if v, err := do(p, id, a); err != notQuick {
					return v, err
				}
			}
		}
		method, err := p.GetAttr(a[0], general)
		if err != nil {
			return nil, err
		}
		return p.Tail(method, a[1:], kwargs)
	}
}

// quickSlots remember where instances of one shape have their _id and _closed.
type quickSlots struct{ last atomic.Pointer[quickShape] }

type quickShape struct {
	shape      *vm.Shape
	id, closed int // -1: not there
}

// find returns the ID of an object, unless it has none or is closed.
func (q *quickSlots) find(p *vm.Process, o *vm.Instance) (id shm.ID, open bool) {
	s := q.last.Load()
	if s == nil || s.shape != o.Shape {
		s = &quickShape{o.Shape, o.Shape.Index("_id"), o.Shape.Index("_closed")}
		q.last.Store(s)
	}
	if s.id < 0 || s.closed >= 0 && o.Slots[s.closed] == vm.Value(starlark.True) {
		return 0, false
	}
	id, err := sharedID(p, o.Slots[s.id])
	return id, err == nil
}

// A quickFn is the body of such a method: a[0] is self. It may return notQuick.
type quickFn = func(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error)

var notQuick = errors.New("for the script's method")

func quickPut(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error) {
	_, err := putItem(p, shm.QueueOf(p.Kernel, id), a[1], shm.Forever)
	return none(err)
}

func quickGet(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error) {
	return getItem(p, shm.QueueOf(p.Kernel, id), shm.Forever)
}

func queueOf(p *vm.Process, v vm.Value) (shm.Queue, error) {
	id, err := sharedID(p, v)
	return shm.QueueOf(p.Kernel, id), err
}

// onQueue makes a body of a function that does not wait.
func onQueue(use func(q shm.Queue) vm.Value) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		q, err := queueOf(p, a[0])
		if err != nil {
			return nil, err
		}
		return use(q), nil
	}
}

func queuePut(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	ok, err := putItem(p, q, a[1], deadlineOf(a[2]))
	return starlark.Bool(ok), err
}

// mostBuffered is how large a buffer is kept for the next message.
const mostBuffered = 4 << 20

// putItem encodes an item and adds it behind its tag.
func putItem(p *vm.Process, q shm.Queue, item vm.Value, deadline time.Duration, tag ...byte) (bool, error) {
	buf, err := image.AppendMessage(p.Scratch[:0], p, item)
	if err != nil {
		return false, cannotSend(err)
	}
	if cap(buf) <= mostBuffered {
		p.Scratch = buf
	}
	ok, err := q.Put(deadline, tag, buf)
	if errors.Is(err, syscall.ENOMEM) || errors.Is(err, shm.ErrHeap) {
		return false, vm.Raise(vm.MemoryError, "no memory for a message of %d bytes", len(buf))
	}
	return ok, osError(err, "")
}

// cannotSend words the error for a value that has no place in a message.
func cannotSend(err error) error {
	var uncopyable *image.UncopyableError
	if errors.As(err, &uncopyable) {
		return vm.Raise(vm.TypeError, "%s", uncopyable)
	}
	return err
}

func queueGet(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	v, err := getItem(p, q, deadlineOf(a[1]))
	if v == nil || err != nil {
		return starlark.None, err
	}
	return starlark.Tuple{v}, nil
}

// getItem takes the first item, or returns nil if there is none.
func getItem(p *vm.Process, q shm.Queue, deadline time.Duration) (vm.Value, error) {
	message, err := q.Get(deadline, nil)
	if message == nil || err != nil {
		return nil, osError(err, "")
	}
	return image.DecodeMessage(message, p)
}

func queueJoin(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	return none(osError(q.Join(), ""))
}
