"""A detector laid flat, as it is looked at along the beam: y upwards, x to the left."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry

__all__ = ["FlatDetector"]


class FlatDetector:
    """Puts the pixels of a pattern where they stand, on a grid of the detector's own pitch.

    Pixels are moved to the nearest place of the grid, never mixed.

    Parameters
    ----------
    geometry : CrystFELGeometry

    Attributes
    ----------
    shape : tuple of int
        Rows and columns of the picture, the uppermost row first.
    beam : tuple of float, pixels
        Row and column where the direct beam meets the picture, a pixel's centre being at + 0.5.
    """

    def __init__(self, geometry: CrystFELGeometry) -> None:
        where = geometry.positions()  # (*shape, 3)
        pitch = 1.0 / float(np.mean([panel.resolution for panel in geometry.panels]))
        self._there = np.isfinite(where[..., 0]).ravel()
        x, y = where.reshape(-1, 3)[self._there, :2].T / pitch
        left, top = x.max() + 0.5, y.max() + 0.5
        self._row = np.floor(top - y).astype(np.int32)
        self._column = np.floor(left - x).astype(np.int32)
        self.shape = (int(self._row.max()) + 1, int(self._column.max()) + 1)
        self.beam = (float(top), float(left))
        self._order = np.full(self._there.shape, -1, dtype=np.int32)
        self._order[self._there] = np.arange(len(x))

    def picture(self, frame: ArrayLike, bad: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return one pattern as a picture.

        Parameters
        ----------
        frame : array_like, shape of the geometry
        bad : numpy.ndarray of bool, shape of the geometry, optional
            Pixels that are left out.

        Returns
        -------
        numpy.ndarray, `shape`, float32
            NaN in gaps and where pixels are bad.
        """
        values = np.asarray(frame, dtype=np.float32).ravel()
        if bad is not None:
            values = np.where(bad.ravel(), np.float32(np.nan), values)
        flat = np.full(self.shape, np.nan, dtype=np.float32)
        flat[self._row, self._column] = values[self._there]
        return flat

    def places(self, pixel: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where pixels, given as flat indices into a pattern, lie in the picture.

        Returns
        -------
        row, column : numpy.ndarray, float
            Centres of the pixels, the first pixel's being at 0.5; NaN where a pixel is in no panel.
        """
        order = self._order[np.asarray(pixel, dtype=np.int64)]
        row = np.where(order < 0, np.nan, self._row[order] + 0.5)
        return row, np.where(order < 0, np.nan, self._column[order] + 0.5)
