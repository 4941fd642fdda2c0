"""``kandisco plugins new``: a working package from ``examples/plugin-template/`` (installed: ``_template/``)."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from kandisco.errors import ConfigError, PluginError

# What can be made -> how its specs are listed.
KINDS = {
    "basis": "bases",
    "functions": "functions",
    "law": "laws",
    "refiner": "refiners",
    "dataset": "datasets",
    "reader": "readers",
    "exporter": "exporters",
    "command": "commands",
    "observer": "observers",
}
_SHARED = ("README.md", "pyproject.toml")


def render(name: str, kind: str, parent: Path) -> Path:
    """Write a plugin of one kind under a name.

    Args:
        name: what its spec is called, e.g. ``acme``; the distribution is ``kandisco-acme``, the module ``kandisco_acme``.
        kind: one of ``KINDS``.
        parent: where the directory ``kandisco-acme`` is made.

    Returns:
        The new directory.

    Raises:
        ConfigError: an unusable name or kind, or the directory is there already.

    Example:
        ``render("acme", "basis", Path())`` writes ``kandisco-acme/kandisco_acme.py`` and its tests.
    """
    if kind not in KINDS:
        raise ConfigError(f"There is no kind of plugin {kind!r}.", hint="Give one of: " + ", ".join(KINDS) + ".")
    word = usable(name)
    target = parent / f"kandisco-{word.replace('_', '-')}"
    if target.exists():
        raise ConfigError(f"{target} is there already.", hint="Choose another name, or another --dir.")
    source = root()
    files = {source / file: target / file for file in _SHARED}
    files[source / kind / "kandisco_template.py"] = target / f"kandisco_{word}.py"
    files[source / kind / "test_template.py"] = target / "tests" / f"test_{word}.py"
    try:
        (target / "tests").mkdir(parents=True)
        for old, new in files.items():
            new.write_text(renamed(old.read_text(encoding="utf-8"), word), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot write {target}: {error.strerror}.", hint="Choose another --dir.") from None
    return target


def usable(name: str) -> str:
    """A name as it is written in Python.

    Example:
        >>> usable("kandisco-soft-plus")
        'soft_plus'
    """
    word = re.sub(r"[-.\s]+", "_", name.strip().lower()).removeprefix("kandisco_")
    if not (word.isascii() and word.isidentifier()) or keyword.iskeyword(word):
        raise ConfigError(f"{name!r} is no name for a module.", hint="Give letters, digits and hyphens, such as soft-plus.")
    return word


def renamed(text: str, word: str) -> str:
    """A file of the template under another name: of the distribution, of classes, and everywhere else.

    Example:
        >>> renamed("kandisco-template: class Template, name='template'", "soft_plus")
        "kandisco-soft-plus: class SoftPlus, name='soft_plus'"
    """
    camel = "".join(part.capitalize() for part in word.split("_"))
    text = text.replace("kandisco-template", f"kandisco-{word.replace('_', '-')}")
    return text.replace("Template", camel).replace("template", word)


def root() -> Path:
    """Where the template is: beside the package in a checkout, in it once installed.

    Raises:
        PluginError: it is in neither place.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_template", package.parent / "examples" / "plugin-template"):
        if folder.is_dir():
            return folder
    raise PluginError("The plugin template of kandisco is missing.", hint="Install kandisco again.")
