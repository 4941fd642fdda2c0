"""What a check says: which rule was broken, by what, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Rule = Callable[[Any], Iterator[str]]


class Elsewhere(Exception):
    """Raised in a rule that cannot be tried because another is broken, which tells of it: one fault, one finding."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One broken rule."""

    rule: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.rule}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The verdict on a plugin.

    Attributes:
        plugin: its name.
        checked: subject -> rules that were tried, e.g. ``"function 'sin'"`` -> ``("text", "domain", ...)``.
        findings: the rules that were broken; none means it conforms.
        notes: what could not be checked here, and why.
    """

    plugin: str
    checked: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
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
            kept = ", ".join(name for name in names if (subject, name) not in broken)
            lines.append(f"  {subject}" + (f" keeps {kept}" if kept else ""))
            lines += [f"    BROKEN {one.rule}: {one.message}" for one in self.findings if one.subject == subject]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def apply_rules(rules: Mapping[str, Rule], subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try every rule; one that raises is broken too, and says by what."""
    return tuple(finding for name in rules for finding in apply_rule(rules, name, subject, spec))


def apply_rule(rules: Mapping[str, Rule], name: str, subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try one rule."""
    try:
        messages = tuple(rules[name](spec))
    except Elsewhere:
        messages = ()
    except Exception as exc:
        messages = (f"raised {type(exc).__name__}: {exc}",)
    return tuple(Finding(rule=name, subject=subject, message=message) for message in messages)
