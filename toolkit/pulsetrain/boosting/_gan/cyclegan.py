"""CycleGAN (Zhu et al., ICCV 2017): two generators, held to their input by the way there and back."""

from __future__ import annotations

import torch
from torch import Tensor

from pulsetrain.boosting._gan.game import Game, Side, judged
from pulsetrain.boosting._gan.losses import least_squares, masked_l1
from pulsetrain.boosting._gan.networks import Discriminator, Generator
from pulsetrain.boosting._gan.pool import ImagePool
from pulsetrain.boosting._gan.scale import Batch, Scale
from pulsetrain.boosting._gan.settings import GanSettings

__all__ = ["CycleGan"]


class CycleGan(Game):
    """CycleGAN in training; parameters as of `Game`, and the step size and steps of Adam."""

    def __init__(
        self,
        settings: GanSettings,
        low: Scale,
        high: Scale,
        rng: torch.Generator,
        read_noise: float,
        *,
        rate: float,
        steps: int,
    ) -> None:
        super().__init__(settings, low, high, rng, read_noise)
        self.generator, self.back = (Generator(settings.width, settings.blocks).to(rng.device) for _ in range(2))
        self.judges_good, self.judges_poor = (Discriminator(settings.judge_width).to(rng.device) for _ in range(2))
        self._makes = Side([self.generator, self.back], rate, steps)
        self._judges = Side([self.judges_good, self.judges_poor], rate, steps)
        self._pools = [ImagePool(settings.pool, [rng.initial_seed(), number]) for number in range(2)]

    def step(self, low: Batch, high: Batch) -> dict[str, Tensor]:
        """Learn from unpaired batches of both sets; return the losses by name."""
        both = low.live * high.live  # a mask must not tell the sets apart
        good = self.good(self.generator(*low)) * low.live
        poor = self.poor(self.back(*high)) * high.live
        round_low = masked_l1(self.back(good, low.live), low.image, low.live)
        round_high = masked_l1(self.generator(poor, high.live), high.image, high.live)
        cycle = round_low + round_high

        self._judges.frozen(still=True)
        fools = least_squares(self.judges_good(good * both), 1) + least_squares(self.judges_poor(poor * both), 1)
        loss = fools + self.settings.cycle * cycle
        losses = {"generator": fools, "cycle": cycle}
        if self.settings.identity:
            identity = masked_l1(self.generator(*high), high.image, high.live)
            losses["identity"] = identity + masked_l1(self.back(*low), low.image, low.live)
            loss = loss + self.settings.cycle * self.settings.identity * losses["identity"]
        self._makes.learns(loss)
        self._judges.frozen(still=False)

        losses["discriminator"] = judged(
            self.judges_good, high.image * both, self._pools[0].exchange(good * both)
        ) + judged(self.judges_poor, low.image * both, self._pools[1].exchange(poor * both))
        self._judges.learns(losses["discriminator"])
        return losses
