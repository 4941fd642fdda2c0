import kandisco_template

from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_the_capacitor_starts_empty_and_fills():
    data = kandisco_template.charging()
    assert data.y[0] == 0
    assert 8.6 < data.y[-1] < 9
