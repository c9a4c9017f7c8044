package vm

import (
	"strings"
	"sync"

	"go.starlark.net/starlark"
)

// A Registry is what a host provides, by name. It is the same in every process
// of a tree, so an image holds names for what is in it.
type Registry struct {
	Builtins map[string]Value                     // the universe: *Native, *Class, foreign builtins, constants
	Modules  map[string]func() *Module            // builtin modules, made when first needed
	Methods  map[string]func() map[string]*Native // by Type(): what makes, once, the methods of Go values by name
	Kinds    map[string]func() Portable           // empty Portables, by ImageKind
	Sources  map[string]func() string             // builtin modules written in the script language
	// Prelude is the source, in the script language, of the functions that
	// Native.Slow names. Intrinsics are natives that only it can see.
	Prelude    string
	Intrinsics map[string]*Native

	// What instructions do with the help of package builtins. Where they need script code they return NeedScript.
	Percent func(p *Process, format, operand Value) (Value, error)                 // % of a str or bytes
	Format  func(p *Process, x Value, conversion byte, spec string) (Value, error) // FORMAT; the conversion is 0 or the r, s or a behind !

	indexed sync.Once
	index   preludeIndex // of the whole prelude

	mu       sync.Mutex
	pristine map[string]*Module // what Modules made
	foreign  map[Value]string   // *starlark.Builtin, of Builtins and of pristine modules
}

// MethodsOf returns the methods of the Go values of a type, by name.
func (r *Registry) MethodsOf(typ string) map[string]*Native {
	if methods := r.Methods[typ]; methods != nil {
		return methods()
	}
	return nil
}

// Module returns the builtin module of that name as the host made it, or nil.
// It must not be changed: a process has its own copy.
func (r *Registry) Module(name string) *Module {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m, ok := r.pristine[name]; ok {
		return m
	}
	make, ok := r.Modules[name]
	if !ok {
		return nil
	}
	m := make()
	m.Builtin = true
	if r.pristine == nil {
		r.pristine = map[string]*Module{}
	}
	r.pristine[name] = m
	for slot, v := range m.Slots {
		r.note(v, name+"."+m.Globals.Names[slot])
	}
	return m
}

// note remembers the name of a foreign builtin.
func (r *Registry) note(v Value, name string) {
	if _, ok := v.(*starlark.Builtin); !ok {
		return
	}
	if r.foreign == nil {
		r.foreign = map[Value]string{}
	}
	if _, ok := r.foreign[v]; !ok {
		r.foreign[v] = name
	}
}

// NameOf returns the name by which Lookup finds v: for a Native, a builtin
// class or a foreign builtin without receiver.
func (r *Registry) NameOf(v Value) (string, bool) {
	switch v := v.(type) {
	case *Native:
		return v.Name, true
	case *Class:
		if v.Module == "builtins" {
			return v.Name, v.Builtin
		}
		return v.Module + "." + v.Name, v.Builtin
	case *starlark.Builtin:
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.foreign) == 0 {
			for name, b := range r.Builtins {
				r.note(b, name)
			}
		}
		name, ok := r.foreign[v]
		return name, ok && v.Receiver() == nil
	}
	return "", false
}

// Lookup returns what the host provides under a name: "len", "os.fork",
// "list.append" (a method, unbound), or nil.
func (r *Registry) Lookup(name string) Value {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		if v, ok := r.Builtins[name]; ok {
			return v
		}
		if n, ok := r.Intrinsics[name]; ok {
			return n
		}
		return nil
	}
	if m, ok := r.MethodsOf(name[:i])[name[i+1:]]; ok {
		return m
	}
	if c, ok := r.Lookup(name[:i]).(*Class); ok {
		return c.Attrs[name[i+1:]]
	}
	if m := r.Module(name[:i]); m != nil {
		return m.Get(name[i+1:])
	}
	return nil
}
