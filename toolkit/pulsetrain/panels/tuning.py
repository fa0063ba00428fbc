"""The interactive control of the tuning method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures import tuning as figures
from pulsetrain.panels._controls import OptionControls
from pulsetrain.panels._handover import hand_over
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture
from pulsetrain.panels._report import ReportButton
from pulsetrain.panels._task import Task
from pulsetrain.panels._tree import close_tree
from pulsetrain.panels._tuning_display import State, TuningDisplay
from pulsetrain.panels._tuning_export import exports, save_exports, search_code
from pulsetrain.panels._tuning_follow import Follower
from pulsetrain.panels._tuning_input import open_input
from pulsetrain.panels._tuning_options import FIRST, SCALES, followed, spans, start_options
from pulsetrain.panels._tuning_search import TuningSearch
from pulsetrain.panels._tuning_tried import Tried
from pulsetrain.panels._tuning_words import rate_html, search_words, setting_words, stopped_words
from pulsetrain.panels._tuning_work import TuningWork
from pulsetrain.progress import Progress
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation, Setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TuningPanel"]

_SEARCHS = "the search's setting, not the sliders'"


class TuningPanel:
    """Turn min-snr, min-pix-count and clen and see peaks, spots and indexing rate; or let an optimiser search.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, …), or path, optional
        What `pulsetrain.open_frames` returns or takes; left out, a simulated example.
    geometry : CrystFELGeometry or path
    cell : UnitCell or path
    engine : NativeEngine or CrystFELEngine, optional
        Left out, the one that the options name.
    source, key : str, optional
        Of a European XFEL run, or dataset of a HDF5 file.

    Attributes
    ----------
    frames, geometry, cell
        As given, opened.
    options : TuningOptions
        As set now; may be set.
    result : xarray.Dataset or None
        What the engine said last of all patterns of an evaluation; after a search, at its best setting.
    evaluations : list of Evaluation
        What was tried with the present threshold, tolerance and so on, by hand and by searches.
    best : Evaluation or None
        The search's best; without a search, that of the settings tried by hand. Among settings that index as many
        patterns it is the one whose cells come out right.
    confirmed : Evaluation or None
        The search's best on fresh patterns.
    path : xarray.Dataset or None
        As of `pulsetrain.tuning.Tuner.path`.
    code : str
        Python that gives the same result.
    exports : dict of str to str
        File names and texts of what the best setting is used with: geometry, cell, command line, EXtra-Xwiz's TOML.
    widget : ipywidgets.Widget
        To build into a larger one.

    Examples
    --------
    >>> panel = TuningPanel()                                                                  # doctest: +SKIP
    >>> panel.options = panel.options.replace(min_snr=4, evaluations=10)                       # doctest: +SKIP
    >>> panel.evaluate(wait=True).rate                                                         # doctest: +SKIP
    >>> panel.run(wait=True)                                                                   # doctest: +SKIP
    >>> panel.best.setting                                                                     # doctest: +SKIP
    """

    def __init__(
        self,
        frames: xr.DataArray | str | Path | None = None,
        geometry: CrystFELGeometry | str | Path | None = None,
        cell: UnitCell | str | Path | None = None,
        *,
        engine: Any = None,
        source: str | None = None,
        key: str | None = None,
    ) -> None:
        self._given = open_input(frames, geometry, cell, source, key)
        self.frames, self.geometry, self.cell = self._given.frames, self._given.geometry, self._given.cell
        self._loop, self._picture = Loop(), Picture()
        self._work = TuningWork(self._given, engine)
        self._search = TuningSearch(self._given, self._work)
        start = start_options(self._given.places, self.geometry)
        hidden = ("geometry", "cell") if engine is None else ("geometry", "cell", "engine")
        self.controls = OptionControls(
            start, FIRST, hidden=hidden, changed=self._on_options, spans=spans(start, self.geometry),
            scales=SCALES,
        )  # fmt: skip
        self._known, self._followed = Tried(self._work, self._search, start), followed(start)
        self._searching = False
        self.task = Task("Run", self.run, self._loop)
        self.task.stop.description = "Stop"
        self.report = ReportButton("tuning", self._report_values, self._loop)
        self._shows = TuningDisplay(
            self._given,
            self._work.detector,
            start.clen,
            options=self.controls.widget,
            task=self.task.widget,
            report=self.report.widget,
        )
        self._form, self.image, self.view = self._shows.form, self._shows.image, self._shows.view
        self._follower = Follower(
            self._work, self._shows, self._loop, self._rated, picture=self._picture, drawing=self._drawing
        )
        self._listen()
        self.widget = self._form.widget
        self._form.rate.value = rate_html(None)
        self._shows.below(self._state)
        hand_over(self, self._given.title, hidden)

    @property
    def options(self) -> TuningOptions:
        """Options as set now."""
        return self.controls.options

    @options.setter
    def options(self, options: TuningOptions) -> None:
        self.controls.options = options
        self._renew(self.options)

    @property
    def result(self) -> xr.Dataset | None:
        """What the engine said last of all patterns of an evaluation."""
        return self._known.result

    @property
    def evaluations(self) -> list[Evaluation]:
        """What was tried by hand, then what the search has tried."""
        return self._known.evaluations

    @property
    def best(self) -> Evaluation | None:
        """The search's best; without a search, that of the settings tried by hand."""
        return self._known.best

    @property
    def confirmed(self) -> Evaluation | None:
        """The search's best on fresh patterns."""
        return self._search.confirmed

    @property
    def path(self) -> xr.Dataset | None:
        """What the search has tried."""
        return self._search.path

    @property
    def code(self) -> str:
        """Python that gives the result shown, or would with the options as set."""
        return search_code(self._given, self.options if self._search.tuner is None else self._search.tuner.options)

    @property
    def exports(self) -> dict[str, str]:
        """Geometry, cell, command line and TOML of the best setting, or of the sliders' while there is none."""
        best = self.best
        setting = Setting.of(self.options, self.geometry.clen) if best is None else best.setting
        return exports(self.options, setting, self.geometry, self.cell)

    def evaluate(self, *, wait: bool = False) -> Evaluation | None:
        """Index the patterns with the options as set.

        Parameters
        ----------
        wait : bool
            Return the evaluation when it is there; else None at once, and the figures follow.

        Raises
        ------
        OptionError
            If an option is refused.
        """
        self._ask(rate=True)
        if not wait:
            return None
        self._follower.wait()
        if self._follower.error is not None:
            raise self._follower.error
        return self._known.shown

    def run(self, *, wait: bool = False) -> None:
        """Search with the optimiser that is chosen, from the options as set; or go on where it was paused."""
        self._begin(None, wait=wait)

    def step(self, *, wait: bool = False) -> None:
        """Let the search try one more setting."""
        self._begin(1, wait=wait)

    def pause(self) -> None:
        """End the search after the setting that is being tried; `run` goes on from there."""
        self._search.pause()

    def stop(self) -> None:
        """End the search at once; what was tried stays, and the next `run` begins anew."""
        self._search.end()
        self.task.cancel()

    def confirm(self, *, wait: bool = False) -> None:
        """Index fresh patterns with the best setting: the highest of many rates is too good to be true."""
        own = list(self._known.own)
        self._start(partial(self._search.confirm, self.options, own), self._done_confirm, wait=wait)

    def refine(self, *, wait: bool = False) -> None:
        """Set clen to where the cells of the indexed patterns come out right."""
        self._start(partial(self._work.refine, self.options), self._done_refine, wait=wait)

    def use_best(self) -> None:
        """Set the sliders to the best setting."""
        best = self.best
        if best is not None:
            self.options = best.setting.put_into(self.options)
            self._ask(rate=True)

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for what is under way, then raise what went wrong with it, if anything."""
        self.task.wait(timeout)
        self._follower.wait(timeout)
        for error in (self.task.error, self._follower.error):
            if error is not None:
                raise error

    def close(self) -> None:
        """Cancel what is under way and free everything the control holds in kernel and browser."""
        self.task.cancel()
        self._follower.cancel()
        self.report.task.cancel()
        self.task.wait()
        self._follower.wait()
        close_tree(self.widget)

    def _ipython_display_(self) -> None:
        self._picture.display_below(self.widget)
        self.task.guard(lambda: self._ask(rate=True, picture=True))

    def _listen(self) -> None:
        form = self._form
        form.pattern.observe(lambda _: self.task.guard(lambda: self._ask(picture=True)), "value")
        form.below.observe(lambda _: self._shows.below(self._state), "value")
        actions = {
            form.pause: self.pause, form.step: self.step, form.use: self.use_best, form.refine: self.refine,
            form.confirm: self.confirm, form.save: self._save,
            form.back: partial(self._go, -1), form.on: partial(self._go, 1),
        }  # fmt: skip
        for button, action in actions.items():
            button.on_click(lambda _, action=action: self.task.guard(action))
        self.task.stop.on_click(lambda _: self._search.end())
        self.task.button.observe(lambda _: self._enable(), "disabled")

    def _start(
        self, work: Callable[[Progress], Any], done: Callable[[Any], None], *, search: bool = False, wait: bool
    ) -> None:
        if not self.task.running:
            self._searching = search
        self.task.run(work, done, cancelled=self._stopped if search else None)
        if wait:
            self.wait()

    def _begin(self, steps: int | None, *, wait: bool) -> None:
        options = self.options
        self._renew(options)
        if not self._search.goes_on(options):
            self._known.own += self._search.forget()
        self._form.below.value = "Search"
        run = partial(self._search.run, options, steps, tried=self._tried, before=self._follower.idle)
        self._start(run, self._done_run, search=True, wait=wait)

    def _ask(self, *, rate: bool = False, picture: bool = False) -> None:
        """Let the figures follow the options; what they followed before is given up."""
        options = self.options
        self._renew(options)
        self._followed = followed(options)
        self._follower.ask(options, self._known.shown, rate=rate, picture=picture)

    def _rated(self, options: TuningOptions, evaluation: Evaluation, result: xr.Dataset) -> None:
        if self._known.compares(options):
            self._known.by_hand(evaluation)
            self._take(options, result)

    def _tried(self, evaluation: Evaluation, result: xr.Dataset) -> None:
        """Show what the search has just tried; in its thread."""
        tuner = self._search.tuner
        used = evaluation.setting.put_into(self.options if tuner is None else tuner.options)
        pattern = self._form.pattern.value
        place = self._known.position(used, pattern)
        look = None if place is None else self._work.found(pattern, place, result, used)

        def show() -> None:
            self._form.rate.value = rate_html(evaluation, note=_SEARCHS)
            if look is not None and self.image.frame is not None:
                self._shows.look(look, note=_SEARCHS)
            self._take(used, result)

        self._loop.call(show)

    def _take(self, options: TuningOptions, result: xr.Dataset) -> None:
        first = self._known.result is None
        self._known.found(options, result)
        if first and self._known.hits and self._form.pattern.value == 0:  # nobody has chosen a pattern yet
            self._form.pattern.value = self._known.hits[0]
        self._enable()
        self._shows.tried(self._state)

    def _done_run(self, result: xr.Dataset | None) -> None:
        made, total, tuner = len(self._search.evaluations), self.options.evaluations, self._search.tuner
        flags: Sequence[str] = ()
        if result is not None and tuner is not None:
            self._take(tuner.best.setting.put_into(tuner.options), result)
            flags = tuner.flags
        self._conclude(search_words(made, total, self.best, self.confirmed, flags), "success")

    def _stopped(self) -> None:
        made, total = len(self._search.evaluations), self.options.evaluations
        self._conclude(stopped_words(made, total, self.best), "")

    def _conclude(self, words: str, kind: str) -> None:
        self.task.say(words, kind)
        self._form.rate.value = rate_html(self.best, note="the best of the search")
        self._ask()
        self._picture.update(self._drawing(), words)

    def _done_confirm(self, fresh: Evaluation | None) -> None:
        if fresh is None:
            self.task.say("No patterns are left to confirm the rate: lower 'patterns' or raise 'fresh patterns'.")
            return
        self.task.say(f"On fresh patterns: {setting_words(fresh)}.", "success")

    def _done_refine(self, refined: tuple[float, float]) -> None:
        clen, error = refined
        before = Setting.of(self.options, self.geometry.clen).clen
        self.options = self.options.replace(clen=clen)
        words = f"Refined from the indexed cells: clen {1e3 * before:.3f} → {1e3 * clen:.3f} ± {1e3 * error:.3f} mm."
        self.task.say(words, "success")
        self._ask(rate=True)

    def _on_options(self) -> None:
        self.task.guard(self._options_changed)

    def _options_changed(self) -> None:
        if followed(self.options) != self._followed:
            self._ask(rate=True)

    def _renew(self, options: TuningOptions) -> None:
        """Drop what was tried with another threshold, tolerance, engine …: those rates do not compare."""
        if not self._known.compares(options) and not self.task.running:
            self._known.renew(options)
            self._enable()
            self._shows.tried(self._state)

    def _enable(self) -> None:
        running = self.task.running
        self._shows.enable(running=running, searching=running and self._searching, found=bool(self.evaluations))

    def _go(self, direction: int) -> None:
        """Show the next hit in a direction."""
        here = self._form.pattern.value
        ahead = [hit for hit in self._known.hits if (hit - here) * direction > 0]
        if ahead:
            self._form.pattern.value = min(ahead, key=lambda hit: abs(hit - here))
        else:
            self.task.say("No hit there." if self._known.hits else "No hit is known yet: wait for the indexing rate.")

    def _save(self) -> None:
        folder = save_exports(self.exports, self._form.folder.value)
        self.task.say(f"Saved {', '.join(self.exports)} in {folder}.", "success")

    @property
    def _state(self) -> State:
        return State(self.path, self._known, lambda: self.exports, lambda: self.code)

    def _drawing(self) -> Figure:
        path = self.path
        return figures.static_summary(() if path is None else path, self._known.own)

    def _report_values(self) -> dict[str, Any]:
        changed = self.options.model_dump(exclude_defaults=True)
        return {**changed, **self._given.needed()}
