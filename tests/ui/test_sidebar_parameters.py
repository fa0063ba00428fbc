"""The parameters' sidebar: the cell of the notebook in focus as a form, and its values to and from a live control."""

from __future__ import annotations

import nbformat
import pytest
from playwright.sync_api import expect

from pulsetrain.data import write_spectra
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series

AXE = "labextension/node_modules/axe-core/axe.min.js"
TAB = "Parameters of the notebook in focus"
KERNEL = 60_000  # ms
CELL = """# What is read
path = {path!r}  # Folder of the series.
network: str = "fcnn"  # Network that is trained.
steps: int | None = 60  # Training steps. {{1 .. 100000}}

weight_decay = 1e-3  # Weight decay. {{0 .. 1}}
normalise = True  # Bring each spectrum to the same area.
augment = 10  # Copies of each spectrum.  [×] {{0 .. 1000}}
title = "Größe, µm"; _hidden = 1
when = len("now")  # Computed."""
CUT = """node => [...node.querySelectorAll('button')].filter(button => button.scrollWidth > button.clientWidth)
  .map(button => button.textContent)"""
CONTROL = """from pulsetrain.panels import SpectraPanel
panel = SpectraPanel(path, "0:0, 23:1")
panel"""


@pytest.fixture
def notebook(lab):
    """Write a notebook with parameters and a control on a small series, and return its path and that of the series."""

    def write(name, *, tagged=True):
        series = lab.root / f"{name}-series"
        write_spectra(simulate_series(SeriesOptions(n_spectra=24, n_channels=100), seed=1).intensity, series)
        cells = [nbformat.v4.new_code_cell(CELL.format(path=series.name)), nbformat.v4.new_code_cell(CONTROL)]
        if tagged:
            cells[0].metadata["tags"] = ["parameters"]
        book = nbformat.v4.new_notebook(cells=cells)
        book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, lab.root / f"{name}.ipynb")
        return f"{name}.ipynb"

    return write


def open_sidebar(page):
    page.get_by_role("tab", name=TAB).click()
    panel = page.get_by_role("region", name="Pulsetrain parameters")
    panel.wait_for()
    return panel


def source(page, cell=0):
    return page.evaluate(
        "place => window.jupyterapp.shell.currentWidget.content.model.cells.get(place).sharedModel.getSource()", cell
    )


def expect_source(page, part):
    page.wait_for_function(
        """part => window.jupyterapp.shell.currentWidget.content.model.cells.get(0).sharedModel.getSource()
          .includes(part)""",
        arg=part,
    )


def serious(page, part):
    """Return what axe finds wrong with a part of the page, that hinders people."""
    page.add_script_tag(path=AXE)
    found = part.evaluate("node => axe.run(node).then(result => result.violations)")
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def test_the_form_shows_the_cell_and_edits_only_values(page, open_notebook, notebook, screenshot):
    open_notebook(page, notebook("edited"))
    panel = open_sidebar(page)
    form = panel.get_by_role("form", name="Parameters of edited.ipynb")
    before = source(page)
    expect(form.get_by_label("steps")).to_have_value("60")
    expect(form.get_by_label("title")).to_have_value("Größe, µm")
    expect(form.get_by_label("when")).to_have_attribute("placeholder", "len('now')")
    form.get_by_label("steps").fill("250")
    form.get_by_label("title").fill('a "quoted" # title')
    form.get_by_label("normalise").uncheck()
    expect_source(page, "normalise = False")
    expect_source(page, "title = 'a \"quoted\" # title'; _hidden = 1")
    changed = before.replace("= 60 ", "= 250 ").replace("True", "False")
    assert source(page) == changed.replace('"Größe, µm"', "'a \"quoted\" # title'")
    expect(panel.get_by_text("Unsaved changes")).to_be_visible()
    screenshot(page, "parameters-form")

    # What is typed into the cell shows in the form, and is undone in the cell as ever.
    cell = page.locator(".jp-NotebookPanel:visible .jp-CodeCell").first
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nextra: int  # One more.")
    expect(form.get_by_label("extra")).to_be_visible()
    form.get_by_label("extra").fill("7")
    expect_source(page, "extra: int = 7  # One more.")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Z")
    expect(form.get_by_label("extra")).to_have_value("")
    assert "extra: int  # One more." in source(page)
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    expect(panel.get_by_text("Unsaved changes")).to_have_count(0)
    page.evaluate("() => { window.jupyterapp.commands.execute('application:close-all'); }")
    expect(panel.get_by_text("Open a notebook to see its parameters here.")).to_be_visible()


def test_a_refused_value_is_told_beside_its_field_and_the_cell_stays(
    page, open_notebook, notebook, set_theme, screenshot
):
    open_notebook(page, notebook("refused"))
    panel = open_sidebar(page)
    before = source(page)
    panel.get_by_label("steps").fill("0")
    expect(panel.get_by_text("steps: got 0, allowed 1 … 100000")).to_be_visible()
    panel.get_by_label("weight_decay").fill("")
    expect(panel.get_by_text("weight_decay: needs a value")).to_be_visible()
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        set_theme(theme)
        screenshot(page, f"parameters-{theme.split()[1].lower()}")
        assert serious(page, panel) == []
    panel.get_by_role("button", name="Run as batch…").first.click()
    expect(panel.get_by_role("alert")).to_have_text("Not started. Please check: steps, weight_decay")
    expect(panel.get_by_label("steps")).to_be_focused()
    screenshot(page, "parameters-not-started")
    expect(page.get_by_role("region", name="Pulsetrain reports")).not_to_be_visible()
    assert source(page) == before
    panel.get_by_label("steps").fill("61")
    expect_source(page, "steps: int | None = 61")
    expect(panel.get_by_text("steps: got 0")).to_have_count(0)
    expect(panel.get_by_role("alert")).to_have_text("Not started. Please check: weight_decay")
    panel.get_by_label("weight_decay").fill("0.1")
    expect_source(page, "weight_decay = 0.1")
    expect(panel.get_by_role("alert")).to_have_count(0)
    assert panel.evaluate(CUT) == [], "buttons can be read at the sidebar's first width"


def test_a_cell_is_tagged_by_a_button_and_one_that_is_no_python_is_told(page, open_notebook, notebook, screenshot):
    open_notebook(page, notebook("untagged", tagged=False))
    panel = open_sidebar(page)
    expect(panel.get_by_text("No cell of this notebook is tagged “parameters”.")).to_be_visible()
    screenshot(page, "parameters-untagged")
    panel.get_by_role("button", name="Tag the selected cell").click()
    expect(panel.get_by_label("steps")).to_have_value("60")
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.model.cells.get(1)
          .setMetadata('tags', ['injected-parameters'])"""
    )
    expect(panel.get_by_role("status")).to_contain_text("Delete it to use them.")
    screenshot(page, "parameters-overridden")
    page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("x = (\n")
    expect(panel.get_by_role("alert")).to_contain_text("no Python: line")
    page.keyboard.press("Control+Z")
    expect(panel.get_by_label("steps")).to_have_value("60")


@pytest.mark.timeout(180)
def test_values_go_to_a_live_control_and_come_from_it(page, open_notebook, notebook, screenshot):
    open_notebook(page, notebook("exchanged"))
    panel = open_sidebar(page)
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    control = panel.get_by_role("listitem").filter(has_text="Spectra: exchanged-series")
    expect(control).to_contain_text("3 values differ: steps, weight_decay, augment", timeout=KERNEL)
    screenshot(page, "parameters-control")
    assert panel.evaluate(CUT) == [], "buttons can be read at the sidebar's first width"
    assert serious(page, panel) == []

    control.get_by_role("button", name="Give it these values").click()
    expect(control.get_by_role("status")).to_have_text("Given: steps, weight_decay, augment")
    expect(control).to_contain_text("Its values are those above.")
    output = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output").first
    slider = output.locator(".widget-inline-hbox", has=page.get_by_text("augment", exact=True))
    expect(slider.locator(".widget-readout")).to_have_text("10")

    slider.locator(".widget-readout").fill("25")
    page.keyboard.press("Enter")
    expect(control).to_contain_text("augment differs.")
    control.get_by_role("button", name="Take its values").click()
    expect_source(page, "augment = 25  # Copies")
    expect(panel.get_by_label("augment")).to_have_value("25")
    expect(control).to_contain_text("Its values are those above.")

    panel.get_by_role("button", name="Run as report…").first.click()
    reports = page.get_by_role("region", name="Pulsetrain reports")
    expect(reports.get_by_label("augment")).to_have_value("25")  # saved, for the server reads the file
    control.get_by_role("button", name="Run as report…").click()
    expect(reports.get_by_role("form", name="Spectra")).to_be_visible()
    expect(reports.get_by_label("augment")).to_have_value("25")
    expect(reports.get_by_label("steps")).to_have_value("60")
    screenshot(page, "parameters-to-reports")

    # A page that is loaded anew finds the control again, and a new kernel has none.
    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.reload()
    expect(control).to_contain_text("Its values are those above.", timeout=KERNEL)
    page.locator(".jp-NotebookPanel:visible .pulsetrain-live").first.wait_for()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(control).to_have_count(0)


def test_the_sidebar_is_used_by_keyboard_alone(page, open_notebook, notebook):
    open_notebook(page, notebook("keyboard"))
    page.keyboard.press("Control+Shift+C")
    page.locator(".lm-CommandPalette-input:focus").wait_for()
    page.keyboard.type("Pulsetrain Parameters")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Parameters").wait_for()
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Pulsetrain parameters")
    expect(panel.get_by_label("steps")).to_have_value("60")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator("*:focus").and_(page.locator("[id$=-steps]")).count():
            break
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Control+A")
    page.keyboard.type("77")
    page.keyboard.press("Enter")
    expect_source(page, "steps: int | None = 77")
