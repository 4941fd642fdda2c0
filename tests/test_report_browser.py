"""report.html in a real browser: nothing is fetched, nothing is logged, the formula is set, the button copies."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kandisco import report
from kandisco.config import Config
from kandisco.expr import parse
from kandisco.expr.numeric import evaluate
from kandisco.report import words
from kandisco.run import Run
from kandisco.types import Dataset, Formula, Result, Variable

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
LINES = "cell => { const all = document.createRange(); all.selectNodeContents(cell); return all.getClientRects().length; }"
HOSTILE = "<script>alert(1)</script>"
needs_browser = pytest.mark.skipif(
    BROWSER is None or importlib.util.find_spec("playwright") is None,
    reason="needs chromium and playwright (Debian: apt-get install chromium; pip install playwright)",
)


def written(tmp_path: Path) -> tuple[Path, Result]:
    x = np.random.default_rng(0).uniform(0.5, 2, (60, 2))
    inputs = (Variable(name="a", label=HOSTILE, unit="m"), Variable(name="b", label="b"))
    expr = parse("2.37*sqrt(a)/b + log(a)/3")
    y = evaluate(expr, {"a": x[:, 0], "b": x[:, 1]}) + np.random.default_rng(1).normal(0, 0.01, 60)
    data = Dataset(name=HOSTILE, x=x, y=y, inputs=inputs, target=Variable(name="y", label=HOSTILE), source=f"{HOSTILE}.csv")
    errors = dict.fromkeys(("rmse_train", "rmse_valid", "rmse_test", "rmse_shell"), 0.01)
    best = Formula(expr=expr, complexity=12, r2_test=0.999, evidence="exact", origin=f"kan [2,1,1] {HOSTILE}", **errors)
    found = Result(
        best=best, front=(best,), dataset=data, baselines={"linear": (0.3, 0.5), "constant": (0.6, 0.0)}, noise=0.01,
        status="done", seed=0, seconds=1.0, warnings=(HOSTILE,),
    )  # fmt: skip
    run = Run.create(tmp_path, data, Config())
    run.finish(found)
    report.write(run, found)
    run.unlock()
    return run.path / "report.html", found


@needs_browser
def test_the_report_opens_clean_and_the_button_copies(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path, found = written(tmp_path)
    assert path.stat().st_size < 1_500_000
    said: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        page: Any = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert page.locator(".law math mfrac").first.bounding_box()["width"] > 5
        page.locator("button[data-copy=latex]").click()
        page.wait_for_function("document.querySelector('button[data-copy=latex]').textContent === 'Copied'")
        copied = page.evaluate("navigator.clipboard.readText()")
        shown = page.locator("body").inner_text()
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.get_by_role("cell", name="1 - 1.0e-03").last.evaluate(LINES) == 1, "a number is not broken at its hyphen"
        browser.close()
    assert found.best is not None
    assert copied == words.latex(found.best, found.dataset, target=True)
    assert HOSTILE in shown
    assert said == []
    assert asked == [path.as_uri()]
