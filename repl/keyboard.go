package repl

import (
	"bytes"
	"strings"
)

// The keys that matter here.
const (
	keyCtrlC  = 0x03
	keyCtrlD  = 0x04
	keyTab    = '\t'
	keyBack   = 0x08
	keyCtrlU  = 0x15
	keyCtrlZ  = 0x1a
	keyEsc    = 0x1b
	keyDelete = 0x7f
)

// Around what is pasted, a terminal that was asked to (askPaste) sends these (xterm's
// ctlseqs, "Bracketed Paste Mode").
const (
	askPaste   = "\x1b[?2004h"
	noPaste    = "\x1b[?2004l"
	pasteBegin = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// Liner edits one line, and takes a tab for a key. So line ends and tabs that
// are part of a line are these symbols there; text gives them back.
const (
	lineSymbol = "␤"
	tabSymbol  = "␉"
)

var (
	toSymbols   = strings.NewReplacer("\n", lineSymbol, "\t", tabSymbol)
	fromSymbols = strings.NewReplacer(lineSymbol, "\n", tabSymbol, "\t")
)

// A keyboard holds what the terminal has sent and no line has used yet. Liner
// gets it up to the end of a line at a time; the rest waits here for the next line.
type keyboard struct {
	in      []byte
	pasting bool // within a bracketed paste
	margin  int  // blanks that liner shows and nothing has been typed after; -1 after something was
}

// begin begins a line in front of which there are so many blanks.
func (k *keyboard) begin(margin int) { k.margin = margin }

// add takes what the terminal has sent.
func (k *keyboard) add(p []byte) { k.in = append(k.in, p...) }

// next returns what liner is to get now, and whether a line certainly ends with
// it. A Ctrl-Z stands alone. Nothing means that more has to be read.
func (k *keyboard) next() (keys []byte, ends bool) {
	if k.margin > 0 && k.replacesMargin() {
		keys = append(keys, keyCtrlU)
	}
	for len(k.in) > 0 {
		c := k.in[0]
		switch {
		case bytes.HasPrefix(k.in, []byte(pasteBegin)):
			k.pasting, k.in = true, k.in[len(pasteBegin):]
			continue
		case bytes.HasPrefix(k.in, []byte(pasteEnd)):
			k.pasting, k.in = false, k.in[len(pasteEnd):]
			continue
		case k.isCut():
			return keys, false
		case c == keyCtrlZ && !k.pasting && len(keys) > 0:
			return keys, false
		case c == '\r' && len(k.in) > 1 && k.in[1] == '\n':
			k.in = k.in[1:]
			continue
		}
		k.in = k.in[1:]
		switch {
		case c == keyCtrlC:
			k.pasting = false // also if the paste's end was lost
			return append(keys, c), true
		case c == '\r' || c == '\n':
			return append(keys, c), true
		case !k.pasting && (c == keyCtrlD || c == keyCtrlZ):
			return append(keys, c), false
		case c == keyTab && (k.pasting || bytes.ContainsAny(k.in, "\r\n")): // no user is so fast
			keys = append(keys, tabSymbol...)
		case (c == keyBack || c == keyDelete) && k.margin > 0 && !k.pasting:
			n := (k.margin-1)%len(step) + 1
			keys = append(keys, bytes.Repeat([]byte{c}, n)...)
			k.margin -= n
		case k.pasting && (c < ' ' || c == keyDelete):
		default:
			keys = append(keys, c)
			k.margin = -1
		}
	}
	return keys, false
}

// isCut tells whether what is left may be the beginning of a paste's mark. A
// mark comes in one piece but for the end of a buffer, and two bytes of it are
// what other keys begin with, too.
func (k *keyboard) isCut() bool {
	n := len(k.in)
	return n > 2 && n < len(pasteBegin) &&
		(strings.HasPrefix(pasteBegin, string(k.in)) || strings.HasPrefix(pasteEnd, string(k.in)))
}

// replacesMargin tells whether what has come brings its own blanks: it is a
// pasted line, be it marked so or not.
func (k *keyboard) replacesMargin() bool {
	text, _ := bytes.CutPrefix(k.in, []byte(pasteBegin))
	end := bytes.IndexAny(text, "\r\n")
	return end >= 0 && (text[0] == ' ' || text[0] == keyTab || len(bytes.Trim(text[end:], "\r\n")) > 0)
}

// line returns the line that liner will get next, if all of it has come.
func (k *keyboard) line() (string, bool) {
	text, _ := bytes.CutPrefix(k.in, []byte(pasteBegin))
	text = bytes.TrimPrefix(text, []byte("\n")) // the end of the line before
	end := bytes.IndexAny(text, "\r\n")
	if end < 0 {
		return "", false
	}
	return string(text[:end]), true
}

// waits tells whether the next line has begun.
func (k *keyboard) waits() bool { return len(k.in) > 0 || k.pasting }
