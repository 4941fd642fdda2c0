"""The conformance kit: the built-ins pass it, and it names what is wrong with everything that breaks a rule."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from kandisco.builtins import localisation
from kandisco.expr import parse
from kandisco.plugins import load
from kandisco.specs import (
    AbstractBasis,
    BasisSpec,
    CommandSpec,
    DatasetSpec,
    ExporterSpec,
    FunctionSpec,
    Observer,
    ReaderSpec,
    RefineProblem,
    RefinerSpec,
)
from kandisco.testing import (
    Check,
    Finding,
    check_basis,
    check_command,
    check_dataset,
    check_exporter,
    check_function,
    check_observer,
    check_plugin,
    check_reader,
    check_refiner,
    parametrize_with_checks,
    refiners,
)
from kandisco.types import Dataset, Table, Variable

if TYPE_CHECKING:
    import torch

BUILT_INS = [importlib.import_module(info.location) for info in load(entry_points=False, environ={}).infos]


# A quarter of the rows: each is an eigenstate of a chain of up to thousands of sites, and no rule is about how many there are.
with pytest.MonkeyPatch.context() as fewer:
    fewer.setattr(localisation, "ROWS", localisation.ROWS // 4)
    built_ins_conform = parametrize_with_checks(*BUILT_INS)


@built_ins_conform
def test_the_built_ins_conform(check: Check) -> None:
    check()


def rules(findings: Iterable[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def same(x: Any) -> Any:
    return x


def bad_gradient(x: torch.Tensor) -> torch.Tensor:
    import torch

    # right values everywhere, but the branch that was not taken still sends 0 * inf back
    return torch.where(x == x[50], x, torch.sqrt((x - x[50]).abs()) * 0 + x)


FUNCTIONS = {
    "text": [FunctionSpec(name="f", sympy="sin("), FunctionSpec(name="f", sympy="sin(y)"), FunctionSpec(name="f", sympy="2")],
    "domain": [
        FunctionSpec(name="f", sympy="log(x)"),
        FunctionSpec(name="f", sympy="1/x"),
        FunctionSpec(name="f", sympy="sin(x)", domain=(0.0, 1.0)),
        FunctionSpec(name="f", sympy="exp(x)", singularities=(1.0,)),
    ],
    "gradient": [FunctionSpec(name="f", sympy="sqrt(x**2)")],
    "numpy": [FunctionSpec(name="f", sympy="sin(x)", numpy=np.cos), FunctionSpec(name="f", sympy="sin(x)", numpy=np.sum)],
    "torch": [FunctionSpec(name="f", sympy="sin(x)", torch=same), FunctionSpec(name="f", sympy="x", torch=bad_gradient)],
    "card": [
        FunctionSpec(name="a,b", sympy="x"),
        FunctionSpec(name="f", sympy="x", tags=()),
        FunctionSpec(name="f", sympy="x", complexity=-1),
        FunctionSpec(name="f", sympy="x", singularities=(-1.0,), domain=(0.0, 1.0)),
    ],
}


@pytest.mark.parametrize(("rule", "spec"), [(rule, spec) for rule, specs in FUNCTIONS.items() for spec in specs])
def test_a_function_that_breaks_a_rule_is_caught(rule: str, spec: FunctionSpec) -> None:
    assert rule in rules(check_function(spec))


class Basis(AbstractBasis):
    """Chebyshev-like powers, with one fault to be chosen."""

    def __init__(self, grid: int, fault: str) -> None:
        self._fault = fault
        self._count = 6 if fault == "stuck" else grid + 4 if fault != "worse" else max(1, 12 - grid)

    @property
    def n_features(self) -> int:
        return self._count

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        import torch

        lo, hi = torch.as_tensor(lo)[..., None], torch.as_tensor(hi)[..., None]
        if self._fault == "own range":
            lo, hi = torch.tensor([-1.0]), torch.tensor([2.0])
        if self._fault == "first range":
            lo, hi = lo.reshape(-1)[:1], hi.reshape(-1)[:1]
        t = 2 * (x - lo) / (hi - lo) - 1
        t = t if self._fault == "wild" else t.clamp(-1, 1)
        t = t.detach() if self._fault == "detached" else t
        order = range(1 if self._fault == "no constant" else 0, self._count + (self._fault == "no constant"))
        values = [self._value(t, k) for k in order]
        out = torch.stack(values, dim=-1 if self._fault == "rows first" else -2)
        return out.double() if self._fault == "double" else out.to(x.dtype)

    def _value(self, t: torch.Tensor, k: int) -> torch.Tensor:
        import torch

        if self._fault == "wild":
            return torch.exp(t.abs() ** 4) * (k + 1)
        if self._fault == "no constant":
            return t * torch.cos((k - 1) * torch.acos(t * 0.999))
        if self._fault == "stuck":
            return torch.cos(min(k, 1) * torch.acos(t * 0.999))
        return torch.cos(k * torch.acos(t * 0.999))

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor | None:
        return 2 * self.features(x, lo, hi) if self._fault == "derivative" else None


FAULTS = {
    "rows first": "shape",
    "first range": "broadcast",
    "own range": "scale",
    "double": "dtype",
    "wild": "finite",
    "no constant": "constants",
    "worse": "refinement",
    "stuck": "refinement",
    "detached": "gradients",
    "derivative": "gradients",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_basis_that_breaks_a_rule_is_caught(fault: str) -> None:
    assert FAULTS[fault] in rules(check_basis(BasisSpec(name="b", basis=lambda grid: Basis(grid, fault))))


def test_the_basis_that_carries_the_faults_has_none_itself() -> None:
    assert check_basis(BasisSpec(name="b", basis=lambda grid: Basis(grid, ""))) == ()


def test_a_basis_must_be_one() -> None:
    assert "builds" in rules(check_basis(BasisSpec(name="b", basis=lambda grid: 3)))  # type: ignore[arg-type, return-value]


def good_data() -> Dataset:
    x = np.linspace(0, 1, 9)[:, None]
    return Dataset(name="d", x=x, y=2 * x[:, 0], inputs=(Variable(name="t"),), target=Variable(name="s"))


def holes() -> Dataset:
    return replace(good_data(), y=np.full(9, np.nan))


def online() -> Dataset:
    import socket

    socket.create_connection(("192.0.2.1", 80), timeout=1)
    return good_data()


def unseeded() -> Dataset:
    return replace(good_data(), y=np.random.default_rng().normal(size=9))


GOOD_DATA = DatasetSpec(name="d", load=good_data, summary="a line", source="made up", license="CC0-1.0", truth="s = 2*t")
DATASETS = {
    "card": [replace(GOOD_DATA, license=" "), replace(GOOD_DATA, name="a b")],
    "numbers": [replace(GOOD_DATA, load=holes), replace(GOOD_DATA, load=lambda: replace(good_data(), y=np.arange(9)))],
    "offline": [replace(GOOD_DATA, load=online)],
    "repeats": [replace(GOOD_DATA, load=unseeded)],
    "names": [replace(GOOD_DATA, load=lambda: replace(good_data(), inputs=(Variable(name="t [s]"),)))],
    "shapes": [
        replace(GOOD_DATA, load=lambda: replace(good_data(), y=np.zeros(3))),
        replace(GOOD_DATA, load=lambda: replace(good_data(), inputs=())),
    ],
    "truth": [replace(GOOD_DATA, truth="s = 2*z")],
}


def test_a_good_dataset_passes_and_is_loaded_once_for_what_is_in_it() -> None:
    loads: list[int] = []
    assert check_dataset(replace(GOOD_DATA, load=lambda: loads.append(1) or good_data())) == ()
    assert len(loads) == 2, "without the network, and once more to see whether it repeats"


@pytest.mark.parametrize(("rule", "spec"), [(rule, spec) for rule, specs in DATASETS.items() for spec in specs])
def test_a_dataset_that_breaks_a_rule_is_caught(rule: str, spec: DatasetSpec) -> None:
    assert rule in rules(check_dataset(spec))


def careless(path: Path) -> Table:
    return Table(columns={"x": np.array([float(cell) for cell in path.read_text().split()])})


def lax(path: Path) -> Table:
    return Table(columns={"x": np.zeros(3, dtype=np.int64), "y": ["a"]})  # type: ignore[dict-item]


def test_a_reader_that_lets_errors_through_or_reads_anything_is_caught(tmp_path: Path) -> None:
    assert "junk" in rules(check_reader(ReaderSpec(name="r", suffixes=(".num",), read=careless)))
    (tmp_path / "a.num").write_text("1 2")
    findings = check_reader(ReaderSpec(name="r", suffixes=("num",), read=lax), sample=tmp_path / "a.num")
    assert {"card", "missing", "junk", "sample"} <= rules(findings)
    assert any("int64" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("suffix", "text"),
    [("csv", "a,b\n1,2\n3,4\n"), ("tsv", "a\tb\n1\t2\n3\t4\n")],
)
def test_the_shipped_readers_read_a_good_sample(suffix: str, text: str, tmp_path: Path, registry: Any) -> None:
    path = tmp_path / f"sample.{suffix}"
    path.write_text(text)
    assert check_reader(registry.reader_for(path), sample=path) == ()


def python_export(body: str) -> Callable[..., str]:
    return lambda formulas, dataset: f"def predict(u, v):\n    return {body}\n"


EXPORTERS = {
    "numbers": [ExporterSpec(name="e", suffix=".py", export=python_export("[1.0 for _ in u]"))],
    "text": [ExporterSpec(name="e", suffix=".txt", export=lambda formulas, dataset: "")],
    "card": [ExporterSpec(name="e", suffix="txt", export=lambda formulas, dataset: "y\n")],
    "wellformed": [
        ExporterSpec(name="e", suffix=".py", export=lambda formulas, dataset: f'"""{dataset.target.label}"""\n'),
        ExporterSpec(name="e", suffix=".json", export=lambda formulas, dataset: f'"{dataset.target.label}"\n'),
        ExporterSpec(name="e", suffix=".tex", export=lambda formulas, dataset: f"{{{dataset.target.label}}}\n"),
    ],
}


@pytest.mark.parametrize(("rule", "spec"), [(rule, spec) for rule, specs in EXPORTERS.items() for spec in specs])
def test_an_exporter_that_breaks_a_rule_is_caught(rule: str, spec: ExporterSpec) -> None:
    assert rule in rules(check_exporter(spec))


def endless(problem: RefineProblem) -> Iterable[Any]:
    while True:
        yield problem.seeds[0]


def drifting(problem: RefineProblem) -> Iterable[Any]:
    return [parse(f"{np.random.default_rng().normal():.17f}*x")]


REFINERS = {
    "budget": [RefinerSpec(name="r", refine=endless)],
    "allowed": [
        RefinerSpec(name="r", refine=lambda problem: [parse("cosh(x)")]),
        RefinerSpec(name="r", refine=lambda problem: [parse("z")]),
        RefinerSpec(name="r", refine=lambda problem: ["x"]),  # type: ignore[list-item]
        RefinerSpec(name="r", refine=lambda problem: [parse("+".join(["sin(x)"] * 20))]),
    ],
    "seeded": [RefinerSpec(name="r", refine=drifting)],
    "card": [RefinerSpec(name="none", refine=lambda problem: ()), RefinerSpec(name="r", refine=list, scopes=frozenset())],  # type: ignore[arg-type]
    "unavailable": [RefinerSpec(name="r", refine=lambda problem: (), unavailable=lambda: "no")],
}


@pytest.mark.parametrize(("rule", "spec"), [(rule, spec) for rule, specs in REFINERS.items() for spec in specs])
def test_a_refiner_that_breaks_a_rule_is_caught(rule: str, spec: RefinerSpec) -> None:
    assert rule in rules(check_refiner(spec))


PLUGINS = {
    "light": "import sympy\nfrom kandisco import hookimpl\n@hookimpl\ndef kandisco_functions():\n    return []\n",
    "loading": "from kandisco import hookimpl\n@hookimpl\ndef kandisco_function():\n    return []\n",
}


@pytest.mark.parametrize("rule", PLUGINS)
def test_a_plugin_file_that_breaks_a_rule_is_caught(rule: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(PLUGINS[rule])
    report = check_plugin(path)
    assert not report.ok
    assert rules(report.findings) == {rule}
    assert "mine" in str(report)


def test_a_duplicate_of_a_built_in_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from kandisco import hookimpl\nfrom kandisco.specs import FunctionSpec\n"
        "@hookimpl\ndef kandisco_functions():\n    return [FunctionSpec(name='sin', sympy='sin(x)')]\n"
    )
    report = check_plugin(path)
    assert [finding.rule for finding in report.findings] == ["loading"]
    assert "registered twice" in report.findings[0].message


def test_a_check_that_fails_says_what_to_change() -> None:
    check = Check(subject="function 'f'", rule="domain", find=lambda: check_function(FunctionSpec(name="f", sympy="log(x)")))
    with pytest.raises(AssertionError, match="narrow the domain"):
        check()


def test_commands_and_observers_are_checked_too() -> None:
    import typer

    def greet() -> typer.Typer:
        app = typer.Typer()
        app.command()(lambda: None)
        return app

    assert check_command(CommandSpec(name="greet", app=greet, summary="say hello")) == ()
    assert rules(check_command(CommandSpec(name="two words", app=greet, summary=""))) == {"card"}
    assert rules(check_command(CommandSpec(name="greet", app=lambda: 3, summary="hello"))) == {"app"}

    class Loud(Observer):
        def run_finished(self, result: Any) -> None:
            sys.stdout.write("done")

    class Meddler(Observer):
        def stage_finished(self, stage: str, record: Any) -> None:
            record.metrics["edges"] = 0

    assert check_observer(Observer()) == ()
    assert rules(check_observer(Loud())) == {"quiet"}
    assert rules(check_observer(Meddler())) == {"sees"}


def test_a_refiner_that_hangs_is_started_once_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refiners, "GRACE", -1.9)  # of the two seconds of the problem a tenth is left
    starts: list[int] = []

    def hangs(problem: RefineProblem) -> Iterable[Any]:
        starts.append(1)
        threading.Event().wait()
        return ()

    assert rules(check_refiner(RefinerSpec(name="r", refine=hangs))) == {"budget"}
    assert len(starts) == 1


def test_a_verdict_says_what_was_kept_what_was_broken_and_what_could_not_be_tried(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from kandisco import hookimpl\nfrom kandisco.specs import RefinerSpec\n@hookimpl\ndef kandisco_refiners():\n"
        "    return [RefinerSpec(name='auto', refine=list, unavailable=lambda: 'it needs acme; pip install acme')]\n"
    )
    text = str(check_plugin(path))
    assert "mine: 4 rules checked, 1 broken" in text
    assert "refiner 'auto' keeps unavailable" in text and "BROKEN card: name 'auto'" in text
    assert "cannot run here, so only its card was checked: it needs acme; pip install acme" in text


def test_what_another_rule_kept_from_being_tried_is_neither_kept_nor_broken(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from kandisco import hookimpl\nfrom kandisco.specs import AbstractBasis, BasisSpec\n"
        "class Basis(AbstractBasis):\n    n_features = 2\n    def __init__(self, grid): pass\n"
        "    def features(self, x, lo, hi): return x.no_such_method()\n"
        "@hookimpl\ndef kandisco_bases():\n    return [BasisSpec(name='b', basis=Basis)]\n"
    )
    report = check_plugin(path)
    assert {finding.rule for finding in report.findings} == {"shape"}
    assert "(mine.py, line 6: def features(self, x, lo, hi): return x.no_such_method())" in report.findings[0].message
    assert "not tried for now: broadcast, dtype" in str(report) and "keeps builds\n" in str(report)
