"""A picture without a browser: what a saved or exported notebook shows where the control was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures.clustering._hits import HIT_COLOURS, counts, hits_of
from pulsetrain.figures.clustering._plane import some_of
from pulsetrain.figures.clustering._scales import decades, drawn, score_label, ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["static_summary"]


def static_summary(result: xr.Dataset, places: NDArray[np.floating] | None = None) -> Figure:
    """Draw the physics scores, the map of the latent space where there is one, and the composition side by side.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    places : float, shape (pattern, 2), optional
        Map of the latent space.

    Returns
    -------
    matplotlib.figure.Figure
        On white, so that it reads in a dark page too; not registered with pyplot.
    """
    from pulsetrain.figures._drawing import Drawing

    parts = 2 if places is None else 3
    drawing = Drawing(figsize=(4.2 * parts, 3.6), dpi=100, layout="constrained", facecolor="white")
    grid = drawing.subplots(1, parts)
    chosen = some_of(result.sizes["pattern"])
    some = result.isel(pattern=chosen)
    kinds = hits_of(some)
    _plane(grid[0], some, kinds)
    if places is not None:
        _points(grid[1], places[chosen], kinds)
        grid[1].set(xlabel="UMAP 1", ylabel="UMAP 2", title="Map of the latent space")
    _composition(grid[-1], result)
    return drawing


def _plane(axes: Axes, some: xr.Dataset, kinds: NDArray[np.int64]) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator

    names = ("hit_score", "fringe_score")
    values = [some[name].to_numpy() for name in names]
    _points(axes, np.column_stack([drawn(name, each) for name, each in zip(names, values, strict=True)]), kinds)
    for axis, name, each in zip((axes.xaxis, axes.yaxis), names, values, strict=True):
        if decades(name):
            places = ticks(each)
            axis.set_major_locator(FixedLocator(drawn(name, places).tolist()))
            axis.set_major_formatter(FixedFormatter([f"{place:g}" for place in places]))
    axes.set(xlabel=score_label(names[0]), ylabel=score_label(names[1]), title="Physics scores")
    axes.legend(fontsize="small", markerscale=2)


def _points(axes: Axes, places: NDArray[np.floating], kinds: NDArray[np.int64]) -> None:
    style: dict[str, Any] = {"s": 9 if len(kinds) < 3000 else 2, "linewidths": 0, "alpha": 0.6, "rasterized": True}
    for number, name in enumerate(HITS):
        x, y = places[kinds == number].T
        axes.scatter(x, y, color=HIT_COLOURS[name], label=name, **style)


def _composition(axes: Axes, result: xr.Dataset) -> None:
    from matplotlib.ticker import PercentFormatter

    table = counts(result).iloc[::-1]
    share = table["share"].fillna(0.0).to_numpy()
    axes.barh(list(table.index), share, color=[HIT_COLOURS[name] for name in table.index])
    axes.hlines(np.arange(len(table)), table["low"], table["high"], color="#404040", linewidth=2)
    for k, (frames, high) in enumerate(zip(table["frames"], table["high"].fillna(0.0), strict=True)):
        axes.annotate(f"{frames:,}", (high, k), (4, 0), textcoords="offset points", va="center", fontsize="small")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set(xlabel="share of the frames", title=f"{int(table['frames'].sum()):,} frames")
    axes.set_xlim(0, 1.25 * max(float(table["high"].fillna(0.0).max()), 0.01))  # room for the numbers
