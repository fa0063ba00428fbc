"""The clustering report, run from the sidebar's form on a run written as a facility writes it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

SORTING = 280_000  # ms


@pytest.mark.timeout(400)
def test_a_run_of_frames_is_reported_from_the_form(page, lab, screenshot):
    simulate_particles(ParticleOptions(n_patterns=120), seed=1).write_run(lab.root / "r0007")
    page.get_by_role("tab", name="Methods for X-ray free-electron lasers").click()
    methods = page.get_by_role("region", name="Pulsetrain methods")
    methods.get_by_role("group", name="Clustering").get_by_role("button", name="New report").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    form = panel.get_by_role("form")
    given = {"path": "r0007", "epochs": 0, "confidence": 0.9}
    for name, value in given.items():
        form.get_by_label(name, exact=True).fill(str(value))
    screenshot(page, "clustering-form")
    form.get_by_role("button", name="Run report").click()

    job = panel.locator("[data-job*=clustering]").first
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=SORTING)
    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title^=Report]")
    expect(frame.get_by_role("heading", name="Clustering: which frames show a single particle?")).to_be_visible()
    expect(frame.locator("canvas, .bk-Canvas").first).to_be_visible(timeout=30_000)
    screenshot(page, "clustering-report")
    folder = lab.jobs / str(job.get_attribute("data-job"))
    assert json.loads((folder / "job.json").read_text())["parameters"] == given
    assert (folder / "report.html").stat().st_size < 5_000_000
    assert (folder / "results" / "single.csv").read_text().startswith("pattern,trainId,pulseId,hit,confidence,cluster")
