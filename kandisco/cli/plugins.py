"""``kandisco plugins``: which there are and which failed; one looked at closely, checked, or begun."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import typer

from kandisco.cli import template
from kandisco.cli.listing import aligned
from kandisco.cli.session import Session
from kandisco.errors import ConfigError, PluginError

if TYPE_CHECKING:
    from kandisco.plugins import Failure, PluginInfo, Plugins

BROKEN = PluginError.exit_code
_KINDS = "|".join(template.KINDS)


def app() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help=list_.__doc__)
    group.callback(invoke_without_command=True)(list_)
    group.command("info")(info)
    group.command("check")(check)
    group.command("new")(new)
    return group


def list_(
    ctx: typer.Context,
    all_: bool = typer.Option(False, "--all", help="The built-in ones too."),
    json_: bool = typer.Option(False, "--json", help="One JSON array on stdout."),
) -> None:
    """List the plugins: who they are, where they come from, what they add, and which failed."""
    if ctx.invoked_subcommand is not None:
        return
    session: Session = ctx.obj
    plugins = session.registry().plugins
    _collect(plugins)
    infos = [info for info in plugins.infos if all_ or info.origin != "built-in"]
    if json_:
        print(json.dumps(list(_objects(plugins, infos)), ensure_ascii=False))
        return
    rows = [(info.name, info.version, info.origin, info.location, _adds(info)) for info in infos]
    if rows:
        print("\n".join(aligned([("name", "version", "origin", "location", "adds"), *rows])))
    elif not plugins.failures:
        built_in = sum(info.origin == "built-in" for info in plugins.infos)
        print(f"No plugins besides the {built_in} built-in ones; --all lists those.")
    for failure in plugins.failures:
        print(f"failed: {failure}")
    if plugins.blocked:
        print("blocked: " + ", ".join(plugins.blocked))


def _collect(plugins: Plugins) -> None:
    """A hook that fails on use belongs on the list too; observers are only for runs."""
    for hook in sorted({hook for info in plugins.infos for hook in info.hooks} - {"kandisco_observers"}):
        plugins.collect(hook)


def _adds(info: PluginInfo) -> str:
    return " ".join(hook.removeprefix("kandisco_") for hook in info.hooks)


def _objects(plugins: Plugins, infos: list[PluginInfo]) -> Iterator[dict[str, Any]]:
    listed = [*infos, *(failure.plugin for failure in plugins.failures if failure.plugin.name not in plugins.names())]
    for one in listed:
        failures = [str(failure) for failure in plugins.failures if failure.plugin.name == one.name]
        yield {
            "name": one.name,
            "version": one.version,
            "origin": one.origin,
            "location": one.location,
            "hooks": list(one.hooks),
            "failures": failures,
        }
    for name in plugins.blocked:
        yield {"name": name, "blocked": True}


def info(ctx: typer.Context, name: str = typer.Argument(..., metavar="NAME", help="As kandisco plugins lists it.")) -> None:
    """Tell all about one plugin: origin, summary, each thing it adds, and where it failed."""
    session: Session = ctx.obj
    plugins = session.registry().plugins
    _collect(plugins)
    found = plugins.find(name)
    rows = [("name", found.name), ("version", found.version), ("origin", found.origin), ("location", _where(plugins, found))]
    rows += [(key, value) for key, value in _metadata(found).items()]
    rows += [(hook.removeprefix("kandisco_"), ", ".join(_names(plugins, found, hook))) for hook in found.hooks]
    for failure in plugins.failures:
        if failure.plugin.name == found.name:
            rows += [("failed", str(failure)), ("at", _place(failure))]
    print("\n".join(aligned([row for row in rows if row[1]])))


def _where(plugins: Plugins, info: PluginInfo) -> str:
    file = str(getattr(plugins.manager.get_plugin(info.name), "__file__", None) or "")
    return info.location if file in ("", info.location) else f"{info.location} ({file})"


def _metadata(info: PluginInfo) -> dict[str, str]:
    """What the distribution says about itself."""
    if info.origin != "installed":
        return {}
    from importlib.metadata import metadata

    said = metadata(info.name.split(":")[0]).json
    return {key: str(said[key]) for key in ("summary", "author", "license") if said.get(key)}


def _names(plugins: Plugins, info: PluginInfo, hook: str) -> list[str]:
    if hook == "kandisco_observers":
        return ["sees every run"]
    return [entry.spec.name for entry in plugins.collect(hook) if entry.owner.name == info.name]


def _place(failure: Failure) -> str:
    """The deepest line that was running."""
    frames = traceback.extract_tb(failure.error.__traceback__)
    own = [frame for frame in frames if "kandisco/plugins.py" not in frame.filename and "importlib" not in frame.filename]
    return f"{own[-1].filename}:{own[-1].lineno}: {own[-1].line}" if own else ""


def check(
    ctx: typer.Context,
    plugin: str = typer.Argument(..., metavar="MODULE|FILE", help="A .py file, a module, or a name kandisco plugins lists."),
) -> None:
    """Check a plugin against every rule of its kind; ends with 4 when one is broken."""
    from kandisco.testing import check_plugin

    report = check_plugin(_target(ctx.obj, plugin))
    print(report)
    if not report.ok:
        raise typer.Exit(BROKEN)


def _target(session: Session, plugin: str) -> ModuleType | Path:
    import importlib

    path = Path(plugin)
    if path.is_dir() and not (path / "__init__.py").is_file():
        files = sorted(path.glob("kandisco_*.py"))
        if len(files) != 1:
            raise ConfigError(f"{plugin!r} is a directory with {len(files)} files kandisco_*.py.", hint="Give the plugin's file.")
        return files[0]
    if path.exists():
        return path
    if path.suffix == ".py" or len(path.parts) > 1:
        raise ConfigError(f"There is no file {plugin!r}.", hint="Give the plugin's file or the name of its module.")
    module = session.registry().plugins.manager.get_plugin(plugin)
    if isinstance(module, ModuleType):
        return module
    sys.path.insert(0, "")  # as python -m does: a module of the working directory that was asked for by its name
    try:
        return importlib.import_module(plugin)
    except ImportError as error:
        raise PluginError(f"{plugin!r} cannot be imported: {error}.", hint="Give a file, or install it first.") from None


def new(
    ctx: typer.Context,
    name: str = typer.Argument(..., metavar="NAME", help="What it adds is called so; the distribution becomes kandisco-NAME."),
    kind: str = typer.Option(..., "--kind", metavar=_KINDS, help="What it adds."),
    parent: str = typer.Option(".", "--dir", metavar="DIR", help="Where the directory kandisco-NAME is made."),
) -> None:
    """Begin a plugin: write a package that works, conforms and has tests, to be changed into yours."""
    session: Session = ctx.obj
    word = template.usable(name)
    shelf = template.KINDS.get(kind, "observers")
    if shelf != "observers" and word in session.registry().owners(shelf):
        owner = session.registry().owners(shelf)[word]
        raise ConfigError(f"{kind} {word!r} is there already, from {owner.label}.", hint="Choose another name.")
    made = template.render(name, kind, Path(parent))
    print("\n".join(str(path) for path in sorted(made.rglob("*")) if path.is_file()))
    module = made / f"kandisco_{word}.py"
    print(f"\nNext:\n  kandisco plugins check {module}\n  cd {made} && pip install -e '.[test]' && pytest", file=sys.stderr)
