"""Gives the tests of comparisons their batches."""

from tests.reports.comparison.jobs import batch

__all__ = ["batch"]
