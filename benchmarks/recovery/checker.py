"""Error rates of the recovery checker, and what the simplifier makes of the same laws, on the table ``datasets/problems``.

    python benchmarks/recovery/checker.py [--only NAME ...] [--verbose] [--json FILE]

Right forms of each law: as written, simplified, expanded by sympy, through logarithms where all inputs are positive, and with a
fit's constants (each off by 3e-7 of its size). Wrong ones: a factor off by 1e-4 and by 1e-5, a term of 1e-4 of the law's size too
many, and one exponent off by 0.01. Under noise of 1 %: right are the laws with their constants fitted to the noisy rows; wrong
are these with all off by a tenth, with one exponent off by 0.01, and with a fitted term in one input too many. Prints the pairs
that were misjudged, the error rates, and the milliseconds a check and a simplification take.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sympy

from kandisco.bench import draw, judge, read_laws
from kandisco.errors import InputError
from kandisco.expr import Expr, add, complexity, constant_value, mul, num, parse, power, to_text
from kandisco.expr.equivalence import same_law
from kandisco.expr.numeric import evaluate
from kandisco.expr.rewrite import simplify
from kandisco.expr.symbolic import from_sympy, to_sympy
from kandisco.symbolic.refit import refit

TABLE = Path(__file__).parents[2] / "datasets" / "problems" / "data.csv"
Box = dict[str, tuple[float, float]]


@dataclass(kw_only=True)
class Tally:
    """What has been counted so far."""

    refused: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    by_number: int = 0
    right: int = 0
    wrong: int = 0
    noisy_right: int = 0
    noisy_wrong: int = 0
    noisy_refused: list[str] = field(default_factory=list)
    noisy_passed: list[str] = field(default_factory=list)
    check_ms: list[float] = field(default_factory=list)
    simplify_ms: list[float] = field(default_factory=list)
    shorter: int = 0


def laws() -> Iterator[tuple[str, Expr, Box]]:
    """Name, law and box of each row of the table."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            names = row["inputs"].split(";")
            ends = [part.split(":")[:2] for part in row["ranges"].split(";")]
            box = {name: (float(lo), float(hi)) for name, (lo, hi) in zip(names, ends, strict=True)}
            try:
                yield row["name"], parse(row["formula"], names), box
            except InputError as error:
                print(f"{row['name']}: {error}")


def with_constants(tree: Expr, relative: float, rng: np.random.Generator) -> Expr:
    """Each constant as a float off by ``relative``; whole exponents stay."""
    if tree.head == "pow" and constant_value(tree.args[1]) is not None:
        return power(with_constants(tree.args[0], relative, rng), tree.args[1])
    value = constant_value(tree)
    if value is not None:
        return num(value * (1 + relative * rng.choice([-1, 1])))
    return Expr(tree.head, tuple(with_constants(arg, relative, rng) for arg in tree.args), tree.value)


def off_exponent(tree: Expr) -> Expr | None:
    """The law with the first power of a variable off by 0.01."""
    for node in tree.walk():
        if node.head == "pow" and node.args[0].head == "var" and constant_value(node.args[1]) is not None:
            changed = power(node.args[0], num((constant_value(node.args[1]) or 0.0) + 0.01))
            return _replace(tree, node, changed)
    return None


def _replace(tree: Expr, old: Expr, new: Expr) -> Expr:
    return new if tree == old else Expr(tree.head, tuple(_replace(arg, old, new) for arg in tree.args), tree.value)


def right_forms(law: Expr, short: Expr, box: Box, rng: np.random.Generator) -> Iterator[Expr]:
    """Forms of the same law."""
    yield law
    yield short
    yield mul(num(1 + 3e-7), with_constants(law, 3e-7, rng))
    with contextlib.suppress(InputError):
        yield from_sympy(sympy.expand(to_sympy(law)))
    if all(lo > 0 for lo, _ in box.values()):
        yield law.substitute({name: parse(f"exp(2*log({name})/2)") for name in box})


def wrong_forms(law: Expr, box: Box, columns: dict[str, np.ndarray]) -> Iterator[Expr]:
    """Near misses."""
    yield mul(num(1.0001), law)
    yield mul(num(1.00001), law)
    values = evaluate(law, columns)
    name = max(box)
    size = float(np.nanstd(values)) / max(float(np.std(columns[name])), 1e-30)
    yield add(law, mul(num(1e-4 * size), parse(name, list(box))))
    if (off := off_exponent(law)) is not None:
        yield off


def under_noise(names: list[str], tally: Tally) -> None:
    """Count the judge's errors on laws fitted to rows with 1 % noise."""
    for law in read_laws():
        if names and law.name not in names:
            continue
        drawn = draw(law, noise=0.01)
        inputs = tuple(drawn.names)
        rows, y = np.ascontiguousarray(drawn.dataset.x.T), drawn.dataset.y
        renamed = law.expr.substitute({real: parse(name, inputs) for name, real in drawn.names.items()})
        rng = np.random.default_rng(2)
        free = mul(num(1.0), with_constants(renamed, 0.0, rng))

        found = refit(free, inputs, rows, y, iterations=100).expr
        extra = add(free, mul(num(1e-3 * float(np.std(y) / np.std(rows[0]))), parse(inputs[0], inputs)))
        off = off_exponent(found)
        wrong = [(mul(num(1.1), found), False), (extra, True), *(((off, False),) if off is not None else ())]
        for right, tree, fit in ((True, free, True), *((False, tree, fit) for tree, fit in wrong)):
            fitted = refit(tree, inputs, rows, y, iterations=100)
            tree = fitted.expr if fit else tree
            verdict = judge(tree, law, drawn.names, std_errors=fitted.std_errors.tolist(), clean=drawn.clean)
            line = f"{law.name}: {to_text(tree, 6)} ({verdict.why})"
            tally.noisy_right += right
            tally.noisy_wrong += not right
            if verdict.recovered is not right:
                (tally.noisy_refused if right else tally.noisy_passed).append(line)


def judge_law(name: str, law: Expr, box: Box, tally: Tally, verbose: bool) -> None:
    """Count one law."""
    rng = np.random.default_rng(1)
    columns = {key: rng.uniform(lo, hi, 200) for key, (lo, hi) in box.items()}
    started = time.perf_counter()
    short = simplify(law, columns=columns)
    tally.simplify_ms.append(1e3 * (time.perf_counter() - started))
    tally.shorter += complexity(short) < complexity(law)
    if verbose:
        print(f"{name:12} {complexity(law):3} -> {complexity(short):3}  {to_text(law, 6)}\n{'':25}{to_text(short, 6)}")
    for form in right_forms(law, short, box, rng):
        started = time.perf_counter()
        verdict = same_law(form, law, box)
        tally.check_ms.append(1e3 * (time.perf_counter() - started))
        tally.right += 1
        tally.by_number += verdict.how == "numeric"
        tally.refused += [] if verdict.equal else [f"{name}: {to_text(form, 9)} ({verdict.how}, {verdict.error:.1e})"]
    for form in wrong_forms(law, box, columns):
        tally.wrong += 1
        verdict = same_law(form, law, box)
        tally.passed += [f"{name}: {to_text(form, 9)} ({verdict.how}, {verdict.error:.1e})"] if verdict.equal is not False else []


def main() -> None:
    """Judge the table and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--json", default="", help="write the rates here as well")
    options = parser.parse_args()
    tally = Tally()
    for name, law, box in laws():
        if not options.only or name in options.only:
            judge_law(name, law, box, tally, options.verbose)
    under_noise(options.only, tally)
    lines = [*(f"refused  {line}" for line in tally.refused), *(f"passed   {line}" for line in tally.passed)]
    lines += [f"refused under noise  {line}" for line in tally.noisy_refused]
    lines += [f"passed under noise   {line}" for line in tally.noisy_passed]
    rates = {
        "right forms refused": f"{len(tally.refused)} of {tally.right} ({tally.by_number} accepted by number, not by proof)",
        "wrong forms passed": f"{len(tally.passed)} of {tally.wrong}",
        "right forms refused under 1 % noise": f"{len(tally.noisy_refused)} of {tally.noisy_right}",
        "wrong forms passed under 1 % noise": f"{len(tally.noisy_passed)} of {tally.noisy_wrong}",
    }
    print("\n".join(["", *lines, *(f"{name}: {rate}" for name, rate in rates.items())]))
    if options.json:
        Path(options.json).write_text(json.dumps(rates, indent=1) + "\n", encoding="utf-8")
    print(f"a check:    median {statistics.median(tally.check_ms):.0f} ms, worst {max(tally.check_ms):.0f} ms")
    print(f"simplified: median {statistics.median(tally.simplify_ms):.0f} ms, worst {max(tally.simplify_ms):.0f} ms")
    print(f"shorter than written: {tally.shorter} of {len(tally.simplify_ms)} laws")


if __name__ == "__main__":
    main()
