"""Where a control's series came from, so that code and reports can fetch the same one again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from pulsetrain.options import OptionError
from pulsetrain.panels._code import near

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
    source, key : str or None
        As `pulsetrain.open_spectra` takes them.
    """

    code: str
    path: str = ""
    source: str | None = None
    key: str | None = None

    def needed(self) -> dict[str, str]:
        """Return the input's parameters of a report: the path, and source and key where they are given.

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
        return {"path": self.path, **_given(self.source, self.key)}


def open_origin(
    series: xr.DataArray | xr.Dataset | str | Path | None, source: str | None = None, key: str | None = None
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
        opened = pulsetrain.open_spectra(path, source=source, key=key).load()
        return opened, Origin(_opening(path, source, key), path, source, key), None
    if source or key:
        raise OptionError("source, key: got them with a series that is open already; give them with a path")
    if isinstance(series, xr.Dataset):
        return series["intensity"], Origin(_HELD), series.data_vars.get("labels")
    return series, _held(series), None


_HELD = "series = panel.series  # made in this notebook: no file holds it"


def _opening(path: str, source: str | None = None, key: str | None = None) -> str:
    words = [repr(near(path)), *(f"{name}={value!r}" for name, value in _given(source, key).items())]
    return f"series = pulsetrain.open_spectra({', '.join(words)})"


def _given(source: str | None, key: str | None) -> dict[str, str]:
    return {name: value for name, value in (("source", source), ("key", key)) if value is not None}


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
