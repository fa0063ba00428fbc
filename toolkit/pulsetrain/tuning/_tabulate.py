"""Tabulation of an engine's response to a simulated experiment, from coarse to fine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from pathlib import Path

import numpy as np

from pulsetrain.progress import Progress
from pulsetrain.simulate.crystals import CrystalExperiment
from pulsetrain.simulate.crystals_families import IN_FAMILY, OUT_OF_FAMILY
from pulsetrain.tuning.engines import Engine
from pulsetrain.tuning.experiments import DEVELOPMENT, TabulatedExperiment, load_experiments, pack_experiments
from pulsetrain.tuning.options import IndexingOptions
from pulsetrain.tuning.response import Array

__all__ = ["Grid", "numbered", "tabulate", "tabulate_families"]

_PATTERNS = 24
_CROWDED = 300  # mean peaks per pattern: a search takes half a second
_FLOODED, _PROBES = 1500, 2  # mean peaks of so many patterns, from which on the others are not tried
FAMILIES = {family.name: family for family in (IN_FAMILY, OUT_OF_FAMILY)}


@dataclass(frozen=True)
class Grid:
    """Settings that are tabulated.

    Attributes
    ----------
    min_snr : tuple of float
        An odd number: every second one is measured, those between where their neighbours disagree.
    min_pix_count : tuple of int
        An odd number, likewise.
    clen : tuple of float, %
        Of the user's own, symmetric.
    """

    min_snr: tuple[float, ...] = tuple(float(snr) for snr in np.geomspace(2, 15, 13))
    min_pix_count: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8)
    clen: tuple[float, ...] = tuple(float(part) for part in np.linspace(-3, 3, 13))


def tabulate(
    experiment: CrystalExperiment,
    engine: Engine,
    grid: Grid | None = None,
    *,
    family: str = "",
    number: int = 0,
    blanks: bool = False,
) -> TabulatedExperiment:
    """Measure which patterns an engine indexes at which settings.

    Peaks are searched at every setting, and lattices in hits, but where the answer is clear:

    - a pattern that is indexed, or is not, at both neighbours in min-snr or min-pix-count is taken to be so between
      them;
    - the range of clen that indexes a pattern is taken to be one piece and to hold the true clen; its ends are found by
      bisection;
    - where a pattern has hundreds of peaks, only the true clen is tried; the range is that of the next min-snr;
    - settings that flood a pattern with peaks, where a search takes up to a second, are taken to index nothing.

    Parameters
    ----------
    experiment : CrystalExperiment
        Its frames are held in memory.
    engine : Engine
    grid : Grid, optional
    family, number
        What the table is called.
    blanks : bool
        Also try to index patterns that hold no crystal: they cost most, and of 318 such hits none was indexed.
    """
    table = _Table(experiment, engine, grid or Grid(), blanks=blanks)
    table.measure_all()
    indexed = table.known == 1
    weight = np.maximum(indexed.sum(axis=-1), 1)

    def mean(values: Array) -> Array:
        found = np.where(indexed & np.isfinite(values), values, 0.0).sum(axis=-1) / weight
        return np.where(indexed.any(axis=-1), found, np.nan)

    return TabulatedExperiment(
        family=family,
        number=number,
        min_snr=np.array(table.grid.min_snr),
        min_pix_count=np.array(table.grid.min_pix_count, dtype=np.float64),
        clen=table.clen,
        indexed=indexed,
        n_peaks=table.n_peaks,
        cell_shift=mean(table.shift),
        residual=mean(table.residual),
        about={
            "options": experiment.truth.attrs["options"],
            "cell": experiment.truth.attrs["cell"],
            "seed": experiment.truth.attrs["seed"],
            "true_clen": experiment.truth.attrs["clen"],
            "min_peaks": IndexingOptions().min_peaks,
            "engine": type(engine).__name__,
            "version": version("pulsetrain"),
        },
    )


class _Table:
    """The tables of one experiment while they are filled."""

    def __init__(self, experiment: CrystalExperiment, engine: Engine, grid: Grid, *, blanks: bool) -> None:
        frames = experiment.frames
        self.frames = frames.copy(data=np.asarray(frames.data))
        self.engine, self.grid, self.options = engine, grid, IndexingOptions()
        self.clen = experiment.geometry.clen * (1 + np.array(grid.clen) / 100)
        self._true = int(np.argmin(np.abs(self.clen - experiment.truth.attrs["clen"])))
        self._lengths = np.array(experiment.cell.parameters[:3])
        self._indexable = np.array(experiment.truth["n_lattices"] > 0) | blanks
        peaks = (len(grid.min_snr), len(grid.min_pix_count), frames.sizes["pattern"])
        shape = (*peaks[:2], len(grid.clen), peaks[2])
        self.n_peaks = np.zeros(peaks, dtype=np.int64)
        self.known = np.full(shape, -1, dtype=np.int8)  # 1 indexed, 0 not, −1 unknown
        self.shift, self.residual = np.full(shape, np.nan), np.full(shape, np.nan)

    def measure_all(self) -> None:
        """Fill the tables."""
        rows, columns = range(len(self.grid.min_snr)), range(len(self.grid.min_pix_count))
        for i, j in product(rows, columns):
            self._count_peaks(i, j)
        for i, j in product(rows[::-2], columns[::2]):  # crowded settings lean on those of higher min-snr
            self._along_clen(i, j)
        for i, j in product(rows[::2], columns[1::2]):
            for k in range(len(self.clen)):
                self._between((i, j, k), (i, j - 1, k), (i, j + 1, k))
        for i, j in product(rows[1::2], columns):
            for k in range(len(self.clen)):
                self._between((i, j, k), (i - 1, j, k), (i + 1, j, k))

    def _count_peaks(self, i: int, j: int) -> None:
        options = self._setting(i, j).replace(min_peaks=10_000)  # so nothing is a hit, and indexed
        few = self.engine.evaluate(self.frames.isel(pattern=slice(_PROBES)), options)["n_peaks"].mean()
        if few > _FLOODED:
            self.n_peaks[i, j], self.known[i, j] = int(few), 0
            return
        self.n_peaks[i, j] = self.engine.evaluate(self.frames, options)["n_peaks"].to_numpy()
        self.known[i, j, :, (self.n_peaks[i, j] < self.options.min_peaks) | ~self._indexable] = 0

    def _along_clen(self, i: int, j: int) -> None:
        """Measure at the true clen and at both ends, and where they differ, between."""
        self._measure((i, j, self._true))
        failed = self.known[i, j, self._true] == 0
        self.known[i, j][:, failed] = 0
        if self.n_peaks[i, j].mean() > _CROWDED and i + 2 < len(self.known):
            unknown = self.known[i, j] == -1
            for values in (self.known, self.shift, self.residual):
                values[i, j][unknown] = values[i + 2, j][unknown]
            return
        for end in (0, len(self.clen) - 1):
            self._measure((i, j, end))
            self._bisect(i, j, self._true, end)

    def _bisect(self, i: int, j: int, inner: int, outer: int) -> None:
        """Fill between two places along clen: the same where both are, measured in the middle where not."""
        known = self.known[i, j]
        step = 1 if outer > inner else -1
        for k in range(inner + step, outer, step):
            part = (k - inner) / (outer - inner)
            fill = (known[k] == -1) & (known[inner] == known[outer])
            known[k][fill] = known[inner][fill]
            for values in (self.shift[i, j], self.residual[i, j]):
                values[k][fill] = (1 - part) * values[inner][fill] + part * values[outer][fill]
        if abs(outer - inner) > 1:
            middle = (inner + outer) // 2
            self._measure((i, j, middle))
            self._bisect(i, j, inner, middle)
            self._bisect(i, j, middle, outer)

    def _between(self, place: tuple[int, int, int], one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
        same = (self.known[one] == self.known[other]) & (self.known[place] == -1)
        self.known[place][same] = self.known[one][same]
        for values in (self.shift, self.residual):
            values[place][same] = (values[one][same] + values[other][same]) / 2
        self._measure(place)

    def _measure(self, place: tuple[int, int, int]) -> None:
        """Index the patterns that are still unknown."""
        i, j, k = place
        which = np.flatnonzero(self.known[place] == -1)
        if not len(which):
            return
        result = self.engine.evaluate(
            self.frames.isel(pattern=which), self._setting(i, j).replace(clen=float(self.clen[k]))
        )
        self.known[place][which] = result["indexed"].to_numpy()
        crystal = which[result["crystal_pattern"].to_numpy()]
        self.shift[place][crystal] = np.mean(result["crystal_cell"].to_numpy()[:, :3] / self._lengths - 1, axis=1)
        self.residual[place][crystal] = result["crystal_residual"].to_numpy()

    def _setting(self, i: int, j: int) -> IndexingOptions:
        return self.options.replace(min_snr=self.grid.min_snr[i], min_pix_count=self.grid.min_pix_count[j])


def numbered(count: int, development: int) -> Iterator[tuple[str, int]]:
    """Name experiments in the order they are wanted: a few for development, then both families in turn."""
    yield from ((IN_FAMILY.name, number) for number in DEVELOPMENT[:development])
    for k in range(count):
        family = (IN_FAMILY, OUT_OF_FAMILY)[k % 2]
        yield family.name, k // 2


def tabulate_families(
    folder: Path, count: int, development: int, progress: Progress | None = None
) -> list[TabulatedExperiment]:
    """Tabulate experiments of the families with the native engine, one file each; what is there is not made again.

    Parameters
    ----------
    folder : pathlib.Path
    count : int
        Experiments for the table, half of each family.
    development : int
        Experiments in the family, of seeds of their own (`DEVELOPMENT`), for building and fitting.
    progress : callable, optional
    """
    from pulsetrain.tuning.native import NativeEngine

    folder.mkdir(parents=True, exist_ok=True)
    names = list(numbered(count, development))
    tables = []
    for done, (family, number) in enumerate(names):
        file = folder / f"{family}-{number:04d}.npz"
        if not _is_of(Grid(), file):
            experiment = FAMILIES[family].draw(number).simulate(_PATTERNS)
            engine = NativeEngine(experiment.geometry, experiment.cell, processes=1)
            table = tabulate(experiment, engine, family=family, number=number)
            draft = folder / f".{os.getpid()}.npz"  # a killed run leaves no half file under the final name
            pack_experiments([table], draft)
            draft.replace(file)
        tables += load_experiments(file)
        if progress:
            progress(done + 1, len(names), f"{family} {number}", rate=float(tables[-1].rate.max()))
    return tables


def _is_of(grid: Grid, file: Path) -> bool:
    """Tell whether a table is there, and of this grid."""
    if not file.is_file():
        return False
    (table,) = load_experiments(file)
    return np.array_equal(table.min_snr, grid.min_snr) and np.array_equal(table.min_pix_count, grid.min_pix_count)
