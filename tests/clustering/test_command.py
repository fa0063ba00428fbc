"""The command goes from frames on disk to an answer that opens by itself, and refuses what does not fit it."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from pulsetrain.clustering import FrameClusterer
from pulsetrain.clustering.command import run
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import clustering_result
from pulsetrain.clustering.summary import count_hits, doubts
from pulsetrain.data import DataError, open_frames, write_run
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

OPTIONS = ClusteringOptions(epochs=0, side=64, sample=300)


@pytest.fixture(scope="module")
def experiment():
    return simulate_particles(ParticleOptions(n_patterns=360, size=64, pixel_size=1.2e-3, hole=2, gap=2), seed=4)


@pytest.fixture(scope="module")
def path(experiment, tmp_path_factory):
    return str(experiment.write_hdf5(tmp_path_factory.mktemp("frames") / "frames.h5"))


@pytest.fixture(scope="module")
def answer(path, tmp_path_factory):
    """What the command printed, and where its result is."""
    output = tmp_path_factory.mktemp("out") / "out.zarr"
    return run(path, OPTIONS, output), output


def test_a_run_of_the_european_xfel_is_assigned_by_train_and_pulse(experiment, answer, tmp_path):
    folder = experiment.write_run(tmp_path / "r0003")
    source = "SQS_DET_SPI/CORR/FRAMES:daqOutput"
    run(str(folder), OPTIONS, tmp_path / "out.zarr", source=source)
    result, stored = xr.open_zarr(tmp_path / "out.zarr").load(), xr.open_zarr(answer[1]).load()
    for key in ("trainId", "pulseId"):
        np.testing.assert_array_equal(result[key], experiment.frames[key])
    xr.testing.assert_equal(result, stored)  # the same frames in another format


def test_what_is_printed_adds_up(answer):
    text, output = answer
    result = xr.open_zarr(output).load()
    hits = result["hit"].astype("U8").values
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line}
    for name in ("none", "single", "multiple", "unsure"):
        assert int(lines[name][1]) == (hits == name).sum()
    assert f"{len(hits)} frames" in text
    assert text.endswith(str(output))
    single = result["probability"][hits == "single", 1].mean()
    assert f"of the frames called single, {float(single):.1%} are expected to be" in text


def test_the_model_lies_in_the_answer(path, answer):
    frames = open_frames(path)
    again = FrameClusterer.load(answer[1] / "model").predict(frames)
    np.testing.assert_array_equal(again["hit"], xr.open_zarr(answer[1])["hit"].astype("U8"))


def test_the_answer_can_be_written_as_netcdf(answer, tmp_path):
    result = xr.open_zarr(answer[1])
    result.to_netcdf(tmp_path / "out.nc")
    again = xr.load_dataset(tmp_path / "out.nc")
    np.testing.assert_array_equal(again["hit"].astype("U8"), result["hit"].astype("U8"))
    assert again.attrs["complete"]


def test_asked_again_it_says_the_same_and_works_no_more(path, answer):
    text, output = answer
    told = []
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()}
    assert run(path, OPTIONS, output, progress=lambda *args, **_: told.append(args)) == text
    assert not told
    assert {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()} == before


def test_ctrl_c_says_how_to_go_on_and_leaves_nothing_where_nothing_is_done(path, answer, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(Cancelled, match=r"nothing is assigned yet, and the same command goes on"):
        run(path, OPTIONS, tmp_path / "out.zarr", progress=stop)
    assert not (tmp_path / "out.zarr").exists()

    def stop_when_assigned(_done, _total, message="", /, **_):
        if "assigned" in message:
            raise KeyboardInterrupt

    with pytest.raises(Cancelled, match=r"what is assigned stays, and the same command goes on"):
        run(path, OPTIONS, tmp_path / "out.zarr", progress=stop_when_assigned)
    run(path, OPTIONS, tmp_path / "out.zarr")
    xr.testing.assert_identical(xr.open_zarr(tmp_path / "out.zarr").load(), xr.open_zarr(answer[1]).load())


def test_another_input_or_other_options_are_refused(experiment, path, answer, tmp_path):
    before = sorted(answer[1].rglob("*"))
    with pytest.raises(FileExistsError, match=r"seed: 12345 there, 7 here.*give a new folder, or the same input"):
        run(path, OPTIONS.replace(seed=7), answer[1])
    np.save(tmp_path / "other.npy", experiment.frames.values)
    with pytest.raises(FileExistsError, match="another input or with other options"):
        run(str(tmp_path / "other.npy"), OPTIONS, answer[1])
    assert sorted(answer[1].rglob("*")) == before


def test_modules_need_a_geometry(tmp_path):
    values = np.ones((2, 16, 512, 128), np.float32)
    ids = {name: ("pattern", np.array([7, 8], np.uint64)) for name in ("trainId", "pulseId")}
    frames = xr.DataArray(values, ids, ("pattern", "module", "slow_scan", "fast_scan"))
    folder = write_run(tmp_path / "r0001", detectors={"SPB_DET_AGIPD1M-1": frames})
    with pytest.raises(OptionError, match="geometry: got none for frames of 16 × 512 × 128 pixels"):
        run(str(folder), OPTIONS, tmp_path / "out.zarr")
    with pytest.raises(OptionError, match=r"geometry: .*no such geometry file"):
        run(str(folder), OPTIONS.replace(geometry="nowhere.geom"), tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()


def test_pictures_need_no_geometry(path, tmp_path):
    with pytest.raises(OptionError, match=r"geometry: got 'a.geom' for pictures of 64 × 64 pixels.*centre_x"):
        run(path, OPTIONS.replace(geometry="a.geom"), tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()


def test_a_bad_input_leaves_nothing_behind(tmp_path):
    output = tmp_path / "new" / "folders" / "out.zarr"
    with pytest.raises(DataError, match="no such file"):
        run(str(tmp_path / "nothing.h5"), OPTIONS, output)
    np.save(tmp_path / "dark.npy", np.zeros((40, 64, 64), np.float32))
    with pytest.raises(DataError):
        run(str(tmp_path / "dark.npy"), OPTIONS, output)
    assert not (tmp_path / "new").exists()


def test_a_place_that_cannot_be_written_is_named(path, tmp_path):
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(DataError, match=r"out.zarr: got a place that cannot be used .*Next: choose another"):
        run(path, OPTIONS, tmp_path / "notes" / "out.zarr")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with pytest.raises(FileExistsError, match="link: exists already and holds no clustering"):
        run(path, OPTIONS, tmp_path / "link")
    assert not (tmp_path / "gone").exists()
    with pytest.raises(DataError, match="home folder that is not known"):
        run(path, OPTIONS, Path("~nobody-of-that-name/out.zarr"))


def test_a_damaged_record_is_refused_and_left_alone(path, tmp_path):
    own = tmp_path / "out.zarr" / ".pulsetrain"
    own.mkdir(parents=True)
    (own / "run.json").write_text('{"options"')
    with pytest.raises(ValueError, match=r"\.pulsetrain: is damaged .*give a new folder"):
        run(path, OPTIONS, tmp_path / "out.zarr")
    assert (own / "run.json").read_text() == '{"options"'


def test_a_full_disk_says_how_to_go_on(path, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"no space is left .* nothing is assigned yet, and the same command goes on"):
        run(path, OPTIONS, tmp_path / "out.zarr", progress=full)
    assert not (tmp_path / "out.zarr").exists()


def test_a_scheduler_that_does_not_answer_is_named(path, tmp_path, monkeypatch):
    monkeypatch.setattr("pulsetrain.clustering.command._PATIENCE", 1)
    (tmp_path / "scheduler.json").write_text("[]")
    with pytest.raises(OptionError, match=r"scheduler: got .*scheduler\.json', allowed the address or file"):
        run(path, OPTIONS.replace(scheduler=str(tmp_path / "scheduler.json")), tmp_path / "out.zarr")
    with pytest.raises(OptionError, match=r"scheduler: got 'tcp://127\.0\.0\.1:9', allowed the address or file"):
        run(path, OPTIONS.replace(scheduler="tcp://127.0.0.1:9"), tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()


def result_of(probability, cluster=None, *, options=OPTIONS, **coords):
    n = len(probability)
    frames = xr.DataArray(np.zeros(n), coords, ("pattern",))
    return clustering_result(frames, np.zeros(n, int) if cluster is None else cluster, probability, {}, options)


def test_shares_have_intervals_that_hold_nine_times_in_ten():
    rng, inside = np.random.default_rng(3), []
    certain = np.eye(3)
    for _ in range(150):
        found = count_hits(result_of(certain[(rng.random(150) < 0.2).astype(int)]))["single"]
        low, high = found.interval
        inside.append(low <= 0.2 <= high)
    # 150 trials: 0.9 ± 0.025, and the counts are whole numbers
    assert np.mean(inside) == pytest.approx(0.9, abs=0.075)


def test_expected_numbers_hold_the_truth_nine_times_in_ten():
    rng, inside = np.random.default_rng(4), []
    for _ in range(150):
        probability = rng.dirichlet([0.3, 0.3, 0.2], 200)
        truth = (rng.random((200, 1)) > probability.cumsum(axis=1)).sum(axis=1)
        found = count_hits(result_of(probability))["multiple"]
        inside.append(abs((truth == 2).sum() - found.expected) <= found.margin)
    assert np.mean(inside) == pytest.approx(0.9, abs=0.075)


def test_a_share_of_nothing_begins_at_nothing():
    found = count_hits(result_of(np.tile([1.0, 0.0, 0.0], (50, 1))))
    assert found["single"].interval[0] == 0
    assert found["none"].interval[1] == 1
    assert 0.9 < found["none"].interval[0] < 1


@pytest.mark.parametrize(
    ("probability", "cluster", "attrs", "words"),
    [
        ([1.0, 0, 0], 0, {}, "only about 0 of the 300 frames that were learnt from are hits"),
        ([0.4, 0.3, 0.3], 0, {}, "100% of the frames are unsure"),
        ([1 / 3, 1 / 3, 1 / 3], -1, {}, "400 frames cannot be judged, for they have no live pixel"),
        ([0, 1.0, 0], 0, {"units": "ADU"}, "the frames are in ADU, and photon is 1"),
        ([0, 1.0, 0], 0, {}, "the input has no trainId"),
    ],
)
def test_what_is_doubtful_is_said(probability, cluster, attrs, words):
    n = 400
    result = result_of(np.tile(probability, (n, 1)), np.full(n, cluster))
    frames = xr.DataArray(np.zeros(n), dims="pattern", attrs=attrs)
    assert any(doubt.startswith(words) for doubt in doubts(frames, result, OPTIONS))


def test_nothing_is_said_where_nothing_is_doubtful():
    probability = np.tile(np.eye(3), (100, 1))
    result = result_of(probability, trainId=("pattern", np.arange(300)))
    frames = xr.DataArray(np.zeros(300), dims="pattern", attrs={"units": "photons"})
    assert doubts(frames, result, OPTIONS) == []
