"""What the figures of sorted frames show, and where."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr
from bokeh.embed import json_item
from bokeh.models import BoxAnnotation, ColumnDataSource, GlyphRenderer, Span

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import HITS, clustering_result
from pulsetrain.figures import clustering as figures

N = 300


@pytest.fixture
def result():
    """120 empty frames, 120 single and 60 multiple hits, of which the last ten are doubtful; ten frames a train."""
    kind = np.repeat([0, 1, 2], [120, 120, 60])
    probability = np.full((N, 3), 0.05)
    probability[np.arange(N), kind] = 0.9
    probability[-10:] = [0.1, 0.45, 0.45]
    frames = xr.DataArray(
        np.zeros((N, 1, 1)), dims=("pattern", "y", "x"), coords={"trainId": ("pattern", 1000 + np.arange(N) // 10)}
    )
    scores = {"hit_score": np.repeat([0.5, 400.0], [120, 180]), "fringe_score": np.repeat([9.0, 500.0], [240, 60])}
    return clustering_result(frames, kind, probability, scores, ClusteringOptions())


def source(plot, name):
    return plot.select_one({"name": name, "type": ColumnDataSource}).data


def test_every_axis_of_every_figure_has_a_name(result):
    labels = np.asarray(result.hit)
    plots = [
        figures.score_plane(result, {"hit_score": 3.1, "fringe_score": 15.0}),
        figures.cluster_map(np.random.default_rng(1).normal(size=(N, 2)), result),
        figures.composition(result),
        figures.confidence(result, 0.8),
        figures.rate(result),
        figures.training({"loss": [3.0, 2.0]}),
        figures.confusion(result, labels),
    ]
    for plot in plots:
        assert all(axis.axis_label for axis in plot.axis), plot.title.text
        assert plot.title.text


def test_shares_have_wilsons_interval(result):
    table = figures.counts(result)
    assert table["frames"].to_dict() == {"none": 120, "single": 120, "multiple": 50, "unsure": 10}
    # Wilson's formula by hand, z of 90 % being 1.6449
    p, z = 50 / N, 1.6448536
    middle = (p + z**2 / (2 * N)) / (1 + z**2 / N)
    half = z / (1 + z**2 / N) * np.sqrt(p * (1 - p) / N + z**2 / (4 * N**2))
    assert table.loc["multiple", "low"] == pytest.approx(middle - half, rel=1e-6)
    assert table.loc["multiple", "high"] == pytest.approx(middle + half, rel=1e-6)


def test_frames_that_are_not_assigned_yet_are_not_counted(result):
    part = result.assign(hit=("pattern", np.where(np.arange(N) < 200, "", result.hit)))
    assert figures.counts(part)["frames"].sum() == 100
    assert (figures.hits_of(part)[:200] == -1).all()


def test_each_frame_is_drawn_once_in_the_colour_of_its_kind(result):
    plot = figures.score_plane(result)
    assert [len(source(plot, name)["x"]) for name in HITS] == [120, 120, 50, 10]
    colours = {r.data_source.name: r.glyph.fill_color for r in plot.renderers if r.data_source.name in HITS}
    assert colours == figures.HIT_COLOURS


def test_a_null_line_lies_where_scores_of_that_value_do(result):
    plot = figures.score_plane(result, {"hit_score": 400.0})
    [line] = plot.select({"type": Span})
    assert line.location == pytest.approx(source(plot, "single")["x"][0])
    assert line.dimension == "height"


def test_ticks_of_a_score_stand_at_the_score_they_name(result):
    plot = figures.score_plane(result)
    for place, words in plot.xaxis[0].major_label_overrides.items():
        assert place == pytest.approx(float(figures.drawn("hit_score", float(words))))
    assert {"0", "100"} <= set(plot.xaxis[0].major_label_overrides.values())


def test_a_million_frames_make_a_small_figure(result):
    many = result.isel(pattern=np.resize(np.arange(N), 1_000_000))
    plot = figures.score_plane(many)
    assert len(json.dumps(json_item(plot))) < 4e6
    assert "20,000 of 1,000,000" in plot.title.text


def test_confidences_are_stacked_to_all_frames_and_the_doubtful_part_is_shaded(result):
    plot = figures.confidence(result, 0.8)
    assert len(list(plot.select({"type": BoxAnnotation, "right": 0.8}))) == 1
    tops = [r.data_source.data for r in plot.renderers if isinstance(r, GlyphRenderer)]
    made = sum(np.sum(np.asarray(each["top"]) - np.asarray(each["bottom"])) for each in tops)
    assert made == N


def test_the_rate_over_trains_is_that_of_each_train(result):
    single = source(figures.rate(result), "rate single")
    np.testing.assert_allclose(single["x"], np.arange(30))
    np.testing.assert_allclose(single["share"], np.repeat([0.0, 1.0, 0.0], [12, 12, 6]))
    assert (np.asarray(single["low"]) <= single["share"]).all()


def test_the_rate_goes_over_frames_where_trains_are_unknown(result):
    plot = figures.rate(result.drop_vars("trainId"), bins=10)
    assert plot.xaxis.axis_label == "frame"
    assert len(source(plot, "rate single")["x"]) == 10


def test_precision_and_recall_of_single_hits_head_the_confusion(result):
    labels = np.asarray(result.hit).copy()
    labels[labels == "unsure"] = "multiple"
    labels[120:140], labels[240:250] = "multiple", "single"  # 20 of 120 found are wrong; 10 of 110 are missed
    labels[:5] = ""
    plot = figures.confusion(result, labels)
    assert plot.title.text == "Single hits: precision 83.3%, recall 90.9%"
    table = figures.confusion_table(result, labels)
    assert table.loc["multiple"].to_dict() == {"none": 0, "single": 20, "multiple": 40, "unsure": 10}
    assert table.to_numpy().sum() == N - 5


def test_labels_of_other_things_have_rows_of_their_own(result):
    labels = np.where(np.arange(N) < 20, "ice", np.asarray(result.hit))
    assert list(figures.confusion_table(result, labels).index) == ["none", "single", "multiple", "unsure", "ice"]


def test_a_masked_pixel_never_becomes_signal_in_a_thumbnail():
    block = np.zeros((2, 256, 256))
    block[:, 128:] = 3
    block[0, 120:123], block[1] = np.nan, np.nan  # one row of blocks whole, half of the next
    made = figures.thumbnails(block, side=64)
    assert made.shape == (2, 64, 64)
    rows = np.flatnonzero((made[0] == figures.MASKED).all(axis=1))
    np.testing.assert_array_equal(rows, [28])
    assert (np.delete(made[0, :32], 28, axis=0) == 0).all()
    assert (made[0, 32:] > 0).all()
    assert (made[1] == figures.MASKED).all()


def test_an_empty_frames_noise_is_drawn_darker_than_a_hit():
    rng = np.random.default_rng(1)
    block = np.stack([rng.poisson(0.01, (64, 64)), rng.poisson(20, (64, 64))]).astype(float)
    empty, hit = figures.thumbnails(block)
    assert empty.max() < 0.6 * 254
    assert hit.max() == 254


def test_clusters_have_colours_of_their_own():
    colours = figures.cluster_colours(21)
    assert len(set(colours)) == 21
    assert colours[:3] == figures.cluster_colours(3)


def test_the_table_of_clusters_gives_shares_and_medians(result):
    table = figures.cluster_table(result, {2: "pairs"})
    row = table[table.cluster == 2].iloc[0]
    assert (row["name"], row["frames"]) == ("pairs", 60)
    assert row["unsure (%)"] == pytest.approx(100 / 6)
    assert row[figures.score_label("fringe_score")] == 500
    assert "pairs" in figures.table(result, {2: "<pairs>"})
    assert "<pairs>" not in figures.table(result, {2: "<pairs>"})


def test_frames_of_one_kind_lie_together_on_the_map():
    rng = np.random.default_rng(2)
    kind = np.repeat([0, 1], 60)
    latent = rng.normal(size=(120, 8)) + 6 * np.eye(8)[kind]
    latent /= np.linalg.norm(latent, axis=1, keepdims=True)
    latent[7] = np.nan
    places = figures.map_latent(latent, seed=3)
    known = np.isfinite(places).all(axis=1)
    assert np.flatnonzero(~known).tolist() == [7]
    centres = np.array([places[known & (kind == k)].mean(axis=0) for k in (0, 1)])
    far = np.linalg.norm(places[known, None] - centres, axis=2)
    assert (far.argmin(axis=1) == kind[known]).mean() > 0.97


def test_the_static_pictures_show_all_parts_with_units(result):
    drawing = figures.static_summary(result, np.random.default_rng(1).normal(size=(N, 2)))
    labels = [axes.get_xlabel() for axes in drawing.axes]
    assert labels == ["hit score z (σ of empty frames)", "UMAP 1", "share of the frames"]
    assert len(figures.static_summary(result).axes) == 2
    block = np.random.default_rng(1).poisson(2.0, (5, 32, 32)).astype(float)
    block[:, :4] = np.nan
    grid = figures.gallery(block, [f"frame {k}" for k in range(5)], columns=3, pitch=0.01)
    assert [axes.get_title() for axes in grid.axes][:5] == [f"frame {k}" for k in range(5)]
    assert grid.axes[0].get_xlim()[1] == pytest.approx(0.16)
    pair = figures.frame(block[0], np.zeros((64, 64)), title="frame 0")
    assert "Autocorrelation" in [axes.get_title() for axes in pair.axes]
    for each in (drawing, grid, pair):
        each.canvas.draw()
