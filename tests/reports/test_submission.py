"""Between the one who submits and the one who runs: nothing is lost, run twice, or said to be lost while it is not."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pulsetrain.reports import (
    Dask,
    Executor,
    Job,
    JobError,
    Local,
    Status,
    crew,
    list_batches,
    list_jobs,
    plan_batch,
    submit,
)
from pulsetrain.reports import submission as module
from pulsetrain.reports._dask_scheduler import Known
from pulsetrain.reports._files import identity
from pulsetrain.reports._local import say_if_it_never_began
from pulsetrain.reports._turns import Turn
from pulsetrain.reports.status import submitter

FILLS = """
import sys, time
from pathlib import Path
from pulsetrain.reports.submission import make_folder
def fill(folder, name):
    (folder / "begun").touch()
    print("filling", flush=True)
    time.sleep(600)
make_folder(Path(sys.argv[1]), "trial", time.time(), fill)
"""
WAITS = """
import sys, time
from pathlib import Path
from pulsetrain.reports import Job
from pulsetrain.reports._turns import Turn
turn = Turn(Job(Path(sys.argv[1])))
print("waiting", flush=True)
time.sleep(600)
"""


class Nowhere(Executor):
    """Starts nothing."""

    name = "nowhere"
    title = "Nowhere"

    def start(self, jobs: Sequence[Job]) -> None: ...

    def withdraw(self, jobs: Sequence[Job]) -> None: ...

    def script(self, jobs: int, folder: Path) -> str:
        return f"{jobs} {folder}"


class Full(Local):
    """Has no room for another process."""

    def start(self, jobs: Sequence[Job]) -> None:  # noqa: ARG002
        raise BlockingIOError("no more processes")


@pytest.fixture
def path(template: Callable[..., Path]) -> Path:
    return template("print(n)", name="square", parameters="n: int = 0")


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A job that waits for its runner."""
    made = Job(tmp_path / "jobs" / "first")
    made.folder.mkdir(parents=True)
    Status().write(made.folder / "status.json")
    return made


@contextlib.contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python until it has said something; it is killed in the end."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        try:
            assert started.stdout.readline()
            yield started
        finally:
            started.kill()


def age(job: Job, seconds: float = 100) -> None:
    """Let the last word on a job be some time ago."""
    path = job.folder / "status.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "beat": time.time() - seconds}))


@pytest.mark.parametrize("executor", ["local", "slurm"])
def test_jobs_are_queued_as_long_as_whoever_writes_them_down_lives(job: Job, executor: str) -> None:
    def seen() -> str:
        age(job, 300)
        return job.seen().state

    (job.folder / "job.json").write_text(json.dumps({"executor": {"name": executor}}))
    own = submitter()
    Status(executor=executor, **own).write(job.folder / "status.json")
    assert seen() == "queued"
    own["submitter_started"] -= 1000
    Status(executor=executor, **own).write(job.folder / "status.json")
    assert seen() == "dead", "another process has its number now"
    Status(executor=executor).write(job.folder / "status.json")
    assert seen() == "dead"


def test_dasks_scheduler_need_not_know_what_was_not_handed_over_yet() -> None:
    verdict = Dask(scheduler="tcp://127.0.0.1:1")._verdict(Known())
    written = Status(executor="dask", beat=time.time() - 300, **submitter())
    assert verdict(written) == written
    assert verdict(replace(written, submitter_pid=None)).state == "dead"


def test_jobs_of_a_batch_say_who_hands_them_over_and_no_longer_once_that_has_failed(path: Path, tmp_path: Path) -> None:
    plan = plan_batch(path, grid={"n": [1, 2]}, root=tmp_path / "jobs", executor=Nowhere())
    for job in plan.submit().jobs():
        assert job.status.submitter_pid == os.getpid()
    with pytest.raises(BlockingIOError):
        plan_batch(path, grid={"n": [1, 2]}, root=tmp_path / "other", executor=Full()).submit()
    (batch,) = (tmp_path / "other").glob("*-square-*")
    for folder in sorted(batch.glob("*/job.json")):
        job = Job(folder.parent)
        assert job.status.state == "queued"
        age(job)
        assert job.status.state == "dead"


def test_jobs_whose_crew_never_signed_them_have_failed_and_run_when_resumed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONHOME", "/nowhere")  # with which no Python starts
        batch = plan_batch(path, grid={"n": [1, 2]}, root=tmp_path / "jobs").submit()
        found = batch.wait(30)
    assert [status.state for status in found] == ["failed", "failed"]
    assert {status.message for status in found} == {"the crew ended with code 1 before it began; see the log"}
    batch.resume()
    assert [status.state for status in batch.wait(60)] == ["done", "done"]


def test_a_runner_that_was_sent_for_an_earlier_attempt_leaves_the_job_alone(path: Path, tmp_path: Path) -> None:
    job = submit(path, {}, tmp_path / "jobs", executor=Nowhere())
    Status(attempt=2).write(job.folder / "status.json")
    command = [sys.executable, "-m", "pulsetrain.reports.runner", str(job.folder)]
    late = subprocess.run([*command, "1"], check=False, stdout=subprocess.PIPE, text=True)
    assert late.returncode == 1
    assert "nothing to do: this was to run attempt 1, and the job is at attempt 2" in late.stdout
    assert job.status.state == "queued"
    subprocess.run([*command, "2"], check=True, stdout=subprocess.DEVNULL)
    assert job.status.state == "done"


def test_a_runner_that_comes_late_runs_its_job_all_the_same(path: Path, tmp_path: Path) -> None:
    job = submit(path, {}, tmp_path / "jobs", executor=Nowhere())
    Status().write(job.folder / "status.json")
    age(job)
    assert job.status.state == "dead"
    subprocess.run([sys.executable, "-m", "pulsetrain.reports.runner", str(job.folder), "1"], check=True)
    assert job.status.state == "done"


def test_a_crew_leaves_alone_what_was_stopped_and_resumed_elsewhere(job: Job) -> None:
    crew.Crew(1).run({job: 0})
    Status(attempt=2).write(job.folder / "status.json")
    crew.Crew(1).run({job: 1})
    assert job.status.state == "queued"
    Status(attempt=2, executor="slurm").write(job.folder / "status.json")
    assert crew._sign(job, *identity()) == 0
    assert job.status.crew_pid is None


def test_what_a_killed_submit_left_is_swept_by_the_next_and_what_one_at_work_fills_is_not(
    path: Path, tmp_path: Path
) -> None:
    def old() -> None:
        for folder in root.glob(".new-*"):
            os.utime(folder, times=(time.time() - 7200,) * 2)

    root = tmp_path / "jobs"
    root.mkdir()
    (root / ".new-of-before").mkdir()  # by a version that locked nothing
    with process(FILLS, root) as at_work:
        submit(path, {}, root, executor=Nowhere())
        assert len(list(root.glob(".new-*"))) == 2, "young ones may be anybody's"
        old()
        submit(path, {}, root, executor=Nowhere())
        (left,) = root.glob(".new-*")
        assert (left / "begun").exists()
        at_work.kill()
        at_work.wait()
        old()
        if os.geteuid() == 0:
            os.chown(left, 12345, -1)
            submit(path, {}, root, executor=Nowhere())
            assert left.exists(), "another user's is theirs to remove"
            os.chown(left, 0, -1)
            old()
        job = submit(path, {}, root, executor=Nowhere())
    assert not list(root.glob(".new-*"))
    assert not (job.folder / module._WRITER).exists()


def test_the_ticket_of_a_process_that_was_killed_holds_nobody_up_though_its_job_is_queued_again(job: Job) -> None:
    second = Job(job.root / "second")
    second.folder.mkdir()
    Status().write(second.folder / "status.json")
    Turn.announce(job)
    with process(WAITS, job.folder) as waiting, Turn(second) as turn:
        assert turn.take(1) == (None, 1)
        waiting.send_signal(signal.SIGKILL)
        waiting.wait()
        place, ahead = turn.take(1)
        assert (place is not None, ahead) == (True, 0)
        os.close(place or 0)


def test_that_a_runner_never_began_is_not_said_of_a_job_which_begins_at_that_moment(job: Job) -> None:
    lock = job.held()
    assert lock is not None
    saying = threading.Thread(target=say_if_it_never_began, args=(job, 1, 9))
    saying.start()
    saying.join(0.5)
    assert job.status.state == "queued", "another runner holds the lock and will sign next"
    pid, started = identity()
    Status(state="running", pid=pid, pid_started=started, host=os.uname().nodename).write(job.folder / "status.json")
    os.close(lock)
    saying.join()
    assert job.status.state == "running"

    Status().write(job.folder / "status.json")
    say_if_it_never_began(job, 1, 9)
    assert job.status.state == "failed"
    assert job.status.message == "the runner ended with code 9 before it began; see the log"


def test_what_was_listed_by_a_relative_path_runs_again(
    template: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    go = tmp_path / "go"
    path = template(f"assert __import__('os').path.exists({str(go)!r})", name="square", parameters="n: int = 0")
    submit(path, {}, "jobs").wait(60)
    plan_batch(path, grid={"n": [1, 2]}, root="jobs").submit().wait(60)
    go.touch()
    (job,), (batch,) = list_jobs("jobs"), list_batches("jobs")
    job.resume()
    batch.resume()
    monkeypatch.chdir("/")
    assert [status.state for status in (job.wait(60), *batch.wait(60))] == ["done"] * 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_users_of_one_folder_have_places_of_their_own() -> None:
    with tempfile.TemporaryDirectory() as shared, contextlib.ExitStack() as held:
        Path(shared).chmod(0o777)
        for uid in (0, 12345):
            os.seteuid(uid)
            try:
                job = Job(Path(shared) / f"job-of-{uid}")
                job.folder.mkdir()
                Status().write(job.folder / "status.json")
                Turn.announce(job)
                with Turn(job) as turn:
                    place, ahead = turn.take(1)
            finally:
                os.seteuid(0)
            assert place is not None
            assert ahead == 0
            held.callback(os.close, place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_another_user_wrote_is_not_resumed_and_said_to_be_theirs(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(path, {}, tmp_path / "jobs", executor=Nowhere())
    batch = plan_batch(path, grid={"n": [1, 2]}, root=tmp_path / "jobs", executor=Nowhere()).submit()
    for made in (job, *batch.jobs()):
        Status(state="failed").write(made.folder / "status.json")
    for name, what in (("", "the folder"), ("job.json", "job.json"), ("template.ipynb", "template.ipynb")):
        os.chown(job.folder / name, 12345, -1)
        with pytest.raises(JobError, match=f"{job.id}: {what} is user 12345's, and would run as you"):
            job.resume()
        os.chown(job.folder / name, 0, -1)
    os.chown(batch.folder / "batch.json", 12345, -1)
    with pytest.raises(JobError, match=r"batch.json is user 12345's"):
        batch.resume()
    os.chown(batch.folder / "batch.json", 0, -1)
    first, second = batch.jobs()
    os.chown(first.folder / "job.json", 12345, -1)
    assert batch.resume(executor=Nowhere()) == [second]

    # A mount that gives all files to one user: whoever this is, what they make belongs to root there too.
    monkeypatch.setattr(os, "geteuid", lambda: 999)
    assert job.resume(executor=Nowhere()) == job
