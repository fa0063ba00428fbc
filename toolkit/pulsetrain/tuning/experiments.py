"""Tabulated experiments: an engine's real response on a grid of settings, replayed with the noise of counting."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.options import OptionError
from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["Replay", "TabulatedExperiment", "load_experiments", "pack_experiments", "shipped_experiments"]

SHIPPED = Path(__file__).with_name("_experiments.npz")
_CLEN_RANGE = 3.0  # %
# Numbers of experiments that the response model is fitted to and the optimisers are built on; the others are held out.
DEVELOPMENT = range(1000, 2000)


@dataclass(frozen=True)
class TabulatedExperiment:
    """What an engine makes of every pattern of an experiment at every setting of a grid.

    Attributes
    ----------
    family : str
    number : int
        Of the experiment in its family.
    min_snr : numpy.ndarray, shape (snr,)
    min_pix_count : numpy.ndarray, shape (pixels,)
    clen : numpy.ndarray, shape (clen,), metres
        Around the middle, which is the user's own camera length.
    indexed : numpy.ndarray of bool, shape (snr, pixels, clen, pattern)
    n_peaks : numpy.ndarray of int, shape (snr, pixels, pattern)
        Peaks do not depend on the camera length.
    cell_shift : numpy.ndarray, shape (snr, pixels, clen)
        Mean relative change of the indexed cells' axes; NaN where none is.
    residual : numpy.ndarray, shape (snr, pixels, clen), pixels
    about : dict
        Provenance: options and seed of the simulation, engine, versions.
    """

    family: str
    number: int
    min_snr: Array
    min_pix_count: Array
    clen: Array
    indexed: NDArray[np.bool_]
    n_peaks: NDArray[np.integer]
    cell_shift: Array
    residual: Array
    about: dict[str, Any]

    @property
    def rate(self) -> Array:
        """Indexed share of all patterns, shape (snr, pixels, clen)."""
        rate: Array = self.indexed.mean(axis=-1)
        return rate

    @property
    def is_development(self) -> bool:
        """Whether methods may be built on it; if not, it is for final figures only."""
        return self.number in DEVELOPMENT

    @property
    def space(self) -> SearchSpace:
        """The space that a user would search."""
        return SearchSpace.around(float(np.mean(self.clen[[0, -1]])), clen_range=_CLEN_RANGE)


class Replay:
    """A tabulated experiment as one that can be evaluated anywhere; an `Experiment` for optimisers and environment.

    The patterns of a replay are drawn with replacement from those tabulated, once: the same at every evaluation, as in
    a real search, so that rates of two settings differ by less than the noise of counting suggests. Between places of
    the grid a pattern's being indexed is interpolated linearly to a probability and held against one random number of
    the pattern.

    Parameters
    ----------
    table : TabulatedExperiment
    n_patterns : int
    seed : int
        Of the patterns and the start, a setting such as users have.
    drift : float
        Relative change of the true camera length from one evaluation to the next.

    Attributes
    ----------
    space : SearchSpace
    start : Setting
    best_rate : float
        The highest of the expected rates.
    """

    def __init__(self, table: TabulatedExperiment, *, n_patterns: int = 200, seed: int = 0, drift: float = 0.0) -> None:
        if n_patterns < 1:
            raise OptionError(f"n_patterns: got {n_patterns}, allowed 1 or more")
        rng = np.random.default_rng([seed, table.number])
        self._table, self._drift, self._evaluated = table, drift, 0
        self._chosen = rng.integers(table.indexed.shape[-1], size=n_patterns)
        self._threshold = rng.random(n_patterns)
        self.space = table.space
        self.start = Setting(
            float(np.round(np.exp(rng.uniform(np.log(3.5), np.log(9.0))), 1)),
            int(rng.integers(1, 5)),
            float(np.mean(self.space.clen)),
        )
        self.best_rate = float(table.rate.max())

    def expected_rate(self, setting: Setting) -> float:
        """Return the rate that is free of the noise of counting."""
        return float(self._probability(setting).mean())

    def evaluate(self, setting: Setting) -> Evaluation:
        """Return what the setting gives on the replay's patterns."""
        table = self._table
        probability = self._probability(setting)[self._chosen]
        snr, pixels, clen = self._corners(setting)
        peaks = np.expm1(_mixed(np.log1p(table.n_peaks), (snr, pixels)))[self._chosen]
        indexed = self._threshold < probability
        hit = indexed | (np.rint(peaks) >= table.about["min_peaks"])
        n_indexed = int(indexed.sum())
        self._evaluated += 1
        return Evaluation(
            setting=setting,
            n_patterns=len(indexed),
            n_hits=int(hit.sum()),
            n_indexed=n_indexed,
            peaks_per_pattern=float(np.median(peaks[hit])) if hit.any() else 0.0,
            cell_shift=_known(table.cell_shift, (snr, pixels, clen)) if n_indexed else float("nan"),
            residual=_known(table.residual, (snr, pixels, clen)) if n_indexed else float("nan"),
            seconds=0.0,
        )

    def _probability(self, setting: Setting) -> Array:
        """Return the probability of each tabulated pattern to be indexed, shape (pattern,)."""
        return _mixed(self._table.indexed.astype(np.float64), self._corners(setting))

    def _corners(self, setting: Setting) -> tuple[_Pair, _Pair, _Pair]:
        table = self._table
        clen = setting.clen / (1 + self._drift * self._evaluated)
        return (
            _pair(np.log(table.min_snr), np.log(setting.min_snr)),
            _pair(table.min_pix_count, float(setting.min_pix_count)),
            _pair(table.clen, clen),
        )


_Pair = tuple[int, float]  # the lower neighbour on the axis, and how far from it to the next, 0 … 1


def _pair(axis: Array, value: float) -> _Pair:
    lower = int(np.clip(np.searchsorted(axis, value, side="right") - 1, 0, len(axis) - 2))
    return lower, float(np.clip((value - axis[lower]) / (axis[lower + 1] - axis[lower]), 0.0, 1.0))


def _mixed(values: Array, corners: Sequence[_Pair]) -> Array:
    """Interpolate linearly along the leading axes."""
    for lower, part in corners:
        values = values[lower] if part == 0 else (1 - part) * values[lower] + part * values[lower + 1]
    return values


def _known(values: Array, corners: Sequence[_Pair]) -> float:
    """Interpolate linearly among the neighbours that have a value; NaN without any."""
    known = np.isfinite(values)
    weight = float(_mixed(known.astype(np.float64), corners))
    return float(_mixed(np.where(known, values, 0.0), corners)) / weight if weight > 0 else float("nan")


def pack_experiments(experiments: Sequence[TabulatedExperiment], path: Path) -> None:
    """Write experiments of one grid into one small file (bits, bytes and half floats), readable by NumPy alone."""
    first = experiments[0]
    for each in experiments:
        if each.indexed.shape != first.indexed.shape or not np.array_equal(each.min_snr, first.min_snr):
            raise ValueError(f"experiment {each.family} {each.number}: its grid is another; pack those of one grid")
    about = [{"family": each.family, "number": each.number, **each.about} for each in experiments]
    np.savez_compressed(
        path,
        min_snr=first.min_snr,
        min_pix_count=first.min_pix_count,
        clen=np.array([each.clen for each in experiments]),
        n_patterns=first.indexed.shape[-1],
        indexed=np.packbits(np.array([each.indexed for each in experiments]), axis=-1),
        n_peaks=np.array([np.minimum(each.n_peaks, 65535) for each in experiments], dtype=np.uint16),
        cell_shift=np.array([each.cell_shift for each in experiments], dtype=np.float16),
        residual=np.array([each.residual for each in experiments], dtype=np.float16),
        about=np.array(json.dumps(about)),
    )


def load_experiments(path: Path) -> list[TabulatedExperiment]:
    """Read what `pack_experiments` wrote."""
    with np.load(path) as stored:
        about = json.loads(str(stored["about"]))
        indexed = np.unpackbits(stored["indexed"], axis=-1, count=int(stored["n_patterns"])).astype(bool)
        return [
            TabulatedExperiment(
                family=each.pop("family"),
                number=each.pop("number"),
                min_snr=stored["min_snr"],
                min_pix_count=stored["min_pix_count"],
                clen=clen,
                indexed=bits,
                n_peaks=peaks.astype(np.int64),
                cell_shift=shift.astype(np.float64),
                residual=residual.astype(np.float64),
                about=each,
            )
            for each, clen, bits, peaks, shift, residual in zip(
                about, stored["clen"], indexed, stored["n_peaks"], stored["cell_shift"], stored["residual"], strict=True
            )
        ]


@cache
def shipped_experiments() -> tuple[TabulatedExperiment, ...]:
    """Return the native engine's response to simulated experiments, as tabulated for the package.

    ``pulsetrain bench tuning tabulate`` makes them anew.
    """
    return tuple(load_experiments(SHIPPED))
