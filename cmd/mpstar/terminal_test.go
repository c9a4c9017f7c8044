package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// A terminal is a pseudo-terminal with the prompt on it, and its screen. What
// the screen shows is waited for; nothing here sleeps.
type terminal struct {
	t      *testing.T
	cmd    *exec.Cmd
	master *os.File
	slave  *os.File // kept open, for the terminal's modes can be asked for only so
	output chan []byte
	ended  chan struct{}
	screen screen
	usual  unix.Termios // the modes before the start
}

// width and height are the size of the terminals.
const width, height = 80, 24

// openTerminal starts mpstar at a terminal, with env added to its environment.
func openTerminal(t *testing.T, state string, env []string, args ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	fd := int(master.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width})
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, master: master, slave: slave, output: make(chan []byte), ended: make(chan struct{})}
	term.usual = term.modes()
	term.cmd = exec.Command(mpstar, args...)
	term.cmd.Dir = t.TempDir()
	term.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + state, "XDG_STATE_HOME=" + state, "TERM=xterm-256color"}, env...)
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		term.cmd.Wait() // what came of it is in ProcessState
		close(term.ended)
	}()
	go term.read()
	t.Cleanup(term.close)
	return term
}

// prompt opens a terminal and waits for the first prompt.
func prompt(t *testing.T, args ...string) *terminal {
	t.Helper()
	term := openTerminal(t, t.TempDir(), nil, args...)
	term.shows(">>>")
	return term
}

func (term *terminal) read() {
	for {
		buf := make([]byte, 4096)
		n, err := term.master.Read(buf)
		if err != nil {
			close(term.output)
			return
		}
		term.output <- buf[:n]
	}
}

// close ends what is left of the session that the terminal controls.
func (term *terminal) close() {
	_ = syscall.Kill(-term.cmd.Process.Pid, syscall.SIGKILL)
	term.slave.Close()
	term.master.Close()
	for range term.output {
	}
}

// keys sends keys, as they are typed or pasted.
func (term *terminal) keys(keys string) {
	term.t.Helper()
	if _, err := term.master.WriteString(keys); err != nil {
		term.t.Fatal(err)
	}
}

// enter types a line and waits until the screen ends with the lines wanted,
// of which the last is usually the next prompt.
func (term *terminal) enter(line string, want ...string) {
	term.t.Helper()
	row := term.screen.row
	term.keys(line + "\r")
	term.until("a line below "+line, func() bool { return term.screen.row > row })
	term.shows(want...)
}

// shows waits until the lines on the screen end with these.
func (term *terminal) shows(want ...string) {
	term.t.Helper()
	text := strings.Join(want, "\n")
	term.until(fmt.Sprintf("the lines\n%s", text), func() bool {
		got := term.screen.text()
		return got == text || strings.HasSuffix(got, "\n"+text)
	})
}

// until reads until something holds.
func (term *terminal) until(what string, holds func() bool) {
	term.t.Helper()
	timeout := time.After(patience)
	for !holds() {
		select {
		case text, open := <-term.output:
			if !open {
				term.t.Fatalf("the terminal was closed before %s; the screen is\n%s", what, term.screen.text())
			}
			term.screen.write(string(text))
		case <-timeout:
			term.t.Fatalf("waited in vain for %s; the screen is\n%s", what, term.screen.text())
		}
	}
}

// ends waits for the end of the first process and returns how it ended. All that
// was written before is on the screen then, and the terminal is as it was.
func (term *terminal) ends() string {
	term.t.Helper()
	go func() {
		<-term.ended
		term.slave.WriteString(lastWords)
	}()
	term.until("the end", func() bool { return term.screen.over })
	if term.modes() != term.usual || term.screen.pasting {
		term.t.Errorf("the terminal was left in another mode: %+v, pasting %v; before %+v", term.modes(), term.screen.pasting, term.usual)
	}
	return term.cmd.ProcessState.String()
}

// lastWords is a sequence that no terminal knows.
const lastWords = "\x1b[?9999h"

// fifo makes a FIFO of that name in the working directory, and returns what
// writes to it.
func (term *terminal) fifo() (tell func(text string)) {
	term.t.Helper()
	path := filepath.Join(term.cmd.Dir, "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		term.t.Fatal(err)
	}
	var w *os.File
	return func(text string) {
		term.t.Helper()
		var err error
		if w == nil {
			w, err = os.OpenFile(path, os.O_RDWR, 0) // which waits for nobody
			term.t.Cleanup(func() { w.Close() })
		}
		if err == nil {
			_, err = w.WriteString(text)
		}
		if err != nil {
			term.t.Fatal(err)
		}
	}
}

// modes are the terminal's.
func (term *terminal) modes() unix.Termios {
	term.t.Helper()
	m, err := unix.IoctlGetTermios(int(term.slave.Fd()), unix.TCGETS)
	if err != nil {
		term.t.Fatal(err)
	}
	return *m
}

// A screen is what a terminal shows, as far as the prompt makes use of it.
// Nothing scrolls away.
type screen struct {
	lines    [][]rune // a wide character is followed by a 0
	row, col int      // col is width after the last column was written to
	rest     string   // the beginning of a sequence that is not there in full yet
	pasting  bool     // it marks what is pasted
	escapes  bool     // there were control sequences
	over     bool     // it was shown lastWords
}

// text returns the lines without the blanks at their ends and empty lines at the end.
func (s *screen) text() string {
	var b strings.Builder
	for _, line := range s.lines {
		text := strings.ReplaceAll(string(line), "\x00", "")
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (s *screen) write(text string) {
	text = s.rest + text
	for text != "" {
		n := s.step(text)
		if n == 0 {
			break
		}
		text = text[n:]
	}
	s.rest = text
}

// step takes a character or a sequence and returns its length, or 0 if it is cut off.
func (s *screen) step(text string) int {
	switch c := text[0]; {
	case c == '\r':
		s.col = 0
	case c == '\n':
		s.row++
	case c == '\b':
		s.col = max(s.col-1, 0)
	case c == '\a':
	case c == 0x1b:
		return s.escape(text)
	default:
		if !utf8.FullRuneInString(text) {
			return 0
		}
		r, n := utf8.DecodeRuneInString(text)
		s.put(r)
		return n
	}
	return 1
}

// escape does a control sequence: ESC [ parameters letter.
func (s *screen) escape(text string) int {
	end := 2
	for end < len(text) && (text[end] < 0x40 || text[end] > 0x7e) {
		end++
	}
	if end >= len(text) {
		return 0
	}
	n := 0
	fmt.Sscanf(strings.TrimPrefix(text[2:end], "?"), "%d", &n)
	switch text[end] {
	case 'A':
		s.row = max(s.row-max(n, 1), 0)
	case 'B':
		s.row += max(n, 1)
	case 'C':
		s.col = min(s.col+max(n, 1), width-1)
	case 'G':
		s.col = max(n, 1) - 1
	case 'H':
		s.row, s.col = 0, 0
	case 'J':
		if n == 2 {
			s.lines = nil
			break
		}
		s.eraseLine()
		s.lines = s.lines[:min(s.row+1, len(s.lines))]
	case 'K':
		s.eraseLine()
	case 'h', 'l':
		switch n {
		case 2004:
			s.pasting = text[end] == 'h'
		case 9999:
			s.over = true
			return end + 1
		}
	}
	s.escapes = true
	return end + 1
}

func (s *screen) eraseLine() {
	line := s.line()
	*line = (*line)[:min(s.col, len(*line))]
}

func (s *screen) line() *[]rune {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	return &s.lines[s.row]
}

// put shows a character. In the last column the cursor stays where it is until another comes.
func (s *screen) put(r rune) {
	cells := []rune{r}
	if r >= 0x1100 && r != '␤' && r != '␉' && r != '…' {
		cells = append(cells, 0)
	}
	if s.col+len(cells) > width {
		s.row, s.col = s.row+1, 0
	}
	line := s.line()
	for len(*line) < s.col+len(cells) {
		*line = append(*line, ' ')
	}
	copy((*line)[s.col:], cells)
	s.col += len(cells)
}
