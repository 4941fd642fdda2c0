"""kandisco: from a table of numbers to a formula a scientist can publish."""

__version__ = "0.1.0"
