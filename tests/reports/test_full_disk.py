"""A disk that is full for a while must not take a job out of everybody's hands."""

from __future__ import annotations

import asyncio
import errno

from pulsetrain.reports import runner as running
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.runner import Runner
from pulsetrain.reports.status import Status


def test_a_job_that_could_not_write_its_heart_beat_is_stopped_all_the_same(tmp_path, monkeypatch):
    write, faults = Status.write, iter([OSError(errno.ENOSPC, "No space left on device")] * 2)

    def full(status, path):
        if (fault := next(faults, None)) is not None:
            raise fault
        write(status, path)

    monkeypatch.setattr(running, "_BEAT", 0.0)
    monkeypatch.setattr(running, "_TICK", 0.01)
    monkeypatch.setattr(Status, "write", full)

    async def watched() -> None:
        runner = Runner(Job(tmp_path), Status(state="running"))
        work = asyncio.ensure_future(asyncio.sleep(30))
        watch = asyncio.ensure_future(runner._watch(work))
        await asyncio.sleep(0.2)
        assert not watch.done()
        (tmp_path / "stop").touch()
        await asyncio.wait([work], timeout=5)
        watch.cancel()
        assert work.cancelled()

    asyncio.run(watched())
    assert '"stopping"' in (tmp_path / "status.json").read_text(encoding="utf-8")
