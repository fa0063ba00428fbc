"""Degradation learning: good frames are made poor by the learnt physics, and a network turns that round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pulsetrain.boosting._history import Recorder
from pulsetrain.boosting._learner import Boosted, Report
from pulsetrain.boosting._targets import Thinning
from pulsetrain.boosting._unet import MULTIPLE, REACH, UNet
from pulsetrain.boosting._views import CHANNELS, Views, make_views
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.nn import precision, warm_up

__all__ = ["PhysicsLearner"]

Floats = NDArray[np.float32]

_RATE, _BATCH = 4e-3, 8
_DARK = 0.1  # photons of the poor condition, below which intensities weigh alike
_SPREAD = (-6.0, 3.0)  # bounds of the logarithm of the root's standard deviation


@dataclass(frozen=True)
class PhysicsLearner:
    """The learner of ``method="degradation"``, see `pulsetrain.boosting._learner.Learner`."""

    options: BoostingOptions
    degradation: Degradation
    device: torch.device

    @property
    def reach(self) -> int:
        """From how far away, in pixels, a pixel's image is influenced: by the network, and by what it is shown."""
        return REACH + math.ceil(4 * self.degradation.point_spread)

    def build(self) -> UNet:
        """Return an untrained network."""
        return UNet(CHANNELS).to(self.device)

    def learn(self, low: Floats, high: Floats, seed: int, report: Report) -> tuple[UNet, list[float]]:
        """Learn from pairs that are drawn anew at each step.

        Raises
        ------
        ValueError
            If the training diverges.
        """
        steps, rng = self.options.steps, np.random.default_rng([seed, 1])
        pairs = Thinning(high, low, self.degradation, self.options.patch // MULTIPLE * MULTIPLE, seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self.build()
        rate = self.options.learning_rate or _RATE
        optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=warm_up(steps))
        recorder = Recorder(steps, low, lambda frames: self.apply([network], frames).mean[0])
        curve = []
        for step in range(1, steps + 1):
            poor, target = pairs.draw(self.options.batch or _BATCH, rng)
            error, doubt = self._losses(network, self._views(poor), target, pairs.share)
            optimiser.zero_grad()
            torch.autograd.backward(error + doubt)
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses = {"error": error.item(), "doubt": doubt.item()}
            if not all(math.isfinite(loss) for loss in losses.values()):
                raise ValueError(f"training diverged in step {step}; fit with another seed or a smaller learning_rate")
            recorder.note(step, losses)
            curve.append(losses["error"])
            report(step, steps, curve[-1])
        network.history = recorder.history
        return network.eval(), curve

    def apply(self, networks: Sequence[UNet], block: Floats) -> Boosted:
        """Return what the networks make of poor frames."""
        y, x = block.shape[1:]
        sides = [(0, -size % MULTIPLE) for size in (y, x)]
        views = self._views(np.pad(block, ((0, 0), *sides), mode="symmetric"))
        shown = self._tensor(views.channels)
        means, spreads = [], []
        with torch.inference_mode():
            for network in networks:
                with precision(self.device):
                    root, spread = (each[:, 0, :y, :x] for each in network(shown))
                mean = root**2
                std = 2 * torch.sqrt(mean + _DARK) * torch.exp(spread.clamp(*_SPREAD))
                means.append((mean / self.degradation.gain).cpu().numpy())
                spreads.append((std / self.degradation.gain).cpu().numpy())
        return Boosted(np.stack(means), np.stack(spreads))

    def _views(self, poor: Floats) -> Views:
        return make_views(poor, self.degradation, self.options.content)

    def _tensor(self, array: Floats) -> Tensor:
        made = torch.from_numpy(np.ascontiguousarray(array)).to(self.device)
        return made.to(memory_format=torch.channels_last) if made.ndim == 4 else made

    def _losses(self, network: UNet, views: Views, target: Floats, share: float) -> tuple[Tensor, Tensor]:
        """Return the mean's squared error, in units of the light expected, and the spread's negative log-likelihood."""
        with precision(self.device):
            root, spread = (each[:, 0] for each in network(self._tensor(views.channels)))
        aim = self._tensor(target)
        known = torch.isfinite(aim)
        image, aim, spread = (root**2)[known], aim[known], spread[known].clamp(*_SPREAD)
        # Weights from the input alone: those from the target or the estimate would bias the mean.
        weight = 1 / (self._tensor(views.mean)[known] + _DARK)
        error = (weight * (image - aim) ** 2).mean()
        mean = image.detach()
        # The target's own counting noise: g/(1 − g) of the image, in photons of the poor condition.
        variance = 4 * (mean + _DARK) * torch.exp(2 * spread) + share / (1 - share) * mean
        return error, (torch.log(variance) + (mean - aim) ** 2 / variance).mean()
