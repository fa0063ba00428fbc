from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from extra_geom import AGIPD_1MGeometry
from hypothesis import given, settings
from hypothesis import strategies as st

from pulsetrain import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry

# One panel of 3 × 4 pixels of 100 µm, 0.5 m away, its outer corner 10 pixels right of the beam and 5 below.
ONE = """photon_energy = 9300 eV
clen = 0.5
res = 10000
adu_per_photon = 2.5
data = /data/data
p0/min_fs = 0
p0/max_fs = 3
p0/min_ss = 0
p0/max_ss = 2
p0/corner_x = 10
p0/corner_y = -5
p0/fs = +1.0x
p0/ss = +1.0y
"""
# A second panel below the first in the file, turned by 90° and 2 mm nearer, with a camera length of its own.
TWO = (
    ONE
    + """p1/min_fs = 0
p1/max_fs = 3
p1/min_ss = 3
p1/max_ss = 4
p1/corner_x = 0
p1/corner_y = 20
p1/fs = -1y
p1/ss = x
p1/clen = 0.6
p1/coffset = -0.002
"""
)


def read(text: str) -> CrystFELGeometry:
    return CrystFELGeometry.parse(text)


def test_pixel_centres_are_half_a_pixel_from_the_corner():
    geometry = read(ONE)
    assert geometry.shape == (3, 4)
    assert geometry.positions()[0, 0] == pytest.approx([10.5e-4, -4.5e-4, 0.5])
    assert geometry.positions()[2, 3] == pytest.approx([13.5e-4, -2.5e-4, 0.5])
    assert geometry.adu_per_photon == 2.5
    assert geometry.photon_energy == 9300
    # λ = hc / E
    assert geometry.wavelength == pytest.approx(1.3332, abs=1e-4)


def test_a_panel_of_its_own_direction_and_length_stands_where_it_says():
    place = read(TWO).positions()
    assert place.shape == (5, 4, 3)
    # Second panel, its pixel (ss 1, fs 2): x = 0 + 1.5, y = 20 − 2.5 pixels, z = 0.6 − 0.002 m.
    assert place[4, 2] == pytest.approx([1.5e-4, 17.5e-4, 0.598])
    assert place[0, 0, 2] == 0.5


def test_what_follows_a_common_line_holds_for_the_panels_after_it():
    later = TWO.replace("p1/clen = 0.6", "").replace("p1/min_fs", "clen = 0.7\nres = 5000\np1/min_fs", 1)
    place = read(later).positions()
    assert place[0, 0, 2] == 0.5
    assert place[4, 2] == pytest.approx([3e-4, 35e-4, 0.698])


@settings(max_examples=8, deadline=None)
@given(
    st.tuples(*[st.floats(-3, 3)] * 3),
    st.tuples(*[st.floats(-0.002, 0.002)] * 3),
    st.floats(0.05, 2),
    st.integers(0, 15),
)
def test_positions_are_those_of_extra_geom(tmp_path_factory, turn, shift, clen, module):
    file = tmp_path_factory.mktemp("geom") / "agipd.geom"
    mounted = AGIPD_1MGeometry.example().offset(shift).rotate(turn, modules=np.s_[module : module + 1])
    mounted.write_crystfel_geom(str(file), clen=clen, photon_energy=9300, adu_per_ev=0.001)
    oracle = AGIPD_1MGeometry.from_crystfel_geom(str(file)).get_pixel_positions() + np.array([0, 0, clen])
    geometry = CrystFELGeometry.read(file)
    np.testing.assert_allclose(geometry.positions(), oracle, atol=1e-12)
    assert geometry.shape == (16, 512, 128)
    assert not geometry.bad.any()
    assert geometry.adu_per_photon == pytest.approx(9.3)


@pytest.mark.parametrize("order", ["dim1 = fs\ndim2 = ss\ndim0 = %", "dim0 = %\ndim1 = fs\ndim2 = ss"])
def test_data_with_the_fast_axis_first_are_the_same_detector_transposed(order: str):
    straight, turned = read(ONE), read(f"{order}\n{ONE}")
    assert turned.shape == (4, 3)
    np.testing.assert_array_equal(turned.positions(), straight.positions().swapaxes(0, 1))
    assert turned.panels[0].size == (3, 4)


def test_modules_along_an_axis_of_their_own_and_gaps_between_panels_are_kept():
    module = ONE.replace("clen = 0.5", "clen = 0.5\ndim0 = %").replace(
        "p0/fs", "p0/dim1 = 2\np0/dim2 = ss\np0/dim3 = fs\np0/fs"
    )
    geometry = read(module)
    assert geometry.shape == (3, 3, 4)
    assert geometry.bad[:2].all()
    assert not geometry.bad[2].any()
    assert np.isnan(geometry.positions()[:2]).all()


@pytest.mark.parametrize(
    ("entry", "metres"), [("135 mm", 0.135), ("0.135", 0.135), ("0.135 m", 0.135), ("1.35e-1 ; measured", 0.135)]
)
def test_camera_lengths_come_in_metres_and_millimetres(entry: str, metres: float):
    assert read(ONE.replace("clen = 0.5", f"clen = {entry}")).clen == pytest.approx(metres)


@pytest.mark.parametrize(
    "entry",
    ["photon_energy = 9.3 keV", "photon_energy = 9300", "photon_energy = 0.0093 MeV", "wavelength = 1.3331634 A",
     "wavelength = 1.3331634e-10 m"],
)  # fmt: skip
def test_the_beam_is_given_as_energy_or_wavelength(entry: str):
    assert read(ONE.replace("photon_energy = 9300 eV", entry)).photon_energy == pytest.approx(9300, abs=0.01)


def test_what_lies_in_the_data_file_is_nan_until_it_is_set():
    text = ONE.replace("clen = 0.5", "clen = /LCLS/detector_1/EncoderValue").replace(
        "9300 eV", "/LCLS/photon_energy_eV"
    )
    geometry = read(text)
    assert np.isnan(geometry.clen)
    assert np.isnan(geometry.photon_energy)
    assert np.isnan(geometry.positions()[..., 2]).all()
    assert geometry.with_clen(0.3).clen == 0.3


@pytest.mark.parametrize(
    "entry",
    ["photon_energy = about ten keV", "photon_energy = 9300 J", "photon_energy = -9300", "wavelength = 1.33 nm",
     "wavelength = 0 A"],
)  # fmt: skip
def test_a_beam_that_makes_no_sense_is_not_taken_for_none(entry: str):
    with pytest.raises(DataError, match=f"got {entry}; allowed: a number above 0"):
        read(ONE.replace("photon_energy = 9300 eV", entry))


@pytest.mark.parametrize(
    "text", [ONE, TWO, TWO.replace("clen = 0.6", "clen = 600 mm"), ONE.replace("clen = 0.5\n", "")]
)
@settings(max_examples=20, deadline=None)
@given(clen=st.floats(0.01, 20))
def test_another_camera_length_moves_the_detector_along_the_beam_and_changes_nothing_else(text: str, clen: float):
    before, after = read(text), read(text).with_clen(clen)
    assert after.clen == pytest.approx(clen, rel=1e-8)
    moved = after.positions() - before.positions()
    np.testing.assert_array_equal(moved[..., :2], 0)
    if np.isfinite(before.clen):
        np.testing.assert_allclose(moved[..., 2], clen - before.clen, atol=1e-8)
    changed = set(after.text.splitlines()) ^ set(before.text.splitlines())
    assert all("clen" in line for line in changed)


def test_a_geometry_written_is_read_as_it_was(tmp_path: Path):
    read(TWO).with_clen(0.4).write(tmp_path / "tuned.geom")
    again = CrystFELGeometry.read(tmp_path / "tuned.geom")
    np.testing.assert_array_equal(again.positions(), read(TWO).with_clen(0.4).positions())
    assert again.path == tmp_path / "tuned.geom"


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        # In the laboratory, in pixels: x is 10.5, 11.5, 12.5, 13.5 along the first panel's fast axis.
        (
            "bad_a/min_x = 11\nbad_a/max_x = 13\nbad_a/min_y = -10\nbad_a/max_y = 0",
            [(s, f) for s in range(3) for f in (1, 2)],
        ),
        # In the file, ends included: slow scan 3 is the second panel's first row.
        ("bad_b/panel = p1\nbad_b/min_fs = 1\nbad_b/max_fs = 2\nbad_b/min_ss = 3\nbad_b/max_ss = 3", [(3, 1), (3, 2)]),
        ("p0/no_index = 1", [(s, f) for s in range(3) for f in range(4)]),
        ("p0/no_index = 0", []),
    ],
)
def test_bad_regions_mark_their_pixels(region: str, expected: list[tuple[int, int]]):
    assert sorted(map(tuple, np.argwhere(read(f"{TWO}{region}\n").bad))) == expected


def test_comments_groups_and_blank_lines_say_nothing():
    groups = "rigid_group_q0 = p0\nrigid_group_collection_all = q0\ngroup_all = p0 ; all\n"
    noisy = f"; clen = 9\n\n{ONE}{groups}; p0/clen = 3\n"
    np.testing.assert_array_equal(read(noisy).positions(), read(ONE).positions())


def test_the_gain_may_be_given_per_electronvolt():
    assert read(ONE.replace("adu_per_photon = 2.5", "adu_per_eV = 0.001")).adu_per_photon == pytest.approx(9.3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("p0/corner_x = 10\n", ""), "corner_x"),
        (("res = 10000\n", ""), "res"),
        (("res = 10000", "res = 0"), "res = 0"),
        (("p0/max_fs = 3", "p0/max_fs = three"), "max_fs = three"),
        (("p0/max_fs = 3", "p0/max_fs = -1"), "min ≤ max"),
        (("p0/max_fs = 3", "p0/max_fs = inf"), "max_fs = inf; allowed: whole numbers"),
        (("p0/max_fs = 3", "p0/max_fs = 2.5"), "max_fs = 2.5; allowed: whole numbers"),
        (("p0/max_fs = 3", "p0/max_fs = 1e9"), "3 × 1000000001 pixels; allowed: 268435456 pixels"),
        (("p0/max_fs = 3", "p0/max_fs = 1e19"), "pixels at most"),
        (("p0/corner_x = 10", "p0/corner_x = nan"), "corner_x = nan; allowed: a number"),
        (("p0/ss = +1.0y", "p0/ss = -2.0x"), "ss = -2.0x; allowed: two directions"),
        (("9300 eV", "9300 MeV"), r"photons of 9.3e\+09 eV; allowed: 10 … 1e\+07 eV"),
        (("9300 eV", "9.3e-3 eV"), "photons of 0.0093 eV"),
        (("p0/fs = +1.0x", "p0/fs = +1.0q"), "fs = "),
        (("p0/fs = +1.0x", "p0/fs = 0x"), "fs = "),
        (("clen = 0.5", "clen = 12 parsec"), "parsec"),
        (("clen = 0.5", "clen = 0.5\ndim0 = %\ndim1 = ss"), "one ss and one fs"),
        (("clen = 0.5", "clen = 0.5\ndim0 = frame\ndim1 = ss\ndim2 = fs"), "'frame'"),
    ],
)
def test_a_faulty_line_is_named(change: tuple[str, str], words: str):
    with pytest.raises(DataError, match=words):
        read(ONE.replace(*change))


def test_files_that_are_no_geometry_are_refused_by_name(tmp_path: Path):
    with pytest.raises(DataError, match=r"nowhere\.geom"):
        CrystFELGeometry.read(tmp_path / "nowhere.geom")
    (tmp_path / "notes.geom").write_bytes(bytes(range(256)))
    with pytest.raises(DataError, match=r"notes\.geom.*no panel"):
        CrystFELGeometry.read(tmp_path / "notes.geom")


def test_a_folder_is_no_geometry(tmp_path: Path):
    with pytest.raises(DataError):
        CrystFELGeometry.read(tmp_path)


def test_the_recorded_geometry_fits_its_data(measured: Path):
    geometry = CrystFELGeometry.read(measured / "crystfel" / "sample.geom")
    assert geometry.shape == (16, 512, 128)
    assert geometry.clen == pytest.approx(0.135)
    assert geometry.adu_per_photon == pytest.approx(10)
