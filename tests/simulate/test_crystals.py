"""A simulated experiment as its user meets it: frames, noise, drift, files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from extra_data import RunDirectory
from extra_geom import AGIPD_1MGeometry, JUNGFRAUGeometry

from pulsetrain import DataError, open_frames
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.lattices import centering_vectors
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.options import OptionError
from pulsetrain.simulate.crystals import CrystalOptions, detector_geometry, simulate_crystals
from pulsetrain.simulate.crystals_families import IN_FAMILY, OUT_OF_FAMILY

SMALL = CrystalOptions(n_patterns=6, detector="agipd-mini")
# Photons, one by one: nothing but counting changes them.
COUNTS = SMALL.replace(
    n_patterns=12, hit_rate=0, false_peaks=0, read_noise=0, hot_pixels=0, dead_pixels=0, adu_per_photon=1, water=4
)


def test_frames_are_what_open_frames_would_give():
    frames = simulate_crystals(SMALL).frames
    assert frames.dims == ("pattern", "module", "slow_scan", "fast_scan")
    assert frames.shape == (6, 4, 512, 128)
    assert frames.attrs["units"] == "ADU"
    assert frames["trainId"].dtype == frames["pulseId"].dtype == np.uint64
    assert frames.chunks is not None


def test_the_same_seed_gives_the_same_patterns_however_they_are_read():
    whole = simulate_crystals(SMALL, seed=3).frames.to_numpy()
    again = simulate_crystals(SMALL, seed=3).frames
    np.testing.assert_array_equal(again[4].to_numpy(), whole[4])
    np.testing.assert_array_equal(again.chunk({"pattern": 1})[1:3].to_numpy(), whole[1:3])
    np.testing.assert_array_equal(again[::-1].to_numpy(), whole[::-1])
    assert not np.array_equal(simulate_crystals(SMALL, seed=4).frames[4].to_numpy(), whole[4])


def test_experiments_are_told_apart_by_their_fingerprint():
    prints = {
        simulate_crystals(options, seed=seed).frames.attrs["fingerprint"]
        for options, seed in ((SMALL, 3), (SMALL, 4), (SMALL.replace(water=0.1), 3), (SMALL, 3))
    }
    assert len(prints) == 3


def test_many_thousand_patterns_are_there_at_once_and_made_when_read():
    frames = simulate_crystals(SMALL.replace(n_patterns=100_000)).frames
    assert frames.nbytes > 5e10
    assert set(frames.chunks[0]) == {1}
    assert frames[99_999].to_numpy().shape == (4, 512, 128)


def test_photons_are_counted_as_poisson_does():
    """Variance over mean is 1, and the share of empty pixels that of the law: both for every expected number."""
    experiment = simulate_crystals(COUNTS, seed=2)
    photons = experiment.frames.to_numpy().reshape(12, -1).astype(float)
    expected = np.array([experiment._patterns.background(k) for k in range(12)], dtype=float)
    for low, high in ((0.05, 0.5), (0.5, 2), (2, 8)):
        within = (expected > low) & (expected < high)
        assert within.sum() > 20_000
        residual = (photons[within] - expected[within]) ** 2 / expected[within]
        assert residual.mean() == pytest.approx(1, abs=6 * np.sqrt((2 + 1 / low) / within.sum()))
        assert np.mean(photons[within] == 0) == pytest.approx(np.exp(-expected[within]).mean(), abs=0.004)
        assert photons[within].mean() == pytest.approx(expected[within].mean(), rel=0.01)


def test_a_still_experiment_is_stationary():
    still = COUNTS.replace(n_patterns=60, jitter=0)
    means = simulate_crystals(still, seed=1).frames.mean(("module", "slow_scan", "fast_scan")).to_numpy()
    # The jet's thickness scatters by a quarter from pattern to pattern, and by nothing else.
    slope, error = np.polyfit(np.linspace(-1, 1, 60), means, 1, cov=True)
    assert abs(slope[0]) < 4 * np.sqrt(error[0, 0])
    assert np.corrcoef(means[1:], means[:-1])[0, 1] < 0.4


def test_drift_moves_what_it_names_by_as_much_as_it_says():
    options = SMALL.replace(n_patterns=200, clen_drift=2, beam_drift=3, gain_drift=10, jet_drift=0.5, hit_rate=1)
    truth = simulate_crystals(options).truth
    assert np.ptp(truth["clen"].to_numpy()) / truth.attrs["clen"] == pytest.approx(0.02)
    assert np.ptp(truth["beam_x"].to_numpy()) == pytest.approx(3)
    assert np.ptp(truth["gain"].to_numpy()) == pytest.approx(0.1)
    assert float(truth["clen"].mean()) == pytest.approx(truth.attrs["clen"])
    # The jet gives between all and half of its hits.
    assert 0.5 < (truth["n_lattices"] > 0).mean() < 1
    still = simulate_crystals(SMALL).truth
    assert all(np.ptp(still[name].to_numpy()) == 0 for name in ("clen", "beam_x", "beam_y", "gain"))


def test_a_jet_that_fades_loses_its_solvent_ring():
    fading = COUNTS.replace(n_patterns=40, jet_drift=1, jitter=0, air=0)
    experiment = simulate_crystals(fading, seed=5)
    totals = experiment.frames.sum(("module", "slow_scan", "fast_scan")).to_numpy()
    assert np.corrcoef(totals, experiment.truth["water"])[0, 1] > 0.9999
    assert totals.min() < 0.2 * totals.max()


def test_gain_multiplies_photons_and_read_noise_is_added():
    quiet = COUNTS.replace(water=0, air=0, n_patterns=2, read_noise=7)
    noise = simulate_crystals(quiet).frames.to_numpy().astype(float)
    # Rounding to whole units adds 1/12.
    assert noise.std() == pytest.approx(np.sqrt(49 + 1 / 12), rel=0.003)
    assert abs(noise.mean()) < 0.05
    amplified = simulate_crystals(COUNTS.replace(adu_per_photon=20, n_patterns=1)).frames.to_numpy()
    assert set(np.unique(amplified % 20)) == {0}


def test_hot_pixels_always_glow_and_dead_ones_are_always_dark():
    options = SMALL.replace(n_patterns=8, hot_pixels=500, dead_pixels=500, hit_rate=0, false_peaks=0)
    frames = simulate_crystals(options).frames.to_numpy()
    size = frames[0].size
    hot, dead = (frames > 150).all(axis=0).sum(), (frames == 0).all(axis=0).sum()
    assert hot == pytest.approx(500e-6 * size, abs=5 * np.sqrt(500e-6 * size))
    assert dead == pytest.approx(500e-6 * size, abs=5 * np.sqrt(500e-6 * size))


def test_hits_and_multiple_hits_come_as_often_as_told():
    truth = simulate_crystals(SMALL.replace(n_patterns=4000, hit_rate=0.3, multiple=0.25)).truth
    hits = (truth["n_lattices"] > 0).to_numpy()
    assert hits.mean() == pytest.approx(0.3, abs=0.03)
    assert (truth["n_lattices"].to_numpy()[hits] == 2).mean() == pytest.approx(0.25, abs=0.06)
    assert set(truth["kind"].to_numpy()) == {"blank", "single", "multiple"}
    assert np.array_equal(np.bincount(truth["crystal_pattern"], minlength=4000), truth["n_lattices"])


def test_the_beam_is_polarised_and_the_ring_is_waters():
    # Straight up the ring is as bright as at right angles to the field, to the sides it is dimmer by cos²2θ.
    experiment = simulate_crystals(COUNTS.replace(detector="agipd-1m", clen=0.12, polarisation=1, air=0, n_patterns=1))
    place = experiment.geometry.positions().reshape(-1, 3)
    mean = experiment._patterns.background(0)
    way = place / np.linalg.norm(place, axis=1)[:, None]
    two_theta, azimuth = np.arccos(way[:, 2]), np.arctan2(way[:, 1], way[:, 0])
    ring = np.abs(two_theta - 2 * np.arcsin(0.305 * experiment.geometry.wavelength / 2)) < 0.005
    across, along = (mean[ring & (np.abs(np.abs(azimuth) - middle) < 0.2)].mean() for middle in (np.pi / 2, np.pi))
    assert along / across == pytest.approx(np.cos(two_theta[ring].mean()) ** 2, abs=0.02)
    # 3.3 Å: the ring outshines what is inside and outside of it.
    d = experiment.geometry.wavelength / (2 * np.sin(two_theta / 2))
    assert mean[(d > 3.2) & (d < 3.4)].mean() > 2 * mean[(d > 5) & (d < 6)].mean()


def test_the_user_has_the_wrong_camera_length_and_cell_that_were_asked_for():
    experiment = simulate_crystals(SMALL.replace(clen_error=2, cell_error=-1), cell=UnitCell(50, 60, 70, 90, 100, 90))
    assert experiment.truth.attrs["clen"] == pytest.approx(0.12)
    assert experiment.geometry.clen == pytest.approx(0.1224)
    assert experiment.cell.parameters == pytest.approx((49.5, 59.4, 69.3, 90, 100, 90))
    assert experiment.cell.lattice_type == "monoclinic"


@pytest.mark.parametrize(
    ("name", "shape", "kind"),
    [
        ("agipd-1m", (16, 512, 128), AGIPD_1MGeometry),
        ("jungfrau-4m", (8, 512, 1024), JUNGFRAUGeometry),
        ("jungfrau-1m", (2, 512, 1024), JUNGFRAUGeometry),
        ("jungfrau-500k", (1, 512, 1024), JUNGFRAUGeometry),
    ],
)
def test_detectors_stand_as_extra_geom_reads_them_with_gaps_and_tilts(tmp_path: Path, name, shape, kind):
    geometry = detector_geometry(name, clen=0.2, photon_energy=12_000, adu_per_photon=12)
    assert (geometry.shape, geometry.clen, geometry.photon_energy) == (shape, pytest.approx(0.2), 12_000)
    assert geometry.adu_per_photon == pytest.approx(12)
    geometry.write(tmp_path / "detector.geom")
    oracle = kind.from_crystfel_geom(str(tmp_path / "detector.geom")).get_pixel_positions()
    np.testing.assert_allclose(geometry.positions() - oracle, np.broadcast_to([0, 0, 0.2], oracle.shape), atol=1e-12)
    normals = np.array([np.cross(panel.fs, panel.ss) for panel in geometry.panels])
    tilt = np.degrees(np.arccos(np.abs(normals[:, 2]) / np.linalg.norm(normals, axis=1)))
    assert 0.01 < tilt.max() < 1


def test_the_beam_meets_no_pixel_that_counts():
    for name in ("agipd-1m", "agipd-mini", "jungfrau-4m", "jungfrau-1m", "jungfrau-500k"):
        geometry = detector_geometry(name)
        radius = np.linalg.norm(geometry.positions()[~geometry.bad][:, :2], axis=1)
        assert radius.min() > 1e-4


def test_a_geometry_of_the_users_own_is_used(tmp_path: Path):
    text = (
        "photon_energy = 8000\nclen = 0.1\nres = 10000\nadu_per_photon = 3\ndim0 = %\ndim1 = fs\ndim2 = ss\n"
        "data = /data/images\n"
        "p0/min_fs = 0\np0/max_fs = 299\np0/min_ss = 0\np0/max_ss = 199\np0/corner_x = -150\np0/corner_y = 40\n"
        "p0/fs = x\np0/ss = y\n"
    )
    experiment = simulate_crystals(SMALL.replace(clen=0.3), geometry=CrystFELGeometry.parse(text))
    assert experiment.frames.dims == ("pattern", "y", "x")
    assert experiment.frames.shape == (6, 300, 200)
    assert experiment.truth.attrs["clen"] == 0.1
    experiment.write_hdf5(tmp_path / "own.h5")
    with h5py.File(tmp_path / "own.h5") as file:
        np.testing.assert_array_equal(file["/data/images"][()], experiment.frames.to_numpy())


@pytest.mark.parametrize("line", ["clen = /motor/z", "photon_energy = /beam/energy"])
def test_a_geometry_that_leaves_the_beam_or_the_length_to_the_data_is_refused(line: str):
    text = detector_geometry("jungfrau-500k").text
    key = line.split(" ", 1)[0]
    changed = "\n".join(line if old.startswith(key) else old for old in text.splitlines())
    with pytest.raises(DataError, match="numbers in the file"):
        simulate_crystals(SMALL, geometry=CrystFELGeometry.parse(changed))


def test_an_unknown_detector_is_refused_by_name():
    with pytest.raises(DataError, match="pilatus"):
        detector_geometry("pilatus")
    with pytest.raises(OptionError, match="detector"):
        CrystalOptions(detector="pilatus")


def test_hdf5_is_laid_out_as_crystfel_reads_it(tmp_path: Path, measured: Path):
    """The recorded sample was read by a real indexamajig."""
    experiment = simulate_crystals(CrystalOptions(n_patterns=2), seed=1)
    path = experiment.write_hdf5(tmp_path / "experiment.h5")
    key = "/entry_1/instrument_1/detector_1/data"
    with h5py.File(path) as ours, h5py.File(measured / "crystfel" / "sample.h5") as known:
        for name in ("dtype", "chunks", "compression"):
            assert getattr(ours[key], name) == getattr(known[key], name)
        assert ours[key].shape[1:] == known[key].shape[1:]
        assert ours["entry_1/photon_energy_eV"][()] == 9300

    def keys(file: Path) -> set[str]:
        lines = (line.partition("=")[0].strip() for line in file.read_text().splitlines() if "=" in line)
        return {line for line in lines if not line.startswith(";")}

    assert keys(path.with_suffix(".geom")) == keys(measured / "crystfel" / "sample.geom")
    assert keys(path.with_suffix(".cell")) - {"unique_axis"} == keys(measured / "crystfel" / "sample.cell")


def test_hdf5_is_read_back_with_its_geometry_cell_and_truth(tmp_path: Path):
    experiment = simulate_crystals(SMALL.replace(clen_error=1.5), seed=1)
    path = experiment.write_hdf5(tmp_path / "new" / "experiment.h5")
    frames = open_frames(path)
    np.testing.assert_array_equal(frames.to_numpy(), experiment.frames.to_numpy())
    for name in ("trainId", "pulseId", "cellId"):
        np.testing.assert_array_equal(frames[name], experiment.frames[name])
    assert frames.attrs["units"] == "ADU"
    assert CrystFELGeometry.read(path.with_suffix(".geom")).clen == pytest.approx(0.12 * 1.015)
    assert UnitCell.read(path.with_suffix(".cell")) == experiment.cell
    with xr.open_dataset(path.with_suffix(".truth.nc"), engine="h5netcdf") as truth:
        np.testing.assert_array_equal(truth["crystal_axes"], experiment.truth["crystal_axes"])
        assert CrystalOptions.model_validate_json(truth.attrs["options"]) == SMALL.replace(clen_error=1.5)


def test_a_run_is_read_back_as_the_facilitys(tmp_path: Path):
    experiment = simulate_crystals(CrystalOptions(n_patterns=34), seed=1)
    few = experiment.frames.isel(pattern=slice(30, 34))
    folder = experiment.write_run(tmp_path / "proc" / "r0001")
    frames = open_frames(folder, geometry=tmp_path / "proc" / "r0001.geom")
    assert frames.attrs["units"] == "ADU"
    np.testing.assert_array_equal(frames[30:34].to_numpy(), few.to_numpy())
    np.testing.assert_array_equal(frames["trainId"], experiment.frames["trainId"])
    run = RunDirectory(str(folder))
    assert len(run.train_ids) == 2
    energy = run["SPB_XTD9_XGM/XGM/DOOCS", "pulseEnergy.photonFlux"].ndarray()
    assert energy[0] == pytest.approx(experiment.truth["pulse_energy"].to_numpy()[:32].mean(), rel=1e-6)
    assert (tmp_path / "proc" / "r0001.geom").is_file()


def test_nothing_is_overwritten_and_nothing_half_written(tmp_path: Path):
    experiment = simulate_crystals(SMALL)
    (tmp_path / "old.cell").write_text("mine")
    with pytest.raises(FileExistsError, match=r"old\.cell"):
        experiment.write_hdf5(tmp_path / "old.h5")
    with pytest.raises(DataError, match="write_hdf5"):
        experiment.write_run(tmp_path / "r0001")
    assert [file.name for file in tmp_path.iterdir()] == ["old.cell"]


def test_a_failing_disk_leaves_no_file_behind(tmp_path: Path, monkeypatch):
    experiment = simulate_crystals(SMALL)
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        experiment.write_hdf5(tmp_path / "full.h5")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("family", [IN_FAMILY, OUT_OF_FAMILY], ids=lambda family: family.name)
def test_a_familys_experiments_keep_to_its_ranges_and_to_their_numbers(family):
    systems = set()
    for number in range(60):
        drawn = family.draw(number)
        assert drawn == family.draw(number)
        assert family.clen_error[0] <= drawn.options.clen_error <= family.clen_error[1]
        assert family.clen[0] <= drawn.options.clen <= family.clen[1]
        primitive = drawn.cell.volume * np.linalg.det(centering_vectors(drawn.cell.centering))
        assert 0.99 * family.volume[0] < primitive < 1.01 * family.volume[1]
        systems.add((drawn.cell.lattice_type, drawn.cell.centering))
    assert systems == set(family.systems)


def test_the_families_share_no_seed_and_no_detector():
    assert IN_FAMILY.first_seed + 100_000 < OUT_OF_FAMILY.first_seed
    assert IN_FAMILY.detector != OUT_OF_FAMILY.detector


def test_a_drawn_experiment_is_simulated_with_as_many_patterns_as_wanted():
    experiment = next(OUT_OF_FAMILY.experiments(1, first=3))
    assert experiment.frames.sizes["pattern"] == 48
    assert OUT_OF_FAMILY.draw(3).simulate(5).frames.shape == (5, 1, 512, 1024)
