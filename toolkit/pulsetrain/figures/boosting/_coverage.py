"""How much of the truth the intervals cover."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr
from bokeh.models import BoxAnnotation, ColumnDataSource, HoverTool, NumeralTickFormatter, Span
from bokeh.plotting import figure
from numpy.typing import NDArray
from scipy.stats import norm

from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import log_ticks
from pulsetrain.figures.boosting._frames import Images, images

__all__ = ["coverage"]

Floats = NDArray[np.float64]

_RIM = "#808080"
_ALLOWED = 0.02
_Z90 = 1.6448536269514722
_DECADES = 20.0  # from which ratio on intensities have a logarithmic axis
_BRIGHTEST = (1 / 3, 1 / 10)  # of the last bin, where it is split


def coverage(
    result: xr.Dataset,
    truth: Images,
    level: float | None = None,
    *,
    bins: int = 10,
    height: int = 300,
    theme: Theme = "auto",
) -> figure:
    """Draw the share of the truth that intervals cover, by predicted and, paler, by true intensity.

    Bins hold equally many pixels; where intensities go over decades, the brightest is split further. Error bars are
    90 % intervals (Wilson), from as many independent pixels as would scatter as the frames do: pixels of one frame err
    together.

    Parameters
    ----------
    result : xarray.Dataset
        With ``image`` and ``std``, as `pulsetrain.boosting.Booster.predict` gives them.
    truth : float, shape (pattern, y, x), photons of the good condition, without noise
    level : float, optional
        Share that shall be covered; by default the result's.
    bins : int
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    level = float(result.attrs.get("level", 0.9) if level is None else level)
    image, std, true = (images(each) for each in (result["image"], result["std"], truth))
    live = np.isfinite(image) & np.isfinite(std) & np.isfinite(true)
    inside = np.abs(image - true) <= norm.ppf((1 + level) / 2) * std
    overall = inside[live].mean() if live.any() else np.nan
    state = "calibrated" if result.attrs.get("calibrated") else "not calibrated"
    decades = _over_decades(image[live])
    shares = np.linspace(0, 1, bins + 1)
    shares = np.union1d(shares, 1 - np.array(_BRIGHTEST) / bins) if decades else shares
    curves = {name: _binned(inside, values, live, shares) for name, values in (("predicted", image), ("true", true))}
    plot = themed(
        f"{100 * level:g} % intervals cover {100 * overall:.1f} % of the truth ({state})", "intensity (photons)",
        "share covered", height=height, theme=theme, x_axis_type="log" if decades else "linear",
    )  # fmt: skip
    if decades:
        log_ticks(plot.xaxis, theme)
    plot.yaxis.formatter = NumeralTickFormatter(format="0 %")
    band = {"bottom": level - _ALLOWED, "top": min(level + _ALLOWED, 1.0)}
    plot.add_layout(BoxAnnotation(**band, fill_color=_RIM, fill_alpha=0.18, line_color=None, name="allowed"))
    plot.add_layout(Span(dimension="width", location=level, line_color=_RIM, line_dash="dashed", name="level"))
    for (name, curve), colour, marker in zip(curves.items(), LINES, ("circle", "square"), strict=False):
        faint = 1.0 if name == "predicted" else 0.6
        source = ColumnDataSource(curve, name=name)
        plot.segment("x", "low", "x", "high", source=source, color=colour, line_width=2, alpha=faint)
        plot.line("x", "share", source=source, color=colour, alpha=faint, line_width=1.5)
        dots = plot.scatter(
            "x", "share", source=source, marker=marker, size=7, color=colour, alpha=faint,
            legend_label=f"by {name} intensity",
        )  # fmt: skip
        words = (
            f"{name} @left{{0.00}} … @right{{0.00}} photons: @share{{0.0 %}} [@low{{0.0 %}}, @high{{0.0 %}}] "
            "of @pixels{0,0} pixels"
        )
        plot.add_tools(HoverTool(renderers=[dots], tooltips=words, visible=False))
    return dress(plot, theme)


def _over_decades(values: Floats) -> bool:
    low, high = np.quantile(values, (0.02, 0.98)) if len(values) else (0.0, 0.0)
    return bool(low > 0 and high > _DECADES * low)


def _binned(inside: NDArray[np.bool_], values: Floats, live: NDArray[np.bool_], shares: Floats) -> dict[str, Floats]:
    known = values[live]
    edges = np.unique(np.quantile(known, shares)) if len(known) else np.zeros(1)
    rows = []
    for left, right in pairwise(edges):
        there = live & (values >= left) & ((values < right) if right < edges[-1] else (values <= right))
        if not there.any():  # of few pixels, between two
            continue
        pixels, covered = (each.sum(axis=(1, 2)) for each in (there, there & inside))
        low, high = _interval(covered, pixels)
        share = covered.sum() / max(pixels.sum(), 1)
        rows.append((float(np.median(values[there])), share, low, high, left, right, pixels.sum()))
    names = ("x", "share", "low", "high", "left", "right", "pixels")
    return dict(zip(names, np.array(rows, dtype=float).reshape(-1, len(names)).T, strict=True))


def _interval(covered: NDArray[np.int64], pixels: NDArray[np.int64]) -> tuple[float, float]:
    """Return Wilson's interval of a share, its pixels (frame,) counted as their scatter between frames allows."""
    frames, total = int((pixels > 0).sum()), float(pixels.sum())
    share = covered.sum() / total
    if frames > 1:
        scatter = frames / (frames - 1) * np.sum((covered - share * pixels) ** 2) / total**2
        total = min(total, share * (1 - share) / scatter) if scatter > 0 else total
    middle = (share + _Z90**2 / (2 * total)) / (1 + _Z90**2 / total)
    half = _Z90 / (1 + _Z90**2 / total) * np.sqrt(share * (1 - share) / total + _Z90**2 / (4 * total**2))
    return float(middle - half), float(middle + half)
