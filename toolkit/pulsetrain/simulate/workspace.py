"""An example workspace: simulated data in the facilities' own formats, and the courses."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from pulsetrain.data import write_spectra
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
    if folder.exists():
        raise FileExistsError(f"got {folder}, which exists; allowed: a new folder. Choose another name or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        series = SeriesOptions(
            n_spectra=120, n_channels=1500, boundary=0.558, gap_before=0.25, gap_after=0.15, drift=5, drift_form="wave"
        )
        write_spectra(simulate_series(series, seed=3)["intensity"], draft / "series")
        shutil.copytree(courses, draft / "courses", ignore=shutil.ignore_patterns(".*"))
        (draft / "README.md").write_text(_README, encoding="utf-8")
        draft.chmod(0o777 & ~_umask())
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return f"{folder}: series/ (120 simulated spectra), courses/"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
