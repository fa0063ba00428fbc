"""The built-in engine as a whole: what it finds, what it remembers, and what it refuses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner
from scipy.spatial.transform import Rotation

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.progress import Cancelled
from pulsetrain.tuning import IndexingOptions, NativeEngine
from pulsetrain.tuning._native.agreement import agreement, orientation_error
from pulsetrain.tuning._native.cache import Cache
from pulsetrain.tuning.bench import bench

SETTINGS = [
    {},
    {"min_snr": 7.0},
    {"min_pix_count": 3},
    {"clen": 0.1212},
    {"min_snr": 4.0, "min_pix_count": 4},
    {"threshold": 60.0},
    {"min_snr": 7.0, "clen": 0.1188, "tolerance": 8.0},
    {"max_res": 400.0},
    {"local_bg_radius": 2},
    {"min_peaks": 40, "max_pix_count": 6},
]


def same(one, other):
    """Hold two results equal in everything but the time they took."""
    one, other = one.copy(), other.copy()
    for result in (one, other):
        result.attrs.pop("seconds")
    xr.testing.assert_identical(one, other)


def lazy(frames, read=None):
    """Return the frames as a Dask array, two patterns a block; `read` gathers the blocks that are read."""

    def block(values, block_info=None):
        if read is not None and block_info:
            read.append(block_info[0]["chunk-location"][0])
        return values

    source = da.from_array(frames.to_numpy(), chunks=(2, *frames.shape[1:]), name="stored")
    return frames.copy(data=source.map_blocks(block, dtype=frames.dtype, name="read", meta=np.empty(0, frames.dtype)))


@pytest.fixture(scope="module")
def fresh(crystals):
    """Return the result of each setting by an engine that knows nothing."""
    return [
        NativeEngine(crystals.geometry, crystals.cell, processes=1).evaluate(crystals.frames, IndexingOptions(**each))
        for each in SETTINGS
    ]


def test_hits_peaks_and_lattices_agree_with_crystfel_at_all_settings(crystfel_answers):
    table = agreement(crystfel_answers, processes=1)
    assert len(table) == 14
    assert (table.hits_differ == 0).all()
    assert ((table.indexed - table.indexed_crystfel).abs() <= 1).all()
    assert table.peaks_ratio.between(0.98, 1.02).all()
    assert (table.worst_frame < 0.1).all()  # of a frame of 40 peaks or fewer; 5 % and less in those of more
    assert (table.worst_count <= 3).all()
    assert (table.wrong == 0).all()
    assert table.median_error["base"] < 0.05


def test_the_error_of_an_orientation_is_its_angle_whichever_axes_of_the_lattice_are_named():
    true = np.diag([79.0, 79.0, 38.0]) @ Rotation.random(rng=1).as_matrix()
    turned = true @ Rotation.from_rotvec([0.6, 0.0, 0.8], degrees=True).as_matrix().T  # by 1°
    assert orientation_error(turned, true) == pytest.approx(1.0)
    assert orientation_error(1.004 * turned, true) == pytest.approx(1.0)  # as a clen that is off makes it
    quarter = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])  # about the tetragonal axis
    assert orientation_error(quarter @ turned, true) == pytest.approx(1.0)
    exchanged = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])  # the same points, but no axes of that cell
    doubled = np.diag([2, 1, 1])
    assert orientation_error(exchanged @ true, true) == orientation_error(doubled @ true, true) == 180.0


def test_simulated_crystals_are_indexed_as_they_stand_and_blanks_are_not(crystals, fresh):
    result = fresh[0]
    hits = crystals.truth.n_lattices.to_numpy() > 0
    assert 0 < hits.sum() < hits.size
    np.testing.assert_array_equal(result.indexed, hits)
    for pattern, axes in zip(result.crystal_pattern.to_numpy(), result.crystal_axes.to_numpy(), strict=True):
        true = crystals.truth.crystal_axes.to_numpy()[crystals.truth.crystal_pattern.to_numpy() == pattern]
        assert min(orientation_error(axes, each) for each in true) < 0.1
    assert (result.crystal_residual < 1.0).all()


@pytest.mark.parametrize("memory", [2**30, 2**23, 0], ids=["all kept", "some kept", "nothing kept"])
def test_what_is_remembered_changes_no_result(crystals, fresh, memory):
    engine = NativeEngine(crystals.geometry, crystals.cell, processes=2, memory=memory)
    frames = lazy(crystals.frames)
    for k in np.random.default_rng(memory).permutation(2 * len(SETTINGS)) % len(SETTINGS):
        same(engine.evaluate(frames, IndexingOptions(**SETTINGS[k])), fresh[k])
        assert engine.memory_used <= memory


def test_two_threads_may_evaluate_with_one_engine(crystals, fresh):
    engine = NativeEngine(crystals.geometry, crystals.cell, processes=1, memory=2**20)
    frames = lazy(crystals.frames)

    def evaluate(k):
        return engine.evaluate(frames, IndexingOptions(**SETTINGS[k]))

    numbers = [0, 1, 0, 2, 1, 0]
    with ThreadPoolExecutor(2) as pool:
        for k, result in zip(numbers, pool.map(evaluate, numbers), strict=True):
            same(result, fresh[k])


def test_another_setting_reads_no_frame_again(crystals):
    read: list[int] = []
    engine, frames = NativeEngine(crystals.geometry, crystals.cell, processes=1), lazy(crystals.frames, read)
    engine.evaluate(frames, IndexingOptions())
    assert sorted(read) == [0, 1, 2]
    for each in SETTINGS[1:]:
        engine.evaluate(frames, IndexingOptions(**each))
    assert sorted(read) == [0, 1, 2]


def test_frames_changed_in_memory_are_looked_at_anew(crystals):
    frames = crystals.frames.copy(deep=True)
    engine = NativeEngine(crystals.geometry, crystals.cell, processes=1)
    assert engine.evaluate(frames, IndexingOptions()).n_peaks.sum() > 0
    frames[:] = 0
    assert engine.evaluate(frames, IndexingOptions()).n_peaks.sum() == 0


def test_floats_with_masked_pixels_give_what_whole_numbers_give(crystals, fresh):
    frames = crystals.frames.astype(np.float32)
    frames[:, 3, 400:, :] = np.nan
    result = NativeEngine(crystals.geometry, crystals.cell, processes=1).evaluate(frames, IndexingOptions())
    elsewhere = fresh[0].peak_pixel // 128 % 512 < 400
    elsewhere |= fresh[0].peak_pixel // (512 * 128) != 3
    assert not (((result.peak_pixel // (512 * 128)) == 3) & (result.peak_pixel // 128 % 512 >= 400)).any()
    # The rings that lost pixels have slightly other limits.
    assert abs(result.sizes["peak"] - int(elsewhere.sum())) <= 0.03 * result.sizes["peak"]


def test_a_clen_in_the_options_is_the_geometry_at_that_clen_with_its_panels_offsets(crystals):
    frames = crystals.frames[:4]
    offset = crystals.geometry.text.replace("p3a0/coffset = 0.0", "p3a0/coffset = 0.0004")
    geometry = CrystFELGeometry.parse(offset)
    moved = NativeEngine(geometry.with_clen(0.121), crystals.cell, processes=1).evaluate(frames, IndexingOptions())
    told = NativeEngine(geometry, crystals.cell, processes=1).evaluate(frames, IndexingOptions(clen=0.121))
    assert moved.sizes["crystal"] > 0
    np.testing.assert_allclose(told.crystal_axes, moved.crystal_axes, rtol=1e-9)
    np.testing.assert_allclose(told.crystal_residual, moved.crystal_residual, rtol=1e-6)


def test_places_on_panels_are_those_of_the_geometry():
    from pulsetrain.tuning._native.detector import Detector

    # A tilted panel stored with its axes exchanged, beside a plain one.
    geometry = CrystFELGeometry.parse(
        "photon_energy = 9300\nclen = 0.2\nres = 10000\n"
        "a/min_fs = 0\na/max_fs = 9\na/min_ss = 0\na/max_ss = 4\na/corner_x = 3\na/corner_y = -7\n"
        "a/fs = +0.8x +0.6y +0.01z\na/ss = -0.6x +0.8y\na/coffset = 0.001\n"
        "b/min_fs = 0\nb/max_fs = 9\nb/min_ss = 5\nb/max_ss = 9\nb/corner_x = 30\nb/corner_y = -7.5\n"
    )
    for shape in (geometry, CrystFELGeometry.parse("dim0 = fs\ndim1 = ss\n" + geometry.text)):
        detector, where = Detector.of(shape), shape.with_clen(0.25).positions()
        slow, fast = (index.ravel() + 0.5 for index in np.indices(shape.shape))
        places = detector.places(np.arange(slow.size), slow, fast, 0.25)
        np.testing.assert_allclose(places, where.reshape(-1, 3), atol=1e-12)
        q = detector.q_of(places)
        assert np.allclose(detector.pixels_off(np.arange(slow.size), places, q), 0, atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(q * shape.wavelength + [0, 0, 1], axis=1), 1.0)


def test_a_longer_clen_makes_larger_cells(crystals, fresh):
    engine = NativeEngine(crystals.geometry, crystals.cell, processes=1)
    longer = engine.evaluate(crystals.frames, IndexingOptions(clen=1.01 * crystals.geometry.clen))
    change = longer.crystal_cell[:, :3].mean() / fresh[0].crystal_cell[:, :3].mean()
    assert 1.003 < change < 1.015


def test_no_patterns_give_an_empty_result(crystals):
    result = NativeEngine(crystals.geometry, crystals.cell).evaluate(crystals.frames[:0], IndexingOptions())
    assert result.sizes["pattern"] == 0
    assert np.isnan(result.indexing_rate)


def test_progress_is_told_of_each_pattern_and_may_cancel(crystals, fresh):
    engine, told = NativeEngine(crystals.geometry, crystals.cell, processes=2), []
    engine.evaluate(crystals.frames, IndexingOptions(), lambda done, total, *_, **_values: told.append((done, total)))
    assert told == [(k, 6) for k in range(1, 7)]

    def cancel(done, *_, **_values):
        if done == 2:
            raise Cancelled

    engine = NativeEngine(crystals.geometry, crystals.cell, processes=2)
    with pytest.raises(Cancelled):
        engine.evaluate(crystals.frames, IndexingOptions(), cancel)
    same(engine.evaluate(crystals.frames, IndexingOptions()), fresh[0])


def test_patterns_of_another_detector_are_refused(crystals, panel):
    engine = NativeEngine(panel(64, 64), crystals.cell)
    with pytest.raises(DataError, match=r"\(pattern, 64, 64\).*give the detector's geometry"):
        engine.evaluate(crystals.frames, IndexingOptions())


def test_a_geometry_without_photon_energy_or_clen_says_what_to_write(crystals):
    text = crystals.geometry.text
    without = "\n".join(line for line in text.splitlines() if not line.startswith("photon_energy"))
    with pytest.raises(DataError, match="write 'photon_energy = 9300 eV'"):
        NativeEngine(CrystFELGeometry.parse(without), crystals.cell)
    stored = crystals.geometry.with_clen(1.0).text.replace("clen = 1\n", "clen = /LCLS/detector_z\n")
    engine = NativeEngine(CrystFELGeometry.parse(stored), crystals.cell, processes=1)
    with pytest.raises(DataError, match="give clen in the options"):
        engine.evaluate(crystals.frames, IndexingOptions())
    own = IndexingOptions(clen=crystals.geometry.clen)
    assert engine.evaluate(crystals.frames, own).indexed.any()


def test_the_cache_gives_up_the_oldest_but_nothing_of_the_present_round():
    cache = Cache(3000)
    cache.begin()
    for key in "ab":
        cache.put(key, key, 1000)
    cache.begin()
    assert cache.get("a") == "a"
    cache.put("c", "c", 1000)  # b goes: a was used in this round
    cache.put("d", "d", 1000)  # no room
    assert [cache.get(key) for key in "abcd"] == ["a", None, "c", None]
    assert cache.size <= 3000


def test_the_speed_benchmark_tells_cold_from_again():
    said = CliRunner().invoke(bench, ["speed", "--patterns", "2"], catch_exceptions=False)
    assert said.exit_code == 0
    rows = {line[:24].strip() for line in said.output.splitlines()}
    assert {"cold", "again, min_snr 6", "again, min_pix_count 3", "again, clen +0.5 %"} <= rows


def test_the_agreement_benchmark_names_what_a_folder_lacks(tmp_path):
    with pytest.raises(DataError, match=r"crystfel_per_frame\.csv.*give a folder of CrystFEL's answers"):
        CliRunner().invoke(bench, ["agreement", str(tmp_path)], catch_exceptions=False)
