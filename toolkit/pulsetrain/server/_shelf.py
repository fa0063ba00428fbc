"""One folder of jobs, listed anew only when something has come or gone."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from pulsetrain.reports import Batch, Job
from pulsetrain.server._known import ID, KnownBatch, KnownJob, is_folder, signature

__all__ = ["Shelf"]

_SETTLED = 200_000_000  # ns; as for files
_AGAIN = 10.0  # s after which it is listed anew in any case: a folder may have become a job since


class Shelf:
    """The jobs and batches in a folder, each known since it was seen first.

    Parameters
    ----------
    root : Path
        Resolved; it need not exist.
    own : bool
        Whether its jobs may be stopped and resumed.
    """

    def __init__(self, root: Path, *, own: bool) -> None:
        self.root = root
        self._own = own
        self._jobs: dict[str, KnownJob] = {}
        self._batches: dict[str, KnownBatch] = {}
        self._listed: int | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def jobs(self) -> dict[str, KnownJob]:
        """Return the jobs that stand alone, by id."""
        self._list()
        return self._jobs

    def batches(self) -> dict[str, KnownBatch]:
        """Return the batches, by id."""
        self._list()
        return self._batches

    def job(self, name: str) -> KnownJob | None:
        """Return the job of a name, alone or in a batch; its folder is no link now, whatever it was before."""
        if not ID.fullmatch(name):
            return None
        batch = self.batch(name.rpartition(".")[0])
        known = batch.jobs().get(name) if batch else self.jobs().get(name)
        if known is None or not is_folder(known.path) or not signature(known.record.path):
            return None
        known.look_again()
        return known

    def batch(self, name: str) -> KnownBatch | None:
        """Return the batch of a name."""
        known = self.batches().get(name)
        return known if known and is_folder(known.path) and signature(known.record.path) else None

    def _list(self) -> None:
        """See what has come and gone, if the folder was changed; any process may put jobs there."""
        with self._lock:
            jobs: dict[str, KnownJob] = {}
            batches: dict[str, KnownBatch] = {}
            changed = None
            with contextlib.suppress(OSError):  # no such folder yet, or none that this user may read
                changed = self.root.stat().st_mtime_ns
                if changed == self._listed and time.monotonic() < self._until:
                    return
                if time.time_ns() - changed < _SETTLED:
                    changed = None
                with os.scandir(self.root) as entries:
                    for entry in entries:
                        self._take(entry, jobs, batches)
            self._jobs, self._batches = jobs, batches
            self._listed, self._until = changed, time.monotonic() + _AGAIN

    def _take(self, entry: os.DirEntry[str], jobs: dict[str, KnownJob], batches: dict[str, KnownBatch]) -> None:
        name = entry.name
        if not ID.fullmatch(name) or not entry.is_dir(follow_symlinks=False):
            return
        if name in self._jobs:
            jobs[name] = self._jobs[name]
        elif name in self._batches:
            batches[name] = self._batches[name]
        elif signature(f"{entry.path}/job.json"):
            jobs[name] = KnownJob(Job(self.root / name), own=self._own)
        elif signature(f"{entry.path}/batch.json"):
            batches[name] = KnownBatch(Batch(self.root / name), own=self._own)
