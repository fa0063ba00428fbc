"""The detector image without a browser: for saved notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.panels._image_limits import Limits, forward, inverse
from pulsetrain.panels._image_overlays import Overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Look", "draw_image"]

_MOST = 512  # pixels along the longer side: what a figure of this size shows
_GAP, _MASKED = (222, 222, 224), (158, 158, 163)
_MARKERS = {"square": "s", "circle": "o", "cross": "x", "plus": "+", "diamond": "D"}


@dataclass(frozen=True)
class Look:
    """How values become colours; see `Contrast`."""

    scale: str
    colour_map: str
    limits: Limits
    threshold: float

    def forward(self, values: Any) -> Any:
        return forward(self.scale, values, self.threshold)

    def inverse(self, places: Any) -> Any:
        return inverse(self.scale, places, self.threshold)


def draw_image(
    values: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    look: Look,
    *,
    title: str = "",
    units: str = "",
    flipped: tuple[bool, bool] = (False, False),
    overlays: Iterable[Overlay] = (),
) -> Figure:
    """Draw a frame with the contrast and the markers of the browser, on white.

    Parameters
    ----------
    values : numpy.ndarray, shape (y, x)
    mask : numpy.ndarray, shape (y, x), bool, or None
    look : Look
    flipped : (bool, bool)
        Whether x runs to the left and y upwards.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import FuncNorm
    from matplotlib.figure import Figure

    height, width = values.shape
    shape = min(max(height / width, 0.3), 2.0)
    drawing = Figure(figsize=(6.2, 0.9 + 4.8 * shape), dpi=100, layout="constrained", facecolor="white")
    axes = drawing.subplots()
    colours = _coloured(values, mask, look)
    axes.imshow(colours, extent=(0, width, height, 0), interpolation="nearest")
    for overlay in overlays:
        _mark(axes, overlay)
    axes.set(xlim=(0, width), ylim=(height, 0), xlabel="x (px)", ylabel="y (px)", title=title)
    if flipped[0]:
        axes.invert_xaxis()
    if flipped[1]:
        axes.invert_yaxis()
    norm = FuncNorm((look.forward, look.inverse), *look.limits)
    bar = ScalarMappable(norm, look.colour_map)
    drawing.colorbar(bar, ax=axes, label=units, pad=0.02, ticks=_ticks(look), format="%.4g")
    if axes.get_legend_handles_labels()[0]:
        drawing.legend(loc="outside lower left", ncols=4, frameon=False)
    return drawing


def _coloured(values: NDArray[Any], mask: NDArray[np.bool_] | None, look: Look) -> NDArray[np.uint8]:
    """Return the picture, shape (y, x, 3); of pixels that share a place the most intense is shown."""
    import matplotlib as mpl

    step = -(-max(values.shape) // _MOST)
    seen = values.astype(np.float32)
    seen[~np.isfinite(seen)] = np.nan
    masked = np.zeros(values.shape, dtype=bool) if mask is None else mask & np.isfinite(seen)
    seen[masked] = np.nan
    blocks = _blocks(seen, step, np.nan)
    best = np.fmax.reduce(blocks, axis=-1)
    if look.colour_map == "PuOr_r" and look.scale != "log":
        least = np.fmin.reduce(blocks, axis=-1)
        best = np.where(-least > best, least, best)
    low, high = look.forward(look.limits)
    share = (look.forward(best) - low) / (high - low)
    gap = np.isnan(best)
    table = (mpl.colormaps[look.colour_map](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
    colours: NDArray[np.uint8] = table[
        np.clip(np.where(gap, 0, np.nan_to_num(share, neginf=0) * 256), 0, 255).astype(int)
    ]
    colours[gap] = _GAP
    colours[gap & _blocks(masked, step, fill=False).any(axis=-1)] = _MASKED
    return colours


def _blocks(values: NDArray[Any], step: int, fill: Any) -> NDArray[Any]:
    height, width = values.shape
    padded = np.pad(values, ((0, -height % step), (0, -width % step)), constant_values=fill)
    parts = padded.reshape(padded.shape[0] // step, step, padded.shape[1] // step, step)
    return parts.transpose(0, 2, 1, 3).reshape(parts.shape[0], parts.shape[2], step * step)


def _mark(axes: Axes, overlay: Overlay) -> None:
    x, y = overlay.places.T
    common: dict[str, Any] = {"linestyle": "", "marker": _MARKERS[overlay.marker], "markersize": 7, "fillstyle": "none"}
    axes.plot(x, y, **common, color="black", alpha=0.65, markeredgewidth=2.6)
    label = f"{overlay.label} ({len(x)})"
    axes.plot(x, y, **common, color=overlay.colour, markeredgewidth=1.3, label=label)


def _ticks(look: Look) -> Any:
    from matplotlib.ticker import LogLocator, MaxNLocator, SymmetricalLogLocator

    low, high = look.limits
    if look.scale == "log":
        return LogLocator(subs=(1.0,) if high / low > 1000 else (1.0, 2.0, 5.0), numticks=8)
    if look.scale == "symlog":
        return SymmetricalLogLocator(base=10, linthresh=look.threshold)
    return MaxNLocator(6)
