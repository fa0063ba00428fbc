"""How a search goes on: the rate and the best so far, and beside it hits and peaks."""

from __future__ import annotations

from typing import Any

from bokeh.layouts import column
from bokeh.models import Column, ColumnDataSource, DataRange1d, HoverTool, LinearAxis
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.tuning._points import Evaluations, hover_lines, points, shades
from pulsetrain.figures.tuning._rates import BEST, order_mapper

__all__ = ["progress", "update_progress"]

_HITS, _PEAKS = LINES[0], LINES[4]
_RIM = "#808080"


def progress(path: Evaluations, *, height: int = 500, theme: Theme = "auto") -> Column:
    """Draw the rate of each evaluation and the best so far, and under them hits and peaks.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        As `pulsetrain.tuning.Tuner.path` returns it.
    height : int, pixels
        Of both figures together.
    theme
        ``"auto"`` follows the page.

    Returns
    -------
    bokeh.models.Column
        Two figures over the same evaluations; `update_progress` shows others.
    """
    source = ColumnDataSource(_drawn(path), name="progress")
    shared = DataRange1d(range_padding=0.05, min_interval=2)
    upper = _rate(source, shared, height - height * 9 // 20, theme)
    return column(upper, _hits(source, shared, height * 9 // 20, theme), sizing_mode="stretch_width")


def update_progress(layout: Column, path: Evaluations) -> None:
    """Show other evaluations in figures that `progress` has made."""
    layout.select_one({"name": "progress", "type": ColumnDataSource}).data = _drawn(path)


def _drawn(path: Evaluations) -> dict[str, NDArray[Any]]:
    columns = points(path)
    return columns | {"late": shades(len(columns["rate"]))}


def _rate(source: ColumnDataSource, shared: DataRange1d, height: int, theme: Theme) -> figure:
    plot = themed(
        "Rate of each evaluation, and the best so far", "evaluation", "indexing rate", height=height, theme=theme,
        x_range=shared, y_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    plot.step("number", "best_rate", source=source, mode="after", color=BEST, line_width=2, legend_label="best so far")
    plot.segment("number", "low", "number", "high", source=source, color=_RIM, line_width=1.5, alpha=0.7)
    drawn = plot.scatter(
        "number", "rate", source=source, size=9, line_color=_RIM, legend_label="rate with its 90 % interval",
        fill_color={"field": "late", "transform": order_mapper()},
    )  # fmt: skip
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=hover_lines(), visible=False))
    return dress(plot, theme)


def _hits(source: ColumnDataSource, shared: DataRange1d, height: int, theme: Theme) -> figure:
    plot = themed(
        "Hits and peaks", "evaluation", "share of patterns", height=height, theme=theme,
        x_range=shared, y_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    peaks = DataRange1d(start=0, range_padding=0.08)
    plot.extra_y_ranges = {"peaks": peaks}
    plot.add_layout(LinearAxis(y_range_name="peaks", axis_label="peaks per hit"), "right")
    plot.yaxis[0].ticker.desired_num_ticks = 4
    plot.line("number", "hit_rate", source=source, color=_HITS, line_width=1.5, legend_label="hits")
    hits = plot.scatter("number", "hit_rate", source=source, color=_HITS, size=6, legend_label="hits")
    dots = {"color": _PEAKS, "y_range_name": "peaks", "legend_label": "peaks per hit, median (right)"}
    plot.line("number", "peaks", source=source, line_width=1.5, line_dash="dashed", **dots)
    many = plot.scatter("number", "peaks", source=source, marker="triangle", size=7, **dots)
    plot.y_range.renderers, peaks.renderers = [hits], [many]
    plot.add_tools(HoverTool(renderers=[hits, many], tooltips=hover_lines(), visible=False))
    return dress(plot, theme)
