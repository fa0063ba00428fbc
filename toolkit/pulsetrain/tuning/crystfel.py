"""The engine that drives a real indexamajig, on this machine or as a SLURM job."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import xarray as xr
from dask.system import CPU_COUNT

from pulsetrain.data import DataError
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.progress import Progress
from pulsetrain.tuning._crystfel.arguments import indexamajig_arguments
from pulsetrain.tuning._crystfel.binary import IndexamajigError, find_indexamajig, version_of
from pulsetrain.tuning._crystfel.findings import Findings, findings_of
from pulsetrain.tuning._crystfel.guarded import GuardedFolder
from pulsetrain.tuning._crystfel.slurm import clean_environment, slurm_command
from pulsetrain.tuning._crystfel.staging import Input, own_file_of, refuse_misfit, written_for
from pulsetrain.tuning._crystfel.watching import Outcome, explained, watch
from pulsetrain.tuning.options import IndexingOptions
from pulsetrain.tuning.results import indexing_result

__all__ = ["CrystFELEngine", "IndexamajigError"]

_SLURM_PROCESSES = 16
_NO_OTHERS = "--no-non-hits-in-stream"
_SECONDS_PER_PATTERN = 10.0  # and process; 50 times what a pattern usually takes


class CrystFELEngine:
    """Peaks and lattices by CrystFEL's indexamajig.

    Parameters
    ----------
    geometry : CrystFELGeometry or path
    cell : UnitCell or path
    indexamajig : path, optional
        The program; none: the one that the environment variable PULSETRAIN_INDEXAMAJIG names, or that is on PATH.
    indexing : str
        CrystFEL's indexing methods, such as ``'asdf'`` or ``'mosflm,xgandalf'``.
    processes : int, optional
        Patterns indexed side by side; none: one per core that this process may use, or 16 in a SLURM job.
    time_limit : float, optional, seconds
        For one evaluation, from its start (on the node, for a SLURM job). Patterns that were not reached by then count
        as not indexed. None: a minute, and 10 s for each pattern of a process.
    slurm : mapping, optional
        Run as a SLURM job with these options of sbatch: ``{"partition": "upex", "time": "1:00:00", "reservation": …}``.
    extra : sequence of str
        Further arguments of indexamajig, such as ``["--int-radius=4,5,7"]``.
    folder : path, optional
        Where private working folders are made, and removed; none: the system's place for temporary files, or, for SLURM
        jobs, the current folder, which the nodes must see.
    poll : float, seconds
        Between looks at a run; five times that at a SLURM queue.

    Raises
    ------
    IndexamajigError
        Where there is no such program.

    Examples
    --------
    >>> engine = CrystFELEngine("agipd.geom", "lysozyme.cell")                                   # doctest: +SKIP
    >>> engine.evaluate(open_frames("run.cxi"), IndexingOptions(min_snr=6)).indexing_rate        # doctest: +SKIP
    """

    def __init__(
        self,
        geometry: CrystFELGeometry | PathLike,
        cell: UnitCell | PathLike,
        indexamajig: PathLike | None = None,
        *,
        indexing: str = "asdf",
        processes: int | None = None,
        time_limit: float | None = None,
        slurm: Mapping[str, object] | None = None,
        extra: Sequence[str] = (),
        folder: PathLike | None = None,
        poll: float = 0.2,
    ) -> None:
        self.geometry, self.cell = CrystFELGeometry.of(geometry), UnitCell.of(cell)
        self.indexamajig = find_indexamajig(indexamajig)
        self.indexing = indexing
        self.processes = processes or (_SLURM_PROCESSES if slurm is not None else CPU_COUNT)
        self.time_limit = time_limit
        self.slurm = slurm
        self.extra = tuple(extra)
        self.poll = poll
        if folder is None and slurm is not None:
            folder = Path.cwd()
        self._place = None if folder is None else Path(folder).expanduser().absolute()
        self._known: tuple[object, Input] | None = None
        self._remove_written: Callable[[], object] | None = None

    @cached_property
    def version(self) -> str:
        """CrystFEL's version, such as ``0.10.2``."""
        return version_of(self.indexamajig)

    def evaluate(
        self, patterns: xr.DataArray, options: IndexingOptions, progress: Progress | None = None
    ) -> xr.Dataset:
        """Find peaks and lattices in all patterns.

        Parameters
        ----------
        patterns : xarray.DataArray, dims (pattern, …)
            Fitting the geometry. Frames as `open_frames` gives them are read by indexamajig from their own file where
            it can; others, and masked ones, are written into a temporary file first. A coordinate ``frame`` (pattern,)
            says which frames of the file a selection is.
        options : IndexingOptions
        progress : Progress, optional
            May raise `Cancelled`; the run is then ended.

        Returns
        -------
        xarray.Dataset
            As `indexing_result` says; besides, ``reached`` (pattern,): False for patterns that indexamajig left out,
            which count as not indexed. Attributes ``timed_out`` (1 or 0), ``command`` and ``program``.

        Raises
        ------
        DataError
            For patterns that do not fit the geometry, or a geometry whose camera length is in the data file while the
            options give none.
        IndexamajigError
            For a run that refuses its arguments, breaks off, or says nothing of use; what it wrote is in the message.
        Cancelled
        """
        started = time.monotonic()
        refuse_misfit(patterns, self.geometry)
        if not np.isfinite(self.geometry.clen) and options.clen is None:
            got = "a camera length that stands in the data file"
            raise DataError("geometry", got, "a number of metres", "give the options a clen, or write it there")
        program = f"indexamajig of CrystFEL {self.version}"
        try:
            findings, outcome, command = self._findings(patterns, options, progress)
        finally:
            if not _is_lazy(patterns):
                self.close()
        result = indexing_result(
            patterns,
            findings.hit,
            findings.peaks,
            findings.crystals,
            options=options,
            cell=self.cell,
            engine="crystfel",
            seconds=time.monotonic() - started,
        )
        reached = ("pattern", findings.reached, {"long_name": "indexamajig came to this pattern"})
        attrs = {"timed_out": int(outcome.timed_out), "program": program, "command": " ".join(command)}
        return result.assign(reached=reached).assign_attrs(attrs)

    def close(self) -> None:
        """Remove what was written for further evaluations of the same patterns."""
        self._known = None
        if self._remove_written is not None:
            self._remove_written()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _findings(
        self, patterns: xr.DataArray, options: IndexingOptions, progress: Progress | None
    ) -> tuple[Findings, Outcome, list[str]]:
        found = self._input(patterns)
        geometry = found.geometry if options.clen is None else found.geometry.with_clen(options.clen)
        with GuardedFolder(self._place) as guarded:
            command = self._prepare(guarded.folder, found, geometry, options)
            outcome = self._run(guarded, command, len(found.events), progress)
            findings = findings_of(guarded.folder / "out.stream", found.events, geometry)
            if _NO_OTHERS in self.extra and outcome.status == 0 and findings.fault is None:
                findings = replace(findings, reached=np.ones_like(findings.reached))
            self._check(findings, outcome, guarded.folder)
        return findings, outcome, command

    def _input(self, patterns: xr.DataArray) -> Input:
        """Return the patterns' file; that of lazy patterns is remembered, as they cannot have changed."""
        key = (patterns.data.name, patterns.shape) if _is_lazy(patterns) else None
        if self._known is not None and key is not None and self._known[0] == key:
            return self._known[1]
        self.close()
        found = own_file_of(patterns, self.geometry)
        if found is None:
            guarded = GuardedFolder(self._place)
            self._remove_written = weakref.finalize(self, guarded.close)
            found = written_for(patterns, self.geometry, guarded.folder)
        self._known = key, found
        return found

    def _prepare(self, folder: Path, found: Input, geometry: CrystFELGeometry, options: IndexingOptions) -> list[str]:
        """Write what indexamajig reads, under plain names: a list of patterns has no way to quote a blank."""
        (folder / "frames.h5").symlink_to(found.file)
        (folder / "files.lst").write_text("".join(f"frames.h5 {event}\n" for event in found.events), encoding="utf-8")
        geometry.write(folder / "detector.geom")
        self.cell.write(folder / "sample.cell")
        arguments = indexamajig_arguments(
            options,
            geometry="detector.geom",
            cell="sample.cell",
            files="files.lst",
            stream="out.stream",
            indexing=self.indexing,
            processes=self.processes,
            extra=self.extra,
        )
        return [str(self.indexamajig), *arguments]

    def _run(self, guarded: GuardedFolder, command: list[str], n: int, progress: Progress | None) -> Outcome:
        limit = self.time_limit or 60.0 + _SECONDS_PER_PATTERN * n / self.processes
        if self.slurm is None:
            guarded.start(command, os.environ)
        else:
            job = slurm_command(command, guarded.folder, self.slurm, processes=self.processes, seconds=5 * self.poll)
            guarded.start(job, clean_environment(os.environ), grace=60.0)
        return watch(guarded, n, limit=limit, poll=self.poll, progress=progress, queued=self.slurm is not None)

    def _check(self, findings: Findings, outcome: Outcome, folder: Path) -> None:
        """Refuse a run that says less than it should: patterns that a crash left out must not lower the rate."""
        missing = int((~findings.reached).sum())
        if outcome.timed_out or (missing == 0 and findings.fault is None):
            return
        left_out = outcome.status == 0 and findings.fault is None and bool(findings.reached.any())
        if not left_out:
            raise explained(folder, outcome, findings)


def _is_lazy(patterns: xr.DataArray) -> bool:
    return patterns.chunks is not None
