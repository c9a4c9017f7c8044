package builtins

import (
	"fmt"
	"slices"
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// help: signatures and documentation, from the tables of this package, from the
// docstrings of a script, and from modules written in the script language.

func helpFn(p *vm.Process, a []vm.Value) (vm.Value, error) {
	if file, ok := stdout(p).(*File); ok {
		return starlark.None, file.WriteString(p, helpText(p, a))
	}
	return nil, vm.NeedScript
}

const helpIntro = "help(x) shows what x is: a function, a class, a module, a value.\n" +
	"help(\"os.fork\") and help(\"multiprocessing\") find it by its name.\n"

func helpText(p *vm.Process, a []vm.Value) string {
	x := arg(a, 0)
	if x == nil {
		return helpIntro
	}
	h := &helper{process: p}
	if name, ok := x.(starlark.String); ok {
		if x = h.named(string(name)); x == nil {
			return fmt.Sprintf("There is nothing of the name %s.\n", name)
		}
	}
	h.show(x)
	return h.text.String()
}

// A helper writes what help shows.
type helper struct {
	process *vm.Process
	text    strings.Builder
}

// helpWidth is how wide the lines are made, where they have blanks.
const helpWidth = 78

// named returns what has a dotted name: a builtin, a variable of the script, a module.
func (h *helper) named(name string) vm.Value {
	p := h.process
	if main := p.Modules["__main__"]; main != nil {
		if v := h.attribute(main, name); v != nil {
			return v
		}
	}
	if v := p.Reg.Lookup(name); v != nil {
		return v
	}
	if v := p.Reg.Lookup(strings.Replace(name, "str.", "string.", 1)); v != nil {
		return v
	}
	for module, rest := name, ""; ; {
		if m := h.module(module); m != nil {
			return h.attribute(m, rest)
		}
		i := strings.LastIndexByte(module, '.')
		if i < 0 {
			return nil
		}
		rest = strings.TrimSuffix(module[i+1:]+"."+rest, ".")
		module = module[:i]
	}
}

// module returns a module that is there, or that the host has.
func (h *helper) module(name string) *vm.Module {
	if m := h.process.Modules[name]; m != nil {
		return m
	}
	if m := h.process.Reg.Module(name); m != nil {
		return m
	}
	m, err := h.process.ImportHost(name)
	if err != nil {
		return nil
	}
	return m
}

// attribute follows a dotted name, as far as that runs no script code.
func (h *helper) attribute(v vm.Value, path string) vm.Value {
	for path != "" {
		name, rest, _ := strings.Cut(path, ".")
		if m, ok := v.(*vm.Module); ok {
			h.global(m, name) // so that it is there
		}
		next, err := h.process.GetAttr(v, name)
		if err != nil {
			return nil
		}
		v, path = next, rest
	}
	return v
}

func (h *helper) show(x vm.Value) {
	switch x := x.(type) {
	case *vm.Module:
		h.showModule(x)
	case *vm.Class:
		h.showClass(x)
	case *vm.Native:
		h.entry("", x.ShortName()+x.Sig, x.Doc)
		if x.Makes != "" {
			h.methods(h.process.Reg.MethodsOf(x.Makes))
		}
	case *vm.Function, *vm.BoundMethod, *vm.StaticMethod, *vm.ClassMethod:
		sig, doc := h.callable("", x)
		h.entry("", sig, doc)
	default:
		h.entry("", vm.Repr(x), "A value of type "+vm.TypeName(x)+".")
		if o := instance(x); o != nil {
			h.showClass(o.Shape.Class)
			return
		}
		h.methods(h.process.Reg.MethodsOf(x.Type()))
	}
}

// callable returns the signature and the documentation of a function, under
// another name than its own if one is given.
func (h *helper) callable(name string, x vm.Value) (sig, doc string) {
	skip := 0
	for {
		switch f := x.(type) {
		case *vm.BoundMethod:
			x, skip = f.Fn, 1
			continue
		case *vm.StaticMethod:
			x = f.Fn
			continue
		case *vm.ClassMethod:
			x, skip = f.Fn, 1
			continue
		case *vm.Native:
			return either(name, f.ShortName()) + f.Sig, f.Doc
		case *vm.Function:
			return either(name, f.Proto.Code.Name) + signatureOf(f, skip), f.Proto.Code.Doc
		}
		return name, ""
	}
}

func either(name, usual string) string {
	if name != "" {
		return name
	}
	return usual
}

// signatureOf writes the parameters of a script's function, but for the first skip.
func signatureOf(f *vm.Function, skip int) string {
	code := f.Proto.Code
	var params []string
	for i, name := range code.Locals[:code.NumPos] {
		if d := i - (code.NumPos - len(f.Defaults)); d >= 0 {
			name += "=" + vm.Repr(f.Defaults[d])
		}
		params = append(params, name)
		if i+1 == code.NumPosOnly {
			params = append(params, "/")
		}
	}
	rest := code.Locals[code.NumPos:code.NumParams()]
	named := rest[:code.NumKwOnly]
	rest = rest[code.NumKwOnly:]
	switch {
	case code.HasVarargs:
		params = append(params, "*"+rest[0])
		rest = rest[1:]
	case code.NumKwOnly > 0:
		params = append(params, "*")
	}
	for i, name := range named {
		if f.KwDefaults[i] != nil {
			name += "=" + vm.Repr(f.KwDefaults[i])
		}
		params = append(params, name)
	}
	if code.HasKwargs {
		params = append(params, "**"+rest[0])
	}
	return "(" + strings.Join(params[min(skip, len(params)):], ", ") + ")"
}

// entry writes a heading and, indented below it, a documentation if there is one.
func (h *helper) entry(margin, heading, doc string) {
	h.text.WriteString(margin + heading + "\n")
	if doc == "" {
		return
	}
	for paragraph := range strings.SplitSeq(strings.TrimSpace(dedent(doc)), "\n") {
		h.wrap(margin+"    ", paragraph)
	}
}

// dedent takes away the indentation that the lines after the first have in common.
func dedent(doc string) string {
	lines := strings.Split(doc, "\n")
	common := -1
	for _, line := range lines[1:] {
		if text := strings.TrimLeft(line, " \t"); text != "" && (common < 0 || len(line)-len(text) < common) {
			common = len(line) - len(text)
		}
	}
	for i, line := range lines {
		if i > 0 && len(line) >= common && common > 0 {
			lines[i] = line[common:]
		}
	}
	return strings.Join(lines, "\n")
}

// wrap writes a line, cut at blanks where it is too long.
func (h *helper) wrap(margin, line string) {
	for len(margin)+len(line) > helpWidth {
		i := strings.LastIndexByte(line[:helpWidth-len(margin)+1], ' ')
		if i <= 0 {
			break
		}
		h.text.WriteString(margin + line[:i] + "\n")
		line = line[i+1:]
	}
	h.text.WriteString(strings.TrimRight(margin+line, " ") + "\n")
}

func (h *helper) showModule(m *vm.Module) {
	h.entry("", "module "+m.Name, docOf(m.Get("__doc__")))
	var functions, classes, values []string
	for _, name := range h.process.Dir(m) {
		switch v := h.global(m, name).(type) {
		case *vm.Module:
		case *vm.Class:
			classes = append(classes, name)
		case *vm.Native, *vm.Function, *vm.BoundMethod:
			functions = append(functions, name)
		default:
			if v != nil {
				values = append(values, name)
			}
		}
	}
	for _, group := range [][]string{functions, classes} {
		for _, name := range public(group) {
			h.text.WriteByte('\n')
			sig, doc := h.member(name, m.Get(name))
			h.entry("", sig, doc)
		}
	}
	if values := public(values); len(values) > 0 {
		h.text.WriteString("\nvalues\n")
		h.wrap("    ", strings.Join(values, ", "))
	}
}

func public(names []string) []string {
	return slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "_") })
}

// member returns how a class or function of a module, or a method, is called, and what it does.
func (h *helper) member(name string, x vm.Value) (sig, doc string) {
	switch x := x.(type) {
	case *vm.Class:
		sig, _ = h.callable(name, initOf(x))
		return "class " + sig, docOf(x.Attrs["__doc__"])
	case *vm.Property:
		doc := docOf(x.Doc)
		if f, ok := x.Get.(*vm.Function); ok && doc == "" {
			doc = f.Proto.Code.Doc
		}
		return name, doc
	}
	return h.callable(name, x)
}

// initOf returns the constructor of a class as it is called.
func initOf(c *vm.Class) vm.Value {
	if f, ok := c.Find("__init__").(*vm.Function); ok {
		return &vm.BoundMethod{Self: c, Fn: f}
	}
	return &vm.Native{Sig: "(*args)"}
}

func (h *helper) showClass(c *vm.Class) {
	sig, doc := h.member(c.Name, c)
	h.entry("", sig, doc)
	if len(c.MRO) > 2 {
		var bases []string
		for _, b := range c.MRO[1 : len(c.MRO)-1] {
			bases = append(bases, b.Name)
		}
		h.entry("", "", "Inherits from "+strings.Join(bases, ", ")+".")
	}
	seen := map[string]bool{}
	for _, k := range c.MRO[:len(c.MRO)-1] {
		if k.Builtin && k != c {
			continue // the exceptions' own methods
		}
		for _, name := range k.Keys {
			if !seen[name] && !strings.HasPrefix(name, "_") {
				seen[name] = true
				h.text.WriteByte('\n')
				sig, doc := h.member(name, bound(k.Attrs[name]))
				h.entry("    ", sig, doc)
			}
		}
	}
}

// bound makes an attribute of a class what it is of an instance: a function that
// has its first argument.
func bound(attr vm.Value) vm.Value {
	if f, ok := attr.(*vm.Function); ok {
		return &vm.BoundMethod{Self: starlark.None, Fn: f}
	}
	return attr
}

func (h *helper) methods(methods map[string]*vm.Native) {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range public(names) {
		h.text.WriteByte('\n')
		h.entry("    ", name+methods[name].Sig, methods[name].Doc)
	}
}

func docOf(v vm.Value) string {
	s, _ := starlark.AsString(v)
	return s
}

// global returns a global of a module, which may be made when it is first asked for.
func (h *helper) global(m *vm.Module, name string) vm.Value {
	hook := m.Get("__getattr__")
	if v := m.Get(name); v != nil || hook == nil || !m.FromHost() {
		return v
	}
	v, _ := h.process.Call(hook, []vm.Value{starlark.String(name)}, nil)
	return v
}
