"""The boosting control in JupyterLab: training, frames, the swipe, both themes, the saved notebook."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.controls import button, change_theme, choose
from tests.ui.images import canvas_of, settled

TRAINED = 180_000  # ms: many tests may share the machine

SMALL = """
from pulsetrain.panels import BoostingPanel
from pulsetrain.simulate.images import ImageOptions, simulate_images

made = simulate_images(ImageOptions(n_low=1, n_high=64, size=32), seed=1)
low, truth, _ = made.pairs(48)
panel = BoostingPanel(low, made.high.compute(), truth=truth, test=made.pairs(24, repeat=1)[:2], steps=24, members=2,
                      patch=32, batch=8, device="cpu")
panel
"""


LOOK = "canvas => canvas.getContext('2d').getImageData(60, 0, 400, 300).data.join()"


def messages_to_kernel(page):
    """Return what counts them."""
    sent = []

    def keep(frame):  # playwright marks its listeners, which a method of a list does not stand
        sent.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    return lambda: sum(b"comm_msg" in frame for frame in sent)


def opened(page, lab, open_notebook):
    page.set_viewport_size({"width": 1400, "height": 1800})
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SMALL.strip())])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, lab.root / "boosting.ipynb")
    panel = open_notebook(page, "boosting.ipynb")
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    panel.locator(".pulsetrain-image-contrast:not([hidden])").wait_for(timeout=TRAINED)
    return panel


def train(page, panel, screenshot):
    button(panel, "Train").click()
    line = panel.locator(".pulsetrain-line").first
    expect(line).to_contain_text(re.compile(r"network . of 2, loss .* left"), timeout=TRAINED)
    screenshot(page, "boosting-training")
    expect(panel.get_by_role("status").filter(has_text="48 frames boosted")).to_be_visible(timeout=TRAINED)
    trust = panel.locator(".pulsetrain-trust")
    expect(trust).to_contain_text("uncalibrated")
    button(panel, "Calibrate").click()
    expect(trust).to_contain_text("covers 90%", timeout=TRAINED)


def look_below(page, panel, screenshot):
    for words in ("Condition", "Residuals", "Power", "FRC", "Coverage", "Sparsification", "Quality", "Code"):
        choose(panel, words)
        screenshot(page, f"boosting-{words.lower()}")
    change_theme(page, "JupyterLab Dark")
    choose(panel, "Training")
    screenshot(page, "boosting-dark")


@pytest.mark.timeout(300)
def test_a_booster_is_trained_calibrated_looked_at_and_kept(page, lab, open_notebook, screenshot):
    messages = messages_to_kernel(page)
    panel = opened(page, lab, open_notebook)
    train(page, panel, screenshot)

    # With the keyboard to the next frame: the image follows.
    canvas = canvas_of(panel)
    first = canvas.evaluate(LOOK)
    panel.locator(".widget-slider", has_text="Frame").locator(".noUi-handle").focus()
    page.keyboard.press("ArrowRight")
    expect(panel.locator(".pulsetrain-frame")).to_contain_text("Frame 1 of 48")
    expect(panel.locator(".pulsetrain-image")).to_contain_text("Frame 1, σ calibrated")
    settled(page)
    second = canvas.evaluate(LOOK)
    assert second != first
    screenshot(page, "boosting-trained")

    swipe = panel.get_by_role("slider", name="swipe between Poor and Boosted")
    swipe.focus()
    settled(page)
    before = messages()
    assert before, "nothing at all was seen of the socket"
    for _ in range(4):
        page.keyboard.press("PageUp")
    settled(page)
    assert canvas.evaluate(LOOK) != second
    assert messages() == before

    look_below(page, panel, screenshot)

    # What is saved shows the frame without a kernel, and holds neither frames nor BokehJS.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "boosting.ipynb").read_text(encoding="utf-8")
    assert len(saved) < 1e6
    kept = [output["data"] for output in json.loads(saved)["cells"][0]["outputs"] if "data" in output]
    assert any("image/png" in data for data in kept)
    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.evaluate("() => window.jupyterapp.commands.execute('application:close-all')")
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
    again = open_notebook(page, "boosting.ipynb").locator(".jp-OutputArea-output img")
    expect(again).to_be_visible()
    screenshot(page, "boosting-reopened")
