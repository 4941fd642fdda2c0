"""Makes knots.csv.gz: all hyperbolic knots of up to 11 crossings, and of 12 to 14 a sample. Run it where SnapPy is installed.

kandisco knots compute --crossings 3..13    # and 14 as far as wanted
python -m kandisco_knots.make
"""

from __future__ import annotations

import gzip
import hashlib

from kandisco_knots.compute import kept_rows
from kandisco_knots.invariants import COLUMNS
from kandisco_knots.table import SHIPPED, crossings_of, to_csv

WHOLE, SAMPLE = 11, 2000


def main() -> None:
    """Write the table from the cache folder."""
    rows = {row["name"]: row for row in kept_rows()}
    few = [name for name in rows if crossings_of(name) <= WHOLE]
    # The names that a hash puts first: the same sample whatever the order of the files.
    more = sorted((name for name in rows if crossings_of(name) > WHOLE), key=lambda name: hashlib.sha256(name.encode()).digest())
    kept = sorted([*few, *more[:SAMPLE]], key=lambda name: (crossings_of(name), name))
    text = to_csv({column: [rows[name][column] for name in kept] for column in COLUMNS})
    SHIPPED.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
