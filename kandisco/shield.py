"""Third parties' specs made safe to use: what cannot work is refused at once, what fails later fails under its author's name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kandisco.errors import KandiscoError, PluginError
from kandisco.plugins import Contribution, Failure, PluginInfo, Plugins
from kandisco.specs import (
    AbstractBasis,
    BasisSpec,
    CommandSpec,
    DatasetSpec,
    ExporterSpec,
    FunctionSpec,
    LawSpec,
    Observer,
    ReaderSpec,
)

if TYPE_CHECKING:
    import torch

# What the core calls, and the type it counts on. A refiner is guarded where it runs: what it proposed before it broke counts.
_CALLS: Mapping[type, tuple[str, str, str]] = {
    DatasetSpec: ("dataset", "load", "Dataset"),
    ReaderSpec: ("reader", "read", "Table"),
    ExporterSpec: ("exporter", "export", "str"),
    BasisSpec: ("basis", "basis", "AbstractBasis"),
    CommandSpec: ("command", "app", "Typer"),
}


def unusable(spec: Any) -> str:
    """Why a spec could not work whatever it is used for, or an empty text.

    Example:
        >>> unusable(FunctionSpec(name="f", sympy="sin(y)"))
        "function 'f': 'sin(y)' is no function of x (There is no column 'y'. Columns: x.)"
    """
    name = getattr(spec, "name", "-")
    if not isinstance(name, str) or not name:
        return f"{type(spec).__name__} has the name {name!r}; give it one to ask for"
    if isinstance(spec, FunctionSpec):
        from kandisco.expr import parse

        try:
            if parse(spec.sympy, ("x",)).variables() != ("x",):
                return f"function {name!r}: {spec.sympy!r} does not contain x"
        except (KandiscoError, TypeError, AttributeError) as error:
            return f"function {name!r}: {spec.sympy!r} is no function of x ({error})"
    if isinstance(spec, LawSpec):
        try:
            spec.expr  # noqa: B018 - reading it is the test
        except (KandiscoError, TypeError, AttributeError) as error:
            return f"law {name!r}: {spec.formula!r} is not a formula of its inputs and parameters ({error})"
    if isinstance(spec, ReaderSpec) and (isinstance(spec.suffixes, str) or not all(isinstance(s, str) for s in spec.suffixes)):
        return f"reader {name!r}: suffixes={spec.suffixes!r} is no tuple of texts"
    return ""


def guarded(entry: Contribution) -> Any:
    """The spec with its callables guarded; a built-in's is as it was."""
    spec = entry.spec
    if entry.owner.origin == "built-in" or type(spec) not in _CALLS:
        return spec
    kind, attribute, wanted = _CALLS[type(spec)]
    who = f"{kind} {spec.name!r} of {entry.owner.label}"
    call = _named(getattr(spec, attribute), who, entry.owner, wanted)
    if isinstance(spec, BasisSpec):
        build = call
        call = lambda grid: _Basis(build(grid), who, entry.owner)  # noqa: E731
    if isinstance(spec, DatasetSpec) and spec.generate is not None:
        return replace(spec, load=call, generate=_named(spec.generate, who, entry.owner, wanted))
    return replace(spec, **{attribute: call})


def _named(call: Callable[..., Any], who: str, owner: PluginInfo, wanted: str) -> Callable[..., Any]:
    @functools.wraps(call)
    def checked(*args: Any, **values: Any) -> Any:
        try:
            found = call(*args, **values)
        except KandiscoError:
            raise  # said on purpose, with a hint
        except Exception as error:
            raise _blamed(who, owner, f"{type(error).__name__}: {error}") from error
        if wanted not in (kind.__name__ for kind in type(found).__mro__):
            raise _blamed(who, owner, f"it gave a {type(found).__name__}, not a {wanted}")
        return found

    return checked


def _blamed(who: str, owner: PluginInfo, what: str) -> PluginError:
    said = " ".join(what.split()).rstrip(".")
    return PluginError(f"{who} failed: {said}.", hint=f"kandisco plugins check {owner.location} says more; tell its author.")


class _Basis(AbstractBasis):
    """A third party's basis; values of another shape or type are refused before they spoil a product of matrices elsewhere."""

    def __init__(self, inner: AbstractBasis, who: str, owner: PluginInfo) -> None:
        self._inner, self._who, self._owner = inner, who, owner

    @property
    def n_features(self) -> int:
        return self._inner.n_features

    def features(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self._asked("features", x, lo, hi)
        return self._fitting("features", found, x)

    def derivative(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> torch.Tensor | None:
        found = self._asked("derivative", x, lo, hi)
        return None if found is None else self._fitting("derivative", found, x)

    def pair(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        found = self._asked("pair", x, lo, hi)
        return None if found is None else (self._fitting("pair", found[0], x), self._fitting("pair", found[1], x))

    def placed(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, spread: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        found = self._asked("placed", x, lo, hi, spread)
        return None if found is None else (self._fitting("placed", found[0], x), self._fitting("placed", found[1], x))

    def layer(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor) -> torch.Tensor | None:
        found = self._asked("layer", x, lo, hi, coef)
        return None if found is None else self._sized("layer", found, (*coef.shape[:2], x.shape[-1]), coef)

    def layer_slopes(
        self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, coef: torch.Tensor, sense: torch.Tensor, *, inner: bool
    ) -> tuple[torch.Tensor, torch.Tensor | None] | None:
        found = self._asked("layer_slopes", x, lo, hi, coef, sense, inner=inner)
        if found is None:
            return None
        sizes = tuple(coef.shape), (coef.shape[0], *x.shape[1:])
        steep = self._sized("layer_slopes", found[0], sizes[0], coef)
        return steep, self._sized("layer_slopes", found[1], sizes[1], coef) if inner else None

    def _sized(self, method: str, found: torch.Tensor, want: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        if tuple(found.shape) != want or found.dtype != like.dtype:
            got = f"{method} gave shape {tuple(found.shape)} of {found.dtype}"
            raise _blamed(self._who, self._owner, f"{got}, not {want} of {like.dtype}")
        return found

    def higher(self, x: torch.Tensor, lo: torch.Tensor, hi: torch.Tensor, order: int) -> torch.Tensor | None:
        found = self._asked("higher", x, lo, hi, order)
        return None if found is None else self._fitting("higher", found, x)

    def _asked(self, method: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(self._inner, method)(*args, **options)
        except Exception as error:
            raise _blamed(self._who, self._owner, f"{type(error).__name__} in {method}: {error}") from error

    def _fitting(self, method: str, found: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        want = (*x.shape[:-1], self.n_features, x.shape[-1])
        if tuple(found.shape) != want or found.dtype != x.dtype:
            got = f"{method} gave shape {tuple(found.shape)} of {found.dtype}"
            raise _blamed(self._who, self._owner, f"{got}, not [..., n_features, rows] = {want} of {x.dtype}")
        return found


class Shielded(Observer):
    """A third party's observer that cannot end the run: its first failure is told, and it hears no more.

    Args:
        entry: the observer and its owner.
        plugins: takes the failure.
    """

    def __init__(self, entry: Contribution, plugins: Plugins) -> None:
        self._entry = entry
        self._plugins = plugins
        self._silent = False

    def _pass(self, event: str, *args: Any, **values: Any) -> None:
        if self._silent:
            return
        try:
            getattr(self._entry.spec, event)(*args, **values)
        except Exception as exc:
            exc.add_note(f"in {event} of an observer from {self._entry.owner.label}")
            self._silent = True
            self._plugins.fail(Failure(plugin=self._entry.owner, error=exc, hook="kandisco_observers"))

    def stage_started(self, stage: str, **details: Any) -> None:
        """Pass it on."""
        self._pass("stage_started", stage, **details)

    def progress(self, stage: str, **values: Any) -> None:
        """Pass it on."""
        self._pass("progress", stage, **values)

    def stage_finished(self, stage: str, record: Any) -> None:
        """Pass it on."""
        self._pass("stage_finished", stage, record)

    def run_finished(self, result: Any) -> None:
        """Pass it on."""
        self._pass("run_finished", result)
