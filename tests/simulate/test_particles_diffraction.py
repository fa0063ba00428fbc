"""Diffraction of particles against known values, closed forms and direct sums."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation
from scipy.special import spherical_jn

from pulsetrain.simulate.particles import (
    Beam,
    DensityMap,
    Icosahedron,
    Plane,
    Sphere,
    Spheroid,
    diffract,
    refraction,
)

# The experiment that the check values were made for.
BEAM = Beam(photon_energy=1200, pulse_energy=1e-3, focus=1e-6, profile="flat")
PLANE = Plane.square(256, 3e-4, 0.8)
WATER, SUCROSE, POLIOVIRUS = 1.6474e-4 + 2.0675e-5j, 2.5211e-4 + 2.6288e-5j, 2.1216e-4 + 1.9241e-5j
Q = PLANE.momentum(BEAM.wavelength)
GOLDEN = (1 + np.sqrt(5)) / 2


def test_fluence_and_solid_angle_are_the_known_ones():
    assert BEAM.fluence(0) == pytest.approx(6.622447e24, rel=1e-6)
    assert BEAM.fluence(0.6e-6) == 0
    assert Plane.square(255, 3e-4, 0.8).solid_angle[127, 127] == pytest.approx(1.40625e-7)


def test_a_gaussian_focus_holds_all_photons_and_half_its_height_at_half_its_width():
    beam = Beam(focus=2e-6, profile="gaussian")
    r = np.linspace(0, 1e-5, 20001)
    assert np.trapezoid(2 * np.pi * r * beam.fluence(r), r) == pytest.approx(1e-3 / (1200 * 1.602176634e-19), rel=1e-6)
    assert beam.fluence(1e-6) / beam.fluence(0) == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("particle", "known", "tolerance"),
    [
        (Sphere(1e-7, WATER), (2.640713e8, 2.435032e5, 2.435031e5, 5.707911e3), (1e-3,) * 4),
        (Spheroid(1e-7, SUCROSE, 0.6), (5.191852e8, 5.672862e5, 5.672859e5, 5.403329e4), (1e-3,) * 4),
        (Icosahedron(1.2e-7, POLIOVIRUS), (8.906007e8, 1.194134e6, 1.194133e6, 1.383518e2), (0.01, 0.01, 0.01, 0.2)),
    ],
    ids=["sphere", "spheroid", "icosahedron"],
)
def test_patterns_have_the_check_values(particle, known, tolerance):
    photons = diffract(particle, BEAM, PLANE)
    found = (photons.sum(), photons.max(), photons[128, 128], photons[128, 160])
    for value, expected, relative in zip(found, known, tolerance, strict=True):
        assert value == pytest.approx(expected, rel=relative)


@pytest.mark.parametrize(
    ("material", "known"), [("water", WATER), ("sucrose", SUCROSE), ("poliovirus", POLIOVIRUS)], ids=str
)
def test_materials_refract_as_tabulated(material, known):
    found = refraction(material, 1200)
    assert found.real == pytest.approx(known.real, rel=0.005)
    assert found.imag == pytest.approx(known.imag, rel=0.06)


def test_gold_refracts_hard_x_rays_as_the_tables_say():
    """Henke's tables at 8 keV, density 19.3: δ = 4.77e-5, β = 4.96e-6."""
    assert refraction("gold", 8000) == pytest.approx(4.77e-5 + 4.96e-6j, rel=0.02)


def test_a_spheres_amplitude_is_a_spherical_bessel_function():
    q = np.linspace(1e3, 4e9, 20_000)
    amplitude = Sphere(1e-7, 1.0).amplitude(np.stack([q, 0 * q, 0 * q]))
    x = q * 5e-8
    exact = np.pi / 6 * 1e-21 * 3 * spherical_jn(1, x) / x
    assert np.abs(amplitude - exact).max() < 1e-6 * exact[0]


def test_a_spheres_first_minimum_and_its_guinier_slope_are_the_known_ones():
    radius = 6e-8
    q = np.linspace(1e6, 6 / radius, 100_001)
    intensity = np.abs(Sphere(2 * radius, 1.0).amplitude(np.stack([q, 0 * q, 0 * q]))) ** 2
    assert q[np.argmin(intensity)] * radius == pytest.approx(4.4934, abs=1e-3)
    inner = q * radius < 0.1
    slope = np.polyfit(q[inner] ** 2, np.log(intensity[inner]), 1)[0]
    assert slope == pytest.approx(-(radius**2) / 5, rel=0.01)  # radius of gyration √(3/5) R


def test_a_spheroid_that_is_not_flat_is_a_sphere():
    np.testing.assert_allclose(Spheroid(1e-7, WATER, 1.0, (1, 2, 3)).amplitude(Q), Sphere(1e-7, WATER).amplitude(Q))


def test_a_spheroid_scatters_as_the_sum_of_its_parts_in_any_direction():
    """Oracle: 200,000 points drawn inside the ellipsoid."""
    rng = np.random.default_rng(0)
    axis = np.array([0.3, -0.5, 0.8]) / np.linalg.norm([0.3, -0.5, 0.8])
    ball = rng.normal(size=(200_000, 3))
    ball *= (rng.random(200_000) ** (1 / 3) / np.linalg.norm(ball, axis=1))[:, None]
    a, c = 0.6 ** (1 / 3) / 2, 0.6 ** (-2 / 3) / 2  # for a diameter of 1
    along = ball @ axis
    points = a * (ball - along[:, None] * axis) + c * along[:, None] * axis
    q = rng.uniform(-6, 6, (3, 40))
    drawn = np.pi / 6 * np.exp(-1j * points @ q).mean(axis=0)
    found = Spheroid(1.0, 1.0, 0.6, tuple(axis)).amplitude(q)
    np.testing.assert_allclose(found, drawn, atol=5 * np.pi / 6 / np.sqrt(200_000))


def test_a_density_map_is_its_direct_sum():
    rng = np.random.default_rng(1)
    grid = rng.random((12, 9, 10)) + 1j * rng.random((12, 9, 10))
    turn = Rotation.random(rng=rng)
    q = rng.uniform(-2e8, 2e8, (3, 30, 20))
    voxel = 4e-9
    index = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in grid.shape), indexing="ij")).reshape(3, -1)
    r = turn.apply(index.T * voxel)
    direct = (grid.ravel() @ np.exp(-1j * r @ q.reshape(3, -1))).reshape(30, 20) * voxel**3
    found = DensityMap(grid, voxel, turn).amplitude(q)
    assert np.abs(found - direct).max() < 1e-6 * np.abs(direct).max()
    assert np.linalg.norm(found - direct) < 1e-6 * np.linalg.norm(direct)


def test_an_icosahedron_is_the_exact_polyhedron_but_for_its_voxels():
    """Oracle: the polyhedron's transform as a sum over simplices, by divided differences of exp(−ix)."""
    corners = np.array([np.roll((0, s * GOLDEN, t), k) for s in (1, -1) for t in (1, -1) for k in range(3)])
    corners *= (np.pi / 6 / ConvexHull(corners).volume) ** (1 / 3)
    q = np.random.default_rng(2).normal(size=(3, 500)) * 15
    exact = np.zeros(500, dtype=complex)
    for face in corners[ConvexHull(corners).simplices]:
        phases = np.concatenate([np.zeros((1, 500)), face @ q])
        ratio = [
            np.exp(-1j * p) / np.prod([p - other for k, other in enumerate(phases) if k != place], axis=0)
            for place, p in enumerate(phases)
        ]
        exact += abs(np.linalg.det(face)) * np.sum(ratio, axis=0) / 1j
    found = Icosahedron(1.0, 1.0).amplitude(q)
    assert np.abs(found - exact).max() < 3e-3 * np.pi / 6


def test_an_icosahedron_has_fivefold_axes_through_its_corners_only():
    def change(axis: tuple[float, float, float]) -> float:
        turn = Rotation.from_rotvec(2 * np.pi / 5 * np.array(axis) / np.linalg.norm(axis))
        turned = diffract(Icosahedron(1.2e-7, POLIOVIRUS, turn), BEAM, PLANE)
        return float(np.linalg.norm(turned[outer] - still[outer]) / np.linalg.norm(still[outer]))

    still = diffract(Icosahedron(1.2e-7, POLIOVIRUS), BEAM, PLANE)
    outer = np.hypot(PLANE.x, PLANE.y) > 0.012  # beyond the first minimum, where the shape shows
    assert max(change(axis) for axis in ((0, GOLDEN, 1), (GOLDEN, -1, 0), (1, 0, GOLDEN))) < 0.03
    assert min(change(axis) for axis in ((0, 1, GOLDEN), (0, 0, 1))) > 0.3


def test_where_a_particle_is_does_not_show():
    for particle in (Sphere(1e-7, WATER), Icosahedron(1e-7, WATER)):
        moved = type(particle)(1e-7, WATER, position=(2e-7, -1e-7, 3e-7))
        np.testing.assert_allclose(diffract([moved], BEAM, PLANE), diffract([particle], BEAM, PLANE), rtol=1e-6)
    pair = [Sphere(1e-7, WATER, position=p) for p in ((1e-7, 0, 0), (-1e-7, 5e-8, 1e-7))]
    shifted = [Sphere(1e-7, WATER, position=p) for p in ((2e-7, 2e-7, 2e-7), (0, 2.5e-7, 3e-7))]
    np.testing.assert_allclose(
        diffract(pair, BEAM, PLANE), diffract(shifted, BEAM, PLANE), atol=1e-6 * diffract(pair, BEAM, PLANE).max()
    )


def test_a_map_moved_by_whole_voxels_scatters_the_same():
    grid = np.zeros((16, 16, 16))
    grid[3:8, 5:9, 2:10] = 1e-4
    moved = np.roll(grid, (5, 3, 4), axis=(0, 1, 2))
    one, other = (diffract(DensityMap(g, 5e-9), BEAM, PLANE) for g in (grid, moved))
    np.testing.assert_allclose(other, one, atol=1e-6 * one.max())


def test_two_particles_make_fringes_of_wavelength_times_distance_over_separation():
    apart = 6e-7
    pair = [Sphere(1e-7, WATER, position=(side * apart / 2, 0, 0)) for side in (-1, 1)]
    ratio = diffract(pair, BEAM, PLANE) / diffract(pair[0], BEAM, PLANE)
    np.testing.assert_allclose(ratio, 4 * np.cos(Q[0] * apart / 2) ** 2, atol=2e-5)
    period = BEAM.wavelength * 0.8 / apart / 3e-4  # pixels
    central = ratio[128, 64:192]
    frequency = np.argmax(np.abs(np.fft.rfft(central - central.mean(), 4096))) / 4096
    assert 1 / frequency == pytest.approx(period, rel=0.01)


def test_the_sum_over_separations_is_incoherent():
    """Averaged over all phases between them, particles scatter as one by one."""
    rng = np.random.default_rng(3)
    flat = Beam(focus=1e-3, pulse_energy=1)
    plane = Plane.square(32, 2e-3, 0.8)
    patterns = [
        diffract([Sphere(1e-7, WATER, position=tuple(p)) for p in rng.uniform(-2e-5, 2e-5, (3, 3))], flat, plane)
        for _ in range(400)
    ]
    single = diffract(Sphere(1e-7, WATER), flat, plane)
    assert np.mean(patterns) / np.mean(single) == pytest.approx(3, rel=0.05)


def test_light_where_the_focus_is_weaker_counts_less():
    beam = Beam(focus=1e-6, profile="gaussian")
    middle, edge = (diffract(Sphere(1e-7, WATER, position=(x, 0, 0)), beam, PLANE).sum() for x in (0, 5e-7))
    assert edge / middle == pytest.approx(0.5, rel=1e-4)


def test_any_set_of_pixels_is_a_plane():
    rng = np.random.default_rng(4)
    rows, columns = rng.integers(0, 256, (2, 50))
    some = Plane(PLANE.x[rows, columns], PLANE.y[rows, columns], 0.8, PLANE.area)
    np.testing.assert_allclose(
        diffract(Sphere(1e-7, WATER), BEAM, some), diffract(Sphere(1e-7, WATER), BEAM, PLANE)[rows, columns]
    )
