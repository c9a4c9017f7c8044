package syntax

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAST compares our trees of CPython's library with CPython's own: all of
// the structure, every value, and every range but those within f-strings.
func TestAST(t *testing.T) {
	files := cpythonFiles(t)
	cmd := exec.Command("python3", "-W", "ignore", "testdata/astdump.py")
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for chunk := range strings.SplitSeq("\n"+string(out), "\nFILE ") {
		name, want, ok := strings.Cut(chunk, "\n")
		if !ok {
			continue
		}
		if reason, skip := strings.CutPrefix(want, "SKIP "); skip {
			t.Logf("%s is left out: %s", filepath.Base(name), reason)
			continue
		}
		compared++
		compareTrees(t, name, want)
	}
	if compared == 0 {
		t.Error("no file was compared")
	}
}

// cpythonFiles returns the modules of CPython's library, or those that the
// pattern in MPSTAR_SYNTAX_CORPUS names, and our file of every form.
func cpythonFiles(t *testing.T) []string {
	const lib = "import os, sys; print(os.path.dirname(os.__file__), sys.version_info[:2] == (3, 11))"
	out, err := exec.Command("python3", "-c", lib).Output()
	if err != nil {
		t.Skip("there is no python3 to compare with")
	}
	dir, is311, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if is311 != "True" {
		t.Skip("python3 is not CPython 3.11, whose grammar we follow")
	}
	pattern := filepath.Join(dir, "*.py")
	if p := os.Getenv("MPSTAR_SYNTAX_CORPUS"); p != "" {
		pattern = p
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return append(files, "testdata/tree.py")
}

// compareTrees reports the first line in which our tree of a file is not the
// wanted one.
func compareTrees(t *testing.T, name, want string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := Parse(&Source{name, string(text)})
	if err != nil {
		t.Error(err)
		return
	}
	var d dumper
	d.stmts(file.Body, 0)
	got := strings.Split(strings.TrimSpace(d.out.String()), "\n")
	for i, w := range strings.Split(strings.TrimSpace(want), "\n") {
		if i >= len(got) || got[i] != w {
			t.Errorf("%s:\n got %s\nwant %s", name, got[min(i, len(got)-1)], w)
			return
		}
	}
}

// A dumper writes a tree as testdata/astdump.py writes CPython's.
type dumper struct {
	out     bytes.Buffer
	fstring int // how many f-strings we are in
}

func (d *dumper) at(r Range) string {
	if d.fstring > 0 {
		return ""
	}
	return fmt.Sprintf("@%d:%d-%d:%d", r.Start.Line, r.Start.Col, r.End.Line, r.End.Col)
}

func (d *dumper) line(depth int, format string, args ...any) {
	fmt.Fprintf(&d.out, "%s%s\n", strings.Repeat("  ", depth), fmt.Sprintf(format, args...))
}

func (d *dumper) stmts(body []Stmt, depth int) {
	for _, s := range body {
		d.stmt(s, depth)
	}
}

func (d *dumper) body(what string, body []Stmt, depth int) {
	if body != nil {
		d.line(depth, "%s", what)
		d.stmts(body, depth+1)
	}
}

func (d *dumper) stmt(s Stmt, depth int) {
	at := d.at(s.Span())
	head := func(name string, words ...string) {
		d.line(depth, "%s%s %s", name, at, strings.Join(words, " "))
	}
	switch s := s.(type) {
	case *ExprStmt:
		head("Expr", d.expr(s.X))
	case *Assign:
		head("Assign", append(d.list(s.Targets), "=", d.expr(s.Value))...)
	case *AugAssign:
		head("AugAssign", d.expr(s.Target), s.Op.String(), d.expr(s.Value))
	case *AnnAssign:
		head("AnnAssign", d.expr(s.Target), d.expr(s.Annotation), d.expr(s.Value))
	case *Return:
		head("Return", d.expr(s.Value))
	case *Pass:
		head("Pass")
	case *Break:
		head("Break")
	case *Continue:
		head("Continue")
	case *Del:
		head("Delete", d.list(s.Targets)...)
	case *Global:
		head("Global", idents(s.Names)...)
	case *Nonlocal:
		head("Nonlocal", idents(s.Names)...)
	case *Assert:
		head("Assert", d.expr(s.Cond), d.expr(s.Msg))
	case *Raise:
		head("Raise", d.expr(s.Exc), d.expr(s.Cause))
	case *Import:
		head("Import", d.aliases(s.Names)...)
	case *ImportFrom:
		names := d.aliases(s.Names)
		if s.Star {
			names = []string{"*"}
		}
		head("ImportFrom", append([]string{fmt.Sprint(s.Level), orDash(s.Module)}, names...)...)
	case *Load:
		head("Load", append([]string{s.Module}, d.aliases(s.Names)...)...)
	case *If:
		head("If", d.expr(s.Cond))
		d.body("body", s.Then, depth+1)
		d.body("else", s.Else, depth+1)
	case *While:
		head("While", d.expr(s.Cond))
		d.body("body", s.Body, depth+1)
		d.body("else", s.Else, depth+1)
	case *For:
		head("For", d.expr(s.Target), d.expr(s.X))
		d.body("body", s.Body, depth+1)
		d.body("else", s.Else, depth+1)
	case *Try:
		head("Try")
		d.body("body", s.Body, depth+1)
		for _, h := range s.Handlers {
			name := ""
			if h.Name != nil {
				name = h.Name.Name
			}
			d.line(depth+1, "handler%s %s %s", d.at(h.Range), d.expr(h.Type), orDash(name))
			d.body("body", h.Body, depth+2)
		}
		d.body("else", s.Else, depth+1)
		d.body("finally", s.Finally, depth+1)
	case *With:
		var items []string
		for _, item := range s.Items {
			items = append(items, d.expr(item.X)+" as "+d.expr(item.Target))
		}
		head("With", items...)
		d.body("body", s.Body, depth+1)
	case *Match:
		head("Match", d.expr(s.Subject))
		for _, c := range s.Cases {
			d.line(depth+1, "case %s %s", d.pattern(c.Pattern), d.expr(c.Guard))
			d.body("body", c.Body, depth+2)
		}
	case *FuncDef:
		d.decorators(s.Decorators, depth)
		head("FunctionDef", s.Name.Name, d.params(&s.Params), d.expr(s.Returns))
		d.body("body", s.Body, depth+1)
	case *ClassDef:
		d.decorators(s.Decorators, depth)
		head("ClassDef", s.Name.Name, d.args(s.Args))
		d.body("body", s.Body, depth+1)
	}
}

// pattern writes p, which may be nil.
func (d *dumper) pattern(p Pattern) string {
	if p == nil {
		return "-"
	}
	at := d.at(p.Span())
	form := func(name string, words ...string) string {
		return "(" + strings.Join(append([]string{name + at}, words...), " ") + ")"
	}
	switch p := p.(type) {
	case *MatchValue:
		return form("MatchValue", d.expr(p.X))
	case *MatchSequence:
		return form("MatchSequence", d.patterns(p.Elts))
	case *MatchStar:
		return form("MatchStar", p.Name)
	case *MatchMapping:
		return form("MatchMapping", d.bracketed(p.Keys), d.patterns(p.Values), orDash(p.Rest))
	case *MatchClass:
		words := append([]string{d.expr(p.Class), d.patterns(p.Positional)}, idents(p.Names)...)
		return form("MatchClass", append(words, d.patterns(p.Named))...)
	case *MatchOr:
		return form("MatchOr", d.patterns(p.Alternatives))
	case *MatchAs:
		return form("MatchAs", d.pattern(p.Pattern), p.Name)
	}
	panic(fmt.Sprintf("unknown pattern %T", p))
}

func (d *dumper) patterns(ps []Pattern) string {
	var words []string
	for _, p := range ps {
		words = append(words, d.pattern(p))
	}
	return "[" + strings.Join(words, " ") + "]"
}

func (d *dumper) decorators(xs []Expr, depth int) {
	for _, x := range xs {
		d.line(depth, "decorator %s", d.expr(x))
	}
}

func idents(ids []Ident) []string {
	var names []string
	for _, id := range ids {
		names = append(names, id.Name)
	}
	return names
}

func (d *dumper) aliases(as []Alias) []string {
	var words []string
	for _, a := range as {
		words = append(words, a.Name+" as "+orDash(a.As)+d.at(a.Range))
	}
	return words
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (d *dumper) list(xs []Expr) []string {
	var words []string
	for _, x := range xs {
		words = append(words, d.expr(x))
	}
	return words
}

func (d *dumper) bracketed(xs []Expr) string {
	return "[" + strings.Join(d.list(xs), " ") + "]"
}

func (d *dumper) params(p *Params) string {
	var words []string
	for i, param := range p.Positional {
		if i == p.NumPosOnly {
			words = append(words, "/")
		}
		words = append(words, d.param(&param))
	}
	if p.NumPosOnly == len(p.Positional) {
		words = append(words, "/")
	}
	if p.Varargs != nil {
		words = append(words, "*"+d.param(p.Varargs))
	}
	words = append(words, "*")
	for _, param := range p.KwOnly {
		words = append(words, d.param(&param))
	}
	if p.Kwargs != nil {
		words = append(words, "**"+d.param(p.Kwargs))
	}
	return "[" + strings.Join(words, " ") + "]"
}

func (d *dumper) param(p *Param) string {
	return p.Name + ":" + d.expr(p.Annotation) + "=" + d.expr(p.Default)
}

func (d *dumper) args(args []Arg) string {
	var words []string
	for _, a := range args {
		switch a.Kind {
		case PositionalArg:
			words = append(words, d.expr(a.X))
		case KeywordArg:
			words = append(words, a.Name.Name+"="+d.at(a.Range)+d.expr(a.X))
		case StarArg:
			words = append(words, "*"+d.at(a.Range)+d.expr(a.X))
		case StarStarArg:
			words = append(words, "**"+d.at(a.Range)+d.expr(a.X))
		}
	}
	return "[" + strings.Join(words, " ") + "]"
}

// expr writes x, which may be nil.
func (d *dumper) expr(x Expr) string {
	if x == nil {
		return "-"
	}
	at := d.at(x.Span())
	form := func(name string, words ...string) string {
		return "(" + strings.Join(append([]string{name + at}, words...), " ") + ")"
	}
	switch x := x.(type) {
	case *Name:
		return form("Name", x.Name)
	case *Constant:
		return form("Constant", constantText(x.Value))
	case *FString:
		d.fstring++
		parts := d.bracketed(x.Parts)
		d.fstring--
		return form("JoinedStr", parts)
	case *Format:
		conv := "-"
		if x.Conv != 0 {
			conv = string(rune(x.Conv))
		}
		spec := "-"
		if x.Spec != nil {
			spec = d.expr(x.Spec)
		}
		return form("FormattedValue", d.expr(x.X), conv, spec)
	case *Tuple:
		return form("Tuple", d.bracketed(x.Elts))
	case *List:
		return form("List", d.bracketed(x.Elts))
	case *Set:
		return form("Set", d.bracketed(x.Elts))
	case *Dict:
		var words []string
		for _, e := range x.Entries {
			words = append(words, d.expr(e.Key)+":"+d.expr(e.Value))
		}
		return form("Dict", words...)
	case *Comp:
		return form(compNames[x.Kind], d.comp(x)...)
	case *Starred:
		return form("Starred", d.expr(x.X))
	case *Unary:
		return form("UnaryOp", x.Op.String(), d.expr(x.X))
	case *Binary:
		return form("BinOp", x.Op.String(), d.expr(x.X), d.expr(x.Y))
	case *Logical:
		return "(" + x.Op.String() + " " + d.expr(x.X) + " " + d.expr(x.Y) + ")"
	case *Compare:
		words := []string{d.expr(x.X)}
		for i, op := range x.Ops {
			words = append(words, op.String(), d.expr(x.Ys[i]))
		}
		return form("Compare", words...)
	case *Cond:
		return form("IfExp", d.expr(x.Cond), d.expr(x.Then), d.expr(x.Else))
	case *Lambda:
		return form("Lambda", d.params(&x.Params), d.expr(x.Body))
	case *Call:
		return form("Call", d.expr(x.Fn), d.args(x.Args))
	case *Attr:
		return form("Attribute", d.expr(x.X), x.Name.Name)
	case *Index:
		return form("Subscript", d.expr(x.X), d.expr(x.Key))
	case *Slice:
		return form("Slice", d.expr(x.Lo), d.expr(x.Hi), d.expr(x.Step))
	case *Walrus:
		return form("NamedExpr", d.expr(x.Name), d.expr(x.Value))
	case *Yield:
		return form("Yield", d.expr(x.X))
	case *YieldFrom:
		return form("YieldFrom", d.expr(x.X))
	}
	panic(fmt.Sprintf("unknown expression %T", x))
}

var compNames = [...]string{ListComp: "ListComp", SetComp: "SetComp", DictComp: "DictComp", GenExpr: "GeneratorExp"}

func (d *dumper) comp(x *Comp) []string {
	words := []string{d.expr(x.Elt)}
	if x.Kind == DictComp {
		words = append(words, d.expr(x.Value))
	}
	for _, c := range x.Clauses {
		words = append(words, "for", d.expr(c.Target), "in", d.expr(c.X), d.bracketed(c.Ifs))
	}
	return words
}

func constantText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	case int64:
		return fmt.Sprintf("%x", v)
	case *big.Int:
		return v.Text(16)
	case float64:
		return fmt.Sprintf("%016xf", math.Float64bits(v))
	case string:
		return quote(v)
	case Bytes:
		return "b" + quote(string(v))
	case Dots:
		return "Ellipsis"
	}
	panic(fmt.Sprintf("unknown constant %T", v))
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; '0' <= c && c <= 'z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
