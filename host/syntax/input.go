package syntax

import (
	"slices"
	"strings"
)

// Missing is what keeps text typed at an interactive prompt from being a
// whole input.
type Missing uint8

// What an input can lack.
const (
	Nothing Missing = iota
	Block           // the rest of a block, or what must follow one; an empty line ends it
	Bracket         // a closing bracket, or the line after a backslash
	Quote           // three closing quotes
)

// ParseInput parses what has been typed at an interactive prompt so far, which
// is whole lines. If more lines can make it an input it says what is missing;
// file and err are then of no use. As in CPython (Lib/codeop.py), a compound
// statement is whole only after an empty line, for another clause could follow.
func ParseInput(src *Source) (file *File, missing Missing, err error) {
	p := &parser{src: src}
	file, bad := p.parse()
	ended := endsEmpty(src.Text)
	switch {
	case bad == nil && !ended && isCompound(file.Body):
		return nil, Block, nil
	case bad == nil:
		return file, Nothing, nil
	case p.main != nil && p.main.cut != Nothing:
		return nil, p.main.cut, nil
	case p.atEnd() && !ended:
		return nil, Block, nil
	}
	return nil, Nothing, p.worst(bad)
}

// endsEmpty tells whether the last line is blank.
func endsEmpty(text string) bool {
	text = strings.TrimSuffix(text, "\n")
	return strings.Trim(text[strings.LastIndexByte(text, '\n')+1:], blanks) == ""
}

// isCompound tells whether the last statement is one that has blocks.
func isCompound(body []Stmt) bool {
	if len(body) == 0 {
		return false
	}
	switch body[len(body)-1].(type) {
	case *If, *While, *For, *Try, *With, *Match, *FuncDef, *ClassDef:
		return true
	}
	return false
}

// atEnd tells whether the parser has come to the end of the text.
func (p *parser) atEnd() bool {
	return p.main != nil && p.scan == p.main && p.main.pos >= len(p.main.text) &&
		(p.tok.kind == tEOF || p.tok.kind == tDedent)
}

// Keywords returns the words that are no names, sorted.
func Keywords() []string {
	words := make([]string, 0, len(keywords))
	for word := range keywords {
		words = append(words, word)
	}
	slices.Sort(words)
	return words
}
