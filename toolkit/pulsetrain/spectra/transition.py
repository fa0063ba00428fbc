"""Where in a drifting series the sample switches, with an interval that holds what it says.

The ordered, unlabelled middle of the series is used: drift is smooth along the series, the switch is one change of
many peaks at one time. Labels only say where the gap begins and ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter1d

from pulsetrain._version import __version__
from pulsetrain.options import Options, option
from pulsetrain.progress import Progress
from pulsetrain.spectra._transition._calibrate import doubts, widened
from pulsetrain.spectra._transition._input import Series, read
from pulsetrain.spectra._transition._places import Draws
from pulsetrain.spectra._transition._search import STEPS, draws_of

__all__ = ["TransitionEstimator", "TransitionOptions"]

Floats = NDArray[np.float64]

_BINS = 20  # of the posterior, per spectrum


class TransitionOptions(Options):
    """How sure the interval is to be, and how finely the boundary is looked for."""

    confidence: float = option(0.9, "Probability that the interval holds the boundary.", ge=0.5, le=0.99)
    channels: int = option(400, "The axis is binned to about so many channels.", ge=50, le=2000)
    draws: int = option(300, "Draws from the posterior.", ge=100, le=10000)
    seed: int = option(0, "Same seed, same result.", ge=0)


class TransitionEstimator:
    """Estimate the boundary of a series of spectra.

    Parameters
    ----------
    **options
        Fields of `TransitionOptions`.

    Examples
    --------
    >>> from pulsetrain.simulate.spectra import simulate_series
    >>> series = simulate_series(seed=3)
    >>> found = TransitionEstimator().estimate(series, series.labels)
    >>> abs(float(found.boundary) - series.attrs["boundary"]) < 1
    True
    """

    def __init__(self, **options: Any) -> None:
        self.options = TransitionOptions(**options)

    def estimate(
        self,
        series: xr.DataArray | xr.Dataset | ArrayLike,
        labels: ArrayLike | Mapping[int, int] | str,
        progress: Progress | None = None,
    ) -> xr.Dataset:
        """Find where the sample switches.

        Parameters
        ----------
        series : xarray.DataArray, dims (spectrum, channel)
            In order; or a Dataset with `intensity`. The coordinate `order` is used where there is one.
        labels : array of int, (spectrum,), mapping of index to class, or str
            0, 1, and −1 where unlabelled; some at both ends. Or as written for `pulsetrain.spectra.parse_labels`.
        progress : callable, optional
            Told how far it is; may raise `pulsetrain.progress.Cancelled`.

        Returns
        -------
        xarray.Dataset
            ``boundary`` (), spectra, counted from 0, where half of the change has happened;
            ``boundary_interval`` (bound,), spectra; ``width`` (), spectra, from 10 % to 90 %; ``fraction`` (spectrum,),
            share of class 1, and ``fraction_interval`` (bound, spectrum); ``posterior`` (position,), per spectrum;
            ``boundary_order`` and ``boundary_order_interval`` in the ordering variable where there is one.
            ``attrs["flags"]``: what is doubtful, one plain sentence a line; empty where nothing is.

        Raises
        ------
        ValueError
            If there are too few spectra, no labels of one class or labels out of turn, or if ``order`` turns back.
        """
        checked = read(series, labels)
        tell = _Teller(progress, STEPS + 1)
        rng = np.random.default_rng(self.options.seed)
        draws = draws_of(checked, channels=self.options.channels, draws=self.options.draws, rng=rng, tell=tell)
        boundary = widened(draws, checked, rng)
        tail = 50 * (1 - self.options.confidence)
        interval = np.percentile(boundary, [tail, 100 - tail])
        flags = doubts(draws, interval, checked)
        result = _dataset(draws, boundary, (tail, 100 - tail), checked)
        known = getattr(series, "attrs", {})
        result.attrs = {key: known[key] for key in ("source", "fingerprint") if key in known}
        result.attrs |= {"flags": "\n".join(flags), "options": self.options.model_dump_json(), "version": __version__}
        tell("done")
        return _with_order(result, series)


class _Teller:
    """Counts steps for a progress callable."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, message: str) -> None:
        self._done = min(self._done + 1, self._total)
        if self._progress is not None:
            self._progress(self._total if message == "done" else self._done, self._total, message)


def _dataset(draws: Draws, boundary: Floats, tails: tuple[float, float], series: Series) -> xr.Dataset:
    """Put draws into the form that is handed out."""
    fraction = draws.fraction if series.rising else 1 - draws.fraction
    bins = _BINS * (series.first_after - series.last_before)
    edges = np.linspace(series.last_before, series.first_after, bins + 1)
    density = np.histogram(boundary, bins=edges, density=True)[0]
    density = gaussian_filter1d(
        density, 0.2 * np.std(boundary) * _BINS, mode="reflect"
    )  # a few hundred draws are rough
    return xr.Dataset(
        {
            "boundary": ((), float(np.median(draws.boundary)), {"units": "spectra", "long_name": "boundary"}),
            "boundary_interval": ("bound", np.percentile(boundary, tails), {"units": "spectra"}),
            "width": ((), draws.width, {"units": "spectra", "long_name": "width from 10 % to 90 %"}),
            "fraction": ("spectrum", fraction.mean(axis=0), {"long_name": "share of class 1"}),
            "fraction_interval": (("bound", "spectrum"), np.percentile(fraction, tails, axis=0)),
            "posterior": ("position", density, {"long_name": "probability density of the boundary"}),
        },
        coords={
            "position": ("position", 0.5 * (edges[1:] + edges[:-1]), {"units": "spectra"}),
            "bound": ["lower", "upper"],
        },
    )


def _with_order(result: xr.Dataset, series: Any) -> xr.Dataset:
    """Carry the ordering variable over, and say the boundary in it."""
    order = series.coords.get("order") if isinstance(series, xr.DataArray | xr.Dataset) else None
    if order is None or order.dims != ("spectrum",):
        return result
    result = result.assign_coords(order=("spectrum", order.values, order.attrs))
    if not np.issubdtype(order.dtype, np.number):
        return result
    index = np.arange(order.size)
    for name in ("boundary", "boundary_interval"):
        there = np.interp(result[name].values, index, order.values)
        result[name.replace("boundary", "boundary_order")] = (result[name].dims, there, order.attrs)
    return result
