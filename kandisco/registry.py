"""What the plugins brought, looked up by name and with types. Each hook is collected on first use and no earlier."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any, Generic, TypeVar

from kandisco.errors import InputError, PluginError
from kandisco.plugins import Contribution, Failure, PluginInfo, Plugins
from kandisco.shield import Shielded, guarded, unusable
from kandisco.specs import (
    BasisSpec,
    CommandSpec,
    DatasetSpec,
    ExporterSpec,
    FunctionSpec,
    LawSpec,
    Observer,
    ReaderSpec,
    RefinerSpec,
)

S = TypeVar("S")
ALL = "all"


class Shelf(Generic[S]):
    """The specs of one kind under unique keys.

    A name is never settled by order. A built-in keeps its name against a third party, whose spec is reported as a failure;
    a name that two third parties claim belongs to neither, and asking for it raises.

    Args:
        kind: what the specs are called in messages, e.g. ``"basis"``.
        contributions: the specs with their owners.
        plugins: takes failures, and has those to quote when a name is not found.
        hook: the hook they came through.
        keys: the keys of a spec; its name by default.
    """

    def __init__(
        self,
        kind: str,
        contributions: Iterable[Contribution],
        plugins: Plugins,
        *,
        hook: str,
        keys: Callable[[S], Iterable[str]] | None = None,
    ) -> None:
        self.kind = kind
        self._plugins = plugins
        self._hook = hook
        self._keys: Callable[[Any], Iterable[str]] = keys or (lambda spec: (spec.name,))
        self._held: dict[str, Contribution] = {}
        self._contested: dict[str, str] = {}
        for entry in contributions:
            reason = "" if entry.owner.origin == "built-in" else unusable(entry.spec)
            if reason:
                plugins.fail(Failure(plugin=entry.owner, error=PluginError(reason), hook=hook))
                continue
            safe = replace(entry, spec=guarded(entry))
            for key in self._keys(safe.spec):
                self._put(key, safe)

    def _put(self, key: str, new: Contribution) -> None:
        old = self._held.get(key)
        if old is None and key not in self._contested:
            self._held[key] = new
            return
        both = f"{old.owner.label} and {new.owner.label}" if old else f"{self._contested[key]} and {new.owner.label}"
        error = _twice(self.kind, key, both)
        if new.owner.origin == "built-in":
            raise error
        if old is None or old.owner.origin != "built-in":
            self._contested[key] = both
            self._held.pop(key, None)
        self._plugins.fail(Failure(plugin=new.owner, error=error, hook=self._hook))

    def names(self) -> tuple[str, ...]:
        """All keys that can be asked for."""
        return tuple(self._held)

    def claimed(self) -> frozenset[str]:
        """All keys, with those that two third parties claim."""
        return frozenset({*self._held, *self._contested})

    def specs(self) -> tuple[S, ...]:
        """All specs, each once, built-ins first."""
        return tuple({id(entry.spec): entry.spec for entry in self._held.values()}.values())

    def owners(self) -> Mapping[str, PluginInfo]:
        """Key -> the plugin it came from."""
        return {key: entry.owner for key, entry in self._held.items()}

    def get(self, key: str) -> S:
        """The spec under a key.

        Raises:
            PluginError: nothing, or more than one third party, holds the key.
        """
        if key not in self._held:
            raise self.refusal(key)
        return self._held[key].spec  # type: ignore[no-any-return]

    def refusal(self, key: str, others: Iterable[str] = ()) -> PluginError:
        """The error for a key that cannot be had: contested, or unknown (near misses, what there is, what failed to load).

        Args:
            key: what was asked for.
            others: further words that would have been understood, such as tags.
        """
        if key in self._contested:
            return _twice(self.kind, key, self._contested[key])
        known = sorted({*self._held, *others})
        near = difflib.get_close_matches(key, known, n=3)
        families = dict.fromkeys(f"{name.split('/')[0]}/..." if "/" in name else name for name in known)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(families) or 'none'}."
        if self._plugins.blocked:
            hint += f" Blocked: {', '.join(self._plugins.blocked)}."
        for failure in self._plugins.failures:
            hint += f" Note: {failure}"
        return PluginError(f"There is no {self.kind} {key!r}.", hint=hint)


def _twice(kind: str, key: str, both: str) -> PluginError:
    return PluginError(f"{kind} {key!r} is registered twice: by {both}.", hint="Block one of them: --block NAME.")


class Registry:
    """Typed look-up of everything that can be extended.

    Args:
        plugins: from ``kandisco.plugins.load``.

    Example:
        >>> from kandisco.plugins import load
        >>> registry = Registry(load(entry_points=False))
        >>> registry.basis("bspline").name
        'bspline'
    """

    def __init__(self, plugins: Plugins) -> None:
        self.plugins = plugins
        self._shelves: dict[str, Shelf[Any]] = {}

    def _shelf(self, kind: str, hook: str) -> Shelf[Any]:
        if kind not in self._shelves:
            self._shelves[kind] = Shelf(kind, self.plugins.collect(hook), self.plugins, hook=hook)
        return self._shelves[kind]

    @property
    def all_functions(self) -> Shelf[FunctionSpec]:
        """The shelf of functions."""
        return self._shelf("function", "kandisco_functions")

    @property
    def all_laws(self) -> Shelf[LawSpec]:
        """The shelf of parametric laws."""
        return self._shelf("law", "kandisco_laws")

    @property
    def all_bases(self) -> Shelf[BasisSpec]:
        """The shelf of edge bases."""
        return self._shelf("basis", "kandisco_bases")

    @property
    def all_refiners(self) -> Shelf[RefinerSpec]:
        """The shelf of refiners."""
        return self._shelf("refiner", "kandisco_refiners")

    @property
    def all_datasets(self) -> Shelf[DatasetSpec]:
        """The shelf of named datasets."""
        return self._shelf("dataset", "kandisco_datasets")

    @property
    def all_readers(self) -> Shelf[ReaderSpec]:
        """The shelf of readers, by name."""
        return self._shelf("reader", "kandisco_readers")

    @property
    def all_exporters(self) -> Shelf[ExporterSpec]:
        """The shelf of exporters."""
        return self._shelf("exporter", "kandisco_exporters")

    @property
    def all_commands(self) -> Shelf[CommandSpec]:
        """The shelf of third parties' sub-commands."""
        return self._shelf("command", "kandisco_commands")

    def functions(self, names_or_tags: Sequence[str] = (ALL,)) -> tuple[FunctionSpec, ...]:
        """The functions with one of these names or tags, each once, in the registry's order whatever the order asked in.

        Args:
            names_or_tags: names such as ``"sin"``, tags such as ``"elementary"``, or ``"all"``.

        Raises:
            PluginError: a word that is neither a name nor a tag.
        """
        shelf = self.all_functions
        specs = shelf.specs()
        tags = {tag for spec in specs for tag in spec.tags}
        for word in names_or_tags:
            if word not in tags and word not in shelf.names() and word != ALL:
                raise shelf.refusal(word, others=tags)
        wanted = set(names_or_tags)
        return tuple(spec for spec in specs if ALL in wanted or spec.name in wanted or wanted.intersection(spec.tags))

    def tags(self) -> tuple[str, ...]:
        """All tags of functions."""
        return tuple(sorted({tag for spec in self.all_functions.specs() for tag in spec.tags}))

    def function(self, name: str) -> FunctionSpec:
        """The function of this name."""
        return self.all_functions.get(name)

    def laws(self) -> tuple[LawSpec, ...]:
        """All parametric laws."""
        return self.all_laws.specs()

    def law(self, name: str) -> LawSpec:
        """The parametric law of this name."""
        return self.all_laws.get(name)

    def bases(self) -> tuple[BasisSpec, ...]:
        """All edge bases."""
        return self.all_bases.specs()

    def basis(self, name: str) -> BasisSpec:
        """The edge basis of this name."""
        return self.all_bases.get(name)

    def refiners(self) -> tuple[RefinerSpec, ...]:
        """All refiners."""
        return self.all_refiners.specs()

    def refiner(self, name: str) -> RefinerSpec:
        """The refiner of this name."""
        return self.all_refiners.get(name)

    def engines(self, choice: str) -> tuple[RefinerSpec, ...]:
        """The refiners that a setting asks for, in the order they run in.

        Args:
            choice: ``none``, ``auto`` (all that offer themselves and can run here, ours first) or a name.

        Raises:
            PluginError: the refiner of this name is not there or cannot run here; the message holds the remedy.
        """
        if choice == "none":
            return ()
        if choice == "auto":
            return tuple(spec for spec in self.refiners() if spec.auto and not self.unavailable(spec))
        spec = self.refiner(choice)
        if reason := self.unavailable(spec):
            raise PluginError(f"The refiner {choice!r} cannot run here: {reason}", hint="More: kandisco doctor.")
        return (spec,)

    def unavailable(self, spec: RefinerSpec) -> str:
        """Why a refiner cannot run here, in one line, or an empty text; one that fails to say so counts as broken."""
        try:
            return next(iter(spec.unavailable().splitlines()), "")
        except Exception as exc:
            owner = self.owners("refiners")[spec.name]
            if owner.origin == "built-in":
                raise
            self.plugins.fail(Failure(plugin=owner, error=exc, hook="kandisco_refiners"))
            return f"it does not say whether it can run: {exc}"

    def datasets(self) -> tuple[DatasetSpec, ...]:
        """All named datasets."""
        return self.all_datasets.specs()

    def dataset(self, name: str) -> DatasetSpec:
        """The dataset of this name; a leading ``@`` is ignored."""
        return self.all_datasets.get(name.removeprefix("@"))

    def readers(self) -> tuple[ReaderSpec, ...]:
        """All readers."""
        return self.all_readers.specs()

    def reader(self, name: str) -> ReaderSpec:
        """The reader of this name."""
        return self.all_readers.get(name)

    def reader_for(self, path: str | Path) -> ReaderSpec:
        """The reader of the longest suffix that fits a file name (or a bare suffix), in any case.

        Raises:
            InputError: nobody reads such a file.
            PluginError: two third parties claim the suffix.

        Example:
            ``registry.reader_for("runs.2024.csv.gz")`` tries ``.2024.csv.gz``, then ``.csv.gz``, then ``.gz``.
        """
        shelf = self._suffixes()
        name = PurePath(path).name.lower()
        for position, character in enumerate(name):
            if character == "." and name[position:] in shelf.claimed():
                return shelf.get(name[position:])
        known = ", ".join(sorted(shelf.names())) or "none"
        raise InputError(f"Nothing reads files like {name!r}.", hint=f"Readable: {known}.")

    def _suffixes(self) -> Shelf[ReaderSpec]:
        if "suffix" not in self._shelves:
            entries = self.plugins.collect("kandisco_readers")
            self._shelves["suffix"] = Shelf(
                "reader of",
                entries,
                self.plugins,
                hook="kandisco_readers",
                keys=lambda spec: (suffix.lower() for suffix in spec.suffixes),
            )
        return self._shelves["suffix"]

    def exporters(self) -> tuple[ExporterSpec, ...]:
        """All exporters."""
        return self.all_exporters.specs()

    def exporter(self, name: str) -> ExporterSpec:
        """The exporter of this name."""
        return self.all_exporters.get(name)

    def commands(self) -> tuple[CommandSpec, ...]:
        """All sub-commands of third parties."""
        return self.all_commands.specs()

    def command(self, name: str) -> CommandSpec:
        """The sub-command of this name."""
        return self.all_commands.get(name)

    def observers(self, run: object) -> tuple[Observer, ...]:
        """Fresh observers for one run; ``run`` is its folder, or None. A third party's is shielded: it fails alone."""
        entries = self.plugins.collect("kandisco_observers", run=run)
        own = "built-in"
        return tuple(entry.spec if entry.owner.origin == own else Shielded(entry, self.plugins) for entry in entries)

    def owners(self, kind: str) -> Mapping[str, PluginInfo]:
        """Name -> plugin, for one kind.

        Args:
            kind: ``functions``, ``laws``, ``bases``, ``refiners``, ``datasets``, ``readers``, ``exporters`` or ``commands``.
        """
        shelf: Shelf[Any] = getattr(self, f"all_{kind}")
        return shelf.owners()
