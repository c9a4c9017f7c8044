package builtins

import (
	"os"
	"strconv"
	"strings"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// Module os: open files, and trees of directories.

// fileNatives are further rows of module os that are about files.
var fileNatives = []*vm.Native{
	{Name: "os.fstat", Sig: "(fd)", Fn: osFstat, Doc: "As stat, for an open file."},
	{Name: "os.fsync", Sig: "(fd)", Fn: onFd("fsync", unix.Fsync), Doc: "Wait until what was written to a file is on its disk."},
	{Name: "os.fdatasync", Sig: "(fd)", Fn: onFd("fdatasync", unix.Fdatasync), Doc: "As fsync, without what only stat shows."},
	{Name: "os.fchdir", Sig: "(fd)", Fn: onFd("fchdir", unix.Fchdir), Doc: "Change the current directory to an open one."},
	{Name: "os.ftruncate", Sig: "(fd, length)", Fn: osFtruncate, Doc: "Make an open file that long."},
	{Name: "os.truncate", Sig: "(path, length)", Fn: osTruncate, Doc: "Make a file that long."},
	{Name: "os.get_inheritable", Sig: "(fd)", Fn: osGetInheritable, Doc: "Tell whether a program that exec starts has the descriptor. Forked children always have it."},
	{Name: "os.set_inheritable", Sig: "(fd, inheritable)", Fn: osSetInheritable, Doc: "Say whether a program that exec starts has the descriptor."},
	{Name: "os.mkfifo", Sig: "(path, mode=0o666)", Fn: osMkfifo, Doc: "Make a named pipe."},
	{Name: "os.sync", Sig: "()", Fn: osSync, Doc: "Write what is in memory of all files to disk."},
	{Name: "os.utime", Sig: "(path, times=None, *, ns=None)", Fn: osUtime, Doc: "Set when a file was read and changed: (atime, mtime) in seconds or, with ns, nanoseconds; now if neither is given."},
	{Name: "os.getloadavg", Sig: "()", Fn: osLoadavg, Doc: "Return how many processes wanted to run over the last 1, 5 and 15 minutes."},

	{Name: "os.walk", Sig: "(top, topdown=True, onerror=None, followlinks=False)", Fn: needScriptNative, Slow: "slow_os_walk",
		Doc: "Go through a directory and all below it. Yields (directory, names of directories in it, names of other files)."},
	{Name: "os.scandir", Sig: "(path='.')", Fn: needScriptNative, Slow: "slow_os_scandir", Doc: "Iterate over the entries of a directory, which have name, path, is_dir(), is_file() and stat()."},
	{Name: "os.removedirs", Sig: "(name)", Fn: needScriptNative, Slow: "slow_os_removedirs", Doc: "Remove an empty directory, and those above it that are empty then."},
	{Name: "os.renames", Sig: "(old, new)", Fn: needScriptNative, Slow: "slow_os_renames", Doc: "As rename, making the directories above new and removing empty ones above old."},
}

// onFd makes a native of a system call on a descriptor.
func onFd(name string, do func(fd int) error) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var fd int
		if err := unpack(name, args, kwargs, "fd", &fd); err != nil {
			return nil, err
		}
		fd, err := p.Kernel.System(kernel.Fd(fd))
		if err == nil {
			err = do(fd)
		}
		return none(osError(err, ""))
	}
}

func osFstat(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	if err := unpack("fstat", args, kwargs, "fd", &fd); err != nil {
		return nil, err
	}
	fd, err := p.Kernel.System(kernel.Fd(fd))
	if err != nil {
		return nil, osError(err, "")
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, osError(err, "")
	}
	return statValue(&st), nil
}

func osFtruncate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	var length starlark.Int
	if err := unpack("ftruncate", args, kwargs, "fd", &fd, "length", &length); err != nil {
		return nil, err
	}
	n, err := asOffset(length)
	if err != nil {
		return nil, err
	}
	if fd, err = p.Kernel.System(kernel.Fd(fd)); err == nil {
		err = unix.Ftruncate(fd, n)
	}
	return none(osError(err, ""))
}

func osTruncate(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	var length starlark.Int
	if err := unpack("truncate", args, kwargs, "path", &path, "length", &length); err != nil {
		return nil, err
	}
	n, err := asOffset(length)
	if err != nil {
		return nil, err
	}
	return none(osErrorAt(unix.Truncate(path.path, n), path.value(), nil))
}

func osGetInheritable(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	if err := unpack("get_inheritable", args, kwargs, "fd", &fd); err != nil {
		return nil, err
	}
	fd, err := p.Kernel.System(kernel.Fd(fd))
	if err != nil {
		return nil, osError(err, "")
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return starlark.Bool(flags&unix.FD_CLOEXEC == 0), osError(err, "")
}

func osSetInheritable(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var fd int
	var inheritable bool
	if err := unpack("set_inheritable", args, kwargs, "fd", &fd, "inheritable", &inheritable); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.SetInheritable(kernel.Fd(fd), inheritable), ""))
}

func osMkfifo(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	mode := 0o666
	if err := unpack("mkfifo", args, kwargs, "path", &path, "mode?", &mode); err != nil {
		return nil, err
	}
	return none(osErrorAt(unix.Mkfifo(path.path, uint32(mode)), path.value(), nil))
}

func osSync(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("sync", args, kwargs); err != nil {
		return nil, err
	}
	unix.Sync()
	return starlark.None, nil
}

func osUtime(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var path fileName
	var times, ns vm.Value = starlark.None, starlark.None
	if err := unpack("utime", args, kwargs, "path", &path, "times?", &times, "*ns?", &ns); err != nil {
		return nil, err
	}
	spec, err := fileTimes(p, times, ns)
	if err != nil {
		return nil, err
	}
	return none(osErrorAt(unix.UtimesNanoAt(unix.AT_FDCWD, path.path, spec, 0), path.value(), nil))
}

// fileTimes returns the two times that os.utime is given.
func fileTimes(p *vm.Process, times, ns vm.Value) ([]unix.Timespec, error) {
	if times != starlark.None && ns != starlark.None {
		return nil, vm.Raise(vm.ValueError, "utime: you may specify either 'times' or 'ns' but not both")
	}
	if times == starlark.None && ns == starlark.None {
		now := unix.NsecToTimespec(p.Kernel.Time().UnixNano())
		return []unix.Timespec{now, now}, nil
	}
	pair, ok := times.(starlark.Tuple)
	if times == starlark.None {
		pair, ok = ns.(starlark.Tuple)
	}
	if !ok || len(pair) != 2 {
		return nil, vm.Raise(vm.TypeError, "utime: 'times' must be either a tuple of two ints or None")
	}
	spec := make([]unix.Timespec, 2)
	for i, v := range pair {
		if ns != starlark.None {
			n, err := asInteger(v)
			if err != nil {
				return nil, err
			}
			nanoseconds, _ := n.Int64()
			spec[i] = unix.NsecToTimespec(nanoseconds)
			continue
		}
		seconds, err := asFloat(v)
		if err != nil {
			return nil, err
		}
		spec[i] = unix.NsecToTimespec(int64(seconds * 1e9))
	}
	return spec, nil
}

func osLoadavg(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getloadavg", args, kwargs); err != nil {
		return nil, err
	}
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return nil, osError(err, "")
	}
	load := make(starlark.Tuple, 3)
	for i, field := range strings.Fields(string(text))[:len(load)] {
		f, _ := strconv.ParseFloat(field, 64) // it is the system's own number
		load[i] = starlark.Float(f)
	}
	return load, nil
}
