"""The networks that can be chosen, as data: what a table, a form or a figure needs to know without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NETWORKS", "NetworkName", "Recipe"]

NetworkName = Literal["fcnn", "cnn", "resnet", "lstm", "transformer", "conv_sc", "conv_sct", "binned"]


@dataclass(frozen=True)
class Recipe:
    """How a network is named, what it sees and how it is trained.

    Attributes
    ----------
    title : str
        As in the table of Sun, Brockhauser and Hegedűs, Applied Sciences 11 (2021) 11520.
    place : str
        Place of the torch module, ``"module:class"``.
    context : {"spectrum", "series"}
        Whether a spectrum's class depends on that spectrum alone or on its neighbours too.
    published_parameters : int
        For spectra of 4023 points.
    published_steps, steps : int
        Optimiser steps of the published protocol (full batch) and of the mended one (minibatches).
    published_boundary : float or None
        On the reference series; halfway between the last spectrum of the old and the first of the new phase.
    learning_rate : float
    """

    title: str
    place: str
    context: Literal["spectrum", "series"]
    published_parameters: int
    published_steps: int
    steps: int
    published_boundary: float | None
    learning_rate: float = 2e-3


_HOME = "pulsetrain.spectra._networks"

NETWORKS: dict[NetworkName, Recipe] = {
    "fcnn": Recipe("1D FCNN", f"{_HOME}.dense:Dense", "spectrum", 1_204_335, 300, 200, 188.5),
    "cnn": Recipe("CNN", f"{_HOME}.convolutional:Convolutional", "spectrum", 23_307, 5, 40, 173.5),
    "resnet": Recipe("ResNets", f"{_HOME}.residual:Residual", "spectrum", 2_354_535, 5, 15, 178.5),
    "lstm": Recipe("LSTM", f"{_HOME}.sequence:Recurrent", "series", 6_273_391, 25, 40, 175.5),
    "transformer": Recipe("Transformer", f"{_HOME}.sequence:Transformer", "series", 1_830_511, 30, 80, 185.5),
    "conv_sc": Recipe("Conv SC attention", f"{_HOME}.attention:ConvSC", "spectrum", 659_525, 8, 60, 182.5),
    "conv_sct": Recipe("Conv SCT attention", f"{_HOME}.attention:ConvSCT", "series", 1_953_353, 5, 60, 188.5),
    "binned": Recipe("Binned FCNN", f"{_HOME}.binned:Binned", "spectrum", 11_280, 700, 150, None, 8e-3),
}
