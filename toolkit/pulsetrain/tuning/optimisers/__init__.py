"""Who proposes the next setting: all behind `suggest`, `ingest` and `best`.

The names below are imported on first use: optuna and the agent wait until they are needed.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from pkgutil import resolve_name
from typing import get_args

from pulsetrain.options import OptionError
from pulsetrain.tuning.options import OptimiserName, Reward
from pulsetrain.tuning.search import Optimiser, SearchSpace, Setting

__all__ = ["make_optimiser"]

_PLACES: dict[OptimiserName, str] = {
    "hybrid": "hybrid:HybridOptimiser",
    "posterior": "posterior:PosteriorOptimiser",
    "ppo": "ppo:AgentOptimiser",
    "scan": "scan:ScanOptimiser",
    "grid": "grid:GridOptimiser",
    "random": "random:RandomOptimiser",
    "tpe": "tpe:TPEOptimiser",
    "cmaes": "cmaes:CMAESOptimiser",
}


def make_optimiser(
    name: OptimiserName,
    space: SearchSpace,
    start: Setting,
    *,
    seed: int = 0,
    n_patterns: int = 200,
    memory: float | None = None,
    reward: Reward = "best",
) -> Optimiser:
    """Return the optimiser of that name.

    Parameters
    ----------
    name : str
        ``hybrid`` (the default elsewhere), ``posterior``, ``ppo``, ``scan``, ``grid``, ``random``, ``tpe``, ``cmaes``.
    space : SearchSpace
    start : Setting
        The user's present setting; it is suggested first.
    seed : int
    n_patterns : int
        Indexed at each setting, always the same ones.
    memory : float, optional
        For an experiment that drifts: evaluations after which an old one counts a factor e less; for optimisers that
        take it, such as ``hybrid``.
    reward : {"best", "delta"}
        What the agent of ``ppo`` was trained on; the others have none.

    Raises
    ------
    OptionError
        For an unknown name, or a memory given to an optimiser that has none.

    Examples
    --------
    >>> from pulsetrain.tuning import SearchSpace, Setting, make_optimiser
    >>> optimiser = make_optimiser("scan", SearchSpace.around(0.12), Setting(5.0, 2, 0.12))
    >>> optimiser.suggest()
    Setting(min_snr=5.0, min_pix_count=2, clen=0.12)
    """
    if name not in _PLACES:
        nearest = difflib.get_close_matches(str(name), _PLACES, n=1)
        hint = f"; did you mean {nearest[0]}?" if nearest else ""
        raise OptionError(f"optimiser: got {name!r}, allowed {', '.join(get_args(OptimiserName))}{hint}")
    if memory is not None and not memory > 0:
        raise OptionError(f"memory: got {memory}, allowed more than 0 evaluations, or none")
    make: Callable[..., Optimiser] = resolve_name(f"{__name__}.{_PLACES[name]}")
    takes = inspect.signature(make).parameters
    if memory is not None and "memory" not in takes:
        raise OptionError(f"memory: optimiser {name} has none; leave it out, or take hybrid, the default")
    own = {"memory": memory, "reward": reward}
    told = {word: value for word, value in own.items() if word in takes}
    return make(space, start, seed=seed, n_patterns=n_patterns, **told)
