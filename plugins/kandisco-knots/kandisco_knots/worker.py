"""The child process: names on standard input, a JSON line a knot on standard output. A crash of C code ends only it."""

from __future__ import annotations

import json
import sys

from kandisco_knots.invariants import invariants


def main() -> None:
    """Compute each knot named on standard input; one that cannot be computed is told as ``{"name": ..., "error": ...}``."""
    for line in sys.stdin:
        name = line.strip()
        try:
            row = invariants(name)
        except Exception as error:  # whatever SnapPy raises says something of this knot only
            row = {"name": name, "error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
