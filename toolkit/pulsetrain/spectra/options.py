"""The options of the spectra method; free of torch, so that forms and command lines open quickly."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from pulsetrain.options import OptionError, Options, option
from pulsetrain.spectra.catalogue import NetworkName
from pulsetrain.spectra.labels import read_labels

__all__ = ["SpectraOptions"]


class SpectraOptions(Options):
    """How a series of spectra is prepared, labelled, learnt and questioned."""

    network: NetworkName = option("fcnn", "Network to train.")
    protocol: Literal["mended", "published"] = option(
        "mended", "Training and testing as published, known faults included, or with these mended."
    )
    labels: str = option(
        "ends",
        "Labelled spectra: 'ends' (first and last 12 %), by index '0-150/10:0, 200-340/10:1', "
        "or by ordering value '300..700 K:0, 750..1150 K:1'.",
    )
    steps: int | None = option(None, "Optimiser steps; none: the network's own number.", ge=1, le=20_000)
    learning_rate: float | None = option(None, "Step size of Adam; none: the network's own.", ge=1e-6, le=1.0)
    weight_decay: float = option(2e-5, "Weight decay of Adam.", ge=0.0, le=0.1)
    batch: int = option(32, "Spectra per minibatch (mended protocol; the published one takes all).", ge=4, le=1024)
    augment: int = option(50, "Noisy copies of each labelled spectrum; 0 trains on the originals alone.", ge=0, le=500)
    noise: float = option(
        1.0, "Noise of the copies: 1 is the data's own (mended) or uniform in 0 … 1/6 (published).", ge=0.0, le=100.0
    )
    shift: float = option(
        0.0, "Random shift of the copies along the axis, against drift (mended protocol).", ge=0.0, le=20.0, unit="%"
    )
    baseline: bool | None = option(
        None, "Subtract an asymmetric-least-squares baseline; none: as the protocol does. Off for signed data."
    )
    normalise: bool = option(
        True, "Divide each spectrum by its total, against beam jitter (mended protocol, unsigned data)."
    )
    members: int = option(5, "Networks trained with other seeds and labels; an interval needs 4 or more.", ge=1, le=200)
    spatial_positions: Literal["learned", "axis"] = option(
        "learned", "Conv SC and SCT attend over 256 learned mixtures of the axis, or over places on it."
    )
    channel_attention: Literal["softmax", "rowmax"] = option(
        "softmax", "Conv SC and SCT: softmax(E) as published, or softmax(rowmax(E) − E) as the authors' code."
    )
    idle_layer: bool = option(
        False, "ResNets: carry the 2,060,288 published parameters that no spectrum ever passes through."
    )
    seed: int = option(12345, "Same seed, same result.", ge=0, le=2**31 - 1)
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Where to train; auto takes a GPU if there is one.")

    @field_validator("labels")
    @classmethod
    def _labels_are_readable(cls, text: str) -> str:
        try:
            read_labels(text)
        except OptionError as error:
            raise PydanticCustomError("labels", "{reason}", {"reason": str(error).partition("; ")[2]}) from None
        return text
