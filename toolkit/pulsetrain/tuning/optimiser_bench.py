"""``pulsetrain bench tuning regret | reward | tabulate | train``: what the optimisers are worth, and rest on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import click
import pandas as pd

from pulsetrain.progress import show_in_terminal
from pulsetrain.tuning._observation import EPISODE
from pulsetrain.tuning._regret import Maker, judge, summary
from pulsetrain.tuning.agent import Agent
from pulsetrain.tuning.experiments import Replay, TabulatedExperiment, shipped_experiments
from pulsetrain.tuning.optimisers import make_optimiser
from pulsetrain.tuning.options import OptimiserName
from pulsetrain.tuning.search import Optimiser

__all__ = ["regret", "reward", "tabulate", "train"]

RewardName = Literal["best", "delta"]
_SEEDS = range(5)  # of trainings
_SCAN_SHIFT = "scan + cell shift"


@click.command()
@click.option("--optimiser", "names", multiple=True, type=click.Choice(get_args(OptimiserName)), help="By default all.")
@click.option("--experiments", type=int, help="At most so many of each family; by default all that ship.")
@click.option("--patterns", default=200, show_default=True, help="Indexed at each setting.")
@click.option("--csv", type=click.Path(path_type=Path), help="One line a search; what is there is not run again.")
def regret(names: tuple[OptimiserName, ...], experiments: int | None, patterns: int, csv: Path | None) -> None:
    """Compare relative regret after 5, 10, 20 and 40 evaluations on tabulated experiments."""
    names = names or get_args(OptimiserName)
    makers: dict[tuple[str, int], Maker] = {(name, 0): partial(_named, name) for name in names if name != "ppo"}
    if "scan" in names:
        makers[_SCAN_SHIFT, 0] = _scan_with_shift
    if "ppo" in names:
        makers |= {("ppo", seed): partial(_agent, "best", seed) for seed in _SEEDS}
    _table(_chosen(experiments), makers, patterns, csv, "scan")


@click.command()
@click.option("--experiments", type=int, help="At most so many of each family; by default all that ship.")
@click.option("--patterns", default=200, show_default=True, help="Indexed at each setting.")
@click.option("--csv", type=click.Path(path_type=Path), help="One line a search; what is there is not run again.")
def reward(experiments: int | None, patterns: int, csv: Path | None) -> None:
    """Compare agents trained on the gain over the best and on the change since the last evaluation."""
    pairs = [(name, seed) for seed in _SEEDS for name in get_args(RewardName)]
    trained = [Agent.load(name, seed).training for name, seed in pairs]
    click.echo(f"γ {trained[0]['gamma']}, {trained[0]['steps']:,} evaluations of training each, seeds {list(_SEEDS)}")
    makers: dict[tuple[str, int], Maker] = {(name, seed): partial(_agent, name, seed) for name, seed in pairs}
    _table(_chosen(experiments), makers, patterns, csv, "delta")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), help="One file an experiment; by default in the cache.")
@click.option("--experiments", default=112, show_default=True, help="For the table, half of each family.")
@click.option("--development", default=12, show_default=True, help="Others, that the response model is fitted to.")
@click.option("--install", is_flag=True, help="Put tables and fitted model into the package.")
def tabulate(folder: Path | None, experiments: int, development: int, *, install: bool) -> None:
    """Tabulate the native engine's response to simulated experiments; a run that was killed goes on."""
    from pulsetrain.tuning._response_fit import fit_prior
    from pulsetrain.tuning._tabulate import tabulate_families
    from pulsetrain.tuning.experiments import SHIPPED, pack_experiments

    folder = folder or _cache()
    tables = tabulate_families(folder, experiments, development, show_in_terminal)
    if install:
        pack_experiments(tables, SHIPPED)
        fit_prior([table for table in tables if table.is_development]).save()
    click.echo(f"{len(tables)} experiments in {folder}" + ("; the package holds them too" if install else ""))


@click.command()
@click.option("--seed", "seeds", multiple=True, type=int, help="Of a training; by default 0 … 4.")
@click.option("--reward", "rewards", multiple=True, type=click.Choice(get_args(RewardName)), help="By default both.")
@click.option("--steps", type=int, help="Evaluations of a training; by default those of the shipped agents.")
@click.option("--folder", type=click.Path(path_type=Path), help="Of the agents; by default the package's.")
def train(seeds: tuple[int, ...], rewards: tuple[RewardName, ...], steps: int | None, folder: Path | None) -> None:
    """Train the agents on experiments of the response model."""
    from pulsetrain.tuning import _training
    from pulsetrain.tuning.agent import FOLDER

    for seed in seeds or _SEEDS:
        for name in rewards or get_args(RewardName):
            agent = _training.train(name, seed, steps=steps or _training.STEPS, progress=show_in_terminal)
            file = (folder or FOLDER) / f"{name}-{seed}.safetensors"
            agent.save(file)
            click.echo(str(file))


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulsetrain" / "tabulated"


def _chosen(experiments: int | None) -> list[TabulatedExperiment]:
    tables = [table for table in shipped_experiments() if not table.is_development]
    families = dict.fromkeys(table.family for table in tables)
    return [each for name in families for each in [t for t in tables if t.family == name][:experiments]]


def _table(
    tables: Sequence[TabulatedExperiment],
    makers: dict[tuple[str, int], Maker],
    patterns: int,
    csv: Path | None,
    reference: str,
) -> None:
    known = pd.read_csv(csv) if csv and csv.exists() else None
    rows = [] if known is None else [known]
    for row in judge(tables, makers, n_patterns=patterns, known=known, progress=show_in_terminal):
        rows.append(pd.DataFrame([row]))
        if csv:
            rows[-1].to_csv(csv, mode="a", header=not csv.exists(), index=False)
    click.echo(f"{patterns} patterns at each setting, {EPISODE} evaluations; share of the best rate that is lost,")
    click.echo("mean over experiments with its bootstrap 95 % interval; training seeds averaged within an experiment")
    with pd.option_context("display.width", 250, "display.max_columns", 20):
        click.echo(summary(pd.concat(rows, ignore_index=True), reference).to_string(na_rep="–"))


def _named(name: OptimiserName, replay: Replay) -> Optimiser:
    return make_optimiser(name, replay.space, replay.start)


def _agent(reward: RewardName, seed: int, replay: Replay) -> Optimiser:
    from pulsetrain.tuning.optimisers.ppo import AgentOptimiser

    return AgentOptimiser(replay.space, replay.start, agent=Agent.load(reward, seed))


def _scan_with_shift(replay: Replay) -> Optimiser:
    from pulsetrain.tuning.optimisers.scan import ScanOptimiser

    return ScanOptimiser(replay.space, replay.start, use_shift=True)
