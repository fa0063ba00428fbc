"""``pulsetrain bench clustering``: the method's figures, each by one command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from pulsetrain._lazy_commands import LazyGroup
from pulsetrain.progress import show_in_terminal

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from pulsetrain.simulate.particles_families import Planned

__all__ = ["bench"]

_NAMES = (
    "lit pixels",
    "PCA + k-means",
    "PCA + HDBSCAN",
    "UMAP + HDBSCAN",
    "physics scores",
    "FrameClusterer",
    "supervised",
)
_LABELLED, _APART = 2000, 1000  # frames that the ceiling learns from, of repeats that are never judged
_CASE = ["experiment", "share", "seed", "method", "patterns"]
_FIGURES = ["acc", "precision of all", "recall of all", "precision", "recall", "f1", "nmi", "ari", "unsure"]
_ELSEWHERE = {
    **dict.fromkeys(("independence", "added", "transfer"), "pulsetrain.clustering.latent_bench"),
    **dict.fromkeys(("speed", "scale"), "pulsetrain.clustering.scale_bench"),
}


@click.group(cls=LazyGroup, elsewhere=_ELSEWHERE)
def bench() -> None:
    """Quality beside other methods, what the latent space knows and adds, speed, memory and resuming."""


@bench.command()
@click.option("--development", is_flag=True, help="On the experiments that the method was built on.")
@click.option("--experiment", "experiments", multiple=True, help="By name; by default all.")
@click.option("--method", "methods", multiple=True, type=click.Choice(_NAMES), help="By default all.")
@click.option("--share", "shares", multiple=True, type=float, help="Of hits; by default 0.05, 0.2, 0.6, 0.9.")
@click.option("--seeds", default=5, show_default=True, help="Repeats of each experiment.")
@click.option("--patterns", default=3000, show_default=True, help="Frames of each.")
@click.option("--csv", type=click.Path(path_type=Path), help="One line a case; what is there is not run again.")
def quality(
    *,
    experiments: tuple[str, ...],
    methods: tuple[str, ...],
    shares: tuple[float, ...],
    seeds: int,
    patterns: int,
    csv: Path | None,
    development: bool,
) -> None:
    """Sort simulated frames without labels: single-hit precision and recall, ACC, by hit share, photons, separation.

    A third of the hits are of several particles; 0.6 is 40/40/20. The ceiling has seen 2,000 labels of the same
    experiment.
    """
    from pulsetrain.simulate.particles_families import DEVELOPMENT, HELD_OUT

    planned = [
        each for each in (DEVELOPMENT if development else HELD_OUT) if not experiments or each.name in experiments
    ]
    if not planned:
        names = ", ".join(each.name for each in (DEVELOPMENT if development else HELD_OUT))
        raise click.UsageError(f"got --experiment {' '.join(experiments)}; allowed: {names}")
    known = pd.read_csv(csv) if csv and csv.exists() else pd.DataFrame(columns=_CASE)
    known = known[known["patterns"] == patterns]  # figures of other sizes are not to be compared
    done = set(known[_CASE].itertuples(index=False, name=None))
    rows = [known] if len(known) else []
    cases = [
        (each, share, seed) for seed in range(seeds) for share in shares or (0.6, 0.05, 0.2, 0.9) for each in planned
    ]
    for k, (each, share, seed) in enumerate(cases):
        missing = [name for name in methods or _NAMES if (each.name, share, seed, name, patterns) not in done]
        for row in _judged(each, share, seed, patterns, missing):
            rows.append(pd.DataFrame([row]))
            if csv:
                rows[-1].to_csv(csv, mode="a", header=not csv.exists(), index=False)
        show_in_terminal(k + 1, len(cases), f"{each.name}, {share:.0%} hits")
    _show(pd.concat(rows, ignore_index=True), patterns)


def _judged(planned: Planned, share: float, seed: int, patterns: int, methods: list[str]) -> Iterator[dict[str, Any]]:
    from pulsetrain.clustering.baselines import METHODS, prepare
    from pulsetrain.clustering.judging import judge, strata

    if not methods:
        return
    varied = planned.replace(hit_rate=share)
    experiment = varied.simulate(patterns, repeat=seed)
    frames = experiment.frames.compute(scheduler="synchronous")
    truth = experiment.truth

    def labelled() -> tuple[xr.DataArray, NDArray[np.str_]]:
        others = varied.simulate(_LABELLED, repeat=_APART + seed)
        return others.frames.compute(scheduler="synchronous"), others.truth["hit"].to_numpy()

    case = prepare(frames, labelled, seed)
    for name in methods:
        begun = time.process_time()
        hit, group = METHODS[name](case)
        spent = time.process_time() - begun
        row = {"experiment": planned.name, "share": share, "seed": seed, "method": name, "patterns": patterns}
        named = judge(group.astype(str), truth["hit"].to_numpy())  # with every frame called by its likeliest kind
        row |= judge(hit, truth["hit"].to_numpy(), group)
        yield (
            row
            | {f"{name} of all": named[name] for name in ("precision", "recall", "f1")}
            | {"seconds": spent}
            | strata(hit, truth)
        )


def _show(rows: pd.DataFrame, patterns: int) -> None:
    order = [name for name in _NAMES if name in set(rows["method"])]
    cases = rows["method"].value_counts()
    click.echo(f"{patterns} frames a case; mean over experiments and seeds, in brackets the worst case")
    click.echo(
        "of all: each frame called by its likeliest kind, as for ACC, NMI and ARI; without: unsure is not single"
    )
    with pd.option_context("display.width", 250, "display.max_columns", 30):
        for share, part in rows.groupby("share"):
            click.echo(f"\n{share:.0%} hits")
            click.echo(_table(part, order).to_string())
        click.echo("\nby experiment, over all hit shares")
        each = rows.groupby(["experiment", "method"])[
            ["acc", "precision of all", "recall of all", "f1 of all", "unsure"]
        ].mean()
        click.echo(each.to_string(float_format="{:.3f}".format))
        click.echo("\nfound of what there is")
        strata = [name for name in rows.columns if name.startswith(("single,", "multiple,"))]
        click.echo(rows.groupby("method")[strata].mean().loc[order].T.to_string(float_format="{:.3f}".format))
    click.echo("\ncases: " + ", ".join(f"{name} {cases[name]}" for name in order))


def _table(part: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    groups = part.groupby("method")[_FIGURES]
    mean, low, high = groups.mean(), groups.min(), groups.max()
    shown = {}
    for name in _FIGURES:
        worst = high if name == "unsure" else low
        shown[name] = [f"{mean[name][m]:.3f} ({worst[name][m]:.3f})" if m in mean.index else "–" for m in order]
    return pd.DataFrame(shown, index=pd.Index(order, name="method"))
