"""One small experiment, and one booster that learnt from it for some seconds."""

from __future__ import annotations

import pytest
import torch

from pulsetrain.boosting import Booster
from pulsetrain.simulate.images import ImageOptions, simulate_images

SMALL = ImageOptions(size=32, n_low=300, n_high=300)
QUICK = {"patch": 32, "steps": 90, "members": 2, "batch": 8, "seed": 3, "device": "cpu"}


@pytest.fixture(scope="session")
def experiment():
    return simulate_images(SMALL, seed=1)


@pytest.fixture(scope="session")
def sets(experiment):
    return tuple(each.compute(scheduler="synchronous") for each in (experiment.low, experiment.high))


@pytest.fixture(scope="session")
def pairs(experiment):
    return experiment.pairs(80)


@pytest.fixture(scope="session")
def learnt(sets):
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # tests run side by side
    booster = Booster(**QUICK).fit(*sets)
    torch.set_num_threads(before)
    return booster
