"""A picture without a browser: what a saved or exported notebook shows where the control was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pulsetrain.figures.boosting._frames import Images, images
from pulsetrain.figures.boosting._pictures import Content, colours, norm_of, photon_bar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["static_summary"]

_WIDEST = 2.0  # times the image: a relative σ above tells nothing more
_DARK = 1.0  # photon, below which a ratio would show noise only


def static_summary(
    before: Images,
    after: Images,
    std: Images | None = None,
    *,
    gain: float = 1.0,
    truth: Images | None = None,
    content: Content = "diffraction",
    calibrated: bool | None = None,
    title: str = "",
) -> Figure:
    """Draw a frame, what was made of it, and how far that may be off, side by side.

    Parameters
    ----------
    before : float, shape (y, x), photons of the poor condition, NaN where masked
        Shown over the gain, on the scale of `after`.
    after : float, shape (y, x), photons of the good condition
    std : float, shape (y, x), photons of the good condition, optional
        Shown over the image, or over one photon where there is less.
    gain : float
        Photons in the poor condition for each in the good one.
    truth : float, shape (y, x), photons of the good condition, optional
    content : {'diffraction', 'imaging'}
        Diffraction is drawn over decades.
    calibrated : bool, optional
        Of the standard deviation; said in its title.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        On white, so that it reads in a dark page too; not registered with pyplot.
    """
    from pulsetrain.figures._drawing import Drawing

    boosted = images(after)[0]
    pictures = {"input / gain": images(before)[0] / gain, "boosted": boosted}
    if truth is not None:
        pictures["truth"] = images(truth)[0]
    parts = len(pictures) + (std is not None)
    height, width = boosted.shape
    drawing = Drawing(
        figsize=(3.3 * parts + 0.6, 3.1 * min(max(height / width, 0.4), 2.0) + 0.7), dpi=100, layout="constrained",
        facecolor="white",
    )  # fmt: skip
    grid = drawing.subplots(1, parts, squeeze=False, sharex=True, sharey=True)[0]
    norm = norm_of(boosted if truth is None else pictures["truth"], content)
    for axes, (words, picture) in zip(grid, pictures.items(), strict=False):
        seen = axes.imshow(picture, cmap=colours(), norm=norm, interpolation="nearest")
        axes.set(title=words, xlabel="x (px)")
    grid[0].set_ylabel("y (px)")
    shared = list(grid[: len(pictures)])
    photon_bar(drawing, seen, shared)
    if std is not None:
        relative = 100 * images(std)[0] / np.maximum(boosted, _DARK)
        known = relative[np.isfinite(relative)]
        top = min(float(np.percentile(known, 99)) if len(known) else 1.0, 100 * _WIDEST)
        shown = grid[-1].imshow(relative, cmap=colours("cividis"), vmin=0, vmax=top, interpolation="nearest")
        state = {None: "", True: ", calibrated", False: ", not calibrated"}[calibrated]
        grid[-1].set(title=f"σ / boosted{state}", xlabel="x (px)")
        drawing.colorbar(shown, ax=grid[-1], label="% of boosted, of at least 1 photon", extend="max", pad=0.02)
    drawing.suptitle(title, fontsize="medium")
    return drawing
