"""What takes a setting elsewhere: code, geometry, command line and TOML, shown, downloaded and saved."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.panels._code import arguments, as_html
from pulsetrain.panels._tuning_input import PatternsInput
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Setting

__all__ = ["export_html", "exports", "save_exports", "search_code"]

_GEOMETRY, _CELL = "tuned.geom", "sample.cell"


def search_code(given: PatternsInput, options: TuningOptions) -> str:
    """Return Python that makes a search."""
    engine = "CrystFELEngine" if options.engine == "crystfel" else "NativeEngine"
    asked = arguments(options, ("geometry", "cell", "engine"))
    return "\n".join(
        [
            f"from pulsetrain.tuning import {engine}, Tuner, TuningOptions",
            given.code,
            f"engine = {engine}({given.sample})",
            f"tuner = Tuner(engine, frames, TuningOptions({asked}))",
            "path = tuner.run()",
            "tuner.best, tuner.confirmed",
        ]
    )


def exports(options: TuningOptions, setting: Setting, geometry: CrystFELGeometry, cell: UnitCell) -> dict[str, str]:
    """Return file names and texts: geometry, cell, and the command line and EXtra-Xwiz's TOML that name both.

    Parameters
    ----------
    options : TuningOptions
    setting : Setting
        In place of the one in the options.
    geometry : CrystFELGeometry
    cell : UnitCell
    """
    from pulsetrain.tuning.export import indexamajig_command, tuned_geometry, xwiz_toml

    used = setting.put_into(options)
    return {
        _GEOMETRY: tuned_geometry(geometry, setting.clen),
        _CELL: cell.text,
        "indexamajig.sh": f"#!/bin/sh\n{indexamajig_command(used, _GEOMETRY, _CELL)}\n",
        "xwiz.toml": xwiz_toml(used, geometry=_GEOMETRY, cell=_CELL),
    }


def export_html(texts: dict[str, str]) -> str:
    """Return the texts as they can be read, copied and downloaded; of the geometry only its camera lengths."""
    parts = []
    for name, text in texts.items():
        data = base64.b64encode(text.encode()).decode("ascii")
        link = (
            f'<a download="{name}" href="data:text/plain;base64,{data}" style="text-decoration: underline; '
            f'color: var(--jp-content-link-color, #0b57d0)">Download {html.escape(name)}</a>'
        )
        if name == _GEOMETRY:
            lines = [line for line in text.splitlines() if "clen" in line and not line.lstrip().startswith(";")]
            more = f"\n… {len(lines) - 4} more" if len(lines) > 5 else ""
            text = "\n".join(lines[: 4 if more else 5]) + more  # noqa: PLW2901 - what is shown of it
        parts.append(f"<p><b>{html.escape(name)}</b> &nbsp; {link}</p>{as_html(text.strip())}")
    return "".join(parts)


def save_exports(texts: dict[str, str], folder: str) -> Path:
    """Write the texts into a folder, which is made where it is missing.

    Raises
    ------
    ValueError
        Without a name.
    FileExistsError
        If one of the files exists; nothing is written then.
    """
    if not folder.strip():
        raise ValueError("folder: none given; name one, such as 'tuned'")
    place = Path(folder.strip()).expanduser().absolute()
    for name in texts:
        if (place / name).exists():
            raise FileExistsError(f"{place / name}: exists already; choose another folder, or remove it")
    place.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")
    return place
