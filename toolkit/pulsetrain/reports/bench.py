"""What a job costs beside papermill: ``pulsetrain bench reports``."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from pulsetrain.reports.jobs import JobError
from pulsetrain.reports.submission import submit

__all__ = ["bench", "workload"]


@click.command()
@click.option("--cells", default=20, show_default=True, help="Cells of the notebook.")
@click.option("--seconds", default=0.6, show_default=True, help="Work in each cell, in seconds of this machine.")
@click.option("--repeats", default=3, show_default=True, help="Runs of each; the median counts.")
def bench(cells: int, seconds: float, repeats: int) -> None:
    """Run one notebook as a job and by papermill, in turn, and give the ratio of the times.

    A job's time is that from `submit` to its last word, the HTML report included, which papermill does not write.
    """
    times: dict[str, list[float]] = {"papermill": [], "job": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "work.ipynb"
        path.write_text(json.dumps(workload(cells, seconds)), encoding="utf-8")
        for repeat in range(repeats):
            for name in ("papermill", "job") if repeat % 2 == 0 else ("job", "papermill"):
                began = time.perf_counter()
                (_papermill if name == "papermill" else _job)(path)
                times[name].append(time.perf_counter() - began)
            click.echo(f"run {repeat + 1}: papermill {times['papermill'][-1]:.2f} s, job {times['job'][-1]:.2f} s")
    papermill, job = (statistics.median(times[name]) for name in ("papermill", "job"))
    click.echo(f"median: papermill {papermill:.2f} s, job {job:.2f} s; ratio {job / papermill:.3f} (allowed 1.1)")


def workload(cells: int, seconds: float) -> dict[str, Any]:
    """Return a notebook whose cells multiply matrices for so long, print and show a result."""
    sources = [
        f"seconds = {seconds}  # Work per cell. [s] {{0 ..}}",
        _BODY,
        *[_work(number) for number in range(cells)],
    ]
    built = [_cell(number, source) for number, source in enumerate(sources)]
    built[0]["metadata"] = {"tags": ["parameters"]}
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": built}


_BODY = """import time
import numpy as np

def work(seconds):
    rng, began = np.random.default_rng(0), time.perf_counter()
    matrix = rng.normal(size=(200, 200))
    while time.perf_counter() - began < seconds:
        matrix = np.tanh(matrix @ matrix / 200)
    return matrix
"""


def _cell(number: int, source: str) -> dict[str, Any]:
    empty: dict[str, Any] = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": f"c{number}", "source": source} | empty


def _work(number: int) -> str:
    return f"result = work(seconds)\nprint({number}, result.mean())\nresult[:20, :6]"


def _papermill(path: Path) -> None:
    command = [sys.executable, "-m", "papermill", str(path), str(path.with_suffix(".out.ipynb"))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _job(path: Path) -> None:
    job = submit(path, {}, path.parent / "jobs")
    status = job.wait(poll=0.02)
    if status.state != "done":
        raise JobError(f"{status.state}: {status.message}\n{job.log()}")
