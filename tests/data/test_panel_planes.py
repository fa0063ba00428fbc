"""Rays from the sample and the pixels that they meet."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_planes import PanelPlanes

# Two tilted panels side by side, with a gap of two pixels between them.
TWO_PANELS = "photon_energy = 9300\nclen = 0.1\nres = 5000\n" + "".join(
    f"{name}/min_fs = 0\n{name}/max_fs = 19\n{name}/min_ss = {first}\n{name}/max_ss = {first + 9}\n"
    f"{name}/fs = +0.998x +0.06y +0.01z\n{name}/ss = -0.06x +0.998y\n{name}/corner_x = {corner}\n{name}/corner_y = -5\n"
    for name, first, corner in (("left", 0, -21), ("right", 10, 1))
)


@pytest.mark.parametrize("axes", ["", "dim0 = fs\ndim1 = ss\n"], ids=["slow first", "fast first"])
def test_rays_meet_the_pixels_they_were_drawn_to(axes):
    geometry = CrystFELGeometry.parse(axes + TWO_PANELS)
    planes, place = PanelPlanes(geometry), geometry.positions().reshape(-1, 3)
    shift = np.array([1e-3, -2e-3, 3e-3])
    ray, panel, fast, slow = planes.meet(7.0 * (place + shift), shift)
    np.testing.assert_array_equal(ray, np.arange(400))
    np.testing.assert_array_equal(planes.pixels(panel, fast, slow), ray)
    np.testing.assert_allclose([fast % 1, slow % 1], 0.5, atol=1e-9)


def test_rays_away_from_the_detector_meet_nothing():
    geometry = CrystFELGeometry.parse(TWO_PANELS)
    assert not PanelPlanes(geometry).meet(-geometry.positions().reshape(-1, 3))[0].size


def test_a_ray_into_a_gap_meets_both_panels_within_the_margin_and_no_pixel():
    geometry = CrystFELGeometry.parse(TWO_PANELS)
    planes, place = PanelPlanes(geometry), geometry.positions()
    gap = (place[5, 19] + place[15, 0]) / 2  # halfway between the neighbours on both sides
    assert not planes.meet(gap[None])[0].size
    ray, panel, fast, slow = planes.meet(gap[None], margin=2.0)
    assert (ray.tolist(), panel.tolist()) == ([0, 0], [0, 1])
    assert not planes.pixels(panel, fast, slow).size
