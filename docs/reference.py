"""Writes the reference of settings from the fields of Config: one source for flags, files and docs."""

from __future__ import annotations

import dataclasses

from kandisco.config import Config

HEAD = """# Settings

Every setting is a field of `kandisco.Config`. Each can be given as a flag (`--max-complexity 20`) where the command line has one,
or by `--set max_complexity=20`. An unknown name or an unusable value is refused with the values that are usable.

| setting | default | what it does |
|---|---|---|
"""


def settings_page() -> str:
    """The page as markdown."""
    return HEAD + "".join(_row(field) for field in dataclasses.fields(Config))


def _row(field: dataclasses.Field[object]) -> str:
    default = ",".join(field.default) if isinstance(field.default, tuple) else field.default
    shown = f"`{default}`" if default != "" else ""
    return f"| `{field.name}` | {shown} | {field.metadata['help']} |\n"
