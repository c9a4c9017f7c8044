package main_test

import (
	"flag"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// interruptedPools are scripts whose pool is at work when Ctrl-C is typed, and
// what their last line but one and their traceback show.
var interruptedPools = []struct{ name, code string }{
	{"waiting", `with Pool(4) as pool:
    pool.map(work, range(1000), 1)
`},
	{"computing", `pool = Pool(4)
results = [pool.apply_async(work, (i,)) for i in range(8)]
while True: pass
`},
	{"joining", `pool = Pool(4)
results = [pool.apply_async(work, (i,)) for i in range(8)]
pool.close()
pool.join()
`},
}

const interruptedPool = `from multiprocessing import Pool
import time
def work(i):
    print("working", flush=True)
    if i % 2:
        time.sleep(60)
    while True: pass
`

// TestPoolInterrupted: Ctrl-C while a pool is at work ends all its processes, and only the first tells of it.
func TestPoolInterrupted(t *testing.T) {
	for _, test := range interruptedPools {
		t.Run(test.name, func(t *testing.T) {
			tr := startScript(t, mpstar, interruptedPool+test.code)
			tr.awaitLines(4)
			tr.signal(syscall.SIGINT)
			r := tr.finish()
			equal(t, "the end", r.end, "signal: interrupt")
			if strings.Count(r.stderr, "Traceback") != 1 || !strings.HasSuffix(r.stderr, "\nKeyboardInterrupt\n") || strings.Contains(r.stderr, "Process") {
				t.Errorf("standard error is\n%s", r.stderr)
			}
		})
	}
}

// TestPoolOwnerKilled: workers end when their pool's owner is killed, those that
// wait and those that work.
func TestPoolOwnerKilled(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := startScript(t, program, `from multiprocessing import Pool
import os, time
def work(i):
    if i == 0:
        print("working", flush=True)
        time.sleep(0.2)
pool = Pool(3)
results = [pool.apply_async(work, (i,)) for i in range(8)]
time.sleep(60)
`)
		tr.awaitLines(1)
		if err := tr.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		r := tr.finish()
		equal(t, "the end", r.end, "signal: killed")
	})
}

var poolKills = flag.Int("poolkills", 20, "how many workers TestPoolKillStorm kills")

// TestPoolKillStorm: workers are killed at random moments. Every task either
// is done right or fails with WorkerLostError.
func TestPoolKillStorm(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "-c", poolStorm, fmt.Sprint(*poolKills))
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)
	if !strings.HasSuffix(r.stdout, "no children\n") {
		t.Errorf("standard output is %s", r.stdout)
	}
	t.Log(r.stdout)
}

const poolStorm = `from multiprocessing import Pool, active_children
from multiprocessing.pool import WorkerLostError
import random, sys, time

def work(n):
    if n % 7 == 0:
        time.sleep(0.003)
    return n, sum(range(n % 2000))

counts = {"right": 0, "lost": 0, "kills": 0}

def check(get, want):
    try:
        got = get()
        assert got == want, (got, want)
        counts["right"] += 1
    except WorkerLostError:
        counts["lost"] += 1

def right(n):
    k = n % 2000
    return n, k * (k - 1) // 2

pool = Pool(4, maxtasksperchild=50)
tasks = 0
while counts["kills"] < int(sys.argv[1]):
    results = [(tasks + i, pool.apply_async(work, (tasks + i,))) for i in range(60)]
    tasks += 60
    mapped = pool.map_async(work, range(100), chunksize=3)
    found = pool.imap(work, range(50))
    for i in range(3):
        time.sleep(random.random() * 0.01)
        victim = random.choice(active_children() or [None])
        if victim is not None:
            victim.kill()
            counts["kills"] += 1
    for n, result in results:
        check(result.get, right(n))
    check(mapped.get, [right(n) for n in range(100)])
    for n in range(50):
        check(lambda: next(found), right(n))
pool.close()
pool.join()
print(counts, "no children" if not active_children() else active_children())
`

// TestPoolAttended: results are in order whenever the pool is attended to in the midst of a wait
// for them, as it is when a child ends or a result comes.
func TestPoolAttended(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "-c", `from multiprocessing import Pool
import signal
pool = Pool(3)
signal.signal(signal.SIGALRM, lambda number, frame: pool._attend())
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
for i in range(40):
    results = [pool.apply_async(abs, (-i,), callback=lambda v: None) for i in range(40)]
    assert list(pool.imap(abs, range(40))) == list(range(40))
    assert [r.get() for r in results] == list(range(40))
    assert sorted(pool.imap_unordered(abs, range(40))) == list(range(40))
signal.setitimer(signal.ITIMER_REAL, 0)
print("done")
`)
	equal(t, "standard error", r.stderr, "")
	equal(t, "standard output", r.stdout, "done\n")
}

// TestFuturesAttended is TestPoolAttended for futures and their executors.
func TestFuturesAttended(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "-c", `from concurrent.futures import ProcessPoolExecutor, as_completed, wait, FIRST_COMPLETED
import signal
with ProcessPoolExecutor(2) as ex, ProcessPoolExecutor(1) as other:
    other.submit(abs, 1).result()
    ex.submit(abs, 1).result()
    signal.signal(signal.SIGALRM, lambda number, frame: (ex._pool._attend(), other._pool._attend()))
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    for i in range(100):
        called = []
        fs = [ex.submit(abs, -n) for n in range(20)] + [other.submit(abs, -20)]
        fs[0].add_done_callback(called.append)
        assert len(wait(fs, return_when=FIRST_COMPLETED).done) > 0
        assert sorted([f.result() for f in as_completed(fs)]) == list(range(21))
        assert list(ex.map(abs, range(20), chunksize=3)) == list(range(20))
        assert called == fs[:1]
    signal.setitimer(signal.ITIMER_REAL, 0)
print("done")
`)
	equal(t, "standard error", r.stderr, "")
	equal(t, "standard output", r.stdout, "done\n")
}
