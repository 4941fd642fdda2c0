"""Write README.md from results.csv, peers.csv, outside/results.csv, feynman_rest/results.csv
and checker.json: every figure in it comes from these.

python benchmarks/recovery/write.py [--code VERSION]
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import published

from kandisco.bench.summary import false_claim, majority, markdown, recovered

HERE = Path(__file__).parent
Row = dict[str, str]
FEYNMAN, SRSD, REST = ("feynman", "feynman_bonus"), ("srsd_easy", "srsd_medium"), ("livermore", "keijzer", "jin", "koza")


def condition(suites: Sequence[str], noise: str = "0", rows: str = "1000", irrelevant: str = "0") -> Callable[[Row], bool]:
    """Rows of these suites under one condition."""
    return lambda row: row["suite"] in suites and drawn_with(row) == (noise, rows, irrelevant)


def drawn_with(row: Row) -> tuple[str, str, str]:
    """Noise, rows and irrelevant columns of a run."""
    return row["noise"], row["rows"], row["irrelevant"]


def plain(row: Row) -> bool:
    """Whether a row is of the plain condition."""
    return drawn_with(row) == ("0", "1000", "0")


def read(path: Path) -> list[Row]:
    """The rows of a table; none if it is not there."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]


def share(rows: Iterable[Row]) -> tuple[int, int]:
    """(problems recovered by the majority of their seeds, problems)."""
    found = majority([{**row, "problem": f"{row['suite']}/{row['problem']}"} for row in rows])
    return sum(found.values()), len(found)


def seconds(rows: Iterable[Row]) -> float:
    """Median over the recovered runs."""
    return statistics.median([float(row["seconds"]) for row in rows if recovered(row)] or [float("nan")])


def bars(rows: list[Row]) -> list[tuple[str, ...]]:
    """The table of bars."""
    clean = [row for row in rows if condition(FEYNMAN)(row)]
    full = share(clean)
    base = full[0] / max(full[1], 1)

    def line(
        name: str, keep: Callable[[Row], bool], total: int, asked: str, met: Callable[[float, float], bool]
    ) -> tuple[str, ...]:
        part = [row for row in rows if keep(row)]
        if not part:
            return name, asked, "not run", "", "", ""
        tried = {(row["suite"], row["problem"], row["seed"]) for row in part}
        passed_over = [row for row in clean if not recovered(row) and (row["suite"], row["problem"], row["seed"]) not in tried]
        good, count = share([*part, *(passed_over if part[0] not in clean and part[0]["suite"] in FEYNMAN else [])])
        done = share(part)[1]
        run = (
            f"{good} of {count} = {100 * good / count:.0f} %"
            if count == total
            else f"{good} of {done} tried ({total} in the set)"
        )
        least, most = met(good / total, seconds(part)), met((good + total - count) / total, seconds(part))
        verdict = "yes" if least else "open" if most else "no"
        seeds = len({row["seed"] for row in part})
        return name, asked, run, f"{seconds(part):.1f}", str(seeds), verdict

    return [
        ("set", "bar", "recovered", "median s", "seeds", "met"),
        line("AI Feynman 59", condition(FEYNMAN), 59, "55 of 59", lambda s, _: s >= 55 / 59),
        line("the same, noise 1 %", condition(FEYNMAN, noise="0.01"), 59, "70 %", lambda s, _: s >= 0.70),
        line(
            "the same, 3 irrelevant columns",
            condition(FEYNMAN, irrelevant="3"),
            59,
            "loses 3 points",
            lambda s, _: s >= base - 0.03,
        ),
        line("the same, 200 rows", condition(FEYNMAN, rows="200"), 59, "loses 10 points", lambda s, _: s >= base - 0.10),
        line("SRSD easy 15 + medium 20", condition(SRSD), 35, "85 %", lambda s, _: s >= 0.85),
        line("Nguyen 13", condition(("nguyen",)), 13, "13 of 13, median 5 s", lambda s, t: s == 1 and t <= 5),
        line("Livermore 13, Keijzer 7, Jin 3, Koza 1", condition(REST), 24, "85 %", lambda s, _: s >= 0.85),
        line("all 131", condition((*FEYNMAN, *SRSD, *REST, "nguyen")), 131, "median 5 s", lambda _, t: t <= 5),
    ]


def limits(rows: list[Row], outside: list[Row]) -> str:
    """Longest run, memory and false claims."""
    longest = max(rows, key=lambda row: float(row["seconds"] or 0))
    claims = [f"{row['suite']}/{row['problem']} (seed {row['seed']}, noise {row['noise']})" for row in rows if false_claim(row)]
    more = [row["problem"] for row in outside if false_claim(row)]
    memory = max(float(row["memory_mb"] or 0) for row in rows)
    text = [
        f"- Longest run {float(longest['seconds']):.0f} s ({longest['suite']}/{longest['problem']}; bar 90 s), "
        f"most memory {memory:.0f} MB (bar 2 GB).",
        f"- Wrong laws called exact: {len(claims)} of {len(rows)} runs{': ' + ', '.join(claims) if claims else ''}.",
        f"- Functions outside the library (`outside.csv`): called exact {len(more)} of {len(outside)}"
        f"{': ' + ', '.join(more) if more else ''} (bar 0 of 50)."
        if outside
        else "- Functions outside the library (`outside.csv`): not run.",
    ]
    return "\n".join(text) + "\n"


def unseen(rows: list[Row]) -> str:
    """How many of the laws the search was not developed on were recovered, by each version that tried them, the oldest first."""
    lines: list[tuple[str, ...]] = [("version", "noise", "recovered", "wrong ones called exact", "missed")]
    for code, noise in dict.fromkeys((row["code"], row["noise"]) for row in rows):
        part = [row for row in rows if (row["code"], row["noise"]) == (code, noise)]
        found = sum(map(recovered, part))
        missed = ", ".join(row["problem"] for row in part if not recovered(row))
        share = f"{found} of {len(part)} = {100 * found / len(part):.0f} %"
        lines.append((code, f"{100 * float(noise):g} %", share, str(sum(map(false_claim, part))), missed))
    return markdown(lines)


def side_by_side(peers: list[Row], own: list[Row]) -> list[tuple[str, ...]]:
    """One line a problem, one column a method; kandisco's runs are those of the bars."""
    problems = list(dict.fromkeys((row["suite"], row["problem"]) for row in peers))
    ours = [row for row in own if (row["suite"], row["problem"]) in problems and row["seed"] == "0" and plain(row)]
    rows = [*({**row, "config": "kandisco"} for row in ours), *peers]
    labels = list(dict.fromkeys(row["config"] for row in rows))
    cells = {(row["config"], f"{row['suite']}/{row['problem']}"): row for row in rows}

    def cell(label: str, suite: str, problem: str) -> str:
        row = cells.get((label, f"{suite}/{problem}"))
        return "-" if row is None else f"{'**yes**' if recovered(row) else 'no'} {float(row['seconds'] or 0):.0f} s"

    codes = {row["config"]: row["code"] for row in rows}
    head = [label if label == "kandisco" else codes[label] for label in labels]
    totals = []
    for label in labels:
        part = [row for row in rows if row["config"] == label]
        totals.append(f"{sum(map(recovered, part))} of {len(part)}, {seconds(part):.0f} s")
    lines = [(f"{suite}/{problem}", *(cell(label, suite, problem) for label in labels)) for suite, problem in problems]
    return [("problem", *head), *lines, ("recovered, median s of these", *totals)]


def failures(rows: list[Row]) -> list[tuple[str, ...]]:
    """Problems that the majority of seeds did not recover, with what came out of one of them and why."""
    lines = [("problem", "condition", "law", "came out", "reason")]
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["suite"], row["problem"], row["noise"], row["rows"], row["irrelevant"]), []).append(row)
    for (suite, problem, noise, count, more), part in groups.items():
        wrong = [row for row in part if not recovered(row)]
        if 2 * (len(part) - len(wrong)) > len(part):
            continue
        row = wrong[0]
        what = {"0": "", "0.01": "noise 1 % "}.get(noise, noise) + ("200 rows " if count == "200" else "")
        what += "3 irrelevant" if more == "3" else ""
        lines.append(
            (
                f"{suite}/{problem}",
                what.strip() or "plain",
                code(row["truth"]),
                code(row["formula"]),
                reason(row, len(wrong), part),
            )
        )
    return lines


def reason(row: Row, wrong: int, part: list[Row]) -> str:
    """Why, as far as the run itself tells."""
    end = {"timeout": f"time ran out ({float(row['seconds'] or 0):.0f} s)", "failed": "the run failed"}.get(
        row["status"], "the search ended"
    )
    why = {"values differ": "another function"}.get(row["why"], row["why"])
    return f"{end}; {why}; evidence {row['evidence'] or '-'}; {wrong} of {len(part)} seeds"


def code(text: str) -> str:
    """A formula as it can stand in a table."""
    short = text if len(text) <= 110 else text[:107] + "..."
    return f"`{short}`" if short else "nothing"


def readme(rows: list[Row], peer: list[Row], outside: list[Row], rest: list[Row], checker: dict[str, str]) -> str:
    """The whole text."""
    conditions, second = {drawn_with(row) for row in rows}, {drawn_with(row) for row in rows if row["seed"] == "1"}
    everywhere = "two seeds everywhere, a third where they disagree"
    seeds = everywhere if second == conditions else "as many seeds as the table says, a third only where two disagree"
    shared = "of CPU time (the machine was shared with other work; a search has one thread)"
    clock = shared if any("cpu" in row["config"] for row in rows) else "of wall time"
    text = [
        "# Exact recovery, measured\n",
        "Written by `python benchmarks/recovery/write.py` from the tables beside it; nothing here is typed by hand except the"
        " published figures and the notes on classes of failures.\n",
        f"kandisco {', '.join(sorted({row['code'] for row in rows}))}; Python {platform.python_version()}, {platform.machine()},"
        f" one thread a problem, default settings, no units, at most 60 s {clock}; {seeds}; strict recovery by the majority"
        " of seeds ([what counts](../../docs/design/recovery.md)).\n",
        "## Bars\n",
        markdown(bars(rows)),
        limits(rows, outside),
        published.PROTOCOL,
        "## Laws it was not developed on\n",
        published.REST,
        unseen(rest) if rest else "Not run.\n",
        "## Other methods on the same rows\n",
        published.SAMPLE,
        markdown(side_by_side(peer, rows)) if peer else "Not run.\n",
        published.FIGURES,
        "## What was not recovered\n",
        published.CLASSES,
        markdown(failures(rows)),
        "## How far the judge can be trusted\n",
        "\n".join(f"- {name}: {value}" for name, value in checker.items()) + "\n" if checker else "Not run.\n",
        "## Again\n",
        published.AGAIN,
    ]
    return "\n".join(text)


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--code", default="", help="only rows of this version; the last one in the table by default")
    options = parser.parse_args()
    rows = read(HERE / "results.csv")
    version = options.code or rows[-1]["code"]
    path = HERE / "checker.json"
    checker = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept = [row for row in rows if row["code"] == version]
    outside, rest = read(HERE / "outside" / "results.csv"), read(HERE / "feynman_rest" / "results.csv")
    (HERE / "README.md").write_text(readme(kept, read(HERE / "peers.csv"), outside, rest, checker), encoding="utf-8")


if __name__ == "__main__":
    main()
