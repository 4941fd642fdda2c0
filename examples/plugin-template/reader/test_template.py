import kandisco_template
import pytest

from kandisco import InputError
from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_numbers_are_read_and_comments_are_not(tmp_path):
    path = tmp_path / "fall.template"
    path.write_text("# t h\n0 0\n1 4.9  # measured twice\n")
    table = kandisco_template.read(path)
    assert table.columns["y"].tolist() == [0, 4.9]


def test_a_bad_row_is_named(tmp_path):
    path = tmp_path / "fall.template"
    path.write_text("0 0\n1 many\n")
    with pytest.raises(InputError, match=r"fall\.template, row 2"):
        kandisco_template.read(path)
