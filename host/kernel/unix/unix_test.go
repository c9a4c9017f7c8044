//go:build linux && (amd64 || arm64)

package unix

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"mpstar/host/kernel"
)

type scenario struct {
	run      func(*Kernel)
	maxProcs int
	ends     string // how the process ends: "" for exit with 0
	under    string // what a shell does before it executes the process
}

var scenarios map[string]scenario
var children map[string]func(k *Kernel, arg string)

const (
	sigint  = kernel.Signal(syscall.SIGINT)
	sigterm = kernel.Signal(syscall.SIGTERM)
	sigkill = kernel.Signal(syscall.SIGKILL)
	sigusr1 = kernel.Signal(syscall.SIGUSR1)
	sigchld = kernel.Signal(syscall.SIGCHLD)
)

func init() {
	scenarios = map[string]scenario{
		"exit status":       {run: exitStatus},
		"killed status":     {run: killedStatus},
		"wait any":          {run: waitAny},
		"wait group":        {run: waitGroup},
		"wait stopped":      {run: waitStopped},
		"wait until":        {run: waitUntil},
		"sigchld ignored":   {run: sigchldIgnored},
		"sigchld caught":    {run: sigchldCaught},
		"descriptors":       {run: descriptors},
		"closed stdin":      {run: closedStdin},
		"all closed":        {run: allClosed},
		"high descriptors":  {run: highDescriptors},
		"end of file":       {run: endOfFile},
		"big write":         {run: bigWrite},
		"nonblocking":       {run: nonblockingRead},
		"broken pipe":       {run: brokenPipe},
		"dispositions":      {run: dispositions},
		"set signal":        {run: setSignal},
		"own signal":        {run: ownSignal},
		"storm":             {run: storm, maxProcs: 64},
		"ctrl-c":            {run: ctrlC},
		"interrupt":         {run: interrupt},
		"notify":            {run: notify},
		"watch":             {run: watch},
		"memory":            {run: memory},
		"little memory":     {run: littleMemory, under: "ulimit -v 8000000"},
		"alarm":             {run: alarm},
		"fork many":         {run: forkMany, maxProcs: 8},
		"limit":             {run: limit, maxProcs: 4},
		"limit epoch":       {run: limitEpoch, maxProcs: 4},
		"zombies":           {run: zombies, maxProcs: 4},
		"runaway":           {run: func(k *Kernel) { runaway(k, "") }, maxProcs: 16},
		"orphan":            {run: orphan},
		"write error":       {run: writeError, maxProcs: 2},
		"start error":       {run: startError, maxProcs: 2},
		"interrupted write": {run: interruptedWrite},
		"names":             {run: names},
		"lot":               {run: lot},
		"lot storm":         {run: lotStorm},
		"surroundings":      {run: surroundings},
		"processors":        {run: processors},
		"spare unseen":      {run: spareUnseen},
		"spare permits":     {run: sparePermits, maxProcs: 8},
		"spare killed":      {run: spareKilled},
		"killed with all":   {run: killedWithAll, ends: "signal: killed"},
		"release":           {run: release},
		"nohup":             {run: nohup, under: `trap "" HUP INT`},
		"die":               {run: func(k *Kernel) { k.Prepare(); k.Die(sigterm) }, ends: "signal: terminated"},
	}
	children = map[string]func(k *Kernel, arg string){
		"exit":         func(k *Kernel, arg string) { k.Exit(number(arg)) },
		"pause":        func(k *Kernel, arg string) { k.Pause() },
		"die":          func(k *Kernel, arg string) { k.Die(kernel.Signal(number(arg))) },
		"killself":     func(k *Kernel, arg string) { k.Kill(k.Getpid(), kernel.Signal(number(arg))) },
		"fds":          childFds,
		"lot":          childLot,
		"parks":        childParks,
		"nostdin":      childNoStdin,
		"echo":         childEcho,
		"drain":        childDrain,
		"dispositions": childDispositions,
		"await":        childAwait,
		"same":         childSame,
		"ctrl-c":       childCtrlC,
		"hear":         func(k *Kernel, arg string) { hear(k, kernel.Fd(number(arg))) },
		"processors":   childProcessors,
		"permits":      childPermits,
		"hold":         childHold,
		"epoch":        childEpoch,
		"runaway":      runaway,
		"orphan":       childOrphan,
		"grandchild":   childGrandchild,
		"names":        childNames,
		"surroundings": childSurroundings,
		"ring":         childRing,
		"store":        childStore,
		"nothing":      func(*Kernel, string) {},
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	noError(err)
	return n
}

func exitStatus(k *Kernel) {
	for _, code := range []int{0, 7, 255} {
		st := wait(k, fork(k, "exit", code))
		got, ok := st.Exited()
		check(ok && got == code, "status %#x, want exit %d", int(st), code)
	}
	_, _, err := k.Wait(-1, kernel.NoHang)
	check(err == syscall.ECHILD, "no children: %v", err)
	_, _, err = k.Wait(k.Getppid(), 0)
	check(err == syscall.ECHILD, "not a child: %v", err)
}

func killedStatus(k *Kernel) {
	for _, sig := range []kernel.Signal{sigkill, sigterm, sigint, sigusr1, 3, 40} {
		pid := fork(k, "pause")
		noError(k.Kill(pid, sig))
		st := wait(k, pid)
		got, ok := st.Signaled()
		check(ok && got == sig, "killed by %d: status %#x", sig, int(st))
	}
	for _, sig := range []int{3, 6, 11, 13, 15} {
		for _, how := range []string{"die", "killself"} {
			if how == "killself" && sig == 13 {
				continue // ignored
			}
			st := wait(k, fork(k, how, sig))
			got, ok := st.Signaled()
			check(ok && int(got) == sig, "%s %d: status %#x", how, sig, int(st))
		}
	}
}

func waitAny(k *Kernel) {
	want := map[kernel.Pid]int{}
	for i := range 10 {
		want[fork(k, "exit", i)] = i
	}
	for range 10 {
		pid, st, err := k.Wait(-1, 0)
		noError(err)
		code, _ := st.Exited()
		check(want[pid] == code, "pid %d code %d want %d", pid, code, want[pid])
		delete(want, pid)
	}
	check(len(want) == 0, "not seen: %v", want)
	pid := fork(k, "pause")
	got, _, err := k.Wait(-1, kernel.NoHang)
	check(got == 0 && err == nil, "no hang: %d, %v", got, err)
	noError(k.Kill(pid, sigkill))
	wait(k, pid)
}

func waitGroup(k *Kernel) {
	fork(k, "exit", 3)
	_, _, err := k.Wait(-kernel.Pid(os.Getppid()), 0)
	check(err == syscall.ECHILD, "another group: %v", err)
	code, _ := wait(k, 0).Exited()
	check(code == 3, "own group: %d", code)
	fork(k, "exit", 4)
	code, _ = wait(k, -kernel.Pid(syscall.Getpgrp())).Exited()
	check(code == 4, "named group: %d", code)
}

func waitStopped(k *Kernel) {
	pid := fork(k, "pause")
	noError(k.Kill(pid, kernel.Signal(syscall.SIGSTOP)))
	_, st, err := k.Wait(pid, kernel.Untraced)
	noError(err)
	check(syscall.WaitStatus(st).Stopped(), "status %#x", int(st))
	noError(k.Kill(pid, kernel.Signal(syscall.SIGCONT)))
	_, st, err = k.Wait(pid, kernel.Continued)
	noError(err)
	check(syscall.WaitStatus(st).Continued(), "status %#x", int(st))
	noError(k.Kill(pid, sigkill))
	sig, _ := wait(k, pid).Signaled()
	check(sig == sigkill, "killed by %d", sig)
}

// sigchldIgnored has spares beside children that the system reaps unasked.
func sigchldIgnored(k *Kernel) {
	_, err := k.SetSignal(sigchld, kernel.Ignored)
	noError(err)
	for _, n := range []int{1, 6} {
		for range n {
			fork(k, "exit", 1)
		}
		k.Prepare()
		_, _, err = k.Wait(-1, 0)
		check(err == syscall.ECHILD, "%d ignored children: %v", n, err)
	}
}

// sigchldCaught: the end of a spare must not look like that of a child.
func sigchldCaught(k *Kernel) {
	k.Prepare()
	_, err := k.SetSignal(sigchld, kernel.Caught)
	noError(err)
	fork(k, "exit", 1)
	_, _, err = k.Wait(-1, 0)
	check(err == kernel.ErrInterrupted, "wait: %v", err)
	check(slices.Equal(k.TakeSignals(), []kernel.Signal{sigchld}), "not SIGCHLD")
	wait(k, -1)
	k.Prepare()
	k.DropSpares()
	check(len(k.TakeSignals()) == 0, "the end of a spare is noted")
	_, err = k.SetSignal(sigchld, kernel.Default)
	noError(err)
	k.Prepare()
	check(len(k.spares) == sparesEach, "%d spares", len(k.spares))
}

func waitUntil(k *Kernel) {
	r, w := pipe2(k)
	pid := fork(k, "hear", r)
	for _, d := range []time.Duration{0, time.Millisecond} {
		deadline := k.Monotonic() + d
		got, _, err := k.WaitUntil(pid, deadline)
		check(got == 0 && err == nil && k.Monotonic() >= deadline, "too late: %d, %v", got, err)
	}
	tell(k, w)
	got, st, err := k.WaitUntil(pid, k.Monotonic()+time.Hour)
	check(got == pid && st == 0 && err == nil, "%d, %#x, %v", got, int(st), err)
	_, _, err = k.WaitUntil(pid, 0)
	check(err == syscall.ECHILD, "again: %v", err)
}

func descriptors(k *Kernel) {
	a, b := pipe2(k)
	check(a == 3 && b == 4, "first pipe is %d, %d", a, b)
	leak, err := syscall.Open("/dev/null", syscall.O_RDONLY, 0) // an embedder's, not ours
	check(leak == 5 && err == nil, "%d, %v", leak, err)
	noError(k.Dup2(b, 9))
	before, err := openDescriptors()
	noError(err)
	k.Prepare()
	fork(k, "fds") // by a spare
	k.DropSpares()
	fork(k, "fds") // directly
	waitAll(k, 2)
	k.DropSpares()
	after, err := openDescriptors()
	check(slices.Equal(before, after) && err == nil, "descriptors %v, then %v", before, after)
	noError(k.Close(a))
	check(k.Close(a) == syscall.EBADF, "closed twice")
	check(k.Close(5) == syscall.EBADF, "closed another's")
	_, err = k.Dup(5)
	check(err == syscall.EBADF, "dup of another's: %v", err)
	check(k.Dup2(b, kernel.Fd(k.table.fd)) == syscall.EBUSY, "dup2 over the table")
}

func childFds(k *Kernel, _ string) {
	open, err := openDescriptors()
	noError(err)
	var low []int
	for _, fd := range open {
		if fd < internalFrom {
			low = append(low, fd)
		}
	}
	slices.Sort(low)
	check(fmt.Sprint(low) == "[0 1 2 3 4 9]", "open: %v", low)
	check(len(open)-len(low) == internalFds, "high: %v", open)
	tell(k, 4)
	hear(k, 3)
	tell(k, 9)
	hear(k, 3)
	r, w := pipe2(k)
	check(r == 5 && w == 6, "next pipe is %d, %d", r, w)
	flags, _ := fcntl(3, syscall.F_GETFD)
	check(flags == syscall.FD_CLOEXEC, "flags of 3: %d", flags)
	flags, _ = fcntl(9, syscall.F_GETFD)
	check(flags == 0, "flags of 9: %d", flags)
}

func fcntl(fd, cmd uintptr) (int, error) {
	n, _, e := syscall.RawSyscall(syscall.SYS_FCNTL, fd, cmd, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func closedStdin(k *Kernel) {
	noError(k.Close(0))
	for range 3 {
		fork(k, "nostdin")
	}
	waitAll(k, 3)
}

func allClosed(k *Kernel) {
	for fd := range kernel.Fd(3) {
		noError(k.Close(fd))
	}
	k.Prepare()
	for range 2 {
		spare := k.spares[0].pid
		pid := fork(k, "exit", 3)
		code, _ := wait(k, pid).Exited()
		check(int(pid) == spare && code == 3, "exit %d", code)
	}
}

func childNoStdin(k *Kernel, _ string) {
	_, err := k.Read(0, make([]byte, 1))
	check(err == syscall.EBADF, "read: %v", err)
	r, _ := pipe2(k)
	check(r == 0, "lowest descriptor is %d", r)
}

func highDescriptors(k *Kernel) {
	r, w := pipe2(k)
	for range 100 {
		_, err := k.Dup(w)
		noError(err)
	}
	noError(k.Dup2(w, 210))
	echo := func(from kernel.Fd, spare int) {
		pid := fork(k, "echo", from)
		check(spare == 0 || int(pid) == spare, "the spare was not used")
		var b [8]byte
		n, err := k.Read(r, b[:])
		check(string(b[:n]) == "echo", "read %q, %v", b[:n], err)
		wait(k, pid)
	}
	for range 2 {
		echo(210, 0)
	}
	check(len(k.spares) == 0, "spares that cannot take so many")
	for fd := kernel.Fd(internalFrom); fd < 200; fd++ {
		k.Close(fd)
	}
	noError(k.Dup2(w, 211))
	for range 3 {
		k.Prepare()
		echo(211, k.spares[0].pid)
	}
	for fd := kernel.Fd(212); len(k.spares) > 0; fd++ {
		noError(k.Dup2(w, fd))
		echo(fd, 0)
		check(fd < 212+maxHigh, "spares with %d high descriptors", fd-208)
	}
}

// internalFds are a process's own: table, lot, slot, wake-up and two of the runtime's poller.
const internalFds = 6

// childEcho also checks that no high descriptor is open that should not be.
func childEcho(k *Kernel, arg string) {
	open, err := openDescriptors()
	noError(err)
	own := 0
	for _, fd := range open {
		if !k.fds.owns(fd) {
			own++
		}
	}
	check(own == internalFds, "open: %v", open)
	_, err = k.Write(kernel.Fd(number(arg)), []byte("echo"))
	noError(err)
}

func endOfFile(k *Kernel) {
	r, w := pipe2(k)
	for range 3 {
		pid := fork(k, "hold", r, w)
		_ = pid
	}
	noError(k.Close(w))
	for range 3 {
		hear(k, r)
	}
	n, err := k.Read(r, make([]byte, 1)) // spares hold nothing
	check(n == 0 && err == nil, "end: %d, %v", n, err)
	waitAll(k, 3)
}

func bigWrite(k *Kernel) {
	r, w := pipe2(k)
	const size = 1 << 20
	pid := fork(k, "drain", r, w, size)
	n, err := k.Write(w, make([]byte, size))
	check(n == size && err == nil, "wrote %d, %v", n, err)
	noError(k.Close(w))
	code, _ := wait(k, pid).Exited()
	check(code == 0, "drain: %d", code)
}

func childDrain(k *Kernel, arg string) {
	var r, w, size int
	fmt.Sscan(arg, &r, &w, &size)
	noError(k.Close(kernel.Fd(w)))
	buf, total := make([]byte, 10000), 0
	for {
		n, err := k.Read(kernel.Fd(r), buf)
		noError(err)
		if n == 0 {
			break
		}
		total += n
	}
	check(total == size, "drained %d of %d", total, size)
}

func nonblockingRead(k *Kernel) {
	r, w := pipe2(k)
	syscall.SetNonblock(int(r), true)
	_, err := k.Read(r, make([]byte, 1))
	check(err == syscall.EAGAIN, "pipe: %v", err)
	syscall.SetNonblock(int(w), true)
	n, err := k.Write(w, make([]byte, 1<<20))
	check(n > 0 && n < 1<<20 && err == nil, "wrote %d, %v", n, err)
}

func brokenPipe(k *Kernel) {
	r, w := pipe2(k)
	noError(k.Close(r))
	_, err := k.Write(w, []byte("x"))
	check(err == syscall.EPIPE, "%v", err)
	d, _ := k.SignalDisposition(kernel.Signal(syscall.SIGPIPE))
	check(d == kernel.Ignored, "SIGPIPE is %d", d)
}

func dispositions(k *Kernel) {
	for sig, d := range map[kernel.Signal]kernel.Disposition{
		sigint: kernel.Caught, sigterm: kernel.Ignored, sigusr1: kernel.Caught, 34: kernel.Caught,
		50: kernel.Ignored, sigchld: kernel.Caught, kernel.Signal(syscall.SIGPIPE): kernel.Default,
	} {
		_, err := k.SetSignal(sig, d)
		noError(err)
	}
	var is []string
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		d, err := k.SignalDisposition(sig)
		noError(err)
		is = append(is, strconv.Itoa(int(d)))
	}
	for range 3 {
		pid := fork(k, "dispositions", strings.Join(is, ""))
		for { // SIGCHLD is caught
			_, st, err := k.Wait(pid, 0)
			if err == kernel.ErrInterrupted {
				check(slices.Equal(k.TakeSignals(), []kernel.Signal{sigchld}), "not SIGCHLD")
				continue
			}
			code, ok := st.Exited()
			check(err == nil && ok && code == 0, "status %#x, %v", int(st), err)
			break
		}
	}
}

func childDispositions(k *Kernel, want string) {
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		d, _ := k.SignalDisposition(sig)
		check(string('0'+rune(d)) == want[sig-1:sig], "signal %d is %d", sig, d)
	}
	check(len(k.TakeSignals()) == 0, "inherited a pending signal")
	for _, sig := range []kernel.Signal{50, 34, sigterm, sigusr1, sigint, sigchld} {
		noError(k.Kill(k.Getpid(), sig))
	}
	check(fmt.Sprint(k.TakeSignals()) == "[2 10 17 34]", "taken others")
}

func setSignal(k *Kernel) {
	for _, sig := range []kernel.Signal{-1, 0, 65, sigkill, kernel.Signal(syscall.SIGSTOP), 11, 32} {
		_, err := k.SetSignal(sig, kernel.Caught)
		check(err == syscall.EINVAL, "SetSignal %d: %v", sig, err)
	}
	check(k.Kill(k.Getpid(), 65) == syscall.EINVAL, "kill 65")
	noError(k.Kill(k.Getpid(), 0))
	for _, step := range []struct{ to, was kernel.Disposition }{
		{kernel.Caught, kernel.Default}, {kernel.Ignored, kernel.Caught}, {kernel.Default, kernel.Ignored}, {kernel.Caught, kernel.Default},
	} {
		was, err := k.SetSignal(sigusr1, step.to)
		check(was == step.was && err == nil, "was %d, %v", was, err)
	}
	st := wait(k, fork(k, "await", 10, "raise"))
	code, ok := st.Exited()
	check(ok && code == 0, "status %#x", int(st))
}

// nohup: a signal that our starter ignores stays ignored, here and in children.
func nohup(k *Kernel) {
	for range 2 {
		is := ""
		for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
			d, _ := k.SignalDisposition(sig)
			is += strconv.Itoa(int(d))
		}
		check(is[:3] == "110", "dispositions %s", is)
		noError(k.Kill(k.Getpid(), 1))
		st := wait(k, fork(k, "same", is))
		check(st == 0, "status %#x", int(st))
	}
}

func childSame(k *Kernel, want string) {
	for sig := kernel.Signal(1); sig <= maxSignal; sig++ {
		d, _ := k.SignalDisposition(sig)
		check(string('0'+rune(d)) == want[sig-1:sig], "signal %d is %d", sig, d)
	}
	noError(k.Kill(k.Getpid(), 1))
}

func ownSignal(k *Kernel) {
	_, err := k.SetSignal(sigusr1, kernel.Caught)
	noError(err)
	for range 1000 {
		noError(k.Kill(k.Getpid(), sigusr1))
		check(slices.Equal(k.TakeSignals(), []kernel.Signal{sigusr1}), "not noted")
	}
	noError(k.Kill(k.Getpid(), sigusr1))
	check(k.Sleep(0) == kernel.ErrInterrupted, "sleep")
	check(k.Pause() == kernel.ErrInterrupted, "pause")
	_, w := pipe2(k)
	_, err = k.Write(w, []byte{0})
	check(err == kernel.ErrInterrupted, "write: %v", err)
	fork(k, "exit", 0)
	_, _, err = k.Wait(-1, 0)
	check(err == kernel.ErrInterrupted, "wait: %v", err)
	k.TakeSignals()
	waitAll(k, 1)
}

// storm sends each child a signal as soon as Fork has returned.
func storm(k *Kernel) {
	sigs := []kernel.Signal{1, 2, 3, 6, sigusr1, sigterm, sigchld, 31, 34, 64}
	for _, sig := range sigs {
		_, err := k.SetSignal(sig, kernel.Caught)
		noError(err)
	}
	for i := range 60 {
		if i == 30 {
			k.DropSpares()
		}
		sig := sigs[i%len(sigs)]
		noError(k.Kill(fork(k, "await", int(sig), "given"), sig))
	}
	for n := 60; n > 0; {
		_, st, err := k.Wait(-1, 0)
		if err == kernel.ErrInterrupted {
			k.TakeSignals()
			continue
		}
		code, ok := st.Exited()
		check(err == nil && ok && code == 0, "status %#x, %v", int(st), err)
		n--
	}
}

// childAwait waits for the signal that its parent sends it, or it itself.
func childAwait(k *Kernel, arg string) {
	var n int
	var how string
	fmt.Sscan(arg, &n, &how)
	if how == "raise" {
		noError(k.Kill(k.Getpid(), kernel.Signal(n)))
	}
	check(k.Pause() == kernel.ErrInterrupted, "pause")
	check(slices.Equal(k.TakeSignals(), []kernel.Signal{kernel.Signal(n)}), "another signal")
}

func ctrlC(k *Kernel) {
	_, err := k.SetSignal(sigint, kernel.Caught)
	noError(err)
	ready, tellReady := pipe2(k)
	quiet, _ := pipe2(k)
	k.Prepare()
	for _, how := range []string{"sleep", "read", "wait", "pause", "write"} {
		fork(k, "ctrl-c", how, tellReady, quiet)
		hear(k, ready)
	}
	k.Prepare()
	unhurt := k.spares[0].pid // by what hits the group
	noError(k.Kill(0, sigint))
	check(k.Pause() == kernel.ErrInterrupted, "parent")
	k.TakeSignals()
	waitAll(k, 5)
	pid := fork(k, "await", 2, "given")
	check(int(pid) == unhurt, "the spare was not used")
	noError(k.Kill(pid, sigint))
	waitAll(k, 1)
}

func childCtrlC(k *Kernel, arg string) {
	var how string
	var ready, quiet kernel.Fd
	fmt.Sscan(arg, &how, &ready, &quiet)
	var err error
	var grandchild kernel.Pid
	if how == "wait" {
		_, err = k.SetSignal(sigint, kernel.Ignored)
		noError(err)
		grandchild = fork(k, "pause")
		_, err = k.SetSignal(sigint, kernel.Caught)
		noError(err)
	}
	tell(k, ready)
	switch how {
	case "sleep":
		err = k.Sleep(forever)
	case "read":
		_, err = k.Read(quiet, make([]byte, 1))
	case "wait":
		_, _, err = k.Wait(-1, 0)
	case "pause":
		err = k.Pause()
	case "write":
		_, w := pipe2(k)
		for err == nil {
			_, err = k.Write(w, make([]byte, 1<<20))
		}
	}
	check(err == kernel.ErrInterrupted, "%s: %v", how, err)
	check(slices.Equal(k.TakeSignals(), []kernel.Signal{sigint}), "%s: another signal", how)
	if how == "wait" {
		noError(k.Kill(grandchild, sigkill))
		wait(k, grandchild)
	}
}

func interrupt(k *Kernel) {
	k.Interrupt()
	check(k.Sleep(k.Monotonic()) == kernel.ErrInterrupted, "before")
	noError(k.Sleep(k.Monotonic() + time.Millisecond))
	ready, err := pollOnce(int(wakeFd), 1) // else every later sleep would spin
	check(!ready && err == nil, "wake-up not drained")
	r, _ := pipe2(k)
	go k.Interrupt()
	_, err = k.Read(r, make([]byte, 1))
	check(err == kernel.ErrInterrupted, "during: %v", err)
}

func notify(k *Kernel) {
	_, err := k.SetSignal(sigusr1, kernel.Caught)
	noError(err)
	var word atomic.Uint32
	k.Notify(&word, 4)
	noError(k.Kill(k.Getpid(), sigusr1))
	check(word.Swap(1) == 4, "signal")
	check(slices.Equal(k.TakeSignals(), []kernel.Signal{sigusr1}), "taken")
	k.Interrupt()
	check(word.Load() == 5, "interrupt")
	noError(k.Kill(k.Getpid(), sigusr1))
	k.Notify(&word, 2) // there is something already
	check(word.Load() == 7, "late")
}

func alarm(k *Kernel) {
	sig := kernel.Signal(syscall.SIGALRM)
	_, err := k.SetSignal(sig, kernel.Caught)
	noError(err)
	left, err := k.Alarm(time.Hour)
	check(left == 0 && err == nil, "%v, %v", left, err)
	left, err = k.Alarm(time.Millisecond)
	check(left > 59*time.Minute && err == nil, "%v, %v", left, err)
	check(k.Pause() == kernel.ErrInterrupted, "pause")
	check(slices.Equal(k.TakeSignals(), []kernel.Signal{sig}), "not SIGALRM")
}

func limit(k *Kernel) {
	var pids []kernel.Pid
	for range 3 {
		pids = append(pids, fork(k, "pause"))
	}
	before, err := openDescriptors()
	noError(err)
	for range 2 {
		_, err := k.Fork(imageOf("nothing"))
		check(err == kernel.ErrTooManyProcesses, "fourth: %v", err)
	}
	after, err := openDescriptors()
	check(slices.Equal(before, after) && err == nil, "descriptors %v, then %v", before, after)
	noError(k.Kill(pids[0], sigkill))
	awaitZombie(pids[0]) // a zombie holds no slot
	pids[0] = fork(k, "pause")
	for _, pid := range pids {
		noError(k.Kill(pid, sigkill))
	}
	for range 4 {
		wait(k, -1)
	}
}

// zombies: unreaped children are not without number, but those that the system
// reaps are none.
func zombies(k *Kernel) {
	for range 4 {
		awaitZombie(fork(k, "nothing"))
	}
	_, err := k.Fork(imageOf("nothing"))
	check(err == kernel.ErrTooManyProcesses, "fifth: %v", err)
	wait(k, -1)
	awaitZombie(fork(k, "nothing"))
	waitAll(k, 4)
	_, err = k.SetSignal(sigchld, kernel.Ignored)
	noError(err)
	for range 10 {
		awaitZombie(fork(k, "nothing"))
	}
}

// awaitZombie returns when the child has ended, leaving it to be reaped unless
// SIGCHLD is ignored.
func awaitZombie(pid kernel.Pid) {
	const pPid, wExited, wNoWait = 1, 4, 0x01000000
	for {
		_, _, e := syscall.Syscall6(syscall.SYS_WAITID, pPid, uintptr(pid), 0, wExited|wNoWait, 0, 0)
		if e != syscall.EINTR {
			check(e == 0 || e == syscall.ECHILD, "waitid: %v", e)
			return
		}
	}
}

// limitEpoch: a child from before the limit was hit fails once, with all slots free.
func limitEpoch(k *Kernel) {
	goR, goW := pipe2(k)
	old := fork(k, "epoch", goR, "ErrTooManyProcesses")
	a, b := fork(k, "pause"), fork(k, "pause")
	_, err := k.Fork(imageOf("nothing"))
	check(err == kernel.ErrTooManyProcesses, "limit: %v", err)
	noError(k.Kill(a, sigkill))
	noError(k.Kill(b, sigkill))
	wait(k, a)
	wait(k, b)
	tell(k, goW)
	check(wait(k, old) == 0, "old child")
	tell(k, goW)
	check(wait(k, fork(k, "epoch", goR, "ok")) == 0, "new child")
}

func childEpoch(k *Kernel, arg string) {
	var fd kernel.Fd
	var want string
	fmt.Sscan(arg, &fd, &want)
	hear(k, fd)
	if want != "ok" {
		_, err := k.Fork(imageOf("nothing"))
		check(err == kernel.ErrTooManyProcesses, "first: %v", err)
	}
	wait(k, fork(k, "nothing"))
}

// runaway is `while True: os.fork()`.
func runaway(k *Kernel, _ string) {
	n := 0
	for {
		_, err := k.Fork(imageOf("runaway"))
		if err != nil {
			check(err == kernel.ErrTooManyProcesses, "%v", err)
			break
		}
		n++
	}
	for range n {
		check(wait(k, -1) == 0, "child")
	}
}

func orphan(k *Kernel) {
	r, w := pipe2(k)
	check(wait(k, fork(k, "orphan", r, w)) == 0, "child")
	noError(k.Close(w))
	var b [8]byte
	n, err := k.Read(r, b[:])
	check(string(b[:n]) == "orphan", "%q, %v", b[:n], err)
}

func childOrphan(k *Kernel, arg string) {
	fork(k, "grandchild", arg, k.Getpid())
}

func childGrandchild(k *Kernel, arg string) {
	var r, w kernel.Fd
	var parent kernel.Pid
	fmt.Sscan(arg, &r, &w, &parent)
	for k.Getppid() == parent {
		noError(k.Sleep(k.Monotonic() + time.Millisecond))
	}
	_, err := k.Write(w, []byte("orphan"))
	noError(err)
}

func writeError(k *Kernel) {
	before, err := openDescriptors()
	noError(err)
	broken := errors.New("broken")
	for range 3 { // a slot that is not given back would be missed: there are two
		_, err := k.Fork(func(w io.Writer) error {
			w.Write(make([]byte, 100000))
			return broken
		})
		check(err == broken, "fork: %v", err)
	}
	var unlimited syscall.Rlimit
	noError(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &unlimited))
	_, err = k.SetSignal(kernel.Signal(syscall.SIGXFSZ), kernel.Ignored)
	noError(err)
	noError(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: unlimited.Max}))
	_, err = k.Fork(func(w io.Writer) error {
		_, err := w.Write(make([]byte, 100000))
		return err
	})
	check(errors.Is(err, syscall.EFBIG), "full: %v", err)
	noError(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &unlimited))
	after, err := openDescriptors()
	noError(err)
	slices.Sort(before)
	slices.Sort(after)
	check(slices.Equal(before, after), "descriptors %v, then %v", before, after)
	_, _, err = k.Wait(-1, 0)
	check(err == syscall.ECHILD, "%v", err)
	check(wait(k, fork(k, "nothing")) == 0, "child")
}

// startError: the child finds no process table where it should be.
func startError(k *Kernel) {
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	noError(err)
	before, err := openDescriptors()
	noError(err)
	right, wrong := k.table, *k.table
	wrong.fd = null
	k.table = &wrong
	for range 3 {
		_, err = k.Fork(imageOf("nothing"))
		check(errors.Is(err, syscall.EAGAIN), "fork: %v", err)
	}
	k.table = right
	_, err = wait4(-1, nil, 0)
	check(err == syscall.ECHILD, "a process is left: %v", err)
	after, err := openDescriptors()
	check(slices.Equal(before, after) && err == nil, "descriptors %v, then %v", before, after)
	check(wait(k, fork(k, "nothing")) == 0, "child")
}

// interruptedWrite: what was written is reported, and then the interruption.
func interruptedWrite(k *Kernel) {
	r, w := pipe2(k)
	const tiocinq = 0x541b // ioctl_tty(2): how much there is to read
	go func() {
		for n := int32(0); n == 0; {
			syscall.Syscall(syscall.SYS_IOCTL, uintptr(r), tiocinq, uintptr(unsafe.Pointer(&n)))
		}
		k.Interrupt()
	}()
	n, err := k.Write(w, make([]byte, 1<<20))
	check(n > 0 && n < 1<<20 && err == nil, "%d, %v", n, err)
	check(k.Sleep(forever) == kernel.ErrInterrupted, "the interruption is lost")
}

func names(k *Kernel) {
	comm, err := os.ReadFile("/proc/self/comm")
	noError(err)
	for range 2 {
		fork(k, "names", strings.TrimSpace(string(comm)))
	}
	waitAll(k, 2)
}

func childNames(k *Kernel, want string) {
	comm, _ := os.ReadFile("/proc/self/comm")
	check(string(comm) == want+"\n", "comm %q", comm)
	cmdline, _ := os.ReadFile("/proc/self/cmdline")
	check(strings.HasSuffix(string(cmdline), "\x00one\x00two words\x00"), "cmdline %q", cmdline)
	for _, e := range os.Environ() {
		check(!strings.HasPrefix(e, envName), "environment has %s", e)
	}
	check(k.Getpid() == kernel.Pid(os.Getpid()) && int(k.table.slots[k.slot].pid.Load()) == os.Getpid(), "pid")
}

func surroundings(k *Kernel) {
	steps := []struct {
		dir   string
		env   string
		umask int
	}{{"/", "0", 0o22}, {"/proc", "0", 0o27}, {"/proc", "1", 0o27}, {"/proc", "a=b", 0}, {"/sys", "", 0o777}}
	noError(os.Setenv(envName, "9.9.0000000009")) // a child must not take that for its mark
	for i, s := range steps {
		noError(os.Chdir(s.dir))
		noError(os.Setenv("SURROUNDINGS", s.env))
		if s.env == "" {
			noError(os.Unsetenv("SURROUNDINGS"))
		}
		syscall.Umask(s.umask)
		next := 0
		if i > 0 {
			next = k.spares[0].pid
		}
		pid := fork(k, "surroundings", s.dir, s.umask, s.env)
		check(i == 0 || int(pid) == next, "step %d: the spare was not used", i)
	}
	waitAll(k, len(steps))
}

func childSurroundings(k *Kernel, arg string) {
	dir, _ := os.Readlink("/proc/self/cwd")
	env, set := os.LookupEnv("SURROUNDINGS")
	check(set == (env != ""), "set though unset")
	got := fmt.Sprint(dir, " ", syscall.Umask(0), " ", env)
	check(got == arg, "%q, want %q", got, arg)
	pgrp, _ := syscall.Getpgid(os.Getppid())
	check(syscall.Getpgrp() == pgrp, "process group %d, the parent's is %d", syscall.Getpgrp(), pgrp)
}

// processors: a child has one until it collects garbage, unless told, and the
// script does not see how.
func processors(k *Kernel) {
	noError(os.Unsetenv(procsEnv))
	runtime.SetDefaultGOMAXPROCS()
	all := runtime.GOMAXPROCS(0)
	for range 2 {
		check(wait(k, fork(k, "processors", 1, all, `""`)) == 0, "child")
	}
	k.DropSpares()
	noError(os.Setenv(procsEnv, "3"))
	for range 2 {
		check(wait(k, fork(k, "processors", 3, 3, `"3"`)) == 0, "child")
	}
}

func childProcessors(k *Kernel, arg string) {
	var first, later int
	var env string
	fmt.Sscanf(arg, "%d %d %q", &first, &later, &env)
	check(runtime.GOMAXPROCS(0) == first, "%d processors, want %d", runtime.GOMAXPROCS(0), first)
	check(os.Getenv(procsEnv) == env, "environment has %q", os.Getenv(procsEnv))
	runtime.GC()
	for runtime.GOMAXPROCS(0) != later {
		runtime.Gosched() // the finalizer is on its way
	}
}

func spareUnseen(k *Kernel) {
	r, w := pipe2(k)
	k.Prepare()
	check(len(k.spares) == sparesEach, "%d spares", len(k.spares))
	for _, pid := range []kernel.Pid{-1, 0, kernel.Pid(k.spares[0].pid)} {
		_, _, err := k.Wait(pid, 0)
		check(err == syscall.ECHILD, "wait %d: %v", pid, err)
	}
	noError(k.Close(w))
	n, err := k.Read(r, make([]byte, 1))
	check(n == 0 && err == nil, "end of file: %d, %v", n, err)
	pid := kernel.Pid(k.spares[0].pid)
	check(fork(k, "exit", 5) == pid, "the spare was not used")
	code, _ := wait(k, pid).Exited()
	check(code == 5, "exit %d", code)
	wait(k, fork(k, "nothing"))
	noError(k.Sleep(0))
	check(len(k.spares) == sparesEach, "%d spares after a sleep", len(k.spares))
}

// sparePermits: however many processes have spares, the tree has maxSpares.
func sparePermits(k *Kernel) {
	r, w := pipe2(k)
	quiet, closeToEnd := pipe2(k)
	k.Prepare()
	total := 0
	for range 6 {
		fork(k, "permits", w, quiet, closeToEnd)
		var n [1]byte
		_, err := k.Read(r, n[:])
		noError(err)
		total += int(n[0])
	}
	check(total+len(k.spares) == maxSpares, "%d spares in children, %d here", total, len(k.spares))
	noError(k.Close(closeToEnd))
	waitAll(k, 6)
	k.DropSpares()
	for range maxSpares { // all are free again, and no more
		_, ok, err := k.table.takeSpare()
		check(ok && err == nil, "permit: %v", err)
	}
	_, ok, err := k.table.takeSpare()
	check(!ok && err == nil, "a permit too many, %v", err)
}

// childPermits says how many spares it could get, and keeps them until the end.
func childPermits(k *Kernel, arg string) {
	var w, quiet, closeToEnd kernel.Fd
	fmt.Sscan(arg, &w, &quiet, &closeToEnd)
	noError(k.Close(closeToEnd))
	k.Prepare()
	_, err := k.Write(w, []byte{byte(len(k.spares))})
	noError(err)
	n, err := k.Read(quiet, make([]byte, 1))
	check(n == 0 && err == nil, "%d, %v", n, err)
}

func spareKilled(k *Kernel) {
	k.Prepare()
	for _, s := range k.spares {
		noError(syscall.Kill(s.pid, syscall.SIGKILL))
	}
	check(wait(k, fork(k, "nothing")) == 0, "child")
}

// killedWithAll dies with spares and a child that reads what will never come;
// the harness looks for what is left.
func killedWithAll(k *Kernel) {
	r, w := pipe2(k)
	ready, tellReady := pipe2(k)
	fork(k, "hold", ready, tellReady, r, w)
	hear(k, ready)
	k.Prepare()
	noError(k.Kill(k.Getpid(), sigkill))
}

// childHold closes the pipe ends it is given, but the first writer, to which
// it tells that it is there; then it reads the third until the end.
func childHold(k *Kernel, arg string) {
	var r, w, quiet, other kernel.Fd
	n, _ := fmt.Sscan(arg, &r, &w, &quiet, &other)
	noError(k.Close(r))
	if n == 4 {
		noError(k.Close(other))
	}
	tell(k, w)
	if n == 4 {
		n, err := k.Read(quiet, make([]byte, 1))
		check(n == 0 && err == nil, "hold: %d, %v", n, err)
	}
}

func release(k *Kernel) {
	_, err := Start(Options{})
	check(err == errClaimed, "second: %v", err)
	k.Release()
	var a sigaction
	noError(rtSigaction(sigterm, nil, &a))
	check(a.handler == k.sig.saved[sigterm].handler && a.handler > 1, "handler %#x", a.handler)
	k, err = Start(Options{})
	noError(err)
	check(wait(k, fork(k, "nothing")) == 0, "child")
	k.Exit(0)
}

func childRing(k *Kernel, arg string) {
	bell := wordAt(k, number(arg))
	bell.Add(1)
	k.WakeWord(bell, 1)
	k.Pause()
}

func wordAt(k *Kernel, offset int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&k.Shared()[offset]))
}

// memory: what is reserved is there, what is freed reads as zeros, and what the
// machine does not have is not reserved.
func memory(k *Kernel) {
	mem := k.Shared()
	check(len(mem) == sharedSize, "%d bytes", len(mem))
	const far = sharedSize / 2
	noError(k.ReserveShared(far, 3*pageSize))
	for i := range 3 {
		mem[far+i*pageSize] = 1
	}
	noError(k.FreeShared(far+pageSize, pageSize))
	check(mem[far] == 1 && mem[far+pageSize] == 0 && mem[far+2*pageSize] == 1, "what was freed is not what is zero")
	for range 2 {
		check(k.ReserveShared(0, sharedSize) == syscall.ENOMEM, "a terabyte was reserved")
	}
	noError(k.ReserveShared(far, pageSize))
}

// littleMemory: under a limit on address space there is less of it, in children too.
func littleMemory(k *Kernel) {
	size := len(k.Shared())
	check(size >= leastSharedSize && size < sharedSize, "%d bytes", size)
	noError(k.ReserveShared(size-pageSize, pageSize))
	wait(k, fork(k, "store", size-4))
	check(wordAt(k, size-4).Load() == 1, "the child did not find it")
}

func childStore(k *Kernel, arg string) { wordAt(k, number(arg)).Store(1) }

// watch: a blocked process is told that the word was woken and that a child ended,
// no child is watched for it, and its goroutine ends with the watch.
func watch(k *Kernel) {
	goroutines := runtime.NumGoroutine()
	var attention atomic.Uint32
	k.Notify(&attention, 1)
	k.Watch(wordAt(k, 4096))
	pid := fork(k, "ring", 4096)
	awaitRing(k, &attention, true, false)
	noError(k.Kill(pid, sigkill))
	awaitRing(k, &attention, false, true)
	_, ok := wait(k, pid).Signaled()
	check(ok, "the child was not killed")
	check(len(k.TakeSignals()) == 0, "SIGCHLD, which nobody catches")
	k.Watch(nil)
	wait(k, fork(k, "exit", 0))
	check(attention.Load() == 0, "attention without a watch")
	check(runtime.NumGoroutine() == goroutines, "%d goroutines, there were %d", runtime.NumGoroutine(), goroutines)
}

func awaitRing(k *Kernel, attention *atomic.Uint32, woken, ended bool) {
	check(k.Pause() == kernel.ErrInterrupted, "not interrupted")
	check(attention.Swap(0) == 1, "no attention")
	k.TakeSignals()
	w, e := k.TakeRing()
	check(w == woken && e == ended, "woken %v, child ended %v", w, e)
}

// forkMany: as many children as were asked for, spares among them and one that is
// killed, and as many as there is room for.
func forkMany(k *Kernel) {
	k.Prepare()
	noError(syscall.Kill(k.spares[1].pid, syscall.SIGKILL))
	pids, err := k.ForkMany(5, imageOf("exit", 0))
	check(err == nil && len(pids) == 5, "forked %v: %v", pids, err)
	waitAll(k, 5)
	pids, err = k.ForkMany(20, imageOf("pause"))
	check(err == kernel.ErrTooManyProcesses && len(pids) == 7, "forked %v: %v", pids, err)
	for _, pid := range pids {
		noError(k.Kill(pid, sigkill))
		_, ok := wait(k, pid).Signaled()
		check(ok, "%d was not killed", pid)
	}
	failure := errors.New("no image")
	pids, err = k.ForkMany(2, func(io.Writer) error { return failure })
	check(len(pids) == 0 && errors.Is(err, failure), "forked %v: %v", pids, err)
}
