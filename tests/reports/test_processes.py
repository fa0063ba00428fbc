"""Whose process a job is, and what is not believed of it because another user wrote it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.reports.test_submission import Nowhere

from pulsetrain.reports import Job, Status, submit
from pulsetrain.reports._files import alive, identity, this_host
from pulsetrain.reports.html import export_job

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def test_a_process_is_known_by_when_it_began_by_a_clock_that_nobody_sets(sleeper: subprocess.Popen[bytes]) -> None:
    pid, started = identity(sleeper.pid)
    assert pid == sleeper.pid
    if sys.platform == "linux":
        assert started == pytest.approx(psutil.Process(pid).create_time() - psutil.boot_time(), abs=0.02)
    assert alive(pid, started)
    assert not alive(pid, started - 1)
    sleeper.kill()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert not alive(pid, started), "it has ended, though nobody has buried it yet"
    sleeper.wait()
    assert not alive(pid, started)
    with pytest.raises(ProcessLookupError):
        identity(pid)


@ROOT_ONLY
def test_a_process_that_another_user_names_is_not_signalled(
    template: Callable[..., Path], root: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    job = submit(template("1"), {}, root, executor=Nowhere())
    pid, started = identity(sleeper.pid)
    Status(
        state="running", host=this_host(), pid=pid, pid_started=started, kernel_pid=pid, kernel_started=started
    ).write(job.folder / "status.json")
    os.chown(job.folder / "status.json", 12345, -1)
    job.stop()
    job.end()
    with pytest.raises(subprocess.TimeoutExpired):
        sleeper.wait(0.3)
    os.chown(job.folder / "status.json", 0, -1)
    job.stop()
    assert sleeper.wait(10) == -signal.SIGTERM


@ROOT_ONLY
@pytest.mark.parametrize("name", ["notebook.ipynb", "job.json"])
def test_what_another_user_put_in_the_place_of_a_waiting_job_does_not_run(
    template: Callable[..., Path], root: Path, tmp_path: Path, name: str
) -> None:
    job = submit(template(f"open({str(tmp_path / 'ran')!r}, 'w')"), {}, root, executor=Nowhere())
    os.chown(job.folder / name, 12345, -1)
    subprocess.run(
        [sys.executable, "-m", "pulsetrain.reports.runner", str(job.folder)], check=False, stdin=subprocess.DEVNULL
    )
    assert Job(job.folder).status.state == "failed"
    assert f"{name} is user 12345's, and would run as you" in job.status.message
    assert not (tmp_path / "ran").exists()


def test_a_job_in_a_folder_whose_name_is_no_text_has_a_report(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    cwd = tmp_path / os.fsdecode(b"Messung_\xe4")
    cwd.mkdir()
    job = submit(template("1"), {}, root, executor=Nowhere(), cwd=cwd)
    assert "Messung_?" in export_job(job).read_text(encoding="utf-8")
