// Package repl is the interactive prompt: what mpstar does when it is started at a terminal without a
// script. It reads inputs, has a host.Session run them, and reports.
//
// # Who does what
//
//	repl.go      the loop: lines become inputs, inputs run
//	editor.go    a line from a terminal, by way of package liner
//	keyboard.go  what the terminal sends, cut into what liner may get at a time
//	plain.go     a line from anything else
//	indent.go    how the next line of a block begins
//	complete.go  what Tab offers; lexer.go finds where the cursor is, peek.go values
//	history.go   the file of earlier inputs
//	command.go   the commands that begin with a colon
//
// # Invariants
//
//   - The terminal is in the editor's mode only while a line is read. Script code, and
//     so every process it starts, finds it as the user had it: Ctrl-C is a signal then, to all
//     of them. Whatever ends the process in between leaves nothing to restore, and what
//     can end it while a line is read is noted by the kernel until the terminal is in order.
//   - Script code runs in one goroutine, the one that calls Run. While a line is read that goroutine
//     reads the terminal, and runs the script's signal handlers; the editor has a goroutine of its own,
//     which looks at the script's values for completion only under editor.values.
//   - A forked process is a Session's piece of script and nothing else: the
//     history, the editor and what was typed ahead are in no image.
//   - Ctrl-C on a half-typed line is a key and no signal: processes that run in the background do not
//     notice it. CPython interrupts them too.
//
// # What liner cannot do
//
// It edits one row: a longer line scrolls in it, and what is recalled or pasted
// has symbols for line ends and tabs (keyboard.go). It knows nothing of marked
// pastes and of who else writes to the terminal: the first is dealt with before it, the
// second by the kernel (package unix, prompt.go). It has no colours in prompts, so there are none
// at all, and NO_COLOR has nothing to turn off.
package repl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mpstar/host"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// Options say what happens before the first prompt.
type Options struct {
	Host   host.Options
	First  *syntax.Source // run first, or nil
	Banner string         // "" for none
}

// A reader is where lines come from.
type reader interface {
	// readLine returns a line without its end. It is to be continued after
	// text, and begin with indent unless the user wants otherwise.
	readLine(prompt, text, indent string) (string, error)
	// next returns the line that follows, if that is known already.
	next() (line string, known bool)
	// discard forgets what was typed ahead.
	discard()
}

// errInterrupted is the error of a readLine that a Ctrl-C ended.
var errInterrupted = errors.New("interrupted")

// A repl is a session at the prompt.
type repl struct {
	session *host.Session
	in      reader
	history *history
}

// Run reads and runs inputs until the user leaves. It never returns: the
// program ends as a script ends.
func Run(opts Options) {
	r := &repl{session: host.NewSession(opts.Host)}
	r.setPrompts()
	r.history = openHistory()
	r.in = r.open()
	if opts.First != nil {
		if err := r.session.RunFile(opts.First); err != nil {
			r.session.Report(err)
		}
	} else if opts.Banner != "" {
		r.say(opts.Banner + "\n")
	}
	err := r.loop()
	r.history.close()
	r.farewell()
	r.session.End(err)
}

// open chooses how lines are read: with the editor if there is a terminal that it can draw on.
func (r *repl) open() reader {
	plain := &plain{session: r.session}
	if !editable() {
		return plain
	}
	e, err := newEditor(r.session, r.history)
	if err != nil {
		r.say(fmt.Sprintf("lines cannot be edited: %v\n", err))
		return plain
	}
	return e
}

// loop returns what ends the session: nil, or the error that End is to be told.
func (r *repl) loop() error {
	for {
		err := r.step()
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			r.say("\n")
			return nil
		case errors.Is(err, errLeave):
			return nil
		case errors.Is(err, errInterrupted):
			r.in.discard()
			r.say("KeyboardInterrupt\n")
		case errors.Is(err, errEditor):
			r.say(err.Error() + "; lines are read without it from now on\n")
			r.in = &plain{session: r.session}
		case host.IsExit(err):
			return err
		default:
			if host.IsInterrupt(err) {
				r.in.discard()
			}
			r.session.Report(err)
		}
	}
}

// step reads and runs an input.
func (r *repl) step() error {
	// A Ctrl-C that came too late for the last input must not strike this one.
	if err := r.session.Deliver(); err != nil {
		return err
	}
	text, err := r.read()
	if err != nil {
		return err
	}
	return r.run(text)
}

// errLeave is the error of an input that leaves without an exit status.
var errLeave = errors.New("leave")

// run runs an input.
func (r *repl) run(text string) error {
	if name, ok := strings.CutPrefix(text, ":"); ok {
		return r.command(strings.TrimSpace(name))
	}
	if word := strings.TrimSpace(text); (word == "exit" || word == "quit") && r.session.Process.Modules["__main__"].Get(word) == nil {
		return errLeave
	}
	src := &syntax.Source{Name: "<stdin>", Text: text}
	file, err := syntax.Parse(src)
	if err != nil {
		return r.session.Process.SyntaxException(err)
	}
	return r.session.RunInput(file)
}

// read reads an input: lines until they are whole, or can never be.
func (r *repl) read() (string, error) {
	text, missing := "", syntax.Nothing
	for {
		line, err := r.in.readLine(r.prompt(text), text, indent(text, missing))
		if errors.Is(err, io.EOF) && text != "" { // what there is has to do, as in CPython
			return r.remember(text), nil
		}
		if err != nil {
			return "", err
		}
		text += line + "\n"
		if strings.HasPrefix(text, ":") {
			return r.remember(text), nil
		}
		if missing = r.missing(text, strings.Contains(line, "\n")); missing == syntax.Nothing {
			return r.remember(text), nil
		}
	}
}

// missing says what text needs to be an input. A block that comes out of the
// history is whole. Where the next line is known it decides whether a block goes
// on, for what is pasted has empty lines within blocks and none after them.
func (r *repl) missing(text string, recalled bool) syntax.Missing {
	missing := missingIn(text)
	line, known := r.in.next()
	switch {
	case recalled && missing == syntax.Block:
		return syntax.Nothing
	case !known || missing == syntax.Bracket || missing == syntax.Quote:
		return missing
	case missingIn(strings.TrimRight(text, " \t\n")+"\n") != syntax.Block:
		return syntax.Nothing
	case isBlank(line) || goesOn(line):
		return syntax.Block
	}
	if _, err := syntax.Parse(&syntax.Source{Text: text}); err != nil {
		return syntax.Block // decorators
	}
	return syntax.Nothing
}

func missingIn(text string) syntax.Missing {
	_, missing, _ := syntax.ParseInput(&syntax.Source{Text: text})
	return missing
}

func (r *repl) remember(text string) string {
	r.history.add(strings.TrimRight(text, "\n"))
	return text
}

// setPrompts gives module sys what CPython has in it only at the prompt.
func (r *repl) setPrompts() {
	sys := r.session.Process.Import("sys")
	sys.Set("ps1", starlark.String(">>> "))
	sys.Set("ps2", starlark.String("... "))
}

// prompt is sys.ps1, or sys.ps2 for a line that continues text.
func (r *repl) prompt(text string) string {
	name, usual := "ps1", ">>> "
	if text != "" {
		name, usual = "ps2", "... "
	}
	if s, ok := starlark.AsString(r.session.Process.Import("sys").Get(name)); ok {
		return s
	}
	return usual
}

// say writes a message of the prompt's own.
func (r *repl) say(text string) { say(r.session, text) }

func say(s *host.Session, text string) {
	if _, err := s.Kernel.Write(1, []byte(text)); err != nil {
		fmt.Fprint(os.Stderr, text)
	}
}
