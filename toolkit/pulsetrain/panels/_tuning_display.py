"""What the tuning control shows: the pattern, the rate, the curves, and what is chosen to stand below them."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import ipywidgets
import numpy as np
import xarray as xr

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures import tuning as figures
from pulsetrain.figures.detector import FlatDetector
from pulsetrain.options import OptionError
from pulsetrain.panels._code import as_html
from pulsetrain.panels._tuning_export import export_html
from pulsetrain.panels._tuning_input import PatternsInput
from pulsetrain.panels._tuning_layout import TuningLayout
from pulsetrain.panels._tuning_tried import Tried
from pulsetrain.panels._tuning_view import TuningView
from pulsetrain.panels._tuning_words import place_words, seen_words
from pulsetrain.panels._tuning_work import Look
from pulsetrain.panels.image import FrameImage, Readout

__all__ = ["State", "TuningDisplay"]

_NOTHING = "<i>Nothing to show yet: move a slider, or run a search.</i>"
_OF_CRYSTALS = {
    "Cell": "The upper figure has a point for each setting that was tried; the histograms are of these crystals.",
    "Orientations": "Each point is a crystal: the side from which the beam met it. Points all over the disc mean that "
    "the crystals lie anyhow; a crowd means that they prefer a direction, such as plates that lie flat in a jet.",
}


@dataclass(frozen=True)
class State:
    """What there is to show.

    Attributes
    ----------
    path : xarray.Dataset or None
        Of the search.
    known : Tried
    exports, code : callable
        Return what the tabs of those names show.
    """

    path: xr.Dataset | None
    known: Tried
    exports: Callable[[], dict[str, str]]
    code: Callable[[], str]


class TuningDisplay:
    """Image, figures and the words around them.

    Parameters
    ----------
    given : PatternsInput
    detector : FlatDetector
    clen : float or None, metres
        For d-spacings under the cursor.
    options, task, report : ipywidgets.Widget
        As of `TuningLayout`.

    Attributes
    ----------
    form : TuningLayout
    image : FrameImage
    view : TuningView
    """

    def __init__(
        self,
        given: PatternsInput,
        detector: FlatDetector,
        clen: float | None,
        *,
        options: ipywidgets.Widget,
        task: ipywidgets.Widget,
        report: ipywidgets.Widget,
    ) -> None:
        self._cell: UnitCell = given.cell
        self.view = TuningView()
        rows, columns = detector.shape
        self.image = FrameImage(
            units=str(given.frames.attrs.get("units") or "ADU"),
            pixel_size=detector.pitch,
            readout=Readout(clen=clen, wavelength=given.geometry.wavelength) if clen else None,
            height=int(np.clip(560 * rows / columns, 220, 460)),
        )
        n, cell = given.frames.sizes["pattern"], given.cell
        shape = " × ".join(map(str, given.frames.shape[1:]))
        lengths = " × ".join(f"{value:.4g}" for value in cell.parameters[:3])
        self.form = TuningLayout(
            given.title,
            f"{n} patterns of {shape} pixels; {cell.lattice_type} {cell.centering}, {lengths} Å",
            n,
            options=options,
            task=task,
            report=report,
            image=self.image,
            figures=self.view.layout,
            below=self.view.below_layout,
        )

    def look(self, look: Look, note: str = "") -> None:
        """Show a pattern, or only what was found in the one that is shown; `note` says at whose setting."""
        if look.picture is not None:
            self.image.frame = look.picture
        self.image.peaks, self.image.spots = look.peaks, look.spots
        self.image.title = f"Pattern {look.pattern}"
        self.form.seen.value = _lines(seen_words(look, note))

    def tried(self, state: State) -> None:
        """Show what was tried, in the curves and below them."""
        self.view.update(() if state.path is None else state.path, state.known.own)
        self.below(state)

    def below(self, state: State) -> None:
        """Show what is chosen to stand below the curves."""
        chosen, words, known = self.form.below.value, "", state.known
        self.form.show_export(shown=chosen == "Export")
        if chosen == "Search" and state.path is not None:
            if not self.view.searching:
                self.view.search(state.path)
        elif chosen in _OF_CRYSTALS and known.result is not None and known.at is not None:
            if chosen == "Cell":
                self.view.cells(known.evaluations, known.result, self._cell)
            else:
                self.view.orientations(known.result)
            crystals = f"{known.result.sizes['crystal']} crystals, at {place_words(known.at)}"
            words = f"<p><b>{crystals}</b><br>{_OF_CRYSTALS[chosen]}</p>"
        else:
            self.view.clear()
            words = _words(chosen, state)
        self.form.words.value = words

    def enable(self, *, running: bool, searching: bool, found: bool) -> None:
        """Let only those buttons be pressed that can do something now."""
        self.form.pause.disabled = not searching
        self.form.step.disabled = self.form.refine.disabled = running
        self.form.use.disabled = not found
        self.form.confirm.disabled = running or not found


def _words(chosen: str, state: State) -> str:
    try:
        if chosen == "Table" and state.known.evaluations:
            return figures.table(state.known.evaluations, "Settings tried, by hand first; the highest rate in bold")
        if chosen == "Export":
            return export_html(state.exports())
        if chosen == "Code":
            return as_html(state.code())
    except (OptionError, ValueError) as error:
        return as_html(f"# {error}")
    return _NOTHING


def _lines(words: str) -> str:
    return html.escape(words).replace("\n", "<br>")
