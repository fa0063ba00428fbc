"""Machine learning for X-ray free-electron lasers, inside JupyterLab."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pulsetrain._version import __version__

if TYPE_CHECKING:
    from pulsetrain.data import DataError, open_frames, open_spectra

__all__ = ["DataError", "__version__", "open_frames", "open_spectra"]

_PLACES = {"DataError": "pulsetrain.data", "open_frames": "pulsetrain.data", "open_spectra": "pulsetrain.data"}


def __getattr__(name: str) -> Any:
    """Import the public names and the subpackages on first use (PEP 562): ``import pulsetrain`` stays light."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
