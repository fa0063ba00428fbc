"""Measured data of the field open as a user would open them."""

from __future__ import annotations

import numpy as np
import pytest

import pulsetrain
from pulsetrain.data import assemble


def test_the_lamno3_temperature_series(measured):
    series = pulsetrain.open_spectra(measured / "spectra" / "LaMnO3_pdf")
    assert series.shape == (14, 2000)
    ramp = [300, 550, 650, 700, 720, 730, 740, 750, 800, 880, 980, 1050, 1100, 1150]
    assert series.order.values.tolist() == ramp
    assert series.order.attrs == {"long_name": "temperature", "units": "K"}
    assert series.axis.attrs == {"long_name": "r", "units": "Å"}
    np.testing.assert_allclose(series.axis, np.arange(1, 2001) * 0.01)
    assert series.attrs["long_name"] == "G(r)"
    assert series.values.min() < 0
    # The last two lines of 300K.gr.
    assert series.values[0, -2:].tolist() == [0.245, 0.384]
    assert len(series.attrs["fingerprint"]) == 64


@pytest.mark.parametrize(
    ("path", "shape", "units"),
    [
        ("images/data_agipd.npz", (1, 16, 512, 128), ""),
        ("sfx/hit-*.h5", (1, 1920, 1920), "ADU"),
        ("sfx/cxitut13_r10_32_cspadAsic.npy", (1, 185, 388), ""),
        ("crystfel/sample.h5", (24, 16, 512, 128), "ADU"),
        ("particles/euxfel2013_spi_4hits_recovered.h5", (4, 225, 225), "photons"),
    ],
)
def test_detector_frames_open(measured, path, shape, units):
    frames = pulsetrain.open_frames(measured / path)
    assert frames.shape == shape
    assert frames.attrs["units"] == units
    assert np.isfinite(frames[-1].values).any()


def test_a_table_of_spots_is_no_picture(measured):
    with pytest.raises(pulsetrain.DataError, match="0 datasets that could be pictures"):
        pulsetrain.open_frames(measured / "detection" / "spots_file.h5")


@pytest.mark.parametrize(
    ("data", "geometry"), [("images/data_agipd.npz", "images/test.geom"), ("crystfel/sample.h5",) * 2]
)
def test_agipd_frames_assemble_with_their_geometry(measured, data, geometry):
    frames = pulsetrain.open_frames(measured / data, geometry=measured / geometry.replace(".h5", ".geom"))[:1]
    picture = assemble(frames)
    assert picture.ndim == 3
    assert np.nansum(picture.values.astype(float)) == pytest.approx(frames.values.astype(float).sum())
