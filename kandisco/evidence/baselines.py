"""What a formula has to beat: the mean, and a straight line."""

from __future__ import annotations

import math

import numpy as np

from kandisco.evidence.errors import deviation
from kandisco.evidence.rows import Rows


def baselines(rows: Rows) -> dict[str, tuple[float, float]]:
    """Test RMSE and R2 of the mean and of ordinary least squares."""
    unit = float(np.max(np.abs(rows.fit.y))) or 1.0
    spread = deviation(rows.test) if len(rows.test.y) else 0.0
    spread = spread or unit
    design, test = (np.vstack([np.ones_like(part.y), part.x]).T for part in (rows.fit, rows.test))
    scale = np.max(np.abs(design), axis=0)
    scale[scale == 0] = 1.0
    weight = np.ones(len(rows.fit.y)) if rows.fit.weights is None else np.sqrt(rows.fit.weights / np.mean(rows.fit.weights))
    coef = np.linalg.lstsq(design / scale * weight[:, None], rows.fit.y / unit * weight, rcond=None)[0]
    residuals = {
        "constant": (rows.test.y - rows.fit.mean(rows.fit.y)) / unit,
        "linear": rows.test.y / unit - (test / scale) @ coef,
    }
    errors = {name: math.sqrt(rows.test.mean(r**2)) * unit if len(r) else 0.0 for name, r in residuals.items()}
    return {name: (rmse, 1 - (rmse / spread) ** 2) for name, rmse in errors.items()}
