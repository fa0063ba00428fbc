"""A simulated single-particle experiment on disk, and the families of experiments."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from extra_data import RunDirectory

from pulsetrain import DataError, open_frames
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles, write_example
from pulsetrain.simulate.particles_families import DEVELOPMENT, HELD_OUT, THIRD_SPECIES

SMALL = ParticleOptions(n_patterns=75, size=48, pixel_size=1.2e-3)  # two whole trains and a part
EVERY = (*DEVELOPMENT, *HELD_OUT, *THIRD_SPECIES)


def test_hdf5_is_read_back_with_its_truth(tmp_path: Path):
    experiment = simulate_particles(SMALL, seed=1)
    path = experiment.write_hdf5(tmp_path / "new" / "experiment.h5")
    frames = open_frames(path)
    np.testing.assert_array_equal(frames.to_numpy(), experiment.frames.to_numpy())
    for name in ("trainId", "pulseId"):
        np.testing.assert_array_equal(frames[name], experiment.frames[name])
    assert frames.attrs["units"] == "photons"
    assert frames.dtype == np.float32
    with xr.open_dataset(path.with_suffix(".truth.nc"), engine="h5netcdf") as truth:
        np.testing.assert_array_equal(truth["hit"], experiment.truth["hit"])
        np.testing.assert_array_equal(truth["particle_position"], experiment.truth["particle_position"])
        assert ParticleOptions.model_validate_json(truth.attrs["options"]) == SMALL


def test_a_run_is_read_back_as_the_facilitys(tmp_path: Path):
    experiment = simulate_particles(SMALL, seed=1)
    folder = experiment.write_run(tmp_path / "proc" / "r0001")
    frames = open_frames(folder)
    np.testing.assert_array_equal(frames.to_numpy(), experiment.frames.to_numpy())
    np.testing.assert_array_equal(frames[30:70].to_numpy(), experiment.frames[30:70].to_numpy())
    for name in ("trainId", "pulseId"):
        np.testing.assert_array_equal(frames[name], experiment.frames[name])
        assert frames[name].dtype == np.uint64
    assert frames.attrs["units"] == "photons"
    run = RunDirectory(str(folder))
    assert len(run.train_ids) == 3
    energy = run["SQS_DIAG1_XGMD/XGM/DOOCS", "pulseEnergy.photonFlux"].ndarray()
    assert energy[0] == pytest.approx(experiment.truth["pulse_energy"].to_numpy()[:32].mean() * 1e6, rel=1e-6)
    with xr.open_dataset(tmp_path / "proc" / "r0001.truth.nc", engine="h5netcdf") as truth:
        np.testing.assert_array_equal(truth["photons"], experiment.truth["photons"])


def test_the_workspaces_example_is_a_run_with_all_three_kinds(tmp_path: Path):
    assert "particles/r0001" in write_example(tmp_path)
    frames = open_frames(tmp_path / "particles" / "r0001")
    assert frames.shape == (400, 128, 128)
    with xr.open_dataset(tmp_path / "particles" / "r0001.truth.nc", engine="h5netcdf") as truth:
        shares = [float((truth["hit"] == name).mean()) for name in ("none", "single", "multiple")]
    assert shares == pytest.approx([0.4, 0.4, 0.2], abs=0.07)


@pytest.mark.parametrize("form", ["hdf5", "run"])
def test_writing_holds_a_few_frames_at_a_time(tmp_path: Path, form: str):
    simulate_particles(SMALL).write_run(tmp_path / "r0000")  # what is imported and cached the first time
    experiment = simulate_particles(SMALL.replace(n_patterns=700))
    tracemalloc.start()
    try:
        getattr(experiment, f"write_{form}")(tmp_path / "many.h5" if form == "hdf5" else tmp_path / "r0001")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.35 * experiment.frames.nbytes


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path):
    experiment = simulate_particles(SMALL)
    (tmp_path / "old.truth.nc").write_text("mine")
    with pytest.raises(FileExistsError, match=r"old\.truth\.nc"):
        experiment.write_hdf5(tmp_path / "old.h5")
    with pytest.raises(FileExistsError, match=r"old\.truth\.nc"):
        experiment.write_run(tmp_path / "old")
    with pytest.raises(DataError, match="not empty"):
        experiment.write_run(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["old.truth.nc"]


def test_a_failing_disk_leaves_no_file_behind(tmp_path: Path, monkeypatch):
    experiment = simulate_particles(SMALL)
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        experiment.write_hdf5(tmp_path / "full.h5")
    assert list(tmp_path.iterdir()) == []


def test_a_file_holds_chunks_of_whole_frames(tmp_path: Path):
    path = simulate_particles(SMALL).write_hdf5(tmp_path / "experiment.h5")
    with h5py.File(path) as file:
        data = file["/entry_1/instrument_1/detector_1/data"]
        assert data.shape == (75, 48, 48)
        assert data.chunks[1:] == (48, 48)


@pytest.mark.parametrize("planned", EVERY, ids=lambda planned: planned.name)
def test_experiments_have_the_classes_and_photons_that_methods_are_judged_at(planned):
    truth = planned.simulate().truth
    hit, photons = truth["hit"].to_numpy(), truth["photons"].to_numpy()
    shares = [np.mean(hit == name) for name in ("none", "single", "multiple")]
    assert shares == pytest.approx([0.4, 0.4, 0.2], abs=0.03)
    assert 10**2.5 <= photons[hit != "none"].min() < 10**2.6
    assert 10**4.4 < photons.max() <= 10**4.5


@pytest.mark.parametrize("planned", EVERY, ids=lambda planned: planned.name)
def test_several_particles_differ_from_one_by_more_than_counting(planned):
    """Kullback and Leibler's distance of the pattern from the same particles without interference, in nats.

    A place among some thousand must be found for the fringes: about ln 5000 = 8.5 of them are needed.
    """
    experiment = planned.simulate(40)
    made, live = experiment._frames, experiment._frames.detector.live
    noise = planned.options.read_noise**2
    for number in np.flatnonzero(experiment.truth["hit"] == "multiple"):
        pattern = made.signal(int(number))
        alone = sum(made.scattered([particle], int(number)) for particle in made.particles(int(number)))
        alone *= pattern[live].sum() / alone[live].sum()
        rest = made.background(int(number)) + noise
        seen, unseen = (pattern + rest)[live], (alone + rest)[live]
        assert (seen * np.log(seen / unseen) - seen + unseen).sum() > 12


def test_hit_shares_are_replaced_and_runs_repeated():
    planned = HELD_OUT[1]
    for share in (0.05, 0.2, 0.9):
        hit = planned.replace(hit_rate=share).simulate().truth["hit"].to_numpy()
        assert np.mean(hit != "none") == pytest.approx(share, abs=0.03)
        assert np.mean(hit[hit != "none"] == "multiple") == pytest.approx(1 / 3, abs=0.12)
    first, second = (planned.simulate(20, repeat=k) for k in (0, 1))
    assert first.frames.shape == (20, 128, 128)
    assert not np.array_equal(first.truth["photons"], second.truth["photons"])


def test_experiments_held_out_share_nothing_with_those_of_development():
    for name in ("photon_energy", "distance", "focus", "diameter", "background", "halo_width"):
        values = {getattr(planned.options, name) for planned in DEVELOPMENT}
        assert not any(getattr(planned.options, name) in values for planned in HELD_OUT), name
    seeds = sorted(planned.first_seed for planned in EVERY)
    assert min(np.diff(seeds)) >= 100_000
    assert len({planned.name for planned in EVERY}) == len(EVERY)


def test_an_unknown_species_comes_with_artefacts():
    for planned in THIRD_SPECIES:
        truth = planned.simulate().truth
        other = np.char.endswith(truth["species"].to_numpy(), "(other)")
        assert other.mean() == pytest.approx(0.4 * 0.35, abs=0.03)
        assert {"none", "streak", "ice"} == set(truth["artefact"].to_numpy())
