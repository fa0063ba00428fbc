"""Fixtures that all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

MEASURED = Path(__file__).parents[2] / "shared" / "data"

# What takes longest goes first, by file: at the end of a run one process waits for what the other has begun last.
# The first compiles the indexer, which those after it find done.
LONGEST = (
    "notebooks/test_tuning_course.py",
    "notebooks/test_boosting_course.py",
    "notebooks/",
    "reports/test_batches.py",
    "server/test_kills.py",
    "test_wheel.py",
    "panels/",
    "tuning/",
    "spectra/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest; the Makefile tells xdist to keep the order."""
    tests = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        place = item.path.relative_to(tests).as_posix()
        return next((k for k, start in enumerate(LONGEST) if place.startswith(start)), len(LONGEST))

    items.sort(key=rank)


@pytest.fixture(scope="session")
def measured() -> Path:
    """Folder of measured data that lies beside a developer's checkout."""
    if not MEASURED.is_dir():
        pytest.skip(f"measured data are not beside this checkout ({MEASURED})")
    return MEASURED
