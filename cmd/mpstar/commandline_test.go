package main_test

import (
	"os"
	"strings"
	"testing"
)

// TestArguments: what a script finds in sys.argv.
func TestArguments(t *testing.T) {
	const code = "import sys; print(len(sys.argv), *sys.argv, sep='|')\n"
	for _, test := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"file", "", []string{"args.star", "a b", "", "--max-procs", "-c"}, "5|args.star|a b||--max-procs|-c\n"},
		{"file alone", "", []string{"./args.star"}, "1|./args.star\n"},
		{"code", "", []string{"-c", code, "x", "--help"}, "3|-c|x|--help\n"},
		{"standard input", code, []string{"-", "x", "-"}, "3|-|x|-\n"},
		{"standard input unasked", code, nil, "1|\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				dir := t.TempDir()
				write(t, dir, "args.star", code)
				r := run(t, dir, test.stdin, append([]string{program}, test.args...)...)
				equal(t, "standard output", r.stdout, test.want)
				equal(t, "standard error", r.stderr, "")
				equal(t, "the end", r.end, ended0)
			})
		})
	}
}

// TestOptionsBeforeScript: mpstar's own options come before the script and are not in sys.argv.
func TestOptionsBeforeScript(t *testing.T) {
	for _, args := range [][]string{
		{"--max-procs", "7", "-c", "import sys; print(*sys.argv)", "x"},
		{"--max-procs=7", "-c", "import sys; print(*sys.argv)", "x"},
	} {
		r := run(t, t.TempDir(), "", append([]string{mpstar}, args...)...)
		equal(t, "standard output", r.stdout, "-c x\n")
		equal(t, "the end", r.end, ended0)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, arg := range []string{"--help", "-h"} {
		r := run(t, t.TempDir(), "", mpstar, arg)
		contains(t, "help", r.stdout, "usage: mpstar", "-c CODE", "dis FILE", "--max-procs N", "--version")
		equal(t, "standard error", r.stderr, "")
		equal(t, "the end", r.end, ended0)
	}
	r := run(t, t.TempDir(), "", mpstar, "--version")
	contains(t, "version", r.stdout, "mpstar ")
	equal(t, "the end", r.end, ended0)
}

// TestUsageErrors: a wrong command line ends with 2 and a hint, and runs nothing.
func TestUsageErrors(t *testing.T) {
	const code = "print('ran')"
	for _, args := range [][]string{
		{"--nonsense", "-c", code},
		{"-x", "-c", code},
		{"-c"},
		{"--max-procs"},
		{"--max-procs", "many", "-c", code},
		{"--max-procs", "0", "-c", code},
		{"--max-procs=-1", "-c", code},
		{"--max-procs=", "-c", code},
		{"dis"},
		{"ps", "1", "2"},
		{"ps", "me"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r := run(t, t.TempDir(), "", append([]string{mpstar}, args...)...)
			equal(t, "standard output", r.stdout, "")
			contains(t, "standard error", r.stderr, "mpstar: ", "--help")
			equal(t, "the end", r.end, ended2)
		})
	}
}

func TestNoSuchFile(t *testing.T) {
	eachInterpreter(t, func(t *testing.T, program string) {
		r := run(t, t.TempDir(), "", program, "missing.star")
		contains(t, "standard error", r.stderr, ": can't open file '", "missing.star': [Errno 2] No such file or directory\n")
		equal(t, "standard output", r.stdout, "")
		equal(t, "the end", r.end, ended2)
	})
	for _, args := range [][]string{{"dis", "missing.star"}, {"."}} {
		r := run(t, t.TempDir(), "", append([]string{mpstar}, args...)...)
		contains(t, "standard error", r.stderr, "mpstar: can't open file '"+args[len(args)-1]+"': [Errno ")
		equal(t, "the end", r.end, ended2)
	}
}

func TestDisassemble(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "d.star", "def double(x):\n    return x * 2\nprint(double(4))\n")
	r := run(t, dir, "", mpstar, "dis", "d.star")
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)
	contains(t, "disassembly", r.stdout, "double", "print", "RETURN", "CALL")
	if strings.Contains(r.stdout, "\n8\n") {
		t.Errorf("the script ran:\n%s", r.stdout)
	}

	write(t, dir, "bad.star", "x = (\n")
	r = run(t, dir, "", mpstar, "dis", "bad.star")
	contains(t, "standard error", r.stderr, "SyntaxError: '(' was never closed")
	equal(t, "the end", r.end, ended1)
}

// TestSyntaxError: nothing runs, the place is shown, and the status is 1, whereever the text comes from.
func TestSyntaxError(t *testing.T) {
	const code = "print('ran')\nx = 1 +* 2\n"
	eachInterpreter(t, func(t *testing.T, program string) {
		dir := t.TempDir()
		file := write(t, dir, "bad.star", code)
		for _, test := range []struct {
			name, stdin string
			args        []string
		}{
			{file, "", []string{file}},
			{"<string>", "", []string{"-c", code}},
			{"<stdin>", code, []string{"-"}},
		} {
			r := run(t, dir, test.stdin, append([]string{program}, test.args...)...)
			contains(t, "standard error", r.stderr,
				"  File \""+test.name+"\", line 2\n    x = 1 +* 2\n           ^\nSyntaxError: invalid syntax")
			equal(t, "standard output", r.stdout, "")
			equal(t, "the end", r.end, ended1)
		}
	})
}

// TestFileForms: texts that are unusual but right.
func TestFileForms(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"only a comment without newline", "# nothing", ""},
		{"no newline at the end", "print(1)", "1\n"},
		{"CRLF", "if True:\r\n    print(1)\r\n    print('''a\r\nb''')\r\nprint(2)\r\n", "1\na\nb\n2\n"},
		{"byte order mark", "\ufeffprint(1)\n", "1\n"},
		{"shebang", "#!/usr/bin/env mpstar\nprint(1)\n", "1\n"},
		{"form feed", "print(1)\n\f\nprint(2)\n", "1\n2\n"},
		{"non-ASCII", "имя = 'мир'\nprint(имя)\n", "мир\n"},
		{"coding comment", "# -*- coding: utf-8 -*-\nprint('é')\n", "é\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				dir := t.TempDir()
				write(t, dir, "f.star", test.text)
				r := run(t, dir, "", program, "f.star")
				equal(t, "standard output", r.stdout, test.want)
				equal(t, "standard error", r.stderr, "")
				equal(t, "the end", r.end, ended0)
			})
		})
	}
}

// TestNoText: files that are no UTF-8 text.
func TestNoText(t *testing.T) {
	for name, text := range map[string]string{
		"Latin-1": "x = 1\nprint('caf\xe9')\n",
		"binary":  "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x03\x00\xff\xfe",
		"NUL":     "print(1)\nx = 'a\x00b'\n",
	} {
		t.Run(name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				dir := t.TempDir()
				write(t, dir, "f.star", text)
				r := run(t, dir, "", program, "f.star")
				equal(t, "standard output", r.stdout, "")
				contains(t, "standard error", r.stderr, "Error: ")
				equal(t, "the end", r.end, ended1)
			})
		})
	}
}

// TestHugeFile: ten million bytes of statements run in seconds.
func TestHugeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	const n = 10_000_000 / 20
	dir := t.TempDir()
	write(t, dir, "huge.star", "x = 0\n"+strings.Repeat("x = x + 1 # a text\n", n)+"print(x)\n")
	r := run(t, dir, "", mpstar, "huge.star")
	equal(t, "standard output", r.stdout, "500000\n")
	equal(t, "the end", r.end, ended0)
}

// TestExit: how a script's end becomes the process's.
func TestExit(t *testing.T) {
	for _, test := range []struct{ name, code, end, stderr string }{
		{"falls off", "pass", ended0, ""},
		{"sys.exit()", "import sys; sys.exit()", ended0, ""},
		{"sys.exit(None)", "import sys; sys.exit(None)", ended0, ""},
		{"sys.exit(3)", "import sys; sys.exit(3)", "exit status 3", ""},
		{"sys.exit(-1)", "import sys; sys.exit(-1)", "exit status 255", ""},
		{"sys.exit(True)", "import sys; sys.exit(True)", ended1, ""},
		{"sys.exit(2**70)", "import sys; sys.exit(2**70)", "exit status 255", ""},
		{"sys.exit of a message", "import sys; sys.exit('no space')", ended1, "no space\n"},
		{"sys.exit of an empty message", "import sys; sys.exit('')", ended1, "\n"},
		{"SystemExit", "raise SystemExit(4)", "exit status 4", ""},
		{"exit code changed", "e = SystemExit(4)\ne.code = 5\nraise e", "exit status 5", ""},
		{"exit while handling", "import sys\ntry:\n    1 // 0\nexcept ZeroDivisionError:\n    sys.exit(6)", "exit status 6", ""},
		{"exit in finally", "import sys\ntry:\n    sys.exit(1)\nfinally:\n    sys.exit(7)", "exit status 7", ""},
		{"exit caught", "import sys\ntry:\n    sys.exit(1)\nexcept SystemExit as e:\n    sys.exit(e.code + 7)", "exit status 8", ""},
		{"os._exit skips finally", "import os, sys\ntry:\n    os._exit(7)\nfinally:\n    sys.exit(9)", "exit status 7", ""},
		{"SIGTERM", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "signal: terminated", ""},
		{"SIGKILL", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal: killed", ""},
		{"child's status",
			"import os, sys\nif os.fork() == 0:\n    sys.exit(11)\nsys.exit(os.WEXITSTATUS(os.wait()[1]) + 1)", "exit status 12", ""},
		{"child's message",
			"import os, sys\nif os.fork() == 0:\n    sys.exit('child')\nsys.exit(os.WEXITSTATUS(os.wait()[1]) + 1)", ended2, "child\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				r := run(t, t.TempDir(), "", program, "-c", test.code)
				equal(t, "the end", r.end, test.end)
				equal(t, "standard error", r.stderr, test.stderr)
				equal(t, "standard output", r.stdout, "")
			})
		})
	}
}

// TestUncaught: a traceback and status 1, in the child as in the parent; what was printed before stays.
func TestUncaught(t *testing.T) {
	const code = `import os
def fail(who):
    raise ValueError(who)
pid = os.fork()
print("before", flush=True)
if pid == 0:
    fail("child")
print(os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
fail("parent")
`
	eachInterpreter(t, func(t *testing.T, program string) {
		dir := t.TempDir()
		file := write(t, dir, "f.star", code)
		r := run(t, dir, "", program, file)
		equal(t, "standard output", r.stdout, "before\nbefore\n1\n")
		contains(t, "standard error", r.stderr, "ValueError: child\nTraceback", "line 9, in <module>\n    fail(\"parent\")\n", "ValueError: parent\n")
		equal(t, "the end", r.end, ended1)
	})
}

// TestBrokenPipe: a reader that has enough ends a script quietly, its children too.
func TestBrokenPipe(t *testing.T) {
	for name, line := range map[string]string{
		"print": `{ "$0" -c 'while True: print(1)'; echo $? >&2; } | head -1`,
		"write": `{ "$0" -c 'import sys
while True: sys.stdout.write("1\n")'; echo $? >&2; } | head -1`,
		"while child": `{ "$0" -c 'import os
if os.fork() == 0:
    while True: print(1)
print(1)
os._exit(os.WTERMSIG(os.wait()[1]) + 128)'; echo $? >&2; } | head -1`,
	} {
		t.Run(name, func(t *testing.T) {
			r := shell(t, t.TempDir(), line, mpstar)
			equal(t, "standard output", r.stdout, "1\n")
			equal(t, "standard error", r.stderr, "141\n")
		})
	}
}

// TestBrokenPipeCaught: the script itself may handle it, and other pipes are not special.
func TestBrokenPipeCaught(t *testing.T) {
	const code = `import os, sys
r, w = os.pipe()
os.close(r)
try:
    os.write(w, b"x")
except BrokenPipeError as e:
    print(e)
os.write(w, b"x")
`
	eachInterpreter(t, func(t *testing.T, program string) {
		r := run(t, t.TempDir(), "", program, "-c", code)
		equal(t, "standard output", r.stdout, "[Errno 32] Broken pipe\n")
		contains(t, "standard error", r.stderr, "Traceback", "line 8", "BrokenPipeError: [Errno 32] Broken pipe\n")
		equal(t, "the end", r.end, ended1)
	})
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	eachInterpreter(t, func(t *testing.T, program string) {
		r := shell(t, t.TempDir(), `"$0" -c 'print(1)' >/dev/full`, program)
		contains(t, "standard error", r.stderr, "Traceback (most recent call last):\n", "OSError: [Errno 28] No space left on device\n")
		if r.end == ended0 {
			t.Error("the script ends well although nothing was printed")
		}
	})
}

// TestClosedStreams: with a standard stream closed at the start nothing is read or printed there.
func TestClosedStreams(t *testing.T) {
	for name, test := range map[string]struct{ line, stdout, stderr string }{
		"print to closed output": {`"$0" -c 'print(1)' >&-`, "", ""},
		"traceback to nowhere":   {`"$0" -c '[][1]' 2>&- || echo $?`, "1\n", ""},
		"child of closed streams": {`"$0" -c 'import os
if os.fork() == 0:
    print(1)
    os._exit(5)
os._exit(os.WEXITSTATUS(os.wait()[1]))' <&- >&- 2>&- || echo $?`, "5\n", ""},
		"closed by the script": {`"$0" -c 'import os
os.close(0)
r, w = os.pipe()
if os.fork() == 0:
    print(r, os.dup(1))
    os._exit(0)
os.wait()
print(r, os.dup(1))'`, "0 4\n0 4\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			eachInterpreter(t, func(t *testing.T, program string) {
				r := shell(t, t.TempDir(), test.line, program)
				equal(t, "standard output", r.stdout, test.stdout)
				equal(t, "standard error", r.stderr, test.stderr)
				equal(t, "the end", r.end, ended0)
			})
		})
	}
}

// TestStandardInput: a script reads what was sent to it, by line, by input() and by iteration.
func TestStandardInput(t *testing.T) {
	const code = `import sys
print(sys.stdin.readline() == "one\n", input("prompt> "), end=";")
print([line.strip() for line in sys.stdin] == ["three", "", "five"], sys.stdin.readline() == "")
try:
    input()
except EOFError as e:
    print(e)
`
	eachInterpreter(t, func(t *testing.T, program string) {
		r := run(t, t.TempDir(), "one\ntwo\nthree\n\nfive", program, "-c", code)
		equal(t, "standard output", r.stdout, "prompt> True two;True True\nEOF when reading a line\n")
		equal(t, "the end", r.end, ended0)
	})
}

const limitReached = "Resource temporarily unavailable (limit of live processes reached; see --max-procs)"

// TestMaxProcs: one fork more than the limit allows raises BlockingIOError, anywhere in the
// tree; a process that has ended makes room.
func TestMaxProcs(t *testing.T) {
	const code = `import os
r, w = os.pipe()
def child():
    pid = os.fork()
    if pid == 0:
        os.close(w)
        os.read(r, 1)
        os._exit(0)
    return pid
pids = []
try:
    while True:
        pids.append(child())
except BlockingIOError as e:
    print(len(pids), e.errno, e.strerror)
os.kill(pids[0], 9)
os.waitpid(pids[0], 0)
pids[0] = child()
try:
    child()
except BlockingIOError:
    print("full again")
os.close(w)
for pid in pids:
    os.waitpid(pid, 0)
`
	r := run(t, t.TempDir(), "", mpstar, "--max-procs", "4", "-c", code)
	equal(t, "standard output", r.stdout, "3 11 "+limitReached+"\nfull again\n")
	equal(t, "standard error", r.stderr, "")
	equal(t, "the end", r.end, ended0)

	const chain = `import os
def grow(n):
    try:
        pid = os.fork()
    except BlockingIOError:
        print("full at", n)
        return
    if pid == 0:
        grow(n + 1)
        os._exit(0)
    os.wait()
grow(1)
`
	r = run(t, t.TempDir(), "", mpstar, "--max-procs=6", "-c", chain)
	equal(t, "standard output of the chain", r.stdout, "full at 6\n")

	r = run(t, t.TempDir(), "", mpstar, "--max-procs=1", "-c", "import os; os.fork()")
	contains(t, "standard error", r.stderr, "BlockingIOError: [Errno 11] "+limitReached+"\n")
	equal(t, "the end", r.end, ended1)
}
