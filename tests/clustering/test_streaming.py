"""Any number of frames is assigned chunk by chunk, and always to the same answer: killed, resumed or on a cluster."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
import tracemalloc

import h5py
import numpy as np
import pytest
import xarray as xr

from pulsetrain.clustering import FrameClusterer
from pulsetrain.clustering.streaming import assign_all
from pulsetrain.data import open_frames
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

OPTIONS = {"epochs": 1, "side": 64, "sample": 300, "device": "cpu"}
N = 3000


def opened(path):
    """Return the frames in blocks of 300, which make chunks of 900: four of them."""
    return open_frames(path).chunk(pattern=300)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """3000 frames of 64 × 64 pixels: 375 simulated ones, turned and mirrored in all eight ways."""
    options = ParticleOptions(n_patterns=375, size=64, pixel_size=1.2e-3, hole=2, gap=2)
    frames = simulate_particles(options, seed=4).frames.to_numpy()
    ways = [np.rot90(each, turns, axes=(1, 2)) for each in (frames, frames[:, ::-1]) for turns in range(4)]
    path = tmp_path_factory.mktemp("frames") / "frames.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("entry_1/instrument_1/detector_1")
        group["data"] = np.concatenate(ways)
        group["trainId"] = 5000 + np.arange(N, dtype=np.uint64) // 30
        group["pulseId"] = np.arange(N, dtype=np.uint64) % 30 * 4
    return path


@pytest.fixture(scope="module")
def model(path, tmp_path_factory):
    """A fitted clusterer, saved."""
    folder = tmp_path_factory.mktemp("model") / "model"
    FrameClusterer(**OPTIONS).fit(opened(path)).save(folder)
    return folder


@pytest.fixture(scope="module")
def whole(path, model, tmp_path_factory):
    """The answer, without an interruption."""
    return assign_all(FrameClusterer.load(model), opened(path), tmp_path_factory.mktemp("whole") / "out.zarr").load()


def test_the_answer_is_that_of_predict(path, model, whole):
    frames = opened(path)
    result = FrameClusterer.load(model).predict(frames)
    assert set(whole.variables) == set(result.variables)
    np.testing.assert_array_equal(whole["hit"].astype("U8"), result["hit"])
    xr.testing.assert_allclose(whole.drop_vars(["hit", "kind"]), result.drop_vars(["hit", "kind"]), rtol=1e-5)
    assert whole.attrs == {**result.attrs, "complete": True}


def test_patterns_are_keyed_by_train_and_pulse(path, whole):
    assert {"trainId", "pulseId"} < set(whole.coords)
    for key in ("trainId", "pulseId"):
        np.testing.assert_array_equal(whole[key], open_frames(path)[key])


def test_the_model_is_handed_on_with_the_answer(path, model, tmp_path):
    frames = opened(path)
    assign_all(FrameClusterer.load(model), frames, tmp_path / "out.zarr")
    again = FrameClusterer.load(tmp_path / "out.zarr" / "model")
    xr.testing.assert_identical(again.predict(frames[:50]), FrameClusterer.load(model).predict(frames[:50]))


_SCRIPT = """
import sys
from pulsetrain.clustering import FrameClusterer
from pulsetrain.clustering.streaming import assign_all
from pulsetrain.data import open_frames
path, model, store = sys.argv[1:]
print("ready", flush=True)
assign_all(FrameClusterer.load(model), open_frames(path).chunk(pattern=300), store)
print("through", flush=True)
"""


def test_killed_at_any_moment_it_goes_on_to_the_same_answer(path, model, whole, tmp_path):
    rng, store = np.random.default_rng(7), tmp_path / "out.zarr"
    arguments = [sys.executable, "-c", _SCRIPT, path, model, store]
    finished = []
    for _ in range(2):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            # When a further chunk is finished, or while the next ones are being written.
            journal = store / ".pulsetrain" / "finished"
            size = journal.stat().st_size if journal.exists() else 0
            while process.poll() is None and (not journal.exists() or journal.stat().st_size == size):
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(signal.SIGKILL)
        finished.append(journal.read_text().split())
    assert all(set(before) <= set(after) for before, after in itertools.pairwise(finished))
    result = assign_all(FrameClusterer.load(model), opened(path), store)
    xr.testing.assert_identical(result.load(), whole)


def test_what_is_finished_is_not_done_again(path, model, whole, tmp_path):
    store, clusterer, told = tmp_path / "out.zarr", FrameClusterer.load(model), []

    def stop_after_two(done, *_, **__):
        told.append(done)
        if done >= 1800:
            raise Cancelled

    with pytest.raises(Cancelled):
        assign_all(clusterer, opened(path), store, progress=stop_after_two)
    half = xr.open_zarr(store).load()
    assert not half.attrs["complete"]
    xr.testing.assert_identical(
        half.isel(pattern=slice(1800)), whole.isel(pattern=slice(1800)).assign_attrs(half.attrs)
    )
    rest = half.isel(pattern=slice(1800, None))
    assert set(rest["hit"].values) == {""}
    assert set(rest["cluster"].values) == {-1}
    assert np.isnan(rest["confidence"]).all()

    told.clear()
    before = (store / "hit" / "c" / "0").stat().st_mtime_ns
    result = assign_all(clusterer, opened(path), store, progress=lambda done, *_, **__: told.append(done))
    assert told == [2700, 3000]
    assert (store / "hit" / "c" / "0").stat().st_mtime_ns == before
    xr.testing.assert_identical(result.load(), whole)


def test_progress_says_how_long_it_will_take(path, model, tmp_path):
    told = []
    frames = opened(path)

    def progress(done, total, message="", /, **figures):
        told.append((done, total, message, figures["frames_per_s"]))

    assign_all(FrameClusterer.load(model), frames, tmp_path / "out.zarr", progress=progress)
    assert [each[:2] for each in told] == [(900, 3000), (1800, 3000), (2700, 3000), (3000, 3000)]
    assert told[-1][2] == "frames assigned, 0 s left"
    assert all(each[3] > 0 for each in told)


def test_a_dask_cluster_gives_the_same_answer(path, model, whole, tmp_path):
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        result = assign_all(FrameClusterer.load(model), opened(path), tmp_path / "out.zarr", client=client)
    xr.testing.assert_identical(result.load(), whole)


def test_other_frames_and_another_clusterer_are_refused(path, model, whole, tmp_path):
    store, clusterer = tmp_path / "out.zarr", FrameClusterer.load(model)
    assign_all(clusterer, opened(path)[:400], store)
    with pytest.raises(FileExistsError, match=r"another input or with other options \(pattern: 400 there, 500 here"):
        assign_all(clusterer, opened(path)[:500], store)
    with pytest.raises(FileExistsError, match=r"confidence: 0\.8 there, 0\.9 here"):
        assign_all(FrameClusterer(**OPTIONS, confidence=0.9).fit(opened(path)), opened(path)[:400], store)
    with pytest.raises(FileExistsError, match="assigned by another model"):
        assign_all(FrameClusterer(**OPTIONS).fit(opened(path)[1000:]), opened(path)[:400], store)
    np.testing.assert_array_equal(xr.open_zarr(store)["hit_score"], whole["hit_score"][:400])


def test_what_is_no_clustering_is_left_alone(path, model, tmp_path):
    store = tmp_path / "out.zarr"
    xr.Dataset({"mine": ("x", [1.0])}).to_zarr(store, consolidated=False)
    before = sorted(store.rglob("*"))
    with pytest.raises(FileExistsError, match="exists already and holds no clustering"):
        assign_all(FrameClusterer.load(model), opened(path), store)
    assert sorted(store.rglob("*")) == before


def test_two_processes_do_not_write_into_one_store(path, model, tmp_path):
    store, clusterer = tmp_path / "out.zarr", FrameClusterer.load(model)

    def a_second_one(*_, **__):
        with pytest.raises(FileExistsError, match="another run is at work on it"):
            assign_all(clusterer, opened(path)[:200], store)

    assign_all(clusterer, opened(path)[:200], store, progress=a_second_one)


def test_frames_without_a_live_pixel_are_unsure(path, model, tmp_path):
    frames = opened(path)[:60].load()
    frames[7] = np.nan
    result = assign_all(FrameClusterer.load(model), frames, tmp_path / "out.zarr").load()
    assert result["hit"][7] == "unsure"
    assert np.isfinite(np.delete(result["confidence"].values, 7)).all()


def test_memory_does_not_grow_with_the_input(path, model, tmp_path):
    clusterer, peaks = FrameClusterer.load(model), []
    for n in (900, 3000):
        tracemalloc.start()
        assign_all(clusterer, opened(path)[:n], tmp_path / f"{n}.zarr")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
