"""Ink, paper and files: what all figures share. A figure is drawn in marker colours, replaced once its theme is known."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kandisco.errors import ConfigError, InputError

PAPER = "#fdfefc"
INK, SOFT, BLUE, ORANGE, GREY = "#010203", "#6b7782", "#2f81d6", "#e07b39", "#a9b2bb"


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours of ink and paper; ``page`` takes both from the HTML page around the figure."""

    ink: str
    paper: str


THEMES: Mapping[str, Theme] = {
    "light": Theme(ink="#1d2733", paper="#ffffff"),
    "dark": Theme(ink="#e4e9ee", paper="#12181e"),
    "page": Theme(ink="currentColor", paper="var(--page, Canvas)"),
}
FORMATS = (".svg", ".png", ".pdf")


@contextmanager
def style() -> Iterator[None]:
    """matplotlib's settings for a figure."""
    import matplotlib

    inked = ("axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "text.color", "legend.labelcolor")
    settings: dict[Any, Any] = dict.fromkeys(inked, INK)
    settings |= {"axes.spines.top": False, "axes.spines.right": False, "font.size": 9, "svg.hashsalt": "kandisco"}
    settings |= {"svg.fonttype": "path", "mathtext.fontset": "cm", "axes.facecolor": "none", "legend.frameon": False}
    with matplotlib.rc_context(settings):
        yield


def svg(figure: Any, name: str, theme: str = "page", *, tight: bool = False) -> str:
    """The figure as an ``<svg>`` element.

    Args:
        figure: drawn in the marker colours of this module.
        name: put before every id, so that several drawings can share one page.
        theme: a key of ``THEMES``.
        tight: cut to what is drawn.
    """
    out = io.StringIO()
    options: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.05} if tight else {}
    options |= {"transparent": True} if theme == "page" else {"facecolor": PAPER}
    with style():  # the ids come from a salt that is read when a figure is saved
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None}, **options)
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(INK, THEMES[theme].ink).replace(PAPER, THEMES[theme].paper)
    return re.sub(r'(\bid="|"#|url\(#)', rf"\g<1>{name}-", text)


def save(figure: Any, path: Path | str, theme: str = "light") -> None:
    """Write the figure as SVG, PNG or PDF, as the suffix says.

    Raises:
        ConfigError: another suffix, or a theme that is not there.
        InputError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix not in FORMATS:
        raise ConfigError(f"A figure cannot be written as {path.suffix or path.name!r}.", hint=f"Use {', '.join(FORMATS)}.")
    if theme not in ("light", "dark"):
        raise ConfigError(f"There is no theme {theme!r}.", hint="Use light or dark.")
    try:
        if path.suffix == ".svg":
            path.write_text(svg(figure, path.stem, theme), encoding="utf-8")
            return
        recolour(figure, theme)
        figure.savefig(path, dpi=200, facecolor=THEMES[theme].paper)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}.", hint="Choose another file with -o.") from None


def recolour(figure: Any, theme: str) -> None:
    """Give ink and paper of a theme to everything drawn in the marker colours, for files that are no SVG."""
    from matplotlib.colors import to_hex

    new = {INK: THEMES[theme].ink, PAPER: THEMES[theme].paper}
    for artist in figure.findobj():
        for part in ("color", "edgecolor", "facecolor", "markeredgecolor", "markerfacecolor"):
            getter = getattr(artist, f"get_{part}", None)
            value = getter() if getter is not None else None
            if value is None or (isinstance(value, str) and value in ("none", "auto")):
                continue
            rows = value if getattr(value, "ndim", 1) == 2 else [value]
            known = {to_hex(row) for row in rows}
            if len(known) == 1 and (only := known.pop()) in new:
                getattr(artist, f"set_{part}")(new[only])
