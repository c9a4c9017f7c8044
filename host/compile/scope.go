package compile

import (
	"fmt"
	"strings"

	"mpstar/host/syntax"
)

// A scope is a part of the text with names of its own: a module, class body,
// function or comprehension. The collector (collect.go) makes one for each and
// notes how it uses each name; resolve then finds what every name means, by
// CPython's rules (Python/symtable.c, whose messages are used too).
type scope struct {
	kind   scopeKind
	parent *scope
	frame  *scope // whose registers hold the variables: itself, or, for an inlined comprehension, the function around
	class  string // the class whose private names are mangled here, or ""

	name, qualname string
	syms           map[string]*symbol
	order          []*symbol // the values of syms, by first appearance

	comp          *syntax.Comp    // of which comprehension or generator expression this is the scope, if any
	iterables     int             // how many comprehensions' iterables around the text being collected
	assignsInExpr bool            // of a frame: a walrus assigns to one of its variables
	rebound       map[string]bool // names that a walrus in this comprehension has bound outside

	generator bool      // a yield was seen
	early     []*symbol // of a frame: variables of inlined comprehensions that may be read before they are bound
	classCell *symbol   // of a class body: __class__, if a method uses it
}

type scopeKind uint8

const (
	moduleScope scopeKind = iota
	classScope
	funcScope // generator expressions too
	compScope // a list, set or dict comprehension: no frame of its own
)

// A symbol is a name in a scope. If the scope binds the name, the symbol is
// the variable.
type symbol struct {
	name  string
	scope *scope
	use   usage
	at    syntax.Range // of the nonlocal declaration

	to *symbol // what the name means here: itself, a variable of a scope around, or nil for a global

	// For variables.
	captured bool // an inner frame uses it: it lives in a cell
	deleted  bool // by del or the end of an except clause
	walrus   bool // an expression may assign to it
	early    bool // listed in frame.early
	reg      Reg  // set when its frame or comprehension is compiled
}

// A usage says in what ways a scope uses a name.
type usage uint8

const (
	used usage = 1 << iota
	assigned
	parameter
	annotated
	target // of a comprehension
	globalDecl
	nonlocalDecl

	bound = assigned | parameter | annotated | target
)

func (u usage) has(any usage) bool { return u&any != 0 }

// bindsHere reports whether the symbol is a variable of its own scope.
func (s *symbol) bindsHere() bool {
	return s.use.has(bound) && !s.use.has(globalDecl|nonlocalDecl)
}

// sym returns the symbol of a (mangled) name, making one if need be.
func (s *scope) sym(name string) *symbol {
	if y, ok := s.syms[name]; ok {
		return y
	}
	y := &symbol{name: name, scope: s}
	s.syms[name] = y
	s.order = append(s.order, y)
	return y
}

// mangle returns the name that stands for a private name in a class.
func (s *scope) mangle(name string) string {
	if s.class == "" || !strings.HasPrefix(name, "__") || strings.HasSuffix(name, "__") || strings.Contains(name, ".") {
		return name
	}
	class := strings.TrimLeft(s.class, "_")
	if class == "" {
		return name
	}
	return "_" + class + name
}

// resolve finds the meaning of every name in a list of scopes, outer ones
// first.
func resolve(src *syntax.Source, scopes []*scope) error {
	for _, s := range scopes {
		for _, y := range s.order {
			if err := s.resolve(src, y); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *scope) resolve(src *syntax.Source, y *symbol) error {
	switch {
	case y.use.has(globalDecl):
		if y.use.has(nonlocalDecl) {
			return syntaxError(src, y.at, "name '%s' is nonlocal and global", y.name)
		}
		return nil
	case y.bindsHere():
		if s.kind != moduleScope {
			y.to = y
		}
		return nil
	}
	y.to = s.parent.find(y.name)
	if y.to == nil {
		if y.use.has(nonlocalDecl) {
			return syntaxError(src, y.at, "no binding for nonlocal '%s' found", y.name)
		}
		return nil
	}
	if y.to.scope.frame != s.frame {
		y.to.captured = true
	}
	return nil
}

// find returns the variable that a name used within s, and not bound there,
// stands for, or nil if it is a global. The scopes from s out are resolved.
func (s *scope) find(name string) *symbol {
	for ; s != nil; s = s.parent {
		if s.kind == classScope {
			if name == "__class__" {
				return s.classVariable()
			}
			continue // the names of a class body are not visible within
		}
		if y, ok := s.syms[name]; ok {
			return y.to
		}
	}
	return nil
}

// classVariable returns the variable __class__ of a class body.
func (s *scope) classVariable() *symbol {
	if s.classCell == nil {
		s.classCell = &symbol{name: "__class__", scope: s, captured: true}
	}
	return s.classCell
}

func syntaxError(src *syntax.Source, at syntax.Range, format string, args ...any) error {
	return &syntax.Error{Source: src, Class: "SyntaxError", Msg: fmt.Sprintf(format, args...), Range: at}
}
