"""What a check says: which rule was broken, by what, and what to change."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Rule = Callable[[Any], Iterator[str]]


class Elsewhere(Exception):
    """Raised in a rule that cannot be tried because another is broken, which tells of it: one fault, one finding."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One broken rule, or with ``untried`` one that another broken rule kept from being tried."""

    rule: str
    subject: str
    message: str
    untried: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.rule}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The verdict on a plugin.

    Attributes:
        plugin: its name.
        checked: subject -> rules that were tried, e.g. ``"function 'sin'"`` -> ``("text", "domain", ...)``.
        findings: the rules that were broken; none means it conforms.
        untried: subject and rule where another broken rule kept it from being tried.
        notes: what could not be checked here, and why.
    """

    plugin: str
    checked: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    untried: frozenset[tuple[str, str]] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        rules = sum(len(names) for names in self.checked.values())
        broken = {(finding.subject, finding.rule) for finding in self.findings}
        lines = [f"{self.plugin}: {rules} rules checked, {len(broken) or 'none'} broken"]
        for subject, names in self.checked.items():
            kept = ", ".join(name for name in names if (subject, name) not in broken | self.untried)
            lines.append(f"  {subject}" + (f" keeps {kept}" if kept else ""))
            if waiting := [name for name in names if (subject, name) in self.untried]:
                lines.append(f"    not tried for now: {', '.join(waiting)}")
            lines += [f"    BROKEN {one.rule}: {one.message}" for one in self.findings if one.subject == subject]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def apply_rules(rules: Mapping[str, Rule], subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try every rule; one that raises is broken too, and says by what."""
    found = (finding for name in rules for finding in apply_rule(rules, name, subject, spec))
    return tuple(finding for finding in found if not finding.untried)


def apply_rule(rules: Mapping[str, Rule], name: str, subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try one rule."""
    try:
        messages = tuple(rules[name](spec))
    except Elsewhere:
        return (Finding(rule=name, subject=subject, message="", untried=True),)
    except Exception as exc:
        messages = (f"raised {type(exc).__name__}: {exc}{_place(exc)}",)
    return tuple(Finding(rule=name, subject=subject, message=message) for message in messages)


def _place(error: Exception) -> str:
    """The plugin's own line: the first frame below the rule's."""
    frames = traceback.extract_tb(error.__traceback__)
    last = max((i for i, frame in enumerate(frames) if Path(frame.filename).parent == Path(__file__).parent), default=-1)
    below = frames[last + 1 :]
    return f" ({Path(below[0].filename).name}, line {below[0].lineno}: {below[0].line})" if below else ""
