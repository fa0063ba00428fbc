"""Attention maps, each over what its positions really are."""

from __future__ import annotations

import numpy as np
import xarray as xr
from bokeh.layouts import row
from bokeh.models import ColorBar, LinearColorMapper, Range1d, Row
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import MATRIX, Theme, dress, themed
from pulsetrain.figures.spectra._axes import axis_label, binned

__all__ = ["attention"]

_NAMES = {
    "channel": ("Channel attention", "channel of the convolution"),
    "temporal": ("Temporal attention", "spectrum"),
    "spatial": ("Spatial attention (learned)", "learned position"),
}


def attention(maps: xr.Dataset, series: xr.DataArray | None = None, *, height: int = 360, theme: Theme = "auto") -> Row:
    """Draw every attention map that a network has.

    Parameters
    ----------
    maps : xarray.Dataset
        ``channel`` (8, 8), ``temporal`` (spectrum, spectrum), ``spatial`` (position, position), as far as there are
        any. Rows ask, columns answer.
    series : xarray.DataArray, optional
        Gives the axis its name where the spatial positions lie on it.
    height : int, pixels
    theme
        ``"auto"`` follows the page.

    Returns
    -------
    bokeh.models.Row
        The published spatial positions are mixtures of all of the axis and say so; only those of the variant that
        attends over places, recognised by a coordinate along its positions, are drawn over the axis.

    Raises
    ------
    ValueError
        If the dataset holds none of the three.
    """
    names = [name for name in _NAMES if name in maps]
    if not names:
        raise ValueError(
            f"attention: got maps {list(maps)}, allowed {', '.join(_NAMES)}; only networks with attention have any"
        )
    return row(*(_map(maps[name], name, series, height, theme) for name in names), sizing_mode="stretch_width")


def _map(values: xr.DataArray, name: str, series: xr.DataArray | None, height: int, theme: Theme) -> figure:
    title, label = _NAMES[name]
    low, high = -0.5, values.shape[-1] - 0.5
    places = _places(values) if name == "spatial" else None
    if places is not None:
        step = (places[-1] - places[0]) / max(len(places) - 1, 1)
        low, high = places[0] - step / 2, places[-1] + step / 2
        title = "Spatial attention"
        label = axis_label(series["axis"]) if series is not None else axis_label(values[values.dims[-1]])
    shown = binned(np.asarray(values, dtype=float).reshape(-1, *values.shape[-2:]).mean(axis=0), 360, 360)
    top = float(shown.max()) or 1.0
    plot = themed(
        title, f"attends to {label}", label, height=height, theme=theme, x_range=Range1d(low, high),
        y_range=Range1d(low, high), tools="box_zoom,reset,save",
    )  # fmt: skip
    plot.grid.visible = False
    mapper = LinearColorMapper(palette=MATRIX, low=0, high=top)
    levels = LinearColorMapper(palette=MATRIX, low=0, high=255)
    image = np.clip(255 * shown / top, 0, 255).round().astype(np.uint8)
    plot.image(image=[image], x=low, y=low, dw=high - low, dh=high - low, color_mapper=levels, name=name)
    plot.add_layout(ColorBar(color_mapper=mapper, width=12, padding=6, title="weight"), "right")
    return dress(plot, theme)


def _places(values: xr.DataArray) -> NDArray[np.float64] | None:
    """Return where the positions lie on the axis; None for learned ones."""
    for name in ("axis", values.dims[-1]):
        if name in values.coords:
            places = np.asarray(values[name], dtype=float)
            if len(places) == values.shape[-1] and not np.array_equal(places, np.arange(len(places))):
                return places
    return None
