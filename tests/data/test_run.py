"""European XFEL runs: what `write_run` writes, EXtra-data accepts, and `open_frames` and `open_spectra` read."""

from __future__ import annotations

import pickle
from pathlib import Path

import dask
import extra_data
import h5py
import numpy as np
import pytest
import xarray as xr
from extra_data.validation import RunValidator

from pulsetrain.data import DataError, _lazy, fingerprint, open_frames, open_spectra, run_folder, write_run

TRAINS = [100, 102, 103, 105]
CAMERA = "SPB_EXP_CAM/CAM/SIDE:daqOutput"
SPECTROMETER = "SPB_SPEC/CAM/HIREX:daqOutput"
XGM = "SA1_XTD2_XGM/XGM/DOOCS"
DETECTOR = "SPB_DET_AGIPD1M-1"
PICTURES = np.arange(4 * 20 * 30, dtype=np.uint16).reshape(4, 20, 30)
SPECTRA = np.random.default_rng(2).random((4, 500))
ENERGIES = np.array([1.0, 1.5, 1.25, 0.75])


@pytest.fixture
def run(tmp_path: Path, agipd_frames: xr.DataArray) -> Path:
    """A corrected run with a detector, a camera, a spectrometer and a gas monitor."""
    return write_run(
        run_folder(tmp_path / "exp", proposal=900100, run=7),
        detectors={DETECTOR: agipd_frames},
        instruments={CAMERA: {"data.image.pixels": PICTURES}, SPECTROMETER: {"data.intensity": SPECTRA}},
        controls={XGM: {"pulseEnergy.photonFlux": xr.DataArray(ENERGIES, dims="train", attrs={"units": "mJ"})}},
        train_ids=TRAINS,
    )


def raw_of(frames: xr.DataArray) -> xr.DataArray:
    values = (frames.fillna(0) * 9000).astype(np.uint16)
    return values.assign_coords(gain=values + 1)


def test_the_run_has_the_facilitys_layout_and_passes_its_validator(run):
    assert run.parts[-5:] == ("SPB", "202601", "p900100", "proc", "r0007")
    names = sorted(file.name for file in run.glob("*.h5"))
    assert names == [f"CORR-R0007-AGIPD{n:02d}-S00000.h5" for n in range(16)] + ["CORR-R0007-DA01-S00000.h5"]
    RunValidator(str(run)).validate()


def test_extra_data_reads_what_was_written(run, agipd_frames):
    data = extra_data.RunDirectory(str(run), parallelize=False)
    assert data.train_ids == TRAINS
    metadata = data.run_metadata()
    assert (metadata["proposalNumber"], metadata["runNumber"]) == (900100, 7)
    np.testing.assert_array_equal(data[XGM, "pulseEnergy.photonFlux"].ndarray(), ENERGIES)
    np.testing.assert_array_equal(data[CAMERA, "data.image.pixels"].ndarray(), PICTURES)
    detector = extra_data.components.AGIPD1M(data, raw=False)
    read = detector["image.data"].ndarray()
    np.testing.assert_array_equal(read, agipd_frames.transpose("module", ...).values)
    assert np.argwhere(detector["image.mask"].ndarray().any(axis=3)).tolist() == [[3, 2, 7]]


def test_frames_come_back_with_train_and_pulse_numbers(run, agipd_frames):
    frames = open_frames(run)
    np.testing.assert_array_equal(frames.values, agipd_frames.values)
    for name in ("trainId", "pulseId"):
        np.testing.assert_array_equal(frames[name], agipd_frames[name])
    assert frames.attrs["detector"] == DETECTOR
    assert frames.attrs["data"] == "proc"
    assert "missing_modules" not in frames.attrs


def test_masked_pixels_are_nan(tmp_path, agipd_frames):
    run = write_run(tmp_path / "r0001", detectors={DETECTOR: agipd_frames.fillna(1)})
    with h5py.File(run / "CORR-R0001-AGIPD04-S00000.h5", "r+") as file:
        file[f"INSTRUMENT/{DETECTOR}/DET/4CH0:xtdf/image/mask"][5, 6, 7] = 2
    assert np.argwhere(np.isnan(open_frames(run).values)).tolist() == [[5, 4, 6, 7]]
    assert not np.isnan(open_frames(run, mask=False).values).any()


def test_proposal_and_run_number_find_the_run(run, monkeypatch):
    monkeypatch.setenv("EXTRA_DATA_DATA_ROOT", str(run.parents[4]))
    assert open_frames((900100, 7)).equals(open_frames(run))
    assert open_frames(("p900100", "r0007"), data="all").equals(open_frames(run))
    with pytest.raises(DataError, match=r"proposal 900100, run 8: got no such run.*EXTRA_DATA_DATA_ROOT"):
        open_frames((900100, 8))
    with pytest.raises(DataError, match="proposal 900999, run 7: got Couldn't find proposal"):
        open_frames((900999, 7))
    with pytest.raises(DataError, match="allowed: 'proc', 'raw' or 'all'"):
        open_frames((900100, 7), data="calibrated")


def test_all_prefers_corrected_data_and_takes_raw_where_there_are_none(tmp_path, monkeypatch, agipd_frames):
    root = tmp_path / "exp"
    monkeypatch.setenv("EXTRA_DATA_DATA_ROOT", str(root))
    write_run(run_folder(root, proposal=900100, run=1, data="raw"), detectors={DETECTOR: raw_of(agipd_frames)})
    assert open_frames((900100, 1), data="all").attrs["data"] == "raw"
    write_run(run_folder(root, proposal=900100, run=1, data="proc"), detectors={DETECTOR: agipd_frames})
    assert open_frames((900100, 1), data="all").attrs["data"] == "proc"


def test_raw_frames_have_their_gain_plane_apart(tmp_path, agipd_frames):
    raw = raw_of(agipd_frames)
    run = write_run(tmp_path / "raw" / "r0012", detectors={DETECTOR: raw})
    RunValidator(str(run)).validate()
    frames = open_frames(run)
    assert frames.attrs["data"] == "raw"
    assert frames.attrs["units"] == "ADU"
    assert frames.dtype == np.uint16
    np.testing.assert_array_equal(frames.values, raw.values)
    np.testing.assert_array_equal(frames.gain.values, raw.gain.values)


def test_absent_modules_are_nan_and_said(tmp_path, agipd_frames):
    some = agipd_frames.isel(module=[0, 3, 15]).assign_coords(module=[0, 3, 15])
    frames = open_frames(write_run(tmp_path / "r0001", detectors={DETECTOR: some}))
    assert frames.sizes["module"] == 16
    assert frames.attrs["missing_modules"] == "1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14"
    np.testing.assert_array_equal(frames.sel(module=[0, 3, 15]).values, some.values)
    assert frames.drop_sel(module=[0, 3, 15]).isnull().all()


def test_a_train_that_a_module_lost_is_nan(tmp_path, agipd_frames):
    whole = agipd_frames.isel(module=[0, 1]).assign_coords(module=[0, 1])
    run = write_run(tmp_path / "r0001", detectors={DETECTOR: whole.isel(module=[0])}, train_ids=TRAINS)
    other = whole.isel(module=[1], pattern=[0, 1, 5])
    second = write_run(tmp_path / "r0002", detectors={DETECTOR: other}, train_ids=TRAINS)
    (second / "CORR-R0002-AGIPD01-S00000.h5").rename(run / "CORR-R0001-AGIPD01-S00000.h5")
    frames = open_frames(run)
    np.testing.assert_array_equal(frames.isel(module=0).values, whole.isel(module=0).values)
    np.testing.assert_array_equal(frames.isel(module=1, pattern=[0, 1, 5]).values, other.isel(module=0).values)
    assert frames.isel(module=1, pattern=[2, 3, 4]).isnull().all()


def test_a_file_that_is_cut_off_is_named(run):
    file = run / "CORR-R0007-AGIPD05-S00000.h5"
    file.write_bytes(file.read_bytes()[:5000])
    frames = open_frames(run)
    assert frames.attrs["missing_modules"] == "5"
    assert frames.attrs["unreadable_files"] == file.name


def test_modules_that_do_not_agree_are_refused_with_the_name_of_the_run(tmp_path, agipd_frames):
    whole = agipd_frames.isel(module=[0, 1, 2]).assign_coords(module=[0, 1, 2])
    run = write_run(tmp_path / "r0001", detectors={DETECTOR: whole}, train_ids=TRAINS)
    with h5py.File(run / "CORR-R0001-AGIPD01-S00000.h5", "r+") as file:
        pulses = file[f"INSTRUMENT/{DETECTOR}/DET/1CH0:xtdf/image/pulseId"]
        pulses[...] = pulses[()] + 1
    cut = run / "CORR-R0001-AGIPD02-S00000.h5"
    cut.write_bytes(cut.read_bytes()[:5000])
    with pytest.raises(DataError, match=rf"r0001: got Inconsistent pulseId .*{cut.name}.*Next: ") as caught:
        open_frames(run)
    assert caught.value.__cause__ is not None


def test_a_camera_is_opened_by_its_source(run):
    frames = open_frames(run, source=CAMERA)
    assert frames.dims == ("pattern", "y", "x")
    np.testing.assert_array_equal(frames.values, PICTURES)
    assert frames.trainId.values.tolist() == TRAINS


def test_the_only_camera_needs_no_name(tmp_path):
    run = write_run(tmp_path / "r0001", instruments={CAMERA: {"data.image.pixels": PICTURES}})
    assert open_frames(run).shape == PICTURES.shape


def test_a_spectrum_per_train_is_a_series_over_train_id(run):
    series = open_spectra(run, source=SPECTROMETER, key="data.intensity")
    np.testing.assert_array_equal(series.values, SPECTRA)
    assert series.order.values.tolist() == series.trainId.values.tolist() == TRAINS
    assert series.order.attrs["long_name"] == "trainId"
    assert series["name"].values.tolist() == ["100", "102", "103", "105"]
    assert open_spectra(run).equals(series)


def test_a_wrong_source_or_key_names_the_near_ones(run):
    with pytest.raises(DataError, match="source='SPB_SPEC/CAM/HIREXX:daqOutput'.*" + SPECTROMETER):
        open_spectra(run, source="SPB_SPEC/CAM/HIREXX:daqOutput")
    with pytest.raises(DataError, match=r"key='data\.intensities'.*data\.intensity"):
        open_spectra(run, source=SPECTROMETER, key="data.intensities")
    with pytest.raises(DataError, match="one vector of numbers per train"):
        open_spectra(run, source=CAMERA, key="data.image.pixels")
    with pytest.raises(DataError, match="0 keys with pictures"):
        open_frames(run, source=SPECTROMETER)


@pytest.mark.parametrize(
    ("name", "modules", "units"),
    [
        ("SPB_DET_AGIPD1M-1", (16, 512, 128), "ADU"),
        ("HED_DET_AGIPD500K2G", (8, 512, 128), "ADU"),
        ("SCS_DET_DSSC1M-1", (16, 128, 512), "ADU"),
        ("FXE_DET_LPD1M-1", (16, 256, 256), "keV"),
    ],
)
def test_every_detector_reads_in_blocks_that_cross_trains_and_in_threads(tmp_path, monkeypatch, name, modules, units):
    coords = {"trainId": ("pattern", np.repeat([3, 4, 9], 3)), "pulseId": ("pattern", np.tile([0, 4, 8], 3))}
    values = np.random.default_rng(0).random((9, *modules), dtype=np.float32)
    dims = ("pattern", "module", "slow_scan", "fast_scan")
    run = write_run(tmp_path / "r0001", detectors={name: xr.DataArray(values, dims=dims, coords=coords)})
    monkeypatch.setattr(_lazy, "_BLOCK", 2 * values[0].nbytes)
    frames = open_frames(run)
    assert frames.data.numblocks[0] == 5
    assert frames.attrs["units"] == units
    with dask.config.set(scheduler="threads", num_workers=4):
        np.testing.assert_array_equal(frames.values, values)


def test_jungfrau_frames_are_trains_times_memory_cells(tmp_path):
    import h5py
    from extra_data.tests.mockdata import write_file
    from extra_data.tests.mockdata.jungfrau import JUNGFRAUModule

    rng = np.random.default_rng(0)
    written = {}
    for module in (1, 2):
        path = tmp_path / f"CORR-R0001-JNGFR{module:02d}-S00000.h5"
        write_file(path, [JUNGFRAUModule(f"SPB_IRDA_JF4M/DET/JNGFR{module:02d}")], 2, chunksize=1, format_version="1.0")
        with h5py.File(path, "r+") as file:
            adc = file[f"INSTRUMENT/SPB_IRDA_JF4M/DET/JNGFR{module:02d}:daqOutput/data/adc"]
            written[module] = rng.random((2, 16, 4, 4), dtype=np.float32)
            adc[:, :, :4, :4] = written[module]
    frames = open_frames(tmp_path)
    assert frames.shape == (32, 2, 512, 1024)
    assert frames.module.values.tolist() == [1, 2]
    np.testing.assert_array_equal(frames.trainId, np.repeat([10000, 10001], 16))
    corner = frames[17:19, :, :4, :4].values
    for module in (1, 2):
        np.testing.assert_array_equal(corner[:, module - 1], written[module][1, 1:3])
    assert frames.attrs["units"] == "keV"


def test_raw_lpd_frames_lose_their_empty_axis(tmp_path):
    values = np.random.default_rng(0).integers(0, 4000, (3, 2, 256, 256)).astype(np.uint16)
    coords = {"trainId": ("pattern", [5, 5, 6]), "pulseId": ("pattern", [1, 2, 1]), "module": [0, 9]}
    frames = xr.DataArray(values, dims=("pattern", "module", "slow_scan", "fast_scan"), coords=coords)
    run = write_run(tmp_path / "raw" / "r0001", detectors={"FXE_DET_LPD1M-1": frames})
    RunValidator(str(run)).validate()
    read = open_frames(run)
    assert "gain" not in read.coords
    np.testing.assert_array_equal(read.sel(module=[0, 9]).values, values)


def test_frames_travel_to_worker_processes(run, agipd_frames):
    there = pickle.loads(pickle.dumps(open_frames(run)))  # noqa: S301  our own bytes
    np.testing.assert_array_equal(there[4].values, agipd_frames[4].values)


def test_the_same_input_gives_the_same_files(run, tmp_path, agipd_frames):
    again = write_run(
        run_folder(tmp_path / "again", proposal=900100, run=7), detectors={DETECTOR: agipd_frames}, train_ids=TRAINS
    )
    for name in (f"CORR-R0007-AGIPD{n:02d}-S00000.h5" for n in (0, 15)):
        assert fingerprint([again / name]) == fingerprint([run / name])


def test_frames_written_lazily_are_never_held_whole(tmp_path):
    import dask.array as da

    frames = xr.DataArray(
        da.ones((70, 1, 512, 128), chunks=(8, 1, 512, 128), dtype=np.float32),
        dims=("pattern", "module", "slow_scan", "fast_scan"),
        coords={"trainId": ("pattern", np.arange(70) // 7 + 1), "pulseId": ("pattern", np.arange(70) % 7)},
    )
    assert open_frames(write_run(tmp_path / "r0001", detectors={DETECTOR: frames})).shape == (70, 16, 512, 128)


class TestRefusedBeforeAnythingIsWritten:
    @pytest.fixture
    def refuse(self, tmp_path):
        def check(match, **arguments):
            with pytest.raises(DataError, match=match):
                write_run(tmp_path / "r0001", **arguments)
            assert not (tmp_path / "r0001").exists()

        return check

    def test_nothing(self, refuse):
        refuse("nothing to write")

    def test_frames_of_another_shape(self, refuse, agipd_frames):
        refuse("name the axes", detectors={DETECTOR: agipd_frames.isel(module=0)})

    def test_a_detector_name_of_another_kind(self, refuse, agipd_frames):
        refuse("a name with AGIPD", detectors={"FXE_DET_LPD1M-1": agipd_frames})

    def test_frames_without_pulse_numbers(self, refuse, agipd_frames):
        refuse("no pulseId", detectors={DETECTOR: agipd_frames.drop_vars("pulseId")})

    def test_frames_out_of_order(self, refuse, agipd_frames):
        refuse("trains out of order", detectors={DETECTOR: agipd_frames[::-1]})

    def test_frames_of_trains_outside_the_run(self, refuse, agipd_frames):
        refuse("train 105; allowed", detectors={DETECTOR: agipd_frames}, train_ids=[100, 102])

    def test_raw_frames_that_are_no_whole_numbers(self, refuse, agipd_frames):
        refuse("raw frames of float32", detectors={DETECTOR: agipd_frames}, data="raw")

    def test_train_numbers_that_fall(self, refuse):
        refuse("rising numbers", controls={XGM: {"a": ENERGIES}}, train_ids=[4, 3, 2, 1])

    def test_arrays_with_another_number_of_trains(self, refuse):
        refuse("4 entries for 3 trains", instruments={CAMERA: {"data.image.pixels": PICTURES}}, train_ids=[1, 2, 3])

    def test_an_instrument_source_without_its_channel(self, refuse):
        refuse("add the output channel", instruments={"SPB/CAM/1": {"data.image.pixels": PICTURES}})


def test_a_folder_with_files_is_left_alone(run):
    with pytest.raises(DataError, match="not empty"):
        write_run(run, controls={XGM: {"a": ENERGIES}})
