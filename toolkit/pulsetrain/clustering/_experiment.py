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

__all__ = ["Experiment", "read_sample"]

_FEWEST = 20  # frames; of fewer, background and hits cannot be told apart

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


def read_sample(frames: xr.DataArray, options: ClusteringOptions, most: int) -> tuple[FrameScorer, Block]:
    """Fit a scorer to frames and read a sample of them, float32 (n, side, side).

    Raises
    ------
    DataError
        For frames that nothing can be learnt from: too few, masked throughout, or all alike.
    """
    if not isinstance(frames, xr.DataArray):
        allowed = "an xarray.DataArray of frames, or a list of such"
        raise DataError("frames", type(frames).__name__, allowed, "open them by pulsetrain.open_frames")
    shown = spread_sample(pictures(frames, options), most)
    if shown.sizes["pattern"] < _FEWEST:
        allowed = f"{_FEWEST} or more to learn from"
        raise DataError("frames", f"{shown.sizes['pattern']} frames", allowed, "give more frames of the experiment")
    framing = Framing.of(shown, options)
    block = framing.read(shown)
    live = np.isfinite(block)
    if not live.any():
        raise DataError("frames", "no pixel that is not masked", "live pixels", "check mask and geometry")
    if (np.where(live, block, 0) == np.where(live[:1], block[:1], 0)).all():
        raise DataError("frames", "frames that are all alike", "frames that differ", "check source and key")
    return FrameScorer.of_block(block, framing, options), block
