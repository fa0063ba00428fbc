"""The comparison of two images in JupyterLab: what is drawn is read back, and messages to the kernel are counted."""

from __future__ import annotations

import base64
import json
import logging
import re

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect
from tests.ui.images import (  # show is a fixture
    LEFT,
    TOLERANCE,
    canvas_of,
    colours_at,
    colours_of,
    expected,
    place,
    run_cell,
    settled,
    show,
    size_of,
)

__all__ = ["show"]

SMALL = """
before = np.arange(1, 257, dtype=np.float32).reshape(16, 16)
after = before[::-1].copy()
std = np.full((16, 16), 20.0); std[:, 8:] = np.nan
after[2, 6] = np.nan
mask = np.zeros((16, 16), bool); mask[15, 15] = True
image = CompareImage(before, after, std, mask=mask, scale="linear", limits=(0, 256), pixel_size=1e-3,
                     names=("Low", "Boosted"), mode="before")
image"""
PIXELS = [(1, 4), (15, 3), (3, 2), (8, 7), (0, 15), (11, 12)]  # where no name lies on them
LOW = np.array([16 * y + x + 1 for x, y in PIXELS])
HIGH = np.array([16 * (15 - y) + x + 1 for x, y in PIXELS])


def choose(panel, mode):
    panel.get_by_role("radio", name=mode, exact=True).check(force=True)
    settled(panel.page)


def off(canvas, name, shares):
    """Return how far the colours of the pixels are from those of shares of a colour map."""
    return abs(colours_of(canvas, (16, 16), PIXELS) - expected(name, shares)).max()


def test_every_mode_shows_what_it_says(page, show):
    panel, _ = show("modes.ipynb", SMALL)
    canvas = canvas_of(panel)
    settled(page)
    assert off(canvas, "viridis", LOW / 256) <= TOLERANCE
    choose(panel, "Boosted")
    assert off(canvas, "viridis", HIGH / 256) <= TOLERANCE
    gap, masked = colours_of(canvas, (16, 16), [(6, 2), (15, 15)])
    assert np.ptp(gap) <= 8
    assert np.ptp(masked) <= 8

    choose(panel, "Difference")  # with its own contrast: symmetrical about zero
    reach = float(panel.get_by_role("slider", name="upper limit of contrast").get_attribute("aria-valuenow"))
    assert 200 < reach <= 240
    assert off(canvas, "PuOr_r", (HIGH - LOW) / reach / 2 + 0.5) <= TOLERANCE
    panel.get_by_label("Colours").select_option("RdBu_r")
    choose(panel, "Ratio")
    reach = float(panel.get_by_role("slider", name="upper limit of contrast").get_attribute("aria-valuenow"))
    assert off(canvas, "RdBu_r", np.log2(HIGH / LOW) / reach / 2 + 0.5) <= TOLERANCE
    expect(panel.locator(".pulsetrain-image-unit")).to_have_text("log₂(Boosted / Low)")


def test_the_swipe_handle_parts_the_frames_and_moves_by_keys(page, show):
    panel, _ = show("swipe.ipynb", SMALL)
    canvas = canvas_of(panel)
    choose(panel, "Swipe")
    swipe = panel.get_by_role("slider", name="swipe between Low and Boosted")
    left = np.array([x < 8 for x, _ in PIXELS])
    assert off(canvas, "viridis", np.where(left, LOW, HIGH) / 256) <= TOLERANCE
    swipe.focus()
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowRight")
    settled(page)
    assert swipe.get_attribute("aria-valuenow") == "62"
    assert swipe.get_attribute("aria-valuetext") == "62 % Low"
    left = np.array([x < 9 for x, _ in PIXELS])
    assert off(canvas, "viridis", np.where(left, LOW, HIGH) / 256) <= TOLERANCE
    page.keyboard.press("End")
    settled(page)
    assert off(canvas, "viridis", LOW / 256) <= TOLERANCE


def test_what_is_uncertain_fades_and_both_values_are_told_wherever_the_pointer_is(page, show, screenshot):
    panel, _ = show("uncertain.ipynb", SMALL)
    canvas, words = canvas_of(panel), panel.locator(".pulsetrain-image-readout")
    # What is less than five of its σ of 20 from zero fades to the grey of gaps, as does what has no σ.
    choose(panel, "Boosted")
    gap = colours_of(canvas, (16, 16), [(6, 2)])[0]
    panel.get_by_label("Fade below").fill("5")
    settled(page)
    sure = np.where(np.array([x < 8 for x, _ in PIXELS]), np.minimum(HIGH / 100, 1), 0)[:, None]
    faded = sure * expected("viridis", HIGH / 256) + (1 - sure) * gap
    assert abs(colours_of(canvas, (16, 16), PIXELS) - faded).max() <= TOLERANCE
    panel.get_by_label("Fade below").fill("0")

    at = place(canvas, (16, 16), 3.5, 2.5)
    canvas.hover(position={"x": at[0], "y": at[1]})
    expect(words).to_have_text(
        "x 3, y 2 · Low 36 · Boosted 212 ± 20 photons · difference 176 · ratio 5.889 · 3.5, 2.5 mm"
    )

    # Side by side: zoom and place are those of both.
    choose(panel, "Side by side")
    canvas.press("+")
    settled(page)
    wide = (canvas.bounding_box()["width"] - 2 * LEFT) / 2
    zoom = 1.5 * min(wide / 16, size_of(canvas)[1] / 16)
    middle = size_of(canvas)[1] / 2
    inside = [(7, 7), (8, 7), (9, 6), (6, 9)]
    for column, values in enumerate(((16 * y + x + 1 for x, y in inside), (16 * (15 - y) + x + 1 for x, y in inside))):
        start = LEFT + wide / 2 + column * (LEFT + wide)
        found = colours_at(canvas, [(start + (x - 7.5) * zoom, middle + (y - 7.5) * zoom) for x, y in inside])
        assert abs(found - expected("viridis", np.array(list(values)) / 256)).max() <= TOLERANCE
    canvas.hover(position={"x": LEFT + wide + LEFT + wide / 2 + 5, "y": middle + 5})
    expect(words).to_contain_text("x 8, y 8 ")
    twin = panel.locator(".pulsetrain-image-twin").bounding_box()
    box = canvas.bounding_box()
    assert twin["x"] - box["x"] + twin["width"] / 2 == pytest.approx(LEFT + wide / 2 + 5, abs=1.5)
    screenshot(page, "compare-side", panel)


def test_two_frames_of_sixteen_million_pixels_with_their_sigma_arrive_whole(show):
    panel, messages = show(
        "largest.ipynb",
        "x, y = np.arange(4096, dtype=np.float32), np.arange(4096, dtype=np.float32)[:, None]\n"
        "image = CompareImage(x + 1 + 0 * y, y + 1 + 0 * x, x + y)\nimage",
    )
    canvas, words = canvas_of(panel), panel.locator(".pulsetrain-image-readout")
    expect(words).to_contain_text("4096 × 4096 px ·", timeout=60_000)
    before = messages()
    for place_ in (0.01, 0.4, 0.99):
        at = place(canvas, (4096, 4096), 4096 * place_, 4096 * (1 - place_))
        canvas.hover(position={"x": at[0], "y": at[1]})
        expect(words).to_contain_text("photons")
        x, y = map(int, re.match(r"x (\d+), y (\d+)", words.inner_text()).groups())
        expect(words).to_contain_text(f"Before {x + 1} · After {y + 1} ± ")
        assert float(words.inner_text().split("± ")[1].split()[0]) == pytest.approx(x + y, rel=1e-3)
    assert messages() == before


def test_frames_that_nobody_sees_give_their_memory_back_and_return_when_they_are_shown_again(page, show):
    heard = "heard = []; image.on_msg(lambda widget, content, buffers: heard.append(content['kind']))"
    panel, _ = show("again.ipynb", SMALL.removesuffix("image") + heard + "\nimage", "image")
    held = "() => globalThis[Symbol.for('pulsetrain.image.renderer.2')].tiles.size"
    settled(page)
    assert run_cell(panel, "print(*heard)") == "hello drawn"  # both views share what is held
    assert page.evaluate(held) > 0
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
    page.wait_for_function(f"() => ({held})() === 0")
    panel.locator(".jp-InputArea").nth(1).click()
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
    expect(panel.locator(".pulsetrain-image-readout")).to_contain_text("16 × 16 px ·")
    settled(page)
    assert off(canvas_of(panel), "viridis", LOW / 256) <= TOLERANCE


def test_frames_that_the_browser_has_no_memory_for_are_refused_with_what_to_do(show):
    panel, _ = show("refused.ipynb", SMALL)
    words = panel.locator(".pulsetrain-image-readout")
    huge = {"kind": "frame", "version": 9, "width": 2**20, "height": 2**20, "planes": ["float32"], "masked": False}
    run_cell(panel, f"image.send({huge}, [bytes(8)])")
    expect(words).to_contain_text("no memory for frames of 1048576 × 1048576 px. Bin them or cut out a part")
    run_cell(panel, "image.show(before, after)")
    expect(words).to_contain_text("16 × 16 px ·")


TIMED = """() => {
  const renderer = globalThis[Symbol.for('pulsetrain.image.renderer.2')];
  const {gl} = renderer;
  const draw = renderer.draw.bind(renderer);
  const ask = window.requestAnimationFrame.bind(window);
  let drawn = false;
  window.times = [];
  renderer.draw = (...of) => { drawn = true; draw(...of); };
  window.requestAnimationFrame = run => ask(now => {
    drawn = false;
    const begin = performance.now();
    run(now);
    if (!drawn) return;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // waits until all is drawn
    window.times.push(performance.now() - begin);
  });
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  return gl.getParameter(names === null ? gl.RENDERER : names.UNMASKED_RENDERER_WEBGL);
}"""


def test_two_thousand_pixels_squared_are_redrawn_without_a_message_to_the_kernel(page, show):
    panel, messages = show(
        "large.ipynb",
        "rng = np.random.default_rng(0)\n"
        "after = rng.gamma(2.0, 20.0, (2048, 2048)).astype(np.float32)\n"
        "image = CompareImage(rng.poisson(after).astype(np.float32) + np.float32(0.25), after, np.sqrt(after))\nimage",
    )
    canvas = canvas_of(panel)
    expect(panel.locator(".pulsetrain-image-readout")).to_contain_text("2048 × 2048 px", timeout=60_000)
    canvas.click(position={"x": LEFT + 300, "y": 100})
    settled(page)
    renderer, times = page.evaluate(TIMED), {}
    before = messages()

    def timed(name):
        settled(page)
        times[name] = page.evaluate("() => window.times.splice(0)")

    swipe = panel.get_by_role("slider", name="swipe between Before and After")
    handle = panel.get_by_role("slider", name="upper limit of contrast")
    for name, slider, reach in (("swipe", swipe, 100), ("contrast", handle, -100)):
        box = slider.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + reach, y, steps=8)
        page.mouse.up()
        timed(name)
    swipe.press("ArrowLeft")
    for scale in ("linear", "symlog", "sqrt"):
        panel.get_by_label("Scale").select_option(scale)
        timed(f"scale {scale}")
    canvas.hover(position={"x": LEFT + 300, "y": 200})
    for _ in range(6):
        page.mouse.wheel(0, -300)
        settled(page)
    page.mouse.down()
    page.mouse.move(canvas.bounding_box()["x"] + 200, canvas.bounding_box()["y"] + 150, steps=4)
    page.mouse.up()
    timed("zoom")
    canvas.press("0")
    for mode in ("Difference", "Ratio", "Side by side", "σ"):
        choose(panel, mode)
        timed(mode)
    choose(panel, "Swipe")
    limits = float(handle.get_attribute("aria-valuenow"))
    assert messages() == before

    # Once the pointer has left, the kernel is told, at once of all.
    page.mouse.move(3, 3)
    settled(page)
    assert messages() == before + 1
    state = json.loads(run_cell(panel, "import json; print(json.dumps([image.swipe, image.scale, *image.limits]))"))
    assert state[1] == "sqrt"
    assert state[0] == pytest.approx(float(swipe.get_attribute("aria-valuenow")) / 100, abs=0.006)
    assert state[3] == pytest.approx(limits)

    figures = {name: round(float(np.median(found))) for name, found in times.items() if found}
    logging.getLogger(__name__).info("redraw of a pair of 2048² float32, ms: %s; %s", figures, renderer)
    assert figures["swipe"] < 1000  # a processor that draws without a graphics card, and is not alone on it


def test_blinking_takes_turns_and_stands_still_for_who_wants_less_motion(page, show):
    panel, messages = show("blink.ipynb", SMALL)
    canvas = canvas_of(panel)
    choose(panel, "Blink")

    def seen():
        settled(page)
        frames = {"low": LOW, "boosted": HIGH}
        return [name for name, values in frames.items() if off(canvas, "viridis", values / 256) <= TOLERANCE]

    page.wait_for_timeout(1200)  # longer than a turn; the page asks for reduced motion
    assert seen() == ["low"]
    panel.get_by_role("button", name="Switch").click()
    assert seen() == ["boosted"]
    before = messages()
    panel.get_by_role("button", name="Play").click()
    page.evaluate(
        """() => new Promise(done => {
          const canvas = document.querySelector('.pulsetrain-image > canvas');
          const {data} = canvas.getContext('2d').getImageData(canvas.width / 2, 60, 1, 1);
          const look = () => {
            const now = canvas.getContext('2d').getImageData(canvas.width / 2, 60, 1, 1).data;
            if (now.some((byte, k) => byte !== data[k])) done(); else requestAnimationFrame(look);
          };
          look();
        })"""
    )
    panel.get_by_role("button", name="Pause").click()
    assert messages() == before


def test_saved_reopened_and_exported_it_shows_the_picture(page, lab, show, open_notebook, tmp_path):
    panel, _ = show("kept.ipynb", SMALL)
    picture = panel.locator(".jp-OutputArea-output img")
    picture.wait_for(state="attached")
    expect(picture).to_be_hidden()  # the live image stands above it
    first = picture.get_attribute("src")
    canvas_of(panel).hover()
    choose(panel, "Side by side")
    page.mouse.move(3, 3)
    expect(picture).not_to_have_attribute("src", first)  # both frames instead of one
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    book = nbformat.read(lab.root / "kept.ipynb", as_version=4)
    (picture,) = [output.data for output in book.cells[0].outputs if "image/png" in output.data]
    assert base64.b64decode(picture["image/png"]).startswith(b"\x89PNG")
    assert picture["text/plain"] == "Comparison of Low and Boosted: 16 × 16 pixels, side"

    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.evaluate("() => window.jupyterapp.commands.execute('application:close-all')")
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
    again = open_notebook(page, "kept.ipynb").locator(".jp-OutputArea-output img")
    expect(again).to_be_visible()
    expect(again).to_have_count(1)

    exported = HTMLExporter().from_notebook_node(book)[0]
    (tmp_path / "kept.html").write_text(exported, encoding="utf-8")
    page.route("https://**", lambda route: route.abort())  # nothing of the network is needed to see it
    page.goto((tmp_path / "kept.html").as_uri())
    exported = page.locator(".jp-OutputArea-output img")
    expect(exported).to_be_visible()
    expect(exported).to_have_count(1)
