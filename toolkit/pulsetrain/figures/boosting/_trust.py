"""Whether standard deviations know where the errors are, and how large."""

from __future__ import annotations

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, DataRange1d, HoverTool, NumeralTickFormatter
from bokeh.plotting import figure

from pulsetrain.boosting.judging import Intervals
from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import log_ticks
from pulsetrain.figures.boosting._frames import Images, images

__all__ = ["error_by_std", "sparsification"]

_RIM = "#808080"
_LEAST = 30  # pixels of a bin


def sparsification(intervals: Intervals, *, height: int = 300, theme: Theme = "auto") -> figure:
    """Draw what error is left once the pixels of the largest standard deviations are left out.

    Parameters
    ----------
    intervals : Intervals
        As `pulsetrain.boosting.judging.judge_intervals` gives them.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    removed = np.arange(len(intervals.sparsification)) / len(intervals.sparsification)
    known = f": rank correlation of error and σ {intervals.spearman:.2f}" if np.isfinite(intervals.spearman) else ""
    plot = themed(
        f"Sparsification{known}", "share of pixels left out",
        "RMS error left / all", height=height, theme=theme, y_range=DataRange1d(start=0, range_padding=0.08),
    )  # fmt: skip
    plot.xaxis.formatter = NumeralTickFormatter(format="0 %")
    columns = {"x": removed, "std": intervals.sparsification, "oracle": intervals.oracle}
    source = ColumnDataSource(columns, name="sparsification")
    plot.varea("x", "oracle", "std", source=source, color=LINES[0], alpha=0.15)
    plot.line(
        "x", "oracle", source=source, color=_RIM, line_dash="dashed", line_width=2, legend_label="largest errors first"
    )
    plot.line(
        "x", "std", source=source, color=LINES[0], line_width=2.2,
        legend_label=f"largest σ first; between: AUSE {intervals.ause:.3f}",
    )  # fmt: skip
    dots = plot.scatter("x", "std", source=source, color=LINES[0], size=5)
    words = "without @x{0 %} of the pixels: @std{0.000} of the error is left; at best @oracle{0.000}"
    plot.add_tools(HoverTool(renderers=[dots], tooltips=words, visible=False))
    return dress(plot, theme)


def error_by_std(
    result: xr.Dataset, truth: Images, *, bins: int = 12, height: int = 320, theme: Theme = "auto"
) -> figure:
    """Draw the error of pixels over the standard deviation that was predicted for them.

    Parameters
    ----------
    result : xarray.Dataset
        With ``image`` and ``std``, as `pulsetrain.boosting.Booster.predict` gives them.
    truth : float, shape (pattern, y, x), photons of the good condition, without noise
    bins : int
        Of the logarithm of σ; those of fewer than 30 pixels are left out.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    image, std, true = (images(each) for each in (result["image"], result["std"], truth))
    live = np.isfinite(image) & np.isfinite(std) & np.isfinite(true) & (std > 0)
    sigma, square = std[live], (image[live] - true[live]) ** 2
    plot = themed(
        "Error over predicted σ", "predicted σ (photons)", "RMS error (photons)", height=height, theme=theme,
        x_axis_type="log", y_axis_type="log",
    )  # fmt: skip
    log_ticks(plot.axis, theme)
    if len(sigma):
        edges = np.geomspace(sigma.min(), sigma.max() * (1 + 1e-9), bins + 1)
        number = np.clip(np.searchsorted(edges, sigma, side="right") - 1, 0, bins - 1)
        count, variance, squares = (np.bincount(number, each, bins) for each in (None, sigma**2, square))
        enough = count >= _LEAST
        x, y = (np.sqrt(each[enough] / count[enough]) for each in (variance, squares))
        columns = {"x": x, "y": y, "pixels": count[enough], "ratio": y / x}
        ends = [float(sigma.min()), float(sigma.max())]
        plot.line(ends, ends, color=_RIM, line_dash="dashed", line_width=1.5, legend_label="as predicted")
        source = ColumnDataSource(columns, name="error")
        plot.line("x", "y", source=source, color=LINES[0], line_width=1.5)
        dots = plot.scatter("x", "y", source=source, color=LINES[0], size=8, legend_label="pixels of about that σ")
        words = "σ @x{0.00}: error @y{0.00} photons, @ratio{0.00} of it; @pixels{0,0} pixels"
        plot.add_tools(HoverTool(renderers=[dots], tooltips=words, visible=False))
    return dress(plot, theme)
