"""The network that makes images."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["STRIDE", "Generator", "reach"]

STRIDE = 4  # px, of the coarsest layer


class Generator(nn.Module):
    """A residual network (CycleGAN, appendix 7.2) for small images whose brightness means something.

    It differs from the published one in three things. Nothing is normalised by a patch's own statistics, which would
    lose the flux and make a tile depend on what else is in it; residual branches start at 0 instead (Zhang et al.,
    Fixup, ICLR 2019). What is given is added to what goes in, so that it starts as the identity, which is right but
    for noise and blur. Each level is added to the one that comes back to its size, for the sharpness of the pixels.

    Parameters
    ----------
    width : int
        Filters at the pixels' size; twice and four times as many at half and a quarter of it.
    blocks : int
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self._width = width
        self.blocks = nn.ModuleList(_Block(4 * width) for _ in range(blocks))
        self.stem = _convolution(2, width, 7)
        self.halve = _convolution(width, 2 * width, 3, stride=2)
        self.quarter = _convolution(2 * width, 4 * width, 3, stride=2)
        self.to_half = _convolution(4 * width, 2 * width, 3)
        self.to_full = _convolution(2 * width, width, 3)
        self.give = nn.Conv2d(width, 1, 7, padding=3, padding_mode="reflect")
        _silence(self.give)

    def forward(self, image: Tensor, live: Tensor) -> Tensor:
        """Return images (n, 1, y, x) of images and masks (n, 1, y, x); sides are multiples of `STRIDE`."""
        _, stem, halved, quartered, deep = self._stages(image, live)
        for block in self.blocks[len(self.blocks) // 2 :]:
            deep = block(deep)
        half = self.to_half(_doubled(deep + quartered)) + halved
        full = self.to_full(_doubled(half)) + stem
        given: Tensor = self.give(full)
        return image + given

    def features(self, image: Tensor, live: Tensor) -> list[Tensor]:
        """Return five layers (n, channel, y', x') of the first half, the image itself the first."""
        return self._stages(image, live)

    def channels(self) -> list[int]:
        """Return the channels of each of the `features`."""
        return [1, self._width, 2 * self._width, 4 * self._width, 4 * self._width]

    def _stages(self, image: Tensor, live: Tensor) -> list[Tensor]:
        stem = self.stem(torch.cat([image * live, live], dim=1))
        halved = self.halve(stem)
        quartered = self.quarter(halved)
        deep = quartered
        for block in self.blocks[: len(self.blocks) // 2]:
            deep = block(deep)
        return [image * live, stem, halved, quartered, deep]


def reach(blocks: int) -> int:
    """Return from how far away, in pixels, a pixel of the output is influenced."""
    # In pixels: the stem; halving twice; two convolutions a block; coming back, each rounded to its level; the last.
    return 3 + (1 + 2) + 8 * blocks + (4 + 3) + (2 + 1) + 3


class _Block(nn.Module):
    """x + two convolutions of it, the second one 0 at first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width, 3)
        self.second = nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect")
        _silence(self.second)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(self.first(x))
        return x + change


def _convolution(channels: int, width: int, size: int, *, stride: int = 1) -> nn.Sequential:
    layer = nn.Conv2d(channels, width, size, stride, padding=size // 2, padding_mode="reflect")
    return nn.Sequential(layer, nn.ReLU())


def _silence(layer: nn.Conv2d) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def _doubled(x: Tensor) -> Tensor:
    return nn.functional.interpolate(x, scale_factor=2, mode="nearest")
