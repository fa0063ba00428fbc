"""The panel of reports: real jobs from form to comparison, driven from the kernel's own thread as in a notebook."""

from __future__ import annotations

import asyncio
import html
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import ipywidgets
import nbformat
import pytest

from pulsetrain.options import OptionError, Options, option
from pulsetrain.panels import ReportsPanel
from pulsetrain.panels._reports_form import ParameterForm
from pulsetrain.panels._reports_list import EntryList, cells_of, table_html
from pulsetrain.panels._reports_over import over_words
from pulsetrain.panels._reports_watch import Entry, Watch
from pulsetrain.panels._reports_words import details_html, frame_html
from pulsetrain.reports import Batch, Job, JobError, list_batches, list_jobs, read_parameters

HOSTILE = "\"'></script><script>alert(1)</script><img src=x onerror=alert(2)>&"
PARAMETERS = """from typing import Literal
steps: int = 3  # How many steps. {1 .. 10}
width: float = 0.5  # Of each. [mm] {0 .. 2}
kind: Literal["a", "b"] = "a"
deep: bool = False
path: str = ""
sizes: list[int] = [1, 2]
start: float = 2 * 3.0
name: str"""
OPTIONAL = """from typing import Literal
detrend: bool | None = None
centred: bool | None = True
deep: bool = bool(0)
kept: bool
kind: Literal["a", "b"] | None = None
cut: float | None = None
top: int | None = 5
title: str | None = None"""
TRIAL = """from pathlib import Path
from pulsetrain.reports import show_metrics
again = Path(str(steps) + ".seen")
if steps == 4 and not again.exists():
    again.touch()
    raise ValueError("the first time")
print("wrote", steps)
show_metrics({"square": steps**2})"""


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})


@pytest.fixture
def template(tmp_path):
    """Write a template and return its path."""

    def write(*sources: str, parameters: str = "steps: int = 3  # How many. {1 .. 10}", name: str = "trial") -> Path:
        folder = tmp_path / "own"
        folder.mkdir(exist_ok=True)
        cells = [code(parameters, "parameters"), *map(code, sources)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
        return folder / f"{name}.ipynb"

    return write


@pytest.fixture
def root(tmp_path):
    """Folder of jobs; whatever still runs there at the end is ended."""
    folder = tmp_path / "jobs"
    yield folder
    for batch in list_batches(folder):
        batch.stop()
    for job in list_jobs(folder):
        job.stop(timeout=5)


@pytest.fixture
def form():
    """A form for all kinds of parameters."""
    model = read_parameters({"cells": [code(PARAMETERS, "parameters")]})
    made = ParameterForm(model, vary=True)
    yield made
    made.close()


@pytest.fixture
def optional():
    """A form for parameters of which most can be None."""
    made = ParameterForm(read_parameters({"cells": [code(OPTIONAL, "parameters")]}))
    yield made
    made.close()


def in_a_kernel(work: Callable[[], Awaitable[None]]) -> None:
    """Run a test on an event loop, as a notebook's cell is."""
    asyncio.run(work())


async def until(true: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.05)


async def ended(panel: ReportsPanel) -> None:
    await until(lambda: bool(panel.entries) and all(entry.ended for entry in panel.entries))


def said(form: ParameterForm, name: str) -> str:
    return html.unescape(re.sub("<[^>]*>", "", form._words[name].value))


def test_a_field_has_the_kind_help_unit_and_bounds_of_its_parameter(form):
    assert form.fields["width"].description == "width (mm)"
    assert said(form, "width") == "Of each. 0 … 2"
    assert form.fields["kind"].options == (("a", "a"), ("b", "b"))
    assert form.fields["deep"].options == (("yes", True), ("no", False))
    assert form.fields["start"].placeholder == "2 * 3.0"
    assert form.fields["name"].placeholder == "required"
    assert form.fields["sizes"].value == "[1, 2]"


def test_only_what_was_changed_is_given_and_in_its_own_type(form):
    assert form.values == {}
    for name, text in {"steps": "7", "width": "1", "sizes": "[3]", "start": "1.5", "name": "7"}.items():
        form.fields[name].value = text
    form.fields["deep"].value = True
    assert form.values == {"steps": 7, "width": 1.0, "deep": True, "sizes": [3], "start": 1.5, "name": "7"}
    assert isinstance(form.values["width"], float)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("steps", "99", "got 99, allowed 1 … 10"),
        ("steps", "x", "got 'x', allowed a whole number (1 … 10)"),
        ("sizes", "[1, 'a']", "got 'a', allowed a list of whole numbers"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_refused(form, name, text, words):
    form.fields[name].value = text
    assert words in said(form, name)
    assert 'role="alert"' in form._words[name].value
    with pytest.raises(OptionError, match=name):
        _ = form.values
    form.fields[name].value = form._default_text(name)
    assert words not in said(form, name)


def labels(form: ParameterForm, name: str) -> list[str]:
    return [label for label, _ in form.fields[name].options]


def test_what_can_be_yes_no_or_none_is_chosen_from_a_list_that_shows_its_default(optional):
    assert labels(optional, "detrend") == labels(optional, "centred") == ["not set", "yes", "no"]
    assert labels(optional, "deep") == ["bool(0)", "yes", "no"]
    assert labels(optional, "kept") == ["required", "yes", "no"]
    assert labels(optional, "kind") == ["not set", "a", "b"]
    shown = {name: field.label for name, field in optional.fields.items() if isinstance(field, ipywidgets.Dropdown)}
    assert shown == {"detrend": "not set", "centred": "yes", "deep": "bool(0)", "kept": "required", "kind": "not set"}
    assert optional.values == {}
    for name, label in {"detrend": "no", "centred": "not set", "deep": "no", "kept": "no", "kind": "b"}.items():
        optional.fields[name].label = label
    found = {"detrend": False, "centred": None, "deep": False, "kept": False, "kind": "b"}
    assert optional.values == found
    optional.set({})
    assert optional.values == {}
    optional.set(found)
    assert optional.values == found


def test_nothing_typed_is_none_where_that_is_a_value(optional):
    assert (optional.fields["cut"].value, optional.fields["cut"].placeholder) == ("", "not set")
    optional.fields["top"].value = ""
    optional.fields["title"].value = ""
    assert optional.values == {"top": None, "title": ""}
    optional.fields["cut"].value = "x"
    assert said(optional, "cut") == "got 'x', allowed a number or None (empty) "
    optional.set({"top": None, "cut": 2.5})
    assert optional.values == {"top": None, "cut": 2.5}


def test_a_parameter_that_is_varied_takes_several_values(form):
    form._ticks["width"].value = True
    form._several["width"].value = "0.5:1.5:0.5"
    assert form.grid == {"width": [0.5, 1.0, 1.5]}
    assert "width" not in form.values
    form._several["width"].value = "1, 5"
    assert "allowed 0 … 2" in said(form, "width")
    with pytest.raises(OptionError, match="width"):
        _ = form.grid


def test_a_form_is_filled_with_values_and_a_grid_and_gives_them_back(form):
    values = {"steps": 4, "kind": "b", "deep": True, "name": "x", "sizes": [9]}
    form.set(values, {"width": [0.1, 0.2]})
    assert form.values == values
    assert form.grid == {"width": [0.1, 0.2]}
    form.set({})
    assert form.values == form.grid == {}


def test_words_of_a_template_are_text():
    class Bad(Options):
        field: int = option(1, HOSTILE, ge=0)

    made = ParameterForm(Bad)
    made.show([f"field: {HOSTILE}"])
    assert "<script" not in made._words["field"].value
    assert "<img" not in made._words["field"].value
    made.close()


def test_a_preview_lists_the_jobs_and_writes_nothing(template, root):
    async def work() -> None:
        panel = ReportsPanel(root)
        panel.new.choose(template(), {"steps": 2})
        panel.new.choose(template(), {}, grid={"steps": [3, 4]})
        panel.new.show_plan()
        panel.wait()
        assert "2 jobs" in panel.new.words.value
        assert "steps = 3" in panel.new.words.value
        assert "pulsetrain.reports" in panel.new.words.value  # what will be started
        panel.close()

    in_a_kernel(work)
    assert not root.exists()


def test_a_preview_goes_as_soon_as_a_field_says_something_else(template, root):
    async def work() -> None:
        panel = ReportsPanel(root)
        new = panel.new
        new.choose(template(), {"steps": 2})
        new.preview.click()
        panel.wait()
        assert "1 job" in new.words.value
        new.form.fields["steps"].value = "99"
        assert new.words.value == new.task.text == ""
        new.preview.click()
        assert new.task.text == "steps: got 99, allowed 1 … 10"
        assert new.words.value == ""
        new.form.fields["steps"].value = "9"
        assert new.task.text == ""  # the refusal goes with what was refused
        new.preview.click()
        new.runs.value = "3-4"  # while it is planned
        panel.wait()
        assert new.words.value == ""
        assert "changed meanwhile" in new.task.text
        panel.close()

    in_a_kernel(work)


def test_what_the_plan_refuses_is_said_beside_the_field_and_writes_nothing(template, root):
    async def work() -> None:
        panel = ReportsPanel(root)
        panel.new.choose(template(parameters="name: str  # Whose.\nsteps = 3"), {})
        panel.new.run()
        panel.new.task.wait()
        assert "missing" in said(panel.new.form, "name")
        panel.new.runs.value = "10-9"
        panel.new.run()
        panel.new.task.wait()
        assert "ends before it begins" in panel.new.task.text
        panel.close()

    in_a_kernel(work)
    assert not root.exists()


def test_a_batch_is_run_followed_compared_and_its_failed_job_run_again(template, root):
    async def work() -> None:
        panel = ReportsPanel(root, [template(TRIAL).parent])
        panel.new.choose(template(TRIAL), {}, grid={"steps": [3, 4]})
        panel.new.task.button.click()
        await until(lambda: len(panel.list.chosen) == 1)
        await ended(panel)  # the thread looks, nobody asks
        (entry,) = panel.entries
        assert (entry.state, entry.counts) == ("failed", {"done": 1, "failed": 1})

        panel.task.button.click()
        panel.task.wait()
        frame = panel._form._page.children[0].value
        assert 'sandbox="allow-scripts"' in frame
        assert "href" not in frame.partition("srcdoc")[2]
        assert (entry.item.folder / "comparison.html").is_file()

        panel.enter()
        await until(lambda: len(panel.entries) == 2)
        first, second = panel.entries
        assert (first.state, first.values) == ("done", {"steps": 3})
        assert "the first time" in second.message
        panel.list.choose(first.id)
        assert "wrote 3" in panel._form.details.value
        panel.list.choose(first.id, second.id)
        assert not panel._form.compare.disabled
        panel.compare()
        panel.wait()
        assert "Two jobs side by side" in panel._form._page.children[0].value

        panel.list.choose(second.id)
        panel.resume()
        panel.wait()
        await until(lambda: [each.state for each in panel.entries] == ["done", "done"])

        panel.enter()
        await until(lambda: len(panel.entries) == 1)
        panel.list.choose(entry.id)
        panel.new.choose(template(TRIAL), {})
        panel.again()
        assert panel.new.form.grid == {"steps": [3, 4]}
        panel.close()

    in_a_kernel(work)


def recorded(folder: Path, state: str, **record: object) -> None:
    """Write a job as it lies on disk."""
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps(record))
    (folder / "status.json").write_text(json.dumps({"state": state, "version": 1, "cells": 3, "cell": 3}))


def test_a_batch_says_what_it_goes_over_and_how_its_jobs_stand(tmp_path):
    for number, state in enumerate(["failed", "done", "done"]):
        recorded(tmp_path / f"b/b.{number}", state, batch="b", varied={"snr": number})
    record = {
        "jobs": ["b.0", "b.1", "b.2"],
        "template": {"title": "Peaks"},
        "runs": "10-25, 31",
        "grid": {"snr": [4.0, 5.5], "step": list(range(12)), "line": [None, True]},
        "values": {"panel": 3},
        "submitted": 1.79e9,
    }
    (tmp_path / "b/batch.json").write_text(json.dumps(record))
    (entry,) = Watch(tmp_path, lambda _: None).look()
    over = "runs 10-25, 31 × snr 4, 5.5 × step 0, 1 … 11 (12 values) × line None, True"
    cells = cells_of(entry)
    assert cells["what"] == f"{over} · 2 done, 1 failed"
    assert cells["when"].startswith(time.strftime("%d %b %H:", time.localtime(1.79e9)))
    said = details_html(entry)
    assert "<b>Peaks</b>: 2 done, 1 failed<br>" in said
    assert "failed 2 done" not in said
    assert "<td>step</td><td>0, 1 … 11 (12 values)</td>" in said
    assert "<td>panel</td><td>3</td>" in said


def test_what_a_batch_goes_over_is_read_from_any_record():
    assert over_words({"runs": [1], "grid": {"a": 3, "b": []}}) == "a 3 × b"
    assert over_words({"runs": "", "grid": ["a"]}) == over_words({}) == ""


def test_a_job_shows_its_measures_with_their_units(tmp_path):
    recorded(tmp_path / "one", "done", parameters={"steps": 4}, template={"title": "Peaks"})
    metrics = {
        "rate": 0.41666666,
        "hits": 12,
        "fit": {"clen": {"value": 0.12345678, "unit": "m"}},
        "lost": "nan",
        "cell": "lysozyme",
        **{f"m{number}": number for number in range(20)},
    }
    (tmp_path / "one/metrics.json").write_text(json.dumps(metrics))
    (entry,) = Watch(tmp_path, lambda _: None).look()
    assert cells_of(entry)["what"] == "steps = 4"
    said = details_html(entry)
    for name, text in {"rate": "0.4167", "hits": "12", "fit.clen": "0.1235 m", "lost": "NaN", "steps": "4"}.items():
        assert f"<td>{name}</td><td>{text}</td>" in said
    assert "and 5 more, in its report" in said


def test_the_list_is_filled_however_soon_the_folder_answers(tmp_path):
    recorded(tmp_path / "b/b.0", "done", batch="b")
    (tmp_path / "b/batch.json").write_text('{"jobs": ["b.0"]}')
    panel = ReportsPanel(tmp_path)
    panel._watch.close()
    panel._watch.wake = lambda: panel._take(panel._watch.look())  # at once, as from another thread
    panel.look()
    panel.list.choose("b")
    panel.enter()
    assert [entry.id for entry in panel.entries] == ["b.0"]
    panel.enter()
    assert [entry.id for entry in panel.entries] == ["b"]
    panel.close()


def test_a_job_is_run_by_itself_and_stopped(template, root):
    async def work() -> None:
        panel = ReportsPanel(root)
        panel.new.choose(template("import time\nprint('here', flush=True)\ntime.sleep(60)"), {"steps": 5})
        panel.new.run()
        panel.wait()
        await until(lambda: len(panel.list.chosen) == 1)
        (job,) = panel.entries
        assert isinstance(job.item, Job)
        await until(lambda: "here" in panel._form.details.value)
        assert "at work now" in panel._form.details.value
        with pytest.raises(JobError, match="tick 2"):
            panel.compare()
        panel._form.stop.click()
        panel.wait()
        await ended(panel)
        assert panel.entries[0].state == "stopped"
        assert panel._form.stop.disabled
        assert not panel._form.resume.disabled
        panel.open()  # the partial report
        assert "Stopped before the end" in html.unescape(panel._form._page.children[0].value)
        panel.again()
        assert panel.new.form.values == {"steps": 5}
        panel.close()

    in_a_kernel(work)


def test_any_notebook_is_a_template_by_its_path(template, root):
    panel = ReportsPanel(root)
    path = template(name="mine")
    panel.new.path.value = str(path.parent)
    assert panel.new.template.value == path
    panel.new.path.value = "/nowhere"
    assert "no notebook" in panel.new.task.text or "neither a notebook" in panel.new.task.text
    panel.close()


def many(number: int) -> list[Entry]:
    states = ("done", "failed", "queued")
    return [
        Entry(Job(Path(f"/jobs/{k:05d}")), f"Trial {k}", states[k % 3], "no peaks" if k % 3 == 1 else "", 1, 2)
        for k in range(number)
    ]


def test_thousands_of_jobs_are_pages_and_no_more_widgets_than_ten():
    found = EntryList(lambda: None)
    before = len(ipywidgets.widgets.widget._instances)
    found.update(many(5000))
    assert len(ipywidgets.widgets.widget._instances) == before
    assert found.count.value.startswith('<span role="status">1–10 of 5000')
    found.on.click()
    assert found._boxes[0].description == "Trial 10"
    found._boxes[0].value = True
    found.search.value = "peaks trial 4"
    found.state.value = "failed"
    assert {entry.state for entry in found.shown} == {"failed"}
    assert all("4" in entry.title for entry in found.shown)
    assert [entry.title for entry in found.chosen] == ["Trial 10"]  # ticked on a page that is filtered out
    found.order.value = "reversed"
    assert found.shown[0].id > found.shown[-1].id


def test_a_list_of_thousands_is_filtered_between_two_frames():
    found = EntryList(lambda: None)
    found.update(many(5000))
    began = time.process_time()
    found.search.value = "trial 77"
    assert time.process_time() - began < 1.0


def test_what_jobs_say_is_text_in_list_details_and_saved_table(tmp_path):
    job = Job(tmp_path / "x")
    job.folder.mkdir()
    (job.folder / "log.txt").write_text(HOSTILE, encoding="utf-8")
    entry = Entry(job, HOSTILE, "failed", HOSTILE, 1, 2, values={HOSTILE: HOSTILE})
    found = EntryList(lambda: None)
    found.update([entry])
    for text in (found._texts[0].value, details_html(entry), table_html([entry]), frame_html(HOSTILE, HOSTILE)):
        assert "<script" not in text
        assert "<img" not in text


def test_a_page_is_shown_in_a_frame_that_reaches_nothing():
    frame = frame_html("<p>x</p>", "report")
    assert re.search(r'sandbox="([^"]*)"', frame).group(1) == "allow-scripts"


def test_looking_slows_down_while_nothing_changes_and_stops_when_closed(tmp_path):
    looks: list[float] = []

    class Counted(Watch):
        def look(self) -> list[Entry]:
            looks.append(time.monotonic())
            return super().look()

    watch = Counted(tmp_path, lambda _: None)
    watch.start()
    time.sleep(2.2)
    pauses = [after - before for before, after in pairwise(looks[1:])]
    assert 2 <= len(looks) <= 5
    assert pauses == sorted(pauses)
    count = len(looks)
    watch.wake()
    time.sleep(0.3)
    assert len(looks) == count + 1
    watch.close()
    assert not watch.alive


def test_a_batch_that_has_ended_is_not_read_again_and_again(tmp_path, monkeypatch):
    folder = tmp_path / "b"
    for number in range(3):
        job = folder / f"b.{number}"
        job.mkdir(parents=True)
        (job / "job.json").write_text("{}")
        (job / "status.json").write_text('{"state": "done", "version": 1}')
    (folder / "batch.json").write_text('{"jobs": ["b.0", "b.1", "b.2"]}')
    read: list[Path] = []
    real = Job.status.fget
    monkeypatch.setattr(Job, "status", property(lambda job: read.append(job.folder) or real(job)))
    watch = Watch(tmp_path, lambda _: None)
    (entry,) = watch.look()
    assert (entry.state, entry.done, entry.total) == ("done", 3, 3)
    assert isinstance(entry.item, Batch)
    seen = len(read)
    watch.look()
    assert len(read) == seen


def test_a_damaged_job_or_batch_hides_no_other_one(tmp_path):
    for name, status in (("whole", {}), ("later", {"started": 1e300, "eta": 10**400}), ("torn", {"pid": "x"})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.json").write_text("{}")
        (tmp_path / name / "status.json").write_text(json.dumps({"version": 1, "state": "running"} | status))
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "batch.json").write_text('{"template": {"name": ["deep", {"er": 1}]}, "submitted": 1e999}')
    found = {entry.id: entry for entry in Watch(tmp_path, lambda _: None).look()}
    assert set(found) == {"whole", "later", "torn", "batch"}
    assert found["later"].message == found["torn"].message == "status.json is not one of ours"


def test_the_list_goes_on_after_one_that_could_not_be_told(tmp_path, caplog):
    told: list[list[Entry]] = []

    def tell(entries: list[Entry]) -> None:
        told.append(entries)
        if len(told) == 1:
            raise ValueError("a widget that is closing")

    watch = Watch(tmp_path, tell)
    watch.start()
    end = time.monotonic() + 20
    while len(told) < 2:
        assert watch.alive
        assert time.monotonic() < end
        time.sleep(0.05)
        watch.wake()
    watch.close()
    assert "cannot be listed; trying again" in caplog.text


def test_the_panel_needs_no_extension_beside_that_of_ipywidgets(template, root):
    before = set(ipywidgets.widgets.widget._instances)
    panel = ReportsPanel(root)
    panel.new.choose(template(parameters=PARAMETERS), {}, grid={"steps": [1, 2]})
    panel._form.show("<p>x</p>", "x")
    made = [widget for key, widget in ipywidgets.widgets.widget._instances.items() if key not in before]
    assert {widget._model_module for widget in made} == {"@jupyter-widgets/base", "@jupyter-widgets/controls"}
    panel.close()


def test_closing_ends_the_thread_and_leaves_no_widget_behind(template, root):
    threads, before = threading.active_count(), set(ipywidgets.widgets.widget._instances)
    panel = ReportsPanel(root)
    panel.new.choose(template(), {}, grid={"steps": [1, 2]})
    assert panel.following
    panel.close()
    assert threading.active_count() == threads
    assert set(ipywidgets.widgets.widget._instances) == before
