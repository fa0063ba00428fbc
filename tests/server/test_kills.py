"""Kill -9 at random moments, of crew, runner, kernel, server: nothing finished is lost or called what it is not.

Ten moments by default; PULSETRAIN_KILLS sets how many, PULSETRAIN_SEED which.
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
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import Server

from pulsetrain.reports import Batch, Job
from pulsetrain.reports._files import alive

KILLS = int(os.environ.get("PULSETRAIN_KILLS", "10"))
SEED = int(os.environ.get("PULSETRAIN_SEED", "1"))
JOBS = 12
WORK = """
import time
from pulsetrain.reports import show_metrics
time.sleep(0.3)
show_metrics({"square": n * n})
"""
VICTIMS = ("runner", "kernel", "crew", "runner", "kernel", "crew", "runner", "kernel", "crew", "server")


@pytest.fixture
def server(tmp_path: Path, write_template: Callable[..., Path]) -> Iterator[Server]:
    server = Server(tmp_path)
    write_template(server.root / "templates" / "square.ipynb", "n = 0", "import time; time.sleep(0.3)", WORK)
    yield server.start()
    server.stop()


@pytest.mark.timeout(120 + 20 * KILLS)
def test_killed_at_random_moments_nothing_finished_is_lost_and_all_completes_on_resume(server: Server) -> None:
    rng = random.Random(SEED)  # noqa: S311 -- of moments and victims
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(KILLS)]
    rng.shuffle(victims)
    batch, done = _submit(server), dict[str, tuple[float, bytes]]()
    for victim in victims:
        while not _killed(server, batch, victim, rng):
            if batch.counts() == {"done": JOBS}:
                _check(server, batch, done)
                batch, done = _submit(server), {}
            _resume(server, batch)
        _check(server, batch, done)
        if rng.random() < 0.5:
            _resume(server, batch)
    while batch.counts() != {"done": JOBS}:
        _resume(server, batch)
        _check(server, batch, done)
        time.sleep(0.3)
    _check(server, batch, done)
    assert [job.metrics for job in batch.jobs()] == [{"square": n * n} for n in range(JOBS)]


def _submit(server: Server) -> Batch:
    body = {"template": "square", "grid": {"n": list(range(JOBS))}, "executor": {"name": "local", "slots": 2}}
    answer = server.post("batches", body)
    assert answer.status_code == 201, answer.text
    return Batch(server.jobs / answer.json()["id"])


def _resume(server: Server, batch: Batch) -> None:
    if {"dead", "failed"} & set(batch.counts()):
        assert server.post(f"batches/{batch.id}/resume").status_code in (200, 409)


def _killed(server: Server, batch: Batch, victim: str, rng: random.Random) -> bool:
    """Wait for a moment, then kill one that lives; return whether there was one."""
    time.sleep(rng.uniform(0.0, 1.5))
    if victim == "server":
        server.kill()
        server.start()
        return True
    names = {"crew": ("crew_pid", "crew_started"), "runner": ("pid", "pid_started")}
    pid_name, started_name = names.get(victim, ("kernel_pid", "kernel_started"))
    living = {
        (getattr(status, pid_name), getattr(status, started_name))
        for status in batch.statuses()
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


def _check(server: Server, batch: Batch, done: dict[str, tuple[float, bytes]]) -> None:
    """Compare what the server says of each job with what is the case."""
    told = server.get(f"batches/{batch.id}/jobs?limit=1000").json()["jobs"]
    assert [job["id"] for job in told] == [job.id for job in batch.jobs()]
    for reply in told:
        job = Job(batch.folder / reply["id"])
        if job.id in done:
            assert reply["state"] == "done", "a finished job was lost"
            assert _left(job) == done[job.id], "what a finished job left has been touched"
        elif reply["state"] == "done":
            assert job.metrics == {"square": reply["parameters"]["n"] ** 2}
            assert "square" in job.notebook.read_text()
            done[job.id] = _left(job)
        elif reply["state"] == "running":
            assert _is_truly_running(job), reply
        elif reply["state"] == "failed":
            assert re.search("kernel died|kernel did not come up|runner ended", reply["message"]), reply["message"]


def _is_truly_running(job: Job) -> bool:
    """Whether the runner lives. Whoever was killed was killed before the server was asked; a job may end meanwhile."""
    for _ in range(2):
        raw: dict[str, Any] = json.loads((job.folder / "status.json").read_text())
        if raw["state"] != "running" or alive(raw["pid"], raw["pid_started"]):
            return True
    return False


def _left(job: Job) -> tuple[float, bytes]:
    return (job.folder / "report.html").stat().st_mtime, job.notebook.read_bytes()
