package vm

import (
	"unsafe"

	"go.starlark.net/starlark"
)

// A site is the inline cache of an instruction that looks up an attribute: up to four entries,
// for as many shapes, classes or modules as the instruction has met lately. [with one: methods of two
// classes in one list 1.4 times as slow]
type site struct {
	entries [4]siteEntry
	next    uint8 // the entry to be given up next

	// METHOD of a builtin value: its Go type, and what its methods have.
	tab    uintptr
	native *Native
}

// A siteEntry holds while no class has changed in a way that could matter: Process.epoch
// counts those changes; Process.values counts those of class attributes that are plain values, which only
// matter where the entry has such a value.
type siteEntry struct {
	shape  *Shape         // of the instance, or
	of     unsafe.Pointer // the class or module
	epoch  uint32
	values uint32
	slot   int     // of the instance or module, or -1
	value  Value   // found on the class, or nil
	grown  *Shape  // SETATTR: the shape with the attribute added, or nil
	leaf   *Native // what gets or, of SETATTR, sets a property, if that is a leaf, or nil
}

// site returns the inline cache of the instruction at pc.
func (pr *Proto) site(pc int) *site {
	if pr.sites == nil {
		pr.sites = make([]*site, len(pr.Code.Instrs))
	}
	s := pr.sites[pc]
	if s == nil {
		s = new(site)
		pr.sites[pc] = s
	}
	return s
}

// table returns the sites by pc, or nil if there are none yet.
func (pr *Proto) table() *caches {
	return (*caches)(unsafe.Pointer(unsafe.SliceData(pr.sites)))
}

// slot returns the slot of an attribute of instances of a shape if the first entry has it, or a negative
// number: what the loop looks at before it calls anything.
func (s *site) slot(shape *Shape, epoch uint32) int {
	if s == nil || s.entries[0].shape != shape || s.entries[0].epoch != epoch {
		return -1
	}
	return s.entries[0].slot
}

// find returns the entry for a shape, or nil.
func (s *site) find(shape *Shape, epoch uint32) *siteEntry {
	for i := range s.entries {
		if e := &s.entries[i]; e.shape == shape && e.epoch == epoch {
			return e
		}
	}
	return nil
}

// findOf returns the entry for a class or module, or nil.
func (s *site) findOf(of unsafe.Pointer, epoch uint32) *siteEntry {
	for i := range s.entries {
		if e := &s.entries[i]; e.of == of && e.epoch == epoch {
			return e
		}
	}
	return nil
}

// add makes room for an entry.
func (s *site) add(e siteEntry) *siteEntry {
	place := &s.entries[s.next]
	s.next = (s.next + 1) % uint8(len(s.entries))
	*place = e
	return place
}

// cachedAttr is GETATTR through the inline cache: the attribute, or nil if the cache
// cannot have it.
func (p *Process) cachedAttr(fr *Frame, x Value, pc int) Value {
	switch x := x.(type) {
	case *Instance:
		s := fr.Fn.Proto.site(pc)
		e := s.find(x.Shape, p.epoch)
		if e == nil || e.slot < 0 && e.values != p.values {
			if e = p.fillAttr(s, x.Shape, attrName(fr, pc)); e == nil {
				return nil
			}
		}
		switch {
		case e.slot >= 0:
			return x.Slots[e.slot]
		case e.leaf != nil:
			return p.getLeaf(e.leaf, x)
		}
		return e.value
	case *Exception:
		return p.exceptionAttr(fr, x, pc)
	case *Module:
		return moduleSlot(fr, x, pc)
	case *Class:
		return p.classValue(fr, x, pc)
	}
	return nil
}

// exceptionAttr is cachedAttr for exceptions.
func (p *Process) exceptionAttr(fr *Frame, x *Exception, pc int) Value {
	s := fr.Fn.Proto.site(pc)
	e := s.find(x.Shape, p.epoch)
	if e == nil || e.slot < 0 && e.values != p.values {
		if e = p.fillAttr(s, x.Shape, attrName(fr, pc)); e == nil {
			return nil
		}
	}
	switch {
	case e.slot >= 0:
		return x.Slots[e.slot]
	case e.leaf != nil:
		return p.getLeaf(e.leaf, x)
	}
	return e.value
}

// getLeaf calls the getter of a property. It returns nil if that fails, as it will where it is called again without the cache.
func (p *Process) getLeaf(get *Native, x Value) Value {
	p.leafArgs[0] = x
	v, err := get.Fn(p, p.leafArgs[:1], nil)
	p.leafArgs[0] = nil
	if err != nil {
		return nil
	}
	return v
}

// setLeaf calls the setter of a property. It reports whether that did it.
func (p *Process) setLeaf(set *Native, x, v Value) bool {
	p.leafArgs = [2]Value{x, v}
	_, err := set.Fn(p, p.leafArgs[:], nil)
	p.leafArgs = [2]Value{}
	return err == nil
}

// leafOf returns the getter or setter of a property, if it is a leaf, or nil.
func leafOf(f Value) *Native {
	if n, ok := f.(*Native); ok && n.Leaf {
		return n
	}
	return nil
}

// cachedManager returns the __enter__ and __exit__ of an instance's class through the inline cache of
// a WITH, if both are functions.
func (p *Process) cachedManager(fr *Frame, o *Instance) (enter, exit Value) {
	s := fr.Fn.Proto.site(fr.PC - 1)
	first, second := &s.entries[0], &s.entries[1]
	if first.shape != o.Shape || first.epoch != p.epoch {
		enter, exit := o.Shape.Class.Find("__enter__"), o.Shape.Class.Find("__exit__")
		if !isMethod(enter) || !isMethod(exit) {
			return nil, nil
		}
		*first = siteEntry{shape: o.Shape, epoch: p.epoch, value: enter}
		*second = siteEntry{value: exit}
	}
	return first.value, second.value
}

// attrName returns the name that the GETATTR or METHOD at pc looks up.
func attrName(fr *Frame, pc int) string {
	code := fr.Fn.Proto.Code
	return code.Names[code.Instrs[pc].C]
}

// fillAttr makes an entry for an attribute of instances of a shape, be it their own, a
// plain value of the class or a property whose getter is a leaf. It returns nil for one that has to be made anew each time.
func (p *Process) fillAttr(s *site, shape *Shape, name string) *siteEntry {
	found, slot := shape.Class.Find(name), shape.Index(name)
	if prop, ok := found.(*Property); ok && leafOf(prop.Get) != nil && !shape.Class.interceptsAttrs() {
		return s.add(siteEntry{shape: shape, epoch: p.epoch, values: p.values, slot: -1, leaf: leafOf(prop.Get)})
	}
	if shape.Class.interceptsAttrs() || isDataDescriptor(found) || slot < 0 && (found == nil || binds(found)) {
		return nil
	}
	return s.add(siteEntry{shape: shape, epoch: p.epoch, values: p.values, slot: slot, value: found})
}

// moduleSlot returns the global of a module that the instruction names, or nil.
func moduleSlot(fr *Frame, m *Module, pc int) Value {
	s := fr.Fn.Proto.site(pc)
	e := s.findOf(unsafe.Pointer(m), 0)
	if e == nil {
		slot, ok := m.Globals.Lookup(attrName(fr, pc))
		if !ok {
			return nil
		}
		e = s.add(siteEntry{of: unsafe.Pointer(m), slot: int(slot)})
	}
	return m.At(uint32(e.slot))
}

// classValue returns the attribute of a class that the instruction names, or nil if
// it is not there or has to be bound.
func (p *Process) classValue(fr *Frame, c *Class, pc int) Value {
	s := fr.Fn.Proto.site(pc)
	e := s.findOf(unsafe.Pointer(c), p.epoch)
	if e == nil || e.values != p.values {
		name := attrName(fr, pc)
		found := c.Find(name)
		static, ok := found.(*StaticMethod)
		switch _, method := found.(*ClassMethod); {
		case ok:
			found = static.Fn
		case found == nil || method || getter(found) != nil || name == "__annotations__":
			return nil
		}
		e = s.add(siteEntry{of: unsafe.Pointer(c), epoch: p.epoch, values: p.values, slot: -1, value: found})
	}
	return e.value
}

// cachedMethod is METHOD through the inline cache: a function and its first argument, or a
// value and nil, or nil twice if the cache cannot have it.
func (p *Process) cachedMethod(fr *Frame, x Value, pc int) (fn, self Value) {
	s := fr.Fn.Proto.site(pc)
	if s.tab == wordsOf(&x).tab {
		return s.native, x
	}
	switch x := x.(type) {
	case *Instance:
		e := s.find(x.Shape, p.epoch)
		if e == nil {
			if e = p.fillMethod(s, x.Shape, attrName(fr, pc)); e == nil {
				return nil, nil
			}
		}
		if e.slot >= 0 {
			return x.Slots[e.slot], nil
		}
		return e.value, x
	case *Module:
		fn = moduleSlot(fr, x, pc)
		if b, ok := fn.(*BoundMethod); ok {
			return b.Fn, b.Self
		}
		return fn, nil
	case *Class:
		return p.classValue(fr, x, pc), nil
	case *starlark.List, *starlark.Dict, *starlark.Set, starlark.String, starlark.Bytes, starlark.Tuple, *Generator:
		if m := p.Reg.MethodsOf(x.Type())[attrName(fr, pc)]; m != nil && m.Method {
			s.tab, s.native = wordsOf(&x).tab, m
			return m, x
		}
	}
	return nil, nil
}

// fillMethod makes an entry for an attribute of instances of a shape that is called: their own, or a
// function of their class. It returns nil for others.
func (p *Process) fillMethod(s *site, shape *Shape, name string) *siteEntry {
	found, slot := shape.Class.Find(name), shape.Index(name)
	if function := isMethod(found); shape.Class.interceptsAttrs() || isDataDescriptor(found) || !function && slot < 0 {
		return nil
	}
	return s.add(siteEntry{shape: shape, epoch: p.epoch, slot: slot, value: found})
}

// isMethod reports whether a class attribute is called with the instance as its first argument, and no other.
func isMethod(found Value) bool {
	switch f := found.(type) {
	case *Function:
		return true
	case *Native:
		return f.Method
	}
	return false
}

// setCached is SETATTR on an instance through the inline cache. It reports
// whether it did it.
func (p *Process) setCached(fr *Frame, o *Instance, pc int, v Value) bool {
	s := fr.Fn.Proto.site(pc)
	e := s.find(o.Shape, p.epoch)
	if e == nil {
		code := fr.Fn.Proto.Code
		if e = p.fillSet(s, o.Shape, code.Names[code.Instrs[pc].B]); e == nil {
			return false
		}
	}
	if e.slot >= 0 {
		o.Slots[e.slot] = v
		return true
	}
	if e.leaf != nil {
		return p.setLeaf(e.leaf, o, v)
	}
	class := o.Shape.Class
	if o.Slots == nil {
		o.Slots = make([]Value, 0, max(class.width, 1))
	}
	o.Shape = e.grown
	o.Slots = append(o.Slots, v)
	class.width = max(class.width, len(o.Slots))
	return true
}

// fillSet makes an entry for setting an attribute of instances of a shape, or
// returns nil if there is more to it.
func (p *Process) fillSet(s *site, shape *Shape, name string) *siteEntry {
	if isScript(shape.Class.Find("__setattr__")) || name == "__class__" || name == "__dict__" {
		return nil
	}
	found := shape.Class.Find(name)
	if prop, ok := found.(*Property); ok && leafOf(prop.Set) != nil {
		return s.add(siteEntry{shape: shape, epoch: p.epoch, slot: -1, leaf: leafOf(prop.Set)})
	}
	if isDataDescriptor(found) {
		return nil
	}
	e := siteEntry{shape: shape, epoch: p.epoch, slot: shape.Index(name)}
	if e.slot < 0 && !shape.Class.hasRoomFor(name) {
		return nil
	}
	if e.slot < 0 {
		e.grown = shape.With(name)
	}
	return s.add(e)
}
