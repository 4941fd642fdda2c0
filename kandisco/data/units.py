"""Units that the user gives for columns whose headers do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kandisco.errors import ConfigError
from kandisco.types import Dataset, Variable


def with_units(dataset: Dataset, units: Sequence[str]) -> Dataset:
    """The dataset with these units on its columns, and a note for each name that it does not have.

    Args:
        dataset: left as it is.
        units: ``name=unit`` each, the name as in the formula or as in the header.

    Raises:
        ConfigError: one is not of that form.

    Example:
        >>> import numpy as np
        >>> from kandisco.types import Variable
        >>> a, t = Variable(name="a"), Variable(name="t")
        >>> data = Dataset(name="fall", x=np.ones((1, 1)), y=np.ones(1), inputs=(a,), target=t)
        >>> with_units(data, ["a=m", "t=s"]).target.unit
        's'
    """
    given: dict[str, str] = {}
    for text in units:
        name, equals, unit = text.partition("=")
        if not (equals and name.strip() and unit.strip()):
            raise ConfigError(f"--units {text!r} is not usable.", hint="Write name=unit, such as v=m/s.")
        given[name.strip()] = unit.strip()
    used: set[str] = set()

    def named(variable: Variable) -> Variable:
        names = {variable.name, variable.label, variable.label.split("[")[0].strip()}
        found = next((name for name in given if name in names), None)
        if found is None:
            return variable
        used.add(found)
        return replace(variable, unit=given[found])

    inputs, target = tuple(named(v) for v in dataset.inputs), named(dataset.target)
    notes = [f"A unit was given for {name!r}, which is no column in use." for name in given if name not in used]
    fresh = [note for note in notes if note not in dataset.notes]
    return replace(dataset, inputs=inputs, target=target, notes=(*dataset.notes, *fresh))
