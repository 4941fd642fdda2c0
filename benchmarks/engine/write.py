"""README.md and speed.png from the results."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HEAD = """# The engine, measured

Written by `python benchmarks/engine/run.py` (its head says what it needs); CPU time, one thread, medians, works taken in turns.
Python {python}, torch {torch}, {cpu}. Plain torch throughout: no compiled kernels.

"""


def report(results: dict[str, Any], folder: Path) -> None:
    """Write the table of every part that was measured, and the plot."""
    parts = {"roof": _roof, "fb": _speed, "tta": _accuracy, "ensembles": _ensembles, "composition": _composition}
    parts |= {"held": _held, "products": _products, "rows": _rows, "odd": _odd}
    text = HEAD.format(**results["machine"])
    for name, part in parts.items():
        if name in results:
            text += part(results[name], results)
    (folder / "README.md").write_text(text)
    if "fb" in results:
        _plot(results["fb"], folder / "speed.png")


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n"


def _speed(table: list[dict[str, Any]], _: dict[str, Any]) -> str:
    names = ["pykan", "efficient-kan", "FastKAN", "ChebyKAN", "inkan"]
    text = "## Forward + backward\n\nMilliseconds, and how many times faster than `pykan` with `speed()`. `kandisco` keeps the\n"
    text += "first layer's features, which do not change during a fit; `uncached` computes them at every call.\n\n"
    rows = []
    for row in table:
        ms, base = row["ms"], row["ms"].get("pykan speed() both")

        def cell(key: str, ms: dict[str, float] = ms, base: float | None = base) -> str:
            if key not in ms:
                return "absent"
            return f"{ms[key]:.2f}" + (f" ({base / ms[key]:.1f}x)" if base else "")

        shape = f"[{row['width']}] {row['rows']} {row['dtype']} G{row['grid']}"
        mine = [cell("kandisco both"), cell("kandisco both, nothing cached")]
        rows.append([shape, cell("pykan speed() both"), *mine, f"{row['bar']:.0f}x", *(cell(f"{name} both") for name in names)])
    text += _table(["shape, rows, grid", "pykan speed()", "**kandisco**", "uncached", "bar", *names], rows)
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
    text = "## Time to accuracy: hellokan, [2,5,1], 1000 rows\n\nMedian CPU seconds, and how often the error was reached. pykan\n"
    text += "is stopped at its goal (1e-3 at grid 5; 1e-4 with grids 5, 10, 20 of 50 steps) or at the time limit.\n\n"
    rows = []
    for level in ("1e-02", "1e-03", "1e-04", "1e-05"):
        theirs = peers.get("grid 5" if level in ("1e-02", "1e-03") else "refined", [])
        other = _seconds(theirs, f"train {level}") if theirs else "absent"
        if theirs and level == "1e-05":
            other = "not tried"
        middle = median(run.get(f"train {level}", np.inf) for run in runs)
        ratio = ""
        if theirs and level != "1e-05":
            least = median(run.get(f"train {level}", run["spent"]) for run in theirs)
            ratio = f"{least / middle:.0f}x" if all(f"train {level}" in run for run in theirs) else f"> {least / middle:.0f}x"
        rows.append([level, _seconds(runs, f"train {level}"), other, ratio, _seconds(runs, f"held out {level}")])
    text += _table(["RMSE", "kandisco, training rows", "pykan", "ratio", "kandisco, held out"], rows)
    if peers.get("sparse"):
        text += f"pykan `fit(lamb=0.01)`, 50 steps: {median(run['spent'] for run in peers['sparse']):.1f} CPU-s.\n\n"
    return text


def _held(runs: list[dict[str, float]], results: dict[str, Any]) -> str:
    good = sum(run["one node, two edges"] for run in runs)
    spent = median(run["sparse after"] for run in runs)
    text = "## Sparsity: hellokan with `lamb=0.01`\n\n"
    text += f"`sparsify` ends with one hidden node and two inner edges in {good:.0f} of {len(runs)} seeds, "
    text += f"after {spent:.2f} CPU-s (median).\n"
    sparse = results.get("pykan", {}).get("sparse")
    if sparse:
        text += f"pykan's 50 steps cost {median(run['spent'] for run in sparse) / spent:.0f} times as much.\n"
    text += f"Refined to grid 80, a held-out RMSE of 1e-5 is reached after {_seconds(runs, 'to 1e-5')}; "
    return text + f"on 20000 fresh rows the median RMSE is then {median(run['fresh'] for run in runs):.1e}.\n\n"


def _ensembles(found: dict[str, float], _: dict[str, Any]) -> str:
    return "## Restarts\n\nCPU seconds, or milliseconds where it says so.\n\n" + _table(
        ["", ""], [[k, f"{v:.3g}"] for k, v in found.items()]
    )


def _composition(runs: list[dict[str, float]], _: dict[str, Any]) -> str:
    ends = ", ".join(f"{run['held out']:.1e}" for run in runs)
    text = "## [4,4,2,1], three levels, 3000 rows, 8 restarts\n\n"
    return text + f"Held-out 1e-4 after {_seconds(runs, 'to 1e-4')}; in the end {ends}.\n\n"


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
    return text + f"{found['longest s']:.2f} s.\n"


def _plot(table: list[dict[str, Any]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    table = [row for row in table if "pykan speed() both" in row["ms"]]
    if not table:
        return
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(table) + 1.5))
    names = {"kandisco": "kandisco both", "inkan": "inkan both", "efficient-kan": "efficient-kan both"}
    names |= {"FastKAN": "FastKAN both", "ChebyKAN": "ChebyKAN both"}
    for place, (name, key) in enumerate(names.items()):
        ratios = [row["ms"]["pykan speed() both"] / row["ms"][key] if key in row["ms"] else 0.0 for row in table]
        axes.barh([index + 0.16 * (place - 2) for index in range(len(table))], ratios, 0.16, label=name)
    axes.set_yticks(range(len(table)), [f"[{row['width']}] {row['rows']} G{row['grid']}" for row in table])
    axes.invert_yaxis()
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_xlabel("times faster than pykan speed(), forward + backward")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
