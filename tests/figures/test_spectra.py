"""What the figures of a series show, where, and how heavy they are."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from bokeh.embed import json_item
from bokeh.models import BoxAnnotation, ColorBar, ColumnDataSource, GlyphRenderer, Span
from bokeh.plotting import figure

from pulsetrain.figures import spectra as figures
from pulsetrain.figures._theme import CLASSES
from pulsetrain.simulate.spectra import simulate_series


def pixels(plot: figure) -> np.ndarray:
    [drawn] = [r for r in plot.renderers if isinstance(r, GlyphRenderer) and "image" in r.data_source.data]
    return np.asarray(drawn.data_source.data["image"][0])


def source(plot: figure, name: str) -> dict[str, list]:
    return dict(plot.select_one({"name": name, "type": ColumnDataSource}).data)


def test_every_axis_of_every_figure_has_a_name(truth, result, estimate):
    series, labels = truth.intensity, truth.labels
    maps = xr.Dataset({"channel": (("a", "b"), np.eye(8)), "spatial": (("p", "q"), np.eye(256))})
    curve = xr.DataArray(truth.changing.to_numpy().astype(float), dims="channel")
    plots = [
        figures.waterfall(series, labels, result, estimate),
        figures.probability(series, result, estimate, labels),
        figures.posterior(estimate),
        figures.loss([1.0, 0.5]),
        *figures.importance(series, curve, labels).children,
        *figures.attention(maps, series).children,
    ]
    for plot in plots:
        assert all(axis.axis_label for axis in plot.axis), plot.title.text
        assert plot.title.text


def test_the_waterfall_reads_axis_units_and_ordering_variable(truth):
    series = truth.intensity.assign_coords(
        order=("spectrum", np.linspace(300, 890, 60), {"long_name": "temperature", "units": "K"})
    )
    labels = [axis.axis_label for axis in figures.waterfall(series).axis]
    assert "2θ (deg)" in labels
    assert "temperature (K)" in labels


def test_a_flat_spectrum_is_drawn_at_its_own_index_and_a_peak_at_its_own_place():
    values = np.zeros((40, 200))
    values[7], values[:, 150] = 5.0, 9.0
    series = xr.DataArray(values, dims=("spectrum", "channel"), coords={"axis": ("channel", np.arange(200.0))})
    shown = pixels(figures.waterfall(series))
    assert shown.shape == (40, 200)
    assert (shown[7, :150] > shown[6, :150]).all()
    assert (shown[:, 150] > shown[:, 149]).all()


def test_boundaries_lie_where_the_results_put_them(truth, result, estimate):
    plot = figures.waterfall(truth.intensity, truth.labels, result, estimate)
    lines = {span.name: span.location for span in plot.select({"type": Span}) if span.name}
    bands = {box.name: (box.bottom, box.top) for box in plot.select({"type": BoxAnnotation}) if box.name}
    assert lines == {"network line": 34.0, "estimate line": 30.0}
    assert bands == {"network band": (28.0, 40.0), "estimate band": (29.0, 31.0)}


def test_a_result_without_boundary_draws_no_line(truth, result):
    nothing = result.assign(boundary=np.nan, boundary_interval=("bound", [np.nan, np.nan]))
    plot = figures.waterfall(truth.intensity, result=nothing)
    assert not any(part.visible for part in plot.select({"type": Span}))
    assert figures.probability(truth.intensity, nothing).title.text == "Boundary: network none"


def test_labels_and_predicted_classes_stand_beside_the_map(truth, result):
    plot = figures.waterfall(truth.intensity, {3: 0, 50: 1}, result)
    assert list(source(plot, "labels 0")["spectrum"]) == [3]
    assert list(source(plot, "labels 1")["spectrum"]) == [50]
    assert source(plot, "classes")["colour"] == [CLASSES[c] for c in result.prediction.to_numpy()]


def test_updating_a_waterfall_moves_labels_and_leaves_the_picture(truth):
    plot = figures.waterfall(truth.intensity, {3: 0, 50: 1})
    before = pixels(plot)
    figures.update_waterfall(plot, truth.intensity, {4: 0, 51: 1})
    assert list(source(plot, "labels 0")["spectrum"]) == [4]
    assert pixels(plot) is before


@pytest.mark.parametrize("scale", ["sqrt", "log"])
def test_weak_peaks_are_brighter_on_a_compressing_scale(truth, scale):
    linear = pixels(figures.waterfall(truth.intensity))
    assert np.median(pixels(figures.waterfall(truth.intensity, scale=scale))) > np.median(linear)


def test_the_colour_bar_reads_intensities_on_every_scale(truth):
    for scale in ("linear", "sqrt", "log"):
        [bar] = figures.waterfall(truth.intensity, scale=scale).select({"type": ColorBar})
        printed = [float(text) for _, text in sorted(bar.major_label_overrides.items())]
        low, high = np.percentile(truth.intensity, (0.5, 99.8))
        assert printed[0] == pytest.approx(low, rel=0.05)
        assert printed[-1] == pytest.approx(high, rel=0.05)
        assert printed == sorted(printed)


def test_signed_data_have_zero_in_the_middle_of_the_colours(truth):
    signed = truth.intensity - truth.intensity.mean("spectrum")
    plot = figures.waterfall(signed)
    [bar] = plot.select({"type": ColorBar})
    assert float(bar.major_label_overrides[127.5]) == pytest.approx(0, abs=1)


def test_a_series_as_long_as_the_reference_makes_a_small_figure():
    series = simulate_series(seed=3).intensity  # 349 × 4023
    assert len(json.dumps(json_item(figures.waterfall(series)))) < 1e6


def test_nan_and_a_constant_series_are_drawn(truth):
    holes = truth.intensity.where(truth.intensity.axis > 12)
    assert pixels(figures.waterfall(holes)).dtype == np.uint8
    assert pixels(figures.waterfall(xr.zeros_like(truth.intensity))).max() == 0


def test_an_unknown_scale_is_refused_with_the_known_ones(truth):
    with pytest.raises(ValueError, match="linear, sqrt, log"):
        figures.waterfall(truth.intensity, scale="cubic")


def test_the_probability_title_says_the_boundary_in_the_ordering_variable(truth, estimate):
    order = ("spectrum", 300 + 10.0 * np.arange(60), {"long_name": "temperature", "units": "K"})
    title = figures.probability(truth.intensity.assign_coords(order=order), None, estimate).title.text
    assert title == "Boundary: transition 30.0 [29.0, 31.0] = 600 K"


def test_importance_curves_are_shares_and_keep_their_axis(truth):
    curve = xr.DataArray(truth.changing.to_numpy() * 7.0, dims="channel", attrs={"method": "occlusion"})
    spectra, shares = figures.importance(truth.intensity, curve, truth.labels).children
    assert spectra.x_range is shares.x_range
    [drawn] = shares.renderers
    assert sum(drawn.data_source.data["y"]) == pytest.approx(100)
    np.testing.assert_allclose(drawn.data_source.data["x"], truth.axis)
    assert [item.label.value for item in shares.legend[0].items] == ["occlusion"]


def test_learned_positions_are_never_drawn_over_the_axis(truth):
    learned = xr.Dataset({"spatial": (("place", "place_to"), np.eye(256))})
    [plot] = figures.attention(learned, truth.intensity).children
    assert plot.xaxis.axis_label == "attends to learned position"
    placed = learned.assign_coords(axis=("place_to", np.linspace(10, 25, 256)))
    [plot] = figures.attention(placed, truth.intensity).children
    assert plot.xaxis.axis_label == "attends to 2θ (deg)"
    assert plot.x_range.start == pytest.approx(10, abs=0.1)


def test_a_network_without_attention_is_told_so(truth):
    with pytest.raises(ValueError, match="only networks with attention"):
        figures.attention(xr.Dataset(), truth.intensity)


def test_the_table_sets_references_apart_and_escapes_names():
    rows = pd.DataFrame(
        {"model": ["CNN", "<b>linear</b>"], "parameters": pd.array([23307, None], "Int64"), "boundary": [173.5, np.nan]}
    )
    html = figures.table(rows, "Both")
    assert "23,307" in html
    assert "<tr class=reference><td>&lt;b&gt;linear&lt;/b&gt;</td><td>–</td><td>–</td>" in html
    assert "<caption>Both</caption>" in html


def test_the_static_picture_shows_map_and_curves_with_units(truth, result, estimate):
    drawing = figures.static_summary(truth.intensity, truth.labels, result, estimate)
    assert {axes.get_xlabel() for axes in drawing.axes} >= {"2θ (deg)", "class 1"}
    levels = [line.get_ydata()[0] for line in drawing.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert 34.0 in levels
    assert 30.0 in levels
    drawing.canvas.draw()
