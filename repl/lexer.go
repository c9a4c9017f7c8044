package repl

import "strings"

// A place is where the cursor is in a piece of script: what is open there. It
// is found without the parser, which has little use for half a statement.
type place struct {
	text    string
	quote   int         // where the string begins that the cursor is in, or -1
	comment bool        // the cursor is in a comment
	open    []int       // the brackets that enclose the cursor, outermost first
	partner map[int]int // of the end of a bracket or string: its beginning
}

// findPlace looks at a text that ends at the cursor.
func findPlace(text string) *place {
	p := &place{text: text, quote: -1, partner: map[int]int{}}
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '"', '\'':
			if i = p.skipString(i); i < 0 {
				return p
			}
		case '#':
			n := strings.IndexByte(text[i:], '\n')
			if n < 0 {
				p.comment = true
				return p
			}
			i += n
		case '(', '[', '{':
			p.open = append(p.open, i)
			i++
		case ')', ']', '}':
			if n := len(p.open); n > 0 {
				p.partner[i] = p.open[n-1]
				p.open = p.open[:n-1]
			}
			i++
		default:
			i++
		}
	}
	return p
}

// skipString returns where the string that begins at from has ended, or -1 if it has not.
func (p *place) skipString(from int) int {
	quote := p.text[from : from+1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(p.text[from:], long) {
		quote = long
	}
	for i := from + len(quote); i < len(p.text); i++ {
		switch {
		case p.text[i] == '\\':
			i++
		case strings.HasPrefix(p.text[i:], quote):
			end := i + len(quote)
			p.partner[end-1] = from
			return end
		case p.text[i] == '\n' && len(quote) == 1:
			return i
		}
	}
	p.quote = from
	return -1
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// word returns where the name begins that ends at end.
func (p *place) word(end int) int {
	for end > 0 && isNameByte(p.text[end-1]) {
		end--
	}
	return end
}

// primary returns where the expression begins that ends at end: names with
// dots, calls, subscripts and literals.
func (p *place) primary(end int) int {
	for {
		start := p.word(end)
		if start == end {
			if end == 0 {
				return end
			}
			opening, ok := p.partner[end-1]
			if !ok {
				return end
			}
			start = opening
			if before := p.word(start); before < start { // f( or x[ or the prefix of a string
				start = before
			} else if start > 0 && p.closes(start-1) {
				end = start
				continue
			}
		}
		if start == 0 || p.text[start-1] != '.' {
			return start
		}
		end = start - 1
	}
}

// closes tells whether a bracket or string ends at i.
func (p *place) closes(i int) bool {
	_, ok := p.partner[i]
	return ok
}
