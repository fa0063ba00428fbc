"""A pattern with its peaks and predicted spots, as a picture that needs no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures.detector import FlatDetector
from pulsetrain.tuning.prediction import predict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FOUND", "PREDICTED", "frame", "peak_pixels", "spot_pixels"]

FOUND, PREDICTED = "#00e5ff", "#ff8ad8"  # on a dark ground, as in the detector image of the controls


def peak_pixels(result: xr.Dataset, pattern: int) -> NDArray[np.int64]:
    """Return the flat pixels of the peaks of one pattern (its position in the result)."""
    pixels: NDArray[np.int64] = result["peak_pixel"].to_numpy()
    chosen: NDArray[np.int64] = pixels[result["peak_pattern"].to_numpy() == pattern]
    return chosen


def spot_pixels(result: xr.Dataset, pattern: int, geometry: CrystFELGeometry, cell: UnitCell) -> NDArray[np.int64]:
    """Return the flat pixels of the spots predicted from the crystals of one pattern; none without a crystal.

    Parameters
    ----------
    result : xarray.Dataset
        Of an engine's ``evaluate``.
    pattern : int
        Its position in the result.
    geometry : CrystFELGeometry
        At the camera length that the result was made with.
    cell : UnitCell
    """
    found = np.asarray(result["crystal_axes"])[np.asarray(result["crystal_pattern"]) == pattern]
    spots = [predict(axes, geometry, centering=cell.centering).pixel for axes in found]
    return np.concatenate(spots) if spots else np.empty(0, dtype=np.int64)


def frame(
    pattern: ArrayLike,
    detector: FlatDetector,
    peaks: ArrayLike = (),
    spots: ArrayLike = (),
    *,
    title: str = "",
    bad: NDArray[np.bool_] | None = None,
    units: str = "",
) -> Figure:
    """Draw one pattern with squares around its peaks and rings around its predicted spots, as seen along the beam.

    Parameters
    ----------
    pattern : array_like, shape of the detector's geometry
    detector : FlatDetector
    peaks, spots : array_like of int
        Flat pixels, see `peak_pixels` and `spot_pixels`.
    title : str
    bad : numpy.ndarray of bool, optional
        Pixels that are left out.
    units : str
        Of the intensities.

    Returns
    -------
    matplotlib.figure.Figure
        Not registered with pyplot; a notebook shows it as it is.
    """
    from pulsetrain.figures._drawing import Drawing

    picture = detector.picture(pattern, bad)
    rows, columns = detector.shape
    height = min(6.4, 1.1 + 6.0 * rows / columns)  # inches
    drawing = Drawing(figsize=(7.4, height), dpi=100, layout="constrained", facecolor="white")
    axes = drawing.subplots()
    left, low = float(picture["x"][0]), float(picture["y"][0])
    extent = (left, left + columns, low, low + rows)
    shown = axes.imshow(
        _logarithm(picture.to_numpy()), cmap=_colours(), extent=extent, origin="lower", interpolation="nearest"
    )
    drawing.colorbar(shown, ax=axes, label=f"log₁₀(1 + intensity{f' ({units})' if units else ''})")
    for pixels, marker, size, colour, words in (
        (spots, "o", 46, PREDICTED, "predicted spots"),
        (peaks, "s", 26, FOUND, "peaks"),
    ):
        x, y = detector.places(pixels).T
        axes.scatter(
            x + left, y + low, marker=marker, s=size, facecolors="none", edgecolors=colour, linewidths=0.9,
            label=f"{len(x)} {words}",
        )  # fmt: skip
    axes.invert_xaxis()
    axes.plot(0, 0, "+", color="#D55E00", markersize=10)
    axes.set(xlabel="x (px from the beam)", ylabel="y (px from the beam)", title=title)
    axes.legend(loc="upper right", fontsize="small", facecolor="#202020", labelcolor="white", framealpha=0.8)
    return drawing


def _logarithm(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.log10(1 + np.maximum(picture, 0)), dtype=np.float32)


def _colours() -> Any:
    import matplotlib as mpl

    return mpl.colormaps["gray"].with_extremes(bad="#3a3f4a")
