"""``pulsetrain bench spectra boundary``: the estimator beside simple references, on series whose truth is known."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.progress import show_in_terminal
from pulsetrain.simulate.spectra import simulate_series
from pulsetrain.simulate.spectra_families import DEVELOPMENT, HELD_OUT, KINDS, Family, Kind
from pulsetrain.spectra._references import references
from pulsetrain.spectra.transition import TransitionEstimator

__all__ = ["boundary", "judge", "summary"]

FAMILIES = {family.name: family for family in (DEVELOPMENT, HELD_OUT)}
ESTIMATOR = "estimator"


@click.command()
@click.option("--family", type=click.Choice(list(FAMILIES)), default="held_out", show_default=True)
@click.option("--series", "count", default=400, show_default=True, help="In all, shared by the four kinds.")
@click.option("--first", default=0, show_default=True, help="Number of the first series of each kind.")
@click.option("--processes", default=1, show_default=True)
@click.option("--csv", type=click.Path(path_type=Path), help="One line a series; what is there is not run again.")
def boundary(family: str, count: int, first: int, processes: int, csv: Path | None) -> None:
    """Compare boundary errors, in spectra, and the coverage of the estimator's 90 % interval."""
    done = pd.read_csv(csv) if csv and csv.exists() else pd.DataFrame({"family": [], "kind": [], "number": []})
    known = set(zip(done["family"], done["kind"], done["number"], strict=True))
    numbers = range(first, first + -(-count // len(KINDS)))
    jobs = [(family, kind, n) for n in numbers for kind in KINDS if (family, kind, n) not in known]
    rows = [done]
    for done_now, row in enumerate(_run(jobs, processes), start=1):
        line = pd.DataFrame([row])
        rows.append(line)
        if csv:
            line.to_csv(csv, mode="a", header=not csv.exists(), index=False)
        show_in_terminal(done_now, len(jobs), "boundary")
    table = pd.concat([r for r in rows if len(r)], ignore_index=True)
    table = table[(table["family"] == family) & table["number"].isin(list(numbers))]
    click.echo(f"{family}: {len(table)} series; errors in spectra, ± standard error of the mean")
    click.echo(summary(table).to_string())


def judge(family: Family, kind: Kind, number: int) -> dict[str, object]:
    """Simulate one series of a family and find its boundary by all means.

    Returns
    -------
    dict
        Signed error of the estimator and of each reference, spectra (``error …``); ends of the 90 % interval relative
        to the truth; seconds of the estimator; number of flags.
    """
    options, seed = family.draw(kind, number)
    series = simulate_series(options, seed=seed)
    truth, labels = float(series.attrs["boundary"]), series["labels"].to_numpy()
    start = time.process_time()
    found = TransitionEstimator().estimate(series, labels)
    seconds = time.process_time() - start
    low, high = found["boundary_interval"].to_numpy() - truth
    row: dict[str, object] = {"family": family.name, "kind": kind, "number": number, "spectra": options.n_spectra}
    row |= {f"error {ESTIMATOR}": float(found["boundary"]) - truth, "low": low, "high": high, "seconds": seconds}
    row |= {"width": float(found["width"]), "flags": len(found.attrs["flags"].splitlines())}
    gap = np.flatnonzero(labels == 0)[-1], np.flatnonzero(labels == 1)[0]
    simple = references(_binned(series["intensity"]), labels)
    for name, place in zip(simple["reference"].to_numpy(), simple["boundary"].to_numpy(), strict=True):
        # A reference that sees no switch is given the middle of the gap, the best that is left to it.
        row[f"error {name}"] = float(place if np.isfinite(place) else np.mean(gap)) - truth
    inside = _change_point_inside(_binned(series["intensity"]).to_numpy(), *gap)
    row["error change point in the gap"] = inside - truth
    return row


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean absolute errors by kind, one column each and one for all, and what the estimator's interval holds."""
    columns: dict[str, dict[str, str]] = {}
    for kind in (*KINDS, "all"):
        part = table if kind == "all" else table[table["kind"] == kind]
        if len(part):
            columns[kind] = dict(_figures(part))
    return pd.DataFrame(columns)


def _figures(part: pd.DataFrame) -> Iterator[tuple[str, str]]:
    yield "series", f"{len(part)}"
    for name in [column for column in part.columns.tolist() if column.startswith("error ")]:
        size = part[name].abs().to_numpy()
        doubt = np.std(size) / np.sqrt(len(size))
        yield f"{name.removeprefix('error ')}: mean", f"{np.mean(size):.2f} ± {doubt:.2f}"
        if name == f"error {ESTIMATOR}":
            yield "  median", f"{np.median(size):.2f}"
            yield "  95th percentile", f"{np.quantile(size, 0.95):.2f}"
            yield "  largest", f"{size.max():.2f}"
            held = (part["low"] <= 0) & (part["high"] >= 0)
            yield "  90 % interval covers", f"{held.mean():.1%} ± {held.std(ddof=0) / np.sqrt(len(part)):.1%}"
            yield "  its mean width", f"{(part['high'] - part['low']).mean():.2f}"
            yield "  flagged", f"{(part['flags'] > 0).mean():.0%}"
            yield "  seconds (one core)", f"{part['seconds'].mean():.2f}"


def _run(jobs: list[tuple[str, Kind, int]], processes: int) -> Iterator[dict[str, object]]:
    if processes == 1:
        yield from map(_job, jobs)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the processes' own threads would get in each other's way
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(_job, jobs)


def _job(job: tuple[str, Kind, int]) -> dict[str, object]:
    family, kind, number = job
    return judge(FAMILIES[family], kind, number)


def _binned(intensity: xr.DataArray, channels: int = 500) -> xr.DataArray:
    """Bin the axis: kinder to the references, which know no noise, and faster."""
    step = max(1, intensity.sizes["channel"] // channels)
    return intensity.coarsen(channel=step, boundary="trim").mean()


def _change_point_inside(values: NDArray[np.float64], last_before: int, first_after: int) -> float:
    """Return the change point of the principal components' scores, looked for inside the gap only."""
    import ruptures
    from sklearn.decomposition import PCA

    gap = values[last_before : first_after + 1] / values[last_before : first_after + 1].mean(axis=1, keepdims=True)
    if len(gap) < 3:
        return 0.5 * (last_before + first_after)
    scores = PCA(min(5, *gap.shape), random_state=0).fit_transform(gap)
    return float(last_before + ruptures.Binseg(model="l2", min_size=1, jump=1).fit(scores).predict(n_bkps=1)[0] - 0.5)
