package shm

import (
	"bytes"
	"flag"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mpstar/host/kernel"
)

// The model checker runs the package's own code in a machine of a few
// processes, of which one goes on at a time, from one step in shared memory to
// the next (word.go). At each step the machine may go on, let another process go on (a
// preemption), or kill the process. It runs a program again and again until each
// series of such decisions with no more than so many preemptions and
// so many kills has been made once (as CHESS does: Musuvathi and Qadeer, PLDI
// 2007). Processes are coroutines, so that a decision costs some tens of nanoseconds.

var longRun = flag.Bool("long", false, "let the model checker make one preemption more, and kill at each step of all those schedules")

// A machine is a memory and its processes.
type machine struct {
	mem   []byte
	procs []*proc
	now   *proc

	preemptions, kills int // that may still happen

	choices []choice // of this run, and those it has to make first
	depth   int      // how many were made
	killed  bool     // somebody was

	steps int
}

// A choice is one of so many alternatives.
type choice struct{ made, of int }

// A proc is a process of a machine. It is the System of the code it runs.
type proc struct {
	m        *machine
	self     kernel.Holder
	name     string
	resume   func() (struct{}, bool)
	stop     func() // ends it where it is
	pause    func() // lets the machine go on
	dead     bool
	ended    bool
	asleep   *atomic.Uint32 // the word it waits for
	deadline time.Duration
}

// killed is what a process panics with when it is killed: from then on none of
// its steps happens, those of deferred calls neither.
type killed struct{}

const machineSize = 512 << 10

// start adds a process that does body.
func (m *machine) start(name string, body func(p *proc)) {
	p := &proc{m: m, self: kernel.Holder(len(m.procs) + 1), name: name}
	p.resume, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		p.pause = func() {
			if !yield(struct{}{}) {
				p.dead = true
				panic(killed{})
			}
		}
		defer func() {
			p.ended = true
			if r := recover(); r != nil {
				if _, ok := r.(killed); !ok {
					panic(r)
				}
			}
		}()
		body(p)
	})
	m.procs = append(m.procs, p)
}

// choose makes the next choice: the one it has to, or the first.
func (m *machine) choose(of int) int {
	if of == 1 {
		return 0
	}
	if m.depth == len(m.choices) {
		m.choices = append(m.choices, choice{0, of})
	}
	m.depth++
	return m.choices[m.depth-1].made
}

// others returns the processes that could go on instead of p.
func (m *machine) others(p *proc) []*proc {
	var s []*proc
	for _, q := range m.procs {
		if q != p && !q.ended && q.asleep == nil {
			s = append(s, q)
		}
	}
	return s
}

// step is the hook: the process that goes on is about to change or read memory.
func (m *machine) step() {
	p := m.now
	if p == nil {
		return // the test itself looks
	}
	if p.dead {
		panic(killed{})
	}
	m.steps++
	var others []*proc
	if m.preemptions > 0 {
		others = m.others(p)
	}
	c := m.choose(1 + len(others) + m.kills)
	switch {
	case c == 0:
	case c <= len(others):
		m.preemptions--
		m.now = others[c-1]
		p.pause()
	default:
		m.kills--
		m.killed = true
		p.dead = true
		panic(killed{})
	}
}

// run runs the processes until all have ended or nobody can go on.
func (m *machine) run() {
	hook = m.step
	defer func() { hook, m.now = nil, nil }()
	slices := 0
	for {
		m.now = nil
		ready := m.others(nil)
		if len(ready) == 0 {
			// Where nobody was killed nobody may need it that waits end
			// by themselves several times a second.
			if !m.killed || slices == 3 || !m.slice() {
				return
			}
			slices++
			continue
		}
		m.now = ready[m.choose(len(ready))]
		for p := m.now; p != nil; {
			p.resume()
			if p == m.now {
				break // it has ended, died or fallen asleep
			}
			p = m.now
		}
	}
}

// end ends the processes that sleep.
func (m *machine) end() {
	for _, p := range m.procs {
		if p.stop != nil {
			p.stop()
		}
	}
}

// slice lets those who sleep look again.
func (m *machine) slice() bool {
	any := false
	for _, p := range m.procs {
		if p.asleep != nil {
			p.asleep = nil
			any = true
		}
	}
	return any
}

func (p *proc) Shared() []byte                           { return p.m.mem }
func (p *proc) ReserveShared(offset, n int) error        { return nil }
func (p *proc) FreeShared(offset, n int) error           { clear(p.m.mem[offset : offset+n]); return nil }
func (p *proc) Self() kernel.Holder                      { return p.self }
func (p *proc) Alive(h kernel.Holder) bool               { return h != 0 && !p.m.procs[h-1].dead }
func (p *proc) Monotonic() time.Duration                 { return 0 }
func (p *proc) SpinWord(word *atomic.Uint32, old uint32) {}

func (p *proc) WaitWord(word *atomic.Uint32, old uint32, deadline time.Duration, what kernel.Wait) error {
	if p.m.now == nil || word.Load() != old {
		return nil
	}
	p.asleep = word
	p.pause()
	return nil
}

func (p *proc) WakeWord(word *atomic.Uint32, n int) int {
	woken := 0
	for _, q := range p.m.procs {
		if woken < n && q.asleep == word {
			q.asleep = nil
			woken++
		}
	}
	return woken
}

// A model is a program to check. Its parts are made anew for each run.
type model struct {
	name  string
	setup func(m *machine) (check func() error)
}

// explore runs a model with each series of choices, and reports how many runs and steps there were.
func explore(t *testing.T, mo model, preemptions, kills int) {
	t.Helper()
	var choices []choice
	runs, steps, began := 0, 0, time.Now()
	mem := make([]byte, machineSize)
	for {
		clear(mem)
		m := &machine{mem: mem, choices: choices, preemptions: preemptions, kills: kills}
		check := mo.setup(m)
		m.run()
		runs, steps = runs+1, steps+m.steps
		if err := check(); err != nil {
			t.Fatalf("%s, run %d: %v\nchoices: %s", mo.name, runs, err, m.trace())
		}
		m.end()
		choices = next(m.choices)
		if choices == nil {
			t.Logf("%s, %d preemptions, %d kills: %d schedules, %d states, %v", mo.name, preemptions, kills, runs, steps, time.Since(began).Round(time.Millisecond))
			return
		}
	}
}

// next returns the first choices of the next run, depth first; nil after the last.
func next(made []choice) []choice {
	for n := len(made) - 1; n >= 0; n-- {
		if c := made[n]; c.made+1 < c.of {
			return append(made[:n], choice{c.made + 1, c.of})
		}
	}
	return nil
}

// trace tells what has to be chosen otherwise than first.
func (m *machine) trace() string {
	var b strings.Builder
	for i, c := range m.choices {
		if c.made != 0 {
			fmt.Fprintf(&b, "%d: %d of %d; ", i, c.made, c.of)
		}
	}
	for _, p := range m.procs {
		fmt.Fprintf(&b, "%s: dead %t, ended %t, asleep %t; ", p.name, p.dead, p.ended, p.asleep != nil)
	}
	return b.String()
}

// survivor is a process of the test, which looks when all others have ended.
func (m *machine) survivor() *proc {
	p := &proc{m: m, self: kernel.Holder(len(m.procs) + 1)}
	m.procs = append(m.procs, p)
	return p
}

// stuck returns an error if a process sleeps that should not.
func (m *machine) stuck() error {
	for _, p := range m.procs {
		if p.asleep != nil {
			return fmt.Errorf("%s sleeps for ever", p.name)
		}
	}
	return nil
}

// must makes an object before the processes run.
func must(id ID, err error) ID {
	if err != nil {
		panic(err)
	}
	return id
}

// exclusion is what a lock is for.
type exclusion struct {
	inside *proc
	err    error
}

func (x *exclusion) section(p *proc) {
	if x.inside != nil && !x.inside.dead {
		x.err = fmt.Errorf("%s and %s hold it", x.inside.name, p.name)
	}
	x.inside = p
	step()
	step()
	if x.inside == p {
		x.inside = nil
	}
}

func lockModel(processes, rounds int) model {
	return model{fmt.Sprintf("lock, %d processes", processes), func(m *machine) func() error {
		id := must(New(m.survivor(), 8))
		m.procs = m.procs[:0]
		x := &exclusion{}
		for i := range processes {
			m.start(fmt.Sprint("process ", i), func(p *proc) {
				for range rounds {
					LockOf(p, id).Acquire(Forever)
					x.section(p)
					LockOf(p, id).Release()
				}
			})
		}
		return func() error {
			if x.err != nil {
				return x.err
			}
			return m.stuck()
		}
	}}
}

var semaphoreModel = model{"semaphore", func(m *machine) func() error {
	id := must(New(m.survivor(), 8))
	SemaphoreOf(m.survivor(), id).Set(1)
	m.procs = m.procs[:0]
	x := &exclusion{}
	var held *proc // what a killed process has taken stays taken
	for i := range 3 {
		m.start(fmt.Sprint("process ", i), func(p *proc) {
			SemaphoreOf(p, id).Acquire(Forever)
			held = p
			x.section(p)
			SemaphoreOf(p, id).Release(1)
		})
	}
	return func() error {
		switch free := SemaphoreOf(m.survivor(), id).Value(); {
		case x.err != nil:
			return x.err
		case free > 1:
			return fmt.Errorf("%d are free", free)
		case free == 1:
			return m.stuck()
		case held == nil || !m.killed:
			return fmt.Errorf("nobody has it")
		}
		return nil
	}
}}

var rlockModel = model{"recursive lock", func(m *machine) func() error {
	id := must(New(m.survivor(), 12))
	m.procs = m.procs[:0]
	x := &exclusion{}
	for i := range 2 {
		m.start(fmt.Sprint("process ", i), func(p *proc) {
			r := RLockOf(p, id)
			for range 2 {
				r.Acquire(Forever)
			}
			x.section(p)
			if r.Depth() != 2 || !r.Release() || !r.Release() || r.Release() {
				x.err = fmt.Errorf("%s had it %d times", p.name, r.Depth())
			}
		})
	}
	return func() error {
		if x.err != nil {
			return x.err
		}
		return m.stuck()
	}
}}

// conditionModel has tokens that one process puts down, and others that wait
// for one each. They take it before they leave their place, so that a
// notification is never lost with a process that was killed.
func conditionModel(takers, tokens int) model {
	return model{fmt.Sprintf("condition, %d for %d who wait", tokens, takers), func(m *machine) func() error {
		id, lock := must(NewCondition(m.survivor())), must(New(m.survivor(), 8))
		m.procs = m.procs[:0]
		there, x := 0, &exclusion{}
		m.start("giver", func(p *proc) {
			for range tokens {
				LockOf(p, lock).Acquire(Forever)
				x.section(p)
				there++
				ConditionOf(p, id).Notify(1)
				LockOf(p, lock).Release()
			}
		})
		take := func() bool {
			if there == 0 {
				return false
			}
			there--
			return true
		}
		for i := range takers {
			m.start(fmt.Sprint("taker ", i), func(p *proc) {
				c := ConditionOf(p, id)
				LockOf(p, lock).Acquire(Forever)
				for has := take(); !has; {
					place, _ := c.Enter()
					LockOf(p, lock).Release()
					c.Sleep(place, Forever)
					LockOf(p, lock).Acquire(Forever)
					has = take()
					c.Leave(place)
				}
				x.section(p)
				LockOf(p, lock).Release()
			})
		}
		return func() error {
			for _, p := range m.procs {
				if p.asleep != nil && (there > 0 && !m.procs[0].dead || !m.killed && takers == tokens) {
					return fmt.Errorf("%s sleeps, and there are %d tokens", p.name, there)
				}
			}
			return x.err
		}
	}}
}

// barrierModel has a barrier that all pass a few times. If one is killed, the others pass it or learn that it broke.
func barrierModel(parties, rounds int) model {
	return model{fmt.Sprintf("barrier for %d", parties), func(m *machine) func() error {
		id := must(NewBarrier(m.survivor(), parties))
		m.procs = m.procs[:0]
		arrived := make([]int, rounds)
		var failure error
		waits := map[*proc]int{} // for which round, from 1 on
		for i := range parties {
			m.start(fmt.Sprint("party ", i), func(p *proc) {
				b := BarrierOf(p, id)
				for round := range rounds {
					arrived[round]++
					index, err := b.Arrive()
					if err == nil {
						waits[p] = round + 1
					}
					if err == nil && index+1 == parties {
						err = b.Release()
					} else if err == nil {
						err = b.Await(Forever)
					}
					if err == nil && arrived[round] != parties {
						failure = fmt.Errorf("%s passed after %d", p.name, arrived[round])
					}
					if err != nil && !m.killed {
						failure = fmt.Errorf("%s: %v", p.name, err)
					}
					if index >= 0 && err != ErrBroken {
						b.Leave()
					}
					if err != nil {
						return
					}
				}
			})
		}
		return func() error {
			for _, p := range m.procs {
				if p.asleep != nil && (!m.killed || deadIn(waits, waits[p])) {
					return fmt.Errorf("%s sleeps for ever", p.name)
				}
			}
			return failure
		}
	}}
}

// deadIn reports whether somebody was killed while it waited for a round.
func deadIn(waits map[*proc]int, round int) bool {
	for p, r := range waits {
		if p.dead && r == round {
			return true
		}
	}
	return false
}

// A traffic is what went through a queue.
type traffic struct {
	id       ID
	putting  map[string]bool // begun
	put      map[string]bool // ended
	got      []string
	by       map[*proc][]string
	inGet    map[*proc]bool
	produced int
}

// label is a message: its name, and much more.
func (tr *traffic) label(producer string, i, size int) []byte {
	text := fmt.Sprintf("%s%d", producer, i)
	return append([]byte(text), bytes.Repeat([]byte("."), size)...)
}

func labelOf(m []byte) string { return strings.TrimRight(string(m), ".") }

func (tr *traffic) produce(p *proc, messages, size int) {
	for i := range messages {
		m := tr.label(p.name, i, size)
		tr.putting[labelOf(m)] = true
		QueueOf(p, tr.id).Put(Forever, m[:1], m[1:])
		tr.put[labelOf(m)] = true
	}
}

func (tr *traffic) consume(p *proc, messages int) {
	for range messages {
		tr.inGet[p] = true
		m, _ := QueueOf(p, tr.id).Get(Forever, nil)
		tr.inGet[p] = false
		tr.got = append(tr.got, labelOf(m))
		tr.by[p] = append(tr.by[p], labelOf(m))
		QueueOf(p, tr.id).Done()
	}
}

// queueModel has producers a, b … and consumers that take all, one after the other.
func queueModel(name string, producers, consumers, messages, size int, most uint32) model {
	return model{name, func(m *machine) func() error {
		tr := &traffic{
			id:      must(NewQueue(m.survivor(), most)),
			putting: map[string]bool{}, put: map[string]bool{}, by: map[*proc][]string{}, inGet: map[*proc]bool{},
		}
		m.procs = m.procs[:0]
		for i := range producers {
			m.start(string(rune('a'+i)), func(p *proc) { tr.produce(p, messages, size) })
		}
		for i := range consumers {
			m.start(fmt.Sprint("consumer ", i), func(p *proc) { tr.consume(p, producers*messages/consumers) })
		}
		return func() error { return tr.check(m, most) }
	}}
}

func (tr *traffic) check(m *machine, most uint32) error {
	s := m.survivor()
	q := QueueOf(s, tr.id)
	if n, full := q.Len(), q.Full(); m.stuck() != nil {
		for _, p := range m.procs {
			consumer := strings.HasPrefix(p.name, "consumer")
			if p.asleep != nil && (consumer && n > 0 || !consumer && !full) {
				return fmt.Errorf("%s sleeps, and there are %d messages", p.name, n)
			}
		}
		if !m.killed {
			return m.stuck()
		}
	}
	if most != 0 {
		q.most().store(most + 1)
	}
	if ok, err := q.Put(0, []byte("last")); !ok || err != nil {
		return fmt.Errorf("nobody can put any more: %v", err)
	}
	n, left := q.Len(), 0
	for {
		message, err := q.Get(0, nil)
		if err != nil || message == nil {
			return fmt.Errorf("the last message is not there: %v", err)
		}
		left++
		if string(message) == "last" {
			break
		}
		tr.got = append(tr.got, labelOf(message))
		tr.by[s] = append(tr.by[s], labelOf(message))
	}
	if n != left || q.Len() != 0 {
		return fmt.Errorf("%d messages were said to be %d", left, n)
	}
	if err := tr.account(m); err != nil {
		return err
	}
	if chunks := owned(s, tr.id); chunks > 1 {
		return fmt.Errorf("%d chunks are lost", chunks-1)
	}
	return tr.joins(m, q)
}

// account checks that each message came once and in its producer's order.
func (tr *traffic) account(m *machine) error {
	inHand := 0
	for p, in := range tr.inGet {
		if in && p.dead {
			inHand++
		}
	}
	for text := range tr.put {
		if !slices.Contains(tr.got, text) {
			if inHand--; inHand < 0 {
				return fmt.Errorf("%s is lost", text)
			}
		}
	}
	seen := map[string]bool{}
	for _, text := range tr.got {
		if seen[text] || !tr.putting[text] {
			return fmt.Errorf("%s came twice, or from nowhere", text)
		}
		seen[text] = true
	}
	for p, got := range tr.by {
		last := map[byte]string{}
		for _, text := range got {
			if text <= last[text[0]] {
				return fmt.Errorf("%s got %s after %s", p.name, text, last[text[0]])
			}
			last[text[0]] = text
		}
	}
	return nil
}

// joins checks that a joiner goes on once all that was taken is dealt with, and not before.
func (tr *traffic) joins(m *machine, q Queue) error {
	n := 0
	for q.Done() {
		n++
	}
	if n < 1 {
		return fmt.Errorf("the last message is not to be dealt with")
	}
	if q.Join() != nil || q.Done() {
		return fmt.Errorf("done with more than was put")
	}
	return nil
}

// TestModels: in each schedule, with or without a kill, nobody sleeps while
// there is work for it, no lock is held twice, no message is lost.
func TestModels(t *testing.T) {
	small, large := 1, 140 // bytes: many fit into a small chunk, or one does
	for _, c := range []struct {
		model
		preemptions, kills int
	}{
		{lockModel(2, 2), 3, 0},
		{lockModel(2, 2), 2, 1},
		{lockModel(3, 1), 2, 1},
		{rlockModel, 2, 1},
		{semaphoreModel, 1, 1},
		{conditionModel(1, 1), 1, 1},
		{conditionModel(2, 1), 0, 1},
		{conditionModel(2, 2), 1, 0},
		{barrierModel(2, 2), 1, 1},
		{queueModel("queue, one producer, one consumer", 1, 1, 2, small, 0), 2, 0},
		{queueModel("queue, one producer, one consumer", 1, 1, 2, small, 0), 1, 1},
		{queueModel("queue for one message", 1, 1, 2, small, 1), 1, 1},
		{queueModel("queue, two producers", 2, 1, 1, small, 0), 1, 1},
		{queueModel("queue, two consumers", 1, 2, 2, small, 0), 1, 1},
		{queueModel("queue, chunk after chunk", 1, 1, 4, large, 0), 1, 1},
		{queueModel("queue, chunks of the heap", 1, 1, 1, 2*chunkSize, 0), 1, 1},
	} {
		if *longRun {
			c.preemptions++
		}
		explore(t, c.model, c.preemptions, c.kills)
	}
}
