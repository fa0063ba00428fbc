"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

MEASURED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def measured() -> Path:
    """Folder of measured data that lies beside a developer's checkout."""
    if not MEASURED.is_dir():
        pytest.skip(f"measured data are not beside this checkout ({MEASURED})")
    return MEASURED
