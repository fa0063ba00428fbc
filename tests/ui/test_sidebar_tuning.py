"""The tuning report, run from the sidebar's form on a simulated experiment written as a user has it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals

INDEXING = 280_000  # ms


@pytest.mark.timeout(400)
def test_patterns_in_a_file_are_reported_from_the_form(page, lab, screenshot):
    options = CrystalOptions(n_patterns=36, detector="agipd-mini", brightness=60, hit_rate=0.8, clen_error=2)
    simulate_crystals(options, seed=1).write_hdf5(lab.root / "lysozyme.h5")
    page.get_by_role("tab", name="Methods for X-ray free-electron lasers").click()
    methods = page.get_by_role("region", name="Pulsetrain methods")
    methods.get_by_role("group", name="Tuning").get_by_role("button", name="New report").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    form = panel.get_by_role("form")
    given = {"path": "lysozyme.h5", "geometry": "lysozyme.geom", "cell": "lysozyme.cell", "evaluations": 4}
    for name, value in given.items():
        form.get_by_label(name, exact=True).fill(str(value))
    form.get_by_label("optimiser", exact=True).select_option("scan")
    screenshot(page, "tuning-form")
    form.get_by_role("button", name="Run report").click()

    job = panel.locator("[data-job*=tuning]").first
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=INDEXING)
    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title^=Report]")
    expect(frame.get_by_role("heading", name="Tuning: which setting indexes most patterns?")).to_be_visible()
    expect(frame.locator("canvas, .bk-Canvas").first).to_be_visible(timeout=30_000)
    screenshot(page, "tuning-report")
    folder = lab.jobs / str(job.get_attribute("data-job"))
    assert json.loads((folder / "job.json").read_text())["parameters"] == given | {"optimiser": "scan"}
    assert (folder / "report.html").stat().st_size < 5_000_000
