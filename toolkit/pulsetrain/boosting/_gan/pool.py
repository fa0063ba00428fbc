"""Images that were made before, for a discriminator to see again."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

__all__ = ["ImagePool"]


class ImagePool:
    """Keeps a number of made images (Shrivastava et al., CVPR 2017; CycleGAN, section 4).

    Parameters
    ----------
    size : int
        0 hands images through.
    seed : sequence of int
    """

    def __init__(self, size: int, seed: list[int]) -> None:
        self._size, self._rng = size, np.random.default_rng(seed)
        self._images: list[Tensor] = []

    def exchange(self, images: Tensor) -> Tensor:
        """Return images (n, …): once the pool is full, each with probability ½ an earlier one, whose place it takes."""
        given = []
        for image in images.detach():
            if len(self._images) < self._size:
                self._images.append(image)
                given.append(image)
            elif self._size and self._rng.random() < 0.5:
                place = int(self._rng.integers(self._size))
                given.append(self._images[place])
                self._images[place] = image
            else:
                given.append(image)
        return torch.stack(given)
