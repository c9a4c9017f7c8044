package builtins

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"mpstar/host/image"
	"mpstar/host/kernel"
	"mpstar/host/shm"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// What a Pool (multiprocessing/pool.star) does in Go: the messages that its
// owner and its workers exchange, and its board.
//
// A task is a message behind its tag, a result one behind the tag and a byte that says
// whether the task succeeded. The tag is the number of the job, from 1 on, and below
// that the number of the task in the job. A task of tag 0 tells a worker to end.
//
// The board is shared memory:
//
//	word 0    the owner is doing something else, and wants to be rung at the next result
//	word 1    how many workers were posted, ever
//	byte 64   the places, one for each worker of the pool: see poolPlace
//
// All workers that start together have the same image. So a worker finds its place by its
// pid, which the owner posts when it knows it.

var poolRows = []row{
	{name: "pool_board", sig: "(places)", fn: poolBoardNew, doc: "Make a board."},
	{name: "pool_post", sig: "(board, place, pid, number)", fn: poolPost, doc: "Say whose place it is."},
	{name: "pool_find", sig: "(board, places, owner)", fn: poolFind, doc: "Wait until this process is posted. Returns (place, number), or None if the owner has gone."},
	{name: "pool_place", sig: "(board, place)", fn: poolPlaceInfo, doc: "Return (job, index, ready) of a place: the task that its worker took last and has not done, and whether it has ever asked for one."},
	{name: "pool_claimed", sig: "(board, places, but, job, index)", fn: poolClaimed, doc: "Tell whether the worker of another place has that task."},
	{name: "pool_arm", sig: "(board, results)", fn: poolArm, doc: "Have the owner rung at the next result. Returns whether there is one already."},
	{name: "pool_disarm", sig: "(board)", fn: poolDisarm, doc: "Have the owner not rung."},
	{name: "task_put", sig: "(tasks, job, index, function, args, kwargs)", fn: taskPut, doc: "Add a task."},
	{name: "tasks_map", sig: "(tasks, job, star, function, items, chunksize, first, failed)", fn: tasksMap, doc: "Add the tasks of a map of a named function over a list, from the first on. Those that cannot be sent are added to a list, which is returned, as (index, exception)."},
	{name: "is_named", sig: "(function)", fn: isNamed, doc: "Tell whether a message has a function as no more than its name."},
	{name: "task_end", sig: "(tasks)", fn: taskEnd, doc: "Add what tells one worker to end."},
	{name: "task_get", sig: "(tasks, board, place, owner)", fn: taskGet, doc: "Wait for a task and take it, its tag being first stored at the place. Returns (tag, whether it could be read, form, function, arguments or the exception), or None if there will be no more."},
	{name: "task_waits", sig: "(tasks, job, index)", fn: taskWaits, doc: "Tell whether nobody has taken that task."},
	{name: "result_put", sig: "(results, board, bell, place, tag, success, value)", fn: resultPut, doc: "Add a result, and say at the place that the task is done."},
	{name: "results_get", sig: "(results, deadline, inbox, pulse, seen, maps)", fn: resultsGet, doc: "Put results before those in a list, as (job, index, success, value), the last first, waiting for one while pulse[0] is seen."},
	{name: "bell", sig: "()", fn: newShared(4), doc: "Make a word of shared memory for watch()."},
	{name: "watch", sig: "(bell)", fn: poolWatch, doc: "Have the function own()['attend'] called when the bell rings or a child ends; None ends that."},
	{name: "ring", sig: "(bell)", fn: poolRing, doc: "Ring a bell."},
	{name: "own", sig: "()", fn: mpOwn, doc: "Return the dict of what belongs to this process alone: no child has it."},
}

const (
	boardPlaces = 64
	placeSize   = 32
	tagSize     = 8
)

type poolBoard struct {
	mem []byte // up to the last place
}

// A poolPlace is what the board says of one worker. The owner writes all of it before pid.
type poolPlace struct {
	tag    atomic.Uint64 // of the task that the worker is about to take or has taken; 0: none
	pid    atomic.Uint32
	number atomic.Uint32 // in the worker's name
	ready  atomic.Uint32 // the worker has asked for a task
}

func (b poolBoard) word(i int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&b.mem[4*i]))
}

func (b poolBoard) armed() *atomic.Uint32  { return b.word(0) }
func (b poolBoard) posted() *atomic.Uint32 { return b.word(1) }

func (b poolBoard) place(i int) *poolPlace {
	return (*poolPlace)(unsafe.Pointer(&b.mem[boardPlaces+i*placeSize]))
}

// boardOf returns a board up to a place.
func boardOf(p *vm.Process, board, place vm.Value) (poolBoard, int, error) {
	i, err := asInt(place)
	if err != nil {
		return poolBoard{}, 0, err
	}
	id, err := sharedID(p, board)
	if err != nil {
		return poolBoard{}, 0, err
	}
	mem := shm.Bytes(p.Kernel, id, boardPlaces+(i+1)*placeSize)
	if i < 0 || mem == nil {
		return poolBoard{}, 0, vm.Raise(vm.IndexError, "no place %d on the board", i)
	}
	return poolBoard{mem}, i, nil
}

func poolBoardNew(p *vm.Process, a []vm.Value) (vm.Value, error) {
	places, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	return newShared(boardPlaces+places*placeSize)(p, nil)
}

// wholeBoard returns a board and how many places it has.
func wholeBoard(p *vm.Process, id, count vm.Value) (b poolBoard, places int, err error) {
	if places, err = asInt(count); err == nil {
		b, _, err = boardOf(p, id, starlark.MakeInt(places-1))
	}
	return b, places, err
}

func poolPost(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, i, err := boardOf(p, a[0], a[1])
	if err != nil {
		return nil, err
	}
	pid, err := asInt(a[2])
	if err != nil {
		return nil, err
	}
	number, err := asInt(a[3])
	if err != nil {
		return nil, err
	}
	place := b.place(i)
	place.tag.Store(0)
	place.ready.Store(0)
	place.number.Store(uint32(number))
	place.pid.Store(uint32(pid))
	b.posted().Add(1)
	p.Kernel.WakeWord(b.posted(), 1<<30)
	return starlark.None, nil
}

func poolFind(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, places, err := wholeBoard(p, a[0], a[1])
	if err != nil {
		return nil, err
	}
	owner, err := asInt(a[2])
	if err != nil {
		return nil, err
	}
	id, _ := sharedID(p, a[0])
	for {
		posted := b.posted().Load()
		for i := range places {
			if place := b.place(i); place.pid.Load() == uint32(p.Kernel.Getpid()) {
				return starlark.Tuple{starlark.MakeInt(i), starlark.MakeUint(uint(place.number.Load()))}, nil
			}
		}
		if p.Kernel.Getppid() != kernel.Pid(owner) {
			return starlark.None, nil
		}
		if err := p.Kernel.WaitWord(b.posted(), posted, shm.Forever, kernel.Wait{For: kernel.ForPool, Object: uint32(id)}); err != nil {
			return nil, osError(err, "")
		}
	}
}

func poolPlaceInfo(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, i, err := boardOf(p, a[0], a[1])
	if err != nil {
		return nil, err
	}
	tag := b.place(i).tag.Load()
	return starlark.Tuple{starlark.MakeUint64(tag >> 32), starlark.MakeUint64(tag & (1<<32 - 1)), starlark.Bool(b.place(i).ready.Load() != 0)}, nil
}

func poolClaimed(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, places, err := wholeBoard(p, a[0], a[1])
	if err != nil {
		return nil, err
	}
	but, err := asInt(a[2])
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(a[3], a[4])
	if err != nil {
		return nil, err
	}
	for i := range places {
		if i != but && b.place(i).tag.Load() == tag {
			return starlark.True, nil
		}
	}
	return starlark.False, nil
}

func poolArm(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, _, err := boardOf(p, a[0], starlark.MakeInt(0))
	if err != nil {
		return nil, err
	}
	q, err := queueOf(p, a[1])
	if err != nil {
		return nil, err
	}
	b.armed().Store(1) // before the look: a result that comes after it rings
	return starlark.Bool(q.Len() > 0), nil
}

func poolDisarm(p *vm.Process, a []vm.Value) (vm.Value, error) {
	b, _, err := boardOf(p, a[0], starlark.MakeInt(0))
	if err != nil {
		return nil, err
	}
	b.armed().Store(0)
	return starlark.None, nil
}

// Tasks.

func tagOf(job, index vm.Value) (uint64, error) {
	j, err := asSmall(job)
	if err != nil {
		return 0, err
	}
	i, err := asSmall(index)
	return uint64(j)<<32 | uint64(uint32(i)), err
}

// The forms of a task, in the byte behind its tag. A function that is known by its name (see
// image.IsNamed) is a message of its own, behind its length, so that a map encodes it
// once. Any other is in one message with its arguments, with which it may share objects.
const (
	taskCall  = iota // (function, args, kwargs)
	taskApply        // function; args
	taskMap          // function; a list whose elements are its arguments
	taskStar         // function; a list of tuples of its arguments
)

func taskHead(tag uint64, form byte, function []byte) []byte {
	head := append(binary.NativeEndian.AppendUint64(make([]byte, 0, 64), tag), form)
	if form == taskCall {
		return head
	}
	head = binary.NativeEndian.AppendUint32(head, uint32(len(function)))
	return append(head, function...)
}

func taskPut(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(a[1], a[2])
	if err != nil {
		return nil, err
	}
	kwargs, ok := a[5].(*starlark.Dict)
	if !ok || kwargs.Len() > 0 || !image.IsNamed(p, a[3]) {
		_, err = putItem(p, q, starlark.Tuple{a[3], a[4], a[5]}, shm.Forever, taskHead(tag, taskCall, nil)...)
		return none(err)
	}
	function, err := image.AppendMessage(nil, p, a[3])
	if err != nil {
		return nil, cannotSend(err)
	}
	_, err = putItem(p, q, a[4], shm.Forever, taskHead(tag, taskApply, function)...)
	return none(err)
}

func isNamed(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return starlark.Bool(image.IsNamed(p, a[0])), nil
}

// tasksMap returns which tasks could not be put, as (index, exception). How far it has come is kept in
// its argument first, for the call is made again after a signal.
func tasksMap(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	items, chunksize := a[4].(*starlark.List), 0
	if chunksize, err = asInt(a[5]); err != nil {
		return nil, err
	}
	form := byte(taskMap)
	if a[2] == starlark.True {
		form = taskStar
	}
	function, err := image.AppendMessage(nil, p, a[3])
	if err != nil {
		return nil, cannotSend(err)
	}
	first, err := asInt(a[6])
	if err != nil {
		return nil, err
	}
	failed := a[7].(*starlark.List)
	for index, start := first, first*chunksize; start < items.Len(); index, start = index+1, start+chunksize {
		tag, err := tagOf(a[1], starlark.MakeInt(index))
		if err != nil {
			return nil, err
		}
		chunk := items.Slice(start, min(start+chunksize, items.Len()), 1)
		_, err = putItem(p, q, chunk, shm.Forever, taskHead(tag, form, function)...)
		if errors.Is(err, kernel.ErrInterrupted) {
			a[6] = starlark.MakeInt(index)
			return nil, err
		}
		if err != nil {
			_ = failed.Append(starlark.Tuple{starlark.MakeInt(index), vm.AsException(err, vm.RuntimeError)}) // it is not frozen
		}
	}
	return failed, nil
}

func taskEnd(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	_, err = q.Put(shm.Forever, make([]byte, tagSize))
	return none(osError(err, ""))
}

func taskGet(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	b, i, err := boardOf(p, a[1], a[2])
	if err != nil {
		return nil, err
	}
	place := b.place(i)
	place.ready.Store(1)
	owner, err := asInt(a[3])
	if err != nil {
		return nil, err
	}
	claim := func(m []byte) { place.tag.Store(binary.NativeEndian.Uint64(m)) }
	var message []byte
	for message == nil {
		if p.Kernel.Getppid() != kernel.Pid(owner) {
			return starlark.None, nil
		}
		message, err = q.Get(p.Kernel.Monotonic()+orphanCheck, claim)
		if err != nil {
			return nil, osError(err, "")
		}
	}
	if len(message) == tagSize {
		return starlark.None, nil
	}
	tag := starlark.MakeUint64(binary.NativeEndian.Uint64(message))
	form, function, args := message[tagSize], vm.Value(starlark.None), message[tagSize+1:]
	ok := starlark.True
	if form != taskCall {
		n := binary.NativeEndian.Uint32(args)
		ok, function = received(p, args[4:4+n])
		args = args[4+n:]
	}
	v := function
	if ok {
		ok, v = received(p, args)
	}
	return starlark.Tuple{tag, ok, starlark.MakeInt(int(form)), function, v}, nil
}

// orphanCheck is how often a worker that waits for a task asks whether its owner lives.
const orphanCheck = 500 * time.Millisecond

// received decodes a message, or returns the exception that says why it cannot be.
func received(p *vm.Process, message []byte) (ok starlark.Bool, v vm.Value) {
	v, err := image.DecodeMessage(message, p)
	if err != nil {
		return false, vm.AsException(err, vm.RuntimeError)
	}
	return true, v
}

func taskWaits(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(a[1], a[2])
	if err != nil {
		return nil, err
	}
	waits, err := q.Holds(binary.NativeEndian.AppendUint64(nil, tag))
	return starlark.Bool(waits), osError(err, "")
}

// Results.

// resultPut clears the place last: until then the task would be missed if this process died.
func resultPut(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	b, i, err := boardOf(p, a[1], a[3])
	if err != nil {
		return nil, err
	}
	bell, err := bellOf(p, a[2])
	if err != nil {
		return nil, err
	}
	tag, err := asSmall(a[4])
	if err != nil {
		return nil, err
	}
	head := append(binary.NativeEndian.AppendUint64(nil, uint64(tag)), 0)
	if a[5] == starlark.True {
		head[tagSize] = 1
	}
	if _, err := putItem(p, q, a[6], shm.Forever, head...); err != nil {
		return nil, err
	}
	b.place(i).tag.Store(0)
	if b.armed().CompareAndSwap(1, 0) {
		ringBell(p, bell)
	}
	return starlark.None, nil
}

// resultsAtOnce bounds how many results are taken before somebody looks at them.
const resultsAtOnce = 256

// resultsGet adds to a list of the script's, the inbox, which is taken from its end, and not returns what it got,
// so that nothing is lost if a signal's handler raises before the script has it.
// The owner may take results at any time while it waits here (see Attend), and then adds 1 to pulse[0].
// Of a map whose chunks go well only the last is put into the inbox.
func resultsGet(p *vm.Process, a []vm.Value) (vm.Value, error) {
	q, err := queueOf(p, a[0])
	if err != nil {
		return nil, err
	}
	inbox, pulse, maps := a[2].(*starlark.List), a[3].(*starlark.List), a[5].(*starlark.Dict)
	deadline := deadlineOf(a[1])
	if now, err := asInt(pulse.Index(0)); err != nil || vm.Value(starlark.MakeInt(now)) != a[4] {
		deadline = 0
	}
	var came []vm.Value
	for range resultsAtOnce {
		message, err := q.Get(deadline, nil)
		if err != nil && deadline != 0 {
			return nil, osError(err, "")
		}
		if err != nil || message == nil {
			break
		}
		if r := result(p, message); !filed(maps, r) {
			came = append(came, r)
		}
		deadline = 0
	}
	if len(came) == 0 {
		return starlark.None, nil
	}
	slices.Reverse(came)
	return starlark.None, vm.SetElems(inbox, append(came, vm.Elems(inbox)...))
}

// filed puts the values of a chunk where the map wants them, maps[job] being its
// chunks and a list of how many are missing. It reports false if the script has to look at it.
func filed(maps *starlark.Dict, r starlark.Tuple) bool {
	m, found, _ := maps.Get(r[0])
	if !found || r[2] != starlark.True {
		return false
	}
	chunks, left := m.(starlark.Tuple)[0].(*starlark.List), m.(starlark.Tuple)[1].(*starlark.List)
	index, _ := asSmall(r[1])
	missing, _ := asSmall(left.Index(0))
	if chunks.Index(index) != starlark.None {
		return true // it is known already
	}
	_ = chunks.SetIndex(index, r[3]) // neither is frozen or being iterated over
	_ = left.SetIndex(0, vm.MakeInt(int64(missing-1)))
	return missing > 1
}

func result(p *vm.Process, message []byte) starlark.Tuple {
	tag := binary.NativeEndian.Uint64(message)
	success := starlark.Bool(message[tagSize] != 0)
	ok, v := received(p, message[tagSize+1:])
	if !ok {
		success, v = false, starlark.Tuple{v, starlark.String("")}
	}
	return starlark.Tuple{starlark.MakeUint64(tag >> 32), starlark.MakeUint64(tag & (1<<32 - 1)), success, v}
}

// Attention.

func bellOf(p *vm.Process, v vm.Value) (*atomic.Uint32, error) {
	id, err := sharedID(p, v)
	if err != nil {
		return nil, err
	}
	return (*atomic.Uint32)(unsafe.Pointer(&shm.Bytes(p.Kernel, id, 4)[0])), nil
}

// ringBell makes the word of a bell change, so that who watches it is interrupted.
func ringBell(p *vm.Process, bell *atomic.Uint32) {
	bell.Add(1)
	p.Kernel.WakeWord(bell, 1)
}

func poolRing(p *vm.Process, a []vm.Value) (vm.Value, error) {
	bell, err := bellOf(p, a[0])
	if err == nil {
		ringBell(p, bell)
	}
	return starlark.None, err
}

func poolWatch(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if a[0] == starlark.None {
		p.Kernel.Watch(nil)
		return starlark.None, nil
	}
	bell, err := bellOf(p, a[0])
	if err == nil {
		p.Kernel.Watch(bell)
	}
	return starlark.None, err
}

// ownKey is where the dict is of what module multiprocessing keeps for one process
// alone: its children, its pools, and under "attend" what is to be called when the kernel rings.
const ownKey = "multiprocessing.own"

func mpOwn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	own, ok := p.State[ownKey].(*starlark.Dict)
	if !ok {
		own = new(starlark.Dict)
		p.State[ownKey] = own
	}
	return own, nil
}

// ring returns what is to be called because the kernel rang, if anything is.
func ring(p *vm.Process) (fn vm.Value, args []vm.Value) {
	own, _ := p.State[ownKey].(*starlark.Dict)
	if own == nil {
		return nil, nil
	}
	woken, ended := p.Kernel.TakeRing()
	if fn, _, _ = own.Get(starlark.String("attend")); fn == nil || !woken && !ended {
		return nil, nil
	}
	return fn, []vm.Value{starlark.Bool(ended)}
}
