"""How a problem gets smaller: each module is a test that finds smaller problems, ``ways`` puts what they find in order.

A ``Reduction`` replaces columns by fewer, and knows how to put a solution back; ``Parts`` is a problem in two.
"""
