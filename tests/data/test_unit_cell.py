from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from pulsetrain import DataError
from pulsetrain.data.lattices import centering_vectors
from pulsetrain.data.unit_cell import UnitCell

LENGTHS = st.floats(3, 500)
ANGLES = st.floats(40, 140)
PARAMETERS = st.tuples(LENGTHS, LENGTHS, LENGTHS, ANGLES, ANGLES, ANGLES)
# Centring translations of the International Tables; H is the obverse setting of a rhombohedral lattice.
TRANSLATIONS = {
    "P": [],
    "R": [],
    "A": [(0, 1 / 2, 1 / 2)],
    "B": [(1 / 2, 0, 1 / 2)],
    "C": [(1 / 2, 1 / 2, 0)],
    "I": [(1 / 2, 1 / 2, 1 / 2)],
    "F": [(0, 1 / 2, 1 / 2), (1 / 2, 0, 1 / 2), (1 / 2, 1 / 2, 0)],
    "H": [(2 / 3, 1 / 3, 1 / 3), (1 / 3, 2 / 3, 2 / 3)],
}


def cell_of(parameters: tuple[float, ...], **kwargs) -> UnitCell:
    cosines = np.cos(np.deg2rad(parameters[3:]))
    # Far from flat, where a rounding error is a change of the cell.
    assume(1 - np.sum(cosines**2) + 2 * np.prod(cosines) > 0.02)
    return UnitCell(*parameters, **kwargs)


@settings(deadline=None)
@given(PARAMETERS)
def test_axes_volume_and_reciprocal_axes_are_gemmis(parameters):
    cell, oracle = cell_of(parameters), gemmi.UnitCell(*parameters)
    np.testing.assert_allclose(cell.matrix, np.array(oracle.orth.mat).T, atol=1e-6)
    assert cell.volume == pytest.approx(oracle.volume)
    other = oracle.reciprocal()
    np.testing.assert_allclose(np.linalg.norm(cell.reciprocal, axis=1), [other.a, other.b, other.c], rtol=1e-6)
    hkl = (3, -2, 5)
    assert 1 / np.linalg.norm(hkl @ cell.reciprocal) == pytest.approx(oracle.calculate_d(hkl))


@settings(deadline=None)
@given(PARAMETERS, st.integers(0, 2**31))
def test_a_turned_cell_has_the_same_parameters(parameters, seed):
    cell = cell_of(parameters)
    turned = cell.matrix @ Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    again = UnitCell.from_matrix(turned, cell)
    assert again.parameters == pytest.approx(cell.parameters, rel=1e-6)
    assert (again.centering, again.lattice_type, again.unique_axis) == ("P", cell.lattice_type, cell.unique_axis)


@settings(max_examples=50, deadline=None)
@given(PARAMETERS, st.sampled_from("PABCIF"))
def test_a_cell_written_is_read_as_it_was(tmp_path_factory, parameters, centering):
    cell = cell_of(parameters, centering=centering)
    file = tmp_path_factory.mktemp("cell") / "crystal.cell"
    cell.write(file)
    again = UnitCell.read(file)
    # Six digits are written.
    assert again.parameters == pytest.approx(cell.parameters, rel=1e-5)
    assert (again.centering, again.lattice_type, again.unique_axis) == (centering, cell.lattice_type, cell.unique_axis)


@pytest.mark.parametrize("centering", TRANSLATIONS)
def test_primitive_axes_span_just_the_lattice_of_the_centring(centering):
    primitive = centering_vectors(centering)
    translations = [*TRANSLATIONS[centering], (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    # Every translation is a whole combination of the primitive axes, and there are no others: the volumes agree.
    whole = np.array(translations) @ np.linalg.inv(primitive)
    np.testing.assert_allclose(whole, np.rint(whole), atol=1e-9)
    assert np.linalg.det(primitive) == pytest.approx(1 / (1 + len(TRANSLATIONS[centering])))


@pytest.mark.parametrize(
    ("parameters", "centering", "kind", "axis"),
    [
        ((79.1, 79.1, 37.9, 90, 90, 90), "P", "tetragonal", "c"),
        ((37.9, 79.1, 79.1, 90, 90, 90), "P", "tetragonal", "a"),
        ((58.4, 67.9, 91.2, 90, 90, 90), "P", "orthorhombic", "*"),
        ((106, 106, 106, 90, 90, 90), "I", "cubic", "*"),
        ((281, 281, 165.2, 90, 90, 120), "P", "hexagonal", "c"),
        ((93, 93, 131, 90, 90, 120), "H", "hexagonal", "c"),
        ((68, 68, 68, 76, 76, 76), "R", "rhombohedral", "*"),
        ((61, 42, 77, 90, 104, 90), "C", "monoclinic", "b"),
        ((61, 42, 77, 90, 90, 104), "P", "monoclinic", "c"),
        ((31, 42, 57, 82, 99, 104), "P", "triclinic", "*"),
    ],
)
def test_the_lattice_system_follows_from_the_parameters(parameters, centering, kind, axis):
    cell = UnitCell(*parameters, centering=centering)
    assert (cell.lattice_type, cell.unique_axis) == (kind, axis)


def test_the_recorded_cell_file_is_read(measured: Path):
    cell = UnitCell.read(measured / "crystfel" / "sample.cell")
    assert cell == UnitCell(58.4, 67.9, 91.2, centering="P", lattice_type="orthorhombic")


def test_nanometres_radians_and_remarks_are_understood(tmp_path: Path):
    (tmp_path / "odd.cell").write_text(
        "CrystFEL unit cell file version 1.0\n; made by hand\nlattice_type = monoclinic\nunique_axis = b\n"
        "centering = C\na = 6.1 nm ; long\nb = 42.0 A\nc = 7.7 nm\nal = 90 deg\nbe = 1.8151424 rad\nga = 90 deg\n"
    )
    cell = UnitCell.read(tmp_path / "odd.cell")
    assert cell.parameters == pytest.approx((61, 42, 77, 90, 104, 90), rel=1e-6)
    assert (cell.centering, cell.unique_axis) == ("C", "b")


def crystal(cell: tuple[float, ...], group: str) -> gemmi.Structure:
    structure = gemmi.Structure()
    structure.add_model(gemmi.Model(1))  # gemmi writes nothing of a structure without one
    structure.cell, structure.spacegroup_hm = gemmi.UnitCell(*cell), group
    return structure


@pytest.mark.parametrize(
    ("cell", "group", "centering"),
    [
        ((79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", "P"),
        ((61, 42, 77, 90, 104, 90), "C 1 2 1", "C"),
        ((106, 106, 106, 90, 90, 90), "I 2 3", "I"),
        ((93, 93, 131, 90, 90, 120), "R 3 :H", "H"),
        ((68, 68, 68, 76, 76, 76), "R 3 :R", "R"),
    ],
)
def test_pdb_and_cif_give_cell_and_centring(tmp_path: Path, cell, group, centering):
    structure = crystal(cell, group)
    (tmp_path / "model.pdb").write_text(structure.make_pdb_headers())
    structure.make_mmcif_document().write_file(str(tmp_path / "model.cif"))
    for name in ("model.pdb", "model.cif"):
        found = UnitCell.read(tmp_path / name)
        assert found.parameters == pytest.approx(cell, abs=1e-3)
        assert found.centering == centering


def test_the_cif_of_a_small_molecule_gives_its_cell(tmp_path: Path):
    (tmp_path / "quartz.cif").write_text(
        "data_quartz\n_symmetry_space_group_name_H-M 'P 32 2 1'\n_cell_length_a 4.9134\n_cell_length_b 4.9134\n"
        "_cell_length_c 5.4052\n_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 120\n"
        "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nSi 0.4699 0 0.6667\n"
    )
    cell = UnitCell.read(tmp_path / "quartz.cif")
    assert cell.parameters == pytest.approx((4.9134, 4.9134, 5.4052, 90, 90, 120))
    assert (cell.centering, cell.lattice_type) == ("P", "hexagonal")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ((0.5, 50, 50, 90, 90, 90), "lengths"),
        ((50, 50, 2e4, 90, 90, 90), "lengths"),
        ((50, float("nan"), 50, 90, 90, 90), "lengths"),
        ((50, 50, 50, 90, 180, 90), "angles"),
        ((50, 50, 50, 30, 30, 90), "angles"),
        # Flat: rounding leaves a volume a little above zero.
        ((50, 50, 50, 120, 120, 120), "angles"),
    ],
)
def test_a_cell_that_cannot_be_is_refused(parameters, words):
    with pytest.raises(DataError, match=words):
        UnitCell(*parameters)


PARTS = {
    "a": "a = 5 A\n",
    "b": "b = 5 A\nc = 5 A\nal = 90 deg\nbe = 90 deg\nga = 90 deg\n",
}
HEAD = "CrystFEL unit cell file version 1.0\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("short.cell", HEAD + PARTS["a"], "no b, c, al, be, ga"),
        ("unit.cell", HEAD + "a = 5 parsec\n" + PARTS["b"], "a = 5 parsec"),
        ("number.cell", HEAD + "a = five A\n" + PARTS["b"], "a = five A"),
        ("centring.cell", HEAD + "centering = Q\n" + PARTS["a"] + PARTS["b"], "centering 'Q'"),
        ("system.cell", HEAD + "lattice_type = round\n" + PARTS["a"] + PARTS["b"], "'round'"),
        ("none.pdb", "REMARK nothing\n", "no unit cell"),
        ("none.cif", "not a cif", "nothing readable"),
        ("empty.cell", "", "a .cell"),
    ],
)
def test_files_without_a_cell_are_refused_by_name(tmp_path: Path, name: str, text: str, words: str):
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=name) as caught:
        UnitCell.read(tmp_path / name)
    assert words in str(caught.value)


def test_a_missing_file_is_refused_by_name(tmp_path: Path):
    with pytest.raises(DataError, match=r"gone\.cell"):
        UnitCell.read(tmp_path / "gone.cell")
