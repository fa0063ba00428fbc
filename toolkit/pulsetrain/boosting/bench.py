"""``pulsetrain bench boosting``: the method's figures, each by one command."""

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
    from pulsetrain.simulate.images_families import PlannedImages

__all__ = ["bench", "planned_experiments"]

_BOOSTERS = ("degradation", "cut", "cyclegan")
_PLAIN = ("bicubic", "Wiener", "Richardson–Lucy", "NLM", "NLM + RL", "Noise2Void", "Noise2Void + RL")
_CASE = ["experiment", "seed", "method"]
_FIGURES = ["psnr", "ssim", "nrmse", "frc", "power", "flux", "chi2", "seconds"]
_LEARNT = ["steps", "gain", "point_spread", "read_noise"]  # columns that stay empty for methods that learn none
_ELSEWHERE = dict.fromkeys(("coverage", "mismatch", "speed"), "pulsetrain.boosting.trust_bench")


@click.group(cls=LazyGroup, elsewhere=_ELSEWHERE)
def bench() -> None:
    """Quality beside other methods, the fitted degradation, intervals, what is noticed, and speed."""


@bench.command()
@click.option("--development", is_flag=True, help="On the experiments that the method was built on.")
@click.option("--experiment", "experiments", multiple=True, help="By name; by default all.")
@click.option("--method", "methods", multiple=True, type=click.Choice((*_PLAIN, *_BOOSTERS)), help="By default all.")
@click.option("--seeds", default=5, show_default=True, help="Repeats of each experiment.")
@click.option("--frames", default=2000, show_default=True, help="Of each condition, to learn from.")
@click.option("--pairs", default=200, show_default=True, help="Objects never seen, to judge by.")
@click.option("--budget", default=500.0, show_default=True, help="CPU seconds in which each method that learns may.")
@click.option("--csv", type=click.Path(path_type=Path), help="One line a case; what is there is not run again.")
def quality(
    *,
    development: bool,
    experiments: tuple[str, ...],
    methods: tuple[str, ...],
    seeds: int,
    frames: int,
    pairs: int,
    budget: float,
    csv: Path | None,
) -> None:
    """Boost objects never seen: PSNR, SSIM, resolution, flux and χ² beside other methods that know the degradation.

    One network a booster; PSNR, SSIM, NRMSE and resolution of diffraction are those of √intensity.
    """
    planned = planned_experiments(experiments, development=development)
    known = pd.read_csv(csv) if csv and csv.exists() else None
    done = set() if known is None else set(known[_CASE].itertuples(index=False, name=None))
    rows = [] if known is None else [known]
    cases = [(each, seed) for seed in range(seeds) for each in planned]
    for k, (each, seed) in enumerate(cases):
        missing = [name for name in methods or (*_PLAIN, *_BOOSTERS) if (each.name, seed, name) not in done]
        for row in _judged(each, seed, missing, frames=frames, pairs=pairs, budget=budget):
            rows.append(pd.DataFrame([row]))
            if csv:
                rows[-1].to_csv(csv, mode="a", header=not csv.exists(), index=False)
        show_in_terminal(k + 1, len(cases), each.name)
    _show(pd.concat(rows, ignore_index=True))


@bench.command()
@click.option("--development", is_flag=True, help="On the experiments that the method was built on.")
@click.option("--seeds", default=5, show_default=True, help="Repeats of each experiment.")
@click.option("--frames", default=2000, show_default=True, help="Of each condition.")
def fit(*, development: bool, seeds: int, frames: int) -> None:
    """Show the degradation that is learnt without pairs beside the true one."""
    from pulsetrain.boosting.degradation import Degradation

    rows = []
    for each in planned_experiments((), development=development):
        for seed in range(seeds):
            experiment = each.replace(n_low=frames, n_high=frames).simulate(seed)
            low, high = (part.compute(scheduler="synchronous").to_numpy() for part in (experiment.low, experiment.high))
            found, true = Degradation.fit(low, high, seed), experiment.degradation
            row: dict[str, Any] = {"experiment": each.name, "seed": seed}
            for name in ("gain", "point_spread", "read_noise"):
                row |= {name: getattr(found, name), f"true {name}": getattr(true, name)}
            row["gain, % off"] = 100 * (found.gain / true.gain - 1)
            row["point spread, px off"] = found.point_spread - true.point_spread
            rows.append(row | {"χ²": found.reduced_chi2})
    table = pd.DataFrame(rows)
    click.echo(table.to_string(index=False, float_format="{:.3f}".format))
    worst = table[["gain, % off", "point spread, px off"]].abs().max()
    click.echo(f"at most {worst.iloc[0]:.1f} % and {worst.iloc[1]:.3f} px off")


def planned_experiments(names: tuple[str, ...], *, development: bool) -> list[PlannedImages]:
    """Return experiments by name, or all.

    Raises
    ------
    click.UsageError
        For a name that is none of them.
    """
    from pulsetrain.simulate.images_families import DEVELOPMENT, HELD_OUT

    every = DEVELOPMENT if development else HELD_OUT
    unknown = [name for name in names if name not in {each.name for each in every}]
    if unknown:
        allowed = ", ".join(each.name for each in every)
        raise click.UsageError(f"got --experiment {' '.join(unknown)}; allowed: {allowed}")
    return [each for each in every if not names or each.name in names]


def _judged(
    planned: PlannedImages, seed: int, methods: list[str], *, frames: int, pairs: int, budget: float
) -> Iterator[dict[str, Any]]:
    if not methods:
        return
    from pulsetrain.boosting._budget import boost_within, void_within
    from pulsetrain.boosting.baselines import BASELINES, Case
    from pulsetrain.boosting.degradation import Degradation
    from pulsetrain.boosting.judging import chi2, judge

    experiment = planned.replace(n_low=frames, n_high=frames).simulate(seed)
    low, high = (part.compute(scheduler="synchronous") for part in (experiment.low, experiment.high))
    unseen, true = experiment.pairs(pairs), experiment.degradation
    known = {"gain": true.gain, "point_spread": true.point_spread, "read_noise": true.read_noise}
    case = Case(unseen.low.to_numpy(), low.to_numpy(), Degradation(**known), planned.content, true.binning, seed=seed)
    if any(name.startswith("Noise2Void") for name in methods):
        case = void_within(case, budget)
    for name in methods:
        begun, facts = time.process_time(), dict.fromkeys(_LEARNT, np.nan)
        if name in BASELINES:
            image = BASELINES[name](case)
        else:
            image, facts = boost_within(
                low, high, unseen.low, method=name, content=planned.content, budget=budget, seed=seed
            )
        row = {"experiment": planned.name, "seed": seed, "method": name, "frames": frames, "budget": budget}
        row |= judge(image, unseen.truth.to_numpy(), planned.content)
        yield row | {"chi2": chi2(case.low, image, **known), "seconds": time.process_time() - begun} | facts


def _show(rows: pd.DataFrame) -> None:
    order = [name for name in (*_PLAIN, *_BOOSTERS) if name in set(rows["method"])]
    click.echo("mean over seeds, in brackets their standard deviation where there are several")
    for experiment, part in rows.groupby("experiment", sort=False):
        groups = part.groupby("method")[_FIGURES]
        mean, scatter, number = groups.mean(), groups.std(), groups.size()
        shown = {
            name: [
                f"{mean[name][m]:.3g}" + (f" ({scatter[name][m]:.2g})" if np.isfinite(scatter[name][m]) else "")
                for m in order
                if m in mean.index
            ]
            for name in _FIGURES
        }
        here = [name for name in order if name in mean.index]
        table = pd.DataFrame(shown, index=pd.Index(here, name="method"))
        table["seeds"] = number.loc[here]
        with pd.option_context("display.width", 200, "display.max_columns", 20):
            click.echo(f"\n{experiment}\n{table.to_string()}")
