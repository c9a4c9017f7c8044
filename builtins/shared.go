package builtins

import (
	"encoding/binary"
	"errors"
	"math"
	"syscall"
	"time"

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
	{name: "lock", sig: "()", fn: newShared(12), doc: "Make a lock."},
	{name: "lock_acquire", sig: "(id, deadline)", fn: lockAcquire, doc: "Take a lock. Returns whether it has been taken."},
	{name: "lock_release", sig: "(id)", fn: lockRelease, doc: "Free a lock. Returns whether anybody held it."},
	{name: "lock_holder", sig: "(id)", fn: lockHolder, doc: "Return True if this process holds a lock, False if another does, None if nobody does."},
	{name: "rlock_acquire", sig: "(id, deadline)", fn: rlockAcquire, doc: "Take a recursive lock once more. Returns whether it has been taken."},
	{name: "rlock_release", sig: "(id)", fn: rlockRelease, doc: "Give a recursive lock back once. Returns whether this process held it."},
	{name: "rlock_depth", sig: "(id)", fn: rlockDepth, doc: "Return how often this process holds a recursive lock."},
	{name: "acquire", sig: "(self, block=True, timeout=None)", raw: quick("_acquire", 0, quickLock(shm.LockOf)), binds: true, doc: "Take a lock without a time limit, or leave it to self._acquire."},
	{name: "release", sig: "(self)", raw: quick("_release", 0, quickUnlock(shm.LockOf)), binds: true, doc: "Free a lock, or leave it to self._release."},
	{name: "leave", sig: "(self, type, value, traceback)", raw: quick("_leave", 3, quickUnlock(shm.LockOf)), binds: true, doc: "Free a lock at the end of a with statement."},
	{name: "racquire", sig: "(self, block=True, timeout=None)", raw: quick("_acquire", 0, quickLock(shm.RLockOf)), binds: true, doc: "Like acquire, of a recursive lock."},
	{name: "rrelease", sig: "(self)", raw: quick("_release", 0, quickUnlock(shm.RLockOf)), binds: true, doc: "Like release, of a recursive lock."},
	{name: "rleave", sig: "(self, type, value, traceback)", raw: quick("_leave", 3, quickUnlock(shm.RLockOf)), binds: true, doc: "Like leave, of a recursive lock."},
	{name: "semaphore", sig: "(value)", fn: newSemaphore, doc: "Make a semaphore."},
	{name: "semaphore_acquire", sig: "(id, deadline)", fn: semaphoreAcquire, doc: "Take one. Returns whether it has been taken."},
	{name: "semaphore_release", sig: "(id, most)", fn: semaphoreRelease, doc: "Give one back, unless there are most. Returns whether it was given."},
	{name: "semaphore_value", sig: "(id)", fn: semaphoreValue, doc: "Return how many can be taken."},
	{name: "event", sig: "()", fn: newShared(4), doc: "Make an event."},
	{name: "event_set", sig: "(id)", fn: eventSet, doc: "Set an event."},
	{name: "event_clear", sig: "(id)", fn: eventClear, doc: "Unset an event."},
	{name: "event_is_set", sig: "(id)", fn: eventIsSet, doc: "Tell whether an event is set."},
	{name: "event_wait", sig: "(id, deadline)", fn: eventWait, doc: "Wait for an event. Returns whether it is set."},
	{name: "load", sig: "(id, typecode, index)", fn: memoryLoad, doc: "Return an element of shared memory that is an array of that type."},
	{name: "store", sig: "(id, typecode, index, value)", fn: memoryStore, doc: "Set an element of shared memory that is an array of that type."},
	{name: "array", sig: "(typecode, size_or_items)", fn: newArray, doc: "Make an array of so many zeros, or of the items of a list. Returns its ID and length."},
	{name: "load_range", sig: "(id, typecode, start, stop, step)", fn: rangeLoad, doc: "Return a list of the elements of a range, bytes if they are of type c."},
	{name: "store_range", sig: "(id, typecode, start, stop, step, values)", fn: rangeStore, doc: "Set the elements of a range to those of a list or bytes."},
	{name: "value", sig: "(self)", fn: valueLoad, leaf: true, doc: "Return the element of a Value."},
	{name: "set_value", sig: "(self, value)", fn: valueStore, leaf: true, doc: "Set the element of a Value."},
	{name: "getitem", sig: "(self, key)", raw: quickElement("_getitem", 1, elementLoad), doc: "Return the element of an array at an index that is not negative, or leave it to self._getitem."},
	{name: "setitem", sig: "(self, key, value)", raw: quickElement("_setitem", 2, elementStore), doc: "Set the element of an array at an index that is not negative, or leave it to self._setitem."},
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
		return objectID(shm.New(p.Kernel, size))
	}
}

// objectID returns the ID of a new object, or the error that there is no room for it.
func objectID(id shm.ID, err error) (vm.Value, error) {
	if errors.Is(err, shm.ErrFull) || errors.Is(err, syscall.ENOMEM) {
		return nil, vm.Raise(vm.MemoryError, "no room for another shared object")
	}
	return starlark.MakeUint(uint(id)), osError(err, "")
}

func newSemaphore(p *vm.Process, a []vm.Value) (vm.Value, error) {
	n, err := asSmall(a[0])
	if err != nil {
		return nil, err
	}
	if n < 0 || n > math.MaxInt32 {
		return nil, osError(syscall.EINVAL, "") // as SemLock in Modules/_multiprocessing/semaphore.c
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
	rlockAcquire = acquiring(func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error) {
		return shm.RLockOf(p.Kernel, id).Acquire(deadline)
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
	rlockRelease = using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.Bool(shm.RLockOf(p.Kernel, id).Release())
	})
	rlockDepth = using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.MakeInt(shm.RLockOf(p.Kernel, id).Depth())
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

// A locker is what a with statement takes and frees.
type locker interface {
	Acquire(deadline time.Duration) (bool, error)
	Release() bool
}

func quickLock[L locker](of func(sys shm.System, id shm.ID) L) quickFn {
	return func(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error) {
		ok, err := of(p.Kernel, id).Acquire(shm.Forever)
		return starlark.Bool(ok), osError(err, "")
	}
}

func quickUnlock[L locker](of func(sys shm.System, id shm.ID) L) quickFn {
	return func(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error) {
		if of(p.Kernel, id).Release() {
			return starlark.None, nil
		}
		return nil, notQuick
	}
}

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

func typecodeOf(v vm.Value) (typecode, error) {
	code, _ := starlark.AsString(v)
	t, ok := typecodes[code]
	if !ok {
		return t, vm.Raise(vm.TypeError, "bad typecode (must be b, B, h, H, i, I, l, L, q, Q, f, d or c)")
	}
	return t, nil
}

// element finds the memory of an element.
func element(p *vm.Process, a []vm.Value) (typecode, []byte, error) {
	t, err := typecodeOf(a[1])
	if err != nil {
		return t, nil, err
	}
	id, err := sharedID(p, a[0])
	if err != nil {
		return t, nil, err
	}
	index, err := asSmall(a[2])
	if err != nil {
		return t, nil, err
	}
	if index < 0 || index >= len(p.Kernel.Shared())/t.size {
		return t, nil, vm.Raise(vm.IndexError, "invalid index")
	}
	mem := shm.Bytes(p.Kernel, id, (index+1)*t.size)
	if mem == nil {
		return t, nil, vm.Raise(vm.IndexError, "invalid index")
	}
	return t, mem[index*t.size:], nil
}

func newArray(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, err := typecodeOf(a[0])
	if err != nil {
		return nil, err
	}
	items, isList := a[1].(*starlark.List)
	n := 0
	if isList {
		n = items.Len()
	} else if n, err = asSmall(a[1]); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, vm.Raise(vm.ValueError, "Array length must be >= 0, not %d", n)
	}
	if n > math.MaxInt/t.size {
		return nil, vm.NewException(vm.MemoryError)
	}
	id, err := newShared(max(n*t.size, 1))(p, nil)
	if err != nil || !isList {
		return starlark.Tuple{id, starlark.MakeInt(n)}, err
	}
	shared, _ := sharedID(p, id)
	mem := shm.Bytes(p.Kernel, shared, n*t.size)
	for i := range n {
		if err := t.store(mem[i*t.size:], items.Index(i)); err != nil {
			return nil, err
		}
	}
	return starlark.Tuple{id, starlark.MakeInt(n)}, nil
}

// A stride is the elements of an array that a range selects.
type stride struct {
	typecode
	mem               []byte
	start, stop, step int
}

// strideOf takes the arguments (id, typecode, start, stop, step), as slice.indices makes them.
func strideOf(p *vm.Process, a []vm.Value) (s stride, err error) {
	for i, to := range []*int{&s.start, &s.stop, &s.step} {
		if *to, err = asSmall(a[2+i]); err != nil {
			return s, err
		}
	}
	last := max(s.start, s.stop-1, 0)
	s.typecode, _, err = element(p, []vm.Value{a[0], a[1], starlark.MakeInt(last)})
	if err != nil {
		return s, err
	}
	id, _ := sharedID(p, a[0])
	s.mem = shm.Bytes(p.Kernel, id, (last+1)*s.size)
	return s, nil
}

// all yields the memory of each element.
func (s stride) all(yield func(b []byte) bool) {
	for i := s.start; s.step > 0 && i < s.stop || s.step < 0 && i > s.stop; i += s.step {
		if !yield(s.mem[i*s.size:]) {
			return
		}
	}
}

func rangeLoad(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, err := strideOf(p, a)
	if err != nil {
		return nil, err
	}
	if a[1] == vm.Value(starlark.String("c")) {
		var text []byte
		for b := range s.all {
			text = append(text, b[0])
		}
		return starlark.Bytes(text), nil
	}
	elems := make([]starlark.Value, 0, max((s.stop-s.start)/s.step+1, 0))
	for b := range s.all {
		elems = append(elems, s.load(b))
	}
	return starlark.NewList(elems), nil
}

func rangeStore(p *vm.Process, a []vm.Value) (vm.Value, error) {
	s, err := strideOf(p, a)
	if err != nil {
		return nil, err
	}
	values, ok := a[5].(starlark.Sliceable)
	if text, isBytes := a[5].(starlark.Bytes); isBytes && a[1] == vm.Value(starlark.String("c")) {
		values = text
	} else if !ok || isBytes {
		return nil, vm.Raise(vm.TypeError, "can only assign a list, tuple or bytes")
	}
	count := 0
	for range s.all {
		count++
	}
	if count != values.Len() {
		return nil, vm.Raise(vm.ValueError, "Can only assign sequence of same size")
	}
	i := 0
	for b := range s.all {
		v := values.Index(i)
		if err := s.store(b, v); err != nil {
			return nil, err
		}
		i++
	}
	return starlark.None, nil
}

// quickElement makes a method of an array that does the most frequent call itself, as quick does.
func quickElement(general string, arguments int, do func(t typecode, b []byte, a []vm.Value) (vm.Value, error)) nativeFn {
	return quick(general, arguments, func(p *vm.Process, id shm.ID, a []vm.Value) (vm.Value, error) {
		o := a[0].(*vm.Instance)
		i, isInt := vm.SmallInt(a[1])
		n, _ := vm.SmallInt(o.Get("_len"))
		t, known := typecodes[string(o.Get("_typecode").(starlark.String))]
		if isInt && known && i >= 0 && i < n {
			return do(t, shm.Bytes(p.Kernel, id, int(n)*t.size)[int(i)*t.size:], a[2:])
		}
		return nil, notQuick
	})
}

// valueOf finds the memory of a Value.
func valueOf(p *vm.Process, v vm.Value) (typecode, []byte, error) {
	o, ok := v.(*vm.Instance)
	if !ok {
		return typecode{}, nil, vm.Raise(vm.TypeError, "'%s' object is no shared value", vm.TypeName(v))
	}
	t, err := typecodeOf(o.Get("_typecode"))
	if err != nil {
		return t, nil, err
	}
	id, err := sharedID(p, o.Get("_id"))
	if err != nil {
		return t, nil, err
	}
	return t, shm.Bytes(p.Kernel, id, t.size), nil
}

func valueLoad(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, mem, err := valueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	return t.load(mem), nil
}

func valueStore(p *vm.Process, a []vm.Value) (vm.Value, error) {
	t, mem, err := valueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	return starlark.None, t.store(mem, a[1])
}

func elementLoad(t typecode, b []byte, a []vm.Value) (vm.Value, error) { return t.load(b), nil }

func elementStore(t typecode, b []byte, a []vm.Value) (vm.Value, error) {
	return starlark.None, t.store(b, a[0])
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
