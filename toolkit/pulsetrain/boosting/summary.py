"""What there is to say of boosted frames, in a few lines for the terminal."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy.stats import norm

from pulsetrain.boosting._frames import photons, pictures
from pulsetrain.boosting.booster import Booster
from pulsetrain.boosting.degradation import Degradation

__all__ = ["doubts", "summary"]

_CHI2 = (0.9, 1.05)
_MUCH_MASKED = 0.25
_WORST = 2.0  # reduced χ² of a degradation that is believed
_PAIRED = (0.5, 1.5)  # χ² of pairs; those of shuffled ones are 2 and more
_LOOKED = 2**22  # pixels of pairs
_METHODS = {"degradation": "degradation learning", "cut": "CUT", "cyclegan": "CycleGAN"}


def summary(result: xr.Dataset, booster: Booster) -> str:
    """Say what was learnt, and how well the images agree with the frames.

    Parameters
    ----------
    result : xarray.Dataset
        With ``chi2`` and ``masked``, see `pulsetrain.boosting.streaming.boost_rest`; may be lazy.
    booster : Booster
    """
    learnt, networks = booster.degradation, len(booster.networks_)
    n, y, x = (result.sizes[dim] for dim in ("pattern", "y", "x"))
    method = _METHODS[booster.options.method]
    rows = {
        "gain": f"{_measured(learnt.gain, learnt.gain_error)} photons of each that the good condition counts",
        "point spread": f"{_measured(learnt.point_spread, learnt.point_spread_error)} px beyond the good condition",
        "read noise": f"{_measured(learnt.read_noise, learnt.read_noise_error)} photons",
        "χ² per pixel": f"{_chi2(result):.4g} of the images, made poor again; about 1 where they agree with the frames",
        "masked": f"{_masked(result):.1%} of the pixels, which stay so (NaN)",
        "intervals": _intervals(result),
    }
    width = max(map(len, rows))
    lines = [f"{n:,} frame{'s' * (n != 1)} of {y} × {x} pixels, {method}, {networks} network{'s' * (networks > 1)}"]
    return "\n".join([*lines, *(f"{name:{width}}  {words}" for name, words in rows.items())])


def doubts(
    frames: xr.DataArray,
    result: xr.Dataset,
    booster: Booster,
    test: tuple[xr.DataArray, xr.DataArray] | None = None,
) -> list[str]:
    """Say in plain words what should be looked at again; of a test sample, whether it is pairs."""
    said: list[str] = json.loads(result.attrs["findings"])
    units = str(frames.attrs.get("units", ""))
    if units not in ("", "photons") and booster.options.photon == 1:
        said.append(f"the frames are in {units}, and photon is 1: give what one photon adds to a pixel")
    if "std" in result and not result.attrs["calibrated"]:
        said.append(
            "std is not calibrated and promises nothing yet: give test_low and test_truth, pairs of other objects"
        )
    said += _doubtful_degradation(booster.degradation)
    if test is not None:
        said += _strangers(*test, booster)
    if "std" not in result:
        said.append("a single adversarial network cannot say how far its images are off: learn two members or more")
    chi2 = _chi2(result)
    if math.isfinite(chi2) and not _CHI2[0] <= chi2 <= _CHI2[1]:
        why = "follow the frames' noise" if chi2 < _CHI2[0] else "do not explain the frames"
        said.append(f"χ² per pixel is {chi2:.3g}, not {_CHI2[0]} … {_CHI2[1]}: the images {why}; look at some")
    masked = result["masked"].to_numpy()
    if dead := int((masked == 1).sum()):
        said.append(f"{dead:,} frames have no live pixel; nothing is made of them")
    if (share := _masked(result)) > _MUCH_MASKED:
        said.append(f"{share:.0%} of the pixels are masked: check the mask")
    if "trainId" not in result.coords:
        said.append("the input has no trainId: frames are told by their number, from 0")
    return said


def _doubtful_degradation(learnt: Degradation) -> Iterator[str]:
    if learnt.gain > 1.05 + 3 * np.nan_to_num(learnt.gain_error):
        yield (
            f"the poor condition counts {learnt.gain:.3g} photons for each of the good one: are the input and high "
            "swapped, or is photon or photon_high wrong?"
        )
    if learnt.reduced_chi2 > _WORST:
        yield (
            f"no point spread makes the good set the poor one (reduced χ² {learnt.reduced_chi2:.1f}): learn from "
            "objects of one kind"
        )


def _strangers(low: xr.DataArray, truth: xr.DataArray, booster: Booster) -> Iterator[str]:
    """Hold the truth, made poor, against what it is to be the truth of: no network has a part in that."""
    o, size = booster.options, low[0].size
    some = np.unique(np.linspace(0, len(low) - 1, min(len(low), max(1, _LOOKED // size))).astype(int))
    poor = photons(pictures(low.isel(pattern=some), o, "test_low"), o.photon)
    good = photons(pictures(truth.isel(pattern=some), o, "test_truth"), o.photon_high)
    deviation = booster.degradation.deviation(poor, good)
    known = deviation[np.isfinite(deviation)]
    if len(known) and not _PAIRED[0] <= (chi2 := float(known.mean(dtype=float))) <= _PAIRED[1]:
        yield (
            f"test_truth, made poor by what was learnt, is not what test_low shows (χ² per pixel {chi2:.3g}, of pairs "
            "about 1): std is calibrated by other objects, or in other units, and promises nothing"
        )


def _measured(value: float, error: float) -> str:
    """Return a value with as many digits as its error allows."""
    if not math.isfinite(error) or error <= 0:
        return f"{value:.3g}"
    digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _chi2(result: xr.Dataset) -> float:
    """Return χ² per live pixel of all frames."""
    live = 1 - result["masked"].to_numpy().astype(float)
    chi2 = result["chi2"].to_numpy().astype(float)
    return float(np.nansum(chi2 * live) / live.sum()) if live.any() else math.nan


def _masked(result: xr.Dataset) -> float:
    return float(result["masked"].to_numpy().mean(dtype=float))


def _intervals(result: xr.Dataset) -> str:
    if "std" not in result:
        return "none"
    if not result.attrs["calibrated"]:
        return "not calibrated"
    level = result.attrs["level"]
    z = norm.ppf((1 + level) / 2)
    words = (
        f"calibrated: image ± {z:.2f} std holds the truth in {level:.0%} of the pixels of frames like the test sample's"
    )
    return words + ("; whether these are is doubtful, see the notes" if json.loads(result.attrs["findings"]) else "")
