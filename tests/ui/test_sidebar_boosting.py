"""The boosting report, run from the sidebar's form on frames of both conditions."""

from __future__ import annotations

import json

import pytest
import xarray as xr
from playwright.sync_api import expect

from pulsetrain.simulate.images import ImageOptions, simulate_images

BOOSTING = 280_000  # ms


@pytest.mark.timeout(400)
def test_frames_of_both_conditions_are_reported_from_the_form(page, lab, screenshot):
    simulate_images(ImageOptions(n_low=40, n_high=40), seed=1).write_hdf5(lab.root / "images", n_pairs=20)
    page.get_by_role("tab", name="Methods for X-ray free-electron lasers").click()
    methods = page.get_by_role("region", name="Pulsetrain methods")
    methods.get_by_role("group", name="Boosting").get_by_role("button", name="New report").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    form = panel.get_by_role("form")
    given = {
        "path": "images/low.h5",
        "high": "images/high.h5",
        "test_low": "images/test_low.h5",
        "test_truth": "images/test_truth.h5",
        "steps": 15,
        "members": 2,
    }
    for name, value in given.items():
        form.get_by_label(name, exact=True).fill(str(value))
    screenshot(page, "boosting-form")
    form.get_by_role("button", name="Run report").click()

    job = panel.locator("[data-job*=boosting]").first
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=BOOSTING)
    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title^=Report]")
    expect(frame.get_by_role("heading", name="Boosting")).to_be_visible()
    expect(frame.locator("canvas, .bk-Canvas").first).to_be_visible(timeout=30_000)
    screenshot(page, "boosting-report")
    folder = lab.jobs / str(job.get_attribute("data-job"))
    assert json.loads((folder / "job.json").read_text())["parameters"] == given
    assert (folder / "report.html").stat().st_size < 5_000_000
    stored = xr.open_zarr(folder / "results" / "result.zarr")
    assert stored.sizes["pattern"] == 40
    assert stored.attrs["calibrated"] == 1
