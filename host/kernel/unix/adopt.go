//go:build linux && (amd64 || arm64)

package unix

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// Adopt must be called first thing in main. If Fork started this process it
// returns the process's kernel and its image; the image is memory mapped from
// the parent's memfd, read only, until ReleaseImage. Otherwise ok is false. In a spare it calls idle, if that is not nil, which
// may do what any child has to do first, and returns when the spare is used, or never.
func Adopt(idle func()) (k *Kernel, image []byte, ok bool, err error) {
	adoptable.Store(true)
	text, ok := os.LookupEnv(envName)
	if !ok {
		return nil, nil, false, nil
	}
	os.Unsetenv(envName)
	m, ok := parseMark(text)
	if !ok {
		return nil, nil, false, nil
	}
	k, image, err = m.adopt(idle)
	if err != nil {
		return nil, nil, true, fmt.Errorf("unix: adopt: %w", err)
	}
	return k, image, true, nil
}

// A mark is the contents of the variable envName.
type mark struct {
	sock  int
	image int // -1 in a spare
}

// parseMark tells a real mark from a leftover in somebody else's environment:
// it names our own pid. A process with a real one must never go on as a
// root, whatever else is wrong, for it would run the whole script again, with a
// process table of its own.
func parseMark(text string) (m mark, ok bool) {
	f := strings.Split(text, ".")
	if len(f) != 3 || len(f[2]) != pidDigits {
		return m, false
	}
	var n [3]int
	for i := range f {
		var err error
		if n[i], err = strconv.Atoi(f[i]); err != nil {
			return m, false
		}
	}
	return mark{sock: n[0], image: n[1]}, n[2] == os.Getpid()
}

func (m mark) adopt(idle func()) (*Kernel, []byte, error) {
	if !claimed.CompareAndSwap(false, true) {
		return nil, nil, errClaimed
	}
	if err := openWake(); err != nil {
		return nil, nil, err
	}
	lock := -1
	if m.image < 0 {
		setComm("mpstar-spare")
		if idle != nil {
			idle()
		}
		m.image, lock = awaitUse(m.sock)
	}
	k, image, err := m.become(lock)
	if err != nil {
		return nil, nil, err
	}
	k.join(m.sock)
	return k, image, nil
}

// become makes this process the child that the image's header describes.
func (m mark) become(lock int) (*Kernel, []byte, error) {
	mapped, err := mapImage(m.image)
	if err != nil {
		return nil, nil, err
	}
	h, image, err := decodeHeader(mapped)
	if err != nil {
		return nil, nil, err
	}
	k := &Kernel{
		pid: kernel.Pid(os.Getpid()), lot: h.lot, slotFd: h.slotFd, slot: h.slot, seen: h.seen, group: h.group,
		fds: h.fds, mask: h.blocked, comm: h.comm, mapped: mapped,
	}
	if lock >= 0 { // a spare had its permit there
		if err := unix.Dup3(lock, k.slotFd, unix.O_CLOEXEC); err != nil {
			return nil, nil, err
		}
		unix.Close(lock)
	}
	if err := setFiles(h.files); err != nil {
		return nil, nil, err
	}
	unix.Umask(h.umask)
	setEnviron(h.env)
	if _, set := os.LookupEnv(procsEnv); !set {
		runtime.SetFinalizer(new(firstCollection), (*firstCollection).useAllProcessors)
	}
	if k.table, err = mapTable(h.tableFd, h.slots); err != nil {
		return nil, nil, err
	}
	k.arrange(m.image)
	setComm(k.comm)
	k.install(h.caught, h.ignored)
	return k, image, nil
}

// A firstCollection is garbage. A child begins with one processor, which saves
// it two threads and a seventh of the time of a short life; once it has
// lived long enough to collect garbage it may do that on all of them.
type firstCollection struct{ _ *byte }

func (*firstCollection) useAllProcessors() { runtime.SetDefaultGOMAXPROCS() }

// setFiles sets the limit of descriptors, which was another for the start of this program: see limitFiles.
// With syscall.Setrlimit, so that programs that are executed do not get that one.
func setFiles(soft uint64) error {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	files.Cur = soft
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files)
}

// setEnviron gives a child the environment that its parent has now.
func setEnviron(env []string) {
	given := os.Environ()
	if len(given) > 0 && slices.Equal(env, given[1:]) && strings.HasPrefix(given[0], procsEnv) {
		_ = os.Unsetenv(procsEnv)
		return
	}
	if slices.Equal(env, given) {
		return
	}
	os.Clearenv()
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		_ = os.Setenv(name, value)
	}
}

func mapImage(fd int) ([]byte, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	return unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ, unix.MAP_PRIVATE)
}

// ReleaseImage unmaps the image that Adopt returned, which must not be used
// any more.
func (k *Kernel) ReleaseImage() {
	if k.mapped != nil {
		_ = unix.Munmap(k.mapped)
		k.mapped = nil
	}
}

// arrange puts the descriptors in order: ours close-on-exec again, the
// script's as they were, and the low numbers that spawnFds occupied free.
func (k *Kernel) arrange(image int) {
	unix.CloseOnExec(k.table.fd)
	unix.CloseOnExec(k.lot)
	unix.CloseOnExec(k.slotFd)
	keep := []int{internalFrom}
	for fd := range k.fds {
		if !k.fds.owns(fd) {
			continue
		}
		if k.fds[fd].cloexec {
			unix.CloseOnExec(fd)
		}
		if fd < internalFrom {
			keep = append(keep, fd)
		}
	}
	for _, g := range gapsBetween(keep) {
		if g[0] < internalFrom {
			closeRange(int(g[0]), int(g[1]))
		}
	}
	if image >= internalFrom {
		unix.Close(image)
	}
}

// join enters the parent's process group and tells the parent that the child
// is there. A parent that has died meanwhile gets no child.
func (k *Kernel) join(sock int) {
	if k.group != 0 {
		_ = unix.Setpgid(0, k.group) // fails only if the group died with the parent
	}
	k.table.enter(k.slot, k.pid, k.Getppid())
	if err := unix.Sendmsg(sock, []byte{1}, nil, nil, unix.MSG_NOSIGNAL); err != nil {
		exitGroup(0)
	}
	unix.Close(sock)
}

// setComm names the process, which exec of /proc/self/exe called "exe". The
// name is the main thread's, where this is normally run.
func setComm(comm string) {
	if unix.Gettid() == os.Getpid() {
		name := append([]byte(comm), 0)
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
		return
	}
	_ = os.WriteFile("/proc/self/comm", []byte(comm), 0)
}
