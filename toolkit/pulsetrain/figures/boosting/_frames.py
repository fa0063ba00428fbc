"""Images of any kind of array, and the middle square that rings of frequencies want."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

__all__ = ["Images", "images", "squares"]

Images = NDArray[np.floating] | xr.DataArray


def images(given: Images) -> NDArray[np.float64]:
    """Return images as an array (n, y, x), NaN where masked; a single one is one of a set."""
    made: NDArray[Any] = np.asarray(given, dtype=np.float64)
    return made if made.ndim == 3 else made[None]


def squares(given: Images) -> NDArray[np.float64]:
    """Return the largest square in the middle of each image, of an even side."""
    made = images(given)
    side = min(made.shape[1:]) // 2 * 2
    top, left = ((size - side) // 2 for size in made.shape[1:])
    return made[:, top : top + side, left : left + side]
