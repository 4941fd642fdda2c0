"""The page for those who come from pykan, the workbench page and the notebook: all of it runs."""

from __future__ import annotations

import importlib.util
import re
import runpy
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "pykan.md").read_text(encoding="utf-8")
# The public methods and properties of kan.MultKAN in pykan 0.2.8, in the order of its source.
PYKAN = re.findall(
    r"\w+",
    """
    __init__ to width_in width_out n_sum n_mult feature_score initialize_from_another_model log_history refine
    saveckpt loadckpt copy rewind checkout update_grid_from_samples update_grid initialize_grid_from_another_model
    forward set_mode fix_symbolic unfix_symbolic unfix_symbolic_all get_range plot reg get_reg
    disable_symbolic_in_fit get_params fit prune_node prune_edge prune prune_input remove_edge remove_node
    attribute node_attribute feature_interaction suggest_symbolic auto_symbolic symbolic_formula expand_depth
    expand_width perturb module tree speed get_act get_fun history n_edge evaluate swap connection_cost
    auto_swap_l auto_swap
    """,
)
ROWS = re.findall(r"^\| `(\w+)` \| `(.+?)` \| (.*?) ?\|$", PAGE, flags=re.M)


def test_the_table_has_a_row_for_each_of_the_57_methods_of_multkan() -> None:
    first = PAGE.split("## The functions beside it")[0]
    assert len(PYKAN) == 57
    assert re.findall(r"^\| `(\w+)` \|", first, flags=re.M) == PYKAN
    assert len(ROWS) == len(re.findall(r"^\| `", PAGE, flags=re.M))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The page as a module: its first block, and a function for each row."""
    (start,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    rows = [f"def row_{i}(wb):\n    return {code}\n" for i, (_, code, _) in enumerate(ROWS)]
    path = tmp_path_factory.mktemp("page") / "page.py"
    path.write_text("\n".join([start, *rows]), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("page", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("row", range(len(ROWS)), ids=[name for name, _, _ in ROWS])
def test_every_row_runs(page: ModuleType, row: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(page, f"row_{row}")(page.wb.branch()) is not None
    written = {path.name for path in tmp_path.iterdir()}
    assert written <= {"bench.json", "bench.npz", "kan.svg"}


def test_the_notebook_repeats_hellokan_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = ROOT / "examples" / "hellokan.py"
    found = runpy.run_path(str(path))
    assert str(found["bench"].shape) == "[2,1,1]" and not found["bench"].splines
    assert found["formula"].evidence == "exact"
    assert str(found["bench"].symbolic_formula()) == "exp(y**2 + sin(pi*x))"
    assert not list(tmp_path.iterdir())


def test_the_notebook_is_one_that_jupytext_reads() -> None:
    text = (ROOT / "examples" / "hellokan.py").read_text(encoding="utf-8")
    cells = re.split(r"^# %%.*\n", text, flags=re.M)[1:]
    kinds = re.findall(r"^# %%(.*)$", text, flags=re.M)
    assert len(cells) == len(kinds) and set(kinds) == {"", " [markdown]"}
    for cell, kind in zip(cells, kinds, strict=True):
        if kind:
            assert all(line.startswith("#") for line in cell.strip().splitlines())
        else:
            compile(textwrap.dedent(cell), "cell", "exec")


def test_the_workbench_page_runs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (code,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "docs" / "workbench.md").read_text(encoding="utf-8"), flags=re.M | re.S
    )
    script = tmp_path / "page.py"
    script.write_text(code, encoding="utf-8")
    runpy.run_path(str(script))
    assert "exp(b**2 + sin(pi*a))" in capsys.readouterr().out
