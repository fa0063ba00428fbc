"""What a job read and where it ran, noted by its runner when the job starts and checked again at its end.

Nothing here may fail a job or hold it up: what cannot be told is left out, and what takes too long is cut short and
says so.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import stat
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pulsetrain.reports._files import read_json, write_json
from pulsetrain.reports._values import safe_json
from pulsetrain.reports.jobs import Job

__all__ = ["PROVENANCE", "Input", "check_inputs", "note_inputs", "provenance_facts"]

PROVENANCE = "provenance.json"
_VERSION = 1
_HASHED = 16_000_000  # bytes; larger files are told by size and time
_HASHED_IN_ALL = 64_000_000  # bytes
_INPUTS = 100  # named by one job
_FILES = 20_000  # looked at in one folder
_SECONDS = 2.0  # for all inputs together
_GPUS = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True)
class Input:
    """A file or folder that a parameter's value names.

    Attributes
    ----------
    parameter, path : str
        Whose value it is, and the resolved place.
    kind : str
        ``file``, ``folder``, or ``unreadable``.
    size : int, bytes
        Of the file, or of all files in the folder.
    files : int
        In the folder, below it too; 1 for a file.
    modified : float, seconds since the epoch
        Of the file, or of the newest in the folder.
    sha256 : str
        Of small files.
    partial : bool
        Whether the folder holds more than was looked at.
    remark : str
        What happened to it while the job ran.
    """

    parameter: str
    path: str
    kind: str = "unreadable"
    size: int = 0
    files: int = 0
    modified: float = 0.0
    sha256: str = ""
    partial: bool = False
    remark: str = ""

    def changed_to(self, now: Input) -> str:
        """Return what is different now, or nothing."""
        if now.kind != self.kind:
            return "is no longer there or no longer readable" if now.kind == "unreadable" else f"became a {now.kind}"
        if self.partial or now.partial:  # which part was looked at is chance
            return ""
        if self.sha256 and now.sha256:
            return "" if self.sha256 == now.sha256 else "has other content"
        same = (self.size, self.files, self.modified) == (now.size, now.files, now.modified)
        return "" if same else "has another size or time"

    def __str__(self) -> str:
        """Return one line for people."""
        if self.kind == "unreadable":
            return f"parameter {self.parameter}: cannot be read"
        when = dt.datetime.fromtimestamp(self.modified, dt.UTC).isoformat(timespec="seconds")
        words = [f"parameter {self.parameter}: {_size(self.size)}"]
        if self.kind == "folder":
            words.append(f"{'more than ' * self.partial}{self.files} files, the newest of {when}")
        else:
            words.append(f"modified {when}")
        return ", ".join([*words, *[f"sha256 {self.sha256}"] * bool(self.sha256)])


def note_inputs(job: Job, record: Mapping[str, Any]) -> None:
    """Write ``provenance.json`` of a job that starts: inputs, device, and the cluster's names for it."""
    values = _values(record)
    content = {
        "version": _VERSION,
        "taken": time.time(),
        "inputs": [asdict(item) for item in _look(_named(values, _cwd(record)), without=job.root)],
        "seed": values.get("seed"),
        "gpus": _gpus(),
        "slurm": _slurm(),
    }
    write_json(job.folder / PROVENANCE, safe_json(content), durable=False)


def check_inputs(job: Job) -> None:
    """Look at the inputs once more and keep what has changed since the job began."""
    content = read_json(job.folder / PROVENANCE)
    if content is None:
        return
    before = _inputs(content)
    after = _look([(item.parameter, Path(item.path)) for item in before], without=job.root)
    content["inputs"] = [
        asdict(item) | {"remark": item.changed_to(now)} for item, now in zip(before, after, strict=True)
    ]
    write_json(job.folder / PROVENANCE, content | {"checked": time.time()}, durable=False)


def provenance_facts(job: Job, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return rows for the report: what the notebook states itself is not said twice.

    Parameters
    ----------
    job
        Whose report it is.
    stated
        What the notebook says of its provenance among its metrics.
    """
    content = read_json(job.folder / PROVENANCE) or {}
    inputs = _inputs(content)
    gpus, slurm = content.get("gpus"), content.get("slurm")
    facts: dict[str, Any] = {
        "Inputs": {item.path: str(item) for item in inputs},
        "Seed": "" if "seed" in stated or content.get("seed") is None else str(content["seed"]),
        "GPUs": gpus if isinstance(gpus, str) and "device" not in stated else "",
        "SLURM": slurm if isinstance(slurm, dict) else "",
        "Inputs that changed while the job ran": {item.path: item.remark for item in inputs if item.remark},
    }
    return {name: value for name, value in facts.items() if value}


def _values(record: Mapping[str, Any]) -> dict[str, Any]:
    parts = [record.get(name) for name in ("defaults", "parameters")]
    return {name: value for part in parts if isinstance(part, Mapping) for name, value in part.items()}


def _cwd(record: Mapping[str, Any]) -> Path:
    return Path(str(record.get("cwd", "/")))


def _named(values: Mapping[str, Any], cwd: Path) -> list[tuple[str, Path]]:
    """Return parameter and place of each value that names something that exists, each place once."""
    found: dict[Path, str] = {}
    texts = ((name, text) for name, value in values.items() for text in _texts(value))
    for name, text in islice(texts, 10 * _INPUTS):
        try:
            path = (cwd / Path(text).expanduser()).resolve()
            if path.exists():
                found.setdefault(path, name)
        except (OSError, ValueError, RuntimeError):  # a name too long, a null character, a loop of links
            continue
    return [(name, path) for path, name in islice(found.items(), _INPUTS)]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value; a line break or nothing at all names no file."""
    if isinstance(value, str):
        if value.strip() and "\n" not in value:
            yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))


def _look(named: list[tuple[str, Path]], *, without: Path) -> list[Input]:
    """Describe each place, hashing files as long as bytes and time allow, without the jobs: they grow meanwhile."""
    end, allowance = time.monotonic() + _SECONDS, _HASHED_IN_ALL
    looked = []
    for parameter, path in named:
        try:
            found = path.stat()
            if stat.S_ISDIR(found.st_mode):
                files, size, newest, partial = _folder(path, end, without)
                item = Input(parameter, str(path), "folder", size, files, newest or found.st_mtime, partial=partial)
            else:
                plain = stat.S_ISREG(found.st_mode)  # a pipe would wait for its writer
                hashed = plain and found.st_size <= min(_HASHED, allowance) and time.monotonic() < end
                allowance -= found.st_size * hashed
                sha256 = _hash(path) if hashed else ""
                item = Input(parameter, str(path), "file", found.st_size, 1, found.st_mtime, sha256)
        except OSError:
            item = Input(parameter, str(path))
        looked.append(item)
    return looked


def _folder(folder: Path, end: float, without: Path) -> tuple[int, int, float, bool]:
    """Return number of files, their bytes, the newest's time, and whether that is not all there is.

    Time and number are bounded; links are followed to files and not to folders, which may lead anywhere.
    """
    files = size = 0
    newest, partial = 0.0, False
    waiting = [str(folder)]
    while waiting:
        place = waiting.pop()
        try:
            entries = os.scandir(place)
        except OSError:
            if place == str(folder):
                raise
            partial = True
            continue
        with entries:
            for entry in entries:
                if files == _FILES or time.monotonic() > end:
                    return files, size, newest, True
                if entry.is_dir(follow_symlinks=False):
                    waiting += [entry.path] * (entry.path != str(without))
                    continue
                with contextlib.suppress(OSError):  # a link that leads nowhere, a file just removed
                    found = entry.stat()
                    if not stat.S_ISDIR(found.st_mode):
                        files, size, newest = files + 1, size + found.st_size, max(newest, found.st_mtime)
    return files, size, newest, partial


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _gpus() -> str:
    """Return the GPUs of this machine and which of them the job may use, without loading a library for them."""
    texts = []
    for path in _GPUS.glob("*/information"):
        with contextlib.suppress(OSError):
            texts += path.read_text().splitlines()
    models = Counter(line.partition(":")[2].strip() for line in texts if line.startswith("Model:"))
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    words = [f"{number} × {model}" for model, number in models.items()] or ["none seen"]
    return ", ".join(words + [f"CUDA_VISIBLE_DEVICES={chosen!r}"] * (chosen is not None))


def _slurm() -> dict[str, str]:
    """Return what SLURM calls the job, and the node it gave."""
    asked = {
        "job": "SLURM_JOB_ID",
        "array job": "SLURM_ARRAY_JOB_ID",
        "array task": "SLURM_ARRAY_TASK_ID",
        "node": "SLURMD_NODENAME",
        "partition": "SLURM_JOB_PARTITION",
        "cluster": "SLURM_CLUSTER_NAME",
    }
    return {name: os.environ[variable] for name, variable in asked.items() if os.environ.get(variable)}


def _inputs(content: Mapping[str, Any]) -> list[Input]:
    """Read the inputs back; anybody may have written the file."""
    stated = content.get("inputs")
    example = asdict(Input("", ""))
    return [
        Input(**{name: item[name] for name in example})
        for item in (stated if isinstance(stated, list) else [])
        if isinstance(item, dict) and all(type(item.get(name)) is type(value) for name, value in example.items())
    ]


def _size(size: int) -> str:
    """Return a size as people say it."""
    number = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.4g} {unit}"
        number /= 1000
    return f"{number:.4g} TB"
