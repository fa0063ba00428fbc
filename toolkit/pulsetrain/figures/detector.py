"""A detector laid flat: the picture of a pattern for any geometry file."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry

__all__ = ["FlatDetector"]


class FlatDetector:
    """Puts the pixels of a pattern where they stand, on a grid of the detector's own pitch.

    Pixels are moved to the nearest place of the grid, never mixed. As of `pulsetrain.data.assemble`, y runs upwards and
    x to the left as seen along the beam.

    Parameters
    ----------
    geometry : CrystFELGeometry

    Attributes
    ----------
    shape : tuple of int
        Rows (y) and columns (x) of the picture.
    pitch : float, metres
        Of its pixels.
    """

    def __init__(self, geometry: CrystFELGeometry) -> None:
        where = geometry.positions()  # (*shape, 3)
        self.pitch = 1.0 / float(np.mean([panel.resolution for panel in geometry.panels]))
        self._there = np.isfinite(where[..., 0]).ravel()
        columns, rows = np.floor(where.reshape(-1, 3)[self._there, :2].T / self.pitch).astype(np.int32)
        self._y, self._x = int(rows.min()), int(columns.min())
        self._row, self._column = rows - self._y, columns - self._x
        self.shape = (int(self._row.max()) + 1, int(self._column.max()) + 1)
        self._order = np.full(self._there.shape, -1, dtype=np.int32)
        self._order[self._there] = np.arange(len(rows))

    def picture(self, frame: ArrayLike, bad: NDArray[np.bool_] | None = None) -> xr.DataArray:
        """Return one pattern as a picture.

        Parameters
        ----------
        frame : array_like, shape of the geometry
        bad : numpy.ndarray of bool, shape of the geometry, optional
            Pixels that are left out.

        Returns
        -------
        xarray.DataArray, dims (y, x), float32
            NaN in gaps and where pixels are bad. The coordinates are in pixels from the beam.
        """
        values = np.asarray(frame, dtype=np.float32).ravel()
        if bad is not None:
            values = np.where(bad.ravel(), np.float32(np.nan), values)
        flat = np.full(self.shape, np.nan, dtype=np.float32)
        flat[self._row, self._column] = values[self._there]
        rows, columns = self.shape
        coords = {"y": self._y + np.arange(rows), "x": self._x + np.arange(columns)}
        return xr.DataArray(flat, dims=("y", "x"), coords=coords)

    def places(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """Return where pixels, given as flat indices into a pattern, lie in the picture.

        Returns
        -------
        numpy.ndarray, shape (pixel, 2), float
            x and y, the centre of the picture's first pixel being at 0.5; those in no panel are left out.
        """
        order = self._order[np.asarray(pixel, dtype=np.int64)]
        order = order[order >= 0]
        return np.stack([self._column[order], self._row[order]], axis=-1) + 0.5
