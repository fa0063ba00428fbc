"""What the boosting control says of a frame, of σ and of the condition."""

from __future__ import annotations

import html
from statistics import NormalDist
from typing import TYPE_CHECKING

import xarray as xr

from pulsetrain.panels._boosting_outcome import Outcome

if TYPE_CHECKING:
    from pulsetrain.boosting import Booster
    from pulsetrain.boosting._check import Finding

__all__ = ["frame_html", "summary_words", "trust_html", "trust_words", "warning_html"]


def frame_html(low: xr.DataArray, pattern: int) -> str:
    """Return which frame it is."""
    one = low.isel(pattern=pattern)
    keys = "".join(f", {name} {int(one[name])}" for name in ("trainId", "pulseId") if name in one.coords)
    return f'<span role="status" class="pulsetrain-frame">Frame {pattern} of {low.sizes["pattern"]:,}{keys}</span>'


def trust_words(booster: Booster | None) -> tuple[str, str]:
    """Return what σ is worth: in a word, and in a sentence; the word is empty while nothing is learnt."""
    if booster is None:
        return "", "Nothing is learnt yet: press Train."
    if not booster.has_std:
        return "no σ", "A single adversarial network does not know how far it may be off: set members to 2 or more."
    found = booster.calibration_
    if found is None:
        return "σ uncalibrated", "Intervals promise nothing until they are calibrated by a test sample."
    z = NormalDist().inv_cdf((1 + found.level) / 2)
    return "σ calibrated", f"± {z:.2f} σ covers {found.level:.0%} of the truth, on frames like the test sample."


def trust_html(word: str, sentence: str) -> str:
    """Return the same as it stands beside the image."""
    if not word:
        return f'<span role="status" class="pulsetrain-trust">{sentence}</span>'
    sign = "✓" if word == "σ calibrated" else "⚠"
    return (
        f'<div role="status" class="pulsetrain-trust" style="line-height: 1.4"><b>'
        f'<span aria-hidden="true">{sign}</span> {word}.</b> {html.escape(sentence)}</div>'
    )


def warning_html(findings: list[Finding] | None) -> str:
    """Return the warning above the image; empty where the condition is the one that was learnt."""
    if not findings:
        return ""
    items = "".join(f"<li>{_sentence(finding)}</li>" for finding in findings)
    lines = f"<ul style='margin: 4px 0 0; padding-left: 20px'>{items}</ul>"
    style = (
        "border: 1px solid var(--jp-error-color1, #b71c1c); border-left-width: 6px; padding: 6px 12px; margin: 0 0 8px;"
        "line-height: 1.4; color: var(--jp-ui-font-color1, #212121); background: var(--jp-layout-color2, #f0f0f0)"
    )
    return (
        f'<div role="alert" class="pulsetrain-warning" style="{style}"><b>These frames are not of the condition '
        f"that was learnt: do not trust what they become.</b>{lines}</div>"
    )


def summary_words(outcome: Outcome) -> str:
    """Return what was done, in words."""
    words = f"{outcome.result.sizes['pattern']:,} frames boosted: χ² {outcome.chi2:.2f} per pixel once made poor again."
    if outcome.findings is None:
        words += f"\nWhether they are of the condition that was learnt cannot be said: {outcome.unchecked}"
    return words


def _sentence(finding: Finding) -> str:
    text = html.escape(finding.message)
    return f"{text[:1].upper()}{text[1:]} ({finding.sigmas:.0f} σ)."
