"""The classifier as a user meets it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
import xarray as xr

from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.spectra import NETWORKS, SpectraClassifier, references

ALONE = [name for name, recipe in NETWORKS.items() if recipe.context == "spectrum"]
QUICK = {"members": 1, "steps": 12}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_finds_the_switch_of_a_series_without_drift(still, name):
    result = SpectraClassifier(network=name, members=1).fit(still.intensity, still.labels).predict(still.intensity)
    assert float(result.boundary) == pytest.approx(still.attrs["boundary"], abs=3)
    assert result.attrs["context"] == NETWORKS[name].context
    assert float(result.p_conf) > 0.9


@pytest.mark.parametrize("name", ALONE)
def test_predicting_one_spectrum_equals_predicting_many(still, name):
    classifier = SpectraClassifier(network=name, **QUICK).fit(still.intensity, still.labels)
    together = classifier.predict(still.intensity)
    assert together.attrs["context"] == "spectrum"
    for index in (0, 29, 30, 59):
        alone = classifier.predict(still.intensity.isel(spectrum=[index]))
        np.testing.assert_allclose(alone.probability, together.probability[[index]], rtol=1e-4, atol=1e-6)


def test_same_seed_gives_the_same_result_and_leaves_the_callers_random_state(still):
    state = torch.get_rng_state()
    results = [
        SpectraClassifier(network="fcnn", seed=seed, members=2, steps=12)
        .fit(still.intensity, still.labels)
        .predict(still.intensity)
        for seed in (5, 5, 6)
    ]
    assert torch.equal(state, torch.get_rng_state())
    np.testing.assert_array_equal(results[0].member_probability, results[1].member_probability)
    assert not np.array_equal(results[0].member_probability, results[2].member_probability)


def test_the_interval_holds_the_boundary_and_the_truth_without_drift(still):
    classifier = SpectraClassifier(network="fcnn", members=5).fit(still.intensity, still.labels)
    low, high = classifier.predict(still.intensity).boundary_interval.values
    assert low - 1 <= still.attrs["boundary"] <= high + 1
    assert high - low < 6


def test_beam_jitter_does_not_change_what_a_normalised_spectrum_is(still):
    classifier = SpectraClassifier(network="fcnn", **QUICK).fit(still.intensity, still.labels)
    brighter = classifier.predict(3 * still.intensity)
    np.testing.assert_allclose(brighter.probability, classifier.predict(still.intensity).probability, atol=1e-4)


def test_progress_is_told_and_may_cancel(still):
    seen = []

    def progress(done, total, message="", /, **values):
        seen.append((done, total, message, values["loss"]))
        if done == 5:
            raise Cancelled

    classifier = SpectraClassifier(network="fcnn", **QUICK)
    with pytest.raises(Cancelled):
        classifier.fit(still.intensity, still.labels, progress)
    assert [done for done, *_ in seen] == [1, 2, 3, 4, 5]
    assert seen[0][1:3] == (12, "1D FCNN")
    with pytest.raises(RuntimeError, match="not trained"):
        classifier.predict(still.intensity)


def test_saved_classifier_predicts_the_same_and_a_second_save_is_refused(still, tmp_path):
    classifier = SpectraClassifier(network="cnn", members=2, steps=5).fit(still.intensity, still.labels)
    classifier.save(tmp_path / "model")
    loaded = SpectraClassifier.load(tmp_path / "model")
    assert loaded.options == classifier.options
    xr.testing.assert_identical(loaded.predict(still.intensity), classifier.predict(still.intensity))
    with pytest.raises(FileExistsError, match="give a new folder"):
        classifier.save(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_classifier_of_an_unknown_format_is_refused(still, tmp_path):
    SpectraClassifier(network="binned", members=1, steps=1).fit(still.intensity, still.labels).save(tmp_path / "model")
    path = tmp_path / "model" / "classifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(ValueError, match="got format 99, allowed 1"):
        SpectraClassifier.load(tmp_path / "model")
    path.write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        SpectraClassifier.load(tmp_path / "model")
    with pytest.raises(FileNotFoundError, match=r"holds no classifier\.json"):
        SpectraClassifier.load(tmp_path)


def test_result_survives_netcdf(still, tmp_path):
    result = SpectraClassifier(network="binned", **QUICK).fit(still.intensity, still.labels).predict(still.intensity)
    result.to_netcdf(tmp_path / "result.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "result.nc", engine="h5netcdf") as again:
        xr.testing.assert_equal(again.load(), result)
        assert json.loads(again.attrs["options"])["network"] == "binned"


def test_bins_that_tell_nothing_have_no_weight():
    rng = np.random.default_rng(0)
    values = rng.normal(10, 1, (40, 300))
    values[20:, 20:40] += 30  # the second bin of twenty points alone changes
    series = xr.DataArray(values, dims=("spectrum", "channel"))
    labels = np.repeat([0, -1, 1], (18, 4, 18))
    result = SpectraClassifier(network="binned", members=1, normalise=False).fit(series, labels).predict(series)
    assert float(result.bin_weight[1]) > 0.9
    assert float(result.bin_weight.sum() - result.bin_weight[1]) < 0.1
    assert float(result.boundary) == pytest.approx(19.5)


def test_bad_series_are_refused_with_the_next_step(still):
    classifier = SpectraClassifier(network="fcnn", **QUICK)
    broken = still.intensity.copy(deep=True)
    broken[7, 3] = np.nan
    with pytest.raises(ValueError, match="1 spectra with missing or infinite values, the first is 7"):
        classifier.fit(broken, still.labels)
    with pytest.raises(ValueError, match="got dimensions"):
        classifier.fit(still.intensity.rename(channel="energy"), still.labels)
    classifier.fit(still.intensity, still.labels)
    with pytest.raises(ValueError, match="got spectra of 599 points, allowed 600"):
        classifier.predict(still.intensity[:, 1:])


def test_signed_data_take_no_baseline_and_no_normalisation(still):
    signed = still.intensity - still.intensity.mean()
    with pytest.raises(OptionError, match="signed data"):
        SpectraClassifier(network="fcnn", baseline=True, **QUICK).fit(signed, still.labels)
    classifier = SpectraClassifier(network="fcnn", members=1).fit(signed, still.labels)
    assert float(classifier.predict(signed).boundary) == pytest.approx(still.attrs["boundary"], abs=3)


def test_references_find_the_switch_of_a_series_without_drift(still):
    found = references(still.intensity, still.labels)
    assert found.reference.values.tolist() == ["linear", "1-NN cosine", "change point", "gap middle"]
    errors = np.abs(found.boundary.values - still.attrs["boundary"])
    assert errors[:3].max() < 2
    assert np.all(errors[:3] <= errors[3])


def test_labels_out_of_turn_are_refused_by_name(still):
    labels = np.repeat([0, -1, 1], (20, 20, 20))
    labels[50] = 0  # one wrong spectrum
    with pytest.raises(OptionError, match="spectra 50 and 40 are out of turn, needed one switch from class 0 to class"):
        SpectraClassifier(network="fcnn", **QUICK).fit(still.intensity, labels)


@pytest.mark.parametrize("protocol", ["mended", "published"])
def test_labels_may_start_with_class_1(still, protocol):
    labels = np.where(still.labels >= 0, 1 - still.labels, -1)
    name = "binned" if protocol == "published" else "fcnn"
    classifier = SpectraClassifier(network=name, protocol=protocol, members=4, steps=60)
    result = classifier.fit(still.intensity, labels).predict(still.intensity)
    assert result.prediction.values[[0, -1]].tolist() == [1, 0]
    assert float(result.boundary) == pytest.approx(still.attrs["boundary"], abs=3)
    np.testing.assert_allclose(result.member_boundary, still.attrs["boundary"], atol=6)
    assert float(result.p_conf) > 0.9
    low, high = result.boundary_interval.values
    assert low - 1 <= still.attrs["boundary"] <= high + 1
    xr.testing.assert_allclose(references(still.intensity, labels), references(still.intensity, still.labels), atol=0.1)


def test_diverged_training_says_so(still, monkeypatch):
    classifier = SpectraClassifier(network="fcnn", members=1, steps=5, learning_rate=1.0)
    classifier.fit(still.intensity, still.labels)
    with monkeypatch.context() as patch:
        patch.setattr("pulsetrain.spectra._training._descend", lambda *_: float("nan"))
        with pytest.raises(ValueError, match=r"\(loss not finite\) at step 1; lower learning_rate, got 1$"):
            classifier.fit(still.intensity, still.labels)
    for parameter in classifier.networks_[0].parameters():
        parameter.data.fill_(np.nan)
    with pytest.raises(ValueError, match="probabilities not finite"):
        classifier.predict(still.intensity)


def test_another_series_has_no_interval_and_another_axis_is_refused(still, tmp_path):
    SpectraClassifier(network="fcnn", members=4, steps=40).fit(still.intensity, still.labels).save(tmp_path / "model")
    classifier = SpectraClassifier.load(tmp_path / "model")
    assert np.isfinite(classifier.predict(still.intensity).boundary_interval).all()
    assert np.isnan(classifier.predict(still.intensity * 1.1).boundary_interval).all()
    other = still.intensity.assign_coords(axis=still.intensity.axis + 1.0)
    with pytest.raises(ValueError, match=r"got the axis .* needed .* interpolate the spectra"):
        classifier.predict(other)
    path = tmp_path / "model" / "classifier.json"  # as an earlier version wrote it
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({name: fact for name, fact in facts.items() if name not in ("axis", "learnt")}))
    assert np.isfinite(SpectraClassifier.load(tmp_path / "model").predict(other).boundary_interval).all()


def test_a_series_in_which_the_network_sees_no_switch_is_flagged(still):
    classifier = SpectraClassifier(members=1, steps=60).fit(still.intensity, still.labels)
    old_phase = classifier.predict(still.intensity[:15].drop_vars("order", errors="ignore"))
    assert old_phase.attrs["flags"] == "nothing switches: all spectra are predicted as class 0"
    assert classifier.predict(still.intensity).attrs["flags"] == ""


def test_a_prediction_that_switches_to_and_fro_is_flagged(still):
    classifier = SpectraClassifier(members=1, steps=60).fit(still.intensity, still.labels)
    strays = still.intensity.copy()
    strays[8:12], strays[50:53] = still.intensity[55].to_numpy(), still.intensity[2].to_numpy()
    assert "switches to and fro" in classifier.predict(strays).attrs["flags"]
    assert "at the beginning" in classifier.predict(still.intensity[::-1]).attrs["flags"]


def test_a_boundary_that_only_follows_the_labels_is_flagged():
    steady = simulate_series(SeriesOptions(n_spectra=60, n_channels=300, boundary=1.0, drift=0.0), seed=5)
    ends = "0-9:0, 50-59:1"
    flags = SpectraClassifier(members=6, steps=80).fit(steady.intensity, ends).predict(steady.intensity).attrs["flags"]
    assert "follows the labels" in flags


def test_a_damaged_folder_is_refused_by_name(still, tmp_path):
    folder = tmp_path / "model"
    SpectraClassifier(network="binned", members=2, steps=1).fit(still.intensity, still.labels).save(folder)
    facts = json.loads((folder / "classifier.json").read_text())
    for change in ({"members": 1}, {"members": 3}, {"options": {}}, {"labels": "x"}, {"preparation": {"a": 1}}):
        (folder / "classifier.json").write_text(json.dumps({**facts, **change}))
        with pytest.raises(ValueError, match="model: is damaged"):
            SpectraClassifier.load(folder)
    (folder / "classifier.json").write_text(json.dumps(facts))
    weights = folder / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    with pytest.raises(ValueError, match="model: is damaged"):
        SpectraClassifier.load(folder)
    weights.unlink()
    with pytest.raises(ValueError, match="model: is damaged"):
        SpectraClassifier.load(folder)
