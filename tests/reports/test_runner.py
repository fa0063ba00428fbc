"""Jobs for real: kernels and runners that run, fail, are stopped, are killed, and are resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pulsetrain.reports import Job, Local, Status, list_jobs, results_folder, show_progress, submit
from pulsetrain.reports._files import alive

HOSTILE = '\'"""; raise SystemExit #\n{x} </script><script>alert(1)</script> 50 % µm \\'
# Hangs the first time, and not once it has been resumed.
ONCE = """
from pathlib import Path
import time
flag = Path(FLAG)
if not flag.exists():
    flag.touch()
    print("hanging", flush=True)
    time.sleep(600)
print("went on")
"""


def until(job: Job, condition: Callable[[Status], bool], timeout: float = 150) -> Status:
    """Wait for a state of a job."""
    end = time.monotonic() + timeout
    while not condition(status := job.status):
        assert time.monotonic() < end, f"{status}\n{job.log()}"
        time.sleep(0.05)
    return status


def until_said(job: Job, word: str, timeout: float = 60) -> None:
    """Wait until a cell at work has printed a word."""
    end = time.monotonic() + timeout
    while word not in job.log():
        assert time.monotonic() < end, f"{job.status}\n{job.log()}"
        time.sleep(0.05)


def printed(job: Job) -> str:
    """Return all that the job's cells have printed so far, and the names of their errors."""
    content = json.loads(job.notebook.read_text(encoding="utf-8"))
    outputs = [output for cell in content["cells"] for output in cell.get("outputs", [])]
    return "".join(output.get("text", output.get("ename", "")) for output in outputs)


def hanging(template: Callable[..., Path], tmp_path: Path, root: Path) -> Job:
    """Submit a job, and return it when its second cell hangs."""
    path = template("print('first', steps)", ONCE.replace("FLAG", repr(str(tmp_path / "flag"))), "print('last')")
    job = submit(path, {"steps": 7}, root, executor=Local(slots=1))
    until(job, lambda status: status.cell == 4 and status.kernel_pid is not None)
    until_said(job, "hanging")
    return job


def assert_gone(status: Status, within: float = 10) -> None:
    """See that a job's kernel ends by itself."""
    end = time.monotonic() + within
    while alive(status.kernel_pid or 0, status.kernel_started or 0):
        assert time.monotonic() < end, "the kernel lingers"
        time.sleep(0.1)


def assert_resume_completes(job: Job, attempt: int = 2) -> None:
    """Resume a job, and see that it is whole while what the first attempt left is kept."""
    before = printed(job)
    status = job.resume().wait(60)
    assert (status.state, status.attempt) == ("done", attempt), job.log()
    assert printed(job) == "first 7\nwent on\nlast\n"
    kept = job.folder / "attempts" / str(attempt - 1)
    assert printed(Job(kept)) == before
    assert (kept / "log.txt").is_file()
    assert json.loads((kept / "status.json").read_text())["attempt"] == attempt - 1


def test_job_runs_to_its_report(template: Callable[..., Path], root: Path, tmp_path: Path) -> None:
    (tmp_path / "series").mkdir()
    path = template(
        ("markdown", "# A trial"),
        "import os, sys\nprint(repr(name), steps)\nprint(os.listdir(folder), sys.executable)",
        "from pulsetrain.reports import show_metrics\nshow_metrics({'boundary': 3.5, 'provenance': {'seed': 4}})",
        parameters='steps: int = 3  # Steps. {1 .. 9}\nname = "x"\nfolder = "."',
    )
    job = submit(path, {"name": HOSTILE, "folder": "series", "steps": 5}, root, cwd=tmp_path)
    status = job.wait(60)
    assert status.state == "done", job.log()
    assert (status.cell, status.cells) == (4, 4)
    assert printed(job) == f"{HOSTILE!r} 5\n[] {sys.executable}\n"
    assert job.metrics == {"boundary": 3.5, "provenance": {"seed": 4}}
    assert job.report is not None
    html = job.report.read_text()
    assert "A trial" in html
    assert "<script>alert" not in html
    assert "Show code" in html
    assert "seed" in html
    assert job.record["parameters"] == {"name": HOSTILE, "folder": "series", "steps": 5}
    assert list_jobs(root) == [job]
    assert not [entry for entry in job.folder.iterdir() if entry.suffix == ".tmp"]
    command = [sys.executable, "-m", "pulsetrain.reports.runner", str(job.folder)]
    again = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    assert b"nothing to do: the job is done" in again.stdout
    assert job.status == status


HANDS_OVER = """
from pathlib import Path
from pulsetrain.reports import results_folder
(results_folder() / "tuned.txt").write_text("found")
"""
TELLS = """
import time
from pulsetrain.reports import show_progress
tell = show_progress()
for k in range(1, 21):
    time.sleep(0.2)
    tell(k, 20, "turning", rate=0.5)
"""


def test_cell_tells_how_far_it_is_and_leaves_files_that_a_resume_puts_aside(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    job = submit(template(HANDS_OVER, TELLS, f"assert Path({str(flag)!r}).exists()"), {}, root)
    status = until(job, lambda status: "turning, rate 0.5" in status.message)
    done = int(status.message.partition(": ")[2].partition("/")[0])
    assert status.message.startswith(f"cell 3 of 4: {done}/20 ")
    assert status.eta == pytest.approx(0.2 * (20 - done), abs=3)  # the cells before and after it take a moment
    assert until(job, lambda status: status.finished_for_good).state == "failed"
    assert json.loads(job.notebook.read_text(encoding="utf-8"))["cells"][2]["outputs"] == []
    flag.touch()
    job.resume()
    assert job.wait(60).state == "done"
    for folder in (job.folder, job.folder / "attempts" / "1"):
        assert (folder / "results" / "tuned.txt").read_text(encoding="utf-8") == "found"


def test_outside_of_a_job_there_is_nowhere_to_hand_over_to_and_nobody_to_tell(capsys: pytest.CaptureFixture) -> None:
    assert results_folder() is None
    show_progress()(1, 2, "turning")
    assert capsys.readouterr().out == ""


def test_kernel_starts_where_temporary_folders_have_names_too_long_for_a_socket(
    template: Callable[..., Path], root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert submit(template("1"), {}, root).wait(120).state == "done"


def test_failing_cell_fails_the_job_and_the_report_says_where(template: Callable[..., Path], root: Path) -> None:
    job = submit(template("print('before')", "1 / 0", "print('after')"), {}, root)
    status = job.wait(60)
    assert (status.state, status.message) == ("failed", "cell 3 of 4: ZeroDivisionError: division by zero")
    assert printed(job) == "before\nZeroDivisionError"
    assert job.report is not None
    assert "Failed: cell 3 of 4: ZeroDivisionError" in job.report.read_text()


def test_killed_kernel_fails_the_job_at_once_and_resume_completes_it(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    job = hanging(template, tmp_path, root)
    os.kill(job.status.kernel_pid or 0, signal.SIGKILL)
    killed = time.monotonic()
    until(job, lambda status: status.message == "writing the report" or status.finished_for_good)
    assert time.monotonic() - killed < 5
    status = job.wait(30)
    assert (status.state, status.message) == ("failed", "cell 4 of 5: the kernel died")
    assert printed(job) == "first 7\nhanging\n"
    assert_resume_completes(job)


def test_killed_runner_leaves_no_kernel_and_resume_completes_the_job(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    job = hanging(template, tmp_path, root)
    before = job.status
    os.kill(before.pid or 0, signal.SIGKILL)
    status = until(job, lambda status: status.state == "dead", timeout=3)
    assert "interrupted" in status.message
    assert printed(job) == "first 7\n"
    assert_gone(before)
    assert_resume_completes(job)


def test_job_outlives_the_process_that_submitted_it_and_stops_with_a_partial_notebook(
    template: Callable[..., Path], root: Path
) -> None:
    path = template("print('first')", "import time\nprint('asleep')\ntime.sleep(600)", "print('last')")
    script = f"""
import os, signal
from pulsetrain.reports import submit
submit({str(path)!r}, {{}}, {str(root)!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    (job,) = list_jobs(root)
    until_said(job, "asleep")
    job.stop()
    status = job.wait(30)
    assert (status.state, status.message) == ("stopped", "stopped in cell 3 of 4")
    assert printed(job) == "first\nasleep\nKeyboardInterrupt"
    assert job.report is not None
    assert "Stopped before the end" in job.report.read_text()
    assert_gone(status)


def test_cell_that_ignores_the_interrupt_is_killed_when_the_time_is_up(
    template: Callable[..., Path], root: Path
) -> None:
    stubborn = """
import time
while True:
    try:
        print("asleep")
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""
    job = submit(template("print('first')", stubborn), {}, root)
    until_said(job, "asleep")
    status = job.status
    job.stop(timeout=1)
    assert (job.status.state, job.status.message) == ("stopped", "killed: it did not stop within 1 s")
    assert_gone(status)
    assert printed(job) == "first\n"


def test_queue_keeps_its_bound_and_order_without_the_submitters_help(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    wait = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)"
    path = template(wait)
    jobs = [submit(path, {"steps": number}, root, executor=Local(slots=1)) for number in range(3)]
    until(jobs[0], lambda status: status.cell == status.cells)
    until(jobs[2], lambda status: "2 ahead" in status.message or "1 ahead" in status.message)
    assert [job.status.state for job in jobs] == ["running", "queued", "queued"]
    jobs[1].stop()
    assert jobs[1].wait(30).state == "stopped"
    assert jobs[1].notebook.is_file()
    go.touch()
    assert [job.wait(60).state for job in jobs] == ["done", "stopped", "done"]
    first, _, last = (job.status for job in jobs)
    assert (last.started or 0) >= (first.finished or 0) - 0.5


@pytest.mark.parametrize("module", ["torch", "nbclient", "nbconvert", "pydantic", "bokeh"])
def test_reports_are_imported_without(module: str) -> None:
    script = f"import sys, pulsetrain.reports, pulsetrain.reports.runner; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_what_a_cell_prints_without_end_stands_in_the_log_and_not_in_the_report(
    template: Callable[..., Path], root: Path
) -> None:
    path = template("for number in range(20): print('x' * 99_999, flush=True)", "print('after')")
    job = submit(path, {}, root)
    assert job.wait(60).state == "done"
    assert (job.folder / "log.txt").stat().st_size > 2_000_000
    outputs = json.loads(job.notebook.read_text())["cells"][1]["outputs"]
    kept = "".join("".join(output["text"]) for output in outputs)
    assert 500_000 <= len(kept) < 500_200
    assert kept.endswith("the cell printed more, which stands in the log\n")
    assert "after" in job.report.read_text()


def test_what_is_printed_in_a_row_is_one_output_in_which_progress_bars_write_over_themselves(
    template: Callable[..., Path], root: Path
) -> None:
    cell = """
import sys
from IPython.display import clear_output, display

for frame in range(30):
    print("frame", frame, flush=True)
for step in range(30):
    print(f"\\r{step + 1}/30", end="", file=sys.stderr, flush=True)
display({"text/plain": "a figure"}, raw=True)
print("windows\\r\\nafter", flush=True)
print("it")
"""
    job = submit(template(cell, "print('old'); clear_output(wait=True); print('new')"), {}, root)
    assert job.wait(60).state == "done"
    cells = json.loads(job.notebook.read_text())["cells"]
    shown, cleared = ([(out.get("name"), out.get("text")) for out in cell["outputs"]] for cell in cells[-2:])
    frames = "".join(f"frame {frame}\n" for frame in range(30))
    assert sorted(shown[:2]) == [("stderr", "30/30"), ("stdout", frames)]
    assert shown[2:] == [(None, None), ("stdout", "windows\r\nafter\nit\n")]
    assert cleared == [("stdout", "new\n")]
