// Package syntax turns the text of a script into a tree.
//
// The grammar is Python 3.11's, without async and except*, plus Starlark's load
// statement; the package comment of parse.go has it in full. The tree says
// what was written and nothing more: which scope a name belongs to, and
// whether a break has a loop around it, is for package compile to find.
//
// Invariants: every node carries the range of source it was parsed from; no
// input, of any bytes, makes Parse panic or take more than linear time; every
// failure is an *Error.
package syntax

import "iter"

// A Pos is a place in a source text.
type Pos struct {
	Line int32 // from 1
	Col  int32 // in bytes, from 1
}

// A Range is the source text [Start, End) of a node. Every node embeds one.
type Range struct {
	Start, End Pos
}

// Span returns the range itself, so that every node has the method.
func (r Range) Span() Range { return r }

// A Source is the text of one file, kept for messages and tracebacks.
type Source struct {
	Name string // as shown to the user: a path, "<string>" or "<stdin>"
	Text string
}

// A Node is any part of the tree.
type Node interface{ Span() Range }

// A File is the root of a tree.
type File struct {
	Range
	Source *Source
	Body   []Stmt
}

// A Stmt is a statement.
type Stmt interface {
	Node
	stmt()
}

// An Expr is an expression.
type Expr interface {
	Node
	expr()
}

// An Ident is a name where no expression can stand: a parameter, an
// attribute, an alias.
type Ident struct {
	Range
	Name string
}

// Statements.
type (
	// ExprStmt is an expression evaluated for its effect. A string alone is a docstring.
	ExprStmt struct {
		Range
		X Expr
	}

	// Assign is Targets[0] = Targets[1] = … = Value. The targets have been
	// checked to be assignable: Name, Attr, Index, Starred, Tuple, List.
	Assign struct {
		Range
		Targets []Expr
		Value   Expr
	}

	// AugAssign is Target Op= Value. Target is a Name, Attr or Index.
	AugAssign struct {
		Range
		Target Expr
		Op     Op
		Value  Expr
	}

	// AnnAssign is Target: Annotation [= Value].
	AnnAssign struct {
		Range
		Target     Expr
		Annotation Expr
		Value      Expr // or nil
	}

	// Return is return [Value].
	Return struct {
		Range
		Value Expr // or nil
	}

	// Pass does nothing.
	Pass struct{ Range }

	// Break leaves the innermost loop.
	Break struct{ Range }

	// Continue goes on with the innermost loop.
	Continue struct{ Range }

	// Del is del Targets. The targets are Name, Attr, Index, or Tuple and List of those.
	Del struct {
		Range
		Targets []Expr
	}

	// Global is global Names.
	Global struct {
		Range
		Names []Ident
	}

	// Nonlocal is nonlocal Names.
	Nonlocal struct {
		Range
		Names []Ident
	}

	// Assert is assert Cond [, Msg].
	Assert struct {
		Range
		Cond Expr
		Msg  Expr // or nil
	}

	// Raise is raise [Exc [from Cause]].
	Raise struct {
		Range
		Exc   Expr // nil: re-raise
		Cause Expr // or nil
	}

	// Import is import Names.
	Import struct {
		Range
		Names []Alias
	}

	// ImportFrom is from Module import Names, or import *.
	ImportFrom struct {
		Range
		Level  int    // leading dots
		Module string // dotted; may be empty if Level > 0
		Names  []Alias
		Star   bool // Names is empty
	}

	// Load is Starlark's load(Module, "x", y="z"): Names bind As to Name.
	// A statement is a Load if it is a call of the plain name load with two
	// or more arguments, all of them string literals.
	Load struct {
		Range
		Module string
		Names  []Alias
	}

	// If is if Cond: Then else: Else. An elif is an If alone in Else.
	If struct {
		Range
		Cond Expr
		Then []Stmt
		Else []Stmt
	}

	// While is while Cond: Body else: Else.
	While struct {
		Range
		Cond Expr
		Body []Stmt
		Else []Stmt
	}

	// For is for Target in X: Body else: Else.
	For struct {
		Range
		Target Expr
		X      Expr
		Body   []Stmt
		Else   []Stmt
	}

	// Try is try: Body, the handlers, else: Else, finally: Finally.
	Try struct {
		Range
		Body     []Stmt
		Handlers []Handler
		Else     []Stmt
		Finally  []Stmt
	}

	// With is with Items: Body.
	With struct {
		Range
		Items []WithItem
		Body  []Stmt
	}

	// Match is match Subject: Cases. There is at least one.
	Match struct {
		Range
		Subject Expr
		Cases   []Case
	}

	// FuncDef is a def statement. Range starts at def, not at the decorators.
	FuncDef struct {
		Range
		Decorators []Expr
		Name       Ident
		Params     Params
		Returns    Expr // annotation or nil
		Body       []Stmt
		Unread     *Unread // what follows Body, if ParseOutline has passed over it
	}

	// ClassDef is a class statement. Range starts at class.
	ClassDef struct {
		Range
		Decorators []Expr
		Name       Ident
		Args       []Arg // bases and keywords
		Body       []Stmt
	}
)

// An Alias is Name [as As] in an import. Name is dotted in Import.
type Alias struct {
	Range
	Name string
	As   string // "" if there is none
}

// A Handler is except [Type [as Name]]: Body.
type Handler struct {
	Range
	Type Expr   // nil: catches everything
	Name *Ident // or nil
	Body []Stmt
}

// A WithItem is X [as Target].
type WithItem struct {
	Range
	X      Expr
	Target Expr // or nil
}

// A Case is case Pattern [if Guard]: Body.
type Case struct {
	Pattern Pattern
	Guard   Expr // or nil
	Body    []Stmt
}

// A Pattern is what a case compares the subject of a match with.
type Pattern interface {
	Node
	pattern()
}

// Patterns.
type (
	// MatchValue is a literal or a dotted name: a Constant, a Unary minus of
	// one, or an Attr. None, True and False are compared by identity.
	MatchValue struct {
		Range
		X Expr
	}

	// MatchSequence is [a, *b, c], with brackets, parentheses or neither. At
	// most one element is a MatchStar, which stands nowhere else.
	MatchSequence struct {
		Range
		Elts []Pattern
	}

	// MatchStar is *Name. The name _ binds nothing.
	MatchStar struct {
		Range
		Name string
	}

	// MatchMapping is {k: p, **Rest}. A key is what MatchValue may hold.
	MatchMapping struct {
		Range
		Keys   []Expr
		Values []Pattern // of Keys
		Rest   string    // "" if there is none
	}

	// MatchClass is Class(p, name=q). Class is a Name or Attr of Names.
	MatchClass struct {
		Range
		Class      Expr
		Positional []Pattern
		Names      []Ident
		Named      []Pattern // of Names
	}

	// MatchOr is p | q.
	MatchOr struct {
		Range
		Alternatives []Pattern
	}

	// MatchAs is Pattern as Name, or Name alone, which matches anything. The
	// name _ alone binds nothing.
	MatchAs struct {
		Range
		Pattern Pattern // or nil
		Name    string
	}
)

// Params are the parameters of a def or lambda, in the order written:
// positional-only, ordinary, *Varargs, keyword-only, **Kwargs.
type Params struct {
	Positional []Param // positional-only ones first
	NumPosOnly int     // how many of Positional stand before a slash
	Varargs    *Param  // *args, or nil; nil too for a bare star
	KwOnly     []Param
	Kwargs     *Param // or nil
}

// All yields the parameters in the order of a call's variables: positional, keyword-only, *args, **kwargs.
func (p *Params) All() iter.Seq[*Param] {
	return func(yield func(*Param) bool) {
		for _, list := range [][]Param{p.Positional, p.KwOnly} {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
		for _, x := range []*Param{p.Varargs, p.Kwargs} {
			if x != nil && !yield(x) {
				return
			}
		}
	}
}

// A Param is one parameter.
type Param struct {
	Ident
	Annotation Expr // or nil
	Default    Expr // or nil
}

// Expressions. A parenthesised expression is the expression itself; only
// Tuple and generator Comp ranges take in their parentheses.
type (
	// Name is a variable.
	Name struct {
		Range
		Name string
	}

	// Constant is a literal: Value is nil for None, or a bool, int64,
	// *big.Int, float64, string, Bytes or Dots. Adjacent string literals
	// arrive as one.
	Constant struct {
		Range
		Value any
	}

	// FString is an f-string, with the plain strings beside it. A part is a
	// *Constant holding a string, or a *Format.
	FString struct {
		Range
		Parts []Expr
	}

	// Format is a replacement field {X!Conv:Spec} of an f-string. For {X=}
	// the parser has put the text "X=" before it as a Constant and set Conv
	// to 'r' where neither Conv nor Spec was written.
	Format struct {
		Range
		X    Expr
		Conv byte     // 0, 'r', 's' or 'a'
		Spec *FString // or nil
	}

	// Tuple is (a, b), with or without parentheses.
	Tuple struct {
		Range
		Elts []Expr
	}

	// List is [a, b].
	List struct {
		Range
		Elts []Expr
	}

	// Set is {a, b}.
	Set struct {
		Range
		Elts []Expr
	}

	// Dict is {k: v, **m}. An unpacked mapping has Key nil.
	Dict struct {
		Range
		Entries []Entry
	}

	// Comp is a comprehension or generator expression. Elt is the element,
	// or the key of a DictComp, whose value is Value.
	Comp struct {
		Range
		Kind    CompKind
		Elt     Expr
		Value   Expr // DictComp only
		Clauses []Clause
	}

	// Starred is *X in a display, a call's argument list excepted, or a target.
	Starred struct {
		Range
		X Expr
	}

	// Unary is Op X; Op is Plus, Minus, Tilde or Not.
	Unary struct {
		Range
		Op Op
		X  Expr
	}

	// Binary is X Op Y, with an arithmetic or bitwise Op.
	Binary struct {
		Range
		Op   Op
		X, Y Expr
	}

	// Logical is X and Y, or X or Y.
	Logical struct {
		Range
		Op   Op // And, Or
		X, Y Expr
	}

	// Compare is X Ops[0] Ys[0] Ops[1] Ys[1] …
	Compare struct {
		Range
		X   Expr
		Ops []Op
		Ys  []Expr
	}

	// Cond is Then if Cond else Else.
	Cond struct {
		Range
		Cond, Then, Else Expr
	}

	// Lambda is lambda Params: Body.
	Lambda struct {
		Range
		Params Params
		Body   Expr
	}

	// Call is Fn(Args).
	Call struct {
		Range
		Fn   Expr
		Args []Arg
	}

	// Attr is X.Name.
	Attr struct {
		Range
		X    Expr
		Name Ident
	}

	// Index is X[Key]. Key may be a Slice, or a Tuple that holds Slices.
	Index struct {
		Range
		X   Expr
		Key Expr
	}

	// Slice is Lo:Hi:Step, only within an Index. Each may be nil.
	Slice struct {
		Range
		Lo, Hi, Step Expr
	}

	// Walrus is Name := Value.
	Walrus struct {
		Range
		Name  *Name
		Value Expr
	}

	// Yield is yield [X].
	Yield struct {
		Range
		X Expr // or nil
	}

	// YieldFrom is yield from X.
	YieldFrom struct {
		Range
		X Expr
	}
)

// An Arg is one argument of a call or base of a class.
type Arg struct {
	Range
	Kind ArgKind
	Name Ident // KeywordArg only
	X    Expr
}

// ArgKind tells how an argument was written.
type ArgKind uint8

// The kinds of argument: X, Name=X, *X, **X.
const (
	PositionalArg ArgKind = iota
	KeywordArg
	StarArg
	StarStarArg
)

// An Entry is Key: Value in a dict display, or **Value if Key is nil.
type Entry struct {
	Key, Value Expr
}

// A Clause is one "for Target in X" of a comprehension with the ifs after it.
type Clause struct {
	Range
	Target Expr
	X      Expr
	Ifs    []Expr
}

// CompKind tells what a comprehension makes.
type CompKind uint8

// The kinds of comprehension.
const (
	ListComp CompKind = iota
	SetComp
	DictComp
	GenExpr
)

// Bytes is the value of a bytes literal.
type Bytes string

// Dots is the value of the literal "...".
type Dots struct{}

// An Op is an operator.
type Op uint8

// The operators. Arithmetic ones come first, so that op <= MatMul tells a
// binary arithmetic operator, then comparisons.
const (
	Plus Op = iota
	Minus
	Star
	Slash
	SlashSlash
	Percent
	StarStar
	Ampersand
	Pipe
	Caret
	LtLt
	GtGt
	MatMul

	Eq
	Ne
	Lt
	Le
	Gt
	Ge
	In
	NotIn
	Is
	IsNot

	And
	Or
	Not
	Tilde
)

var opNames = [...]string{
	Plus: "+", Minus: "-", Star: "*", Slash: "/", SlashSlash: "//",
	Percent: "%", StarStar: "**", Ampersand: "&", Pipe: "|", Caret: "^",
	LtLt: "<<", GtGt: ">>", MatMul: "@",
	Eq: "==", Ne: "!=", Lt: "<", Le: "<=", Gt: ">", Ge: ">=",
	In: "in", NotIn: "not in", Is: "is", IsNot: "is not",
	And: "and", Or: "or", Not: "not", Tilde: "~",
}

// String returns the operator as it is written.
func (op Op) String() string { return opNames[op] }

func (*ExprStmt) stmt()   {}
func (*Assign) stmt()     {}
func (*AugAssign) stmt()  {}
func (*AnnAssign) stmt()  {}
func (*Return) stmt()     {}
func (*Pass) stmt()       {}
func (*Break) stmt()      {}
func (*Continue) stmt()   {}
func (*Del) stmt()        {}
func (*Global) stmt()     {}
func (*Nonlocal) stmt()   {}
func (*Assert) stmt()     {}
func (*Raise) stmt()      {}
func (*Import) stmt()     {}
func (*ImportFrom) stmt() {}
func (*Load) stmt()       {}
func (*If) stmt()         {}
func (*While) stmt()      {}
func (*For) stmt()        {}
func (*Try) stmt()        {}
func (*With) stmt()       {}
func (*Match) stmt()      {}
func (*FuncDef) stmt()    {}
func (*ClassDef) stmt()   {}

func (*MatchValue) pattern()    {}
func (*MatchSequence) pattern() {}
func (*MatchStar) pattern()     {}
func (*MatchMapping) pattern()  {}
func (*MatchClass) pattern()    {}
func (*MatchOr) pattern()       {}
func (*MatchAs) pattern()       {}

func (*Name) expr()      {}
func (*Constant) expr()  {}
func (*FString) expr()   {}
func (*Format) expr()    {}
func (*Tuple) expr()     {}
func (*List) expr()      {}
func (*Set) expr()       {}
func (*Dict) expr()      {}
func (*Comp) expr()      {}
func (*Starred) expr()   {}
func (*Unary) expr()     {}
func (*Binary) expr()    {}
func (*Logical) expr()   {}
func (*Compare) expr()   {}
func (*Cond) expr()      {}
func (*Lambda) expr()    {}
func (*Call) expr()      {}
func (*Attr) expr()      {}
func (*Index) expr()     {}
func (*Slice) expr()     {}
func (*Walrus) expr()    {}
func (*Yield) expr()     {}
func (*YieldFrom) expr() {}
