"""Small inputs in the formats that users have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

XY = "".join(f"{x:.4f} {y:.3f}\n" for x, y in zip(np.linspace(9.56, 25.5, 60), np.arange(60.0) ** 1.5, strict=True))


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write text files into a new folder."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path / "series"
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
        return folder

    return write


@pytest.fixture
def agipd_frames() -> xr.DataArray:
    """Six corrected AGIPD-1M frames in three trains that do not follow each other, with a bad row."""
    values = np.random.default_rng(1).random((6, 16, 512, 128), dtype=np.float32)
    values[2, 3, 7] = np.nan
    return xr.DataArray(
        values,
        dims=("pattern", "module", "slow_scan", "fast_scan"),
        coords={
            "trainId": ("pattern", np.array([100, 100, 102, 102, 102, 105], dtype=np.uint64)),
            "pulseId": ("pattern", np.array([0, 4, 0, 4, 8, 0], dtype=np.uint64)),
        },
    )
