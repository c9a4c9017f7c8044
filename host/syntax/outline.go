package syntax

import "strings"

// An Unread is where the def statement lies of a function whose body was passed over.
type Unread struct {
	Class    string // the class that it is a method of, or ""
	Line     int32  // of def
	Off, End int    // in the text, from the beginning of that line on
}

// classIndent is how far the statements of a class are indented, in the sources that are parsed by outline.
const classIndent = 4

// ParseOutline is Parse for a source that is known to be good and of which little will run: it passes over
// the bodies of functions at top level and of methods of classes at top level, but for their docstrings. Those it
// reads in which something shows that matters outside: yield makes a generator, super() needs a cell of the class.
// In such a source no line of a string may be indented less than the statement that it is in.
func ParseOutline(src *Source) (*File, error) {
	p := &parser{src: src, outline: true}
	file, err := p.parse()
	if err == nil {
		return file, nil
	}
	return nil, p.worst(err)
}

// Definition returns the source of a function that ParseOutline has passed over, on the lines that it has in text.
func (u *Unread) Definition(name, text string) *Source {
	before, lines := "", int(u.Line)-1
	if u.Class != "" {
		before = "class " + u.Class + ":\n"
		lines--
	}
	return &Source{Name: name, Text: strings.Repeat("\n", lines) + before + text[u.Off:u.End]}
}

// unread returns what there is to pass over of the function whose def began with a token and whose colon is next, or nil.
func (p *parser) unread(def token) *Unread {
	start := def.Start
	method := p.class != "" && start.Col == 1+classIndent
	if !p.outline || p.defs > 0 || !method && start.Col != 1 || p.tok.kind != tColon {
		return nil
	}
	text, body := p.scan.text, p.scan.pos
	end := body
	if lineEnd(text, body) == 0 {
		return nil // the body is on the line of def
	}
	for end < len(text) {
		line := text[end:]
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if words := strings.TrimLeft(line, " "); len(line)-len(words) < int(start.Col) && words != "\n" {
			break
		}
		end += len(line)
	}
	if rest := text[body:end]; strings.Contains(rest, "yield") || strings.Contains(rest, "super(") || strings.Contains(rest, "__class__") {
		return nil
	}
	u := &Unread{Line: start.Line, Off: def.off - int(start.Col-1), End: end}
	if method {
		u.Class = p.class
	}
	return u
}

// passOver reads the docstring of a function and goes on behind its body.
func (p *parser) passOver(u *Unread) []Stmt {
	p.colon()
	p.advance()
	if p.tok.kind != tIndent {
		p.unexpected("an indented block")
	}
	p.advance()
	var doc []Stmt
	if p.tok.kind == tString {
		doc = p.simpleLine(nil)
	}
	if p.tok.kind != tDedent {
		p.scan.jump(u.End)
		p.scan.next(&p.tok)
	}
	p.scan.next(&p.tok)
	return doc
}

// jump goes on at the beginning of a line further down, outside of all brackets.
func (s *scanner) jump(to int) {
	s.line += int32(strings.Count(s.text[s.pos:to], "\n"))
	s.pos, s.lineStart = to, to
	s.brackets = s.brackets[:0]
	s.fresh, s.midLine = true, false
}
