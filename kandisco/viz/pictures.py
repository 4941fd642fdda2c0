"""The pictures of a run by name: what ``kandisco plot`` and the report draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kandisco.errors import ConfigError, InputError
from kandisco.viz import canvas, figures, movie
from kandisco.viz.diagram import diagram
from kandisco.viz.network import Network, named, network_of
from kandisco.viz.plots import edges_figure, training_figure, tree_figure

if TYPE_CHECKING:
    from kandisco.registry import Registry
    from kandisco.run import Run
    from kandisco.specs import FunctionSpec
    from kandisco.types import Dataset, Result

KINDS: Mapping[str, str] = {
    "kan": "the network: curves on edges, their functions, what matters",
    "edges": "each edge's curve, its function, the residual, the data's density",
    "training": "errors over the iterations",
    "animation": "the network trained, made sparse, pruned, refined (.gif, .mp4, .html)",
    "pareto": "the front: error against complexity",
    "fit": "predicted against true values on held-out rows",
    "residuals": "residuals on held-out rows",
    "law": "the curve through the rows, with one input",
    "tree": "the formula's expression tree",
    "formula": "the typeset formula",
}


def plot(run: Run, kind: str, path: Path | str, registry: Registry, *, theme: str = "light") -> None:
    """Draw one picture of a run into a file.

    Args:
        run: a finished run.
        kind: a key of ``KINDS``.
        path: ends in .svg, .png or .pdf; an animation in .gif, .mp4 or .html.
        registry: where bases and functions are looked up.
        theme: ``light`` or ``dark``.

    Raises:
        ConfigError: an unknown kind or suffix.
        InputError: the run has nothing of the kind to show.
    """
    if kind not in KINDS:
        raise ConfigError(f"There is no picture {kind!r}.", hint=f"Kinds: {', '.join(KINDS)}.")
    if kind == "animation":
        movie.save(networks(run, registry), path, theme)
        return
    canvas.save(figure(run, kind, registry), path, theme)


def figure(run: Run, kind: str, registry: Registry) -> Any:
    """One picture of a run as a matplotlib Figure in the marker colours of ``kandisco.viz.canvas``; see ``plot``."""
    if kind in ("kan", "edges"):
        found = last_network(run, registry)
        if found is None:
            raise InputError(
                f"{run.path} holds no network: its law was found before one was trained.",
                hint="Run discover with --width, for a network of that shape.",
            )
        return (diagram if kind == "kan" else edges_figure)(found)
    if kind == "training":
        drawn = training_figure(run.records())
        if drawn is None:
            raise InputError(f"{run.path} trained no network.", hint="Run discover with --width, for a network of that shape.")
        return drawn
    result = run.result()
    return _of_result(result, kind, held_out(run, result))


def _of_result(result: Result, kind: str, rows: Any) -> Any:
    if result.best is None:
        raise InputError("The run has no formula.", hint="Run kandisco discover again with more --time.")
    if kind == "tree":
        return tree_figure(result.best.expr)
    shown: Mapping[str, Callable[[Any], Any]] = figures.panels(result, rows)
    if kind == "formula":
        drawn = figures.typeset_figure(result.best, result.dataset)
        if drawn is None:
            raise InputError("The formula is too long to be set on one line.", hint="Export it: --to latex, typst or mathml.")
        return drawn
    if kind not in shown:
        raise InputError("A law is drawn as a curve only with one input.", hint="Draw fit or residuals.")
    return figures.panel_figure(shown[kind])


def held_out(run: Run, result: Result) -> Any:
    """Numbers of the stored rows that no fit has seen; all rows where there are none, None where all count."""
    if result.tried:
        return None
    split = run.split()
    rows = np.concatenate([split.test, split.shell])
    return np.sort(rows) if len(rows) else np.arange(len(run.dataset().y))


def networks(run: Run, registry: Registry) -> list[Network]:
    """The run's network after each stage: of the shape the best formula came from, else the last that was kept."""
    return _read(run, registry, _stored(run))


def last_network(run: Run, registry: Registry) -> Network | None:
    """The last of ``networks``, without working out the others; None where none was kept."""
    return next(iter(_read(run, registry, _stored(run)[-1:])), None)


def _stored(run: Run) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Arrays and meta of one shape's networks, stage by stage."""
    names = run.models()
    shapes = list(dict.fromkeys(match.group(0) for name in names if (match := re.match(r"kan \[.*?\]", name))))
    if not shapes:
        return []
    best = run.result().best if (run.path / "formulas.json").exists() else None
    wanted = "" if best is None else f"kan {best.shape}"
    shape = wanted if wanted in shapes else shapes[-1]
    stored = [run.load_model(name) for name in names if name.startswith(f"{shape} ")]
    return sorted(stored, key=lambda pair: int(pair[1].get("step", 0)))


def _read(run: Run, registry: Registry, stored: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[Network]:
    dataset, functions = run.dataset(), registry.functions(run.config.functions)
    columns = {variable.name: i for i, variable in enumerate(dataset.inputs)}
    return [_network(arrays, meta, dataset, columns, functions, registry) for arrays, meta in stored]


def _network(
    arrays: Mapping[str, Any],
    meta: Mapping[str, Any],
    dataset: Dataset,
    columns: Mapping[str, int],
    functions: Sequence[FunctionSpec],
    registry: Registry,
) -> Network:
    from kandisco.kan import load

    picked = [columns[name] for name in meta["columns"]]
    return network_of(
        load(arrays, meta, registry.basis),
        dataset.x[:, picked],
        inputs=[named(dataset.inputs[i]) for i in picked],
        outputs=(named(dataset.target),),
        centre=np.array(meta["centre"]),
        half=np.array(meta["half"]),
        functions=functions,
        title=f"kan {meta['shape']}, {str(meta['name']).rpartition(' ')[2]}",
    )
