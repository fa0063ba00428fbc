"""Work in a thread: progress, cancel and errors, in a kernel's loop and without one."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from pulsetrain.panels._loop import Loop
from pulsetrain.panels._task import Task


def count(progress, steps=400, pause=0.005):
    for step in range(steps):
        progress(step, steps, "Counting", loss=float(step))
        time.sleep(pause)
    return steps


def test_the_outcome_and_all_values_arrive():
    told, outcome = [], []
    task = Task("Go", lambda: None, Loop())
    task.run(lambda progress: count(progress, 50), outcome.append, told.extend)
    task.wait(30)
    assert outcome == [50]
    assert [values["loss"] for values in told] == list(range(50))


def test_updates_are_batched():
    calls = []
    task = Task("Go", lambda: None, Loop())
    task.run(lambda progress: count(progress, 2000, 0.0), lambda _: None, calls.append)
    task.wait(30)
    assert sum(map(len, calls)) == 2000
    assert len(calls) < 50


def test_cancel_ends_the_work_at_its_next_step():
    outcome = []
    task = Task("Go", lambda: None, Loop())
    task.run(lambda progress: count(progress, 10**6), outcome.append)
    assert not task.stop.disabled
    task.stop.click()
    task.wait(30)
    assert outcome == []
    assert task.text == "Cancelled."
    assert not task.button.disabled
    assert task.stop.disabled


def test_what_a_cancelled_work_leaves_is_told_in_place_of_its_outcome():
    told = []
    task = Task("Go", lambda: None, Loop())
    task.run(lambda progress: count(progress, 10**6), told.append, cancelled=lambda: told.append(task.text))
    task.stop.click()
    task.wait(30)
    assert told == ["Cancelled."]


def test_whoever_follows_the_buttons_finds_the_work_begun_and_over_while_its_thread_lives_on():
    seen = []
    task = Task("Go", lambda: None, Loop())  # without a running loop the end is shown by the thread itself
    task.button.observe(lambda change: seen.append((change["new"], task.running)), "disabled")
    task.run(lambda _: None, lambda _: None)
    task.wait(30)
    assert seen == [(True, True), (False, False)]


@pytest.mark.parametrize(
    ("error", "words"), [(ValueError("steps: got 0"), "steps: got 0"), (KeyError("x"), "KeyError: 'x'")]
)
def test_failures_are_said_in_plain_words_and_kept(error, words):
    def fail(_progress):
        raise error

    task = Task("Go", lambda: None, Loop())
    task.run(fail, lambda _: None)
    task.wait(30)
    assert task.text == words
    assert task.error is error


def test_words_of_an_error_cannot_become_markup():
    task = Task("Go", lambda: None, Loop())
    task.say("<img src=x onerror=alert(1)>", "error")
    assert "<img" not in task._line.value


def test_only_one_piece_of_work_runs_at_a_time():
    started = []
    task = Task("Go", lambda: None, Loop())
    task.run(lambda progress: count(progress, 30), lambda _: None)
    task.run(started.append, lambda _: None)
    task.wait(30)
    assert started == []


def test_in_a_kernel_widgets_are_touched_on_its_own_thread_only():
    threads = set()

    async def kernel():
        task = Task("Go", lambda: None, Loop())
        done = asyncio.Event()

        def finish(_outcome):
            threads.add(threading.get_ident())
            done.set()

        task.run(lambda progress: count(progress, 60), finish, lambda _: threads.add(threading.get_ident()))
        await asyncio.wait_for(done.wait(), 30)

    asyncio.run(kernel())
    assert threads == {threading.get_ident()}


def test_waiting_on_the_kernels_thread_shows_what_has_come_in():
    async def kernel():
        outcome = []
        task = Task("Go", lambda: None, Loop())
        task.run(lambda progress: count(progress, 20), outcome.append)
        task.wait(30)  # blocks the loop, as a cell does
        return outcome

    assert asyncio.run(kernel()) == [20]
