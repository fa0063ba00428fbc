"""What both methods share: generators and discriminators in turn, and what the latter are shown."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from pulsetrain.boosting._gan.discriminator import Discriminator
from pulsetrain.boosting._gan.generator import Generator
from pulsetrain.boosting._gan.losses import least_squares
from pulsetrain.boosting._gan.scale import Batch, Scale
from pulsetrain.boosting._gan.settings import GanSettings

__all__ = ["Game", "Setting", "Side", "judged", "values"]

_BETAS = (0.5, 0.999)


@dataclass(frozen=True)
class Setting:
    """What a training is given.

    Attributes
    ----------
    settings : GanSettings
    low, high : Scale
    read_noise : float, photons
        Of the poor condition.
    rate : float
    steps : int
    rng : torch.Generator
        On the device that is trained on.
    """

    settings: GanSettings
    low: Scale
    high: Scale
    read_noise: float
    rate: float
    steps: int
    rng: torch.Generator


class Game(ABC):
    """One method in training.

    Parameters
    ----------
    given : Setting

    Attributes
    ----------
    generator : Generator
        From poor to good.
    """

    generator: Generator

    def __init__(self, given: Setting) -> None:
        self.given, self.settings, self.rng = given, given.settings, given.rng

    @abstractmethod
    def step(self, low: Batch, high: Batch) -> dict[str, float]:
        """Learn from unpaired batches of both sets; return the losses by name, ``whole`` that of the generators."""

    def good(self, made: Tensor) -> Tensor:
        """Return what the good condition shows of a made image."""
        return self.given.high.counted(made, self.rng) if self.settings.counting else made

    def poor(self, made: Tensor) -> Tensor:
        """Return what the poor condition shows of a made image."""
        return self.given.low.counted(made, self.rng, self.given.read_noise) if self.settings.counting else made

    def new_generator(self) -> Generator:
        """Return an untrained generator."""
        return Generator(self.settings.width, self.settings.blocks).to(self.rng.device)

    def new_discriminator(self) -> Discriminator:
        """Return an untrained discriminator."""
        return Discriminator(self.settings.judge_width).to(self.rng.device)

    def new_side(self, *networks: nn.Module) -> Side:
        """Let networks learn together."""
        return Side(networks, self.given.rate, self.given.steps)


class Side:
    """The networks of one side, and how they learn.

    Parameters
    ----------
    networks : iterable of torch.nn.Module
    rate : float
        Step size of Adam, constant for half of the steps, then falling to 0 (CycleGAN, section 4).
    steps : int
    """

    def __init__(self, networks: Iterable[nn.Module], rate: float, steps: int) -> None:
        self._parameters = [each for network in networks for each in network.parameters()]
        self._optimiser = torch.optim.Adam(self._parameters, rate, _BETAS)
        half = steps / 2
        self._schedule = LambdaLR(self._optimiser, lambda step: min(1.0, (steps - step) / half))

    @property
    def rate(self) -> float:
        """Step size of the next step."""
        return float(self._schedule.get_last_lr()[0])

    def learns(self, loss: Tensor) -> None:
        """Step down a loss."""
        self._optimiser.zero_grad(set_to_none=True)
        with torch.autocast(loss.device.type, enabled=False):  # it follows the forward pass anyway
            torch.autograd.backward(loss)
        self._optimiser.step()
        self._schedule.step()

    def frozen(self, still: bool) -> None:
        """Let no gradient into these networks, or again."""
        for parameter in self._parameters:
            parameter.requires_grad_(not still)


def judged(discriminator: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    """Return the discriminator's loss (CycleGAN, section 4; halved, for it to be no faster than the generator)."""
    return (least_squares(discriminator(real), 1) + least_squares(discriminator(made.detach()), 0)) / 2


def values(losses: dict[str, Tensor]) -> dict[str, float]:
    """Return losses as numbers."""
    return {name: float(loss.detach()) for name, loss in losses.items()}
