"""Small plugins, each with one fault: the rule of the kit it breaks, words its message must hold, and the source."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

HEAD = """from kandisco import Dataset, InputError, Table, hookimpl
from kandisco.specs import *
from kandisco.types import Variable
"""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One plugin.

    Attributes:
        rule: the rule of the kit that must name the fault.
        words: what to change, in the message.
        source: the file.
        lines: lines it costs on standard error in a run that does not ask for it by name.
    """

    rule: str
    words: tuple[str, ...]
    source: str
    lines: int = 0


def hook(kind: str, spec: str, before: str = "") -> str:
    """A module that hands one spec over."""
    return f"{HEAD}{dedent(before)}\n@hookimpl\ndef kandisco_{kind}():\n    return [{spec}]\n"


def function(fields: str, before: str = "") -> str:
    """A function among the elementary ones, so that every run meets it."""
    return hook("functions", f"FunctionSpec(name=NAME, {fields})", f"NAME = 'broken ' + __name__\n{dedent(before)}")


def basis(values: str, *, derivative: str = "", count: str = "grid + 4") -> str:
    """Chebyshev polynomials, with one line that is wrong."""
    body = f"""
        class Basis(AbstractBasis):
            def __init__(self, grid):
                self.grid, self.count = grid, {count}

            @property
            def n_features(self):
                return self.count

            def features(self, x, lo, hi):
                import torch

                lo, hi = lo[..., None], hi[..., None]
                u = ((x - lo) / (hi - lo)).clamp(0, 1)
                waves = lambda u, first=0: torch.stack(
                    [torch.cos(k * torch.acos((2 * u - 1) * 0.999)) for k in range(first, first + self.count)], dim=-2
                )
                return {values}
    """
    method = f"\n    def derivative(self, x, lo, hi):\n        return {derivative}\n" if derivative else ""
    return hook("bases", "BasisSpec(name=__name__, basis=Basis)", f"{dedent(body).strip()}\n{method}")


def dataset(y: str = "2 * x", card: str = "license='CC0-1.0'", before: str = "") -> str:
    """A straight line, with one thing wrong about it."""
    body = f"""
        def load():
            import numpy as np

            x = np.linspace(0, 1, 9)
            {before or "pass"}
            inputs = (Variable(name="t"),)
            return Dataset(name="d", x=x[:, None], y={y}, inputs=inputs, target=Variable(name="s"))
    """
    return hook("datasets", f"DatasetSpec(name='d-' + __name__, load=load, summary='a line', source='made up', {card})", body)


def refiner(body: str) -> str:
    """An engine, with one habit too many."""
    before = "def refine(problem):\n    from kandisco.expr import parse\n" + indent(dedent(body), "    ")
    return hook("refiners", "RefinerSpec(name=__name__, refine=refine)", before)


def exporter(text: str, suffix: str = ".py") -> str:
    """A language, written wrongly."""
    return hook(
        "exporters",
        f"ExporterSpec(name=__name__, suffix={suffix!r}, export=export)",
        f"def export(formulas, dataset):\n    return {text}\n",
    )


APP = """
    def app():
        import typer

        group = typer.Typer()
        group.command()(lambda: None)
        return group
"""
TORCH_SQRT = """
    def form(x):
        import torch

        return torch.where(x == x[50], x, torch.sqrt((x - x[50]).abs()) * 0 + x)
"""
HANGS = """
    import time

    while True:
        time.sleep(0.05)
    yield parse("x")
"""
NETWORK = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)"
DEFINES = "FunctionSpec(name=__name__, sympy='2*x')"

BROKEN: dict[str, Broken] = {
    # functions
    "torch_disagrees": Broken(
        rule="torch",
        words=("torch form gives", "mend one, or leave torch out"),
        source=function("sympy='sin(x)', torch=lambda x: x.cos()"),
    ),
    "numpy_disagrees": Broken(
        rule="numpy",
        words=("numpy form gives", "mend one"),
        source=function("sympy='sin(x)', numpy=lambda x: 0 * x"),
    ),
    "torch_sums": Broken(rule="torch", words=("must be elementwise",), source=function("sympy='x', torch=lambda x: x.sum()")),
    "torch_widens": Broken(rule="torch", words=("dtype=x.dtype",), source=function("sympy='x', torch=lambda x: x.double()")),
    "torch_gradient": Broken(
        rule="torch",
        words=("gradient", "mask arguments before torch.where"),
        source=function("sympy='x', torch=form", TORCH_SQRT),
    ),
    "log_at_zero": Broken(rule="domain", words=("narrow the domain",), source=function("sympy='log(x)'")),
    "hidden_pole": Broken(rule="domain", words=("list the singularity",), source=function("sympy='1/(x - 1)'")),
    "narrow_domain": Broken(rule="domain", words=("widen the domain",), source=function("sympy='sin(x)', domain=(0.0, 1.0)")),
    "gradient_at_zero": Broken(rule="gradient", words=("derivative is not finite",), source=function("sympy='sqrt(x**2)'")),
    "no_x_in_it": Broken(rule="loading", words=("does not contain x",), source=function("sympy='2.0'"), lines=1),
    "no_formula": Broken(rule="loading", words=("is no function of x",), source=function("sympy='sin('"), lines=1),
    # bases
    "rows_first": Broken(rule="shape", words=("[..., n_features, rows]",), source=basis("waves(u).transpose(-1, -2)")),
    "one_restart": Broken(
        rule="broadcast",
        words=("broadcast lo[..., None]",),
        source=basis("waves(((x - lo.reshape(-1)[0]) / (hi - lo).reshape(-1)[0]).clamp(0, 1))"),
    ),
    "always_double": Broken(rule="dtype", words=("dtype=x.dtype",), source=basis("waves(u).double()")),
    "infinite_outside": Broken(
        rule="finite",
        words=("not finite", "clamp"),
        source=basis("waves(u) + (99 * ((x - lo) / (hi - lo) - u).abs()).exp()[..., None, :]"),
    ),
    "own_range": Broken(rule="scale", words=("(x - lo) / (hi - lo)",), source=basis("waves(((x + 1) / 3).clamp(0, 1))")),
    "no_constant": Broken(rule="constants", words=("add a constant feature",), source=basis("waves(u) * u[..., None, :]")),
    "worse_when_finer": Broken(
        rule="refinement", words=("a finer grid must hold the coarser",), source=basis("waves(u)", count="max(1, 12 - grid)")
    ),
    "detached": Broken(rule="gradients", words=("do not detach",), source=basis("waves(u.detach())")),
    "half_derivative": Broken(
        rule="gradients", words=("remember the factor",), source=basis("waves(u)", derivative="0.5 * self.features(x, lo, hi)")
    ),
    # refiners
    "never_ends": Broken(rule="budget", words=("look at the clock",), source=refiner(HANGS)),
    "never_stops_talking": Broken(
        rule="budget", words=("stop when the budget is spent",), source=refiner("while True:\n    yield parse('x')")
    ),
    "foreign_function": Broken(rule="allowed", words=("use problem.functions",), source=refiner("yield parse('cosh(x)')")),
    "unseeded": Broken(
        rule="seeded",
        words=("take all randomness from problem.seed",),
        source=refiner("import random\nyield parse(f'{random.random():.17f}*x')"),
    ),
    # datasets
    "no_licence": Broken(rule="card", words=("license is empty",), source=dataset(card="license=''")),
    "network": Broken(rule="offline", words=("ship the numbers",), source=dataset(before=NETWORK)),
    "holes": Broken(
        rule="numbers", words=("not finite", "leave such rows out"), source=dataset(y="np.where(x > 0.5, np.nan, x)")
    ),
    # exporters
    "other_numbers": Broken(
        rule="numbers",
        words=("DISAGREES", "it must give the formula's own numbers"),
        source=exporter("'def predict(u, v):\\n    return 1.0 + u\\n'"),
    ),
    "label_breaks_out": Broken(
        rule="wellformed", words=("escape labels",), source=exporter("f'{{{dataset.target.label}}}\\n'", suffix=".tex")
    ),
    # readers
    "reads_anything": Broken(
        rule="junk",
        words=("raise kandisco.InputError",),
        source=hook(
            "readers",
            "ReaderSpec(name='any', suffixes=('.any',), read=lambda path: Table(columns={'a': list(path.read_bytes())}))",
        ),
    ),
    # commands and observers
    "takes_our_command": Broken(
        rule="card",
        words=("choose another name",),
        source=hook("commands", "CommandSpec(name='discover', app=app, summary='ours')", APP),
        lines=1,
    ),
    "trips_over_a_run": Broken(
        rule="follows",
        words=("hears no more",),
        source=f"{HEAD}class Nosy(Observer):\n    def progress(self, stage, **values):\n        values['nothing']\n\n"
        "@hookimpl\ndef kandisco_observers(run):\n    return [Nosy()]\n",
        lines=1,
    ),
    # the module
    "heavy": Broken(
        rule="light", words=("imports sympy", "inside the function"), source="import sympy\n" + hook("functions", DEFINES)
    ),
    "misspelt": Broken(
        rule="loading",
        words=("Did you mean kandisco_functions?",),
        source=hook("functions", DEFINES).replace("def kandisco_functions", "def kandisco_function"),
        lines=1,
    ),
    "unmarked": Broken(
        rule="loading",
        words=("Put @kandisco.hookimpl above it",),
        source=hook("functions", DEFINES).replace("@hookimpl\n", ""),
        lines=1,
    ),
    "takes_our_name": Broken(
        rule="loading",
        words=("registered twice",),
        source=hook("functions", "FunctionSpec(name='sin', sympy='sin(x)')"),
        lines=1,
    ),
    "raises_at_import": Broken(
        rule="loading", words=("no licence server",), source="raise RuntimeError('no licence server')", lines=1
    ),
}
