"""How long a batch will yet take, by hand."""

from __future__ import annotations

import time

import pytest

from pulsetrain.reports._batch_pace import seconds_left
from pulsetrain.reports.status import Status

DONE = Status("done", started=100.0, finished=130.0)
QUEUED = Status("queued")


def running(since: float, **known: float) -> Status:
    return Status("running", started=time.time() - since, **known)


def test_the_rest_takes_as_long_as_those_that_are_done_at_as_many_a_time_as_run_now():
    # 20 s and 25 s are left of those that run, and four more take 30 s each, two at a time.
    left = seconds_left([DONE, DONE, running(10), running(5), *[QUEUED] * 4])
    assert left == pytest.approx((20 + 25 + 4 * 30) / 2, abs=1)


def test_a_job_that_says_when_it_ends_counts_for_itself_and_one_that_is_late_is_about_to_end():
    assert seconds_left([running(10, eta=7.0)]) == 7.0
    assert seconds_left([DONE, running(1000)]) == 0.0


def test_a_clock_that_is_set_back_makes_no_batch_end_before_now_nor_last_longer_than_its_jobs_take():
    before = Status("done", started=3700.0, finished=100.0)
    assert seconds_left([before, running(10), *[QUEUED] * 5]) == 0.0
    assert seconds_left([DONE, running(-3600), QUEUED]) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("statuses", [[], [DONE], [QUEUED], [DONE, Status("failed")], [Status("running", started=1.0)]])
def test_where_nothing_is_left_or_can_be_said_nothing_is(statuses):
    assert seconds_left(statuses) is None
