"""Frames from CXI, HDF5 and NumPy files, lazily and with masks."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import dask
import dask.array as da
import h5py
import numpy as np
import pytest

from pulsetrain.data import DataError, open_frames

FRAMES = np.arange(3 * 16 * 512 * 128, dtype=np.int32).reshape(3, 16, 512, 128) % 1000
MODULES = ("pattern", "module", "slow_scan", "fast_scan")


@pytest.fixture
def cxi(tmp_path: Path) -> Path:
    """A CXI file as EXtra-data and CrystFEL users write it, with a mask and train and pulse numbers."""
    path = tmp_path / "run.cxi"
    mask = np.zeros((3, 16, 512, 128), dtype=np.uint32)
    mask[1, 2, 3, 4] = 8
    with h5py.File(path, "w") as file:
        file["entry_1/instrument_1/detector_1/data"] = FRAMES.astype(np.float32)
        file["entry_1/instrument_1/detector_1/mask"] = mask
        file["entry_1/data_1"] = h5py.SoftLink("/entry_1/instrument_1/detector_1")
        file["entry_1/trainId"], file["entry_1/pulseId"] = [7, 7, 9], [0, 4, 0]
        file["entry_1/instrument_1/detector_1/data"].attrs["units"] = "keV"
    return path


def test_a_cxi_file_opens_with_its_numbers_unit_and_mask(cxi):
    frames = open_frames(cxi)
    assert frames.dims == MODULES
    assert isinstance(frames.data, da.Array)
    assert frames.trainId.values.tolist() == [7, 7, 9]
    assert frames.pulseId.values.tolist() == [0, 4, 0]
    assert frames.attrs["units"] == "keV"
    values = frames.values
    assert np.argwhere(np.isnan(values)).tolist() == [[1, 2, 3, 4]]
    np.testing.assert_array_equal(np.nan_to_num(values[0]), FRAMES[0])


@pytest.mark.parametrize("shape", [(16, 512, 128), (8192, 128)])
def test_one_stored_mask_for_all_frames_is_applied_to_each(cxi, shape):
    with h5py.File(cxi, "r+") as file:
        del file["entry_1/instrument_1/detector_1/mask"]
        mask = np.zeros((16, 512, 128), dtype=np.uint32)
        mask[2, 3, 4] = 1
        file["entry_1/instrument_1/detector_1/mask"] = mask.reshape(shape)
    assert np.argwhere(np.isnan(open_frames(cxi).values)).tolist() == [[n, 2, 3, 4] for n in range(3)]


def test_a_stored_mask_that_does_not_fit_is_refused(cxi):
    with h5py.File(cxi, "r+") as file:
        del file["entry_1/instrument_1/detector_1/mask"]
        file["entry_1/instrument_1/detector_1/mask"] = np.zeros((5, 5))
    with pytest.raises(DataError, match=r"a mask of shape \(1, 5, 5\).*mask=False"):
        open_frames(cxi)
    assert open_frames(cxi, mask=False).shape == FRAMES.shape


def test_the_stored_mask_can_be_left_out(cxi):
    np.testing.assert_array_equal(open_frames(cxi, mask=False).values, FRAMES)


@pytest.mark.parametrize("form", ["array", "npy", "npz", "h5"])
def test_a_mask_of_ones_own_makes_bad_pixels_nan(tmp_path, form):
    np.save(tmp_path / "frames.npy", FRAMES)
    bad = np.zeros((16, 512, 128), dtype=bool)
    bad[5] = True
    path = tmp_path / f"mask.{form}"
    if form == "npy":
        np.save(path, bad)
    elif form == "npz":
        np.savez(path, mask=bad)
    elif form == "h5":
        with h5py.File(path, "w") as file:
            file["entry_1/data_1/mask"] = bad.astype(np.uint16)
    frames = open_frames(tmp_path / "frames.npy", mask=bad if form == "array" else path)
    np.testing.assert_array_equal(np.isnan(frames.values), np.broadcast_to(bad, FRAMES.shape))
    np.testing.assert_array_equal(frames.values[:, 6], FRAMES[:, 6])


def test_whole_numbers_stay_whole_numbers_without_a_mask(tmp_path):
    np.save(tmp_path / "a.npy", FRAMES)
    assert open_frames(tmp_path / "a.npy").dtype == np.int32


def test_a_mask_of_another_detector_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", FRAMES)
    with pytest.raises(DataError, match=r"a mask of shape \(4, 4\); allowed: \(16, 512, 128\)"):
        open_frames(tmp_path / "a.npy", mask=np.ones((4, 4)))
    with pytest.raises(DataError, match="no such mask file"):
        open_frames(tmp_path / "a.npy", mask=tmp_path / "absent.h5")


@pytest.mark.parametrize(
    ("stored", "dims", "shape"),
    [
        ((40, 50), ("pattern", "y", "x"), (1, 40, 50)),
        ((5, 40, 50), ("pattern", "y", "x"), (5, 40, 50)),
        ((16, 512, 128), MODULES, (1, 16, 512, 128)),
        ((2, 8192, 128), MODULES, (2, 16, 512, 128)),
        ((2, 4, 40, 50), MODULES, (2, 4, 40, 50)),
    ],
)
def test_axes_are_recognised_by_their_number_and_the_detectors_shape(tmp_path, stored, dims, shape):
    values = np.random.default_rng(0).random(stored, dtype=np.float32)
    np.save(tmp_path / "a.npy", values)
    frames = open_frames(tmp_path / "a.npy")
    assert (frames.dims, frames.shape) == (dims, shape)
    np.testing.assert_array_equal(frames.values, values.reshape(shape))


def test_axes_can_be_named_where_the_shape_leaves_them_open(tmp_path):
    values = np.random.default_rng(0).random((16, 32, 32))
    np.save(tmp_path / "a.npy", values)
    assert open_frames(tmp_path / "a.npy").shape == (16, 32, 32)
    frames = open_frames(tmp_path / "a.npy", dims=("module", "slow_scan", "fast_scan"))
    assert (frames.dims, frames.shape) == (MODULES, (1, 16, 32, 32))
    turned = open_frames(tmp_path / "a.npy", dims=("x", "y", "pattern"))
    np.testing.assert_array_equal(turned.values, values.transpose(2, 1, 0))
    with pytest.raises(DataError, match="name each stored axis once"):
        open_frames(tmp_path / "a.npy", dims=("y", "x"))


def test_the_gain_plane_of_raw_agipd_is_kept_apart(tmp_path):
    values = np.random.default_rng(0).integers(0, 9000, (2, 16, 2, 64, 32)).astype(np.uint16)
    with h5py.File(tmp_path / "raw.cxi", "w") as file:
        file["entry_1/data_1/data"] = values
    frames = open_frames(tmp_path / "raw.cxi")
    assert frames.dims == frames.gain.dims == MODULES
    np.testing.assert_array_equal(frames.values, values[:, :, 0])
    np.testing.assert_array_equal(frames.gain.values, values[:, :, 1])


def test_files_of_single_shots_follow_each_other(tmp_path):
    for shot in (1, 2, 10):
        with h5py.File(tmp_path / f"shot-{shot}.h5", "w") as file:
            file["data/data"] = np.full((30, 40), shot)
    frames = open_frames(tmp_path / "shot-*.h5")
    assert frames.shape == (3, 30, 40)
    assert frames.values[:, 0, 0].tolist() == [1, 2, 10]
    assert frames.file.values.tolist() == ["shot-1.h5", "shot-2.h5", "shot-10.h5"]
    assert frames.attrs["units"] == "ADU"


def test_one_pattern_of_a_large_file_costs_one_block_of_memory(tmp_path):
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        # 0.8 TB when read; on disk a few kB, as chunks that were never written are not stored.
        file.create_dataset("data/data", (200_000, 1024, 1024), "f4", chunks=(1, 1024, 1024), fillvalue=3)
    tracemalloc.start()
    frames = open_frames(path)
    with dask.config.set(scheduler="synchronous"):
        assert float(frames[123_456].mean()) == 3
        assert float(frames[1000:1040].mean()) == 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert frames.shape == (200_000, 1024, 1024)
    assert peak < 250 * 2**20


def test_a_file_without_one_clear_picture_lists_what_it_has(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["one"], file["two"], file["spots"] = np.ones((40, 40)), np.ones((2, 40, 40)), np.ones((200, 9))
    with pytest.raises(DataError, match=r"one \(40, 40\), two \(2, 40, 40\).*key="):
        open_frames(tmp_path / "a.h5")
    assert open_frames(tmp_path / "a.h5", key="two").shape == (2, 40, 40)


def test_bad_files_are_refused(tmp_path, cxi):
    whole = cxi.read_bytes()
    cxi.write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.h5").touch()
    with pytest.raises(DataError, match="an empty file"):
        open_frames(tmp_path / "empty.h5")
    with pytest.raises(DataError, match="a truncated file"):
        open_frames(cxi)
    (tmp_path / "a.npz").write_bytes(b"PK no archive")
    with pytest.raises(DataError, match="NumPy cannot read"):
        open_frames(tmp_path / "a.npz")
    (tmp_path / "a.npy").write_bytes(b"")
    with pytest.raises(DataError, match="NumPy cannot read"):
        open_frames(tmp_path / "a.npy")
    (tmp_path / "a.tif").write_bytes(b"II*")
    with pytest.raises(DataError, match="a file of another kind"):
        open_frames(tmp_path / "a.tif")
    with pytest.raises(DataError, match="no such file or folder"):
        open_frames(tmp_path / "absent.h5")
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["data/data"] = np.ones((0, 40, 40))
    with pytest.raises(DataError, match="an empty dataset"):
        open_frames(tmp_path / "empty.h5")
    np.save(tmp_path / "vector.npy", np.ones(9))
    with pytest.raises(DataError, match=r"an array of shape \(9,\)"):
        open_frames(tmp_path / "vector.npy")
    np.save(tmp_path / "text.npy", np.array([["a", "b"]]))
    with pytest.raises(DataError, match="an array of <U1"):
        open_frames(tmp_path / "text.npy")


@pytest.mark.parametrize("shape", [(), (5,)])
def test_a_dataset_that_holds_no_frames_is_refused_by_name(tmp_path, shape):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["energy"] = np.zeros(shape)
    with pytest.raises(DataError, match=r"/energy: got values of shape \(.*frames of two axes or more.*key="):
        open_frames(tmp_path / "x.h5", key="energy")
