"""Which part of the axis a decision rests on, under the spectra it was made from."""

from __future__ import annotations

import numpy as np
import xarray as xr
from bokeh.layouts import column
from bokeh.models import Column, Range1d
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import CLASSES, LINES, Theme, dress, themed
from pulsetrain.figures.spectra._axes import Labels, axis_label, binned, marked, with_unit

__all__ = ["importance"]


def importance(
    series: xr.DataArray,
    importances: xr.DataArray,
    labels: Labels = None,
    *,
    height: int = 500,
    theme: Theme = "auto",
) -> Column:
    """Draw the importance of each channel under the mean spectra of both classes, on a shared axis.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    importances : xarray.DataArray, dims (…, channel)
        Any sign and scale. A dimension ``method`` or ``model`` makes one curve each; over all others the mean of the
        magnitude is taken. Each curve is drawn as a share of its own sum, so that curves compare.
    labels : array_like of int, shape (spectrum,), or mapping
        The classes whose mean spectra are drawn; without any, the mean of the whole series is.
    height : int, pixels
    theme
        ``"auto"`` follows the page.

    Returns
    -------
    bokeh.models.Column
        Two figures, spectra above, importance below.
    """
    axis = _thin(np.asarray(series["axis"], dtype=float))
    shared = Range1d(float(axis[0]), float(axis[-1]))
    spectra = themed(
        "Mean spectra of the labelled classes", axis_label(series["axis"]), with_unit("mean", series),
        height=height // 2, theme=theme, x_range=shared,
    )  # fmt: skip
    _means(spectra, axis, series, labels)
    curves = themed(
        "What the decision rests on", axis_label(series["axis"]), "share of importance (%)",
        height=height - height // 2, theme=theme, x_range=shared,
    )  # fmt: skip
    for (name, curve), colour in zip(_curves(importances).items(), LINES[2:] + LINES[:2], strict=False):
        drawn = _thin(curve)
        curves.line(
            axis, 100 * drawn / max(float(drawn.sum()), 1e-300), color=colour, line_width=1.5, legend_label=name
        )
    for plot in (spectra, curves):
        if plot.legend:
            plot.legend.click_policy = "hide"
        dress(plot, theme)
    return column(spectra, curves, sizing_mode="stretch_width")


def _means(plot: figure, axis: NDArray[np.float64], series: xr.DataArray, labels: Labels) -> None:
    values, classes = np.asarray(series, dtype=float), marked(labels, len(series))
    for label, dash in ((0, "solid"), (1, "dashed")):
        chosen = classes == label
        if chosen.any():
            mean = _thin(values[chosen].mean(axis=0))
            plot.line(axis, mean, color=CLASSES[label], line_width=1.5, line_dash=dash, legend_label=f"class {label}")
    if not (classes >= 0).any():
        plot.line(axis, _thin(values.mean(axis=0)), color=CLASSES[0], line_width=1.5, legend_label="all spectra")


def _curves(importances: xr.DataArray) -> dict[str, NDArray[np.float64]]:
    magnitude = abs(importances)
    kept = [name for name in ("method", "model") if name in importances.dims]
    magnitude = magnitude.mean([name for name in importances.dims if name not in (*kept, "channel")])
    if not kept:
        name = str(importances.attrs.get("method", importances.name or "importance"))
        return {name.replace("_", " "): np.asarray(magnitude, dtype=float)}
    stacked = magnitude.stack(curve=kept).transpose("curve", "channel")
    names = [" ".join(map(str, np.atleast_1d(value))).replace("_", " ") for value in stacked["curve"].to_numpy()]
    return dict(zip(names, np.asarray(stacked, dtype=float), strict=True))


def _thin(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(binned(curve[None, :], columns=1500)[0])
