"""Frames as they come in: what cannot be learnt from is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pulsetrain.boosting._frames import sample
from pulsetrain.data import DataError
from pulsetrain.simulate.images import ImageOptions, simulate_images


@pytest.mark.parametrize("side", [2, 3, 4])
def test_readings_shared_out_over_squares_are_refused_and_pass_once_they_are_binned(side):
    frames = simulate_images(ImageOptions(size=48, n_low=20, n_high=1, binning=side), seed=2).low.compute()
    with pytest.raises(DataError, match=rf"squares of {side} × {side} pixels.*coarsen\(y={side}, x={side}\)"):
        sample(frames, 1.0, "low", 16)
    binned = frames.coarsen(y=side, x=side).mean() * side**2
    assert sample(binned, 1.0, "low", 16).shape == (20, 48 // side, 48 // side)


@pytest.mark.parametrize("photons", [0.05, 15.0])
def test_counted_photons_are_no_squares_however_few_they_are(photons):
    frames = simulate_images(ImageOptions(size=32, n_low=1, n_high=20, photons=photons), seed=2).high.compute()
    assert len(sample(frames, 1.0, "high", 16)) == 20


@pytest.mark.parametrize("value", [1e30, 2.0**32 - 1], ids=["overflow", "mask of 32 bits"])
def test_what_no_detector_counts_is_refused_unless_it_is_masked(value):
    frames = xr.DataArray(np.ones((20, 4, 5)) * np.arange(5.0), dims=("pattern", "y", "x"))
    frames[3, 2, 1] = value
    with pytest.raises(DataError, match=r"high: got a pixel of .* photons; allowed: 1e\+09 or fewer.*mask"):
        sample(frames, 1.0, "high", 16)
    assert len(sample(frames.where(frames < value), 1.0, "high", 16)) == 20
