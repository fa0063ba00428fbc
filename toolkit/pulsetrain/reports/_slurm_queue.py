"""What SLURM knows of tasks, asked for whole arrays at once and not more often than every few seconds."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from pulsetrain.reports._slurm_words import ENDED

__all__ = ["NoAnswer", "Queue", "Refused", "Task", "cancel", "queue", "submit"]

_FRESH = 3.0  # s; an answer holds so long
_SILENCE = 15.0  # s; so long nobody else need wait for a SLURM that does not answer
_FORGOTTEN = 60.0  # s; between questions for tasks that SLURM no longer knows
_PATIENCE = 8.0  # s
_GONE = ("Invalid job id", "already completing or completed")


class NoAnswer(Exception):
    """SLURM's programs are not there, or its controller does not answer."""


class Refused(ValueError):
    """SLURM does not take the job; says why in its own words."""


@dataclass(frozen=True)
class Task:
    """One task as SLURM sees it.

    Attributes
    ----------
    state : str
        In SLURM's words, such as ``PENDING``.
    node : str
        Where it is or was; empty before.
    reason : str
        Why it waits, or by whom it was cancelled.
    start : str
        When it is expected to start, ``YYYY-MM-DDTHH:MM:SS``; empty where that is not known.
    """

    state: str
    node: str = ""
    reason: str = ""
    start: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing of it runs any more, or ever will."""
        return self.state in ENDED


@dataclass
class Queue:
    """The answers of one cluster, shared by all threads of this process."""

    _known: dict[str, tuple[float, dict[str, Task]]] = field(default_factory=dict)
    _silence: tuple[float, str] = (0.0, "")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tasks(self, arrays: Iterable[str]) -> dict[str, Task]:
        """Return the tasks of some arrays, by names such as ``1234_7``; those that SLURM has forgotten are missing.

        Raises
        ------
        NoAnswer
            If SLURM cannot be asked.
        """
        wanted = set(arrays)
        with self._lock:
            now = time.monotonic()
            stale = [array for array in wanted if array not in self._known or self._known[array][0] < now]
            if stale:
                self._ask(stale, now)
            return {name: task for array in wanted for name, task in self._known[array][1].items()}

    def forget(self, arrays: Iterable[str]) -> None:
        """Ask anew next time; something was changed."""
        with self._lock:
            for array in arrays:
                self._known.pop(array, None)

    def _ask(self, arrays: list[str], now: float) -> None:
        until, message = self._silence
        if now < until:
            raise NoAnswer(message)
        try:
            answers = _squeue(arrays)
            unknown = [array for array in arrays if array not in answers]
            answers |= _sacct(unknown) if unknown else {}
        except NoAnswer as error:
            self._silence = (time.monotonic() + _SILENCE, str(error))
            raise
        for array in arrays:
            tasks = answers.get(array, {})
            over = not tasks or all(task.ended for task in tasks.values())
            self._known[array] = (time.monotonic() + (_FORGOTTEN if over else _FRESH), tasks)


_queues: dict[str, Queue] = {}


def queue() -> Queue:
    """Return the answers of the cluster that SLURM's programs speak to."""
    return _queues.setdefault(os.environ.get("SLURM_CONF", ""), Queue())


def submit(script: str, *, folder: str, environment: dict[str, str]) -> str:
    """Hand a script over, from a folder, and return the job's number.

    Raises
    ------
    Refused
        If SLURM does not take it, or is not there.
    """
    try:
        answer = _run("sbatch", "--parsable", script, cwd=folder, environment=environment, patience=60)
    except NoAnswer as error:
        raise Refused(str(error)) from None
    if answer.returncode:
        raise Refused(_words(answer.stderr) or f"sbatch ended with code {answer.returncode}")
    return answer.stdout.strip().partition(";")[0]  # "1234;cluster" where there are several


def cancel(tasks: Iterable[str]) -> None:
    """Cancel tasks; those that have gone already are passed over.

    Raises
    ------
    NoAnswer
        If SLURM cannot be asked.
    """
    answer = _run("scancel", *tasks)
    complaints = [line for line in answer.stderr.splitlines() if not any(words in line for words in _GONE)]
    if answer.returncode and complaints:
        raise NoAnswer(_words("\n".join(complaints)))


def _squeue(arrays: list[str]) -> dict[str, dict[str, Task]]:
    """Return what the controller knows: what waits and runs, and for some minutes what has ended."""
    listed = ",".join(sorted(arrays))
    answer = _run("squeue", "--array", "--noheader", "--states=all", f"--jobs={listed}", "--format=%i|%T|%N|%S|%r")
    if answer.returncode and "Invalid job id" not in answer.stderr:
        raise NoAnswer(_words(answer.stderr) or f"squeue ended with code {answer.returncode}")
    rows = [line.strip().split("|", 4) for line in answer.stdout.splitlines()]
    found: dict[str, dict[str, Task]] = {}
    for name, state, node, start, reason in (row for row in rows if len(row) == 5):
        waits = state == "PENDING" and start not in ("N/A", "Unknown")
        task = Task(state, node, "" if reason == "None" else reason, start if waits else "")
        found.setdefault(name.partition("_")[0], {})[name] = task
    return found


def _sacct(arrays: list[str]) -> dict[str, dict[str, Task]]:
    """Return what the accounting has kept; nothing on a cluster that keeps none."""
    try:
        answer = _run(
            "sacct",
            "--noheader",
            "--parsable2",
            "--allocations",
            "--array",
            f"--jobs={','.join(arrays)}",
            "--format=JobID,State,NodeList",
        )
    except NoAnswer:
        return {}
    rows = [line.strip().split("|", 2) for line in answer.stdout.splitlines()]
    found: dict[str, dict[str, Task]] = {}
    for name, stated, nodes in (row for row in rows if len(row) == 3):
        state, _, reason = stated.partition(" ")  # "CANCELLED by 1000"
        node = "" if nodes == "None assigned" else nodes
        found.setdefault(name.partition("_")[0], {})[name] = Task(state, node, reason)
    return found


def _run(
    *command: str, cwd: str | None = None, environment: dict[str, str] | None = None, patience: float = _PATIENCE
) -> subprocess.CompletedProcess[str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if name == "SLURM_CONF" or not name.startswith(("SLURM", "SQUEUE", "SACCT", "SCANCEL"))
    }
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=(own if environment is None else environment) | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"{command[0]} has not answered within {patience:g} s") from None
    except OSError as error:
        raise NoAnswer(f"{command[0]} cannot be run: {error.strerror}") from None


def _words(stderr: str) -> str:
    """Return what a program of SLURM complains of, without its own name."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return "; ".join(line.partition("error: ")[2] or line for line in lines[-3:])
