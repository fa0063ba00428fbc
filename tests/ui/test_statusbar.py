"""The status bar: what one's own jobs do, at a glance."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.server.folders import make_job


def test_failures_are_told_until_they_are_looked_at(new_lab, open_lab, screenshot):
    lab = new_lab()
    for number in range(2):
        make_job(lab.jobs, f"20261123-04450{number}-spectra-a1b2c3", "failed")
    make_job(lab.jobs, "20261123-044504-spectra-a1b2c3", "done")
    page = open_lab(lab)
    item = page.get_by_role("button", name="Pulsetrain jobs")
    expect(item).to_have_text("2 failed")
    expect(item).to_have_accessible_name("Pulsetrain jobs: 2 failed. Show the reports.")
    screenshot(page, "statusbar")
    item.focus()
    with page.expect_response(lambda answer: "/api/workspaces" in answer.url and answer.request.method == "PUT"):
        page.keyboard.press("Enter")
        expect(page.get_by_role("region", name="Pulsetrain reports")).to_be_visible()
        expect(item).to_be_hidden()
    make_job(lab.jobs, "20261123-044509-spectra-a1b2c3", "failed")
    page.reload()
    expect(item).to_have_text("1 failed", timeout=60_000)
