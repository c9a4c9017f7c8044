# The module of module.star.

def average(xs):
    return total(xs) / len(xs)

def total(xs):
    return sum(xs)
