"""What a server knows of the folders of jobs, so that a look at thousands of them costs a `stat` each."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from pulsetrain.reports import Batch, Job, Status
from pulsetrain.reports._files import read_json
from pulsetrain.reports._records import batch_record, job_record

__all__ = ["ID", "Known", "KnownBatch", "KnownJob", "Row", "is_folder", "signature"]

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SETTLED = 200_000_000  # ns; within one tick of a file system's clock a file can change twice and look the same
_OLD = 60.0  # s since a job's end after which a resume is the only news there can be
_PATIENCE = 10.0  # s for which such a job need not be looked at: over a network a thousand looks take a while
T = TypeVar("T")
Signature = tuple[int, int, int]


class Known(Generic[T]):
    """What a plain file said when it was read last.

    Parameters
    ----------
    path : str
        The file; text, as making a `Path` costs more than the look itself.
    read : callable
        Makes the content of the path, or of None where no plain file is there.
    """

    __slots__ = ("_content", "_open", "_read", "_signature", "path")

    def __init__(self, path: str, read: Callable[[Path | None], T]) -> None:
        self.path = path
        self._read = read
        self._open = True  # read it again, whatever its signature says
        self._signature: Signature | None = None
        self._content: T

    def now(self) -> T:
        """Return the content, read anew if the file has changed."""
        seen = signature(self.path)
        if self._open or seen != self._signature:
            young = seen is not None and time.time_ns() - seen[0] < _SETTLED
            self._content = self._read(None if seen is None else Path(self.path))
            self._signature, self._open = seen, young
        return self._content

    def last(self) -> T:
        """Return the content as it was read last, without a look at the file."""
        return self.now() if self._open else self._content

    @property
    def changed(self) -> int:
        """When the file was written, nanoseconds since the epoch, as far as it was looked at; 0 where there is none."""
        return self._signature[0] if self._signature else 0


class KnownJob:
    """A job, and its files as they were read last.

    Attributes
    ----------
    job : Job
    own : bool
        Whether it lies in the server's own folder of jobs; others are only to be read.
    stated : Known of Status
        As its runner wrote it, judged when it was read.
    record, metrics : Known of dict
    batch : str or None
        Id of the batch that holds it.
    answer : tuple or None
        What its queue was asked last: when, for which status, and what it said.
    told : dict
        Texts made of the record, by name, and what they were made of.
    """

    __slots__ = (
        "_metrics",
        "_metrics_of",
        "_until",
        "answer",
        "batch",
        "job",
        "own",
        "path",
        "record",
        "stated",
        "told",
    )

    def __init__(self, job: Job, *, own: bool, batch: str | None = None) -> None:
        self.job = job
        self.own = own
        self.batch = batch
        self.path = str(job.folder)
        self.stated = Known(f"{self.path}/status.json", _status)
        self.record = Known(f"{self.path}/job.json", _job)
        self._metrics = Known(f"{self.path}/metrics.json", _metrics)
        self._metrics_of: Status | None = None
        self._until = 0.0
        self.answer: tuple[float, Status, Status] | None = None
        self.told: dict[str, tuple[tuple[object, ...], str]] = {}

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.job.id

    @property
    def mine(self) -> bool:
        """Whether whoever asks may stop and resume it."""
        return self.own and os.access(self.path, os.W_OK | os.X_OK)

    @property
    def trusted(self) -> bool:
        """Whether its record was written by this very user: only then is the queue that it names asked anything.

        Whoever answers at an address of somebody else's choice could send whatever it liked.
        """
        try:
            return os.lstat(self.record.path).st_uid == os.getuid()
        except OSError:
            return False

    def look(self, now: float) -> Status:
        """Return what the runner wrote; what ended long ago is looked at every few seconds only.

        Parameters
        ----------
        now : float, seconds
            Of the monotonic clock.
        """
        if now < self._until:
            return self.stated.last()
        status = self.stated.now()
        if status.finished_for_good and time.time() - self.stated.changed / 1e9 > _OLD:
            self._until = now + _PATIENCE * (0.5 + hash(self.path) % 64 / 128)  # not all of them in one request
        return status

    def look_again(self) -> None:
        """Take nothing for granted the next time."""
        self._until = 0.0

    def metrics(self) -> dict[str, Any]:
        """Return what the job measured; of one that has ended it is not looked for again."""
        status = self.stated.last()
        if self._metrics_of is not status or not status.finished_for_good:
            self._metrics.now()
            self._metrics_of = status
        return self._metrics.last()

    def once(self, name: str, make: Callable[[], str], *made_of: object) -> str:
        """Return a text, made anew only when one of the things it is made of is another one."""
        kept = self.told.get(name)
        if kept is None or any(new is not old for new, old in zip(made_of, kept[0], strict=True)):
            kept = self.told[name] = (made_of, make())
        return kept[1]

    def has(self, name: str) -> bool:
        """Return whether a plain file of a name lies in the folder."""
        return signature(f"{self.path}/{name}") is not None


Row = tuple[KnownJob, Status]  # a job and where it stands


class KnownBatch:
    """A batch, and its record as it was read last.

    Attributes
    ----------
    batch : Batch
    own : bool
        As of `KnownJob`.
    record : Known of dict
    tally : tuple or None
        When its jobs were counted last, and the outcome.
    """

    __slots__ = ("_jobs", "_jobs_of", "batch", "own", "path", "record", "tally")

    def __init__(self, batch: Batch, *, own: bool) -> None:
        self.batch = batch
        self.own = own
        self.path = str(batch.folder)
        self.record = Known(f"{self.path}/batch.json", _batch)
        self._jobs: dict[str, KnownJob] = {}
        self._jobs_of: dict[str, Any] | None = None
        self.tally: tuple[float, Any] | None = None

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.batch.id

    @property
    def mine(self) -> bool:
        """Whether whoever asks may stop and resume it."""
        return self.own and os.access(self.path, os.W_OK | os.X_OK)

    def jobs(self) -> dict[str, KnownJob]:
        """Return the jobs by id, in the order of the plan."""
        record = self.record.now()
        if self._jobs_of is not record:
            named = record.get("jobs")
            names = [name for name in named if self._holds(name)] if isinstance(named, list) else []
            known = self._jobs
            self._jobs = {
                name: known.get(name) or KnownJob(Job(self.batch.folder / name), own=self.own, batch=self.id)
                for name in names
            }
            self._jobs_of = record
        return self._jobs

    def look_again(self) -> None:
        """Take nothing for granted the next time."""
        self.tally = None
        for job in self._jobs.values():
            job.look_again()

    def _holds(self, name: Any) -> bool:
        is_ours = isinstance(name, str) and ID.fullmatch(name) and name.startswith(f"{self.id}.")
        return bool(is_ours) and is_folder(f"{self.path}/{name}")


def signature(path: str) -> Signature | None:
    """Return what changes whenever a plain file does; None where there is none, but a link, a pipe or the like."""
    try:
        seen = os.lstat(path)
    except (OSError, ValueError):
        return None
    return (seen.st_mtime_ns, seen.st_size, seen.st_ino) if stat.S_ISREG(seen.st_mode) else None


def is_folder(path: str) -> bool:
    """Return whether a folder, and no link to one, is there."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _status(path: Path | None) -> Status:
    return Status.read(path) if path else Status(state="dead", message="status.json is missing or torn")


def _job(path: Path | None) -> dict[str, Any]:
    return job_record(path) if path else {}


def _batch(path: Path | None) -> dict[str, Any]:
    return batch_record(path) if path else {}


def _metrics(path: Path | None) -> dict[str, Any]:
    return (read_json(path) if path else None) or {}
