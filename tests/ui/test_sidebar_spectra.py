"""The spectra report, run from the sidebar's form on measured spectra."""

from __future__ import annotations

import json
import shutil

import pytest
from playwright.sync_api import expect

TRAINING = 240_000  # ms


@pytest.mark.timeout(400)
def test_the_lanthanum_manganite_series_is_reported_from_the_form(page, lab, measured, screenshot):
    shutil.copytree(measured / "spectra" / "LaMnO3_pdf", lab.root / "LaMnO3", dirs_exist_ok=True)
    page.get_by_role("tab", name="Methods for X-ray free-electron lasers").click()
    methods = page.get_by_role("region", name="Pulsetrain methods")
    methods.get_by_role("group", name="Spectra").get_by_role("button", name="New report").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    form = panel.get_by_role("form")
    small = {"path": "LaMnO3", "steps": 10, "augment": 2, "members": 4}
    for name, value in small.items():
        form.get_by_label(name, exact=True).fill(str(value))
    screenshot(page, "spectra-form")
    form.get_by_role("button", name="Run report").click()

    job = panel.locator("[data-job*=spectra]").first
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=TRAINING)
    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title^=Report]")
    expect(frame.get_by_role("heading", name="Spectra: where does the series switch?")).to_be_visible()
    expect(frame.locator("canvas, .bk-Canvas").first).to_be_visible(timeout=30_000)
    screenshot(page, "spectra-report")
    folder = lab.jobs / str(job.get_attribute("data-job"))
    assert json.loads((folder / "job.json").read_text())["parameters"] == small
    assert (folder / "report.html").stat().st_size < 5_000_000
