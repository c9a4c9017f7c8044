package builtins

import (
	"errors"
	"strings"

	"mpstar/host/kernel"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
	"golang.org/x/sys/unix"
)

// Module os: other programs, sessions and process groups.

// programNatives are the rows of module os that are about other programs. The functions that
// start one beside this process are in the script language (library/_os.star).
var programNatives = []*vm.Native{
	{Name: "os.execv", Sig: "(path, args)", Fn: osExec("execv", execForm{}), Doc: "Replace this process by a program. args[0] is its name."},
	{Name: "os.execve", Sig: "(path, args, env)", Fn: osExec("execve", execForm{env: true}), Doc: "As execv, with an environment."},
	{Name: "os.execvp", Sig: "(file, args)", Fn: osExec("execvp", execForm{search: true}), Doc: "As execv, with a file that is looked for in $PATH."},
	{Name: "os.execvpe", Sig: "(file, args, env)", Fn: osExec("execvpe", execForm{search: true, env: true}), Doc: "As execvp, with an environment."},
	{Name: "os.execl", Sig: "(path, *args)", Fn: osExec("execl", execForm{list: true}), Doc: "As execv, with the arguments one by one."},
	{Name: "os.execle", Sig: "(path, *args)", Fn: osExec("execle", execForm{list: true, env: true}), Doc: "As execve, with the arguments one by one and the environment last."},
	{Name: "os.execlp", Sig: "(file, *args)", Fn: osExec("execlp", execForm{list: true, search: true}), Doc: "As execvp, with the arguments one by one."},
	{Name: "os.execlpe", Sig: "(file, *args)", Fn: osExec("execlpe", execForm{list: true, search: true, env: true}), Doc: "As execvpe, with the arguments one by one and the environment last."},
	{Name: "os.system", Sig: "(command)", Fn: needScriptNative, Slow: "slow_os_system", Doc: "Run a command with the shell and return its wait status."},
	{Name: "os.popen", Sig: "(cmd, mode='r', buffering=-1)", Fn: needScriptNative, Slow: "slow_os_popen",
		Doc: "Run a command with the shell. Returns a file that reads its output, or with mode 'w' one that writes its input; its close() returns how the command ended."},

	{Name: "os.setsid", Sig: "()", Fn: osSetsid, Doc: "Make this process the leader of a session and a process group of its own."},
	{Name: "os.getsid", Sig: "(pid)", Fn: onPid("getsid", kernel.Kernel.Getsid), Doc: "Return the session of a process; pid 0 is this one."},
	{Name: "os.getpgid", Sig: "(pid)", Fn: onPid("getpgid", kernel.Kernel.Getpgid), Doc: "Return the process group of a process; pid 0 is this one."},
	{Name: "os.getpgrp", Sig: "()", Fn: osGetpgrp, Doc: "Return the process group of this process."},
	{Name: "os.setpgid", Sig: "(pid, pgrp)", Fn: osSetpgid, Doc: "Put a process into a process group; pid 0 is this one, pgrp 0 one that is called as the process."},
	{Name: "os.setpgrp", Sig: "()", Fn: osSetpgrp, Doc: "Make this process the leader of a process group."},
	{Name: "os.nice", Sig: "(increment)", Fn: osNice, Doc: "Add to this process's nice value and return it."},
}

// An execForm is how one of the exec functions takes its arguments.
type execForm struct {
	list   bool // the program's arguments are the function's
	search bool // the file is looked for in $PATH
	env    bool // the last argument is the environment
}

func osExec(name string, form execForm) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		file, argv, env, err := form.unpack(p, name, args, kwargs)
		if err != nil {
			return nil, err
		}
		if !form.search || strings.Contains(file.path, "/") {
			return nil, osError(p.Kernel.Exec(file.path, argv, env), "")
		}
		return nil, osError(execInPath(p, file.path, argv, env), "")
	}
}

// execInPath tries the directories of $PATH in turn. It returns the first error that says more
// than that there is no such file (Lib/os.py, _execvpe).
func execInPath(p *vm.Process, file string, argv, env []string) error {
	var first error = unix.ENOENT
	for _, dir := range strings.Split(searchPath(env), ":") {
		err := p.Kernel.Exec(dir+"/"+file, argv, env)
		missing := errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR)
		if !missing && errors.Is(first, unix.ENOENT) {
			first = err
		}
	}
	return first
}

// searchPath returns $PATH, or what is usual where there is none (os.defpath).
func searchPath(env []string) string {
	for _, kv := range env {
		if path, ok := strings.CutPrefix(kv, "PATH="); ok {
			return path
		}
	}
	return "/bin:/usr/bin"
}

func (form execForm) unpack(p *vm.Process, name string, args []vm.Value, kwargs []starlark.Tuple) (file fileName, argv, env []string, err error) {
	var elems, last vm.Value = nil, environ(p)
	switch {
	case form.list:
		if form.env && len(args) > 1 {
			last, args = args[len(args)-1], args[:len(args)-1]
		}
		if len(args) > 1 {
			args = []vm.Value{args[0], starlark.Tuple(args[1:])}
		}
		err = unpack(name, args, kwargs, "file", &file, "args", &elems)
	case form.env:
		err = unpack(name, args, kwargs, "path", &file, "argv", &elems, "env", &last)
	default:
		err = unpack(name, args, kwargs, "path", &file, "argv", &elems)
	}
	if err == nil {
		argv, err = programArgs(name, elems)
	}
	if err == nil {
		env, err = programEnv(name, last)
	}
	return file, argv, env, err
}

func programArgs(name string, v vm.Value) ([]string, error) {
	seq, ok := v.(starlark.Sequence)
	if _, text := v.(starlark.String); !ok || text {
		return nil, vm.Raise(vm.TypeError, "%s() arg 2 must be a tuple or list", name)
	}
	var argv []string
	for elem := range starlark.Elements(seq) {
		arg, err := asFileName(elem)
		if err != nil {
			return nil, err
		}
		argv = append(argv, arg.path)
	}
	if len(argv) == 0 {
		return nil, vm.Raise(vm.ValueError, "%s() arg 2 must not be empty", name)
	}
	if argv[0] == "" {
		return nil, vm.Raise(vm.ValueError, "%s() arg 2 first element cannot be empty", name)
	}
	return argv, nil
}

func programEnv(name string, v vm.Value) ([]string, error) {
	m, ok := v.(starlark.IterableMapping)
	if !ok {
		return nil, vm.Raise(vm.TypeError, "%s: environment must be a mapping object", name)
	}
	var env []string
	for _, item := range m.Items() {
		key, err := asFileName(item[0])
		if err != nil {
			return nil, err
		}
		value, err := asFileName(item[1])
		if err != nil {
			return nil, err
		}
		if key.path == "" || strings.Contains(key.path, "=") {
			return nil, vm.Raise(vm.ValueError, "illegal environment variable name")
		}
		env = append(env, key.path+"="+value.path)
	}
	return env, nil
}

func osSetsid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("setsid", args, kwargs); err != nil {
		return nil, err
	}
	_, err := p.Kernel.Setsid()
	return none(osError(err, ""))
}

// onPid makes a native of a method of the kernel on a process.
func onPid(name string, do func(kernel.Kernel, kernel.Pid) (kernel.Pid, error)) nativeFn {
	return func(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
		var pid int
		if err := unpack(name, args, kwargs, "pid", &pid); err != nil {
			return nil, err
		}
		id, err := do(p.Kernel, kernel.Pid(pid))
		if err != nil {
			return nil, osError(err, "")
		}
		return starlark.MakeInt(int(id)), nil
	}
}

func osGetpgrp(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("getpgrp", args, kwargs); err != nil {
		return nil, err
	}
	group, err := p.Kernel.Getpgid(0)
	return starlark.MakeInt(int(group)), osError(err, "")
}

func osSetpgid(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var pid, group int
	if err := unpack("setpgid", args, kwargs, "pid", &pid, "pgrp", &group); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.Setpgid(kernel.Pid(pid), kernel.Pid(group)), ""))
}

func osSetpgrp(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if err := unpack("setpgrp", args, kwargs); err != nil {
		return nil, err
	}
	return none(osError(p.Kernel.Setpgid(0, 0), ""))
}

func osNice(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var increment int
	if err := unpack("nice", args, kwargs, "increment", &increment); err != nil {
		return nil, err
	}
	value, err := p.Kernel.Nice(increment)
	if err != nil {
		return nil, osError(err, "")
	}
	return starlark.MakeInt(value), nil
}
