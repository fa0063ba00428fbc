"""The options of the clustering control: which come first, and how far they slide."""

from __future__ import annotations

from pulsetrain.clustering.options import Augmentations, ClusteringOptions

__all__ = ["FIRST", "FIRST_STRENGTHS", "SPANS", "STRENGTHS", "strengths_of"]

FIRST = ("clusters", "neighbours", "confidence", "epochs", "sample")
STRENGTHS = tuple(Augmentations.model_fields)
FIRST_STRENGTHS = ("thinning", "noise", "rotation", "shift", "masking")
SPANS = {
    "confidence": (0.34, 0.999, 0.005), "neighbours": (2, 100, 1), "epochs": (0, 40, 1),
    "thinning": (0.05, 1.0, 0.05), "noise": (0.0, 5.0, 0.1), "rotation": (0.0, 180.0, 5.0), "shift": (0.0, 16.0, 0.5),
    "brightness": (1.0, 10.0, 0.1), "masking": (0.0, 0.9, 0.05),
}  # fmt: skip


def strengths_of(options: ClusteringOptions) -> Augmentations:
    """Return the augmentations among the options."""
    return Augmentations(**options.model_dump(include=set(STRENGTHS)))
