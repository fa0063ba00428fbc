"""Images of one instrument in a poor and in a good condition, with the truth known.

The two sets show different objects, as it is where a shot destroys its sample. Pairs of the same object in both
conditions, and what the good one expects without noise, are for judging only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from pulsetrain.data._frames import IMAGE
from pulsetrain.data._inputs import PathLike
from pulsetrain.simulate._images.frames import Condition, ImageFrames, Light, Objects, make_light
from pulsetrain.simulate._images.instrument import Instrument, make_instrument
from pulsetrain.simulate._images.options import ImageOptions
from pulsetrain.simulate._images.writers import write_sets

__all__ = ["ImageExperiment", "ImageOptions", "ImagePairs", "TrueDegradation", "simulate_images", "write_example"]

_LOW, _HIGH, _PAIRS = 1, 2, 3
_FIRST_TRAIN, _PER_TRAIN, _SPACING = 1_500_000_000, 32, 4  # every fourth 4.5 MHz pulse


class TrueDegradation(NamedTuple):
    """How the good condition becomes the poor one: Poisson(gain · PSF ∗ truth) + read noise.

    Attributes
    ----------
    gain : float
        Photons in the poor condition for each in the good one.
    point_spread : float, px
        Standard deviation of the Gaussian, sampled at pixels and cut at four widths (`scipy.ndimage.gaussian_filter`).
        What falls into the beam's hole is blurred into no neighbour; what falls on a dead pixel is.
    read_noise : float, photons of the poor condition
    binning : int
    """

    gain: float
    point_spread: float
    read_noise: float
    binning: int


class ImagePairs(NamedTuple):
    """The same objects in both conditions, for judging.

    Attributes
    ----------
    low, truth, high : xarray.DataArray, dims (pattern, y, x), float32
        In photons: the poor condition's, and the good one's without noise and as it counts them.
    """

    low: xr.DataArray
    truth: xr.DataArray
    high: xr.DataArray


@dataclass(frozen=True)
class ImageExperiment:
    """A simulated experiment: what its user has, and the truth.

    Attributes
    ----------
    low, high : xarray.DataArray, dims (pattern, y, x), float32, photons of the poor and of the good condition
        Of different objects; made lazily, a block of patterns at a time. The hole and dead pixels are NaN.
    degradation : TrueDegradation
    """

    low: xr.DataArray
    high: xr.DataArray
    degradation: TrueDegradation
    _instrument: Instrument = field(repr=False)
    _light: Light = field(repr=False)
    _seed: int = field(repr=False)

    def write_hdf5(self, folder: PathLike, n_pairs: int = 0) -> Path:
        """Write ``low.h5`` and ``high.h5`` (CXI's layout), with pairs ``test_low.h5`` and ``test_truth.h5`` if wished.

        What the degradation is stands in ``truth.json``.

        Raises
        ------
        FileExistsError
            If the folder exists; nothing is written.
        """
        sets = {"low": self.low, "high": self.high}
        if n_pairs:
            pairs = self.pairs(n_pairs)
            sets |= {"test_low": pairs.low, "test_truth": pairs.truth}
        told = {**self.degradation._asdict(), "seed": self._seed, "options": self._instrument.o.model_dump()}
        return write_sets(sets, told, Path(folder).expanduser())

    def pairs(self, n: int, repeat: int = 0) -> ImagePairs:
        """Return objects that are in neither set, in both conditions; the same again for the same `repeat`."""
        objects = Objects(self._instrument, self._light, (self._seed, _PAIRS, repeat))
        made = np.empty((3, n, *self.low.shape[1:]), np.float32)
        for number in range(n):
            light = objects.light(number)
            made[0, number] = self._instrument.low(light, objects.rng(number, 1))
            made[1, number] = self._instrument.truth(light)
            made[2, number] = self._instrument.high(light, objects.rng(number, 2))
        names = ("low", "truth", "high")
        told = [[self._seed, repeat, name, self._instrument.o.model_dump_json()] for name in names]
        low, truth, high = (_labelled(array, text) for array, text in zip(made, told, strict=True))
        return ImagePairs(low, truth, high)


def simulate_images(options: ImageOptions | None = None, seed: int = 0) -> ImageExperiment:
    """Simulate one experiment.

    Parameters
    ----------
    options : ImageOptions, optional
    seed : int
        Same seed and options, same experiment, in whatever order its frames are read.

    Raises
    ------
    DataError
        If hole and dead pixels leave none.

    Examples
    --------
    >>> experiment = simulate_images(ImageOptions(n_low=3, n_high=2), seed=1)
    >>> experiment.low.shape, experiment.high.shape, experiment.pairs(4).truth.shape
    ((3, 64, 64), (2, 64, 64), (4, 64, 64))
    """
    o = options or ImageOptions()
    instrument = make_instrument(o, np.random.default_rng([seed, 0]))
    light = make_light(o, seed)

    def lazy(condition: Condition, number: int, n: int) -> xr.DataArray:
        told = [seed, condition, o.model_dump_json()]
        rows = ImageFrames(Objects(instrument, light, (seed, number)), n, condition)
        return _labelled(rows.dask(f"images-{_digest(told)}"), told)

    low, high = lazy("low", _LOW, o.n_low), lazy("high", _HIGH, o.n_high)
    degradation = TrueDegradation(o.gain, o.point_spread, o.read_noise, o.binning)
    return ImageExperiment(low, high, degradation, instrument, light, seed)


def write_example(workspace: Path) -> str:
    """Write both conditions into ``images/`` of a workspace, and tell what they are."""
    experiment = simulate_images(ImageOptions(n_low=500, n_high=500), seed=3)
    experiment.write_hdf5(workspace / "images", n_pairs=100)
    return (
        "- `images/`: 500 simulated diffraction frames of particles in a poor condition (`low.h5`) and 500 of other\n"
        "  particles in a good one (`high.h5`): 7 times the photons, 1.2 pixels less blur, no read noise. Beside them\n"
        "  a test sample of 100 more: `test_low.h5`, and what the good condition expects of it, `test_truth.h5`."
    )


def _labelled(array: Any, told: list[Any]) -> xr.DataArray:
    """Label frames as a run of the European XFEL is: pulses of trains."""
    number = np.arange(len(array))
    coords = {
        "trainId": ("pattern", (_FIRST_TRAIN + number // _PER_TRAIN).astype(np.uint64)),
        "pulseId": ("pattern", (number % _PER_TRAIN * _SPACING).astype(np.uint64)),
    }
    attrs = {"long_name": "intensity", "units": "photons", "source": "simulation", "fingerprint": _digest(told)}
    return xr.DataArray(array, dims=IMAGE, coords=coords, attrs=attrs, name="frames")


def _digest(told: list[Any]) -> str:
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
