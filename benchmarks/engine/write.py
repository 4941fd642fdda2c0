"""README.md and speed.png from the results."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

HEAD = """# The engine, measured

Written by `python benchmarks/engine/run.py` (its head says what it needs); CPU time, one thread, medians, works taken in turns.
Python {python}, torch {torch}, {cpu}, {cores} cores; {kernel}. The machine is shared: the last table says how
much it had to do beside each part (a load of {cores} fills it, and the benchmark itself is 1 of that). Only ratios of works timed
in turns mean much.

"""


def report(results: dict[str, Any], folder: Path) -> None:
    """Write the table of every part that was measured, and the plot."""
    found = _gathered(results["units"])
    parts = {"roof": _roof, "fb": _speed, "tta": _accuracy, "ensembles": _ensembles, "processes": _processes}
    parts |= {"composition": _composition, "held": _held, "pressures": _pressures, "adapted": _adapted}
    parts |= {"products": _products, "rows": _rows, "odd": _odd}
    text = HEAD.format(**results["machine"])
    for name, part in parts.items():
        if name in found:
            text += part(found[name], {**found, "limit": results["machine"]["pykan seconds"]})
    (folder / "README.md").write_text(text + _provenance(results["units"]))
    if "fb" in found:
        _plot(found["fb"], folder / "speed.png")


def _gathered(units: dict[str, Any]) -> dict[str, Any]:
    """What the units found by part: one value, or a list of those with something after the colon."""
    found: dict[str, Any] = {}
    for unit, kept in units.items():
        part, _, which = unit.partition(": ")
        if isinstance(kept["value"], dict) and "absent" in kept["value"] and part != "fb":
            continue
        if which:
            found.setdefault(part, []).append({"unit": which, **kept["value"]})
        else:
            found[part] = kept["value"]
    return found


def _provenance(units: dict[str, Any]) -> str:
    """Which commit each part was measured at, how long it took, and how busy the machine was."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for unit, kept in units.items():
        parts.setdefault(unit.partition(": ")[0], []).append(kept)
    rows = []
    for part, kept in parts.items():
        loads = [load for one in kept for load in one["load"]]
        commits = ", ".join(dict.fromkeys(one["commit"] for one in kept))
        busy = f"{min(loads):.1f} to {max(loads):.1f}" if loads else "not recorded"
        rows.append([part, commits, f"{sum(one['cpu'] for one in kept):.0f}", busy])
    total = sum(one["cpu"] for kept in parts.values() for one in kept)
    codes = len({one["code"] for kept in parts.values() for one in kept})
    text = f"## Measured at\n\n{total / 60:.0f} CPU minutes (without those of child processes), "
    text += (
        "all of the same code.\n\n"
        if codes == 1
        else f"of {codes} states of the code: what was not measured anew keeps its commit.\n\n"
    )
    return text + _table(["part", "commit", "CPU s", "load of the machine"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n"


def _speed(table: list[dict[str, Any]], _: dict[str, Any]) -> str:
    names = ["pykan", "efficient-kan", "FastKAN", "ChebyKAN", "inkan", "jaxkan"]
    text = "## Forward + backward\n\nMilliseconds, and how many times faster than `pykan` with `speed()`. `kandisco` keeps the\n"
    text += "first layer's features, which do not change during a fit; `uncached` computes them at every call. `plain torch` is\n"
    text += "without the compiled kernels; its bar is 60 % of the one given.\n\n"
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
    text = "## Time to accuracy: hellokan, [2,5,1], 1000 rows\n\nMedian CPU seconds, and how often the error was reached.\n\n"
    levels = ("1e-02", "1e-03", "1e-04", "1e-05")
    rows = [[level, _seconds(runs, f"train {level}"), _seconds(runs, f"held out {level}")] for level in levels]
    text += _table(["RMSE", "kandisco, training rows", "held out"], rows)
    quick = sum(run.get("train 1e-05", np.inf) <= 1.0 for run in runs)
    text += f"1e-5 on the training rows within one CPU second: {quick} of {len(runs)} seeds.\n\n"
    if "pykan grid 5" not in results:
        return text
    text += (
        f"pykan, its LBFGS and defaults, stopped at the goal or after {results['limit']:.0f} CPU-s, and this engine in the same\n"
    )
    text += "process (the median of three runs just before and three just after), seed by seed; `>`: pykan had not got there.\n"
    text += "This engine goes from grid 5 to 10, 20 and 40, with at most ten iterations on each, but in the row that says so.\n\n"
    labels = {"pykan grid 5": "grid 5", "pykan refined": "grids 5, 10, 20, 50 steps each"}
    rows, medians = [], []
    for part, goals in (("pykan grid 5", levels[:2]), ("pykan refined", levels[1:3])):
        for goal in goals:
            found = results.get(part, [])
            medians.append([goal, labels[part], *_middle_pair(found, goal)])
            rows += [[goal, labels[part], run["unit"], *_pair(run, goal), f"{run['least']:.1e}"] for run in found]
            if any(f"stays train {goal}" in run for run in found):
                medians.append([goal, "grid 5, as this engine here", *_middle_pair(found, goal, "stays")])
    text += "Medians (`>` where the median pair is one that pykan did not finish, so the true ratio is larger):\n\n"
    text += _table(["RMSE", "pykan with", "seeds", "pykan there", "median pykan", "kandisco", "median ratio"], medians)
    return text + _table(["RMSE", "pykan with", "seed", "pykan", "kandisco", "ratio", "pykan's least"], rows)


def _middle_pair(runs: list[dict[str, Any]], goal: str, who: str = "ours") -> list[str]:
    """Seeds, how many of them pykan finished, and the medians of pykan, ours and the ratio."""
    there = sum(f"train {goal}" in run for run in runs)
    theirs = [run.get(f"train {goal}", run["spent"]) for run in runs]
    ours = [run.get(f"{who} train {goal}", np.inf) for run in runs]
    ratios = sorted((a / b, f"train {goal}" not in run) for a, b, run in zip(theirs, ours, runs, strict=True))
    # A lower bound in the upper half says no more than that the median is at least the value in the middle.
    cut = any(unfinished for _, unfinished in ratios[: len(ratios) // 2 + 1])
    mark = "> " if cut else ""
    middle = f"{mark}{median(ratio for ratio, _ in ratios):.0f}x"
    return [str(len(runs)), str(there), f"{mark}{median(theirs):.1f}", f"{median(ours):.3f}", middle]


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
    text += _sparse(results.get("pykan sparse", []))
    text += f"Refined to grid 80, a held-out RMSE of 1e-5 is reached after {_seconds(runs, 'to 1e-5')}; "
    return text + f"on 20000 fresh rows the median RMSE is then {median(run['fresh'] for run in runs):.1e}.\n\n"


def _sparse(runs: list[dict[str, Any]]) -> str:
    """pykan's procedure, phase by phase, beside ours in the same process."""
    rows = [
        [run["unit"], phase["phase"], f"{phase['spent']:.1f}", f"{phase['held out']:.1e}", f"{run['ours after']:.2f}",
         f"{run['ours held out']:.1e}", f"{phase['spent'] / run['ours after']:.0f}x", str(run.get("hidden nodes", ""))]
        for run in runs for phase in run["phases"]
    ]  # fmt: skip
    head = ["seed", "pykan after", "CPU-s", "held out", "kandisco CPU-s", "held out", "ratio", "pykan's hidden nodes"]
    return "\n" + _table(head, rows) if rows else ""


def _ensembles(found: dict[str, float], _: dict[str, Any]) -> str:
    return "## Restarts\n\nCPU seconds, or milliseconds where it says so.\n\n" + _table(
        ["", ""], [[k, f"{v:.3g}"] for k, v in found.items()]
    )


def _processes(found: dict[str, Any], _: dict[str, Any]) -> str:
    one, two = median(found["one"]), median(found["two"])
    text = "Six batches of sixteen restarts in a pool of one process and of two, in turns: "
    text += f"{one:.2f} and {two:.2f} wall seconds (medians of {len(found['one'])}), {median(found['ratios']):.2f}x; "
    return text + "the single rounds: " + ", ".join(f"{ratio:.2f}x" for ratio in found["ratios"]) + ".\n\n"


def _pressures(runs: list[dict[str, Any]], _: dict[str, Any]) -> str:
    text = "## Pressures alone: hellokan, `fit(lamb=0.01)` without elimination\n\n"
    rows = []
    for name in (name for name in runs[0] if name != "unit"):
        those = [run[name] for run in runs]
        right = sum(one["nodes"] == 1 and one["inner"] == 2 for one in those)
        cells = [f"{median(one[key] for one in those):.3g}" for key in ("nodes", "inner", "held out", "spent")]
        rows.append([name, f"{right}/{len(runs)}", *cells])
    head = ["pressure", "one node, two inner edges", "median nodes", "inner edges", "held-out RMSE", "CPU-s"]
    return text + _table(head, rows)


def _adapted(runs: list[dict[str, Any]], _: dict[str, Any]) -> str:
    text = "## Grids that follow the data\n\nSums on [2,1], the others on [2,2,1]; 2000 rows, best of four restarts, "
    text += "grids 5, 10, 20.\n"
    text += "Errors on 5000 fresh rows in units of the target's deviation, medians over seeds: the median row's, and RMSE.\n\n"
    kinds: dict[str, list[dict[str, Any]]] = {}
    for run in runs:
        kinds.setdefault(run["unit"].rpartition(" ")[0], []).append(run)
    rows = []
    for kind, those in kinds.items():
        cells = [kind, str(len(those))]
        for key, form in (("median", ".1e"), ("rmse", ".1e"), ("spent", ".2f")):
            even, half = (median(run[label][key] for run in those) for label in ("even", "half"))
            cells += [format(even, form), format(half, form)] + ([f"{even / half:.1f}x"] if key != "spent" else [])
        rows.append(cells)
    head = [
        "inputs",
        "seeds",
        "median error, even",
        "half adapted",
        "gain",
        "RMSE, even",
        "half adapted",
        "gain",
        "CPU-s, even",
        "half",
    ]
    return text + _table(head, rows)


def _composition(runs: list[dict[str, float]], results: dict[str, Any]) -> str:
    ends = ", ".join(f"{run['held out']:.1e}" for run in runs)
    text = "## [4,4,2,1], three levels, 3000 rows, 8 restarts\n\n"
    text += f"Held-out 1e-4 after {_seconds(runs, 'to 1e-4')}; in the end {ends}.\n"
    for run in results.get("pykan composition", []):
        text += f"pykan, one network: training RMSE {run['train']:.2g}, held out {run['held out']:.2g} "
        text += f"after {run['spent']:.0f} CPU-s and {run['steps']} steps.\n"
    return text + "\n" + _many(results.get("pykan many outputs", []))


def _many(runs: list[dict[str, float]]) -> str:
    text = "## [17,1,14], 2000 rows, to pykan's least training error (two per cent above it)\n\n"
    rows = [
        [run["unit"], f"{run['error']:.3f}", f"{run['spent']:.1f}", f"{run['ours']:.2f}", f"{run['spent'] / run['ours']:.0f}x"]
        for run in runs
    ]
    return text + _table(["seed", "RMSE", "pykan CPU-s", "kandisco CPU-s", "ratio"], rows) if rows else ""


def _products(runs: list[dict[str, Any]], _: dict[str, Any]) -> str:
    rows = []
    for name in (name for name in runs[0] if name != "unit"):
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
    axes.legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
