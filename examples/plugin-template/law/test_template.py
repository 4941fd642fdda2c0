import kandisco_template
import numpy as np

from kandisco.expr.numeric import evaluate
from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_values_are_those_of_the_books():
    (law,) = kandisco_template.kandisco_laws()
    at = {"x": np.array([2.0]), "a": np.array([8.0]), "b": np.array([2.0])}
    assert evaluate(law.expr, at)[0] == 1
