"""Trained classifiers on disk: weights as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pulsetrain._version import __version__
from pulsetrain.data.output import whole_folder

__all__ = ["damaged", "read_model", "write_model"]

_FORMAT = 1


def write_model(folder: Path, weights: list[dict[str, Tensor]], facts: dict[str, Any]) -> None:
    """Write members' weights and facts into a new folder, whole or not at all.

    Raises
    ------
    FileExistsError
        If the folder exists.
    """
    flat = {
        f"{member}.{name}": tensor.detach().cpu().contiguous()
        for member, state in enumerate(weights)
        for name, tensor in state.items()
    }
    text = json.dumps({"format": _FORMAT, "pulsetrain": __version__, "members": len(weights), **facts}, indent=1)
    with whole_folder(folder) as draft:
        save_file(flat, draft / "weights.safetensors")
        (draft / "classifier.json").write_text(text, encoding="utf-8")


def read_model(folder: Path) -> tuple[list[dict[str, Tensor]], dict[str, Any]]:
    """Read what `write_model` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no classifier in the folder.
    ValueError
        If it was written in a newer format or is damaged.
    """
    path = folder / "classifier.json"
    if not path.is_file():
        raise FileNotFoundError(f"{folder}: holds no classifier.json; give the folder that SpectraClassifier.save made")
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: is damaged ({error}); save the classifier again") from None
    if not isinstance(facts, dict) or facts.get("format") != _FORMAT:
        found = facts.get("format") if isinstance(facts, dict) else None
        raise ValueError(
            f"{path}: got format {found!r}, allowed {_FORMAT}; "
            f"it was written by pulsetrain {facts.get('pulsetrain', '?') if isinstance(facts, dict) else '?'}, "
            f"this is {__version__}: install the version that wrote it"
        )
    try:
        flat = load_file(folder / "weights.safetensors")
        weights: list[dict[str, Tensor]] = [{} for _ in range(facts["members"])]
        for key, tensor in flat.items():
            member, _, name = key.partition(".")
            weights[int(member)][name] = tensor
    except (SafetensorError, OSError, LookupError, TypeError, ValueError) as error:
        raise damaged(folder, error) from None
    return weights, facts


def damaged(folder: Path, error: Exception) -> ValueError:
    """Return the refusal of a folder that cannot be read back."""
    return ValueError(f"{folder}: is damaged ({type(error).__name__}: {error}); save the classifier again")
