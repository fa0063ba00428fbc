"""A simulated series and results of the shape that the methods return, made by hand: the figures compute nothing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit

from pulsetrain.simulate.spectra import SeriesOptions, simulate_series

BOUNDARY = 30.0


@pytest.fixture(scope="session")
def truth() -> xr.Dataset:
    return simulate_series(SeriesOptions(n_spectra=60, n_channels=500, label_every=4), seed=2)


@pytest.fixture
def result() -> xr.Dataset:
    probability = expit((np.arange(60) - BOUNDARY - 4) / 3)
    return xr.Dataset(
        {
            "probability": ("spectrum", probability),
            "prediction": ("spectrum", (probability >= 0.5).astype(int)),
            "p_conf": 1.0,
            "boundary": BOUNDARY + 4,
            "boundary_interval": ("bound", [BOUNDARY - 2, BOUNDARY + 10]),
        }
    )


@pytest.fixture
def estimate() -> xr.Dataset:
    position = np.linspace(0, 59, 600)
    return xr.Dataset(
        {
            "boundary": BOUNDARY,
            "boundary_interval": ("bound", [BOUNDARY - 1, BOUNDARY + 1]),
            "fraction": ("spectrum", expit(np.arange(60) - BOUNDARY)),
            "posterior": ("position", np.exp(-0.5 * (position - BOUNDARY) ** 2)),
        },
        coords={"position": position},
    )
