"""The interactive control of the boosting method."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.panels._boosting_code import boosting_code
from pulsetrain.panels._boosting_follow import Follower
from pulsetrain.panels._boosting_input import EXAMPLE_OPTIONS, Frames, open_input
from pulsetrain.panels._boosting_layout import BoostingLayout
from pulsetrain.panels._boosting_outcome import Look, Outcome
from pulsetrain.panels._boosting_save import save_booster, save_result
from pulsetrain.panels._boosting_view import BoostingView, State
from pulsetrain.panels._boosting_words import frame_html, summary_words, trust_html, trust_words, warning_html
from pulsetrain.panels._boosting_work import BoostingWork
from pulsetrain.panels._controls import OptionControls
from pulsetrain.panels._handover import hand_over
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture
from pulsetrain.panels._report import ReportButton
from pulsetrain.panels._task import Task, Told, plain
from pulsetrain.panels._tree import close_tree
from pulsetrain.panels.compare import CompareImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulsetrain.boosting import Booster
    from pulsetrain.progress import Progress

__all__ = ["BoostingPanel"]

_FIRST = ("method", "content", "steps", "members", "high", "model")
_SPANS = {"steps": (100, 4000, 100), "members": (1, 10, 1), "level": (0.5, 0.99, 0.01)}


class BoostingPanel:
    """Train on two sets of different objects; see what poor frames become, and how far that is to be trusted.

    Parameters
    ----------
    low, high : xarray.DataArray, dims (pattern, …), or path, optional
        Frames of the poor and of the good condition, what `pulsetrain.open_frames` returns or takes; left out, a
        simulated example.
    truth : xarray.DataArray or path, optional
        What the good condition expects of the poor frames: for figures alone, never for learning.
    test : (low, truth), each an xarray.DataArray or a path, optional
        A test sample by which intervals can be calibrated.
    booster : Booster, optional
        That has learnt already; ``high`` may be left out then.
    source, key : str, optional
        Of a European XFEL run, or dataset of a HDF5 file.
    **options
        Fields of `pulsetrain.boosting.BoostingOptions`.

    Attributes
    ----------
    low : xarray.DataArray
    high, truth : xarray.DataArray or None
    test : tuple of two xarray.DataArray, or None
    options : BoostingOptions
        As set now; may be set.
    booster : Booster or None
    result : xarray.Dataset or None
        Of all frames, as of ``booster.predict(low, return_std=True)``; lazy where they are many.
    findings : list or None
        How the frames differ from those that were learnt from; None where that is not known.
    frame : int
        Position of the frame that is shown; may be set.
    code : str
        Python that gives the same result.
    widget : ipywidgets.Widget
        To build into a larger one.

    Examples
    --------
    >>> panel = BoostingPanel(steps=200)                                                       # doctest: +SKIP
    >>> panel.fit(wait=True)                                                                   # doctest: +SKIP
    >>> panel.calibrate(wait=True)                                                             # doctest: +SKIP
    >>> panel.result["std"]                                                                    # doctest: +SKIP
    """

    def __init__(
        self,
        low: Frames | None = None,
        high: Frames | None = None,
        *,
        truth: Frames | None = None,
        test: tuple[Frames, Frames] | None = None,
        booster: Booster | None = None,
        source: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> None:
        given = self._given = open_input(low, high, truth, test, source=source, key=key)
        self.low, self.high, self.truth, self.test = given.low, given.high, given.truth, given.test
        start = BoostingOptions(**(EXAMPLE_OPTIONS if given.simulated else {}) | given.files | options)
        if booster is not None:
            start = booster.options.replace(**given.files, **options)
        self._booster = booster
        self._outcome: Outcome | None = None
        self._look: Look | None = None
        self._losses: list[float] = []
        self._steps, self._made_with, self._held = start.steps, start, booster is not None

        self._loop, self._picture = Loop(), Picture()
        self._work = BoostingWork(given)
        self.controls = OptionControls(
            start, _FIRST, hidden=given.set_here, changed=lambda: self.task.guard(self._on_options), spans=_SPANS
        )
        self.task = Task("Train", self.fit, self._loop)
        self.report = ReportButton("boosting", self._report_values, self._loop)
        first = np.full((1, 1), np.nan, np.float32)
        self.image = CompareImage(first, first, names=("Poor", "Boosted"), units="photons", mode="before")
        self.view = BoostingView()
        self._form = BoostingLayout(
            given.title, given.words, self.low.sizes["pattern"],
            truth=given.truth is not None, options=self.controls.widget, task=self.task.widget,
            report=self.report.widget, image=self.image, below=self.view.layout,
        )  # fmt: skip
        self.widget = self._form.widget
        self._follower = Follower(
            self._work, self._loop, self._picture, looked=self._looked,
            failed=lambda error: self.task.say(plain(error), "error"),
        )  # fmt: skip
        self._listen()
        self._tell()
        self._show_below()
        self._follow()
        hand_over(self, given.title, given.set_here)

    @property
    def options(self) -> BoostingOptions:
        """Options as set now."""
        return self.controls.options

    @options.setter
    def options(self, options: BoostingOptions) -> None:
        self.controls.options = options
        self._on_options()

    @property
    def booster(self) -> Booster | None:
        """What was learnt."""
        return self._booster

    @property
    def result(self) -> xr.Dataset | None:
        """The boosted frames."""
        return None if self._outcome is None else self._outcome.result

    @property
    def findings(self) -> list[Any] | None:
        """How the frames differ from those that were learnt from."""
        return None if self._outcome is None else self._outcome.findings

    @property
    def frame(self) -> int:
        """Position of the frame that is shown."""
        return int(self._form.frame.value)

    @frame.setter
    def frame(self, pattern: int) -> None:
        self._form.frame.value = pattern

    @property
    def code(self) -> str:
        """Python that gives the result shown, or would with the options as set."""
        options = self.options if self._booster is None else self._made_with
        return boosting_code(self._given, options, held=self._held, booster=self._booster)

    def fit(self, *, wait: bool = False) -> None:
        """Learn from both sets with the options as set, and boost all frames.

        Parameters
        ----------
        wait : bool
            Return only when it is done; else the work goes on in a thread.

        Raises
        ------
        OptionError
            If an option is refused, or there are no frames of the good condition.
        """
        options = self.options
        held = self._work.is_there(options)
        if not self.task.running:
            self._losses, self._steps = [], options.steps

        def learnt(outcome: Outcome) -> None:
            self._made_with, self._held = options, held
            self._take(outcome)

        self.task.run(partial(self._work.learn, options), learnt, self._live)
        self._form.below.value = "Training"
        self._show_below()
        if wait:
            self.wait()

    def boost(self, *, wait: bool = False) -> None:
        """Boost all frames with what was learnt."""
        self._start(partial(self._work.boost, self._learnt), wait=wait)

    def calibrate(self, *, wait: bool = False) -> None:
        """Stretch the intervals by the test sample, until they cover what they say."""
        self._start(partial(self._work.calibrate, self._learnt, self.options), wait=wait)

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
        if self._booster is not None and self._outcome is None and not self.task.running:
            self.task.guard(self.boost)
        elif self._look is not None:
            self._draw()

    @property
    def _learnt(self) -> Booster:
        if self._booster is None:
            raise ValueError("nothing is learnt yet; press Train")
        return self._booster

    def _listen(self) -> None:
        form = self._form
        form.frame.observe(lambda _: self._follow(), "value")
        form.against.observe(lambda _: self._show_look(), "value")
        form.below.observe(lambda _: self._show_below(), "value")
        form.calibrate.on_click(lambda _: self.task.guard(self.calibrate))
        form.save.on_click(lambda _: self.task.guard(self._save))
        form.keep.on_click(lambda _: self.task.guard(self._keep))
        self.task.button.observe(lambda _: self.task.guard(self._tell), "disabled")

    def _start(self, work: Callable[[Progress], Outcome], *, wait: bool) -> None:
        self.task.run(work, self._take)
        if wait:
            self.wait()

    def _live(self, told: Told) -> None:
        losses = [values["loss"] for values in told if "loss" in values]
        self._losses += losses
        if losses and self._form.below.value == "Training":
            self.view.stream(self._losses, self._steps)
            self._form.words.value = ""

    def _take(self, outcome: Outcome) -> None:
        first = self._outcome is None
        self._booster, self._outcome = outcome.booster, outcome
        if first and self.image.mode == "before":
            self.image.mode = "swipe"
        self.task.say(summary_words(outcome), "" if outcome.findings else "success")
        self._tell()
        self._show_below()
        self._follow()

    def _tell(self) -> None:
        """Say what σ is worth and whether the condition is the one that was learnt."""
        form, outcome = self._form, self._outcome
        form.trust.value = trust_html(*trust_words(self._booster))
        form.warning.value = warning_html(None if outcome is None else outcome.findings)
        form.calibrate.disabled = (
            self.task.running
            or outcome is None
            or "std" not in outcome.result
            or not self._given.has_pairs(self.options)
        )

    def _follow(self) -> None:
        self._form.seen.value = frame_html(self.low, self.frame)
        self.task.guard(lambda: self._follower.look(self.frame, self._outcome, self.options))

    def _looked(self, look: Look) -> None:
        self._look = look
        self._show_look()
        if self._outcome is not None:
            self._draw()

    def _show_look(self) -> None:
        look = self._look
        if look is None:
            return
        beside = look.truth if self._form.against.value == "truth" else None
        before = look.before if beside is None else beside
        with self.image.hold_sync():
            self.image.names = ("Poor" if beside is None else "Truth", "Boosted")
            self.image.title = ", ".join(filter(None, (f"Frame {look.pattern}", trust_words(self._booster)[0])))
            self.image.show(before, look.shown, look.std)

    def _draw(self) -> None:
        if self._look is not None and self._look.after is not None and self._outcome is not None:
            trust = trust_words(self._outcome.booster)[0]
            words = f"Frame {self._look.pattern}, {trust}. {summary_words(self._outcome)}"
            self._follower.draw(self._look, self._outcome, words)

    def _show_below(self) -> None:
        chosen = self._form.below.value
        self._form.show(chosen)
        state = State(
            self._outcome, self.task.running, self._losses, self._steps, self._given.degradation, lambda: self.code
        )
        self._form.words.value = self.view.show(chosen, state)

    def _on_options(self) -> None:
        self._tell()
        if self._form.below.value == "Code":
            self._show_below()
        if self._outcome is not None and not self.task.running:
            self.task.say("Options have changed: train again to see what they do.")

    def _save(self) -> None:
        self.task.say(save_booster(self._learnt, self._form.folder.value), "success")

    def _keep(self) -> None:
        if self._outcome is None:
            raise ValueError("nothing is boosted yet; press Train")
        result, name = self._outcome.result, self._form.file.value
        self.task.run(partial(save_result, result, name), lambda words: self.task.say(words, "success"))

    def _report_values(self) -> dict[str, Any]:
        return {**self.options.model_dump(exclude_defaults=True), **self._given.needed()}
