from .. import loaded
from ..area import rect
loaded.append("flat")
