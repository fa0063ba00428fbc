"""Jobs: folders that hold all there is to know, so that any process can list, stop and resume them."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulsetrain._shared_files import take_lock
from pulsetrain.reports._files import kill, open_plain, other_owner, read_json, this_host
from pulsetrain.reports._records import job_record
from pulsetrain.reports.inside import RESULTS
from pulsetrain.reports.status import FINISHED, Status

__all__ = ["BATCH", "KEPT", "RUN", "Job", "JobError", "list_jobs", "refuse_anothers"]

BATCH = "batch.json"  # in a folder that holds the jobs of a batch
RUN = ("job.json", "template.ipynb")  # what an attempt is made of
_RELEASE = 3.0  # s; a runner holds its job's lock for a moment after it has said how it ended
KEPT = ("notebook.ipynb", "log.txt", "report.html", "metrics.json", "provenance.json", "status.json", RESULTS)


class JobError(ValueError):
    """What was asked of a job cannot be done in its present state."""


@dataclass(frozen=True)
class Job:
    """One run of a template, derived from its folder alone.

    The folder holds ``job.json`` (template, parameters, provenance), ``status.json``, ``log.txt``,
    ``template.ipynb`` (as submitted), ``notebook.ipynb`` (as far as it has run), ``report.html``, ``metrics.json``,
    ``results`` (files that the notebook hands over), and ``attempts/1``, ``attempts/2`` … with what earlier attempts
    left.
    """

    folder: Path

    def __post_init__(self) -> None:
        # Whoever runs it does so in another folder, where a relative path would lead elsewhere.
        object.__setattr__(self, "folder", self.folder.absolute())

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @classmethod
    def below(cls, root: Path, name: str) -> Job:
        """Return the job of an id below a folder of jobs, whether it stands alone or in a batch."""
        batch = root / name.rpartition(".")[0]
        return cls(batch / name if "." in name and (batch / BATCH).is_file() else root / name)

    @property
    def batch(self) -> Path | None:
        """The folder of the batch that the job belongs to."""
        return self.folder.parent if (self.folder.parent / BATCH).is_file() else None

    @property
    def root(self) -> Path:
        """The folder of jobs that it lies in, by itself or in a batch."""
        return (self.batch or self.folder).parent

    @property
    def status(self) -> Status:
        """Where the job stands now."""
        return Status.read(self.folder / "status.json")

    def seen(self) -> Status:
        """Return where the job stands, in the light of what its queue knows."""
        from pulsetrain.reports.executors import statuses

        return statuses([self])[0]

    @property
    def record(self) -> dict[str, Any]:
        """Content of ``job.json``; empty where it is torn or not one of ours."""
        return job_record(self.folder / "job.json")

    @property
    def metrics(self) -> dict[str, Any]:
        """Content of ``metrics.json``: what the cells displayed by `show_metrics`."""
        return read_json(self.folder / "metrics.json") or {}

    @property
    def notebook(self) -> Path:
        """The executed notebook, or as much as has run."""
        return self.folder / "notebook.ipynb"

    @property
    def report(self) -> Path | None:
        """The report, once there is one."""
        path = self.folder / "report.html"
        return path if path.is_file() else None

    def log(self, offset: int = 0) -> str:
        """Return the log, from a position in bytes on; empty where ``log.txt`` is no plain file."""
        file = open_plain(self.folder / "log.txt")
        if file is None:
            return ""
        with file:
            file.seek(offset)
            return file.read().decode("utf-8", errors="replace")

    def wait(self, timeout: float | None = None, *, poll: float = 0.1) -> Status:
        """Wait until the job has ended.

        Raises
        ------
        TimeoutError
            If it has not within ``timeout`` seconds; the job goes on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while not (status := self.seen()).finished_for_good:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"{self.id} is still {status.state} after {timeout:g} s")
            time.sleep(poll)
        return status

    def stop(self, timeout: float | None = None) -> None:
        """Ask the job to stop: its kernel is interrupted and the partial notebook saved.

        The request lies in the folder too, so that it also reaches a runner on another host. A cell that ignores the
        interrupt is ended by the runner after some seconds.

        Parameters
        ----------
        timeout : float or None, seconds
            Wait so long for the end, then kill the runner and its kernel outright. By default do not wait.
        """
        from pulsetrain.reports.executors import withdraw

        status = self.status
        if status.state in FINISHED and self.seen().state in FINISHED:  # silent only, where its queue knows better
            return
        if status.pid is None and self.never_begin():
            withdraw([self])
            return
        told = status.host == this_host() and self._send(status.pid, status.pid_started, signal.SIGTERM)
        try:
            (self.folder / "stop").touch()
        except OSError:  # no room for it
            if not told:
                raise
        if timeout is None:
            return
        try:
            self.wait(timeout)
        except TimeoutError:
            self.end()
            withdraw([self])  # its queue may reach where this machine does not
            message = f"killed: it did not stop within {timeout:g} s"
            replace(self.status, state="stopped", message=message, finished=time.time()).write(
                self.folder / "status.json"
            )

    def resume(self, *, executor: Any = None) -> Job:
        """Run a job that did not finish once more; what it left is kept under ``attempts``.

        In folders that a group may write to, only one's own: a job runs as whoever resumes it, so that what another
        wrote would run as oneself. That holds for root too; what a mount gives to somebody else is one's own all the
        same.

        Raises
        ------
        JobError
            If the job is done, or still at work, or another user's.
        """
        from pulsetrain.reports.submission import start_again

        refuse_anothers(self.folder, *RUN)
        lock = self.held(_RELEASE)
        if lock is None:
            raise JobError(f"{self.id} is still at work; stop it first")
        try:
            status = self.seen()
            if status.state not in FINISHED:
                raise JobError(f"{self.id} is {status.state}; stop it first")
            if status.state == "done":
                raise JobError(f"{self.id} is done; submit its template anew to run it again")
            self.end()  # a kernel may have outlived its runner
            return start_again(self, executor=executor)
        finally:
            os.close(lock)

    def held(self, wait: float = 0.0) -> int | None:
        """Lock the job as its runner does and return the descriptor; None where that takes longer than some seconds."""
        end = time.monotonic() + wait
        while (lock := take_lock(self.folder / ".lock")) is None and time.monotonic() < end:
            time.sleep(0.05)
        return lock

    def end(self) -> None:
        """Kill what runs of the job on this machine, runner and kernel."""
        status = self.status
        if status.host == this_host():
            self._send(status.pid, status.pid_started, signal.SIGKILL)
            self._send(status.kernel_pid, status.kernel_started, signal.SIGKILL)

    def _send(self, pid: int | None, started: float | None, number: signal.Signals) -> bool:
        """Signal a process that the job's status names; one that another user wrote might name any of one's own."""
        return other_owner(self.folder, "status.json") is None and kill(pid, started, number)

    def never_begin(self) -> bool:
        """Mark a job that no runner has signed as stopped, so that none will; return whether that was in time."""
        if not _is_untouched(self.status):  # whatever its lock is like
            return False
        lock = self.held()
        if lock is None:
            return False
        try:
            status = self.status
            if not _is_untouched(status):
                return False
            message = "stopped before it began"
            replace(status, state="stopped", message=message, finished=time.time()).write(self.folder / "status.json")
        finally:
            os.close(lock)
        return True

    def never_start(self) -> bool:
        """Send away the crew that would start the job, which is then seen as interrupted; return whether it is gone."""
        status = self.status
        here = _is_untouched(status) and status.host == this_host()
        sent = here and self._send(status.crew_pid, status.crew_started, signal.SIGTERM)
        return sent or self.status.finished_for_good


def _is_untouched(status: Status) -> bool:
    return status.state == "queued" and status.pid is None


def refuse_anothers(folder: Path, *names: str) -> None:
    """Refuse to run again what another user wrote; raises `JobError` which says whose it is."""
    found = other_owner(folder, *names)
    if found is not None:
        what, whose = found
        advice = "submit its template as your own, or have it resumed by them"
        raise JobError(f"{folder.name}: {what} is {whose}'s, and would run as you; {advice}")


def list_jobs(root: str | Path) -> list[Job]:
    """Return the jobs that stand alone under a folder, the newest first; whatever else lies there is passed over."""
    try:
        folders = [entry for entry in Path(root).expanduser().iterdir() if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [Job(folder) for folder in sorted(folders, reverse=True) if (folder / "job.json").is_file()]
