"""CycleGAN (Zhu et al., ICCV 2017): two generators, held to their input by the way there and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pulsetrain.boosting._gan.game import Game, Setting, judged, values
from pulsetrain.boosting._gan.losses import least_squares, masked_l1
from pulsetrain.boosting._gan.pool import ImagePool
from pulsetrain.boosting._gan.scale import Batch

__all__ = ["CycleGan"]


class CycleGan(Game):
    """CycleGAN in training; parameters as of `Game`."""

    def __init__(self, given: Setting) -> None:
        super().__init__(given)
        self.generator, self.back = self.new_generator(), self.new_generator()
        self.judges_good, self.judges_poor = self.new_discriminator(), self.new_discriminator()
        self._makes = self.new_side(self.generator, self.back)
        self._judges = self.new_side(self.judges_good, self.judges_poor)
        self._pools = [ImagePool(self.settings.pool, [given.rng.initial_seed(), number]) for number in range(2)]

    def step(self, low: Batch, high: Batch) -> dict[str, float]:
        """Learn from unpaired batches of both sets; return the losses by name, ``whole`` that of the generators."""
        both = low.live * high.live  # a mask must not tell the sets apart
        good = Batch(self.good(self.generator(*low)) * low.live, low.live)
        poor = Batch(self.poor(self.back(*high)) * high.live, high.live)

        self._judges.frozen(still=True)
        fools = [
            least_squares(self.judges_good(good.image * both), 1),
            least_squares(self.judges_poor(poor.image * both), 1),
        ]
        losses = {"generator": fools[0] + fools[1]}
        losses["cycle"] = masked_l1(self.back(*good), *low) + masked_l1(self.generator(*poor), *high)
        losses["whole"] = losses["generator"] + self.settings.cycle * losses["cycle"]
        if self.settings.cycle_identity:
            losses["identity"] = masked_l1(self.generator(*high), *high) + masked_l1(self.back(*low), *low)
            losses["whole"] = losses["whole"] + self.settings.cycle_identity * losses["identity"]
        self._makes.learns(losses["whole"])
        self._judges.frozen(still=False)

        earlier = [pool.exchange(torch.cat(some, dim=1)) for pool, some in zip(self._pools, (good, poor), strict=True)]
        losses["discriminator"] = _judged(self.judges_good, high, earlier[0]) + _judged(
            self.judges_poor, low, earlier[1]
        )
        self._judges.learns(losses["discriminator"])
        return values(losses)


def _judged(discriminator: nn.Module, real: Batch, made: Tensor) -> Tensor:
    """Return the discriminator's loss on real images and on made ones with their masks, (n, 2, y, x)."""
    image, live = made[:, :1], made[:, 1:]
    both = live * real.live
    return judged(discriminator, real.image * both, image * both)
