"""What the status bar is told: one's own jobs by state, alone and in batches."""

from __future__ import annotations

import requests
from tests.server.folders import make_batch, make_job

from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.count_handlers import counts_of


def test_own_jobs_are_counted_alone_and_in_batches_and_those_of_others_are_not(tmp_path):
    root = tmp_path.resolve()
    catalogue = Catalogue(root=root, jobs_root=root / "jobs", folders=(), shared=(root / "theirs",))
    make_job(root / "jobs", "alone-1", "failed")
    make_job(root / "jobs", "alone-2", "done")
    make_batch(root / "jobs", "20261123-044500-tuning-d4e5f6", ["done", "failed", "stopped"])
    make_job(root / "theirs", "other", "failed")
    make_batch(root / "theirs", "20261123-044500-tuning-a1b2c3", ["failed"] * 3)
    assert counts_of(catalogue) == {"failed": 2, "done": 2, "stopped": 1}


def test_counts_are_answered_to_who_may_ask(server):
    make_job(server.jobs, "counted", "failed")
    assert server.get("counts").json()["counts"]["failed"] >= 1
    answer = requests.get(f"{server.api}/counts", headers={"Authorization": "token wrong"}, timeout=10)
    assert answer.status_code == 403
