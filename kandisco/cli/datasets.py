"""``kandisco datasets``: which there are, what one holds and on what terms, and its rows as a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from kandisco.cli.listing import aligned, families, of_family
from kandisco.cli.session import Session
from kandisco.cli.source import available
from kandisco.errors import ConfigError, InputError

if TYPE_CHECKING:
    from kandisco.specs import DatasetSpec
    from kandisco.types import Dataset, Variable

_NAME = typer.Argument(..., metavar="@NAME", help="Name of a dataset, with or without the @.")


def app() -> typer.Typer:
    """The group of commands."""
    group = typer.Typer(help="List named datasets, describe one, or get its rows.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("describe")(describe)
    group.command("get")(get)
    return group


def list_(
    ctx: typer.Context,
    family: str = typer.Argument("", metavar="FAMILY", help="Only those whose names begin so, each on a line of its own."),
    all_: bool = typer.Option(False, "--all", help="Families member by member."),
) -> None:
    """List the named datasets; a family such as feynman/... takes one line."""
    session: Session = ctx.obj
    specs = [spec for spec in session.registry().datasets() if spec.name.startswith(family.removeprefix("@").rstrip("/."))]
    if not specs:
        known = dict.fromkeys(spec.name.split("/")[0] for spec in session.registry().datasets())
        raise ConfigError(f"No dataset is called {family}.", hint=f"There are: {', '.join(known)}.")
    rows = list(_rows(specs, fold=not (family or all_)))
    print("\n".join(aligned([("name", "what", "licence"), *rows])))


def _rows(specs: Sequence[DatasetSpec], *, fold: bool) -> Iterator[tuple[str, ...]]:
    for name, members in (families(specs) if fold else {spec.name: [spec] for spec in specs}).items():
        first = members[0]
        here = "" if not first.unavailable() else " (not available here)"
        what = (first.summary + here,) if name == first.name else of_family(members, 1)
        yield f"@{name}", *what, first.license


def describe(ctx: typer.Context, name: str = _NAME) -> None:
    """Say what a dataset holds: columns, units, what is known of it, licence, source."""
    session: Session = ctx.obj
    spec = available(session, name)
    data = spec.load()
    print(f"@{spec.name}: {spec.summary}\n")
    print("\n".join(aligned([("column", "role", "unit", "least", "largest"), *_columns(data)])))
    facts = [("rows", _count(spec, data)), ("truth", spec.truth), *(("law", line) for line in _laws(spec, data))]
    facts += [("licence", spec.license), ("source", spec.source), ("cite", spec.citation)]
    facts += [("see", reference) for reference in spec.references]
    print("\n" + "\n".join(aligned([(key, " ".join(text.split())) for key, text in facts if text])))


def _columns(data: Dataset) -> Iterator[tuple[str, ...]]:
    def row(variable: Variable, role: str, values: Sequence[float]) -> tuple[str, ...]:
        label = variable.label if variable.label not in ("", variable.name) else ""
        return (
            f"{variable.name} ({label})" if label else variable.name,
            role,
            variable.unit,
            f"{min(values):.6g}",
            f"{max(values):.6g}",
        )

    for variable, column in zip(data.inputs, data.x.T, strict=True):
        yield row(variable, "input", column.tolist())
    yield row(data.target, "target", data.y.tolist())


def _count(spec: DatasetSpec, data: Dataset) -> str:
    parts = [str(len(data.y))]
    if data.groups is not None:
        parts.append(f"in {len(set(data.groups.tolist()))} groups")
    if data.weights is not None:
        parts.append("with weights")
    if data.uncertainty:
        parts.append("with a stated uncertainty")
    if spec.generate is not None:
        parts.append("as many as asked: kandisco datasets get --rows N --seed S")
    return ", ".join(parts)


def _laws(spec: DatasetSpec, data: Dataset) -> Iterator[str]:
    from kandisco.data import allowed, check_law

    for law in spec.laws:
        held = check_law(law, data)
        verdict = f"misfit {held.misfit:.2g} of {allowed(law):.2g} allowed" if law.kind != "inequality" else ""
        verdict = verdict or f"broken in {100 * held.misfit:.3g} % of the rows"
        reference = f" [{law.reference}]" if law.reference else ""
        yield f"{law.expression}  ({law.kind}; {'holds' if held.ok else 'DOES NOT HOLD'}, {verdict}){reference}"


def get(
    ctx: typer.Context,
    name: str = _NAME,
    rows: int = typer.Option(0, "--rows", metavar="N", help="As many rows; of measured data, a sample (default: all there are)."),
    seed: int = typer.Option(0, "--seed", metavar="S", help="Seed of generated rows or of the sample."),
    output: str = typer.Option(
        "", "--output", "-o", metavar="FILE", help="Write FILE.csv and its card instead of standard output."
    ),
) -> None:
    """Write a dataset's rows as CSV, with -o beside the card that discover picks up."""
    from kandisco.data.writing import to_card, to_csv

    if rows < 0 or seed < 0:
        raise ConfigError("--rows and --seed are whole numbers from 0 up.", hint="Leave them out for the rows as they are.")
    session: Session = ctx.obj
    spec = available(session, name)
    data = drawn(spec, rows, seed)
    text = to_csv(data)
    if not output or output == "-":
        sys.stdout.write(text)
        return
    path = Path(output)
    if path.suffix.lower() != ".csv":
        raise ConfigError(f"-o {output} is no CSV file.", hint="Give a name that ends in .csv.")
    card = path.with_name(f"{path.name.split('.')[0]}.card.json")
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
        card.write_text(to_card(data, spec, path.name, text), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"Cannot write {output}: {error.strerror}.", hint="Choose another file with -o.") from None
    print(f"{path}\n{card}")


def drawn(spec: DatasetSpec, rows: int, seed: int) -> Dataset:
    """The rows of a dataset: as they are, generated, or of what cannot be generated a sample.

    Args:
        spec: the dataset.
        rows: how many; 0 for as many as it has by default.
        seed: of generated rows or of the sample.
    """
    from kandisco.data import sample_rows

    if not rows and not seed:
        return spec.load()
    if spec.generate is not None:
        return spec.generate(rows or len(spec.load().y), seed)
    whole = spec.load()
    if not rows or rows >= len(whole.y):
        return whole
    kept = sample_rows(whole, max_rows=rows, seed=seed)
    return replace(
        whole,
        x=whole.x[kept],
        y=whole.y[kept],
        groups=None if whole.groups is None else whole.groups[kept],
        weights=None if whole.weights is None else whole.weights[kept],
    )
