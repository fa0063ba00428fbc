"""The known-cell indexer on spots made by the Ewald construction alone."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest

from pulsetrain.data import DataError
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index import KnownCellIndexer
from pulsetrain.tuning._index._search import half_sphere, misfit

# Which whole-numbered sums of indices must be even, or divisible by three, for a centering to let a reflection
# through (International Tables A, Table 2.1.3.6; H: obverse).
SUMS = {"A": [(0, 1, 1)], "B": [(1, 0, 1)], "C": [(1, 1, 0)], "I": [(1, 1, 1)], "H": [(-1, 1, 1)]}
SUMS["F"] = SUMS["A"] + SUMS["B"] + SUMS["C"]


@dataclass(frozen=True)
class Still:
    """How a pattern is taken; lengths in reciprocal space in 1/Å."""

    wavelength: float = 1.3
    resolution: float = 2.5  # Å
    thickness: float = 4e-4  # of the Ewald sphere, standard deviation
    noise: float = 3e-4  # of places on the detector


PROTEIN, LARGE, SMALL, SMALLEST = Still(), Still(resolution=5.0), Still(0.7, 0.8, 1.5e-3), Still(0.6, 0.6, 2e-3)
CELLS = {
    "triclinic P": (UnitCell(30, 41, 53, 75, 82, 97), 60, PROTEIN),
    "triclinic P, far from reduced": (UnitCell(20, 30, 40, 60, 65, 30), 60, PROTEIN),
    "triclinic P of 5 Å": (UnitCell(5, 6, 7, 80, 95, 100), 15, SMALLEST),
    "monoclinic P of 10 Å": (UnitCell(8, 10, 12, 90, 105, 90), 20, SMALL),
    "monoclinic P": (UnitCell(50, 60, 70, 90, 105, 90), 60, PROTEIN),
    "monoclinic C": (UnitCell(90, 50, 70, 90, 110, 90, centering="C"), 60, PROTEIN),
    "monoclinic C of 300 Å": (UnitCell(300, 180, 140, 90, 92, 90, centering="C"), 100, LARGE),
    "orthorhombic P": (UnitCell(58.4, 67.9, 91.2), 60, PROTEIN),
    "orthorhombic A": (UnitCell(70, 80, 120, centering="A"), 60, PROTEIN),
    "orthorhombic B": (UnitCell(70, 80, 120, centering="B"), 60, PROTEIN),
    "orthorhombic C": (UnitCell(70, 80, 120, centering="C"), 60, PROTEIN),
    "orthorhombic I": (UnitCell(70, 80, 120, centering="I"), 60, PROTEIN),
    "orthorhombic F": (UnitCell(70, 80, 120, centering="F"), 60, PROTEIN),
    "tetragonal P": (UnitCell(79, 79, 38), 60, PROTEIN),
    "tetragonal I": (UnitCell(90, 90, 130, centering="I"), 60, PROTEIN),
    "hexagonal P": (UnitCell(90, 90, 150, 90, 90, 120), 60, PROTEIN),
    "rhombohedral R": (UnitCell(70, 70, 70, 75, 75, 75, centering="R"), 60, PROTEIN),
    "rhombohedral H": (UnitCell(90, 90, 250, 90, 90, 120, centering="H"), 60, PROTEIN),
    "cubic P": (UnitCell(60, 60, 60), 60, PROTEIN),
    "cubic I": (UnitCell(80, 80, 80, centering="I"), 60, PROTEIN),
    "cubic F": (UnitCell(150, 150, 150, centering="F"), 60, PROTEIN),
    "cubic P of 281 Å": (UnitCell(281, 281, 281), 100, LARGE),
}


def onto_sphere(flat, wavelength):
    """Put x and y, (n, 2), onto the Ewald sphere, (n, 3)."""
    k = 1 / wavelength
    return np.c_[flat, np.sqrt(k * k - (flat**2).sum(axis=1)) - k]


def crystal(cell, n, rng, still=PROTEIN):
    """Return the n strongest spots of a crystal in a random orientation: q, intensity and its axes."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    axes = cell.matrix @ turn * np.sign(np.linalg.det(turn))
    top = [int(length / still.resolution) + 1 for length in np.linalg.norm(axes, axis=1)]
    hkl = np.stack(np.meshgrid(*(np.arange(-t, t + 1) for t in top), indexing="ij"), -1).reshape(-1, 3)
    divisor = 3 if cell.centering == "H" else 2
    for factors in SUMS.get(cell.centering, []):
        hkl = hkl[hkl @ factors % divisor == 0]
    g = hkl[hkl.any(axis=1)] @ np.linalg.inv(axes).T
    g = g[np.linalg.norm(g, axis=1) < 1 / still.resolution]
    out = g + np.array([0, 0, 1 / still.wavelength])
    length = np.linalg.norm(out, axis=1)
    intensity = rng.exponential(size=len(g)) * np.exp(-0.5 * ((length - 1 / still.wavelength) / still.thickness) ** 2)
    intensity *= np.exp(-20 * (g**2).sum(axis=1))  # B = 40 Å²
    best = np.argsort(-intensity)[:n]
    flat = out[best, :2] / length[best, None] / still.wavelength
    flat += rng.normal(scale=still.noise, size=flat.shape)
    return onto_sphere(flat, still.wavelength), intensity[best], axes


def at_random(n, rng, still=PROTEIN):
    """Return spots that no lattice orders, as dense near the beam as a protein's."""
    radius = np.abs(rng.normal(scale=0.5, size=n)) % 1 / still.resolution
    turn = rng.uniform(0, 2 * np.pi, n)
    return onto_sphere(np.c_[radius * np.cos(turn), radius * np.sin(turn)], still.wavelength)


def mixed(cell, n, n_random, rng, still=PROTEIN):
    """Return spots of a crystal, as many false ones as told that are as strong, and the crystal's axes."""
    q, intensity, axes = crystal(cell, n, rng, still)
    false = rng.permutation(np.resize(intensity, n_random))
    return np.r_[q, at_random(n_random, rng, still)], np.r_[intensity, false], axes


def angle_between(found, true, cell):
    """Return the angle between two lattices in degrees, whatever basis they are given in; infinite if they differ."""
    primitive = cell.primitive @ np.linalg.inv(cell.matrix)
    found, true = primitive @ found, primitive @ true
    change = np.rint(found @ np.linalg.inv(true))
    if round(np.linalg.det(change)) != 1:
        return np.inf
    u, _, vt = np.linalg.svd(np.linalg.inv(change @ true) @ found)
    return np.degrees(np.arccos(np.clip((np.trace(u @ vt) - 1) / 2, -1, 1)))


@pytest.mark.parametrize("name", CELLS)
def test_each_lattice_and_centering_is_found_among_a_fifth_of_false_spots(name):
    cell, n, still = CELLS[name]
    rng = np.random.default_rng(3)
    for _ in range(3):
        q, intensity, true = mixed(cell, n, n // 4, rng, still)
        (lattice,) = KnownCellIndexer(cell).index(q, intensity)
        assert angle_between(lattice.axes, true, cell) < 1.0
        assert np.linalg.det(lattice.axes) > 0
        np.testing.assert_allclose(np.linalg.norm(lattice.axes, axis=1), cell.parameters[:3], rtol=0.05)
        assert lattice.explained[:n].mean() > 0.85


@pytest.mark.parametrize("n", [15, 40, 150])
@pytest.mark.parametrize("name", ["orthorhombic P", "monoclinic P of 10 Å", "cubic F"])
def test_spots_at_random_are_not_indexed(name, n):
    cell, _, still = CELLS[name]
    rng, indexer = np.random.default_rng(5), KnownCellIndexer(cell)
    assert not any(indexer.index(at_random(n, rng, still), rng.uniform(size=n)) for _ in range(8))


def test_sixty_percent_of_false_spots_leave_most_patterns_indexed_and_right():
    cell, rng = CELLS["orthorhombic P"][0], np.random.default_rng(7)
    angles = []
    for _ in range(10):
        q, intensity, true = mixed(cell, 40, 60, rng)
        angles += [angle_between(lattice.axes, true, cell) for lattice in KnownCellIndexer(cell).index(q, intensity)]
    assert len(angles) >= 9
    assert max(angles) < 1.0
    assert np.median(angles) < 0.1


def test_two_lattices_are_told_apart_with_multi_and_only_one_is_given_without():
    cell, rng = CELLS["orthorhombic P"][0], np.random.default_rng(11)
    one, two = crystal(cell, 60, rng), crystal(cell, 50, rng)
    q, intensity = np.r_[one[0], two[0]], np.r_[one[1], two[1]]
    assert len(KnownCellIndexer(cell).index(q, intensity)) == 1
    lattices = KnownCellIndexer(cell, multi=True).index(q, intensity)
    assert len(lattices) == 2
    angles = np.array([[angle_between(each.axes, true, cell) for true in (one[2], two[2])] for each in lattices])
    assert sorted(angles.argmin(axis=1)) == [0, 1]
    assert angles.min(axis=1).max() < 0.3
    assert not (lattices[0].explained & lattices[1].explained).any()


@pytest.mark.parametrize(("factor", "tolerance", "found"), [(1.03, 5, 1), (1.03, 1, 0), (0.94, 5, 0), (0.94, 10, 1)])
def test_a_cell_beyond_the_tolerance_is_refused_after_refinement(factor, tolerance, found):
    true = UnitCell(*(factor * length for length in (58.4, 67.9, 91.2)))
    q, intensity, _ = crystal(true, 60, np.random.default_rng(13))
    lattices = KnownCellIndexer(UnitCell(58.4, 67.9, 91.2), tolerance=tolerance).index(q, intensity)
    assert len(lattices) == found
    for lattice in lattices:
        np.testing.assert_allclose(np.linalg.norm(lattice.axes, axis=1), true.parameters[:3], rtol=5e-3)


def test_axes_of_nearly_equal_length_are_not_swapped():
    cell, rng = UnitCell(60, 61.5, 90), np.random.default_rng(17)
    for _ in range(4):
        q, intensity, true = crystal(cell, 60, rng)
        (lattice,) = KnownCellIndexer(cell).index(q, intensity)
        cosines = np.abs((lattice.axes * true).sum(axis=1)) / np.linalg.norm(lattice.axes, axis=1) / cell.parameters[:3]
        assert cosines.min() > 0.999


def test_same_spots_give_the_same_lattice_in_any_order_and_unusable_ones_are_left_out():
    cell, rng = CELLS["orthorhombic P"][0], np.random.default_rng(19)
    q, intensity, _ = crystal(cell, 60, rng)
    (one,) = KnownCellIndexer(cell).index(q, intensity)
    order = rng.permutation(61)
    (other,) = KnownCellIndexer(cell).index(np.r_[q, np.full((1, 3), np.nan)][order], np.r_[intensity, 9.0][order])
    np.testing.assert_allclose(one.axes, other.axes, rtol=1e-9)
    np.testing.assert_array_equal(np.r_[one.explained, False][order], other.explained)


@pytest.mark.parametrize("axes", [(1, 79, 10_000), (1.5, 1.5, 1.5), (50, 60, 2500)])
def test_a_cell_that_no_detector_could_index_is_refused(axes):
    with pytest.raises(DataError, match=r"cell: got reduced axes of .*allowed: 2 … 2000 Å"):
        KnownCellIndexer(UnitCell(*axes))


def test_a_cell_at_both_ends_of_what_is_allowed_costs_a_few_seconds_and_gives_nothing_at_random():
    rng = np.random.default_rng(3)
    begun = time.process_time()
    assert KnownCellIndexer(UnitCell(2, 79, 1000)).index(rng.normal(0, 0.15, (60, 3))) == []
    assert KnownCellIndexer(UnitCell(2, 2, 2)).index(rng.normal(0, 0.001, (20, 3))) == []  # all near the beam
    assert time.process_time() - begun < 40  # compiling included; one of 1 × 79 × 10000 Å took minutes


@pytest.mark.parametrize("n", [0, 1, 5])
def test_too_few_spots_give_no_lattice(n):
    assert KnownCellIndexer(UnitCell(58.4, 67.9, 91.2)).index(np.full((n, 3), 0.1), np.ones(n)) == []


def test_the_compiled_score_of_trial_vectors_is_that_of_plain_arrays():
    rng = np.random.default_rng(23)
    q = rng.normal(scale=0.1, size=(30, 3)).astype(np.float32)
    vectors = half_sphere(1500) * np.float32(58.4)
    score, factor = misfit(q, vectors, 0.95, 1.05, 4)
    factors = 0.95 + 0.1 * (np.arange(4) + 0.5) / 4
    phase = factors[:, None, None] * (q.astype(float) @ vectors.astype(float))  # (factor, spot, vector)
    expected = ((phase - np.rint(phase)) ** 2).mean(axis=1)
    np.testing.assert_allclose(score, expected.min(axis=0), atol=1e-4)
    np.testing.assert_allclose(
        np.take_along_axis(expected, np.abs(factors[:, None] - factor).argmin(0)[None], 0)[0],
        expected.min(axis=0),
        atol=1e-4,
    )
