"""A running indexamajig: how far it is, whether its time is over, and why it ended."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from pulsetrain.progress import Progress
from pulsetrain.tuning._crystfel.binary import IndexamajigError
from pulsetrain.tuning._crystfel.findings import Findings
from pulsetrain.tuning._crystfel.guarded import GuardedFolder

__all__ = ["Outcome", "explained", "watch"]

_USAGE = 64  # sysexits' EX_USAGE: an argument that it does not know
_NOT_FOUND = 127
_SLURM_TIMEOUT, _SLURM_GONE = 124, 75
_MARKS = {"patterns": b"\n----- End chunk -----", "hits": b"\nhit = 1", "crystals": b"\n--- End crystal"}
_TOLD = 1500  # characters of what it said that an error repeats


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its status (negative: by that signal), and whether its time was over."""

    status: int
    timed_out: bool


def watch(
    guarded: GuardedFolder, n: int, *, limit: float, poll: float, progress: Progress | None, queued: bool
) -> Outcome:
    """Wait for the end of a run, tell how far it is, and end it when its time is over.

    Parameters
    ----------
    guarded : GuardedFolder
    n : int
        Patterns.
    limit : float, seconds
    poll : float, seconds
    progress : Progress or None
        If it raises, the caller's closing of the folder ends the run.
    queued : bool
        Time counts from when the file ``started`` appears.
    """
    growth = _Growth(guarded.folder / "out.stream")
    began = None if queued else time.monotonic()
    while (status := guarded.poll(poll)) is None:
        if began is None and (guarded.folder / "started").exists():
            began = time.monotonic()
        if progress is not None:
            counts = growth.counts()
            message = "waiting in the queue" if began is None else "indexing with CrystFEL"
            progress(min(counts.pop("patterns"), n), n, message, **counts)
        if began is not None and time.monotonic() > began + limit:
            return Outcome(guarded.stop(), timed_out=True)
    if progress is not None:
        counts = growth.counts()
        progress(min(counts.pop("patterns"), n), n, "indexing with CrystFEL", **counts)
    return Outcome(status, timed_out=queued and status == _SLURM_TIMEOUT)


def explained(folder: Path, outcome: Outcome, findings: Findings) -> IndexamajigError:
    """Return the error for a run that failed, with what it said last."""
    told = "".join(
        (folder / name).read_text(encoding="utf-8", errors="replace")[-_TOLD:]
        for name in ("err.txt", "slurm.log")
        if (folder / name).is_file()
    )
    told = re.sub(r"(?m)^WARNING: \d+ reflections could not be integrated\n", "", told).strip()
    done, n = int(findings.reached.sum()), len(findings.reached)
    status = outcome.status
    ended = f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    if status == _USAGE:
        next_step = "check the engine's extra arguments against 'indexamajig --help' of this version"
    elif status in (_NOT_FOUND, _SLURM_GONE):
        next_step = "check that program and folder are there on the machine that runs it, and SLURM's log"
    elif findings.fault is not None and done:
        next_step = "run it again; with fewer processes if memory ran out"
    else:
        next_step = "read what it said; run its command by hand to see more"
    fault = "" if findings.fault is None else f" ({findings.fault})"
    return IndexamajigError(
        f"indexamajig: got a run that {ended} with {done} of {n} patterns whole{fault}; allowed: all of them. "
        f"Next: {next_step}. It said:\n{told or 'nothing'}"
    )


class _Growth:
    """Marks counted in a file that grows, each byte read once."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._tail = path, 0, b""
        self._counts = dict.fromkeys(_MARKS, 0)

    def counts(self) -> dict[str, int]:
        if self._path.is_file():
            with self._path.open("rb") as file:
                file.seek(self._at)
                while text := file.read(2**22):
                    self._at += len(text)
                    self._count(text)
        return dict(self._counts)

    def _count(self, text: bytes) -> None:
        whole = self._tail + text
        longest = max(map(len, _MARKS.values())) - 1
        self._tail = whole[-longest:]
        for name, mark in _MARKS.items():
            # What lies wholly in the old tail was counted before.
            seen = (whole[: len(whole) - len(text)]).count(mark)
            self._counts[name] += whole.count(mark) - seen
