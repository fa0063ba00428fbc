"""Adversarial training from two unpaired sets, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pulsetrain.boosting._gan.cut import Cut
from pulsetrain.boosting._gan.cyclegan import CycleGan
from pulsetrain.boosting._gan.networks import Generator, padded
from pulsetrain.boosting._gan.patches import Patches
from pulsetrain.boosting._gan.scale import Scale, scales
from pulsetrain.boosting._gan.settings import GanSettings
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.options import OptionError
from pulsetrain.progress import Progress

__all__ = ["GanHistory", "GanNetwork", "fit"]

Floats = NDArray[np.float32]

_AT_ONCE = 2**18  # pixels that are carried over together
_POINTS = 200  # of a training curve
_STRIP, _STRIPS = 6, 8  # frames of a sample strip, and strips beside the first


@dataclass
class GanHistory:
    """How a training went.

    Attributes
    ----------
    step : list of int
        Optimiser steps after which losses were noted.
    losses : dict of list of float
        Means since the step before, by name: ``generator``, ``discriminator``, ``identity``, and ``contrast`` or
        ``cycle``.
    strip_step : list of int
    strips : list of float32, shape (frame, y, x)
        What the same few frames of the poor set became after those steps, photons of the good condition.
    """

    step: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)
    strip_step: list[int] = field(default_factory=list)
    strips: list[Floats] = field(default_factory=list)


@dataclass(frozen=True)
class GanNetwork:
    """A generator that was trained.

    Attributes
    ----------
    generator : Generator
    low, high : Scale
    history : GanHistory
    """

    generator: Generator
    low: Scale
    high: Scale
    history: GanHistory = field(default_factory=GanHistory)

    def apply(self, block: Floats) -> tuple[Floats, None]:
        """Carry frames over to the good condition.

        Parameters
        ----------
        block : float32, shape (n, y, x), photons of the poor condition, NaN where masked

        Returns
        -------
        float32, shape (n, y, x), photons of the good condition
            NaN where masked.
        None
            For the variance of which an adversarial network knows nothing.
        """
        device = next(self.generator.parameters()).device
        images = np.empty(block.shape, np.float32)
        rows = max(1, _AT_ONCE // max(1, block[0].size if len(block) else 1))
        with torch.inference_mode(), _precision(device):
            for start in range(0, len(block), rows):
                some = torch.from_numpy(np.ascontiguousarray(block[start : start + rows], np.float32)).to(device)
                made = self.generator(*(padded(each) for each in self.low.batch(some))).float()
                made = made[:, 0, : some.shape[1], : some.shape[2]]
                images[start : start + rows] = self.high.outward(made).clamp(min=0).cpu().numpy()
        images[~np.isfinite(block)] = np.nan
        return images, None

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of; the history is left out."""
        weights = {f"generator.{name}": value.cpu().numpy() for name, value in self.generator.state_dict().items()}
        return {**weights, "low": self.low.numbers(), "high": self.high.numbers()}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a trained generator again of its `arrays`."""
        prefix = "generator."
        weights = {
            name.removeprefix(prefix): torch.from_numpy(value)
            for name, value in arrays.items()
            if name.startswith(prefix)
        }
        blocks = len({name.split(".")[1] for name in weights if name.startswith("blocks.")})
        generator = Generator(len(weights["stem.0.bias"]), blocks)
        generator.load_state_dict(weights)
        return cls(generator.eval(), Scale.of_numbers(arrays["low"]), Scale.of_numbers(arrays["high"]))


def fit(
    low: Floats,
    high: Floats,
    options: BoostingOptions,
    *,
    seed: int | None = None,
    gain: float | None = None,
    read_noise: float = 0.0,
    settings: GanSettings | None = None,
    progress: Progress | None = None,
) -> GanNetwork:
    """Train one adversarial network.

    Parameters
    ----------
    low, high : float32, shape (n, y, x), photons of either condition, NaN where masked
        Different objects.
    options : BoostingOptions
        With method ``"cut"`` or ``"cyclegan"``.
    seed : int, optional
        Instead of that of the options; the caller's random state is left as it was.
    gain : float, optional
        Photons in the poor condition for each in the good one, from where training starts; the ratio of the means if
        none.
    read_noise : float, photons
        Of the poor condition, which CycleGAN adds to what it makes poor.
    settings : GanSettings, optional
    progress : Progress, optional
        Told after each step, with its losses; may raise to end the training.

    Raises
    ------
    DataError
        If there is no light in a set.
    ValueError
        If the training diverges.
    """
    if options.method == "degradation":
        raise OptionError("method: got 'degradation'; an adversarial network is 'cut' or 'cyclegan'")
    seed = options.seed if seed is None else seed
    settings = settings or GanSettings()
    device = _device(options.device)
    low_scale, high_scale = scales(low, high, root=options.content == "diffraction", gain=gain)
    rng = torch.Generator(device).manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        game = (Cut if options.method == "cut" else CycleGan)(
            settings,
            low_scale,
            high_scale,
            rng,
            read_noise,
            rate=options.learning_rate or settings.rate,
            steps=options.steps,
        )
    network = GanNetwork(game.generator, low_scale, high_scale)
    draws = [Patches(frames, options.patch, [seed, number]) for number, frames in enumerate((low, high))]
    strips = _Strips(network, low[:_STRIP], options.steps)
    notes = _Notes(network.history, options.steps)
    strips.after(0)
    for step in range(1, options.steps + 1):
        batches = [
            scale.batch(torch.from_numpy(draw.draw(options.batch)).to(device))
            for scale, draw in zip((low_scale, high_scale), draws, strict=True)
        ]
        with _precision(device):
            losses = {name: float(loss.detach()) for name, loss in game.step(*batches).items()}
        if not all(math.isfinite(loss) for loss in losses.values()):
            raise ValueError(
                f"{options.method}: training diverged in step {step}; fit with another seed or a lower rate"
            )
        notes.after(step, losses)
        strips.after(step)
        if progress is not None:
            progress(step, options.steps, options.method, **losses)
    network.generator.eval()
    return network


class _Notes:
    """Writes the losses' means into a history, every few steps."""

    def __init__(self, history: GanHistory, steps: int) -> None:
        self._history, self._steps = history, steps
        self._every = -(-steps // _POINTS)
        self._since: dict[str, list[float]] = {}

    def after(self, step: int, losses: dict[str, float]) -> None:
        for name, loss in losses.items():
            self._since.setdefault(name, []).append(loss)
        if step % self._every == 0 or step == self._steps:
            self._history.step.append(step)
            for name, some in self._since.items():
                self._history.losses.setdefault(name, []).append(sum(some) / len(some))
            self._since = {}


class _Strips:
    """Carries the same few frames over, more often at the start."""

    def __init__(self, network: GanNetwork, frames: Floats, steps: int) -> None:
        self._network, self._frames = network, frames
        self._when = {0, *(round(steps * (number / _STRIPS) ** 2) for number in range(1, _STRIPS + 1))}

    def after(self, step: int) -> None:
        if step in self._when:
            self._network.history.strip_step.append(step)
            self._network.history.strips.append(self._network.apply(self._frames)[0])


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise OptionError("device: got 'cuda', but torch sees no GPU here; allowed 'auto' or 'cpu'")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def _precision(device: torch.device) -> torch.autocast:
    """Let a GPU compute in 16 bits where that is enough; bfloat16 needs no loss scaling."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")
