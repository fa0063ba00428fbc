"""A setting that was found, in the form in which others use it: command line, geometry, EXtra-Xwiz block, stream."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data._inputs import PathLike
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_positions import panels_of_pixels, places_of_panels, scattering_vectors
from pulsetrain.data.stream import write_stream
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._crystfel.arguments import indexamajig_arguments
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["indexamajig_command", "result_stream", "tuned_geometry", "xwiz_toml"]

_ALL_CORES = "$(nproc)"


def indexamajig_command(
    options: IndexingOptions,
    geometry: PathLike,
    cell: PathLike,
    files: PathLike = "files.lst",
    *,
    stream: PathLike = "indexed.stream",
    indexing: str = "asdf",
    processes: int | None = None,
    extra: Sequence[str] = (),
) -> str:
    """Return the command line by which indexamajig does what `CrystFELEngine` does at these options.

    Parameters
    ----------
    options : IndexingOptions
    geometry : path
        A file that holds the camera length found, as `tuned_geometry` writes it: indexamajig has no option for it.
    cell : path
    files : path
        List of patterns, one file a line.
    stream : path
        Output.
    indexing : str
        CrystFEL's indexing methods.
    processes : int, optional
        None: as many as the machine has that runs it.
    extra : sequence of str
        Further arguments.

    Returns
    -------
    str
        Quoted for a shell.

    Examples
    --------
    >>> print(indexamajig_command(IndexingOptions(min_snr=6.5), "tuned.geom", "a.cell")[:50])
    indexamajig -i files.lst -g tuned.geom -o indexed.
    """
    arguments = indexamajig_arguments(
        options,
        geometry=str(geometry),
        cell=str(cell),
        files=str(files),
        stream=str(stream),
        indexing=indexing,
        processes=processes or 1,
        extra=extra,
    )
    words = [shlex.quote(argument) for argument in arguments]
    if processes is None:
        words[arguments.index("-j") + 1] = _ALL_CORES
    return " ".join(["indexamajig", *words])


def tuned_geometry(geometry: CrystFELGeometry | PathLike, clen: float) -> str:
    """Return the text of a geometry file at another camera length (metres); nothing else in it changes."""
    return CrystFELGeometry.of(geometry).with_clen(clen).text


def xwiz_toml(
    options: IndexingOptions,
    geometry: PathLike,
    cell: PathLike,
    *,
    indexing: str = "asdf",
    proposal: int | None = None,
    runs: Sequence[int] = (),
    resolution: float = 0.5,
    extra: Sequence[str] = (),
) -> str:
    """Return the blocks of EXtra-Xwiz's ``xwiz_conf.toml`` that a setting decides.

    The keys are those of EXtra-Xwiz's configuration for CrystFEL 0.10; what it has no key for goes into
    ``extra_options``.

    Parameters
    ----------
    options : IndexingOptions
    geometry : path
        A file that holds the camera length found, as `tuned_geometry` writes it.
    cell : path
    indexing : str
    proposal : int, optional
    runs : sequence of int
    resolution : float, Å
        EXtra-Xwiz leaves out pixels beyond it. The default leaves out none, as tuning does.
    extra : sequence of str
        Further arguments of indexamajig.
    """
    arguments = indexamajig_arguments(
        options, geometry="", cell="", files="", stream="", indexing=indexing, processes=1, extra=extra
    )
    own = ("--tolerance", "--min-res", "--multi")
    further = [word for word in arguments if word.split("=")[0] in own] + list(extra)
    data = {"proposal": proposal, "runs": [int(run) for run in runs] or None}
    run = {
        "resolution": resolution,
        "peak_method": "peakfinder8",
        "peak_threshold": options.threshold,
        "peak_snr": options.min_snr,
        "peak_min_px": options.min_pix_count,
        "peak_max_px": options.max_pix_count,
        "index_method": indexing,
        "n_cores": -1,
        "local_bg_radius": options.local_bg_radius,
        "integration_radii": "4,5,7",
        "max_res": round(options.max_res),
        "min_peaks": options.min_peaks,
        "extra_options": shlex.join(further),
    }
    tables: dict[str, Mapping[str, object]] = {
        "data": {name: value for name, value in data.items() if value is not None},
        "geom": {"file_path": str(geometry)},
        "indexamajig_run": run,
        "unit_cell": {"file_path": str(cell), "run_refine": False},
    }
    blocks = [
        "\n".join([f"[{table}]", *(f"{name} = {_toml(value)}" for name, value in values.items())])
        for table, values in tables.items()
        if values
    ]
    return "\n\n".join(blocks) + "\n"


def result_stream(
    path: PathLike, result: xr.Dataset, geometry: CrystFELGeometry, cell: UnitCell, patterns: xr.DataArray
) -> Path:
    """Write the result of an engine as a CrystFEL stream, for CrystFEL's own tools.

    Parameters
    ----------
    path : path
    result : xarray.Dataset
        As `indexing_result` gives it.
    geometry : CrystFELGeometry
        The one of the engine; the camera length of the result's options is put into it.
    cell : UnitCell
    patterns : xarray.DataArray
        What was indexed: ``attrs["source"]`` names its file, and a coordinate ``frame`` (pattern,), where there is one,
        the place of each pattern in it.

    Returns
    -------
    pathlib.Path
    """
    options = IndexingOptions(**{k: v for k, v in json.loads(result.attrs["options"]).items() if k in _INDEXING})
    if options.clen is not None:
        geometry = geometry.with_clen(options.clen)
    n = result.sizes["pattern"]
    panel = panels_of_pixels(geometry, result["peak_pixel"].values)
    slow, fast = result["peak_slow_scan"].values, result["peak_fast_scan"].values
    q = scattering_vectors(places_of_panels(geometry, panel, slow, fast), geometry.wavelength)
    frames = patterns.coords["frame"].values if "frame" in patterns.coords else np.arange(n)
    n_crystals = result.sizes["crystal"]
    stream = result[["hit", "peak_pattern", "peak_slow_scan", "peak_fast_scan", "peak_intensity"]].assign(
        crystal_pattern=result["crystal_pattern"],
        crystal_axes=result["crystal_axes"],
        crystal_lattice_type=("crystal", np.full(n_crystals, cell.lattice_type)),
        crystal_centering=("crystal", np.full(n_crystals, cell.centering)),
        crystal_unique_axis=("crystal", np.full(n_crystals, cell.unique_axis)),
        filename=("pattern", np.full(n, str(patterns.attrs.get("source", "")) or "unknown")),
        event=("pattern", np.array([f"//{frame}" for frame in frames], dtype=str)),
        photon_energy=("pattern", np.full(n, geometry.photon_energy)),
        clen=("pattern", np.full(n, geometry.clen)),
        peak_panel=("peak", panel),
        peak_q=("peak", np.linalg.norm(q, axis=1)),
    )
    stream.attrs = {
        "generator": f"Pulsetrain {version('pulsetrain')}",
        "command": indexamajig_command(options, "tuned.geom", "sample.cell", indexing="pulsetrain"),
        "geometry": geometry.text,
        "cell": cell.text,
        "indexing": "pulsetrain",
    }
    return write_stream(path, stream)


def _toml(value: object) -> str:
    # Numbers, truth values, lists and quoted texts are JSON's, but that TOML has no surrogates and no bare DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_INDEXING = frozenset(IndexingOptions.model_fields)
