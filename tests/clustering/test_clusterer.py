"""The clusterer on simulated particles: what it finds, refuses, keeps and repeats."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import torch
import xarray as xr
from sklearn.metrics import normalized_mutual_info_score

from pulsetrain.clustering import FrameClusterer
from pulsetrain.data import DataError, open_frames
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

SMALL = ParticleOptions(size=64, n_patterns=240, photons=(2000, 20_000), separation=(3e-7, 8e-7), pixel_size=1e-3)
QUICK = {"side": 64, "sample": 240, "epochs": 2, "seed": 3, "device": "cpu"}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def experiment():
    made = simulate_particles(SMALL, seed=1)
    return made.frames.compute(), made.truth["hit"].to_numpy()


@pytest.fixture(scope="module")
def elsewhere():
    made = simulate_particles(SMALL.replace(background=800, read_noise=0.2), seed=2)
    return made.frames.compute(), made.truth["hit"].to_numpy()


@pytest.fixture(scope="module")
def learnt(experiment):
    return FrameClusterer(**QUICK).fit(experiment[0])


@pytest.fixture(scope="module")
def physics(experiment):
    return FrameClusterer(side=64, epochs=0).fit(experiment[0])


def _right(result, truth):
    return (result["hit"].to_numpy() == truth).mean()


def test_physics_alone_tells_no_single_and_multiple_hits_apart(experiment, physics):
    frames, truth = experiment
    result = physics.predict(frames)
    assert _right(result, truth) > 0.9
    assert "latent" not in result
    assert physics.clusters["name"].values.tolist() == ["no hit", "single hits", "multiple hits"]


def test_the_learnt_space_leaves_what_physics_is_sure_of(experiment, physics, learnt):
    frames, truth = experiment
    alone, with_latent = physics.predict(frames), learnt.predict(frames)
    sure = alone["confidence"].to_numpy() > 0.99
    assert (alone["hit"] == with_latent["hit"]).to_numpy()[sure].all()
    assert _right(with_latent, truth) >= _right(alone, truth) - 0.01


def test_result_is_keyed_as_the_frames_are(experiment, learnt):
    frames, _ = experiment
    result = learnt.predict(frames[50:60])
    np.testing.assert_array_equal(result["trainId"], frames["trainId"][50:60])
    assert result.attrs["fingerprint"] == frames.attrs["fingerprint"]
    assert set(result["cluster"].values) <= set(learnt.clusters["cluster"].values)


def test_a_frame_is_placed_alike_alone_among_others_and_in_any_chunks(experiment, learnt):
    frames, _ = experiment
    whole, lazy = learnt.predict(frames[:40]), learnt.predict(frames[:40].chunk({"pattern": 7}))
    alone = learnt.predict(frames[7:8])
    xr.testing.assert_identical(whole, lazy)
    np.testing.assert_allclose(alone["latent"], whole["latent"][7:8], atol=1e-4)
    assert alone["cluster"].item() == whole["cluster"][7].item()


def test_embedding_is_of_unit_vectors_and_the_same_as_in_the_result(experiment, learnt):
    frames, _ = experiment
    latent = learnt.embed(frames[:30])
    np.testing.assert_allclose(np.linalg.norm(latent, axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(latent, learnt.predict(frames[:30])["latent"])
    np.testing.assert_array_equal(latent["pulseId"], frames["pulseId"][:30])


def test_clusters_follow_what_frames_show(experiment, learnt):
    frames, truth = experiment
    assert normalized_mutual_info_score(truth, learnt.predict(frames)["cluster"]) > 0.5


def test_the_same_seed_gives_the_same_result(experiment, learnt):
    frames, _ = experiment
    again = FrameClusterer(**QUICK).fit(frames)
    xr.testing.assert_identical(again.predict(frames[:50]), learnt.predict(frames[:50]))
    assert again.history_ == learnt.history_


def test_a_saved_and_a_pickled_clusterer_place_frames_alike(experiment, learnt, tmp_path):
    frames, _ = experiment
    learnt.save(tmp_path / "model")
    assert {file.name for file in (tmp_path / "model").iterdir()} == {"arrays.safetensors", "clusterer.json"}
    expected = learnt.predict(frames[:20])
    for other in (FrameClusterer.load(tmp_path / "model"), pickle.loads(pickle.dumps(learnt))):  # noqa: S301 - our own
        xr.testing.assert_identical(other.predict(frames[:20]), expected)
        xr.testing.assert_identical(other.clusters, learnt.clusters)


def test_physics_alone_is_saved_too(experiment, physics, tmp_path):
    physics.save(tmp_path / "model")
    again = FrameClusterer.load(tmp_path / "model")
    xr.testing.assert_identical(again.predict(experiment[0][:20]), physics.predict(experiment[0][:20]))
    with pytest.raises(RuntimeError, match="epochs: got 0"):
        again.embed(experiment[0])


def test_another_experiment_is_sorted_after_a_refit_without_labels(elsewhere, learnt):
    frames, truth = elsewhere
    moved = pickle.loads(pickle.dumps(learnt)).refit(frames)  # noqa: S301 - our own
    assert _right(moved.predict(frames), truth) > 0.85
    assert moved.clusters["size"].sum() == len(frames)
    weights = moved.space_.network.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in learnt.space_.network.state_dict().items())


def test_several_experiments_share_a_space_and_frames_are_known_by_their_fingerprint(experiment, elsewhere):
    both = FrameClusterer(**{**QUICK, "epochs": 1}).fit([experiment[0], elsewhere[0]])
    for frames, truth in (experiment, elsewhere):
        assert _right(both.predict(frames), truth) > 0.85
    other = experiment[0].assign_attrs(fingerprint="another")
    with pytest.raises(DataError, match=r"another experiment.*refit"):
        both.predict(other)


def test_the_number_of_clusters_can_be_given(experiment):
    clusterer = FrameClusterer(**QUICK, clusters=4).fit(experiment[0])
    assert clusterer.clusters.sizes["cluster"] == 4
    assert clusterer.clusters["size"].sum() == 240


def test_progress_rises_to_the_whole_and_tells_the_loss(experiment):
    told = []
    FrameClusterer(**{**QUICK, "epochs": 1}).fit(
        experiment[0], lambda done, total, message="", /, **values: told.append((done, total, message, values))
    )
    done = [each[0] for each in told]
    assert done == sorted(done)
    assert told[-1][:2] == (1000, 1000)
    assert any(each[3].get("loss", 0) > 0 for each in told)


def test_a_fit_can_be_cancelled_and_what_was_learnt_before_stays(experiment, learnt):
    clusterer = pickle.loads(pickle.dumps(learnt))  # noqa: S301 - our own

    def stop(_done, _total, message="", /, **_values):
        if message == "latent space":
            raise Cancelled

    with pytest.raises(Cancelled):
        clusterer.fit(experiment[0], stop)
    xr.testing.assert_identical(clusterer.predict(experiment[0][:5]), learnt.predict(experiment[0][:5]))


def test_a_wholly_masked_frame_is_of_no_cluster_and_unsure(experiment, learnt):
    frames = experiment[0][:3].copy(deep=True)
    frames[1] = np.nan
    result = learnt.predict(frames)
    assert result["cluster"].values[1] == -1
    assert result["hit"].values[1] == "unsure"
    assert np.isnan(result["photons"].values[1])
    assert result["cluster"].values[0] >= 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f[:1], r"got 1 frames; allowed: 20 or more"),
        (lambda f: f * np.nan, r"no pixel that is not masked.*check mask"),
        (lambda f: f * 0 + 1, r"all alike.*check source"),
        (lambda f: f.rename(y="row"), r"dims .*open_frames"),
        (lambda f: f.to_numpy(), r"got ndarray; allowed: an xarray.DataArray"),
    ],
)
def test_frames_that_nothing_can_be_learnt_from_are_refused(experiment, spoil, said):
    spoilt = spoil(experiment[0])
    with pytest.raises(DataError, match=said):
        FrameClusterer(side=64, epochs=0).fit(spoilt if isinstance(spoilt, xr.DataArray) else [spoilt])


def test_no_frames_at_all_and_unlearnt_clusterers_are_refused(experiment, tmp_path):
    with pytest.raises(DataError, match="empty list"):
        FrameClusterer().fit([])
    for call in (FrameClusterer().predict, FrameClusterer().refit, FrameClusterer().embed):
        with pytest.raises(RuntimeError, match="call fit"):
            call(experiment[0])
    with pytest.raises(RuntimeError, match="call fit"):
        FrameClusterer().save(tmp_path / "none")


def test_blocks_of_another_side_are_refused(physics):
    with pytest.raises(DataError, match=r"shape \(2, 32, 32\); allowed: \(n, 64, 64\)"):
        physics.assign(np.zeros((2, 32, 32), np.float32))


def test_unknown_options_are_refused_by_name():
    with pytest.raises(OptionError, match="did you mean 'clusters'"):
        FrameClusterer(cluster=3)


def test_folders_that_hold_no_whole_clusterer_are_refused(physics, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"clusterer\.json"):
        FrameClusterer.load(tmp_path)
    physics.save(tmp_path / "model")
    with pytest.raises(FileExistsError, match="exists already"):
        physics.save(tmp_path / "model")
    (tmp_path / "model" / "arrays.safetensors").write_bytes(b"half")
    with pytest.raises(ValueError, match="is damaged"):
        FrameClusterer.load(tmp_path / "model")
    (tmp_path / "model" / "clusterer.json").write_text(json.dumps({"format": 99, "pulsetrain": "9.9"}))
    with pytest.raises(ValueError, match=r"got format 99, allowed 1.*9\.9"):
        FrameClusterer.load(tmp_path / "model")


def test_what_is_no_labelled_array_is_refused_by_its_type(experiment, physics):
    for call, given in ((physics.predict, experiment[0].to_numpy()), (FrameClusterer().fit, None)):
        with pytest.raises(DataError, match=r"got .*allowed: an xarray.DataArray"):
            call(given)


def test_of_no_frames_there_is_an_empty_answer(experiment, physics):
    result = physics.predict(experiment[0][:0])
    assert result.sizes["pattern"] == 0
    assert result["hit"].dtype.kind == "U"


def test_measured_single_hits_are_placed_among_single_hits_though_there_are_but_four(measured):
    """All four frames were published as single particles, and show the rings of one and no fringes."""
    frames = open_frames(measured / "particles" / "euxfel2013_spi_4hits_recovered.h5")
    simulated = simulate_particles(ParticleOptions(n_patterns=200, photons=(2000, 20_000)), seed=3).frames
    clusterer = FrameClusterer(epochs=1, device="cpu").fit(simulated).refit(frames)
    result = clusterer.predict(frames)
    assert list(result["hit"].to_numpy()) == ["single"] * 4
    np.testing.assert_allclose(np.linalg.norm(result["latent"], axis=1), 1, rtol=1e-5)
    alone = clusterer.refit(frames[:1]).predict(frames[:1])
    assert alone["hit"].item() in {"single", "unsure"}


def test_experiments_that_look_alike_from_outside_are_not_mixed_up(experiment):
    """Without fingerprints nobody knows which of several experiments frames are of."""
    frames = experiment[0].drop_attrs()
    clusterer = FrameClusterer(side=64, epochs=0).fit([frames, frames * 2])
    with pytest.raises(DataError, match="another experiment"):
        clusterer.predict(frames)
