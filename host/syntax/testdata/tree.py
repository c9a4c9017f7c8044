"""Every form of statement and expression."""
import a, a.b.c as d
from a import b
from .. import (b, c as d,)
from ...a.b import *
from . import x
from .... import y
x = 1
x = y = z, = 1, 2
(x) = [a, (b, *c)] = *d, e
x.a[0], [y] = z
x += 1; x -= 2; x *= 3; x /= 4; x //= 5; x %= 6; x **= 7
x &= 1; x |= 2; x ^= 3; x <<= 4; x >>= 5; x @= 6;
x.y += yield
x: int
x.y: int = 1, 2
(x): int = yield z
del x, y.z, (a, [b]), c[0]
del (x, y)
del (x), y
del x,
pass
assert x, y
assert (x, y)
match = case = type = _ = print
match(x); type[x]; print -x
if x: pass
elif y:
    pass
elif z: pass; pass
else:
    pass
while x:
    break
else:
    continue
for x in y: pass
for x, in *y, z:
    pass
else:
    pass
for (x, y.z), [*a] in 1,: pass
for x[i] in y: pass
try: pass
except: pass
try:
    raise
except A:
    raise A
except (B, C) as e:
    raise A from e
except D if x else E: pass
else:
    pass
finally:
    pass
try: pass
finally: pass
with a: pass
with a as b, c as (d, *e): pass
with (a): pass
with (a) as b: pass
with (a, b): pass
with (a, b,) as c: pass
with (a as b, c as d.e,): pass
with (a, c as d): pass
with (a as b): pass
with (a,): pass
with (a).b as c, d: pass
with (a, b)[0], c: pass
with (a) + (b): pass
with (yield): pass
with (yield x) as y: pass
with (x for x in y): pass
with (x := y): pass
with (x := y, z): pass
with ((x := y), z): pass
with (*a, b): pass
with (): pass
with () as a: pass
with ((a, b)) as c: pass
with ((a, b)): pass
with (lambda: x)() as y: pass
with [a, b] as c: pass


@a
@b.c(d)
@(lambda f: f)
def f(a, b: int, /, c: str = 1, *args: int, d, e=2, **kw: dict) -> int:
    """doc"""
    global x, y
    nonlocal z
    return
    return *a, b
    yield
    yield 1, *x
    x = yield from y
    await_ = (yield)
    return (yield)


def f(): pass
def f(a, /): pass
def f(a=1, /, *, b): pass
def f(*, a=1, b, **k): pass
def f(*args: *Ts,): pass
def f(**k,): pass


class C: pass
class C(): pass
@a
class C(A, *B, metaclass=M, **K):
    x = 1

    def f(self): pass


(lambda: 1)
lambda x, /, y=1, *z, w, **k: (x, y)
lambda *, a: lambda *b: a
x if y else z if u else v
a or b or c and d and not e
(a or b) or (c or d)
not not a
a < b <= c == d != e >= f > g
a in b not in c is d is not e
(a < b) < c
a | b ^ c & d << e >> f + g - h * i / j // k % l @ m
-a ** -b ** c
+a, ~b, - - c
(a + b) * (c)
a ** b ** c
a.b.c(d)[e]
1 .real, 1.0.real, 1..real
f(a, *b, c=d, **e, f=g)
f(x for x in y)
f((x for x in y), z)
f(a := b, c)
f(*a or b, *c, d)
f(a)(b)(c)
a[1], a[1,], a[1, 2], a[:], a[1:], a[:2], a[::3], a[1:2:3], a[:, 1, ...], a[*b], a[b, *c]
a[b := 1], a[b if c else d:e], a[lambda: x]
(), (a,), (a, b), (*a, b)
[], [a], [a, *b,]
{a}, {a, *b,}
{}, {a: b}, {**a, b: c, **d,}
[x for x in y if a if b for z in x]
{x for x, in y}
{x: y for x, y in z}
(x for x in (yield))
[x := 1, y]
[(x := 1) for x in y]
[a if b else c for x in y]
[lambda: x for x in y]
(a := 1)
((a))
None, True, False, ...
0, 00, 0_0, 1_000, 0xFF, 0XfF_f, 0o17, 0b1_01, 0x_f
9223372036854775807, 9223372036854775808, 0xffffffffffffffffffffffff, 0o7777777777777777777777777, 0b1000000000000000000000000000000000000000000000000000000000000000001
123456789012345678901234567890
1.5, 1., .5, 1e5, 1E+5, 1.5e-5, 1_0.0_1, 1e999, 09.5, 0e0
1if x else y
'a', "b", '''c''', """d
e""", r'\n', R"\\", u'x', U'y'
'a' "b" r'\c' '''d'''
'\a\b\f\n\r\t\v\\\'\"\0\01\012\1234\x41\u00e9\U0001F600\q\
z'
'\xe9\377\777\x00'
b'a\x00\xff\377\n\q', B'b' rb'\x' Rb'c' bR'd' BR'e'
'漢字😀'
r'\
'
''
f'', f'a', F"b{c}d", rf'{a}\n', fR'{a}', 'x' f'{a}' 'y' f'z' r'\w'
f'{{{a}}}', f'{{}}', f'{a}{b}', f'{ a }'
f'{a!r}', f'{a!s:>{w}}', f'{a:x{b}y{c!r}z}', f'{a=}', f'{a = }', f'{a=!s}', f'{a=:x}', f'{a!=b}', f'{a==b}', f'{a<=b}', f'{a>b}'
f'{a["b"]}', f'{a[1:2]}', f'{(lambda x: x)(1)}', f'{ {1: 2}[1] }', f'{a,}', f'{a, *b}', f'{x for x in y}', f'{yield a}', f'{(a:=1)}', f'{a:=5}'
f'''{
a
}{'x' + """y"""}
{b!r:
}'''
f'\x41\{a}\
b\u00e9'
f'{a:\x41}', rf'{a:\x41}'
f"{'a' 'b'}" "c"
if x:
	y
	if z:
	    w
if \
  x: pass
é = ñ1 = 変数
if x:
  \
  y
  z
match x:
    case 1: pass
match (x), *y:
    case -1.5 | "a" "b" | None | True if z:
        pass
    case a.b.c | (d) as e: pass
    case _: pass
match -x,:
    case []: pass
    case (): pass
    case (a,): pass
    case [(a), *_, b]: pass
    case *a, 1: pass
    case a, b if c: pass
    case {}: pass
    case {1: a, b.c: {**d}, "e": _, **f, }: pass
    case A(): pass
    case a.B(1, [c], d=e, f=_,): pass
match[x]:
    case str() as y: pass
match (
    x
):
    case 1:
        if y: pass
match [x], match (y)
match = match if match else -match
