"""The sets of frames that a command is given by name, opened and held against one another before any work begins."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from pulsetrain.boosting.booster import FEWEST, Booster
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError, fingerprint, open_frames
from pulsetrain.data._inputs import expanded
from pulsetrain.data._run import is_run
from pulsetrain.data.chunked_store import same_files
from pulsetrain.nn import choose_device
from pulsetrain.options import OptionError

__all__ = ["Sets", "open_sets"]

_PATHS = ("high", "model", "test_low", "test_truth")
# What a booster that is there already may be told anew; all else was settled when it learnt.
_ANEW = {*_PATHS, "geometry", "photon", "tile", "device", "level"}


@dataclass(frozen=True)
class Sets:
    """What is boosted, and what is learnt from.

    Attributes
    ----------
    low : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
    high : xarray.DataArray or None
        None where there is a booster.
    test : tuple of two xarray.DataArray, or None
        Poor frames, and what the good condition expects of them.
    booster : Booster or None
    options : BoostingOptions
        Of the booster that there is or that will learn; without paths of sets and of the model.
    model : pathlib.Path or None
        Where a new booster is to be saved as well.
    learnt_from : str
        A path.
    source, key : str or None
        By which the poor frames were opened; one file may hold several sets, and has one fingerprint.
    """

    low: xr.DataArray
    high: xr.DataArray | None
    test: tuple[xr.DataArray, xr.DataArray] | None
    booster: Booster | None
    options: BoostingOptions
    model: Path | None
    learnt_from: str
    source: str | None
    key: str | None

    @property
    def identity(self) -> dict[str, Any]:
        """What the images are made of: with anything else they would be others."""
        made: dict[str, Any] = {"input": _fingerprint(self.low), "options": self.options.model_dump(mode="json")}
        made |= {"source": self.source, "key": self.key}
        made["frames"] = {
            **{str(name): int(size) for name, size in self.low.sizes.items()},
            "dtype": str(self.low.dtype),
        }
        made["high"] = None if self.high is None else _fingerprint(self.high)
        folder = Path(self.learnt_from)
        made["model"] = None if self.booster is None else fingerprint(each for each in folder.iterdir())
        made["test"] = None if self.test is None else [_fingerprint(each) for each in self.test]
        return made


def open_sets(path: str, options: BoostingOptions, output: Path, source: str | None, key: str | None) -> Sets:
    """Open all that options name; what does not fit is refused, and nothing is written.

    Parameters
    ----------
    path, source, key : str
        What `pulsetrain.open_frames` reads. The other sets are opened by the same source and key, where they are of
        the same kind: runs, or files.
    options : BoostingOptions
    output : pathlib.Path
        A booster that lies in it is that of the run that goes on.

    Raises
    ------
    OptionError, DataError, ValueError, FileNotFoundError
    """
    choose_device(options.device)
    low = _opened(path, options, source, key)
    if options.geometry and "module" not in low.dims:
        raise OptionError(
            f"geometry: got {options.geometry!r} for pictures of {_pixels(low)} pixels, allowed for frames of modules "
            "only; leave it out"
        )
    named: dict[str, xr.DataArray] = {}
    for name in ("high", "test_low", "test_truth"):
        if other := getattr(options, name):
            part = (source, key) if is_run(other) == is_run(path) else (None, None)
            try:
                named[name] = _opened(other, options, *part)
            except DataError as error:
                raise OptionError(f"{name}: {error}") from None
    test = _test_sample(named)
    model = expanded(options.model) if options.model else None
    booster, learning = _booster(options, model, output)
    if booster is None:
        _check_learning(low, named["high"], learning, model, output)
    if test and not (booster.has_std if booster else learning.method == "degradation" or learning.members > 1):
        raise OptionError("members: got 1, of which an adversarial method has no std to calibrate; allowed 2 or more")
    new = model if booster is None else None
    learnt_from = str(options.high if booster is None else model)
    return Sets(low, named.get("high"), test, booster, learning, new, learnt_from, source, key)


def _opened(path: str, options: BoostingOptions, source: str | None, key: str | None) -> xr.DataArray:
    frames = open_frames(path, source=source, key=key)
    if "module" not in frames.dims:
        return frames
    size = " × ".join(str(frames.sizes[dim]) for dim in ("module", "slow_scan", "fast_scan"))
    if not options.geometry:
        raise OptionError(
            f"geometry: got none for frames of {size} pixels, module by module, allowed a CrystFEL geometry file; "
            "give that of the experiment"
        )
    try:
        return open_frames(path, source=source, key=key, geometry=options.geometry)
    except DataError as error:
        raise OptionError(f"geometry: {error}") from None


def _test_sample(named: dict[str, xr.DataArray]) -> tuple[xr.DataArray, xr.DataArray] | None:
    given = [name for name in ("test_low", "test_truth") if name in named]
    if len(given) == 1:
        missing = "test_truth" if given[0] == "test_low" else "test_low"
        raise OptionError(f"{missing}: got none beside {given[0]}; allowed both or neither: a test sample is pairs")
    if not given:
        return None
    low, truth = named["test_low"], named["test_truth"]
    if low.sizes["pattern"] != truth.sizes["pattern"] or _differ(low, truth):
        raise OptionError(
            f"test_truth: got {_size(truth)}, allowed {_size(low)} as in test_low: the same objects, frame by frame"
        )
    return low, truth


def _booster(options: BoostingOptions, model: Path | None, output: Path) -> tuple[Booster | None, BoostingOptions]:
    """Return the booster that is there, or None where one is to learn; and its options."""
    learning = options.replace(**dict.fromkeys(_PATHS, ""))
    if model is None or not os.path.lexists(model):
        if options.high:
            return None, learning
        if model is None:
            raise OptionError(
                "high: got none, and no model; allowed one of them: good frames to learn from, or a model"
            )
        raise OptionError(f"model: got {options.model!r}, where there is nothing; give high too, to learn one from")
    if options.high:
        if (output / "model").is_dir() and same_files(model, output / "model"):
            return None, learning  # ours, from before this run was interrupted
        raise OptionError(
            f"model: got {options.model!r}, which is there already, and high, to learn a new one from; allowed one of "
            "them: leave high out, or name a new folder"
        )
    given = {name: getattr(options, name) for name in options.model_fields_set}
    changes = {name: value for name, value in given.items() if name in ("photon", "tile", "level")}
    booster = Booster.load(model, device=options.device, geometry=options.geometry, **changes)
    for name, value in given.items():
        if name not in _ANEW and value != (learnt := getattr(booster.options, name)):
            raise OptionError(
                f"{name}: got {value!r}, but the booster in {options.model} learnt with {learnt!r}; leave {name} out, "
                "or learn another booster from high"
            )
    known = booster.calibration_
    if known is not None and not options.test_low and changes.get("level", known.level) != known.level:
        raise OptionError(
            f"level: got {options.level:g}, but {options.model} was calibrated for {known.level:g}; leave it out, or "
            "give test_low and test_truth to calibrate anew"
        )
    return booster, booster.options


def _check_learning(
    low: xr.DataArray, high: xr.DataArray, options: BoostingOptions, model: Path | None, output: Path
) -> None:
    """Refuse at once what `Booster.fit` or the saving of what it learnt would refuse later."""
    for name, frames in (("input", low), ("high", high)):
        if frames.sizes["pattern"] < FEWEST:
            got, allowed = f"{frames.sizes['pattern']} frames", f"{FEWEST} or more to learn from"
            raise DataError(name, got, allowed, "give more frames, or a model that has learnt")
    if _fingerprint(low) and _fingerprint(low) == _fingerprint(high):
        raise OptionError("high: got the same frames as the input, allowed those of a better condition; name its file")
    if _differ(low, high):
        raise OptionError(
            f"high: got frames of {_pixels(high)} pixels, allowed {_pixels(low)}, as the input has; bring both onto "
            "one grid of pixels"
        )
    if "module" not in low.dims and options.patch > (side := min(low.shape[1:])):
        raise OptionError(f"patch: got {options.patch} px, allowed up to {side}, the frames' side; lower it")
    if model is None:
        return
    place, answer = model.absolute(), output.absolute()
    if place != answer / "model" and (place.is_relative_to(answer) or answer.is_relative_to(place)):
        raise OptionError(f"model: got {model}, allowed a new folder apart from the output {output}; choose another")
    above = next(each for each in place.parents if each.exists())
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise OptionError(f"model: got {model}, allowed a new folder where you may write; choose another")


def _differ(one: xr.DataArray, other: xr.DataArray) -> bool:
    """Whether two sets are of different pixels; modules and pictures may come to the same."""
    return one.dims == other.dims and one.shape[1:] != other.shape[1:]


def _fingerprint(frames: xr.DataArray) -> str:
    return str(frames.attrs.get("fingerprint", ""))


def _pixels(frames: xr.DataArray) -> str:
    return " × ".join(map(str, frames.shape[1:]))


def _size(frames: xr.DataArray) -> str:
    return f"{frames.sizes['pattern']} frames of {_pixels(frames)} pixels"
