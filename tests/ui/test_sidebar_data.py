"""The sidebar of data, on runs and files that are simulated."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from pulsetrain.data import run_folder, write_run
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
READING = 60_000  # ms; the process that reads has to start
KERNEL = 90_000  # ms
DETECTOR = "SPB_DET_AGIPD1M-1/DET/*CH0:xtdf"
SPI = "SQS_DET_SPI/CORR/FRAMES:daqOutput"


@pytest.fixture(scope="module")
def data(lab):
    """A proposal with two runs, and a file with quotes in its name, below the root of the server."""
    exp = lab.root / "exp"
    options = ParticleOptions(n_patterns=40)
    simulate_particles(options, seed=1).write_run(run_folder(exp, proposal=900100, run=12))
    spectra = np.random.default_rng(0).poisson(200, (30, 256)).astype(np.float32)
    write_run(
        run_folder(exp, proposal=900100, run=13),
        instruments={"SA1_XTD9_SPECT/MDL/1:output": {"data.intensity": spectra}},
        controls={"SA1_XTD2_XGM/XGM/DOOCS": {"pulseEnergy.photonFlux": np.linspace(1400, 1500, 30)}},
    )
    many = exp / "many"
    many.mkdir()
    for number in range(3000):
        (many / f"scan_{number:04d}.h5").touch()
    with h5py.File(exp / 'it\'s "odd".h5', "w") as file:
        file["scan/energy"] = np.linspace(9.2, 9.4, 50)
        file["scan/energy"].attrs["units"] = "keV"
        file["scan/pictures"] = np.random.default_rng(1).random((4, 60, 90), dtype=np.float32)
    return exp


@pytest.fixture
def sidebar(page, data):  # noqa: ARG001
    return open_sidebar(page)


def open_sidebar(page: Page) -> Locator:
    panel = page.get_by_role("region", name="Pulsetrain data")
    if not panel.is_visible():  # a second click would close it
        page.get_by_role("tab", name="Data: browse runs and files").click()
    expect(panel.get_by_label("Path", exact=True)).not_to_have_value("", timeout=READING)
    return panel


def row(panel: Locator, name: str) -> Locator:
    return panel.get_by_role("treeitem").filter(has=panel.page.get_by_text(name, exact=True))


def go(panel: Locator, *names: str) -> None:
    for name in names:
        row(panel, name).click()


def seen(panel: Locator, words: str) -> Locator:
    """Wait for a picture that says this of itself, and is loaded."""
    picture = panel.get_by_role("img", name=re.compile(words))
    expect(picture).to_be_visible(timeout=READING)
    assert picture.evaluate("node => node.decode().then(() => node.naturalWidth)") > 50
    return picture


def run_cell(page: Page) -> Locator:
    """Run the cell that was inserted, as its user does, and return its output."""
    notebook = page.locator(".jp-NotebookPanel:visible")
    notebook.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=KERNEL)
    page.keyboard.press("Shift+Enter")
    output = notebook.locator(".jp-OutputArea-output").last
    output.wait_for(timeout=KERNEL)
    return output


def test_from_a_proposal_to_the_frames_in_a_notebook(page, sidebar, data, screenshot):
    go(sidebar, "exp", "SPB", "202601", "p900100")
    screenshot(page, "data-proposal")
    go(sidebar, "proc", "r0012")
    expect(sidebar.get_by_text("2 trains, 1500000000 … 1500000001")).to_be_visible(timeout=READING)
    go(sidebar, SPI)
    expect(row(sidebar, "image.data")).to_contain_text("40 × 128 × 128")
    go(sidebar, "image.data")
    seen(sidebar, "frame 1 of 40.*128 × 128.*photons")
    expect(sidebar.get_by_role("button", name="Insert code")).to_be_enabled()
    assert sidebar.evaluate("node => node.scrollWidth <= node.clientWidth"), "no scrolling sideways"
    screenshot(page, "data-frames")
    sidebar.get_by_label("Frame").focus()
    page.keyboard.press("ArrowRight")
    seen(sidebar, "frame 2 of 40")

    sidebar.get_by_role("button", name="Insert code").click()
    cell = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content").first
    expect(cell).to_contain_text("pulsetrain.open_frames", timeout=KERNEL)
    assert page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output").count() == 0  # left to the user
    output = run_cell(page)
    expect(output).to_contain_text("xarray.DataArray")
    expect(output).to_contain_text("pattern: 40")
    screenshot(page, "data-inserted")

    sidebar.get_by_role("button", name="Use as input").click()
    form = page.get_by_role("region", name="Pulsetrain reports").get_by_role("form")
    path = str(run_folder(data, proposal=900100, run=12))
    expect(form.get_by_label("path", exact=True)).to_have_value(path, timeout=READING)
    expect(form.get_by_label("source", exact=True)).to_have_value(SPI)


def test_a_file_is_browsed_by_the_keyboard_alone(page, sidebar):
    sidebar.get_by_label("Path", exact=True).focus()
    page.keyboard.press("End")
    page.keyboard.type("/exp")
    page.keyboard.press("Enter")
    expect(row(sidebar, "SPB")).to_be_visible()
    sidebar.get_by_label("Filter").focus()
    page.keyboard.type("odd")
    expect(sidebar.get_by_role("treeitem")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(row(sidebar, 'it\'s "odd".h5')).to_be_focused()
    page.keyboard.press("Enter")
    group = row(sidebar, "/scan")
    expect(group).to_be_focused(timeout=READING)
    expect(group).to_have_attribute("aria-expanded", "true")  # the only one
    page.keyboard.press("ArrowDown")
    expect(row(sidebar, "pictures")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row(sidebar, "energy")).to_be_focused()
    page.keyboard.press("Enter")
    seen(sidebar, "energy, 50 values, 9.2 … 9.4")
    page.keyboard.press("ArrowLeft")
    expect(group).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(group).to_have_attribute("aria-expanded", "false")
    sidebar.get_by_role("button", name="Insert code").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-NotebookPanel:visible .jp-CodeCell .cm-content").first).to_contain_text(
        "h5py.File(", timeout=KERNEL
    )
    expect(run_cell(page)).to_contain_text("array([9.2")
    group.focus()
    page.keyboard.press("Backspace")
    expect(row(sidebar, 'it\'s "odd".h5')).to_be_focused()  # where one comes from


def test_a_folder_of_thousands_draws_only_what_shows(page, sidebar):
    go(sidebar, "exp", "many")
    tree = sidebar.get_by_role("tree", name="Entries")
    expect(row(sidebar, "scan_0000.h5")).to_have_attribute("aria-setsize", "3000")
    assert sidebar.get_by_role("treeitem").count() < 150
    row(sidebar, "scan_0000.h5").focus()
    page.keyboard.press("End")
    expect(row(sidebar, "scan_2999.h5")).to_be_focused()
    assert tree.get_by_role("treeitem").count() < 150
    sidebar.get_by_label("Filter").fill("0815")
    expect(sidebar.get_by_role("treeitem")).to_have_count(1)
    go(sidebar, "scan_0815.h5")
    expect(sidebar.get_by_role("alert")).to_contain_text("an empty file", timeout=READING)
    expect(sidebar.get_by_role("treeitem")).to_have_count(1)  # still where one was


def test_a_path_that_leads_out_is_refused_in_place(page, sidebar, screenshot):
    sidebar.get_by_label("Path", exact=True).fill("/etc/passwd")
    page.keyboard.press("Enter")
    expect(sidebar.get_by_role("alert")).to_contain_text("outside the folders that are open here", timeout=READING)
    screenshot(page, "data-refused")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nothing_is_hard_to_see_or_to_be_read_aloud(page, sidebar, set_theme, screenshot, theme):
    set_theme(theme)
    go(sidebar, "exp", "SPB", "202601", "p900100", "proc")
    blame(page, "folder")
    go(sidebar, "r0013", "SA1_XTD9_SPECT/MDL/1:output", "data.intensity")
    seen(sidebar, "spectrum 1 of 30")
    blame(page, "spectrum")
    shade = theme.rpartition(" ")[2].lower()
    screenshot(page, f"data-spectrum-{shade}", sidebar)
    go(sidebar, "SA1_XTD2_XGM/XGM/DOOCS", "pulseEnergy.photonFlux")
    seen(sidebar, "photonFlux, 30 values")
    screenshot(page, f"data-values-{shade}", sidebar)


def blame(page: Page, where: str) -> None:
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("async () => (await axe.run(document.querySelector('#pulsetrain-data'))).violations")
    assert [rule for rule in found if rule["impact"] in ("serious", "critical")] == [], where
