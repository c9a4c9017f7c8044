"""Writes CPython's trees of files in the form that TestAST writes ours.

Reads file names, one a line, from standard input. For each it writes the line
"FILE name", then "SKIP reason" or one line for each statement.
"""

import ast
import struct
import sys

OPS = {
    ast.Add: '+', ast.Sub: '-', ast.Mult: '*', ast.Div: '/', ast.FloorDiv: '//', ast.Mod: '%',
    ast.Pow: '**', ast.BitAnd: '&', ast.BitOr: '|', ast.BitXor: '^', ast.LShift: '<<',
    ast.RShift: '>>', ast.MatMult: '@', ast.Eq: '==', ast.NotEq: '!=', ast.Lt: '<', ast.LtE: '<=',
    ast.Gt: '>', ast.GtE: '>=', ast.In: 'in', ast.NotIn: 'not in', ast.Is: 'is', ast.IsNot: 'is not',
    ast.And: 'and', ast.Or: 'or', ast.Not: 'not', ast.Invert: '~', ast.UAdd: '+', ast.USub: '-',
}

UNSUPPORTED = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await, ast.TryStar)


class Skip(Exception):
    pass


class Dumper:
    def __init__(self, out):
        self.out = out
        self.in_fstring = 0

    def at(self, n):
        if self.in_fstring:
            return ''
        return f'@{n.lineno}:{n.col_offset + 1}-{n.end_lineno}:{n.end_col_offset + 1}'

    def body(self, what, stmts, depth):
        if stmts:
            self.line(depth, what)
            for s in stmts:
                self.stmt(s, depth + 1)

    def line(self, depth, text):
        self.out.append('  ' * depth + text)

    def stmt(self, s, depth):
        if isinstance(s, UNSUPPORTED):
            raise Skip(type(s).__name__)
        if isinstance(s, (ast.FunctionDef, ast.ClassDef)):
            for d in s.decorator_list:
                self.line(depth, 'decorator ' + self.expr(d))
        method = getattr(self, type(s).__name__)
        self.line(depth, type(s).__name__ + self.at(s) + ' ' + ' '.join(method(s)))
        self.body('body', getattr(s, 'body', []), depth + 1)
        for h in getattr(s, 'handlers', []):
            self.line(depth + 1, f'handler{self.at(h)} {self.opt(h.type)} {h.name or "-"}')
            self.body('body', h.body, depth + 2)
        for c in getattr(s, 'cases', []):
            self.line(depth + 1, f'case {self.pattern(c.pattern)} {self.opt(c.guard)}')
            self.body('body', c.body, depth + 2)
        self.body('else', getattr(s, 'orelse', []), depth + 1)
        self.body('finally', getattr(s, 'finalbody', []), depth + 1)

    def Expr(self, s): return [self.expr(s.value)]
    def Assign(self, s): return [self.expr(t) for t in s.targets] + ['=', self.expr(s.value)]
    def AugAssign(self, s): return [self.expr(s.target), OPS[type(s.op)], self.expr(s.value)]
    def AnnAssign(self, s): return [self.expr(s.target), self.expr(s.annotation), self.opt(s.value)]
    def Return(self, s): return [self.opt(s.value)]
    def Pass(self, s): return []
    def Break(self, s): return []
    def Continue(self, s): return []
    def Delete(self, s): return [self.expr(t) for t in s.targets]
    def Global(self, s): return s.names
    def Nonlocal(self, s): return s.names
    def Assert(self, s): return [self.expr(s.test), self.opt(s.msg)]
    def Raise(self, s): return [self.opt(s.exc), self.opt(s.cause)]
    def Import(self, s): return [self.alias(a) for a in s.names]
    def If(self, s): return [self.expr(s.test)]
    def While(self, s): return [self.expr(s.test)]
    def For(self, s): return [self.expr(s.target), self.expr(s.iter)]
    def Try(self, s): return []
    def With(self, s): return [f'{self.expr(i.context_expr)} as {self.opt(i.optional_vars)}' for i in s.items]
    def Match(self, s): return [self.expr(s.subject)]
    def FunctionDef(self, s): return [s.name, self.params(s.args), self.opt(s.returns)]

    def ImportFrom(self, s):
        return [f'{s.level} {s.module or "-"}'] + [self.alias(a) for a in s.names]

    def ClassDef(self, s):
        return [s.name, self.args(s.bases, s.keywords)]

    def alias(self, a):
        if a.name == '*':
            return '*'
        return f'{a.name} as {a.asname or "-"}{self.at(a)}'

    def params(self, a):
        pos = a.posonlyargs + a.args
        defaults = [None] * (len(pos) - len(a.defaults)) + a.defaults
        words = [self.param(p, d) for p, d in zip(pos, defaults)]
        words.insert(len(a.posonlyargs), '/')
        if a.vararg:
            words.append('*' + self.param(a.vararg, None))
        words.append('*')
        words += [self.param(p, d) for p, d in zip(a.kwonlyargs, a.kw_defaults)]
        if a.kwarg:
            words.append('**' + self.param(a.kwarg, None))
        return '[' + ' '.join(words) + ']'

    def param(self, p, default):
        return f'{p.arg}:{self.opt(p.annotation)}={self.opt(default)}'

    def args(self, args, keywords):
        # In the order written; the tree keeps two lists.
        words = []
        for a in sorted(args + keywords, key=lambda a: (a.lineno, a.col_offset)):
            if isinstance(a, ast.keyword):
                words.append(f'{a.arg + "=" if a.arg else "**"}{self.at(a)}{self.expr(a.value)}')
            elif isinstance(a, ast.Starred):
                words.append(f'*{self.at(a)}{self.expr(a.value)}')
            else:
                words.append(self.expr(a))
        return '[' + ' '.join(words) + ']'

    def opt(self, e):
        return '-' if e is None else self.expr(e)

    def exprs(self, es):
        return '[' + ' '.join(self.opt(e) for e in es) + ']'

    def expr(self, e):
        if isinstance(e, UNSUPPORTED):
            raise Skip(type(e).__name__)
        if isinstance(e, ast.BoolOp):
            return self.logical(e)
        if isinstance(e, ast.JoinedStr):
            return self.fstring(e)
        words = getattr(self, 'e' + type(e).__name__)(e)
        return '(' + ' '.join([type(e).__name__ + self.at(e)] + words) + ')'

    def logical(self, e):
        # Ours is binary and leans to the left.
        text = self.expr(e.values[0])
        for v in e.values[1:]:
            text = f'({OPS[type(e.op)]} {text} {self.expr(v)})'
        return text

    def fstring(self, e):
        # The places of what is within an f-string are wrong in 3.11.
        at = self.at(e)
        self.in_fstring += 1
        text = '(JoinedStr' + at + ' ' + self.exprs(e.values) + ')'
        self.in_fstring -= 1
        return text

    def pattern(self, p):
        if isinstance(p, ast.MatchSingleton):  # ours is a MatchValue
            return f'(MatchValue{self.at(p)} (Constant{self.at(p)} {p.value}))'
        words = getattr(self, 'p' + type(p).__name__)(p)
        return '(' + ' '.join([type(p).__name__ + self.at(p)] + words) + ')'

    def patterns(self, ps):
        return '[' + ' '.join(self.pattern(p) for p in ps) + ']'

    def pMatchValue(self, p): return [self.expr(p.value)]
    def pMatchSequence(self, p): return [self.patterns(p.patterns)]
    def pMatchStar(self, p): return [p.name or '_']
    def pMatchMapping(self, p): return [self.exprs(p.keys), self.patterns(p.patterns), p.rest or '-']
    def pMatchClass(self, p): return [self.expr(p.cls), self.patterns(p.patterns), *p.kwd_attrs, self.patterns(p.kwd_patterns)]
    def pMatchOr(self, p): return [self.patterns(p.patterns)]
    def pMatchAs(self, p): return [self.pattern(p.pattern) if p.pattern else '-', p.name or '_']

    def eName(self, e): return [e.id]
    def eTuple(self, e): return [self.exprs(e.elts)]
    def eList(self, e): return [self.exprs(e.elts)]
    def eSet(self, e): return [self.exprs(e.elts)]
    def eStarred(self, e): return [self.expr(e.value)]
    def eUnaryOp(self, e): return [OPS[type(e.op)], self.expr(e.operand)]
    def eBinOp(self, e): return [OPS[type(e.op)], self.expr(e.left), self.expr(e.right)]
    def eIfExp(self, e): return [self.expr(e.test), self.expr(e.body), self.expr(e.orelse)]
    def eLambda(self, e): return [self.params(e.args), self.expr(e.body)]
    def eCall(self, e): return [self.expr(e.func), self.args(e.args, e.keywords)]
    def eAttribute(self, e): return [self.expr(e.value), e.attr]
    def eSubscript(self, e): return [self.expr(e.value), self.expr(e.slice)]
    def eSlice(self, e): return [self.opt(e.lower), self.opt(e.upper), self.opt(e.step)]
    def eNamedExpr(self, e): return [self.expr(e.target), self.expr(e.value)]
    def eYield(self, e): return [self.opt(e.value)]
    def eYieldFrom(self, e): return [self.expr(e.value)]

    def eDict(self, e):
        return [f'{self.opt(k)}:{self.expr(v)}' for k, v in zip(e.keys, e.values)]

    def eCompare(self, e):
        words = [self.expr(e.left)]
        for op, y in zip(e.ops, e.comparators):
            words += [OPS[type(op)], self.expr(y)]
        return words

    def eFormattedValue(self, e):
        conv = '-' if e.conversion < 0 else chr(e.conversion)
        return [self.expr(e.value), conv, self.opt(e.format_spec)]

    def eListComp(self, e): return [self.expr(e.elt)] + self.clauses(e)
    def eSetComp(self, e): return [self.expr(e.elt)] + self.clauses(e)
    def eGeneratorExp(self, e): return [self.expr(e.elt)] + self.clauses(e)
    def eDictComp(self, e): return [self.expr(e.key), self.expr(e.value)] + self.clauses(e)

    def clauses(self, e):
        words = []
        for c in e.generators:
            if c.is_async:
                raise Skip('async comprehension')
            words.append(f'for {self.expr(c.target)} in {self.expr(c.iter)} {self.exprs(c.ifs)}')
        return words

    def eConstant(self, e):
        v = e.value
        if isinstance(v, complex):
            raise Skip('complex literal')
        if isinstance(v, bool) or v is None or v is ...:
            return [str(v)]
        if isinstance(v, int):
            return ['%x' % v]
        if isinstance(v, float):
            return [struct.pack('>d', v).hex() + 'f']
        if isinstance(v, bytes):
            return ['b' + quote(v)]
        try:
            return [quote(v.encode())]
        except UnicodeEncodeError:
            raise Skip('surrogate in a string')


def quote(b):
    return '"' + ''.join(chr(c) if 48 <= c < 123 else '%%%02x' % c for c in b) + '"'


def dump(text):
    if b'\\N{' in text:
        raise Skip('\\N{...}')
    out = []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as e:
        raise Skip(f'not Python 3.11: {e}')
    for s in tree.body:
        Dumper.stmt(Dumper(out), s, 0)
    return out


def main():
    sys.setrecursionlimit(20000)
    for name in sys.stdin.read().splitlines():
        with open(name, 'rb') as f:
            text = f.read()
        print('FILE', name)
        try:
            print('\n'.join(dump(text)))
        except Skip as e:
            print('SKIP', str(e).replace('\n', ' '))


main()
