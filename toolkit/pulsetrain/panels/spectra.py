"""The interactive control of the spectra method."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.figures import spectra as figures
from pulsetrain.options import OptionError
from pulsetrain.panels._code import arguments, as_html
from pulsetrain.panels._controls import OptionControls
from pulsetrain.panels._handover import hand_over
from pulsetrain.panels._labels import written
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._origin import open_origin
from pulsetrain.panels._picture import Picture
from pulsetrain.panels._report import ReportButton
from pulsetrain.panels._spectra_layout import SpectraLayout
from pulsetrain.panels._spectra_view import SpectraView
from pulsetrain.panels._spectra_work import Outcome, Row, bottom_rows, estimate_transition, train, train_row
from pulsetrain.panels._task import Task, Told, part
from pulsetrain.panels._tree import close_tree
from pulsetrain.progress import Progress
from pulsetrain.spectra import (
    NETWORKS,
    SpectraClassifier,
    SpectraOptions,
    as_labels,
    order_at,
    order_name,
    parse_labels,
)

__all__ = ["SpectraPanel"]

Found = tuple[xr.Dataset | None, list[Row]]  # without a network: the estimate, and the bottom rows of the table

_FIRST = ("network", "protocol", "steps", "augment", "members")
_LATER = "Labels stay as they are while the training runs."
_CAPTION = "Boundary in spectra, with its 90 % interval from low to high and its distance from the gap's middle"


class SpectraPanel:
    """Label a series of spectra by clicks, train, and see where it switches and why.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel), or path, optional
        What `pulsetrain.open_spectra` returns or takes; left out, a simulated example.
    labels : array_like of int, shape (spectrum,), mapping of index to class, or str, optional
        −1 unlabelled, 0, 1; or as written for `pulsetrain.spectra.parse_labels`.
    source, key : str, optional
        With a path: of a European XFEL run; `key` also names a dataset of a HDF5 file.

    Attributes
    ----------
    series : xarray.DataArray
    labels : numpy.ndarray, shape (spectrum,), int
    options : SpectraOptions
        As set now; may be set.
    result : xarray.Dataset or None
        What the network last trained says, with the options it was trained with in its attributes.
    estimate : xarray.Dataset or None
        What the transition estimator says.
    classifier : SpectraClassifier or None
    table : pandas.DataFrame
        As of `pulsetrain.spectra.compare`: one row a model trained so far, what needs no network at the bottom.
    code : str
        Python that gives the same result.
    widget : ipywidgets.Widget
        To build into a larger one.

    Examples
    --------
    >>> from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
    >>> truth = simulate_series(SeriesOptions(n_spectra=40, n_channels=200, label_every=2), seed=1)
    >>> panel = SpectraPanel(truth.intensity, truth.labels)
    >>> panel.options = panel.options.replace(members=1, steps=20)
    >>> panel.train(wait=True)
    >>> panel.result.probability.shape
    (40,)
    >>> panel.close()
    """

    def __init__(
        self,
        series: xr.DataArray | xr.Dataset | str | Path | None = None,
        labels: ArrayLike | Mapping[int, int] | str | None = None,
        *,
        source: str | None = None,
        key: str | None = None,
    ) -> None:
        self.series, self._origin, known = open_origin(series, source, key)
        self.labels: NDArray[np.int64] = np.full(len(self.series), -1)
        self.result: xr.Dataset | None = None
        self.estimate: xr.Dataset | None = None
        self.classifier: SpectraClassifier | None = None
        self._outcome: Outcome | None = None
        self._rows: dict[str, Row] = {}
        self._below_rows: list[Row] = []
        self._losses: list[float] = []

        self._written = ""
        self._loop, self._picture = Loop(), Picture()
        self.view = SpectraView(self.series, self._on_tap)
        self.controls = OptionControls(SpectraOptions(), _FIRST, hidden=("labels",), changed=self._on_options)
        self.task = Task("Train", self.train, self._loop)
        self.report = ReportButton("spectra", self._report_values, self._loop)
        self._form = self._build()
        self.widget = self._form.widget
        self.set_labels(labels if labels is not None else "ends" if known is None else known)
        hand_over(self, self._title)

    @property
    def options(self) -> SpectraOptions:
        """Options as set now; the labels are part of them."""
        return self.controls.options

    @options.setter
    def options(self, options: SpectraOptions) -> None:
        self.controls.options = options
        if options.labels != self._written:
            self.set_labels(options.labels)

    @property
    def table(self) -> pd.DataFrame:
        """One row a model, references at the bottom."""
        columns = ["model", "parameters", "boundary", "low", "high", "p_conf", "from_middle", "seconds", "note"]
        rows = pd.DataFrame([*self._rows.values(), *self._below_rows], columns=columns)
        return rows.astype({"parameters": "Int64", "note": "object"}).fillna({"note": ""}).set_index("model")

    @property
    def code(self) -> str:
        """Python that gives the result shown, or would with the options as set."""
        options = self.options if self.classifier is None else self.classifier.options
        lines = [
            "import pulsetrain",
            "from pulsetrain.spectra import SpectraClassifier, TransitionEstimator, parse_labels",
            self._origin.code,
            f"result = SpectraClassifier({arguments(options)}).fit(series).predict(series)",
        ]
        if self.estimate is not None:
            lines.append(f"estimate = TransitionEstimator().estimate(series, parse_labels({options.labels!r}, series))")
        return "\n".join(lines)

    def set_labels(self, labels: ArrayLike | Mapping[int, int] | str) -> None:
        """Label the series anew; what was found with other labels is taken away.

        Raises
        ------
        OptionError
            If the labels cannot be read.
        """
        if isinstance(labels, str):
            text, values = labels, parse_labels(labels, self.series)
        else:
            values = as_labels(labels, len(self.series))
            text = written(values)
        self._take_labels(values, text)

    def train(self, *, wait: bool = False) -> None:
        """Train the network that is chosen, and estimate the transition.

        Parameters
        ----------
        wait : bool
            Return only when it is done; else the work goes on in a thread.

        Raises
        ------
        OptionError
            If an option or the labels are refused.
        """
        options, labels = self.options, as_labels(self.labels, len(self.series))
        self._losses = []
        self._show("Training")
        self.task.run(partial(self._work, options, labels), partial(self._done, options), self._live)
        if wait:
            self.wait()

    def train_all(self, *, wait: bool = False) -> None:
        """Fill the table: train every network in turn, with the options as set but its own steps and learning rate."""
        options, labels = self.options, as_labels(self.labels, len(self.series))
        self._show("Table")
        self.task.run(partial(self._work_all, options, labels), self._done_all)
        if wait:
            self.wait()

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for what is under way, then raise what went wrong with it, if anything."""
        self.task.wait(timeout)
        if self.task.error is not None:
            raise self.task.error

    def close(self) -> None:
        """Cancel what is under way and free everything the control holds in kernel and browser."""
        self.task.cancel()
        self.report.task.cancel()
        self.task.wait()
        close_tree(self.widget)

    def _ipython_display_(self) -> None:
        self._picture.display_below(self.widget)

    @property
    def _title(self) -> str:
        return Path(self._origin.path).name or str(self.series.attrs.get("title", "Series"))

    def _build(self) -> SpectraLayout:
        layout = SpectraLayout(
            self._title,
            f"{self.series.sizes['spectrum']} spectra × {self.series.sizes['channel']} points",
            options=self.controls.widget,
            task=self.task.widget,
            report=self.report.widget,
            figures=self.view.layout,
            below=self.view.below_layout,
        )
        layout.labels.observe(self._on_text, "value")
        layout.scale.observe(lambda change: self.view.rescale(change["new"]), "value")
        layout.below.observe(lambda _: self._refresh(), "value")
        layout.every.on_click(lambda _: self.task.guard(self.train_all))
        ipywidgets.dlink((self.task.button, "disabled"), (layout.every, "disabled"))
        return layout

    def _on_tap(self, spectrum: int) -> None:
        if self.task.running:
            self.task.say(_LATER)
            return
        labels = self.labels.copy()
        labels[spectrum] = self._form.classes.value
        self._take_labels(labels, written(labels))
        self.task.say(
            f"Spectrum {spectrum}: {'no label' if self._form.classes.value < 0 else self._form.classes.value}"
        )

    def _on_text(self, change: dict[str, Any]) -> None:
        if change["new"] == self._written:
            self._say_labels()  # in place of what was said of a text that was refused before
        elif self.task.running:
            self._form.labels.value = self._written
            self.task.say(_LATER)
        else:
            self.task.guard(lambda: self.set_labels(change["new"]))

    def _say_labels(self) -> None:
        zeros, ones = (int((self.labels == label).sum()) for label in (0, 1))
        self.task.say(f"{zeros} spectra labelled 0, {ones} labelled 1.")

    def _on_options(self) -> None:
        if self.result is not None and not self.task.running:
            self.task.say("Options have changed: train again to see what they do.")

    def _take_labels(self, values: NDArray[np.int64], text: str) -> None:
        self.controls.hide(labels=text)
        self._written = self._form.labels.value = text
        self.labels, self.result, self.estimate, self.classifier, self._outcome = values, None, None, None, None
        self._rows, self._below_rows = {}, []
        self.view.show(None, None)
        self.view.mark(values)
        self._refresh()
        self._say_labels()

    def _work(self, options: SpectraOptions, labels: NDArray[np.int64], progress: Progress) -> tuple[Outcome, Found]:
        outcome = train(self.series, labels, options, part(progress, 0.0, 0.7))
        return outcome, self._without_network(labels, part(progress, 0.7, 1.0))

    def _work_all(self, options: SpectraOptions, labels: NDArray[np.int64], progress: Progress) -> Found:
        for k, name in enumerate(NETWORKS):
            own = options.replace(network=name, steps=None, learning_rate=None)
            share = part(progress, 0.9 * k / len(NETWORKS), 0.9 * (k + 1) / len(NETWORKS))
            self._loop.call(partial(self._add_row, train_row(self.series, labels, own, share)))
        return self._without_network(labels, part(progress, 0.9, 1.0))

    def _without_network(self, labels: NDArray[np.int64], progress: Progress) -> Found:
        """Return the estimate and the bottom rows of the table; neither depends on the network."""
        if self._below_rows:
            return self.estimate, self._below_rows
        estimate, row = estimate_transition(self.series, labels, progress)
        return estimate, [*bottom_rows(self.series, labels), row]

    def _live(self, told: Told) -> None:
        # The first member has seen every label; the others, resampled, are there for the interval.
        losses = [values["loss"] for values in told if "loss" in values and not values.get("member")]
        self._losses += losses
        if losses and self._form.below.value == "Training":
            self.view.stream(losses)

    def _done_all(self, found: Found) -> None:
        self.estimate, self._below_rows = found
        self.view.show(self.result, self.estimate)
        self._refresh()

    def _done(self, options: SpectraOptions, done: tuple[Outcome, Found]) -> None:
        outcome, found = done
        self._outcome, self.classifier, self.result = outcome, outcome.classifier, outcome.result
        self._rows[outcome.row["model"]] = outcome.row
        self.estimate, self._below_rows = found
        self.view.show(self.result, self.estimate)
        self._show("Importance")
        words = self._summary()
        self.task.say(words, "success")
        drawing = figures.static_summary(self.series, self.labels, self.result, self.estimate)
        self._picture.update(drawing, f"{NETWORKS[options.network].title}. {words}")

    def _add_row(self, row: Row) -> None:
        self._rows[row["model"]] = row
        self._refresh()

    def _summary(self) -> str:
        lines = []
        for name, found in (("Network", self.result), ("Transition", self.estimate)):
            if found is None:
                continue
            place = float(found["boundary"])
            low, high = (float(end) for end in found["boundary_interval"])
            order = order_name(self.series)
            there = f" ({order} {float(order_at(self.series, place)):.5g})" if order else ""
            lines.append(
                f"{name}: boundary at {place:.1f}{there}, 90 % interval {low:.1f} … {high:.1f}"
                if np.isfinite(place)
                else f"{name}: no boundary"
            )
            lines += [f"{name}: {flag}" for flag in found.attrs["flags"].splitlines()]
        return "\n".join(lines)

    def _report_values(self) -> dict[str, Any]:
        return {**self._origin.needed(), **self.options.model_dump(exclude_defaults=True)}

    def _show(self, below: str) -> None:
        if self._form.below.value == below:
            self._refresh()
        self._form.below.value = below

    def _refresh(self) -> None:
        """Draw what is chosen to stand below the curves."""
        chosen, outcome = self._form.below.value, self._outcome
        words = ""
        if chosen == "Training":
            self.view.loss(self._losses)
        elif chosen == "Importance":
            self.view.importance(None if outcome is None else outcome.importances)
        elif chosen == "Attention":
            self.view.attention(None if outcome is None else outcome.maps)
        elif chosen == "Posterior":
            self.view.posterior(self.estimate)
        else:
            self.view.clear()
            words = figures.table(self.table, _CAPTION) if chosen == "Table" else self._code_html()
        if not self.view.below and not words:
            missing = outcome is not None and chosen == "Attention"
            words = f"<i>Nothing to show: {'this network has no attention' if missing else 'train first'}.</i>"
        self._form.words.value = words

    def _code_html(self) -> str:
        try:
            return as_html(self.code)
        except OptionError as error:
            return as_html(f"# {error}")
