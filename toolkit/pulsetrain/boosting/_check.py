"""Whether frames are of the condition that a booster learnt: no network says that by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting._masks import filled
from pulsetrain.boosting._spectra import Window
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.data import DataError

__all__ = ["Domain", "Finding"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Boost = Callable[[Floats], Floats]

_FEWEST = 16  # frames
_KEPT = 2**21  # pixels of good frames
_LOOKED = 200  # frames whose images' spectra are compared
_DARK = 0.1  # of the median light, below which frames are left out
_SURE = 4.0  # standard deviations
_WORST = 2.0  # reduced χ² of a degradation that is believed
# Least change that matters: relative, and absolute.
_LEAST = {"gain": (0.05, 0.0), "point_spread": (0.0, 0.1), "read_noise": (0.15, 0.1)}
_SAID = {
    "gain": "each object gives {:.3g} of the good condition's photons, {:.3g} when it was learnt",
    "point_spread": "the point spread is {:.2f} px, {:.2f} px when it was learnt",
    "read_noise": "the read noise is {:.2f} photons, {:.2f} when it was learnt",
}


class Finding(NamedTuple):
    """One way in which frames differ from those that were learnt from.

    Attributes
    ----------
    what : {'gain', 'point_spread', 'read_noise', 'objects', 'power'}
    message : str
        In plain words.
    expected, found : float
        What was learnt, and what these frames show.
    sigmas : float
        How sure that is, in standard deviations.
    """

    what: str
    message: str
    expected: float
    found: float
    sigmas: float


@dataclass(frozen=True)
class Domain:
    """What is kept of the two sets, to hold other frames against.

    Attributes
    ----------
    high : float32, shape (n, y, x), photons
        Some frames of the good condition.
    window : float32, shape (y, x)
        Under which images are compared.
    shape, variance : float64, shape (bin,)
        Radial power of boosted training frames, see `_shape`.
    """

    high: Floats
    window: Floats
    shape: Doubles
    variance: Doubles

    @classmethod
    def of(cls, low: Floats, high: Floats, boost: Boost) -> Self:
        """Keep what is needed of the sets that were learnt from."""
        window = Window.of(low, high)
        shape, variance = _shape(_some(low, _LOOKED), boost, window)
        kept = max(_FEWEST, _KEPT // high[0].size)
        return cls(_some(high, kept), window.weight, shape, variance)

    def findings(self, low: Floats, learnt: Degradation, boost: Boost, seed: int) -> list[Finding]:
        """Return how frames (n, y, x) differ from those that were learnt from."""
        if len(low) < _FEWEST:
            raise DataError("low", f"{len(low)} frames", f"{_FEWEST} or more, which tell a condition", "give more")
        if low.shape[1:] != self.window.shape:
            allowed = f"{self.window.shape}, as those that were learnt from"
            raise DataError("low", f"frames of {low.shape[1:]} pixels", allowed, "give frames of this detector")
        now = Degradation.fit(low, self.high, seed)
        rings = len(Window.of_weight(self.window).frequency)
        return [*_changed(learnt, now), *_strange(now, rings), *self._other_power(low, boost)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of."""
        return {"high": self.high, "window": self.window, "shape": self.shape, "variance": self.variance}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a domain again of its `arrays`."""
        return cls(**{name: arrays[name] for name in ("high", "window", "shape", "variance")})

    def _other_power(self, low: Floats, boost: Boost) -> Iterator[Finding]:
        """Compare the radial power of boosted images with that of the boosted training frames."""
        window = Window.of_weight(self.window)
        shape, variance = _shape(_some(low, _LOOKED), boost, window)
        apart = (shape - self.shape) / np.sqrt(variance + self.variance + (0.02 * self.shape) ** 2)
        worst = int(np.argmax(np.abs(apart)))
        reduced = float((apart**2).mean())
        if reduced > _WORST:
            ratio = float(shape[worst] / self.shape[worst])
            message = (
                f"boosted, they have {ratio:.2f} of the power at {window.frequency[worst]:.2f} 1/px that those learnt "
                f"from had: other objects, or a condition that the booster does not know"
            )
            yield Finding("power", message, 1.0, ratio, float(np.abs(apart[worst])))


def _changed(learnt: Degradation, now: Degradation) -> Iterator[Finding]:
    for name, (relative, absolute) in _LEAST.items():
        before, after = getattr(learnt, name), getattr(now, name)
        error = np.hypot(*(np.nan_to_num(getattr(each, f"{name}_error")) for each in (learnt, now)))
        apart = abs(after - before)
        if apart > _SURE * error and apart > max(absolute, relative * before):
            yield Finding(name, _SAID[name].format(after, before), before, after, float(apart / max(error, 1e-9)))


def _strange(now: Degradation, rings: int) -> Iterator[Finding]:
    if now.reduced_chi2 > _WORST:
        message = (
            f"no point spread makes the good set these frames (reduced χ² {now.reduced_chi2:.1f}): other objects; "
            "what is said of gain, point spread and read noise is not to be trusted then"
        )
        sigmas = (now.reduced_chi2 - 1) * float(np.sqrt(rings / 2))
        yield Finding("objects", message, 1.0, now.reduced_chi2, sigmas)


def _shape(low: Floats, boost: Boost, window: Window) -> tuple[Doubles, Doubles]:
    """Return the mean radial power of boosted frames over their squared total, and its variance."""
    seen = filled(boost(low)) * window.weight
    total = seen.sum(axis=(1, 2), dtype=float)
    lit = total > _DARK * np.median(total)  # blank frames have no shape
    seen, total = seen[lit], total[lit]
    share = window.radial(np.abs(np.fft.rfft2(seen)) ** 2) / np.maximum(total, 1e-6)[:, None] ** 2
    return share.mean(axis=0), share.var(axis=0) / len(share)


def _some(frames: Floats, most: int) -> Floats:
    chosen = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).astype(int))
    return np.asarray(frames[chosen])
