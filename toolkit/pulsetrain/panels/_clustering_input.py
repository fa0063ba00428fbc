"""What the clustering control works on, and where it came from, so that code and reports can fetch the same again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.options import OptionError

__all__ = ["FramesInput", "open_input"]

_EXAMPLE = "simulate_particles(ParticleOptions(n_patterns=800, other_share=0.15), seed=1)"
_HELD = "frames = panel.frames  # made in this notebook: no file holds them"


@dataclass(frozen=True)
class FramesInput:
    """Frames and how to get them.

    Attributes
    ----------
    frames : xarray.DataArray, dims (pattern, …)
    labels : numpy.ndarray of str, shape (pattern,), or None
        What is known of them; empty where nothing is.
    code : str
        Lines of Python that leave them in ``frames``.
    title : str
    places : dict of str
        ``path``, ``source`` and ``key`` as a report takes them, as far as they are given.
    """

    frames: xr.DataArray
    labels: NDArray[np.str_] | None
    code: str
    title: str
    places: dict[str, str]

    def needed(self) -> dict[str, str]:
        """Return the places.

        Raises
        ------
        OptionError
            If a report could not open the frames.
        """
        if "path" not in self.places:
            raise OptionError(
                "path: these frames have no file that a report could open; give ClusteringPanel the path of a file"
            )
        return self.places


def open_input(
    frames: xr.DataArray | str | Path | None,
    labels: object = None,
    source: str | None = None,
    key: str | None = None,
) -> FramesInput:
    """Open what was given; without frames, a simulated example with its truth as labels.

    Raises
    ------
    DataError
        If something cannot be read, is empty, or the labels are not one a frame.
    """
    if frames is None:
        from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

        example = simulate_particles(ParticleOptions(n_patterns=800, other_share=0.15), seed=1)
        code = (
            "from pulsetrain.simulate.particles import ParticleOptions, simulate_particles\n"
            f"frames = {_EXAMPLE}.frames.compute()"
        )
        truth = np.asarray(example.truth["hit"]).astype(str)
        return FramesInput(example.frames.compute(), truth, code, "Simulated example", {})
    places: dict[str, str] = {}
    code, title = _HELD, ""
    if isinstance(frames, (str, Path)):
        import pulsetrain

        path = str(Path(frames).expanduser().resolve())
        more = {name: value for name, value in (("source", source), ("key", key)) if value is not None}
        places = {"path": path, **more}
        opened = pulsetrain.open_frames(path, source=source, key=key)
        words = "".join(f", {name}={value!r}" for name, value in more.items())
        code, title = f"import pulsetrain\nframes = pulsetrain.open_frames({path!r}{words})", Path(path).name
    else:
        opened = frames
    if "pattern" not in opened.dims or not opened.sizes["pattern"]:
        raise DataError("frames", f"{dict(opened.sizes)}", "(pattern, y, x) with at least one pattern", "open a run")
    known = None if labels is None else np.asarray(labels).astype(str)
    if known is not None and known.shape != (opened.sizes["pattern"],):
        allowed = f"one a frame, ({opened.sizes['pattern']},)"
        raise DataError("labels", f"shape {known.shape}", allowed, "give '' where nothing is known")
    return FramesInput(opened, known, code, title or str(opened.attrs.get("title", "")) or "Frames", places)
