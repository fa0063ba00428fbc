"""Fourier transforms of voxels, off their own grid."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["icosahedron", "transform"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-7
# Of the inner grid; the least is fastest for the few points of one frame, and ten times as exact as it must be.
_OVERSAMPLING = 1.25
# The box of an icosahedron in units of twice its circumradius, and parts of a voxel's side by which it is filled.
_MARGIN, _PARTS = 2.1, 4
_GOLDEN = (1 + np.sqrt(5)) / 2


def transform(grid: NDArray[Any], voxel: float, q: Floats) -> NDArray[np.complex128]:
    """Return Σ grid(r) exp(−iq·r) · voxel³, with r = 0 at index n // 2 of each axis.

    Parameters
    ----------
    grid : numpy.ndarray, shape (x, y, z)
    voxel : float
        Side of a voxel.
    q : numpy.ndarray, shape (3, …), in 1/unit of `voxel`
    """
    import finufft

    points = np.ascontiguousarray(q.reshape(3, -1)) * voxel
    coefficients = np.ascontiguousarray(grid, dtype=np.complex128)
    # One thread: frames are made side by side, and the answer does not depend on how many there are.
    found = finufft.nufft3d2(*points, coefficients, eps=_TOLERANCE, isign=-1, nthreads=1, upsampfac=_OVERSAMPLING)
    return np.asarray(found.reshape(q.shape[1:]) * voxel**3)


@cache
def icosahedron(voxels: int) -> tuple[Floats, float]:
    """Return the voxels of a regular icosahedron of volume π/6, as the sphere of diameter 1 has, and their side.

    A voxel at the surface is filled by as much of it as lies inside.
    """
    edge = (np.pi / 6 / (5 / 12 * (3 + np.sqrt(5)))) ** (1 / 3)
    to_face, to_corner = edge * _GOLDEN**2 / (2 * np.sqrt(3)), edge * np.sqrt(_GOLDEN * np.sqrt(5)) / 2
    step = _MARGIN * to_corner / voxels
    parts = (np.arange(voxels * _PARTS) + 0.5) / _PARTS - 0.5 - voxels // 2
    # Faces look along the corners of a dodecahedron: (1, 1, 1) and (0, 1/φ, φ) with all signs, in cyclic order.
    normals = [np.array(signs, dtype=float) for signs in ((1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1))]
    for turn in range(3):
        normals += [np.roll((0, sign / _GOLDEN, _GOLDEN), turn) for sign in (-1, 1)]
    filled = np.empty((voxels,) * 3)
    for layer in range(voxels):
        x, y, z = np.meshgrid(parts[layer * _PARTS : (layer + 1) * _PARTS], parts, parts, indexing="ij", sparse=True)
        beyond = np.max([np.abs(n[0] * x + n[1] * y + n[2] * z) for n in normals], axis=0) / np.sqrt(3)
        inside = np.clip(0.5 + (to_face / step - beyond) * _PARTS, 0.0, 1.0)
        filled[layer] = inside.reshape(_PARTS, voxels, _PARTS, voxels, _PARTS).mean(axis=(0, 2, 4))
    return filled, step
