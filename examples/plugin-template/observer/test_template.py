import kandisco_template

from kandisco.testing import parametrize_with_checks
from kandisco.types import StageRecord


@parametrize_with_checks(kandisco_template)
def test_it_conforms(check):
    check()


def test_it_adds_up_and_says_so(capsys):
    (observer,) = kandisco_template.kandisco_observers(None)
    for seconds in (1.0, 2.0):
        observer.stage_finished("train", StageRecord(stage="train", seconds=seconds))
    observer.run_finished(None)
    assert capsys.readouterr().err == "train: 3.00 s\n"
