"""Adversarial training behind the interface that all boosting methods have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from pulsetrain.boosting._gan.cut import Cut
from pulsetrain.boosting._gan.cyclegan import CycleGan
from pulsetrain.boosting._gan.game import Game, Setting
from pulsetrain.boosting._gan.generator import STRIDE, Generator, reach
from pulsetrain.boosting._gan.network import GanNetwork
from pulsetrain.boosting._gan.patches import Patches
from pulsetrain.boosting._gan.scale import Scale, scales
from pulsetrain.boosting._gan.settings import GanSettings
from pulsetrain.boosting._history import Recorder
from pulsetrain.boosting._learner import Boosted, Report
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.nn import precision

__all__ = ["GanLearner"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class GanLearner:
    """The learner of ``method="cut"`` and ``"cyclegan"``, see `pulsetrain.boosting._learner.Learner`.

    Of the degradation it takes the gain, from where training starts, and the read noise, which CycleGAN adds to frames
    that it makes poor.
    """

    options: BoostingOptions
    degradation: Degradation
    device: torch.device
    settings: GanSettings = field(default_factory=GanSettings)

    @property
    def reach(self) -> int:
        """From how far away, in pixels, a pixel's image is influenced."""
        return reach(self.settings.blocks)

    def build(self) -> GanNetwork:
        """Return an untrained network."""
        return self._network(Generator(self.settings.width, self.settings.blocks), Scale(1, 1), Scale(1, 1))

    def learn(self, low: Floats, high: Floats, seed: int, report: Report) -> tuple[GanNetwork, list[float]]:
        """Learn from unpaired squares of both sets; the network's ``history`` tells more than the loss.

        Raises
        ------
        DataError
            If there is no light in a set.
        ValueError
            If the training diverges.
        """
        o = self.options
        sides = scales(low, high, self.degradation.gain, root=o.content == "diffraction")
        game = self._game(*sides, seed)
        network = self._network(game.generator, *sides)
        recorder = Recorder(o.steps, low, network.images)
        draws = [
            Patches(frames, o.patch // STRIDE * STRIDE, [seed, number]) for number, frames in enumerate((low, high))
        ]
        curve = []
        for step in range(1, o.steps + 1):
            squares = [torch.from_numpy(draw.draw(o.batch or self.settings.batch)).to(self.device) for draw in draws]
            with precision(self.device):
                losses = game.step(*(side.batch(some) for side, some in zip(sides, squares, strict=True)))
            if not all(math.isfinite(loss) for loss in losses.values()):
                raise ValueError(
                    f"{o.method}: diverged in step {step}; fit with another seed or a smaller learning_rate"
                )
            recorder.note(step, losses)
            curve.append(losses["whole"])
            report(step, o.steps, curve[-1])
        network.history = recorder.history
        return network.eval(), curve

    def apply(self, networks: Sequence[GanNetwork], block: Floats) -> Boosted:
        """Return what the networks make of poor frames; of what the photons leave open they know nothing."""
        return Boosted(np.stack([network.images(block) for network in networks]), None)

    def _game(self, low: Scale, high: Scale, seed: int) -> Game:
        method = Cut if self.options.method == "cut" else CycleGan
        rng = torch.Generator(self.device).manual_seed(seed)
        rate = self.options.learning_rate or self.settings.rate
        given = Setting(self.settings, low, high, self.degradation.read_noise, rate, self.options.steps, rng)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return method(given)

    def _network(self, generator: Generator, low: Scale, high: Scale) -> GanNetwork:
        return GanNetwork(generator, low, high).to(self.device)
