"""The detector image on the kernel's side: what is sent, when, and what stands in a saved notebook."""

from __future__ import annotations

import asyncio
import io

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output

from pulsetrain.data import DataError
from pulsetrain.panels import FrameImage, Readout
from pulsetrain.panels._image_limits import Contrast
from pulsetrain.panels._image_planes import pack


def received(content, buffers):
    """Return plane and mask as the browser reads them."""
    shape = content["height"], content["width"]
    (kind,) = content["planes"]
    plane = np.frombuffer(buffers[0], dtype=kind).reshape(shape)
    if not content["masked"]:
        return plane, None
    bits = np.unpackbits(np.frombuffer(buffers[1], dtype=np.uint8), count=plane.size)
    return plane, bits.reshape(shape).astype(bool)


@pytest.fixture
def image():
    """An image whose messages are kept: `sent` holds content and buffers."""
    made = []

    def make(*arguments, **options):
        image = FrameImage(*arguments, **options)
        image.sent = []
        image._link._send = lambda content, buffers=(): image.sent.append((content, list(buffers)))
        made.append(image)
        return image

    yield make
    for image in made:
        image.close()


def says(image, **content):
    """Say to an image what a browser says."""
    image._handle_custom_msg(content, [])


def kinds(image):
    return [content["kind"] for content, _ in image.sent]


small = st.tuples(st.integers(1, 12), st.integers(1, 12))
integers = st.sampled_from(["bool", "uint8", "int8", "uint16", "int16", "int32", "int64"])


@given(
    frame=small.flatmap(lambda shape: integers.flatmap(lambda kind: npst.arrays(kind, shape))),
    seed=st.integers(0, 9),
)
@settings(deadline=None, max_examples=60)
def test_integers_arrive_as_they_are_as_small_as_they_fit(frame, seed):
    mask = np.random.default_rng(seed).random(frame.shape) < 0.3
    plane, sent_mask = received(*next(pack(frame, mask).messages(1)))
    fits = frame.min() >= 0 and frame.max() <= 65535
    assert plane.dtype == (np.uint16 if fits else np.float32)
    exact = np.abs(frame.astype(float)) <= 2**24
    np.testing.assert_array_equal(plane[exact], frame[exact])
    np.testing.assert_array_equal(sent_mask, mask)


@given(frame=small.flatmap(lambda shape: npst.arrays(np.float64, shape)))
@settings(deadline=None, max_examples=60)
def test_floats_arrive_to_the_precision_of_float32_with_their_gaps(frame):
    plane, mask = received(*next(pack(frame).messages(1)))
    assert mask is None
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(plane, frame.astype(np.float32))


@pytest.mark.parametrize("view", [np.s_[::-1], np.s_[:, ::2], np.s_[::3, ::-1]])
def test_views_of_arrays_arrive_in_their_own_order(view):
    frame = np.arange(600).reshape(20, 30)[view]
    np.testing.assert_array_equal(received(*next(pack(frame).messages(1)))[0], frame)


def test_large_frames_are_cut_where_gateways_would_hang_up_and_arrive_whole():
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(1500, 1601)), rng.integers(0, 9, (1500, 1601)), rng.normal(size=(1500, 1601))
    messages = list(pack(frames[0], frames[0] > 1, *frames[1:]).messages(7))
    assert [content["kind"] for content, _ in messages] == ["frame", "more", "more"]
    assert {content["version"] for content, _ in messages} == {7}
    assert max(sum(len(piece) for piece in buffers) for _, buffers in messages) < 9.5 * 2**20
    stream = b"".join(piece for _, buffers in messages for piece in buffers)
    expected = [frames[0].astype("f4"), frames[1].astype("u2"), frames[2].astype("f4"), np.packbits(frames[0] > 1)]
    assert stream == b"".join(part.tobytes() for part in expected)


def test_nothing_is_sent_before_a_browser_asks_and_then_everything_once(image):
    shown = image(np.eye(4), peaks=[(1.5, 2.5)])
    shown.frame = np.eye(5)
    assert shown.sent == []
    says(shown, kind="hello", picture=False)
    assert kinds(shown) == ["frame", "overlay"]
    content, buffers = shown.sent[0]
    np.testing.assert_array_equal(received(content, buffers)[0], np.eye(5))
    np.testing.assert_array_equal(np.frombuffer(shown.sent[1][1][0], np.float32), [1.5, 2.5])


def test_a_frame_is_sent_once_a_change_and_markers_by_themselves(image):
    shown = image(np.eye(4))
    says(shown, kind="hello", picture=False)
    says(shown, kind="drawn", version=shown.sent[-1][0]["version"])
    shown.sent.clear()
    shown.scale, shown.limits, shown.colour_map = "linear", (0, 5), "magma"
    shown.peaks = [(1, 1)]
    assert kinds(shown) == ["overlay"]
    shown.frame = np.ones((4, 4))
    assert kinds(shown) == ["overlay", "frame"]


def test_of_frames_that_come_faster_than_they_are_drawn_the_last_is_shown_with_its_markers(image):
    shown = image(np.zeros((2, 2)))
    says(shown, kind="hello", picture=False)
    first = shown.sent[-1][0]["version"]
    for k in range(1, 6):
        shown.frame, shown.peaks = np.full((2, 2), k), [(k, k)]
    assert kinds(shown) == ["frame"]
    assert not shown.on_screen
    says(shown, kind="drawn", version=first)
    assert kinds(shown) == ["frame", "frame", "overlay"]
    assert received(*shown.sent[1])[0].max() == 5
    assert np.frombuffer(shown.sent[2][1][0], np.float32).max() == 5
    says(shown, kind="drawn", version=shown.sent[1][0]["version"])
    assert shown.on_screen


def test_a_page_that_was_closed_does_not_stop_the_next_frames(image, monkeypatch):
    shown = image(np.zeros((2, 2)))
    now = 0.0
    monkeypatch.setattr("pulsetrain.panels._image_link.time.monotonic", lambda: now)
    says(shown, kind="hello", picture=False)  # and never says that it has drawn
    now = 2.0
    shown.frame = np.ones((2, 2))
    assert kinds(shown) == ["frame", "frame"]


def test_the_state_that_a_notebook_may_store_is_small_whatever_the_frame(image):
    shown = image(np.random.default_rng(0).normal(size=(1000, 1000)), peaks=np.zeros((5000, 2)))
    state = {key: value for key, value in shown.get_state().items() if key not in {"_esm", "_css"}}
    assert len(str(state)) < 2000


def test_the_bundle_is_below_100_kilobytes(image):
    assert 10_000 < len(str(image().get_state()["_esm"])) < 100_000


def test_assembled_frames_are_shown_along_the_beam_with_the_beam_where_their_coordinates_are_zero(image):
    frame = xr.DataArray(np.zeros((4, 6)), dims=("y", "x"), coords={"y": np.arange(4) - 1, "x": np.arange(6) - 2})
    shown = image(frame, pixel_size=2e-4, readout=Readout(0.1, 1.3))
    known = {"pixel_size": 2e-4, "clen": 0.1, "wavelength": 1.3, "beam": [2.0, 1.0], "rings": []}
    assert shown.get_state()["_flipped"] == (True, True)
    assert shown.get_state()["_geometry"] == known
    shown.readout = Readout(0.2, 1.3)
    assert shown.get_state()["_geometry"] == known | {"clen": 0.2}
    assert image(frame.values).get_state()["_flipped"] == (False, False)


def test_limits_of_the_browser_are_read_back_and_nonsense_is_refused(image):
    shown = image(np.arange(1000).reshape(20, 50), scale="linear")
    assert shown.limits is None
    assert shown.shown_limits == pytest.approx((10, 994), abs=1)
    shown.set_state({"limits": [3.5, 80.0], "scale": "sqrt"})
    assert shown.limits == shown.shown_limits == (3.5, 80.0)
    assert shown.scale == "sqrt"
    for wrong in ((5, 1), (0, np.inf), (np.nan, 1)):
        with pytest.raises(DataError, match="limits"):
            shown.limits = wrong
    assert shown.limits == (3.5, 80.0)


def test_a_logarithm_keeps_its_lower_limit_above_zero(image):
    shown = image(np.arange(100.0).reshape(10, 10) - 50, scale="log", limits=(-5, 40))
    low, high = shown.shown_limits
    assert 0 < low < high == 40


def test_half_a_percent_of_hot_pixels_does_not_move_the_contrast():
    rng = np.random.default_rng(3)
    frame = rng.poisson(20, (300, 400)).astype(float)
    good = np.ones(frame.shape, dtype=bool)
    before = Contrast(frame, good).automatic("linear", "viridis")
    frame.ravel()[rng.choice(frame.size, 500, replace=False)] = 1e6
    np.testing.assert_allclose(Contrast(frame, good).automatic("linear", "viridis"), before, atol=6)
    hot = frame > 1e5
    np.testing.assert_allclose(Contrast(frame, ~hot).automatic("linear", "viridis"), before, atol=1)


def test_clicks_reach_those_who_listen(image):
    shown, heard = image(np.eye(3)), []
    shown.on_click(lambda pixel, value: heard.append((pixel, value)))
    assert shown.get_state()["_listening"]
    says(shown, kind="click", x=2, y=1, value=0.0)
    assert heard == [((2, 1), 0.0)]


def test_places_are_taken_from_arrays_and_datasets_without_what_is_not_finite(image):
    shown = image(np.eye(3))
    shown.peaks = xr.Dataset({"fast_scan": ("peak", [1.0, np.nan]), "slow_scan": ("peak", [2.0, 3.0])})
    np.testing.assert_array_equal(shown.peaks, [(1, 2)])
    shown.spots = []
    assert shown.spots.shape == (0, 2)
    shown.spots = None
    assert shown.spots is None


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda image: setattr(image, "frame", np.zeros((3, 4, 5))), r"shape \(3, 4, 5\)"),
        (lambda image: setattr(image, "frame", np.zeros((0, 4))), r"shape \(0, 4\)"),
        (lambda image: setattr(image, "frame", np.array([["a"]])), "<U1 values"),
        (lambda image: setattr(image, "frame", np.zeros((2, 2), complex)), "complex128 values"),
        (lambda image: setattr(image, "mask", np.zeros((2, 2))), r"that of the frame, \(3, 3\)"),
        (lambda image: setattr(image, "peaks", [1, 2, 3]), r"\(place, 2\)"),
        (lambda image: setattr(image, "peaks", xr.Dataset({"z": 1})), "a dataset of z"),
        (lambda image: image.set_overlay("own", [(1, 1)], "star"), "'star'"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_words_and_changes_nothing(image, act, words):
    shown = image(np.eye(3), peaks=[(1, 1)])
    with pytest.raises(DataError, match=words):
        act(shown)
    np.testing.assert_array_equal(shown.frame, np.eye(3))
    np.testing.assert_array_equal(shown.peaks, [(1, 1)])


def picture_of(image):
    """Return the picture's pixels, red, green and blue, and the place of the axes in it."""
    figure = image.picture()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    pixels = (mpl.image.imread(buffer)[..., :3] * 255).round().astype(int)
    return pixels, figure.axes[0]


def test_the_picture_has_the_colours_of_the_contrast_and_other_tones_for_gaps_and_masks(image):
    frame = np.array([[1.0, 10.0, 100.0], [np.nan, 5.0, 1e6]])
    mask = np.zeros((2, 3), dtype=bool)
    mask[1, 1] = True
    pixels, axes = picture_of(image(frame, mask=mask, scale="log", limits=(1, 100), colour_map="cividis"))
    seen = {}
    for row, column in np.ndindex(2, 3):
        x, y = axes.transData.transform((column + 0.5, row + 0.5))
        seen[row, column] = pixels[len(pixels) - 1 - int(y), int(x)]
    table = mpl.colormaps["cividis"]
    for place, share in {(0, 0): 0.0, (0, 1): 0.5, (0, 2): 1.0, (1, 2): 1.0}.items():
        np.testing.assert_allclose(seen[place], table(share, bytes=True)[:3], atol=2)
    gap, masked = seen[1, 0], seen[1, 1]
    assert np.ptp(gap) < 8
    assert np.ptp(masked) < 8
    assert abs(gap - masked).max() > 30


def test_no_bragg_peak_is_lost_where_a_large_frame_is_made_small(image):
    frame = np.zeros((3000, 3000), np.uint16)
    frame[1234, 777] = 1000
    pixels, _ = picture_of(image(frame, scale="linear", limits=(0, 1000)))
    brightest = np.array(mpl.colormaps["viridis"](1.0, bytes=True)[:3])
    assert (abs(pixels[:, :450] - brightest).max(axis=-1) <= 2).sum() >= 1


@pytest.fixture
def shell():
    """IPython, which alone takes rich outputs."""
    InteractiveShell.instance()
    yield
    InteractiveShell.clear_instance()


@pytest.mark.usefixtures("shell")
def test_a_display_is_the_live_image_and_a_picture_in_an_output_of_its_own(image):
    shown = image(np.random.default_rng(0).poisson(3, (800, 800)), peaks=[(3, 3)], title="Hit")
    with capture_output() as captured:
        display(shown)
    live, _place, picture = (output.data for output in captured.outputs)
    assert "application/vnd.jupyter.widget-view+json" in live
    assert len(picture["image/png"]) < 4e5
    assert picture["text/plain"] == "Detector image Hit: 800 × 800 pixels, found peaks: 1"


@pytest.mark.usefixtures("shell")
def test_the_picture_follows_once_changes_have_settled(image, monkeypatch):
    monkeypatch.setattr("pulsetrain.panels._image_widget._SETTLED", 0.05)

    async def change():
        shown = image(np.eye(3))
        with capture_output():
            display(shown)
            drawn = []
            shown._picture.update = lambda _drawing, words: drawn.append(words)
            for k in range(4, 9):
                shown.frame = np.eye(k)
            await asyncio.sleep(0.3)
        return drawn

    assert asyncio.run(change()) == ["Detector image: 8 × 8 pixels"]
