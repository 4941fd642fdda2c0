"""The engine's process: the only place that imports pysr."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from kandisco.specs import RefineProblem
from kandisco.workers.wire import read_problem
from kandisco_pysr.mapping import checked, settings, units


def build(problem: RefineProblem, folder: str) -> tuple[Any, dict[str, Any]]:
    """A ``PySRRegressor`` for the problem and the arguments of its ``fit``, both checked against the installed version."""
    from pysr import PySRRegressor

    arguments, unknown = checked(settings(problem, folder), PySRRegressor.__init__)
    for name in unknown:
        sys.stderr.write(f"the installed pysr has no {name}; it is left at its default\n")
    weights = {} if problem.weights is None else {"weights": problem.weights}
    return PySRRegressor(**arguments), {**units(problem), **weights}


def main(folder: Path) -> int:
    """Run PySR on the problem in a folder; why it failed is left in ``engine-error.txt``."""
    try:
        problem = read_problem(folder)
        model, arguments = build(problem, str(folder))
        model.fit(problem.x, problem.y, **arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # a missing Julia is a URLError or a bare Exception, not an ImportError
        (folder / "engine-error.txt").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
