package vm

import (
	_ "embed"
	"strings"

	"mpstar/host/syntax"
)

// The prelude is the functions in the script language that instructions and natives go on in. There are
// hundreds, and a script needs a few, so each is compiled when it is first called for, with those it names.

// PreludeName is the name of the prelude's module.
const PreludeName = "__prelude__"

//go:embed prelude.star
var preludeSource string

// A preludeIndex has the text of each top-level statement of a prelude, "def f(…" or "x = …", by the name that it binds.
type preludeIndex map[string]string

// indexPrelude takes a prelude apart. It is written by hand because every script pays for it: regular expressions take 1.2 ms.
func indexPrelude(source string) preludeIndex {
	index := preludeIndex{}
	name, start := "", 0
	for at := 0; at < len(source); {
		line := source[at:]
		if i := strings.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if next := word(strings.TrimPrefix(line, "def ")); next != "" {
			index[name] = source[start:at]
			name, start = next, at
		}
		at += len(line)
	}
	index[name] = source[start:]
	delete(index, "") // what comes before the first statement
	return index
}

// word returns the identifier that a text begins with.
func word(text string) string {
	for i := range len(text) {
		if c := text[i]; c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return text[:i]
		}
	}
	return text
}

// eachWord calls visit with each identifier in a text, and with what stands in its strings and comments.
func eachWord(text string, visit func(string)) {
	for i := 0; i < len(text); {
		w := word(text[i:])
		if w != "" {
			visit(w)
		}
		i += len(w) + 1
	}
}

// prelude returns a function of the prelude.
func (p *Process) prelude(name string) (*Function, error) {
	if p.Prelude == nil {
		p.Prelude = NewModule(PreludeName, "")
	}
	if p.Prelude.Get(name) == nil {
		if err := p.loadPrelude(name); err != nil {
			return nil, err
		}
	}
	f, ok := p.Prelude.Get(name).(*Function)
	if !ok {
		return nil, Raise(SystemError, "the prelude has no function %s", name)
	}
	return f, nil
}

// loadPrelude runs the statement that binds a name, together with those of all names that are missing for it.
func (p *Process) loadPrelude(name string) error {
	m := p.Prelude
	src := &syntax.Source{Name: hostPrefix + PreludeName, Text: p.Reg.preludeFor(name, m)}
	code, err := p.Compile(src, m.Globals)
	if err != nil {
		return Raise(SystemError, "prelude: %s", err)
	}
	hook := p.Hook
	p.Hook = nil // making the functions is no step of the script
	defer func() { p.Hook = hook }()
	_, err = p.Call(&Function{Proto: NewProto(code, m)}, nil, nil)
	return err
}

// preludeFor returns the statements of the prelude that bind name and what m still lacks for it: constants first, for the
// defaults of parameters may be among them.
func (r *Registry) preludeFor(name string, m *Module) string {
	r.indexed.Do(func() { r.index = indexPrelude(preludeSource + "\n" + r.Prelude) })
	found := map[string]bool{name: true}
	var constants, functions strings.Builder
	for todo := []string{name}; len(todo) > 0; {
		text := r.index[todo[0]]
		todo = todo[1:]
		if strings.HasPrefix(text, "def ") {
			functions.WriteString(text)
		} else {
			constants.WriteString(text)
		}
		eachWord(text, func(other string) {
			if _, ok := r.index[other]; ok && !found[other] && m.Get(other) == nil {
				found[other] = true
				todo = append(todo, other)
			}
		})
	}
	return constants.String() + functions.String()
}
