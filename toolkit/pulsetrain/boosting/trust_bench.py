"""What a booster's intervals are worth, what it notices, and how long it takes: commands of `pulsetrain bench`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pandas as pd

from pulsetrain.boosting.bench import planned_experiments

if TYPE_CHECKING:
    from pulsetrain.boosting.booster import Booster
    from pulsetrain.simulate.images import ImageExperiment
    from pulsetrain.simulate.images_families import PlannedImages

__all__ = ["coverage", "mismatch", "speed"]

_CALIBRATION, _JUDGED = 1, 2  # repeats of pairs, so that no object serves twice
_METHOD = click.Choice(("degradation", "cut", "cyclegan"))


@click.command()
@click.option("--development", is_flag=True, help="On the experiments that the method was built on.")
@click.option("--experiment", "experiments", multiple=True, help="By name; by default all.")
@click.option("--method", default="degradation", type=_METHOD, show_default=True)
@click.option("--steps", default=2500, show_default=True, help="Of each network.")
@click.option("--members", default=3, show_default=True)
@click.option("--frames", default=2000, show_default=True, help="Of each condition, to learn from.")
@click.option("--pairs", default=200, show_default=True, help="To calibrate by, and as many others to judge by.")
@click.option("--seeds", default=1, show_default=True)
def coverage(
    *,
    development: bool,
    experiments: tuple[str, ...],
    method: str,
    steps: int,
    members: int,
    frames: int,
    pairs: int,
    seeds: int,
) -> None:
    """Hold 90 % intervals against the truth of objects never seen, before and after calibration."""
    from pulsetrain.boosting.judging import judge_intervals

    rows = []
    for each in planned_experiments(experiments, development=development):
        for seed in range(seeds):
            experiment, booster = _trained(each, seed, method=method, steps=steps, members=members, frames=frames)
            judged = experiment.pairs(pairs, repeat=_JUDGED)
            for state in ("as learnt", "calibrated"):
                if state == "calibrated":
                    test = experiment.pairs(pairs, repeat=_CALIBRATION)
                    booster.calibrate(test.low, test.truth)
                result = booster.predict(judged.low, return_std=True)
                image, std = (result[name].to_numpy() for name in ("image", "std"))
                found = judge_intervals(image, std, judged.truth.to_numpy(), booster.options.level)
                rows.append(
                    {
                        "experiment": each.name,
                        "seed": seed,
                        "intervals": state,
                        "coverage": found.coverage,
                        "by predicted": _percent(found.by_predicted),
                        "by true": _percent(found.by_true),
                        "width": found.width,
                        "spearman": found.spearman,
                        "at best": found.attainable,
                        "AUSE": found.ause,
                    }
                )
    click.echo(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))


@click.command()
@click.option("--development", is_flag=True, help="On the experiments that the method was built on.")
@click.option("--experiment", "experiments", multiple=True, help="By name; by default all.")
@click.option("--steps", default=2500, show_default=True)
@click.option("--frames", default=2000, show_default=True, help="Of each condition, to learn from.")
@click.option("--looked", default=300, show_default=True, help="Frames of the other condition that are looked at.")
@click.option("--seeds", default=1, show_default=True)
def mismatch(
    *, development: bool, experiments: tuple[str, ...], steps: int, frames: int, looked: int, seeds: int
) -> None:
    """Show what a booster says of frames of another condition, and what χ² alone would."""
    from pulsetrain.simulate.images_families import MISMATCHES

    rows = []
    for each in planned_experiments(experiments, development=development):
        for seed in range(seeds):
            _, booster = _trained(each, seed, method="degradation", steps=steps, members=1, frames=frames)
            for name in MISMATCHES:
                low = each.mismatched(name).simulate(seed).pairs(looked, repeat=_JUDGED).low
                said = ", ".join(dict.fromkeys(finding.what for finding in booster.check(low)))
                chi2 = booster.degradation_.chi2(low.to_numpy(), booster.predict(low)["image"].to_numpy())
                row = {"experiment": each.name, "seed": seed, "frames": name, "χ² alone": chi2, "said": said or "–"}
                rows.append(row)
    click.echo(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))


@click.command()
@click.option("--steps", default=50, show_default=True, help="By which the time of a step is measured.")
@click.option("--members", default=3, show_default=True)
@click.option("--device", default="cpu", show_default=True, type=click.Choice(("cpu", "cuda")))
@click.option("--method", "methods", multiple=True, type=_METHOD, help="By default all.")
def speed(*, steps: int, members: int, device: str, methods: tuple[str, ...]) -> None:
    """Measure training at 64² and the boosting of a frame of one megapixel."""
    import torch

    from pulsetrain.boosting.booster import Booster
    from pulsetrain.simulate.images import ImageOptions, simulate_images

    experiment = simulate_images(ImageOptions(n_low=200, n_high=200), seed=1)
    low, high = experiment.low.compute(), experiment.high.compute()
    large = np.tile(np.nan_to_num(low[:1].to_numpy()), (1, 16, 16))
    frame = type(low)(large, dims=("pattern", "y", "x"), attrs=low.attrs)
    rows: list[dict[str, Any]] = []
    for method in methods or ("degradation", "cut", "cyclegan"):
        spent = []
        for number in (1, steps):
            begun = time.perf_counter(), time.process_time()
            booster = Booster(method=method, steps=number, members=members, device=device).fit(low, high)
            spent.append((time.perf_counter() - begun[0], time.process_time() - begun[1]))
        wall, cpu = ((spent[1][k] - spent[0][k]) / ((steps - 1) * members) for k in (0, 1))
        booster.predict(frame, return_std=True)
        begun = time.perf_counter(), time.process_time()
        booster.predict(frame, return_std=True)
        rows.append(
            {
                "method": method,
                "ms a step": 1e3 * wall,
                "CPU ms a step": 1e3 * cpu,
                "default training, s": wall * Booster(method=method).options.steps * members,
                "1 Mpixel, s a member": (time.perf_counter() - begun[0]) / members,
                "CPU s": (time.process_time() - begun[1]) / members,
            }
        )
    click.echo(f"{torch.get_num_threads()} threads, {device}, {members} networks")
    click.echo(pd.DataFrame(rows).to_string(index=False, float_format="{:.3f}".format))


def _trained(
    planned: PlannedImages, seed: int, *, method: str, steps: int, members: int, frames: int
) -> tuple[ImageExperiment, Booster]:
    from pulsetrain.boosting.booster import Booster

    experiment = planned.replace(n_low=frames, n_high=frames).simulate(seed)
    low, high = (part.compute(scheduler="synchronous") for part in (experiment.low, experiment.high))
    booster = Booster(method=method, content=planned.content, steps=steps, members=members, seed=seed)
    return experiment, booster.fit(low, high)


def _percent(shares: Any) -> str:
    return " ".join(f"{100 * share:.0f}" for share in shares)
