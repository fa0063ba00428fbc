"""What users see of batches: one is planned, run, stopped, resumed and compared; thousands of jobs stay fluid."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from pulsetrain.reports import plan_batch
from pulsetrain.reports.executors import executor_class

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
COMPARISON = "iframe[title^=Comparison]"
WHILE_RUNNING = 60_000  # ms
THEMES = ("JupyterLab Dark", "JupyterLab Light")
PARAMETERS = """\
from typing import Literal

run: int = 1  # Run number. {1 .. 999}
min_snr: float = 5.0  # Least signal-to-noise ratio. [σ] {2 .. 15}
pause: float = 0.0  # Time that it takes. [s] {0 .. 60}
detector: Literal["AGIPD", "JUNGFRAU"] = "AGIPD"  # Which detector it was.
"""
COUNTING = """\
import time
from pulsetrain.reports.display import show_metrics

print(f"run {run} on {detector}", flush=True)
time.sleep(pause)
show_metrics({"hits": int(1000 * run / min_snr), "clen": {"value": run / min_snr, "unit": "mm"}})
"""
SCROLL = """async steps => {
  const scroller = document.querySelector('.pt-Scroll');
  const long = [];
  new PerformanceObserver(list => long.push(...list.getEntries().map(entry => Math.round(entry.duration))))
    .observe({type: 'longtask'});
  const began = performance.now();
  let rows = 0;
  for (let step = 0; step < steps; step++) {
    scroller.scrollTop += 250;
    await new Promise(requestAnimationFrame);
    rows = Math.max(rows, document.querySelectorAll('.pt-Windowed > li').length);
  }
  return {rows, long, perFrame: Math.round((performance.now() - began) / steps), top: scroller.scrollTop};
}"""
FITS_IN = """(node, width) => {
  node.style.maxWidth = `${width}px`;
  return [...node.querySelectorAll('section, .pt-Scroll')].every(part => part.scrollWidth <= part.clientWidth);
}"""


@pytest.fixture(scope="module")
def batch_lab(new_lab):
    """A server of its own, so that its thousands of jobs are in nobody's way."""
    lab = new_lab()
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Counting hits\n\nA template for batches."),
            nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(COUNTING),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, lab.root / "templates" / "hits.ipynb")
    return lab


@pytest.fixture
def page(batch_lab, open_lab):
    return open_lab(batch_lab)


@pytest.fixture
def reports(page):
    """The sidebar of reports, open."""
    page.get_by_role("tab", name="Reports: run notebooks with parameters").click()
    panel = page.get_by_role("region", name="Pulsetrain reports")
    panel.get_by_role("button", name="Counting hits").wait_for()
    return panel


def open_batch_form(panel):
    panel.get_by_role("button", name="Counting hits").click()
    form = panel.get_by_role("form", name="Counting hits")
    form.get_by_text("Run as batch").click()
    form.get_by_label("Run on").wait_for()
    return form


def vary(form, name, values):
    form.get_by_label("Vary", exact=True).select_option(name)
    form.get_by_role("button", name="Add").click()
    form.get_by_label(f"{name}: values").fill(values)


def newest(panel):
    return panel.locator("[data-batch]").first


def serious(page, selector):
    """Return what axe finds in a part of the page that keeps people out."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.add_script_tag(path=AXE)
    found = page.evaluate("selector => axe.run(selector)", selector)["violations"]
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


def test_a_batch_is_planned_run_stopped_resumed_and_compared(page, reports, batch_lab, set_theme, screenshot):
    form = open_batch_form(reports)
    form.get_by_label("Runs", exact=True).fill("1-3")
    vary(form, "min_snr", "4, 5")
    form.get_by_label("pause").fill("2.5")
    form.get_by_text("Options", exact=True).click()
    form.get_by_label("slots", exact=True).fill("2")
    expect(form.get_by_text("6 jobs")).to_be_visible()
    form.get_by_role("button", name="Preview").click()
    read_plan(page.get_by_role("dialog"), batch_lab.jobs)
    screenshot(page, "batch-preview")
    assert not list(batch_lab.jobs.glob("*/batch.json")), "a preview writes nothing"
    page.get_by_role("dialog").get_by_role("button", name="Run batch").click()

    stop_and_resume(newest(reports), screenshot, page)
    newest(reports).get_by_role("button", name="Open").click()
    reports.get_by_role("button", name="Comparison", exact=True).click()
    expect(page.frame_locator(COMPARISON).get_by_text(re.compile("6 jobs: .*(queued|running)"))).to_be_visible()
    watch_a_cell(page, reports, screenshot)
    expect(reports.get_by_text("6 done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    expect(page.frame_locator(COMPARISON).get_by_text("6 jobs: 6 done")).to_be_visible()
    expect(reports.locator("[aria-live=polite]")).to_have_text("Counting hits: ended, 6 done")
    compare(page, reports, set_theme, screenshot)
    come_back_to_the_comparison(page, batch_lab.jobs)

    reports.get_by_role("button", name="All jobs").click()
    newest(reports).get_by_role("button", name="Reuse").click()
    expect(reports.get_by_label("Runs", exact=True)).to_have_value("1-3")
    expect(reports.get_by_label("min_snr: values")).to_have_value("4, 5")
    expect(reports.get_by_label("pause")).to_have_value("2.5")
    reports.get_by_text("Options", exact=True).click()
    expect(reports.get_by_label("slots", exact=True)).to_have_value("2")


def read_plan(dialog, jobs):
    expect(dialog.get_by_role("row")).to_have_count(7)
    expect(dialog.get_by_role("row").nth(2)).to_have_text(re.compile("2.*1.*5"))
    expect(dialog.get_by_label("Cell injected into the first job", exact=True)).to_contain_text("run = 1")
    expect(dialog.get_by_label("Output folder", exact=True)).to_contain_text(str(jobs))


def stop_and_resume(batch, screenshot, page):
    expect(batch.get_by_text("runs 1-3 × min_snr: 4, 5")).to_be_visible()
    expect(batch.get_by_text(re.compile("^[12] done$"))).to_be_visible(timeout=WHILE_RUNNING)
    screenshot(page, "batch-running")
    batch.get_by_role("button", name="Stop").click()
    expect(batch.get_by_text(re.compile("^[1-5] stopped$"))).to_be_visible(timeout=WHILE_RUNNING)
    expect(batch.get_by_text(re.compile("running|queued|stopping"))).to_have_count(0, timeout=WHILE_RUNNING)
    screenshot(page, "batch-stopped")
    batch.get_by_role("button", name="Resume").click()


def watch_a_cell(page, reports, screenshot):
    rows = rows_of(reports)
    expect(rows).to_have_count(6)
    expect(rows.first).to_contain_text("run = 1, min_snr = 4")
    names = rows.locator(".pt-Row-name")
    assert names.evaluate_all("all => all.every(name => name.scrollWidth <= name.clientWidth)"), "none is cut"
    running = rows.filter(has=page.get_by_text("running", exact=True)).first
    running.get_by_role("button", expanded=False).first.click(timeout=WHILE_RUNNING)
    expect(reports.get_by_label("Source of the cell")).to_contain_text("time.sleep(pause)", timeout=WHILE_RUNNING)
    expect(reports.get_by_role("log")).to_contain_text("on AGIPD", timeout=WHILE_RUNNING)
    screenshot(page, "batch-live-cell")


def compare(page, reports, set_theme, screenshot):
    rows = rows_of(reports)
    expect(rows.first).to_contain_text("clen = 0.25 mm · hits = 250")
    reports.get_by_label("Order").select_option("by clen")
    reports.get_by_role("button", name="Largest first").click()
    expect(rows.first).to_contain_text("clen = 0.75 mm")
    reports.get_by_label("Search").fill("run = 2")
    expect(rows).to_have_count(2)
    for row in (rows.nth(0), rows.nth(1)):
        row.get_by_role("checkbox").check()
    screenshot(page, "batch-two-chosen")
    reports.get_by_role("button", name="Compare", exact=True).click()
    pair = page.frame_locator("iframe[title^='Two jobs']")
    expect(pair.get_by_text("hits").first).to_be_visible()
    screenshot(page, "batch-two-jobs")
    assert page.locator("iframe[title^='Two jobs']").get_attribute("sandbox") == "allow-scripts"
    reports.get_by_role("button", name="Comparison", exact=True).click()
    comparison = page.frame_locator(COMPARISON)
    expect(comparison.get_by_text("min_snr").first).to_be_visible()
    screenshot(page, "batch-comparison")
    set_theme("JupyterLab Dark")
    page.locator("#jupyterlab-splash").wait_for(state="detached")  # which covers the page for a second or two
    expect(comparison.locator("body")).to_have_css("background-color", "rgb(26, 26, 26)")
    screenshot(page, "batch-comparison-dark")
    comparison.get_by_role("button", name="0004").click()  # the row's report, in a tab of its own
    report = page.frame_locator("iframe[title^=Report]")
    expect(report.get_by_text("run 2 on AGIPD")).to_be_visible()
    set_theme("JupyterLab Light")


def come_back_to_the_comparison(page, jobs):
    """Its tab is behind another while a job changes."""
    (status,) = jobs.glob("*/*.0006/status.json")
    status.write_text(json.dumps({**json.loads(status.read_text()), "state": "failed", "message": "no peaks"}))
    page.get_by_role("tab", name="Counting hits (6 jobs)").click()
    expect(page.frame_locator(COMPARISON).get_by_text("6 jobs: 5 done, 1 failed")).to_be_visible()


def rows_of(reports):
    return reports.get_by_role("list", name="Jobs of Counting hits").get_by_role("listitem")


def test_what_is_refused_of_a_batch_is_said_beside_its_input(page, reports, screenshot):
    form = open_batch_form(reports)
    form.get_by_label("Runs", exact=True).fill("5-3")
    vary(form, "min_snr", "4, 99")
    form.get_by_role("button", name="Run batch").click()
    expect(form.get_by_text("runs: got 5-3, which ends before it begins")).to_be_visible()
    expect(form.get_by_text("min_snr: got 99, allowed 2 … 15 σ")).to_be_visible()
    expect(form.get_by_label("Runs", exact=True)).to_be_focused()
    screenshot(page, "batch-refused")
    form.get_by_label("Runs", exact=True).fill("998-1001")  # only the server looks at each run
    form.get_by_label("min_snr: values").fill("4")
    form.get_by_role("button", name="Preview").click()
    expect(form.get_by_text("run: got 1000, allowed 1 … 999")).to_be_visible()
    expect(reports.get_by_role("listitem").filter(has=page.locator("[data-batch]"))).to_have_count(
        reports.locator("[data-batch]").count()
    )


def test_a_batch_is_run_and_looked_through_by_keyboard_alone(page, reports):
    def tab_to(selector):
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.locator("*:focus").and_(page.locator(selector)).count():
                return
        pytest.fail(f"the focus never comes to {selector}")

    reports.get_by_role("button", name="Counting hits").focus()
    page.keyboard.press("Enter")
    page.get_by_role("form", name="Counting hits").wait_for()
    tab_to("summary:has-text('Run as batch')")
    page.keyboard.press("Enter")
    reports.get_by_label("Run on").wait_for()
    tab_to("[id$='batch:runs']")
    page.keyboard.type("7-9")
    tab_to("[id$='-vary']")
    page.keyboard.press("End")
    expect(reports.get_by_label("Vary", exact=True)).to_have_value("detector")
    tab_to("button:has-text('Add')")
    page.keyboard.press("Enter")
    expect(reports.get_by_label("AGIPD")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    expect(reports.get_by_role("form").get_by_text("6 jobs")).to_be_visible()
    reports.get_by_label("Runs", exact=True).press("Enter")  # a look at the plan, not a report
    expect(page.get_by_role("dialog").get_by_role("row")).to_have_count(7)
    expect(page.get_by_role("dialog").get_by_role("button", name="Run batch")).to_be_focused()
    page.keyboard.press("Enter")
    expect(newest(reports).get_by_text("detector: AGIPD, JUNGFRAU")).to_be_visible()
    tab_to("[data-batch] button:has-text('Open')")
    page.keyboard.press("Enter")
    expect(reports.get_by_role("button", name="All jobs")).to_be_focused()
    reports.locator(".pt-Row input").first.wait_for()
    tab_to(".pt-Row input")
    page.keyboard.press("Space")
    page.keyboard.press("End")
    expect(reports.locator("[data-row='5'] button").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(reports.locator("[data-row='4'] button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(reports.locator("[data-row='4']").get_by_role("button", name="Log")).to_be_visible()
    expect(reports.get_by_role("group", name="Comparison of two jobs")).to_contain_text("run = 7")
    reports.get_by_role("button", name="All jobs").press("Enter")
    expect(newest(reports).get_by_role("button", name="Open")).to_be_focused()


def write_ended(folder, number):
    """Let a job look as if it had run: most to their end, some not."""
    state = "failed" if number % 7 == 3 else "done"
    message = "ValueError: no peaks in any frame" if state == "failed" else ""
    status = json.loads((folder / "status.json").read_text())
    (folder / "status.json").write_text(json.dumps({**status, "state": state, "message": message, "finished": 2.0}))
    if state == "done":
        (folder / "metrics.json").write_text(json.dumps({"hits": number * 37 % 1000, "index_rate": 0.25}))


@pytest.fixture
def thousands(batch_lab):
    """A batch of 1,000 jobs, and 1,000 jobs by themselves, that have ended."""

    class Idle(executor_class("local")):
        def start(self, jobs):
            """Leave them."""

    template = batch_lab.root / "templates" / "hits.ipynb"
    plan = plan_batch(template, runs="1-500", grid={"min_snr": [4, 5]}, root=batch_lab.jobs, executor=Idle())
    batch = plan.submit()
    for number, job in enumerate(batch.jobs()):
        write_ended(job.folder, number)
    for number in range(1000):
        folder = batch_lab.jobs / f"20200101-{number:06d}-hits-old"
        folder.mkdir(parents=True)
        record = {"template": {"name": "hits", "title": "Counting hits"}, "parameters": {"run": number}}
        (folder / "job.json").write_text(json.dumps(record))
        (folder / "status.json").write_text(json.dumps({"state": "done", "submitted": 1.6e9 + number}))
    return batch


@pytest.mark.usefixtures("thousands")
def test_thousands_of_jobs_are_scrolled_fluidly_and_picked_from(page, reports, set_theme, screenshot):
    batch = newest(reports)
    expect(batch.get_by_text("1000 jobs")).to_be_visible()
    screenshot(page, "batch-list")
    singles = page.evaluate(SCROLL, 100)
    page.locator(".pt-Scroll").evaluate("node => node.scrollTo(0, 0)")
    batch.get_by_role("button", name="Open").click()
    rows = rows_of(reports)
    expect(rows.first).to_contain_text("run = 1, min_snr = 4")
    jobs = page.evaluate(SCROLL, 240)
    for seen in (singles, jobs):
        assert seen["rows"] < 200, seen
        assert seen["top"] > 10_000, seen
        assert sum(seen["long"]) < 1500, seen  # ms of tasks above 50 ms, on a machine that may be busy
    expect(rows.and_(page.locator("[data-row='999']"))).to_contain_text("run = 500, min_snr = 5")
    reports.get_by_label("State", exact=True).select_option("failed")
    expect(rows.and_(page.locator("[data-row='0']"))).to_contain_text("no peaks in any frame")
    expect(rows.and_(page.locator("[data-row='0']"))).to_be_in_viewport()
    assert rows.first.get_attribute("aria-setsize") == "143"
    rows.nth(1).get_by_role("button").first.click()
    rows.nth(0).get_by_role("checkbox").check()
    assert reports.evaluate(FITS_IN, 220), "no scrolling sideways"
    for theme in THEMES:
        set_theme(theme)
        screenshot(page, f"batch-jobs-{theme.split()[1].lower()}")
        assert serious(page, "#pulsetrain-reports") == []


def test_form_and_preview_of_a_batch_keep_nobody_out(page, reports, set_theme, screenshot):
    form = open_batch_form(reports)
    vary(form, "min_snr", "1")
    form.get_by_label("Vary", exact=True).select_option("detector")
    form.get_by_role("button", name="Add").click()
    form.get_by_label("AGIPD").check()
    assert reports.evaluate(FITS_IN, 220), "no scrolling sideways"
    for theme in THEMES:
        set_theme(theme)
        screenshot(page, f"batch-form-{theme.split()[1].lower()}")
        assert serious(page, "#pulsetrain-reports") == []
    form.get_by_label("min_snr: values").fill("4:6:0.5")
    form.get_by_role("button", name="Preview").click()
    page.get_by_role("dialog").get_by_role("table").wait_for()
    for theme in THEMES:
        set_theme(theme)
        screenshot(page, f"batch-preview-{theme.split()[1].lower()}")
        assert serious(page, ".pt-PlanDialog") == []
    page.get_by_role("button", name="Back to the form").click()
