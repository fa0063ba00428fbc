"""Where networks compute, and how precisely: what methods that learn share."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch

from pulsetrain.options import OptionError

__all__ = ["choose_device", "precision"]


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
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or _counts_in_bfloat16())


@cache
def _counts_in_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself; others would only mimic it, slowly."""
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # not in older versions
    return bool(known.get("avx512_bf16") or known.get("amx_bf16"))
