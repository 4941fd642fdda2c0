"""``kandisco list``: what can be named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from kandisco.cli.session import Session
from kandisco.errors import ConfigError

if TYPE_CHECKING:
    from kandisco.registry import Registry

KINDS = ("functions", "laws", "bases", "refiners", "datasets", "readers", "exporters")


def list_(ctx: typer.Context, kind: str = typer.Argument(..., metavar="KIND", help="One of: " + ", ".join(KINDS) + ".")) -> None:
    """List what can be named: functions, laws, bases, refiners, datasets, readers, exporters."""
    if kind not in KINDS:
        raise ConfigError(f"There is nothing called {kind!r} to list.", hint="List one of: " + ", ".join(KINDS) + ".")
    session: Session = ctx.obj
    registry = session.registry()
    title, row = _COLUMNS[kind]
    owners = registry.owners(kind)
    rows = []
    for name, members in families(_specs(registry, kind)).items():
        first = members[0]
        owner = _owner(owners[first.name].origin, owners[first.name].label)
        rows.append((name, *(row(first) if name == first.name else of_family(members, len(title))), owner))
    print("\n".join(aligned([("name", *title, "from"), *rows])))


def _specs(registry: Registry, kind: str) -> Sequence[Any]:
    specs: Sequence[Any] = getattr(registry, kind)()
    return specs


def families(specs: Sequence[Any]) -> dict[str, list[Any]]:
    """Specs under their names, those called ``family/member`` together under ``family/...``."""
    found: dict[str, list[Any]] = {}
    for spec in specs:
        found.setdefault(f"{spec.name.split('/')[0]}/..." if "/" in spec.name else spec.name, []).append(spec)
    return found


def of_family(members: Sequence[Any], cells: int) -> tuple[str, ...]:
    """What stands behind a family's name; the other cells stay empty."""
    return (f"{len(members)}, such as {members[0].name}", *[""] * (cells - 1))


def _owner(origin: str, label: str) -> str:
    return "kandisco" if origin == "built-in" else label


def _function(spec: Any) -> tuple[str, ...]:
    low, high = spec.domain
    return spec.sympy, f"({low:g}, {high:g})", ",".join(spec.tags)


def _law(spec: Any) -> tuple[str, ...]:
    return spec.title, spec.formula, ",".join(spec.inputs), ",".join(spec.tags)


def _dataset(spec: Any) -> tuple[str, ...]:
    return spec.summary, spec.truth, spec.license


def _refiner(spec: Any) -> tuple[str, ...]:
    reason = next(iter(spec.unavailable().splitlines()), "")
    return f"unavailable: {reason}" if reason else "available", spec.summary


_COLUMNS: dict[str, tuple[tuple[str, ...], Callable[[Any], tuple[str, ...]]]] = {
    "functions": (("of x", "domain", "tags"), _function),
    "laws": (("title", "formula", "inputs", "tags"), _law),
    "bases": (("what",), lambda spec: (spec.summary,)),
    "refiners": (("here", "what"), _refiner),
    "datasets": (("what", "truth", "licence"), _dataset),
    "readers": (("files", "what"), lambda spec: (" ".join(spec.suffixes), spec.summary)),
    "exporters": (("suffix", "what"), lambda spec: (spec.suffix, spec.summary)),
}


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as lines with columns of equal width.

    Example:
        >>> list(aligned([("a", "bb"), ("ccc", "d")]))
        ['a    bb', 'ccc  d']
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
