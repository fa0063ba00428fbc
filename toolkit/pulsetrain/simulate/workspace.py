"""An example workspace: simulated data in the facilities' own formats, and the courses."""

from __future__ import annotations

import shutil
from pathlib import Path

from pulsetrain.data import write_spectra
from pulsetrain.data.output import whole_folder
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series

__all__ = ["write_workspace"]

_README = """# Example workspace

- `series/`: 120 simulated powder patterns through a phase transition, `.xy` files as a beamline writes them. The
  boundary is at spectrum 66.4; labels are safe up to 35 and from 85 on.
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
    with whole_folder(folder) as draft:
        write_spectra(simulate_series(series, seed=3)["intensity"], draft / "series")
        shutil.copytree(courses, draft / "courses", ignore=shutil.ignore_patterns(".*"))
        (draft / "README.md").write_text(_README, encoding="utf-8")
    return f"{folder}: series/ (120 simulated spectra), courses/"
