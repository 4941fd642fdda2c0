"""The numerics of formulas: refit whole expressions, fit single curves by library functions, snap constants."""
