"""Submit a SLURM job, wait for its end, and cancel it when told to stop; run as a script, with the standard library.

    python slurm_job.py SCRIPT SECONDS_BETWEEN_LOOKS SBATCH_OPTION …

Ends with the status that the job's script left in the file ``ended``; with 124 where the job's own time was over, and
with 75 where the job vanished.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

_OVER = (
    "COMPLETED",
    "FAILED",
    "CANCELLED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "BOOT_FAIL",
    "DEADLINE",
    "REVOKED",
)
_UNTIL_SEEN = 15.0  # seconds that a file written on a node may take to be seen here
_PATIENCE = 20  # looks in a row that may fail before the job is given up: the controller may be restarted


class Stop(Exception):
    """A signal asked for the end."""


def stop(*_: object) -> None:
    raise Stop


def run(*command: str) -> tuple[int, str]:
    # A session of its own: a signal to our group must not end sbatch between the job's start and its number.
    done = subprocess.run(command, capture_output=True, text=True, check=False, start_new_session=True)
    return done.returncode, done.stdout if done.returncode == 0 else done.stdout + done.stderr


def submit(script: str, options: list[str]) -> str:
    """Return the number of the job; a signal that comes meanwhile is kept until it is known."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    status, text = run("sbatch", "--parsable", *options, script)
    if status:
        sys.exit(f"sbatch: {text.strip()}")
    # "1234;cluster" on machines with several clusters.
    return text.strip().splitlines()[-1].split(";")[0]


def wait(job: str, seconds: float) -> int:
    """Return the status of the job once it is over."""
    ended, gone, fails = Path("ended"), None, 0
    while True:
        if ended.exists():
            return int(ended.read_text())
        if gone is not None and time.monotonic() > gone + _UNTIL_SEEN:
            sys.stderr.write(f"SLURM job {job} ended without a result; see its log below.\n")
            return 75
        status, text = run("squeue", "--noheader", "--states=all", f"--jobs={job}", "--format=%T")
        state = text.strip().splitlines()[-1].strip() if status == 0 and text.strip() else ""
        fails = fails + 1 if status and "nvalid job id" not in text else 0
        if state == "TIMEOUT" and not ended.exists():
            return 124
        over = state in _OVER or (status == 0 and not state) or "nvalid job id" in text or fails > _PATIENCE
        if over and gone is None:
            gone = time.monotonic()
        time.sleep(min(seconds, 0.5) if gone is not None else seconds)


def main(script: str, seconds: str, *options: str) -> int:
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    job = submit(script, list(options))
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        return wait(job, float(seconds))
    except Stop:
        return 143
    finally:
        # "Already gone" is no error.
        run("scancel", job)


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except FileNotFoundError as error:
        sys.exit(f"{error.filename}: not found; SLURM's commands must be on the PATH")
