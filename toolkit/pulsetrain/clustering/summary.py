"""What there is to say of all frames, in a few lines for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import beta, norm

from pulsetrain.clustering._scores.empties import FEWEST_TELLING
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import HITS, KINDS

__all__ = ["Count", "count_hits", "doubts", "summary"]

_AT_ONCE = 2**20  # frames
_LEVEL = 0.9  # of the intervals
_MANY_UNSURE, _FEW_HITS = 0.2, 50
_MEDIANS = ("hit_score", "fringe_score", "photons")


@dataclass(frozen=True)
class Count:
    """Frames of one of `HITS`.

    Attributes
    ----------
    frames : int
        So called.
    of : int
        Frames in all.
    expected : float
        Frames that are, the sum of their probabilities; NaN for ``unsure``.
    variance : float
        Of the number of frames that are: that of independent trials.
    right : float
        Frames expected to be what they are called; NaN for ``unsure``.
    """

    frames: int
    of: int
    expected: float
    variance: float
    right: float

    @property
    def share(self) -> float:
        """Share of the frames that are so called."""
        return self.frames / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """90 % interval of the share that more frames of the same kind would show (Jeffreys)."""
        posterior = beta(self.frames + 0.5, self.of - self.frames + 0.5)
        low = float(posterior.ppf((1 - _LEVEL) / 2)) if self.frames else 0.0
        return low, float(posterior.ppf((1 + _LEVEL) / 2)) if self.frames < self.of else 1.0

    @property
    def margin(self) -> float:
        """Half width of the 90 % interval of `expected`."""
        return float(norm.ppf((1 + _LEVEL) / 2)) * math.sqrt(self.variance)


def count_hits(result: xr.Dataset) -> dict[str, Count]:
    """Count the frames of each of `HITS`; the result may be lazy."""
    called = np.zeros(len(HITS), dtype=int)
    expected, variance, right = (np.zeros(len(HITS)) for _ in range(3))
    columns = ("hit", "probability", "cluster")
    for hit, probability, cluster in zip(*(_parts(result[name]) for name in columns), strict=True):
        # Of frames without a live pixel, which are of no cluster, nothing is known.
        known = np.where(cluster[:, None] >= 0, probability, 0).astype(float)  # (n, kind)
        expected[: len(KINDS)] += known.sum(axis=0)
        variance[: len(KINDS)] += (known * (1 - known)).sum(axis=0)
        for number, name in enumerate(HITS):
            mask = np.asarray(hit, dtype="U8") == name
            called[number] += mask.sum()
            right[number] += known[mask, number].sum() if name in KINDS else np.nan
    expected[len(KINDS) :] = np.nan
    of = result.sizes["pattern"]
    rows = zip(called.tolist(), expected.tolist(), variance.tolist(), right.tolist(), strict=True)
    return {name: Count(n, of, *rest) for name, (n, *rest) in zip(HITS, rows, strict=True)}


def summary(result: xr.Dataset, clusters: xr.Dataset) -> str:
    """Say how many frames there are of each kind and cluster.

    Parameters
    ----------
    result : xarray.Dataset
        May be lazy.
    clusters : xarray.Dataset, dims (cluster, …)
        ``name`` and median scores, as `FrameClusterer.clusters` gives them.
    """
    found = count_hits(result)
    rows = {
        name: {
            "frames": f"{each.frames:,}",
            "share": f"{each.share:.1%}",
            "90 % interval": " … ".join(f"{end:.1%}" for end in each.interval),
            "expected": "–" if math.isnan(each.expected) else f"{each.expected:,.0f} ± {each.margin:,.0f}",
        }
        for name, each in found.items()
    }
    lines = [f"{result.sizes['pattern']:,} frames", pd.DataFrame.from_dict(rows, orient="index").to_string()]
    lines.append(
        "expected: the sum of the probabilities, in which unsure frames are shared out, with its 90 % interval"
    )
    if (single := found["single"]).frames:
        lines.append(f"of the frames called single, {single.right / single.frames:.1%} are expected to be")
    return "\n".join([*lines, "", _clusters(result, clusters)])


def doubts(frames: xr.DataArray, result: xr.Dataset, options: ClusteringOptions) -> list[str]:
    """Say in plain words what should be looked at again."""
    found, n = count_hits(result), result.sizes["pattern"]
    said = []
    if dead := sum(int((part < 0).sum()) for part in _parts(result["cluster"])):
        said.append(f"{dead:,} frames cannot be judged, for they have no live pixel; they count as unsure")
    units = str(frames.attrs.get("units", ""))
    if units not in ("", "photons") and options.photon == 1:
        said.append(f"the frames are in {units}, and photon is 1: give what one photon adds to a pixel")
    if (unsure := found["unsure"].share) > _MANY_UNSURE:
        said.append(f"{unsure:.0%} of the frames are unsure: look at some of them, and at centre, mask and photon")
    sample = min(options.sample, n)
    if n < FEWEST_TELLING:
        said.append(
            f"what an empty frame looks like cannot be learnt from fewer than {FEWEST_TELLING} frames: all light of "
            f"these {n} counts as particles; give more of the run"
        )
    elif (hits := sample * (found["single"].expected + found["multiple"].expected) / n) < _FEW_HITS:
        way = "give more of the run" if sample == n else "raise sample"
        said.append(f"only about {hits:.0f} of the {sample:,} frames that were learnt from are hits: {way}")
    if "trainId" not in result.coords:
        said.append("the input has no trainId: frames are told by their number, from 0")
    return said


def _clusters(result: xr.Dataset, clusters: xr.Dataset) -> str:
    numbers = clusters["cluster"].to_numpy()
    sizes = np.zeros(len(numbers), dtype=int)
    for part in _parts(result["cluster"]):
        sizes += np.bincount(part[part >= 0], minlength=len(sizes))
    columns = {"name": clusters["name"].to_numpy(), "frames": [f"{size:,}" for size in sizes]}
    columns |= {f"median {name}": clusters[name].to_numpy() for name in _MEDIANS if name in clusters}
    table = pd.DataFrame(columns, index=pd.Index(numbers, name="cluster"))
    return table.to_string(float_format="{:.3g}".format, na_rep="–")


def _parts(values: xr.DataArray) -> Iterator[NDArray[Any]]:
    for start in range(0, values.sizes["pattern"], _AT_ONCE):
        yield values[start : start + _AT_ONCE].to_numpy()
