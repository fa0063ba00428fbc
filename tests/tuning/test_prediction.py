"""Predicted spots fall where geometry, and CrystFEL, put them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.tuning.prediction import predict


@pytest.fixture(scope="module")
def flat(panel):
    return panel(1000, 1000)  # pixels of 0.1 mm, the beam in their middle


def bragg_oriented(spacing, h, wavelength):
    """Axes of a cubic crystal, turned about y so that h 0 0 fulfils Bragg's law, towards +x."""
    theta = np.arcsin(h * wavelength / (2 * spacing))
    # q = h/a at the angle theta against the plane of x and y, tilted towards the source
    a = spacing * np.array([np.cos(theta), 0, -np.sin(theta)])
    c = spacing * np.array([np.sin(theta), 0, np.cos(theta)])
    return np.array([a, [0, spacing, 0], c]), theta


def test_a_reflection_in_braggs_condition_falls_at_two_theta(flat):
    axes, theta = bragg_oriented(60.0, 12, flat.wavelength)
    spots = predict(axes, flat)
    [k] = np.flatnonzero((spots.hkl == [12, 0, 0]).all(axis=1))
    radius = 0.1 * np.tan(2 * theta) / 1e-4  # pixels
    assert spots.excitation[k] == pytest.approx(0, abs=1e-12)
    assert spots.fast_scan[k] == pytest.approx(500 + radius, abs=1e-6)
    assert spots.slow_scan[k] == pytest.approx(500, abs=1e-6)
    assert spots.pixel[k] == 500 * 1000 + int(500 + radius)


def test_spots_move_outwards_in_proportion_to_the_camera_length(flat):
    axes, _ = bragg_oriented(60.0, 8, flat.wavelength)
    near, far = predict(axes, flat), predict(axes, flat.with_clen(0.2))
    both = {tuple(hkl): k for k, hkl in enumerate(near.hkl)}
    pairs = [(both[tuple(hkl)], k) for k, hkl in enumerate(far.hkl) if tuple(hkl) in both]
    assert len(pairs) > 5
    for name in ("slow_scan", "fast_scan"):
        close, away = getattr(near, name) - 500, getattr(far, name) - 500
        np.testing.assert_allclose([away[k] for _, k in pairs], [2 * close[j] for j, _ in pairs], atol=1e-6)


def test_no_spot_is_outside_of_the_radius_and_the_resolution(flat):
    axes, _ = bragg_oriented(60.0, 12, flat.wavelength)
    spots = predict(axes, flat, radius=0.001, resolution=4.0)
    q = spots.hkl @ np.linalg.inv(axes).T
    distance = np.linalg.norm(q + np.array([0, 0, 1 / flat.wavelength]), axis=1) - 1 / flat.wavelength
    np.testing.assert_allclose(distance, spots.excitation, atol=1e-12)
    assert np.abs(distance).max() < 0.001
    assert np.linalg.norm(q, axis=1).max() <= 0.25
    assert (np.diff(np.abs(spots.excitation)) >= 0).all()


@pytest.mark.parametrize(
    ("centering", "allowed"),
    [
        ("A", lambda hkl: (hkl[1] + hkl[2]) % 2 == 0),
        ("C", lambda hkl: (hkl[0] + hkl[1]) % 2 == 0),
        ("I", lambda hkl: hkl.sum(axis=0) % 2 == 0),
        ("F", lambda hkl: (hkl[0] % 2 == hkl[1] % 2) & (hkl[1] % 2 == hkl[2] % 2)),
        ("H", lambda hkl: (hkl[1] - hkl[0] + hkl[2]) % 3 == 0),
    ],
)
def test_extinct_reflections_are_left_out(flat, centering, allowed):
    """International Tables for Crystallography A, reflection conditions of the centred lattices."""
    axes, _ = bragg_oriented(60.0, 12, flat.wavelength)
    every = predict(axes, flat, radius=0.002).hkl
    kept = predict(axes, flat, radius=0.002, centering=centering).hkl
    wanted = every[allowed(every.T)]
    assert 0 < len(wanted) < len(every)
    assert {tuple(hkl) for hkl in kept} == {tuple(hkl) for hkl in wanted}


def test_spots_lie_where_crystfel_integrates_them(measured):
    """CrystFEL's own reflections of the first crystal of its stream: same panels, places within a tenth of a pixel."""
    folder = measured / "crystfel"
    geometry = CrystFELGeometry.read(folder / "sample.geom")
    text = (folder / "base.stream").read_text(encoding="utf-8").split("--- Begin crystal")[1]
    reciprocal = np.array(
        [[float(v) / 10 for v in re.search(rf"{n}star = (\S+) (\S+) (\S+) nm", text).groups()] for n in "abc"]
    )
    lines = text.split("fs/px  ss/px panel\n")[1].split("End of reflections")[0].splitlines()
    theirs = {tuple(map(int, line.split()[:3])): line.split()[7:10] for line in lines}
    spots = predict(np.linalg.inv(reciprocal).T, geometry, radius=0.0012)
    ours = {tuple(hkl): k for k, hkl in enumerate(spots.hkl)}
    shared = [hkl for hkl in theirs if hkl in ours]
    assert len(shared) > 0.98 * len(theirs) > 200
    place = np.array([[float(theirs[hkl][1]), float(theirs[hkl][0])] for hkl in shared])
    found = np.array([[spots.slow_scan[ours[hkl]], spots.fast_scan[ours[hkl]]] for hkl in shared])
    off = np.linalg.norm(place - found, axis=1)
    assert off.max() < 0.1  # pixels
    modules = spots.pixel // (512 * 128)
    assert all(int(re.match(r"p(\d+)a", theirs[hkl][2])[1]) == modules[ours[hkl]] for hkl in shared)
