"""``pulsetrain bench tuning``: the method's figures, each by one command."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pandas as pd
import xarray as xr

from pulsetrain._lazy_commands import LazyGroup
from pulsetrain.progress import show_in_terminal
from pulsetrain.tuning.options import IndexingOptions

if TYPE_CHECKING:
    from pulsetrain.tuning.native import NativeEngine

__all__ = ["bench"]

_CRYSTFEL_MS = 184.0  # CPU per pattern of AGIPD-1M, half of them hits: indexamajig 0.12, peakfinder8 and asdf
_WITH_CRYSTAL = 0.7  # of simulated patterns, some too weak to be hits: about half are
_ELSEWHERE = dict.fromkeys(("regret", "reward", "tabulate", "train"), "pulsetrain.tuning.optimiser_bench")


@click.group(cls=LazyGroup, elsewhere=_ELSEWHERE)
def bench() -> None:
    """Speed of the built-in engine, its agreement with CrystFEL, and how soon each optimiser is near the best."""


@bench.command()
@click.argument("frames", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--geometry", type=click.Path(exists=True, path_type=Path), help="Of FRAMES.")
@click.option("--cell", type=click.Path(exists=True, path_type=Path), help="Of FRAMES.")
@click.option("--patterns", default=64, show_default=True, help="How many: simulated, or the first ones of FRAMES.")
@click.option("--seed", default=1, show_default=True, help="Of the simulation.")
def speed(frames: Path | None, geometry: Path | None, cell: Path | None, patterns: int, seed: int) -> None:
    """Measure CPU time per pattern, cold and on evaluations with another setting; with one process.

    Without FRAMES, AGIPD-1M patterns of lysozyme are simulated, about half of them hits, and written as HDF5.
    """
    if frames is not None and (geometry is None or cell is None):
        raise click.UsageError("FRAMES need --geometry and --cell")
    with tempfile.TemporaryDirectory(prefix="pulsetrain-bench-") as folder:
        if frames is None or geometry is None or cell is None:
            click.echo(f"simulating {patterns} patterns …", err=True)
            frames, geometry, cell = _simulated(Path(folder), patterns, seed)
        _speed(frames, geometry, cell, patterns)


@bench.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--processes", type=int, help="Patterns side by side; by default one per core.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table there too.")
def agreement(folder: Path, processes: int | None, csv: Path | None) -> None:
    """Put the built-in engine beside CrystFEL's answers in FOLDER, setting by setting."""
    from pulsetrain.tuning._native.agreement import agreement as compare

    table = compare(folder, processes=processes, progress=show_in_terminal)
    click.echo("hits_differ leaves out frames within 2 peaks of the least of a hit; median_error in degrees")
    click.echo(table.to_string(na_rep="–", float_format="{:.3f}".format))
    if csv:
        table.to_csv(csv)


def _simulated(folder: Path, patterns: int, seed: int) -> tuple[Path, Path, Path]:
    from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals

    path = simulate_crystals(CrystalOptions(n_patterns=patterns, hit_rate=_WITH_CRYSTAL), seed=seed).write_hdf5(
        folder / "speed.h5"
    )
    return path, path.with_suffix(".geom"), path.with_suffix(".cell")


def _speed(path: Path, geometry: Path, cell: Path, n: int) -> None:
    from pulsetrain.data import open_frames
    from pulsetrain.tuning._native.patterns import Patterns
    from pulsetrain.tuning.native import NativeEngine

    frames = open_frames(path)[:n]
    n = frames.sizes["pattern"]  # there may be fewer
    start = IndexingOptions()
    blind = {"min_peaks": 10_000}  # no hits: the peak search alone
    NativeEngine(geometry, cell, processes=1).evaluate(frames[:4], IndexingOptions(min_peaks=5))  # compiles
    source = Patterns(frames, frames.shape[1:])
    begun = time.process_time()
    for block in source.blocks():
        source.read(block)
    read = time.process_time() - begun
    whole = NativeEngine(geometry, cell, processes=1)
    peaks_only = NativeEngine(geometry, cell, processes=1)
    clen = whole.geometry.clen
    settings: dict[str, dict[str, float | int]] = {
        "cold": {},
        "again, min_snr 6": {"min_snr": 6.0},
        "again, min_pix_count 3": {"min_pix_count": 3},
        "again, clen +0.5 %": {"clen": 1.005 * clen},
    }
    rows = {}
    for name, change in settings.items():
        options = start.model_copy(update=change)
        searched, _ = _timed(peaks_only, frames, options.model_copy(update=blind))
        total, result = _timed(whole, frames, options)
        of_reading = read if name == "cold" else 0.0
        rows[name] = {
            "hits": int(result["hit"].sum()),
            "indexed": int(result["indexed"].sum()),
            "read": of_reading * 1e3 / n,
            "peaks": (searched - of_reading) * 1e3 / n,
            "indexing": (total - searched) * 1e3 / n,
            "total": total * 1e3 / n,
            "CrystFEL/ours": _CRYSTFEL_MS / (total * 1e3 / n),
        }
    click.echo(f"{n} patterns of {frames.shape[1:]}, {frames.dtype}; CPU ms per pattern, one process")
    click.echo(pd.DataFrame.from_dict(rows, orient="index").to_string(float_format="{:.1f}".format))
    click.echo(f"CrystFEL/ours: against {_CRYSTFEL_MS:.0f} ms that indexamajig 0.12 took on another machine")
    _indexamajig(frames, geometry, cell, start)


def _indexamajig(frames: xr.DataArray, geometry: Path, cell: Path, options: IndexingOptions) -> None:
    """Time a real indexamajig, where there is one."""
    if shutil.which("indexamajig") is None:
        click.echo("no indexamajig on PATH: not timed here")
        return
    from pulsetrain.tuning.crystfel import CrystFELEngine

    engine = CrystFELEngine(geometry, cell, processes=1)
    before = os.times()
    engine.evaluate(frames, options)
    after = os.times()
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    click.echo(f"indexamajig on this machine: {spent * 1e3 / frames.sizes['pattern']:.1f} CPU ms per pattern")


def _timed(engine: NativeEngine, frames: xr.DataArray, options: IndexingOptions) -> tuple[float, xr.Dataset]:
    """Evaluate; return the CPU time it took, in seconds, beside the result."""
    begun = time.process_time()
    result = engine.evaluate(frames, options)
    return time.process_time() - begun, result
