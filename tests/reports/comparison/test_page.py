"""The page of a comparison: it opens anywhere, loads nothing, and no job can put anything into it."""

from __future__ import annotations

import os
import re
import threading
import time
from urllib.parse import unquote

import numpy as np
import pytest
from tests.reports.comparison.jobs import HOSTILE, Page, cell, grid, notebook, page_of, png, write

from pulsetrain._shared_files import take_lock
from pulsetrain.reports import Job, compare_jobs, comparison_table, plan_batch, write_comparison
from pulsetrain.reports import _comparison_plots as drawing
from pulsetrain.reports._comparison_rows import compared
from pulsetrain.reports.comparison import comparison_page
from pulsetrain.reports.status import Status


def test_nothing_that_jobs_hold_becomes_markup(batch):
    job = {"parameters": {HOSTILE: HOSTILE}, "metrics": {HOSTILE: HOSTILE, "n": {"value": 1, "unit": HOSTILE}}}
    bad = {"parameters": {HOSTILE: 2}, "message": HOSTILE}
    about = {"template": {"title": HOSTILE, "path": HOSTILE}, "provenance": {"command": HOSTILE}}
    found = batch(job, bad, {**job, "metrics": {"n": {"value": 2, "unit": HOSTILE}}}, varied=[HOSTILE], **about)
    page = page_of(found)
    assert len(page.named("script")) == 1
    assert all((image["src"] or "").startswith("data:image/png") for image in page.named("img"))
    assert page.text.count(HOSTILE) >= 8
    pair = Page(compare_jobs(*found.jobs()[:2]))
    assert pair.named("script") == pair.named("img") == []


def test_the_page_loads_nothing_and_runs_its_own_script_alone(batch):
    found = grid(batch, range(1, 4), [4.0, 5.0], lambda run, snr: {"rate": run * snr})
    page = page_of(found)
    policy = next(a["content"] or "" for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    nonce = re.search(r"script-src 'nonce-([\w-]{16,})'", policy)
    assert nonce is not None
    assert "default-src 'none'" in policy
    assert [script.get("nonce") for script in page.named("script")] == [nonce.group(1)]
    loaded = [a.get(name) for tag, a in page.tags if tag != "a" for name in ("src", "srcset", "href") if a.get(name)]
    assert all((source or "").startswith("data:") for source in loaded)
    assert nonce.group(1) not in comparison_page(found)


def test_links_lead_to_the_reports_that_are_there(batch):
    found = batch({"parameters": {"run": 1}, "metrics": {}}, {"parameters": {"run": 2}}, name="b ü#?")
    links = [link["href"] or "" for link in page_of(found).named("a")]
    assert links == ["b%20%C3%BC%23%3F.0001/report.html", "comparison.csv"]
    assert all((found.folder / unquote(link)).is_file() for link in links)


def test_a_page_that_lies_elsewhere_names_the_jobs_with_a_report_and_has_no_links(batch):
    found = batch({"parameters": {"run": 1}, "metrics": {}}, {"parameters": {"run": 2}})
    page = Page(comparison_page(found, links=False))
    assert page.named("a") == []
    assert [head["data-job"] for head in page.named("th") if "data-job" in head] == ["b.0001"]


def test_failed_jobs_say_why_and_are_counted(batch):
    found = grid(batch, range(1, 4), [4.0], lambda run, _: {"rate": run} if run != 2 else None)
    page = page_of(found)
    assert "3 jobs: 2 done, 1 failed" in page.text
    assert page.row("0002")[2] == "failedno peaks"
    assert page.row("b.0002") == ["b.0002", "failed: no peaks"]
    (plot,) = drawing.plots(compared(found))
    assert plot.remarks == ("1 ended without a finite value (×)",)
    assert plot.words == "rate over run, 2 jobs, from 1 to 3"


def test_page_says_as_of_when_it_is_and_how_many_jobs_had_not_ended(batch):
    found = grid(batch, range(1, 5), [4.0], lambda run, _: {"rate": run})
    Status("queued", "waiting").write(found.jobs()[2].folder / "status.json")
    Status("queued", "waiting").write(found.jobs()[3].folder / "status.json")
    now = time.time()
    said = re.search(r"as of (\d{4}-\d\d-\d\d \d\d:\d\d), 2 jobs still queued", page_of(found).text)
    assert said is not None
    assert abs(time.mktime(time.strptime(said.group(1), "%Y-%m-%d %H:%M")) - now) <= 90


def test_of_two_writers_the_second_looks_at_the_jobs_once_the_first_is_through(batch):
    found = grid(batch, range(1, 3), [4.0], lambda run, _: {"rate": run} if run == 1 else None)
    lock = take_lock(found.folder / ".comparison.lock")
    assert lock is not None
    second = threading.Thread(target=write_comparison, args=(found,))
    second.start()
    time.sleep(0.2)
    Status("done", started=1.0, finished=2.0).write(found.jobs()[1].folder / "status.json")
    assert not (found.folder / "comparison.html").exists()
    os.close(lock)  # as the end of a process does, however it comes
    second.join(30)
    assert "2 jobs: 2 done" in (found.folder / "comparison.html").read_text(encoding="utf-8")


def test_long_texts_are_unfolded_from_their_beginning(batch):
    words, message = "ab" * 18_000, f"FileNotFoundError: /gpfs/{'folder/' * 60}end"
    jobs = [{"parameters": {"words": words, "path": f"{words}{run}"}, "message": message} for run in (1, 2)]
    page = page_of(batch(*jobs, varied=["path"]))
    assert "ab… (36,000 characters)" in page.row("words")[1]
    assert len(page.row("words")[1]) > 19_000, "as much as there is room for is behind it"
    assert page.row("0001")[1].startswith(f"{words[:60]}… (36,001 characters)…")
    assert page.row("0001")[2] == f"failed{message[:80]}……{message[80:]}"
    assert len(page.named("summary")) == 6  # the block of what is the same and its value, and two for each job


def test_texts_of_a_thousand_jobs_leave_the_page_below_5_mb(batch):
    jobs = [{"parameters": {"path": f"{run}{'ä' * 3000}"}, "message": "no " * 2000} for run in range(1000)]
    assert write_comparison(batch(*jobs)).stat().st_size < 5_000_000


def test_torn_records_cost_a_row_its_values_and_nobody_else_anything(batch):
    found = batch(*[{"parameters": {"run": run}, "metrics": {"rate": run}} for run in (1, 2, 3)])
    for name in ("job.json", "status.json", "metrics.json", "notebook.ipynb"):
        (found.folder / "b.0002" / name).write_text('{"torn', encoding="utf-8")
    page = page_of(found)
    assert page.row("0002")[2].startswith("dead")
    assert page.row("0003")[-1] == "3"


@pytest.mark.parametrize(
    "text",
    [
        '{"m": ' + "[" * 30 + "]" * 30 + "}",
        '{"m": "\\ud800", "\\udfff": ["\\ud800"]}',
        '{"m": 1.7e308, "n": 5e-324}',
    ],
    ids=["deep", "surrogates", "largest"],
)
def test_metrics_that_no_page_can_show_as_they_are_spoil_no_comparison(batch, text):
    found = grid(batch, range(1, 4), [0.1], lambda run, _: {"m": -1.7e308 / run})
    (found.jobs()[0].folder / "metrics.json").write_text(text, encoding="utf-8")

    assert len(page_of(found).rows) >= 4
    assert write_comparison(found).is_file()
    assert "</html>" in compare_jobs(found.jobs()[0], found.jobs()[1])


def test_a_thousand_jobs_are_compared_within_seconds_on_a_page_below_5_mb(batch):
    jobs = 1000
    found = grid(
        batch, range(200), [3.0, 4.0, 5.0, 6.0, 7.0], lambda run, snr: {f"m{k}": k + run / snr for k in range(8)}
    )
    rng = np.random.default_rng(1)
    fine = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)  # nothing is harder to make small
    write(found.folder / "seen.ipynb", notebook(cell(png(fine))))
    for job in found.jobs():
        job.notebook.unlink()
        job.notebook.hardlink_to(found.folder / "seen.ipynb")
    began = time.process_time()
    path = write_comparison(found)
    assert time.process_time() - began < 20  # half of it, where nothing else is in the way
    assert path.stat().st_size < 5_000_000
    page = Page(path.read_text(encoding="utf-8"))
    pictures = len(page.named("img")) - 8  # one is of each metric
    assert 300 < pictures <= jobs
    if pictures < jobs:
        assert f"Pictures of the first {pictures} jobs only" in page.text


def test_a_real_batch_is_compared_from_its_folders(template, root):
    path = template(
        "from pulsetrain.reports import show_metrics",
        "show_metrics({'square': steps**2, 'share': {'value': 1 / (steps - 2), 'unit': '%'}})",
        parameters="steps = 3  # How many.",
    )
    made = plan_batch(path, grid={"steps": [1, 2, 4]}, root=root).submit()
    made.wait(120)
    table = comparison_table(made)
    assert list(table.steps) == [1, 2, 4]
    assert list(table.state) == ["done", "failed", "done"]
    assert list(table.square.dropna()) == [1, 16]
    page = page_of(made)
    assert page.row("0003")[-2:] == ["16", "0.500"]
    assert "ZeroDivisionError" in page.row("0002")[2]
    assert all((made.folder / (link["href"] or "")).is_file() for link in page.named("a"))
    assert "pulsetrain batch run" in page.text
    assert isinstance(made.jobs()[0], Job)
