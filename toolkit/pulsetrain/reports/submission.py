"""From a template and values to a job: everything is validated before a folder exists, and the folder appears whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulsetrain._shared_files import take_lock
from pulsetrain.options import OptionError
from pulsetrain.reports._files import write_json
from pulsetrain.reports._local import Local
from pulsetrain.reports._notebooks import clear, code_cells, inject, read_notebook
from pulsetrain.reports._prepared import Prepared, short_name, stamp
from pulsetrain.reports._templates import Template
from pulsetrain.reports.executors import Executor, executor_named, executor_of
from pulsetrain.reports.jobs import KEPT, Job
from pulsetrain.reports.parameters import read_parameters
from pulsetrain.reports.source import values_cell
from pulsetrain.reports.status import Status

__all__ = ["hand_over", "make_folder", "queue_again", "start_again", "submit"]

_NEW = ".new-"  # begins the name of a folder that is being filled,
_WRITER = ".writer"  # and this, in it, is locked by whoever does
_ABANDONED = 3600.0  # s without a change; also holds where files cannot be locked


def submit(
    template: Template | str | Path,
    values: Mapping[str, Any],
    root: str | Path,
    *,
    kernel: str | None = None,
    executor: Executor | None = None,
    cwd: str | Path | None = None,
) -> Job:
    """Queue a run of a template.

    Parameters
    ----------
    template
        A `Template`, the path of any notebook with a ``parameters`` cell, or the name of a shipped one.
    values
        Parameters that differ from the template's defaults; only these are injected.
    root
        Folder that holds the jobs; made if need be.
    kernel
        Name of an installed kernelspec. By default the one the notebook names, where that is installed, else the
        Python that runs this.
    executor
        Where it runs; `Local` by default.
    cwd
        Folder the kernel starts in, which relative paths among the values refer to; the present one by default.

    Returns
    -------
    Job
        Queued; it goes on without this process.

    Raises
    ------
    OptionError
        One line per fault, each naming the parameter; no folder has been made.
    """
    executor = executor or Local()
    prepared = Prepared(template, kernel=kernel, executor=executor, cwd=cwd)
    given = prepared.values(values)
    root = Path(root).expanduser().resolve()
    submitted = time.time()

    def fill(folder: Path, name: str) -> None:
        (folder / "template.ipynb").write_bytes(prepared.content)
        prepared.fill(folder, given, root=root, submitted=submitted, id=name)

    values_cell(given)  # refuses what is no literal before a folder is made
    executor.check(1)
    job = Job(make_folder(root, prepared.template.name, submitted, fill))
    executor.start([job])
    return job


def make_folder(root: Path, template: str, submitted: float, fill: Callable[[Path, str], None]) -> Path:
    """Make a folder of a new name below a root, which appears when it has been filled, and return it.

    Parameters
    ----------
    root
        Made if need be.
    template
        Name of the template, of which the folder's name is made.
    submitted : float, seconds since the epoch
    fill : callable
        Given the folder to fill, which is not yet in its place, and the name that it will have.

    Raises
    ------
    OSError
        If no folder can be made there.
    """
    building = root / f"{_NEW}{secrets.token_hex(8)}"
    _sweep(root)
    while True:
        folder = root / f"{stamp(submitted)}-{short_name(template)}-{secrets.token_hex(3)}"
        try:
            building.mkdir(parents=True)
        except OSError as error:
            reason = f"where no folder can be made ({error.strerror}); give one that you can write to"
            raise OSError(f"folder of jobs: got {str(root)!r}, {reason}") from None
        at_work = None
        try:
            at_work = take_lock(building / _WRITER)
            fill(building, folder.name)
            (building / _WRITER).unlink(missing_ok=True)
            building.rename(folder)
        except BaseException as error:
            shutil.rmtree(building, ignore_errors=True)
            if not isinstance(error, OSError) or not folder.exists():
                raise
        else:
            return folder
        finally:
            if at_work is not None:
                os.close(at_work)


def _sweep(root: Path) -> None:
    """Remove what this user's processes that were killed while they filled a folder have left.

    Whoever fills one holds a lock in it, and a large batch changes it all the time. What is another user's is theirs.
    """
    with contextlib.suppress(OSError):
        for left in root.glob(f"{_NEW}*"):
            with contextlib.suppress(OSError):
                seen = left.lstat()
                mine = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid()
                if mine and time.time() - seen.st_mtime > _ABANDONED:
                    lock = take_lock(left / _WRITER)
                    if lock is not None:
                        shutil.rmtree(left, ignore_errors=True)
                        os.close(lock)


def start_again(job: Job, *, executor: Executor | None = None) -> Job:
    """Put aside what an attempt left and queue the next one; the caller holds the job's lock."""
    chosen = executor or executor_named(job.record.get("executor") or {})
    chosen.check(1)
    queue_again(job, executor)
    chosen.start([job])
    return job


def hand_over(executor: Executor, jobs: Sequence[Job]) -> None:
    """Start the jobs of a batch; where that fails, nobody is to wait any longer for this process to do it."""
    try:
        executor.start(jobs)
    except BaseException:
        for job in jobs:
            with contextlib.suppress(OSError):
                _let_go(job)
        raise


def queue_again(job: Job, executor: Executor | None = None, claim: Mapping[str, Any] | None = None) -> None:
    """Put aside what an attempt left and mark the job as queued; the caller holds its lock, and starts it."""
    record = job.record
    if not record or not (job.folder / "template.ipynb").is_file():
        raise OptionError(f"{job.id}: job.json or template.ipynb is missing; submit the template anew")
    notebook = read_notebook(job.folder / "template.ipynb")
    injected = record.get("injected")
    if not isinstance(injected, str):  # a job from before it was kept; its values are only as good as JSON's
        given = read_parameters(notebook)(**record["parameters"]).model_dump(exclude_unset=True)
        injected = values_cell(given)
    prepared = inject(clear(notebook), injected)

    attempts = job.folder / "attempts"
    number = 1 + max((int(path.name) for path in attempts.glob("[0-9]*") if path.name.isdigit()), default=0)
    cells = sum(1 for _ in code_cells(prepared))
    name = (executor or executor_of(record)).name
    stated: dict[str, Any] = {"submitted": time.time(), "cells": cells, "attempt": number + 1, "executor": name}
    kept, new = attempts / str(number), job.folder / ".next"
    shutil.rmtree(new, ignore_errors=True)  # of one who was killed here
    kept.mkdir(parents=True)
    try:
        # What takes room comes first: where there is none, the job stays as it was.
        new.mkdir()
        write_json(new / "notebook.ipynb", prepared)
        Status(message="waiting", **stated, **(claim or {})).write(new / "status.json")
        if executor is not None:
            write_json(job.folder / "job.json", {**record, "executor": executor.as_dict()})
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        kept.rmdir()
        raise
    for left in KEPT:
        if (job.folder / left).exists():
            (job.folder / left).replace(kept / left)
    (job.folder / "stop").unlink(missing_ok=True)
    for path in sorted(new.iterdir()):  # the status last
        path.replace(job.folder / path.name)
    new.rmdir()


def _let_go(job: Job) -> None:
    lock = job.held()
    if lock is None:
        return
    try:
        status = job.status
        if status.being_submitted:
            replace(status, submitter_pid=None).write(job.folder / "status.json")
    finally:
        os.close(lock)
