"""Arrays on disk: which task of which array a job is, for whoever looks later.

Beside the jobs of a batch, or in a job by itself, ``slurm`` holds a folder for each array that was submitted: the
script, the list of folders, ``array.json``, and what SLURM had to say of each task.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pulsetrain._shared_files import write_text
from pulsetrain.reports._files import open_plain, read_json, write_json
from pulsetrain.reports._slurm_script import FOLDERS, OUTPUT
from pulsetrain.reports.jobs import Job

__all__ = ["Array", "arrays_of"]

_ARRAYS = "slurm"
_LAST = 4096  # bytes of what SLURM said; its last word is at the end


@dataclass(frozen=True)
class Array:
    """One array: its folder, the number that SLURM gave it, and the attempt of each job that its tasks are.

    Attributes
    ----------
    number : str
        Empty while SLURM has not answered.
    attempts : dict of str to int
        By the name of the job, in the order of the tasks.
    """

    folder: Path
    number: str
    attempts: dict[str, int]

    @classmethod
    def make(cls, jobs: Sequence[Job]) -> Array:
        """Make the folder of an array, with the list of what its tasks are to run."""
        above = (jobs[0].batch or jobs[0].folder) / _ARRAYS
        above.mkdir(exist_ok=True)
        folder = _next_folder(above)
        attempts = [job.status.attempt for job in jobs]
        tasks = (os.fsencode(job.folder) + b"\0%d\0" % attempt for job, attempt in zip(jobs, attempts, strict=True))
        (folder / FOLDERS).write_bytes(b"".join(tasks))
        array = cls(folder, "", {job.id: attempt for job, attempt in zip(jobs, attempts, strict=True)})
        array._save()
        return array

    @classmethod
    def read(cls, folder: Path) -> Array | None:
        """Read an array; None where its record is torn or no record at all."""
        match read_json(folder / "array.json"):
            case {"number": str(number), "attempts": dict(attempts)} if number.isdecimal() or not number:
                return cls(folder, number, attempts)
        return None

    def numbered(self, number: str) -> Array:
        """Keep the number that SLURM gave."""
        array = Array(self.folder, number, self.attempts)
        array._save()
        return array

    def write_script(self, text: str) -> Path:
        """Write the script and return where it is."""
        path = self.folder / "script.sh"
        write_text(path, text)
        return path

    def tasks(self) -> dict[tuple[str, int], str]:
        """Return what SLURM calls each attempt of a job; empty while it has no number."""
        if not self.number:
            return {}
        return {attempt: f"{self.number}_{task}" for task, attempt in enumerate(self.attempts.items(), start=1)}

    def last_word(self, task: str) -> str:
        """Return the last line that SLURM wrote of a task, such as why it was ended; or an empty string."""
        number, _, index = task.partition("_")
        file = open_plain(self.folder / OUTPUT.replace("%A", number).replace("%a", index))
        if file is None:
            return ""
        with file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST))
            lines = file.read().decode("utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _save(self) -> None:
        write_json(self.folder / "array.json", {"number": self.number, "attempts": self.attempts})


def _next_folder(above: Path) -> Path:
    """Make the folder of the next number; others may be at the same."""
    number = max((int(path.name) for path in above.iterdir() if path.name.isdecimal()), default=0)
    while True:
        number += 1
        try:
            (above / str(number)).mkdir()
        except FileExistsError:
            continue
        return above / str(number)


def arrays_of(job: Job) -> list[Array]:
    """Return the arrays that a job may have been a task of, the newest last."""
    above = (job.batch or job.folder) / _ARRAYS
    try:
        numbers = sorted(int(path.name) for path in above.iterdir() if path.name.isdecimal())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [array for number in numbers if (array := Array.read(above / str(number))) is not None]
