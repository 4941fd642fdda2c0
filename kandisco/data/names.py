"""Headers as people write them, turned into names that formulas can carry."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PurePath

from kandisco.expr.heads import CONSTANTS, HEADS
from kandisco.types import Variable

_UNITS = (
    re.compile(r"(?P<name>.*\S)\s*\[(?P<unit>[^\[\]]*)\]"),
    re.compile(r"(?P<name>.*\S)\s+\((?P<unit>[^()]*(\([^()]*\)[^()]*)*)\)"),
    re.compile(r"(?P<name>.*\S)\s+/\s+(?P<unit>\S+)"),
)
_WORDS = {"%": " percent ", "°": " deg ", "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "'": "p"}
# What a formula's text may already contain: a column of that name would be read as the function or constant.
RESERVED = frozenset(
    {*HEADS, *(head.sympy for head in HEADS.values()), *CONSTANTS, "sqrt", "ln", "arcsin", "arccos", "arctan", *keyword.kwlist}
)


def split_unit(label: str) -> tuple[str, str]:
    """A header's name and unit.

    Example:
        >>> split_unit("v [m/s]"), split_unit("T (K)"), split_unit("p / kPa"), split_unit("f(x)")
        (('v', 'm/s'), ('T', 'K'), ('p', 'kPa'), ('f(x)', ''))
    """
    text = label.strip()
    for pattern in _UNITS:
        match = pattern.fullmatch(text)
        if match:
            return match["name"].strip(), match["unit"].strip()
    return text, ""


def identifier(text: str) -> str:
    """A python identifier for a header: ASCII where the script allows it, Greek letters spelt out.

    Names that mean something in a formula (functions, ``pi``, ``E``, python's keywords) get an underscore behind.

    Example:
        >>> identifier("mass of Earth"), identifier("θ₁"), identifier("E"), identifier("2nd")
        ('mass_of_Earth', 'theta1', 'E_', 'c2nd')
    """
    name = "".join(_spell(character) for character in text)
    # Python reads names in this form; letters that were taken apart above come together again.
    name = unicodedata.normalize("NFKC", name)
    name = re.sub(r"\W+", "_", name).strip("_")
    if not name:
        name = "column"
    if not name.isidentifier():
        name = f"c{name}"
    return f"{name}_" if name in RESERVED else name


def dataset_name(source: str) -> str:
    """What a table is called: its file, or for a file that is just called data the folder it lies in.

    Example:
        >>> dataset_name("lab/free fall.csv.gz"), dataset_name("datasets/kepler/data.csv"), dataset_name("-")
        ('free_fall', 'kepler', 'stdin')
    """
    if source in ("", "-"):
        return "stdin"
    stem = PurePath(source).name.split(".")[0]
    folder = Path(source).resolve().parent.name if stem == "data" else ""
    return identifier(folder or stem)


def variables(labels: Iterable[str]) -> tuple[Variable, ...]:
    """One Variable a header, with names that differ from each other.

    Example:
        >>> [(v.name, v.unit) for v in variables(["v [m/s]", "v (km/s)", "sin"])]
        [('v', 'm/s'), ('v_2', 'km/s'), ('sin_', '')]
    """
    kept = tuple(labels)
    # Headers that are names already keep them, whatever stands before them.
    taken = {label for label in kept if identifier(label) == label}
    found = []
    for label in kept:
        text, unit = split_unit(label)
        name = label if label in taken else _free(identifier(text), taken)
        taken.add(name)
        found.append(Variable(name=name, label=label, unit=unit))
    return tuple(found)


def unique_labels(labels: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Headers made different from each other, and a note for each one that was changed.

    Example:
        >>> unique_labels(["x", "x", ""])[0]
        ('x', 'x_2', 'column_3')
    """
    kept = [label.strip() for label in labels]
    taken = set(kept)
    used: set[str] = set()
    notes = []
    for position, label in enumerate(kept):
        if not label:
            kept[position] = _free(f"column_{position + 1}", taken)
        elif label in used:
            text, unit = split_unit(label)
            kept[position] = _free(text, taken, f" [{unit}]" if unit else "")
            notes.append(f"Several columns are called {label!r}; number {position + 1} is now {kept[position]!r}.")
        used.add(kept[position])
        taken.add(kept[position])
    return tuple(kept), tuple(notes)


def _free(name: str, taken: set[str], tail: str = "") -> str:
    number, free = 2, f"{name}{tail}"
    while free in taken:
        free = f"{name.rstrip('_')}_{number}{tail}"
        number += 1
    return free


def _spell(character: str) -> str:
    if character.isascii():
        return _WORDS.get(character, character)
    if character in _WORDS:
        return _WORDS[character]
    plain = unicodedata.normalize("NFKD", character)
    return "".join(_letter(part) for part in plain)


def _letter(character: str) -> str:
    if unicodedata.combining(character):
        return ""
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words:
        spelt = words[words.index("LETTER") + 1].lower()
        spelt = spelt if spelt != "final" else "sigma"
        return spelt.capitalize() if "CAPITAL" in words else spelt
    return character
