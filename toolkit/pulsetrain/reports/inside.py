"""What a notebook can do where it runs as a job: leave files in the job's folder, and say how far a long cell is."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pulsetrain.progress import Progress

__all__ = ["JOB", "PROGRESS", "RESULTS", "results_folder", "show_progress"]

JOB = "PULSETRAIN_JOB"  # environment variable of a job's kernel
RESULTS = "results"
PROGRESS = "application/vnd.pulsetrain.progress+json"
_EVERY = 0.5  # s


def results_folder() -> Path | None:
    """Return the folder of the job for files that its report hands over, made if need be; None outside of a job."""
    job = os.environ.get(JOB)
    if not job:
        return None
    folder = Path(job) / RESULTS
    folder.mkdir(exist_ok=True)
    return folder


def show_progress() -> Progress:
    """Return a progress that tells the job's status how far the running cell is; outside of a job it is silent."""
    told = -_EVERY

    def progress(done: int, total: int, message: str = "", /, **values: float) -> None:
        nonlocal told
        if JOB not in os.environ or (done < total and time.monotonic() - told < _EVERY):
            return
        told = time.monotonic()
        from IPython.display import display

        figures = "".join(f", {name} {value:.4g}" for name, value in values.items())
        display({PROGRESS: {"done": done, "total": total, "message": f"{message}{figures}"}}, raw=True)

    return progress
