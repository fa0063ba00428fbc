"""A job is what its folder says, whoever looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from pulsetrain._shared_files import take_lock, write_text
from pulsetrain.options import OptionError
from pulsetrain.reports import Executor, Job, JobError, Local, Status, list_jobs, submit, templates
from pulsetrain.reports._files import identity, this_host
from pulsetrain.reports._pace import Pace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Folder of jobs that nobody runs, so that nobody is to be stopped."""
    return tmp_path / "jobs"


def folder(root: Path, name: str, **status: Any) -> Job:
    """Write the folder of a job by hand."""
    path = root / name
    path.mkdir(parents=True)
    (path / "job.json").write_text(json.dumps({"id": name, "template": {"title": "Trial"}}))
    (path / "status.json").write_text(json.dumps(asdict(Status(**status))))
    return Job(path)


def test_runner_that_is_gone_makes_the_job_dead(root: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    signed = {"state": "running", "host": this_host(), "beat": time.time()}
    job = folder(root, "1", **signed, pid=gone.pid, pid_started=time.time())
    assert job.status.state == "dead"
    assert "interrupted" in job.status.message


def test_another_process_with_the_runners_number_is_not_the_runner(root: Path) -> None:
    pid, started = identity()
    signed = {"state": "running", "host": this_host(), "pid": pid, "beat": time.time()}
    assert folder(root, "1", **signed, pid_started=started).status.state == "running"
    assert folder(root, "2", **signed, pid_started=started - 60).status.state == "dead"


def test_runner_of_another_host_is_dead_once_it_is_silent(root: Path) -> None:
    signed = {"state": "running", "host": "elsewhere", "pid": 1, "pid_started": 1.0}
    assert folder(root, "1", **signed, beat=time.time() - 20).status.state == "running"
    assert folder(root, "2", **signed, beat=time.time() - 200).status.state == "dead"


def test_stop_reaches_a_job_that_is_only_silent_while_its_queue_says_that_it_runs(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"state": "running", "executor": "slurm", "host": "elsewhere", "pid": 1, "pid_started": 1.0}
    silent, gone = (folder(root, name, **said, beat=time.time() - 100) for name in ("silent", "gone"))
    assert (silent.status.state, gone.status.state) == ("dead", "dead")

    def told(jobs: list[Job]) -> list[Status]:
        return [replace(job.status, state="running") if job == silent else job.status for job in jobs]

    monkeypatch.setattr("pulsetrain.reports.executors.statuses", told)
    for job in (silent, gone):
        job.stop()
    assert ((silent.folder / "stop").exists(), (gone.folder / "stop").exists()) == (True, False)


def test_job_that_no_runner_ever_took_is_dead_after_a_while(root: Path) -> None:
    assert folder(root, "1", beat=time.time()).status.state == "queued"
    assert folder(root, "2", beat=time.time() - 600).status.state == "dead"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"state": "dancing"}',
        '{"state": "running", "pid": "x"}',
        '{"version": 99}',
        "\ud7ff\x00",
        "[" * 9999,
    ],
)
def test_torn_or_foreign_status_is_a_dead_job_and_never_an_error(root: Path, content: str) -> None:
    job = folder(root, "1")
    (job.folder / "status.json").write_text(content)
    assert job.status.state == "dead"
    assert job.status.message


def test_list_passes_over_what_is_no_job(root: Path) -> None:
    folder(root, "20260101-000000-a-1")
    folder(root, "20260102-000000-a-1")
    (root / "a folder").mkdir()
    (root / "a file").touch()
    (root / ".pool").mkdir()
    (root / "torn").mkdir()
    (root / "torn" / "job.json").write_bytes(b"\xff{")
    assert [job.id for job in list_jobs(root)] == ["torn", "20260102-000000-a-1", "20260101-000000-a-1"]
    assert list_jobs(root)[0].record == {}
    assert list_jobs(root / "nowhere") == []


def test_thousand_jobs_are_listed_with_their_status_within_a_second(root: Path) -> None:
    pid, started = identity()
    for number in range(1000):
        state = "running" if number % 2 else "done"
        folder(root, f"{number:04}", state=state, host=this_host(), pid=pid, pid_started=started)
    began = time.perf_counter()
    jobs = [(job.id, job.status.state, job.record["template"]["title"]) for job in list_jobs(root)]
    assert time.perf_counter() - began < 1.0
    assert len(jobs) == 1000
    assert jobs[0] == ("0999", "running", "Trial")


def test_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_lock_is_held_by_one(tmp_path: Path) -> None:
    first = take_lock(tmp_path / "lock")
    assert first is not None
    assert take_lock(tmp_path / "lock") is None
    os.close(first)
    second = take_lock(tmp_path / "lock")
    assert second is not None
    os.close(second)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"energy": 99}, "energy: got 99, allowed 4 … 25 keV"),
        ({"enregy": 9}, "enregy: no such parameter; did you mean 'energy'"),
        ({"energy": "fast"}, "energy: got 'fast'"),
        ({"anything": object()}, "anything: got a object"),
        ({"anything": "\ud800"}, "anything: .*surrogate"),
    ],
)
def test_refusal_names_the_parameter_before_any_folder_exists(
    template: Callable[..., Path], root: Path, values: dict[str, Any], fault: str
) -> None:
    path = template(parameters="energy: float = 9.3  # [keV] {4 .. 25}\nanything = None")
    with pytest.raises(OptionError, match=fault):
        submit(path, values, root)
    assert not root.exists()


def test_unknown_template_kernel_or_language_is_refused_before_any_folder_exists(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match="template: got 'nothing'"):
        submit("nothing", {}, root)
    with pytest.raises(OptionError, match="kernel: got 'julia-9'"):
        submit(template(), {}, root, kernel="julia-9")
    foreign = json.loads(template().read_text())
    foreign["metadata"]["kernelspec"]["language"] = "R"
    (tmp_path / "foreign.ipynb").write_text(json.dumps(foreign))
    with pytest.raises(OptionError, match="notebook in R"):
        submit(tmp_path / "foreign.ipynb", {}, root)
    foreign["metadata"]["kernelspec"]["language"] = 3
    (tmp_path / "foreign.ipynb").write_text(json.dumps(foreign))
    with pytest.raises(OptionError, match="notebook in 3"):
        submit(tmp_path / "foreign.ipynb", {}, root)
    assert not root.exists()


def test_job_that_is_done_or_at_work_is_not_resumed(root: Path) -> None:
    pid, started = identity()
    with pytest.raises(JobError, match="done"):
        folder(root, "1", state="done").resume()
    with pytest.raises(JobError, match="running"):
        folder(root, "2", state="running", host=this_host(), pid=pid, pid_started=started).resume()


class Nobody(Executor):
    """An executor that runs nothing."""

    name = "nobody"

    def start(self, jobs: Sequence[Job]) -> None: ...

    def withdraw(self, jobs: Sequence[Job]) -> None: ...

    def script(self, jobs: int, folder: Path) -> str:
        return f"nothing for {jobs} jobs in {folder}"


@pytest.mark.parametrize("kept", [True, False])
def test_job_is_resumed_with_the_very_values_it_was_submitted_with(
    template: Callable[..., Path], root: Path, kept: bool
) -> None:
    path = template(parameters="anything = None")
    value = {1: (2, 3), "n": float("nan")} if kept else [1, "n"]
    job = submit(path, {"anything": value}, root, executor=Nobody())
    first = json.loads(job.notebook.read_text())["cells"][1]["source"]
    if not kept:  # a job of an earlier version
        record = job.record
        del record["injected"]
        (job.folder / "job.json").write_text(json.dumps(record))
    (job.folder / "status.json").write_text(json.dumps(asdict(Status(state="stopped"))))
    job.resume(executor=Nobody())
    assert json.loads(job.notebook.read_text())["cells"][1]["source"] == first


def test_template_has_the_title_and_summary_of_its_first_markdown(
    tmp_path: Path, template: Callable[..., Path]
) -> None:
    template(("markdown", "# Sorting  spectra #\n\nFinds the\n*boundary*.\n\nMore."), name="spectra")
    template(name="bare")
    template("1", name="no-parameters", parameters=None)
    (tmp_path / "torn.ipynb").write_text("{")
    found = {entry.name: (entry.title, entry.summary) for entry in templates(tmp_path)}
    assert found == {"spectra": ("Sorting  spectra", "Finds the *boundary*."), "bare": ("bare", "")}


def test_log_is_read_from_an_offset(root: Path) -> None:
    job = folder(root, "1")
    assert job.log() == ""
    (job.folder / "log.txt").write_text("one\nzwölf\n")
    assert job.log(4) == "zwölf\n"
    assert job.log(99) == ""


def test_log_that_is_no_plain_file_is_empty(root: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    makers: list[Callable[[Path], object]] = [
        Path.mkdir,
        os.mkfifo,
        lambda log: log.symlink_to(tmp_path / "secret"),
        lambda log: log.symlink_to(log),
    ]
    for number, make in enumerate(makers):
        job = folder(root, str(number))
        make(job.folder / "log.txt")
        assert job.log() == ""


def test_local_executor_is_bounded_by_half_of_the_processors_unless_told_otherwise() -> None:
    assert Local().options.slots == max(1, len(os.sched_getaffinity(0)) // 2)
    assert Local(slots=3).as_dict() == {"slots": 3, "name": "local"}


def test_time_left_follows_the_cell_that_tells_and_not_the_cells_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pace = Pace()
    pace.begin(1, 4)
    assert pace.left() is None
    now = 2.0  # the first cell took 2 s and told nothing
    pace.begin(2, 4)
    assert pace.left() == 3 * 2.0
    now = 12.0
    pace.told(1, 10)
    assert pace.left() == 9 * 10.0 + 2 * 2.0
    now = 102.0  # the search took 100 s; what follows does not
    pace.begin(3, 4)
    assert pace.left() == 2 * 2.0
