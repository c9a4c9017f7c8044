//go:build linux && (amd64 || arm64)

//go:debug containermaxprocs=0

package unix

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mpstar/host/kernel"
)

// A scenario is a script, in Go: it runs in a process of its own that has just
// called Start, in a session of its own, and fails by calling check. Its children are functions of
// the table children, named in the image as "name argument...".
//
// The go:debug line above keeps the Go runtime from holding descriptors 3 and
// 4 for cgroup files, as cmd/mpstar does.

const scenarioEnv = "UNIX_TEST_SCENARIO"

// insideEnv is set in every process that a test starts. One that has it and is
// neither a scenario nor adopted would run all the tests again, each of which
// starts processes: it ends instead.
const insideEnv = "UNIX_TEST_INSIDE"

func TestMain(m *testing.M) {
	inside := os.Getenv(insideEnv) != ""
	os.Setenv(insideEnv, "1")
	k, image, ok, err := Adopt(nil)
	if err != nil {
		panic(err)
	}
	if ok {
		limitLife()
		name, arg, _ := strings.Cut(string(image), " ")
		children[name](k, arg)
		k.Exit(0)
	}
	if name := os.Getenv(scenarioEnv); name != "" {
		os.Unsetenv(scenarioEnv)
		closeInherited()
		s := scenarios[name]
		k, err := Start(Options{MaxProcs: s.maxProcs})
		if err != nil {
			panic(err)
		}
		limitLife()
		s.run(k)
		k.Exit(0)
	}
	if inside {
		fmt.Fprintln(os.Stderr, "a child was not adopted")
		os.Exit(98)
	}
	os.Exit(m.Run())
}

// limitLife makes this process end by itself, whatever has become of its test.
// A timer before Start would have the runtime's poller take descriptor 3.
func limitLife() { time.AfterFunc(3*patience, func() { syscall.Exit(97) }) }

// closeInherited closes what the test's own starter left open.
func closeInherited() {
	var t fdTable
	noError(t.adoptInherited())
	for fd := 3; fd < len(t); fd++ {
		if t.owns(fd) {
			syscall.Close(fd)
		}
	}
}

func check(ok bool, format string, args ...any) {
	if !ok {
		_, file, line, _ := runtime.Caller(1)
		fmt.Fprintf(os.Stderr, "%s:%d: %s\n", filepath.Base(file), line, fmt.Sprintf(format, args...))
		syscall.Exit(99)
	}
}

func noError(err error) { check(err == nil, "%v (%s)", err, caller()) }

func caller() string {
	_, _, line, _ := runtime.Caller(3)
	return "line " + strconv.Itoa(line)
}

// fork starts a child from the table children.
func fork(k *Kernel, name string, args ...any) kernel.Pid {
	pid, err := k.Fork(imageOf(name, args...))
	check(err == nil, "fork %s: %v", name, err)
	return pid
}

func imageOf(name string, args ...any) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := fmt.Fprint(w, strings.TrimSuffix(fmt.Sprintln(append([]any{name}, args...)...), "\n"))
		return err
	}
}

func wait(k *Kernel, pid kernel.Pid) kernel.Status {
	got, st, err := k.Wait(pid, 0)
	check(err == nil && (got == pid || pid < 1), "wait %d: %d, %v", pid, got, err)
	return st
}

// waitAll waits for n children and checks that all exited with 0.
func waitAll(k *Kernel, n int) {
	for range n {
		st := wait(k, -1)
		code, ok := st.Exited()
		check(ok && code == 0, "child ended with status %#x", int(st))
	}
	_, _, err := k.Wait(-1, 0)
	check(err == syscall.ECHILD, "after all: %v", err)
}

// tell and hear are how processes of a scenario wait for each other.
func tell(k *Kernel, fd kernel.Fd) {
	_, err := k.Write(fd, []byte{'.'})
	noError(err)
}

func hear(k *Kernel, fd kernel.Fd) {
	var b [1]byte
	n, err := k.Read(fd, b[:])
	check(n == 1 && err == nil, "read %d: %d, %v", fd, n, err)
}

func pipe2(k *Kernel) (r, w kernel.Fd) {
	r, w, err := k.Pipe()
	noError(err)
	return r, w
}

func TestScenarios(t *testing.T) {
	for name := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runScenario(t, name)
		})
	}
}

func runScenario(t *testing.T, name string) {
	args := []string{os.Args[0], "one", "two words"}
	if sh := scenarios[name].under; sh != "" {
		args = append([]string{"/bin/sh", "-c", sh + `; exec "$0" "$@"`}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), scenarioEnv+"="+name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(patience, func() { killSession(cmd.Process.Pid) })
	defer stuck.Stop()
	err := cmd.Wait()
	if want := scenarios[name].ends; fmt.Sprint(err) != want && (err != nil || want != "") {
		t.Errorf("ended with %v\n%s", err, out.String())
	}
	noSession(t, cmd.Process.Pid)
}

// patience ends what is stuck; nothing that works comes near it.
const patience = 60 * time.Second

// noSession waits until no process of the session is left. Those whose parent was
// killed need a moment to notice.
func noSession(t *testing.T, sid int) {
	end := time.Now().Add(patience)
	for left := session(sid); len(left) > 0; left = session(sid) {
		if time.Now().After(end) {
			t.Errorf("processes left: %v", left)
			killSession(sid)
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func killSession(sid int) {
	for _, pid := range session(sid) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// session returns the living processes of a session; a zombie whose parent has
// ended is init's.
func session(sid int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if f[3] == strconv.Itoa(sid) && f[0] != "Z" {
			pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}
