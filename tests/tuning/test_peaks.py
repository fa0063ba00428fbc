"""The built-in engine's peak search, held against plain NumPy, patterns made by hand, CrystFEL and measured spots."""

from __future__ import annotations

import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pulsetrain import open_frames
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning import IndexingOptions, NativeEngine
from pulsetrain.tuning._native._radial import ring_limits
from pulsetrain.tuning._native._search import find_peaks
from pulsetrain.tuning._native.detector import Detector

HEIGHT, WIDTH = 36, 40
CELL = UnitCell(79, 79, 38)
# Two panels, one above the other, of which the upper stands 3 pixels farther out.
TWO_PANELS = CrystFELGeometry.parse(
    "photon_energy = 9300\nclen = 0.1\nres = 10000\n"
    + "".join(
        f"{name}/min_fs = 0\n{name}/max_fs = {WIDTH - 1}\n{name}/min_ss = {first}\n{name}/max_ss = {first + 17}\n"
        f"{name}/fs = +1.0x\n{name}/ss = +1.0y\n{name}/corner_x = -20\n{name}/corner_y = {corner}\n"
        for name, first, corner in (("low", 0, -18), ("high", 18, 3))
    )
    + "badspot/panel = low\nbadspot/min_fs = 5\nbadspot/max_fs = 6\nbadspot/min_ss = 5\nbadspot/max_ss = 6\n"
)


def calm(height=HEIGHT, width=WIDTH, mean=10.0):
    """Return a background of mean 10 whose spread is 1 in every ring: a chequerboard of 9 and 11."""
    row, column = np.mgrid[:height, :width]
    return mean + 1.0 - 2.0 * ((row + column) % 2)


def found(frame, geometry, **options):
    """Return the engine's result on one frame."""
    patterns = xr.DataArray(frame[None], dims=("pattern", "y", "x"))
    options = {"threshold": 0.0, "min_pix_count": 1} | options
    return NativeEngine(geometry, CELL, processes=1).evaluate(patterns, IndexingOptions(**options, min_peaks=10_000))


def limits_by_numpy(frame, ring, min_snr):
    """Clip and average ring by ring, in plain NumPy."""
    limits = np.full(ring.max() + 1, np.inf)
    for k in range(len(limits)):
        values = frame[(ring == k) & np.isfinite(frame)].astype(np.float64)
        for _ in range(5):
            kept = values[values < limits[k]]
            limits[k] = kept.mean() + min_snr * kept.std() if len(kept) >= 2 else np.inf
    return limits


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), min_snr=st.floats(1.0, 12.0), whole=st.booleans(), holes=st.floats(0.0, 0.9))
def test_the_limit_of_each_ring_is_that_of_plain_numpy(seed, min_snr, whole, holes):
    rng = np.random.default_rng(seed)
    frame = rng.normal(5.0, 3.0, HEIGHT * WIDTH) + 60.0 * (rng.random(HEIGHT * WIDTH) < 0.02)
    frame = (np.rint(frame) if whole else frame).astype(np.float32)
    frame[rng.random(frame.size) < holes] = np.nan
    rings = Detector.of(TWO_PANELS).rings(0.0, 1200.0)
    limits = ring_limits(frame, rings.order, rings.starts, min_snr)
    np.testing.assert_allclose(limits, limits_by_numpy(frame, rings.layout.ring, min_snr), rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.0, 0.4), reach=st.integers(1, 4))
def test_the_groups_are_those_of_scipy_and_their_sums_those_of_numpy(seed, share, reach):
    rng = np.random.default_rng(seed)
    frame = np.where(rng.random(HEIGHT * WIDTH) < share, 40.0, 5.0) + rng.normal(0.0, 2.0, HEIGHT * WIDTH)
    frame = frame.astype(np.float32)
    frame[rng.random(frame.size) < 0.05] = np.nan
    detector = Detector.of(TWO_PANELS)
    layout, limit = detector.rings(2.0, 25.0).layout, 20.0
    table = find_peaks(frame, layout, np.full(99, limit), reach, np.zeros(frame.size, np.uint8))

    counts = (layout.ring >= 0) & np.isfinite(frame)
    bright = (counts & (frame > limit)).reshape(2, 18, WIDTH)
    image, use = frame.reshape(2, 18, WIDTH).astype(np.float64), counts.reshape(2, 18, WIDTH)
    expected = []
    for p in range(2):
        labels, n = ndimage.label(bright[p], np.ones((3, 3)))
        for k in range(1, n + 1):
            row, column = np.nonzero(labels == k)
            if not ((row > 0) & (row < 17) & (column > 0) & (column < WIDTH - 1)).any():
                continue
            values = image[p, row, column]
            y, x = np.average(row, weights=values), np.average(column, weights=values)
            grid_y, grid_x = np.mgrid[:18, :WIDTH]
            disc = (grid_y - np.rint(y)) ** 2 + (grid_x - np.rint(x)) ** 2 <= (2 * reach) ** 2
            around = image[p][disc & use[p] & ~bright[p]]
            mean, spread = (around.mean(), around.std()) if len(around) else (0.0, 0.0)
            snr = (values.max() - mean) / spread if spread > 0 else np.inf
            pixel = (np.rint(y) + 18 * p) * WIDTH + np.rint(x)
            expected.append([pixel, y + 18 * p + 0.5, x + 0.5, (values - mean).sum(), snr, len(values)])
    expected = np.array(expected).reshape(-1, 6)
    np.testing.assert_allclose(table[np.lexsort(table.T)], expected[np.lexsort(expected.T)], rtol=1e-4)


def test_a_blob_is_found_where_it_is_with_its_sum_over_the_background(panel):
    frame = calm(64, 64)
    frame[20:22, 41:43] = [[130.0, 70.0], [70.0, 40.0]]  # 310 in all, on a background of 10
    result = found(frame, panel(64, 64), min_snr=6)
    assert result.n_peaks.item() == 1
    # Centre of mass by hand, (20 · 200 + 21 · 110) / 310; pixel centres are at + 0.5.
    assert result.peak_slow_scan.item() == pytest.approx(20.3548 + 0.5, abs=1e-3)
    assert result.peak_fast_scan.item() == pytest.approx(41.3548 + 0.5, abs=1e-3)
    assert result.peak_intensity.item() == pytest.approx(270, abs=0.5)
    assert result.peak_snr.item() == pytest.approx(120, rel=0.01)  # the brightest pixel, in spreads of the background
    assert result.peak_pixel.item() == 20 * 64 + 41


@pytest.mark.parametrize(("min_snr", "n"), [(5.0, 1), (7.0, 0)])
def test_a_pixel_six_sigma_high_is_a_peak_at_min_snr_5_and_none_at_7(panel, min_snr, n):
    frame = calm(200, 200)
    frame[40, 130] = 16.0  # background 10, spread 1
    assert found(frame, panel(200, 200), min_snr=min_snr).n_peaks.item() == n


def test_the_threshold_holds_where_the_noise_would_allow_more(panel):
    frame = calm(200, 200)
    frame[40, 130] = 16.0
    assert found(frame, panel(200, 200), min_snr=5, threshold=15.0).n_peaks.item() == 1
    assert found(frame, panel(200, 200), min_snr=5, threshold=16.0).n_peaks.item() == 0


@pytest.mark.parametrize(("least", "most", "n"), [(1, 200, 1), (4, 200, 1), (5, 200, 0), (1, 4, 1), (1, 3, 0)])
def test_a_peak_of_four_pixels_passes_the_counts_that_four_passes(panel, least, most, n):
    frame = calm()
    frame[10:12, 30:32] = 50.0
    assert found(frame, panel(HEIGHT, WIDTH), min_pix_count=least, max_pix_count=most).n_peaks.item() == n


def test_pixels_that_touch_at_a_corner_are_one_peak_and_those_a_pixel_apart_are_two(panel):
    touching, apart = calm(), calm()
    touching[10, 30] = touching[11, 31] = 50.0
    apart[10, 30] = apart[10, 32] = 50.0
    assert found(touching, panel(HEIGHT, WIDTH)).n_peaks.item() == 1
    assert found(apart, panel(HEIGHT, WIDTH)).n_peaks.item() == 2


def test_a_row_of_a_module_does_not_run_on_into_the_next(panel):
    frame = calm()
    frame[10, WIDTH - 2 :] = 50.0
    frame[11, :2] = 50.0
    assert found(frame, panel(HEIGHT, WIDTH)).n_peaks.item() == 2


def test_peaks_do_not_cross_panels():
    frame = calm()
    frame[16:20, 30] = 50.0  # the panels meet between rows 17 and 18
    result = found(frame, TWO_PANELS, min_snr=3)
    np.testing.assert_allclose(result.peak_slow_scan, [17.0, 19.0])


def test_pixels_of_a_panels_edge_alone_are_no_peak():
    frame = calm()
    frame[17, 28:31] = frame[5:8, 0] = 50.0
    assert found(frame, TWO_PANELS, min_snr=3).n_peaks.item() == 0
    frame[16, 29] = 50.0
    assert found(frame, TWO_PANELS, min_snr=3).n_peaks.item() == 1


@pytest.mark.parametrize("masked", [np.nan, np.inf, -np.inf])
def test_masked_and_bad_pixels_count_neither_as_peaks_nor_in_the_background(masked):
    clean, dirty = calm(), calm()
    for frame in (clean, dirty):
        frame[10, 30] = 50.0
        frame[20:22, 20:22] = 1e6
    clean[20:22, 20:22] = clean[5:7, 5:7] = clean[11, 33] = np.nan
    dirty[20:22, 20:22] = dirty[11, 33] = masked
    dirty[5:7, 5:7] = 1e6  # the geometry's bad region
    expected, result = found(clean, TWO_PANELS, min_snr=3), found(dirty, TWO_PANELS, min_snr=3)
    assert result.n_peaks.item() == 1
    xr.testing.assert_equal(result.drop_attrs(), expected.drop_attrs())


@pytest.mark.parametrize(("bounds", "n"), [((0, 1200), 2), ((9, 1200), 1), ((0, 9), 1), ((6, 10), 0)])
def test_peaks_too_near_to_the_beam_or_too_far_are_left_out(panel, bounds, n):
    frame = calm(61, 61)  # its beam is on the middle of pixel (30, 30)
    frame[30, 35] = frame[30, 43] = 50.0  # 5 and 13 pixels from it
    assert found(frame, panel(61, 61), min_res=bounds[0], max_res=bounds[1]).n_peaks.item() == n


def test_a_frame_all_masked_has_no_peaks(panel):
    assert found(np.full((HEIGHT, WIDTH), np.nan), panel(HEIGHT, WIDTH)).n_peaks.item() == 0


def test_the_19_spots_above_10_sigma_of_a_measured_cspad_are_found(measured, panel):
    frame = np.load(measured / "sfx" / "cxitut13_r10_32_cspadAsic.npy")
    middle = np.median(frame)
    sigma = 1.4826 * np.median(np.abs(frame - middle))
    labels, n = ndimage.label(frame > middle + 10 * sigma, np.ones((3, 3)))
    assert n == 19
    places = {ndimage.maximum_position(frame, labels, k) for k in range(1, n + 1)}

    geometry = panel(*frame.shape)
    above = found(frame, geometry, min_snr=5, threshold=middle + 10 * sigma)
    assert above.n_peaks.item() == 19
    # By the noise of the rings alone, without being told the threshold.
    result = found(frame, geometry, min_snr=6)
    rows, columns = np.divmod(result.peak_pixel.to_numpy(), frame.shape[1])
    near = [(np.hypot(rows - y, columns - x) < 2).any() for y, x in places]
    assert all(near)


def test_peaks_are_where_crystfel_found_them_and_as_strong(crystfel_answers):
    theirs = {}
    for chunk in (crystfel_answers / "base.stream").read_text(encoding="utf-8").split("----- Begin chunk -----")[1:]:
        rows = re.findall(
            r"^ *([\d.]+) +([\d.]+) +[\d.]+ +([-\d.]+) +p(\d+)a\d$", chunk.split("End of peak list")[0], re.MULTILINE
        )
        theirs[int(re.search(r"Event: //(\d+)", chunk)[1])] = np.array(rows, dtype=float).reshape(-1, 4)
    engine = NativeEngine(crystfel_answers / "sample.geom", crystfel_answers / "sample.cell", processes=1)
    result = engine.evaluate(open_frames(crystfel_answers / "sample.h5"), IndexingOptions(min_peaks=10_000))
    module = result.peak_pixel.to_numpy() // (512 * 128)
    offsets, ratios, total = [], [], 0
    for pattern, rows in theirs.items():
        here = result.peak_pattern.to_numpy() == pattern
        fast, slow = result.peak_fast_scan.to_numpy()[here], result.peak_slow_scan.to_numpy()[here]
        strength = result.peak_intensity.to_numpy()[here]
        for fs, ss, intensity, number in rows:
            off = np.where(module[here] == number, np.hypot(fast - fs, slow - ss), np.inf)
            total += 1
            if off.min(initial=np.inf) < 2:
                offsets.append(off.min())
                ratios.append(strength[off.argmin()] / intensity)
    assert total == 1530
    assert len(offsets) >= 0.98 * total
    assert np.median(offsets) < 0.01
    assert np.quantile(offsets, 0.97) < 0.5
    assert np.median(np.abs(np.array(ratios) - 1)) < 0.01
