package repl

import (
	"bytes"
	"errors"
	"io"

	"mpstar/host"
	"mpstar/host/kernel"
)

// A plain reader reads lines as they come: from a pipe, or from a terminal that
// has no more than the system's own line editing.
type plain struct {
	session *host.Session
	in      []byte // read, and of no line yet
	ended   bool
}

func (r *plain) readLine(prompt, text, indent string) (string, error) {
	// On standard error, as CPython's without readline (PyOS_StdioReadline).
	if _, err := r.session.Kernel.Write(2, []byte(prompt)); err != nil && !errors.Is(err, kernel.ErrInterrupted) {
		return "", io.EOF
	}
	for {
		if line, ok := r.line(); ok {
			return line, nil
		}
		if r.ended {
			return "", io.EOF
		}
		if err := r.fill(); err != nil {
			return "", err
		}
	}
}

// line takes a line, or after the end of everything what is left.
func (r *plain) line() (string, bool) {
	line, rest, whole := bytes.Cut(r.in, []byte("\n"))
	if !whole && (!r.ended || len(r.in) == 0) {
		return "", false
	}
	r.in = rest
	return string(bytes.TrimSuffix(line, []byte("\r"))), true
}

// fill reads more. A Ctrl-C in between ends the line.
func (r *plain) fill() error {
	var buf [4096]byte
	n, err := r.session.Kernel.Read(0, buf[:])
	if errors.Is(err, kernel.ErrInterrupted) {
		if err := r.session.Deliver(); host.IsInterrupt(err) {
			say(r.session, "\n")
			return errInterrupted
		} else if err != nil {
			return err
		}
		return nil
	}
	r.in = append(r.in, buf[:n]...)
	r.ended = err != nil || n == 0
	return nil
}

func (r *plain) next() (string, bool) { return "", false }

func (r *plain) discard() {} // what a pipe still has was not typed ahead
