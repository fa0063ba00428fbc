"""What `write_spectra` writes, `open_spectra` reads back exactly."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pulsetrain.data import DataError, open_spectra, write_spectra

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(max_size=12)


@st.composite
def series(draw) -> xr.DataArray:
    n_spectra, n_channels = draw(st.integers(1, 5)), draw(st.integers(2, 12))
    axis = sorted(draw(st.lists(st.floats(-1e300, 1e300), min_size=n_channels, max_size=n_channels, unique=True)))
    names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
    return xr.DataArray(
        draw(arrays(np.float64, (n_spectra, n_channels), elements=finite)),
        dims=("spectrum", "channel"),
        coords={
            "axis": ("channel", np.array(axis), {"long_name": draw(text), "units": draw(text)}),
            "order": (
                "spectrum",
                np.array(draw(st.lists(finite, min_size=n_spectra, max_size=n_spectra))),
                {"long_name": draw(text), "units": draw(text)},
            ),
            "name": ("spectrum", np.array(draw(st.lists(names, min_size=n_spectra, max_size=n_spectra)), dtype=str)),
        },
        attrs={"long_name": draw(text), "units": draw(text)},
    )


@settings(max_examples=60, deadline=None)
@given(series())
def test_round_trip_is_exact(written):
    with tempfile.TemporaryDirectory() as folder:
        write_spectra(written, folder)
        read = open_spectra(folder)
    xr.testing.assert_equal(read, written)
    for name in ("axis", "order"):
        assert read[name].attrs == written[name].attrs
    assert read.attrs.items() >= written.attrs.items()


def test_files_keep_the_names_of_the_spectra_and_read_in_other_programs(folder_of, tmp_path):
    rows = "1.0 2.0\n2.0 5.5\n"
    opened = open_spectra(folder_of({"300K.xy": rows, "1000K.xy": rows}))
    files = write_spectra(opened, tmp_path / "out")
    assert [file.name for file in files] == ["300K.xy", "1000K.xy"]
    np.testing.assert_array_equal(np.loadtxt(files[0]), [[1.0, 2.0], [2.0, 5.5]])
    assert '# order: 300.0\n# order long_name: "temperature"\n# order units: "K"' in files[0].read_text()


def test_a_bare_array_is_numbered(tmp_path):
    write_spectra(xr.DataArray(np.eye(3), dims=("spectrum", "channel")), tmp_path)
    read = open_spectra(tmp_path)
    np.testing.assert_array_equal(read.values, np.eye(3))
    assert read.axis.attrs["long_name"] == "channel"
    assert read.order.values.tolist() == [0, 1, 2]


def test_a_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(DataError, match="not empty"):
        write_spectra(xr.DataArray(np.eye(3), dims=("spectrum", "channel")), tmp_path)
    assert [file.name for file in Path(tmp_path).iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)])
def test_another_shape_is_refused_before_anything_is_written(tmp_path, shape):
    with pytest.raises(DataError, match="allowed: \\('spectrum', 'channel'\\)"):
        write_spectra(xr.DataArray(np.ones(shape)), tmp_path / "out")
    assert not (tmp_path / "out").exists()
