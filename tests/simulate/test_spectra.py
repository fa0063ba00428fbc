from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.simulate._profiles import drift, peak_profile, transition_fraction
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.simulate.spectra_families import DEVELOPMENT, HELD_OUT, KINDS

FORMS = ["logistic", "normal", "linear", "nucleation", "mirrored_nucleation"]
QUIET = SeriesOptions(n_spectra=100, n_channels=800, jitter=0, counts=1e6)


@pytest.mark.parametrize("form", FORMS)
def test_a_transition_is_half_done_at_its_place_and_takes_its_width(form: str):
    distance = np.linspace(-30, 30, 60001)
    fraction = transition_fraction(form, distance, 8.0)
    crossings = np.interp([0.1, 0.5, 0.9], fraction, distance)
    assert crossings[1] == pytest.approx(0, abs=1e-3)
    assert crossings[2] - crossings[0] == pytest.approx(8.0, abs=2e-3)
    assert np.all(np.diff(fraction) >= 0)


def test_nucleation_starts_abruptly_and_ends_slowly():
    fraction = transition_fraction("nucleation", np.linspace(-30, 30, 60001), 8.0)
    distance = np.linspace(-30, 30, 60001)
    start, quarter, end = np.interp([0.001, 0.5, 0.999], fraction, distance)
    assert quarter - start < 0.6 * (end - quarter)


@pytest.mark.parametrize("shape", ["gaussian", "pseudo_voigt"])
def test_a_peak_is_one_high_and_half_of_it_at_half_its_width(shape: str):
    assert peak_profile(shape, np.array([0.0, 0.06, -0.06]), np.array(0.12)) == pytest.approx([1, 0.5, 0.5])


@pytest.mark.parametrize("form", ["polynomial", "saturating", "wave"])
def test_drift_starts_at_zero(form: str):
    assert drift(form, np.linspace(0, 1, 50), np.random.default_rng(0))[0] == 0


def test_counts_scatter_as_poisson_does():
    """One setting, many shots of the same expectation: variance over mean is 1."""
    still = SeriesOptions(n_spectra=2000, n_channels=100, drift=0, intensity_drift=0, jitter=0, boundary=1.0, n_peaks=1)
    intensity = simulate_series(still)["intensity"].to_numpy()[:1500]
    # Within 15 spectra nothing but the counting changes.
    blocks = intensity.reshape(100, 15, 100)
    ratio = blocks.var(axis=1, ddof=1).mean() / blocks.mean()
    assert ratio == pytest.approx(1, abs=0.05)


def test_the_boundary_is_where_half_of_the_change_has_happened():
    series = simulate_series(QUIET.replace(peak_scatter=5.0, width=4.0, boundary=0.6), seed=3)
    crossing = np.interp(0.5, series["fraction"], np.arange(100))
    assert series.attrs["boundary"] == pytest.approx(crossing, abs=0.05)
    assert series.attrs["boundary"] != pytest.approx(0.6 * 99, abs=1e-6)


def test_without_drift_the_spectra_are_mixtures_of_the_two_ends():
    still = QUIET.replace(drift=0, intensity_drift=0, n_constant=2, background=0.0, width=10)
    series = simulate_series(still, seed=1)
    intensity = series["intensity"].to_numpy()
    fraction = series["fraction"].to_numpy()[:, None]
    # Peak widths still grow a little along the series, which is why the tolerance is not the counting noise.
    mixture = (1 - fraction) * intensity[:1] + fraction * intensity[-1:]
    assert np.abs(intensity - mixture).mean() < 0.02 * intensity.max()


def test_only_changing_channels_differ_between_the_phases():
    still = QUIET.replace(drift=0, intensity_drift=0, background=0.0)
    series = simulate_series(still, seed=2)
    difference = np.abs(series["intensity"][-1] - series["intensity"][0])
    assert difference.where(series["changing"]).sum() > 0.9 * difference.sum()


def test_labels_are_true_and_leave_the_gap_free():
    series = simulate_series(QUIET.replace(boundary=0.5, gap_before=0.1, gap_after=0.3, label_every=5))
    labels = series["labels"].to_numpy()
    assert np.flatnonzero(labels == 0).max() <= 0.5 * 99 - 10
    assert np.flatnonzero(labels == 1).min() >= 0.5 * 99 + 30


def test_the_same_seed_gives_the_same_series():
    assert simulate_series(QUIET, seed=5).identical(simulate_series(QUIET, seed=5))
    assert not simulate_series(QUIET, seed=5).equals(simulate_series(QUIET, seed=6))


@pytest.mark.parametrize("family", [DEVELOPMENT, HELD_OUT], ids=lambda family: family.name)
@pytest.mark.parametrize("kind", KINDS)
def test_every_drawn_series_has_true_labels_at_both_ends(family, kind):
    for number in range(40):
        options, seed = family.draw(kind, number)
        # The peaks' own noise does not matter here, so a coarse axis will do.
        series = simulate_series(options.replace(n_channels=100), seed=seed)
        labels, fraction = series["labels"].to_numpy(), series["fraction"].to_numpy()
        assert (labels == 0).sum() >= 1
        assert (labels == 1).sum() >= 1
        assert fraction[labels == 0].max() < 0.03
        assert fraction[labels == 1].min() > 0.97
