"""Error rates of the judgement "right form": laws with other constants are right; with an offset, a term or a power more, wrong.

python benchmarks/lab/check_form.py
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from form import directions, same_form
from tables import Array, Table, catalogue, draw, held_out

from kandisco.expr import Expr, add, mul, num, power, to_text, var
from kandisco.symbolic.refit import refit

MOVED = 0.03  # what constants are off after a fit


def right(table: Table, rng: np.random.Generator) -> Iterator[Expr]:
    """The law with its constants off, each by the same share wherever it occurs."""
    off = {value: value * float(np.exp(MOVED * rng.standard_normal())) for value in set(table.truth.expr.numbers())}
    yield table.truth.expr.map_leaves(lambda leaf: num(off[float(leaf.value)]) if leaf.head == "num" else leaf)  # type: ignore[arg-type]


def wrong(table: Table) -> Iterator[Expr]:
    """The law with an offset, a line or a power too many, refitted to the noisy rows, where the law has none such."""
    names = tuple(table.letters.values())
    x, y = np.array(table.columns[:-1]), table.columns[-1]
    law, clean = table.truth.expr, table.truth.clean
    size, first = float(np.std(y)), names[0]
    line = mul(num(1e-3 * size / (float(np.std(x[0])) or 1.0)), var(first))
    more = (
        (add(law, num(1e-3 * size)), np.ones_like(clean[""])),
        (add(law, line), clean[first]),
        (mul(law, power(var(first), num(0.01))), clean[""] * np.log(np.abs(clean[first]))),
    )
    for longer, direction in more:
        fitted = refit(longer, names, x, y, iterations=60)
        if np.isfinite(fitted.rmse) and not _has(table, direction):
            yield fitted.expr


def _has(table: Table, direction: Array) -> bool:
    """Whether moving the law's constants does the same already, as a second offset does."""
    names = tuple(table.truth.box)
    slopes = directions(table.truth.expr, names, np.array([table.truth.clean[name] for name in names]), table.truth.constants)
    left = direction - slopes.T @ np.linalg.lstsq(slopes.T, direction, rcond=None)[0]
    return bool(np.linalg.norm(left) < 1e-6 * np.linalg.norm(direction))


def main() -> None:
    """Count over all laws."""
    refused, passed, rights, wrongs = [], [], 0, 0
    rng = np.random.default_rng(0)
    for part, forms in (("catalogue", catalogue()), ("held_out", held_out())):
        for form in forms:
            table = draw(part, form, rows=30, noise=0.01, kind="absolute", seed=0)
            if table is None:
                continue
            for expr in right(table, rng):
                rights += 1
                if not same_form(expr, table.truth).right:
                    refused.append(f"{form.name}: {to_text(expr, 6)}")
            for expr in wrong(table):
                wrongs += 1
                if same_form(expr, table.truth).right:
                    passed.append(f"{form.name}: {to_text(expr, 6)}")
    print("\n".join([*(f"refused  {line}" for line in refused), *(f"passed   {line}" for line in passed)]))
    print(f"right forms refused: {len(refused)} of {rights}; wrong forms passed: {len(passed)} of {wrongs}")


if __name__ == "__main__":
    main()
