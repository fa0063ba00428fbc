"""The interactive control of the tuning method."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from IPython.display import display

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures import tuning as figures
from pulsetrain.panels._code import arguments
from pulsetrain.panels._controls import OptionControls
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture
from pulsetrain.panels._report import ReportButton
from pulsetrain.panels._task import Task
from pulsetrain.panels._tree import close_tree
from pulsetrain.panels._tuning_display import State, TuningDisplay
from pulsetrain.panels._tuning_export import exports, save_exports
from pulsetrain.panels._tuning_follow import Follower
from pulsetrain.panels._tuning_input import open_input
from pulsetrain.panels._tuning_options import FIRST, SCALES, comparable, followed, spans, start_options
from pulsetrain.panels._tuning_search import TuningSearch
from pulsetrain.panels._tuning_words import place_words, rate_html, rate_words, setting_words
from pulsetrain.panels._tuning_work import TuningWork
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation, Setting, as_good_and_right

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["TuningPanel"]


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
        File names and texts of what the best setting is used with: geometry, command line, EXtra-Xwiz's TOML.
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
        self.result: xr.Dataset | None = None
        self._own: list[Evaluation] = []
        self._hits: list[int] = []
        self._shown: Evaluation | None = None

        self._loop, self._picture = Loop(), Picture()
        self._work = TuningWork(self._given, engine)
        self._search = TuningSearch(self._given, self._work)
        start = start_options(self._given.places, self.geometry)
        hidden = ("geometry", "cell") if engine is None else ("geometry", "cell", "engine")
        self.controls = OptionControls(
            start, FIRST, hidden=hidden, changed=self._on_options, spans=spans(start, self.geometry),
            scales=SCALES,
        )  # fmt: skip
        self._comparable, self._followed = comparable(start), followed(start)
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

    @property
    def options(self) -> TuningOptions:
        """Options as set now."""
        return self.controls.options

    @options.setter
    def options(self, options: TuningOptions) -> None:
        self.controls.options = options
        self._renew(self.options)

    @property
    def evaluations(self) -> list[Evaluation]:
        """What was tried by hand, then what the search has tried."""
        return [*self._own, *self._search.evaluations]

    @property
    def best(self) -> Evaluation | None:
        """The search's best; without a search, that of the settings tried by hand."""
        if self._search.evaluations and self._search.tuner is not None:
            return self._search.tuner.best
        highest = max(self._own, key=lambda each: each.rate, default=None)
        return highest and as_good_and_right(highest, self._own)

    @property
    def confirmed(self) -> Evaluation | None:
        """The search's best on fresh patterns."""
        return self._search.confirmed

    @property
    def path(self) -> xr.Dataset | None:
        """What the search has tried."""
        return self._search.tuner.path() if self._search.tuner is not None and self._search.evaluations else None

    @property
    def code(self) -> str:
        """Python that gives the result shown, or would with the options as set."""
        options = self.options if self._search.tuner is None else self._search.tuner.options
        engine = "CrystFELEngine" if options.engine == "crystfel" else "NativeEngine"
        given = arguments(options, ("geometry", "cell", "engine"))
        lines = [f"from pulsetrain.tuning import {engine}, Tuner, TuningOptions", self._given.code]
        lines.append(f"engine = {engine}(geometry, cell)")
        lines.append(f"tuner = Tuner(engine, frames, TuningOptions({given}))")
        return "\n".join([*lines, "path = tuner.run()", "tuner.best, tuner.confirmed"])

    @property
    def exports(self) -> dict[str, str]:
        """Geometry, command line and TOML of the best setting, or of the sliders' while there is none."""
        best = self.best
        setting = Setting.of(self.options, self.geometry.clen) if best is None else best.setting
        return exports(self.options, setting, self.geometry, self._given.places.get("cell", "your.cell"))

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
        return self._shown

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
        options, own = self.options, list(self._own)
        self.task.run(partial(self._search.confirm, options, own), self._done_confirm)
        if wait:
            self.wait()

    def refine(self, *, wait: bool = False) -> None:
        """Set clen to where the cells of the indexed patterns come out right."""
        self.task.run(partial(self._work.refine, self.options), self._done_refine)
        if wait:
            self.wait()

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
        display(self.widget)
        self._picture.display()
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

    def _begin(self, steps: int | None, *, wait: bool) -> None:
        options = self.options
        self._renew(options)
        if not self._search.goes_on(options):
            self._own += self._search.forget()
        self._form.below.value = "Search"
        run = partial(self._search.run, options, steps, tried=self._tried, before=self._follower.idle)
        self.task.run(run, self._done_run)
        if wait:
            self.wait()

    def _ask(self, *, rate: bool = False, picture: bool = False) -> None:
        """Let the figures follow the options; what they followed before is given up."""
        options = self.options
        self._renew(options)
        self._followed = followed(options)
        self._follower.ask(options, self._shown, rate=rate, picture=picture)

    def _rated(self, options: TuningOptions, evaluation: Evaluation, result: xr.Dataset) -> None:
        if comparable(options) != self._comparable:
            return
        self._shown = evaluation
        if all(each.setting != evaluation.setting for each in self._own):
            self._own.append(evaluation)
        self._take(options, result)

    def _tried(self, evaluation: Evaluation, result: xr.Dataset) -> None:
        """Show what the search has just tried; in its thread."""
        tuner = self._search.tuner
        used = evaluation.setting.put_into(self.options if tuner is None else tuner.options)
        place = np.flatnonzero(self._work.chosen(used) == self._form.pattern.value)
        look = self._work.found(self._form.pattern.value, int(place[0]), result, used) if len(place) else None

        def show() -> None:
            self._form.rate.value = rate_html(evaluation, note=f"the search at {place_words(evaluation.setting)}")
            if look is not None and self.image.frame is not None:
                self._shows.look(look)
            self._take(used, result)

        self._loop.call(show)

    def _take(self, options: TuningOptions, result: xr.Dataset) -> None:
        chosen, first = self._work.chosen(options), self.result is None
        self.result, self._hits = result, chosen[result["hit"].to_numpy()].tolist()
        if first and self._hits and self._form.pattern.value == 0:  # nobody has chosen a pattern yet
            self._form.pattern.value = self._hits[0]
        self._enable()
        self._shows.tried(self._state)

    def _done_run(self, result: xr.Dataset | None) -> None:
        if result is not None:
            self._take(self.options, result)
        made, total, best = len(self._search.evaluations), self.options.evaluations, self.best
        words = f"Best of {made}: {setting_words(best)}." if best else "Nothing tried yet."
        if made < total:
            words = f"Paused after {made} of {total}. {words}"
        elif self.confirmed is not None:
            words += f"\nOn fresh patterns: {rate_words(self.confirmed)}."
        if self._search.tuner is not None and made:
            words = "\n".join([words, *self._search.tuner.flags])
        self.task.say(words, "success")
        self._form.rate.value = rate_html(best, note="the best of the search")
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
        if comparable(options) != self._comparable and not self.task.running:
            self._comparable, self._own, self._shown, self.result = comparable(options), [], None, None
            self._search.forget()
            self._enable()
            self._shows.tried(self._state)

    def _enable(self) -> None:
        self._shows.enable(running=self.task.running, found=bool(self.evaluations))

    def _go(self, direction: int) -> None:
        """Show the next hit in a direction."""
        here = self._form.pattern.value
        ahead = [hit for hit in self._hits if (hit - here) * direction > 0]
        if ahead:
            self._form.pattern.value = min(ahead, key=lambda hit: abs(hit - here))
        else:
            self.task.say("No hit there." if self._hits else "No hit is known yet: wait for the indexing rate.")

    def _save(self) -> None:
        folder = save_exports(self.exports, self._form.folder.value)
        self.task.say(f"Saved {', '.join(self.exports)} in {folder}.", "success")

    @property
    def _state(self) -> State:
        return State(self.path, self._own, self.evaluations, self.result, lambda: self.exports, lambda: self.code)

    def _drawing(self) -> Figure:
        path = self.path
        return figures.static_summary(() if path is None else path, self._own)

    def _report_values(self) -> dict[str, Any]:
        changed = self.options.model_dump(exclude_defaults=True)
        return {**changed, **self._given.needed()}
