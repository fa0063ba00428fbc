"""The figures below the boosting control's image."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bokeh.layouts import column
from bokeh.models import Column, LayoutDOM

from pulsetrain.figures import boosting as figures
from pulsetrain.options import OptionError
from pulsetrain.panels._boosting_outcome import Outcome
from pulsetrain.panels._code import as_html

__all__ = ["TRUTH", "BoostingView", "Losses", "State", "as_trained"]

TRUTH = ("FRC", "Coverage", "Sparsification", "Quality")  # what the truth must be known for
_STRIPS = "The same frames of the poor set as they became along the training"
_SOON = "<i>The first losses are on their way.</i>"
_NOTHING = "<i>Nothing to show yet: press Train.</i>"
_NO_STD = "<i>Nothing to show: a single adversarial network knows no σ; set members to 2 or more.</i>"


@dataclass
class Losses:
    """The losses of one network so far, as `pulsetrain.figures.boosting.training` takes them."""

    step: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class State:
    """What there is to show.

    Attributes
    ----------
    outcome : Outcome or None
    running : bool
        Whether a training is under way.
    losses : list of float
        Of that training, over the steps of one network after the other.
    steps : int
        Of each network.
    degradation : TrueDegradation or None
        Where it is known.
    code : callable
        Returns the lines of Python.
    """

    outcome: Outcome | None
    running: bool
    losses: Sequence[float]
    steps: int
    degradation: Any
    code: Callable[[], str]


class BoostingView:
    """The figures and words below.

    Attributes
    ----------
    layout : bokeh.models.Column
    """

    def __init__(self) -> None:
        self.layout: Column = column(sizing_mode="stretch_width")
        self._training: Column | None = None

    @property
    def shown(self) -> list[LayoutDOM]:
        """The figures."""
        return list(self.layout.children)

    def show(self, chosen: str, state: State) -> str:
        """Show a figure, and return what is said below it."""
        try:
            plot, words = self._drawn(chosen, state)
        except (OptionError, ValueError) as error:
            plot, words = None, as_html(f"# {error}")
        self.layout.children = [] if plot is None else [plot]
        return words

    def stream(self, losses: Sequence[float], steps: int) -> None:
        """Go on with the curves of the training."""
        if self._training is None or self.layout.children != [self._training]:
            self._training = figures.training(as_trained(losses, steps))
            self.layout.children = [self._training]
        else:
            figures.update_training(self._training, as_trained(losses, steps))

    def _drawn(self, chosen: str, state: State) -> tuple[LayoutDOM | None, str]:
        self._training = None
        if chosen == "Code":
            return None, as_html(state.code())
        if chosen == "Save":
            return None, ""
        if chosen == "Training" and state.running and state.losses:
            self._training = figures.training(as_trained(state.losses, state.steps))
            return self._training, ""
        if state.running and chosen == "Training":
            return None, _SOON
        if state.outcome is None:
            return None, _NOTHING
        return _of_outcome(chosen, state.outcome, state.degradation)


def as_trained(losses: Sequence[float], steps: int) -> list[Losses]:
    """Return losses as those of each network."""
    made = []
    for start in range(0, len(losses), steps):
        curve = list(losses[start : start + steps])
        made.append(Losses(list(range(1, len(curve) + 1)), {"loss": curve}))
    return made


def _of_outcome(chosen: str, outcome: Outcome, true: Any) -> tuple[LayoutDOM | None, str]:
    sample, learnt = outcome.sample, outcome.booster.degradation
    if chosen == "Condition":
        return None, figures.conditions(learnt, outcome.findings, truth=true)
    if chosen in TRUTH:
        return _judged(chosen, outcome)
    plots: dict[str, Callable[[], LayoutDOM]] = {
        "Training": lambda: figures.training(outcome.booster.history),
        "Residuals": lambda: figures.residuals(sample.low, sample.image, learnt),
        "Power": lambda: figures.power_spectra(
            sample.low, sample.image, sample.high, sample.truth, gain=learnt.gain
        ),
    }  # fmt: skip
    return plots[chosen](), _picture(outcome.strips, _STRIPS) if chosen == "Training" else ""


def _judged(chosen: str, outcome: Outcome) -> tuple[LayoutDOM | None, str]:
    sample, judged = outcome.sample, outcome.judged
    if judged is None or sample.truth is None:
        return None, _NOTHING
    if chosen == "Quality":
        return None, judged.quality
    if chosen == "FRC":
        return figures.correlation(*judged.correlation), ""
    if judged.intervals is None:
        return None, _NO_STD
    if chosen == "Coverage":
        return figures.coverage(sample.made, sample.truth), ""
    plots = figures.sparsification(judged.intervals), figures.error_by_std(sample.made, sample.truth)
    return column(*plots, sizing_mode="stretch_width"), ""


def _picture(data: bytes, words: str) -> str:
    if not data:
        return ""
    coded = base64.b64encode(data).decode("ascii")
    return f'<img alt="{words}" style="max-width: 100%" src="data:image/png;base64,{coded}">'
