"""The same run as a SLURM job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.tuning._crystfel import slurm as slurm_module
from pulsetrain.tuning.crystfel import IndexamajigError
from pulsetrain.tuning.options import IndexingOptions

OPTIONS = IndexingOptions()
SETTINGS = {"partition": "upex", "time": "0:30:00", "reservation": "upex_002345"}


@pytest.fixture
def engine(engine_of, stand_in, slurm):
    """Return an engine that submits jobs; `slurm` is the folder where the stand-ins keep their notes."""
    assert slurm.is_dir()
    with engine_of(slurm=SETTINGS, folder=stand_in.left) as engine:
        yield engine


def test_a_job_gives_what_a_local_run_gives(engine, engine_of, slurm, frames, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("DISPLAY", ":1")
    job = engine.evaluate(frames, OPTIONS)
    local = engine_of().evaluate(frames, OPTIONS)
    for name in ("hit", "indexed", "n_peaks", "peak_pixel"):
        np.testing.assert_array_equal(job[name], local[name])
    arguments = (slurm / "4001.arguments").read_text().splitlines()
    assert {"--parsable", "--partition=upex", "--time=0:30:00", "--reservation=upex_002345"} <= set(arguments)
    assert "--cpus-per-task=3" in arguments
    names = (slurm / "4001.environment").read_text().splitlines()
    assert not [name for name in names if name.startswith("SLURM_") or name in ("LD_PRELOAD", "DISPLAY")]


def test_refused_job_is_an_error_with_what_sbatch_said(engine, slurm, frames, nothing_left):
    (slurm / "refuse").touch()
    with pytest.raises(IndexamajigError, match="invalid partition specified"):
        engine.evaluate(frames, OPTIONS)
    nothing_left()


def test_fault_of_indexamajig_is_told_from_a_job_too(engine, slurm, frames, nothing_left):
    engine.extra = ("--strange",)
    with pytest.raises(IndexamajigError, match=r"(?s)status 64 .*unrecognized option '--strange'"):
        engine.evaluate(frames, OPTIONS)
    assert (slurm / "4001.arguments").exists()
    nothing_left()


def test_cancelled_while_it_waits_in_the_queue(engine, slurm, frames, nothing_left):
    (slurm / "hold").touch()
    messages = []

    def progress(_done, _total, message="", /, **_values):
        messages.append(message)
        if (slurm / "4001.pid").exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.evaluate(frames, OPTIONS, progress)
    assert set(messages) == {"waiting in the queue"}
    assert (slurm / "4001.cancelled").exists()
    nothing_left(seconds=2)


def test_time_limit_counts_from_the_start_on_the_node(engine, stand_in, slurm, frames, nothing_left):
    stand_in.plan("hang")
    engine.time_limit = 0.4
    (slurm / "hold").touch()
    began = time.monotonic()

    def progress(*_args, **_values):
        if time.monotonic() > began + 1.0:
            (slurm / "hold").unlink(missing_ok=True)

    result = engine.evaluate(frames, OPTIONS, progress)
    assert result.attrs["timed_out"] == 1
    assert int(result["reached"].sum()) == 3
    assert (slurm / "4001.cancelled").exists()
    nothing_left(seconds=2)


def test_job_whose_own_time_is_over_counts_what_was_reached(engine, slurm, frames):
    (slurm / "timeout").touch()
    result = engine.evaluate(frames, OPTIONS)
    assert result.attrs["timed_out"] == 1
    assert float(result["indexing_rate"]) == 0


def test_job_that_vanishes_is_an_error(engine, slurm, frames, nothing_left, monkeypatch):
    source = slurm_module._SCRIPT.read_text().replace("_UNTIL_SEEN = 15.0", "_UNTIL_SEEN = 0.3")
    quick = slurm / "slurm_job.py"
    quick.write_text(source)
    monkeypatch.setattr(slurm_module, "_SCRIPT", quick)
    (slurm / "vanish").touch()
    with pytest.raises(IndexamajigError, match=r"(?s)status 75 .*SLURM job 4001 ended without a result"):
        engine.evaluate(frames, OPTIONS)
    nothing_left()


def test_missing_slurm_is_told(engine, frames, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(IndexamajigError, match="sbatch: not found"):
        engine.evaluate(frames, OPTIONS)


@pytest.mark.parametrize("settings", [{"output": "x"}, {"Partition": "x"}, {"time": "1\n2"}])
def test_settings_that_are_not_the_users_are_refused(engine, frames, settings):
    engine.slurm = settings
    with pytest.raises(OptionError, match="slurm"):
        engine.evaluate(frames, OPTIONS)


def test_killed_python_cancels_its_job(engine, stand_in, slurm, frames, nothing_left):
    stand_in.plan("hang")
    engine.geometry.write(stand_in.keep / "x.geom")
    engine.cell.write(stand_in.keep / "x.cell")
    code = f"""
        from pulsetrain.data import open_frames
        from pulsetrain.tuning.crystfel import CrystFELEngine
        from pulsetrain.tuning.options import IndexingOptions
        engine = CrystFELEngine("x.geom", "x.cell", {str(stand_in.path)!r}, slurm={{}}, folder={str(stand_in.left)!r})
        engine.evaluate(open_frames({frames.attrs["source"]!r}), IndexingOptions())
    """
    python = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=stand_in.keep)
    until = time.monotonic() + 60
    while not stand_in.pids.exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(python.pid, signal.SIGKILL)
    python.wait()
    assert nothing_left(seconds=12) >= 2
    assert (slurm / "4001.cancelled").exists()
