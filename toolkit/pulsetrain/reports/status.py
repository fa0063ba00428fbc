"""Where a job stands: ``status.json``, written by its runner and read by everybody."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pulsetrain.reports._files import alive, identity, read_json, this_host, write_json

__all__ = ["CONCLUDED", "FINISHED", "LAST_YEAR", "VERSION", "State", "Status", "submitter"]

VERSION = 1
State = Literal["queued", "running", "stopping", "stopped", "failed", "done", "dead"]
CONCLUDED = ("stopped", "failed", "done")  # as is written; the dead are only seen, and a queue may know better
FINISHED = (*CONCLUDED, "dead")
_START_WITHIN = 60.0  # s; a runner that has not signed its job by then never started,
_WRITTEN_WITHIN = 3600.0  # s; unless whoever submits it is still at it: a large batch on a slow disk takes long
_NEVER = "interrupted: the runner never started"
LAST_YEAR = 253_370_764_800.0  # s since the epoch, 9999; no calendar has a later one, and zones are hours ahead
_BEAT_WITHIN = 60.0  # s; the runner of another host that has been silent for longer is dead


@dataclass(frozen=True)
class Status:
    """A job's state as its runner last wrote it.

    Attributes
    ----------
    state : str
        ``queued``, ``running``, ``stopping``, ``stopped``, ``failed`` or ``done``; ``dead`` is never written but seen
        by whoever looks: the runner is gone and has not said how it ended.
    message : str
        One line for people: what is awaited, or why the job ended.
    cell, cells : int
        Code cells begun, and code cells in all.
    eta : float or None, seconds
        What the remaining cells will take, as far as can be told.
    attempt : int
        1, and one more with each resume.
    beat, submitted, started, finished : float or None, seconds since the epoch
        Time of this status, and of the job's steps.
    host, pid, pid_started
        The runner; ``kernel_pid, kernel_started`` its kernel.
    executor : str
        Where it was queued.
    queue : str
        What that queue calls the job, such as ``1234_7``.
    node : str
        Where the queue has put it.
    crew_pid, crew_started
        The process on ``host`` that will start its runner, where one does that for many jobs.
    submitter_host, submitter_pid, submitter_started
        The process that writes the jobs of a batch down and hands them over.
    """

    state: State = "queued"
    message: str = ""
    cell: int = 0
    cells: int = 0
    eta: float | None = None
    attempt: int = 1
    beat: float = 0.0
    submitted: float | None = None
    started: float | None = None
    finished: float | None = None
    host: str = ""
    pid: int | None = None
    pid_started: float | None = None
    kernel_pid: int | None = None
    kernel_started: float | None = None
    executor: str = "local"
    queue: str = ""
    node: str = ""
    crew_pid: int | None = None
    crew_started: float | None = None
    submitter_host: str = ""
    submitter_pid: int | None = None
    submitter_started: float | None = None
    version: int = VERSION

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a status and judge whether its runner lives; what cannot be read is a dead job, and never an error."""
        content = read_json(path)
        if content is None:
            return cls(state="dead", message="status.json is missing or torn")
        try:
            status = cls(**{field.name: _plain(content[field.name]) for field in fields(cls) if field.name in content})
            return status.judged() if status._sound() else cls(state="dead", message="status.json is not one of ours")
        except (TypeError, ValueError, OverflowError):
            return cls(state="dead", message="status.json is not one of ours")

    def write(self, path: Path) -> None:
        """Write this status, with the time of now as its heart beat."""
        write_json(path, asdict(replace(self, beat=time.time())), durable=False)

    @property
    def finished_for_good(self) -> bool:
        """Whether nothing will change any more by itself."""
        return self.state in FINISHED

    @property
    def unclaimed(self) -> bool:
        """Whether it is queued, or was taken for lost only because whoever starts it comes late."""
        return self.state == "queued" or (self.state == "dead" and self.message == _NEVER)

    @property
    def being_submitted(self) -> bool:
        """Whether it is queued, and whoever submits it may not have handed it over yet."""
        if self.submitter_pid is None or self.submitter_started is None or self.pid is not None:
            return False
        if time.time() - self.beat > _WRITTEN_WITHIN:
            return False
        return self.submitter_host != this_host() or alive(self.submitter_pid, self.submitter_started)

    def judged(self) -> Self:
        """Return this status, or ``dead`` with the reason where its runner has gone without a word."""
        if self.state in FINISHED:
            return self
        if self.pid is None or self.pid_started is None:
            return self if self._awaited() else replace(self, state="dead", message=_NEVER)
        if self.host == this_host():
            gone = not alive(self.pid, self.pid_started)
        else:
            gone = time.time() - self.beat > _BEAT_WITHIN
        return replace(self, state="dead", message=f"interrupted: the runner on {self.host} has gone") if gone else self

    def _awaited(self) -> bool:
        """Return whether a runner may still come."""
        if self.executor != "local":
            return True  # its queue knows; see `statuses`
        if self.crew_pid is None or self.crew_started is None:
            return time.time() - self.beat <= _START_WITHIN or self.being_submitted
        return self.host != this_host() or alive(self.crew_pid, self.crew_started)

    def _sound(self) -> bool:
        numbers = (self.cell, self.cells, self.attempt)
        times = (self.beat, self.submitted, self.started, self.finished)
        optional = (self.eta, *times, self.pid_started, self.kernel_started, self.crew_started, self.submitter_started)
        pids = (self.pid, self.kernel_pid, self.crew_pid, self.submitter_pid)
        texts = (self.message, self.host, self.executor, self.queue, self.node, self.submitter_host)
        return (
            self.version == VERSION
            and self.state in get_args(State)
            and all(isinstance(text, str) for text in texts)
            and all(isinstance(number, (int, float)) and math.isfinite(number) for number in (*numbers, self.beat))
            and all(n is None or (isinstance(n, (int, float)) and math.isfinite(n)) for n in optional)
            and all(moment is None or 0 <= moment < LAST_YEAR for moment in times)
            and all(number is None or isinstance(number, int) for number in pids)
        )


def _plain(value: Any) -> Any:
    """Return a text as one line without the sequences by which a terminal is told to erase or rename; others as is."""
    if not isinstance(value, str) or value.isprintable():
        return value
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())


def submitter() -> dict[str, Any]:
    """Return the fields of a status by which this process says that it will hand the job over."""
    pid, started = identity()
    return {"submitter_host": this_host(), "submitter_pid": pid, "submitter_started": started}
