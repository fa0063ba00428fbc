"""The arguments of indexamajig for a set of options; the engine and the exported command line both take them here."""

from __future__ import annotations

from collections.abc import Sequence

from pulsetrain.options import OptionError
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["indexamajig_arguments"]

# What the engine sets itself: a second value would win or lose silently.
_OWN = (
    *("-i", "-o", "-g", "-p", "-j", "--input", "--output", "--geometry", "--pdb", "--peaks", "--indexing"),
    *("--min-snr", "--min-pix-count", "--max-pix-count", "--threshold", "--local-bg-radius", "--min-res", "--max-res"),
    *("--min-peaks", "--tolerance", "--multi", "--no-multi", "--temp-dir"),
)


def indexamajig_arguments(
    options: IndexingOptions,
    *,
    geometry: str,
    cell: str,
    files: str,
    stream: str,
    indexing: str = "asdf",
    processes: int = 1,
    extra: Sequence[str] = (),
) -> list[str]:
    """Return the arguments after ``indexamajig``.

    Parameters
    ----------
    options : IndexingOptions
        Its camera length is not among the arguments: it stands in the geometry.
    geometry, cell, files, stream : str
        Paths of the geometry, of the cell, of the list of patterns and of the output.
    indexing : str
        One or several of CrystFEL's indexing methods, such as ``xgandalf`` or ``mosflm,asdf``.
    processes : int
    extra : sequence of str
        Further arguments such as ``--int-radius=4,5,7``.

    Raises
    ------
    OptionError
        For a further argument that sets again what the options set.
    """
    for argument in extra:
        if argument.split("=", 1)[0] in _OWN or argument[:2] in ("-i", "-o", "-g", "-p", "-j"):
            allowed = "arguments that the options do not set, such as --int-radius=4,5,7"
            raise OptionError(f"extra: got {argument!r}, allowed: {allowed}; set it by the engine's own options")
    length, angle = f"{options.tolerance:g}", f"{options.angle_tolerance:g}"
    return [
        *("-i", files, "-g", geometry, "-o", stream, "-p", cell),
        "--peaks=peakfinder8",
        f"--min-snr={options.min_snr:g}",
        f"--min-pix-count={options.min_pix_count}",
        f"--max-pix-count={options.max_pix_count}",
        f"--threshold={options.threshold:g}",
        f"--local-bg-radius={options.local_bg_radius}",
        f"--min-res={options.min_res:.0f}",  # whole pixels are all that it reads
        f"--max-res={options.max_res:.0f}",
        # Without it every frame counts as a hit.
        f"--min-peaks={options.min_peaks}",
        f"--indexing={indexing}",
        # Three lengths and three angles; versions that expect one angle read the first of them.
        f"--tolerance={length},{length},{length},{angle},{angle},{angle}",
        *(["--multi"] if options.multi else []),
        *("-j", str(processes)),
        *extra,
    ]
