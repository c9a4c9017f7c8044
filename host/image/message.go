package image

import (
	"strings"

	"mpstar/host/vm"

	"go.starlark.net/starlark"
)

// A message is a value that goes from one running process of a tree to another.
// What is found by name in a module, a class, a member of an Enum or a function of the script, goes
// as that name (as in pickle), and is the receiver's own there: so an instance
// that arrives is one of the class that the receiver knows. Code that runs in a
// module runs in the receiver's module of that name. All else travels as in an image, closures and
// local classes too.
//
// It is a payload alone: between processes that live nothing is damaged, and
// whoever carries it knows its length.

// AppendMessage appends a value for another process of p's tree to buf.
func AppendMessage(buf []byte, p *vm.Process, v vm.Value) ([]byte, error) {
	e := &encoder{reg: p.Reg, buf: buf, cur: -1, sender: p}
	if e.scalar(v) {
		return e.buf, nil
	}
	e.ids = map[identity]int{}
	e.ref(v)
	e.drain()
	return e.buf, e.err
}

// DecodeMessage reads what AppendMessage wrote. The value keeps pointers into data.
func DecodeMessage(data []byte, p *vm.Process) (vm.Value, error) {
	d := &decoder{reg: p.Reg, data: data, size: len(data), receiver: p}
	v := d.ref()
	d.drain()
	return v, d.finish()
}

// IsNamed reports whether v goes into a message of p as no more than its name.
func IsNamed(p *vm.Process, v vm.Value) bool {
	if _, native := v.(*vm.Native); native {
		name, ok := p.Reg.NameOf(v)
		return ok && p.Reg.Lookup(name) == v
	}
	_, _, ok := messageName(p, v)
	return ok
}

// memberName is the attribute by which a member of an Enum knows under which name its class has it.
const memberName = "_name_"

// messageName returns where v is found, if it is what its module has under its qualified name.
func messageName(p *vm.Process, v vm.Value) (module, name string, ok bool) {
	switch v := v.(type) {
	case *vm.Class:
		module, name = v.Module, v.QualName
	case *vm.Function:
		module, name = v.Proto.Module.Name, v.Proto.Code.QualName
	case *vm.Instance:
		if member, ok := v.Get(memberName).(starlark.String); ok {
			module, name = v.Shape.Class.Module, v.Shape.Class.QualName+"."+string(member)
		}
	}
	return module, name, name != "" && lookup(p, module, name) == v
}

// global writes a reference by name, if this is a message and v has one.
func (e *encoder) global(v vm.Value) bool {
	if e.sender == nil {
		return false
	}
	module, name, ok := messageName(e.sender, v)
	if !ok {
		return false
	}
	if !e.seen(identity{address(v), -1}, kindGlobal) {
		e.str(module)
		e.str(name)
	}
	return true
}

// lookup finds what a module has under a qualified name, or nil.
func lookup(p *vm.Process, module, name string) vm.Value {
	m := p.Modules[module]
	if m == nil || strings.Contains(name, "<") {
		return nil
	}
	parts := strings.Split(name, ".")
	v := m.Get(parts[0])
	for _, part := range parts[1:] {
		c, ok := v.(*vm.Class)
		if !ok {
			return nil
		}
		v = c.Attrs[part]
	}
	return v
}

// newGlobal finds in the receiver what global named.
func (d *decoder) newGlobal() any {
	module, name := d.str(), d.str()
	if d.receiver == nil || d.err != nil {
		d.fail("a name in what is no message")
		return nil
	}
	if d.receiver.Reg.Sources[module] != nil {
		if _, err := d.receiver.ImportHost(module); err != nil {
			d.err = err
			return nil
		}
	}
	v := lookup(d.receiver, module, name)
	if v == nil {
		d.err = vm.Raise(vm.AttributeError, "Can't get attribute '%s' on module '%s'", name, module)
	}
	return v
}

// newNames returns the names of the global slots of __main__, if it gets its
// code piece by piece: the receiver may be older than some.
func (e *encoder) newNames(m *vm.Module) []string {
	if m.Name == "__main__" && e.sender.State[vm.PiecesKey] != nil {
		return m.Globals.Names
	}
	return nil
}

// learn gives a module the global slots that code of the sender names.
func (d *decoder) learn(m *vm.Module, names []string) {
	for slot, name := range names {
		if m.Globals.Slot(name) != uint32(slot) {
			d.err = vm.Raise(vm.RuntimeError, "a function that was received uses variable '%s' of module '%s', which has got others here meanwhile", name, m.Name)
			return
		}
	}
}

// receiverModule finds in the receiver a module that code of a message runs in.
func (d *decoder) receiverModule() any {
	name := d.str()
	if d.receiver == nil || d.err != nil {
		d.fail("the name of a module in what is no message")
		return nil
	}
	m := d.receiver.Modules[name]
	if m == nil {
		d.err = vm.Raise(vm.ModuleNotFoundError, "No module named '%s' here, which a function that was received belongs to", name)
		return nil
	}
	d.learn(m, d.strs())
	return m
}
