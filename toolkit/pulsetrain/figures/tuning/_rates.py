"""The indexing rate over each parameter, with the way that the search has taken."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.layouts import row
from bokeh.models import (
    BasicTicker,
    BasicTickFormatter,
    ColumnDataSource,
    DataRange1d,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    NoOverlap,
    Row,
)
from bokeh.palettes import Viridis256
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import CLASSES, Theme, dress, themed
from pulsetrain.figures.tuning._points import PARAMETERS, Evaluations, Parameter, best_of, hover_lines, points, shades

__all__ = ["BEST", "ORDER", "OWN", "order_mapper", "rates", "update_rates"]

Columns = dict[str, NDArray[Any]]

BEST, OWN = CLASSES[1], "#CC79A7"
# Neither end of viridis is lost on a white or a dark page, where each point has a grey rim.
ORDER: tuple[str, ...] = tuple(Viridis256[40:])
_RIM = "#808080"
_SNR_TICKS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100)


def rates(
    path: Evaluations,
    own: Evaluations = (),
    *,
    height: int = 280,
    theme: Theme = "auto",
) -> Row:
    """Draw the indexing rate over clen, min-snr and min-pix-count.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        The search, as `pulsetrain.tuning.Tuner.path` returns it: discs with Wilson's 90 % intervals, joined in their
        order and shaded from early (dark) to late (light); a ring is where it began, a star its best.
    own : xarray.Dataset or sequence of Evaluation
        What was tried by hand: diamonds.
    height : int, pixels
    theme
        ``"auto"`` follows the page.

    Returns
    -------
    bokeh.models.Row
        Three figures with one rate axis; what is chosen by a tap in one is chosen in all. `update_rates` shows others.
    """
    sources = {name: ColumnDataSource(columns, name=name) for name, columns in _drawn(path, own).items()}
    shared = DataRange1d(start=0, range_padding=0.08)
    plots = [_plot(parameter, sources, shared, height, theme) for parameter in PARAMETERS]
    return row(plots, sizing_mode="stretch_width")


def update_rates(layout: Row, path: Evaluations, own: Evaluations = ()) -> None:
    """Show other evaluations in figures that `rates` has made."""
    for name, columns in _drawn(path, own).items():
        layout.select_one({"name": name, "type": ColumnDataSource}).data = columns


def key_html() -> str:
    """Return the meaning of the marks in the figures of `rates`, as a line of HTML that follows the page's colours."""
    bar = "display: inline-block; width: 2.2em; height: 0.6em; border-radius: 0.3em"
    order = f"background: linear-gradient(90deg, {ORDER[0]}, {ORDER[-1]}); border: 1px solid {_RIM}"
    marks = (
        (f'<span style="color: {OWN}">◆</span>', "tried by hand"),
        (f'<span style="{bar}; {order}"></span>', "search, from early to late"),
        (f'<span style="color: {_RIM}; font-weight: 700">◯</span>', "its start"),
        (f'<span style="color: {BEST}">★</span>', "its best"),
        (f'<span style="color: {_RIM}; font-weight: 700">|</span>', "90 % interval"),
    )
    said = "".join(f'<span style="white-space: nowrap">{mark} {words}</span>' for mark, words in marks)
    row = "display: flex; flex-wrap: wrap; gap: 0 1.5em; font: 13px/1.6 var(--jp-ui-font-family, sans-serif)"
    return f'<div style="{row}; color: var(--jp-ui-font-color1, #212121)">{said}</div>'


def order_mapper() -> LinearColorMapper:
    """Return the colours of the order, from early to late."""
    return LinearColorMapper(palette=list(ORDER), low=0, high=1)


def _plot(
    parameter: Parameter, sources: dict[str, ColumnDataSource], shared: DataRange1d, height: int, theme: Theme
) -> figure:
    plot = themed(
        f"Over {parameter.words}", parameter.label, "indexing rate", height=height, theme=theme,
        y_range=shared, x_axis_type=parameter.scale, tools="pan,box_zoom,wheel_zoom,tap,reset,save",
    )  # fmt: skip
    plot.min_width = 180
    plot.xaxis.major_label_policy = NoOverlap()
    plot.x_range.range_padding, plot.x_range.default_span = 0.15, 2.0
    if parameter.scale == "log":
        plot.xaxis.ticker = FixedTicker(ticks=list(_SNR_TICKS))
        plot.xaxis.formatter = BasicTickFormatter()  # that of a log axis writes a lone 5 as 10¹
        plot.x_range.default_span = 0.4  # decades
    elif parameter.name == "min_pix_count":
        plot.xaxis.ticker = BasicTicker(min_interval=1)
        plot.x_range.min_interval = 2
    else:
        plot.xaxis.ticker.desired_num_ticks = 4
    x = parameter.name
    plot.line(x, "rate", source=sources["path"], color=_RIM, line_width=1, alpha=0.5)
    for name, colour in (("own", OWN), ("path", _RIM)):
        plot.segment(x, "low", x, "high", source=sources[name], color=colour, line_width=1.5, alpha=0.7)
    own = plot.scatter(x, "rate", source=sources["own"], marker="diamond", size=11, color=OWN, line_color=_RIM)
    order = {"field": "late", "transform": order_mapper()}
    tried = plot.scatter(x, "rate", source=sources["path"], size=9, fill_color=order, line_color=_RIM)
    plot.scatter(x, "rate", source=sources["start"], size=17, fill_color=None, line_color=_RIM, line_width=2)
    plot.scatter(
        x, "rate", source=sources["best"], marker="star", size=19, color=BEST, line_color=_RIM, name="best star"
    )
    plot.add_tools(HoverTool(renderers=[tried, own], tooltips=hover_lines(), visible=False))
    return dress(plot, theme)


def _drawn(path: Evaluations, own: Evaluations) -> dict[str, Columns]:
    tried, best = points(path), best_of(path)
    tried["late"] = shades(len(tried["rate"]))
    return {
        "path": tried,
        "own": points(own),
        "start": _some(tried, [0][: len(tried["rate"])]),
        "best": _some(tried, [] if best is None else [best]),
    }


def _some(columns: Columns, positions: list[int]) -> Columns:
    return {name: np.asarray(values)[positions] for name, values in columns.items()}
