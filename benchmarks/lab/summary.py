"""What the rows of ``results.csv`` say: shares of right forms by rows and noise, constants, calibration, cost.

python benchmarks/lab/summary.py [results.csv]
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Row = Mapping[str, str]
BINS = 10


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """A Markdown table of all conditions, then calibration."""
    yield "| part | rows | noise | n | first | in three | listed | exact, wrong | constants in 2 sigma | CPU s (median, most) |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    groups: dict[tuple[str, int, float], list[Row]] = defaultdict(list)
    for row in rows:
        groups[_condition(row)].append(row)
    for condition in sorted(groups):
        yield _line(condition, groups[condition])
    yield _line(("all", 0, 0.0), rows)
    yield ""
    yield from calibration(rows)


def _condition(row: Row) -> tuple[str, int, float]:
    mixed = row["part"] in ("cases", "nist")
    return row["part"], 0 if mixed else int(row["rows"]), 0.0 if mixed else float(row["noise"])


def _line(condition: tuple[str, int, float], rows: Sequence[Row]) -> str:
    part, count, noise = condition
    places = [int(row["place"] or 0) for row in rows]
    wrong = sum(row["evidence"] == "exact" and place != 1 for row, place in zip(rows, places, strict=True))
    within, constants = (sum(int(row[name] or 0) for row in rows) for name in ("within", "constants"))
    cpu = [float(row["cpu"]) for row in rows if row["cpu"]]
    cells = (
        part,
        str(count or ""),
        f"{100 * noise:g} %" if noise else "",
        str(len(rows)),
        _share(sum(place == 1 for place in places), len(rows)),
        _share(sum(1 <= place <= 3 for place in places), len(rows)),
        _share(sum(place > 0 for place in places), len(rows)),
        str(wrong),
        _share(within, constants),
        f"{statistics.median(cpu):.1f}, {max(cpu):.1f}" if cpu else "",
    )
    return "| " + " | ".join(cells) + " |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def calibration(rows: Sequence[Row]) -> Iterator[str]:
    """Of the results given a probability, the share that is right, in ten bins; their mean distance is the calibration error."""
    known = [(float(row["probability"]), row["place"] == "1") for row in rows if row["probability"]]
    if not known:
        return
    yield "| probability | results | said | right |"
    yield "|---|---|---|---|"
    error = 0.0
    for k in range(BINS):
        inside = [(p, right) for p, right in known if min(int(p * BINS), BINS - 1) == k]
        if inside:
            said, share = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            error += len(inside) / len(known) * abs(said - share)
            yield f"| {k / BINS:.1f} to {(k + 1) / BINS:.1f} | {len(inside)} | {said:.2f} | {share:.2f} |"
    sure = [right for p, right in known if p >= 0.95]
    yield ""
    yield f"Expected calibration error {error:.3f}; of the {len(sure)} at 0.95 or more, {sum(sure)} are right."


def main() -> None:
    """Print the summary of a file."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("results.csv")
    with path.open(newline="", encoding="utf-8") as file:
        print("\n".join(summary(list(csv.DictReader(file)))))


if __name__ == "__main__":
    main()
