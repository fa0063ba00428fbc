"""A batch of many short jobs on this machine: ``pulsetrain bench batch``."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import click

from pulsetrain.reports._local import Local
from pulsetrain.reports.bench import workload
from pulsetrain.reports.planning import plan_batch

__all__ = ["bench"]

_START = 60.0  # s for the server to answer
_EVERY = 1.0  # s between two looks, as the sidebar has it


@click.command()
@click.option("--jobs", default=1000, show_default=True, help="Jobs of the batch.")
@click.option("--slots", default=Local().options.slots, show_default=True, help="Jobs at the same time.")
@click.option("--seconds", default=0.1, show_default=True, help="Work in each job's cells, in seconds.")
@click.option(
    "--alone", default=10, show_default=True, help="Jobs run one at a time before, by which the ideal is told."
)
@click.option("--rival", default=10, show_default=True, help="Runs of papermill by xargs, as many at the same time.")
def bench(jobs: int, slots: int, seconds: float, alone: int, rival: int) -> None:
    """Run a batch of short jobs while a Jupyter server is asked for them as the sidebar does.

    The ideal is the time of a job by itself × jobs / slots. A job by itself is one of a batch that runs one at a time,
    from its first word to its last; what lies between two of them is no part of it. The rival is
    `xargs -P SLOTS papermill`, which writes no reports.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "short.ipynb"
        path.write_text(json.dumps(workload(1, seconds)), encoding="utf-8")
        single = _single(path, folder / "alone", alone, seconds)
        click.echo(f"a job by itself: {single:.3f} s (median of {alone})")
        plan = plan_batch(path, grid={"seconds": [seconds] * jobs}, root=folder / "jobs", executor=Local(slots=slots))
        with _server(folder) as asked:
            began = time.perf_counter()
            batch = plan.submit()
            submitted = time.perf_counter() - began
            batch.wait()
            took = time.perf_counter() - began
        click.echo(f"batch of {jobs}: submitted in {submitted:.2f} s, through in {took:.1f} s, {batch.counts()}")
        ideal = single * jobs / slots
        click.echo(f"ideal with {slots} at a time {ideal:.1f} s; ratio {took / ideal:.3f} (allowed 1.15)")
        _tell(asked, took)
        if rival:
            each = _xargs(path, rival, slots)
            ours = took / jobs
            click.echo(
                f"xargs -P {slots} papermill: {each:.2f} s a job; ours {ours:.2f} s; {each / ours:.2f} × as fast"
            )


def _single(path: Path, root: Path, number: int, seconds: float) -> float:
    """Return how long a job takes that has the machine to itself, from its first word to its last: the median."""
    batch = plan_batch(path, grid={"seconds": [seconds] * number}, root=root, executor=Local(slots=1)).submit()
    return statistics.median((status.finished or 0.0) - (status.started or 0.0) for status in batch.wait())


def _xargs(path: Path, number: int, slots: int) -> float:
    """Return how long papermill takes for each of some notebooks, as many at the same time."""
    names = "\n".join(str(path.with_suffix(f".{place}.ipynb")) for place in range(number))
    began = time.perf_counter()
    command = ["xargs", "-P", str(slots), "-I", "{}", sys.executable, "-m", "papermill", str(path), "{}"]
    subprocess.run(command, input=names, text=True, check=True, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) / number


@contextlib.contextmanager
def _server(folder: Path) -> Iterator[list[float]]:
    """Run a Jupyter server over the jobs, ask it as the sidebar does, and collect how long each answer takes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    options = {"port": port, "root_dir": folder, "open_browser": False, "log_level": "ERROR", "allow_root": True}
    command = [sys.executable, "-m", "jupyter_server", f"--PulsetrainServer.jobs_root={folder / 'jobs'}"]
    command += ["--ServerApp.jpserver_extensions={'pulsetrain.server': True}"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    environment = os.environ | {"JUPYTER_TOKEN": token}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took: list[float] = []
    done = threading.Event()
    asking = threading.Thread(target=_ask, args=(port, token, took, done))
    try:
        asking.start()
        yield took
    finally:
        done.set()
        asking.join()
        server.terminate()
        server.wait()


def _ask(port: int, token: str, took: list[float], done: threading.Event) -> None:
    """Ask for the lists, and for a page in the middle of the newest batch."""
    batch = ""
    end = time.monotonic() + _START
    while not done.wait(_EVERY):
        for route in ("batches", "jobs", f"batches/{batch}/jobs?offset=400&limit=50" if batch else "executors"):
            began = time.perf_counter()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", f"/pulsetrain/api/{route}", headers={"Authorization": f"token {token}"})
                answer = connection.getresponse()
                body = answer.read()
                connection.close()
            except OSError:
                if not took and time.monotonic() < end:
                    break  # it has not come up yet
                raise
            took.append(time.perf_counter() - began)
            if answer.status != http.client.OK:
                click.echo(f"{route}: the server answers {answer.status}", err=True)
            elif route == "batches":
                batch = next((found["id"] for found in json.loads(body)["batches"]), "")


def _tell(asked: list[float], wall: float) -> None:
    if not asked:
        click.echo("the server was not asked: the batch was through before it came up")
        return
    ordered = sorted(asked)
    middle, late = statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]
    click.echo(
        f"meanwhile {len(asked)} requests, {len(asked) / wall:.1f} a second: "
        f"median {1000 * middle:.0f} ms, 95 % below {1000 * late:.0f} ms, longest {1000 * ordered[-1]:.0f} ms"
    )
