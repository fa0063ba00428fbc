"""A picture without a browser: what a saved or exported notebook shows where the control was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.figures._theme import BOUNDARY, CLASSES, ESTIMATE
from pulsetrain.figures.spectra._axes import (
    Labels,
    as_seen,
    axis_label,
    binned,
    colour_span,
    interval,
    marked,
    number,
    said,
    with_unit,
)
from pulsetrain.spectra.labels import gap_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["static_summary"]


def static_summary(
    series: xr.DataArray,
    labels: Labels = None,
    result: xr.Dataset | None = None,
    estimate: xr.Dataset | None = None,
) -> Figure:
    """Draw the series with its boundary, and the curves along it, side by side on a shared spectrum axis.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    labels : array_like of int, shape (spectrum,), or mapping, optional
    result, estimate : xarray.Dataset, optional
        As for `pulsetrain.figures.spectra.waterfall`.

    Returns
    -------
    matplotlib.figure.Figure
        On white, so that it reads in a dark page too; not registered with pyplot.
    """
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(9, 4), dpi=100, layout="constrained", facecolor="white")
    map_axes, curve_axes = drawing.subplots(1, 2, sharey=True, width_ratios=(2, 1))
    values = marked(labels, len(series))
    _map(map_axes, series, values)
    _curves(curve_axes, series, values, result, estimate)
    for axes in (map_axes, curve_axes):
        for found, colour, dash in ((result, BOUNDARY, "--"), (estimate, ESTIMATE, "-")):
            if (band := interval(found)) is not None:
                axes.axhspan(*band, color=colour, alpha=0.3, linewidth=0)
            if np.isfinite(place := number(found, "boundary")):
                axes.axhline(place, color=colour, linestyle=dash, linewidth=2)
    return drawing


def _map(axes: Axes, series: xr.DataArray, labels: NDArray[np.int64]) -> None:
    axis = np.asarray(series["axis"], dtype=float)
    seen = as_seen(binned(np.asarray(series, dtype=float)), "linear")
    low, high, signed = colour_span(seen)
    shown = axes.imshow(
        seen, origin="lower", aspect="auto", extent=(axis[0], axis[-1], -0.5, len(series) - 0.5),
        cmap="PuOr_r" if signed else "viridis", vmin=low, vmax=high,
    )  # fmt: skip
    words = with_unit(str(series.attrs.get("long_name", "intensity")), series)
    axes.figure.colorbar(shown, ax=axes, label=words, pad=0.01)
    for label, marker in ((0, "o"), (1, "s")):
        at = np.flatnonzero(labels == label)
        axes.plot(
            np.full(len(at), axis[0]), at, marker, color=CLASSES[label], markeredgecolor="white", clip_on=False,
            label=f"labelled {label}",
        )  # fmt: skip
    axes.set(xlabel=axis_label(series["axis"]), ylabel="spectrum", title="Series of spectra")


def _curves(
    axes: Axes, series: xr.DataArray, labels: NDArray[np.int64], result: xr.Dataset | None, estimate: xr.Dataset | None
) -> None:
    index = np.arange(len(series))
    if result is not None:
        axes.plot(
            np.asarray(result["probability"]), index, ".-", color=BOUNDARY, label=_legend("network", series, result)
        )
    if estimate is not None and "fraction" in estimate:
        axes.plot(
            np.asarray(estimate["fraction"]), index, color=ESTIMATE, label=_legend("transition", series, estimate)
        )
    if np.isfinite(middle := gap_middle(labels)):
        axes.axhline(middle, color="grey", linestyle=":", label="gap's middle")
    for label, marker in ((0, "o"), (1, "s")):
        at = np.flatnonzero(labels == label)
        axes.plot(np.full(len(at), label), at, marker, color=CLASSES[label], markersize=4)
    axes.set(xlabel="class 1", xlim=(-0.05, 1.05), title="Along the series")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.15))


def _legend(name: str, series: xr.DataArray, found: xr.Dataset) -> str:
    place = number(found, "boundary")
    if not np.isfinite(place):
        return f"{name}: no boundary"
    value = said(series, place)
    return f"{name}: {place:.1f}" + (f" = {value}" if value else "")
