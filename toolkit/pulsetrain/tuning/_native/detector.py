"""A detector as the peak search sees it: rings around the beam, panels, and where a place on a panel is in the lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_positions import scattering_vectors
from pulsetrain.tuning._native._search import Layout

__all__ = ["Detector", "Rings"]


@dataclass(frozen=True)
class Rings:
    """Pixels by their distance from the beam, in steps of one pixel.

    Attributes
    ----------
    layout : Layout
        The ring of each pixel, and its panel.
    order : numpy.ndarray, shape (counting pixel,), int32
        The pixels, ring by ring.
    starts : numpy.ndarray, shape (ring + 1,), int64
        Where each ring begins in `order`.
    """

    layout: Layout
    order: NDArray[np.int32]
    starts: NDArray[np.int64]


@dataclass(frozen=True)
class Detector:
    """A detector as the peak search sees it.

    Attributes
    ----------
    shape : tuple of int
        Of one pattern.
    panel : numpy.ndarray, shape (pixel,), int16
        −1 where none is.
    radius : numpy.ndarray, shape (pixel,), float32, pixels
        Of pixel centres, from the beam; the same at any camera length.
    bad : numpy.ndarray of bool, shape (pixel,)
    clen : float, metres
        To which `origin` belongs.
    wavelength : float, Å
    origin, slow, fast : numpy.ndarray, shape (panel, 3), metres
        A place at slow and fast scan (s, f) of the module is at origin + s · slow + f · fast in the laboratory.
    resolution : numpy.ndarray, shape (panel,), pixels per metre
    """

    shape: tuple[int, ...]
    panel: NDArray[np.int16]
    radius: NDArray[np.float32]
    bad: NDArray[np.bool_]
    clen: float
    wavelength: float
    origin: NDArray[np.float64]
    slow: NDArray[np.float64]
    fast: NDArray[np.float64]
    resolution: NDArray[np.float64]

    @classmethod
    def of(cls, geometry: CrystFELGeometry) -> Self:
        """Take a detector out of its geometry.

        Raises
        ------
        DataError
            Without a photon energy.
        """
        if not np.isfinite(geometry.photon_energy):
            place = geometry.path or "geometry"
            raise DataError(place, "no photon energy", "a number of eV", "write 'photon_energy = 9300 eV' into it")
        # A length that lies in the data file is replaced by that of the options at each evaluation; any will do here.
        known = geometry if np.isfinite(geometry.clen) else geometry.with_clen(1.0)
        panel = np.full(known.shape, -1, dtype=np.int16)
        radius = np.full(known.shape, np.inf, dtype=np.float32)
        places = known.positions()
        origin, slow, fast = (np.empty((len(known.panels), 3)) for _ in range(3))
        for number, part in enumerate(known.panels):
            panel[part.place] = number
            here = places[part.place]
            radius[part.place] = np.hypot(here[..., 0], here[..., 1]) * part.resolution
            step_s, step_f = (part.fs, part.ss) if part.transposed else (part.ss, part.fs)
            slow[number], fast[number] = step_s / part.resolution, step_f / part.resolution
            first_s, first_f = (each.start for each in part.place if isinstance(each, slice))
            origin[number] = here[0, 0] - (first_s + 0.5) * slow[number] - (first_f + 0.5) * fast[number]
        return cls(
            shape=known.shape,
            panel=panel.ravel(),
            radius=radius.ravel(),
            bad=known.bad.ravel(),
            clen=known.clen,
            wavelength=known.wavelength,
            origin=origin,
            slow=slow,
            fast=fast,
            resolution=np.array([part.resolution for part in known.panels]),
        )

    @property
    def width(self) -> int:
        """Pixels along the last axis."""
        return self.shape[-1]

    @property
    def module_rows(self) -> int:
        """Rows of one module."""
        return self.shape[-2]

    def rings(self, min_res: float, max_res: float) -> Rings:
        """Sort the good pixels between two distances from the beam, in pixels, into rings."""
        counts = ~self.bad & (self.panel >= 0) & (self.radius >= min_res) & (self.radius <= max_res)
        ring = np.full(self.radius.size, -1, dtype=np.int16)
        ring[counts] = np.rint(np.minimum(self.radius[counts], np.iinfo(np.int16).max))
        good = np.flatnonzero(counts)
        order = good[np.argsort(ring[good], kind="stable")]
        n_rings = int(ring.max(initial=0)) + 1
        starts = np.searchsorted(ring[order], np.arange(n_rings + 1))
        return Rings(Layout(ring, self.panel, self.width), order.astype(np.int32), starts.astype(np.int64))

    def places(
        self, pixel: NDArray[np.int64], slow_scan: NDArray[np.float64], fast_scan: NDArray[np.float64], clen: float
    ) -> NDArray[np.float64]:
        """Return where places on panels are in the laboratory.

        Parameters
        ----------
        pixel : numpy.ndarray, shape (n,)
            Flat index of a pixel of the same panel.
        slow_scan, fast_scan : numpy.ndarray, shape (n,)
            Within the module.
        clen : float, metres

        Returns
        -------
        numpy.ndarray, shape (n, 3), metres
        """
        k = self.panel[pixel]
        places = self.origin[k] + slow_scan[:, None] * self.slow[k] + fast_scan[:, None] * self.fast[k]
        places[:, 2] += clen - self.clen
        return places

    def q_of(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scattering vectors of places in the laboratory, shape (n, 3), 1/Å."""
        return scattering_vectors(places, self.wavelength)

    def pixels_off(
        self, pixel: NDArray[np.int64], places: NDArray[np.float64], q: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return how far beams of scattering vectors q pass by places in the laboratory, shape (n,), pixels.

        Measured across the beam at the distance of each place: a panel's tilt of a few degrees changes it little.
        """
        beams = q * self.wavelength + [0.0, 0.0, 1.0]
        struck = beams[:, :2] * (places[:, 2] / beams[:, 2])[:, None]
        off: NDArray[np.float64] = np.linalg.norm(struck - places[:, :2], axis=1) * self.resolution[self.panel[pixel]]
        return off
