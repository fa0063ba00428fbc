"""Jobs as tasks of a real `distributed` scheduler: run, cancelled, orphaned by a worker, by the scheduler, on SLURM."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.slurm_cluster import SlurmCluster

from pulsetrain.options import OptionError
from pulsetrain.reports import Status, _dask, _dask_scheduler, list_batches, list_jobs, plan_batch, submit
from pulsetrain.reports._dask import Dask
from pulsetrain.reports._dask_worker import run_job
from pulsetrain.reports.executors import executor_of, statuses
from pulsetrain.reports.jobs import Job

distributed = pytest.importorskip("distributed")
# Leaves a mark each time it runs, and hangs where it is asked to, but not once it has been resumed.
CELL = """
import time
from pathlib import Path
marks = Path(FOLDER) / f"{step}"
with marks.open("a") as file:
    file.write("x")
print("began", flush=True)
if step == hangs and len(marks.read_text()) == 1:
    time.sleep(600)
"""


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[Any]:
    """Start a scheduler and workers of one thread each, as processes."""
    with distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
    ) as started:
        yield started


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """One worker, that the tests share."""
    with cluster(1) as started:
        yield started


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Folder of jobs; whatever still runs there at the end is ended."""
    folder = tmp_path / "jobs"
    yield folder
    for job in [*list_jobs(folder), *(job for batch in list_batches(folder) for job in batch.jobs())]:
        job.stop(timeout=5)


@pytest.fixture
def marking(template: Callable[..., Path], tmp_path: Path) -> Path:
    """A template that leaves a mark for each time it ran."""
    return template(CELL.replace("FOLDER", repr(str(tmp_path))), parameters="step = 1\nhangs = 0", name="marking")


def until(job: Job, condition: Callable[[Status], bool], timeout: float = 60) -> Status:
    """Wait for what the queue says of a job."""
    end = time.monotonic() + timeout
    while not condition(status := statuses([job])[0]):
        assert time.monotonic() < end, f"{status}\n{job.log()}"
        time.sleep(0.1)
    return status


def times(tmp_path: Path, step: int) -> int:
    """Return how often a job's cell has run."""
    mark = tmp_path / str(step)
    return len(mark.read_text()) if mark.exists() else 0


def forgotten(address: str, key: str, timeout: float = 20) -> bool:
    """Wait until the scheduler itself knows nothing of a task."""
    end = time.monotonic() + timeout
    with distributed.Client(address, set_as_default=False) as client:
        while time.monotonic() < end:
            if client.sync(client.scheduler.get_task_status, keys=[key])[key] is None:
                return True
            time.sleep(0.1)
    return False


def test_a_batch_runs_on_a_worker_without_the_client_that_submitted_it(
    local: Any, marking: Path, root: Path, tmp_path: Path
) -> None:
    executor = Dask(scheduler=local.scheduler_address)
    batch = plan_batch(marking, {}, grid={"step": [1, 2]}, root=root, executor=executor).submit()
    ended = batch.wait(100)
    assert [status.state for status in ended] == ["done", "done"], batch.jobs()[0].log()
    assert [times(tmp_path, step) for step in (1, 2)] == [1, 1]
    assert {status.node for status in ended} == {socket.gethostname()}
    assert batch.executor == executor
    assert all(forgotten(local.scheduler_address, status.queue) for status in ended)


def test_a_job_that_waits_is_cancelled_and_one_whose_worker_is_killed_stops_and_runs_again_only_if_resumed(
    local: Any, marking: Path, root: Path, tmp_path: Path
) -> None:
    executor = Dask(scheduler=local.scheduler_address)
    batch = plan_batch(marking, {"hangs": 3}, grid={"step": [3, 4]}, root=root, executor=executor).submit()
    hanging, waiting = batch.jobs()
    until(hanging, lambda _: "began" in hanging.log())
    status = until(waiting, lambda status: status.node != "")
    assert (status.state, status.message) == ("queued", "waiting on the worker 0")

    waiting.stop()
    assert (waiting.status.state, waiting.status.message) == ("stopped", "stopped before it began")
    assert forgotten(local.scheduler_address, status.queue)

    (nanny,) = local.workers.values()
    os.kill(nanny.pid, signal.SIGKILL)
    status = hanging.wait(60)
    assert (status.state, status.message) == ("stopped", "stopped in cell 3 of 3: the Dask worker 0 has gone")
    assert "began" in hanging.notebook.read_text()
    assert hanging.report is not None

    # The scheduler gives the task to the next worker, which leaves the job alone.
    assert forgotten(local.scheduler_address, status.queue, timeout=60)
    assert (hanging.status.state, times(tmp_path, 3)) == ("stopped", 1)
    assert hanging.resume().wait(60).state == "done", hanging.log()
    assert (times(tmp_path, 3), times(tmp_path, 4)) == (2, 0)
    assert hanging.status.queue.endswith("-2")


def test_a_job_whose_folder_the_worker_does_not_see_is_dead_with_a_hint(local: Any, marking: Path, root: Path) -> None:
    with cluster(0) as empty:
        job = submit(marking, {}, root, executor=Dask(scheduler=empty.scheduler_address))
    key = job.status.queue
    with distributed.Client(local.scheduler_address, set_as_default=False) as client:
        distributed.fire_and_forget(client.submit(run_job, "/not/mounted", 1, sys.executable, key=key))
    assert forgotten(local.scheduler_address, key)
    (status,) = Dask(scheduler=local.scheduler_address).look([(job, job.status)])
    assert (status.state, "its task failed on the worker before it began" in status.message) == ("dead", True)


def test_a_cluster_that_ends_stops_what_runs_and_what_waits_is_dead_and_never_done(
    marking: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cluster(0) as ending:
        executor = Dask(scheduler=ending.scheduler_address)
        running = submit(marking, {"hangs": 1}, root, executor=executor)
        assert running.seen().message == "waiting for a worker: the scheduler has none"
        ending.scale(1)
        until(running, lambda _: "began" in running.log())
        waiting, cancelled = (submit(marking, {}, root, executor=executor) for _ in range(2))
        with distributed.Client(ending.scheduler_address, set_as_default=False) as client:
            client.cancel([distributed.Future(cancelled.status.queue, client=client)], force=True)
        assert cancelled.seen().message == "waiting for a worker"  # it may still be on its way
        monkeypatch.setattr(_dask, "_ON_ITS_WAY", 0.0)
        assert [status.state for status in statuses([running, waiting, cancelled])] == ["running", "queued", "dead"]
        assert "does not know the job any more" in cancelled.seen().message

    ended = running.wait(30)
    assert (ended.state, ended.message) == ("stopped", "stopped in cell 3 of 3: the Dask worker 0 has gone")
    assert "began" in running.notebook.read_text()
    status = waiting.seen()
    assert (status.state, "has gone, and its queue with it" in status.message) == ("dead", True)
    waiting.stop()
    assert waiting.status.state == "stopped"
    with pytest.raises(OptionError, match="does not answer"):
        executor.start([cancelled])
    assert (cancelled.status.state, "not submitted" in cancelled.status.message) == ("failed", True)


def test_a_scheduler_that_does_not_answer_leaves_it_unknown_what_waits_and_takes_nothing_new(
    marking: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patience in ("_CONNECT", "_ANSWER"):
        monkeypatch.setattr(_dask_scheduler, patience, 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(OptionError, match=r"^scheduler: Dask's scheduler .* does not answer"):
            submit(marking, {}, root, executor=Dask(scheduler=address))
        assert not root.exists()
        job = Job(root / "earlier")
        job.folder.mkdir(parents=True)
        waiting = Status(executor="dask", queue="key")
        waiting.write(job.folder / "status.json")
        (status,) = Dask(scheduler=address).look([(job, waiting)])
        assert (status.state, status.message.split(":")[0]) == ("queued", "unknown")


def test_jobs_of_a_scheduler_that_ended_and_took_its_file_along_are_dead_and_still_its_own(
    root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": "tcp://127.0.0.1:1"}))
    executor = Dask(scheduler=str(file))
    job = Job(root / "earlier")
    job.folder.mkdir(parents=True)
    (job.folder / "job.json").write_text(json.dumps({"executor": executor.as_dict()}))
    Status(executor="dask", queue="key").write(job.folder / "status.json")
    file.unlink()
    assert executor_of(job.record) == executor, "else a resume would run a cluster's jobs on this machine"
    (status,) = statuses([job])
    assert (status.state, "has gone" in status.message) == ("dead", True)
    with pytest.raises(OptionError, match=r"^scheduler: .*No such file"):
        executor.check(1)


def test_a_scheduler_file_serves_as_an_address_wherever_one_asks_from(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scheduler.json").write_text(json.dumps({"address": "tcp://127.0.0.1:1"}))
    executor = Dask(scheduler="scheduler.json")
    assert executor.as_dict() == {"name": "dask", "scheduler": str(tmp_path / "scheduler.json")}
    assert "scheduler.json" in executor.script(2, tmp_path)
    for nonsense in ("nowhere.json", "tcp://host", "tcp://host:port", "://", ""):
        with pytest.raises(OptionError, match=r"^scheduler: got .*; allowed an address like tcp://host:8786"):
            Dask(scheduler=nonsense)
    with pytest.raises(OptionError, match="scheduler"):
        Dask()


def test_a_batch_runs_on_workers_that_slurm_starts(
    marking: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobqueue = pytest.importorskip("dask_jobqueue")
    slurm = SlurmCluster(tmp_path / "slurm").start()
    try:
        for name, value in slurm.environment.items():
            monkeypatch.setenv(name, value)
        with jobqueue.SLURMCluster(
            interface="lo",
            queue="upex",
            cores=1,
            memory="500MB",
            walltime="00:05:00",
            log_directory=str(tmp_path),
            scheduler_options={"dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"},
            silence_logs=50,
        ) as started:
            started.scale(jobs=1)
            executor = Dask(scheduler=started.scheduler_address)
            batch = plan_batch(marking, {}, grid={"step": [1, 2]}, root=root, executor=executor).submit()
            ended = batch.wait(120)
            assert [status.state for status in ended] == ["done", "done"], batch.jobs()[0].log()
            noted = json.loads((batch.jobs()[0].folder / "provenance.json").read_text())["slurm"]
            assert (noted["node"], noted["partition"]) == ("node1", "upex")
    finally:
        slurm.stop()
