package builtins

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	"mpstar/host/image"
	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

const osDoc = "Processes, descriptors, files and the environment, as the operating system has them."

// osNatives is module os, with programNatives and fileNatives.
var osNatives = []*vm.Native{
	{Name: "os.fork", Sig: "()", Fn: osFork,
		Doc: "Start a child process that goes on from here with a copy of everything. Returns 0 in the child and the child's pid in the parent."},
	{Name: "os.getpid", Sig: "()", Fn: osGetpid, Doc: "Return this process's id."},
	{Name: "os.getppid", Sig: "()", Fn: osGetppid, Doc: "Return the parent's process id. It changes when the parent ends first."},
	{Name: "os.wait", Sig: "()", Fn: osWait, Doc: "Wait for any child to end. Returns (pid, status)."},
	{Name: "os.waitpid", Sig: "(pid, options)", Fn: osWaitpid,
		Doc: "Wait for the child pid, for any child if pid is -1. Returns (pid, status), or (0, 0) if options has WNOHANG and no child has ended."},
	{Name: "os._exit", Sig: "(status)", Fn: osExit, Doc: "End this process at once, without running finally clauses or exit handlers."},
	{Name: "os.abort", Sig: "()", Fn: osAbort, Doc: "End this process at once by SIGABRT."},
	{Name: "os.kill", Sig: "(pid, signal)", Fn: osKill, Doc: "Send a signal to a process; signal 0 only checks that it exists."},
	{Name: "os.killpg", Sig: "(pgid, signal)", Fn: osKillpg, Doc: "Send a signal to a process group."},

	{Name: "os.pipe", Sig: "()", Fn: osPipe, Doc: "Create a pipe. Returns two descriptors (read_end, write_end); children inherit both."},
	{Name: "os.open", Sig: "(path, flags, mode=0o777)", Fn: osOpen, Doc: "Open a file and return its descriptor. flags are O_RDONLY and its like, joined with |."},
	{Name: "os.fdopen", Sig: "(fd, mode='r', buffering=-1, encoding=None, errors=None, newline=None)", Fn: openNative,
		Doc: "Return a file object for a descriptor, as open(fd, ...) does."},
	{Name: "os.read", Sig: "(fd, n)", Fn: osRead, Doc: "Read at most n bytes from a descriptor; b'' at the end of file."},
	{Name: "os.write", Sig: "(fd, data)", Fn: osWrite, Doc: "Write bytes to a descriptor and return how many were taken."},
	{Name: "os.close", Sig: "(fd)", Fn: osClose, Doc: "Close a descriptor."},
	{Name: "os.closerange", Sig: "(fd_low, fd_high)", Fn: osCloserange, Doc: "Close the descriptors from fd_low to fd_high - 1, ignoring errors."},
	{Name: "os.dup", Sig: "(fd)", Fn: osDup, Doc: "Return a copy of a descriptor."},
	{Name: "os.dup2", Sig: "(fd, fd2, inheritable=True)", Fn: osDup2, Doc: "Make descriptor fd2 a copy of fd, closing fd2 first if it is open. Returns fd2."},
	{Name: "os.lseek", Sig: "(fd, position, whence)", Fn: osLseek, Doc: "Set the position of a descriptor: from the start (SEEK_SET), from here (SEEK_CUR) or from the end (SEEK_END)."},
	{Name: "os.isatty", Sig: "(fd)", Fn: osIsatty, Doc: "Tell whether a descriptor is a terminal."},
	{Name: "os.get_terminal_size", Sig: "(fd=1)", Fn: osTerminalSize, Doc: "Return (columns, lines) of the terminal."},

	{Name: "os.__getattr__", Sig: "(name)", Fn: osGetattr, Doc: "Return os.environ: a dict of the environment variables. What is changed in it, getenv sees."},
	{Name: "os.getenv", Sig: "(key, default=None)", Fn: osGetenv, Doc: "Return an environment variable, or the default."},
	{Name: "os.putenv", Sig: "(name, value)", Fn: osPutenv, Doc: "Set an environment variable. os.environ shows the change."},
	{Name: "os.unsetenv", Sig: "(name)", Fn: osUnsetenv, Doc: "Delete an environment variable. os.environ shows the change."},

	{Name: "os.getcwd", Sig: "()", Fn: osGetcwd, Doc: "Return the current directory."},
	{Name: "os.chdir", Sig: "(path)", Fn: onPath("chdir", os.Chdir), Doc: "Change the current directory."},
	{Name: "os.listdir", Sig: "(path='.')", Fn: osListdir, Doc: "Return the names in a directory, sorted."},
	{Name: "os.mkdir", Sig: "(path, mode=0o777)", Fn: osMkdir, Doc: "Create a directory."},
	{Name: "os.makedirs", Sig: "(name, mode=0o777, exist_ok=False)", Fn: osMakedirs, Doc: "Create a directory and those above it."},
	{Name: "os.rmdir", Sig: "(path)", Fn: onPath("rmdir", unix.Rmdir), Doc: "Remove an empty directory."},
	{Name: "os.remove", Sig: "(path)", Fn: onPath("remove", unix.Unlink), Doc: "Remove a file."},
	{Name: "os.unlink", Sig: "(path)", Fn: onPath("unlink", unix.Unlink), Doc: "Remove a file; the same as remove."},
	{Name: "os.rename", Sig: "(src, dst)", Fn: onPaths("rename", "src", "dst", unix.Rename), Doc: "Rename a file or directory, replacing a file of that name."},
	{Name: "os.replace", Sig: "(src, dst)", Fn: onPaths("replace", "src", "dst", unix.Rename), Doc: "Rename a file or directory, replacing a file of that name."},
	{Name: "os.symlink", Sig: "(src, dst)", Fn: onPaths("symlink", "src", "dst", unix.Symlink), Doc: "Make dst a symbolic link to src."},
	{Name: "os.link", Sig: "(src, dst)", Fn: onPaths("link", "src", "dst", unix.Link), Doc: "Make dst another name of the file src."},
	{Name: "os.readlink", Sig: "(path)", Fn: osReadlink, Doc: "Return what a symbolic link points to."},
	{Name: "os.chmod", Sig: "(path, mode)", Fn: osChmod, Doc: "Change a file's permissions."},
	{Name: "os.access", Sig: "(path, mode)", Fn: osAccess, Doc: "Tell whether this process may read (R_OK), write (W_OK) or execute (X_OK) a file, or whether it exists (F_OK)."},
	{Name: "os.stat", Sig: "(path, *, follow_symlinks=True)", Fn: osStat, Doc: "Return what the system knows about a file, or an open one if path is a descriptor: st_size, st_mode, st_mtime and so on."},
	{Name: "os.lstat", Sig: "(path)", Fn: osLstat, Doc: "As stat, for a symbolic link itself."},
	{Name: "os.fspath", Sig: "(path)", Fn: osFspath, Doc: "Return a path of type str or bytes as it is."},

	{Name: "os.cpu_count", Sig: "()", Fn: osCPUCount, Doc: "Return how many processors this process may run on."},
	{Name: "os.sched_getaffinity", Sig: "(pid)", Fn: osAffinity, Doc: "Return the set of processors this process may run on. Only pid 0 is known."},
	{Name: "os.sched_yield", Sig: "()", Fn: osYield, Doc: "Let other processes run."},
	{Name: "os.getuid", Sig: "()", Fn: ownID("getuid", unix.Getuid), Doc: "Return the real user id."},
	{Name: "os.geteuid", Sig: "()", Fn: ownID("geteuid", unix.Geteuid), Doc: "Return the effective user id."},
	{Name: "os.getgid", Sig: "()", Fn: ownID("getgid", unix.Getgid), Doc: "Return the real group id."},
	{Name: "os.getegid", Sig: "()", Fn: ownID("getegid", unix.Getegid), Doc: "Return the effective group id."},
	{Name: "os.umask", Sig: "(mask)", Fn: osUmask, Doc: "Set the file mode creation mask and return the one before."},
	{Name: "os.times", Sig: "()", Fn: osTimes, Doc: "Return the processor time used by this process and its ended children: user, system, children_user, children_system, elapsed."},
	{Name: "os.uname", Sig: "()", Fn: osUname, Doc: "Return what the system is called: sysname, nodename, release, version, machine."},
	{Name: "os.urandom", Sig: "(size)", Fn: osUrandom, Doc: "Return that many random bytes from the system."},
	{Name: "os.strerror", Sig: "(code)", Fn: osStrerror, Doc: "Return the text for an error number."},

	{Name: "os.WIFEXITED", Sig: "(status)", Fn: onStatus("WIFEXITED", syscall.WaitStatus.Exited), Doc: "Tell whether the child exited."},
	{Name: "os.WEXITSTATUS", Sig: "(status)", Fn: onStatus("WEXITSTATUS", exitStatus), Doc: "Return the exit status, if WIFEXITED(status)."},
	{Name: "os.WIFSIGNALED", Sig: "(status)", Fn: onStatus("WIFSIGNALED", syscall.WaitStatus.Signaled), Doc: "Tell whether the child was killed by a signal."},
	{Name: "os.WTERMSIG", Sig: "(status)", Fn: onStatus("WTERMSIG", termSignal), Doc: "Return the signal that killed the child, if WIFSIGNALED(status)."},
	{Name: "os.WCOREDUMP", Sig: "(status)", Fn: onStatus("WCOREDUMP", coreDump), Doc: "Tell whether the child left a core dump."},
	{Name: "os.WIFSTOPPED", Sig: "(status)", Fn: onStatus("WIFSTOPPED", syscall.WaitStatus.Stopped), Doc: "Tell whether the child is stopped."},
	{Name: "os.WSTOPSIG", Sig: "(status)", Fn: onStatus("WSTOPSIG", stopSignal), Doc: "Return the signal that stopped the child, if WIFSTOPPED(status)."},
	{Name: "os.WIFCONTINUED", Sig: "(status)", Fn: onStatus("WIFCONTINUED", syscall.WaitStatus.Continued), Doc: "Tell whether the child was continued by SIGCONT."},
	{Name: "os.waitstatus_to_exitcode", Sig: "(status)", Fn: osExitcode,
		Doc: "Turn a wait status into an exit code: the exit status, or minus the signal that killed the child."},
}

// osConstants are the names of module os that are values.
var osConstants = []constant{
	{"name", starlark.String("posix")},
	{"sep", starlark.String("/")},
	{"altsep", starlark.None},
	{"extsep", starlark.String(".")},
	{"pathsep", starlark.String(":")},
	{"linesep", starlark.String("\n")},
	{"curdir", starlark.String(".")},
	{"pardir", starlark.String("..")},
	{"devnull", starlark.String("/dev/null")},
	{"error", vm.OSError},
}

// osNumbers are the integer constants of module os.
var osNumbers = []struct {
	name  string
	value int
}{
	{"WNOHANG", int(kernel.NoHang)}, {"WUNTRACED", int(kernel.Untraced)}, {"WCONTINUED", int(kernel.Continued)},
	{"O_RDONLY", unix.O_RDONLY}, {"O_WRONLY", unix.O_WRONLY}, {"O_RDWR", unix.O_RDWR}, {"O_ACCMODE", unix.O_ACCMODE},
	{"O_APPEND", unix.O_APPEND}, {"O_CREAT", unix.O_CREAT}, {"O_EXCL", unix.O_EXCL}, {"O_TRUNC", unix.O_TRUNC},
	{"O_CLOEXEC", unix.O_CLOEXEC}, {"O_NONBLOCK", unix.O_NONBLOCK}, {"O_NDELAY", unix.O_NDELAY},
	{"O_SYNC", unix.O_SYNC}, {"O_DSYNC", unix.O_DSYNC}, {"O_DIRECTORY", unix.O_DIRECTORY},
	{"O_NOFOLLOW", unix.O_NOFOLLOW}, {"O_NOCTTY", unix.O_NOCTTY}, {"O_TMPFILE", unix.O_TMPFILE},
	{"F_OK", 0}, {"R_OK", 4}, {"W_OK", 2}, {"X_OK", 1},
	{"SEEK_SET", io.SeekStart}, {"SEEK_CUR", io.SeekCurrent}, {"SEEK_END", io.SeekEnd},
	{"EX_OK", 0}, {"EX_USAGE", 64}, {"EX_DATAERR", 65}, {"EX_NOINPUT", 66}, {"EX_NOUSER", 67}, {"EX_NOHOST", 68},
	{"EX_UNAVAILABLE", 69}, {"EX_SOFTWARE", 70}, {"EX_OSERR", 71}, {"EX_OSFILE", 72}, {"EX_CANTCREAT", 73},
	{"EX_IOERR", 74}, {"EX_TEMPFAIL", 75}, {"EX_PROTOCOL", 76}, {"EX_NOPERM", 77}, {"EX_CONFIG", 78},
}

var (
	statResult = &structType{name: "os.stat_result",
		fields: []string{"st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size", "st_atime", "st_mtime", "st_ctime"},
		extra:  []string{"st_atime", "st_mtime", "st_ctime", "st_atime_ns", "st_mtime_ns", "st_ctime_ns", "st_blksize", "st_blocks", "st_rdev"}}
	timesResult  = &structType{name: "posix.times_result", fields: []string{"user", "system", "children_user", "children_system", "elapsed"}}
	unameResult  = &structType{name: "posix.uname_result", fields: []string{"sysname", "nodename", "release", "version", "machine"}}
	terminalSize = &structType{name: "os.terminal_size", fields: []string{"columns", "lines"}}
)

// osModule makes module os.
func osModule() *vm.Module {
	m := newModule("os", osDoc, slices.Concat(osNatives, programNatives, fileNatives), osConstants)
	for _, c := range osNumbers {
		m.Set(c.name, starlark.MakeInt(c.value))
	}
	m.Set("path", pathModule())
	return m
}

// osGetattr makes os.environ, which is of each process and not of the module.
func osGetattr(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var name string
	if err := unpack("__getattr__", args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	if name == "environ" {
		return environ(p), nil
	}
	return nil, vm.Raise(vm.AttributeError, "module 'os' has no attribute '%s'", name)
}

// environ returns os.environ: a dict in the process's state, so that it
// travels and getenv sees what a script changes in it.
func environ(p *vm.Process) *starlark.Dict {
	if d, ok := p.State["os.environ"].(*starlark.Dict); ok {
		return d
	}
	vars := os.Environ()
	d := starlark.NewDict(len(vars))
	for _, kv := range vars {
		key, value, _ := strings.Cut(kv, "=")
		d.SetKey(starlark.String(key), starlark.String(value)) // strings always hash
	}
	p.State["os.environ"] = d
	return d
}

func osFork(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("fork", args, kwargs); err != nil {
		return nil, err
	}
	if err := p.CanFork(); err != nil {
		return nil, err
	}
	return fork(p, func(w io.Writer) error { return image.Encode(w, p, starlark.MakeInt(0)) })
}

// fork starts a child with an image.
func fork(p *vm.Process, write func(io.Writer) error) (vm.Value, error) {
	pid, err := p.Kernel.Fork(write)
	if err == nil {
		return starlark.MakeInt(int(pid)), nil
	}
	var uncopyable *image.UncopyableError
	if errors.As(err, &uncopyable) {
		return nil, vm.Raise(vm.TypeError, "%s", uncopyable)
	}
	return nil, osError(err, "")
}

func osGetpid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getpid", args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt(int(p.Kernel.Getpid())), nil
}

func osGetppid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getppid", args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt(int(p.Kernel.Getppid())), nil
}

func osWait(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("wait", args, kwargs); err != nil {
		return nil, err
	}
	return wait(p, -1, 0)
}

func osWaitpid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var pid, options int
	if err := unpack("waitpid", args, kwargs, "pid", &pid, "options", &options); err != nil {
		return nil, err
	}
	return wait(p, kernel.Pid(pid), kernel.WaitFlag(options))
}

func wait(p *vm.Process, pid kernel.Pid, flags kernel.WaitFlag) (vm.Value, error) {
	pid, status, err := p.Kernel.Wait(pid, flags)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.Tuple{starlark.MakeInt(int(pid)), starlark.MakeInt(int(status))}, nil
}

func osExit(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var status int
	if err := unpack("_exit", args, kwargs, "status", &status); err != nil {
		return nil, err
	}
	p.Kernel.Exit(status)
	return starlark.None, nil
}

func osAbort(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("abort", args, kwargs); err != nil {
		return nil, err
	}
	p.Kernel.Die(kernel.Signal(unix.SIGABRT))
	return starlark.None, nil
}

func osKill(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var pid, sig int
	if err := unpack("kill", args, kwargs, "pid", &pid, "signal", &sig); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.Kill(kernel.Pid(pid), kernel.Signal(sig)), ""))
}

func osKillpg(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var pgid, sig int
	if err := unpack("killpg", args, kwargs, "pgid", &pgid, "signal", &sig); err != nil {
		return nil, err
	}
	if pgid < 0 {
		return nil, osError(unix.EINVAL, "")
	}
	return none(osError(p.Kernel.Kill(kernel.Pid(-pgid), kernel.Signal(sig)), ""))
}

// none is what a function without result returns.
func none(err error) (vm.Value, error) {
	if err != nil {
		return nil, err
	}
	return starlark.None, nil
}

// Descriptors.

func osPipe(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("pipe", args, kwargs); err != nil {
		return nil, err
	}
	r, w, err := p.Kernel.Pipe()
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.Tuple{starlark.MakeInt(int(r)), starlark.MakeInt(int(w))}, nil
}

func osOpen(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	flags, mode := 0, 0o777
	if err := unpack("open", args, kwargs, "path", &path, "flags", &flags, "mode?", &mode); err != nil {
		return nil, err
	}
	fd, err := p.Kernel.Open(path.path, flags, uint32(mode))
	if err != nil {
		return nil, osErrorAt(err, path.value(), nil)
	}
	return starlark.MakeInt(int(fd)), nil
}

// maxTransfer is the most that one read(2) moves on Linux.
const maxTransfer = 0x7ffff000

func osRead(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd, n int
	if err := unpack("read", args, kwargs, "fd", &fd, "length", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, osError(unix.EINVAL, "")
	}
	buf := make([]byte, min(n, maxTransfer))
	n, err := p.Kernel.Read(kernel.Fd(fd), buf)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.Bytes(buf[:n]), nil
}

func osWrite(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	var data []byte
	if err := unpack("write", args, kwargs, "fd", &fd, "data", &data); err != nil {
		return nil, err
	}
	n, err := p.Kernel.Write(kernel.Fd(fd), data)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt(n), nil
}

func osClose(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	if err := unpack("close", args, kwargs, "fd", &fd); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.Close(kernel.Fd(fd)), ""))
}

func osCloserange(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var low, high int
	if err := unpack("closerange", args, kwargs, "fd_low", &low, "fd_high", &high); err != nil {
		return nil, err
	}
	const mostDescriptors = 1 << 20 // no system is set to more
	for fd := max(low, 0); fd < min(high, mostDescriptors); fd++ {
		_ = p.Kernel.Close(kernel.Fd(fd)) // as documented
	}
	return starlark.None, nil
}

func osDup(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	if err := unpack("dup", args, kwargs, "fd", &fd); err != nil {
		return nil, err
	}
	copied, err := p.Kernel.Dup(kernel.Fd(fd))
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt(int(copied)), nil
}

func osDup2(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var from, to int
	inheritable := true // descriptors always are
	if err := unpack("dup2", args, kwargs, "fd", &from, "fd2", &to, "inheritable?", &inheritable); err != nil {
		return nil, err
	}
	if err := p.Kernel.Dup2(kernel.Fd(from), kernel.Fd(to)); err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt(to), nil
}

func osLseek(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd, whence int
	var position starlark.Int
	if err := unpack("lseek", args, kwargs, "fd", &fd, "position", &position, "whence", &whence); err != nil {
		return nil, err
	}
	offset, err := asOffset(position)
	if err != nil {
		return nil, err
	}
	at, err := p.Kernel.Seek(kernel.Fd(fd), offset, whence)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt64(at), nil
}

func asOffset(position starlark.Int) (int64, error) {
	offset, ok := position.Int64()
	if !ok {
		return 0, vm.Raise(vm.OverflowError, "Python int too large to convert to C long")
	}
	return offset, nil
}

func osIsatty(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	if err := unpack("isatty", args, kwargs, "fd", &fd); err != nil {
		return nil, err
	}
	return starlark.Bool(p.Kernel.Isatty(kernel.Fd(fd))), nil
}

func osTerminalSize(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	fd := 1
	if err := unpack("get_terminal_size", args, kwargs, "fd?", &fd); err != nil {
		return nil, err
	}
	if !p.Kernel.Isatty(kernel.Fd(fd)) {
		return nil, osError(unix.ENOTTY, "")
	}
	size, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return nil, osError(err, "")
	}
	return newStruct(terminalSize, starlark.MakeInt(int(size.Col)), starlark.MakeInt(int(size.Row))), nil
}

// The environment.

func osGetenv(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var key string
	var otherwise vm.Value = starlark.None
	if err := unpack("getenv", args, kwargs, "key", &key, "default?", &otherwise); err != nil {
		return nil, err
	}
	v, found, err := environ(p).Get(starlark.String(key))
	if err != nil || !found {
		return otherwise, err
	}
	return v, nil
}

func osPutenv(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var name, value string
	if err := unpack("putenv", args, kwargs, "name", &name, "value", &value); err != nil {
		return nil, err
	}
	if name == "" {
		return nil, osError(syscall.EINVAL, "")
	}
	if strings.ContainsRune(name, '=') {
		return nil, vm.Raise(vm.ValueError, "illegal environment variable name")
	}
	return none(environ(p).SetKey(starlark.String(name), starlark.String(value)))
}

func osUnsetenv(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var name string
	if err := unpack("unsetenv", args, kwargs, "name", &name); err != nil {
		return nil, err
	}
	_, _, err := environ(p).Delete(starlark.String(name))
	return none(err)
}

// Files by name.

// onPath makes a native of a function on one file name.
func onPath(name string, do func(path string) error) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var path fileName
		if err := unpack(name, args, kwargs, "path", &path); err != nil {
			return nil, err
		}
		return none(osErrorAt(do(path.path), path.value(), nil))
	}
}

// onPaths makes a native of a function on two file names.
func onPaths(name, first, second string, do func(a, b string) error) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var a, b fileName
		if err := unpack(name, args, kwargs, first, &a, second, &b); err != nil {
			return nil, err
		}
		return none(osErrorAt(do(a.path, b.path), a.value(), b.value()))
	}
}

func osGetcwd(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getcwd", args, kwargs); err != nil {
		return nil, err
	}
	dir, err := getcwd()
	return starlark.String(dir), err
}

// getcwd asks the system: os.Getwd would believe $PWD.
func getcwd() (string, error) {
	dir, err := unix.Getwd()
	return dir, osError(err, "")
}

func osListdir(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	path := fileName{path: "."}
	if len(args) > 0 && args[0] == starlark.None {
		args = nil
	}
	if err := unpack("listdir", args, kwargs, "path?", &path); err != nil {
		return nil, err
	}
	dir, err := os.Open(path.path)
	if err != nil {
		return nil, osErrorAt(err, path.value(), nil)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, osErrorAt(err, path.value(), nil)
	}
	slices.Sort(names)
	elems := make([]vm.Value, len(names))
	for i, name := range names {
		elems[i] = path.with(name)
	}
	return starlark.NewList(elems), nil
}

func osMkdir(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	mode := 0o777
	if err := unpack("mkdir", args, kwargs, "path", &path, "mode?", &mode); err != nil {
		return nil, err
	}
	return none(osErrorAt(unix.Mkdir(path.path, uint32(mode)), path.value(), nil))
}

// osMakedirs follows Lib/os.py: the directories above are made with the usual
// mode, whatever mode says.
func osMakedirs(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	mode, existOK := 0o777, false
	if err := unpack("makedirs", args, kwargs, "name", &path, "mode?", &mode, "exist_ok?", &existOK); err != nil {
		return nil, err
	}
	above, _ := splitPath(strings.TrimRight(path.path, "/"))
	if above != "" {
		if err := os.MkdirAll(above, 0o777); err != nil {
			return nil, osErrorAt(err, path.with(above), nil)
		}
	}
	err := unix.Mkdir(path.path, uint32(mode))
	if err != nil && existOK {
		if info, statErr := os.Stat(path.path); statErr == nil && info.IsDir() {
			return starlark.None, nil
		}
	}
	return none(osErrorAt(err, path.value(), nil))
}

func osReadlink(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	if err := unpack("readlink", args, kwargs, "path", &path); err != nil {
		return nil, err
	}
	target, err := os.Readlink(path.path)
	if err != nil {
		return nil, osErrorAt(err, path.value(), nil)
	}
	return path.with(target), nil
}

func osChmod(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	var mode int
	if err := unpack("chmod", args, kwargs, "path", &path, "mode", &mode); err != nil {
		return nil, err
	}
	return none(osErrorAt(unix.Chmod(path.path, uint32(mode)), path.value(), nil))
}

func osAccess(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	var mode int
	if err := unpack("access", args, kwargs, "path", &path, "mode", &mode); err != nil {
		return nil, err
	}
	return starlark.Bool(unix.Access(path.path, uint32(mode)) == nil), nil
}

func osStat(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	follow := true
	if len(args) > 0 {
		if _, ok := args[0].(starlark.Int); ok {
			return osFstat(p, args, kwargs)
		}
	}
	if err := unpack("stat", args, kwargs, "path", &path, "*follow_symlinks?", &follow); err != nil {
		return nil, err
	}
	if follow {
		return stat(path, unix.Stat)
	}
	return stat(path, unix.Lstat)
}

func osLstat(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	if err := unpack("lstat", args, kwargs, "path", &path); err != nil {
		return nil, err
	}
	return stat(path, unix.Lstat)
}

func stat(path fileName, do func(string, *unix.Stat_t) error) (vm.Value, error) {
	var st unix.Stat_t
	if err := do(path.path, &st); err != nil {
		return nil, osErrorAt(err, path.value(), nil)
	}
	return statValue(&st), nil
}

func statValue(st *unix.Stat_t) vm.Value {
	values := make(starlark.Tuple, 0, len(statResult.fields)+len(statResult.extra))
	for _, n := range []uint64{uint64(st.Mode), st.Ino, uint64(st.Dev), uint64(st.Nlink), uint64(st.Uid), uint64(st.Gid)} {
		values = append(values, starlark.MakeUint64(n))
	}
	values = append(values, starlark.MakeInt64(st.Size))
	times := []unix.Timespec{st.Atim, st.Mtim, st.Ctim}
	for _, t := range times {
		values = append(values, starlark.MakeInt64(t.Sec))
	}
	for _, t := range times {
		values = append(values, starlark.Float(float64(t.Sec)+1e-9*float64(t.Nsec)))
	}
	for _, t := range times {
		values = append(values, starlark.MakeInt64(t.Nano()))
	}
	values = append(values, starlark.MakeInt64(int64(st.Blksize)), starlark.MakeInt64(st.Blocks), starlark.MakeUint64(st.Rdev))
	return newStruct(statResult, values...)
}

func osFspath(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path vm.Value
	if err := unpack("fspath", args, kwargs, "path", &path); err != nil {
		return nil, err
	}
	switch path.(type) {
	case starlark.String, starlark.Bytes:
		return path, nil
	}
	_, err := asFileName(path)
	return nil, err
}

// The process and the machine.

func osCPUCount(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("cpu_count", args, kwargs); err != nil {
		return nil, err
	}
	return starlark.MakeInt(p.Kernel.CPUs()), nil
}

func osAffinity(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var pid int
	if err := unpack("sched_getaffinity", args, kwargs, "pid", &pid); err != nil {
		return nil, err
	}
	if pid != 0 {
		return nil, osError(unix.ESRCH, "")
	}
	set := starlark.NewSet(p.Kernel.CPUs())
	for i := range p.Kernel.CPUs() {
		set.Insert(starlark.MakeInt(i)) // ints always hash
	}
	return set, nil
}

func osYield(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("sched_yield", args, kwargs); err != nil {
		return nil, err
	}
	return none(p.Kernel.Sleep(p.Kernel.Monotonic()))
}

// ownID makes a native of a system call that asks for an id of this process.
func ownID(name string, get func() int) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		if err := unpack(name, args, kwargs); err != nil {
			return nil, err
		}
		return starlark.MakeInt(get()), nil
	}
}

func osUmask(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var mask int
	if err := unpack("umask", args, kwargs, "mask", &mask); err != nil {
		return nil, err
	}
	return starlark.MakeInt(unix.Umask(mask)), nil
}

func osTimes(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("times", args, kwargs); err != nil {
		return nil, err
	}
	var self, children unix.Rusage
	if err := errors.Join(unix.Getrusage(unix.RUSAGE_SELF, &self), unix.Getrusage(unix.RUSAGE_CHILDREN, &children)); err != nil {
		return nil, osError(err, "")
	}
	var values starlark.Tuple
	for _, t := range []unix.Timeval{self.Utime, self.Stime, children.Utime, children.Stime} {
		ticks := t.Nano() / 1e7 // times(2) counts in ticks of 10 ms
		values = append(values, starlark.Float(float64(ticks)/100))
	}
	ticks := p.Kernel.Monotonic() / 1e7
	values = append(values, starlark.Float(float64(ticks)/100))
	return newStruct(timesResult, values...), nil
}

func osUname(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("uname", args, kwargs); err != nil {
		return nil, err
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return nil, osError(err, "")
	}
	var values starlark.Tuple
	for _, field := range [][]byte{u.Sysname[:], u.Nodename[:], u.Release[:], u.Version[:], u.Machine[:]} {
		values = append(values, starlark.String(unix.ByteSliceToString(field)))
	}
	return newStruct(unameResult, values...), nil
}

func osUrandom(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var size int
	if err := unpack("urandom", args, kwargs, "size", &size); err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, vm.Raise(vm.ValueError, "negative argument not allowed")
	}
	return starlark.Bytes(entropy(p, size)), nil
}

func osStrerror(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var code int
	if err := unpack("strerror", args, kwargs, "code", &code); err != nil {
		return nil, err
	}
	return starlark.String(strerror(syscall.Errno(code))), nil
}

// Wait statuses.

// onStatus makes a native that asks something of a wait status.
func onStatus[T bool | int](name string, ask func(syscall.WaitStatus) T) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var status int
		if err := unpack(name, args, kwargs, "status", &status); err != nil {
			return nil, err
		}
		switch answer := any(ask(syscall.WaitStatus(status))).(type) {
		case bool:
			return starlark.Bool(answer), nil
		default:
			return starlark.MakeInt(answer.(int)), nil
		}
	}
}

// The macros of <sys/wait.h> that return a number look at the bits, whatever they mean.

func exitStatus(s syscall.WaitStatus) int { return int(s>>8) & 0xff }
func termSignal(s syscall.WaitStatus) int { return int(s) & 0x7f }
func stopSignal(s syscall.WaitStatus) int { return int(s>>8) & 0xff }
func coreDump(s syscall.WaitStatus) bool  { return s&0x80 != 0 }

func osExitcode(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var n int
	if err := unpack("waitstatus_to_exitcode", args, kwargs, "status", &n); err != nil {
		return nil, err
	}
	switch status := syscall.WaitStatus(n); {
	case status.Exited():
		return starlark.MakeInt(exitStatus(status)), nil
	case status.Signaled():
		return starlark.MakeInt(-termSignal(status)), nil
	case status.Stopped():
		return nil, vm.Raise(vm.ValueError, "process stopped by delivery of signal %d", stopSignal(status))
	}
	return nil, vm.Raise(vm.ValueError, "invalid wait status: %d", n)
}
