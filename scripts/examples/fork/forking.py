# A module that forks while it is imported.

import os

side = "parent" if os.fork() else "child"
after = side + " goes on"
loaded = __name__
