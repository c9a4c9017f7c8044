package builtins

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

func TestOSSameAsPython(t *testing.T) {
	exprs := []string{
		"os.kill(1, 'x')", "os.read(99, 1)", "os.read(0, -1)", "os.write(1, 'x')", "os.write(1, 3)", "os.write(1.5, b'x')", "os.close(99)", "os.dup(-1)", "os.dup2(99, 5)",
		"os.listdir('/does/not/exist')", "os.open('/does/not/exist', 0)", "os.mkdir('/tmp')", "os.rmdir('/does/not/exist')", "os.rename('/does/not/exist', '/x')",
		"os.chdir('/does/not/exist')", "os.remove('/')", "os.stat('/does/not/exist')", "os.stat('a\\0b')",
		"os.makedirs('/tmp')", "os.makedirs('/tmp', exist_ok=True)", "os.getenv('NOPE_NOPE')", "os.getenv('NOPE_NOPE', 'x')", "os.getenv(3)", "os.putenv('a=b', 'c')", "os.putenv('', 'c')",
		"os.lseek(99, 0, 9)", "os.access('/', os.R_OK)", "os.access('/does/not/exist', os.F_OK)", "os.isatty(99)", "os.getuid()", "os.getegid()", "os.geteuid()", "os.getgid()",
		"os.uname().sysname", "os.uname().machine", "len(os.times())", "os.urandom(0)", "os.urandom(-1)", "len(os.urandom(9))", "os.fspath('a')", "os.fspath(b'a')", "os.fspath(1)",
		"os.stat('/').st_mode", "os.stat('/').st_ino", "os.stat('/etc/passwd').st_mtime", "os.stat('/etc/passwd').st_mtime_ns", "os.stat('/etc/passwd')[8]", "os.stat('/etc/passwd').st_size",
		"os.stat('/proc/self/exe', follow_symlinks=False).st_mode", "os.lstat('/proc/self/exe').st_mode", "os.readlink('/proc/self/nope')", "os.strerror(2)",
		"os.waitpid(-1, 0)", "os.wait()", "os.name", "os.sep", "os.linesep", "os.curdir", "os.devnull", "os.pathsep",
	}
	for _, status := range []int{0, 0x100, 0xff00, 9, 0x8b, 0x137f, 0x57f, 0xffff, 15, 0x7f} {
		for _, f := range []string{"WIFEXITED", "WEXITSTATUS", "WIFSIGNALED", "WTERMSIG", "WIFSTOPPED", "WSTOPSIG", "WIFCONTINUED", "WCOREDUMP", "waitstatus_to_exitcode"} {
			exprs = append(exprs, fmt.Sprintf("os.%s(%#x)", f, status))
		}
	}
	for _, c := range osNumbers {
		exprs = append(exprs, "os."+c.name)
	}
	compare(t, exprs)
}

func TestProcessCalls(t *testing.T) {
	p, k := newTestProcess()
	check(t, p,
		"os.getpid()", "1000",
		"os.getppid()", "1",
		"os.fork()", "BlockingIOError: [Errno 11] "+tooManyProcesses,
		"os.fork(1)", "TypeError: fork() takes no arguments (1 given)",
		"os.waitpid(-1, os.WNOHANG)", "[0, 0]",
		"os.waitpid(-1, 0)", "ChildProcessError: [Errno 10] No child processes",
		"os.kill(7, 15)", "None",
		"os.kill(4242, 0)", "ProcessLookupError: [Errno 3] No such process",
		"os.killpg(7, 9)", "None",
		"os.killpg(-7, 9)", "OSError: [Errno 22] Invalid argument",
		"signal.raise_signal(10)", "None",
		"os._exit(3)", "None",
		"os.abort()", "None",
		"os.cpu_count()", "2",
		"sorted(os.sched_getaffinity(0))", "[0, 1]",
	)
	if want := []string{"15 to 7", "0 to 4242", "9 to -7", "10 to 1000", "exit 3", "die 6"}; !slices.Equal(k.sent, want) {
		t.Errorf("got %q, want %q", k.sent, want)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("MPSTAR_TEST", "1")
	p, _ := newTestProcess()
	check(t, p,
		"os.getenv('MPSTAR_TEST')", `"1"`,
		"os.environ['MPSTAR_TEST']", `"1"`,
		"os.environ.update([('MPSTAR_TEST', '2')])", "None",
		"os.getenv('MPSTAR_TEST')", `"2"`,
		"os.putenv('MPSTAR_TEST', '3')", "None",
		"os.environ['MPSTAR_TEST']", `"3"`,
		"os.unsetenv('MPSTAR_TEST')", "None",
		"os.environ.get('MPSTAR_TEST')", "None",
		"os.getenv('MPSTAR_TEST', 7)", "7",
	)
	if os.Getenv("MPSTAR_TEST") != "1" {
		t.Error("a script changed the host's environment")
	}
}

func TestDescriptors(t *testing.T) {
	p, _ := newTestProcess()
	file := filepath.Join(t.TempDir(), "f")
	check(t, p,
		"pipe := os.pipe()", "ok",
		"os.write(pipe[1], b'hello')", "5",
		"os.read(pipe[0], 3)", "b68656c",
		"os.read(pipe[0], 100)", "b6c6f",
		"os.close(pipe[1])", "None",
		"os.read(pipe[0], 100)", "b",
		"copy := os.dup(pipe[0])", "ok",
		"os.read(copy, 1)", "b",
		"os.close(copy)", "None",
		"os.close(copy)", "OSError: [Errno 9] Bad file descriptor",
		"os.closerange(pipe[0], pipe[0] + 1)", "None",
		"os.read(pipe[0], 1)", "OSError: [Errno 9] Bad file descriptor",
		fmt.Sprintf("fd := os.open(%q, os.O_RDWR | os.O_CREAT | os.O_EXCL)", file), "ok",
		"os.write(fd, b'0123456789')", "10",
		"os.lseek(fd, -3, os.SEEK_END)", "7",
		"os.read(fd, 10)", "b373839",
		"os.isatty(fd)", "False",
		"os.get_terminal_size(fd)", "OSError: [Errno 25] Inappropriate ioctl for device",
		"os.close(fd)", "None",
		fmt.Sprintf("os.stat(%q).st_size", file), "10",
	)
}

func TestFileSystem(t *testing.T) {
	p, _ := newTestProcess()
	dir := t.TempDir()
	path := func(name string) string { return fmt.Sprintf("%q", filepath.Join(dir, name)) }
	check(t, p,
		"os.makedirs("+path("a/b/c")+")", "None",
		"os.makedirs("+path("a/b/c")+", exist_ok=True)", "None",
		"os.mkdir("+path("a/z")+")", "None",
		"os.listdir("+path("a")+")", `["b", "z"]`,
		"os.listdir(b"+path("a")+")", "[b62, b7a]",
		"os.symlink('z', "+path("a/link")+")", "None",
		"os.readlink("+path("a/link")+")", `"z"`,
		"os.rename("+path("a/z")+", "+path("a/y")+")", "None",
		"os.path.exists("+path("a/link")+")", "False",
		"os.path.lexists("+path("a/link")+")", "True",
		"os.unlink("+path("a/link")+")", "None",
		"os.rmdir("+path("a/b")+")", "OSError: [Errno 39] Directory not empty: '"+filepath.Join(dir, "a/b")+"'",
		"os.rmdir("+path("a/y")+")", "None",
		"os.listdir("+path("a")+")", `["b"]`,
		"os.chmod("+path("a/b")+", 0o700)", "None",
		"os.stat("+path("a/b")+").st_mode % 512", "448",
	)
}

func TestSys(t *testing.T) {
	p, _ := newTestProcess()
	StartSys(p, p.Import("sys"), []string{"dir/script.star", "x"}, "/bin/mpstar")
	cwd, _ := os.Getwd()
	check(t, p,
		"sys.argv", `["dir/script.star", "x"]`,
		"sys.path", fmt.Sprintf("[%q]", filepath.Join(cwd, "dir")),
		"sys.executable", `"/bin/mpstar"`,
		"sys.version_info.major", "3",
		"sys.version_info[:2]", "[3, 11]",
		"sys.stdout.fileno()", "1",
		"sys.stdout.name", `"<stdout>"`,
		"sys.stdout.buffer.fileno()", "1",
		"sys.stdin.mode", `"r"`,
		"sys.maxsize", "9223372036854775807",
		"sys.getrecursionlimit()", "1000",
		"sys.setrecursionlimit(50)", "None",
		"sys.getrecursionlimit()", "50",
		"sys.setrecursionlimit(0)", "ValueError: recursion limit must be greater or equal than 1",
		"sys.setrecursionlimit('x')", "TypeError: 'str' object cannot be interpreted as an integer",
		"sys.exc_info()", "[None, None, None]",
		"sys.intern('a')", `"a"`,
		"sys.intern(1)", "TypeError: intern() argument must be str, not int",
		"sys.exit()", "SystemExit",
		"sys.exit(None)", "SystemExit",
		"sys.exit(3)", "SystemExit: 3",
		"sys.exit('bad')", "SystemExit: bad",
		"sys.exit(1, 2)", "TypeError: exit expected at most 1 argument, got 2",
	)
	_, err := sysExit(p, []vm.Value{starlark.MakeInt(3)}, nil)
	if e := err.(*vm.Exception); canonical(e.Get("code")) != "3" {
		t.Errorf("code is %v", e.Get("code"))
	}
}
