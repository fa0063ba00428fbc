"""``pulsetrain bench spectra``: the method's figures, each by one command on series whose truth is known."""

from __future__ import annotations

import sys
from pathlib import Path
from pkgutil import resolve_name
from typing import get_args

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
        progress=_show_progress,
    )
    _clear()
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
        _show_progress(done + 1, series, "attribution", integrated_gradients=shares["integrated_gradients"][-1])
    _clear()
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


def _show_progress(done: int, total: int, message: str = "", /, **values: float) -> None:
    if sys.stderr.isatty():
        figures = " ".join(f"{name} {value:.3g}" for name, value in values.items())
        click.echo(f"\r\033[K{done}/{total} {message} {figures}", nl=False, err=True)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
