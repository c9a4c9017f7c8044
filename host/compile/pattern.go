package compile

import (
	"slices"

	"mpstar/host/syntax"
)

// This file compiles the match statement. The errors are those of CPython's
// compiler (Python/compile.c, compiler_match ff.).
//
// What a pattern takes apart goes to temporaries that stay until the case is
// done: a name that the pattern binds is one of these, and becomes a variable
// only when the whole pattern has matched.

// match notes the names that the cases of a match statement use.
func (c *collector) match(s *syntax.Match) {
	c.expr(s.Subject)
	for i := range s.Cases {
		k := &s.Cases[i]
		walkPattern(k.Pattern, c.expr, func(_ syntax.Range, name string) { c.bind(name, assigned) })
		c.optional(k.Guard)
		c.stmts(k.Body)
	}
}

// walkPattern calls value for each expression in a pattern and name for each name that it binds.
func walkPattern(p syntax.Pattern, value func(syntax.Expr), name func(syntax.Range, string)) {
	bind := func(at syntax.Range, s string) {
		if s != "" && s != "_" {
			name(at, s)
		}
	}
	each := func(list []syntax.Pattern) {
		for _, p := range list {
			walkPattern(p, value, name)
		}
	}
	switch p := p.(type) {
	case *syntax.MatchValue:
		value(p.X)
	case *syntax.MatchSequence:
		each(p.Elts)
	case *syntax.MatchStar:
		bind(p.Range, p.Name)
	case *syntax.MatchMapping:
		for _, k := range p.Keys {
			value(k)
		}
		each(p.Values)
		bind(p.Range, p.Rest)
	case *syntax.MatchClass:
		value(p.Class)
		each(p.Positional)
		each(p.Named)
	case *syntax.MatchOr:
		each(p.Alternatives)
	case *syntax.MatchAs:
		if p.Pattern != nil {
			walkPattern(p.Pattern, value, name)
		}
		bind(p.Range, p.Name)
	}
}

func (b *builder) match(s *syntax.Match) {
	end := newLabel()
	subject := b.push(s.Subject) // a copy: cases assign to variables
	for i := range s.Cases {
		c := &s.Cases[i]
		if c.Guard == nil && i < len(s.Cases)-1 {
			b.checkRefutable(c.Pattern)
		}
		next := newLabel()
		m := &matcher{builder: b, miss: next}
		m.pattern(c.Pattern, subject)
		for _, v := range m.bound {
			b.writeName(v.at, v.name, v.reg)
		}
		b.top = subject + 1
		if c.Guard != nil {
			b.cond(c.Guard, false, next)
		}
		b.stmts(c.Body)
		b.jump(s.Range, end)
		b.bind(next)
	}
	b.bind(end)
}

// checkRefutable fails at a pattern that matches everything, for what comes after it is in vain.
func (b *builder) checkRefutable(p syntax.Pattern) {
	all, ok := irrefutable(p)
	switch {
	case !ok:
	case all.Name == "_":
		b.fail(all.Range, "wildcard makes remaining patterns unreachable")
	default:
		b.fail(all.Range, "name capture '%s' makes remaining patterns unreachable", all.Name)
	}
}

// irrefutable returns the part of a pattern that matches everything, if the pattern does.
func irrefutable(p syntax.Pattern) (*syntax.MatchAs, bool) {
	for {
		switch q := p.(type) {
		case *syntax.MatchAs:
			if q.Pattern == nil {
				return q, true
			}
			p = q.Pattern
		case *syntax.MatchOr:
			p = q.Alternatives[len(q.Alternatives)-1]
		default:
			return nil, false
		}
	}
}

// A matcher compiles the pattern of one case.
type matcher struct {
	*builder
	miss  *label // where to go if the pattern does not match
	bound []binding
}

// A binding is a name and the temporary with its value to be.
type binding struct {
	name string
	at   syntax.Range
	reg  Reg
}

// capture notes that a pattern binds a name to R[r].
func (m *matcher) capture(at syntax.Range, name string, r Reg) {
	if name == "" || name == "_" {
		return
	}
	if m.find(name) >= 0 {
		m.fail(at, "multiple assignments to name '%s' in pattern", name)
	}
	m.bound = append(m.bound, binding{name, at, r})
}

// find returns the place of a name among those bound, or -1.
func (m *matcher) find(name string) int {
	return slices.IndexFunc(m.bound, func(v binding) bool { return v.name == name })
}

// pattern emits the comparison of R[src] with a pattern.
func (m *matcher) pattern(p syntax.Pattern, src Reg) {
	switch p := p.(type) {
	case *syntax.MatchValue:
		m.value(p, src)
	case *syntax.MatchSequence:
		m.sequence(p, src)
	case *syntax.MatchMapping:
		m.mapping(p, src)
	case *syntax.MatchClass:
		m.class(p, src)
	case *syntax.MatchOr:
		m.or(p, src)
	case *syntax.MatchAs:
		if p.Pattern != nil {
			m.pattern(p.Pattern, src)
		}
		m.capture(p.Range, p.Name, src)
	}
}

func (m *matcher) value(p *syntax.MatchValue, src Reg) {
	top := m.top
	in := Instr{Op: IFEQ, A: src, C: m.rk(p.X)}
	if k, ok := p.X.(*syntax.Constant); ok {
		switch k.Value.(type) {
		case nil, bool:
			in.Op = IFIS
		}
	}
	m.branch(p.Range, in, m.miss)
	m.top = top
}

// patterns compares the values in registers from first on with patterns.
func (m *matcher) patterns(list []syntax.Pattern, first Reg) {
	for i, p := range list {
		m.pattern(p, first+Reg(i))
	}
}

// take emits an instruction that has n registers from B on written where it matches.
func (m *matcher) take(at syntax.Range, in Instr, n int) {
	top := m.top
	m.top = in.B
	m.need(at, n)
	m.top = top
	m.branch(at, in, m.miss)
	m.top = in.B
	m.alloc(at, n)
}

func (m *matcher) sequence(p *syntax.MatchSequence, src Reg) {
	n, star := len(p.Elts), NoStar
	for i, e := range p.Elts {
		if _, ok := e.(*syntax.MatchStar); !ok {
			continue
		}
		if star != NoStar {
			m.fail(p.Range, "multiple starred names in sequence pattern")
		}
		if i >= NoStar {
			m.fail(p.Range, "too many expressions in star-unpacking sequence pattern")
		}
		star = i
	}
	first := m.top
	m.take(p.Range, Instr{Op: MATCHSEQ, X: uint8(star), A: src, B: first, C: uint16(n)}, n)
	for i, e := range p.Elts {
		if s, ok := e.(*syntax.MatchStar); ok {
			m.capture(s.Range, s.Name, first+Reg(i))
			continue
		}
		m.pattern(e, first+Reg(i))
	}
}

func (m *matcher) mapping(p *syntax.MatchMapping, src Reg) {
	n := len(p.Keys)
	first := m.top
	seen := make(map[any]bool)
	for _, k := range p.Keys {
		if v, ok := fold(k, foldDepth); ok {
			if seen[constKey(v)] {
				m.fail(p.Range, "mapping pattern checks duplicate key (%s)", constValue(v))
			}
			seen[constKey(v)] = true
		}
		m.push(k)
	}
	in := Instr{Op: MATCHMAP, A: src, B: first, C: uint16(n)}
	if p.Rest != "" {
		in.X = 1
	}
	m.take(p.Range, in, n+int(in.X))
	m.patterns(p.Values, first)
	m.capture(p.Range, p.Rest, first+Reg(n))
}

func (m *matcher) class(p *syntax.MatchClass, src Reg) {
	names := make([]string, len(p.Names))
	for i, id := range p.Names {
		if slices.Contains(names[:i], id.Name) {
			m.fail(p.Named[i].Span(), "attribute name repeated in class pattern: %s", id.Name)
		}
		names[i] = id.Name
	}
	n := len(p.Positional)
	if n > maxDirect || len(names) > maxDirect {
		m.fail(p.Range, "too many sub-patterns in class pattern")
	}
	first := m.push(p.Class)
	m.pushConst(p.Range, names)
	m.take(p.Range, Instr{Op: MATCHCLASS, X: uint8(n), A: src, B: first, C: uint16(n + len(names))}, n+len(names))
	m.patterns(p.Positional, first)
	m.patterns(p.Named, first+Reg(n))
}

// or compares R[src] with one alternative after the other. The names that all of
// them bind have registers of their own, to which each moves its values.
func (m *matcher) or(p *syntax.MatchOr, src Reg) {
	outer := m.bound
	var common []binding
	walkPattern(p.Alternatives[0], func(syntax.Expr) {}, func(at syntax.Range, name string) {
		if !slices.ContainsFunc(common, func(v binding) bool { return v.name == name }) {
			common = append(common, binding{name, at, m.pushConst(at, nil)})
		}
	})
	matched, last := newLabel(), len(p.Alternatives)-1
	for i, alternative := range p.Alternatives {
		if i < last {
			m.checkRefutable(alternative)
		}
		miss := m.miss
		if i < last {
			m.miss = newLabel()
		}
		base := m.top
		m.bound = nil
		m.pattern(alternative, src)
		m.unite(p, common)
		m.top = base
		if i < last {
			m.jump(p.Range, matched)
			m.bind(m.miss)
		}
		m.miss = miss
	}
	m.bind(matched)
	m.bound = outer
	for _, v := range common {
		m.capture(v.at, v.name, v.reg)
	}
}

// unite moves what an alternative has bound to the registers that all alternatives share.
func (m *matcher) unite(p *syntax.MatchOr, common []binding) {
	if len(m.bound) != len(common) {
		m.fail(p.Range, "alternative patterns bind different names")
	}
	for _, v := range common {
		i := m.find(v.name)
		if i < 0 {
			m.fail(p.Range, "alternative patterns bind different names")
		}
		m.move(p.Range, v.reg, m.bound[i].reg)
	}
}
