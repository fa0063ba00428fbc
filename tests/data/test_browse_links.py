"""A file's values may lie in other files: all of these are named, and of the file itself nothing else."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from pulsetrain.data._browse_links import files_behind


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
