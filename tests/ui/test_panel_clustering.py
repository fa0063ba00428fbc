"""The clustering control in JupyterLab: a million points, lasso and gallery, a fit, both themes, the saved notebook."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.controls import button, change_theme, choose

SLOW = 180_000  # ms: numba's and UMAP's first time

MILLION = """
import dask.array as da
import numpy as np
import xarray as xr
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import clustering_result
from pulsetrain.panels import ClusteringPanel
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

n, example = 1_000_000, simulate_particles(ParticleOptions(n_patterns=250, size=64, pixel_size=1.2e-3), seed=1)
few = example.frames.to_numpy()
places = da.arange(n, chunks=250)
frames = xr.DataArray(
    places.map_blocks(lambda k: few[k % 250], dtype="f4", new_axis=[1, 2], chunks=(places.chunks[0], (64,), (64,))),
    dims=("pattern", "y", "x"),
)
rng = np.random.default_rng(1)
kind = np.searchsorted(["multiple", "none", "single"], example.truth.hit)[np.arange(n) % 250]
kind = np.array([2, 0, 1])[kind]
probability = np.full((n, 3), 0.02)
probability[np.arange(n), kind] = 0.96
scores = {"hit_score": rng.lognormal(2 + 2 * (kind > 0), 0.5), "fringe_score": rng.lognormal(2 + 2 * (kind > 1), 0.3)}
result = clustering_result(frames, kind, probability, scores, ClusteringOptions())
result["map"] = ("pattern", "axis"), np.eye(3)[kind][:, :2] * 4 + rng.normal(size=(n, 2))
panel = ClusteringPanel(frames, result, sample=250, side=64)
panel
"""

SMALL = """
from pulsetrain.panels import ClusteringPanel
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

example = simulate_particles(ParticleOptions(n_patterns=200), seed=1)
panel = ClusteringPanel(example.frames.compute(), labels=example.truth.hit, epochs=1, sample=200)
panel
"""


@pytest.fixture
def opened(page, lab, open_notebook):
    """Open a notebook of one cell, run it and return its panel once the map and a frame are there."""

    def make(name, code):
        page.set_viewport_size({"width": 1400, "height": 1900})
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip())])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, lab.root / name)
        panel = open_notebook(page, name)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        panel.locator(".pulsetrain-map canvas").wait_for(timeout=SLOW)
        panel.locator(".pulsetrain-frame").wait_for(timeout=SLOW)
        panel.locator(".pulsetrain-map canvas[data-drawn]").wait_for()
        panel.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=SLOW)
        return panel

    return make


def middle(canvas):
    box = canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def lasso(page, x, y, reach):
    """Draw a square around a place of the map, Shift held."""
    page.keyboard.down("Shift")
    page.mouse.move(x - reach, y - reach)
    page.mouse.down()
    for dx, dy in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        page.mouse.move(x + dx * reach, y + dy * reach, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")


@pytest.mark.timeout(600)
def test_a_million_points_are_moved_without_the_kernel_and_chosen_in_half_a_second(page, opened, screenshot):
    sent = []

    def listen(socket):
        if "/channels" in socket.url:
            socket.on("framesent", lambda message: sent.append(message))  # noqa: PLW0108 - playwright takes no builtin

    page.on("websocket", listen)
    panel = opened("million.ipynb", MILLION)
    canvas = panel.locator(".pulsetrain-map canvas")
    screenshot(page, "clustering-million")
    x, y = middle(canvas)
    canvas.focus()
    page.mouse.move(x, y)
    page.wait_for_timeout(1500)  # the point under the resting cursor is told of once
    assert sent, "nothing at all was seen of the socket"
    sent.clear()

    before = canvas.evaluate("canvas => canvas.getContext('2d').getImageData(0, 0, 300, 300).data.join()")
    for _ in range(5):
        page.mouse.wheel(0, -120)
        page.wait_for_timeout(60)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(x + 8 * step, y + 5 * step)
        page.wait_for_timeout(30)
    messages = len(sent)
    page.mouse.up()
    page.wait_for_timeout(500)
    assert canvas.evaluate("canvas => canvas.getContext('2d').getImageData(0, 0, 300, 300).data.join()") != before
    assert messages == 0

    button(panel.locator(".pulsetrain-map"), "All").click()

    canvas.evaluate("canvas => canvas.addEventListener('pointerup', () => { window.lassoed = performance.now(); })")
    took = []
    tiles = panel.locator(".pulsetrain-gallery-list[aria-label='Selected frames']")
    for reach in (60, 90, 120):
        version = tiles.get_attribute("data-version") or ""
        lasso(page, x, y, reach)
        expect(tiles).not_to_have_attribute("data-version", version, timeout=60_000)
        expect(tiles.locator("button")).to_have_count(60)
        took.append(float(tiles.get_attribute("data-drawn")) - page.evaluate("() => window.lassoed"))

    expect(panel.locator(".pulsetrain-selection")).to_contain_text("frames selected")
    screenshot(page, "clustering-million-lasso")
    assert min(took) < 2000  # half a second on an idle machine; tests share theirs


@pytest.mark.timeout(600)
def test_frames_are_sorted_looked_at_and_learnt(page, lab, opened, screenshot):
    panel = opened("clustering.ipynb", SMALL)
    counts = panel.locator(".pulsetrain-counts")
    expect(counts).to_contain_text("200 frames")
    canvas = panel.locator(".pulsetrain-map canvas")
    lasso(page, *middle(canvas), 150)
    tiles = panel.locator(".pulsetrain-gallery-list[aria-label='Selected frames'] button")
    expect(tiles.first).to_be_visible(timeout=30_000)
    screenshot(page, "clustering-opened")

    # With the keyboard alone: from one thumbnail to the next, and to the frame.
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    name = page.evaluate("() => document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    number = re.match(r"Frame (\d+)", name)[1]
    expect(panel.locator(".pulsetrain-frame b").first).to_have_text(f"Frame {number}", timeout=30_000)
    canvas.focus()
    page.keyboard.press("v")
    expect(panel.locator(".pulsetrain-selection")).to_contain_text("200 frames selected")
    page.keyboard.press("Escape")
    expect(panel.locator(".pulsetrain-selection")).to_have_count(0)

    button(panel, "Fit").click()
    expect(panel.get_by_role("status").filter(has_text="200 frames sorted: learnt")).to_be_visible(timeout=SLOW)
    expect(panel.locator(".pulsetrain-map-x")).to_have_text("UMAP 1")
    screenshot(page, "clustering-learnt")
    for words in ("Augmentations", "Scores", "Labels", "Clusters"):
        choose(panel, words)
        screenshot(page, f"clustering-{words.lower()}")
    change_theme(page, "JupyterLab Dark")
    screenshot(page, "clustering-dark")

    # What is saved shows the result without a kernel, and holds neither frames nor BokehJS.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "clustering.ipynb").read_text(encoding="utf-8")
    assert len(saved) < 1e6
    kept = [output["data"] for output in json.loads(saved)["cells"][0]["outputs"] if "data" in output]
    assert any("image/png" in data for data in kept)
