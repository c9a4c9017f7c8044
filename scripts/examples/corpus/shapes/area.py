from . import loaded
loaded.append("area")
_hidden = 1

def square(n):
    return n * n

def rect(a, b):
    return a * b

count = 0

def bump():
    global count
    count += 1
    return count
