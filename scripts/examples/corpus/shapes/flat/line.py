from ..area import bump
from . import rect as r
import shapes.area

def length(n):
    bump()
    return r(n, 1) + shapes.area.count
