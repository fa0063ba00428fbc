"""Take the drift out: move every spectrum into the frame of the middle of the gap.

Peaks move slowly along the axis while the series goes on; the switch is sudden. A field of velocities that is
smooth in both directions follows the first and cannot follow the second (differential optical flow, B. Horn &
B. Schunck, Artificial Intelligence 17 (1981) 185, with velocities from a small basis and robust weights).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]

_PLACES = 24  # velocities along the axis are straight between so many places
_MOMENTS = 5  # and polynomials of one degree less along the series
_STIFFNESS = (1.0, 0.3, 0.1)  # coupling of neighbouring places, in each round; softer as the remaining drift shrinks
_ROBUST_ROUNDS = 6
_BLUR = 1.5  # channels


class Binned:
    """A series that can be binned along curved paths without losing intensity.

    Parameters
    ----------
    intensity : numpy.ndarray, (spectrum, fine channel)
    channels : int
        Bins of the axis.
    """

    def __init__(self, intensity: Floats, channels: int) -> None:
        count, self._fine = intensity.shape
        self.shape = (count, channels)
        self._sum = np.concatenate([np.zeros((count, 1)), np.cumsum(intensity, axis=1)], axis=1)

    def along(self, path: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the mean intensity in bins centred on a path, and which channels stay on the axis throughout.

        Parameters
        ----------
        path : numpy.ndarray, (spectrum, channel), bins
            Where each channel's centre lies, for each spectrum.
        """
        inner = 0.5 * (path[:, 1:] + path[:, :-1]) + 0.5
        edges = np.concatenate([path[:, :1], inner, path[:, -1:] + 1], axis=1)
        edges = np.maximum.accumulate(edges, axis=1) * (self._fine / self.shape[1])
        place = np.arange(self._fine + 1)
        content = np.stack([np.interp(e, place, s) for e, s in zip(edges, self._sum, strict=True)])
        least = 0.25 * self._fine / self.shape[1]
        width = np.maximum(np.diff(np.clip(edges, 0, self._fine), axis=1), least)
        inside = (edges[:, :-1] >= 0) & (edges[:, 1:] <= self._fine)
        return np.diff(content, axis=1) / width, inside.all(axis=0)


def align(intensity: Floats, progress: Floats, reference: int, channels: int) -> Floats:
    """Return the series in the frame of one of its spectra, binned.

    Parameters
    ----------
    intensity : numpy.ndarray, (spectrum, fine channel)
    progress : numpy.ndarray, (spectrum,)
        Ordering variable from 0 to 1.
    reference : int
        The spectrum that stays where it is.
    channels : int

    Returns
    -------
    numpy.ndarray, (spectrum, kept channel)
        Channels that leave the axis on their way are left out.
    """
    series = Binned(intensity, min(channels, intensity.shape[1]))
    count, channels = series.shape
    place = np.arange(channels, dtype=float)
    path = np.tile(place, (count, 1))
    moved, inside = series.along(path)
    for stiffness in _STIFFNESS:
        step = _paths(_velocity(moved, progress, stiffness), reference, channels)
        path = np.stack([_extended(s, place, p) for s, p in zip(step, path, strict=True)])
        trial, kept = series.along(path)
        if kept.sum() < 0.5 * channels:
            break  # the flow ran away: keep what the rounds before have found
        moved, inside = trial, kept
    return moved[:, inside]


def _velocity(image: Floats, progress: Floats, stiffness: float) -> Floats:
    """Return the velocity of the intensity, (spectrum, place), in channels per spectrum."""
    count, channels = image.shape
    moments = min(_MOMENTS, max(2, count // 8))
    soft = gaussian_filter(image, (max(0.5, min(1.0, count / 50), count / 70), _BLUR), mode="nearest")
    along_series, along_axis = np.gradient(soft, axis=0), np.gradient(soft, axis=1)
    size = gaussian_filter(np.abs(soft), (2.0, 3.0))
    counting = 1 / np.maximum(size, 0.1 * size.mean() + np.finfo(float).tiny)  # photons: variance follows intensity

    hats = _hats(channels)
    legendre = np.polynomial.legendre.legvander(2 * progress - 1, moments - 1)
    legendre = legendre * (np.gradient(progress) * (count - 1))[:, None]  # smooth in the ordering variable
    pairs = np.einsum("ti,tj->tij", legendre, legendre)
    bending = np.diff(np.eye(_PLACES), axis=0)
    degree = np.diag(1.0 + np.arange(moments) ** 2)

    weight, velocity = counting, np.zeros((count, _PLACES))
    for _ in range(_ROBUST_ROUNDS):
        steep = weight * along_axis**2
        own = np.einsum("ts,tij->sij", steep @ hats**2, pairs)
        next_door = np.einsum("ts,tij->sij", steep @ (hats[:, :-1] * hats[:, 1:]), pairs)
        gram = np.zeros((_PLACES, moments, _PLACES, moments))
        s = np.arange(_PLACES)
        gram[s, :, s, :] = own
        gram[s[:-1], :, s[1:], :] = next_door
        gram[s[1:], :, s[:-1], :] = next_door
        unit = np.trace(own.sum(axis=0)) / (_PLACES * moments) + np.finfo(float).tiny
        smooth = stiffness * bending.T @ bending + 1e-3 * np.eye(_PLACES)
        gram += unit * np.einsum("su,ij->siuj", smooth, degree)
        target = np.einsum("ts,ti->si", -(weight * along_axis * along_series) @ hats, legendre)
        found = np.linalg.solve(gram.reshape(_PLACES * moments, -1), target.ravel()).reshape(_PLACES, moments)
        velocity = legendre @ found.T
        misfit = np.sqrt(counting) * (along_series + (velocity @ hats.T) * along_axis)
        spread = 1.4826 * np.median(np.abs(misfit)) + np.finfo(float).tiny
        weight = counting / (1 + (misfit / (3 * spread)) ** 2)  # Cauchy: the switch itself must not count
    return np.asarray(velocity)


def _paths(velocity: Floats, reference: int, channels: int) -> Floats:
    """Follow the velocity from the reference spectrum to both ends, (spectrum, channel), in channels."""
    count = len(velocity)
    knots = np.linspace(0, channels - 1, _PLACES)
    path = np.empty((count, channels))
    path[reference] = np.arange(channels)
    for t in range(reference, count - 1):
        path[t + 1] = path[t] + np.interp(path[t], knots, velocity[t])
    for t in range(reference, 0, -1):
        path[t - 1] = path[t] - np.interp(path[t], knots, velocity[t])
    return path


def _hats(channels: int) -> Floats:
    """Return triangles that sum to one, (channel, place)."""
    position = np.linspace(0, _PLACES - 1, channels)
    return np.asarray(np.maximum(0, 1 - np.abs(position[:, None] - np.arange(_PLACES))))


def _extended(at: Floats, place: Floats, path: Floats) -> Floats:
    """Interpolate a path, carrying it on in parallel beyond its ends."""
    beyond = at - np.clip(at, place[0], place[-1])
    return np.asarray(np.interp(at, place, path) + beyond)
