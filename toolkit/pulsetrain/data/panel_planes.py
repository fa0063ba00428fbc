"""Where rays from the sample meet the panels of a detector."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry

__all__ = ["PanelPlanes"]

Floats = NDArray[np.float64]


class PanelPlanes:
    """The planes of a geometry's panels.

    Parameters
    ----------
    geometry : CrystFELGeometry

    Attributes
    ----------
    origin : numpy.ndarray, shape (panel, 3), metres
        Outer corner of each panel's first pixel.
    size : numpy.ndarray, shape (panel, 2), int; pixels along slow and fast
    """

    def __init__(self, geometry: CrystFELGeometry) -> None:
        panels = geometry.panels
        resolution = np.array([panel.resolution for panel in panels])[:, None]
        fast = np.array([panel.fs for panel in panels]) / resolution  # (panel, 3), metres
        slow = np.array([panel.ss for panel in panels]) / resolution
        self._normal = np.cross(fast, slow)
        self._dual_fast, self._dual_slow = np.cross(slow, self._normal), np.cross(self._normal, fast)
        self._dual_fast /= np.sum(self._dual_fast * fast, axis=1)[:, None]
        self._dual_slow /= np.sum(self._dual_slow * slow, axis=1)[:, None]
        self.origin = np.array([panel.origin for panel in panels])
        self.size = np.array([panel.size for panel in panels])  # slow, fast
        strides = np.cumprod((1, *geometry.shape[:0:-1]))[::-1]
        first = [[s.start if isinstance(s, slice) else s for s in panel.place] for panel in panels]
        self._first = np.array(first) @ strides
        steps = [
            [step for s, step in zip(panel.place, strides, strict=True) if isinstance(s, slice)] for panel in panels
        ]
        # (slow, fast) steps in the flat data of a pattern
        self._steps = np.array(
            [step[::-1] if panel.transposed else step for step, panel in zip(steps, panels, strict=True)]
        )

    def meet(
        self, rays: Floats, shift: Floats | float = 0.0, margin: float = 0.0
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats, Floats]:
        """Return which rays meet which panels, and where.

        Parameters
        ----------
        rays : numpy.ndarray, shape (ray, 3)
            Directions from the sample, of any length.
        shift : numpy.ndarray, shape (3,), metres
            How far the whole detector is off its geometry.
        margin : float, pixels
            Rays that pass a panel's edge by less count too; such a ray may then meet two panels.

        Returns
        -------
        ray, panel : numpy.ndarray, shape (meeting,), int
            By rising ray.
        fast, slow : numpy.ndarray, shape (meeting,), pixels
            As of `places`.
        """
        every = np.broadcast_to(np.arange(len(self.size)), (len(rays), len(self.size)))
        fast, slow = self.places(rays[:, None, :], every, shift)
        inside = (fast > -margin) & (slow > -margin)
        inside &= (fast < self.size[:, 1] + margin) & (slow < self.size[:, 0] + margin)
        ray, on = np.nonzero(inside)
        return ray, on, fast[inside], slow[inside]

    def places(self, rays: Floats, panel: NDArray[np.intp], shift: Floats | float = 0.0) -> tuple[Floats, Floats]:
        """Return where rays meet the planes of panels.

        Parameters
        ----------
        rays : numpy.ndarray, shape (…, 3)
        panel : numpy.ndarray, shape (…)
        shift : numpy.ndarray, shape (3,), metres

        Returns
        -------
        fast, slow : numpy.ndarray, shape (…), pixels
            From the panel's corner, a pixel's centre being at + 0.5; NaN behind the sample.
        """
        # A point of the plane: origin + f fast + s slow = t ray. The normal gives t, the dual vectors f and s.
        origin = self.origin + shift
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.sum(origin * self._normal, axis=1)[panel] / np.sum(rays * self._normal[panel], axis=-1)
            t = np.where(t > 0, t, np.nan)
            fast, slow = (
                t * np.sum(rays * dual[panel], axis=-1) - np.sum(origin * dual, axis=1)[panel]
                for dual in (self._dual_fast, self._dual_slow)
            )
        return fast, slow

    def pixels(self, panel: NDArray[np.intp], fast: Floats, slow: Floats) -> NDArray[np.int64]:
        """Return the flat pixel index of places on panels; those beyond a panel's edge are left out."""
        inside = (fast >= 0) & (slow >= 0) & (fast < self.size[panel, 1]) & (slow < self.size[panel, 0])
        panel, f, s = panel[inside], fast[inside].astype(np.int64), slow[inside].astype(np.int64)
        flat: NDArray[np.int64] = self._first[panel] + s * self._steps[panel, 0] + f * self._steps[panel, 1]
        return flat
