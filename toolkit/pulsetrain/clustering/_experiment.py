"""What is particular to one experiment, learnt anew for each and without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering._alignment import Alignment
from pulsetrain.clustering._framing import Framing, pictures, spread_sample
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.scores import FrameScorer
from pulsetrain.data import DataError

__all__ = ["FEWEST", "Experiment", "check_frames", "read_sample"]

FEWEST = 20  # frames to fit; empty ones are looked for among FEWEST_TELLING or more
_MOST_LIGHT = 1e12  # photons in a pixel
_SURELY = 10.0  # photons in all frames together; none where so many are expected is no chance
_RING = 30  # pixels, of which one can tell how much light there is

Block = NDArray[np.float32]


@dataclass
class Experiment:
    """How frames of one experiment are measured.

    Attributes
    ----------
    fingerprint : str
        Of the frames it was learnt from; empty where they had none.
    scorer : FrameScorer
    kinds : PhysicsKinds
    alignment : Alignment or None
        None where no latent space was learnt.
    """

    fingerprint: str
    scorer: FrameScorer
    kinds: PhysicsKinds
    alignment: Alignment | None = None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of."""
        aligned = self.alignment.arrays() if self.alignment else {}
        parts = {"scorer": self.scorer.arrays(), "kinds": asdict(self.kinds), "alignment": aligned}
        return {f"{part}.{name}": np.asarray(value) for part, each in parts.items() for name, value in each.items()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], fingerprint: str, options: ClusteringOptions) -> Self:
        """Make an experiment again of its `arrays`."""
        parts: dict[str, dict[str, Any]] = {"scorer": {}, "kinds": {}, "alignment": {}}
        for place, values in arrays.items():
            part, _, name = place.partition(".")
            parts[part][name] = values
        kinds: dict[str, Any] = {name: tuple(v.tolist()) if v.ndim else v.item() for name, v in parts["kinds"].items()}
        alignment = Alignment.of_arrays(parts["alignment"]) if parts["alignment"] else None
        return cls(fingerprint, FrameScorer.of_arrays(parts["scorer"], options), PhysicsKinds(**kinds), alignment)


def check_frames(frames: object) -> None:
    """Refuse what is no labelled array, such as one of NumPy.

    Raises
    ------
    DataError
    """
    if not isinstance(frames, xr.DataArray):
        allowed = "an xarray.DataArray of frames, or a list of such"
        raise DataError("frames", type(frames).__name__, allowed, "open them by pulsetrain.open_frames")


def read_sample(
    frames: xr.DataArray, options: ClusteringOptions, most: int, fewest: int = FEWEST
) -> tuple[FrameScorer, Block]:
    """Fit a scorer to frames and read a sample of them, float32 (n, side, side); refuse fewer than a few.

    Raises
    ------
    DataError
        For frames that nothing can be learnt from: too few, masked throughout, all alike, or brighter than photons are.
    """
    check_frames(frames)
    enough = f"{fewest} or more to learn from"
    shown = spread_sample(pictures(frames, options), most)
    if shown.sizes["pattern"] < fewest:
        raise DataError("frames", f"{shown.sizes['pattern']} frames", enough, "give more frames of the experiment")
    framing = Framing.of(shown, options)
    block = framing.read(shown)
    low, high = np.fmin.reduce(block), np.fmax.reduce(block)  # of each pixel, NaN where it is masked in all frames
    if np.isnan(low).all():
        raise DataError("frames", "no pixel that is not masked", "live pixels", "check mask and geometry")
    if len(block) > 1 and (np.isnan(low) | (low == high)).all():
        raise DataError("frames", "frames that are all alike", "frames that differ", "check source and key")
    if len(block) >= FEWEST:  # of a few frames, a pixel may have the same count by chance
        block[:, _silent(block, low, high)] = np.nan
    if (most_light := np.nanmax(block)) > _MOST_LIGHT:
        got, allowed = f"{most_light:.3g} photons in a pixel", f"{_MOST_LIGHT:.0e} at most"
        raise DataError("frames", got, allowed, "give photon, what one photon adds to a pixel, or mask bad pixels")
    block = block[_exposed(block)]
    if len(block) < fewest:
        raise DataError("frames", f"{len(block)} frames that are not masked throughout", enough, "check the mask")
    return FrameScorer.of_block(block, framing, options), block


def _exposed(block: Block) -> NDArray[np.bool_]:
    """Return which frames are exposures: lost trains and pulses leave others, masked throughout or all 0."""
    seen = np.isfinite(block)
    lit = (seen & (block != 0)).sum(axis=(1, 2))
    # Where there is little light, frames of photons are all 0 by chance.
    return np.asarray(lit > 0 if lit[lit > 0].min() > _SURELY else seen.any(axis=(1, 2)))


def _silent(block: Block, low: NDArray[np.float32], high: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which pixels hold one value in all frames although light falls beside them: gaps that nobody masked.

    Their edges would pass for fringes. What holds 0 because hardly any light comes so far is left alone.
    """
    steps = np.arange(block.shape[1]) - (block.shape[1] - 1) / 2
    rings = np.hypot(steps[:, None], steps).astype(int)
    alive = low < high
    light = block.sum(axis=0, where=np.isfinite(block))
    light = np.minimum(light, 10 * _SURELY)[alive]  # a hot pixel makes no ring bright
    pixels = np.bincount(rings[alive], minlength=rings.max() + 1)
    mean = np.bincount(rings[alive], light, len(pixels)) / np.maximum(pixels, 1)
    mean[pixels < _RING] = 0
    lit = np.maximum.accumulate(mean[::-1])[::-1] > _SURELY  # nearer to the beam there is no less
    return np.asarray((low == high) & (lit[rings] | (low != 0)))
