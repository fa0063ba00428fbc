"""The comparison of two images on the kernel's side: what is sent, what is refused, and the picture for saving."""

from __future__ import annotations

import io
import math
import tracemalloc

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from traitlets import TraitError

from pulsetrain.data import DataError
from pulsetrain.panels import CompareImage, Readout
from pulsetrain.panels._compare_look import Pair

ONES = np.ones((3, 4))


@pytest.fixture
def image():
    """A comparison whose messages are kept: `sent` holds content and buffers."""
    made = []

    def make(*arguments, **options):
        image = CompareImage(*arguments, **options)
        image.sent = []
        image._link._send = lambda content, buffers=(): image.sent.append((content, list(buffers)))
        made.append(image)
        return image

    yield make
    for image in made:
        image.close()


def planes(content, buffers):
    shape = content["height"], content["width"]
    return [np.frombuffer(b, kind).reshape(shape) for b, kind in zip(buffers, content["planes"], strict=False)]


def test_both_frames_and_sigma_go_together_as_small_as_they_fit(image):
    before, after = np.arange(12, dtype=np.int64).reshape(3, 4), np.linspace(0, 1, 12).reshape(3, 4)
    shown = image(before, after, np.sqrt(after), mask=before > 10)
    shown._handle_custom_msg({"kind": "hello", "picture": False}, [])
    ((content, buffers),) = shown.sent
    assert content["planes"] == ["uint16", "float32", "float32"]
    assert content["masked"]
    for found, given_ in zip(planes(content, buffers), (before, after, np.sqrt(after)), strict=True):
        np.testing.assert_array_equal(found, given_.astype(found.dtype))
    assert np.unpackbits(np.frombuffer(buffers[3], np.uint8))[:12].tolist() == [0] * 11 + [1]


def test_before_is_brought_to_the_unit_of_after_by_the_gain(image):
    shown = image(np.full((2, 2), 2.0), np.full((2, 2), 8.0), gain=0.25, mode="ratio")
    shown._handle_custom_msg({"kind": "hello", "picture": False}, [])
    np.testing.assert_array_equal(planes(*shown.sent[0])[0], 8.0)
    assert shown.before[0, 0] == 2.0  # as given
    np.testing.assert_array_equal(shown._pair.ratio, 0.0)


finite = st.floats(-1e6, 1e6, width=32)


@given(pair=npst.arrays(np.float32, (2, 3, 5), elements=finite | st.just(float("nan"))))
@settings(deadline=None, max_examples=50)
def test_difference_and_ratio_are_known_where_both_frames_are(pair):
    made = Pair.of(pair[0], pair[1], None, None, 1.0)
    for place in np.ndindex(3, 5):
        low, high = float(pair[0][place]), float(pair[1][place])
        known = np.isfinite(low) and np.isfinite(high)
        assert np.isfinite(made.difference[place]) == known
        if known:
            assert made.difference[place] == pytest.approx(high - low, rel=1e-6)
        positive = known and low > 0 and high > 0
        assert np.isfinite(made.ratio[place]) == positive
        if positive:
            assert made.ratio[place] == pytest.approx(math.log2(high) - math.log2(low), abs=1e-4)


def test_a_value_of_unknown_sigma_is_nothing_sure():
    std = np.array([[2.0, 0.0, np.nan, np.inf]])
    values = np.array([[6.0, 1.0, 5.0, 5.0]])
    sure = Pair.of(values, values, std, None, 1.0).sure(values)
    np.testing.assert_array_equal(sure, [[3.0, 1e6, 0.0, 0.0]])


def test_intensities_share_a_contrast_that_shows_both_and_signed_ones_stand_about_zero(image):
    shown = image(np.full((20, 20), 3.0), np.full((20, 20), 12.0), scale="linear")
    assert shown.shown_limits == (3.0, 12.0)
    shown.mode = "difference"
    assert shown.shown_limits == (-9.0, 9.0)
    shown.mode = "ratio"
    assert shown.shown_limits == (-2.0, 2.0)  # 12 / 3 = 2²
    shown.ratio_limits = (-1, 1)
    assert shown.shown_limits == (-1.0, 1.0)
    shown.mode = "after"
    assert shown.shown_limits == (3.0, 12.0)


def test_a_logarithm_has_no_place_for_negative_differences(image):
    rng = np.random.default_rng(0)
    shown = image(rng.normal(5, 1, (30, 30)), rng.normal(5, 1, (30, 30)), scale="log", mode="difference")
    assert shown._look().scale == "symlog"
    low, high = shown.shown_limits
    assert low == -high


def test_the_unit_is_that_of_what_was_boosted_and_its_coordinates_say_where_the_beam_is(image):
    coords = {"y": np.arange(3) - 1, "x": np.arange(4) - 2}
    after = xr.DataArray(ONES, coords, ("y", "x"), attrs={"units": "mJ"})
    shown = image(ONES, after, readout=Readout(0.1, 1.3))
    assert shown.units == "mJ"
    assert shown.get_state()["_flipped"] == (True, True)
    assert shown.get_state()["_geometry"]["beam"] == [2.0, 1.0]
    assert image(ONES, ONES).units == "photons"


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((ONES, np.ones((4, 3))), {}, r"after: got shape \(4, 3\), where before has \(3, 4\).*Next: bring both"),
        ((ONES, ONES, np.ones((2, 2))), {}, r"std: got shape \(2, 2\)"),
        ((np.ones((2, 3, 4)), ONES), {}, r"before: got shape \(2, 3, 4\).*choose one pattern"),
        ((ONES, xr.Dataset({"image": (("y", "x"), ONES)})), {}, "after: got a dataset.*such as its image"),
        ((ONES, ONES, -ONES), {}, "std: got negative values"),
        ((ONES, ONES), {"mask": np.ones((2, 2))}, r"mask: got shape \(2, 2\)"),
        ((ONES, ONES), {"gain": 0.0}, "gain: got 0.0; allowed: a positive number"),
        ((ONES, ONES), {"mode": "std"}, "mode: got std.*give std, or another mode"),
        ((ONES, ONES), {"ratio_limits": (1, -1)}, "ratio_limits: got"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(arguments, options, words):
    with pytest.raises(DataError, match=words):
        CompareImage(*arguments, **options)


def test_unknown_names_and_modes_are_refused_with_those_there_are():
    with pytest.raises(TypeError, match="no colourmap; it takes colour_map"):
        CompareImage(ONES, ONES, colourmap="magma")
    with pytest.raises(TraitError, match="'swipe'"):
        CompareImage(ONES, ONES, mode="slide")


def test_frames_that_cannot_be_compared_leave_the_last_ones(image):
    shown = image(ONES, 2 * ONES)
    with pytest.raises(DataError):
        shown.show(ONES, np.ones((5, 5)))
    np.testing.assert_array_equal(shown.after, 2 * ONES)
    shown.show(np.zeros((5, 5)), np.ones((5, 5)))
    assert shown.after.shape == (5, 5)


def test_a_mode_that_needs_sigma_goes_with_it(image):
    shown = image(ONES, ONES, ONES, mode="std")
    shown.show(ONES, ONES)
    assert shown.mode == "after"


def colours_in(figure, places):
    """Return colours at (axes, x, y), shape (place, 3)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    pixels = (mpl.image.imread(buffer)[..., :3] * 255).round().astype(int)
    found = []
    for axes, x, y in places:
        across, up = figure.axes[axes].transData.transform((x, y))
        found.append(pixels[len(pixels) - 1 - int(up), int(across)])
    return np.array(found)


def test_the_picture_shows_both_frames_where_the_browser_swipes_and_one_otherwise(image):
    shown = image(np.zeros((4, 4)), np.full((4, 4), 10.0), np.full((4, 4), 5.0), scale="linear", limits=(0, 10))
    for mode in ("swipe", "side", "blink"):
        shown.mode = mode
        found = colours_in(shown.picture(), [(0, 2, 2), (1, 2, 2)])
        np.testing.assert_allclose(found, mpl.colormaps["viridis"]([0.0, 1.0], bytes=True)[:, :3], atol=2)
    shown.mode = "difference"
    assert len(shown.picture().axes) == 2  # with the colour bar
    np.testing.assert_allclose(
        colours_in(shown.picture(), [(0, 2, 2)])[0], mpl.colormaps["PuOr_r"](1.0, bytes=True)[:3], atol=2
    )
    # 10 is two σ of 5 from zero: half its colour where four are wanted.
    shown.mode, shown.fade = "after", 4
    half = np.mean([mpl.colormaps["viridis"](1.0, bytes=True)[:3], (222, 222, 224)], axis=0)
    np.testing.assert_allclose(colours_in(shown.picture(), [(0, 2, 2)])[0], half, atol=2)


@pytest.mark.parametrize("mode", ["swipe", "difference"])
def test_a_picture_of_large_frames_takes_the_memory_of_a_few_of_them_and_keeps_none(image, mode):
    frame = np.random.default_rng(0).gamma(2.0, 20.0, (2048, 2048)).astype(np.float32)
    shown = image(frame, frame[::-1], np.sqrt(frame), mode=mode)
    colours_in(image(ONES, ONES).picture(), [])  # what matplotlib keeps of a first picture
    tracemalloc.start()
    try:
        shown.picture()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * frame.nbytes
    assert kept < 0.5 * frame.nbytes


def test_frames_of_unlike_noise_look_alike_by_the_mean_but_not_by_the_peak(image):
    rng = np.random.default_rng(0)
    noisy, smooth = rng.poisson(4, (2048, 2048)), np.full((2048, 2048), 4.0)
    shown = image(noisy, smooth, scale="linear", limits=(0, 20), colour_map="gray", mode="side")
    mean = colours_in(shown.picture(), [(0, 1000, 1000), (1, 1000, 1000)])[:, 0]
    assert abs(mean[0] - mean[1]) < 30
    shown.pooling = "peak"
    peak = colours_in(shown.picture(), [(0, 1000, 1000), (1, 1000, 1000)])[:, 0]
    assert peak[0] > peak[1] + 30


def test_the_bundle_is_below_100_kilobytes_and_the_state_that_a_notebook_may_store_is_small(image):
    state = image(np.ones((1000, 1000)), np.ones((1000, 1000))).get_state()
    assert 10_000 < len(str(state["_esm"]).encode()) < 100_000
    assert len(str({key: value for key, value in state.items() if key not in {"_esm", "_css"}})) < 2000
