"""The interactive control of each method, for notebooks.

The names below are imported on first use: a list of methods must not open any widget.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulsetrain.panels._stage import show
    from pulsetrain.panels.spectra import SpectraPanel

__all__ = ["SpectraPanel", "show"]

_PLACES = {"SpectraPanel": "spectra", "show": "_stage"}


def __getattr__(name: str) -> Any:
    """Import the public names on first use (PEP 562)."""
    if name in _PLACES:
        return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
