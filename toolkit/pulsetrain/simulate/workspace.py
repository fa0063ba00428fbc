"""An example workspace: simulated data in the facilities' own formats, and the courses."""

from __future__ import annotations

import shutil
from pathlib import Path

from pulsetrain.data import write_spectra
from pulsetrain.data.output import whole_folder
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series

__all__ = ["write_workspace"]

_README = """# Example workspace

- `series/`: 120 simulated powder patterns through a phase transition, `.xy` files as a beamline writes them. The
  boundary is at spectrum 66.4; labels are safe up to 35 and from 85 on.
- `crystals/`: 96 simulated patterns of lysozyme microcrystals on four AGIPD modules, with geometry and cell. The
  geometry's camera length is 1.8 % too long: the true one is 0.12 m.
- `courses/`: one notebook per method. Start here.

The sidebars on the left open each method's control (*Methods*) and run a report over your data (*Reports*).
"""


def write_workspace(folder: Path, courses: Path) -> str:
    """Write simulated data and copies of the courses into a new folder.

    Parameters
    ----------
    folder : pathlib.Path
        Made anew; all of it appears at once.
    courses : pathlib.Path
        Folder of notebooks to copy.

    Returns
    -------
    str
        What was written, for the terminal.

    Raises
    ------
    FileExistsError
        If the folder exists; nothing of it is touched.
    """
    series = SeriesOptions(
        n_spectra=120, n_channels=1500, boundary=0.558, gap_before=0.25, gap_after=0.15, drift=5, drift_form="wave"
    )
    crystals = CrystalOptions(n_patterns=96, detector="agipd-mini", clen_error=1.8)
    with whole_folder(folder) as draft:
        write_spectra(simulate_series(series, seed=3)["intensity"], draft / "series")
        simulate_crystals(crystals, seed=3).write_hdf5(draft / "crystals" / "experiment.h5")
        shutil.copytree(courses, draft / "courses", ignore=shutil.ignore_patterns(".*"))
        (draft / "README.md").write_text(_README, encoding="utf-8")
    return f"{folder}: series/ (120 simulated spectra), crystals/ (96 simulated patterns), courses/"
