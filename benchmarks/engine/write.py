"""README.md and speed.png from the results."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HEAD = """# The engine, measured

Written by `python benchmarks/engine/run.py` (its head says what it needs); CPU time, one thread, medians, works taken in turns.
Python {python}, torch {torch}, {cpu}; {kernel}. The machine was shared and busy: only ratios of works timed in turns mean much.

"""


def report(results: dict[str, Any], folder: Path) -> None:
    """Write the table of every part that was measured, and the plot."""
    parts = {"roof": _roof, "fb": _speed, "tta": _accuracy, "ensembles": _ensembles, "composition": _composition}
    parts |= {"held": _held, "products": _products, "rows": _rows, "odd": _odd}
    text = HEAD.format(**{"kernel": "no compiled kernel", **results["machine"]})
    for name, part in parts.items():
        if name in results:
            text += part(results[name], results)
    if "commits" in results:
        text += "## Measured at\n\n" + _table(["part", "commit"], [[part, at] for part, at in results["commits"].items()])
    (folder / "README.md").write_text(text)
    if "fb" in results:
        _plot(results["fb"], folder / "speed.png")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n"


def _speed(table: list[dict[str, Any]], _: dict[str, Any]) -> str:
    names = ["pykan", "efficient-kan", "FastKAN", "ChebyKAN", "inkan", "jaxkan"]
    text = "## Forward + backward\n\nMilliseconds, and how many times faster than `pykan` with `speed()`. `kandisco` keeps the\n"
    text += "first layer's features, which do not change during a fit; `uncached` computes them at every call. `plain torch` is\n"
    text += "without the compiled kernel.\n\n"
    rows = []
    for row in table:
        ms, base = row["ms"], row["ms"].get("pykan speed() both")

        def cell(key: str, ms: dict[str, float] = ms, base: float | None = base) -> str:
            if key not in ms:
                return "absent"
            return f"{ms[key]:.2f}" + (f" ({base / ms[key]:.1f}x)" if base else "")

        shape = f"[{row['width']}] {row['rows']} {row['dtype']} G{row['grid']}" + (f" (at {row['at']})" if "at" in row else "")
        mine = [cell(f"kandisco both{part}") for part in ("", ", plain torch", ", nothing cached")]
        rows.append([shape, cell("pykan speed() both"), *mine, f"{row['bar']:.0f}x", *(cell(f"{name} both") for name in names)])
    text += _table(["shape, rows, grid", "pykan speed()", "**kandisco**", "plain torch", "uncached", "bar", *names], rows)
    reasons = sorted({f"{name} ({why})" for row in table for name, why in row["absent"].items()})
    text += f"Absent: {'; '.join(reasons)}.\n\n" if reasons else ""
    rows = []
    for row in table:
        ms, base = row["ms"], row["ms"].get("pykan speed() forward")
        ratio = f" ({base / ms['kandisco forward']:.1f}x)" if base else ""
        rows.append(
            [
                f"[{row['width']}] {row['rows']} G{row['grid']}",
                f"{base or float('nan'):.2f}",
                f"{ms['kandisco forward']:.2f}{ratio}",
            ]
        )
    return text + "Forward only:\n\n" + _table(["shape", "pykan speed()", "kandisco"], rows) + "![speed](speed.png)\n\n"


def _roof(found: dict[str, float], _: dict[str, Any]) -> str:
    return "## The machine's roof, in the same run\n\n" + _table(
        ["", ""], [[name, f"{value:.3g}"] for name, value in found.items()]
    )


def _seconds(runs: list[dict[str, float]], key: str) -> str:
    values = sorted(run.get(key, np.inf) for run in runs)
    reached = sum(np.isfinite(values))
    middle = median(values)
    return f"{middle:.3g} s ({reached}/{len(values)})" if np.isfinite(middle) else f"not reached ({reached}/{len(values)})"


def _accuracy(runs: list[dict[str, float]], results: dict[str, Any]) -> str:
    peers = results.get("pykan", {})
    text = "## Time to accuracy: hellokan, [2,5,1], 1000 rows\n\nMedian CPU seconds, and how often the error was reached.\n\n"
    levels = ("1e-02", "1e-03", "1e-04", "1e-05")
    rows = [[level, _seconds(runs, f"train {level}"), _seconds(runs, f"held out {level}")] for level in levels]
    text += _table(["RMSE", "kandisco, training rows", "held out"], rows)
    if "grid 5" not in peers:
        return text
    text += (
        f"pykan, its LBFGS and defaults, stopped at the goal or after {peers['limit']:.0f} CPU-s, and this engine in the same\n"
    )
    text += "process just before and after (the slower of both counts), seed by seed; `>`: pykan had not got there.\n\n"
    rows = [
        [goal, name, str(seed), *_pair(run, goal), f"{run['least']:.1e}"]
        for name, goals in (("grid 5", levels[:2]), ("refined", levels[1:3]))
        for goal in goals
        for seed, run in enumerate(peers.get(name, []))
    ]
    labels = {"grid 5": "grid 5", "refined": "grids 5, 10, 20, 50 steps each"}
    rows = [[goal, labels[name], *rest] for goal, name, *rest in rows]
    return text + _table(["RMSE", "pykan with", "seed", "pykan", "kandisco", "ratio", "pykan's least"], rows)


def _pair(run: dict[str, float], goal: str) -> list[str]:
    """pykan's seconds, ours, and their ratio."""
    ours, reached = run[f"ours train {goal}"], f"train {goal}" in run
    theirs = run[f"train {goal}"] if reached else run["spent"]
    mark = "" if reached else "> "
    return [f"{mark}{theirs:.1f}", f"{ours:.3f}", f"{mark}{theirs / ours:.0f}x"]


def _held(runs: list[dict[str, float]], results: dict[str, Any]) -> str:
    good = sum(run["one node, two edges"] for run in runs)
    spent = median(run["sparse after"] for run in runs)
    text = "## Sparsity: hellokan with `lamb=0.01`\n\n"
    text += f"`sparsify` ends with one hidden node and two inner edges in {good:.0f} of {len(runs)} seeds, "
    text += f"after {spent:.2f} CPU-s (median).\n"
    text += _sparse(results.get("pykan", {}).get("sparse", []))
    text += f"Refined to grid 80, a held-out RMSE of 1e-5 is reached after {_seconds(runs, 'to 1e-5')}; "
    return text + f"on 20000 fresh rows the median RMSE is then {median(run['fresh'] for run in runs):.1e}.\n\n"


def _sparse(runs: list[dict[str, Any]]) -> str:
    """pykan's procedure, phase by phase, beside ours in the same process."""
    rows = [
        [str(seed), phase["phase"], f"{phase['spent']:.1f}", f"{phase['held out']:.1e}", f"{run['ours after']:.2f}",
         f"{run['ours held out']:.1e}", f"{phase['spent'] / run['ours after']:.0f}x", str(run.get("hidden nodes", ""))]
        for seed, run in enumerate(runs) for phase in run["phases"]
    ]  # fmt: skip
    head = ["seed", "pykan after", "CPU-s", "held out", "kandisco CPU-s", "held out", "ratio", "pykan's hidden nodes"]
    return "\n" + _table(head, rows) if rows else ""


def _ensembles(found: dict[str, float], _: dict[str, Any]) -> str:
    return "## Restarts\n\nCPU seconds, or milliseconds where it says so.\n\n" + _table(
        ["", ""], [[k, f"{v:.3g}"] for k, v in found.items()]
    )


def _composition(runs: list[dict[str, float]], results: dict[str, Any]) -> str:
    ends = ", ".join(f"{run['held out']:.1e}" for run in runs)
    text = "## [4,4,2,1], three levels, 3000 rows, 8 restarts\n\n"
    text += f"Held-out 1e-4 after {_seconds(runs, 'to 1e-4')}; in the end {ends}.\n"
    for run in results.get("pykan", {}).get("composition", []):
        text += f"pykan, one network: training RMSE {run['train']:.2g}, held out {run['held out']:.2g} "
        text += f"after {run['spent']:.0f} CPU-s and {run['steps']} steps.\n"
    return text + "\n" + _many(results.get("pykan", {}).get("many outputs", []))


def _many(runs: list[dict[str, float]]) -> str:
    text = "## [17,1,14], 2000 rows, to pykan's least training error (two per cent above it)\n\n"
    rows = [
        [str(seed), f"{run['error']:.3f}", f"{run['spent']:.1f}", f"{run['ours']:.2f}", f"{run['spent'] / run['ours']:.0f}x"]
        for seed, run in enumerate(runs)
    ]
    return text + _table(["seed", "RMSE", "pykan CPU-s", "kandisco CPU-s", "ratio"], rows) if rows else ""


def _products(runs: list[dict[str, Any]], _: dict[str, Any]) -> str:
    rows = []
    for name in runs[0]:
        good = sum(run[name][0] <= 1e-6 for run in runs)
        rows.append(
            [
                name,
                f"{good}/{len(runs)}",
                f"{median(run[name][0] for run in runs):.1e}",
                f"{median(run[name][1] for run in runs):.2f}",
            ]
        )
    return "## Product nodes, sixteen restarts\n\n" + _table(
        ["law", "held-out RMSE <= 1e-6", "median RMSE", "median CPU-s"], rows
    )


def _rows(table: list[dict[str, float]], _: dict[str, Any]) -> str:
    rows = [[f"{row['rows']:.0f}", f"{row['ms per iteration']:.1f}", f"{row['MB above data']:.0f}"] for row in table]
    return "## Growth with rows: [10,2,1], grid 5\n\n" + _table(["rows", "ms per iteration", "MB above the data"], rows)


def _odd(found: dict[str, Any], _: dict[str, Any]) -> str:
    text = (
        f"## Odd numbers\n\n{found['problems']} tiny problems (1e-30 to 1e30, constant and duplicate rows and columns, one row), "
    )
    text += (
        f"each twice:\n{len(found['bad'])} with a value that is not finite, an exception, or different bits; the longest took "
    )
    return text + f"{found['longest s']:.2f} s.\n\n"


def _plot(table: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    table = [row for row in table if "pykan speed() both" in row["ms"]]
    if not table:
        return
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(table) + 1.5))
    names = {"kandisco": "kandisco both", "inkan": "inkan both", "efficient-kan": "efficient-kan both"}
    names |= {"FastKAN": "FastKAN both", "ChebyKAN": "ChebyKAN both", "jaxkan": "jaxkan both"}
    for place, (name, key) in enumerate(names.items()):
        ratios = [row["ms"]["pykan speed() both"] / row["ms"][key] if key in row["ms"] else 0.0 for row in table]
        axes.barh([index + 0.14 * (place - 2.5) for index in range(len(table))], ratios, 0.14, label=name)
    axes.set_yticks(range(len(table)), [f"[{row['width']}] {row['rows']} G{row['grid']}" for row in table])
    axes.invert_yaxis()
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("times faster than pykan speed(), forward + backward")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
