"""Kill -9 at random moments, of crew, runner, kernel, server, slurmd: no finished job is lost or called what it is not.

Ten moments by default; PULSETRAIN_KILLS sets how many, PULSETRAIN_SEED which. Without SLURM, runners die for slurmd.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import Server
from tests.slurm_cluster import SlurmCluster, why_not

from pulsetrain.reports import Batch, Job
from pulsetrain.reports._files import alive

KILLS = int(os.environ.get("PULSETRAIN_KILLS", "10"))
SEED = int(os.environ.get("PULSETRAIN_SEED", "1"))
JOBS = {"local": 12, "slurm": 3}
WORK = """
import time
from pulsetrain.reports import show_metrics
time.sleep(0.3)
show_metrics({"square": n * n})
"""
VICTIMS = ("runner", "kernel", "crew", "slurmd", "runner", "kernel", "crew", "slurmd", "kernel", "server")
# What a job may say that failed, or that SLURM ended once its node's daemon was there again.
FAILED = "kernel died|kernel did not come up|(runner|crew) ended"
STOPPED = r"stopped (in|before|after)"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlurmCluster | None]:
    """A cluster that this process and the server speak to, where SLURM is installed."""
    if why_not():
        yield None
        return
    started = SlurmCluster(tmp_path / "slurm").start()
    for name, value in started.environment.items():
        monkeypatch.setenv(name, value)
    yield started
    started.stop()


@pytest.fixture
def server(tmp_path: Path, cluster: SlurmCluster | None, write_template: Callable[..., Path]) -> Iterator[Server]:
    server = Server(tmp_path, environment=cluster.environment if cluster else {})
    write_template(server.root / "templates" / "square.ipynb", "n = 0", "import time; time.sleep(0.3)", WORK)
    yield server.start()
    server.stop()


@pytest.mark.timeout(120 + 20 * KILLS)
def test_killed_at_random_moments_nothing_finished_is_lost_and_all_completes_on_resume(
    server: Server, cluster: SlurmCluster | None
) -> None:
    rng = random.Random(SEED)  # noqa: S311 -- of moments and victims
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(KILLS)]
    if cluster is None:
        victims = ["runner" if victim == "slurmd" else victim for victim in victims]
    rng.shuffle(victims)
    works = {"local": Work(server, "local")}
    if "slurmd" in victims:
        works["slurm"] = Work(server, "slurm")
    for victim in victims:
        work = works["slurm" if victim == "slurmd" else "local"]
        while not _killed(server, cluster, works, victim, rng):
            if work.is_done():
                work.check()
                work.submit()
            work.resume()
        for work in works.values():
            work.check()
            if rng.random() < 0.5:
                work.resume()
    for work in works.values():
        while not work.is_done():
            work.resume()
            work.check()
            time.sleep(0.3)
        work.check()
        assert [job.metrics for job in work.batch.jobs()] == [{"square": n * n} for n in range(JOBS[work.executor])]


@dataclass
class Work:
    """The batch in hand of an executor, and what those of its jobs left that have finished."""

    server: Server
    executor: str
    batch: Batch = field(init=False)
    done: dict[str, tuple[float, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self.submit()

    def submit(self) -> None:
        options = {"slots": 2} if self.executor == "local" else {}
        grid = {"n": list(range(JOBS[self.executor]))}
        body = {"template": "square", "grid": grid, "executor": {"name": self.executor, **options}}
        answer = self.server.post("batches", body)
        assert answer.status_code == 201, answer.text
        self.batch, self.done = Batch(self.server.jobs / answer.json()["id"]), {}

    def is_done(self) -> bool:
        return self.batch.counts() == {"done": JOBS[self.executor]}

    def resume(self) -> None:
        if {"dead", "failed", "stopped"} & set(self.batch.counts()):
            assert self.server.post(f"batches/{self.batch.id}/resume").status_code in (200, 409)

    def check(self) -> None:
        """Compare what the server says of each job with what is the case."""
        told = self.server.get(f"batches/{self.batch.id}/jobs?limit=1000").json()["jobs"]
        assert [job["id"] for job in told] == [job.id for job in self.batch.jobs()]
        for reply in told:
            job = Job(self.batch.folder / reply["id"])
            if job.id in self.done:
                assert reply["state"] == "done", "a finished job was lost"
                assert _left(job) == self.done[job.id], "what a finished job left has been touched"
            elif reply["state"] == "done":
                assert job.metrics == {"square": reply["parameters"]["n"] ** 2}
                assert "square" in job.notebook.read_text()
                self.done[job.id] = _left(job)
            elif reply["state"] == "running":
                assert _is_truly_running(job), reply["message"]
            elif reply["state"] == "dead":
                assert not _lives(_written(job)), reply["message"]
            elif reply["state"] == "failed":
                assert re.search(FAILED, reply["message"]), reply["message"]
            elif reply["state"] == "stopped":
                assert self.executor == "slurm", reply
                assert re.match(STOPPED, reply["message"]), reply["message"]


def _killed(
    server: Server, cluster: SlurmCluster | None, works: dict[str, Work], victim: str, rng: random.Random
) -> bool:
    """Wait for a moment, then kill one that lives; return whether there was one."""
    time.sleep(rng.uniform(0.0, 1.5))
    if victim == "server":
        server.kill()
        server.start()
        return True
    if victim == "slurmd":
        assert cluster is not None
        return _slurmd_killed(cluster, works["slurm"], rng)
    names = {"crew": ("crew_pid", "crew_started"), "runner": ("pid", "pid_started")}
    pid_name, started_name = names.get(victim, ("kernel_pid", "kernel_started"))
    living = {
        (getattr(status, pid_name), getattr(status, started_name))
        for work in works.values()
        for status in work.batch.statuses()
        if status.state in ("queued", "running") and getattr(status, pid_name)
    }
    living = {(pid, started) for pid, started in living if alive(pid, started)}
    if not living:
        return False
    pid, started = rng.choice(sorted(living))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    while alive(pid, started):
        time.sleep(0.01)
    return True


def _slurmd_killed(cluster: SlurmCluster, work: Work, rng: random.Random) -> bool:
    """Kill the node's daemon, alone, with those of jobs, or with all there is; start it again, at once or late."""
    if all(status.finished_for_good for status in work.batch.statuses()):
        return False
    how = rng.choice(("at once", "soon", "late", "supervisors", "all"))
    kill = {"supervisors": cluster.kill_supervisors, "all": cluster.crash_node}.get(how, cluster.kill_slurmd)
    kill()
    work.check()
    if how == "soon":
        time.sleep(rng.uniform(0.0, 2.0))
    elif how == "late":
        # Not for a state of the node: one with a job that is queued again is told to be in use, though it is down.
        _until_noticed(cluster)
        work.check()
    cluster.start_slurmd()
    return True


def _until_noticed(cluster: SlurmCluster) -> None:
    """Wait until the controller takes the node for down, or some seconds longer than it usually needs."""
    end = time.monotonic() + 20
    while time.monotonic() < end and "down" not in cluster.run("sinfo", "--noheader", "--format=%T"):
        time.sleep(0.2)


def _is_truly_running(job: Job) -> bool:
    """Whether the runner lives. Whoever was killed was killed before the server was asked; a job may end meanwhile."""
    for _ in range(2):
        status = _written(job)
        if status["state"] not in ("running", "stopping") or _lives(status):
            return True
    return False


def _written(job: Job) -> dict[str, Any]:
    """Return a status as it stands in its file, judged by nobody."""
    status: dict[str, Any] = json.loads((job.folder / "status.json").read_text())
    return status


def _lives(status: dict[str, Any]) -> bool:
    return bool(status["pid"]) and alive(status["pid"], status["pid_started"])


def _left(job: Job) -> tuple[float, bytes]:
    return (job.folder / "report.html").stat().st_mtime, job.notebook.read_bytes()
