"""The booster on simulated particles: what it makes, says, refuses, keeps and repeats."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from pulsetrain.boosting import Booster
from pulsetrain.boosting._coverage import judge_intervals
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.judging import judge
from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.images import ImageOptions, simulate_images

TINY = {"patch": 16, "steps": 1, "members": 1, "batch": 1, "device": "cpu"}
KNOWN = Degradation(0.143, 1.2, 0.5)


@pytest.fixture(scope="module")
def boosted(learnt, pairs):
    return learnt.predict(pairs.low, return_std=True)


def test_images_are_nearer_to_the_truth_than_the_frames_and_keep_the_flux(boosted, pairs):
    truth = pairs.truth.to_numpy()
    before = judge(pairs.low.to_numpy() / 0.143, truth, "diffraction")
    after = judge(boosted["image"].to_numpy(), truth, "diffraction")
    assert after["psnr"] > before["psnr"] + 3
    assert np.nansum(boosted["image"]) == pytest.approx(np.nansum(truth), rel=0.08)


def test_masked_pixels_never_become_knowledge(boosted, pairs):
    masked = np.isnan(pairs.low.to_numpy())
    assert masked.any()
    for name in ("image", "std", "std_epistemic", "std_aleatoric"):
        np.testing.assert_array_equal(np.isnan(boosted[name].to_numpy()), masked)


def test_parts_of_the_deviation_add_up_in_square_and_promise_nothing_yet(boosted):
    parts = np.hypot(boosted["std_epistemic"], boosted["std_aleatoric"])
    xr.testing.assert_allclose(boosted["std"].drop_attrs(), parts.drop_attrs())
    assert boosted.attrs["calibrated"] == 0


def test_result_is_keyed_as_the_frames_are_and_in_photons(boosted, pairs):
    np.testing.assert_array_equal(boosted["trainId"], pairs.low["trainId"])
    assert boosted["image"].attrs["units"] == "photons"
    assert set(boosted.data_vars) == {"image", "std", "std_epistemic", "std_aleatoric"}


def test_calibrated_intervals_cover_objects_never_seen(learnt, experiment, tmp_path):
    learnt.save(tmp_path / "b")
    booster = Booster.load(tmp_path / "b")
    sample, other = experiment.pairs(150, repeat=1), experiment.pairs(150, repeat=2)
    result = booster.calibrate(sample.low, sample.truth).predict(other.low, return_std=True)
    assert result.attrs["calibrated"] == 1
    judged = judge_intervals(result["image"].to_numpy(), result["std"].to_numpy(), other.truth.to_numpy())
    np.testing.assert_allclose([judged.coverage, *judged.by_predicted], 0.9, atol=0.04)


def test_a_saved_booster_does_what_it_did(learnt, pairs, tmp_path, boosted):
    learnt.save(tmp_path / "b")
    again = Booster.load(tmp_path / "b")
    xr.testing.assert_equal(again.predict(pairs.low, return_std=True), boosted)
    assert again.degradation == learnt.degradation
    assert again.history[0].losses == learnt.history[0].losses
    assert [each.what for each in again.check(pairs.low)] == [each.what for each in learnt.check(pairs.low)]


def test_a_damaged_folder_is_said_to_be(learnt, tmp_path):
    learnt.save(tmp_path / "b")
    (tmp_path / "b" / "arrays.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match="is damaged"):
        Booster.load(tmp_path / "b")
    with pytest.raises(FileExistsError):
        learnt.save(tmp_path / "b")
    with pytest.raises(FileNotFoundError, match="holds no booster"):
        Booster.load(tmp_path)


def test_the_saved_facts_are_plain_json(learnt, tmp_path):
    learnt.save(tmp_path / "b")
    facts = json.loads((tmp_path / "b" / "booster.json").read_text())
    assert facts["options"]["method"] == "degradation"
    assert facts["degradation"]["gain"] == learnt.degradation.gain


def test_the_same_seed_gives_the_same_images(sets):
    low, high = (each[:20] for each in sets)
    one, two = (Booster(**TINY).fit(low, high, degradation=KNOWN).predict(low) for _ in range(2))
    xr.testing.assert_equal(one, two)


def test_what_one_photon_adds_is_divided_out(sets):
    low, high = (each[:20] for each in sets)
    one = Booster(**TINY).fit(low, high, degradation=KNOWN).predict(low)
    other = Booster(**TINY, photon=40, photon_high=7).fit(40 * low, 7 * high, degradation=KNOWN).predict(40 * low)
    np.testing.assert_allclose(other["image"], one["image"], rtol=1e-3, atol=1e-3)


def test_frames_of_the_learnt_condition_raise_no_finding(learnt, experiment):
    assert learnt.check(experiment.pairs(100, repeat=5).low) == []


@pytest.mark.parametrize(
    ("changes", "what"),
    [({"read_noise": 1.2}, "read_noise"), ({"point_spread": 1.8}, "point_spread"), ({"gain": 0.1}, "gain")],
)
def test_another_condition_is_found_out(learnt, changes, what):
    other = simulate_images(ImageOptions(size=32, n_low=150, n_high=1, **changes), seed=7).low
    assert what in [each.what for each in learnt.check(other)]


def test_other_objects_are_found_out(learnt):
    other = simulate_images(ImageOptions(size=32, n_low=150, n_high=1, scale=2.0), seed=7).low
    assert {"objects", "power"} & {each.what for each in learnt.check(other)}


def test_training_ends_when_it_is_cancelled(sets):
    def stop(*_told, **_values):
        raise Cancelled

    with pytest.raises(Cancelled):
        Booster(**TINY).fit(*sets, progress=stop)


def test_progress_reaches_its_end(sets):
    told = []

    def note(done, total, *_message, **_values):
        told.append((done, total))

    Booster(**{**TINY, "steps": 3, "members": 2}).fit(*(each[:20] for each in sets), note, degradation=KNOWN)
    assert told[-1] == (6, 6)


def test_what_cannot_be_learnt_from_is_refused(sets, learnt, pairs):
    low, high = sets
    with pytest.raises(DataError, match="16 or more"):
        Booster(**TINY).fit(low[:3], high)
    with pytest.raises(DataError, match="one shape"):
        Booster(**TINY).fit(low[:, :24], high)
    with pytest.raises(OptionError, match="patch"):
        Booster(patch=64).fit(low, high)
    with pytest.raises(RuntimeError, match="learnt nothing"):
        Booster().predict(low)
    with pytest.raises(DataError, match="truth"):
        learnt.calibrate(pairs.low, pairs.truth[:10])
    with pytest.raises(DataError, match="16 or more"):
        learnt.check(low[:5])


def test_calibrated_adversarial_networks_cover_what_they_say_where_they_agree_on_nothing(sets, experiment):
    options = {"method": "cut", "patch": 32, "steps": 20, "members": 2, "batch": 2, "device": "cpu"}
    booster = Booster(**options).fit(*(each[:60] for each in sets))
    sample, other = experiment.pairs(60, repeat=1), experiment.pairs(60, repeat=2)
    result = booster.calibrate(sample.low, sample.truth).predict(other.low, return_std=True)
    found = judge_intervals(result["image"].to_numpy(), result["std"].to_numpy(), other.truth.to_numpy())
    assert found.coverage == pytest.approx(0.9, abs=0.05)
    assert np.nanmin(found.by_predicted) > 0.8


@pytest.mark.parametrize(("method", "patch", "steps"), [("degradation", 30, 10), ("cut", 30, 1)])
def test_any_patch_and_any_number_of_steps_will_do(sets, method, patch, steps):
    booster = Booster(**TINY | {"method": method, "patch": patch, "steps": steps})
    assert booster.fit(*(each[:20] for each in sets)).predict(sets[0][:1])["image"].shape == (1, 32, 32)


def test_members_of_boosters_of_neighbouring_seeds_are_others(sets):
    parts = [each[:20] for each in sets]
    first, second = (Booster(**TINY | {"seed": seed, "members": 2}).fit(*parts) for seed in (1, 2))
    images = [first._learner.apply(each.networks_, parts[0].to_numpy()[:1]).mean for each in (first, second)]
    assert not np.allclose(images[0][1], images[1][0])


def test_good_frames_whose_read_noise_would_be_taken_for_light_are_refused():
    made = simulate_images(ImageOptions(size=32, n_low=20, n_high=20, photons=1.0, read_noise_high=1.5), seed=1)
    with pytest.raises(DataError, match="high: got negative values that hold"):
        Booster(**TINY).fit(made.low, made.high)
