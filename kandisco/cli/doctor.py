"""``kandisco doctor``: what is here, what is missing, and the command that brings it. It imports none of what it looks for."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

import typer

from kandisco import __version__
from kandisco.cli.session import Session

if TYPE_CHECKING:
    from kandisco.registry import Registry

# Plugins that share the repository: what each brings, told where it is not installed.
COMPANIONS = {
    "kandisco-knots": "hyperbolic knots with their invariants as datasets (SnapPy to compute more)",
    "kandisco-operon": "a genetic-programming engine that looks on where the search has not settled",
    "kandisco-pysr": "PySR as a second engine (needs Julia)",
    "kandisco-special": "Bessel, gamma, erf, elliptic, Legendre and Airy functions",
}
EXTRAS = {"parquet": "reading .parquet files", "excel": "reading .xlsx files", "sklearn": "the scikit-learn estimator"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)")


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was looked at, how it is, and the remedy (further lines are a recipe); ``needed`` if nothing runs without it."""

    name: str
    state: str
    remedy: str = ""
    needed: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is missing."""
        return not self.remedy


def doctor(ctx: typer.Context) -> None:
    """Say what is installed, what is missing, and how to get it: packages, extras, engines, plugins."""
    session: Session = ctx.obj
    groups = {
        "Needed": tuple(required()),
        "Extras": tuple(extras()),
        "Engines": tuple(engines(session.registry())),
        "Plugins": tuple(companions(session.registry())),
    }
    for title, checks in groups.items():
        print(f"{title}")
        for check in checks:
            print(f"  {'ok     ' if check.ok else 'missing'}  {check.name}: {check.state}")
            for i, line in enumerate(check.remedy.splitlines()):
                print(f"           {'    ' if i else 'do: '}{line}")
    broken = [check.name for checks in groups.values() for check in checks if check.needed and not check.ok]
    print(f"\n{_verdict(broken, sum(not check.ok for checks in groups.values() for check in checks))}")
    if broken:
        raise typer.Exit(4)


def _verdict(broken: list[str], missing: int) -> str:
    if broken:
        return f"kandisco cannot work without {', '.join(broken)}."
    if missing:
        return "kandisco works as it is. Everything marked missing is optional."
    return "kandisco works, and nothing optional is missing."


def required() -> Iterator[Check]:
    """Python and the packages that kandisco cannot do without."""
    yield Check(name="Python", state=f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Check(name="kandisco", state=__version__)
    for line in requires("kandisco") or ():
        if "extra" not in line.partition(";")[2]:
            yield _package(line)


def _package(requirement: str) -> Check:
    name = _name(requirement)
    spec = requirement.partition(";")[0].replace(" ", "")
    try:
        found = version(name)
    except PackageNotFoundError:
        return Check(name=name, state="not installed", remedy=f"{_pip()} '{spec}'", needed=True)
    return Check(name=name, state=found)


def extras() -> Iterator[Check]:
    """What an extra is for, and whether its packages are there."""
    for extra, use in EXTRAS.items():
        names = [_name(line) for line in requires("kandisco") or () if _EXTRA.findall(line) == [extra]]
        if not names:
            continue
        lost = [name for name in names if not _installed(name)]
        remedy = f"{_pip()} {' '.join(lost)}" if lost else ""
        yield Check(name=extra, state=use if not lost else f"{', '.join(lost)} not installed; for {use}", remedy=remedy)


def engines(registry: Registry) -> Iterator[Check]:
    """Refiners, in the words of their own ``unavailable()``."""
    for spec in registry.refiners():
        first = registry.unavailable(spec)
        if not first:
            yield Check(name=spec.name, state=spec.summary)
            continue
        said = first.partition(": ")
        more = spec.unavailable().splitlines()[1:]
        yield Check(name=spec.name, state=said[0], remedy="\n".join((said[2] or first, *more)))


def companions(registry: Registry) -> Iterator[Check]:
    """The plugins that are loaded or failed, and those of our own repository that are not there."""
    broken = {failure.plugin.name: failure for failure in registry.plugins.failures}
    here = {info.name: info for info in registry.plugins.infos if info.origin != "built-in"}
    for name, info in here.items():
        if name not in broken:
            yield Check(name=name, state=f"{info.version} {info.location}".strip())
    for name, failure in broken.items():
        yield Check(name=name, state=str(failure), remedy=f"update or uninstall it, or keep it out: --block {name}")
    for name, use in COMPANIONS.items():
        if name not in here and name not in broken and not _installed(name):
            yield Check(
                name=name, state=f"not installed; {use}", remedy=f"{_pip()} ./plugins/{name}   (in a checkout of kandisco)"
            )


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return importlib.util.find_spec(name.replace("-", "_")) is not None
    return True


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    return match[0] if match else requirement


def _pip() -> str:
    """pip of this very Python, in the words that reach it."""
    inside = sys.prefix != sys.base_prefix
    return "pip install" if inside and sys.platform != "win32" else "python -m pip install"
