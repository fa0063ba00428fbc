"""Lists of thousands of jobs: what they tell, how little they look at, and when queues are asked."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from tests.server.folders import make_batch, make_job

from pulsetrain.reports import Executor, Job, Status, compare_jobs, executors
from pulsetrain.reports._files import identity, this_host
from pulsetrain.server import _known, _queues
from pulsetrain.server.batch_replies import batch_reply, batches_reply
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.job_replies import Pick, jobs_reply, rows_of

BATCH = "20261123-044500-tuning-d4e5f6"
MANY = 1000


@pytest.fixture
def catalogue(tmp_path):
    root = tmp_path.resolve()
    return Catalogue(root=root, jobs_root=root / "jobs", folders=(), shared=(root / "theirs", root / "jobs"))


def listed(catalogue: Catalogue, **pick: Any) -> dict[str, Any]:
    return jobs_reply(rows_of(catalogue.jobs(), catalogue), Pick(**pick), catalogue)


def of_batch(catalogue: Catalogue, **pick: Any) -> list[Any]:
    jobs = catalogue.batch(BATCH).jobs().values()
    found = jobs_reply(rows_of(jobs, catalogue), Pick(**pick), catalogue)["jobs"]
    return [int(job["id"][-4:]) for job in found]


def names(reply: dict[str, Any]) -> list[str]:
    return [job["id"] for job in reply["jobs"]]


def test_a_page_tells_how_many_there_are_in_all_and_in_each_state(catalogue):
    for number in range(25):
        make_job(catalogue.jobs_root, f"job-{number:02d}", "failed" if number % 5 == 0 else "done")
    page = listed(catalogue, offset=3, limit=4)
    assert names(page) == ["job-21", "job-20", "job-19", "job-18"]
    assert (page["total"], page["counts"]) == (25, {"done": 20, "failed": 5})
    failed = listed(catalogue, state="failed", limit=2)
    assert (names(failed), failed["total"]) == (["job-20", "job-15"], 5)
    assert failed["counts"] == page["counts"]
    assert names(listed(catalogue, offset=24, limit=9)) == ["job-00"]
    assert names(listed(catalogue, offset=99)) == names(listed(catalogue, limit=-1)) == []
    assert len(names(listed(catalogue, offset=-5))) == 25


def test_a_search_wants_every_word_somewhere_in_name_title_parameters_or_user(catalogue):
    make_job(catalogue.jobs_root, "a", record={"parameters": {"path": "/gpfs/r0010", "Größe": 5}})
    make_job(catalogue.jobs_root, "b", record={"parameters": {"path": "/gpfs/r0011"}})
    assert names(listed(catalogue, search="R0010 spectra")) == []  # the title is "Shot by shot"
    assert names(listed(catalogue, search="r0010  SHOT ada")) == ["a"]
    assert names(listed(catalogue, search="größe=5")) == ["a"]
    assert names(listed(catalogue, search="/gpfs/")) == ["b", "a"]
    assert listed(catalogue, search="/gpfs/r0011")["counts"] == {"done": 1}


def test_jobs_of_a_batch_are_ordered_by_parameter_metric_and_state(catalogue):
    make_batch(catalogue.jobs_root, BATCH, ["done", "running", "done", "failed", "done"])
    assert of_batch(catalogue) == [1, 2, 3, 4, 5]
    assert of_batch(catalogue, order="-clen") == [5, 4, 3, 2, 1]
    # rates are 0, 4/5 and 3/5; the two that have none come last either way
    assert of_batch(catalogue, order="rate") == [1, 5, 3, 2, 4]
    assert of_batch(catalogue, order="-rate") == [3, 5, 1, 2, 4]
    assert of_batch(catalogue, order="state")[-3:] == [1, 3, 5]
    assert of_batch(catalogue, order="-state")[:3] == [1, 3, 5]
    assert of_batch(catalogue, order="unheard of") == [1, 2, 3, 4, 5]


def test_numbers_are_ordered_as_numbers_and_what_is_no_number_comes_behind_them(catalogue):
    values = [10, 9.5, "mosflm", float("nan"), True, None, {"value": 2, "unit": "m"}, [1], "-inf"]
    make_batch(catalogue.jobs_root, BATCH, ["done"] * len(values))
    for number, value in enumerate(values, start=1):
        folder = catalogue.jobs_root / BATCH / f"{BATCH}.{number:04d}"
        (folder / "metrics.json").write_text(json.dumps({"fit": {"x": value}}))
    assert of_batch(catalogue, order="fit.x") == [9, 5, 7, 2, 1, 8, 3, 4, 6]


def test_a_metric_that_a_parameter_has_the_name_of_is_ordered_by_its_own_value(catalogue):
    make_batch(catalogue.jobs_root, BATCH, ["done"] * 3)
    for number, value in enumerate([0.2, 0.3, 0.1], start=1):
        folder = catalogue.jobs_root / BATCH / f"{BATCH}.{number:04d}"
        (folder / "metrics.json").write_text(json.dumps({"clen": {"value": value, "unit": "m"}}))
    assert of_batch(catalogue, order="clen") == [1, 2, 3]
    assert of_batch(catalogue, order="metrics.clen") == [3, 1, 2]
    assert of_batch(catalogue, order="-metrics.clen") == [2, 1, 3]


def test_a_batch_tells_where_its_jobs_stand_and_when_they_will_be_through(catalogue):
    make_batch(catalogue.jobs_root, BATCH, ["done", "done", "failed", "failed", "queued"])
    (batch,) = batches_reply(catalogue)["batches"]
    assert batch["counts"] == {"done": 2, "failed": 2, "queued": 1}
    assert (batch["total"], batch["varied"], batch["grid"]) == (5, ["clen"], {"clen": [0.1]})
    assert batch["eta"] == pytest.approx(50, abs=1)  # one more, as long as those that are done
    assert batch["comparison"] is True
    assert batch == batch_reply(catalogue.batch(BATCH), catalogue)
    assert names(listed(catalogue)) == []  # the list of single jobs holds none of a batch


def test_a_batch_says_why_most_of_its_jobs_failed(catalogue):
    folder = make_batch(catalogue.jobs_root, BATCH, ["failed"] * 4)
    for number, message in enumerate(["no such run", "no such run", "out of memory", "no such run"], start=1):
        path = folder / f"{BATCH}.{number:04d}" / "status.json"
        replace(Status.read(path), message=message).write(path)
    assert batch_reply(catalogue.batch(BATCH), catalogue)["message"] == "3 × no such run"


def test_a_second_look_at_a_thousand_jobs_opens_no_file_and_costs_milliseconds(catalogue, opened):
    for number in range(MANY):
        make_job(catalogue.jobs_root, f"job-{number:04d}")
    make_batch(catalogue.jobs_root, BATCH, ["done"] * MANY)
    time.sleep(0.3)  # what has just been written is read once more, as clocks of file systems tick

    def look() -> None:
        listed(catalogue, search="job")
        batch_reply(catalogue.batch(BATCH), catalogue)
        of_batch(catalogue, order="-rate")
        batches_reply(catalogue)

    look()
    with opened(catalogue.root) as files:
        start = time.process_time()
        look()
        spent = time.process_time() - start
    assert files == []
    assert spent < 0.3  # s; some 0.05 on an idle machine for these 3 000


def test_what_other_processes_do_is_seen_at_once(catalogue):
    for number in range(3):
        make_job(catalogue.jobs_root, f"job-{number}")
    assert listed(catalogue)["counts"] == {"done": 3}
    make_job(catalogue.jobs_root, "job-3", "failed")
    Status(state="stopped").write(catalogue.jobs_root / "job-0" / "status.json")
    assert listed(catalogue)["counts"] == {"done": 2, "failed": 1, "stopped": 1}
    shutil.rmtree(catalogue.jobs_root / "job-1")
    assert names(listed(catalogue)) == ["job-3", "job-2", "job-0"]
    for number in range(50):  # faster than the clock of the file system, and of one length
        state = ("done", "dead")[number % 2]
        (catalogue.jobs_root / "job-2" / "status.json").write_text(json.dumps({"version": 1, "state": state}))
        assert listed(catalogue)["jobs"][1]["state"] == state


def test_a_job_in_a_batch_that_had_ended_is_seen_to_run_again_when_the_batch_is_asked_for(catalogue):
    folder = make_batch(catalogue.jobs_root, BATCH, ["done", "failed"])
    assert batches_reply(catalogue)["batches"][0]["counts"] == {"done": 1, "failed": 1}
    pid, started = identity()
    running = Status(state="running", host=this_host(), pid=pid, pid_started=started)
    running.write(folder / f"{BATCH}.0002" / "status.json")
    assert batch_reply(catalogue.batch(BATCH), catalogue)["counts"] == {"done": 1, "running": 1}
    assert batches_reply(catalogue)["batches"][0]["counts"] == {"done": 1, "running": 1}


def test_a_job_that_ended_long_ago_and_runs_again_is_seen_within_seconds_and_by_its_name_at_once(
    catalogue, monkeypatch
):
    monkeypatch.setattr(_known, "_PATIENCE", 2.0)
    for name in ("job-1", "job-2"):
        folder = make_job(catalogue.jobs_root, name)
        os.utime(folder / "status.json", times=(time.time() - 3600,) * 2)
    assert listed(catalogue)["counts"] == {"done": 2}
    begun = time.monotonic()
    for name in ("job-1", "job-2"):
        Status(state="queued").write(catalogue.jobs_root / name / "status.json")
    assert rows_of([catalogue.job("job-1")], catalogue)[0][1].state == "queued"
    while listed(catalogue)["counts"] != {"queued": 2}:
        assert time.monotonic() - begun < 3
        time.sleep(0.05)


def test_queued_jobs_whose_starter_has_gone_are_dead(catalogue):
    folder = make_batch(catalogue.jobs_root, BATCH, ["queued"] * 4)
    pid, started = identity()
    for number, begun in ((1, started), (2, started), (3, started - 1000), (4, started - 1000)):
        status = Status(host=this_host(), crew_pid=pid, crew_started=begun)
        status.write(folder / f"{BATCH}.{number:04d}" / "status.json")
    assert batch_reply(catalogue.batch(BATCH), catalogue)["counts"] == {"queued": 2, "dead": 2}


def test_the_table_of_a_batch_tells_of_a_job_that_was_killed_though_no_file_has_changed(catalogue):
    folder = make_batch(catalogue.jobs_root, BATCH, ["done", "running"])
    table = folder / "comparison.csv"

    def states():
        batch = catalogue.batch(BATCH)
        catalogue.comparisons.files(batch, rows_of(batch.jobs().values(), catalogue))
        return [row["state"] for row in csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())]

    with subprocess.Popen(["sleep", "60"]) as runner:
        pid, started = identity(runner.pid)
        running = Status(state="running", host=this_host(), pid=pid, pid_started=started)
        running.write(folder / f"{BATCH}.0002" / "status.json")
        assert states() == ["done", "running"]
        written = table.stat().st_mtime_ns
        assert states() == ["done", "running"]
        assert table.stat().st_mtime_ns == written, "nothing has changed"
        runner.kill()
    assert states() == ["done", "dead"]


def test_a_job_that_was_asked_to_stop_is_stopping(catalogue):
    folder = make_job(catalogue.jobs_root, "job", "queued")
    (folder / "stop").touch()
    assert listed(catalogue)["counts"] == {"stopping": 1}


class Queue(Executor):
    """Counts what it is asked, and knows that job 1 has gone."""

    name = "queue"
    title = "A queue"
    questions: ClassVar[list[int]] = []
    pause: ClassVar[float] = 0.0

    def start(self, jobs: Sequence[Job]) -> None: ...

    def withdraw(self, jobs: Sequence[Job]) -> None: ...

    def script(self, jobs: int, folder: Path) -> str:
        return f"{jobs} in {folder}"

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        self.questions.append(len(jobs))
        time.sleep(self.pause)
        if self.pause < 0:
            raise OSError
        return [
            replace(status, state="dead", message="lost") if job.id.endswith("0001") else replace(status, node="n7")
            for job, status in jobs
        ]


@pytest.fixture
def queue(catalogue, monkeypatch) -> Iterator[type[Queue]]:
    monkeypatch.setitem(executors.EXECUTORS, "queue", f"{__name__}:Queue")
    monkeypatch.setattr(Queue, "questions", [])
    for number in range(3):
        name = f"{BATCH}{number}"
        make_batch(catalogue.jobs_root, name, ["queued"] * 40 + ["done"] * 10)
        for path in (catalogue.jobs_root / name).glob("*/status.json"):
            replace(Status.read(path), executor="queue").write(path)
        for path in (catalogue.jobs_root / name).glob("*/job.json"):
            path.write_text(json.dumps(json.loads(path.read_text()) | {"executor": {"name": "queue"}}))
    return Queue


def test_a_queue_is_asked_once_for_all_batches_and_not_again_for_seconds(catalogue, queue, monkeypatch):
    for batch in batches_reply(catalogue)["batches"]:
        assert batch["counts"] == {"dead": 1, "queued": 39, "done": 10}
    assert queue.questions == [120]
    for batch in catalogue.batches():
        page = jobs_reply(rows_of(batch.jobs().values(), catalogue), Pick(), catalogue)
        assert [job["message"] for job in page["jobs"] if job["state"] == "dead"] == ["lost"]
        assert {job["node"] for job in page["jobs"] if job["state"] == "queued"} == {"n7"}
    assert queue.questions == [120]
    monkeypatch.setattr(_queues, "_FRESH", 0.0)
    batches_reply(catalogue)
    begun = time.monotonic()
    while sum(queue.questions) < 240:  # it is asked meanwhile; the list shows what is known already
        assert time.monotonic() - begun < 10
        time.sleep(0.01)
    assert queue.questions == [120, 120]


def test_a_job_that_has_moved_on_is_not_shown_as_its_queue_knew_it(catalogue, queue):
    batches_reply(catalogue)
    lost = next(catalogue.jobs_root.glob("*0/*.0001"))
    Status(state="stopped", executor="queue").write(lost / "status.json")
    assert rows_of([catalogue.job(lost.name)], catalogue)[0][1].state == "stopped"
    assert queue.questions == [120]


def test_a_queue_that_hangs_holds_up_no_list(catalogue, queue, monkeypatch):
    monkeypatch.setattr(queue, "pause", 2.0)
    start = time.monotonic()
    assert batches_reply(catalogue)["batches"][0]["counts"] == {"queued": 40, "done": 10}
    assert time.monotonic() - start < 1.9
    while batches_reply(catalogue)["batches"][0]["counts"].get("dead", 0) == 0:
        assert time.monotonic() - start < 30
        time.sleep(0.1)
    assert queue.questions == [120]  # nobody asked it a second time meanwhile


def test_a_queue_that_cannot_be_asked_leaves_jobs_as_they_were_written(catalogue, queue, monkeypatch):
    monkeypatch.setattr(queue, "pause", -1.0)
    assert batches_reply(catalogue)["batches"][0]["counts"] == {"queued": 40, "done": 10}


def test_no_queue_is_asked_that_somebody_else_has_named(catalogue, queue, monkeypatch):
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert batches_reply(catalogue)["batches"][0]["counts"] == {"queued": 40, "done": 10}
    assert queue.questions == []


def test_jobs_in_shared_folders_are_shown_and_are_nobodys_here(catalogue):
    make_job(catalogue.jobs_root, "job-1")
    make_job(catalogue.root / "theirs", "job-2")
    make_job(catalogue.root / "theirs", "job-1", "failed")  # one's own of that name hides it
    make_batch(catalogue.root / "theirs", BATCH, ["done"])
    jobs = {job["id"]: job for job in listed(catalogue)["jobs"]}
    assert {name: job["mine"] for name, job in jobs.items()} == {"job-1": True, "job-2": False}
    assert jobs["job-1"]["state"] == "done"
    assert jobs["job-2"]["user"] == "ada"
    assert batch_reply(catalogue.batch(BATCH), catalogue)["mine"] is False
    assert catalogue.job(f"{BATCH}.0001").mine is False


def test_jobs_whose_folder_cannot_be_written_are_nobodys_here():
    with TemporaryDirectory() as folder:  # pytest's own are closed to all but their user
        root = Path(folder).resolve()
        catalogue = Catalogue(root=root, jobs_root=root, folders=())
        for path, mode in ((make_job(root, "open"), 0o777), (make_job(root, "closed"), 0o555), (root, 0o755)):
            path.chmod(mode)
        jobs = [catalogue.job("open"), catalogue.job("closed")]
        assert as_ordinary_user(lambda: [job.mine for job in jobs] == [True, False])


def as_ordinary_user(holds: Callable[[], bool]) -> bool:
    """Return whether something holds for a user whom permissions bind."""
    if os.geteuid() != 0:
        return holds()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setuid(65534)
            code = 0 if holds() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("name", ["status.json", "job.json", "metrics.json"])
def test_a_pipe_among_a_jobs_files_holds_up_nobody(catalogue, name):
    make_job(catalogue.jobs_root, "sound")
    folder = make_job(catalogue.jobs_root, "odd")
    assert len(names(listed(catalogue))) == 2
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    assert "sound" in names(listed(catalogue))
    link = make_job(catalogue.jobs_root, "linked")
    (link / name).unlink(missing_ok=True)
    (link / name).symlink_to(folder / name)
    assert "sound" in names(listed(catalogue))


@pytest.mark.timeout(60)
def test_a_pipe_among_a_batchs_files_holds_up_no_comparison(catalogue):
    folder = make_batch(catalogue.root / "theirs", BATCH, ["done", "done"])
    for place in (folder, folder / f"{BATCH}.0001"):
        for name in ("template.ipynb", "notebook.ipynb", "report.html", "metrics.json", "provenance.json"):
            (place / name).unlink(missing_ok=True)
            os.mkfifo(place / name)
    batch = catalogue.batch(BATCH)
    assert BATCH in catalogue.comparisons.page(batch, rows_of(batch.jobs().values(), catalogue))
    assert f"{BATCH}.0002" in compare_jobs(*(Job(folder / f"{BATCH}.{number:04d}") for number in (1, 2)))


@pytest.mark.parametrize(
    "jobs",
    [None, 5, "x", [None], [[]], ["../outside"], [f"{BATCH}./../../outside"], [f"{BATCH}.linked"], ["a\0b"], [""]],
)
def test_a_batch_whose_record_is_nonsense_or_leads_elsewhere_has_no_jobs(catalogue, jobs):
    outside = make_job(catalogue.root, "outside")
    folder = make_batch(catalogue.jobs_root, BATCH, [], jobs=jobs, grid=5, runs=[], varied=3, executor="x")
    (folder / f"{BATCH}.linked").symlink_to(outside)
    reply = batch_reply(catalogue.batch(BATCH), catalogue)
    assert (reply["total"], reply["counts"], reply["varied"], reply["grid"]) == (0, {}, [], {})
    assert catalogue.job(f"{BATCH}.linked") is None


_watched: list[tuple[str, list[str]]] = []


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _watched and isinstance(arguments[0], str | os.PathLike):
        root, files = _watched[-1]
        if os.fspath(arguments[0]).startswith(root):
            files.append(os.fspath(arguments[0]))


@pytest.fixture(scope="module")
def opened():
    """Tell which files below a folder are opened."""
    sys.addaudithook(_note)

    @contextmanager
    def watch(root: Path) -> Iterator[list[str]]:
        files: list[str] = []
        _watched.append((str(root), files))
        try:
            yield files
        finally:
            _watched.pop()

    return watch
