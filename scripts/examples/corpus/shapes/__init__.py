"""A package for imports.star."""
loaded = ["shapes"]
from . import area
from .area import square as sq
