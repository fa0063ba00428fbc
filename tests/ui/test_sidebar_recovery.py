"""The sidebar tells the truth when what it shows dies: the server, or the runner of a job."""

from __future__ import annotations

import json
import os
import re
import signal

from playwright.sync_api import expect

WHILE_RUNNING = 60_000  # ms


def test_the_sidebar_tells_the_truth_about_killed_servers_and_runners(new_lab, open_lab, screenshot):
    lab = new_lab()
    page = open_lab(lab)
    page.get_by_role("tab", name="Reports: run notebooks with parameters").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    jobs = panel.locator("[data-job]")

    def run(pulses):
        panel.get_by_role("button", name="Counting photons").click()
        panel.get_by_label("pulses").fill(str(pulses))
        panel.get_by_label("pause").fill("0.1")
        panel.get_by_role("button", name="Run report").click()
        expect(jobs.first.get_by_text("cell 3 of 7")).to_be_visible(timeout=WHILE_RUNNING)

    run(pulses=25)
    lab.kill()
    expect(panel.get_by_text("The server does not answer")).to_be_visible()
    screenshot(page, "server-killed")
    lab.start()
    page.reload()
    expect(jobs.first.get_by_text(re.compile("^(running|done)$"))).to_be_visible(timeout=WHILE_RUNNING)
    expect(panel.get_by_text("The server does not answer")).to_have_count(0)
    expect(jobs.first.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)

    run(pulses=10)
    folder = lab.jobs / str(jobs.first.get_attribute("data-job"))
    os.kill(json.loads((folder / "status.json").read_text())["pid"], signal.SIGKILL)
    expect(jobs.first.get_by_text("interrupted", exact=True)).to_be_visible()
    screenshot(page, "runner-killed")
    kept = json.loads((folder / "notebook.ipynb").read_text())
    assert any(cell.get("execution_count") for cell in kept["cells"]), "the partial notebook is kept"
    jobs.first.get_by_role("button", name="Resume").click()
    expect(jobs.first.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    jobs.first.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title='Report: Counting photons']")
    expect(frame.get_by_text("10 pulses on AGIPD")).to_be_visible()
