"""A simulated single-particle experiment as its user meets it: frames, noise, masks, truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

SMALL = ParticleOptions(n_patterns=40, size=64, pixel_size=1e-3)
# Nothing but counting changes these.
QUIET = SMALL.replace(
    hit_rate=0,
    background=4000,
    background_jitter=0,
    pulse_jitter=0,
    beam_jitter=0,
    read_noise=0,
    gain_spread=0,
    hole=0,
    gap=0,
    bad_pixels=0,
)


def expected(experiment, number: int):
    return experiment._frames.signal(number) + experiment._frames.background(number)


def test_frames_are_what_open_frames_would_give():
    frames = simulate_particles(SMALL).frames
    assert frames.dims == ("pattern", "y", "x")
    assert frames.shape == (40, 64, 64)
    assert frames.dtype == np.float32
    assert frames.attrs["units"] == "photons"
    assert frames["trainId"].dtype == frames["pulseId"].dtype == np.uint64
    assert frames.chunks is not None
    pulses = list(zip(frames["trainId"].to_numpy(), frames["pulseId"].to_numpy(), strict=True))
    assert pulses == sorted(set(pulses))


@pytest.mark.parametrize("shape", ["sphere", "icosahedron"])
def test_the_same_seed_gives_the_same_frames_however_they_are_read(shape):
    options = SMALL.replace(shape=shape, n_patterns=20)
    whole = simulate_particles(options, seed=3).frames.to_numpy()
    again = simulate_particles(options, seed=3).frames
    np.testing.assert_array_equal(again[14].to_numpy(), whole[14])
    np.testing.assert_array_equal(again.chunk({"pattern": 3})[10:18].to_numpy(), whole[10:18])
    np.testing.assert_array_equal(again[::-1].to_numpy(), whole[::-1])
    assert not np.array_equal(simulate_particles(options, seed=4).frames[14].to_numpy(), whole[14])


def test_experiments_are_told_apart_by_their_fingerprint():
    prints = {
        simulate_particles(options, seed=seed).frames.attrs["fingerprint"]
        for options, seed in ((SMALL, 3), (SMALL, 4), (SMALL.replace(hole=1), 3), (SMALL, 3))
    }
    assert len(prints) == 3


def test_millions_of_frames_are_there_at_once_and_made_when_read():
    frames = simulate_particles(ParticleOptions(n_patterns=400_000)).frames
    assert frames.nbytes > 2.5e10
    assert frames[399_999].to_numpy().shape == (128, 128)


def test_background_is_counted_as_poisson_does():
    """Variance over mean is 1, χ² is that of its law, and so is the share of empty pixels."""
    experiment = simulate_particles(QUIET.replace(n_patterns=600), seed=1)
    counts = experiment.frames.to_numpy().astype(float)
    mean = expected(experiment, 0)
    assert counts.sum() == pytest.approx(600 * 4000, rel=5 / np.sqrt(600 * 4000))
    variance = counts.var(axis=0, ddof=1) / mean
    assert variance.mean() == pytest.approx(1, abs=0.01)
    chi2 = ((counts.sum(axis=0) - 600 * mean) ** 2 / (600 * mean)).sum()
    assert 1e-4 < stats.chi2.cdf(chi2, mean.size) < 1 - 1e-4
    assert np.mean(counts == 0) == pytest.approx(np.exp(-mean).mean(), abs=0.003)
    np.testing.assert_array_equal(counts, np.rint(counts))


def test_hits_are_counted_as_poisson_does():
    experiment = simulate_particles(QUIET.replace(hit_rate=1, n_patterns=100), seed=2)
    residual = [
        (experiment.frames[k].to_numpy() - expected(experiment, k)) / np.sqrt(expected(experiment, k))
        for k in range(100)
    ]
    assert np.mean(residual) == pytest.approx(0, abs=0.01)
    assert np.mean(np.square(residual)) == pytest.approx(1, abs=0.02)


def test_a_hit_has_the_photons_that_its_truth_says():
    experiment = simulate_particles(SMALL.replace(n_patterns=60, hit_rate=1, gain_spread=0, read_noise=0), seed=3)
    truth = experiment.truth
    totals = experiment.frames.sum(("y", "x")).to_numpy()
    means = (truth["photons"] + truth["background"]).to_numpy()
    pull = (totals - means) / np.sqrt(means)
    assert np.abs(pull).max() < 4.5
    assert pull.std() == pytest.approx(1, abs=0.35)


def test_without_a_range_of_photons_the_fluence_tells_them():
    lit = SMALL.replace(photons=None, n_patterns=30, hit_rate=1, diameter=3e-8, pulse_energy=1e-6, saturation=1e9)
    once, twice = (simulate_particles(lit.replace(pulse_energy=e), seed=4).truth for e in (1e-6, 2e-6))
    np.testing.assert_allclose(twice["photons"], 2 * once["photons"])
    totals = simulate_particles(lit.replace(background=0, read_noise=0, gain_spread=0), seed=4).frames.sum(("y", "x"))
    np.testing.assert_allclose(totals, once["photons"], atol=5 * np.sqrt(once["photons"].max()))


def test_read_noise_is_gaussian_and_as_wide_as_told():
    noise = simulate_particles(QUIET.replace(background=0, read_noise=0.3)).frames.to_numpy()
    assert noise.std() == pytest.approx(0.3, rel=0.01)
    assert stats.kstest(noise.ravel()[::7] / 0.3, "norm").pvalue > 1e-3


def test_the_gain_of_a_pixel_is_the_same_in_all_frames():
    frames = simulate_particles(QUIET.replace(background=4e6, gain_spread=0.1, halo=0)).frames.to_numpy()
    gain = frames.mean(axis=0) / frames.mean()
    assert gain.std() == pytest.approx(0.1, rel=0.1)
    assert frames.std(axis=0).mean() / frames.mean() == pytest.approx(1 / np.sqrt(4e6 / 64**2), rel=0.05)


def test_a_pixel_counts_no_more_than_its_saturation():
    options = QUIET.replace(hit_rate=1, photons=(1e6, 1e6), saturation=50)
    frames = simulate_particles(options).frames.to_numpy()
    assert frames.max() == 50
    assert (frames == 50).mean() > 0.01


def test_masked_pixels_never_show_a_signal():
    options = SMALL.replace(hit_rate=1, photons=(1e6, 1e6), hole=5, gap=3, module_rows=2, module_columns=2)
    experiment = simulate_particles(options)
    frames = experiment.frames.to_numpy()
    dead = np.isnan(frames)
    assert (dead == dead[0]).all()
    steps = np.arange(64) - 31.5
    hole = np.hypot(steps, steps[:, None]) < 5
    gaps = (np.abs(steps) < 1.5) | (np.abs(steps) < 1.5)[:, None]
    assert dead[0][hole].all()
    assert gaps.sum() > 2 * 64
    assert dead[0][gaps].all()
    rest = dead[0][~hole & ~gaps & (np.minimum(np.abs(steps), np.abs(steps)[:, None]) > 3)]
    assert rest.mean() == pytest.approx(0.005, abs=0.006)
    # The light that falls there is lost: it is not in the photons of the truth.
    assert experiment._frames.signal(0)[~dead[0]].sum() == pytest.approx(1e6)
    assert experiment._frames.signal(0).sum() > 1.1e6


def test_the_mask_belongs_to_the_experiment():
    one, again, other = (np.isnan(simulate_particles(SMALL, seed=s).frames[0].to_numpy()) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_modules_are_parted_by_gaps_of_the_size_told():
    frames = simulate_particles(QUIET.replace(gap=4, module_rows=4, module_columns=2)).frames[0].to_numpy()
    dead = np.isnan(frames)
    rows, columns = dead.all(axis=1), dead.all(axis=0)
    assert rows.sum() == 12
    assert columns.sum() == 4
    assert not rows[[0, -1]].any()
    assert (np.diff(rows.astype(int)) == 1).sum() == 3


def test_the_beam_is_where_the_truth_says():
    options = QUIET.replace(
        hit_rate=1,
        multiple_share=0,
        photons=(1e5, 1e5),
        background=0,
        beam_x=4,
        beam_y=-3,
        beam_jitter=2,
        n_patterns=30,
    )
    experiment = simulate_particles(options, seed=5)
    frames = experiment.frames.to_numpy()
    # The brightest disc, within which the pattern is symmetric about the beam.
    steps = np.arange(64) - 31.5
    x = experiment.truth["beam_x"].to_numpy()
    y = experiment.truth["beam_y"].to_numpy()
    near = np.hypot(steps - x[:, None, None], steps[:, None] - y[:, None, None]) < 12
    found_x = (frames * near * steps).sum((1, 2)) / (frames * near).sum((1, 2))
    found_y = (frames * near * steps[:, None]).sum((1, 2)) / (frames * near).sum((1, 2))
    np.testing.assert_allclose(found_x, x, atol=0.15)
    np.testing.assert_allclose(found_y, y, atol=0.15)
    assert x.mean() == pytest.approx(4, abs=1.5)
    assert x.std() == pytest.approx(2, rel=0.4)


def test_classes_come_as_often_as_told():
    truth = simulate_particles(SMALL.replace(n_patterns=20_000, hit_rate=0.3, multiple_share=0.25)).truth
    hit = truth["hit"].to_numpy()
    assert np.mean(hit != "none") == pytest.approx(0.3, abs=0.015)
    assert np.mean(hit[hit != "none"] == "multiple") == pytest.approx(0.25, abs=0.03)
    number = truth["n_particles"].to_numpy()
    np.testing.assert_array_equal(hit, np.array(["none", "single", "multiple"])[np.minimum(number, 2)])
    np.testing.assert_array_equal(np.bincount(truth["particle_pattern"], minlength=20_000), number)
    assert number.max() <= 4


def test_photons_are_log_uniform_between_the_ends():
    truth = simulate_particles(SMALL.replace(n_patterns=3000, hit_rate=1, photons=(300, 30_000))).truth
    share = np.log(truth["photons"] / 300) / np.log(100)
    assert stats.kstest(share, "uniform").pvalue > 1e-3


def test_particles_lie_beside_each_other_and_never_within():
    options = SMALL.replace(n_patterns=3000, hit_rate=1, multiple_share=1, separation=(5e-8, 4e-7), focus=4e-6)
    truth = simulate_particles(options, seed=6).truth
    place, size = truth["particle_position"].to_numpy(), truth["particle_diameter"].to_numpy()
    owner = truth["particle_pattern"].to_numpy()
    for k in range(3000):
        mine = np.flatnonzero(owner == k)
        apart = np.linalg.norm(place[mine, None, :2] - place[mine, :2], axis=2) + np.diag([np.inf] * len(mine))
        assert (apart > 0.99 * (size[mine, None] + size[mine]) / 2).all()
        assert apart.min() == pytest.approx(truth["separation"].to_numpy()[k])
        assert apart.min(axis=1).max() <= 4e-7
    # All of them are in the focus, and in all of it.
    radius = np.hypot(place[:, 0], place[:, 1])
    assert 1.8e-6 < radius.max() <= 2e-6


def test_single_hits_and_blanks_have_no_separation():
    truth = simulate_particles(SMALL.replace(n_patterns=200)).truth
    assert np.isnan(truth["separation"].to_numpy()[truth["hit"] != "multiple"]).all()
    assert (truth["photons"].to_numpy()[truth["hit"] == "none"] == 0).all()
    assert np.isnan(truth["diameter"].to_numpy()[truth["hit"] == "none"]).all()


def test_another_species_and_artefacts_come_as_often_as_told_and_where_told():
    options = SMALL.replace(n_patterns=6000, other_share=0.3, streaks=0.2, ice_rings=0.1, other_diameter=3e-7)
    truth = simulate_particles(options, seed=7).truth
    hit, other = truth["hit"].to_numpy(), np.char.endswith(truth["species"].to_numpy(), "(other)")
    assert other[hit == "single"].mean() == pytest.approx(0.3, abs=0.04)
    assert not other[hit != "single"].any()
    assert np.median(truth["diameter"].to_numpy()[other]) == pytest.approx(3e-7, rel=0.02)
    artefact = truth["artefact"].to_numpy()
    assert np.mean(artefact[hit == "none"] == "streak") == pytest.approx(0.2, abs=0.04)
    assert np.mean(artefact[hit == "none"] == "ice") == pytest.approx(0.1, abs=0.03)
    assert (artefact[hit != "none"] == "none").all()


@pytest.mark.parametrize("kind", ["streak", "ice"])
def test_an_artefact_has_its_photons_and_its_shape(kind):
    shares = {"streaks": 1.0} if kind == "streak" else {"ice_rings": 1.0}
    options = QUIET.replace(**shares, n_patterns=20, background=0, artefact_photons=(5e3, 2e4))
    experiment = simulate_particles(options, seed=8)
    frames = experiment.frames.to_numpy()
    photons = experiment.truth["artefact_photons"].to_numpy()
    np.testing.assert_allclose(frames.sum((1, 2)), photons, atol=5 * np.sqrt(2e4))
    steps = np.arange(64) - 31.5
    radius = np.hypot(steps, steps[:, None])
    mean, centre = (frames * radius).sum((1, 2)) / frames.sum((1, 2)), frames[:, 28:36, 28:36].sum((1, 2))
    if kind == "ice":  # a ring: light at one distance, none at the beam
        spread = np.sqrt((frames * (radius - mean[:, None, None]) ** 2).sum((1, 2)) / frames.sum((1, 2)))
        assert spread.max() < 3
        assert mean.std() < 1
        assert (centre < 0.01 * photons).all()
    else:  # a line through the beam
        assert (centre > 0.1 * photons).all()
        for frame in frames:
            moments = np.cov(np.tile(steps, (64, 1)).ravel(), np.repeat(steps, 64), fweights=frame.ravel().astype(int))
            small, large = np.linalg.eigvalsh(moments)
            assert large > 20 * small


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"photons": (30.0, 3.0)}, "photons: got .*smaller number first"),
        ({"separation": (0.0, 1e-7)}, "separation"),
        ({"profile": "flat", "focus": 1e-6, "separation": (1e-7, 9e-7)}, "widen the focus"),
        ({"shape": "cube"}, "shape"),
        ({"holes": 3}, "did you mean 'hole'"),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(wrong, told):
    with pytest.raises(OptionError, match=told):
        ParticleOptions(**wrong)


def test_a_detector_without_live_pixels_is_refused():
    with pytest.raises(DataError, match="no live pixel"):
        simulate_particles(SMALL.replace(hole=60))
