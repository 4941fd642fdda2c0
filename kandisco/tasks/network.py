"""A KAN trained by cross-entropy: one score with cut points for ordered classes, one score a class for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kandisco import kan as net
from kandisco.control import Control
from kandisco.specs import BasisSpec
from kandisco.tasks.ordinal import Codes, classes_of, fit_linear, loss_terms, mean_loss
from kandisco.types import Array

if TYPE_CHECKING:
    from torch import Tensor

_ROUNDS, _ROUND = 40, 4
_DESCENT = 40
# The widest grid a column gets: beyond these quantiles a curve goes on as a straight line, so outliers do not thin it out.
_TAIL = 0.005
# Rows that are surely right have hardly any curvature; this share of the mean keeps their working response finite.
_FLAT = 1e-3


@dataclass(frozen=True, kw_only=True)
class Classifier:
    """A trained network that tells classes.

    Attributes:
        kan: one network; its outputs are scores.
        cuts: float64 [classes - 1] between the classes on the one score, or None where each class has its own score.
        centre, spread: float64 [inputs], taken from the training rows: the network sees (x - centre) / spread.
        loss: mean cross-entropy on the validation rows, in nats.
        parameters: numbers that training could move: coefficients and biases of living edges, and cuts.
    """

    kan: net.KAN
    cuts: Array | None
    centre: Array
    spread: Array
    loss: float
    parameters: int

    def scores(self, x: Array) -> Array:
        """Scores at ``x`` float64 [rows, inputs]: [rows] with cuts, [rows, classes] without."""
        found = _outputs(self.kan, (x - self.centre) / self.spread)
        return found if self.cuts is None else found[:, 0]

    def classes(self, x: Array) -> Codes:
        """The class of each row of ``x``."""
        scores = self.scores(x)
        return np.argmax(scores, axis=1).astype(np.int64) if self.cuts is None else classes_of(scores, self.cuts)


def train_classifier(
    x: Array,
    codes: Codes,
    valid: tuple[Array, Codes],
    *,
    classes: int,
    ordered: bool,
    width: str,
    basis: BasisSpec,
    grid: int = 3,
    restarts: int = 4,
    lamb: float = 0.0,
    seed: int = 0,
    control: Control | None = None,
) -> Classifier:
    """Train by least squares on the class numbers for a start, then on the cross-entropy.

    Ordered classes go by Fisher scoring: the loss is quadratic in the score near where it stands, so each round is a weighted
    least-squares fit to a working response (McCullagh and Nelder, Generalized Linear Models, 1989, 2.5), which
    Levenberg-Marquardt does for a network as it does for a line. Classes without order go by L-BFGS.

    Args:
        x: float64 [rows, inputs].
        codes: int64 [rows].
        valid: rows that decide which state is kept.
        classes: number of classes.
        ordered: one score with cuts, or one score a class.
        width: shape such as ``"17,1,1"``; its last number is replaced by the number of scores.
        basis: edge basis.
        grid: grid intervals of every edge.
        restarts: random starts; the best on the validation rows is kept.
        lamb: sparsity pressure of the first training; edges that die are gone.
        seed: of all randomness.
        control: the deadline.
    """
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0] = 1.0
    unit, held = (x - centre) / spread, (valid[0] - centre) / spread
    scores = 1 if ordered else classes
    shape = net.parse_width(",".join([*width.split(",")[:-1], str(scores)]), x.shape[1])
    targets = [c.astype(np.float64)[:, None] if ordered else np.eye(classes)[c] for c in (codes, valid[1])]
    inner = np.clip(unit, *np.quantile(unit, [_TAIL, 1 - _TAIL], axis=0))
    # A column of few values, one of them rare, keeps its whole range.
    inner = np.where(inner.std(axis=0) == 0, unit, inner)
    start = net.init(shape, basis, x=inner, restarts=restarts, seed=seed, grid=grid)
    fitted = net.fit(start, unit, targets[0], valid=(held, targets[1]), grids=(grid,), lamb=lamb, control=control)
    task = Rows(x=unit, codes=codes, held=held, held_codes=valid[1], classes=classes)
    solve = _scored if ordered else _descended
    # The best starts by squares are the best by cross-entropy too, nearly always.
    order = np.argsort(fitted.valid_rmse)[: 1 + restarts // 4]
    done = [solve(net.select(fitted.kan, int(r)), task, control) for r in order]
    loss, kan, cuts = min(done, key=lambda one: one[0])
    moving = int(_free(kan)) + (0 if cuts is None else len(cuts))
    return Classifier(kan=kan, cuts=cuts, centre=centre, spread=spread, loss=loss, parameters=moving)


def _free(kan: net.KAN) -> float:
    from kandisco.kan.layout import free

    return float(free(kan).sum())


def _outputs(kan: net.KAN, x: Array) -> Array:
    return np.asarray(net.forward(kan, x)[0].double().cpu().numpy(), dtype=np.float64)


_Found = tuple[float, net.KAN, Array | None]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Training and held-out rows in the network's units; ``x`` and ``held`` are float64 [rows, inputs]."""

    x: Array
    codes: Codes
    held: Array
    held_codes: Codes
    classes: int


def _scored(kan: net.KAN, task: Rows, control: Control | None) -> _Found:
    """Fisher scoring of the score, the cuts solved for after each round; the best state on held-out rows."""
    kan, cuts = _calibrated(kan, task)
    current = _loss(kan, task.x, task.codes, cuts)
    best: _Found = (_loss(kan, task.held, task.held_codes, cuts), kan, cuts)
    step, stalled = 1.0, 0
    for _ in range(_ROUNDS):
        if stalled >= 4 or (control is not None and control.reason()):
            break
        score = _outputs(kan, task.x)[:, 0]
        _, slope, bend = loss_terms(score, cuts, task.codes)
        bend = np.maximum(bend, _FLAT * float(np.mean(bend)))
        response = score - step * slope / bend
        moved = net.fit(kan, task.x, response, weights=bend, grids=(kan.grid,), iterations=_ROUND, control=control).kan
        trial, trial_cuts = _calibrated(moved, task)
        loss = _loss(trial, task.x, task.codes, trial_cuts)
        stalled = 0 if loss < current - 1e-5 else stalled + 1
        step = min(1.0, 2 * step) if loss < current else step / 3
        if loss < current:
            kan, cuts, current = trial, trial_cuts, loss
            held = _loss(kan, task.held, task.held_codes, cuts)
            best = (held, kan, cuts) if held < best[0] else best
    return best


def _descended(kan: net.KAN, task: Rows, control: Control | None) -> _Found:
    """Rounds of L-BFGS; between them hidden grids are moved. The best state on held-out rows."""
    best: _Found = (_loss(kan, task.held, task.held_codes, None), kan, None)
    stalled = 0
    while stalled < 3 and not (control is not None and control.reason()):
        y = task.codes.astype(np.float64)
        kan = net.fit_lbfgs(kan, task.x, y, iterations=_DESCENT, loss=_entropy, control=control).kan
        kan = net.extend_grid(kan, kan.grid, task.x)
        loss = _loss(kan, task.held, task.held_codes, None)
        stalled = 0 if loss < best[0] - 1e-4 else stalled + 1
        best = (loss, kan, None) if loss < best[0] else best
    return best


def _entropy(outputs: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy for ``kan.fit_lbfgs``: outputs [R, O, N], class numbers [1, N] -> [R, N]."""
    chosen = y.long().expand(outputs.shape[0], 1, -1)
    found: Tensor = outputs.logsumexp(dim=1) - outputs.gather(1, chosen)[:, 0]
    return found


def _calibrated(kan: net.KAN, task: Rows) -> tuple[net.KAN, Array]:
    """The network with its score in logits, and the best cuts for it."""
    from torch import as_tensor

    from kandisco.kan.scaling import rescale

    found = fit_linear(_outputs(kan, task.x).T, task.codes, task.classes)
    like = kan.edges[-1].bias
    moved = rescale(kan, as_tensor(0.0, dtype=like.dtype), as_tensor([[found.coef[0]]], dtype=like.dtype))
    return moved, found.cuts


def _loss(kan: net.KAN, x: Array, codes: Codes, cuts: Array | None) -> float:
    outputs = _outputs(kan, x)
    if cuts is not None:
        return mean_loss(outputs[:, 0], cuts, codes)
    top = outputs.max(axis=1)
    total = np.log(np.sum(np.exp(outputs - top[:, None]), axis=1)) + top
    return float(np.mean(total - outputs[np.arange(len(codes)), codes]))
