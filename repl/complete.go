package repl

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"mpstar/builtins"
	"mpstar/host/compile"
	"mpstar/host/syntax"
	"mpstar/host/vm"
)

// A completer finds what may stand at the cursor. It looks at values as they
// are and runs no script code: what a property or a call would give, nobody knows.
type completer struct {
	process *vm.Process
	before  string // the earlier lines of the input
}

// mostWords is how many candidates are offered at most: above it liner asks a question.
const mostWords = 100

// words is a liner.WordCompleter.
func (c *completer) words(line string, pos int) (head string, words []string, tail string) {
	runes := []rune(line)
	left, tail := string(runes[:pos]), string(runes[pos:])
	if isBlank(left) {
		return left, []string{step}, tail
	}
	prefix, words := c.candidates(fromSymbols.Replace(left))
	words = slices.DeleteFunc(words, func(w string) bool {
		return !strings.HasPrefix(w, prefix) || strings.HasPrefix(w, "_") && !strings.HasPrefix(prefix, "_")
	})
	slices.Sort(words)
	words = slices.Compact(words)
	if len(words) > mostWords {
		words = words[:mostWords]
	}
	return left[:len(left)-len(prefix)], words, tail
}

var (
	importLine = atNeed(`^\s*(?:import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*|from\s+)([\w.]*)$`)
	fromLine   = atNeed(`^\s*from\s+([\w.]+)\s+import\s+\(?(?:\w+(?:\s+as\s+\w+)?\s*,\s*)*(\w*)$`)
)

// atNeed returns a function that compiles an expression when it is first called: every process of a
// script runs what initialises a package.
func atNeed(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// candidates returns the beginning of a word before the cursor, and all words
// that may stand there.
func (c *completer) candidates(left string) (prefix string, words []string) {
	if name, ok := strings.CutPrefix(left, ":"); ok && c.before == "" {
		return c.commandWords(name)
	}
	if m := importLine().FindStringSubmatch(left); m != nil {
		return m[1], c.modules()
	}
	if m := fromLine().FindStringSubmatch(left); m != nil {
		return m[2], c.namesOf(m[1])
	}
	p := findPlace(c.before + left)
	switch {
	case p.comment:
		return "", nil
	case p.quote >= 0:
		return fileWords(strings.TrimLeft(p.text[p.quote:], `"'`))
	}
	start := p.word(len(p.text))
	prefix = p.text[start:]
	if start > 0 && p.text[start-1] == '.' {
		return prefix, c.attributes(p.text[p.primary(start-1) : start-1])
	}
	return prefix, append(c.names(), c.keywordArguments(p)...)
}

func (c *completer) commandWords(name string) (prefix string, words []string) {
	word, arg, more := strings.Cut(name, " ")
	if more && word == "load" {
		return fileWords(strings.TrimLeft(arg, " "))
	}
	for _, cmd := range commands {
		words = append(words, cmd.name)
	}
	return name, words
}

// fileWords completes the name of a file, of which the last part is the word.
func fileWords(path string) (prefix string, words []string) {
	dir, prefix := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir + ".")) // what cannot be read has nothing to offer
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		if utf8.ValidString(name) && (prefix != "" || name[0] != '.') {
			words = append(words, name)
		}
	}
	return prefix, words
}

// names returns the names that are defined and the keywords.
func (c *completer) names() []string {
	words := syntax.Keywords()
	main := c.process.Modules["__main__"]
	for name, v := range c.process.Reg.Builtins {
		words = append(words, call(name, v))
	}
	for slot, v := range main.Slots {
		if v != nil {
			words = append(words, call(main.Globals.Names[slot], v))
		}
	}
	return words
}

// call adds the parenthesis that follows the name of a function.
func call(name string, v vm.Value) string {
	switch v := v.(type) {
	case *vm.Native:
		if v.Makes == "" {
			name += "("
		}
	case *vm.Function, *vm.BoundMethod:
		name += "("
	}
	return name
}

// attributes returns the attributes of the value of an expression.
func (c *completer) attributes(expr string) (words []string) {
	v := c.value(expr)
	if v == nil {
		return nil
	}
	for _, name := range c.process.Dir(v) {
		attr, _ := c.process.GetAttr(v, name) // nothing of a property, which is what a word needs
		words = append(words, call(name, attr))
	}
	return words
}

// keywordArguments returns the parameters of the function that is being called.
func (c *completer) keywordArguments(p *place) (words []string) {
	if len(p.open) == 0 || p.text[p.open[len(p.open)-1]] != '(' {
		return nil
	}
	end := p.open[len(p.open)-1]
	for _, name := range c.parameters(c.value(p.text[p.primary(end):end])) {
		words = append(words, name+"=")
	}
	return words
}

// parameters returns the names that arguments of a call can have.
func (c *completer) parameters(callee vm.Value) []string {
	skip := 0
	switch f := callee.(type) {
	case *vm.Class:
		callee, skip = f.Find("__init__"), 1
	case *vm.BoundMethod:
		callee, skip = f.Fn, 1
	}
	switch f := callee.(type) {
	case *vm.Function:
		return functionKeywords(f.Proto.Code, skip)
	case *vm.Native:
		return builtins.Keywords(f)
	}
	return nil
}

func functionKeywords(code *compile.Code, skip int) []string {
	return code.Locals[max(skip, code.NumPosOnly) : code.NumPos+code.NumKwOnly]
}

// modules returns the names of modules that can be imported.
func (c *completer) modules() (words []string) {
	for name := range c.process.Reg.Modules {
		words = append(words, name)
	}
	for name := range c.process.Reg.Sources {
		words = append(words, name)
	}
	for name := range c.process.Modules {
		words = append(words, name)
	}
	return append(words, builtins.ScriptModules(c.process)...)
}

// namesOf returns what can be imported from a module. One that has not been
// imported yet is only read, for running it is the script's business.
func (c *completer) namesOf(module string) []string {
	if m := c.process.Modules[module]; m != nil {
		return c.process.Dir(m)
	}
	if m := c.process.Reg.Module(module); m != nil {
		return c.process.Dir(m)
	}
	text := c.sourceOf(module)
	if text == "" {
		return nil
	}
	file, err := syntax.Parse(&syntax.Source{Text: text})
	if err != nil {
		return nil
	}
	return defined(file.Body)
}

func (c *completer) sourceOf(module string) string {
	if text, ok := c.process.Reg.Sources[module]; ok {
		return text()
	}
	for _, path := range builtins.ModulePaths(c.process, module) {
		if text, err := os.ReadFile(path); err == nil {
			return string(text)
		}
	}
	return ""
}

// defined returns the names that the statements of a module define at its top level, or
// name in __all__.
func defined(body []syntax.Stmt) (names []string) {
	for _, s := range body {
		switch s := s.(type) {
		case *syntax.FuncDef:
			names = append(names, s.Name.Name)
		case *syntax.ClassDef:
			names = append(names, s.Name.Name)
		case *syntax.Assign:
			for _, t := range s.Targets {
				name, ok := t.(*syntax.Name)
				if !ok {
					continue
				}
				names = append(names, name.Name)
				if name.Name == "__all__" {
					names = append(names, texts(s.Value)...)
				}
			}
		}
	}
	return names
}

// texts returns the strings in a list.
func texts(list syntax.Expr) (texts []string) {
	l, ok := list.(*syntax.List)
	if !ok {
		return nil
	}
	for _, e := range l.Elts {
		if c, ok := e.(*syntax.Constant); ok {
			if s, ok := c.Value.(string); ok {
				texts = append(texts, s)
			}
		}
	}
	return texts
}
