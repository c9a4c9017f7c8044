package builtins

import (
	"fmt"
	"strings"

	"mpstar/host/compile"
	"mpstar/host/syntax"
	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// eval, exec and compile. What they run is called in their place, by the VM.
//
// Without dicts, a text runs at the top level of a module as a part of that module; in a function it
// has a copy of the local variables before the module's. With a dict of globals, all its
// variables are in that dict.

// A codeObject is what compile returns. It is a text that is known to compile: what it becomes
// hangs on where its variables are.
type codeObject struct {
	src  *syntax.Source
	mode string

	last   *vm.Proto // what it was when it ran last; it does not travel
	module *vm.Module
	opts   compile.Options
}

var (
	_ vm.Portable       = (*codeObject)(nil)
	_ starlark.HasAttrs = (*codeObject)(nil)
)

// codeKind is codeObject's ImageKind.
const codeKind = "code"

func (c *codeObject) String() string {
	return fmt.Sprintf("<code object <module>, file \"%s\", line 1>", c.src.Name)
}
func (c *codeObject) Type() string          { return "code" }
func (c *codeObject) Freeze()               {}
func (c *codeObject) Truth() starlark.Bool  { return true }
func (c *codeObject) Hash() (uint32, error) { return starlark.String(c.src.Text).Hash() }

// Attr returns what a script may want to know of a code object.
func (c *codeObject) Attr(name string) (starlark.Value, error) {
	switch name {
	case "co_filename":
		return starlark.String(c.src.Name), nil
	case "co_name":
		return starlark.String("<module>"), nil
	}
	return nil, nil
}

// AttrNames returns the names that Attr knows.
func (c *codeObject) AttrNames() []string { return []string{"co_filename", "co_name"} }

// ImageKind, Image and Restore make it travel.
func (c *codeObject) ImageKind() string { return codeKind }

// Image writes the text, its name and the mode.
func (c *codeObject) Image() ([]byte, []vm.Value, error) {
	return nil, []vm.Value{starlark.String(c.mode), starlark.String(c.src.Name), starlark.String(c.src.Text)}, nil
}

// Restore takes what Image has written.
func (c *codeObject) Restore(data []byte, refs []vm.Value) error {
	if len(refs) != 3 {
		return fmt.Errorf("image: a code object of %d parts", len(refs))
	}
	texts := make([]string, len(refs))
	for i, v := range refs {
		texts[i], _ = starlark.AsString(v)
	}
	c.mode, c.src = texts[0], &syntax.Source{Name: texts[1], Text: texts[2]}
	return nil
}

// compiled returns the code for a module.
func (c *codeObject) compiled(p *vm.Process, m *vm.Module, opts compile.Options) (*vm.Proto, error) {
	opts.Interactive = c.mode == "single"
	if c.last != nil && c.module == m && c.opts == opts {
		return c.last, nil
	}
	parse := syntax.Parse
	if c.mode == "eval" {
		parse = syntax.ParseValue
	}
	file, err := parse(c.src)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	code, err := compile.File(file, m.Globals, opts)
	if err != nil {
		return nil, p.SyntaxException(err)
	}
	c.last, c.module, c.opts = vm.NewProto(code, m), m, opts
	return c.last, nil
}

func compileNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var source, flags, optimize vm.Value
	var filename, mode string
	var inherit bool
	err := unpack("compile", args, kwargs, "source", &source, "filename", &filename, "mode", &mode,
		"flags?", &flags, "dont_inherit?", &inherit, "optimize?", &optimize)
	if err != nil {
		return nil, err
	}
	switch mode {
	case "eval", "exec", "single":
	default:
		return nil, vm.Raise(vm.ValueError, "compile() mode must be 'exec', 'eval' or 'single'")
	}
	c, err := codeOf("compile", source, mode)
	if err != nil {
		return nil, err
	}
	c.src.Name = filename
	_, err = c.compiled(p, vm.NewNamespace(new(starlark.Dict)), dictOptions(p))
	return c, err
}

// codeOf returns the code object for the first argument of a function.
func codeOf(name string, source vm.Value, mode string) (*codeObject, error) {
	var text string
	switch s := vm.Plain(source).(type) {
	case *codeObject:
		return s, nil
	case starlark.String:
		text = string(s)
	case starlark.Bytes:
		text = string(s)
	default:
		return nil, vm.Raise(vm.TypeError, "%s() arg 1 must be a string, bytes or code object", name)
	}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, vm.Raise(vm.ValueError, "source code string cannot contain null bytes")
	}
	return &codeObject{src: &syntax.Source{Name: "<string>", Text: text}, mode: mode}, nil
}

func evalNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return evaluate(p, "eval", args, kwargs)
}

func execNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	return evaluate(p, "exec", args, kwargs)
}

func evaluate(p *vm.Process, name string, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	if len(kwargs) > 0 {
		return nil, vm.Raise(vm.TypeError, "%s() takes no keyword arguments", name)
	}
	if len(args) < 1 || len(args) > 3 {
		return nil, (&signature{arity: &arity{name: name, required: 1, positional: 3}}).countError(len(args))
	}
	c, err := codeOf(name, args[0], name)
	if err != nil {
		return nil, err
	}
	m, locals, err := namespaces(p, name, args[1:])
	if err != nil {
		return nil, err
	}
	opts := p.Options
	if m.Namespace() != nil {
		opts = dictOptions(p)
	}
	opts.Locals = locals != nil
	opts.Value = name == "eval" && c.mode == "eval"
	proto, err := c.compiled(p, m, opts)
	if err != nil {
		return nil, err
	}
	var params []vm.Value
	if locals != nil {
		params = []vm.Value{locals}
	}
	return p.Tail(&vm.Function{Proto: proto}, params, nil)
}

// dictOptions are those of code whose globals are in a dict.
func dictOptions(p *vm.Process) compile.Options {
	opts := p.Options
	opts.Locals, opts.Dict = true, true
	return opts
}

// namespaces returns the module that a text belongs to, and the dict with its other variables, if any.
func namespaces(p *vm.Process, name string, dicts []vm.Value) (*vm.Module, *starlark.Dict, error) {
	globals, err := namespace(name, "globals must be a dict", arg(dicts, 0))
	if err != nil {
		return nil, nil, err
	}
	locals, err := namespace(name, "locals must be a dict", arg(dicts, 1))
	if err != nil {
		return nil, nil, err
	}
	fr := caller(p)
	m := fr.Fn.Proto.Module
	switch {
	case globals == nil && locals == nil:
		locals, err = callerLocals(p, fr)
		return m, locals, err
	case globals == nil || m.MadeDict(globals) || m.Namespace() == globals:
		if locals == nil {
			locals = m.Namespace()
		}
		if m.MadeDict(locals) { // exec(text, globals(), locals()) at top level
			locals = nil
		}
		return m, locals, nil
	case locals == nil:
		locals = globals
	}
	return vm.NewNamespace(globals), locals, nil
}

// namespace returns a dict given to eval or exec, nil for None.
func namespace(name, must string, v vm.Value) (*starlark.Dict, error) {
	if v == nil || v == starlark.None {
		return nil, nil
	}
	if d, ok := vm.Plain(v).(*starlark.Dict); ok {
		return d, nil
	}
	return nil, vm.Raise(vm.TypeError, "%s() %s, not %s", name, must, vm.TypeName(v))
}

// callerLocals returns the local variables of a frame, nil at the top level of a module.
func callerLocals(p *vm.Process, fr *vm.Frame) (*starlark.Dict, error) {
	if fr.Fn.Proto.Code.Kind == compile.ModuleBody {
		return topLocals(p, fr), nil
	}
	d, err := localsFn(p, nil)
	if err != nil {
		return nil, err
	}
	return d.(*starlark.Dict), nil
}

// topLocals returns the dict with the variables of top-level code that has one, or nil.
func topLocals(p *vm.Process, fr *vm.Frame) *starlark.Dict {
	if fr.Fn.Proto.Code.NumPos == 0 {
		return nil
	}
	return p.Stack[fr.Base].(*starlark.Dict)
}

// importNative calls a function that is made of an import statement.
func importNative(p *vm.Process, args []vm.Value, kwargs []starlark.Tuple) (vm.Value, error) {
	var name string
	var globals, locals vm.Value
	fromlist := vm.Value(starlark.Tuple{})
	var level int
	err := unpack("__import__", args, kwargs, "name", &name, "globals?", &globals, "locals?", &locals, "fromlist?", &fromlist, "level?", &level)
	if err != nil {
		return nil, err
	}
	if name == "" && level == 0 {
		return nil, vm.Raise(vm.ValueError, "Empty module name")
	}
	in := compile.Instr{Op: compile.IMPORT, B: uint16(level)}
	if fromlist.Truth() {
		in.X = 1
	}
	at := syntax.Range{Start: syntax.Pos{Line: 1, Col: 1}, End: syntax.Pos{Line: 1, Col: 1}}
	code := &compile.Code{
		Name: "__import__", QualName: "__import__", Source: &syntax.Source{Name: "<string>"},
		NumRegs: 1, Names: []string{name}, Consts: []starlark.Value{starlark.None},
		Instrs: []compile.Instr{in, {Op: compile.RETURN}}, Depth: []uint16{0, 1},
		Lines: []compile.Line{{PC: 0, Range: at}},
	}
	return p.Tail(&vm.Function{Proto: vm.NewProto(code, caller(p).Fn.Proto.Module)}, nil, nil)
}
