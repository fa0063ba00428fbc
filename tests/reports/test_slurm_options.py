"""What is asked of SLURM: options, presets, and the script that people read before they submit."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pulsetrain.options import OptionError
from pulsetrain.reports import Job, Status, executor_named
from pulsetrain.reports._slurm import Slurm
from pulsetrain.reports._slurm_arrays import Array, arrays_of
from pulsetrain.reports._slurm_options import PRESETS, SlurmOptions, presets
from pulsetrain.reports._slurm_script import script
from pulsetrain.reports._slurm_words import ending, waiting


@pytest.fixture(autouse=True)
def _no_presets_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv(PRESETS, raising=False)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"partition": "upex\n#SBATCH --wrap=x"}, "partition: got .*; allowed letters, digits"),
        ({"partition": "a b"}, "partition: got 'a b'; allowed letters, digits"),
        ({"account": "--uid=0"}, "account: got '--uid=0'"),
        ({"constraint": "A100;V100"}, "constraint: got 'A100;V100'; allowed names of features, joined by & or |"),
        ({"time_limit": 0}, "time_limit: got 0, allowed 1 … 43200 min"),
        ({"time_limit": 2, "warning": 120}, r"warning: got 120 s, allowed less than time_limit \(2 min\)"),
        ({"memory": -1}, "memory: got -1, allowed 0.1 … 16384 GiB"),
        ({"concurrent": 1001}, "concurrent: got 1001, allowed 1 … 1000"),
        ({"gpu": 1}, "gpu: no such parameter; did you mean 'gpus'"),
        ({"preset": "upx"}, "^preset: no such preset 'upx'; did you mean 'upex'"),
    ],
)
def test_refusal_names_the_option_and_what_is_allowed(values: dict[str, Any], fault: str) -> None:
    with pytest.raises(OptionError, match=fault):
        Slurm(**values)


def test_script_is_short_and_states_only_what_was_asked_for(tmp_path: Path) -> None:
    bare = Slurm().script(3, tmp_path / "20261123-050042-spectra-…")
    assert [line for line in bare.splitlines() if line.startswith("#SBATCH")] == [
        "#SBATCH --job-name=spectra",
        "#SBATCH --array=1-3",
        "#SBATCH --nodes=1",
        "#SBATCH --ntasks=1",
        "#SBATCH --signal=B:USR1@90",
        "#SBATCH --output=slurm-%A_%a.out",
        "#SBATCH --no-requeue",
    ]
    assert len(bare.splitlines()) < 20
    asked = SlurmOptions(
        partition="upex",
        reservation="upex_003422",
        account="p003422",
        qos="beamtime",
        constraint="A100|V100",
        time_limit=90,
        cpus=8,
        memory=2.5,
        gpus=1,
        concurrent=20,
        warning=300,
    )
    text = Slurm(asked).script(2500, tmp_path)
    for line in (
        "--array=1-1000%20",
        "--partition=upex",
        "--reservation=upex_003422",
        "--account=p003422",
        "--qos=beamtime",
        "--constraint=A100|V100",
        "--time=01:30:00",
        "--cpus-per-task=8",
        "--mem=2560M",
        "--gres=gpu:1",
        "--signal=B:USR1@300",
    ):
        assert f"#SBATCH {line}\n" in text
    assert text.endswith("# and 2 more of the kind, for the other 1500 jobs\n")


@pytest.mark.parametrize(
    "name", ["plain", "a 'b' \"c\" $(touch HIT) `touch HIT`; \\ µ\nexit 7\n#SBATCH --wrap=x", "50 %A"]
)
def test_bash_takes_each_folder_as_it_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    tasks = b"".join(str(folder / f"{name} {task}").encode() + b"\0%d\0" % (task + 6) for task in (1, 2))
    (folder / "folders").write_bytes(tasks)
    text = script(SlurmOptions(), name=name, tasks=2, folder=folder)
    assert all(
        re.fullmatch(r"#(!/bin/bash|SBATCH --[\w.=:@%-]+(/dev/null)?)", line)
        for line in text.partition("\n\n")[0].split("\n")
    )
    # Instead of the runner, which SLURM's tests run, say what it would be given.
    shown, _, _ = text.partition("exec ")
    task = {"SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "2", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        ["bash", "-c", f'{shown}printf "%s|%s|%s" "$folder" "$attempt" "$PULSETRAIN_QUEUE"'],
        env=task,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout == f"{folder / f'{name} 2'}|8|12_2"
    assert not list(tmp_path.rglob("HIT"))


def test_task_without_its_list_ends_and_runs_nothing(tmp_path: Path) -> None:
    text = script(SlurmOptions(), name="x", tasks=1, folder=tmp_path / "gone")
    task = {"SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "1", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(["bash", "-c", text], env=task, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ran.returncode
    assert shlex.quote(str(tmp_path / "gone" / "folders")).strip("'") in ran.stderr


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_values_given_win_over_a_preset_and_a_facilitys_over_the_built_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"presets.{suffix}"
    table = {"beamtime": {"partition": "upex", "reservation": "upex_003422", "time_limit": 600}, "upex": {"gpus": 2}}
    lines = [
        f"[{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
        for name, values in table.items()
    ]
    path.write_text(json.dumps(table) if suffix == "json" else "\n".join(lines))
    monkeypatch.setenv(PRESETS, str(path))
    made = Slurm(preset="beamtime", time_limit=30)
    assert made.as_dict() == {"name": "slurm", "partition": "upex", "reservation": "upex_003422", "time_limit": 30}
    assert Slurm(SlurmOptions(preset="beamtime"), gpus=1).as_dict() == {
        "name": "slurm",
        **table["beamtime"],
        "gpus": 1,
    }
    assert Slurm(preset="upex").as_dict() == {"name": "slurm", "gpus": 2}
    assert Slurm.from_text({"preset": "maxwell-gpu", "memory": "1.5"}).options.partition == "allgpu"
    schema = SlurmOptions.model_json_schema()
    assert schema["presets"]["beamtime"] == table["beamtime"]
    assert schema["properties"]["preset"]["enum"] == ["", "upex", "exfel", "maxwell", "maxwell-gpu", "beamtime"]

    path.unlink()  # a record holds the values, and does not need the file
    monkeypatch.delenv(PRESETS)
    assert executor_named(made.as_dict()) == made


def test_presets_are_looked_for_in_the_users_configuration(tmp_path: Path) -> None:
    assert set(presets()) == {"upex", "exfel", "maxwell", "maxwell-gpu"}
    for values in presets().values():
        SlurmOptions(**values)
    path = tmp_path / "config" / "pulsetrain" / "slurm.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[mine]\npartition = "exfel"\n')
    assert presets()["mine"] == {"partition": "exfel"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "preset: cannot read .*No such file.*mend it, or name another by PULSETRAIN_SLURM_PRESETS"),
        ("[mine", "preset: cannot read "),
        ("mine = 3", "preset: .* must hold a table of values for each name"),
        ("[mine]\npreset = 'mine'", "preset: .* must hold a table of values for each name"),
        ("[mine]\npartion = 'upex'", "^preset: in 'mine', partion: no such parameter; did you mean 'partition'"),
        ("[mine]\ntime_limit = 0", "^preset: in 'mine', time_limit: got 0, allowed 1 … 43200 min"),
    ],
)
def test_faulty_presets_are_told_from_faulty_values_and_spoil_no_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, fault: str
) -> None:
    path = tmp_path / "presets.toml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv(PRESETS, str(path))
    with pytest.raises(OptionError, match=fault):
        Slurm(preset="mine")
    assert "upex" in SlurmOptions.model_json_schema()["presets"]
    assert Slurm(partition="upex").options.partition == "upex"


def test_arrays_that_are_made_at_the_same_time_have_folders_of_their_own(tmp_path: Path) -> None:
    Status(executor="slurm", attempt=2).write(tmp_path / "status.json")
    job = Job(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: Array.make([job]).numbered(str(number)), range(20)))
    assert sorted(int(array.folder.name) for array in made) == list(range(1, 21))
    assert sorted(array.number for array in arrays_of(job)) == sorted(map(str, range(20)))
    assert {attempt for array in arrays_of(job) for attempt in array.tasks()} == {(job.id, 2)}


def test_words_keep_slurms_own_beside_them() -> None:
    assert waiting("Priority", "2026-11-23T14:05:59") == (
        "waiting in SLURM: others are before it (Priority), expected to start 2026-11-23 14:05"
    )
    assert waiting("ReqNodeNotAvail, UnavailableNodes:max-exfl001", "") == (
        "waiting in SLURM: nodes that it needs are down or reserved (ReqNodeNotAvail, UnavailableNodes:max-exfl001)"
    )
    assert waiting("launch failed requeued held", "").endswith("stop it, then resume it (launch failed requeued held)")
    assert waiting("SomethingNew", "") == "waiting in SLURM: SomethingNew"
    assert waiting("", "") == "waiting in SLURM"
    assert ending("FAILED", "JobLaunchFailure", begun=False) == (
        "SLURM: FAILED (JobLaunchFailure); the runner never began; see the log"
    )
    assert ending("FAILED", "JobLaunchFailure", begun=True) == (
        "SLURM: FAILED; the runner left without a word; see the log"
    )
    assert ending("PREEMPTED", "", begun=True) == "SLURM: PREEMPTED; a job of higher priority took its place"
    assert ending("CANCELLED", "by 1000", begun=True) == "SLURM: CANCELLED by 1000; it was cancelled"
