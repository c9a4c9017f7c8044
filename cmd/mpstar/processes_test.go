package main_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startScript starts a script that is written to a file of a new folder.
func startScript(t *testing.T, program, code string, args ...string) *tree {
	t.Helper()
	dir := t.TempDir()
	file := write(t, dir, "script.star", code)
	return start(t, dir, append([]string{program, file}, args...)...)
}

// printsOnly runs code with each interpreter and wants this output, no errors and status 0.
func printsOnly(t *testing.T, code, want string) {
	t.Helper()
	eachInterpreter(t, func(t *testing.T, program string) {
		r := run(t, t.TempDir(), "", program, "-c", code)
		equal(t, "standard output", r.stdout, want)
		equal(t, "standard error", r.stderr, "")
		equal(t, "the end", r.end, ended0)
	})
}

// waitingFamily prints the pids of a parent and its child, which then wait
// until the parent is sent a line.
const waitingFamily = `import os, sys
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(w)
    os.read(r, 1)
    os._exit(0)
print(os.getpid(), flush=True)
print(pid, flush=True)
sys.stdin.readline()
os.close(w)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

// pids reads two lines that are pids.
func (tr *tree) pids() (first, second int) {
	tr.t.Helper()
	lines := tr.awaitLines(2)
	first, err := strconv.Atoi(lines[0])
	if err == nil {
		second, err = strconv.Atoi(lines[1])
	}
	if err != nil {
		tr.t.Fatalf("no pids: %q", lines)
	}
	return first, second
}

func procDir(pid int) string { return "/proc/" + strconv.Itoa(pid) }

// state is the process's letter in ps: Z for a zombie, "" if there is none.
func state(pid int) string {
	if f := procStat(procDir(pid)); len(f) > 0 {
		return f[0]
	}
	return ""
}

// TestPs: the child shows the script's own command line and name.
func TestPs(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := startScript(t, program, waitingFamily, "an argument", "", "-x")
		parent, child := tr.pids()
		if parent != tr.cmd.Process.Pid {
			t.Errorf("os.getpid() is %d, the system says %d", parent, tr.cmd.Process.Pid)
		}
		for _, pid := range []int{parent, child} {
			cmdline, err := os.ReadFile(procDir(pid) + "/cmdline")
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00"); !slices.Equal(got, tr.cmd.Args) {
				t.Errorf("command line is %q, want %q", got, tr.cmd.Args)
			}
			comm, _ := os.ReadFile(procDir(pid) + "/comm")
			equal(t, "the name", string(comm), filepath.Base(program)+"\n")
			if !tr.inGroup(procDir(pid)) {
				t.Errorf("%d is not in the group of %d", pid, parent)
			}
		}
		if stat := procStat(procDir(child)); stat[1] != strconv.Itoa(parent) {
			t.Errorf("the child's parent is %s, want %d", stat[1], parent)
		}
		tr.send("")
		r := tr.finish()
		equal(t, "standard error", r.stderr, "")
		equal(t, "the end", r.end, ended0)
	})
}

// TestKillChild: the parent learns which signal killed its child.
func TestKillChild(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1} {
			tr := startScript(t, program, waitingFamily)
			_, child := tr.pids()
			syscall.Kill(child, sig)
			tr.send("")
			r := tr.finish()
			equal(t, "the last line", strings.Split(r.stdout, "\n")[2], strconv.Itoa(-int(sig)))
			equal(t, "standard error", r.stderr, "")
		}
	})
}

// TestZombie: a child that nobody has waited for is a zombie, and gone after the wait.
func TestZombie(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := startScript(t, program, `import os, sys
pid = os.fork()
if pid == 0:
    os._exit(5)
print(os.getpid(), flush=True)
print(pid, flush=True)
sys.stdin.readline()
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]), flush=True)
sys.stdin.readline()
`)
		_, child := tr.pids()
		eventually(t, "the child is a zombie", func() bool { return state(child) == "Z" })
		tr.send("wait")
		equal(t, "the status", tr.awaitLines(3)[2], "5")
		equal(t, "the child's state", state(child), "")
		tr.send("end")
		equal(t, "the end", tr.finish().end, ended0)
	})
}

// TestParentDoesNotWait: the parent ends while its child goes on.
func TestParentDoesNotWait(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := startScript(t, program, `import os, sys, time
parent = os.getpid()
if os.fork() == 0:
    sys.stdin.readline()
    while os.getppid() == parent:
        time.sleep(0.002)
    print("child over, an orphan")
    sys.exit(3)
print("parent over", flush=True)
sys.exit(2)
`)
		equal(t, "the first line", tr.awaitLines(1)[0], "parent over")
		eventually(t, "the parent has ended", func() bool { return state(tr.cmd.Process.Pid) == "Z" })
		tr.send("")
		tr.cmd.Process.Wait()
		r := tr.finish()
		equal(t, "standard output", r.stdout, "parent over\nchild over, an orphan\n")
		equal(t, "standard error", r.stderr, "")
	})
}

// TestKillParent: SIGKILL of the parent leaves the child running.
func TestKillParent(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := startScript(t, program, `import os, sys, time
parent = os.getpid()
pid = os.fork()
if pid == 0:
    while os.getppid() == parent:
        time.sleep(0.002)
    print("orphan")
    if os.fork() == 0:
        print("grandchild")
        os._exit(0)
    os.wait()
    os._exit(0)
print(parent, flush=True)
print(pid, flush=True)
sys.stdin.readline()
print("never")
`)
		parent, _ := tr.pids()
		syscall.Kill(parent, syscall.SIGKILL)
		r := tr.finish()
		equal(t, "the end", r.end, "signal: killed")
		equal(t, "the lines after the pids", strings.Join(strings.Split(r.stdout, "\n")[2:], "\n"), "orphan\ngrandchild\n")
		equal(t, "standard error", r.stderr, "")
	})
}

// TestRunawayFork: a fork bomb hits the limit, says so, and ends by itself, all of it.
func TestRunawayFork(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "--max-procs", "20", "-c", "import os\nwhile True: os.fork()")
	contains(t, "standard error", r.stderr,
		"    while True: os.fork()\n                ^^^^^^^^^\n"+
			"BlockingIOError: [Errno 11] "+limitReached+"\n")
	equal(t, "the end", r.end, ended1)
}

// TestRunawayForkInterrupted: so it does after Ctrl-C at any moment.
func TestRunawayForkInterrupted(t *testing.T) {
	for range 20 {
		tr := start(t, t.TempDir(), mpstar, "--max-procs", "20", "-c", "print(1)\nimport os\nwhile True: os.fork()")
		tr.awaitLines(1)
		time.Sleep(rand.N(20 * time.Millisecond)) // the moment
		tr.signal(syscall.SIGINT)
		if r := tr.finish(); r.end == ended0 {
			t.Errorf("the script ends well: %q", r)
		}
	}
}

// TestRunawayForkHandled: processes that handle the error and wait for their children.
func TestRunawayForkHandled(t *testing.T) {
	const code = `import os
children = 0
try:
    while True:
        if os.fork() > 0:
            children += 1
        else:
            children = 0
except BlockingIOError as e:
    print(e.errno)
    while children:
        os.wait()
        children -= 1
`
	r := run(t, t.TempDir(), "", mpstar, "--max-procs", "12", "-c", code)
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)
	if n := strings.Count(r.stdout, "11\n"); n < 12 || len(r.stdout) != 3*n {
		t.Errorf("%d processes hit the limit of 12:\n%s", n, r.stdout)
	}
}

// TestInterruptStorm sends SIGINT to the group at a random moment of a storm of forks.
func TestInterruptStorm(t *testing.T) {
	const code = `import os
print("ready", flush=True)
while True:
    try:
        if os.fork() == 0:
            if os.fork() == 0:
                os._exit(0)
            os.wait()
            os._exit(0)
        os.wait()
    except BlockingIOError:
        os.wait()
`
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for range rounds {
		tr := start(t, t.TempDir(), mpstar, "--max-procs", "10", "-c", code)
		tr.awaitLines(1)
		time.Sleep(rand.N(15 * time.Millisecond)) // the random moment
		tr.signal(syscall.SIGINT)
		equal(t, "the end", tr.finish().end, "signal: interrupt")
	}
}

// TestInterrupt: Ctrl-C interrupts every call that blocks, and a loop. These tests are not run
// by python3: a signal just before it blocks is noticed only when the call returns.
func TestInterrupt(t *testing.T) {
	for name, call := range map[string]string{
		"loop":         "while True: pass",
		"sleep":        "time.sleep(1000)",
		"pause":        "signal.pause()",
		"read":         "os.read(r, 1)",
		"write":        "os.write(w, b'x' * 1000000)",
		"wait":         "os.wait()",
		"waitpid":      "os.waitpid(pid, 0)",
		"readline":     "sys.stdin.readline()",
		"input":        "input()",
		"lines":        "for line in sys.stdin: pass",
		"sorted":       "sorted([1], key=lambda x: time.sleep(1000))",
		"in a handler": "os.kill(os.getpid(), signal.SIGUSR1)",
	} {
		t.Run(name, func(t *testing.T) {
			if name != "in a handler" { // which is interrupted in there, not at the signal that calls it
				call = `print("parent", flush=True)
    ` + call
			}
			tr := startScript(t, mpstar, `import os, signal, sys, time
def handler(number, frame):
    print("parent", flush=True)
    time.sleep(1000)

signal.signal(signal.SIGUSR1, handler)
r, w = os.pipe()
parent = os.getpid()
pid = os.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("child", flush=True)
    while os.getppid() == parent:
        time.sleep(0.002)
    os._exit(0)
try:
    `+call+`
except KeyboardInterrupt as e:
    print("caught", e.args)
    raise
finally:
    print("finally")
`)
			tr.awaitLines(2)
			tr.signal(syscall.SIGINT)
			r := tr.finish()
			equal(t, "the end", r.end, "signal: interrupt")
			contains(t, "standard output", r.stdout, "caught ()\nfinally\n")
			contains(t, "standard error", r.stderr, "Traceback (most recent call last):\n  File", "KeyboardInterrupt\n")
		})
	}
}

// TestInterruptCaught: KeyboardInterrupt can be handled, and the script goes on.
func TestInterruptCaught(t *testing.T) {
	tr := startScript(t, mpstar, `import sys, time
for i in range(3):
    try:
        print("ready", flush=True)
        time.sleep(1000)
    except KeyboardInterrupt:
        print("interrupted", i, flush=True)
sys.exit(4)
`)
	for i := range 3 {
		tr.awaitLines(2*i + 1)
		tr.signal(syscall.SIGINT)
	}
	r := tr.finish()
	equal(t, "standard output", r.stdout, "ready\ninterrupted 0\nready\ninterrupted 1\nready\ninterrupted 2\n")
	equal(t, "the end", r.end, "exit status 4")
}

// TestInterruptAtEnd: a signal that comes while the script is ending by an
// uncaught exception does not keep it from ending.
func TestInterruptAtEnd(t *testing.T) {
	for name, code := range map[string]string{
		"before the exception": `import os, signal
os.kill(os.getpid(), signal.SIGINT); [][1]
`,
		"in the exception's __str__": `import os, signal
class Loud(Exception):
    def __str__(self):
        os.kill(os.getpid(), signal.SIGINT)
        return "loud"
raise Loud
`,
	} {
		t.Run(name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				r := run(t, t.TempDir(), "", program, "-c", code)
				contains(t, "standard error", r.stderr, "Traceback (most recent call last):\n")
				if r.end == ended0 {
					t.Error("the script ends well")
				}
			})
		})
	}
}

// TestInterruptIgnored: a script that was started with SIGINT ignored, as by nohup and &, is not interrupted.
func TestInterruptIgnored(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		tr := start(t, t.TempDir(), "sh", "-c", `trap "" INT; exec "$0" -c "$1"`, program, `import os, signal, sys
print(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, flush=True)
sys.stdin.readline()
if os.fork() == 0:
    os.kill(os.getpid(), signal.SIGINT)
    print("child goes on")
    os._exit(0)
os.wait()
print("parent goes on")
`)
		tr.awaitLines(1)
		tr.signal(syscall.SIGINT)
		tr.send("")
		r := tr.finish()
		equal(t, "standard output", r.stdout, "True\nchild goes on\nparent goes on\n")
		equal(t, "the end", r.end, ended0)
	})
}

// TestRedirections: descriptors that the shell opened are the child's too.
func TestRedirections(t *testing.T) {
	const code = `import os
if os.fork() == 0:
    os.write(3, b"child\n")
    print(os.read(4, 100).decode().strip())
    os.close(3)
    os._exit(0)
os.wait()
os.write(3, b"parent\n")
print(os.read(4, 1) == b"", os.dup(0))
`
	eachInterpreter(t, func(t *testing.T, program string) {
		dir := t.TempDir()
		write(t, dir, "script.star", code)
		r := shell(t, dir, `echo text >in; "$0" script.star 3>out 4<in`, program)
		equal(t, "standard output", r.stdout, "text\nTrue 5\n")
		equal(t, "standard error", r.stderr, "")
		out, _ := os.ReadFile(filepath.Join(dir, "out"))
		equal(t, "the file", string(out), "child\nparent\n")
	})
}

// TestPipeEnds: a pipe is at its end when the last process that can write to it
// has closed it; nothing that mpstar keeps ready holds it open.
func TestPipeEnds(t *testing.T) {
	printsOnly(t, `import os
for i in range(5):
    r, w = os.pipe()
    if os.fork() == 0:
        os.close(r)
        os.write(w, b"x" * 10)
        os._exit(0)
    os.close(w)
    n = 0
    while True:
        part = os.read(r, 4)
        if part == b"":
            break
        n += len(part)
    os.close(r)
    os.wait()
    print(r, w, n)
`, strings.Repeat("3 4 10\n", 5))
}

// TestDup2: standard output and input of the child alone are redirected.
func TestDup2(t *testing.T) {
	printsOnly(t, `import os, sys
r, w = os.pipe()
r2, w2 = os.pipe()
os.write(w2, b"a line\nmore\n")
os.close(w2)
if os.fork() == 0:
    os.dup2(w, 1)
    os.dup2(r2, 0)
    print("child read", sys.stdin.readline().strip(), flush=True)
    os._exit(0)
os.wait()
print("parent read", os.read(r, 100).decode(), end="")
`, "parent read child read a line\n")
}

// TestLinesDoNotTear: one print is one write, also of several processes.
func TestLinesDoNotTear(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		r := run(t, t.TempDir(), "", program, "-c", `import os
for letter in "abcd":
    if os.fork() == 0:
        for i in range(300):
            print(letter * 100, i, letter * 50, sep="-")
        os._exit(0)
for letter in "abcd":
    os.wait()
`)
		lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
		if len(lines) != 4*300 {
			t.Errorf("%d lines, want 1200", len(lines))
		}
		for _, line := range lines {
			letter := line[:min(1, len(line))]
			parts := strings.Split(line, "-")
			if len(parts) != 3 || parts[0] != strings.Repeat(letter, 100) || parts[2] != strings.Repeat(letter, 50) {
				t.Fatalf("torn line %q", line)
			}
		}
	})
}

// TestNothingPrintedTwice: what was written before a fork is out, also without a
// newline. Not so in CPython, whose buffer is copied.
func TestNothingPrintedTwice(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "-c", `import os, sys
print("printed ", end="")
sys.stdout.write("written ")
if os.fork() == 0:
    print("child ", end="")
    sys.exit()
os.wait()
print("parent")
`)
	equal(t, "standard output", r.stdout, "printed written child parent\n")
}

// TestInheritance: everything that a process has and a fork hands on, changed
// before the fork; grandchildren have it too.
func TestInheritance(t *testing.T) {
	printsOnly(t, `import os, signal
os.chdir("/usr")
os.environ["A"] = "set"
os.putenv("B", "put")
os.umask(0o37)
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
signal.signal(signal.SIGUSR2, lambda n, f: print("handled", n, flush=True))
signal.alarm(1000)
if os.fork() == 0:
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        print(os.getcwd(), os.environ["A"], oct(os.umask(0)), signal.alarm(0))
        os._exit(0)
    os.wait()
    os._exit(0)
os.wait()
print(signal.alarm(0) > 0)
`, "handled 12\n/usr set 0o37 0\nTrue\n")
}

// TestSpareInheritance: processes kept ready since the first forks take part in later changes.
func TestSpareInheritance(t *testing.T) {
	printsOnly(t, `import os
def ask():
    r, w = os.pipe()
    if os.fork() == 0:
        os.write(w, ("%s %s %s" % (os.getcwd(), os.environ.get("A"), oct(os.umask(0)))).encode())
        os._exit(0)
    os.wait()
    text = os.read(r, 100).decode()
    os.close(r)
    os.close(w)
    return text
os.umask(0o22)
os.chdir("/")
for i in range(4):
    print(ask())
    os.umask(i)
    os.environ["A"] = str(i)
    os.chdir(["/usr", "/", "/tmp", "/dev"][i])
`, "/ None 0o22\n/usr 0 0o0\n/ 1 0o1\n/tmp 2 0o2\n")
}

// TestSignalsBetween: processes signal each other, handlers run in the right one.
func TestSignalsBetween(t *testing.T) {
	printsOnly(t, `import os, signal, time
got = []
def handler(number, frame):
    got.append(number)
signal.signal(signal.SIGUSR1, handler)
parent = os.getpid()
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(w, b"x")
    while not got:
        time.sleep(0.002)
    print("child got", len(got), flush=True)
    os.kill(parent, signal.SIGUSR1)
    os._exit(0)
os.read(r, 1)
os.kill(pid, signal.SIGUSR1)
while not got:
    time.sleep(0.002)
os.wait()
print("parent got", len(got))
`, "child got 1\nparent got 1\n")
}

// TestSignalAtBirth: a signal to a child that has only just been made is not lost. (CPython can lose it.)
func TestSignalAtBirth(t *testing.T) {
	r := run(t, t.TempDir(), "", mpstar, "-c", `import os, signal
def handler(number, frame):
    os._exit(6)
signal.signal(signal.SIGUSR1, handler)
ends = {}
for i in range(30):
    pid = os.fork()
    if pid == 0:
        while True:
            signal.pause()
    os.kill(pid, signal.SIGUSR1)
    end = os.waitstatus_to_exitcode(os.wait()[1])
    ends[end] = ends.get(end, 0) + 1
print(ends)
`)
	equal(t, "standard output", r.stdout, "{6: 30}\n")
}

// TestSigchldHandler: the handler runs when a child ends, and may wait for it.
func TestSigchldHandler(t *testing.T) {
	printsOnly(t, `import os, signal, time
ended = []
def handler(number, frame):
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            ended.append(os.WEXITSTATUS(status))
    except ChildProcessError:
        pass
signal.signal(signal.SIGCHLD, handler)
for i in range(3):
    if os.fork() == 0:
        os._exit(20 + i)
while len(ended) < 3:
    time.sleep(0.002)
print(*sorted(ended))
`, "20 21 22\n")
}

// TestBigHeap: a million ints, a hundred thousand strings and a dict of them reach the child whole.
func TestBigHeap(t *testing.T) {
	printsOnly(t, `import os
ints = list(range(1000000))
strings = [str(i) for i in range(100000)]
table = {s: [i] for i, s in enumerate(strings)}
if os.fork() == 0:
    table["0"].append(1)
    ints.append(1000000)
    print(sum(ints), len(strings), sum([v[0] for v in table.values()]), table["99999"], len(table["0"]), flush=True)
    os._exit(0)
os.wait()
print(sum(ints), len(strings), len(table), len(table["0"]))
`, "500000500000 100000 4999950000 [99999] 2\n499999500000 100000 100000 1\n")
}

// TestManyForks: descriptors and processes do not pile up.
func TestManyForks(t *testing.T) {
	printsOnly(t, `import os
total = 0
for i in range(200):
    if os.fork() == 0:
        os._exit(i % 100)
    total += os.WEXITSTATUS(os.wait()[1])
fd = os.open("/dev/null", os.O_RDONLY)
print(total, fd)
`, "9900 3\n")
}

// TestDeepFork: a fork under five hundred calls, and, with a raised limit, under five thousand.
func TestDeepFork(t *testing.T) {
	printsOnly(t, `import os, sys
def down(n):
    if n > 0:
        return down(n - 1) + 1
    global pid
    pid = os.fork()
    return 0
def fork_at(depth):
    depth = down(depth)
    if pid == 0:
        print("child", depth, flush=True)
        os._exit(0)
    os.wait()
    print("parent", depth, flush=True)
fork_at(500)
sys.setrecursionlimit(6000)
fork_at(5000)
`, "child 500\nparent 500\nchild 5000\nparent 5000\n")
}
