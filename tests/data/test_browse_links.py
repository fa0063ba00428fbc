"""A file's values may lie in other files: all of these are named, and of the file itself nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from pulsetrain.data import DataError
from pulsetrain.data._browse_links import files_behind, overviews, places_of_run


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "target.h5"
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(6.0)
    return path


def linked(file: h5py.File, target: Path) -> None:
    file.create_group("deep/er")["link"] = h5py.ExternalLink(str(target), "/data")


def virtual(file: h5py.File, target: Path) -> None:
    layout = h5py.VirtualLayout((6,), float)
    layout[:] = h5py.VirtualSource(str(target), "data", (6,))
    file.create_virtual_dataset("virtual", layout)


def raw(file: h5py.File, target: Path) -> None:
    file.create_dataset("raw", (6,), float, external=[(str(target), 0, 48)])


@pytest.mark.parametrize("make", [linked, virtual, raw])
@pytest.mark.parametrize("relative", [False, True])
def test_file_that_values_come_from_is_named(tmp_path: Path, target: Path, make, relative: bool) -> None:
    path = tmp_path / "given.h5"
    with h5py.File(path, "w") as file:
        file["own"] = 1
        make(file, Path("elsewhere/target.h5") if relative else target)
    assert files_behind(str(path)) == (str(target),)


def test_files_behind_files_are_named_and_circles_end(tmp_path: Path, target: Path) -> None:
    first, second = tmp_path / "first.h5", tmp_path / "second.h5"
    for path, other in ((first, second), (second, first)):
        with h5py.File(path, "w") as file:
            file["other"] = h5py.ExternalLink(other.name, "/")
            file["circle"] = file["/"]
    with h5py.File(second, "a") as file:
        linked(file, target)
    assert set(files_behind(str(first))) == {str(second), str(target)}


def test_file_by_itself_names_none(tmp_path: Path, target: Path) -> None:
    (tmp_path / "text.h5").write_text("no HDF5")
    assert [files_behind(str(path)) for path in (target, tmp_path / "text.h5", tmp_path / "none")] == [(), (), ()]


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("METADATA/link", None),
        ("INDEX/trainId", None),
        ("CONTROL/A/B/C/key/value", "A/B/C"),
        ("RUN/A/B/C/key/value", "A/B/C"),
        ("INSTRUMENT/A/DET/3CH0:xtdf/image/data", "A/DET/*CH0:xtdf"),
        ("INSTRUMENT/A/CORR/3CH0:output/image/data", "A/DET/*CH0:xtdf"),
        ("INDEX/A/B/C:out/data/first", "A/B/C:out"),
        ("INSTRUMENT", "A/B/C:out"),
        ("INSTRUMENT/A/B", "A/B/C:out"),
        ("INSTRUMENT/A/B", "A/./B/C:out"),
    ],
)
def test_of_a_run_what_is_asked_for_is_looked_at_and_all_on_the_way_to_it(
    tmp_path: Path, target: Path, place: str, asked: str | None
) -> None:
    with h5py.File(tmp_path / "CORR.h5", "w") as file:
        file[place] = h5py.ExternalLink(str(target), "/data")
        file["CONTROL/X/Y/Z/value"] = h5py.ExternalLink("other.h5", "/data")
    assert files_behind(str(tmp_path / "CORR.h5"), places_of_run(asked)) == (str(target),)


def test_links_within_a_file_lead_to_those_that_leave_it(tmp_path: Path, target: Path) -> None:
    with h5py.File(tmp_path / "CORR.h5", "w") as file:
        file["hidden/.."] = h5py.ExternalLink(str(target), "/data")  # a name like any other for HDF5
        file["hidden/soft"] = h5py.SoftLink("../x")
        file["CONTROL/A"] = h5py.SoftLink("/hidden")
        file["RUN/A"] = h5py.SoftLink("A/A")
    assert files_behind(str(tmp_path / "CORR.h5"), ["CONTROL/A/soft"]) == (str(target),)
    with pytest.raises(DataError, match="links without end"):
        files_behind(str(tmp_path / "CORR.h5"), ["RUN/A"])


def test_in_the_files_behind_only_what_is_linked_is_looked_at(tmp_path: Path, target: Path) -> None:
    between = tmp_path / "between.h5"
    with h5py.File(between, "w") as file:
        virtual(file, target)
        file["unasked"] = h5py.ExternalLink("other.h5", "/data")
    with h5py.File(tmp_path / "given.h5", "w") as file:
        file["link"] = h5py.ExternalLink("between.h5", "/virtual")
    assert set(files_behind(str(tmp_path / "given.h5"))) == {str(between), str(target)}


def test_a_file_for_each_block_of_a_virtual_dataset_is_named_as_far_as_there_are_some(tmp_path: Path) -> None:
    blocks = [tmp_path / f"100%_{number}.h5" for number in range(3)]
    for number, block in enumerate(blocks):
        with h5py.File(block, "w") as file:
            file["data"] = np.full((1, 6), number, float)
    with h5py.File(tmp_path / "given.h5", "w") as file:
        space = h5py.h5s.create_simple((3, 6), (h5py.h5s.UNLIMITED, 6))
        space.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), block=(1, 6))
        created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        created.set_virtual(space, b"100%%_%b.h5", b"data", h5py.h5s.create_simple((1, 6)))
        h5py.h5d.create(file.id, b"virtual", h5py.h5t.NATIVE_DOUBLE, space, created)
    with h5py.File(tmp_path / "given.h5") as file:
        assert file["virtual"][:, 0].tolist() == [0, 1, 2], "HDF5 takes one after the other"
    assert set(map(str, blocks)) <= set(files_behind(str(tmp_path / "given.h5")))


@pytest.mark.timeout(20)
def test_a_pipe_is_named_and_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.h5"
    os.mkfifo(pipe)
    with h5py.File(tmp_path / "given.h5", "w") as file:
        linked(file, pipe)
    assert files_behind(str(tmp_path / "given.h5")) == (str(pipe),)
    assert files_behind(str(pipe)) == ()


def test_where_this_process_stands_and_beside_a_linked_file_is_looked_too_as_hdf5_does(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands, moved = tmp_path / "stands", tmp_path / "moved"
    for folder in (stands, moved):
        folder.mkdir()
    with h5py.File(moved / "given.h5", "w") as file:
        file["link"] = h5py.ExternalLink("target.h5", "/data")
    (tmp_path / "given.h5").symlink_to(moved / "given.h5")
    monkeypatch.chdir(target.parent)
    with h5py.File(tmp_path / "given.h5") as file:
        assert file["link"].shape == (6,), "HDF5 finds it here"
    assert str(target) in files_behind(str(tmp_path / "given.h5"))
    monkeypatch.chdir(stands)
    target.rename(moved / "target.h5")
    with h5py.File(tmp_path / "given.h5") as file:
        assert file["link"].shape == (6,), "and there"
    assert str(moved / "target.h5") in files_behind(str(tmp_path / "given.h5"))


def test_the_overview_that_extra_data_keeps_elsewhere_in_the_proposal_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXTRA_DATA_DATA_ROOT", str(tmp_path))
    proposal = tmp_path / "SPB" / "202601" / "p900100"
    run, kept = proposal / "proc" / "r0012", proposal / "usr" / ".extra_data" / "PROC-R0012-OVERVIEW.h5"
    for folder in (run, kept.parent):
        folder.mkdir(parents=True)
    assert overviews(str(run)) == []
    kept.touch()
    assert overviews(str(run)) == [str(kept)]
    assert overviews(str(proposal)) == []
