"""The hooks: the table of contents of everything that can be extended. Each returns an iterable of specs."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from kandisco import specs

hookspec = pluggy.HookspecMarker("kandisco")
hookimpl = pluggy.HookimplMarker("kandisco")


@hookspec
def kandisco_functions() -> Iterable[specs.FunctionSpec]:  # type: ignore[empty-body]
    """Functions that formulas may be built from."""


@hookspec
def kandisco_laws() -> Iterable[specs.LawSpec]:  # type: ignore[empty-body]
    """Laws with constants to be fitted, as textbooks print them."""


@hookspec
def kandisco_bases() -> Iterable[specs.BasisSpec]:  # type: ignore[empty-body]
    """Edge bases for the networks."""


@hookspec
def kandisco_refiners() -> Iterable[specs.RefinerSpec]:  # type: ignore[empty-body]
    """Engines that improve composed formulas."""


@hookspec
def kandisco_datasets() -> Iterable[specs.DatasetSpec]:  # type: ignore[empty-body]
    """Named datasets."""


@hookspec
def kandisco_readers() -> Iterable[specs.ReaderSpec]:  # type: ignore[empty-body]
    """File formats to read tables from."""


@hookspec
def kandisco_exporters() -> Iterable[specs.ExporterSpec]:  # type: ignore[empty-body]
    """Languages to write formulas in."""


@hookspec
def kandisco_commands() -> Iterable[specs.CommandSpec]:  # type: ignore[empty-body]
    """Sub-commands of ``kandisco``."""


@hookspec
def kandisco_observers(run: object) -> Iterable[specs.Observer]:  # type: ignore[empty-body]
    """Observers of one run; ``run`` is the run folder (or None)."""
