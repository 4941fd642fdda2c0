"""An edge basis. Try it: kandisco discover data.csv --basis template"""

from kandisco import hookimpl
from kandisco.specs import AbstractBasis, BasisSpec


class Template(AbstractBasis):
    """A straight line and sin(u), sin(2 u), ... with u from 0 to pi over the range: the ends are free."""

    def __init__(self, grid):
        self._waves = grid + 1

    @property
    def n_features(self):
        return 2 + self._waves

    def features(self, x, lo, hi):
        import torch  # here, not at the top: installed plugins are loaded by every command

        # lo and hi hold one number for each edge; x has an axis of rows more.
        u = ((x - lo[..., None]) / (hi - lo)[..., None]).clamp(0, 1)[..., None, :]
        order = torch.arange(1, self._waves + 1, dtype=x.dtype, device=x.device)[:, None]
        return torch.cat([torch.ones_like(u), u, torch.sin(torch.pi * order * u)], dim=-2)  # [..., n_features, rows]


@hookimpl
def kandisco_bases():
    return [
        BasisSpec(
            name="template",
            basis=Template,
            summary="a straight line and a sine series",
            references=("https://en.wikipedia.org/wiki/Fourier_sine_and_cosine_series",),
        )
    ]
