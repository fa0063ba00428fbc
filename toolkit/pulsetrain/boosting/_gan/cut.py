"""CUT (Park et al., ECCV 2020): one generator, held to its input by a contrast between patches."""

from __future__ import annotations

import torch
from torch import Tensor

from pulsetrain.boosting._gan.game import Game, Setting, judged, values
from pulsetrain.boosting._gan.losses import PatchContrast, least_squares
from pulsetrain.boosting._gan.scale import Batch

__all__ = ["Cut"]

_FEATURE = 64  # length of the vectors that are compared


class Cut(Game):
    """CUT in training; parameters as of `Game`."""

    def __init__(self, given: Setting) -> None:
        super().__init__(given)
        settings = given.settings
        self.generator, self.discriminator = self.new_generator(), self.new_discriminator()
        self.contrast = PatchContrast(self.generator.channels(), _FEATURE, settings.locations, settings.temperature)
        self.contrast.to(given.rng.device)
        self._makes = self.new_side(self.generator, self.contrast)
        self._judges = self.new_side(self.discriminator)

    def step(self, low: Batch, high: Batch) -> dict[str, float]:
        """Learn from unpaired batches of both sets; return the losses by name, ``whole`` that of the generator."""
        both = low.live * high.live  # a mask must not tell the sets apart
        made = self.generator(*low)
        shown = self.good(made) * both
        losses = {"discriminator": judged(self.discriminator, high.image * both, shown)}
        self._judges.learns(losses["discriminator"])

        self._judges.frozen(still=True)
        losses["generator"] = least_squares(self.discriminator(shown), 1)
        losses["contrast"] = self._contrast(made, low)
        losses["whole"] = losses["generator"] + self.settings.contrast * losses["contrast"]
        if self.settings.contrast_identity:
            losses["identity"] = self._contrast(self.generator(*high), high)
            losses["whole"] = losses["whole"] + self.settings.contrast_identity * losses["identity"]
        self._makes.learns(losses["whole"])
        self._judges.frozen(still=False)
        return values(losses)

    def _contrast(self, made: Tensor, source: Batch) -> Tensor:
        with torch.no_grad():
            known = self.generator.features(*source)
        again = self.generator.features(made, source.live)
        contrast: Tensor = self.contrast(again, known, source.live, self.rng)
        return contrast
