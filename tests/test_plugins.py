"""Loading: what comes in, what is kept out, and what one broken plugin costs the others."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from kandisco import specs
from kandisco.errors import PluginError
from kandisco.hookspecs import hookimpl
from kandisco.plugins import DEFAULT, HOOKS, Plugins, expected_type, load, load_file

GOOD = """
from kandisco import hookimpl
from kandisco.specs import FunctionSpec

__version__ = "1.2"

@hookimpl
def kandisco_functions():
    yield FunctionSpec(name="softplus", sympy="log(1 + exp(x))", tags=("mine",))
"""

# file text -> words that the one line about it must contain
BROKEN = {
    "raises": ("raise ValueError('no licence server')", ("ValueError", "no licence server")),
    "exits": ("import sys\nsys.exit(3)", ("SystemExit",)),
    "syntax": ("def (:", ("SyntaxError",)),
    "missing_import": ("import a_package_nobody_has", ("ModuleNotFoundError", "a_package_nobody_has")),
    "misspelt": (GOOD.replace("kandisco_functions", "kandisco_function"), ("no hook 'kandisco_function'", "kandisco_functions")),
    "unmarked": (GOOD.replace("@hookimpl", ""), ("not marked", "@kandisco.hookimpl")),
    "empty": ("x = 1", ("no hook",)),
    "wrapper": (GOOD.replace("@hookimpl", "@hookimpl(wrapper=True)"), ("wrapper",)),
    "argument": (GOOD.replace("functions()", "functions(network)"), ("other arguments", "network")),
}


def write(directory: Path, **files: str) -> Path:
    for stem, text in files.items():
        (directory / f"{stem}.py").write_text(textwrap.dedent(text), encoding="utf-8")
    return directory


def quiet(plugins_dir: Path | None = None, **options: object) -> tuple[Plugins, list[str]]:
    lines: list[str] = []
    options = {"entry_points": False, "environ": {}, "tell": lines.append, "plugins_dir": plugins_dir, **options}
    return load(**options), lines  # type: ignore[arg-type]


def plugin(name: str, **hooks: Callable[..., object]) -> ModuleType:
    module = ModuleType(name)
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function))
    return module


def names(plugins: Plugins, hook: str = "kandisco_functions") -> list[str]:
    return [entry.spec.name for entry in plugins.collect(hook)]


def test_built_ins_are_plugins_like_any_other() -> None:
    plugins, lines = quiet()
    assert [info.name for info in plugins.infos] == [f"kandisco.{short}" for short in DEFAULT]
    assert lines == []
    assert "sin" in names(plugins)


def test_every_hook_hands_over_one_kind_of_spec() -> None:
    kinds = {hook: expected_type(hook) for hook in HOOKS}
    assert kinds["kandisco_functions"] is specs.FunctionSpec
    assert kinds["kandisco_observers"] is specs.Observer
    assert len(set(kinds.values())) == len(HOOKS) == 9


def test_a_file_in_the_plugins_directory_takes_part(tmp_path: Path) -> None:
    plugins, lines = quiet(write(tmp_path, mine=GOOD))
    owners = {entry.spec.name: entry.owner for entry in plugins.collect("kandisco_functions")}
    assert owners["softplus"].label == "mine 1.2"
    assert owners["softplus"].hooks == ("kandisco_functions",)
    assert lines == []


def test_a_plugin_file_may_hold_dataclasses(tmp_path: Path) -> None:
    # dataclasses look their module up in sys.modules while the class is made
    body = """
        from __future__ import annotations
        from dataclasses import KW_ONLY, dataclass
        @dataclass
        class A:
            _: KW_ONLY
            n: int
    """
    module = load_file(write(tmp_path, data=body) / "data.py")
    assert module.A(n=2).n == 2
    assert "." not in module.__name__
    del sys.modules[module.__name__]


def test_files_of_the_same_name_in_two_places_do_not_meet(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        write(tmp_path / place, same=f"WHERE = {place!r}")
    modules = [load_file(tmp_path / place / "same.py") for place in ("a", "b")]
    assert [module.WHERE for module in modules] == ["a", "b"]
    for module in modules:
        del sys.modules[module.__name__]


def test_a_package_may_import_its_own_parts(tmp_path: Path) -> None:
    package = tmp_path / "pack"
    package.mkdir()
    write(package, part="NAME = 'softplus'", __init__=GOOD.replace('"softplus"', "NAME") + "\nfrom .part import NAME\n")
    plugins, lines = quiet(tmp_path)
    assert lines == []
    assert "softplus" in names(plugins)


def test_hidden_and_private_files_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, _draft="raise ValueError", mine=GOOD)
    (tmp_path / "notes.txt").write_text("raise ValueError")
    (tmp_path / ".cache").mkdir()
    assert quiet(tmp_path)[1] == []


def test_the_plugins_directory_must_exist(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="no directory"):
        quiet(tmp_path / "absent")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_costs_one_line_that_names_it(kind: str, tmp_path: Path) -> None:
    text, words = BROKEN[kind]
    plugins, lines = quiet(write(tmp_path, **{kind: text, "zz_fine": GOOD}))
    assert len(lines) == 1 and "\n" not in lines[0]
    assert lines[0].startswith(f"plugin {kind} ") or lines[0].startswith(f"plugin {kind}:")
    assert all(word in lines[0] for word in words), lines[0]
    assert [failure.plugin.name for failure in plugins.failures] == [kind]
    assert "softplus" in names(plugins), "the plugin beside it works"


@pytest.mark.parametrize("kind", BROKEN)
def test_strict_turns_the_line_into_an_error(kind: str, tmp_path: Path) -> None:
    with pytest.raises(PluginError) as caught:
        quiet(write(tmp_path, **{kind: BROKEN[kind][0]}), strict=True)
    assert caught.value.message.startswith(f"Plugin {kind} ")
    assert all(word in caught.value.message for word in BROKEN[kind][1])
    assert caught.value.hint == f"Fix or block it: --block {kind}."


def test_a_failed_file_leaves_nothing_behind(tmp_path: Path) -> None:
    before = set(sys.modules)
    quiet(write(tmp_path, raises="raise ValueError"))
    assert not {name for name in set(sys.modules) - before if "raises" in name}


def broken_hook() -> object:
    yield specs.FunctionSpec(name="first", sympy="x")
    raise RuntimeError("half way")


def test_a_hook_that_fails_half_way_gives_nothing_and_is_named() -> None:
    plugins, lines = quiet(modules=[plugin("half", kandisco_functions=broken_hook)])
    found = names(plugins)
    assert "first" not in found and "sin" in found
    assert lines == ["plugin half failed in kandisco_functions: RuntimeError: half way"]
    assert plugins.failures[0].error.__notes__ == ["in kandisco_functions of half"]
    names(plugins)
    assert len(lines) == 1, "the same failure is told once"


@pytest.mark.parametrize("value", [3, None, [object()], ["sin"]])
def test_a_hook_that_hands_over_something_else_is_named(value: object) -> None:
    plugins, lines = quiet(modules=[plugin("odd", kandisco_functions=lambda: value)])
    assert "sin" in names(plugins)
    assert len(lines) == 1 and "odd" in lines[0]


def test_a_built_in_that_fails_stops_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    from kandisco.builtins import functions

    plugins, lines = quiet()
    monkeypatch.setattr(plugins.manager.hook.kandisco_functions.get_hookimpls()[0], "function", broken_hook)
    with pytest.raises(RuntimeError, match="half way") as caught:
        plugins.collect("kandisco_functions")
    assert any("kandisco.functions" in note for note in caught.value.__notes__)
    assert lines == []
    assert functions is not None


def test_a_blocked_plugin_is_not_even_imported(tmp_path: Path) -> None:
    plugins, lines = quiet(write(tmp_path, mine="raise ValueError"), block=["mine"])
    assert lines == []
    assert plugins.blocked == ("mine",)


def test_a_built_in_can_be_blocked() -> None:
    plugins, _ = quiet(block=["kandisco.functions"])
    assert names(plugins) == []


def test_the_environment_names_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(write(tmp_path, env_plugin_one=GOOD)))
    plugins, lines = quiet(environ={"KANDISCO_PLUGINS": " env_plugin_one, ,env_plugin_absent"})
    assert "softplus" in names(plugins)
    assert len(lines) == 1 and "env_plugin_absent" in lines[0]
    del sys.modules["env_plugin_one"]


def test_an_installed_distribution_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, special_functions_plugin=GOOD)
    info = tmp_path / "kandisco_soft-3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kandisco-soft\nVersion: 3.1\n")
    (info / "entry_points.txt").write_text(
        "[kandisco]\nsoft = special_functions_plugin\n"
        "gone = special_functions_plugin:gone\nodd = special_functions_plugin:__version__\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins, lines = quiet(entry_points=True, block=[])
    labels = [entry.owner.label for entry in plugins.collect("kandisco_functions") if entry.spec.name == "softplus"]
    assert labels == ["kandisco-soft 3.1"]
    ours = [line for line in lines if "kandisco-soft" in line]
    assert len(ours) == 2
    assert ours[0].startswith("plugin kandisco-soft:gone 3.1") and "AttributeError" in ours[0]
    assert ours[1].startswith("plugin kandisco-soft:odd 3.1") and "module, not a str" in ours[1]
    del sys.modules["special_functions_plugin"]


def test_two_plugins_of_one_name_are_one_too_many() -> None:
    _, lines = quiet(modules=[plugin("twice", kandisco_functions=lambda: ()), plugin("twice", kandisco_functions=lambda: ())])
    assert len(lines) == 1 and "two plugins named 'twice'" in lines[0]


def test_observers_are_given_the_run() -> None:
    seen: list[object] = []

    def kandisco_observers(run: object) -> list[specs.Observer]:
        seen.append(run)
        return [specs.Observer()]

    plugins, _ = quiet(modules=[plugin("watch", kandisco_observers=kandisco_observers)])
    assert len(plugins.collect("kandisco_observers", run="folder")) == 1
    assert seen == ["folder"]


def test_order_is_by_name_not_by_arrival() -> None:
    def brings(name: str) -> ModuleType:
        return plugin(name, kandisco_functions=lambda: [specs.FunctionSpec(name=name, sympy="x")])

    forward, _ = quiet(modules=[brings("aa"), brings("bb")])
    backward, _ = quiet(modules=[brings("bb"), brings("aa")])
    assert names(forward) == names(backward)
