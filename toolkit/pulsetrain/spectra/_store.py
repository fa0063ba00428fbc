"""Trained classifiers on disk: weights as safetensors, everything else as JSON beside them."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from pulsetrain._version import __version__

__all__ = ["read_model", "write_model"]

_FORMAT = 1


def write_model(folder: Path, weights: list[dict[str, Tensor]], facts: dict[str, Any]) -> None:
    """Write members' weights and facts into a new folder, whole or not at all.

    Raises
    ------
    FileExistsError
        If the folder exists.
    """
    if folder.exists():
        raise FileExistsError(f"{folder}: exists already; save to a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    flat = {
        f"{member}.{name}": tensor.detach().cpu().contiguous()
        for member, state in enumerate(weights)
        for name, tensor in state.items()
    }
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        save_file(flat, beside / "weights.safetensors")
        text = json.dumps({"format": _FORMAT, "pulsetrain": __version__, "members": len(weights), **facts}, indent=1)
        (beside / "classifier.json").write_text(text, encoding="utf-8")
        beside.chmod(0o755)
        beside.rename(folder)
    except BaseException:
        shutil.rmtree(beside)
        raise


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
    flat = load_file(folder / "weights.safetensors")
    weights: list[dict[str, Tensor]] = [{} for _ in range(facts["members"])]
    for key, tensor in flat.items():
        member, _, name = key.partition(".")
        weights[int(member)][name] = tensor
    return weights, facts
