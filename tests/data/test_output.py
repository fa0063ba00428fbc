"""Folders that appear whole or not at all."""

from __future__ import annotations

import pytest

from pulsetrain.data.output import whole_folder


def test_the_folder_appears_with_all_it_holds_when_writing_has_ended(tmp_path):
    place = tmp_path / "above" / "out"
    with whole_folder(place) as draft:
        (draft / "a.txt").write_text("a")
        assert not place.exists()
    assert [path.name for path in place.iterdir()] == ["a.txt"]
    assert [path.name for path in place.parent.iterdir()] == ["out"]


def test_what_a_failure_leaves_is_removed(tmp_path):
    def fail():
        with whole_folder(tmp_path / "out") as draft:
            (draft / "a.txt").write_text("a")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_refused_untouched(tmp_path):
    (tmp_path / "note").write_text("kept")
    with pytest.raises(FileExistsError, match="give a new folder"), whole_folder(tmp_path):
        pytest.fail("nothing may be written")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]


def test_colleagues_may_read_what_appears(tmp_path):
    (tmp_path / "plain").mkdir()
    with whole_folder(tmp_path / "out"):
        pass
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode
