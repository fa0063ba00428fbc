"""Fourier transforms of voxels, off their own grid."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["icosahedron", "transform"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-8
_VOXELS = 64
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
    found = finufft.nufft3d2(*points, coefficients, eps=_TOLERANCE, isign=-1, nthreads=1)
    return np.asarray(found.reshape(q.shape[1:]) * voxel**3)


@cache
def icosahedron(voxels: int = _VOXELS) -> tuple[Floats, float]:
    """Return the voxels of a regular icosahedron of volume π/6, as the sphere of diameter 1 has, and their side.

    A voxel at the surface is filled by as much of it as lies inside, to first order.
    """
    edge = (np.pi / 6 / (5 / 12 * (3 + np.sqrt(5)))) ** (1 / 3)
    to_face, to_corner = edge * _GOLDEN**2 / (2 * np.sqrt(3)), edge * np.sqrt(_GOLDEN * np.sqrt(5)) / 2
    step = 2.1 * to_corner / voxels
    r = (np.arange(voxels) - voxels // 2) * step
    place = np.stack(np.meshgrid(r, r, r, indexing="ij"))
    # Faces look along the corners of a dodecahedron: (1, 1, 1) and (0, 1/φ, φ) with all signs, in cyclic order.
    signs = [(1, 1, 1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)]
    normals = [np.array(s, dtype=float) for s in signs]
    for turn in range(3):
        normals += [np.roll((0, 1 / _GOLDEN, _GOLDEN), turn), np.roll((0, -1 / _GOLDEN, _GOLDEN), turn)]
    outside = np.full(place.shape[1:], -np.inf)
    for normal in normals:
        outside = np.maximum(outside, np.abs(np.tensordot(normal / np.sqrt(3), place, 1)))
    return np.clip(0.5 - (outside - to_face) / step, 0.0, 1.0), step
