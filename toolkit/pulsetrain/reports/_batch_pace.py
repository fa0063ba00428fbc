"""How long the rest of a batch will take, as far as its jobs let that be seen."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pulsetrain.reports.status import Status

__all__ = ["seconds_left"]


def seconds_left(statuses: Sequence[Status]) -> float | None:
    """Return how long jobs will take that have not ended, if as many run at a time as now.

    Parameters
    ----------
    statuses
        Of all jobs of the batch; one without an estimate of its own takes as long as those that are done.

    Returns
    -------
    float or None, seconds
        None where nothing is left, or nothing can be said yet.
    """
    now = time.time()
    # A clock that is set back makes a job end before it began, or begin later than now.
    took = [max(0.0, s.finished - s.started) for s in statuses if s.state == "done" and s.started and s.finished]
    mean = sum(took) / len(took) if took else None
    running = [s for s in statuses if s.state in ("running", "stopping")]
    queued = sum(s.state == "queued" for s in statuses)
    if not running and not queued:
        return None
    left = [
        s.eta if s.eta is not None else None if mean is None else mean - max(0.0, now - (s.started or now))
        for s in running
    ]
    if (queued and mean is None) or None in left:
        return None
    return (sum(max(0.0, each) for each in left if each) + queued * (mean or 0.0)) / max(1, len(running))
