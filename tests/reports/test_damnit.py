"""Metrics reach a DAMNIT database in the row of their run; where DAMNIT is not installed, only what would be sent."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from pulsetrain.options import OptionError
from pulsetrain.reports import Batch, Job, JobError
from pulsetrain.reports._files import write_json
from pulsetrain.reports.damnit import plan_hand_over, submit_metrics

PATH = "/gpfs/exfel/exp/SPB/202501/p002345/raw/r{run:04d}"


def job(folder: Path, metrics: dict[str, Any], *, state: str = "done", **parameters: Any) -> Job:
    """Write the folder of a job that has ended."""
    folder.mkdir(parents=True)
    write_json(folder / "job.json", {"template": {"name": "spectra"}, "parameters": parameters})
    write_json(folder / "status.json", {"state": state, "version": 1})
    write_json(folder / "metrics.json", metrics)
    return Job(folder)


def test_a_path_of_the_facility_tells_proposal_and_run(tmp_path: Path) -> None:
    (item,) = plan_hand_over(job(tmp_path / "a", {"f1": 0.5}, path=PATH.format(run=12)))
    assert (item.proposal, item.run, item.variables) == (2345, 12, {"spectra_f1": 0.5})
    assert item.provenance == "pulsetrain a"


def test_a_parameter_called_run_goes_before_paths_and_what_is_stated_before_both(tmp_path: Path) -> None:
    given = job(tmp_path / "a", {"f1": 0.5}, run=7, proposal=900, path=PATH.format(run=12))
    assert [(item.proposal, item.run) for item in plan_hand_over(given)] == [(900, 7)]
    assert [(item.proposal, item.run) for item in plan_hand_over(given, run=8, proposal=901)] == [(901, 8)]


@pytest.mark.parametrize("paths", [{}, {"a": PATH.format(run=1), "b": PATH.format(run=2)}])
def test_a_run_that_nothing_or_too_much_names_is_asked_for(tmp_path: Path, paths: dict[str, str]) -> None:
    with pytest.raises(OptionError, match=r"^run: .* state it$"):
        plan_hand_over(job(tmp_path / "a", {"f1": 0.5}, **paths), proposal=1)


def test_names_become_identifiers_and_what_no_cell_can_hold_is_left_out(tmp_path: Path) -> None:
    metrics = {
        "index rate [%]": 71.5,
        "per class": {"hit": 3, "2θ": 0.2},
        "edges": [1, 2.5, "-inf"],
        "names": ["a", "b"],
        "nothing": None,
        "provenance": {"seed": 1},
    }
    (item,) = plan_hand_over(job(tmp_path / "a", metrics), proposal=1, run=2, prefix="")
    assert item.variables == {"index_rate": 71.5, "per_class_hit": 3, "per_class_2": 0.2, "edges": [1, 2.5, -inf]}
    assert all(name.isidentifier() for name in item.variables)


def test_a_metric_with_a_unit_is_one_column_of_its_value_with_the_unit_beside(tmp_path: Path) -> None:
    metrics = {
        "boundary_at": {"value": 284.5, "unit": "K"},
        "fit": {"edges": {"value": [1, "inf"], "unit": "Å"}, "n": {"value": 3, "unit": ""}},
        "odd": {"value": 1, "unit": "K", "more": 2},
        "none": {"value": None, "unit": "K"},
    }
    (item,) = plan_hand_over(job(tmp_path / "a", metrics), proposal=1, run=2, prefix="")
    odd = {"odd_value": 1, "odd_unit": "K", "odd_more": 2}
    assert item.variables == {"boundary_at": 284.5, "fit_edges": [1, inf], "fit_n": 3, **odd}
    assert item.units == {"boundary_at": "K", "fit_edges": "Å"}


def test_only_jobs_that_are_done_speak_and_only_one_for_a_run(tmp_path: Path) -> None:
    one, other = (job(tmp_path / name, {"f1": 0.5}, run=7) for name in ("a", "b"))
    failed = job(tmp_path / "c", {"f1": 0.5}, run=7, state="failed")
    assert [item.job for item in plan_hand_over([failed, one], proposal=1)] == [one]
    with pytest.raises(JobError, match="both belong to run 7"):
        plan_hand_over([one, other], proposal=1)
    with pytest.raises(JobError, match="c is failed"):
        plan_hand_over(failed, proposal=1)


def test_a_batch_hands_over_the_runs_that_are_done(tmp_path: Path) -> None:
    names = [f"batch.000{run}" for run in (1, 2, 3)]
    for run, (name, state) in enumerate(zip(names, ("done", "failed", "done"), strict=True), start=1):
        job(tmp_path / "batch" / name, {"f1": run / 10}, state=state, path=PATH.format(run=run))
    write_json(tmp_path / "batch" / "batch.json", {"jobs": names})
    handed = plan_hand_over(Batch(tmp_path / "batch"))
    assert [(item.run, item.variables) for item in handed] == [(1, {"spectra_f1": 0.1}), (3, {"spectra_f1": 0.3})]


def test_values_appear_in_the_real_databases_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    damnit = pytest.importorskip("damnit", reason="DAMNIT is not installed; pip install 'damnit[backend]'")
    pytest.importorskip("kafka", reason="DAMNIT's backend is not installed; pip install 'damnit[backend]'")
    from damnit.backend.combine import gather_all_fragments
    from damnit.backend.db import DamnitDB

    folder = tmp_path / "amore"
    folder.mkdir()
    database = DamnitDB.from_dir(folder, create=True)
    database.metameta["proposal"] = 2345
    for run in (3, 4):
        database.ensure_run(2345, run, start_time=1e9)  # as its listener does when a run is migrated
    database.close()
    metrics = {run: {"f1": run / 10, "kind": "good", "at": {"value": 280.5 + run, "unit": "K"}} for run in (3, 4)}
    jobs = [job(tmp_path / f"j{run}", metrics[run], path=PATH.format(run=run)) for run in (3, 4)]

    monkeypatch.setenv("AMORE_BROKER", "none")  # DAMNIT's own word for a site without a message broker
    handed = submit_metrics(jobs, damnit_dir=folder)
    assert [(item.proposal, item.run) for item in handed] == [(2345, 3), (2345, 4)]
    gather_all_fragments(folder)
    table = damnit.Damnit(folder).table().set_index("run")
    assert table["spectra_f1"].to_dict() == {3: 0.3, 4: 0.4}
    assert set(table["spectra_kind"]) == {"good"}
    assert table["spectra_at"].to_dict() == {3: 283.5, 4: 284.5}
    assert not [name for name in table if "unit" in name], "no column of its own"
    database = DamnitDB.from_dir(folder)
    found = database.conn.execute("SELECT attributes FROM run_variables WHERE name = 'spectra_at'").fetchall()
    database.close()
    assert [json.loads(attributes)["units"] for (attributes,) in found] == ["K", "K"], "its table paints it there"

    monkeypatch.setenv("AMORE_BROKER", "127.0.0.1:1")  # nobody listens
    with pytest.raises(OSError, match="broker does not answer"):
        submit_metrics(jobs[0], damnit_dir=folder)
    assert len(list((folder / "extracted_data").glob("*.ready.h5"))) == 1


def test_a_folder_without_a_database_or_a_python_without_damnit_is_told_what_is_missing(tmp_path: Path) -> None:
    try:
        import damnit  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r"pip install 'damnit\[backend\]'"):
            submit_metrics(job(tmp_path / "a", {"f1": 1}, run=1), damnit_dir=tmp_path)
    else:
        with pytest.raises(OptionError, match="holds no runs"):
            submit_metrics(job(tmp_path / "a", {"f1": 1}, run=1), damnit_dir=tmp_path)
