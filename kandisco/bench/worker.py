"""A worker process: cases in, a JSON object a line, outcomes out."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from kandisco.bench.cases import Case, Settings
from kandisco.bench.work import Solver, kandisco_solver, solve
from kandisco.config import Config


def main(argument: str, solver: Solver | None = None) -> None:
    """Solve what comes in until the input ends.

    Args:
        argument: the settings, as JSON.
        solver: another method than kandisco.
    """
    # Whatever a library prints must not get between the outcomes.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    values = json.loads(argument)
    config = Config.from_dict(values.pop("config"))
    settings = Settings(config=config, **{**values, "block": tuple(values["block"])})
    solver = solver or _warm(kandisco_solver(settings))
    for line in sys.stdin:
        case = Case.from_dict(json.loads(line))
        print(json.dumps(_solved(case, settings, solver)), file=out, flush=True)


def _solved(case: Case, settings: Settings, solver: Solver) -> dict[str, Any]:
    """The outcome; a bug costs its case and no other."""
    try:
        return solve(case, settings, solver)
    except Exception as error:
        traceback.print_exc()
        return {"recovered": False, "why": f"{type(error).__name__}: {error}", "status": "failed", "truth": case.law.text}


def _warm(solver: Solver) -> Solver:
    """Load what a search loads, so that the first case is not charged with it."""
    import numpy as np

    from kandisco.types import Dataset, Variable

    x = np.linspace(1, 2, 40)
    dataset = Dataset(name="warm", x=x[:, None], y=3 * x, inputs=(Variable(name="x"),), target=Variable(name="y"))
    solver(dataset, Config(time=5.0))
    return solver


if __name__ == "__main__":
    main(sys.argv[1])
