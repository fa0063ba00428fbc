"""What the adversarial methods have beside the options of all boosters."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GanSettings"]


@dataclass(frozen=True)
class GanSettings:
    """Sizes of the networks and weights of the losses; the papers' where they name one.

    Attributes
    ----------
    width : int
        Filters of the generators' first layer; a multiple in the others.
    blocks : int
        Residual blocks of a generator.
    judge_width : int
        Filters of the discriminators' first layer.
    counting : bool
        A generator gives what a detector would expect, and discriminators see photons counted of it (as measurements
        are in AmbientGAN, Bora et al., ICLR 2018): the noise of the good set need not be invented. Without it, images
        are judged as they are, as in the papers, and look as noisy as the good set.
    locations : int
        Places of an image that the patchwise contrast compares, in each layer (CUT, section 3).
    temperature : float
        Of the patchwise contrast (CUT, section 3).
    contrast : float
        Weight of the patchwise contrast (CUT: 1).
    cycle : float
        Weight of the way there and back (CycleGAN, eq. 3: 10).
    cycle_identity : float
        Weight of leaving an image as it is that is of the wanted condition (CycleGAN, section 5.2: half of `cycle`).
    contrast_identity : float
        Weight of the same contrast on good images, which shall stay what they are (CUT: 1).
    pool : int
        Earlier images that CycleGAN's discriminators see again (section 4: 50).
    rate : float
        Step size of Adam unless the options give one; constant for half of the steps, then falling to 0.
    batch : int
        Images of a step unless the options say (both papers: 1).
    """

    width: int = 16
    blocks: int = 4
    judge_width: int = 32
    counting: bool = True
    locations: int = 256
    temperature: float = 0.07
    contrast: float = 1.0
    contrast_identity: float = 1.0
    cycle: float = 10.0
    cycle_identity: float = 5.0
    pool: int = 50
    rate: float = 2e-4
    batch: int = 1
