"""The search on simulated patterns whose camera length is known, and the command around it."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

from pulsetrain.cli import main
from pulsetrain.data import DataError, UnitCell
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.crystals import CrystalOptions, detector_geometry, simulate_crystals
from pulsetrain.tuning import NativeEngine, Setting, Tuner, TuningEnvironment, TuningOptions
from pulsetrain.tuning.command import run

# So tight a tolerance that nothing indexes at the user's camera length, 1.5 % too long.
SEARCH = {"evaluations": 8, "patterns": 16, "fresh_patterns": 8, "tolerance": 0.8}
SEARCH |= {"max_min_pix_count": 3, "min_snr": 6.0}


@pytest.fixture(scope="module")
def experiment():
    options = CrystalOptions(n_patterns=24, detector="agipd-mini", clen_error=1.5, hit_rate=0.8)
    found = simulate_crystals(options, seed=2)
    return found, found.frames.compute()


@pytest.fixture(scope="module")
def engine(experiment):
    return NativeEngine(experiment[0].geometry, experiment[0].cell, processes=1)


@pytest.fixture(scope="module")
def files(experiment, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    experiment[0].write_hdf5(folder / "run.h5")
    return folder


def options_of(files: Path, **changes: object) -> TuningOptions:
    return TuningOptions(geometry=str(files / "run.geom"), cell=str(files / "run.cell"), **{**SEARCH, **changes})


def test_the_true_camera_length_is_found_from_a_setting_where_nothing_indexes(experiment, engine):
    tuner = Tuner(engine, experiment[1], TuningOptions(**SEARCH))
    path = tuner.run()
    assert path["rate"][0] == 0
    assert abs(float(path["best_clen"]) / 0.12 - 1) < 0.001
    assert float(path["confirmed_rate"]) > 0.4
    assert path.sizes["evaluation"] in (8, 9)  # the last at the camera length that the cells ask for


def test_every_setting_is_judged_by_the_same_patterns_and_the_best_by_others(experiment, engine):
    seen = []

    class Recording:
        geometry, cell = engine.geometry, engine.cell

        def evaluate(self, patterns, options, progress=None):
            seen.append(tuple(patterns["trainId"].to_numpy() * 1000 + patterns["pulseId"].to_numpy()))
            return engine.evaluate(patterns, options, progress)

    tuner = Tuner(Recording(), experiment[1], TuningOptions(**{**SEARCH, "evaluations": 3}))
    tuner.run()
    *tried, best, start = seen
    assert len(set(tried)) == 1
    assert best == start
    assert not set(tried[0]) & set(best)


def test_a_tuner_is_an_experiment_for_the_agents_environment(experiment, engine):
    tuner = Tuner(engine, experiment[1], TuningOptions(**SEARCH, optimiser="scan"))
    environment = TuningEnvironment([tuner], evaluations=2)
    assert environment.reset(seed=0)[1]["rate"] == 0
    _, reward, _, over, info = environment.step(np.array([0, 0, -0.5], np.float32))  # 1.5 % shorter: the true clen
    assert reward == info["rate"] > 0.3
    assert over
    assert [each.rate for each in tuner.evaluations] == [0, reward]


def test_where_the_rate_is_flat_in_clen_the_cells_decide(experiment, engine):
    options = TuningOptions(evaluations=3, patterns=16, fresh_patterns=8, optimiser="random", seed=1)
    path = Tuner(engine, experiment[1], options).run()
    assert float(path["rate"][0]) > 0.3  # 5 % of tolerance: indexed also 1.5 % off
    assert abs(float(path["best_clen"]) / 0.12 - 1) < 0.001
    assert abs(float(path["cell_shift"][0]) - 0.015) < 0.003


def test_a_cell_of_another_crystal_is_said_to_be_doubtful(experiment, engine):
    wrong = NativeEngine(engine.geometry, UnitCell(58.4, 67.9, 91.2), processes=1)
    path = Tuner(wrong, experiment[1], TuningOptions(evaluations=2, patterns=16, fresh_patterns=8)).run()
    assert "check cell" in path.attrs["flags"] or "hits are indexed" in path.attrs["flags"]


def test_the_crystals_of_the_best_setting_are_not_asked_for_twice(experiment, engine):
    asked = []

    class Counting:
        geometry, cell = engine.geometry, engine.cell

        def evaluate(self, patterns, options, progress=None):
            asked.append(options.clen)
            return engine.evaluate(patterns, options, progress)

    tuner = Tuner(Counting(), experiment[1], TuningOptions(**SEARCH, optimiser="random"))
    tuner.evaluate(Setting(6.0, 2, 0.12))
    first = tuner.index_best()
    assert tuner.index_best() is first
    assert len(asked) == 2
    tuner.evaluate(Setting(5.0, 2, 0.12))
    at = tuner.best.setting.min_snr
    assert json.loads(tuner.index_best().attrs["options"])["min_snr"] == at


def test_points_of_the_users_own_are_learnt_from(experiment, engine):
    tuner = Tuner(engine, experiment[1], TuningOptions(**SEARCH, optimiser="random"))
    tuner.step()
    own = tuner.evaluate(Setting(5.0, 2, 0.12))
    assert own.rate > 0
    assert tuner.best == own


def test_a_cancelled_search_keeps_what_was_finished_and_goes_on(experiment, engine):
    tuner = Tuner(engine, experiment[1], TuningOptions(**{**SEARCH, "evaluations": 4}))

    def until_two(done: int, *_: object, **__: float) -> None:
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        tuner.run(until_two)
    assert len(tuner.path()["evaluation"]) == 2
    assert tuner.run().sizes["evaluation"] in (4, 5)


def test_a_geometry_without_camera_length_needs_one(engine, experiment):
    text = engine.geometry.text.replace("clen =", "clen = /LCLS/detector_1/EncoderValue ;")
    blind = NativeEngine(CrystFELGeometry.parse(text), engine.cell)
    with pytest.raises(OptionError, match="clen"):
        Tuner(blind, experiment[1], TuningOptions(**SEARCH))


def test_the_command_leaves_all_that_is_needed_to_index_with_the_best_setting(files, tmp_path):
    text = run(str(files / "run.h5"), options_of(files), tmp_path / "out")
    assert "fresh" in text
    path = xr.load_dataset(tmp_path / "out" / "path.nc", engine="h5netcdf")
    table = pd.read_csv(tmp_path / "out" / "evaluations.csv", index_col="evaluation")
    assert list(table.index) == list(path["evaluation"])
    assert np.allclose(table["clen (mm)"], 1e3 * path["clen"], atol=5e-4)
    assert np.allclose(table["rate (%)"], 100 * table["indexed"] / table["patterns"], atol=0.05)
    assert "min-pix-count (px)" in text.splitlines()[0]
    tuned = CrystFELGeometry.read(tmp_path / "out" / "tuned.geom")
    assert tuned.clen == pytest.approx(float(path["best_clen"]), abs=1e-8)
    assert f"--min-pix-count={int(path['best_min_pix_count'])}" in (tmp_path / "out" / "indexamajig.sh").read_text()
    named = ("files.lst", "tuned.geom", "sample.cell")
    command = (tmp_path / "out" / "indexamajig.sh").read_text()
    assert all(f" {name} " in command and (tmp_path / "out" / name).is_file() for name in named)
    assert (tmp_path / "out" / "files.lst").read_text() == f"{files / 'run.h5'}\n"
    best = xr.load_dataset(tmp_path / "out" / "best.nc", engine="h5netcdf")
    assert float(best["indexing_rate"]) == pytest.approx(float(path["rate"].max()), abs=0.15)


def test_patterns_whose_path_holds_blanks_are_listed_by_a_link(files, tmp_path):
    # A list of patterns has one a line, and after a blank the event.
    place = tmp_path / "run 1\nnew"
    place.mkdir()
    (place / "own.h5").write_bytes((files / "run.h5").read_bytes())
    options = options_of(files, evaluations=1, fresh_patterns=0, optimiser="scan")
    run(str(place / "own.h5"), options, tmp_path / "out")
    listed = (tmp_path / "out" / "files.lst").read_text()
    assert len(listed.split()) == 1
    assert (tmp_path / "out" / listed.strip()).samefile(place / "own.h5")


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are always UTF-8")
@pytest.mark.parametrize("wrong", ["input", "output", "geometry"])
def test_names_that_are_no_utf_8_are_refused_before_anything_is_evaluated(files, tmp_path, wrong):
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    place.mkdir()
    for file in files.iterdir():
        (place / file.name).symlink_to(file)
    options = options_of(files).replace(geometry=str((place if wrong == "geometry" else files) / "run.geom"))
    output = (place if wrong == "output" else tmp_path) / "out"
    with pytest.raises(DataError, match=r"\\udcff.*UTF-8.*rename"):
        run(str((place if wrong == "input" else files) / "run.h5"), options, output)
    assert not output.exists()


def test_a_killed_search_goes_on_after_its_last_finished_evaluation(files, tmp_path):
    out = tmp_path / "out"
    options = options_of(files, evaluations=5)
    run(str(files / "run.h5"), options, out)
    lines = (out / "evaluations.jsonl").read_text().splitlines(keepends=True)
    # As kill -9 in the middle of the fourth line leaves it.
    (out / "evaluations.jsonl").write_text("".join(lines[:3]) + lines[3][:20])
    for made in ("path.nc", "best.nc"):
        (out / made).unlink()
    run(str(files / "run.h5"), options, out)
    again = [json.loads(line) for line in (out / "evaluations.jsonl").read_text().splitlines()]
    assert again[:3] == [json.loads(line) for line in lines[:3]]
    assert len(again) in (5, 6)
    assert xr.load_dataset(out / "path.nc", engine="h5netcdf").sizes["evaluation"] == len(again)


def test_a_folder_of_another_search_or_of_anything_else_is_not_touched(files, tmp_path):
    run(str(files / "run.h5"), options_of(files, evaluations=1, optimiser="scan"), tmp_path / "out")
    before = {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    with pytest.raises(FileExistsError, match="other input or options"):
        run(str(files / "run.h5"), options_of(files, evaluations=1, optimiser="grid"), tmp_path / "out")
    assert before == {file.name: file.read_bytes() for file in (tmp_path / "out").iterdir()}
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="no search"):
        run(str(files / "run.h5"), options_of(files), tmp_path / "notes")


def test_results_that_could_not_be_written_whole_do_not_appear(files, tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    options, out = options_of(files, evaluations=2, fresh_patterns=0), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            run(str(files / "run.h5"), options, out)
    assert sorted(file.name for file in out.iterdir()) == [".results", "evaluations.jsonl", "search.json"]
    run(str(files / "run.h5"), options, out)
    assert not (out / ".results").exists()
    assert xr.load_dataset(out / "path.nc", engine="h5netcdf").sizes["evaluation"] == 2


def test_a_geometry_out_of_bounds_is_refused_before_anything_is_evaluated(engine, experiment):
    far = NativeEngine(engine.geometry.with_clen(60.0), engine.cell)
    with pytest.raises(OptionError, match="clen: got 60"):
        Tuner(far, experiment[1], TuningOptions(**SEARCH))


def test_files_that_were_edited_since_begin_another_search(files, tmp_path):
    for name in ("run.geom", "run.cell"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    options = options_of(files, evaluations=1).replace(geometry=str(tmp_path / "run.geom"))
    run(str(files / "run.h5"), options, tmp_path / "out")
    text = (tmp_path / "run.geom").read_text()
    (tmp_path / "run.geom").write_text(text.replace("clen = ", "clen = 0.1; "))
    with pytest.raises(FileExistsError, match="other input or options"):
        run(str(files / "run.h5"), options, tmp_path / "out")


def test_input_that_does_not_fit_leaves_no_folder(files, tmp_path):
    text = (files / "run.geom").read_text()
    (tmp_path / "other.geom").write_text(text.replace("max_fs = 127", "max_fs = 126"))
    with pytest.raises(DataError, match="detector's geometry"):
        run(str(files / "run.h5"), options_of(files).replace(geometry=str(tmp_path / "other.geom")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_ctrl_c_says_in_one_line_how_the_search_goes_on(files, tmp_path, monkeypatch):
    def interrupt(done, *_args, **_values):
        if done == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("pulsetrain.cli.show_in_terminal", interrupt)
    arguments = ["tuning", files / "run.h5", "--geometry", files / "run.geom", "--cell", files / "run.cell"]
    arguments += ["-o", tmp_path / "out", "--patterns", 8, "--fresh-patterns", 0, "--evaluations", 4]
    done = CliRunner().invoke(main, [str(each) for each in arguments])
    assert done.exit_code == 1
    assert done.stderr == "Error: stopped after 2 evaluations; the same command goes on with them\n"
    assert len((tmp_path / "out" / "evaluations.jsonl").read_text().splitlines()) == 2


def test_a_missing_indexamajig_is_one_line_on_the_command_line(files, tmp_path, monkeypatch):
    monkeypatch.setenv("PULSETRAIN_INDEXAMAJIG", "/nowhere/indexamajig")
    arguments = ["tuning", files / "run.h5", "--geometry", files / "run.geom", "--cell", files / "run.cell"]
    done = CliRunner().invoke(main, [str(each) for each in [*arguments, "--engine", "crystfel", "-o", tmp_path / "o"]])
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: indexamajig: got no program at /nowhere/indexamajig")


@pytest.mark.parametrize("missing", ["geometry", "cell"])
def test_the_command_names_what_is_missing_before_anything_is_written(files, tmp_path, missing):
    with pytest.raises(OptionError, match=f"{missing}: missing"):
        run(str(files / "run.h5"), options_of(files).replace(**{missing: ""}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_geometry_of_another_detector_is_refused_before_anything_is_written(files, tmp_path):
    other = detector_geometry("jungfrau-500k")
    other.write(tmp_path / "other.geom")
    with pytest.raises(DataError, match="as in the geometry"):
        run(str(files / "run.h5"), options_of(files).replace(geometry=str(tmp_path / "other.geom")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_path_says_units_and_intervals(experiment, engine):
    tuner = Tuner(engine, experiment[1], TuningOptions(**{**SEARCH, "evaluations": 2}, optimiser="random"))
    path = tuner.run()
    assert path["clen"].attrs["units"] == "m"
    assert np.all(path["rate_interval"].sel(bound="low") <= path["rate"])
    assert np.all(path["rate_interval"].sel(bound="high") >= path["rate"])


def test_the_reward_chooses_the_agent(experiment, engine):
    proposed = []
    for reward in ("best", "delta"):
        tuner = Tuner(
            engine, experiment[1], TuningOptions(**{**SEARCH, "evaluations": 2}, optimiser="ppo", reward=reward)
        )
        tuner.step()
        proposed.append(tuner.step().setting)
    assert proposed[0] != proposed[1]
