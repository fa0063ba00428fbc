"""What a beamtime hands over, as lazy labelled arrays; and the writers of the same formats.

The names are imported on first use (PEP 562), so that ``import pulsetrain.data`` costs neither EXtra-data nor dask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use

if TYPE_CHECKING:
    from pulsetrain.data._errors import DataError
    from pulsetrain.data._fingerprint import fingerprint
    from pulsetrain.data.assembly import assemble
    from pulsetrain.data.crystfel_geometry import CrystFELGeometry
    from pulsetrain.data.euxfel_run import run_folder, write_run
    from pulsetrain.data.frames import open_frames
    from pulsetrain.data.spectra import open_spectra
    from pulsetrain.data.spectra_writer import write_spectra
    from pulsetrain.data.stream import read_stream, write_stream
    from pulsetrain.data.unit_cell import UnitCell

__all__ = [
    "CrystFELGeometry",
    "DataError",
    "UnitCell",
    "assemble",
    "fingerprint",
    "open_frames",
    "open_spectra",
    "read_stream",
    "run_folder",
    "write_run",
    "write_spectra",
    "write_stream",
]

_PLACES = {
    "CrystFELGeometry": "crystfel_geometry",
    "DataError": "_errors",
    "UnitCell": "unit_cell",
    "assemble": "assembly",
    "fingerprint": "_fingerprint",
    "open_frames": "frames",
    "open_spectra": "spectra",
    "read_stream": "stream",
    "run_folder": "euxfel_run",
    "write_run": "euxfel_run",
    "write_spectra": "spectra_writer",
    "write_stream": "stream",
}

__getattr__, __dir__ = on_first_use(__name__, _PLACES)
