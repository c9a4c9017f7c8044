# Resident memory of a process at rest, and what values add to it, each in a process of its own.
#
#     go build -o mpstar ./cmd/mpstar && ./mpstar scripts/bench/memory.py && python3 scripts/bench/memory.py
import os

def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * 4096

class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

def measure(what, n, make):
    pid = os.fork()
    if pid != 0:
        os.waitpid(pid, 0)
        return
    before = resident()
    kept = make(n)
    print("%-30s %4d bytes each" % (what, (resident() - before) // len(kept)), flush=True)
    os._exit(0)

print("%-30s %4d kB" % ("at rest", resident() // 1000), flush=True)
measure("a million ints in a list", 1000000, lambda n: [i + 1000 for i in range(n)])
measure("instances with two attributes", 1000000, lambda n: [Point(None, None) for i in range(n)])
measure("strings as keys of a dict", 100000, lambda n: {"key%d" % i: None for i in range(n)})
measure("tuples of two", 1000000, lambda n: [(None, None, i)[:2] for i in range(n)])
