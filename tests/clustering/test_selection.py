"""Chosen patterns are those that the result says, by their pulses, and nothing else is read for them."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import clustering_result
from pulsetrain.clustering.selection import chosen_pulses, read_pulses, read_selected, select, write_pulses
from pulsetrain.data import DataError, open_frames, write_run
from pulsetrain.options import OptionError
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

PROBABILITY = np.array(
    [[0.9, 0.1, 0.0], [0.0, 0.99, 0.01], [0.1, 0.85, 0.05], [0.0, 0.1, 0.9], [0.4, 0.5, 0.1], [0.0, 0.95, 0.05]]
)
CLUSTER = np.array([0, 1, 2, 3, -1, 1])
TRAINS, PULSES = [100, 100, 102, 102, 102, 105], [0, 4, 0, 4, 8, 0]


def frames_of(values, train=TRAINS, pulse=PULSES):
    keys = {"trainId": np.array(train, np.uint64), "pulseId": np.array(pulse, np.uint64)}
    dims = ("pattern", "y", "x") if values.ndim == 3 else ("pattern", "module", "slow_scan", "fast_scan")
    return xr.DataArray(values, dims=dims, coords={name: ("pattern", ids) for name, ids in keys.items()})


@pytest.fixture
def frames():
    return frames_of(np.arange(6 * 4, dtype=np.float32).reshape(6, 2, 2))


@pytest.fixture
def result(frames):
    return clustering_result(frames, CLUSTER, PROBABILITY, {}, ClusteringOptions())


def test_single_hits_that_are_sure_enough_are_chosen(result):
    table = chosen_pulses(result)
    assert table.index.tolist() == [1, 2, 5]
    assert list(zip(table.trainId, table.pulseId, strict=True)) == [(100, 4), (102, 0), (105, 0)]
    assert chosen_pulses(result, min_confidence=0.9).index.tolist() == [1, 5]


def test_several_hits_and_clusters_can_be_chosen(result):
    assert chosen_pulses(result, hit=["none", "unsure"]).index.tolist() == [0, 4]
    assert chosen_pulses(result, hit=None, cluster=[1, 3]).index.tolist() == [1, 3, 5]
    assert chosen_pulses(result, cluster=2).index.tolist() == [2]


def test_frames_that_are_not_assigned_yet_are_never_chosen(result):
    half = result.copy(deep=True)
    half["hit"][1], half["confidence"][1] = "", np.nan
    assert chosen_pulses(half, hit=None).index.tolist() == [0, 2, 3, 4, 5]


def test_a_hit_or_confidence_that_there_is_none_of_is_refused(result):
    with pytest.raises(OptionError, match=r"'double', allowed none, single, multiple, unsure"):
        chosen_pulses(result, hit="double")
    with pytest.raises(OptionError, match=r"allowed 0 … 1"):
        chosen_pulses(result, min_confidence=95)


def test_frames_are_told_by_their_pulses_not_by_their_place(frames, result):
    shuffled = frames.isel(pattern=[5, 4, 3, 1])
    chosen = select(shuffled, result)
    assert list(zip(chosen.trainId.values, chosen.pulseId.values, strict=True)) == [(105, 0), (100, 4)]
    np.testing.assert_array_equal(chosen, frames[[5, 1]])


def test_frames_without_pulses_are_told_by_their_place(frames, result):
    bare = frames.drop_vars(["trainId", "pulseId"])
    np.testing.assert_array_equal(select(bare, result), frames[[1, 2, 5]])
    with pytest.raises(DataError, match="4 frames for a result of 6"):
        select(bare[:4], result)


def test_frames_of_another_run_are_refused(frames, result):
    other = frames.assign_coords(trainId=frames.trainId + 1000)
    with pytest.raises(DataError, match="trainId 1100, pulseId 0"):
        select(other, result)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """AGIPD-1M, six pulses in three trains, a bad row."""
    values = np.random.default_rng(1).random((6, 16, 512, 128), dtype=np.float32)
    values[2, 3, 7] = np.nan
    return write_run(tmp_path_factory.mktemp("run") / "r0001", detectors={"SPB_DET_AGIPD1M-1": frames_of(values)})


def test_each_train_gives_its_own_pulses(run, result):
    selected = read_selected(run, chosen_pulses(result))
    assert selected.chunks is not None
    xr.testing.assert_identical(selected.compute(), open_frames(run).isel(pattern=[1, 2, 5]).compute())
    assert np.isnan(selected[1, 3, 7].values).all()


def test_a_table_without_pulse_ids_means_whole_trains(run):
    selected = read_selected(run, pd.DataFrame({"trainId": [102]}))
    np.testing.assert_array_equal(selected.values, open_frames(run)[2:5].values)


def _read_bytes() -> int:
    """Bytes that this process has asked the system for, from the disk or its cache."""
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="counts bytes as Linux does")
def test_pulses_that_are_not_chosen_are_not_read(run):
    selected = read_selected(run, pd.DataFrame({"trainId": [102], "pulseId": [4]}), mask=False)
    before = _read_bytes()
    selected.compute()
    one = 16 * 512 * 128 * 4
    assert one <= _read_bytes() - before < 1.5 * one  # the train has three


def test_pulses_that_the_run_does_not_have_are_named(run):
    with pytest.raises(DataError, match="trainId 102, pulseId 12, which the run does not have"):
        read_selected(run, pd.DataFrame({"trainId": [102, 102], "pulseId": [4, 12]}))
    with pytest.raises(DataError, match="a table of cluster for frames with trainId, pulseId"):
        read_selected(run, pd.DataFrame({"cluster": [102]}))


def test_pictures_of_a_camera_are_read_back_by_their_pulses(tmp_path):
    experiment = simulate_particles(ParticleOptions(n_patterns=70, size=32), seed=2)
    run = experiment.write_run(tmp_path / "r0007")
    wanted = [3, 31, 32, 64, 69]
    table = experiment.frames[wanted].coords.to_dataset().to_dataframe()
    source = "SQS_DET_SPI/CORR/FRAMES:daqOutput"
    selected = read_selected(run, table[::-1], source=source)
    np.testing.assert_array_equal(selected.values, experiment.frames[wanted].values)


@pytest.mark.parametrize("ending", ["csv", "h5"])
@given(
    rows=st.lists(
        st.tuples(
            st.integers(1, 2**62),
            st.integers(0, 2**31),
            st.sampled_from(["none", "single", "multiple", "unsure"]),
            st.floats(0, 1, width=32),
            st.integers(-1, 99),
        ),
        max_size=20,
    )
)
@settings(max_examples=15, deadline=None)
def test_a_table_survives_the_file(ending, rows, tmp_path_factory):
    train, pulse, hit, confidence, cluster = (np.array(c) for c in zip(*rows, strict=True)) if rows else [[]] * 5
    table = pd.DataFrame(
        {
            "trainId": np.array(train, np.uint64),
            "pulseId": np.array(pulse, np.uint64),
            "hit": np.array(hit, dtype="U8"),
            "confidence": np.array(confidence, np.float32),
            "cluster": np.array(cluster, np.int32),
        },
        index=pd.RangeIndex(5, 5 + len(rows), name="pattern"),
    )
    file = write_pulses(table, tmp_path_factory.mktemp("table") / f"single.{ending}")
    if rows:
        pd.testing.assert_frame_equal(read_pulses(file), table, check_dtype=False, check_index_type=False)
    with pytest.raises(FileExistsError, match="exists already"):
        write_pulses(table, file)


def test_the_hdf5_table_has_a_dataset_a_column(result, tmp_path):
    with h5py.File(write_pulses(chosen_pulses(result), tmp_path / "single.h5")) as file:
        assert file["trainId"][()].tolist() == [100, 102, 105]
        assert file["pulseId"][()].tolist() == [4, 0, 0]
        assert file["hit"].asstr()[()].tolist() == ["single"] * 3


def test_a_list_that_a_colleague_typed_is_read(tmp_path):
    (tmp_path / "good.csv").write_text("trainId,pulseId\n102,4\n105,0\n")
    assert read_pulses(tmp_path / "good.csv").to_numpy().tolist() == [[102, 4], [105, 0]]


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", "run,shot\n1,2\n", "columns run"),
        ("a.csv", "trainId\nlast\n", "columns trainId"),
        ("a.csv", "", "no table"),
        ("a.txt", "trainId\n1\n", "the ending '.txt'"),
        ("a.h5", "no HDF5", "HDF5 cannot open"),
        ("b.csv", None, "no such file"),
    ],
)
def test_what_is_no_table_of_pulses_is_refused(tmp_path, name, text, reason):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=reason):
        read_pulses(tmp_path / name)
