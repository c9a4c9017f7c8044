package vm

import (
	_ "embed"
	"regexp"
	"strings"

	"mpstar/host/syntax"
)

// The prelude is the functions in the script language that instructions and natives go on in. There are
// hundreds, and a script needs a few, so each is compiled when it is first called for, with those it names.

// PreludeName is the name of the prelude's module.
const PreludeName = "__prelude__"

//go:embed prelude.star
var preludeSource string

// preludeTop finds the name that a top-level statement of the prelude binds: "def f(" or "x = ".
var preludeTop = regexp.MustCompile(`(?m)^(?:def )?(\w+)(?:\(| = )`)

var identifier = regexp.MustCompile(`\w+`)

// A preludeIndex has the text of each top-level statement of a prelude by the name that it binds.
type preludeIndex map[string]string

// indexPrelude takes the prelude apart: the VM's part, then the registry's.
func indexPrelude(source string) preludeIndex {
	index := preludeIndex{}
	tops := preludeTop.FindAllStringSubmatchIndex(source, -1)
	for i, top := range tops {
		end := len(source)
		if i+1 < len(tops) {
			end = tops[i+1][0]
		}
		index[source[top[2]:top[3]]] = source[top[0]:end]
	}
	return index
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
		for _, other := range identifier.FindAllString(text, -1) {
			if _, ok := r.index[other]; ok && !found[other] && m.Get(other) == nil {
				found[other] = true
				todo = append(todo, other)
			}
		}
	}
	return constants.String() + functions.String()
}
