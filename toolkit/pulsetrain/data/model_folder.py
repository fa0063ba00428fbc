"""What was learnt, on disk: arrays as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from pulsetrain._version import __version__
from pulsetrain.data.output import whole_folder

__all__ = ["below", "read_model", "write_model"]

_FORMAT = 1
_Thing = TypeVar("_Thing")
_Arrays = dict[str, NDArray[Any]]


def write_model(folder: Path, name: str, arrays: _Arrays, facts: dict[str, Any]) -> None:
    """Write arrays and facts into a new folder, whole or not at all.

    Parameters
    ----------
    folder : pathlib.Path
    name : str
        What it is, such as ``"clusterer"``: the facts are written as ``clusterer.json``.
    arrays : dict of str to array
    facts : dict
        JSON.

    Raises
    ------
    FileExistsError
        If the folder exists.
    """
    text = json.dumps({"format": _FORMAT, "pulsetrain": __version__, **facts}, indent=1)
    with whole_folder(folder) as draft:
        # Not ascontiguousarray, which makes a vector of a number.
        whole = {key: np.asarray(values, order="C") for key, values in arrays.items()}
        # Not save_file, whose error on a full disk is no OSError.
        (draft / "arrays.safetensors").write_bytes(save(whole))
        (draft / f"{name}.json").write_text(text, encoding="utf-8")


def read_model(folder: Path, name: str, restore: Callable[[_Arrays, dict[str, Any]], _Thing]) -> _Thing:
    """Read what `write_model` wrote and make the thing again of it.

    Raises
    ------
    FileNotFoundError
        If there is none in the folder.
    ValueError
        If it is damaged or of another format.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: holds no {path.name}; give the folder that a {name}'s save() made")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        written, by = facts["format"], facts["pulsetrain"]
    except (ValueError, LookupError, TypeError) as error:
        raise _damaged(path, name, error) from None
    if written != _FORMAT:
        raise ValueError(
            f"{path}: got format {written!r}, allowed {_FORMAT}; it was written by pulsetrain {by}, "
            f"this is {__version__}: install the version that wrote it"
        )
    try:
        return restore(load_file(folder / "arrays.safetensors"), facts)
    except (SafetensorError, OSError, LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _damaged(folder, name, error) from None


def below(arrays: _Arrays, prefix: str) -> _Arrays:
    """Return the arrays whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _damaged(place: Path, name: str, error: Exception) -> ValueError:
    return ValueError(f"{place}: is damaged ({type(error).__name__}: {error}); save the {name} again")
