import kandisco_template
from typer.testing import CliRunner

from kandisco.testing import parametrize_with_checks


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_it_counts(tmp_path):
    (tmp_path / "data.csv").write_text("t,h\n0,0\n1,4.9\n")
    result = CliRunner().invoke(kandisco_template.app(), [str(tmp_path / "data.csv")])
    assert result.output == "2 rows of t, h\n"
