"""Where jobs stand now: what their runners wrote, whether these live, and what queues say, asked every few seconds."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

from pulsetrain.reports import Status
from pulsetrain.reports._files import this_host
from pulsetrain.reports.executors import executor_of
from pulsetrain.reports.status import CONCLUDED
from pulsetrain.server._known import KnownJob

__all__ = ["Queues"]

_FRESH = 5.0  # s that a queue's answer is good for
_FIRST = 1.0  # s that a request waits for an answer on jobs of which nothing is known yet
_log = logging.getLogger(__name__)


class Queues:
    """Tells where jobs stand; however many requests come, each queue is asked one question at a time."""

    def __init__(self) -> None:
        self._at_work: dict[str, Future[None]] = {}
        self._lock = threading.Lock()  # requests come in threads
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="queues")

    def statuses(self, jobs: Iterable[KnownJob]) -> list[Status]:
        """Return where jobs stand, in their order."""
        living: dict[tuple[object, ...], str] = {}
        now = time.monotonic()
        found: list[Status] = []
        queued: dict[int, KnownJob] = {}
        for number, job in enumerate(jobs):
            status = job.look(now)
            if status.state not in CONCLUDED:
                status = _judged(status, living)
                if status.executor != "local" and job.trusted:
                    queued[number] = job
            found.append(status)
        self._ask([(job, found[number]) for number, job in queued.items()])
        for number, job in queued.items():
            if job.answer is not None and job.answer[1] == found[number]:
                found[number] = job.answer[2]
        return found

    def _ask(self, jobs: list[tuple[KnownJob, Status]]) -> None:
        """Ask each queue for jobs of which it has said nothing for some time."""
        due: dict[str, list[tuple[KnownJob, Status]]] = {}
        now = time.monotonic()
        for job, status in jobs:
            if job.answer is None or job.answer[1] != status or now - job.answer[0] > _FRESH:
                due.setdefault(json.dumps(job.record.last().get("executor"), sort_keys=True), []).append((job, status))
        with self._lock:
            for key, group in due.items():
                asking = self._at_work.get(key)
                if asking is None or asking.done():
                    self._at_work[key] = self._threads.submit(_look, group)
            unknown = [self._at_work[key] for key, group in due.items() if any(job.answer is None for job, _ in group)]
        wait(unknown, timeout=_FIRST)  # one that hangs holds up no list; its answer is shown once it is there


def _look(jobs: list[tuple[KnownJob, Status]]) -> None:
    try:
        answers = executor_of(jobs[0][0].record.last()).look([(job.job, status) for job, status in jobs])
    except Exception:  # noqa: BLE001 -- whatever a queue's programs do, the jobs are shown as they were written
        _log.warning("%s cannot be asked", jobs[0][1].executor, exc_info=True)
        answers = [status for _, status in jobs]
    asked = time.monotonic()
    for (job, status), answer in zip(jobs, answers, strict=True):
        job.answer = (asked, status, answer)


def _judged(status: Status, living: dict[tuple[object, ...], str]) -> Status:
    """Return a status, or ``dead`` where its process has gone; a process of many jobs is looked for once."""
    if status.finished_for_good or status.host != this_host():
        return status.judged()
    process = (status.executor, status.pid, status.pid_started, status.crew_pid, status.crew_started)
    if status.pid is None and status.crew_pid is None:
        return status.judged()
    if process not in living:
        judged = status.judged()
        living[process] = judged.message if judged.state == "dead" else ""
    return replace(status, state="dead", message=living[process]) if living[process] else status
