package main_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// waiters has a process of each kind that waits, and ends when it is sent a line.
const waiters = `import os, sys, time
from multiprocessing import Barrier, Condition, Event, JoinableQueue, Lock, Process, Queue, Semaphore

lock, event, full, tasks, barrier = Lock(), Event(), Queue(1), JoinableQueue(), Barrier(2)
condition, taken = Condition(), Semaphore(0)
full.put(1)
tasks.put(1)

def hold():
    with lock:
        taken.release()
        event.wait()

def on_condition():
    with condition:
        condition.wait()

started = []
def begin(f, name):
    p = Process(target=f, name=name)
    p.start()
    started.append(p)

begin(hold, "holder")
taken.acquire()
begin(lambda: lock.acquire(), "at lock")
begin(lambda: taken.acquire(), "at semaphore")
begin(lambda: Queue().get(), "at get")
begin(lambda: full.put(2), "at put")
begin(lambda: tasks.join(), "at join")
begin(on_condition, "at condition")
begin(lambda: barrier.wait(), "at barrier")
begin(lambda: time.sleep(1000), "asleep")
sys.stdin.readline()
for p in started:
    p.kill()
    p.join()
`

// TestPsCommand: mpstar ps shows who waits for what at which line, and who holds it.
func TestPsCommand(t *testing.T) {
	tr := startScript(t, mpstar, waiters)
	want := ""
	for _, row := range [][2]string{
		{"N MainProcess waiting for input on descriptor N", "stdin.readline"},
		{"N holder waiting for event N", "event.wait"},
		{"N at lock waiting for lock N, held by N (holder)", "lock.acquire"},
		{"N at semaphore waiting for semaphore N", "lambda: taken.acquire"},
		{"N at get waiting for queue N: get", "Queue().get"},
		{"N at put waiting for queue N: put", "full.put(2)"},
		{"N at join waiting for queue N: join", "tasks.join"},
		{"N at condition waiting for condition N", "condition.wait"},
		{"N at barrier waiting at barrier N", "barrier.wait"},
		{"N asleep sleeping", "time.sleep"},
	} {
		before, _, _ := strings.Cut(waiters, row[1])
		want += fmt.Sprintf("%s script.star:%d\n", row[0], 1+strings.Count(before, "\n"))
	}
	spaces, numbers, indents := regexp.MustCompile(` +`), regexp.MustCompile(`(?m)(^| )\d+`), regexp.MustCompile(`(?m)^ `)
	var shown, got string
	show := func(args ...string) {
		r := run(t, t.TempDir(), "", append([]string{mpstar, "ps"}, args...)...)
		shown = r.stderr + spaces.ReplaceAllString(r.stdout, " ")
	}
	pid := strconv.Itoa(tr.cmd.Process.Pid)
	defer func() { equal(t, "what the processes wait for", got, want) }()
	eventually(t, "all wait", func() bool {
		show(pid)
		_, rows, _ := strings.Cut(shown, "\n")
		got = indents.ReplaceAllString(numbers.ReplaceAllString(rows, "${1}N"), "")
		return got == want
	})
	holder := regexp.MustCompile(`(\d+) holder`).FindStringSubmatch(shown)[1]
	contains(t, "the list", shown, mpstar, "held by "+holder+" ", pid+" MainProcess")
	show()
	contains(t, "the list of all", shown, "at semaphore")
	tr.send("end")
	equal(t, "the end", tr.finish().end, ended0)

	for arg, message := range map[string]string{
		"1":          "process 1: ",
		"2147483647": "process 2147483647: there is no such process",
		"x":          `ps needs the number of a process, not "x"`,
	} {
		r := run(t, t.TempDir(), "", mpstar, "ps", arg)
		contains(t, "standard error", r.stderr, "mpstar: "+message)
		equal(t, "the end", r.end, ended2)
	}
}
