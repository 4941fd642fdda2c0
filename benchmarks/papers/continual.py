"""Five Gaussians, shown one after another (KAN paper, section 3.5): the largest error on the earlier ones at the end."""

from __future__ import annotations

import numpy as np
from common import Row, Watch, command, report, seeds

from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.tasks.continual import begin, learn

CENTRES = (-0.8, -0.4, 0.0, 0.4, 0.8)
ROWS, GRID = 200, 200


def peaks(x: np.ndarray) -> np.ndarray:
    """The whole curve; near each centre the others are below 1e-20."""
    return np.asarray(sum(np.exp(-300.0 * (x - centre) ** 2) for centre in CENTRES))


def main() -> None:
    """Measure on all seeds, each with rows of its own."""
    registry, watch, earlier, last = Registry(load(entry_points=False)), Watch(), [], []
    wanted = seeds()
    for seed in wanted:
        rng = np.random.default_rng(seed)
        with watch.turn():
            memory = begin([(-1.0, 1.0)], registry, grid=GRID)
            for centre in CENTRES:
                x = rng.uniform(centre - 0.2, centre + 0.2, ROWS)
                memory = learn(memory, x[:, None], peaks(x))
        errors = []
        for centre in CENTRES:
            x = np.linspace(centre - 0.2, centre + 0.2, 2001)
            errors.append(float(np.abs(memory(x[:, None]) - peaks(x)).max()))
        earlier.append(max(errors[:-1]))
        last.append(errors[-1])
        print(f"seed {seed}: " + " ".join(f"{error:.1e}" for error in errors))
    report(
        __file__,
        [
            Row(
                result="five Gaussians, continual",
                paper="no forgetting, shown in a figure (arXiv:2404.19756, section 3.5)",
                bar="largest error on earlier peaks after all phases <= 1e-3",
                ours=f"{min(earlier):.1e} to {max(earlier):.1e} (the last peak {max(last):.1e} at most)",
                reached=max(earlier) <= 1e-3,
                seconds=watch.median,
                command=command(__file__),
                seeds=len(wanted),
                note=f"{ROWS} rows a phase, one B-spline edge of {GRID} intervals over [-1, 1], which is known from the start.",
            )
        ],
    )


if __name__ == "__main__":
    main()
