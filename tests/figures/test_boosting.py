"""What the figures of boosted images show, held to hand computations."""

from __future__ import annotations

from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from bokeh.document import Document
from bokeh.document.events import ColumnsStreamedEvent
from bokeh.models import BoxAnnotation, ColumnDataSource, LinearAxis, LogScale, Span
from scipy.stats import binomtest, norm

from pulsetrain.boosting._check import Finding
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.judging import judge_intervals
from pulsetrain.figures import boosting as figures

SIDE = 32
DEGRADATION = Degradation(
    gain=0.2, point_spread=1.0, read_noise=0.5, gain_error=0.0034, point_spread_error=0.021, read_noise_error=0.3,
    reduced_chi2=1.1,
)  # fmt: skip


def source(plot, name):
    return plot.select_one({"name": name, "type": ColumnDataSource}).data


def plots_of(layout):
    return layout.children if hasattr(layout, "children") else [layout]


@pytest.fixture(scope="module")
def truth():
    """Eight smooth images of 10 to 200 photons; a corner is masked."""
    y, x = np.mgrid[:SIDE, :SIDE]
    made = np.stack([100 + 90 * np.sin(0.3 * x + k) * np.cos(0.4 * y - k) for k in range(8)])
    made[:, :3, :3] = np.nan
    return made


@pytest.fixture(scope="module")
def low(truth):
    return DEGRADATION.apply(truth, np.random.default_rng(1))


@pytest.fixture(scope="module")
def result(truth):
    """Errors are Gaussian, of a standard deviation that is known and grows along x."""
    std = np.broadcast_to(np.linspace(1, 10, SIDE), truth.shape)
    image = truth + std * np.random.default_rng(2).standard_normal(truth.shape)
    dims = ("pattern", "y", "x")
    return xr.Dataset({"image": (dims, image), "std": (dims, std)}, attrs={"calibrated": 1, "level": 0.9})


@pytest.fixture
def histories():
    return [
        SimpleNamespace(step=[10, 20, 30], losses={"error": [3.0, 2.0, 1.0 + k], "doubt": [1.0, 0.2, -0.4]})
        for k in range(2)
    ]


def test_every_axis_of_every_figure_has_a_name(truth, low, result, histories):
    layouts = [
        figures.training(histories),
        figures.correlation({"input": np.linspace(1, 0, 16)}, SIDE),
        figures.power_spectra(low, truth, truth, truth, gain=0.2),
        figures.coverage(result, truth),
        figures.sparsification(judge_intervals(result["image"].to_numpy(), result["std"].to_numpy(), truth)),
        figures.error_by_std(result, truth),
        figures.residuals(low, truth, DEGRADATION),
    ]
    for layout in layouts:
        for plot in plots_of(layout):
            assert all(axis.axis_label for axis in plot.axis), plot.title.text
            assert plot.title.text


def test_losses_that_fall_below_zero_stand_apart_from_those_on_a_logarithmic_axis(histories):
    errors, doubts = figures.training(histories).children
    assert isinstance(errors.y_scale, LogScale)
    assert not isinstance(doubts.y_scale, LogScale)
    np.testing.assert_array_equal(source(errors, "log error 2")["y"], [3, 2, 2])
    np.testing.assert_array_equal(source(doubts, "linear doubt 1")["x"], [10, 20, 30])


def test_a_training_that_goes_on_sends_only_what_is_new(histories):
    layout = figures.training(histories)
    before = list(layout.children)
    page, sent = Document(), []
    page.add_root(layout)
    page.on_change(sent.append)
    for history in histories:
        history.step.append(40)
        history.losses["error"].append(0.5)
        history.losses["doubt"].append(-0.6)
    figures.update_training(layout, histories)
    assert layout.children == before
    assert all(isinstance(event, ColumnsStreamedEvent) for event in sent)
    assert [len(event.data["x"]) for event in sent] == [1, 1, 1, 1]
    np.testing.assert_array_equal(source(layout, "log error 1")["x"], [10, 20, 30, 40])
    np.testing.assert_array_equal(source(layout, "linear doubt 2")["network"], [2, 2, 2, 2])


def test_a_new_training_or_a_new_loss_is_drawn_anew(histories):
    layout = figures.training(histories)
    figures.update_training(layout, [SimpleNamespace(step=[1], losses={"generator": [0.7]})])
    [plot] = layout.children
    assert {each.name for each in plot.select({"type": ColumnDataSource})} == {"log generator 1"}
    figures.update_training(layout, [])
    assert layout.children == []


def test_the_correlation_says_where_it_falls_below_a_half_and_what_that_gains():
    steps = np.arange(1, 17)
    curves = {"input": 1 - steps / 8, "boosted": 1 - steps / 16}  # 0.5 at the 4th and at the 8th of 32
    plot = figures.correlation(curves, SIDE)
    words = [item.label.value for item in plot.legend.items]
    assert words == ["resolved: 0.5", "input: 8.0 px", "boosted: 4.0 px, 2 × finer"]
    assert source(plot, "boosted")["period"][7] == 4
    [line] = plot.select({"type": Span})
    assert line.location == 0.5
    above = next(axis for axis in plot.above if isinstance(axis, LinearAxis))
    assert above.major_label_overrides[1 / 4.0] == "4"


def test_curves_of_images_are_one_where_they_are_the_truth_and_input_of_any_shape_is_taken(truth):
    wide = np.concatenate([truth, truth[..., :7]], axis=2)
    curves, side = figures.correlation_curves({"same": xr.DataArray(wide)}, wide)
    assert side == SIDE
    np.testing.assert_allclose(curves["same"], 1)


def test_white_noise_has_the_power_of_its_variance_at_all_frequencies():
    rng = np.random.default_rng(3)
    counts = rng.poisson(50.0, (400, SIDE, SIDE)).astype(float)
    layout = figures.power_spectra(counts / 2, counts, gain=0.5)
    [plot] = layout.children  # nothing to compare with
    np.testing.assert_allclose(source(plot, "power boosted")["y"], 50, rtol=0.15)
    np.testing.assert_allclose(source(plot, "power input / gain")["y"], 50, rtol=0.15)


def test_counting_noise_is_taken_off_the_good_sets_power():
    rng = np.random.default_rng(4)
    x = np.arange(SIDE)
    wave = 50 + 20 * np.sin(2 * np.pi * 4 * x / SIDE) * np.ones((300, SIDE, 1))
    upper, lower = figures.power_spectra(wave, wave, rng.poisson(wave).astype(float)).children
    pure, counted = source(upper, "power boosted")["y"], source(upper, "power good set")["y"]
    assert counted[3] == pytest.approx(pure[3], rel=0.03)
    assert np.nan_to_num(counted[8:]).max() < 0.1 * 50
    assert source(lower, "ratio boosted")["y"][3] == pytest.approx(1, rel=0.03)


def test_intervals_of_gaussian_errors_cover_their_level_in_every_bin(truth, result):
    plot = figures.coverage(result, truth, bins=5)
    for name in ("predicted", "true"):
        found = source(plot, name)
        assert sum(found["pixels"]) == 8 * (SIDE**2 - 9)
        np.testing.assert_allclose(found["share"], 0.9, atol=0.03)
        assert np.all((found["low"] < found["share"]) & (found["share"] < found["high"]))
    assert plot.title.text.startswith("90 % intervals cover 90.")
    assert plot.title.text.endswith("(calibrated)")
    [band] = plot.select({"type": BoxAnnotation, "name": "allowed"})
    assert (band.bottom, band.top) == pytest.approx((0.88, 0.92))


def test_coverage_and_its_error_by_hand():
    # Two bins of 50 pixels; of each frame's ten pixels in the first 9 are covered, of those in the second all.
    image = np.repeat([[10.0, 100.0]], 10, axis=0).T.reshape(1, 2, 10) + np.zeros((5, 1, 1))
    true = image.copy()
    true[:, 0, 0] += 9
    std = np.full(image.shape, 1.0)
    result = xr.Dataset({name: (("pattern", "y", "x"), each) for name, each in (("image", image), ("std", std))})
    plot = figures.coverage(result, true, 0.9, bins=2)
    found = source(plot, "predicted")
    np.testing.assert_allclose(found["share"], [0.9, 1.0])
    # All frames alike: no scatter beyond that of 50 pixels.
    wilson = binomtest(45, 50).proportion_ci(0.9, method="wilson")
    assert (found["low"][0], found["high"][0]) == pytest.approx((wilson.low, wilson.high))
    assert "cover 95.0 %" in plot.title.text
    assert "not calibrated" in plot.title.text


def test_bright_pixels_have_bins_of_their_own_where_intensities_go_over_decades():
    rng = np.random.default_rng(6)
    image = np.exp(rng.normal(0, 2, (10, SIDE, SIDE)))
    result = xr.Dataset(
        {name: (("pattern", "y", "x"), each) for name, each in (("image", image), ("std", 0 * image + 1))}
    )
    found = source(figures.coverage(result, image, bins=4), "predicted")
    shares = np.cumsum(found["pixels"]) / image.size
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.75, 1 - 1 / 12, 1 - 1 / 40, 1], atol=1e-3)


def test_pixels_that_err_together_make_error_bars_of_frames():
    rng = np.random.default_rng(5)
    image = np.zeros((20, SIDE, SIDE)) + 50.0
    true = image.copy()
    true[:6] += 10  # whole frames are missed
    true += rng.normal(0, 1e-3, true.shape)
    result = xr.Dataset({name: (("pattern", "y", "x"), each) for name, each in (("image", image), ("std", image / 50))})
    result["image"] += rng.normal(0, 1e-3, true.shape)
    found = source(figures.coverage(result, true, bins=1), "predicted")
    wilson = binomtest(14, 20).proportion_ci(0.9, method="wilson")
    assert (found["low"][0], found["high"][0]) == pytest.approx((wilson.low, wilson.high), abs=0.02)


def test_errors_lie_on_the_diagonal_where_sigma_is_right(truth, result):
    found = source(figures.error_by_std(result, truth), "error")
    np.testing.assert_allclose(found["ratio"], 1, atol=0.15)
    np.testing.assert_allclose(found["y"], found["ratio"] * found["x"])
    doubled = result.assign(std=2 * result["std"])
    np.testing.assert_allclose(source(figures.error_by_std(doubled, truth), "error")["ratio"], 0.5, atol=0.08)


def test_sparsification_shows_both_curves_and_the_area_between(truth, result):
    intervals = judge_intervals(result["image"].to_numpy(), result["std"].to_numpy(), truth)
    plot = figures.sparsification(intervals)
    found = source(plot, "sparsification")
    np.testing.assert_allclose(found["x"], np.arange(20) / 20)
    assert np.all(found["oracle"] <= found["std"] + 1e-12)
    area = np.mean(found["std"] - found["oracle"])
    assert f"AUSE {area:.3f}" in plot.legend.items[1].label.value


def test_residuals_of_the_truth_are_those_that_the_degradation_would_read(truth, low):
    plot = figures.residuals(low, truth, DEGRADATION)
    found = source(plot, "residuals")
    assert sum(found["share"]) == pytest.approx(1)
    assert found["share"] == pytest.approx(found["drawn"], abs=0.01)
    step = found["right"][0] - found["left"][0]
    # Of 20 photons a pixel the distribution is close to the normal one.
    middle = (found["left"] + found["right"]) / 2
    np.testing.assert_allclose(found["share"] / step, norm.pdf(middle), atol=0.06)
    chi2 = float(plot.title.text.split("χ² ")[1].split()[0])
    assert chi2 == pytest.approx(DEGRADATION.chi2(low, truth), abs=6e-4)
    assert chi2 == pytest.approx(1, abs=0.06)  # 8,000 pixels


def test_light_that_was_made_up_shows_in_the_residuals(truth, low):
    dreamt = truth.copy()
    dreamt[:, 10:20, 10:20] += 150
    found = source(figures.residuals(low, dreamt, DEGRADATION), "residuals")
    far = found["right"] <= -4
    assert found["share"][far].sum() > 0.03
    assert found["drawn"][far].sum() < 0.001


def test_the_table_of_conditions_gives_errors_and_what_frames_show():
    finding = Finding("read_noise", "the read noise is <1.0>", 0.5, 1.0, 12.3)
    words = figures.conditions(DEGRADATION, [finding]).replace("\u00a0", " ")
    assert "0.2000 ± 0.0034" in words
    assert "1.000 ± 0.021" in words
    assert "0.50 ± 0.30" in words
    assert "1.10" in words
    assert "1 (12 σ off)" in words
    assert words.count("<td>as learnt</td>") == 3
    assert "&lt;1.0&gt;" in words
    assert "<1.0>" not in words


def test_conditions_say_whether_they_were_checked():
    assert "not checked" in figures.conditions(DEGRADATION)
    assert "of the condition that was learnt, as far as can be seen" in figures.conditions(DEGRADATION, [])
    given = figures.conditions(Degradation(0.1, 1.2, 0.5), truth=Degradation(0.143, 1.2, 0.5))
    assert "0.1 (given)" in given
    assert "<td>0.143</td>" in given


def test_quality_is_judged_on_the_same_scale_for_input_and_boosted(truth, low):
    found = figures.quality(truth, truth, low, DEGRADATION, content="imaging", others={"twice": 2 * truth})
    rows = found.set_index("images")
    assert rows.loc["boosted", "PSNR (dB)"] == np.inf
    assert rows.loc["boosted", "resolution (px)"] == 2
    assert rows.loc["twice", "flux error (%)"] == pytest.approx(100)
    # The mean of blurred and thinned counts over the gain is that of the truth.
    assert abs(rows.loc["input / gain", "flux error (%)"]) < 2
    assert rows.loc["boosted", "χ² per pixel (≈\u00a01)"] == pytest.approx(1, abs=0.06)
    table = figures.quality_table(truth, truth, low, DEGRADATION, content="imaging")
    assert "<tr class=best><td>boosted</td>" in table


@pytest.mark.parametrize("content", ["imaging", "diffraction"])
def test_strips_have_a_row_a_frame_and_a_column_a_step_on_one_scale(truth, content):
    shares = (0.1, 0.8, 1.0)
    history = SimpleNamespace(strip_step=[0, 100, 1500], strips=[np.nan_to_num(truth) * share for share in shares])
    drawing = figures.strips(history, frames=2, before=truth, truth=truth, content=content)
    main, bar = drawing.axes
    assert [tick.get_text() for tick in main.get_xticklabels()] == [
        "input / gain", "step 0", "step 100", "step 1,500", "truth"
    ]  # fmt: skip
    assert [tick.get_text() for tick in main.get_yticklabels()] == ["frame 0", "frame 1"]
    assert bar.get_ylabel() == "photons"
    shown = main.images[0].get_array()
    tiles = shown.reshape(2, shown.shape[0] // 2, 5, shown.shape[1] // 5, 4)[:, :SIDE, :, :SIDE, :3].astype(int)
    assert (tiles[:, :3, :, :3] == [0xC8, 0xC8, 0xCC]).all()  # masked
    np.testing.assert_array_equal(tiles[:, :, 3], tiles[:, :, 4])  # of one value, one colour
    # A share of 0.8 of a value has the colour of that value on the bar: linear, or asinh of photons.
    low, high = bar.get_ylim()
    low, high, value = (
        np.arcsinh(each) if content == "diffraction" else each for each in (low, high, 0.8 * truth[1, 20, 20])
    )
    place = (value - low) / (high - low)
    expected = 255 * np.array(mpl.colormaps["viridis"](place)[:3])
    np.testing.assert_allclose(tiles[1, 20, 2, 20], expected, atol=2)
    assert drawing._repr_png_().startswith(b"\x89PNG")


def test_a_history_without_strips_says_so():
    with pytest.raises(ValueError, match="no strips; they are not saved"):
        figures.strips(SimpleNamespace(strip_step=[], strips=[]))


def test_the_static_picture_shows_input_image_and_relative_error_with_units(low, result):
    image, std = result["image"].to_numpy()[0], result["std"].to_numpy()[0]
    drawing = figures.static_summary(low[0], image, std, gain=0.2, calibrated=False, title="frame 0")
    titles = [axes.get_title() for axes in drawing.axes if axes.images]
    assert titles == ["input / gain", "boosted", "σ / boosted, not calibrated"]
    before, after, relative = (axes.images[0] for axes in drawing.axes if axes.images)
    assert before.norm is after.norm
    np.testing.assert_allclose(before.get_array()[8, 8], low[0, 8, 8] / 0.2, rtol=1e-6)
    np.testing.assert_allclose(relative.get_array()[8, 8], 100 * std[8, 8] / image[8, 8], rtol=1e-6)
    assert {"photons", "% of boosted, of at least 1 photon"} <= {axes.get_ylabel() for axes in drawing.axes}
    drawing.canvas.draw()
    assert len([axes for axes in figures.static_summary(low[0], image).axes if axes.images]) == 2
