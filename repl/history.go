package repl

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/peterh/liner"
	sys "golang.org/x/sys/unix"
)

// The file of earlier inputs has one line for each, with line ends written \n and
// backslashes \\. Prompts that run at the same time share it: each input is appended
// when it is made, in one write under a lock of the file (flock(2)). Who makes
// the file shorter writes a new one and renames it, so whoever
// has the lock looks whether it is still that of the file of this name.
const (
	historyLimit = liner.HistoryLimit // what is read back
	historySlack = historyLimit       // so many more may the file have
	longestEntry = 64 << 10
)

var (
	escapeEntry   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	unescapeEntry = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

// A history is what was typed in this session, after what was typed in those before it began.
type history struct {
	path    string // "" if there is no place for it
	entries []string
}

// openHistory reads the history, if there is one.
func openHistory() *history {
	h := &history{path: historyPath()}
	if h.path == "" {
		return h
	}
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		h.giveUp(err)
		return h
	}
	h.do(func(f *os.File) error {
		lines, err := readEntries(f)
		for _, line := range lines[max(len(lines)-historyLimit, 0):] {
			h.entries = append(h.entries, unescapeEntry.Replace(line))
		}
		return err
	})
	return h
}

// historyPath follows the XDG Base Directory Specification: state is what a
// program keeps between runs. A relative path there is to be ignored.
func historyPath() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "mpstar", "history")
}

// add remembers an input, unless it is the same as the one before.
func (h *history) add(entry string) {
	if n := len(h.entries); entry == "" || len(entry) > longestEntry || n > 0 && h.entries[n-1] == entry {
		return
	}
	h.entries = append(h.entries, entry)
	h.do(func(f *os.File) error {
		_, err := f.WriteString(escapeEntry.Replace(entry) + "\n")
		return err
	})
}

// close makes the file shorter if it has grown too long.
func (h *history) close() {
	h.do(func(f *os.File) error {
		if lines, err := readEntries(f); err != nil || len(lines) <= historyLimit+historySlack {
			return err
		} else {
			return h.rewrite(lines[len(lines)-historyLimit:])
		}
	})
}

func (h *history) rewrite(lines []string) error {
	f, err := os.CreateTemp(filepath.Dir(h.path), ".history-") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), h.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// do has f work on the file while nobody else does.
func (h *history) do(f func(*os.File) error) {
	if h.path == "" {
		return
	}
	file, err := lockFile(h.path)
	if err == nil {
		err = f(file)
		file.Close()
	}
	if err != nil {
		h.giveUp(err)
	}
}

// giveUp says once that nothing is kept from now on.
func (h *history) giveUp(err error) {
	h.path = ""
	fmt.Fprintf(os.Stderr, "mpstar: the history is not kept: %v\n", err)
}

// lockFile opens the file of that name and locks it.
func lockFile(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			f.Close()
			return nil, err
		}
		if ours, err1 := f.Stat(); err1 == nil {
			if named, err2 := os.Stat(path); err2 == nil && os.SameFile(ours, named) {
				return f, nil
			}
		}
		f.Close() // it was replaced meanwhile
	}
}

// lock waits for the lock, but not for ever: who has it may have been stopped.
func lock(f *os.File) error {
	const pause = 10 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		err := sys.Flock(int(f.Fd()), sys.LOCK_EX|sys.LOCK_NB)
		if err == nil {
			return nil
		}
		if waited > time.Second || err != sys.EWOULDBLOCK && err != sys.EINTR {
			return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		time.Sleep(pause)
	}
}

// readEntries returns the last lines of a file.
func readEntries(f *os.File) ([]string, error) {
	var lines []string
	in := bufio.NewScanner(f)
	in.Buffer(nil, 2*longestEntry+2)
	for in.Scan() {
		if line := bytes.TrimSpace(in.Bytes()); len(line) > 0 && utf8.Valid(line) {
			lines = append(lines, in.Text())
		}
	}
	return lines[max(len(lines)-historyLimit-historySlack-1, 0):], in.Err()
}
