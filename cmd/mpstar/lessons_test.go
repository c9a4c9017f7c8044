package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const lessonsDir = "../../scripts/lessons"

// lessonLines are what the lessons print, sorted, with PID for pids.
var lessonLines = map[string]string{
	"fork/01_simple_fork.star":    "haha\nhaha\n",
	"fork/02_return_value.star":   "----1----\n----2----\n" + endless,
	"fork/03_getpid_getppid.star": "---子进程---PID---PID\n---父进程---PID\n0\nPID\nhaha\nhaha\n",
	"fork/04_parent_does_not_wait.star": "---begin---\n---over----\n---over----\n---主进程over---\n" +
		"---子进程---\n---子进程over---\n---父进程---\n",
	"fork/05_globals_not_shared.star": "---process-1 g_num=101---\n---process-1---\n---process-2 g_num=100---\n---process-2---\n",
	"fork/06_three_forks.star":        strings.Repeat("1111\n", 8),

	"process/01_target.star":            "---main---\n---test---\n" + endless,
	"process/02_parent_ends_first.star": strings.Repeat("---test---\n", 5) + "结束\n",
	"process/03_join.star":              "", // random: see counted
	"process/04_subclass.star":          "---1---\n---main---\n" + endless,

	"pool/01_apply_async.star": pooled(),
	"pool/02_apply.star":       "", // in order: see applied

	"queue/02_pool_manager_queue.star": "", // the reader may come first: see taken
	"queue/01_process_queue.star":      "get queue A \nget queue B \nget queue C \nput queue A\nput queue B\nput queue C\n结束\n",
}

// pooled are the lines of the lesson whose pool does ten tasks of five steps.
func pooled() string {
	lines := "---start---\n---end---\n"
	for i := range 10 {
		lines += fmt.Sprintf("---%d---\n", i)
		for step := range 5 {
			lines += fmt.Sprintf("---pid = PID---n = %d\n", step)
		}
	}
	return sortLines(lines)
}

// endless marks lessons whose two processes print the lines before it for ever.
const endless = "and so on"

// TestLessons runs the lessons as they stand, each a tree of processes.
func TestLessons(t *testing.T) {
	found := 0
	for _, pattern := range []string{"fork/*.star", "process/*.star", "pool/*.star", "queue/*.star"} {
		folder := filepath.Dir(pattern)
		lessons, err := filepath.Glob(filepath.Join(lessonsDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range lessons {
			name := folder + "/" + filepath.Base(path)
			lines, ok := lessonLines[name]
			if !ok {
				t.Errorf("%s is not known", name)
				continue
			}
			found++
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				eachInterpreter(t, func(t *testing.T, program string) {
					if alternating, ok := strings.CutSuffix(lines, endless); ok {
						endlessLesson(t, program, name, strings.Split(strings.TrimSpace(alternating), "\n"))
					} else {
						lesson(t, program, name)
					}
				})
			})
		}
	}
	if found != len(lessonLines) {
		t.Errorf("%d lessons, want %d", found, len(lessonLines))
	}
}

// lesson runs a lesson and compares its lines in any order, without pids.
func lesson(t *testing.T, program, name string) {
	argv := []string{program, filepath.Base(name)}
	if name == "pool/02_apply.star" { // it sleeps for 50 seconds
		argv = append([]string{"env", sleepVariable + "=25"}, argv...)
	}
	r := run(t, filepath.Join(lessonsDir, filepath.Dir(name)), "", argv...)
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)
	out := r.stdout
	switch name {
	case "fork/03_getpid_getppid.star":
		family(t, out)
		out = pidPattern.ReplaceAllString(out, "PID")
	case "pool/01_apply_async.star":
		if n := len(slices.Compact(slices.Sorted(slices.Values(poolPattern.FindAllString(out, -1))))); n != 5 {
			t.Errorf("%d workers", n)
		}
		out = poolPattern.ReplaceAllString(out, "pid = PID")
	case "pool/02_apply.star":
		applied(t, out)
		return
	case "queue/02_pool_manager_queue.star":
		taken(t, out)
		return
	case "process/03_join.star":
		counted(t, out)
		return
	}
	equal(t, "standard output", sortLines(out), lessonLines[name])
}

// applied checks the lesson whose pool does one task after another.
func applied(t *testing.T, out string) {
	t.Helper()
	want := ""
	for i := range 10 {
		want += fmt.Sprintf("---%d---\n", i)
		for step := range 5 {
			want += fmt.Sprintf("---pid = PID---n = %d\n", step)
		}
	}
	equal(t, "standard output", poolPattern.ReplaceAllString(out, "pid = PID"), want+"---start---\n---end---\n")
}

var poolPattern = regexp.MustCompile(`pid = \d+`)

// taken checks the lesson whose reader stops as soon as it finds nothing: what it
// has got was put, in that order.
func taken(t *testing.T, out string) {
	t.Helper()
	put, got := "", ""
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if letter, ok := strings.CutPrefix(line, "queue put "); ok {
			put += strings.TrimSpace(letter)
		} else if letter, ok := strings.CutPrefix(line, "queue get "); ok {
			got += strings.TrimSpace(letter)
		}
	}
	if put != "ABC" || !strings.HasPrefix(put, got) || !strings.HasSuffix(out, "结束\n") {
		t.Errorf("put %s, got %s:\n%s", put, got, out)
	}
}

// counted checks the lesson whose child counts from 0 as far as it likes, and
// whose parent waits for that.
func counted(t *testing.T, out string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i, line := range lines[:len(lines)-1] {
		equal(t, "a line", line, fmt.Sprintf("---%d---", i))
	}
	equal(t, "the last line", lines[len(lines)-1], "---main---")
	if n := len(lines) - 1; n < 1 || n > 5 {
		t.Errorf("%d lines of the child", n)
	}
}

var pidPattern = regexp.MustCompile(`\b[1-9]\d*\b`)

// family checks who says to be whose child in the third lesson: the parent
// prints its pid and then the child's, the child its own pid, its parent's, and then 0.
func family(t *testing.T, out string) {
	t.Helper()
	find := func(pattern string) []string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no line matches %s:\n%s", pattern, out)
		}
		return m[1:]
	}
	parent := find(`(?m)^---父进程---(\d+)$`)[0]
	child := find(`(?m)^---子进程---(\d+)---(\d+)$`)
	ret := find(`(?m)^([1-9]\d*)$`)[0]
	find(`(?m)^(0)$`)
	if ret != child[0] {
		t.Errorf("os.fork() gave the parent %s, but the child is %s", ret, child[0])
	}
	// The parent does not wait, so the child may find itself an orphan.
	if child[0] == parent || child[1] != parent && !isReaper(child[1]) {
		t.Errorf("the parent is %s, the child %s says it is %s", parent, child[0], child[1])
	}
}

// isReaper reports whether orphans may become the children of pid: it is an
// ancestor of ours, and so was alive before the lesson.
func isReaper(pid string) bool {
	for p := "self"; p != "" && p != "0"; {
		stat := procStat("/proc/" + p)
		if len(stat) < 2 {
			return pid == "1"
		}
		if p = stat[1]; p == pid {
			return true
		}
	}
	return pid == "1"
}

// endlessLesson starts a lesson whose two processes print two lines for ever,
// and stops it as Ctrl-C does.
func endlessLesson(t *testing.T, program, name string, want []string) {
	tr := start(t, filepath.Join(lessonsDir, filepath.Dir(name)), program, filepath.Base(name))
	tr.await("two lines of each process", func(s string) bool {
		return strings.Count(s, want[0]+"\n") >= 2 && strings.Count(s, want[1]+"\n") >= 2
	})
	tr.signal(syscall.SIGINT)
	r := tr.finish()
	equal(t, "the end", r.end, "signal: interrupt")
	if n := strings.Count(r.stderr, "KeyboardInterrupt"); n != 2 {
		t.Errorf("%d processes say KeyboardInterrupt, want 2:\n%s", n, r.stderr)
	}
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	slices.Sort(lines)
	if got := slices.Compact(lines); !slices.Equal(got, want) {
		t.Errorf("lines are %q", got)
	}
}

// lessonsSum is the SHA-256 of all lessons, which stay as they came.
const lessonsSum = "e42fef0b8574fc927f4ed78b91d67f51e645a0beefea77f69ccc89def4cee94e"

func TestLessonsAreVerbatim(t *testing.T) {
	files, err := filepath.Glob("../../scripts/lessons/*/*.star")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel("../../scripts/lessons", file)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	equal(t, "the sum of the lessons", hex.EncodeToString(sum.Sum(nil)), lessonsSum)
}
