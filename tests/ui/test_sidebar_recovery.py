"""The sidebar tells the truth when what it shows dies: the server, or the runner of a job."""

from __future__ import annotations

import json
import os
import signal

from playwright.sync_api import expect

WHILE_RUNNING = 60_000  # ms


def test_jobs_survive_the_death_of_the_server_and_are_resumed_after_that_of_their_runner(new_lab, open_lab, screenshot):
    lab = new_lab()
    page = open_lab(lab)
    page.get_by_role("tab", name="Reports: run notebooks with parameters").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    panel.get_by_role("button", name="Counting photons").click()
    panel.get_by_label("pulses").fill("25")
    panel.get_by_label("pause").fill("0.1")
    panel.get_by_role("button", name="Run report").click()
    job = panel.locator("[data-job]").first
    expect(job.get_by_text("cell 3 of 7")).to_be_visible(timeout=WHILE_RUNNING)

    lab.kill()
    expect(panel.get_by_text("The server does not answer")).to_be_visible()
    screenshot(page, "server-killed")
    lab.start()
    page.reload()
    expect(job.get_by_text("running", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    assert not panel.get_by_text("The server does not answer").is_visible()

    status = json.loads(next(lab.jobs.glob("*/status.json")).read_text())
    os.kill(status["pid"], signal.SIGKILL)
    expect(job.get_by_text("interrupted", exact=True)).to_be_visible()
    screenshot(page, "runner-killed")
    kept = json.loads(next(lab.jobs.glob("*/notebook.ipynb")).read_text())
    assert any(cell.get("execution_count") for cell in kept["cells"]), "the partial notebook is kept"

    job.get_by_role("button", name="Resume").click()
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title='Report: Counting photons']")
    expect(frame.get_by_text("25 pulses on AGIPD")).to_be_visible()
