"""The detector image without a browser: for saved notebooks and reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.panels._image_limits import DIVERGING, Limits, forward, inverse
from pulsetrain.panels._image_overlays import Overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Look", "Part", "draw_image", "draw_images"]

_MOST = 512  # pixels along the longer side: what a figure of this size shows
_GAP, _MASKED = (222, 222, 224), (158, 158, 163)
_MARKERS = {"square": "s", "circle": "o", "cross": "x", "plus": "+", "diamond": "D"}


@dataclass(frozen=True)
class Look:
    """How values become colours; see `Contrast`.

    Attributes
    ----------
    pooling : {"peak", "mean"}
        What is shown of pixels that share a place.
    fade : float
        So many σ from zero a value must be to have its full colour.
    """

    scale: str
    colour_map: str
    limits: Limits
    threshold: float
    pooling: str = "peak"
    fade: float = 0.0

    def forward(self, values: Any) -> Any:
        return forward(self.scale, values, self.threshold)

    def inverse(self, places: Any) -> Any:
        return inverse(self.scale, places, self.threshold)


@dataclass(frozen=True)
class Part:
    """A frame of several that share a look.

    Attributes
    ----------
    name : str
    values : numpy.ndarray, shape (y, x)
    sure : numpy.ndarray, shape (y, x), or None
        How many σ each value is from zero.
    """

    name: str
    values: NDArray[Any]
    sure: NDArray[Any] | None = None


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
    return draw_images([Part(title, values)], mask, look, units=units, flipped=flipped, overlays=overlays)


def draw_images(
    parts: list[Part],
    mask: NDArray[np.bool_] | None,
    look: Look,
    *,
    title: str = "",
    units: str = "",
    flipped: tuple[bool, bool] = (False, False),
    overlays: Iterable[Overlay] = (),
) -> Figure:
    """Draw frames of one shape beside each other, with one colour bar; see `draw_image`."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import FuncNorm
    from matplotlib.figure import Figure

    height, width = parts[0].values.shape
    shape = min(max(height / width, 0.3), 2.0)
    wide = 6.2 if len(parts) == 1 else 10.4
    drawing = Figure((wide, 0.9 + 4.8 * shape), dpi=100, layout="constrained", facecolor="white")
    drawing.suptitle(title)
    every = drawing.subplots(1, len(parts), sharex=True, sharey=True, squeeze=False)[0]
    for axes, part in zip(every, parts, strict=True):
        axes.imshow(_coloured(part, mask, look), extent=(0, width, height, 0), interpolation="nearest")
        for overlay in overlays:
            _mark(axes, overlay)
        axes.set(xlim=(0, width), ylim=(height, 0), xlabel="x (px)", title=part.name)
    every[0].set_ylabel("y (px)")
    if flipped[0]:
        every[0].invert_xaxis()
    if flipped[1]:
        every[0].invert_yaxis()
    norm = FuncNorm((look.forward, look.inverse), *look.limits)
    bar = ScalarMappable(norm, look.colour_map)
    drawing.colorbar(bar, ax=every, label=units, pad=0.02, ticks=_ticks(look), format="%.4g")
    if every[0].get_legend_handles_labels()[0]:
        drawing.legend(*every[0].get_legend_handles_labels(), loc="outside lower left", ncols=4, frameon=False)
    return drawing


def _coloured(part: Part, mask: NDArray[np.bool_] | None, look: Look) -> NDArray[np.uint8]:
    """Return the picture, shape (y, x, 3)."""
    import matplotlib as mpl

    step = -(-max(part.values.shape) // _MOST)
    seen = part.values.astype(np.float32)
    seen[~np.isfinite(seen)] = np.nan
    masked = np.zeros(seen.shape, dtype=bool) if mask is None else mask & np.isfinite(seen)
    seen[masked] = np.nan
    best = _pooled(_blocks(seen, step, np.nan), look)
    low, high = look.forward(look.limits)
    share = (look.forward(best) - low) / (high - low)
    gap = np.isnan(best)
    table = mpl.colormaps[look.colour_map](np.arange(256))[:, :3] * 255
    colours = table[np.clip(np.where(gap, 0, np.nan_to_num(share, neginf=0) * 256), 0, 255).astype(int)]
    if look.fade > 0 and part.sure is not None:
        sure = np.clip(_blocks(part.sure, step, 0).max(axis=-1) / look.fade, 0, 1)[..., None]
        colours = sure * colours + (1 - sure) * np.array(_GAP)
    colours[gap] = _GAP
    colours[gap & _blocks(masked, step, fill=False).any(axis=-1)] = _MASKED
    return np.asarray(colours.round(), np.uint8)


def _pooled(blocks: NDArray[Any], look: Look) -> NDArray[Any]:
    """Return one value of each block, shape (y, x): the mean, or the most intense."""
    if look.pooling == "mean":
        count = np.isfinite(blocks).sum(axis=-1)
        return np.where(count > 0, np.nansum(blocks, axis=-1) / np.maximum(count, 1), np.nan)
    best: NDArray[Any] = np.fmax.reduce(blocks, axis=-1)
    if look.colour_map in DIVERGING and look.scale != "log":
        least = np.fmin.reduce(blocks, axis=-1)
        best = np.where(-least > best, least, best)
    return best


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
