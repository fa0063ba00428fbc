"""Behave as sbatch, squeue and scancel do: jobs are processes of this machine, noted in the folder STAND_IN_SLURM.

A file ``refuse`` there makes sbatch fail; ``hold`` keeps jobs in the queue; ``vanish`` ends a job without a trace, and
``timeout`` as one whose time was over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(os.environ["STAND_IN_SLURM"])


def sbatch(arguments: list[str]) -> int:
    if (FOLDER / "refuse").exists():
        sys.stderr.write("sbatch: error: invalid partition specified: nowhere\n")
        return 1
    script = arguments[-1]
    place = next(argument.split("=", 1)[1] for argument in arguments if argument.startswith("--chdir="))
    number = 4001 + len(list(FOLDER.glob("*.pid")))
    (FOLDER / f"{number}.arguments").write_text("\n".join(arguments))
    (FOLDER / f"{number}.environment").write_text("\n".join(sorted(os.environ)))
    wait = f'while [ -e "{FOLDER}/hold" ]; do sleep 0.05; done; '
    end = "exit 0" if (FOLDER / "vanish").exists() or (FOLDER / "timeout").exists() else f'exec sh "{script}"'
    job = subprocess.Popen(
        ["/bin/sh", "-c", wait + end],
        cwd=place,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (FOLDER / f"{number}.pid").write_text(str(job.pid))
    sys.stdout.write(f"{number};maxwell\n" if "--parsable" in arguments else f"Submitted batch job {number}\n")
    return 0


def squeue(arguments: list[str]) -> int:
    number = next(argument.split("=", 1)[1] for argument in arguments if argument.startswith("--jobs="))
    note = FOLDER / f"{number}.pid"
    if not note.exists():
        sys.stderr.write("slurm_load_jobs error: Invalid job id specified\n")
        return 1
    if (FOLDER / "hold").exists():
        state = "PENDING"
    elif runs(int(note.read_text())):
        state = "RUNNING"
    elif (FOLDER / "timeout").exists():
        state = "TIMEOUT"
    else:
        return 0  # forgotten soon after its end
    sys.stdout.write(f"{state}\n")
    return 0


def scancel(arguments: list[str]) -> int:
    note = FOLDER / f"{arguments[-1]}.pid"
    (FOLDER / f"{arguments[-1]}.cancelled").touch()
    pid = int(note.read_text())
    if not runs(pid):
        sys.stderr.write("scancel: error: Kill job error: Job/step already completing or completed\n")
        return 1
    # A node's daemon kills all that the job started, sessions of their own included.
    for process in reversed([pid, *below(pid)]):
        os.kill(process, signal.SIGKILL)
    return 0


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def below(pid: int) -> list[int]:
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]


if __name__ == "__main__":
    time.sleep(0.01)
    sys.exit({"sbatch": sbatch, "squeue": squeue, "scancel": scancel}[sys.argv[1]](sys.argv[2:]))
