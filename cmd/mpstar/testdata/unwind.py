import os
import sys

ticks = loops = depth = 0
kept = []

def keep(g):
    # A generator that is dropped half-way runs its finally clauses in CPython only.
    kept.append(g)
    return g

def tick():
    global SEED, ticks
    ticks += 1
    if ticks > 2000:
        sys.stdout.flush()
        os._exit(0)
    SEED = (SEED * 1103515245 + 12345) % 2147483648
    return SEED >> 16 & 1

def limit():
    global loops
    loops += 1
    return loops < 60

def p(*args):
    print(*[str(a) for a in args])
    return args[0]

def boom(n, kind):
    if tick() and tick():
        raise kind(n)
    return n

def name(e):
    return "nothing" if e is None else "%s%d" % (e.__class__.__name__, len(e.args))

def handled():
    return name(sys.exc_info()[1])

def chain(e):
    links = []
    while e is not None and len(links) < 8:
        links.append("%s %s %s %s" % (name(e), e.args and e.args[0], e.__suppress_context__, name(e.__cause__)))
        e = e.__context__
    return " < ".join(links)

class CM:
    def __init__(self, n, suppress):
        self.n = n
        self.suppress = suppress

    def __enter__(self):
        p("enter", self.n)

    def __exit__(self, kind, e, traceback):
        p("exit", self.n, name(e))
        if tick() and tick() and tick():
            raise ValueError("exit")
        return self.suppress

def call(f, x):
    global depth
    if depth > 3:
        return x
    depth += 1
    try:
        return f(x)
    finally:
        depth -= 1

def sub(n):
    return keep(yields(n))

def yields(n):
    try:
        for i in range(3):
            p("sub", n, (yield n * 10 + i))
        if tick():
            raise KeyError(n)
        return n
    finally:
        p("end of sub", n)

def attempt(what, f, *args):
    try:
        p(what, f(*args))
    except StopIteration as e:
        p("stop", e.value)
    except BaseException as e:
        p("raised", chain(e))

def drive(g):
    for step in range(12):
        kind = tick() + tick() * 2
        if kind == 0 or step == 0:
            attempt("next", next, g)
        elif kind == 1:
            attempt("send", g.send, step)
        elif kind == 2 or tick():
            attempt("throw", g.throw, ValueError(step))
        else:
            attempt("close", g.close)

def main(functions, generators):
    for f in functions * 2:
        attempt("result", f, 1)
    for g in generators * 3:
        drive(keep(g(5)))
    sys.stdout.flush()
    os._exit(0)
