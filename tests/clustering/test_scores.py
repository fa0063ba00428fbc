"""The physics scores: against optics, against counting statistics, and what a masked pixel must not do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from pulsetrain import open_frames
from pulsetrain.clustering._framing import Framing, spread_sample
from pulsetrain.clustering._scores.autocorrelation import Background, distances, envelope, noise_power
from pulsetrain.clustering._scores.kernels import fill, ring_means, weigh
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.scores import FrameScorer, Measured
from pulsetrain.data import DataError
from pulsetrain.simulate.particles import ParticleExperiment, ParticleOptions, simulate_particles

H_C = 1.239841984e-6  # eV m


@pytest.fixture(scope="module")
def experiment() -> ParticleExperiment:
    return simulate_particles(ParticleOptions(n_patterns=400, beam_jitter=0.3), seed=5)


@pytest.fixture(scope="module")
def frames(experiment: ParticleExperiment) -> xr.DataArray:
    return experiment.frames.compute(scheduler="synchronous")


@pytest.fixture(scope="module")
def scorer(frames: xr.DataArray) -> FrameScorer:
    return FrameScorer.fit(frames)


@pytest.fixture(scope="module")
def scored(scorer: FrameScorer, frames: xr.DataArray) -> Measured:
    return scorer.measure(scorer.block(frames))


def test_empty_frames_scatter_as_a_standard_normal_and_hits_stand_out(
    scored: Measured, experiment: ParticleExperiment
) -> None:
    kind, score = experiment.truth["hit"].to_numpy(), scored.scores["hit_score"]
    empty = score[kind == "none"]
    assert abs(np.median(empty)) < 0.3
    assert 0.8 < empty.std() < 1.3
    assert empty.max() < 5
    assert score[kind != "none"].min() > 10


def test_photons_are_those_of_the_particles(scored: Measured, experiment: ParticleExperiment) -> None:
    hit = experiment.truth["hit"].to_numpy() != "none"
    ratio = scored.scores["photons"][hit] / experiment.truth["photons"].to_numpy()[hit]
    assert 0.8 < np.median(ratio) < 1.4  # of a mean particle: sizes differ
    assert (np.abs(ratio / np.median(ratio) - 1) < 0.5).mean() > 0.95


def test_fringes_of_several_particles_stand_out_of_those_of_one(
    scored: Measured, experiment: ParticleExperiment
) -> None:
    kind, fringes = experiment.truth["hit"].to_numpy(), scored.scores["fringe_score"]
    several, one = fringes[kind == "multiple"], fringes[kind == "single"]
    auc = stats.mannwhitneyu(several, one).statistic / (len(several) * len(one))
    assert auc > 0.995


def test_the_reach_is_the_particles_own_size_be_they_small_or_large() -> None:
    # A particle's autocorrelation ends at its diameter: lag = d·(N·p)/(λ·D) pixels.
    for diameter, apart in ((1e-7, (1.5e-7, 1e-6)), (3.4e-7, (4e-7, 1e-6))):
        options = ParticleOptions(n_patterns=120, hit_rate=0.8, diameter=diameter, separation=apart, photons=(3e3, 3e4))
        made = simulate_particles(options, seed=7)
        scorer = FrameScorer.fit(made.frames)
        lag = diameter * 128 * options.pixel_size / (H_C / options.photon_energy * options.distance)
        assert 0.6 * lag < scorer.reach < 1.6 * lag
        score, kind = scorer.measure(scorer.block(made.frames)).scores, made.truth["hit"].to_numpy()
        assert np.quantile(score["fringe_visibility"][kind == "single"], 0.9) < 0.3
        assert np.quantile(score["fringe_visibility"][kind == "multiple"], 0.2) > 0.3


def test_two_equal_particles_make_the_fringe_that_their_distance_says() -> None:
    # Two point scatterers s apart: lag = s·(N·p)/(λ·D) pixels of the autocorrelation, visibility 1.
    side, pitch, distance, energy, apart = 128, 6e-4, 0.8, 1200.0, 3e-7
    lag = apart * side * pitch / (H_C / energy * distance)
    x = np.arange(side) - (side - 1) / 2
    light = np.exp(-(np.hypot(x[:, None], x) ** 2) / (2 * 20.0**2)) * (1 + np.cos(2 * np.pi * lag * x / side))
    rng = np.random.default_rng(1)
    block = rng.poisson(np.tile(light / light.sum() * 5000, (8, 1, 1))).astype(np.float32)
    dead = np.zeros((side, side), dtype=bool)
    background = Background(np.full(side**2, 1e-6, np.float32), 0.0, dead.ravel())
    power, moments = noise_power(block, envelope(block.copy(), block, dead, 10.0), background, np.ones(8, np.float32))
    power[:, distances(side) < 12] = 0
    row, column = np.unravel_index(power.mean(axis=0).argmax(), power.shape[1:])
    assert (row, column) == (0, round(lag))
    # The window's transform puts half of a cosine's amplitude into each of two peaks.
    visibility = 2 * np.sqrt(power.max(axis=(1, 2)) * moments[:, 0]) / moments[:, 1]
    assert visibility.mean() == pytest.approx(1, abs=0.12)


def test_without_fringes_the_power_is_an_exponential_of_mean_1() -> None:
    side = 64
    rng = np.random.default_rng(2)
    block = rng.poisson(2.0, (64, side, side)).astype(np.float32)
    dead = np.zeros((side, side), dtype=bool)
    background = Background(np.full(side**2, 0.5, np.float32), 0.0, dead.ravel())
    power, _ = noise_power(block, envelope(block.copy(), block, dead, 6.0), background, np.ones(64, np.float32))
    far = power[:, 12:30, 12:30].ravel()
    assert far.mean() == pytest.approx(1, abs=0.05)
    assert np.median(far) == pytest.approx(np.log(2), abs=0.05)


def test_a_pixel_that_is_masked_in_one_frame_makes_neither_light_nor_fringes(
    scorer: FrameScorer, frames: xr.DataArray, experiment: ParticleExperiment
) -> None:
    kind = experiment.truth["hit"].to_numpy()
    block = scorer.block(frames[kind != "multiple"][:64])
    whole = scorer.measure(block)
    masked = block.copy()
    masked[:, 30:50, 70:90] = np.nan
    masked[:, ::11, ::7] = np.nan
    part = scorer.measure(masked)
    none = (kind[kind != "multiple"] == "none")[:64]
    assert np.abs(part.scores["hit_score"][none]).max() < 5
    assert np.isfinite(part.views).all()
    assert part.scores["fringe_score"].max() < whole.scores["fringe_score"].max() + 6
    first = (scorer.framing.side - 64) // 2
    assert not part.views[:, 0][np.isnan(masked)[:, first : first + 64, first : first + 64]].any()


def test_scores_do_not_depend_on_how_frames_are_cut_into_blocks(
    scorer: FrameScorer, frames: xr.DataArray, scored: Measured
) -> None:
    parts = [scorer.measure(scorer.block(frames[a:b])) for a, b in ((0, 7), (7, 150))]
    for name, values in scored.scores.items():
        together = np.concatenate([part.scores[name] for part in parts])
        np.testing.assert_allclose(together, values[:150], rtol=2e-3, atol=2e-3, err_msg=name)


def test_of_no_frames_there_are_no_scores(scorer: FrameScorer, frames: xr.DataArray, scored: Measured) -> None:
    nothing = scorer.measure(scorer.block(frames[:0]))
    assert nothing.views.shape == (0, 2, 64, 64)
    assert {name: values.shape for name, values in nothing.scores.items()} == dict.fromkeys(scored.scores, (0,))


def test_a_scorer_comes_back_from_its_arrays(scorer: FrameScorer, frames: xr.DataArray) -> None:
    again = FrameScorer.of_arrays(scorer.arrays(), scorer.options)
    block = again.block(frames[:20])
    first, second = scorer.measure(block), again.measure(block)
    np.testing.assert_array_equal(first.views, second.views)
    assert all((first.scores[name] == second.scores[name]).all() for name in first.scores)


def test_a_run_without_hits_has_none_in_it() -> None:
    empty = simulate_particles(ParticleOptions(n_patterns=300, hit_rate=0, background_jitter=0.3), seed=6).frames
    score = (scorer := FrameScorer.fit(empty)).measure(scorer.block(empty)).scores["hit_score"]
    assert np.abs(score).max() < 6
    assert score.std() < 1.5


@pytest.mark.parametrize("size", [80, 300])
def test_frames_of_other_sizes_are_padded_or_binned_around_the_beam(size: int) -> None:
    y, x = np.mgrid[:size, :size]
    picture = np.exp(-((y - 35.0) ** 2 + (x - 42.0) ** 2) / 50).astype(np.float32)[None] * 10
    frames = xr.DataArray(picture, dims=("pattern", "y", "x"))
    options = ClusteringOptions(side=100, centre_y=35, centre_x=42)
    framing = Framing.of(frames, options)
    assert framing.binning == max(1, size // 100)
    block = framing.block(picture)
    assert block.shape == (1, 100, 100)
    weight = np.nan_to_num(block[0])
    centre = [(weight.sum(axis=axis) * np.arange(100)).sum() / weight.sum() for axis in (1, 0)]
    assert centre == pytest.approx([49.5, 49.5], abs=0.6)
    assert weight.sum() == pytest.approx(picture.sum(), rel=0.01)
    assert np.isnan(block[0, 0, 0])  # beyond the detector


def test_binning_counts_masked_pixels_by_their_neighbours_and_masks_where_most_are_missing() -> None:
    picture = np.ones((1, 64, 64), np.float32)
    picture[0, 0, 0] = np.nan
    picture[0, :2, 2:4] = np.nan
    picture[0, 1, 3] = 1
    frames = xr.DataArray(picture, dims=("pattern", "y", "x"))
    block = Framing.of(frames, ClusteringOptions(side=32)).block(picture)
    assert block[0, 0, 0] == 4
    assert np.isnan(block[0, 0, 1])


def test_photons_are_the_detectors_units_over_those_of_one() -> None:
    frames = xr.DataArray(np.full((1, 64, 64), 30, np.int16), dims=("pattern", "y", "x"))
    options = ClusteringOptions(side=64, photon=10.0)
    assert (Framing.of(frames, options).block(frames.to_numpy()) == 3).all()


def test_the_beam_is_where_assembled_modules_have_their_origin() -> None:
    frames = xr.DataArray(
        np.zeros((1, 64, 80)), {"y": np.arange(64) - 20.0, "x": np.arange(80) - 50.0}, ("pattern", "y", "x")
    )
    assert Framing.of(frames, ClusteringOptions(side=33)).first == (4, 34)


def test_a_beam_off_the_picture_and_other_frames_are_refused(scorer: FrameScorer, frames: xr.DataArray) -> None:
    with pytest.raises(DataError, match=r"centre_y: got 500.*0 to 127"):
        FrameScorer.fit(frames, ClusteringOptions(centre_y=500))
    with pytest.raises(DataError, match=r"frames of \(100, 128\).*fit anew"):
        scorer.block(frames[:, :100])
    with pytest.raises(DataError, match="dims"):
        FrameScorer.fit(frames.rename(y="row"))


def test_a_sample_is_spread_over_the_run_in_runs_of_neighbours() -> None:
    frames = xr.DataArray(np.arange(10_000), dims="pattern")
    sample = spread_sample(frames, 640).to_numpy()
    assert len(sample) == 640
    assert sample[0] == 0
    assert sample[-1] == 9999
    assert (np.diff(sample) == 1).mean() > 0.85
    assert spread_sample(frames[:100], 640).sizes["pattern"] == 100


def test_the_measured_hits_are_hits(measured_frames: xr.DataArray) -> None:
    scorer = FrameScorer.fit(measured_frames)
    result = scorer.measure(scorer.block(measured_frames))
    assert result.views.shape == (4, 2, 64, 64)
    assert result.scores["hit_score"].min() > 50
    assert result.scores["photons"].min() > 1000
    # By eye each shows one particle, of another size in each frame: its rings, and no straight fringes through them.
    assert PhysicsKinds.fit(result.scores).probability(result.scores)[:, 2].max() < 0.2


@pytest.fixture
def measured_frames(request: pytest.FixtureRequest) -> xr.DataArray:
    folder: Path = request.getfixturevalue("measured")
    return open_frames(folder / "particles" / "euxfel2013_spi_4hits_recovered.h5")


class TestKernels:
    """The compiled loops against plain NumPy."""

    side = 12

    @pytest.fixture
    def drawn(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        rng = np.random.default_rng(3)
        block = rng.poisson(1.5, (3, self.side**2)).astype(np.float32)
        block[rng.random(block.shape) < 0.1] = np.nan
        steps = np.arange(self.side) - (self.side - 1) / 2
        rings = np.hypot(steps[:, None], steps).round().astype(np.int32).ravel()
        dead = rng.random(self.side**2) < 0.1
        dead[rings == 1] = True  # a hole
        return block, rings, dead, rng.random((4, self.side**2)).astype(np.float32)

    def test_ring_means(self, drawn: tuple[np.ndarray, ...]) -> None:
        block, rings, dead, _ = drawn
        means = np.empty(rings.max() + 1, np.float32)
        ring_means(block[0], rings, dead, means)
        live = np.isfinite(block[0]) & ~dead
        for ring in (2, 3, 5):
            assert means[ring] == pytest.approx(block[0][live & (rings == ring)].mean())
        assert means[0] == means[1] == means[2]  # nothing lives further in

    def test_fill(self, drawn: tuple[np.ndarray, ...]) -> None:
        block, rings, dead, filters = drawn
        filled = np.empty_like(block)
        profile, counts, excess = fill(block, rings, dead, filters, filled)
        live = np.isfinite(block) & ~dead
        np.testing.assert_array_equal(filled[live], block[live])
        np.testing.assert_allclose(filled, np.where(live, block, profile[:, rings]))
        light = np.where(live, block, 0)
        np.testing.assert_allclose(counts, np.stack([light.sum(1), (light >= 0.5).sum(1), live.sum(1)], axis=1))
        b, h, b_v, h_v = filters
        gone = ~live & ~dead
        each = [(filled * b_v), (filled * h_v), b * b_v + 0 * filled, b * h_v + 0 * filled, h * h_v + 0 * filled]
        np.testing.assert_allclose(excess, np.stack([(gone * x).sum(1) for x in each], axis=1), rtol=1e-5)

    def test_weigh(self, drawn: tuple[np.ndarray, ...]) -> None:
        block, _, dead, filters = drawn
        envelopes = np.abs(filters[:3]) + 0.5
        behind = np.stack([filters[0], ~dead * filters[1], np.full(self.side**2, 0.01)]).astype(np.float32)
        scale = np.array([0.5, 1, 3], np.float32)
        out = np.empty_like(block)
        moments = weigh(block, envelopes, behind, scale, out)
        stray = scale[:, None] * behind[0]
        signal, noise = np.maximum(envelopes - stray, 0), np.maximum(envelopes, stray) + 0.01
        weight = np.where(np.isfinite(block), behind[1], 0) * signal / (noise + 1e-6)
        np.testing.assert_allclose(out, np.nan_to_num(weight * (block - envelopes)), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(
            moments, np.stack([(weight**2 * noise).sum(1), (weight * signal).sum(1)], axis=1), rtol=1e-4
        )


def test_lazy_frames_are_read_chunk_by_chunk_to_the_same_squares():
    pixels = np.random.default_rng(0).poisson(2.0, (10, 70, 64)).astype(np.float32)
    whole = xr.DataArray(pixels, dims=("pattern", "y", "x"))
    framing = Framing.of(whole, ClusteringOptions(side=32))
    largest = 0

    class Watched(Framing):
        def block(self, pixels):
            nonlocal largest
            largest = max(largest, len(pixels))
            return super().block(pixels)

    read = Watched(**vars(framing)).read(whole.chunk({"pattern": 3, "y": 20}))
    assert np.array_equal(read, framing.block(pixels))
    assert largest == 3
