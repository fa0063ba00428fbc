"""A picture without a browser: what a saved or exported notebook shows where the control was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pulsetrain.figures.tuning._points import PARAMETERS, Evaluations, best_of, points
from pulsetrain.figures.tuning._rates import BEST, OWN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["static_summary"]

_RIM = "#808080"


def static_summary(path: Evaluations, own: Evaluations = ()) -> Figure:
    """Draw the rate over clen, min-snr and min-pix-count, and how the search went on, side by side.

    Parameters
    ----------
    path, own : xarray.Dataset or sequence of Evaluation
        As for `pulsetrain.figures.tuning.rates`.

    Returns
    -------
    matplotlib.figure.Figure
        On white, so that it reads in a dark page too; not registered with pyplot.
    """
    from matplotlib.ticker import MaxNLocator

    from pulsetrain.figures._drawing import Drawing

    drawing = Drawing(figsize=(12, 3.4), dpi=100, layout="constrained", facecolor="white")
    *curves, last = drawing.subplots(1, 4, sharey=True)
    for axes, parameter in zip(curves, PARAMETERS, strict=True):
        _points(axes, parameter.name, path, own)
        axes.set(xlabel=parameter.label, title=f"Rate over {parameter.words}")
    _snr_axis(curves[1], path, own)
    curves[0].set(ylabel="indexing rate", ylim=(0, None))
    _points(last, "number", path)
    tried = points(path)
    last.step(tried["number"], tried["best_rate"], where="post", color=BEST, zorder=1, label="best so far")
    last.set(xlabel="evaluation", title="Search")
    for axes in (curves[2], last):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(tried["rate"]):
        last.legend(fontsize="small")
    return drawing


def _points(axes: Axes, x: str, path: Evaluations, own: Evaluations = ()) -> None:
    tried, best, mine = points(path), best_of(path), points(own)
    for found, colour in ((tried, _RIM), (mine, OWN)):
        axes.vlines(found[x], found["low"], found["high"], color=colour, linewidth=1, zorder=1)
    axes.plot(mine[x], mine["rate"], "D", color=OWN, markeredgecolor=_RIM)
    if best is None:
        return
    axes.plot(tried[x], tried["rate"], color=_RIM, linewidth=0.7, alpha=0.5, zorder=1)
    axes.scatter(tried[x], tried["rate"], c=tried["number"], cmap="viridis", s=36, edgecolors=_RIM, zorder=2)
    axes.plot(tried[x][0], tried["rate"][0], "o", markersize=12, fillstyle="none", color=_RIM)
    axes.plot(tried[x][best], tried["rate"][best], "*", markersize=15, color=BEST, markeredgecolor=_RIM)


def _snr_axis(axes: Axes, path: Evaluations, own: Evaluations) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    values = np.concatenate([points(path)["min_snr"], points(own)["min_snr"]])
    axes.set_xscale("log")
    if len(values):
        ticks = [tick for tick in (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100) if tick <= 1.3 * values.max()]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(0.85 * values.min(), 1.18 * values.max())
