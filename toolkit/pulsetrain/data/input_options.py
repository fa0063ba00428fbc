"""Which input is meant, as options: the same on the command line of every method and in its report."""

from __future__ import annotations

from pulsetrain.options import Options, option

__all__ = ["InputOptions"]


class InputOptions(Options):
    """Where an input lies, and which part of it; what `pulsetrain.open_spectra` and `pulsetrain.open_frames` take."""

    path: str = option("", "Folder, pattern or file, or a European XFEL run folder.")
    source: str | None = option(None, "Source in a European XFEL run.")
    key: str | None = option(None, "Key in a European XFEL run, or dataset in a HDF5 file.")
