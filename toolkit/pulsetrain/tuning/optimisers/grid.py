"""Cartesian grid, as EXtra-Xwiz runs one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pulsetrain.tuning.optimisers._history import History
from pulsetrain.tuning.search import Setting

__all__ = ["GridOptimiser"]


class GridOptimiser(History):
    """All combinations of a few values of each parameter, then of twice as many, and so on.

    The first grid has 4 × 3 × 3 places; min-snr runs fastest and clen slowest, from the middle outwards.
    """

    def _propose(self, rng: np.random.Generator) -> Setting:
        known = {each.setting for each in self.evaluations}
        for finer in range(4):
            for setting in self._grid(finer):
                if setting not in known:
                    return setting
        return self.space.from_cube(rng.uniform(-1, 1, 3))

    def _grid(self, finer: int) -> Iterator[Setting]:
        n_snr, n_pixels, n_clen = 4 * 2**finer, 3 * 2**finer, 3 * 2**finer + (finer > 0)
        low, high = self.space.min_pix_count
        pixels = dict.fromkeys(int(np.rint(p)) for p in np.geomspace(low, high, n_pixels + 2)[1:-1])
        for clen in _from_middle(n_clen) if self.space.clen[1] > self.space.clen[0] else (0.0,):
            for count in pixels:
                for snr in np.linspace(-1, 1, n_snr + 2)[1:-1]:
                    place = self.space.from_cube(np.array([snr, 0.0, clen]))
                    yield Setting(place.min_snr, count, place.clen)


def _from_middle(n: int) -> list[float]:
    places = np.linspace(-1, 1, n + 2)[1:-1]
    return [float(place) for place in places[np.argsort(np.abs(places), kind="stable")]]
