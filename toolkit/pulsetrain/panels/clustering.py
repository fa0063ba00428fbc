"""The interactive control of the clustering method."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.data import DataError
from pulsetrain.figures import clustering as figures
from pulsetrain.panels._clustering_actions import EditButtons
from pulsetrain.panels._clustering_colours import choices_of, paint
from pulsetrain.panels._clustering_edit import Edits
from pulsetrain.panels._clustering_follow import Follower, Shown
from pulsetrain.panels._clustering_input import open_input
from pulsetrain.panels._clustering_layout import ClusteringLayout
from pulsetrain.panels._clustering_options import FIRST, FIRST_STRENGTHS, SPANS, STRENGTHS, strengths_of
from pulsetrain.panels._clustering_pause import Pause
from pulsetrain.panels._clustering_save import save_result, save_selection
from pulsetrain.panels._clustering_view import ClusteringView, State
from pulsetrain.panels._clustering_words import counts_html, frame_html, selection_html
from pulsetrain.panels._clustering_work import ClusteringWork, Found, Look
from pulsetrain.panels._code import arguments
from pulsetrain.panels._controls import OptionControls
from pulsetrain.panels._handover import hand_over
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture
from pulsetrain.panels._report import ReportButton
from pulsetrain.panels._task import Task, Told, plain
from pulsetrain.panels._tree import close_tree

if TYPE_CHECKING:
    import pandas as pd

    from pulsetrain.clustering import FrameClusterer

__all__ = ["ClusteringPanel"]


class ClusteringPanel:
    """See how frames lie, look at them, learn, name clusters and move frames between them.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, …), or path, optional
        What `pulsetrain.open_frames` returns or takes; left out, a simulated example.
    result : xarray.Dataset, optional
        What `pulsetrain.clustering.FrameClusterer.predict` said of these frames; left out, physics scores are measured
        first.
    labels : array_like of str, shape (pattern,), optional
        What is known of the frames, ``""`` where nothing is: for the confusion alone, never for learning.
    clusterer : FrameClusterer, optional
        That gave the result.
    source, key : str, optional
        Of a European XFEL run, or dataset of a HDF5 file.
    **options
        Fields of `pulsetrain.clustering.ClusteringOptions`.

    Attributes
    ----------
    frames : xarray.DataArray
    options : ClusteringOptions
        As set now; may be set.
    result : xarray.Dataset or None
        Of the frames sorted so far, with what was changed by hand.
    clusterer : FrameClusterer or None
    counts : pandas.DataFrame or None
        Frames of each kind, and shares with their intervals.
    selection : numpy.ndarray of int
        Positions, in the frames, of those selected; may be set.
    code : str
        Python that gives the same result.
    widget : ipywidgets.Widget
        To build into a larger one.

    Examples
    --------
    >>> panel = ClusteringPanel(epochs=4)                                                      # doctest: +SKIP
    >>> panel.fit(wait=True)                                                                   # doctest: +SKIP
    >>> panel.counts                                                                           # doctest: +SKIP
    """

    def __init__(
        self,
        frames: xr.DataArray | str | Path | None = None,
        result: xr.Dataset | None = None,
        *,
        labels: ArrayLike | None = None,
        clusterer: FrameClusterer | None = None,
        source: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> None:
        self._given = open_input(frames, labels, source, key)
        self.frames = self._given.frames
        start = ClusteringOptions(**options)
        self._found: Found | None = None
        self._edits: Edits | None = None
        self._row: int | None = None
        self._losses: dict[str, list[float]] = {"loss": []}

        self._loop, self._picture = Loop(), Picture()
        self._work = ClusteringWork(self.frames)
        self.controls = OptionControls(start, FIRST, hidden=STRENGTHS, changed=self._on_options, spans=SPANS)
        self.strengths = OptionControls(strengths_of(start), FIRST_STRENGTHS, changed=self._on_strengths, spans=SPANS)
        self._before = start
        self.task = Task("Fit", self.fit, self._loop)
        self.report = ReportButton("clustering", self._report_values, self._loop)
        self.view = ClusteringView()
        shape = " × ".join(map(str, self.frames.shape[1:]))
        self._form = ClusteringLayout(
            self._given.title, f"{self.frames.sizes['pattern']:,} frames of {shape} pixels",
            options=self.controls.widget, strengths=self.strengths.widget, task=self.task.widget,
            report=self.report.widget, below=self.view.layout,
        )  # fmt: skip
        self._pause = Pause(self._form.pause)
        self._follower = Follower(
            self._work, self._form, self._loop, self._picture, looked=self._looked,
            failed=lambda error: self.task.say(plain(error), "error"),
        )  # fmt: skip
        self._buttons = EditButtons(self._form, lambda: self._edits, self._edited, self.task.guard)
        self.widget = self._form.widget
        self._listen()
        self._show_counts("not sorted yet")
        self._show_below()
        if result is not None:
            self._take_given(result, clusterer)
        hand_over(self, self._given.title)

    @property
    def options(self) -> ClusteringOptions:
        """Options as set now."""
        return self.controls.options

    @options.setter
    def options(self, options: ClusteringOptions) -> None:
        self.controls.options = options
        self.strengths.options = strengths_of(options)
        self._options_changed()

    @property
    def result(self) -> xr.Dataset | None:
        """What is known of the frames sorted so far."""
        return None if self._edits is None else self._edits.result

    @property
    def clusterer(self) -> FrameClusterer | None:
        """What has sorted them."""
        return None if self._found is None else self._found.clusterer

    @property
    def counts(self) -> pd.DataFrame | None:
        """Frames of each kind."""
        return None if self.result is None else figures.counts(self.result)

    @property
    def selection(self) -> NDArray[np.int64]:
        """Positions of the selected frames."""
        if self._found is None:
            return np.empty(0, dtype=np.int64)
        return self._found.patterns[self._form.map.chosen]

    @selection.setter
    def selection(self, patterns: ArrayLike) -> None:
        if self._found is not None:
            self._form.map.choose(np.isin(self._found.patterns, np.asarray(patterns)))

    @property
    def code(self) -> str:
        """Python that gives the result shown, or would with the options as set."""
        options = self.options if self.clusterer is None else self.clusterer.options
        lines = ["from pulsetrain.clustering import FrameClusterer", self._given.code]
        lines.append(f"clusterer = FrameClusterer({arguments(options)}).fit(frames)")
        return "\n".join([*lines, "result = clusterer.predict(frames)"])

    def measure(self, *, wait: bool = False) -> None:
        """Measure the physics scores of a part of the frames, which sorts them already.

        Parameters
        ----------
        wait : bool
            Return only when it is done; else the work goes on in a thread.
        """
        self._start(self._work.scores, wait=wait)

    def fit(self, *, wait: bool = False) -> None:
        """Learn from a sample with the options as set, and sort all frames.

        Raises
        ------
        OptionError
            If an option is refused.
        """
        self._losses = {"loss": []}
        if self.options.epochs:
            self._form.below.value = "Learning"
        self._start(self._work.fit, wait=wait)

    def pause(self) -> None:
        """Let the learning rest, or go on."""
        self._pause.turn()

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for what is under way, then raise what went wrong with it, if anything."""
        self.task.wait(timeout)
        self._follower.wait(timeout)
        for error in (self.task.error, self._follower.error):
            if error is not None:
                raise error

    def close(self) -> None:
        """Cancel what is under way and free everything the control holds in kernel and browser."""
        self._pause.end()
        self.task.cancel()
        self._follower.cancel()
        self.report.task.cancel()
        self.task.wait()
        self._follower.wait()
        close_tree(self.widget)

    def _ipython_display_(self) -> None:
        self._picture.display_below(self.widget)
        if self._found is None and not self.task.running:
            self.task.guard(self.measure)
        elif self._edits is not None:
            self._follower.draw(self._shown)

    @property
    def _shown(self) -> Shown:
        if self._found is None or self._edits is None:
            raise ValueError("nothing is sorted yet; wait for the scores, or press Fit")
        return Shown(self._found, self._edits.result, self.options)

    def _listen(self) -> None:
        form = self._form
        form.map.on_chosen = lambda: self.task.guard(self._chosen)
        form.map.on_hover = self._on_hover
        form.map.on_open = lambda row: self.task.guard(partial(self._open, row))
        form.gallery.on_open = lambda place: self.task.guard(lambda: self._open(int(self._follower.rows[place])))
        form.plane.observe(lambda _: self._show_map(), "value")
        form.colour.observe(lambda _: self._show_map(), "value")
        form.below.observe(lambda _: self._show_below(), "value")
        form.pause.on_click(lambda _: self.task.guard(self.pause))
        form.save.on_click(lambda _: self.task.guard(partial(self._save, selection=True)))
        form.keep.on_click(lambda _: self.task.guard(partial(self._save, selection=False)))
        self.task.button.observe(self._on_busy, "disabled")

    def _start(self, work: Any, *, wait: bool) -> None:
        options = self.options
        self._pause.end()
        self.task.run(lambda progress: work(options, self._pause.of(progress)), self._take, self._live)
        if wait:
            self.wait()

    def _on_busy(self, change: dict[str, Any]) -> None:
        self._form.pause.disabled = not change["new"]
        self._pause.end()

    def _live(self, told: Told) -> None:
        losses = [values["loss"] for values in told if "loss" in values]
        self._losses["loss"] += losses
        if losses and self._form.below.value == "Learning":
            self.view.stream(self._losses)

    def _take_given(self, result: xr.Dataset, clusterer: FrameClusterer | None) -> None:
        n = result.sizes["pattern"]
        if n != self.frames.sizes["pattern"]:
            got = f"a result of {n} frames for {self.frames.sizes['pattern']}"
            raise DataError("result", got, "that of these very frames", "open the same input, or leave result out")
        if clusterer is not None:
            self._work.take(clusterer)
        places = np.asarray(result["map"].to_numpy(), dtype=np.float32) if "map" in result else None
        self._take(Found(np.arange(n), result.load(), clusterer, places))
        if places is None and "latent" in result:
            self.task.run(partial(self._work.lay_out, result, clusterer, self.options), self._take)

    def _take(self, found: Found) -> None:
        names = {}
        if found.clusterer is not None:
            names = {int(k): str(name) for k, name in enumerate(found.clusterer.clusters["name"].to_numpy())}
        self._found, self._edits = found, Edits(found.result, names)
        self._form.plane.options = [
            ("physics scores", "scores"),
            *([("latent space (UMAP)", "map")] * (found.map is not None)),
        ]
        self._form.plane.value = "scores" if found.map is None else "map"
        colours, before = choices_of(found.result), self._form.colour.value
        self._form.colour.options = colours
        self._form.colour.value = before if before in [name for _, name in colours] else "hit"
        self.task.say(found.words, "success")
        self._show_map()
        self._refresh()
        self._chosen()
        row = int(np.argmax(found.result["hit"].to_numpy() == "multiple")) if self._row is None else self._row
        self._open(min(row, len(found.patterns) - 1))
        self._follower.draw(self._shown)

    def _refresh(self) -> None:
        self._buttons.refresh()
        self._show_counts()
        self._show_below()

    def _edited(self, words: str) -> None:
        self.task.say(words, "success")
        self._show_map()
        self._refresh()
        self._chosen()
        self._follower.draw(self._shown)

    def _show_map(self) -> None:
        if self._found is None or self._edits is None or self._form.plane.value is None or not self._form.colour.value:
            return
        result = self._edits.result
        colours = paint(result, self._form.colour.value, self._edits.names)
        self._form.key.value = colours.key
        if self._form.plane.value == "map" and self._found.map is not None:
            places, axes = self._found.map, ("UMAP 1", "UMAP 2")
        else:
            names = ("hit_score", "fringe_score")
            places = np.column_stack([figures.drawn(name, result[name].to_numpy()) for name in names])
            axes = (figures.score_label(names[0]), figures.score_label(names[1]))
        self._form.map.show(places, axes, colours.categories, colours.palette)

    def _show_counts(self, note: str = "") -> None:
        self._form.counts.value = counts_html(self.result, self.frames.sizes["pattern"], note)

    def _show_below(self) -> None:
        chosen = self._form.below.value
        self._form.show(chosen)
        self._form.words.value = self.view.show(chosen, self._state)
        if chosen == "Augmentations" and self._row is not None:
            self._follower.preview(self._row, self._shown)

    @property
    def _state(self) -> State:
        labels = self._given.labels
        if labels is not None and self._found is not None:
            labels = labels[self._found.patterns]
        names = {} if self._edits is None else self._edits.names
        nulls = {} if self._found is None else self._found.nulls
        return State(self.result, names, labels, self._losses, nulls, self.options.confidence, lambda: self.code)

    def _chosen(self) -> None:
        chosen = self._form.map.chosen
        shown = self._follower.gallery(chosen, self._shown)
        if self._edits is not None:
            self._form.selected.value = selection_html(self._edits.kinds[chosen], shown)

    def _on_hover(self, row: int | None) -> None:
        if row is not None:
            self.task.guard(lambda: self._follower.under(row, self._shown))

    def _open(self, row: int) -> None:
        self._row = row
        self._follower.look(row, self._shown)
        if self._form.below.value == "Augmentations":
            self._follower.preview(row, self._shown)

    def _looked(self, row: int, look: Look) -> None:
        form, shown = self._form, self._shown
        form.image.frame, form.image.title = look.picture, f"Frame {look.pattern}"
        form.power.frame = look.power
        label = "" if self._given.labels is None else str(self._given.labels[look.pattern])
        names = {} if self._edits is None else self._edits.names
        form.seen.value = frame_html(shown.result, row, look.pattern, names, label)

    def _on_options(self) -> None:
        self.task.guard(self._options_changed)

    def _on_strengths(self) -> None:
        self.task.guard(lambda: self.controls.hide(**self.strengths.options.model_dump()))
        self.task.guard(self._options_changed)

    def _options_changed(self) -> None:
        now, before = self.options, self._before
        self._before = now
        if self._edits is None or self.task.running:
            return
        if now.confidence != before.confidence:
            self._edits.judge(now.confidence)
            self._show_map()
            self._refresh()
        if any(getattr(now, name) != getattr(before, name) for name in STRENGTHS):
            self._show_below()
        elif now.replace(confidence=before.confidence) != before:
            self.task.say("Options have changed: press Fit to see what they do.")

    def _save(self, *, selection: bool) -> None:
        shown, name = self._shown, self._form.file.value
        if selection:
            words = save_selection(shown.result, shown.found, self._form.map.chosen, name)
        else:
            words = save_result(shown.result, shown.found, name)
        self.task.say(words, "success")

    def _report_values(self) -> dict[str, Any]:
        return {**self.options.model_dump(exclude_defaults=True), **self._given.needed()}
