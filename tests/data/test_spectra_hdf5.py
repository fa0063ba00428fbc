"""HDF5 and NeXus files of spectra, as pyFAI, beamlines and people write them."""

from __future__ import annotations

from pathlib import Path

import dask.array as da
import h5py
import numpy as np
import pytest

from pulsetrain.data import DataError, open_frames, open_spectra

Q = np.linspace(0.5, 6.0, 300)
SIGNAL = np.random.default_rng(0).random((7, 300))


@pytest.fixture
def nexus(tmp_path: Path) -> Path:
    """A NeXus file whose default plot is a series against Q and temperature."""
    path = tmp_path / "integrated.nxs"
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        file["entry/decoy"] = np.ones((9, 400))
        entry = file["entry"]
        entry.attrs["default"] = "result"
        group = entry.create_group("result")
        group.attrs.update({"NX_class": "NXdata", "signal": "I", "axes": ["temperature", "q"]})
        group["I"] = SIGNAL
        group["q"], group["temperature"] = Q, np.arange(300.0, 1000.0, 100.0)
        group["q"].attrs["units"], group["temperature"].attrs["units"] = "nm^-1", "K"
        group["I"].attrs["units"] = "counts"
    return path


def test_the_default_plot_of_a_nexus_file_is_the_series(nexus):
    series = open_spectra(nexus)
    assert isinstance(series.data, da.Array)
    np.testing.assert_array_equal(series.values, SIGNAL)
    np.testing.assert_array_equal(series.axis, Q)
    assert series.axis.attrs == {"long_name": "Q", "units": "nm^-1"}
    assert series.order.values.tolist() == [300, 400, 500, 600, 700, 800, 900]
    assert series.order.attrs == {"long_name": "temperature", "units": "K"}
    assert series.attrs["units"] == "counts"


@pytest.mark.parametrize("order", [[f"{n}K" for n in range(7)], [np.nan] * 7], ids=["texts", "NaN"])
def test_an_order_without_numbers_gives_way_to_the_place_in_the_series(nexus, order):
    with h5py.File(nexus, "r+") as file:
        del file["entry/result/temperature"]
        file["entry/result/temperature"] = order
    series = open_spectra(nexus)
    assert series.order.values.tolist() == list(range(7))
    assert series.order.attrs["long_name"] == "spectrum"
    np.testing.assert_array_equal(series.axis, Q)


def test_a_dataset_is_chosen_by_key(nexus):
    assert open_spectra(nexus, key="entry/decoy").shape == (9, 400)
    np.testing.assert_array_equal(open_spectra(nexus, key="entry/result/I").axis, Q)


def test_a_bare_file_with_an_axis_beside_the_spectra_is_understood(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["tth"], file["spectra"] = Q, SIGNAL
    series = open_spectra(tmp_path / "a.h5")
    np.testing.assert_array_equal(series.axis, Q)
    assert series.axis.long_name == "2θ"


def test_an_axis_that_falls_is_kept(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["I"], file["q"] = np.ones((20, 30)), np.arange(30)[::-1]
    series = open_spectra(tmp_path / "a.h5")
    np.testing.assert_array_equal(series.axis, np.arange(30.0)[::-1])
    assert series.axis.long_name == "Q"


def test_files_with_one_spectrum_each_make_a_series(tmp_path):
    for temperature in (300, 1000):
        with h5py.File(tmp_path / f"{temperature}K.h5", "w") as file:
            file["I"] = SIGNAL[0] + temperature
    series = open_spectra(tmp_path)
    assert series.order.values.tolist() == [300, 1000]
    np.testing.assert_array_equal(series.values, [SIGNAL[0] + 300, SIGNAL[0] + 1000])


def test_a_file_without_one_clear_series_lists_what_it_has(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["one"], file["two"] = SIGNAL, SIGNAL
    with pytest.raises(DataError, match=r"2 datasets.*/one \(7, 300\), /two \(7, 300\).*key="):
        open_spectra(tmp_path / "a.h5")


def test_an_unknown_key_lists_what_there_is(nexus):
    with pytest.raises(DataError, match=r"no dataset 'entry/data'; allowed: .*entry/decoy"):
        open_spectra(nexus, key="entry/data")


@pytest.mark.parametrize("shape", [(2, 3, 4), (0, 300)])
def test_another_shape_is_refused(tmp_path, shape):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["I"] = np.zeros(shape)
    with pytest.raises(DataError, match="2-D dataset"):
        open_spectra(tmp_path / "a.h5", key="I")


def test_a_file_that_is_cut_off_is_refused(nexus):
    whole = nexus.read_bytes()
    nexus.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="a truncated file"):
        open_spectra(nexus)


def test_a_file_that_is_damaged_inside_is_refused(nexus):
    whole = nexus.read_bytes()
    assert b"SNOD" in whole
    nexus.write_bytes(whole.replace(b"SNOD", b"XXXX").replace(b"TREE", b"XXXX"))
    for opened in (open_spectra, open_frames):
        with pytest.raises(DataError, match=r"integrated\.nxs: got a damaged file"):
            opened(nexus)


def test_a_file_that_is_no_hdf5_is_refused(tmp_path):
    (tmp_path / "a.h5").write_text("1 2\n3 4\n")
    with pytest.raises(DataError, match="HDF5 cannot open"):
        open_spectra(tmp_path / "a.h5")


def test_an_all_nan_spectrum_is_named(tmp_path):
    values = SIGNAL.copy()
    values[3] = np.nan
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["I"] = values
    with pytest.raises(DataError, match=r"a\.h5\[3\].*no finite values"):
        open_spectra(tmp_path / "a.h5")
