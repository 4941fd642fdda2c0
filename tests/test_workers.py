"""Workers: whatever becomes of the process, what it found so far comes back, and how it ended is said."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kandisco.errors import InputError, PluginError
from kandisco.expr import Expr, parse, to_text
from kandisco.specs import RefineProblem
from kandisco.workers import propose
from kandisco.workers.wire import read_event, read_formulas, read_problem, write_problem

WORKER = """
import os, signal, sys, time
from kandisco.expr import parse
from kandisco.workers import serve

print("chatter of an import")

def search(problem, report):
    print("chatter of a run")
    report.found([parse("1.5*x")])
    {body}

if __name__ == "__main__":
    sys.exit(serve(search))
"""


def problem(seconds: float = 30.0, *, interrupted: bool = False) -> RefineProblem:
    """Something to hand over."""
    x = np.linspace(-1, 1, 7)
    return RefineProblem(
        x=x[:, None], y=x / 3, names=("x",), seeds=(parse("2.5*x + sin(x)/3"),), functions=("sin", "exp"),
        seconds=seconds, evaluations=99, seed=2**60, weights=x + 2, units={"": "m", "x": "s"}, max_complexity=9,
        stop=lambda: interrupted,
    )  # fmt: skip


def collected(stream: Iterator[Expr]) -> tuple[list[str], str]:
    """What was yielded, and the error at the end."""
    out = []
    try:
        for expr in stream:
            out.append(to_text(expr))
    except PluginError as error:
        return out, str(error)
    return out, ""


def worker(folder: Path, body: str) -> Path:
    """A worker file whose engine finds 1.5*x and then does as told."""
    path = folder / "worker.py"
    path.write_text(WORKER.format(body=body), encoding="utf-8")
    return path


def ended(
    folder: Path, body: str, seconds: float = 30.0, *, interrupted: bool = False, grace: float = 1.0
) -> tuple[list[str], str]:
    """What a worker that does so yields, and how it is said to have ended."""
    return collected(propose(problem(seconds, interrupted=interrupted), worker(folder, body), grace=grace))


def test_a_problem_comes_back_from_its_files(tmp_path: Path) -> None:
    sent = problem(math.inf)
    write_problem(sent, tmp_path)
    got = read_problem(tmp_path)
    np.testing.assert_array_equal(got.x, sent.x)
    np.testing.assert_array_equal(got.y, sent.y)
    np.testing.assert_array_equal(got.weights, sent.weights)  # type: ignore[arg-type]
    for name in ("names", "seeds", "functions", "seconds", "evaluations", "seed", "units", "max_complexity", "complexities"):
        assert getattr(got, name) == getattr(sent, name), name
    assert json.loads((tmp_path / "problem.json").read_text(encoding="utf-8"))["complexities"] == {"sin": 2, "exp": 2}


def test_a_problem_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "problem.json").write_text('{"format": 0}', encoding="utf-8")
    with pytest.raises(InputError, match="format 0, not 1"):
        read_problem(tmp_path)


@pytest.mark.parametrize("line", [b'{"event": "found", "formul', b"Precompiling...", b"[1]", b'{"event": 3}', b"\xff\xfe"])
def test_what_is_no_event_is_passed_over(line: bytes) -> None:
    assert read_event(line) == {}


def test_a_tree_that_is_none_is_left_out() -> None:
    trees = [["var", "x"], ["system", "rm"], "x", None, ["add"], 1.5]
    assert [to_text(expr) for expr in read_formulas({"formulas": trees})] == ["x", "1.5"]


def test_the_last_report_counts_and_chatter_does_no_harm(tmp_path: Path) -> None:
    assert ended(tmp_path, 'report.progress(done=1); report.found([parse("x"), parse("exp(x)")])') == (["x", "exp(x)"], "")


def test_the_worker_sees_the_problem_as_it_is(tmp_path: Path) -> None:
    body = "assert (problem.seed, problem.evaluations, problem.functions) == (2**60, 99, ('sin', 'exp')); "
    body += "report.found([problem.seeds[0], parse(repr(float(problem.y[0])))])"
    assert ended(tmp_path, body) == (["2.5*x + sin(x)/3", "-0.3333333333333333"], "")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
        ("print('bad', file=sys.stderr); os.kill(os.getpid(), signal.SIGSEGV)", "was ended by SIGSEGV (bad)."),
        ("import faulthandler; faulthandler._sigsegv()", "was ended by SIGSEGV"),
        ("raise ValueError('no luck')", "failed: ValueError: no luck."),
        ("print('out of memory', file=sys.stderr); os._exit(3)", "ended with exit code 3 (out of memory)"),
        ("import torch", "failed: ImportError: torch is not imported in a worker process."),
    ],
    ids=["killed", "segv", "real-segv", "raises", "exits", "torch"],
)
def test_a_worker_that_dies_leaves_what_it_found_and_a_message(tmp_path: Path, body: str, said: str) -> None:
    found, message = ended(tmp_path, body)
    assert found == ["1.5*x"]
    assert said in message
    assert "worker.py" in message


def test_half_a_line_is_not_read(tmp_path: Path) -> None:
    body = 'report._stream.write(\'{"event": "found", "formulas": [["var", \'); report._stream.flush(); os._exit(9)'
    assert ended(tmp_path, body) == (["1.5*x"], ended(tmp_path, "os._exit(9)")[1])


def test_a_hung_worker_is_killed_with_its_children(tmp_path: Path) -> None:
    body = f"""signal.signal(signal.SIGINT, signal.SIG_IGN)
    import subprocess
    child = subprocess.Popen(["sleep", "600"])
    open({str(tmp_path / "pids")!r}, "w").write(f"{{child.pid}} {{os.getpid()}}")
    while True: time.sleep(600)"""
    assert ended(tmp_path, body, seconds=2.0) == (
        ["1.5*x"],
        f"The worker {tmp_path}/worker.py did not stop after 2 s and was killed.",
    )
    for pid in (tmp_path / "pids").read_text(encoding="utf-8").split():
        assert gone(int(pid))


def gone(pid: int) -> bool:
    """Whether a process has ended (a child nobody has waited for counts as ended)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False
    return state == "Z"


def test_time_over_is_no_failure_if_the_engine_heeds_it(tmp_path: Path) -> None:
    body = """try:
        time.sleep(600)
    finally:
        report.found([parse("7*x")])"""
    assert ended(tmp_path, body, seconds=1.5, grace=60.0) == (["7*x"], "")


def test_an_engine_can_ask_whether_it_is_late(tmp_path: Path) -> None:
    assert ended(tmp_path, "while not report.late(): time.sleep(0.02)", seconds=0.5) == (["1.5*x"], "")


def test_ctrl_c_in_the_parent_stops_the_worker(tmp_path: Path) -> None:
    started = tmp_path / "started"
    body = f"open({str(started)!r}, 'w').close(); time.sleep(600)"
    asked = replace(problem(math.inf), stop=started.exists)
    assert collected(propose(asked, worker(tmp_path, body), grace=60.0)) == (["1.5*x"], "")


def test_a_worker_that_is_stopped_while_it_starts_is_killed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "worker.py"
    path.write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    assert collected(propose(problem(math.inf, interrupted=True), path, grace=600.0)) == ([], "")


def test_a_worker_that_does_not_start_in_time_is_said(tmp_path: Path) -> None:
    path = tmp_path / "worker.py"
    path.write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    message = f"The worker {path} had not started after 0.3 s and was killed."
    assert collected(propose(problem(0.3), path, grace=600.0)) == ([], message)


def test_files_where_the_user_is_do_not_stand_in_for_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    assert ended(tmp_path, "pass") == (["1.5*x"], "")


def test_a_worker_module_that_is_not_there_is_said(tmp_path: Path) -> None:
    found, message = collected(propose(problem(), "kandisco_nowhere.worker"))
    assert found == []
    assert "kandisco_nowhere" in message
    assert "exit code 1" in message


def test_a_worker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    body = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    path = worker(tmp_path, body)
    code = f"""
import os, threading, time
import tests_problem
threading.Thread(target=lambda: list(tests_problem.start()), daemon=True).start()
while not os.path.exists({str(tmp_path / "pid")!r}) or not open({str(tmp_path / "pid")!r}).read(): time.sleep(0.02)
os._exit(0)
"""
    (tmp_path / "tests_problem.py").write_text(
        "import numpy as np\nfrom pathlib import Path\nfrom kandisco.specs import RefineProblem\n"
        "from kandisco.workers import propose\n"
        f"def start():\n    return propose(RefineProblem(x=np.ones((2, 1)), y=np.ones(2), names=('x',)), Path({str(path)!r}))\n",
        encoding="utf-8",
    )
    paths = os.pathsep.join([str(tmp_path), *(os.path.abspath(entry) for entry in sys.path)])
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, check=True, timeout=60)
    pid = int((tmp_path / "pid").read_text(encoding="utf-8"))
    for _ in range(500):
        if gone(pid):
            return
        subprocess.run(["sleep", "0.02"], check=True)
    pytest.fail("the worker is still there")
