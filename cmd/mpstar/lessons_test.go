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

const forkLessons = "../../scripts/lessons/fork"

// forkLessonLines are what the lessons print, sorted, with PID for pids.
var forkLessonLines = map[string]string{
	"01_simple_fork.star":    "haha\nhaha\n",
	"02_return_value.star":   "", // endless
	"03_getpid_getppid.star": "---子进程---PID---PID\n---父进程---PID\n0\nPID\nhaha\nhaha\n",
	"04_parent_does_not_wait.star": "---begin---\n---over----\n---over----\n---主进程over---\n" +
		"---子进程---\n---子进程over---\n---父进程---\n",
	"05_globals_not_shared.star": "---process-1 g_num=101---\n---process-1---\n---process-2 g_num=100---\n---process-2---\n",
	"06_three_forks.star":        strings.Repeat("1111\n", 8),
}

// TestForkLessons runs the lessons as they stand, each a tree of processes.
func TestForkLessons(t *testing.T) {
	lessons, err := filepath.Glob(forkLessons + "/*.star")
	if err != nil || len(lessons) != len(forkLessonLines) {
		t.Fatalf("%d lessons, want %d: %v", len(lessons), len(forkLessonLines), err)
	}
	for _, path := range lessons {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachInterpreter(t, func(t *testing.T, program string) {
				if name == "02_return_value.star" {
					endlessLesson(t, program)
				} else {
					lesson(t, program, name)
				}
			})
		})
	}
}

// lesson runs a lesson and compares its lines in any order, without pids.
func lesson(t *testing.T, program, name string) {
	r := run(t, forkLessons, "", program, name)
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)
	out := r.stdout
	if name == "03_getpid_getppid.star" {
		family(t, out)
		out = pidPattern.ReplaceAllString(out, "PID")
	}
	equal(t, "standard output", sortLines(out), forkLessonLines[name])
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

// endlessLesson starts the lesson whose two processes print for ever, and
// stops it as Ctrl-C does.
func endlessLesson(t *testing.T, program string) {
	tr := start(t, forkLessons, program, "02_return_value.star")
	tr.await("two lines of each process", func(s string) bool {
		return strings.Count(s, "----1----\n") >= 2 && strings.Count(s, "----2----\n") >= 2
	})
	tr.signal(syscall.SIGINT)
	r := tr.finish()
	equal(t, "the end", r.end, "signal: interrupt")
	if n := strings.Count(r.stderr, "KeyboardInterrupt"); n != 2 {
		t.Errorf("%d processes say KeyboardInterrupt, want 2:\n%s", n, r.stderr)
	}
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	slices.Sort(lines)
	if got := slices.Compact(lines); !slices.Equal(got, []string{"----1----", "----2----"}) {
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
