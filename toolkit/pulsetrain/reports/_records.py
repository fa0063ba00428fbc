"""Records of jobs and batches, let through only where they are such as ours.

Anybody may write into a folder that is shared, and whoever reads a record wants to rely on the kinds of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulsetrain.reports._files import read_json
from pulsetrain.reports._parsed import LARGEST_BATCH
from pulsetrain.reports.status import LAST_YEAR

__all__ = ["batch_record", "job_record"]


def batch_record(path: Path) -> dict[str, Any]:
    """Return what a ``batch.json`` holds; empty where it is missing, torn or not one of ours."""
    return _sound(read_json(path, LARGEST_BATCH), _BATCH)


def job_record(path: Path) -> dict[str, Any]:
    """Return what a ``job.json`` holds; empty where it is missing, torn or not one of ours."""
    return _sound(read_json(path), _JOB)


def _sound(content: dict[str, Any] | None, kinds: Mapping[str, Callable[[Any], bool]]) -> dict[str, Any]:
    if content is None or not all(fits(content[name]) for name, fits in kinds.items() if name in content):
        return {}
    return content


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_grid(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(choices, list) for choices in value.values())


def _is_time(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < LAST_YEAR


def _is_executor(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name", ""), str)


def _is_provenance(value: Any) -> bool:
    return isinstance(value, dict) and _is_list(value.get("remarks", [])) and _is_mapping(value.get("versions", {}))


_EITHER = {"template": _is_mapping, "executor": _is_executor, "provenance": _is_provenance}
_BATCH = {
    **_EITHER,
    "runs": _is_text,
    "grid": _is_grid,
    "values": _is_mapping,
    "varied": _is_texts,
    "submitted": _is_time,
    "jobs": _is_list,
}
_JOB = {
    **_EITHER,
    "parameters": _is_mapping,
    "varied": _is_mapping,
    "defaults": _is_mapping,
    "kernel": _is_mapping,
    "cwd": _is_text,
    "injected": _is_text,
}
