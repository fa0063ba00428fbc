"""How a training went: its losses, and a few frames as they came along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["History", "Recorder"]

Floats = NDArray[np.float32]

_POINTS = 200  # of a training curve
_FRAMES, _STRIPS = 6, 8  # of a sample strip, and strips beside the first
_SIDE = 256  # px, of large frames the middle


@dataclass
class History:
    """What was noted during a training.

    Attributes
    ----------
    step : list of int
        Optimiser steps after which losses were noted.
    losses : dict of list of float
        Means since the step before, by name: ``error`` and ``doubt`` of learning the degradation; ``generator``,
        ``discriminator``, ``identity``, and ``contrast`` or ``cycle`` of adversarial methods, each without its weight.
    strip_step : list of int
    strips : list of float32, shape (frame, y, x)
        What the same few frames of the poor set became after those steps, photons of the good condition; NaN where
        masked. Not saved.
    """

    step: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    strip_step: list[int] = field(default_factory=list)
    strips: list[Floats] = field(default_factory=list)


class Recorder:
    """Writes a history.

    Parameters
    ----------
    steps : int
    frames : float32, shape (n, y, x)
        The first of which, and of large ones the middle, are looked at; more often at the start.
    apply : callable
        Makes images of frames.
    """

    def __init__(self, steps: int, frames: Floats, apply: Callable[[Floats], Floats]) -> None:
        self.history = History()
        self._steps, self._every = steps, -(-steps // _POINTS)
        rows, columns = (slice(max(0, (size - _SIDE) // 2), (size + _SIDE) // 2) for size in frames.shape[1:])
        self._frames, self._apply = frames[:_FRAMES, rows, columns], apply
        self._when = {round(steps * (number / _STRIPS) ** 2) for number in range(_STRIPS + 1)}
        self._since: dict[str, list[float]] = {}
        self._look(0)

    def note(self, step: int, losses: dict[str, float]) -> None:
        """Take down the losses of a step, counted from 1."""
        for name, loss in losses.items():
            self._since.setdefault(name, []).append(loss)
        if step % self._every == 0 or step == self._steps:
            self.history.step.append(step)
            for name, some in self._since.items():
                self.history.losses.setdefault(name, []).append(sum(some) / len(some))
            self._since = {}
        if step in self._when:
            self._look(step)

    def _look(self, step: int) -> None:
        self.history.strip_step.append(step)
        masked = np.isnan(self._frames)
        self.history.strips.append(np.where(masked, np.float32(np.nan), self._apply(self._frames)))
