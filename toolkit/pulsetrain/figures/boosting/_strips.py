"""What the same few frames became along a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pulsetrain.figures.boosting._pictures import Content, colours, norm_of, photon_bar

if TYPE_CHECKING:
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

__all__ = ["Strips", "strips"]

_SIDE = 1.15  # inches, of a tile
_GAP = 0.06  # of a tile's width, between tiles


class Strips(Protocol):
    """Images along a training, as each of `pulsetrain.boosting.Booster.history` has them."""

    @property
    def strip_step(self) -> Sequence[int]:
        """Optimiser steps after which frames were looked at."""

    @property
    def strips(self) -> Sequence[NDArray[np.floating]]:
        """What they became, each of shape (frame, y, x), photons of the good condition; NaN where masked."""


def strips(
    history: Strips,
    *,
    frames: int = 4,
    before: NDArray[np.floating] | None = None,
    truth: NDArray[np.floating] | None = None,
    content: Content = "diffraction",
    title: str = "",
) -> Figure:
    """Draw what the same few frames became along a training: a row a frame, a column a step, one scale.

    Parameters
    ----------
    history : History
        One of `pulsetrain.boosting.Booster.history`; one that was loaded has no strips.
    frames : int
        Most rows.
    before, truth : float, shape (frame, y, x), photons of the good condition, optional
        The frames themselves, over the gain, and what is true of them: a first and a last column. What is masked
        in `before` is so in all.
    content : {'diffraction', 'imaging'}
        Diffraction is drawn over decades.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        On white; a notebook shows it as it is.

    Raises
    ------
    ValueError
        If the history has no strips.
    """
    from matplotlib.cm import ScalarMappable

    from pulsetrain.figures._drawing import Drawing

    if not history.strips:
        raise ValueError("this history has no strips; they are not saved with a booster: fit it to see them")
    seen = history.strips[0].shape[1:]
    before, truth = (each if each is None else _middle(each, seen) for each in (before, truth))
    columns = [(f"step {step:,}", strip) for step, strip in zip(history.strip_step, history.strips, strict=True)]
    columns = ([("input / gain", before)] if before is not None else []) + columns
    columns += [("truth", truth)] if truth is not None else []
    rows = min(frames, *(len(strip) for _, strip in columns))
    if before is not None:
        known = np.isfinite(before[:rows])
        columns = [(words, np.where(known, strip[:rows], np.nan)) for words, strip in columns]
    final = np.asarray(columns[-1 if truth is None else -2][1][:rows], dtype=float)
    norm = norm_of(final, content)  # an untrained network's images may be anything
    height, width = final.shape[1:]
    shape = min(max(height / width, 0.4), 2.5)
    drawing = Drawing(
        figsize=(_SIDE * len(columns) + 1.3, _SIDE * rows * shape + 0.75), dpi=100, layout="constrained",
        facecolor="white",
    )  # fmt: skip
    axes = drawing.subplots()
    mosaic = _mosaic(np.array([np.asarray(strip[:rows], dtype=float) for _, strip in columns]), norm)
    # One picture of all: axes for each would take seconds.
    smooth = "nearest" if width <= _SIDE * drawing.dpi else "antialiased"  # pixels are seen as such where there is room
    axes.imshow(mosaic, extent=(0, len(columns), rows, 0), aspect="auto", interpolation=smooth)
    axes.set_xticks(np.arange(len(columns)) + 0.5, [words for words, _ in columns], fontsize="small")
    axes.set_yticks(np.arange(rows) + 0.5, [f"frame {row}" for row in range(rows)], fontsize="small", rotation=90)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for tick in axes.get_yticklabels():
        tick.set_verticalalignment("center")
    axes.spines[:].set_visible(False)
    photon_bar(drawing, ScalarMappable(norm, colours()), axes)
    drawing.suptitle(title or f"Along the training; each frame {width} × {height} px", fontsize="medium")
    return drawing


def _middle(images: NDArray[np.floating], shape: tuple[int, ...]) -> NDArray[np.floating]:
    """Return the middle of images (n, y, x): of large frames, strips are no more."""
    starts = [(size - length) // 2 for size, length in zip(images.shape[1:], shape, strict=True)]
    rows, columns = (slice(start, start + length) for start, length in zip(starts, shape, strict=True))
    return images[:, rows, columns]


def _mosaic(tiles: NDArray[np.float64], norm: Normalize) -> NDArray[np.uint8]:
    """Return the colours of tiles (column, row, y, x) side by side, with white between them; (y, x, 4)."""
    count, rows, height, width = tiles.shape
    gap = max(1, round(_GAP * width))
    shown = np.full((rows, height + gap, count, width + gap, 4), 255, np.uint8)
    # AsinhNorm takes one axis only.
    place = norm(np.ma.masked_invalid(tiles.ravel())).reshape(tiles.shape)
    coloured = colours()(place, bytes=True)  # (column, row, y, x, 4)
    shown[:, :height, :, :width] = np.moveaxis(coloured, 0, 2)
    return shown.reshape(rows * (height + gap), count * (width + gap), 4)
