package builtins

import (
	"encoding/binary"
	"math"
	"time"

	"mpstar/host/kernel"
	"mpstar/host/shm"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What module multiprocessing makes its locks, semaphores, events and values
// of: functions on the IDs of package shm, which are ints to a script and so
// travel by themselves. Deadlines are absolute, in seconds of the monotonic
// clock, so that a call that a signal interrupted can be made again as it stands.

var sharedRows = []row{
	{name: "deadline", sig: "(block, timeout)", fn: sharedDeadline, doc: "Return when a wait that begins now ends: at once without block, never if timeout is None."},
	{name: "lock", sig: "()", fn: newShared(4), doc: "Make a lock."},
	{name: "lock_acquire", sig: "(id, deadline)", fn: lockAcquire, doc: "Take a lock. Returns whether it has been taken."},
	{name: "lock_release", sig: "(id)", fn: lockRelease, doc: "Free a lock. Returns whether anybody held it."},
	{name: "lock_holder", sig: "(id)", fn: lockHolder, doc: "Return True if this process holds a lock, False if another does, None if nobody does."},
	{name: "semaphore", sig: "(value)", fn: newSemaphore, doc: "Make a semaphore."},
	{name: "semaphore_acquire", sig: "(id, deadline)", fn: semaphoreAcquire, doc: "Take one. Returns whether it has been taken."},
	{name: "semaphore_release", sig: "(id, most)", fn: semaphoreRelease, doc: "Give one back, unless there are most. Returns whether it was given."},
	{name: "semaphore_value", sig: "(id)", fn: semaphoreValue, doc: "Return how many can be taken."},
	{name: "event", sig: "()", fn: newShared(4), doc: "Make an event."},
	{name: "event_set", sig: "(id)", fn: eventSet, doc: "Set an event."},
	{name: "event_clear", sig: "(id)", fn: eventClear, doc: "Unset an event."},
	{name: "event_is_set", sig: "(id)", fn: eventIsSet, doc: "Tell whether an event is set."},
	{name: "event_wait", sig: "(id, deadline)", fn: eventWait, doc: "Wait for an event. Returns whether it is set."},
	{name: "memory", sig: "(size)", fn: newMemory, doc: "Make so many bytes of shared memory, all zero."},
	{name: "load", sig: "(id, typecode, index)", fn: memoryLoad, doc: "Return an element of shared memory that is an array of that type."},
	{name: "store", sig: "(id, typecode, index, value)", fn: memoryStore, doc: "Set an element of shared memory that is an array of that type."},
	{name: "self", sig: "()", fn: sharedSelf, doc: "Return the name that this process has in shared memory."},
	{name: "alive", sig: "(name)", fn: sharedAlive, doc: "Tell whether the process of that name lives."},
}

func sharedDeadline(p *vm.Process, a []vm.Value) (vm.Value, error) {
	block, err := p.Truth(a[0])
	if err != nil {
		return nil, err
	}
	timeout := math.Inf(1)
	if a[1] != starlark.None {
		if timeout, err = asFloat(a[1]); err != nil {
			return nil, err
		}
	}
	if !block {
		timeout = 0
	}
	return starlark.Float(p.Kernel.Monotonic().Seconds() + max(timeout, 0)), nil
}

// deadlineOf converts what sharedDeadline made.
func deadlineOf(v vm.Value) time.Duration {
	seconds, _ := v.(starlark.Float)
	if float64(seconds) > shm.Forever.Seconds()/2 {
		return shm.Forever
	}
	return time.Duration(float64(seconds) * float64(time.Second))
}

// sharedID converts an ID; a number that no object can have is an error.
func sharedID(p *vm.Process, v vm.Value) (shm.ID, error) {
	n, err := asInt(v)
	if err != nil || n <= 0 || n > math.MaxUint32 || shm.Bytes(p.Kernel, shm.ID(n), 1) == nil {
		return 0, vm.Raise(vm.ValueError, "there is no shared object %s", vm.Repr(v))
	}
	return shm.ID(n), nil
}

// newShared makes a function that makes an object of so many bytes.
func newShared(size int) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		id, err := shm.New(p.Kernel, size)
		if err != nil {
			return nil, vm.Raise(vm.OSError, "%v", err)
		}
		return starlark.MakeUint(uint(id)), nil
	}
}

func newMemory(p *vm.Process, a []vm.Value) (vm.Value, error) {
	size, err := asSmall(a[0])
	if err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, vm.Raise(vm.ValueError, "negative size")
	}
	return newShared(max(size, 1))(p, nil)
}

func newSemaphore(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := asSmall(a[0])
	if err != nil {
		return nil, err
	}
	if n < 0 || n > math.MaxInt32 {
		return nil, vm.Raise(vm.ValueError, "semaphore initial value must be from 0 to %d", math.MaxInt32)
	}
	id, err := newShared(4)(p, nil)
	if err != nil {
		return nil, err
	}
	shared, _ := sharedID(p, id)
	shm.SemaphoreOf(p.Kernel, shared).Set(uint32(n))
	return id, nil
}

// acquiring makes a body of a function that waits for an object until a deadline.
func acquiring(acquire func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error)) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		id, err := sharedID(p, a[0])
		if err != nil {
			return nil, err
		}
		ok, err := acquire(p, id, deadlineOf(a[1]))
		return starlark.Bool(ok), osError(err, "")
	}
}

// using makes a body of a function that does not wait.
func using(use func(p *vm.Process, id shm.ID) vm.Value) fn {
	return func(p *vm.Process, a []vm.Value) (vm.Value, error) {
		id, err := sharedID(p, a[0])
		if err != nil {
			return nil, err
		}
		return use(p, id), nil
	}
}

var (
	lockAcquire = acquiring(func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error) {
		return shm.LockOf(p.Kernel, id).Acquire(deadline)
	})
	semaphoreAcquire = acquiring(func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error) {
		return shm.SemaphoreOf(p.Kernel, id).Acquire(deadline)
	})
	eventWait = acquiring(func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error) {
		return shm.EventOf(p.Kernel, id).Wait(deadline)
	})

	lockRelease = using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.Bool(shm.LockOf(p.Kernel, id).Release())
	})
	lockHolder = using(func(p *vm.Process, id shm.ID) vm.Value {
		h := shm.LockOf(p.Kernel, id).Holder()
		if h == 0 {
			return starlark.None
		}
		return starlark.Bool(h == p.Kernel.Self())
	})
	semaphoreValue = using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.MakeUint(uint(shm.SemaphoreOf(p.Kernel, id).Value()))
	})
	eventSet = using(func(p *vm.Process, id shm.ID) vm.Value {
		shm.EventOf(p.Kernel, id).Set()
		return starlark.None
	})
	eventClear = using(func(p *vm.Process, id shm.ID) vm.Value {
		shm.EventOf(p.Kernel, id).Clear()
		return starlark.None
	})
	eventIsSet = using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.Bool(shm.EventOf(p.Kernel, id).IsSet())
	})
)

func semaphoreRelease(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	most, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	return starlark.Bool(shm.SemaphoreOf(p.Kernel, id).Release(uint32(most))), nil
}

func sharedSelf(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.MakeUint(uint(p.Kernel.Self())), nil
}

func sharedAlive(p *vm.Process, a []vm.Value) (vm.Value, error) {
	name, err := asInt(a[0])
	return starlark.Bool(p.Kernel.Alive(kernel.Holder(name))), err
}

// A typecode is an element type of Value and Array, as module array and
// struct of CPython name them.
type typecode struct {
	size int
	load func(b []byte) vm.Value
	// store takes what fits; ints are cut to the size, as ctypes cuts them.
	store func(b []byte, v vm.Value) error
}

var typecodes = map[string]typecode{
	"b": integral(1, true), "B": integral(1, false),
	"h": integral(2, true), "H": integral(2, false),
	"i": integral(4, true), "I": integral(4, false),
	"l": integral(8, true), "L": integral(8, false),
	"q": integral(8, true), "Q": integral(8, false),
	"f": {4, func(b []byte) vm.Value {
		return starlark.Float(math.Float32frombits(binary.NativeEndian.Uint32(b)))
	}, storeFloat(func(b []byte, f float64) {
		binary.NativeEndian.PutUint32(b, math.Float32bits(float32(f)))
	})},
	"d": {8, func(b []byte) vm.Value {
		return starlark.Float(math.Float64frombits(binary.NativeEndian.Uint64(b)))
	}, storeFloat(func(b []byte, f float64) {
		binary.NativeEndian.PutUint64(b, math.Float64bits(f))
	})},
	"c": {1, func(b []byte) vm.Value { return starlark.Bytes(b[:1]) }, storeChar},
}

func integral(size int, signed bool) typecode {
	load := func(b []byte) vm.Value {
		var word [8]byte
		copy(word[:], b[:size])
		u := binary.LittleEndian.Uint64(word[:])
		if !signed {
			return starlark.MakeUint64(u)
		}
		shift := 64 - 8*size
		return vm.MakeInt(int64(u<<shift) >> shift)
	}
	store := func(b []byte, v vm.Value) error {
		i, err := asInteger(v)
		if err != nil {
			return err
		}
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], lowBits(i))
		copy(b[:size], word[:])
		return nil
	}
	return typecode{size, load, store}
}

// lowBits returns the lowest 64 bits of an int in two's complement.
func lowBits(i starlark.Int) uint64 {
	if n, ok := i.Int64(); ok {
		return uint64(n)
	}
	n, _ := i.And(starlark.MakeUint64(math.MaxUint64)).Uint64()
	return n
}

func storeFloat(put func(b []byte, f float64)) func(b []byte, v vm.Value) error {
	return func(b []byte, v vm.Value) error {
		f, err := asFloat(v)
		if err != nil {
			return vm.Raise(vm.TypeError, "must be real number, not %s", vm.TypeName(v))
		}
		put(b, f)
		return nil
	}
}

func storeChar(b []byte, v vm.Value) error {
	if i, ok := v.(starlark.Int); ok {
		b[0] = byte(lowBits(i))
		return nil
	}
	s, ok := v.(starlark.Bytes)
	if !ok || len(s) != 1 {
		return vm.Raise(vm.TypeError, "one character bytes, bytearray or integer expected")
	}
	b[0] = s[0]
	return nil
}

// element finds the memory of an element.
func element(p *vm.Process, a []vm.Value) (typecode, []byte, error) {
	code, _ := starlark.AsString(a[1])
	t, ok := typecodes[code]
	if !ok {
		return t, nil, vm.Raise(vm.ValueError, "bad typecode (must be b, B, h, H, i, I, l, L, q, Q, f, d or c)")
	}
	id, err := sharedID(p, a[0])
	if err != nil {
		return t, nil, err
	}
	index, err := asInt(a[2])
	if err != nil {
		return t, nil, err
	}
	mem := shm.Bytes(p.Kernel, id, (index+1)*t.size)
	if index < 0 || mem == nil {
		return t, nil, vm.Raise(vm.IndexError, "invalid index")
	}
	return t, mem[index*t.size:], nil
}

func memoryLoad(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, mem, err := element(p, a)
	if err != nil {
		return nil, err
	}
	return t.load(mem), nil
}

func memoryStore(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, mem, err := element(p, a)
	if err != nil {
		return nil, err
	}
	return starlark.None, t.store(mem, a[3])
}
