"""Known laws from real data: planets, Moseley, the ideal gas, Hubble, and certified fits of NIST's eight hardest sets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from common import Row, Watch, command, report, seeds

from kandisco.builtins.datasets import cards, load
from kandisco.config import Config
from kandisco.expr import Expr, parse, to_text
from kandisco.expr.numeric import evaluate
from kandisco.pipeline import discover
from kandisco.plugins import load as load_plugins
from kandisco.registry import Registry
from kandisco.tasks.fit import fit_formula
from kandisco.types import Dataset

HARD = ("mgh09", "mgh10", "thurber", "boxbod", "rat42", "rat43", "eckerle4", "bennett5")
LAWS = (
    ("planets", "@kepler", "a**(3/2)", 1e-3, ""),
    ("Moseley", "@moseley", "10.543*(Z - 1.27)**2", 0.01, "the line's energy grows slightly faster than Moseley's law"),
    (
        "ideal gas",
        "@nitrogen",
        "8.314462618*rho*T",
        2e-3,
        "CoolProp's nitrogen is real: a correction to the law may be found too",
    ),
    (
        "Hubble",
        "@hubble1929",
        "454.16*distance_mpc - 40.78",
        0.1,
        "the scatter leaves other lines open, such as one through the origin",
    ),
)


def away(found: Expr, law: str, data: Dataset) -> float:
    """How far two formulas are apart on the rows, in units of the law's root mean square."""
    columns = {v.name: c for v, c in zip(data.inputs, data.x.T, strict=True)}
    right = evaluate(parse(law, tuple(columns)), columns)
    return float(np.sqrt(np.mean((evaluate(found, columns) - right) ** 2) / np.mean(right**2)))


def recovered(turns: range) -> Iterator[Row]:
    """One row for each law, with default settings."""
    registry = Registry(load_plugins(entry_points=False))
    for title, name, law, within, note in LAWS:
        data, watch, gaps, texts = registry.dataset(name).load(), Watch(), [], []
        for seed in turns:
            with watch.turn():
                best = discover(data, replace(Config(), seed=seed), registry).best
            assert best is not None
            gaps.append(away(best.expr, law, data))
            texts.append(f"{to_text(best.expr, 5)} ({best.evidence}, complexity {best.complexity})")
            print(title, seed, f"{gaps[-1]:.2g}", texts[-1], flush=True)
        yield (
            Row(
                result=f"known law: {title}",
                paper=f"{law} (known)",
                bar=f"the law within {within:g} on all rows",
                ours=f"{'; '.join(dict.fromkeys(texts))}; apart by {max(gaps):.2g} at most",
                reached=max(gaps) <= within,
                seconds=watch.median,
                command=command(__file__),
                seeds=len(gaps),
                note=note,
            )
        )


def digits(found: float, certified: float) -> float:
    """Agreeing digits (log relative error), eleven at most: NIST gives that many."""
    return -math.log10(max(abs(found / certified - 1), 1e-11))


def certified(turns: range) -> Iterator[Row]:
    """The eight sets of higher difficulty, the form given, no starting values; a row after each seed, for all until then."""
    known = {card["name"].removeprefix("nist_"): (folder, card) for folder, card in cards() if "certified" in card}
    watch, values, errors = Watch(), dict.fromkeys(HARD, 11.0), dict.fromkeys(HARD, 11.0)
    for seed in turns:
        for name in HARD:
            folder, card = known[name]
            want, data = card["certified"], load(folder, card)
            with watch.turn():
                found = fit_formula(data, want["model"], seed=seed)
            for c in found.constants:
                values[name] = min(values[name], digits(c.value, want["parameters"][c.name]["value"]))
                errors[name] = min(errors[name], digits(c.std_error, want["parameters"][c.name]["std_error"]))
            print(seed, name, f"{values[name]:.1f} {errors[name]:.1f}", flush=True)
        yield Row(
            result="NIST StRD, eight sets of higher difficulty, --formula",
            paper="certified values (11 digits)",
            bar=">= 6 certified digits of every constant",
            ours="; ".join(f"{name} {least:.1f}" for name, least in values.items())
            + f" digits at least; standard errors {min(errors.values()):.1f} or more",
            reached=min(values.values()) >= 6,
            seconds=watch.median,
            command=command(__file__),
            seeds=seed + 1,
            note="No starting values are given. Seconds are those of one set.",
        )


if __name__ == "__main__":
    turns = seeds()
    done: list[Row] = []
    for row in certified(turns):
        done = [row]
        report(__file__, done)
    for row in recovered(turns):
        done.append(row)
        report(__file__, done)
