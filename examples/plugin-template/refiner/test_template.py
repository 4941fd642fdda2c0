import kandisco_template
import numpy as np

from kandisco.expr import parse
from kandisco.specs import RefineProblem
from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_it_proposes_the_rounded_law():
    x = np.linspace(0, 1, 20)
    problem = RefineProblem(x=x[:, None], y=2 * x, names=("t",), seeds=(parse("1.98*t"),))
    assert parse("2.0*t") in tuple(kandisco_template.rounded(problem))
