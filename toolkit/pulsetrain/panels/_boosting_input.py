"""What the boosting control works on, and where it came from, so that code and reports can fetch the same again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.panels._code import near

if TYPE_CHECKING:
    from pulsetrain.simulate.images import TrueDegradation

__all__ = ["EXAMPLE_OPTIONS", "BoostingInput", "Frames", "open_input"]

Frames = xr.DataArray | str | Path

EXAMPLE_OPTIONS = {"steps": 200, "batch": 8, "members": 2}  # learnt within a minute
_MADE = {"n_low": 1, "n_high": 300}
_SHOWN, _TEST = 240, 80  # frames of the example


@dataclass(frozen=True)
class BoostingInput:
    """Frames of both conditions, what is known of them, and how to get them.

    Attributes
    ----------
    low : xarray.DataArray, dims (pattern, …)
    high, truth : xarray.DataArray or None
        None where the options name a file, or nothing is known.
    test : tuple of two xarray.DataArray, or None
        Poor frames, and what the good condition expects of them.
    title : str
    degradation : TrueDegradation or None
        Of a simulated example.
    opening : str
        Lines of Python that leave the poor frames in ``low``.
    names : dict of str to str
        How code names ``high`` and ``test``, where they are no files.
    places : dict of str to str
        ``path``, ``source`` and ``key`` as far as they are given.
    files : dict of str to str
        Options: ``high``, ``test_low`` and ``test_truth``, those of them that were given as paths.
    """

    low: xr.DataArray
    high: xr.DataArray | None
    truth: xr.DataArray | None
    test: tuple[xr.DataArray, xr.DataArray] | None
    title: str
    opening: str
    degradation: TrueDegradation | None = None
    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether this is the example."""
        return self.degradation is not None

    @property
    def words(self) -> str:
        """How much there is."""
        shape = " × ".join(map(str, self.low.shape[1:]))
        good = "" if self.high is None else f"; {self.high.sizes['pattern']:,} good ones of other objects"
        return f"{self.low.sizes['pattern']:,} poor frames of {shape} pixels{good}"

    @property
    def set_here(self) -> tuple[str, ...]:
        """Options that are no fields of the form, as frames are given in their place."""
        if "path" not in self.places:
            return "high", "model", "test_low", "test_truth"
        held = {"high": self.high, "test_low": self.test, "test_truth": self.test}
        return tuple(name for name, frames in held.items() if frames is not None)

    def read(self, path: str) -> xr.DataArray:
        """Open further frames as the poor ones were."""
        import pulsetrain

        return pulsetrain.open_frames(path, source=self.places.get("source"), key=self.places.get("key"))

    def good(self, options: BoostingOptions) -> xr.DataArray:
        """Return the frames to learn from.

        Raises
        ------
        OptionError
            If there are none.
        """
        if self.high is not None:
            return self.high
        if not options.high:
            raise OptionError("high: no frames of the good condition; give them, as BoostingPanel(low, high)")
        return self.read(options.high)

    def has_pairs(self, options: BoostingOptions) -> bool:
        """Whether there is a test sample."""
        return self.test is not None or bool(options.test_low and options.test_truth)

    def pairs(self, options: BoostingOptions) -> tuple[xr.DataArray, xr.DataArray] | None:
        """Return the test sample, if there is one.

        Raises
        ------
        OptionError
            If one half of it is missing.
        """
        if self.test is not None:
            return self.test
        if bool(options.test_low) != bool(options.test_truth):
            missing = "test_truth" if options.test_low else "test_low"
            raise OptionError(f"{missing}: missing; a test sample is poor frames and their truth: give both or neither")
        return (self.read(options.test_low), self.read(options.test_truth)) if options.test_low else None

    def needed(self) -> dict[str, str]:
        """Return what a report opens.

        Raises
        ------
        OptionError
            If it could not open the frames; it simulates the example by itself.
        """
        if self.simulated:
            return {}
        held = [name for name in self.set_here if name != "model"]
        if "path" not in self.places or held:
            name = held[0] if "path" in self.places else "path"
            raise OptionError(f"{name}: these frames have no file that a report could open; give BoostingPanel paths")
        return self.places

    def named(self, options: BoostingOptions) -> tuple[str, str]:
        """Return how code names the good frames, and both parts of the test sample."""
        high = self.names.get("high") or self._call(options.high or "…")
        test = self.names.get("test") or f"{self._call(options.test_low)}, {self._call(options.test_truth)}"
        return high, test

    def _call(self, path: str) -> str:
        return _opening(path, self.places)


def open_input(
    low: Frames | None, high: Frames | None, truth: Frames | None, test: tuple[Frames, Frames] | None,
    *, source: str | None = None, key: str | None = None,
) -> BoostingInput:  # fmt: skip
    """Open what was given; without frames, a simulated example with its truth.

    Raises
    ------
    DataError
        If something cannot be read, is empty, or does not belong together.
    """
    if low is None:
        return _example()
    import pulsetrain

    places = {name: value for name, value in (("source", source), ("key", key)) if value is not None}

    def opened(frames: Frames | None) -> xr.DataArray | None:
        if frames is None or isinstance(frames, xr.DataArray):
            return frames
        return pulsetrain.open_frames(_whole(frames), source=source, key=key)

    poor, known = opened(low), opened(truth)
    if poor is None or "pattern" not in poor.dims or not poor.sizes["pattern"]:
        got = f"{dict(poor.sizes) if poor is not None else None}"
        raise DataError("low", got, "(pattern, y, x) with at least one pattern", "open a run")
    if known is not None and known.shape != poor.shape:
        got, allowed = f"shape {known.shape}", f"{poor.shape}, as the poor frames"
        raise DataError("truth", got, allowed, "give the same objects in the same order")
    from_file = not isinstance(low, xr.DataArray)
    files: dict[str, str] = {}
    if from_file and isinstance(high, (str, Path)):
        high, files["high"] = None, _whole(high)
    if from_file and test is not None and not any(isinstance(each, xr.DataArray) for each in test):
        files |= {"test_low": _whole(test[0]), "test_truth": _whole(test[1])}
        test = None
    pairs = None if test is None else _both(opened(test[0]), opened(test[1]))
    if not from_file:
        held = "low = panel.low  # made in this notebook: no file holds them"
        title = str(poor.attrs.get("title", "")) or "Frames"
        return BoostingInput(poor, opened(high), known, pairs, title, held, names=_HELD)
    opening = f"low = {_opening(low, places)}"
    names = {name: words for name, words in _HELD.items() if {"high": high, "test": test}[name] is not None}
    return BoostingInput(
        poor, opened(high), known, pairs, Path(str(low)).name, opening, names=names,
        places={"path": _whole(low), **places}, files=files,
    )  # fmt: skip


_HELD = {"high": "panel.high", "test": "*panel.test"}


def _whole(path: Any) -> str:
    return str(Path(path).expanduser().resolve())


def _opening(path: Any, places: dict[str, str]) -> str:
    words = [f"{name}={places[name]!r}" for name in ("source", "key") if name in places]
    return f"pulsetrain.open_frames({', '.join([repr(near(path)), *words])})"


def _both(low: xr.DataArray | None, truth: xr.DataArray | None) -> tuple[xr.DataArray, xr.DataArray]:
    if low is None or truth is None:
        raise DataError("test", "None", "(low, truth), frames or paths", "give both, or leave test out")
    return low, truth


def _example() -> BoostingInput:
    """Simulate two conditions; the poor frames are of pairs, whose truth only judges."""
    from pulsetrain.simulate.images import ImageOptions, simulate_images

    made = simulate_images(ImageOptions(**_MADE), seed=1)
    given = ", ".join(f"{name}={value}" for name, value in _MADE.items())
    shown, test = made.pairs(_SHOWN), made.pairs(_TEST, repeat=1)
    opening = (
        "from pulsetrain.simulate.images import ImageOptions, simulate_images\n"
        f"made = simulate_images(ImageOptions({given}), seed=1)\n"
        f"low, truth, _ = made.pairs({_SHOWN})"
    )
    names = {"high": "made.high", "test": f"*made.pairs({_TEST}, repeat=1)[:2]"}
    title = "SIMULATED particles, an example"
    high = made.high.compute(scheduler="synchronous")
    return BoostingInput(shown.low, high, shown.truth, (test.low, test.truth), title, opening, made.degradation, names)
