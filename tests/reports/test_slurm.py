"""Jobs as tasks of a real SLURM: arrays, waits, cancels, wall times, a node that fails, names that are no code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from tests.slurm_cluster import NODE, SlurmCluster

from pulsetrain.options import OptionError
from pulsetrain.reports import Batch, Job, Slurm, Status, jobs, list_batches, list_jobs, plan_batch, statuses, submit
from pulsetrain.reports import _slurm as module
from pulsetrain.reports import _slurm_queue as asking
from pulsetrain.reports.executors import Executor

HOSTILE = "of 'Ada' \"x\" $(touch HIT) `touch HIT` %A %j \\ µ\n#SBATCH --wrap=x; touch HIT #"
# Hangs the first time it is run for a run, and not once it has been resumed.
ONCE = """
import time
from pathlib import Path
mark = Path(FOLDER) / f"mark-{run}"
if not mark.exists():
    mark.touch()
    print("hanging", flush=True)
    time.sleep(600)
print("went on")
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """One cluster for all tests."""
    started = SlurmCluster(tmp_path_factory.mktemp("slurm"), guards_memory=True).start()
    yield started
    started.stop()


@pytest.fixture
def slurm(cluster: SlurmCluster, monkeypatch: pytest.MonkeyPatch) -> SlurmCluster:
    """The cluster that this process speaks to, whose answers are good for an instant."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(asking, "_FRESH", 0.2)
    return cluster


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Folder of jobs; whatever still runs there at the end is ended."""
    folder = tmp_path / f"jobs {HOSTILE}"
    yield folder
    for job in [*list_jobs(folder), *(job for batch in list_batches(folder) for job in batch.jobs())]:
        job.stop(timeout=20)


@pytest.fixture
def once(template: Callable[..., Path], tmp_path: Path) -> Path:
    """A template that hangs in its second cell the first time."""
    source = ONCE.replace("FOLDER", repr(str(tmp_path)))
    return template("print('first', run)", source, name="once", parameters="run = 0")


@pytest.fixture
def said_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a shell script in a program's place."""

    def put(program: str, lines: str) -> None:
        path = tmp_path / "bin" / program
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")

    return put


def until(job: Job, condition: Callable[[Status], bool], timeout: float = 60) -> Status:
    """Wait for what files and queue say of a job."""
    end = time.monotonic() + timeout
    while not condition(status := job.seen()):
        assert time.monotonic() < end, f"{status}\n{job.log()}"
        time.sleep(0.1)
    return status


def until_said(job: Job, word: str, timeout: float = 120) -> None:
    """Wait until a cell at work has printed a word."""
    end = time.monotonic() + timeout
    while word not in job.log():
        assert time.monotonic() < end, f"{job.seen()}\n{job.log()}"
        time.sleep(0.1)


def printed(job: Job) -> str:
    """Return what the job's cells have printed, and the names of their errors."""
    content = json.loads(job.notebook.read_text(encoding="utf-8"))
    outputs = [output for cell in content["cells"] for output in cell.get("outputs", [])]
    return "".join(output.get("text", output.get("ename", "")) for output in outputs)


def test_batch_runs_as_an_array_under_its_bound_and_whatever_its_folders_are_called(
    slurm: SlurmCluster, template: Callable[..., Path], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "SBATCH_ARRAY_INX", "SBATCH_JOB_NAME", "JUPYTERHUB_API_TOKEN"):
        monkeypatch.setenv(name, "7777777")  # of a session that is itself a SLURM job; no process has this number
    monkeypatch.setenv("DISPLAY", ":7777777")
    monkeypatch.setenv("OF_THE_USER", "kept")
    monkeypatch.setenv("LC_ALL", "C.UTF-8, kept")
    path = template(
        "import os\n"
        "print(run, {name: text for name, text in sorted(os.environ.items()) if text.endswith(('7777777', 'kept'))})",
        "print(*(os.environ.get(name) for name in ('SLURM_ARRAY_TASK_ID', 'SLURM_CPUS_PER_TASK', 'PULSETRAIN_QUEUE')))",
        parameters="run = 0",
    )
    plan = plan_batch(path, runs="5-7", root=root, executor=Slurm(concurrent=2, time_limit=10, cpus=2))
    batch = plan.submit()
    last = batch.jobs()[-1]
    status = until(last, lambda status: "JobArrayTaskLimit" in status.message)
    assert (status.state, status.pid) == ("queued", None)
    assert "as many of this batch as asked for run already" in status.message
    assert slurm.run("squeue", "--noheader", "--format=%j", "--states=all").split()[0] == "r0005-r0007-trial"

    ended = batch.wait(200)
    number = ended[0].queue.partition("_")[0]
    assert [(one.state, one.queue, one.node) for one in ended] == [("done", f"{number}_{n}", NODE) for n in (1, 2, 3)]
    kept = {"LC_ALL": "C.UTF-8, kept", "OF_THE_USER": "kept"}
    for task, (job, run) in enumerate(zip(batch.jobs(), (5, 6, 7), strict=True), start=1):
        assert printed(job) == f"{run} {kept}\n{task} 2 None\n"
        assert (job.folder / "log.txt").stat().st_mode & 0o040  # the group reads it
    assert not list(root.rglob("HIT"))
    script = next(batch.folder.glob("slurm/*/script.sh")).read_text()
    dry = plan.script().replace(plan.folder.name, batch.folder.name)
    assert script == dry.replace("--job-name=trial", "--job-name=r0005-r0007-trial")


def test_waiting_job_says_why_and_is_cancelled_here_or_by_others(slurm: SlurmCluster, once: Path, root: Path) -> None:
    batch = plan_batch(once, runs="1-2", root=root, executor=Slurm(partition="closed")).submit()
    here, elsewhere = batch.jobs()
    status = until(here, lambda status: "PartitionDown" in status.message)
    assert status.message == "waiting in SLURM: its partition is closed (PartitionDown)"

    # A process that knows nothing but the folder sees the same.
    code = "import sys; from pathlib import Path; from pulsetrain.reports import Batch; "
    code += "print(*(f'{s.queue} {s.message}' for s in Batch(Path(sys.argv[1])).statuses()), sep='\\n')"
    seen = subprocess.run([sys.executable, "-c", code, batch.folder], check=True, capture_output=True, text=True).stdout
    assert seen.splitlines() == [f"{one.queue} {status.message}" for one in batch.statuses()]

    here.stop()
    assert here.status.state == "stopped"
    slurm.run("scancel", batch.statuses()[1].queue)
    dead = until(elsewhere, lambda status: status.finished_for_good)
    assert dead.state == "dead"
    assert "SLURM" in dead.message
    assert not slurm.run("squeue", "--noheader", "--partition=closed")
    here.stop()  # already gone is no error


def test_running_jobs_keep_their_partial_notebook_however_they_end_and_resume_runs_them_again(
    slurm: SlurmCluster, once: Path, root: Path
) -> None:
    batch = plan_batch(once, runs="1-4", root=root, executor=Slurm(time_limit=10)).submit()
    asked, cancelled, warned, killed = batch.jobs()
    for job in batch.jobs():
        until_said(job, "hanging")
    unheard = replace(asked.status, state="dead", host="another", beat=time.time() - 100)
    (status,) = batch.executor.look([(asked, unheard)])  # as it is seen from another machine when the disk is slow
    assert (status.state, status.message) == ("running", "SLURM still runs it, but it has been silent for 100 s")

    asked.stop()
    os.kill(killed.status.pid or 0, signal.SIGKILL)
    slurm.run("scancel", cancelled.seen().queue)
    slurm.run("scancel", "--signal=USR1", "--batch", warned.seen().queue)  # what --signal=B:USR1@… sends
    stopped = [until(job, lambda status: status.finished_for_good) for job in batch.jobs()]
    assert [status.state for status in stopped] == ["stopped", "stopped", "stopped", "dead"]
    assert stopped[0].message == "stopped in cell 4 of 4"
    assert stopped[2].message == "stopped in cell 4 of 4: the wall time is nearly up"
    for run, job in enumerate((asked, cancelled, warned), start=1):
        # scancel ends the kernel at once too; the others are interrupted
        assert printed(job) == f"first {run}\nhanging\n{'KeyboardInterrupt' if job is not cancelled else ''}"
        assert job.report is not None

    assert (
        "SLURM: FAILED; the runner left without a word; see the log"
        in until(killed, lambda status: "SLURM" in status.message).message
    )

    json_of_first = asked.folder / "status.json"
    json_of_first.write_text(json.dumps(asdict(replace(asked.status, state="done"))))
    again = batch.resume()
    assert again == [cancelled, warned, killed]  # only what has not finished
    ended = batch.wait(200)
    assert [(status.state, status.attempt) for status in ended] == [("done", 1), ("done", 2), ("done", 2), ("done", 2)]
    assert "went on" in printed(warned)
    assert ended[1].queue.partition("_")[2] == "1"  # the first task of a new array


def test_task_that_was_not_taken_away_leaves_the_next_attempt_alone(
    slurm: SlurmCluster, once: Path, root: Path, said_by: Callable[[str, str], None], tmp_path: Path
) -> None:
    job = submit(once, {}, root, executor=Slurm(partition="closed"))
    earlier = job.seen().queue
    said_by("scancel", "echo 'scancel: error: Unable to contact slurm controller' >&2; exit 1")
    job.stop()
    (tmp_path / "bin" / "scancel").unlink()
    job.resume(executor=Slurm(partition="closed", cpus=2))
    slurm.run("scontrol", "update", f"JobId={earlier}", "Partition=upex")
    until_said(job, "nothing to do: this was to run attempt 1, and the job is at attempt 2")
    status = until(job, lambda status: "PartitionDown" in status.message)
    assert (status.state, status.attempt, status.queue == earlier) == ("queued", 2, False)


def test_runner_that_does_not_stop_is_ended_by_slurm_where_this_machine_cannot(
    slurm: SlurmCluster, once: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(once, {}, root, executor=Slurm())
    status = until(job, lambda status: status.pid is not None)
    os.kill(status.pid or 0, signal.SIGSTOP)
    monkeypatch.setattr(jobs, "this_host", lambda: "another")
    job.stop(timeout=0.5)
    assert until(job, lambda status: status.finished_for_good).state == "stopped"
    end = time.monotonic() + 60
    while slurm.run("squeue", "--noheader", f"--jobs={status.queue}"):
        assert time.monotonic() < end
        time.sleep(0.2)


def test_failed_node_is_told_from_a_runner_that_lives_and_from_one_that_died_with_it(
    slurm: SlurmCluster, once: Path, root: Path
) -> None:
    job = submit(once, {}, root, executor=Slurm())
    until_said(job, "hanging")
    slurm.kill_slurmd()
    status = until(job, lambda status: "NODE_FAIL" in status.message)
    assert status.state == "running"  # SLURM has lost the node, but what runs there goes on
    slurm.crash_node()
    status = until(job, lambda status: status.state == "dead")
    assert "SLURM: NODE_FAIL; its node failed" in status.message
    assert status.node == NODE
    slurm.start_slurmd()
    job.resume()
    assert job.wait(200).state == "done"
    assert "went on" in printed(job)


@pytest.mark.usefixtures("slurm")
def test_job_that_needs_too_much_memory_is_dead_with_slurms_last_word(
    template: Callable[..., Path], tmp_path: Path
) -> None:
    path = template("held = b'x' * 2_000_000_000\nimport time\ntime.sleep(600)")
    job = submit(path, {}, tmp_path / "jobs", executor=Slurm(memory=0.8))
    status = until(job, lambda status: status.finished_for_good and "SLURM" in status.message)
    assert status.state == "dead"
    assert re.search("SLURM: .*; it said: .*memory limit", status.message)


@pytest.mark.usefixtures("slurm")
def test_what_slurm_refuses_is_refused_in_its_words_before_anything_is_written(once: Path, root: Path) -> None:
    for options, words in (
        ({"partition": "nowhere"}, "invalid partition specified: nowhere"),
        ({"reservation": "beamtime"}, "Requested reservation is invalid"),
        ({"constraint": "A100|V100"}, "Invalid feature specification"),
    ):
        with pytest.raises(OptionError, match=words):
            submit(once, {}, root, executor=Slurm(**options))
        with pytest.raises(OptionError, match=words):
            plan_batch(once, runs="1-2", root=root, executor=Slurm(**options)).submit()
    assert not root.exists()
    Slurm(partition="upex", gpus=1, cpus=4, memory=1.5, time_limit=60).check(1000)
    Slurm(gpus=2).check(1)  # its nodes may only be away; sbatch itself knows better


@pytest.mark.usefixtures("slurm")
def test_job_refused_after_all_is_failed_with_slurms_words_and_resumed_elsewhere(once: Path, root: Path) -> None:
    with pytest.raises(OptionError, match=r"sbatch refused: Memory specification can not be satisfied.*; resume 2"):
        submit(once, {}, root, executor=Slurm(memory=4000))
    (job,) = list_jobs(root)
    assert job.status.state == "failed"
    assert "Memory specification can not be satisfied" in job.status.message
    job.resume(executor=Slurm(partition="closed"))
    assert "PartitionDown" in until(job, lambda status: "PartitionDown" in status.message).message


def test_batch_larger_than_an_array_becomes_several_that_keep_the_bound_together(
    slurm: SlurmCluster, template: Callable[..., Path], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_ARRAY", 2)
    path = template("print(path)", parameters="path = ''")
    plan = plan_batch(
        path, {"path": "/gpfs/r{run:04d}"}, runs="1-2,31", root=root, executor=Slurm(partition="closed", concurrent=1)
    )
    assert "and 1 more of the kind, for the other 1 jobs" in plan.script()
    batch = plan.submit()
    queues = [status.queue for status in batch.statuses()]
    first, second = queues[0].partition("_")[0], queues[2].partition("_")[0]
    assert queues == [f"{first}_1", f"{first}_2", f"{second}_1"]
    assert slurm.run("squeue", "--noheader", "--format=%j", f"--jobs={first}").split() == ["r0001-r0031-trial"]
    assert "Dependency" in slurm.run("scontrol", "show", "job", second)
    assert f"afterany:{first}" in slurm.run("scontrol", "show", "job", second)
    batch.stop()
    assert batch.counts() == {"stopped": 3}
    assert not slurm.run("squeue", "--noheader", "--partition=closed")


def test_silent_slurm_leaves_states_as_they_were_and_is_said_to_be_silent(
    slurm: SlurmCluster, once: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "_SILENCE", 0.5)
    monkeypatch.setattr(asking, "_PATIENCE", 1.0)
    job = submit(once, {}, root, executor=Slurm(partition="closed"))
    slurm.signal("slurmctld", signal.SIGSTOP)
    try:
        status = until(job, lambda status: "squeue has not answered within 1 s" in status.message)
    finally:
        slurm.signal("slurmctld", signal.SIGCONT)
    assert status.state == "queued"
    with monkeypatch.context() as changed:
        changed.setenv("PATH", "/nowhere")
        status = until(job, lambda status: "squeue cannot be run" in status.message)
        assert status.state == "queued"
        assert Slurm.trouble() == "no sbatch, squeue, scancel on PATH; submit from a machine of the cluster"
    assert "PartitionDown" in until(job, lambda status: "PartitionDown" in status.message).message
    assert Slurm.trouble() == ""


@pytest.mark.usefixtures("slurm")
def test_queue_is_asked_once_for_all_jobs_and_not_again_for_seconds(
    once: Path, root: Path, said_by: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = plan_batch(once, runs="1-5", root=root, executor=Slurm(partition="closed")).submit().jobs()
    waiting.append(submit(once, {}, root, executor=Slurm(partition="closed")))
    said_by("squeue", f'echo asked >>{tmp_path}/asked\nexec /usr/bin/squeue "$@"')
    monkeypatch.setattr(asking, "_FRESH", 60)
    for _ in range(3):
        assert [status.state for status in statuses(waiting)] == ["queued"] * 6
    assert (tmp_path / "asked").read_text() == "asked\n"


@pytest.mark.parametrize(
    "said",
    [
        ("{}|OUT_OF_MEMORY|max-exfl001", "SLURM: OUT_OF_MEMORY; it needed more memory than it asked for; raise memory"),
        ("{}|CANCELLED by 1000|None assigned", "SLURM: CANCELLED by 1000; it was cancelled"),
        ("", "SLURM no longer knows {}; it was cancelled there before it began"),
    ],
)
def test_accounting_is_asked_for_what_the_queue_has_forgotten(
    slurm: SlurmCluster, once: Path, root: Path, said_by: Callable[[str, str], None], said: tuple[str, str]
) -> None:
    line, words = said
    # Stands in for a cluster with accounting, which needs a database: prints what sacct's manual says it prints.
    batch = Batch(plan_batch(once, runs="1-2", root=root, executor=Slurm(partition="closed")).submit().folder)
    place = batch.statuses()[1].queue
    said_by("sacct", f"echo '{line.format(place)}'")
    slurm.run("scancel", place)
    status = until(batch.jobs()[1], lambda status: status.state == "dead")
    assert status.message == words.format(place)
    assert batch.statuses()[0].state == "queued"


def test_job_that_was_never_handed_over_is_dead_after_a_while(once: Path, root: Path, monkeypatch: Any) -> None:
    class Lost(Slurm):
        check = Executor.check

        def start(self, jobs: Any) -> None: ...

    job = submit(once, {}, root, executor=Lost())
    assert (job.seen().state, job.seen().message) == ("queued", "being handed to SLURM")
    monkeypatch.setattr(module, "_HANDED_WITHIN", 0.0)
    assert (job.seen().state, job.seen().message) == ("dead", "interrupted before it was handed to SLURM")
