"""From rows to rates: a problem counts as recovered where most of its seeds are."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

HEADER = (
    "suite",
    "noise",
    "rows",
    "irrelevant",
    "problems",
    "recovered",
    "share",
    "seeds",
    "median s",
    "longest s",
    "MB",
    "false",
)
Row = Mapping[str, str]


def summary(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """A line for each suite and condition: the header, then cells as text.

    ``recovered`` counts problems that most of their seeds recover (half is not most), ``median s`` is over the recovered runs,
    ``longest s`` and ``MB`` over all, ``false`` counts runs whose evidence is exact and whose law is wrong.

    Args:
        rows: of one table of results, all of one version.
    """
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["suite"], row["noise"], row["rows"], row["irrelevant"]].append(row)
    return [HEADER, *((*key, *_cells(group)) for key, group in groups.items())]


def majority(rows: Iterable[Row]) -> dict[str, bool]:
    """problem -> whether most of its seeds recover it."""
    runs: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        runs[row["problem"]].append(recovered(row))
    return {problem: 2 * sum(seeds) > len(seeds) for problem, seeds in runs.items()}


def recovered(row: Row) -> bool:
    """Whether the run of a row recovered its law."""
    return row["recovered"] == "True"


def false_claim(row: Row) -> bool:
    """Whether a wrong law was called exact."""
    return row["evidence"] == "exact" and not recovered(row)


def _cells(rows: Sequence[Row]) -> tuple[str, ...]:
    found = majority(rows)
    seconds = [float(row["seconds"]) for row in rows if recovered(row)]
    return (
        str(len(found)),
        str(sum(found.values())),
        f"{100 * sum(found.values()) / len(found):.0f} %",
        str(len({row["seed"] for row in rows})),
        f"{statistics.median(seconds):.1f}" if seconds else "-",
        f"{max(float(row['seconds'] or 0) for row in rows):.1f}",
        f"{max(float(row['memory_mb'] or 0) for row in rows):.0f}",
        str(sum(map(false_claim, rows))),
    )


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Cells as a markdown table; the first line is the header."""
    head, *body = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([head, "|" + "---|" * len(lines[0]), *body]) + "\n"
