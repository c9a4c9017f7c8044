package main_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestInterruptConnections: Ctrl-C interrupts every call of a connection, a listener and a
// manager's proxy that blocks, and the manager with all others ends with its owner.
func TestInterruptConnections(t *testing.T) {
	for name, call := range map[string]string{
		"recv":       "r.recv()",
		"recv_bytes": "a.recv_bytes()",
		"poll":       "a.poll(None)",
		"send":       "a.send('x' * 100000000)",
		"send small": "while True: w.send(1)",
		"wait":       "connection.wait([r, a, child.sentinel])",
		"accept":     "connection.Listener().accept()",
		"request":    "os.kill(m._process.pid, signal.SIGSTOP); d['x']",
		"requests":   "while True: d['x'] = 1",
	} {
		t.Run(name, func(t *testing.T) {
			tr := startScript(t, mpstar, `import os, signal, sys, time
from multiprocessing import Manager, Pipe, Process, connection
def sleep():
    try:
        b.send("sleeping")
        time.sleep(1000)
    except KeyboardInterrupt:
        pass
m = Manager()
d = m.dict()
r, w = Pipe(False)
a, b = Pipe()
child = Process(target=sleep)
child.start()
a.recv()
try:
    print("ready", flush=True)
    `+call+`
except KeyboardInterrupt as e:
    print("caught", flush=True)
    os.kill(m._process.pid, signal.SIGCONT)
    d["y"] = 2
    print(d["y"])
    raise
`)
			tr.awaitLines(1)
			time.Sleep(rand.N(5 * time.Millisecond)) // before the call, or in it
			tr.signal(syscall.SIGINT)
			r := tr.finish()
			equal(t, "the end", r.end, "signal: interrupt")
			equal(t, "standard output", r.stdout, "ready\ncaught\n2\n")
			if n := strings.Count(r.stderr, "Traceback"); n != 1 {
				t.Errorf("%d tracebacks:\n%s", n, r.stderr)
			}
		})
	}
}

// TestManagerOfKilledTree: nothing is left of a manager, its clients and a shared
// queue when the first process is killed.
func TestManagerOfKilledTree(t *testing.T) {
	tr := startScript(t, mpstar, `from multiprocessing import Manager, Process
import time
def work(d, q):
    try:
        while True:
            d["n"] = 1
            q.put(1)
            q.get()
    except (EOFError, ConnectionError):
        pass
m = Manager()
d, q = m.dict(), m.Queue()
for i in range(3):
    Process(target=work, args=(d, q)).start()
print("ready", flush=True)
time.sleep(1000)
`)
	tr.awaitLines(1)
	time.Sleep(rand.N(20 * time.Millisecond)) // the moment
	syscall.Kill(tr.cmd.Process.Pid, syscall.SIGKILL)
	r := tr.finish()
	equal(t, "the end", r.end, "signal: killed")
	equal(t, "standard error", r.stderr, "")
}

// managerStorm kills clients of a manager at random moments and starts others in their places.
// Each has a key of a dict, a share of a list and a nested list, and an element of shared memory in which
// it notes how far it has got when the answer is there. So what a client that was
// killed has left is what it noted, or one step more.
const managerStorm = `import os, random, signal, time
from multiprocessing import Manager, Process, RawArray

CLIENTS, KILLS = 4, %d

def work(me, m_dict, m_list, queue, noted):
    n = noted[me]
    while True:
        n += 1
        m_dict[me] = n
        m_dict["row%%d" %% me].append(n)
        m_list.append((me, n))
        queue.put((me, n))
        noted[me] = n

def start(me):
    p = Process(target=work, args=(me, d, l, q, noted))
    p.start()
    return p

def check(me):
    n = noted[me]
    assert d[me] in (n, n + 1), (me, n, d[me])
    row = d["row%%d" %% me]
    assert len(row) in (n, n + 1), (me, n, len(row))
    # What the killed one did not note is taken back.
    d[me] = n
    del row[n:]
    for where in (listed[me], got[me]):
        assert where[-1] in (n, n + 1), (me, n, where[-3:])
        if where[-1] == n + 1:
            where.pop()
        assert len(where) == n + 1, (me, n, len(where))

def drain():
    # A request that a killed client has sent is dealt with in the round of the first of these.
    len(d), len(d)
    part = l[:]
    del l[:len(part)]
    for me, n in part:
        listed[me].append(n)
    for i in range(q.qsize()): # not until it is empty: the others put all the time
        me, n = q.get()
        got[me].append(n)

with Manager() as m:
    d, l, q = m.dict(), m.list(), m.Queue()
    listed, got = [[0] for i in range(CLIENTS)], [[0] for i in range(CLIENTS)]
    noted = RawArray("i", CLIENTS)
    for i in range(CLIENTS):
        d[i] = 0
        d["row%%d" %% i] = m.list()
    ps = [start(i) for i in range(CLIENTS)]
    for k in range(KILLS):
        i = random.randrange(CLIENTS)
        time.sleep(random.random() * 0.01)
        ps[i].kill()
        ps[i].join()
        drain()
        check(i)
        ps[i] = start(i)
    while min(noted) == 0:
        time.sleep(0.001)
    for p in ps:
        p.kill()
        p.join()
    drain()
    for i in range(CLIENTS):
        check(i)
    for i in range(CLIENTS):
        print(listed[i] == got[i] == list(range(noted[i] + 1)), noted[i] > 0)
`

// TestManagerStorm: whatever becomes of clients, the manager's objects are whole.
func TestManagerStorm(t *testing.T) {
	kills := 60
	if testing.Short() {
		kills = 20
	}
	r := run(t, t.TempDir(), "", mpstar, "-c", fmt.Sprintf(managerStorm, kills))
	equal(t, "standard error", r.stderr, "")
	equal(t, "standard output", r.stdout, strings.Repeat("True True\n", 4))
}
