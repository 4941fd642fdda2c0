"""A named dataset. Try it: kandisco discover @template"""

from kandisco import Dataset, hookimpl
from kandisco.specs import DatasetSpec
from kandisco.types import Variable


def charging():
    import numpy as np

    t = np.linspace(0, 5, 60)
    return Dataset(
        name="template",
        x=t[:, None],
        y=9 * (1 - np.exp(-t / 1.5)),
        inputs=(Variable(name="t", label="t [s]", unit="s"),),
        target=Variable(name="U", label="U [V]", unit="V"),
    )


@hookimpl
def kandisco_datasets():
    yield DatasetSpec(
        name="template",
        load=charging,
        summary="voltage of a capacitor that charges through a resistor",
        source="computed",
        license="CC0-1.0",
        truth="U = 9*(1 - exp(-t/1.5))",
    )
