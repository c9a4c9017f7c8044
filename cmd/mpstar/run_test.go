package main_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// patience is when a test gives up; a run that is right takes seconds, if the machine has nothing else to do.
const patience = 3 * time.Minute

// A tree is a program under test with all its descendants. They share a
// process group and carry a mark in their environment.
type tree struct {
	t        *testing.T
	cmd      *exec.Cmd
	mark     string
	stdin    io.WriteCloser
	out, err *capture
	deadline time.Time
	finished bool
}

// A result is how a tree ended.
type result struct {
	stdout, stderr string
	end            string // of the first process: "exit status 1", "signal: interrupt"
}

// The ends that tests ask for most.
const (
	ended0 = "exit status 0"
	ended1 = "exit status 1"
	ended2 = "exit status 2"
)

// run runs a program to the end of its whole tree.
func run(t *testing.T, dir, stdin string, argv ...string) result {
	t.Helper()
	tr := start(t, dir, argv...)
	go func() {
		io.WriteString(tr.stdin, stdin) // fails if nobody reads
		tr.stdin.Close()
	}()
	return tr.finish()
}

// shell runs a line of sh in which "$0" is the program.
func shell(t *testing.T, dir, line, program string) result {
	t.Helper()
	return run(t, dir, "", "sh", "-c", line, program)
}

var trees atomic.Int64

// start starts a program with its standard streams on pipes. The test calls finish.
func start(t *testing.T, dir string, argv ...string) *tree {
	t.Helper()
	mark := fmt.Sprintf("MPSTAR_TEST=%d.%d", os.Getpid(), trees.Add(1))
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{
		mark, "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8", "TZ=UTC",
		"PYTHONPATH=" + pythonPath, "PYTHONDONTWRITEBYTECODE=1",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	tr := &tree{t: t, cmd: cmd, mark: mark, deadline: time.Now().Add(patience)}

	stdin, toStdin := pipe(t)
	fromStdout, stdout := pipe(t)
	fromStderr, stderr := pipe(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{stdin, stdout, stderr} {
		f.Close()
	}
	tr.stdin, tr.out, tr.err = toStdin, newCapture(fromStdout), newCapture(fromStderr)
	t.Cleanup(tr.abandon)
	return tr
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

// finish waits until the first process has ended and nobody holds the output
// any more, and checks that nothing of the tree is left.
func (tr *tree) finish() result {
	tr.t.Helper()
	if !tr.out.closed(tr.deadline) || !tr.err.closed(tr.deadline) {
		tr.giveUp("the output was not closed: some process goes on")
	}
	done := make(chan error, 1)
	go func() { done <- tr.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Until(tr.deadline)):
		tr.giveUp("the output was closed, but the process did not end")
	}
	tr.finished = true
	tr.stdin.Close()
	tr.nothingLeft()
	return result{tr.out.String(), tr.err.String(), tr.cmd.ProcessState.String()}
}

// nothingLeft fails if a process of the tree goes on. The last ones may still
// be on their way out when their output is closed.
func (tr *tree) nothingLeft() {
	tr.t.Helper()
	left := tr.live()
	for end := time.Now().Add(patience); len(left) > 0 && time.Now().Before(end); left = tr.live() {
		time.Sleep(2 * time.Millisecond)
	}
	if len(left) > 0 {
		tr.t.Errorf("processes are left: %v", left)
		tr.kill()
	}
}

// live returns the command lines of the processes that bear the mark or are in
// the group, by pid. A zombie is none: it has neither environment nor command line.
func (tr *tree) live() map[int]string {
	live := map[int]string{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		environ, _ := os.ReadFile(dir + "/environ")
		marked := bytes.Contains(append(environ, 0), []byte(tr.mark+"\x00"))
		if !marked && !tr.inGroup(dir) {
			continue
		}
		if cmdline, _ := os.ReadFile(dir + "/cmdline"); len(cmdline) > 0 {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			live[pid] = strings.ReplaceAll(string(cmdline), "\x00", " ")
		}
	}
	return live
}

func (tr *tree) inGroup(dir string) bool {
	f := procStat(dir)
	return len(f) > 2 && f[2] == strconv.Itoa(tr.cmd.Process.Pid)
}

// procStat returns the fields of /proc/PID/stat from the third on: state, ppid, pgrp.
func procStat(dir string) []string {
	stat, _ := os.ReadFile(dir + "/stat")
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

// signal sends a signal to the whole group, as the terminal does.
func (tr *tree) signal(sig syscall.Signal) {
	tr.t.Helper()
	if err := syscall.Kill(-tr.cmd.Process.Pid, sig); err != nil {
		tr.t.Errorf("kill the group: %v", err)
	}
}

// send writes a line to standard input.
func (tr *tree) send(line string) {
	tr.t.Helper()
	if _, err := io.WriteString(tr.stdin, line+"\n"); err != nil {
		tr.t.Errorf("write to standard input: %v", err)
	}
}

// await waits until ok holds of what was printed to standard output so far, and returns that.
func (tr *tree) await(what string, ok func(stdout string) bool) string {
	tr.t.Helper()
	if !tr.out.await(tr.deadline, ok) {
		tr.giveUp("no " + what + " on standard output")
	}
	return tr.out.String()
}

// awaitLines waits for n whole lines and returns them.
func (tr *tree) awaitLines(n int) []string {
	tr.t.Helper()
	text := tr.await(fmt.Sprint(n, " lines"), func(s string) bool { return strings.Count(s, "\n") >= n })
	return strings.Split(text, "\n")[:n]
}

// giveUp ends the test and tells what was printed.
func (tr *tree) giveUp(why string) {
	tr.t.Helper()
	tr.t.Fatalf("%q: %s\nlive: %v\nstdout:\n%s\nstderr:\n%s",
		tr.cmd.Args, why, tr.live(), excerpt(tr.out.String()), excerpt(tr.err.String()))
}

// abandon ends what an unfinished test leaves behind.
func (tr *tree) abandon() {
	if tr.finished {
		return
	}
	tr.kill()
	tr.stdin.Close()
	tr.cmd.Wait()
}

func (tr *tree) kill() {
	// A process may fork while we look, so look again.
	for range 50 {
		syscall.Kill(-tr.cmd.Process.Pid, syscall.SIGKILL)
		left := tr.live()
		if len(left) == 0 {
			return
		}
		for pid := range left {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// eventually waits until ok holds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

// A capture collects what comes out of a pipe until nobody can write to it any more.
type capture struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed, and made anew, when text has grown
	eof     chan struct{}
}

func newCapture(r *os.File) *capture {
	c := &capture{changed: make(chan struct{}), eof: make(chan struct{})}
	go func() {
		defer close(c.eof)
		defer r.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := r.Read(buf)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.text.Write(buf[:n])
			close(c.changed)
			c.changed = make(chan struct{})
			c.mu.Unlock()
		}
	}()
	return c
}

func (c *capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// closed waits for the end of file.
func (c *capture) closed(deadline time.Time) bool {
	select {
	case <-c.eof:
		return true
	case <-time.After(time.Until(deadline)):
		return false
	}
}

// await waits until ok holds of the text.
func (c *capture) await(deadline time.Time, ok func(string) bool) bool {
	for {
		c.mu.Lock()
		text, changed := c.text.String(), c.changed
		c.mu.Unlock()
		if ok(text) {
			return true
		}
		select {
		case <-changed:
		case <-c.eof:
			return ok(c.String())
		case <-time.After(time.Until(deadline)):
			return false
		}
	}
}
