"""What the panel of reports lists: jobs and batches of a folder, looked at ever less often while nothing changes."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pulsetrain.panels._reports_over import counts_words, over_words
from pulsetrain.reports import Batch, Job, Status, list_batches, list_jobs, statuses
from pulsetrain.reports._batch_pace import seconds_left
from pulsetrain.reports.status import CONCLUDED, FINISHED

__all__ = ["Entry", "Watch"]

_FIRST, _FACTOR = 0.4, 1.5  # s; the pause after something has changed, and how it grows
_BUSY, _QUIET = 5.0, 30.0  # s, the longest pauses: while jobs are at work, and while none is
_SHARE = 5.0  # times as long as a look takes is the pause after it at least
_SETTLED = 30.0  # s after which a batch that had ended is looked at again: somebody may have resumed it elsewhere
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """One line of the list: a job, or a batch with all of its jobs.

    Attributes
    ----------
    item : Job or Batch
    title : str
    state : str
        A batch is at work as long as one of its jobs may still change.
    message : str
    done, total : int
        Cells begun, or jobs ended.
    eta : float or None, seconds
    submitted, started, finished : float or None, seconds since the epoch
    values : dict
        What distinguishes a job within its batch; of a single job all that it was given.
    over : str
        The runs and varied parameters of a batch.
    counts : dict of str to int
        Jobs of a batch by state.
    """

    item: Job | Batch
    title: str
    state: str
    message: str = ""
    done: int = 0
    total: int = 0
    eta: float | None = None
    submitted: float | None = None
    started: float | None = None
    finished: float | None = None
    values: dict[str, Any] = field(default_factory=dict)
    over: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.item.id

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more by itself."""
        return self.state in FINISHED

    @property
    def resumable(self) -> bool:
        """Whether it, or a job of it, ended without being done."""
        return any(state in FINISHED and state != "done" for state in (self.counts or (self.state,)))


class Watch:
    """Looks at a folder of jobs again and again, and tells when the list is another one.

    Parameters
    ----------
    root : Path
    tell : callable
        Given the entries, the newest first, in the watching thread.
    """

    def __init__(self, root: Path, tell: Callable[[list[Entry]], None]) -> None:
        self._root, self._tell = root, tell
        self._scope: Batch | None = None
        self._wake, self._closed = threading.Event(), False
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._ended: dict[Path, tuple[int, Status]] = {}  # by the status file's time
        self._said: dict[Path, tuple[str, dict[str, Any]]] = {}
        self._batches: dict[Path, tuple[float, Entry]] = {}
        self._told: list[Entry] | None = None

    @property
    def scope(self) -> Batch | None:
        """The batch whose jobs are listed; None for the whole folder."""
        return self._scope

    @scope.setter
    def scope(self, batch: Batch | None) -> None:
        self._scope = batch
        self.wake()

    def start(self) -> None:
        """Begin to look, in a thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True, name="watch reports")
            self._thread.start()

    def wake(self) -> None:
        """Look now, tell what is there whether or not it is another list, and look often for a while."""
        self._batches, self._told = {}, None
        self._wake.set()

    def close(self) -> None:
        """Look no more, and wait until the thread has ended."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(5)

    @property
    def alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None and self._thread.is_alive()

    def look(self) -> list[Entry]:
        """Return the entries as they are now."""
        with self._lock:
            jobs = list_jobs(self._root) if self._scope is None else self._scope.jobs()
            found = [
                _readable(job, partial(self._job, job, status))
                for job, status in zip(jobs, self._statuses(jobs), strict=True)
            ]
            if self._scope is not None:
                return found
            found += [_readable(batch, partial(self._batch, batch)) for batch in list_batches(self._root)]
            return sorted(found, key=lambda entry: entry.id, reverse=True)

    def _run(self) -> None:
        pause, entries, said = _FIRST, list[Entry](), ""
        while not self._closed:
            self._wake.clear()
            began, scope = time.monotonic(), self._scope
            try:
                entries = self.look()
                if entries != self._told and scope is self._scope and not self._closed:
                    self._told, pause = entries, _FIRST
                    self._tell(entries)
            except OSError:
                pass  # a file system that is away comes back
            except Exception as error:  # noqa: BLE001 -- whatever it was, the list must not stand still for ever
                if repr(error) != said:
                    said = repr(error)
                    _log.warning("%s cannot be listed; trying again", self._root, exc_info=True)
            # A long list is a burden for the file system, and for the kernel's own work.
            at_least = _SHARE * (time.monotonic() - began)
            longest = _QUIET if all(entry.ended for entry in entries) else _BUSY
            pause = _FIRST if self._wake.wait(max(pause, at_least)) else min(pause * _FACTOR, longest)

    def _statuses(self, jobs: Sequence[Job]) -> list[Status]:
        """Return where jobs stand; one that has ended is read again only if its file is another one."""
        known: dict[int, Status] = {}
        times: dict[int, int] = {}
        for number, job in enumerate(jobs):
            times[number] = _changed(job.folder / "status.json")
            then, status = self._ended.get(job.folder, (0, None))
            if status is not None and then == times[number]:
                known[number] = status
        asked = [number for number in times if number not in known]
        for number, status in zip(asked, statuses([jobs[number] for number in asked]), strict=True):
            known[number] = status
            if status.state in CONCLUDED:
                self._ended[jobs[number].folder] = (times[number], status)
        return [known[number] for number in range(len(jobs))]

    def _job(self, job: Job, status: Status) -> Entry:
        if job.folder not in self._said:
            record = job.record
            template, given = record.get("template"), record.get("varied" if job.batch is not None else "parameters")
            title = str(template.get("title") or template.get("name")) if isinstance(template, dict) else job.id
            self._said[job.folder] = (title, given if isinstance(given, dict) else {})
        title, values = self._said[job.folder]
        asked = status.state in ("queued", "running") and (job.folder / "stop").exists()
        return Entry(
            job, title, "stopping" if asked else status.state, status.message, status.cell, status.cells, status.eta,
            status.submitted, status.started, status.finished, values,
        )  # fmt: skip

    def _batch(self, batch: Batch) -> Entry:
        looked, known = self._batches.get(batch.folder, (0.0, None))
        if known is not None and known.ended and time.monotonic() - looked < _SETTLED:
            return known
        entry = self._batch_entry(batch)
        self._batches[batch.folder] = (time.monotonic(), entry)
        return entry

    def _batch_entry(self, batch: Batch) -> Entry:
        record = batch.record
        template = record.get("template")
        title = str(template.get("title") or template.get("name")) if isinstance(template, dict) else batch.id
        found = self._statuses(batch.jobs())
        counts: dict[str, int] = dict(Counter(status.state for status in found))
        ended = sum(status.state in FINISHED for status in found)
        started = min((status.started for status in found if status.started), default=None)
        finished = max((status.finished for status in found if status.finished), default=None)
        submitted = record.get("submitted")
        return Entry(
            batch, title, _state(counts), counts_words(counts), ended, len(found),
            seconds_left(found), submitted if isinstance(submitted, (int, float)) else None, started, finished,
            over=over_words(record), counts=counts,
        )  # fmt: skip


def _readable(item: Job | Batch, make: Callable[[], Entry]) -> Entry:
    """Return the line of a job or batch; whatever a damaged record makes of it, the others are listed all the same."""
    try:
        return make()
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001
        return Entry(item, item.id, "dead", f"cannot be read: {type(error).__name__}: {error}")


def _state(counts: dict[str, int]) -> str:
    """Return the state of a batch: at work if one job is, and done only if all are."""
    for state in ("running", "stopping", "queued", "failed", "dead", "stopped"):
        if counts.get(state):
            return state
    return "done"


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
