//go:build linux && (amd64 || arm64)

package unix

import (
	"math/bits"
	"sync/atomic"
	"syscall"

	"mpstar/host/kernel"

	"golang.org/x/sys/unix"
)

// A prompt is a line being typed at a terminal to a process of the tree, while
// others of the tree run and print to the same terminal.
//
// The terminal cannot tell the reader that somebody else has written. A pipe or
// a pseudo-terminal between the others and the terminal could, but then they would
// print to something else than the user's terminal, only as long as the reader is
// there to copy. So those who write help: the reader enters itself in the table,
// and who writes to that terminal then (below) erases the line of the prompt, ends its own text with a line
// end, all in one write(2), and sends the reader SIGWINCH, upon which line editors
// draw their line anew. Nobody waits for anybody, so whoever is killed
// or stopped in between hinders nobody. Programs that are not of the tree
// print into the line, as they do at a shell's prompt.
//
// Meanwhile the terminal is in a mode that must not outlive the reader, so the
// signals that would end the process at once are noted instead, for the reader
// to put the terminal in order first.

// eraseLine goes to the first column and erases from there to the end of the screen.
const eraseLine = "\r\x1b[J"

// guarded are the signals that a user or a system sends to end a process.
var guarded = []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT,
	syscall.SIGALRM, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2}

// The table's word about a prompt: the reader's pid, the terminal, and whether
// somebody has written above the line since that was last said.
const (
	promptPid     = 32
	promptTouched = 1 << 63
)

// BeginPrompt says that this process reads a line at the terminal on fd.
func (k *Kernel) BeginPrompt(fd kernel.Fd) {
	for _, sig := range guarded {
		if sig := kernel.Signal(sig); k.disposition(sig) == kernel.Default {
			k.guard |= bit(sig)
			_, _ = k.SetSignal(sig, kernel.Caught) // the signals guarded can all be caught
		}
	}
	k.table.header().prompt.Store(uint64(k.pid)<<promptPid | uint64(terminal(int(fd))))
}

// EndPrompt says that the line is read, and lets the guarded signals do what
// they do again. The process ends here if one has come. alone tells whether nobody
// has written to the terminal since BeginPrompt.
func (k *Kernel) EndPrompt() (alone bool) {
	alone = k.table.header().prompt.Swap(0)&promptTouched == 0
	fatal := k.Fatal()
	for _, sig := range guarded {
		if sig := kernel.Signal(sig); k.guard&bit(sig) != 0 {
			_, _ = k.SetSignal(sig, kernel.Default)
		}
	}
	if fatal == 0 {
		fatal = k.Fatal()
	}
	k.guard = 0
	if fatal != 0 {
		k.Die(fatal)
	}
	return alone
}

// Fatal returns a signal that has come during a prompt and whose default action
// ends the process, or 0.
func (k *Kernel) Fatal() kernel.Signal {
	came := atomic.LoadUint64(&sigPending) & uint64(k.guard)
	if came == 0 {
		return 0
	}
	return kernel.Signal(bits.TrailingZeros64(came) + 1)
}

// Pending reports whether there is something to do at the next safe point: a
// caught signal, or what a Watch has seen.
func (k *Kernel) Pending() bool {
	return noted() != 0 || k.watcher != nil && k.watcher.woken.Load()
}

// terminal returns the device number of the terminal on fd, or 0.
func terminal(fd int) uint32 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return 0
	}
	return uint32(st.Rdev)
}

// reader returns who reads a line at the terminal on fd, or 0.
func (k *Kernel) reader(fd int) int {
	prompt := k.table.header().prompt.Load()
	if prompt&^promptTouched == 0 || uint32(prompt) != terminal(fd) {
		return 0
	}
	return int(prompt &^ promptTouched >> promptPid)
}

// writeAbove writes to a terminal at which pid reads a line.
func (k *Kernel) writeAbove(fd, pid int, p []byte) (int, error) {
	text := append([]byte(eraseLine), p...)
	if p[len(p)-1] != '\n' {
		text = append(text, '\n')
	}
	k.table.header().prompt.Or(promptTouched) // of no use to a reader that has ended meanwhile, and harmless
	n, err := k.transfer(fd, text, unix.POLLOUT)
	if err != nil {
		return 0, err
	}
	_ = unix.Kill(pid, unix.SIGWINCH)
	return min(max(n-len(eraseLine), 0), len(p)), nil
}

// PrivatePipe makes a pipe that is this program's and not the script's. Its
// ends lie among the descriptors of this package.
func PrivatePipe() (r, w int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return -1, -1, err
	}
	if r, err = internalFd(p[0], nil); err != nil {
		unix.Close(p[1])
		return -1, -1, err
	}
	if w, err = internalFd(p[1], nil); err != nil {
		unix.Close(r)
	}
	return r, w, err
}

// Reclaim puts back the disposition of a signal that os/signal has had meanwhile.
func (k *Kernel) Reclaim(sig kernel.Signal) {
	a := action(sig, k.disposition(sig))
	_ = rtSigaction(sig, &a, nil) // it has worked before
}
