"""Small pictures of what a key holds, and what they show in words."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Thumbnail", "draw_image", "draw_line", "draw_text"]

# Shares of the finite pixels below the darkest and above the brightest colour.
_PERCENTILES = (1.0, 99.5)
_MASKED = (128, 128, 128)
# A longer line is drawn by its envelope.
_PIECES = 2000
# Matplotlib's text is sized in points of 1/72 inch.
_DPI = 144
# Blue and orange of Okabe and Ito's palette, which colour-blind people tell apart, on a light and a dark page.
_LINE = {False: "#0072B2", True: "#56B4E9"}
_TEXT = {False: "#424242", True: "#d0d0d0"}


@dataclass(frozen=True)
class Thumbnail:
    """A small picture.

    Attributes
    ----------
    png : bytes
    words : str
        What it shows, for those who cannot see it and as its caption.
    """

    png: bytes
    words: str


def draw_image(values: NDArray[Any], size: tuple[int, int], units: str = "", *, square: bool = True) -> Thumbnail:
    """Draw a picture with robust contrast.

    Parameters
    ----------
    values : (y, x) array
        What is not finite is masked, and drawn grey.
    size : (width, height) in pixels
        The picture is fitted into it: averaged over blocks where larger, its pixels repeated where smaller.
    units : str
    square : bool
        Whether pixels are as wide as high, as those of a camera; else the picture fills what it is given.
    """
    import matplotlib as mpl
    from PIL import Image

    height, width = values.shape
    blocks = -(-height // size[1]), -(-width // size[0])
    small = _averaged(np.asarray(values, dtype=np.float32), (max(blocks), max(blocks)) if square else blocks)
    finite = np.isfinite(small)
    low, high = _contrast(small[finite])
    level = np.clip((np.where(finite, small, low) - low) / ((high - low) or 1.0), 0, 1)
    colours = mpl.colormaps["viridis"](level, bytes=True)[..., :3]
    colours[~finite] = _MASKED
    times = max(1, size[1] // small.shape[0]), max(1, size[0] // small.shape[1])
    down, across = (min(times), min(times)) if square else times
    picture = Image.fromarray(np.repeat(np.repeat(colours, down, axis=0), across, axis=1))
    file = io.BytesIO()
    picture.save(file, "PNG")
    words = f"dark to bright {low:.3g} … {high:.3g} {units}".rstrip() if finite.any() else "all masked"
    return Thumbnail(file.getvalue(), words)


def draw_line(
    y: NDArray[Any],
    x: NDArray[Any] | None,
    size: tuple[int, int],
    labels: tuple[str, str],
    *,
    dark: bool = False,
) -> Thumbnail:
    """Draw values over an axis.

    Parameters
    ----------
    y : (n,) array
    x : (n,) array, optional
        The default is the place in `y`.
    size : (width, height) in pixels
    labels : (x, y) labels with units
    dark : bool
        For a dark page; the picture's own ground is transparent.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values = np.asarray(y, dtype=np.float64)
    places = np.arange(values.size) if x is None else np.asarray(x)
    figure = Figure(figsize=(size[0] / _DPI, size[1] / _DPI), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    single = values.size == 1
    axes.plot(*_envelope(places, values), "o" if single else "-", color=_LINE[dark], linewidth=1.2, markersize=4)
    axes.set_xlabel(labels[0], color=_TEXT[dark], fontsize=10)
    axes.set_ylabel(labels[1], color=_TEXT[dark], fontsize=10)
    axes.tick_params(colors=_TEXT[dark], labelsize=9)
    axes.locator_params(nbins=4)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["bottom", "left"]].set_color(_TEXT[dark])
    axes.patch.set_alpha(0)
    file = io.BytesIO()
    figure.savefig(file, format="png", transparent=True)
    finite = values[np.isfinite(values)]
    words = f"{values.size} value{'s' if values.size != 1 else ''}"
    if finite.size:
        digits = ".0f" if np.issubdtype(np.asarray(y).dtype, np.integer) else ".4g"  # a train's number is told whole
        words += f", {finite.min():{digits}} … {finite.max():{digits}}, median {np.median(finite):{digits}}"
    lost = values.size - finite.size
    words += f", {lost} not finite" if lost else ""
    return Thumbnail(file.getvalue(), words)


def draw_text(text: str, size: tuple[int, int], *, dark: bool = False) -> Thumbnail:
    """Draw what is a word or one number."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0] / _DPI, size[1] / 3 / _DPI), dpi=_DPI)
    FigureCanvasAgg(figure)
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    # A dollar is a dollar, no formula.
    figure.text(0.5, 0.5, shown, ha="center", va="center", color=_TEXT[dark], fontsize=11, parse_math=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", transparent=True)
    return Thumbnail(file.getvalue(), text)


def _averaged(values: NDArray[np.float32], blocks: tuple[int, int]) -> NDArray[np.float32]:
    """Return means over blocks of finite pixels; a block without one is NaN, a part of a block at the rim counts."""
    if max(blocks) == 1:
        return values
    height, width = values.shape
    down, across = min(blocks[0], height), min(blocks[1], width)
    padded = np.pad(values, ((0, -height % down), (0, -width % across)), constant_values=np.nan)
    tiles = padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across)
    finite = np.isfinite(tiles)
    number = finite.sum(axis=(1, 3))
    total = np.where(finite, tiles, 0).sum(axis=(1, 3))
    means: NDArray[np.float32] = np.where(number > 0, total / np.maximum(number, 1), np.nan).astype(np.float32)
    return means


def _envelope(x: NDArray[Any], y: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return least and greatest value of each of so many pieces that more could not be told apart."""
    length = y.size // _PIECES
    if length < 4:
        return x, y
    pieces = y[: length * _PIECES].reshape(_PIECES, length)
    ends = np.stack([np.fmin.reduce(pieces, axis=1), np.fmax.reduce(pieces, axis=1)], axis=1)
    return np.repeat(x[: length * _PIECES : length], 2), ends.ravel()


def _contrast(finite: NDArray[np.float32]) -> tuple[float, float]:
    if not finite.size:
        return 0.0, 1.0
    low, high = map(float, np.percentile(finite, _PERCENTILES))
    if low == high:  # nearly all pixels are the same, as with few photons
        low, high = float(finite.min()), float(finite.max())
    return low, high
