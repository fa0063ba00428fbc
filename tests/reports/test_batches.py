"""Batches of real jobs: all run, those that failed run again alone, and what stops is not lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulsetrain.cli import main
from pulsetrain.reports import (
    Batch,
    Job,
    JobError,
    Local,
    Status,
    _turns,
    crew,
    list_batches,
    list_jobs,
    plan_batch,
    statuses,
    submit,
)
from pulsetrain.reports._files import alive, identity
from pulsetrain.reports._turns import Turn

WORK = """
import pathlib, time
from pulsetrain.reports import show_metrics
while wait and not pathlib.Path(wait).exists(): time.sleep(0.02)
assert n != int(pathlib.Path(bad).read_text()) if bad else True
show_metrics({"square": n * n})
"""
PARAMETERS = 'n: int = 0\nwait: str = ""\nbad: str = ""'


@pytest.fixture
def path(template: Callable[..., Path]) -> Path:
    return template(WORK, name="square", parameters=PARAMETERS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


def squares(batch: Batch) -> list[object]:
    return [job.metrics.get("square") for job in batch.jobs()]


def test_fifty_jobs_run_a_few_at_a_time_and_each_with_its_own_values(path: Path, root: Path) -> None:
    batch = plan_batch(path, grid={"n": list(range(50))}, root=root, executor=Local(slots=2)).submit()
    most = 0
    while not all(status.finished_for_good for status in batch.statuses()):
        most = max(most, sum(status.state in ("running", "stopping") for status in batch.statuses()))
        time.sleep(0.2)
    assert batch.counts() == {"done": 50}
    assert squares(batch) == [n * n for n in range(50)]
    assert most == 2
    assert all(job.report for job in batch.jobs())
    assert list_jobs(root) == []
    assert [found.id for found in list_batches(root)] == [batch.id]
    first = batch.jobs()[0]
    assert (first.batch, first.root) == (batch.folder, root)
    assert Job.below(root, first.id) == first


def test_failed_jobs_run_again_alone(path: Path, root: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("2")
    batch = plan_batch(path, {"bad": str(bad)}, grid={"n": [1, 2, 3]}, root=root).submit()
    states = [status.state for status in batch.wait(120)]
    assert states == ["done", "failed", "done"]
    done = [(job.folder / "report.html").stat().st_mtime_ns for job in batch.jobs() if job.status.state == "done"]
    bad.write_text("0")
    assert [job.id for job in batch.resume()] == [batch.jobs()[1].id]
    assert [status.state for status in batch.wait(120)] == ["done"] * 3
    assert [status.attempt for status in batch.statuses()] == [1, 2, 1]
    assert squares(batch) == [1, 4, 9]
    kept = [(job.folder / "report.html").stat().st_mtime_ns for job in batch.jobs() if job.status.attempt == 1]
    assert kept == done
    with pytest.raises(JobError, match=r"nothing to resume \(3 done\)"):
        batch.resume()


def test_stopped_batch_leaves_none_at_work_and_completes_when_resumed(path: Path, root: Path, tmp_path: Path) -> None:
    go = tmp_path / "go"
    plan = plan_batch(path, {"wait": str(go)}, grid={"n": [1, 2, 3, 4]}, root=root, executor=Local(slots=1))
    batch = plan.submit()
    first, *others = batch.jobs()
    while first.status.cell < 2:
        time.sleep(0.05)
    assert [job.status.state for job in others] == ["queued"] * 3
    batch.stop()
    assert [job.status.state for job in others] == ["stopped"] * 3, "those that have not begun never begin"
    assert first.wait(60).state == "stopped"
    assert json.loads(first.notebook.read_text())["cells"][0]["execution_count"] == 1
    go.touch()
    batch.resume()
    assert [status.state for status in batch.wait(120)] == ["done"] * 4
    assert squares(batch) == [1, 4, 9, 16]


def test_batch_stops_and_resumes_without_the_jobs_whose_folders_were_removed(
    path: Path, root: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    plan = plan_batch(path, {"wait": str(go)}, grid={"n": [1, 2, 3]}, root=root, executor=Local(slots=1))
    batch = plan.submit()
    first, second, third = batch.jobs()
    while first.status.cell < 2:
        time.sleep(0.05)
    shutil.rmtree(second.folder)
    batch.stop()
    assert (first.wait(60).state, third.status.state) == ("stopped", "stopped")
    go.touch()
    assert batch.resume() == [first, third]
    assert [status.state for status in batch.wait(120)] == ["done", "dead", "done"]


def at_work_with_one_that_cannot_be_locked(path: Path, root: Path, go: Path) -> Batch:
    plan = plan_batch(path, {"wait": str(go)}, grid={"n": [1, 2, 3]}, root=root, executor=Local(slots=1))
    batch = plan.submit()
    first, second, _ = batch.jobs()
    while first.status.cell < 2:
        time.sleep(0.05)
    (second.folder / ".lock").unlink()
    (second.folder / ".lock").mkdir()
    return batch


def test_job_that_cannot_be_locked_runs_no_more_and_keeps_none_of_the_others_from_it(
    path: Path, root: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    batch = at_work_with_one_that_cannot_be_locked(path, root, go)
    go.touch()
    assert [status.state for status in batch.wait(60)] == ["done", "dead", "done"]
    assert f"{batch.jobs()[1].id} is passed by: [Errno 21] Is a directory" in (batch.folder / "log.txt").read_text()


def test_job_that_cannot_be_locked_never_begins_when_the_others_stop_and_is_named_when_they_run_again(
    path: Path, root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    go = tmp_path / "go"
    batch = at_work_with_one_that_cannot_be_locked(path, root, go)
    first, second, third = batch.jobs()
    batch.stop()
    assert [status.state for status in batch.wait(60)] == ["stopped", "dead", "stopped"]
    go.touch()
    assert batch.resume() == [first, third]
    assert f"{second.id} is not queued again: [Errno 21] Is a directory" in caplog.text
    assert [status.state for status in batch.wait(60)] == ["done", "dead", "done"]


def test_job_that_was_resumed_while_queues_were_asked_is_not_queued_twice(
    path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = plan_batch(path, {"bad": "/nowhere"}, grid={"n": [1, 2]}, root=root).submit()
    assert [status.state for status in batch.wait(120)] == ["failed", "failed"]
    first, second = batch.jobs()
    seen = statuses(batch.jobs())

    def slow(_jobs: list[Job]) -> list[Status]:
        first.resume().wait(60)
        return seen

    with monkeypatch.context() as patch:
        patch.setattr("pulsetrain.reports.batches.statuses", slow)
        assert batch.resume() == [second]
    assert [status.attempt for status in batch.wait(120)] == [2, 2]


def test_who_looks_at_a_ticket_does_not_bring_it_back_when_its_owner_leaves(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [Job(root / name) for name in ("first", "second")]
    for job in jobs:
        job.folder.mkdir(parents=True)
        Status(submitted=1.0).write(job.folder / "status.json")
    leaving, look = Turn(jobs[0]), _turns._locked

    def late(ticket: Path) -> bool:
        leaving.__exit__()
        return look(ticket)

    monkeypatch.setattr(_turns, "_locked", late)
    with Turn(jobs[1]) as waiting:
        place, ahead = waiting.take(1)
    assert (place is not None, ahead) == (True, 0)
    os.close(place or 0)


def test_a_crew_that_comes_late_takes_its_jobs_all_the_same(tmp_path):
    job = Job(tmp_path)
    Status().write(tmp_path / "status.json")
    written = json.loads((tmp_path / "status.json").read_text(encoding="utf-8"))
    (tmp_path / "status.json").write_text(json.dumps({**written, "beat": time.time() - 100}), encoding="utf-8")
    assert job.status.state == "dead"

    crew._sign(job, *identity())
    assert job.status.state == "queued"


def test_jobs_whose_crew_was_killed_are_seen_as_interrupted_and_the_one_at_work_ends(
    path: Path, root: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    plan = plan_batch(path, {"wait": str(go)}, grid={"n": [1, 2, 3]}, root=root, executor=Local(slots=1))
    batch = plan.submit()
    first, second, third = batch.jobs()
    while first.status.cell < 2:
        time.sleep(0.05)
    crew = second.status.crew_pid
    assert crew is not None
    os.kill(crew, signal.SIGKILL)
    while alive(crew, second.status.crew_started or 0.0):
        time.sleep(0.02)
    assert (second.status.state, third.status.state) == ("dead", "dead")
    go.touch()
    assert first.wait(60).state == "done"
    assert [job.id for job in batch.resume()] == [second.id, third.id]
    assert [status.state for status in batch.wait(120)] == ["done"] * 3


FACTS = """
import os, pickle, random, signal, subprocess, sys, threading
from pulsetrain.reports import show_metrics
import numpy as np

class Thing: ...

own = {"PULSETRAIN_JOB", "JPY_PARENT_PID", "PWD", "OLDPWD", "_"}
show_metrics({"facts": {
    "cwd": os.getcwd(),
    "path": sys.path,
    "argv": [os.path.basename(sys.argv[0]), *sys.argv[1:2]],
    "flags": [sys.flags.optimize, sys.flags.dev_mode, sys.flags.utf8_mode],
    "environment": {k: v for k, v in sorted(os.environ.items()) if k not in own and "PYTEST" not in k},
    "signals": [str(signal.getsignal(n)) for n in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1)],
    "leader": os.getsid(0) == os.getpid(),
    "open files": sum(os.readlink(f"/proc/self/fd/{n}").startswith("/") for n in os.listdir("/proc/self/fd")
                      if os.path.lexists(f"/proc/self/fd/{n}") and ".pool" in os.readlink(f"/proc/self/fd/{n}")),
    "pickled": type(pickle.loads(pickle.dumps(Thing()))).__name__,
    "main": __name__,
    "child": subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True).stdout,
    "torch": "torch" in sys.modules,
}, "drawn": [random.random(), float(np.random.random())]})
"""


def test_kernel_of_a_batch_is_as_that_of_a_report(template: Callable[..., Path], root: Path) -> None:
    path = template(FACTS, name="facts", parameters="n: int = 0")
    report = submit(path, {}, root)
    assert report.wait(60).state == "done", report.log()
    batch = plan_batch(path, grid={"n": [1, 2, 3]}, root=root).submit()
    assert [status.state for status in batch.wait(120)] == ["done"] * 3, batch.jobs()[0].log()
    for job in batch.jobs():
        assert job.metrics["facts"] == report.metrics["facts"]
    drawn = [number for job in [report, *batch.jobs()] for number in job.metrics["drawn"]]
    assert len(set(drawn)) == len(drawn), "none draws what another one draws"


def test_comparison_is_there_when_the_last_job_ends_and_new_when_one_has_run_again(
    path: Path, root: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("2")
    batch = plan_batch(path, {"bad": str(bad)}, grid={"n": [1, 2]}, root=root).submit()
    assert [status.state for status in batch.wait(120)] == ["done", "failed"]
    page = batch.folder / "comparison.html"
    while not page.exists():
        time.sleep(0.05)
    assert "failed" in page.read_text()
    first = page.stat().st_mtime_ns
    bad.write_text("0")
    batch.resume()
    batch.wait(120)
    while page.stat().st_mtime_ns == first:
        time.sleep(0.05)
    assert "2 done" in page.read_text()


def test_comparison_is_there_though_the_last_runner_was_killed(path: Path, root: Path) -> None:
    batch = plan_batch(path, grid={"n": [1, 2], "wait": ["/nowhere"]}, root=root, executor=Local(slots=2)).submit()
    first, second = batch.jobs()
    while first.status.cell < 2 or second.status.cell < 2:
        time.sleep(0.05)
    for job in (first, second):
        os.kill(job.status.pid or 0, signal.SIGKILL)
    end = time.monotonic() + 30
    while not (batch.folder / "comparison.html").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert "2 dead" in (batch.folder / "comparison.html").read_text()


def test_job_resumed_by_itself_is_compared_anew_while_others_have_yet_to_end(
    path: Path, root: Path, tmp_path: Path
) -> None:
    bad, go = tmp_path / "bad", tmp_path / "go"
    bad.write_text("2")
    plan = plan_batch(
        path, {"bad": str(bad)}, grid={"n": [2, 3], "wait": ["", str(go)]}, root=root, executor=Local(slots=4)
    )
    batch = plan.submit()
    failed, done, *_ = sorted(batch.jobs(), key=lambda job: (len(job.record["varied"]["wait"]), job.id))
    assert [failed.wait(60).state, done.wait(60).state] == ["failed", "done"]
    page, table = batch.folder / "comparison.html", batch.folder / "comparison.csv"
    assert not page.exists(), "two jobs have yet to end"

    bad.write_text("0")
    failed.resume()
    failed.wait(60)
    while not page.exists():
        time.sleep(0.05)
    assert "2 done" in page.read_text()
    assert f"{failed.id},2,,done" in table.read_text()
    first = page.stat().st_mtime_ns
    go.touch()
    batch.wait(60)
    while page.stat().st_mtime_ns == first:
        time.sleep(0.05)
    assert "4 done" in page.read_text()


def test_comparison_is_new_when_the_command_that_resumed_a_job_of_it_ends(
    path: Path, root: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("1")
    batch = plan_batch(path, {"bad": str(bad)}, grid={"n": [1, 2]}, root=root).submit()
    assert [status.state for status in batch.wait(60)] == ["failed", "done"]
    bad.write_text("0")
    resumed = CliRunner().invoke(main, ["report", "resume", str(batch.jobs()[0].folder)])
    assert resumed.exit_code == 0, resumed.output
    assert "2 done" in (batch.folder / "comparison.html").read_text()


def test_template_whose_only_line_ipython_would_take_for_a_magic_runs(
    template: Callable[..., Path], root: Path
) -> None:
    path = template("print(run)", name="least", parameters="run: int = 1")
    batch = plan_batch(path, runs="3-4", root=root).submit()
    assert [status.state for status in batch.wait(120)] == ["done"] * 2, batch.jobs()[0].log()


def test_report_asked_for_meanwhile_does_not_wait_for_the_end_of_a_batch(
    path: Path, root: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    plan = plan_batch(path, {"wait": str(go)}, grid={"n": list(range(5))}, root=root, executor=Local(slots=1))
    batch = plan.submit()
    while batch.jobs()[0].status.cell < 2:
        time.sleep(0.05)
    report = submit(path, {}, root, executor=Local(slots=1))
    while "ahead" not in report.status.message:
        time.sleep(0.05)
    go.touch()
    ended = report.wait(120)
    assert ended.state == "done"
    later = [status for status in batch.wait(120) if (status.started or 0) > (ended.started or 0)]
    assert len(later) >= 3


def test_batch_is_run_listed_and_compared_from_the_command_line(path: Path, root: Path) -> None:
    run = CliRunner().invoke
    made = run(main, ["batch", "run", str(path), "--vary", "n=1:3:1", "--option", "slots=2", "-o", str(root)])
    assert made.exit_code == 0, made.output
    (batch,) = list_batches(root)
    assert (batch.folder / "comparison.html").is_file()
    assert "3 done" in run(main, ["batch", "list", str(root)]).output
    assert "0002  done      n=2" in run(main, ["batch", "status", str(batch.folder)]).output
    assert "nothing to resume" in run(main, ["batch", "resume", str(batch.folder)]).output
    assert "is no batch" in run(main, ["batch", "status", str(root)]).output


def test_command_line_says_why_jobs_failed_and_how_to_run_them_again(path: Path, root: Path) -> None:
    run = CliRunner().invoke
    lost = "/nowhere/r0012"
    ended = run(main, ["batch", "run", str(path), "-p", f"bad={lost}", "--vary", "n=1,2", "-o", str(root)])
    assert ended.exit_code == 1
    (batch,) = list_batches(root)
    assert f"2 failed\n  2 × FileNotFoundError: [Errno 2] No such file or directory: '{lost}'\n" in ended.output
    assert f"Run the 2 that are not done again: pulsetrain batch resume {batch.folder}" in ended.output
    assert "and 1 batch of jobs: pulsetrain batch list" in run(main, ["jobs", str(root)]).output
    refused = run(main, ["batch", "resume", str(batch.folder), "--option", "foo=1"])
    assert "foo: no such option of the executor local; known: slots" in refused.output
    record = json.loads((batch.folder / "batch.json").read_text())
    record["executor"] = {"name": "slurm", "option_of_a_later_version": 1}
    (batch.folder / "batch.json").write_text(json.dumps(record))
    refused = run(main, ["batch", "resume", str(batch.folder), "--option", "slots=2"])
    assert "option_of_a_later_version" in refused.output
    assert batch.record["executor"]["name"] == "slurm", "what was meant for a queue does not run here instead"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--executor", "cloud"], "executor: got 'cloud', allowed local, dask, slurm"),
        (["--option", "slots=0"], "slots: got 0, allowed 1 … 256"),
        (["--option", "slot=2"], "slot: no such option of the executor local; did you mean 'slots'?"),
        (["--vary", "n"], "got 'n', allowed NAME=VALUE"),
        (["--vary", "n=x"], "n: got 'x'"),
        (["--vary", "n=1,2", "--vary", "n=3"], "got n twice, allowed once"),
        (["--runs", "1-3", "--runs", "5-4"], "runs: got '5-4', which ends before it begins"),
    ],
)
def test_command_line_refuses_before_anything_is_written(
    path: Path, root: Path, arguments: list[str], said: str
) -> None:
    refused = CliRunner().invoke(main, ["batch", "run", str(path), *arguments, "-o", str(root)])
    assert refused.exit_code != 0
    assert said in refused.output
    assert not root.exists()
