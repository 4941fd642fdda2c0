import math

import kandisco_template
import numpy as np

from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_values_are_those_of_the_books():
    specs = {spec.name: spec for spec in kandisco_template.kandisco_functions()}
    at = {"x": np.array([0.0])}
    assert evaluate(parse(specs["template"].sympy), at)[0] == math.log(2)
    assert evaluate(parse(specs["template-arc"].sympy), at)[0] == 1
