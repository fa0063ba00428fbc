"""A disk that is full for a while must not take a job out of everybody's hands."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pulsetrain.reports import Batch, Local, plan_batch, submit
from pulsetrain.reports import runner as running
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.runner import Runner
from pulsetrain.reports.status import Status


class Nowhere(Local):
    """Starts nothing."""

    def start(self, jobs: Sequence[Job]) -> None: ...


ON_LINUX = pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")


def test_a_job_that_could_not_write_its_heart_beat_is_stopped_all_the_same(tmp_path, monkeypatch):
    write, faults = Status.write, iter([OSError(errno.ENOSPC, "No space left on device")] * 2)

    def full(status, path):
        if (fault := next(faults, None)) is not None:
            raise fault
        write(status, path)

    monkeypatch.setattr(running, "_BEAT", 0.0)
    monkeypatch.setattr(running, "_TICK", 0.01)
    monkeypatch.setattr(Status, "write", full)

    async def watched() -> None:
        runner = Runner(Job(tmp_path), Status(state="running"))
        work = asyncio.ensure_future(asyncio.sleep(30))
        watch = asyncio.ensure_future(runner._watch(work))
        await asyncio.sleep(0.2)
        assert not watch.done()
        (tmp_path / "stop").touch()
        await asyncio.wait([work], timeout=5)
        watch.cancel()
        assert work.cancelled()

    asyncio.run(watched())
    assert '"stopping"' in (tmp_path / "status.json").read_text(encoding="utf-8")


WORK = """
import pathlib, time
(pathlib.Path(folder) / f"begun-{n}").touch()
while not (pathlib.Path(folder) / "go").exists(): time.sleep(0.02)
"""


@pytest.fixture
def batch(template: Callable[..., Path], tmp_path: Path) -> Batch:
    """Three jobs, of which the first is at work until there is a file."""
    path = template(WORK, parameters=f"n: int = 0\nfolder: str = {str(tmp_path)!r}")
    made = plan_batch(path, grid={"n": [1, 2, 3]}, root=tmp_path / "jobs", executor=Local(slots=1)).submit()
    while not (tmp_path / "begun-1").exists():
        time.sleep(0.05)
    return made


@contextlib.contextmanager
def no_room(*processes: int) -> Iterator[None]:
    """Let processes write nothing to any file."""
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    yield
    for process in processes:
        resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


@ON_LINUX
def test_batch_goes_on_though_the_disk_was_full_when_a_job_ended(batch: Batch, tmp_path: Path) -> None:
    status = batch.jobs()[0].status
    with no_room(status.pid, status.crew_pid):
        (tmp_path / "go").touch()
        time.sleep(2)
    found = batch.wait(60)
    assert [status.state for status in found] == ["failed", "done", "done"]
    assert "File too large" in found[0].message


@ON_LINUX
def test_batch_is_stopped_though_that_can_be_written_down_nowhere(batch: Batch, tmp_path: Path) -> None:
    (batch.jobs()[0].folder / "stop").symlink_to("stop")  # where nothing can be touched
    with no_room(os.getpid()):
        batch.stop()
    assert [status.state for status in batch.wait(60)] == ["stopped", "dead", "dead"]
    (tmp_path / "go").touch()
    batch.resume()
    assert [status.state for status in batch.wait(60)] == ["done"] * 3


@ON_LINUX
def test_job_that_no_crew_starts_is_named_where_it_cannot_be_stopped(
    template: Callable[..., Path], tmp_path: Path
) -> None:
    batch = plan_batch(template("1"), grid={"steps": [1, 2]}, root=tmp_path / "jobs", executor=Nowhere()).submit()
    first, second = batch.jobs()
    with no_room(os.getpid()), pytest.raises(OSError, match=f"{first.id} cannot be stopped: .*; and so 1 more"):
        batch.stop()
    batch.stop()
    assert [first.status.state, second.status.state] == ["stopped"] * 2


@ON_LINUX
def test_job_keeps_what_it_left_where_there_is_no_room_to_run_it_again(
    template: Callable[..., Path], tmp_path: Path
) -> None:
    job = submit(template("1 / 0"), {}, tmp_path / "jobs")
    job.wait(60)
    before = sorted(path.name for path in job.folder.iterdir())
    with no_room(os.getpid()), pytest.raises(OSError, match="File too large"):
        job.resume()
    assert (job.status.state, job.status.attempt) == ("failed", 1)
    assert sorted(path.name for path in job.folder.iterdir() if path.name != "attempts") == before
    assert job.resume().wait(60).attempt == 2
    (kept,) = (job.folder / "attempts").iterdir()
    assert {"notebook.ipynb", "report.html", "status.json"} <= {path.name for path in kept.iterdir()}
    assert not (job.folder / ".next").exists()
