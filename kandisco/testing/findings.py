"""What a check says: which rule was broken, by what, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Rule = Callable[[Any], Iterator[str]]


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
    """

    plugin: str
    checked: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        rules = sum(len(names) for names in self.checked.values())
        lines = [f"{self.plugin}: {len(self.checked)} specs, {rules} checks, {len(self.findings)} findings"]
        return "\n".join([*lines, *(f"  {finding}" for finding in self.findings)])


def apply_rules(rules: Mapping[str, Rule], subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try every rule; one that raises is broken too, and says by what."""
    return tuple(finding for name in rules for finding in apply_rule(rules, name, subject, spec))


def apply_rule(rules: Mapping[str, Rule], name: str, subject: str, spec: Any) -> tuple[Finding, ...]:
    """Try one rule."""
    try:
        messages = tuple(rules[name](spec))
    except Exception as exc:
        messages = (f"raised {type(exc).__name__}: {exc}",)
    return tuple(Finding(rule=name, subject=subject, message=message) for message in messages)
