"""What the boosting control computes: in threads, with no widget in reach."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError
from pulsetrain.figures import boosting as figures
from pulsetrain.options import OptionError
from pulsetrain.panels._boosting_code import FILES
from pulsetrain.panels._boosting_input import BoostingInput
from pulsetrain.panels._boosting_outcome import Judged, Look, Outcome, Sample
from pulsetrain.panels._picture import png
from pulsetrain.panels._task import part
from pulsetrain.progress import Progress

if TYPE_CHECKING:
    from pulsetrain.boosting import Booster
    from pulsetrain.boosting._check import Finding

__all__ = ["BoostingWork", "remaining"]

Floats = NDArray[np.float32]

_HELD = 2**22  # pixels, up to which all frames are boosted at once
_JUDGED, _DRAWN = 200, 2**20  # frames and pixels that figures are drawn of, at most
_OTHERS = ("Richardson–Lucy", "NLM + RL")  # told the degradation that was learnt
_CHECKED = 16  # frames, at least, that tell a condition


class BoostingWork:
    """The frames of a control, and what boosts them.

    Parameters
    ----------
    given : BoostingInput
    """

    def __init__(self, given: BoostingInput) -> None:
        self._given = given
        self._drawn: tuple[Booster, bytes] | None = None

    def learn(self, options: BoostingOptions, progress: Progress) -> Outcome:
        """Learn from both sets, or read the booster that options name; and boost."""
        progress(0, 100, "Making ready")
        from pulsetrain.boosting import Booster

        model = Path(options.model).expanduser()
        if self.is_there(options):
            booster = Booster.load(model, device=options.device)
        else:
            high = self._given.good(options)
            booster = Booster(**options.model_dump(exclude=set(FILES))).fit(
                self._given.low, high, remaining(part(progress, 0, 0.85))
            )
            if options.model:
                booster.save(model)
        return self.boost(booster, part(progress, 0.85, 1))

    def is_there(self, options: BoostingOptions) -> bool:
        """Whether options name a booster that is there already.

        Raises
        ------
        OptionError
            If good frames are named too: what is there is not learnt anew.
        """
        there = bool(options.model) and Path(options.model).expanduser().exists()
        if there and (options.high or self._given.high is not None):
            raise OptionError(
                f"model: {options.model!r} is there already, and there are good frames to learn a new one from; "
                "allowed one of them: name a new folder, or leave high out"
            )
        return there

    def calibrate(self, booster: Booster, options: BoostingOptions, progress: Progress) -> Outcome:
        """Stretch the booster's intervals by the test sample, and boost again."""
        pairs = self._given.pairs(options)
        if pairs is None:
            raise OptionError("test: there is no test sample; give BoostingPanel(low, high, test=(low, truth))")
        progress(0, 1, "Calibrating")
        # A copy: cancelled halfway, the images shown are still those of a booster that was not calibrated.
        calibrated = copy.copy(booster).calibrate(*pairs)
        return self.boost(calibrated, part(progress, 0.3, 1))

    def boost(self, booster: Booster, progress: Progress) -> Outcome:
        """Boost the frames, and say whether they are of the condition that was learnt."""
        frames = self._pictures(booster)
        if frames.size <= _HELD:
            result = booster.predict(frames, booster.has_std, part(progress, 0, 0.6))
        else:
            result = _lazy(booster, frames)
        sample = self._sample(booster, frames, result, part(progress, 0.6, 0.7))
        progress(70, 100, "Comparing with the truth")
        judged = None if sample.truth is None else _judged(booster, sample, sample.truth)
        progress(80, 100, "Comparing the condition with the one that was learnt")
        findings, unchecked = _checked(booster, frames)
        chi2 = booster.degradation.chi2(sample.low, sample.image)
        progress(100, 100)
        return Outcome(booster, result, sample, judged, findings, unchecked, chi2, self._strips(booster))

    def look(self, pattern: int, outcome: Outcome | None, options: BoostingOptions) -> Look:
        """Return one frame as it is shown."""
        from pulsetrain.boosting._frames import photons, pictures

        one, truth = self._given.low.isel(pattern=[pattern]), self._given.truth
        used = options if outcome is None else outcome.booster.options
        before = photons(pictures(one, used, "low"), used.photon)[0]
        known = None
        if truth is not None:
            known = photons(pictures(truth.isel(pattern=[pattern]), used, "truth"), used.photon_high)[0]
        if outcome is None:
            return Look(pattern, before, None, None, known)
        before = before / np.float32(outcome.booster.degradation.gain)
        made = outcome.result.isel(pattern=[pattern])
        if made.chunks:
            made = outcome.booster.predict(one, outcome.booster.has_std)
        std = made["std"].to_numpy()[0] if "std" in made else None
        return Look(pattern, before, made["image"].to_numpy()[0], std, known)

    def _strips(self, booster: Booster) -> bytes:
        if self._drawn is None or self._drawn[0] is not booster:
            history = booster.history[0]
            drawing = figures.strips(history, content=booster.options.content) if history.strips else None
            self._drawn = booster, b"" if drawing is None else png(drawing)
        return self._drawn[1]

    def _pictures(self, booster: Booster) -> xr.DataArray:
        from pulsetrain.boosting._frames import pictures

        return pictures(self._given.low, booster.options, "low")

    def _sample(self, booster: Booster, frames: xr.DataArray, result: xr.Dataset, progress: Progress) -> Sample:
        from pulsetrain.boosting._frames import photons, pictures

        chosen = _spread(len(frames), min(_JUDGED, max(1, _DRAWN // frames[0].size)))
        made = result.isel(pattern=chosen)
        if made.chunks:
            made = booster.predict(frames.isel(pattern=chosen), booster.has_std, progress)
        truth = None
        if self._given.truth is not None:
            known = pictures(self._given.truth.isel(pattern=chosen), booster.options, "truth")
            truth = photons(known, booster.options.photon_high)
        high = None
        if self._given.high is not None:
            good = pictures(self._given.high, booster.options, "high")
            high = photons(good.isel(pattern=_spread(len(good), _JUDGED)), booster.options.photon_high)
        low = photons(frames.isel(pattern=chosen), booster.options.photon)
        return Sample(chosen, low, made.load(), truth, high)


def _judged(booster: Booster, sample: Sample, truth: Floats) -> Judged:
    from pulsetrain.boosting.baselines import BASELINES, Case
    from pulsetrain.boosting.judging import judge_intervals

    content, learnt, std = booster.options.content, booster.degradation, sample.std
    case = Case(sample.low, sample.low, learnt, content)
    others = {name: BASELINES[name](case) for name in _OTHERS}
    pictures = {"input": sample.low / np.float32(learnt.gain), "boosted": sample.image}
    return Judged(
        figures.correlation_curves(pictures | {"Richardson–Lucy": others["Richardson–Lucy"]}, truth, content),
        figures.quality_table(sample.image, truth, sample.low, learnt, content=content, others=others),
        None if std is None else judge_intervals(sample.image, std, truth, sample.made.attrs["level"]),
    )


def _checked(booster: Booster, frames: xr.DataArray) -> tuple[list[Finding] | None, str]:
    some = frames.isel(pattern=_spread(len(frames), max(_CHECKED, _HELD // frames[0].size)))
    try:
        return booster.check(some), ""
    except DataError as error:  # too few, or of another shape: boosted they are all the same
        return None, str(error)


def remaining(progress: Progress) -> Progress:
    """Return a progress that tells the loss and the time that is left with the message."""
    first: list[tuple[float, int]] = []

    def told(done: int, total: int, message: str = "", /, **values: float) -> None:
        if values:
            message += "".join(f", {name} {value:.3g}" for name, value in values.items())
            if not first:
                first.append((time.monotonic(), done))
            begun, start = first[0]
            if done > start:
                left = (time.monotonic() - begun) * (total - done) / (done - start)
                message += f", {_duration(left)} left"
        progress(done, total, message, **values)

    return told


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _spread(n: int, most: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def _lazy(booster: Booster, frames: xr.DataArray) -> xr.Dataset:
    """Return the result of many frames, which is computed in blocks when it is saved or looked at."""
    import dask.array as da

    one = booster.predict(frames.isel(pattern=[0]), booster.has_std)
    names = list(one.data_vars)
    rows = max(1, _HELD // frames[0].size)
    source = da.asarray(frames.data).rechunk({0: rows, 1: -1, 2: -1})

    def boosted(block: Any) -> Any:
        made = booster.predict(xr.DataArray(block, dims=frames.dims), booster.has_std)
        return np.stack([made[name].to_numpy() for name in names], axis=1)

    chunks = (source.chunks[0], (len(names),), *source.chunks[1:])
    both = source.map_blocks(boosted, dtype=np.float32, new_axis=1, chunks=chunks, meta=np.empty((0,) * 4, np.float32))
    coords = {name: coord for name, coord in frames.coords.items() if coord.dims == ("pattern",)}
    result = xr.Dataset({name: (frames.dims, both[:, k]) for k, name in enumerate(names)}, coords, one.attrs)
    for name in names:
        result[name].attrs.update(one[name].attrs)
    return result
