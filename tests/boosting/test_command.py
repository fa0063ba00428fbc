"""The command goes from poor frames on disk to images that open by themselves, and refuses what does not fit it."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
import tracemalloc

import h5py
import numpy as np
import pytest
import xarray as xr
from click.testing import CliRunner

from pulsetrain.boosting import METHOD, Booster
from pulsetrain.boosting.command import run
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.boosting.summary import doubts
from pulsetrain.cli import _method_command
from pulsetrain.data import DataError, open_frames
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.images import ImageOptions, simulate_images

TINY = {"patch": 16, "steps": 2, "members": 2, "batch": 2, "device": "cpu"}
N, CHUNK = 150, 40
SMALL = ImageOptions(size=32, n_low=N, n_high=120)


@pytest.fixture(scope="module", autouse=True)
def few_frames_make_a_chunk():
    """Read and write 40 frames at a time, so that 150 are four chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pulsetrain.data._lazy._BLOCK", CHUNK * 32 * 32 * 4)
        patch.setattr("pulsetrain.data.chunks._FEWEST", CHUNK)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with ``low.h5``, ``high.h5``, ``test_low.h5`` and ``test_truth.h5``."""
    return simulate_images(SMALL, seed=1).write_hdf5(tmp_path_factory.mktemp("images") / "images", n_pairs=60)


@pytest.fixture(scope="module")
def learning(folder):
    return {**TINY, "high": str(folder / "high.h5")}


@pytest.fixture(scope="module")
def answer(folder, learning, tmp_path_factory):
    """What the command printed, and where its result and the new model are."""
    place = tmp_path_factory.mktemp("out")
    options = BoostingOptions(**learning, model=str(place / "model"))
    return run(str(folder / "low.h5"), options, place / "out.zarr"), place / "out.zarr", place / "model"


def notes(text):
    return [line.removeprefix("note: ") for line in text.splitlines() if line.startswith("note: ")]


def test_images_on_disk_are_those_of_the_booster_beside_them(folder, answer):
    text, output, model = answer
    result = xr.open_zarr(output).load()
    booster, low = Booster.load(output / "model"), open_frames(folder / "low.h5")
    expected = booster.predict(low, return_std=True)
    xr.testing.assert_allclose(result.drop_vars(["chi2", "masked"]), expected, rtol=1e-4)
    assert result.attrs["complete"] == 1
    np.testing.assert_array_equal(result["trainId"], low["trainId"])
    assert text.endswith(str(output))
    assert sorted(each.name for each in model.iterdir()) == sorted(each.name for each in (output / "model").iterdir())
    assert Booster.load(model).degradation == booster.degradation


def test_what_is_printed_is_what_was_learnt(folder, answer):
    text, output, _ = answer
    result, learnt = xr.open_zarr(output).load(), Booster.load(output / "model").degradation
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert f"{N} frames of 32 × 32 pixels, degradation learning, 2 networks" in lines
    assert lines["gain"].split()[1] == f"{learnt.gain:.4f}"
    assert float(lines["point spread"].split()[2]) == pytest.approx(learnt.point_spread, abs=0.01)
    low = open_frames(folder / "low.h5").to_numpy()
    chi2 = learnt.chi2(low, result["image"].to_numpy())
    assert float(lines["χ² per pixel"].split()[3]) == pytest.approx(chi2, abs=1e-3)
    assert float(lines["masked"].split()[1].rstrip("%")) == pytest.approx(100 * np.isnan(low).mean(), abs=0.05)
    assert "not calibrated" in lines["intervals"]
    assert any(note.startswith("std is not calibrated") for note in notes(text))


def test_a_model_gives_the_same_images_again(folder, answer, tmp_path):
    _, output, model = answer
    run(str(folder / "low.h5"), BoostingOptions(model=str(model), device="cpu"), tmp_path / "again.zarr")
    again, first = xr.open_zarr(tmp_path / "again.zarr").load(), xr.open_zarr(output).load()
    xr.testing.assert_equal(again, first)


def test_asked_again_it_says_the_same_and_works_no_more(folder, learning, answer):
    text, output, model = answer
    told = []
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()}
    options = BoostingOptions(**learning, model=str(model))
    again = run(str(folder / "low.h5"), options, output, progress=lambda *args, **_: told.append(args))
    assert not told
    assert [line for line in again.splitlines() if "this time" not in line] == [
        line for line in text.splitlines() if "this time" not in line
    ]
    assert {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()} == before


_SCRIPT = f"""
import sys
import pulsetrain.data._lazy, pulsetrain.data.chunks
pulsetrain.data._lazy._BLOCK, pulsetrain.data.chunks._FEWEST = {CHUNK * 32 * 32 * 4}, {CHUNK}
from pathlib import Path
from pulsetrain.boosting.command import run
from pulsetrain.boosting.options import BoostingOptions
low, high, output = sys.argv[1:]
def progress(done, total, message="", /, **_):
    if "boosted" in message and done >= {2 * CHUNK}:
        print("half", flush=True)
        sys.stdin.readline()
run(low, BoostingOptions(high=high, **{TINY}), Path(output), progress=progress)
"""


def test_killed_it_goes_on_with_what_it_had_learnt_to_the_same_images(folder, learning, answer, tmp_path):
    output = tmp_path / "out.zarr"
    arguments = [sys.executable, "-c", _SCRIPT, folder / "low.h5", folder / "high.h5", output]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.send_signal(signal.SIGKILL)
    half = xr.open_zarr(output).load()
    assert not half.attrs["complete"]
    assert np.isfinite(half["image"][: 2 * CHUNK]).any(("y", "x")).all()
    assert np.isnan(half["image"][2 * CHUNK :]).all()
    before, told = (output / "model" / "booster.json").stat().st_mtime_ns, []

    def note(done, _total, message="", /, **figures):
        told.append((done, message, figures))

    run(str(folder / "low.h5"), BoostingOptions(**learning), output, progress=note)
    assert [done for done, *_ in told] == [3 * CHUNK, N]
    assert all("frames boosted" in message and figures["frames_per_s"] > 0 for _, message, figures in told)
    assert (output / "model" / "booster.json").stat().st_mtime_ns == before
    xr.testing.assert_allclose(xr.open_zarr(output).load(), xr.open_zarr(answer[1]).load(), rtol=1e-3, atol=1e-5)


def test_ctrl_c_says_what_stays_and_how_to_go_on(folder, learning, answer, tmp_path):
    output, path = tmp_path / "out.zarr", str(folder / "low.h5")

    def stop_at(word):
        def stop(_done, _total, message="", /, **_):
            if word in message:
                raise KeyboardInterrupt

        return stop

    with pytest.raises(Cancelled, match=r"nothing is boosted yet, and the same command goes on"):
        run(path, BoostingOptions(**learning), output, progress=stop_at("network"))
    assert not output.exists()
    with pytest.raises(Cancelled, match=r"what was learnt stays, nothing is boosted yet, and the same command"):
        run(path, BoostingOptions(**learning), output, progress=stop_at("comparing"))
    with pytest.raises(Cancelled, match=r"what is boosted stays, and the same command goes on"):
        run(path, BoostingOptions(**learning), output, progress=stop_at("boosted"))
    run(path, BoostingOptions(**learning), output)
    xr.testing.assert_equal(xr.open_zarr(output).load(), xr.open_zarr(answer[1]).load())


def test_a_full_disk_says_how_to_go_on(folder, learning, tmp_path):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=r"no space is left .* nothing is boosted yet, and the same command goes on"):
        run(str(folder / "low.h5"), BoostingOptions(**learning), tmp_path / "out.zarr", progress=full)
    assert not (tmp_path / "out.zarr").exists()


def test_another_input_or_other_options_are_refused(folder, learning, answer):
    output = answer[1]
    before = sorted(output.rglob("*"))
    with pytest.raises(FileExistsError, match=r"holds the boosting of another input .*seed: 12345 there, 7 here"):
        run(str(folder / "low.h5"), BoostingOptions(**learning, seed=7), output)
    with pytest.raises(FileExistsError, match="another input or with other options"):
        run(str(folder / "test_low.h5"), BoostingOptions(**learning), output)
    calibrating = {"test_low": str(folder / "test_low.h5"), "test_truth": str(folder / "test_truth.h5")}
    with pytest.raises(FileExistsError, match=r"\(test\)"):
        run(str(folder / "low.h5"), BoostingOptions(**learning, **calibrating), output)
    assert sorted(output.rglob("*")) == before


def test_another_dataset_of_the_same_file_is_another_input(folder, answer, tmp_path):
    low = open_frames(folder / "low.h5")[:20].to_numpy()
    with h5py.File(tmp_path / "both.h5", "w") as file:
        file["one/data"], file["two/data"] = low, 2 * low
    options, output = BoostingOptions(model=str(answer[2]), device="cpu"), tmp_path / "out.zarr"
    run(str(tmp_path / "both.h5"), options, output, key="one/data")
    with pytest.raises(FileExistsError, match="key: one/data there, two/data here"):
        run(str(tmp_path / "both.h5"), options, output, key="two/data")


def test_a_test_sample_calibrates_the_intervals(folder, answer, tmp_path):
    sample = {"test_low": str(folder / "test_low.h5"), "test_truth": str(folder / "test_truth.h5")}
    options = BoostingOptions(model=str(answer[2]), device="cpu", level=0.8, **sample)
    text = run(str(folder / "test_low.h5"), options, tmp_path / "out.zarr")
    result = xr.open_zarr(tmp_path / "out.zarr").load()
    assert (result.attrs["calibrated"], result.attrs["level"]) == (1, 0.8)
    assert "image ± 1.28 std holds the truth in 80% of the pixels" in text
    assert not any("calibrated" in note for note in notes(text))
    inside = np.abs(result["image"] - open_frames(folder / "test_truth.h5")) <= 1.2816 * result["std"]
    live = np.isfinite(result["image"].to_numpy())
    assert inside.to_numpy()[live].mean() == pytest.approx(0.8, abs=0.01)
    kept = str(tmp_path / "out.zarr" / "model")
    with pytest.raises(OptionError, match=r"level: got 0\.9, but .* was calibrated for 0\.8"):
        run(str(folder / "low.h5"), BoostingOptions(model=kept, level=0.9), tmp_path / "other.zarr")
    assert Booster.load(answer[2]).calibration_ is None


@pytest.mark.parametrize("wrong", ["other objects", "other units"])
def test_a_test_sample_that_is_not_pairs_is_said(folder, answer, tmp_path, wrong):
    truth = open_frames(folder / "test_truth.h5").to_numpy()
    np.save(tmp_path / "truth.npy", np.roll(truth, 7, axis=0) if wrong == "other objects" else 7 * truth)
    sample = {"test_low": str(folder / "test_low.h5"), "test_truth": str(tmp_path / "truth.npy")}
    text = run(
        str(folder / "low.h5"), BoostingOptions(model=str(answer[2]), device="cpu", **sample), tmp_path / "out.zarr"
    )
    assert any(note.startswith("test_truth, made poor by what was learnt, is not what") for note in notes(text))


def test_a_poor_condition_of_more_photons_than_the_good_one_is_said(folder, learning, tmp_path):
    text = run(str(folder / "low.h5"), BoostingOptions(**learning, photon_high=100), tmp_path / "out.zarr")
    assert any("are the input and high swapped" in note for note in notes(text))


def test_a_booster_that_another_process_put_in_its_place_is_kept_and_said(folder, learning, answer, tmp_path):
    model = tmp_path / "model"

    def other(*_, **__):
        if not model.exists():
            shutil.copytree(answer[2], model)

    options = BoostingOptions(**learning, seed=7, model=str(model))
    with pytest.raises(FileExistsError, match=r"another booster was put there meanwhile.*out\.zarr/model"):
        run(str(folder / "low.h5"), options, tmp_path / "out.zarr", progress=other)
    assert Booster.load(model).options.seed == Booster.load(answer[2]).options.seed


def test_another_condition_is_said(answer, tmp_path):
    other = simulate_images(SMALL.replace(gain=0.09, n_high=1), seed=5).write_hdf5(tmp_path / "other")
    text = run(str(other / "low.h5"), BoostingOptions(model=str(answer[2]), device="cpu"), tmp_path / "out.zarr")
    assert any("of the good condition's photons" in note for note in notes(text))
    assert xr.open_zarr(tmp_path / "out.zarr").attrs["findings"].startswith('["')


def test_frames_of_other_units_are_counted_in_photons(folder, answer, tmp_path):
    low = open_frames(folder / "low.h5")[:40].to_numpy()
    np.save(tmp_path / "adu.npy", 40 * low)
    text = run(str(tmp_path / "adu.npy"), BoostingOptions(model=str(answer[2]), photon=40), tmp_path / "out.zarr")
    first = xr.open_zarr(answer[1])["image"][:40].to_numpy()
    np.testing.assert_allclose(xr.open_zarr(tmp_path / "out.zarr")["image"], first, rtol=1e-3, atol=1e-3)
    assert any(note.startswith("the input has no trainId") for note in notes(text))


def test_few_frames_and_frames_without_a_live_pixel_are_said(folder, answer, tmp_path):
    low = open_frames(folder / "low.h5")[:5].to_numpy()
    low[2] = np.nan
    np.save(tmp_path / "five.npy", low)
    text = run(str(tmp_path / "five.npy"), BoostingOptions(model=str(answer[2])), tmp_path / "out.zarr")
    said = " ".join(notes(text))
    assert "5 frames are too few to tell whether their condition is the one that was learnt" in said
    assert "1 frames have no live pixel" in said
    result = xr.open_zarr(tmp_path / "out.zarr").load()
    assert np.isnan(result["image"][2]).all()
    assert np.isnan(result["chi2"][2])
    assert result["masked"][2] == 1


def test_the_number_of_frames_does_not_count_for_memory(folder, answer, tmp_path, monkeypatch):
    monkeypatch.setattr("pulsetrain.boosting.streaming._CHECKED", 16 * 32 * 32)
    peaks = []
    with h5py.File(folder / "low.h5") as file:
        frames = np.asarray(file["entry_1/instrument_1/detector_1/data"])
    for copies in (1, 4):
        np.save(tmp_path / f"{copies}.npy", np.concatenate([frames] * copies))
        tracemalloc.start()
        run(str(tmp_path / f"{copies}.npy"), BoostingOptions(model=str(answer[2])), tmp_path / f"{copies}.zarr")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.fixture(scope="module")
def bad(folder, answer, tmp_path_factory):
    """Return a folder of things that do not fit."""
    place = tmp_path_factory.mktemp("bad")
    high = open_frames(folder / "high.h5").to_numpy()
    np.save(place / "narrow.npy", high[:, :, :24])
    np.save(place / "few.npy", high[:5])
    (place / "empty").mkdir()
    (place / "model").symlink_to(answer[2])
    return place


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, (OptionError, "high: got none, and no model")),
        ({"high": "{bad}/nowhere.h5"}, (OptionError, "high: .*no such file")),
        ({"high": "{bad}/narrow.npy"}, (OptionError, "high: got frames of 32 × 24 pixels, allowed 32 × 32")),
        ({"high": "{good}/low.h5"}, (OptionError, "high: got the same frames as the input")),
        ({"high": "{bad}/few.npy"}, (DataError, "high: got 5 frames; allowed: 16 or more")),
        ({"high": "{good}/high.h5", "patch": 64}, (OptionError, "patch: got 64 px, allowed up to 32")),
        ({"high": "{good}/high.h5", "patch": 16, "geometry": "a.geom"}, (OptionError, "geometry: .*leave it out")),
        ({"high": "{good}/high.h5", "model": "{bad}/model"}, (OptionError, "model: .*there already.*one of them")),
        ({"high": "{good}/high.h5", "patch": 16, "model": "{out}/x"}, (OptionError, "model: .*apart from the output")),
        ({"model": "{bad}/nowhere"}, (OptionError, "model: .*where there is nothing; give high")),
        ({"model": "{bad}/empty"}, (FileNotFoundError, r"holds no booster\.json")),
        ({"model": "{bad}/model", "steps": 99}, (OptionError, "steps: got 99, but the booster in .* learnt with 2")),
        ({"model": "{bad}/model", "test_low": "{good}/test_low.h5"}, (OptionError, "test_truth: got none beside")),
        (
            {"model": "{bad}/model", "test_low": "{good}/test_low.h5", "test_truth": "{good}/high.h5"},
            (OptionError, "test_truth: got 120 frames .* allowed 60 frames"),
        ),
        (
            {"high": "{good}/high.h5", "patch": 16, "method": "cut", "members": 1, "test_low": "{good}/test_low.h5"}
            | {"test_truth": "{good}/test_truth.h5"},
            (OptionError, "members: got 1"),
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_written(folder, bad, tmp_path, changes, refusal):
    output = tmp_path / "new" / "out.zarr"
    places = {"good": folder, "bad": bad, "out": output}
    options = {name: text.format(**places) if isinstance(text, str) else text for name, text in changes.items()}
    with pytest.raises(refusal[0], match=refusal[1]):
        run(str(folder / "low.h5"), BoostingOptions(**options), output)
    assert not (tmp_path / "new").exists()


def test_a_place_that_is_taken_is_left_alone(folder, learning, tmp_path):
    (tmp_path / "out.zarr").mkdir()
    (tmp_path / "out.zarr" / "mine").write_text("mine")
    with pytest.raises(FileExistsError, match="exists already and holds no boosting"):
        run(str(folder / "low.h5"), BoostingOptions(**learning), tmp_path / "out.zarr")
    with pytest.raises(DataError, match="no such file"):
        run(str(tmp_path / "nothing.h5"), BoostingOptions(**learning), tmp_path / "new.zarr")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.zarr"]


def test_errors_name_options_as_they_are_typed(folder, tmp_path):
    arguments = [str(folder / "low.h5"), "--test-low", str(folder / "test_low.h5"), "-o", str(tmp_path / "out.zarr")]
    told = CliRunner().invoke(_method_command(METHOD), arguments)
    assert told.exit_code == 1
    assert "Error: --test-truth: got none beside --test-low" in told.output


def test_chi2_far_from_one_is_said():
    booster, frames = Booster(), xr.DataArray(np.zeros(20), dims="pattern", attrs={"units": "ADU"})
    booster.networks_, booster.degradation_ = [], Degradation(gain=0.1, point_spread=1.0, read_noise=0.5)
    attrs = {"findings": "[]", "calibrated": 1}
    numbers = {"chi2": np.full(20, 1.2), "masked": np.full(20, 0.5), "std": np.ones(20), "trainId": np.arange(20)}
    result = xr.Dataset({name: ("pattern", values) for name, values in numbers.items()}, attrs=attrs)
    said = " ".join(doubts(frames, result.set_coords("trainId"), booster))
    assert "χ² per pixel is 1.2, not 0.9 … 1.05" in said
    assert "50% of the pixels are masked" in said
    assert "the frames are in ADU, and photon is 1" in said
    fine = result.assign(chi2=("pattern", np.ones(20)), masked=("pattern", np.zeros(20))).set_coords("trainId")
    assert doubts(frames.assign_attrs(units="photons"), fine, booster) == []
