package vm

import (
	"path/filepath"
	"slices"
	"strings"

	"mpstar/host/compile"
	"mpstar/host/syntax"

	"go.starlark.net/starlark"
)

// hostPrefix begins the names of sources that come with the host. Tracebacks leave
// out their frames.
const hostPrefix = "mpstar:"

// FromHost reports whether a source is the host's own: the prelude, or a
// builtin module in the script language.
func FromHost(src *syntax.Source) bool { return strings.HasPrefix(src.Name, hostPrefix) }

// FromHost reports whether a module is the host's, but written in the script language.
func (m *Module) FromHost() bool { return m.File == "" && !m.Builtin }

// Compile parses and compiles a source for a module with the given globals.
func (p *Process) Compile(src *syntax.Source, g *compile.Globals) (*compile.Code, error) {
	file, err := syntax.Parse(src)
	if err != nil {
		return nil, err
	}
	return compile.File(file, g, p.Options)
}

// compileHost is Compile for a source of the host: most of its functions are compiled when they are first called.
func (p *Process) compileHost(src *syntax.Source, g *compile.Globals) (*compile.Code, error) {
	file, err := syntax.ParseOutline(src)
	if err != nil {
		return nil, err
	}
	return compile.File(file, g, p.Options)
}

// completeFunction does COMPILE: the frame has a function of which only the def statement is compiled.
func (p *Process) completeFunction(fr *Frame) error {
	pr := fr.Fn.Proto
	if err := p.Complete(fr.Fn); err != nil {
		return err
	}
	first, end := fr.Base+pr.Code.NumParams(), fr.Base+pr.Code.NumRegs
	p.reserve(end + 1)
	clear(p.Stack[first:end])
	fr.PC = 0
	return nil
}

// Complete compiles a function of which only the def statement is compiled; others it leaves alone.
func (p *Process) Complete(f *Function) error {
	code := f.Proto.Code
	if code.Unread == nil {
		return nil
	}
	text := p.Reg.Sources[strings.TrimPrefix(code.Source.Name, hostPrefix)]()
	if err := compile.Complete(code, text, f.Proto.Module.Globals, p.Options); err != nil {
		return Raise(SystemError, "%s", err)
	}
	return nil
}

// importInstr does IMPORT. A nil value means that a module's body is to run
// first; the instruction runs again after it.
func (p *Process) importInstr(fr *Frame, in compile.Instr) (Value, error) {
	name := fr.Fn.Proto.Code.Names[in.C]
	from := fr.Fn.Proto.Module
	if in.X == 2 {
		m, err := p.importOne(name, from, true)
		return asValue(m), err
	}
	if in.B > 0 {
		base, err := relativeBase(from, int(in.B))
		if err != nil {
			return nil, err
		}
		name = strings.Trim(base+"."+name, ".")
	}
	parts := strings.Split(name, ".")
	var top, leaf *Module
	for i := range parts {
		m, err := p.importOne(strings.Join(parts[:i+1], "."), from, false)
		if err != nil || m == nil {
			return nil, err
		}
		if leaf != nil && leaf.Get(parts[i]) == nil {
			leaf.Set(parts[i], m)
		}
		if leaf = m; top == nil {
			top = m
		}
	}
	if in.X == 1 {
		return leaf, nil
	}
	return top, nil
}

func asValue(m *Module) Value {
	if m == nil {
		return nil
	}
	return m
}

func relativeBase(m *Module, dots int) (string, error) {
	pkg := m.Name
	if strings.HasPrefix(filepath.Base(m.File), "__init__.") {
		dots-- // the module is its own package
	}
	for range dots {
		i := strings.LastIndexByte(pkg, '.')
		if i < 0 {
			return "", Raise(ImportError, "attempted relative import with no known parent package")
		}
		pkg = pkg[:i]
	}
	return pkg, nil
}

// importOne returns a module, or nil after pushing the frame that makes it.
func (p *Process) importOne(name string, from *Module, load bool) (*Module, error) {
	if m := p.Modules[name]; m != nil {
		return m, nil
	}
	if m := p.submodule(name); m != nil {
		p.addModule(name, m)
		return m, nil
	}
	if m := p.Reg.Module(name); m != nil {
		return p.adopt(m), nil
	}
	src, err := p.findSource(name, from, load)
	if err != nil {
		return nil, err
	}
	m := NewModule(name, src.Name)
	if FromHost(src) {
		m.File = ""
	}
	m.Set("__name__", starlark.String(name))
	m.Set("__file__", starlark.String(src.Name))
	compile := p.Compile
	if FromHost(src) {
		compile = p.compileHost
	}
	code, err := compile(src, m.Globals)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	setDoc(m, code)
	p.addModule(name, m)
	return nil, p.start(&Function{Proto: NewProto(code, m)}, nil, RetRetry)
}

// findSource returns the source of a module that is not made in Go.
func (p *Process) findSource(name string, from *Module, load bool) (*syntax.Source, error) {
	if text, ok := p.Reg.Sources[name]; ok && !load {
		return &syntax.Source{Name: hostPrefix + name, Text: text()}, nil
	}
	if p.FindModule == nil {
		return nil, p.noModule(name)
	}
	src, err := p.FindModule(p, name, from, load)
	if err == nil && src == nil {
		err = p.noModule(name)
	}
	return src, err
}

// adopt gives the process its own copy of a builtin module.
func (p *Process) adopt(pristine *Module) *Module {
	m := pristine.Copy()
	p.addModule(m.Name, m)
	return m
}

// ImportHost returns a module that the host has in the script language, and
// runs its body if need be.
func (p *Process) ImportHost(name string) (*Module, error) {
	if m := p.Modules[name]; m != nil {
		return m, nil
	}
	text, ok := p.Reg.Sources[name]
	if !ok {
		return nil, p.noModule(name)
	}
	m := NewModule(name, "")
	code, err := p.compileHost(&syntax.Source{Name: hostPrefix + name, Text: text()}, m.Globals)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	m.Set("__name__", starlark.String(name))
	setDoc(m, code)
	p.addModule(name, m)
	_, err = p.Call(&Function{Proto: NewProto(code, m)}, nil, nil)
	return m, err
}

// setDoc sets the __doc__ of a script's module.
func setDoc(m *Module, code *compile.Code) {
	m.Set("__doc__", starlark.None)
	if code.HasDoc {
		m.Set("__doc__", starlark.String(code.Doc))
	}
}

// submodule returns a builtin module that another one has as an attribute: os.path.
func (p *Process) submodule(name string) *Module {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return nil
	}
	parent := p.Modules[name[:i]]
	if parent == nil || !parent.Builtin {
		return nil
	}
	m, _ := parent.Get(name[i+1:]).(*Module)
	return m
}

// Copy returns a module with the same slots, which can be changed, as can the
// builtin modules among them.
func (m *Module) Copy() *Module {
	c := &Module{Name: m.Name, File: m.File, Builtin: m.Builtin, Globals: m.Globals.Extend(), Slots: slices.Clone(m.Slots)}
	for slot, v := range c.Slots {
		if sub, ok := v.(*Module); ok {
			c.Slots[slot] = sub.Copy()
		}
	}
	return c
}

func (p *Process) addModule(name string, m *Module) {
	if p.Modules == nil {
		p.Modules = map[string]*Module{}
	}
	if p.Modules[name] == nil {
		p.Order = append(p.Order, name)
	}
	p.Modules[name] = m
}

// Import returns a builtin module as the script would get it by importing it.
func (p *Process) Import(name string) *Module {
	if m := p.Modules[name]; m != nil {
		return m
	}
	return p.adopt(p.Reg.Module(name))
}

// forget drops a module whose body failed.
func (p *Process) forget(m *Module) {
	if m.Name == "__main__" || p.Modules[m.Name] != m {
		return
	}
	delete(p.Modules, m.Name)
	for i, name := range p.Order {
		if name == m.Name {
			p.Order = append(p.Order[:i:i], p.Order[i+1:]...)
			return
		}
	}
}

func (p *Process) noModule(name string) error {
	var names []string
	for n := range p.Reg.Modules {
		names = append(names, n)
	}
	for n := range p.Reg.Sources {
		names = append(names, n)
	}
	e := NewException(ModuleNotFoundError, starlark.String("No module named '"+name+"'"))
	e.Hint = DidYouMean(name, sorted(names))
	e.Set("name", starlark.String(name))
	return e
}

// importFrom does IMPORTFROM: an attribute of a module, or a module within it.
func (p *Process) importFrom(x Value, name string) (Value, error) {
	a, err := p.attr(x, name)
	if err == nil && a.fn == nil {
		return a.value, nil
	}
	if err == nil {
		return p.call(a.fn, a.args, nil, p.window(), RetStore)
	}
	m, ok := x.(*Module)
	if !ok {
		return nil, err
	}
	sub := m.Name + "." + name
	if p.Modules[sub] != nil || p.Reg.Module(sub) != nil || p.Reg.Sources[sub] != nil {
		s, err := p.importOne(sub, m, false)
		return asValue(s), err
	}
	if p.FindModule != nil && !m.Builtin {
		if src, _ := p.FindModule(p, sub, m, false); src != nil {
			s, err := p.importOne(sub, m, false)
			return asValue(s), err
		}
	}
	where := "unknown location"
	if m.File != "" {
		where = m.File
	}
	e := NewException(ImportError, starlark.String("cannot import name '"+name+"' from '"+m.Name+"' ("+where+")"))
	e.Hint = DidYouMean(name, p.Dir(m))
	e.Set("name", starlark.String(m.Name))
	return nil, e
}

// importStar does IMPORTSTAR. It pushes a frame if a name is made when it is asked for, and
// runs again after it.
func (p *Process) importStar(fr *Frame, in compile.Instr, regs []Value) error {
	m, ok := regs[in.A].(*Module)
	if !ok {
		return Raise(TypeError, "import * needs a module, not %s", TypeName(regs[in.A]))
	}
	set := fr.Fn.Proto.Module.Set
	if d := variables(fr, in, regs); d != nil {
		set = func(name string, v Value) { _ = d.SetKey(starlark.String(name), v) } // a string always hashes
	}
	if all := m.Get("__all__"); all != nil {
		names, err := p.Iterate(all)
		if err != nil {
			return err
		}
		for _, n := range names {
			s, _ := starlark.AsString(n)
			a, err := p.attr(m, s)
			if err != nil {
				return err
			}
			if a.fn != nil {
				return p.start(a.fn, a.args, RetRetry)
			}
			set(s, a.value)
		}
		return nil
	}
	for slot, v := range m.Slots {
		if name := m.Globals.Names[slot]; v != nil && !strings.HasPrefix(name, "_") {
			set(name, v)
		}
	}
	return nil
}

// SyntaxException returns a *syntax.Error as the exception that a script sees.
func (p *Process) SyntaxException(err error) error {
	se, ok := err.(*syntax.Error)
	if !ok {
		return AsException(err, SyntaxError)
	}
	e := NewException(ExceptionClasses[se.Class], starlark.String(se.Msg))
	e.Set("filename", starlark.String(se.Source.Name))
	e.Set("lineno", MakeInt(int64(se.Range.Start.Line)))
	e.Set("offset", MakeInt(int64(se.Range.Start.Col)))
	e.Set("text", starlark.String(se.Source.Line(se.Range.Start.Line)))
	e.Set("end_lineno", MakeInt(int64(se.Range.End.Line)))
	e.Set("end_offset", MakeInt(int64(se.Range.End.Col)))
	e.Detail = se.Error()
	return e
}
