"""kandisco.viz: pictures of networks and runs; nothing on them overlaps, and they are small and quick enough to be used."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco import kan as net
from kandisco.cli.app import main
from kandisco.config import Config
from kandisco.errors import ConfigError, InputError
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.plugins import load
from kandisco.registry import Registry
from kandisco.run import Run
from kandisco.types import Dataset, EdgeId, Formula, Result, StageRecord, Variable
from kandisco.viz import canvas, movie, pictures
from kandisco.viz.diagram import diagram
from kandisco.viz.network import Network, network_of
from kandisco.viz.plots import edges_figure, training_figure, tree_figure

REGISTRY = Registry(load(entry_points=False))
FUNCTIONS = REGISTRY.functions(("elementary",))
LONG = "a_column_with_a_name_that_never_ends [kg m^2 s^-2]"


def drawing(width: str, *, dead: tuple[EdgeId, ...] = (), symbolic: bool = False, name: str = "") -> Network:
    inputs = int(width.split(",")[0])
    x = np.random.default_rng(0).uniform(1, 3, (80, inputs))
    kan = net.init(net.parse_width(width, inputs), REGISTRY.basis("bspline"), x=x - 2)
    kan = net.prune(kan, dead, x - 2) if dead else kan
    if symbolic:
        kan = net.set_symbol(kan, EdgeId(layer=0, source=0, target=0), parse("sin(x)"), np.array([[1.0, 0.0, 1.0, 0.0]]))
    names = [name or f"x{i + 1} [m]" for i in range(inputs)]
    return network_of(kan, x, inputs=names, outputs=("y [J]",), centre=2.0, functions=FUNCTIONS, title=f"kan [{width}]")


def boxes(figure: Any) -> tuple[list[Any], list[Any]]:
    """Extents of the cards and of the texts, in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.collections import PolyCollection

    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    (cards,) = (c for c in axes.collections if type(c) is PolyCollection)
    return [path.get_extents(axes.transData) for path in cards.get_paths()], [t.get_window_extent(renderer) for t in axes.texts]


def shared(a: Any, b: Any) -> float:
    """Area two boxes share."""
    across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(across, 0.0) * max(up, 0.0)


@pytest.mark.parametrize("width", ["2,1,1", "2,5,1", "3,2+1,1", "2,2,1@0", "10,8,8,1", "7,1"])
@pytest.mark.parametrize("name", ["", LONG])
def test_nothing_on_a_diagram_overlaps(width: str, name: str) -> None:
    figure = diagram(drawing(width, name=name))
    cards, texts = boxes(figure)
    for a, b in itertools.combinations(cards, 2):
        assert shared(a, b) == 0
    for a, b in itertools.combinations(texts, 2):
        assert shared(a, b) < 1
    inside = figure.bbox
    assert all(box.x0 >= inside.x0 - 1 and box.x1 <= inside.x1 + 1 and box.y0 >= -1 and box.y1 <= inside.y1 + 1 for box in texts)


def test_a_large_network_is_drawn_as_one_small_file(tmp_path: Path) -> None:
    network = drawing("10,8,8,1")
    assert len(network.edges) == 152
    canvas.save(diagram(network), tmp_path / "big.svg")
    assert (tmp_path / "big.svg").stat().st_size < 1_000_000
    assert ElementTree.parse(tmp_path / "big.svg").getroot().tag.endswith("svg")


def test_what_an_edge_carries_is_read_off_the_network() -> None:
    dead = EdgeId(layer=0, source=1, target=0)
    network = drawing("2,2,1", dead=(dead,), symbolic=True)
    kinds = {edge.place: edge.kind for edge in network.edges}
    assert kinds == {(0, 0, 0, 0): "symbolic", (0, 0, 1, 0): "dead", (0, 0, 0, 1): "spline", (0, 0, 1, 1): "spline"} | {
        (1, 1, i, 0): "spline" for i in (0, 1)
    }
    first = network.edges[0]
    assert first.symbol and first.r2 == 1.0
    assert first.u.min() >= 1 and first.u.max() <= 3, "inputs are drawn in the user's units"
    assert all(0 <= edge.weight <= 1 for edge in network.edges)
    (spline,) = (edge for edge in network.edges if edge.place == (0, 0, 0, 1))
    assert spline.expr is not None
    left = np.var(spline.v - evaluate(spline.expr, {"x": spline.u})) / np.var(spline.v)
    assert 1 - left == pytest.approx(spline.r2, abs=1e-9)


def test_a_weight_is_the_share_of_the_variation() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2))
    kan = net.init(net.parse_width("2,1", 2), REGISTRY.basis("bspline"), x=x)
    kan = net.fit(kan, x, 10 * x[:, 0] + 0.1 * x[:, 1], grids=(3,), iterations=10).kan
    strong, weak = (edge.weight for edge in network_of(kan, x).edges)
    assert strong > 0.99 and weak < 0.05


@pytest.mark.parametrize("theme", ["light", "dark", "page"])
def test_themes_take_the_place_of_the_marker_colours(theme: str) -> None:
    text = canvas.svg(diagram(drawing("2,1,1")), "kan", theme)
    assert canvas.INK not in text and canvas.PAPER not in text and canvas.THEMES[theme].ink in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)) and all(one.startswith("kan-") for one in ids)


def test_a_dark_png_is_dark(tmp_path: Path) -> None:
    from PIL import Image

    canvas.save(diagram(drawing("2,1,1")), tmp_path / "a.png", "dark")
    pixels = np.asarray(Image.open(tmp_path / "a.png").convert("L"))
    assert np.median(pixels) < 40 and pixels.max() > 200


def test_edges_training_and_tree() -> None:
    axes = edges_figure(drawing("2,8,1")).axes
    assert len(axes) == 24, "twelve edges, each with its residual"
    assert training_figure(()) is None
    record = StageRecord(stage="train", metrics={"shape": "[2,1,1]", "history": [[1.0, 1.1], [0.1, 0.2]]})
    other = StageRecord(stage="sparsify", metrics={"history": [[0.1, 0.2]]})
    figure = training_figure((record, record, other))
    assert figure is not None and len(figure.axes[0].lines) == 5
    texts = {text.get_text() for text in tree_figure(parse("2.5*sin(x)/pi + y**2")).axes[0].texts}
    assert {"+", "×", "^", "sin", "x", "y", "2.5", "π", "2"} <= texts


def finished_run(tmp_path: Path, *, model: bool = True) -> Run:
    x = np.random.default_rng(0).uniform(1, 3, (60, 2))
    inputs = (Variable(name="a", label="a [m]", unit="m"), Variable(name="b", label="$b$"))
    data = Dataset(name="toy", x=x, y=x[:, 0] * x[:, 1], inputs=inputs, target=Variable(name="c"))
    run = Run.create(tmp_path, data, Config())
    if model:
        kan = net.init(net.parse_width("2,1,1", 2), REGISTRY.basis("bspline"), x=x - 2)
        about = {"shape": "[2,1,1]", "columns": ["a", "b"], "centre": [2.0, 2.0], "half": [1.0, 1.0]}
        for step, name in enumerate(("trained", "pruned")):
            arrays, meta = net.save(kan)
            run.save_model(f"kan [2,1,1] {name}", arrays, {**meta, **about, "step": step})
            kan = net.prune(kan, [EdgeId(layer=0, source=1, target=0)], x - 2)
        run.write_record(StageRecord(stage="train", metrics={"shape": "[2,1,1]", "history": [[1.0, 1.1], [0.1, 0.2]]}))
    errors = dict.fromkeys(("rmse_train", "rmse_valid", "rmse_test", "rmse_shell"), 1e-9)
    best = Formula(expr=parse("a*b"), complexity=3, r2_test=1.0, evidence="exact", origin="kan [2,1,1]", **errors)
    baselines = {"linear": (0.1, 0.9), "constant": (1.0, 0.0)}
    run.finish(Result(best=best, front=(best,), dataset=data, baselines=baselines, noise=0.0, status="done", seed=0, seconds=1.0))
    run.unlock()
    return run


# Saving knows the format and not the kind: the picture with the most on it is written in all of them.
FORMATS = {"animation": (".gif",), "kan": (".svg", ".png", ".pdf")}


@pytest.mark.parametrize("kind", [kind for kind in pictures.KINDS if kind != "law"])
def test_the_command_draws_every_kind(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = finished_run(tmp_path)
    for suffix in FORMATS.get(kind, (".svg",)):
        file = tmp_path / f"out{suffix}"
        assert main(["plot", str(run.path), kind, "-o", str(file)]) == 0, capsys.readouterr().err
        assert file.stat().st_size > 500
    if kind == "animation":
        from PIL import Image

        assert Image.open(tmp_path / "out.gif").n_frames > 10


def test_an_animation_is_a_page_of_its_own_too(tmp_path: Path) -> None:
    movie.save([drawing("2,1")], tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text()
    assert "data:image/png;base64," in text and "http" not in text


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    run = finished_run(tmp_path, model=False)
    for kind, words in (("kan", "no network"), ("training", "no network"), ("law", "one input"), ("animation", "no network")):
        with pytest.raises(InputError, match=words):
            pictures.plot(run, kind, tmp_path / ("o.gif" if kind == "animation" else "o.svg"), REGISTRY)
    for kind, file in (("pie", "o.svg"), ("fit", "o.bmp"), ("fit", "o")):
        with pytest.raises(ConfigError):
            pictures.plot(run, kind, tmp_path / file, REGISTRY)
    with pytest.raises(ConfigError):
        movie.save([drawing("2,1,1")], tmp_path / "a.avi")


def test_fit_and_residuals_show_held_out_rows_only(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    split = run.split()
    parts = np.concatenate([split.train, split.valid, split.test, split.shell])
    assert sorted(parts.tolist()) == list(range(60))
    (axes,) = pictures.figure(run, "fit", REGISTRY).axes
    shown = axes.lines[1].get_xdata()
    rows = np.concatenate([split.test, split.shell])
    assert sorted(shown) == pytest.approx(sorted(run.dataset().y[rows]))
