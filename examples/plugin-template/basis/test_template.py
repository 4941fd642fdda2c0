import kandisco_template
import torch

from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_it_can_draw_a_parabola():
    x = torch.linspace(-1, 3, 200, dtype=torch.float64)
    features = kandisco_template.Template(10).features(x, x[0], x[-1]).T
    weights = torch.linalg.lstsq(features, (x**2)[:, None]).solution
    assert (features @ weights - (x**2)[:, None]).abs().max() < 0.1
