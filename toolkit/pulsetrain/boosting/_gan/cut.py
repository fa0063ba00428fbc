"""CUT (Park et al., ECCV 2020): one generator, held to its input by a contrast between patches."""

from __future__ import annotations

import torch
from torch import Tensor

from pulsetrain.boosting._gan.game import Game, Side, judged
from pulsetrain.boosting._gan.losses import PatchContrast, least_squares
from pulsetrain.boosting._gan.networks import Discriminator, Generator
from pulsetrain.boosting._gan.scale import Batch, Scale
from pulsetrain.boosting._gan.settings import GanSettings

__all__ = ["Cut"]

_FEATURE = 64  # length of the vectors that are compared


class Cut(Game):
    """CUT in training; parameters as of `Game`, and the step size and steps of Adam."""

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
        self.generator = Generator(settings.width, settings.blocks).to(rng.device)
        self.discriminator = Discriminator(settings.judge_width).to(rng.device)
        self.contrast = PatchContrast(self.generator.channels(), _FEATURE, settings.locations, settings.temperature).to(
            rng.device
        )
        self._makes = Side([self.generator, self.contrast], rate, steps)
        self._judges = Side([self.discriminator], rate, steps)

    def step(self, low: Batch, high: Batch) -> dict[str, Tensor]:
        """Learn from unpaired batches of both sets; return the losses by name."""
        both = low.live * high.live  # a mask must not tell the sets apart
        made = self.generator(*low)
        shown = self.good(made) * both
        judges = judged(self.discriminator, high.image * both, shown)
        self._judges.learns(judges)

        self._judges.frozen(still=True)
        fools = least_squares(self.discriminator(shown), 1)
        contrast = self._contrast(made, low)
        loss = fools + self.settings.contrast * contrast
        losses = {"discriminator": judges, "generator": fools, "contrast": contrast}
        if self.settings.identity:
            losses["identity"] = self._contrast(self.generator(*high), high)
            loss = loss + self.settings.contrast * self.settings.identity * losses["identity"]
        self._makes.learns(loss)
        self._judges.frozen(still=False)
        return losses

    def _contrast(self, made: Tensor, source: Batch) -> Tensor:
        with torch.no_grad():
            known = self.generator.features(*source)
        return self.contrast(self.generator.features(made, source.live), known, source.live, self.rng)
