"""An example workspace: simulated data in the facilities' own formats, and the courses."""

from __future__ import annotations

import shutil
from pathlib import Path

from pulsetrain.data.output import whole_folder
from pulsetrain.methods import methods

__all__ = ["write_workspace"]

_README = """# Example workspace

{examples}
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
    with whole_folder(folder) as draft:
        examples = [method.load(method.example)(draft) for method in methods().values()]
        shutil.copytree(courses, draft / "courses", ignore=shutil.ignore_patterns(".*"))
        (draft / "README.md").write_text(_README.format(examples="\n".join(examples)), encoding="utf-8")
    return f"{folder}: {', '.join(f'{each.name}/' for each in sorted(folder.iterdir()) if each.is_dir())}"
