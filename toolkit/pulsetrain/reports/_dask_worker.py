"""What a Dask worker does for a job: start its runner, wait for it, and end it if the worker is closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pulsetrain.reports._files import this_host
from pulsetrain.reports._local import say_if_it_never_began
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.runner import LEASH, NODE

__all__ = ["run_job"]

_RUNNER = ("-P", "-m", "pulsetrain.reports.runner")
_LOOK = 0.5  # s between looks at the worker


def run_job(folder: str, attempt: int, python: str) -> str:
    """Run one attempt of a job, unless another runner has signed it, and return the state it ended in.

    Parameters
    ----------
    folder
        Of the job.
    attempt
        A task that comes late finds its job stopped, or resumed elsewhere, and leaves it alone.
    python
        That submitted the job; the worker's own where it is not installed there.
    """
    from distributed import get_worker

    worker = get_worker()
    job = Job(Path(folder))
    if not job.folder.is_dir():
        raise FileNotFoundError(f"{folder} is not there on {this_host()}; jobs need a folder that all workers share")
    status = job.status
    if (status.state, status.pid, status.attempt) != ("queued", None, attempt):
        return status.state
    marks = {LEASH: f"the Dask worker {worker.name} has gone", NODE: this_host()}
    with (job.folder / "log.txt").open("ab") as log:
        runner = subprocess.Popen(
            [python if Path(python).exists() else sys.executable, *_RUNNER, folder, str(attempt)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=os.environ | marks,
            start_new_session=True,
        )
    assert runner.stdin is not None  # noqa: S101  # it was asked for
    while _waits(runner):
        if _closing(worker):
            runner.stdin.close()  # as the system does where the worker is killed
    runner.stdin.close()
    say_if_it_never_began(job, attempt, runner.returncode)
    return job.status.state


def _waits(runner: subprocess.Popen[bytes]) -> bool:
    try:
        runner.wait(_LOOK)
    except subprocess.TimeoutExpired:
        return True
    return False


def _closing(worker: Any) -> bool:
    return worker.status.name in ("closing", "closed", "failed")
