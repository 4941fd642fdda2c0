"""The other methods of the side-by-side table, each as a solver: rows in, a formula out. As a worker: methods.py NAME SETTINGS.

Each is used as its own documentation shows, with the functions that the laws need, one thread and the same time limit. In its
favour, the constants of its formula are refitted in float64 before they are judged (they come out as float32, or rounded).

Operon: the member of its front that refits to the rounding floor, the shortest first; else the one it selects itself. Its limit
is wall time: on a busy machine it is given as much as 60 CPU seconds take, and started again with another seed if time is left.
gplearn: generations until the time is up; its protected functions are read as they are on the rows (log|x|, sqrt|x|).
pykan: ``[n, 5, 1]``, grid 3, sparse fit, prune, fit, grid 10, fit, auto_symbolic, fit; it has no time limit of its own, so it is
allowed to run on.
PySR: needs Julia.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from kandisco.bench import Answer, Solver
from kandisco.bench.worker import main
from kandisco.config import Config
from kandisco.errors import InputError
from kandisco.expr import Expr, add, call, complexity, mul, num, parse, power, rat, var
from kandisco.symbolic.refit import refit
from kandisco.types import Dataset

_PACKAGES = {"operon": "pyoperon", "gplearn": "gplearn", "pykan": "pykan", "pysr": "pysr"}
_EXACT = 1e-10


def version(name: str) -> str:
    """Name and version of a method's package.

    Raises:
        ImportError: it is not installed, or what it needs is not there.
    """
    try:
        found = importlib.metadata.version(_PACKAGES[name])
    except importlib.metadata.PackageNotFoundError:
        raise ImportError(f"{_PACKAGES[name]} is not installed") from None
    if name == "pysr" and shutil.which("julia") is None:
        raise ImportError("Julia is not installed")
    return f"{_PACKAGES[name]} {found}"


def _refitted(expr: Expr, dataset: Dataset) -> tuple[Expr, float]:
    """The formula with its constants refitted in float64, and its error as a share of the target's deviation."""
    names = tuple(v.name for v in dataset.inputs)
    fit = refit(expr, names, np.ascontiguousarray(dataset.x.T), dataset.y, iterations=100)
    return fit.expr, fit.rmse / float(np.std(dataset.y))


def _chosen(formulas: list[Expr], own: Expr, dataset: Dataset) -> Answer:
    exact = [(complexity(f), f) for f, error in (_refitted(f, dataset) for f in formulas) if error < _EXACT]
    if exact:
        return Answer(expr=min(exact, key=lambda item: item[0])[1])
    return Answer(expr=_refitted(own, dataset)[0])


# ------------------------------------------------------------------------------------------------------------------ operon
def operon(dataset: Dataset, config: Config) -> Answer:
    """Operon by its scikit-learn interface."""
    names = [v.name for v in dataset.inputs]
    started, seed = time.process_time(), config.seed
    formulas: list[Expr] = []
    own: list[Expr] = []

    def read(tree: Any) -> Expr:
        return parse(model.get_model_string(tree, 17, names).replace("^", "**"), names)

    while (left := config.time - (time.process_time() - started)) > 0.1 * config.time:
        model = _operon(seed, max(int(left * _busy()), 1))
        model.fit(dataset.x, dataset.y)
        formulas += [read(member["tree"]) for member in model.pareto_front_]
        own.append(read(model.model_))
        seed += 1000
    return _chosen(formulas, min(own, key=lambda formula: _refitted(formula, dataset)[1]), dataset)


def _busy() -> float:
    """Wall seconds to a CPU second, on this machine now."""
    wall, cpu = time.perf_counter(), time.process_time()
    while time.process_time() - cpu < 0.5:
        pass
    return (time.perf_counter() - wall) / (time.process_time() - cpu)


def _operon(seed: int, seconds: int) -> Any:
    from pyoperon.sklearn import SymbolicRegressor

    return SymbolicRegressor(
        allowed_symbols="add,sub,mul,div,sin,cos,exp,log,sqrt,square,constant,variable",
        objectives=["r2", "length"],
        optimizer_iterations=10,
        generations=10**9,
        max_evaluations=10**12,
        max_selection_pressure=10**9,
        n_threads=1,
        max_time=seconds,
        random_state=seed,
    )


# ----------------------------------------------------------------------------------------------------------------- gplearn
def gplearn(dataset: Dataset, config: Config) -> Answer:
    """gplearn by its scikit-learn interface, generation by generation."""
    from gplearn.functions import make_function
    from gplearn.genetic import SymbolicRegressor

    exp = make_function(function=_bounded_exp, name="exp", arity=1)
    model = SymbolicRegressor(
        population_size=1000,
        generations=1,
        function_set=("add", "sub", "mul", "div", "sqrt", "log", "sin", "cos", exp),
        metric="rmse",
        parsimony_coefficient=1e-4 * float(np.std(dataset.y)),
        const_range=(-5.0, 5.0),
        warm_start=True,
        n_jobs=1,
        random_state=config.seed,
    )
    started = time.process_time()
    while True:
        model.fit(dataset.x, dataset.y)
        if time.process_time() - started > config.time or model._program.raw_fitness_ < 1e-12 * np.std(dataset.y):
            break
        model.set_params(generations=model.generations + 1)
    return Answer(expr=_refitted(_prefix(iter(model._program.program), [v.name for v in dataset.inputs]), dataset)[0])


def _bounded_exp(x: Any) -> Any:
    return np.exp(np.minimum(x, 50.0))


def _prefix(nodes: Iterator[Any], names: list[str]) -> Expr:
    """A gplearn program (functions, column numbers and constants in prefix order) as a tree."""
    node = next(nodes)
    if isinstance(node, int | np.integer):
        return var(names[int(node)])
    if isinstance(node, float | np.floating):
        return num(float(node))
    args = [_prefix(nodes, names) for _ in range(node.arity)]
    match node.name:
        case "add":
            return add(*args)
        case "sub":
            return add(args[0], mul(rat(-1), args[1]))
        case "mul":
            return mul(*args)
        case "div":
            return mul(args[0], power(args[1], rat(-1)))
        case "sqrt":
            return power(call("abs", args[0]), rat(1, 2))
        case "log":
            return call("log", call("abs", args[0]))
        case name:
            return call(name, *args)


# ------------------------------------------------------------------------------------------------------------------- pykan
def pykan(dataset: Dataset, config: Config) -> Answer:
    """pykan's own pipeline, without a hand on it."""
    import tempfile

    import kan
    import torch

    from kandisco.expr.symbolic import from_sympy

    torch.set_default_dtype(torch.float64)
    x, y = torch.tensor(dataset.x), torch.tensor(dataset.y)[:, None]
    cut = int(0.8 * len(y))
    data = {"train_input": x[:cut], "train_label": y[:cut], "test_input": x[cut:], "test_label": y[cut:]}
    with tempfile.TemporaryDirectory() as folder:
        model = kan.KAN(width=[x.shape[1], 5, 1], grid=3, k=3, seed=config.seed, ckpt_path=folder)
        model.fit(data, opt="LBFGS", steps=50, lamb=0.01)
        model = model.prune()
        # Grids were laid by the first fit; laying them again after pruning ends in its "lstsq failed" on many of these rows.
        model.fit(data, opt="LBFGS", steps=50, update_grid=False)
        model = model.refine(10)
        model.fit(data, opt="LBFGS", steps=50, update_grid=False)
        model.auto_symbolic(verbose=0)
        model.fit(data, opt="LBFGS", steps=50, update_grid=False)
        formula = model.symbolic_formula(var=[v.name for v in dataset.inputs])[0][0]
    try:
        return Answer(expr=_refitted(from_sympy(formula), dataset)[0])
    except InputError as error:
        return Answer(expr=None, status=str(error))


SOLVERS: dict[str, Solver] = {"operon": operon, "gplearn": gplearn, "pykan": pykan}

if __name__ == "__main__":
    main(sys.argv[2], SOLVERS[sys.argv[1]])
