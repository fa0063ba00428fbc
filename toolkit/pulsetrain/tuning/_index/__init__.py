"""The built-in indexer: lattices of a known cell in the spots of a pattern."""

from __future__ import annotations

from pulsetrain.tuning._index._indexer import KnownCellIndexer, Lattice

__all__ = ["KnownCellIndexer", "Lattice"]
