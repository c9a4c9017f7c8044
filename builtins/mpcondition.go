package builtins

import (
	"errors"
	"time"

	"mpstar/host/shm"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// The conditions and barriers of module multiprocessing, as functions on their IDs: see shared.go.

var conditionRows = []row{
	{name: "condition", sig: "()", fn: newCondition, doc: "Make a condition."},
	{name: "condition_enter", sig: "(id)", fn: conditionEnter, doc: "Begin to wait, with the lock held. Returns a place."},
	{name: "condition_sleep", sig: "(id, place, deadline)", fn: conditionSleep, doc: "Wait at a place, without the lock."},
	{name: "condition_leave", sig: "(id, place)", fn: conditionLeave, doc: "Give a place up, with the lock held. Returns whether there was a notification for it."},
	{name: "condition_notify", sig: "(id, n)", fn: conditionNotify, doc: "Notify the first n who wait, with the lock held."},
	{name: "condition_waiting", sig: "(id)", fn: using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.MakeInt(shm.ConditionOf(p.Kernel, id).Waiting())
	}), doc: "Return how many wait."},
	{name: "barrier", sig: "(parties)", fn: newBarrier, doc: "Make a barrier."},
	{name: "barrier_arrive", sig: "(id)", fn: barrierArrive, doc: "Arrive, once those before have left. Returns how many were there, or None if it is broken."},
	{name: "barrier_await", sig: "(id, deadline)", fn: barrierAwait, doc: "Wait for the last one to arrive. Returns False if the barrier breaks."},
	{name: "barrier_release", sig: "(id)", fn: using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.Bool(shm.BarrierOf(p.Kernel, id).Release() == nil)
	}), doc: "Let all pass. Returns False if the barrier is broken."},
	{name: "barrier_leave", sig: "(id)", fn: doing(shm.Barrier.Leave), doc: "Say that this process does not wait any more."},
	{name: "barrier_break", sig: "(id)", fn: doing(shm.Barrier.Break), doc: "Break a barrier."},
	{name: "barrier_reset", sig: "(id)", fn: doing(shm.Barrier.Reset), doc: "Make a barrier as good as new."},
	{name: "barrier_waiting", sig: "(id)", fn: using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.MakeInt(shm.BarrierOf(p.Kernel, id).Waiting())
	}), doc: "Return how many wait."},
	{name: "barrier_broken", sig: "(id)", fn: using(func(p *vm.Process, id shm.ID) vm.Value {
		return starlark.Bool(shm.BarrierOf(p.Kernel, id).Broken())
	}), doc: "Tell whether a barrier is broken."},
}

// doing makes a body of a function that changes a barrier.
func doing(do func(b shm.Barrier)) fn {
	return using(func(p *vm.Process, id shm.ID) vm.Value {
		do(shm.BarrierOf(p.Kernel, id))
		return starlark.None
	})
}

func newCondition(p *vm.Process, a []vm.Value) (vm.Value, error) {
	return objectID(shm.NewCondition(p.Kernel))
}

func conditionEnter(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	place, err := shm.ConditionOf(p.Kernel, id).Enter()
	return starlark.MakeInt(place), osError(err, "")
}

func conditionSleep(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	place, err := asInt(a[1])
	if err != nil {
		return nil, err
	}
	return none(osError(shm.ConditionOf(p.Kernel, id).Sleep(place, deadlineOf(a[2])), ""))
}

func conditionLeave(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	place, err := asInt(a[1])
	return starlark.Bool(shm.ConditionOf(p.Kernel, id).Leave(place)), err
}

func conditionNotify(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	n, err := asSmall(a[1])
	if err == nil {
		shm.ConditionOf(p.Kernel, id).Notify(int(n))
	}
	return none(err)
}

func newBarrier(p *vm.Process, a []vm.Value) (vm.Value, error) {
	parties, err := asInt(a[0])
	if err != nil {
		return nil, err
	}
	if parties < 1 {
		return nil, vm.Raise(vm.ValueError, "parties must be > 0")
	}
	return objectID(shm.NewBarrier(p.Kernel, parties))
}

func barrierArrive(p *vm.Process, a []vm.Value) (vm.Value, error) {
	id, err := sharedID(p, a[0])
	if err != nil {
		return nil, err
	}
	index, err := shm.BarrierOf(p.Kernel, id).Arrive()
	if errors.Is(err, shm.ErrBroken) {
		return starlark.None, nil
	}
	return starlark.MakeInt(index), osError(err, "")
}

var barrierAwait = acquiring(func(p *vm.Process, id shm.ID, deadline time.Duration) (bool, error) {
	err := shm.BarrierOf(p.Kernel, id).Await(deadline)
	if errors.Is(err, shm.ErrBroken) {
		return false, nil
	}
	return err == nil, err
})
