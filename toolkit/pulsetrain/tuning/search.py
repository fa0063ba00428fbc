"""The settings that are searched, what is learnt of one, and who proposes the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning.options import IndexingOptions
from pulsetrain.tuning.results import wilson_interval

__all__ = ["Evaluation", "Optimiser", "SearchSpace", "Setting", "as_good_and_right"]

_Options = TypeVar("_Options", bound=IndexingOptions)

_RIGHT = 5e-3  # relative cell shift


@dataclass(frozen=True)
class Setting:
    """The three parameters that are tuned.

    Attributes
    ----------
    min_snr : float
    min_pix_count : int
    clen : float, metres
    """

    min_snr: float
    min_pix_count: int
    clen: float

    @classmethod
    def of(cls, options: IndexingOptions, clen: float) -> Setting:
        """Return the setting in options; `clen` (metres) is the geometry's, where they give none."""
        return cls(options.min_snr, options.min_pix_count, clen if options.clen is None else options.clen)

    def put_into(self, options: _Options) -> _Options:
        """Return the options with this setting in place of theirs."""
        return options.replace(min_snr=self.min_snr, min_pix_count=self.min_pix_count, clen=self.clen)


@dataclass(frozen=True)
class SearchSpace:
    """The box that is searched, and its map onto the cube [−1, 1]³.

    min-snr and min-pix-count run evenly in their logarithms, the camera length evenly.

    Attributes
    ----------
    min_snr : tuple of float
    min_pix_count : tuple of int
    clen : tuple of float, metres
    """

    min_snr: tuple[float, float]
    min_pix_count: tuple[int, int]
    clen: tuple[float, float]

    @classmethod
    def around(
        cls, clen: float, *, clen_range: float = 3.0, max_min_snr: float = 15.0, max_min_pix_count: int = 8
    ) -> SearchSpace:
        """Return the usual box: min-snr 2 … max_min_snr, min-pix-count 1 … max_min_pix_count, clen ± clen_range %."""
        half = clen * clen_range / 100
        shortest, longest = IndexingOptions.bounds("clen")
        low, high = max(clen - half, shortest or 0.0), min(clen + half, longest or np.inf)
        return cls((2.0, max_min_snr), (1, max_min_pix_count), (low, high))

    def to_cube(self, setting: Setting) -> NDArray[np.float64]:
        """Return a setting's place in the cube, shape (3,); outside of the box it is outside of the cube."""
        values = np.array([np.log(setting.min_snr), np.log(setting.min_pix_count), setting.clen])
        low, high = self._ends()
        half = np.where(high > low, (high - low) / 2, 1.0)
        return (values - (low + high) / 2) / half

    def from_cube(self, place: NDArray[np.floating]) -> Setting:
        """Return the setting at a place in the cube (clipped to it), min-pix-count rounded."""
        low, high = self._ends()
        values = (low + high) / 2 + np.clip(place, -1.0, 1.0) * (high - low) / 2
        # Clipped once more: 15 is not exp(log(15)), and what is beyond its bounds by rounding is beyond them.
        pixels = int(np.clip(np.rint(np.exp(values[1])), *self.min_pix_count))
        min_snr, clen = np.clip(np.exp(values[0]), *self.min_snr), np.clip(values[2], *self.clen)
        return Setting(float(min_snr), pixels, float(clen))

    def _ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        ends = np.array([np.log(self.min_snr), np.log(self.min_pix_count), self.clen])
        return ends[:, 0], ends[:, 1]


@dataclass(frozen=True)
class Evaluation:
    """What is learnt of one setting.

    Attributes
    ----------
    setting : Setting
    n_patterns, n_hits, n_indexed : int
    peaks_per_pattern : float
        Median over the hits; 0 without any.
    cell_shift : float
        Mean relative change of the axes' lengths of the indexed cells, signed; NaN without any. A clen that is too
        long makes cells too large.
    residual : float, pixels
        Median over the crystals; NaN without any.
    seconds : float
        What it took.
    """

    setting: Setting
    n_patterns: int
    n_hits: int
    n_indexed: int
    peaks_per_pattern: float
    cell_shift: float
    residual: float
    seconds: float

    @property
    def rate(self) -> float:
        """Indexed share of all patterns."""
        return self.n_indexed / self.n_patterns

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 90 % interval of the rate."""
        return wilson_interval(self.n_indexed, self.n_patterns)

    @classmethod
    def of(cls, setting: Setting, result: xr.Dataset, cell: UnitCell) -> Evaluation:
        """Read it off an engine's result for crystals of that cell."""
        n_hits, crystals = int(result["hit"].sum()), result["crystal_cell"].to_numpy()
        shift = np.mean(crystals[:, :3] / cell.parameters[:3] - 1) if len(crystals) else np.nan
        residuals = result["crystal_residual"].to_numpy()
        peaks = result["n_peaks"].to_numpy()[result["hit"].to_numpy()]
        return cls(
            setting=setting,
            n_patterns=result.sizes["pattern"],
            n_hits=n_hits,
            n_indexed=int(result["indexed"].sum()),
            peaks_per_pattern=float(np.median(peaks)) if n_hits else 0.0,
            cell_shift=float(shift),
            residual=float(np.nanmedian(residuals)) if np.isfinite(residuals).any() else float("nan"),
            seconds=float(result.attrs["seconds"]),
        )


def as_good_and_right(best: Evaluation, others: Iterable[Evaluation]) -> Evaluation:
    """Return the evaluation to trust among those that index as many patterns as the best.

    Within the tolerance of the cell the rate is flat in clen, so that the highest of many equal rates says nothing of
    the camera length; the cells do: they come out as much too large as it is too long. For cells that come out right,
    as many is not fewer by more than half a standard deviation of the count, all settings having seen the same
    patterns. Of cells alike to 0.1 %, the setting with fewer hits is taken: the others' further hits are blanks.
    """
    slack = 0.5 * np.sqrt(best.n_patterns * best.rate * (1 - best.rate))
    equal = [
        each
        for each in (best, *others)
        if best.n_indexed and best.n_indexed - each.n_indexed <= (slack if abs(each.cell_shift) < _RIGHT else 0)
    ]
    return min(equal, key=_wrongness, default=best)


def _wrongness(each: Evaluation) -> tuple[float, int, int]:
    shift = abs(each.cell_shift) if np.isfinite(each.cell_shift) else np.inf
    return float(np.ceil(shift / 1e-3)), -each.n_indexed, each.n_hits


class Optimiser(Protocol):
    """Proposes settings and learns from what became of them; points of the user's own may be ingested too."""

    def suggest(self) -> Setting:
        """Return the setting to try next."""

    def ingest(self, evaluation: Evaluation) -> None:
        """Take in what a setting gave, whether it was suggested or not."""

    def best(self) -> Setting:
        """Return the setting that it would use now; needs at least one evaluation."""
