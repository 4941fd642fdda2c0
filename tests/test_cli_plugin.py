"""One small file extends the command line: its function, basis and dataset all take part in a discovery."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kandisco.cli import main
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate

PLUGIN = '''
    """A function, an edge basis and a dataset."""

    from kandisco import Dataset, hookimpl
    from kandisco.specs import AbstractBasis, BasisSpec, DatasetSpec, FunctionSpec
    from kandisco.types import Variable

    @hookimpl
    def kandisco_functions():
        return [FunctionSpec(name="softplus", sympy="log(1 + exp(x))", complexity=3, tags=("mine",))]

    class Cosines(AbstractBasis):
        grids = []
        n_features = 0

        def __init__(self, grid):
            self.grids.append(grid)
            self.n_features = grid + 3

        def features(self, x, lo, hi):
            import torch

            u = ((x - lo[..., None]) / (hi - lo)[..., None]).clamp(0, 1)
            return torch.cos(torch.pi * torch.arange(self.n_features, dtype=x.dtype)[:, None] * u[..., None, :])

    @hookimpl
    def kandisco_bases():
        return [BasisSpec(name="cosines", basis=Cosines)]

    def current():
        import numpy as np

        x = np.random.default_rng(0).uniform(-2, 2, (300, 2))
        y = 3 * np.log(1 + np.exp(2 * x[:, 0])) + x[:, 1] ** 2
        return Dataset(name="current", x=x, y=y, inputs=(Variable(name="u"), Variable(name="v")), target=Variable(name="i"))

    @hookimpl
    def kandisco_datasets():
        return [DatasetSpec(name="current", load=current, summary="made up", source="computed", license="CC0-1.0")]
'''


@pytest.fixture
def plugins_dir(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "plugins"
    place.mkdir()
    (place / "mine.py").write_text(textwrap.dedent(PLUGIN).strip(), encoding="utf-8")
    yield place
    for name in [name for name in sys.modules if name.startswith("kandisco_plugin_mine_")]:
        del sys.modules[name]


def test_the_plugin_is_small(plugins_dir: Path) -> None:
    assert len((plugins_dir / "mine.py").read_text(encoding="utf-8").splitlines()) <= 40


def test_discover_uses_a_function_a_basis_and_a_dataset_of_one_file(
    undrawn: None, plugins_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["discover", "@current", "--lamb", "0.01", "--plugins-dir", str(plugins_dir), "--strict-plugins"]
    words += ["--functions", "mine,x^2,x", "--basis", "cosines", "--width", "2,1", "--set", "restarts=2"]
    assert main([*words, "--json", "--out", str(tmp_path / "runs")]) == 0
    found = json.loads(capsys.readouterr().out)
    (module,) = [module for name, module in sys.modules.items() if name.startswith("kandisco_plugin_mine_")]
    assert module.Cosines.grids, "the basis was built"
    data = module.current()
    assert (found["target"], found["inputs"]) == ("i", ["u", "v"])
    formula = found["best"]["formula"]
    assert "log(" in formula and "exp(" in formula, formula
    values = evaluate(parse(formula), {"u": data.x[:, 0], "v": data.x[:, 1]})
    assert np.allclose(values, data.y, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("functions", "softplus"), ("bases", "cosines"), ("datasets", "current")],
)
def test_list_names_the_plugin_beside_what_it_brought(
    kind: str, name: str, plugins_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", kind, "--plugins-dir", str(plugins_dir)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if name in line.split()]
    assert "mine" in line


def test_a_blocked_plugin_brings_nothing(plugins_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "@current", "--plugins-dir", str(plugins_dir), "--block", "mine"]) == 4
    assert "Blocked: mine" in capsys.readouterr().err


def test_a_broken_plugin_costs_one_line_and_the_command_still_works(
    plugins_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plugins_dir / "broken.py").write_text("raise ValueError('no licence server')", encoding="utf-8")
    assert main(["list", "functions", "--plugins-dir", str(plugins_dir)]) == 0
    streams = capsys.readouterr()
    assert "softplus" in streams.out
    assert [line for line in streams.err.splitlines() if "broken" in line] == [
        "kandisco: plugin broken failed: ValueError: no licence server"
    ]


HOOK = "from kandisco import hookimpl\nfrom kandisco.specs import *\n@hookimpl\n"
BROKEN = {
    "raises": "raise ValueError",
    "exits": "import sys\nsys.exit(1)",
    "no_python": "def (:",
    "misspelt": f"{HOOK}def kandisco_funktions():\n    return []\n",
    "other_arguments": f"{HOOK}def kandisco_bases(grid):\n    return []\n",
    "half_way": f"{HOOK}def kandisco_functions():\n    yield FunctionSpec(name='a', sympy='x')\n    1 / 0\n",
    "no_iterable": f"{HOOK}def kandisco_functions():\n    return 3\n",
    "other_spec": f"{HOOK}def kandisco_functions():\n    return [BasisSpec(name='b', basis=int)]\n",
    "takes_a_name": f"{HOOK}def kandisco_functions():\n    return [FunctionSpec(name='sin', sympy='x')]\n",
}


def test_with_many_broken_plugins_at_once_each_costs_one_line(plugins_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for stem, text in BROKEN.items():
        (plugins_dir / f"{stem}.py").write_text(text, encoding="utf-8")
    assert main(["list", "functions", "--plugins-dir", str(plugins_dir)]) == 0
    streams = capsys.readouterr()
    assert "softplus" in streams.out
    lines = streams.err.splitlines()
    assert sorted(line.split()[2] for line in lines) == sorted(BROKEN), lines
    assert main(["--help", "--plugins-dir", str(plugins_dir)]) == 0
    assert "discover" in capsys.readouterr().out
