"""The script that SLURM is handed: options that people can read, and no text of theirs that could become code."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from pulsetrain.reports._slurm_options import SlurmOptions
from pulsetrain.reports.runner import NODE, QUEUE

__all__ = ["FOLDERS", "OUTPUT", "clean_environment", "script"]

FOLDERS = "folders"  # beside the script: job folder and attempt of each task, each ended by a NUL, which no path holds
OUTPUT = "slurm-%A_%a.out"  # what SLURM itself has to say of a task

# Defaults of the user's own, which stand where the options say nothing.
_DEFAULTS = {"SBATCH_ACCOUNT": "account", "SBATCH_PARTITION": "partition", "SBATCH_RESERVATION": "reservation"}
_DEFAULTS |= {"SBATCH_QOS": "qos", "SBATCH_CONSTRAINT": "constraint"}
# A session's own, which do not hold, or are nobody else's business, in a job.
_NOT_INHERITED = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "LD_PRELOAD",
    "XDG_RUNTIME_DIR",
    "JPY_",
    "JUPYTERHUB_",
    "SLURM",
    "SBATCH_",
)


def script(options: SlurmOptions, *, name: str, tasks: int, folder: Path, after: str = "") -> str:
    """Return the script of an array.

    Parameters
    ----------
    options
        What each task asks for.
    name
        Of the array; only its plain characters are taken.
    tasks
        How many.
    folder
        Where the list of job folders lies, and where SLURM writes what it has to say.
    after : str, optional
        The number of an array that must have ended before.
    """
    lines = [f"#SBATCH --{line}" for line in _lines(options, _plain(name), tasks, folder, after)]
    runner = f"{shlex.quote(sys.executable)} -P -m pulsetrain.reports.runner"
    return "\n".join(
        [
            "#!/bin/bash",
            *lines,
            "",
            "set -eu",
            f"mapfile -d '' -t tasks <{shlex.quote(str(folder / FOLDERS))}",
            'folder="${tasks[2 * SLURM_ARRAY_TASK_ID - 2]}" attempt="${tasks[2 * SLURM_ARRAY_TASK_ID - 1]}"',
            f'export {QUEUE}="${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}" {NODE}="${{SLURMD_NODENAME:-}}"',
            "# exec: SLURM's warning before the wall time must reach the runner itself",
            f'exec {runner} "$folder" "$attempt" >>"$folder/log.txt" 2>&1',
            "",
        ]
    )


def clean_environment(options: SlurmOptions) -> dict[str, str]:
    """Return the environment to submit in, which the tasks inherit: without what belongs to this session alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
    kept |= {
        name: os.environ[name]
        for name, field in _DEFAULTS.items()
        if name in os.environ and not getattr(options, field)
    }
    if "SLURM_CONF" in os.environ:  # where the cluster is
        kept["SLURM_CONF"] = os.environ["SLURM_CONF"]
    return kept


def _lines(options: SlurmOptions, name: str, tasks: int, folder: Path, after: str) -> list[str]:
    limit = f"%{options.concurrent}" if options.concurrent < tasks else ""
    stated: Mapping[str, object] = {
        "job-name": name,
        "array": f"1-{tasks}{limit}",
        "partition": options.partition,
        "reservation": options.reservation,
        "account": options.account,
        "qos": options.qos,
        "constraint": options.constraint,
        "time": _clock(options.time_limit) if options.time_limit else "",
        "nodes": 1,
        "ntasks": 1,
        "cpus-per-task": options.cpus,
        "mem": f"{round(options.memory * 1024)}M" if options.memory else "",
        "gres": f"gpu:{options.gpus}" if options.gpus else "",
        "dependency": f"afterany:{after}" if after else "",
        "signal": f"B:USR1@{options.warning}",
        # SLURM replaces % and drops \ in the whole path, and starts no task whose output it then cannot open.
        "output": "/dev/null" if {"%", "\\"} & set(str(folder)) else OUTPUT,
    }
    return [f"{key}={value}" for key, value in stated.items() if value] + ["no-requeue"]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}:00"


def _plain(name: str) -> str:
    kept = "".join(
        character for character in name if character.isascii() and (character.isalnum() or character in "-_.")
    )
    return kept[:80].strip("-") or "report"
