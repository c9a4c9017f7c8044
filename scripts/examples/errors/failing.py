# The module of import_fails.star.

limits = {"low": 1}
limit = limits["high"]
