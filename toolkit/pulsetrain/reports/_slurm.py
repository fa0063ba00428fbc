"""``slurm``: arrays of a cluster's queue."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulsetrain.options import OptionError
from pulsetrain.reports._files import read_json, this_host
from pulsetrain.reports._slurm_arrays import Array, arrays_of
from pulsetrain.reports._slurm_options import LARGEST_ARRAY, SlurmOptions
from pulsetrain.reports._slurm_queue import NoAnswer, Refused, Task, cancel, queue, submit
from pulsetrain.reports._slurm_script import clean_environment, script
from pulsetrain.reports._slurm_words import ending, waiting
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import BATCH, Job
from pulsetrain.reports.status import CONCLUDED, FINISHED, Status

__all__ = ["Slurm", "SlurmOptions"]

_PROGRAMS = ("sbatch", "squeue", "scancel")
_HANDED_WITHIN = 120.0  # s; jobs of which SLURM has no number by then were never handed over
_TASK = re.compile(r"\d+_\d+")
# What `sbatch --test-only` says also while the nodes are only down or drained, when sbatch itself queues the job.
_NO_CLUSTER = "DNS SRV lookup"  # where sbatch looks last for a configuration
_NO_NODE = "Requested node configuration is not available"
_STAMP = re.compile(r"\d{8}-\d{6}-(.+?)-[^-]*")


class Slurm(Executor):
    """A task of an array for each job, on the nodes of a cluster that share this machine's file system.

    What is known of a job is in its folder, in the ``slurm`` folder beside it, and in SLURM: any process on the
    cluster sees the same, also long after the one that submitted has gone.
    """

    name = "slurm"
    title = "SLURM"
    model = SlurmOptions

    @classmethod
    def trouble(cls) -> str:
        """Return which of SLURM's programs are missing."""
        missing = [program for program in _PROGRAMS if shutil.which(program) is None]
        return f"no {', '.join(missing)} on PATH; submit from a machine of the cluster" if missing else ""

    def check(self, jobs: int) -> None:
        """Ask SLURM whether it would take an array of so many tasks.

        Raises
        ------
        OptionError
            If it would not, in its own words.
        """
        with tempfile.TemporaryDirectory(prefix="pulsetrain-slurm-") as folder:
            path = Path(folder) / "script.sh"
            tasks = min(jobs, LARGEST_ARRAY)
            path.write_text(script(self.options, name="check", tasks=tasks, folder=path.parent), encoding="utf-8")
            try:
                submit(str(path), folder=path.parent, environment=clean_environment(self.options), only_test=True)
            except Refused as error:
                if _NO_CLUSTER in str(error):
                    raise OptionError(
                        "slurm: this machine knows of no cluster; submit on a node of it, or name its SLURM_CONF"
                    ) from None
                if _NO_NODE not in str(error):
                    raise OptionError(f"slurm: sbatch refuses this: {error}; change the options it names") from None

    def start(self, jobs: Sequence[Job]) -> None:
        """Submit an array, or several where the jobs are more than one may hold.

        Raises
        ------
        OptionError
            If SLURM refuses all of them. Jobs that it refuses are marked as failed with its words, so that they can be
            resumed once the cause is mended.
        """
        name, before, refusals = _name(jobs), "", []
        for first in range(0, len(jobs), LARGEST_ARRAY):
            part = jobs[first : first + LARGEST_ARRAY]
            array = Array.make(part)
            # The bound of an array is its own; arrays that follow each other keep it together.
            text = script(self.options, name=name, tasks=len(part), folder=array.folder, after=before)
            try:
                before = self._submit(array, text)
            except Refused as error:
                refusals.append(str(error))
                for job in part:
                    _mark_refused(job, str(error))
        if refusals and not before:
            kept = (jobs[0].batch or jobs[0].folder).name
            raise OptionError(f"slurm: sbatch refused: {refusals[0]}; resume {kept} with options that it allows")

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        """Return what SLURM says of unfinished jobs; where it says nothing they stay as they were last known."""
        places = list(_places(jobs))
        try:
            tasks = queue().tasks(task for _, task in places if task)
        except NoAnswer as error:
            return [_unanswered(status, str(error)) for _, status in jobs]
        return [
            _seen(job, status, array, task, tasks.get(task))
            for (job, status), (array, task) in zip(jobs, places, strict=True)
        ]

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Cancel the jobs' tasks. One that starts all the same finds its job stopped, and leaves."""
        tasks = [task for _, task in _places([(job, job.status) for job in jobs]) if task]
        if not tasks:
            return
        try:
            cancel(tasks)
        except NoAnswer:
            return
        queue().forget(tasks)

    def script(self, jobs: int, folder: Path) -> str:
        """Return the script of the array; of the first, where there will be several."""
        named = _STAMP.fullmatch(folder.name)
        name = named.group(1) if named else folder.name
        first = min(jobs, LARGEST_ARRAY)
        text = script(self.options, name=name, tasks=first, folder=folder / "slurm" / "1")
        more = -(-jobs // LARGEST_ARRAY) - 1
        return f"{text}\n# and {more} more of the kind, for the other {jobs - first} jobs\n" if more else text

    def _submit(self, array: Array, text: str) -> str:
        path = array.write_script(text)
        number = submit(str(path), folder=array.folder, environment=clean_environment(self.options))
        array.numbered(number)
        return number


def _places(jobs: Sequence[tuple[Job, Status]]) -> Iterator[tuple[Array | None, str]]:
    """Yield the array, where that is known, and the task of each job; empty where it was not handed over."""
    known: dict[Path, dict[tuple[str, int], tuple[Array, str]]] = {}
    for job, status in jobs:
        above = job.batch or job.folder
        if above not in known:
            known[above] = {
                attempt: (array, task) for array in arrays_of(job) for attempt, task in array.tasks().items()
            }
        # The runner says it too, also where the one who submitted ended before it could.
        own = status.queue if _TASK.fullmatch(status.queue) else ""
        yield known[above].get((job.id, status.attempt), (None, own))


def _seen(job: Job, status: Status, array: Array | None, name: str, task: Task | None) -> Status:
    """Return a job's status in the light of its task."""
    if not name:
        return _not_handed_over(status)
    status = replace(status, queue=name, node=task.node if task and task.node else status.node)
    if task is not None and not task.ended:
        return _at_work(status, task)
    now = job.status  # its runner may have had its last word since
    if now.state in CONCLUDED:
        return now
    begun = now.pid is not None
    words = ending(task.state, task.reason, begun=begun) if task else _forgotten(name, begun=begun)
    if begun and now.state != "dead":
        # It beats although its task is over: a node that is cut off, or a last word that is on its way.
        return replace(status, message=f"{status.message} ({words})") if task else status
    said = array.last_word(name) if array else ""
    return replace(status, state="dead", message=f"{words}; it said: {said}" if said else words)


def _forgotten(name: str, *, begun: bool) -> str:
    what = "its runner left without a word" if begun else "it was cancelled there before it began"
    return f"SLURM no longer knows {name}; {what}"


def _at_work(status: Status, task: Task) -> Status:
    if status.state == "dead" and status.host != this_host():
        silent = time.time() - status.beat
        message = f"SLURM still runs it, but it has been silent for {silent:.0f} s"
        return replace(status, state="running", message=message)
    if status.state != "queued" or status.pid is not None:
        return status
    if task.state == "PENDING":
        return replace(status, message=waiting(task.reason, task.start))
    starts = task.state in ("CONFIGURING", "RUNNING", "COMPLETING")
    return replace(status, message=f"starting on {task.node}" if starts else f"SLURM: {task.state}")


def _not_handed_over(status: Status) -> Status:
    if status.state in FINISHED or status.pid is not None:
        return status
    if time.time() - status.beat > _HANDED_WITHIN and not status.being_submitted:
        return replace(status, state="dead", message="interrupted before it was handed to SLURM")
    return replace(status, message="being handed to SLURM")


def _unanswered(status: Status, why: str) -> Status:
    words = f"SLURM does not answer: {why}"
    return replace(status, message=f"{status.message} ({words})" if status.message else words)


def _mark_refused(job: Job, why: str) -> None:
    status = job.status
    message = f"SLURM refused it: {why}"
    replace(status, state="failed", message=message, finished=time.time()).write(job.folder / "status.json")


def _name(jobs: Sequence[Job]) -> str:
    """Return a name that begins with the run, or the first and last run, where jobs have runs."""
    records = [jobs[0].record, jobs[-1].record]
    runs = [record.get("parameters", {}).get("run") for record in records]
    if jobs[0].batch and not any(runs):  # they may be in a path
        runs = re.findall(r"\d+", str((read_json(jobs[0].batch / BATCH) or {}).get("runs", "")))
        runs = [int(run) for run in (runs[:1] + runs[-1:])]
    numbers = [f"r{run:04d}" for run in dict.fromkeys(runs) if isinstance(run, int)]
    template: dict[str, Any] = records[0].get("template", {})
    return "-".join([*numbers, str(template.get("name", "report"))])
