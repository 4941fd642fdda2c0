"""Tasks beyond plain regression: each a function over ``pipeline`` and the rooms below it, with a sub-command in ``cli``."""
