"""Comparisons of batches, made anew only when a job has changed since."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulsetrain.reports import Batch, Job, Status, write_comparison
from pulsetrain.server._known import KnownBatch, Row, signature

__all__ = ["Comparisons"]

_KEPT = 8  # pages


class Comparisons:
    """Makes one comparison at a time and keeps the pages shown last."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Path, tuple[Any, str]] = OrderedDict()
        self._files: dict[Path, Any] = {}
        self._lock = threading.Lock()

    def page(self, known: KnownBatch, rows: Sequence[Row]) -> str:
        """Return the page; without links to reports, which lead nowhere from a sandbox."""
        from pulsetrain.reports.comparison import comparison_page

        batch = _Seen.of(known, rows)
        made_of = (_changed(rows), Counter(batch.seen))
        with self._lock:
            kept = self._pages.pop(batch.folder, None)
            if kept is None or kept[0] != made_of:
                kept = (made_of, comparison_page(batch, links=False))
            self._pages[batch.folder] = kept
            if len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        return kept[1]

    def files(self, known: KnownBatch, rows: Sequence[Row]) -> None:
        """Write the comparison into the batch's folder, unless it is there and tells how the jobs stand.

        Its age alone does not say so: a job that was killed has changed no file.
        """
        if not known.mine:
            return
        with self._lock:
            folder, made_of = known.batch.folder, (_changed(rows), Counter(status.state for _, status in rows))
            written = signature(str(folder / "comparison.csv"))
            if not written or written[0] <= made_of[0] or self._files.get(folder) != made_of:
                write_comparison(_Seen.of(known, rows))
                self._files[folder] = made_of


def _changed(rows: Sequence[Row]) -> float:
    """Return when a job of these wrote its status last."""
    return max((job.stated.changed for job, _ in rows), default=0)


@dataclass(frozen=True)
class _Seen(Batch):
    """A batch whose jobs were looked at already: no queue that somebody else's record names is asked again."""

    all_jobs: tuple[Job, ...] = ()
    seen: tuple[Status, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, known: KnownBatch, rows: Sequence[Row]) -> _Seen:
        return cls(known.batch.folder, tuple(job.job for job, _ in rows), tuple(status for _, status in rows))

    def jobs(self) -> list[Job]:
        return list(self.all_jobs)

    def statuses(self) -> list[Status]:
        return list(self.seen)
