"""What was learnt of the conditions, and whether frames are of them."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from pulsetrain.boosting.degradation import Degradation
from pulsetrain.figures._table import html_table

if TYPE_CHECKING:
    from pulsetrain.simulate.images import TrueDegradation

__all__ = ["Finding", "conditions"]

_ROWS = {
    "gain": "gain (photons for each of the good condition)",
    "point_spread": "point spread (px, standard deviation)",
    "read_noise": "read noise (photons)",
}
_OTHERS = {"objects": "radial spectra (reduced χ²)", "power": "power of boosted images / of those learnt from"}
_FRAMES = "these\u00a0frames"
_WORDS = (
    '<div style="color: var(--jp-ui-font-color1, #212121); font: 13px/1.5 var(--jp-ui-font-family, sans-serif); '
    'padding: 4px 8px">{}</div>'
)


class Finding(Protocol):
    """A way in which frames differ from those that were learnt from, as `pulsetrain.boosting.Booster.check` tells."""

    @property
    def what(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def expected(self) -> float: ...
    @property
    def found(self) -> float: ...
    @property
    def sigmas(self) -> float: ...


def conditions(
    learnt: Degradation,
    findings: Sequence[Finding] | None = None,
    *,
    truth: Degradation | TrueDegradation | None = None,
    caption: str = "From the good condition to the poor one",
) -> str:
    """Write what was learnt of the conditions as HTML, beside what these frames show.

    Parameters
    ----------
    learnt : Degradation
        As `pulsetrain.boosting.Booster.degradation`.
    findings : sequence of Finding, optional
        As of `pulsetrain.boosting.Booster.check`; none if nothing was checked, empty if nothing was found.
    truth : Degradation or TrueDegradation, optional
        Where it is known: another column.
    caption : str

    Returns
    -------
    str
        HTML; findings stand below in words.
    """
    found = {finding.what: finding for finding in findings or ()}
    lines = []
    for name, words in _ROWS.items():
        value, error = getattr(learnt, name), getattr(learnt, f"{name}_error")
        line = {"": words, "learnt": _with_error(value, error)}
        if truth is not None:
            line["true"] = f"{getattr(truth, name):.3g}"
        if findings is not None:
            line[_FRAMES] = _shown(found.get(name))
        lines.append(line)
    line = {"": _OTHERS["objects"], "learnt": _number(learnt.reduced_chi2)}
    if truth is not None:
        line["true"] = "–"
    if findings is not None:
        line[_FRAMES] = _shown(found.get("objects"))
    lines.append(line)
    if "power" in found:
        lines.append(
            {"": _OTHERS["power"], "learnt": "1"}
            | ({"true": "–"} if truth is not None else {})
            | {_FRAMES: _shown(found["power"])}
        )
    return html_table(pd.DataFrame(lines), caption) + _said(findings)


def _with_error(value: float, error: float) -> str:
    """Return a value with its error, to two digits of the error."""
    if not math.isfinite(error) or error <= 0:
        return f"{value:.4g}" if math.isfinite(error) else f"{value:.4g} (given)"
    digits = min(max(1 - math.floor(math.log10(error)), 0), 6)
    return f"{value:.{digits}f}\u00a0±\u00a0{error:.{digits}f}"


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _shown(finding: Finding | None) -> str:
    return "as\u00a0learnt" if finding is None else f"{finding.found:.3g}\u00a0({finding.sigmas:.0f}\u00a0σ\u00a0off)"


def _said(findings: Sequence[Finding] | None) -> str:
    if findings is None:
        return _WORDS.format("Whether these frames are of the condition that was learnt was not checked.")
    if not findings:
        return _WORDS.format("These frames are of the condition that was learnt, as far as can be seen.")
    items = "".join(f"<li>{html.escape(finding.message)}</li>" for finding in findings)
    return _WORDS.format(f"<b>These frames are not of the condition that was learnt:</b><ul>{items}</ul>")
