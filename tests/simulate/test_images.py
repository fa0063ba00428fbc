"""Two conditions of one instrument, against physics: counting, blur, flux, masks."""

from __future__ import annotations

import dask
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pulsetrain import DataError
from pulsetrain.options import OptionError
from pulsetrain.simulate._images.instrument import make_instrument, margin
from pulsetrain.simulate.images import ImageOptions, simulate_images

FAMILIES = ("particles", "crystals", "phantoms")
SMALL = ImageOptions(n_low=5, n_high=4, size=48)


def instrument(**changes):
    return make_instrument(ImageOptions(hole=0, dead_pixels=0).replace(**changes), np.random.default_rng(0))


def flat(made, photons):
    return np.full(made.open.shape, photons)


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_of_the_good_condition_scatter_about_the_truth_as_poisson_says(family):
    pairs = simulate_images(SMALL.replace(family=family), seed=1).pairs(30)
    truth, high = pairs.truth.to_numpy().astype(float), pairs.high.to_numpy()
    live = np.isfinite(truth)
    assert np.array_equal(live, np.isfinite(high))
    assert np.array_equal(high[live], np.rint(high[live]))
    # (n − µ)²/µ has mean 1 and variance 2 + 1/µ; 60,000 pixels.
    chi2 = (high[live] - truth[live]) ** 2 / truth[live]
    assert chi2.mean() == pytest.approx(1, abs=5 * np.sqrt(np.mean(2 + 1 / truth[live]) / live.sum()))
    assert np.sum(high[live] - truth[live]) / np.sqrt(truth[live].sum()) == pytest.approx(0, abs=4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_poor_condition_is_the_truth_blurred_dimmed_counted_and_read(family):
    o = SMALL.replace(family=family, dead_pixels=0)
    pairs, edge = simulate_images(o, seed=1).pairs(30), 5
    low, truth = pairs.low.to_numpy(), pairs.truth.to_numpy().astype(float)
    expected = o.gain * np.stack([gaussian_filter(np.nan_to_num(each), o.point_spread) for each in truth])
    inner = np.zeros_like(expected, dtype=bool)
    inner[:, edge:-edge, edge:-edge] = True  # beside the edge, light from beyond the frame is blurred in
    inner &= np.isfinite(low)
    variance = expected + o.read_noise**2
    chi2 = ((low - expected) ** 2 / variance)[inner]
    assert chi2.mean() == pytest.approx(1, abs=0.03)
    assert np.sum((low - expected)[inner]) / np.sqrt(variance[inner].sum()) == pytest.approx(0, abs=4)


def test_a_point_of_light_becomes_as_wide_as_was_said():
    made = instrument(point_spread=1.7, gain=0.5)
    light = np.zeros(made.open.shape)
    middle = light.shape[0] // 2
    light[middle, middle] = 1e4
    spread = made.expected(light)
    assert spread.sum() == pytest.approx(0.5 * 1e4)
    steps = np.arange(64) - (middle - margin(made.o))
    for axis in (0, 1):
        assert np.sqrt((spread.sum(axis=axis) * steps**2).sum() / spread.sum()) == pytest.approx(1.7, rel=2e-3)


def test_light_from_beside_the_frame_is_blurred_into_it():
    made = instrument(point_spread=2.0)
    assert made.expected(flat(made, 10.0)) == pytest.approx(np.full((64, 64), 1.43))


def test_light_on_a_dead_pixel_reaches_its_neighbours_and_light_in_the_hole_does_not():
    made = make_instrument(ImageOptions(hole=6, dead_pixels=0.05), np.random.default_rng(3))
    light, edge = flat(made, 0.0), margin(made.o)
    light[edge + 32, edge + 32] = 1e4
    assert not made.expected(light).any()
    y, x = np.argwhere(~made.live[1:-1, 1:-1] & made.open[edge:-edge, edge:-edge][1:-1, 1:-1])[0] + 1
    light[edge + y, edge + x] = 1e4
    beside = made.expected(light)
    assert beside[y - 1 : y + 2, x - 1 : x + 2].sum() > 0.5 * made.o.gain * 1e4
    assert np.isnan(made.low(light, np.random.default_rng(0))[y, x])


def test_read_noise_has_its_width_and_the_second_gain_stage_eight_times_that():
    made = instrument(gain=1.0, read_noise=0.7, gain_switch=1000.0, gain_step=0.05)
    dark = made.low(flat(made, 0.0), np.random.default_rng(0))
    assert dark.std() == pytest.approx(0.7, rel=0.05)
    bright = made.low(flat(made, 1e5), np.random.default_rng(0))
    assert bright.mean() == pytest.approx(1.05e5, rel=1e-3)
    assert bright.std() == pytest.approx(np.hypot(1.05 * np.sqrt(1e5), 8 * 0.7), rel=0.05)
    below = made.low(flat(made, 500.0), np.random.default_rng(0))
    assert below.mean() == pytest.approx(500, rel=5e-3)


def test_binning_shares_the_charge_of_a_square_out_and_reads_noise_once():
    made = instrument(binning=4, read_noise=2.0, size=66)
    counted = made.low(flat(made, 100.0), np.random.default_rng(0))
    assert counted.shape == (66, 66)
    whole = counted[:64, :64].reshape(16, 4, 16, 4)
    assert np.ptp(whole, axis=(1, 3)).max() == 0
    squares = whole.sum(axis=(1, 3))
    assert squares.mean() == pytest.approx(16 * 14.3, rel=0.02)
    assert squares.std() == pytest.approx(np.sqrt(16 * 14.3 + 2.0**2), rel=0.15)


@pytest.mark.parametrize("family", FAMILIES)
def test_frames_hold_as_many_photons_as_was_asked_for(family):
    o = ImageOptions(family=family, photons=8.0, photons_spread=0.3, size=32)
    truth = simulate_images(o, seed=2).pairs(100).truth.mean(("y", "x")).to_numpy()
    assert truth.mean() == pytest.approx(8.0, rel=0.1)
    assert np.log(truth).std() == pytest.approx(0.3, rel=0.25)


def test_the_sets_and_the_pairs_show_different_objects():
    o = ImageOptions(family="phantoms", n_low=3, n_high=3, gain=1.0, point_spread=0.0, read_noise=0.0, photons=1e4)
    experiment = simulate_images(o, seed=5)
    seen = [*experiment.low.to_numpy(), *experiment.high.to_numpy()]
    for repeat in range(2):
        seen += [*experiment.pairs(3, repeat).high.to_numpy()]
    flattened = np.nan_to_num(np.array(seen)).reshape(len(seen), -1)
    assert (np.corrcoef(flattened) - np.eye(len(seen))).max() < 0.9


def test_a_frame_does_not_depend_on_which_are_read_with_it_and_the_seed_tells_all():
    first, again, other = (simulate_images(SMALL, seed=seed) for seed in (1, 1, 2))
    with dask.config.set(scheduler="synchronous"):
        np.testing.assert_array_equal(first.low[3:4].to_numpy(), again.low.to_numpy()[3:4])
        np.testing.assert_array_equal(first.pairs(2).high, again.pairs(4).high[:2])
        assert first.low.attrs["fingerprint"] == again.low.attrs["fingerprint"] != other.low.attrs["fingerprint"]
        assert not np.array_equal(np.isfinite(first.low[0]), np.isfinite(other.low[0]))


def test_objects_stay_the_same_when_only_the_condition_changes():
    for family in FAMILIES:
        narrow, wide = (
            simulate_images(SMALL.replace(family=family, point_spread=width), seed=4).pairs(2) for width in (0.5, 3.0)
        )
        np.testing.assert_allclose(narrow.truth, wide.truth, rtol=1e-4)


def test_speckles_of_a_larger_particle_are_smaller():
    def extent(scale):
        o = ImageOptions(shape="sphere", several=0, scale=scale, background=0, hole=0, dead_pixels=0)
        truth = simulate_images(o, seed=6).pairs(20).truth.to_numpy()
        steps = np.arange(64) - 31.5
        return np.sqrt((truth * np.hypot(steps, steps[:, None])).sum() / truth.sum())

    assert extent(1.0) / extent(2.0) == pytest.approx(np.sqrt(2), rel=0.1)


def test_peaks_of_crystals_stand_where_braggs_law_puts_them():
    """At r pixels from the beam |q| = 2 sin(½ atan(r p/D))/λ; the ring of water is at 1/3.3 Å."""
    o = ImageOptions(family="crystals", size=96, background=0, dead_pixels=0)
    truth = np.median(simulate_images(o, seed=7).pairs(40).truth.to_numpy(), axis=0)  # peaks are rare
    place = np.arange(96) + 0.5 - 48 + 92
    r = np.hypot(place, place[:, None]) * 2e-4
    q = 2 * np.sin(np.arctan(r / 0.06) / 2) / (12398.42 / 9300)
    shell = [truth[(q > low) & (q <= low + 0.01)].mean() for low in np.arange(0.22, 0.42, 0.01)]
    assert np.arange(0.22, 0.42, 0.01)[np.argmax(shell)] + 0.005 == pytest.approx(0.305, abs=0.012)


def test_what_leaves_no_pixel_or_is_unknown_is_refused():
    with pytest.raises(DataError, match="hole"):
        simulate_images(ImageOptions(hole=500))
    with pytest.raises(OptionError, match="point_spread"):
        ImageOptions(point_spred=1)
