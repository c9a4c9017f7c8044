package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPromptManners: what a Python user expects.
func TestPromptManners(t *testing.T) {
	term := prompt(t)
	term.enter("1 + 1", ">>> 1 + 1", "2", ">>>")
	term.enter("_ * 3", "6", ">>>")
	term.enter("None", ">>> None", ">>>")
	term.enter("x = 5; x; 'a'", "5", `"a"`, ">>>")
	term.enter("def f(n):", "...")
	term.shows(">>> def f(n):", "...")
	term.enter("if n:", "...     if n:", "...")
	term.enter("return n / 0", "...         return n / 0", "...")
	term.enter("", "...         return n / 0", "...", ">>>")
	term.enter("f(x)", "Traceback (most recent call last):",
		`  File "<stdin>", line 1, in <module>`, "    f(x)",
		`  File "<stdin>", line 3, in f`, "    return n / 0", "           ~~^~~",
		"ZeroDivisionError: division by zero", ">>>")
	term.enter("x", ">>> x", "5", ">>>")
	term.enter("x = = 1", `  File "<stdin>", line 1`, "    x = = 1", "        ^", "SyntaxError: invalid syntax; expected an expression", ">>>")
	term.enter("for i in range(2): i", ">>> for i in range(2): i", "...")
	term.enter("", "0", "1", ">>>")
	term.enter("(1,", ">>> (1,", "...")
	term.enter("2)", "(1, 2)", ">>>")
	term.enter("'''a", ">>> '''a", "...")
	term.enter("b'''", `"a\nb"`, ">>>")
	term.enter("@staticmethod", ">>> @staticmethod", "...")
	term.enter("def g(): pass", "... def g(): pass", "...")
	term.enter("", ">>>")
	term.enter("class A:", ">>> class A:", "...")
	term.enter("def m(self): return 'm'", "...     def m(self): return 'm'", "...")
	term.enter("", ">>>")
	term.enter("A().m()", ">>> A().m()", `"m"`, ">>>")
	term.enter("import sys; sys.ps1 = '你好 '; print('no line end', end='')", "no line end", "你好")
	term.enter("sys.ps1 = '>>> '", ">>>")
}

// TestPromptLongLine: liner shows a part of it; in the end all of it is there.
func TestPromptLongLine(t *testing.T) {
	term := prompt(t)
	line := ">>> '" + strings.Repeat("x", 3*width/2) + "'"
	term.enter(line[4:], line[:width], line[width:], `"`+line[5:][:width-1], strings.Repeat("x", width/2+1)+`"`, ">>>")
}

// TestPromptIndent: Backspace takes back a level, a last statement too.
func TestPromptIndent(t *testing.T) {
	term := prompt(t)
	term.enter("if True:", ">>> if True:", "...")
	term.enter("for i in range(3):", "...     for i in range(3):", "...")
	term.enter("break # out", "...         break # out", "...")
	term.enter("'in if'", "...     'in if'", "...")
	term.enter("\x7felse:", "... else:", "...")
	term.enter("pass", "...     pass", "...")
	term.enter("", "...", `"in if"`, ">>>")
}

// pasted is a piece of script with empty lines within blocks and none after
// them, tabs, and its own indentation.
const pasted = "def f(n):\n    if n:\n\n        return 1\n\n    return 'a\tb'\nf(1)\nclass A:\n\tx = 1\n\n\tdef m(self):\n\t\treturn self.x\n\nA().m()\nf(0)\n"

// TestPromptPaste: as a terminal sends it that marks what is pasted, and one that does not.
func TestPromptPaste(t *testing.T) {
	typed := strings.ReplaceAll(pasted, "\n", "\r")
	for name, keys := range map[string]string{"marked": "\x1b[200~" + typed + "\x1b[201~", "unmarked": typed} {
		t.Run(name, func(t *testing.T) {
			term := prompt(t)
			if !term.screen.pasting {
				t.Error("the terminal was not asked to mark what is pasted")
			}
			term.keys(keys)
			term.shows("...     return 'a␉b'", ">>> f(1)", "1", ">>> class A:", "... ␉x = 1", "...",
				"... ␉def m(self):", "... ␉␉return self.x", "...", ">>> A().m()", "1", ">>> f(0)", `"a\tb"`, ">>>")
		})
	}
	t.Run("into a block", func(t *testing.T) {
		term := prompt(t)
		term.enter("if True:", ">>> if True:", "...")
		term.keys("\x1b[200~    1\r    2\x1b[201~")
		term.shows("...     1", "...     2")
		term.enter("", "...     2", "...")
		term.enter("", "1", "2", ">>>")
	})
}

// TestPromptHistory: two sessions after another and two at once share a file.
func TestPromptHistory(t *testing.T) {
	state := t.TempDir()
	first := openTerminal(t, state, nil)
	first.shows(">>>")
	first.enter("def twice(n):", ">>> def twice(n):", "...")
	first.enter("return 2 * n", "...     return 2 * n", "...")
	first.enter("", ">>>")
	first.enter(`'back\slash'`, ">>>")
	second := openTerminal(t, state, nil)
	second.shows(">>>")
	second.enter("'second'", ">>> 'second'", `"second"`, ">>>")
	first.enter("'first'", ">>> 'first'", `"first"`, ">>>")
	first.keys("\x04")
	equal(t, "the end", first.ends(), ended0)
	second.keys("\x04")
	equal(t, "the end", second.ends(), ended0)

	path := filepath.Join(state, "mpstar", "history")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the history", string(text), "def twice(n):\\n    return 2 * n\n'back\\\\slash'\n'second'\n'first'\n")
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	third := openTerminal(t, state, nil)
	third.shows(">>>")
	third.keys("\x1b[A\x1b[A\x1b[A")
	third.shows(`>>> 'back\slash'`)
	third.keys("\x1b[A")
	third.shows(">>> def twice(n):␤    return 2 * n")
	third.enter("", ">>> def twice(n):", "...     return 2 * n", ">>>")
	third.enter("twice(21)", ">>> twice(21)", "42", ">>>")
	third.keys("\x12seco")
	third.shows("(reverse-i-search)`seco': 'second'")
	third.enter("", ">>> 'second'", `"second"`, ">>>")
}

func TestPromptCompletion(t *testing.T) {
	term := prompt(t)
	term.enter("import os", ">>> import os", ">>>")
	term.enter("class Thing:", ">>> class Thing:", "...")
	term.enter("@property", "...     @property", "...")
	term.enter("def size(self): print('called')", "...     def size(self): print('called')", "...")
	term.enter("def grow(self, amount, *, quickly=False): return amount", "...")
	term.enter("", ">>>")
	term.enter("thing = Thing(); things = {'a': [1]}; my_one = my_two = 1", ">>>")
	for _, test := range []struct{ keys, want string }{
		{"Thi\t", "Thing"},
		{"thing.gr\t", "thing.grow("},
		{"thing.si\t", "thing.size"},
		{"thing.grow(am\t3, quic\tTrue)", "thing.grow(amount=3, quickly=True)"},
		{"os.path.bas\t", "os.path.basename("},
		{"'a'.upp\t", "'a'.upper("},
		{"things['a'][0].bit_l\t", "things['a'][0].bit_length("},
		{"sorted([], ke\t", "sorted([], key="},
		{"import multip\t", "import multiprocessing"},
		{"from multiprocessing import JoinableQ\t", "from multiprocessing import JoinableQueue"},
		{"open('script.s\t", "open('script.star"},
		{"whi\t", "while"},
		{":lo\tscr\t", ":loadscr"},
		{":load scr\t", ":load script.star"},
		{"unknown.thi\t", "unknown.thi"},
		{"# Thi\t", "# Thi"},
	} {
		write(t, term.cmd.Dir, "script.star", "")
		term.keys(test.keys + "|")
		term.shows(">>> " + test.want + "|")
		term.keys("\x15")
		term.shows(">>>")
	}
	term.keys("\t\t1")
	term.shows(">>>         1")
	term.keys("\x15my_\t\t")
	term.shows("my_one my_two", ">>> my_")
}

// TestPromptInterrupt: Ctrl-C while a line is typed and while code runs.
func TestPromptInterrupt(t *testing.T) {
	term := prompt(t)
	term.keys("half typ")
	term.shows(">>> half typ")
	term.keys("\x03")
	term.shows(">>> half typ^C", "KeyboardInterrupt", ">>>")
	term.enter("if True:", ">>> if True:", "...")
	term.keys("\x03")
	term.shows("...     ^C", "KeyboardInterrupt", ">>>")
	term.enter("import signal, time; from multiprocessing import Process, Queue; q = Queue()", ">>>")
	for _, code := range []string{
		"while True: pass",
		"time.sleep(1000)",
		"q.get()",
		"p.join()",
		"input()",
	} {
		// Ctrl-C ends the child without a word that could come in between.
		term.enter("p = Process(target=time.sleep, args=(1000,)); handler = signal.signal(2, signal.SIG_DFL)", ">>>")
		term.enter("p.start(); handler = signal.signal(2, handler)", ">>>")
		term.enter("if True:", ">>> if True:", "...")
		term.enter("print('now')", "...     print('now')", "...")
		term.enter(code, "...")
		term.enter("", "now")
		term.keys("\x03")
		term.until("KeyboardInterrupt and a prompt", func() bool {
			text := term.screen.text()
			last := text[strings.LastIndex(text, "^C"):]
			return strings.Contains(last, "KeyboardInterrupt") && strings.HasSuffix(last, "\n>>>")
		})
	}
	term.enter("'still here'", `"still here"`, ">>>")
}

// TestPromptFork: a child forked in the middle of an input finishes that input
// and ends with its status, and never reads the terminal.
func TestPromptFork(t *testing.T) {
	term := prompt(t)
	term.enter("import os, sys", ">>> import os, sys", ">>>")
	term.enter("pid = os.fork() or sys.exit(7); 'parent'", `"parent"`, ">>>")
	term.enter("os.WEXITSTATUS(os.waitpid(pid, 0)[1])", "7", ">>>")
	term.enter("pid = os.fork(); pid and os.wait() and None; 'both', pid > 0", `("both", False)`, `("both", True)`, ">>>")
	term.enter("pid = os.fork() or undefined; os.WEXITSTATUS(os.waitpid(pid, 0)[1])",
		"NameError: name 'undefined' is not defined", "1", ">>>")
	term.enter("from multiprocessing import Process", ">>> from multiprocessing import Process", ">>>")
	term.enter("y = 4; p = Process(target=lambda x: print(x * y), args=(5,)); p.start(); p.join()", "20", ">>>")
	for range 3 { // nobody else takes any of it
		term.enter("'one reader'", ">>> 'one reader'", `"one reader"`, ">>>")
	}
}

// TestPromptPool: workers know what was there when they were forked, and
// callbacks run while a line is typed.
func TestPromptPool(t *testing.T) {
	term := prompt(t)
	tell := term.fifo()
	term.enter("import math; from multiprocessing import Pool; base = 100", ">>>")
	term.enter("pool = Pool(1)", ">>>")
	term.enter("pool.map(lambda x: base + math.isqrt(x), [4, 9])", "[102, 103]", ">>>")
	term.enter("r = pool.apply_async(lambda: open('fifo').readline(), callback=lambda v: print('read', v))", ">>>")
	term.keys("half")
	term.shows(">>> half")
	tell("something\n")
	term.shows(`read something`, "", ">>> half")
}

// TestPromptOutputWhileTyping: the line is drawn again below what children print, which
// they do when told from outside.
func TestPromptOutputWhileTyping(t *testing.T) {
	term := prompt(t)
	tell := term.fifo()
	term.enter("import os", ">>>")
	term.enter("def child():", "...")
	term.enter("for line in open('fifo'): print(line[:-1].replace('|', '\\n'), end='')", "...")
	term.enter("", ">>>")
	term.enter("from multiprocessing import Process", ">>>")
	term.enter("Process(target=child, daemon=True).start()", ">>>")
	term.keys("half a line\x1b[D\x1b[D\x1b[D\x1b[D")
	term.shows(">>> half a line")
	for _, line := range []struct {
		text  string
		shown []string
	}{
		{"one|", []string{"one"}},
		{"two|lines|", []string{"one", "two", "lines"}},
		{"no line end", []string{"two", "lines", "no line end"}},
		{"你好|", []string{"no line end", "你好"}},
	} {
		tell(line.text + "\n")
		term.shows(append(line.shown, ">>> half a line")...)
	}
	term.keys("X")
	term.shows("你好", ">>> half a Xline")
}

// TestPromptLeave: ways out and the exit status.
func TestPromptLeave(t *testing.T) {
	for keys, want := range map[string]string{
		"\x04":                       ended0,
		"exit\r":                     ended0,
		"quit()\r":                   ended0,
		"import sys; sys.exit(3)\r":  "exit status 3",
		"raise SystemExit('text')\r": ended1,
		"import os; os._exit(4)\r":   "exit status 4",
	} {
		term := prompt(t)
		term.keys(keys)
		equal(t, fmt.Sprintf("the end after %q", keys), term.ends(), want)
	}
}

// TestPromptSignals: what ends the process while a line is typed finds the
// terminal in order; what the script handles is handled, and the line stays.
func TestPromptSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		term := prompt(t)
		term.keys("half")
		term.shows(">>> half")
		if err := term.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		contains(t, "the end", term.ends(), "signal: "+sig.String())
	}
	term := prompt(t)
	term.enter("import signal", ">>>")
	term.enter("_ = signal.signal(signal.SIGUSR1, lambda s, f: print('handled'))", ">>>")
	term.enter("_ = signal.signal(signal.SIGUSR2, lambda s, f: 1 // 0)", ">>>")
	term.keys("half")
	term.shows(">>> half")
	term.cmd.Process.Signal(syscall.SIGUSR1)
	term.shows("handled", ">>> half")
	term.cmd.Process.Signal(syscall.SIGUSR2)
	term.shows("ZeroDivisionError: integer division or modulo by zero", ">>>")
	term.cmd.Process.Signal(syscall.SIGINT)
	term.shows("^C", "KeyboardInterrupt", ">>>")
	term.keys("\x04")
	equal(t, "the end", term.ends(), ended0)
}

// TestPromptWaits: leaving ends children as the end of a script does, and says so.
func TestPromptWaits(t *testing.T) {
	term := prompt(t)
	term.enter("import os, signal; from multiprocessing import Process", ">>>")
	term.enter("r, w = os.pipe()", ">>>")
	term.enter("def stubborn():", "...")
	term.enter("_ = signal.signal(signal.SIGINT, lambda s, f: print('no'))", "...")
	term.enter("os.write(w, b'.')", "...")
	term.enter("while True: signal.pause()", "...")
	term.enter("", ">>>")
	term.enter("a = Process(target=stubborn, name='A'); b = Process(target=signal.pause, daemon=True)", ">>>")
	term.enter("a.start(); b.start(); pid = os.fork() or (signal.signal(signal.SIGINT, signal.SIG_IGN), signal.pause())", ">>>")
	term.enter("os.read(r, 1); a.pid, b.pid, pid", ">>>")
	var a, b, forked int
	lines := strings.Split(term.screen.text(), "\n")
	if _, err := fmt.Sscanf(lines[len(lines)-2], "(%d, %d, %d)", &a, &b, &forked); err != nil {
		t.Fatal(err)
	}
	term.keys("\x04")
	term.shows(fmt.Sprintf("left running: %d", forked), fmt.Sprintf("waiting for A (%d); Ctrl-C interrupts them", a))
	term.keys("\x03")
	term.until("the second message and the child's", func() bool {
		text := term.screen.text()
		return strings.Contains(text, fmt.Sprintf("waiting for A (%d); Ctrl-C leaves them running", a)) && strings.Contains(text, "no")
	})
	term.keys("\x03")
	equal(t, "the end", term.ends(), ended0)
	contains(t, "the screen", term.screen.text(), fmt.Sprintf("left running: A (%d)", a))
	if err := syscall.Kill(b, 0); err != syscall.ESRCH {
		t.Errorf("the daemonic process lives: %v", err)
	}
	for _, pid := range []int{a, forked} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Errorf("process %d: %v", pid, err)
		}
	}
}

// TestPromptCommands: the lines that begin with a colon.
func TestPromptCommands(t *testing.T) {
	term := prompt(t)
	write(t, term.cmd.Dir, "loaded.star", "'not shown'\nloaded = 6\ndef broken(): return 1 / 0\n")
	term.enter(":load loaded.star", ">>> :load loaded.star", ">>>")
	term.enter("loaded * 7", "42", ">>>")
	term.enter("broken()", `  File "loaded.star", line 3, in broken`, "    def broken(): return 1 / 0", "                         ~~^~~",
		"ZeroDivisionError: division by zero", ">>>")
	term.enter(":load none.star", "open none.star: no such file or directory", ">>>")
	term.enter(":time 6 * 7", ">>>")
	contains(t, "the screen", term.screen.text(), "\n42\n0.0", " seconds\n")
	term.enter(":tme", "no command :tme. Did you mean: 'time'?", ">>>")
	term.enter(":xyz", "no command :xyz. There are :help, :load, :ps, :time", ">>>")
	term.enter(":help", ">>>")
	contains(t, "the screen", term.screen.text(), ":load FILE", "Ctrl-R")

	term.enter("import os, signal; from multiprocessing import Process", ">>>")
	term.enter("p = Process(target=lambda: os.fork() + 1 and signal.pause()); p.start()", ">>>")
	term.enter("pid = os.fork() or os._exit(3)", ">>>")
	for { // until all have come as far
		term.enter(":ps", ">>>")
		text := term.screen.text()
		var pids [4]int
		if n, _ := fmt.Sscanf(text[strings.LastIndex(text, ":ps"):], ":ps\n%d this prompt\n  %d sleeping, Process-1\n    %d sleeping\n  %d exited with 3",
			&pids[0], &pids[1], &pids[2], &pids[3]); n == len(pids) {
			break
		}
	}
}

// TestPromptWide: characters that take two columns.
func TestPromptWide(t *testing.T) {
	term := prompt(t)
	term.keys("s = '你好'\x1b[D\x1b[D")
	term.shows(">>> s = '你好'")
	term.keys("们")
	term.shows(">>> s = '你们好'")
	term.until("the cursor between 们 and 好", func() bool { return term.screen.col == len(">>> s = '")+4 })
	term.enter("", ">>>")
	term.enter("s", `"你们好"`, ">>>")
	term.enter("x = = '你'", "    x = = '你'", "        ^", "SyntaxError: invalid syntax; expected an expression", ">>>")
}

// TestPromptStays: -i runs a file first. SystemExit there leaves nothing, as in CPython.
func TestPromptStays(t *testing.T) {
	dir := t.TempDir()
	file := write(t, dir, "first.star", "import sys\nx = sys.argv[1:]\nsys.exit(5)\n")
	term := openTerminal(t, t.TempDir(), nil, "-i", file, "a", "b")
	term.shows("SystemExit: 5", ">>>")
	term.enter("x", `["a", "b"]`, ">>>")
	term = openTerminal(t, t.TempDir(), nil, "-i", "-c", "y = 7")
	term.shows(">>>")
	term.enter("y", "7", ">>>")
	r := run(t, dir, "1 + 1\nif True:\n    2\n\n1 / 0\n3\n", mpstar, "-i")
	equal(t, "standard output", r.stdout[strings.Index(r.stdout, "\n")+1:], "2\n2\n3\n\n")
	contains(t, "standard error", r.stderr, ">>> >>> ... ... >>> Traceback", "ZeroDivisionError")
	equal(t, "the end", r.end, ended0)
}

// TestPromptDumb: a terminal that can do nothing gets nothing but text.
func TestPromptDumb(t *testing.T) {
	term := openTerminal(t, t.TempDir(), []string{"TERM=dumb", "NO_COLOR=1"})
	term.shows(">>>")
	term.enter("if True:", "...")
	term.enter("  'dumb'", "...")
	term.enter("", `"dumb"`, ">>>")
	term.keys("half")
	term.shows(">>> half")
	term.keys("\x03")
	term.shows(">>> half^C", "KeyboardInterrupt", ">>>")
	term.keys("\x04")
	equal(t, "the end", term.ends(), ended0)
	if term.screen.escapes {
		t.Error("there were control sequences")
	}
}
