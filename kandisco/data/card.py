"""Cards: what the columns of a table mean, where it comes from, on what terms, what is known of it; JSON beside the file."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args

from kandisco.data.names import RESERVED
from kandisco.errors import InputError
from kandisco.types import KnownLaw, LawKind

Role = Literal["input", "target", "group", "id", "weight", "uncertainty", "ignore"]
_KEYS = frozenset(
    {"schema", "name", "kind", "rows", "title", "summary", "columns", "missing", "split_by", "source", "license", "citation"}
    | {"truth", "laws", "references", "file", "sha256", "certified", "noise", "note"}
)
_COLUMN = frozenset({"label", "name", "unit", "role", "missing", "description"})
_LAW = frozenset({"expression", "kind", "tolerance", "reference"})
_SPDX = re.compile(r"[A-Za-z0-9.+()-]+( (AND|OR|WITH) [A-Za-z0-9.+()-]+)*")


@dataclass(frozen=True, kw_only=True)
class Column:
    """What a card says of a column.

    Attributes:
        label: the header in the file.
        name: what formulas call it; made from the header when empty.
        unit: such as ``m/s``.
        role: ``input``; ``target`` (of several the first, the others stay out); ``group`` (rows of one value are never split);
            ``weight`` (how much a row's squared error counts: its inverse variance); ``uncertainty`` (standard uncertainty of the
            target in each row, in its unit); ``id`` (tells rows apart) and ``ignore``.
        missing: cells that stand for no value, beside the usual ones.
        description: in words.
    """

    label: str
    name: str = ""
    unit: str = ""
    role: Role = "input"
    missing: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card as read; every field may be empty.

    Attributes:
        path: the card's file, for messages.
        columns: those it describes; any other takes part as if there were no card.
        missing: cells that stand for no value, in all columns.
        split_by: headers of columns whose values, taken together, make the groups.
        license: SPDX expression.
        extra: certified results and remarks, as they are in the file.
    """

    path: str = "card"
    name: str = ""
    title: str = ""
    summary: str = ""
    columns: tuple[Column, ...] = ()
    missing: tuple[str, ...] = ()
    split_by: tuple[str, ...] = ()
    source: str = ""
    license: str = ""
    citation: str = ""
    truth: str = ""
    laws: tuple[KnownLaw, ...] = ()
    references: tuple[str, ...] = ()
    file: str = ""
    sha256: str = ""
    extra: Mapping[str, Any]

    def labelled(self, *roles: Role) -> tuple[str, ...]:
        """Headers of the columns in these roles."""
        return tuple(column.label for column in self.columns if column.role in roles)


def find_card(file: Path) -> Path | None:
    """The card beside a file: ``data.card.json`` for ``data.csv``, or ``card.json`` if it names the file.

    A ``card.json`` of another kind, as other programs write them, is passed over.
    """
    own = file.with_name(f"{file.name.split('.')[0] or file.name}.card.json")
    if own.is_file():
        return own
    shared = file.with_name("card.json")
    try:
        named = json.loads(shared.read_text(encoding="utf-8")).get("file")
    except (OSError, ValueError, AttributeError):
        return None
    return shared if named == file.name else None


def read_card(path: Path) -> Card:
    """Read a card.

    Raises:
        InputError: no JSON, an unknown key, or a value of the wrong kind; the message names the file and the key.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The card {path} cannot be read: {error}.") from None
    except ValueError as error:
        raise InputError(f"The card {path} is no JSON: {error}.", hint="Mind commas and quotation marks.") from None
    return card_from(raw, str(path))


def card_from(raw: Any, path: str = "card") -> Card:
    """A card from JSON values.

    Raises:
        InputError: an unknown key, or a value of the wrong kind; the message names ``path`` and the key.

    Example:
        >>> card_from({"columns": [{"label": "t [s]", "role": "goal"}]}, "fall.json")  # doctest: +NORMALIZE_WHITESPACE
        Traceback (most recent call last):
        kandisco.errors.InputError: fall.json: columns[0].role is 'goal'.
            Give one of: input, target, group, id, weight, uncertainty, ignore.
    """
    read = _Reader(path)
    whole = read.object(raw, "the card", _KEYS)
    texts = ("name", "title", "summary", "source", "license", "citation", "truth", "file", "sha256")
    values = {key: read.text(whole, key) for key in texts}
    if values["license"] and not _SPDX.fullmatch(values["license"]):
        read.fail("license", values["license"], "an SPDX identifier such as CC-BY-4.0, or LicenseRef- and a word of your own")
    columns = tuple(_column(read, item, f"columns[{i}]") for i, item in enumerate(read.list(whole, "columns")))
    _unique(read, columns)
    return Card(
        path=path,
        columns=columns,
        missing=read.tokens(whole, "missing"),
        split_by=read.texts(whole, "split_by"),
        laws=tuple(_law(read, item, f"laws[{i}]") for i, item in enumerate(read.list(whole, "laws"))),
        references=read.texts(whole, "references"),
        extra={key: whole[key] for key in ("schema", "kind", "rows", "certified", "noise", "note") if key in whole},
        **values,
    )


def _column(read: _Reader, raw: Any, where: str) -> Column:
    item = read.object(raw, where, _COLUMN)
    label, name = read.text(item, "label", where), read.text(item, "name", where)
    if not label:
        read.fail(f"{where}.label", label, "the header of the column")
    if name and (not name.isidentifier() or name in RESERVED):
        read.fail(f"{where}.name", name, "a name that a formula can carry: letters, digits and _, no function and no constant")
    return Column(
        label=label,
        name=name,
        unit=read.text(item, "unit", where),
        role=read.one(item, "role", where, get_args(Role), "input"),
        missing=read.tokens(item, "missing", where),
        description=read.text(item, "description", where),
    )


def _unique(read: _Reader, columns: tuple[Column, ...]) -> None:
    for key in ("label", "name"):
        seen: set[str] = set()
        for position, column in enumerate(columns):
            value = getattr(column, key)
            if value and value in seen:
                read.fail(f"columns[{position}].{key}", value, "a value that no other column has")
            seen.add(value)
    weights = [column.label for column in columns if column.role in ("weight", "uncertainty")]
    if len(weights) > 1:
        read.fail("columns", weights, "the role weight to one column at most, or else the role uncertainty")


def _law(read: _Reader, raw: Any, where: str) -> KnownLaw:
    item = read.object(raw, where, _LAW)
    tolerance = item.get("tolerance", 0.0)
    if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < float("inf"):
        read.fail(f"{where}.tolerance", tolerance, "a number from 0 up")
    return KnownLaw(
        expression=read.text(item, "expression", where),
        kind=read.one(item, "kind", where, get_args(LawKind), "exact"),
        tolerance=float(tolerance),
        reference=read.text(item, "reference", where),
    )


@dataclass(frozen=True)
class _Reader:
    """Values out of JSON objects, of the kind that is wanted or with an error that names the key."""

    path: str

    def fail(self, key: str, value: object, want: str) -> NoReturn:
        raise InputError(f"{self.path}: {key} is {value!r}.", hint=f"Give {want}.")

    def object(self, raw: Any, where: str, known: Collection[str]) -> dict[str, Any]:
        if not isinstance(raw, dict):
            self.fail(where, raw, "an object in braces")
        for key in raw:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else "Known: " + ", ".join(sorted(known)) + "."
                place = "" if where == "the card" else f"{where} has "
                raise InputError(f"{self.path}: {place}an unknown key {key!r}.", hint=hint)
        return raw

    def text(self, item: Mapping[str, Any], key: str, where: str = "") -> str:
        value = item.get(key, "")
        return value if isinstance(value, str) else self.fail(_at(where, key), value, "a text in quotation marks")

    def list(self, item: Mapping[str, Any], key: str, where: str = "") -> list[Any]:
        value = item.get(key, [])
        return value if isinstance(value, list) else self.fail(_at(where, key), value, "a list in brackets")

    def texts(self, item: Mapping[str, Any], key: str, where: str = "") -> tuple[str, ...]:
        found = self.list(item, key, where)
        return tuple(v if isinstance(v, str) else self.fail(f"{_at(where, key)}[{i}]", v, "a text") for i, v in enumerate(found))

    def tokens(self, item: Mapping[str, Any], key: str, where: str = "") -> tuple[str, ...]:
        """Texts or numbers."""
        values = self.list(item, key, where)
        for i, value in enumerate(values):
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                self.fail(f"{_at(where, key)}[{i}]", value, "a text or a number")
        return tuple(str(value) for value in values)

    def one(self, item: Mapping[str, Any], key: str, where: str, known: tuple[str, ...], default: str) -> Any:
        value = item.get(key, default)
        return value if value in known else self.fail(_at(where, key), value, "one of: " + ", ".join(known))


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
