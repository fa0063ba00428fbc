"""The spectra control in JupyterLab: label by clicks, train, cancel, both themes; a saved notebook keeps a picture."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.controls import change_theme

# The cursors at the middle of the axis, of 0.01 … 20 Å, in both documents of the control.
CURSORS = """() => window.Bokeh.documents.slice(-2)
  .flatMap(each => [...each._all_models.values()])
  .filter(model => model.type === "Span" && model.visible && model.dimension === "height")
  .filter(model => model.location > 9 && model.location < 11)"""
LAMNO3 = "300..650 K:0, 880..1150 K:1"


@pytest.fixture
def notebook(lab, measured):
    """Write a notebook that opens the control on the LaMnO₃ series."""

    def write(name, more="pass"):
        path = measured / "spectra" / "LaMnO3_pdf"
        lines = [
            "from pulsetrain.panels import SpectraPanel",
            f"panel = SpectraPanel({str(path)!r}, {LAMNO3!r})",
            "panel.options = panel.options.replace(members=2, steps=40, augment=5)",
            more,
            "panel",
        ]
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(lines))])
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, lab.root / name)
        return name

    return write


def run_all(page):
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")


def button(part, words):
    return part.locator("button", has_text=re.compile(rf"^\s*{words}\s*$"))


def waterfall_box(panel):
    """Return the frame of the uppermost figure, in which spectra lie from bottom to top, in pixels of the page."""
    panel.locator(".pulsetrain-stage canvas").first.wait_for(timeout=60_000)
    return panel.page.evaluate(
        """() => {
          const root = window.Bokeh.documents.map(each => each.roots()[0]).findLast(each => each.children.length === 2);
          const view = window.Bokeh.index.get_one(root.children[0].children[0]);
          const {left, top} = view.el.getBoundingClientRect(), {x0, y0, width, height} = view.frame.bbox;
          return {x: left + x0, y: top + y0, width, height};
        }"""
    )


def test_a_series_is_labelled_trained_and_kept(page, lab, open_notebook, notebook, screenshot):
    page.set_viewport_size({"width": 1400, "height": 1300})
    panel = open_notebook(page, notebook("control.ipynb"))
    run_all(page)
    frame = waterfall_box(panel)
    labels = panel.get_by_label("Labels")
    expect(labels).to_have_value(LAMNO3)

    # Click on spectrum 3 of 14, that at 700 K, to label it 0.
    page.mouse.click(frame["x"] + 0.5 * frame["width"], frame["y"] + frame["height"] * (1 - 3.5 / 14))
    expect(labels).to_have_value("0-3:0, 9-13:1")
    expect(panel.get_by_role("status").first).to_contain_text("Spectrum 3: 0")

    button(panel, "Train").click()
    expect(panel.get_by_role("status").first).to_contain_text("Transition: boundary at", timeout=120_000)
    screenshot(page, "panel-light")
    tabs, chosen = button(panel, "Importance").bounding_box(), panel.locator(".pulsetrain-stage").nth(1).bounding_box()
    assert tabs["y"] + tabs["height"] <= chosen["y"]  # what a button chooses stands below it
    assert chosen["height"] > 100
    page.mouse.move(frame["x"] + 0.5 * frame["width"], frame["y"] + 0.5 * frame["height"])
    page.wait_for_function(f"() => ({CURSORS})().length === 2")  # that on the map and that on the importance
    picture = panel.locator(".jp-OutputArea-output img")
    picture.wait_for(state="attached")
    expect(picture).to_be_hidden()  # it is for when there is no kernel

    button(panel, "Table").click()
    expect(panel.locator(".pulsetrain-table")).to_contain_text("gap middle")
    screenshot(page, "panel-table")
    button(panel, "Code").click()
    code = panel.locator(".pulsetrain-code")
    expect(code).to_contain_text("open_spectra")
    expect(code).to_have_css("white-space", "pre")  # a long line is scrolled, and no word broken
    button(panel, "Importance").click()
    change_theme(page, "JupyterLab Dark")
    screenshot(page, "panel-dark")

    # Saved and opened again without a kernel's memory, the notebook still shows what was found.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    saved = (lab.root / "control.ipynb").read_text(encoding="utf-8")
    assert len(saved) < 1e6  # neither BokehJS nor the series went into the file
    kept = [output["data"] for output in json.loads(saved)["cells"][0]["outputs"] if "data" in output]
    assert any("image/png" in data for data in kept)
    page.evaluate("() => window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    page.evaluate("() => { window.jupyterapp.commands.execute('application:close-all'); }")
    page.locator(".jp-NotebookPanel").wait_for(state="detached")
    panel = open_notebook(page, "control.ipynb")
    panel.locator(".jp-OutputArea-output img").wait_for()
    screenshot(page, "panel-reopened")

    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdout", str(lab.root / "control.ipynb")]
    html = subprocess.run(command, capture_output=True, check=True, cwd=lab.root).stdout.decode()
    assert "data:image/png;base64" in html


def test_training_is_cancelled_by_its_button(page, open_notebook, notebook):
    more = "panel.options = panel.options.replace(steps=20_000)"
    panel = open_notebook(page, notebook("cancel.ipynb", more))
    run_all(page)
    waterfall_box(panel)
    button(panel, "Train").click()
    expect(panel.get_by_role("status").first).to_contain_text("FCNN", timeout=60_000)
    button(panel, "Cancel").first.click()
    expect(panel.get_by_role("status").first).to_contain_text("Cancelled.", timeout=60_000)
    expect(button(panel, "Train")).to_be_enabled()


def test_a_second_view_shows_the_state_of_now_not_that_of_the_beginning(page, open_notebook, notebook):
    panel = open_notebook(page, notebook("twice.ipynb", "panel.set_labels('300..650 K:0, 980..1150 K:1')"))
    run_all(page)
    waterfall_box(panel)
    drawn = page.evaluate(
        """() => [...window.Bokeh.documents.findLast(each => each.roots()[0].children.length === 2)
          ._all_models.values()]
          .filter((model) => model.name === "labels 1").map((model) => model.data ?? model.get_data?.())
          .filter((data) => data !== undefined).map((data) => [...(data.spectrum ?? data.get("spectrum"))])"""
    )
    assert drawn == [[10, 11, 12, 13]]
