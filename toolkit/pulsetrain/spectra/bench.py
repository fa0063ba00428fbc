"""``pulsetrain bench spectra``: the method's figures, each by one command on series whose truth is known."""

from __future__ import annotations

from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_args

import click
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.progress import show_in_terminal
from pulsetrain.spectra.catalogue import NETWORKS, NetworkName

__all__ = ["bench"]

# Series of the simulator's default options. The first four of the attribution's helped to choose the network; the
# other twenty were first looked at in this benchmark.
_TABLE_SEED = 1
_ATTRIBUTION_SEEDS = range(100, 124)
_BOOTSTRAPS = 2000  # for the intervals of the medians


class _Lazy(click.Group):
    """A group that holds ``boundary``, whose module is imported only when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "boundary"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "boundary":
            return super().get_command(ctx, cmd_name)
        command: click.Command = resolve_name("pulsetrain.spectra.transition_bench:boundary")
        return command


@click.group(cls=_Lazy)
def bench() -> None:
    """Boundaries and attribution on simulated series, beside references that need no network."""


@bench.command()
@click.option("--protocol", type=click.Choice(["mended", "published"]), default="mended", show_default=True)
@click.option("--members", type=int, help="Networks behind each interval; by default 4, as published 1.")
@click.option("--network", "networks", multiple=True, type=click.Choice(get_args(NetworkName)), help="By default all.")
@click.option("--seed", default=_TABLE_SEED, show_default=True, help="Of the simulated series.")
@click.option("--csv", type=click.Path(path_type=Path), help="Write the table there too.")
def table(protocol: str, members: int | None, networks: tuple[NetworkName, ...], seed: int, csv: Path | None) -> None:
    """Recompute the paper's table on a simulated series of 349 × 4023."""
    from pulsetrain.simulate.spectra import simulate_series
    from pulsetrain.spectra._compare import compare

    truth = simulate_series(seed=seed)
    members = members or (1 if protocol == "published" else 4)
    rows = compare(
        truth.intensity,
        truth.labels,
        networks or tuple(NETWORKS),
        truth=truth.attrs["boundary"],
        protocol=protocol,
        members=members,
        idle_layer=protocol == "published",  # the published table counts it
        progress=show_in_terminal,
    )
    n, channels = truth.intensity.shape
    click.echo(
        f"{n} × {channels}, protocol {protocol}, members {members}, boundary at {truth.attrs['boundary']:.1f}; "
        "boundaries in spectra"
    )
    click.echo(_text(rows))
    if csv:
        rows.to_csv(csv)


@bench.command()
@click.option("--series", default=len(_ATTRIBUTION_SEEDS), show_default=True, help="How many simulated series.")
@click.option("--network", type=click.Choice(get_args(NetworkName)), default="fcnn", show_default=True)
@click.option("--members", default=3, show_default=True, help="Networks of the ensemble.")
def attribution(series: int, network: NetworkName, members: int) -> None:
    """Measure the share of importance that lies on truly changing channels, all methods side by side."""
    from pulsetrain.simulate.spectra import simulate_series
    from pulsetrain.spectra._importance import METHODS, attribution_share, importance
    from pulsetrain.spectra.classifier import SpectraClassifier

    shares: dict[str, list[float]] = {name: [] for name in ("chance", *METHODS)}
    for done in range(series):
        truth = simulate_series(seed=_ATTRIBUTION_SEEDS.start + done)
        classifier = SpectraClassifier(network=network, members=members).fit(truth.intensity, truth.labels)
        shares["chance"].append(float(truth.changing.mean()))
        for method in METHODS:
            found = importance(classifier, truth.intensity, method)
            shares[method].append(attribution_share(found, truth.changing))
        show_in_terminal(done + 1, series, "attribution", integrated_gradients=shares["integrated_gradients"][-1])
    click.echo(f"{series} series, network {network}, members {members}: share on truly changing channels")
    reference = np.array(shares["class_mean_difference"])
    rows = {
        name: {
            "median": float(np.median(values)),
            **dict(zip(("low", "high"), _median_interval(np.array(values)), strict=True)),
            "mean": float(np.mean(values)),
            "at or above class means": f"{int((np.array(values) >= reference).sum())}/{series}",
        }
        for name, values in shares.items()
    }
    click.echo(_text(pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")))


@bench.command()
@click.option("--series", default=24, show_default=True, help="How many held-out series, of the four kinds in turn.")
@click.option("--network", "networks", multiple=True, type=click.Choice(get_args(NetworkName)), help="By default fcnn.")
@click.option("--members", default=5, show_default=True, help="Networks behind each interval.")
@click.option("--csv", type=click.Path(path_type=Path), help="One line a series and model, written as they come.")
def intervals(series: int, networks: tuple[NetworkName, ...], members: int, csv: Path | None) -> None:
    """Judge the networks' boundaries and 90 % intervals on drifting series, beside the estimator and the gap's middle.

    A network that finds no boundary is given the gap's middle, and one without an interval the whole gap.
    """
    from pulsetrain.simulate.spectra import simulate_series
    from pulsetrain.simulate.spectra_families import HELD_OUT, KINDS
    from pulsetrain.spectra.classifier import SpectraClassifier
    from pulsetrain.spectra.transition import TransitionEstimator

    rows: list[dict[str, Any]] = []
    for number in range(series):
        options, seed = HELD_OUT.draw(KINDS[number % len(KINDS)], number // len(KINDS))
        truth = simulate_series(options, seed=seed)
        labels, place = truth.labels.to_numpy(), truth.attrs["boundary"]
        gap = float(np.flatnonzero(labels == 0)[-1]), float(np.flatnonzero(labels == 1)[0])
        found: dict[str, xr.Dataset | None] = {"gap middle": None}
        found["transition"] = TransitionEstimator().estimate(truth.intensity, labels)
        for network in networks or ("fcnn",):
            classifier = SpectraClassifier(network=network, members=members, seed=number).fit(truth.intensity, labels)
            found[network] = classifier.predict(truth.intensity)
        for name, result in found.items():
            rows.append({"series": number, "model": name, **_judged(result, gap, place)})
            if csv:
                pd.DataFrame([rows[-1]]).to_csv(csv, mode="a", header=not csv.exists(), index=False)
        show_in_terminal(number + 1, series, "intervals")
    by_model = pd.DataFrame(rows).groupby("model", sort=False)
    table = by_model.agg(
        mean_error=("error", "mean"), median_error=("error", "median"), interval_covers=("held", "mean")
    )
    click.echo(f"{series} held-out series, members {members}; errors and widths in spectra")
    click.echo(_text(table.join(by_model.agg(interval_width=("width", "mean")))))


def _judged(result: xr.Dataset | None, gap: tuple[float, float], truth: float) -> dict[str, float]:
    """Return the error of a result's boundary, whether its interval held the truth, and how wide that is."""
    boundary, low, high = sum(gap) / 2, *gap
    if result is not None and np.isfinite(result.boundary):
        boundary = float(result.boundary)
    if result is not None and np.isfinite(result.boundary_interval).all():
        low, high = result.boundary_interval.to_numpy()
    return {"error": abs(boundary - truth), "held": low <= truth <= high, "width": high - low}


def _median_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of a median."""
    drawn = np.random.default_rng(0).choice(values, (_BOOTSTRAPS, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    return float(low), float(high)


def _text(table: pd.DataFrame) -> str:
    shown = table.copy()
    if "parameters" in shown:
        shown["parameters"] = ["–" if np.isnan(n) else f"{int(n):,}" for n in shown["parameters"]]
    return shown.to_string(na_rep="–", float_format="{:.3f}".format)
