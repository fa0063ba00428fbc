"""The same run of indexamajig as a SLURM job."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pulsetrain.options import OptionError

__all__ = ["clean_environment", "slurm_command"]

_SCRIPT = Path(__file__).with_name("slurm_job.py")
_OWN = ("parsable", "output", "error", "chdir", "array", "wait", "wrap", "nodes", "ntasks", "cpus-per-task", "job-name")
_LOG = "slurm.log"


def slurm_command(
    command: Sequence[str], folder: Path, settings: Mapping[str, object], *, processes: int, seconds: float
) -> list[str]:
    """Write a job's script into the folder and return the command that submits it and waits for its end.

    Parameters
    ----------
    command : sequence of str
    folder : pathlib.Path
        Where the command runs: on a file system that the nodes see.
    settings : mapping
        sbatch's long options without their dashes, such as ``{"partition": "upex", "time": "1:00:00"}``; those that
        are None are left out.
    processes : int
    seconds : float
        Between looks at the queue.
    """
    given = {str(name).replace("_", "-"): value for name, value in settings.items() if value is not None}
    for name, value in given.items():
        if name in _OWN or not re.fullmatch(r"[a-z][a-z-]*", name) or re.search(r"[\n\0]", str(value)):
            allowed = "sbatch's long options such as partition, time, reservation, account, constraint"
            raise OptionError(f"slurm: got {name!r}, allowed: {allowed}; leave out what the engine sets itself")
    lines = [
        "#!/bin/sh",
        f"cd {shlex.quote(str(folder))} || exit 1",
        "date > started",
        f"{shlex.join(command)} > out.txt 2> err.txt",
        "echo $? > ended.part && mv ended.part ended",
    ]
    script = folder / "job.sh"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = {
        "job-name": "pulsetrain-indexing",
        "nodes": 1,
        "ntasks": 1,
        "cpus-per-task": processes,
        "chdir": folder,
        "output": folder / _LOG,
        **given,
    }
    texts = [f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-I", "-S", str(_SCRIPT), str(script), f"{seconds:g}", *texts]


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a job: without a session's own display, preloads and SLURM variables."""
    return {
        name: value
        for name, value in environment.items()
        # SLURM_CONF tells sbatch itself where the cluster is.
        if name == "SLURM_CONF" or not name.startswith(("SLURM_", "SBATCH_", "DISPLAY", "LD_PRELOAD"))
    }
