"""Coordinate scan: what a scientist at the beamline does by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pulsetrain.tuning.optimisers._history import History, inside
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["ScanOptimiser"]

_ROUNDS = 6


class ScanOptimiser(History):
    """Scan min-snr, keep the best; then min-pix-count; then clen; then again, with half the step around the best.

    Parameters
    ----------
    space, start, seed, n_patterns
        As of `History`.
    use_shift : bool
        Instead of scanning clen, correct it by the shift of the indexed cells: a clen too long makes cells too large.
        Where nothing is indexed, clen is scanned all the same.
    """

    def __init__(
        self, space: SearchSpace, start: Setting, *, seed: int = 0, n_patterns: int = 200, use_shift: bool = False
    ) -> None:
        super().__init__(space, start, seed=seed, n_patterns=n_patterns)
        self._use_shift = use_shift

    def _propose(self, rng: np.random.Generator) -> Setting:
        """Return the first setting of the plan that has not been tried.

        The plan is made anew each time from what is known, so that points of the user's own fit in.
        """
        known = {each.setting: each for each in self.evaluations}
        for setting in self._plan(known):
            if setting not in known:
                return setting
        return self.space.from_cube(rng.uniform(-1, 1, 3))  # the steps have become too fine to matter

    def _plan(self, known: dict[Setting, Evaluation]) -> Iterator[Setting]:
        centre = self.start if self.start in known else self.best()
        for finer in range(_ROUNDS):
            for axis in range(3):
                line = list(self._line(centre, axis, finer, known))
                yield from line  # whoever asks stops at the first unknown one; beyond, all are known
                centre = _middle_of_best([known[each] for each in {centre: None, **dict.fromkeys(line)}], axis)

    def _line(self, centre: Setting, axis: int, finer: int, known: dict[Setting, Evaluation]) -> Iterator[Setting]:
        space = self.space
        if axis == 0:
            low, high = np.log(space.min_snr)
            half = (high - low) / 2 / 2**finer
            middle = (low + high) / 2 if finer == 0 else np.log(centre.min_snr)
            for value in np.exp(middle + half * np.array([-0.8, -0.4, 0.0, 0.4, 0.8][:: 1 if finer == 0 else 2])):
                yield inside(space, Setting(float(value), centre.min_pix_count, centre.clen))
        elif axis == 1:
            tried = (1, 2, 3, 4, 6) if finer == 0 else (centre.min_pix_count - 1, centre.min_pix_count + 1)
            for pixels in tried:
                yield inside(space, Setting(centre.min_snr, pixels, centre.clen))
        elif self._use_shift and np.isfinite(known[centre].cell_shift):
            yield inside(
                space,
                Setting(centre.min_snr, centre.min_pix_count, centre.clen / (1 + known[centre].cell_shift)),
            )
        elif space.clen[1] > space.clen[0]:
            half = (space.clen[1] - space.clen[0]) / 2 / 2**finer
            for part in (-0.8, -0.4, 0.4, 0.8) if finer == 0 else (-0.4, 0.4):
                yield inside(space, Setting(centre.min_snr, centre.min_pix_count, centre.clen + part * half))


def _middle_of_best(line: list[Evaluation], axis: int) -> Setting:
    """Return the best setting of a line; among equals the one in the middle."""
    places = [(each.setting.min_snr, each.setting.min_pix_count, each.setting.clen)[axis] for each in line]
    line = [line[i] for i in np.argsort(places, kind="stable")]
    counts = np.array([each.n_indexed for each in line])
    equal = np.flatnonzero(counts == counts.max())
    if counts.max() == 0:  # nothing indexed anywhere: hits at least
        hits = np.array([each.n_hits for each in line])
        equal = np.flatnonzero(hits == np.sort(hits)[len(hits) // 2])
    return line[int(equal[(len(equal) - 1) // 2])].setting
