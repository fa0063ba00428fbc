"""What was learnt is read back as it was written, or refused."""

from __future__ import annotations

import errno
import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from pulsetrain.data.model_folder import below, read_model, write_model

ARRAYS = {"a.one": np.arange(6, dtype=np.float32).reshape(2, 3).T, "a.two": np.int64(7), "b": np.zeros((0, 2))}


def whole(arrays, facts):
    return arrays, facts


def test_arrays_and_facts_come_back(tmp_path):
    write_model(tmp_path / "new" / "m", "sorter", ARRAYS, {"seed": 3})
    assert sorted(each.name for each in (tmp_path / "new" / "m").iterdir()) == ["arrays.safetensors", "sorter.json"]
    arrays, facts = read_model(tmp_path / "new" / "m", "sorter", whole)
    assert facts["seed"] == 3
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], values)
        assert arrays[name].dtype == values.dtype
    assert set(below(arrays, "a.")) == {"one", "two"}


def test_folders_of_the_first_version_can_still_be_read(tmp_path):
    save_file({"x": np.ones(3)}, tmp_path / "arrays.safetensors")
    (tmp_path / "clusterer.json").write_text('{"format": 1, "pulsetrain": "0.1.0", "history": []}')
    arrays, facts = read_model(tmp_path, "clusterer", whole)
    assert arrays["x"].sum() == 3
    assert facts["history"] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is damaged .*save the sorter again"),
        ("[]", "is damaged"),
        ("{}", "is damaged"),
        (json.dumps({"format": 2, "pulsetrain": "9.0"}), r"got format 2, allowed 1; it was written by pulsetrain 9\.0"),
        (json.dumps({"format": 1, "pulsetrain": "0.1"}), "is damaged"),  # no arrays
    ],
)
def test_what_is_damaged_or_newer_is_refused(tmp_path, text, words):
    (tmp_path / "sorter.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        read_model(tmp_path, "sorter", whole)


def test_a_folder_without_a_model_says_which_to_give(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"holds no sorter\.json; give the folder that a sorter's save\(\) made"
    ):
        read_model(tmp_path, "sorter", whole)


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_model(tmp_path / "m", "sorter", ARRAYS, {})
    assert list(tmp_path.iterdir()) == []
