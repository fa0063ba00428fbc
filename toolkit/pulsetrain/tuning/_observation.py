"""What the agent sees of the evaluations so far: a vector of fixed length, however many there are.

The last evaluation and the four best; the best rate along each axis with a mask of what was visited; the camera length
that the shift of the indexed cells points to; how much of the episode is over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Evaluation, SearchSpace

__all__ = ["OBSERVATION_SIZE", "Told", "apply_action", "observe", "told_of"]

EPISODE = 40  # evaluations
_TOP = 4
_BINS = (6, 6, 8)  # of the profiles along min-snr, min-pix-count and clen
_ENTRY = 8
OBSERVATION_SIZE = (1 + _TOP) * _ENTRY + 2 * sum(_BINS) + 3
_REACH = 1.5  # of an action of 1, in the cube


@dataclass(frozen=True)
class Told:
    """Evaluations of several experiments side by side.

    Attributes
    ----------
    places : numpy.ndarray, shape (experiment, evaluation, 3)
        In the cube [−1, 1]³.
    rate, hits : numpy.ndarray, shape (experiment, evaluation)
        Shares of all patterns.
    log_peaks : numpy.ndarray, shape (experiment, evaluation)
        ln(1 + peaks of the median hit).
    shift : numpy.ndarray, shape (experiment, evaluation)
        By how much clen is too long for the indexed cells, in the cube's unit; NaN where nothing is indexed.
    """

    places: Array
    rate: Array
    hits: Array
    log_peaks: Array
    shift: Array


def told_of(evaluations: list[Evaluation], space: SearchSpace) -> Told:
    """Return the evaluations of one experiment."""
    clen = np.array([each.setting.clen for each in evaluations])
    shift = np.array([each.cell_shift for each in evaluations])
    half = (space.clen[1] - space.clen[0]) / 2
    off = clen * shift / (1 + shift) / half if half > 0 else np.full(len(clen), np.nan)
    columns = (
        np.clip([space.to_cube(each.setting) for each in evaluations], -1.5, 1.5),
        np.array([each.rate for each in evaluations]),
        np.array([each.n_hits / each.n_patterns for each in evaluations]),
        np.log1p([each.peaks_per_pattern for each in evaluations]),
        np.where([each.n_indexed > 0 for each in evaluations], off, np.nan),
    )
    return Told(*(column[None] for column in columns))


def observe(told: Told) -> Array:
    """Return what the agent sees, shape (experiment, OBSERVATION_SIZE)."""
    n, t = told.rate.shape
    known = np.isfinite(told.shift)
    implied = np.clip(told.places[..., 2] - np.where(known, told.shift, 0.0), -1.5, 1.5)
    entries = np.concatenate(
        [
            told.places,
            np.stack([told.rate, told.hits, told.log_peaks / 5, known, np.where(known, implied, 0.0)], axis=-1),
        ],
        axis=-1,
    )  # (experiment, evaluation, _ENTRY)
    order = np.argsort(-told.rate, axis=1, kind="stable")[:, :_TOP]
    top = np.zeros((n, _TOP, _ENTRY))
    top[:, : order.shape[1]] = np.take_along_axis(entries, order[..., None], axis=1)
    weight = known * told.rate
    total = weight.sum(axis=1)
    pointed = np.where(total > 0, (weight * implied).sum(axis=1) / np.maximum(total, 1e-9), 0.0)
    parts = [
        entries[:, -1],
        top.reshape(n, -1),
        *(_profile(told.places[..., axis], told.rate, bins) for axis, bins in enumerate(_BINS)),
        np.stack([pointed, total > 0, np.full(n, min(t / EPISODE, 1.0))], axis=-1),
    ]
    return np.concatenate(parts, axis=1)


def apply_action(told: Told, action: Array) -> Array:
    """Return the place an action leads to, from the best evaluation so far, shape (experiment, 3).

    Steps grow with the square of the action, so that small ones are fine.
    """
    best = np.argmax(told.rate, axis=1)
    incumbent = told.places[np.arange(len(best)), best]
    place: Array = np.clip(incumbent + _REACH * action * np.abs(action), -1.0, 1.0)
    return place


def _profile(places: Array, rate: Array, bins: int) -> Array:
    """Return the best rate in each bin of an axis and whether it was visited, shape (experiment, 2 · bins)."""
    n = len(rate)
    index = np.clip(((places + 1) / 2 * bins).astype(np.int64), 0, bins - 1)
    best, visited = np.zeros((n, bins)), np.zeros((n, bins))
    rows = np.broadcast_to(np.arange(n)[:, None], index.shape)
    np.maximum.at(best, (rows, index), rate)
    visited[rows, index] = 1.0
    return np.concatenate([best, visited], axis=1)
