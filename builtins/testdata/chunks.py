# Runs chunks of test scripts in CPython: builtins_test.go writes them to
# standard input as JSON, and reads which of them failed and why.

import json, re, sys, traceback

class Check:
    def eq(self, x, y):
        if not (x == y):
            raise AssertionError("%r != %r" % (x, y))

    def ne(self, x, y):
        if x == y:
            raise AssertionError("%r == %r" % (x, y))

    def true(self, cond, msg="assertion failed"):
        if not cond:
            raise AssertionError(msg)

    def lt(self, x, y):
        if not (x < y):
            raise AssertionError("%r is not less than %r" % (x, y))

    def contains(self, x, y):
        if y not in x:
            raise AssertionError("%r does not contain %r" % (x, y))

    def fails(self, f, pattern):
        try:
            f()
        except BaseException as e:
            msg = "%s: %s" % (type(e).__name__, e)
            if not re.search(pattern, msg):
                raise AssertionError("regular expression (%s) does not match error (%s)" % (pattern, msg))
        else:
            raise AssertionError("no error; want one that matches %r" % pattern)

def run(chunk):
    # assert is a keyword, and lines keep the numbers of the file.
    text = "\n" * (chunk["Line"] - 1) + re.sub(r"\bassert\.", "check.", chunk["Text"])
    wants = {}
    for i, line in enumerate(text.split("\n"), 1):
        want = re.search(r'### *("(?:[^"\\]|\\.)*"|`[^`]*`)', line)
        if want:
            quoted = want[1]
            wants[i] = quoted[1:-1] if quoted[0] == "`" else json.loads(quoted)
    try:
        exec(compile(text, chunk["File"], "exec"), {"check": Check(), "__name__": "__main__"})
    except BaseException as e:
        lines = [f.lineno for f in traceback.extract_tb(e.__traceback__) if f.filename == chunk["File"]]
        last = traceback.format_exception_only(e)[-1]
        if not any(n in wants and re.search(wants[n], last) for n in lines):
            return "%s:%d: %s" % (chunk["File"], lines[0] if lines else 0, last.strip())
    else:
        for n, want in wants.items():
            return "%s:%d: no error; want one that matches %r" % (chunk["File"], n, want)

stdout = sys.stdout
sys.stdout = open("/dev/null", "w")
failures = [f for f in map(run, json.load(sys.stdin)) if f]
json.dump(failures, stdout)
