//go:build linux && (amd64 || arm64)

package unix

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A spawn starts this program again. Its child shares our memory (CLONE_VM)
// while our thread sleeps (CLONE_VFORK), so the child may use what is here, but
// call nothing that could grow the stack, allocate or take a lock.
//
// The child leaves our process group before anything else and comes back when it is
// ready (see join): until then nobody can send it a signal, for its pid is not
// known yet. That is the only way to keep a signal from a half-started
// Go program: it cannot be started with signals blocked, because the runtime
// unblocks SIGHUP, SIGINT, SIGQUIT, SIGABRT and SIGTERM for itself before any
// code of ours runs (runtime.blockableSig).
//
// Not syscall.ForkExec: it renumbers descriptors and takes a lock that the rest
// of an embedding program needs.
type spawn struct {
	path    *byte
	argv    []*byte
	envp    []*byte
	pid     *[pidDigits]byte // where in envp the child writes its pid
	apart   bool             // leave the process group
	mask    sigset           // the new program's signal mask
	devNull int32            // becomes 0, 1 and 2, or -1
	lock    int32            // becomes lockTo
	lockTo  int32
	fill    int32          // occupies the free low numbers
	files   syscall.Rlimit // the new program's limit of descriptors at first
	inherit []int32        // descriptors whose FD_CLOEXEC is cleared
	gaps    [][2]uint32    // descriptor ranges to close
	errno   syscall.Errno  // written by a child that failed to exec
	clone   cloneArgs
}

// cloneArgs is struct clone_args of clone3(2), its first version.
type cloneArgs struct {
	flags, pidfd, childTid, parentTid, exitSignal, stack, stackSize, tls uint64
}

// CLONE_CLEAR_SIGHAND: no handler of ours can run in the child while it
// shares our memory.
const cloneClearSighand = 0x100000000

const pidDigits = 10

// envName tells a program that it is a child: "SOCKET.IMAGE.PID", two
// descriptors and the child's own pid, which it writes there itself before it
// executes the program. Only the environment handed to exec has it.
const envName = "MPSTAR_FORK"

// A child has GOMAXPROCS=1 until its first garbage collection, unless the script's environment
// says what it should be: see (mark).become.
const procsEnv = "GOMAXPROCS"

var oneProc = []byte(procsEnv + "=1\x00")

func rawVfork(trap, a1, a2 uintptr) (pid, errno uintptr)

// setProgram makes the arguments of execve(2).
func (s *spawn) setProgram(sock, image int) (err error) {
	if s.path, err = syscall.BytePtrFromString("/proc/self/exe"); err != nil {
		return err
	}
	if s.argv, err = syscall.SlicePtrFromStrings(os.Args); err != nil {
		return err
	}
	if s.envp, err = syscall.SlicePtrFromStrings(os.Environ()); err != nil {
		return err
	}
	mark := fmt.Appendf(nil, "%s=%d.%d.%0*d\x00", envName, sock, image, pidDigits, 0)
	s.pid = (*[pidDigits]byte)(mark[len(mark)-1-pidDigits:])
	first := []*byte{&mark[0]} // os.Getenv takes the first of a name
	if _, set := os.LookupEnv(procsEnv); !set {
		first = append(first, &oneProc[0])
	}
	s.envp = append(first, s.envp...)
	return s.limitFiles()
}

// limitFiles makes the new program begin with no descriptor above 2 to open, so that the Go runtime
// does not read /proc/self/mountinfo for the control group's limit of processors (runtime/cgroup_linux.go),
// which a child with one processor has no use for: that is a twentieth of the time of a short life. The init of
// package syscall sets the limit to the hard one before any other code can open a file, and become to the
// parent's. A dynamic loader would have to open libraries, so a program that has one is left alone.
func (s *spawn) limitFiles() error {
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &s.files); err != nil {
		return err
	}
	if isStatic() {
		s.files.Cur = 3 // the runtime opens what is closed of 0, 1 and 2
	}
	return nil
}

// isStatic reports whether the system starts this program without a dynamic
// loader: that one would be where AT_BASE says (getauxval(3)).
var isStatic = sync.OnceValue(func() bool {
	const atBase = 7
	auxv, err := unix.Auxv()
	at := slices.IndexFunc(auxv, func(entry [2]uintptr) bool { return entry[0] == atBase })
	return err == nil && at >= 0 && auxv[at][1] == 0
})

// run starts the child. Its own steps that can fail report through errno.
func (s *spawn) run() (pid int, err error) {
	s.clone = cloneArgs{
		flags:      unix.CLONE_VFORK | unix.CLONE_VM | cloneClearSighand,
		exitSignal: uint64(unix.SIGCHLD),
	}
	p, e := spawnBlocked(s)
	runtime.KeepAlive(s)
	if e != 0 {
		return 0, e
	}
	if s.errno != 0 {
		reapOwn(int(p))
		return 0, s.errno
	}
	return int(p), nil
}

// spawnBlocked blocks every signal of this thread around the clone, so that no
// handler runs in the child while it shares our memory. Nosplit, so that the
// goroutine cannot be moved to another thread between.
//
//go:nosplit
//go:norace
//go:noinline
func spawnBlocked(s *spawn) (pid uintptr, errno syscall.Errno) {
	all, old := ^sigset(0), sigset(0)
	rtSigprocmask(sigSetMask, &all, &old)
	p, e := spawnChild(s, unix.SYS_CLONE3, uintptr(unsafe.Pointer(&s.clone)), unsafe.Sizeof(s.clone))
	if e == uintptr(unix.ENOSYS) || e == uintptr(unix.EINVAL) || e == uintptr(unix.EPERM) { // before Linux 5.5, or a sandbox
		p, e = spawnChild(s, unix.SYS_CLONE, unix.CLONE_VFORK|unix.CLONE_VM|uintptr(unix.SIGCHLD), 0)
	}
	rtSigprocmask(sigSetMask, &old, nil)
	return p, syscall.Errno(e)
}

// spawnChild returns in the parent only. As in syscall.forkAndExecInChild1 the
// parent leaves at once and never looks at this frame again, which the child
// has written over.
//
//go:nosplit
//go:norace
//go:noinline
//go:nocheckptr
func spawnChild(s *spawn, trap, a1, a2 uintptr) (pid, errno uintptr) {
	pid, errno = rawVfork(trap, a1, a2)
	if errno != 0 || pid != 0 {
		return
	}
	if s.apart {
		unix.RawSyscall(unix.SYS_SETPGID, 0, 0, 0)
	}
	spawnFds(s)
	self, _, _ := unix.RawSyscall(unix.SYS_GETPID, 0, 0, 0)
	for i := pidDigits - 1; i >= 0; i-- {
		s.pid[i] = byte('0' + self%10)
		self /= 10
	}
	unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, uintptr(unsafe.Pointer(&s.files)), 0, 0, 0)
	rtSigprocmask(sigSetMask, &s.mask, nil)
	_, _, e := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(s.path)),
		uintptr(unsafe.Pointer(&s.argv[0])), uintptr(unsafe.Pointer(&s.envp[0])))
	spawnFail(s, e)
	return
}

// spawnFds gives the new program its descriptors. Last it occupies the free low
// numbers, so that nothing that the program opens before Adopt gets one that is
// the script's (the Go runtime opens cgroup files and keeps them).
//
//go:nosplit
//go:norace
func spawnFds(s *spawn) {
	if s.devNull >= 0 {
		for fd := uintptr(0); fd < 3; fd++ {
			spawnDup(s, s.devNull, fd)
		}
	}
	spawnDup(s, s.lock, uintptr(s.lockTo))
	for i := 0; i < len(s.gaps); i++ {
		g := &s.gaps[i] // an error means Linux before 5.9: FD_CLOEXEC then has to do
		unix.RawSyscall(unix.SYS_CLOSE_RANGE, uintptr(g[0]), uintptr(g[1]), 0)
	}
	for i := 0; i < len(s.inherit); i++ {
		unix.RawSyscall(unix.SYS_FCNTL, uintptr(s.inherit[i]), unix.F_SETFD, 0)
	}
	for {
		fd, _, e := unix.RawSyscall(unix.SYS_FCNTL, uintptr(s.fill), unix.F_DUPFD, 3)
		if e != 0 {
			return
		}
		if fd >= internalFrom {
			unix.RawSyscall(unix.SYS_CLOSE, fd, 0, 0)
			return
		}
	}
}

//go:nosplit
//go:norace
func spawnDup(s *spawn, from int32, to uintptr) {
	if _, _, e := unix.RawSyscall(unix.SYS_DUP3, uintptr(from), to, 0); e != 0 {
		spawnFail(s, e)
	}
}

//go:nosplit
//go:norace
func spawnFail(s *spawn, e syscall.Errno) {
	s.errno = e
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}
