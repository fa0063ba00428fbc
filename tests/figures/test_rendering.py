"""The figures in a real browser: they draw without a complaint, and follow the page from light to dark."""

from __future__ import annotations

import io
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from bokeh.embed import file_html
from bokeh.layouts import column
from bokeh.resources import INLINE

from pulsetrain.figures import boosting
from pulsetrain.figures import spectra as figures

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DARK = (
    "document.body.style = 'background: #111; --jp-ui-font-color1: #fff; --jp-layout-color0: #111;"
    " --jp-border-color2: #555'; document.body.dataset.jpThemeLight = 'false'"
)


@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no browser: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 900, "height": 900})
        browser.close()


def brightness(page, box):
    from matplotlib.image import imread

    picture = imread(io.BytesIO(page.screenshot(clip=box)), format="png")[..., :3]
    return np.median(picture), picture.max(), picture.min()


def test_text_and_ground_follow_the_page_from_light_to_dark(page, tmp_path, truth, result, estimate):
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    layout = column(
        figures.waterfall(truth.intensity, truth.labels, result, estimate, height=300),
        figures.probability(truth.intensity, result, estimate, truth.labels),
        sizing_mode="stretch_width",
    )
    html = tmp_path / "figure.html"
    html.write_text(file_html(layout, INLINE))
    page.goto(html.as_uri())
    page.wait_for_function("() => Bokeh.documents.length && Bokeh.documents[0].is_idle")
    title = {"x": 55, "y": 0, "width": 300, "height": 25}
    median, _, darkest = brightness(page, title)
    assert median > 0.95
    assert darkest < 0.3
    page.evaluate(DARK)
    page.wait_for_timeout(300)
    median, lightest, _ = brightness(page, title)
    assert median < 0.1
    assert lightest > 0.8
    assert said == []


@pytest.mark.parametrize(
    ("losses", "ticks"),
    [([0.9, 0.4, 0.31], [0.3, 0.4, 0.5, 0.7]), ([3e4, 5.0, 2e-3], [1e-3, 0.01, 0.1, 1, 10, 100, 1e3, 1e4])],
)
def test_logarithmic_axes_have_round_ticks_over_any_span(page, tmp_path, losses, ticks):
    history = SimpleNamespace(step=[1, 2, 3], losses={"loss": losses})
    html = tmp_path / "figure.html"
    html.write_text(file_html(boosting.training([history]), INLINE))
    page.goto(html.as_uri())
    page.wait_for_function("() => Bokeh.documents.length && Bokeh.documents[0].is_idle")
    shown = page.evaluate(
        "() => [...Bokeh.index.query(view => view.model.type == 'LogAxis')].map(view => [...view.tick_coords.major[1]])"
    )
    assert shown == [pytest.approx(ticks)]
