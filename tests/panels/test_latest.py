"""Work that follows a moving slider."""

from __future__ import annotations

import threading
import time

import pytest

from pulsetrain.panels._latest import Latest
from pulsetrain.panels._loop import Loop


def steps(done, started):
    def work(request, progress):
        started.set()
        for k in range(200):
            progress(k, 200)
            if request == "long":
                time.sleep(0.01)
        done.append(request)

    return work


def test_a_newer_request_ends_the_older_one_and_only_the_newest_is_done():
    done, started = [], threading.Event()
    latest = Latest(steps(done, started), pytest.fail, Loop())
    latest.ask("long")
    assert started.wait(5)
    for k in range(20):
        latest.ask(f"short {k}")
    latest.wait(10)
    assert done[-1] == "short 19"
    assert "long" not in done
    assert not latest.busy


def test_what_is_cancelled_is_not_done_and_the_next_request_is():
    done, started = [], threading.Event()
    latest = Latest(steps(done, started), pytest.fail, Loop())
    latest.ask("long")
    assert started.wait(5)
    latest.cancel()
    latest.wait(10)
    assert done == []
    latest.ask("short")
    latest.wait(10)
    assert done == ["short"]


def test_an_error_is_told_and_the_next_request_still_answered():
    said, done = [], []

    def work(request, _progress):
        if request == "bad":
            raise ValueError("no such thing")
        done.append(request)

    latest = Latest(work, said.append, Loop())
    latest.ask("bad")
    latest.wait(10)
    assert [str(error) for error in said] == ["no such thing"]
    assert latest.error is said[0]
    latest.ask("good")
    latest.wait(10)
    assert (done, latest.error) == (["good"], None)


def test_waiting_for_work_without_end_stops_at_its_timeout():
    release = threading.Event()
    latest = Latest(lambda _request, _progress: release.wait(10), pytest.fail, Loop())
    latest.ask("x")
    with pytest.raises(TimeoutError, match=r"0\.1 s"):
        latest.wait(0.1)
    release.set()
    latest.wait(10)
