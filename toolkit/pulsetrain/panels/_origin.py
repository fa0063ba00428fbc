"""Where a control's series came from, so that code and reports can fetch the same one again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from pulsetrain.options import OptionError

__all__ = ["Origin", "open_origin"]


@dataclass(frozen=True)
class Origin:
    """How to get the series of a control.

    Attributes
    ----------
    code : str
        Lines of Python that leave it in ``series``.
    path : str
        Of its files; empty where there are none.
    """

    code: str
    path: str = ""

    def needed(self) -> str:
        """Return the path.

        Raises
        ------
        OptionError
            If there is none.
        """
        if not self.path:
            raise OptionError(
                "path: this series has no file that a report could open; write it with "
                "pulsetrain.data.write_spectra(series, folder) and open SpectraPanel(folder)"
            )
        return self.path


def open_origin(
    series: xr.DataArray | xr.Dataset | str | Path | None,
) -> tuple[xr.DataArray, Origin, xr.DataArray | None]:
    """Return a series, where it came from, and labels known with it (of a simulated one; else None)."""
    if series is None:
        from pulsetrain.simulate.spectra import SeriesOptions, simulate_series

        given = "SeriesOptions(n_spectra=120, n_channels=1200, label_every=5)"
        truth = simulate_series(SeriesOptions(n_spectra=120, n_channels=1200, label_every=5), seed=1)
        code = (
            "from pulsetrain.simulate.spectra import SeriesOptions, simulate_series\n"
            f"series = simulate_series({given}, seed=1).intensity"
        )
        return truth["intensity"], Origin(code), truth["labels"]
    if isinstance(series, (str, Path)):
        import pulsetrain

        path = str(Path(series).expanduser().resolve())
        return pulsetrain.open_spectra(path).load(), Origin(_opening(path), path), None
    if isinstance(series, xr.Dataset):
        return series["intensity"], Origin(_HELD), series.data_vars.get("labels")
    return series, _held(series), None


_HELD = "series = panel.series  # made in this notebook: no file holds it"


def _opening(path: str) -> str:
    return f"series = pulsetrain.open_spectra({path!r})"


def _held(series: xr.DataArray) -> Origin:
    """Return the origin that a series names, if what lies there is the very same; it may have been changed since."""
    source = str(series.attrs.get("source", ""))
    if not source:
        return Origin(_HELD)
    import pulsetrain

    try:
        same = pulsetrain.open_spectra(source).identical(series)
    except (OSError, ValueError):
        same = False
    return Origin(_opening(source), source) if same else Origin(_HELD)
