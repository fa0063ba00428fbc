"""Training for equal CPU time, whatever a step costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting.baselines import Case
from pulsetrain.boosting.booster import Booster
from pulsetrain.boosting.degradation import Degradation

__all__ = ["boost_within", "void_within"]

_FEW, _MORE = 5, 45  # steps by which a step's cost is measured


def boost_within(
    low: xr.DataArray,
    high: xr.DataArray,
    poor: xr.DataArray,
    *,
    method: str,
    content: Literal["diffraction", "imaging"],
    budget: float,
    seed: int,
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Train one network in about `budget` CPU seconds and boost with it; return the images and what was learnt."""
    begun = time.process_time()
    found = Degradation.fit(low.to_numpy(), high.to_numpy(), seed)
    left = budget - (time.process_time() - begun)

    def trained(steps: int) -> Booster:
        booster = Booster(method=method, content=content, steps=steps, members=1, seed=seed, device="cpu")
        return booster.fit(low, high, degradation=found)

    steps = _affordable(trained, left)
    booster = trained(steps)
    facts = {"steps": steps, "gain": found.gain, "point_spread": found.point_spread, "read_noise": found.read_noise}
    return booster.predict(poor)["image"].to_numpy(), facts


def void_within(case: Case, budget: float) -> Case:
    """Return a case with as many steps as Noise2Void does in about `budget` CPU seconds."""
    few = replace(case, low=case.low[:1])
    return replace(case, steps=_affordable(lambda number: replace(few, steps=number).void, budget))


def _affordable(train: Callable[[int], object], budget: float) -> int:
    """Return how many steps fit; what does not grow with them is measured too."""
    spent = []
    for steps in (2, _FEW, _MORE):  # the first finds everything cold
        begun = time.process_time()
        train(steps)
        spent.append(time.process_time() - begun)
    each = max((spent[2] - spent[1]) / (_MORE - _FEW), 1e-6)
    return max(_MORE, int((budget - max(spent[1] - _FEW * each, 0)) / each))
