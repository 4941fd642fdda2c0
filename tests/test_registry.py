"""Look-up by name: what is found, who owns it, and what a wrong name is answered with."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from kandisco.errors import InputError, PluginError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.hookspecs import hookimpl
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.specs import CommandSpec, FunctionSpec, Observer, ReaderSpec, RefinerSpec
from kandisco.types import Table


def bringing(name: str, hook: str, *specs: object) -> ModuleType:
    module = ModuleType(name)
    setattr(module, hook, hookimpl(lambda: specs))
    return module


def with_functions(**tags: tuple[str, ...]) -> Registry:
    specs = [FunctionSpec(name=name, sympy="x", tags=of) for name, of in tags.items()]
    return Registry(load(entry_points=False, environ={}, modules=[bringing("mine", "kandisco_functions", *specs)]))


def reader(name: str, *suffixes: str) -> ReaderSpec:
    return ReaderSpec(name=name, suffixes=suffixes, read=lambda path: Table(columns={}))


def test_functions_are_found_by_name_and_by_tag() -> None:
    registry = with_functions(foo=("mine",), bar=("mine", "other"), baz=("other",))
    assert [spec.name for spec in registry.functions(["mine"])] == ["foo", "bar"]
    assert [spec.name for spec in registry.functions(["baz", "foo"])] == ["foo", "baz"], "order of asking plays no part"
    assert [spec.name for spec in registry.functions(["other", "bar"])] == ["bar", "baz"], "each once"
    assert {"foo", "bar", "baz", "sin"} <= {spec.name for spec in registry.functions(["all"])}
    assert {"mine", "other", "elementary"} <= set(registry.tags())


@pytest.mark.parametrize(("word", "answer"), [("sine", "sin"), ("elementry", "elementary"), ("qqqqqq", "Known: ")])
def test_an_unknown_function_or_tag_is_answered_with_near_misses(word: str, answer: str, registry: Registry) -> None:
    with pytest.raises(PluginError) as caught:
        registry.functions(["sin", word])
    assert repr(word) in caught.value.message
    assert answer in caught.value.hint
    assert caught.value.exit_code == 4


def test_a_failed_plugin_is_quoted_where_its_name_is_missed(tmp_path: Path) -> None:
    (tmp_path / "hermite.py").write_text("import a_package_nobody_has")
    lines: list[str] = []
    registry = Registry(load(entry_points=False, environ={}, plugins_dir=tmp_path, tell=lines.append))
    with pytest.raises(PluginError) as caught:
        registry.basis("hermite")
    assert "plugin hermite failed" in caught.value.hint
    assert "a_package_nobody_has" in caught.value.hint


def test_a_blocked_plugin_is_mentioned_where_its_name_is_missed() -> None:
    registry = Registry(load(entry_points=False, environ={}, block=["kandisco.functions"]))
    with pytest.raises(PluginError, match="Blocked: kandisco.functions"):
        registry.function("sin")


def test_a_built_in_keeps_its_name_and_both_owners_are_named() -> None:
    thief = bringing("thief", "kandisco_functions", FunctionSpec(name="sin", sympy="x"), FunctionSpec(name="loot", sympy="x"))
    lines: list[str] = []
    registry = Registry(load(entry_points=False, environ={}, modules=[thief], tell=lines.append))
    assert registry.function("sin").sympy == "sin(x)"
    assert registry.function("loot").name == "loot"
    assert len(lines) == 1
    assert "'sin'" in lines[0] and "kandisco.functions" in lines[0] and "thief" in lines[0]


def test_a_name_two_third_parties_claim_belongs_to_neither() -> None:
    pair = [
        bringing(name, "kandisco_functions", FunctionSpec(name="foo", sympy=text)) for name, text in (("x", "x"), ("y", "2*x"))
    ]
    lines: list[str] = []
    registry = Registry(load(entry_points=False, environ={}, modules=pair, tell=lines.append))
    for ask in (lambda: registry.function("foo"), lambda: registry.functions(["foo"])):
        with pytest.raises(PluginError, match="registered twice: by x and y"):
            ask()
    assert "foo" not in [spec.name for spec in registry.functions()]
    assert len(lines) == 1


def test_a_duplicate_is_fatal_under_strict() -> None:
    thief = bringing("thief", "kandisco_functions", FunctionSpec(name="sin", sympy="x"))
    registry = Registry(load(entry_points=False, environ={}, modules=[thief], strict=True))
    with pytest.raises(PluginError, match="thief"):
        registry.function("sin")


def test_owners_say_who_brought_what() -> None:
    registry = with_functions(foo=("mine",))
    owners = registry.owners("functions")
    assert owners["foo"].label == "mine"
    assert owners["sin"].origin == "built-in"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a.zzz", "plain"), ("dir.zzz/b.ZZZ", "plain"), ("x.2024.zzz.gz", "packed"), (".zzz", "plain"), ("x.zzz.q", "other")],
)
def test_the_longest_suffix_finds_the_reader(path: str, name: str) -> None:
    specs = (reader("plain", ".zzz"), reader("packed", ".zzz.gz", ".ZZ"), reader("other", ".q"))
    registry = Registry(load(entry_points=False, environ={}, modules=[bringing("r", "kandisco_readers", *specs)]))
    assert registry.reader_for(path).name == name
    assert registry.reader(name).name == name


@pytest.mark.parametrize("path", ["a.nobody", "plain", ""])
def test_a_file_nobody_reads_is_unusable_data(path: str, registry: Registry) -> None:
    with pytest.raises(InputError, match="Nothing reads"):
        registry.reader_for(path)


def test_a_suffix_two_third_parties_claim_raises() -> None:
    pair = [bringing(name, "kandisco_readers", reader(name, ".zzz")) for name in ("r1", "r2")]
    registry = Registry(load(entry_points=False, environ={}, modules=pair, tell=lambda line: None))
    with pytest.raises(PluginError, match="r1 and r2"):
        registry.reader_for("a.zzz")


def test_commands_are_held_without_being_built() -> None:
    def app() -> object:
        raise AssertionError("built although nobody used it")

    module = bringing("c", "kandisco_commands", CommandSpec(name="hello", app=app, summary="says hello"))
    registry = Registry(load(entry_points=False, environ={}, modules=[module]))
    assert [spec.name for spec in registry.commands()] == ["hello"]
    assert registry.command("hello").summary == "says hello"


class Clumsy(Observer):
    """Hears one stage and stumbles over the next."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def stage_started(self, stage: str, **details: Any) -> None:
        self.heard.append(stage)
        if len(self.heard) == 2:
            raise ZeroDivisionError("oops")


def observing(observer: Observer | None = None) -> tuple[Registry, list[str]]:
    module = ModuleType("watch")
    module.kandisco_observers = hookimpl(lambda run: [observer or Clumsy()])  # type: ignore[attr-defined]
    lines: list[str] = []
    return Registry(load(entry_points=False, environ={}, modules=[module], tell=lines.append)), lines


def test_every_run_gets_observers_of_its_own() -> None:
    registry, _ = observing()
    (first,), (second,) = registry.observers(None), registry.observers(None)
    assert first is not second


def test_an_observer_that_fails_is_told_once_and_hears_no_more() -> None:
    clumsy = Clumsy()
    registry, lines = observing(clumsy)
    (observer,) = registry.observers(None)
    for stage in ("train", "prune", "refine"):
        observer.stage_started(stage)
    observer.progress("refine", best="x")
    observer.stage_finished("refine", None)
    observer.run_finished(None)
    assert clumsy.heard == ["train", "prune"]
    assert lines == ["plugin watch failed in kandisco_observers: ZeroDivisionError: oops"]


LIBRARY = """
    from kandisco import Dataset, hookimpl
    from kandisco.specs import AbstractBasis, BasisSpec, DatasetSpec, FunctionSpec
    from kandisco.types import Variable

    @hookimpl
    def kandisco_functions():
        return [FunctionSpec(name="softplus", sympy="log(1 + exp(x))", tags=("mine",))]

    class Monomials(AbstractBasis):
        def __init__(self, grid):
            self.n_features = min(grid, 8) + 1

        n_features = 0

        def features(self, x, lo, hi):
            import torch

            t = (2 * x - lo[..., None] - hi[..., None]) / (hi - lo)[..., None]
            return torch.stack([t.clamp(-1, 1) ** k for k in range(self.n_features)], dim=-2)

    @hookimpl
    def kandisco_bases():
        return [BasisSpec(name="monomials", basis=Monomials, summary="1, t, t^2, ...")]

    def falling():
        import numpy as np

        t = np.linspace(0.1, 2, 40)
        return Dataset(name="fall", x=t[:, None], y=4.905 * t**2, inputs=(Variable(name="t"),), target=Variable(name="h"))

    @hookimpl
    def kandisco_datasets():
        return [DatasetSpec(name="fall", load=falling, summary="free fall", source="made up", license="CC0-1.0")]
"""


def test_one_small_file_adds_a_function_a_basis_and_a_dataset(tmp_path: Path) -> None:
    text = textwrap.dedent(LIBRARY).strip()
    assert text.count("\n") < 40
    (tmp_path / "mine.py").write_text(text)
    registry = Registry(load(entry_points=False, environ={}, plugins_dir=tmp_path, strict=True))
    spec = registry.function("softplus")
    assert evaluate(parse(spec.sympy), {"x": np.zeros(1)}) == pytest.approx(np.log(2))
    assert registry.basis("monomials").basis(3).n_features == 4
    data = registry.dataset("@fall").load()
    assert data.x.shape == (40, 1)
    for kind, name in (("functions", "softplus"), ("bases", "monomials"), ("datasets", "fall")):
        assert registry.owners(kind)[name].label == "mine"


def test_listing_one_kind_imports_nothing_heavy() -> None:
    code = """
        import sys
        from kandisco.plugins import load
        from kandisco.registry import Registry
        registry = Registry(load(entry_points=False))
        for kind in ("functions", "bases", "refiners", "datasets", "readers", "exporters", "commands"):
            registry.owners(kind)
        print(*{name.split(".")[0] for name in sys.modules} & {"torch", "sympy", "scipy", "pandas", "sklearn", "matplotlib"})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def engines(choice: str, *specs: RefinerSpec) -> list[str]:
    """Names of the refiners that a setting asks for."""
    plugin = bringing("mine", "kandisco_refiners", *specs)
    registry = Registry(load(entry_points=False, environ={}, modules=[plugin], tell=lambda line: None))
    return [spec.name for spec in registry.engines(choice)]


def refiner(name: str, reason: str = "", *, auto: bool = False) -> RefinerSpec:
    """A refiner that finds nothing, or cannot run here."""
    return RefinerSpec(name=name, refine=lambda problem: [], unavailable=lambda: reason, auto=auto)


def test_auto_takes_the_engines_that_offer_themselves_and_can_run_here() -> None:
    specs = (refiner("fast", auto=True), refiner("slow"), refiner("gone", "It is not installed.", auto=True))
    assert engines("auto", *specs) == ["neighbours", "fast"]
    assert engines("slow", *specs) == ["slow"]
    assert engines("none", *specs) == []


def test_an_engine_that_cannot_run_here_is_refused_with_its_remedy() -> None:
    with pytest.raises(PluginError, match=r"'gone' cannot run here: Not installed; pip install gone\. More: kandisco doctor\."):
        engines("gone", refiner("gone", "Not installed; pip install gone.\nA long recipe."))


def test_an_engine_that_cannot_even_say_whether_it_runs_is_passed_over() -> None:
    def broken() -> str:
        raise OSError("no such library")

    specs = (RefinerSpec(name="broken", refine=lambda problem: [], unavailable=broken, auto=True),)
    assert engines("auto", *specs) == ["neighbours"]
    with pytest.raises(PluginError, match="no such library"):
        engines("broken", *specs)
