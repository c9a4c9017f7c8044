package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"mpstar/host"
	"mpstar/host/kernel"
	"mpstar/host/kernel/unix"

	"github.com/peterh/liner"
	sys "golang.org/x/sys/unix"
)

// An editor reads lines with liner. Liner reads os.Stdin and believes that it is
// alone with the terminal, which it is not: keys may be part of a paste, signals come and their
// handlers run, and what follows the line may be meant for the script. So the
// terminal is read here, in the interpreter's goroutine, and liner, in a goroutine of its own,
// gets the keys of one line through a pipe.
//
// Each line has a liner of its own, so that in between the terminal's mode and SIGWINCH are the
// script's.
type editor struct {
	session  *host.Session
	history  *history
	keys     keyboard
	complete *completer
	from     *os.File // liner's end of the pipe
	to       *os.File

	// values is held by whoever looks at the script's values while a line is
	// read: handlers of signals, and completion.
	values sync.Mutex
}

// errEditor is what a readLine fails with if liner does.
var errEditor = errors.New("the line editor failed")

// A typed is what came of a line.
type typed struct {
	line  string
	err   error
	alone bool // nobody has written to the terminal since the line's end was typed
}

// IsTerminal reports whether a file is a terminal.
func IsTerminal(f *os.File) bool {
	_, err := sys.IoctlGetTermios(int(f.Fd()), sys.TCGETS)
	return err == nil
}

// editable tells whether liner can edit lines at this terminal.
func editable() bool {
	return IsTerminal(os.Stdin) && IsTerminal(os.Stdout) && liner.TerminalSupported()
}

func newEditor(s *host.Session, h *history) (*editor, error) {
	r, w, err := unix.PrivatePipe()
	if err != nil {
		return nil, err
	}
	return &editor{
		session:  s,
		history:  h,
		complete: &completer{process: s.Process},
		from:     os.NewFile(uintptr(r), "keys"),
		to:       os.NewFile(uintptr(w), "keys"),
	}, nil
}

func (e *editor) next() (string, bool) {
	line, known := e.keys.line()
	return fromSymbols.Replace(line), known
}

func (e *editor) discard() { e.keys = keyboard{} }

// readLine is reader's. The terminal is in the editor's mode from open to close.
func (e *editor) readLine(prompt, text, indent string) (string, error) {
	if e.keys.waits() {
		indent = "" // it comes with the line
	}
	t, err := e.open()
	if err != nil {
		return "", err
	}
	got := e.edit(t, prompt, text, indent)
	line := fromSymbols.Replace(got.line)
	if got.err == nil && got.alone {
		showWhole(prompt, line)
	}
	return line, got.err
}

// edit reads a line at an open terminal, and closes it.
func (e *editor) edit(t *terminal, prompt, text, indent string) (got typed) {
	defer func() { got.alone = t.close() }()
	e.keys.begin(len(indent))
	e.complete.before = text
	done := make(chan typed, 1)
	go t.run(prompt, indent, done)
	return e.feed(t, done)
}

// A terminal is what a line is read from, in the editor's mode.
type terminal struct {
	session *host.Session
	liner   *liner.State
	usual   liner.ModeApplier // the mode before
	editing liner.ModeApplier
}

func (e *editor) open() (*terminal, error) {
	usual, err := liner.TerminalMode()
	if err != nil {
		return nil, io.EOF // the script has closed its standard input, or the terminal is gone
	}
	beginLine()
	signal.Ignore(syscall.SIGWINCH) // else Notify believes its handler to be installed, which the kernel has replaced
	stdin := os.Stdin
	os.Stdin = e.from
	t := &terminal{session: e.session, liner: liner.NewLiner(), usual: usual}
	os.Stdin = stdin
	if mode, err := sys.IoctlGetTermios(0, sys.TCGETS); err == nil {
		mode.Lflag &^= sys.ISIG // liner does that too, after it has shown the prompt
		_ = sys.IoctlSetTermios(0, sys.TCSETS, mode)
	}
	t.editing, _ = liner.TerminalMode()
	t.liner.SetCtrlCAborts(true)
	t.liner.SetTabCompletionStyle(liner.TabPrints)
	t.liner.SetWordCompleter(func(line string, pos int) (string, []string, string) {
		e.values.Lock()
		defer e.values.Unlock()
		return e.complete.words(line, pos)
	})
	for _, entry := range e.history.entries {
		t.liner.AppendHistory(toSymbols.Replace(entry))
	}
	os.Stdout.WriteString(askPaste)
	t.session.Kernel.BeginPrompt(1)
	return t, nil
}

// close puts everything back. If a signal has come that ends the process it does so here.
func (t *terminal) close() (alone bool) {
	t.liner.Close()
	os.Stdout.WriteString(noPaste)
	alone = t.session.Kernel.EndPrompt()
	t.session.Kernel.Reclaim(kernel.Signal(syscall.SIGWINCH))
	return alone
}

// pause lets f run with the terminal in its usual mode and without the line,
// which is drawn again if f does not fail.
func (t *terminal) pause(f func() error) error {
	_ = t.usual.ApplyMode()
	os.Stdout.WriteString(noPaste + eraseLine)
	t.session.Kernel.EndPrompt()
	err := f()
	beginLine()
	t.session.Kernel.BeginPrompt(1)
	_ = t.editing.ApplyMode()
	os.Stdout.WriteString(askPaste)
	if err == nil {
		_ = sys.Kill(os.Getpid(), syscall.SIGWINCH)
	}
	return err
}

// run has liner read a line, and wakes feed when that is done.
func (t *terminal) run(prompt, indent string, done chan<- typed) {
	defer t.session.Kernel.Interrupt()
	defer func() {
		if fault := recover(); fault != nil {
			done <- typed{err: fmt.Errorf("%w: %v", errEditor, fault)}
		}
	}()
	line, err := t.liner.PromptWithSuggestion(prompt, indent, -1)
	if errors.Is(err, liner.ErrInvalidPrompt) { // the script's sys.ps1
		line, err = t.liner.PromptWithSuggestion(">>> ", indent, -1)
	}
	if errors.Is(err, liner.ErrPromptAborted) {
		err = errInterrupted
	}
	if err != nil && err != errInterrupted && err != io.EOF {
		err = fmt.Errorf("%w: %v", errEditor, err)
	}
	done <- typed{line: line, err: err}
}

// feed gives liner the keys of a line, and returns what becomes of it.
func (e *editor) feed(t *terminal, done <-chan typed) typed {
	var buf [4096]byte
	for {
		keys, ends := e.keys.next()
		switch {
		case len(keys) == 1 && keys[0] == keyCtrlZ:
			_ = t.pause(func() error { return sys.Kill(0, syscall.SIGTSTP) })
			continue
		case ends:
			t.session.Kernel.BeginPrompt(1) // nobody has written since
			fallthrough
		case len(keys) > 0:
			if _, err := e.to.Write(keys); err != nil {
				return typed{err: err}
			}
		}
		if ends {
			return <-done
		}
		select {
		case got := <-done:
			return got
		default:
		}
		n, err := t.session.Kernel.Read(0, buf[:])
		e.keys.add(buf[:n])
		switch {
		case errors.Is(err, kernel.ErrInterrupted):
			if got, over := e.attend(t, done); over {
				return got
			}
		case err != nil || n == 0: // the terminal is gone
			e.abort(done)
			return typed{err: io.EOF}
		}
	}
}

// attend does what a signal wants, or finds that it was none and the line is done.
func (e *editor) attend(t *terminal, done <-chan typed) (got typed, over bool) {
	select {
	case got := <-done:
		return got, true
	default:
	}
	if !t.session.Kernel.Pending() {
		return typed{}, false
	}
	e.values.Lock()
	err := t.pause(t.session.Deliver)
	e.values.Unlock()
	if err == nil {
		return typed{}, false
	}
	e.abort(done)
	if host.IsInterrupt(err) {
		err = errInterrupted
	}
	return typed{err: err}, true
}

// abort ends the line without a result.
func (e *editor) abort(done <-chan typed) {
	if _, err := e.to.Write([]byte{keyCtrlC}); err == nil {
		<-done
	}
}

// showWhole shows a line in full that liner, which keeps to one row, has shown in part or
// with symbols for its line ends. Liner has left the cursor in the row below.
func showWhole(prompt, line string) {
	const narrow = 10 // Prompt does not edit lines if there is less room
	size, err := sys.IoctlGetWinsize(1, sys.TIOCGWINSZ)
	if err != nil || int(size.Col) < len(prompt)+narrow {
		return
	}
	if len(prompt)+len(line) < int(size.Col) && !strings.Contains(line, "\n") {
		return
	}
	os.Stdout.WriteString("\x1b[A" + eraseLine + prompt + strings.ReplaceAll(line, "\n", "\n... ") + "\n")
}

// eraseLine goes to the beginning of the row and erases from there on.
const eraseLine = "\r\x1b[J"

// beginLine makes sure that the prompt begins a line: as many blanks as the
// terminal is wide and a carriage return end up in the line they began in if that was empty, and
// in the next one otherwise (zsh's PROMPT_SP).
func beginLine() {
	size, err := sys.IoctlGetWinsize(1, sys.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return
	}
	os.Stdout.WriteString(strings.Repeat(" ", int(size.Col)) + "\r\x1b[K")
}
