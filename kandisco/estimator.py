"""The pipeline as a scikit-learn regressor: fit a table, predict with the formula found, keep the whole front.

It needs the extra ``sklearn``: ``pip install kandisco[sklearn]``.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from kandisco import pipeline
from kandisco.config import Config, Lamb, Loss
from kandisco.data import to_dataset, to_table
from kandisco.data.names import unique_labels
from kandisco.errors import InputError, PluginError
from kandisco.expr.latex import to_latex
from kandisco.expr.numeric import evaluate
from kandisco.expr.symbolic import to_sympy
from kandisco.expr.text import to_text
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.types import Array, Dataset, Formula, Result

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise PluginError("KandiscoRegressor needs scikit-learn 1.6 or later.", hint="pip install 'kandisco[sklearn]'.") from error

if TYPE_CHECKING:
    import pandas

_MIN_ROWS = 3


class KandiscoRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Find a formula for each target column and predict with it.

    The parameters are the settings of a run (``kandisco.Config``, page *Settings*) under the same names and with the same
    defaults; ``random_state`` is the ``seed``. A time limit makes results depend on the machine: where they must repeat, set
    ``time`` high and bound the search with ``max_attempts``, ``restarts`` and ``max_complexity``.

    Args:
        functions: names or tags of the functions formulas are built from.
        lamb: sparsity pressure of networks, unitless; ``"auto"`` takes 0.01.
        width: network shape such as ``"2,5,1"`` in place of the search.
        grid: grid intervals of the first training.
        basis: edge basis, by name.
        refiner: ``"auto"``, ``"none"`` or the name of an engine that polishes formulas.
        time: seconds for each target column.
        test_size: share of the rows held out to score formulas.
        max_complexity: largest formula to consider, in nodes.
        max_rows: rows used for training; more are sampled from.
        max_attempts: kinds of formulas and networks to try, simplest first.
        restarts: random restarts per network shape.
        beam: joint symbol assignments kept while composing a formula.
        candidates: symbols kept per edge.
        loss: ``"squares"``, or ``"robust"``: outliers are set aside and listed in the warnings.
        uncertainty: standard uncertainty of the target, in its unit (``0.02``) or of each value (``"1%"``), with weights in a row
            of mean weight: no formula is asked to fit better. Empty for none.
        units: units of columns as ``name=unit``, where headers such as ``v [m/s]`` do not give them.
        prune_threshold: share of the output's deviation below which edges are tried for removal.
        n_jobs: worker processes for a search, as in scikit-learn: None for none, -1 for one on each physical core. The formulas
            are the same for any number; a script with workers needs ``if __name__ == "__main__":``.
        random_state: an int, a ``numpy.random.RandomState`` or None for a fresh seed at each fit.

    Attributes:
        results_: one ``kandisco.Result`` per target column, with warnings, baselines and the stages' records.
        formulas_: the best ``kandisco.Formula`` of each; its ``evidence`` says how far it can be trusted. Its constants are
            fitted to all rows at the end, its errors are of those in ``judged``, fitted without the held-out rows.
        equations_: the Pareto fronts as a pandas frame, the best of each target marked.
        n_features_in_, feature_names_in_: as everywhere in scikit-learn.

    Example:
        >>> x = np.linspace(1, 5, 60)[:, None]
        >>> model = KandiscoRegressor().fit(x, 4.9 * x[:, 0] ** 2)
        >>> print(model.sympy(), model.formulas_[0].evidence)
        49*x0**2/10 exact
    """

    def __init__(
        self,
        *,
        functions: Sequence[str] = ("elementary",),
        lamb: Lamb = "auto",
        width: str = "",
        grid: int = 5,
        basis: str = "bspline",
        refiner: str = "auto",
        time: float = 60.0,
        test_size: float = 0.2,
        max_complexity: int = 40,
        max_rows: int = 2000,
        max_attempts: int = 100,
        restarts: int = 8,
        beam: int = 16,
        candidates: int = 4,
        loss: Loss = "squares",
        uncertainty: str | float = "",
        units: Sequence[str] = (),
        prune_threshold: float = 0.01,
        n_jobs: int | None = None,
        random_state: Any = 0,
    ) -> None:
        self.functions = functions
        self.lamb = lamb
        self.width = width
        self.grid = grid
        self.basis = basis
        self.refiner = refiner
        self.time = time
        self.test_size = test_size
        self.max_complexity = max_complexity
        self.max_rows = max_rows
        self.max_attempts = max_attempts
        self.restarts = restarts
        self.beam = beam
        self.candidates = candidates
        self.loss = loss
        self.n_jobs = n_jobs
        self.uncertainty = uncertainty
        self.units = units
        self.prune_threshold = prune_threshold
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect: several targets are fine, missing values are not."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> KandiscoRegressor:
        """Search for the formula of each target column.

        Args:
            X: numbers [rows, inputs]; an array or a frame (pandas, polars), whose headers (``v [m/s]``) name the columns.
            y: [rows] or [rows, targets]; a series or frame lends its names.
            sample_weight: [rows], how much each row's squared error counts. A row of weight 2 is that row twice, of weight 0
                none; identical rows are counted together.

        Returns:
            self.

        Raises:
            ValueError: not a table of finite numbers of at least three rows.
            ConfigError: a parameter has an unusable value.
            InputError: no column varies.
        """
        names, goals = _headers(X, y)
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, ensure_min_samples=_MIN_ROWS)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        config, registry = self._config(), Registry(load())
        targets = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
        labels, _ = unique_labels(names or [f"x{i}" for i in range(X.shape[1])])
        goals = goals if len(goals) == targets.shape[1] else ["y"] if np.ndim(y) == 1 else _numbered(targets.shape[1])
        datasets = [_dataset(X, labels, column, goal, weights) for column, goal in zip(targets.T, goals)]
        self.results_: tuple[Result, ...] = tuple(pipeline.discover(dataset, config, registry) for dataset in datasets)
        self._labels, self._flat = labels, np.ndim(y) == 1
        return self

    def predict(self, X: Any, *, index: int | None = None) -> Array:
        """Values of the formulas.

        Args:
            X: [rows, inputs], columns as in ``fit``.
            index: a row of ``equations_`` to predict with, whichever target it belongs to; by default the best formulas.

        Returns:
            float64 [rows], or [rows, targets] where ``y`` had two axes and no ``index`` is given. nan where a formula is not
            defined (a root of a negative number, say), with a warning.
        """
        check_is_fitted(self, "results_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        if index is not None:
            return self._values(*self._equations()[index], X)
        values = [self._values(result, formula, X) for result, formula in zip(self.results_, self.formulas_)]
        return values[0] if self._flat else np.column_stack(values)

    @property
    def formulas_(self) -> tuple[Formula, ...]:
        """The best formula of each target column."""
        check_is_fitted(self, "results_")
        return tuple(_best(result) for result in self.results_)

    @property
    def equations_(self) -> pandas.DataFrame:
        """The Pareto fronts: a row per formula, per target from simple to complex, errors in the target's unit."""
        import pandas

        rows = []
        for result, formula in self._equations():
            errors = {name: getattr(formula, name) for name in ("rmse_train", "rmse_valid", "rmse_test", "rmse_shell", "r2_test")}
            rows.append(
                {
                    "target": result.dataset.target.label,
                    "equation": to_text(formula.expr, 6),
                    "complexity": formula.complexity,
                    **errors,
                    "evidence": formula.evidence,
                    "best": formula == result.best,
                    "origin": formula.origin,
                }
            )
        return pandas.DataFrame(rows)

    def sympy(self, *, index: int | None = None) -> Any:
        """The best formula as a sympy expression (a list of them for several targets), or that of a row of ``equations_``."""
        return self._each(to_sympy, index)

    def latex(self, *, digits: int = 6, index: int | None = None) -> Any:
        """The best formula as LaTeX (a list of them for several targets), or that of a row of ``equations_``."""
        return self._each(lambda expr: to_latex(expr, digits), index)

    def _config(self) -> Config:
        values = {name: value for name, value in self.get_params().items() if name not in ("n_jobs", "random_state")}
        state = self.random_state
        fixed = isinstance(state, int | np.integer)
        seed = int(state) if fixed else int(check_random_state(state).randint(2**31 - 1))
        jobs = 1 if self.n_jobs is None else "auto" if self.n_jobs < 0 else self.n_jobs
        return Config.from_dict({**values, "jobs": jobs, "seed": seed})

    def _equations(self) -> list[tuple[Result, Formula]]:
        check_is_fitted(self, "results_")
        return [(result, formula) for result in self.results_ for formula in result.front]

    def _values(self, result: Result, formula: Formula, x: Array) -> Array:
        columns = {v.name: x[:, self._labels.index(v.label)] for v in result.dataset.inputs}
        values = evaluate(formula.expr, columns)
        undefined = int(np.count_nonzero(~np.isfinite(values)))
        if undefined:
            text = f"The formula of {result.dataset.target.label!r} is not defined at {undefined} of {len(x)} rows: nan there."
            warnings.warn(text, UserWarning, stacklevel=3)
        return values

    def _each(self, write: Any, index: int | None) -> Any:
        if index is not None:
            return write(self._equations()[index][1].expr)
        written = [write(formula.expr) for formula in self.formulas_]
        return written[0] if len(written) == 1 else written


def _best(result: Result) -> Formula:
    if result.best is None:
        raise InputError(f"No formula was found for {result.dataset.target.label!r}.", hint="Give more time or more rows.")
    return result.best


def _headers(x: Any, y: Any) -> tuple[list[str], list[str]]:
    """The columns' names where the tables have some: of X, and of y."""
    names = [str(name) for name in getattr(x, "columns", ())]
    goals = [str(name) for name in getattr(y, "columns", ())]
    return names, goals or ([str(y.name)] if getattr(y, "name", None) else [])


def _numbered(count: int) -> list[str]:
    return [f"y{i}" for i in range(count)]


def _dataset(x: Array, labels: Sequence[str], y: Array, goal: str, weights: Array | None) -> Dataset:
    """One target's rows as the pipeline takes them: identical ones once, with their weights together."""
    rows, counts = _distinct(np.column_stack([x, y]), weights)
    table = to_table(rows[:, :-1], rows[:, -1], names=labels, target=goal)
    return replace(to_dataset(table, target=list(table.columns)[-1]), name="table", weights=counts)


def _distinct(rows: Array, weights: Array | None) -> tuple[Array, Array | None]:
    """Distinct rows and their summed weights; None where these are all alike."""
    weights = np.ones(len(rows)) if weights is None else weights
    rows, weights = rows[weights > 0], weights[weights > 0]
    unique, member = np.unique(rows, axis=0, return_inverse=True)
    if len(unique) < len(rows) or np.ptp(weights):
        rows, weights = unique, np.asarray(np.bincount(member.ravel(), weights), dtype=np.float64)
    return rows, weights / np.mean(weights) if np.ptp(weights) else None
