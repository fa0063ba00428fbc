"""What the same few frames became along a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from pulsetrain.figures.boosting._pictures import Content, colours, norm_of, photon_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Strips", "strips"]


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
    from pulsetrain.figures._drawing import Drawing

    if not history.strips:
        raise ValueError("this history has no strips; they are not saved with a booster: fit it to see them")
    columns = [(f"step {step:,}", strip) for step, strip in zip(history.strip_step, history.strips, strict=True)]
    columns = ([("input / gain", before)] if before is not None else []) + columns
    columns += [("truth", truth)] if truth is not None else []
    rows = min(frames, *(len(strip) for _, strip in columns))
    if before is not None:
        known = np.isfinite(before[:rows])
        columns = [(words, np.where(known, strip[:rows], np.nan)) for words, strip in columns]
    final = np.asarray(columns[-1 if truth is None else -2][1][:rows], dtype=float)
    height, width = final.shape[1:]
    norm = norm_of(final, content)  # an untrained network's images may be anything
    side = 1.15
    drawing = Drawing(
        figsize=(side * len(columns) + 1.3, side * rows * min(max(height / width, 0.4), 2.5) + 0.75), dpi=100,
        layout="constrained", facecolor="white",
    )  # fmt: skip
    grid = drawing.subplots(rows, len(columns), squeeze=False, sharex=True, sharey=True)
    for place, (words, strip) in enumerate(columns):
        for row in range(rows):
            axes = grid[row, place]
            seen = axes.imshow(np.asarray(strip[row]), cmap=colours(), norm=norm, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.set_ylabel(f"frame {row}" if place == 0 else "", fontsize="small")
        grid[0, place].set_title(words, fontsize="small")
    photon_bar(drawing, seen, grid)
    drawing.suptitle(title or f"Along the training; each frame {width} × {height} px", fontsize="medium")
    return drawing
