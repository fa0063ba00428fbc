"""SLURM's states and reasons, in words that say what to do."""

from __future__ import annotations

__all__ = ["ENDED", "ending", "waiting"]

ENDED = {
    "BOOT_FAIL": "its node did not boot",
    "CANCELLED": "it was cancelled",
    "COMPLETED": "the runner left without a word; see the log",
    "DEADLINE": "its deadline has passed",
    "FAILED": "the runner left without a word; see the log",
    "NODE_FAIL": "its node failed",
    "OUT_OF_MEMORY": "it needed more memory than it asked for; raise memory",
    "PREEMPTED": "a job of higher priority took its place",
    "REVOKED": "another cluster took it over",
    "TIMEOUT": "its wall time was up before the notebook could be saved; raise time_limit or warning",
}

_REASONS = {
    "": "",
    "AssocGrpJobsLimit": "the account has reached its number of jobs",
    "BeginTime": "it may not begin yet",
    "Dependency": "an array before it has not ended",
    "JobArrayTaskLimit": "as many of this batch as asked for run already",
    "JobHeldAdmin": "an administrator holds it back",
    "JobHeldUser": "it is held back; scontrol release lets it go",
    "None": "",
    "PartitionConfig": "its partition cannot give what it asks for; it will never start so",
    "PartitionDown": "its partition is closed",
    "PartitionTimeLimit": "it asks for more time than its partition gives; it will never start so",
    "Priority": "others are before it",
    "QOSMaxJobsPerUserLimit": "you run as many jobs as you may",
    "ReqNodeNotAvail": "nodes that it needs are down or reserved",
    "Reservation": "its reservation has not begun",
    "Resources": "no node is free",
    "launch failed requeued held": "its node could not start it, and SLURM holds it back; stop it, then resume it",
}


def waiting(reason: str, start: str) -> str:
    """Return why a task waits, as far as SLURM says, and until when.

    Parameters
    ----------
    reason : str
        SLURM's word, which is kept beside ours for those who know it.
    start : str
        ``YYYY-MM-DDTHH:MM:SS``, or empty.
    """
    words = _REASONS.get(reason.partition(",")[0], "")
    why = f"{words} ({reason})" if words else reason
    until = f"expected to start {start.replace('T', ' ')[:16]}" if start else ""
    return ", ".join(filter(None, [f"waiting in SLURM{': ' if why else ''}{why}", until]))


def ending(state: str, reason: str, *, begun: bool) -> str:
    """Return how a task ended, and what to do.

    Parameters
    ----------
    state, reason : str
        SLURM's words.
    begun : bool
        Whether the runner began. SLURM's reason is only shown where it did not: it calls any runner that was killed a
        failure to launch it.
    """
    why = f" {reason}" if reason.startswith("by ") else f" ({reason})" if reason and not begun else ""
    words = ENDED[state] if begun else ENDED[state].replace("left without a word", "never began")
    return f"SLURM: {state}{why}; {words}"
