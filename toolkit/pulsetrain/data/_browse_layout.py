"""The modules of a detector in one picture, where no geometry is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["laid_out"]

# EXtra-geom's approximate geometries, by the shape of a frame.
_EXAMPLES = {
    (16, 512, 128): "AGIPD_1MGeometry",
    (8, 512, 128): "AGIPD_500K2GGeometry",
    (16, 256, 256): "LPD_1MGeometry",
    (16, 128, 512): "DSSC_1MGeometry",
}


def laid_out(frame: NDArray[Any]) -> tuple[NDArray[np.float32], str]:
    """Lay the modules of one frame out as a picture.

    Parameters
    ----------
    frame : (module, slow_scan, fast_scan) array

    Returns
    -------
    (y, x) float32, NaN in gaps; and how it was done, in words
    """
    values = np.asarray(frame, dtype=np.float32)
    name = _EXAMPLES.get(values.shape)
    if name is not None:
        import extra_geom

        geometry = getattr(extra_geom, name).example()
        return np.asarray(geometry.position_modules(values)[0]), "modules roughly in their places"
    columns = math.ceil(math.sqrt(values.shape[0]))
    rows = -(-values.shape[0] // columns)
    gap = max(2, min(values.shape[1:]) // 32)
    height, width = values.shape[1] + gap, values.shape[2] + gap
    picture = np.full((rows * height - gap, columns * width - gap), np.nan, dtype=np.float32)
    for number, module in enumerate(values):
        top, left = number // columns * height, number % columns * width
        picture[top : top + module.shape[0], left : left + module.shape[1]] = module
    return picture, "modules side by side"
