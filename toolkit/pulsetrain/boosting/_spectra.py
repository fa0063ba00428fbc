"""Radial power spectra of two sets, and what tells the one set from the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.optimize import minimize_scalar

from pulsetrain.boosting._masks import filled
from pulsetrain.boosting.degradation import blurred
from pulsetrain.data import DataError

__all__ = ["Spectra", "Window", "fit_degradation"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_AT_ONCE = 256
_DIM = 30.0  # photons under the window below which a frame's shape is mostly noise
_WIDTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.5, 9.0)  # px, among which the point spread is sought first
_FEW = 400  # frames are enough for that
_TOLERANCE = 2e-3  # px
_STEP = 0.02  # px, of the derivative
_SECOND = np.array([1, -2, 1], np.float32) / np.float32(np.sqrt(6))  # difference, of squares that add up to 1


@dataclass(frozen=True)
class Window:
    """Where frames are looked at: tapered towards the edges, 0 where a pixel is masked in any of them.

    Attributes
    ----------
    weight : float32, shape (y, x)
    ring : int, shape (y, x // 2 + 1)
        Which radial bin each frequency belongs to.
    frequency : float64, shape (bin,), 1/px
    """

    weight: Floats
    ring: NDArray[np.int64]
    frequency: Doubles

    @classmethod
    def of(cls, *sets: NDArray[np.floating]) -> Window:
        """Make the window of sets of frames, each (n, y, x), of one shape."""
        live = np.logical_and.reduce([np.isfinite(each).mean(axis=0) > 0.99 for each in sets])
        if not live.any():
            raise DataError("frames", "no pixel that lives in all", "frames of one detector", "check the masks")
        # A cosine over the outer quarter at each side.
        taper = np.outer(*(_taper(size) for size in live.shape))
        return cls.of_weight((taper * live).astype(np.float32))

    @classmethod
    def of_weight(cls, weight: Floats) -> Window:
        """Make a window again of its weight."""
        y, x = weight.shape
        frequency = np.hypot(np.fft.fftfreq(y)[:, None], np.fft.rfftfreq(x))
        bins = min(y, x) // 2
        ring = np.minimum(np.round(frequency * 2 * bins).astype(np.int64), bins)
        return cls(weight, ring, np.arange(1, bins) / (2 * bins))

    def radial(self, power: Doubles) -> Doubles:
        """Return the mean of powers (n, y, x // 2 + 1) over rings, (n, bin); without mean and corners."""
        bins = len(self.frequency) + 2
        count = np.bincount(self.ring.ravel(), minlength=bins)
        total = np.stack([np.bincount(self.ring.ravel(), each.ravel(), bins) for each in power])
        return np.asarray((total / count)[:, 1:-1])


@dataclass(frozen=True)
class Spectra:
    """What each frame of a set has under a window.

    Attributes
    ----------
    total : float64, shape (n,), photons
    square : float64, shape (n,)
        Of the total, without what noise adds to it but for read noise.
    power : float64, shape (n, bin)
        Without the counting noise.
    fine : float64, shape (n,)
        Mean square of second differences along both axes at dim pixels, without the counting noise: the variance of
        read noise, for light that is blurred has next to nothing there.
    reading : float
        By how much a read noise of one photon would raise every bin.
    """

    total: Doubles
    square: Doubles
    power: Doubles
    fine: Doubles
    reading: float

    @classmethod
    def of_low(cls, low: NDArray[np.floating], window: Window, dim: NDArray[np.bool_]) -> Spectra:
        """Measure frames (n, y, x) of photons; read noise stays in."""
        parts = []
        for start in range(0, len(low), _AT_ONCE):
            frames = np.nan_to_num(np.asarray(low[start : start + _AT_ONCE], np.float32))
            seen = frames * window.weight
            total, counted = seen.sum(axis=(1, 2), dtype=float), (seen * window.weight).sum(axis=(1, 2), dtype=float)
            power = window.radial(np.abs(np.fft.rfft2(seen)) ** 2) - counted[:, None]
            fine = _filtered(frames, _SECOND) ** 2 - _filtered(frames, _SECOND**2)
            parts.append((total, total**2 - counted, power, fine[:, dim].mean(axis=1)))
        total, square, power, fine = (np.concatenate(each) for each in zip(*parts, strict=True))
        return cls(total, square, power, fine, float((window.weight**2).sum()))

    @classmethod
    def of_high(cls, halves: tuple[Floats, Floats], width: float, window: Window, dim: NDArray[np.bool_]) -> Spectra:
        """Measure frames given as two independent halves, each (n, y, x), after a blur; of two halves no noise adds."""
        parts = []
        for start in range(0, len(halves[0]), _AT_ONCE):
            frames = [blurred(half[start : start + _AT_ONCE], width) for half in halves]
            one, two = (each * window.weight for each in frames)
            first, second = np.fft.rfft2(one), np.fft.rfft2(two)
            totals = [each.sum(axis=(1, 2), dtype=float) for each in (one, two)]
            power = 4 * window.radial((first * second.conj()).real)
            fine = 4 * _filtered(frames[0], _SECOND) * _filtered(frames[1], _SECOND)
            square = 4 * totals[0] * totals[1]
            parts.append((totals[0] + totals[1], square, power, fine[:, dim].mean(axis=1)))
        total, square, power, fine = (np.concatenate(each) for each in zip(*parts, strict=True))
        return cls(total, square, power, fine, float((window.weight**2).sum()))

    def shape(self, dim: float, read_noise: float = 0.0) -> tuple[Doubles, Doubles]:
        """Return the mean power over the squared total, (bin,), and each frame's pull on it, (n, bin).

        Frames weigh about alike however bright they are, but for `dim` ones; the variance is the sum of squared pulls.
        """
        floor = self.reading * read_noise**2
        weight = 1 / (np.maximum(self.total, 0) + dim) ** 2
        power, square = weight[:, None] * (self.power - floor), weight * (self.square - floor)
        mean = power.sum(axis=0) / square.sum()
        pull = (power - mean * square[:, None]) / square.sum()
        return mean, np.asarray(pull)


def halved(high: NDArray[np.floating], seed: int) -> tuple[Floats, Floats]:
    """Return frames (n, y, x) as two halves of independent noise: each photon goes to one of them."""
    rng = np.random.default_rng(seed)
    counts = filled(np.asarray(high, np.float32), lambda mean: rng.poisson(mean).astype(np.float32))
    whole = np.rint(counts).clip(min=0)
    first = rng.binomial(whole.astype(np.int64), 0.5).astype(np.float32)
    # What counting did not explain (read noise of the good condition) is left in both alike.
    rest = (counts - whole) / 2
    return first + rest, whole - first + rest


def fit_degradation(low: NDArray[np.floating], high: NDArray[np.floating], seed: int) -> dict[str, float]:
    """Return the fields of a `Degradation` that turns the good set into the poor one."""
    window = Window.of(low, high)
    dim = _dim_pixels(high, window)
    poor, halves = Spectra.of_low(low, window, dim), halved(high, seed)
    if poor.total.mean() <= 0 or halves[0].sum() + halves[1].sum() <= 0:
        raise DataError("frames", "no light", "frames of more photons than noise", "check photon and the masks")

    def trial(width: float, frames: int | None = None) -> _Trial:
        some = (halves[0][:frames], halves[1][:frames])
        return _Trial(poor, Spectra.of_high(some, width, window, dim))

    best = int(np.argmin([trial(width, _FEW).misfit for width in _WIDTHS]))
    between = (_WIDTHS[max(best - 1, 0)], _WIDTHS[min(best + 1, len(_WIDTHS) - 1)])
    found = minimize_scalar(
        lambda width: trial(width).misfit, bounds=between, method="bounded", options={"xatol": _TOLERANCE}
    )
    width = float(found.x)
    at, wider = trial(width), trial(width + _STEP)
    slope = (wider.model - at.model) / _STEP
    answer = slope / at.variance / max((slope**2 / at.variance).sum(), 1e-12)  # (bin,): of the width to each bin
    scatter = [each.total.std() / each.total.mean() / np.sqrt(len(each.total)) for each in (poor, at.good)]
    return {
        "gain": at.gain,
        "point_spread": width,
        "read_noise": at.read_noise,
        "gain_error": float(at.gain * np.hypot(*scatter)),
        "point_spread_error": float(np.sqrt(sum(((pull @ answer) ** 2).sum() for pull in at.pulls))),
        "read_noise_error": at.read_noise_error,
        "reduced_chi2": at.misfit / max(len(at.model) - 1, 1),
    }


class _Trial:
    """The good set blurred by some width, held against the poor set."""

    def __init__(self, poor: Spectra, good: Spectra) -> None:
        self.good = good
        self.gain = float(poor.total.mean() / good.total.mean())
        fine = (poor.fine, self.gain**2 * good.fine)
        square = max(float(fine[0].mean() - fine[1].mean()), 0.0)
        scatter = float(np.sqrt(sum(each.var() / len(each) for each in fine)))
        self.read_noise = float(np.sqrt(square))
        # Of a square that may be 0.
        self.read_noise_error = scatter / (self.read_noise + float(np.sqrt(square + scatter)))
        seen, pull = poor.shape(_DIM, self.read_noise)
        self.model, model_pull = good.shape(_DIM / self.gain)
        self.pulls = (pull, model_pull)
        self.variance = (pull**2).sum(axis=0) + (model_pull**2).sum(axis=0)
        self.misfit = float(((seen - self.model) ** 2 / self.variance).sum())


def _dim_pixels(high: NDArray[np.floating], window: Window) -> NDArray[np.bool_]:
    """Return where the light is below its median, shape (y − 2, x − 2); all neighbours live."""
    live = binary_erosion(window.weight > 0, np.ones((3, 3), bool))[1:-1, 1:-1]
    if not live.any():
        raise DataError("frames", "no 3 × 3 pixels that live in all", "frames of one detector", "check the masks")
    mean = np.nan_to_num(high).mean(axis=0)[1:-1, 1:-1]  # of the good set, whose noise is not what is measured
    return np.asarray(live & (mean <= np.median(mean[live])))


def _filtered(frames: Floats, weights: Floats) -> Doubles:
    """Return frames (n, y, x) weighed by three weights along both axes, (n, y − 2, x − 2)."""
    first, middle, last = weights
    rows = first * frames[:, :-2] + middle * frames[:, 1:-1] + last * frames[:, 2:]
    return np.asarray(first * rows[..., :-2] + middle * rows[..., 1:-1] + last * rows[..., 2:], dtype=float)


def _taper(n: int) -> Doubles:
    edge = max(n // 4, 1)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / edge)
    return np.concatenate([ramp, np.ones(n - 2 * edge), ramp[::-1]])
