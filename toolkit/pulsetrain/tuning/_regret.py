"""Searches on tabulated experiments: how much of the best rate is lost after so many evaluations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from pulsetrain.progress import Progress
from pulsetrain.tuning._observation import EPISODE
from pulsetrain.tuning.experiments import Replay, TabulatedExperiment
from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Optimiser

__all__ = ["BUDGETS", "judge", "mean_interval", "regret", "summary"]

BUDGETS = (5, 10, 20, 40)
_LEAST = 0.1  # best rate; below it, counting decides
_BOOTSTRAPS = 2000
Maker = Callable[[Replay], Optimiser]


def regret(replay: Replay, optimiser: Optimiser, evaluations: int = EPISODE) -> Array:
    """Run one search.

    Returns
    -------
    numpy.ndarray, shape (evaluations,)
        Share of the best rate that the setting which the optimiser would use loses, after each evaluation; free of the
        noise of counting.
    """
    lost = np.zeros(evaluations)
    for k in range(evaluations):
        optimiser.ingest(replay.evaluate(optimiser.suggest()))
        lost[k] = 1 - replay.expected_rate(optimiser.best()) / replay.best_rate
    return lost


def judge(
    tables: Iterable[TabulatedExperiment],
    makers: dict[tuple[str, int], Maker],
    *,
    n_patterns: int = 200,
    known: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Iterator[dict[str, Any]]:
    """Run searches on every experiment, all from the same start and on the same patterns.

    Parameters
    ----------
    tables : iterable of TabulatedExperiment
        Those whose best rate is below 10 % are left out.
    makers : dict
        (name, training seed) → how the optimiser is made.
    known : pandas.DataFrame, optional
        Rows that need not be made again.

    Yields
    ------
    dict
        ``family``, ``number``, ``optimiser``, ``training`` (seed), ``regret k`` and ``to95``: evaluations until no more
        than 5 % is lost for the first time, infinite if never.
    """
    columns = ["family", "number", "optimiser", "training"]
    done = set() if known is None else set(known[columns].itertuples(index=False, name=None))
    usable = [table for table in tables if table.rate.max() >= _LEAST]
    for i, table in enumerate(usable):
        for (name, training), make in makers.items():
            if (table.family, table.number, name, training) in done:
                continue
            replay = Replay(table, n_patterns=n_patterns, seed=1)
            lost = regret(replay, make(replay))
            reached = np.flatnonzero(lost <= 0.05)
            row = {"family": table.family, "number": table.number, "optimiser": name, "training": training}
            row |= {f"regret {k}": float(lost[k - 1]) for k in BUDGETS}
            yield {**row, "to95": float(reached[0] + 1) if len(reached) else float("inf")}
        if progress:
            progress(i + 1, len(usable), "searching")


def summary(rows: pd.DataFrame, reference: str = "scan") -> pd.DataFrame:
    """Return, per family and in all, mean regret with its bootstrap interval, and what is gained on a reference.

    Training seeds are averaged within an experiment, and the bootstrap draws experiments; evaluations to 95 % are the
    median over all searches.
    """
    columns = [f"regret {k}" for k in BUDGETS]
    if len(set(rows["family"])) > 1:
        number = rows["family"] + rows["number"].astype(str)  # numbers of two families meet
        rows = pd.concat([rows, rows.assign(family="all", number=number)], ignore_index=True)
    each = rows.groupby(["family", "optimiser", "number"], sort=False)[columns].mean().reset_index()
    lines = []
    for (family, name), part in each.groupby(["family", "optimiser"], sort=False):
        line: dict[str, Any] = {"family": family, "optimiser": name, "experiments": len(part)}
        for k in BUDGETS:
            low, high = mean_interval(part[f"regret {k}"].to_numpy())
            line[f"after {k}"] = f"{part[f'regret {k}'].mean():.3f} [{low:.3f}, {high:.3f}]"
        searches = rows[(rows["family"] == family) & (rows["optimiser"] == name)]["to95"]
        line["to 95 %"] = searches.median()
        line["reached"] = f"{np.isfinite(searches).mean():.0%}"
        other = each[(each["family"] == family) & (each["optimiser"] == reference)].set_index("number")
        if len(other) and name != reference:
            own = part.set_index("number")
            for k in BUDGETS:
                gained = (other[f"regret {k}"] - own[f"regret {k}"]).dropna().to_numpy()
                low, high = mean_interval(gained)
                line[f"{reference} − it, {k}"] = f"{gained.mean():+.3f} [{low:+.3f}, {high:+.3f}]"
        lines.append(line)
    return pd.DataFrame(lines).set_index(["family", "optimiser"])


def mean_interval(values: Array, seed: int = 0) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of a mean."""
    drawn = np.random.default_rng(seed).choice(values, (_BOOTSTRAPS, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)
