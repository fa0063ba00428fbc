"""``pulsetrain bench clustering speed | scale``: frames per second, memory, and answers that stay the same."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np
import pandas as pd
import xarray as xr

from pulsetrain.clustering.options import ClusteringOptions

__all__ = ["scale", "speed"]

_SIZE, _FRAME = 128, 128 * 128 * 4  # px, bytes
_SIMULATED = 2048  # frames; larger inputs hold them turned and mirrored
_DATA = "entry_1/instrument_1/detector_1"
_RUN = """
import sys
from pathlib import Path
from pulsetrain.clustering.command import run
from pulsetrain.clustering.options import ClusteringOptions
path, output, options = sys.argv[1:]
print(run(path, ClusteringOptions.model_validate_json(options), Path(output)))
"""


@click.command()
@click.option("--patterns", default=2048, show_default=True, help="Simulated frames of 128 × 128 pixels.")
@click.option("--epochs", default=1, show_default=True, help="Of learning; 0: physics scores alone.")
@click.option("--seed", default=1, show_default=True, help="Of the simulation.")
def speed(patterns: int, epochs: int, seed: int) -> None:
    """Measure CPU time per frame of reading, physics scores and embedding, with one thread."""
    import torch

    from pulsetrain.clustering.clusterer import FrameClusterer
    from pulsetrain.clustering.streaming import assign_all
    from pulsetrain.data import open_frames

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="pulsetrain-bench-") as name:
        path = _input(Path(name) / "frames.h5", patterns, seed)
        frames = open_frames(path)
        clusterer = FrameClusterer(epochs=epochs, sample=min(patterns, 1000)).fit(frames)
        scorer, block = clusterer.scorer, clusterer.scorer.block(frames[:1024])
        clusterer.assign(block[:64])  # compiles
        times = {
            "reading": _timed(lambda: [each.compute(scheduler="synchronous") for each in _blocks(frames)]) / patterns,
            "physics scores": _timed(lambda: scorer.measure(block)) / len(block),
            "scores, embedding and kinds": _timed(lambda: clusterer.assign(block)) / len(block),
            "all, into Zarr": _timed(lambda: assign_all(clusterer, frames, Path(name) / "out.zarr")) / patterns,
        }
    rows = {step: {"CPU ms a frame": 1e3 * each, "frames/s": 1 / each} for step, each in times.items()}
    click.echo(f"{patterns} frames of {_SIZE} × {_SIZE}, float32, {patterns * _FRAME / 1e9:.2f} GB; one thread")
    click.echo(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.2f}".format))


@click.command()
@click.option("--gigabytes", "sizes", multiple=True, type=float, help="Sizes of the inputs; by default 2 and 20.")
@click.option("--epochs", default=1, show_default=True, help="Of learning; 0: physics scores alone.")
@click.option("--sample", default=1000, show_default=True, help="Frames that are learnt from.")
@click.option("--kills", default=5, show_default=True, help="Of the smallest input's run, at random moments.")
@click.option("--workers", default=2, show_default=True, help="Processes of the Dask cluster; 0: none is tried.")
@click.option("--folder", type=click.Path(path_type=Path), help="For the inputs; what is made there is removed.")
@click.option("--seed", default=1, show_default=True, help="Of simulation and kills.")
def scale(
    *, sizes: tuple[float, ...], epochs: int, sample: int, kills: int, workers: int, folder: Path | None, seed: int
) -> None:
    """Compare the command's memory on a small and a large input, and its answers when killed or on a cluster."""
    sizes = tuple(sorted(sizes or (2.0, 20.0)))
    options = ClusteringOptions(epochs=epochs, sample=sample, seed=seed, device="cpu")
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pulsetrain-bench-", dir=folder) as name:
        place, rows = Path(name), {}
        small = f"{sizes[0]:g}"
        for size in sizes:
            click.echo(f"writing {size:g} GB …", err=True)
            path = _input(place / f"{size:g}.h5", max(1, round(size * 1e9 / _FRAME)), seed)
            click.echo("assigning …", err=True)
            row = rows[f"{size:g} GB"] = _measured(path, place / f"{size:g}.zarr", options)
            click.echo(f"{size:g} GB: " + ", ".join(f"{name} {value:,.2f}" for name, value in row.items()), err=True)
            if size != sizes[0]:
                path.unlink()
        click.echo(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.2f}".format))
        path, answer = place / f"{small}.h5", _answer(place / f"{small}.zarr")
        if kills:
            moments = np.random.default_rng(seed).uniform(0.2, 1.0, kills) * rows[f"{small} GB"]["wall s"]
            tries = _killed(path, place / "killed.zarr", options, moments.tolist())
            same = answer.identical(_answer(place / "killed.zarr"))
            click.echo(f"killed after {tries} of the frames, and resumed: {'the same answer' if same else 'ANOTHER'}")
        if workers:
            click.echo(_on_cluster(path, place, workers, answer))


def _input(path: Path, n: int, seed: int) -> Path:
    """Write frames as HDF5, uncompressed, a few at a time: simulated, then the same turned and mirrored."""
    from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

    options = ParticleOptions(n_patterns=min(n, _SIMULATED), size=_SIZE)
    frames = simulate_particles(options, seed=seed).frames.compute(scheduler="synchronous").to_numpy()
    with h5py.File(path, "w") as file:
        group = file.create_group(_DATA)
        data = group.create_dataset("data", (n, _SIZE, _SIZE), np.float32)
        for way, start in enumerate(range(0, n, len(frames))):
            turned = np.rot90(frames[:, :: -1 if way // 4 % 2 else 1], way % 4, axes=(1, 2))
            data[start : start + len(frames)] = turned[: n - start]
        group["trainId"] = 10_000 + np.arange(n, dtype=np.uint64) // 100
        group["pulseId"] = np.arange(n, dtype=np.uint64) % 100
    return path


def _measured(path: Path, output: Path, options: ClusteringOptions) -> dict[str, float]:
    """Run the command in a process of its own; its memory, and its speed beside that of reading alone."""
    begun = time.monotonic()
    process = _start(path, output, options)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status:
        raise click.ClickException(f"the command failed on {path}")
    n = path.stat().st_size / _FRAME
    begun = time.monotonic()
    with path.open("rb", buffering=0) as file:
        while file.read(32 * 2**20):
            pass
    reading = time.monotonic() - begun
    return {
        "frames": n,
        "peak RSS GB": used.ru_maxrss * 1024 / 1e9,
        "CPU s": used.ru_utime + used.ru_stime,
        "wall s": wall,
        "frames/s (CPU)": n / (used.ru_utime + used.ru_stime),
        "frames/s (wall)": n / wall,
        "frames/s (reading alone)": n / reading,
        "MB/s (reading alone)": path.stat().st_size / 1e6 / reading,
    }


def _killed(path: Path, output: Path, options: ClusteringOptions, moments: list[float]) -> str:
    """Kill the command after so many seconds each time, then let it go on; return how far it was each time."""
    done = []
    for moment in moments:
        process = _start(path, output, options)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        hits = _answer(output)["hit"] if (output / "zarr.json").is_file() else np.zeros(1, dtype="U1")
        done.append(f"{np.mean(np.asarray(hits, dtype='U8') != ''):.0%}")
    if _start(path, output, options).wait():
        raise click.ClickException(f"the command failed to go on in {output}")
    return ", ".join(done)


def _start(path: Path, output: Path, options: ClusteringOptions) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", _RUN, str(path), str(output), options.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _on_cluster(path: Path, place: Path, workers: int, answer: xr.Dataset) -> str:
    """Assign on a Dask cluster with the same model; return what to say of it."""
    from pulsetrain.clustering.clusterer import FrameClusterer
    from pulsetrain.clustering.streaming import assign_all
    from pulsetrain.data import open_frames

    distributed: Any = import_module("distributed")  # has no types
    clusterer = FrameClusterer.load(path.with_suffix(".zarr") / "model")
    with (
        distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assign_all(clusterer, open_frames(path), place / "cluster.zarr", client=client)
        peaks = client.run(_peak).values()
    same = answer.identical(_answer(place / "cluster.zarr"))
    return f"{workers} workers: {'the same answer' if same else 'ANOTHER'}, peak RSS {max(peaks):.2f} GB each"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def _answer(store: Path) -> xr.Dataset:
    result: xr.Dataset = xr.open_zarr(store).load()
    return result


def _blocks(frames: xr.DataArray) -> list[Any]:
    return list(frames.data.blocks)


def _timed(work: Callable[[], Any]) -> float:
    """Return the CPU time of some work, in seconds."""
    begun = time.process_time()
    work()
    return time.process_time() - begun
