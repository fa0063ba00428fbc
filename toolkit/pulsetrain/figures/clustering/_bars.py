"""How many frames are of each kind, how sure that is, and how it goes over the trains."""

from __future__ import annotations

import numpy as np
import xarray as xr
from bokeh.models import (
    BoxAnnotation,
    ColumnDataSource,
    DataRange1d,
    FactorRange,
    HoverTool,
    NumeralTickFormatter,
    Range1d,
)
from bokeh.plotting import figure

from pulsetrain.clustering.results import HITS
from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.clustering._hits import HIT_COLOURS, counts, hits_of, share_of

__all__ = ["composition", "confidence", "rate", "training"]

_RIM = "#808080"


def composition(result: xr.Dataset, *, height: int = 220, theme: Theme = "auto") -> figure:
    """Draw the share of each kind as a bar, with its 90 % interval.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    table = counts(result)
    order = list(reversed(HITS))
    plot = themed(
        f"Composition of {int(table['frames'].sum()):,} frames", "share of the frames", "hit", height=height,
        theme=theme, y_range=FactorRange(factors=order), x_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    columns = {name: table[name].to_numpy() for name in table.columns}
    source = ColumnDataSource({**columns, "hit": list(HITS), "colour": [HIT_COLOURS[name] for name in HITS]})
    bars = plot.hbar(y="hit", right="share", height=0.7, color="colour", source=source, name="bars")
    for colour, width in (("#f0f0f0", 5), ("#303030", 2)):  # seen on any bar and on any page
        plot.segment("low", "hit", "high", "hit", source=source, color=colour, line_width=width)
    plot.xaxis.formatter = NumeralTickFormatter(format="0 %")
    words = "@hit: @frames{0,0} frames, @share{0.0 %} [@low{0.0 %}, @high{0.0 %}]"
    plot.add_tools(HoverTool(renderers=[bars], tooltips=words, visible=False))
    return dress(plot, theme)


def confidence(
    result: xr.Dataset, threshold: float | None = None, *, bins: int = 33, height: int = 260, theme: Theme = "auto"
) -> figure:
    """Draw how many frames are how sure of their likeliest kind, stacked by that kind.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    threshold : float, optional
        Frames below are called unsure: shaded.
    bins : int
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    kinds, sure = hits_of(result), result["confidence"].to_numpy()
    edges = np.linspace(1 / 3, 1, bins + 1)
    plot = themed(
        "Confidence", "probability of the likeliest kind", "frames", height=height, theme=theme,
        x_range=Range1d(1 / 3, 1), y_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    below = np.zeros(bins)
    for number in (3, 2, 1, 0):  # the unsure at the foot, where they would be lost above the others
        made = np.histogram(np.clip(sure[kinds == number], 1 / 3, 1), edges)[0]
        plot.quad(
            left=edges[:-1], right=edges[1:], bottom=below, top=below + made, color=HIT_COLOURS[HITS[number]],
            line_color=None, legend_label=HITS[number], name=HITS[number],
        )  # fmt: skip
        below = below + made
    if threshold is not None:
        plot.add_layout(BoxAnnotation(right=threshold, fill_color=_RIM, fill_alpha=0.15, line_color=None))
    return dress(plot, theme)


def rate(result: xr.Dataset, *, bins: int = 60, height: int = 260, theme: Theme = "auto") -> figure:
    """Draw the share of single and of multiple hits over the trains, or over the frames where these are unknown.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    bins : int
        Most points along the axis; each has its 90 % interval.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    kinds = hits_of(result)
    known = "trainId" in result.coords
    trains = result["trainId"].to_numpy().astype(np.int64) if known else np.arange(len(kinds))
    first = int(trains.min(initial=0) if len(trains) == 0 else trains.min())
    label = f"train − {first}" if known else "frame"
    distinct = np.unique(trains)
    parts = np.array_split(distinct, max(1, min(bins, len(distinct))))
    plot = themed(
        "Hit rate over the run", label, "share of the frames", height=height, theme=theme,
        y_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    plot.yaxis.formatter = NumeralTickFormatter(format="0 %")
    for number in (1, 2):
        name, colour = HITS[number], HIT_COLOURS[HITS[number]]
        rows = []
        for part in parts:
            inside = (trains >= part[0]) & (trains <= part[-1]) if len(part) else np.zeros(len(kinds), dtype=bool)
            made, total = int((kinds[inside] == number).sum()), int((kinds[inside] >= 0).sum())
            middle = float(part.mean() - first) if len(part) else 0.0
            rows.append((middle, *share_of(made, total), made, total))
        x, share, low, high, made, total = np.array(rows, dtype=float).T
        source = ColumnDataSource(
            {"x": x, "share": share, "low": low, "high": high, "made": made, "total": total}, name=f"rate {name}"
        )
        plot.varea("x", "low", "high", source=source, color=colour, alpha=0.2)
        plot.line("x", "share", source=source, color=colour, line_width=1.5, legend_label=name)
        dots = plot.scatter("x", "share", source=source, color=colour, size=5)
        words = f"{name}: @made of @total, @share{{0.0 %}} [@low{{0.0 %}}, @high{{0.0 %}}]"
        plot.add_tools(HoverTool(renderers=[dots], tooltips=words, visible=False))
    return dress(plot, theme)


def training(history: dict[str, list[float]], *, height: int = 260, theme: Theme = "auto") -> figure:
    """Draw the losses of the learning.

    Parameters
    ----------
    history : dict of str to list of float
        Loss after each step, by the name of what is learnt.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    plot = themed("Learning", "step", "loss", height=height, theme=theme)
    for (name, curve), colour in zip(history.items(), LINES, strict=False):
        plot.line(
            np.arange(1, len(curve) + 1), np.asarray(curve), color=colour, line_width=2, name=name, legend_label=name
        )
    return dress(plot, theme)
