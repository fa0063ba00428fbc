from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest

from pulsetrain import DataError
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.reflections import Reflections, wilson_reflections
from pulsetrain.simulate.crystals import structure_factors

ORTHORHOMBIC = UnitCell(58.4, 67.9, 91.2)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def wilson(cell: UnitCell, d_min: float, *, b_factor: float = 0.0, space_group: str = "") -> Reflections:
    return wilson_reflections(cell, d_min, b_factor=b_factor, rng=rng(), space_group=space_group)


def table(reflections: Reflections) -> dict[tuple[int, int, int], float]:
    return dict(zip(map(tuple, reflections.hkl.tolist()), reflections.intensity.tolist(), strict=True))


@pytest.mark.parametrize(
    ("cell", "group"),
    [
        (UnitCell(31, 42, 57, 82, 99, 104), "P 1"),
        (UnitCell(30, 42, 37, centering="A"), "A 2 2 2"),
        (UnitCell(30, 42, 37, 90, 104, 90, centering="C"), "C 1 2 1"),
        (UnitCell(40, 40, 40, centering="I"), "I 2 3"),
        (UnitCell(40, 40, 40, centering="F"), "F 2 3"),
        (UnitCell(40, 40, 60, 90, 90, 120, centering="H"), "R 3:H"),
        (UnitCell(30, 30, 30, 76, 76, 76, centering="R"), "R 3:R"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_centring_leaves_just_the_reflections_that_gemmi_knows(cell: UnitCell, group: str):
    """All of the sphere, symmetry equivalents and Friedel mates included, each once."""
    lattice = gemmi.find_spacegroup_by_name(group)
    unique = gemmi.make_miller_array(gemmi.UnitCell(*cell.parameters), gemmi.SpaceGroup("P 1"), 3.99)
    present = unique[~lattice.operations().derive_symmorphic().systematic_absences(unique)]
    expected = {tuple(hkl) for hkl in np.concatenate([present, -present]).tolist()}
    found = wilson(cell, 3.99).hkl.tolist()
    assert {tuple(hkl) for hkl in found} == expected
    assert len(found) == len(expected)


def test_screw_axes_extinguish_and_equivalents_are_alike():
    found = table(wilson(UnitCell(79.1, 79.1, 37.9), 4.0, space_group="P 43 21 2"))
    # 4₃ along c: 00l only for l = 4n; 2₁ along a and b: h00 only for even h.
    assert {hkl[2] % 4 for hkl in found if hkl[:2] == (0, 0)} == {0}
    assert {hkl[0] % 2 for hkl in found if hkl[1:] == (0, 0)} == {0}
    for h, k, el in [(3, 5, 2), (1, 4, 7), (6, 2, 3)]:
        alike = {found[hkl] for hkl in [(h, k, el), (-k, h, el), (k, h, -el), (-h, -k, -el), (h, -k, el)]}
        assert len(alike) == 1


def test_without_a_space_group_only_friedel_mates_are_alike():
    found = table(wilson(UnitCell(79.1, 79.1, 37.9), 4.0))
    assert all(found[-h, -k, -el] == value for (h, k, el), value in found.items())
    assert len(set(found.values())) == len(found) / 2


def test_intensities_have_wilsons_moments():
    """<I²>/<I>² is 2 for acentric reflections and 3 for centric ones."""
    group = gemmi.find_spacegroup_by_name("P 21 21 21").operations()
    reflections = wilson(ORTHORHOMBIC, 1.8, space_group="P 21 21 21")
    hkl = reflections.hkl.astype(np.int32)
    centric = np.asarray(group.centric_flag_array(hkl), dtype=bool)
    axial = (hkl == 0).sum(axis=1) == 2
    acentric, flat = reflections.intensity[~centric], reflections.intensity[centric & ~axial]
    assert np.mean(acentric.astype(float) ** 2) / np.mean(acentric) ** 2 == pytest.approx(2, abs=0.06)
    assert np.mean(flat.astype(float) ** 2) / np.mean(flat) ** 2 == pytest.approx(3, abs=0.35)
    # P(I < <I>/10) = 1 − exp(−1/10) for acentric ones.
    assert np.mean(acentric < 0.1 * acentric.mean()) == pytest.approx(1 - np.exp(-0.1), abs=0.006)


def test_the_temperature_factor_is_the_slope_of_wilsons_plot():
    reflections = wilson(ORTHORHOMBIC, 2.0, b_factor=30.0)
    square = np.sum((reflections.hkl @ ORTHORHOMBIC.reciprocal) ** 2, axis=1)
    shells = np.digitize(square, np.linspace(0.02, 0.25, 16))
    mean = [reflections.intensity[shells == k].mean() for k in range(1, 16)]
    place = [square[shells == k].mean() for k in range(1, 16)]
    slope = np.polyfit(place, np.log(mean), 1)[0]
    # ln <I> = const − 2B sin²θ/λ² = const − B/2 · 1/d²
    assert -2 * slope == pytest.approx(30, abs=0.7)


def test_strong_reflections_are_1_on_average():
    reflections = wilson(ORTHORHOMBIC, 2.5, b_factor=20.0)
    low = np.sum((reflections.hkl @ ORTHORHOMBIC.reciprocal) ** 2, axis=1) < 4.0**-2
    assert reflections.intensity[low].mean() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("group", "words"),
    [("P 9 9 9", "Hermann"), ("P 43 21 2", "system and centring"), ("C 2 2 2", "system and centring")],
)
def test_a_space_group_that_does_not_fit_the_cell_is_refused(group: str, words: str):
    with pytest.raises(DataError, match=words):
        wilson(ORTHORHOMBIC, 4.0, space_group=group)


def test_a_cell_of_too_many_reflections_is_refused_before_they_are_made():
    with pytest.raises(DataError, match="reflections to 1 Å"):
        wilson(UnitCell(900, 900, 900), 1.0)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Write thirty carbons and a gold in P 21 21 21."""
    structure = gemmi.Structure()
    structure.cell, structure.spacegroup_hm = gemmi.UnitCell(21, 24, 31, 90, 90, 90), "P 21 21 21"
    chain, residue = gemmi.Chain("A"), gemmi.Residue()
    residue.name, residue.seqid = "LIG", gemmi.SeqId("1")
    for number, place in enumerate(rng().uniform(0, 1, (31, 3))):
        atom = gemmi.Atom()
        atom.name, atom.element = f"C{number}", gemmi.Element("Au" if number == 30 else "C")
        atom.pos, atom.b_iso, atom.occ = structure.cell.orthogonalize(gemmi.Fractional(*place)), 12.0, 1.0
        residue.add_atom(atom)
    chain.add_residue(residue)
    structure.add_model(gemmi.Model(1))
    structure[0].add_chain(chain)
    structure.setup_entities()
    structure.write_pdb(str(tmp_path / "model.pdb"))
    structure.make_mmcif_document().write_file(str(tmp_path / "model.cif"))
    return tmp_path / "model.pdb"


@pytest.mark.parametrize("suffix", [".pdb", ".cif"])
def test_structure_factors_are_the_sum_over_the_atoms(model: Path, suffix: str):
    """gemmi sums reflection by reflection here; ours come by a Fourier transform of the density."""
    cell, reflections = structure_factors(model.with_suffix(suffix), 2.0)
    assert cell.parameters == (21, 24, 31, 90, 90, 90)
    structure = gemmi.read_structure(str(model))
    direct = gemmi.StructureFactorCalculatorX(structure.cell)
    chosen = rng().choice(len(reflections.hkl), 300, replace=False)
    oracle = np.array(
        [abs(direct.calculate_sf_from_model(structure[0], hkl)) ** 2 for hkl in reflections.hkl[chosen].tolist()]
    )
    ours = reflections.intensity[chosen]
    scale = ours.sum() / oracle.sum()
    assert np.abs(ours - scale * oracle).sum() < 0.01 * ours.sum()
    # 2₁ axes along a, b and c.
    absent = [hkl for hkl in reflections.hkl.tolist() if hkl.count(0) == 2 and sum(hkl) % 2]
    assert absent == []


def test_a_file_with_a_cell_and_no_atoms_is_refused(tmp_path: Path):
    (tmp_path / "empty.pdb").write_text("CRYST1   21.000   24.000   31.000  90.00  90.00  90.00 P 21 21 21\nEND\n")
    with pytest.raises(DataError, match="no atoms"):
        structure_factors(tmp_path / "empty.pdb", 3.0)
