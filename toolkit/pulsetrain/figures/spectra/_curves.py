"""Curves along the series, along its possible boundaries and along the training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from bokeh.models import BoxAnnotation, HoverTool, Range1d, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import BOUNDARY, CLASSES, ESTIMATE, LINES, Theme, dress, themed
from pulsetrain.figures.spectra._axes import Labels, interval, marked, number, order_axis, said
from pulsetrain.spectra.labels import gap_middle

__all__ = ["loss", "posterior", "probability"]


def probability(
    series: xr.DataArray,
    result: xr.Dataset | None = None,
    estimate: xr.Dataset | None = None,
    labels: Labels = None,
    *,
    height: int = 300,
    theme: Theme = "auto",
) -> figure:
    """Draw what a classifier and the transition estimator say of each spectrum.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    result : xarray.Dataset, optional
        ``probability`` (spectrum,) of class 1; the boundary is a dashed line in a band, its 90 % interval.
    estimate : xarray.Dataset, optional
        ``fraction`` (spectrum,) of the new phase, with ``fraction_interval`` (bound, spectrum) if there is one; the
        boundary is a full line in a band.
    labels : array_like of int, shape (spectrum,), or mapping, optional
        Drawn as discs at 0 and squares at 1; the dotted line is the middle of the gap between them, which needs no
        method at all.
    height : int, pixels
    theme
        ``"auto"`` follows the page.

    Returns
    -------
    bokeh.plotting.figure
    """
    plot = themed(
        _title(series, result, estimate),
        "spectrum",
        "class 1",
        height=height,
        theme=theme,
        x_range=Range1d(-0.5, len(series) - 0.5),
        y_range=Range1d(-0.08, 1.08),
    )
    _labels(plot, marked(labels, len(series)))
    index = np.arange(len(series))
    if estimate is not None:
        if "fraction_interval" in estimate:
            low, high = np.asarray(estimate["fraction_interval"])
            plot.varea(index, low, high, color=ESTIMATE, alpha=0.3)
        if "fraction" in estimate:
            share = np.asarray(estimate["fraction"])
            plot.line(index, share, color=ESTIMATE, line_width=2.5, legend_label="share of new phase")
    if result is not None:
        values = np.asarray(result["probability"])
        drawn = plot.line(index, values, color=BOUNDARY, line_width=1.5, legend_label="network")
        plot.scatter(index, values, color=BOUNDARY, size=4)
        plot.add_tools(HoverTool(renderers=[drawn], tooltips="spectrum @x, probability @y{0.000}", visible=False))
    for found, colour, dash in ((result, BOUNDARY, "dashed"), (estimate, ESTIMATE, "solid")):
        _boundary(plot, found, colour, dash)
    if (second := order_axis(series)) is not None:
        plot.add_layout(second, "above")
    return dress(plot, theme)


def posterior(estimate: xr.Dataset, *, height: int = 240, theme: Theme = "auto") -> figure:
    """Draw how likely each place is for the boundary.

    Parameters
    ----------
    estimate : xarray.Dataset
        With ``posterior`` (position,) over positions in spectra, and the boundary with its 90 % interval.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    density = estimate["posterior"]
    at = np.asarray(density[density.dims[0]], dtype=float)
    values = np.asarray(density, dtype=float)
    plot = themed(
        "Where the boundary may be", "boundary (spectrum)", "density (1/spectrum)", height=height, theme=theme
    )
    plot.varea(at, 0, values, color=ESTIMATE, alpha=0.4)
    plot.line(at, values, color=ESTIMATE, line_width=2)
    _boundary(plot, estimate, ESTIMATE, "solid")
    # Nearly all of the posterior lies on a small part of the series: show that part.
    weight = np.cumsum(values) / values.sum()
    low, high = np.interp((0.001, 0.999), weight, at)
    margin = max(0.25 * (high - low), 1.0)
    plot.x_range = Range1d(low - margin, high + margin)
    plot.y_range.start = 0
    return dress(plot, theme)


def loss(history: Sequence[float] | dict[str, Sequence[float]], *, height: int = 220, theme: Theme = "auto") -> figure:
    """Draw the loss of the training, one curve or several by name.

    Parameters
    ----------
    history : sequence of float, or mapping of name to such
        Loss after each step.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    curves = history if isinstance(history, dict) else {"loss": history}
    positive = all(len(curve) == 0 or min(curve) > 0 for curve in curves.values())
    plot = themed(
        "Training", "step", "binary cross entropy", height=height, theme=theme,
        y_axis_type="log" if positive else "linear",
    )  # fmt: skip
    for (name, curve), colour in zip(curves.items(), LINES * (1 + len(curves) // len(LINES)), strict=False):
        legend = {"legend_label": name} if len(curves) > 1 else {}
        plot.line(np.arange(1, len(curve) + 1), np.asarray(curve), color=colour, line_width=2, name=name, **legend)
    return dress(plot, theme)


def _labels(plot: figure, classes: NDArray[np.int64]) -> None:
    for label, marker in ((0, "circle"), (1, "square")):
        at = np.flatnonzero(classes == label)
        if len(at):
            plot.scatter(
                at, np.full(len(at), float(label)), marker=marker, size=7, color=CLASSES[label],
                legend_label=f"label {label}",
            )  # fmt: skip
    middle = gap_middle(classes)
    if np.isfinite(middle):
        plot.add_layout(
            Span(dimension="height", location=middle, line_color="#808080", line_dash="dotted", line_width=2)
        )
        plot.line([np.nan], [np.nan], color="#808080", line_dash="dotted", line_width=2, legend_label="gap's middle")


def _boundary(plot: figure, found: xr.Dataset | None, colour: str, dash: str) -> None:
    place, band = number(found, "boundary"), interval(found)
    if band is not None:
        plot.add_layout(BoxAnnotation(left=band[0], right=band[1], fill_color=colour, fill_alpha=0.18, line_color=None))
    if np.isfinite(place):
        plot.add_layout(Span(dimension="height", location=place, line_color=colour, line_width=2, line_dash=dash))


def _title(series: xr.DataArray, result: xr.Dataset | None, estimate: xr.Dataset | None) -> str:
    parts = []
    for name, found in (("network", result), ("transition", estimate)):
        place = number(found, "boundary")
        if found is None:
            continue
        band, value = interval(found), said(series, place)
        text = f"{name} none" if not np.isfinite(place) else f"{name} {place:.1f}"
        text += f" [{band[0]:.1f}, {band[1]:.1f}]" if band else ""
        parts.append(text + (f" = {value}" if value else ""))
    return f"Boundary: {'; '.join(parts)}" if parts else "Along the series"
