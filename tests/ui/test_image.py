"""The detector image in JupyterLab: what is drawn is read back, and messages to the kernel are counted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect
from tests.ui.images import (  # show is a fixture
    LEFT,
    TOLERANCE,
    canvas_of,
    colours_at,
    colours_of,
    expected,
    place,
    run_all,
    run_cell,
    settled,
    show,
    size_of,
)

__all__ = ["show"]

RAMP = "np.arange(256).reshape(16, 16)"
PIXELS = [(0, 0), (15, 0), (3, 2), (8, 7), (0, 15), (11, 12), (15, 15)]
VALUES = np.array([16 * y + x for x, y in PIXELS])


def test_colours_are_right_on_every_scale_and_map_and_contrast_needs_no_kernel(page, show):
    panel, messages = show("colours.ipynb", f"image = FrameImage({RAMP}, scale='linear', limits=(10, 250))\nimage")
    canvas = canvas_of(panel)
    linear = (VALUES - 10) / 240
    for name in ("viridis", "cividis", "magma", "inferno", "gray", "PuOr_r"):
        panel.get_by_label("Colours").select_option(name)
        settled(page)
        assert abs(colours_of(canvas, (16, 16), PIXELS) - expected(name, linear)).max() <= TOLERANCE, name

    panel.get_by_label("Colours").select_option("cividis")
    with np.errstate(divide="ignore"):
        logarithmic = np.log(VALUES / 10) / np.log(25)
    root = (np.sqrt(VALUES) - np.sqrt(10)) / (np.sqrt(250) - np.sqrt(10))
    for scale, shares in (("log", logarithmic), ("sqrt", root), ("linear", linear)):
        panel.get_by_label("Scale").select_option(scale)
        settled(page)
        assert abs(colours_of(canvas, (16, 16), PIXELS) - expected("cividis", shares)).max() <= TOLERANCE, scale
    assert run_cell(panel, "print(image.scale, image.colour_map)") == "linear cividis"

    # The upper handle is moved to the middle of the histogram: colours follow, and the kernel hears nothing.
    handle = panel.get_by_role("slider", name="upper limit of contrast")
    box, before = handle.bounding_box(), messages()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(box["x"] + box["width"] / 2 - 10 * step, box["y"] + 20)
    settled(page)
    upper = float(handle.get_attribute("aria-valuenow"))
    assert 100 < upper < 230
    moved = expected("cividis", (VALUES - 10) / (upper - 10))
    assert abs(colours_of(canvas, (16, 16), PIXELS) - moved).max() <= TOLERANCE
    assert messages() == before
    page.mouse.up()
    settled(page)
    assert messages() == before + 1
    low, high = json.loads(run_cell(panel, "print(list(image.limits))"))
    assert (low, high) == pytest.approx((10, upper))

    # By the keyboard, one step of the axis at a time; then back to percentiles.
    handle.focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    assert float(handle.get_attribute("aria-valuenow")) < upper
    panel.get_by_role("button", name="Auto").click()
    settled(page)
    shown = json.loads(
        run_cell(panel, "print([*image.shown_limits, image.limits is None])".replace("True", "true")).lower()
    )
    assert shown[2] is True
    fields = panel.locator(".pulsetrain-image-limits input")
    assert [float(fields.nth(k).input_value()) for k in (0, 1)] == pytest.approx(shown[:2], rel=1e-4)


def test_zoom_pan_and_readout_are_right_and_need_no_kernel(page, show, screenshot):
    panel, messages = show(
        "move.ipynb",
        f"image = FrameImage({RAMP}, units='photons', scale='linear', pixel_size=1e-3,\n"
        "  readout=Readout(clen=0.004, wavelength=1.0, beam=(3.5, 8.5)))\n"
        "clicks = []\nimage.on_click(lambda pixel, value: clicks.append((pixel, value)))\nimage",
    )
    canvas, words = canvas_of(panel), panel.locator(".pulsetrain-image-readout")
    before = messages()

    def point(x, y):
        at = place(canvas, (16, 16), x, y)
        canvas.hover(position={"x": at[0], "y": at[1]})

    # Pixel (7, 8) is as far from the beam as the detector from the sample: 2θ = 45°, d = λ / (2 sin 22.5°) = 1.307 Å.
    point(7.5, 8.5)
    expect(words).to_have_text("x 7, y 8 · 135 photons · d 1.307 Å, q = 1/d 0.7654 Å⁻¹")
    point(0.1, 0.1)
    expect(words).to_contain_text("x 0, y 0 · 0 photons")

    # The wheel belongs to the page until the image is clicked on; then it zooms about the cursor.
    at = place(canvas, (16, 16), 5.5, 3.5)
    canvas.click(position={"x": at[0], "y": at[1]})
    assert run_cell(panel, "print(clicks)") == "[((5, 3), 53)]"
    page.mouse.wheel(0, -600)
    settled(page)
    expect(words).to_contain_text("x 5, y 3 · 53 photons")
    colour = colours_at(canvas, [at])[0]
    page.mouse.move(canvas.bounding_box()["x"] + at[0] + 30, canvas.bounding_box()["y"] + at[1])
    expect(words).to_contain_text("x 5, y 3 · 53 photons")  # a pixel is larger than 60 pixels of the screen now

    # A drag takes the picture along.
    page.mouse.down()
    page.mouse.move(canvas.bounding_box()["x"] + at[0] + 130, canvas.bounding_box()["y"] + at[1] + 50, steps=5)
    page.mouse.up()
    settled(page)
    expect(words).to_contain_text("x 5, y 3 · 53 photons")
    assert abs(colours_at(canvas, [(at[0] + 100, at[1] + 50)])[0] - colour).max() <= 1

    page.mouse.dblclick(canvas.bounding_box()["x"] + 300, canvas.bounding_box()["y"] + 300)
    settled(page)
    point(12.5, 1.5)
    expect(words).to_contain_text("x 12, y 1 · 28 photons")

    # The same by the keyboard.
    canvas.focus()
    page.mouse.move(5, 5)
    page.keyboard.press("+")
    settled(page)
    wide, high = size_of(canvas)
    canvas.hover(position={"x": LEFT + wide / 2 + 10, "y": high / 2 + 10})
    expect(words).to_contain_text("x 8, y 8")  # what is in the middle has stayed there
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    settled(page)
    page.keyboard.press("Shift+ArrowRight")
    expect(words).to_contain_text("x 9, y 8")  # a step is a pixel of the frame
    assert words.get_attribute("aria-live") == "polite"
    screenshot(page, "image-cursor", canvas)
    clicks = int(run_cell(panel, "print(len(clicks))"))
    assert messages() - before == clicks  # a click is told to those who listen; nothing else is


def test_gaps_masks_and_markers_stand_where_they_belong(page, show, screenshot):
    frame = (
        "frame = np.full((100, 200), 5.0); frame[:, :50] = np.nan; frame[40:60, 100:120] = 0\n"
        "mask = np.zeros(frame.shape, bool); mask[80:, 150:] = True\n"
    )
    panel, _ = show(
        "marks.ipynb",
        f"{frame}image = FrameImage(frame, mask=mask, scale='linear', limits=(0, 10), title='Marks',\n"
        "  peaks=[(110.5, 50.5)], spots=[(20.5, 20.5), (180.5, 10.5)])\nimage",
        "image.frame = frame + 1",
    )
    canvas, shape = canvas_of(panel), (100, 200)
    settled(page)
    good, low, gap = colours_of(canvas, shape, [(80, 20), (110, 50), (25, 50)])
    assert abs(good - expected("viridis", 0.6)).max() <= TOLERANCE  # the frame of the second cell
    assert abs(low - expected("viridis", 0.1)).max() <= TOLERANCE
    assert np.ptp(gap) <= 8  # neutral, and nothing like the lowest colour
    assert abs(gap - expected("viridis", 0)).max() > 60
    masked = {tuple(colour) for colour in colours_of(canvas, shape, [(x, 90) for x in range(160, 190)])}
    assert len(masked) == 2  # hatched
    assert max(np.ptp(colour) for colour in masked) <= 8
    panel.get_by_label("Mask").uncheck()
    settled(page)
    assert abs(colours_of(canvas, shape, [(170, 90)])[0] - expected("viridis", 0.6)).max() <= TOLERANCE

    # A square around the found peak, a circle around each predicted spot, three pixels of the frame away.
    expect(panel.locator(".pulsetrain-image-legend").first).to_contain_text("Found peaks (1)")
    expect(panel.locator(".pulsetrain-image-legend").first).to_contain_text("Predicted spots (2)")

    def has(colour, x, y):
        at = place(canvas, shape, x, y)
        around = [(at[0] + dx, at[1] + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
        return abs(colours_at(canvas, around) - colour).max(axis=1).min() < 40

    cyan, pink = (0, 229, 255), (255, 138, 216)
    assert all(has(cyan, 110.5 + dx, 50.5 + dy) for dx, dy in [(-3, 0), (3, 0), (0, 3), (3, 3), (-3, -3)])
    assert not has(cyan, 110.5, 50.5)
    assert has(pink, 23.5, 20.5)
    assert not has(pink, 23.5, 23.5)
    panel.get_by_label("Found peaks").uncheck()
    settled(page)
    assert not has(cyan, 113.5, 50.5)
    assert has(pink, 180.5, 13.5)
    run_cell(panel, "image.spots = [(60.5, 70.5)]; image.peaks = None")
    expect(panel.locator(".pulsetrain-image-legend").first).to_have_text("Predicted spots (1)")
    settled(page)
    assert has(pink, 63.5, 70.5)
    assert not has(pink, 180.5, 13.5)

    canvas.focus()
    for _ in range(3):
        page.keyboard.press("+")
    settled(page)
    screenshot(page, "image-light", panel)


def test_images_share_a_context_that_may_be_lost_and_follow_the_theme(page, show, set_theme, screenshot):
    panel, _ = show(
        "two.ipynb",
        "frame = np.full((100, 200), 5.0); frame[:, :50] = np.nan\n"
        "image = FrameImage(frame, scale='linear', limits=(0, 10), spots=[(120, 30)], height=300)\nimage",
        "image.frame = frame + 1",
        "second = FrameImage(np.eye(30, dtype=np.uint16), scale='linear', limits=(0, 1), height=200)\nsecond",
    )
    canvas, other, shape = canvas_of(panel), canvas_of(panel, 1), (100, 200)
    expect(panel.locator(".pulsetrain-image-contrast:not([hidden])")).to_have_count(2)
    settled(page)
    assert abs(colours_of(canvas, shape, [(80, 20)])[0] - expected("viridis", 0.6)).max() <= TOLERANCE
    # When the browser takes the context away and gives it back, both are drawn again.
    page.evaluate(
        """() => new Promise(done => {
          const renderer = globalThis[Symbol.for('pulsetrain.image.renderer.2')];
          renderer.canvas.addEventListener('webglcontextrestored', done);
          const loss = renderer.gl.getExtension('WEBGL_lose_context');
          renderer.canvas.addEventListener('webglcontextlost', () => setTimeout(() => loss.restoreContext(), 50));
          renderer.tileSize = 7;  // and frames come in parts, as on a card that takes small textures only
          loss.loseContext();
        })"""
    )
    canvas.press("Home")
    settled(page)
    assert abs(colours_of(canvas, shape, [(80, 20)])[0] - expected("viridis", 0.6)).max() <= TOLERANCE
    diagonal = colours_of(other, (30, 30), [(k, k) for k in range(30)])
    assert abs(diagonal - expected("viridis", 1.0)).max() <= TOLERANCE
    beside = colours_of(other, (30, 30), [(k, k + 1) for k in range(29)])
    assert abs(beside - expected("viridis", 0.0)).max() <= TOLERANCE

    # Of a frame that is far larger than the screen, no peak is lost, nor a single dead pixel seen.
    run_cell(
        panel, "f = np.full((2400, 2400), 500, np.uint16); f[1333, 777] = 999; f[90, 90] = 0\nsecond.limits = (0, 999)"
    )
    run_cell(panel, "second.frame = f")
    expect(panel.locator(".pulsetrain-image-readout").nth(1)).to_contain_text("2400 × 2400 px")
    settled(page)
    x, y = place(other, (2400, 2400), 777.5, 1333.5)
    around = colours_at(other, [(x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)])
    assert (abs(around - expected("viridis", 1.0)).max(axis=1) <= TOLERANCE).sum() >= 1
    x, y = place(other, (2400, 2400), 90.5, 90.5)
    around = colours_at(other, [(x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)])
    assert abs(around - expected("viridis", 500 / 999)).max() <= TOLERANCE

    set_theme("JupyterLab Dark")
    settled(page)
    assert colours_of(canvas, shape, [(25, 50)])[0].max() < 120
    screenshot(page, "image-dark", panel)


def test_a_saved_notebook_and_a_browser_without_webgl_show_the_picture(page, lab, show):
    panel, _ = show("saved.ipynb", "image = FrameImage(np.random.default_rng(0).poisson(5, (1024, 1024)))\nimage")
    picture = panel.locator(".jp-OutputArea-output img")
    picture.wait_for(state="attached")
    expect(picture).to_be_hidden()  # the live image stands above it
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "saved.ipynb").read_text(encoding="utf-8")
    assert len(saved) < 0.5e6  # the frame is 2 MB
    assert "image/png" in saved

    # As in a browser that has no WebGL2; the page has forgotten its renderer.
    page.evaluate(
        """() => {
          const ask = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            return kind === 'webgl2' ? null : ask.call(this, kind, ...more);
          };
          delete globalThis[Symbol.for('pulsetrain.image.renderer.2')];
        }"""
    )
    run_all(page)
    expect(panel.locator(".pulsetrain-image")).to_contain_text("no WebGL2", timeout=60_000)
    still = panel.locator(".pulsetrain-image img")
    still.wait_for(timeout=60_000)
    page.wait_for_function("image => image.naturalWidth > 300", arg=still.element_handle())
