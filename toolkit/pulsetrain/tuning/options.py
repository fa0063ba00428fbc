"""The options of the tuning method; free of numba and torch, so that forms and command lines open quickly."""

from __future__ import annotations

from typing import Literal

from pulsetrain.options import Options, option

__all__ = ["IndexingOptions", "OptimiserName", "Reward", "TuningOptions"]

OptimiserName = Literal["hybrid", "posterior", "ppo", "scan", "grid", "random", "tpe", "cmaes"]
Reward = Literal["best", "delta"]


class IndexingOptions(Options):
    """How peaks are found in a pattern and lattices in its peaks; named as `indexamajig` names them."""

    min_snr: float = option(5.0, "Least signal-to-noise ratio of a peak.", ge=1.0, le=100.0, unit="σ")
    min_pix_count: int = option(2, "Fewest pixels of a peak.", ge=1, le=100, unit="px")
    clen: float | None = option(
        None, "Camera length, from sample to detector; none: the geometry's.", ge=0.001, le=50.0, unit="m"
    )
    threshold: float = option(
        30.0, "Least value of a pixel in a peak, in the data's own unit.", ge=0.0, le=1e9, unit="ADU"
    )
    tolerance: float = option(
        5.0, "How far the axes of an indexed cell may be from the cell's own.", ge=0.1, le=50.0, unit="%"
    )
    angle_tolerance: float = option(
        1.5, "How far the angles of an indexed cell may be from the cell's own.", ge=0.05, le=20.0, unit="deg"
    )
    min_peaks: int = option(15, "Fewest peaks of a hit; other patterns are not indexed.", ge=1, le=10_000)
    max_pix_count: int = option(200, "Most pixels of a peak.", ge=1, le=100_000, unit="px", at_least="min_pix_count")
    local_bg_radius: int = option(3, "Radius of the ring of background around a peak.", ge=1, le=50, unit="px")
    min_res: float = option(0.0, "Peaks nearer to the beam are left out.", ge=0.0, le=100_000.0, unit="px")
    max_res: float = option(
        1200.0, "Peaks farther from the beam are left out.", ge=1.0, le=100_000.0, unit="px", at_least="min_res"
    )
    multi: bool = option(False, "Look for further lattices in the peaks that the first leaves over.")


class SampleOptions(Options):
    """What was hit, and what saw it."""

    geometry: str = option("", "CrystFEL geometry file of the detector; needed for patterns of your own.")
    cell: str = option("", "Unit cell: a CrystFEL .cell file, a PDB or a CIF; needed for patterns of your own.")


class TuningOptions(IndexingOptions, SampleOptions):
    """Where the search for the best indexing rate begins, how it goes on, and who indexes."""

    engine: Literal["native", "crystfel"] = option(
        "native", "Who finds peaks and indexes: the built-in engine, or an indexamajig on this machine."
    )
    optimiser: OptimiserName = option("hybrid", "Who proposes the next setting to try.")
    evaluations: int = option(40, "How many settings are tried.", ge=1, le=1000)
    patterns: int = option(
        200, "Patterns indexed at each setting, the same ones every time, spread over the input.", ge=8, le=100_000
    )
    fresh_patterns: int = option(
        200, "Further patterns on which the best setting is confirmed; 0: not confirmed.", ge=0, le=100_000
    )
    max_min_snr: float = option(
        15.0, "Highest min-snr that is tried; the lowest is 2.", ge=3.0, le=100.0, unit="σ", at_least="min_snr"
    )
    max_min_pix_count: int = option(
        8, "Highest min-pix-count that is tried; the lowest is 1.", ge=2, le=100, unit="px",
        at_least="min_pix_count", at_most="max_pix_count",
    )  # fmt: skip
    clen_range: float = option(3.0, "How far from the starting camera length is searched.", ge=0.0, le=20.0, unit="%")
    reward: Reward = option(
        "best", "What the agent (ppo) was trained on: the gain over the best so far, or over the evaluation before."
    )
    seed: int = option(12345, "Same seed, same choice of patterns and settings.", ge=0, le=2**31 - 1)
    processes: int | None = option(None, "Patterns indexed side by side; none: one per core.", ge=1, le=512)
