"""What a stream says of the patterns that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_positions import pixels_of_panels, places_of_panels, scattering_vectors
from pulsetrain.data.stream_chunks import Chunk, StreamFile
from pulsetrain.tuning.results import Crystals, Peaks

__all__ = ["Findings", "explained_peaks", "findings_of"]

_EXPLAINED = 0.25  # a peak is a lattice's where its indices are whole numbers but for this


@dataclass(frozen=True)
class Findings:
    """Findings in the order of the patterns, whatever the order of the stream.

    Attributes
    ----------
    reached : numpy.ndarray of bool, shape (pattern,)
        Patterns that the stream has a whole chunk of.
    hit : numpy.ndarray of bool, shape (pattern,)
    peaks : Peaks
        Their signal-to-noise ratio is NaN: a stream does not tell it.
    crystals : Crystals
    fault : DataError or None
        Why the stream ends early.
    """

    reached: NDArray[np.bool_]
    hit: NDArray[np.bool_]
    peaks: Peaks
    crystals: Crystals
    fault: DataError | None


def findings_of(path: Path, events: Sequence[str], geometry: CrystFELGeometry) -> Findings:
    """Read what a stream says; damage ends the reading and is told in `fault`.

    Parameters
    ----------
    path : pathlib.Path
    events : sequence of str
        The event of each pattern. Chunks of others, and second ones of the same, are damage.
    geometry : CrystFELGeometry
        As it was given to indexamajig.
    """
    place_of = {event: k for k, event in enumerate(events)}
    reached, hit = np.zeros(len(events), dtype=bool), np.zeros(len(events), dtype=bool)
    found: dict[int, Chunk] = {}
    stream = StreamFile(path, strict=False)
    fault: DataError | None = None
    if not path.is_file():
        fault = DataError(path.name, "no stream", "one", "look at the command's output")
    for chunk in stream if fault is None else ():
        k = place_of.get(chunk.event, -1)
        if k < 0 or reached[k]:
            got = f"{'an event' if k < 0 else 'twice the event'} {chunk.event!r}"
            fault = DataError(path.name, got, "each pattern that was asked for, once", "look at the command's output")
            break
        reached[k], hit[k] = True, chunk.hit
        if chunk.panels or chunk.crystals:
            found[k] = chunk
    chunks = [(k, found[k]) for k in sorted(found)]
    return Findings(reached, hit, _peaks(chunks, geometry), _crystals(chunks, geometry), fault or stream.fault)


def explained_peaks(
    axes: NDArray[np.float64], places: NDArray[np.float64], wavelength: float, resolution: float
) -> tuple[float, int]:
    """Return how well a lattice explains peaks.

    A reciprocal point g near Ewald's sphere is seen where the ray along k + g meets the detector; k is the incident
    wave, 1/λ along z. Peaks with indices within 0.25 of whole numbers count.

    Parameters
    ----------
    axes : numpy.ndarray, shape (3, 3), Å
    places : numpy.ndarray, shape (peak, 3), metres
    wavelength : float, Å
    resolution : float, pixels per metre

    Returns
    -------
    residual : float, pixels
        Root mean square distance on the detector; NaN without any peak explained.
    n_indexed : int
    """
    incident = np.array([0.0, 0.0, 1.0 / wavelength])
    indices = scattering_vectors(places, wavelength) @ axes.T
    whole = np.rint(indices)
    explained = np.all(np.abs(indices - whole) < _EXPLAINED, axis=1) & whole.any(axis=1)
    if not explained.any():
        return float("nan"), 0
    ray = whole[explained] @ np.linalg.inv(axes).T + incident
    predicted = ray[:, :2] / ray[:, 2:] * places[explained, 2:]
    away = (predicted - places[explained, :2]) * resolution
    return float(np.sqrt((away**2).sum(axis=1).mean())), int(explained.sum())


def _peaks(chunks: list[tuple[int, Chunk]], geometry: CrystFELGeometry) -> Peaks:
    panels = np.array([name for _, chunk in chunks for name in chunk.panels], dtype=str)
    values = np.concatenate([np.zeros((0, 4)), *(chunk.peaks for _, chunk in chunks)])
    pattern = np.repeat([k for k, _ in chunks], [len(chunk.panels) for _, chunk in chunks])
    fast, slow = values[:, 0], values[:, 1]
    return Peaks(
        pattern=pattern.astype(np.int64),
        pixel=pixels_of_panels(geometry, panels, slow, fast),
        slow_scan=slow,
        fast_scan=fast,
        intensity=values[:, 3],
        snr=np.full(len(values), np.nan),
    )


def _crystals(chunks: list[tuple[int, Chunk]], geometry: CrystFELGeometry) -> Crystals:
    resolution = float(np.mean([panel.resolution for panel in geometry.panels]))
    pattern, axes, fits = [], [], []
    for k, chunk in chunks:
        if not chunk.crystals:
            continue
        places = places_of_panels(geometry, np.array(chunk.panels, dtype=str), chunk.peaks[:, 1], chunk.peaks[:, 0])
        # A photon energy from the data file stands in the stream alone.
        lit = replace(geometry, photon_energy=chunk.photon_energy) if chunk.photon_energy > 0 else geometry
        for crystal in chunk.crystals:
            pattern.append(k)
            axes.append(crystal.axes)
            fits.append(explained_peaks(crystal.axes, places, lit.wavelength, resolution))
    return Crystals(
        pattern=np.array(pattern, dtype=np.int64),
        axes=np.array(axes).reshape(-1, 3, 3),
        residual=np.array([residual for residual, _ in fits], dtype=np.float64),
        n_indexed=np.array([n for _, n in fits], dtype=np.int64),
    )
