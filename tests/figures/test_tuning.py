"""What the figures of a search show, and where."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import xarray as xr
from bokeh.embed import json_item
from bokeh.models import ColumnDataSource, GlyphRenderer, Label, NoOverlap, Segment, Span
from scipy.spatial.transform import Rotation

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures import tuning as figures
from pulsetrain.figures.detector import FlatDetector
from pulsetrain.tuning.results import wilson_interval
from pulsetrain.tuning.search import Evaluation, Setting

CELL = UnitCell(58.4, 67.9, 91.2)
MADE = [(5.0, 2, 0.135, 10), (5.0, 2, 0.136, 12), (4.0, 2, 0.136, 18), (4.0, 1, 0.136, 3), (3.5, 2, 0.1355, 17)]

TWO_PANELS = """clen = 0.1
photon_energy = 9300
res = 1000
data = /data
dim0 = %
dim1 = ss
dim2 = fs
a/min_fs = 0
a/max_fs = 3
a/min_ss = 0
a/max_ss = 1
a/corner_x = 2
a/corner_y = 3
a/fs = +1.0x
a/ss = +1.0y
b/min_fs = 0
b/max_fs = 3
b/min_ss = 2
b/max_ss = 3
b/corner_x = -2
b/corner_y = -3
b/fs = -1.0x
b/ss = -1.0y
"""


def evaluation(min_snr, pixels, clen, indexed, n=24):
    shift = clen / 0.1355 - 1 if indexed else np.nan
    return Evaluation(Setting(min_snr, pixels, clen), n, min(n, indexed + 3), indexed, 40.0, shift, 0.4, 1.5)


@pytest.fixture
def made():
    return [evaluation(*each) for each in MADE]


@pytest.fixture
def path():
    """The layout of `pulsetrain.tuning.Tuner.path`, by hand."""
    settings = np.array([each[:3] for each in MADE])
    indexed = np.array([each[3] for each in MADE])
    columns = {
        "min_snr": settings[:, 0],
        "min_pix_count": settings[:, 1].astype(int),
        "clen": settings[:, 2],
        "n_patterns": np.full(5, 24),
        "n_hits": indexed + 3,
        "n_indexed": indexed,
        "rate": indexed / 24,
        "peaks_per_pattern": np.full(5, 40.0),
        "cell_shift": settings[:, 2] / 0.1355 - 1,
        "residual": np.full(5, 0.4),
        "seconds": np.full(5, 1.5),
    }
    path = xr.Dataset({name: ("evaluation", values) for name, values in columns.items()})
    path["rate_interval"] = (("evaluation", "bound"), [wilson_interval(int(k), 24) for k in indexed])
    path["best_min_snr"], path["best_min_pix_count"], path["best_clen"] = 3.5, 2, 0.1355
    return path


@pytest.fixture
def result():
    axes = np.array([CELL.matrix @ turn for turn in Rotation.random(40, random_state=1).as_matrix()])
    axes[::2] *= 1.01
    cells = [UnitCell.from_matrix(each, CELL).parameters for each in axes]
    return xr.Dataset({"crystal_axes": (("crystal", "axis", "xyz"), axes), "crystal_cell": (("crystal", "p"), cells)})


def source(layout, name):
    return layout.select_one({"name": name, "type": ColumnDataSource}).data


def test_every_axis_of_every_figure_has_a_name(made, result):
    plots = [
        *figures.rates(made).children,
        *figures.progress(made).children,
        figures.shift(made),
        *(plot for line in figures.cells(result, CELL).children for plot in line.children),
        figures.orientations(result),
    ]
    for plot in plots:
        assert all(axis.axis_label for axis in plot.axis), plot.title.text
        assert plot.title.text


def test_rates_stand_over_their_parameters_with_wilsons_intervals(made):
    clen, snr, pixels = figures.rates(made).children
    assert [plot.xaxis[0].axis_label for plot in (clen, snr, pixels)] == [
        "clen (mm)", "min-snr (σ)", "min-pix-count (px)",
    ]  # fmt: skip
    bars = [r for r in clen.renderers if isinstance(r, GlyphRenderer) and isinstance(r.glyph, Segment)]
    data = bars[-1].data_source.data
    np.testing.assert_allclose(data["clen"], [135, 136, 136, 136, 135.5])
    # 12 of 24 by Wilson's formula with z = 1.645: 0.5 ± 0.159
    np.testing.assert_allclose([data["low"][1], data["high"][1]], [0.341, 0.659], atol=0.001)
    assert clen.y_range is snr.y_range


def test_a_path_and_its_evaluations_draw_the_same_points(made, path):
    of_list, of_path = source(figures.rates(made), "path"), source(figures.rates(path), "path")
    assert set(of_list) == set(of_path)
    for name, values in of_list.items():
        np.testing.assert_allclose(np.asarray(values, float), np.asarray(of_path[name], float))


def test_the_order_is_shaded_and_start_and_best_are_marked(made, path):
    layout = figures.rates(made)
    np.testing.assert_allclose(source(layout, "path")["late"], [0, 0.25, 0.5, 0.75, 1])
    assert source(layout, "start")["number"] == [1]
    assert source(layout, "best")["number"] == [3]  # the highest rate
    assert source(figures.rates(path), "best")["number"] == [5]  # the one that the optimiser chose


def test_updated_rates_show_the_new_points_and_those_tried_by_hand(made):
    layout = figures.rates([])
    assert len(source(layout, "path")["rate"]) == 0
    figures.update_rates(layout, made[:2], made[3:])
    assert len(source(layout, "path")["rate"]) == 2
    assert list(source(layout, "own")["min_pix_count"]) == [1, 2]


def test_the_best_so_far_never_falls(made):
    layout = figures.progress(made)
    np.testing.assert_allclose(source(layout, "progress")["best_rate"], np.array([10, 12, 18, 18, 18]) / 24)
    figures.update_progress(layout, made[:1])
    assert list(source(layout, "progress")["hits"]) == [13]


def test_an_evaluation_without_crystals_has_no_cell_shift(made):
    plot = figures.shift([*made, evaluation(5.0, 2, 0.14, 0)])
    zero, drawn = plot.renderers
    assert list(zero.data_source.data["y"]) == [0, 0]
    np.testing.assert_allclose(drawn.data_source.data["shift"][0], 100 * (0.135 / 0.1355 - 1))
    assert len(drawn.data_source.data["shift"]) == 5


def test_histograms_count_every_crystal_and_mark_the_given_cell(result):
    plots = [plot for line in figures.cells(result, CELL).children for plot in line.children]
    for plot, given in zip(plots, CELL.parameters, strict=True):
        [drawn] = plot.renderers
        assert sum(drawn.data_source.data["top"]) == 40
        [line] = plot.select({"type": Span})
        assert line.location == given
    assert figures.cells(result.isel(crystal=[]), CELL).children


def test_orientations_lie_where_the_beam_meets_the_crystal(result):
    along_c = 50 * np.eye(3)
    along_a = 50 * np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    both = xr.Dataset({"crystal_axes": (("crystal", "axis", "xyz"), np.stack([along_c, along_a]))})
    points = figures.orientations(both).renderers[-1].data_source.data
    np.testing.assert_allclose(points["x"], [0, 1], atol=1e-12)
    np.testing.assert_allclose(points["y"], [0, 0], atol=1e-12)
    spread = figures.orientations(result).renderers[-1].data_source.data
    assert (np.hypot(spread["x"], spread["y"]) <= 1 + 1e-9).all()


def test_rings_of_the_orientations_say_how_far_the_beam_is_from_the_middle(result):
    labels = figures.orientations(result).select({"type": Label})
    radii = {label.text: label.y for label in labels}
    # Equal areas: within 60° of its pole lies half of a half sphere.
    assert radii == pytest.approx({"30°": np.sqrt(2) * np.sin(np.pi / 12), "60°": np.sqrt(0.5), "90°": 1.0})


def test_ticks_that_would_collide_on_a_narrow_page_are_left_out(made, result):
    plots = [
        *figures.rates(made).children,
        *(plot for line in figures.cells(result, CELL).children for plot in line.children),
    ]
    for plot in plots:
        assert isinstance(plot.xaxis[0].major_label_policy, NoOverlap), plot.title.text


def test_the_key_names_every_mark_of_the_rates():
    for mark, words in (("◆", "by hand"), ("★", "best"), ("◯", "start"), ("gradient", "early to late")):
        assert re.search(rf"{mark}.*?{words}", figures.key_html())


def test_the_table_says_units_and_sets_the_best_in_bold(made):
    html = figures.table(made, "Tried")
    assert '<th scope="col">clen (mm)</th>' in html
    assert html.count("<tr class=best>") == 1
    assert (
        "<tr class=best><td>3</td><td>4</td><td>2</td><td>136</td><td>24</td><td>21</td><td>18</td><td>75</td>" in html
    )


def test_a_thousand_evaluations_make_a_small_figure(made):
    assert len(json.dumps(json_item(figures.rates(made * 200)))) < 1e6


def test_the_static_picture_shows_rates_and_search_with_units(made):
    drawing = figures.static_summary(made, made[:1])
    assert [axes.get_xlabel() for axes in drawing.axes] == [
        "clen (mm)", "min-snr (σ)", "min-pix-count (px)", "evaluation",
    ]  # fmt: skip
    drawing.canvas.draw()
    figures.static_summary([]).canvas.draw()


def test_a_detector_is_laid_flat_with_y_upwards_and_x_to_the_left():
    detector = FlatDetector(CrystFELGeometry.parse(TWO_PANELS))
    values = np.arange(16.0).reshape(4, 4)
    picture = detector.picture(values)
    # Panel a: x 2 … 6 px, y 3 … 5 px; its rows run upwards, its pixels to the left.
    assert picture.shape == (10, 12)
    np.testing.assert_array_equal(picture.sel(x=slice(2, 5), y=[3, 4]), [[0, 1, 2, 3], [4, 5, 6, 7]])
    # Panel b runs the other way.
    np.testing.assert_array_equal(picture.sel(x=slice(-6, -3), y=-4), [11, 10, 9, 8])
    assert np.isnan(picture.sel(y=0)).all()
    assert detector.pitch == 1e-3
    [[x, y], [other, _]] = detector.places([0, 8])
    assert (x + float(picture.x[0]), y + float(picture.y[0])) == (2.5, 3.5)
    assert other + float(picture.x[0]) == -2.5


def test_a_frame_is_drawn_with_its_peaks_and_spots():
    geometry = CrystFELGeometry.parse(TWO_PANELS)
    bad = np.zeros((4, 4), dtype=bool)
    bad[0, 0] = True
    drawing = figures.frame(
        np.arange(16).reshape(4, 4), FlatDetector(geometry), [5], [0, 8], bad=bad, title="A", units="ADU"
    )
    axes = drawing.axes[0]
    assert axes.xaxis_inverted()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["2 predicted spots", "1 peaks"]
    assert "ADU" in drawing.axes[1].get_ylabel()
    assert np.isnan(np.ma.filled(axes.images[0].get_array(), np.nan)).sum() == 12 * 10 - 15
    assert drawing._repr_png_().startswith(b"\x89PNG")  # what a notebook shows
