"""Whatever goes wrong with indexamajig: one clear error or a right rate, no process and no file left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

from pulsetrain.progress import Cancelled
from pulsetrain.tuning._crystfel import guarded
from pulsetrain.tuning.crystfel import CrystFELEngine, IndexamajigError
from pulsetrain.tuning.options import IndexingOptions

OPTIONS = IndexingOptions()


@pytest.fixture
def engine(engine_of):
    with engine_of() as engine:
        yield engine


def test_missing_binary_is_one_error_with_the_next_step(geometry, cell, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PULSETRAIN_INDEXAMAJIG", raising=False)
    with pytest.raises(IndexamajigError, match=r"no program on the PATH.*module load crystfel.*native"):
        CrystFELEngine(geometry, cell)
    with pytest.raises(IndexamajigError, match="no program at /nowhere/indexamajig"):
        CrystFELEngine(geometry, cell, "/nowhere/indexamajig")


def test_a_program_that_is_not_indexamajig_is_refused(geometry, cell, frames):
    with pytest.raises(IndexamajigError, match="--version"):
        CrystFELEngine(geometry, cell, "/bin/echo").evaluate(frames, OPTIONS)


def test_a_wrapper_whose_helper_holds_the_output_open_is_not_waited_for(geometry, cell, stand_in, frames, nothing_left):
    wrapper = stand_in.path.with_name("wrapped")
    wrapper.write_text(f'#!/bin/sh\nsleep 99 &\necho $! >> "{stand_in.pids}"\nexec "{stand_in.path}" "$@"\n')
    wrapper.chmod(0o755)
    began = time.monotonic()
    with CrystFELEngine(geometry, cell, wrapper, processes=1, poll=0.02) as engine:
        assert engine.version == "0.12.0"
        assert time.monotonic() - began < 30  # twice that would be its patience
        nothing_left()
        assert engine.evaluate(frames, OPTIONS)["reached"].all()
    assert nothing_left() == 4


def test_unknown_option_is_refused_with_what_indexamajig_said(engine_of, frames, nothing_left):
    engine = engine_of(extra=["--make-it-better"])
    with pytest.raises(IndexamajigError, match=r"(?s)status 64 .*--help.*unrecognized option '--make-it-better'"):
        engine.evaluate(frames, OPTIONS)
    nothing_left()


def test_hanging_run_ends_at_the_time_limit_and_counts_what_was_reached(engine_of, stand_in, frames, nothing_left):
    stand_in.plan("hang")
    with engine_of(processes=1, time_limit=0.5) as engine:
        result = engine.evaluate(frames, OPTIONS)
    assert result.attrs["timed_out"] == 1
    assert result["reached"].values.tolist() == [True] * 3 + [False] * 9
    assert result["indexed"].values.tolist() == [True] + [False] * 11
    assert float(result["indexing_rate"]) == pytest.approx(1 / 12)
    assert nothing_left() == 2


def test_killed_run_is_an_error_and_no_rate(engine, stand_in, frames, nothing_left):
    stand_in.plan("crash")
    with pytest.raises(IndexamajigError, match=r"ended by SIGKILL with 3 of 12 patterns whole"):
        engine.evaluate(frames, OPTIONS)
    assert nothing_left() == 4


@pytest.mark.parametrize("fault", ["garbage: bytes that are no text", "truncate: the end of the file"])
def test_damaged_stream_is_an_error_that_names_the_line(engine, stand_in, frames, nothing_left, fault):
    mode, what = fault.split(": ")
    stand_in.plan(mode)
    with pytest.raises(IndexamajigError, match=rf"3 of 12 patterns whole.*out\.stream, line \d+: got {what}"):
        engine.evaluate(frames, OPTIONS)
    nothing_left()


def test_patterns_left_out_by_a_run_that_ends_well_are_told(engine, stand_in, frames):
    stand_in.plan("skip")
    result = engine.evaluate(frames, OPTIONS)
    assert int(result["reached"].sum()) == 3
    assert result.attrs["timed_out"] == 0
    assert float(result["indexing_rate"]) == int(result["indexed"].sum()) / 12


def test_order_of_the_stream_does_not_matter(engine_of, frames):
    results = [engine_of(processes=n).evaluate(frames, OPTIONS) for n in (1, 4)]
    for name in ("hit", "indexed", "n_peaks", "peak_pixel", "crystal_axes"):
        np.testing.assert_array_equal(results[0][name], results[1][name])


def test_cancelled_run_is_ended(engine, stand_in, frames, nothing_left):
    stand_in.plan("hang")

    def progress(done, _total, _message="", /, **_values):
        if done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        engine.evaluate(frames, OPTIONS, progress)
    assert nothing_left() == 4


def test_killed_python_leaves_no_process_and_no_file(engine, stand_in, frames, nothing_left, tmp_path):
    stand_in.plan("hang")
    engine.geometry.write(tmp_path / "x.geom")
    engine.cell.write(tmp_path / "x.cell")
    code = f"""
        import os, pathlib, tempfile, time
        tempfile.tempdir = {str(stand_in.left)!r}
        from pulsetrain.data import open_frames
        from pulsetrain.tuning.crystfel import CrystFELEngine
        from pulsetrain.tuning.options import IndexingOptions

        def progress(done, *_args, **_values):
            if done == 3 and not os.path.exists("forked"):
                pathlib.Path("forked").touch()
                if os.fork() == 0:  # holds all pipes open, as the forked workers of a pool do
                    time.sleep(12)
                    os._exit(0)

        frames = open_frames({frames.attrs["source"]!r}) * 1  # written anew
        engine = CrystFELEngine("x.geom", "x.cell", {str(stand_in.path)!r}, poll=0.02)
        engine.evaluate(frames, IndexingOptions(), progress)
    """
    python = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=tmp_path)
    until = time.monotonic() + 60
    while not (tmp_path / "forked").exists() and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.2)
    assert list(stand_in.left.iterdir())
    os.kill(python.pid, signal.SIGKILL)
    python.wait()
    assert nothing_left(seconds=8) >= 2


def test_killed_guard_is_an_error_and_leaves_nothing(engine, stand_in, frames, nothing_left):
    stand_in.plan("hang")

    def progress(done, _total, _message="", /, **_values):
        for child in psutil.Process().children() if done == 3 else ():
            with contextlib.suppress(psutil.Error):
                if any(part.endswith("supervisor.py") for part in child.cmdline()):
                    child.kill()

    with pytest.raises(IndexamajigError, match="SIGKILL"):
        engine.evaluate(frames, OPTIONS, progress)
    assert nothing_left(seconds=1) == 4


def test_folders_of_killed_owners_are_swept(engine, stand_in, frames):
    name = f"{guarded._PREFIX}-{guarded._HOST}"
    dead, other = stand_in.left / f"{name}-999999999-1-abc", stand_in.left / f"{guarded._PREFIX}-elsewhere-9-1-abc"
    for folder in (dead, other):
        folder.mkdir()
        (folder / "frames.h5").touch()
    engine.evaluate(frames, OPTIONS)
    assert not dead.exists()
    assert other.exists()
