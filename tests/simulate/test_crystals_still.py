"""Where and how strongly a still crystal scatters, held against Bragg's law and the geometry of the Ewald sphere."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.pattern import polarised
from pulsetrain.simulate._crystals.reflections import Reflections, wilson_reflections
from pulsetrain.simulate._crystals.still import Spread, outgoing, still
from pulsetrain.simulate.crystals import CrystalExperiment, CrystalOptions, simulate_crystals

CELL = UnitCell(58.4, 67.9, 91.2)
WAVELENGTH = 1.3
# A perfect detector in a vacuum: what is seen are the photons of the crystals.
CLEAN = CrystalOptions(
    n_patterns=3, detector="agipd-mini", hit_rate=1, multiple=0, brightness=10_000, strength_spread=0, jitter=0,
    water=0, air=0, false_peaks=0, read_noise=0, hot_pixels=0, dead_pixels=0, adu_per_photon=1, polarisation=0.5,
    spot_size=0.5,
)  # fmt: skip
MOSAIC = CLEAN.replace(domain_size=1, mosaicity=0.1, bandwidth=0, divergence=0)


def unit_reflections(d_min: float) -> Reflections:
    found = wilson_reflections(CELL, d_min, b_factor=0, rng=np.random.default_rng(0))
    return Reflections(found.hkl, np.ones(len(found.hkl), dtype=np.float32))


def turned(number: int) -> np.ndarray:
    return CELL.matrix @ Rotation.random(rng=np.random.default_rng(number)).as_matrix()


def bright_spots(experiment: CrystalExperiment, pattern: int):
    """Yield reflection, mean direction seen, and photons of spots that stand alone and are strong."""
    true = experiment.truth.isel(pattern=pattern)
    shift = (-float(true.beam_x) / 5000, -float(true.beam_y) / 5000, float(true.clen) - experiment.truth.attrs["clen"])
    nominal = experiment.geometry.with_clen(experiment.truth.attrs["clen"])
    place = nominal.positions() + np.array(shift)  # (module, slow, fast, xyz)
    photons = experiment.frames[pattern].to_numpy()
    spots = experiment.spots(pattern)
    spots = spots.isel(spot=spots["photons"].to_numpy() > 5)
    way = spots["q"].to_numpy() + np.array([0, 0, 1 / nominal.wavelength])
    on_plane = way / way[:, 2:] * float(true.clen)
    for number in np.argsort(-spots["photons"].to_numpy())[:40]:
        near = np.linalg.norm(place - on_plane[number], axis=-1) < 7 * 2e-4
        others = np.linalg.norm(on_plane - on_plane[number], axis=1) < 12 * 2e-4
        # A whole disc of 7 pixels' radius on one module, and no neighbour in it.
        if near.sum() > 140 and others.sum() == 1 and photons[near].sum() > 200:
            weight = photons[near]
            yield spots.isel(spot=number), np.average(place[near], axis=0, weights=weight), weight.sum()


@pytest.mark.parametrize(
    "options",
    [MOSAIC, MOSAIC.replace(clen_drift=5, beam_drift=20, n_patterns=5), MOSAIC.replace(clen_error=3, cell_error=-2)],
    ids=["still", "drifting", "user in error"],
)
def test_spots_stand_at_braggs_angle_of_the_true_cell_and_camera_length(options: CrystalOptions):
    """A mosaic crystal in monochromatic light meets Bragg's law exactly: sin θ = λ / 2d, d by gemmi."""
    experiment = simulate_crystals(options, cell=CELL, seed=4)
    oracle = gemmi.UnitCell(*CELL.parameters)
    off, seen = [], 0
    for pattern in (0, options.n_patterns - 1):
        for spot, place, _ in bright_spots(experiment, pattern):
            two_theta = 2 * np.arcsin(experiment.geometry.wavelength / 2 / oracle.calculate_d(spot["hkl"].values))
            off.append(np.arccos(place[2] / np.linalg.norm(place)) - two_theta)
            seen += 1
    assert seen > 20
    # A pixel is 1.7 mrad wide.
    assert np.abs(np.mean(off)) < 2e-5
    assert np.std(off) < 6e-5


def test_a_spot_lies_in_the_plane_of_the_beam_and_its_scattering_vector():
    experiment = simulate_crystals(MOSAIC, cell=CELL, seed=4)
    for spot, place, photons in bright_spots(experiment, 0):
        q = spot["q"].to_numpy()
        across = np.cross([0, 0, 1], q) / np.hypot(*q[:2])
        # A spot of n photons is centred to its width / √n; widths here are below two pixels.
        assert abs(place @ across) < 6 * 4e-4 / np.sqrt(photons)


def test_in_pink_light_each_reflection_picks_its_own_wavelength():
    """Laue's condition |k' z + q| = k' gives k' = −q² / 2 q_z; nothing else can move."""
    experiment = simulate_crystals(
        CLEAN.replace(domain_size=1, mosaicity=0, divergence=0, bandwidth=0.5), cell=CELL, seed=5
    )
    off = []
    for spot, place, _ in bright_spots(experiment, 0):
        q = spot["q"].to_numpy()
        way = q + np.array([0, 0, -(q @ q) / (2 * q[2])])
        off.append(np.linalg.norm(place / place[2] - way / way[2]) * 0.12 / 2e-4)
    assert len(off) > 10
    assert np.median(off) < 0.1


def test_mosaic_blocks_widen_a_spot_across_by_the_turn_times_q():
    spread = Spread(1e-6, 2e-3, 0.0, 0.0)
    k, q_length = 1 / WAVELENGTH, 0.3
    q = np.array([np.sqrt(q_length**2 - (q_length**2 / 2 / k) ** 2), 0, -(q_length**2) / 2 / k])  # on the sphere
    rays = outgoing(np.tile(q, (40_000, 1)), np.zeros(40_000), WAVELENGTH, spread, np.random.default_rng(1))
    assert rays[:, 1].std() == pytest.approx(2e-3 * q_length, rel=0.02)
    # Along the radius only second-order terms are left.
    assert rays[:, 0].std() < 0.02 * rays[:, 1].std()


@pytest.mark.parametrize("spread", [Spread(2e-4, 1e-3, 1e-3, 1e-4), Spread(4e-4, 0, 0, 0), Spread(1e-5, 0, 2e-3, 1e-3)])
def test_every_photon_is_scattered_elastically(spread: Spread):
    """|k_out| is that of the photon's own wavelength, which lies within the bandwidth."""
    found = still(unit_reflections(3.0), turned(0), WAVELENGTH, spread)
    photons = np.repeat(np.arange(len(found.q)), 20)
    rays = outgoing(found.q[photons], found.excitation[photons], WAVELENGTH, spread, np.random.default_rng(2))
    length = np.linalg.norm(rays, axis=1) * WAVELENGTH
    # Terms of second order in angles of milliradians are left over.
    assert length.std() == pytest.approx(spread.bandwidth, rel=0.25, abs=3e-5)


def test_as_many_reflections_are_excited_as_the_shell_of_the_ewald_sphere_holds():
    """Density V of lattice points, area π q_max² of the sphere's cap, thickness √2π σ of a Gaussian shell."""
    d_min, spread = 3.0, Spread(2e-4, 0, 0, 0)
    reflections = unit_reflections(d_min)
    total = np.mean([still(reflections, turned(k), WAVELENGTH, spread).intensity.sum() for k in range(60)])
    assert total == pytest.approx(CELL.volume * np.pi / d_min**2 * np.sqrt(2 * np.pi) * 2e-4, rel=0.02)


def test_wider_reflections_are_more_and_weaker_and_scatter_the_same_in_all():
    reflections = unit_reflections(3.0)
    narrow, wide = Spread(2e-4, 0, 0, 0), Spread(2e-4, 1e-3, 2e-3, 1e-3)
    few, many = ([still(reflections, turned(k), WAVELENGTH, s) for k in range(60)] for s in (narrow, wide))
    assert sum(len(found.q) for found in many) > 1.5 * sum(len(found.q) for found in few)
    total = [sum(found.intensity.sum() for found in founds) for founds in (few, many)]
    assert total[1] == pytest.approx(total[0], rel=0.03)


def test_excitation_errors_are_exact_distances_from_the_ewald_sphere():
    found = still(unit_reflections(3.0), turned(3), WAVELENGTH, Spread(3e-4, 1e-3, 0, 0))
    np.testing.assert_allclose(np.linalg.norm(found.q, axis=1) ** -1, gemmi_d(found.hkl), rtol=1e-6)
    sphere = np.linalg.norm(found.q - np.array([0, 0, -1 / WAVELENGTH]), axis=1)
    np.testing.assert_allclose(found.excitation, sphere - 1 / WAVELENGTH, atol=1e-12)


def gemmi_d(hkl: np.ndarray) -> np.ndarray:
    cell = gemmi.UnitCell(*CELL.parameters)
    return np.array([cell.calculate_d(index) for index in hkl.tolist()])


def test_orientations_are_uniform():
    truth = simulate_crystals(CLEAN.replace(n_patterns=2000), cell=CELL).truth
    axes = truth["crystal_axes"].to_numpy() / np.array(CELL.parameters[:3])[:, None]
    np.testing.assert_allclose(axes @ axes.swapaxes(1, 2), np.tile(np.eye(3), (2000, 1, 1)), atol=1e-12)
    assert (np.linalg.det(axes) > 0).all()
    # Archimedes: each coordinate of a uniform direction is uniform.
    for component in (axes[:, 0, 2], axes[:, 2, 0], axes[:, 1, 1]):
        assert kstest(component, "uniform", args=(-1, 2)).pvalue > 0.001


def test_nothing_is_scattered_along_the_polarisation_at_90_degrees():
    assert polarised(1.0, 0.0, 1.0) == 0
    assert polarised(0.0, 1.0, 1.0) == 1
    two_theta, azimuth = 0.7, np.linspace(0, 6, 50)
    x, y = np.sin(two_theta) * np.cos(azimuth), np.sin(two_theta) * np.sin(azimuth)
    np.testing.assert_allclose(polarised(x, y, 0.5), (1 + np.cos(two_theta) ** 2) / 2)


def test_a_second_crystal_scatters_for_itself():
    experiment = simulate_crystals(CLEAN.replace(multiple=1, n_patterns=2), cell=CELL, seed=1)
    assert experiment.truth["kind"].to_numpy().tolist() == ["multiple", "multiple"]
    assert set(experiment.spots(1)["crystal"].to_numpy()) == {2, 3}
