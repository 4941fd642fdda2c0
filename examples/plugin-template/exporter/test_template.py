import kandisco_template

from kandisco.testing import parametrize_with_checks
from kandisco.testing.exporters import formula, sample


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_the_formula_is_there():
    text = kandisco_template.export([formula("2.5*u + 1")], sample())
    assert text == "`w = 2.5*u + 1` (supported, RMSE 0.001)\n"
