"""Modules are put where the geometry says, lazily."""

from __future__ import annotations

import dask.array as da
import extra_geom
import numpy as np
import pytest
import xarray as xr

from pulsetrain.data import DataError, assemble, open_frames


@pytest.fixture
def geometry() -> extra_geom.AGIPD_1MGeometry:
    return extra_geom.AGIPD_1MGeometry.from_quad_positions([(-525, 625), (-550, -10), (520, -160), (542, 475)])


def test_pictures_equal_those_of_extra_geom(agipd_frames, geometry):
    pictures = assemble(agipd_frames.chunk(pattern=2), geometry)
    assert isinstance(pictures.data, da.Array)
    assert pictures.dims == ("pattern", "y", "x")
    expected, centre = geometry.position_modules(agipd_frames.values)
    np.testing.assert_array_equal(pictures.values, expected)
    assert (pictures.y[centre[0]], pictures.x[centre[1]]) == (0, 0)
    np.testing.assert_array_equal(pictures.pulseId, agipd_frames.pulseId)


def test_a_geometry_given_on_opening_is_kept(tmp_path, agipd_frames, geometry):
    np.save(tmp_path / "a.npy", agipd_frames[:1].values)
    geometry.write_crystfel_geom(str(tmp_path / "a.geom"), clen=0.2, adu_per_ev=0.01, photon_energy=9000)
    frames = open_frames(tmp_path / "a.npy", geometry=tmp_path / "a.geom")
    assert frames.attrs["geometry"] == str(tmp_path / "a.geom")
    pixels = agipd_frames[:1].values
    assert np.nansum(assemble(frames).values) == pytest.approx(np.nansum(pixels), rel=1e-5)


def test_whole_numbers_become_floats_so_that_gaps_are_nan(agipd_frames, geometry):
    counts = (agipd_frames.fillna(0) * 100).astype(np.int16)
    pictures = assemble(counts, geometry)
    assert np.isnan(pictures.values).any()
    assert np.nansum(pictures.values.astype(float)) == counts.values.sum()


def test_no_or_another_geometry_is_refused(tmp_path, agipd_frames, geometry):
    with pytest.raises(DataError, match="no geometry"):
        assemble(agipd_frames)
    with pytest.raises(DataError, match="the geometry of this detector"):
        assemble(agipd_frames.isel(module=slice(0, 8)), geometry)
    with pytest.raises(DataError, match="no such geometry file"):
        assemble(agipd_frames, tmp_path / "absent.geom")
    (tmp_path / "bad.geom").write_text("clen = nothing\n")
    with pytest.raises(DataError, match="no geometry of AGIPD_1MGeometry"):
        assemble(agipd_frames, tmp_path / "bad.geom")
    with pytest.raises(DataError, match="AGIPD, LPD, DSSC or JUNGFRAU"):
        assemble(xr.DataArray(np.ones((1, 2, 9, 9)), dims=agipd_frames.dims), tmp_path / "bad.geom")
