"""A file of a colleague may be a link to a device, or ask for all memory: notebooks and records are read in bounds."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pulsetrain.reports import Batch, Status, Template, read_parameters, templates
from pulsetrain.reports._files import read_json
from pulsetrain.reports._notebooks import NotebookError, read_notebook
from pulsetrain.reports.comparison import comparison_page

MEGABYTE = 2**20


@pytest.fixture
def batch(tmp_path: Path, template: Callable[..., Path]) -> Batch:
    """A batch of one job that is done."""
    job = tmp_path / "b" / "b.0001"
    job.mkdir(parents=True)
    (job.parent / "batch.json").write_text('{"jobs": ["b.0001"]}')
    (job / "job.json").write_text('{"parameters": {"steps": 4}}')
    (job / "metrics.json").write_text('{"rate": 0.5}')
    Status(state="done", started=1.0, finished=2.0).write(job / "status.json")
    template(parameters="steps = 3  # [turns]").rename(job.parent / "template.ipynb")
    return Batch(job.parent)


@pytest.mark.parametrize("device", ["/dev/ptmx", "/dev/zero", "/dev/stdin"])
def test_a_link_to_a_device_in_place_of_a_template_holds_up_no_comparison(batch, device):
    assert "turns" in comparison_page(batch)
    (batch.folder / "template.ipynb").unlink()
    (batch.folder / "template.ipynb").symlink_to(device)
    assert "turns" not in comparison_page(batch)


def test_what_is_no_plain_file_is_no_notebook_of_a_job_and_one_that_may_not_be_read_is_said(tmp_path, template):
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "link.ipynb").symlink_to(template())
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    for name in ("pipe", "folder", "link", "loop"):
        with pytest.raises(NotebookError, match="it is no plain file but a link, a folder, a pipe or the like"):
            read_notebook(tmp_path / f"{name}.ipynb")
    with pytest.raises(FileNotFoundError):
        read_notebook(tmp_path / "gone.ipynb")


def test_a_template_that_a_user_names_may_be_a_link(tmp_path, template):
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "linked.ipynb"
    link.symlink_to(template(("markdown", "# Sorting")))
    (tmp_path / "links" / "loop.ipynb").symlink_to(tmp_path / "links" / "loop.ipynb")
    (tmp_path / "links" / "device.ipynb").symlink_to("/dev/zero")
    assert list(read_parameters(link).model_fields) == ["steps"]
    assert Template.read(link).title == "Sorting"
    assert [found.name for found in templates(tmp_path / "links")] == ["linked"]


def test_a_sparse_file_is_refused_without_memory_for_it(batch):
    job = batch.folder / "b.0001"
    os.truncate(job / "metrics.json", 1500 * MEGABYTE)
    os.truncate(batch.folder / "template.ipynb", 1500 * MEGABYTE)
    assert _peak(lambda: read_json(job / "metrics.json")) < MEGABYTE
    assert batch.jobs()[0].metrics == {}
    with pytest.raises(NotebookError, match="larger than 256 MB"):
        read_notebook(batch.folder / "template.ipynb")
    assert "1 job: 1 done" in comparison_page(batch)


def test_a_small_file_of_countless_lists_is_refused_without_memory_for_them(tmp_path):
    path = tmp_path / "metrics.json"
    path.write_text('{"a": [' + "[]," * 4_000_000 + "0]}")
    assert _peak(lambda: read_json(path)) < 50 * MEGABYTE
    assert read_json(path) is None
    path.write_text('{"a": [' + "[]," * 4_000_000 + '"' + '\\"' * 100_000)  # and a text that never ends
    assert read_json(path) is None


def test_brackets_within_texts_are_no_lists(tmp_path):
    content = {"script": '{"[\\' * 1_000_000, "n": [1, 2]}
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(content))
    assert read_json(path) == content


def _peak(call: Callable[[], object]) -> int:
    """Return the memory that a call takes at most, bytes."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
