"""Where networks compute, and how precisely: what methods that learn share."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from pulsetrain.options import OptionError

__all__ = ["choose_device", "precision", "warm_up"]


def choose_device(name: str) -> torch.device:
    """Return the named device, or for ``"auto"`` the GPU if there is one.

    Raises
    ------
    OptionError
        If a GPU is asked for and torch sees none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise OptionError("device: got 'cuda', but torch sees no GPU here; allowed 'auto' or 'cpu'")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def precision(device: torch.device) -> torch.autocast:
    """Let a device that can compute in bfloat16 do so: its range is float32's, so that losses need no scaling."""
    return torch.autocast(device.type, torch.bfloat16, enabled=_counts_in_bfloat16(device.type))


def warm_up(steps: int) -> float:
    """Return the share of optimiser steps in which the rate of `OneCycleLR` rises; it divides by 0 where that is 1."""
    return 0.1 if steps > 10 else 0.3


@cache
def _counts_in_bfloat16(kind: str) -> bool:
    """Whether a device multiplies bfloat16 itself; others would only mimic it, slowly."""
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # not in older versions
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))
