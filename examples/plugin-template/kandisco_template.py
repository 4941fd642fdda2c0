"""A function, an edge basis and a dataset. Nothing heavy is imported until it is used."""

from kandisco import Dataset, hookimpl
from kandisco.specs import AbstractBasis, BasisSpec, DatasetSpec, FunctionSpec
from kandisco.types import Variable


@hookimpl
def kandisco_functions():
    return [FunctionSpec(name="softplus", sympy="log(1 + exp(x))", complexity=3, tags=("template",))]


class Cosines(AbstractBasis):
    """1, cos(u), cos(2 u), ... over half a period, so that both ends are free."""

    def __init__(self, grid):
        self._count = grid + 3

    @property
    def n_features(self):
        return self._count

    def features(self, x, lo, hi):
        import torch

        u = torch.pi * ((x - lo[..., None]) / (hi - lo)[..., None]).clamp(0, 1)
        order = torch.arange(self._count, dtype=x.dtype, device=x.device)
        return torch.cos(order[:, None] * u[..., None, :])


@hookimpl
def kandisco_bases():
    return [BasisSpec(name="cosines", basis=Cosines, summary="a cosine series over half a period")]


def charging():
    import numpy as np

    t = np.linspace(0, 5, 60)
    inputs = (Variable(name="t", label="t [s]", unit="s"),)
    return Dataset(
        name="charging", x=t[:, None], y=9 * (1 - np.exp(-t / 1.5)), inputs=inputs, target=Variable(name="U", unit="V")
    )


@hookimpl
def kandisco_datasets():
    yield DatasetSpec(
        name="charging",
        load=charging,
        summary="voltage of a capacitor that charges through a resistor",
        source="computed",
        license="CC0-1.0",
        truth="U = 9*(1 - exp(-t/1.5))",
    )
