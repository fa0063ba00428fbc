"""What SLURM knows of tasks, asked for whole arrays at once and not more often than every few seconds."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pulsetrain.reports._slurm_words import ENDED

__all__ = ["NoAnswer", "Queue", "Refused", "Task", "cancel", "queue", "submit"]

_FRESH = 3.0  # s; an answer holds so long
_SILENCE = 15.0  # s; so long nobody else need wait for a SLURM that does not answer
_FORGOTTEN = 60.0  # s; between questions for what SLURM no longer knows
_PATIENCE = 8.0  # s
_SETTINGS = ("SLURM", "SQUEUE", "SACCT", "SCANCEL")  # variables by which a user's own habits would change the answers
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

    _arrays: dict[str, tuple[float, dict[str, Task]]] = field(default_factory=dict)
    _missed: dict[str, float] = field(default_factory=dict)
    _silence: tuple[float, str] = (0.0, "")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tasks(self, names: Iterable[str]) -> dict[str, Task]:
        """Return tasks by names such as ``1234_7``; those that SLURM has forgotten are missing.

        Raises
        ------
        NoAnswer
            If SLURM cannot be asked.
        """
        wanted = {name: name.partition("_")[0] for name in names}
        with self._lock:
            now = time.monotonic()
            stale = {name for name in wanted if self._is_stale(name, now)}
            if stale:
                self._ask(stale)
            known = {array: self._arrays[array][1] for array in set(wanted.values())}
        return {name: known[array][name] for name, array in wanted.items() if name in known[array]}

    def forget(self, names: Iterable[str]) -> None:
        """Ask anew next time: something was changed."""
        with self._lock:
            for name in names:
                self._arrays.pop(name.partition("_")[0], None)

    def _is_stale(self, name: str, now: float) -> bool:
        until, tasks = self._arrays.get(name.partition("_")[0], (0.0, {}))
        return until <= now and not (name in tasks and tasks[name].ended)

    def _ask(self, names: set[str]) -> None:
        arrays = {name.partition("_")[0] for name in names}
        until, message = self._silence
        if time.monotonic() < until:
            raise NoAnswer(message)
        try:
            answers = _squeue(arrays)
        except NoAnswer as error:
            self._silence = (time.monotonic() + _SILENCE, str(error))
            raise
        now = time.monotonic()
        for array in arrays:
            # What has ended stays as it was, also after SLURM has forgotten it.
            ended = {name: task for name, task in self._arrays.get(array, (0.0, {}))[1].items() if task.ended}
            told = answers.get(array, {})
            self._arrays[array] = (now + (_FRESH if told else _FORGOTTEN), ended | told)
        missing = {name for name in names if name not in self._arrays[name.partition("_")[0]][1]}
        asked = {name for name in missing if self._missed.get(name, 0.0) <= now}
        for name, task in _sacct(asked).items() if asked else ():
            self._arrays[name.partition("_")[0]][1][name] = task
        self._missed |= dict.fromkeys(asked, now + _FORGOTTEN)


_queues: dict[str, Queue] = {}


def queue() -> Queue:
    """Return the answers of the cluster that SLURM's programs speak to."""
    return _queues.setdefault(os.environ.get("SLURM_CONF", ""), Queue())


def submit(script: str, *, folder: Path, environment: dict[str, str], only_test: bool = False) -> str:
    """Hand a script over, from a folder, and return the job's number.

    Parameters
    ----------
    only_test
        Only ask whether SLURM would take it.

    Raises
    ------
    Refused
        If SLURM does not take it, or is not there.
    """
    options = ["--test-only"] if only_test else ["--parsable"]
    try:
        answer = _run("sbatch", *options, script, cwd=folder, environment=environment, patience=60)
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
    answer = _run("scancel", *_together(tasks))
    complaints = [line for line in answer.stderr.splitlines() if not any(words in line for words in _GONE)]
    if answer.returncode and complaints:
        raise NoAnswer(_words("\n".join(complaints)))


def _squeue(arrays: Iterable[str]) -> dict[str, dict[str, Task]]:
    """Return what the controller knows: what waits and runs, and for some minutes what has ended."""
    listed = ",".join(sorted(arrays))
    answer = _run("squeue", "--array", "--noheader", "--states=all", f"--jobs={listed}", "--format=%i|%T|%N|%S|%r")
    if answer.returncode and "Invalid job id" not in answer.stderr:
        raise NoAnswer(_words(answer.stderr) or f"squeue ended with code {answer.returncode}")
    found: dict[str, dict[str, Task]] = {}
    for name, state, node, start, reason in _rows(answer.stdout, 5):
        waits = state == "PENDING" and start not in ("N/A", "Unknown")
        task = Task(state, node, "" if reason == "None" else reason, start if waits else "")
        found.setdefault(name.partition("_")[0], {})[name] = task
    return found


def _sacct(names: Iterable[str]) -> dict[str, Task]:
    """Return what the accounting has kept; nothing on a cluster that keeps none."""
    arrays = ",".join(sorted({name.partition("_")[0] for name in names}))
    columns = "--format=JobID,State,NodeList"
    try:
        answer = _run("sacct", "--noheader", "--parsable2", "--allocations", f"--jobs={arrays}", columns)
    except NoAnswer:
        return {}
    found = {}
    for name, stated, nodes in _rows(answer.stdout, 3):
        state, _, reason = stated.partition(" ")  # "CANCELLED by 1000"
        found[name] = Task(state, "" if nodes == "None assigned" else nodes, reason)
    return {name: found[name] for name in names if name in found}


def _rows(printed: str, columns: int) -> Iterator[list[str]]:
    rows = (line.strip().split("|", columns - 1) for line in printed.splitlines())
    return (row for row in rows if len(row) == columns)


def _together(tasks: Iterable[str]) -> list[str]:
    """Write tasks as SLURM takes many at once: ``1234_[1,2,7]``."""
    arrays: dict[str, list[str]] = {}
    for task in tasks:
        array, _, index = task.partition("_")
        arrays.setdefault(array, []).append(index)
    return [f"{array}_[{','.join(indices)}]" for array, indices in arrays.items()]


def _run(
    *command: str, cwd: Path | None = None, environment: dict[str, str] | None = None, patience: float = 0.0
) -> subprocess.CompletedProcess[str]:
    own = {name: text for name, text in os.environ.items() if name == "SLURM_CONF" or not name.startswith(_SETTINGS)}
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=own | {"LC_ALL": "C"} if environment is None else environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=patience or _PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"{command[0]} has not answered within {patience or _PATIENCE:g} s") from None
    except OSError as error:
        raise NoAnswer(f"{command[0]} cannot be run: {error.strerror}") from None


def _words(stderr: str) -> str:
    """Return what a program of SLURM complains of, without its own name."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return "; ".join(re.sub(r"^(\w+: )?(error|allocation failure): ", "", line) for line in lines[-3:])
