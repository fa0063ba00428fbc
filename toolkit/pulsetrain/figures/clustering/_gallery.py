"""Frames side by side, small, on a logarithmic scale."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["MASKED", "autocorrelation", "frame", "gallery", "thumbnails"]

MASKED = 255
_FEW = 6.0  # photons in the brightest pixel below which a frame is drawn dark: noise must not look like a hit


def thumbnails(block: NDArray[np.floating], side: int = 96) -> NDArray[np.uint8]:
    """Make frames small: log(1 + photons) of their middle, each frame by its own brightest pixels.

    Parameters
    ----------
    block : float, shape (n, y, x), photons, NaN where masked
        Square, as `pulsetrain.clustering.FrameScorer.block` gives them.
    side : int, pixels
        Most of a thumbnail; what lies further out is cut off: it is dark, and fringes in the middle want the room.

    Returns
    -------
    numpy.ndarray, shape (n, side, side), uint8
        0 … 254 from nothing to the brightest, 255 where all is masked.
    """
    n, height, width = block.shape
    step = max(1, min(height, width) // 128)
    side = min(side, height // step, width // step)
    y, x = (height - step * side) // 2, (width - step * side) // 2
    parts = block[:, y : y + step * side, x : x + step * side].reshape(n, side, step, side, step)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice|All-NaN slice", RuntimeWarning)
        small = np.nanmean(parts, axis=(2, 4)) if step > 1 else parts[:, :, 0, :, 0]
        top = np.nan_to_num(np.nanpercentile(small.reshape(n, -1), 99.8, axis=1)) if n else np.empty(0)
    shade = np.log1p(np.maximum(small, 0)) / np.log1p(np.maximum(top, _FEW / step**2))[:, None, None]
    made = np.clip(254 * shade, 0, 254)
    return np.where(np.isnan(made), MASKED, np.nan_to_num(made)).astype(np.uint8)


def gallery(
    block: NDArray[np.floating],
    titles: Sequence[str] = (),
    *,
    columns: int = 6,
    pitch: float | None = None,
    words: str = "",
) -> Figure:
    """Draw frames in a grid, each with the logarithm of its photons.

    Parameters
    ----------
    block : float, shape (n, y, x), photons, NaN where masked
    titles : sequence of str
        One a frame.
    columns : int
    pitch : float, optional
        Of a pixel in 1/nm of q = (4π/λ) sin θ; then the axes are in q, else in pixels from the middle.
    words : str
        Above all of them.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; a notebook shows it as it is.
    """
    from pulsetrain.figures._drawing import Drawing

    count = max(len(block), 1)
    columns = min(columns, count)
    rows = -(-count // columns)
    drawing = Drawing(
        figsize=(1.75 * columns + 0.6, 1.95 * rows + 0.7), dpi=100, layout="constrained", facecolor="white"
    )
    grid = drawing.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid.flat[len(block) :]:
        axes.set_axis_off()
    shown = None
    for k, (axes, picture) in enumerate(zip(grid.flat, block, strict=False)):
        shown = axes.imshow(
            np.log10(1 + np.maximum(picture, 0)), cmap=_colours(), extent=_extent(picture.shape, pitch),
            interpolation="nearest", vmin=0, vmax=np.log10(1 + max(np.nanmax(picture, initial=0), _FEW)),
        )  # fmt: skip
        axes.set_title(titles[k] if k < len(titles) else "", fontsize="small")
        axes.tick_params(labelsize="x-small")
    unit = "px" if pitch is None else "1/nm"
    drawing.supxlabel(f"x ({unit})" if pitch is None else "q$_x$ (1/nm)", fontsize="medium")
    drawing.supylabel(f"y ({unit})" if pitch is None else "q$_y$ (1/nm)", fontsize="medium")
    if shown is not None:
        drawing.suptitle(words or "log₁₀(1 + photons), each frame to its brightest pixel", fontsize="medium")
    return drawing


def frame(
    picture: NDArray[np.floating],
    power: NDArray[np.floating] | None = None,
    *,
    pitch: float | None = None,
    title: str = "",
) -> Figure:
    """Draw one frame and, beside it, its autocorrelation, where particles side by side make peaks off the middle.

    Parameters
    ----------
    picture : float, shape (y, x), photons, NaN where masked
    power : float, shape (64, 64), optional
        ``log(1 + power)`` of the autocorrelation, the second of a frame's views (`pulsetrain.clustering.FrameScorer`).
    pitch : float, optional
        As for `gallery`.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    from pulsetrain.figures._drawing import Drawing

    parts = 1 if power is None else 2
    drawing = Drawing(figsize=(5.0 * parts, 4.3), dpi=100, layout="constrained", facecolor="white")
    grid = drawing.subplots(1, parts, squeeze=False)[0]
    extent = _extent(picture.shape, pitch)
    seen = grid[0].imshow(np.log10(1 + np.maximum(picture, 0)), cmap=_colours(), extent=extent, interpolation="nearest")
    drawing.colorbar(seen, ax=grid[0], label="log₁₀(1 + photons)")
    names = ("x (px)", "y (px)") if pitch is None else ("q$_x$ (1/nm)", "q$_y$ (1/nm)")
    grid[0].set(xlabel=names[0], ylabel=names[1], title=title)
    if power is not None:
        autocorrelation(grid[1], power)
    return drawing


def autocorrelation(axes: Any, power: NDArray[np.floating]) -> None:
    """Draw an autocorrelation into axes; arguments as for `frame`."""
    seen = axes.imshow(power, cmap="magma", extent=_extent(power.shape, None), interpolation="nearest")
    axes.figure.colorbar(seen, ax=axes, label="log(1 + power / mean of the noise)")
    axes.set(xlabel="lag in x (steps)", ylabel="lag in y (steps)", title="Autocorrelation")


def _extent(shape: tuple[int, ...], pitch: float | None) -> tuple[float, float, float, float]:
    height, width = (size * (pitch or 1.0) / 2 for size in shape)
    return -width, width, height, -height


def _colours() -> Any:
    import matplotlib as mpl

    return mpl.colormaps["viridis"].with_extremes(bad="#c8c8cc")
