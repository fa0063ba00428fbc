"""One pattern of an experiment: expected background, photons of the crystals, noise of the detector."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data._lazy import Rows
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_planes import PanelPlanes
from pulsetrain.simulate._crystals.options import CrystalOptions
from pulsetrain.simulate._crystals.reflections import Reflections
from pulsetrain.simulate._crystals.still import Floats, Spread, outgoing, still

__all__ = ["Patterns", "polarised"]

_AT_ONCE = 200_000  # photons
_FALSE = 0.3  # mean photons of a false peak, in units of the brightness
_HIGHEST = np.iinfo(np.int16).max
# Standard deviation of the Gaussian that has the width (FWHM 0.89/D) of a domain's shape transform sinc²(π D q).
_DOMAIN = 0.89 / 2.3548


class Patterns(Rows):
    """The patterns of one experiment, made when they are read.

    A pattern depends on the seed and on its own number only, so that it does not matter which are read together.

    Parameters
    ----------
    o : CrystalOptions
    geometry : CrystFELGeometry
        The true one.
    reflections : Reflections
    truth : xarray.Dataset
        As of `draw_conditions`.
    seed : int
    """

    def __init__(
        self, o: CrystalOptions, geometry: CrystFELGeometry, reflections: Reflections, truth: xr.Dataset, seed: int
    ) -> None:
        self.shape, self.dtype = (o.n_patterns, *geometry.shape), np.dtype(np.int16)
        self.reflections, self._o, self._seed = reflections, o, seed
        self._wavelength, self._gain, self._clen = geometry.wavelength, geometry.adu_per_photon, geometry.clen
        self._k0 = np.array([0.0, 0.0, 1 / self._wavelength])
        self._planes = PanelPlanes(geometry)
        self._pixel_size = 1 / geometry.panels[0].resolution
        self._place = geometry.positions().reshape(-1, 3).T.astype(np.float32)  # (xyz, pixel)
        self._truth = {str(name): truth[name].to_numpy() for name in truth.data_vars}
        self.spread = Spread(
            _DOMAIN / (o.domain_size * 1e4), np.deg2rad(o.mosaicity), o.bandwidth / 100, o.divergence * 1e-3
        )
        self._at_rest = self._scattered(np.zeros(3))
        rng = np.random.default_rng([seed, 1])
        size = int(np.prod(geometry.shape))
        chosen = rng.permutation(size)[: rng.poisson((o.hot_pixels + o.dead_pixels) * 1e-6 * size)]
        hot = rng.random(len(chosen)) * (o.hot_pixels + o.dead_pixels) < o.hot_pixels
        self._hot, self._dead = chosen[hot], chosen[~hot]
        self._glow = rng.uniform(20, 70, len(self._hot)) * self._gain  # ADU

    @property
    def rows_per_block(self) -> int:
        # A pattern costs as much as reading many: none is made that was not asked for.
        return 1

    def read(self, start: int, stop: int) -> NDArray[Any]:
        return np.stack([self.pattern(number) for number in range(start, stop)])

    def pattern(self, number: int) -> NDArray[np.int16]:
        """Make one pattern, in ADU."""
        rng = np.random.default_rng([self._seed, 2, number])
        photons = rng.poisson(self.background(number)).astype(np.float32)
        size = len(photons)
        photons += np.bincount(self._crystal_photons(number, rng), minlength=size)
        photons += np.bincount(self._false_photons(rng), minlength=size)
        adu = photons * np.float32(self._gain * self._truth["gain"][number])
        adu += np.float32(self._o.read_noise) * rng.standard_normal(size, dtype=np.float32)
        adu[self._hot] += self._glow
        adu[self._dead] = 0
        whole: NDArray[np.int16] = np.clip(np.rint(adu), -_HIGHEST, _HIGHEST).astype(np.int16)
        return whole.reshape(self.shape[1:])

    def background(self, number: int) -> NDArray[np.float32]:
        """Return the expected photons of solvent and air in each pixel, shape (pixel,)."""
        shift = self._shift(number)
        water, air = self._scattered(shift) if shift.any() else self._at_rest
        level_water, level_air = float(self._truth["water"][number]), float(self._truth["air"][number])
        return level_water * water + level_air * air

    def _scattered(self, shift: Floats) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what a unit of solvent and of air scatters into each pixel; 0 where there is no panel."""
        x, y, z = self._place + shift[:, None].astype(np.float32)
        distance = np.sqrt(x * x + y * y + z * z)
        q = np.sqrt(np.maximum(2 - 2 * z / distance, 0)) / np.float32(self._wavelength)
        solid_angle = np.float32(self._clen**2) * z / distance**3
        seen = np.nan_to_num(solid_angle * polarised(x / distance, y / distance, self._o.polarisation))
        # The main peak of water is at 3.3 Å, a second, broad one at 2.2 Å.
        water = np.exp(-(((q - 0.305) / 0.045) ** 2) / 2) + 0.35 * np.exp(-(((q - 0.46) / 0.09) ** 2) / 2) + 0.1
        return seen * np.nan_to_num(water), seen * np.nan_to_num(np.exp(-q / 0.1))

    def spots(self, number: int) -> xr.Dataset:
        """Return the reflections excited in a pattern: what the photons are drawn from.

        Returns
        -------
        xarray.Dataset, dims (spot,)
            ``hkl``, ``q``, ``excitation``, ``photons`` (expected), ``crystal``.
        """
        parts = []
        for crystal in np.flatnonzero(self._truth["crystal_pattern"] == number):
            found = still(self.reflections, self._truth["crystal_axes"][crystal], self._wavelength, self.spread)
            way = found.q + self._k0
            way /= np.linalg.norm(way, axis=1)[:, None]
            strength = self._o.brightness * self._truth["pulse_energy"][number] * self._truth["crystal_volume"][crystal]
            photons = strength * found.intensity * polarised(way[:, 0], way[:, 1], self._o.polarisation)
            parts.append((found.hkl, found.q, found.excitation, photons, np.full(len(photons), crystal)))
        if not parts:
            parts = [(np.empty((0, 3), int), np.empty((0, 3)), np.empty(0), np.empty(0), np.empty(0, int))]
        hkl, q, excitation, photons, crystal_of = (np.concatenate(part) for part in zip(*parts, strict=True))
        return xr.Dataset(
            {
                "hkl": (("spot", "index"), hkl),
                "q": (("spot", "xyz"), q, {"units": "1/Å"}),
                "excitation": ("spot", excitation, {"units": "1/Å"}),
                "photons": ("spot", photons),
                "crystal": ("spot", crystal_of),
            }
        )

    def _crystal_photons(self, number: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Throw the crystals' photons one by one; return the pixel of each."""
        spots = self.spots(number)
        q, excitation = spots["q"].to_numpy(), spots["excitation"].to_numpy()
        # A spot at an edge is tried on both panels; a photon of it lies in one of them.
        spot, panel, _, _ = self._planes.meet(q + self._k0, self._shift(number), margin=6.0)
        n_panels = np.bincount(spot, minlength=len(q))
        first = np.cumsum(n_panels) - n_panels
        photons = rng.poisson(np.where(n_panels > 0, spots["photons"], 0.0))
        thrown = np.repeat(np.arange(len(q)), photons)
        pixels = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(thrown), _AT_ONCE):
            own = thrown[start : start + _AT_ONCE]
            rays = outgoing(q[own], excitation[own], self._wavelength, self.spread, rng)
            blur = self._o.spot_size * rng.standard_normal((2, len(own)))
            for turn in range(n_panels[own].max()):
                tried = n_panels[own] > turn
                onto = panel[first[own[tried]] + turn]
                fast, slow = self._planes.places(rays[tried], onto, self._shift(number))
                pixels.append(self._planes.pixels(onto, fast + blur[0, tried], slow + blur[1, tried]))
        return np.concatenate(pixels)

    def _false_photons(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Throw photons of spots at random places of the detector; return the pixel of each."""
        area = np.prod(self._planes.size, axis=1)
        panel = rng.choice(len(area), rng.poisson(self._o.false_peaks), p=area / area.sum())
        centre = rng.random((2, len(panel))) * self._planes.size[panel].T  # slow, fast
        spot = np.repeat(np.arange(len(panel)), rng.poisson(rng.exponential(_FALSE * self._o.brightness, len(panel))))
        slow, fast = centre[:, spot] + self._o.spot_size * rng.standard_normal((2, len(spot)))
        return self._planes.pixels(panel[spot], fast, slow)

    def _shift(self, number: int) -> Floats:
        """Return how far the detector is off its mean place in a pattern, shape (3,), metres."""
        beam = np.array([self._truth["beam_x"][number], self._truth["beam_y"][number]]) * self._pixel_size
        return np.array([*-beam, self._truth["clen"][number] - self._clen])


def polarised(x: Any, y: Any, share: float) -> Any:
    """Return the polarisation factor of a direction with the unit vector (x, y, z)."""
    return 1 - share * x**2 - (1 - share) * y**2
