"""Small truth-known series that the tests of the spectra method share."""

from __future__ import annotations

import pytest

from pulsetrain.simulate.spectra import SeriesOptions, simulate_series


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Keep torch to one thread: small networks gain nothing from more, and test workers side by side lose."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def still():
    """Return a series without drift, 60 × 600, where every sound method finds the switch."""
    options = SeriesOptions(
        n_spectra=60, n_channels=600, label_every=2, drift=0.0, intensity_drift=0.0, width=1.0, fwhm=0.3
    )
    return simulate_series(options, seed=3)
