"""The tuning control in JupyterLab: slide, search to the end, both themes; a saved notebook keeps a picture."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.controls import button, change_theme, choose

COMPILING = 180_000  # ms: numba's first time


@pytest.fixture
def notebook(lab):
    """Write a notebook that opens the control on a small simulated experiment."""

    def write(name, **options):
        lines = [
            "from pulsetrain.panels import TuningPanel",
            "from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals",
            'given = CrystalOptions(n_patterns=36, detector="agipd-mini", brightness=60, hit_rate=0.8, clen_error=2)',
            "example = simulate_crystals(given, seed=1)",
            "panel = TuningPanel(example.frames.compute(), example.geometry, example.cell)",
            f"panel.options = panel.options.replace(**{options!r})",
            "panel",
        ]
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, lab.root / name)
        return name

    return write


def drawn(page, name):
    """Return a column of the points that the browser has drawn of a source of the rate figures."""
    return page.evaluate(
        """name => window.Bokeh.documents.flatMap(document => [...document._all_models.values()])
          .filter(model => model.name === name && model.type === "ColumnDataSource")
          .map(model => model.data).map(data => [...(data.rate ?? data.get("rate"))])[0]""",
        name,
    )


def image(panel):
    """Return the detector image's part of the page."""
    return panel.locator(".pulsetrain-image").first


def look_in_the_dark(page, screenshot):
    change_theme(page, "JupyterLab Dark")
    screenshot(page, "tuning-dark")


def expect_a_picture_without_a_kernel(page, lab, open_notebook):
    """What is saved shows the search without a kernel, and holds neither frames nor BokehJS."""
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "tuning.ipynb").read_text(encoding="utf-8")
    assert len(saved) < 1e6
    kept = [output["data"] for output in json.loads(saved)["cells"][0]["outputs"] if "data" in output]
    assert any("image/png" in data for data in kept)
    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.evaluate("() => { window.jupyterapp.commands.execute('application:close-all'); }")
    page.locator(".jp-NotebookPanel").wait_for(state="detached")
    open_notebook(page, "tuning.ipynb").locator(".jp-OutputArea-output img").wait_for()


@pytest.mark.timeout(400)
def test_a_slider_is_followed_and_a_search_is_watched_to_its_end(page, lab, open_notebook, notebook, screenshot):
    page.set_viewport_size({"width": 1400, "height": 1700})
    panel = open_notebook(
        page, notebook("tuning.ipynb", patterns=24, fresh_patterns=12, optimiser="ppo", evaluations=6)
    )
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    rate = panel.locator(".pulsetrain-rate")
    expect(rate).to_contain_text("of 24 patterns indexed", timeout=COMPILING)
    panel.locator(".pulsetrain-stage canvas").first.wait_for(timeout=60_000)
    expect(panel.get_by_text(re.compile(r"Pattern \d+: \d+ peaks, a hit"))).to_be_visible(timeout=30_000)
    image(panel).locator("canvas").first.wait_for()
    before = rate.inner_text()
    peaks = panel.get_by_text(re.compile(r"Pattern \d+: \d+ peaks")).inner_text()
    screenshot(page, "tuning-light")
    picture = panel.locator(".jp-OutputArea-output.jp-RenderedImage img")
    picture.wait_for(state="attached", timeout=30_000)
    expect(picture).to_be_hidden()  # it is for when there is no kernel

    # The slider of min-snr, by its keyboard: 5.0 → 3.5 in steps of 0.1; rate and peaks follow.
    handle = panel.locator(".widget-slider", has_text="min snr").locator(".noUi-handle").first
    field = panel.locator(".widget-hbox", has_text="min snr").last.locator("input[type=number]")
    handle.focus()
    for step in range(49, 34, -1):
        page.keyboard.press("ArrowLeft")
        expect(field).to_have_value(f"{step / 10:g}")  # it has come through
    expect(rate).not_to_have_text(before, timeout=60_000)
    expect(rate).to_contain_text("of 24 patterns indexed", timeout=60_000)
    expect(panel.get_by_text(re.compile(r"Pattern \d+: \d+ peaks"))).not_to_have_text(peaks, timeout=60_000)

    # A number is typed too, and kept though the slider has no such step.
    field.fill("3.456")
    page.keyboard.press("Enter")
    expect(panel.get_by_text(re.compile("at min-snr 3.46, "))).to_have_count(2, timeout=60_000)  # rate and pattern
    button(panel, "Code").click()
    expect(panel.locator(".pulsetrain-code").first).to_contain_text("min_snr=3.456")

    button(panel, "Run").click()
    status = panel.get_by_role("status")
    expect(status.filter(has_text=re.compile("Best of [67]"))).to_contain_text("On fresh patterns", timeout=COMPILING)
    assert len(drawn(page, "path")) in (6, 7)  # the last at the camera length that the cells ask for
    assert len(drawn(page, "own")) >= 2
    screenshot(page, "tuning-searched")

    choose(panel, "Cell")
    stage = panel.locator(".pulsetrain-stage").nth(1)
    stage.locator("canvas").first.wait_for(timeout=60_000)
    tabs, chosen = button(panel, "Cell").bounding_box(), stage.bounding_box()
    assert tabs["y"] + tabs["height"] <= chosen["y"]  # what a button chooses stands below it
    assert chosen["height"] > 300
    screenshot(page, "tuning-cell")
    button(panel, "Table").click()
    expect(panel.locator(".pulsetrain-table")).to_contain_text("90 % from")
    screenshot(page, "tuning-table")
    button(panel, "Export").click()
    expect(panel.locator(".pulsetrain-code").first).to_contain_text("clen =")
    screenshot(page, "tuning-export")
    button(panel, "Search").click()
    look_in_the_dark(page, screenshot)
    expect_a_picture_without_a_kernel(page, lab, open_notebook)
