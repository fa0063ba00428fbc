"""The panel of reports in JupyterLab: a batch from form to comparison, with widgets of ipywidgets alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect
from tests.ui.controls import change_theme

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
WHITE, DARK = "rgb(255, 255, 255)", "rgb(26, 26, 26)"
TRIAL = """import matplotlib.pyplot as plt
from pulsetrain.reports import show_metrics
plt.plot(range(steps))
plt.show()
show_metrics({"score": steps**2, "seconds per step": {"value": 0.5 / steps, "unit": "s"}})"""


@pytest.fixture
def notebook(lab):
    """Write a template, and a notebook that opens the panel on it."""
    code = nbformat.v4.new_code_cell
    parameters = "steps: int = 3  # How many steps to take. {1 .. 10}"
    tagged = code(parameters, metadata={"tags": ["parameters"]})
    folder = lab.root / "own"
    folder.mkdir(exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[tagged, code(TRIAL)]), folder / "trial.ipynb")
    lines = [
        "from pulsetrain.panels import ReportsPanel",
        "panel = ReportsPanel('panel-jobs', ['own'])",
        "panel.new.choose('own/trial.ipynb', {})",
        "panel",
    ]
    book = nbformat.v4.new_notebook(cells=[code("\n".join(lines))])
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, lab.root / "panel.ipynb")
    return "panel.ipynb"


def button(part, words):
    return part.locator("button:visible", has_text=re.compile(rf"^\s*{words}\s*$")).first


def violations(page):
    """Return what hinders people with a screen reader or without a mouse, as far as axe sees it."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("() => axe.run('.pulsetrain-reports', {iframes: false})")["violations"]
    return {
        each["id"]: [node["html"] for node in each["nodes"]]
        for each in found
        if each["impact"] in ("serious", "critical")
    }


def check_comparison(frame):
    """Sort the page by the keyboard, and filter it: its own script runs."""
    expect(frame.locator("#jobs tbody tr")).to_have_count(4)
    score = frame.get_by_role("button", name="score")
    score.press("Enter")
    score.press("Enter")
    expect(frame.locator("th[aria-sort='descending']")).to_contain_text("score")
    expect(frame.locator("#jobs tbody tr").first).to_contain_text("36")
    frame.get_by_label("Filter").fill("0002 done")
    expect(frame.locator("#jobs tbody tr:visible")).to_have_count(1)
    expect(frame.get_by_role("status")).to_have_text("1 of 4 jobs")
    frame.get_by_label("Filter").fill("")


def check_pair_in_the_dark(page, panel, screenshot):
    panel.get_by_label("0002 trial").check()
    button(panel, "Compare two").click()
    paper = panel.frame_locator("iframe.pt-frame").locator("body")
    expect(paper).to_contain_text("Two jobs side by side")
    expect(paper).to_have_css("background-color", DARK)
    screenshot(page, "panel-reports-pair-dark")


def test_a_batch_goes_from_the_form_to_its_comparison(page, lab, open_notebook, notebook, screenshot):
    page.set_viewport_size({"width": 1400, "height": 1300})
    panel = open_notebook(page, notebook)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    panel.get_by_label("vary").first.check()
    several = panel.get_by_placeholder("4, 5, 6 or 4:6:0.5")
    several.fill("0, 4")
    several.press("Enter")
    expect(panel.get_by_role("alert")).to_contain_text("allowed 1 … 10")
    several.fill("3:6:1")
    several.press("Enter")
    expect(panel.get_by_role("alert")).to_have_count(0)
    button(panel, "Preview").click()
    expect(panel.locator(".pt-table")).to_contain_text("6")
    screenshot(page, "panel-reports-new-light")
    assert violations(page) == {}
    button(panel, "Run").click()
    expect(panel.locator(".pt-row:visible")).to_contain_text("4/4", timeout=60_000)
    expect(panel.locator(".pt-row:visible .pt-done")).to_be_visible()
    screenshot(page, "panel-reports-jobs-light")
    assert violations(page) == {}

    button(panel, "Open").click()
    frame = panel.frame_locator("iframe.pt-frame")
    check_comparison(frame)
    assert panel.locator("iframe.pt-frame").evaluate("frame => frame.contentDocument") is None  # and reaches nothing
    screenshot(page, "panel-reports-page-light")
    assert (next((lab.root / "panel-jobs").glob("*-trial-*")) / "comparison.html").is_file()

    expect(frame.locator("body")).to_have_css("background-color", WHITE)
    change_theme(page, "JupyterLab Dark")
    expect(frame.locator("body")).to_have_css("background-color", DARK)
    panel.get_by_role("tab", name="Jobs").click()
    button(panel, "Show its jobs").click()
    expect(panel.locator(".pt-row:visible")).to_have_count(4)
    panel.get_by_label("0001 trial").check()
    expect(panel.get_by_role("row", name="score 9")).to_be_visible()
    expect(panel.get_by_role("row", name="seconds per step 0.1667 s")).to_be_visible()
    expect(panel.get_by_role("row", name="steps 3")).to_be_visible()  # what it was run with
    screenshot(page, "panel-reports-jobs-dark")
    assert violations(page) == {}
    check_pair_in_the_dark(page, panel, screenshot)
    panel.get_by_role("tab", name="New").click()
    screenshot(page, "panel-reports-new-dark")
    assert violations(page) == {}

    # The saved notebook has a table for whoever opens it without a kernel, hidden as long as the control lives.
    table = panel.locator(".pulsetrain-saved")
    expect(table).to_have_count(1)
    expect(table).to_be_hidden()
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    cell = json.loads((lab.root / "panel.ipynb").read_text(encoding="utf-8"))["cells"][0]
    kept = [output["data"] for output in cell["outputs"] if "text/html" in output.get("data", {})]
    assert "4/4" in "".join(kept[0]["text/html"])
