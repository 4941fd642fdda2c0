"""What a third party's spec does once it is used: it fails under its author's name, and early."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from kandisco.cli import main
from kandisco.errors import InputError, PluginError
from kandisco.hookspecs import hookimpl
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.shield import unusable
from kandisco.specs import AbstractBasis, BasisSpec, DatasetSpec, ExporterSpec, FunctionSpec, LawSpec, ReaderSpec

RANGE = torch.zeros(2, dtype=torch.float64), torch.ones(2, dtype=torch.float64)


def registry(hook: str, *specs: Any) -> tuple[Registry, list[str]]:
    module = ModuleType("acme")
    setattr(module, hook, hookimpl(lambda: specs))
    lines: list[str] = []
    return Registry(load(entry_points=False, environ={}, modules=[module], tell=lines.append)), lines


def dataset(make: Callable[[], Any]) -> DatasetSpec:
    return DatasetSpec(name="d", load=make, summary="s", source="s", license="l")


def raises(*_: Any) -> Any:
    raise ZeroDivisionError("by zero")


def test_a_call_that_fails_or_gives_another_thing_names_the_plugin_and_keeps_the_cause() -> None:
    found, _ = registry("kandisco_datasets", dataset(raises))
    with pytest.raises(
        PluginError, match=r"dataset 'd' of acme failed: ZeroDivisionError: by zero\. kandisco plugins check"
    ) as caught:
        found.dataset("d").load()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    found, _ = registry("kandisco_datasets", dataset(lambda: [1, 2]))
    with pytest.raises(PluginError, match="it gave a list, not a Dataset"):
        found.dataset("d").load()
    found, _ = registry("kandisco_exporters", ExporterSpec(name="e", suffix=".e", export=lambda formulas, dataset: None))  # type: ignore[arg-type, return-value]
    with pytest.raises(PluginError, match="exporter 'e' of acme failed: it gave a NoneType, not a str"):
        found.exporter("e").export([], None)  # type: ignore[arg-type]


def test_an_error_that_was_meant_is_passed_on() -> None:
    def read(path: Path) -> Any:
        raise InputError("row 3 is odd.", hint="Mend it.")

    found, _ = registry("kandisco_readers", ReaderSpec(name="r", suffixes=(".r",), read=read))
    with pytest.raises(InputError, match="row 3 is odd"):
        found.reader("r").read(Path("x.r"))


class Basis(AbstractBasis):
    """One feature, with a fault of choice."""

    n_features = 1

    def __init__(self, fault: str) -> None:
        self._fault = fault

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        if self._fault == "raises":
            raise ValueError("no such grid")
        return x if self._fault == "shape" else x[..., None, :].float() if self._fault == "dtype" else x[..., None, :]

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(x[..., None, :])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("raises", "ValueError in features: no such grid"),
        ("shape", r"not \[..., n_features, rows\] = \(2, 1, 5\)"),
        ("dtype", "float32, not"),
    ],
)
def test_a_basis_fails_where_it_is_wrong_and_not_in_the_middle_of_training(fault: str, said: str) -> None:
    found, _ = registry("kandisco_bases", BasisSpec(name="b", basis=lambda grid: Basis(fault)))
    with pytest.raises(PluginError, match=f"basis 'b' of acme failed: .*{said}"):
        found.basis("b").basis(5).features(torch.zeros(2, 5, dtype=torch.float64), *RANGE)


def test_a_good_basis_gives_what_it_gives() -> None:
    found, _ = registry("kandisco_bases", BasisSpec(name="b", basis=lambda grid: Basis("")))
    basis, x = found.basis("b").basis(5), torch.rand(2, 5, dtype=torch.float64)
    slopes = basis.derivative(x, *RANGE)
    assert torch.equal(basis.features(x, *RANGE), x[:, None]) and basis.pair(x, *RANGE) is None
    assert slopes is not None and slopes.shape == (2, 1, 5)


@pytest.mark.parametrize(("wrong", "said"), [(False, ""), (True, r"layer gave shape \(3, 2, 4\) .* not \(3, 2, 5\)")])
def test_short_cuts_of_a_basis_pass_and_are_checked(wrong: bool, said: str) -> None:
    class Short(Basis):
        def layer(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor) -> torch.Tensor:
            return (coef[..., 0] @ x)[..., wrong:]

    x, coef = torch.rand(1, 4, 5, dtype=torch.float64), torch.rand(3, 2, 4, 1, dtype=torch.float64)
    found, _ = registry("kandisco_bases", BasisSpec(name="b", basis=lambda grid: Short("")))
    basis = found.basis("b").basis(5)
    assert basis.placed(x, *RANGE, torch.linspace(0.0, 1.0, 65)) is None
    assert basis.layer_slopes(x, *RANGE, coef, coef.new_ones(3, 2, 5), inner=True) is None
    if wrong:
        with pytest.raises(PluginError, match=said):
            basis.layer(x, *RANGE, coef)
    else:
        torch.testing.assert_close(basis.layer(x, *RANGE, coef), (coef[..., 0] @ x))


@pytest.mark.parametrize(
    ("hook", "spec", "said"),
    [
        ("kandisco_functions", FunctionSpec(name="f", sympy="sin("), "no function of x"),
        ("kandisco_functions", FunctionSpec(name="f", sympy=3), "no function of x"),  # type: ignore[arg-type]
        ("kandisco_functions", FunctionSpec(name="f", sympy="pi"), "does not contain x"),
        ("kandisco_functions", FunctionSpec(name="", sympy="x"), "has the name ''"),
        ("kandisco_laws", LawSpec(name="f", title="F", formula="y = a*z", inputs=("x",), parameters=()), "no column 'a'"),
        ("kandisco_readers", ReaderSpec(name="r", suffixes=".xy", read=raises), "no tuple of texts"),  # type: ignore[arg-type]
    ],
)
def test_what_could_never_work_is_refused_when_it_comes_in(hook: str, spec: Any, said: str) -> None:
    found, lines = registry(hook, spec)
    kind = hook.removeprefix("kandisco_")
    assert spec.name not in found.owners(kind)
    assert len(lines) == 1 and lines[0].startswith(f"plugin acme failed in {hook}:") and said in lines[0]
    assert unusable(spec)


def test_the_built_ins_are_used_as_they_are(registry: Registry) -> None:
    from kandisco.builtins.bases import BSpline

    assert registry.basis("bspline").basis is BSpline
    assert all(not unusable(spec) for spec in (*registry.functions(), *registry.readers(), *registry.bases()))


def test_the_command_line_ends_with_one_line_and_with_the_traceback_if_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "acme.py").write_text(
        "from kandisco import hookimpl\nfrom kandisco.specs import DatasetSpec\n@hookimpl\ndef kandisco_datasets():\n"
        "    return [DatasetSpec(name='d', load=lambda: 1 / 0, summary='s', source='s', license='l')]\n"
    )
    words = ["discover", "@d", "--plugins-dir", str(tmp_path), "--out", str(tmp_path / "runs")]
    assert main(words) == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("kandisco: dataset 'd' of acme failed: ZeroDivisionError")
    assert main([*words, "-v"]) == 4
    assert "Traceback" in capsys.readouterr().err
