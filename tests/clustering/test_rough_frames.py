"""Frames as detectors and colleagues leave them: gaps that hold numbers, lost trains, broken pixels."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pulsetrain.clustering import FrameClusterer
from pulsetrain.data import DataError
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles


@pytest.fixture(scope="module")
def experiment():
    """200 frames, NaN in gaps and hole, and what they show."""
    made = simulate_particles(ParticleOptions(n_patterns=200, size=64, pixel_size=1.2e-3, hole=2, gap=2), seed=4)
    return made.frames.to_numpy(), made.truth["hit"].to_numpy()


def sorted_by_physics(values):
    frames = xr.DataArray(values, dims=("pattern", "y", "x"))
    return FrameClusterer(epochs=0, side=64).fit(frames).predict(frames)["hit"].to_numpy()


@pytest.mark.parametrize(("gap", "kind"), [(0, np.float32), (0, np.uint16), (-1, np.int32), (2**32 - 1, np.uint32)])
def test_gaps_that_nobody_masked_are_no_fringes(experiment, gap, kind):
    values, truth = experiment
    masked = np.isnan(values)
    stored = np.where(masked, 0, values).round().clip(0).astype(kind)
    stored[masked] = kind(gap)
    assert (sorted_by_physics(stored) == truth).mean() > 0.95


def test_pixels_that_hardly_any_light_reaches_are_no_gaps():
    rows, columns = np.mgrid[:64, :64] - 31.5
    light = np.exp(-np.hypot(rows, columns) / 6)  # photons; at the corner 0.1 in all frames together
    values = np.random.default_rng(1).poisson(light, (200, 64, 64)).astype(np.float32)
    values[:, 20:24] = 0
    dark = (values == 0).all(axis=0)
    frames = xr.DataArray(values, dims=("pattern", "y", "x"))
    dead = FrameClusterer(epochs=0, side=64).fit(frames).scorer.arrays()["dead"].reshape(64, 64)
    assert dark.mean() > 0.15
    assert dead[20:24, 24:40].all()
    assert not dead[np.hypot(rows, columns) > 30].any()


@pytest.mark.parametrize("lost", [np.nan, 0.0])
def test_lost_trains_spoil_nothing(experiment, lost):
    values, truth = experiment
    stored = values.copy()
    stored[40:100] = np.where(np.isnan(values[40:100]), np.nan, lost)
    hits = sorted_by_physics(stored)
    assert set(hits[40:100]) == {"unsure" if np.isnan(lost) else "none"}
    kept = np.r_[0:40, 100:200]
    assert (hits[kept] == truth[kept]).mean() > 0.95


def test_a_value_without_end_is_masked(experiment):
    values, truth = experiment
    stored = values.copy()
    stored[3, 10, 10] = np.inf
    stored[5] = -np.inf
    hits = sorted_by_physics(stored)
    assert hits[5] == "unsure"
    assert (hits == truth).mean() > 0.95


def test_frames_brighter_than_photons_are_and_too_few_exposures_are_refused(experiment):
    values, _ = experiment
    with pytest.raises(DataError, match=r"got .*e\+33 photons in a pixel; allowed: 1e\+12 at most.*give photon"):
        sorted_by_physics(values * np.float32(1e30))
    lost = np.full_like(values, np.nan)
    lost[:15] = values[:15]
    with pytest.raises(DataError, match="got 15 frames that are not masked throughout; allowed: 20 or more"):
        sorted_by_physics(lost)
